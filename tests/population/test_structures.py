import numpy as np

from sim2real.population import ID, STRUCTURE_TABLE, labels_of


def test_numbers_are_the_rows_of_the_table():
    assert (
        list(STRUCTURE_TABLE["id"]) == list(range(len(STRUCTURE_TABLE)))
        and STRUCTURE_TABLE["name"].is_unique
    )


def test_labels_follow_the_conventions_of_the_challenge():
    """Papillary muscles and trabeculae count as cavity; the RV's wall, the atria and the dark rim
    outside the LV's contour carry no label, but on the septum the rim counts as RV cavity."""
    names = [
        "lv_blood",
        "papillary_muscle",
        "lv_trabeculae",
        "lv_myocardium",
        "rv_blood",
        "rv_trabeculae",
        "rv_wall",
        "left_atrium",
        "liver",
        "lv_rim",
        "septal_rim",
    ]
    found = labels_of(np.array([[ID[name] for name in names]], np.uint8))
    np.testing.assert_array_equal(found, [[1, 1, 1, 2, 3, 3, 0, 0, 0, 0, 3]])
    assert found.dtype == np.uint8
