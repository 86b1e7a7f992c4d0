"""Child processes: results arrive as they come, what goes wrong in a child costs one item, none outlives the parent."""

from __future__ import annotations

import ctypes
import itertools
import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from core.errors import DecodeError, EarmarkError
from services import pool
from services.pool import map_unordered

ROOT = Path(__file__).resolve().parents[2]

posix = pytest.mark.skipif(os.name == "nt", reason="This system has no signals and another C library.")

# -- what runs in the children (found by name, hence here) --------------------------------------------


def ready() -> None:
    """Prepare nothing."""


def refuse() -> None:
    """Find a package missing."""
    raise ImportError("no package named ears")


def dawdle() -> None:
    """Take longer to start than an item may."""
    time.sleep(1.5)


def die() -> None:
    """Do not even start."""
    os._exit(1)


def double(number: int) -> int:
    """Return twice the number; a negative one kills the child, zero is refused, a hundred takes for ever."""
    if number < 0:
        os._exit(3)
    if number == 0:
        raise ValueError("zero")
    if number == 100:
        time.sleep(60)
    return 2 * number


def odd(what: str) -> str:
    """Do what a file can make a decoder do."""
    if what == "hang":
        time.sleep(60)
    elif what == "hang in C":
        ctypes.PyDLL(None).sleep(60)  # PyDLL: the interpreter is kept meanwhile, no other thread of it runs
    elif what == "grow":
        grow()
    elif what == "ask for a lot":
        np.ones(1 << 40, np.uint8)
    elif what == "strange":
        raise StrangeError("strange", 1)
    elif what == "lambda":
        return lambda: None  # type: ignore[return-value]  # cannot travel
    return what


def grow() -> None:
    """Take more and more memory, of a kind that no bound of the system counts."""
    kept = []
    while True:
        kept.append(mmap.mmap(-1, 10_000_000))
        kept[-1].write(bytes(10_000_000))
        time.sleep(0.03)


class StrangeError(Exception):
    """An exception that cannot be made again from its message, as some libraries have."""

    def __init__(self, what: str, number: int) -> None:
        super().__init__(f"{what} {number}")


def die_twice(folder: str) -> str:
    """Kill the child unless this is the third time."""
    with open(os.path.join(folder, "times"), "a+") as file:
        file.write("x")
        file.seek(0)
        if len(file.read()) < 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return "well"


def pid_after(seconds: float) -> int:
    """Return which child it was."""
    time.sleep(seconds)
    return os.getpid()


def need_memory(number: int) -> int:
    """Take 200 MB for a moment, and for ever where the number is 1; return which child it was."""
    LEFT.append(np.ones(200_000_000, np.uint8))
    time.sleep(0.6)
    if number != 1:
        LEFT.pop()
    return os.getpid()


LEFT: list[np.ndarray] = []


def niceness(_: int) -> int:
    """Return how much this child gives way to others."""
    return os.nice(0)


# -- what happens here ------------------------------------------------------------------------------


def run(
    items: Any, function: Any = double, children: int = 2, tick: Any = lambda: None, start: Any = ready, **limits: Any
) -> dict[Any, Any]:
    return dict(map_unordered(function, items, children=children, start=start, tick=tick, **limits))


def reason(outcome: object) -> str:
    assert isinstance(outcome, DecodeError)
    return outcome.reason


def children(pid: int | None = None) -> list[psutil.Process]:
    """Return a process's children that analyse (not the tracker of shared resources, which stays); by default ours."""
    return [child for child in psutil.Process(pid).children(recursive=True) if "spawn_main" in command_line(child)]


