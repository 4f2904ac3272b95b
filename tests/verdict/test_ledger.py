"""The ledger: each verdict from intervals, each claim from its own numbers alone."""

import re

import numpy as np
import pandas as pd
import pytest

from sim2real.data import STRUCTURES, RunFolder
from sim2real.verdict import CLAIMS, VerdictParameters, claims_table, evidence, ledger_html, verdict
from sim2real.verdict.ledger import (
    LACKING,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    UNTRANSLATED_TOO,
    number_in_words,
)
from sim2real.verdict.summary import people, results

DICE = {"simulated": 0.70, "sim2real": 0.84, "real": 0.88, "both": 0.90}
STUDIES = ("A1_translators", "A2_scarcity")
LV_GAIN = 0.03  # of both, more than the others gain


def pieces(*rows):
    return pd.DataFrame(rows, columns=["value", "ci_low", "ci_high", "side", "bound"])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(3, 1, 5, "above", 0)], SUPPORTED),
        ([(3, -1, 7, "above", 0)], UNDECIDED),
        ([(-3, -5, -1, "above", 0)], NOT_SUPPORTED),
        ([(-3, -5, -1, "below", 0)], SUPPORTED),
        ([(0.03, 0.01, 0.05, "below", 0.06)], SUPPORTED),
        ([(0.09, 0.07, 0.11, "below", 0.06)], NOT_SUPPORTED),
        ([(3, 1, 5, "above", 0), (1, -1, 3, "above", 0)], UNDECIDED),
        ([(3, 1, 5, "above", 0), (-3, -5, -1, "above", 0)], NOT_SUPPORTED),
        ([(3, np.nan, np.nan, "above", 0)], UNDECIDED),
        ([(np.nan, np.nan, np.nan, "above", 0)], LACKING),
        ([], LACKING),
    ],
)
def test_the_interval_decides_and_not_the_number(rows, expected):
    assert verdict(pieces(*rows)) == expected


@pytest.fixture
def run(tmp_path):
    """Eight subjects a vendor, each of its own difficulty; distances, a classifier; every claim
    holds but those of the studies."""

    def make(dice=(), hd=0.0, left=(0.3, 0.5), called=(0.95, 0.1), n=8, lv_gain=LV_GAIN):
        made, rng, rows = RunFolder(tmp_path), np.random.default_rng(0), []
        for training, mean in {**DICE, **dict(dice)}.items():
            for vendor in "AB":
                for k in range(n):
                    level = np.random.default_rng(k).normal(0, 0.05)
                    for structure in STRUCTURES:
                        extra = lv_gain * (training == "both" and structure == "LV")
                        rows.append(
                            (
                                training,
                                0,
                                vendor,
                                f"{vendor}{k}",
                                "ED",
                                structure,
                                mean + level + extra + rng.normal(0, 0.003),
                                10 + hd * (training == "both") + rng.normal(0, 0.3),
                            )
                        )
        cases = pd.DataFrame(
            rows,
            columns=[
                "training",
                "seed",
                "vendor",
                "subject",
                "phase",
                "structure",
                "dice",
                "hd_mm",
            ],
        )
        made.write_manifest("06_segmentation", cases, "cases.csv")
        found = [
            (v, "texture", than, c, c - 0.2, c + 0.2)
            for v, c in zip("AB", left, strict=True)
            for than in ("simulated", "sim2real_X")
        ]
        columns = ["vendor", "features", "than", "remaining", "ci_low", "ci_high"]
        made.write_manifest("05_realism", pd.DataFrame(found, columns=columns), "remaining.csv")
        shares = [
            (f"sim2real_{v}", s, s - 0.04, s + 0.04) for v, s in zip("AB", called, strict=True)
        ]
        made.write_manifest(
            "05_realism",
            pd.DataFrame(shares, columns=["images", "share_A", "ci_low", "ci_high"]),
            "vendor.csv",
        )
        return made

    return make


def verdicts(made, **parameters):
    table = claims_table(evidence(made, VerdictParameters(**parameters), ()))
    return table.set_index("claim")["verdict"].to_dict()


