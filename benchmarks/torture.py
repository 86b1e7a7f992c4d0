"""What becomes of files that are odd, damaged or no music at all: prints one JSON object.

    python benchmarks/torture.py [DIR] [--jobs N]

DIR holds the files and verdicts.tsv: file, decodes (yes, partly, no), seconds, as other decoders see them; without DIR
a few files are made up. All are imported into an empty home and analysed like anybody's music. `differs` lists where
the verdicts and we disagree, with our reason; `broken` what must not be: a file called `yes` of at least half a second
that is not analysed, or any file that is not analysed and has no reason.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from audio.encode import write_audio
from benchmarks.common import emit
from core.records import Tags
from services import analysis, library
from services.workspace import Workspace

VERDICTS = "verdicts.tsv"
SHORTEST = 0.5  # seconds a file lasts that must be analysed
SAYS = {"analysed": "yes", "partly": "partly"}  # state of a track -> the same as a verdict; all others: no
SR = 32_000  # Hz, of what is made up
MADE_UP = (
    ("whole.mp3", "yes", "4.0"),
    ("silent.flac", "yes", "4.0"),
    ("short.ogg", "yes", "0.2"),
    ("cut.flac", "partly", "2.0"),
    ("misnamed.mp3", "yes", "4.0"),
    ("empty.mp3", "no", "0.0"),
    ("words.mp3", "no", "0.0"),
    ("words.txt", "no", "0.0"),
)


@dataclass(frozen=True)
class Fate:
    """What became of a file."""

    state: str  # of its track, or ignored
    reason: str | None = None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR")
    parser.add_argument("--jobs", type=int, help="processes at once [default: every core]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made_up:
        folder = Path(os.path.abspath(options.folder)) if options.folder else make(Path(made_up))
        emit(measure(folder, jobs=options.jobs))


def make(folder: Path) -> Path:
    """Write some odd files and their verdicts, and return the folder."""
    noise = (0.1 * np.random.default_rng(0).normal(size=4 * SR)).astype(np.float32)
    write_audio(folder / "whole.mp3", noise, SR, Tags())
    write_audio(folder / "silent.flac", np.zeros(4 * SR, np.float32), SR, Tags())
    write_audio(folder / "short.ogg", noise[: SR // 5], SR, Tags())
    flac = write_audio(folder / "cut.flac", noise, SR, Tags()).read_bytes()
    (folder / "cut.flac").write_bytes(flac[: len(flac) // 2])
    (folder / "misnamed.mp3").write_bytes(flac)
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "words.mp3").write_bytes(b"These are words and no music. " * 200)
    (folder / "words.txt").write_bytes(b"These are words and no music. " * 200)
    lines = ["file\tdecodes\tseconds", *("\t".join(line) for line in MADE_UP)]
    (folder / VERDICTS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def measure(folder: Path, *, jobs: int | None = None) -> dict[str, Any]:
    """Import and analyse a folder, and compare with its verdicts."""
    with open(folder / VERDICTS, encoding="utf-8", newline="") as file:
        verdicts = list(csv.DictReader(file, delimiter="\t"))
    with tempfile.TemporaryDirectory() as home:
        began = time.perf_counter()
        fates = fates_of(Workspace(Path(home)), folder, [row["file"] for row in verdicts], jobs)
        seconds = time.perf_counter() - began
    told = [compared(row, fates[row["file"]]) for row in verdicts]
    counts = Counter(fate.state for fate in fates.values())
    return {
        "files": len(verdicts),
        **{state: counts[state] for state in ("analysed", "partly", "unreadable", "protected", "ignored")},
        "seconds": round(seconds, 1),
        "differs": [row for row in told if row["ours"] != row["verdict"]],
        "broken": [row for row in told if is_broken(row)],
    }


def fates_of(workspace: Workspace, folder: Path, names: list[str], jobs: int | None) -> dict[str, Fate]:
    """Import and analyse, and return what became of each file."""
    imported = library.add(workspace, [folder])
    analysis.analyze(workspace, cores=jobs)
    refused = {os.path.basename(problem["path"]): problem["reason"] for problem in imported.unreadable}
    fates = {}
    for name in names:
        track = workspace.tracks.by_path(str(folder / name))
        if track is not None:
            fates[name] = Fate(track.state, track.reason)
        elif name in refused:
            fates[name] = Fate("unreadable", refused[name])
        else:
            ending = os.path.splitext(name)[1].lower()
            known = ending in imported.ignored
            fates[name] = Fate(
                "ignored", f"it is no audio file ({ending or 'a name without an ending'})" if known else None
            )
    return fates


def compared(row: dict[str, str], fate: Fate) -> dict[str, Any]:
    """Return a file's verdict beside ours."""
    return {
        "file": row["file"],
        "seconds": float(row["seconds"]),
        "verdict": row["decodes"],
        "ours": SAYS.get(fate.state, "no"),
        "state": fate.state,
        "reason": fate.reason,
    }


def is_broken(row: dict[str, Any]) -> bool:
    """Tell whether something became of a file that must not."""
    if row["ours"] == "no" and not row["reason"]:
        return True
    return row["verdict"] == "yes" and row["seconds"] >= SHORTEST and row["ours"] == "no"


if __name__ == "__main__":
    main()
