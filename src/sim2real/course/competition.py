"""A competition of teams: two parameters of an untrained translation, scored on people whom nobody
has tuned on.

A team hands in a file of one line, which ``enter`` writes; ``ranking`` reads a folder of them and
computes every score again from its parameters.
"""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..data import Sim2RealError, refuse, science_digest, write_text
from ..metrics import crossed_mean, standardise, texture_features
from ..translation import kept_borders, match_histogram, swap_amplitudes
from .patients import middle_slices, simulated, slices

N_SUBJECTS = 8
"""To practise on; as many others are held out."""
LEAST_KEPT = 0.9
"""Of the borders' share of the gradients' energy, median over the slices; entries that keep less
have no rank."""
LIMITS = {"beta": (0.0, 0.5), "share": (0.0, 1.0)}
"""Of the two parameters."""
_FIELDS = {"team": str, "beta": float, "share": float, "distance": float, "code": str}
_TEAM = re.compile(r"[\w][\w -]{0,39}")
_AGREES = 0.01  # two computers give the same distance to this part of it
_PER_SUBJECT = 4  # slices


class Score(NamedTuple):
    """``distances``: of each subject's slices from the real ones, shape (subject,), in SD of a
    slice; ``kept``: median over the slices, 1 where the borders are as sharp as before."""

    distances: np.ndarray
    kept: float

    @property
    def distance(self) -> float:
        return float(self.distances.mean())


def score(beta: float, share: float, held_out: bool = False) -> Score:
    r"""What a translation with these parameters is worth.

    Simulated slices get the low-frequency amplitudes of real ones (``swap_amplitudes``), then a
    share of their grey values mapped to the real ones' distribution (``match_histogram``). For the
    23 texture features f of a subject's slices the distance is the root mean square of

    .. math::

        z_f = \frac{\mathrm{mean}_f - \mu_f}{\sigma_f},

    :math:`\mu_f` and :math:`\sigma_f` being mean and SD over the real slices. These are of the
    patients that the translation takes its amplitudes and grey values from, or of others.

    Args:
        beta: up to which frequency amplitudes are taken over, 0 to 0.5 of the image's side.
        share: of the histogram's match, 0 to 1.
        held_out: whether the subjects and the real slices are those kept for the entries.

    Returns:
        Its distances and what it keeps of the borders; the first call takes some ten seconds.

    Raises:
        Sim2RealError: for a parameter beyond its limits.
    """
    _check("score", {"beta": beta, "share": share})
    images, labels, real = _people(held_out)
    given = _people(False)[2]
    translated = swap_amplitudes(images, given, beta=beta) if beta > 0 else images
    translated = (1 - share) * translated + share * match_histogram(translated, given)
    z, _ = standardise(texture_features(translated), texture_features(real))
    means = z.reshape(-1, _PER_SUBJECT, z.shape[1]).mean(axis=1)
    triples = zip(images, translated, labels, strict=True)
    kept = [kept_borders(*triple)["kept"] for triple in triples]
    return Score(np.sqrt((means**2).mean(axis=1)), float(np.median(kept)))


def enter(team: str, beta: float, share: float, folder: Path | str = ".") -> Path:
    """Write a team's entry, one line of JSON, and return its file, named after the team.

    Args:
        team: its name: letters, digits, spaces and hyphens, at most 40.
        beta, share: see ``score``.
        folder: where the file goes.

    Raises:
        Sim2RealError: for another name and for a parameter beyond its limits.
    """
    entry = {"team": team, "beta": beta, "share": share, "code": code_version()}
    _check("entry", entry)
    entry["distance"] = round(score(beta, share, held_out=True).distance, 6)
    path = Path(folder) / f"{_slug(team)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(entry, ensure_ascii=False) + "\n")
    return path


