"""The commands of the tutorial, read from its page: three to a first figure, and the cheap ones
executed as they are written."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sim2real.paper.cli import _parser

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "book" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = [
    block.strip().splitlines()
    for block in re.findall(r"^```bash\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
]
FIRST, SECOND = BLOCKS[:2]


def test_a_first_figure_takes_three_commands():
    assert len(FIRST) == 3
    assert (
        FIRST[0] == "make setup"
        and FIRST[1] == "source .venv/bin/activate"
        and FIRST[2].startswith("sim2real run ")
    )


def test_setting_up_is_a_target_of_make():
    result = subprocess.run(
        ["make", "--dry-run", "setup"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def test_every_command_is_one_that_there_is():
    for line in (line for block in BLOCKS for line in block if line.startswith("sim2real")):
        _parser().parse_args(shlex.split(line)[1:])


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """The cheap commands executed as written, at the size that the page tells of for a
    rehearsal."""
    from shutil import copy, copytree

    folder = tmp_path_factory.mktemp("tutorial")
    for name in ("_config.yml", "_toc.yml"):
        copy(ROOT / name, folder / name)
    for name in ("notebooks", "workflow"):
        copytree(ROOT / name, folder / name)
    environment = {
        **os.environ,
        "SIM2REAL_PRESET": "tiny",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    printed = {}
    for line in (FIRST[2], *SECOND):
        result = subprocess.run(
            ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert result.returncode == 0, f"{line}: {result.stderr[-600:]}"
        printed[line] = result.stdout
    return folder, printed


def test_the_figure_is_where_the_page_says_with_its_numbers(rehearsed):
    folder, _ = rehearsed
    named = re.findall(r"`(runs/after/[\w/.]+)`", PAGE)
    assert len(named) == 2 and all((folder / name).is_file() for name in named)
    assert (folder / named[0]).with_suffix(".csv").is_file()


def test_the_difference_is_the_one_parameter_and_what_follows_from_it(rehearsed):
    _, printed = rehearsed
    told = printed["sim2real diff before after"].splitlines()
    settings = [line for line in told[1:] if line.startswith("  ")][:2]
    assert settings[0] == "  simulation.flip_angle_deg: 60.0 -> 30.0"
    assert not any(line.startswith("01_virtual_population") for line in told) and any(
        line.startswith("02_mr_simulation: ") for line in told
    )


def test_the_rehearsal_is_told_of_on_the_page():
    assert "`SIM2REAL_PRESET=tiny`" in PAGE
