"""How English lines feel: VADER's figures in our hands, and how often a reader agrees."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lyrics.sentiment import FEELS, POINTS, Mood, of_lines, of_song


def labelled() -> tuple[tuple[str, str], ...]:
    """Return the lines that stand beside this file with what a reader said of them."""
    spec = importlib.util.spec_from_file_location("sentiment_lines", Path(__file__).with_name("sentiment_lines.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.LINES


def test_a_reader_agrees_with_three_lines_of_four() -> None:
    lines = labelled()
    said = [label for label, _ in lines]
    told = [_class(value) for value in of_lines([line for _, line in lines])]
    right = Counter(a for a, b in zip(said, told, strict=True) if a == b)
    share = {label: right[label] / count for label, count in Counter(said).items()}
    assert len(lines) >= 60
    assert sum(right.values()) / len(lines) >= 0.75  # 50 of 64 when this was written
    assert min(share.values()) >= 0.65


def _class(value: float) -> str:
    return "positive" if value >= FEELS else "negative" if value <= -FEELS else "neutral"


def test_each_line_has_a_figure_and_empty_ones_have_none() -> None:
    felt = of_lines(["I love you", "", "  ", "I hate you", "The bus is here"])
    assert felt.shape == (5,) and felt.dtype == float
    assert np.isnan(felt).tolist() == [False, True, True, False, False]
    assert felt[0] > FEELS and felt[3] < -FEELS and felt[4] == 0
    assert of_lines([]).shape == (0,)


def test_a_negation_turns_a_feeling() -> None:
    happy, unhappy = of_lines(["I am happy", "I am not happy"])
    assert happy > 0 > unhappy


def test_a_chorus_counts_once_however_often_it_is_sung() -> None:
    song = "I hate this rain\nThe bus is late\nI love you\n"
    assert of_song(song + "I love you\n" * 30).mean == pytest.approx(of_song(song).mean)


def test_shares_count_the_lines_that_feel_something() -> None:
    mood = of_song("I love you\nI hate you\nThe bus is here\nThe door is green")
    assert (mood.positive, mood.negative) == (0.25, 0.25)
    assert -1 <= mood.mean <= 1


def test_the_arc_goes_from_beginning_to_end() -> None:
    mood = of_song(
        "\n".join(
            [f"I hate this awful pain {n}" for n in range(15)] + [f"I love this happy day {n}" for n in range(15)]
        )
    )
    assert mood.arc.shape == (POINTS,)
    assert mood.arc[0] < -0.2 and mood.arc[-1] > 0.2
    assert np.all(np.diff(mood.arc) > -0.01)


@pytest.mark.parametrize("text", ["", "\n\n", "Hello", "a\nb"])
def test_few_words_are_no_trouble(text: str) -> None:
    mood = of_song(text)
    assert isinstance(mood, Mood)
    assert np.isfinite([mood.mean, mood.positive, mood.negative, *mood.arc]).all() and len(mood.arc) <= POINTS


def test_a_mood_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        of_song("I love you").mean = 1.0  # type: ignore[misc]
