"""Decoding: any audio file to mono float32 samples at one rate, in bounded memory.

PyAV carries its own FFmpeg, so no program needs to be installed. Channels are averaged with numpy and resampled with
soxr HQ, which gives the samples `librosa.load` gives; FFmpeg's own way makes stereo files 3 dB louder than mono ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import av
import av.error
import numpy as np
import soxr

from core.errors import DecodeError
from core.records import Waveform

SR = 22050  # Hz; what the descriptors are defined at
MAX_SECONDS = 3600.0  # more than an hour (a mix, an audio book) is not analysed: 318 MB of samples
# Tags may be in any encoding. PyAV 19 (Python 3.12 on) replaces what is not UTF-8 by itself, 18 has to be told.
OPEN_OPTIONS: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
MIN_SECONDS = 0.005  # less than that is a damaged file, not a sound
# Containers are often a little wrong about their length. An end counts as missing when it is longer than 5 % of the
# promise and longer than 2 s (for files under 8 s: a quarter of the promise).
MISSING_SHARE = 0.05
MISSING_SECONDS = 2.0
MISSING_SHARE_OF_SHORT = 0.25
MAX_CLAIM = 7 * 86400.0  # seconds; a longer duration is a damaged header, not a promise
CHUNK = 1 << 17  # samples handled at once: a numpy call per frame would cost as much as decoding
GROWTH = 300 * SR  # samples the output grows by, so that a lying duration allocates nothing
LOUDEST = 1e3  # beyond any real float recording (full scale is 1); keeps powers finite

# By their number: channels of a WAV file, say, that does not name them.
UNNAMED = {
    1: ("FC",),
    2: ("FL", "FR"),
    4: ("FL", "FR", "FC", "BC"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}

PathLike = str | os.PathLike[str]
OnPacket = Callable[[av.Packet], object]
OnChannels = Callable[[np.ndarray, int, tuple[str, ...]], object]
# What PyAV has been seen to raise on damaged files besides its own errors.
AV_ERRORS = (av.error.FFmpegError, OSError, ValueError, IndexError, AttributeError, RuntimeError, MemoryError)


def decode(
    path: PathLike,
    sr: int = SR,
    *,
    start: float | None = None,
    seconds: float | None = None,
    on_packet: OnPacket | None = None,
    on_channels: OnChannels | None = None,
) -> Waveform:
    """Decode an audio file, or a passage of it, to mono.

    Packets that are damaged are skipped, as ffmpeg does; a file that stops early gives what can be heard of it, with
    `complete` false.

    Parameters
    ----------
    path : path
        Any file FFmpeg can read; its extension does not matter.
    sr : int
        Rate of the result in Hz.
    start : float, optional
        Where to begin, in seconds.
    seconds : float, optional
        How much to decode; never more than `MAX_SECONDS`.
    on_packet : callable, optional
        Called with every packet of the sound in turn, to the end of the file also where decoding stops before it.
    on_channels : callable, optional
        Called with all channels as they were before they were averaged and resampled: samples of shape (channels,
        samples), float32, full scale 1, not freed from NaN; their rate in Hz; the names of the channels.

    Returns
    -------
    Waveform
        float32 samples, full scale 1, NaN and infinity replaced by 0.

    Raises
    ------
    DecodeError
        If no sound can be had from the file, with the reason in plain words.
    """
    limit = min(seconds or MAX_SECONDS, MAX_SECONDS)
    with open_sound(path) as (container, stream):
        expected = None if start or seconds else promised_seconds(container, stream)
        stream.codec_context.thread_count = 1  # children share the cores; one file per core is the quickest
        packets = Packets(container, stream, on_packet)
        if start:
            _seek(container, stream, start)
        y = _collect(_from(_frames(packets), stream, start), sr, int(limit * sr), on_channels)
        if on_packet is not None:
            packets.read_on()
    if len(y) < MIN_SECONDS * sr:
        raise DecodeError(path, "there is next to no sound in it" if len(y) else "none of its sound can be decoded")
    short = expected is not None and _is_short(len(y) / sr, min(expected, limit))
    return Waveform(y=y, sr=sr, expected=expected, complete=not (short or packets.broken))


def resample(y: np.ndarray, sr_in: int, sr_out: int) -> np.ndarray:
    """Resample along the first axis with soxr HQ; other axes are channels."""
    return y if sr_in == sr_out else soxr.resample(y, sr_in, sr_out, quality="HQ")


@contextmanager
def open_sound(path: PathLike) -> Iterator[tuple[av.container.InputContainer, av.AudioStream]]:
    """Open a file and its first audio stream; what goes wrong is said in plain words.

    Raises
    ------
    DecodeError
        If the file cannot be opened or has no audio stream that FFmpeg knows.
    """
    with open_container(path) as container:
        yield container, _audio_stream(path, container)


@contextmanager
def open_container(path: PathLike) -> Iterator[av.container.InputContainer]:
    """Open a media file, whatever streams it has."""
    _refuse_what_is_no_file(path)
    try:
        # An absolute path, since FFmpeg takes "Live: Rome.mp3" for an address.
        container = av.open(os.path.abspath(path), **OPEN_OPTIONS)
    except PermissionError as error:
        raise DecodeError(path, "you have no permission to read it") from error
    except AV_ERRORS as error:
        raise DecodeError(path, "it is not an audio file, or too damaged to open") from error
    with container:
        yield container


def _refuse_what_is_no_file(path: PathLike) -> None:
    file = Path(path)
    try:
        if file.is_dir():
            raise DecodeError(path, "it is a folder")
        if not file.exists():
            raise DecodeError(path, "the file is not there")
        if not file.is_file():  # a pipe would be waited for without end
            raise DecodeError(path, "it is not an ordinary file")
        if file.stat().st_size == 0:
            raise DecodeError(path, "the file is empty")
    except PermissionError as error:
        raise DecodeError(path, "you have no permission to read it") from error
    except OSError as error:
        raise DecodeError(path, error.strerror or "the disk does not give it") from error


def _audio_stream(path: PathLike, container: av.container.InputContainer) -> av.AudioStream:
    if container.format.name == "tty":  # what FFmpeg makes of any text
        raise DecodeError(path, "it is a text, not an audio file")
    if not container.streams.audio:
        raise DecodeError(path, "there is no sound in it" + (", only pictures" if container.streams.video else ""))
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise DecodeError(path, "its sound is in a format that cannot be decoded")
    if stream.codec_context.codec_tag == "drms":
        raise DecodeError(path, "it is protected against copying")
    return stream


def promised_seconds(container: av.container.InputContainer, stream: av.AudioStream) -> float | None:
    """Return the duration the container promises, in seconds; None if it promises none that can be true."""
    seconds = None
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / av.time_base
    return seconds if seconds and 0 < seconds < MAX_CLAIM else None


def decoded_frames(container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    """Yield the frames of a stream, leaving out what is damaged."""
    return _frames(Packets(container, stream))


class Packets:
    """The packets of one stream in order; `broken` becomes true when the file gives out before its end."""

    def __init__(
        self, container: av.container.InputContainer, stream: av.AudioStream, on_packet: OnPacket | None = None
    ) -> None:
        self._demuxed = container.demux(stream)
        self._on_packet = on_packet
        self.broken = False

    def __iter__(self) -> Iterator[av.Packet]:
        while True:
            try:
                packet = next(self._demuxed)
            except StopIteration:
                return
            except AV_ERRORS:
                self.broken = True
                return
            if self._on_packet is not None:
                self._on_packet(packet)
            yield packet

    def read_on(self) -> None:
        """Show the packets that were not asked for, so that `on_packet` sees them all."""
        broken = self.broken
        for _ in self:
            pass
        self.broken = broken  # what comes after the passage is not missing in it


def _frames(packets: Packets) -> Iterator[av.AudioFrame]:
    """Yield decoded frames, leaving out the packets that cannot be decoded."""
    for packet in packets:
        try:
            frames = cast("list[av.AudioFrame]", packet.decode())
        except AV_ERRORS:
            continue
        yield from frames


def _seek(container: av.container.InputContainer, stream: av.AudioStream, start: float) -> None:
    with suppress(*AV_ERRORS):  # a file that cannot seek is read from its beginning; _from drops what comes before
        container.seek(int((start + _origin(stream)) * av.time_base))


def _origin(stream: av.AudioStream) -> float:
    """Return the time stamp of the first sample in seconds (encoders begin a little after 0)."""
    return float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0


def _from(
    frames: Iterator[av.AudioFrame], stream: av.AudioStream, start: float | None
) -> Iterator[tuple[av.AudioFrame, int]]:
    """Yield each frame with the number of its first samples that lie before `start`."""
    origin = _origin(stream)
    for frame in frames:
        early = 0 if not start or frame.time is None else round((start - (frame.time - origin)) * frame.sample_rate)
        if early < frame.samples:
            yield frame, max(0, early)


def _collect(
    frames: Iterator[tuple[av.AudioFrame, int]], sr: int, limit: int, on_channels: OnChannels | None
) -> np.ndarray:
    """Average the channels, resample and join; stop at `limit` samples."""
    out = np.empty(0, np.float32)
    length = 0
    for piece in _resampled(_mono_chunks(frames, on_channels), sr):
        if length + len(piece) > len(out):
            # In place, so that a long track is never in memory twice.
            out.resize(length + len(piece) + GROWTH, refcheck=False)
        out[length : length + len(piece)] = piece
        length += len(piece)
        if length >= limit:
            break
    out.resize(min(length, limit), refcheck=False)
    return out


def _mono_chunks(
    frames: Iterator[tuple[av.AudioFrame, int]], on_channels: OnChannels | None
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (rate in Hz, float32 mono samples)."""
    for layout, rate, pieces in _chunks(frames):
        x = _full_scale(np.concatenate(pieces, axis=1))
        if on_channels is not None:
            on_channels(x, rate, _places(layout))
        yield rate, _mono(x)


