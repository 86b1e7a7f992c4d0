"""A family that hears every track's course waits until it has heard them; the best of the others speaks meanwhile.

Nearest neighbours stand in for the network: what is tested is who speaks when.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models import registry
from models.knn import KNNClassifier
from models.registry import Family
from services import arrays, inputs, predicting, runs, time_inputs, training
from services.jobs import Cancelled
from services.workspace import Workspace

KINDS = ("liked", "semi", "disliked")


@pytest.fixture(autouse=True)
def nothing_to_hear(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up tracks have no files, so no children are started to find that out."""
    monkeypatch.setattr(arrays, "make", lambda *_, **__: {"made": 0})
    monkeypatch.setattr(arrays, "pace", lambda *_: 0.5)


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> str:
    """Add a family that looks at frames and needs no TensorFlow."""
    family = Family(
        "listener",
        lambda *, random_state=0, on_epoch=None, **_: KNNClassifier(),
        ("nominal", "ordered"),
        simplicity=9,
        inputs="frames",
        network=True,
        time=True,
        bound=True,
    )
    monkeypatch.setitem(registry.FAMILIES, "listener", family)
    return "listener"


@pytest.fixture
def rated(workspace: Workspace, fill: Any, rate: Any) -> list[int]:
    """Give 60 tracks whose course decides the rating and whose embedding says little; 48 are rated and listened to."""
    ids = fill(60, sets=("musicnn",))
    rng = np.random.default_rng(0)
    for n, track_id in enumerate(ids):
        sound = 0.7 * (np.arange(12) % 3 == n % 3) + rng.normal(size=12)
        workspace.features.put(track_id, {"musicnn": sound}, {"musicnn": 1})
    rate({track_id: KINDS[n % 3] for n, track_id in enumerate(ids[:48])})
    for n, track_id in enumerate(ids[:48]):
        listen(workspace, track_id, n)
    return ids


def listen(workspace: Workspace, track_id: int, n: int) -> None:
    """Keep a course as `arrays make` would."""
    track = workspace.tracks.many([track_id])[track_id]
    rng = np.random.default_rng(n)
    rows = 3.0 * (np.arange(72) % 3 == n % 3) + 0.3 * rng.normal(size=(60, 72))
    folder = workspace.home / "arrays" / "frames" / "v1" / str(track.content_id)[:2]
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{track.content_id}.npy", rows.astype(np.float16))


def test_it_waits_and_the_best_of_the_others_speaks(workspace: Workspace, rated: list[int], listener: str) -> None:
    first = training.retrain(workspace, "rating", ["ordered"])
    assert first["became_current"]
    result = training.retrain(workspace, "rating", [listener])
    assert result["model"] == listener and not result["became_current"]
    assert result["waits"]["run"] == result["run"] and result["waits"]["tracks"] == 12
    assert "12 tracks must be listened to for it" in result["waits"]["sentence"]
    speaks = workspace.model_runs.current("rating")
    assert speaks is not None and speaks.family == "ordered" and speaks.id > result["run"]


def test_let_to_speak_it_predicts_what_it_could_hear(workspace: Workspace, rated: list[int], listener: str) -> None:
    training.retrain(workspace, "rating", ["ordered"])
    run = training.retrain(workspace, "rating", [listener])["run"]
    for n, track_id in enumerate(rated[48:55], 48):
        listen(workspace, track_id, n)
    result = runs.use(workspace, run)
    assert result["predicted"] == 55, "five tracks have no file here"
    values = workspace.predictions.values("rating")
    assert all(values[track_id] == KINDS[n % 3] for n, track_id in enumerate(rated[:55]))


def test_stopped_while_it_listens_the_other_goes_on_speaking(
    workspace: Workspace, rated: list[int], listener: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    training.retrain(workspace, "rating", ["ordered"])
    run = training.retrain(workspace, "rating", [listener])["run"]
    before = workspace.model_runs.current("rating")

    def stopped(*_: Any) -> None:
        raise Cancelled("Stopped.")

    monkeypatch.setattr(time_inputs, "listen", stopped)
    with pytest.raises(Cancelled):
        runs.use(workspace, run)
    assert workspace.model_runs.current("rating") == before


def test_the_library_is_heard_in_parts(
    workspace: Workspace, rated: list[int], listener: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicting, "MADE_BLOCK", 20)
    training.retrain(workspace, "rating", ["ordered"])
    run = training.retrain(workspace, "rating", [listener])["run"]
    sizes: list[int] = []
    matrix = inputs.matrix

    def watched(*args: Any, **options: Any) -> inputs.Inputs:
        found = matrix(*args, **options)
        sizes.append(len(found.ids))
        return found

    monkeypatch.setattr(inputs, "matrix", watched)
    workspace.model_runs.make_current(run)
    assert predicting.predict_all(workspace, "rating")["predicted"] == 48
    assert max(sizes[:3]) <= 20
