"""Looking again: only what changed is opened, what is gone comes back as it was, what is not connected waits."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio.encode import write_audio
from core.errors import Cancelled
from core.records import Label, LibraryRow, Tags
from services import drives, jobs, library
from services.rescan import forget, outermost, rescan, stamp_of
from services.workspace import Workspace

NOTHING = {
    "added": 0, "changed": 0, "missing": 0, "found": 0, "moved": 0, "unreadable": [], "away": [], "problems": [],
    "libraries": [], "back": [],
}  # fmt: skip

Song = Callable[..., Path]
Heard = Callable[[], dict[str, int]]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Give a folder for music."""
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def sound() -> np.ndarray:
    """A tenth of a second, quick to write."""
    return (0.3 * np.sin(np.linspace(0, 400, 3200))).astype(np.float32)


@pytest.fixture
def song(sound: np.ndarray) -> Song:
    """Give a function that writes a song and returns its path."""

    def write(path: Path, **tags: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_audio(path, sound, 32_000, Tags(**({"title": path.stem} | tags)))

    return write


@pytest.fixture
def heard(workspace: Workspace) -> Heard:
    """Give a function that counts every track as analysed and liked, and returns path -> id."""

    def hear() -> dict[str, int]:
        for track in workspace.tracks.all(states=["new"]):
            workspace.tracks.mark_analysed(track.id, f"sound {track.id}", duration=0.1, note=None, path=track.path)
            workspace.labels.add([Label(f"event {track.id}", track.id, "rating", "liked")])
        return {str(track.path): track.id for track in workspace.tracks.all()}

    return hear


def look_again(workspace: Workspace, **options: Any) -> dict[str, Any]:
    """Rescan and return the result without the seconds."""
    result = rescan(workspace, **options)
    assert result.pop("seconds") >= 0
    return result


def lines(result: dict[str, Any], key: str) -> list[str]:
    return [line["sentence"] for line in result[key]]


def refuse(monkeypatch: pytest.MonkeyPatch, folder: Path, number: int = errno.EACCES) -> pytest.MonkeyPatch:
    """Let a folder refuse to be opened, also for the administrator, who may run the tests."""
    scandir = os.scandir

    def refusing(path: str) -> Any:
        if os.path.abspath(path) == str(folder):
            raise OSError(number, os.strerror(number))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    return monkeypatch


# -- what changed ---------------------------------------------------------------------------------------


def test_nothing_is_opened_where_nothing_changed(
    workspace: Workspace, music: Path, song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(3):
        song(music / f"{i}.flac")
    song(music / "x.flac").rename(music / "without extension")
    library.add(workspace, [music])
    opened: list[str] = []
    monkeypatch.setattr(library, "read_tags", opened.append)
    monkeypatch.setattr(library, "has_audio", opened.append)
    assert look_again(workspace) == NOTHING and opened == []


def test_new_changed_moved_and_gone_files_are_told_apart(
    workspace: Workspace, music: Path, song: Song, heard: Heard
) -> None:
    for name in ("same", "changed", "moved", "gone"):
        song(music / f"{name}.flac")
    library.add(workspace, [music])
    before = heard()
    song(music / "changed.flac", title="Changed", artist="A longer name than before")
    (music / "deep").mkdir()
    (music / "moved.flac").rename(music / "deep" / "moved.flac")
    (music / "gone.flac").unlink()
    song(music / "new.flac")
    assert look_again(workspace) == NOTHING | {"added": 1, "changed": 1, "moved": 1, "missing": 1}
    after = {str(track.path): track.id for track in workspace.tracks.all()}
    assert after[str(music / "deep" / "moved.flac")] == before[str(music / "moved.flac")]
    assert workspace.tracks.get(before[str(music / "changed.flac")]).title == "Changed"
    assert workspace.tracks.get(after[str(music / "deep" / "moved.flac")]).state == "analysed"
    assert library.status(workspace)["missing"] == 1
    assert set(workspace.labels.current("rating")) == set(before.values())
    assert look_again(workspace) == NOTHING  # gone is told once


def test_what_is_gone_is_found_again_as_it_was(workspace: Workspace, music: Path, song: Song, heard: Heard) -> None:
    for i in range(60):
        song(music / f"{i}.flac")
    library.add(workspace, [music])
    before = heard()
    (music / "59.flac").rename(music / "still here.flac")
    shutil.move(music, music.parent / "aside")
    music.mkdir()
    shutil.move(music.parent / "aside" / "still here.flac", music)
    assert look_again(workspace)["missing"] == 59  # many at once, and still only marked
    for path in (music.parent / "aside").iterdir():
        shutil.move(path, music)
    assert look_again(workspace) == NOTHING | {"found": 59}
    assert library.status(workspace)["missing"] == 0 and workspace.tracks.to_analyse() == []
    assert set(workspace.labels.current("rating")) == set(before.values())


def test_a_file_moved_to_another_folder_is_that_file_in_any_order(
    workspace: Workspace, tmp_path: Path, song: Song, heard: Heard
) -> None:
    for name in ("a", "b"):
        song(tmp_path / name / f"{name}.flac", artist=name)
    library.add(workspace, [tmp_path / "a", tmp_path / "b"])
    before = sorted(heard().values())
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name / f"{name}.flac").rename(tmp_path / other / f"{name}.flac")
    assert look_again(workspace) == NOTHING | {"moved": 2}
    assert sorted(track.id for track in workspace.tracks.all(states=["analysed"])) == before


def test_what_is_no_music_is_told_once(workspace: Workspace, music: Path, song: Song) -> None:
    song(music / "a.flac")
    library.add(workspace, [music])
    (music / "words.mp3").write_bytes(b"words" * 100)
    [line] = look_again(workspace)["unreadable"]
    assert line["path"] == str(music / "words.mp3") and line["reason"]
    assert look_again(workspace) == NOTHING


def test_folders_in_folders_are_walked_once(workspace: Workspace, music: Path, song: Song) -> None:
    for name in ("a/1.flac", "a/.hidden/2.flac", "3.flac"):
        song(music / name)
    library.add(workspace, [music / "a", music, music / "a" / ".hidden"])
    seen: list[int] = []
    assert look_again(workspace, progress=lambda numbers: seen.append(numbers["tracks"])) == NOTHING
    assert seen[-1] == 3
    song(music / "a/.hidden/4.flac")
    assert look_again(workspace)["added"] == 1


def test_a_folder_and_what_only_sounds_like_it_are_two() -> None:
    assert outermost(["/a/b", "/a", "/ab", "/a/.c/d"]) == ["/a", "/a/.c/d", "/ab"]
    assert outermost(["/", "/a"]) == ["/"]


def test_files_of_no_folder_are_looked_at_too(workspace: Workspace, music: Path, song: Song) -> None:
    files = [song(music / f"{i}.flac") for i in range(4)]
    for file in files:
        info = file.stat()
        row = LibraryRow(Tags(title=file.stem), "new", str(file), info.st_size, info.st_mtime)
        workspace.tracks.take_library([(None, row)])
    later = LibraryRow(Tags(title="later"), "missing", str(music / "later.flac"), 10)
    workspace.tracks.take_library([(None, later)])
    assert look_again(workspace) == NOTHING
    files[0].unlink()
    song(files[1], title="Another title altogether")
    song(music / "later.flac")
    song(music / "nobody knows me.flac")
    assert look_again(workspace) == NOTHING | {"changed": 2, "missing": 1}
    states = {track.title: track.state for track in workspace.tracks.all()}
    assert states["later"] == "new" and library.status(workspace)["missing"] == 1


def test_a_forgotten_folders_tracks_stay(workspace: Workspace, music: Path, song: Song) -> None:
    song(music / "a.flac")
    library.add(workspace, [music])
    workspace.roots.remove(str(music))
    song(music / "b.flac")
    assert look_again(workspace) == NOTHING
    assert workspace.tracks.count()["tracks"] == 1


def test_a_scan_that_is_stopped_calls_nothing_gone(workspace: Workspace, music: Path, song: Song) -> None:
    for i in range(3):
        song(music / f"{i}.flac")
    library.add(workspace, [music])
    (music / "0.flac").unlink()
    assert look_again(workspace, should_stop=lambda: True) == NOTHING
    with pytest.raises(Cancelled):
        rescan(workspace, progress=_cancel)
    assert library.status(workspace)["missing"] == 0
    assert look_again(workspace)["missing"] == 1


def _cancel(numbers: dict[str, Any]) -> None:
    raise Cancelled("Stopped.")


def test_an_apple_library_that_was_exported_again_is_noticed(workspace: Workspace, music: Path) -> None:
    file = music / "Library.xml"
    file.write_text("a")
    workspace.roots.add(str(file), kind="library", stamp=stamp_of(str(file)))
    assert look_again(workspace)["libraries"] == [{"path": str(file), "changed": False}]
    file.write_text("ab")
    assert look_again(workspace)["libraries"] == [{"path": str(file), "changed": True}]
    file.unlink()
    assert look_again(workspace)["libraries"] == [{"path": str(file), "changed": False}]


# -- not connected --------------------------------------------------------------------------------------


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workspace: Workspace, song: Song, heard: Heard) -> Path:
    """Give a connected drive with three songs, analysed and liked."""
    (tmp_path / "Volumes").mkdir()
    monkeypatch.setattr(drives, "MOUNT_FOLDERS", (str(tmp_path / "Volumes"),))
    folder = tmp_path / "Volumes" / "Music"
    for i in range(3):
        song(folder / "songs" / f"{i}.flac", artist=f"{i}")
    library.add(workspace, [folder / "songs"])
    heard()
    return folder


