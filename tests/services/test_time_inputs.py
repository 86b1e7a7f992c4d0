"""What deep families look at: arrays of one shape, made where they are missing, and what that would take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio import musicnn, slices
from audio.encode import write_audio
from audio.identity import content_id
from core.errors import EarmarkError
from core.records import FoundFile, Outline
from data.exchange.files import replacing
from services import arrays, time_inputs
from services.time_inputs import TIME_INPUTS, matrix
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
SR = 22_050


@pytest.fixture
def ids(workspace: Workspace) -> list[int]:
    """Take in six analysed tracks that have no array yet; there need be no file."""
    found = []
    for number in range(6):
        (track_id,) = workspace.tracks.add([FoundFile(f"/music/{number}.mp3", 1000 + number, 5.0)]).added
        workspace.tracks.mark_analysed(track_id, f"{number}" * 32, duration=60.0, note=None)
        found.append(track_id)
    return found


def keep(workspace: Workspace, kind: str, name: str, array: np.ndarray) -> None:
    """Keep an array as if it had been made of the file."""
    with replacing(workspace.home / "arrays" / kind / f"v{slices.KINDS[kind].version}" / name[:2] / f"{name}.npy") as d:
        np.save(d, array)


def test_slices_become_levels_of_half_the_size_with_time_first(workspace: Workspace, ids: list[int]) -> None:
    array = np.zeros((2, 128, 216), np.uint8)
    array[1, 20:22, 100:102] = [[100, 120], [140, 160]]
    keep(workspace, "mel", "1" * 32, array)
    found, X = matrix(workspace, "mel", ids, make=False)
    assert found.tolist() == [ids[1]] and found.dtype == np.int64
    assert X.shape == (1, 12, 108, 64) and X.dtype == np.float16
    assert X[0, 1, 50, 10] == slices.FLOOR_DB + 130 * slices.STEP_DB
    assert (X[0, 0] == slices.FLOOR_DB).all() and np.isnan(X[0, 2:]).all()


@pytest.mark.parametrize("seconds", [1, 30, 64, 100, 3_000])
def test_a_course_has_64_steps_however_long_the_track(workspace: Workspace, ids: list[int], seconds: int) -> None:
    rows = (np.linspace(0, 1, seconds)[:, None] * np.arange(72)).astype(np.float16)
    keep(workspace, "frames", "0" * 32, rows)
    _, X = matrix(workspace, "frames", ids, make=False)
    assert X.shape == (1, 64 * 72) and X.dtype == np.float32
    course = X.reshape(64, 72)
    assert (np.diff(course[:, 71]) >= 0).all() and not course[:, 0].any()
    np.testing.assert_allclose(course.mean(axis=0), rows.astype(float).mean(axis=0), rtol=0.05, atol=0.01)


def test_patches_are_padded(workspace: Workspace, ids: list[int]) -> None:
    keep(workspace, "patches", "2" * 32, np.ones((3, 200), np.float16))
    found, X = matrix(workspace, "patches", ids, make=False)
    assert found.tolist() == [ids[2]] and X.shape == (1, 8, 200)
    assert (X[0, :3] == 1).all() and np.isnan(X[0, 3:]).all()


def test_parts_come_from_the_outline_and_are_chosen_evenly(workspace: Workspace, ids: list[int]) -> None:
    for track_id, count in ((ids[3], 9), (ids[1], 47)):
        parts = np.arange(count, dtype=np.float32)[:, None] * np.ones(72, np.float32)
        outline = Outline(-14.0, 0.9, 0.0, np.zeros(1, np.float32), np.zeros(400, np.uint8), parts)
        workspace.outlines.put(track_id, outline, 1)
    found, X = matrix(workspace, "parts", list(reversed(ids)), make=True)
    assert found.tolist() == [ids[1], ids[3]] and X.shape == (2, 24, 72)
    assert X[0, :, 0].tolist() == list(range(0, 47, 2))
    assert X[1, :9, 5].tolist() == list(range(9)) and np.isnan(X[1, 9:]).all()


def test_nothing_kept_is_an_empty_matrix(workspace: Workspace, ids: list[int]) -> None:
    for name, about in TIME_INPUTS.items():
        found, X = matrix(workspace, name, ids, make=False)
        assert len(found) == 0 and X.shape == (0, *about.shape)


def test_only_what_is_missing_is_listened_to(
    workspace: Workspace, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(workspace, "frames", "0" * 32, np.ones((5, 72), np.float16))
    asked: list[tuple[set[int], list[str]]] = []
    steps: list[dict[str, Any]] = []

    def make(_: Workspace, track_ids: set[int], *, kinds: list[str], progress: Any) -> None:
        asked.append((track_ids, kinds))
        for done, i in enumerate(sorted(track_ids), 1):
            keep(workspace, "frames", str(ids.index(i)) * 32, np.zeros((5, 72), np.float16))
            progress({"done": done, "total": len(track_ids)})

    monkeypatch.setattr(arrays, "make", make)
    found, X = matrix(workspace, "frames", ids[:3], make=True, progress=steps.append)
    assert asked == [({ids[1], ids[2]}, ["frames"])]
    assert found.tolist() == ids[:3] and X[:, 0].tolist() == [1, 0, 0]
    assert steps[-1] == {
        "done": 2,
        "total": 2,
        "sentence": "Listening for the course of all features: 2 of 2 tracks",
    }
    matrix(workspace, "frames", ids[:3], make=True)
    assert len(asked) == 1


def test_an_estimate_goes_by_what_was_made_before(workspace: Workspace, ids: list[int]) -> None:
    for number in range(2):
        keep(workspace, "mel", f"{number}" * 32, np.zeros((12, 128, 216), np.uint8))
    workspace.settings.set(arrays.PACE, {"mel": 2.5})
    found = time_inputs.estimate(workspace, "mel")
    assert (found["tracks"], found["seconds"]) == (4, 10.0)
    assert found["bytes"] == pytest.approx(4 * 12 * 128 * 216, rel=0.01)
    assert found["sentence"] == "4 tracks must be listened to for it: about 10 seconds and 1 MB."


def test_what_the_analysis_keeps_takes_nothing(workspace: Workspace, ids: list[int]) -> None:
    found = time_inputs.estimate(workspace, "parts")
    assert found == {"tracks": 0, "seconds": 0.0, "bytes": 0, "sentence": "Every track has been listened to for it."}


def test_without_anything_made_an_estimate_listens_to_a_handful(tmp_path: Path) -> None:
    pytest.importorskip("librosa")
    workspace = Workspace(tmp_path / "a home")
    for number in range(time_inputs.HANDFUL + 2):
        y = np.random.default_rng(number).normal(0, 0.1, 3 * SR).astype(np.float32)
        file = write_audio(tmp_path / f"{number}.flac", y, SR)
        (track_id,) = workspace.tracks.add([FoundFile(str(file), file.stat().st_size, 1.0 + number)]).added
        workspace.tracks.mark_analysed(track_id, content_id(file), duration=3.0, note=None)
    found = time_inputs.estimate(workspace, "frames")
    assert found["tracks"] == 2 and 0 < found["seconds"] < 30 and found["bytes"] == 2 * (128 + 3 * 72 * 2)
    assert arrays.size(workspace)["kinds"]["frames"]["tracks"] == time_inputs.HANDFUL


@pytest.mark.parametrize("name", ["mel", "frames", "parts"])
def test_a_file_from_elsewhere_looks_like_a_track(name: str, tmp_path: Path) -> None:
    y = np.random.default_rng(0).normal(0, 0.1, 11 * SR).astype(np.float32)
    row = time_inputs.of_file(name, str(write_audio(tmp_path / "a.flac", y, SR)))
    assert row is not None and row.shape == TIME_INPUTS[name].shape and row.dtype == TIME_INPUTS[name].dtype
    segments = TIME_INPUTS[name].segments
    assert np.isfinite(row[:2]).all() and (not segments or np.isnan(row[2:]).all())


def test_a_file_has_no_patches_without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(musicnn, "available", lambda: False)
    assert time_inputs.of_file("patches", "nowhere.mp3") is None


def test_there_are_no_other_inputs(workspace: Workspace) -> None:
    with pytest.raises(EarmarkError, match="mel, frames, patches, parts"):
        matrix(workspace, "pictures", [1], make=False)


def test_importing_it_loads_no_network() -> None:
    code = "import sys, services.time_inputs; print({'tensorflow', 'keras', 'librosa', 'sklearn'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).strip() == "set()"
