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


@pytest.fixture
def counts() -> pd.DataFrame:
    return pd.DataFrame([[8, 2, 0], [3, 4, 3], [0, 1, 9]], index=["a", "b", "c"], columns=["a", "b", "c"])


def test_every_cell_says_its_count_and_takes_a_click(counts: pd.DataFrame) -> None:
    squares, marks = charts.confusion_matrix(counts).data
    assert squares.text.tolist() == counts.to_numpy().tolist() and squares.z.sum(axis=1) == pytest.approx([1, 1, 1])
    clicks = {(y, x): int(n) for x, y, n in zip(marks.x, marks.y, marks.customdata, strict=True)}
    assert clicks == {(row, column): counts.loc[row, column] for row in "abc" for column in "abc"}
    assert charts.confusion_matrix(counts).layout.hoverdistance == -1, "anywhere in a cell is in it"


def test_the_chosen_cell_is_framed_and_the_first_answer_stands_on_top(counts: pd.DataFrame) -> None:
    figure = charts.confusion_matrix(counts, chosen=("b", "c"), dark=True)
    [frame] = figure.layout.shapes
    assert (round((frame.x0 + frame.x1) / 2), round((frame.y0 + frame.y1) / 2)) == (2, 1)
    assert figure.layout.yaxis.autorange == "reversed" and len(charts.confusion_matrix(counts).layout.shapes) == 0


def test_counts_can_be_read_on_every_shade() -> None:
    for dark, colours in ((False, charts.LIGHT), (True, charts.DARK)):
        for share in (0, 0.25, 0.5, 0.75, 1):
            parts = zip(*(bytes.fromhex(colours[end][1:]) for end in ("low", "high")), strict=True)
            shade = "#" + "".join(f"{round(low + share * (high - low)):02X}" for low, high in parts)
            best = max(contrast("#444444", shade), contrast("#FFFFFF", shade))
            assert best > 3, f"large and bold text needs 3:1 (dark: {dark}, share: {share})"


def test_a_matrix_of_one_class_and_of_none_answered_is_drawn() -> None:
    one = pd.DataFrame([[0]], index=["a"], columns=["a"])
    assert charts.confusion_matrix(one).data[0].z.tolist() == [[0.0]]


def test_sureness_is_drawn_against_being_right_with_the_number_of_tracks() -> None:
    table = pd.DataFrame(
        {"confidence": [0.4, 0.9], "accuracy": [0.5, 0.8], "low": [0.3, 0.6], "high": [0.7, 0.9], "tracks": [20, 21]}
    )
    line, marks = charts.reliability(table, dark=True).data
    assert list(line.x) == list(line.y) == [0, 1] and line.line.dash == "dash"
    assert list(marks.text) == [20, 21] and list(marks.error_y.arrayminus) == pytest.approx([0.2, 0.2])


def test_shares_are_told_apart_without_colour() -> None:
    table = pd.DataFrame({"class": ["jazz", "rock"], "labelled": [0.5, 0.5], "predicted": [0.1, 0.9]})
    said, guessed = charts.class_shares(table).data
    assert (said.marker.symbol, guessed.marker.symbol) == ("square-open", "circle")
    assert list(guessed.x) == [0.1, 0.9] and list(guessed.y) == ["jazz", "rock"]


def test_each_fold_has_a_line_of_what_it_learned_from_and_one_of_what_it_did_not() -> None:
    table = pd.DataFrame(
        {"fold": [1, 1, 2], "epoch": [1, 2, 1], "loss": [1.1, 0.9, 1.2], "accuracy": [0.4, 0.5, 0.3]}
    ).assign(val_loss=[1.2, 1.1, None])
    lines = charts.training_curves(table).data
    assert [(line.name, line.line.dash, len(line.x)) for line in lines] == [
        ("Learned from", "dash", 2), ("Learned from", "dash", 1), ("Not learned from", "solid", 2),
        ("Learned from", "dash", 2), ("Learned from", "dash", 1),
    ]  # fmt: skip
    assert sum(bool(line.showlegend) for line in lines) == 2


def test_lines_that_feel_bad_differ_in_pattern_too() -> None:
    lines = pd.DataFrame({"text": ["a", "b", "c"], "sentiment": [0.5, -0.4, 0.0]})
    bars, arc = charts.sentiment_arc(lines, arc=[0.1, 0.0]).data
    assert list(bars.y) == [0.5, -0.4, 0.0] and list(bars.marker.pattern.shape) == ["", "/", ""]
    assert list(arc.x) == [1, 3]
    assert len(charts.sentiment_arc(lines).data) == 1


def test_words_of_two_sides_stand_on_two_sides() -> None:
    rows = [{"word": "sea", "side": "liked", "signed": 3.0, "songs": 2, "rest": 0},
            {"word": "neon", "side": "disliked", "signed": -2.0, "songs": 3, "rest": 1}]  # fmt: skip
    figure = charts.telling_words(pd.DataFrame(rows), ["#111111", "#222222"], chance=[1.5, -1.2], dark=True)
    first, second = figure.data
    assert [line.x0 for line in figure.layout.shapes] == [1.5, -1.2]
    assert (first.name, first.x[0], second.name, second.x[0]) == ("liked", 3.0, "disliked", -2.0)
    assert second.marker.pattern.shape == "/" and second.marker.color == "#222222"


def test_each_song_is_a_point_of_its_part() -> None:
    table = pd.DataFrame({"value": ["liked", "liked", "semi"], "sentiment": [0.1, 0.3, -0.2], "title": ["a", "b", "c"]})
    boxes = charts.sentiments(table).data
    assert [(box.name, list(box.x)) for box in boxes] == [("liked", [0.1, 0.3]), ("semi", [-0.2])]
