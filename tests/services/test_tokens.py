"""The Genius token is found where people keep them, readable by its owner alone, and shown nowhere."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from benchmarks.lyrics_servers import Servers
from core.errors import EarmarkError
from services import lyrics_search, lyrics_sources, tokens
from services.workspace import Workspace
from tests.services.conftest import AddSongs

TOKEN = "a-token-that-nobody-may-see-1234567890"


def test_genius_needs_a_token_and_says_how_to_get_one(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(tokens.GENIUS, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EarmarkError, match=r"needs an access token of your own\. On genius\.com/api-clients"):
        lyrics_sources.allow(workspace, "genius", True)
    assert lyrics_sources.allowed(workspace) == ()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere.")
def test_a_kept_token_is_readable_by_its_owner_alone(workspace: Workspace) -> None:
    tokens.keep(workspace, f" Bearer {TOKEN}\n")
    files = [path for path in workspace.home.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]
    assert tokens.token(workspace) == tokens.Token(TOKEN, "Settings", True)
    assert tokens.forget(workspace) and tokens.token(workspace) is None


def test_a_token_is_found_where_people_keep_them(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(tokens.GENIUS, raising=False)
    monkeypatch.chdir(tmp_path)
    tokens.keep(workspace, "kept-in-settings-1234567890")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(f'{tokens.GENIUS} = "of-streamlit"', "utf-8")
    assert tokens.token(workspace).value == "of-streamlit"
    (tmp_path / ".env").write_text(f"{tokens.GENIUS}='of-dotenv'\n", "utf-8")
    assert tokens.token(workspace).value == "of-dotenv"
    monkeypatch.setenv(tokens.GENIUS, "of-environment")
    assert tokens.token(workspace) == tokens.Token("of-environment", "the environment")


def test_a_token_is_shown_nowhere(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    tokens.keep(workspace, TOKEN)
    lyrics_sources.allow(workspace, "Genius", True)
    add_songs("Broken")
    servers.plays["Broken"] = "403"
    said = json.dumps([lyrics_search.fetch(workspace), lyrics_sources.state(workspace), repr(tokens.token(workspace))])
    assert TOKEN not in said and "Settings" in said
    assert TOKEN.encode() not in (workspace.home / "earmark.db").read_bytes()


@pytest.mark.parametrize("value", ["", "short", "two words that are no token at all", "ü" * 40])
def test_what_cannot_be_a_token_is_refused_without_repeating_it(value: str, workspace: Workspace) -> None:
    with pytest.raises(EarmarkError, match="This is no access token") as found:
        tokens.keep(workspace, value)
    assert not value.strip() or value not in str(found.value)


def test_a_token_is_tried_with_one_question(workspace: Workspace, servers: Servers) -> None:
    tokens.keep(workspace, TOKEN)
    servers.plays["Yesterday"] = "right"
    assert lyrics_sources.check_token(workspace) == "Genius accepts the token."
    servers.plays["Yesterday"] = "403"
    with pytest.raises(EarmarkError, match=r"Genius refuses this computer \(403\)\. The token is kept"):
        lyrics_sources.check_token(workspace)
