"""``sim2real predict``: which slices are scored, in which geometry labels come back, and what is
refused. The network is a threshold."""

import gzip
import shutil
import struct

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from sim2real.cohort import CohortParameters, prepare_real, read_mnms, survey_mnms, write_surrogate
from sim2real.data import (
    Image,
    RunFolder,
    Sim2RealError,
    as_shown,
    largest_pieces,
    read_image,
    read_labels,
    write_image,
)
from sim2real.segmentation import apply
from sim2real.segmentation.evaluate import structure_rows


def by_threshold(model, slices, spacing):
    """Labels that depend on intensity and place alone, with each slice's own error, so that a slice
    more or less is seen."""
    column = np.arange(slices.shape[2])[None, None]
    heart = np.abs(column - slices.shape[2] / 2) < 40
    return np.where(
        heart & (slices > 0.35),
        np.where(column < slices.shape[2] / 2, 3, 1),
        np.where(heart & (slices > 0.1), 2, 0),
    ).astype(np.uint8)


@pytest.fixture(scope="module")
def surrogate(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIM2REAL_CORES", "1")
        return write_surrogate(
            tmp_path_factory.mktemp("surrogate"),
            CohortParameters(surrogate_train=2, surrogate_test=1),
            4,
        )


@pytest.fixture
def predict(tmp_path, monkeypatch):
    """``predict(source)`` with a model that is the threshold: (scores,
    folder of the labels)."""
    monkeypatch.setattr(apply, "predict_slices", by_threshold)
    monkeypatch.setenv("SIM2REAL_CORES", "1")

    def predict(source, output="out", **settings):
        grid, folder = CohortParameters(**settings), tmp_path / output
        return apply.predict_source(source, tmp_path / "model", grid, "real", folder), folder

    return predict


@pytest.fixture
def stack(surrogate):
    """(image, label) of one subject at ED, of nine slices, of which three at the one end and two at
    the other are not scored."""
    image, label = read_mnms(surrogate)[0].read("ED")
    return image, label


def store(folder, name, image, label=None):
    write_image(folder / f"{name}.nii.gz", image)
    if label is not None:
        write_image(folder / f"{name}_gt.nii.gz", label)
    return folder / f"{name}.nii.gz"


def flipped(image: Image, axis: int) -> Image:
    affine = image.affine.copy()
    affine[:3, 3] += affine[:3, axis] * (image.data.shape[axis] - 1)
    affine[:3, axis] *= -1
    return Image(np.flip(image.data, axis), affine)


def test_a_header_that_contradicts_itself_is_read_right_and_kept(tmp_path, predict, stack, capsys):
    image, label = stack
    # round a heart that is found, one pixel more of it moves the grid by half a pixel
    field = {"crop_centre": "field"}
    scores, folder = predict(store(tmp_path / "plain", "a", image, label), **field)
    source, size = tmp_path / "odd" / "a.nii.gz", image.spacing_mm
    for path in (source, source.with_name("a_gt.nii.gz")):
        plain = tmp_path / "plain" / path.name
        raw = bytearray(gzip.decompress(plain.read_bytes()))
        steps = image.affine[:3, :3] / size  # the sform without the size, pixdim with it
        struct.pack_into("<12f", raw, 280, *np.c_[steps, image.affine[:3, 3]].ravel())
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(bytes(raw)))
    capsys.readouterr()
    again, odd_folder = predict(source, "odd_out", **field)
    assert "a.nii.gz: size of voxels" in capsys.readouterr().out
    columns = ["dice", "hd_mm"]
    np.testing.assert_allclose(again[columns], scores[columns], rtol=1e-4)
    one, two = (
        np.asarray(nib.load(path / "a_pred.nii.gz").dataobj) for path in (folder, odd_folder)
    )
    assert (one != two).mean() < 0.002  # sizes of four bytes decide a few ties another way
    written = nib.load(odd_folder / "a_pred.nii.gz").header
    np.testing.assert_array_equal(written["srow_x"], nib.load(source).header["srow_x"])
    np.testing.assert_array_equal(written["pixdim"][1:4], nib.load(source).header["pixdim"][1:4])


