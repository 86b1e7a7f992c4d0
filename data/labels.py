"""What the person said: append-only labels and skips, undone by a mark and never deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.records import Label, LabelSource
from data.db import Database, chunks, from_json, marks, now, to_json

# What became of a label or a skip.
STANDS, REPLACED, TAKEN_BACK = STATES = ("stands", "replaced", "taken back")
NOBODY = "nobody"  # in the place of a code: not an answer to a question

# Which label speaks for a track, strongest first; the view current_labels orders by the same list.
PRECEDENCE: tuple[LabelSource, ...] = ("person", "csv", "itunes", "dataset")


@dataclass(frozen=True)
class Event:
    """One line of the history: a label or a skip."""

    event_id: str
    kind: str  # "label" or "skip"
    track_id: int
    target: str
    value: str
    source: str
    created_at: str
    undone_at: str | None


@dataclass(frozen=True)
class Line(Event):
    """An event as the history shows it, with what may be looked for."""

    title: str
    artist: str | None
    asked: str | None  # why it was asked, as a code
    reason: str | None  # the same in words
    said: str | None  # in the source's own words
    state: str  # a key of STATES


@dataclass(frozen=True)
class Wanted:
    """Which lines of the history are looked for; None: any."""

    target: str | None = None
    value: str | None = None
    kind: str | None = None  # label or skip
    source: str | None = None
    asked: str | None = None  # a code of `labeling.reasons`, or NOBODY
    state: str | None = None  # a key of STATES
    text: str = ""  # words of title and artist


class LabelStore:
    """Labels and skips; everything written here waits for the disk (synchronous=FULL)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, labels: Iterable[Label]) -> int:
        """Write labels in one transaction and return how many were new; a known event id writes nothing."""
        with self._database.write(durable=True) as connection:
            return sum(_insert(connection, label) for label in labels)

    def replace_source(self, source: LabelSource, labels: Iterable[Label]) -> int:
        """Write what a source says now: unchanged values are not repeated, changed ones supersede its own."""
        with self._database.write(durable=True) as connection:
            written = 0
            for label in labels:
                latest = connection.execute(
                    """SELECT value, said FROM labels
                       WHERE track_id = ? AND target = ? AND source = ? AND undone_at IS NULL
                       ORDER BY id DESC LIMIT 1""",
                    [label.track_id, label.target, source],
                ).fetchone()
                if latest is None or latest["value"] != label.value or (latest["said"] or label.said) != label.said:
                    written += _insert(connection, label)
        return written

    def withdraw(self, source: LabelSource, target: str, track_ids: Iterable[int], *, reason: str) -> int:
        """Mark the labels a source gave these tracks as undone, because it no longer says them; return how many.

        Parameters
        ----------
        reason : str
            Only labels kept with this reason: of two libraries one does not speak for the other.
        """
        with self._database.write(durable=True) as connection:
            moment = now()
            return sum(
                connection.execute(
                    f"""UPDATE labels SET undone_at = ? WHERE source = ? AND target = ? AND +undone_at IS NULL
                        AND reason = ? AND track_id IN ({marks(len(part))})""",  # +undone_at: found by the track
                    [moment, source, target, reason, *part],
                ).rowcount
                for part in chunks(list(track_ids))
            )

    def skip(self, event_id: str, track_id: int, target: str, kind: str = "not now") -> bool:
        """Put a track aside; False when this event was already written."""
        with self._database.write(durable=True) as connection:
            cursor = connection.execute(
                "INSERT OR IGNORE INTO skips (event_id, track_id, target, kind, created_at) VALUES (?, ?, ?, ?, ?)",
                [event_id, track_id, target, kind, _moment(connection)],
            )
            return cursor.rowcount == 1

    def undo_last(self, event_id: str, *, target: str | None = None) -> Event | None:
        """Mark the person's newest answer or skip as undone and return it, None when there is nothing left.

        Parameters
        ----------
        event_id : str
            The undo's own id: the same id again returns the same event and undoes nothing more.
        target : str, optional
            Only answers to this target.
        """
        with self._database.write(durable=True) as connection:
            done = connection.execute(f"{_EVENTS_UNDONE} WHERE undone_by = ?", [event_id]).fetchone()
            row = (
                done
                or connection.execute(
                    f"""SELECT * FROM ({_EVENTS}) WHERE undone_at IS NULL AND source = 'person'
                    AND (? IS NULL OR target = ?) ORDER BY created_at DESC LIMIT 1""",
                    [target, target],
                ).fetchone()
            )
            if row is None or done is not None:
                return None if row is None else _event(row)
            table = "labels" if row["kind"] == "label" else "skips"
            moment = now()
            connection.execute(
                f"UPDATE {table} SET undone_at = ?, undone_by = ? WHERE event_id = ?",
                [moment, event_id, row["event_id"]],
            )
            return replace(_event(row), undone_at=moment)

    def event(self, event_id: str) -> Event | None:
        """Return one event, None when it was never written."""
        with self._database.read() as connection:
            row = connection.execute(f"SELECT * FROM ({_EVENTS}) WHERE event_id = ?", [event_id]).fetchone()
        return None if row is None else _event(row)

    def current(self, target: str) -> dict[int, Label]:
        """Return the label that speaks for each track: person > csv > itunes / dataset, then the newest."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM current_labels WHERE target = ? ORDER BY id", [target])
            return {row["track_id"]: _label(row) for row in rows}

    def labelled(self, target: str) -> set[int]:
        """Return the tracks that have a label for a target, whoever gave it."""
        sql = "SELECT DISTINCT track_id FROM labels WHERE target = ? AND undone_at IS NULL"
        with self._database.read() as connection:
            return {row[0] for row in connection.execute(sql, [target])}

    def of_track(self, track_id: int) -> dict[str, Label]:
        """Return the labels that speak for one track, by target."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM current_labels WHERE track_id = ?", [track_id])
            return {row["target"]: _label(row) for row in rows}

    def history(self, *, limit: int | None = None, undone: bool = True, source: str | None = None) -> list[Event]:
        """Return labels and skips, newest first."""
        sql = f"""SELECT * FROM ({_EVENTS}) WHERE (? OR undone_at IS NULL) AND (? IS NULL OR source = ?)
                  ORDER BY created_at DESC LIMIT ?"""
        with self._database.read() as connection:
            rows = connection.execute(sql, [undone, source, source, -1 if limit is None else limit])
            return [_event(row) for row in rows]

    def page(self, wanted: Wanted, *, offset: int = 0, limit: int | None = 100) -> tuple[list[Line], int]:
        """Return a part of the labels and skips that are looked for, newest first, and how many there are in all."""
        where, values = _where(wanted)
        found = f"FROM ({_LINES}) AS line JOIN tracks ON tracks.id = line.track_id WHERE {where}"
        with self._database.read() as connection:
            connection.create_function("casefold", 1, str.casefold, deterministic=True)
            total = connection.execute(f"SELECT COUNT(*) {found}", values).fetchone()[0]
            rows = connection.execute(
                f"""SELECT line.*, title, artist, {_STATE} AS state {found}
                    ORDER BY line.created_at DESC, line.place DESC LIMIT ? OFFSET ?""",
                [*values, -1 if limit is None else limit, offset],
            )
            return [_line(row) for row in rows], int(total)

    def lines(self, event_ids: Iterable[str]) -> list[Line]:
        """Return those lines of the history, newest first; an id that is not known is left out."""
        sql = f"""SELECT line.*, title, artist, {_STATE} AS state
                  FROM ({_LINES}) AS line JOIN tracks ON tracks.id = line.track_id WHERE event_id IN"""
        found: list[Line] = []
        with self._database.read() as connection:
            for part in chunks(list(event_ids)):
                found += [_line(row) for row in connection.execute(f"{sql} ({marks(len(part))})", part)]
        return sorted(found, key=lambda line: line.created_at, reverse=True)

    def take_back(self, event_ids: Iterable[str]) -> int:
        """Mark these labels and skips as undone and return how many stood until now."""
        moment, ids, done = now(), list(event_ids), 0
        with self._database.write(durable=True) as connection:
            for table in ("labels", "skips"):
                for part in chunks(ids):
                    done += connection.execute(
                        f"""UPDATE {table} SET undone_at = ?
                            WHERE +undone_at IS NULL AND event_id IN ({marks(len(part))})""",
                        [moment, *part],
                    ).rowcount
        return done

    def withdrawn(self, track_ids: Iterable[int], target: str) -> dict[int, str]:
        """Return the answer a person took back last, for tracks that have no standing one."""
        ids = list(track_ids)
        sql = f"""SELECT track_id, value FROM labels WHERE target = ? AND track_id IN ({marks(len(ids))})
                  AND source = 'person' AND undone_at IS NOT NULL
                  AND track_id NOT IN (SELECT track_id FROM current_labels WHERE target = ?) ORDER BY undone_at"""
        with self._database.read() as connection:
            return {row["track_id"]: row["value"] for row in connection.execute(sql, [target, *ids, target])}

    def counts(self) -> dict[str, dict[str, int]]:
        """Return target -> value -> how many tracks carry it now."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT target, value, COUNT(*) FROM current_labels GROUP BY target, value ORDER BY 3 DESC"
            ).fetchall()
        counts: dict[str, dict[str, int]] = {}
        for target, value, number in rows:
            counts.setdefault(target, {})[value] = number
        return counts

    def skipped(self, target: str) -> dict[int, Event]:
        """Return the newest standing skip of each track."""
        sql = f"SELECT * FROM ({_EVENTS}) WHERE kind = 'skip' AND undone_at IS NULL AND target = ? ORDER BY created_at"
        with self._database.read() as connection:
            return {row["track_id"]: _event(row) for row in connection.execute(sql, [target])}

    def never(self) -> set[int]:
        """Return the tracks the person never wants to be asked about, whatever the target: they are not music."""
        with self._database.read() as connection:
            return {
                row[0]
                for row in connection.execute("SELECT track_id FROM skips WHERE kind = 'never' AND undone_at IS NULL")
            }

    def newest_skip(self) -> tuple[int, str | None]:
        """Return a value that changes with everything put aside and taken back: for caches."""
        with self._database.read() as connection:
            row = connection.execute(f"SELECT {_NEWEST} FROM skips").fetchone()
        return int(row[0]), row[1]

    def asked(self, target: str, *, undone: bool = False) -> list[Label]:
        """Return the person's answers to questions of a target, oldest first; with `undone` those taken back too."""
        sql = f"""SELECT {_COLUMNS} FROM labels WHERE target = ? AND source = 'person' AND asked IS NOT NULL
                  AND (? OR undone_at IS NULL) ORDER BY id"""
        with self._database.read() as connection:
            return [_label(row) for row in connection.execute(sql, [target, undone])]

    def count_asked(self, target: str) -> dict[str, int]:
        """Return why -> how many standing answers the person gave to questions of a target."""
        sql = """SELECT asked, COUNT(*) FROM labels WHERE target = ? AND source = 'person' AND asked IS NOT NULL
                 AND undone_at IS NULL GROUP BY asked"""
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(sql, [target])}

    def asked_last(self, target: str, limit: int) -> list[str]:
        """Return why the person's newest standing answers to a target were asked, the newest first."""
        sql = """SELECT asked FROM labels WHERE target = ? AND source = 'person' AND asked IS NOT NULL
                 AND undone_at IS NULL ORDER BY id DESC LIMIT ?"""
        with self._database.read() as connection:
            return [row[0] for row in connection.execute(sql, [target, limit])]

    def repeats(self, target: str) -> list[tuple[str, str]]:
        """Return (the answer before, the answer to a blind repeat) of every repeat that stands, oldest first."""
        sql = """SELECT (SELECT value FROM labels AS before WHERE before.track_id = labels.track_id
                         AND before.target = labels.target AND before.source = 'person' AND before.id < labels.id
                         AND before.undone_at IS NULL ORDER BY before.id DESC LIMIT 1) AS before, value
                 FROM labels WHERE target = ? AND asked = 'repeat' AND undone_at IS NULL ORDER BY id"""
        with self._database.read() as connection:
            return [(row[0], row[1]) for row in connection.execute(sql, [target]) if row[0] is not None]

    def by_event(self, event_ids: Iterable[str]) -> dict[str, Label]:
        """Return labels by their event ids; a skip's is not among them."""
        ids = list(event_ids)
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM labels WHERE event_id IN ({marks(len(ids))})", ids)
            return {row["event_id"]: _label(row) for row in rows}

    def newest_id(self, target: str | None = None) -> tuple[int, str | None]:
        """Return a value that changes with every label and every undo, of one target or of all: for caches."""
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT {_NEWEST} FROM labels WHERE ? IS NULL OR target = ?", [target, target]
            ).fetchone()
        return int(row[0]), row[1]


