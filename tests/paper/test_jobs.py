"""Which executions a run has, what each reads, and what a change makes stale."""

from pathlib import Path

import pytest

from sim2real.data import code
from sim2real.paper import jobs as paper_jobs
from sim2real.paper.chapters import ALL, CHAPTERS, resolve_chapter, resolve_studies
from sim2real.paper.jobs import Digests, digest_of, jobs, targets
from sim2real.paper.parameters import load_parameters

ROOT = Path(__file__).resolve().parents[2]
TRAININGS = ("04_train_translation", "06_train_segmentation", "A2_train_scarcity")


def digests(*changes: str) -> dict[str, tuple[str, str]]:
    """(digest of the execution, digest of what it makes) of every job of a tiny run."""
    for cached in (code._imports_of, code._module_digest):
        cached.cache_clear()  # a run of the program reads the sources once
    parameters = load_parameters("tiny", list(changes))
    table = jobs(parameters, ("A1_translators", "A2_scarcity"))
    made = Digests(table, parameters, ROOT)
    return {name: (made.execution(name), made.makes(name)) for name in table}


@pytest.fixture(scope="module")
def before() -> dict[str, tuple[str, str]]:
    return digests()


def stale(before, after, part: int = 0) -> set[str]:
    return {name for name in before if before[name][part] != after[name][part]}


@pytest.fixture
def edited(monkeypatch, tmp_path):
    """``edited(module, old, new)``: the digests after a change in a module's source."""

    def edit(module: str, old: str, new: str):
        path = code.path_of(module)
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{module} has no {old}"
        changed = tmp_path / path.name
        changed.write_text(text.replace(old, new, 1), encoding="utf-8")
        here = code.path_of
        monkeypatch.setattr(code, "path_of", lambda name: changed if name == module else here(name))
        return digests()

    yield edit
    for cached in (code._imports_of, code._module_digest):
        cached.cache_clear()


def test_every_notebook_is_declared_once_and_reads_others_that_are():
    declared = [notebook for chapter in ALL for notebook in chapter.notebooks]
    names = [notebook.name for notebook in declared]
    assert sorted(names) == sorted(p.stem for p in (ROOT / "notebooks").glob("*.ipynb"))
    assert all(set(notebook.reads) <= set(names) for notebook in declared)
    assert all(code.path_of(module) for notebook in declared for module in notebook.makes)


def test_independent_jobs_do_not_wait_for_each_other():
    table = jobs(load_parameters("tiny"))

    def before(name: str) -> set[str]:
        reads = set(table[name].reads)
        return reads.union(*(before(read) for read in reads))

    assert before("03_find_cohort") == set()
    assert not any(name.startswith("06_") for name in before("05_realism"))
    assert "05_realism" not in before("06_segmentation")


def test_a_study_is_read_by_the_last_chapter_only_where_it_is_asked_for():
    parameters = load_parameters("tiny")
    assert "A1_translators" not in jobs(parameters)["07_verdict"].reads
    assert "A1_translators" in jobs(parameters, ("A1_translators",))["07_verdict"].reads
    assert "A1_translators" not in targets(parameters, "07_verdict", [])


def test_each_regime_and_seed_is_a_training_of_its_own():
    names = jobs(load_parameters("tiny", ["segmentation.seeds=[3, 1]"]))
    trained = [name for name in names if name.startswith("06_train")]
    assert len(trained) == 8 and "06_train_segmentation_sim2real_3" in trained


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("sim2real.population.parameters", 'description="', 'description="in other words: '),
        ("sim2real.simulation.signal", '"""The steady', '"""In other words: the steady'),
        ("sim2real.paper.badges", "badge-run", "badge-walk"),
        ("sim2real.translation.chapter", 'front=("fig1",)', 'front=("fig1", "pairs")'),
    ],
)
def test_words_and_the_press_make_nothing_stale(before, edited, module, old, new):
    assert stale(before, edited(module, old, new)) == set()


def test_pages_and_style_sheets_are_in_no_digest():
    used = set().union(
        *(
            code.modules_used(code.notebook_source(path))
            for path in (ROOT / "notebooks").glob("*.ipynb")
        )
    )
    assert used and not any(name.startswith("sim2real.paper") for name in used)


def test_a_figure_s_function_executes_its_chapter_and_trains_nothing(before, edited):
    after = edited("sim2real.realism.figures", "alpha=0.", "alpha=1 - 0.")
    changed = stale(before, after)
    assert "05_realism" in changed and not any(name.startswith(TRAININGS) for name in changed)
    assert stale(before, after, part=1) == set()


def test_a_formula_of_the_simulation_reaches_all_that_rests_on_it(before, edited):
    after = edited("sim2real.simulation.signal", "1 - e1", "1 + e1")
    changed = stale(before, after)
    assert "01_virtual_population" not in changed
    assert {"02_mr_simulation", "03_real_cohort", "05_realism", "07_verdict"} <= changed
    assert all(name in changed for name in before if name.startswith(TRAININGS))


@pytest.mark.parametrize(
    ("setting", "untouched"),
    [
        ("seed=1", ""),
        ("device=cpu", ""),
        ("population.n_subjects=5", ""),
        ("simulation.flip_angle_deg=45", "1"),
        ("cohort.n_slices=3", "12"),
        ("translation.n_steps=13", "123"),
        ("realism.download_weights=true", "12346"),
        ("segmentation.seeds=[0, 1]", "12345"),
        ("verdict.near_margin=0.1", "123456"),
    ],
)
def test_chapters_before_a_changed_parameter_are_untouched(before, setting, untouched):
    after = digests(setting)
    same = [
        chapter
        for chapter in CHAPTERS
        if all(
            before.get(name) == digest
            for name, digest in after.items()
            if name.startswith(chapter.name[:2])
        )
    ]
    assert "".join(chapter.name[1] for chapter in same) == untouched
    if setting != "device=cpu":
        runs = [load_parameters("tiny"), load_parameters("tiny", [setting])]
        for chapter in CHAPTERS:
            equal = digest_of(runs[0], chapter.name) == digest_of(runs[1], chapter.name)
            assert equal == (chapter in same)


def test_data_of_the_user_s_count_by_names_sizes_and_times(before, tmp_path):
    (tmp_path / "image").write_text("x")
    first = digests(f"cohort.mnms_root={tmp_path}")
    (tmp_path / "image").write_text("xy")
    paper_jobs._stamp.cache_clear()
    second = digests(f"cohort.mnms_root={tmp_path}")
    assert "03_real_cohort" in stale(first, second) and "02_mr_simulation" not in stale(
        first, second
    )


@pytest.mark.parametrize("text", ["5", "05", "05_realism", "realism", "05_re"])
def test_a_chapter_is_known_by_number_name_or_beginning(text):
    assert resolve_chapter(text) == "05_realism"


def test_studies_are_known_by_beginning_and_all():
    assert resolve_studies(["a2", "A2_scarcity"]) == ["A2_scarcity"]
    assert resolve_studies(["all"]) == ["A1_translators", "A2_scarcity", "A3_real_hearts"]
