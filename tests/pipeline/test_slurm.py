"""The same Snakefile under Snakemake's Slurm executor: a real Slurm of one node, whose files are
those of a run without it."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sim2real.paper.chapters import ALL
from sim2real.paper.jobs import targets
from sim2real.paper.parameters import load_parameters, write_parameters
from sim2real.paper.workflow import snakemake_command

ROOT = Path(__file__).resolve().parents[2]
PROFILE = yaml.safe_load(
    (ROOT / "workflow" / "profiles" / "slurm" / "config.yaml").read_text(encoding="utf-8")
)
WHOLE = "SIM2REAL_SLURM" in os.environ
UNTIL = "07_verdict" if WHOLE else "01_virtual_population"
CPUS = len(
    os.sched_getaffinity(0)
)  # as many as the local run takes: with others, sums differ in their last bits
_SPEC = importlib.util.spec_from_file_location("slurm", Path(__file__).with_name("slurm.py"))
slurm = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(slurm)


def write_profile(folder: Path, **changes) -> Path:
    folder.mkdir(exist_ok=True)
    content = {name: value for name, value in (PROFILE | changes).items() if value is not None}
    (folder / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def planned(project, parameters, profile: Path, appendix: list[str]) -> dict[str, dict]:
    """What each job of a run would ask for, as Snakemake tells it: by the name of its notebook,
    rule, threads and resources."""
    folder = project.path / "runs" / "planned"
    write_parameters(folder, parameters)
    names = targets(parameters, "07_verdict", appendix)
    command = snakemake_command(names, "runs/planned", project.path, 64, profile)
    told = subprocess.run(
        [*command, "--dry-run"], capture_output=True, text=True, check=True
    ).stdout
    jobs = {}
    for block in re.split(r"\n\s*\n|\n(?=rule )", told):
        if found := re.search(r"output: chapters/(\w+)\.ipynb", block):
            asked = dict(
                pair.split("=", 1) for pair in re.search(r"resources: (.*)", block)[1].split(", ")
            )
            threads = re.search(r"threads: (\d+)", block)
            jobs[found[1]] = {
                **asked,
                "rule": re.search(r"rule (\w+):", block)[1],
                "threads": int(threads[1]) if threads else 1,
            }
    return jobs


def test_vendors_regimes_and_seeds_are_jobs_that_ask_for_what_the_profile_says(
    fresh_project, tmp_path
):
    parameters = load_parameters("tiny", ["segmentation.seeds=[3, 5]"])
    jobs = planned(
        fresh_project,
        parameters,
        write_profile(tmp_path / "profile", executor=None),
        ["A1_translators", "A2_scarcity"],
    )
    trainings = {f"04_train_translation_{vendor}" for vendor in "AB"}
    trainings |= {
        f"A2_train_scarcity_{n_real}_{seed}"
        for n_real in parameters.scarcity.n_real
        for seed in parameters.scarcity.seeds
    }
    trainings |= {
        f"06_train_segmentation_{regime}_{seed}"
        for regime in ("simulated", "sim2real", "real", "both")
        for seed in (3, 5)
    }
    assert {name for name in jobs if "_train_" in name} == trainings
    for name, asked in jobs.items():
        wanted = PROFILE["set-resources"][asked["rule"]]
        assert (asked["mem_mb"], asked["runtime"]) == (
            str(wanted["mem_mb"]),
            str(wanted["runtime"]),
        ), name
        assert asked.get("gpu") == ("1" if "gpu" in wanted else None), name
        assert asked["threads"] == PROFILE["set-threads"][asked["rule"]], name
    assert (
        jobs["04_train_translation_B"]["gpu"]
        == jobs["06_train_segmentation_real_5"]["gpu"]
        == jobs["A2_scarcity"]["gpu"]
        == "1"
    )
    assert "gpu" not in jobs["01_virtual_population"]


def test_the_profile_names_every_rule_and_no_other():
    rules = {notebook.rule for chapter in ALL for notebook in chapter.notebooks}
    for name in ("slurm", "kubernetes"):
        content = yaml.safe_load(
            (ROOT / "workflow" / "profiles" / name / "config.yaml").read_text(encoding="utf-8")
        )
        assert set(content["set-threads"]) == set(content["set-resources"]) == rules, name


@pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing() or "ready")
def test_a_run_on_slurm_leaves_the_files_of_a_local_one(
    fresh_project, tiny_run, tmp_path, artefacts, note
):
    threads = {
        "spread": CPUS,
        "chapter": min(CPUS, 2),
        "study": 1,
        "light": 1,
        "train_translation": 1,
        "train_segmentation": 1,
    }
    small = {
        rule: {"mem_mb": 3000, "runtime": 60} for rule in PROFILE["set-resources"]
    }  # no GPU here
    quick = {
        "slurm-status-command": "squeue",
        "slurm-init-seconds-before-status-checks": 2,
        "latency-wait": 10,
        "default-resources": {"slurm_partition": slurm.PARTITION, "mem_mb": 1000, "runtime": 60},
    }
    profile = write_profile(
        tmp_path / "profile", **{"set-threads": threads, "set-resources": small}, **quick
    )
    words = [
        "-m",
        "sim2real.paper.cli",
        "run",
        "--preset",
        "tiny",
        "--run",
        "slurm",
        "--until",
        UNTIL,
        "--profile",
        profile,
    ]
    notebook = fresh_project.path / "notebooks" / "01_virtual_population.ipynb"
    sound = notebook.read_text(encoding="utf-8")
    with slurm.one_node(tmp_path / "slurm", CPUS):
        command = slurm.private(tmp_path / "slurm", sys.executable, *words)
        notebook.write_text(
            sound.replace("import open_chapter\\n", "import open_chapter, misspelt\\n", 1),
            encoding="utf-8",
        )
        failed = subprocess.run(command, cwd=fresh_project.path, capture_output=True, text=True)
        notebook.write_text(sound, encoding="utf-8")
        result = subprocess.run(command, cwd=fresh_project.path, capture_output=True, text=True)
        accounted = (tmp_path / "slurm" / "slurmctld.out").read_text()
    assert failed.returncode == 1 and failed.stderr.count("\n") == 1, failed.stderr
    told = (
        "notebook 01_virtual_population.ipynb, cell 3: ImportError: cannot import name 'misspelt'"
    )
    assert told in failed.stderr  # told by the job's log
    assert result.returncode == 0, result.stdout + result.stderr
    executed = {
        path.stem for path in (fresh_project.path / "runs" / "slurm" / "chapters").glob("*.ipynb")
    }
    assert f"{len(executed)} notebooks executed" in result.stdout
    assert (
        accounted.count("_slurm_rpc_submit_batch_job: JobId=") == len(executed) + 1
    )  # each a job of Slurm, one of them twice
    assert "submitted with SLURM jobid" in result.stdout
    found, wanted = artefacts(fresh_project.path / "runs" / "slurm"), artefacts(tiny_run)
    wanted = {name: digest for name, digest in wanted.items() if name.split("/")[0] <= UNTIL}
    assert found and set(found) == set(wanted)
    assert {name for name in found if found[name] != wanted[name]} == set()
    if WHOLE:
        note(
            "Whole tiny run under Snakemake's Slurm executor on a real Slurm of one node, its files"
            " compared with a local run's",
            f"{len(executed)} jobs, {len(found)} files, all with the same SHA-256",
            "SIM2REAL_SLURM=1 (tests/pipeline/test_slurm.py)",
        )