_COLUMNS = """id, event_id, track_id, target, value, source, reason, shown, model_run_id, created_at, asked,
              guess_hidden, said"""

# How many are undone is part of it: taking an act back may undo nothing newer than what stays undone.
_NEWEST = "COALESCE(MAX(id), 0), MAX(undone_at) || ' ' || COUNT(undone_at)"

_EVENTS = """
    SELECT event_id, 'label' AS kind, track_id, target, value, source, created_at, undone_at FROM labels
    UNION ALL
    SELECT event_id, 'skip', track_id, target, kind, 'person', created_at, undone_at FROM skips"""

_EVENTS_UNDONE = f"""
    SELECT * FROM ({_EVENTS}) JOIN
    (SELECT event_id AS of, undone_by FROM labels UNION ALL SELECT event_id, undone_by FROM skips) ON of = event_id"""


# -- the history, looked through ----------------------------------------------------------------------

_LINES = """
    SELECT id AS place, event_id, 'label' AS kind, track_id, target, value, source, asked, reason, said, created_at,
           undone_at
    FROM labels
    UNION ALL
    SELECT id, event_id, 'skip', track_id, target, kind, 'person', NULL, NULL, NULL, created_at, undone_at FROM skips"""

# A skip is replaced by an answer given after it; one that says the track is no music is not.
_STATE = f"""
    CASE WHEN line.undone_at IS NOT NULL THEN '{TAKEN_BACK}'
         WHEN line.kind = 'label' AND line.place NOT IN (SELECT id FROM current_labels) THEN '{REPLACED}'
         WHEN line.kind = 'skip' AND line.value <> 'never' AND EXISTS (
             SELECT 1 FROM labels AS later WHERE later.track_id = line.track_id AND later.target = line.target
             AND later.undone_at IS NULL AND later.created_at > line.created_at) THEN '{REPLACED}'
         ELSE '{STANDS}' END"""

