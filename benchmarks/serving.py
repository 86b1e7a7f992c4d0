"""The app as a person runs it, for benchmarks: the real server, Chromium, and the memory the server holds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import EarmarkError
from services.workspace import Workspace
from tests.conftest import CHROME_ARGUMENTS, chrome_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
START_S = 120.0  # for the server to answer, and for the analysis to begin


@contextmanager
def server(workspace: Workspace, *, log: Path) -> Iterator[tuple[str, int]]:
    """Run the app as a person does and yield its address and the server's process id."""
    command = [sys.executable, str(ROOT / "cli.py"), "--home", str(workspace.home), "run", "--browser", "none"]
    note = workspace.home / "server.json"
    with open(log, "wb") as output:
        launcher = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        end = time.monotonic() + START_S
        while not note.exists():
            if launcher.poll() is not None or time.monotonic() > end:
                raise EarmarkError(f"The app did not start: {log.read_text('utf-8', 'replace')[-500:]}")
            time.sleep(0.1)
        time.sleep(0.1)  # the note is written in one go, but not atomically
        about = json.loads(note.read_text("utf-8"))
        yield f"http://127.0.0.1:{about['port']}", about["pid"]
    finally:
        launcher.send_signal(signal.SIGTERM)
        launcher.wait(timeout=30)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a running Chromium with the autoplay policy a person has."""
    from playwright.sync_api import sync_playwright

    root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox refuses to run as root
    arguments = [*CHROME_ARGUMENTS, *(["--no-sandbox"] if root else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chrome_path(), args=arguments)
        yield browser
        browser.close()


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, in MB."""
    return _memory_mb(pid, "VmRSS")


def peak_mb(pid: int) -> float | None:
    """Return the most memory that a process held so far, in MB; None where the system does not say."""
    return _memory_mb(pid, "VmHWM") if _status(pid).exists() else None


def _memory_mb(pid: int, name: str) -> float:
    if _status(pid).exists():
        line = next(line for line in _status(pid).read_text().splitlines() if line.startswith(name))
        kilobytes = line.split()[1]
    else:
        kilobytes = subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)], text=True)
    return round(int(kilobytes) / 1024, 1)


def _status(pid: int) -> Path:
    return Path(f"/proc/{pid}/status")
