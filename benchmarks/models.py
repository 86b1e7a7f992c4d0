"""How well the model families do on artists they have not heard: prints the JSON object of `evaluate`, and seconds.

    python benchmarks/models.py --home H --target T [--models a,b] [--features a,b+c] [--all] [--networks]

`--all` measures every family that takes seconds on every input that makes sense for it, `--networks` those that take
minutes too; "beside" is then the usual way, nearest neighbours on descriptors, in the same run.

Nothing in the home changes, unless `--labels-from tag` is given: then the files' genre tags become labels of source
"dataset", for a library nobody has labelled yet (the demo library). Networks keep the arrays they need in the home.
"""

from __future__ import annotations

import argparse
import sys
import time
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import emit
from core.records import Label
from services import evaluating, inputs, targets, training
from services.workspace import Workspace

USUAL_WAY = ("knn", "descriptors")
PLAIN = ("musicnn", "descriptors", "tags", "musicnn+descriptors", "musicnn+tags", "musicnn+metadata")
SEGMENTS = ("parts", "patches")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", required=True)
    parser.add_argument("--target", default="rating")
    parser.add_argument("--models", help="families, separated by commas; the quick ones by default")
    parser.add_argument("--features", help="feature sets, separated by commas, each by itself; a+b joins two")
    parser.add_argument("--all", action="store_true", help="every quick family on every sensible input")
    parser.add_argument("--networks", action="store_true", help="with --all: networks too, which take minutes")
    parser.add_argument("--labels-from", choices=["tag"])
    options = parser.parse_args()

    workspace = Workspace(options.home)
    if options.labels_from == "tag":
        label_by_tag(workspace)
    began = time.perf_counter()
    if options.all:
        result = leaderboard(workspace, options.target, networks=options.networks)
    else:
        result = evaluating.evaluate(workspace, options.target, names(options.models), names(options.features))
    emit({**result, "seconds": round(time.perf_counter() - began, 2)})


def leaderboard(workspace: Workspace, target: str, *, networks: bool) -> dict[str, Any]:
    """Measure every family on its inputs, the best first."""
    every = [
        run for pair in sensible(workspace, target, networks=networks) for run in [measure(workspace, target, *pair)]
    ]
    loss = "rps" if targets.get(workspace, target).kind == "ordered" else "log_loss"
    rows = sorted((run["models"][0] for run in every), key=lambda row: row[loss])
    beside = next(row for row in rows if (row["name"], row["features"]) == USUAL_WAY)
    head = {key: every[0][key] for key in ("target", "grouped_by", "labels", "artists", "baseline")}
    best = {key: rows[0].get(key) for key in ("name", "features", "accuracy", "auc_liked", "log_loss")}
    return {**head, "models": rows, "best": best, "beside": beside}


def sensible(workspace: Workspace, target: str, *, networks: bool) -> list[tuple[str, str | None]]:
    """Return the pairs of family and input that are worth a look; None: the family's own."""
    there = inputs.names(workspace)
    plain = [one for one in PLAIN if all(there.get(name) for name in inputs.split(one))]
    pairs: list[tuple[str, str | None]] = []
    for family in training.usual_families(workspace, target):
        if family in ("prior", "ensemble"):
            pairs.append((family, None))
        else:
            pairs += [(family, one) for one in [*plain, *(SEGMENTS if family != "svm" else ())]]
    if networks:
        pairs += [(family, None) for family in training.on_request(workspace, target)]
    return pairs


def measure(workspace: Workspace, target: str, family: str, features: str | None) -> dict[str, Any]:
    """Measure one family on one input."""
    print(f"{family} on {features or 'its own'}", file=sys.stderr, flush=True)
    return evaluating.evaluate(workspace, target, [family], [features] if features else None)


def names(text: str | None) -> list[str] | None:
    """Return the names in a list with commas."""
    return [name.strip() for name in text.split(",")] if text else None


def label_by_tag(workspace: Workspace) -> None:
    """Take the genre that each file's tags name as its label."""
    tagged = {track.id: track.genre for track in workspace.tracks.all() if track.genre}
    labels = [Label(str(uuid.uuid4()), track_id, "genre", genre, "dataset") for track_id, genre in tagged.items()]
    workspace.labels.replace_source("dataset", labels)


if __name__ == "__main__":
    main()
