"""Drives that are not connected: what lies there waits, in one sentence, and nothing about it changes."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio.encode import write_audio
from core.records import FoundFile, LibraryRow, Tags
from services import analysis, drives, library
from services.waiting import Waiting
from services.workspace import Workspace


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder in which drives appear."""
    folder = tmp_path / "Volumes"
    folder.mkdir()
    monkeypatch.setattr(drives, "MOUNT_FOLDERS", (str(folder),))
    return folder


def songs(folder: Path, n: int, first: int = 0) -> list[str]:
    """Write n short songs and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = (0.3 * np.sin(np.linspace(0, 400, 3200))).astype(np.float32)
    return [
        str(write_audio(folder / f"{i}.flac", sound, 32_000, Tags(title=f"Song {i}", artist="A")))
        for i in range(first, first + n)
    ]


def unplug(drive: Path) -> Path:
    """Take a drive away; the folder in which it appears may stay behind, empty."""
    return drive.rename(drive.parent.parent / f"unplugged {drive.name}")


def sentences(workspace: Workspace) -> list[str]:
    drives.look(workspace)
    return [away.sentence for away in drives.away(workspace)]


# -- where drives appear ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "drive"),
    [
        ("/Volumes/Music/Jazz/1", "/Volumes/Music"),
        ("/Volumes/Music", "/Volumes/Music"),
        ("/Volumes", None),
        ("/media/ann/USB/x", "/media/ann/USB"),
        ("/run/media/ann/USB/x", "/run/media/ann/USB"),
        ("/mnt/nas/x", "/mnt/nas"),
        ("/home/ann/Music", None),
        ("/", None),
    ],
)
def test_the_drive_of_a_folder_is_where_it_appears(folder: str, drive: str | None) -> None:
    assert drives.drive_of(folder) == drive


# -- one sentence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("leaves_a_folder", [False, True])
def test_a_drive_with_several_folders_is_one_sentence(
    workspace: Workspace, mounts: Path, leaves_a_folder: bool
) -> None:
    drive = mounts / "Music"
    songs(drive / "A", 2)
    songs(drive / "B", 1, first=5)
    library.add(workspace, [drive / "A", drive / "B"])
    assert sentences(workspace) == [] and workspace.roots.away() == []
    unplug(drive)
    if leaves_a_folder:
        drive.mkdir()
    assert sentences(workspace) == ["The drive 'Music' is not connected. Nothing is lost; 3 tracks wait for it."]
    assert workspace.roots.away() == [str(drive / "A"), str(drive / "B")]
    assert drives.away_tracks(workspace) == {track.id for track in workspace.tracks.all()}


def test_a_folder_that_is_not_there_is_no_drive(workspace: Workspace, tmp_path: Path) -> None:
    songs(tmp_path / "music", 1)
    library.add(workspace, [tmp_path / "music"])
    (tmp_path / "music").rename(tmp_path / "renamed")
    wait = "Nothing is lost; 1 track waits for it. If it moved, add it at its new place."
    assert sentences(workspace) == [f"The folder {tmp_path / 'music'} is not there. {wait}"]
    (tmp_path / "music").mkdir()
    assert sentences(workspace) == [f"There is nothing in the folder {tmp_path / 'music'} now. {wait}"]


def test_the_drive_of_an_apple_librarys_files_is_remembered_while_it_is_away(
    workspace: Workspace, mounts: Path, tmp_path: Path
) -> None:
    [path] = songs(mounts / "Music" / "deep", 1)
    info = os.stat(path)
    row = LibraryRow(Tags(title="x"), "new", path, info.st_size, info.st_mtime)
    workspace.tracks.take_library([(None, row)])
    assert sentences(workspace) == [] and workspace.roots.records() == []
    away = unplug(mounts / "Music")
    assert sentences(workspace) == ["The drive 'Music' is not connected. Nothing is lost; 1 track waits for it."]
    [root] = workspace.roots.records()
    assert (root.path, root.kind) == (str(mounts / "Music"), "drive") and root.away_since
    assert workspace.roots.all() == [] and workspace.roots.away() == [root.path]
    away.rename(mounts / "Music")
    assert drives.look(workspace).back == (str(mounts / "Music"),)
    assert workspace.roots.records() == [] and drives.away(workspace) == []


def test_a_track_that_has_another_file_here_does_not_wait(workspace: Workspace, mounts: Path, tmp_path: Path) -> None:
    songs(mounts / "Music", 2)
    songs(tmp_path / "here", 1, first=9)
    library.add(workspace, [mounts / "Music", tmp_path / "here"])
    first, second, here = (track.id for track in workspace.tracks.all())
    workspace.tracks.merge(keep=first, gone=here)
    unplug(mounts / "Music")
    drives.look(workspace)
    assert drives.away_tracks(workspace) == {second}


def test_since_when_a_drive_is_away_is_kept_until_it_is_back(workspace: Workspace, mounts: Path) -> None:
    songs(mounts / "Music", 1)
    library.add(workspace, [mounts / "Music"])
    away = unplug(mounts / "Music")
    drives.look(workspace)
    since = workspace.roots.records()[0].away_since
    drives.look(workspace)
    assert since and workspace.roots.records()[0].away_since == since
    away.rename(mounts / "Music")
    assert drives.look(workspace).back == (str(mounts / "Music"),)
    assert workspace.roots.records()[0].away_since is None


# -- what is certain ----------------------------------------------------------------------------------


def test_only_a_file_that_is_surely_not_there_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = songs(tmp_path, 1)[0]
    stat = os.stat

    def failing(path: str, **options: Any) -> os.stat_result:
        for number in (errno.EACCES, errno.EIO, errno.ESTALE, errno.ENODEV):
            if path == str(number):
                raise OSError(number, "no")
        return stat(path, **options)

    monkeypatch.setattr(os, "stat", failing)
    odd = [str(number) for number in (errno.EACCES, errno.EIO, errno.ESTALE, errno.ENODEV)]
    there, gone = drives.stat_all([here, str(tmp_path / "no"), f"{here}/below a file", *odd])
    assert [file.path for file in there] == [here]
    assert gone == [str(tmp_path / "no"), f"{here}/below a file"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENODEV, errno.ESTALE, errno.ENOTCONN])
def test_a_disk_that_does_not_answer_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(path: str) -> None:
        raise OSError(number, "the disk does not answer")

    monkeypatch.setattr(os, "scandir", fail)
    assert drives.condition(str(tmp_path), filled=False) == "away"


# -- an import, and the analysis -------------------------------------------------------------------------


def test_importing_an_unconnected_drives_folder_again_misses_nothing(workspace: Workspace, mounts: Path) -> None:
    songs(mounts / "Music", 2)
    library.add(workspace, [mounts / "Music"])
    unplug(mounts / "Music")
    (mounts / "Music").mkdir()
    library.add(workspace, [mounts / "Music"])
    assert library.status(workspace)["missing"] == 0 and workspace.roots.away() == [str(mounts / "Music")]


def test_a_drive_pulled_out_while_it_is_imported_leaves_no_unreadable_track(
    workspace: Workspace, mounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs(mounts / "Music", 4)
    library.add(workspace, [mounts / "Music"])
    songs(mounts / "Music", 4, first=4)
    read, lock = library.read_tags, threading.Lock()

    def pull_out(path: str) -> Tags:
        with lock:  # several threads read
            if (mounts / "Music").exists():
                unplug(mounts / "Music")
        return read(path)

    monkeypatch.setattr(library, "read_tags", pull_out)
    result = library.add(workspace, [mounts / "Music"])
    assert (result.added, result.unreadable) == (0, [])
    assert workspace.tracks.count() == {"tracks": 4, "new": 4} and library.status(workspace)["missing"] == 0


def test_files_on_an_unconnected_drive_do_not_wait_for_the_analysis(
    workspace: Workspace, mounts: Path, tmp_path: Path
) -> None:
    songs(mounts / "Music", 3)
    [here] = songs(tmp_path / "here", 1, first=9)
    library.add(workspace, [mounts / "Music", tmp_path / "here"])
    unplug(mounts / "Music")
    drives.look(workspace)
    assert [task.path for task in Waiting.whole(workspace).tasks()] == [here]
    assert [task.path for task in Waiting.whole(workspace, limit=2).tasks()] == [here]
    shutil.rmtree(tmp_path / "here")
    assert analysis.start(workspace) is not None
    workspace.jobs.wish(1, "cancel")
    drives.look(workspace)
    assert analysis.start(workspace) is None


def test_a_drive_pulled_out_while_it_is_listened_to_costs_nothing(workspace: Workspace, mounts: Path) -> None:
    songs(mounts / "Music", 5)
    library.add(workspace, [mounts / "Music"])
    waiting = Waiting.whole(workspace)
    tasks = waiting.tasks()
    first = next(tasks)
    unplug(mounts / "Music")
    assert analysis._gone(workspace, first.path, waiting) == []
    assert list(tasks) == [] and waiting.count() == 0
    assert workspace.tracks.count() == {"tracks": 5, "new": 5} and library.status(workspace)["missing"] == 0


def test_a_file_deleted_before_it_was_listened_to_is_missing_and_not_unreadable(
    workspace: Workspace, tmp_path: Path
) -> None:
    first, _ = songs(tmp_path / "music", 2)
    library.add(workspace, [tmp_path / "music"])
    os.unlink(first)
    result = analysis.analyze(workspace, cores=1)
    assert (result["analyzed"], result["failed"]) == (1, [{"path": first, "reason": "it is no longer there"}])
    assert workspace.tracks.count() == {"tracks": 2, "new": 1, "analysed": 1}
    assert library.status(workspace)["missing"] == 1


def test_a_folder_is_below_itself_and_not_below_its_namesake() -> None:
    assert drives.is_below("/a/b", ["/a"]) and drives.is_below("/a", ["/a"]) and drives.is_below("/a", ["/"])
    assert not drives.is_below("/ab", ["/a"]) and not drives.is_below("/a", [])


def test_looking_at_a_library_without_folders_writes_nothing(workspace: Workspace) -> None:
    workspace.tracks.add([FoundFile("/nowhere/a.mp3", 1, 1.0)])
    assert drives.look(workspace) == drives.Sight((), (), (), ())
    assert workspace.roots.records() == [] and drives.away_tracks(workspace) == set()
