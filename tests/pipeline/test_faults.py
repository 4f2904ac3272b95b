"""What happens to a machine while a run is at work: files that vanish, a full disk, a folder that
may not be written, a clock set back.

Most of it takes minutes, and is for ``make soak``.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORDS = ("run", "--preset", "tiny", "--run", "hurt", "--until", "2")
LONG = pytest.mark.skipif(
    "SIM2REAL_FAULTS" not in os.environ,
    reason="several runs of two chapters take minutes: make soak",
)
ROOT_USER = hasattr(os, "geteuid") and os.geteuid() == 0


def one_line(result: subprocess.CompletedProcess) -> str:
    assert result.returncode == 1 and result.stderr.count("\n") == 1, result.stderr
    return result.stderr.removeprefix("sim2real: ").strip()


def contents(run: Path) -> dict[str, bytes]:
    """Images, labels and tables of the first two chapters."""
    found = [
        path for path in sorted(run.glob("0[12]_*/**/*")) if path.suffix in (".gz", ".csv", ".png")
    ]
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in found}


def executed(result: subprocess.CompletedProcess) -> list[str]:
    return re.findall(r"^  (\w+) +done in", result.stdout, flags=re.MULTILINE)


@pytest.fixture
def hurt(fresh_project) -> Path:
    """A run of two chapters."""
    assert fresh_project.sim2real(*WORDS).returncode == 0
    return fresh_project.path / "runs" / "hurt"


@LONG
@pytest.mark.parametrize("harm", ["cut short", "deleted"])
def test_a_file_lost_between_chapters_is_named_and_made_again_as_the_line_says(
    fresh_project, hurt, harm
):
    whole = contents(hurt)
    path = sorted(hurt.glob("01_virtual_population/structures/*.nii.gz"))[1]
    if harm == "deleted":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-200])
    shutil.rmtree(hurt / "02_mr_simulation")
    (hurt / "chapters" / "02_mr_simulation.ipynb").unlink()
    told = one_line(fresh_project.sim2real(*WORDS))
    assert path.name in told and told.endswith(
        "remove what is left of it and runs/hurt/chapters/01_virtual_population.ipynb, then run"
        " again"
    )
    others = {
        name: data
        for name, data in whole.items()
        if name.startswith("01") and name != path.relative_to(hurt).as_posix()
    }
    assert {
        name: data for name, data in contents(hurt).items() if name in others
    } == others  # nothing finished is lost

    path.unlink(missing_ok=True)
    (hurt / "chapters" / "01_virtual_population.ipynb").unlink()
    assert fresh_project.sim2real(*WORDS).returncode == 0
    assert contents(hurt) == whole


@LONG
def test_a_clock_set_back_loses_nothing(fresh_project, hurt):
    """Everything there seems to have been made tomorrow."""
    whole, tomorrow = contents(hurt), time.time() + 86400
    for path in (path for path in hurt.rglob("*") if path.is_file()):
        os.utime(path, (tomorrow, tomorrow))
    assert "everything is up to date" in fresh_project.sim2real(*WORDS).stdout
    changed = fresh_project.sim2real(*WORDS, "--set", "simulation.flip_angle_deg=45")
    assert (
        changed.returncode == 0
        and "01_virtual_population" not in executed(changed)
        and "02_mr_simulation" in executed(changed)
    )
    again = fresh_project.sim2real(*WORDS)
    assert again.returncode == 0 and contents(hurt) == whole


def test_a_second_run_in_the_same_folder_is_refused_and_the_first_goes_on(fresh_project):
    command = [sys.executable, "-m", "sim2real.paper.cli", *WORDS, "--until", "1"]
    first = subprocess.Popen(
        command, cwd=fresh_project.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (fresh_project.path / "runs" / "hurt" / "parameters.yaml").exists():
        time.sleep(0.05)
    told = one_line(fresh_project.sim2real(*WORDS))
    assert (
        told
        == "hurt: another run is at work in this folder; wait for it or choose another name with"
        " --run"
    )
    assert (
        first.wait() == 0
        and (
            fresh_project.path / "runs" / "hurt" / "chapters" / "01_virtual_population.ipynb"
        ).is_file()
    )


@pytest.fixture
def small_disk(fresh_project):
    """``small_disk(options)`` mounts or mounts anew a file system in memory where runs lie."""
    runs = fresh_project.path / "runs"
    runs.mkdir()
    if not (
        ROOT_USER
        and shutil.which("mount")
        and _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", runs)
    ):
        pytest.skip("only root may mount a small disk")
    yield lambda options: _mount("-o", f"remount,{options}", runs)
    subprocess.run(["umount", "-l", runs], check=True)


def _mount(*words: object) -> bool:
    return subprocess.run(["mount", *map(str, words)], capture_output=True).returncode == 0


@LONG
def test_a_full_disk_and_one_that_may_not_be_written_are_told_and_the_run_goes_on_after(
    fresh_project, small_disk
):
    runs = fresh_project.path / "runs"
    assert "the disk is full; free some space and run again" in one_line(
        fresh_project.sim2real(*WORDS)
    )
    assert not list(runs.rglob(".[0-9]*.*"))
    assert (
        small_disk("size=300m") and fresh_project.sim2real(*WORDS, "--until", "1").returncode == 0
    )
    kept = contents(runs / "hurt")
    assert small_disk("ro")
    told = one_line(fresh_project.sim2real(*WORDS))
    assert "Read-only file system; make it writable, or work in another copy" in told
    assert small_disk("rw") and fresh_project.sim2real(*WORDS).returncode == 0
    assert kept.items() <= contents(runs / "hurt").items()
