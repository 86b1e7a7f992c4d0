"""LRCLIB and Genius played on this computer: right, wrong, noisy, refusing, busy, broken, slow, and silent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ARTIST = "Hollow Pines"
OTHER_ARTIST = "The Brass Kettles"
DURATION = 181.0  # seconds, of every song here
WORDS = """The harbour lights are going down
I fold the map and leave the town
A paper boat, a borrowed name
The morning never looked the same

Oh carry me over, carry me over
The river is wide and the night is young
Oh carry me over, carry me over
There is a song that was never sung

The station clock has lost its hands
The rain has walked across the sands
I wrote you letters on the wall
You never read a word at all

Oh carry me over, carry me over
The river is wide and the night is young"""
ANOTHER = """Put the kettle on, my dear
All the neighbours will be here
Sugar in a silver spoon
Dancing through the afternoon

Put the kettle on again
Count the biscuits, one to ten"""
DRIP_SECONDS = 0.1  # between two bytes of an answer that never ends
SILENCE = 30.0  # seconds a server that does not answer keeps the line open, unless it is closed before
BUSY_SECONDS = 1
LONG_BUSY = 7200

BEHAVIOURS = (
    "right", "synced", "noise", "another song", "nearly", "instrumental", "absent", "track list", "403", "429",
    "429 date", "429 long", "500", "garbage", "wrong shape", "null", "drip", "slow head", "never", "redirects", "huge",
    "challenge",
)  # fmt: skip


@dataclass
class Servers:
    """Both services at one address; what a song gets is said by its title."""

    plays: dict[str, str] = field(default_factory=dict)  # title -> one of BEHAVIOURS; others are absent
    requests: list[tuple[float, str, dict[str, str]]] = field(default_factory=list)  # moment, path, headers
    closing: threading.Event = field(default_factory=threading.Event)
    root: str = ""
    asked_before: set[str] = field(default_factory=set)

    @property
    def lrclib(self) -> str:
        """The address of LRCLIB."""
        return f"{self.root}/api"

    @property
    def genius(self) -> str:
        """The address of Genius."""
        return self.root


@contextmanager
def serving(plays: dict[str, str] | None = None) -> Iterator[Servers]:
    """Run both services until the block ends."""
    servers = Servers(dict(plays or {}))
    running = ThreadingHTTPServer(("127.0.0.1", 0), _handler(servers))
    running.daemon_threads = True
    servers.root = f"http://127.0.0.1:{running.server_address[1]}"
    thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield servers
    finally:
        servers.closing.set()
        running.shutdown()
        running.server_close()


def _handler(servers: Servers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            servers.requests.append((time.monotonic(), self.path, dict(self.headers)))
            address = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(address.query).items()}
            title = _title(servers, address.path, query)
            how = servers.plays.get(title, "absent")
            with suppress(OSError):  # the other side gave up
                self.play(address.path, title, how)

        def play(self, path: str, title: str, how: str) -> None:
            misbehave = MISBEHAVIOURS.get(how)
            if misbehave is not None and not misbehave(self, servers):
                return
            if path.startswith("/api/"):
                _lrclib(self, path, title, how)
            elif path == "/search":
                _genius_search(self, title, how)
            else:
                _genius_page(self, title, how)

        def answer(self, status: int, content: str, kind: str = "application/json", **headers: str) -> None:
            body = content.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


def _title(servers: Servers, path: str, query: dict[str, str]) -> str:
    said = query.get("track_name") or query.get("q") or path.strip("/").replace("-", " ").removesuffix(" lyrics")
    return next((title for title in servers.plays if title.casefold() in said.casefold()), said)


# -- LRCLIB -------------------------------------------------------------------------------------------


def _lrclib(handler: Any, path: str, title: str, how: str) -> None:
    record = _record(title, how)
    if path.endswith("/search"):
        handler.answer(200, json.dumps([record] if record else []))
    elif record is None or how in ("another song", "nearly"):  # an exact question finds only what is exact
        handler.answer(404, json.dumps({"code": 404, "name": "TrackNotFound", "message": "Failed to find track"}))
    else:
        handler.answer(200, json.dumps(record))


def _record(title: str, how: str) -> dict[str, Any] | None:
    base = {"id": 7, "trackName": title, "artistName": ARTIST, "albumName": "Songs", "duration": DURATION,
            "instrumental": False, "plainLyrics": None, "syncedLyrics": None}  # fmt: skip
    if how in ("right", "429", "429 date"):
        return base | {"plainLyrics": WORDS}
    if how == "synced":
        return base | {"plainLyrics": WORDS, "syncedLyrics": lrc()}
    if how == "noise":
        return base | {"plainLyrics": f"[Verse 1]\n{WORDS}\n\nLyrics powered by nobody"}
    if how == "another song":
        return base | {"trackName": "Kettle Song", "artistName": OTHER_ARTIST, "plainLyrics": ANOTHER}
    if how == "nearly":
        return base | {"trackName": f"{title} Tonight", "plainLyrics": WORDS, "duration": DURATION + 25}
    if how == "instrumental":
        return base | {"instrumental": True}
    if how == "track list":
        return base | {"plainLyrics": track_list()}
    return None


def lrc() -> str:
    """Return the words with a time stamp for each line, four seconds apart."""
    lines = WORDS.split("\n")
    return "\n".join(f"[{4 * n // 60:02}:{4 * n % 60:02}.00] {line}" for n, line in enumerate(lines, 2))


def track_list() -> str:
    """Return what some pages hold in place of words."""
    names = ("Harbour", "Letters", "Kettle", "Sands", "Station", "Paper Boat", "Morning", "River", "Clock", "Map")
    return "\n".join(f"{n}. {ARTIST} - {name} (3:{10 + n})" for n, name in enumerate(names, 1))


# -- Genius -------------------------------------------------------------------------------------------


def _genius_search(handler: Any, title: str, how: str) -> None:
    if how == "absent":
        handler.answer(200, json.dumps({"meta": {"status": 200}, "response": {"hits": []}}))
        return
    name, artist = (f"{title} Tonight", ARTIST) if how == "nearly" else (title, ARTIST)
    name, artist = ("Kettle Song", OTHER_ARTIST) if how == "another song" else (name, artist)
    result = {
        "title": name,
        "artist_names": artist,
        "primary_artist": {"name": artist},
        "path": "/" + title.replace(" ", "-") + "-lyrics",
        "lyrics_state": "complete",
        "instrumental": how == "instrumental",
    }
    hits = [{"type": "song", "index": "song", "result": result}]
    handler.answer(200, json.dumps({"meta": {"status": 200}, "response": {"hits": hits}}))


def _genius_page(handler: Any, title: str, how: str) -> None:
    words = {"track list": track_list(), "another song": ANOTHER}.get(how, WORDS)
    if how == "noise":
        words = f"12 ContributorsTranslationsDeutsch{title} Lyrics[Verse 1]\n{words}\nYou might also like123Embed"
    inside = escape(words).replace("\n", "<br/>")
    header = '<div class="LyricsHeader__Container">3 Contributors</div>' if how != "noise" else ""
    handler.answer(
        200,
        f"<html><head><title>{escape(title)}</title></head><body><script>window.__PRELOADED_STATE__ = {{}}</script>"
        f'<div data-lyrics-container="true" class="Lyrics__Container">{header}{inside}</div></body></html>',
        "text/html",
    )


# -- misbehaving --------------------------------------------------------------------------------------


def _status(number: int) -> Callable[[Any, Servers], bool]:
    def answer(handler: Any, servers: Servers) -> bool:
        handler.answer(number, "<html>Access denied</html>", "text/html")
        return False

    return answer


def _busy(header: Callable[[], str], *, always: bool = False) -> Callable[[Any, Servers], bool]:
    """Answer 429 the first time, or every time."""

    def answer(handler: Any, servers: Servers) -> bool:
        if not always and handler.path in servers.asked_before:
            return True
        servers.asked_before.add(handler.path)
        handler.answer(429, "slow down", "text/plain", Retry_After=header())
        return False

    return answer


def _soon() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=BUSY_SECONDS + 1), usegmt=True)


def _garbage(handler: Any, servers: Servers) -> bool:
    handler.answer(200, "\x00\x01<<<not { json", "application/json")
    return False


def _wrong_shape(handler: Any, servers: Servers) -> bool:
    handler.answer(200, json.dumps({"response": {"hits": None}, "0": [1, 2, {"a": None}]}))
    return False


def _drip(handler: Any, servers: Servers) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    try:
        while not servers.closing.wait(DRIP_SECONDS):
            handler.wfile.write(b" ")
            handler.wfile.flush()
    except OSError:  # the other side gave up
        pass
    return False


def _null(handler: Any, servers: Servers) -> bool:
    """Answer in the right shape, with things that are no texts in the places of texts."""
    record: dict[str, Any] = {
        "id": 1,
        "trackName": None,
        "artistName": None,
        "plainLyrics": 5,
        "syncedLyrics": [],
        "duration": True,
    }
    handler.answer(200, json.dumps({**record, "response": {"hits": {}}}))
    return False


def _slow_head(handler: Any, servers: Servers) -> bool:
    """Send the head of an answer byte by byte, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not servers.closing.wait(DRIP_SECONDS):
        handler.wfile.write(b"a")
        handler.wfile.flush()
    return False


def _never(handler: Any, servers: Servers) -> bool:
    servers.closing.wait(SILENCE)
    return False


def _redirects(handler: Any, servers: Servers) -> bool:
    handler.answer(302, "", "text/plain", Location=handler.path)
    return False


def _huge(handler: Any, servers: Servers) -> bool:
    handler.answer(200, '"' + "la " * 1_500_000 + '"')
    return False


def _challenge(handler: Any, servers: Servers) -> bool:
    handler.answer(200, "<html><title>Just a moment...</title>Are you a person?</html>", "text/html")
    return False


MISBEHAVIOURS: dict[str, Callable[[Any, Servers], bool]] = {  # each returns True to go on as if nothing were the matter
    "403": _status(403),
    "500": _status(500),
    "429": _busy(lambda: str(BUSY_SECONDS)),
    "429 date": _busy(_soon),
    "429 long": _busy(lambda: str(LONG_BUSY), always=True),
    "garbage": _garbage,
    "wrong shape": _wrong_shape,
    "null": _null,
    "drip": _drip,
    "slow head": _slow_head,
    "never": _never,
    "redirects": _redirects,
    "huge": _huge,
    "challenge": _challenge,
}
