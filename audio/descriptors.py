"""Descriptors: what can be measured of a track's sound, by librosa's definitions, with a name for every number.

One short-time Fourier transform serves every feature, and the track is gone through in blocks that stay in the
processor's cache: the figures are librosa's, the way there is twenty times shorter than calling its functions in turn.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from audio.decode import SR

NAME = "descriptors"
VERSION = 1  # raise it when the same file would give other numbers

N_FFT = 2048
HOP = 512
N_BINS = 1 + N_FFT // 2
BLOCK = 128  # frames; 128 x 1025 floats are half a megabyte
N_MELS = 128
N_MFCC = 20
TOP_DB = 80.0  # librosa.power_to_db's default range
AMIN = 1e-10  # librosa's smallest power
ROLL_PERCENT = 0.85
CONTRAST_BANDS = 6
CONTRAST_FMIN = 200.0  # Hz
CONTRAST_QUANTILE = 0.02
DELTA_WIDTH = 9  # frames, librosa.feature.delta's default
MIDDLE_SECONDS = 30.0  # the window for tuning and for the harmonic and percussive shares
HPSS_STEP = 2  # of those, every second frame: windows still overlap by half, and medians cost a quarter
HPSS_KERNEL = (15, 17)  # frames so thinned out (0.7 s), mel bands
TEMPO_STEP = 16  # frames between two windows of the tempogram; librosa's own takes every frame
TEMPO_WINDOW = 384  # frames, librosa's 8.9 s

SPECTRAL = ("centroid", "bandwidth", "rolloff", "flatness")
ROW_NAMES: tuple[str, ...] = (
    *(f"mfcc_{i:02d}" for i in range(1, N_MFCC + 1)),
    *(f"mfcc_delta_{i:02d}" for i in range(1, N_MFCC + 1)),
    *(f"chroma_{pitch}" for pitch in ("c", "cs", "d", "ds", "e", "f", "fs", "g", "gs", "a", "as", "b")),
    *(f"contrast_{i}" for i in range(1, CONTRAST_BANDS + 2)),
    *(f"spectral_{name}" for name in SPECTRAL),
    "zero_crossing_rate",
    "rms",
    *(f"tonnetz_{name}" for name in ("fifth_x", "fifth_y", "minor_x", "minor_y", "major_x", "major_y")),
    "onset_strength",
)
STATISTICS = ("mean", "std", "skewness", "kurtosis")
WHOLE_TRACK = ("tempo", "harmonic_share", "percussive_share")
DESCRIPTOR_NAMES: tuple[str, ...] = (
    *(f"{row}_{statistic}" for row in ROW_NAMES for statistic in STATISTICS),
    *WHOLE_TRACK,
)


def describe(y: np.ndarray, sr: int = SR) -> np.ndarray:
    """Measure a track.

    Parameters
    ----------
    y : np.ndarray, shape (samples,)
        Mono float32 samples; may be silent or shorter than one frame.
    sr : int
        Their rate in Hz.

    Returns
    -------
    np.ndarray, shape (len(DESCRIPTOR_NAMES),)
        float32, always finite. Mean, standard deviation, skewness and excess kurtosis over the frames of each feature
        of `ROW_NAMES`; then the tempo in beats per minute (0 where nothing begins), and the shares of the energy that
        a harmonic-percussive separation of the middle 30 s calls harmonic and percussive (0 to 1).
    """
    y = np.ascontiguousarray(y, dtype=np.float32)
    rows, mel_middle = _frame_features(y, sr)
    onset_strength = rows[ROW_NAMES.index("onset_strength")]
    whole = (tempo(onset_strength, sr), *hpss_shares(mel_middle))
    values = np.concatenate([statistics(rows).ravel(), whole]).astype(np.float32)
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


def frame_features(y: np.ndarray, sr: int = SR) -> np.ndarray:
    """Return the features of every frame.

    Returns
    -------
    np.ndarray, shape (len(ROW_NAMES), 1 + samples // 512)
        Each row is what librosa gives: mfcc, delta, chroma_stft, spectral_contrast, spectral_centroid,
        spectral_bandwidth, spectral_rolloff, spectral_flatness, zero_crossing_rate, rms, tonnetz (of chroma_stft),
        onset_strength.
    """
    return _frame_features(np.ascontiguousarray(y, dtype=np.float32), sr)[0]


def statistics(rows: np.ndarray) -> np.ndarray:
    """Return mean, standard deviation, skewness and excess kurtosis of each row; the last three are 0 for a constant.

    >>> statistics(np.array([[1.0, 1.0, 4.0]])).round(3)
    array([[ 2.   ,  1.414,  0.707, -1.5  ]])
    """
    mean = rows.mean(axis=1, dtype=np.float64)
    away = rows - mean[:, None].astype(rows.dtype)
    squared = away * away
    variance = squared.mean(axis=1, dtype=np.float64)
    third = np.einsum("ij,ij->i", squared, away, dtype=np.float64) / rows.shape[1]
    fourth = np.einsum("ij,ij->i", squared, squared, dtype=np.float64) / rows.shape[1]
    # Rounding leaves a constant row a spread of some 1e-7 of its size, whose shape means nothing.
    varies = variance > (1e-6 * np.abs(mean) + 1e-12) ** 2
    safe = np.where(varies, variance, 1.0)
    columns = (mean, np.sqrt(variance), third / safe**1.5, fourth / safe**2 - 3)
    return np.stack([columns[0], *(np.where(varies, column, 0.0) for column in columns[1:])], axis=1)


def tempo(onset_strength: np.ndarray, sr: int = SR) -> float:
    """Return the tempo in beats per minute: librosa.feature.tempo on a tempogram of every sixteenth frame."""
    import librosa

    if not onset_strength.any():
        return 0.0
    padded = np.pad(onset_strength, TEMPO_WINDOW // 2, mode="linear_ramp")
    windows = np.lib.stride_tricks.sliding_window_view(padded, TEMPO_WINDOW)[::TEMPO_STEP]
    spectrum = np.fft.rfft(windows * librosa.filters.get_window("hann", TEMPO_WINDOW), 2 * TEMPO_WINDOW)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:, :TEMPO_WINDOW]
    correlation /= np.maximum(np.abs(correlation).max(axis=1, keepdims=True), AMIN)
    return float(librosa.feature.tempo(tg=correlation.T, sr=sr, hop_length=HOP)[0])


def hpss_shares(mel: np.ndarray) -> tuple[float, float]:
    """Return how much of the energy is harmonic and how much percussive, each 0 to 1.

    Median filtering (Fitzgerald 2010, librosa.decompose.hpss) on mel bands instead of all 1025 frequencies: an eighth
    of the work, which would otherwise be ten times that of everything else together.

    Parameters
    ----------
    mel : np.ndarray, shape (128, frames)
        Power in mel bands.
    """
    import librosa

    total = float(mel.sum(dtype=np.float64))
    if total <= 0 or not mel.shape[1]:
        return 0.0, 0.0
    harmonic, percussive = librosa.decompose.hpss(np.sqrt(mel), kernel_size=HPSS_KERNEL)
    return float((harmonic**2).sum() / total), float((percussive**2).sum() / total)


def _frame_features(y: np.ndarray, sr: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of every frame, and the mel power of the frames in the middle."""
    frames = 1 + len(y) // HOP
    middle = _middle(frames, sr)
    filters, chroma_filters = _filters(sr), _chroma_filters(sr, _tuning(y, sr, middle))
    measured = Measured.empty(frames)
    for first in range(0, frames, BLOCK):
        block = slice(first, min(first + BLOCK, frames))
        _measure(_spectrum(y, block), filters, chroma_filters, measured, block)
    return _finish(measured, y, sr), measured.mel[:, middle][:, ::HPSS_STEP]


@dataclass(frozen=True)
class Filters:
    """What does not depend on the track, for one sample rate."""

    frequencies: np.ndarray  # (1025,) Hz
    mel: np.ndarray  # (1025, 128)
    dct: np.ndarray  # (20, 128)
    bands: tuple[tuple[slice, int], ...]  # of the spectral contrast: bins, and how many make its peak and its valley


@dataclass(frozen=True)
class Measured:
    """What is taken from the spectrum block by block; one column per frame."""

    mel: np.ndarray  # (128, frames) power
    chroma: np.ndarray  # (12, frames) power, not yet normalised
    valleys: np.ndarray  # (7, frames) magnitude
    peaks: np.ndarray  # (7, frames) magnitude
    spectral: np.ndarray  # (4, frames) in the order of SPECTRAL

    @classmethod
    def empty(cls, frames: int) -> Measured:
        """Make room for so many frames."""
        sizes = (N_MELS, 12, CONTRAST_BANDS + 1, CONTRAST_BANDS + 1, len(SPECTRAL))
        return cls(*(np.empty((size, frames), np.float32) for size in sizes))


def _middle(frames: int, sr: int) -> slice:
    """Return the frames of the middle `MIDDLE_SECONDS`."""
    count = min(frames, int(MIDDLE_SECONDS * sr / HOP))
    first = (frames - count) // 2
    return slice(first, first + count)


def _tuning(y: np.ndarray, sr: int, middle: slice) -> float:
    """Return by what share of a semitone the middle of the track is off A = 440 Hz."""
    import librosa

    power = _spectrum(y, middle).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a sound without any pitch has no tuning
        return float(librosa.estimate_tuning(S=power, sr=sr, n_fft=N_FFT)) if power.any() else 0.0


@cache
def _filters(sr: int) -> Filters:
    import librosa

    n = np.arange(N_MELS) + 0.5
    dct = np.sqrt(2 / N_MELS) * np.cos(np.pi / N_MELS * np.outer(np.arange(N_MFCC), n))
    dct[0] /= np.sqrt(2)
    frequencies = librosa.fft_frequencies(sr=sr, n_fft=N_FFT).astype(np.float32)
    mel = np.ascontiguousarray(librosa.filters.mel(sr=sr, n_fft=N_FFT, n_mels=N_MELS).T)
    return Filters(frequencies, mel, dct.astype(np.float32), tuple(_contrast_bands(frequencies)))


def _contrast_bands(frequencies: np.ndarray) -> list[tuple[slice, int]]:
    """Return the octave bands as librosa.feature.spectral_contrast draws them."""
    edges = [0.0, *(CONTRAST_FMIN * 2.0 ** np.arange(CONTRAST_BANDS + 1))]
    bands = []
    for k, (low, high) in enumerate(pairwise(edges)):
        inside = np.flatnonzero((frequencies >= low) & (frequencies <= high))
        first = inside[0] - (k > 0)
        last = N_BINS if k == CONTRAST_BANDS else inside[-1] + 1
        extreme = max(1, int(np.rint(CONTRAST_QUANTILE * (last - first))))
        bands.append((slice(first, last if k == CONTRAST_BANDS else last - 1), extreme))
    return bands


def _chroma_filters(sr: int, tuning: float) -> np.ndarray:
    import librosa

    return np.ascontiguousarray(librosa.filters.chroma(sr=sr, n_fft=N_FFT, tuning=tuning).T)


@cache
def _window() -> np.ndarray:
    import librosa

    return librosa.filters.get_window("hann", N_FFT).astype(np.float32)


def _spectrum(y: np.ndarray, frames: slice) -> np.ndarray:
    """Return the power spectrum of centred frames, shape (frames, 1025); silence surrounds the track."""
    first, end = frames.start * HOP - N_FFT // 2, (frames.stop - 1) * HOP + N_FFT // 2
    samples = y[max(first, 0) : end]
    if first < 0 or end > len(y):
        samples = np.pad(samples, (max(-first, 0), max(end - len(y), 0)))
    framed = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]
    spectrum = np.fft.rfft(framed * _window(), axis=1)
    return spectrum.real**2 + spectrum.imag**2