def _places(layout: av.AudioLayout) -> tuple[str, ...]:
    """Return the names of the channels; where a file does not say which is which, those FFmpeg takes them for."""
    names = tuple(channel.name for channel in layout.channels)
    return UNNAMED.get(len(names), names) if "NONE" in names else names


def _chunks(
    frames: Iterator[tuple[av.AudioFrame, int]],
) -> Iterator[tuple[av.AudioLayout, int, list[np.ndarray]]]:
    """Yield (layout, rate in Hz, arrays of shape (channels, samples)), frames of one kind together."""
    held: list[np.ndarray] = []
    held_kind: tuple[int, np.dtype, str] | None = None
    layout, samples = None, 0
    for frame, early in frames:
        x = _channels(frame)[:, early:]
        kind = (frame.sample_rate, x.dtype, frame.layout.name)
        if held_kind is not None and layout is not None and (kind != held_kind or samples >= CHUNK):
            yield layout, held_kind[0], held
            held, samples = [], 0
        held_kind, layout = kind, frame.layout
        held.append(x)
        samples += x.shape[1]
    if held_kind is not None and layout is not None and held:
        yield layout, held_kind[0], held


def _channels(frame: av.AudioFrame) -> np.ndarray:
    """Return the samples of a frame as (channels, samples), in the format they were stored in."""
    x = frame.to_ndarray()
    return x if frame.format.is_planar else x.reshape(-1, frame.layout.nb_channels).T


