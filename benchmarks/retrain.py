"""How long Retrain takes, from the click to the new predictions: prints one JSON object.

    python benchmarks/retrain.py [--labels 100 500 2000] [--tracks 1000 10000 100000] [--target rating,genre]
                                 [--models a,b] [--again]

Made-up libraries; without `--models` what the button measures (every family but the networks), which is more than the
quick families alone. Seconds are those a person waits: choosing settings, measuring on new artists and on known ones,
fitting, saving, and predicting every track. `first_word` is how long it takes until the first word of progress, `again`
a second retraining five answers later, which keeps the settings. Memory is the process's peak.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Library, answer, emit, fill, one_transaction
from core.records import Label
from data.labels import LabelStore
from services import training
from services.workspace import Workspace

MORE = 5  # answers before the second retraining


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, nargs="+", default=[500])
    parser.add_argument("--tracks", type=int, nargs="+", default=[10_000])
    parser.add_argument("--target", default="rating,genre")
    parser.add_argument("--models", help="families, separated by commas")
    parser.add_argument("--again", action="store_true", help="retrain a second time, five answers later")
    options = parser.parse_args()

    families = options.models.split(",") if options.models else None
    rows = []
    for tracks in options.tracks:
        for labels in [n for n in options.labels if n <= tracks]:
            rows += [measure(tracks, labels, t, families, again=options.again) for t in options.target.split(",")]
    emit({"rows": rows})


def measure(
    tracks: int, labels: int, target: str, families: list[str] | None, *, again: bool = False
) -> dict[str, Any]:
    """Retrain one target of one made-up library."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(folder)
        library = fill(workspace, tracks, descriptors=True)
        left = answer(workspace, library, target, labels)
        seconds, first_word, result = retrain(workspace, target, families)
        row: dict[str, Any] = {
            "labels": labels,
            "tracks": tracks,
            "target": target,
            "families": [model["name"] for model in result["models"]],
            "seconds": round(seconds, 2),
            "first_word": round(first_word, 2),
            "model": result["model"],
            "became_current": result["became_current"],
            "accuracy": result["scores"]["accuracy"],
        }
        if again:
            answer_more(workspace, library, target, left[:MORE])
            row["again"] = round(retrain(workspace, target, families)[0], 2)
    row["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return row


def retrain(workspace: Workspace, target: str, families: list[str] | None) -> tuple[float, float, dict[str, Any]]:
    """Return the seconds it takes, those until its first word, and the result."""
    words: list[float] = []
    began = time.perf_counter()
    result = training.retrain(workspace, target, families, lambda _: words.append(time.perf_counter() - began))
    return time.perf_counter() - began, words[0] if words else float("nan"), result


def answer_more(workspace: Workspace, library: Library, target: str, rows: list[int]) -> None:
    """Write the owner's answers about some more tracks."""
    labels = [Label(f"{target} {row}", library.ids[row], target, library.values[target][row]) for row in rows]
    with one_transaction(workspace) as database:
        LabelStore(database).add(labels)


if __name__ == "__main__":
    main()
