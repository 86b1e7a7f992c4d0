"""Label tables: what is wrong is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import EarmarkError
from data.exchange import labels_csv
from data.exchange.labels_csv import Definition

PACE = ("slow", "fast")


def read(tmp_path: Path, content: str | bytes) -> list[tuple[int, str, str, str]]:
    path = tmp_path / "labels.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(row.line, row.path, row.target, row.value) for row in labels_csv.read(path)]


def test_rows_come_with_their_lines(tmp_path: Path) -> None:
    assert read(tmp_path, "path,target,value\na.mp3,rating,liked\n\nb.mp3,genre,R&B\n") == [
        (2, "a.mp3", "rating", "liked"),
        (4, "b.mp3", "genre", "R&B"),
    ]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without mark", "with mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_utf8_is_read_with_and_without_a_mark_and_with_any_line_ends(tmp_path: Path, mark: bytes, end: str) -> None:
    content = mark + end.join(["path,target,value", "Jóga.mp3,genre,Rímur", ""]).encode()
    assert read(tmp_path, content) == [(2, "Jóga.mp3", "genre", "Rímur")]


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    assert read(tmp_path, "Value,note,PATH,target\nliked,x,a.mp3,rating\n") == [(2, "a.mp3", "rating", "liked")]


def test_quoted_commas_and_line_breaks_belong_to_the_path(tmp_path: Path) -> None:
    assert read(tmp_path, 'path,target,value\n"a, b.mp3",rating,liked\n')[0][1] == "a, b.mp3"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a.mp3,rating,liked\n", "line 1: the columns path, target, value cannot be found"),
        ("", "line 1"),
        ("path,target\n", "line 1: the column value cannot"),
        ("path,target,value\na.mp3,rating,liked\nb.mp3,rating\n", "line 3: 2 of the 3 columns"),
        ("path,target,value\n,rating,liked\n", "line 2: the path is empty"),
        ("path,target,value\ncaf\xe9.mp3,rating,liked\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(EarmarkError, match=message):
        read(tmp_path, content)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EarmarkError, match=r"none\.csv cannot be read"):
        labels_csv.read(tmp_path / "none.csv")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = [('/m/a, "b".mp3', "rating", "liked"), ("/m/Jo\u0301ga\n.mp3", "genre", "R&B/Soul")]
    assert labels_csv.write(tmp_path / "out" / "labels.csv", rows) == 2
    assert [(row.path, row.target, row.value) for row in labels_csv.read(tmp_path / "out" / "labels.csv")] == rows


def test_more_columns_stand_behind_and_do_not_disturb_reading(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    labels_csv.write(path, [("a.mp3", "rating", "liked", 'Jóga, "live"')], extra=["title"])
    assert path.read_text(encoding="utf-8") == (
        'path,target,value,title,kind,classes\na.mp3,rating,liked,"Jóga, ""live""",,\n'
    )
    assert [(row.path, row.target, row.value) for row in labels_csv.read(path)] == [("a.mp3", "rating", "liked")]


@pytest.mark.parametrize(
    "classes",
    [("no", "yes"), ("low", "so | so", "high"), ("a|b", "|"), ('12" mix', '"Heroes"'), ("a, b", "\\", "ja; nein")],
)
def test_what_a_target_is_stands_beside_its_values(tmp_path: Path, classes: tuple[str, ...]) -> None:
    path, definition = tmp_path / "labels.csv", Definition("ordered", classes)
    rows = [("a.mp3", "own", classes[0]), ("a.mp3", "rating", "liked")]
    labels_csv.write(path, rows, definitions={"own": definition})
    assert [row.definition for row in labels_csv.read(path)] == [definition, None]


def test_a_definition_reads_as_people_write_it(tmp_path: Path) -> None:
    labels_csv.write(tmp_path / "l.csv", [("a", "pace", "slow")], definitions={"pace": Definition("nominal", PACE)})
    assert (tmp_path / "l.csv").read_text().splitlines()[1] == "a,pace,slow,nominal,slow|fast"
    path = tmp_path / "own.csv"
    path.write_text("Classes,path,target,value,Kind\nslow | fast,a,pace,slow,Nominal\n")
    assert labels_csv.read(path)[0].definition == Definition("nominal", PACE)


@pytest.mark.parametrize(
    ("header", "cells"),
    [("kind,classes", ","), ("kind", "album"), ("kind,classes", "album,a|b"), ("kind,classes", "ordered,one"),
     ("classes", "a|b"), ("kind,classes", "nominal")],
)  # fmt: skip
def test_columns_that_define_nothing_do_not_disturb(tmp_path: Path, header: str, cells: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"path,target,value,{header}\na.mp3,pace,slow,{cells}\n")
    assert [(row.value, row.definition) for row in labels_csv.read(path)] == [("slow", None)]