def _full_scale(x: np.ndarray) -> np.ndarray:
    """Return samples as float32, or the float64 they were, full scale 1."""
    if x.dtype == np.uint8:
        x = x.astype(np.float32) - 128
        x /= 128
    elif x.dtype.kind == "i":
        full_scale = -float(np.iinfo(x.dtype).min)
        x = x.astype(np.float32)
        x /= full_scale
    return x


def _mono(x: np.ndarray) -> np.ndarray:
    """Average the channels, (channels, samples), and put silence for what is no number."""
    y = x[0].astype(np.float32, copy=False) if len(x) == 1 else x.mean(axis=0, dtype=np.float32)
    if not (y.max(initial=0) <= LOUDEST and y.min(initial=0) >= -LOUDEST):  # also true for NaN
        y = np.nan_to_num(y, nan=0.0, posinf=0.0, neginf=0.0).clip(-LOUDEST, LOUDEST)
    return y


def _resampled(chunks: Iterator[tuple[int, np.ndarray]], sr: int) -> Iterator[np.ndarray]:
    """Resample a stream of chunks; a file may change its rate on the way."""
    resampler, rate = None, sr
    for chunk_rate, chunk in chunks:
        if chunk_rate != rate:
            if resampler is not None:
                yield resampler.resample_chunk(chunk[:0], last=True)
            rate = chunk_rate
            resampler = None if rate == sr else soxr.ResampleStream(rate, sr, 1, dtype="float32", quality="HQ")
        yield chunk if resampler is None else resampler.resample_chunk(chunk)
    if resampler is not None:
        yield resampler.resample_chunk(np.empty(0, np.float32), last=True)


def _is_short(seconds: float, expected: float) -> bool:
    tolerated = max(MISSING_SHARE * expected, min(MISSING_SECONDS, MISSING_SHARE_OF_SHORT * expected))
    return expected - seconds > tolerated
