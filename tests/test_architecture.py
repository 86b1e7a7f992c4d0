"""The layer table of docs/architecture.md as data, and the tests that hold every source file to it.

What a file imports is read from its syntax tree, at module level and inside functions alike. To let a package in, name
it in the row of the layer that wants it: that is the discussion this file is here to start.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Layer:
    """What one layer may import: of ours, and of others' packages beside numpy and pandas."""

    ours: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)


MIDDLE = {"audio", "data", "labeling", "models", "lyrics", "streaming"}
ANYWHERE = {"numpy", "pandas"}
# Of Python's own library, what belongs to one layer only.
STDLIB_KEPT = {"sqlite3": {"data", "docs"}, "plistlib": set(), "pickle": set(), "shelve": set(), "marshal": set()}

LAYERS = {
    "app.py": Layer({"ui", "services", "core"}, {"streamlit", "starlette"}),
    "cli.py": Layer({"services", "core"}, {"click", "rich"}),
    "ui": Layer({"services", "core"}, {"streamlit", "plotly"}),
    "services": Layer(MIDDLE | {"core"}, {"filelock", "psutil", "threadpoolctl", "dask", "distributed", "dotenv"}),
    "audio": Layer({"core"}, {"av", "librosa", "scipy", "soxr"}),
    "data": Layer({"core"}, {"sqlite_utils"}),
    "labeling": Layer({"core"}, {"sklearn"}),
    "models": Layer({"core"}, {"sklearn", "tensorflow", "keras", "skops", "umap"}),
    "lyrics": Layer(
        {"core"},
        {
            "lyricsgenius",
            "requests",
            "urllib3",
            "charset_normalizer",  # where words come from
            "nltk",
            "py3langid",
            "stopwordsiso",
            "scipy",
            "sklearn",
            "wordcloud",
            "PIL",  # what they are like
        },
    ),
    "streaming": Layer({"core"}, {"spotipy", "ytmusicapi"}),
    "core": Layer(set(), {"platformdirs"}),
    # Scripts beside the layers.
    "docs": Layer({"cli.py", "data", "core"}, {"click"}),
    "tools": Layer(),
}
# Others' packages that one file of a layer may use and its siblings may not.
FILES = {"audio/musicnn.py": {"tensorflow"}, "core/matching.py": {"rapidfuzz"}, "ui/routes.py": {"starlette"}}

FREE = {"tests", "benchmarks"}  # they look at everything
FRONT_DOORS = ["cli.py", "app.py", "ui"]
# Seconds and hundreds of MB each: never at a start.
HEAVY = {"tensorflow", "keras", "sklearn", "librosa", "numba", "nltk", "umap"}

