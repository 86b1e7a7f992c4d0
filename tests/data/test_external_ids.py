"""What other services call a track: given back as it came, one for each service but Apple's own."""

from __future__ import annotations

from data.external_ids import APPLE_ID, APPLE_LOCATION, APPLE_NUMBER
from services.workspace import Workspace


def test_ids_are_given_back_as_they_came(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/1", "A/2")
    ids = {one: {APPLE_ID: "00AB", APPLE_NUMBER: "17", APPLE_LOCATION: "file:///M/%C3%A9%20.mp3"}, two: {"isrc": "x"}}
    workspace.external_ids.put(ids)
    assert workspace.external_ids.of([one, two, 99]) == ids
    assert workspace.external_ids.tracks(APPLE_ID) == {"00AB": one}
    assert workspace.external_ids.newest("isrc") == {two: "x"}


def test_a_new_number_takes_the_place_of_the_old_and_persistent_ids_add_up(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/1", "A/2")
    workspace.external_ids.put({one: {APPLE_ID: "A", APPLE_NUMBER: "1"}, two: {APPLE_ID: "C", APPLE_NUMBER: "2"}})
    workspace.external_ids.put({one: {APPLE_ID: "B", APPLE_NUMBER: "3"}})
    assert workspace.external_ids.tracks(APPLE_ID) == {"A": one, "B": one, "C": two}
    assert workspace.external_ids.tracks(APPLE_NUMBER) == {"3": one, "2": two}
    assert workspace.external_ids.newest(APPLE_ID) == {one: "B", two: "C"}
    assert workspace.external_ids.of([one])[one] == {APPLE_ID: "B", APPLE_NUMBER: "3"}


def test_the_same_ids_again_change_nothing(workspace: Workspace, add_tracks) -> None:
    [one] = add_tracks("A/1")
    with workspace.acts.act("import", "first"):
        workspace.external_ids.put({one: {APPLE_ID: "A", APPLE_NUMBER: "1"}})
    with workspace.acts.act("import", "again"):
        workspace.external_ids.put({one: {APPLE_ID: "A", APPLE_NUMBER: "1"}})
    assert [act.title for act in workspace.acts.all()] == ["first"]


def test_many_ids_are_found_at_once_and_only_those_of_the_service(workspace: Workspace, add_tracks) -> None:
    ids = add_tracks(*[f"A/{n}" for n in range(1_200)])
    workspace.external_ids.put({track_id: {APPLE_ID: f"{n}"} for n, track_id in enumerate(ids)})
    assert workspace.external_ids.find(APPLE_ID, (f"{n}" for n in range(1_500))) == {
        f"{n}": track_id for n, track_id in enumerate(ids)
    }
    assert workspace.external_ids.find(APPLE_NUMBER, ["1"]) == workspace.external_ids.find(APPLE_ID, []) == {}


def test_ids_go_with_their_track_when_it_goes_into_another(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/1", "A/2")
    workspace.external_ids.put({one: {APPLE_ID: "A"}, two: {APPLE_ID: "B", "isrc": "x"}})
    workspace.tracks.merge(one, two)
    assert workspace.external_ids.tracks(APPLE_ID) == {"A": one, "B": one}
    assert workspace.external_ids.of([one])[one]["isrc"] == "x"
