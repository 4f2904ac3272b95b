from pathlib import Path

import pytest

from sim2real.cohort import CohortParameters
from sim2real.data import Sim2RealError
from sim2real.paper.parameters import (
    Parameters,
    check,
    load_parameters,
    parse_yaml,
    preset_names,
    run_parameters,
    write_parameters,
)
from sim2real.simulation import SimulationParameters


def refusal(action) -> str:
    with pytest.raises(Sim2RealError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_preset_is_sound_and_known_by_its_name():
    assert {"tiny", "quick", "standard", "paper"} <= set(preset_names())
    for name in preset_names():
        assert load_parameters(name).preset == name


def test_presets_grow():
    sizes = [
        load_parameters(name).population.n_subjects
        for name in ("tiny", "quick", "standard", "paper")
    ]
    assert sizes == sorted(set(sizes)) and sizes[-1] == 160


def test_a_change_comes_over_the_preset_and_leaves_the_rest():
    changed, plain = (
        load_parameters(
            "tiny", ["simulation.flip_angle_deg=45", "seed=7", "segmentation.seeds=[1, 2]"]
        ),
        load_parameters("tiny"),
    )
    assert (changed.simulation.flip_angle_deg, changed.seed, changed.segmentation.seeds) == (
        45,
        7,
        [1, 2],
    )
    assert changed.population == plain.population and changed.simulation.snr == plain.simulation.snr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "simulation.flip_angel_deg=45",
            "unknown parameter simulation.flip_angel_deg; did you mean simulation.flip_angle_deg?",
        ),
        ("simulatoin.snr=5", "unknown parameter simulatoin; did you mean simulation?"),
        ("cohort.zzz=5", "unknown parameter cohort.zzz; there are mnms_root"),
        (
            "simulation.flip_angle_deg=300",
            "parameter simulation.flip_angle_deg=300: input should be less than or equal to 120",
        ),
        ("simulation.snr=loud", "parameter simulation.snr='loud'"),
        ("simulation.field_strength_t=2", "parameter simulation.field_strength_t=2"),
        ("cohort.grid_pixels=100", "multiple of 16"),
        ("population.n_subjects=2.5", "parameter population.n_subjects=2.5"),
        ("segmentation.seeds=[]", "parameter segmentation.seeds"),
        ("segmentation.seeds=[1, 0, 1]", "segmentation.seeds=[1, 0, 1] holds a value twice"),
        ("scarcity.seeds=[2, 2]", "scarcity.seeds=[2, 2] holds a value twice"),
        ("seed=-1", "parameter seed=-1"),
        (
            "simulation.echo_time_ms=5",
            "simulation.echo_time_ms=5.0 is above simulation.repetition_time_ms=3.0",
        ),
        (
            "population.slice_thickness_mm=11",
            "population.slice_thickness_mm=11.0 is above population.slice_spacing_mm",
        ),
        (
            "translation.decay_steps=900000",
            "translation.decay_steps=900000 is above translation.n_steps",
        ),
        ("simulation.snr", "expected chapter.name=value"),
        ("=5", "expected chapter.name=value"),
        ("seed.x=5", "seed is a value, not a chapter"),
        ("population=5", "population"),
        ("simulation.snr=[1", "the value cannot be read"),
        ("simulation.flip_angle_deg=1:30", "parameter simulation.flip_angle_deg='1:30'"),
        ("seed=0x10", "parameter seed='0x10'"),
        ("simulation.off_resonance_hz=on", "off_resonance_hz=True: input should be a number"),
        ("seed=yes", "parameter seed=True: input should be a number"),
        ("simulation..snr=5", "--set simulation..snr=5: expected one dot"),
    ],
)
def test_fault_of_a_change_is_told_in_one_line(change, words):
    start = ["seed=1"] if change.startswith("seed.") else []
    assert words in refusal(lambda: load_parameters("quick", [*start, change]))


