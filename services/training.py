"""Training on request: measure the families on artists they have not heard, keep the best, predict the library."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import EarmarkError, NotEnoughLabelsError
from core.records import ANALYSED_STATES, ModelRun, Prediction, Task
from data.features import join
from labeling.targets import Target, missing_labels
from services import targets
from services.jobs import Report, carry_out
from services.learning import Analysed, FeatureCache, group_names, learned_values, quick_model, quick_predictions
from services.workspace import Workspace

if TYPE_CHECKING:
    from audio.musicnn import Musicnn
    from models.evaluation import Folds, Measured

DEFAULT_FEATURES = "musicnn"
FALLBACK_FEATURES = "descriptors"  # where there is no TensorFlow
SEED = 0


@dataclass(frozen=True)
class Dataset:
    """The labelled tracks of a target that have a feature set."""

    about: Target
    features: str
    ids: np.ndarray  # (n,)
    X: np.ndarray  # (n, d)
    y: np.ndarray  # (n,) str
    groups: np.ndarray  # (n,) str
    classes: tuple[str, ...]  # those that have an answer; of an ordered target in their order
    versions: Mapping[str, int]  # of the feature sets

    @property
    def target(self) -> str:
        """The target's name."""
        return self.about.name

    @property
    def ordered(self) -> bool:
        """Whether the classes have an order."""
        return self.about.kind == "ordered"

    def build(self, family: str) -> Any:
        """Return an untrained model of a family for this target."""
        from models.registry import build_for

        return build_for(family, self.about.kind, self.about.classes, random_state=SEED)


# -- what is learned from ---------------------------------------------------------------------------


def dataset(workspace: Workspace, target: str, features: str | None = None) -> Dataset:
    """Gather the labels of a target and the features of those tracks.

    Nothing of what is left out, and of genres only those that are to be trained, each in one spelling.

    Parameters
    ----------
    features : str, optional
        A feature set, or several joined by "+"; the embedding by default.

    Raises
    ------
    NotEnoughLabelsError
        Too few labels to train and measure; the message counts what is missing.
    """
    wanted = targets.get(workspace, target)
    target = wanted.name
    features = features or default_features(workspace)
    versions = versions_in_use(workspace, features)
    ids, X = matrix(workspace, features, versions)
    values = learned_values(workspace, target, workspace.labels.current(target))
    tracks = workspace.tracks.many(values)
    rows = [row for row, i in enumerate(ids) if int(i) in values and tracks[int(i)].state in ANALYSED_STATES]
    ids, X = ids[rows], X[rows]
    y = np.array([values[int(i)] for i in ids], dtype=str)
    groups = group_names([tracks[int(i)] for i in ids])
    _require_enough(wanted, y, groups, waiting=len(values) - len(ids))
    present = set(y.tolist())
    classes = tuple(c for c in wanted.classes if c in present) if wanted.classes else tuple(sorted(present))
    return Dataset(wanted, features, ids, X, y, groups, classes, versions)


def default_features(workspace: Workspace) -> str:
    """Return the embedding's name, or the descriptors' where no track has an embedding."""
    return DEFAULT_FEATURES if workspace.features.sets().get(DEFAULT_FEATURES) else FALLBACK_FEATURES


