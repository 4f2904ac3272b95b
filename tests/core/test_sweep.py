"""What runs of a sweep share follows from what the notebooks of a chapter are passed and read."""

import pytest

from sim2real.core.errors import Sim2RealError
from sim2real.core.jobs import jobs, notebook_parameters
from sim2real.core.presets import load_parameters
from sim2real.core.run import CHAPTERS
from sim2real.core.sweep import LIMIT, read_sweep, stage_name, stages

LAST = "07_verdict"


def shared(*settings: str) -> str:
    """Numbers of the chapters that two runs of the tiny preset, one changed by ``settings``, have in common."""
    one, two = load_parameters("tiny"), load_parameters("tiny", list(settings))
    return "".join(chapter[1] for chapter in CHAPTERS if stage_name(one, chapter) == stage_name(two, chapter))


@pytest.mark.parametrize(
    "setting, common",
    [
        ("seed=1", ""),
        ("device=cpu", ""),
        ("population.n_subjects=5", ""),
        ("simulation.flip_angle_deg=45", "1"),
        ("cohort.n_slices=3", "12"),
        ("translation.n_steps=13", "123"),
        ("realism.download_weights=true", "1234"),  # the second page of chapter 6 reads chapter 5
        ("segmentation.n_epochs=2", "12345"),
        ("verdict.near_margin=0.1", "123456"),
        ("scarcity.n_epochs=2", "1234567"),
    ],
)
def test_runs_share_the_chapters_before_what_varies(setting, common):
    assert shared(setting) == common


CHANGES = ["population.n_subjects=5", "simulation.snr=20", "cohort.n_slices=3", "translation.n_steps=13", "realism.download_weights=true",
           "segmentation.seeds=[0, 1]", "verdict.near_margin=0.1", "seed=1"]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_notebooks_of_a_shared_chapter_are_passed_the_same(change):
    runs = [load_parameters("tiny"), load_parameters("tiny", [change])]
    for chapter in CHAPTERS:
        passed = [{name: notebook_parameters(job, run, "") for name, job in jobs(run).items() if job["chapter"] == chapter} for run in runs]
        if stage_name(runs[0], chapter) == stage_name(runs[1], chapter):
            assert passed[0] == passed[1], chapter


def test_all_combinations_are_made_with_every_seed_and_shared_stages_once():
    sweep = read_sweep("tiny", ["simulation.flip_angle_deg=30,45,60", "simulation.snr=20", "translation.n_steps=12,13"], 2, LAST)
    assert len(sweep.runs) == 12 and {run.simulation.snr for _, run in sweep.runs} == {20}
    assert list(sweep.plan()) == ["simulation.flip_angle_deg", "translation.n_steps", "seed", "folder"]
    assert set(sweep.plan()["seed"]) == {0, 1} and sweep.plan()["folder"].is_unique
    made = [chapter for chapter, _ in stages(sweep).values()]
    # two populations (seeds), six simulations and cohorts (and angles), twelve of all that follows (and steps)
    assert [made.count(chapter) for chapter in CHAPTERS] == [2, 6, 6, 12, 12, 12, 12]


def test_a_stage_keeps_its_name_when_the_sweep_grows():
    small = stages(read_sweep("tiny", ["simulation.flip_angle_deg=45,60"], 1, LAST))
    large = stages(read_sweep("tiny", ["simulation.flip_angle_deg=30,45,60", "verdict.near_margin=0.05,0.06"], 2, LAST))
    assert set(small) < set(large)


def test_values_may_be_lists_and_words():
    seeds = read_sweep("tiny", ["segmentation.seeds=[0],[0,1]"], 1, LAST)
    assert [run.segmentation.seeds for _, run in seeds.runs] == [[0], [0, 1]]
    distances = read_sweep("tiny", ["segmentation.distance=hd,hd95", "translation.learning_rate=1e-4"], 1, LAST)
    assert [run.segmentation.distance for _, run in distances.runs] == ["hd", "hd95"]
    assert distances.runs[0][1].translation.learning_rate == 0.0001


@pytest.mark.parametrize(
    "settings, seeds, until, told",
    [
        (["simulation.flip_angel_deg=30,45"], 1, LAST, "did you mean simulation.flip_angle_deg?"),
        (["simulation.flip_angle_deg=30,450"], 1, LAST, "less than or equal to 120"),
        (["simulation.echo_time_ms=1,5"], 1, LAST, "simulation.repetition_time_ms"),
        (["simulation.flip_angle_deg="], 1, LAST, "no value"),
        (["simulation.flip_angle_deg=[30,"], 1, LAST, "cannot be read"),
        (["simulation.flip_angle_deg"], 1, LAST, "expected chapter.name=VALUE,VALUE"),
        (["simulation.snr=1,2", "simulation.snr=3,4"], 1, LAST, "given twice"),
        (["simulation.snr=20,20.0"], 1, LAST, "a value is given twice"),
        (["simulation.snr=20,30"], 0, LAST, "--seeds 0: expected 1 or more"),
        (["simulation.snr=20"], 1, LAST, "nothing varies"),
        ([], LIMIT + 1, LAST, f"expected at most {LIMIT}"),
        (["segmentation.n_epochs=1,2"], 1, "03_real_cohort", "no chapter up to 03_real_cohort depends on it"),
        (["seed=1,2"], 1, LAST, "expected --seeds"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings, seeds, until, told):
    with pytest.raises(Sim2RealError, match="^[^\n]+$") as fault:
        read_sweep("tiny", settings, seeds, until)
    assert told in str(fault.value)
