"""What the models think of tracks: the library after every training, single tracks, files from anywhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import Cancelled, EarmarkError
from core.records import ModelRun, Prediction, Task, Track
from services import inputs, scope, targets
from services.learning import Analysed, FeatureCache, group_names, quick_model, quick_predictions
from services.workspace import Workspace

if TYPE_CHECKING:
    from audio.musicnn import Musicnn

log = logging.getLogger(__name__)

NOVELTY = "novelty"  # the folder, in that of a run, of what tells tracks unlike anything answered
LISTED = 200  # tracks that changed side, in a list
BLOCK = 5_000  # tracks predicted at a time
MADE_BLOCK = 500  # the same of those whose course is looked at

Report = Callable[[dict[str, Any]], None]


# -- the library --------------------------------------------------------------------------------------


def predict_all(
    workspace: Workspace, target: str, *, make: bool = False, progress: Report | None = None
) -> dict[str, Any]:
    """Let the current model predict every analysed track, and keep that.

    Parameters
    ----------
    make : bool
        Make what the model hears and is not there yet: for networks that hear the course of every track.
    progress : callable, optional
        Called while that is made.

    Returns
    -------
    dict
        predicted: how many tracks; changed: how many of them have another value than before; tracks: the first 200 of
        those, [{id, title, artist, old, new}]; unlike: how many are unlike anything answered.
    """
    run = workspace.model_runs.current(target)
    if run is None:
        return {"predicted": 0, "changed": 0, "tracks": [], "unlike": 0}
    before = workspace.predictions.values(target) or _quick_values(workspace, target)
    predictions = [p for part in _parts(workspace, run, make, progress) for p in predict_rows(workspace, run, part)]
    workspace.predictions.replace(target, predictions)
    return {"predicted": len(predictions), **_changes(workspace, target, before, predictions)}


def _parts(workspace: Workspace, run: ModelRun, make: bool, progress: Report | None) -> Iterator[inputs.Inputs]:
    """Yield what a run hears of the library, in parts where that is large: spectrograms take 0.2 MB a track."""
    if not inputs.is_made(run.features):
        yield inputs.matrix(workspace, run.features, run.versions)
        return
    ids = np.sort(workspace.features.matrix(inputs.default(workspace))[0])
    if make:  # all in one go, so that the time left is that of all
        inputs.make(workspace, run.features, ids, progress)
    for part in np.array_split(ids, max(1, len(ids) // MADE_BLOCK)):
        yield inputs.matrix(workspace, run.features, run.versions, track_ids=part)


def _quick_values(workspace: Workspace, target: str) -> dict[int, str]:
    """Return what stood in Library and Playlists until now where no model had spoken: the quick models' guesses."""
    return {i: guess.value for i, guess in quick_predictions(workspace, target).items()}


def _changes(
    workspace: Workspace, target: str, before: Mapping[int, str], predictions: Sequence[Prediction]
) -> dict[str, Any]:
    """Say which tracks without an answer got another value than they had."""
    answered = workspace.labels.current(target)
    moved = [p for p in predictions if p.track_id not in answered and before.get(p.track_id, p.value) != p.value]
    tracks = workspace.tracks.many([p.track_id for p in moved[:LISTED]])
    rows = [
        {
            "id": p.track_id,
            "title": tracks[p.track_id].title,
            "artist": tracks[p.track_id].artist,
            "old": before[p.track_id],
            "new": p.value,
        }
        for p in moved[:LISTED]
        if p.track_id in tracks
    ]
    return {"changed": len(moved), "tracks": rows, "unlike": sum((p.novelty or 0) > 1 for p in predictions)}


def predict_new(workspace: Workspace, *, progress: Report | None = None) -> None:
    """Let the current models predict tracks analysed since they were trained."""
    for target in targets.every(workspace):
        run = workspace.model_runs.current(target)
        if run is None:
            continue
        if _heard(workspace, run) <= len(workspace.predictions.values(target)):
            continue
        try:
            predict_all(workspace, target, make=True, progress=progress)
        except Cancelled:
            raise
        except EarmarkError as error:  # a damaged model must not make the analysis fail, which is done
            log.warning("Run %s could not predict what is new: %s", run.id, error)


def _heard(workspace: Workspace, run: ModelRun) -> int:
    """Return how many tracks a run could predict: those that have the set it begins with."""
    first = inputs.split(run.features)[0]
    if inputs.is_made(run.features) or first in inputs.MADE:
        first = inputs.default(workspace)
    return len(workspace.features.matrix(first, version=run.versions.get(first))[0])


