"""A run that is killed at any moment, by any signal, goes on where it stopped and ends in the same
files.

Three kills of chapters 1 to 3 here; ``make soak`` makes fifty of the whole tiny run, for half an
hour at the most.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

KILLS, LONGEST_S = int(os.environ.get("SIM2REAL_KILLS", 3)), 1800
WHOLE = "SIM2REAL_KILLS" in os.environ
UNTIL = "07_verdict" if WHOLE else "03_real_cohort"
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
ENDS_WITHIN_S = 5.0


def start(project) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "sim2real.paper.cli",
        "run",
        "--preset",
        "tiny",
        "--run",
        "killed",
        "--until",
        UNTIL,
    ]
    return subprocess.Popen(
        command, cwd=project.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def at_work(project) -> list[psutil.Process]:
    """Processes that were started for the run, kernels and workers among them: they work in the
    project's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                Path(process.cwd()).is_relative_to(project.path)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
        except (psutil.Error, OSError):
            pass
    return found


def same_files(project, found: dict[str, str], wanted: dict[str, str]) -> None:
    """Run "killed" ended in the files of the run that nobody killed, and left nothing
    half-written."""
    if not WHOLE:
        wanted = {name: digest for name, digest in wanted.items() if name < "04"}
    assert found and set(found) == set(wanted)
    assert {name for name in found if found[name] != wanted[name]} == set()
    assert not list((project.path / "runs").rglob(".[0-9]*.*"))


def test_killed_at_random_a_run_ends_in_the_same_files_and_leaves_no_process(
    fresh_project, tiny_run, artefacts, note
):
    killed = fresh_project.path / "runs" / "killed"
    chance, began, kills, runs = (
        random.Random(os.environ.get("SIM2REAL_KILL_SEED", time.time_ns())),
        time.monotonic(),
        0,
        1,
    )
    while kills < KILLS and time.monotonic() - began < LONGEST_S:
        process, sent = start(fresh_project), SIGNALS[kills % len(SIGNALS)]
        try:
            while process.poll() is None and not psutil.Process(process.pid).children():
                time.sleep(0.05)  # Python itself is starting, and nothing of ours is at work
            process.wait(chance.uniform(0, 25 if WHOLE else 12))
            assert process.returncode == 0, process.communicate()[1]
            same_files(
                fresh_project, artefacts(killed), artefacts(tiny_run)
            )  # it had ended before it was to be killed: the next kills are another run's
            shutil.rmtree(killed)
            runs += 1
            continue
        except subprocess.TimeoutExpired:
            process.send_signal(sent)
        said, told = process.communicate()
        stopped = time.monotonic()
        while at_work(fresh_project):
            assert time.monotonic() - stopped < ENDS_WITHIN_S, [
                p.cmdline() for p in at_work(fresh_project)
            ]
            time.sleep(0.1)
        if sent != signal.SIGKILL and "up to date" not in said:  # else it had ended and was leaving
            assert process.returncode == 130
            assert (
                told.strip().splitlines()[-1]
                == "sim2real: stopped; the same command goes on from here"
            )
        kills += 1
    last = start(fresh_project)
    _, told = last.communicate()
    assert last.returncode == 0, told
    same_files(fresh_project, artefacts(killed), artefacts(tiny_run))
    assert kills >= min(KILLS, 1)
    if WHOLE:
        note(
            "Kills (SIGKILL, SIGTERM, Ctrl-C in turn) at random moments of whole tiny runs that"
            " then ended in the same files",
            f"{kills}, in {runs} run(s)",
            "make soak (tests/pipeline/test_kill.py)",
        )
