import pytest

from sim2real.cohort.appearance import VENDORS
from sim2real.core.errors import Sim2RealError
from sim2real.core.parameters import SimulationParameters
from sim2real.simulation.protocols import PROTOCOLS, protocol, with_protocol


@pytest.mark.parametrize("name", PROTOCOLS["protocol"].unique())
def test_every_protocol_makes_valid_parameters_and_keeps_what_it_does_not_tell(name):
    told = protocol(name)
    changed = with_protocol(SimulationParameters(b1_spread=0.123), name)
    assert changed.b1_spread == 0.123
    assert changed.flip_angle_deg == told["flip_angle_deg"] and changed.echo_time_ms == told["echo_time_ms"]
    assert told["echo_time_ms"] < told["repetition_time_ms"]


def test_a_surrogate_vendors_protocol_stands_in_one_place():
    for vendor in ("A", "B"):
        for quantity, value in protocol(f"surrogate {vendor}").items():
            assert VENDORS.loc[quantity, vendor] == value
    assert VENDORS.index.is_unique


def test_an_unknown_protocol_is_told_with_those_there_are():
    with pytest.raises(Sim2RealError, match="no protocol 'other'; there are MRXCAT cine"):
        protocol("other")
