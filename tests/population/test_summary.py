import numpy as np
import pandas as pd

from sim2real.population import PopulationParameters, population_table, sample_subject, summary


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
