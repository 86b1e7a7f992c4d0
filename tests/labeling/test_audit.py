"""The surprise checks: a lot that never changes, a sample that stays uniform, and words that promise no more."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from labeling import audit as checks
from labeling.audit import Check, audit, due, keys, next_check, order, reached, wilson
from labeling.schedule import DECOYS, SCHEDULE, decoy, may_repeat, next_kind, special

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


def test_checks_go_through_the_order_and_past_what_is_answered_or_put_off() -> None:
    line = order(range(50), **LOT).tolist()
    assert next_check(range(50), [], **LOT) == line[0]
    assert next_check(range(50), [line[0]], [line[1]], **LOT) == line[2]


def test_not_now_comes_back_first() -> None:
    line = order(range(50), **LOT).tolist()
    assert next_check(range(50), line[2:10], **LOT) == line[0]


def test_a_late_track_with_a_small_key_is_next() -> None:
    line = order(range(100), **LOT).tolist()
    late, early = line[0], line[1:]
    assert next_check(early, early[:5], **LOT) == early[5]
    assert next_check([*early, late], early[:5], **LOT) == late


def test_when_everything_is_answered_there_is_nothing_to_check() -> None:
    assert next_check(range(5), range(5), **LOT) is None
    assert next_check([], [], **LOT) is None


def test_reached_is_everything_up_to_the_largest_key_checked() -> None:
    line = order(range(40), **LOT).tolist()
    assert reached(range(40), [line[3], line[9]], **LOT).tolist() == line[:10]
    assert reached(range(40), [], **LOT).tolist() == []


def test_a_checked_track_that_left_the_library_still_marks_how_far_the_checks_came() -> None:
    line = order(range(40), **LOT).tolist()
    left = [i for i in range(40) if i != line[9]]
    assert reached(left, [line[9]], **LOT).tolist() == line[:9]


def test_what_is_reached_is_a_uniform_sample() -> None:
    """Over many libraries each track is among the first ten of a hundred about one time in ten."""
    counts = Counter(i for seed in range(600) for i in order(range(100), target="genre", seed=seed)[:10].tolist())
    assert set(counts) == set(range(100))
    assert max(counts.values()) < 95 and min(counts.values()) > 30  # 60 expected, standard deviation 7


# --- when ---


def test_every_tenth_question_is_a_check() -> None:
    asked = 0
    for number in range(100):
        asked += due(number, 0, asked)
    assert asked == 10


def test_waiting_questions_count_so_that_no_check_is_chosen_twice() -> None:
    assert due(5, 4, 0)
    assert not due(5, 4, 1)


def test_a_missed_check_is_made_up_for() -> None:
    assert [due(number, 0, 0) for number in (8, 9, 14, 18)] == [False, True, True, True]


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


def test_each_kind_comes_as_often_as_the_schedule_says() -> None:
    counts = Counter(special(number, **LOT) for number in range(400))
    assert {kind: counts[kind] for kind in SCHEDULE} == {kind: 400 // every for kind, every in SCHEDULE.items()}


def test_each_ten_holds_one_check_at_a_place_that_counting_does_not_give_away() -> None:
    kinds = [[special(10 * ten + place, **LOT) for place in range(10)] for ten in range(50)]
    assert all(ten.count("audit") == 1 for ten in kinds)
    assert len({ten.index("audit") for ten in kinds}) == 10


def test_missed_checks_are_asked_next_and_none_too_many() -> None:
    assert next_kind(14, 0, 0, **LOT) == "audit"
    asked = 0
    for number in range(200):
        asked += next_kind(number, 0, asked, **LOT) == "audit"
    assert asked == 20


def test_the_line_of_questions_is_the_same_after_a_restart() -> None:
    assert [special(n, **LOT) for n in range(80)] == [special(n, **LOT) for n in range(80)]
    assert [special(n, **LOT) for n in range(80)] != [special(n, target="genre", seed=7) for n in range(80)]


def test_a_hidden_guess_is_as_often_a_decoy_as_a_check() -> None:
    ordinary = sum(special(number, **LOT) is None for number in range(400)) / 400
    hidden = sum(special(number, **LOT) in ("audit", "repeat") for number in range(400)) / 400
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
