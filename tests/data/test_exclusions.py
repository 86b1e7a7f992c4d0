"""What is left out: once each, and taken in again."""

from __future__ import annotations

from data.exclusions import KINDS
from services.workspace import Workspace


def test_what_is_left_out_is_listed_in_the_order_it_was(workspace: Workspace) -> None:
    for kind in KINDS:
        assert workspace.exclusions.add(kind, f"some {kind}")
    assert [(one.kind, one.value) for one in workspace.exclusions.all()] == [(kind, f"some {kind}") for kind in KINDS]


def test_leaving_out_twice_and_taking_in_twice_is_once(workspace: Workspace) -> None:
    assert workspace.exclusions.add("genre", "Speech")
    assert not workspace.exclusions.add("genre", "Speech")
    assert workspace.exclusions.add("folder", "Speech")
    assert workspace.exclusions.remove("genre", "Speech")
    assert not workspace.exclusions.remove("genre", "Speech")
    assert [one.kind for one in workspace.exclusions.all()] == ["folder"]


def test_the_mark_for_caches_changes_with_everything_left_out_or_taken_in(workspace: Workspace) -> None:
    marks = [workspace.exclusions.stamp()]
    for value in "ab":
        workspace.exclusions.add("genre", value)
        marks.append(workspace.exclusions.stamp())
    workspace.exclusions.remove("genre", "a")
    marks.append(workspace.exclusions.stamp())
    workspace.exclusions.add("genre", "a")  # never the number it had before
    marks.append(workspace.exclusions.stamp())
    assert len(set(marks)) == len(marks)


def test_a_track_left_out_stays_so_when_it_goes_into_another(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/1", "A/2")
    workspace.exclusions.add("track", str(two))
    with workspace.acts.act("merge", "Merged"):
        workspace.tracks.merge(one, two)
    assert [one.value for one in workspace.exclusions.all()] == [str(one)]
    workspace.acts.undo(workspace.acts.all()[0].id)
    assert [one.value for one in workspace.exclusions.all()] == [str(two)]


def test_leaving_out_is_taken_back_as_an_act(workspace: Workspace) -> None:
    workspace.exclusions.add("genre", "Speech")
    with workspace.acts.act("leave out", "Left out Live, took Speech in"):
        workspace.exclusions.add("genre", "Live")
        workspace.exclusions.remove("genre", "Speech")
    before = workspace.exclusions.all()
    workspace.acts.undo(workspace.acts.all()[0].id)
    assert [one.value for one in before] == ["Live"]
    assert [one.value for one in workspace.exclusions.all()] == ["Speech"]
