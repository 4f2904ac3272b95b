"""Chapter 7: the paper's claims decided by this run's numbers, and its Table 1 beside ours.

The interval decides a claim, not the number:

>>> import pandas as pd
>>> from sim2real.verdict import verdict
>>> piece = {"value": 0.02, "ci_low": -0.01, "ci_high": 0.05, "side": "above", "bound": 0.0}
>>> verdict(pd.DataFrame([piece]))
'undecided'
>>> verdict(pd.DataFrame([{**piece, "ci_low": 0.01}]))
'supported'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "chapter": ["VERDICT"],
        "figures": ["cells_figure"],
        "ledger": ["CLAIMS", "claims_table", "compare_table", "evidence", "verdict"],
        "parameters": ["VerdictParameters"],
        "summary": ["ledger_html"],
    },
)
