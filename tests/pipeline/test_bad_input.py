"""What a user can get wrong on the command line: one line, exit status 1, no kernel started,
nothing written."""

import shutil

import nbformat
import nibabel as nib
import numpy as np
import pandas as pd
import pytest

SHEET = "211230_M&Ms_Dataset_information_diagnosis_opendataset.csv"


def fault_of(project, *words) -> str:
    """The one line the command prints; fails if there is more, or a traceback, or a notebook was
    started."""
    before = (
        set((project.path / "runs").glob("*/chapters/*"))
        if (project.path / "runs").is_dir()
        else set()
    )
    code, out, err = project.here(*words)
    lines = err.strip().splitlines()
    assert code == 1 and len(lines) == 1 and lines[0].startswith("sim2real: "), err
    assert "Traceback" not in out
    after = (
        set((project.path / "runs").glob("*/chapters/*"))
        if (project.path / "runs").is_dir()
        else set()
    )
    assert before == after
    return lines[0]


@pytest.fixture
def cohort(tmp_path):
    """An M&Ms folder with one training and one test subject a vendor, which each test then
    breaks."""
    rows = []
    image = np.random.default_rng(0).uniform(0, 300, (30, 26, 6, 2)).astype(np.float32)
    label = np.zeros(image.shape, np.float32)
    label[14:20, 10:16] = 1
    label[12:14, 10:16] = 2
    label[6:12, 10:16] = 3
    affine = np.diag([-1.4, -1.4, 9.0, 1.0])
    for vendor in "AB":
        for folder in ("Training/Labeled", "Testing"):
            code = f"{vendor}{'R' if folder == 'Training/Labeled' else 'E'}1"
            (tmp_path / folder / code).mkdir(parents=True)
            nib.save(nib.Nifti1Image(image, affine), tmp_path / folder / code / f"{code}_sa.nii.gz")
            nib.save(
                nib.Nifti1Image(label, affine), tmp_path / folder / code / f"{code}_sa_gt.nii.gz"
            )
            rows.append(
                {
                    "External code": code,
                    "VendorName": vendor,
                    "Vendor": vendor,
                    "Centre": 1,
                    "ED": 0,
                    "ES": 1,
                }
            )
    pd.DataFrame(rows).to_csv(tmp_path / SHEET)
    return tmp_path


def edit_sheet(cohort, change):
    table = pd.read_csv(cohort / SHEET, index_col=0)
    change(table).to_csv(cohort / SHEET)


@pytest.mark.parametrize(
    "words, told",
    [
        (["--set", "simulation.flip_angel_deg=3"], "did you mean simulation.flip_angle_deg?"),
        (["--set", "simulation.flip_angle_deg=500"], "less than or equal to 120"),
        (["--set", "simulation.echo_time_ms=5"], "simulation.repetition_time_ms"),
        (["--set", "cohort.n_slices=many"], "cohort.n_slices='many'"),
        (["--preset", "quik"], "did you mean quick?"),
        (["--until", "9"], "there are 01_virtual_population"),
        (["--run", "../elsewhere"], "plain name"),
        (["--run", "my run"], "plain name"),
        (["--run", "record"], "other than 'record'"),
        (["--set", "preset=paper"], "chosen with --preset"),
        (["--set", "simulation.flip_angle_deg=2024-02-30"], "cannot be read"),
        (["--set", "verdict.hd_tolerance_mm=.inf"], "finite"),
        (["--set", "cohort.n_slices=8"], "set population.stack=full"),
        (["--set", "realism.inception_weights=/nowhere/at/all"], "no such file"),
        (
            ["--appendix", "A"],
            "--appendix A: no such study; there are A1_translators, A2_scarcity,"
            " A3_real_hearts, and all",
        ),
        (["--appendix", "A1", "--appendix", "A"], "--appendix A: no such study"),
        (["--resume", "some", "--set", "seed=1"], "leave out --set"),
        (["--set", "cohort.mnms_root=/nowhere/at/all"], "no such folder"),
        (["--set", "population.xcat_root=/nowhere/at/all"], "no such folder"),
    ],
)
def test_parameters_are_refused_before_anything_starts(project, words, told):
    assert told in fault_of(project, "run", *words)


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--run", ""],
        ["run", "--resume", ""],
        ["predict", "", "--output", "x"],
        ["predict", "x.nii", "--output="],
        ["cohort", "check", " "],
    ],
)
def test_a_variable_of_the_shell_that_is_not_set(project, words):
    assert "is followed by an empty argument" in fault_of(project, *words)


