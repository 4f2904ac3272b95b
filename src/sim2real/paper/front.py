"""What the first page says of a run in a minute, composed from the run's results and parameters:
the verdict, three numbers, and what differs from the paper."""

import json
import shlex
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pandas as pd

from ..cohort import surrogate
from ..data import STRUCTURES, RunFolder, repository, spoken, spoken_against
from ..segmentation import ALL, pretrained_card
from .chapters import COHORT, POPULATION, REALISM, SEGMENTATION, STUDIES
from .difference import flat
from .parameters import Parameters, load_parameters, run_parameters

PREFIX = "front"
FOLDS = Path("book/real_hearts/folds.csv")
"""What ``benchmarks/folds.py`` measured on people."""
_ORDER = ("both", "real", "sim2real")
"""Regimes of the paper's Table 1, the best first."""


def front_block(chapters: Path, name: str) -> str:
    """A block of the first page.

    Args:
        chapters: folder of executed chapters.
        name: ``verdict``, ``numbers``, ``cohort``, ``compared``, ``shipped``, ``command`` or
            ``people``.

    Returns:
        Markdown.

    Raises:
        KeyError: for a block of another name.
    """
    return _BLOCKS[name](RunFolder(chapters))


def verdict_sentence(run: RunFolder) -> str:
    """Whether the run has the regimes in the order of the paper's Table 1; the intervals of their
    differences decide, or the differences where there are no intervals."""
    dice = {name: run.numbers(SEGMENTATION.name)[f"dice_{name}"] for name in _ORDER}
    told = ", ".join(f"{name} {dice[name]:.3f}" for name in _ORDER)
    pairs = list(zip(_ORDER, _ORDER[1:], strict=False))
    least, most = zip(*(_bounds(run, *pair) for pair in pairs), strict=True)
    reversed_pairs = [pair for pair, high in zip(pairs, most, strict=True) if high <= 0]
    alike = [pair for pair, low in zip(pairs, least, strict=True) if low <= 0]
    if reversed_pairs:
        causes = " and ".join(
            f"`{first}` is not above `{second}`" for first, second in reversed_pairs
        )
        outcome = f"does not hold here, because {causes}"
    elif alike:
        pairs_alike = " or ".join(f"`{first}` from `{second}`" for first, second in alike)
        outcome = f"is not decided here, because the run cannot tell {pairs_alike}"
    else:
        outcome = "holds here"
    words = "; ".join(
        f"`{first}` less `{second}` {_difference(run, first, second)}" for first, second in pairs
    )
    once = " Each was trained once: what another training would change is in no interval."
    return (
        "**The paper's order of Dice (overlap with the labels, 1 is perfect), `both` above `real`"
        f" above `sim2real`, {outcome}**: {told}; {words}."
        f"{once if len(run_parameters(run.path).segmentation.seeds) == 1 else ''}"
    )


def _row_of(run: RunFolder, first: str, second: str) -> pd.Series:
    """Of the table of comparisons the row over all vendors and structures."""
    table = run.manifest(SEGMENTATION.name, "comparisons.csv")
    pair = (table["first"] == first) & (table["second"] == second)
    return table[pair & (table["vendor"] == ALL) & (table["structure"] == ALL)].iloc[0]


def _bounds(run: RunFolder, first: str, second: str) -> tuple[float, float]:
    row = _row_of(run, first, second)
    return (row.difference,) * 2 if pd.isna(row.ci_low) else (row.ci_low, row.ci_high)


def _difference(run: RunFolder, first: str, second: str) -> str:
    """The difference of mean Dice over vendors and structures, with its interval, in words."""
    row = _row_of(run, first, second)
    return _signed(row.difference, row.ci_low, row.ci_high)


def _signed(difference: float, low: float, high: float) -> str:
    numbers = [number for number in (difference, low, high) if not pd.isna(number)]
    value, *ends = spoken_against(numbers, 0.0)
    sign = "+" if difference > 0 else ""
    return f"{sign}{value}" + (f" ({' to '.join(ends)})" if ends else "")


