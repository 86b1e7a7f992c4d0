"""Writing audio files: samples with tags and cover, and copies a browser can play."""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.stream import Disposition

from audio.decode import PathLike, decoded_frames, open_sound, resample
from core.errors import DecodeError, EarmarkError
from core.records import Tags

# Extension -> FFmpeg's container and encoder. ".m4a" is written as mp4, since FFmpeg's "ipod" takes no PNG cover.
CODECS: dict[str, tuple[str, str]] = {
    ".mp3": ("mp3", "libmp3lame"),
    ".m4a": ("mp4", "aac"),
    ".flac": ("flac", "flac"),
    ".ogg": ("ogg", "vorbis"),
    ".opus": ("ogg", "libopus"),
    ".wav": ("wav", "pcm_s16le"),
}
BIT_RATES = {"libmp3lame": 192_000, "aac": 160_000, "libopus": 128_000}  # bit/s; what sounds like the original
CODEC_OPTIONS = {
    "vorbis": {"strict": "experimental"},  # FFmpeg's own encoder, which is in every build
    "flac": {"compression_level": "1"},  # twice as quick as the default for 2 % more bytes
}
STEREO_ONLY = frozenset({"vorbis"})
# Hz; Opus knows no 44.1 kHz, and some players refuse MP3 below 32 kHz.
RATES = {"libopus": (48_000,), "libmp3lame": (32_000, 44_100, 48_000)}
HIGHEST_RATE = 48_000  # of a copy for browsers
# Of what every browser plays, FLAC is by far the quickest to make (a quarter of AAC's time) and loses nothing.
PLAYABLE_EXTENSION = ".flac"
FRONT_COVER = 3  # picture type in FLAC, Ogg and ID3
CHUNK = 1 << 16  # samples handed to an encoder at once
MIME_TYPES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG": "image/png",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"BM": "image/bmp",
}


def write_audio(
    path: PathLike, y: np.ndarray, sr: int, tags: Tags | None = None, *, cover: bytes | None = None
) -> Path:
    """Write samples as an audio file; the extension chooses the codec.

    The file appears under its name only when it is whole.

    Parameters
    ----------
    path : path
        Ends in one of `CODECS`.
    y : np.ndarray, shape (samples,) or (channels, samples)
        Full scale 1; louder is clipped.
    sr : int
        Rate in Hz; resampled where the codec does not know it.
    tags : Tags, optional
        Written where they say something.
    cover : bytes, optional
        A JPEG or PNG picture (not for .wav, which has no place for it).

    Returns
    -------
    Path
        The file written.
    """
    with _writing(path) as (container, codec):
        rate = _rate(codec, sr)
        x = resample(np.atleast_2d(np.asarray(y, np.float32)).T, sr, rate).T
        if len(x) == 1 and codec in STEREO_ONLY:
            x = np.repeat(x, 2, axis=0)  # FFmpeg's own mono to stereo takes 3 dB away
        stream = _add_sound(container, codec, rate, channels=len(x))
        container.metadata.update(_metadata(tags or Tags()))
        picture = _add_cover(container, stream, cover) if cover else None
        if picture is not None:
            container.mux(picture)
        _mux(container, stream, _pieces(np.clip(x, -1, 1), rate))
    return Path(path)


def transcode(path: PathLike, out: PathLike) -> Path:
    """Write a copy of a file in another codec, for players that cannot read the first one.

    `PLAYABLE_EXTENSION` is the quickest that every browser plays. Damaged packets are left out.

    Parameters
    ----------
    path : path
        The original.
    out : path
        The copy; its extension chooses the codec. It appears only when it is whole.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    DecodeError
        If the original has no sound that can be decoded.
    """
    with open_sound(path) as (opened, source), _writing(out) as (container, codec):
        rate = _rate(codec, min(source.rate, HIGHEST_RATE))
        stream = _add_sound(container, codec, rate, channels=source.channels)
        frames = _converted(decoded_frames(opened, source), stream)
        if not _mux(container, stream, frames):
            raise DecodeError(path, "none of its sound can be decoded")
    return Path(out)


