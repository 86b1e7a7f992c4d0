"""What can be asked about a track: the targets that ship, the person's own, and a way to add one."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from services import targets
from services.engine import Engine
from ui.components.words import counted, literal
from ui.session import attempt

FIELDS = {"name": "asked-name", "answers": "asked-answers", "question": "asked-question"}
ORDERED = "asked-ordered"
LINE = "They lie on one line, as ratings do, the lowest first"
FIXED = ("rating", "genre")  # their answers are not for the person to change


def asked(engine: Engine) -> None:
    """List what can be asked, then offer to add something."""
    st.header("What is asked", anchor=False)
    st.write("Rating and genre are asked about; anything else you hear in a track can be, too.")
    own = {row["name"] for row in engine.workspace.targets.all()}
    for about in targets.every(engine.workspace).values():
        _target(engine, targets.as_json(engine.workspace, about), changed=about.name in own)
    _add(engine)


def _target(engine: Engine, row: dict[str, Any], *, changed: bool) -> None:
    name = row["name"]
    with st.container(border=True, key=f"asked-{name}"):
        with st.container(horizontal=True, vertical_alignment="center", key=f"asked-{name}-line"):
            given = counted(row["labels"], "answer") if row["labels"] else "no answers yet"
            st.markdown(f"**{literal(name.capitalize())}** · {given}  \n{_answers(row)}", width="stretch")
            if changed:
                words, help_ = ("Remove", KEPT) if row["own"] else ("As it was", "Gives it its first answers back.")
                st.button(words, key=f"asked-remove-{name}", help=help_, on_click=_remove, args=(engine, name))
        if name not in FIXED:
            _change(engine, row)


KEPT = "It is not asked about any more. Its answers stay, and it can be taken back under What was done."


def _answers(row: dict[str, Any]) -> str:
    """Return the answers as they are written: "no, yes", or those of an ordered target from low to high."""
    if row["classes"] is None:
        return "Any name"
    between = " < " if row["kind"] == "ordered" else ", "
    return literal(between.join(row["classes"]))


def _change(engine: Engine, row: dict[str, Any]) -> None:
    name, key = row["name"], f"asked-change-{row['name']}"
    with st.expander("Change the answers", key=f"{key}-open"):
        st.text_input("Answers, separated by commas", ", ".join(row["classes"]), key=key)
        args = (engine, row, key)
        st.button("Save", key=f"asked-save-{name}", on_click=_save, args=args)
        if row["labels"]:
            st.caption("An answer that was given has to stay in the list.")


def _save(engine: Engine, row: dict[str, Any], key: str) -> None:
    verb = partial(targets.add, ordered=row["kind"] == "ordered", question=row["question"])
    attempt(engine, verb, row["name"], _list(st.session_state[key]), says=_saved)


def _add(engine: Engine) -> None:
    st.subheader("Ask about something else", anchor=False)
    st.write(
        "With **workout** and the answers no, yes, Earmark learns which tracks you would run to, guesses it for the"
        " others and makes playlists of them."
    )
    st.text_input("Name", key=FIELDS["name"], placeholder="workout", max_chars=30)
    st.text_input("Answers, separated by commas", key=FIELDS["answers"], placeholder="no, yes")
    st.checkbox(LINE, key=ORDERED)
    st.text_input(
        "Question, if you want it in other words", key=FIELDS["question"], placeholder="Would you run to this?"
    )
    st.button("Add", key="asked-add", type="primary", on_click=_take, args=(engine,))


def _take(engine: Engine) -> None:
    text = {name: st.session_state[key].strip() for name, key in FIELDS.items()}
    verb = partial(targets.add, ordered=st.session_state[ORDERED], question=text["question"] or None)
    if attempt(engine, verb, text["name"], _list(text["answers"]), says=_added) is not None:
        st.session_state.update(dict.fromkeys(FIELDS.values(), ""), **{ORDERED: False})


def _remove(engine: Engine, name: str) -> None:
    st.session_state.pop(f"asked-change-{name}", None)  # the field shows what is asked then
    attempt(engine, targets.remove, name, says=_removed)


def _list(text: str) -> list[str]:
    return [answer.strip() for answer in text.split(",") if answer.strip()]


def _added(row: dict[str, Any]) -> str:
    return f"Added: {row['name']}. Choose it on the Rate page to be asked."


def _saved(row: dict[str, Any]) -> str:
    return f"Saved: {row['name']}. It can be taken back under What was done."


def _removed(row: dict[str, Any]) -> str:
    stay = f" Its {counted(row['labels'], 'answer stays', 'answers stay')}." if row["labels"] else ""
    return f"{'Removed' if row['own'] else 'As it was'}: {row['name']}.{stay}"
