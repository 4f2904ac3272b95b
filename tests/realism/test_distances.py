import numpy as np
import pandas as pd
import pytest

from sim2real.realism import (
    distance_table,
    lead_rows,
    point_distances,
    remaining_table,
    texture_space,
)
from sim2real.realism.distances import DISTANCE_COLUMNS

# of each set: the mean and the SD of two features that are not correlated
GAUSSIANS = {
    "simulated": ((5.0, -1.0), (1.0, 2.0)),
    "sim2real_A": ((1.0, 0.5), (1.2, 0.4)),
    "sim2real_B": ((2.0, 4.0), (0.8, 1.0)),
    "real_A": ((0.0, 0.0), (1.5, 0.5)),
    "real_B": ((3.0, 4.5), (0.7, 3.0)),
    "real_A_test": ((0.5, 0.1), (1.4, 0.6)),
    "real_B_test": ((3.5, 4.0), (0.9, 2.5)),
}


@pytest.fixture
def features(people):
    """``features(skip, n)``: of each set, ``n`` slices and some more, with exactly the moments that
    GAUSSIANS states."""

    def make(skip=(), n=40):
        found = {}
        for k, (name, (mean, sd)) in enumerate(GAUSSIANS.items()):
            drawn = np.random.default_rng(k).normal(size=(n + k, 2))
            uncorrelated, _ = np.linalg.qr(drawn - drawn.mean(axis=0))
            found[name] = people(
                mean + uncorrelated * np.sqrt(len(drawn) - 1) * sd, "v" if name[0] == "s" else name
            )
        return {name: values for name, values in found.items() if name not in skip}

    return make


def by_closed_form(first, second):
    """For features that are not correlated the Fréchet distance is the sum of (m1 - m2)² + (s1 -
    s2)²."""
    return sum(
        (np.array(a) - np.array(b)) @ (np.array(a) - np.array(b))
        for a, b in zip(GAUSSIANS[first], GAUSSIANS[second], strict=True)
    )


def look(table, images, reference, measure="frechet"):
    found = table[
        (table["images"] == images)
        & (table["reference"] == reference)
        & (table["measure"] == measure)
    ]
    assert len(found) == 1
    return found.iloc[0]


def test_every_set_is_measured_against_both_references(features):
    sets = features()
    table = distance_table({"inception": sets})
    assert list(table.columns) == DISTANCE_COLUMNS and len(table) == 20
    for images in ("simulated", "sim2real_A", "sim2real_B", "real_A", "real_B"):
        for reference in ("real_A", "real_B"):
            judged = f"{images}_test" if images.startswith("real") else images
            row = look(table, images, reference)
            assert row["distance"] == pytest.approx(by_closed_form(judged, reference), rel=1e-6)
            assert (row["n_images"], row["n_reference"]) == (
                len(sets[judged].values),
                len(sets[reference].values),
            )
            assert 0 <= row["ci_low"] <= max(row["corrected"], 0) <= row["ci_high"]


@pytest.mark.parametrize("space", ["texture", "learned"])
def test_all_features_but_inception_s_are_scaled_by_the_reference(features, space):
    found = look(distance_table({space: features()}), "simulated", "real_B")["distance"]
    (mean, sd), (reference_mean, reference_sd) = (
        np.array(GAUSSIANS[name]) for name in ("simulated", "real_B")
    )
    wanted = (((mean - reference_mean) ** 2 + (sd - reference_sd) ** 2) / reference_sd**2).sum()
    n = len(features()["real_B"].values)
    assert found == pytest.approx(
        wanted * n / (n - 1), rel=1e-6
    )  # scaled by the population's SD, n in place of n - 1


