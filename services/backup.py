"""Backups: everything Earmark knows in one file, and back again. No audio, no tokens."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import tempfile
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from filelock import FileLock, Timeout

from core.errors import DatabaseTooNewError, EarmarkError, StorageError
from core.settings import VERSION
from data import backups
from data.db import FILE_NAME, Database, now
from data.exchange.files import replacing
from data.settings import SettingsStore
from services.sizes import size_text
from services.workspace import Workspace

FORMAT = 1  # of the .zip; raised when an older program could not read a newer one
MANIFEST = "manifest.json"
MODELS = "models"
BEFORE = "before-restore-"  # the backups made by themselves
KEPT = 10  # of those
MOST_SAVES = 3  # for one restore
COUNTS = ("tracks", "analysed", "labels", "model_runs", "models", "playlists")
SECRETS = frozenset({"secret"})  # settings: the key that signs the names of tracks in addresses
SECRET_ENDINGS = ("_token", "_secret", "_key", "_password")
OF_THE_HOME = frozenset({"home_id"})  # settings that stay with their home too: a copy is another home
RESTORED = "restored"  # setting: new after each restore, so that programs that run notice
CHUNK = 1 << 20  # bytes read at once
MANIFEST_BYTES = 16_000_000  # more is no manifest
COMPRESSION = 3  # of 9: vectors hardly get smaller with more
SAMPLES = 24  # places of the database that are compressed to guess the size of a backup
PATIENCE = 25.0  # seconds: a coordinator without work ends in less
# What reading a zip that was tampered with can raise.
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError, RuntimeError,
              OverflowError)  # fmt: skip

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Contents:
    """What a backup holds, or would."""

    bytes: int
    tracks: int = 0
    analysed: int = 0
    labels: dict[str, int] = field(default_factory=dict)  # target -> tracks
    model_runs: int = 0
    models: int = 0  # model folders; a bare database has none
    playlists: int = 0
    schema: int = 0
    created_at: str | None = None  # None: not written yet, or a bare database
    version: str | None = None  # of the program that wrote it

    @property
    def sentence(self) -> str:
        """Say it: "84 MB: 12,041 tracks, 214 ratings, 3 models. No audio, no tokens."."""
        counts = {"track": self.tracks, "rating": self.labels.get("rating", 0)}
        counts |= {f"{target} label": number for target, number in self.labels.items() if target != "rating"}
        counts |= {"model": self.models}
        listed = ", ".join(f"{number:,} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items())
        return f"{'' if self.created_at else 'About '}{size_text(self.bytes)}: {listed}. No audio, no tokens."

    def as_json(self) -> dict[str, Any]:
        """Return the counts as the terminal shows them and the manifest keeps them."""
        return {name: value for name, value in asdict(self).items() if name in COUNTS}


def is_private(key: str) -> bool:
    """Say whether a setting never leaves its home.

    >>> is_private("secret"), is_private("spotify_token"), is_private("cores")
    (True, True, False)
    """
    return key in SECRETS | OF_THE_HOME or key.endswith(SECRET_ENDINGS)


# -- writing --------------------------------------------------------------------------------------


def estimate(workspace: Workspace) -> Contents:
    """Say what a backup would hold and roughly how large it would be, without writing it."""
    models = sum(path.stat().st_size for path in _model_files(workspace.models_folder))
    size = backups.size(workspace.database) * _compressibility(workspace.database.path) + models
    return _contents(backups.count(workspace.database), bytes=int(size), models=_count_models(workspace))


def _compressibility(file: Path) -> float:
    """Return how small a file gets, from a few places of it."""
    with open(file, "rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        pieces = []
        for place in range(SAMPLES):
            stream.seek(end * place // SAMPLES)
            pieces.append(stream.read(CHUNK // 16))
    sample = b"".join(pieces)
    return len(zlib.compress(sample, COMPRESSION)) / max(1, len(sample))


def backup(workspace: Workspace, file: str | os.PathLike[str], *, progress: Progress | None = None) -> dict[str, Any]:
    """Write everything the home knows into one .zip: the database and the models; no audio, no cache, no tokens.

    Parameters
    ----------
    file : path
        Whole or not there; an older one of this name is replaced.
    progress : callable, optional
        Called with {"done", "total"} in bytes.

    Returns
    -------
    dict
        {"path", "bytes", "content"}: the file, its size and what is counted in it.

    Raises
    ------
    EarmarkError
        Its folder is not there, the file cannot be written, or the database is damaged.
    """
    path = Path(file).expanduser().absolute()
    if path.is_dir():
        raise EarmarkError(f"{path} is a folder. Give the backup a name, for example {path / 'earmark.zip'}")
    if path == suggested_file(workspace):
        path.parent.mkdir(exist_ok=True)
    if not path.parent.exists():
        raise EarmarkError(f"The folder {path.parent} is not there. Make it first, or choose another.")
    with _work_folder(workspace.home) as folder:
        copy = backups.copy(workspace.database, folder / FILE_NAME)
        backups.clean_copy(copy, is_private)
        members = {FILE_NAME: copy} | _model_files_by_name(workspace.models_folder)
        content = _contents(backups.examine(copy, thorough=False), bytes=0, models=_count_models(workspace))
        with replacing(path) as draft:
            _write_zip(draft, members, content, progress or _silent)
            _check_zip(draft, path)
    return {"path": str(path), "bytes": path.stat().st_size, "content": content.as_json()}


def _silent(progress: dict[str, Any]) -> None:
    """Show nothing."""


@contextmanager
def _work_folder(home: Path) -> Iterator[Path]:
    """Yield a folder in the home that is gone afterwards; a disk that is full becomes a sentence."""
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=home, ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except OSError as error:
        where = error.filename or home
        raise EarmarkError(
            f"{where} cannot be read or written ({error.strerror or error}). Is the disk full?"
        ) from error


def _contents(found: backups.Examined, *, bytes: int, models: int, **about: Any) -> Contents:
    return Contents(bytes=bytes, models=models, **asdict(found), **about)


def _model_files(folder: Path) -> list[Path]:
    """Return the files of the models; hidden folders are models just being written."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def _model_files_by_name(folder: Path) -> dict[str, Path]:
    return {f"{MODELS}/{path.relative_to(folder).as_posix()}": path for path in _model_files(folder)}


