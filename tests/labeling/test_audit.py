"""The surprise checks: a lot that never changes, a sample that stays uniform, and words that promise no more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from itertools import pairwise

import numpy as np
import pytest

from labeling import audit as checks
from labeling.audit import Check, audit, keys, order, wilson
from labeling.schedule import CLOSEST, DECOYS, HIDDEN, LOOK_BACK, SCHEDULE, decoy, due, may_repeat

LOT = {"target": "rating", "seed": 7}


def made(right: int, n: int) -> list[Check]:
    """Return n checks of which so many were right."""
    return [Check(i, "liked", "liked" if i < right else "semi") for i in range(n)]


# --- the order ---


def test_keys_are_uniform_and_differ_by_target_and_seed() -> None:
    ids = np.arange(1, 20_001)
    own = keys(ids, **LOT)
    assert own.min() >= 0 and own.max() < 1
    assert np.abs(np.histogram(own, 20, (0, 1))[0] - 1_000).max() < 150
    for other in (keys(ids, target="genre", seed=7), keys(ids, target="rating", seed=8)):
        assert abs(np.corrcoef(own, other)[0, 1]) < 0.03


def test_neighbouring_tracks_have_unrelated_keys() -> None:
    own = keys(np.arange(20_000), **LOT)
    assert abs(np.corrcoef(own[1:], own[:-1])[0, 1]) < 0.03
    assert len(np.unique(own)) == len(own)


def test_the_order_of_those_that_stay_does_not_change_when_tracks_come_and_go() -> None:
    before, after = order(np.arange(100), **LOT), order(np.arange(50, 150), **LOT)
    stay = set(range(50, 100))
    assert [i for i in before if i in stay] == [i for i in after if i in stay]


def test_the_order_does_not_depend_on_how_the_tracks_are_given() -> None:
    ids = np.arange(60)
    assert order(ids, **LOT).tolist() == order(ids[::-1], **LOT).tolist()


def test_a_late_track_with_a_small_key_is_next() -> None:
    line = order(range(100), **LOT).tolist()
    assert order(line[1:], **LOT).tolist() == line[1:]
    assert order([*line[1:], line[0]], **LOT).tolist() == line


def test_what_is_reached_is_a_uniform_sample() -> None:
    """Over many libraries each track is among the first ten of a hundred about one time in ten."""
    counts = Counter(i for seed in range(600) for i in order(range(100), target="genre", seed=seed)[:10].tolist())
    assert set(counts) == set(range(100))
    assert max(counts.values()) < 95 and min(counts.values()) > 30  # 60 expected, standard deviation 7


# --- what they say ---


def test_the_sentence_gives_an_interval_in_plain_words() -> None:
    result = audit(made(14, 20))
    assert result.sentence == "Right on 14 of 20 surprise checks: likely 48-85 %."
    assert (result.checks, result.right) == (20, 14)
    assert result.as_json()["interval"] == [0.481, 0.8545]


@pytest.mark.parametrize("n", range(checks.MIN_CHECKS))
def test_below_fifteen_checks_there_is_no_percentage(n: int) -> None:
    result = audit(made(n // 2, n))
    assert "%" not in result.sentence and result.interval is None


def test_before_the_percentage_the_sentence_says_when_it_comes() -> None:
    assert audit(made(6, 8)).sentence == "Right on 6 of 8 surprise checks. A percentage comes after 15."
    assert audit(made(1, 1)).sentence.startswith("Right on 1 of 1 surprise check.")


def test_without_checks_the_sentence_says_so() -> None:
    assert audit([]).sentence == "No surprise checks yet. One question in 10 will be one."


def test_a_check_is_right_when_the_prediction_is_the_answer() -> None:
    assert Check(1, "liked", "liked").right
    assert not Check(1, "liked", "semi").right


# --- the interval ---


@pytest.mark.parametrize("n", [1, 10, 37, 200])
def test_the_interval_holds_the_share_and_stays_within_zero_and_one(n: int) -> None:
    for right in range(n + 1):
        low, high = wilson(right, n)
        assert 0 <= low <= right / n + 1e-12 and right / n - 1e-12 <= high <= 1
        mirrored = wilson(n - right, n)
        assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]))


def test_more_checks_narrow_the_interval() -> None:
    widths = [high - low for low, high in (wilson(7 * k, 10 * k) for k in (1, 2, 5, 20))]
    assert widths == sorted(widths, reverse=True)


def test_nothing_known_is_the_whole_scale() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("n", [15, 20, 30, 50, 100, 200])
def test_the_interval_covers_the_truth_nineteen_times_in_twenty(n: int) -> None:
    """Exactly, by the binomial distribution, averaged over true shares from one third to nine tenths."""
    shares = np.linspace(1 / 3, 0.9, 200)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    right = np.arange(n + 1)
    choose = logs[n] - logs[right] - logs[n - right]
    mass = np.exp(choose[None] + right * np.log(shares)[:, None] + (n - right) * np.log1p(-shares)[:, None])
    edges = np.array([wilson(int(k), n) for k in right])
    covered = (edges[None, :, 0] <= shares[:, None]) & (shares[:, None] <= edges[None, :, 1])
    coverage = (mass * covered).sum(axis=1)
    assert coverage.mean() > 0.945
    assert coverage.min() > 0.90


# --- the schedule ---


def played(questions: int, kinds: Collection[str] = tuple(SCHEDULE), line: int = 5) -> list[str]:
    """Play a desk that keeps five questions in its line; special ones are not replaced, ordinary ones always are."""
    answered: list[str] = []
    waiting: list[str] = []
    while len(answered) < questions:
        waiting = [code for code in waiting if code != "cover"]
        while len(waiting) < line:
            checks = sum(code == "audit" for code in [*answered, *waiting])
            turn = due(len(answered), answered[: -LOOK_BACK - 1 : -1], waiting, checks, **LOT)
            waiting.append(next((kind for kind in turn if kind in kinds), "cover"))
        answered.append(waiting.pop(0))
    return answered


def test_each_kind_comes_as_often_as_the_schedule_says() -> None:
    counts = Counter(played(2_000))
    for kind, every in SCHEDULE.items():
        assert counts[kind] == pytest.approx(2_000 / every, rel=0.15), kind
    assert counts["audit"] == pytest.approx(200, abs=1)


def test_a_kind_that_was_not_there_for_long_comes_back_without_a_rush() -> None:
    without = played(600, kinds=("audit", "repeat"))
    assert set(without) == {"audit", "repeat", "cover"}
    turn = due(600, without[: -LOOK_BACK - 1 : -1], [], without.count("audit"), **LOT)
    assert "stars" in turn and "stars" not in due(600, ["stars", *without[:50]], [], 60, **LOT)


def test_checks_come_at_places_that_counting_does_not_give_away() -> None:
    places = [number % 10 for number, code in enumerate(played(1_000)) if code == "audit"]
    assert len(set(places)) == 10


def test_missed_checks_are_made_up_for_but_not_at_once() -> None:
    answered: list[str] = ["cover"] * 50  # without a guess to keep there was none
    for _ in range(40):
        turn = due(len(answered), answered[::-1], [], answered.count("audit"), **LOT)
        answered.append("audit" if "audit" in turn else "cover")
    assert answered.count("audit") in (8, 9, 10)
    checks = [number for number, code in enumerate(answered) if code == "audit"]
    assert min(b - a for a, b in pairwise(checks)) > CLOSEST


def test_the_line_of_questions_is_the_same_after_a_restart() -> None:
    assert played(80) == played(80)
    assert due(60, ["cover"] * 40, [], 3, target="genre", seed=7) == due(
        60, ["cover"] * 40, [], 3, target="genre", seed=7
    )


def test_a_hidden_guess_is_as_often_a_decoy_as_a_check() -> None:
    codes = played(2_000)
    ordinary, hidden = codes.count("cover") / 2_000, sum(code in HIDDEN for code in codes) / 2_000
    decoys = np.mean([decoy(i, **LOT) for i in range(4_000)])
    assert decoys == pytest.approx(DECOYS, abs=0.03)
    assert ordinary * decoys == pytest.approx(hidden, abs=0.03)


def test_decoys_do_not_follow_the_order_of_the_checks() -> None:
    first = order(range(2_000), **LOT)[:400]
    assert np.mean([decoy(int(i), **LOT) for i in first]) == pytest.approx(DECOYS, abs=0.06)


def test_only_an_old_answer_is_asked_again() -> None:
    assert may_repeat(30) and not may_repeat(29)


def test_no_sentence_of_the_checks_holds_a_bare_number_of_percent_without_its_interval() -> None:
    for right, n in ((15, 15), (0, 15), (150, 200)):
        assert re.fullmatch(r"Right on \d+ of \d+ surprise checks: likely \d+-\d+ %\.", audit(made(right, n)).sentence)
