"""Figures from tables: DataFrame in, plotly Figure out; nothing here knows Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

LIGHT = {
    "text": "#22252B",
    "grid": "#D5D8E0",
    "mark": "#3F5BA9",
    "plain": "#6B7280",
    "low": "#F0F2F8",
    "high": "#3F5BA9",
}
DARK = {
    "text": "#E8EAEF",
    "grid": "#3A3F4B",
    "mark": "#9DB2EE",
    "plain": "#A3ADBA",
    "low": "#23262E",
    "high": "#5672C4",
}

LEAST_DB = 12.0  # shown of a track's level: on less, one that stays as it is looks like a mountain


def accuracy_intervals(table: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw each model's accuracy with its 95 % interval.

    Parameters
    ----------
    table : DataFrame
        Model, Accuracy, low, high; shares from 0 to 1. The baseline's name begins with "always".
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    usual = table.Model.str.startswith("always")
    figure = go.Figure(
        go.Scatter(
            x=table.Accuracy,
            y=table.Model,
            mode="markers",
            marker={
                "size": 12,
                "color": [colours["plain"] if plain else colours["mark"] for plain in usual],
                "symbol": ["circle-open" if plain else "circle" for plain in usual],
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": table.high - table.Accuracy,
                "arrayminus": table.Accuracy - table.low,
                "color": colours["plain"],
            },
            hovertemplate="%{y}: %{x:.0%}<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%", gridcolor=colours["grid"], title="Accuracy on unheard artists")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return _plain(figure, colours, height=80 + 48 * len(table))


def learning_curve(table: pd.DataFrame, *, expected: pd.DataFrame | None = None, dark: bool = False) -> go.Figure:
    """Draw how the guesses got better with the answers, as they were asked and in random order.

    Parameters
    ----------
    table : DataFrame
        labels, accuracy, random_accuracy; shares from 0 to 1.
    expected : DataFrame, optional
        One row, labels, accuracy, low, high: what is expected after more answers. Hollow, since it is a guess.
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    figure = go.Figure()
    for column, name, colour, dash, symbol in (
        ("random_accuracy", "The same answers in random order", "plain", "dash", "square-open"),
        ("accuracy", "As you were asked", "mark", "solid", "circle"),
    ):
        figure.add_scatter(
            x=table.labels,
            y=table[column],
            name=name,
            mode="lines+markers",
            line={"color": colours[colour], "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 9, "color": colours[colour]},
            hovertemplate="%{x} answers: %{y:.0%}<extra></extra>",
        )
    if expected is not None:
        figure.add_scatter(
            x=expected.labels,
            y=expected.accuracy,
            name="Expected",
            mode="markers",
            marker={"symbol": "diamond-open", "size": 11, "color": colours["mark"], "line": {"width": 2}},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": expected.high - expected.accuracy,
                "arrayminus": expected.accuracy - expected.low,
                "color": colours["mark"],
            },
            hovertemplate="after %{x} answers: %{y:.0%}<extra></extra>",
        )
    figure.update_xaxes(gridcolor=colours["grid"], title="Answers learned from", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", gridcolor=colours["grid"], title="Right on unheard artists")
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return _plain(figure, colours, height=380, legend=True)


def confusion_matrix(counts: pd.DataFrame, *, chosen: tuple[str, str] | None = None, dark: bool = False) -> go.Figure:
    """Draw how many tracks of each answer got each guess; a click anywhere in a cell chooses it.

    A heat map cannot be clicked, so a mark that is not seen lies on the middle of each cell and takes the click.

    Parameters
    ----------
    counts : DataFrame
        Rows: what was answered. Columns: what was guessed.
    chosen : (answered, guessed), optional
        A cell to be framed.
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    answered, guessed = [str(name) for name in counts.index], [str(name) for name in counts.columns]
    figure = go.Figure(
        go.Heatmap(
            x=guessed,
            y=answered,
            z=shares.to_numpy(),
            text=counts.to_numpy(),
            texttemplate="<b>%{text}</b>",
            textfont={"size": 19 if len(answered) < 8 else 15},  # large and bold: read on every shade between
            zmin=0,
            zmax=1,
            colorscale=[(0, colours["low"]), (1, colours["high"])],
            showscale=False,
            xgap=2,
            ygap=2,
            hoverinfo="skip",
        )
    )
    cells = [(row, column) for row in answered for column in guessed]
    figure.add_scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        mode="markers",
        marker={"size": 24, "symbol": "square", "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=counts.to_numpy().ravel(),
        hovertemplate="answered %{y}, guessed %{x}: %{customdata}<extra></extra>",
    )
    if chosen is not None:
        row, column = answered.index(chosen[0]), guessed.index(chosen[1])
        figure.add_shape(
            type="rect", x0=column - 0.49, x1=column + 0.49, y0=row - 0.49, y1=row + 0.49,
            line={"color": colours["text"], "width": 3},
        )  # fmt: skip
    figure.update_xaxes(type="category", title="Guessed", showgrid=False, zeroline=False, fixedrange=True)
    figure.update_yaxes(
        type="category", title="Answered", autorange="reversed", showgrid=False, zeroline=False, automargin=True,
        fixedrange=True,
    )  # fmt: skip
    figure.update_layout(hovermode="closest", hoverdistance=-1, clickmode="event+select", dragmode=False)
    return _plain(figure, colours, height=90 + max(64, 300 // len(answered)) * len(answered))


def reliability(table: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw how often guesses were right against how sure they were; on the dashed line both are the same.

    Parameters
    ----------
    table : DataFrame
        confidence, accuracy, low, high (shares from 0 to 1), tracks: how many are in each bin.
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="As sure as right",
        line={"color": colours["plain"], "dash": "dash", "width": 1.5}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=table.confidence,
        y=table.accuracy,
        name="Your tracks, with the 95 % interval",
        mode="markers+text",
        text=table.tracks,
        textposition="middle right",
        marker={"size": 10, "color": colours["mark"]},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": table.high - table.accuracy,
            "arrayminus": table.accuracy - table.low,
            "color": colours["plain"],
            "thickness": 1,
        },
        hovertemplate="%{x:.0%} sure, %{y:.0%} right of %{text} tracks<extra></extra>",
    )
    first = max(0.0, float(table.confidence.min()) - 0.08)
    figure.update_xaxes(
        range=[first, 1.04], tickformat=".0%", gridcolor=colours["grid"], title="How sure", zeroline=False
    )
    figure.update_yaxes(
        range=[-0.02, 1.04], tickformat=".0%", gridcolor=colours["grid"], title="How often right", zeroline=False
    )
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return _plain(figure, colours, height=380, legend=True)


def class_shares(table: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw the share of each class among the answers and among what is predicted.

    Parameters
    ----------
    table : DataFrame
        class, labelled, predicted; shares from 0 to 1.
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    figure = go.Figure()
    for column, name, colour, symbol in (
        ("labelled", "Of your answers", "plain", "square-open"),
        ("predicted", "Of what is predicted", "mark", "circle"),
    ):
        figure.add_scatter(
            x=table[column],
            y=table["class"],
            name=name,
            mode="markers",
            marker={
                "size": 12,
                "symbol": symbol,
                "color": colours[colour],
                "line": {"width": 2, "color": colours[colour]},
            },
            hovertemplate="%{y}: %{x:.0%}<extra>" + name.lower() + "</extra>",
        )
    figure.update_xaxes(rangemode="tozero", tickformat=".0%", gridcolor=colours["grid"], title="Share")
    figure.update_yaxes(type="category", autorange="reversed", automargin=True, gridcolor=colours["grid"])
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return _plain(figure, colours, height=110 + 34 * len(table), legend=True)


def training_curves(table: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw loss and accuracy of a network by epoch: what it learned from dashed, what it did not whole.

    Parameters
    ----------
    table : DataFrame
        fold, epoch, loss; accuracy, val_loss and val_accuracy where they were measured.
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    for row, what in enumerate(("loss", "accuracy"), 1):
        for column, name, colour, dash in (
            (what, "Learned from", "plain", "dash"),
            (f"val_{what}", "Not learned from", "mark", "solid"),
        ):
            if column not in table:
                continue
            for fold, one in table.dropna(subset=[column]).groupby("fold"):
                figure.add_scatter(
                    x=one.epoch,
                    y=one[column],
                    name=name,
                    legendgroup=name,
                    showlegend=bool(row == 1 and fold == table.fold.min()),
                    mode="lines+markers" if len(one) == 1 else "lines",
                    line={"color": colours[colour], "dash": dash, "width": 1.5},
                    hovertemplate=f"part {fold}, epoch %{{x}}: %{{y:.2f}}<extra>{name.lower()}</extra>",
                    row=row,
                    col=1,
                )
        figure.update_yaxes(title=what.capitalize(), gridcolor=colours["grid"], zeroline=False, row=row, col=1)
    figure.update_yaxes(tickformat=".0%", row=2, col=1)
    figure.update_xaxes(gridcolor=colours["grid"], zeroline=False)
    figure.update_xaxes(title="Epoch", row=2, col=1)
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return _plain(figure, colours, height=420, legend=True)


def track_course(parts: pd.DataFrame, *, segments: Sequence[float], telling: float, dark: bool = False) -> go.Figure:
    """Draw how a track goes: level and brightness of its parts, its segments, and where to listen first.

    Parameters
    ----------
    parts : DataFrame
        start, end (seconds), level (dB), brightness (Hz).
    segments : sequence of float
        Seconds at which each begins.
    telling : float
        Seconds.
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    middle = (parts.start + parts.end) / 2
    when = [f"{int(second) // 60}:{int(second) % 60:02d}" for second in middle]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    for row, (column, unit) in enumerate((("level", "dB"), ("brightness", "Hz")), 1):
        figure.add_scatter(
            x=middle,
            y=parts[column],
            customdata=when,
            mode="lines+markers",
            line={"color": colours["mark"], "width": 2, "shape": "hvh"},
            marker={"size": 4, "color": colours["mark"]},
            hovertemplate="%{customdata}: %{y} " + unit + "<extra></extra>",
            row=row,
            col=1,
        )
        figure.update_yaxes(title=f"{column.capitalize()}, {unit}", gridcolor=colours["grid"], row=row, col=1)
    for begin in segments:
        figure.add_vline(x=begin, line={"color": colours["plain"], "width": 1, "dash": "dot"})
    middle_db = float(parts.level.max() + parts.level.min()) / 2
    half = max(LEAST_DB, float(parts.level.max() - parts.level.min()) * 1.1) / 2
    figure.update_yaxes(range=[middle_db - half, middle_db + half], row=1, col=1)
    figure.update_yaxes(rangemode="tozero", row=2, col=1)
    figure.add_vline(x=telling, line={"color": colours["mark"], "width": 2})
    every = _round_step(float(parts.end.max()))
    ticks = list(range(0, int(parts.end.max()) + 1, every))
    figure.update_xaxes(
        tickvals=ticks, ticktext=[f"{second // 60}:{second % 60:02d}" for second in ticks], gridcolor=colours["grid"]
    )
    figure.update_xaxes(zeroline=False)
    figure.update_yaxes(zeroline=False, ticklabelstandoff=6)
    return _plain(figure, colours, height=300)


def sentiment_arc(lines: pd.DataFrame, *, arc: Sequence[float] = (), dark: bool = False) -> go.Figure:
    """Draw how each line of a song feels, and the course of it.

    Parameters
    ----------
    lines : DataFrame
        text, sentiment (-1 to 1), in the order they are sung.
    arc : sequence of float
        The smoothed course, evenly spread along the song.
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    place = list(range(1, len(lines) + 1))
    up = lines.sentiment >= 0
    figure = go.Figure(
        go.Bar(
            x=place,
            y=lines.sentiment,
            customdata=lines.text,
            marker={
                "color": [colours["mark"] if positive else colours["plain"] for positive in up],
                "pattern": {"shape": ["" if positive else "/" for positive in up]},  # not by colour alone
            },
            hovertemplate="%{customdata}<br>%{y:+.2f}<extra></extra>",
        )
    )
    if len(arc) > 1:
        step = (len(lines) - 1) / (len(arc) - 1)
        figure.add_scatter(
            x=[1 + step * n for n in range(len(arc))],
            y=list(arc),
            mode="lines",
            line={"color": colours["text"], "width": 2, "shape": "spline"},
            hoverinfo="skip",
        )
    figure.update_xaxes(title="Lines, as they are sung", gridcolor=colours["grid"], zeroline=False)
    figure.update_yaxes(
        title="Feels", range=[-1, 1], tickvals=[-1, 0, 1], ticktext=["negative", "0", "positive"],
        gridcolor=colours["grid"], zerolinecolor=colours["plain"],
    )  # fmt: skip
    return _plain(figure, colours, height=220)


def telling_words(
    table: pd.DataFrame, sides: Sequence[str], *, chance: Sequence[float] = (), dark: bool = False
) -> go.Figure:
    """Draw the words that tell two parts of a library apart, those of the second to the left.

    Parameters
    ----------
    table : DataFrame
        word, side, signed (standard deviations, negative for the second side), songs, rest (songs there).
    sides : sequence of str
        A colour for each side, in the order they come.
    chance : sequence of float
        Where lines are drawn, in standard deviations.
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    figure = go.Figure()
    for colour, pattern, (side, rows) in zip(sides, ("", "/"), table.groupby("side", sort=False), strict=False):
        figure.add_bar(
            x=rows.signed,
            y=[f"{word} " for word in rows.word],  # the blank keeps a word of both sides apart from itself
            orientation="h",
            name=str(side),
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=rows[["songs", "rest"]],
            hovertemplate="%{y}: in %{customdata[0]} songs here, %{customdata[1]} there<extra></extra>",
        )
    for place in chance:
        figure.add_vline(x=place, line={"color": colours["mark"], "width": 2, "dash": "dot"})
    figure.update_xaxes(title="Standard deviations", gridcolor=colours["grid"], zerolinecolor=colours["plain"])
    figure.update_yaxes(autorange="reversed", automargin=True, dtick=1, type="category")
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}, bargap=0.25)
    return _plain(figure, colours, height=120 + 24 * len(table), legend=True)


