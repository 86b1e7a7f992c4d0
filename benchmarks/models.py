"""How well the model families do on artists they have not heard: prints the JSON object of `evaluate`, and seconds.

    python benchmarks/models.py --home H --target T [--models a,b] [--features a,b+c]

Nothing in the home changes, unless `--labels-from tag` is given: then the files' genre tags become labels of source
"dataset", for a library nobody has labelled yet (the demo library).
"""

from __future__ import annotations

import argparse
import sys
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import emit
from core.records import Label
from services import evaluating
from services.workspace import Workspace


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", required=True)
    parser.add_argument("--target", default="rating")
    parser.add_argument("--models", help="families, separated by commas; the quick ones by default")
    parser.add_argument("--features", help="feature sets, separated by commas, each by itself; a+b joins two")
    parser.add_argument("--labels-from", choices=["tag"])
    options = parser.parse_args()

    workspace = Workspace(options.home)
    if options.labels_from == "tag":
        label_by_tag(workspace)
    began = time.perf_counter()
    result = evaluating.evaluate(workspace, options.target, names(options.models), names(options.features))
    emit({**result, "seconds": round(time.perf_counter() - began, 2)})


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
