"""How much of a track has to be heard: prints one JSON object.

    python benchmarks/patches.py --music DIR [--labels FILE.csv ...] [--counts 4 8 16] [--repeats 20]

Accuracy of the genre (AUC of liked for a rating) on artists the model has not heard, from the embedding of so many
patches of 3 s, spread over each clip, and of "all" that fit without overlap; and from the quick pass, whose passages
are found by seeking, against the whole track, for the embedding and for the descriptors. The models are those the app
refits after every answer. Each figure is a mean over repeats of grouped folds, the same for every way; the differences
are paired, and all intervals (95 %) come from drawing artists again. "descriptors_off" says how far the quick pass is
from the whole: the median over the numbers of its root mean square error, in standard deviations over the clips.

Without --labels: every *_labels*.csv of DIR (path,target,value), else the genre in the files' tags.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"  # before numpy is imported: seconds are those of one core

import numpy as np  # noqa: E402

from audio import descriptors, quick  # noqa: E402
from audio.decode import decode  # noqa: E402
from audio.metadata import AUDIO_EXTENSIONS, read_tags  # noqa: E402
from audio.musicnn import N_PATCHES, Musicnn  # noqa: E402
from benchmarks.common import emit  # noqa: E402
from labeling.targets import get  # noqa: E402
from models import evaluation, registry  # noqa: E402
from models.groups import groups as group_names  # noqa: E402

EVERY = 10_000  # patches: more than any clip has
DRAWS = 1_000  # of artists, for the intervals
ALL = "all"


@dataclass(frozen=True)
class Answers:
    """What someone said about some of the files."""

    name: str
    target: str
    files: list[Path]
    y: np.ndarray  # (n,) of str


@dataclass(frozen=True)
class Way:
    """A way to hear every file."""

    vectors: dict[Path, np.ndarray]
    seconds: float  # per file, median


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--music", required=True, type=Path, metavar="DIR")
    parser.add_argument("--labels", nargs="+", type=Path, metavar="CSV")
    parser.add_argument("--counts", nargs="+", type=int, default=[4, 8, 16], metavar="N")
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()

    began = time.perf_counter()
    answers = [
        read_answers(path, options.music) for path in options.labels or sorted(options.music.glob("*_labels*.csv"))
    ]
    answers = answers or [answers_of_tags(options.music)]
    files = sorted({file for asked in answers for file in asked.files})
    heard = hear(files, sorted({*options.counts, N_PATCHES}))
    artists = dict(zip(files, artists_of(files), strict=True))
    emit(
        {
            "clips": len(files),
            "artists": len(set(artists.values())),
            "repeats": options.repeats,
            "chosen": N_PATCHES,
            "quick_passages": quick.COUNT,
            "seconds_per_clip": {name: round(way.seconds, 3) for name, way in heard.items()},
            "descriptors_off": off(heard["descriptors"], heard["descriptors_quick"]),
            "answers": [figures(asked, heard, artists, options.repeats) for asked in answers],
            "seconds": round(time.perf_counter() - began, 1),
        }
    )


# -- what was answered ------------------------------------------------------------------------------


def read_answers(path: Path, music: Path) -> Answers:
    """Read a CSV of path, target and value; of the files those that are there."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (music / row["path"]).is_file()]
    if not rows:
        raise SystemExit(f"{path} names no file below {music}.")
    files, values = [music / row["path"] for row in rows], np.array([row["value"] for row in rows])
    return Answers(path.stem, rows[0]["target"], files, values)


def answers_of_tags(music: Path) -> Answers:
    """Take the genre each file names in its tags."""
    files = [path for path in sorted(music.rglob("*")) if path.suffix.lower() in AUDIO_EXTENSIONS]
    tagged = {path: genre for path in files if (genre := read_tags(path).genre)}
    return Answers("tags", "genre", list(tagged), np.array(list(tagged.values())))


def artists_of(files: Sequence[Path]) -> np.ndarray:
    """Return the group of each file: its artist."""
    tags = [read_tags(file) for file in files]
    folders = [str(file.parent) for file in files]
    return group_names([t.artist for t in tags], [t.album_artist for t in tags], folders, range(len(files)))


# -- hearing ----------------------------------------------------------------------------------------


def hear(files: Sequence[Path], counts: Sequence[int]) -> dict[str, Way]:
    """Hear every file in every way; the first is heard twice, since first calls compile and load."""
    networks = Musicnn(threads=1)
    hear_file(files[0], counts, networks)
    heard = [hear_file(file, counts, networks) for file in files]
    return {
        name: Way(
            {file: ways[name][0] for file, ways in zip(files, heard, strict=True)},
            float(np.median([ways[name][1] for ways in heard])),
        )
        for name in heard[0]
    }


