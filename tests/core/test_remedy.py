import pytest
from sim2real.core.remedy import remedy

FAULT = (
    "notebook 02.ipynb, cell 3: /somewhere/runs/quick/01_virtual_population/structures/a.nii.gz:"
    " cut short"
)


def test_it_names_the_chapter_that_made_the_file():
    last = (
        "remove what is left of it and runs/quick/chapters/01_virtual_population.ipynb, then run"
        " again"
    )
    assert (
        remedy(FAULT, "runs/quick", "02_mr_simulation")
        == f"; 01_virtual_population made it: {last}"
    )


@pytest.mark.parametrize(
    "fault, run, chapter",
    [
        (FAULT, "runs/quick", "01_virtual_population"),  # its own file
        (FAULT, "runs/other", "02_mr_simulation"),
        (
            "notebook 02.ipynb, cell 3: /data/mnms/A01/A01_sa.nii.gz: cut short",
            "runs/quick",
            "03_real_cohort",
        ),
        (
            "notebook 02.ipynb, cell 3: ZeroDivisionError: division by zero",
            "runs/quick",
            "02_mr_simulation",
        ),
    ],
)
def test_other_faults_get_none(fault, run, chapter):
    assert remedy(fault, run, chapter) == ""
