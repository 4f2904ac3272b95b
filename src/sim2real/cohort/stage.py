"""Both domains, real and simulated, on the analysis grid: images of four mid-ventricular slices at
ED and at ES.

A stack goes through ``upright`` (whole turns and flips, nothing resampled), resampling in plane
(``to_grid``; ``from_grid`` goes back), the scaling of its intensities between two percentiles of
all its slices, and the choice of the middle ones. Where its heart lies and how it is turned, its
labels tell if it is there to be learned from; in a test image, and in one that counts as
unlabelled, the heart is found without them (``find_heart``).
"""

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from ..data import (
    PHASES,
    SLICE_COLUMNS,
    Image,
    RunFolder,
    Sim2RealError,
    as_shown,
    fingerprint_of,
    generator,
    load_slices,
    map_in_order,
    normalise,
    read_image,
    read_labels,
    resumable_folder,
    science_digest,
    write_image,
    write_table,
)
from ..metrics import slice_measures
from ..population import POPULATION, labels_of
from ..simulation import SIMULATION, random_contrast
from .cases import Case, Cohort, LeftOut
from .chapter import COHORT
from .finder import find_heart
from .grid import (
    Grid,
    TooFewSlices,
    field_centre,
    heart_centre,
    is_oriented,
    mid_ventricular,
    to_grid,
    upright,
)
from .parameters import CohortParameters

VIRTUAL = ("simulated", "randomised")
"""Domains of virtual subjects."""
RELOCATED = {"unlabelled": "train", "oracle": "test"}
"""Domain and split of real images that are made twice where hearts must be found: training images
without the help of their labels, to learn a translation from, and test images with it."""
Task = tuple[str, str, str, Callable[[], list[tuple[Image, ...]]]]
"""Vendor, subject and split, and what gives image and label of each phase, (x, y, slice)."""


def prepare(run: RunFolder, cohort: Cohort, parameters: CohortParameters) -> pd.DataFrame:
    """Simulated and real images on the analysis grid; writes ``slices.csv`` (``SLICE_COLUMNS``) and
    returns it.

    ``left_out.csv`` beside it names the subjects that are not in it, and why; ``relocated.csv``
    has the images of ``prepare_relocated``.
    """
    simulated, too_short = prepare_simulated(run, parameters)
    real = prepare_real(run, cohort + Cohort(left_out=too_short), parameters)
    again = [prepare_relocated(run, cohort, parameters, domain) for domain in RELOCATED]
    run.write_manifest(COHORT.name, pd.concat(again, ignore_index=True), "relocated.csv")
    slices = pd.concat([simulated, real], ignore_index=True)
    run.write_manifest(COHORT.name, slices, "slices.csv")
    if cut := cut_hearts(run.path, real):
        centred = "" if parameters.crop_centre == "heart" else "cohort.crop_centre=heart or "
        print(
            f"{len(cut)} real subjects have a heart that the grid's border may cut"
            f" ({', '.join(cut[:5])}{', ...' if len(cut) > 5 else ''}); {centred}more"
            " cohort.grid_pixels keep it whole"
        )
    return slices


def cut_hearts(run: Path, slices: pd.DataFrame) -> list[str]:
    """Subjects with a label on the outermost row or column of the grid."""
    labels = [load_slices(run, slices.iloc[[k]], "label") > 0 for k in range(len(slices))]
    at_border = [heart[:, [0, -1]].any() or heart[:, :, [0, -1]].any() for heart in labels]
    return list(dict.fromkeys(slices["subject"][at_border]))


def prepare_real(
    run: RunFolder, cohort: Cohort, parameters: CohortParameters, into: str = COHORT.name
) -> pd.DataFrame:
    """Write every real subject's images on the grid, cropped as ``crop_centre`` says, to the
    chapter's folder ``into`` of the run.

    A subject with too few mid-ventricular slices is left out; it is named with the cohort's own in
    ``left_out.csv``, and their number is printed.

    Returns:
        Rows as ``SLICE_COLUMNS``.

    Raises:
        Sim2RealError: for the first unreadable file, and when no subject remains of a vendor's
            training or test split.
    """
    table, too_short = _prepare_cases(run, cohort.cases, parameters, into, "real")
    columns = [column.name for column in fields(LeftOut)]
    left_out = pd.DataFrame(cohort.left_out + too_short, columns=columns)
    run.write_manifest(into, left_out, "left_out.csv")
    for note in cohort.notes:
        print(note)
    if len(left_out):
        print(f"{len(left_out)} subjects left out, named with the reason in left_out.csv")
    remaining = set(zip(table["vendor"], table["split"], strict=True))
    groups = [(case.vendor, case.split) for case in cohort.cases if case.split != "validation"]
    for vendor, split in sorted(set(groups) - remaining):
        raise Sim2RealError(
            f"{into}/left_out.csv: all {groups.count((vendor, split))} subjects of vendor"
            f" {vendor} in split '{split}' are left out; lower cohort.n_slices or add subjects"
        )
    return table


