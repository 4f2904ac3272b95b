"""Both domains, real and simulated, on the analysis grid: images of four mid-ventricular slices at ED and at ES."""

from functools import partial
from pathlib import Path

import pandas as pd

from ..core.code import code_fingerprint
from ..core.images import Image, normalise, read_image, read_labels, write_image
from ..core.labels import PHASES
from ..core.parameters import CohortParameters
from ..core.resumable import fingerprint_of, resumable_folder
from ..core.run import RunFolder
from ..core.slices import SLICE_COLUMNS
from ..core.workers import map_in_order
from .grid import Grid, field_centre, heart_centre, mid_ventricular, to_grid, upright
from .mnms import Case

CHAPTER = "03_real_cohort"


def prepare_real(run: RunFolder, cases: list[Case], parameters: CohortParameters) -> pd.DataFrame:
    """Write every case's images on the grid, cropped round the middle of the field of view; rows as SLICE_COLUMNS.

    Raises Sim2RealError for the first unreadable file.
    """
    stamps = [(str(case.image), case.image.stat().st_size, case.image.stat().st_mtime_ns, case.ed, case.es) for case in cases]
    folder = _folder(run, "real", parameters, stamps)
    work = partial(_prepare_case, folder=folder, parameters=parameters)
    rows = [row for pair in map_in_order(work, cases, name="real images to the grid", unit="subject") for row in pair]
    return pd.DataFrame(rows, columns=SLICE_COLUMNS)


def prepare_simulated(run: RunFolder, parameters: CohortParameters) -> pd.DataFrame:
    """The same for the simulated images, cropped round the box of the heart's labels. All are training material."""
    made_with = (run.chapter("02_mr_simulation") / "images" / ".made_with").read_text(encoding="utf-8")
    folder = _folder(run, "simulated", parameters, made_with)
    work = partial(_prepare_simulated_subject, run=run.path, folder=folder, parameters=parameters)
    manifest = run.manifest("02_mr_simulation").to_dict("records")
    rows = [row for pair in map_in_order(work, manifest, name="simulated images to the grid", unit="subject") for row in pair]
    return pd.DataFrame(rows, columns=SLICE_COLUMNS)


def _folder(run: RunFolder, domain: str, parameters: CohortParameters, source: object) -> Path:
    grid = parameters.model_dump(mode="json", exclude={"mnms_root", "surrogate_train", "surrogate_test"})
    return resumable_folder(run.chapter(CHAPTER) / "slices" / domain, fingerprint_of(grid, source, code_fingerprint(__name__)))


def _prepare_case(case: Case, folder: Path, parameters: CohortParameters) -> list[dict]:
    rows = _rows("real", case.vendor, case.subject, case.split)
    if not _all_there(folder, rows):
        pairs = [upright(*case.read(phase)) for phase in PHASES]
        _write(pairs, None, rows, folder, parameters)
    return rows


def _prepare_simulated_subject(row: dict, run: Path, folder: Path, parameters: CohortParameters) -> list[dict]:
    rows = _rows("simulated", "", row["subject"], "train")
    if not _all_there(folder, rows):
        image, label = read_image(run / row["image"]), read_labels(run / row["label"])
        pairs = [(Image(image.data[..., p], image.affine), Image(label.data[..., p], label.affine)) for p in range(len(PHASES))]
        pairs = [upright(*pair) for pair in pairs]
        _write(pairs, heart_centre([pair[1].data for pair in pairs]), rows, folder, parameters)
    return rows


def _write(pairs: list[tuple[Image, Image]], centre: tuple[float, float] | None, rows: list[dict], folder: Path, parameters: CohortParameters
           ) -> None:  # fmt: skip
    grid = Grid(parameters.grid_pixels, parameters.pixel_size_mm)
    middle = mid_ventricular([label.data for _, label in pairs], parameters.n_slices, rows[0]["subject"])
    for (image, label), row in zip(pairs, rows, strict=True):
        chosen = [_slices(stack, middle) for stack in (image, label)]
        at = centre or field_centre(image)
        on_grid = to_grid(chosen[0], at, grid)
        values = normalise(on_grid.data, parameters.low_percentile, parameters.high_percentile)
        write_image(folder / Path(row["label"]).name, to_grid(chosen[1], at, grid, is_label=True))
        write_image(folder / Path(row["image"]).name, Image(values, on_grid.affine))


def _slices(stack: Image, indices: list[int]) -> Image:
    affine = stack.affine.copy()
    affine[:3, 3] += affine[:3, 2] * indices[0]
    return Image(stack.data[:, :, indices], affine)


def _rows(domain: str, vendor: str, subject: str, split: str) -> list[dict]:
    base = f"{CHAPTER}/slices/{domain}/{subject}"
    return [
        dict(
            zip(SLICE_COLUMNS, (domain, vendor, subject, phase, split, f"{base}_{phase}.nii.gz", f"{base}_{phase}_gt.nii.gz"), strict=True)
        )
        for phase in PHASES
    ]


def _all_there(folder: Path, rows: list[dict]) -> bool:
    return all((folder / Path(row[kind]).name).exists() for row in rows for kind in ("image", "label"))
