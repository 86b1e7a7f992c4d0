"""The library: taking music in, looking at what is there, labels and features in and out."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio.metadata import AUDIO_EXTENSIONS, has_audio, read_tags
from core.errors import DecodeError, EarmarkError
from core.records import ANALYSED_STATES, FoundFile, Label, LabelSource, Prediction
from data.exchange import labels_csv
from data.exchange.files import replacing
from data.exchange.folder import Skipped, natural_key, single, walk
from data.external_ids import APPLE_ID
from data.features import join
from data.tracks import DIGITS
from labeling.targets import LONGEST, Target, check_value, make
from services import apple, drives, identity, targets
from services.imported import Imported
from services.sizes import size_text
from services.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

BATCH = 200  # files in one transaction: little to repeat after a crash, few waits for the disk
READERS = 4  # threads reading tags; they wait for the disk most of the time
CHECK_SECONDS = 2.0  # how long a path field may take to answer
DEMO_FOLDER = "demo music"  # in the home: the demo goes when the home goes
DEMO_HEAD_START = 6  # pieces: while the children start, the rest are made

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class PathCheck:
    """What a path holds, before anything is imported."""

    path: Path
    exists: bool = False
    readable: bool = False
    audio_files: int = 0
    bytes: int = 0
    complete: bool = True  # False: counting was stopped after a while
    error: str | None = None

    @property
    def sentence(self) -> str:
        """Say it: "3,412 audio files, 31 GB", or what is wrong."""
        if self.error is not None:
            return self.error
        noun = "audio file" if self.audio_files == 1 else "audio files"
        return f"{'' if self.complete else 'more than '}{self.audio_files:,} {noun}, {size_text(self.bytes)}"


# -- importing ------------------------------------------------------------------------------------


def add(
    workspace: Workspace,
    paths: Iterable[str | os.PathLike[str]],
    *,
    labels_from: str | None = None,
    options: apple.Options | None = None,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Imported:
    """Take folders, single files and Apple libraries in; files are read, never changed.

    Files known and unchanged are not read again, moved ones are recognised. What is committed stays when the import
    is stopped; importing again goes on.

    Parameters
    ----------
    paths : iterable of path
        Folders, audio files, Library.xml files and exported playlists (.xml).
    options : apple.Options, optional
        How Apple's files are taken in.
    labels_from : {"folder"}, optional
        Takes the name of each file's folder as its genre.
    progress : callable, optional
        Called after every batch with {"tracks", "added", "path"}.
    should_stop : callable, optional
        Asked before every batch.

    Raises
    ------
    EarmarkError
        A path is not there or is nothing that can be imported; then nothing was changed.
    """
    sources = [_checked_source(Path(path).expanduser().absolute()) for path in paths]
    if labels_from not in (None, "folder"):
        raise EarmarkError(f"Labels cannot be taken from {labels_from!r}; the only choice is: folder.")
    result, skipped, seen = Imported(), Skipped(), set[str]()
    libraries = {source: apple.read(source, progress=progress) for source in sources if is_apple(source)}
    with ThreadPoolExecutor(READERS) as pool:
        taker = Taker(workspace, pool, result, progress or _silent, should_stop or (lambda: False))
        for source in sources:
            if is_apple(source):
                result.add(
                    apple.take(workspace, libraries[source], options, progress=progress, should_stop=should_stop)
                )
            else:
                seen |= taker.take(source, skipped)
    drives.look(workspace)
    if result.added or result.updated:
        identity.recognise(workspace)
    result.ignored = dict(skipped.ignored.most_common())
    result.unreadable = _unreadable(workspace, seen, skipped)
    if labels_from == "folder":
        result.labels["genre"] = _label_by_folder(workspace, seen)
    return result


def add_demo(workspace: Workspace, *, progress: Progress | None = None) -> Imported:
    """Make the demo library in the home, where it is not there yet, and take it in.

    Parameters
    ----------
    progress : callable, optional
        Called with {"done", "total"} for every piece made.
    """
    from services.demo import make_demo

    folder = workspace.home / DEMO_FOLDER
    make_demo(folder, progress=lambda done, total: (progress or _silent)({"done": done, "total": total}))
    return add(workspace, [folder])


def _silent(progress: dict[str, Any]) -> None:
    """Show nothing."""


def run(workspace: Workspace, params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Do an import job: the runner that the coordinator calls; analysis of what is new follows it.

    Parameters
    ----------
    params : dict
        paths: list of str. labels_from: "folder" or nothing. stars, maps, look_in: see `apple.Options.of`.
    """
    from services import analysis

    result = add(
        workspace,
        params["paths"],
        labels_from=params.get("labels_from"),
        options=apple.Options.of(params),
        progress=report,
    )
    analysis.start(workspace)
    return result.as_json()


