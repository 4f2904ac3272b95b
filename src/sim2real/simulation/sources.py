"""Tables of numbers with their sources: a number without one is refused."""

import pandas as pd

from ..data.errors import Sim2RealError


def read_sourced(path, key: tuple[str, ...]) -> pd.DataFrame:
    """A CSV table whose column ``source`` says where each row is from; ``key``: the columns that
    name a row.

    Raises Sim2RealError, naming file and row, for a row without a source, a cell without a value
    and a row told twice.
    """
    try:
        table = pd.read_csv(path)
    except pd.errors.ParserError as error:
        raise Sim2RealError(
            f"{path.name}: is no table ({str(error).strip()}); quote what holds a comma"
        ) from None
    if not isinstance(
        table.index, pd.RangeIndex
    ):  # pandas takes a column too many for names of rows
        raise Sim2RealError(
            f"{path.name}: has rows of more cells than its head; quote what holds a comma"
        )
    named = lambda row: " ".join(str(row[column]) for column in key)  # noqa: E731
    for _, row in table.iterrows():
        source = row.get("source")
        if not isinstance(source, str) or not source.strip():
            raise Sim2RealError(
                f"{path.name}: {named(row)} has no source; a number stands here only with where it"
                " is from"
            )
        missing = [column for column in table.columns if pd.isna(row[column])]
        if missing:
            raise Sim2RealError(
                f"{path.name}: {named(row)} has no {missing[0]}; fill it in with its source"
            )
    twice = table[table.duplicated(list(key))]
    if len(twice):
        raise Sim2RealError(f"{path.name}: {named(twice.iloc[0])} stands twice; keep one")
    return table
