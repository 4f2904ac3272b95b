"""Both domains, real and simulated, on the analysis grid: images of four mid-ventricular slices at
ED and at ES.

A real stack goes through ``upright`` (whole turns and flips, nothing resampled), the choice of its
middle slices, resampling in plane (``to_grid``; ``from_grid`` goes back) and the scaling of its
intensities between two percentiles of all its slices.
"""

from functools import partial
from pathlib import Path

import pandas as pd

from ..data.code import science_digest
from ..data.errors import Sim2RealError
from ..data.files import write_table
from ..data.images import Image, normalise, read_image, read_labels, write_image
from ..data.labels import PHASES
from ..data.resumable import fingerprint_of, resumable_folder
from ..data.run import RunFolder
from ..data.slices import SLICE_COLUMNS, as_shown
from ..data.workers import map_in_order
from ..metrics.measures import slice_measures
from .cases import Case, Cohort, LeftOut, left_out_table
from .grid import Grid, TooFewSlices, field_centre, heart_centre, mid_ventricular, to_grid, upright
from .parameters import CohortParameters

CHAPTER = "03_real_cohort"


def prepare_real(run: RunFolder, cohort: Cohort, parameters: CohortParameters) -> pd.DataFrame:
    """Write every real subject's images on the grid, cropped as ``crop_centre`` says; rows as
    SLICE_COLUMNS.

    A subject with too few mid-ventricular slices is left out; it is named with the cohort's own in
    ``left_out.csv`` (``LEFT_OUT_COLUMNS``), and their number is printed. Raises Sim2RealError for
    the first unreadable file and when no subject remains of a vendor's training or test split.
    """
    stamps = [
        (str(file), file.stat().st_size, file.stat().st_mtime_ns, case.ed.index, case.es.index)
        for case in cohort.cases
        for file in case.files
    ]
    folder = _folder(run, "real", parameters, stamps)
    work = partial(_prepare_case, folder=folder, parameters=parameters)
    results = map_in_order(work, cohort.cases, name="real images to the grid", unit="subject")
    left_out = cohort.left_out + [result for result in results if isinstance(result, LeftOut)]
    write_table(run.chapter(CHAPTER) / "left_out.csv", left_out_table(left_out))
    if left_out:
        print(f"{len(left_out)} subjects left out, named with the reason in left_out.csv")
    table = _table(results)
    _require_remaining(cohort.cases, table)
    return table


def _table(results: list[list[dict] | LeftOut]) -> pd.DataFrame:
    return pd.DataFrame(
        [row for result in results if not isinstance(result, LeftOut) for row in result],
        columns=SLICE_COLUMNS,
    )


def _require_remaining(cases: list[Case], table: pd.DataFrame) -> None:
    remaining = set(zip(table["vendor"], table["split"], strict=True))
    for vendor, split in sorted(
        {(case.vendor, case.split) for case in cases if case.split in ("train", "test")} - remaining
    ):
        n = sum((case.vendor, case.split) == (vendor, split) for case in cases)
        raise Sim2RealError(
            f"{CHAPTER}/left_out.csv: all {n} subjects of vendor {vendor} in split '{split}' are"
            " left out; lower cohort.n_slices or add subjects"
        )


def prepare_simulated(
    run: RunFolder, parameters: CohortParameters
) -> tuple[pd.DataFrame, list[LeftOut]]:
    """(rows, subjects with too few mid-ventricular slices) of the simulated images, cropped round
    the box of the heart's labels.

    All are training material. Raises Sim2RealError when no subject remains.
    """
    manifest = run.manifest("02_mr_simulation")
    folder = _folder(run, "simulated", parameters, manifest["made_with"].iloc[0])
    work = partial(_prepare_simulated_subject, run=run.path, folder=folder, parameters=parameters)
    results = map_in_order(
        work, manifest.to_dict("records"), name="simulated images to the grid", unit="subject"
    )
    table, left_out = _table(results), [result for result in results if isinstance(result, LeftOut)]
    if table.empty:
        raise Sim2RealError(
            f"all {len(left_out)} virtual subjects are left out ({left_out[0].reason}); lower"
            " cohort.n_slices"
        )
    return table, left_out


