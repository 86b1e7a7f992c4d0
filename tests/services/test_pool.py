"""Child processes: results arrive as they come, a child that dies costs one item, nothing outlives the parent."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import psutil
import pytest

from core.errors import DecodeError
from services.pool import map_unordered

# -- what runs in the children (found by name, hence here) --------------------------------------------


def ready() -> None:
    """Prepare nothing."""


def double(number: int) -> int:
    """Return twice the number; a negative one kills the child, zero is refused, a hundred takes for ever."""
    if number < 0:
        os._exit(3)
    if number == 0:
        raise ValueError("zero")
    if number == 100:
        time.sleep(60)
    return 2 * number


def stubborn(number: int) -> int:
    """Take a moment, and die of the number 3 a little later than the others are done."""
    time.sleep(0.3 if number == 3 else 0.01)
    if number == 3:
        os._exit(1)
    return number


def niceness(_: int) -> int:
    """Return how much this child gives way to others."""
    return os.nice(0)


# -- what happens here ------------------------------------------------------------------------------


def run(items: list[int], function: Any = double, children: int = 2, tick: Any = lambda: None) -> dict[int, Any]:
    return dict(map_unordered(function, items, children=children, start=ready, tick=tick))


def children() -> list[psutil.Process]:
    """Return this process's children that analyse (not the tracker of shared resources, which stays)."""
    return [child for child in psutil.Process().children(recursive=True) if "spawn_main" in command_line(child)]


def command_line(process: psutil.Process) -> str:
    """Return how a process was called; nothing where it has ended and only waits to be noticed."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    assert [child for child in children() if child.is_running()] == []


def test_every_item_has_its_result_and_an_exception_is_one() -> None:
    found = run([1, 2, 0, 4, 5])
    assert {item: value for item, value in found.items() if item} == {1: 2, 2: 4, 4: 8, 5: 10}
    assert isinstance(found[0], ValueError)


def test_a_child_that_dies_costs_one_item() -> None:
    found = run([1, 2, -1, 4, 5, 6, 7])
    assert isinstance(found.pop(-1), BrokenProcessPool)
    assert found == {1: 2, 2: 4, 4: 8, 5: 10, 6: 12, 7: 14}


def test_a_child_that_dies_while_results_are_being_kept_costs_one_item() -> None:
    kept = {}
    for item, result in map_unordered(stubborn, range(12), children=2, start=ready, tick=lambda: None):
        kept[item] = result
        time.sleep(0.4 if len(kept) <= 2 else 0)  # the disk is slow; meanwhile the child dies
    assert isinstance(kept.pop(3), BrokenProcessPool)
    assert kept == {number: number for number in range(12) if number != 3}


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


def test_a_reason_survives_the_way_from_child_to_parent() -> None:
    from audio import analyse  # noqa: F401  makes DecodeError fit to travel

    error = run([1], function=unreadable)[1]
    assert isinstance(error, DecodeError) and (error.path, error.reason) == ("1.mp3", "the file is empty")


def unreadable(number: int) -> None:
    from audio import analyse  # noqa: F401

    raise DecodeError(f"{number}.mp3", "the file is empty")