def outdated(workspace: Workspace) -> list[str]:
    """Return the targets whose current model was trained on other versions of its features than those in use now."""
    found = []
    for target in targets.every(workspace):
        run = workspace.model_runs.current(target)
        if run is None:
            continue
        in_use = inputs.versions_in_use(workspace, run.features)
        if any(run.versions.get(name, version) != version for name, version in in_use.items()):
            found.append(target)
    return found


def load(workspace: Workspace, run: ModelRun) -> tuple[Any, dict[str, Any]]:
    """Return a run's model, ready to predict, and what was kept with it.

    Raises
    ------
    EarmarkError
        Its files are gone, damaged, or hold what Earmark does not write.
    """
    from models import persistence

    if run.path is None:
        raise EarmarkError(f"The files of run {run.id} were deleted. Retrain to make a new one.")
    return persistence.load(workspace.home / run.path)


def predict_rows(workspace: Workspace, run: ModelRun, found: inputs.Inputs) -> Iterable[Prediction]:
    """Yield what a run thinks of tracks: calibrated, with what is known of the artist, and how unlike they are."""
    model, about = load(workspace, run)
    found = _usable(found)
    names = _names(workspace, found.ids) if about.get("artists") else ()
    novelty = _novelty(workspace, run, found)
    classes = [str(name) for name in model.classes_]
    for begin in range(0, len(found.ids), BLOCK):
        rows = slice(begin, begin + BLOCK)
        proba = calibrated(model, about, found.X[rows], names[rows] if names else ())
        for place, (track_id, row) in enumerate(zip(found.ids[rows], proba, strict=True), begin):
            shares = {classes[i]: round(float(row[i]), 4) for i in np.argsort(-row, kind="stable")}
            far = None if novelty is None else round(float(novelty[place]), 3)
            yield Prediction(int(track_id), run.target, next(iter(shares)), shares, run.id, far)


def calibrated(
    model: Any, about: Mapping[str, Any], X: np.ndarray, names: Sequence[tuple[str, str]] = ()
) -> np.ndarray:
    """Return a model's probabilities after calibration, and after what is known of artists where that was kept.

    Parameters
    ----------
    model : classifier
    about : mapping
        Its metadata: "temperature", and "artists" as `models.artists.Encoding.as_json` gives it.
    X : np.ndarray, shape (n, ...)
    names : sequence of (artist, album), optional
    """
    from models.artists import Encoding
    from models.calibration import scale

    proba = scale(np.asarray(model.predict_proba(X), dtype=float), float(about["temperature"]))
    if not len(names) or not about.get("artists"):
        return proba
    return Encoding.from_json(about["artists"]).blend(proba, names, model.classes_.tolist())


def _usable(found: inputs.Inputs) -> inputs.Inputs:
    """Leave out tracks whose own numbers are none, and take such of a joined set for missing."""
    if found.X.ndim != 2:
        return found
    X = np.where(np.isinf(found.X), np.nan, found.X) if np.isinf(found.X).any() else found.X
    first = next(iter(found.blocks.values()), (0, X.shape[1]))
    keep = ~np.isnan(X[:, slice(*first)]).all(axis=1)
    if keep.all():
        return inputs.Inputs(found.ids, X, found.blocks, found.versions)
    return inputs.Inputs(found.ids[keep], X[keep], found.blocks, found.versions)


def _names(workspace: Workspace, ids: np.ndarray) -> tuple[tuple[str, str], ...]:
    """Return artist and album of each track, as the answers about them were counted."""
    tracks = workspace.tracks.many([int(i) for i in ids])
    rows = [tracks[int(i)] for i in ids]
    return tuple((group, track.album or "") for group, track in zip(group_names(rows).tolist(), rows, strict=True))


def _novelty(workspace: Workspace, run: ModelRun, found: inputs.Inputs) -> np.ndarray | None:
    """Return how far each track lies from what was answered; None where that was not kept, or cannot be told."""
    from models import persistence

    assert run.path is not None
    folder = workspace.home / run.path / NOVELTY
    if not folder.is_dir():
        return None
    detector, about = persistence.load(folder)
    if about["features"] in found.blocks:
        return detector.score(found.X[:, slice(*found.blocks[about["features"]])])
    own = inputs.matrix(workspace, about["features"], about["versions"], track_ids=found.ids)
    far = np.full(len(found.ids), np.nan)
    far[np.isin(found.ids, own.ids)] = detector.score(own.X)
    return np.nan_to_num(far, nan=0.0)


# -- asked for --------------------------------------------------------------------------------------


