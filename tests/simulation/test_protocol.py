import numpy as np
import pytest

from sim2real.simulation import SimulationParameters, protocol_of
from sim2real.simulation.protocol import SPREAD

GIVEN = SimulationParameters()


def drawn(n=300, **changes):
    parameters = GIVEN.model_copy(update=changes)
    return [protocol_of(parameters, 0, f"subject{k}") for k in range(n)]


def test_every_protocol_is_one_that_the_parameters_allow():
    for protocol in drawn():
        SimulationParameters.model_validate(protocol.model_dump())
        share = protocol.echo_time_ms / protocol.repetition_time_ms
        assert share == pytest.approx(GIVEN.echo_time_ms / GIVEN.repetition_time_ms)


@pytest.mark.parametrize("key", SPREAD)
def test_each_varies_about_what_was_asked_for_by_its_own_spread(key):
    factors = np.log([getattr(protocol, key) / getattr(GIVEN, key) for protocol in drawn()])
    # limits, and two SD at most, narrow it
    assert abs(np.median(factors)) < 0.2 * SPREAD[key]
    assert 0.5 * SPREAD[key] < factors.std() < 1.05 * SPREAD[key]


def test_what_differs_is_drawn_independently():
    values = [[getattr(protocol, key) for key in SPREAD] for protocol in drawn()]
    correlations = np.corrcoef(np.log(values).T) - np.eye(len(SPREAD))
    assert np.abs(correlations).max() < 0.25


def test_the_same_subject_has_the_same_protocol_and_another_seed_another():
    first, again, other = (protocol_of(GIVEN, seed, "a") for seed in (0, 0, 1))
    assert first == again != other


def test_without_a_spread_all_have_the_one_asked_for():
    assert all(
        protocol == drawn(1, protocol_spread=0.0)[0] for protocol in drawn(3, protocol_spread=0.0)
    )
    assert drawn(1, protocol_spread=0.0)[0].snr == GIVEN.snr


def test_no_pixel_is_drawn_finer_than_the_map_but_one_that_was_asked_for_is_kept():
    for voxel_mm, least in ((1.5, 1.65), (1.7, 1.8)):  # asked for: 1.8 mm
        drawn_mm = [protocol_of(GIVEN, 0, str(k), voxel_mm).acquired_pixel_mm for k in range(50)]
        assert min(drawn_mm) == pytest.approx(least) and max(drawn_mm) > 1.9


@pytest.mark.parametrize(
    "asked",
    [{"flip_angle_deg": 15.0}, {"repetition_time_ms": 6.0}, {"acquired_pixel_mm": 3.0}],
    ids=lambda asked: next(iter(asked)),
)
def test_what_is_asked_for_beyond_the_usual_is_what_protocols_vary_about(asked):
    [(key, value)] = asked.items()
    values = [getattr(protocol, key) for protocol in drawn(60, **asked)]
    half = np.mean(np.array(values) == value)
    assert 0.3 < half < 0.7  # on one side it is the limit itself
    assert len(set(values)) > 20
