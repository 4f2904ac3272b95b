"""The workflows of continuous integration: sound YAML, pinned actions, and commands that exist."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from sim2real.paper.cli import _parser

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(
    re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
)
OTHERS = {
    "cp -rT runs/weekly runs/last",
    "python -m pip install uv",
    "python -m uv pip install",
    "sed -i s|OWNER/NAME|$GITHUB_REPOSITORY|g book/launch.md",
}


def faults(content: dict) -> list[str]:
    """What is wrong with a workflow, a line each."""
    found = []
    if content.get("permissions") != {"contents": "read"}:
        found.append("permissions: more than reading at the top")
    for job, body in content["jobs"].items():
        if "timeout-minutes" not in body and "needs" not in body:
            found.append(f"{job}: no time limit")
        for step in body["steps"]:
            if "uses" in step and not re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]):
                found.append(f"{job}: {step['uses']} is not pinned to a major version")
            for line in step.get("run", "").splitlines():
                found += [f"{job}: {fault}" for fault in _line(line)]
    return found


def _line(line: str) -> list[str]:
    words = shlex.split(re.sub(r"\$\{\{.*?\}\}", "quick", line))
    if words[0] == "make":
        targets = [word for word in words[1:] if "=" not in word]
        return [f"make has no target {word}" for word in targets if word not in TARGETS]
    if words[0] == ".venv/bin/sim2real":
        try:
            _parser().parse_args(words[1:])
        except SystemExit:
            return [f"'{line}' is no command of sim2real"]
        return []
    if words[:2] == [".venv/bin/jupyter-book", "build"] or any(
        " ".join(words).startswith(other) for other in OTHERS
    ):
        return []
    return [f"'{line}' is neither a target of make nor a command of the project"]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def workflow(request) -> dict:
    return yaml.safe_load(request.param.read_text(encoding="utf-8"))


def test_every_step_is_pinned_and_every_command_exists(workflow):
    assert faults(workflow) == []


def test_planted_faults_are_seen():
    steps = [
        {"uses": "actions/checkout@main"},
        {"run": "make everything"},
        {"run": ".venv/bin/sim2real rnu"},
        {"run": "curl x | sh"},
    ]
    found = faults({"permissions": {"contents": "write"}, "jobs": {"one": {"steps": steps}}})
    assert len(found) == 6 and {
        "one: make has no target everything",
        "one: '.venv/bin/sim2real rnu' is no command of sim2real",
    } <= set(found)


def test_there_is_one_for_tests_publishing_the_weekly_run_and_links():
    content = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES}
    assert set(content) == {"test", "publish", "weekly", "links"}
    matrix = content["test"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"] and {
        name.split("-")[0] for name in matrix["os"]
    } == {"ubuntu", "macos"}
    assert any(extra["dependencies"] == "lowest" for extra in matrix["include"])
    told = {
        name: path.read_text(encoding="utf-8")
        for name, path in zip(sorted(content), FILES, strict=True)
    }
    assert (
        told["publish"].index("fetch-weights")
        < told["publish"].index("make book")
        < told["publish"].index("deploy-pages")
    )
    assert (
        "sim2real diff last weekly" in told["weekly"]
        and "difference_last_weekly.html" in told["weekly"]
    )
    for name in ("weekly", "links"):
        assert re.fullmatch(
            r"\d+ \d+ \* \* \d", content[name][True]["schedule"][0]["cron"]
        )  # YAML 1.1 reads the key `on` as true


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed here")
def test_actionlint_finds_nothing():
    result = subprocess.run(["actionlint", *map(str, FILES)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
