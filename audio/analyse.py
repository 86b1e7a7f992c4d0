"""Analysing: one pass over a file gives everything that is kept of it. Runs in child processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from audio import descriptors, musicnn, signature
from audio.decode import MAX_SECONDS, PathLike, decode
from audio.identity import content_id
from core.records import Analysis, Waveform

if TYPE_CHECKING:
    from audio.musicnn import Musicnn

# What a stored vector must match to be still valid.
FEATURE_VERSIONS: dict[str, int] = {
    descriptors.NAME: descriptors.VERSION,
    musicnn.NAME: musicnn.VERSION,
    musicnn.TAGS_NAME: musicnn.TAGS_VERSION,
    signature.NAME: signature.VERSION,
}
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_worker_musicnn: Musicnn | None = None  # of this child process


def analyse(path: PathLike, *, musicnn: Musicnn | None = None) -> Analysis:
    """Decode a file once and take everything from it that is kept.

    Parameters
    ----------
    path : path
        An audio file.
    musicnn : Musicnn, optional
        The loaded networks; without them there is no embedding and there are no tags.

    Returns
    -------
    Analysis
        Features "descriptors" and "signature", and with `musicnn` also "musicnn" and "tags".

    Raises
    ------
    DecodeError
        If no sound can be had from it.
    """
    waveform = decode(path)
    features = {
        descriptors.NAME: descriptors.describe(waveform.y, waveform.sr),
        signature.NAME: signature.signature(waveform.y, waveform.sr),
    }
    if musicnn is not None:
        features |= _embedding(musicnn, waveform)
    return Analysis(content_id(path), waveform.duration, waveform.complete, features, note=_note(waveform))


def start_worker() -> None:
    """Prepare a child process: one thread, the networks loaded, the compiled parts of librosa warm.

    Meant as the `initializer` of a `ProcessPoolExecutor` that spawns its children. numpy is imported before this runs,
    so the process that makes the pool calls `one_thread` first: its children inherit that.
    """
    global _worker_musicnn
    one_thread()
    if musicnn.available():
        _worker_musicnn = musicnn.Musicnn(threads=1)
    _warm_up()


def analyse_in_worker(path: PathLike) -> Analysis:
    """Analyse a file in a child that `start_worker` has prepared."""
    return analyse(path, musicnn=_worker_musicnn)


def one_thread() -> None:
    """Keep the number libraries to one thread, here where they are not yet imported, and in children started later."""
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"


def compile_librosa() -> None:
    """Have librosa's compiled parts made and kept, which a new installation does once, in about 15 s.

    Two processes doing that at the same moment can crash on each other's half-written files (seen with numba 0.68).
    """
    descriptors.describe(_second_of_noise())


def _warm_up() -> None:
    """Let the first track not pay for what is compiled and loaded on first use."""
    compile_librosa()
    if _worker_musicnn is not None:
        _worker_musicnn.embed(_second_of_noise(), descriptors.SR)


def _second_of_noise() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(descriptors.SR).astype(np.float32)


def _embedding(networks: Musicnn, waveform: Waveform) -> dict[str, np.ndarray]:
    embedding, tags = networks.embed(waveform.y, waveform.sr)
    return {musicnn.NAME: embedding, musicnn.TAGS_NAME: tags}


def _note(waveform: Waveform) -> str | None:
    """Say what is missing of a file that is not used whole."""
    heard, expected = waveform.duration, waveform.expected
    if not waveform.complete:
        promise = f" of {spoken(expected)}" if expected and expected > heard else ""
        return f"This file ends after {spoken(heard)}{promise}; the part that can be heard is used."
    if expected and expected > MAX_SECONDS:
        return f"The first {spoken(MAX_SECONDS)} of {spoken(expected)} are used."
    return None


def spoken(seconds: float) -> str:
    """Return a duration as a person writes it.

    >>> spoken(12.3), spoken(220), spoken(3725)
    ('12 s', '3:40', '1:02:05')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
