"""What chapter 7 tells about itself."""

from ..data import Chapter, Notebook
from .parameters import VerdictParameters

VERDICT = Chapter(
    name="07_verdict",
    section="verdict",
    parameters=VerdictParameters,
    notebooks=(
        Notebook(
            "07_verdict",
            reads=("05_realism", "06_evidence", "A1_translators", "A2_scarcity", "A3_real_hearts"),
            cores="one",
            rule="light",
        ),
    ),
)
