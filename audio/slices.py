"""Time arrays, for models that look at a track's course: mel-spectrogram slices, and one row of features a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from audio import descriptors, outline
from audio.decode import SR, PathLike, decode
from audio.identity import content_id
from core.errors import DecodeError

SLICE_SECONDS = 5.0
MOST_SLICES = (
    12  # a minute of each track, spread over it: eight passages of 3 s tell nearly all (benchmarks/patches.py)
)
N_FFT = 2048
HOP = 512
N_MELS = 128
SLICE_FRAMES = 1 + int(SLICE_SECONDS * SR) // HOP
# A byte holds a level in steps of half a decibel: no level is off by more than 0.25 dB. The floor is the noise that 16
# bits leave in a band; the loudest tone of full scale reaches +41 dB.
FLOOR_DB = -80.0
STEP_DB = 0.5


@dataclass(frozen=True)
class Kind:
    """One sort of time array."""

    version: int  # raise it when the same file would give other numbers
    make: Callable[[np.ndarray, int], np.ndarray]  # (y, sr) -> array
    about: str


@dataclass(frozen=True)
class Wanted:
    """What arrays are to be made of a file."""

    path: str
    content_id: str  # what was heard when the file was analysed
    kinds: tuple[str, ...]


def mel_slices(y: np.ndarray, sr: int = SR) -> np.ndarray:
    """Return log-mel spectrograms of passages of 5 s spread evenly over a track.

    Parameters
    ----------
    y : np.ndarray, shape (samples,)
        Mono, full scale 1; shorter than a slice is followed by silence.
    sr : int
        Hz.

    Returns
    -------
    np.ndarray, shape (slices, 128, 216), uint8
        At most 12 slices, as many as fit without overlap and at least one; `decibels` gives the levels back.
    """
    return np.stack([_encoded(_mel_power(y, start, sr)) for start in slice_starts(len(y), sr)])


def slice_starts(samples: int, sr: int = SR) -> np.ndarray:
    """Return the first sample of each slice."""
    length = int(SLICE_SECONDS * sr)
    count = min(MOST_SLICES, max(1, samples // length))
    return np.linspace(0, max(0, samples - length), count).round().astype(int)


def decibels(slices: np.ndarray) -> np.ndarray:
    """Return the levels that slices hold, float32: librosa.power_to_db of the mel power, with a floor at -80 dB."""
    return FLOOR_DB + STEP_DB * slices.astype(np.float32)


def frame_sequence(y: np.ndarray, sr: int = SR) -> np.ndarray:
    """Return the mean of every feature of `descriptors.ROW_NAMES` in each second.

    Returns
    -------
    np.ndarray, shape (seconds, len(ROW_NAMES)), float16
        Equal parts of the track, as many as it has whole seconds (rounded) and at least one; half a per mille off.
    """
    seconds = max(1, round(len(y) / sr))
    limit = np.finfo(np.float16).max
    return outline.means(descriptors.frame_features(y, sr), seconds).clip(-limit, limit).astype(np.float16)


KINDS: dict[str, Kind] = {
    "mel": Kind(1, mel_slices, "mel-spectrogram slices of 5 s"),
    "frames": Kind(1, frame_sequence, "one row of features a second"),
}


def make(wanted: Wanted) -> dict[str, np.ndarray]:
    """Decode a file and make the arrays wanted of it. Runs in child processes.

    Raises
    ------
    DecodeError
        If it cannot be read, or its sound is not that which was analysed: the arrays would get another track's name.
    """
    if content_id(wanted.path) != wanted.content_id:
        raise DecodeError(wanted.path, "its sound has changed since it was analysed; analyse it again first")
    return make_from(wanted.path, wanted.kinds)


def make_from(path: PathLike, kinds: tuple[str, ...] = tuple(KINDS)) -> dict[str, np.ndarray]:
    """Decode a file and make arrays of it."""
    waveform = decode(path)
    return {kind: KINDS[kind].make(waveform.y, waveform.sr) for kind in kinds}


def _mel_power(y: np.ndarray, start: int, sr: int) -> np.ndarray:
    """Return the mel power of the centred frames of a slice, (128, 216), as librosa.feature.melspectrogram has it."""
    first, end = start - N_FFT // 2, start + (SLICE_FRAMES - 1) * HOP + N_FFT // 2
    samples = np.pad(y[max(first, 0) : end], (max(-first, 0), max(end - len(y), 0)))
    window, filters = _filters(sr)
    spectrum = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP] * window, axis=1)
    return ((spectrum.real**2 + spectrum.imag**2) @ filters).T


def _encoded(power: np.ndarray) -> np.ndarray:
    """Return levels as bytes."""
    levels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    return np.round((levels - FLOOR_DB) / STEP_DB).clip(0, 255).astype(np.uint8)


@cache
def _filters(sr: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the window (2048,) and the mel filters (1025, 128)."""
    import librosa

    window = librosa.filters.get_window("hann", N_FFT).astype(np.float32)
    return window, np.ascontiguousarray(librosa.filters.mel(sr=sr, n_fft=N_FFT, n_mels=N_MELS).T)