def predict(workspace: Workspace, target: str = "rating", track_id: int | None = None) -> list[dict[str, Any]]:
    """Return what the current model, else the quick one, thinks of the tracks; the person's own answer beside it.

    Returns
    -------
    list of dict
        id, path, title, target, value, by, predicted, probabilities, novelty (above 1: unlike anything answered),
        unlike; for one track also inputs: each input's share in the guess, where several were joined.
    """
    current = workspace.model_runs.current(target)
    guesses = workspace.predictions.all(target) or quick_predictions(workspace, target)
    labels = workspace.labels.current(target)
    tracks = workspace.tracks.many([track_id] if track_id is not None else guesses)
    rows = [
        {
            "id": i,
            "path": tracks[i].path,
            "title": tracks[i].title,
            "target": target,
            "value": labels[i].value if i in labels else guess.value,
            "by": labels[i].source if i in labels else _speaker(current, guess),
            "predicted": guess.value,
            "probabilities": guess.proba,
            "novelty": guess.novelty,
            "unlike": None if guess.novelty is None else guess.novelty > 1,
        }
        for i, guess in guesses.items()
        if i in tracks
    ]
    if track_id is not None:
        for row in rows:
            row["inputs"] = explain(workspace, target, track_id)
    return rows


def _speaker(current: ModelRun | None, guess: Prediction) -> str:
    return f"run {guess.model_run} ({current.family})" if current is not None and guess.model_run else "quick"


def explain(workspace: Workspace, target: str, track_id: int) -> dict[str, float] | None:
    """Return how much each input has to do with the current guess about a track; None where there is only one."""
    run = workspace.model_runs.current(target)
    if run is None or run.path is None or len(inputs.split(run.features)) < 2:
        return None
    model, _ = load(workspace, run)
    if not hasattr(model, "shares"):
        return None
    found = _usable(inputs.matrix(workspace, run.features, run.versions, track_ids=np.array([track_id])))
    if not len(found.ids):
        return None
    return {name: round(float(share[0]), 3) for name, share in model.shares(found.X).items()}


def unlike(workspace: Workspace, target: str) -> list[dict[str, Any]]:
    """Return the tracks unlike anything that was answered, the farthest first: [{id, title, artist, novelty}].

    Tracks that have an answer, or are left out, are not among them.
    """
    answered, out = workspace.labels.current(target), scope.left_out(workspace)
    far = [(i, novelty) for i, novelty in workspace.predictions.unlike(target) if i not in answered and i not in out]
    tracks = workspace.tracks.many([i for i, _ in far])
    return [
        {"id": i, "title": tracks[i].title, "artist": tracks[i].artist, "novelty": novelty}
        for i, novelty in far
        if i in tracks
    ]


def class_shares(workspace: Workspace, target: str) -> list[dict[str, Any]]:
    """Return for each class its share among the answers and among what is predicted without one.

    A class that takes far more of the library than of the answers is one into which all that is not known falls.

    Returns
    -------
    list of {"class", "labelled", "predicted", "sink"}
        sink: more than twice its share, and more than a tenth of the library beyond it.
    """
    labels = {i: label.value for i, label in workspace.labels.current(target).items()}
    guesses = [value for i, value in workspace.predictions.values(target).items() if i not in labels]
    names = targets.get(workspace, target).classes or tuple(sorted({*labels.values(), *guesses}))
    said, guessed = list(labels.values()), guesses
    rows = []
    for name in names:
        labelled = said.count(name) / len(said) if said else 0.0
        predicted = guessed.count(name) / len(guessed) if guessed else 0.0
        sink = predicted > 2 * labelled and predicted - labelled > 0.1
        rows.append(
            {"class": name, "labelled": round(labelled, 4), "predicted": round(predicted, 4), "sink": bool(sink)}
        )
    return rows


# -- files from anywhere ------------------------------------------------------------------------------


def classify(workspace: Workspace, files: Sequence[str], *, progress: Report | None = None) -> dict[str, Any]:
    """Listen to files that need not be in the library and say what the models think of them.

    Parameters
    ----------
    progress : callable, optional
        Called before every file with {"done", "total"}.

    Returns
    -------
    dict
        files: [{path, title, artist, targets: {target: {model, label, probabilities}}}], unreadable: [{path, reason}].
    """
    from audio import musicnn
    from core.errors import DecodeError

    network = musicnn.Musicnn() if musicnn.available() else None
    result: dict[str, Any] = {"files": [], "unreadable": []}
    for done, file in enumerate(files):
        if progress is not None:
            progress({"done": done, "total": len(files)})
        path = Path(file).expanduser().absolute()
        try:
            heard = _Heard(path, network)
            opinions = {target: _opinion(workspace, target, heard) for target in targets.every(workspace)}
        except DecodeError as error:
            result["unreadable"].append({"path": str(path), "reason": error.reason})
            continue
        known = {target: opinion for target, opinion in opinions.items() if opinion is not None}
        result["files"].append({"path": str(path), **_about(workspace, path), "targets": known})
    return result