def sentiments(table: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw how the songs of each part of a library feel: every song a point, the middle half a box.

    Parameters
    ----------
    table : DataFrame
        value (the part), sentiment (-1 to 1), title.
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    figure = go.Figure()
    for value, rows in table.groupby("value", sort=False):
        figure.add_box(
            x=rows.sentiment,
            y=[str(value)] * len(rows),
            text=rows.title,
            orientation="h",
            boxpoints="all",
            jitter=0.5,
            pointpos=0,
            line={"color": colours["mark"], "width": 1.5},
            fillcolor="rgba(0,0,0,0)",
            marker={"size": 5, "color": colours["plain"], "opacity": 0.7},
            hovertemplate="%{text}: %{x:+.2f}<extra></extra>",
            name=str(value),
        )
    parts = table.value.nunique()
    figure.update_xaxes(
        title="Feels", range=[-1, 1], gridcolor=colours["grid"], zerolinecolor=colours["plain"],
        tickvals=[-1, -0.5, 0, 0.5, 1], ticktext=["negative", "-0.5", "0", "0.5", "positive"],
    )  # fmt: skip
    figure.update_yaxes(type="category", autorange="reversed", automargin=True)
    return _plain(figure, colours, height=90 + 60 * parts)


def _round_step(seconds: float) -> int:
    """Return the distance of about six ticks on a clock."""
    return next((step for step in (5, 10, 15, 30, 60, 120, 300, 600) if seconds / step <= 7), 1800)


def _plain(figure: go.Figure, colours: dict[str, str], *, height: int, legend: bool = False) -> go.Figure:
    """Give a figure the height, the text and the background of the page."""
    return figure.update_layout(
        height=height,
        margin={"l": 0, "r": 16, "t": 8, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours["text"], "size": 14},
        showlegend=legend,
    )