def test_texture_s_scale_is_part_of_what_varies_with_the_reference(features):
    """A feature's unit is nothing to a distance in texture features, nor to its interval."""
    plain = features()
    inches = {
        name: found._replace(values=found.values * [25.4, 1]) for name, found in plain.items()
    }
    ours, theirs = (
        distance_table({"texture": sets})[["ci_low", "ci_high", "corrected"]].to_numpy()
        for sets in (plain, inches)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
    assert np.isfinite(ours).all()


def test_without_test_subjects_the_floor_is_missing_and_the_rest_there(features):
    table = distance_table({"inception": features(skip=("real_A_test", "real_B_test"))})
    missing = table["distance"].isna()
    assert set(table.loc[missing, "images"]) == {"real_A", "real_B"} and missing.sum() == 8
    assert (table.loc[missing, "n_images"] == 0).all() and table.loc[~missing, "distance"].gt(
        0
    ).all()
    assert (
        table.loc[missing, ["ci_low", "corrected"]].isna().all().all()
        and table.loc[~missing, "ci_low"].notna().all()
    )


def test_each_feature_space_has_its_rows(features):
    table = distance_table({"texture": features(), "inception": features()})
    assert table.groupby("features").size().to_dict() == {"texture": 20, "inception": 20}


def test_too_few_subjects_have_no_interval_however_many_slices_are_looked_at(features):
    sets = {"texture": features(n=24)}  # 24 to 30 slices: three or four subjects
    for table, number in ((distance_table(sets), "distance"), (remaining_table(sets), "remaining")):
        assert table[["ci_low", "ci_high"]].isna().all(axis=None) and table[number].notna().all()


def test_with_more_features_than_images_the_kernel_distance_alone_has_an_interval(features):
    wide = {
        name: found._replace(values=np.tile(found.values, 30)) for name, found in features().items()
    }
    for space in ("inception", "learned"):
        rows = distance_table({space: wide}).set_index("measure")
        assert rows.loc["kid", "ci_low"].notna().all()
        assert rows.loc["frechet", "ci_low"].isna().all()
        # FID is given all the same, as the paper gives it
        assert rows.loc["frechet", "distance"].notna().all() == (space == "inception")


def test_kernel_distance_of_many_subjects_is_that_of_the_populations(people):
    """Both the straight way and the one over kernels taken once; one feature, N(m, s²) against N(0,
    1)."""
    m, rng = 0.6, np.random.default_rng(2)
    sets = {
        name: people(rng.normal(m if name == "simulated" else 0, 1, (1200, 1)), name)
        for name in GAUSSIANS
    }
    table = distance_table({"inception": sets})
    found = look(table, "simulated", "real_A", "kid")
    true = 3 * m**2 + 3 * m**4 + (m**3 + 3 * m) ** 2
    assert found["ci_low"] < true < found["ci_high"] < 1.6 * true
    floor = look(table, "real_A", "real_A", "kid")
    assert floor["ci_low"] == 0 and floor["ci_high"] < 0.2 * true


def test_both_ways_to_the_kernel_distance_agree(features):
    """Features of mean 0 and SD 1 on the reference are the same before and after they are
    scaled."""
    sets = features()
    mean, sd = sets["real_A"].values.mean(axis=0), sets["real_A"].values.std(axis=0)
    scaled = {
        name: found._replace(values=(found.values - mean) / sd) for name, found in sets.items()
    }
    rows = [
        look(distance_table({space: scaled}), "simulated", "real_A", "kid")["distance"]
        for space in ("texture", "inception")
    ]
    assert rows[0] == pytest.approx(rows[1], rel=1e-10)


def test_what_is_left_is_a_ratio_of_distances_less_the_floor(features):
    table = remaining_table({"inception": features(n=48)}).set_index(["vendor", "than"])
    for vendor, other in ("AB", "BA"):
        after, before, own, others = (
            by_closed_form(name, f"real_{vendor}")
            for name in (
                *(f"sim2real_{vendor}", "simulated", f"real_{vendor}_test"),
                f"sim2real_{other}",
            )
        )
        for than, distance in (("simulated", before), (f"sim2real_{other}", others)):
            row, wanted = table.loc[vendor, than], (after - own) / (distance - own)
            assert row["remaining"] == pytest.approx(wanted, rel=1e-6)
            assert row["ci_low"] < wanted < row["ci_high"] < 1


def test_subjects_common_to_before_and_after_leave_a_constant_shift_without_doubt(people):
    """The same slices, all moved by one vector: how far is known much better than from other
    subjects."""
    rng = np.random.default_rng(7)
    person = np.repeat(rng.normal(4, 3, (12, 1)), 8, axis=0)
    before = np.hstack([person + rng.normal(0, 0.1, (96, 1)), rng.normal(0, 1, (96, 1))])
    real = people(rng.normal(0, 1, (96, 2)), "r")
    sets = {
        "simulated": people(before),
        "sim2real_A": people(before + [0, 5]),
        "sim2real_B": people(before),
        "real_A": real,
        "real_B": real,
    }
    sets["real_A_test"] = sets["real_B_test"] = people(rng.normal(0, 1, (96, 2)), "t")
    paired = remaining_table({"inception": sets}).query("than == 'simulated'").set_index("vendor")
    apart = {**sets, "sim2real_A": people(before + [0, 5], "others")}
    apart = remaining_table({"inception": apart}).query("than == 'simulated'").set_index("vendor")
    width = [table.loc["A", "ci_high"] - table.loc["A", "ci_low"] for table in (paired, apart)]
    assert width[0] < 0.7 * width[1]
    assert paired.loc["B", ["remaining", "ci_low", "ci_high"]].tolist() == pytest.approx([1, 1, 1])


def test_texture_sees_noise_that_the_means_hide(people):
    rng = np.random.default_rng(1)
    smooth = np.tile(np.linspace(0.2, 0.8, 32), (24, 32, 1)) + rng.normal(0, 0.02, (24, 1, 1))
    noisy = np.clip(smooth + rng.normal(0, 0.1, smooth.shape), 0, 1)
    sets = {
        "simulated": noisy[:8],
        "sim2real_A": smooth[:8],
        "sim2real_B": smooth[:8],
        "real_A": smooth[8:],
        "real_B": smooth[8:],
    }
    table = distance_table(
        {"texture": {name: people(texture_space(images, name)) for name, images in sets.items()}}
    )
    assert (
        look(table, "simulated", "real_A")["distance"]
        > 10 * look(table, "sim2real_A", "real_A")["distance"]
    )


def test_points_are_those_of_the_whole_table(features):
    spaces = {"texture": features(), "learned": features()}
    whole = distance_table(spaces)[DISTANCE_COLUMNS[:5]]
    pd.testing.assert_frame_equal(point_distances(spaces), whole)


def test_each_space_leads_with_its_own_measure(features):
    rows = lead_rows(distance_table({name: features() for name in ("learned", "texture")}))
    measures = rows.groupby("features")["measure"].unique().map(list)
    assert measures.to_dict() == {"learned": ["kid"], "texture": ["frechet"]}


def test_what_translation_leaves_is_between_all_and_nothing(features):
    """Translated slices that are the simulated ones leave 1, those that are the vendor's own test
    slices 0."""
    plain = features(n=48)
    sets = {**plain, "sim2real_A": plain["simulated"], "sim2real_B": plain["real_B_test"]}
    rows = remaining_table({"inception": sets, "learned": sets}).query("than == 'simulated'")
    for space in ("inception", "learned"):
        part = rows[rows["features"] == space].set_index("vendor")["remaining"]
        assert part.to_dict() == pytest.approx({"A": 1, "B": 0})
    nothing = remaining_table({"learned": features(skip=("real_A_test", "real_B_test"))})
    assert nothing["remaining"].isna().all()


def test_nothing_is_left_to_say_where_others_lie_as_near_as_real_slices(features):
    plain = features(n=48)
    near = {**plain, "simulated": plain["real_A"], "sim2real_B": plain["real_A"]}
    rows = remaining_table({"inception": near}).query("vendor == 'A'")
    assert rows[["remaining", "ci_low", "ci_high"]].isna().all(axis=None)
