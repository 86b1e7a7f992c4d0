"""Words that tell some songs from others, and how clear a word comes up by chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lyrics.words import terms

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PRIOR = 1_000.0  # words the prior weighs: a word must be told by more than its first few occurrences
USES = 2  # of a word in one song that count: a refrain is sung twenty times and is one song's
SHUFFLES = 100  # with 40, chance is too rough a measure
TINY = 0.05  # standard deviations of log-odds, at least: a word that hardly changes is not the clearest for that
NONE = 1e-3  # standard deviations that are none
CHANCE = 95  # percentile of the clearest words when songs are dealt out anew


@dataclass(frozen=True)
class Term:
    """A word that some songs use more than others do."""

    word: str
    z: float  # standard deviations of what it has when songs are dealt out anew
    songs: int  # of these songs use it
    rest: int  # of the others


@dataclass(frozen=True)
class Told:
    """Words that tell some songs from others, most telling first, and the z up to which one may be chance."""

    terms: list[Term]
    chance: float = float("inf")


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
    songs: Corpus,
    inside: Iterable[int],
    outside: Iterable[int],
    *,
    together: Mapping[int, object] | None = None,
    least: int = 2,
    limit: int | None = None,
    seed: int = 0,
) -> Told:
    """Return the words that tell some songs from others, and what chance gives.

    The log-odds ratio with an informative Dirichlet prior, in standard deviations (Monroe, Colaresi & Quinn 2008,
    "Fightin' Words", equations 16 and 22); the prior is how often each word comes in all these songs together. It takes
    every word for drawn alone, but words come in refrains and habits. So two uses a song count, and each word is
    measured by what it has when the songs of both sides are dealt out anew: z is in standard deviations of that, and
    chance is what the clearest of all words has in one of twenty cases (the maximum statistic of Westfall & Young
    1993; each case is measured by the others).

    Parameters
    ----------
    songs : Corpus
    inside, outside : iterable of int
        Numbers of songs.
    together : mapping of int to object, optional
        What each song belongs to, such as its artist, whose songs are dealt out together a second time: else the habits
        of a few artists would look like what the sides have in common. Of both ways the one that says less counts.
    least : int
        Only words that at least so many of the songs inside use.
    limit : int, optional
        No more than so many.
    seed : int

    Returns
    -------
    Told
        Words with z above 0; none where one side has no words.

    >>> found = corpus_of({n: Counter({"rain" if n < 6 else "sun": 2, "day": 1}) for n in range(12)})
    >>> [term.word for term in telling(found, range(6), range(6, 12)).terms]
    ['rain']
    """
    first, second = songs.rows(inside), songs.rows(outside)
    rows = np.concatenate([first, second])
    uses = songs.uses[rows]
    lengths = np.asarray(uses.sum(axis=1)).ravel()
    if not lengths[: len(first)].sum() or not lengths[len(first) :].sum():
        return Told([])
    columns = np.flatnonzero(_songs_with(uses) >= least)  # no other word can be told
    uses = uses[:, columns]
    as_it_is = np.arange(len(rows)) < len(first)
    found, rng = _odds(uses, lengths, as_it_is), np.random.default_rng(seed)
    z, chance = np.full(len(columns), np.inf), 0.0
    for belongs in [{}, together] if together else [{}]:
        groups = _groups(songs.ids[rows], belongs)
        if belongs and not groups.any():  # all of one artist: there is nothing to deal
            continue
        cases = [_odds(uses, lengths, inside).astype(np.float32) for inside in _dealt(groups, len(first), rng)]
        dealt = np.stack(cases)
        spread = np.maximum(dealt.std(axis=0, ddof=1), TINY)
        z = np.minimum(z, (found - dealt.mean(axis=0)) / spread)
        chance = max(chance, float(np.percentile(_each_by_the_others(dealt).max(axis=1, initial=0.0), CHANCE)))
    in_songs, in_rest = _songs_with(uses[as_it_is]), _songs_with(uses[~as_it_is])
    told = sorted(
        np.flatnonzero((z > 0) & (in_songs >= least)).tolist(), key=lambda i: (-z[i], songs.words[columns[i]])
    )
    terms = [Term(songs.words[columns[i]], float(z[i]), int(in_songs[i]), int(in_rest[i])) for i in told[:limit]]
    return Told(terms, chance)


def _groups(ids: np.ndarray, together: Mapping[int, object]) -> np.ndarray:
    """Return a number for each song, the same for those that belong together."""
    names = [f"of {together[i]}" if i in together else f"alone {i}" for i in ids.tolist()]
    return np.unique(names, return_inverse=True)[1]


def _dealt(groups: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield which songs are inside, so many each time, group by group."""
    for _ in range(SHUFFLES):
        inside = np.zeros(len(groups), bool)
        inside[np.argsort(rng.permutation(len(groups))[groups], kind="stable")[:size]] = True
        yield inside


def _odds(uses: csr_array, lengths: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return the log-odds of each word, 0 where one side has none at all."""
    chosen = inside.astype(np.int32)
    here, n = np.asarray(chosen @ uses, dtype=float), int(lengths[inside].sum())
    m = int(lengths.sum()) - n
    return log_odds(here, np.asarray(uses.sum(axis=0)).ravel() - here, n, m) if n and m else np.zeros(len(here))


def _each_by_the_others(values: np.ndarray) -> np.ndarray:
    """Return how far each row is from the mean of the other rows, in their standard deviations, column by column."""
    n = len(values)
    off = values - values.mean(axis=0)
    variance = (off**2).sum(axis=0) - off**2 * n / (n - 1)
    spread = np.sqrt(np.maximum(variance, 0.0) / (n - 2))
    return off * n / (n - 1) / np.maximum(spread, TINY)


def log_odds(count: np.ndarray, rest: np.ndarray, n: int, m: int, *, prior: float = PRIOR) -> np.ndarray:
    """Return by how many standard deviations the log-odds of each word are higher among n words than among m others.

    >>> log_odds(np.array([5.0]), np.array([5.0]), 100, 100)
    array([0.])
    """
    alpha = prior * (count + rest) / (n + m)
    odds = np.log((count + alpha) / (n + prior - count - alpha))
    others = np.log((rest + alpha) / (m + prior - rest - alpha))
    return (odds - others) / np.sqrt(1 / (count + alpha) + 1 / (rest + alpha))


def _songs_with(uses: csr_array) -> np.ndarray:
    return np.bincount(uses.indices, minlength=uses.shape[1])
