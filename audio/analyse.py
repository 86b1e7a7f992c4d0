"""Analysing: one pass over a file gives everything that is kept of it. Runs in child processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from audio import descriptors, musicnn, outline, quick, signature
from audio.decode import MAX_SECONDS, PathLike, decode
from audio.descriptors import Described
from audio.identity import PacketDigest
from audio.loudness import Meter
from core.errors import DecodeError
from core.records import Analysis, Outline, Task, Waveform

if TYPE_CHECKING:
    from audio.musicnn import Heard, Musicnn

# What a stored vector must match to be still valid.
FEATURE_VERSIONS: dict[str, int] = {
    descriptors.NAME: descriptors.VERSION,
    musicnn.NAME: musicnn.VERSION,
    musicnn.TAGS_NAME: musicnn.TAGS_VERSION,
    signature.NAME: signature.VERSION,
}
# What a few seconds gave is kept under another version, so that no model ever takes it for the whole track's.
QUICK_VERSIONS: dict[str, int] = {
    name: -FEATURE_VERSIONS[name] for name in (descriptors.NAME, musicnn.NAME, musicnn.TAGS_NAME)
}
VERSIONS: dict[str, int] = {**FEATURE_VERSIONS, outline.NAME: outline.VERSION}  # of everything a task can ask for
OF_NETWORK = frozenset({musicnn.NAME, musicnn.TAGS_NAME})
OF_FRAMES = frozenset({descriptors.NAME, outline.NAME})
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_worker_musicnn: Musicnn | None = None  # of this child process


def analyse(task: Task | PathLike, *, musicnn: Musicnn | None = None) -> Analysis:
    """Read a file once and take from it what is asked for.

    Parameters
    ----------
    task : Task or path
        Only the sets it names are computed; a path, or a task that names none, asks for all.
    musicnn : Musicnn, optional
        The loaded networks; without them there is no embedding and there are no tags, and the outline's telling moment
        is found by the descriptors.

    Returns
    -------
    Analysis
        The features and the outline that were asked for. A quick task gives features of a few seconds and no content
        id, since it does not read the whole file.

    Raises
    ------
    DecodeError
        If no sound can be had from the file.
    """
    task = task if isinstance(task, Task) else Task(os.fspath(task))
    wanted = set(task.sets) or set(QUICK_VERSIONS if task.quick else VERSIONS)
    return _quick(task.path, wanted, musicnn) if task.quick else _whole(task.path, wanted, musicnn)


def _whole(path: str, wanted: set[str], networks: Musicnn | None) -> Analysis:
    """Take what is wanted from the whole file."""
    digest, meter = PacketDigest(), Meter()
    on_channels = meter.add if outline.NAME in wanted else None
    waveform = decode(path, on_packet=digest.add, on_channels=on_channels)
    content_id = digest.content_id()
    if content_id is None:
        raise DecodeError(path, "none of its sound can be decoded")
    y, sr = waveform.y, waveform.sr
    described = descriptors.measure(y, sr) if wanted & OF_FRAMES else None
    heard = networks.hear(y, sr) if networks and wanted & (OF_NETWORK | {outline.NAME}) else None
    features = _features(wanted, described, heard)
    if signature.NAME in wanted:
        features[signature.NAME] = signature.signature(y, sr)
    course = _outline(waveform, meter, described, heard) if described and outline.NAME in wanted else None
    return Analysis(content_id, waveform.duration, waveform.complete, features, _note(waveform), course)


def _quick(path: str, wanted: set[str], networks: Musicnn | None) -> Analysis:
    """Take what is wanted from a few seconds of the file."""
    features, duration = quick.hear_quickly(path, networks if wanted & OF_NETWORK else None)
    kept = {name: vector for name, vector in features.items() if name in wanted}
    return Analysis(None, duration, True, kept, quick=True)


def _features(wanted: set[str], described: Described | None, heard: Heard | None) -> dict[str, np.ndarray]:
    """Return the vectors that are wanted, of what was measured and heard."""
    found = {}
    if described is not None:
        found[descriptors.NAME] = described.values
    if heard is not None:
        found |= {musicnn.NAME: heard.embeddings.mean(axis=0), musicnn.TAGS_NAME: heard.tags.mean(axis=0)}
    return {name: vector for name, vector in found.items() if name in wanted}


def _outline(waveform: Waveform, meter: Meter, described: Described, heard: Heard | None) -> Outline:
    y, sr, rows = waveform.y, waveform.sr, described.rows
    begins = outline.bounds(rows, sr)
    return Outline(
        loudness=meter.loudness(),
        peak=meter.peak,
        telling=outline.telling_moment(y, sr, heard, rows, begins=begins),
        bounds=begins,
        waveform=outline.waveform(y),
        parts=outline.parts(rows, sr),
    )


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


def analyse_in_worker(task: Task | PathLike) -> Analysis:
    """Analyse a file in a child that `start_worker` has prepared."""
    return analyse(task, musicnn=_worker_musicnn)


def one_thread() -> None:
    """Keep the number libraries to one thread, here where they are not yet imported, and in children started later."""
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"


def compile_librosa() -> None:
    """Have librosa's compiled parts made and kept, which a new installation does once, in about 15 s.

    Two processes doing that at the same moment can crash on each other's half-written files (seen with numba 0.68).
    """
    descriptors.measure(_second_of_noise())


def _warm_up() -> None:
    """Let the first track not pay for what is compiled and loaded on first use."""
    compile_librosa()
    meter = Meter()
    meter.add(_second_of_noise()[None], descriptors.SR, ("FC",))
    meter.loudness()
    if _worker_musicnn is not None:
        _worker_musicnn.hear(_second_of_noise(), descriptors.SR)


def _second_of_noise() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(descriptors.SR).astype(np.float32)


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