def hear_file(file: Path, counts: Sequence[int], networks: Musicnn) -> dict[str, tuple[np.ndarray, float]]:
    """Return the vector and the seconds of each way; those of the whole track include decoding."""
    waveform, decoding = timed(lambda: decode(file))
    y, sr = waveform.y, waveform.sr
    heard = {"descriptors": timed(lambda: descriptors.describe(y, sr))}
    for count in (*counts, EVERY):
        name = f"patches_{ALL if count == EVERY else count}"
        heard[name] = timed(lambda count=count: networks.hear(y, sr, n_patches=count).embeddings.mean(axis=0))  # type: ignore[misc]
    found = {name: (vector, seconds + decoding) for name, (vector, seconds) in heard.items()}
    (features, _), seconds = timed(lambda: quick.hear_quickly(file, networks))
    return found | {f"{name}_quick": (features[name], seconds) for name in ("musicnn", "descriptors")}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call gives and the processor's seconds it takes."""
    began = time.process_time()
    result = work()
    return result, time.process_time() - began


def off(whole: Way, quickly: Way) -> float:
    """Return how far the quick numbers are from the whole ones, in deviations over the clips: the median number's."""
    a, b = (np.stack([way.vectors[file] for file in whole.vectors]) for way in (whole, quickly))
    spread = a.std(axis=0)
    errors = np.sqrt(((a - b) ** 2).mean(axis=0))[spread > 0] / spread[spread > 0]
    return round(float(np.median(errors)), 3)


# -- figures ----------------------------------------------------------------------------------------


def figures(asked: Answers, heard: dict[str, Way], artists: dict[Path, str], repeats: int) -> dict[str, Any]:
    """Return the score of each way for one person's answers, and the paired differences to the whole track."""
    groups = np.array([artists[file] for file in asked.files])
    ordered = get(asked.target).kind == "ordered"
    predicted = {name: predict(asked, way, groups, ordered, repeats) for name, way in heard.items()}
    drawn = draws(groups)
    scores = {name: score(asked, tables, drawn, ordered) for name, tables in predicted.items()}
    whole = {name: "descriptors" if name.startswith("descriptors") else f"patches_{ALL}" for name in scores}
    return {
        "answers": asked.name,
        "target": asked.target,
        "metric": "auc_liked" if ordered else "accuracy",
        "labels": len(asked.y),
        "ways": {
            name: {
                "mean": round(float(values[0]), 4),
                "interval": interval(values),
                "minus_whole": interval(values - scores[whole[name]], mean=True),
            }
            for name, values in scores.items()
        },
    }


def predict(asked: Answers, way: Way, groups: np.ndarray, ordered: bool, repeats: int) -> np.ndarray:
    """Predict each clip by models that never heard its artist; (repeats, n, classes)."""
    X = np.stack([way.vectors[file] for file in asked.files])
    kind, classes = ("ordered" if ordered else "nominal"), classes_of(asked)
    family = registry.quick_families(kind)[0].name
    return np.stack(
        [
            evaluation.out_of_fold(
                lambda: registry.build_for(family, kind, classes),
                X,
                asked.y,
                groups,
                evaluation.grouped_folds(asked.y, groups, random_state=repeat),
                classes=classes,
            )
            for repeat in range(repeats)
        ]
    )


def classes_of(asked: Answers) -> list[str]:
    """Return the classes that were answered, in their order where they have one."""
    present = set(asked.y.tolist())
    known = get(asked.target).classes
    return [name for name in known if name in present] if known else sorted(present)


def draws(groups: np.ndarray) -> list[np.ndarray]:
    """Return the rows as they are, then as many times those of artists drawn again with replacement."""
    names, group = np.unique(groups, return_inverse=True)
    rows = [np.flatnonzero(group == i) for i in range(len(names))]
    rng = np.random.default_rng(0)
    resampled = [np.concatenate([rows[i] for i in rng.integers(len(names), size=len(names))]) for _ in range(DRAWS)]
    return [np.arange(len(groups)), *resampled]


def score(asked: Answers, tables: np.ndarray, drawn: list[np.ndarray], ordered: bool) -> np.ndarray:
    """Return accuracy, or the AUC of liked, as a mean over the repeats, for each draw of artists."""
    classes = np.array(classes_of(asked))
    if not ordered:
        hits = (classes[tables.argmax(axis=2)] == asked.y).mean(axis=0)
        return np.array([hits[rows].mean() for rows in drawn])
    liked, scores = asked.y == evaluation.LIKED, tables[:, :, list(classes).index(evaluation.LIKED)]
    return np.array([np.mean([evaluation.auc(liked[rows], table[rows]) for table in scores]) for rows in drawn])


def interval(values: np.ndarray, *, mean: bool = False) -> list[float]:
    """Return the 95 % interval of what was drawn, with the figure itself before it if asked for."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return [round(float(value), 4) for value in ([values[0]] if mean else []) + [low, high]]


if __name__ == "__main__":
    main()