def test_every_claim_has_a_line_and_what_was_not_executed_is_said(run):
    table = claims_table(evidence(run(hd=4.0), VerdictParameters(), ())).set_index("claim")
    assert set(table.index) == set(CLAIMS["claim"])
    assert table.loc["scarce", "verdict"] == table.loc["light", "verdict"] == LACKING
    assert "sim2real run --appendix A2_scarcity" in table.loc["scarce", "evidence"]
    assert (table.drop(index=["scarce", "light"])["verdict"] == SUPPORTED).all()


def test_with_one_vendor_alone_claims_of_two_are_not_decided(run):
    made = run()
    left = made.manifest("05_realism", "remaining.csv").query(
        "vendor == 'A' and than == 'simulated'"
    )
    made.write_manifest("05_realism", left, "remaining.csv")
    called = made.manifest("05_realism", "vendor.csv")
    made.write_manifest("05_realism", called.iloc[:0], "vendor.csv")
    table = claims_table(evidence(made, VerdictParameters(), ())).set_index("claim")
    assert set(table.index) == set(CLAIMS["claim"]) and table.loc["nearer", "verdict"] == SUPPORTED
    for claim in ("own_look", "called"):
        assert table.loc[claim, "verdict"] == LACKING
        assert "one vendor alone" in table.loc[claim, "evidence"]


def test_studies_that_were_executed_decide_their_claims(run):
    """The fewest subjects are those of the smallest size, whatever the order of the rows; fewer
    weights make CUT the lighter one."""
    made = run()
    columns = ["n_real", "vendor", "structure", "difference", "ci_low", "ci_high"]
    gains = [
        (80, "all", "all", -0.02, -0.03, -0.01),
        (5, "A", "all", -0.09, -0.1, -0.08),
        (5, "all", "all", 0.09, 0.04, 0.14),
    ]
    made.write_manifest("A2_scarcity", pd.DataFrame(gains, columns=columns), "gains.csv")
    for own, whole, expected in (
        (40, 40, SUPPORTED),
        (40, 60, NOT_SUPPORTED),
        (100, 40, NOT_SUPPORTED),  # a generator of the same size is no lighter one
    ):
        counted = {"weights_cut": whole, "weights_cyclegan": 100}
        counted |= {"weights_generator_cut": own, "weights_generator_cyclegan": 100}
        made.write_results("A1_translators", counted)
        table = claims_table(evidence(made, VerdictParameters(), STUDIES)).set_index("claim")
        assert table.loc["light", "verdict"] == expected
        assert table.loc["scarce", "verdict"] == SUPPORTED
    assert table.loc["light", "evidence"] == "generator 1.00; all networks 0.400"
    assert table.loc["scarce", "evidence"].startswith("fewest subjects 0.090 (0.040 to 0.140)")


@pytest.mark.parametrize(
    ("changes", "fallen"),
    [
        ({"dice": {"simulated": 0.92}}, {"gap", "translation_helps"}),
        ({"dice": {"sim2real": 0.75}}, {"near_real"}),
        # adding images that cost every structure Dice gains nothing for the LV either
        ({"dice": {"both": 0.80}}, {"boost", "boost_lv"}),
        ({"lv_gain": -0.05}, {"boost_lv"}),
        ({"hd": -4.0}, {"distances_worse"}),
        ({"left": (1.25, 0.5)}, {"nearer", "own_look"}),
        ({"called": (0.95, 0.9)}, {"called"}),
    ],
)
def test_each_claim_falls_by_its_own_numbers_alone(run, changes, fallen):
    found = verdicts(run(**{"hd": 4.0, **changes}))
    assert {claim for claim, said in found.items() if said == NOT_SUPPORTED} == fallen


def test_too_few_subjects_leave_a_claim_undecided(run):
    found = verdicts(run(n=3, hd=4.0))
    assert {
        found[claim] for claim in ("gap", "near_real", "boost", "boost_lv", "translation_helps")
    } == {UNDECIDED}


def test_the_lv_gains_most_only_where_it_gains_more_than_each_of_the_others(run):
    for name in ("RV", "MYO"):
        made = run(hd=4.0)
        cases = made.manifest("06_segmentation", "cases.csv")
        as_much = (cases["training"] == "both") & (cases["structure"] == name)
        cases.loc[as_much, "dice"] += 2 * LV_GAIN
        made.write_manifest("06_segmentation", cases, "cases.csv")
        assert verdicts(made)["boost_lv"] == NOT_SUPPORTED, name