@pytest.mark.parametrize("crop", ["field", "heart"])
def test_scores_are_those_of_the_images_that_table_1_is_made_of(surrogate, tmp_path, predict, crop):
    table, _ = predict(surrogate, crop_centre=crop)
    run = RunFolder(tmp_path / "chapter3")
    rows = prepare_real(run, survey_mnms(surrogate), CohortParameters(crop_centre=crop))
    assert len(table) == 3 * len(rows) == 36
    # those of training subjects are located by their labels, which no new image has
    rows = rows[rows["split"] == "test"]
    assert set(zip(table["vendor"], table["split"], strict=True)) == {
        (vendor, split) for vendor in "AB" for split in ("train", "test")
    }
    for row in rows.to_dict("records"):
        image, label = read_image(run.path / row["image"]), read_labels(run.path / row["label"])
        predicted = largest_pieces(by_threshold(None, as_shown(image), None))
        for wanted in structure_rows(predicted, as_shown(label), image.spacing_mm[::-1]):
            found = table[
                (table["subject"] == row["subject"])
                & (table["phase"] == row["phase"])
                & (table["structure"] == wanted["structure"])
            ]
            assert found["dice"].item() == pytest.approx(wanted["dice"], abs=0.002)
    assert 0.05 < table["dice"].mean() < 0.95


@pytest.mark.parametrize("crop", ["field", "heart"])
@pytest.mark.parametrize("turns", [0, 1])
def test_a_label_beside_an_image_scores_and_changes_nothing(tmp_path, predict, stack, crop, turns):
    """A stack without orientation in its header, off the middle of its field; two phases."""
    data = [np.rot90(part.data, turns)[:-9, 7:] for part in stack]
    image, label = (
        Image(np.stack([part, np.roll(part, 3, axis=0)], axis=3), np.diag([1.4, 1.5, 10, 1]))
        for part in data
    )
    scores, with_label = predict(
        store(tmp_path / "one", "a", image, label), "with", crop_centre=crop
    )
    none, without = predict(store(tmp_path / "other", "a", image), "without", crop_centre=crop)
    assert len(scores) == 6 and none.empty
    for phase in (0, 1):
        pair = [read_labels(folder / f"a_{phase}_pred.nii.gz") for folder in (with_label, without)]
        np.testing.assert_array_equal(pair[0].data, pair[1].data)
        assert pair[0].data.any()


def test_a_stack_stored_the_other_way_round_has_the_same_scores_and_labels(
    tmp_path, predict, stack
):
    image, label = (Image(part.data[:, :, :9], part.affine) for part in stack)
    ways = {"as it is": (image, label)} | {
        f"axis {axis}": (flipped(image, axis), flipped(label, axis)) for axis in range(3)
    }
    turned = [
        Image(np.ascontiguousarray(part.data.transpose(2, 0, 1)), part.affine[:, [2, 0, 1, 3]])
        for part in (image, label)
    ]
    scores = {
        name: predict(store(tmp_path / name, "x", *pair), name)[0]
        for name, pair in {**ways, "slices first": turned}.items()
    }
    for name, table in scores.items():
        pd.testing.assert_frame_equal(table, scores["as it is"], atol=1e-6, obj=name)
    labels = {name: read_labels(tmp_path / name / "x_pred.nii.gz") for name in scores}
    for axis in range(3):
        np.testing.assert_array_equal(
            np.flip(labels[f"axis {axis}"].data, axis), labels["as it is"].data
        )
    np.testing.assert_array_equal(
        labels["slices first"].data.transpose(1, 2, 0), labels["as it is"].data
    )
    np.testing.assert_allclose(labels["slices first"].affine, turned[0].affine, atol=1e-4)


def test_names_keep_their_dots_and_labels_are_not_taken_for_images(tmp_path, predict, stack):
    folder = tmp_path / "in"
    store(folder, "1.2.3_sa", *stack)
    store(folder, "1.2.4_sa", stack[0])
    table, output = predict(folder)
    assert {path.name for path in output.glob("*.nii.gz")} == {
        "1.2.3_sa_pred.nii.gz",
        "1.2.4_sa_pred.nii.gz",
    }
    assert set(table["subject"]) == {"1.2.3_sa"}


