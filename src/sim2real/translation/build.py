"""Every simulated image in the style of each vendor, and the examples that chapter 4 shows."""

import numpy as np
import pandas as pd

from ..core.device import choose_device
from ..core.images import read_image, read_labels
from ..core.labels import MYO, VENDORS
from ..core.parameters import TranslationParameters
from ..core.run import RunFolder
from ..core.slices import as_shown
from ..core.workflow import run_parameters
from .apply import load_generator, translate, translate_images

CHAPTER = "04_translation"


def generator_of(run: RunFolder, vendor: str):
    """The trained generator of a vendor, on the device in use."""
    return load_generator(run.chapter(CHAPTER) / "models" / vendor / "generator.pt", choose_device())


def translate_population(run: RunFolder) -> pd.DataFrame:
    """Translate all simulated images to every vendor; writes ``translated.csv`` (``SLICE_COLUMNS``) and returns it."""
    rows = run.manifest("03_real_cohort", "slices.csv").query("domain == 'simulated'")
    scale = run_parameters(run.path).cohort
    tables = [
        translate_images(run.path, rows, generator_of(run, vendor), vendor, f"{CHAPTER}/translated", choose_device(),
                         scale.low_percentile, scale.high_percentile)
        for vendor in VENDORS
    ]  # fmt: skip
    table = pd.concat(tables, ignore_index=True)
    run.write_manifest(CHAPTER, table, "translated.csv")
    return table


def method_example(run: RunFolder, vendor: str) -> dict:
    """Images and places for Fig. 1: a middle ED slice of the first subject, its translation, a real slice and its identity image.

    The query lies on the LV's wall; the negatives lie in the lung, the liver's side and the chest wall, as far apart as can be.
    """
    slices = run.manifest("03_real_cohort", "slices.csv")
    simulated = slices.query("domain == 'simulated' and phase == 'ED'").iloc[0]
    real = slices.query("domain == 'real' and vendor == @vendor and split == 'train' and phase == 'ED'").iloc[0]
    middle = lambda row: as_shown(read_image(run.path / row["image"]))[1:2]  # noqa: E731
    label = as_shown(read_labels(run.path / simulated["label"]))[1]
    source, target, generator = middle(simulated), middle(real), generator_of(run, vendor)
    wall = np.argwhere(label == MYO)
    query = wall[np.argmax(wall[:, 1])]  # the lateral wall
    rows, columns = label.shape
    negatives = [(rows // 5, columns // 4), (rows * 4 // 5, columns // 4), (rows * 4 // 5, columns * 3 // 4)]
    return {
        "source": source[0], "translated": translate(generator, source, choose_device())[0], "real": target[0],
        "identity": translate(generator, target, choose_device())[0], "query": tuple(int(v) for v in query), "negatives": negatives,
    }  # fmt: skip


def method_places(example: dict) -> pd.DataFrame:
    """Where Fig. 1's patches lie: ``patch, row, column``."""
    places = [("query and positive", example["query"]), *(("negative", place) for place in example["negatives"])]
    return pd.DataFrame([{"patch": name, "row": row, "column": column} for name, (row, column) in places])


def pairs(run: RunFolder, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """A middle slice of the first ``n`` subjects, ED and ES in turn: simulated, to A, to B (each (n, row, column)), and names."""
    slices = run.manifest("03_real_cohort", "slices.csv").query("domain == 'simulated'")
    translated = run.manifest(CHAPTER, "translated.csv")
    wanted = [(name, ("ED", "ES")[k % 2]) for k, name in enumerate(slices["subject"].unique()[:n])]

    def middle(table: pd.DataFrame) -> np.ndarray:
        table = table.set_index(["subject", "phase"])
        stacks = [as_shown(read_image(run.path / table.loc[key, "image"])) for key in wanted]
        return np.stack([stack[len(stack) // 2] for stack in stacks])

    columns = [middle(slices), *(middle(translated[translated["vendor"] == vendor]) for vendor in VENDORS)]
    return (*columns, [f"{name}, {phase}" for name, phase in wanted])


def results(run: RunFolder, translated: pd.DataFrame, parameters: TranslationParameters) -> dict:
    """Numbers the prose of chapter 4 quotes."""
    values = {
        "n_images_translated": len(translated), "n_steps": parameters.n_steps, "batch_size": parameters.batch_size, "precision": parameters.precision,
        "generator_features": parameters.generator_features, "residual_blocks": parameters.residual_blocks, "learning_rate": parameters.learning_rate,
        "n_patches": parameters.n_patches, "temperature": parameters.temperature,
        "generator_parameters": sum(p.numel() for p in generator_of(run, "A").parameters()),
    }  # fmt: skip
    return values
