"""The History page: every answer and skip, found again, played, changed, taken back or asked again."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from services import history, labeling, targets
from ui.components.acts import taken_back
from ui.components.answers import answer_field, word
from ui.components.moments import moment
from ui.components.play import play_button, play_column, play_labels
from ui.components.words import ASKED, SKIPPED, SOURCES, counted, literal, readable
from ui.session import Engine, any_answered, attempt, engine

DONE = "history-done"  # session: {"act", "title"} of what was just done, to be undone at once
PLACE = "history-place"  # session: {"filters", "offset"}: lines before the first that is shown
NEWEST = "history-newest"  # session: what was newest when the page was shown
REFRESH = 2.0  # seconds between two looks whether something was answered
ANY = "Any"
STATES = {"Counts now": "stands", "Replaced": "replaced", "Taken back": "taken back"}
ASKED_AS = {
    "Surprise check": "audit",
    "Repeat": "repeat",
    "Doubtful answer": "doubt",
    "Stars in Apple Music": "stars",
    "Put aside before": "aside",
    "Not asked": "nobody",
}
FROM = {"You": "person", "Apple Music": "itunes", "A CSV": "csv", "Folder or tags": "dataset"}
SKIPS = {f"Skipped: {words.lower()}": kind for kind, words in SKIPPED.items()}
TALLEST = 560  # pixels
WIDTHS = {name: st.column_config.Column(width=pixels) for name, pixels in {"Title": 210, "Artist": 150}.items()}

Row = dict[str, Any]


def page() -> None:
    """Show what was just done, the filters, the lines, and what can be done with those that are chosen."""
    opened = engine()
    st.title("History", anchor=False)
    if not any_answered(opened):
        st.write("Nothing answered yet. What you say on the Rate page is listed here.")
        return
    st.session_state[NEWEST] = newest(opened)
    st.fragment(follow, run_every=REFRESH)(opened)
    done(opened)
    wanted = filters(opened)
    offset = _offset(wanted)
    found = history.page(opened.workspace, offset=offset, limit=history.PAGE, **wanted)
    if not found["rows"]:
        st.write("Nothing fits.")
        return
    chosen = show(opened, found["rows"])
    turn(found["total"], offset, len(found["rows"]))
    if chosen:
        actions(opened, chosen)
    else:
        st.caption("Choose lines at their left edge to change them, take them back, or ask again what was skipped.")


def newest(opened: Engine) -> tuple[Any, ...]:
    """Return a value that changes with everything the history shows."""
    labels = opened.workspace.labels
    return labels.newest_id(), labels.newest_skip()


def follow(opened: Engine) -> None:
    """Show the page anew when something was answered by key meanwhile: what plays can be rated here."""
    if st.session_state.get(NEWEST) != newest(opened):
        st.rerun()


# -- what to look for ---------------------------------------------------------------------------------


def filters(opened: Engine) -> dict[str, Any]:
    """Ask what to look for and return it as `services.history.page` takes it."""
    names = {name.capitalize(): name for name in targets.in_use(opened.workspace)}
    with st.container(horizontal=True, gap="small", key="history-filters"):
        text = st.text_input("Title or artist", key="history-text")
        target = names.get(_choice("About", names, "history-target"))
        value = _choice("Answer", [*_values(opened, target), *SKIPS], "history-value")
        asked = _choice("Asked as", ASKED_AS, "history-asked")
        source = _choice("From", FROM, "history-source")
        state = _choice("State", STATES, "history-state")
    return {
        "target": target,
        "value": SKIPS.get(value, value) if value != ANY else None,
        "kind": "skip" if value in SKIPS else None if value == ANY else "label",
        "source": FROM.get(source),
        "asked": ASKED_AS.get(asked),
        "state": STATES.get(state),
        "text": text or "",
    }


def _choice(label: str, options: Any, key: str) -> str:
    return str(st.selectbox(label, [ANY, *options], format_func=word, key=key, width=150))


def _values(opened: Engine, target: str | None) -> list[str]:
    """Return the answers of a target; of all targets those that were given."""
    if target is not None:
        return labeling.choices(opened.workspace, target)
    given = opened.workspace.labels.counts()
    return list(dict.fromkeys(value for values in given.values() for value in values))


def _offset(wanted: dict[str, Any]) -> int:
    """Return how many lines stand before those shown; other filters begin at the newest again."""
    kept = st.session_state.get(PLACE)
    if kept is None or kept["filters"] != wanted:
        st.session_state[PLACE] = {"filters": wanted, "offset": 0}
    return int(st.session_state[PLACE]["offset"])


def turn(total: int, offset: int, shown: int) -> None:
    """Say which lines these are, and turn the page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="history-pages"):
        if total > shown:
            newer, older = offset - history.PAGE, offset + history.PAGE
            st.button("Newer", key="history-newer", disabled=offset == 0, on_click=_go, args=(max(0, newer),))
            st.button("Older", key="history-older", disabled=older >= total, on_click=_go, args=(older,))
        of = f"{offset + 1:,} to {offset + shown:,} of {total:,}" if total > shown else counted(total, "line")
        st.markdown(of, width="content")


def _go(offset: int) -> None:
    st.session_state[PLACE]["offset"] = offset


# -- the lines ----------------------------------------------------------------------------------------


