"""Figures say what their tables say, in light and dark."""

from __future__ import annotations

import pandas as pd
import pytest

from ui import charts


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Model": ["always the usual answer", "ordered", "knn"],
            "Accuracy": [0.4, 0.8, 0.7],
            "low": [0.3, 0.7, 0.55],
            "high": [0.5, 0.85, 0.8],
        }
    )


def test_each_model_stands_at_its_accuracy_with_its_interval(table: pd.DataFrame) -> None:
    [marks] = charts.accuracy_intervals(table).data
    assert list(marks.y) == table.Model.tolist() and list(marks.x) == table.Accuracy.tolist()
    assert list(marks.x + marks.error_x.array) == pytest.approx(table.high.tolist())
    assert list(marks.x - marks.error_x.arrayminus) == pytest.approx(table.low.tolist())


def test_the_usual_answer_is_told_apart_without_colour(table: pd.DataFrame) -> None:
    [marks] = charts.accuracy_intervals(table).data
    assert list(marks.marker.symbol) == ["circle-open", "circle", "circle"]


@pytest.mark.parametrize(("dark", "colours"), [(False, charts.LIGHT), (True, charts.DARK)])
def test_the_page_shows_through_and_text_can_be_read(table: pd.DataFrame, dark: bool, colours: dict[str, str]) -> None:
    figure = charts.accuracy_intervals(table, dark=dark)
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)" and figure.layout.font.color == colours["text"]
    assert contrast(colours["text"], "#0E1117" if dark else "#FFFFFF") > 7
    assert contrast(colours["mark"], "#0E1117" if dark else "#FFFFFF") > 4.5


def test_more_models_need_more_room(table: pd.DataFrame) -> None:
    assert charts.accuracy_intervals(table).layout.height > charts.accuracy_intervals(table[:1]).layout.height
    assert tuple(charts.accuracy_intervals(table).layout.xaxis.range) == (0, 1)


def contrast(one: str, two: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, section 1.4.3)."""
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_learning_curve_tells_its_lines_apart_without_colour() -> None:
    table = pd.DataFrame({"labels": [8, 16, 32], "accuracy": [0.5, 0.6, 0.7], "random_accuracy": [0.45, 0.58, 0.7]})
    expected = pd.DataFrame([[52, 0.72, 0.7, 0.75]], columns=["labels", "accuracy", "low", "high"])
    for dark in (False, True):
        replayed, asked, after = charts.learning_curve(table, expected=expected, dark=dark).data
        assert (asked.line.dash, asked.marker.symbol) == ("solid", "circle")
        assert (replayed.line.dash, replayed.marker.symbol) == ("dash", "square-open")
        assert list(asked.y) == [0.5, 0.6, 0.7] and after.marker.symbol == "diamond-open"
        assert after.error_y.array[0] == pytest.approx(0.03) and after.error_y.arrayminus[0] == pytest.approx(0.02)
    assert len(charts.learning_curve(table).data) == 2


@pytest.fixture
def parts() -> pd.DataFrame:
    starts = [5.0 * i for i in range(48)]
    return pd.DataFrame(
        {
            "start": starts,
            "end": [start + 5 for start in starts],
            "level": [-20.0 + i / 4 for i in range(48)],
            "brightness": [1500 + 10 * i for i in range(48)],
        }
    )


def test_a_track_is_drawn_part_by_part_with_segments_and_telling_moment(parts: pd.DataFrame) -> None:
    figure = charts.track_course(parts, segments=[0.0, 62.5], telling=70.0)
    level, brightness = figure.data
    assert list(level.y) == parts.level.tolist() and list(brightness.y) == parts.brightness.tolist()
    assert level.x[0] == 2.5 and level.customdata[13] == "1:07"
    assert {shape.x0 for shape in figure.layout.shapes} == {0.0, 62.5, 70.0}
    assert figure.layout.xaxis.ticktext[:3] == ("0:00", "1:00", "2:00")


def test_a_track_of_a_second_is_drawn_too() -> None:
    one = pd.DataFrame({"start": [0.0], "end": [1.0], "level": [-80.0], "brightness": [0.0]})
    assert len(charts.track_course(one, segments=[0.0], telling=0.0, dark=True).data) == 2


def test_a_track_that_stays_as_loud_as_it_is_looks_level(parts: pd.DataFrame) -> None:
    flat = charts.track_course(parts.assign(level=-15.0), segments=[0.0], telling=0.0)
    steep = charts.track_course(parts.assign(level=[-80.0] + [-10.0] * 47), segments=[0.0], telling=0.0)
    assert list(flat.layout.yaxis.range) == [-21.0, -9.0]
    low, high = steep.layout.yaxis.range
    assert low < -80 and high > -10
