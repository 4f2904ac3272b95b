"""What chapter 2 shows and says of its images."""

import numpy as np
import pandas as pd

from ..data import PHASES, STRUCTURES, RunFolder, read_image, read_labels
from ..population import POPULATION, in_turn
from .chapter import SIMULATION
from .parameters import SimulationParameters


def protocol(parameters: SimulationParameters) -> str:
    """The protocol in one line."""
    p = parameters
    return (
        f"cine bSSFP at {p.field_strength_t:g} T, flip angle {p.flip_angle_deg:g}°, TR"
        f" {p.repetition_time_ms:g} ms, TE {p.echo_time_ms:g} ms"
    )


def anatomy_source(run: RunFolder) -> str:
    """Where the anatomy is from, as chapter 1 says."""
    return run.results(POPULATION.name)["source"]


def examples(run: RunFolder, n: int) -> tuple[list[np.ndarray], list[np.ndarray], list[str]]:
    """A middle slice of ``n`` subjects of different groups at ED and ES, cut to 85 mm about the
    heart.

    Returns:
        Images and labels, each (row, column), and titles.
    """
    manifest = run.manifest(SIMULATION.name).set_index("subject")
    images, labels, titles = [], [], []
    for name, group in list(in_turn(run, manifest.index).items())[:n]:
        image = read_image(run.path / manifest.loc[name, "image"])
        label = read_labels(run.path / manifest.loc[name, "label"]).data
        middle, half = label.shape[2] // 2, round(85 / image.spacing_mm[0])
        centre = np.argwhere(label[:, :, middle].any(axis=-1)).mean(axis=0)
        corner = [max(int(c) - half, 0) for c in centre]
        x, y = (slice(c, c + 2 * half) for c in corner)
        for p, phase in enumerate(PHASES):
            images.append(image.data[x, y, middle, p].T)
            labels.append(label[x, y, middle, p].T)
            titles.append(f"{group}, {phase}")
    return images, labels, titles


def intensities(
    images: list[np.ndarray], labels: list[np.ndarray], titles: list[str]
) -> pd.DataFrame:
    """Mean intensity of each structure in each example: ``title, LV, RV, MYO``."""
    pairs = list(zip(images, labels, strict=True))
    columns = {
        name: [float(image[label == value].mean()) for image, label in pairs]
        for name, value in STRUCTURES.items()
    }
    return pd.DataFrame({"title": titles, **columns})


def example_results(
    manifest: pd.DataFrame, images: list[np.ndarray], labels: list[np.ndarray]
) -> dict:
    """Numbers of the images that the text of chapter 2 quotes; images, labels: of ``examples``."""
    means = intensities(images, labels, [""] * len(images))
    return {
        "n_images": 2 * len(manifest),
        "lv_to_myo_in_examples": float((means["LV"] / means["MYO"]).mean()),
        "rv_to_lv_in_examples": float((means["RV"] / means["LV"]).mean()),
    }


def contrast_results(curves: pd.DataFrame, parameters: SimulationParameters) -> dict:
    """Numbers of the protocol and its contrast that the text of chapter 2 quotes."""
    by_angle = curves.pivot(index="flip_angle_deg", columns="tissue", values="signal")
    best = by_angle.idxmax()
    nearest = np.abs(by_angle.index - parameters.flip_angle_deg).argmin()
    signal = by_angle.iloc[nearest]
    quoted = (
        "flip_angle_deg",
        "repetition_time_ms",
        "echo_time_ms",
        "snr",
        "n_coils",
        "acquired_pixel_mm",
        "reconstructed_pixel_mm",
    )
    return {
        **{name: getattr(parameters, name) for name in quoted},
        "best_flip_angle_blood_deg": best["blood, left"],
        "best_flip_angle_myocardium_deg": best["myocardium"],
        "blood_to_myocardium_signal": float(signal["blood, left"] / signal["myocardium"]),
    }


def grid_means(images: dict[tuple[float, float], np.ndarray]) -> pd.DataFrame:
    """What a grid of protocols shows in numbers: ``repetition_time_ms, flip_angle_deg, mean,
    p99``."""
    rows = [(*key, image.mean(), np.percentile(image, 99)) for key, image in images.items()]
    return pd.DataFrame(rows, columns=["repetition_time_ms", "flip_angle_deg", "mean", "p99"])