def _count_models(workspace: Workspace) -> int:
    return len({path.parent for path in _model_files(workspace.models_folder)})


def _write_zip(draft: Path, members: dict[str, Path], content: Contents, progress: Progress) -> None:
    """Write the members, then the manifest with the checksum of each."""
    total = sum(path.stat().st_size for path in members.values())
    written: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
        for name, path in members.items():
            with open(path, "rb") as source, archive.open(name, "w", force_zip64=True) as target:
                done = sum(member["bytes"] for member in written.values())
                size, digest = _copy(source, target, lambda n, done=done: progress({"done": done + n, "total": total}))  # type: ignore[misc]
            written[name] = {"bytes": size, "sha256": digest}
        manifest = {
            "format": FORMAT, "program": "Earmark", "version": VERSION, "schema": content.schema, "created_at": now(),
            "content": content.as_json(), "members": written,
        }  # fmt: skip
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    with open(draft, "rb+") as file:
        os.fsync(file.fileno())


def _copy(
    source: IO[bytes], target: IO[bytes], tell: Callable[[int], None] = lambda size: None, limit: int | None = None
) -> tuple[int, str]:
    """Copy at most `limit` bytes and return how many there were, and their checksum."""
    digest, size = hashlib.sha256(), 0
    while (chunk := source.read(CHUNK)) and (limit is None or size <= limit):
        target.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        tell(size)
    return size, digest.hexdigest()


# -- reading --------------------------------------------------------------------------------------


def describe(file: str | os.PathLike[str]) -> Contents:
    """Say what a backup holds by its own account, without restoring it: a .zip of `backup`, or a bare database.

    Raises
    ------
    EarmarkError
        It is not there, damaged, or no backup of Earmark.
    DatabaseTooNewError
        It was made by a newer version.
    """
    path = _existing(file)
    size = path.stat().st_size
    if backups.is_database(path):
        return _contents(backups.examine(path, thorough=False), bytes=size, models=0)
    with _opened(path) as (_, manifest):
        about = {name: manifest[name] for name in ("schema", "created_at", "version")}
        return Contents(bytes=size, **manifest["content"], **about)


