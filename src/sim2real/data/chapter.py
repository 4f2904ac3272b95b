"""What a chapter of the paper tells about itself: its parameters, its notebooks, its words.

Each chapter's package has one ``chapter.py`` with a ``Chapter``. Workflow, reference of parameters,
staleness and wording are derived from these declarations.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from .names import at_home

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]


class ParameterModel(BaseModel):
    """Base of the chapters' parameters: unknown names and values of the wrong kind are refused, and
    ``~`` in a path is the home folder."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_switch(cls, value: object, info: ValidationInfo) -> object:
        """Refuse ``on`` for a number, which would be 1."""
        if isinstance(value, bool) and cls.model_fields[info.field_name].annotation in (int, float):
            raise PydanticCustomError("number", "input should be a number, not on or off")
        return value

    @field_validator("*")
    @classmethod
    def _at_home(cls, value: object) -> object:
        return at_home(value) if isinstance(value, Path) else value


@dataclass(frozen=True)
class Notebook:
    """A notebook of a chapter and how the workflow executes it.

    Args:
        name: file name in ``notebooks/`` without its ending.
        reads: names of the notebooks whose results it reads.
        makes: modules whose code decides what it makes for the notebooks that read it; a change
            of any other code (of its figures, say) leaves those alone.
        variants: from the run's parameters, by section, to the extra parameters of each
            execution; one execution without extra parameters where there are none.
        cores: ``"all"``, ``"two"`` or ``"one"``: what a job of it can use.
        rule: name of the workflow's rule, by which a profile says what its jobs ask for.
        on_page: whether the book has a page for each execution.
        alone: whether it can be executed by hand without any other.
    """

    name: str
    reads: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    variants: Callable[[ParameterModel], list[dict]] | None = None
    cores: str = "two"
    rule: str = "chapter"
    on_page: bool = True
    alone: bool = False

    def executions(self, parameters: ParameterModel) -> dict[str, dict]:
        """Name of each execution to its extra parameters, in a run of these ``parameters``."""
        if self.variants is None:
            return {self.name: {}}
        return {
            "_".join([self.name, *map(str, extra.values())]): extra
            for extra in self.variants(parameters)
        }


@dataclass(frozen=True)
class Chapter:
    """A chapter, or a study of the appendix.

    Args:
        name: of its main notebook and its folder in a run (``02_mr_simulation``).
        section: of the run's parameters (``simulation``).
        parameters: model of that section.
        notebooks: in the order in which they are executed.
        named_in_paper: parameters that the paper names, shown below the notebook's head.
        columns: name of a column or row of its tables to what a reader is shown instead.
        at_most: pairs of parameters, the first of which may not be above the second.
        once: parameters that are lists, none of which may hold a value twice.
        data: parameter that names a folder of the user's, to (kind of picture made from it, name).
        front: names of the figures that the book's first page shows.
        few: parameters that make a notebook by itself quick, where no run is named.
        study: whether it goes beyond the paper and is executed only when asked for.
    """

    name: str
    section: str
    parameters: type[ParameterModel]
    notebooks: tuple[Notebook, ...]
    named_in_paper: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    at_most: tuple[tuple[str, str], ...] = ()
    once: tuple[str, ...] = ()
    data: dict[str, tuple[str, str]] = field(default_factory=dict)
    front: tuple[str, ...] = ()
    few: dict[str, object] = field(default_factory=dict)
    study: bool = False
