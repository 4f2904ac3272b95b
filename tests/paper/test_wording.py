"""Tables as a page shows them."""

import pandas as pd

from sim2real.paper.wording import readable
from sim2real.population import POPULATION

NAMES = POPULATION.columns


def test_columns_index_and_its_texts_have_names_that_a_reader_knows():
    table = pd.DataFrame(
        {"quantity": ["lv_edv_ml", "a_new_one"], "published_mean": [1.26, 2.0], "n": [3, 4]}
    ).set_index("quantity")
    shown = readable(table, NAMES, 1)
    assert shown.columns.tolist() == ["published mean", "subjects"]
    assert shown.index.tolist() == ["LV EDV (ml)", "a new one"]
    assert shown["published mean"].tolist() == [1.3, 2.0]
    assert table.columns.tolist() == ["published_mean", "n"]  # the table itself is left as it was
    assert readable(table, NAMES | {"n": "people"}, 1).columns.tolist() == [
        "published mean",
        "people",
    ]


def test_the_ends_of_an_interval_stand_in_one_column_where_the_lower_stood():
    table = pd.DataFrame(
        {
            "gain": [0.5, 1.0],
            "ci_low": [-0.25, float("nan")],
            "ci_high": [1.25, 2.0],
            "p": [0.2, 0.0003],
        },
        index=["a", "b"],
    )
    shown = readable(table, {}, 2)
    assert shown.columns.tolist() == ["gain", "95 % interval", "p"]
    assert shown["95 % interval"].tolist() == ["-0.25 to 1.25", "–"]
    assert shown["p"].tolist() == ["0.200", "< 0.001"]


def test_what_is_missing_is_a_dash_and_zero_has_no_sign():
    columns = {"gain": [-0.0004, 0.25], "ratio": [None, 1.0], "n": pd.array([None, 7], "Int64")}
    shown = readable(pd.DataFrame(columns, index=["a", "b"]), {}, 2)
    assert shown["ratio"].tolist() == ["–", "1.00"] and shown["n"].tolist() == ["–", 7]
    assert str(shown["gain"].iloc[0]) == "0.0"


def test_rows_that_are_merely_numbered_are_named_by_their_first_column():
    shown = readable(pd.DataFrame({"group": ["NOR", "DCM"], "met": [1, 2]}), NAMES)
    assert shown.index.tolist() == ["NOR", "DCM"]
    assert shown.index.name == "group" and shown.columns.tolist() == ["meet it"]


def test_levels_of_an_index_and_of_columns_are_named_alike():
    table = pd.DataFrame(
        {"images": ["real_A", "real_A"], "phase": ["ED", "ES"], "n_images": [5, 6]}
    )
    shown = readable(table.pivot(index="images", columns="phase", values="n_images"), {})
    assert shown.index.tolist() == ["real A"] and shown.columns.tolist() == ["ED", "ES"]
    assert "_" not in shown.to_html()


def test_an_index_with_a_name_stays_the_index():
    steps = pd.DataFrame({"step": [7, 8, 9], "loss_d": [0.1, 0.2, 0.3]})
    shown = readable(steps.set_index(pd.RangeIndex(7, 10, name="step"))[["loss_d"]], {})
    assert list(shown.index) == [7, 8, 9]
    assert list(shown.columns) == ["loss d"]
