"""Child processes that analyse files: the parent keeps writing, a child that dies costs one file."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

Item = TypeVar("Item")
Result = TypeVar("Result")

# One child starts at a time: compiling side by side can crash, and the first is ready sooner.
LOCK = Path(tempfile.gettempdir()) / f"earmark-children-{getattr(os, 'getuid', int)()}.lock"
NICE = 10  # the page and its sound come before the analysis
BELOW_NORMAL = 0x4000  # the same in the words of Windows
POLL = 0.25  # seconds between two looks at whether to go on


def map_unordered(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    children: int,
    start: Callable[[], None],
    tick: Callable[[], None],
) -> Iterator[tuple[Item, Result | BaseException]]:
    """Yield (item, result or exception) as children finish, a few items ahead and no more.

    Parameters
    ----------
    function : callable
        Runs in a child; importable by name.
    items : iterable
        Read as children become free.
    children : int
    start : callable
        Runs once in each child.
    tick : callable
        Called about four times a second here; an exception from it ends everything, children included.

    Notes
    -----
    A child that dies (out of memory, a decoder's crash) breaks the whole pool. Then the files that were under way are
    tried again one by one, so that only the one at fault is given up.
    """
    todo = iter(items)
    suspects: list[Item] = []
    more = True
    while more or suspects:
        alone = bool(suspects)
        source = iter([suspects.pop(0)]) if alone else todo
        with _Pool(1 if alone else children, start) as pool:
            broken = yield from _drain(pool, function, source, tick, alone)
        suspects += broken
        more = more and (alone or bool(broken))


def _drain(
    pool: _Pool, function: Callable[[Item], Result], source: Iterator[Item], tick: Callable[[], None], alone: bool
) -> Generator[tuple[Item, Result | BaseException], None, list[Item]]:
    """Run items until none is left; return those under way when a child died."""
    running: dict[Future[Result], Item] = {}
    while True:
        for item in _up_to(pool.children * 2 - len(running), source):
            try:
                running[pool.submit(function, item)] = item
            except BrokenProcessPool:  # a child died while the caller was keeping a result
                return [item, *(yield from _lost(running))]
        if not running:
            return []
        done, _ = wait(running, timeout=POLL, return_when=FIRST_COMPLETED)
        tick()
        for future in done:
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                if not alone:
                    return (yield from _lost(running))
                yield running[future], error
                return []
            yield running.pop(future), error if error is not None else future.result()


def _lost(running: dict[Future[Result], Item]) -> Generator[tuple[Item, Result | BaseException], None, list[Item]]:
    """Yield what was finished before a child died, and return what was under way."""
    lost = []
    for future, item in running.items():
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            lost.append(item)
        else:
            yield item, error if error is not None else future.result()
    return lost


def _up_to(n: int, source: Iterator[Item]) -> Iterator[Item]:
    for _ in range(n):
        try:
            yield next(source)
        except StopIteration:
            return


class _Pool:
    """A ProcessPoolExecutor whose children end with it, also in the middle of a file."""

    def __init__(self, children: int, start: Callable[[], None]) -> None:
        self.children = children
        self._executor = ProcessPoolExecutor(
            children,
            mp_context=multiprocessing.get_context("spawn"),  # TensorFlow does not survive a fork
            initializer=_begin,
            initargs=(os.getpid(), start),
        )
        self.submit = self._executor.submit

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        processes = list((self._executor._processes or {}).values())  # terminate_workers() comes with Python 3.14
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(timeout=2)


def _begin(parent: int, start: Callable[[], None]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _give_way()
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    with FileLock(LOCK):
        start()


def _give_way() -> None:
    """Let everything else on the computer come first; where disks have priorities, they follow."""
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetPriorityClass(ctypes.c_void_p(-1), BELOW_NORMAL)  # -1: this process
    else:
        os.nice(NICE)


def end_with(parent: int) -> None:
    """End this process when its parent is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
