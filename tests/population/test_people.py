import numpy as np
import pandas as pd
import pytest

from sim2real.metrics import SHAPE_MEASURES, slice_shape
from sim2real.population import Phantom, PopulationParameters, SlicePlan, labels_of, sample_subject
from sim2real.population.summary import PEOPLE

N_SUBJECTS = 24


@pytest.fixture(scope="module")
def shapes():
    """Shape of the four middle slices of virtual subjects at ED and ES; the chest is left out."""
    parameters = PopulationParameters(voxel_mm=1.25, field_of_view_mm=192, sub_slices=1)
    rows = []
    for index in range(N_SUBJECTS):
        phantom = Phantom(sample_subject(0, index, parameters.share_normal))
        phantom.torso = lambda x, y, z: (np.zeros(x.shape, np.uint8), np.zeros_like(x))
        plan = SlicePlan.of(phantom.heart, parameters)
        labels = labels_of(phantom.structures(plan, ("ED", "ES"), parameters).data[..., 0])
        for k in range(1, 5):
            for p, phase in enumerate(("ED", "ES")):
                rows.append({"phase": phase, **slice_shape(labels[:, :, k, p].T, 1.25)})
    return pd.DataFrame(rows)


def test_people_were_measured_in_both_phases():
    assert set(PEOPLE["measure"]) == set(SHAPE_MEASURES) - {"rv_angle_deg"}
    assert (PEOPLE["low"] < PEOPLE["median"]).all() and (PEOPLE["median"] < PEOPLE["high"]).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "row", PEOPLE.to_dict("records"), ids=lambda r: f"{r['measure']} {r['phase']}"
)
def test_virtual_hearts_are_shaped_as_variously_as_peoples(shapes, row):
    """Medians within a third of the width of people's (10th to 90th percentile), widths from three
    fifths of theirs to twice as much."""
    values = shapes.loc[shapes["phase"] == row["phase"], row["measure"]].dropna()
    low, median, high = np.percentile(values, [10, 50, 90])
    width = row["high"] - row["low"]
    assert abs(median - row["median"]) < width / 3
    assert 0.6 < (high - low) / width < 2


@pytest.mark.slow
def test_hearts_lie_as_in_headers_and_as_in_images_without_orientation(shapes):
    """Half of them as slices are prescribed (126 to 157 degrees in M&Ms), half about 201."""
    angles = shapes["rv_angle_deg"].dropna()
    assert 0.3 < (angles < 165).mean() < 0.7
    assert np.percentile(angles, 5) > 100 and np.percentile(angles, 95) > 200
