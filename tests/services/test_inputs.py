"""What models look at: sets joined, gaps, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.errors import EarmarkError, NotEnoughLabelsError
from services import datasets, inputs, training
from services.workspace import Workspace

KINDS = ("liked", "semi", "disliked")


@pytest.fixture
def rated(workspace: Workspace, fill: Any, rate: Any) -> list[int]:
    """Give 48 rated tracks of eight artists."""
    ids = fill(48, sets=("musicnn", "tags", "descriptors"))
    rate({track_id: KINDS[n % 3] for n, track_id in enumerate(ids)})
    return ids


@pytest.fixture
def put(workspace: Workspace) -> Callable[[str, dict[int, Any]], None]:
    """Give a function that stores a feature set of one's own: `put("lyrics", {track: vector})`."""

    def store(name: str, vectors: dict[int, Any]) -> None:
        for track_id, vector in vectors.items():
            workspace.features.put(track_id, {name: np.atleast_1d(np.asarray(vector, np.float32))}, {name: 1})

    return store


def test_the_first_set_says_which_tracks_and_the_others_may_lack_some(
    workspace: Workspace, rated: list[int], put: Any
) -> None:
    put("lyrics", {track_id: [1.0, 2.0] for track_id in rated[:10]})
    joined = inputs.matrix(workspace, "musicnn+lyrics")
    assert joined.ids.tolist() == sorted(rated) and joined.X.shape == (48, 14)
    assert joined.blocks == {"musicnn": (0, 12), "lyrics": (12, 14)}
    assert int(np.isnan(joined.X[:, 12]).sum()) == 38
    assert inputs.matrix(workspace, "lyrics+musicnn").ids.tolist() == sorted(rated[:10])


def test_every_stored_set_joins_the_ensemble_by_itself(workspace: Workspace, rated: list[int], put: Any) -> None:
    usual = inputs.everything(workspace, "musicnn+descriptors+tags")
    put("lyrics", {track_id: [float(n % 3)] for n, track_id in enumerate(rated[:40])})
    assert inputs.everything(workspace, "musicnn+descriptors+tags") == f"{usual}+lyrics"
    assert "signature" not in inputs.names(workspace)


def test_facts_known_without_listening_are_a_set(workspace: Workspace, rated: list[int]) -> None:
    facts = inputs.matrix(workspace, "metadata")
    assert facts.X.shape == (48, 4)
    assert facts.X[0, 1] == pytest.approx(np.log1p(60.0)) and np.isnan(facts.X[:, 0]).all()
    assert inputs.matrix(workspace, "musicnn+metadata").X.shape == (48, 16)


def test_a_column_that_counts_the_tracks_is_refused(workspace: Workspace, rated: list[int], put: Any) -> None:
    put("found", {track_id: [np.sin(n), 1000.0 - 3 * n] for n, track_id in enumerate(rated)})
    with pytest.raises(EarmarkError, match="Column 2 of found counts the tracks"):
        datasets.dataset(workspace, "rating", "musicnn+found")
    with pytest.raises(EarmarkError, match="Remove it from the set"):
        datasets.dataset(workspace, "rating", "found")


def test_numbers_that_are_none_are_refused_by_name_and_measured_again_on_retry(
    workspace: Workspace, rated: list[int], put: Any
) -> None:
    put("musicnn", {rated[3]: np.full(12, np.nan)})
    sentence = "answered track hold numbers that are not finite: Song 3. Analyse again with `analyze --retry`"
    with pytest.raises(EarmarkError, match=sentence.replace(".", r"\.")):
        training.retrain(workspace)
    assert workspace.jobs.open() == []
    assert workspace.features.drop_broken() == 1
    assert len(datasets.dataset(workspace, "rating").ids) == 47


@pytest.mark.parametrize("features", ["lyrics", "musicnn+lyrics"])
def test_a_set_that_is_not_there_is_named_beside_those_that_are(
    workspace: Workspace, rated: list[int], features: str
) -> None:
    with pytest.raises(EarmarkError, match=r"no features called 'lyrics'\. There are: descriptors, musicnn, tags"):
        datasets.dataset(workspace, "rating", features)


# -- enough of it -----------------------------------------------------------------------------------------


def test_one_class_only_is_refused(workspace: Workspace, fill: Any, rate: Any) -> None:
    rate(dict.fromkeys(fill(20), "rock"), "genre")
    with pytest.raises(NotEnoughLabelsError, match="so that at least 2 genres have 2 tracks each"):
        datasets.dataset(workspace, "genre")


def test_two_answers_are_refused_with_what_is_missing(workspace: Workspace, fill: Any, rate: Any) -> None:
    first, second = fill(2)
    rate({first: "liked", second: "disliked"})
    with pytest.raises(NotEnoughLabelsError, match="Still needed to train on rating: 6 more ratings"):
        datasets.dataset(workspace, "rating")


def test_a_class_with_one_artist_is_refused_where_nothing_else_can_be_compared(
    workspace: Workspace, fill: Any, rate: Any
) -> None:
    ids = fill(32)
    rate({track_id: "jazz" if n % 8 == 0 else "rock" for n, track_id in enumerate(ids)}, "genre")
    with pytest.raises(NotEnoughLabelsError, match=r"Every track answered jazz is by one artist \(artist 0\)"):
        datasets.dataset(workspace, "genre")


def test_beside_others_it_is_learned_from_and_said_not_to_be_measured(
    workspace: Workspace, fill: Any, rate: Any
) -> None:
    ids = fill(32)
    genre = {0: "jazz"} | {n: ("pop", "rock")[n % 2] for n in range(1, 8)}
    rate({track_id: genre[n % 8] for n, track_id in enumerate(ids)}, "genre")
    data = datasets.dataset(workspace, "genre")
    assert data.classes == ("jazz", "pop", "rock")
    assert "jazz has answers about one artist only" in (datasets.aside(data.about, data.y, data.groups) or "")


def test_the_ends_of_an_order_need_two_artists(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(32)
    rate({track_id: "liked" if n % 8 == 0 else KINDS[1 + n % 2] for n, track_id in enumerate(ids)})
    with pytest.raises(NotEnoughLabelsError, match="Answer liked about a second artist"):
        datasets.dataset(workspace, "rating")