def prepare_relocated(
    run: RunFolder,
    cohort: Cohort,
    parameters: CohortParameters,
    domain: str,
    into: str = COHORT.name,
) -> pd.DataFrame:
    """Write real images once more, with their hearts located the other way.

    Subjects for which this makes no difference, since their headers tell how they lie and they are
    cropped about the middle of the field, are not among them.

    Args:
        run: whose chapter ``into`` takes the images.
        cohort: of which ``prepare_real`` has made the domain ``real``.
        parameters: of chapter 3.
        domain: of ``RELOCATED``.
        into: name of a chapter.

    Returns:
        Rows as ``SLICE_COLUMNS``.
    """
    cases = [
        case
        for case in cohort.cases
        if case.split == RELOCATED[domain] and must_be_found(case.read_image("ED"), parameters)
    ]
    return _prepare_cases(run, cases, parameters, into, domain)[0]


def unlabelled_images(run: RunFolder, vendor: str) -> pd.DataFrame:
    """Rows of a vendor's real training images for what learns without their labels: ``unlabelled``
    ones where their hearts had to be found."""
    real = run.manifest(COHORT.name, "slices.csv").query(
        "domain == 'real' and vendor == @vendor and split == 'train'"
    )
    again = run.manifest(COHORT.name, "relocated.csv").query("domain == 'unlabelled'")
    found = again[again["subject"].isin(real["subject"])]
    rest = real[~real["subject"].isin(found["subject"])]
    return pd.concat([rest, found], ignore_index=True)


def _prepare_cases(
    run: RunFolder, cases: list[Case], parameters: CohortParameters, into: str, domain: str
) -> tuple[pd.DataFrame, list[LeftOut]]:
    tasks = [(case.vendor, case.subject, case.split, partial(_read_case, case)) for case in cases]
    stamps, path = [case.stamp for case in cases], f"{into}/slices/{domain}"
    return _prepare(run, tasks, path, parameters, stamps, f"{domain} images to the grid")


def prepare_simulated(
    run: RunFolder, parameters: CohortParameters
) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Write the simulated images on the grid, cropped round the box of the heart's labels; all are
    training material.

    Returns:
        Rows as ``SLICE_COLUMNS``, and the subjects with too few mid-ventricular slices.

    Raises:
        Sim2RealError: when no subject remains.
    """
    manifest = run.manifest(SIMULATION.name)
    made_with, path = manifest["made_with"].iloc[0], f"{COHORT.name}/slices/simulated"
    tasks = [
        ("", row["subject"], "train", partial(_read_simulated, row, run.path))
        for row in manifest.to_dict("records")
    ]
    name = "simulated images to the grid"
    table, too_short = _prepare(run, tasks, path, parameters, made_with, name)
    if table.empty:
        raise Sim2RealError(
            f"all {len(too_short)} virtual subjects are left out ({too_short[0].reason}); lower"
            " cohort.n_slices"
        )
    return table, too_short


def prepare_randomised(
    run: RunFolder, parameters: CohortParameters, n_draws: int, into: str
) -> pd.DataFrame:
    """Write images of random contrast of every virtual subject on the grid, laid out, cropped and
    turned as the simulated ones, to the chapter's folder ``into`` of the run.

    A subject with too few mid-ventricular slices is left out, as it is of the simulated ones.

    Args:
        run: with the structure maps of chapter 1.
        parameters: of chapter 3.
        n_draws: images of each subject and phase.
        into: name of a chapter.

    Returns:
        Rows as ``SLICE_COLUMNS``, domain ``randomised``, subject ``<virtual subject>-<draw>``.
    """
    manifest = run.manifest(POPULATION.name)
    source = [manifest["made_with"].iloc[0], science_digest("sim2real.simulation.random_contrast")]
    tasks = [
        ("", f"{row['subject']}-{draw}", "train", partial(_read_draw, row, draw, run.path))
        for row, draw in product(manifest.to_dict("records"), range(n_draws))
    ]
    path, name = f"{into}/slices/randomised", "images of random contrast"
    return _prepare(run, tasks, path, parameters, source, name, unit="image")[0]


def _prepare(
    run: RunFolder,
    tasks: list[Task],
    path: str,
    parameters: CohortParameters,
    source: object,
    name: str,
    unit: str = "subject",
) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Write the images of every task into the folder ``path`` of the run, which is emptied first
    where it was made otherwise; the rows, and the subjects with too few slices.

    source: what the images are made of; name, unit: of the progress bar.
    """
    grid = parameters.model_dump(
        mode="json", exclude={"mnms_root", "acdc_root", "surrogate_train", "surrogate_test"}
    )
    made_with = fingerprint_of(grid, source, science_digest(__name__))
    folder = resumable_folder(run.path / path, made_with)
    work = partial(_prepare_subject, run=run.path, folder=folder, parameters=parameters)
    results = map_in_order(work, tasks, name=name, unit=unit)
    rows = [row for result in results if isinstance(result, list) for row in result]
    left_out = [result for result in results if isinstance(result, LeftOut)]
    return pd.DataFrame(rows, columns=SLICE_COLUMNS), left_out


