"""Judges of lesson 2: the steady state of bSSFP and the resolution of k-space, against the Bloch
equations and a closed form."""

from collections.abc import Callable

import numpy as np

from .answers import NotYet, array, call, not_yet, number, right
from .bloch import steady_state


def echo_ratio(answer: Callable) -> None:
    """Judged by the Bloch equations, solved, for tissues and echoes of several kinds."""
    for t2, first, second in ((50.0, 1.0, 2.0), (36.0, 1.5, 2.8), (290.0, 0.5, 4.0)):
        given = number(call(answer, t2, first, second), "the ratio")
        signals = [abs(steady_state(1000.0, t2, 60.0, 5.0, echo)) for echo in (first, second)]
        way = "larger" if given > signals[1] / signals[0] else "smaller"
        not_yet(
            abs(given - signals[1] / signals[0]) > 0.002,
            f"T2 {t2:g} ms, echoes at {first:g} and {second:g} ms: your ratio {given:.3f} is"
            f" {way} than the Bloch equations give. The steady state before the echoes is the"
            " same; how long is it from one echo to the other?",
        )
    right("The Bloch equations, solved for three tissues, agree.")


def best_flip_angle(
    answer: object,
    blood: tuple[float, float, float],
    myocardium: tuple[float, float, float],
    repetition_time_ms: float,
    echo_time_ms: float,
) -> None:
    """Judged by the contrast that the Bloch equations give there and beside it. Tissues: (T1 ms, T2
    ms, proton density)."""
    angle = number(answer, "best_flip_angle_deg")
    not_yet(
        not 0 < angle <= 180,
        f"a flip angle of {angle:g}; expected degrees, above 0 and up to 180",
    )

    def signal(tissue: tuple[float, float, float], at: float) -> float:
        return tissue[2] * abs(steady_state(*tissue[:2], at, repetition_time_ms, echo_time_ms))

    def contrast(at: float) -> float:
        return signal(blood, at) - signal(myocardium, at)

    best = max(contrast(at) for at in range(1, 181))
    brightest = max(range(1, 181), key=lambda at: signal(blood, at))
    hint = (
        "; there the blood itself is brightest, but the contrast was asked for"
        if abs(angle - brightest) <= 3
        else ""
    )
    rises = "above" if contrast(min(angle + 5, 180)) > contrast(angle) else "below"
    not_yet(
        contrast(angle) < 0.9985 * best,
        f"at {angle:.0f} degrees the contrast is {contrast(angle) / best:.1%} of the largest;"
        f" it grows {rises} your angle{hint}",
    )
    right("The Bloch equations give no larger contrast at any whole angle.")


def band(answer: Callable) -> None:
    """Judged by the darkest off-resonance that the Bloch equations have, for several repetition
    times."""
    for tr in (3.0, 4.2, 6.0):
        given = number(call(answer, tr), "the off-resonance of the first band")
        offsets = np.arange(5.0, 1300.0 / tr, 1.0)
        signals = np.array(
            [abs(steady_state(1000.0, 100.0, 60.0, tr, tr / 2, offset)) for offset in offsets]
        )
        first = offsets[: int(1000 / tr)][np.argmin(signals[: int(1000 / tr)])]
        there = abs(steady_state(1000.0, 100.0, 60.0, tr, tr / 2, given)) / abs(
            steady_state(1000.0, 100.0, 60.0, tr, tr / 2)
        )
        not_yet(
            abs(given - first) > 0.02 * first,
            f"TR {tr:g} ms: at {given:.0f} Hz the Bloch equations leave {there:.0%} of the"
            " signal on resonance, which is not the first dark band. By how many turns do"
            " spins there run ahead in one TR, if pulses alternate in sign?",
        )
    right("The darkest off-resonance of the Bloch equations lies there, at three repetition times.")


def fat_and_water(
    answer: Callable,
    water: tuple[float, float, float],
    fat: tuple[float, float, float],
    repetition_time_ms: float,
    echo_time_ms: float,
    fat_hz: float,
) -> None:
    """Judged by the two magnetisations of the Bloch equations, summed. Tissues: (T1 ms, T2 ms,
    proton density)."""
    pair = [
        tissue[2] * steady_state(*tissue[:2], 60.0, repetition_time_ms, echo_time_ms, offset)
        for tissue, offset in ((water, 0.0), (fat, fat_hz))
    ]
    for share in (0.0, 1.0, 0.3, 0.6):
        given, true = (
            number(call(answer, share), "the signal"),
            abs((1 - share) * pair[0] + share * pair[1]),
        )
        if abs(given - true) > 0.004:
            not_yet(
                share in (0.0, 1.0),
                f"a voxel of {'fat' if share else 'water'} alone: {given:.3f} is not the signal"
                " of that tissue at this TR and TE",
            )
            way = "brighter" if given > true else "darker"
            raise NotYet(
                f"a voxel with {share:.0%} fat is {way} in your answer than two magnetisations make"
                " it; each points somewhere: what is summed in a voxel, and when is its length"
                " taken?"
            )
    right(
        "Two magnetisations of the Bloch equations, summed, have that length: a voxel on a border"
        " of fat can be darker than either."
    )


def low_resolution(answer: Callable) -> None:
    """Judged on a sum of waves: those within the measured lines come through, one beyond them does
    not."""
    rows, columns, n, m = 48, 40, 16, 20
    y, x = np.arange(rows)[:, None] / rows, np.arange(columns)[None, :] / columns
    image = (
        5 + np.cos(2 * np.pi * 3 * y) + np.sin(2 * np.pi * (2 * x + y)) + np.cos(2 * np.pi * 15 * x)
    )
    y, x = np.arange(n)[:, None] / n, np.arange(m)[None, :] / m
    expected = 5 + np.cos(2 * np.pi * 3 * y) + np.sin(2 * np.pi * (2 * x + y))
    given = call(answer, image, n, m)
    not_yet(
        np.iscomplexobj(given),
        "your image is complex; expected its magnitude",
    )
    given = array(given, "your image")
    not_yet(
        given.shape != (n, m),
        f"your image of {n} x {m} lines has shape {given.shape}; expected {(n, m)}, rows first",
    )
    not_yet(
        abs(given.mean() / 5 - 1) > 0.01,
        f"the image's mean was 5 and is {given.mean():.3g}; a transform back over fewer samples"
        " divides by fewer",
    )
    not_yet(
        np.abs(given - expected).max() > 1e-6,
        "waves of one to three cycles, well within the measured lines, do not come through as"
        " they were; where does the transform put the low frequencies?",
    )
    right("Waves within the measured lines come through, one beyond them is gone.")