def run_demo(workspace: Workspace, params: dict[str, Any], report: Progress) -> dict[str, Any]:
    """Do a demo job: make the demo library and take it in; the first pieces are analysed while the rest are made."""
    from services import analysis

    def tell(progress: dict[str, Any]) -> None:
        report(progress)
        if progress["done"] == DEMO_HEAD_START:
            add(workspace, [workspace.home / DEMO_FOLDER])
            analysis.start(workspace)

    result = add_demo(workspace, progress=tell)
    analysis.start(workspace)
    return result.as_json()


class Taker:
    """An import under way: what the library knew when it began, and the thread pool that reads tags."""

    def __init__(
        self,
        workspace: Workspace,
        pool: ThreadPoolExecutor,
        result: Imported,
        progress: Progress,
        should_stop: Callable[[], bool],
    ) -> None:
        self._workspace = workspace
        self._tracks = workspace.tracks
        self._roots = workspace.roots
        self._pool = pool
        self._result = result
        self._progress = progress
        self._should_stop = should_stop
        self._known = self._tracks.known_files()
        self._missing = self._tracks.missing_files()
        self.found = 0  # files that were missing and are there again
        self.refused: list[tuple[str, str]] = []  # (path, reason) of what was read and is no music

    def take(self, source: Path, skipped: Skipped) -> set[str]:
        """Take in one folder or file, notice what is gone, and return the paths of the audio files met."""
        seen = self.walk(source, skipped)
        if source.is_dir() and not self._should_stop():
            self._notice_gone(source, seen)
        return seen

    def walk(self, source: Path, skipped: Skipped) -> set[str]:
        """Take in one folder or file and return the paths of the audio files met; a folder with music is remembered."""
        remembered = str(source) in {root.path for root in self._roots.records()}
        root_id = self._roots.add(str(source)) if source.is_dir() else None
        seen: set[str] = set()
        for batch in _batches(_files(source, skipped, self._known), BATCH):
            if self._should_stop():
                return seen
            self.take_files(batch, root_id)
            seen.update(file.path for file in batch)
            self._progress(
                {"tracks": self._result.tracks, "added": self._result.added, "path": batch[-1].path},
            )
        if root_id is not None:
            problem = drives.trouble_below(str(source), skipped)
            self._roots.set_problem(root_id, problem)
            if not (seen or remembered or problem or any(drives.is_below(path, [str(source)]) for path in self._known)):
                self._roots.remove(str(source))
        return seen

    def take_files(self, batch: list[FoundFile], root_id: int | None = None) -> None:
        """Take in some files; those known and unchanged are not opened."""
        unchanged = {file.path for file in batch if self._known.get(file.path, ())[1:] == (file.size, file.mtime)}
        if back := unchanged & self._missing:
            self._tracks.mark_files_found(back)
            self.found += len(back)
        if files := [file for file in batch if file.path not in unchanged]:
            self._read_and_add(files, root_id)
        self._result.tracks += len(batch)

    def _read_and_add(self, files: list[FoundFile], root_id: int | None) -> None:
        read = list(self._pool.map(_with_tags, files))
        # What went away between listing and reading, with its drive perhaps, is not unreadable.
        read = [(file, reason) for file, reason in read if reason is None or os.path.exists(file.path)]
        changes = self._tracks.add([file for file, _ in read], root_id=root_id)
        for file, reason in read:
            if reason is not None and (track := self._tracks.by_path(file.path)) is not None:
                self._tracks.mark(track.id, "unreadable", reason)
                self.refused.append((file.path, reason))
        self._result.added += len(changes.added)
        self._result.updated += len(changes.updated)
        self._result.moved += len(changes.moved)

    def _notice_gone(self, root: Path, seen: set[str]) -> None:
        """Remember which known files below a folder were not met and are no longer there."""
        unmet = [path for path in self._known if path not in seen and drives.is_below(path, [str(root)])]
        _, gone = drives.stat_all(unmet)
        emptied = None if seen else str(root)  # a person who names an empty folder says that it is empty
        self._tracks.mark_files_missing(drives.certainly_gone(self._workspace, gone, emptied=emptied))


