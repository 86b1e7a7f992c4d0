"""A track's course in time: the same for two encodings of a recording, another for another performance."""

from __future__ import annotations

import numpy as np

NAME = "signature"
VERSION = 1
SLICES = 48  # parts of equal length: 5 s each of a four-minute song
BANDS = 8
LOWEST, HIGHEST = 110.0, 5_000.0  # Hz: what every encoder keeps
FRAME = 4096  # samples, one after the other
BLOCK = 32  # frames at once: half a megabyte stays in the cache, an hour would take 2 GB
FLOOR_DB = -80.0  # below the loudest slice: there is nothing to compare
SAME = 0.97  # likeness: one recording, encoded twice
ALIKE = (
    0.9  # likeness: perhaps, perhaps another version; below it two recordings. See `likeness` for where these come from
)


def signature(y: np.ndarray, sr: int) -> np.ndarray:
    """Return how the sound's energy moves through time in each of eight bands.

    Parameters
    ----------
    y : np.ndarray, shape (samples,)
    sr : int
        Hz.

    Returns
    -------
    np.ndarray, shape (384,), float32
        Level in dB against the mean of its band, slice after slice; zeros for silence.
    """
    power = _band_power(y, sr)
    slices = np.array([part.mean(axis=0) for part in np.array_split(power, SLICES)])
    loudest = slices.max()
    if not np.isfinite(loudest) or loudest <= 0:
        return np.zeros(SLICES * BANDS, np.float32)
    level = 10 * np.log10(np.maximum(slices / loudest, 10 ** (FLOOR_DB / 10)))
    return (level - level.mean(axis=0)).astype(np.float32).ravel()


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Return the correlation of two signatures, -1 to 1; 0 where one of them is silent or does not move.

    Measured on real clips of 45 s: 40 of them encoded again (MP3 64 kb/s, AAC 128, Opus 48) correlate with their
    originals with 0.982 to 1; of the 32,896 pairs of 257 clips the two remixes and remasters with 0.90 and 0.91, all
    other different pairs with less than 0.84.

    >>> likeness(np.array([1.0, -1.0, 2.0]), np.array([2.0, -2.0, 4.0]))
    1.0
    """
    length = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    return min(1.0, float(np.dot(a.astype(np.float64), b.astype(np.float64)) / length)) if length else 0.0


def _band_power(y: np.ndarray, sr: int) -> np.ndarray:
    """Return the power in each band of each frame, at least one frame for each slice; (frames, bands)."""
    frame = min(FRAME, max(64, len(y) // SLICES))
    count = max(SLICES, len(y) // frame)
    edges = np.geomspace(LOWEST, min(HIGHEST, sr / 2), BANDS + 1) * frame / sr
    first = np.clip(np.floor(edges[:-1]).astype(int), 0, frame // 2)
    last = np.clip(np.ceil(edges[1:]).astype(int), first + 1, frame // 2 + 1)
    window, power = np.hanning(frame).astype(np.float32), np.empty((count, BANDS), np.float32)
    for begin in range(0, count, BLOCK):
        samples = y[begin * frame : min(begin + BLOCK, count) * frame]
        frames = np.pad(samples, (0, min(BLOCK, count - begin) * frame - len(samples))).reshape(-1, frame)
        spectrum = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
        bands = [spectrum[:, a:b].mean(axis=1) for a, b in zip(first, last, strict=True)]
        power[begin : begin + BLOCK] = np.stack(bands, axis=1)
    return power
