"""Moments as a person says them."""

from __future__ import annotations

from datetime import datetime


def moment(stored: str, *, now: datetime | None = None) -> str:
    """Say when something was: "today 14:05", "yesterday 9:12", "Tuesday 14:05", "3 November 2026".

    Parameters
    ----------
    stored : str
        As the stores keep it: UTC, ISO 8601.
    now : datetime, optional
        By default this moment, where the person is.

    >>> moment("2026-11-03T10:00:00+00:00", now=datetime.fromisoformat("2026-11-20T10:00:00+00:00"))
    '3 November 2026'
    """
    now = now or datetime.now().astimezone()
    then = datetime.fromisoformat(stored).astimezone(now.tzinfo)
    days = (now.date() - then.date()).days
    if not 0 <= days < 7:
        return f"{then.day} {then:%B %Y}"
    day = "today" if days == 0 else "yesterday" if days == 1 else f"{then:%A}"
    return f"{day} {then.hour}:{then:%M}"