def ranking(folder: Path | str) -> pd.DataFrame:
    """The entries in ``folder``, least distance first; what cannot be ranked is told, a line each.

    Returns:
        A row a team: ``rank`` (missing where too little of the borders is kept), ``team``,
        ``beta``, ``share``, ``kept``, ``distance`` with its interval over subjects at 95 %
        (``low``, ``high``), and how much more that is than the first team's, on the same subjects
        (``behind``, ``behind_low``, ``behind_high``).

    Raises:
        Sim2RealError: where there is no such folder.
    """
    refuse(not Path(folder).is_dir(), f"{folder}: no such folder; expected one with the entries")
    entries: dict[str, tuple[dict, Score]] = {}
    for path in sorted(Path(folder).glob("*.json")):
        try:
            entry, result = _judged(path)
            refuse(
                _slug(entry["team"]) in entries,
                f"{path.name}: a second entry of team {entry['team']}; one counts",
            )
            entries[_slug(entry["team"])] = entry, result
        except Sim2RealError as error:
            print(f"not ranked: {error}")
    ordered = sorted(entries.values(), key=lambda pair: (_fails(pair[1]), pair[1].distance))
    return pd.DataFrame([_row(k, *pair, ordered[0][1]) for k, pair in enumerate(ordered, start=1)])


@lru_cache(maxsize=1)
def code_version() -> str:
    """Digest of all that a score rests on, tables included; entries of one version can be
    compared."""
    return science_digest(__name__)[:12]


@lru_cache(maxsize=2)
def _people(held_out: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulated slices, their labels, and real slices of other patients, each (slice, row,
    column)."""
    first = N_SUBJECTS if held_out else 0
    stacks = [middle_slices(*simulated(first + k)) for k in range(N_SUBJECTS)]
    images, labels = (np.concatenate(part) for part in zip(*stacks, strict=True))
    real = slices("B", first + N_SUBJECTS)[first * _PER_SUBJECT :]
    return images, labels, real


def _judged(path: Path) -> tuple[dict, Score]:
    """An entry and its score, computed again. Raises Sim2RealError for what does not fit."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Sim2RealError(f"{path.name}: no JSON ({error}); hand in what enter wrote") from None
    refuse(
        not isinstance(entry, dict),
        f"{path.name}: holds {type(entry).__name__}; expected what enter wrote",
    )
    refuse(
        set(entry) != set(_FIELDS),
        f"{path.name}: holds {', '.join(sorted(entry)) or 'nothing'}; expected"
        f" {', '.join(sorted(_FIELDS))}",
    )
    _check(path.name, entry)
    refuse(
        entry["code"] != code_version(),
        f"{path.name}: made with version {entry['code']} of the code, here is {code_version()};"
        " enter again with this one",
    )
    result = score(entry["beta"], entry["share"], held_out=True)
    refuse(
        abs(entry["distance"] - result.distance) > _AGREES * result.distance,
        f"{path.name}: says a distance of {entry['distance']:g}, and its parameters give"
        f" {result.distance:.3f}; enter again",
    )
    return entry, result


def _check(where: str, entry: dict) -> None:
    """Refuse an entry with a field of another kind or beyond its limits."""
    for name, value in entry.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        low, high = LIMITS.get(name, (-np.inf, np.inf))
        within = number and low <= value <= high
        fits = within if _FIELDS[name] is float else isinstance(value, str)
        refuse(not fits, f"{where}: {name} is {value!r}; expected {_expected(name)}")
    team = entry.get("team", "a team")
    refuse(not _TEAM.fullmatch(team), f"{where}: team is {team!r}; expected {_expected('team')}")


def _expected(name: str) -> str:
    if name in LIMITS:
        return "a number from {:g} to {:g}".format(*LIMITS[name])
    if name == "team":
        return "up to 40 letters, digits, spaces and hyphens"
    return "a number" if _FIELDS[name] is float else "a text"


def _slug(team: str) -> str:
    return re.sub(r"[ _]+", "-", team.strip().lower())


def _fails(result: Score) -> bool:
    return result.kept < LEAST_KEPT


def _row(place: int, entry: dict, result: Score, first: Score) -> dict:
    own = crossed_mean(result.distances[:, None])
    behind = crossed_mean((result.distances - first.distances)[:, None])
    return {
        "rank": pd.NA if _fails(result) else place,
        **{name: entry[name] for name in ("team", "beta", "share")},
        "kept": result.kept,
        **{"distance": own.value, "low": own.low, "high": own.high},
        **{"behind": behind.value, "behind_low": behind.low, "behind_high": behind.high},
    }
