"""Feature vectors: kept exactly, never mixed between versions, read again only where they are new."""

from __future__ import annotations

import numpy as np

from data.features import join
from services.workspace import Workspace


def test_a_vector_comes_back_as_it_was(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    vector = np.random.default_rng(0).normal(size=200).astype(np.float32)
    workspace.features.put(track, {"musicnn": vector}, {"musicnn": 1})
    ids, X, _ = workspace.features.matrix("musicnn")
    assert ids.tolist() == [track]
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X[0], vector)
    np.testing.assert_array_equal(workspace.features.of_track(track)["musicnn"], vector)


def test_a_set_nobody_has_is_empty(workspace: Workspace) -> None:
    ids, X, mark = workspace.features.matrix("lyrics")
    assert (ids.shape, X.shape, mark) == ((0,), (0, 0), 0)


def test_versions_are_never_mixed_and_the_one_most_tracks_have_is_in_use(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/one", "B/two")
    for track in (one, two):
        workspace.features.put(track, {"tags": np.full(3, 1.0)}, {"tags": 1})
    workspace.features.put(two, {"tags": np.full(5, 2.0)}, {"tags": 2})
    ids, X, _ = workspace.features.matrix("tags")
    assert (ids.tolist(), X.shape) == ([one, two], (2, 3))
    assert workspace.features.matrix("tags", version=2)[1].shape == (1, 5)
    assert workspace.features.due({"tags": 2}) == {one: ("tags",)}
    workspace.features.put(one, {"tags": np.full(5, 2.0)}, {"tags": 2})
    assert workspace.features.version("tags") == 2 and workspace.features.matrix("tags")[1].shape == (2, 5)


def test_a_few_files_that_are_away_do_not_hold_up_a_newer_version(workspace: Workspace, add_tracks) -> None:
    tracks = add_tracks(*(f"A/{i}" for i in range(40)))
    for track in tracks:
        workspace.features.put(track, {"tags": np.full(3, 1.0)}, {"tags": 1})
    for track in tracks[:38]:
        assert workspace.features.version("tags") == 1
        workspace.features.put(track, {"tags": np.full(3, 2.0)}, {"tags": 2})
    assert workspace.features.version("tags") == 2


def test_tracks_whose_drive_is_away_do_not_hold_up_a_newer_version_unless_they_are_most(
    workspace: Workspace, add_tracks
) -> None:
    tracks = add_tracks(*(f"A/{i}" for i in range(10)))
    for track in tracks:
        workspace.features.put(track, {"tags": np.ones(3)}, {"tags": 1})
    for track in tracks[:7]:
        workspace.features.put(track, {"tags": np.ones(3)}, {"tags": 2})
    assert workspace.features.version("tags") == 1
    workspace.tracks.mark_files_missing(workspace.tracks.get(track).path or "" for track in tracks[7:])
    assert workspace.features.version("tags") == 2
    workspace.features.drop({"tags": [2]})
    for track in tracks[:2]:
        workspace.features.put(track, {"tags": np.ones(3)}, {"tags": 2})
    workspace.tracks.mark_files_missing(workspace.tracks.get(track).path or "" for track in tracks[2:])
    assert workspace.features.version("tags") == 1, "two tracks do not speak for ten"


def test_what_was_heard_in_passing_serves_until_as_many_were_heard_whole(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/one", "B/two")
    for track in (one, two):
        workspace.features.put(track, {"tags": np.full(3, 0.5)}, {"tags": -1})
    workspace.features.put(one, {"tags": np.full(3, 1.0)}, {"tags": 1})
    assert workspace.features.version("tags") == -1 and workspace.features.matrix("tags")[1].max() == 0.5
    assert workspace.features.of_track(one)["tags"][0] == 1.0 and workspace.features.of_track(two)["tags"][0] == 0.5
    assert list(workspace.features.vectors("tags", [one, two])) == [one]
    assert workspace.features.lacks("tags", 1) is False, "nothing here counts as analysed"
    for track in (one, two):
        workspace.tracks.mark_analysed(track, f"sound {track}", duration=1.0, note=None)
    assert workspace.features.lacks("tags", 1)
    workspace.features.put(two, {"tags": np.full(3, 2.0)}, {"tags": 1})
    assert workspace.features.version("tags") == 1 and not workspace.features.lacks("tags", 1)
    assert workspace.features.drop({"tags": [-1]}) == 2
    assert workspace.features.versions() == {"tags": {1: 2}}


def test_what_a_track_lacks_is_told_set_by_set(workspace: Workspace, add_tracks) -> None:
    one, two, three, four = add_tracks("A/one", "B/two", "C/three", "D/four")
    workspace.features.put(one, {"tags": np.ones(3), "musicnn": np.ones(2)}, {"tags": 2, "musicnn": 1})
    workspace.features.put(two, {"tags": np.ones(3), "musicnn": np.ones(2)}, {"tags": 1, "musicnn": 1})
    workspace.features.put(three, {"musicnn": np.ones(2)}, {"musicnn": 1})
    workspace.features.put(four, {"musicnn": np.ones(2)}, {"musicnn": -1})  # waits to be heard whole anyway
    assert workspace.features.due({"tags": 2, "musicnn": 1}) == {two: ("tags",), three: ("tags",)}
    assert workspace.features.due({"musicnn": 1}, outline_version=1) == dict.fromkeys((one, two, three), ("outline",))
    assert workspace.features.has(two, ["tags", "musicnn"]) and not workspace.features.has(three, ["tags"])


def test_only_what_is_new_is_read_again(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/one", "B/two")
    workspace.features.put(one, {"tags": np.ones(3)}, {"tags": 1})
    _, _, mark = workspace.features.matrix("tags")
    assert len(workspace.features.matrix("tags", after=mark)[0]) == 0
    workspace.features.put(two, {"tags": np.ones(3)}, {"tags": 1})
    assert workspace.features.matrix("tags", after=mark)[0].tolist() == [two]
    workspace.features.put(one, {"tags": np.zeros(3)}, {"tags": 1})  # analysed again
    assert set(workspace.features.matrix("tags", after=mark)[0].tolist()) == {one, two}


def test_sets_are_counted_by_track(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/one", "B/two")
    workspace.features.put(one, {"tags": np.ones(3), "musicnn": np.ones(2)}, {"tags": 1, "musicnn": 1})
    workspace.features.put(two, {"tags": np.ones(3)}, {"tags": 1})
    assert workspace.features.sets() == {"tags": 2, "musicnn": 1}


def test_joined_sets_keep_the_tracks_that_have_all_of_them() -> None:
    a = np.array([3, 1, 2]), np.array([[30.0], [10.0], [20.0]])
    b = np.array([1, 3, 4]), np.array([[1.0, 1.5], [3.0, 3.5], [4.0, 4.5]])
    ids, X = join([a, b])
    assert ids.tolist() == [1, 3]
    assert X.tolist() == [[10.0, 1.0, 1.5], [30.0, 3.0, 3.5]]


def test_joining_sets_without_a_common_track_gives_nothing() -> None:
    ids, X = join([(np.array([1]), np.ones((1, 2))), (np.array([2]), np.ones((1, 3)))])
    assert (len(ids), X.shape) == (0, (0, 5))
