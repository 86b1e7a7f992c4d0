"""Whole acts: noted row by row, taken back as one, also after a restart; nothing done since is lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.errors import EarmarkError
from core.records import Label, LibraryRow, Tags
from data.acts import JOURNALLED, KEPT
from services.workspace import Workspace

AddTracks = Callable[..., list[int]]


def dump(workspace: Workspace) -> dict[str, list[tuple]]:
    """Return every journalled table, of the labels only those that stand."""
    tables = {}
    with workspace.database.read() as connection:
        for table in JOURNALLED:
            where = "WHERE undone_at IS NULL" if table in ("labels", "skips") else ""
            tables[table] = sorted(map(tuple, connection.execute(f"SELECT * FROM {table} {where}")), key=repr)
    return tables


def label(track_id: int, value: str, source: str = "csv", target: str = "rating") -> Label:
    event = f"{source} {track_id} {target} {value}"
    return Label(event, track_id, target, value, source, reason="A")  # type: ignore[arg-type]


def undo_newest(workspace: Workspace) -> None:
    workspace.acts.undo(workspace.acts.all()[0].id)


def test_an_import_of_labels_is_taken_back_exactly_after_a_restart(workspace: Workspace, add_tracks: AddTracks) -> None:
    ids = add_tracks(*[f"A/{i}" for i in range(3_000)])
    workspace.labels.add([label(ids[0], "liked", "person"), label(ids[1], "semi")])
    before = dump(workspace)
    with workspace.acts.act("labels", "labels.csv: 3,000 labels"):
        workspace.labels.replace_source("csv", [label(i, "disliked") for i in ids])
    assert dump(workspace) != before
    again = Workspace(workspace.home)
    undo_newest(again)
    assert dump(again) == before
    assert len(again.labels.history()) == 3_002  # marked as undone, not deleted


def test_what_a_source_withdrew_speaks_again(workspace: Workspace, add_tracks: AddTracks) -> None:
    [track_id] = add_tracks("A/1")
    workspace.labels.add([label(track_id, "liked", "itunes")])
    with workspace.acts.act("import", "Library.xml"):
        workspace.labels.withdraw("itunes", "rating", [track_id], reason="A")
    assert workspace.labels.current("rating") == {}
    undo_newest(workspace)
    assert workspace.labels.current("rating")[track_id].value == "liked"


def test_a_merge_is_taken_back_with_labels_files_and_features(workspace: Workspace, add_tracks: AddTracks) -> None:
    first, second = add_tracks("A/1", "A/2")
    for track_id in (first, second):
        workspace.tracks.mark_analysed(track_id, f"sound {track_id}", duration=1.5, note=None)
        workspace.features.put(track_id, {"musicnn": np.arange(3) + track_id + 0.1}, {"musicnn": 1})
        workspace.labels.add([label(track_id, "liked", "person")])
    workspace.external_ids.put({second: {"apple_persistent_id": "AB"}})
    before = dump(workspace)
    with workspace.acts.act("merge", "Merged 2 into 1"):
        workspace.tracks.merge(first, second)
    assert workspace.tracks.count()["tracks"] == 1
    undo_newest(workspace)
    assert dump(workspace) == before


def test_an_answer_given_after_a_merge_stays_where_it_was_given(workspace: Workspace, add_tracks: AddTracks) -> None:
    first, second = add_tracks("A/1", "A/2")
    with workspace.acts.act("merge", "Merged 2 into 1"):
        workspace.tracks.merge(first, second)
    workspace.labels.add([label(first, "disliked", "person")])
    undo_newest(workspace)
    assert {i: known.value for i, known in workspace.labels.current("rating").items()} == {first: "disliked"}
    assert workspace.tracks.paths_of(second) == ["/music/A/2.mp3"]


def test_a_track_that_came_with_an_act_goes_unless_it_was_answered_or_heard(workspace: Workspace) -> None:
    with workspace.acts.act("import", "Library.xml"):
        rows = [LibraryRow(Tags(title=name), "missing", f"/m/{name}.mp3") for name in "abc"]
        ids, _ = workspace.tracks.take_library((None, row) for row in rows)
        workspace.labels.add([label(i, "liked", "itunes") for i in ids])
    answered, heard, gone = ids
    workspace.labels.add([label(answered, "semi", "person")])
    workspace.tracks.mark_analysed(heard, "sound", duration=3.0, note=None, path="/m/b.mp3")
    undone = workspace.acts.undo(workspace.acts.all()[0].id)
    assert set(workspace.tracks.many(ids)) == {answered, heard}
    assert workspace.labels.current("rating")[answered].value == "semi"
    assert workspace.labels.current("rating").keys() == {answered}
    assert workspace.tracks.paths_of(heard) == ["/m/b.mp3"]
    assert undone.kept > 0
    assert gone not in workspace.tracks.many([gone])


def test_what_was_changed_again_since_stays_as_it_is(workspace: Workspace) -> None:
    workspace.settings.set("trained_genres", ["rock"])
    with workspace.acts.act("genres", "Chose jazz"):
        workspace.settings.set("trained_genres", ["jazz"])
        workspace.settings.set("other", 1)
    workspace.settings.set("trained_genres", ["pop"])
    undo_newest(workspace)
    assert workspace.settings.get("trained_genres") == ["pop"]
    assert workspace.settings.get("other") is None


def test_an_act_over_several_transactions_is_taken_back_as_one(workspace: Workspace, add_tracks: AddTracks) -> None:
    ids = add_tracks("A/1", "A/2")
    act = workspace.acts.begin("labels", "in two parts")
    for track_id in ids:
        with workspace.acts.recording(act):
            workspace.labels.add([label(track_id, "liked")])
    assert workspace.acts.finish(act, "two labels")
    [listed] = workspace.acts.all()
    assert listed.title == "two labels"
    workspace.acts.undo(listed.id)
    assert workspace.labels.current("rating") == {}


def test_an_act_that_fails_leaves_nothing(workspace: Workspace, add_tracks: AddTracks) -> None:
    [track_id] = add_tracks("A/1")

    def broken() -> None:
        with workspace.acts.act("labels", "broken"):
            workspace.labels.add([label(track_id, "liked")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert workspace.acts.all() == []
    assert workspace.labels.current("rating") == {}


def test_an_act_that_changes_nothing_is_not_listed(workspace: Workspace) -> None:
    with workspace.acts.act("labels", "nothing"):
        pass
    assert workspace.acts.all() == []


def test_what_happens_outside_an_act_is_not_noted(workspace: Workspace, add_tracks: AddTracks) -> None:
    [track_id] = add_tracks("A/1")
    with workspace.acts.act("leave out", "A"):
        workspace.exclusions.add("track", str(track_id))
    workspace.labels.add([label(track_id, "liked")])
    undo_newest(workspace)
    assert workspace.exclusions.all() == []
    assert workspace.labels.current("rating").keys() == {track_id}


def test_an_act_is_taken_back_once_and_unknown_ones_are_refused(workspace: Workspace, add_tracks: AddTracks) -> None:
    [track_id] = add_tracks("A/1")
    with workspace.acts.act("leave out", "Left out A"):
        workspace.exclusions.add("track", str(track_id))
    act = workspace.acts.all()[0].id
    workspace.acts.undo(act)
    with pytest.raises(EarmarkError, match="taken back already"):
        workspace.acts.undo(act)
    with pytest.raises(EarmarkError, match="No act has the number 99"):
        workspace.acts.undo(99)


def test_only_the_last_fifty_can_be_taken_back(workspace: Workspace) -> None:
    for number in range(KEPT + 2):
        with workspace.acts.act("leave out", f"folder {number}"):
            workspace.exclusions.add("folder", f"/{number}")
    listed = workspace.acts.all(limit=1000)
    assert [act.title for act in listed] == [f"folder {n}" for n in range(KEPT + 1, 1, -1)]
    with pytest.raises(EarmarkError, match="only the last 50"):
        workspace.acts.undo(listed[-1].id - 1)


def test_exact_numbers_survive_the_journal(workspace: Workspace) -> None:
    with workspace.acts.act("import", "x"):
        [track_id], _ = workspace.tracks.take_library(
            [(None, LibraryRow(Tags(title="a"), "new", "/m/a.mp3", 5, 1763645590.1234567))]
        )
    with workspace.acts.act("merge", "y"):
        [other], _ = workspace.tracks.take_library([(None, LibraryRow(Tags(title="b"), "cloud-only"))])
        workspace.tracks.merge(other, track_id)
    undo_newest(workspace)
    assert workspace.tracks.known_files()["/m/a.mp3"] == (track_id, 5, 1763645590.1234567)


def test_a_table_in_a_setting_is_taken_back_line_by_line(workspace: Workspace) -> None:
    for genre in ("rock", "jazz"):
        with workspace.acts.act("genres", f"Renamed {genre}"):
            workspace.settings.set("names", {**workspace.settings.get("names", {}), genre: genre.title()})
    second, first = workspace.acts.all()
    assert workspace.acts.undo(first.id).kept == 0
    assert workspace.settings.get("names") == {"jazz": "Jazz"}
    workspace.acts.undo(second.id)
    assert workspace.settings.get("names") is None or workspace.settings.get("names") == {}


def test_a_setting_an_act_made_stays_when_it_was_changed_since(workspace: Workspace) -> None:
    with workspace.acts.act("genres", "Chose"):
        workspace.settings.set("chosen", ["a"])
    workspace.settings.set("chosen", ["b"])
    undone = workspace.acts.undo(workspace.acts.all()[0].id)
    assert (workspace.settings.get("chosen"), undone.kept) == (["b"], 1)
