import itertools
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from sim2real.cohort import CohortParameters
from sim2real.data import Image, Sim2RealError, normalise
from sim2real.paper.cli import main
from sim2real.translation import (
    TranslationParameters,
    build,
    translate_source,
    translate_stack,
)
from sim2real.translation.official import FILES, official_state
from sim2real.translation.user_images import resize

AFFINE = np.array([[1.4, 0.2, 0.3, -60], [0.1, -0.9, -5, 40], [0.2, -0.9, 6, 5], [0, 0, 0, 1.0]])
SCALE = CohortParameters()


class Same(torch.nn.Module):
    """A translator that changes nothing."""

    def forward(self, x):
        return x


@pytest.fixture(scope="module")
def networks():
    return build(
        TranslationParameters(
            precision="float32",
            generator_features=4,
            discriminator_features=4,
            residual_blocks=5,
            projection_features=8,
        ),
        seed=0,
    )


@pytest.fixture
def generator(networks):
    return networks["generator"]


def stack(*shape):
    random = np.random.default_rng(0)
    return (
        gaussian_filter(random.normal(size=shape), [2, 2, *[0] * (len(shape) - 2)]) * 4000
    ).astype(np.float32)


def save(path, data, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(data, affine), path)
    return path


def reoriented(image, order, flips):
    """The same image with its axes stored in another order and direction."""
    data, affine = image.data.transpose(order), image.affine[:, [*order, 3]].copy()
    for axis in flips:
        affine[:3, 3] += affine[:3, axis] * (data.shape[axis] - 1)
        affine[:3, axis] *= -1
    return Image(np.flip(data, flips), affine)


@pytest.mark.parametrize(
    ("order", "flips"),
    itertools.product(
        [(0, 1, 2), (1, 0, 2), (2, 0, 1), (0, 2, 1)], [(), (0,), (1,), (0, 1), (2,), (0, 2)]
    ),
)
def test_the_result_does_not_depend_on_how_the_image_is_stored(networks, order, flips):
    image = Image(stack(37, 50, 3), AFFINE)
    wanted = reoriented(
        Image(translate_stack(image, networks["generator"], SCALE), AFFINE), order, flips
    ).data
    found = translate_stack(reoriented(image, order, flips), networks["generator"], SCALE)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_translator_that_changes_nothing_gives_the_scaled_image_back():
    affine = np.diag([1.25, 1.25, 8, 1])
    image = Image(stack(38, 51, 3), affine)  # sides that the networks do not take as they are
    np.testing.assert_allclose(
        translate_stack(image, Same(), SCALE), normalise(image.data, 1, 99), atol=0.02
    )  # scaled twice
    coarse = Image(image.data, np.diag([1.9, 1.1, 8, 1]))
    assert (
        np.corrcoef(
            translate_stack(coarse, Same(), SCALE).ravel(), normalise(image.data, 1, 99).ravel()
        )[0, 1]
        > 0.97
    )


def test_resizing_keeps_places_and_averages_what_becomes_coarser():
    ramp = np.tile(np.linspace(0, 1, 40, dtype=np.float32), (1, 24, 1))
    finer = resize(ramp, (36, 80))
    assert finer.shape == (1, 36, 80)
    np.testing.assert_allclose(
        finer[0, :, 2:-2].mean(axis=0),
        np.interp((np.arange(80)[2:-2] + 0.5) / 2 - 0.5, np.arange(40), ramp[0, 0]),
        atol=1e-6,
    )
    stripes = np.tile(np.array([0, 1], np.float32), (1, 24, 20))
    assert np.abs(resize(stripes, (24, 10))[0, :, 1:-1] - 0.5).max() < 0.1


@pytest.mark.parametrize("shape", [(40, 52, 3), (40, 52, 2, 3)])
def test_the_written_image_has_the_shape_and_affine_of_its_source(tmp_path, generator, shape):
    source = save(tmp_path / "in" / "heart.v2.nii.gz", stack(*shape))
    (path,) = translate_source(source, generator, SCALE, "B", tmp_path / "out")
    written, original = nib.load(path), nib.load(source)
    assert path.name == "heart.v2_vendorB.nii.gz"
    assert written.shape == shape and written.get_data_dtype() == np.float32
    np.testing.assert_allclose(written.affine, original.affine, atol=1e-5)
    assert (
        written.get_fdata().min() >= 0
        and written.get_fdata().max() <= 1
        and written.get_fdata().std() > 0
    )


