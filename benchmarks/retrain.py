"""How long Retrain takes, from the click to the new predictions: prints one JSON object.

    python benchmarks/retrain.py [--labels 500] [--tracks 10000 ...] [--target rating,genre] [--models a,b]

Made-up libraries; without `--models` the quick families. Seconds are those a person waits: measuring on new artists,
fitting, saving, and predicting every track when the model becomes current.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import answer, emit, fill
from labeling.targets import get
from models.registry import quick_families
from services import training
from services.workspace import Workspace


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=500)
    parser.add_argument("--tracks", type=int, nargs="+", default=[10_000])
    parser.add_argument("--target", default="rating,genre")
    parser.add_argument("--models", help="families, separated by commas")
    options = parser.parse_args()

    families = options.models.split(",") if options.models else None
    rows = [
        measure(tracks, min(options.labels, tracks), target, families)
        for tracks in options.tracks
        for target in options.target.split(",")
    ]
    emit({"rows": rows})


def measure(tracks: int, labels: int, target: str, families: list[str] | None) -> dict[str, Any]:
    """Retrain one target of one made-up library."""
    chosen = families or [family.name for family in quick_families(get(target).kind)]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(folder)
        answer(workspace, fill(workspace, tracks), target, labels)
        began = time.perf_counter()
        result = training.retrain(workspace, target, chosen)
        seconds = time.perf_counter() - began
    return {
        "labels": labels,
        "tracks": tracks,
        "target": target,
        "families": chosen,
        "seconds": round(seconds, 2),
        "model": result["model"],
        "became_current": result["became_current"],
        "accuracy": result["scores"]["accuracy"],
    }


if __name__ == "__main__":
    main()
