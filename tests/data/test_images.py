import gzip
import struct

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from sim2real.data import (
    Image,
    Sim2RealError,
    axes_apart,
    open_image,
    open_stack,
    read_image,
    read_intensities,
    read_labels,
    read_voxels,
    write_image,
    write_like,
)


def oblique():
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = rotation * [1.1, 1.4, 9.0]
    affine[:3, 3] = [-30, 12, 55]
    return affine


def image(shape=(7, 5, 3), dtype=np.float32):
    return Image(np.arange(np.prod(shape)).reshape(shape).astype(dtype), oblique())


@pytest.mark.parametrize("shape", [(7, 5, 3), (7, 5, 3, 2), (7, 5, 3, 2, 4)])
def test_what_is_written_is_read(tmp_path, shape):
    written = image(shape)
    write_image(tmp_path / "a.nii.gz", written)
    found = read_image(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(found.data, written.data)
    np.testing.assert_allclose(found.affine, written.affine, atol=1e-5)
    np.testing.assert_allclose(found.spacing_mm, [1.1, 1.4, 9.0], rtol=1e-6)


def test_another_library_sees_the_same_geometry(tmp_path):
    """ITK's world is left-posterior-superior and its arrays are (slice, y, x)."""
    written = image()
    write_image(tmp_path / "a.nii.gz", written)
    by_itk = sitk.ReadImage(str(tmp_path / "a.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(by_itk).transpose(2, 1, 0), written.data)
    world = np.array(by_itk.TransformIndexToPhysicalPoint((6, 2, 1))) * [-1, -1, 1]
    np.testing.assert_allclose(world, (written.affine @ [6, 2, 1, 1])[:3], atol=1e-4)
    np.testing.assert_allclose(by_itk.GetSpacing(), written.spacing_mm, rtol=1e-5)


def test_same_content_same_bytes_whatever_the_name_and_the_time(tmp_path, monkeypatch):
    write_image(tmp_path / "a.nii.gz", image())
    monkeypatch.setattr("time.time", lambda: 4e9)
    monkeypatch.setattr("os.getpid", lambda: 12345)
    write_image(tmp_path / "other" / "b.nii.gz", image())
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "other" / "b.nii.gz").read_bytes()


def test_labels_are_stored_as_bytes_and_read_as_such(tmp_path):
    write_image(tmp_path / "l.nii.gz", image(dtype=np.int64))
    assert nib.load(tmp_path / "l.nii.gz").get_data_dtype() == np.uint8
    assert read_labels(tmp_path / "l.nii.gz").data.dtype == np.uint8


def test_both_transforms_of_the_header_agree(tmp_path):
    write_image(tmp_path / "a.nii.gz", image())
    header = nib.load(tmp_path / "a.nii.gz").header
    np.testing.assert_allclose(header.get_qform(), header.get_sform(), atol=1e-5)
    assert header.get_xyzt_units()[0] == "mm"


def test_one_phase_is_read_alone(tmp_path):
    written = image((7, 5, 3, 4))
    write_image(tmp_path / "a.nii.gz", written)
    nifti = open_image(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(
        read_voxels(tmp_path / "a.nii.gz", nifti, 2), written.data[..., 2]
    )


def one_line(action) -> str:
    with pytest.raises(Sim2RealError) as caught:
        action()
    assert "\n" not in str(caught.value) and "a.nii" in str(caught.value)
    return str(caught.value)


def test_bad_files_are_told_in_one_line(tmp_path):
    path = tmp_path / "a.nii.gz"
    assert "no such file" in one_line(lambda: read_image(path))
    path.write_bytes(b"")
    assert "not a readable NIfTI" in one_line(lambda: read_image(path))
    nib.save(nib.Nifti1Image(np.zeros((4, 5), np.float32), np.eye(4)), path)
    assert "has shape (4, 5)" in one_line(lambda: read_image(path))
    flat = np.diag([1.0, 0, 1, 1])
    nifti = nib.Nifti1Image(np.zeros((4, 5, 6), np.float32), None)
    nifti.header.set_sform(flat, code=1)
    nib.save(nifti, path)
    assert "its affine has no inverse" in one_line(lambda: read_image(path))
    nib.save(nib.Nifti1Image(np.full((4, 5, 6), np.inf, np.float32), np.eye(4)), path)
    assert "holds NaN or infinite" in one_line(lambda: read_image(path))


def test_damaged_voxels_are_told_in_one_line(tmp_path):
    path = tmp_path / "a.nii.gz"
    nib.save(nib.Nifti1Image(np.random.default_rng(0).normal(size=(40, 30, 9)), np.eye(4)), path)
    raw = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(raw[: len(raw) // 2]))
    assert "cut short or damaged" in one_line(lambda: read_image(path))
    packed = bytearray(
        gzip.compress(bytes(len(raw)))
    )  # zeros, so that every byte of the packed file matters
    packed[14:40] = b"\xff" * 26
    path.write_bytes(bytes(packed))
    assert one_line(lambda: read_image(path))


def test_voxels_said_to_lie_beyond_any_file_are_refused_in_one_line(tmp_path):
    path = tmp_path / "x.nii"
    nib.save(nib.Nifti1Image(np.zeros((4, 4, 2), np.float32), np.eye(4)), path)
    content = bytearray(path.read_bytes())
    content[108:112] = np.float32(2.0**70).tobytes()  # vox_offset
    path.write_bytes(content)
    with pytest.raises(Sim2RealError, match="cut short or damaged"):
        read_image(path)


SIZE = np.array([1.25, 1.4, 9.0])


def stack_spelled(path, sform=None, pixdim=SIZE, qform_code=0, unit="mm"):
    """A stack of eight slices whose header tells its size by these fields."""
    affine = np.diag([-1, -1, 1, 1.0])
    nifti = nib.Nifti1Image(np.ones((40, 40, 8), np.int16), None)
    nifti.header.set_xyzt_units(unit)
    if qform_code:
        nifti.set_qform(affine @ np.diag([*pixdim, 1]), code=qform_code)
    if sform is not None:
        nifti.set_sform(affine @ np.diag([*sform, 1]), code=1)
    nifti.header["pixdim"][1:4] = pixdim
    nib.save(nifti, path)
    return path


@pytest.mark.parametrize(
    "spelling",
    [
        {"sform": SIZE},
        {"qform_code": 1},
        {},
        {"sform": np.ones(3)},
        {"sform": SIZE, "pixdim": np.ones(3)},
        {"sform": SIZE / 1000, "pixdim": SIZE / 1000, "unit": "meter"},
        {"sform": SIZE * 1000, "pixdim": SIZE * 1000, "unit": "micron"},
        {"sform": SIZE, "unit": "meter"},
        {"sform": SIZE, "unit": "unknown"},
    ],
)
def test_the_size_of_a_stack_is_found_however_its_header_spells_it(tmp_path, spelling):
    nifti = open_stack(stack_spelled(tmp_path / "a.nii.gz", **spelling))
    np.testing.assert_allclose(np.linalg.norm(nifti.affine[:3, :3], axis=0), SIZE, rtol=1e-5)


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ({"sform": SIZE * 1.2}, "more than one size of voxels .*sform: 1.5 x 1.68 x 10.8 mm"),
        ({"pixdim": np.ones(3)}, "no size of voxels .*pixdim: 1 x 1 x 1 mm"),
        ({"pixdim": np.array([1, 1, 30.0])}, "no size of voxels"),
        ({"pixdim": np.array([7, 7, 9.0])}, "no size of voxels"),
        ({"pixdim": np.array([1.2, 1.2, 4.5])}, "no size of voxels"),  # 8 slices, 36 mm in all
    ],
)
def test_a_size_that_no_short_axis_stack_has_is_refused_with_all_readings(
    tmp_path, spelling, words
):
    with pytest.raises(Sim2RealError, match=words) as caught:
        open_stack(stack_spelled(tmp_path / "a.nii.gz", **spelling))
    assert "\n" not in str(caught.value)


def test_an_axis_of_one_is_dropped_and_the_origin_is_in_mm_too(tmp_path):
    affine = np.diag([-0.00125, -0.0014, 0.009, 1])
    affine[:3, 3] = 0.1, -0.05, 0.02  # metres, as declared
    nifti = nib.Nifti1Image(np.ones((40, 40, 8, 1), np.int16), affine)
    nifti.header.set_xyzt_units("meter")
    nib.save(nifti, tmp_path / "a.nii.gz")
    stack = open_stack(tmp_path / "a.nii.gz")
    assert stack.shape == (40, 40, 8)
    np.testing.assert_allclose(stack.affine[:3, 3], [100, -50, 20], rtol=1e-5)
    assert stack.extra["spacing"].startswith("1.25 x 1.4 x 9 mm by")


def test_what_is_written_like_a_file_has_its_header(tmp_path):
    source = stack_spelled(tmp_path / "a.nii.gz", sform=np.ones(3), qform_code=3)
    nifti = nib.load(source)
    nifti.header.set_xyzt_units("mm", "msec")
    nib.save(nib.Nifti1Image(np.ones((40, 40, 8, 3)), nifti.affine, nifti.header), source)
    write_like(tmp_path / "b.nii.gz", np.zeros((40, 40, 8, 3), np.float32), source)
    before, after = (nib.load(path).header for path in (source, tmp_path / "b.nii.gz"))
    for field in ("sform_code", "qform_code", "pixdim", "srow_x", "srow_z", "xyzt_units"):
        np.testing.assert_array_equal(before[field], after[field])
    assert after.get_data_dtype() == np.float32


PLACE, QUATERNION, TIME = slice(76, 108), slice(252, 328), slice(136, 140)  # bytes of a header


@pytest.mark.parametrize("unit", [0, 1, 2, 3])
@pytest.mark.parametrize("codes", [(0, 0), (2, 0), (0, 3), (1, 4)])
def test_place_size_and_time_are_written_as_they_stand_in_the_source(tmp_path, codes, unit):
    """Also what nibabel mends as it reads: a handedness of 0, a negative size."""
    nifti = nib.Nifti1Image(np.ones((7, 5, 3, 4), np.int16), oblique())
    nib.save(nifti, tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    struct.pack_into("<8f", raw, 76, 0, -1.1, 1.4, 9, 0.035, 1, 1, 1)
    struct.pack_into("<B", raw, 123, unit + 8)
    struct.pack_into("<2h", raw, 252, *codes)
    struct.pack_into("<f", raw, 136, 0.25)
    (tmp_path / "a.nii").write_bytes(raw)
    for shape in ((7, 5, 3, 4), (7, 5, 3)):
        write_like(tmp_path / "b.nii", np.zeros(shape, np.uint8), tmp_path / "a.nii")
        written = (tmp_path / "b.nii").read_bytes()
        for part in (PLACE, QUATERNION, TIME, slice(123, 124)):
            assert written[part] == raw[part]
        assert nib.load(tmp_path / "b.nii").shape == shape


def test_axes_of_one_are_written_as_the_source_has_them(tmp_path):
    write_image(tmp_path / "a.nii.gz", image((7, 5, 3, 1)))
    write_like(tmp_path / "b.nii.gz", np.zeros((7, 5, 3), np.uint8), tmp_path / "a.nii.gz")
    assert nib.load(tmp_path / "b.nii.gz").shape == (7, 5, 3, 1)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "A.NII", "A.NII.GZ", "a.b.nii.gz"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_a_file_is_read_for_what_it_is_whatever_its_name(tmp_path, name, packed, kind):
    data = image((7, 5, 3, 4)).data
    content = kind(data, oblique()).to_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    nifti = open_image(tmp_path / name)
    assert nib.is_proxy(nifti.dataobj)  # no voxel was read
    np.testing.assert_allclose(nifti.affine, oblique(), atol=1e-5)
    np.testing.assert_array_equal(read_voxels(tmp_path / name, nifti, 2), data[..., 2])
    np.testing.assert_array_equal(read_voxels(tmp_path / name, nifti, 0), data[..., 0])
    write_like(tmp_path / "b.nii.gz", data, tmp_path / name)
    np.testing.assert_array_equal(read_image(tmp_path / "b.nii.gz").data, data)


def test_an_axis_of_one_costs_no_reading(tmp_path):
    """Voxels that are cut short are a fault of reading them, not of opening."""
    path = stack_spelled(tmp_path / "a.nii", sform=SIZE)
    nib.save(nib.Nifti1Image(np.ones((40, 40, 8, 1)), np.diag([*SIZE, 1])), path)
    assert nib.is_proxy(open_stack(path).dataobj)


def pair(path):
    header = nib.Nifti1Pair(np.zeros((4, 5, 6), np.int16), np.eye(4)).header
    path.write_bytes(header.binaryblock + bytes(4))


def web_page(path):
    path.write_text("\n<!DOCTYPE html><html><body>Please log in</body></html>")


OTHERS = {
    "DICOM": (lambda path: path.write_bytes(bytes(128) + b"DICM" + bytes(400)), "dcm2niix"),
    "page": (web_page, "is a web page.*download the image again"),
    "pair": (pair, "half of a pair"),
    "zip": (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(600)), "unzip"),
    "bzip2": (lambda path: path.write_bytes(b"BZh91AY" + bytes(600)), "bunzip2"),
    "text": (lambda path: path.write_text("hello " * 100), "expected NIfTI's header"),
    "twice": (
        lambda path: path.write_bytes(gzip.compress(gzip.compress(bytes(600)))),
        "packed with gzip twice; unpack it once",
    ),
    "packed page": (
        lambda path: path.write_bytes(gzip.compress(b"<html><body>" + b"x" * 600)),
        "web page",
    ),
    "packed archive": (
        lambda path: path.write_bytes(gzip.compress(bytes(257) + b"ustar" + bytes(250))),
        "an archive of tar",
    ),
    "pointer": (
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n"),
        "git lfs pull",
    ),
}


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("case", OTHERS)
def test_another_format_is_refused_for_what_it_is_and_not_called_damaged(tmp_path, name, case):
    make, told = OTHERS[case]
    make(tmp_path / name)
    with pytest.raises(Sim2RealError, match=told) as fault:
        open_image(tmp_path / name)
    assert not any(word in str(fault.value) for word in ("damaged", "copy", "replace", "claims"))


@pytest.mark.parametrize("length", [0, 100, 347])
def test_a_header_that_is_cut_short_is_the_files_own_fault(tmp_path, length):
    content = nib.Nifti1Image(np.ones((4, 5, 6)), np.eye(4)).to_bytes()
    (tmp_path / "a.nii").write_bytes(content[:length])
    told = one_line(lambda: open_image(tmp_path / "a.nii"))
    assert f"ends after {length} bytes" in told and "copy the file again" in told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied"), "change its permissions"),
        (OSError(5, "Input/output error"), "Input/output error.* the disk or the network"),
        (MemoryError(), "more memory"),
        (OSError("Expected 9 bytes, got 3 bytes"), "cut short or damaged.*copy the file again"),
        (EOFError("Compressed file ended"), "cut short or damaged.*copy the file again"),
    ],
)
def test_a_file_is_blamed_only_for_its_own_fault(tmp_path, monkeypatch, error, told):
    write_image(tmp_path / "a.nii.gz", image())
    nifti = open_image(tmp_path / "a.nii.gz")

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("nibabel.arrayproxy.ArrayProxy.__array__", fail)
    with pytest.raises(Sim2RealError, match=told) as fault:
        read_voxels(tmp_path / "a.nii.gz", nifti)
    assert ("damaged" in str(fault.value)) == ("damaged" in told)
    monkeypatch.setattr("sim2real.data.images.unpacked", fail)
    with pytest.raises(Sim2RealError, match=told):
        open_image(tmp_path / "a.nii.gz")


def set_field(path, at, form, *values):
    raw = bytearray(nib.Nifti1Image(np.ones((4, 5, 6), np.int16), np.eye(4)).to_bytes())
    struct.pack_into(form, raw, at, *values)
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((70, "<h", 1), "not a readable NIfTI image"),  # bool, a bit a voxel
        ((70, "<h", 32), "voxels of type complex64; expected real numbers"),
        ((70, "<h", 128), "voxels of type .*; expected real numbers"),  # RGB
        ((70, "<h", 77), "not a readable NIfTI image"),
        ((40, "<3h", 2, 4, 30), r"shape \(4, 30\); expected 3 or 4 dimensions"),
        ((40, "<7h", 6, 2, 2, 2, 1, 1, 1), "expected 3 or 4 dimensions"),
        ((40, "<h", -3), "not a readable NIfTI image"),
        ((252, "<2h3f", 1, 0, 9, 9, 9), "not a readable NIfTI image"),  # no quaternion
        ((108, "<f", 0), r"begin at byte 0, within the header itself \(vox_offset\)"),
    ],
)
def test_headers_that_cannot_be_used_are_told_in_one_line(tmp_path, change, told):
    set_field(tmp_path / "a.nii", *change)
    with pytest.raises(Sim2RealError, match=told) as fault:
        read_image(tmp_path / "a.nii")
    assert str(fault.value).startswith(f"{tmp_path / 'a.nii'}: ") and "\n" not in str(fault.value)


