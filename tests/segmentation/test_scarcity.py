import json

import numpy as np
import pandas as pd
import pytest

from sim2real.data import Sim2RealError
from sim2real.segmentation import (
    SegmentationParameters,
    read_cases,
    train_cases,
    train_segmenter,
    training,
)
from sim2real.segmentation.scarcity import cases_of, ordered_subjects, sizes
from sim2real.segmentation.training import model_folder


def prepared(n_a: int, n_b: int) -> pd.DataFrame:
    """Cases of so many real subjects a vendor and three virtual ones, two slices each."""
    people = [
        ("real", vendor, f"{vendor}{k:02}", "real both")
        for vendor, n in (("A", n_a), ("B", n_b))
        for k in range(n)
    ]
    people += [
        (f"sim2real_{style}", style, f"v{k}", "sim2real both") for k, style in enumerate("ABA")
    ]
    people += [("simulated", "", f"v{k}", "simulated") for k in range(3)]
    rows = [
        (f"{domain}_{subject}_{k}", domain, vendor, subject, regimes)
        for domain, vendor, subject, regimes in people
        for k in range(2)
    ]
    return pd.DataFrame(rows, columns=["case", "domain", "vendor", "subject", "regimes"])


def subjects_in(cases, names):
    return set(cases.loc[cases["case"].isin(names) & (cases["domain"] == "real"), "subject"])


@pytest.mark.parametrize("seed", [0, 1])
def test_smaller_sets_are_parts_of_larger_ones_in_equal_parts_of_the_vendors(seed):
    cases, before = prepared(11, 11), set()
    for n in (5, 10, 20):
        found = subjects_in(cases, cases_of(cases, "real", n, seed))
        assert len(found) == n and before < found
        of_a = sum(name.startswith("A") for name in found)
        assert of_a - (n - of_a) in (0, 1)
        before = found


def test_another_seed_draws_other_subjects_and_the_rows_order_none():
    cases = prepared(11, 11)
    assert ordered_subjects(cases, 0) != ordered_subjects(cases, 1)
    assert ordered_subjects(cases.sample(frac=1, random_state=0), 0) == ordered_subjects(cases, 0)


def test_with_sim2real_means_all_of_it_and_nothing_untranslated():
    cases = prepared(4, 4)
    real, both = (set(cases_of(cases, name, 4, 0)) for name in ("real", "both"))
    assert (
        real < both
        and {name.split("_v")[0] for name in both - real} == {"sim2real_A", "sim2real_B"}
        and len(both - real) == 6
    )


def test_sizes_beyond_the_cohort_are_left_out_and_said_so():
    assert sizes(prepared(14, 10), [40, 5, 20, 80]) == (
        [5, 20],
        "Left out, since the cohort has 20 real training subjects in equal parts: 40, 80.",
    )
    assert sizes(prepared(14, 14), [5, 20])[1] == ""
    with pytest.raises(Sim2RealError, match="the cohort has 2 real training subjects"):
        sizes(prepared(1, 1), [5, 10])


def test_a_choice_of_cases_trains_apart_and_leaves_the_regimes_as_they_were(
    chapter, tmp_path, monkeypatch
):
    short = SegmentationParameters(batch_size=2, n_epochs=1, iterations_per_epoch=1)
    train_segmenter(chapter, "real", 5, short, "cpu")
    made_from = json.loads((model_folder(chapter, "real", 5) / "training.json").read_text())
    assert set(made_from) == {
        "regime",
        "plans",
        "cases",
        "images",
        "code",
    }  # more or other keys would make finished trainings stale
    names = cases_of(read_cases(chapter), "real", 2, 0)
    assert len(names) == 2 * 2 * 2  # subjects, phases, slices
    log = train_cases(chapter, "real, 2 real subjects", names, tmp_path / "few", 5, short, "cpu")
    assert (
        len(log) == 1
        and np.isfinite(log["train_loss"]).all()
        and (tmp_path / "few" / "checkpoint_final.pth").is_file()
    )
    monkeypatch.setattr(training, "_train", lambda *_: pytest.fail("trained again"))
    train_cases(chapter, "real, 2 real subjects", names, tmp_path / "few", 5, short, "cpu")
    train_segmenter(chapter, "real", 5, short, "cpu")


def test_unknown_cases_and_single_slices_are_refused(chapter, tmp_path):
    short = SegmentationParameters()
    with pytest.raises(Sim2RealError, match="case nobody is not in the training data"):
        train_cases(chapter, "real", ["nobody", "nowhere"], tmp_path, 0, short, "cpu")
    with pytest.raises(Sim2RealError, match="has 1 slice to learn from"):
        train_cases(chapter, "real", ["nobody"], tmp_path, 0, short, "cpu")
