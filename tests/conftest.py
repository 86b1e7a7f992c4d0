"""What every test may ask for: a home of its own, a real browser, the shared material beside the checkout."""

from __future__ import annotations

import gc
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


# Group -> the files whose tests stay on one worker and come first, the longest first. Two browsers at a time would blur
# what they measure; the others share what takes long to make.
GROUPS = {
    "browser": (
        "test_apple_browser.py",
        "test_desk_browser.py",
        "test_desk_modes_browser.py",
        "test_lyrics_browser.py",
        "test_models_browser.py",
    ),
    "heard": ("test_analysis.py", "test_resume.py", "test_training.py"),
    "demo": ("test_demo.py",),
}


def group_of(nodeid: str) -> str | None:
    """Return the group of a test."""
    file = nodeid.partition("::")[0].rpartition("/")[2]
    return next((name for name, files in GROUPS.items() if file in files), None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the groups, and mark the tests that drive a browser."""
    places = {name: place for place, name in enumerate(GROUPS)}
    items.sort(key=lambda item: places.get(group_of(item.nodeid) or "", len(GROUPS)))
    for item in items:
        if {"browser", "page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep each group on one worker; xdist's own groups have no effect under this pytest."""
    from xdist.scheduler import LoadScopeScheduling

    class Grouped(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid) or nodeid

    return Grouped(config, log)


@pytest.fixture(autouse=True, scope="module")
def little_to_collect() -> None:
    """Let the collector overlook what earlier tests have imported: Streamlit has it run after every run of the page."""
    gc.collect()
    gc.freeze()


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
