"""The Models page: how far the guesses can be trusted, what was measured, where they go wrong, what was trained."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.records import ModelRun
from services import analysis, datasets, figures, model_pages, targets
from ui.components.changed import changed
from ui.components.confusion import confusion
from ui.components.doubtful import doubtful
from ui.components.inputs import INPUTS
from ui.components.leaderboard import leaderboard
from ui.components.learning_curve import LEARNING_CURVE
from ui.components.networks import networks
from ui.components.on_request import on_request
from ui.components.past_runs import past_runs
from ui.components.reliability import per_class, reliability
from ui.components.training_curves import training_curves
from ui.components.unlike import unlike
from ui.components.words import WITHOUT_EMBEDDING, counted, percent
from ui.session import Engine, engine, stamp

NEVER_APART = "\N{NO-BREAK SPACE}"
TWO_FIGURES = (
    "Surprise checks are drawn by lot from what has no answer, each guess kept before you answer, from the first"
    " answers on: that is what your playlists can count on. The other figure is that of artists left out of learning;"
    " models are chosen by it."
)
NOTHING = (
    "Nothing was trained yet. After Retrain this page shows every model with its interval, which answers are taken for"
    " which, whether the guesses are as sure as they are right, and what is unlike anything you answered."
)
NOT_KEPT = "What is taken for what is drawn from the next training on; this one did not keep its guesses."


def page() -> None:
    """Show how good the guesses are first, then Retrain, then what was measured, and what can be done about it."""
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
    lack = datasets.missing(opened.workspace, target)
    retrain(opened, target, lack)
    result = last_result(opened, target)
    if result:
        changed(opened, chosen_since(opened, target) or result)
        leaderboard(result)
    mistakes(opened, target)
    training_curves(opened, target, result)
    networks(opened, target, lack, result)
    if lack is None:
        more(opened, target)
    unlike(opened, target, trained=current is not None)
    past_runs(opened, target)


# -- how far the guesses can be trusted ---------------------------------------------------------------


def trust(opened: Engine, target: str, current: ModelRun | None) -> None:
    """Say how often the guesses were right, what speaks, and how far the person agrees with themselves."""
    checked, ceiling = _figures(stamp(opened), opened, target)
    heard = unheard(current)
    st.markdown(f"**{checked}**" + (f" {heard}" if heard else ""))
    if heard:
        st.caption(TWO_FIGURES)
    st.write(sentence(opened, target, current))
    if came := model_pages.words_since(opened.workspace, target):
        st.write(
            f"The words of {counted(came, 'track')} came since the last training. Retrain lets the models hear them."
        )
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
    if training_now:
        st.caption("It is learning now; a second click would start nothing more.")
    elif lack:
        st.caption(lack)


# -- what was measured, and what would help -----------------------------------------------------------


def last_result(opened: Engine, target: str) -> dict[str, Any] | None:
    """Return what the newest finished retraining of a target found."""
    job = opened.workspace.jobs.latest_done("retrain", target)
    return None if job is None else job.result


def chosen_since(opened: Engine, target: str) -> dict[str, Any] | None:
    """Return what came of letting another run speak, where that was after the newest training."""
    job, training = opened.workspace.jobs.latest("use_run"), opened.workspace.jobs.latest_done("retrain", target)
    if job is None or job.state != "done" or (training is not None and training.id > job.id):
        return None
    return job.result if job.result and job.result.get("target") == target else None


def mistakes(opened: Engine, target: str) -> None:
    """Show where the newest run was wrong, how sure it was, and how each answer fares."""
    run = model_pages.newest(opened.workspace, target)
    measured = None if run is None else _measured(opened.home_id, run.id, opened)
    if run is None or measured is None:
        st.write(NOT_KEPT if opened.workspace.model_runs.all(target) else NOTHING)
        return
    confusion(opened, run, measured)
    reliability(measured)
    per_class(opened, target, measured)


@st.cache_data(show_spinner=False, max_entries=16)
def _measured(home: str, run: int, _opened: Engine) -> dict[str, Any] | None:
    """Return what was kept of a run; it never changes."""
    return model_pages.measured(_opened.workspace, _opened.workspace.model_runs.get(run))


def more(opened: Engine, target: str) -> None:
    """Show what more answers and other inputs bring, and the answers worth another look."""
    st.header(f"What more {targets.get(opened.workspace, target).noun}s bring", anchor=False)
    on_request(opened, target, LEARNING_CURVE)
    st.header("What else there is to hear", anchor=False)
    on_request(opened, target, INPUTS)
    doubtful(opened, target)


page()
