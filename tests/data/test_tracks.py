"""Tracks and files: moved, retagged and doubled files keep their labels."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import UnknownTrackError
from core.records import FoundFile, Label, LibraryRow, Question, Tags
from data.external_ids import APPLE_ID
from services.workspace import Workspace


def real_file(path: Path, size: int = 10, mtime: float = 1000.0, **tags: str) -> FoundFile:
    """Make a file on the disk and return it as an import finds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (mtime, mtime))
    return FoundFile(str(path), size, mtime, Tags(**tags))


def rate(workspace: Workspace, track_id: int, value: str = "liked") -> None:
    workspace.labels.add([Label(f"event {track_id} {value}", track_id, "rating", value)])


def test_a_file_without_a_title_is_called_by_its_name(workspace: Workspace) -> None:
    workspace.tracks.add([FoundFile("/music/07 Rain.mp3", 1, 1.0)])
    assert workspace.tracks.all()[0].title == "07 Rain"


def test_a_retagged_file_is_the_same_track_and_waits_for_analysis_again(workspace: Workspace) -> None:
    file = FoundFile("/music/a.mp3", 10, 1.0, Tags(title="Old"))
    [track_id] = workspace.tracks.add([file]).added
    workspace.tracks.mark_analysed(track_id, "content", duration=9.0, note=None)
    rate(workspace, track_id)
    changes = workspace.tracks.add([replace(file, mtime=2.0, tags=Tags(title="New"))])
    assert changes.updated == (track_id,)
    track = workspace.tracks.get(track_id)
    assert (track.title, track.state) == ("New", "new")
    assert workspace.labels.current("rating")[track_id].value == "liked"


def test_a_moved_file_is_the_same_track_and_stays_analysed(workspace: Workspace, tmp_path: Path) -> None:
    old = real_file(tmp_path / "a" / "song.mp3")
    [track_id] = workspace.tracks.add([old]).added
    workspace.tracks.mark_analysed(track_id, "content", duration=9.0, note=None)
    rate(workspace, track_id)
    new = tmp_path / "b" / "song.mp3"
    new.parent.mkdir()
    os.rename(old.path, new)
    changes = workspace.tracks.add([replace(old, path=str(new))])
    assert changes.moved == (track_id,)
    track = workspace.tracks.get(track_id)
    assert (track.path, track.state) == (str(new), "analysed")
    assert workspace.labels.current("rating")[track_id].value == "liked"


def test_a_copy_is_not_taken_for_a_moved_file(workspace: Workspace, tmp_path: Path) -> None:
    workspace.tracks.add([real_file(tmp_path / "a.mp3")])
    changes = workspace.tracks.add([real_file(tmp_path / "copy" / "a.mp3")])
    assert (len(changes.added), len(changes.moved)) == (1, 0)


def test_of_two_files_gone_with_one_size_and_time_the_one_of_that_name_moved(
    workspace: Workspace, tmp_path: Path
) -> None:
    files = [FoundFile(str(tmp_path / f"gone/{name}.mp3"), 10, 1.0) for name in ("one", "two")]
    one, two = workspace.tracks.add(files).added
    found = [FoundFile(str(tmp_path / f"here/{name}.mp3"), 10, 1.0) for name in ("two", "one", "three")]
    changes = workspace.tracks.add(found)
    assert changes.moved == (two, one)
    assert len(changes.added) == 1


def test_a_thousand_copies_with_one_size_and_time_are_taken_in_quickly(workspace: Workspace, tmp_path: Path) -> None:
    files = [FoundFile(str(tmp_path / f"{i}.mp3"), 10, 1.0) for i in range(1000)]
    for file in files:
        Path(file.path).touch()
    asked = []
    exists = os.path.exists
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os.path, "exists", lambda path: asked.append(path) or exists(path))
        for start in range(0, len(files), 200):
            workspace.tracks.add(files[start : start + 200])
    assert workspace.tracks.count()["tracks"] == 1000
    assert (
        len(asked) < 6 * 1000
    )  # each batch looks once at those before it; each file at all others were half a million


