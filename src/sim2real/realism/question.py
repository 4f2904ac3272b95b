"""Which is real? Twelve slices that a reader is asked about in the page (``question.js`` in the
book's static files), and a classifier that answers the same question about the same pixels."""

import html
import json
from typing import NamedTuple

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..data import RunFolder, generator, png_uri
from ..metrics import texture_features
from .sets import SliceSet, image_sets, vendors_in

N_SHOWN = 12  # half of them from the cohort
SHOWN_PX = 112  # edge of the middle of a slice that is shown, at most
TAUGHT = 100  # slices of each set that the classifier learns from, at most


class Shown(NamedTuple):
    """A slice that is asked about: the name of its set, its subject and its pixels (row, column) in
    [0, 1]."""

    set_name: str
    subject: str
    image: np.ndarray

    @property
    def is_real(self) -> bool:
        return _is_real(self.set_name)

    @property
    def is_translated(self) -> bool:
        return self.set_name.startswith("sim2real")


def question_html(run: RunFolder, cohort: str, seed: int, name: str) -> str:
    """The question as HTML; cohort: ``surrogate`` or that of real people; name: ``id`` in the
    page."""
    sets = {
        set_name: SliceSet(middle(part.values), part.subjects)
        for set_name, part in image_sets(run).items()
    }
    shown = drawn(sets, seed)
    return asked_html(shown, called_real(sets, shown, seed), cohort == "surrogate", name)


def middle(slices: np.ndarray) -> np.ndarray:
    """The middle ``SHOWN_PX`` rows and columns of slices (n, row, column)."""
    rows, columns = (
        slice((size - min(size, SHOWN_PX)) // 2, (size + min(size, SHOWN_PX)) // 2)
        for size in slices.shape[1:]
    )
    return slices[:, rows, columns]


def drawn(sets: dict[str, SliceSet], seed: int) -> list[Shown]:
    """``N_SHOWN`` slices in an order without meaning, half from the cohort.

    Of the cohort they are of test subjects, where a vendor has them; the others are as many of each
    set, of different virtual subjects as long as there are any. sets: of ``image_sets``.
    """
    rng, vendors = generator(seed, "which is real"), vendors_in(sets)
    tests = [f"real_{vendor}_test" for vendor in vendors]
    real = [name if name in sets else name.removesuffix("_test") for name in tests]
    made = ["simulated", *(f"sim2real_{vendor}" for vendor in vendors)]
    shown: list[Shown] = []
    for names in (real, made):
        for k in range(N_SHOWN // 2):
            name = names[k % len(names)]
            shown.append(_one_of(name, sets[name], shown, rng))
    return [shown[k] for k in rng.permutation(N_SHOWN)]


def _one_of(name: str, part: SliceSet, shown: list[Shown], rng: np.random.Generator) -> Shown:
    """A slice of a subject of which the fewest slices are shown."""
    subjects = rng.permutation(np.unique(part.subjects))
    subject = min(subjects, key=[each.subject for each in shown].count)
    index = rng.choice(np.flatnonzero(part.subjects == subject))
    return Shown(name, str(subject), part.values[index])


def called_real(sets: dict[str, SliceSet], shown: list[Shown], seed: int) -> list[bool] | None:
    """Which of the slices shown a linear discriminant of texture features takes for the cohort's.

    It is of the kind that tells the vendors apart: it names the set of a slice, the cohort's
    together as likely as the others together. It learns from the cohort's training slices and from
    simulated and translated ones, of subjects none of whose slices is shown. None where no such
    subjects are left.
    """
    rng, asked = generator(seed, "which is real", "classifier"), [each.subject for each in shown]
    features, taught = [], []
    for name, part in sets.items():
        others = rng.permutation(np.flatnonzero(~np.isin(part.subjects, asked)))[:TAUGHT]
        if not name.endswith("_test") and len(others) > 1:
            features.append(texture_features(part.values[others]))
            taught += [name] * len(others)
    kinds = [_is_real(name) for name in sorted(set(taught))]
    if len(set(kinds)) < 2:
        return None
    classifier = make_pipeline(
        StandardScaler(),
        LinearDiscriminantAnalysis(
            solver="lsqr", shrinkage="auto", priors=[0.5 / kinds.count(kind) for kind in kinds]
        ),
    ).fit(np.concatenate(features), taught)
    named = classifier.predict(texture_features(np.stack([each.image for each in shown])))
    return [_is_real(str(name)) for name in named]


def _is_real(set_name: str) -> bool:
    return set_name.startswith("real")


def asked_html(shown: list[Shown], called: list[bool] | None, is_surrogate: bool, name: str) -> str:
    """The pictures, the answers folded, and what ``question.js`` asks with.

    called: by the classifier, as ``called_real`` gives it. is_surrogate: whether the cohort stands
    in for real people, so that the question is not about them.
    """
    yes = "from the cohort" if is_surrogate else "real"
    given = {
        "question": f"Is it {yes}?",
        "yes": yes,
        "no": "not",
        "truth": [_truth(each, yes) for each in shown],
        "real": [each.is_real for each in shown],
        "translated": [each.is_translated for each in shown],
        "called": called,
    }
    pictures = "".join(
        f'<li><img alt="Short-axis slice {k}" width="{each.image.shape[1]}"'
        f' height="{each.image.shape[0]}" src="{png_uri(each.image)}"></li>'
        for k, each in enumerate(shown, start=1)
    )
    return (
        f'<div class="question" id="{html.escape(name, quote=True)}">'
        f'<script type="application/json">{json.dumps(given)}</script>'
        '<div class="question-asked" hidden><p class="question-text" tabindex="-1"></p><img alt="">'
        f'<p class="question-buttons"><button type="button" value="yes">{yes}</button> <button'
        ' type="button" value="no">not</button> <button type="button" value="next"'
        ' hidden>next</button></p><p class="question-said" aria-live="polite"></p></div>'
        f'<ol class="question-still">{pictures}</ol>{_answers(given)}</div>'
    )


def _truth(each: Shown, yes: str) -> str:
    if each.is_real:
        return f"{yes}, vendor {each.set_name.split('_')[1]}"
    if each.is_translated:
        return f"simulated and translated to vendor {each.set_name.split('_')[1]}"
    return "simulated, not translated"


def _answers(given: dict) -> str:
    """The truth of each picture, and what the classifier called it."""
    called, words = given["called"], [given["no"], given["yes"]]
    said = [""] * N_SHOWN if called is None else [f"; classifier: {words[c]}" for c in called]
    rows = "".join(
        f"<li>{truth}{word}</li>" for truth, word in zip(given["truth"], said, strict=True)
    )
    score = "This run has no other subjects for a classifier to learn from."
    if called is not None:
        right = sum(c == real for c, real in zip(called, given["real"], strict=True))
        score = f"Classifier: {right} of {N_SHOWN} right."
    return (
        f'<details class="question-answers"><summary>The answers</summary><ol>{rows}</ol>'
        f"<p>{score}</p></details>"
    )
