import base64
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from sim2real.cohort import CohortParameters
from sim2real.paper.licence import licensed, withhold
from sim2real.paper.parameters import Parameters
from sim2real.population import PopulationParameters


def png(value: int) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.full((5, 7), value, np.uint8)).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


def notebook() -> nbformat.NotebookNode:
    """Figures of the cohort, of both, of neither, and HTML of the anatomy."""
    marks = [("real", ["real"]), ("both", ["anatomy", "real"]), ("bars", []), ("film", ["anatomy"])]
    outputs = []
    for k, (name, kinds) in enumerate(marks):
        data = {"image/png": png(40 * k)} if name != "film" else {"text/html": png(200)}
        mark = {"sim2real": {"name": name, "pictures": kinds}}
        outputs.append(nbformat.v4.new_output("display_data", data=data, metadata=mark))
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=outputs)])


def shown(content) -> dict[str, str]:
    return {
        output.metadata["sim2real"]["name"]: str(dict(output.data))
        for output in content.cells[0].outputs
    }


def test_nothing_is_kept_back_of_the_stand_ins():
    content = notebook()
    before = shown(content)
    assert (
        licensed(Parameters()) == {}
        and withhold(content, licensed(Parameters())) == set()
        and shown(content) == before
    )


@pytest.mark.parametrize(
    ("kept_back", "gone"),
    [
        ({"real": "M&Ms"}, {"real", "both"}),
        ({"anatomy": "XCAT"}, {"both", "film"}),
        ({"anatomy": "XCAT", "real": "M&Ms"}, {"real", "both", "film"}),
    ],
)
def test_every_picture_of_licensed_data_gives_way_to_a_placeholder_that_says_why(kept_back, gone):
    content = notebook()
    before = shown(content)
    assert withhold(content, kept_back) == gone
    after = shown(content)
    for name in before:
        if name in gone:
            assert (
                before[name][80:] not in after[name]
                and "may not be passed on" in after[name]
                and "--publish-real-images" in after[name]
            )
        else:
            assert after[name] == before[name]
    nbformat.validate(content)


def test_genuine_data_are_known_by_the_folders_that_were_named():
    parameters = Parameters(
        population=PopulationParameters(xcat_root=Path("/data/xcat")),
        cohort=CohortParameters(mnms_root=Path("/data/MnMs")),
    )
    assert licensed(parameters) == {"anatomy": "XCAT", "real": "M&Ms"}
