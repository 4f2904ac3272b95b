"""Every simulated image in the style of each vendor, and the examples that chapter 4 shows."""

import numpy as np
import pandas as pd

from ..data.device import choose_device
from ..data.images import read_image, read_labels
from ..data.labels import MYO, VENDORS
from ..data.run import RunFolder
from ..data.slices import as_shown
from .apply import load_generator, translate, translate_images
from .parameters import TranslationParameters
from .precision import settled
from .similarity import similarities, trained_networks

CHAPTER = "04_translation"
_KINDS = {
    False: "makes the whole of a slice anew, as the paper's does",
    True: (
        "gives a change, which is added to the simulated slice, where the paper's makes the whole"
        " slice anew"
    ),
}
_KEPT = {
    False: (
        "the last, chosen by no distance to real images, so that none of the next chapter's"
        " distances was selected on; a chosen one might be nearer"
    ),
    True: (
        "that whose translations, of those looked at in the course of the training, lay nearest to"
        " real slices of subjects held out from it. These subjects are in none of the next"
        " chapter's references, so that its distances are not those that were selected on"
    ),
}
_GRAIN = {
    False: ", without a source of randomness",
    True: (
        ", and adds noise of four sizes of grain, whose strength it tells for each pixel, where the"
        " paper's has no source of randomness"
    ),
}


def generator_of(run: RunFolder, vendor: str):
    """The trained generator of a vendor, on the device in use."""
    return load_generator(
        run.chapter(CHAPTER) / "models" / vendor / "generator.pt", choose_device()
    )


def translate_population(run: RunFolder) -> pd.DataFrame:
    """Translate all simulated images to every vendor; writes ``translated.csv`` (``SLICE_COLUMNS``)
    and returns it."""
    rows = run.manifest("03_real_cohort", "slices.csv").query("domain == 'simulated'")
    output = f"{CHAPTER}/translated"
    tables = [
        translate_images(run.path, rows, generator_of(run, vendor), vendor, output, choose_device())
        for vendor in VENDORS
    ]
    table = pd.concat(tables, ignore_index=True)
    run.write_manifest(CHAPTER, table, "translated.csv")
    return table


def method_example(run: RunFolder, parameters: TranslationParameters, vendor: str) -> dict:
    """Images and places for Fig. 1: a middle ED slice of the first subject, its translation, a real
    slice and its identity image.

    The query lies on the LV's wall; the negatives lie in the lung, the liver's side and the chest
    wall, as far apart as can be. ``alike``: cosine of the query with its positive and with each
    negative, by the trained encoder and heads; None without them.
    """
    slices = run.manifest("03_real_cohort", "slices.csv")
    simulated = slices.query("domain == 'simulated' and phase == 'ED'").iloc[0]
    real = slices.query(
        "domain == 'real' and vendor == @vendor and split == 'train' and phase == 'ED'"
    ).iloc[0]
    middle = lambda row: as_shown(read_image(run.path / row["image"]))[1:2]  # noqa: E731
    label = as_shown(read_labels(run.path / simulated["label"]))[1]
    source, target, generator = middle(simulated), middle(real), generator_of(run, vendor)
    wall = np.argwhere(label == MYO)
    query = wall[np.argmax(wall[:, 1])]  # the lateral wall
    rows, columns = label.shape
    query = tuple(int(v) for v in query)
    negatives = [
        (rows // 5, columns // 4),
        (rows * 4 // 5, columns // 4),
        (rows * 4 // 5, columns * 3 // 4),
    ]
    translated = translate(generator, source, choose_device())[0]
    networks = trained_networks(run.chapter(CHAPTER) / "models" / vendor, parameters)
    return {
        "source": source[0],
        "translated": translated,
        "real": target[0],
        "identity": translate(generator, target, choose_device())[0],
        "query": query,
        "negatives": negatives,
        "alike": (
            None
            if networks is None
            else similarities(networks, source[0], translated, query, [query, *negatives])
        ),
    }


def method_places(example: dict) -> pd.DataFrame:
    """Where Fig. 1's patches lie and how alike the query is to them: ``patch, row, column,
    similarity``."""
    places = [
        ("query and positive", example["query"]),
        *(("negative", place) for place in example["negatives"]),
    ]
    alike = example["alike"] or [np.nan] * len(places)
    return pd.DataFrame(
        [
            {"patch": name, "row": row, "column": column, "similarity": value}
            for (name, (row, column)), value in zip(places, alike, strict=True)
        ]
    )


def examples(simulated: pd.DataFrame, n: int) -> list[tuple[str, str]]:
    """Subject and phase of the images to show: the first ``n`` subjects of the table, ED and ES in
    turn."""
    return [(name, ("ED", "ES")[k % 2]) for k, name in enumerate(simulated["subject"].unique()[:n])]


def pairs(run: RunFolder, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """A middle slice of the first ``n`` subjects, ED and ES in turn: simulated, to A, to B (each
    (n, row, column)), and names."""
    slices = run.manifest("03_real_cohort", "slices.csv").query("domain == 'simulated'")
    translated = run.manifest(CHAPTER, "translated.csv")
    wanted = examples(slices, n)

    def middle(table: pd.DataFrame) -> np.ndarray:
        table = table.set_index(["subject", "phase"])
        stacks = [as_shown(read_image(run.path / table.loc[key, "image"])) for key in wanted]
        return np.stack([stack[len(stack) // 2] for stack in stacks])

    columns = [
        middle(slices),
        *(middle(translated[translated["vendor"] == vendor]) for vendor in VENDORS),
    ]
    return (*columns, [f"{name}, {phase}" for name, phase in wanted])


def results(run: RunFolder, translated: pd.DataFrame, parameters: TranslationParameters) -> dict:
    """Numbers the prose of chapter 4 quotes."""
    arithmetic = settled(parameters, run.chapter(CHAPTER) / "models" / "A", choose_device())
    values = {
        "n_images_translated": len(translated),
        "n_steps": parameters.n_steps,
        "batch_size": parameters.batch_size,
        "precision": arithmetic.precision,
        "lambda_gan": parameters.lambda_gan,
        "lambda_nce": parameters.lambda_nce,
        "generator_kind": _KINDS[parameters.residual] + _GRAIN[parameters.grain],
        "which_generator": _KEPT[parameters.keep_nearest],
        "grain_kept": _grain_kept(run, parameters),
        "generator_features": parameters.generator_features,
        "residual_blocks": parameters.residual_blocks,
        "learning_rate": parameters.learning_rate,
        "n_patches": parameters.n_patches,
        "temperature": parameters.temperature,
        "generator_parameters": sum(p.numel() for p in generator_of(run, "A").parameters()),
    }
    return values


def _grain_kept(run: RunFolder, parameters: TranslationParameters) -> str:
    if not (parameters.grain and parameters.keep_nearest):
        return "Nothing of it was changed after training"
    shares = {vendor: float(generator_of(run, vendor).grain.share) for vendor in VENDORS}
    return "Of what the generator had learned to add, " + " and ".join(
        f"{100 * share:.0f} % were kept for vendor {vendor}" for vendor, share in shares.items()
    )
