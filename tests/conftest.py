"""What every test may ask for: a home of its own, a real browser, the shared material beside the checkout."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
CHROMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
# Quiet and still; nothing here touches the autoplay policy, which the tests of the player are about.
CHROME_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


# Group -> the fixtures whose tests stay on one worker and come first, the longest first. Two browsers at a time would
# blur what they measure; the others take long to make and are made once for each worker.
GROUPS = {"browser": {"browser", "page"}, "heard": {"heard", "heard_copy"}, "demo": {"demo"}}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share what is slow on one worker, and begin with them."""
    places = {name: place for place, name in enumerate(GROUPS)}
    order = {}
    for item in items:
        group = next((name for name, slow in GROUPS.items() if slow & set(getattr(item, "fixturenames", ()))), None)
        order[item] = places.get(group or "", len(GROUPS))
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(group))
        if group == "browser":
            item.add_marker("browser")
    items.sort(key=order.__getitem__)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the path of a home that does not exist yet; no test can reach the person's own."""
    path = tmp_path / "home"
    monkeypatch.setenv("EARMARK_HOME", str(path))
    return path


@pytest.fixture(autouse=True)
def only_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave this computer: outside services are played by servers on the loopback address."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise AssertionError(f"A test tried to reach {address[0]}.")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect_here)


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """Give a function from a name to the path of ../shared/<name>; the test is skipped where that is not there."""

    def find(name: str) -> Path:
        path = ROOT.parent / "shared" / name
        if not path.exists():
            pytest.skip(f"../shared/{name} is not there.")
        return path

    return find


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a running Chrome or Chromium, as a person has it: the default autoplay policy, no user yet."""
    path = chrome_path()
    if path is None:
        missing = "No Chrome or Chromium was found; EARMARK_CHROMIUM can name one."
        pytest.fail(missing) if os.environ.get("EARMARK_REQUIRE_BROWSER") == "1" else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox refuses to run as root
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=path, args=[*CHROME_ARGUMENTS, *(["--no-sandbox"] if root else [])]
        )
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give an empty page of a new, cookieless window.

    Playwright's `evaluate` counts as a gesture of the person: a test of autoplay must not call it before the sound.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def chrome_path() -> str | None:
    """Return the browser to drive: EARMARK_CHROMIUM, else the first that is installed."""
    named = os.environ.get("EARMARK_CHROMIUM")
    mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    found = (shutil.which(name) for name in ([named] if named else [*CHROMES, mac]))
    return next((path for path in found if path), None)
