"""What chapter 2 shows and says of its images."""

import numpy as np
import pandas as pd

from ..data.images import read_image, read_labels
from ..data.labels import LV, MYO, PHASES, RV
from ..data.run import RunFolder
from .parameters import SimulationParameters


def protocol(parameters: SimulationParameters) -> str:
    """The protocol in one line."""
    p = parameters
    return (
        f"cine bSSFP at {p.field_strength_t:g} T, flip angle {p.flip_angle_deg:g}°, TR"
        f" {p.repetition_time_ms:g} ms, TE {p.echo_time_ms:g} ms"
    )


def source(run: RunFolder) -> str:
    """Where the anatomy is from, as chapter 1 says."""
    return run.results("01_virtual_population")["source"]


def examples(run: RunFolder, names) -> tuple[list[np.ndarray], list[np.ndarray], list[str]]:
    """(images, labels, titles) of a middle slice of each subject at ED and ES, (row, column), cut
    to 85 mm about the heart."""
    manifest = run.manifest("02_mr_simulation").set_index("subject")
    images, labels, titles = [], [], []
    for name in names:
        image, label = (
            read_image(run.path / manifest.loc[name, "image"]),
            read_labels(run.path / manifest.loc[name, "label"]),
        )
        middle = image.data.shape[2] // 2
        inside = np.argwhere(label.data[:, :, middle].any(axis=-1))
        half = round(85 / image.spacing_mm[0])
        x, y = (max(int(c) - half, 0) for c in inside.mean(axis=0))
        for p, phase in enumerate(PHASES):
            images.append(image.data[x : x + 2 * half, y : y + 2 * half, middle, p].T)
            labels.append(label.data[x : x + 2 * half, y : y + 2 * half, middle, p].T)
            titles.append(f"{name}, {phase}")
    return images, labels, titles


def intensities(
    images: list[np.ndarray], labels: list[np.ndarray], titles: list[str]
) -> pd.DataFrame:
    """Mean intensity of each structure in each example: ``title, LV, RV, MYO``."""
    rows = []
    for image, label, title in zip(images, labels, titles, strict=True):
        means = {
            name: float(image[label == value].mean()) if (label == value).any() else float("nan")
            for name, value in (("LV", LV), ("RV", RV), ("MYO", MYO))
        }
        rows.append({"title": title, **means})
    return pd.DataFrame(rows)


def example_results(
    manifest: pd.DataFrame, images: list[np.ndarray], labels: list[np.ndarray]
) -> dict:
    """Numbers of the images that the text of chapter 2 quotes; images, labels: of ``examples``."""
    means = intensities(images, labels, ["" for _ in images])
    return {
        "n_images": 2 * len(manifest),
        "lv_to_myo_in_examples": float((means["LV"] / means["MYO"]).mean()),
        "rv_to_lv_in_examples": float((means["RV"] / means["LV"]).mean()),
    }


def contrast_results(curves: pd.DataFrame, parameters: SimulationParameters) -> dict:
    """Numbers of the protocol and its contrast that the text of chapter 2 quotes."""
    peak = curves.loc[curves.groupby("tissue")["signal"].idxmax()].set_index("tissue")[
        "flip_angle_deg"
    ]
    at = (
        curves.iloc[
            (curves["flip_angle_deg"] - parameters.flip_angle_deg).abs().argsort(kind="stable")
        ]
        .groupby("tissue")
        .first()["signal"]
    )
    return {
        "flip_angle_deg": parameters.flip_angle_deg,
        "repetition_time_ms": parameters.repetition_time_ms,
        "echo_time_ms": parameters.echo_time_ms,
        "snr": parameters.snr,
        "n_coils": parameters.n_coils,
        "acquired_pixel_mm": parameters.acquired_pixel_mm,
        "reconstructed_pixel_mm": parameters.reconstructed_pixel_mm,
        "best_flip_angle_blood_deg": peak["blood, left"],
        "best_flip_angle_myocardium_deg": peak["myocardium"],
        "blood_to_myocardium_signal": float(at["blood, left"] / at["myocardium"]),
    }


LEVELS = {
    "painted": "signal of each label",
    "measured": "coils, k-space, noise",
    "physics": "slab, field, T2', B1",
    "living": "texture, flow, motion",
}


def level_table(levels: list[tuple[str, np.ndarray]]) -> pd.DataFrame:
    """Numbers of the four levels: ``level, mean, sd, gradient`` (mean absolute step between
    neighbours over the mean)."""
    rows = []
    for title, image in levels:
        step = np.abs(np.diff(image, axis=0)).mean() + np.abs(np.diff(image, axis=1)).mean()
        rows.append(
            {
                "level": title,
                "mean": float(image.mean()),
                "sd": float(image.std()),
                "gradient": float(step / 2 / image.mean()),
            }
        )
    return pd.DataFrame(rows)


def grid_means(images: dict[tuple[float, float], np.ndarray]) -> pd.DataFrame:
    """What a grid of protocols shows in numbers: ``repetition_time_ms, flip_angle_deg, mean,
    p99``."""
    return pd.DataFrame(
        [
            {
                "repetition_time_ms": tr,
                "flip_angle_deg": angle,
                "mean": float(image.mean()),
                "p99": float(np.percentile(image, 99)),
            }
            for (tr, angle), image in images.items()
        ]
    )
