"""What the tests of the browser side share: the engine of the test's home, and a library in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from audio.encode import write_audio
from core.records import FoundFile, Label, Tags
from core.vocabulary import TAG_NAMES
from services.engine import Engine, engine

SR = 32_000

Fill = Callable[..., list[int]]


@pytest.fixture
def opened(home: Path) -> Iterator[Engine]:
    """Open the home as the app does; jobs stay queued, no coordinator is started."""
    made = engine()
    made._closed.set()
    yield made
    made.close()


@pytest.fixture
def fill(opened: Engine, tmp_path: Path) -> Fill:
    """Give a function that takes in n analysed tracks, writes ratings for the first ones, and returns the ids."""
    workspace = opened.workspace

    def tracks(n: int, *, ratings: list[str] | None = None, genres: list[str] | None = None) -> list[int]:
        rng = np.random.default_rng(0)
        files = [
            FoundFile(f"/music/{i}.mp3", i, 1.0, Tags(title=f"Song {i}", artist=f"Artist {i % 6}")) for i in range(n)
        ]
        ids = list(workspace.tracks.add(files).added)
        for i, track in enumerate(ids):
            workspace.tracks.mark_analysed(track, f"sound {i}", duration=60.0, note=None)
            sounds = 4 * (np.arange(6) % 3 == i % 3) + rng.normal(size=6)
            workspace.features.put(
                track, {"musicnn": sounds, "tags": rng.uniform(0.01, 0.2, len(TAG_NAMES))}, {"musicnn": 1, "tags": 1}
            )
        for target, values in (("rating", ratings), ("genre", genres)):
            answers = zip(ids, values or [], strict=False)
            workspace.labels.add([Label(f"{target} {i}", i, target, value) for i, value in answers])
        return ids

    return tracks


@pytest.fixture
def song(tmp_path: Path) -> Callable[..., FoundFile]:
    """Give a function that writes a song as a file."""

    def write(name: str, seconds: float = 1.0, **options: bytes) -> FoundFile:
        y = (0.3 * np.random.default_rng(0).normal(size=int(SR * seconds))).astype(np.float32)
        path = write_audio(tmp_path / name, y, SR, Tags(title=name, artist="A"), **options)
        return FoundFile(str(path), path.stat().st_size, path.stat().st_mtime, Tags(title=name, artist="A"))

    return write
