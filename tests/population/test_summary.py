import numpy as np
import pandas as pd
import pytest

from sim2real.data import Image, RunFolder, write_image
from sim2real.metrics import SHAPE_MEASURES
from sim2real.population import (
    ID,
    PopulationParameters,
    population_table,
    sample_subject,
    summary,
)


def test_two_hundred_healthy_people_pass_the_stated_test_on_every_seed_tried():
    """36 checks at one in a hundred each, and their spreads: more than two failures would be a
    fault of the sampler."""
    for seed in (0, 1, 2):
        table = summary.check_normals(seed, 200)
        drawn = table[table["quantity"].isin(summary.DRAWN)]
        assert len(drawn) == 12 and (drawn["within"] == "no").sum() <= 2, drawn[
            drawn["within"] == "no"
        ].to_string()


def test_check_sees_a_shift_of_a_third_of_a_spread_and_a_doubled_spread():
    normals = population_table([sample_subject(4, k, 1.0) for k in range(200)])
    shifted = summary.against_bands(normals.assign(lv_mass_g=normals["lv_mass_g"] + 8))
    assert list(shifted.loc[shifted["quantity"] == "lv_mass_g", "within"]) == ["no", "no"]
    mean = normals.groupby("sex")["rv_edv_ml"].transform("mean")
    wide = summary.against_bands(normals.assign(rv_edv_ml=mean + 2 * (normals["rv_edv_ml"] - mean)))
    assert list(wide.loc[wide["quantity"] == "rv_edv_ml", "within"]) == ["no", "no"]


def test_a_band_without_subjects_says_so():
    men = population_table(
        [s for s in (sample_subject(4, k, 1.0) for k in range(6)) if s.sex == "M"]
    )
    table = summary.against_bands(men)
    assert set(table.loc[table["sex"] == "F", "within"]) == {"too few"}


def test_rules_count_who_meets_them():
    table = population_table([sample_subject(2, k, 0.0) for k in range(40)])
    rules = summary.against_rules(table).set_index("group")
    assert rules["n"].sum() == 40 and (rules["met"] == rules["n"]).all()
    spoilt = table.assign(
        lv_ef_percent=np.where(table["group"] == "DCM", 55.0, table["lv_ef_percent"])
    )
    assert summary.against_rules(spoilt).set_index("group").loc["DCM", "met"] == 0


def test_results_of_an_xcat_population_need_no_column_of_the_phantom():
    subjects = pd.DataFrame(
        [
            {
                "name": "a",
                "group": "XCAT",
                "sex": "M",
                "lv_edv_ml": 140.0,
                "lv_esv_ml": 55.0,
                "lv_ef_percent": 60.0,
                "lv_mass_g": 120.0,
                "rv_edv_ml": 170.0,
                "rv_esv_ml": 80.0,
                "rv_ef_percent": 53.0,
            }
        ]
    )
    values = summary.results(subjects, PopulationParameters())
    assert (
        values["n_subjects"] == 1
        and values["lv_edv_ml_mean"] == 140.0
        and "wall_mm_mean" not in values
    )


def test_slices_that_hold_everything_at_both_phases_are_measured_and_held_against_people(tmp_path):
    """Three slices hold all: a round ring at ED, an oval cavity at ES; the fourth lacks the RV at
    ES."""
    x, y = np.meshgrid(np.arange(90.0), np.arange(80.0), indexing="ij")
    maps = np.zeros((90, 80, 4, 2, 1), np.uint8)
    for k in range(4):
        for p, stretch in ((0, 1.0), (1, 1.15)):
            plane = maps[:, :, k, p, 0]
            if (k, p) != (3, 1):
                plane[np.hypot(x - 24, y - 40) < 18] = ID["rv_blood"]
            plane[np.hypot(x - 50, y - 40) < 24] = ID["lv_myocardium"]
            plane[np.hypot((x - 50) / stretch, (y - 40) * stretch) < 15] = ID["lv_blood"]
    run = RunFolder(tmp_path)
    write_image(tmp_path / "one.nii.gz", Image(maps, np.diag([1.5, 1.5, 8, 1])))
    run.write_manifest(
        "01_virtual_population", pd.DataFrame([{"subject": "one", "structures": "one.nii.gz"}])
    )
    measured = summary.shapes(run)
    assert list(measured["phase"]) == ["ED", "ES"] * 3
    even, oval = (measured.loc[measured["phase"] == p, "lv_radius_cv"] for p in ("ED", "ES"))
    assert even.max() < 0.03 and oval.min() > 0.08
    assert measured["wall_mm"].iloc[0] == pytest.approx(9 * 1.5, abs=0.6)
    table = summary.against_people(measured)
    assert len(table) == len(summary.PEOPLE)
    radius = table[table["measure"] == SHAPE_MEASURES["lv_radius_cv"]].set_index("phase")
    assert radius.loc["ED", "near"] == "no"  # no person's is as even


def test_a_median_is_near_within_a_quarter_of_peoples_width():
    band = summary.PEOPLE.set_index(["measure", "phase"]).loc[("rv_arc_deg", "ED")]
    for share, near in ((0.2, "yes"), (0.3, "no"), (-0.2, "yes"), (-0.3, "no")):
        value = band["median"] + share * (band["high"] - band["low"])
        measured = pd.DataFrame([{"phase": "ED", **dict.fromkeys(SHAPE_MEASURES, value)}])
        table = summary.against_people(measured).set_index(["measure", "phase"])
        assert table.loc[(SHAPE_MEASURES["rv_arc_deg"], "ED"), "near"] == near


def test_subjects_are_shown_one_of_each_group_in_turn_a_normal_one_first(tmp_path):
    run = RunFolder(tmp_path)
    groups = ["HCM", "NOR", "NOR", "DCM", "HCM"]
    table = pd.DataFrame({"name": [f"s{k}" for k in range(5)], "group": groups})
    run.write_manifest("01_virtual_population", table, "subjects.csv")
    assert list(summary.in_turn(run, ["s4", "s3", "s2", "s1", "s0"]).items()) == list(
        {
            "s1": "normal",
            "s3": "dilated",
            "s0": "hypertrophic",
            "s2": "normal",
            "s4": "hypertrophic",
        }.items()
    )
