"""Tags and covers come back the same from every format."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from audio.encode import CODECS
from audio.metadata import AUDIO_EXTENSIONS, ID3_GENRES, clean, has_audio, read_cover, read_tags
from core.errors import DecodeError
from services.demo import cover

Song = Callable[..., Path]


@pytest.mark.parametrize("extension", CODECS)
def test_tags_come_back_from_every_format(song: Song, extension: str) -> None:
    path = song(extension, title="Größe 東", artist="A & B", album="Tide", genre="Rock", year=1999, track_number=3)
    tags = read_tags(path)
    assert (tags.title, tags.artist, tags.album, tags.genre, tags.year) == ("Größe 東", "A & B", "Tide", "Rock", 1999)
    assert tags.track_number == 3
    assert tags.duration == pytest.approx(4, abs=0.1)
    assert tags.codec == {".mp3": "mp3", ".m4a": "aac", ".ogg": "vorbis", ".wav": "pcm_s16le"}.get(
        extension, extension[1:]
    )


@pytest.mark.parametrize("extension", [".mp3", ".m4a", ".flac", ".ogg", ".opus"])
def test_album_artist_and_cover_come_back(song: Song, extension: str) -> None:
    path = song(extension, album_artist="Various Artists", cover=cover("Tide"))
    assert read_tags(path).album_artist == "Various Artists"
    assert read_cover(path) == (cover("Tide"), "image/png")


def test_a_file_without_tags_says_nothing(song: Song) -> None:
    tags = read_tags(song(".mp3"))
    assert tags.title is tags.artist is tags.album is tags.genre is tags.year is tags.track_number is None


def test_a_file_without_a_cover_has_none(song: Song, tmp_path: Path) -> None:
    assert read_cover(song(".mp3")) is None
    assert read_cover(tmp_path / "gone.mp3") is None


def with_id3(path: Path, **frames: str) -> Path:
    """Put an ID3v2.3 tag with these text frames before a file without one."""
    body = b"".join(
        name.encode() + struct.pack(">IH", len(text) + 1, 0) + b"\0" + text.encode("latin-1")
        for name, text in frames.items()
    )
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    data = path.read_bytes()
    path.write_bytes(b"ID3\x03\0\0" + size + body + data[data.index(b"\xff\xfb") :])
    return path


@pytest.mark.parametrize(
    ("written", "read"), [("(17)", "Rock"), ("17", "Rock"), ("(17)Hard Rock", "Hard Rock"), ("Dub", "Dub")]
)
def test_numbered_genres_get_their_name(song: Song, written: str, read: str) -> None:
    assert read_tags(song(".flac", genre=written)).genre == read


def test_track_number_and_year_are_found_in_longer_texts(song: Song) -> None:
    tags = read_tags(with_id3(song(".mp3"), TRCK="3/12", TDRC="1987-05-01"))
    assert (tags.track_number, tags.year) == (3, 1987)


def test_nonsense_numbers_are_left_out(song: Song) -> None:
    tags = read_tags(with_id3(song(".mp3"), TRCK="A1", TYER="0000", TCON="(200)"))
    assert tags.track_number is tags.year is None


def test_control_characters_and_blanks_are_taken_away() -> None:
    assert clean("  A\x00\x07B\r\nC\x9f ") == "A B C"
    assert clean("\x00 \n") is None


def test_there_are_the_eighty_genres_of_id3() -> None:
    assert len(ID3_GENRES) == 80 and ID3_GENRES[17] == "Rock" and ID3_GENRES[79] == "Hard Rock"


def test_sound_is_found_whatever_the_name(song: Song, tmp_path: Path) -> None:
    odd = song(".mp3").rename(tmp_path / "no_extension")
    assert has_audio(odd)
    (tmp_path / "notes.mp3").write_text("words, words, words")
    assert not has_audio(tmp_path / "notes.mp3")
    assert not has_audio(tmp_path)


def test_no_sound_no_tags(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    with pytest.raises(DecodeError, match="empty"):
        read_tags(tmp_path / "a.mp3")


def test_every_format_that_is_written_is_looked_for() -> None:
    assert set(CODECS) <= AUDIO_EXTENSIONS