def _checked_source(path: Path) -> Path:
    if not path.exists():
        raise EarmarkError(f"{path} is not there. Check the spelling, or whether the disk is connected.")
    if not (path.is_dir() or path.is_file()):
        raise EarmarkError(f"{path} is neither a folder nor a file.")
    if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
        raise EarmarkError(f"{path} cannot be opened: permission denied.")
    return path


def is_apple(path: Path) -> bool:
    """Say whether a path is that of a library or playlist of Apple Music or iTunes."""
    return path.suffix.lower() == ".xml"


def _files(source: Path, skipped: Skipped, known: Collection[str]) -> Iterator[FoundFile]:
    read = walk if source.is_dir() else single
    return read(
        source, extensions=AUDIO_EXTENSIONS, has_audio=lambda path: path in known or has_audio(path), skipped=skipped
    )


def _batches(files: Iterator[FoundFile], size: int) -> Iterator[list[FoundFile]]:
    while batch := list(islice(files, size)):
        yield batch


def _with_tags(file: FoundFile) -> tuple[FoundFile, str | None]:
    """Return the file with its tags, and the reason when it has none that can be read."""
    try:
        return replace(file, tags=read_tags(file.path)), None
    except DecodeError as error:
        return file, error.reason


def _unreadable(workspace: Workspace, seen: set[str], skipped: Skipped) -> list[dict[str, str]]:
    tracks = workspace.tracks.all(states=["unreadable"])
    files = [(track.path, track.reason or "") for track in tracks if track.path in seen]
    return [{"path": str(path), "reason": reason} for path, reason in files + skipped.problems]


def _label_by_folder(workspace: Workspace, paths: set[str]) -> int:
    ids = workspace.tracks.known_files()
    genres = {ids[path][0]: check_value("genre", os.path.basename(os.path.dirname(path))) for path in sorted(paths)}
    with workspace.acts.act("labels", f"{len(genres):,} genre{'' if len(genres) == 1 else 's'} from folder names"):
        workspace.labels.replace_source("dataset", _labels("genre", genres, "dataset"))
    return len(genres)


def _labels(target: str, values: dict[int, str], source: LabelSource) -> list[Label]:
    return [Label(str(uuid.uuid4()), track_id, target, value, source) for track_id, value in values.items()]


# -- looking before importing -----------------------------------------------------------------------


def check(path: str | os.PathLike[str], *, seconds: float = CHECK_SECONDS) -> PathCheck:
    """Say what a path holds, without importing anything.

    Parameters
    ----------
    path : path
        As a person typed it.
    seconds : float
        When counting stops; the sentence then begins with "more than".
    """
    folder = Path(os.path.expanduser(str(path).strip() or "."))
    if not str(path).strip():
        return PathCheck(folder, error="Type the path of a folder.")
    if not folder.exists():
        return PathCheck(folder, error=f"{folder} is not there.")
    if folder.is_file():
        return _check_file(folder)
    if not folder.is_dir():
        return PathCheck(folder, exists=True, error=f"{folder} is neither a folder nor a file.")
    if not os.access(folder, os.R_OK | os.X_OK):
        return PathCheck(folder, exists=True, error=f"{folder} cannot be opened: permission denied.")
    return _count(folder, seconds)


def _check_file(file: Path) -> PathCheck:
    from audio.metadata import has_audio

    if not os.access(file, os.R_OK):
        return PathCheck(file, exists=True, error=f"{file} cannot be opened: permission denied.")
    if is_apple(file):
        return PathCheck(file, True, True, error=f"{file} is an Apple Music library. Choose My Apple Music library.")
    if file.suffix.lower() not in AUDIO_EXTENSIONS and not has_audio(file):
        return PathCheck(file, True, True, error=f"{file} is no music.")
    return PathCheck(file, True, True, 1, file.stat().st_size)


def _count(folder: Path, seconds: float) -> PathCheck:
    end = time.monotonic() + seconds
    files = size = 0
    complete = True
    for file in walk(folder, extensions=AUDIO_EXTENSIONS, has_audio=lambda _: False):
        files, size = files + 1, size + file.size
        if time.monotonic() > end:
            complete = False
            break
    error = f"{folder} holds no audio files." if files == 0 else None
    return PathCheck(folder, True, True, files, size, complete, error)


