"""How long an Apple Music library takes to look at, to take in, again, and to take back: prints one JSON object.

    python benchmarks/library_import.py [20000]

A made-up Library.xml with 25 playlists, the same each time; no file of it is on this computer. What is measured runs in
a process of its own with a fresh home, so that peak_mb is the import's alone. `plistlib_seconds` is Python's own reader
on the same file in the same run: a measure of this computer. `seconds` is the import, `reimport_seconds` the unchanged
file once more, `undo_seconds` the taking back of the first import.
"""

from __future__ import annotations

import argparse
import json
import plistlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import emit
from data.exchange import itunes
from services import apple
from services.workspace import Workspace

PLAYLISTS = 25
TRACKS_PER_ALBUM = 12
ALBUMS_PER_ARTIST = 3
GENRES = ("Rock", "Jazz", "Électronique", "R&B/Soul", "Klassik")
FOLDER = "/Users/listener/Music/iTunes/iTunes Media/Music"  # not on this computer
BEGINNING = datetime(2010, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tracks", type=int, nargs="?", default=20_000)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)  # in the process of its own: the file
    options = parser.parse_args()
    if options.measure is not None:
        emit(measure(options.measure))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "Library.xml", options.tracks)
        plistlib_seconds = seconds(lambda: plistlib.loads(path.read_bytes()))
        command = [sys.executable, __file__, "--measure", str(path)]
        measured = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        size = {"tracks": options.tracks, "xml_mb": round(path.stat().st_size / 1e6, 1)}
        emit({**size, **measured, "plistlib_seconds": plistlib_seconds})


def measure(path: Path) -> dict[str, float]:
    """Look at a library, take it in twice and take the import back, in a home beside it."""
    workspace = Workspace(path.parent / "home")
    figures = {
        "seconds": seconds(lambda: apple.take(workspace, path)),
        "peak_mb": peak_mb(),
        "reimport_seconds": seconds(lambda: apple.take(workspace, path)),
        "look_seconds": seconds(lambda: apple.look(workspace, path)),
        "undo_seconds": seconds(lambda: workspace.acts.undo(workspace.acts.all()[-1].id)),
    }
    if left := workspace.tracks.count()["tracks"]:
        raise RuntimeError(f"{left} tracks are left of an import that was taken back")
    return figures


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 2)


def peak_mb() -> float:
    """Return the most memory this process has used."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def write(path: Path, n: int) -> Path:
    """Write a library of n tracks: a third rated, every tenth in the cloud, 25 playlists of a hundredth to a fifth."""
    rng = random.Random(0)
    tracks = {str(1000 + 2 * i): track(i, rng) for i in range(n)}
    numbers = [entry["Track ID"] for entry in tracks.values()]
    lists = [("Library", numbers, {"Master": True})] + [
        (f"Playlist {place}", rng.sample(numbers, max(1, n * (1 + place % 20) // 100)), {})
        for place in range(PLAYLISTS)
    ]
    library = {
        "Major Version": 1,
        "Minor Version": 1,
        "Application Version": itunes.APPLICATION_VERSION,
        "Library Persistent ID": "0123456789ABCDEF",
        "Tracks": tracks,
        "Playlists": [
            {
                "Name": name,
                "Playlist Persistent ID": f"{place:016X}",
                **more,
                "Playlist Items": [{"Track ID": number} for number in items],
            }
            for place, (name, items, more) in enumerate(lists, 1)
        ],
    }
    path.write_bytes(plistlib.dumps(library))
    return path


def track(i: int, rng: random.Random) -> dict[str, Any]:
    """Return one track as Music writes it."""
    album = i // TRACKS_PER_ALBUM
    artist, place = f"Artist {album // ALBUMS_PER_ARTIST}", i % TRACKS_PER_ALBUM + 1
    entry: dict[str, Any] = {
        "Track ID": 1000 + 2 * i,
        "Size": 4_000_000 + 97 * i,
        "Total Time": 120_000 + 1000 * (i % 240),
        "Track Number": place,
        "Year": 1960 + album % 60,
        "Date Modified": (BEGINNING + timedelta(hours=i + 5)).replace(tzinfo=None),
        "Date Added": (BEGINNING + timedelta(hours=i)).replace(tzinfo=None),
        "Bit Rate": 256,
        "Sample Rate": 44_100,
        "Play Count": rng.randrange(40),
        "Persistent ID": f"{(i + 1) * 0x9E3779B97F4A7C15 % 2**64:016X}",
        "Name": f"Song {i}",
        "Artist": artist,
        "Album Artist": artist,
        "Album": f"Album {album}",
        "Genre": GENRES[album % len(GENRES)],
        "Kind": "MPEG audio file",
    }
    if rng.random() < 1 / 3:
        entry["Rating"] = 20 * rng.randint(1, 5)
    if i % 10 == 0:
        return entry | {"Track Type": "Remote", "Kind": "Internet audio stream"}
    file = itunes.location(f"{FOLDER}/{artist}/Album {album}/{place:02} Song {i}.mp3")
    return entry | {"Track Type": "File", "Location": file}


if __name__ == "__main__":
    main()
