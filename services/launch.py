"""Starting the app: one server per home, on this computer only, with the browser opened once it answers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from core.errors import EarmarkError
from services.engine import LAUNCHER
from services.workspace import Workspace

APP = Path(__file__).resolve().parent.parent / "app.py"
FIRST_PORT = 8501
PORTS = 50  # tried one after the other
START_SECONDS = 90.0  # a first start compiles every package
STOP_SECONDS = 4.0
PORT_TAKEN = "is not available"  # Streamlit's words
# What must hold whatever a configuration file elsewhere says; the looks are in .streamlit/config.toml.
FLAGS = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.showEmailPrompt": "false",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
}


def run(
    *,
    home: str | os.PathLike[str] | None = None,
    browser: str = "default",
    port: int | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Serve a home until Ctrl-C, or open the server that already does.

    Parameters
    ----------
    home : path, optional
    browser : str
        "default" opens the person's browser once the server answers, "none" does not.
    port : int, optional
        The first to try; the next free one is taken.
    say : callable
        Told where the app is.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    EarmarkError
        No port is free, or the server does not start.
    """
    workspace = Workspace(home)  # refuses here, in one line, what the server could not open
    note = workspace.home / "server.json"
    lock = FileLock(workspace.home / "app.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _open_running(workspace, note, browser, say)
    first = port or FIRST_PORT
    try:
        while True:
            chosen = free_port(first)
            try:
                return _serve(workspace, note, browser, chosen, say)
            except _PortTakenError:  # by another program, between the look and the start
                first = chosen + 1
    finally:
        note.unlink(missing_ok=True)
        lock.release()


class _PortTakenError(Exception):
    """The port was free a moment ago."""


def free_port(first: int) -> int:
    """Return the first port from `first` on that nothing listens on."""
    for port in range(first, first + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise EarmarkError(f"No port between {first} and {first + PORTS - 1} is free. Choose another with --port.")


def _serve(workspace: Workspace, note: Path, browser: str, port: int, say: Callable[[str], None]) -> int:
    flags = [part for name, value in FLAGS.items() for part in (f"--{name}", value)]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port), *flags]
    home = workspace.home
    log = home / "server.log"
    with open(log, "wb") as output:
        server = subprocess.Popen(
            command,
            cwd=APP.parent,
            env={**os.environ, "EARMARK_HOME": str(home), LAUNCHER: str(os.getpid())},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C comes to this process, which ends the others in order
        )
    stop = _stop_on_signals()
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(server, url, workspace.home_id, log, stop)
        if stop:
            return 0
        note.write_text(json.dumps({"port": port, "pid": server.pid}), "utf-8")
        say(f"Earmark is open at {url} (Ctrl-C ends it)")
        _show(url, browser)
        while server.poll() is None and not stop:
            time.sleep(0.2)
        return 0 if stop else server.returncode or 0
    finally:
        _end(server)


def _stop_on_signals() -> list[int]:
    """Return a list that gets an entry when the person or the system wants this to end."""
    stop: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        stop.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ())):
        signal.signal(number, handle)
    return stop


def _wait_until_healthy(server: subprocess.Popen[bytes], url: str, home_id: str, log: Path, stop: list[int]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not stop and not _healthy(url, home_id):
        if server.poll() is not None or time.monotonic() > deadline:
            if PORT_TAKEN in log.read_text("utf-8", "replace"):
                raise _PortTakenError
            last = log.read_text("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise EarmarkError(f"The app did not start: {last[0]} (all of it: {log})")
        time.sleep(0.1)


def _healthy(url: str, home_id: str) -> bool:
    """Tell whether a server answers there, and has this home open: another program may have taken the port."""
    try:
        with urllib.request.urlopen(f"{url}/earmark/home", timeout=2) as answer:
            if json.load(answer)["home"] != home_id:
                return False
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError):
        return False


def _open_running(workspace: Workspace, note: Path, browser: str, say: Callable[[str], None]) -> int:
    """Open the server that already has this home; it may still be starting."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            url = f"http://127.0.0.1:{json.loads(note.read_text('utf-8'))['port']}"
        except (OSError, ValueError, KeyError):
            time.sleep(0.2)
            continue
        if _healthy(url, workspace.home_id):
            say(f"Another Earmark has this library open; opened that one instead: {url}")
            _show(url, browser)
            return 0
        time.sleep(0.2)
    raise EarmarkError(f"Another Earmark has {note.parent} open but does not answer. End it, then start again.")


def _show(url: str, browser: str) -> None:
    if browser != "none":
        webbrowser.open(url)


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server; it ends its own children."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
