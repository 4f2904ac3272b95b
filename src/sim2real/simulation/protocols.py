"""Named protocols of cine bSSFP, each number with its source."""

from importlib.resources import files

from ..data.errors import Sim2RealError
from .sources import read_sourced

PROTOCOLS = read_sourced(
    files("sim2real.simulation").joinpath("protocols.csv"), ("protocol", "quantity")
)


def protocol(name: str) -> dict[str, float]:
    """Quantities of a protocol by name, in the units of ``protocols.csv``. Raises Sim2RealError for
    an unknown one."""
    rows = PROTOCOLS[PROTOCOLS["protocol"] == name]
    if rows.empty:
        raise Sim2RealError(
            f"protocols.csv: no protocol '{name}'; there are"
            f" {', '.join(PROTOCOLS['protocol'].unique())}"
        )
    return dict(zip(rows["quantity"], rows["value"].astype(float), strict=True))