def test_a_margin_that_untranslated_images_meet_is_told(run):
    for simulated, told in ((DICE["sim2real"], True), (0.5, False)):
        made = run(dice={"simulated": simulated}, hd=4.0)
        claims = claims_table(evidence(made, VerdictParameters(), ())).set_index("claim")
        assert (UNTRANSLATED_TOO in claims.loc["near_real", "evidence"]) == told


def test_the_margin_of_near_is_the_parameter(run):
    made = run(hd=4.0)
    assert (
        verdicts(made, near_margin=0.06)["near_real"],
        verdicts(made, near_margin=0.02)["near_real"],
    ) == (SUPPORTED, NOT_SUPPORTED)


def test_the_page_quotes_what_is_quoted_and_escapes_what_is_not_ours(run):
    numbers = evidence(run(hd=4.0), VerdictParameters(), ())
    numbers.loc[0, "part"] = "<script>"
    page, table = ledger_html(numbers), claims_table(numbers)
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert page.count("“") == (table["quoted"] == "yes").sum()
    assert page.count("✓ supported") == (table["verdict"] == SUPPORTED).sum()


@pytest.mark.parametrize(
    ("row", "sides"),
    [
        ((3, 1, 5, "above", 0), (True, True)),
        ((0.03, -0.01, 0.05, "above", 0), (False, True)),
        ((0.09, 0.07, 0.11, "below", 0.06), (False, False)),
        ((-3, -5, -1, "below", 0), (True, True)),
    ],
)
def test_an_interval_is_drawn_on_the_claimed_side_where_it_lies_there(row, sides):
    numbers = pieces(row).assign(claim="boost", features="", part="all", note="")
    drawn = re.search(r"M([\d.]+) 7H([\d.]+)", ledger_html(numbers)).groups()
    assert tuple(float(end) > 100 for end in drawn) == sides  # the bound is at 100


def test_numbers_of_one_interval_have_the_same_decimals_and_none_reads_like_the_bound():
    piece = {"value": 0.0299, "ci_low": -0.00002, "ci_high": 0.061, "bound": 0.0}
    assert number_in_words(piece) == "0.02990 (-0.00002 to 0.06100)"
    assert number_in_words({**piece, "ci_low": -0.0009}) == "0.030 (-0.001 to 0.061)"
    assert number_in_words({**piece, "ci_low": -11.5}) == "0.03 (-11.50 to 0.06)"


def test_results_count_the_verdicts(run):
    comparison = pd.DataFrame(
        {"measure": "Dice", "difference": [0.01, 0.2, np.nan], "within": ["yes", "no", LACKING]}
    )
    counts = results(
        claims_table(evidence(run(hd=4.0), VerdictParameters(), ())),
        comparison,
        VerdictParameters(),
        "surrogate",
    )
    assert (counts["n_claims"], counts["n_claims_supported"], counts["n_claims_not_available"]) == (
        11,
        9,
        2,
    )
    assert "no cell replicates it" in counts["replication_note"]
    # a cell that the run does not have, as with one vendor alone, is none of those compared
    assert (counts["n_cells"], counts["n_cells_within"]) == (2, 1)


def test_what_is_told_of_people_is_the_cards_and_the_studys(tmp_path):
    run = RunFolder(tmp_path)
    alone = people(run, ("A2_scarcity",))
    assert alone["people_studied"] == 0 and 0.5 < alone["people_dice_RV"] < 1
    assert alone["people_n_subjects"] == 20 and not any(n.startswith("study") for n in alone)
    run.write_results("A3_real_hearts", {"has_people": 1, "dice_sim2real": 0.8, "gain_beyond": 1})
    studied = people(run, ("A3_real_hearts",))
    assert studied["people_studied"] == 1 and studied["study_dice_sim2real"] == 0.8
    assert "study_gain_beyond" not in studied
    run.write_results("A3_real_hearts", {"has_people": 0})
    assert people(run, ("A3_real_hearts",))["people_studied"] == 0
