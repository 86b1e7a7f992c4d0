"""How long it takes to look again at a library in which nothing changed: prints one JSON object.

    python benchmarks/rescan.py [N]

N tiny songs in folders of twelve are made in a temporary folder and imported (first_seconds), then looked at again
(rescan_seconds): every folder is listed and every file asked for its size and time, none is opened. peak_mb is the
memory of the whole process at its highest.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from audio.encode import write_audio
from benchmarks.common import emit
from core.records import Tags
from services import library
from services.rescan import rescan
from services.workspace import Workspace

PER_ALBUM = 12
SR = 32_000  # Hz
NOTHING = {"added": 0, "changed": 0, "missing": 0, "found": 0, "moved": 0}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=int, nargs="?", default=12_000)
    emit(measure(parser.parse_args().files))


def measure(files: int) -> dict[str, Any]:
    """Import so many songs, and look again."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "music", files)
        workspace = Workspace(Path(folder) / "home")
        began = time.perf_counter()
        library.add(workspace, [Path(folder) / "music"])
        first = time.perf_counter() - began
        began = time.perf_counter()
        result = rescan(workspace)
        seconds = time.perf_counter() - began
        if {name: result[name] for name in NOTHING} != NOTHING or workspace.tracks.count()["tracks"] != files:
            raise SystemExit(f"The second look was to find {files} songs and no news, but found {result}.")
    return {
        "files": files,
        "first_seconds": round(first, 2),
        "rescan_seconds": round(seconds, 2),
        "peak_mb": peak_mb(),
    }


def make(folder: Path, files: int) -> None:
    """Write the songs: copies of one, each with a time of its own."""
    folder.mkdir()
    song = write_audio(folder.parent / "song.mp3", np.zeros(SR // 10, np.float32), SR, Tags(title="Song", artist="A"))
    content = song.read_bytes()
    for i in range(files):
        album, number = divmod(i, PER_ALBUM)
        path = folder / f"Artist {album // 8}" / f"Album {album}" / f"{number + 1:02d} Song.mp3"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_000_000_000 + i, 1_000_000_000 + i))


def peak_mb() -> float:
    """Return the most memory this process has held, in MB."""
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


if __name__ == "__main__":
    main()
