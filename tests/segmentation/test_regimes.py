import pandas as pd
import pytest

from sim2real.data import Sim2RealError
from sim2real.segmentation import count_subjects, regime_rows
from sim2real.segmentation.regimes import style_of_subjects


def test_counts_are_subjects_not_images(table):
    assert count_subjects(table, "simulated") == {"n_real": 0, "n_simulated": 5}
    assert count_subjects(table, "sim2real") == {"n_real": 0, "n_simulated": 5}
    assert count_subjects(table, "real") == {"n_real": 4, "n_simulated": 0}
    assert count_subjects(table, "both") == {"n_real": 4, "n_simulated": 5}


def test_each_virtual_subject_is_seen_in_one_style_in_equal_parts(table):
    rows = regime_rows(table, "sim2real")
    assert (rows.groupby("subject")["domain"].nunique() == 1).all()
    subjects = rows.groupby("domain")["subject"].nunique()
    assert subjects["sim2real_A"] == 3 and subjects["sim2real_B"] == 2


def test_with_one_vendor_alone_every_virtual_subject_has_its_style(table):
    alone = table[(table["vendor"] != "B") & (table["domain"] != "sim2real_B")]
    assert set(regime_rows(alone, "sim2real")["domain"]) == {"sim2real_A"}
    assert count_subjects(alone, "sim2real") == {"n_real": 0, "n_simulated": 5}
    assert count_subjects(alone, "both") == {"n_real": 2, "n_simulated": 5}
    with pytest.raises(Sim2RealError, match="no training image of domain 'sim2real_B'"):
        regime_rows(table[table["domain"] != "sim2real_B"], "sim2real")


def test_style_depends_on_the_name_not_on_the_order():
    names = [f"v{number}" for number in range(40)]
    assert style_of_subjects(names) == style_of_subjects(names[::-1])
    styles = [style_of_subjects(names)[name] for name in names]
    assert styles.count("A") == 20
    assert styles[::2].count("A") not in (0, 20)  # not tied to what alternates along the list


def test_both_holds_real_and_sim2real_and_nothing_else(table):
    both = set(regime_rows(table, "both")["image"])
    assert both == set(regime_rows(table, "real")["image"]) | set(
        regime_rows(table, "sim2real")["image"]
    )


def test_no_test_subject_in_any_regime(table):
    tests = set(table.loc[table["split"] == "test", "image"])
    assert tests and not any(
        tests & set(regime_rows(table, regime)["image"])
        for regime in ("simulated", "sim2real", "real", "both")
    )


def test_planted_subject_in_both_splits_is_caught(table):
    planted = table.copy()
    planted.loc[(planted["subject"] == "B2") & (planted["phase"] == "ES"), "split"] = "train"
    with pytest.raises(Sim2RealError, match="B2 of vendor B is both in train and in test"):
        regime_rows(planted, "real")


def test_a_subject_translated_to_one_vendor_only_is_refused(table):
    with pytest.raises(Sim2RealError, match="004 is translated to one vendor only"):
        regime_rows(
            table[~((table["domain"] == "sim2real_B") & (table["subject"] == "004"))], "both"
        )


def test_missing_domain_and_unknown_regime_are_named(table):
    with pytest.raises(Sim2RealError, match="no training image of domain 'sim2real_A'"):
        regime_rows(table[table["domain"] == "real"], "sim2real")
    with pytest.raises(Sim2RealError, match="regime 'all' does not exist"):
        regime_rows(pd.DataFrame(), "all")