SQL = re.compile(
    r"""\b(?: SELECT\s.+?\sFROM\s | INSERT\s+(?:OR\s+\w+\s+)?INTO\s | REPLACE\s+INTO\s | UPDATE\s+\S+\s+SET\s
          | DELETE\s+FROM\s | (?:CREATE|DROP|ALTER)\s+(?:\w+\s+)?(?:TABLE|INDEX|VIEW|TRIGGER)\s | PRAGMA\s )
      | ^\s*(?: select\s.+?\sfrom\s | insert\s+into\s | update\s+\S+\s+set\s | delete\s+from\s | create\s+table\s )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Import:
    """One import: the dotted module, where it stands, and whether it runs when the file is imported."""

    module: str
    path: str
    line: int
    at_start: bool
    typing_only: bool


# The rules, each on the files of one folder, so that the tests below can also show that they bite.


def layer_breaks(root: Path) -> list[str]:
    """Return the imports the layer table does not allow."""
    return [
        f"{found.path}:{found.line} imports {found.module}"
        for path in layer_files(root)
        for found in imports_of(root, path)
        if not is_allowed(found, root)
    ]


def is_allowed(found: Import, root: Path) -> bool:
    """Say whether the table allows an import."""
    home, top = layer_of(found.path), found.module.partition(".")[0]
    layer = LAYERS[home]
    if top in STDLIB_KEPT:
        return home in STDLIB_KEPT[top]
    ours = next((name for name in LAYERS if name.removesuffix(".py") == top and (root / name).exists()), None)
    if ours and is_ours(root, found.module):
        return ours == home or ours in layer.ours
    if top in sys.stdlib_module_names:
        return True
    return top in ANYWHERE | layer.others | FILES.get(found.path, set())


def circles(root: Path) -> list[str]:
    """Return one circle of modules that import each other, or nothing."""
    graph: dict[str, set[str]] = {}
    for path in layer_files(root):
        near = {module_file(root, found.module) for found in imports_of(root, path) if not found.typing_only}
        graph[path] = {other for other in near if other and other != path}
    try:
        TopologicalSorter(graph).prepare()
    except ValueError as error:  # graphlib.CycleError
        return [" -> ".join(error.args[1])]
    return []


def sql_outside_data(root: Path) -> list[str]:
    """Return the string literals outside data/ that hold SQL."""
    return [
        f"{path}:{node.lineno} {text.strip()[:60]!r}"
        for path in layer_files(root)
        if layer_of(path) != "data" and layer_of(path) != "docs"  # generate.py asks SQLite what its tables are
        for node, text in strings_of(tree_of(root, path))
        if SQL.search(text)
    ]


def files_without_a_sentence(root: Path) -> list[str]:
    """Return the source files that do not begin with a docstring sentence; an empty __init__.py needs none."""
    return [path for path in layer_files(root) if (root / path).stat().st_size and not begins_with_sentence(root, path)]


def begins_with_sentence(root: Path, path: str) -> bool:
    """Say whether a file's docstring starts with a sentence: no small letter first, a full stop last."""
    first = (ast.get_docstring(tree_of(root, path)) or "").split("\n\n")[0].strip()
    return bool(first) and not first[0].islower() and first.endswith((".", ":", "?"))


def loaded_at_start(root: Path, door: str) -> set[str]:
    """Return the top-level names of others' packages that are imported with a front door, through all of ours."""
    seen, waiting, others = set(), [path for path in layer_files(root) if layer_of(path) == door], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for found in imports_of(root, path):
            if not found.at_start or found.typing_only:
                continue
            near = module_file(root, found.module)
            if near:
                waiting += [
                    near,
                    *(str(init) for init in [Path(near).parent / "__init__.py"] if (root / init).exists()),
                ]
            else:
                others.add(found.module.partition(".")[0])
    return others


# What a file says, read from its syntax tree.


def layer_files(root: Path) -> list[str]:
    """Return the paths of the source files that the table speaks of, with forward slashes."""
    found = [
        path
        for name in LAYERS
        for path in ([root / name] if name.endswith(".py") else sorted((root / name).rglob("*.py")))
    ]
    return [path.relative_to(root).as_posix() for path in found if path.is_file()]


def layer_of(path: str) -> str:
    """Return the row of the table a file belongs to."""
    return path.partition("/")[0]


def tree_of(root: Path, path: str) -> ast.Module:
    """Return a file's syntax tree."""
    return parsed((root / path).read_text(encoding="utf-8"), path)


@cache
def parsed(source: str, path: str) -> ast.Module:
    """Return the syntax tree of a source text."""
    return ast.parse(source, filename=path)


def imports_of(root: Path, path: str) -> list[Import]:
    """Return every import of a file."""
    return list(walk_imports(root, path, tree_of(root, path), at_start=True, typing_only=False))


def walk_imports(root: Path, path: str, node: ast.AST, *, at_start: bool, typing_only: bool) -> Iterator[Import]:
    """Yield the imports below a node, knowing which run at the start and which are for type checkers only."""
    for child in ast.iter_child_nodes(node):
        for module in imported_modules(root, path, child):
            yield Import(module, path, getattr(child, "lineno", 0), at_start, typing_only)
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        yield from walk_imports(root, path, child, at_start=at_start and not inside, typing_only=typing_only or types)


def imported_modules(root: Path, path: str, node: ast.AST) -> list[str]:
    """Return the modules that a statement, or a call of import_module with a plain name, imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = (
            ".".join([*Path(path).parts[: -node.level], *filter(None, [node.module])])
            if node.level
            else node.module or ""
        )
        return [f"{base}.{a.name}" if is_ours(root, f"{base}.{a.name}") else base for a in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"import_module", "__import__"}:
        return [str(name.value) for name in node.args[:1] if isinstance(name, ast.Constant)]
    return []


def is_ours(root: Path, module: str) -> bool:
    """Say whether a dotted name is a module or folder of ours."""
    return module_file(root, module) is not None or (root / module.replace(".", "/")).is_dir()


def module_file(root: Path, module: str) -> str | None:
    """Return the file of one of our modules, None for others'."""
    stem = module.replace(".", "/")
    return next((path for path in (f"{stem}.py", f"{stem}/__init__.py") if (root / path).is_file()), None)


def strings_of(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield the string literals that are not docstrings, an f-string as one text with its gaps as `?`."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in joined for part in node.values}
    for node in joined:
        yield node, "".join(str(part.value) if isinstance(part, ast.Constant) else "?" for part in node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | parts:
            yield node, node.value


# The rules kept.


def test_each_file_imports_only_what_its_layer_allows():
    assert "\n".join(layer_breaks(ROOT)) == ""


def test_the_table_has_no_circle():
    TopologicalSorter({name: layer.ours for name, layer in LAYERS.items()}).prepare()


def test_no_modules_import_each_other_in_a_circle():
    assert "\n".join(circles(ROOT)) == ""


def test_sql_lives_in_data_alone():
    assert "\n".join(sql_outside_data(ROOT)) == ""


def test_every_source_file_begins_with_a_sentence():
    assert "\n".join(files_without_a_sentence(ROOT)) == ""


def test_every_folder_with_source_has_a_row_in_the_table():
    folders = {path.parent.name for path in ROOT.glob("*/*.py") if not path.parent.name.startswith(".")}
    scripts = {path.name for path in ROOT.glob("*.py")}
    assert (folders | scripts) - FREE - set(LAYERS) == set()


def test_there_is_no_init_file_under_tests():
    assert list((ROOT / "tests").rglob("__init__.py")) == []  # with one, `import data.db` would find tests/data


def test_no_folder_is_called_pages():
    assert list((ROOT / "ui").rglob("pages")) == []  # Streamlit would make a second navigation of it


@pytest.mark.parametrize("door", FRONT_DOORS)
def test_a_front_door_asks_for_nothing_heavy(door):
    assert loaded_at_start(ROOT, door) & HEAVY == set()


@pytest.mark.parametrize("door", FRONT_DOORS)
def test_a_front_door_starts_without_loading_anything_heavy(door):
    # Pages are scripts: importing one would run it. What they import at their start stands for them.
    files = [path for path in layer_files(ROOT) if layer_of(path) == door]
    modules = {path[:-3] for path in files} if door == "cli.py" else start_imports(files)
    if not modules:
        pytest.skip(f"{door} is not built yet.")
    script = (
        f"import json, sys\nfor name in {sorted(modules)!r}: __import__(name)\nprint(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])} & HEAVY == set()


def start_imports(files: list[str]) -> set[str]:
    """Return the modules outside ui/ that these files import at their start."""
    found = [one for path in files for one in imports_of(ROOT, path) if one.at_start and not one.typing_only]
    return {one.module for one in found if layer_of(one.module.replace(".", "/")) != "ui"}


# The rules shown to bite: each breaks in a small tree made for it.


@pytest.fixture
def house(tmp_path):
    """Return a function that writes a source file into a small tree beside the real layers' folders."""
    for name in LAYERS:
        (tmp_path / name).touch() if name.endswith(".py") else (tmp_path / name).mkdir()

    def write(path: str, source: str) -> Path:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source, encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("services/a.py", "import streamlit as st"),
        ("cli.py", "def run():\n    import streamlit"),
        ("cli.py", "from ui import main"),
        ("ui/views/a.py", "from data.db import Database"),
        ("ui/a.py", "import charts"),
        ("models/a.py", "from data import db"),
        ("core/a.py", "import services.workspace"),
        ("audio/decode.py", "def f():\n    import tensorflow as tf"),
        ("audio/a.py", "import importlib\nimportlib.import_module('keras')"),
        ("services/a.py", "import sqlite3"),
        ("services/a.py", "import sklearn.linear_model"),
        ("services/a.py", "from librosa.feature import mfcc"),
        ("ui/a.py", "import click"),
        ("app.py", "import plotly"),
        ("labeling/a.py", "import skops"),
        ("models/a.py", "import pickle"),
        ("core/a.py", "import requests"),
        ("core/settings.py", "import rapidfuzz"),
        ("tools/a.py", "import core"),
        ("data/a.py", "if True:\n    from . import b\n    from ..services import jobs"),
    ],
)
def test_a_forbidden_import_is_found(house, path, source):
    for other in ["data/db.py", "data/b.py", "services/jobs.py", "services/workspace.py", "ui/main.py", "ui/charts.py"]:
        root = house(other, "")
    root = house(path, source)
    assert len(layer_breaks(root)) == 1


def test_an_allowed_import_is_not_found(house):
    house("data/db.py", "import sqlite3\nimport numpy as np\nfrom core.errors import EarmarkError")
    house("core/errors.py", "import queue")
    house("audio/musicnn.py", "import tensorflow")
    house("core/matching.py", "import rapidfuzz")
    root = house("services/a.py", "from data import db\nimport models\nfrom typing import TYPE_CHECKING")
    assert layer_breaks(root) == []


def test_a_circle_is_found(house):
    house("services/a.py", "def f():\n    from services import b")
    root = house("services/b.py", "import services.a")
    assert circles(root)


@pytest.mark.parametrize(
    "text",
    ["'SELECT id FROM tracks'", "f'UPDATE {table} SET a = 1'", "'delete from labels'", "'x'\nq = 'PRAGMA user_version'",
     "'CREATE TABLE a (b)'", "'INSERT OR IGNORE INTO a VALUES (1)'"],
)  # fmt: skip
def test_sql_outside_data_is_found(house, text):
    root = house("services/a.py", f"q = {text}")
    assert len(sql_outside_data(root)) == 1


def test_words_that_only_sound_like_sql_are_not_found(house):
    source = '"""Select a track from the table, update it set by set."""\nlabel = "Select a folder from the list"'
    assert sql_outside_data(house("ui/a.py", source)) == []


@pytest.mark.parametrize("source", ["x = 1", '""""""', '"""no capital."""', '"""No full stop"""'])
def test_a_file_without_a_first_sentence_is_found(house, source):
    root = house("core/a.py", source)
    assert files_without_a_sentence(root) == ["core/a.py"]


def test_a_heavy_import_behind_a_front_door_is_found(house):
    house("models/knn.py", "import sklearn")
    house("services/a.py", "from models import knn")
    root = house("ui/main.py", "import services.a")
    assert "sklearn" in loaded_at_start(root, "ui")


def test_a_heavy_import_inside_a_function_is_no_start(house):
    house("models/knn.py", "def f():\n    import sklearn")
    root = house("ui/main.py", "import models.knn")
    assert loaded_at_start(root, "ui") == set()
