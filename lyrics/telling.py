"""Words that tell some songs from others, and how clear a word comes up by chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
FEW = 3  # songs of a side from which on a word has to stand in PAIR of them, so that one song's word is no habit
PAIR = 2
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
    first: Iterable[int],
    second: Iterable[int],
    *,
    together: Mapping[int, object] | None = None,
    seed: int = 0,
) -> tuple[Told, Told]:
    """Return the words that tell some songs from others, and those that tell the others from them.

    The log-odds ratio with an informative Dirichlet prior, in standard deviations (Monroe, Colaresi & Quinn 2008,
    "Fightin' Words", equations 16 and 22); the prior is how often each word comes in all these songs together. It takes
    every word for drawn alone, but words come in refrains and habits. So two uses a song count, and each word is
    measured by what it has when the songs of both sides are dealt out anew: z is in standard deviations of that, and
    chance is what the clearest of all words has in one of twenty cases (the maximum statistic of Westfall & Young
    1993; each case is measured by the others).

    Parameters
    ----------
    songs : Corpus
    first, second : iterable of int
        Numbers of songs.
    together : mapping of int to object, optional
        What each song belongs to, such as its artist, whose songs are dealt out together a second time: else the habits
        of a few artists would look like what the sides have in common. Of both ways the one that says less counts.
    seed : int

    Returns
    -------
    tuple of Told
        Of the first and of the second songs: words with z above 0, of two songs at least where there are three; none
        where one side has no words.

    >>> found = corpus_of({n: Counter({"rain" if n < 6 else "sun": 2, "day": 1}) for n in range(12)})
    >>> [[term.word for term in side.terms] for side in telling(found, range(6), range(6, 12))]
    [['rain'], ['sun']]
    """
    rows = [songs.rows(first), songs.rows(second)]
    if not all(songs.uses[side].sum() for side in rows):
        return Told([]), Told([])
    z, chances = _measured(songs, rows, together or {}, np.random.default_rng(seed))
    used = [_songs_with(songs.uses[side]) for side in rows]
    here, there = (
        Told(_terms(songs.words, sign * z, used[side], used[1 - side], len(rows[side])), chances[side])
        for side, sign in enumerate((1, -1))
    )
    return here, there


def _terms(words: Sequence[str], z: np.ndarray, used: np.ndarray, rest: np.ndarray, songs: int) -> list[Term]:
    """Return the words of one side, the clearest first."""
    enough = used >= (PAIR if songs >= FEW else 1)
    order = sorted(np.flatnonzero((z > 0) & enough).tolist(), key=lambda i: (-z[i], words[i]))
    return [Term(words[i], float(z[i]), int(used[i]), int(rest[i])) for i in order]


def _measured(
    songs: Corpus, rows: Sequence[np.ndarray], together: Mapping[int, object], rng: np.random.Generator
) -> tuple[np.ndarray, tuple[float, float]]:
    """Return z of every word, above 0 for the first side's, and what chance gives on either side."""
    both, size = np.concatenate(rows), len(rows[0])
    uses = songs.uses[both]
    lengths = np.asarray(uses.sum(axis=1)).ravel()
    columns = np.flatnonzero(_songs_with(uses) >= (PAIR if len(both) >= FEW else 1))  # the others can hardly be told
    uses = uses[:, columns]
    found = _odds(uses, lengths, np.arange(len(both)) < size)
    ways = [_groups(songs.ids[both], {}), _groups(songs.ids[both], together)]
    least, highest, lowest = np.full(len(columns), np.inf), 0.0, 0.0
    for groups in ways if 1 < len(set(ways[1].tolist())) < len(both) else ways[:1]:
        dealt = np.stack([_odds(uses, lengths, one).astype(np.float32) for one in _dealt(groups, size, rng)])
        measured = (found - dealt.mean(axis=0)) / np.maximum(dealt.std(axis=0, ddof=1), TINY)
        least = np.where(np.abs(measured) < np.abs(least), measured, least)
        by_others = _each_by_the_others(dealt)
        highest = max(highest, float(np.percentile(by_others.max(axis=1, initial=0.0), CHANCE)))
        lowest = max(lowest, float(np.percentile(-by_others.min(axis=1, initial=0.0), CHANCE)))
    z = np.zeros(len(songs.words))
    z[columns] = least
    return z, (highest, lowest)


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
