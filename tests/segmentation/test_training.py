import json
import os
import shutil
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
import torch

from sim2real.data import Sim2RealError
from sim2real.segmentation import (
    SegmentationParameters,
    predict_slices,
    train_segmenter,
    training,
)
from sim2real.segmentation.training import model_folder

SHORT = SegmentationParameters(batch_size=3, n_epochs=2, iterations_per_epoch=2)


def weights(chapter, regime, seed):
    return torch.load(
        model_folder(chapter, regime, seed) / "checkpoint_final.pth", weights_only=True
    )["network_weights"]


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def uninterrupted(chapter):
    log = train_segmenter(chapter, "both", 7, SHORT, "cpu")
    return log, weights(chapter, "both", 7)


def test_log_has_a_row_an_epoch_and_a_falling_rate(uninterrupted):
    log = uninterrupted[0]
    assert list(log["epoch"]) == [1, 2]
    assert log["learning_rate"].iloc[1] < log["learning_rate"].iloc[0] == SHORT.learning_rate
    assert np.isfinite(log[["train_loss", "seconds"]]).all().all()


def test_finished_training_returns_at_once(chapter, uninterrupted, monkeypatch):
    monkeypatch.setattr(
        "sim2real.segmentation.training._train", lambda *_: pytest.fail("trained again")
    )
    assert train_segmenter(chapter, "both", 7, SHORT, "cpu").equals(uninterrupted[0])


def test_killed_and_resumed_training_gives_the_same_bits(chapter, uninterrupted, monkeypatch):
    from sim2real.segmentation.trainer import RegimeTrainer

    (model_folder(chapter, "both", 7) / "checkpoint_final.pth").unlink()
    (model_folder(chapter, "both", 7) / "log.csv").unlink()
    step = RegimeTrainer.train_step

    def killed_in_the_second_epoch(self, batch):
        if self.iteration == 3:
            raise KeyboardInterrupt
        return step(self, batch)

    monkeypatch.setattr(RegimeTrainer, "train_step", killed_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        train_segmenter(chapter, "both", 7, SHORT, "cpu")
    assert (model_folder(chapter, "both", 7) / "checkpoint_latest.pth").is_file()
    starts = []
    monkeypatch.setattr(
        RegimeTrainer,
        "train_step",
        lambda self, batch: (starts.append(self.iteration), step(self, batch))[1],
    )
    torch.rand(5), np.random.rand(5)  # another state of the generators must not matter
    log = train_segmenter(chapter, "both", 7, SHORT, "cpu")
    assert starts == [2, 3]  # the first epoch was not trained again
    assert equal(weights(chapter, "both", 7), uninterrupted[1])
    assert np.allclose(log["train_loss"], uninterrupted[0]["train_loss"], rtol=1e-9)


def test_another_seed_gives_other_weights(chapter, uninterrupted):
    train_segmenter(chapter, "both", 8, SHORT, "cpu")
    assert not equal(weights(chapter, "both", 8), uninterrupted[1])


def test_plans_are_the_same_file_for_every_regime(chapter, uninterrupted):
    train_segmenter(chapter, "real", 7, SHORT, "cpu")
    assert (model_folder(chapter, "real", 7) / "plans.json").read_bytes() == (
        model_folder(chapter, "both", 7) / "plans.json"
    ).read_bytes()


def test_planned_network_is_nnunets_own_and_larger(chapter, uninterrupted):
    asked = SHORT.model_copy(
        update={"planned_network": True, "n_epochs": 1, "iterations_per_epoch": 1, "batch_size": 2}
    )
    log = train_segmenter(chapter, "real", 9, asked, "cpu")
    planned, small = (
        sum(value.numel() for value in part.values())
        for part in (weights(chapter, "real", 9), uninterrupted[1])
    )
    assert len(log) == 1 and planned > 2 * small
    labels = predict_slices(
        model_folder(chapter, "real", 9),
        np.random.default_rng(0).random((1, 64, 48)),
        (1.5, 1.25),
        "cpu",
    )
    assert labels.shape == (1, 64, 48)


@pytest.mark.parametrize(("has", "told"), [(True, "bfloat16"), (False, "float32")])
def test_arithmetic_is_that_of_the_processor_and_a_begun_training_keeps_its_own(
    chapter, monkeypatch, has, told
):
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    short = SHORT.model_copy(update={"n_epochs": 1, "iterations_per_epoch": 1})
    monkeypatch.setattr(training, "computes_bfloat16", lambda device: has)
    model, inside = model_folder(chapter, "real", 11 + has), []
    step = nnUNetTrainer.train_step

    def looked_at(self, batch):
        inside.append(torch.is_autocast_enabled("cpu"))
        return step(self, batch)

    monkeypatch.setattr(nnUNetTrainer, "train_step", looked_at)
    train_segmenter(chapter, "real", 11 + has, short, "cpu")
    assert json.loads((model / "plans.json").read_text())["sim2real"]["precision"] == told
    assert inside == [has]
    (model / "checkpoint_final.pth").unlink()  # as if it had been killed
    monkeypatch.setattr(training, "computes_bfloat16", lambda device: not has)
    train_segmenter(chapter, "real", 11 + has, short, "cpu")
    assert inside == [has, has]


def test_same_bits_in_another_process(chapter, uninterrupted, tmp_path):
    """Nothing of the process enters: not its hash seed, not what was imported or drawn before."""
    shutil.copytree(chapter / "nnunet", tmp_path / "nnunet")
    code = (
        "import sys, torch; torch.set_num_threads(1); from sim2real.segmentation.parameters import"
        " SegmentationParameters as P\n"
    )
    code += (
        "from sim2real.segmentation.training import train_segmenter as train; train(sys.argv[1],"
        " 'both', 7, P.model_validate_json(sys.argv[2]), 'cpu')"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), SHORT.model_dump_json()],
        check=True,
        capture_output=True,
    )
    assert equal(weights(tmp_path, "both", 7), uninterrupted[1])


