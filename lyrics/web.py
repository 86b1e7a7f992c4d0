"""Asking a web service politely: not too often, not for ever, and never taking a refusal for an absence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from core.errors import SourceFailedError
from core.settings import APP_NAME, VERSION

USER_AGENT = f"{APP_NAME}/{VERSION} (sorts a person's own music on their own computer)"
APART = 0.5  # seconds between two requests to one service
TIMEOUT = 10.0  # seconds without a byte
DEADLINE = 20.0  # seconds for a whole answer: a server may drip bytes for ever
GRACE = 0.1  # seconds beyond it, in which it usually ends by itself
MOST = 2_000_000  # bytes; a page of lyrics has some 300,000
BLOCK = 1 << 16  # bytes
REDIRECTS = 3
PATIENCE = 60.0  # seconds a service may ask us to wait within a search; longer is left for later
USUAL_PAUSE = 5.0  # seconds, where it is busy and does not say how long
TRIES = 3  # while it asks to wait
BUSY = (429, 503)
REFUSALS = {401: "does not accept the key (401)", 403: "refuses this computer (403)"}


@dataclass(frozen=True)
class Page:
    """An answer that can be believed: 200, or 404 for what is not there."""

    status: int
    text: str


class Web:
    """One service, asked one request at a time.

    Parameters
    ----------
    source : str
        What errors call it.
    apart : float
        Seconds between two requests.
    timeout, deadline : float
        Seconds without a byte, and for a whole answer.
    wait : callable (seconds)
        How to wait; it may raise to end the search.
    """

    def __init__(
        self,
        source: str,
        *,
        apart: float = APART,
        timeout: float = TIMEOUT,
        deadline: float = DEADLINE,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.source = source
        self._apart, self._timeout, self._deadline, self._wait = apart, timeout, deadline, wait
        self._last = -apart  # moment of the last request
        self._session = _session()

    def get(self, url: str, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> Page:
        """Ask for an address and wait where the service wants that.

        Raises
        ------
        SourceFailedError
            No answer, none in time, or one that says nothing of what was asked for: a refusal, an error, too much.
        """
        for attempt in range(TRIES):
            status, text, pause = self._ask(url, params, headers)
            if status in (200, 404):
                return Page(status, text)
            if status not in BUSY:
                raise self._failed(status)
            pause = USUAL_PAUSE if pause is None else pause
            if pause > PATIENCE or attempt == TRIES - 1:
                raise SourceFailedError(
                    self.source, f"is busy ({status}) and wants to be asked later", retry_after=pause, down=True
                )
            self._wait(pause)
        raise AssertionError("unreachable")

    def _ask(
        self, url: str, params: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> tuple[int, str, float | None]:
        """Return status, text, and the seconds the service asked us to wait; within the deadline, come what may.

        Even the head of an answer may drip for ever, so it is read in a thread that is left behind when time is up.
        """
        self._keep_apart()
        done: list[tuple[int, str, float | None] | BaseException] = []

        def work() -> None:
            try:
                done.append(self._fetch(url, params, headers))
            except BaseException as error:  # raised again below, where somebody waits for it
                done.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(self._deadline + GRACE)
        self._last = time.monotonic()
        if not done:
            self._session = _session()  # the old one still hangs on the answer
            raise SourceFailedError(self.source, f"took longer than {self._deadline:g} s", down=True)
        if isinstance(done[0], BaseException):
            raise done[0]
        return done[0]

    def _fetch(
        self, url: str, params: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> tuple[int, str, float | None]:
        end = time.monotonic() + self._deadline
        try:
            with self._session.get(url, params=params, headers=headers, timeout=self._timeout, stream=True) as answer:
                return answer.status_code, self._read(answer, end), _pause(answer.headers.get("Retry-After"))
        except requests.TooManyRedirects:
            raise SourceFailedError(self.source, "sends from one page to the next without end") from None
        except requests.Timeout:
            raise SourceFailedError(self.source, f"did not answer within {self._timeout:g} s", down=True) from None
        except requests.ConnectionError:
            raise SourceFailedError(self.source, "cannot be reached; is there a connection", down=True) from None
        except HTTPError as error:  # of urllib3, in the middle of an answer
            late = isinstance(error, ReadTimeoutError)
            reason = f"took longer than {self._timeout:g} s" if late else "broke off in the middle of an answer"
            raise SourceFailedError(self.source, reason, down=late) from None
        except requests.RequestException as error:
            raise SourceFailedError(self.source, f"sent what cannot be read ({type(error).__name__})") from None

    def _keep_apart(self) -> None:
        left = self._last + self._apart - time.monotonic()
        if left > 0:
            self._wait(left)

    def _read(self, answer: requests.Response, end: float) -> str:
        content = bytearray()
        while block := answer.raw.read1(BLOCK, decode_content=True):  # whatever has come; iter_content would wait
            content += block
            if len(content) > MOST:
                raise SourceFailedError(self.source, "sent far more than lyrics can be")
            if time.monotonic() > end:
                raise SourceFailedError(self.source, f"took longer than {self._deadline:g} s", down=True)
        encoding = answer.encoding if "charset" in answer.headers.get("Content-Type", "") else "utf-8"
        try:
            return content.decode(encoding or "utf-8", "replace")
        except LookupError:  # an encoding nobody knows
            return content.decode("utf-8", "replace")

    def _failed(self, status: int) -> SourceFailedError:
        """Return the error of a status; a key or a computer that is refused is so for every song."""
        reason = REFUSALS.get(status, f"answered with an error ({status})")
        return SourceFailedError(self.source, reason, down=status in REFUSALS or status >= 500)


def _session() -> requests.Session:
    session = requests.Session()
    session.max_redirects = REDIRECTS
    session.headers["User-Agent"] = USER_AGENT
    return session


def _pause(header: str | None) -> float | None:
    """Return the seconds in a Retry-After header, which may be a number or a date (RFC 9110).

    >>> _pause("7"), _pause("soon"), _pause(None)
    (7.0, None, None)
    """
    if header is None:
        return None
    try:
        return max(0.0, float(header)) if header.strip().isdigit() else _until(parsedate_to_datetime(header))
    except (TypeError, ValueError):
        return None


def _until(moment: datetime) -> float:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
