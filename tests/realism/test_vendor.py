import numpy as np
import pytest

from sim2real.realism import vendor_table
from sim2real.realism.vendor import VENDOR_COLUMNS

CENTRE = {
    "real_A": 0,
    "real_B": 4,
    "real_A_test": 0,
    "real_B_test": 4,
    "simulated": 2,
    "sim2real_A": 0,
    "sim2real_B": 4,
}


@pytest.fixture
def sets(people):
    """Three features; the vendors differ in the second, whose unit is far smaller than the first's.
    Unequal vendors."""
    rng = np.random.default_rng(0)
    n = {name: 96 if "sim" in name else 48 for name in CENTRE} | {"real_A": 160, "real_B": 56}
    return {
        name: people(
            rng.normal([0, 1e-3 * at, 5], [100, 1e-3, 0.1], (n[name], 3)),
            name if "real_" in name else "v",
        )
        for name, at in CENTRE.items()
    }


def test_each_set_is_called_what_it_looks_like(sets):
    table = vendor_table(sets).set_index("images")
    assert [table.index.name, *table.columns] == VENDOR_COLUMNS
    assert table.loc["sim2real_A", "share_A"] > 0.9 > 0.1 > table.loc["sim2real_B", "share_A"]
    assert (
        0.3 < table.loc["simulated", "share_A"] < 0.7
    )  # half way, although there are more slices of A to learn from
    assert table["n_slices"].to_dict() == {
        "simulated": 96,
        "sim2real_A": 96,
        "sim2real_B": 96,
        "real_A": 48,
        "real_B": 48,
        "real": 96,
    }
    assert table.loc["real", "n_subjects"] == 12 and table.loc["real_A", "n_subjects"] == 6
    judged = table.drop(index="real")
    assert (
        (judged["ci_low"] <= judged["share_A"]) & (judged["share_A"] <= judged["ci_high"])
    ).all()


def test_accuracy_is_of_test_slices_by_the_vendor_they_are_of(sets):
    table = vendor_table(sets).set_index("images")
    assert table.loc["real", "accuracy"] > 0.93
    assert table.loc["real_B", "accuracy"] == pytest.approx(1 - table.loc["real_B", "share_A"])
    assert table.loc["real", "accuracy"] == pytest.approx(
        table.loc[["real_A", "real_B"], "accuracy"].mean()
    )
    assert table.loc[["simulated", "sim2real_A", "sim2real_B"], "accuracy"].isna().all()


def test_labels_exchanged_in_training_are_seen(sets):
    exchanged = {**sets, "real_A": sets["real_B"], "real_B": sets["real_A"]}
    assert vendor_table(exchanged).set_index("images").loc["real", "accuracy"] < 0.1


def test_test_slices_do_not_train(sets):
    moved = {
        **sets,
        "real_A_test": (
            sets["real_A_test"]._replace(values=sets["real_A_test"].values + [0, 4e-3, 0])
        ),
    }
    ours, theirs = (vendor_table(found).set_index("images") for found in (sets, moved))
    assert ours.loc[["simulated", "sim2real_A", "real_B"]].equals(
        theirs.loc[["simulated", "sim2real_A", "real_B"]]
    )
    assert theirs.loc["real_A", "accuracy"] < 0.1


def test_without_test_subjects_there_is_no_accuracy(sets):
    table = vendor_table(
        {name: found for name, found in sets.items() if name != "real_B_test"}
    ).set_index("images")
    assert table.loc[["real", "real_B"], ["share_A", "accuracy", "ci_low"]].isna().all().all()
    assert table.loc[["real", "real_B"], "n_slices"].eq(0).all() and np.isfinite(
        table.loc["real_A", "accuracy"]
    )


def test_one_vendor_alone_is_told_from_nobody(sets):
    alone = {name: part for name, part in sets.items() if "B" not in name}
    assert vendor_table(alone).empty and list(vendor_table(alone)) == VENDOR_COLUMNS
