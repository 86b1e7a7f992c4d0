"""The quick pass: a few seconds of a track, found by seeking, so that a whole library can be rated early."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import av
import av.container
import numpy as np

from audio import descriptors, musicnn
from audio.decode import (
    AV_ERRORS,
    LOUDEST,
    MAX_SECONDS,
    SR,
    PathLike,
    decode,
    decoded_frames,
    open_sound,
    promised_seconds,
    resample,
)
from audio.musicnn import PATCH_SECONDS, Musicnn

# Passages. Against the whole of 257 clips of 45 s (benchmarks/patches.py, new artists, paired, 95 %): genre +0.4 points
# (-2.0 to +2.7); AUC of liked -1.7 (-3.5 to -0.2) and -0.6 (-2.3 to +1.0) for two listeners.
COUNT = 4
SECONDS = PATCH_SECONDS  # of each: what MusiCNN hears at once
# A track of less than so many times what is heard of it is decoded whole: seeking would save little.
WORTH_SEEKING = 2.0
FAST_SEEK = 0x80000  # FFmpeg's AVFMT_FLAG_FAST_SEEK: in an MP3 jump by the bit rate instead of reading up to there
LEAD = 0.1  # seconds decoded before a passage and dropped: the first frames after a jump lack what came before them


class Passages(NamedTuple):
    """What was decoded of a track."""

    pieces: list[np.ndarray]  # float32 mono, in the order of the track; one piece is the whole of it
    sr: int  # Hz
    duration: float  # seconds of the whole track; the container's promise where it was not decoded


def passages(path: PathLike, count: int = COUNT, seconds: float = SECONDS) -> Passages:
    """Decode some seconds of a track at places spread evenly over it, without reading the rest of the file.

    A file that is short, does not say how long it is or cannot be read at those places is decoded whole.

    Parameters
    ----------
    path : path
        An audio file.
    count : int
        How many places; a track of four minutes is heard at 0:30, 1:30, 2:30 and 3:30.
    seconds : float
        At each.

    Raises
    ------
    DecodeError
        If no sound can be had from it, as `decode` does.
    """
    with open_sound(path) as (container, stream):
        duration = promised_seconds(container, stream)
        if duration is not None and duration > WORTH_SEEKING * count * seconds:
            used = min(duration, MAX_SECONDS)  # as much as a full pass hears
            starts = (np.arange(count) + 0.5) * used / count - seconds / 2
            stream.codec_context.thread_count = 1  # children share the cores
            pieces = [_passage(container, stream, start, seconds) for start in starts]
            if all(len(piece) == _samples(seconds) for piece in pieces):
                return Passages(pieces, SR, duration)
    waveform = decode(path)
    return Passages([waveform.y], waveform.sr, waveform.duration)


def hear_quickly(path: PathLike, networks: Musicnn | None) -> tuple[dict[str, np.ndarray], float]:
    """Return the feature sets that a few seconds of a track give, and how long the whole lasts.

    Parameters
    ----------
    path : path
        An audio file.
    networks : Musicnn, optional
        Without them there are descriptors only.

    Returns
    -------
    features : dict
        "descriptors" and, with `networks`, "musicnn" and "tags": near what the whole track gives, not the same.
    duration : float
        Seconds.

    Raises
    ------
    DecodeError
        If no sound can be had from it.
    """
    found = passages(path)
    # Joined, not measured one by one and averaged: that is nearer to the whole (0.6 deviations off instead of 0.9).
    features = {descriptors.NAME: descriptors.describe(np.concatenate(found.pieces), found.sr)}
    if networks is not None:
        embedding, tags = _embedding(networks, found)
        features |= {musicnn.NAME: embedding, musicnn.TAGS_NAME: tags}
    return features, found.duration


def _embedding(networks: Musicnn, found: Passages) -> tuple[np.ndarray, np.ndarray]:
    """Return embedding and tags: a patch from each piece, or as many as usual from a whole track."""
    if len(found.pieces) == 1:
        return networks.embed(found.pieces[0], found.sr)
    patches = np.concatenate([musicnn.cut_patches(piece, found.sr, 1) for piece in found.pieces])
    embeddings, tags = networks.hear_patches(patches)
    return embeddings.mean(axis=0), tags.mean(axis=0)


def _passage(
    container: av.container.InputContainer, stream: av.AudioStream, start: float, seconds: float
) -> np.ndarray:
    """Decode from about `start` on; less than `seconds` where the file gives out."""
    container.flags |= FAST_SEEK
    with suppress(*AV_ERRORS):  # a file that cannot seek is read on from where it is
        container.seek(int(max(0.0, start - LEAD) * av.time_base))
    planar = av.AudioResampler(format="fltp")  # only the format: channels and rate stay
    held, rate, length = [np.empty(0, np.float32)], SR, 0
    with suppress(*AV_ERRORS):  # then the passage is too short, and the whole file is decoded
        for frame in _from(decoded_frames(container, stream), start):
            held += [part.to_ndarray().mean(axis=0) for part in planar.resample(frame)]
            rate, length = frame.sample_rate, length + frame.samples
            if length > seconds * rate + 1:
                break
    y = resample(np.concatenate(held), rate, SR)[: _samples(seconds)]
    return np.nan_to_num(y, nan=0.0, posinf=0.0, neginf=0.0).clip(-LOUDEST, LOUDEST)


def _samples(seconds: float) -> int:
    return int(np.ceil(seconds * SR))


def _from(frames: Iterator[av.AudioFrame], start: float) -> Iterator[av.AudioFrame]:
    """Leave out the frames that end before `start`; a whole frame (0.1 s at most) does not matter here."""
    for frame in frames:
        if frame.time is None or frame.time + frame.samples / frame.sample_rate > start:
            yield frame
