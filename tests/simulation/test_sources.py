from importlib.resources import files

import pandas as pd
import pytest

from sim2real.data import Sim2RealError
from sim2real.simulation import PROTOCOLS, SimulationParameters
from sim2real.simulation.sources import read_sourced

TABLES = {
    "tissues.csv": ("tissue", "field_t"),
    "susceptibility.csv": ("tissue",),
    "protocols.csv": ("protocol", "quantity"),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_number_has_a_source(name):
    assert len(read_sourced(files("sim2real.simulation").joinpath(name), TABLES[name])) > 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source": ""}, "liver 3.0 has no source"),
        ({"source": "  "}, "liver 3.0 has no source"),
        ({"t1_ms": ""}, "liver 3.0 has no t1_ms"),
        ({"field_t": 1.5}, "liver 1.5 stands twice"),
    ],
)
def test_a_row_without_source_or_value_or_told_twice_is_refused(tmp_path, change, words):
    table = pd.read_csv(files("sim2real.simulation").joinpath("tissues.csv")).astype(object)
    row = table.index[(table["tissue"] == "liver") & (table["field_t"] == 3.0)][0]
    for column, value in change.items():
        table.loc[row, column] = value
    path = tmp_path / "tissues.csv"
    table.to_csv(path, index=False)
    with pytest.raises(Sim2RealError, match=f"tissues.csv: {words}") as caught:
        read_sourced(path, TABLES["tissues.csv"])
    assert "\n" not in str(caught.value)


def test_a_table_without_the_column_has_no_sources(tmp_path):
    (tmp_path / "plain.csv").write_text("tissue,chi_ppm\nair,9.4\n")
    with pytest.raises(Sim2RealError, match="plain.csv: air has no source"):
        read_sourced(tmp_path / "plain.csv", ("tissue",))


@pytest.mark.parametrize(
    "rows", ["air,9.4,Schenck, 1996\n", "air,9.4,Schenck 1996\nlung,5,Maniewski, 1988\n"]
)
def test_a_comma_too_many_is_told_in_one_line(tmp_path, rows):
    (tmp_path / "plain.csv").write_text("tissue,chi_ppm,source\n" + rows)
    with pytest.raises(Sim2RealError, match="plain.csv: .*; quote what holds a comma") as caught:
        read_sourced(tmp_path / "plain.csv", ("tissue",))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", PROTOCOLS["protocol"].unique())
def test_every_protocol_makes_valid_parameters(name):
    values = PROTOCOLS[PROTOCOLS["protocol"] == name].set_index("quantity")["value"].astype(float)
    known = values.index.intersection(list(SimulationParameters.model_fields))
    SimulationParameters(**values[known])
    assert values["echo_time_ms"] < values["repetition_time_ms"]
