"""Every simulated image in the style of each vendor, and the examples that chapter 4 shows."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..cohort import COHORT
from ..data import (
    MYO,
    RunFolder,
    choice_html,
    choose_device,
    load_slices,
    mosaic_html,
    outlines_html,
    range_html,
    vendors_of,
)
from .apply import load_generator, translate, translate_images
from .chapter import TRANSLATION
from .networks import Generator
from .parameters import TranslationParameters
from .precision import settled
from .similarity import similarities, trained_networks
from .watch import choosing, health


def trained_generator(run: RunFolder, vendor: str) -> Generator:
    """The generator of a vendor, on the device in use."""
    return load_generator(model_folder(run, vendor) / "generator.pt", choose_device())


def model_folder(run: RunFolder, vendor: str) -> Path:
    """Where chapter 4 keeps the model of a vendor."""
    return run.chapter(TRANSLATION.name) / "models" / vendor


def translate_population(run: RunFolder) -> pd.DataFrame:
    """Translate all simulated images to every vendor; writes ``translated.csv`` (``SLICE_COLUMNS``)
    and returns it."""
    slices = run.manifest(COHORT.name, "slices.csv")
    rows = slices[slices["domain"] == "simulated"]
    output = f"{TRANSLATION.name}/translated"
    tables = []
    for vendor in vendors_of(slices):
        generator = trained_generator(run, vendor)
        tables.append(translate_images(run.path, rows, generator, vendor, output, choose_device()))
    table = pd.concat(tables, ignore_index=True)
    run.write_manifest(TRANSLATION.name, table, "translated.csv")
    return table


def method_example(run: RunFolder, parameters: TranslationParameters, vendor: str) -> dict:
    """Images and places for Fig. 1: a middle ED slice of the first subject, its translation, a real
    slice and its identity image.

    The query lies on the LV's wall; the negatives lie in the lung, the liver's side and the chest
    wall, as far apart as can be. ``alike``: cosine of the query with its positive and with each
    negative, by the trained encoder and heads; None without them.
    """
    simulated = _simulated(run).query("phase == 'ED'")[:1]
    real = run.manifest(COHORT.name, "slices.csv").query(
        "domain == 'real' and vendor == @vendor and split == 'train' and phase == 'ED'"
    )[:1]
    source, target, label = (
        load_slices(run.path, rows, column)[1:2]
        for rows, column in ((simulated, "image"), (real, "image"), (simulated, "label"))
    )
    generator, device = trained_generator(run, vendor), choose_device()
    wall = np.argwhere(label[0] == MYO)
    query = tuple(map(int, wall[np.argmax(wall[:, 1])]))  # the lateral wall
    rows, columns = label[0].shape
    negatives = [
        (rows // 5, columns // 4),
        (rows * 4 // 5, columns // 4),
        (rows * 4 // 5, columns * 3 // 4),
    ]
    translated, identity = (translate(generator, x, device)[0] for x in (source, target))
    networks = trained_networks(model_folder(run, vendor), parameters)
    alike = None
    if networks is not None:
        alike = similarities(networks, source[0], translated, query, [query, *negatives])
    return {
        "source": source[0],
        "translated": translated,
        "real": target[0],
        "identity": identity,
        "query": query,
        "negatives": negatives,
        "alike": alike,
    }


def method_places(example: dict) -> pd.DataFrame:
    """Where Fig. 1's patches lie and how alike the query is to them: ``patch, row, column,
    similarity``."""
    table = pd.DataFrame([example["query"], *example["negatives"]], columns=["row", "column"])
    table.insert(0, "patch", ["query and positive"] + ["negative"] * len(example["negatives"]))
    return table.assign(similarity=np.nan if example["alike"] is None else example["alike"])


def examples(simulated: pd.DataFrame, n: int) -> list[tuple[str, str]]:
    """Subject and phase of the images to show: the first ``n`` subjects of the table, ED and ES in
    turn."""
    return [(name, ("ED", "ES")[k % 2]) for k, name in enumerate(simulated["subject"].unique()[:n])]


def pairs(run: RunFolder, n: int) -> tuple[dict[str, np.ndarray], list[str]]:
    """A middle slice of the first ``n`` subjects, ED and ES in turn: {domain: (n, row, column)},
    simulated and translated to each vendor, and names."""
    simulated = _simulated(run)
    translated = run.manifest(TRANSLATION.name, "translated.csv")
    images = examples(simulated, n)
    tables = {"simulated": simulated, **dict(list(translated.groupby("domain")))}
    slices = {
        domain: _middle_slices(run, table, images, "image") for domain, table in tables.items()
    }
    return slices, [f"{subject}, {phase}" for subject, phase in images]


def wipe_html(run: RunFolder, n: int, name: str, alt: str) -> str:
    """The slices of ``pairs``, to be moved on the page: simulated, and drawn over them the
    translation to a vendor, with the label that all three share."""
    slices, names = pairs(run, n)
    simulated = _simulated(run)
    labels = _middle_slices(run, simulated, examples(simulated, n), "label")
    vendors = {str(k): f"vendor {domain[-1]}" for k, domain in enumerate(list(slices)[1:], 1)}
    ways = {"wipe": "curtain", "blend": "veil"}
    controls = (
        range_html(name, "share", "simulated to translated", 0, 100, 50, "{} %")
        + choice_html(name, "line", "translated to", vendors)
        + choice_html(name, "mode", "drawn over as a", ways)
        + range_html(name, "column", "picture", 1, len(names), 1, f"{{}} of {len(names)}")
        + outlines_html(on=False)
    )
    text = f"{alt} The pictures: {'; '.join(names)}."
    return mosaic_html(
        "wipe", name, np.stack([*slices.values()]), np.stack([labels] * len(slices)), text, controls
    )


def _simulated(run: RunFolder) -> pd.DataFrame:
    return run.manifest(COHORT.name, "slices.csv").query("domain == 'simulated'")


def _middle_slices(
    run: RunFolder, table: pd.DataFrame, images: list[tuple[str, str]], column: str
) -> np.ndarray:
    """The slice in the middle of each of ``images`` (subject, phase), (n, row, column)."""
    rows = table.set_index(["subject", "phase"]).loc[images]
    stacks = [load_slices(run.path, rows.iloc[[k]], column) for k in range(len(rows))]
    return np.stack([stack[len(stack) // 2] for stack in stacks])


def results(run: RunFolder, translated: pd.DataFrame, parameters: TranslationParameters) -> dict:
    """Numbers the prose of chapter 4 quotes."""
    arithmetic = settled(parameters, model_folder(run, "A"), choose_device())
    quoted = (
        "n_steps batch_size lambda_gan lambda_nce generator_features residual_blocks"
        " learning_rate n_patches temperature crop_pixels"
    )
    return parameters.model_dump(include=set(quoted.split())) | {
        "n_images_translated": len(translated),
        "precision": arithmetic.precision,
        "choosing_sentence": _choosing(run, sorted(translated["vendor"].unique())),
        "generator_parameters": sum(p.numel() for p in trained_generator(run, "A").parameters()),
    }


def _choosing(run: RunFolder, vendors: list[str]) -> str:
    """What keeping the nearest step would have bought, in words."""
    looks = {vendor: health(model_folder(run, vendor)) for vendor in vendors}
    looks = {vendor: table for vendor, table in looks.items() if len(table)}
    if not looks:
        return "Too few subjects were left to watch this run's trainings by, so it is not known."
    words = []
    for vendor, table in looks.items():
        ratio, step = choosing(table), int(table.loc[table["nearest"] == 1, "step"].iloc[0])
        words.append(
            f"For vendor {vendor} a choice by half of the watched subjects would have kept step"
            f" {step} of {int(table['step'].iloc[-1])}, at {ratio['chosen']:.2f} times the last"
            f" one's texture distance to those subjects and {ratio['others']:.2f} times to the"
            " other half."
        )
    return " ".join(words)
