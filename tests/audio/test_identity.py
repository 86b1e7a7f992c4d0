"""A recording keeps its id when its tags or its place change, and only then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from audio.decode import decode
from audio.encode import CODECS
from audio.identity import PacketDigest, content_id
from core.errors import DecodeError
from services.demo import cover

Song = Callable[..., Path]


def retagged(path: Path, **tags: str) -> Path:
    """Copy a file packet by packet into a new container with other tags."""
    out = path.with_name(f"retagged{path.suffix}")
    with av.open(str(path)) as source, av.open(str(out), "w", format=CODECS[path.suffix][0]) as target:
        sound = source.streams.audio[0]
        copy = target.add_stream_from_template(sound)
        target.metadata.update(tags)
        for packet in source.demux(sound):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    return out


@pytest.mark.parametrize("extension", CODECS)
def test_new_tags_keep_the_id(song: Song, extension: str) -> None:
    path = song(extension, title="Old")
    assert content_id(retagged(path, title="New", artist="Someone else", album="x" * 5000)) == content_id(path)


@pytest.mark.parametrize("extension", [".mp3", ".flac", ".m4a"])
def test_a_cover_keeps_the_id(song: Song, extension: str) -> None:
    assert content_id(song(extension, cover=cover("Tide"))) == content_id(song(extension))


def test_tags_after_the_sound_keep_the_id(song: Song) -> None:
    path = song(".mp3")
    before = content_id(path)
    with path.open("ab") as file:
        file.write(b"TAG" + b"An old kind of title".ljust(125, b"\0"))
    assert content_id(path) == before


def test_moving_keeps_the_id(song: Song, tmp_path: Path) -> None:
    path = song(".m4a")
    before = content_id(path)
    assert content_id(path.rename(tmp_path / "elsewhere.bin")) == before


def test_other_music_has_another_id(song: Song, music: np.ndarray) -> None:
    ids = {content_id(song(extension, y=y)) for extension in CODECS for y in (music, 0.9 * music)}
    assert len(ids) == 2 * len(CODECS)
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


@pytest.mark.parametrize("extension", CODECS)
def test_the_id_is_the_same_when_the_file_is_decoded_in_passing(song: Song, extension: str) -> None:
    path, digest = song(extension), PacketDigest()
    decode(path, seconds=1, on_packet=digest.add)  # also of the part that is not decoded
    assert digest.content_id() == content_id(path)


def test_what_has_no_packets_has_no_id() -> None:
    assert PacketDigest().content_id() is None


def test_what_cannot_be_opened_has_no_id(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    with pytest.raises(DecodeError, match="empty"):
        content_id(tmp_path / "a.mp3")
