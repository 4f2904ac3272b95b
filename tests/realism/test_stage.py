"""Chapter 5 on a run of hand-made slices, from files to the numbers of the prose."""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from sim2real.data import SLICE_COLUMNS, Image, RunFolder, write_image
from sim2real.realism import figures, lead_rows, stage, texture_space

SETS = {
    ("simulated", ""): 0.0,
    ("sim2real_A", "A"): 0.06,
    ("sim2real_B", "B"): 0.12,
    ("real", "A"): 0.06,
    ("real", "B"): 0.12,
}


def write_run(path, subjects, test_subjects, vendors="AB"):
    """Smooth slices with each set's own noise: the translations have that of their vendor."""
    rng, run = np.random.default_rng(0), RunFolder(path)
    tables = {"03_real_cohort": [], "04_translation": []}
    for (domain, vendor), noise in SETS.items():
        if vendor not in vendors:
            continue
        for k in range(subjects + (test_subjects if domain == "real" else 0)):
            smooth = 0.5 + gaussian_filter(rng.normal(size=(26, 22, 1)), (4, 4, 0)) * 2
            for phase in ("ED", "ES"):
                name = f"{domain}{vendor}{k}{phase}.nii.gz"
                write_image(
                    path / name,
                    Image(
                        np.clip(smooth + rng.normal(0, noise, (26, 22, 4)), 0, 1).astype(
                            np.float32
                        ),
                        np.eye(4),
                    ),
                )
                subject = f"{vendor}{k:02}" if domain == "real" else f"v{k:02}"
                row = [
                    domain,
                    vendor,
                    subject,
                    phase,
                    "train" if k < subjects else "test",
                    name,
                    name,
                ]
                tables["04_translation" if "sim2real" in domain else "03_real_cohort"].append(row)
    for chapter, rows in tables.items():
        table = "translated.csv" if chapter.startswith("04") else "slices.csv"
        run.write_manifest(chapter, pd.DataFrame(rows, columns=SLICE_COLUMNS), table)
    return run


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    run = write_run(tmp_path_factory.mktemp("run"), 8, 5)
    return run, *stage.measure_sets(run, {"texture": texture_space})


def test_numbers_of_the_prose_are_those_of_the_tables(measured):
    run, distances, examples = measured
    values = {
        **stage.results(distances, {"texture": texture_space}, "no weights"),
        **stage.statistics(run),
    }
    distances = lead_rows(distances)
    row = distances[
        (distances["images"] == "sim2real_A") & (distances["reference"] == "real_A")
    ].iloc[0]
    assert (
        values["texture_sim2real_A_to_real_A"] == row["distance"]
        and values["texture_sim2real_A_to_real_A_corrected"] == row["corrected"]
    )
    assert (
        values["texture_ratio_A"] < 0.5
        and values["texture_own_A"] < 1
        and " to " in values["texture_own_A_interval"]
    )
    assert (
        values["called_A_sim2real_A"] > 0.9 > 0.1 > values["called_A_sim2real_B"]
        and values["vendor_accuracy"] > 0.9
    )
    assert values["texture_sees_flattened"] > 1 >= values["texture_sees_other_half"] > 0
    assert np.isnan(values["learned_sees_flattened"])  # a space that was not used
    assert values["texture_remaining_A"] < 0.5 and " to " in values["texture_remaining_A_interval"]
    assert (
        values["interval_note"] == values["floor_note"] == ""
        and "no FID: no weights" in values["features_phrase"]
    )
    assert set(examples) == {
        "simulated",
        "sim2real_A",
        "sim2real_B",
        "real_A",
        "real_B",
    } and examples["real_A"].shape == (22, 26)


def test_figures_draw_what_the_tables_hold(measured):
    run, distances, examples = measured
    drawn = figures.distances_figure(distances, examples, "made by hand")
    axes = drawn.subfigs[0].axes[0]
    shown = [segment for line in axes.collections for segment in line.get_segments()]
    distances = lead_rows(distances)
    ends = {(round(low, 6), round(high, 6)) for (x, low), (_, high) in shown if low != high}
    assert ends == {
        (round(low, 6), round(high, 6)) for low, high in distances[["ci_low", "ci_high"]].to_numpy()
    }
    floors = {round(low, 6) for (_, low), (_, high) in shown if low == high}
    own = distances[distances["images"] == distances["reference"]]["distance"]
    assert floors == {round(value, 6) for value in own}
    vendor = run.manifest("05_realism", "vendor.csv")
    left = figures.looks_figure(distances, vendor, "texture").axes[0]
    words = [text.get_text() for text in left.texts]
    assert len(words) == 4 and all("× simulated" in text and "less bias" in text for text in words)
    lines = figures.sensitivity_figure(run.manifest("05_realism", "sensitivity.csv")).axes[0].lines
    assert len(lines[0].get_xdata()) == 12


def test_run_too_small_for_statistics_has_empty_columns_and_says_why(tmp_path):
    run = write_run(tmp_path, 2, 0)
    distances, examples = stage.measure_sets(run, {"texture": texture_space})
    values = {**stage.results(distances, {"texture": texture_space}, ""), **stage.statistics(run)}
    assert (
        lead_rows(distances)["ci_low"].isna().all()
        and "fewer than 5 subjects" in values["interval_note"]
        and "no floor" in values["floor_note"]
    )
    assert values["texture_remaining_A_interval"] == values[
        "vendor_accuracy_interval"
    ] == "not available" and np.isnan(values["vendor_accuracy"])
    figures.distances_figure(distances, examples, "few")
    figures.looks_figure(distances, run.manifest("05_realism", "vendor.csv"), "texture")
    figures.sensitivity_figure(run.manifest("05_realism", "sensitivity.csv"))


def test_of_one_vendor_there_are_the_tables_and_figures_that_there_can_be(tmp_path):
    run = write_run(tmp_path, 8, 5, vendors="A")
    distances, examples = stage.measure_sets(run, {"texture": texture_space})
    assert list(lead_rows(distances)["images"]) == ["simulated", "sim2real_A", "real_A"]
    assert set(distances["reference"]) == {"real_A"} and set(examples) == set(distances["images"])
    assert list(run.manifest("05_realism", "remaining.csv")["than"]) == ["simulated"]
    numbers = {
        **stage.results(distances, {"texture": None}, "no weights"),
        **stage.statistics(run),
    }
    assert "texture_ratio_A" in numbers and not any("B" in name for name in numbers)
    titles = [axes.get_title() for axes in figures.distances_figure(distances, examples, "x").axes]
    assert titles[1:] == ["simulated", "sim2real A", "real A"]
    figure = figures.looks_figure(distances, run.manifest("05_realism", "vendor.csv"), "texture")
    assert "one vendor alone" in figure.axes[1].texts[0].get_text()
