"""What is kept of an executed notebook."""

import sys
from pathlib import Path

from sim2real.paper.executing import without_paths


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
