"""How many tracks have words, where they came from, in which languages, and that they stay here."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from services import lyrics, lyrics_shown
from services.engine import Engine
from ui.components.lyrics_acts import do
from ui.components.words import LANGUAGES, percent

PRIVATE = (
    "Lyrics are your private copy: no playlist, table or report that Earmark writes holds them. Backups of your library"
    " do, since they hold everything but sound and tokens."
)
STATES = {
    "found": "Words are there",
    "instrumental": "Instrumental",
    "not_there": "Looked for and not there; again after 30 days",
    "failed": "Could not be looked for; again soon",
    "not_looked_for": "Not looked for yet",
    "to_decide": "Wait for your decision",
}


def coverage_table(engine: Engine) -> None:
    """Show the counts as tables, then a way to clear what was found."""
    known = lyrics_shown.coverage(engine.workspace)
    rows = [
        {"What is known": words, "Tracks": known[name], "Share": percent(known[name] / max(1, known["tracks"]))}
        for name, words in STATES.items()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="coverage-states")
    left, right = st.columns(2)
    with left:
        _counts("Source", known["by_source"], "coverage-sources")
    with right:
        languages = {LANGUAGES.get(code, code) or "unsure": n for code, n in known["by_language"].items()}
        _counts("Language", languages, "coverage-languages")
    st.caption(PRIVATE)
    if known["found"] + known["instrumental"] + known["not_there"] + known["failed"]:
        why = "What you wrote yourself stays. It can be undone."
        st.button("Clear all lyrics", key="lyrics-clear", help=why, on_click=do, args=(engine, lyrics.clear))


def _counts(name: str, counts: dict[str, int], key: str) -> None:
    if counts:
        table = pd.DataFrame({name: list(counts), "Tracks": list(counts.values())})
        st.dataframe(table, hide_index=True, key=key)