def test_an_extension_without_content_is_told_in_one_line(tmp_path):
    set_field(tmp_path / "a.nii", 108, "<f", 400)  # where voxels begin
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    struct.pack_into("<4B2i", raw, 348, 1, 0, 0, 0, 96, 6)
    (tmp_path / "a.nii").write_bytes(raw)
    assert "not a readable NIfTI image" in one_line(lambda: open_image(tmp_path / "a.nii"))


def test_an_image_of_one_value_is_refused_with_its_phase(tmp_path):
    data = image((7, 5, 3, 2)).data
    data[..., 1] = 4
    write_image(tmp_path / "a.nii", Image(data, oblique()))
    nifti = open_image(tmp_path / "a.nii")
    read_intensities(tmp_path / "a.nii", nifti, 0)
    with pytest.raises(Sim2RealError, match="a.nii: holds 4 in every voxel of phase 1"):
        read_intensities(tmp_path / "a.nii", nifti, 1)


@pytest.mark.parametrize("values", [(0, 1), (0, 1, 2, 3)])
def test_a_label_is_not_taken_for_an_image(tmp_path, values):
    data = np.resize(np.float32(values), (7, 5, 3))
    for name, scale, is_label in (("l.nii", 1, True), ("a.nii", 1.5, False), ("b.nii", -1, False)):
        write_image(tmp_path / name, Image(data * scale, oblique()))
        nifti = open_image(tmp_path / name)
        if is_label:
            with pytest.raises(Sim2RealError, match="l.nii: holds whole numbers from 0 to 3 alone"):
                read_intensities(tmp_path / name, nifti)
        else:
            np.testing.assert_array_equal(
                read_intensities(tmp_path / name, nifti), read_voxels(tmp_path / name, nifti)
            )