def test_the_size_that_was_taken_is_told_and_the_header_is_kept(tmp_path, generator, capsys):
    source = save(tmp_path / "in" / "a.nii", stack(40, 52, 8), np.diag([-1, -1, 1, 1.0]))
    raw = bytearray(source.read_bytes())
    struct.pack_into("<3f", raw, 80, 1.4, 1.4, 9)  # pixdim alone has the size
    source.write_bytes(raw)
    (path,) = translate_source(source, generator, SCALE, "B", tmp_path / "out")
    assert "a.nii: size of voxels 1.4 x 1.4 x 9 mm by pixdim" in capsys.readouterr().out
    written, original = nib.load(path), nib.load(source)
    np.testing.assert_array_equal(written.header["pixdim"], original.header["pixdim"])
    np.testing.assert_array_equal(written.header["srow_x"], original.header["srow_x"])


def test_phases_are_translated_each_by_itself(tmp_path, generator):
    data = stack(40, 52, 2, 3) * np.array([1, 5, 20], np.float32)
    translate_source(save(tmp_path / "in" / "cine.nii", data), generator, SCALE, "A", tmp_path)
    translate_source(
        save(tmp_path / "in" / "one.nii", data[..., 1]), generator, SCALE, "A", tmp_path
    )
    cine, one = (
        nib.load(tmp_path / f"{name}_vendorA.nii.gz").get_fdata() for name in ("cine", "one")
    )
    np.testing.assert_array_equal(cine[..., 1], one)


def test_a_folder_is_translated_but_for_its_label_files(tmp_path, generator):
    for name in ("b.nii.gz", "a.nii", "a_gt.nii"):
        save(tmp_path / "in" / name, stack(40, 52, 2))
    paths = translate_source(tmp_path / "in", generator, SCALE, "A", tmp_path / "out")
    assert [path.name for path in paths] == ["a_vendorA.nii.gz", "b_vendorA.nii.gz"]
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {path.name for path in paths} | {"sources.csv"}


def test_one_bad_image_does_not_keep_the_others_from_being_translated(tmp_path, generator, capsys):
    data = stack(40, 52, 2)
    for name in ("a.nii", "c.nii"):
        save(tmp_path / "in" / name, data)
    save(tmp_path / "in" / "b.nii", np.full_like(data, np.nan))
    (tmp_path / "in" / "d.nii.gz").write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(Sim2RealError, match="2 of 4 images could not be used"):
        translate_source(tmp_path / "in", generator, SCALE, "A", tmp_path / "out")
    told = [line for line in capsys.readouterr().err.splitlines() if "sim2real:" in line]
    assert "d.nii.gz: is a pointer of Git LFS" in told[0] and "b.nii: holds NaN" in told[1]
    assert len(list((tmp_path / "out").glob("*.nii.gz"))) == 2


def test_a_second_image_of_a_name_is_refused_before_it_is_translated(tmp_path, generator):
    first, second = (
        save(tmp_path / name / "sa.nii.gz", scale * stack(40, 52, 2))
        for name, scale in (("1", 1), ("2", -1))
    )
    (path,) = translate_source(first, generator, SCALE, "A", tmp_path / "out")
    kept = path.read_bytes()
    with pytest.raises(Sim2RealError, match="2/sa.nii.gz: its result .* made of .*1/sa.nii.gz"):
        translate_source(second, None, SCALE, "A", tmp_path / "out")
    assert path.read_bytes() == kept
    translate_source(second, generator, SCALE, "B", tmp_path / "out")
    translate_source(first, generator, SCALE, "A", tmp_path / "out")