def _measure(power: np.ndarray, filters: Filters, chroma_filters: np.ndarray, out: Measured, block: slice) -> None:
    """Fill in one block from its power spectrum of shape (frames, 1025)."""
    magnitude = np.sqrt(power)
    out.mel[:, block] = (power @ filters.mel).T
    out.chroma[:, block] = (power @ chroma_filters).T
    for k, (bins, extreme) in enumerate(filters.bands):
        out.valleys[k, block], out.peaks[k, block] = _extremes(magnitude[:, bins], extreme)
    out.spectral[:2, block] = _centroid_and_bandwidth(magnitude, filters.frequencies)
    out.spectral[2, block] = _rolloff(magnitude, filters.frequencies)
    out.spectral[3, block] = _flatness(power)


def _extremes(band: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of the `count` smallest and of the `count` largest of each row."""
    if count == 1:
        return band.min(axis=1), band.max(axis=1)
    ordered = np.sort(
        band, axis=1
    )  # numpy sorts with vector instructions; a partition at two places takes ten times as long
    return ordered[:, :count].mean(axis=1), ordered[:, -count:].mean(axis=1)


def _centroid_and_bandwidth(magnitude: np.ndarray, frequencies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = np.maximum(magnitude.sum(axis=1), np.finfo(np.float32).tiny)
    centroid = (magnitude @ frequencies) / total
    away = frequencies - centroid[:, None]
    away *= away
    away *= magnitude
    return centroid, np.sqrt(away.sum(axis=1) / total)


def _rolloff(magnitude: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    cumulated = np.cumsum(magnitude, axis=1)
    return frequencies[(cumulated >= ROLL_PERCENT * cumulated[:, -1:]).argmax(axis=1)]


def _flatness(power: np.ndarray) -> np.ndarray:
    audible = np.maximum(power, AMIN)
    return np.exp(np.log(audible).mean(axis=1)) / audible.mean(axis=1)


def _finish(measured: Measured, y: np.ndarray, sr: int) -> np.ndarray:
    """Turn what was measured into the rows of `ROW_NAMES`."""
    log_mel = _decibels(measured.mel)
    mfcc = _filters(sr).dct @ log_mel
    chroma = _divided(measured.chroma, measured.chroma.max(axis=0))
    contrast = _decibels(measured.peaks) - _decibels(measured.valleys)
    crossings, rms = _crossings_and_rms(y)
    parts = (
        mfcc,
        _delta(mfcc),
        chroma,
        contrast,
        measured.spectral,
        crossings,
        rms,
        _tonnetz(chroma),
        _onsets(log_mel),
    )
    return np.vstack(parts)


def _decibels(power: np.ndarray) -> np.ndarray:
    """Return librosa.power_to_db: 10 log10, nothing more than 80 dB under the loudest."""
    decibels = np.log10(np.maximum(power, AMIN))
    decibels *= 10
    return np.maximum(decibels, decibels.max() - TOP_DB, out=decibels)


def _divided(x: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Divide columns; those of silence stay 0."""
    return x / np.where(by > np.finfo(np.float32).tiny, by, 1)


def _delta(rows: np.ndarray) -> np.ndarray:
    """Return the slope over 9 frames (librosa.feature.delta); the outermost four repeat their neighbour's."""
    half = DELTA_WIDTH // 2
    frames = rows.shape[1]
    if frames < DELTA_WIDTH:
        return np.zeros_like(rows)
    slope = np.zeros((len(rows), frames - 2 * half), np.float32)
    for step in range(1, half + 1):
        slope += step * (rows[:, half + step : frames - half + step] - rows[:, half - step : frames - half - step])
    slope /= 2 * sum(step**2 for step in range(1, half + 1))
    return np.pad(slope, ((0, 0), (half, half)), mode="edge")


def _tonnetz(chroma: np.ndarray) -> np.ndarray:
    """Return the tonal centroids of Harte, Sandler & Gasser 2006, as librosa.feature.tonnetz has them."""
    angles = np.multiply.outer([7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3], np.arange(12.0))
    angles[::2] -= 0.5
    basis = np.array([[1], [1], [1], [1], [0.5], [0.5]]) * np.cos(np.pi * angles)
    return basis.astype(np.float32) @ _divided(chroma, chroma.sum(axis=0))


def _onsets(log_mel: np.ndarray) -> np.ndarray:
    """Return librosa.onset.onset_strength: how much louder the mel bands became, half a window later."""
    rise = np.diff(log_mel, axis=1)
    strength = np.maximum(rise, 0, out=rise).mean(axis=0)
    return np.concatenate([np.zeros(1 + N_FFT // (2 * HOP), np.float32), strength])[: log_mel.shape[1]]


def _crossings_and_rms(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return zero crossing rate and root mean square of each frame, from sums over hops: a frame is four of them."""
    negative = y < -AMIN
    crossings = np.zeros(len(y), bool)
    np.not_equal(negative[1:], negative[:-1], out=crossings[1:])
    frames = 1 + len(y) // HOP
    # The first sample of a frame has nothing before it to cross from.
    starts = np.zeros(frames, np.float32)
    starts[2:] = crossings[: (frames - 2) * HOP : HOP] if frames > 2 else 0
    rate = (_frame_sums(_hop_counts(crossings), frames) - starts) / N_FFT
    return rate, np.sqrt(_frame_sums(_hop_energies(y), frames) / N_FFT)


def _hop_counts(crossings: np.ndarray) -> np.ndarray:
    whole = len(crossings) // HOP * HOP
    counts = np.count_nonzero(crossings[:whole].reshape(-1, HOP), axis=1)
    return np.append(counts, np.count_nonzero(crossings[whole:])).astype(np.float32)


def _hop_energies(y: np.ndarray) -> np.ndarray:
    whole = len(y) // HOP * HOP
    hops = y[:whole].reshape(-1, HOP)
    return np.append(np.einsum("ij,ij->i", hops, hops), np.float32(np.dot(y[whole:], y[whole:])))


def _frame_sums(hops: np.ndarray, frames: int) -> np.ndarray:
    """Add up the hops of each centred frame; outside the track there is nothing."""
    per_frame = N_FFT // HOP
    padded = np.pad(hops, per_frame // 2)[: frames + per_frame - 1]
    return np.lib.stride_tricks.sliding_window_view(padded, per_frame).sum(axis=1)
