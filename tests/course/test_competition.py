"""Entries of teams: what they say is computed again, what does not fit is told in a line, and a
rank comes with its interval over subjects."""

import json

import numpy as np
import pytest
from scipy import stats

from sim2real.course import competition
from sim2real.course.competition import N_SUBJECTS, enter, ranking, score
from sim2real.data import Sim2RealError

ROWS, COLUMNS = 24, 28


def hearts(seed: int, brightness: float) -> tuple[np.ndarray, np.ndarray]:
    """Slices of ``N_SUBJECTS`` made-up subjects, four each, and their labels."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:ROWS, :COLUMNS]
    labels = (((y - 12) ** 2 + (x - 13) ** 2) < 36).astype(np.uint8)
    labels = np.repeat(labels[None], 4 * N_SUBJECTS, axis=0)
    of_subject = np.repeat(rng.normal(0, 0.03, N_SUBJECTS), 4)[:, None, None]
    noise = rng.normal(0, 0.03, labels.shape)
    return np.clip(0.2 + brightness * labels + of_subject + noise, 0, 1), labels


@pytest.fixture
def made_up(monkeypatch):
    """People that take no time: dim simulated ones, bright real ones."""
    sets = []
    for seed in (0, 10):
        images, labels = hearts(seed, 0.3)
        sets.append((images, labels, hearts(seed + 1, 0.6)[0]))
    monkeypatch.setattr(competition, "_people", lambda held_out: sets[held_out])
    return sets


@pytest.fixture
def folder(made_up, tmp_path):
    """Three entries as teams wrote them."""
    for team, beta, share in (("Red team", 0.0, 1.0), ("Blue", 0.05, 0.5), ("Green", 0.0, 0.0)):
        enter(team, beta, share, tmp_path)
    return tmp_path


def test_an_entry_is_one_line_that_names_team_parameters_score_and_code(folder):
    text = (folder / "red-team.json").read_text(encoding="utf-8")
    entry = json.loads(text)
    assert text.count("\n") == 1 and set(entry) == {"team", "beta", "share", "distance", "code"}
    assert entry["code"] == competition.code_version() and len(entry["code"]) == 12
    assert entry["distance"] == pytest.approx(score(0.0, 1.0, held_out=True).distance, abs=1e-6)


def test_real_slices_themselves_lie_at_no_distance(made_up):
    _, labels, real = made_up[0]
    alike = np.concatenate([real[:4]] * N_SUBJECTS)
    made_up[0] = alike, labels, alike
    assert score(0.0, 0.0).distance == pytest.approx(0, abs=1e-9)


def test_untranslated_slices_keep_their_borders_and_lie_furthest(made_up):
    assert score(0.0, 0.0).kept == pytest.approx(1)
    assert score(0.0, 0.0).distance > score(0.0, 0.5).distance > 0


def test_entries_are_scored_on_others_than_teams_practise_on(made_up):
    assert not np.allclose(score(0.1, 0.5).distances, score(0.1, 0.5, held_out=True).distances)


def test_the_least_distance_leads_with_intervals_over_subjects(folder, capsys):
    table = ranking(folder)
    assert capsys.readouterr().out == ""
    assert table["distance"].is_monotonic_increasing and list(table["rank"]) == [1, 2, 3]
    assert table["team"].iloc[-1] == "Green"
    distances = [score(row.beta, row.share, True).distances for row in table.itertuples()]
    for row, own in zip(table.itertuples(), distances, strict=True):
        ends = stats.ttest_1samp(own, 0).confidence_interval(0.95)
        assert (row.low, row.high) == pytest.approx(tuple(ends))
    paired = stats.ttest_rel(distances[2], distances[0]).confidence_interval(0.95)
    last = table.iloc[-1]
    assert (last["behind_low"], last["behind_high"]) == pytest.approx(tuple(paired))


def test_who_keeps_too_little_of_the_borders_has_no_rank_and_stands_last(folder, monkeypatch):
    kept = {row.team: row.kept for row in ranking(folder).itertuples()}
    monkeypatch.setattr(competition, "LEAST_KEPT", min(kept.values()) + 1e-9)
    table = ranking(folder)
    assert table["rank"].isna().tolist() == [False, False, True]
    assert kept[table["team"].iloc[-1]] == min(kept.values())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda entry: "{", "no JSON"),
        (lambda entry: "[1, 2]", "holds list"),
        (lambda entry: {k: v for k, v in entry.items() if k != "beta"}, "expected beta, code"),
        (lambda entry: {**entry, "gamma": 1}, "holds beta, code, distance, gamma"),
        (lambda entry: {**entry, "beta": "0.1"}, "expected a number from 0 to 0.5"),
        (lambda entry: {**entry, "beta": True}, "expected a number from 0 to 0.5"),
        (lambda entry: {**entry, "share": 1.5}, "expected a number from 0 to 1"),
        (lambda entry: {**entry, "distance": float("nan")}, "distance is nan"),
        (lambda entry: {**entry, "distance": 0.5 * entry["distance"]}, "its parameters give"),
        (lambda entry: {**entry, "code": "0" * 12}, "made with version 000000000000"),
        (lambda entry: {**entry, "team": "../x"}, "up to 40 letters"),
        (lambda entry: {**entry, "team": "red TEAM"}, "a second entry of team"),
    ],
)
def test_what_cannot_be_ranked_is_told_in_a_line_and_the_others_are_ranked(
    folder, capsys, change, told
):
    entry = json.loads((folder / "blue.json").read_text(encoding="utf-8"))
    changed = change(entry)
    text = changed if isinstance(changed, str) else json.dumps(changed)
    (folder / "zzz.json").write_text(text, encoding="utf-8")
    assert len(ranking(folder)) == 3
    line = capsys.readouterr().out
    assert line.startswith("not ranked: zzz.json: ") and told in line and line.count("\n") == 1


@pytest.mark.parametrize(("team", "beta"), [("", 0.1), ("a/b", 0.1), ("x" * 41, 0.1), ("Red", 0.6)])
def test_an_entry_beyond_its_limits_is_not_written(made_up, tmp_path, team, beta):
    with pytest.raises(Sim2RealError, match="expected"):
        enter(team, beta, 0.5, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Sim2RealError, match="no such folder"):
        ranking(tmp_path / "entries")
    assert ranking(tmp_path).empty


@pytest.mark.slow
def test_a_sensible_translation_beats_none_on_the_people_held_out():
    plain, translated = (score(*parameters, held_out=True) for parameters in ((0, 0), (0.1, 0.5)))
    assert (plain.distances > translated.distances).all()
    assert translated.kept > competition.LEAST_KEPT and plain.kept == pytest.approx(1)
