import pytest

from sim2real.cohort.appearance import VENDORS
from sim2real.data.errors import Sim2RealError
from sim2real.simulation.parameters import SimulationParameters
from sim2real.simulation.protocols import PROTOCOLS, protocol


@pytest.mark.parametrize("name", PROTOCOLS["protocol"].unique())
def test_every_protocol_makes_valid_parameters(name):
    told = protocol(name)
    SimulationParameters(
        **{
            quantity: value
            for quantity, value in told.items()
            if quantity in SimulationParameters.model_fields
        }
    )
    assert told["echo_time_ms"] < told["repetition_time_ms"]


def test_a_surrogate_vendors_protocol_stands_in_one_place():
    for vendor in ("A", "B"):
        for quantity, value in protocol(f"surrogate {vendor}").items():
            assert VENDORS.loc[quantity, vendor] == value
    assert VENDORS.index.is_unique


def test_an_unknown_protocol_is_told_with_those_there_are():
    with pytest.raises(Sim2RealError, match="no protocol 'other'; there are MRXCAT cine"):
        protocol("other")
