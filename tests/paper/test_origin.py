"""Where a figure comes from, as notebooks keep it and pages show it."""

import nbformat

from sim2real.data import RunFolder
from sim2real.paper.book import LARGEST_BYTES, _with_boxes
from sim2real.paper.origin import box_html, origins

ORIGIN = {
    "figure": "fig3",
    "chapter": "05_realism",
    "notebook": "05_realism",
    "function": "sim2real.realism.figures.distances_figure",
    "commit": "0123456789",
    "preset": "tiny",
    "seed": 3,
    "parameters_sha256": "a" * 64,
    "files_sha256": {"csv": "b" * 64},
}


def notebook():
    mark = {"name": "fig3", "origin": ORIGIN}
    output = nbformat.v4.new_output(
        "display_data", {"text/plain": "x"}, metadata={"sim2real": mark}
    )
    cells = [nbformat.v4.new_code_cell("1", outputs=[output]), nbformat.v4.new_markdown_cell("x")]
    return nbformat.v4.new_notebook(cells=cells)


def boxed(folder, size: int) -> list:
    path = folder / "05_realism" / "figures" / "fig3.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * size)
    return _with_boxes(notebook(), RunFolder(folder)).cells


def test_a_notebook_tells_the_origin_of_each_figure():
    assert origins(notebook()) == {"fig3": ORIGIN}


def test_a_box_with_the_table_stands_below_its_figure(tmp_path):
    figure, box, text = boxed(tmp_path, 10)
    assert figure.cell_type == "code" and text.source == "x"
    assert "distances_figure" in box.source and 'href="05_realism/figures/fig3.csv"' in box.source


def test_a_table_that_is_too_large_is_not_offered(tmp_path):
    assert "href" not in boxed(tmp_path, LARGEST_BYTES + 1)[1].source


def test_the_box_escapes_what_it_tells():
    assert "<b>" not in box_html({**ORIGIN, "preset": "<b>"}, None)
