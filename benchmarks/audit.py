"""Whether the interval of the surprise checks holds what it promises: prints one JSON object.

    python benchmarks/audit.py [--sessions 200] [--tracks 600 1000] [--seed 0]

Simulated sessions on made-up libraries, rating and genre by turns: the usual order of asking, the quick models refitted
after every ten answers, one question in ten a check. After 15, 20, 30 and 50 checks the interval is compared with what
it speaks of: how often the models of the moments of the checks were right about the tracks without an answer
("coverage"), and with how often the newest model is ("coverage_latest"). "chosen_too" is the other way of counting,
with the tracks that were reached but had been asked about before, for comparison; "window" counts the newest only.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import DIMENSIONS, GENRES, RATINGS, TRACKS_PER_ARTIST, emit
from labeling import audit, queue, schedule
from labeling.strategies import Clusters
from labeling.targets import get, quick_ready
from models import evaluation, registry

SIZES = (15, 20, 30, 50)  # checks after which the interval is looked at
WINDOWS = (20, 30)  # newest checks counted alone
TARGETS = ("rating", "genre")
QUESTIONS = 10  # between two refits


@dataclass(frozen=True)
class Library:
    """A made-up library and what its owner thinks of it, without files."""

    target: str
    X: np.ndarray  # (n, d)
    groups: np.ndarray  # (n,)
    y: np.ndarray  # (n,)
    clusters: Clusters


@dataclass
class Session:
    """What happened so far; every list has one entry per check, or per question where it says so."""

    answered: list[int] = field(default_factory=list)  # rows, per question
    codes: list[str] = field(default_factory=list)  # why each was asked, per question
    guess: dict[int, str] = field(default_factory=dict)  # row -> what was guessed before its answer
    checks: list[int] = field(default_factory=list)  # rows
    truth: list[float] = field(default_factory=list)  # share right of the tracks without an answer, at that moment

    def after(self, checks: int) -> Session:
        """Return what was known when there were so many checks."""
        return replace(self, checks=self.checks[:checks], truth=self.truth[:checks])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--tracks", type=int, nargs=2, default=[600, 1_000], metavar=("LEAST", "MOST"))
    parser.add_argument("--checks", type=int, default=max(SIZES), help="checks per session")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    began = time.perf_counter()
    rows = [
        row for i in range(options.sessions) for row in session_rows(options.seed + i, options.tracks, options.checks)
    ]
    result = {"sessions": options.sessions, "tracks": options.tracks, **summary(rows)}
    emit({**result, "seconds": round(time.perf_counter() - began, 1)})


def session_rows(seed: int, tracks: Sequence[int], checks: int) -> list[dict[str, Any]]:
    """Play one session and compare the interval with the truth at each size."""
    n = int(np.random.default_rng(seed).integers(tracks[0], tracks[1] + 1))
    library = made_up(n, TARGETS[seed % len(TARGETS)], seed)
    session = Session()
    rows: list[dict[str, Any]] = []
    sizes = [size for size in SIZES if size <= checks]
    while sizes:
        ten_questions(library, session, seed)
        while sizes and len(session.checks) >= sizes[0]:
            rows += compare(library, session.after(sizes.pop(0)), seed)
    return rows


def made_up(n: int, target: str, seed: int) -> Library:
    """Make a library up as `benchmarks.common.fill` does: artists sound alike, taste is a direction with noise."""
    rng = np.random.default_rng(seed)
    artists = np.arange(n) // TRACKS_PER_ARTIST
    genre_of = rng.integers(len(GENRES), size=int(artists.max()) + 1)
    centres, own = 0.3 * rng.normal(size=(len(GENRES), DIMENSIONS)), rng.normal(size=(len(genre_of), DIMENSIONS))
    X = centres[genre_of][artists] + 0.7 * own[artists] + rng.normal(size=(n, DIMENSIONS))
    taste = X @ rng.normal(size=DIMENSIONS) + 8 * rng.normal(size=n)
    ratings = np.digitize(taste, np.quantile(taste, [0.4, 0.65]))
    y = np.array(RATINGS)[ratings] if target == "rating" else np.array(GENRES)[genre_of[artists]]
    return Library(target, X.astype(np.float32), artists.astype(str), y, queue.cluster(X, random_state=seed))


def ten_questions(library: Library, session: Session, seed: int) -> None:
    """Refit, then ask ten questions: a check where the schedule has one and there is a guess to keep."""
    ids, asked = np.arange(len(library.y)), np.array(session.answered, dtype=int)
    kind = get(library.target).kind
    proba, names = None, None
    if quick_ready(library.y[asked].tolist()):
        model = registry.build("ordered" if kind == "ordered" else "logistic", kind)
        model = evaluation.fit(model, library.X[asked], library.y[asked], library.groups[asked])
        proba = model.predict_proba(library.X)
        names = model.classes_[proba.argmax(axis=1)]
    picks = queue.rank(
        library.X,
        ids,
        library.groups,
        session.answered,
        target=library.target,
        proba=proba,
        clusters=library.clusters,
        n=2 * QUESTIONS,
        random_state=seed,
    )
    line = [pick.id for pick in picks]
    for _ in range(QUESTIONS):
        if names is not None and _check_is_due(library, session, seed):
            _ask_a_check(library, session, names, seed)
            continue
        row = next(row for row in line if row not in session.answered)
        session.answered.append(row)
        session.codes.append("cover")
        if names is not None:
            session.guess[row] = str(names[row])


def _check_is_due(library: Library, session: Session, seed: int) -> bool:
    recent = session.codes[: -schedule.LOOK_BACK - 1 : -1]
    kinds = schedule.due(len(session.answered), recent, [], len(session.checks), target=library.target, seed=seed)
    return "audit" in kinds


def _ask_a_check(library: Library, session: Session, names: np.ndarray, seed: int) -> None:
    """Ask the next track drawn by lot, and note how often the model of this moment is right about what is left."""
    ids = np.arange(len(library.y))
    check = next(int(i) for i in audit.order(ids, target=library.target, seed=seed) if int(i) not in session.answered)
    free = np.setdiff1d(ids, session.answered)
    session.truth.append(float((names[free] == library.y[free]).mean()))
    session.checks.append(check)
    session.answered.append(check)
    session.codes.append("audit")
    session.guess[check] = str(names[check])


def compare(library: Library, session: Session, seed: int) -> list[dict[str, Any]]:
    """Compare each way of counting with what it could speak of, now."""
    ids = np.arange(len(library.y))
    line = audit.order(ids, target=library.target, seed=seed).tolist()
    reached = line[: 1 + max(line.index(check) for check in session.checks)]
    ways = {"checks": session.checks, "chosen_too": [row for row in reached if row in session.guess]}
    ways |= {f"window{n}": session.checks[-n:] for n in WINDOWS}
    return [_compared(library, session, way, rows) for way, rows in ways.items()]


def _compared(library: Library, session: Session, way: str, rows: Sequence[int]) -> dict[str, Any]:
    result = audit.audit(audit.Check(row, session.guess[row], str(library.y[row])) for row in rows)
    low, high = audit.wilson(result.right, result.checks)
    share = result.right / result.checks
    mean, latest = float(np.mean(session.truth)), session.truth[-1]
    return {
        "way": way,
        "size": len(session.checks),
        "counted": result.checks,
        "covers": low <= mean <= high,
        "covers_latest": low <= latest <= high,
        "width": high - low,
        "error": share - mean,
        "error_latest": share - latest,
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return coverage, width and error of the way that is used, then of the others."""
    ways = {way: [row for row in rows if row["way"] == way] for way in dict.fromkeys(row["way"] for row in rows)}
    means = {way: _means(of_way) for way, of_way in ways.items()}
    used = ways["checks"]
    sizes = sorted({row["size"] for row in used})
    return {
        **means.pop("checks"),
        "by_checks": {str(size): _means([row for row in used if row["size"] == size]) for size in sizes},
        **means,
    }


def _means(rows: list[dict[str, Any]]) -> dict[str, float]:
    def mean(key: str) -> float:
        return round(float(np.mean([row[key] for row in rows])), 4)

    return {
        "coverage": mean("covers"),
        "coverage_latest": mean("covers_latest"),
        "counted": mean("counted"),
        "width": mean("width"),
        "mean_error": mean("error"),
        "mean_error_latest": mean("error_latest"),
    }


if __name__ == "__main__":
    main()
