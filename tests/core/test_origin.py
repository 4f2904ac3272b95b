"""Where a figure comes from, as notebooks keep it and pages show it."""

import nbformat
from sim2real.core import style

from sim2real.paper.origin import box_html, drawn_by, origins, with_boxes

ORIGIN = {
    "figure": "fig3",
    "chapter": "05_realism",
    "notebook": "notebooks/05_realism.ipynb",
    "cell": 4,
    "function": "sim2real.realism.figures.scores_figure",
    "commit": "0123456789",
    "preset": "tiny",
    "seed": 3,
    "parameters_sha256": "a" * 64,
    "cohort": "surrogate",
    "files_sha256": {"csv": "b" * 64},
}
PAGE = (
    "Before.\n\n```{glue:figure} fig3\n:name: fig-3\nA caption.\n```\n\n```{glue:figure}"
    " other\n:name: o\nAnother.\n```\n"
)


def notebook():
    output = nbformat.v4.new_output(
        "display_data",
        {"text/plain": "x"},
        metadata={"scrapbook": {"name": "fig3"}, "sim2real": {"origin": ORIGIN}},
    )
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("1", outputs=[output]),
            nbformat.v4.new_markdown_cell(PAGE),
        ]
    )


def test_a_cell_with_two_figures_names_each_one_s_function():
    cell = (
        'chapter.show(style.use_style(x), "first", x)\nchapter.show(style.save_figure(y, "z"),\n   '
        ' "second", y)'
    )
    assert drawn_by(cell, "second", {"style": style}) == "sim2real.data.style.save_figure"
    assert drawn_by(cell, "first", {"style": style}) == "sim2real.data.style.use_style"
    assert drawn_by("x = 1", "first", {"style": style}) == ""


def test_a_box_stands_under_the_figure_it_is_of_and_under_no_other(tmp_path):
    (tmp_path / "05_realism" / "figures").mkdir(parents=True)
    for suffix, size in (("csv", 10), ("png", 10), ("svg", 900_000)):
        (tmp_path / "05_realism" / "figures" / f"fig3.{suffix}").write_bytes(b"x" * size)
    page = notebook()
    assert with_boxes(page, tmp_path, set())
    text = page.cells[1].source
    assert text.count("{dropdown}") == 1 and text.index("A caption") < text.index(
        "{dropdown}"
    ) < text.index("{glue:figure} other")
    assert (
        "scores_figure" in text
        and "a" * 16 in text
        and "{download}`CSV <05_realism/figures/fig3.csv>`" in text
    )
    assert "PNG" in text and "SVG" not in text  # too large to be offered


def test_of_a_picture_that_is_kept_back_the_table_alone_is_offered(tmp_path):
    (tmp_path / "05_realism" / "figures").mkdir(parents=True)
    for suffix in ("csv", "png"):
        (tmp_path / "05_realism" / "figures" / f"fig3.{suffix}").write_text("x")
    page = notebook()
    with_boxes(page, tmp_path, {"fig3"})
    assert "CSV" in page.cells[1].source and "PNG" not in page.cells[1].source


def test_a_notebook_tells_the_origin_of_each_figure():
    assert origins(notebook()) == {"fig3": ORIGIN}


def test_the_box_in_place_escapes_what_it_tells():
    assert "<code>notebooks/05_realism.ipynb</code>" in box_html(ORIGIN) and "<b>" not in box_html(
        {**ORIGIN, "cohort": "<b>"}
    )
