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


def test_versions_are_never_mixed(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/one", "B/two")
    for track in (one, two):
        workspace.features.put(track, {"tags": np.full(3, 1.0)}, {"tags": 1})
    workspace.features.put(two, {"tags": np.full(5, 2.0)}, {"tags": 2})
    ids, X, _ = workspace.features.matrix("tags")
    assert (ids.tolist(), X.shape) == ([two], (1, 5))
    assert workspace.features.matrix("tags", version=1)[1].shape == (2, 3)
    assert workspace.features.complete(two, {"tags": 2})
    assert not workspace.features.complete(one, {"tags": 2})


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
