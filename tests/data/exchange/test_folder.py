"""Walking a folder: every audio file once, nothing else, whatever lies in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data.exchange.folder import Skipped, natural_key, single, walk


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"12345")


def found(folder: Path, skipped: Skipped | None = None, *, sounding: tuple[str, ...] = ()) -> list[str]:
    """Return what a walk yields, relative to the folder; `sounding` are names that have sound in them."""
    files = walk(
        folder, extensions={".mp3", ".flac"}, has_audio=lambda path: os.path.basename(path) in sounding, skipped=skipped
    )
    return [os.path.relpath(file.path, folder) for file in files]


def test_audio_is_found_at_every_depth_in_natural_order(tmp_path: Path) -> None:
    fill(tmp_path, "10 B/1.mp3", "2 A/10.mp3", "2 A/9.FLAC", "2 A/CD 1/x.mp3", "0.mp3")
    assert found(tmp_path) == ["0.mp3", "2 A/9.FLAC", "2 A/10.mp3", "2 A/CD 1/x.mp3", "10 B/1.mp3"]


def test_size_and_time_are_those_of_the_file(tmp_path: Path) -> None:
    fill(tmp_path, "a.mp3")
    os.utime(tmp_path / "a.mp3", (1234.5, 1234.5))
    [file] = walk(tmp_path, extensions={".mp3"}, has_audio=bool)
    assert (file.path, file.size, file.mtime) == (str(tmp_path / "a.mp3"), 5, 1234.5)


def test_what_is_not_audio_is_ignored_and_counted_by_extension(tmp_path: Path) -> None:
    fill(tmp_path, "a.mp3", "a.txt", "b/b.TXT", "cover.jpg", "list.m3u8", "README")
    skipped = Skipped()
    assert found(tmp_path, skipped) == ["a.mp3"]
    assert skipped.ignored == {".txt": 2, ".jpg": 1, ".m3u8": 1, "": 1}


def test_hidden_files_are_counted_and_hidden_folders_not_entered(tmp_path: Path) -> None:
    fill(tmp_path, "._a.mp3", ".DS_Store", ".Trash/b.mp3", "c.mp3")
    skipped = Skipped()
    assert found(tmp_path, skipped) == ["c.mp3"]
    assert skipped.ignored == {".mp3": 1, "": 1}


def test_only_files_whose_extension_says_nothing_are_listened_to(tmp_path: Path) -> None:
    fill(tmp_path, "track", "song.xyz", "noise.txt", "other")
    assert found(tmp_path, sounding=("track", "song.xyz", "noise.txt")) == ["song.xyz", "track"]


def test_links_in_a_circle_are_survived_and_each_folder_is_entered_once(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.mp3", "b/2.mp3")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b" / "again").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "gone.mp3").symlink_to(tmp_path / "nothing")
    skipped = Skipped()
    assert found(tmp_path, skipped) == ["a/1.mp3", "b/2.mp3"]
    assert skipped.ignored == {"": 1, ".mp3": 1}


def test_a_link_to_music_elsewhere_is_followed(tmp_path: Path) -> None:
    fill(tmp_path, "elsewhere/1.mp3")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "link").symlink_to(tmp_path / "elsewhere")
    assert found(tmp_path / "library") == ["link/1.mp3"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="This system has no named pipes.")
def test_a_pipe_called_like_a_song_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    os.mkfifo(tmp_path / "pipe")
    skipped = Skipped()
    assert found(tmp_path, skipped, sounding=("pipe",)) == []
    assert skipped.ignored == {".mp3": 1, "": 1}


def test_a_folder_that_cannot_be_opened_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "closed/1.mp3", "open/2.mp3")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)  # permissions do not bind the administrator, who may run the tests
    skipped = Skipped()
    assert found(tmp_path, skipped) == ["open/2.mp3"]
    assert skipped.problems == [(str(tmp_path / "closed"), "the folder cannot be opened (Permission denied)")]


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="File names are always text here.")
def test_a_name_that_is_not_text_is_reported(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.mp3")).write_bytes(b"x")
    skipped = Skipped()
    assert found(tmp_path, skipped) == []
    assert [reason for _, reason in skipped.problems] == ["its name is not valid text; rename it and import again"]
    skipped.problems[0][0].encode()  # what is reported can be printed


def test_a_single_file_is_judged_like_one_in_a_folder(tmp_path: Path) -> None:
    fill(tmp_path, "a.mp3", "a.txt")
    skipped = Skipped()
    options = {"extensions": {".mp3"}, "has_audio": lambda _: False, "skipped": skipped}
    assert [file.path for file in single(tmp_path / "a.mp3", **options)] == [str(tmp_path / "a.mp3")]
    assert list(single(tmp_path / "a.txt", **options)) == []
    assert skipped.ignored == {".txt": 1}


def test_natural_order_takes_numbers_as_numbers_and_any_case() -> None:
    names = ["track 10", "Track 9", "track 9b", "1", "a", "10", "2", "ü", "²"]
    assert sorted(names, key=natural_key)[:3] == ["1", "2", "10"]
    assert sorted(["Track 10", "track 9"], key=natural_key) == ["track 9", "Track 10"]