@contextmanager
def _writing(path: PathLike) -> Iterator[tuple[av.container.OutputContainer, str]]:
    """Open a file beside `path` that takes its place once everything is written; yield it and its encoder's name."""
    path = Path(path)
    try:
        container_format, codec = CODECS[path.suffix.lower()]
    except KeyError:
        raise EarmarkError(f"Cannot write {path}: its ending must be one of {', '.join(CODECS)}.") from None
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with av.open(os.path.abspath(temporary), "w", format=container_format) as container:
            yield container, codec
        os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _rate(codec: str, sr: int) -> int:
    """Return the lowest rate the codec knows that loses nothing, in Hz."""
    known = RATES.get(codec, (sr,))
    return min((rate for rate in known if rate >= sr), default=max(known))


def _add_sound(container: av.container.OutputContainer, codec: str, rate: int, *, channels: int) -> av.AudioStream:
    stream = cast("av.AudioStream", container.add_stream(codec, rate=rate))
    stream.layout = "mono" if channels == 1 and codec not in STEREO_ONLY else "stereo"
    stream.codec_context.options = CODEC_OPTIONS.get(codec, {})
    if codec in BIT_RATES:
        stream.bit_rate = BIT_RATES[codec]
    if codec == "flac":
        stream.format = "s16"
    return stream


def _metadata(tags: Tags) -> dict[str, str]:
    said = {
        "title": tags.title,
        "artist": tags.artist,
        "album": tags.album,
        "album_artist": tags.album_artist,
        "genre": tags.genre,
        "date": tags.year,
        "track": tags.track_number,
    }
    return {key: str(value) for key, value in said.items() if value is not None}


def _add_cover(container: av.container.OutputContainer, sound: av.AudioStream, cover: bytes) -> av.Packet | None:
    """Announce a cover; return the packet to write first where the container keeps pictures as a stream."""
    mime = mime_type(cover)
    if container.format.name == "ogg":
        sound.metadata["METADATA_BLOCK_PICTURE"] = base64.b64encode(_flac_picture(cover, mime)).decode()
    if container.format.name in ("ogg", "wav"):
        return None
    picture = container.add_stream("png" if mime == "image/png" else "mjpeg")
    picture.width = picture.height = 1  # players read the size from the picture itself; FFmpeg only wants one
    picture.pix_fmt = "rgb24" if mime == "image/png" else "yuvj420p"
    picture.disposition = Disposition.attached_pic
    picture.metadata["comment"] = "Cover (front)"
    packet = av.Packet(cover)
    packet.stream = picture
    packet.pts = packet.dts = 0
    return packet


def mime_type(picture: bytes) -> str:
    """Return the kind of a picture by its first bytes.

    >>> mime_type(b"GIF89a...")
    'image/gif'
    """
    return next((mime for start, mime in MIME_TYPES.items() if picture.startswith(start)), "application/octet-stream")


def _flac_picture(picture: bytes, mime: str) -> bytes:
    """Return FLAC's METADATA_BLOCK_PICTURE (RFC 9639, section 8.8), which Ogg files carry in base64."""
    name = mime.encode()
    sizes_unknown = struct.pack(">IIIII", 0, 0, 0, 0, 0)  # description, width, height, depth, colours
    return struct.pack(">II", FRONT_COVER, len(name)) + name + sizes_unknown + struct.pack(">I", len(picture)) + picture


def _pieces(x: np.ndarray, rate: int) -> Iterator[av.AudioFrame]:
    """Cut (channels, samples) into frames for an encoder."""
    layout = "mono" if len(x) == 1 else "stereo"
    for first in range(0, x.shape[1], CHUNK):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(x[:, first : first + CHUNK]), format="fltp", layout=layout
        )
        frame.sample_rate = rate
        frame.pts = first
        yield frame


def _converted(frames: Iterable[av.AudioFrame], stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    """Bring frames to the rate, layout and format of `stream`; the kind of frame may change within a file."""
    resampler, kind, samples = None, None, 0
    for frame in frames:
        now = (frame.sample_rate, frame.format.name, frame.layout.name)
        if resampler is None or now != kind:
            resampler = av.AudioResampler(stream.format, stream.layout, stream.rate)
            kind = now
        frame.pts = None
        for new in resampler.resample(frame):
            new.pts, new.time_base = samples, Fraction(1, stream.rate)
            samples += new.samples
            yield new


def _mux(container: av.container.OutputContainer, stream: av.AudioStream, frames: Iterable[av.AudioFrame]) -> int:
    """Encode and write frames; return how many there were."""
    count = 0
    for frame in frames:
        container.mux(stream.encode(frame))
        count += 1
    if count:  # an encoder that was given nothing cannot be flushed
        container.mux(stream.encode(None))
    return count
