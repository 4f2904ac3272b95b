"""Every simulated image in the style of each vendor, and the examples that chapter 4 shows."""

from itertools import cycle, product
from pathlib import Path

import numpy as np
import pandas as pd

from ..cohort import COHORT
from ..data import (
    LV,
    MYO,
    PHASES,
    RV,
    RunFolder,
    choice_html,
    choose_device,
    load_slices,
    mosaic_html,
    outlines_html,
    range_html,
    vendors_of,
)
from ..population import in_turn
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
    tables = [
        translate_images(
            run.path, rows, trained_generator(run, vendor), vendor, output, choose_device()
        )
        for vendor in vendors_of(slices)
    ]
    table = pd.concat(tables, ignore_index=True)
    run.write_manifest(TRANSLATION.name, table, "translated.csv")
    return table


def method_example(run: RunFolder, parameters: TranslationParameters, vendor: str) -> dict:
    """Images and places for Fig. 1: a middle ED slice of a normal subject, its translation, a real
    slice and its identity image.

    The query lies on the septum, where it holds the wall and blood of both sides; the negatives lie
    apart from it and from each other, where the slice has most contrast. ``alike``: cosine of the
    query with its positive and with each negative, by the trained encoder and heads; None without
    them.
    """
    (subject, phase), *_ = examples(run, 1)
    simulated = _simulated(run).query("subject == @subject and phase == @phase")
    real = run.manifest(COHORT.name, "slices.csv").query(
        "domain == 'real' and vendor == @vendor and split == 'train' and phase == 'ED'"
    )[:1]
    source, target, label = (
        load_slices(run.path, rows, column)[1:2]
        for rows, column in ((simulated, "image"), (real, "image"), (simulated, "label"))
    )
    generator, device = trained_generator(run, vendor), choose_device()
    query = _septum(label[0])
    negatives = _places_of_contrast(source[0], query, 3)
    translated, identity = (translate(generator, x, device)[0] for x in (source, target))
    networks = trained_networks(model_folder(run, vendor), parameters)
    alike = (
        None
        if networks is None
        else similarities(networks, source[0], translated, query, [query, *negatives])
    )
    return {
        "source": source[0],
        "translated": translated,
        "real": target[0],
        "identity": identity,
        "query": query,
        "negatives": negatives,
        "alike": alike,
    }


def _septum(label: np.ndarray) -> tuple[int, int]:
    """The pixel of the LV's wall nearest to the middle between both ventricles; without an RV, that
    farthest to the right."""
    wall, rv, lv = (np.argwhere(label == value) for value in (MYO, RV, LV))
    if not len(rv):
        return tuple(map(int, wall[np.argmax(wall[:, 1])]))
    between = (rv.mean(axis=0) + lv.mean(axis=0)) / 2
    return tuple(map(int, wall[np.argmin(((wall - between) ** 2).sum(axis=1))]))


def _places_of_contrast(
    image: np.ndarray, query: tuple[int, int], n: int, apart: int = 26, step: int = 6
) -> list[tuple[int, int]]:
    """Centres (row, column) of the ``n`` squares of largest SD that lie ``apart`` pixels from the
    border, ``query`` and each other."""
    half = apart // 2
    rows, columns = (range(half, size - half, step) for size in image.shape)
    places = sorted(
        product(rows, columns),
        key=lambda at: -image[at[0] - half : at[0] + half, at[1] - half : at[1] + half].std(),
    )
    chosen = [query]
    for place in places:
        if len(chosen) <= n and min(np.hypot(*np.subtract(place, chosen).T)) >= apart:
            chosen.append(place)
    return chosen[1:]


def method_places(example: dict) -> pd.DataFrame:
    """Where Fig. 1's patches lie and how alike the query is to them: ``patch, row, column,
    similarity``."""
    table = pd.DataFrame([example["query"], *example["negatives"]], columns=["row", "column"])
    table.insert(0, "patch", ["query and positive"] + ["negative"] * len(example["negatives"]))
    return table.assign(similarity=np.nan if example["alike"] is None else example["alike"])


def examples(run: RunFolder, n: int) -> dict[tuple[str, str], str]:
    """Subject and phase of ``n`` simulated images to show, and their title: subjects of one group
    after the other, ED and ES in turn."""
    groups = in_turn(run, _simulated(run)["subject"])
    return {
        (name, phase): f"{group}, {phase}"
        for (name, group), phase in zip(list(groups.items())[:n], cycle(PHASES), strict=False)
    }


def pairs(run: RunFolder, n: int) -> tuple[dict[str, np.ndarray], list[str]]:
    """A middle slice of each of the ``examples``: {domain: (n, row, column)}, simulated and
    translated to each vendor, and their titles."""
    translated = run.manifest(TRANSLATION.name, "translated.csv")
    images = examples(run, n)
    tables = {"simulated": _simulated(run), **dict(list(translated.groupby("domain")))}
    slices = {
        domain: _middle_slices(run, table, list(images), "image")
        for domain, table in tables.items()
    }
    return slices, list(images.values())


def strip(run: RunFolder, cohort: str) -> dict[str, np.ndarray]:
    """Title to the middle of a slice, (row, column), cut alike about the heart: a simulated one,
    its translation to each vendor, and one of each vendor's images at the same phase.

    Args:
        run: executed to ``translate_population``.
        cohort: what real images are called.
    """
    (subject, phase), *_ = examples(run, 1)
    slices = run.manifest(COHORT.name, "slices.csv")
    translated = run.manifest(TRANSLATION.name, "translated.csv")
    mine = "subject == @subject and phase == @phase"
    rows = {"simulated": _simulated(run).query(mine)}
    for vendor in vendors_of(slices):
        rows[f"translated to {vendor}"] = translated.query(f"vendor == @vendor and {mine}")
    for vendor in vendors_of(slices):
        rows[f"{cohort} {vendor}"] = slices.query(
            "domain == 'real' and vendor == @vendor and phase == @phase"
        ).head(1)
    return {title: _about_the_heart(run, part) for title, part in rows.items()}


def _about_the_heart(run: RunFolder, rows: pd.DataFrame, half_px: int = 42) -> np.ndarray:
    """The middle slice of an image, ``half_px`` to each side of the middle of its label."""
    image, label = (load_slices(run.path, rows, column) for column in ("image", "label"))
    middle = len(image) // 2
    centre = np.argwhere(label[middle] > 0).mean(axis=0)
    corner = [
        int(np.clip(place - half_px, 0, max(size - 2 * half_px, 0)))
        for place, size in zip(centre, label.shape[1:], strict=True)
    ]
    view = tuple(slice(start, start + 2 * half_px) for start in corner)
    return image[middle][view]


def wipe_html(run: RunFolder, n: int, name: str, alt: str) -> str:
    """The slices of ``pairs``, to be moved on the page: simulated, and drawn over them the
    translation to a vendor, with the label that all three share."""
    slices, names = pairs(run, n)
    labels = _middle_slices(run, _simulated(run), list(examples(run, n)), "label")
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