def show(opened: Engine, rows: list[Row]) -> list[Row]:
    """Show the lines and return those that are chosen."""
    tracks = opened.workspace.tracks.many({row["track_id"] for row in rows})
    ids = [row["track_id"] for row in rows]
    table = pd.DataFrame({name: [_cell(row) for row in rows] for name, _cell in CELLS.items()})
    table.insert(0, "Play", play_labels([tracks[track_id].path is not None for track_id in ids]))
    key = f"history-{zlib.crc32(repr([(row['event_id'], row['state']) for row in rows]).encode()):x}"
    picked = st.dataframe(
        table,
        hide_index=True,
        column_config={"Play": play_column(f"{key}-play", ids), **WIDTHS},
        height=min(TALLEST, 40 + 35 * len(rows)),
        key=key,  # other lines, another choice
        on_select="rerun",
        selection_mode="multi-row",
        alt="Answers and skips, newest first",
    )
    return [rows[place] for place in picked["selection"].get("rows", []) if place < len(rows)]


def _why(row: Row) -> str:
    """Say why a line was asked; of a library's label what it said itself."""
    if row["asked"]:
        return ASKED.get(row["asked"], str(row["asked"]))
    answers_a_question = row["reason"] and row["source"] == "person"
    return "" if row["kind"] == "skip" or answers_a_question else str(row["said"] or "not asked")


IN_WORDS = {
    "label": {"stands": "counts now", "replaced": "replaced", "taken back": "taken back"},
    "skip": {"stands": "put aside", "replaced": "answered since", "taken back": "taken back"},
}
CELLS: dict[str, Callable[[Row], str]] = {
    "Title": lambda row: readable(row["title"]),
    "Answer": lambda row: SKIPPED[row["value"]] if row["kind"] == "skip" else word(row["value"]),
    "Artist": lambda row: readable(row["artist"]),
    "About": lambda row: row["target"],
    "When": lambda row: moment(row["created_at"]),
    "State": lambda row: IN_WORDS[row["kind"]][row["state"]],
    "From": lambda row: SOURCES[row["source"]],
    "Asked as": _why,
}


# -- what can be done ---------------------------------------------------------------------------------


def actions(opened: Engine, chosen: list[Row]) -> None:
    """Offer what can be done with the lines that are chosen."""
    answers = [row for row in chosen if row["kind"] == "label"]
    standing = [row["event_id"] for row in answers if row["state"] != "taken back"]
    skipped = [row["event_id"] for row in chosen if row["kind"] == "skip" and row["state"] != "taken back"]
    asked = {row["target"] for row in answers}
    with st.container(border=True, key="history-actions"):
        st.markdown(f"**{_these(chosen)}**")
        with st.container(horizontal=True, vertical_alignment="bottom", key="history-do"):
            if len(asked) == 1 and len(answers) == len(chosen):
                _change(opened, answers, asked.pop())
            if standing:
                words = f"Take back {counted(len(standing), 'answer')}"
                args = (opened, history.take_back, standing)
                st.button(words, key="history-take-back", icon=":material/undo:", on_click=_do, args=args)
            if skipped:
                words = f"Ask again {counted(len(skipped), 'track')}"
                args = (opened, history.ask_again, skipped)
                st.button(words, key="history-ask-again", icon=":material/replay:", on_click=_do, args=args)
            if len(chosen) == 1:
                track = opened.workspace.tracks.get(chosen[0]["track_id"])
                play_button(track.id, key="history-play", there=track.path is not None)
        if len(asked) > 1:
            st.caption("To change answers together choose those about one thing, for example only ratings.")


def _these(chosen: list[Row]) -> str:
    if len(chosen) > 1:
        return f"{counted(len(chosen), 'line')} chosen"
    row = chosen[0]
    return literal(readable(f"{row['title']} · {row['artist']}" if row["artist"] else row["title"]))


def _change(opened: Engine, answers: list[Row], target: str) -> None:
    ids = [row["event_id"] for row in answers]
    key = f"history-change-{zlib.crc32(repr(ids).encode()):x}"
    words = f"Change {counted(len(ids), 'answer')} to"
    answer_field(opened, target, label=words, key=key, on_change=_changed, args=(opened, ids, key))


def _changed(opened: Engine, event_ids: list[str], key: str) -> None:
    value = st.session_state[key]
    st.session_state[key] = None
    if value is not None:
        _do(opened, history.change, event_ids, value)


def _do(opened: Engine, verb: Callable[..., Row], *args: Any) -> None:
    """Do something to many lines and keep what it was, so that it can be undone at once."""
    result = attempt(opened, verb, *args)
    if result is not None:
        st.session_state[DONE] = result


def done(opened: Engine) -> None:
    """Say what was just done, with a way back, until something else was done."""
    result, newest = st.session_state.get(DONE), opened.workspace.acts.all(limit=1)
    if result is None or [act.id for act in newest] != [result["act"]]:
        return
    with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center", key="history-done-line"):
        st.markdown(f"{literal(readable(result['title']))}.", width="stretch")
        st.button("Undo", key="history-undo", on_click=_undo, args=(opened, result["act"]))


def _undo(opened: Engine, act: int) -> None:
    attempt(opened, labeling.undo_act, act, says=taken_back)


page()
