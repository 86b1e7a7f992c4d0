"""Which sources of lyrics may be asked, and the token for Genius."""

from __future__ import annotations

import streamlit as st

from services import lyrics_sources, tokens
from services.engine import Engine
from services.lyrics_sources import GENIUS, ONLINE, WHAT_LEAVES
from ui.session import attempt, note

FIELD = "lyrics-token"
OFF = (
    "Words are looked for in your files and in .lrc and .txt files beside them. Nothing is asked on the internet unless"
    " you turn it on here."
)


def lyrics_settings(engine: Engine) -> None:
    """Show a switch for each source, then the token."""
    st.header("Lyrics", anchor=False)
    st.write(OFF)
    state = lyrics_sources.state(engine.workspace)
    for name in ONLINE:
        key = f"lyrics-source-{name}"
        st.session_state[key] = state["sources"][name]
        st.toggle(f"Ask {name}", key=key, on_change=_allow, args=(engine, name, key))
        st.caption(WHAT_LEAVES[name])
    st.toggle(
        "Look for the words of new tracks by itself",
        value=state["by_itself"],
        key="lyrics-by-itself",
        on_change=lambda: engine.workspace.settings.set(lyrics_sources.BY_ITSELF, st.session_state["lyrics-by-itself"]),
    )
    _token(engine, state["token"])


def _allow(engine: Engine, name: str, key: str) -> None:
    attempt(engine, lyrics_sources.allow, name, st.session_state[key])


def _token(engine: Engine, place: str | None) -> None:
    st.subheader("Genius access token", anchor=False)
    key = tokens.token(engine.workspace)
    if key is None:
        st.write(lyrics_sources.NO_TOKEN)
    else:
        st.write(f"There is one, from {place}. It is sent to Genius only, and written into no log, backup or export.")
    with st.container(horizontal=True, vertical_alignment="bottom", key="lyrics-token-line"):
        st.text_input("Token", type="password", key=FIELD, autocomplete="off", width=320)
        st.button("Keep it", key="lyrics-token-keep", on_click=_keep, args=(engine,))
        if key is not None:
            st.button("Try it", key="lyrics-token-try", on_click=_try, args=(engine,))
        if key is not None and key.ours:
            st.button("Remove it", key="lyrics-token-remove", on_click=_remove, args=(engine,))


def _keep(engine: Engine) -> None:
    value = st.session_state[FIELD]
    st.session_state[FIELD] = ""  # it is not to stay in the browser
    attempt(engine, tokens.keep, value, says=lambda _: f"The token for {GENIUS} is kept.")


def _try(engine: Engine) -> None:
    attempt(engine, lyrics_sources.check_token, says=str)


def _remove(engine: Engine) -> None:
    tokens.forget(engine.workspace)
    note("The token is removed.")
