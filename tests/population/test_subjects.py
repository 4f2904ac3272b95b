from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sim2real.data import Sim2RealError
from sim2real.population import (
    BANDS,
    GROUPS,
    Heart,
    RightVentricle,
    population_table,
    sample_subject,
)

N_NORMALS = 200
DRAWN = (
    "lv_edv_ml",
    "lv_esv_ml",
    "lv_ef_percent",
    "lv_mass_g",
    "rv_edv_ml",
    "rv_esv_ml",
    "torsion_deg_per_cm",
)
LARGEST_Z = 3.3  # two-sided chance of a sound mean beyond it: 1 in 1,000


@pytest.fixture(scope="module")
def normals():
    return population_table([sample_subject(5, index, 1.0) for index in range(N_NORMALS)])


@pytest.fixture(scope="module")
def patients():
    return [sample_subject(6, index, 0.0) for index in range(240)]


def faults_against_bands(table: pd.DataFrame) -> list[str]:
    """Quantities whose mean lies more than LARGEST_Z standard errors off the band's, or whose SD is
    off by more than a third."""
    faults = []
    for band in BANDS[BANDS["quantity"].isin(DRAWN)].itertuples():
        values = table.loc[table["sex"] == band.sex, band.quantity]
        z = (values.mean() - band.mean) / (band.sd / np.sqrt(len(values)))
        if abs(z) > LARGEST_Z or not 0.67 < values.std() / band.sd < 1.33:
            faults.append(
                f"{band.quantity} {band.sex}: {values.mean():.1f} ± {values.std():.1f} against"
                f" {band.mean} ± {band.sd}"
            )
    return faults


def test_normals_meet_the_published_bands(normals):
    assert set(normals["group"]) == {"NOR"} and 70 < (normals["sex"] == "F").sum() < 130
    assert faults_against_bands(normals) == []


def test_the_bands_see_a_shift_and_a_lost_spread(normals):
    shifted = normals.assign(lv_edv_ml=normals["lv_edv_ml"] + 12)
    narrow = normals.assign(lv_mass_g=normals.groupby("sex")["lv_mass_g"].transform("mean"))
    assert len(faults_against_bands(shifted)) == 2 and len(faults_against_bands(narrow)) == 2


def test_walls_that_follow_from_volume_and_mass_lie_within_their_band(normals):
    """Wall thickness is not drawn: the bands' mass and volume fix it, and they ask for a little
    more than the wall's own band."""
    band = BANDS[BANDS["quantity"] == "wall_mm"].set_index("sex")
    for sex, group in normals.groupby("sex"):
        assert abs(group["wall_mm"].mean() - band.loc[sex, "mean"]) < 1.5 * band.loc[sex, "sd"]
        assert (
            abs((group["wall_es_mm"] - group["wall_mm"]).mean() - 4.4) < 1.4
        )  # mm, mid-ventricular, ED to ES
    by_sex = normals.groupby("sex")["wall_mm"].mean()
    assert by_sex["F"] < by_sex["M"]


def test_bodies_are_those_of_adults(normals):
    assert normals["height_cm"].between(145, 200).all()
    mass_index = normals["weight_kg"] / (normals["height_cm"] / 100) ** 2
    assert 21 < mass_index.mean() < 28 and mass_index.between(14, 45).all()
    assert (
        normals["lv_edv_ml"].corr(normals["body_surface_m2"]) > 0.4
        and normals["heart_rate_bpm"].between(45, 105).all()
    )


def test_both_ventricles_pump_about_the_same(normals):
    strokes = [normals[f"{side}_edv_ml"] - normals[f"{side}_esv_ml"] for side in ("lv", "rv")]
    assert strokes[0].corr(strokes[1]) > 0.7
    assert (strokes[1] / strokes[0]).mean() == pytest.approx(
        1.05, abs=0.05
    )  # the bands' own ratio is 1.05


def test_patients_meet_the_rules_of_their_groups(patients):
    seen = set()
    for s in patients:
        size, heart = s.body_surface_m2, Heart(s)
        seen.add(s.group)
        thickest = heart.thickness(heart.wall, np.linspace(0, 2 * np.pi, 90)).max()
        if s.group == "DCM":
            assert s.lv_edv_ml / size > 100 and s.lv_ef < 0.40
        elif s.group == "HCM":
            assert s.lv_ef > 0.55 and s.lv_mass_g / size > 110 and thickest > 15
        elif s.group == "HHD":
            assert s.lv_mass_g / size >= 85 and s.lv_ef >= 0.5
        elif s.group == "ARV":
            assert s.rv_edv_ml / size > 110 or 1 - s.rv_esv_ml / s.rv_edv_ml < 0.40
    assert seen == set(GROUPS) - {"NOR"}


def test_every_heart_can_be_built(patients):
    for subject in patients[:25]:
        heart = Heart(subject)
        assert 3 < heart.wall < 30
        assert all(np.isfinite(RightVentricle(heart).depth(ejected)) for ejected in (0.0, 1.0))


def test_groups_come_in_the_asked_shares():
    groups = pd.Series([sample_subject(1, k, 0.6).group for k in range(500)]).value_counts(
        normalize=True
    )
    assert groups["NOR"] == pytest.approx(0.6, abs=0.07)
    for group in set(GROUPS) - {"NOR"}:
        assert groups[group] == pytest.approx(0.1, abs=0.045)


def test_subject_depends_on_seed_family_and_index_alone():
    assert sample_subject(3, 7, 0.5) == sample_subject(3, 7, 0.5)
    others = [
        sample_subject(4, 7, 0.5),
        sample_subject(3, 8, 0.5),
        sample_subject(3, 7, 0.5, family="patientA"),
    ]
    assert len({s.lv_edv_ml for s in others} | {sample_subject(3, 7, 0.5).lv_edv_ml}) == 4


@pytest.mark.parametrize(
    "change", [{"lv_esv_ml": 300.0}, {"lv_esv_ml": 0.0}, {"rv_esv_ml": -5.0}, {"rv_esv_ml": 400.0}]
)
def test_impossible_volumes_give_one_line(change):
    with pytest.raises(Sim2RealError, match="expected 0 < ESV < EDV") as caught:
        replace(sample_subject(0, 0, 1.0), **change)
    assert "virtual00000" in str(caught.value) and "\n" not in str(caught.value)


def test_table_holds_one_plain_row_a_subject():
    table = population_table([sample_subject(0, k, 0.5) for k in range(3)])
    assert len(table) == 3 and {
        "axis_tilt_deg_1",
        "heart_shift_mm_2",
        "lv_ef_percent",
        "rv_ef_percent",
    } <= set(table.columns)
    assert not any(isinstance(value, (tuple, list)) for value in table.iloc[0])
    ratio = 100 * (table["lv_edv_ml"] - table["lv_esv_ml"]) / table["lv_edv_ml"]
    np.testing.assert_allclose(table["lv_ef_percent"], ratio)
