"""Time arrays, for models that look at a track's course: mel-spectrogram slices, rows of features, embeddings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from audio import descriptors, musicnn, outline
from audio.decode import SR, PathLike, decode
from audio.identity import content_id
from core.errors import DecodeError, EarmarkError

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
    network: bool = False  # needs TensorFlow and the weights of MusiCNN


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
    return _halved(outline.means(descriptors.frame_features(y, sr), seconds))


def patch_embeddings(y: np.ndarray, sr: int = SR) -> np.ndarray:
    """Return what MusiCNN (Million Song Dataset) makes of each of the passages of 3 s that the analysis hears.

    Returns
    -------
    np.ndarray, shape (patches, 200), float16
        At most 8 patches, as many as fit without overlap and at least one; their mean is the track's embedding.

    Raises
    ------
    EarmarkError
        TensorFlow or the weights are not installed.
    """
    return _halved(_networks().hear(y, sr).embeddings)


KINDS: dict[str, Kind] = {
    "mel": Kind(1, mel_slices, "mel-spectrogram slices of 5 s"),
    "frames": Kind(1, frame_sequence, "one row of features a second"),
    "patches": Kind(musicnn.VERSION, patch_embeddings, "MusiCNN embeddings of passages of 3 s", network=True),
}


def kinds_here() -> tuple[str, ...]:
    """Return the kinds that can be made on this computer."""
    return tuple(name for name, kind in KINDS.items() if not kind.network or musicnn.available())


def require(kinds: tuple[str, ...]) -> None:
    """Refuse kinds that cannot be made on this computer.

    Raises
    ------
    EarmarkError
    """
    lacking = [name for name in kinds if name not in kinds_here()]
    if lacking:
        raise EarmarkError(
            f"The arrays {', '.join(lacking)} need TensorFlow and the musicnn package: see the README, Install."
        )


def start_child(kinds: tuple[str, ...]) -> None:
    """Load what the kinds need, so that the first file does not pay for it."""
    descriptors.measure(np.random.default_rng(0).standard_normal(SR).astype(np.float32))  # librosa compiles
    if any(KINDS[name].network for name in kinds):
        _networks()


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


def make_from(path: PathLike, kinds: tuple[str, ...]) -> dict[str, np.ndarray]:
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


def _halved(numbers: np.ndarray) -> np.ndarray:
    """Return numbers in half precision; those too large for it become the largest there is."""
    limit = np.finfo(np.float16).max
    return numbers.clip(-limit, limit).astype(np.float16)


@cache
def _networks() -> musicnn.Musicnn:
    """Return the networks of this process, loaded once."""
    return musicnn.Musicnn(threads=1)


@cache
def _filters(sr: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the window (2048,) and the mel filters (1025, 128)."""
    import librosa

    window = librosa.filters.get_window("hann", N_FFT).astype(np.float32)
    return window, np.ascontiguousarray(librosa.filters.mel(sr=sr, n_fft=N_FFT, n_mels=N_MELS).T)