def test_a_doubled_recording_becomes_one_track_with_both_histories(workspace: Workspace) -> None:
    files = [FoundFile(f"/music/{name}.mp3", i, float(i), Tags(title=name)) for i, name in enumerate(("a", "b"))]
    first, second = workspace.tracks.add(files).added
    workspace.tracks.mark_analysed(first, "same sound", duration=9.0, note=None)
    rate(workspace, first, "liked")
    rate(workspace, second, "disliked")
    workspace.labels.skip("skip", second, "genre")
    workspace.questions.ask([Question(second, "rating")])
    workspace.features.put(second, {"tags": np.zeros(3)}, {"tags": 1})
    assert workspace.tracks.mark_analysed(second, "same sound", duration=9.0, note=None) == first
    assert [event.track_id for event in workspace.labels.history()] == [first] * 3
    assert workspace.labels.current("rating")[first].value == "disliked"
    assert workspace.tracks.paths_of(first) == ["/music/a.mp3", "/music/b.mp3"]
    assert [q.track_id for q in workspace.questions.waiting("rating")] == [first]
    with pytest.raises(UnknownTrackError):
        workspace.tracks.get(second)


def test_of_two_copies_the_older_lives_on_whichever_is_heard_first(workspace: Workspace, add_tracks) -> None:
    first, second = add_tracks("A/one", "A/two")
    assert workspace.tracks.mark_analysed(second, "same sound", duration=9.0, note=None) == second
    assert workspace.tracks.mark_analysed(first, "same sound", duration=9.0, note=None) == first
    [track] = workspace.tracks.all()
    assert (track.id, track.title, track.content_id) == (first, "one", "same sound")
    assert len(workspace.tracks.paths_of(first)) == 2


def test_analysing_the_same_track_again_changes_nothing_else(workspace: Workspace, add_tracks) -> None:
    [track_id] = add_tracks("A/one")
    assert workspace.tracks.mark_analysed(track_id, "sound", duration=9.0, note=None) == track_id
    assert workspace.tracks.mark_analysed(track_id, "sound", duration=9.0, note="its end is missing") == track_id
    track = workspace.tracks.get(track_id)
    assert (track.state, track.reason) == ("partly", "its end is missing")


def test_artists_take_turns_in_analysis(workspace: Workspace, add_tracks) -> None:
    add_tracks("A/1", "A/2", "A/3", "B/1", "B/2", "C/1")
    waiting = [pending.path.removeprefix("/music/") for pending in workspace.tracks.to_analyse()]
    assert waiting == ["A/1.mp3", "B/1.mp3", "C/1.mp3", "A/2.mp3", "B/2.mp3", "A/3.mp3"]


