"""The benchmarks of the checks and of the doubts run, small, and count what they say they count."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import audit as benchmark
from benchmarks.common import answer, fill
from benchmarks.doubts import exchange
from labeling import audit
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
RATINGS = ["disliked", "semi", "liked"]


def run(name: str, *arguments: str) -> dict[str, Any]:
    """Run a benchmark in a process of its own and return what it printed."""
    command = [sys.executable, str(ROOT / "benchmarks" / name), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def test_audit_compares_the_interval_with_the_truth() -> None:
    result = run("audit.py", "--sessions", "2", "--tracks", "200", "240", "--checks", "15")
    assert result["sessions"] == 2
    assert 0 <= result["coverage"] <= 1 and 0 <= result["coverage_latest"] <= 1
    assert 0.2 < result["by_checks"]["15"]["width"] < 0.6
    assert {"chosen_too", "window20"} <= result.keys()


@pytest.fixture
def session() -> tuple[benchmark.Library, benchmark.Session]:
    """Play sixty questions."""
    library, played = benchmark.made_up(160, "rating", 3), benchmark.Session()
    for _ in range(6):
        benchmark.ten_questions(library, played, 3)
    return library, played


def test_a_session_asks_one_check_in_ten_and_nothing_twice(session: Any) -> None:
    _, played = session
    assert len(played.answered) == len(set(played.answered)) == len(played.codes) == 60
    assert 5 <= len(played.checks) == len(played.truth) <= 7


def test_the_checks_of_a_session_follow_the_fixed_order(session: Any) -> None:
    library, played = session
    line = audit.order(range(len(library.y)), target="rating", seed=3).tolist()
    assert [line.index(row) for row in played.checks] == sorted(line.index(row) for row in played.checks)


def test_every_check_has_a_guess_from_before_its_answer(session: Any) -> None:
    _, played = session
    assert set(played.checks) <= set(played.guess)
    assert not set(played.answered[:10]) & set(played.guess), "no guess before the first answers"


def test_doubts_prints_what_was_found_of_what_was_planted(home: Path) -> None:
    workspace = Workspace(home)
    answer(workspace, fill(workspace, 160), "genre", 120)
    result = run("doubts.py", "--home", str(home), "--target", "genre", "--seeds", "2", "--made-up", "80")
    assert (result["labels"], result["seeds"]) == (120, 2)
    for table in (result, result["made_up"]):
        assert 0 <= table["recall"][0] <= 1 and table["auc"][0] > 0.5
        assert table["flagged_per_100"][0] < 50
    assert len(workspace.labels.current("genre")) == 120


def test_exchanged_answers_are_wrong_and_the_ends_of_an_order_change_places() -> None:
    y = np.array(RATINGS * 40)
    wrong, rows = exchange(y, RATINGS, True, 0.1, np.random.default_rng(0))
    assert len(rows) == 12 and set(np.flatnonzero(wrong != y)) == set(rows.tolist())
    assert all(wrong[row] == {"liked": "disliked", "disliked": "liked"}.get(y[row], wrong[row]) for row in rows)
