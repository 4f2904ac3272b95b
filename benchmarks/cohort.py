"""How long does a cohort of the challenge's size take, and how much memory? Reading, checking, and
the way to the grid.

    python benchmarks/cohort.py [subjects, e.g. 20]

Makes subjects of 256 x 256 voxels, 12 slices and 25 phases (int16, gzip) in a temporary folder,
then measures on two cores, each step in a process of its own: headers (what `sim2real run` looks at
first), preparing (all of chapter 3's reading and resampling) and `sim2real cohort check`. Seconds
for 150 subjects are extrapolated in proportion, less the start of the processes. Peak memory is the
largest sum over a process and its workers, as in benchmarks/peak.py.
"""

import sys
import tempfile
from pathlib import Path
from time import perf_counter

import nibabel as nib
import numpy as np
import pandas as pd
from peak import CORES, watched

SHAPE = (256, 256, 12, 25)
PAPER = 150
STEPS = ("headers", "prepare", "check")


def make(root: Path, n_subjects: int) -> None:
    """A cohort in the layout of M&Ms: discs in noise, as hard to unpack as scanners' images are."""
    x, y = np.ogrid[:256, :256]
    radius = np.hypot(x - 128, y - 128)
    label = np.zeros(SHAPE, np.uint8)
    for phase, size in ((0, 20), (10, 14)):
        plane = np.where(
            radius < size,
            1,
            np.where(radius < 28, 2, np.where(np.hypot(x - 95, y - 120) < 18, 3, 0)),
        )
        label[..., 1:11, phase] = plane[..., None]
    rows = []
    for k in range(n_subjects):
        rng = np.random.default_rng(k)
        noise = rng.normal(100, 30, (256, 256, 12)).astype(np.float32)
        image = (
            np.stack([np.roll(noise, p, axis=0) for p in range(SHAPE[3])], axis=3)
            + 200 * (radius < 20)[..., None, None]
        )
        vendor, part = "AB"[k % 2], "Training/Labeled" if k % 4 < 2 else "Testing"
        code = f"S{k:04d}"
        (root / part / code).mkdir(parents=True)
        affine = np.diag([-1.3, -1.3, 10, 1])
        nib.save(
            nib.Nifti1Image(np.clip(image, 0, None).astype(np.int16), affine),
            root / part / code / f"{code}_sa.nii.gz",
        )
        nib.save(nib.Nifti1Image(label, affine), root / part / code / f"{code}_sa_gt.nii.gz")
        rows.append({"External code": code, "Vendor": vendor, "ED": 0, "ES": 10})
    pd.DataFrame(rows).to_csv(root / "211230_M&Ms_Dataset_information_diagnosis_opendataset.csv")


def work(step: str, root: str) -> None:
    """One step over the whole folder."""
    from sim2real.cohort import CohortParameters, check_cohort, prepare_real, survey_mnms
    from sim2real.data import RunFolder

    with tempfile.TemporaryDirectory() as run:
        start = perf_counter()
        if step == "check":
            check_cohort(root)
        else:
            cohort = survey_mnms(root)
            if step == "prepare":
                prepare_real(RunFolder(run), cohort, CohortParameters())
        print(f"RESULT {perf_counter() - start}")


def measure(step: str, root: str) -> tuple[float, float]:
    """(seconds, peak MB)."""
    (seconds,), peak = watched(__file__, step, root)
    return seconds, peak


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        return work(sys.argv[2], sys.argv[3])
    n_subjects = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    if n_subjects < 8:
        sys.exit(
            f"{n_subjects} subjects: expected 8 or more, four of them tell the start from the work"
        )
    with tempfile.TemporaryDirectory() as all_of_them, tempfile.TemporaryDirectory() as few:
        make(Path(all_of_them), n_subjects)
        make(Path(few), 4)
        size = sum(path.stat().st_size for path in Path(all_of_them).rglob("*.gz")) / 2**20
        print(
            f"{CORES} cores, {n_subjects} subjects of {' x '.join(map(str, SHAPE))} voxels,"
            f" {size / n_subjects:.0f} MB each on disk"
        )
        print(f"step        seconds  {PAPER} subjects, s  peak MB")
        for step in STEPS:
            seconds, peak = measure(step, all_of_them)
            start, _ = measure(step, few)
            each = (seconds - start) / (n_subjects - 4)
            print(
                f"{step:10s} {seconds:8.1f} {start + each * (PAPER - 4):16.1f} {peak:8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