def test_unreadable_tracks_wait_only_when_asked_to_retry(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/1", "B/1")
    workspace.tracks.mark(two, "unreadable", "the file is empty")
    assert [pending.track_id for pending in workspace.tracks.to_analyse()] == [one]
    assert [pending.track_id for pending in workspace.tracks.to_analyse(retry=True)] == [one, two]
    assert workspace.tracks.count() == {"tracks": 2, "new": 1, "unreadable": 1}


def test_a_missing_file_is_not_analysed_and_comes_back_as_it_was(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/1", "B/1")
    workspace.tracks.mark_analysed(one, "sound", duration=9.0, note=None)
    workspace.tracks.mark(one, "missing", "its file is gone")
    workspace.tracks.mark_files_missing(["/music/A/1.mp3", "/music/B/1.mp3"])
    assert workspace.tracks.to_analyse() == []
    assert workspace.tracks.count_missing() == 2
    workspace.tracks.mark_files_found(["/music/A/1.mp3"])
    assert workspace.tracks.missing_files() == {"/music/B/1.mp3"}
    assert (workspace.tracks.get(one).state, workspace.tracks.get(two).state) == ("analysed", "new")
    assert workspace.tracks.count_missing() == 1


@pytest.mark.parametrize("state", ["protected", "cloud-only"])
def test_what_is_protected_or_in_a_cloud_is_not_counted_as_missing(workspace: Workspace, add_tracks, state) -> None:
    one, _ = add_tracks("A/1", "B/1")
    workspace.tracks.mark_files_missing(["/music/A/1.mp3"])
    workspace.tracks.mark(one, state)
    assert workspace.tracks.count_missing() == 0


@pytest.mark.parametrize("number", [2**63, 10**40, int("9" * 4000)])
def test_a_number_too_large_for_a_track_is_said(workspace: Workspace, number: int) -> None:
    with pytest.raises(UnknownTrackError, match="No track has the number"):
        workspace.tracks.resolve(str(number))


def test_the_path_of_a_track_is_that_of_a_file_that_is_there(workspace: Workspace, add_tracks) -> None:
    first, second = add_tracks("A/old", "A/new")
    workspace.tracks.mark_analysed(first, "sound", duration=9.0, note=None)
    workspace.tracks.mark_files_missing(["/music/A/old.mp3"])
    workspace.tracks.mark_analysed(second, "sound", duration=9.0, note=None)
    assert workspace.tracks.get(first).path == "/music/A/new.mp3"


def test_a_track_is_found_by_id_by_path_and_by_the_end_of_its_path(workspace: Workspace, add_tracks) -> None:
    [track_id] = add_tracks("Björk/Jóga")
    for name in (
        str(track_id),
        "/music/Björk/Jóga.mp3",
        "Björk/Jóga.mp3",
        unicodedata.normalize("NFD", "Björk/Jóga.mp3"),
    ):
        assert workspace.tracks.resolve(name).id == track_id
    with pytest.raises(UnknownTrackError, match="not in the library"):
        workspace.tracks.resolve("elsewhere.mp3")
    with pytest.raises(UnknownTrackError):
        workspace.tracks.resolve("999")


def test_paths_of_a_csv_match_absolute_then_beside_it_then_as_a_unique_end(workspace: Workspace) -> None:
    paths = ["/music/A/x.mp3", "/music/B/x.mp3", "/other/y.mp3", "/music/...And You/z.mp3"]
    ids = workspace.tracks.add([FoundFile(path, i, float(i)) for i, path in enumerate(paths)]).added
    match = workspace.tracks.match_paths
    assert match(["/music/B/x.mp3"], None) == {"/music/B/x.mp3": ids[1]}
    assert match(["x.mp3"], Path("/music/A")) == {"x.mp3": ids[0]}
    assert match(["../other/y.mp3"], Path("/music")) == {"../other/y.mp3": ids[2]}
    assert match(["x.mp3"], Path("/elsewhere")) == {"x.mp3": None}  # two tracks end like this
    assert match(["B/x.mp3", "./B/x.mp3", "B\\x.mp3"], Path("/elsewhere")) == dict.fromkeys(
        ["B/x.mp3", "./B/x.mp3", "B\\x.mp3"], ids[1]
    )
    assert match(["...And You/z.mp3"], Path("/elsewhere")) == {"...And You/z.mp3": ids[3]}
    assert match(["usic/B/x.mp3"], None) == {"usic/B/x.mp3": None}  # not at a slash


# -- rows of another program's library --------------------------------------------------------------


def row(title: str, file: FoundFile | None = None, state: str = "new", **about: object) -> LibraryRow:
    """Return what a library says of a track."""
    place = {} if file is None else {"path": file.path, "size": file.size, "mtime": file.mtime}
    return LibraryRow(Tags(title, duration=60.0), state, **place, **about)  # type: ignore[arg-type]


def test_a_library_names_tracks_with_and_without_files(workspace: Workspace, tmp_path: Path) -> None:
    here = real_file(tmp_path / "here.mp3")
    gone = FoundFile(str(tmp_path / "gone.mp3"), 5, 0.0)
    rows = [row("here", here, play_count=3), row("gone", gone, "missing"), row("cloud", state="cloud-only")]
    ids, changes = workspace.tracks.take_library((None, one) for one in rows)
    assert changes.added == tuple(ids) and changes.updated == changes.moved == ()
    assert [track.state for track in workspace.tracks.all()] == ["new", "missing", "cloud-only"]
    assert workspace.tracks.get(ids[0]).play_count == 3
    assert [pending.track_id for pending in workspace.tracks.to_analyse()] == [ids[0]]
    assert workspace.tracks.with_files() == {ids[0]} and workspace.tracks.missing_files() == {gone.path}
    again, changes = workspace.tracks.take_library(zip(ids, rows, strict=True))
    assert again == ids and (changes.added, changes.updated, changes.moved) == ((), (), ())


def test_a_library_knows_counts_best_and_a_file_its_names(workspace: Workspace, tmp_path: Path) -> None:
    file = real_file(tmp_path / "a.mp3", title="From the file", artist="A")
    [track_id] = workspace.tracks.add([file]).added
    workspace.tracks.take_library([(None, row("From the library", file, play_count=9, disc_number=2))])
    track = workspace.tracks.get(track_id)
    assert (track.title, track.play_count, track.disc_number, track.duration) == ("From the file", 9, 2, 60.0)
    cloud = workspace.tracks.take_library([(None, row("Old", state="cloud-only"))])[0][0]
    workspace.tracks.take_library([(cloud, row("New", state="cloud-only"))])
    assert workspace.tracks.get(cloud).title == "New"


def test_a_file_that_is_no_longer_where_the_library_said_moves_and_another_is_added(
    workspace: Workspace, tmp_path: Path
) -> None:
    old, new, third = (real_file(tmp_path / f"{name}/a.mp3") for name in ("old", "new", "third"))
    [track_id], _ = workspace.tracks.take_library([(None, row("a", old))])
    workspace.tracks.mark_analysed(track_id, "sound", duration=60.0, note=None, path=old.path)
    os.remove(old.path)
    _, changes = workspace.tracks.take_library([(track_id, row("a", new))])
    assert changes.moved == (track_id,) and workspace.tracks.paths_of(track_id) == [new.path]
    _, changes = workspace.tracks.take_library([(track_id, row("a", third))])
    assert changes.moved == () and workspace.tracks.paths_of(track_id) == [new.path, third.path]
    assert workspace.tracks.get(track_id).state == "analysed"
    assert [path for _, path in workspace.tracks.unverified()] == [new.path, third.path]
    assert [file.path for file in workspace.tracks.files_of(track_id)] == [new.path, third.path]
    workspace.tracks.mark_verified(new.path, "sound")
    assert [path for _, path in workspace.tracks.unverified()] == [third.path]


def test_a_file_that_comes_back_makes_its_track_ready_again(workspace: Workspace, tmp_path: Path) -> None:
    file = FoundFile(str(tmp_path / "a.mp3"), 10, 0.0)
    [track_id], _ = workspace.tracks.take_library([(None, row("a", file, "missing"))])
    workspace.tracks.take_library([(track_id, row("a", real_file(tmp_path / "a.mp3")))])
    assert workspace.tracks.get(track_id).state == "new" and workspace.tracks.missing_files() == set()


def test_a_track_the_library_names_and_the_folder_found_is_one(workspace: Workspace, tmp_path: Path) -> None:
    [named], _ = workspace.tracks.take_library([(None, row("Named", state="cloud-only", play_count=4))])
    file = real_file(tmp_path / "a.mp3", title="Found")
    [filed] = workspace.tracks.add([file]).added
    rate(workspace, named, "liked")
    rate(workspace, filed, "semi")
    ids, _ = workspace.tracks.take_library([(named, row("Named", file))])
    assert ids == [named] and workspace.tracks.ids() == {named}
    assert len(workspace.labels.history()) == 2 and workspace.tracks.paths_of(named) == [file.path]


def test_two_tracks_of_libraries_and_two_that_were_heard_stay_two(workspace: Workspace, tmp_path: Path) -> None:
    one, two = real_file(tmp_path / "1.mp3"), real_file(tmp_path / "2.mp3", 20)
    first, second = workspace.tracks.take_library([(None, row("one", one)), (None, row("two", two))])[0]
    workspace.external_ids.put({first: {APPLE_ID: "1"}, second: {APPLE_ID: "2"}})
    ids, _ = workspace.tracks.take_library([(first, row("one", two)), (second, row("two", one))])
    assert ids == [first, second]
    assert {path: entry[0] for path, entry in workspace.tracks.known_files().items()} == {
        one.path: second, two.path: first
    }  # fmt: skip
    third = real_file(tmp_path / "3.mp3", 30)
    [heard] = workspace.tracks.add([third]).added
    for track_id in (first, heard):
        workspace.tracks.mark_analysed(track_id, f"sound {track_id}", duration=60.0, note=None)
    assert workspace.tracks.take_library([(first, row("one", third))])[0] == [first]
    assert workspace.tracks.ids() == {first, second, heard}
    assert (first, third.path) in workspace.tracks.unverified()


def test_a_merge_in_the_middle_of_a_batch_leads_every_row_to_the_track_that_stays(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = real_file(tmp_path / "a.mp3")
    [named], _ = workspace.tracks.take_library([(None, row("a", state="cloud-only"))])
    [filed] = workspace.tracks.add([file]).added
    workspace.tracks.mark_analysed(filed, "sound", duration=60.0, note=None)
    rows = [(named, row("a", state="cloud-only")), (named, row("a", file))]
    assert workspace.tracks.take_library(rows)[0] == [filed, filed]


# -- one recording, several rows ----------------------------------------------------------------------


def test_a_merged_track_inherits_what_the_other_did_not_know(workspace: Workspace, add_tracks) -> None:
    [keep] = add_tracks("A/one")
    [gone], _ = workspace.tracks.take_library([(None, row("one", state="cloud-only", play_count=4, date_added="2020"))])
    workspace.tracks.merge(keep, gone)
    track = workspace.tracks.get(keep)
    assert (track.title, track.play_count, track.date_added, track.duration) == ("one", 4, "2020", 60.0)


def test_a_file_of_other_music_is_parted_from_its_track(workspace: Workspace, tmp_path: Path) -> None:
    file = real_file(tmp_path / "a.mp3", title="One")
    [track_id] = workspace.tracks.add([file]).added
    rate(workspace, track_id)
    other = workspace.tracks.part(replace(file, tags=Tags("Two")))
    assert workspace.tracks.by_path(file.path).id == other != track_id
    assert (workspace.tracks.get(other).title, workspace.tracks.paths_of(track_id)) == ("Two", [])
    assert workspace.labels.current("rating").keys() == {track_id}


def test_other_music_under_a_known_path_is_another_track_and_a_new_tag_is_not(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = replace(real_file(tmp_path / "01.mp3"), tags=Tags("One", "A", duration=60.0))
    [track_id] = workspace.tracks.add([file]).added
    workspace.tracks.mark_analysed(track_id, "sound", duration=60.0, note=None)
    rate(workspace, track_id)
    for tags in (Tags("One!", "B", duration=60.5), Tags("Two", "B", duration=61.0), Tags("Two", "B")):
        assert workspace.tracks.add([replace(file, tags=tags)]).updated == (track_id,)
    changes = workspace.tracks.add([replace(file, tags=Tags("Three", "C", duration=90.0))])
    assert len(changes.added) == 1 and changes.added != (track_id,)
    assert workspace.labels.current("rating").keys() == {track_id}
    assert workspace.tracks.by_path(file.path).title == "Three"


def test_pairs_said_to_be_different_are_remembered_once_in_either_order(workspace: Workspace, add_tracks) -> None:
    one, two, three = add_tracks("A/1", "A/2", "A/3")
    workspace.tracks.say_different(two, one)
    workspace.tracks.say_different(one, two)
    workspace.tracks.say_different(three, two)
    assert workspace.tracks.different_pairs() == {(one, two), (two, three)}
    workspace.tracks.merge(one, two)
    assert workspace.tracks.different_pairs() == {(one, three)}
