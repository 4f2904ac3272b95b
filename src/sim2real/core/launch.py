"""The page from which chapters that need no PyTorch are opened in a browser, on machines of others."""

import re
from urllib.parse import quote

from .errors import Sim2RealError

NOTEBOOKS = {
    "01_virtual_population": "1 Virtual population",
    "02_mr_simulation": "2 MR simulation",
    "02_contrast": "2 MR simulation: contrast",
    "03_real_cohort": "3 Real cohort",
}
"""Notebooks that import no PyTorch, with their pages' names. Tests hold that."""
_HEAD = """# Try it in the browser

Chapters 1 to 3 need no PyTorch and little memory. They can be executed, with parameters of your own, on a machine that somebody
lends for an hour or two, without installing anything. A light environment for them is described in `.binder/`, its versions taken
from the project's lock.
"""
_WITHOUT = """
Where this book is published from a GitHub repository, buttons stand here. In a copy of your own, they are made by
`sim2real launch-page OWNER/NAME > book/launch.md`. Without them: give the repository's address to
[Binder](https://mybinder.org), and as the file to open one of `{notebooks}`.
"""
_TAIL = """
The first start takes some minutes. Change a value in the notebook's cell of parameters and run all cells; chapters that come before
are executed first, in the size of the preset `quick`. The machine forgets everything when you leave: download what you want to keep.
The chapters from the fourth on train networks, and belong on a [machine of your own](run.md).
"""
_COLAB = """
Colab opens a notebook alone. Put this into a new cell above the others and run it once:

```python
!git clone --quiet --depth 1 --branch {branch} https://github.com/{repository} project
%cd project
!pip install --quiet --requirement .binder/requirements.txt && pip install --quiet --no-deps --editable .
import sys; sys.path.insert(0, "src")
```
"""


def launch_page(repository: str | None, branch: str = "main") -> str:
    """Markdown. repository: ``owner/name`` on GitHub; none: the page says how buttons come about.

    Raises Sim2RealError for a repository or branch that is no name.
    """
    if repository is None:
        return _HEAD + _WITHOUT.format(notebooks="`, `".join(f"notebooks/{name}.ipynb" for name in NOTEBOOKS)) + _TAIL
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise Sim2RealError(f"repository '{repository}': expected OWNER/NAME, as GitHub has it")
    if not re.fullmatch(r"[\w./-]+", branch):
        raise Sim2RealError(f"branch '{branch}': expected the name of a branch or tag")
    rows = [f"| {title} | {_binder(repository, branch, name)} | {_colab(repository, branch, name)} |" for name, title in NOTEBOOKS.items()]
    table = "\n".join(["", "| chapter | Binder | Colab |", "|---|---|---|", *rows, ""])
    return _HEAD + table + _TAIL + _COLAB.format(repository=repository, branch=branch)


def _binder(repository: str, branch: str, name: str) -> str:
    return f"[open in Binder](https://mybinder.org/v2/gh/{repository}/{quote(branch, safe='')}?labpath={quote(f'notebooks/{name}.ipynb', safe='')})"


def _colab(repository: str, branch: str, name: str) -> str:
    return f"[open in Colab](https://colab.research.google.com/github/{repository}/blob/{branch}/notebooks/{name}.ipynb)"