def automatic(workspace: Workspace) -> list[Path]:
    """Return the backups Earmark made by itself, before restoring and before migrating, the newest first."""
    folder = workspace.home / "backups"
    found = [path for path in folder.glob("before-*") if path.suffix in (".zip", ".db")]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _existing(file: str | os.PathLike[str]) -> Path:
    path = Path(file).expanduser().absolute()
    if not path.is_file():
        raise EarmarkError(f"{path} is not there. Choose a backup that Earmark made: a .zip, or a .db from `backups`.")
    try:
        with open(path, "rb"):
            return path
    except OSError as error:
        raise EarmarkError(f"{path} cannot be read ({error.strerror or error}).") from error


@contextmanager
def _opened(path: Path, name: Path | None = None) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    """Yield a backup and its checked manifest; `name` is what the person calls the file."""
    name = name or path
    if not zipfile.is_zipfile(path):
        raise EarmarkError(
            f"{name} is no backup of Earmark, or only a part of one."
            " Choose a .zip that Earmark made, or a .db from `backups`."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, _checked_manifest(archive, name)
    except BROKEN_ZIP as error:
        raise _damaged(name, str(error) or type(error).__name__) from error


def _checked_manifest(archive: zipfile.ZipFile, name: Path) -> dict[str, Any]:
    """Return the manifest, after comparing what it says with what the archive declares."""
    manifest = _read_manifest(archive, name)
    members, infos = manifest["members"], archive.infolist()
    if odd := next((member for member in members if not _is_ours(member)), None):
        raise EarmarkError(f"{name} holds a file that Earmark does not write ({odd!r}), so it was not opened.")
    if len(infos) != len(members) + 1 or {info.filename for info in infos} != {*members, MANIFEST}:
        raise _damaged(name, f"its list and its {len(infos)} files do not agree")
    for info in infos:
        if info.filename != MANIFEST and info.file_size != members[info.filename]["bytes"]:
            raise _damaged(name, f"{info.filename} is not as large as its list says")
    return manifest


def _read_manifest(archive: zipfile.ZipFile, name: Path) -> dict[str, Any]:
    if MANIFEST not in archive.namelist() or archive.getinfo(MANIFEST).file_size > MANIFEST_BYTES:
        raise EarmarkError(f"{name} is a .zip, but no backup of Earmark. Choose one that Earmark made.")
    try:
        manifest = json.loads(archive.read(MANIFEST))
        newer, known = manifest["format"] > FORMAT, _is_manifest(manifest)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _damaged(name, f"{MANIFEST} cannot be understood") from error
    if newer:
        raise DatabaseTooNewError(
            f"{name} was made by a newer Earmark ({manifest.get('version')}). Nothing was changed."
            " Please update Earmark, then restore."
        )
    if not known:
        raise _damaged(name, f"{MANIFEST} cannot be understood")
    return dict(manifest)


def _is_manifest(manifest: dict[str, Any]) -> bool:
    members, content = manifest["members"], manifest["content"]
    return (
        FILE_NAME in members
        and all(isinstance(m["bytes"], int) and isinstance(m["sha256"], str) for m in members.values())
        and set(content) <= set(COUNTS)
        and all(isinstance(value, dict if name == "labels" else int) for name, value in content.items())
        and all(isinstance(number, int) for number in content.get("labels", {}).values())
        and isinstance(manifest["schema"], int)
        and all(isinstance(manifest[name], str) for name in ("created_at", "version"))
    )


def _is_ours(member: str) -> bool:
    """Say whether a member has a name that `backup` gives, which leads nowhere else."""
    parts = PurePosixPath(member).parts
    plain = "/".join(parts) == member and not any(sign in member for sign in '\\:\0"*?<>|')
    return member == FILE_NAME or (
        plain and len(parts) > 1 and parts[0] == MODELS and not any(part.startswith(".") for part in parts)
    )


def _damaged(name: Path, reason: str) -> EarmarkError:
    return EarmarkError(f"{name} is damaged: {reason}. Nothing was changed. Choose another backup.")


def _check_zip(draft: Path, name: Path) -> None:
    """Read a backup just written and compare every checksum."""
    with _opened(draft, name) as (archive, manifest), open(os.devnull, "wb") as nowhere:
        for member, about in manifest["members"].items():
            with archive.open(member) as source:
                _checked_copy(source, nowhere, member, about, name)


def _checked_copy(source: IO[bytes], target: IO[bytes], member: str, about: dict[str, Any], name: Path) -> None:
    if _copy(source, target, limit=about["bytes"]) != (about["bytes"], about["sha256"]):
        raise _damaged(name, f"{member} is not what was saved")


# -- restoring ------------------------------------------------------------------------------------


def restore(
    workspace: Workspace, file: str | os.PathLike[str], *, progress: Progress | None = None, patience: float = PATIENCE
) -> dict[str, Any]:
    """Put the home back to what a backup holds; what it is now is saved first, and comes back if anything fails.

    The home keeps its own name and secrets. A bare database, as saved before a migration, leaves the models alone.

    Parameters
    ----------
    file : path
        A .zip of `backup`, or a .db from the home's folder `backups`.
    progress : callable, optional
        Called with {"step"}: "checking", "saving", "restoring".
    patience : float
        Seconds to wait for a coordinator that has nothing to do, or a program that writes.

    Returns
    -------
    dict
        {"restored", "saved", "content"}: the backup, where the state before it lies, what the library holds now.

    Raises
    ------
    EarmarkError
        The backup is damaged or of a newer version, or Earmark is at work; then nothing was changed.
    """
    path, tell = _existing(file), progress or _silent
    if path == workspace.database.path:
        raise EarmarkError(f"{path} is the library that is open. Choose a backup.")
    with _work_folder(workspace.home) as folder:
        tell({"step": "checking"})
        new = folder / "new"
        models = _stage(path, new, workspace.home)
        content = _contents(
            backups.examine(new / FILE_NAME, name=path), bytes=0, models=_count_staged(new, workspace, models)
        )
        _make_own(new / FILE_NAME, workspace)
        with _at_rest(workspace, patience):
            tell({"step": "saving"})
            saved = _saved_state(workspace)
            tell({"step": "restoring"})
            with _models_swapped(workspace.models_folder, new / MODELS, folder / "old") if models else nullcontext():
                backups.overwrite(workspace.database, new / FILE_NAME, patience=patience)
    _forget_oldest(saved.parent, keep=path)
    return {"restored": str(path), "saved": str(saved), "content": content.as_json()}


def _count_staged(new: Path, workspace: Workspace, models: bool) -> int:
    return len({path.parent for path in _model_files(new / MODELS if models else workspace.models_folder)})


def _stage(path: Path, folder: Path, home: Path) -> bool:
    """Lay a backup out in a folder, every checksum compared, and say whether models belong to it."""
    folder.mkdir()
    if backups.is_database(path):
        if (log := path.with_name(path.name + "-wal")).exists() and log.stat().st_size:
            raise EarmarkError(
                f"{path} is in use, or its program broke off: {log.name} lies beside it. End that Earmark first."
            )
        _check_room(home, path.stat().st_size)
        shutil.copyfile(path, folder / FILE_NAME)
        return False
    with _opened(path) as (archive, manifest):
        _check_room(home, sum(about["bytes"] for about in manifest["members"].values()))
        (folder / MODELS).mkdir()
        for member, about in manifest["members"].items():
            (folder / member).parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(folder / member, "xb") as target:
                _checked_copy(source, target, member, about, path)
    return True


def _check_room(home: Path, size: int) -> None:
    free = shutil.disk_usage(home).free
    if free < 3 * size:  # the copy, the state before, and what SQLite keeps until the end
        raise EarmarkError(
            f"Restoring needs {size_text(3 * size)} of room in {home}, and {size_text(free)} are free."
            " Make room and try again."
        )


def _make_own(copy: Path, workspace: Workspace) -> None:
    """Make the database of a backup one of this home: its version, its name and secrets, no work under way."""
    backups.clean_copy(copy, is_private)
    settings = SettingsStore(Database(copy))
    with suppress(StorageError):  # a damaged database is a reason to restore
        for key, value in backups.settings(workspace.database).items():
            if is_private(key):
                settings.set(key, value)
    settings.set(RESTORED, uuid.uuid4().hex)


@contextmanager
def _at_rest(workspace: Workspace, patience: float) -> Iterator[None]:
    """Hold the coordinator's place, so that no job runs meanwhile."""
    lock = FileLock(workspace.home / "coordinator.lock")
    try:
        lock.acquire(timeout=0 if _running(workspace) else patience)
    except Timeout:
        kinds = ", ".join(_running(workspace))
        raise EarmarkError(
            f"Earmark is at work{f' ({kinds})' if kinds else ''}. Stop or pause it, then restore."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _running(workspace: Workspace) -> list[str]:
    """Return the lanes with a job marked as running; without a coordinator it only waits for the next one."""
    with suppress(StorageError):
        return sorted({job.lane for job in workspace.jobs.open() if job.state == "running"})
    return []


def _saved_state(workspace: Workspace) -> Path:
    """Back the home up as it is, and again while the person gives answers."""
    for _ in range(MOST_SAVES):
        newest = _newest_answer(workspace)
        saved = _save_state(workspace)
        if newest == _newest_answer(workspace):
            break
    return saved


def _newest_answer(workspace: Workspace) -> tuple[int, str | None] | None:
    with suppress(StorageError):  # too damaged to tell
        return workspace.labels.newest_id()
    return None


def _save_state(workspace: Workspace) -> Path:
    """Back the home up as it is; of a database too damaged for that, its bare files are kept."""
    path = workspace.home / "backups" / f"{BEFORE}{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.zip"
    path.parent.mkdir(exist_ok=True)
    try:
        backup(workspace, path)
    except EarmarkError:
        if workspace.database.damage() is None:
            raise
        path = path.with_suffix(".db")
        for extra in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copy2(f"{workspace.database.path}{extra}", f"{path}{extra}")
    return path


@contextmanager
def _models_swapped(models: Path, new: Path, old: Path) -> Iterator[None]:
    """Put new models in place of the old, and the old ones back if the block fails."""
    if models.exists():
        os.replace(models, old)
    try:
        os.replace(new, models)
        yield
    except BaseException:
        if models.exists():
            os.replace(models, new)
        if old.exists():
            os.replace(old, models)
        raise


def _forget_oldest(folder: Path, *, keep: Path) -> None:
    """Delete all but the newest backups made before restoring; the one just restored stays too."""
    for path in sorted(folder.glob(f"{BEFORE}*.zip"))[:-KEPT]:
        if path != keep:
            path.unlink(missing_ok=True)


# -- choosing a file --------------------------------------------------------------------------------


def suggested_file(workspace: Workspace) -> Path:
    """Return where a backup of today goes unless the person says otherwise."""
    return workspace.home / "backups" / f"earmark-{datetime.now():%Y-%m-%d}.zip"


def made(workspace: Workspace) -> list[Path]:
    """Return the backups the person made in the home's own folder, the newest first."""
    found = (workspace.home / "backups").glob("earmark-*.zip")
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def keep_upload(workspace: Workspace, upload: str, name: str, content: bytes | memoryview) -> Path:
    """Keep a backup that came through the browser in the cache, until the next one, and return its path.

    Parameters
    ----------
    upload : str
        Another for each upload.
    name : str
        As the file was called.
    """
    folder = workspace.cache_folder / "uploads"
    path = (
        folder / hashlib.sha256(upload.encode()).hexdigest()[:16] / (Path(name.replace("\\", "/")).name or "backup.zip")
    )
    if not path.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        with replacing(path) as draft:
            draft.write_bytes(content)
    return path
