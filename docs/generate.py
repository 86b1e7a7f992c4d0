"""Write docs/cli.md from the commands of cli.py and docs/schema.md from a fresh database; `--check` only compares."""

from __future__ import annotations

import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

HEADER = "<!-- Written by docs/generate.py; run `make docs` after a change. -->\n\n"
COLUMN = re.compile(r"^\s*(\w+)\s[^\n]*?--\s*([^\n]+)", re.MULTILINE)  # a column and the note after it


def main() -> int:
    """Write both files, or with --check name the stale ones and return 1."""
    pages = {ROOT / "docs" / "cli.md": cli_page(), ROOT / "docs" / "schema.md": schema_page()}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" not in sys.argv[1:]:
        for path in stale:
            path.write_text(pages[path], encoding="utf-8", newline="\n")
        return 0
    for path in stale:
        print(f"{path.relative_to(ROOT)} is out of date: run `make docs`.", file=sys.stderr)
    return 1 if stale else 0


def cli_page() -> str:
    """Return the page about the terminal: every command with its arguments and options."""
    from cli import cli

    context = click.Context(cli, info_name="python cli.py")
    return HEADER + "# The terminal\n\n" + "\n".join(command_sections(cli, context, level=2))


def command_sections(command: click.Command, context: click.Context, *, level: int) -> Iterator[str]:
    """Yield the section of a command, then those of its subcommands in the order the help lists them."""
    title = context.command_path.removeprefix("python cli.py").strip() or "For every command"
    yield f"{'#' * level} {title}\n"
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"    {usage}\n"
    if command.help:
        yield plain(command.help) + "\n"
    options = [option for option in command.get_params(context) if isinstance(option, click.Option)]
    rows = [option_row(option, context) for option in options if not option.hidden and "--help" not in option.opts]
    if rows:
        yield "| option | meaning |\n| --- | --- |\n" + "\n".join(rows) + "\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                inner = click.Context(child, parent=context, info_name=name)
                yield from command_sections(child, inner, level=min(level + 1, 4))


def option_row(option: click.Option, context: click.Context) -> str:
    """Return one row of an options table."""
    names, meaning = option.get_help_record(context) or (", ".join(option.opts), "")
    return f"| `{cell(names)}` | {cell(meaning)} |"


def plain(text: str) -> str:
    r"""Return click's help text as Markdown: without its \b marks, lines joined where click would join them.

    >>> plain("Import\nmusic.\n\n\b\nas it\nstands")
    'Import music.\n\n    as it\n    stands'
    """
    blocks = re.split(r"\n\s*\n", text.strip())
    kept = [block.lstrip().removeprefix("\b") for block in blocks]
    return "\n\n".join(
        "\n".join("    " + line for line in block.strip("\n").splitlines()) if "\b" in raw else " ".join(block.split())
        for raw, block in zip(blocks, kept, strict=True)
    )


def schema_page() -> str:
    """Return the page about the database: every table with its columns, links and indexes."""
    from data.db import Database

    with tempfile.TemporaryDirectory() as folder, Database(Path(folder) / "earmark.db").read() as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        made = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view')"
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY type, name"
        ).fetchall()
        sections = [table_section(connection, *row) for row in made]
    title = f"# The database\n\nVersion {version} of the file `earmark.db` in the home folder.\n\n"
    return HEADER + title + "\n".join(sections)


def table_section(connection: sqlite3.Connection, kind: str, name: str, sql: str) -> str:
    """Return the section of one table or view."""
    notes = dict(COLUMN.findall(sql))
    links = connection.execute(f"PRAGMA foreign_key_list({name})").fetchall()
    foreign = {link["from"]: f"{link['table']}.{link['to']}" for link in links}
    lines = [f"## {name}\n", *(["A view over the tables, always current.\n"] if kind == "view" else [])]
    lines += ["| column | type | notes |", "| --- | --- | --- |"]
    for column in connection.execute(f"PRAGMA table_info({name})"):
        facts = [
            "primary key" if column["pk"] else "",
            "required" if column["notnull"] and not column["pk"] else "",
            f"default {column['dflt_value']}" if column["dflt_value"] is not None else "",
            f"-> {foreign[column['name']]}" if column["name"] in foreign else "",
            notes.get(column["name"], ""),
        ]
        lines.append(f"| {column['name']} | {column['type'].lower()} | {cell('; '.join(filter(None, facts)))} |")
    indexed = connection.execute(f"PRAGMA index_list({name})").fetchall()
    indexes = [index_line(connection, row) for row in indexed if row["origin"] != "pk"]
    return "\n".join([*lines, *([""] if indexes else []), *sorted(indexes), ""])


def index_line(connection: sqlite3.Connection, index: sqlite3.Row) -> str:
    """Return the line about one index."""
    columns = connection.execute(f"PRAGMA index_info({index['name']})").fetchall()
    kind = "unique" if index["unique"] else "index"
    return f"- {kind}: {', '.join(column['name'] or 'an expression' for column in columns)}"


def cell(text: str) -> str:
    """Return a text that stands in one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
