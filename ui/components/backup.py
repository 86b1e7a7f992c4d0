"""Backups: making one, looking into one, and putting it in place of what is here."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import EarmarkError
from services import backup
from services.backup import Contents
from services.engine import Engine
from ui.components.moments import moment
from ui.components.words import readable
from ui.session import note

DOWNLOAD_BYTES = 500_000_000  # larger ones are taken from their folder
UPLOAD_MB = 500
MADE = "backup-made"  # session: the backup just written
RESTORED = "backup-restored"  # session: what the last restore said
ELSEWHERE = "Another file"
NAMES = {"before-restore": "before a restore", "before-migrat": "before an update", "earmark": "made by you"}


def backups(engine: Engine) -> None:
    """Make a backup, then restore one."""
    st.header("Backup", anchor=False)
    st.write(f"Everything Earmark knows, in one file. {backup.estimate(engine.workspace).sentence}")
    _make(engine)
    st.subheader("Restore", anchor=False)
    _told()
    if (file := _chosen(engine)) is not None:
        _compare(engine, file)


# -- making ---------------------------------------------------------------------------------------------


def _make(engine: Engine) -> None:
    path = st.text_input("File", str(backup.suggested_file(engine.workspace)), key="backup-path")
    file = Path(path.strip()).expanduser()
    if file.is_file():
        st.caption("There is a file of this name. It will be replaced.")
    if st.button("Make a backup", key="backup-make", type="primary"):
        _write(engine, file)
    made = st.session_state.get(MADE)
    if made is None or not made.is_file():
        return
    content = backup.describe(made)
    st.success(f"{content.sentence} It is here: `{readable(str(made))}`")
    if content.bytes < DOWNLOAD_BYTES:
        st.download_button("Download it", made.read_bytes, made.name, "application/zip", key="backup-download")


def _write(engine: Engine, file: Path) -> None:
    st.session_state.pop(MADE, None)
    if not file.is_absolute():
        st.error(f"Nothing was written. Give the whole path, for example {Path.home() / 'earmark.zip'}")
        return
    try:
        with st.spinner("Making a backup"):
            st.session_state[MADE] = Path(backup.backup(engine.workspace, file)["path"])
    except EarmarkError as error:
        st.error(str(error))


# -- restoring --------------------------------------------------------------------------------------------


def _told() -> None:
    """Say where the state before the last restore lies, until it was read."""
    told = st.session_state.get(RESTORED)
    if told:
        st.success(
            f"This library is now as it was in `{told['restored']}`. What was here before is in `{told['saved']}`."
        )


def _chosen(engine: Engine) -> Path | None:
    """Ask for a backup: one in the home, a file of the browser's computer, or a path."""
    kept = sorted(
        [*backup.automatic(engine.workspace), *backup.made(engine.workspace)],
        key=lambda p: p.stat().st_mtime,
        reverse=True,
    )
    options = [str(path) for path in kept] + [ELSEWHERE]
    chosen = st.selectbox(
        "Which backup", options, index=None, format_func=_name, placeholder="Choose one", key="restore-which"
    )
    if chosen is None:
        return None
    if chosen != ELSEWHERE:
        return Path(chosen)
    uploaded = st.file_uploader("Choose it", ["zip", "db"], key="restore-upload", max_upload_size=UPLOAD_MB)
    path = st.text_input("Or type where it is", key="restore-path", placeholder=str(Path.home() / "earmark.zip"))
    if uploaded is not None:
        return backup.keep_upload(engine.workspace, uploaded.file_id, uploaded.name, uploaded.getbuffer())
    return Path(path.strip()).expanduser() if path.strip() else None


def _name(option: str) -> str:
    path = Path(option)
    if option == ELSEWHERE or not path.is_file():
        return option
    written = moment(pd.Timestamp(path.stat().st_mtime, unit="s", tz="UTC").isoformat())
    kind = next((words for start, words in NAMES.items() if path.name.startswith(start)), path.name)
    return f"{written[0].upper()}{written[1:]}, {kind}"


def _compare(engine: Engine, file: Path) -> None:
    """Show what is in a backup beside what is here, and restore it when the person says so."""
    try:
        there = backup.describe(file)
    except EarmarkError as error:
        st.error(str(error))
        return
    st.table(_side_by_side(there, backup.estimate(engine.workspace)), hide_index=True, border="horizontal")
    st.caption(f"{_origin(there)} What is here now is saved first; your music files are not touched.")
    if st.button("Put this in place of what is here", key="restore-go", type="primary"):
        _restore(engine, file)


def _origin(there: Contents) -> str:
    made = f"Made {moment(there.created_at)} by Earmark {there.version}." if there.created_at else ""
    return made or "A copy of the database alone; the models stay as they are."


def _side_by_side(there: Contents, here: Contents) -> pd.DataFrame:
    targets = dict.fromkeys(["rating", "genre", *there.labels, *here.labels])
    rows = {"Tracks": (there.tracks, here.tracks), "of them listened to": (there.analysed, here.analysed)}
    rows |= {f"{name.capitalize()} labels": (there.labels.get(name, 0), here.labels.get(name, 0)) for name in targets}
    rows |= {"Models": (there.models, here.models), "Playlists": (there.playlists, here.playlists)}
    return pd.DataFrame(
        {
            "What": list(rows),
            "In the backup": [f"{there:,}" for there, _ in rows.values()],
            "Here now": [f"{here:,}" for _, here in rows.values()],
        }
    )


def _restore(engine: Engine, file: Path) -> None:
    try:
        with st.spinner("Restoring; this can take half a minute"):
            st.session_state[RESTORED] = backup.restore(engine.workspace, file)
    except EarmarkError as error:
        st.error(str(error))
        return
    engine.begin_anew()
    note("Restored.")
    st.session_state.pop(MADE, None)
    st.rerun()
