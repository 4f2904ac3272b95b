"""From a preset's name and ``chapter.name=value`` pairs to checked parameters, every fault in one line."""

from difflib import get_close_matches
from importlib.resources import files

import yaml
from pydantic import ValidationError

from .errors import Sim2RealError
from .parameters import Chapter, Parameters


def preset_names() -> list[str]:
    return sorted(entry.name[:-5] for entry in files("sim2real.presets").iterdir() if entry.name.endswith(".yaml"))


def load_parameters(preset: str = "quick", changes: list[str] | None = None) -> Parameters:
    """The preset's values over the defaults, then ``changes`` such as ``simulation.flip_angle_deg=45``."""
    names = preset_names()
    if preset not in names:
        raise Sim2RealError(f"preset '{preset}' does not exist{_nearest(preset, names)}; there are {', '.join(names)}")
    tree = parse_yaml(files("sim2real.presets").joinpath(f"{preset}.yaml").read_text(encoding="utf-8"), f"preset {preset}")
    tree["preset"] = preset
    for change in changes or []:
        _apply(tree, change)
    return check(Parameters, tree, "")


def parse_yaml(text: str, source: str) -> dict:
    """A mapping from YAML; a key given twice is refused, where YAML itself would let the last one win."""
    try:
        tree = yaml.load(text, Loader=_StrictLoader) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Sim2RealError(f"{source}: not valid YAML: {error}") from None
    if not isinstance(tree, dict):
        raise Sim2RealError(f"{source}: expected names and values, found {type(tree).__name__}")
    return tree


def check(model: type[Chapter], values: dict, prefix: str) -> Chapter:
    """``model(**values)``, its first fault told in one line under the name ``prefix.name``."""
    try:
        parameters = model(**values)
    except ValidationError as error:
        raise Sim2RealError(_explain(model, error.errors()[0], prefix)) from None
    _check_together(parameters)
    return parameters


def _check_together(parameters: Chapter) -> None:
    if isinstance(parameters, Parameters):
        for name in type(parameters).model_fields:
            if isinstance(getattr(parameters, name), Chapter):
                _check_together(getattr(parameters, name))
        return
    values = parameters.model_dump()
    rules = (
        ("echo_time_ms", "repetition_time_ms", "simulation"),
        ("slice_thickness_mm", "slice_spacing_mm", "population"),
        ("decay_steps", "n_steps", "translation"),
    )
    for small, large, chapter in rules:
        if small in values and large in values and values[small] > values[large]:
            raise Sim2RealError(f"{chapter}.{small}={values[small]} is above {chapter}.{large}={values[large]}; expected at most that")


def _apply(tree: dict, change: str) -> None:
    name, equals, text = change.partition("=")
    if not equals or not name.strip():
        raise Sim2RealError(f"--set {change}: expected chapter.name=value, for example simulation.flip_angle_deg=45")
    if name.strip() == "preset":
        raise Sim2RealError(f"--set {change}: a preset is chosen with --preset")
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Sim2RealError(f"--set {change}: the value cannot be read") from None
    *path, last = name.strip().split(".")
    branch = tree
    for step in path:
        branch = branch.setdefault(step, {})
        if not isinstance(branch, dict):
            raise Sim2RealError(f"--set {change}: {step} is a value, not a chapter")
    if isinstance(branch.get(last), dict):
        raise Sim2RealError(f"--set {change}: {last} is a chapter; name one of its parameters, as in {last}.NAME=value")
    branch[last] = value


def _explain(model: type[Chapter], error: dict, prefix: str) -> str:
    path = [str(step) for step in error["loc"]]
    name = ".".join(filter(None, [prefix, *path]))
    if error["type"] == "extra_forbidden":
        for step in path[:-1]:
            model = model.model_fields[step].annotation
        known = list(model.model_fields)
        near = _nearest(path[-1], known, ".".join(filter(None, [prefix, *path[:-1]])))
        return f"unknown parameter {name}{near or '; there are ' + ', '.join(known)}"
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"parameter {name}={error['input']!r}: {message}"


def _nearest(name: str, known: list[str], prefix: str = "") -> str:
    match = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {'.'.join(filter(None, [prefix, match[0]]))}?" if match else ""


class _StrictLoader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"the key '{key}' stands twice (line {node.start_mark.line + 1})")
        return super().construct_mapping(node, deep)