def command_line(process: psutil.Process) -> str:
    """Return how a process was called; nothing where it has ended and only waits to be noticed."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@pytest.fixture(autouse=True)
def _nothing_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # children of other tests take long to start: no waiting for them
    yield
    assert [child for child in children() if child.is_running()] == []


def test_every_item_has_its_result_and_an_exception_is_one() -> None:
    found = run([1, 2, 0, 4, 5])
    assert {item: value for item, value in found.items() if item} == {1: 2, 2: 4, 4: 8, 5: 10}
    assert isinstance(found[0], ValueError)


# -- what goes wrong in a child -----------------------------------------------------------------------


def test_an_item_that_three_children_die_of_is_given_up_and_costs_nobody_else() -> None:
    found = run([1, 2, -1, 4, 5, 6, 7])
    assert reason(found.pop(-1)) == "reading it makes the decoder crash"
    assert found == {1: 2, 2: 4, 4: 8, 5: 10, 6: 12, 7: 14}


@posix
def test_an_item_whose_child_was_killed_is_tried_again(tmp_path: Path) -> None:
    assert run([str(tmp_path)], die_twice) == {str(tmp_path): "well"}
    assert (tmp_path / "times").read_text() == "xxx"


def test_a_child_killed_in_the_middle_costs_nothing_and_the_other_goes_on() -> None:
    kept: dict[float, int] = {}
    killed: list[int] = []

    def tick() -> None:
        if len(set(kept.values())) == 2 and not killed:
            killed.append(list(kept.values())[-1])
            psutil.Process(killed[0]).kill()

    seconds = [0.1 + number / 1000 for number in range(400)]
    needed = itertools.takewhile(lambda _: len(set(kept.values())) < 3, seconds)  # until a third child has taken part
    for outcome in map_unordered(pid_after, needed, children=2, start=ready, tick=tick):
        kept.update([outcome])
    assert killed and len(set(kept.values())) == 3
    assert sorted(kept) == seconds[: len(kept)]


@pytest.mark.parametrize("how", ["hang", pytest.param("hang in C", marks=posix)])
def test_an_item_that_takes_too_long_is_given_up(how: str) -> None:
    found = run([how, "a", "b"], odd, limit_seconds=lambda item: 1 if item == how else 60)
    assert reason(found.pop(how)) == "reading it took longer than 1 second"
    assert found == {"a": "a", "b": "b"}


def test_getting_ready_is_no_time_of_an_item() -> None:
    assert run(["a"], odd, start=dawdle, limit_seconds=lambda _: 0.5) == {"a": "a"}


@posix
def test_a_computer_that_slept_takes_no_time_from_an_item() -> None:
    kept: list[float] = []
    slept: list[psutil.Process] = []

    def tick() -> None:
        if kept and not slept:
            slept.extend(children())
            for child in slept:
                child.suspend()
            time.sleep(3)
            for child in slept:
                child.resume()

    outcomes = map_unordered(pid_after, [0.1, 1.0], children=1, start=ready, tick=tick, limit_seconds=lambda _: 2.5)
    for _, pid in outcomes:
        kept.append(pid)
    assert kept[0] == kept[1] == slept[0].pid


def test_an_item_that_needs_too_much_memory_is_given_up() -> None:
    found = run(["grow", "a", "b"], odd, memory_mb=300)
    assert reason(found.pop("grow")) == "it needs more memory than there is"
    assert found == {"a": "a", "b": "b"}


def test_a_request_for_far_too_much_memory_fails_at_once() -> None:
    assert reason(run(["ask for a lot"], odd, memory_mb=2000)["ask for a lot"]) == "it needs more memory than there is"


def test_what_an_item_left_in_memory_is_not_held_against_the_next() -> None:
    pids = run([1, 2, 3], need_memory, children=1, memory_mb=350)
    assert pids[1] != pids[2] == pids[3]


@pytest.mark.parametrize("what", ["strange", "lambda"])
def test_what_cannot_travel_is_an_exception_and_costs_nobody_else(what: str) -> None:
    found = run([what, "a"], odd)
    assert isinstance(found[what], Exception) and found["a"] == "a"


def test_children_that_cannot_start_say_why() -> None:
    with pytest.raises(EarmarkError, match="no package named ears"):
        run([1, 2], start=refuse)
    with pytest.raises(EarmarkError, match="end while they start"):
        run([1, 2], start=die)


def test_limits_are_said_as_a_person_says_them() -> None:
    assert [pool._spoken(s) for s in (1, 0.5, 73, 300, 5400)] == [
        "1 second", "0.5 seconds", "73 seconds", "5 minutes", "90 minutes",
    ]  # fmt: skip


# -- how items are read, and how it ends ----------------------------------------------------------------


def test_no_items_need_no_children() -> None:
    assert run([]) == {}


def test_items_are_read_a_few_ahead_and_no_more() -> None:
    read = []

    def source() -> Iterator[int]:
        for number in range(1, 30):
            read.append(number)
            yield number

    results = map_unordered(double, source(), children=1, start=ready, tick=lambda: None)
    next(results)
    assert len(read) <= 4
    results.close()  # type: ignore[attr-defined]


def test_an_exception_from_tick_ends_the_children() -> None:
    seen: list[list[psutil.Process]] = []

    def tick() -> None:
        seen.append(children())
        if len(seen) == 4:
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run([100, 100], tick=tick)
    assert time.monotonic() - start < 10
    assert seen[-1] and not any(child.is_running() for child in seen[-1])


@pytest.mark.skipif(not hasattr(os, "nice"), reason="This system has priorities of another kind.")
def test_children_give_way_to_everything_else() -> None:
    assert run([1], function=niceness)[1] - os.nice(0) >= 10


@pytest.mark.skipif(os.name == "nt", reason="This system cannot stop a process for a while.")
def test_children_stopped_for_a_while_lose_nothing() -> None:
    stopped: list[psutil.Process] = []

    def tick() -> None:
        if not stopped and (running := children()):
            stopped.extend(running)
            for child in running:
                child.suspend()
            time.sleep(1)
            for child in running:
                child.resume()

    assert run(list(range(1, 20)), tick=tick) == {number: 2 * number for number in range(1, 20)}
    assert stopped


@posix
def test_children_end_with_a_parent_that_is_killed() -> None:
    call = "list(map_unordered(time.sleep, [60], children=1, start=dict, tick=dict))"
    code = f"import time; from services.pool import map_unordered; {call}"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while not (running := children(parent.pid)) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        parent.kill()
        parent.wait()
    assert len(running) == 1 and psutil.wait_procs(running, timeout=20)[1] == []


def test_a_reason_survives_the_way_from_child_to_parent() -> None:
    from audio import analyse  # noqa: F401  makes DecodeError fit to travel

    error = run([1], function=unreadable)[1]
    assert isinstance(error, DecodeError) and (error.path, error.reason) == ("1.mp3", "the file is empty")


def unreadable(number: int) -> None:
    from audio import analyse  # noqa: F401

    raise DecodeError(f"{number}.mp3", "the file is empty")