def suggested_folders() -> list[Path]:
    """Return the folders where this person's music probably is, those that exist."""
    named = [os.environ.get("XDG_MUSIC_DIR"), _xdg_music()]
    candidates = [Path(os.path.expandvars(name)).expanduser() for name in named if name]
    candidates += [Path.home() / "Music", Path.home() / "Musik"]
    existing = [folder for folder in candidates if folder.is_dir() and folder != Path.home()]
    by_place: dict[Path, Path] = {}
    for folder in existing:
        by_place.setdefault(folder.resolve(), folder)
    return list(by_place.values())


def _xdg_music() -> str | None:
    """Return the music folder of Linux desktops, which has another name in every language."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "user-dirs.dirs"
    try:
        lines = config.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    values = [line.partition("=")[2].strip().strip('"') for line in lines if line.startswith("XDG_MUSIC_DIR=")]
    return values[-1] if values else None


def subfolders(path: str | os.PathLike[str]) -> list[Path]:
    """Return the visible folders in a folder, in natural order.

    Raises
    ------
    EarmarkError
        It is not there or cannot be opened.
    """
    folder = Path(path).expanduser().absolute()
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith(".")]
    except OSError as error:
        raise EarmarkError(f"{folder} cannot be opened ({error.strerror or error}).") from error
    return [folder / name for name in sorted(names, key=natural_key)]


# -- looking at the library -------------------------------------------------------------------------


def status(workspace: Workspace) -> dict[str, Any]:
    """Return the `status` object of the terminal: how much is there, analysed, labelled and learned."""
    states = workspace.tracks.count()
    known = targets.in_use(workspace)
    current = {target: workspace.model_runs.current(target) for target in known}
    labels = workspace.labels.counts()
    return {
        "tracks": states["tracks"],
        "analyzed": sum(states.get(state, 0) for state in ANALYSED_STATES) - states.get("quick", 0),
        "in_passing": states.get("quick", 0),
        "unreadable": states.get("unreadable", 0),
        "missing": workspace.tracks.count_missing(),
        "cloud_only": states.get("cloud-only", 0),
        "protected": states.get("protected", 0),
        "labels": {target: sum(labels.get(target, {}).values()) for target in dict.fromkeys([*known, *labels])},
        "current_model": {target: None if run is None else run.family for target, run in current.items()},
    }


def predictions(workspace: Workspace, target: str) -> dict[int, Prediction]:
    """Return what the current model thinks of each track, and the quick ones where it has not spoken."""
    spoken = workspace.predictions.all(target)
    analysed = {track.id for track in workspace.tracks.all(states=ANALYSED_STATES)}
    if analysed <= spoken.keys():
        return spoken
    from services.learning import quick_predictions  # brings scikit-learn

    return {**quick_predictions(workspace, target), **spoken}


def table(workspace: Workspace) -> pd.DataFrame:
    """Return one row for each track, for the Library view.

    Returns
    -------
    DataFrame
        id, title, artist, album, genre_tag, your_genre, your_rating, predicted_rating, confidence (of the predicted
        rating, 0 to 1), predicted_genre, state ("quick": analysed, but only a few seconds were heard so far),
        reason, path, duration (seconds).
    """
    import pandas as pd

    ratings, genres = workspace.labels.current("rating"), workspace.labels.current("genre")
    rating_guesses, genre_guesses = predictions(workspace, "rating"), predictions(workspace, "genre")
    rows = [
        {
            "id": track.id,
            "title": track.title,
            "artist": track.artist,
            "album": track.album,
            "genre_tag": track.genre,
            "your_genre": _value(genres.get(track.id)),
            "your_rating": _value(ratings.get(track.id)),
            "predicted_rating": _value(rating_guesses.get(track.id)),
            "confidence": confidence(rating_guesses.get(track.id)),
            "predicted_genre": _value(genre_guesses.get(track.id)),
            "state": "quick" if track.quick else track.state,
            "reason": track.reason,
            "path": track.path,
            "duration": track.duration,
        }
        for track in workspace.tracks.all()
    ]
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


TABLE_COLUMNS = [
    "id", "title", "artist", "album", "genre_tag", "your_genre", "your_rating", "predicted_rating", "confidence",
    "predicted_genre", "state", "reason", "path", "duration",
]  # fmt: skip


def confidence(prediction: Prediction | None) -> float | None:
    """Return the probability of what is predicted, None without a prediction."""
    return None if prediction is None else prediction.proba.get(prediction.value)


def _value(said: Label | Prediction | None) -> str | None:
    return None if said is None else said.value


# -- labels and features, in and out ----------------------------------------------------------------


def labels_export(workspace: Workspace, file: str | os.PathLike[str]) -> dict[str, Any]:
    """Write the labels that speak now as a CSV file: path, target, value, and the target's kind and classes.

    Rating and genre need no kind and classes. A track without a file stands there as "apple:<Persistent ID>", else as
    "track:<number>".

    Returns
    -------
    dict
        {"path", "exported"}: the file and how many labels are in it.
    """
    path = Path(file).expanduser().absolute()
    names = label_paths(workspace)
    rows = [
        (names[track_id], target, label.value)
        for target in workspace.labels.counts()
        for track_id, label in workspace.labels.current(target).items()
    ]
    count = labels_csv.write(path, sorted(rows), definitions=targets.definitions(workspace))
    return {"path": str(path), "exported": count}


def label_paths(workspace: Workspace) -> dict[int, str]:
    """Return what each track is called in a table of labels: its file, else Apple's id, else its number."""
    apple_ids = workspace.external_ids.newest(APPLE_ID)
    return {
        track.id: track.path or (f"apple:{apple_ids[track.id]}" if track.id in apple_ids else f"track:{track.id}")
        for track in workspace.tracks.all()
    }


