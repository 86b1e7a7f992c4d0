"""Tags and covers come back the same from every format."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from audio.encode import CODECS
from audio.metadata import AUDIO_EXTENSIONS, ID3_GENRES, clean, has_audio, read_cover, read_lyrics, read_tags
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


LYRICS = "The kettle sings to no one, ü\nThe window keeps the rain\n\nAnd every train is early"


def tagged(path: Path, tags: dict[str, str], *, of_sound: bool = False) -> Path:
    """Copy a file's sound, as it is, into one beside it whose container, or stream, has these tags."""
    out = path.with_name(f"tagged{path.suffix}")
    with av.open(str(path)) as source, av.open(str(out), "w") as copy:
        stream = copy.add_stream_from_template(source.streams.audio[0])
        (stream if of_sound else copy).metadata.update(tags)
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    return out


def with_uslt(path: Path, text: str, *, encoding: int = 1, language: str = "eng", about: str = "") -> Path:
    """Put an ID3v2.3 tag with unsynchronised lyrics (USLT) before a file without one; encoding 0 Latin, 1 UTF-16."""
    name, end = {0: ("latin-1", b"\0"), 1: ("utf-16", b"\0\0")}[encoding]
    content = bytes([encoding]) + language.encode() + about.encode(name) + end + text.encode(name)
    body = b"USLT" + struct.pack(">IH", len(content), 0) + content
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    data = path.read_bytes()
    path.write_bytes(b"ID3\x03\0\0" + size + body + data[data.index(b"\xff\xfb") :])
    return path


def encoded(path: Path, y: np.ndarray, kind: str, codec: str, **tags: str) -> Path:
    """Write sound in a codec that the project only reads."""
    with av.open(str(path), "w", format=kind) as container:
        stream = cast("av.AudioStream", container.add_stream(codec, rate=44_100, layout="stereo"))
        stream.bit_rate = 128_000
        container.metadata.update(tags)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(y), format="fltp", layout="stereo")
        frame.sample_rate = 44_100
        resampler = av.AudioResampler((stream.codec_context.codec.audio_formats or [])[0], "stereo", 44_100)
        for piece in resampler.resample(frame):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("encoding", [0, 1])
@pytest.mark.parametrize("language", ["eng", "deu", "XXX"])
def test_lyrics_of_an_mp3_come_line_by_line(song: Song, encoding: int, language: str) -> None:
    assert read_lyrics(with_uslt(song(".mp3"), LYRICS, encoding=encoding, language=language)) == LYRICS


def test_lyrics_with_a_description_are_read_without_it(song: Song) -> None:
    assert read_lyrics(with_uslt(song(".mp3"), LYRICS, about="from the sleeve")) == LYRICS


@pytest.mark.parametrize(
    ("extension", "key", "of_sound"),
    [(".m4a", "lyrics", False), (".flac", "LYRICS", False), (".flac", "UNSYNCEDLYRICS", False),
     (".flac", "SYNCEDLYRICS", False), (".flac", "UNSYNCED LYRICS", False), (".ogg", "LYRICS", True),
     (".ogg", "UNSYNCEDLYRICS", True), (".opus", "lyrics", True)],
)  # fmt: skip
def test_lyrics_come_by_each_name_a_format_has_for_them(song: Song, extension: str, key: str, of_sound: bool) -> None:
    assert read_lyrics(tagged(song(extension), {key: LYRICS}, of_sound=of_sound)) == LYRICS


@pytest.mark.parametrize("key", ["Lyrics", "UNSYNCEDLYRICS"])
def test_lyrics_of_an_ape_tag_are_read(tmp_path: Path, music: np.ndarray, key: str) -> None:
    assert read_lyrics(encoded(tmp_path / "a.wv", music, "wv", "wavpack", **{key: LYRICS})) == LYRICS


def test_lyrics_of_windows_media_are_read(tmp_path: Path, music: np.ndarray) -> None:
    assert read_lyrics(encoded(tmp_path / "a.wma", music, "asf", "wmav2", **{"WM/Lyrics": LYRICS})) == LYRICS


@pytest.mark.parametrize("key", ["lyricist", "LYRICS_URL", "comment", "description"])
def test_what_is_said_about_lyrics_is_not_lyrics(song: Song, key: str) -> None:
    assert read_lyrics(tagged(song(".flac"), {key: LYRICS})) is None


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_line_ends_of_every_system_are_kept_as_lines(song: Song, ends: str) -> None:
    assert read_lyrics(with_uslt(song(".mp3"), LYRICS.replace("\n", ends))) == LYRICS


def test_lyrics_with_times_are_preferred_to_longer_ones_without(song: Song) -> None:
    timed = "[00:01.00]The kettle sings\n[00:02.00]to no one"
    assert len(timed) < len(LYRICS)
    assert read_lyrics(tagged(song(".flac"), {"LYRICS": LYRICS, "SYNCEDLYRICS": timed})) == timed


@pytest.mark.parametrize("text", [" ", "\n \n"])
def test_blank_lyrics_are_none(song: Song, text: str) -> None:
    assert read_lyrics(with_uslt(song(".mp3"), text)) is None


def test_a_file_without_lyrics_has_none(song: Song) -> None:
    assert read_lyrics(song(".mp3", title="Lyrics")) is None


def test_a_file_without_sound_has_no_lyrics_to_read(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    with pytest.raises(DecodeError, match="empty"):
        read_lyrics(tmp_path / "a.mp3")
