"""Time arrays are made of what is analysed, found again by content id, and cleared without a trace."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from audio import musicnn, slices
from audio.descriptors import ROW_NAMES
from audio.encode import write_audio
from audio.identity import content_id
from cli import cli
from core.errors import EarmarkError
from core.records import ANALYSED_STATES, FoundFile
from services import arrays, backup
from services.workspace import Workspace

pytest.importorskip("librosa")
SR = 22_050
BOTH = ["mel", "frames"]  # what needs no TensorFlow


def library(folder: Path) -> Workspace:
    """Open a home in a folder with four analysed tracks of 3 to 6 s; the file of the last is empty by now."""
    workspace = Workspace(folder / "home")
    for number in range(4):
        y = np.random.default_rng(number).normal(0, 0.1, (3 + number) * SR).astype(np.float32)
        file = write_audio(folder / f"{number}.flac", y, SR)
        stat = file.stat()
        (track_id,) = workspace.tracks.add([FoundFile(str(file), stat.st_size, stat.st_mtime)]).added
        workspace.tracks.mark_analysed(track_id, content_id(file), duration=3.0 + number, note=None)
    (folder / "3.flac").write_bytes(b"")
    return workspace


@dataclass(frozen=True)
class Made:
    """A home whose arrays were made in two goes, and what was said of them; children take seconds to start."""

    workspace: Workspace
    first: dict[str, Any]
    rest: dict[str, Any]
    steps: list[dict[str, int]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make the arrays of one track, then all others; the track that could not be read is no longer analysed then."""
    workspace = library(tmp_path_factory.mktemp("made"))
    steps: list[dict[str, int]] = []
    first = arrays.make(workspace, kinds=BOTH, limit=1, cores=1, progress=steps.append)
    rest = arrays.make(workspace, kinds=BOTH, cores=1)
    workspace.tracks.mark(4, "unreadable", "the file is empty")
    return Made(workspace, first, rest, steps)


@pytest.fixture
def workspace(made: Made, home: Path) -> Workspace:
    """Give a copy of that home."""
    shutil.copytree(made.workspace.home, home)
    return Workspace(home)


def ids(workspace: Workspace) -> list[str]:
    """Return the content ids, in the order of the tracks."""
    return [track.content_id for track in workspace.tracks.all(states=ANALYSED_STATES) if track.content_id]


def test_arrays_of_every_analysed_track_are_made_once(made: Made, workspace: Workspace) -> None:
    assert made.steps[0] == {"done": 0, "total": 1}
    assert (made.first["tracks"], made.first["made"], made.first["files"]) == (1, 1, 2)
    assert (made.rest["tracks"], made.rest["made"], made.rest["files"]) == (3, 2, 4)
    mel, frames = (arrays.load(workspace, kind, ids(workspace)[2]) for kind in ("mel", "frames"))
    assert mel is not None and mel.shape == (1, 128, 216)
    assert frames is not None and frames.shape == (5, len(ROW_NAMES))
    again = arrays.make(workspace, kinds=BOTH, cores=1)
    assert (again["tracks"], again["made"], again["files"]) == (3, 0, 0)


def test_a_file_that_cannot_be_read_is_listed_and_the_others_go_on(made: Made) -> None:
    path = made.workspace.tracks.get(4).path
    assert made.rest["failed"] == [{"path": path, "reason": "the file is empty"}]


def test_they_lie_by_kind_version_and_content_id(workspace: Workspace) -> None:
    name = ids(workspace)[0]
    assert (workspace.home / "arrays" / "frames" / "v1" / name[:2] / f"{name}.npy").is_file()
    assert isinstance(arrays.load(workspace, "frames", name), np.memmap)
    assert arrays.load(workspace, "frames", "0" * 32) is None