def test_a_folder_without_its_sheet(project, cohort):
    (cohort / SHEET).unlink()
    assert SHEET in fault_of(project, "run", "--set", f"cohort.mnms_root={cohort}")


def test_a_listed_subject_without_files(project, cohort):
    shutil.rmtree(cohort / "Training/Labeled/AR1")
    assert "subject AR1" in fault_of(project, "run", "--set", f"cohort.mnms_root={cohort}")


def test_a_vendor_without_subject(project, cohort):
    edit_sheet(cohort, lambda table: table[table["Vendor"] == "A"])
    assert "no labelled subject of vendor B" in fault_of(
        project, "run", "--set", f"cohort.mnms_root={cohort}"
    )


def test_a_split_without_subjects_is_named_when_chapter_6_is_asked_for(project, cohort):
    shutil.rmtree(cohort / "Testing")
    edit_sheet(cohort, lambda table: table[table["External code"].str.endswith("R1")])
    told = fault_of(project, "run", "--set", f"cohort.mnms_root={cohort}")
    assert "split 'test' has no subject of vendor A nor of B" in told and "chapter 6" in told


def test_a_phase_beyond_the_last(project, cohort):
    edit_sheet(cohort, lambda table: table.assign(ED=7))
    assert "ED index 7" in fault_of(project, "run", "--set", f"cohort.mnms_root={cohort}")


def test_voxels_are_read_before_the_first_notebook(project, cohort):
    path = cohort / "Testing/BE1/BE1_sa_gt.nii.gz"
    nifti = nib.load(path)
    nib.save(nib.Nifti1Image(nifti.get_fdata() + 4, nifti.affine), path)
    code, out, err = project.here("run", "--run", "voxels", "--set", f"cohort.mnms_root={cohort}")
    assert code == 1 and f"sim2real: {path}: holds the label 4 at ED" in err
    assert not (project.path / "runs/voxels").exists()


@pytest.mark.parametrize("source", ["nothing.nii.gz", "empty"])
def test_predict_without_images(project, tiny_run, tmp_path, source):
    (tmp_path / "empty").mkdir()
    fault_of(project, "predict", tmp_path / source, "--run", "tiny")


def test_predict_with_a_regime_that_does_not_exist(project, tiny_run, cohort):
    assert "there are sim2real, real, both, simulated" in fault_of(
        project, "predict", cohort, "--run", "tiny", "--training", "fake"
    )


def test_predict_writes_labels_in_the_geometry_of_the_source(project, tiny_run, cohort, tmp_path):
    source = cohort / "Testing" / "AE1" / "AE1_sa.nii.gz"
    shutil.copy(source, tmp_path / "one_sa.nii.gz")
    result = project.sim2real(
        "predict", tmp_path / "one_sa.nii.gz", "--run", "tiny", "--output", tmp_path / "out"
    )
    assert result.returncode == 0, result.stderr
    first = nib.load(tmp_path / "out" / "one_sa_0_pred.nii.gz")
    assert first.shape == (30, 26, 6)
    np.testing.assert_allclose(first.affine, nib.load(source).affine, atol=1e-3)
    assert set(np.unique(first.get_fdata())) <= {0, 1, 2, 3}


def test_a_kernel_that_is_killed_is_told_so(fresh_project):
    path = fresh_project.path / "notebooks" / "01_virtual_population.ipynb"
    notebook = nbformat.read(path, as_version=4)
    next(
        cell for cell in notebook.cells if cell.cell_type == "code"
    ).source += "\nimport os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    nbformat.write(notebook, path)
    told = fault_of(fresh_project, "run", "--preset", "tiny", "--until", "1")
    assert "01_virtual_population.ipynb: its kernel is gone" in told and "want of memory" in told
