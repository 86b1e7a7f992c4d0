"""The notebook of the tour runs from its first cell to its last, and what is committed was run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from audio.analyse import analyse
from core.records import Task
from core.vocabulary import TAG_NAMES
from services import library
from services.workspace import Workspace

TOUR = Path(__file__).resolve().parents[2] / "docs" / "tour.ipynb"


@pytest.fixture
def notebook() -> Any:
    """Read the notebook."""
    return nbformat.read(TOUR, as_version=4)


@pytest.fixture
def demo_home(home: Path) -> Path:
    """Make a home with the demo library, its descriptors really heard; they stand in for the embedding too."""
    workspace = Workspace(home)
    library.add_demo(workspace)
    for number, pending in enumerate(workspace.tracks.to_analyse()):
        heard = analyse(Task(pending.path, sets=("descriptors", "outline")))
        rng = np.random.default_rng(number)
        stand_ins = {"musicnn": heard.features["descriptors"], "tags": rng.uniform(0.01, 0.2, len(TAG_NAMES))}
        features = {**heard.features, **stand_ins}
        workspace.tracks.mark_analysed(pending.track_id, heard.content_id, duration=heard.duration, note=None)
        workspace.features.put(pending.track_id, features, dict.fromkeys(features, 1))
    return home


def test_every_cell_runs(notebook: Any, demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_TOUR_HOME", str(demo_home))
    NotebookClient(
        notebook, timeout=200, kernel_name="python3", resources={"metadata": {"path": str(TOUR.parent)}}
    ).execute()


def test_what_is_committed_was_run_and_names_no_place_on_a_computer(notebook: Any) -> None:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) >= len(cells) - 2
    text = TOUR.read_text(encoding="utf-8")
    assert "/tmp" not in text and "/home/" not in text and '"output_type": "error"' not in text
