"""What the tests in a real browser share: a server of their own, a desk, and clicks that wait for the page."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parents[2]
PORT = 8720
ROW = 35  # pixels of a table's row, and of its head
SLOW = 3  # how much longer than a person's computer a busy one may take


class Server:
    """A real server on a home of its own, which can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.said = home.parent / "said.txt"
        self.start()

    def start(self) -> None:
        with open(self.said, "w") as said:
            command = [sys.executable, str(ROOT / "cli.py"), "--home", str(self.home), "run"]
            self.process = subprocess.Popen(
                [*command, "--browser", "none", "--port", str(getattr(self, "port", PORT))], stdout=said, stderr=said
            )
        note = self.home / "server.json"
        wait_until(note.exists, 90, "the server starts")
        self.port = json.loads(note.read_text())["port"]

    def kill(self) -> None:
        """End the server as a power cut would."""
        os.kill(json.loads((self.home / "server.json").read_text())["pid"], signal.SIGKILL)
        self.process.wait(timeout=60)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)

    def rows(self, table: str = "labels") -> list[sqlite3.Row]:
        """Return the answers in the order they were written, with their titles."""
        connection = sqlite3.connect(self.home / "earmark.db")
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(
                f"SELECT a.*, t.title FROM {table} a JOIN tracks t ON t.id = a.track_id ORDER BY a.id"
            ).fetchall()
        finally:
            connection.close()


class Desk:
    """What a person sees and presses in one browser tab."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server

    @property
    def title(self) -> str:
        return self.page.get_by_test_id("earmark-title").inner_text()

    @property
    def saved(self) -> str:
        return self.page.get_by_test_id("earmark-saved").inner_text()

    def sound(self) -> float:
        """Return the position of the sound in seconds."""
        return float(self.page.locator("audio").evaluate("audio => audio.currentTime"))

    def plays(self) -> bool:
        """Tell whether the sound moves on."""
        before = self.sound()
        self.page.wait_for_timeout(400)
        return self.sound() > before

    def settle(self) -> None:
        """Wait until a press counts and nothing is unsaved."""
        self.page.wait_for_timeout(450)
        wait_until(lambda: self.saved == "Saved", 10, "everything is saved", self.page)

    def press(self, key: str) -> str:
        """Press a key as a person would, and return the title it was meant for."""
        self.settle()
        title = self.title
        self.page.keyboard.press(key)
        return title

    def marked(self) -> list[str]:
        """Return the answers marked as the earlier one."""
        return [text.split("\n")[1] for text in self.page.locator(".answer.earlier").all_inner_texts()]


def wait_until(fits: object, seconds: float, what: str, page: Page | None = None) -> None:
    """Wait for something that takes so many seconds at most where nothing else runs."""
    deadline = time.monotonic() + SLOW * seconds
    while not fits():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"after {SLOW * seconds} s still waiting until {what}"
        page.wait_for_timeout(50) if page else time.sleep(0.05)


def link(desk: Desk, name: str) -> Locator:
    return desk.page.get_by_role("link", name=name, exact=True)


def settled(page: Page) -> None:
    """Wait until the page has taken in what was done: a list that opens meanwhile would be closed again."""
    page.wait_for_timeout(700)
    page.locator("[data-test-script-state=notRunning]").wait_for()


def still(area: Locator) -> dict[str, float]:
    """Scroll an area into view and return its box once it has stopped moving."""
    area.scroll_into_view_if_needed()
    boxes = [None, None]
    while boxes[-1] is None or boxes[-1] != boxes[-2]:
        area.page.wait_for_timeout(300)
        boxes.append(area.bounding_box())
    return boxes[-1]


def click_until(shown: Locator, area: Locator, place: Callable[[dict[str, float]], tuple[float, float]]) -> None:
    """Click into an area that is drawn, and so has no parts to wait for, until something is shown.

    Parameters
    ----------
    shown : Locator
        What the click leads to.
    area : Locator
    place : callable
        Where to click, from the box of the area: x, y in pixels.
    """
    from playwright.sync_api import TimeoutError as NotShown

    for last in (False, False, True):
        area.page.mouse.click(*place(still(area)))
        try:
            shown.wait_for(timeout=30_000 if last else 8_000)
            break
        except NotShown:
            if last:
                raise
    settled(area.page)
