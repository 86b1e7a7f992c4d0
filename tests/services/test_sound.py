"""What a browser gets of a track: its file, a copy it can play, its cover."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio.decode import decode
from audio.encode import write_audio
from core.errors import DecodeError, EarmarkError
from core.records import Tags
from services import library, sound
from services.workspace import Workspace

SR = 32_000
PICTURE = b"\xff\xd8\xff\xe0" + bytes(200)

Song = Callable[..., tuple[int, Path]]


@pytest.fixture
def song(workspace: Workspace, tmp_path: Path) -> Song:
    """Give a function that writes a song, takes it in, and returns its track and path."""

    def write(name: str = "song.flac", seconds: float = 1.0, **options: Any) -> tuple[int, Path]:
        path = tmp_path / "music" / name
        path.parent.mkdir(exist_ok=True)
        y = (0.3 * np.sin(np.arange(int(SR * seconds)) / 20)).astype(np.float32)
        write_audio(path, y, SR, Tags(title="Song"), **options)
        library.add(workspace, [path])
        track = workspace.tracks.by_path(path)
        assert track is not None
        return track.id, path

    return write


def test_the_file_that_is_there_is_played(workspace: Workspace, song: Song, tmp_path: Path) -> None:
    track, path = song()
    assert sound.file_of(workspace, track) == path
    path.unlink()
    with pytest.raises(EarmarkError, match=r"song\.flac is not there now\. Is its drive connected\? Nothing is lost\."):
        sound.file_of(workspace, track)
    with pytest.raises(EarmarkError, match="its file is not there now"):
        sound.file_of(workspace, 999)


def test_a_playable_copy_is_made_once_and_sounds_the_same(workspace: Workspace, song: Song) -> None:
    track, _ = song("song.ogg", seconds=2.0)
    copy = sound.playable_copy(workspace, track)
    made = copy.stat().st_ino, copy.stat().st_size
    assert copy.is_relative_to(workspace.cache_folder)
    assert decode(copy).duration == pytest.approx(2.0, abs=0.1)
    again = sound.playable_copy(workspace, track)
    assert again == copy and (again.stat().st_ino, again.stat().st_size) == made


def test_two_requests_at_once_make_one_copy(workspace: Workspace, song: Song) -> None:
    track, _ = song("song.ogg", seconds=20.0)
    copies: list[Path] = []
    threads = [threading.Thread(target=lambda: copies.append(sound.playable_copy(workspace, track))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(copies) == 4 and len(set(copies)) == 1
    assert list(copies[0].parent.iterdir()) == [copies[0]]


def test_a_changed_file_gets_a_new_copy(workspace: Workspace, song: Song) -> None:
    track, path = song()
    before = sound.playable_copy(workspace, track)
    os.utime(path, (1, 1))
    assert sound.playable_copy(workspace, track) != before


def test_the_copy_not_played_for_longest_goes_first(
    workspace: Workspace, song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = [sound.playable_copy(workspace, song(f"{n}.flac")[0]) for n in range(3)]
    for age, copy in zip((300, 100, 200), copies, strict=True):
        os.utime(copy, (1e9 - age, 1e9 - age))
    monkeypatch.setattr(sound, "CACHE_BYTES", 2.5 * copies[0].stat().st_size)
    newest = sound.playable_copy(workspace, song("3.flac")[0])
    assert sorted(newest.parent.iterdir()) == sorted([copies[1], copies[2], newest])


def test_a_file_without_sound_has_no_copy_and_leaves_nothing(workspace: Workspace, song: Song) -> None:
    track, path = song()
    path.write_bytes(b"")
    with pytest.raises(DecodeError):
        sound.playable_copy(workspace, track)
    assert list((workspace.cache_folder / "playable").iterdir()) == []


def test_a_cover_is_found_where_there_is_one(workspace: Workspace, song: Song) -> None:
    with_cover, _ = song("with.mp3", cover=PICTURE)
    without, path = song("without.mp3")
    assert sound.cover(workspace, with_cover) == (PICTURE, "image/jpeg")
    assert sound.cover(workspace, without) is None
    path.unlink()
    assert sound.cover(workspace, without) is None
