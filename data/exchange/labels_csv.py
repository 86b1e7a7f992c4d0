"""Labels as a table: a CSV file with the columns path, target and value."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import EarmarkError
from data.exchange.files import check_read_back, read_text, replacing, write_text

COLUMNS = ("path", "target", "value")


@dataclass(frozen=True)
class LabelRow:
    """One line of the file."""

    line: int  # where it ends in the file, counting from 1
    path: str
    target: str
    value: str


def read(path: Path) -> list[LabelRow]:
    """Return the rows of a label file, empty lines left out.

    Raises
    ------
    EarmarkError
        The file cannot be read, its first line does not name the columns, or a row lacks one of them.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""))
    try:
        columns = _columns(path, next(reader, []))
        return [_row(path, reader.line_num, cells, columns) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise EarmarkError(f"{path}, line {reader.line_num}: this is not CSV ({error}).") from error


def write(path: Path, rows: Iterable[Sequence[str]], *, extra: Sequence[str] = ()) -> int:
    """Write (path, target, value) rows, read them back, and return how many there are.

    Parameters
    ----------
    extra : sequence of str
        Names of more columns, for people to read; each row goes on with their values.
    """
    rows = list(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([[*COLUMNS, *extra], *rows])
    with replacing(path) as draft:
        write_text(draft, text.getvalue())
        written = [tuple(row[: len(COLUMNS)]) for row in rows]
        check_read_back(path, written, [(row.path, row.target, row.value) for row in read(draft)])
    return len(rows)


def _columns(path: Path, header: list[str]) -> list[int]:
    names = [name.strip().lower() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise EarmarkError(
            f"{path}, line 1: the column{'s' if len(missing) > 1 else ''} {', '.join(missing)} cannot be found."
            " The first line must be: path,target,value"
        )
    return [names.index(name) for name in COLUMNS]


def _row(path: Path, line: int, cells: list[str], columns: list[int]) -> LabelRow:
    if len(cells) <= max(columns):
        raise EarmarkError(f"{path}, line {line}: {len(cells)} of the {max(columns) + 1} columns are there.")
    track, target, value = (cells[column] for column in columns)
    if not track.strip():
        raise EarmarkError(f"{path}, line {line}: the path is empty.")
    return LabelRow(line, track, target.strip().lower(), value.strip())
