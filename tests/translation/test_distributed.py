import os
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from sim2real.core.distributed import World
from sim2real.core.errors import Sim2RealError
from sim2real.core.parameters import TranslationParameters
from sim2real.core.presets import load_parameters
from sim2real.translation import distributed as spread
from sim2real.translation.networks import build
from sim2real.translation.step import cut_step
from sim2real.translation.training import train

SIZES = TranslationParameters(generator_features=4, discriminator_features=4, residual_blocks=2, projection_features=8, n_patches=9,
                              batch_size=4, n_steps=6, decay_steps=2, checkpoint_every_s=0.001)  # fmt: skip


def still(networks):
    """Optimisers that take no step, so that gradients can be looked at afterwards."""
    translating = [w for name in ("generator", "heads") for w in networks[name].parameters()]
    return [torch.optim.SGD(weights, 0.0) for weights in (list(networks["discriminator"].parameters()), translating)]


def gradients_of_first_step(parameters, rank, size, hooked=True):
    """Gradients of all weights and losses, in float64, of this process's share of a fixed batch."""
    from types import SimpleNamespace

    networks = build(parameters, seed=1).double()
    for weights in networks.parameters():
        weights.data.normal_(0, 0.1, generator=torch.Generator().manual_seed(weights.numel()))
    random = torch.Generator().manual_seed(5)
    batch = [torch.rand(4, 1, 32, 44, generator=random, dtype=torch.float64) * 2 - 1 for _ in range(2)]
    world = World(rank, size)
    discriminator, translator = still(networks)
    if hooked:
        world.average_gradients(discriminator, translator)
    mine = [images[world.share_of(list(range(4)))] for images in batch]
    optimisers = SimpleNamespace(discriminator=discriminator, translator=translator)
    losses = cut_step(networks, optimisers, *mine, parameters, torch.Generator().manual_seed(0))
    return {"losses": world.mean(losses), **{name: weights.grad for name, weights in networks.named_parameters()}}


def slices(seed, n):
    return np.random.default_rng(seed).random((n, 32, 44), np.float32)


def in_two_processes(folder, code):
    """Run ``code``, which knows ``rank``, ``here`` (this file) and ``folder``, in two processes that speak by gloo; fail if either does."""
    script = f"""
        import importlib.util, pathlib, sys
        import torch
        from torch import distributed
        rank, folder = int(sys.argv[1]), pathlib.Path({str(folder)!r})
        spec = importlib.util.spec_from_file_location("here", {__file__!r})
        here = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(here)
        distributed.init_process_group("gloo", init_method=f"file://{{folder}}/meeting", rank=rank, world_size=2)
    """
    script = textwrap.dedent(script) + textwrap.dedent(code) + "\ndistributed.destroy_process_group()\n"
    (folder / "meeting").unlink(missing_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    started = [subprocess.Popen([sys.executable, "-c", script, str(rank)], env=environment, stderr=subprocess.PIPE) for rank in range(2)]
    try:
        told = [process.communicate(timeout=300)[1].decode() for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 0], told


METHODS = {"CUT": {}, "FastCUT": {"flip_equivariance": True, "identity_nce": False}}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Folder with the gradients of both processes, of each method, with and without the averaging between them."""
    folder = tmp_path_factory.mktemp("shared")
    in_two_processes(folder, """
        for method, own in here.METHODS.items():
            for hooked in (True, False):
                gradients = here.gradients_of_first_step(here.SIZES.model_copy(update=own), rank, 2, hooked)
                torch.save(gradients, folder / f"{method}{rank}{hooked}.pt")
    """)  # fmt: skip
    return folder


@pytest.mark.parametrize("method", METHODS)
def test_gradients_of_a_shared_batch_are_those_of_one_process(shared, method):
    alone = gradients_of_first_step(SIZES.model_copy(update=METHODS[method]), 0, 1)
    apart = 0.0
    for rank in range(2):
        together, bare = (torch.load(shared / f"{method}{rank}{hooked}.pt") for hooked in (True, False))
        for name, gradient in alone.items():
            torch.testing.assert_close(together[name], gradient, rtol=1e-6, atol=1e-12)
            apart = max(apart, float((bare[name] - gradient).abs().max() / (gradient.abs().max() + 1e-12)))
    assert apart > 0.01  # a process that kept its own gradients would be seen


def test_a_training_in_two_processes_is_that_of_one_and_one_process_goes_on_with_it(tmp_path):
    """In float32 Adam enlarges the rounding of gradients near 0, so that losses part by some 3e-4 in six steps."""
    alone = train(slices(0, 9), slices(1, 7), SIZES, tmp_path / "alone", 3, held_out=slices(2, 5))
    in_two_processes(tmp_path, """
        from sim2real.translation import checkpoint, training
        def stop(done_folder, state, save=training.save_checkpoint):
            assert rank == 0
            save(done_folder, state)
            if state["step"] == 3:
                (folder / "early").mkdir()
                save(folder / "early", state)
        training.save_checkpoint = stop
        log = training.train(here.slices(0, 9), here.slices(1, 7), here.SIZES, folder / "together", 3, held_out=here.slices(2, 5))
        log.to_csv(folder / f"log{rank}.csv", index=False)
    """)  # fmt: skip
    for rank in range(2):
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / f"log{rank}.csv"), alone, rtol=3e-3)
    assert {path.name for path in (tmp_path / "together").iterdir()} == {path.name for path in (tmp_path / "alone").iterdir()}
    resumed = train(slices(0, 9), slices(1, 7), SIZES, tmp_path / "early", 3, held_out=slices(2, 5))
    pd.testing.assert_frame_equal(resumed, alone, rtol=3e-3)


def test_slices_that_cannot_be_shared_out_are_refused():
    assert [World(rank, 2).share_of([5, 3, 8, 1]) for rank in range(2)] == [[5, 3], [8, 1]]
    with pytest.raises(Sim2RealError, match="4 slices a step for 3 processes"):
        World(0, 3).share_of([5, 3, 8, 1])


def test_a_generator_that_makes_grain_is_refused_in_several_processes(tmp_path, monkeypatch):
    (tmp_path / "runs" / "grainy").mkdir(parents=True)
    (tmp_path / "runs" / "grainy" / "parameters.yaml").write_text(yaml.safe_dump(load_parameters("quick", []).model_dump(mode="json")))
    monkeypatch.setattr("sim2real.core.root.repository", lambda: tmp_path)
    monkeypatch.setattr("sim2real.core.run.RunFolder.manifest", lambda *_: pd.DataFrame())
    with pytest.raises(Sim2RealError, match="translation.grain is on"):
        spread.main(["--run", "grainy", "--vendor", "A"])
