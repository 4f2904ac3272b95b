"""The executions of notebooks that make up a run: which there are, what each reads, what each is given."""

from functools import cache

from .labels import REGIMES, VENDORS
from .parameters import Parameters
from .run import APPENDIX, APPENDIX_AFTER, CHAPTERS, SECTIONS


def jobs(parameters: Parameters) -> dict[str, dict]:
    """Every execution of a run in the paper's order, then the appendix: its name to {notebook, chapter, extra parameters}."""
    table: dict[str, dict] = {}
    for chapter in CHAPTERS:
        if chapter == "04_translation":
            for vendor in VENDORS:
                table[f"04_train_translation_{vendor}"] = {
                    "notebook": "04_train_translation",
                    "chapter": chapter,
                    "extra": {"vendor": vendor},
                }
        if chapter == "06_segmentation":
            table["06_plan_segmentation"] = {"notebook": "06_plan_segmentation", "chapter": chapter, "extra": {}}
            for regime in REGIMES:
                for seed in parameters.segmentation.seeds:
                    extra = {"regime": regime, "training_seed": seed}
                    table[f"06_train_segmentation_{regime}_{seed}"] = {
                        "notebook": "06_train_segmentation",
                        "chapter": chapter,
                        "extra": extra,
                    }
        table[chapter] = {"notebook": chapter, "chapter": chapter, "extra": {}}
        if chapter == "02_mr_simulation":
            table["02_contrast"] = {"notebook": "02_contrast", "chapter": chapter, "extra": {}}
        if chapter == "06_segmentation":
            table["06_evidence"] = {"notebook": "06_evidence", "chapter": chapter, "extra": {}}
    for n_real in sorted(set(parameters.scarcity.n_real)):
        for seed in parameters.scarcity.seeds:
            table[f"A2_train_scarcity_{n_real}_{seed}"] = {
                "notebook": "A2_train_scarcity",
                "chapter": "A2_scarcity",
                "extra": {"size": n_real, "training_seed": seed},
            }
    return table | {name: {"notebook": name, "chapter": name, "extra": {}} for name in APPENDIX}


def inputs(table: dict[str, dict], wanted: list[str] | None = None) -> dict[str, list[str]]:
    """What each execution of ``jobs`` reads, beside what it names itself: names of other executions.

    wanted: the executions that are asked for; a study of the appendix is read by the last chapter only if it is among them.
    """

    def of_notebook(notebook: str) -> list[str]:
        return [name for name, job in table.items() if job["notebook"] == notebook]

    studies = [study for study in APPENDIX if study in (wanted or [])]
    before = {
        "02_mr_simulation": ["01_virtual_population"],
        "02_contrast": ["02_mr_simulation"],
        "03_real_cohort": ["02_mr_simulation"],
        "04_train_translation": ["03_real_cohort"],
        "04_translation": of_notebook("04_train_translation"),
        "05_realism": ["04_translation"],
        "06_plan_segmentation": ["04_translation"],
        "06_train_segmentation": ["06_plan_segmentation"],
        "06_segmentation": of_notebook("06_train_segmentation"),
        "06_evidence": ["06_segmentation", "05_realism"],
        "07_verdict": ["05_realism", "06_evidence", *studies],
        **{study: [chapter] for study, chapter in APPENDIX_AFTER.items()},
        "A2_train_scarcity": [APPENDIX_AFTER["A2_scarcity"]],
        "A2_scarcity": of_notebook("A2_train_scarcity"),
    }
    return {name: before.get(job["notebook"], []) for name, job in table.items()}


@cache
def rests_on(chapter: str) -> tuple[str, ...]:
    """The chapter and all that it reads, directly or not, in the paper's order."""
    table = jobs(Parameters())
    reads = inputs(table)
    found, new = set(), {chapter}
    while new:
        found |= new
        own = [name for name, job in table.items() if job["chapter"] in new]
        new = {table[read]["chapter"] for name in own for read in reads[name]} - found
    return tuple(name for name in SECTIONS if name in found)


def parameters_behind(parameters: Parameters, chapter: str) -> Parameters:
    """The parameters, those that ``chapter`` does not depend on replaced by their defaults."""
    kept = {SECTIONS[name] for name in rests_on(chapter)}
    others = {section: Parameters.model_fields[section].default for section in set(SECTIONS.values()) - kept}
    return parameters.model_copy(update=others)


def notebook_parameters(job: dict, parameters: Parameters, run: str) -> dict:
    """What papermill passes to a job's notebook: plain values by name."""
    section = SECTIONS[job["chapter"]]
    own = getattr(parameters, section).model_dump(mode="json")
    return {"run": run, "preset": parameters.preset, "seed": parameters.seed, **own, **job["extra"]}
