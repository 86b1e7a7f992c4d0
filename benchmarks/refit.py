"""How long the quick refit and the new order of asking take after an answer: prints one JSON object.

    python benchmarks/refit.py [--tracks 1000 10000] [--labels 300] [--answers 30] [--target rating,genre] [--large]

Made-up libraries. What is timed is what services.learning.Learner does for one target in its thread, with one BLAS
thread: reading what is new, fitting the quick models to all labels, predicting the library, ranking it. `--large` adds
100,000 tracks.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Library, answer, emit, fill, percentiles
from core.records import Label
from services.asking import cut, rank_now
from services.learning import FeatureCache
from services.workspace import Workspace

LARGE = 100_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--labels", type=int, default=300, help="there before the first measured answer")
    parser.add_argument("--answers", type=int, default=30, help="measured, for each target")
    parser.add_argument("--target", default="rating,genre")
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()

    rows: list[dict[str, Any]] = []
    for tracks in [*options.tracks, *([LARGE] if options.large else [])]:
        with tempfile.TemporaryDirectory() as folder:
            workspace = Workspace(folder)
            library = fill(workspace, tracks)
            rows += [
                measure(workspace, library, target, min(options.labels, tracks // 2), options.answers)
                for target in options.target.split(",")
            ]
    emit({"answers": options.answers, "rows": rows})


def measure(workspace: Workspace, library: Library, target: str, labels: int, answers: int) -> dict[str, Any]:
    """Answer one track after the other and time what follows each answer, in milliseconds."""
    from threadpoolctl import threadpool_limits

    left = answer(workspace, library, target, labels)
    cache = FeatureCache(workspace)
    parts = cut(workspace, cache.read())  # the learner keeps them while the library stays
    read_ms, rank_ms = [], []
    with threadpool_limits(1):
        rank_now(workspace, target, cache.read(), parts=parts)  # imports what is needed
        for row in left[:answers]:
            value = library.values[target][row]
            workspace.labels.add([Label(f"{target} {row}", library.ids[row], target, value)])
            began = time.perf_counter()
            analysed = cache.read()
            read = time.perf_counter()
            rank_now(workspace, target, analysed, parts=parts)
            read_ms.append(1000 * (read - began))
            rank_ms.append(1000 * (time.perf_counter() - read))
    both = [a + b for a, b in zip(read_ms, rank_ms, strict=True)]
    return {
        "tracks": len(library.ids),
        "labels": labels,
        "target": target,
        "ms": percentiles(both, 50, 95),
        "read_ms": percentiles(read_ms, 50, 95),
        "rank_ms": percentiles(rank_ms, 50, 95),
    }


if __name__ == "__main__":
    main()
