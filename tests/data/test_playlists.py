"""Playlists of a library: in order, in folders, one for each outside id."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from data.playlists import NAMED, NewPlaylist
from services.workspace import Workspace


def new(name: str, tracks: Sequence[int] = (), kind: str = "list", parent: str | None = None) -> NewPlaylist:
    """Return a playlist whose outside id is its first letter."""
    return NewPlaylist(name, kind, name[0], parent, tracks)


def lists(workspace: Workspace) -> dict[str, list[int]]:
    return {p.name: workspace.playlists.tracks(p.id) for p in workspace.playlists.all()}


def dump(workspace: Workspace) -> list[tuple]:
    with workspace.database.read() as connection:
        tables = [connection.execute(f"SELECT * FROM {table}") for table in ("playlists", "playlist_tracks")]
        return [tuple(row) for rows in tables for row in rows]


def test_order_and_repeats_are_kept(workspace: Workspace, add_tracks) -> None:
    one, two, three = add_tracks("A/1", "A/2", "A/3")
    assert workspace.playlists.replace("x", [new("P", [three, one, three, two]), new("Empty")]) == 2
    assert lists(workspace) == {"P": [three, one, three, two], "Empty": []}
    assert [p.tracks for p in workspace.playlists.all()] == [0, 4]


def test_the_same_again_changes_nothing_and_a_change_keeps_the_number(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/1", "A/2")
    workspace.playlists.replace("x", [new("P", [one, two])])
    before = dump(workspace)
    assert workspace.playlists.replace("x", [new("P", [one, two])]) == 0
    assert dump(workspace) == before
    [known] = workspace.playlists.all()
    assert workspace.playlists.replace("x", [new("Party", [two])]) == 1
    assert [(p.id, p.name) for p in workspace.playlists.all()] == [(known.id, "Party")]
    assert lists(workspace) == {"Party": [two]}


@pytest.mark.parametrize("inside_first", [True, False])
def test_a_folder_holds_what_is_in_it_whichever_is_named_first(
    workspace: Workspace, add_tracks, inside_first: bool
) -> None:
    one, two = add_tracks("A/1", "A/2")
    named = [new("Folder", kind="folder"), new("Inner", kind="folder", parent="F"), new("P", [two, one], parent="I")]
    workspace.playlists.replace("x", named[::-1] if inside_first else named)
    by_name = {p.name: p for p in workspace.playlists.all()}
    assert by_name["P"].parent_id == by_name["Inner"].id and by_name["Inner"].parent_id == by_name["Folder"].id
    assert workspace.playlists.tracks(by_name["Folder"].id) == [two, one]


def test_a_whole_source_loses_what_it_no_longer_names_and_others_stay(workspace: Workspace, add_tracks) -> None:
    [one] = add_tracks("A/1")
    workspace.playlists.replace("x", [new("P", [one]), new("Q", [one])])
    workspace.playlists.replace("y", [new("R", [one])])
    workspace.playlists.replace("x", [new("Q", [one])])
    assert sorted(lists(workspace)) == ["P", "Q", "R"]
    workspace.playlists.replace("x", [new("Q", [one])], complete=True)
    assert sorted(lists(workspace)) == ["Q", "R"]


def test_one_outside_id_is_one_playlist_from_wherever_it_comes(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/1", "A/2")
    workspace.playlists.replace("library", [new("F", kind="folder"), new("P", [one], parent="F")], complete=True)
    workspace.playlists.replace("export", [new("P", [two]), new("Q", [two])])
    assert lists(workspace) == {"F": [two], "P": [two], "Q": [two]}
    assert all(p.parent_id is not None for p in workspace.playlists.all() if p.name == "P")
    workspace.playlists.replace("library", [new("Q", [one])], complete=True)
    assert lists(workspace) == {"Q": [one]}
    workspace.playlists.replace("library", [], complete=True)  # it is the library's now
    assert lists(workspace) == {}


def test_one_name_without_an_id_may_be_two_playlists(workspace: Workspace) -> None:
    for source in ("x", "y", "y"):
        workspace.playlists.replace(source, [NewPlaylist("P", "list", f"{NAMED}P", None, [])])
    assert [p.name for p in workspace.playlists.all()] == ["P", "P"]


def test_a_folder_removed_with_its_lists_comes_back_whole(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/1", "A/2")
    named = [
        new("Folder", kind="folder"),
        new("Inner", kind="folder", parent="F"),
        new("P", [two, one, two], parent="I"),
    ]
    workspace.playlists.replace("x", named, complete=True)
    before = dump(workspace)
    for left in ([], [new("P", [one])], named[2:], named[::2]):
        with workspace.acts.act("import", "newer"):
            workspace.playlists.replace("x", left, complete=True)
        assert dump(workspace) != before
        undone = workspace.acts.undo(workspace.acts.all()[0].id)
        assert dump(workspace) == before and undone.kept == 0


def test_a_track_that_goes_into_another_takes_its_places_along(workspace: Workspace, add_tracks) -> None:
    one, two, three = add_tracks("A/1", "A/2", "A/3")
    workspace.playlists.replace("x", [new("P", [two, one, three, two])])
    before = dump(workspace)
    with workspace.acts.act("merge", "Merged"):
        workspace.tracks.merge(one, two)
    assert lists(workspace) == {"P": [one, one, three, one]}
    workspace.acts.undo(workspace.acts.all()[0].id)
    assert dump(workspace) == before