def test_a_number_is_read_as_a_person_reads_it():
    changes = ["simulation.flip_angle_deg=045", "seed=010", "simulation.snr=1e1"]
    parameters = load_parameters("tiny", [*changes, "segmentation.seeds=[08, 010]"])
    assert (parameters.simulation.flip_angle_deg, parameters.seed) == (45, 10)
    assert parameters.simulation.snr == 10 and parameters.segmentation.seeds == [8, 10]
    assert parse_yaml("seed: 010\n", "a file") == {"seed": "010"}


def test_missing_preset_names_the_nearest():
    message = refusal(lambda: load_parameters("quik"))
    assert "preset 'quik' does not exist; did you mean quick?" in message and "standard" in message


def test_key_that_stands_twice_is_refused_at_any_depth():
    assert "the key 'n_subjects' stands twice" in refusal(
        lambda: parse_yaml("population:\n  n_subjects: 3\n  n_subjects: 4\n", "a file")
    )
    assert "the key 'seed' stands twice" in refusal(
        lambda: parse_yaml("seed: 1\nseed: 2\n", "a file")
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "a file: not valid YAML"),
        ("- 1\n- 2\n", "a file: expected names and values, found list"),
    ],
)
def test_text_that_is_no_mapping_is_refused(text, words):
    assert words in refusal(lambda: parse_yaml(text, "a file"))


def test_one_chapter_is_checked_like_the_whole():
    assert "simulation.echo_time_ms=4.0 is above" in refusal(
        lambda: check(SimulationParameters, {"echo_time_ms": 4.0}, "simulation")
    )
    assert "did you mean simulation.snr?" in refusal(
        lambda: check(SimulationParameters, {"snrr": 4.0}, "simulation")
    )


def test_parameters_cannot_be_changed_afterwards():
    with pytest.raises(Exception, match="frozen"):
        Parameters().seed = 3


def test_the_models_defaults_are_the_preset_quick():
    assert load_parameters("quick") == Parameters()


def test_a_run_s_parameters_are_read_back_and_an_older_format_is_refused(tmp_path):
    made = load_parameters("tiny", ["seed=4"])
    write_parameters(tmp_path, made)
    assert run_parameters(tmp_path) == made
    text = (tmp_path / "parameters.yaml").read_text()
    (tmp_path / "parameters.yaml").write_text(text.replace("format: 2\n", ""))
    assert "of format 1, where 'simulated' may mean translated" in refusal(
        lambda: run_parameters(tmp_path)
    )


def test_every_parameter_says_what_it_is():
    for chapter in Parameters.model_fields.values():
        fields = getattr(chapter.annotation, "model_fields", {"": chapter})
        assert all(field.description for field in fields.values())


@pytest.mark.parametrize(
    "path",
    [
        "/data/M&Ms (2): first #1",
        "[old] {new}",
        "a=b",
        "2020",
        "1e3",
        "no",
        "null",
        "- x",
        "'quoted'",
        "2024-02-30",
        "*x",
        "ends with a space ",
    ],
)
@pytest.mark.parametrize(
    "name", ["cohort.mnms_root", "population.xcat_root", "realism.inception_weights"]
)
def test_a_path_is_text_whatever_signs_it_holds(name, path, tmp_path):
    chapter, last = name.split(".")
    parameters = load_parameters("tiny", [f"{name}={path}"])
    assert getattr(getattr(parameters, chapter), last) == Path(path)
    write_parameters(tmp_path, parameters)
    assert run_parameters(tmp_path) == parameters


def test_an_empty_path_is_none_and_the_home_folder_is_meant_by_its_sign(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    changes = ["cohort.acdc_root=~/ACDC", "cohort.mnms_root=", "population.xcat_root=a/~/b"]
    parameters = load_parameters("tiny", changes)
    assert parameters.cohort.acdc_root == tmp_path / "ACDC"
    assert parameters.cohort.mnms_root is None
    assert parameters.population.xcat_root == Path("a/~/b")
    of_notebook = check(CohortParameters, {"mnms_root": "~"}, "cohort")
    assert of_notebook.mnms_root == tmp_path
    assert check(CohortParameters, {"mnms_root": "~no such user/x"}, "cohort").mnms_root == Path(
        "~no such user/x"
    )
