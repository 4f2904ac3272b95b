import numpy as np
import pytest

from sim2real.data import Sim2RealError
from sim2real.simulation import bssfp_signal


def bloch_steady_state(t1, t2, density, flip_deg, tr, te, hertz):
    """Transverse magnetisation at the echo after the positive pulse of a train +a, -a, +a, ...
    about y, by solving the Bloch equations for the state that two whole repetitions bring back to
    itself. No trick of turning frames, one 3 x 3 solve.
    """

    def pulse(angle):
        c, s = np.cos(angle), np.sin(angle)
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])

    def free(time):
        turn = 2 * np.pi * hertz * time / 1000
        c, s = np.cos(turn), np.sin(turn)
        decay = np.diag([np.exp(-time / t2), np.exp(-time / t2), np.exp(-time / t1)])
        return decay @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), np.array(
            [0, 0, density * (1 - np.exp(-time / t1))]
        )

    alpha = np.deg2rad(flip_deg)
    a, b = free(tr)
    # m: just after the positive pulse; one repetition, the negative pulse, another, the positive
    # pulse
    matrix = pulse(alpha) @ a @ pulse(-alpha) @ a
    constant = pulse(alpha) @ (a @ pulse(-alpha) @ b + b)
    after_pulse = np.linalg.solve(np.eye(3) - matrix, constant)
    a, b = free(te)
    echo = a @ after_pulse + b
    return echo[0] + 1j * echo[1]


def random_cases(count=400):
    rng = np.random.default_rng(3)
    for _ in range(count):
        t1 = rng.uniform(200, 2000)
        tr = rng.uniform(2, 8)
        yield {
            "t1": t1,
            "t2": rng.uniform(0.03, 0.9) * t1,
            "density": rng.uniform(0.1, 1),
            "flip_deg": rng.uniform(5, 110),
            "tr": tr,
            "te": rng.uniform(0, 1) * tr,
            "hertz": rng.uniform(-250, 250),
        }


def relative_errors(signal):
    found = np.array([signal(*case.values()) for case in random_cases()])
    wanted = np.array([bloch_steady_state(**case) for case in random_cases()])
    return np.abs(found - wanted) / np.abs(wanted)


def test_magnitude_and_phase_are_those_of_a_bloch_solver():
    assert relative_errors(bssfp_signal).max() < 1e-6


def test_the_bloch_solver_sees_swapped_relaxation_times_and_a_wrong_sign_of_phase():
    swapped = relative_errors(lambda t1, t2, *rest: bssfp_signal(t2, t1, *rest))
    assert np.median(swapped) > 0.1
    conjugate = relative_errors(lambda *case: np.conj(bssfp_signal(*case)))
    assert np.median(conjugate) > 0.1


def test_on_resonance_it_is_freeman_and_hill():
    t1, t2, tr, te, flip = 996.0, 50.0, 3.0, 1.5, np.linspace(5, 110, 22)
    e1, e2, alpha = np.exp(-tr / t1), np.exp(-tr / t2), np.deg2rad(flip)
    wanted = np.sin(alpha) * (1 - e1) / (1 - (e1 - e2) * np.cos(alpha) - e1 * e2) * np.exp(-te / t2)
    found = bssfp_signal(t1, t2, 1.0, flip, tr, te)
    np.testing.assert_allclose(found.real, wanted, rtol=1e-12)
    np.testing.assert_allclose(found.imag, 0, atol=1e-15)


def test_signal_comes_back_after_one_over_tr_but_for_the_phase_of_the_echo():
    tr = 4.0
    first, second = (
        np.abs(bssfp_signal(900, 60, 1.0, 50, tr, 2.0, hertz)) for hertz in (30.0, 30.0 + 1000 / tr)
    )
    assert first == pytest.approx(second)


def lorentzian(t2_prime_ms, count=400_000):
    """Off-resonances in Hz of equal weight, spread as a Lorentzian of half-width 1/(2 pi T2')."""
    return (
        np.tan(np.pi * ((np.arange(count) + 0.5) / count - 0.5)) * 1000 / (2 * np.pi * t2_prime_ms)
    )


@pytest.mark.parametrize("te", [0.0, 1.0, 2.0, 3.9, 4.0])
@pytest.mark.parametrize("hertz", [0.0, 70.0, -118.0])
def test_t2_prime_is_the_average_over_a_lorentzian_of_off_resonances(te, hertz):
    """From both ends of the repetition: before its middle the spread has refocused in part, after
    it dephases again."""
    tissue = (900.0, 60.0, 0.8, 55.0, 4.0, te)
    wanted = bssfp_signal(*tissue, hertz + lorentzian(25.0)).mean()
    found = bssfp_signal(*tissue, hertz, 25.0)
    assert (
        abs(found - wanted) / abs(wanted) < 5e-4
    )  # what is left is the average's: its tails reach far and are cut
    assert (
        abs(bssfp_signal(*tissue, hertz) - wanted) / abs(wanted) > 0.01
    )  # without the spread it is seen to be another signal


def test_t2_prime_is_the_average_of_isochromats_of_the_bloch_solver():
    case = {"t1": 700.0, "t2": 90.0, "density": 0.9, "flip_deg": 40.0, "tr": 5.0, "te": 1.7}
    wanted = np.mean(
        [bloch_steady_state(**case, hertz=35.0 + offset) for offset in lorentzian(30.0, 4001)]
    )
    found = bssfp_signal(*case.values(), 35.0, 30.0)
    assert abs(found - wanted) / abs(wanted) < 5e-3


@pytest.mark.parametrize(
    ("t1", "t2", "te", "words"),
    [
        (0.0, 50.0, 1.5, "relaxation times must be above 0"),
        (900.0, -1.0, 1.5, "relaxation times must be above 0"),
        (900.0, 50.0, 3.5, "echo time 3.5 ms is above"),
        (np.nan, 50.0, 1.5, "relaxation times must be above 0"),
    ],
)
def test_impossible_times_are_refused_in_one_line(t1, t2, te, words):
    with pytest.raises(Sim2RealError, match=words) as caught:
        bssfp_signal(t1, t2, 1.0, 60, 3.0, te)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("t2_prime", [0.0, -4.0, [20.0, -4.0], np.nan])
def test_an_impossible_spread_is_refused_in_one_line(t2_prime):
    with pytest.raises(Sim2RealError, match="relaxation times must be above 0"):
        bssfp_signal(900.0, 50.0, 1.0, 60, 3.0, 1.5, 0.0, np.array(t2_prime))
