"""Tables of numbers with their sources: a number without one is refused."""

from importlib.resources import files

import pandas as pd

from ..data import Sim2RealError


def read_sourced(path, key: tuple[str, ...]) -> pd.DataFrame:
    """A CSV table whose column ``source`` says where each row is from.

    Args:
        path: of the table.
        key: the columns that name a row.

    Raises:
        Sim2RealError: naming file and row, for a row without a source, a cell without a value and a
            row that stands twice.
    """
    try:
        table = pd.read_csv(path)
        if not isinstance(table.index, pd.RangeIndex):  # so pandas takes a column too many
            raise pd.errors.ParserError("rows of more cells than its head")
        names = table[list(key)].astype(str).agg(" ".join, axis=1)
    except pd.errors.ParserError as error:
        raise Sim2RealError(
            f"{path.name}: is no table ({str(error).strip()}); quote what holds a comma"
        ) from None
    has_source = table.get("source", pd.Series("", table.index)).fillna("").str.strip() != ""
    for name in names[~has_source]:
        raise Sim2RealError(
            f"{path.name}: {name} has no source; a number stands here only with where it is from"
        )
    for row, name in names[table.isna().any(axis=1)].items():
        column = table.columns[table.loc[row].isna()][0]
        raise Sim2RealError(f"{path.name}: {name} has no {column}; fill it in with its source")
    for name in names[table.duplicated(list(key))]:
        raise Sim2RealError(f"{path.name}: {name} stands twice; keep one")
    return table


PROTOCOLS = read_sourced(
    files("sim2real.simulation").joinpath("protocols.csv"), ("protocol", "quantity")
)
"""Named protocols of cine bSSFP, in the units of the table."""
