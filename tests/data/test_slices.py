import numpy as np
import pandas as pd
import pytest

from sim2real.data import Image, Sim2RealError, as_shown, as_stored, load_slices, write_image


def write(folder, name, shape, start=0):
    write_image(
        folder / name,
        Image(
            (np.arange(np.prod(shape)).reshape(shape) + start).astype(np.float32),
            np.diag([1.2, 1.3, 9, 1]),
        ),
    )


def test_slices_come_in_the_order_of_the_rows_as_a_viewer_shows_them(tmp_path):
    write(tmp_path, "a.nii.gz", (4, 3, 2))
    write(tmp_path, "b.nii.gz", (4, 3, 1), start=100)
    slices = load_slices(tmp_path, pd.DataFrame({"image": ["b.nii.gz", "a.nii.gz"]}))
    assert slices.shape == (3, 3, 4)  # slice, row, column
    assert slices[0, 2, 1] == 100 + 1 * 3 + 2  # x 1, y 2 of b
    assert slices[2, 0, 3] == (3 * 3 + 0) * 2 + 1  # x 3, y 0, slice 1 of a


def test_showing_and_storing_are_inverse():
    image = Image(np.random.default_rng(0).normal(size=(5, 4, 3)), np.diag([1, 2, 3, 1.0]))
    np.testing.assert_array_equal(as_stored(as_shown(image), image.affine).data, image.data)


def test_no_row_and_unequal_sizes_are_refused(tmp_path):
    with pytest.raises(Sim2RealError, match="no label to load"):
        load_slices(tmp_path, pd.DataFrame({"label": []}), "label")
    write(tmp_path, "a.nii.gz", (4, 3, 2))
    write(tmp_path, "b.nii.gz", (3, 4, 2))
    with pytest.raises(Sim2RealError, match="unequal size"):
        load_slices(tmp_path, pd.DataFrame({"image": ["a.nii.gz", "b.nii.gz"]}))
