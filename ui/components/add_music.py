"""Adding a folder: a path checked while it is typed, folders that exist, a small browser, a count before starting."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import EarmarkError
from services import library
from services.engine import Engine


def add_music(engine: Engine, *, key: str) -> None:
    """Ask for a folder or file and import it; analysis follows by itself."""
    if folder_field("Folder or file", key=key):
        st.toggle(
            "The folders are named after genres",
            key=f"{key}-genres",
            help="Takes the name of each file's folder as its genre. You can take it back.",
        )
        st.button("Add this music", key=f"{key}-go", type="primary", on_click=_start, args=(engine, key))


def folder_field(label: str, *, key: str) -> str | None:
    """Ask for a path, say at once what it holds, and return it when that is music."""
    field = f"{key}-path"
    for folder in library.suggested_folders():
        st.button(
            f"{folder}", key=f"{key}-suggest-{folder}", icon=":material/folder:", on_click=_choose, args=(field, folder)
        )
    path = st.text_input(label, key=field, placeholder="/home/me/Music", live=True)
    with st.expander("Look for it"):
        _browse(Path(path).expanduser() if path else Path.home(), field, key)
    if not path:
        return None
    check = library.check(path)
    (st.warning if check.error else st.success)(check.sentence)
    return None if check.error else path


def _choose(field: str, folder: Path) -> None:
    st.session_state[field] = str(folder)


def _browse(folder: Path, field: str, key: str) -> None:
    if not folder.is_dir():
        folder = next((parent for parent in folder.parents if parent.is_dir()), Path.home())
    st.caption(str(folder))
    if folder.parent != folder:
        st.button("Up", key=f"{key}-up", icon=":material/arrow_upward:", on_click=_choose, args=(field, folder.parent))
    try:
        children = library.subfolders(folder)
    except EarmarkError as error:
        st.caption(str(error))
        return
    for child in children:
        st.button(child.name, key=f"{key}-in-{child}", icon=":material/folder:", on_click=_choose, args=(field, child))


def _start(engine: Engine, key: str) -> None:
    field = f"{key}-path"
    path = str(Path(st.session_state[field]).expanduser().absolute())
    labels_from = "folder" if st.session_state.get(f"{key}-genres") else None
    engine.submit("import", {"paths": [path], "labels_from": labels_from})
    st.session_state[field] = ""