class _Heard:
    """A file's features, measured when they are asked for: whole, or in passing as a model may have been trained."""

    def __init__(self, path: Path, network: Musicnn | None) -> None:
        self.path = path
        self._network = network
        self._found: dict[bool, dict[str, np.ndarray]] = {}
        self.features(quick=False)  # says at once when the file cannot be read

    def features(self, *, quick: bool) -> dict[str, np.ndarray]:
        from audio.analyse import analyse

        if quick not in self._found:
            self._found[quick] = analyse(Task(str(self.path), quick=quick), musicnn=self._network).features
        return self._found[quick]

    def of(self, versions: Mapping[str, int]) -> dict[str, np.ndarray] | None:
        """Return the features in these versions; None where one of them is measured no more, or not for this file."""
        from audio.analyse import FEATURE_VERSIONS, QUICK_VERSIONS

        for quick, measured in ((False, FEATURE_VERSIONS), (True, QUICK_VERSIONS)):
            ours = {name: version for name, version in versions.items() if name in measured}
            if all(measured[name] == version for name, version in ours.items()):
                found = self.features(quick=quick)
                return found if found.keys() >= ours.keys() else None
        return None

    def facts(self) -> np.ndarray:
        """Return what the file says of itself, as the input "metadata"."""
        from audio.metadata import read_tags

        tags = read_tags(self.path)
        return inputs.facts(tags.year, tags.duration, None, None)


def _about(workspace: Workspace, path: Path) -> dict[str, Any]:
    from audio.metadata import read_tags

    tags = read_tags(path)
    track = workspace.tracks.by_path(path)
    labels = {} if track is None else workspace.labels.of_track(track.id)
    return {
        "title": tags.title or path.stem,
        "artist": tags.artist,
        "your_labels": {target: label.value for target, label in labels.items()},
    }


def _opinion(workspace: Workspace, target: str, heard: _Heard) -> dict[str, Any] | None:
    """Return what the current run, else the quick model, else the prior thinks of one file.

    Each gets features of the versions it learned from; where these are measured no more, the next one speaks.
    """
    run = workspace.model_runs.current(target)
    own = None if run is None else _as_run_hears(workspace, run, heard)
    if run is not None and own is not None:
        model, about = load(workspace, run)
        names = [_artist_and_album(heard.path)] if about.get("artists") else ()
        row = calibrated(model, about, own, names)[0]
        shares = {str(model.classes_[i]): round(float(row[i]), 4) for i in np.argsort(-row, kind="stable")}
        return {"model": f"run {run.id} ({run.family})", "label": next(iter(shares)), "probabilities": shares}
    library = FeatureCache(workspace).read()
    features = heard.of(inputs.versions_in_use(workspace, library.feature_set))
    if features is None:
        library, features = Analysed.nothing(), heard.features(quick=False)
    analysed = library.with_one_more(features)
    quick = None if analysed is None else quick_model(workspace, target, analysed, workspace.labels.current(target))
    if quick is None:
        return None
    proba = quick.of(-1)
    return {"model": quick.name, "label": next(iter(proba)), "probabilities": proba}


def _as_run_hears(workspace: Workspace, run: ModelRun, heard: _Heard) -> np.ndarray | None:
    """Return a file's row for a run; None where its features are measured no more, or cannot be had of this file.

    What a joined set lacks is a gap, as it is in the library: a file from elsewhere has no lyrics kept.
    """
    features = heard.of(run.versions)
    if features is None:
        return None
    names = inputs.split(run.features)
    stored = [name for name in names[1:] if name in run.versions and name not in features]
    if stored:
        widths = {name: workspace.features.matrix(name, version=run.versions[name])[1].shape[1] for name in stored}
        features = features | {name: np.full(width, np.nan, np.float32) for name, width in widths.items()}
    return inputs.of_file(run.features, features, str(heard.path), heard.facts)


def _artist_and_album(path: Path) -> tuple[str, str]:
    from audio.metadata import read_tags

    tags = read_tags(path)
    track = Track(
        0, tags.title or "", artist=tags.artist, album=tags.album, album_artist=tags.album_artist, path=str(path)
    )
    return str(group_names([track])[0]), tags.album or ""