@pytest.mark.parametrize(
    ("change", "apart"),
    [
        (lambda q: q, False),
        (lambda q: q @ np.diag([1, 1, -1, 1]), True),
        (lambda q: q @ np.diag([-1, -1, 1, 1]), True),
        (lambda q: q[:, [1, 0, 2, 3]], True),
        (lambda q: q + np.diag([0.05, 0.05, 0, 0]), False),
    ],
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_transforms_that_turn_an_image_differently_are_seen(tmp_path, change, apart, mirrored):
    affine = oblique() @ np.diag([-1 if mirrored else 1, 1, 1, 1])
    nifti = nib.Nifti1Image(image().data, affine)
    nifti.set_sform(affine, 1)
    nifti.set_qform(change(affine), 1)
    nib.save(nifti, tmp_path / "a.nii")
    assert axes_apart(open_image(tmp_path / "a.nii")) == apart
    nifti.set_sform(affine, 0)
    nib.save(nifti, tmp_path / "a.nii")
    assert not axes_apart(open_image(tmp_path / "a.nii"))


def test_a_quaternion_that_is_none_is_no_other_turn(tmp_path):
    set_field(tmp_path / "a.nii", 252, "<2h3f", 1, 2, 9, 9, 9)
    assert not axes_apart(open_image(tmp_path / "a.nii"))
