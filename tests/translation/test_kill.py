"""Trainings killed by SIGKILL at any moment, while they write a checkpoint, too."""

import hashlib
import multiprocessing
import shutil
import signal
import sys
import time

import numpy as np
import pytest
import torch

from sim2real.translation import Cut, CycleGan, TranslationParameters, train_translator

RANDOM = np.random.default_rng(0)
SOURCE, TARGET = (RANDOM.random((n, 32, 40), dtype=np.float32) for n in (5, 3))
KILLS = 10


def parameters(precision):
    return TranslationParameters(
        precision=precision,
        generator_features=4,
        discriminator_features=4,
        residual_blocks=2,
        projection_features=8,
        n_patches=16,
        batch_size=2,
        n_steps=40,
        decay_steps=10,
        learning_rate=1e-3,
        checkpoint_every_s=0.02,
    )


@pytest.fixture(scope="module")
def processes():
    """New processes with torch already imported and one thread, quick to start and fit to be
    killed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(
            ["sim2real.translation.training", "torch._dynamo"]
        )  # the first optimiser imports it
        patch.setattr(
            sys.modules["__main__"], "__spec__", None
        )  # or each process would import pytest first
        patch.delattr(sys.modules["__main__"], "__file__", raising=False)
        started = context.Process(target=time.monotonic)
        started.start()
        started.join()
        yield context


def start(processes, folder, precision, method):
    process = processes.Process(
        target=train_translator,
        args=(SOURCE, TARGET, parameters(precision), folder, 3),
        kwargs={"method": method},
    )
    process.start()
    return process


def weights_hash(folder):
    """SHA-256 of the generator's file and of all networks' weights in the checkpoint."""
    digest = hashlib.sha256((folder / "generator.pt").read_bytes())
    for name, weights in sorted(
        torch.load(folder / "checkpoint.pt", weights_only=True)["networks"].items()
    ):
        digest.update(name.encode() + weights.numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize(
    ("method", "precision"), [(Cut, "float32"), (Cut, "bfloat16"), (CycleGan, "float32")]
)
def test_killed_ten_times_the_training_ends_in_the_same_files(
    tmp_path, processes, method, precision
):
    began = time.monotonic()
    whole = start(processes, tmp_path / "whole", precision, method)
    whole.join()
    took = time.monotonic() - began
    kills, moments = 0, np.random.default_rng()  # at other moments every time
    for _ in range(4 * KILLS):
        if kills == KILLS:
            break
        process = start(processes, tmp_path / "parts", precision, method)
        process.join(float(moments.uniform(0.05, 0.2)) * took)
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL
        if (
            process.exitcode == 0
        ):  # it had ended before it could be killed: once more from the start
            shutil.rmtree(tmp_path / "parts")
    assert kills == KILLS
    last = start(processes, tmp_path / "parts", precision, method)
    last.join()
    assert whole.exitcode == last.exitcode == 0
    assert weights_hash(tmp_path / "parts") == weights_hash(tmp_path / "whole")
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {
        "checkpoint.pt",
        "generator.pt",
    }  # nothing half-written