def _folder(run: RunFolder, domain: str, parameters: CohortParameters, source: object) -> Path:
    grid = parameters.model_dump(
        mode="json", exclude={"mnms_root", "acdc_root", "surrogate_train", "surrogate_test"}
    )
    return resumable_folder(
        run.chapter(CHAPTER) / "slices" / domain,
        fingerprint_of(grid, source, science_digest(__name__)),
    )


def _prepare_case(case: Case, folder: Path, parameters: CohortParameters) -> list[dict] | LeftOut:
    rows = _rows("real", case.vendor, case.subject, case.split)
    if not _all_there(folder, rows):
        pairs = _turned([case.read(phase) for phase in PHASES])
        try:
            _write(pairs, parameters.crop_centre, rows, folder, parameters)
        except TooFewSlices as fault:
            return LeftOut(case.subject, case.vendor, case.split, fault.reason)
    return rows


def _prepare_simulated_subject(
    row: dict, run: Path, folder: Path, parameters: CohortParameters
) -> list[dict] | LeftOut:
    rows = _rows("simulated", "", row["subject"], "train")
    if not _all_there(folder, rows):
        image, label = read_image(run / row["image"]), read_labels(run / row["label"])
        pairs = _turned(
            [
                (Image(image.data[..., p], image.affine), Image(label.data[..., p], label.affine))
                for p in range(len(PHASES))
            ]
        )
        try:
            _write(pairs, "heart", rows, folder, parameters)
        except TooFewSlices as fault:
            return LeftOut(row["subject"], "", "train", fault.reason)
    return rows


def _turned(pairs: list[tuple[Image, Image]]) -> list[tuple[Image, Image]]:
    """Both phases upright, turned alike: as the label at ED says."""
    return [upright(image, label, guide=pairs[0][1]) for image, label in pairs]


def _write(
    pairs: list[tuple[Image, Image]],
    crop_centre: str,
    rows: list[dict],
    folder: Path,
    parameters: CohortParameters,
) -> None:
    grid = Grid.of(parameters)
    labels = [label.data for _, label in pairs]
    middle = mid_ventricular(labels, parameters.n_slices, rows[0]["subject"])
    centre = heart_centre(labels) if crop_centre == "heart" else field_centre(pairs[0][0])
    for (image, label), row in zip(pairs, rows, strict=True):
        chosen = [_slices(stack, middle) for stack in (image, label)]
        on_grid, label_on_grid = (
            to_grid(chosen[0], centre, grid),
            to_grid(chosen[1], centre, grid, is_label=True),
        )
        values = normalise(on_grid.data, parameters.low_percentile, parameters.high_percentile)
        write_table(
            folder / Path(measures_path(row["image"])).name, _measured(on_grid, label_on_grid)
        )
        write_image(folder / Path(row["label"]).name, label_on_grid)
        write_image(folder / Path(row["image"]).name, Image(values, on_grid.affine))


def measures_path(image: str) -> str:
    """Where the measures of an image's slices lie, taken before its normalisation: a row a slice,
    columns ``SLICE_MEASURES``."""
    return image.removesuffix(".nii.gz") + "_measures.csv"


def _measured(image: Image, label: Image) -> pd.DataFrame:
    pixel_mm = image.spacing_mm[1::-1]  # row, column
    return pd.DataFrame(
        [
            slice_measures(*pair, pixel_mm)
            for pair in zip(as_shown(image), as_shown(label), strict=True)
        ]
    )


def _slices(stack: Image, indices: list[int]) -> Image:
    affine = stack.affine.copy()
    affine[:3, 3] += affine[:3, 2] * indices[0]
    return Image(stack.data[:, :, indices], affine)


def _rows(domain: str, vendor: str, subject: str, split: str) -> list[dict]:
    base = f"{CHAPTER}/slices/{domain}/{subject}"
    return [
        dict(
            zip(
                SLICE_COLUMNS,
                (
                    domain,
                    vendor,
                    subject,
                    phase,
                    split,
                    f"{base}_{phase}.nii.gz",
                    f"{base}_{phase}_gt.nii.gz",
                ),
                strict=True,
            )
        )
        for phase in PHASES
    ]


def _all_there(folder: Path, rows: list[dict]) -> bool:
    return all(
        (folder / Path(row[kind]).name).exists() for row in rows for kind in ("image", "label")
    )
