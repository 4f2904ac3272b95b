"""The segmenter that comes with the project, and what it was trained on."""

import numpy as np
import pytest

from sim2real.cohort import FINDER, CohortParameters, read_mnms, write_surrogate
from sim2real.data import LV, MYO, RV, Image, RunFolder, as_shown, read_labels, write_image
from sim2real.metrics import dice
from sim2real.paper import cli
from sim2real.segmentation import PRETRAINED, pretrain, pretrained_card


@pytest.fixture(scope="module")
def person(tmp_path_factory):
    """Image and label of a surrogate at ED, without orientation in its header."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIM2REAL_CORES", "1")
        parameters = CohortParameters(surrogate_train=2, surrogate_test=1)
        root = write_surrogate(tmp_path_factory.mktemp("surrogate"), parameters, 4)
    image, label = read_mnms(root)[0].read("ED")
    plain = np.diag([*image.spacing_mm, 1])
    return tuple(Image(np.rot90(part.data).copy(), plain) for part in (image, label))


def test_a_new_image_is_segmented_without_a_run(person, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    image, label = person
    write_image(tmp_path / "someone.nii.gz", image)
    cli.main(["predict", "someone.nii.gz"])
    predicted = read_labels(tmp_path / "predictions" / "someone_pred.nii.gz")
    middle = slice(4, 8)
    for value, least in ((LV, 0.85), (RV, 0.75), (MYO, 0.7)):
        masks = (as_shown(part)[middle] == value for part in (predicted, label))
        assert dice(*masks) > least
    told = capsys.readouterr().out
    card = pretrained_card()
    assert card["sentence"] in told and f"LV {card['dice_LV']:.3f}" in told
    assert "no image of a person" in told


def test_a_regime_is_a_runs(capsys):
    assert cli.main(["predict", "someone.nii.gz", "--training", "real"])
    assert "name the run with --run" in capsys.readouterr().err


def test_both_networks_together_are_small_and_name_no_machine():
    files = [FINDER, *PRETRAINED.iterdir()]
    assert sum(path.stat().st_size for path in files) < 2.5e6
    assert (PRETRAINED / "checkpoint_final.pth").stat().st_size < 2e6
    for path in PRETRAINED.glob("*.json"):
        assert "/" not in path.read_text(encoding="utf-8")


def test_the_finder_can_be_made_anew(tmp_path, monkeypatch):
    """A training of two steps writes the arrays that the finder in the checkout has."""
    monkeypatch.setenv("SIM2REAL_CORES", "1")
    small = {"n_epochs": 1, "iterations_per_epoch": 2}
    monkeypatch.setattr(pretrain, "N_DRAWS", 1)
    monkeypatch.setattr(pretrain, "FINDER", tmp_path / "finder.npz")
    monkeypatch.setattr(pretrain, "FIELD", pretrain.FIELD.model_copy(update={"n_subjects": 2}))
    monkeypatch.setattr(pretrain, "FINDING", pretrain.FINDING.model_copy(update=small))
    pretrain.train_finder(RunFolder(tmp_path / "run"))
    shapes = [
        {name: stored[name].shape for name in stored.files}
        for stored in map(np.load, (FINDER, tmp_path / "finder.npz"))
    ]
    assert shapes[0] == shapes[1]


def test_a_field_is_turned_and_cut_together_with_its_label():
    """Blood alone is bright: it must lie under its label after any turn, shift and zoom."""
    maps = np.zeros((120, 110, 3), np.uint8)
    maps[50:70, 40:60], maps[55:65, 45:55], maps[50:70, 30:40] = MYO, LV, RV
    label = Image(maps, np.diag([2.0, 2.0, 10, 1]))
    image = Image((maps == LV).astype(np.float32), label.affine)
    places = []
    for draw in range(8):
        posed = pretrain.posed(image, label, np.random.default_rng(draw))
        assert {part.data.shape for part in posed} == {(128, 128, 3)}
        blood, found = posed[0].data[:, :, 1] > 0.5, posed[1].data[:, :, 1] == LV
        assert 2 * (blood & found).sum() / (blood.sum() + found.sum()) > 0.85
        places.append(np.argwhere(found).mean(axis=0))
    assert np.ptp(places, axis=0).min() > 8  # 24 mm
