"""Words that tell some songs from others, and how clear a word comes up by chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lyrics.words import terms

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PRIOR = 1_000.0  # words the prior weighs: a word must be told by more than its first few occurrences
USES = 2  # of a word in one song that count: a refrain is sung twenty times and is one song's
SHUFFLES = 40
CHANCE = 95  # percentile of the clearest words when songs are dealt out anew


@dataclass(frozen=True)
class Term:
    """A word that some songs use more than others do."""

    word: str
    z: float  # standard deviations by which its log-odds are higher
    songs: int  # of these songs use it
    rest: int  # of the others


@dataclass(frozen=True, eq=False)
class Corpus:
    """The content words of many songs, held in as little room as numbers take."""

    ids: np.ndarray  # (n,) int64, ascending
    words: tuple[str, ...]
    uses: csr_array  # (n, words) int32: how often each song uses each word, USES at most

    def rows(self, ids: Iterable[int]) -> np.ndarray:
        """Return the rows of some songs; those that are not held have none."""
        return np.flatnonzero(np.isin(self.ids, np.fromiter(ids, dtype=np.int64)))

    def words_of(self, song: int) -> set[str]:
        """Return the words of one song."""
        return {self.words[i] for row in self.rows([song]) for i in self.uses[[row]].indices}


def corpus(texts: Iterable[tuple[int, str, str | None]]) -> Corpus:
    """Count the content words of songs.

    Parameters
    ----------
    texts : iterable of (number, words, language)

    >>> found = corpus([(7, "fire and rain", "en"), (9, "fire on fire", "en")])
    >>> found.words, found.words_of(9)
    (('fire', 'rain'), {'fire'})
    """
    return corpus_of({song: terms(text, language) for song, text, language in texts})


def corpus_of(counted: Mapping[int, Counter[str]]) -> Corpus:
    """Return songs whose words are counted already."""
    from scipy.sparse import csr_array

    numbers: dict[str, int] = {}
    starts: list[int] = [0]
    which: list[int] = []
    uses: list[int] = []
    ids = sorted(counted)
    for song in ids:
        which += [numbers.setdefault(word, len(numbers)) for word in counted[song]]
        uses += [min(often, USES) for often in counted[song].values()]
        starts.append(len(which))
    arrays = np.array(uses, np.int32), np.array(which, np.int32), np.array(starts, np.int32)
    return Corpus(np.array(ids, np.int64), tuple(numbers), csr_array(arrays, shape=(len(ids), len(numbers))))


def telling(
    songs: Corpus, inside: Iterable[int], outside: Iterable[int], *, least: int = 2, limit: int | None = None
) -> list[Term]:
    """Return the words that tell some songs from others, most telling first.

    The log-odds ratio with an informative Dirichlet prior, in standard deviations (Monroe, Colaresi & Quinn 2008,
    "Fightin' Words", equations 16 and 22). The prior is how often each word comes in all these songs together. Of a
    word's uses in one song two count: with all of them 18 words come to 2 standard deviations and 5 to 3 where 39 of
    78 real songs are drawn by lot, with two 0.7 and 0.0.

    Parameters
    ----------
    songs : Corpus
    inside, outside : iterable of int
        Numbers of songs.
    least : int
        Only words that at least so many of the songs inside use.
    limit : int, optional
        No more than so many.

    Returns
    -------
    list of Term
        Those with higher odds inside, z above 0; nothing where one side has no words.

    >>> found = corpus_of({1: Counter(rain=3, day=1), 2: Counter(rain=1), 3: Counter(sun=3, day=1)})
    >>> [term.word for term in telling(found, [1, 2], [3])]
    ['rain']
    """
    here, there = songs.uses[songs.rows(inside)], songs.uses[songs.rows(outside)]
    in_songs, in_rest = _songs_with(here), _songs_with(there)
    z = _odds(_total(here), _total(there), int(here.sum()), int(there.sum()), in_songs >= least)
    order = sorted(np.flatnonzero(z > 0).tolist(), key=lambda i: (-z[i], songs.words[i]))[:limit]
    return [Term(songs.words[i], float(z[i]), int(in_songs[i]), int(in_rest[i])) for i in order]


def chance(
    songs: Corpus,
    inside: Iterable[int],
    outside: Iterable[int],
    *,
    together: Mapping[int, object] | None = None,
    least: int = 2,
    seed: int = 0,
) -> float:
    """Return how telling the clearest word is in one of twenty cases where it means nothing.

    The songs of both sides are dealt out anew, and the clearest word is looked for each time.

    Parameters
    ----------
    songs : Corpus
    inside, outside : iterable of int
        Numbers of songs.
    together : mapping of int to object, optional
        What each song belongs to, such as its artist, whose songs are dealt out together: else the habits of a few
        artists would look like what the sides have in common.
    least : int
        As for `telling`.
    seed : int

    Returns
    -------
    float
        Standard deviations; infinite where one side has no words.
    """
    first, second = songs.rows(inside), songs.rows(outside)
    rows = np.concatenate([first, second])
    uses = songs.uses[rows]
    lengths = np.asarray(uses.sum(axis=1)).ravel()
    uses = uses[:, np.flatnonzero(_songs_with(uses) >= least)]  # no other word can pass
    used, total = (uses > 0).astype(np.int32), _total(uses)
    known = together or {}
    names = [f"of {known[i]}" if i in known else f"alone {i}" for i in songs.ids[rows].tolist()]
    group = np.unique(names, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    highest = []
    for _ in range(SHUFFLES):
        dealt = np.zeros(len(rows), np.int32)
        dealt[np.argsort(rng.permutation(len(rows))[group], kind="stable")[: len(first)]] = 1
        here, n = np.asarray(dealt @ uses), int(dealt @ lengths)
        z = _odds(here, total - here, n, int(lengths.sum()) - n, np.asarray(dealt @ used) >= least)
        highest.append(z.max(initial=-np.inf))
    highest = [z for z in highest if z > -np.inf]
    return float(np.percentile(highest, CHANCE)) if highest else float("inf")


def log_odds(count: np.ndarray, rest: np.ndarray, n: int, m: int, *, prior: float = PRIOR) -> np.ndarray:
    """Return by how many standard deviations the log-odds of each word are higher among n words than among m others.

    >>> log_odds(np.array([5.0]), np.array([5.0]), 100, 100)
    array([0.])
    """
    alpha = prior * (count + rest) / (n + m)
    odds = np.log((count + alpha) / (n + prior - count - alpha))
    others = np.log((rest + alpha) / (m + prior - rest - alpha))
    return (odds - others) / np.sqrt(1 / (count + alpha) + 1 / (rest + alpha))


def _odds(here: np.ndarray, there: np.ndarray, n: int, m: int, counts: np.ndarray) -> np.ndarray:
    """Return the log-odds of the words that count, -inf for the others and where one side has no words."""
    z = np.full(len(here), -np.inf)
    if n and m:
        z[counts] = log_odds(here[counts].astype(float), there[counts].astype(float), n, m)
    return z


def _total(uses: csr_array) -> np.ndarray:
    return np.asarray(uses.sum(axis=0)).ravel()


def _songs_with(uses: csr_array) -> np.ndarray:
    return np.bincount(uses.indices, minlength=uses.shape[1])
