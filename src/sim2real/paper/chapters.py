"""The chapters in the paper's order, then the studies of the appendix: the one list of them."""

from ..cohort import COHORT
from ..data import Chapter, Notebook, Sim2RealError, refuse
from ..population import POPULATION
from ..realism import REALISM
from ..segmentation import REAL_HEARTS, SCARCITY, SEGMENTATION
from ..simulation import SIMULATION
from ..translation import TRANSLATION, TRANSLATORS
from ..verdict import VERDICT

ALL = (
    POPULATION,
    SIMULATION,
    COHORT,
    TRANSLATION,
    REALISM,
    SEGMENTATION,
    VERDICT,
    TRANSLATORS,
    SCARCITY,
    REAL_HEARTS,
)
CHAPTERS = tuple(chapter for chapter in ALL if not chapter.study)
STUDIES = tuple(chapter for chapter in ALL if chapter.study)
LAST = CHAPTERS[-1].name


def chapter_with(notebook: str) -> tuple[Chapter, Notebook]:
    """The chapter that declares a notebook, and the declaration; Sim2RealError if none does."""
    for chapter in ALL:
        for declared in chapter.notebooks:
            if declared.name == notebook:
                return chapter, declared
    raise Sim2RealError(f"notebook {notebook}: no chapter declares it; expected one of notebooks/")


def chapter_of_page(page: str) -> Chapter | None:
    """The chapter that an executed notebook belongs to; none for other pages of the book."""
    names = {notebook.name: chapter for chapter in ALL for notebook in chapter.notebooks}
    fitting = [name for name in names if page == name or page.startswith(f"{name}_")]
    return names[max(fitting, key=len)] if fitting else None


def resolve_chapter(text: str) -> str:
    """A chapter's name from its name, number or beginning (``5``, ``05``, ``realism``)."""
    for chapter in CHAPTERS:
        number = chapter.name.partition("_")[0].lstrip("0")
        begins = len(text) > 2 and chapter.name.startswith(text)
        if begins or text.lstrip("0") == number or text in (chapter.name, chapter.section):
            return chapter.name
    names = ", ".join(chapter.name for chapter in CHAPTERS)
    raise Sim2RealError(f"--until {text}: no such chapter; there are {names}")


def resolve_studies(texts: list[str]) -> list[str]:
    """Names of the appendix's studies from names or beginnings (``A1``); ``all``: every one."""
    names, wanted = [study.name for study in STUDIES], []
    for text in texts:
        fitting = [
            name
            for name in names
            if text == "all" or (len(text) > 1 and name.lower().startswith(text.lower()))
        ]
        refuse(
            not fitting,
            f"--appendix {text}: no such study; there are {', '.join(names)}, and all",
        )
        wanted += fitting
    return list(dict.fromkeys(wanted))