def number_cards(run: RunFolder) -> str:
    """Three numbers with their intervals, each a card that leads to its chapter."""
    realism, segmentation = run.numbers(REALISM.name), run.numbers(SEGMENTATION.name)
    vendors = [v for v in "AB" if realism.get(f"learned_remaining_{v}") is not None]
    left = "; ".join(
        f"{v}: **{spoken(realism[f'learned_remaining_{v}'])}**"
        f" ({realism[f'learned_remaining_{v}_interval']})"
        for v in vendors
    )
    folds = pd.read_csv(repository() / FOLDS).set_index("training")
    gap = folds.loc["real less sim2real"]
    undecided = ", not decided" if gap.ci_low < 0 < gap.ci_high else ""
    cards = (
        (
            "Nearer to real images?",
            REALISM.name,
            "Share of the distance to a vendor that remains after translation (0: as near as real"
            f" slices). {left or 'not available'}",
        ),
        (
            "Can a segmenter learn from it?",
            SEGMENTATION.name,
            f"Mean Dice **{segmentation['dice_sim2real']:.3f}** from translated images,"
            f" {segmentation['dice_simulated']:.3f} from untranslated,"
            f" **{segmentation['dice_real']:.3f}** from the cohort's; real less translated"
            f" {_difference(run, 'real', 'sim2real')}",
        ),
        (
            "And on people?",
            "",
            f"Mean Dice **{folds['mean']['sim2real']:.3f}** from translated images,"
            f" {folds['mean']['simulated']:.3f} from untranslated,"
            f" **{folds['mean']['real']:.3f}** from images of people; real less translated"
            f" {_signed(gap['mean'], gap.ci_low, gap.ci_high)}{undecided}."
            f" {gap.people:.0f} patients of ACDC, scored by segmenters that had not learned from"
            " them; but settings and the phantom's shapes were chosen on them",
        ),
    )
    lines = ["::::{grid} 1 1 3 3", ":gutter: 2", ":class-container: numbers", ""]
    for title, chapter, text in cards:
        link = f"chapters/{chapter}" if chapter else "people"
        lines += [
            f":::{{grid-item-card}} {title}",
            f":link: {link}",
            ":link-type: doc",
            "",
            text,
            ":::",
        ]
    return "\n".join([*lines, "::::"])


def people_table(run: RunFolder) -> str:
    """What ``benchmarks/folds.py`` measured on people, as a Markdown table."""
    folds = pd.read_csv(repository() / FOLDS, dtype=str, keep_default_na=False)
    names = [*STRUCTURES, "mean (95 % interval)", "people"]
    rows = [f"| learned from | {' | '.join(names)} |", "|---" + "|---:" * len(names) + "|"]
    for row in folds.to_dict("records"):
        structures = " | ".join(row[name] for name in STRUCTURES)
        mean = f"{row['mean']} ({row['ci_low']} to {row['ci_high']})"
        rows.append(f"| {row['training']} | {structures} | {mean} | {row['people']} |")
    anatomy = int(folds["anatomy"].iloc[0])
    now = "" if anatomy == surrogate.VERSION else f"; the code now has version {surrogate.VERSION}"
    return "\n".join([*rows, "", f"Anatomy of [version {anatomy}](surrogate.md){now}."])


def shipped_segmenter(run: RunFolder) -> str:
    """How the segmenter that comes with the project does on people, beside a published network."""
    table = pd.read_csv(files("sim2real.segmentation") / "yardsticks.csv")
    published = table[table["method"] == "adversarial augmentation"].iloc[0]
    card = pretrained_card()
    ours = " / ".join(f"{card[f'dice_{name}']:.3f}" for name in STRUCTURES)
    theirs = " / ".join(f"{published[name]:.3f}" for name in STRUCTURES)
    return (
        f"Its Dice of {' / '.join(STRUCTURES)} is **{ours}** on {card['n_subjects']} patients of"
        f" {card['cohort']}, who also shaped [its phantom](people.md): no independent test. A"
        f" published network {{cite}}`{published['key']}`, trained on {published['trained_on']},"
        f" reaches {theirs} on {published['differs'].split(',')[0]}, which are harder than our"
        " middle slices."
    )


def cohort_sentence(run: RunFolder) -> str:
    """Whose the real images of the run are."""
    numbers = run.numbers(COHORT.name)
    synthetic = " It is synthetic: its hearts come from the phantom of the simulated ones."
    return (
        f"In this run the real images are those of {numbers['cohort_phrase']}."
        f"{synthetic if numbers.get('cohort') == 'surrogate' else ''}"
    )


