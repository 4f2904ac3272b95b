import pandas as pd
import pytest

from sim2real.cohort.figures import spans_figure
from sim2real.cohort.summary import EXCUSED, REAL, against_real, span
from sim2real.data import PHASES
from sim2real.metrics import SLICE_MEASURES


def measured(**changes) -> pd.DataFrame:
    """Three slices a domain and phase in the middle of set C, but for ``changes``."""
    middle = REAL[REAL["set"] == "C"].set_index(["measure", "phase"])["median"]
    rows = []
    for domain, vendor in (("simulated", ""), ("real", "A"), ("real", "B")):
        for phase in PHASES:
            values = {measure: middle[measure, phase] for measure in SLICE_MEASURES}
            rows += [{"domain": domain, "vendor": vendor, "phase": phase, **values, **changes}] * 3
    return pd.DataFrame(rows)


def test_table_has_every_measure_set_and_phase_once_and_in_order():
    assert (
        len(REAL) == 12 * 3 * 2
        and not REAL.duplicated(["measure", "set", "phase"]).any()
        and set(REAL["measure"]) == set(SLICE_MEASURES)
    )
    assert ((REAL["low"] <= REAL["median"]) & (REAL["median"] <= REAL["high"])).all() and REAL[
        "source"
    ].notna().all()


def test_span_takes_in_set_c_and_the_vendors_own_cases_alone():
    """Printed: set C 2.0 to 3.9 at ED, A 4.6 to 9.3, B 3.1 to 3.8."""
    assert span("lv_to_myo_intensity", "ED", "A") == (2.0, 9.3)
    assert span("lv_to_myo_intensity", "ED", "B") == (2.0, 3.9)
    assert span("lv_to_myo_intensity", "ED") == (2.0, 9.3)


def test_middle_of_the_real_slices_is_inside_and_simulation_is_excused_of_texture_alone():
    table = against_real(measured())
    assert len(table) == 3 * 2 * 12 and set(table["inside"]) == {"yes", "excused"}
    assert set(table.loc[table["inside"] == "excused", "measure"]) == set(EXCUSED)
    assert set(table.loc[table["inside"] == "excused", "domain"]) == {"simulated"}


@pytest.mark.parametrize(
    ("measure", "value"), [("rv_to_lv_intensity", 1.4), ("wall_to_lv_radius", 0.1)]
)
def test_a_median_outside_is_told_for_every_domain(measure, value):
    table = against_real(measured(**{measure: value}))
    assert (table.loc[table["measure"] == measure, "inside"] == "no").all() and (
        table["inside"] == "no"
    ).sum() == 6
    assert len(spans_figure(table).axes) == 12
