"""How analysis grows with the number of child processes: prints one JSON object.

    python benchmarks/extraction_scale.py N [--seconds S] [--files FILES...]

N tracks are imported into a fresh home and analysed as `cli.py analyze` does it, first with one child, then with two.
The tracks are made up, each of `--seconds`, or are the given files in turn. A row holds children, tracks, seconds (of
the analysis, the start of the children included), realtime (seconds of audio in one second) and peak_mb (the most that
the children held together, looked at every quarter of a second).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import psutil

from audio.encode import write_audio
from benchmarks.common import emit
from core.records import Tags
from services import analysis, library
from services.workspace import Workspace

SR = 44_100  # Hz
SECONDS = 30.0
POLL = 0.25  # seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tracks", type=int)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of a made-up track")
    parser.add_argument("--children", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--files", nargs="+", default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        music = Path(folder) / "music"
        if options.files:
            take(music, options.tracks, options.files)
        else:
            make(music, options.tracks, options.seconds)
        emit({"rows": [measure(Path(folder) / f"home {n}", music, n) for n in options.children]})


def measure(home: Path, music: Path, children: int) -> dict[str, Any]:
    """Import and analyse a folder with so many children."""
    workspace = Workspace(home)
    library.add(workspace, [music])
    with most_memory() as most:
        done = analysis.analyze(workspace, cores=children)
    return {
        "children": children,
        "tracks": done["analyzed"],
        "seconds": done["seconds"],
        "realtime": done["realtime_factor"],
        "peak_mb": round(most[0] / 1e6, 1),
    }


@contextmanager
def most_memory() -> Iterator[list[float]]:
    """Yield a list whose only item grows to the most bytes that all child processes held together."""
    most, end = [0.0], threading.Event()

    def watch() -> None:
        while not end.wait(POLL):
            most[0] = max(most[0], sum(_held(child) for child in psutil.Process().children(recursive=True)))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield most
    finally:
        end.set()
        watcher.join()


def _held(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0.0


def take(folder: Path, n: int, files: list[str]) -> None:
    """Copy the given files in turn until there are n."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        source = Path(files[i % len(files)])
        shutil.copyfile(source, folder / f"{i:05d} {source.name}")


def make(folder: Path, n: int, seconds: float) -> None:
    """Write n tracks that all sound different: a chord of their own, a beat and some noise."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        rng = np.random.default_rng(i)
        t = np.arange(int(seconds * SR)) / SR
        chord = sum(0.1 * np.sin(2 * np.pi * hz * t) for hz in 110 * 2 ** (rng.integers(0, 36, 4) / 12))
        beat = np.exp(-10 * (t * rng.uniform(1, 3) % 1)) * rng.standard_normal(len(t)) * 0.1
        y = np.stack([chord + beat, chord - beat]).astype(np.float32)
        write_audio(folder / f"{i:05d}.mp3", y, SR, Tags(title=f"Track {i}", artist=f"Artist {i // 8}"))


if __name__ == "__main__":
    main()