def test_units_codes_time_and_axes_of_one_are_those_of_the_source(tmp_path, generator):
    affine = AFFINE.copy()
    affine[:3] /= 1000
    nifti = nib.Nifti1Image(stack(40, 52, 8, 2), affine)
    nifti.header.set_xyzt_units("meter", "sec")
    nifti.header["pixdim"][4] = 0.035
    nifti.set_qform(affine, code=3)
    nifti.set_sform(affine, code=2)
    nib.save(nifti, tmp_path / "cine.nii.gz")
    save(tmp_path / "one.nii.gz", stack(40, 52, 2, 1))
    for name in ("cine", "one"):
        (path,) = translate_source(tmp_path / f"{name}.nii.gz", generator, SCALE, "A", tmp_path)
        written, original = nib.load(path), nib.load(tmp_path / f"{name}.nii.gz")
        assert written.shape == original.shape
        for field in ("pixdim", "sform_code", "qform_code", "srow_y", "quatern_b", "xyzt_units"):
            np.testing.assert_array_equal(written.header[field], original.header[field])


@pytest.mark.parametrize(("affine", "told"), [(AFFINE, False), (np.diag([-1.4, -1.4, 9, 1]), True)])
def test_an_unknown_orientation_is_told(tmp_path, generator, capsys, affine, told):
    source = save(tmp_path / "a.nii.gz", stack(40, 52, 6), affine)
    translate_source(source, generator, SCALE, "A", tmp_path / "out")
    lines = capsys.readouterr().out.splitlines()
    assert [line.startswith("a.nii.gz: orientation unknown") for line in lines] == [True] * told


def test_public_weights_and_the_same_generator_of_a_run_give_the_same(
    tmp_path, networks, monkeypatch, capsys
):
    (tmp_path / "weights").mkdir()
    torch.save(
        official_state("generator", networks["generator"]),
        tmp_path / "weights" / FILES["generator"],
    )
    source = save(tmp_path / "x.nii.gz", stack(40, 52, 2))
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    arguments = [
        "translate",
        str(source),
        "--vendor",
        "A",
        "--run",
        "no-such-run",
        "--weights",
        str(tmp_path / "weights"),
        "--output",
        str(tmp_path / "cli"),
    ]
    assert main(arguments) == 0
    assert "1 image in the look of vendor A" in capsys.readouterr().out
    translate_source(source, networks["generator"], SCALE, "A", tmp_path / "run")
    first, second = (
        nib.load(tmp_path / folder / "x_vendorA.nii.gz").get_fdata() for folder in ("cli", "run")
    )
    np.testing.assert_array_equal(first, second)


def damaged(path):
    save(path, stack(40, 52, 2))
    path.write_bytes(path.read_bytes()[:2000])


BAD = {
    "nothing there": (lambda path: None, "x.nii.gz: no such file or folder"),
    "no image": (lambda path: path.mkdir(), "holds no NIfTI image"),
    "labels alone": (lambda path: save(path / "a_gt.nii", stack(4, 4, 2)), "holds no NIfTI image"),
    "one value": (
        lambda path: save(path, np.full((40, 52, 2), 7, np.float32)),
        "x.nii.gz: holds 7 in every voxel",
    ),
    "NaN": (
        lambda path: save(path, np.full((40, 52, 2), np.nan, np.float32)),
        "x.nii.gz: holds NaN",
    ),
    "too many axes": (
        lambda path: save(path, stack(8, 8, 2, 2, 2)),
        "has shape \\(8, 8, 2, 2, 2\\); expected 3 or 4",
    ),
    "two of a name": (
        lambda path: [save(path / name, stack(40, 52, 2)) for name in ("a.nii", "a.nii.gz")],
        "would overwrite",
    ),
    "cut short": (damaged, "x.nii.gz: cut short or damaged"),
    "no NIfTI": (lambda path: path.write_text("hello"), "x.nii.gz: not a readable NIfTI image"),
    "flat": (lambda path: save(path, stack(40, 52)), r"shape \(40, 52\); expected 3 or 4"),
    "complex": (
        lambda path: save(path, np.ones((40, 52, 2), np.complex64)),
        "x.nii.gz: holds voxels of type complex64",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_unusable_images_are_refused_in_one_line(tmp_path, generator, case):
    make, message = BAD[case]
    make(tmp_path / "x.nii.gz")
    with pytest.raises(Sim2RealError, match=message) as error:
        translate_source(tmp_path / "x.nii.gz", generator, SCALE, "A", tmp_path / "out")
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()


def test_an_unknown_vendor_is_refused_in_one_line(tmp_path, capsys):
    assert main(["translate", str(tmp_path), "--vendor", "C", "--output", str(tmp_path)]) != 0
    assert "--vendor C: no such vendor; there are A, B" in capsys.readouterr().err
