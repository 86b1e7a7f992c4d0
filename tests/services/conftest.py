"""What the tests of the services share: a home opened, and an analysed library in it without any sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.records import FoundFile, Label, Tags
from core.vocabulary import TAG_NAMES
from services.learning import Learner
from services.workspace import Workspace

DIMENSIONS = 12  # of the made-up embedding
ARTISTS = 8

Fill = Callable[..., list[int]]
Rate = Callable[..., None]


@pytest.fixture
def workspace(home: Path) -> Workspace:
    """Open a home of its own for a test."""
    return Workspace(home)


@pytest.fixture
def fill(workspace: Workspace) -> Fill:
    """Give a function that takes in n analysed tracks and returns their ids.

    Tracks of one kind (0, 1 or 2, in turn) sound alike; eight artists take turns, each playing every kind.
    """

    def tracks(n: int, *, sets: tuple[str, ...] = ("musicnn", "tags"), state: str = "analysed") -> list[int]:
        start = workspace.tracks.count()["tracks"]
        rng = np.random.default_rng(start)
        files = [
            FoundFile(
                f"/music/{i}.mp3", 1000 + i, 5.0, Tags(title=f"Song {i}", artist=f"Artist {i % ARTISTS}", duration=60.0)
            )
            for i in range(start, start + n)
        ]
        ids = list(workspace.tracks.add(files).added)
        for i, track_id in zip(range(start, start + n), ids, strict=True):
            if state == "new":
                continue
            workspace.tracks.mark_analysed(track_id, f"sound {i}", duration=60.0, note=None)
            features = {
                "musicnn": 4 * (np.arange(DIMENSIONS) % 3 == i % 3) + rng.normal(size=DIMENSIONS),
                "tags": rng.uniform(0.01, 0.2, len(TAG_NAMES)),
                "descriptors": rng.normal(size=5),
            }
            chosen = {name: features[name] for name in sets}
            workspace.features.put(track_id, chosen, dict.fromkeys(chosen, 1))
        return ids

    return tracks


@pytest.fixture
def rate(workspace: Workspace) -> Rate:
    """Give a function that writes a person's answers: `rate({track: value}, "genre")`."""

    def labels(values: dict[int, str], target: str = "rating") -> None:
        start = len(workspace.labels.history())
        workspace.labels.add(
            [Label(f"{target} {start + n}", i, target, value) for n, (i, value) in enumerate(values.items())]
        )

    return labels


@pytest.fixture
def learner(workspace: Workspace) -> Iterator[Learner]:
    """Give a learner whose thread ends with the test."""
    running = Learner(workspace)
    yield running
    running.close()
