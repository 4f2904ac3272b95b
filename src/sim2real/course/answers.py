"""An answer to an exercise, taken apart before it is judged, and the one way to refuse it."""

import math
from collections.abc import Callable

import numpy as np

from ..data import Sim2RealError


class NotYet(Sim2RealError):
    """An answer that is not there or not right. The message names what is wrong with it, never what
    would be right."""


def not_yet(fault: object, message: str) -> None:
    """Refuse an answer that has a ``fault``."""
    if fault:
        raise NotYet(message)


def number(answer: object, name: str) -> float:
    """The answer as a finite number. Raises NotYet for a stub and for anything else."""
    _require(answer, name)
    not_yet(
        isinstance(answer, bool) or np.ndim(answer) != 0 or isinstance(answer, str),
        f"{name} is {type(answer).__name__}; expected one number",
    )
    try:
        value = float(answer)
    except (TypeError, ValueError):
        raise NotYet(f"{name} is {type(answer).__name__}; expected one number") from None
    not_yet(
        not math.isfinite(value),
        f"{name} is {value}; expected a finite number",
    )
    return value


def array(answer: object, name: str) -> np.ndarray:
    """The answer as an array of finite real numbers. Raises NotYet for a stub and for anything
    else."""
    _require(answer, name)
    try:
        values = np.asarray(answer)
        not_yet(
            np.iscomplexobj(values),
            f"{name} is complex; expected real numbers",
        )
        values = values.astype(float)
    except (TypeError, ValueError):
        raise NotYet(f"{name} is {type(answer).__name__}; expected numbers") from None
    not_yet(
        not np.isfinite(values).all(),
        f"{name} holds NaN or infinite values; expected finite ones",
    )
    return values


def call(function: Callable, *arguments: object):
    """What the answer, a function, returns. Raises NotYet for a stub, for nothing returned and for
    an error within it, named."""
    name = getattr(function, "__name__", "the answer")
    _require(function, name)
    not_yet(not callable(function), f"{name} is {type(function).__name__}; expected a function")
    try:
        value = function(*arguments)
    except Sim2RealError as error:
        raise NotYet(f"{name} stops: {error}") from None
    except Exception as error:
        raise NotYet(f"{name} stops with {type(error).__name__}: {error}") from None
    _require(value, f"what {name} returns")
    return value


def right(text: str) -> None:
    """Accept, with a sentence on what follows from the answer."""
    print(f"Right. {text}")


def _require(answer: object, name: str) -> None:
    not_yet(
        answer is None or answer is Ellipsis,
        f"{name}: no answer yet; write yours in the cell above, run it, then run this one",
    )