def _by_number(workspace: Workspace, names: Iterable[str]) -> dict[str, int]:
    """Return the tracks of names such as "apple:<Persistent ID>" and "track:<number>"."""
    apple_ids = workspace.external_ids.tracks(APPLE_ID)
    numbers = [name[6:] for name in names if name.startswith("track:") and name[6:].isdecimal()]
    own = workspace.tracks.many(int(number) for number in numbers if len(number) <= DIGITS)
    found = {name: apple_ids[name[6:]] for name in names if name.startswith("apple:") and name[6:] in apple_ids}
    return found | {f"track:{track_id}": track_id for track_id in own}


def labels_import(workspace: Workspace, file: str | os.PathLike[str]) -> dict[str, Any]:
    """Take labels from a CSV file; a person's own answers stay above them, importing again repeats nothing.

    A target that is not known here is made as the file defines it, else from the values it has there.

    Returns
    -------
    dict
        {"imported", "unmatched", "new_targets"}: how many rows found their track, the paths that found none, and the
        names of the targets that were made.

    Raises
    ------
    EarmarkError
        The file is not such a table, or a value is not one of the target's; then nothing was changed.
    """
    path = Path(file).expanduser().absolute()
    rows = labels_csv.read(path)
    new = _new_targets(workspace, path, rows)
    values = [_checked_value(workspace, path, row, new) for row in rows]
    names = {row.path for row in rows}
    ids = workspace.tracks.match_paths(names, path.parent) | _by_number(workspace, names)
    by_target: dict[str, dict[int, str]] = {}
    for row, value in zip(rows, values, strict=True):
        if (track_id := ids[row.path]) is not None:
            by_target.setdefault(row.target, {})[track_id] = value  # of two lines for one track the later one holds
    labels = [label for target, found in by_target.items() for label in _labels(target, found, "csv")]
    title = f"{path.name}: {len(labels):,} label{'' if len(labels) == 1 else 's'}"
    with workspace.acts.act("labels", title, about=str(path)):
        for target in new.values():
            workspace.targets.put(target.name, target.kind, target.classes or (), target.question)
        workspace.labels.replace_source("csv", labels)
    unmatched = list(dict.fromkeys(row.path for row in rows if ids[row.path] is None))
    imported = sum(ids[row.path] is not None for row in rows)
    return {"imported": imported, "unmatched": unmatched, "new_targets": list(new)}


def _new_targets(workspace: Workspace, path: Path, rows: Sequence[labels_csv.LabelRow]) -> dict[str, Target]:
    """Return the targets a file speaks of that this home does not know, by name."""
    known = targets.every(workspace)
    new: dict[str, list[labels_csv.LabelRow]] = {}
    for row in rows:
        if row.target not in known:
            new.setdefault(row.target, []).append(row)
    return {name: _new_target(path, name, said) for name, said in new.items()}


