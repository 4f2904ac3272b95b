import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from sim2real.realism import changes, sensitivity_table
from sim2real.realism import sensitivity as module
from sim2real.realism.sensitivity import SENSITIVITY_COLUMNS


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


def test_every_change_is_farther_than_the_other_half(real):
    table = sensitivity_table(real)
    assert list(table.columns) == SENSITIVITY_COLUMNS
    distances = table.set_index("change")["distance"]
    assert len(distances) == 7 and distances.index[0] == "other half"
    assert (distances.iloc[1:] > 2 * distances.iloc[0]).all()
    assert (
        distances["blurred 2 px"] > distances["blurred 1 px"]
        and distances["+ noise 0.1"] > distances["+ noise 0.05"]
    )
    assert table["times_other_half"].to_numpy() == pytest.approx(
        distances.to_numpy() / distances.iloc[0]
    )


def test_halves_share_no_subject_and_have_both_vendors(real, monkeypatch):
    seen, rng = [], np.random.default_rng(0)
    monkeypatch.setattr(
        module,
        "texture_features",
        lambda images: seen.append(images) or rng.normal(size=(len(images), 3)),
    )
    table = sensitivity_table(real)
    reference, other = ({image.tobytes() for image in half} for half in seen[:2])
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


def test_changes_are_what_they_are_called():
    image = np.full((2, 31, 27), 0.4)
    image[0, 15, 13] = 1
    found = changes(image)
    assert found["blurred 1 px"][0, 15, 13] - 0.4 == pytest.approx(
        0.6 / (2 * np.pi), rel=0.02
    )  # of a point under a Gaussian of 1 px
    assert found["blurred 2 px"][0, 15, 13] - 0.4 == pytest.approx(0.6 / (8 * np.pi), rel=0.02)
    assert found["blurred 2 px"][1] == pytest.approx(0.4)  # no blur from slice to slice
    assert (found["+ noise 0.1"] - image)[1].std() == pytest.approx(0.1, rel=0.1)
    assert np.unique(
        changes(np.linspace(0, 1, 500).reshape(1, 20, 25))["flattened to four grey levels"]
    ) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert found["gamma 1.5"][1] == pytest.approx(0.252982, abs=1e-6)
    assert found["other half"] is image


def test_one_subject_a_vendor_gives_an_empty_table(real):
    few = {
        name: found._replace(values=found.values[:8], subjects=found.subjects[:8])
        for name, found in real.items()
    }
    assert (
        sensitivity_table(few).empty and list(sensitivity_table(few).columns) == SENSITIVITY_COLUMNS
    )
