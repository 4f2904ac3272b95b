import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from sim2real.data import LV, MYO, RV
from sim2real.realism import changes, sensitivity_table, texture_space
from sim2real.realism.sensitivity import CONTENT, SENSITIVITY_COLUMNS, TEXTURE

SPACES = {"texture": texture_space}


def hearts(n, rows=36, columns=30, scale=1):
    """Labels (n, row, column): an LV in its wall with the RV to its left, not in the middle."""
    y, x = np.indices((rows, columns)) / scale
    label = np.zeros((rows, columns), np.uint8)
    label[np.hypot(y - 16, x - 9) < 4] = RV
    label[np.hypot(y - 16, x - 16) < 6] = MYO
    label[np.hypot(y - 16, x - 16) < 4] = LV
    return np.stack([label] * n)


def labels_of(sets):
    return {name: hearts(len(found.values)) for name, found in sets.items()}


@pytest.fixture
def real(people):
    rng = np.random.default_rng(0)

    def textured(n):
        blobs = gaussian_filter(rng.normal(size=(n, 36, 30)), (0, 4, 4)) * rng.uniform(
            1.5, 2.5, (n, 1, 1)
        )
        return np.clip(
            0.5 + blobs + gaussian_filter(rng.normal(size=(n, 36, 30)), (0, 0.6, 0.6)) * 0.1, 0, 1
        )

    return {"real_A": people(textured(64), "a"), "real_B": people(textured(48), "b")}


def test_every_change_of_texture_is_farther_than_the_other_half(real):
    table = sensitivity_table(real, labels_of(real), SPACES)
    assert list(table.columns) == SENSITIVITY_COLUMNS
    assert list(table["change"]) == ["other half", *TEXTURE, *CONTENT]
    distances = table.set_index("change")["distance"]
    assert (distances[[*TEXTURE]] > 2 * distances["other half"]).all()
    assert (
        distances["blurred 2 px"] > distances["blurred 1 px"]
        and distances["+ noise 0.1"] > distances["+ noise 0.05"]
    )
    floor = distances / table.set_index("change")["times_floor"]
    unchanged = table.set_index("change").loc["other half"]
    wanted = max(unchanged["ci_high"], unchanged["distance"])
    assert floor.to_numpy() == pytest.approx(wanted)


def test_halves_share_no_subject_and_have_both_vendors(real):
    seen, rng = [], np.random.default_rng(0)

    def extract(images, name):
        seen.append(images)
        return rng.normal(size=(len(images), 3))

    table = sensitivity_table(real, labels_of(real), {"texture": extract})
    reference, other = ({image.tobytes() for image in half.astype(float)} for half in seen[:2])
    assert (
        (len(reference), len(other))
        == (len(seen[0]), len(seen[1]))
        == (56, 56)
        == (table["n_reference"][0], table["n_images"][0])
    )
    for found in real.values():
        for name in np.unique(found.subjects):
            own = {image.tobytes() for image in found.values[found.subjects == name]}
            assert own <= reference or own <= other
    assert not reference & other


def test_changes_of_content_are_where_they_are_said_to_be():
    labels = hearts(4, 120, 110, scale=2.5)
    images = np.where(labels == LV, 0.8, np.where(labels == RV, 0.7, 0.3))
    images = images + np.linspace(0, 0.05, 4)[:, None, None]
    found = changes(images, labels)
    blood = np.isin(labels, (LV, RV))
    darker = found["ventricles darkened in part"] < images - 0.3
    assert darker.any() and not (darker & ~blood).any()
    assert 0.2 < (darker & blood).sum() / blood.sum() < 0.6
    blob = found["a blob at the edge"] - images
    assert (blob.max(axis=(1, 2)) > 0.2).all() and (blob[:, 45:75, 45:65] < 0.1).all()
    grain = found["grain in half of the image"] - images
    assert grain[:, :, :50].std() > 0.05 and (grain[:, :, 60:] == 0).all()
    organ = found["an organ from another slice"] != images
    assert organ.any(axis=(1, 2)).all() and organ.mean() < 0.2
    no_heart = changes(images, np.zeros_like(labels))["heart turned by 60 degrees"]
    assert np.array_equal(no_heart, images)


def test_a_turned_heart_has_gone_round_its_own_middle():
    labels = hearts(1, 120, 110, scale=2.5)
    turned = changes(np.where(labels == RV, 0.7, 0.3), labels)["heart turned by 60 degrees"]
    places = np.argwhere(labels[0])
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    before, after = (
        np.argwhere(mask).mean(axis=0) - middle for mask in (labels[0] == RV, turned[0] > 0.5)
    )
    cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(60, abs=4)
    assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before), rel=0.1)


def test_changes_are_what_they_are_called():
    image = np.full((2, 31, 27), 0.4)
    image[0, 15, 13] = 1
    found = changes(image, np.zeros(image.shape, np.uint8))
    assert found["blurred 1 px"][0, 15, 13] - 0.4 == pytest.approx(
        0.6 / (2 * np.pi), rel=0.02
    )  # of a point under a Gaussian of 1 px
    assert found["blurred 2 px"][0, 15, 13] - 0.4 == pytest.approx(0.6 / (8 * np.pi), rel=0.02)
    assert found["blurred 2 px"][1] == pytest.approx(0.4)  # no blur from slice to slice
    assert (found["+ noise 0.1"] - image)[1].std() == pytest.approx(0.1, rel=0.1)
    assert np.unique(
        changes(np.linspace(0, 1, 500).reshape(1, 20, 25), np.zeros((1, 20, 25), np.uint8))[
            "flattened to four grey levels"
        ]
    ) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert found["gamma 1.5"][1] == pytest.approx(0.252982, abs=1e-6)
    assert np.array_equal(found["other half"], image)


def test_one_subject_a_vendor_gives_an_empty_table(real):
    few = {
        name: found._replace(values=found.values[:8], subjects=found.subjects[:8])
        for name, found in real.items()
    }
    table = sensitivity_table(few, labels_of(few), SPACES)
    assert table.empty and list(table.columns) == SENSITIVITY_COLUMNS
