"""What is kept of an executed notebook, and a kernel that does not start."""

import sys
from pathlib import Path

import pytest
from nbclient.exceptions import DeadKernelError

from sim2real.data import Sim2RealError
from sim2real.paper import executing
from sim2real.paper.executing import without_paths
from sim2real.paper.jobs import jobs
from sim2real.paper.parameters import load_parameters


def test_what_a_cell_printed_names_no_folder_of_the_machine():
    warned = (
        "/tmp/ipykernel_81/2677.py:3: UserWarning: runs/x/checkpoint.pt was made with others\n"
        "  log = training.train(\n"
        f"{sys.prefix}/lib/seaborn.py:3: FutureWarning: gone soon\n"
        "/home/me/paper/notebooks: 3 of 4\n"
    )
    assert without_paths(warned, Path("/home/me/paper")) == (
        "runs/x/checkpoint.pt was made with others\n"
        "lib/seaborn.py:3: FutureWarning: gone soon\n"
        "notebooks: 3 of 4\n"
    )


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (RuntimeError("Kernel died before replying to kernel_info"), 2),
        (DeadKernelError("Kernel died"), 1),
    ],
)
def test_a_kernel_that_dies_before_its_first_cell_is_started_once_more(
    monkeypatch, tmp_path, fault, times
):
    started = []

    def dies(*_, **__):
        started.append(1)
        raise fault

    monkeypatch.setattr(executing.papermill, "execute_notebook", dies)
    parameters = load_parameters("tiny")
    job = jobs(parameters)["01_virtual_population"]
    with pytest.raises(Sim2RealError, match="its kernel is gone"):
        executing._run_notebook(job, parameters, tmp_path, "runs/x", tmp_path / "out.ipynb")
    assert len(started) == times
