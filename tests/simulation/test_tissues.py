import numpy as np
import pandas as pd
import pytest

from sim2real.data import Sim2RealError
from sim2real.population import ID, STRUCTURE_TABLE
from sim2real.simulation import tissues


@pytest.mark.parametrize("field", [1.5, 3.0])
def test_every_structure_has_times_in_physical_order(field):
    times = tissues.tissue_times(field)
    assert list(times.index) == list(STRUCTURE_TABLE["id"])
    assert (times["t1_ms"] >= times["t2_ms"]).all() and (times["t2_ms"] > 0).all()
    assert times["pd"].between(0, 1).all() and times.loc[ID["air"], "pd"] == 0


def test_t1_grows_with_the_field():
    low, high = tissues.tissue_times(1.5), tissues.tissue_times(3.0)
    for name in ("lv_myocardium", "lv_blood", "rv_blood", "muscle", "liver"):
        assert high.loc[ID[name], "t1_ms"] > low.loc[ID[name], "t1_ms"]


def test_people_vary_by_the_stated_spread():
    rng = np.random.default_rng(0)
    draws = pd.concat(
        [tissues.tissue_times(1.5, rng).loc[[ID["lv_myocardium"]]] for _ in range(400)]
    )
    for column, sd in (("t1_ms", 0.05), ("t2_ms", 0.08), ("pd", 0.05)):
        assert np.log(draws[column]).std() == pytest.approx(sd, rel=0.12)


def test_one_tissue_has_one_value_in_one_person():
    times = tissues.tissue_times(1.5, np.random.default_rng(1))
    assert (times.loc[ID["lv_myocardium"]] == times.loc[ID["papillary_muscle"]]).all()


def test_a_missing_row_is_told_in_one_line(monkeypatch):
    monkeypatch.setattr(tissues, "TISSUES", tissues.TISSUES[tissues.TISSUES["tissue"] != "liver"])
    with pytest.raises(Sim2RealError, match="no values for liver at 1.5 T"):
        tissues.tissue_times(1.5)


@pytest.mark.parametrize("field", [1.5, 3.0])
def test_what_is_fat_is_told(field):
    times = tissues.tissue_times(field)
    names = STRUCTURE_TABLE.set_index("id")["name"]
    assert (
        set(names[times["fat"]]) >= {"epicardial_fat", "subcutaneous_fat"}
        and not times.loc[ID["lv_myocardium"], "fat"]
    )


def test_t2_star_of_the_heart_lies_where_it_is_measured():
    """Reeder 1998: 26 to 41 ms over most of the heart at 1.5 T; Roy 2017: 24 ms, SD 5, at 3 T."""
    for field, low, high in ((1.5, 26, 41), (3.0, 19, 29)):
        myocardium = tissues.tissue_times(field).loc[ID["lv_myocardium"]]
        assert low < 1 / (1 / myocardium["t2_ms"] + 1 / myocardium["t2_prime_ms"]) < high
