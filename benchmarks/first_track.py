"""How long a new user waits for the first question, and until all can be asked about: prints one JSON object.

    python benchmarks/first_track.py FOLDER            (a folder of music)
    python benchmarks/first_track.py --tracks 3000     (made-up files of --seconds each)

From choosing a folder in an empty home to the first card on the desk, with the same processes as behind the browser:
a coordinator, its children, the learner. With `--whole` it goes on until every track was heard.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audio.encode import write_audio
from benchmarks.common import emit
from core.records import Tags
from services.engine import Engine

SR = 22_050  # Hz
KINDS = 24  # files that differ in sound; the others are copies with a sound of their own at the end
POLL = 0.1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--tracks", type=int, default=3000, help="made-up files, without a folder")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each made-up file")
    parser.add_argument("--whole", action="store_true", help="wait until every track was heard")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which it is given up")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="earmark-first-") as name:
        folder = options.folder or make_library(Path(name) / "music", options.tracks, options.seconds)
        emit(measure(Path(name) / "home", folder.absolute(), whole=options.whole, limit=options.limit))


def measure(home: Path, folder: Path, *, whole: bool, limit: float) -> dict[str, Any]:
    """Choose a folder in an empty home; return what happened when, in seconds."""
    engine = Engine(home)
    began = time.perf_counter()
    moments: dict[str, float | None] = {"first_question": None, "all_askable": None, "all_heard": None}
    try:
        engine.submit("import", {"paths": [str(folder)]})
        while time.perf_counter() - began < limit:
            moment = round(time.perf_counter() - began, 1)
            counts = engine.workspace.tracks.count()
            if moments["first_question"] is None and engine.desk.sync({"tab": "one", "events": []})["queue"]:
                moments["first_question"] = moment
            known = counts["tracks"] and not engine.workspace.jobs.open(lane="import")
            if known and moments["all_askable"] is None and not counts.get("new"):
                moments["all_askable"] = moment
            if known and not counts.get("new") and not counts.get("quick"):
                moments["all_heard"] = moment
            if (
                moments["first_question"] is not None
                and moments["all_heard" if whole else "first_question"] is not None
            ):
                break
            time.sleep(POLL)
        return {"files": engine.workspace.tracks.count()["tracks"], **moments}
    finally:
        engine.close()


def make_library(folder: Path, n: int, seconds: float) -> Path:
    """Make n files of a few artists, no two alike in their bytes: a few sounds, each told apart by its last samples."""
    folder.mkdir(parents=True)
    kinds = [_sound(kind, seconds) for kind in range(min(KINDS, n))]
    for i in range(n):
        y = kinds[i % len(kinds)].copy()
        y[-32:] = np.random.default_rng(i).uniform(-0.1, 0.1, 32)
        target = folder / f"Artist {i % 97}" / f"Song {i}.flac"
        target.parent.mkdir(exist_ok=True)
        write_audio(target, y, SR, Tags(title=f"Song {i}", artist=f"Artist {i % 97}"))
    return folder


def _sound(kind: int, seconds: float) -> np.ndarray:
    """Return chords and noise that no other kind has."""
    rng = np.random.default_rng(kind)
    t = np.arange(int(seconds * SR)) / SR
    pitch = 110 * 2 ** (rng.integers(0, 24) / 12)
    chord = sum(np.sin(2 * np.pi * pitch * ratio * t) for ratio in (1, 1.26, 1.5))
    beat = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * (1 + kind / 7) * t))
    return (0.1 * chord * beat + 0.02 * rng.normal(size=len(t))).astype(np.float32)


if __name__ == "__main__":
    main()
