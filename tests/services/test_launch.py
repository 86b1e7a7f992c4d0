"""Starting for real: one server per home, on this computer only, gone with every child after Ctrl-C."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from core.errors import EarmarkError
from core.records import FoundFile, Tags
from services import launch
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (
    "import sys; from services import launch;"
    " sys.exit(launch.run(home=sys.argv[1], browser='none', port=int(sys.argv[2]),"
    " say=lambda text: print(text, flush=True)))"
)


def command(home: Path, port: int) -> list[str]:
    return [sys.executable, "-c", COMMAND, str(home), str(port)]


@dataclass(frozen=True)
class Running:
    """An Earmark that was started as a person would, though the port it asked for was taken."""

    process: subprocess.Popen[str]
    home: Path
    said: str
    taken: int
    port: int

    def get(self, path: str, host: str | None = None) -> tuple[int, bytes]:
        """Return status and body of a page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{self.port}"})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start the server of a home that has one waiting track, so that a coordinator starts as well."""
    home = tmp_path_factory.mktemp("launch") / "home"
    workspace = Workspace(home)
    workspace.tracks.add([FoundFile(str(home / "gone.mp3"), 1, 1.0, Tags(title="Gone", artist="A"))])
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        process = subprocess.Popen(command(home, taken), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            yield Running(process, home, said, taken, json.loads((home / "server.json").read_text())["port"])
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=10)


def test_it_says_where_it_is_and_answers_there(running: Running) -> None:
    assert running.said == f"Earmark is open at http://127.0.0.1:{running.port} (Ctrl-C ends it)\n"
    assert running.get("/_stcore/health") == (200, b"ok")
    status, page = running.get("/")
    assert status == 200 and b"<title>Streamlit</title>" in page


def test_the_next_port_is_taken_when_one_is_taken(running: Running) -> None:
    assert running.taken < running.port < running.taken + launch.PORTS


def test_only_this_computer_is_listened_to(running: Running) -> None:
    family = [psutil.Process(running.process.pid), *psutil.Process(running.process.pid).children(recursive=True)]
    listening = {
        connection.laddr.ip
        for process in family
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/earmark/cover/x"])
def test_a_page_that_calls_us_by_another_name_is_refused(running: Running, path: str) -> None:
    assert running.get(path, host="evil.example")[0] == 400
    assert running.get(path, host=f"localhost:{running.port}")[0] != 400


def test_our_own_addresses_are_served(running: Running) -> None:
    assert running.get("/earmark/audio/forged") == (404, b"This address belongs to no track. Reload the page.")
    assert running.get("/earmark/cover/forged") == (204, b"")


def test_a_second_start_of_the_same_home_opens_the_first(running: Running) -> None:
    second = subprocess.run(
        command(running.home, running.port), cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert second.returncode == 0
    assert second.stdout.startswith("Another Earmark has this library open") and str(running.port) in second.stdout
    assert running.process.poll() is None


def analyses(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a child that has ended in between, or only waits to be noticed
        return False


def test_ctrl_c_ends_every_child_in_five_seconds(running: Running) -> None:
    """Comes last: nothing of the server is left after it."""
    Workspace(running.home).jobs.add("analyze", "analysis")
    server = psutil.Process(running.process.pid)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not any(map(analyses, server.children(recursive=True))):
        time.sleep(0.1)
    family = server.children(recursive=True)
    assert len(family) >= 3  # Streamlit, the coordinator, a child that analyses
    start = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs([server, *family], timeout=5)
    assert alive == []
    assert time.monotonic() - start < 5
    assert running.process.wait() == 0
    assert not (running.home / "server.json").exists()
    assert [job.state for job in Workspace(running.home).jobs.open()] == ["queued"]


def test_without_a_free_port_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "PORTS", 1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(EarmarkError, match=f"No port between {port} and {port} is free"):
            launch.free_port(port)
    assert launch.free_port(port) == port


def test_a_server_that_does_not_start_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "APP", home / "nothing.py")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with pytest.raises(EarmarkError, match=r"The app did not start: .*server\.log"):
            launch.run(home=home, browser="none", say=lambda text: None)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert not (home / "server.json").exists() and os.path.exists(home / "server.log")
