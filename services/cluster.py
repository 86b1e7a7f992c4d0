"""Analysing on other computers, with dask.distributed: files or their paths go out, what was heard comes back."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import logging
import math
import os
import pkgutil
import queue
import re
import tempfile
import time
import uuid
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DecodeError, EarmarkError
from core.records import Analysis, Outline, Task
from services.pool import CRASH, POLL

if TYPE_CHECKING:
    from distributed import Client, Future

Outcome = tuple[Task, Analysis | BaseException]

ROOT = Path(__file__).resolve().parent.parent
TRAVELS = ("core/*.py", "audio/*.py", "services/__init__.py", "services/pool.py", "services/cluster_worker.py")
OUR_IMPORT = re.compile(r"^(\s*)from (core|audio|services)\b", re.MULTILINE)
INSTALL = '.venv/bin/python -m uv pip install "distributed>=2025.1"'
PATIENCE = 10.0  # seconds for the scheduler to answer
WATCH = 2.0  # seconds between two looks at who works there
AHEAD = 2  # files for each worker: one it reads, one that waits for it there
AWAY_BYTES = 500e6  # of files under way whose bytes were sent, since scheduler and worker keep them in memory


def map_on_cluster(
    address: str,
    items: Iterable[Task],
    *,
    tick: Callable[[], None],
    note: Callable[[str | None], None] = lambda _: None,
    limit_seconds: Callable[[Task], float] = lambda _: math.inf,
) -> Iterator[Outcome]:
    """Yield (task, analysis or exception) as the workers of a cluster finish; tasks are read as workers become free.

    Parameters
    ----------
    address : str
        Of the scheduler: "tcp://192.168.1.5:8786".
    items : iterable of Task
    tick : callable
        Called about four times a second here; an exception from it takes back what is under way.
    note : callable, optional
        Called with a sentence when nobody is there to do the work, and with None when somebody is again.
    limit_seconds : callable, optional
        How long a file may take there; a worker that takes longer is ended.

    Raises
    ------
    EarmarkError
        The scheduler cannot be reached or is gone, or a worker lacks what it needs. What was yielded is not lost.

    Notes
    -----
    A file that a worker can read under the same path, with the same size and time, is read there; of others the bytes
    are sent. The task of a worker that is lost is done elsewhere; after four lost workers it is tried once more with
    nothing beside it, and only then given up. The code travels as a package whose name holds its digest, so that
    neither another version nor a package of the worker's own with the name of one of ours is ever mistaken for it.
    """
    run = _Run(address, limit_seconds, note)
    try:
        yield from run.outcomes(iter(items), tick)
    finally:
        run.close()


@dataclass(eq=False)
class _Errand:
    """A task on its way."""

    task: Task
    sends: bool = False  # the bytes go with it
    alone: bool = False  # it was blamed for lost workers, and is tried without others that could be the cause
    size: int = 0  # bytes sent


class _Run:
    """One connection to a scheduler and what is under way there."""

    def __init__(
        self, address: str, limit_seconds: Callable[[Task], float], note: Callable[[str | None], None]
    ) -> None:
        from audio import musicnn

        self._address = address
        self._limit_seconds = limit_seconds
        self._note = note
        self._client = _connect(address)
        self._networks = musicnn.available()
        self._arrived: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._running: dict[str, _Errand] = {}  # key of its future -> errand
        self._futures: dict[str, Future] = {}
        self._again: deque[_Errand] = deque()
        self._slots = 0
        self._looked = -math.inf
        self._anybody = True

    def outcomes(self, source: Iterator[Task], tick: Callable[[], None]) -> Iterator[Outcome]:
        """Yield what becomes of each task."""
        self._hear = self._send_code()
        while True:
            self._watch()
            yield from self._fill(source, tick)
            if self._is_over(source):
                return
            tick()
            try:
                future = self._arrived.get(timeout=POLL)
            except queue.Empty:
                continue
            yield from self._settle(future)

    def close(self) -> None:
        """Take back what is under way and leave."""
        with contextlib.suppress(OSError):
            if self._client.status == "running":
                self._client.cancel(list(self._futures.values()), force=True)
            self._client.close(timeout=PATIENCE)

    # -- giving work ----------------------------------------------------------------------------------

    def _send_code(self) -> _Named:
        """Have scheduler and workers, also those that join later, import our code."""
        from distributed.diagnostics.plugin import SchedulerUploadFile, UploadFile

        name, content = package()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.zip"
            path.write_bytes(content)
            for plugin in (SchedulerUploadFile(str(path)), UploadFile(str(path))):
                plugin.idempotent = True  # whoever brings the same code finds it there
                self._client.register_plugin(plugin, name=name)
        return _Named(f"{name}.services.cluster_worker:hear")

    def _watch(self) -> None:
        """See that the scheduler is there, and how many work for it."""
        if self._client.status != "running":
            raise self._gone()
        if time.monotonic() - self._looked < WATCH:
            return
        try:
            workers = self._client.scheduler_info()["workers"].values()
        except OSError:
            raise self._gone() from None
        self._slots = AHEAD * sum(worker.get("status", "running") == "running" for worker in workers)
        self._looked = time.monotonic()
        if bool(self._slots) != self._anybody:
            self._anybody = bool(self._slots)
            self._note(None if self._anybody else self._nobody())

    def _gone(self) -> EarmarkError:
        return EarmarkError(
            f"The scheduler at {self._address} is gone. What was analysed is kept: start it again and repeat the"
            " command, or analyse here, without --scheduler."
        )

    def _nobody(self) -> str:
        return f"No worker is ready at {self._address}. Start one: dask worker {self._address} --nthreads 1"

    def _fill(self, source: Iterator[Task], tick: Callable[[], None]) -> Iterator[Outcome]:
        """Send errands until every worker has its share; yield those that cannot be sent."""
        while len(self._running) < self._slots and (errand := self._next(source)):
            tick()  # reading files takes time
            try:
                self._submit(errand)
            except FileNotFoundError:
                yield errand.task, DecodeError(errand.task.path, "the file is not there")
            except OSError as error:
                yield errand.task, DecodeError(errand.task.path, f"it cannot be opened ({error.strerror})")

    def _is_over(self, source: Iterator[Task]) -> bool:
        """Tell whether all is done, for which no worker need be there."""
        if not self._running and not self._again:
            self._again.extend(_Errand(task) for task in itertools.islice(source, 1))
        return not self._running and not self._again

    def _next(self, source: Iterator[Task]) -> _Errand | None:
        """Return an errand that may go now."""
        if any(errand.alone for errand in self._running.values()):
            return None
        if not self._again:
            task = next(source, None)
            return None if task is None else _Errand(task)
        errand, under_way = self._again[0], sum(errand.size for errand in self._running.values())
        if (errand.alone and self._running) or (errand.sends and under_way > AWAY_BYTES):
            return None
        return self._again.popleft()

    def _submit(self, errand: _Errand) -> None:
        path, found = errand.task.path, os.stat(errand.task.path)
        content = Path(path).read_bytes() if errand.sends else None
        errand.size = len(content or b"")
        future = self._client.submit(
            self._hear,
            path,
            sets=errand.task.sets,
            quick=errand.task.quick,
            size=found.st_size,
            mtime=found.st_mtime,
            content=content,
            seconds=self._limit_seconds(errand.task),
            networks=self._networks,
            key=f"earmark-{uuid.uuid4().hex}",
            pure=False,
        )
        self._running[str(future.key)] = errand
        self._futures[str(future.key)] = future
        future.add_done_callback(self._arrived.put)

    # -- seeing what becomes of it ----------------------------------------------------------------------

    def _settle(self, future: Future) -> Iterator[Outcome]:
        """Yield what a task has come to, or have it done again."""
        from distributed import CancelledError, KilledWorker

        errand = self._running.pop(str(future.key))
        del self._futures[str(future.key)]
        try:
            answer = future.result(timeout=PATIENCE)
        except KilledWorker:
            if errand.alone:
                yield errand.task, DecodeError(errand.task.path, CRASH)
            else:
                self._again.append(_Errand(errand.task, errand.sends, alone=True))
        except (
            CancelledError,
            OSError,
        ):  # the scheduler is gone, which `_watch` sees, or another client took it
            self._again.append(_Errand(errand.task, errand.sends, errand.alone))
        except Exception as error:
            raise self._trouble(f"{type(error).__name__}: {error}") from error
        else:
            yield from self._read(errand, answer)

    def _read(self, errand: _Errand, answer: dict[str, Any]) -> Iterator[Outcome]:
        if "trouble" in answer:
            raise self._trouble(answer["trouble"])
        if "away" in answer:
            self._again.append(_Errand(errand.task, sends=True))
        elif "reason" in answer:
            yield errand.task, DecodeError(errand.task.path, answer["reason"])
        else:
            yield errand.task, _analysis(answer["analysis"])

    def _trouble(self, what: str) -> EarmarkError:
        return EarmarkError(
            f"A worker of {self._address} cannot analyse: {what}. Each needs the packages of requirements.txt and the"
            " weights of MusiCNN (see Several computers in README.md). What was analysed is kept."
        )


def _connect(address: str) -> Client:
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise EarmarkError(f"--scheduler needs the extra `cluster`. Install it: {INSTALL}") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it is said as an EarmarkError
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "100GB"})  # files are large, and meant to go
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False, name="earmark")
    except (OSError, ValueError, AssertionError) as error:
        raise EarmarkError(
            f"No scheduler answers at {address} ({error}). Start one there with `dask scheduler`, check the address"
            " (tcp://host:8786), or analyse here, without --scheduler."
        ) from None


def _analysis(fields: dict[str, Any]) -> Analysis:
    """Return what a worker found as what the rest of Earmark knows."""
    outline = fields["outline"]
    return Analysis(**{**fields, "outline": None if outline is None else Outline(**outline)})


# -- the code that travels --------------------------------------------------------------------------------


@cache
def package() -> tuple[str, bytes]:
    """Return the code workers need as a zip that can be imported, and the name under which it is.

    All of it lies in one package named after its content, and what imports from core, audio or services there
    imports from that package.
    """
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for pattern in TRAVELS
        for path in sorted(ROOT.glob(pattern))
    }
    digest = hashlib.sha256(repr(sorted(sources.items())).encode()).hexdigest()
    name = f"earmark_{digest[:12]}"
    inits = dict.fromkeys(["__init__.py", *(f"{folder}/__init__.py" for folder in ("core", "audio", "services"))], "")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, source in (inits | sources).items():
            entry = zipfile.ZipInfo(f"{name}/{path}")  # of no date, so that the same code gives the same bytes
            archive.writestr(entry, OUR_IMPORT.sub(rf"\1from {name}.\2", source), zipfile.ZIP_DEFLATED)
    return name, content.getvalue()


class _Named:
    """A function of the package, which is not imported here: it travels as its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return pkgutil.resolve_name(self.name)(*args, **kwargs)

    def __reduce__(self) -> tuple[Callable[[str], Any], tuple[str]]:
        return pkgutil.resolve_name, (self.name,)
