import numpy as np
import pandas as pd
import pytest

from sim2real.core.parameters import VerdictParameters
from sim2real.verdict.compare import claims_table, compare_table

PUBLISHED = pd.DataFrame([
    ("real", "A", "LV", 0.90, 8.0), ("real", "B", "LV", 0.88, 9.0), ("both", "A", "MYO", 0.87, 12.0),
], columns=["training", "vendor", "structure", "dice", "hd"])  # fmt: skip


def ours(**changes):
    rows = [
        ("real", "A", "LV", 0.91, 9.5),
        ("real", "B", "LV", 0.86, 7.5),
        ("plain", "A", "LV", 0.3, 40.0),
        ("both", "A", "MYO", 0.87, 12.0),
    ]
    table = pd.DataFrame(rows, columns=["training", "vendor", "structure", "dice_mean", "hd_mm_mean"])
    return table.assign(**changes)


def cell(table, training, vendor, structure, measure):
    found = table[
        (table["training"] == training) & (table["vendor"] == vendor) & (table["structure"] == structure) & (table["measure"] == measure)
    ]
    assert len(found) == 1
    return found.iloc[0]


def test_every_published_cell_stands_beside_ours():
    table = compare_table(ours(), PUBLISHED, VerdictParameters(dice_tolerance=0.015, hd_tolerance_mm=1.6))
    assert len(table) == 6
    first = cell(table, "real", "A", "LV", "Dice")
    assert (first["published"], first["ours"], first["within"]) == (0.90, 0.91, "yes") and first["difference"] == pytest.approx(0.01)
    assert cell(table, "real", "B", "LV", "Dice")["within"] == "no"
    assert cell(table, "real", "B", "LV", "HD")["difference"] == pytest.approx(-1.5)
    assert cell(table, "both", "A", "MYO", "HD")["difference"] == 0


@pytest.mark.parametrize(("column", "measure", "shift"), [("dice_mean", "Dice", -0.2), ("hd_mm_mean", "HD", 5.0)])
def test_a_planted_difference_is_caught_in_its_measure_alone(column, measure, shift):
    wide = VerdictParameters(dice_tolerance=0.05, hd_tolerance_mm=2.0)
    assert set(compare_table(ours(), PUBLISHED, wide)["within"]) == {"yes"}
    shifted = compare_table(ours(**{column: ours()[column] + shift}), PUBLISHED, wide)
    assert set(shifted.loc[shifted["measure"] == measure, "within"]) == {"no"}
    assert set(shifted.loc[shifted["measure"] != measure, "within"]) == {"yes"}


def test_a_cell_we_lack_is_not_called_different():
    table = compare_table(ours().iloc[:1], PUBLISHED, VerdictParameters())
    assert list(table["within"]) == ["yes", "yes", *["not available"] * 4] and np.isnan(table["ours"].iloc[-1])


def distances(values, features="texture"):
    rows = [(images, reference, features, value) for (images, reference), value in values.items()]
    return pd.DataFrame(rows, columns=["images", "reference", "features", "distance"])


GOOD = {("simulated", "real_A"): 90.0, ("simulated", "real_B"): 80.0, ("sim2real_A", "real_A"): 20.0, ("sim2real_A", "real_B"): 50.0,
        ("sim2real_B", "real_B"): 15.0, ("sim2real_B", "real_A"): 45.0}  # fmt: skip
DICE = {"plain": 0.5, "simulated": 0.8, "real": 0.85, "both": 0.87}


def segmentation(means):
    return pd.DataFrame([(name, vendor, value + shift) for name, value in means.items() for vendor, shift in (("A", 0.01), ("B", -0.01))],
                        columns=["training", "vendor", "dice_mean"])  # fmt: skip


def verdicts(values=GOOD, means=DICE):
    return claims_table(distances(values), segmentation(means), VerdictParameters()).set_index("claim")["verdict"].to_dict()


def test_a_run_where_every_claim_holds():
    assert len(verdicts()) == 7 and set(verdicts().values()) == {"holds in this run"}


@pytest.mark.parametrize(("values", "means", "claim"), [
    ({("sim2real_A", "real_A"): 95.0, ("sim2real_A", "real_B"): 99.0}, {}, "Translation brings simulated images closer to vendor A"),
    ({("sim2real_B", "real_A"): 5.0}, {}, "The translation to vendor B has that vendor's features"),
    ({}, {"both": 0.84}, "Adding sim2real images to real ones raises Dice"),
    ({}, {"plain": 0.81}, "Translation helps a segmenter trained on simulation alone"),
    ({}, {"simulated": 0.78}, "Training on sim2real images alone comes near to training on real ones"),
])  # fmt: skip
def test_each_claim_falls_by_its_own_number_alone(values, means, claim):
    found = verdicts(GOOD | values, DICE | means)
    assert {name for name, verdict in found.items() if verdict == "does not hold in this run"} == {claim}


def test_a_number_that_cannot_be_had_is_no_verdict():
    found = verdicts(GOOD | {("sim2real_A", "real_A"): np.nan}, {"plain": 0.5, "simulated": 0.8})
    lacking = [name for name, verdict in found.items() if verdict == "not available"]
    assert len(lacking) == 4 and "does not hold in this run" not in found.values()


def test_only_inception_is_called_fid():
    both = pd.concat([distances(GOOD), distances(GOOD, "inception")])
    decided = claims_table(both, segmentation(DICE), VerdictParameters())["decided by"]
    assert decided.str.startswith("FID").sum() == 4 and decided.str.startswith("texture distance").sum() == 4