def test_changed_parameters_train_anew(chapter):
    train_segmenter(chapter, "simulated", 0, SHORT, "cpu")
    log = train_segmenter(chapter, "simulated", 0, SHORT.model_copy(update={"n_epochs": 1}), "cpu")
    assert len(log) == 1


def test_mirroring_is_off_unless_asked_for_and_blur_is_not_timed():
    from batchgeneratorsv2.transforms.spatial.mirroring import MirrorTransform

    from sim2real.segmentation.trainer import RegimeTrainer

    for axes, expected in ((None, 0), ((0, 1), 1)):
        transforms = RegimeTrainer.get_training_transforms(
            (64, 48), (-1, 1), [[1, 1]], axes, False
        ).transforms
        assert sum(isinstance(transform, MirrorTransform) for transform in transforms) == expected
        inner = [getattr(transform, "transform", None) for transform in transforms]
        assert [transform.benchmark for transform in inner if hasattr(transform, "benchmark")] == [
            False
        ]


def test_surroundings_are_put_back(chapter, uninterrupted):
    assert "nnUNet_raw" not in os.environ and "nnUNet_n_proc_DA" not in os.environ
    matplotlib.use("svg")
    predict_slices(
        model_folder(chapter, "both", 7),
        np.random.default_rng(0).random((1, 64, 48)),
        (1.5, 1.25),
        "cpu",
    )
    assert matplotlib.get_backend().lower() == "svg"
    matplotlib.use("agg")


def test_nothing_of_the_machine_is_in_the_model(chapter, uninterrupted):
    folder = model_folder(chapter, "both", 7)
    assert sorted(path.name for path in folder.iterdir()) == [
        "checkpoint_final.pth",
        "dataset.json",
        "dataset_fingerprint.json",
        "log.csv",
        "plans.json",
        "training.json",
    ]
    assert str(chapter) not in (folder / "plans.json").read_text()
    assert (
        json.loads((folder / "plans.json").read_text())["configurations"]["2d"]["batch_size"] == 3
    )


def test_model_that_is_not_there_is_told_in_one_line(tmp_path):
    with pytest.raises(Sim2RealError, match="no finished model there"):
        predict_slices(tmp_path, np.random.default_rng(0).random((1, 64, 48)), (1, 1), "cpu")


@pytest.mark.parametrize(
    "slices", [np.zeros((64, 48)), np.zeros((0, 64, 48)), np.full((1, 64, 48), np.nan)]
)
def test_unusable_slices_are_refused(tmp_path, slices):
    with pytest.raises(Sim2RealError, match="expected"):
        predict_slices(tmp_path, slices, (1, 1), "cpu")


def test_a_model_of_another_origin_or_with_other_weights_is_told_in_one_line(
    chapter, uninterrupted, tmp_path
):
    shutil.copytree(model_folder(chapter, "both", 7), tmp_path / "model")
    slices = np.random.default_rng(0).random((1, 64, 48))
    path = tmp_path / "model" / "plans.json"
    plans = json.loads(path.read_text())
    wider = json.loads(json.dumps(plans))
    wider["configurations"]["2d"]["architecture"]["arch_kwargs"]["features_per_stage"][0] = 24
    path.write_text(json.dumps(wider))
    with pytest.raises(
        Sim2RealError, match="weights do not fit the network in plans.json"
    ) as fault:
        predict_slices(tmp_path / "model", slices, (1.5, 1.25), "cpu")
    assert "\n" not in str(fault.value)
    older = json.loads(json.dumps(plans))
    del older["sim2real"]["format"]
    path.write_text(json.dumps(older))
    with pytest.raises(Sim2RealError, match="plans.json: of format 1.*expected format") as fault:
        predict_slices(tmp_path / "model", slices, (1.5, 1.25), "cpu")
    assert "\n" not in str(fault.value)
    path.write_text(
        json.dumps({name: value for name, value in plans.items() if name != "sim2real"})
    )
    with pytest.raises(Sim2RealError, match="not a model of this program"):
        predict_slices(tmp_path / "model", slices, (1.5, 1.25), "cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU here")
def test_a_training_on_a_gpu_learns_as_on_a_processor_and_its_network_predicts_on_either(
    chapter, uninterrupted
):
    log = train_segmenter(chapter, "both", 9, SHORT, "cuda")
    assert np.isfinite(log[["train_loss", "seconds"]]).all().all()
    model, slices = (
        model_folder(chapter, "both", 9),
        np.random.default_rng(0).random((2, 64, 48), np.float32),
    )
    on_gpu, on_cpu = (
        predict_slices(model, slices, (1.5, 1.25), device) for device in ("cuda", "cpu")
    )
    assert (np.asarray(on_gpu) == np.asarray(on_cpu)).mean() > 0.98