_NOT_ASKED = "line.kind = 'label' AND line.asked IS NULL AND (line.source <> 'person' OR line.reason IS NULL)"


def _where(wanted: Wanted) -> tuple[str, list[str]]:
    """Return the condition that lines of the history have to meet, and its values."""
    parts, values = ["1"], []
    for column in ("target", "value", "kind", "source", "asked"):
        value = getattr(wanted, column)
        if (column, value) == ("asked", NOBODY):
            parts.append(_NOT_ASKED)
        elif value is not None:
            parts.append(f"line.{column} = ?")
            values.append(value)
    if wanted.state is not None:
        parts.append(f"{_STATE} = ?")
        values.append(wanted.state)
    for word in wanted.text.casefold().split():
        parts.append("INSTR(casefold(title || ' ' || COALESCE(artist, '')), ?)")
        values.append(word)
    return " AND ".join(parts), values


def _line(row: sqlite3.Row) -> Line:
    return Line(**{name: row[name] for name in Line.__dataclass_fields__})


def _insert(connection: sqlite3.Connection, label: Label) -> int:
    cursor = connection.execute(
        """INSERT OR IGNORE INTO labels
           (event_id, track_id, target, value, source, reason, shown, model_run_id, created_at,
            asked, guess_hidden, said)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            label.event_id, label.track_id, label.target, label.value, label.source, label.reason,
            to_json(label.shown), label.model_run, label.created_at or _moment(connection),
            label.asked, label.guess_hidden, label.said,
        ],
    )  # fmt: skip
    return int(cursor.rowcount == 1)


def _moment(connection: sqlite3.Connection) -> str:
    """Return this moment, or just after the newest answer when the computer's clock was set back since."""
    newest = connection.execute(
        "SELECT MAX(m) FROM (SELECT MAX(created_at) AS m FROM labels UNION ALL SELECT MAX(created_at) FROM skips)"
    ).fetchone()[0]
    moment = now()
    if newest is None or newest < moment:
        return moment
    return (datetime.fromisoformat(newest) + timedelta(microseconds=1)).isoformat(timespec="microseconds")


def _event(row: sqlite3.Row) -> Event:
    return Event(**{name: row[name] for name in Event.__dataclass_fields__})


def _label(row: sqlite3.Row) -> Label:
    return Label(
        event_id=row["event_id"],
        track_id=row["track_id"],
        target=row["target"],
        value=row["value"],
        source=row["source"],
        created_at=row["created_at"],
        reason=row["reason"],
        shown=from_json(row["shown"]),
        model_run=row["model_run_id"],
        asked=row["asked"],
        guess_hidden=bool(row["guess_hidden"]),
        said=row["said"],
    )
