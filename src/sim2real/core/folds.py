"""Folded code on a page: cells that show nothing go into the fold of the next, and a fold says what its code makes."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

HEAD = "parameters and preparation"
_DRAWS = ("chapter.show(", "chapter.cine(", "chapter.moving(")


class JoinFolds(SphinxPostTransform):
    """Before MyST-NB wraps each folded cell in a fold of its own."""

    default_priority = 198
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for cell in list(self.document.findall(_is_folded)):
            following = cell.next_node(descend=False, siblings=True)
            if not _shows(cell) and following is not None and _is_folded(following):
                following[0].children[:0] = cell[0].children
                following["classes"] += [name for name in cell["classes"] if name not in following["classes"]]
                cell.parent.remove(cell)
        for cell in self.document.findall(_is_folded):
            name = _name(cell)
            cell["prompt_show"], cell["prompt_hide"] = f"Show {name}", f"Hide {name}"


def _is_folded(node: nodes.Node) -> bool:
    """A code cell whose source alone is folded."""
    return (
        isinstance(node, nodes.container) and node.get("nb_element") == "cell_code" and node.get("hide_mode") == "input" and len(node) > 0
    )


def _shows(cell: nodes.container) -> bool:
    """Whether a reader sees anything of the cell but its source: what is handed over under a name is seen where it is called for."""
    return any(output.children for output in cell.children[1:])


def _name(cell: nodes.container) -> str:
    if "tag_parameters" in cell["classes"]:
        return HEAD
    source = cell[0].astext()
    tabled = "chapter.table(" in source or any("<table" in raw.astext() for raw in cell.findall(nodes.raw))
    made = [word for word, makes in (("figure", any(call in source for call in _DRAWS)), ("table", tabled)) if makes]
    return f"the code of this {' and '.join(made)}" if made else "the code"