def command_of(run: RunFolder) -> str:
    """The command that makes a run of the same parameters and studies, as a block of code."""
    ours = run_parameters(run.path)
    own, preset = (
        flat(parameters.model_dump(mode="json"))
        for parameters in (ours, load_parameters(ours.preset))
    )
    words = [f"sim2real run --preset {ours.preset} --run mine"]
    words += [f"--appendix {c.name.split('_')[0]}" for c in STUDIES if run.chapter(c.name).is_dir()]
    for name, value in own.items():
        if value != preset[name]:
            text = value if isinstance(value, str) else json.dumps(value)
            words.append(f"--set {shlex.quote(f'{name}={text}')}")
    return "\n".join(["```bash", " \\\n    ".join(words), "```"])


def compared_table(run: RunFolder) -> str:
    """The paper's set-up and this run's, row by row, what differs in bold and why."""
    ours, paper = run_parameters(run.path), load_parameters("paper")
    rows = [
        "| | the paper | this run | why |",
        "|---|---|---|---|",
        _row("real images", "M&Ms, vendors A and B", _cohort(run, ours), "may not be passed on"),
        _row("real training subjects", "160", _trained_on(run), "minutes on a laptop"),
        _row("anatomy", "XCAT", run.numbers(POPULATION.name)["source"], "XCAT needs a licence"),
    ]
    rows += [_row(name, value_of(paper), value_of(ours), why) for name, value_of, why in _SIZES]
    trainings = str(len(ours.segmentation.seeds))
    rows.append(_row("trainings of each segmenter", "not told", trainings, "minutes on a laptop"))
    features = run.numbers(REALISM.name)["features"]
    leading = "FID" if "inception" in features else "kernel distance (KID) in learned features"
    rows.append(_row("distance", "FID", leading, "Inception's weights are not there"))
    return "\n".join(rows)


def _row(name: str, paper: str, ours: str, why: str) -> str:
    if ours == paper:
        return f"| {name} | {paper} | {ours} | |"
    return f"| {name} | {paper} | **{ours}** | {why} |"


def _cohort(run: RunFolder, parameters: Parameters) -> str:
    if parameters.cohort.mnms_root and not parameters.cohort.acdc_root:
        return "M&Ms, vendors A and B"
    return run.numbers(COHORT.name)["cohort_phrase"]


def _trained_on(run: RunFolder) -> str:
    numbers = run.numbers(COHORT.name)
    return str(sum(numbers.get(f"n_train_{vendor}", 0) for vendor in "AB"))


def _generator(parameters: Parameters) -> str:
    cut = parameters.translation
    return (
        f"{cut.generator_features} features, {cut.residual_blocks} blocks;"
        f" discriminator {cut.discriminator_features}"
    )


def _training(parameters: Parameters) -> str:
    cut = parameters.translation
    seen = f", crops of {cut.crop_pixels} pixels" if cut.crop_pixels else ""
    return f"{cut.n_steps:,} steps, batch {cut.batch_size}, rate {cut.learning_rate:g}{seen}"


def _weights(parameters: Parameters) -> str:
    cut = parameters.translation
    return f"adversarial {cut.lambda_gan:g}, contrastive {cut.lambda_nce:g}"


def _segmenter(parameters: Parameters) -> str:
    settings = parameters.segmentation
    iterations = settings.n_epochs * settings.iterations_per_epoch
    network = "as it plans itself" if settings.planned_network else "a smaller network"
    return f"nnU-Net, {network}; {iterations:,} iterations, batch {settings.batch_size}"


_SIZES: tuple[tuple[str, Callable[[Parameters], str], str], ...] = (
    ("virtual subjects", lambda p: str(p.population.n_subjects), "minutes on a laptop"),
    ("CUT: networks", _generator, "fits two processor cores"),
    ("CUT: training", _training, "minutes instead of days"),
    ("CUT: weights of the losses", _weights, "invents less from few images"),
    ("segmenter", _segmenter, "minutes instead of a day"),
)
_BLOCKS: dict[str, Callable[[RunFolder], str]] = {
    "verdict": verdict_sentence,
    "numbers": number_cards,
    "cohort": cohort_sentence,
    "command": command_of,
    "people": people_table,
    "compared": compared_table,
    "shipped": shipped_segmenter,
}
