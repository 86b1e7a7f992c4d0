"""Sizes as people say them."""

from __future__ import annotations

UNITS = ("bytes", "KB", "MB", "GB", "TB")


def size_text(size: int) -> str:
    """Return a size as people say it.

    >>> size_text(31_400_000_000), size_text(900)
    ('31 GB', '900 bytes')
    """
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {UNITS[unit]}" if unit > 2 and value < 9.95 else f"{value:.0f} {UNITS[unit]}"
