"""What more answers bring: a curve that rises where there is something to learn, and silence where it is too early."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.errors import Cancelled
from models.learning_curve import MIN_LABELS, LearningCurve, _sentence, expected_gain, gains_of, learning_curve
from models.logistic import LogisticClassifier
from models.majority import MajorityClassifier

CLASSES = ["folk", "jazz", "rock"]
SIZES = np.array([8, 16, 32, 64, 128])


def answers(n: int = 60, noise: float = 1.5, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, answers and artists of tracks that can be told apart more or less."""
    rng = np.random.default_rng(seed)
    label = rng.integers(3, size=n)
    X = np.eye(3)[label] @ rng.normal(size=(3, 10)) + noise * rng.normal(size=(n, 10))
    return X, np.array(CLASSES)[label], np.array([f"artist {i // 3}" for i in range(n)])


def curve(n: int = 60, noise: float = 1.5, **options: object) -> LearningCurve:
    """Return the curve of made-up answers."""
    X, y, groups = answers(n, noise)
    return learning_curve(LogisticClassifier, X, y, groups, classes=CLASSES, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def learned() -> LearningCurve:
    """Return one curve for the tests that only look at it."""
    return curve(90, 1.0)


def test_the_curve_rises_where_there_is_something_to_learn(learned: LearningCurve) -> None:
    first, last = learned.steps[0], learned.steps[-1]
    assert last.accuracy > first.accuracy and last.random_accuracy > first.random_accuracy
    assert last.log_loss < first.log_loss


def test_the_steps_go_from_eight_to_all_that_a_training_fold_holds(learned: LearningCurve) -> None:
    labels = [step.labels for step in learned.steps]
    assert labels == sorted(set(labels)) and labels[0] == 8
    assert 0.6 * 90 < labels[-1] < 90


def test_the_two_replays_meet_at_the_last_step(learned: LearningCurve) -> None:
    last = learned.steps[-1]
    assert last.accuracy == pytest.approx(last.random_accuracy, abs=0.05)


def test_it_is_ready_for_json(learned: LearningCurve) -> None:
    table = json.loads(json.dumps(learned.as_json()))
    assert table["labels"] == 90 and table["more"] == 20
    assert table["steps"][0]["auc_liked"] is None
    assert table["interval"][0] <= table["gain"] <= table["interval"][1]


def test_ratings_have_the_auc_of_liked() -> None:
    X, y, groups = answers(40)
    names = np.array(["disliked", "semi", "liked"])
    rated = names[np.searchsorted(CLASSES, y)]
    result = learning_curve(LogisticClassifier, X, rated, groups, classes=names.tolist(), ordered=True)
    assert all(step.auc_liked is not None and 0 <= step.auc_liked <= 1 for step in result.steps)


def test_the_order_of_asking_shows_in_the_first_steps() -> None:
    """All of one class first: eight answers then teach nothing, eight at random something."""
    X, y, groups = answers(90, 0.5)
    by_class = np.argsort(y, kind="stable")
    result = learning_curve(LogisticClassifier, X[by_class], y[by_class], groups[by_class], classes=CLASSES)
    assert result.steps[0].accuracy < result.steps[0].random_accuracy - 0.1


def test_a_model_that_cannot_learn_gains_nothing() -> None:
    X, y, groups = answers(60)
    y = np.where(np.arange(60) % 5 == 0, y, "folk")
    result = learning_curve(MajorityClassifier, X, y, groups, classes=CLASSES)
    assert result.enough and result.gain == pytest.approx(0, abs=0.005)
    assert result.sentence == "More ratings hardly change it now: under 1 point for the next 20."


@pytest.mark.parametrize(("n", "sentence"), [(20, "12 more genre labels."), (31, "1 more genre label.")])
def test_below_thirty_two_answers_it_is_too_early(n: int, sentence: str) -> None:
    result = curve(n, noun="genre label")
    assert result.sentence == f"Too early to say: {sentence}"
    assert n < MIN_LABELS and result.gain is None and not result.enough and result.steps == ()


def test_answers_of_one_kind_or_artist_say_what_is_missing() -> None:
    X, y, groups = answers(40)
    alike = learning_curve(LogisticClassifier, X, np.full(40, "folk"), groups, classes=["folk"])
    assert alike.sentence == "Too early to say. All answers are the same so far. Give one that differs."
    one = learning_curve(LogisticClassifier, X, y, np.full(40, "abba"), classes=CLASSES)
    assert "one artist" in one.sentence


def test_it_tells_how_far_it_is_and_stops_when_asked() -> None:
    told: list[tuple[int, int]] = []
    curve(34, progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == list(range(1, told[-1][1] + 1))
    with pytest.raises(Cancelled):
        curve(34, should_stop=lambda: True)


def test_the_same_answers_give_the_same_curve() -> None:
    assert curve(34) == curve(34)


# --- the fit ---


@pytest.mark.parametrize("c", [0.25, 0.5, 0.7])
def test_a_power_law_is_read_beyond_its_end(c: float) -> None:
    gain = gains_of((0.8 - 0.9 * SIZES**-c)[None], SIZES, 128, 20)[0]
    assert gain == pytest.approx(0.9 * (128**-c - 148**-c), rel=0.35)


def test_a_flat_or_falling_curve_promises_nothing() -> None:
    gains = gains_of(np.array([np.full(5, 0.6), np.linspace(0.7, 0.6, 5)]), SIZES, 128, 20)
    np.testing.assert_allclose(gains, 0, atol=1e-9)


def test_no_curve_is_continued_beyond_everything_right() -> None:
    steep = np.linspace(0.2, 0.99, 5)[None]
    assert 0.99 + gains_of(steep, SIZES, 128, 10_000)[0] < 1.1


def test_a_curve_that_still_climbs_promises_more_than_one_that_is_done() -> None:
    gains = gains_of(np.array([0.9 - 1.5 * SIZES**-0.5, 0.7 - 3 * SIZES**-1.5]), SIZES, 128, 20)
    assert gains[0] > 3 * gains[1]


def test_the_gain_lies_in_its_interval_and_few_artists_widen_it() -> None:
    rng = np.random.default_rng(0)
    hits = (rng.random((8, 5, 120)) < (0.7 - 0.8 * SIZES**-0.5)[None, :, None]).astype(float)
    gain, (low, high) = expected_gain(hits, SIZES, np.arange(120).astype(str), at=120)
    assert low <= gain <= high


# --- the sentences ---


@pytest.mark.parametrize(
    ("interval", "sentence"),
    [
        ((0.012, 0.031), "20 more ratings: about 1 to 3 points more."),
        ((0.018, 0.023), "20 more ratings: about 2 points more."),
        ((0.001, 0.031), "20 more ratings: up to 3 points more."),
        ((0.0, 0.012), "20 more ratings: up to 1 point more."),
        ((0.0, 0.009), "More ratings hardly change it now: under 1 point for the next 20."),
    ],
)
def test_the_gain_is_said_in_whole_points(interval: tuple[float, float], sentence: str) -> None:
    assert _sentence(0.02, interval, "rating") == sentence
