"""Outline: a track's course in time, from its frame features: parts, segments, a picture, and where to listen first."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from audio.descriptors import HOP, ROW_NAMES
from audio.musicnn import PATCH_SECONDS

if TYPE_CHECKING:
    from audio.musicnn import Heard

NAME = "outline"
VERSION = 1  # raise it when the same file would give other numbers

PART_SECONDS = 5.0
SEGMENT_SECONDS = 25.0  # one segment for so much music, about a verse
FEWEST, MOST = 2, 12  # segments, of a track that is long enough for two and changes at all
SHORTEST = 5.0  # seconds of a segment
MOST_UNITS = 600  # the search for bounds looks at every pair of these: seconds, or more of a track over 10 min
POINTS = 400  # of the picture
SILENCE = 1e-4  # of full scale (-80 dB): dither is not drawn as if it were music
EXCERPT = 15.0  # seconds of the telling moment
QUIET_DB = 10.0  # so far under the track's level what is heard counts as silence
SNAP_BACK, SNAP_AHEAD = 5.0, 3.0  # seconds: an excerpt begins with a segment that begins so long before or after it
NO_CHANGE = 1e-3  # dB of an MFCC, or share of a pitch: less is rounding
TINY = 1e-20  # power that no sound has

# What bounds are found by: timbre and harmony. Slopes, onsets and the like say little over a second.
COURSE = [i for i, name in enumerate(ROW_NAMES) if name.startswith(("mfcc_", "chroma_")) and "delta" not in name]
RMS = ROW_NAMES.index("rms")


def parts(rows: np.ndarray, sr: int) -> np.ndarray:
    """Return the mean of each feature in equal parts of about 5 s, at least one.

    Parameters
    ----------
    rows : np.ndarray, shape (len(ROW_NAMES), frames)
        Of `descriptors.measure`.
    sr : int
        Hz, of the samples they were measured on.

    Returns
    -------
    np.ndarray, shape (parts, len(ROW_NAMES)), float32
    """
    return means(rows, _count(_seconds(rows, sr) / PART_SECONDS))


def bounds(rows: np.ndarray, sr: int) -> np.ndarray:
    """Return where the segments of a track begin.

    The means of MFCC and chroma over each second are cut into runs that differ least from their own mean (least
    squares, found exactly by dynamic programming: Bellman 1961; for music see Jensen 2007, "Multiple timescale
    segmentation of music"). How many depends on the length only, about one for 25 s.

    Parameters
    ----------
    rows : np.ndarray, shape (len(ROW_NAMES), frames)
    sr : int
        Hz.

    Returns
    -------
    np.ndarray, shape (segments,), float32
        Seconds, ascending; the first is 0, and it is alone in a track that is short or does not change.
    """
    seconds = _seconds(rows, sr)
    units = min(_count(seconds), MOST_UNITS)
    course = _standardised(means(rows[COURSE], units))
    shortest = int(np.ceil(SHORTEST * units / max(seconds, 1)))
    segments = min(int(np.clip(_count(seconds / SEGMENT_SECONDS), FEWEST, MOST)), units // shortest)
    if segments < 2 or not course.any():
        return np.zeros(1, np.float32)
    return (_best_cuts(course, segments, shortest) * (seconds / units)).astype(np.float32)


def waveform(y: np.ndarray) -> np.ndarray:
    """Return the picture of a track: the largest magnitude in 400 equal parts of it.

    Returns
    -------
    np.ndarray, shape (400,), uint8
        255 is the loudest part; all 0 for silence.
    """
    if not len(y):
        return np.zeros(POINTS, np.uint8)
    edges = np.linspace(0, len(y), POINTS + 1).astype(int)
    pieces = [y[first : max(end, first + 1)] for first, end in itertools.pairwise(edges)]
    peaks = np.array([max(piece.max(), -piece.min()) for piece in pieces])  # no copy of the whole for its magnitudes
    loudest = peaks.max()
    return np.round(255 * peaks / loudest).astype(np.uint8) if loudest > SILENCE else np.zeros(POINTS, np.uint8)


def telling_moment(
    y: np.ndarray, sr: int, heard: Heard | None, rows: np.ndarray, *, begins: np.ndarray | None = None
) -> float:
    """Return where to listen first: the start of the 15 s that are most like the whole track.

    Every 15 s are compared with the mean of the whole: by timbre and harmony, and by the embedding of the passages
    that MusiCNN heard in them. Silence does not count: neither the seconds that are more than 10 dB under the track's
    level, nor excerpts that are. An excerpt that begins within a few seconds of a segment begins with it: a listener
    finds the way sooner from there, and it tells of one segment, not of two.

    Measured on 128 clips of 45 s, by the share of all excerpts whose mean embedding is nearer to the track's: 24 % with
    eight passages heard, 26 % with four, two or none; 45 % around the one passage nearest to the mean, 67 % for the
    first 15 s.

    Parameters
    ----------
    y : np.ndarray, shape (samples,)
    sr : int
        Hz.
    heard : Heard, optional
        What the network heard of the track.
    rows : np.ndarray, shape (len(ROW_NAMES), frames)
    begins : np.ndarray, optional
        The track's `bounds`, where they are known already.

    Returns
    -------
    float
        Seconds, 0 to the duration less 15; 0 for a track shorter than that.
    """
    latest = len(y) / sr - EXCERPT
    if latest <= 0:
        return 0.0
    starts = np.linspace(0, latest, _count(latest) + 1)
    unlike = _unlike_in_sound(rows, sr, starts, len(y) / sr)
    if heard is not None:
        unlike += _unlike_in_embedding(heard, rows[RMS], sr, starts)
    loud = _levels(rows[RMS], sr, starts, EXCERPT) > -QUIET_DB
    best = float(starts[np.where(loud, unlike, np.inf).argmin()])
    begins = bounds(rows, sr) if begins is None else begins
    near = begins[(begins >= best - SNAP_BACK) & (begins <= min(best + SNAP_AHEAD, latest))]
    return float(near[np.abs(near - best).argmin()]) if len(near) else best


def _unlike_in_sound(rows: np.ndarray, sr: int, starts: np.ndarray, duration: float) -> np.ndarray:
    """Return how far the mean timbre and harmony of each excerpt are from the track's; the mean distance is 1."""
    seconds = means(rows[COURSE], _count(duration))
    step = duration / len(seconds)
    sounding = _levels(rows[RMS], sr, np.arange(len(seconds)) * step, step) > -QUIET_DB
    known = seconds[sounding] if sounding.any() else seconds
    scaled = (seconds - known.mean(axis=0)) / np.maximum(known.std(axis=0), NO_CHANGE)
    sums = np.concatenate([np.zeros((1, scaled.shape[1])), np.cumsum(scaled, axis=0, dtype=np.float64)])
    first = np.round(starts / step).astype(int).clip(0, len(seconds) - 1)
    end = np.minimum(first + _count(EXCERPT / step), len(seconds))
    return _relative(np.linalg.norm((sums[end] - sums[first]) / (end - first)[:, None], axis=1))


def _unlike_in_embedding(heard: Heard, rms: np.ndarray, sr: int, starts: np.ndarray) -> np.ndarray:
    """Return how much further than usual the passages heard in each excerpt are from the track's mean embedding.

    It counts for as much as the share of the excerpt that was heard: one passage of 3 s says little of 15.
    """
    sounding = _levels(rms, sr, heard.starts, PATCH_SECONDS) > -QUIET_DB
    inside = (heard.starts >= starts[:, None]) & (heard.starts + PATCH_SECONDS <= starts[:, None] + EXCERPT) & sounding
    away, count = np.zeros(len(starts)), inside.sum(axis=1)
    if (some := count > 0).any():
        weights = inside[some] / count[some, None]
        mean = heard.embeddings[sounding].mean(axis=0)
        distance = _relative(np.linalg.norm(weights @ heard.embeddings - mean, axis=1))
        away[some] = (distance - 1) * count[some] * PATCH_SECONDS / EXCERPT
    return away


def _relative(distances: np.ndarray) -> np.ndarray:
    return distances / max(float(distances.mean()), TINY)


def _levels(rms: np.ndarray, sr: int, starts: np.ndarray, seconds: float) -> np.ndarray:
    """Return the level of some seconds from each start on, in dB against the whole track's."""
    energy = np.concatenate([[0.0], np.cumsum(rms.astype(np.float64) ** 2)])
    first = np.clip(starts * sr / HOP, 0, len(rms) - 1).astype(int)
    end = np.clip((starts + seconds) * sr / HOP, first + 1, len(rms)).astype(int)
    power = (energy[end] - energy[first]) / (end - first)
    return 10 * np.log10(np.maximum(power, TINY) / max(energy[-1] / len(rms), TINY))


# -- what they share --------------------------------------------------------------------------------


def means(rows: np.ndarray, count: int) -> np.ndarray:
    """Return the mean of each row over equal runs of frames; fewer runs where there are not so many frames.

    Returns
    -------
    np.ndarray, shape (count, rows), float32
    """
    frames = rows.shape[1]
    edges = np.linspace(0, frames, min(count, frames) + 1).astype(int)
    return (np.add.reduceat(rows, edges[:-1], axis=1) / np.diff(edges)).T.astype(np.float32)


def _count(number: float) -> int:
    """Return the nearest whole number, at least 1."""
    return max(1, round(number))


def _seconds(rows: np.ndarray, sr: int) -> float:
    return (rows.shape[1] - 1) * HOP / sr


def _standardised(x: np.ndarray) -> np.ndarray:
    """Give each column mean 0 and deviation 1; those that hardly vary become 0."""
    away = x - x.mean(axis=0)
    deviation = away.std(axis=0)
    varies = deviation > NO_CHANGE
    return np.where(varies, away / np.where(varies, deviation, 1), 0)


def _best_cuts(x: np.ndarray, segments: int, shortest: int) -> np.ndarray:
    """Return where to cut rows into runs whose squared distance from their own mean is least in all.

    Parameters
    ----------
    x : np.ndarray, shape (n, d)
    segments : int
        How many runs; n is at least `segments` times `shortest`.
    shortest : int
        Rows in a run, at least.

    Returns
    -------
    np.ndarray, shape (segments,)
        The first row of each run; the first is 0.
    """
    costs = _costs(x, shortest)
    best, came_from = costs[0], []  # best[j]: the least cost of the first j rows in so many runs
    for _ in range(segments - 1):
        totals = best[:, None] + costs  # one more run, from row i to row j
        came_from.append(totals.argmin(axis=0))
        best = totals.min(axis=0)
    cuts = [len(x)]
    for previous in reversed(came_from):
        cuts.append(int(previous[cuts[-1]]))
    return np.array([0, *reversed(cuts[1:])])


def _costs(x: np.ndarray, shortest: int) -> np.ndarray:
    """Return the squared distance of rows i to j (without j) from their mean; infinite for a run that is too short."""
    sums = np.concatenate([np.zeros((1, x.shape[1])), np.cumsum(x, axis=0, dtype=np.float64)])
    squares = np.concatenate([[0.0], np.cumsum(np.einsum("ij,ij->i", x, x, dtype=np.float64))])
    gram = sums @ sums.T
    norms = np.diag(gram)
    length = np.arange(len(sums)) - np.arange(len(sums))[:, None]
    spread = squares - squares[:, None] - (norms + norms[:, None] - 2 * gram) / np.maximum(length, 1)
    return np.where(length >= shortest, spread, np.inf)
