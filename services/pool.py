"""Child processes that analyse files, one file in each at a time: what goes wrong in a child costs that file alone."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import math
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic, TypeVar

import psutil
from filelock import FileLock

from core.errors import DecodeError, EarmarkError

Item = TypeVar("Item")
Result = TypeVar("Result")
Outcome = tuple[Item, Result | BaseException]

# One child starts at a time: compiling side by side can crash, and the first is ready sooner.
LOCK = Path(tempfile.gettempdir()) / f"earmark-children-{getattr(os, 'getuid', int)()}.lock"
NICE = 10  # the page and its sound come before the analysis
BELOW_NORMAL = 0x4000  # the same in the words of Windows
POLL = 0.25  # seconds between two looks at whether to go on, and at what the children need
LONGEST_LOOK = 1.0  # seconds held against a child from one look to the next: a computer that slept did not work
TRIES = 3  # a child can be killed by others (a system short of memory, a person); three times is the file's doing
CRASH = "reading it makes the decoder crash"
TOO_LARGE = "it needs more memory than there is"

_CONTEXT = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork


def map_unordered(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    children: int,
    start: Callable[[], None],
    tick: Callable[[], None],
    limit_seconds: Callable[[Item], float] = lambda _: math.inf,
    memory_mb: float = math.inf,
) -> Iterator[Outcome[Item, Result]]:
    """Yield (item, result or exception) as children finish; items are read as children become free.

    Parameters
    ----------
    function : callable
        Runs in a child; importable by name.
    items : iterable
        Files: paths, or records with a `path`. At most one for each child is read ahead.
    children : int
    start : callable
        Runs once in each child.
    tick : callable
        Called about four times a second here; an exception from it ends everything, children included.
    limit_seconds : callable, optional
        How long an item may take, counted from when its child began it.
    memory_mb : float, optional
        How much memory a child may hold, in MB; with TensorFlow it takes about 1,400 for a short file.

    Raises
    ------
    EarmarkError
        No child can be started.

    Notes
    -----
    A child over a limit is killed, which also ends one that is stuck in a decoder; its item yields a `DecodeError` with
    the reason. The item of a child that died by itself is tried again, and only the third death is its fault. Each
    child is a process with a pipe of its own, without what an executor shares between them: a pipe is at its end when
    its child dies, be it in the middle of a message, and nobody else waits for it.
    """
    pool = _Pool(function, items, children, start, limit_seconds, memory_mb)
    try:
        yield from pool.run(tick)
    finally:
        pool.close()


@dataclass(eq=False)
class _Errand(Generic[Item]):
    """An item on its way, and how many children it has cost."""

    item: Item
    seconds: float  # it may take
    tries: int = 0

    def failed(self, reason: str) -> Outcome[Item, Any]:
        return self.item, DecodeError(getattr(self.item, "path", self.item), reason)


class _Pool(Generic[Item, Result]):
    """The children, and the errands that none of them has yet."""

    def __init__(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        size: int,
        start: Callable[[], None],
        limit_seconds: Callable[[Item], float],
        memory_mb: float,
    ) -> None:
        self._work = (function, start)
        self._source: Iterator[Item] | None = iter(items)
        self._size = size
        self._limit_seconds = limit_seconds
        self._most = memory_mb * 1e6
        self._waiting: deque[_Errand[Item]] = deque()
        self._children: list[_Child] = []
        self._false_starts = 0  # children in a row that died before they could do anything

    def run(self, tick: Callable[[], None]) -> Iterator[Outcome[Item, Result]]:
        """Yield what becomes of each item."""
        self._employ()
        while self._waiting or any(child.errand for child in self._children):
            wait([end for child in self._children for end in child.ends], timeout=POLL)
            tick()
            outcomes = [outcome for child in list(self._children) for outcome in self._attend(child)]
            self._employ()  # before the caller keeps the results, so that nobody waits for the disk
            yield from outcomes

    def close(self) -> None:
        """End all children, also in the middle of a file."""
        for child in self._children:
            child.process.kill()
        for child in self._children:
            child.end()
        self._children.clear()

    # -- giving work ----------------------------------------------------------------------------------

    def _employ(self) -> None:
        """Give every free child an errand, and start children while there are errands for them."""
        for child in self._children:
            if child.ready and child.errand is None and self._another(1):
                child.give(self._waiting.popleft())
        starting = sum(not child.ready for child in self._children)
        while len(self._children) < self._size and self._another(starting + 1):
            self._children.append(_Child(*self._work))
            starting += 1

    def _another(self, n: int) -> bool:
        """Tell whether n errands wait, and read items until they do."""
        while len(self._waiting) < n and self._source is not None:
            for item in self._source:
                self._waiting.append(_Errand(item, self._limit_seconds(item)))
                break
            else:
                self._source = None
        return len(self._waiting) >= n

    # -- seeing what becomes of it ----------------------------------------------------------------------

    def _attend(self, child: _Child) -> Iterator[Outcome[Item, Result]]:
        """Hear what a child has to say and look at what it needs."""
        try:
            if child.speaks():
                yield from self._hear(child)
            if child.errand is not None:
                yield from self._judge(child, child.errand)
        except EOFError:
            yield from self._bury(child)

    def _hear(self, child: _Child) -> Iterator[Outcome[Item, Result]]:
        errand, message = child.errand, child.hear()
        if not child.ready:
            if message is not None:
                raise EarmarkError(f"The analysis cannot start ({type(message).__name__}: {message}).") from message
            child.ready = True
            self._false_starts = 0
        elif errand is not None:
            child.errand = None
            yield errand.failed(TOO_LARGE) if isinstance(message, MemoryError) else (errand.item, message)
            child.is_used = True

    def _judge(self, child: _Child, errand: _Errand[Item]) -> Iterator[Outcome[Item, Result]]:
        child.count_time()
        if child.spent > errand.seconds:
            self._dismiss(child)
            yield errand.failed(f"reading it took longer than {_spoken(errand.seconds)}")
        elif child.memory() > self._most:
            self._dismiss(child)
            # What files before this one left behind is not its doing.
            yield from self._again(errand, TOO_LARGE) if child.is_used else [errand.failed(TOO_LARGE)]

    def _bury(self, child: _Child) -> Iterator[Outcome[Item, Result]]:
        """Let the errand of a child that died be tried again, or be at fault."""
        self._dismiss(child)
        if not child.ready:
            self._false_starts += 1
            if self._false_starts == TRIES:
                raise EarmarkError("The processes that listen end while they start; `cli.py doctor` may say why.")
        elif child.errand is not None:
            yield from self._again(child.errand, CRASH)

    def _again(self, errand: _Errand[Item], reason: str) -> Iterator[Outcome[Item, Result]]:
        errand.tries += 1
        if errand.tries < TRIES:
            self._waiting.appendleft(errand)
        else:
            yield errand.failed(reason)

    def _dismiss(self, child: _Child) -> None:
        self._children.remove(child)
        child.process.kill()
        child.end()


class _Child:
    """One child as its parent sees it."""

    def __init__(self, function: Callable[[Any], Any], start: Callable[[], None]) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(theirs, os.getpid(), function, start), daemon=True)
        self.process.start()
        theirs.close()  # else the pipe would not be at its end when the child is
        self.ends: tuple[Connection, int] = (self.connection, self.process.sentinel)
        self.ready = False
        self.is_used = False  # it has done an errand before
        self.errand: _Errand[Any] | None = None
        self.spent = 0.0  # seconds on its errand
        self._looked = 0.0

    def give(self, errand: _Errand[Any]) -> None:
        """Have it begin; it is known to be waiting for it."""
        self.errand, self.spent, self._looked = errand, 0.0, time.monotonic()
        with contextlib.suppress(OSError):  # it has just died, which is seen a moment later
            self.connection.send((errand.item, errand.seconds))

    def speaks(self) -> bool:
        """Tell whether a message has come; EOFError: it is dead and has said everything."""
        try:
            if self.connection.poll():
                return True
        except OSError:
            raise EOFError from None
        if not self.process.is_alive() and not self.connection.poll():
            raise EOFError
        return False

    def hear(self) -> Any:
        """Return a message: a result, an exception, or what of them cannot be read; EOFError: it is dead."""
        try:
            return self.connection.recv()
        except OSError:
            raise EOFError from None
        except EOFError:
            raise
        except Exception as error:  # an exception of a kind that does not survive the way
            return error

    def count_time(self) -> None:
        """Add the time since the last look to what it has spent."""
        now = time.monotonic()
        self.spent += min(now - self._looked, LONGEST_LOOK)
        self._looked = now

    def memory(self) -> float:
        """Return how many bytes of memory it holds.

        The system's own bound (RLIMIT_DATA) is no help: TensorFlow sets aside 5 GB that it does not touch.
        """
        try:
            return float(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0.0

    def end(self) -> None:
        """Wait for the end of a process that was killed, but not for a disk that does not answer."""
        self.process.join(timeout=2)
        self.connection.close()


def _spoken(seconds: float) -> str:
    """Return a limit as a person says it.

    >>> _spoken(75), _spoken(300), _spoken(7200)
    ('75 seconds', '5 minutes', '2 hours')
    """
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {unit}s"
    return "1 second" if seconds == 1 else f"{seconds:.3g} seconds"


# -- in the child ---------------------------------------------------------------------------------------


def _serve(connection: Connection, parent: int, function: Callable[[Any], Any], start: Callable[[], None]) -> None:
    """Do one errand after the other until the parent closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _give_way()
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    try:
        with FileLock(LOCK):
            start()
    except Exception as error:
        _send(connection, error)
        return
    connection.send(None)
    with contextlib.suppress(EOFError, OSError), open(os.devnull, "w") as nowhere:
        while True:
            item, seconds = connection.recv()
            # The thread of `end_with` cannot run while a decoder keeps the interpreter; this one can.
            faulthandler.dump_traceback_later(min(2 * seconds + 60, 1e6), exit=True, file=nowhere)
            _send(connection, _outcome(function, item))
            faulthandler.cancel_dump_traceback_later()


def _outcome(function: Callable[[Item], Result], item: Item) -> Result | Exception:
    try:
        return function(item)
    except Exception as error:
        return error


def _send(connection: Connection, message: object) -> None:
    """Send a result or an exception; of one that cannot travel, why it cannot."""
    try:
        connection.send(message)
    except OSError:
        raise
    except Exception as error:
        connection.send(RuntimeError(f"{type(error).__name__}: {error}"))


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


def reason_of(error: BaseException) -> str:
    """Say in plain words why a file was not analysed."""
    if isinstance(error, DecodeError):
        return error.reason
    if isinstance(error, EarmarkError):
        return str(error)
    if isinstance(error, MemoryError):
        return TOO_LARGE
    return f"something unexpected went wrong ({type(error).__name__}: {error})"
