"""Whatever lies in a file, its reader gives what it holds or says in one line what is wrong, and
never falls over.

Each reader is given its genuine format, damaged at random: bytes changed, cut, doubled, put in, or
all of them. ``SIM2REAL_FUZZ`` sets how many inputs each reader is tried on (``make soak``: 1,500).
"""

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim2real.cohort.sheet import read_sheet
from sim2real.data import Sim2RealError, read_image, read_json, read_table
from sim2real.paper.parameters import Parameters, check, load_parameters, parse_yaml
from sim2real.population import open_xcat, sample_subject, write_par
from sim2real.translation import Generator, load_generator, load_official_generator, save_generator
from sim2real.translation.checkpoint import NAME, load_checkpoint, save_alike

N_INPUTS = int(os.environ.get("SIM2REAL_FUZZ", 40))
FUZZED = settings(
    max_examples=N_INPUTS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=N_INPUTS <= 40,
)
SHEET = "External code,Vendor,ED,ES\nA0S9V9,A,0,9\nD0R0R9,B,0,10\n"


def genuine_par(folder: Path) -> bytes:
    write_par(sample_subject(0, 1, 0.5), folder / "x.par")
    return (folder / "x.par").read_bytes()


def genuine_image(folder: Path) -> bytes:
    nib.save(
        nib.Nifti1Image(
            np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.diag([1.2, 1.3, 8, 1])
        ),
        folder / "x.nii",
    )
    return (folder / "x.nii").read_bytes()


def genuine_generator(folder: Path) -> bytes:
    save_generator(folder / "x.pt", Generator(4, 1))
    return (folder / "x.pt").read_bytes()


def genuine_checkpoint(folder: Path) -> bytes:
    save_alike(folder / NAME, {"fingerprint": "f", "step": 3, "log": torch.zeros(3, 2)})
    return (folder / "checkpoint.pt").read_bytes()


def parameters_from(path: Path):
    return check(
        Parameters, parse_yaml(path.read_text(encoding="utf-8", errors="replace"), str(path)), ""
    )


def checkpoint_from(path: Path):
    return load_checkpoint(path.parent, "f", torch.device("cpu"))


# name of the file as its reader expects it, genuine content, reader
READERS = {
    "parameters": (
        "parameters.yaml",
        lambda folder: b"preset: quick\nsimulation: {flip_angle_deg: 50.0}\n",
        parameters_from,
    ),
    "results": (
        "results.json",
        lambda folder: json.dumps({"dice": 0.9, "cohort": "surrogate"}).encode(),
        read_json,
    ),
    "table": ("cases.csv", lambda folder: b"subject,dice\n007,0.5\n008,\n", read_table),
    "sheet": (
        "sheet.csv",
        lambda folder: SHEET.encode(),
        lambda path: read_sheet(path, ("External code", "Vendor", "ED", "ES")),
    ),
    "image": ("x.nii", genuine_image, read_image),
    "par": ("x.par", genuine_par, open_xcat),
    "generator": ("x.pt", genuine_generator, load_generator),
    "public weights": (
        "latest_net_G.pth",
        genuine_generator,
        lambda path: load_official_generator(path.parent),
    ),
    "checkpoint": ("checkpoint.pt", genuine_checkpoint, checkpoint_from),
}

edits = st.lists(
    st.tuples(
        st.sampled_from(["change", "cut", "double", "insert"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=12),
    ),
    max_size=5,
)


def damaged(content: bytes, changes: list) -> bytes:
    for kind, place, some in changes:
        at = int(place * len(content))
        if kind == "change":
            content = content[:at] + some + content[at + len(some) :]
        elif kind == "cut":
            content = content[:at]
        elif kind == "double":
            content = content[:at] + content[at // 2 :]
        else:
            content = content[:at] + some + content[at:]
    return content


TRIED = []


@pytest.fixture(scope="module", autouse=True)
def counted(request, note):
    yield
    if N_INPUTS > 40 and not request.session.testsfailed:
        note(
            "Inputs tried on the readers of files and parameters, damaged or arbitrary; each was"
            " read or refused in one line",
            f"{len(TRIED):,}",
            "make soak (tests/pipeline/test_fuzz.py)",
        )


def told_in_one_line(action) -> None:
    TRIED.append(None)
    try:
        action()
    except Sim2RealError as error:
        assert "\n" not in str(error) and str(error)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_file_is_read_or_refused_in_one_line(name, tmp_path):
    file, make, reader = READERS[name]
    genuine = make(tmp_path)

    @FUZZED
    @given(changes=edits)
    def tried(changes):
        (tmp_path / file).write_bytes(damaged(genuine, changes))
        told_in_one_line(lambda: reader(tmp_path / file))

    tried()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [
        name
        for name in READERS
        if name not in ("image", "generator", "public weights", "checkpoint")
    ],
)
def test_any_text_is_read_or_refused_in_one_line(name, tmp_path):
    file, _, reader = READERS[name]

    @FUZZED
    @given(text=st.text(max_size=300))
    def tried(text):
        (tmp_path / file).write_bytes(text.encode("utf-8", errors="surrogatepass"))
        told_in_one_line(lambda: reader(tmp_path / file))

    tried()


@FUZZED
@given(
    change=st.text(max_size=60)
    | st.builds(
        "{}={}".format,
        st.sampled_from(["seed", "simulation.flip_angle_deg", "segmentation.seeds"]),
        st.text(max_size=20),
    )
)
def test_any_change_of_a_parameter_is_taken_or_refused_in_one_line(change):
    told_in_one_line(lambda: load_parameters("tiny", [change]))


def test_a_reader_that_falls_over_would_be_seen(tmp_path):
    with pytest.raises(UnicodeDecodeError):
        told_in_one_line(lambda: b"\xff".decode("utf-8"))
