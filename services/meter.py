"""How much of the music was heard, how fast, and how long the rest will take."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

WINDOW = 30.0  # seconds over which speed is measured, so that time left settles and still follows
ASLEEP = 10.0  # seconds without a look at the clock: the computer slept, or the process was stopped
# What is said before the numbers of a pass; the whole hearing needs no more words than "Listening".
PHASES = {"quick": "A first listen, a few seconds of each", "anew": "Measuring again what was heard"}


@dataclass
class Meter:
    """How much was heard, how fast, and how long the rest will take."""

    total: int
    phase: str = ""  # one of PHASES; empty: the whole hearing
    done: int = 0
    audio_seconds: float = 0.0
    failed: list[dict[str, str]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    first: float | None = None  # when the first track was done: before it the children were starting
    recent: deque[tuple[float, float]] = field(default_factory=deque)
    looked: float | None = None  # at the clock, last

    def heard(self, seconds: float) -> None:
        """Count one analysed track."""
        moment = self._awake()
        self.first = self.first or moment
        self.done += 1
        self.audio_seconds += seconds
        self.recent.append((moment, seconds))
        while self.recent and moment - self.recent[0][0] > WINDOW:
            self.recent.popleft()

    def progress(self) -> dict[str, Any]:
        """Return the numbers shown while it runs; speed and time left are None until they mean something."""
        moment = self._awake()
        finished = self.done + len(self.failed)
        numbers: dict[str, Any] = {"done": finished, "total": self.total, "failed": len(self.failed)}
        numbers |= {"phase": self.phase} if self.phase else {}
        span = moment - self.recent[0][0] if len(self.recent) >= 3 else 0.0
        if self.first is None and not self.failed and self.total:
            tracks = f"{self.total:,} track{'' if self.total == 1 else 's'}"
            numbers["sentence"] = f"Getting ready to listen to {tracks}, which takes some 15 seconds"
        if span > 1.0:
            per_second = (len(self.recent) - 1) / span
            numbers["tracks_per_second"] = round(per_second, 2)
            if self.phase != "quick":  # of whose tracks only seconds are heard
                numbers["realtime_factor"] = round(sum(s for _, s in list(self.recent)[1:]) / span, 1)
            numbers["seconds_left"] = round((self.total - finished) / per_second, 1)
        return numbers

    def look(self) -> None:
        """Look at the clock while another pass is under way, so that its time counts and a sleep does not."""
        self._awake()

    def _awake(self) -> float:
        """Return this moment; after a sleep speed is measured anew, and the sleep is no time of work."""
        moment = time.monotonic()
        if self.looked is not None and (slept := moment - self.looked) > ASLEEP:
            self.recent.clear()
            self.started += slept
        self.looked = moment
        return moment

    def result(self) -> dict[str, Any]:
        """Return the figures of the whole run."""
        seconds = time.monotonic() - self.started
        return {
            "analyzed": self.done,
            "failed": self.failed,
            "seconds": round(seconds, 2),
            "audio_seconds": round(self.audio_seconds, 1),
            "realtime_factor": round(self.audio_seconds / seconds, 1) if seconds else 0.0,
        }
