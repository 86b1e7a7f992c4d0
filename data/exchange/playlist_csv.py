"""A playlist as a table, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from core.errors import EarmarkError
from data.exchange.files import Entry, check_read_back, one_line, read_text, replacing, write_text

EXTENSION = ".csv"
COLUMNS = ("path", "title", "artist", "album", "genre", "year", "duration")


def write(path: Path, name: str, entries: Sequence[Entry], *, relative: bool = False) -> None:
    """Write one row for each track, with absolute paths, and read it back before it takes its name.

    Parameters
    ----------
    path : Path
        The file to write.
    name, relative
        Taken because every writer takes them; a table has no name and holds absolute paths.
    entries : sequence of Entry
        In order.

    Raises
    ------
    EarmarkError
        The file cannot be written, or reads back as something else.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow([entry.path, *(_cell(getattr(entry, column)) for column in COLUMNS[1:])])
    with replacing(path) as draft:
        write_text(draft, text.getvalue())
        check_read_back(path, [entry.path for entry in entries], [entry.path for entry in read(draft)[1]])


def read(path: Path) -> tuple[str, list[Entry]]:
    """Return the file's name and its entries.

    Raises
    ------
    EarmarkError
        The file cannot be read, or has no column `path`.
    """
    rows = csv.DictReader(io.StringIO(read_text(path), newline=""))
    if "path" not in (rows.fieldnames or []):
        raise EarmarkError(f"{path} has no column called path in its first line.")
    return path.stem, [_entry(row) for row in rows]


def _entry(row: dict[str, str]) -> Entry:
    return Entry(
        path=row["path"],
        title=row.get("title") or Path(row["path"]).stem,
        artist=row.get("artist") or None,
        album=row.get("album") or None,
        genre=row.get("genre") or None,
        year=int(row["year"]) if row.get("year", "").isdecimal() else None,
        duration=float(row["duration"]) if row.get("duration") else None,
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else one_line(str(value))
