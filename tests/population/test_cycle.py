import numpy as np
import pytest

from sim2real.data import Sim2RealError
from sim2real.population import end_systole, moment_at
from sim2real.population.cycle import ED, ES, moment_of

HEARTS = [(rate, sex) for rate in (48, 65, 100) for sex in "MF"]


@pytest.mark.parametrize(("rate", "sex"), HEARTS)
def test_heart_empties_once_and_fills_once(rate, sex):
    ejected = np.array([moment_at(share, rate, sex).ejected for share in np.linspace(0, 1, 201)])
    assert ejected[[0, -1]] == pytest.approx(0, abs=1e-12) and ejected.max() == pytest.approx(1)
    full = int(ejected.argmax())
    assert full / 200 == pytest.approx(end_systole(rate, sex), abs=0.006)
    assert (np.diff(ejected[: full + 1]) >= 0).all() and (np.diff(ejected[full:]) <= 0).all()


def test_systole_takes_the_larger_share_of_a_faster_cycle():
    """XCAT's own end systole is about 0.4 of a second at 60 beats a minute."""
    assert end_systole(60, "M") == pytest.approx(0.4, abs=0.04)
    assert end_systole(90, "M") > end_systole(50, "M") + 0.05


@pytest.mark.parametrize(("rate", "sex"), HEARTS)
def test_ventricle_untwists_before_it_fills(rate, sex):
    after = end_systole(rate, sex) + 60 * rate / 60_000
    moment = moment_at(after, rate, sex)
    assert moment.ejected > 0.95 and moment.twisted < 0.75


def test_early_filling_outdoes_the_atrial_kick_at_rest():
    ejected = [moment_at(share, 60, "M").ejected for share in (end_systole(60, "M"), 0.7, 0.88)]
    early, late = ejected[0] - ejected[1], ejected[2] - moment_at(1.0, 60, "M").ejected
    assert early > 2 * late > 0


def test_named_phases_are_the_ends_of_the_stroke():
    assert (moment_of("ED", 70, "F"), moment_of("ES", 70, "F")) == (ED, ES)
    assert moment_of(0.25, 70, "F") == moment_at(0.25, 70, "F")


@pytest.mark.parametrize("share", [-0.1, 1.2, float("nan")])
def test_share_outside_the_cycle_is_refused(share):
    with pytest.raises(
        Sim2RealError, match="expected a share of the cardiac cycle, 0 to 1"
    ) as caught:
        moment_at(share, 70, "F")
    assert "\n" not in str(caught.value)
