"""The benchmarks of the analysis run, small, with the keys that runs are compared by."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio.encode import write_audio
from benchmarks import extraction, extraction_scale

ROOT = Path(__file__).resolve().parents[2]
WAYS = {"decode", "descriptors", "descriptors_embedding", "plain_librosa", "essentia", "bliss"}


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Write five seconds of noise."""
    y = 0.1 * np.random.default_rng(0).standard_normal((2, 5 * 44_100))
    return str(write_audio(tmp_path / "noise.mp3", y.astype(np.float32), 44_100))


def test_extraction_prints_what_runs_are_compared_by(file: str) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "extraction.py"), file, "--skip-plain", "--only", "decode"]
    result = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert {"files", "audio_seconds", "realtime", "peak_mb", "cpu_seconds", "peak_mb_each", "ratios"} <= result.keys()
    assert result["files"] == 1 and result["audio_seconds"] == pytest.approx(5, abs=0.1)
    assert set(result["realtime"]) >= WAYS and result["realtime"]["plain_librosa"] is None
    assert result["realtime"]["decode"] > 1 and result["cpu_seconds"]["decode"] > 0
    assert result["peak_mb"] == result["peak_mb_each"]["decode"] > 10


def test_every_way_that_is_installed_hears_a_file(file: str) -> None:
    for name, (installed, make) in extraction.WAYS.items():
        if installed() and name != "descriptors_embedding":  # tests/audio/test_musicnn.py loads the networks
            make()(file)


def test_ratios_are_medians_over_the_files() -> None:
    measured: dict[str, Any] = dict.fromkeys(extraction.WAYS)
    measured["decode"] = {"cpu": [1.0, 1.0, 1.0]}
    measured["descriptors"] = {"cpu": [2.0, 1.5, 9.0]}
    ratios = extraction.ratios(measured)
    assert ratios["descriptors_to_decode"] == 2.0 and ratios["plain_librosa_to_descriptors"] is None


def test_made_up_tracks_are_all_different(tmp_path: Path) -> None:
    from audio.identity import content_id

    extraction_scale.make(tmp_path, 3, 0.5)
    assert len({content_id(path) for path in tmp_path.iterdir()}) == 3


def test_given_files_are_taken_in_turn(tmp_path: Path, file: str) -> None:
    extraction_scale.take(tmp_path / "taken", 3, [file])
    assert len(list((tmp_path / "taken").iterdir())) == 3


def test_a_library_is_analysed_with_so_many_children(tmp_path: Path) -> None:
    music = tmp_path / "music"
    extraction_scale.make(music, 2, 1.0)
    row = extraction_scale.measure(tmp_path / "a home", music, 1)
    assert set(row) == {"children", "tracks", "seconds", "realtime", "peak_mb"}
    assert (row["children"], row["tracks"]) == (1, 2) and row["seconds"] > 0 and row["peak_mb"] > 50