def _new_target(path: Path, name: str, rows: Sequence[labels_csv.LabelRow]) -> Target:
    """Make a target as its rows define it, else with the answers they give."""
    defined = next((row.definition for row in rows if row.definition is not None), None)
    kind, classes = defined or ("nominal", _classes_seen([row.value for row in rows]))
    try:
        return make(name, classes, ordered=kind == "ordered")
    except EarmarkError as error:
        raise EarmarkError(f"{path}, line {rows[0].line}: there is no target {name!r} here, and {error}") from error


def _classes_seen(values: Iterable[str]) -> list[str]:
    """Return the answers given, each in its first spelling; a single one gets its opposite: a target needs two.

    >>> _classes_seen(["yes", "Yes"]), _classes_seen(["slow", "fast", "slow"])
    (['yes', 'not yes'], ['slow', 'fast'])
    """
    spelt: dict[str, str] = {}
    for value in filter(None, (" ".join(value.split()) for value in values)):
        spelt.setdefault(value.casefold(), value)
    classes = list(spelt.values())
    return [*classes, f"not {classes[0]}"[:LONGEST].rstrip()] if len(classes) == 1 else classes


def _checked_value(workspace: Workspace, path: Path, row: labels_csv.LabelRow, new: Mapping[str, Target]) -> str:
    try:
        return check_value(new.get(row.target) or targets.get(workspace, row.target), row.value)
    except EarmarkError as error:
        raise EarmarkError(f"{path}, line {row.line}: {error}") from error


def features_export(
    workspace: Workspace, file: str | os.PathLike[str], feature_set: str = "descriptors"
) -> dict[str, Any]:
    """Write one row for each analysed track: what it is, its labels, its features under their names.

    Parameters
    ----------
    file : path
        Ends in .csv or .parquet.
    feature_set : str
        descriptors, musicnn, tags, or several joined: descriptors+tags.

    Returns
    -------
    dict
        {"path", "rows", "columns"}.

    Raises
    ------
    EarmarkError
        No track has these features yet, or the file's extension is another.
    """
    path = Path(file).expanduser().absolute()
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise EarmarkError(f"{path.name} must end in .csv or .parquet.")
    frame = _feature_frame(workspace, feature_set)
    with replacing(path) as draft:
        if path.suffix.lower() == ".csv":
            frame.to_csv(draft, index=False)
        else:
            frame.to_parquet(draft, index=False)
    return {"path": str(path), "rows": len(frame), "columns": len(frame.columns)}


def _feature_frame(workspace: Workspace, feature_set: str) -> pd.DataFrame:
    import pandas as pd

    names = feature_set.split("+")
    kept = workspace.features.sets()
    if absent := [name for name in names if name not in kept]:
        there = f"There are: {', '.join(kept)}." if kept else "Nothing is analysed yet: run `cli.py analyze` first."
        raise EarmarkError(f"No track has the features {', '.join(absent)}. {there}")
    parts = [workspace.features.matrix(name)[:2] for name in names]
    ids, X = join(parts)
    columns = [column for name, part in zip(names, parts, strict=True) for column in _columns(name, part[1])]
    about = pd.DataFrame(
        _about(workspace, ids), columns=["id", "path", "title", "artist", "album", *targets.in_use(workspace)]
    )
    return pd.concat([about, pd.DataFrame(X, columns=columns)], axis=1)


def _about(workspace: Workspace, ids: np.ndarray) -> list[list[object]]:
    tracks = workspace.tracks.many([int(i) for i in ids])
    labels = [workspace.labels.current(target) for target in targets.in_use(workspace)]
    return [
        [track.id, track.path, track.title, track.artist, track.album, *(_value(said.get(track.id)) for said in labels)]
        for track in (tracks[int(i)] for i in ids)
    ]


def _columns(feature_set: str, X: np.ndarray) -> Sequence[str]:
    from audio.descriptors import DESCRIPTOR_NAMES
    from core.vocabulary import TAG_NAMES
    from lyrics.features import NAMES as LYRICS_NAMES

    lyrics = [f"lyrics_{name}" for name in LYRICS_NAMES]  # others have words and a duration too
    named = {"descriptors": DESCRIPTOR_NAMES, "tags": TAG_NAMES, "lyrics": lyrics}.get(feature_set, ())
    if len(named) == X.shape[1]:
        return named
    return [f"{feature_set}_{i:03d}" for i in range(X.shape[1])]