def _read_case(case: Case) -> list[tuple[Image, Image]]:
    return [case.read(phase) for phase in PHASES]


def _read_simulated(row: dict, run: Path) -> list[tuple[Image, ...]]:
    stacks = read_image(run / row["image"]), read_labels(run / row["label"])
    return [
        tuple(Image(stack.data[..., p], stack.affine) for stack in stacks)
        for p in range(len(PHASES))
    ]


def _read_draw(row: dict, draw: int, run: Path) -> list[tuple[Image, Image]]:
    maps = read_labels(run / row["structures"])
    rng = generator(0, "random contrast", row["subject"], draw)
    middle = maps.data.shape[4] // 2
    return [
        (
            random_contrast(Image(maps.data[:, :, :, p], maps.affine), rng),
            Image(labels_of(maps.data[:, :, :, p, middle]), maps.affine),
        )
        for p in range(len(PHASES))
    ]


def _rows(folder: Path, vendor: str, subject: str, split: str) -> list[dict]:
    """A row a phase; ``folder``, in the run, is named after the domain."""
    base = f"{folder.as_posix()}/{subject}"
    return [
        {
            "domain": folder.name,
            "vendor": vendor,
            "subject": subject,
            "phase": phase,
            "split": split,
            "image": f"{base}_{phase}.nii.gz",
            "label": f"{base}_{phase}_gt.nii.gz",
        }
        for phase in PHASES
    ]


def _prepare_subject(
    task: Task, run: Path, folder: Path, parameters: CohortParameters
) -> list[dict] | LeftOut:
    """Rows of the subject's images, their files written where they are not there. Both phases are
    turned alike and cropped about one centre."""
    vendor, subject, split, read = task
    rows = _rows(folder.relative_to(run), vendor, subject, split)
    file_of = lambda path: folder / Path(path).name
    if all(file_of(row[kind]).exists() for row in rows for kind in ("image", "label")):
        return rows
    pairs, domain = read(), rows[0]["domain"]
    guides = _guides(rows[0], pairs, parameters)
    # virtual subjects are turned as if their headers told nothing, to resemble images of that kind
    turn = partial(upright, guide=next(iter(guides), None), always=domain in VIRTUAL)
    pairs = [turn(*pair) for pair in pairs]
    labels = [label.data for _, label in pairs]
    try:
        middle = _middle(labels, domain, parameters.n_slices)
    except TooFewSlices as fault:
        return LeftOut(subject, vendor, split, fault.reason)
    centre = field_centre(pairs[0][0])
    about_heart = domain in VIRTUAL or parameters.crop_centre == "heart"
    if about_heart and any(guide.data.any() for guide in guides):
        centre = heart_centre([turn(guide)[0].data for guide in guides])
    grid = Grid.of(parameters)
    for (image, label), row in zip(pairs, rows, strict=True):
        image = to_grid(image, centre, grid)
        values = normalise(image.data, parameters.low_percentile, parameters.high_percentile)
        image, values = _slices(image, middle), _slices(Image(values, image.affine), middle)
        label = to_grid(_slices(label, middle), centre, grid, is_label=True)
        pixel_mm = image.spacing_mm[1::-1]  # row, column
        planes = zip(as_shown(image), as_shown(label), strict=True)
        measures = pd.DataFrame([slice_measures(*pair, pixel_mm) for pair in planes])
        write_table(file_of(measures_path(row["image"])), measures)
        write_image(file_of(row["label"]), label)
        write_image(file_of(row["image"]), values)
    return rows


def _guides(
    row: dict, pairs: list[tuple[Image, Image]], parameters: CohortParameters
) -> list[Image]:
    """Labels that tell where a subject's heart is: its own where it is training material, else
    those found in its image at ED; none where nothing needs to be found."""
    if row["domain"] == "unlabelled" or (row["domain"], row["split"]) == ("real", "test"):
        image = pairs[0][0]
        return [find_heart(image)] if must_be_found(image, parameters) else []
    return [label for _, label in pairs]


def _middle(labels: list[np.ndarray], domain: str, count: int) -> list[int]:
    """Indices of the middle slices: of the heart, as the labels tell, or of the whole stack."""
    n_slices = labels[0].shape[2]
    if domain != "unlabelled" or n_slices < count:
        return mid_ventricular(labels, count, "")
    start = (n_slices - count) // 2
    return list(range(start, start + count))


def must_be_found(image: Image, parameters: CohortParameters) -> bool:
    """Whether the header of an image does not tell all that its place on the grid depends on: how
    it is turned, and where the heart is if the crop asks for it."""
    return parameters.crop_centre == "heart" or not is_oriented(image.affine)


def measures_path(image: str) -> str:
    """Where the measures of an image's slices lie, taken before its normalisation: a row a slice,
    columns ``SLICE_MEASURES``."""
    return image.removesuffix(".nii.gz") + "_measures.csv"


def _slices(stack: Image, indices: list[int]) -> Image:
    affine = stack.affine.copy()
    affine[:3, 3] += affine[:3, 2] * indices[0]
    return Image(stack.data[:, :, indices], affine)
