"""A cluster hears what this computer hears: the code and the files travel, workers come and go, trouble is said."""

from __future__ import annotations

import importlib
import io
import itertools
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio import musicnn
from audio.analyse import analyse
from audio.encode import write_audio
from core.errors import DecodeError, EarmarkError
from core.records import Analysis, Tags, Task
from services import cluster
from services.cluster import map_on_cluster

distributed = pytest.importorskip("distributed", reason="The extra `cluster` is not installed.")

SR = 32_000  # Hz
SETS = ("descriptors",)  # quick to have
SCHEDULER = "from distributed.cli.dask_scheduler import main; main()"
WORKER = "from distributed.cli.dask_worker import main; main()"


@pytest.fixture
def songs(tmp_path: Path) -> list[str]:
    """Give the paths of three short songs."""
    t = np.arange(3 * SR) / SR
    return [
        str(write_audio(tmp_path / f"{n}.{ending}", tone, SR, Tags(title=f"{n}")))
        for n, ending in enumerate(["flac", "mp3", "ogg"])
        for tone in [(0.3 * np.sin(2 * np.pi * 220 * (n + 1) * t)).astype(np.float32)]
    ]


@pytest.fixture
def local() -> Iterator[Callable[..., Any]]:
    """Give a function that starts a scheduler here with so many workers; they end with the test."""
    started = []

    def start(workers: int, **options: Any) -> Any:
        started.append(
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, **options
            )
        )
        return started[-1]

    yield start
    for one in started:
        one.close(timeout=120)  # a worker that is a thread first ends what it hears
    for name in [name for name in sys.modules if name.startswith("earmark_")]:
        del sys.modules[name]  # the next scheduler in this process has its own copy, and this one's is gone