def test_of_a_cine_the_labelled_phases_are_segmented_and_chosen_over_together(
    tmp_path, predict, surrogate
):
    case = read_mnms(surrogate)[0]
    table, output = predict(store_cine(tmp_path / "in", case))
    whole, _ = predict(surrogate, "whole")
    wanted = whole[whole["subject"] == case.subject].set_index(["phase", "structure"])["dice"]
    found = table.replace(
        {"phase": {str(case.ed.index): "ED", str(case.es.index): "ES"}}
    ).set_index(["phase", "structure"])["dice"]
    pd.testing.assert_series_equal(found.sort_index(), wanted.sort_index(), atol=1e-6)
    assert len(list(output.glob("*_pred.nii.gz"))) == 2


def store_cine(folder, case):
    folder.mkdir()
    for path in case.files:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder / case.ed.image.name


def test_one_bad_image_does_not_lose_the_scores_of_the_others(tmp_path, predict, stack, capsys):
    image, label = stack
    folder = tmp_path / "in"
    for name in ("a", "c"):
        store(folder, name, image, label)
    store(folder, "b", Image(np.where(image.data < 9, np.nan, image.data), image.affine))
    store(folder, "d", Image(np.full_like(image.data, 3), image.affine))
    store(folder, "e", image, Image(label.data[:, :, 1:], label.affine))
    (folder / "f.nii.gz").symlink_to("../.git/annex/objects/f.nii.gz")
    with pytest.raises(Sim2RealError, match="in: 4 of 6 images could not be used"):
        predict(folder)
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("sim2real:")]
    words = ("e_gt.nii.gz: shape", "git annex get", "b.nii.gz: holds NaN", "d.nii.gz: holds 3")
    assert len(told) == len(words)  # headers first
    for line, part in zip(told, words, strict=True):
        assert part in line
    table = pd.read_csv(tmp_path / "out" / "scores.csv", keep_default_na=False)
    assert list(table["subject"]) == ["a"] * 3 + ["c"] * 3
    assert {path.name for path in (tmp_path / "out").glob("*.nii.gz")} == {
        "a_pred.nii.gz",
        "c_pred.nii.gz",
    }


