"""All parameters of a run: the chapters' models, presets over their defaults, single changes last.

The models' defaults are the preset ``quick``.
"""

import hashlib
import json
import re
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import Field, ValidationError, create_model

from ..data import FORMAT, ParameterModel, Sim2RealError, refuse, require_format, write_text
from .chapters import ALL

FILE = "parameters.yaml"


class Common(ParameterModel):
    preset: str = Field("quick", description="preset these values started from")
    seed: int = Field(0, ge=0, le=2**31, description="seed of everything random")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="where networks run; auto: a GPU if there is one"
    )

    def digest(self) -> str:
        """SHA-256 of all values: equal for runs that were asked for the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


Parameters = create_model(
    "Parameters",
    __base__=Common,
    **{chapter.section: (chapter.parameters, chapter.parameters()) for chapter in ALL},
)
"""The common parameters and a section for each chapter, in the paper's order."""


def preset_names() -> list[str]:
    folder = files("sim2real.paper").joinpath("presets")
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def load_parameters(preset: str = "quick", changes: list[str] | None = None) -> Parameters:
    """The preset's values over the defaults, then changes (``simulation.flip_angle_deg=45``)."""
    names = preset_names()
    refuse(
        preset not in names,
        f"preset '{preset}' does not exist{_nearest(preset, names)}; there are {', '.join(names)}",
    )
    text = files("sim2real.paper").joinpath("presets", f"{preset}.yaml").read_text("utf-8")
    tree = parse_yaml(text, f"preset {preset}") | {"preset": preset}
    for change in changes or []:
        _apply(tree, change)
    return check(Parameters, tree)


def run_parameters(run: Path) -> Parameters:
    """The parameters that a run was started with.

    Raises:
        Sim2RealError: where the folder holds no run, or one of an older format.
    """
    path = run / FILE
    refuse(
        not path.is_file(),
        f"{path}: missing; expected a run made by 'sim2real run'",
    )
    tree = parse_yaml(path.read_text(encoding="utf-8", errors="replace"), str(path))
    require_format(tree.pop("format", 1), path)
    return check(Parameters, tree)


def write_parameters(run: Path, parameters: Parameters) -> None:
    """Write a run's parameters, unless the file says the same."""
    tree = {"format": FORMAT, **json.loads(parameters.model_dump_json())}
    text, path = yaml.safe_dump(tree, sort_keys=False), run / FILE
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


def parse_yaml(text: str, source: str) -> dict:
    """A mapping from YAML; a key given twice is refused, where YAML lets the last one win."""
    try:
        tree = yaml.load(text, Loader=_StrictLoader) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Sim2RealError(f"{source}: not valid YAML: {error}") from None
    refuse(
        not isinstance(tree, dict),
        f"{source}: expected names and values, found {type(tree).__name__}",
    )
    return tree


def check(model: type[ParameterModel], values: dict, section: str = "") -> ParameterModel:
    """``model(**values)``; Sim2RealError with the first fault, named ``section.name``."""
    try:
        parameters = model(**values)
    except ValidationError as error:
        raise Sim2RealError(_explain(model, error.errors()[0], section)) from None
    for chapter in ALL:
        part = (
            parameters if model is chapter.parameters else getattr(parameters, chapter.section, 0)
        )
        if not isinstance(part, chapter.parameters):
            continue
        for small, large in chapter.at_most:
            refuse(
                getattr(part, small) > getattr(part, large),
                f"{chapter.section}.{small}={getattr(part, small)} is above "
                f"{chapter.section}.{large}={getattr(part, large)}; expected at most that",
            )
        for name in chapter.once:
            values = getattr(part, name)
            refuse(
                len(set(values)) < len(values),
                f"{chapter.section}.{name}={values} holds a value twice; expected each once",
            )
    return parameters


def _apply(tree: dict, change: str) -> None:
    name, equals, text = change.partition("=")
    name = name.strip()
    refuse(
        not equals or not name,
        f"--set {change}: expected chapter.name=value, for example simulation.flip_angle_deg=45",
    )
    refuse(
        name == "preset",
        f"--set {change}: a preset is chosen with --preset",
    )
    *path, last = name.split(".")
    refuse("" in (*path, last), f"--set {change}: expected one dot between chapter and name")
    value, branch = _value(path, last, text, change), tree
    for step in path:
        branch = branch.setdefault(step, {})
        refuse(
            not isinstance(branch, dict),
            f"--set {change}: {step} is a value, not a chapter",
        )
    refuse(
        isinstance(branch.get(last), dict),
        f"--set {change}: {last} is a chapter; name one of its parameters: {last}.NAME=value",
    )
    branch[last] = value


def _value(path: list[str], last: str, text: str, change: str) -> object:
    """What a text means for a parameter: of a path every sign is its own, an empty one is none;
    anything else is YAML."""
    section = Parameters.model_fields.get(".".join(path))
    field = getattr(section and section.annotation, "model_fields", {}).get(last)
    if field is not None and Path in (field.annotation, *get_args(field.annotation)):
        return text.lstrip() or None
    try:
        return yaml.load(text.strip(), Loader=_StrictLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Sim2RealError(f"--set {change}: the value cannot be read") from None


def _explain(model: type[ParameterModel], error: dict, section: str) -> str:
    path = [str(step) for step in error["loc"]]
    name = ".".join(filter(None, [section, *path]))
    if error["type"] == "extra_forbidden":
        for step in path[:-1]:
            model = model.model_fields[step].annotation
        known = list(model.model_fields)
        near = _nearest(path[-1], known, ".".join(filter(None, [section, *path[:-1]])))
        return f"unknown parameter {name}{near or '; there are ' + ', '.join(known)}"
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"parameter {name}={error['input']!r}: {message}"


def _nearest(name: str, known: list[str], section: str = "") -> str:
    match = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {'.'.join(filter(None, [section, match[0]]))}?" if match else ""


class _StrictLoader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise yaml.YAMLError(f"the key '{key}' stands twice (line {line})")
        return super().construct_mapping(node, deep)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> object:
    """A number as a person reads it. What YAML counts in another base (``045`` as 37, ``1:30`` as
    90) stays text, for its parameter to judge."""
    if re.search(r"^[-+]?0[\dbx_]|:", node.value):
        return node.value
    if node.tag.endswith("int"):
        return loader.construct_yaml_int(node)
    return loader.construct_yaml_float(node)


for _kind in ("int", "float"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _decimal)