@pytest.fixture
def hired(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Give a function that starts a worker as another computer would: in a folder without our code, but with traps."""
    folder = tmp_path / "elsewhere"
    for name in ("core", "audio", "services"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise RuntimeError('this package only has the same name')")
    (folder / "near.flac").write_bytes(b"another file of that name")
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    started = []

    def start(address: str) -> subprocess.Popen[bytes]:
        arguments = [address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        command = [sys.executable, "-c", WORKER, *arguments]
        started.append(
            subprocess.Popen(command, cwd=folder, env=clean, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def assert_same(found: object, path: str) -> None:
    """Check that a cluster found what is found here."""
    here = analyse(Task(path, SETS))
    assert isinstance(found, Analysis)
    assert (found.content_id, found.duration, found.complete, found.note, found.quick) == (
        here.content_id, here.duration, here.complete, here.note, here.quick,
    )  # fmt: skip
    assert found.features.keys() == here.features.keys() == {*SETS}
    for name, vector in here.features.items():
        np.testing.assert_allclose(found.features[name], vector, rtol=1e-4, atol=1e-4)


@dataclass
class Staff:
    """Hires a worker when nobody is there, another when the first has done something, and then kills the first."""

    scheduler: Any
    hire: Callable[[], subprocess.Popen[bytes]]
    notes: list[str | None] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    kept: int = 0
    kept_at_kill: int | None = None

    def tick(self) -> None:
        """Look around."""
        wanted = 2 if self.kept else len(self.notes[:1])
        if len(self.workers) < wanted:
            self.workers.append(self.hire())
        present = list(self.scheduler.workers.values())
        if len(present) == 2 and self.kept_at_kill is None and any(one.processing for one in present):
            self.workers[0].kill()
            self.kept_at_kill = self.kept

    def is_done(self) -> bool:
        """Tell whether the second worker has done something alone."""
        return self.kept_at_kill is not None and self.kept > self.kept_at_kill + 6


def test_workers_that_come_and_go_hear_what_is_heard_here(
    songs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: Any, hired: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    os.link(songs[0], "near.flac")  # a path that means another file where the workers are
    os.link(songs[1], "far.mp3")  # and one that means none
    (tmp_path / "words.mp3").write_bytes(b"These are words and no music. " * 200)
    scheduler = local(0).scheduler
    staff = Staff(scheduler, lambda: hired(scheduler.address))
    paths = [*songs, "near.flac", "far.mp3", str(tmp_path / "words.mp3")]
    read: list[str] = []
    found: list[tuple[str, Any]] = []

    def tasks() -> Iterator[Task]:
        for path in itertools.cycle(paths):
            if staff.is_done():
                return
            read.append(path)
            yield Task(path, SETS)

    for task, outcome in map_on_cluster(scheduler.address, tasks(), tick=staff.tick, note=staff.notes.append):
        found.append((task.path, outcome))
        staff.kept += 1
    assert staff.is_done() and sorted(path for path, _ in found) == sorted(read)
    for path, outcome in dict(found[-len(paths) :]).items():
        if path in paths[:-1]:
            assert_same(outcome, path)
    with pytest.raises(DecodeError) as here:
        analyse(Task(paths[-1], SETS))
    assert {outcome.reason for path, outcome in found if path == paths[-1]} == {here.value.reason}
    assert staff.notes[0] is not None and "dask worker tcp://" in staff.notes[0] and staff.notes[1] is None


def test_a_file_that_ends_every_worker_is_given_up_and_costs_nobody_else(songs: list[str], local: Any) -> None:
    import dask

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        address = local(1, processes=True).scheduler_address
    tasks = [Task(path, SETS) for path in songs]
    limit = {songs[1]: 1e-4}  # seconds; over it the worker ends as with a decoder that crashes
    found = dict(map_on_cluster(address, tasks, tick=lambda: None, limit_seconds=lambda task: limit.get(task.path, 60)))
    blamed = found.pop(tasks[1])
    assert isinstance(blamed, DecodeError) and blamed.reason == "reading it makes the decoder crash"
    for task, outcome in found.items():
        assert_same(outcome, task.path)


# -- how it ends, with workers that are threads here ------------------------------------------------------


@pytest.fixture
def near(local: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a cluster of one worker in this process, which ends within a second."""
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    return local(1, processes=False, protocol="tcp://")


def test_an_exception_from_tick_takes_back_what_is_under_way(songs: list[str], near: Any) -> None:
    read: list[Task] = []

    def tasks() -> Iterator[Task]:
        for path in itertools.cycle(songs):
            read.append(Task(path, SETS))
            yield read[-1]

    def tick() -> None:
        if near.scheduler.tasks:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(map_on_cluster(near.scheduler_address, tasks(), tick=tick))
    assert 0 < len(read) <= 2 * cluster.AHEAD
    near.sync(settle, near.scheduler)
    assert not near.scheduler.tasks


async def settle(scheduler: Any) -> None:
    """Wait until a scheduler has taken note that its client is gone."""
    import asyncio

    for _ in range(100):
        if not scheduler.tasks:
            return
        await asyncio.sleep(0.05)


@pytest.fixture
def away(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Give the address of a scheduler that is a process of its own, and the process."""
    said = tmp_path / "scheduler.json"
    arguments = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(said)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", SCHEDULER, *arguments], cwd=tmp_path, **quiet) as process:
        while not (said.is_file() and said.read_bytes().endswith(b"}")):
            assert process.poll() is None, "the scheduler has not started"
            time.sleep(0.05)
        yield json.loads(said.read_bytes())["address"], process
        process.kill()


def test_a_scheduler_that_goes_away_is_said_with_what_to_do(songs: list[str], away: Any, hired: Any) -> None:
    address, process = away
    hired(address)
    found = map_on_cluster(address, (Task(path, SETS) for path in itertools.cycle(songs)), tick=lambda: None)
    next(found)  # what the worker was sent besides is under way
    process.kill()
    with pytest.raises(EarmarkError, match=r"is gone.*start it again"):
        list(found)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1", "ftp://127.0.0.1:9"])
def test_a_scheduler_that_cannot_be_reached_is_said_with_what_to_do(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.3)
    with pytest.raises(EarmarkError, match=r"No scheduler answers at .*dask scheduler"):
        list(map_on_cluster(address, [], tick=lambda: None))


def test_a_worker_without_the_networks_is_no_fault_of_the_files(
    songs: list[str], near: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = cluster.package()
    list(map_on_cluster(near.scheduler_address, [Task(songs[0], SETS)], tick=lambda: None))  # now the code is there
    monkeypatch.setattr(musicnn, "available", lambda: True)
    monkeypatch.setattr(importlib.import_module(f"{name}.audio.musicnn"), "available", lambda: False)
    with pytest.raises(EarmarkError, match="lacks the package tensorflow or musicnn"):
        list(map_on_cluster(near.scheduler_address, [Task(songs[0])], tick=lambda: None))


def test_a_file_that_is_gone_is_said(tmp_path: Path, near: Any) -> None:
    task = Task(str(tmp_path / "gone.mp3"), SETS)
    ((back, outcome),) = map_on_cluster(near.scheduler_address, [task], tick=lambda: None)
    assert back is task and isinstance(outcome, DecodeError) and outcome.reason == "the file is not there"


def test_without_the_package_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EarmarkError, match=r"extra `cluster`.*pip install"):
        next(map_on_cluster("tcp://127.0.0.1:8786", [], tick=lambda: None))


def test_nothing_to_do_needs_no_worker(local: Any) -> None:
    assert list(map_on_cluster(local(0).scheduler_address, [], tick=lambda: None)) == []


def test_the_code_that_travels_is_the_same_each_time_and_imports_only_itself() -> None:
    name, content = cluster.package()
    cluster.package.cache_clear()
    assert cluster.package() == (name, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sources = {file: archive.read(file).decode() for file in archive.namelist()}
    assert {f"{name}/audio/analyse.py", f"{name}/core/errors.py", f"{name}/audio/__init__.py"} <= sources.keys()
    tops = {
        found.group(1)
        for source in sources.values()
        for found in re.finditer(r"^\s*(?:from|import) (\w+)", source, re.M)
    }
    assert not tops & {"core", "audio", "services", "data"}
