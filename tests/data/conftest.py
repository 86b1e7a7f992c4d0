"""What the tests of the stores share: a home opened, and tracks in it without any sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.records import FoundFile, Tags
from services.workspace import Workspace

AddTracks = Callable[..., list[int]]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Open a home of its own for a test."""
    return Workspace(tmp_path / "home")


@pytest.fixture
def add_tracks(workspace: Workspace) -> AddTracks:
    """Give a function that takes in tracks by "Artist/Title" and returns their ids."""

    def add(*names: str) -> list[int]:
        files = [
            FoundFile(
                f"/music/{name}.mp3", 1000 + i, 5.0 + i, Tags(title=name.split("/")[-1], artist=name.split("/")[0])
            )
            for i, name in enumerate(names)
        ]
        return list(workspace.tracks.add(files).added)

    return add
