"""The Models page: how far the guesses can be trusted, what more ratings bring, and what was trained."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.errors import EarmarkError
from core.records import ModelRun
from services import analysis, figures, targets, training
from ui import charts
from ui.components.doubtful import doubtful
from ui.components.words import WITHOUT_EMBEDDING, counted, literal, percent
from ui.session import Engine, engine, stamp

CURVES = "models-curves"  # session: target -> (what it was worked out from, the curve)
WANTED = "models-curve-wanted"  # session: the target whose curve is to be worked out
NEVER_APART = "\N{NO-BREAK SPACE}"
TWO_FIGURES = (
    "Surprise checks are drawn by lot from what has no answer, each guess kept before you answer, from the first"
    " answers on: that is what your playlists can count on. The other figure is that of artists left out of learning;"
    " models are chosen by it."
)
REPLAYED = (
    "Both lines learn from your own answers, the dashed one in random order, and are tested on artists left out. What"
    " random questions would have taught cannot be seen here. The hollow mark is what 20 more should bring."
)


def page() -> None:
    """Show how good the guesses are first, then Retrain, what more brings, doubts, and what was measured."""
    opened = engine()
    st.title("Models", anchor=False)
    names = list(targets.in_use(opened.workspace))
    target = st.segmented_control(
        "About", names, default=names[0], format_func=str.capitalize, key="models-target", required=True
    )
    target = target if target in names else names[0]  # an own one may be gone
    current = opened.workspace.model_runs.current(target)
    trust(opened, target, current)
    if not analysis.has_embedding():
        st.info(WITHOUT_EMBEDDING)
    lack = training.missing(opened.workspace, target)
    retrain(opened, target, lack)
    if lack is None:
        more_ratings(opened, target)
        doubtful(opened, target)
    last = last_result(opened, target)
    if last:
        st.header("What was measured", anchor=False)
        st.caption(last["why"])
        leaderboard(last)


# -- how far the guesses can be trusted ---------------------------------------------------------------


def trust(opened: Engine, target: str, current: ModelRun | None) -> None:
    """Say how often the guesses were right, what speaks, and how far the person agrees with themselves."""
    checked, ceiling = _figures(stamp(opened), opened, target)
    heard = unheard(current)
    st.markdown(f"**{checked}**" + (f" {heard}" if heard else ""))
    if heard:
        st.caption(TWO_FIGURES)
    st.write(sentence(opened, target, current))
    st.write(ceiling)


@st.cache_data(show_spinner=False, max_entries=16)
def _figures(stamp: str, _opened: Engine, target: str) -> tuple[str, str]:
    """Return the sentences of the surprise checks and of the blind repeats."""
    workspace = _opened.workspace
    return figures.audit(workspace, target).sentence, figures.consistency(workspace, target).sentence


def unheard(current: ModelRun | None) -> str | None:
    """Say how good the trained model is on artists it has not heard: "For artists it has never heard: 71 % ± 6."."""
    if current is None:
        return None
    low, high = current.scores["accuracy_interval"]
    figure = f"{percent(current.scores['accuracy'])} ± {50 * (high - low):.0f}"
    return f"For artists it has never heard: {figure.replace(' ', NEVER_APART)}."


def sentence(opened: Engine, target: str, current: ModelRun | None) -> str:
    """Say in one sentence what speaks now and what it has learned from."""
    labels = len(opened.workspace.labels.current(target))
    if current is None and opened.workspace.model_runs.all(target):
        start = "Trained, but not used yet: the quick models speak until one does measurably better."
        return f"{start} {counted(labels, 'answer')} so far."
    if current is None:
        return f"No trained model yet; the quick ones learn after every answer. {counted(labels, 'answer')} so far."
    newer = max(0, labels - current.labels)
    return (
        f"**{current.family}** speaks, learned from {counted(current.labels, 'answer')}."
        f" {counted(newer, 'answer')} newer than this model."
    )


def retrain(opened: Engine, target: str, lack: str | None) -> None:
    """Offer the training, or say what is missing for it."""
    training_now = bool(opened.workspace.jobs.open(kind="retrain"))
    st.button(
        "Retrain",
        key="models-retrain",
        type="primary",
        disabled=bool(lack) or training_now,
        on_click=opened.submit,
        args=("retrain", {"target": target}),
        help="Trains every kind of model on all your answers and measures each on artists it has not heard.",
    )
    if lack:
        st.caption(lack)


# -- what more ratings bring --------------------------------------------------------------------------


@st.fragment  # the rest of the page stays as it is meanwhile
def more_ratings(opened: Engine, target: str) -> None:
    """Show the learning curve that was worked out, and offer to work it out: that takes seconds."""
    st.header(f"What more {targets.get(opened.workspace, target).noun}s bring", anchor=False)
    newest = str(opened.workspace.labels.newest_id(target))
    kept = st.session_state.setdefault(CURVES, {})
    if st.session_state.pop(WANTED, None) == target:
        kept[target] = (newest, work_out(opened, target))
    made_of, curve = kept.get(target, (None, None))
    if curve is None:
        st.write("Learns from your first answers, then from more and more of them; that takes some seconds.")
    else:
        show_curve(curve.as_json())
        if made_of != newest:
            st.caption("You have answered since; this is from before.")
    words = "Work it out" if curve is None else "Work it out again"
    fresh = curve is not None and made_of == newest
    st.button(words, key="models-curve", disabled=fresh, on_click=want_curve, args=(target,))


def want_curve(target: str) -> None:
    """Have the curve worked out when the page is shown next."""
    st.session_state[WANTED] = target


def work_out(opened: Engine, target: str) -> Any:
    """Return the curve, with the progress on the page; None, and why, where there are too few answers."""
    words = "Learning from your answers again and again"
    bar = st.progress(0.0, words)

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"{words}: {done} of {total}")

    try:
        return figures.curve(opened.workspace, target, progress=progress)
    except EarmarkError as error:
        st.error(str(error))
        return None
    finally:
        bar.empty()


def show_curve(curve: dict[str, Any]) -> None:
    """Show the sentence, and the lines once there are enough answers for them."""
    st.markdown(f"**{literal(curve['sentence'])}**")
    if not curve["steps"]:
        return
    table = pd.DataFrame(curve["steps"])
    expected = None
    if curve["gain"] is not None:
        last, (low, high) = table.accuracy.iloc[-1], curve["interval"]
        after = [curve["labels"] + curve["more"], *(min(1.0, last + gain) for gain in (curve["gain"], low, high))]
        expected = pd.DataFrame([after], columns=["labels", "accuracy", "low", "high"])
    dark = st.context.theme.type == "dark"
    figure = charts.learning_curve(table, expected=expected, dark=dark)
    st.plotly_chart(figure, key="models-curve-chart", config={"displayModeBar": False})
    st.caption(REPLAYED)


# -- what was measured --------------------------------------------------------------------------------


def last_result(opened: Engine, target: str) -> dict[str, Any] | None:
    """Return what the newest finished retraining of a target found."""
    job = opened.workspace.jobs.latest_done("retrain", target)
    return None if job is None else job.result


def leaderboard(result: dict[str, Any]) -> None:
    """Show every family that was measured, the usual answer among them."""
    rows = [result["baseline"], *result["models"]] if "baseline" in result else result["models"]
    table = pd.DataFrame(
        [
            {
                "Model": "always the usual answer" if row["name"] == "baseline" else row["name"],
                "Accuracy": row["accuracy"],
                "low": row["accuracy_interval"][0],
                "high": row["accuracy_interval"][1],
                "Macro F1": row["macro_f1"],
                "ROC AUC": row["roc_auc"],
                "Log loss": row["log_loss"],
                "Seconds": row["seconds"],
            }
            for row in rows
        ]
    )
    dark = st.context.theme.type == "dark"
    st.plotly_chart(charts.accuracy_intervals(table, dark=dark), key="models-chart", config={"displayModeBar": False})
    st.dataframe(table.drop(columns=["low", "high"]), hide_index=True, key="models-table")
    st.caption("Each artist's tracks are either learned from or tested on, never both. The line is the 95 % interval.")


page()