@pytest.mark.parametrize("leaves_a_folder", [False, True])
def test_a_drive_that_is_not_connected_is_one_sentence_and_nothing_is_missing(
    workspace: Workspace, drive: Path, tmp_path: Path, leaves_a_folder: bool
) -> None:
    before = workspace.tracks.all()
    drive.rename(tmp_path / "unplugged")
    if leaves_a_folder:
        drive.mkdir()
    sentence = "The drive 'Music' is not connected. Nothing is lost; 3 tracks wait for it."
    away = {"path": str(drive), "tracks": 3, "sentence": sentence}
    for _ in range(2):
        assert look_again(workspace) == NOTHING | {"away": [away]}
    assert library.status(workspace)["missing"] == 0 and workspace.tracks.all() == before
    if leaves_a_folder:
        drive.rmdir()
    (tmp_path / "unplugged").rename(drive)
    assert look_again(workspace) == NOTHING | {"back": [str(drive / "songs")]}
    assert workspace.tracks.all() == before and workspace.tracks.to_analyse() == []


def test_a_drive_connected_under_another_name_is_the_same_music(
    workspace: Workspace, drive: Path, tmp_path: Path
) -> None:
    before = {track.title: track.id for track in workspace.tracks.all()}
    drive.rename(drive.parent / "Music 1")
    assert look_again(workspace)["away"]
    result = library.add(workspace, [drive.parent / "Music 1"])
    assert (result.added, result.moved) == (0, 3)
    assert {track.title: track.id for track in workspace.tracks.all(states=["analysed"])} == before
    assert look_again(workspace) == NOTHING and workspace.tracks.to_analyse() == []


