"""What a worker of a cluster does with a file. This module travels there with core/ and audio/; it knows no other."""

from __future__ import annotations

import contextlib
import faulthandler
import math
import os
import platform
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

SAME_TIME = 2.0  # seconds: what file systems and shares round away of the time of a change

_ONE_AT_A_TIME = threading.Lock()  # of the files in a process with several threads: one TensorFlow, one clock


def hear(
    path: str,
    *,
    sets: tuple[str, ...],
    quick: bool,
    size: int,
    mtime: float,
    content: bytes | None,
    seconds: float,
    networks: bool,
) -> dict[str, Any]:
    """Analyse a file that can be read here under its path, or whose bytes came along.

    Parameters
    ----------
    path : str
        Where the coordinator finds it.
    sets, quick
        As of `Task`.
    size, mtime : int, float
        Bytes and seconds since the epoch; a file here that has others is another one.
    content : bytes, optional
        The file itself.
    seconds : float
        How long it may take. After that this process ends, whatever it is stuck in; its nanny starts another.
    networks : bool
        Whether the coordinator has MusiCNN, so that all workers must.

    Returns
    -------
    dict
        One of {"analysis": fields of `Analysis`}, {"away": True} (send the bytes), {"reason": why this file cannot be
        analysed}, {"trouble": why nothing can be analysed here}: plain values, since the classes are known under
        another name there.
    """
    try:
        with _ONE_AT_A_TIME, _found(path, size, mtime, content) as found:
            return {"away": True} if found is None else _analysed(found, sets, quick, seconds, networks)
    except ImportError as error:
        return {"trouble": f"{platform.node()} lacks the package {error.name}"}
    except OSError as error:
        return {"trouble": f"{platform.node()} says {error}"}


@contextlib.contextmanager
def _found(path: str, size: int, mtime: float, content: bytes | None) -> Iterator[str | None]:
    """Yield where the file lies here; what came along lies there only meanwhile."""
    if content is None:
        yield path if _is_same(path, size, mtime) else None
        return
    number, temporary = tempfile.mkstemp(prefix="earmark-", suffix=os.path.splitext(path)[1])
    try:
        with open(number, "wb") as file:
            file.write(content)
        yield temporary
    finally:
        os.unlink(temporary)


def _is_same(path: str, size: int, mtime: float) -> bool:
    try:
        here = os.stat(path)
    except (OSError, ValueError):  # ValueError: a name this system cannot have
        return False
    return here.st_size == size and abs(here.st_mtime - mtime) <= SAME_TIME and os.access(path, os.R_OK)


def _analysed(path: str, sets: tuple[str, ...], quick: bool, seconds: float, networks: bool) -> dict[str, Any]:
    from audio import analyse, musicnn, outline
    from core.errors import DecodeError
    from core.records import Task
    from services.pool import TOO_LARGE

    wants = not sets or not (analyse.OF_NETWORK | {outline.NAME}).isdisjoint(sets)
    if wants and networks and not musicnn.available():
        raise ImportError(name="tensorflow or musicnn")
    _prepare(wants)
    with _clock(seconds):
        try:
            return {"analysis": _plain(analyse.analyse_in_worker(Task(path, sets, quick)))}
        except DecodeError as error:
            return {"reason": error.reason}
        except MemoryError:
            return {"reason": TOO_LARGE}
        except ImportError:
            raise
        except Exception as error:
            return {"reason": f"something unexpected went wrong ({type(error).__name__}: {error})"}


@cache
def _prepare(networks: bool) -> None:
    """Load the networks and warm up once; other workers on this computer wait, as children do."""
    from filelock import FileLock

    from audio import analyse
    from services.pool import LOCK

    with FileLock(LOCK):
        analyse.start_worker() if networks else analyse.compile_librosa()


@contextlib.contextmanager
def _clock(seconds: float) -> Iterator[None]:
    """End this process when the time is over, also while a decoder keeps the interpreter."""
    if seconds < math.inf and sys.__stderr__ is not None:
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _plain(analysis: Any) -> dict[str, Any]:
    fields = dict(vars(analysis))
    if fields.get("outline") is not None:
        fields["outline"] = dict(vars(fields["outline"]))
    return fields
