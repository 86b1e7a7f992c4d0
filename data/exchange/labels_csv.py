"""Labels as a table: a CSV file with the columns path, target and value, and what the target is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.errors import EarmarkError
from data.exchange.files import check_read_back, read_text, replacing, write_text

COLUMNS = ("path", "target", "value")
DEFINITION = ("kind", "classes")  # further columns, which a table may lack: for targets that other homes do not know
BETWEEN = "|"  # separates classes; one that holds it stands in quotes, as in any CSV


class Definition(NamedTuple):
    """What a target is."""

    kind: str  # "ordered" or "nominal"
    classes: tuple[str, ...]  # in their order


@dataclass(frozen=True)
class LabelRow:
    """One line of the file."""

    line: int  # where it ends in the file, counting from 1
    path: str
    target: str
    value: str
    definition: Definition | None = None


def read(path: Path) -> list[LabelRow]:
    """Return the rows of a label file, empty lines left out; the columns of the definition may be missing.

    Raises
    ------
    EarmarkError
        The file cannot be read, its first line does not name the columns, or a row lacks one of them.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""))
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        columns = _columns(path, header)
        more = [header.index(name) for name in DEFINITION if name in header]
        lines = (cells for cells in reader if any(cell.strip() for cell in cells))
        return [_row(path, reader.line_num, cells, columns, more) for cells in lines]
    except csv.Error as error:
        raise EarmarkError(f"{path}, line {reader.line_num}: this is not CSV ({error}).") from error


def write(
    path: Path,
    rows: Iterable[Sequence[str]],
    *,
    extra: Sequence[str] = (),
    definitions: Mapping[str, Definition] | None = None,
) -> int:
    """Write (path, target, value) rows, read them back, and return how many there are.

    Parameters
    ----------
    extra : sequence of str
        Names of more columns, for people to read; each row goes on with their values.
    definitions : mapping of target to Definition, optional
        Stands at the end of each row of these targets.
    """
    rows, known = list(rows), definitions or {}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *extra, *DEFINITION])
    writer.writerows([*row, *_definition_cells(known.get(row[1]))] for row in rows)
    with replacing(path) as draft:
        write_text(draft, text.getvalue())
        written = [(row[0], _name(row[1]), row[2], known.get(row[1])) for row in rows]
        check_read_back(path, written, [(row.path, row.target, row.value, row.definition) for row in read(draft)])
    return len(rows)


def _definition_cells(definition: Definition | None) -> tuple[str, str]:
    if definition is None:
        return "", ""
    text = io.StringIO()
    csv.writer(text, delimiter=BETWEEN, lineterminator="").writerow(definition.classes)
    return definition.kind, text.getvalue()


def _columns(path: Path, names: list[str]) -> list[int]:
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise EarmarkError(
            f"{path}, line 1: the column{'s' if len(missing) > 1 else ''} {', '.join(missing)} cannot be found."
            " The first line must be: path,target,value"
        )
    return [names.index(name) for name in COLUMNS]


def _row(path: Path, line: int, cells: list[str], columns: list[int], more: list[int]) -> LabelRow:
    if len(cells) <= max(columns):
        raise EarmarkError(f"{path}, line {line}: {len(cells)} of the {max(columns) + 1} columns are there.")
    track, target, value = (cells[column] for column in columns)
    if not track.strip():
        raise EarmarkError(f"{path}, line {line}: the path is empty.")
    definition = _definition(*(cells[column] for column in more if column < len(cells)))
    return LabelRow(line, track, _name(target), value.strip(), definition)


def _name(target: str) -> str:
    """Return the name of a target as it is stored."""
    return " ".join(target.split()).casefold()


def _definition(kind: str = "", classes: str = "") -> Definition | None:
    """Return what the cells say of a target; None when they are empty, or another table's columns of these names."""
    kind = kind.strip().lower()
    names = tuple(name.strip() for name in next(csv.reader([classes], delimiter=BETWEEN), []))
    return Definition(kind, names) if kind in ("ordered", "nominal") and len(names) > 1 else None
