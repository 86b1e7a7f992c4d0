"""What the Models page shows of a run: mistakes with their tracks, how sure it was, and what tells answers apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import EarmarkError
from core.records import ModelRun
from services import runs
from services.datasets import Dataset, dataset
from services.inputs import JOINS
from services.workspace import Workspace

SURE = 3.0  # standard errors, with many artists: some forty differences are looked at, and none should be luck
LEAST = 0.3  # standard deviations: less is not heard
MOST = 3  # descriptors in a sentence
SAME = 0.8  # correlation from which two descriptors say the same


# -- where a run was wrong --------------------------------------------------------------------------


def newest(workspace: Workspace, target: str) -> ModelRun | None:
    """Return the newest run of a target whose guesses were kept, None before the first."""
    for run in workspace.model_runs.all(target):
        if run.path is not None and (workspace.home / run.path / runs.MEASURED).is_file():
            return run
    return None


def words_since(workspace: Workspace, target: str) -> int:
    """Return of how many tracks words came since a target was last trained; 0 where too few came to be heard."""
    run = newest(workspace, target)
    came = 0 if run is None else workspace.lyrics.found_since(run.created_at)
    return came if came >= JOINS else 0


def measured(workspace: Workspace, run: ModelRun) -> dict[str, Any] | None:
    """Return how a run guessed the answered tracks, each by a model that knew neither it nor its artist.

    Returns
    -------
    dict
        classes; counts (rows: answered, columns: guessed); reliability [{confidence, accuracy, tracks, low, high}];
        per_class as `models.evaluation.per_class`. None where nothing was kept.
    """
    from models import evaluation

    kept = runs.measured(workspace, run)
    if kept is None:
        return None
    y, proba, classes = kept["y"], kept["proba"], [str(name) for name in kept["classes"]]
    bins = evaluation.reliability(y, proba, classes)
    return {
        "classes": classes,
        "counts": evaluation.confusion(y, proba, classes).tolist(),
        "reliability": [{**row, **_wilson(row["accuracy"], row["tracks"])} for row in bins],
        "per_class": evaluation.per_class(y, proba, classes),
    }


def _wilson(share: float, n: int) -> dict[str, float]:
    """Return the 95 % interval of a share (Wilson 1927).

    >>> _wilson(0.5, 25)
    {'low': 0.3175, 'high': 0.6825}
    """
    z = 1.96
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return {"low": round(float(middle - half), 4), "high": round(float(middle + half), 4)}


def cell(workspace: Workspace, run: ModelRun, answered: str, guessed: str) -> list[dict[str, Any]]:
    """Return the tracks with one answer and one guess, the surest guesses first: [{id, answered, guessed, sure}]."""
    kept = runs.measured(workspace, run)
    if kept is None:
        return []
    classes, proba = kept["classes"], kept["proba"]
    rows = np.flatnonzero((kept["y"] == answered) & (classes[proba.argmax(axis=1)] == guessed))
    sure = proba[rows].max(axis=1)
    return [
        {"id": int(kept["ids"][row]), "answered": answered, "guessed": guessed, "sure": round(float(share), 4)}
        for row, share in sorted(zip(rows, sure, strict=True), key=lambda one: -one[1])
    ]


# -- what tells the answers apart -------------------------------------------------------------------


@dataclass(frozen=True)
class Word:
    """A descriptor as a listener would say it."""

    name: str
    more: str
    less: str
    meaning: str


# Those that can be heard. Chroma and cepstral coefficients describe the sound as well, but no word says how.
WORDS: dict[str, Word] = {
    "spectral_centroid_mean": Word(
        "spectral centroid", "brighter", "darker", "the middle of the spectrum: high with cymbals and strings"
    ),
    "spectral_bandwidth_mean": Word(
        "spectral bandwidth",
        "wider in the spectrum",
        "narrower in the spectrum",
        "how far apart low and high sounds lie",
    ),
    "spectral_flatness_mean": Word(
        "spectral flatness", "noisier", "purer in tone", "near to noise when high, near to a single tone when low"
    ),
    "contrast_4_mean": Word(
        "spectral contrast", "more transparent", "denser", "how far tones stand out of what lies between them"
    ),
    "zero_crossing_rate_mean": Word(
        "zero-crossing rate", "hissier", "softer in the treble", "how often the wave changes its sign: high with hiss"
    ),
    "rms_mean": Word("level", "louder", "quieter", "the loudness of the file as it is, before any is matched"),
    "rms_std": Word(
        "changes of level", "more uneven in loudness", "more even in loudness", "how much loud and quiet parts differ"
    ),
    "onset_strength_mean": Word(
        "onset strength", "sharper in attack", "softer in attack", "how suddenly notes and beats begin"
    ),
    "tempo": Word("tempo", "faster", "slower", "beats in a minute, which may be taken for half or twice as many"),
    "tempo_confidence": Word("tempo confidence", "steadier in beat", "freer in beat", "how regularly the beats come"),
    "mode": Word("mode", "more often in major", "more often in minor", "major or minor"),
    "key_confidence": Word("key", "clearer in key", "less clear in key", "how well the notes fit one key"),
    "harmonic_share": Word(
        "harmonic share", "richer in held tones", "poorer in held tones", "how much of the sound are tones that last"
    ),
    "percussive_share": Word(
        "percussive share", "more percussive", "less percussive", "how much of the sound are strokes and clicks"
    ),
}


def glossary() -> list[tuple[str, str]]:
    """Return each descriptor with what it means."""
    return [(word.name, word.meaning) for word in WORDS.values()]


def descriptors_that_matter(workspace: Workspace, target: str) -> list[dict[str, Any]]:
    """Say in words how the sound of each answer's tracks differs from that of the others.

    Differences of means in standard deviations; their standard errors take artists as the units. Only what exceeds
    three of them is said, and of descriptors that say the same only the one with the larger difference.

    Returns
    -------
    list of {"class", "sentence", "descriptors": [{"name", "words", "difference", "error"}]}
        Of an ordered target only the two ends.

    Raises
    ------
    EarmarkError
        Too few answers, or no descriptors.
    """
    from audio.descriptors import DESCRIPTOR_NAMES

    data = dataset(workspace, target, "descriptors")
    if data.X.shape[1] != len(DESCRIPTOR_NAMES):
        raise EarmarkError("The descriptors come from an older version. Analyse again with `analyze --retry`.")
    names = list(WORDS)
    X = np.nan_to_num(data.X[:, [DESCRIPTOR_NAMES.index(name) for name in names]].astype(float))
    return [_apart(data, X, names, value) for value in _looked_at(data)]


def _looked_at(data: Dataset) -> tuple[str, ...]:
    """Return the classes to say something of: what lies between two ends differs from neither clearly."""
    if data.ordered:
        return data.classes[-1], data.classes[0]
    return data.classes[-1:] if len(data.classes) == 2 else data.classes


def _apart(data: Dataset, X: np.ndarray, names: list[str], value: str) -> dict[str, Any]:
    """Return what tells one class from the others."""
    difference, error = differences(X, data.y == value, data.groups)
    sure = _sure(len(np.unique(data.groups)))
    correlation = np.abs(_correlations(X))
    chosen: list[int] = []
    for column in np.argsort(-np.abs(difference), kind="stable"):
        clear = abs(difference[column]) > max(LEAST, sure * error[column])
        if clear and len(chosen) < MOST and not (correlation[column, chosen] > SAME).any():
            chosen.append(int(column))
    words = [WORDS[names[i]].more if difference[i] > 0 else WORDS[names[i]].less for i in chosen]
    rows = [
        {
            "name": WORDS[names[i]].name,
            "words": said,
            "difference": round(float(difference[i]), 3),
            "error": round(float(error[i]), 3),
        }
        for i, said in zip(chosen, words, strict=True)
    ]
    return {"class": value, "sentence": _sentence(data.target, value, rows), "descriptors": rows}


def differences(X: np.ndarray, inside: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how the means of some rows differ from those of the others, in standard deviations, and the errors.

    Parameters
    ----------
    X : np.ndarray, shape (n, d)
    inside : np.ndarray of bool, shape (n,)
        Some rows, not all.
    groups : np.ndarray, shape (n,)
        The units of the standard error.

    >>> X = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> differences(X, np.array([False, False, True, True]), np.array(["a", "b", "c", "d"]))[0].round(2)
    array([1.79])
    """
    z = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-12)
    difference = z[inside].mean(axis=0) - z[~inside].mean(axis=0)
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    share = np.where(inside, 1 / max(1, inside.sum()), -1 / max(1, (~inside).sum()))[:, None]
    centred = np.where(inside[:, None], z - z[inside].mean(axis=0), z - z[~inside].mean(axis=0)) * share
    sums = np.zeros((int(group.max()) + 1, X.shape[1]))
    np.add.at(sums, group, centred)
    n = max(2, len(sums))
    return difference, np.sqrt(n / (n - 1) * (sums**2).sum(axis=0))


def _sure(artists: int) -> float:
    """Return how many standard errors are as rare with few artists as three with many: Student's t.

    Expanded about the normal quantile (Abramowitz & Stegun 1964, 26.7.5).

    >>> [round(_sure(n), 1) for n in (5, 10, 50, 1000)]
    [6.0, 4.0, 3.2, 3.0]
    """
    z, freedom = SURE, max(1, artists - 1)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2


def _correlations(X: np.ndarray) -> np.ndarray:
    z = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-12)
    return z.T @ z / len(z)


def _sentence(target: str, value: str, rows: list[dict[str, Any]]) -> str:
    """Say it: "Liked tracks are brighter (spectral centroid) and louder (level)."."""
    who = f"{value.capitalize()} tracks" if target in ("rating", "genre", "mood") else f"Tracks answered {value}"
    if not rows:
        return f"{who} differ from the others in none of these clearly."
    said = [f"{row['words']} ({row['name']})" for row in rows]
    return f"{who} are {' and '.join([', '.join(said[:-1]), said[-1]] if len(said) > 1 else said)}."