def test_a_bad_subject_of_a_cohort_does_not_lose_the_others(tmp_path, predict, surrogate, capsys):
    root = shutil.copytree(surrogate, tmp_path / "cohort")
    bad, worse, *others = read_mnms(root)
    content = bad.ed.image.read_bytes()
    bad.ed.image.write_bytes(content[: len(content) // 2])
    worse.ed.label.write_bytes(b"")
    with pytest.raises(Sim2RealError, match=f"2 of {2 + len(others)} images could not be used"):
        predict(root)
    told = capsys.readouterr().err
    assert f"{bad.ed.image}: cut short" in told and f"{worse.ed.label}: not a readable" in told
    table = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert set(table["subject"]) == {case.subject for case in others}


def test_scores_of_other_images_stay_and_those_of_the_same_are_replaced(tmp_path, predict, stack):
    image, label = stack
    brighter = Image(image.data**0.7, image.affine)
    first = store(tmp_path / "in", "007", image, label)
    second = store(tmp_path / "in", "b", brighter, label)
    predict(first)
    before = (tmp_path / "out" / "scores.csv").read_text().splitlines()
    predict(second)
    both = (tmp_path / "out" / "scores.csv").read_text().splitlines()
    assert both[:4] == before and len(both) == 7
    assert before[0] == "training,vendor,split,subject,phase,structure,dice,hd_mm,empty"
    predict(first)
    again = (tmp_path / "out" / "scores.csv").read_text().splitlines()
    assert sorted(again) == sorted(both)
    second.with_name("b_gt.nii.gz").unlink()
    predict(second)
    assert (tmp_path / "out" / "scores.csv").read_text().splitlines() == before


def test_a_second_image_of_a_name_does_not_overwrite_the_first_ones_labels(
    tmp_path, predict, stack
):
    image, label = stack
    one = store(tmp_path / "1", "sa", image, label)
    two = store(tmp_path / "2", "sa", Image(np.sqrt(image.data), image.affine), label)
    predict(one)
    kept = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(Sim2RealError, match="2/sa.nii.gz: its result .*choose another --output"):
        predict(two)
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == kept


def test_a_phase_and_an_image_of_its_name_do_not_overwrite_each_other(
    tmp_path, predict, stack, capsys
):
    image, _ = stack
    both = np.stack([image.data, np.sqrt(image.data)], axis=3)
    store(tmp_path / "in", "a", Image(both, image.affine))
    store(tmp_path / "in", "a_1", Image(image.data**2, image.affine))
    with pytest.raises(Sim2RealError, match="1 of 2 images"):
        predict(tmp_path / "in")
    assert "a_1.nii.gz: its result" in capsys.readouterr().err


def test_results_among_the_images_are_not_segmented_again(tmp_path, predict, stack):
    store(tmp_path / "out", "a", *stack)
    for _ in range(2):
        table, folder = predict(tmp_path / "out")
    assert len(list(folder.glob("*_pred.nii.gz"))) == 1 and len(table) == 3


@pytest.mark.parametrize("in_image", [0, 1, 2])
@pytest.mark.parametrize("in_label", [0, 1])
def test_axes_of_one_on_either_side_do_not_matter(tmp_path, predict, stack, in_image, in_label):
    padded = [
        Image(part.data.reshape(part.data.shape + (1,) * n), part.affine)
        for part, n in zip(stack, (in_image, in_label), strict=True)
    ]
    table, folder = predict(store(tmp_path / "in", "x", *padded))
    assert len(table) == 3
    written = nib.load(folder / "x_pred.nii.gz")
    assert written.shape == padded[0].data.shape and written.get_data_dtype() == np.uint8


@pytest.mark.parametrize("name", ["x_gt.nii", "x_GT.NII.GZ", "x_gt.nii.gz"])
def test_a_label_of_another_ending_scores_the_same(tmp_path, predict, stack, name):
    image, label = stack
    scores, _ = predict(store(tmp_path / "plain", "x", image, label))
    source = store(tmp_path / "in", "x", image)
    write_image(tmp_path / "x_gt.nii.gz", label)
    content = (tmp_path / "x_gt.nii.gz").read_bytes()
    (tmp_path / "in" / name).write_bytes(content)  # packed, whatever the name says
    pd.testing.assert_frame_equal(predict(source, "again")[0], scores)


def test_a_linked_image_and_its_linked_label_are_scored(tmp_path, predict, stack):
    """As tools lay out a study whose files are kept elsewhere."""
    store(tmp_path / "kept", "content", *stack)
    (tmp_path / "in").mkdir()
    for end in ("", "_gt"):
        (tmp_path / "in" / f"x{end}.nii.gz").symlink_to(tmp_path / "kept" / f"content{end}.nii.gz")
    assert len(predict(tmp_path / "in")[0]) == 3


def test_an_unknown_orientation_is_told_with_what_was_done(
    tmp_path, predict, stack, capsys, monkeypatch
):
    image, _ = stack
    predict(store(tmp_path / "in", "known", image))
    assert "orientation unknown" not in capsys.readouterr().out
    plain = Image(image.data, np.diag([*image.spacing_mm, 1]))
    predict(store(tmp_path / "in", "plain", plain))
    told = capsys.readouterr().out
    assert "plain: orientation unknown" in told and "turned by the right ventricle found" in told
    nothing = Image(np.zeros(image.data.shape, np.uint8), plain.affine)
    monkeypatch.setattr(apply, "find_heart", lambda _: nothing)
    predict(store(tmp_path / "in", "plain", plain))
    told = capsys.readouterr().out
    assert "plain: orientation unknown" in told and "turned by its header" in told


def test_transforms_that_contradict_each_other_are_told(tmp_path, predict, stack, capsys):
    image, _ = stack
    nifti = nib.Nifti1Image(image.data, image.affine)
    nifti.set_sform(image.affine, 1)
    nifti.set_qform(image.affine @ np.diag([-1, -1, 1, 1]), 1)
    nib.save(nifti, tmp_path / "a.nii.gz")
    predict(tmp_path / "a.nii.gz")
    assert "its qform and its sform turn it differently" in capsys.readouterr().out


@pytest.mark.parametrize("axis", [0, 1])
def test_a_long_axis_view_is_told(tmp_path, predict, stack, capsys, axis):
    """Slices along the heart: across what is one of the axes in the plane of a short axis."""
    image, _ = stack
    predict(store(tmp_path / "in", "short", image))
    assert "no short axis" not in capsys.readouterr().out
    directions = image.affine[:3, :3] / image.spacing_mm
    turned = image.affine.copy()
    turned[:3, :3] = directions[:, [1 - axis, 2, axis]] * image.spacing_mm
    predict(store(tmp_path / "in", "long", Image(image.data, turned)))
    assert "long: by its header no short axis" in capsys.readouterr().out


@pytest.mark.parametrize("codes", ["none", "unit columns"])
def test_a_file_without_orientation_in_its_codes_is_told_so(
    tmp_path, predict, stack, codes, capsys
):
    image, _ = stack
    nifti = nib.Nifti1Image(image.data, None)
    nifti.header["pixdim"][1:4] = image.spacing_mm
    if codes == "unit columns":
        nifti.set_sform(np.diag([-1, -1, 1, 1]), code=1)
    nifti.header["pixdim"][1:4] = image.spacing_mm
    nib.save(nifti, tmp_path / "a.nii.gz")
    assert nifti.header["qform_code"] == 0
    predict(tmp_path / "a.nii.gz")
    assert "a: orientation unknown" in capsys.readouterr().out
    written, original = (
        nib.load(path).header for path in (tmp_path / "out/a_pred.nii.gz", tmp_path / "a.nii.gz")
    )
    for field in ("pixdim", "sform_code", "qform_code", "srow_x"):
        np.testing.assert_array_equal(written[field], original[field])


def test_a_short_stack_is_labelled_and_not_scored(tmp_path, predict, stack, capsys):
    image, label = stack
    middle = np.flatnonzero([(label.data[..., k] == 3).any() for k in range(label.data.shape[2])])[
        2:4
    ]
    table, output = predict(
        store(
            tmp_path / "in",
            "x",
            *(Image(part.data[:, :, middle], part.affine) for part in (image, label)),
        )
    )
    assert (
        table.empty
        and (output / "x_pred.nii.gz").is_file()
        and not (output / "scores.csv").exists()
    )
    assert "x: not scored, 2 neighbouring slices" in capsys.readouterr().out


def moved(label: Image) -> Image:
    affine = label.affine.copy()
    affine[0, 3] += 12
    return Image(label.data, affine)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda label: Image(label.data[:, :, 1:], label.affine), "differs from its image's"),
        (
            lambda label: Image(np.where(label.data == 3, 9, label.data), label.affine),
            "x_gt.nii.gz: holds the label 9; expected",
        ),
        (moved, "12.0 mm from its image"),
        (
            lambda label: Image(np.stack([label.data] * 2, axis=3), label.affine),
            "x_gt.nii.gz: has shape .* expected 3 dimensions",
        ),
    ],
)
def test_a_label_that_does_not_fit_its_image_is_refused(tmp_path, predict, stack, change, told):
    image, label = stack
    source = store(tmp_path / "in", "x", image)
    changed = change(label)
    nib.save(
        nib.Nifti1Image(changed.data.astype(np.uint8), changed.affine),
        tmp_path / "in" / "x_gt.nii.gz",
    )
    with pytest.raises(Sim2RealError, match=told) as fault:
        predict(source)
    assert "\n" not in str(fault.value)


def test_an_image_with_an_empty_label_beside_it_is_segmented_and_not_scored(
    stack, tmp_path, predict
):
    image, label = stack
    store(tmp_path / "in", "x", image, Image(np.zeros_like(label.data), label.affine))
    table, folder = predict(tmp_path / "in")
    assert table.empty and [path.name for path in folder.glob("*.nii.gz")] == ["x_pred.nii.gz"]
