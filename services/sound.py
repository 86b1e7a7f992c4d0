"""What a browser plays and shows of a track: its file, a playable copy, its cover, and the name it asks for them by."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
from collections import defaultdict
from pathlib import Path

from core.errors import DecodeError, EarmarkError, UnknownTrackError
from services.workspace import Workspace

CACHE_BYTES = 2_000_000_000  # playable copies kept; the oldest go first

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def file_of(workspace: Workspace, track_id: int) -> Path:
    """Return a file of a track that is there now.

    Raises
    ------
    EarmarkError
        None of its files is.
    """
    paths = [Path(path) for path in workspace.tracks.paths_of(track_id)]
    for path in paths:
        if path.is_file():
            return path
    where = paths[0] if paths else "its file"
    raise EarmarkError(f"{where} is not there now. Is its drive connected? Nothing is lost.")


def playable_copy(workspace: Workspace, track_id: int) -> Path:
    """Return a copy of a track that every browser plays, made once and kept."""
    from audio.encode import PLAYABLE_EXTENSION, transcode

    source = file_of(workspace, track_id)
    stat = source.stat()
    folder = workspace.cache_folder / "playable"
    target = folder / f"{track_id}-{stat.st_size}-{int(stat.st_mtime)}{PLAYABLE_EXTENSION}"
    with _locks[target.name]:
        if not target.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _make_room(folder)
            transcode(source, target)
    os.utime(target)
    return target


def cover(workspace: Workspace, track_id: int) -> tuple[bytes, str] | None:
    """Return a track's cover picture and its type, None where it has none."""
    from audio.metadata import read_cover

    try:
        return read_cover(file_of(workspace, track_id))
    except (DecodeError, EarmarkError):
        return None


def _make_room(folder: Path) -> None:
    """Delete the copies not played for longest until the rest fits."""
    copies = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    used = 0
    for path in copies:
        used += path.stat().st_size
        if used > CACHE_BYTES:
            path.unlink(missing_ok=True)


class Signer:
    """Opaque names for tracks in web addresses, so that no one can walk through a library by counting."""

    def __init__(self, workspace: Workspace) -> None:
        secret = workspace.settings.get("secret")
        if secret is None:
            secret = secrets.token_hex(16)
            workspace.settings.set("secret", secret)
        self._key = bytes.fromhex(secret)

    def token(self, track_id: int) -> str:
        """Return the opaque name of a track."""
        number = track_id.to_bytes(6, "big")
        return base64.urlsafe_b64encode(number + self._mac(number)).decode().rstrip("=")

    def track_id(self, token: str) -> int:
        """Return the track of an opaque name.

        Raises
        ------
        UnknownTrackError
            The name was not made by this home.
        """
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raw = b""
        number, mac = raw[:6], raw[6:]
        if len(raw) != 18 or not hmac.compare_digest(mac, self._mac(number)):
            raise UnknownTrackError("This address belongs to no track. Reload the page.")
        return int.from_bytes(number, "big")

    def _mac(self, number: bytes) -> bytes:
        return hmac.new(self._key, number, hashlib.sha256).digest()[:12]
