"""Small facts of a home: choices are kept, and the places music came from with what was seen of them."""

from __future__ import annotations

from core.records import FoundFile
from services.workspace import Workspace


def test_a_setting_is_what_was_set_last(workspace: Workspace) -> None:
    assert workspace.settings.get("cores") is None and workspace.settings.get("cores", 2) == 2
    for value in (1, {"a": [1, None]}, False):
        workspace.settings.set("cores", value)
        assert workspace.settings.get("cores", 2) == value


def test_a_folder_added_again_is_the_same_root_scanned_later(workspace: Workspace) -> None:
    first = workspace.roots.add("/music")
    [before] = workspace.roots.records()
    assert workspace.roots.add("/music") == first == before.id
    [after] = workspace.roots.records()
    assert (after.path, after.kind, after.stamp) == ("/music", "folder", None)
    assert str(after.scanned_at) > str(before.scanned_at)


def test_only_folders_are_listed_as_folders(workspace: Workspace) -> None:
    for path, kind in (("/b", "folder"), ("/Library.xml", "library"), ("/Volumes/X", "drive"), ("/a", "folder")):
        workspace.roots.add(path, kind=kind, stamp="1:2.0" if kind == "library" else None)
    assert workspace.roots.all() == ["/b", "/a"]
    assert [root.path for root in workspace.roots.records() if root.stamp == "1:2.0"] == ["/Library.xml"]


def test_a_place_that_is_away_or_in_trouble_stays_so_until_it_is_not(workspace: Workspace) -> None:
    root = workspace.roots.add("/music")
    workspace.roots.set_away(root, True)
    since = workspace.roots.records()[0].away_since
    workspace.roots.set_away(root, True)
    workspace.roots.set_problem(root, "It cannot be opened.")
    assert workspace.roots.records()[0].away_since == since is not None
    assert workspace.roots.away() == ["/music"]
    assert workspace.roots.records()[0].problem == "It cannot be opened."
    workspace.roots.set_away(root, False)
    workspace.roots.set_problem(root, None)
    assert (workspace.roots.away(), workspace.roots.records()[0].problem) == ([], None)


def test_a_forgotten_folder_leaves_its_tracks(workspace: Workspace) -> None:
    root = workspace.roots.add("/music")
    workspace.tracks.add([FoundFile("/music/a.mp3", 1, 1.0)], root_id=root)
    workspace.roots.remove("/music")
    workspace.roots.remove("/never added")
    assert workspace.roots.records() == [] and workspace.tracks.count()["tracks"] == 1
