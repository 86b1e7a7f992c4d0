"""The feature set "lyrics": what a song's words are like, as numbers. Each song is described by itself."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from lyrics.sentiment import of_song
from lyrics.words import distinct_ratio, repetition, terms, tokens

VERSION = 1
LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "ja")  # a column each
DIMENSIONS = 256  # of the words: see docs/architecture.md
STYLE = (
    "log_words",
    "log_lines",
    "words_per_second",
    "duration_known",
    "distinct_ratio",
    "repetition",
    "words_per_line",
    "english",  # whether the three below were measured
    "sentiment_mean",
    "sentiment_positive",
    "sentiment_negative",
)
NAMES: tuple[str, ...] = (
    *STYLE,
    *(f"language_{code}" for code in LANGUAGES),
    *(f"words_{n}" for n in range(DIMENSIONS)),
)
STEMMERS = {  # language -> NLTK's Snowball stemmer; none needs data
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish", "fr": "french",
    "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sv": "swedish",
}  # fmt: skip
SEED = 0  # of the hash


def vector(text: str, *, language: str | None, duration: float | None = None) -> np.ndarray:
    """Describe a song's words.

    Parameters
    ----------
    text : str
        Cleaned, one line of the song a line.
    language : str, optional
        ISO 639-1, as `language.detect` gives it.
    duration : float, optional
        Seconds of the recording.

    Returns
    -------
    np.ndarray, shape (len(NAMES),), float32
        Finite. The style of the words, then what they are: the stems of content words, each counted in one of
        DIMENSIONS columns by its hash with a sign (Weinberger et al. 2009), logarithmic, of length 1.
    """
    return np.concatenate([_style(text, language, duration), _content(text, language)]).astype(np.float32)


def _style(text: str, language: str | None, duration: float | None) -> np.ndarray:
    words = tokens(text)
    lines = [line for line in text.split("\n") if line.strip()]
    known = bool(duration and duration > 0)
    english = language == "en"
    mood = of_song(text) if english else None
    return np.array(
        [
            math.log1p(len(words)),
            math.log1p(len(lines)),
            len(words) / duration if known and duration else 0.0,
            float(known),
            distinct_ratio(words),
            repetition(text),
            len(words) / max(1, len(lines)),
            float(english),
            mood.mean if mood else 0.0,
            mood.positive if mood else 0.0,
            mood.negative if mood else 0.0,
            *(float(language == code) for code in LANGUAGES),
        ]
    )


def _content(text: str, language: str | None) -> np.ndarray:
    from sklearn.utils import murmurhash3_32

    found = np.zeros(DIMENSIONS)
    for word, count in terms(text, language).items():
        code = int(murmurhash3_32(_stem(word, language), seed=SEED, positive=True))
        sign = 1.0 if code & 1 else -1.0
        found[(code >> 1) % DIMENSIONS] += sign * (1 + math.log(count))
    length = float(np.linalg.norm(found))
    return found / length if length > 0 else found


@lru_cache(maxsize=50_000)
def _stem(word: str, language: str | None) -> str:
    return str(_stemmer(STEMMERS[language]).stem(word)) if language in STEMMERS else word


@lru_cache(maxsize=len(STEMMERS))
def _stemmer(name: str) -> Any:
    from nltk.stem.snowball import SnowballStemmer

    return SnowballStemmer(name)
