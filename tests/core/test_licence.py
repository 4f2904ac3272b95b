import base64
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from sim2real.cohort.parameters import CohortParameters
from sim2real.paper.licence import licensed, withhold
from sim2real.paper.parameters import Parameters
from sim2real.population.parameters import PopulationParameters

PREFIX = "application/papermill.record/"


def png(value: int) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.full((5, 7), value, np.uint8)).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


def notebook() -> nbformat.NotebookNode:
    """Three glued figures, of the cohort, of the anatomy and of neither, a film of the anatomy, and
    one shown in place."""
    marks = [
        ("real", ["real"], PREFIX, "image/png"),
        ("both", ["anatomy", "real"], PREFIX, "image/png"),
        ("bars", [], PREFIX, "image/png"),
        ("film", ["anatomy"], PREFIX, "text/html"),
        ("here", ["anatomy"], "", "image/png"),
    ]
    outputs = []
    for k, (name, kinds, prefix, mime) in enumerate(marks):
        metadata = {"scrapbook": {"name": name, "mime_prefix": prefix}} | (
            {"sim2real": {"pictures": kinds}} if kinds else {}
        )
        data = {
            prefix + mime: png(40 * k) if mime == "image/png" else f"<img src='data:,{png(200)}'>"
        }
        outputs.append(nbformat.v4.new_output("display_data", data=data, metadata=metadata))
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=outputs)])


def shown(content) -> dict[str, str]:
    return {
        output.metadata.scrapbook.name: str(dict(output.data))
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
        ({"anatomy": "XCAT"}, {"both", "film", "here"}),
        ({"anatomy": "XCAT", "real": "M&Ms"}, {"real", "both", "film", "here"}),
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
    for output in content.cells[0].outputs:
        prefix = output.metadata.scrapbook.mime_prefix
        assert all(mime.startswith(prefix) for mime in output.data) and (
            prefix or not any(m.startswith(PREFIX) for m in output.data)
        )
    nbformat.validate(content)


def test_genuine_data_are_known_by_the_folders_that_were_named():
    parameters = Parameters(
        population=PopulationParameters(xcat_root=Path("/data/xcat")),
        cohort=CohortParameters(mnms_root=Path("/data/MnMs")),
    )
    assert licensed(parameters) == {"anatomy": "XCAT", "real": "M&Ms"}
