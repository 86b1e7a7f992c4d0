"""The Settings page: folders, cores, the table of first guesses, where everything lies."""

from __future__ import annotations

import streamlit as st

from core.settings import VERSION, default_cores
from services import analysis
from services.learning import genre_table
from ui.components.words import WITHOUT_EMBEDDING
from ui.session import Engine, engine, note


def page() -> None:
    """Show what can be set and what is good to know."""
    opened = engine()
    st.title("Settings", anchor=False)
    folders(opened)
    cores(opened)
    genres(opened)
    st.header("About", anchor=False)
    if not analysis.has_embedding():
        st.write(WITHOUT_EMBEDDING)
    st.write(f"Earmark {VERSION}. Everything stays on this computer, in this folder:")
    st.markdown(f"`{opened.workspace.home}`")


def folders(opened: Engine) -> None:
    """List the folders music came from and offer to look for changes."""
    st.header("Folders", anchor=False)
    roots = opened.workspace.roots.all()
    if not roots:
        st.write("No folder yet. Add one on the Library page.")
        return
    for number, root in enumerate(roots):
        with st.container(horizontal=True, vertical_alignment="center", key=f"root-{number}"):
            st.markdown(f"`{root}`", width="stretch")
            st.button("Look for changes", key=f"root-scan-{number}", on_click=_scan, args=(opened, root))


def _scan(opened: Engine, root: str) -> None:
    opened.submit("import", {"paths": [root], "labels_from": None})


def cores(opened: Engine) -> None:
    """Ask how many tracks are listened to at once."""
    st.header("Analysis", anchor=False)
    most = default_cores()
    kept = min(most, int(opened.workspace.settings.get("cores") or most))
    st.number_input(
        "Cores to use",
        1,
        most,
        kept,
        key="settings-cores",
        help="Each listens to one track at a time and needs about 1 GB of memory. Counts from the next analysis on.",
        on_change=lambda: opened.workspace.settings.set("cores", st.session_state["settings-cores"]),
    )


def genres(opened: Engine) -> None:
    """Let the person edit which sounds speak for which genre before the first answer."""
    st.header("First guesses of a genre", anchor=False)
    st.write("One genre a line, then the words that speak for it. Used until your own answers weigh more.")
    table = genre_table(opened.workspace)
    text = "\n".join(f"{name}: {', '.join(tags)}" for name, tags in table.items())
    with st.form("settings-genres", border=False):
        edited = st.text_area("Genres and words", text, height=320, key="settings-genre-table")
        if st.form_submit_button("Save"):
            _save_genres(opened, edited)


def _save_genres(opened: Engine, text: str) -> None:
    from core.vocabulary import MSD_TAGS

    lines = [line.split(":", 1) for line in text.splitlines() if line.strip()]
    table = {line[0].strip(): [tag.strip() for tag in line[1].split(",")] for line in lines if len(line) == 2}
    known = {tag.casefold() for tag in MSD_TAGS}
    unknown = sorted({tag for tags in table.values() for tag in tags if tag and tag.casefold() not in known})
    if unknown:
        st.error(f"Not saved. MusiCNN has no word for: {', '.join(unknown)}. It has: {', '.join(MSD_TAGS)}.")
        return
    if len(table) < 2 or any(len(line) != 2 for line in lines):
        st.error("Not saved. Write at least two lines such as: rock: rock, hard rock")
        return
    opened.workspace.settings.set("genre_tags", {name: [t for t in tags if t] for name, tags in table.items()})
    opened.learner.wake()
    note("Saved.")
    st.rerun()


page()