def test_a_drive_pulled_out_while_it_is_looked_through_loses_nothing(
    workspace: Workspace, drive: Path, tmp_path: Path, song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    song(drive / "songs" / "deep" / "4.flac")
    look_again(workspace)

    def pull_out(numbers: dict[str, Any]) -> None:
        if drive.exists():
            drive.rename(tmp_path / "unplugged")

    monkeypatch.setattr(library, "BATCH", 1)
    result = look_again(workspace, progress=pull_out)
    assert (result["missing"], lines(result, "away")) == (
        0,
        ["The drive 'Music' is not connected. Nothing is lost; 4 tracks wait for it."],
    )
    assert library.status(workspace)["missing"] == 0
    assert workspace.tracks.count() == {"tracks": 4, "analysed": 3, "new": 1}


@pytest.mark.parametrize("number", [errno.EIO, errno.ENODEV, errno.ESTALE])
def test_a_disk_that_stops_answering_half_way_loses_nothing(
    workspace: Workspace, music: Path, song: Song, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    for name in ("a/1.flac", "b/2.flac", "b/c/3.flac"):
        song(music / name)
    library.add(workspace, [music])
    stat = os.stat

    def failing(path: Any, **options: Any) -> os.stat_result:
        if str(path).startswith(str(music / "b") + os.sep):
            raise OSError(number, os.strerror(number))
        return stat(path, **options)

    with monkeypatch.context() as patch:
        refuse(patch, music / "b", number).setattr(os, "stat", failing)
        result = look_again(workspace)
    assert (result["missing"], result["away"]) == (0, [])
    assert lines(result, "problems") == [
        f"{music / 'b'} cannot be opened ({os.strerror(number)}). What is known of it stays as it was."
    ]
    assert look_again(workspace) == NOTHING


# -- not allowed ----------------------------------------------------------------------------------------


def test_a_folder_without_permission_is_one_message(
    workspace: Workspace, music: Path, song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5):
        song(music / f"{i}.flac")
    library.add(workspace, [music])
    (music / "0.flac").unlink()  # nothing can be known of it now
    sentence = (
        f"{music} cannot be opened: permission denied. On a Mac: System Settings > Privacy & Security >"
        " Files and Folders."
    )
    with monkeypatch.context() as patch:
        refuse(patch, music)
        for _ in range(2):
            assert look_again(workspace) == NOTHING | {"problems": [{"path": str(music), "sentence": sentence}]}
        assert [root.problem for root in workspace.roots.records()] == [sentence]
    assert library.status(workspace)["missing"] == 0
    assert look_again(workspace) == NOTHING | {"missing": 1}
    assert [root.problem for root in workspace.roots.records()] == [None]


def test_a_part_of_a_folder_without_permission_is_one_message_and_the_rest_is_looked_at(
    workspace: Workspace, music: Path, song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed/1.flac", "closed/2.flac", "open/3.flac", "open/4.flac"):
        song(music / name)
    library.add(workspace, [music])
    (music / "open" / "4.flac").unlink()
    with monkeypatch.context() as patch:
        refuse(patch, music / "closed")
        result = look_again(workspace)
        assert result["missing"] == 1 and [line["path"] for line in result["problems"]] == [str(music / "closed")]
        drives.look(workspace)  # which reads only the folder itself
        assert workspace.roots.records()[0].problem == lines(result, "problems")[0]
    assert look_again(workspace) == NOTHING
    assert workspace.roots.records()[0].problem is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="The administrator may open everything.")
def test_files_behind_a_closed_door_are_not_missing(workspace: Workspace, music: Path, song: Song) -> None:
    song(music / "closed" / "1.flac")
    song(music / "2.flac")
    library.add(workspace, [music])
    (music / "closed").chmod(0)
    try:
        result = look_again(workspace)
    finally:
        (music / "closed").chmod(0o755)
    assert result["missing"] == 0 and len(result["problems"]) == 1


# -- as a job -------------------------------------------------------------------------------------------


def test_the_job_queues_the_analysis_of_what_is_new_and_of_nothing_else(
    workspace: Workspace, music: Path, song: Song, heard: Heard
) -> None:
    song(music / "a.flac")
    library.add(workspace, [music])
    heard()
    assert do_the_job(workspace) == []
    song(music / "b.flac")
    assert do_the_job(workspace) == ["analyze"]


def test_the_job_queues_the_analysis_of_what_the_terminal_took_in(
    workspace: Workspace, music: Path, song: Song
) -> None:
    song(music / "a.flac")
    library.add(workspace, [music])
    assert do_the_job(workspace) == ["analyze"]


def test_an_analysis_the_person_stopped_is_not_begun_again(workspace: Workspace, music: Path, song: Song) -> None:
    song(music / "a.flac")
    library.add(workspace, [music])
    stopped = workspace.jobs.add("analyze", "analysis")
    workspace.jobs.wish(stopped, "cancel")
    assert do_the_job(workspace) == []
    workspace.jobs.finish(stopped, "paused")
    assert do_the_job(workspace) == ["analyze"] and workspace.jobs.get(stopped).state == "paused"


def do_the_job(workspace: Workspace) -> list[str]:
    """Run the rescan job's function and return the kinds of the jobs that wait then."""
    import importlib

    module, function = jobs.RUNNERS["rescan"]
    getattr(importlib.import_module(module), function)(workspace, {}, lambda numbers: None)
    return [job.kind for job in workspace.jobs.open()]


def test_a_forgotten_folder_is_looked_at_again_once_that_is_taken_back(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    workspace.roots.add(str(folder))
    forget(workspace, str(folder))
    assert workspace.roots.all() == []
    workspace.acts.undo(workspace.acts.all()[0].id)
    assert workspace.roots.all() == [str(folder)]
