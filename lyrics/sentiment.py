"""How words feel: NLTK's VADER (Hutto & Gilbert 2014), which knows English only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

LEXICON = "vaderSentiment", "vader_lexicon.txt"  # package and file
FEELS = 0.05  # VADER's own bound of neutral
POINTS = 10  # of the arc
SMOOTH = 2.0  # lines: the width of the window that smooths it


@dataclass(frozen=True, eq=False)
class Mood:
    """How a song feels, from -1 to 1."""

    mean: float  # of its lines, each counted once however often it is sung
    positive: float  # share of the lines that are
    negative: float
    arc: np.ndarray  # (at most 10,), its course from beginning to end, smoothed


def of_lines(lines: Sequence[str]) -> np.ndarray:
    """Return how each line feels.

    Parameters
    ----------
    lines : sequence of str
        English.

    Returns
    -------
    np.ndarray, shape (n,)
        VADER's compound, -1 to 1; NaN for a line without words.

    >>> of_lines(["I love this happy morning", "", "I cry alone"]).round(1).tolist()
    [0.8, nan, -0.6]
    """
    felt = {line: _analyser().polarity_scores(line)["compound"] for line in set(lines) if line.strip()}
    return np.array([felt.get(line, np.nan) for line in lines], dtype=float)


def of_song(text: str) -> Mood:
    """Return how a song feels; 0 throughout where it has no words.

    The mean of its lines, not VADER's figure for the whole, which is near -1 or 1 for any long text.

    Parameters
    ----------
    text : str
        English, one line of the song a line.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return Mood(0.0, 0.0, 0.0, np.zeros(0))
    distinct = of_lines(list(dict.fromkeys(line.strip().casefold() for line in lines)))
    positive, negative = np.mean(distinct >= FEELS), np.mean(distinct <= -FEELS)
    return Mood(float(np.mean(distinct)), float(positive), float(negative), _arc(of_lines(lines)))


def _arc(felt: np.ndarray) -> np.ndarray:
    """Return a smoothed course of at most POINTS points (Gaussian weights over the lines)."""
    places = np.arange(len(felt))
    points = np.linspace(0, len(felt) - 1, min(POINTS, len(felt)))
    width = max(SMOOTH, len(felt) / POINTS)
    weights = np.exp(-0.5 * ((points[:, None] - places) / width) ** 2)
    return weights @ felt / weights.sum(axis=1)


@lru_cache(maxsize=1)
def _analyser() -> Any:
    """Return NLTK's analyser with the lexicon of the vaderSentiment package, which NLTK itself would download.

    NLTK opens no file of another package, so the lexicon is read here.
    """
    from nltk.sentiment.vader import SentimentIntensityAnalyzer, VaderConstants

    class Analyser(SentimentIntensityAnalyzer):
        def __init__(self, lexicon: str) -> None:
            self.lexicon_file = lexicon
            self.lexicon = self.make_lex_dict()
            self.constants = VaderConstants()

    return Analyser(_lexicon())


def _lexicon() -> str:
    spec = find_spec(LEXICON[0])
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(LEXICON[0])
    return (Path(spec.origin).parent / LEXICON[1]).read_text("utf-8")
