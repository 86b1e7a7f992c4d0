"""Words in a file beside a track's own: the right one, in whatever encoding it was written, and nothing else."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from core.errors import SourceFailedError
from core.records import Offer, Song
from lyrics.sidecar import MOST, Sidecar, decoded

WORDS = "A lamp in every window\nA name on every door"
LRC = "[00:04.00]A lamp in every window\n[00:08.00]A name on every door"
GERMAN = (
    "Über die Brücke läuft der müde Müller heim\nDie grünen Blätter hören auf zu rascheln\n"
    "Für jede Tür ein Schlüssel, für jede Nacht ein Reim\nUnd draußen fällt der Schnee auf leere Straßen"
)
RUSSIAN = (
    "Над рекою тихо поднимается туман\nМы оставим лодку у знакомого причала\n"
    "И забудем, кто кого сегодня обещал\nИ начнём молчать, как молчали мы сначала"
)


def beside(folder: Path, name: str, content: bytes | str, track: str = "Lamps.mp3") -> Song:
    """Write a file into a folder; return a song whose track lies there."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return Song("Lamps", paths=(str(folder / track),))


@pytest.mark.parametrize("name", ["Lamps.lrc", "Lamps.LRC", "Lamps.txt", "Lamps.Txt"])
def test_a_file_of_the_same_name_is_found_in_any_case_of_its_ending(tmp_path: Path, name: str) -> None:
    assert Sidecar().offers(beside(tmp_path, name, WORDS)) == [Offer("a file beside it", WORDS)]


def test_words_with_times_come_first_and_are_offered_both_ways(tmp_path: Path) -> None:
    beside(tmp_path, "Lamps.txt", "Other words")
    assert Sidecar().offers(beside(tmp_path, "Lamps.lrc", LRC)) == [Offer("a file beside it", WORDS, LRC)]


@pytest.mark.parametrize("empty", ["", " \n\n", "\ufeff"])
def test_an_empty_file_does_not_hide_the_next(tmp_path: Path, empty: str) -> None:
    beside(tmp_path, "Lamps.lrc", empty)
    (offer,) = Sidecar().offers(beside(tmp_path, "Lamps.txt", WORDS))
    assert offer.text == WORDS


@pytest.mark.parametrize("name", ["Lamp.txt", "Lamps 2.txt", "Lamps.mp3.md", "Lamps.nfo", "lamps extra.lrc"])
def test_other_files_of_the_folder_are_not_the_songs(tmp_path: Path, name: str) -> None:
    assert Sidecar().offers(beside(tmp_path, name, WORDS)) == []


@pytest.mark.parametrize("stem", ["Größe", "雨の窓", "Where, When? [live]", "01. Vol. 2", ".hidden"])
def test_names_of_every_script_and_with_every_sign_are_found(tmp_path: Path, stem: str) -> None:
    (offer,) = Sidecar().offers(beside(tmp_path, f"{stem}.txt", WORDS, f"{stem}.mp3"))
    assert offer.text == WORDS


@pytest.mark.parametrize(("file", "track"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_are_found_whichever_way_their_accents_are_stored(tmp_path: Path, file: str, track: str) -> None:
    name = [unicodedata.normalize(form, "Größe é") for form in (file, track)]  # type: ignore[arg-type]
    assert len(Sidecar().offers(beside(tmp_path, f"{name[0]}.txt", WORDS, f"{name[1]}.mp3"))) == 1


def test_any_file_of_the_song_may_have_words_beside_it(tmp_path: Path) -> None:
    beside(tmp_path, "Lamps.txt", WORDS)
    song = Song("Lamps", paths=(str(tmp_path / "gone" / "Lamps.mp3"), str(tmp_path / "Lamps.flac")))
    assert len(Sidecar().offers(song)) == 1


def test_a_song_without_files_or_folder_has_none(tmp_path: Path) -> None:
    assert Sidecar().offers(Song("Lamps")) == []
    assert Sidecar().offers(Song("Lamps", paths=(str(tmp_path / "gone" / "Lamps.mp3"),))) == []


@pytest.mark.parametrize("text", [GERMAN, RUSSIAN], ids=["german", "russian"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_of_every_kind_is_read(text: str, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert decoded(mark + text.encode(encoding)) == text


@pytest.mark.parametrize(("text", "encoding"), [(GERMAN, "cp1252"), (RUSSIAN, "cp1251")])
def test_old_encodings_are_guessed(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_unicode_without_a_mark_is_read(encoding: str) -> None:
    assert decoded(WORDS.encode(encoding)) == WORDS


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02\x03" * 50, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", bytes(range(256))]
)
def test_what_is_no_text_is_no_words(tmp_path: Path, content: bytes) -> None:
    assert Sidecar().offers(beside(tmp_path, "Lamps.txt", content)) == []


def test_what_is_far_too_long_for_lyrics_is_left(tmp_path: Path) -> None:
    assert Sidecar().offers(beside(tmp_path, "Lamps.txt", "la " * (MOST // 3 + 1))) == []
    assert len(Sidecar().offers(beside(tmp_path, "Lamps.txt", "la " * (MOST // 3)))) == 1


def test_a_folder_of_that_name_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "Lamps.txt").mkdir()
    assert Sidecar().offers(Song("Lamps", paths=(str(tmp_path / "Lamps.mp3"),))) == []


def test_a_text_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    song = beside(tmp_path, "Lamps.txt", WORDS)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SourceFailedError, match=r"Lamps\.txt cannot be read \(Permission denied\)") as found:
        Sidecar().offers(song)
    assert not found.value.down


def test_the_source_asks_no_other_computer() -> None:
    assert (Sidecar.name, Sidecar.online) == ("a file beside it", False)