def test_size_tells_what_is_there_and_what_older_versions_left(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays.clear(workspace, ["mel"])
    before = arrays.size(workspace)
    assert before["tracks"] == before["kinds"]["frames"]["tracks"] == 3
    on_disk = sum(path.stat().st_size for path in (workspace.home / "arrays").rglob("*.npy"))
    assert before["bytes"] == before["kinds"]["frames"]["bytes"] == on_disk
    newer = slices.Kind(2, slices.frame_sequence, "")
    monkeypatch.setitem(slices.KINDS, "frames", newer)
    after = arrays.size(workspace)["kinds"]["frames"]
    assert (after["tracks"], after["stale_files"], after["stale_bytes"]) == (0, 3, on_disk)
    assert arrays.load(workspace, "frames", ids(workspace)[0]) is None


def test_clearing_leaves_nothing_but_the_other_kind(workspace: Workspace) -> None:
    total, mel = arrays.size(workspace)["bytes"], arrays.size(workspace)["kinds"]["mel"]["bytes"]
    freed = arrays.clear(workspace, ["mel"])
    assert (freed["files"], freed["bytes"]) == (3, mel)
    assert arrays.load(workspace, "frames", ids(workspace)[0]) is not None
    assert arrays.clear(workspace)["bytes"] == total - mel
    assert not (workspace.home / "arrays").exists()
    assert arrays.clear(workspace) == {"files": 0, "bytes": 0, "freed": "0 bytes"}
    assert arrays.size(workspace)["sentence"] == "0 tracks, 0 bytes"


def test_a_damaged_array_counts_as_not_made(workspace: Workspace) -> None:
    name = ids(workspace)[0]
    (file,) = (workspace.home / "arrays" / "frames").rglob(f"{name}.npy")
    file.write_bytes(file.read_bytes()[:100])
    assert arrays.load(workspace, "frames", name) is None


def test_there_are_no_other_kinds(workspace: Workspace) -> None:
    with pytest.raises(EarmarkError, match="mel, frames, patches"):
        arrays.make(workspace, kinds=["pictures"])
    with pytest.raises(EarmarkError, match="mel, frames, patches"):
        arrays.clear(workspace, ["pictures"])


def test_without_tensorflow_the_usual_kinds_need_none(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(musicnn, "available", lambda: False)
    assert (arrays.make(workspace)["tracks"], arrays.make(workspace)["made"]) == (3, 0)
    with pytest.raises(EarmarkError, match="TensorFlow"):
        arrays.make(workspace, kinds=["patches"])


def test_children_that_hold_networks_may_hold_more(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {}

    def hear(function: Any, items: Any, **options: Any) -> list[Any]:
        given.update(options, kinds=[item.kinds for item in items])
        return [(item, {kind: np.zeros((8, 200), np.float16) for kind in item.kinds}) for item in items]

    monkeypatch.setattr(arrays, "map_unordered", hear)
    monkeypatch.setattr(musicnn, "available", lambda: True)
    assert arrays.make(workspace)["made"] == 3
    assert given["kinds"] == [("patches",)] * 3 and given["memory_mb"] == arrays.NETWORK_MB
    assert arrays.make(workspace, kinds=["mel"])["made"] == 0
    assert given["memory_mb"] == arrays.CHILD_MB


def test_what_is_lacking_is_known_before_it_is_made(workspace: Workspace) -> None:
    assert arrays.lacking(workspace, "frames") == []
    arrays.clear(workspace, ["frames"])
    assert sorted(arrays.lacking(workspace, "frames")) == [1, 2, 3]
    assert arrays.lacking(workspace, "frames", {2, 99}) == [2]
    assert arrays.pace(workspace, "frames") is None  # three tracks say nothing of how long the next take


def test_backups_hold_no_arrays(workspace: Workspace, tmp_path: Path) -> None:
    backup.backup(workspace, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert not [name for name in archive.namelist() if "arrays" in name or name.endswith(".npy")]


def test_the_terminal_makes_measures_and_clears_them(workspace: Workspace) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["--home", str(workspace.home), "arrays", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert json.loads(run("make", "--kind", "frames", "--limit", "1", "--json"))["tracks"] == 3
    assert run("make", "--kind", "mel", "--kind", "frames").startswith("3 tracks, ")
    assert run("size").startswith("3 tracks, ")
    assert json.loads(run("size", "--json"))["kinds"]["frames"]["tracks"] == 3
    assert run("clear").startswith("6 files deleted, ")
    assert json.loads(run("clear", "--json"))["files"] == 0