def matrix(
    workspace: Workspace, features: str, versions: Mapping[str, int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and vectors of one feature set, or of several joined by "+".

    Parameters
    ----------
    versions : mapping, optional
        Feature set -> the version wanted; where none is named, the one in use.

    Raises
    ------
    EarmarkError
        No track has that set.
    """
    kept = workspace.features.sets()
    if not kept:
        raise EarmarkError("No track is analysed yet, so there is nothing to learn from.")
    names = [name.strip() for name in features.split("+")]
    for name in names:
        if not kept.get(name):
            raise EarmarkError(f"There are no features called {name!r}. There are: {', '.join(kept)}.")
    return join([workspace.features.matrix(name, version=(versions or {}).get(name))[:2] for name in names])


def versions_in_use(workspace: Workspace, features: str) -> dict[str, int]:
    """Return the version in use of each set of "a+b"."""
    found = {name.strip(): workspace.features.version(name.strip()) for name in features.split("+")}
    return {name: version for name, version in found.items() if version is not None}


def missing(workspace: Workspace, target: str) -> str | None:
    """Say what is missing before a target can be trained, None when nothing is."""
    try:
        dataset(workspace, target)
    except EarmarkError as error:
        return str(error)
    return None


def _require_enough(target: Target, y: np.ndarray, groups: np.ndarray, *, waiting: int) -> None:
    lack = missing_labels(target, y.tolist(), groups.tolist())
    if lack is None:
        return
    unheard = f" {waiting:,} labelled tracks are not analysed yet." if waiting else ""
    raise NotEnoughLabelsError(f"Still needed to train on {target.name}: {lack}.{unheard}")


# -- measuring --------------------------------------------------------------------------------------


def evaluate(
    workspace: Workspace,
    target: str = "rating",
    families: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    report: str | Path | None = None,
    progress: Report | None = None,
) -> dict[str, Any]:
    """Measure families on artists they were not trained on; nothing is kept.

    Parameters
    ----------
    families : sequence of str, optional
        The quick ones by default.
    features : sequence of str, optional
        Each by itself; "a+b" joins two.
    report : path, optional
        A folder for scores.csv and confusion.csv.

    Returns
    -------
    dict
        grouped_by, labels, baseline (accuracy of always the usual answer), baseline_scores, models.
    """
    from models.registry import quick_families

    kind = targets.get(workspace, target).kind
    names = list(families) if families else [family.name for family in quick_families(kind)]
    wanted: Sequence[str | None] = features or [None]
    jobs = [(name, _inputs(workspace, name, feature_set)) for feature_set in wanted for name in names]
    rows: list[dict[str, Any]] = []
    baseline: dict[str, Any] = {}
    labels = 0
    data: Dataset | None = None
    for number, (name, feature_set) in enumerate(jobs):
        if data is None or data.features != feature_set:
            data = dataset(workspace, target, feature_set)
            folds = _folds(data)
        baseline = baseline or _baseline(data, folds).report
        labels = len(data.y)
        rows.append(_measure(name, data, folds, _part(progress, name, number, len(jobs))).report)
    result = {
        "target": target,
        "grouped_by": "artist",
        "labels": labels,
        "baseline": baseline["accuracy"],
        "baseline_scores": baseline,
        "models": rows,
    }
    if report is not None:
        _write_report(Path(report), result)
    return result


def _inputs(workspace: Workspace, family: str, features: str | None) -> str:
    """Return the feature set a family is measured on: as asked, else its own, else what there is."""
    from models.registry import get

    own = get(family).inputs
    return features or (own if workspace.features.sets().get(own) else default_features(workspace))


def _folds(data: Dataset) -> Folds:
    from models.evaluation import grouped_folds

    return grouped_folds(data.y, data.groups, random_state=SEED)


def _measure(name: str, data: Dataset, folds: Folds, progress: Callable[[int, int], None] | None) -> Measured:
    from models.evaluation import measure

    return measure(
        name,
        data.features,
        lambda: data.build(name),
        data.X,
        data.y,
        data.groups,
        folds,
        classes=data.classes,
        ordered=data.ordered,
        progress=progress,
    )


def _baseline(data: Dataset, folds: Folds) -> Measured:
    from models.evaluation import measure
    from models.majority import MajorityClassifier

    return measure(
        "baseline", "none", MajorityClassifier, np.zeros((len(data.y), 1)), data.y, data.groups, folds,
        classes=data.classes, ordered=data.ordered,
    )  # fmt: skip


def _part(progress: Report | None, name: str, number: int, parts: int) -> Callable[[int, int], None] | None:
    if progress is None:
        return None

    def tell(done: int, total: int) -> None:
        sentence = f"Measuring {name} on artists it has not heard: {done} of {total}"
        progress({"done": number * total + done, "total": parts * total, "family": name, "sentence": sentence})

    return tell


def _write_report(folder: Path, result: dict[str, Any]) -> None:
    import pandas as pd

    folder.mkdir(parents=True, exist_ok=True)
    rows = [result["baseline_scores"], *result["models"]]
    flat = [{key: value for key, value in row.items() if key != "confusion"} for row in rows]
    pd.DataFrame(flat).to_csv(folder / "scores.csv", index=False)
    tables = [
        pd.DataFrame(row["confusion"]["counts"], columns=row["confusion"]["classes"]).assign(
            truth=row["confusion"]["classes"], model=row["name"], features=row["features"]
        )
        for row in rows
    ]
    pd.concat(tables).to_csv(folder / "confusion.csv", index=False)


# -- retraining -------------------------------------------------------------------------------------


def retrain(
    workspace: Workspace,
    target: str = "rating",
    families: Sequence[str] | None = None,
    progress: Report | None = None,
) -> dict[str, Any]:
    """Train and measure the families of a target, here or in the coordinator that is already running.

    Returns
    -------
    dict
        run, model, labels, seconds, scores, became_current, why, baseline, models (every family measured).

    Raises
    ------
    NotEnoughLabelsError
        The message counts what is missing.
    """
    dataset(workspace, target)  # says at once what is missing, before a job is queued
    params: dict[str, Any] = {"target": target}
    if families:
        params["families"] = list(families)
    return carry_out(workspace, "retrain", params, progress)


def run(workspace: Workspace, params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Do a retraining job: the runner that the coordinator calls."""
    started = time.perf_counter()
    target = params.get("target", "rating")
    data = dataset(workspace, target)
    current = workspace.model_runs.current(target)
    names = _to_measure(params.get("families"), data, current)
    folds = _folds(data)
    measured = {
        name: _measure(name, data, folds, _part(report, name, number, len(names) + 1))
        for number, name in enumerate(names)
    }
    baseline = _baseline(data, folds)
    winner, why, speaks = _decide(measured, baseline, current, data.groups)
    report({"done": len(names), "total": len(names) + 1, "sentence": f"Learning from all {len(data.y):,} answers"})
    run_id = _fit_and_save(workspace, data, measured[winner])
    if speaks:
        workspace.model_runs.make_current(run_id)
        predict_all(workspace, target)
    return {
        "run": run_id,
        "model": winner,
        "target": target,
        "labels": len(data.y),
        "seconds": round(time.perf_counter() - started, 2),
        "scores": measured[winner].report,
        "became_current": speaks,
        "why": why,
        "baseline": baseline.report,
        "models": [m.report for m in measured.values()],
    }


def _to_measure(wanted: Sequence[str] | None, data: Dataset, current: ModelRun | None) -> list[str]:
    """Return the families to compare: those asked for, and always the one that speaks now."""
    from models.registry import families_for

    known = [
        family
        for family in families_for(data.about.kind, data.target)
        if family.inputs in (DEFAULT_FEATURES, data.features)
    ]
    if wanted:
        for name in wanted:
            data.build(name)  # refuses what cannot learn this target, in one sentence
        names = list(wanted)
    else:
        names = [family.name for family in known if not family.network or has_tensorflow()]
    if current is not None and current.family not in names:
        names.append(current.family)
    return names


def has_tensorflow() -> bool:
    """Tell whether networks can be trained here; TensorFlow is not imported for it."""
    import importlib.util

    return importlib.util.find_spec("tensorflow") is not None


def _decide(
    measured: dict[str, Measured], baseline: Measured, current: ModelRun | None, groups: np.ndarray
) -> tuple[str, str, bool]:
    """Choose the family to keep, say why, and whether it speaks from now on.

    A family replaces the current one only when its paired gain in log loss (rating: ranked probability score) exceeds
    one standard error; ties go to the simpler. The first one must beat the usual answer in the same way.
    """
    from models.evaluation import better, choose
    from models.registry import get

    simplicity = {name: get(name).simplicity for name in measured}
    winner = choose({name: m.losses for name, m in measured.items()}, groups, simplicity)
    if current is None:
        if better(measured[winner].losses, baseline.losses, groups):
            return winner, "It is measurably better than always giving the usual answer.", True
        return winner, "It is not yet measurably better than always giving the usual answer: more answers help.", False
    if winner == current.family:
        return winner, "The same kind of model, trained on all your answers.", True
    simpler = simplicity[winner] < simplicity[current.family]
    if better(measured[winner].losses, measured[current.family].losses, groups, new_is_simpler=simpler):
        return winner, f"It does better than {current.family} on artists neither has heard.", True
    return (
        current.family,
        f"{winner} is not measurably better, so {current.family} stays, trained on all answers.",
        True,
    )


def _fit_and_save(workspace: Workspace, data: Dataset, measured: Measured) -> int:
    from models import evaluation, persistence
    from models.calibration import fit_temperature

    model = evaluation.fit(data.build(measured.name), data.X, data.y, data.groups)
    temperature = fit_temperature(measured.proba, data.y, np.array(data.classes), data.groups)
    run_id = workspace.model_runs.add(
        target=data.target,
        family=measured.name,
        features=data.features,
        labels=len(data.y),
        classes=[str(name) for name in model.classes_],
        scores=measured.report,
        versions=dict(data.versions),
    )
    folder = workspace.models_folder / f"run-{run_id}"
    persistence.save(
        model, folder, metadata={"target": data.target, "features": data.features, "temperature": temperature}
    )
    workspace.model_runs.set_path(run_id, str(folder.relative_to(workspace.home)))
    return run_id


# -- predicting -------------------------------------------------------------------------------------


def predict_all(workspace: Workspace, target: str) -> int:
    """Let the current model predict every analysed track, and keep that; return how many there are."""
    run_ = workspace.model_runs.current(target)
    if run_ is None:
        return 0
    ids, X = matrix(workspace, run_.features, run_.versions)
    return workspace.predictions.replace(target, _predict(workspace, run_, ids, X))


def predict_new(workspace: Workspace) -> None:
    """Let the current models predict tracks analysed since they were trained."""
    for target in targets.every(workspace):
        run_ = workspace.model_runs.current(target)
        if run_ is None:
            continue
        heard = len(matrix(workspace, run_.features, run_.versions)[0])
        if heard > len(workspace.predictions.all(target)):
            predict_all(workspace, target)


def outdated(workspace: Workspace) -> list[str]:
    """Return the targets whose current model was trained on other versions of its features than those in use now."""
    found = []
    for target in targets.every(workspace):
        run_ = workspace.model_runs.current(target)
        if run_ is None:
            continue
        in_use = versions_in_use(workspace, run_.features)
        if any(run_.versions.get(name, version) != version for name, version in in_use.items()):
            found.append(target)
    return found


def _predict(workspace: Workspace, run_: ModelRun, ids: np.ndarray, X: np.ndarray) -> Iterable[Prediction]:
    from models import persistence
    from models.calibration import scale

    assert run_.path is not None
    model, about = persistence.load(workspace.home / run_.path)
    proba = scale(np.asarray(model.predict_proba(X), dtype=float), float(about["temperature"]))
    classes = [str(name) for name in model.classes_]
    for track_id, row in zip(ids, proba, strict=True):
        shares = {classes[i]: round(float(row[i]), 4) for i in np.argsort(-row, kind="stable")}
        yield Prediction(int(track_id), run_.target, next(iter(shares)), shares, run_.id)


def predict(workspace: Workspace, target: str = "rating", track_id: int | None = None) -> list[dict[str, Any]]:
    """Return what the current model, else the quick one, thinks of the tracks; the person's own answer beside it."""
    current = workspace.model_runs.current(target)
    guesses = workspace.predictions.all(target) or quick_predictions(workspace, target)
    labels = workspace.labels.current(target)
    tracks = workspace.tracks.many([track_id] if track_id is not None else guesses)
    return [
        {
            "id": i,
            "path": tracks[i].path,
            "title": tracks[i].title,
            "target": target,
            "value": labels[i].value if i in labels else guess.value,
            "by": labels[i].source if i in labels else _speaker(current, guess),
            "predicted": guess.value,
            "probabilities": guess.proba,
        }
        for i, guess in guesses.items()
        if i in tracks
    ]


def _speaker(current: ModelRun | None, guess: Prediction) -> str:
    return f"run {guess.model_run} ({current.family})" if current is not None and guess.model_run else "quick"


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
        self._path = path
        self._network = network
        self._found: dict[bool, dict[str, np.ndarray]] = {}
        self.features(quick=False)  # says at once when the file cannot be read

    def features(self, *, quick: bool) -> dict[str, np.ndarray]:
        from audio.analyse import analyse

        if quick not in self._found:
            self._found[quick] = analyse(Task(str(self._path), quick=quick), musicnn=self._network).features
        return self._found[quick]

    def of(self, versions: Mapping[str, int]) -> dict[str, np.ndarray] | None:
        """Return the features in these versions; None where one of them is measured no more, or not for this file."""
        from audio.analyse import FEATURE_VERSIONS, QUICK_VERSIONS

        for quick, measured in ((False, FEATURE_VERSIONS), (True, QUICK_VERSIONS)):
            if versions and all(measured.get(name) == version for name, version in versions.items()):
                found = self.features(quick=quick)
                return found if found.keys() >= versions.keys() else None
        return None


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
    run_ = workspace.model_runs.current(target)
    if run_ is not None:
        names = run_.features.split("+")
        own = heard.of({name: run_.versions[name] for name in names if name in run_.versions})
        if own is not None and all(name in own for name in names):
            X = np.hstack([own[name] for name in names])[None, :]
            guess = next(iter(_predict(workspace, run_, np.array([0]), X)))
            return {"model": f"run {run_.id} ({run_.family})", "label": guess.value, "probabilities": guess.proba}
    library = FeatureCache(workspace).read()
    in_use = versions_in_use(workspace, library.feature_set)
    features = heard.of(in_use)
    if features is None:
        library, features = Analysed.nothing(), heard.features(quick=False)
    analysed = library.with_one_more(features)
    quick = None if analysed is None else quick_model(workspace, target, analysed, workspace.labels.current(target))
    if quick is None:
        return None
    proba = quick.of(-1)
    return {"model": quick.name, "label": next(iter(proba)), "probabilities": proba}
