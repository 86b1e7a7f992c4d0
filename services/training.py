"""Training on request: measure the families on artists they have not heard, keep the best, predict the library."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import EarmarkError
from core.records import ModelRun
from services import inputs, predicting, targets
from services.datasets import SEED, Dataset, Report, aside, dataset, together
from services.jobs import carry_out
from services.workspace import Workspace

if TYPE_CHECKING:
    from models.evaluation import Folds, Measured

RETUNE = 1.25  # times the answers that settings were chosen with: from there on they are chosen again
BEGINNING = {"done": 0, "total": 1, "sentence": "Reading your answers"}
EPOCHS_SHOWN = 400  # of all folds together: what a page can draw


@dataclass(frozen=True)
class Plan:
    """Which families are measured, on what, and with which settings."""

    families: tuple[str, ...]
    features: Mapping[str, str]  # family -> inputs
    settings: Mapping[str, dict[str, Any]]  # family -> kept from an earlier run; those without choose their own
    chosen_with: Mapping[str, int] = field(default_factory=dict)  # family -> answers its kept settings were chosen with
    balance: str = "none"
    seed: int = SEED


@dataclass
class Progress:
    """How far a training is: counted in models fitted, with the time the rest will take, and the curves of networks."""

    report: Report
    total: int
    done: float = 0.0
    began: float = field(default_factory=time.monotonic)
    curves: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, sentence: str) -> None:
        """Say what is being done, and how long the rest will take once that can be said."""
        spent = time.monotonic() - self.began
        numbers: dict[str, Any] = {"done": round(self.done, 2), "total": self.total}
        if self.done >= 1 and spent > 2:
            numbers["seconds_left"] = round(spent / self.done * (self.total - self.done), 1)
            sentence += f" · {_duration(numbers['seconds_left'])} left"
        if self.curves:
            numbers["curves"] = self.curves[-EPOCHS_SHOWN:]
        self.report({**numbers, "sentence": sentence})

    def epoch(self, family: str, fold: int, epochs: int) -> Callable[[int, dict[str, float]], None]:
        """Return what a network calls after each epoch; stopping the job ends it there."""
        start = self.done

        def tell(epoch: int, logs: dict[str, float]) -> None:
            kept = {name: round(value, 4) for name, value in logs.items()}
            self.curves.append({"family": family, "fold": fold, "epoch": epoch + 1, **kept})
            self.done = start + cost(family) * min(0.95, (epoch + 1) / epochs)
            self.tell(f"Training {family}: part {fold}, epoch {epoch + 1}")

        return tell


def _duration(seconds: float) -> str:
    """Say a duration.

    >>> _duration(40), _duration(300)
    ('40 s', '5 min')
    """
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


# -- asking for it ------------------------------------------------------------------------------------


def retrain(
    workspace: Workspace,
    target: str = "rating",
    families: Sequence[str] | None = None,
    progress: Report | None = None,
    *,
    balance: str = "none",
) -> dict[str, Any]:
    """Train and measure the families of a target, here or in the coordinator that is already running.

    Parameters
    ----------
    families : sequence of str, optional
        By default all but the networks, which take minutes.
    balance : str
        "none", "weights", "up" or "down": how classes with few answers are helped.

    Returns
    -------
    dict
        run, model, labels, seconds, scores, became_current, why, baseline, models (every family measured), paired,
        nested, library, changed, tracks, unlike.

    Raises
    ------
    NotEnoughLabelsError
        The message counts what is missing.
    """
    if progress is not None:
        progress(dict(BEGINNING))  # at once: the first look loads scikit-learn
    dataset(workspace, target)  # says at once what is missing, before a job is queued
    return carry_out(workspace, "retrain", params_of(workspace, target, families, balance=balance), progress)


def params_of(
    workspace: Workspace, target: str, families: Sequence[str] | None = None, *, balance: str = "none"
) -> dict[str, Any]:
    """Return what a training job is told, after a look at whether it can be done.

    Raises
    ------
    EarmarkError
        A family or way of balancing is not there, or cannot learn this target.
    """
    from models.preprocessing import check_balance

    params: dict[str, Any] = {"target": target}
    if families:
        check_families(workspace, target, families)
        params["families"] = list(families)
    if check_balance(balance) != "none":
        params["balance"] = balance
    return params


def check_families(workspace: Workspace, target: str, families: Sequence[str]) -> None:
    """Refuse families that are not there, cannot learn a target, or need what is not installed.

    Raises
    ------
    EarmarkError
    """
    from models.registry import families_for, get

    about = targets.get(workspace, target)
    fitting = [family.name for family in families_for(about.kind, about.name)]
    for name in families:
        family = get(name)
        if name not in fitting:
            raise EarmarkError(f"The family {name!r} cannot learn {about.name}. Choose from: {', '.join(fitting)}.")
        if family.network and not has_tensorflow():
            raise EarmarkError(f"{name} needs TensorFlow, which is not installed here. Run `make install` again.")


def has_tensorflow() -> bool:
    """Tell whether networks can be trained here; TensorFlow is not imported for it."""
    import importlib.util

    return importlib.util.find_spec("tensorflow") is not None


def usual_families(workspace: Workspace, target: str) -> list[str]:
    """Return the families that Retrain measures: all that take seconds."""
    from models.registry import families_for

    about = targets.get(workspace, target)
    there = inputs.names(workspace)
    return [
        family.name
        for family in families_for(about.kind, about.name)
        if not family.network and any(there.get(name) for name in _possible(workspace, family.inputs))
    ]


def on_request(workspace: Workspace, target: str) -> list[str]:
    """Return the networks, which take minutes and are trained only when asked for."""
    from models.registry import families_for

    about = targets.get(workspace, target)
    return [family.name for family in families_for(about.kind, about.name) if family.network and has_tensorflow()]


def _possible(workspace: Workspace, wanted: str) -> list[str]:
    """Return what a family can look at here: its own inputs, or the default where it is not bound to them."""
    own = inputs.split(wanted)
    return own if own == ["tags"] else [*own, inputs.default(workspace)]


# -- the job ------------------------------------------------------------------------------------------


def run(workspace: Workspace, params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Do a retraining job: the runner that the coordinator calls."""
    began = time.perf_counter()
    report(dict(BEGINNING))
    target = targets.get(workspace, params.get("target", "rating")).name
    current = workspace.model_runs.current(target)
    base = dataset(workspace, target)
    plan = _plan(workspace, base, params, current)
    sets = _gather(workspace, plan, target, report)
    compared = dict(zip(plan.families, together([sets[name] for name in plan.families]), strict=True))
    first = compared[plan.families[0]]
    folds = folds_of(first)
    progress = Progress(report, total=len(folds) * (1 + sum(map(cost, plan.families))) + 1)
    with one_thread():
        measured = {name: measure_family(name, compared[name], folds, plan, progress) for name in plan.families}
        baseline = measure_baseline(first, folds)
        found, speaks = _choose(measured, baseline, current, compared, plan, progress)
        run_id = _fit_and_save(workspace, sets[found.winner], compared[found.winner], found, plan, progress)
        waits = _waits(workspace, sets[found.winner], run_id) if speaks else None
        speaker = run_id if waits is None else _meanwhile(workspace, found, current, sets, compared, plan, progress)
    changes: dict[str, Any] = {"changed": 0, "tracks": [], "unlike": 0}
    if speaks and speaker is not None:
        progress.tell("Predicting your library")
        workspace.model_runs.make_current(speaker)
        changes = predicting.predict_all(workspace, target)
    seconds = round(time.perf_counter() - began, 2)
    workspace.model_runs.set_seconds(run_id, seconds)
    result = _result(run_id, sets[found.winner], compared[found.winner], found, seconds)
    return {**result, "became_current": speaks and waits is None, "waits": waits, "curves": progress.curves, **changes}


def _choose(
    measured: dict[str, Measured],
    baseline: Measured,
    current: ModelRun | None,
    compared: Mapping[str, Dataset],
    plan: Plan,
    progress: Progress,
) -> tuple[_Found, bool]:
    """Choose the family to keep, measure it in the person's own library too, and say whether it speaks from now on."""
    groups = compared[next(iter(measured))].groups
    winner, why, speaks = _decide(measured, baseline, current, groups)
    judged, weight = _in_library(winner, compared[winner], plan, progress)
    progress.tell(f"Learning from all {len(compared[winner].y):,} answers")
    return _Found(winner, why, measured, baseline, judged, weight), speaks


def _meanwhile(
    workspace: Workspace,
    found: _Found,
    current: ModelRun | None,
    sets: Mapping[str, Dataset],
    compared: Mapping[str, Dataset],
    plan: Plan,
    progress: Progress,
) -> int | None:
    """Keep the best family that needs no further listening: it speaks until the network may; None where none does."""
    ready = {name: one for name, one in found.measured.items() if not inputs.is_made(one.features)}
    if not ready:
        return None
    if current is not None and current.family not in ready:
        current = None
    second, speaks = _choose(ready, found.baseline, current, compared, plan, progress)
    return (
        _fit_and_save(workspace, sets[second.winner], compared[second.winner], second, plan, progress)
        if speaks
        else None
    )


@dataclass(frozen=True)
class _Found:
    """What the comparison found."""

    winner: str
    why: str
    measured: dict[str, Measured]
    baseline: Measured
    library: dict[str, Any]  # the winner in the person's own library, with and without what is known of artists
    weight: float  # of what is known of artists


def _plan(workspace: Workspace, base: Dataset, params: Mapping[str, Any], current: ModelRun | None) -> Plan:
    """Return what is to be measured: what was asked for, else the usual, and always the family that speaks now."""
    from models.registry import FAMILIES, get

    wanted = params.get("families")
    if wanted:
        check_families(workspace, base.target, wanted)
    names = list(dict.fromkeys(wanted or usual_families(workspace, base.target)))
    known = current is not None and current.family in FAMILIES
    if current is not None and known and current.family not in names and _affordable(current):
        names.append(current.family)
    features = {name: _inputs_of(workspace, name) for name in names}
    kept = _kept(workspace, base, names) if not params.get("retune") else {}
    names.sort(key=lambda name: get(name).simplicity)
    return Plan(
        tuple(names),
        features,
        {name: dict(about["settings"]) for name, about in kept.items()},
        {name: about["labels"] for name, about in kept.items()},
        params.get("balance", "none"),
        int(params.get("seed", SEED)),
    )


def _affordable(current: ModelRun) -> bool:
    """Tell whether the family that speaks can be measured beside the others here: networks need TensorFlow."""
    from models.registry import get

    return not get(current.family).network or has_tensorflow()


def _inputs_of(workspace: Workspace, family: str) -> str:
    from models.registry import get

    about = get(family)
    return inputs.everything(workspace, about.inputs) if about.joins else inputs.fitting(workspace, about.inputs)


def _kept(workspace: Workspace, data: Dataset, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return settings that validation chose not long ago: a few more answers would choose the same, and it takes long.

    They are chosen again once there are a quarter more answers, or fewer.
    """
    from models.registry import get

    for past in workspace.model_runs.all(data.target):
        if not past.settings:
            continue
        found = {
            name: about
            for name, about in past.settings.items()
            if name in names
            and get(name).tunes
            and about["labels"] <= len(data.y) < RETUNE * about["labels"]
            and about["features"] == _inputs_of(workspace, name)
        }
        if found:
            return found
    return {}


def _gather(workspace: Workspace, plan: Plan, target: str, report: Report) -> dict[str, Dataset]:
    """Return what each family learns from; families that look at the same share it."""
    found: dict[str, Dataset] = {}
    for features in dict.fromkeys(plan.features[name] for name in plan.families):
        found[features] = dataset(workspace, target, features, make=True, progress=report)
    return {name: found[plan.features[name]] for name in plan.families}


def one_thread() -> Any:
    """Return a context in which numpy works in one thread: many small fits only wait for each other in more."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def folds_of(data: Dataset) -> Folds:
    """Return the folds that every model of a comparison is measured on; no artist is on both sides."""
    from models.evaluation import grouped_folds

    return grouped_folds(data.y, data.groups, random_state=SEED)


def measure_family(
    name: str, data: Dataset, folds: Folds, plan: Plan, progress: Progress | None = None, *, flattering: bool = False
) -> Measured:
    """Measure one family on artists left out; one that can choose its settings does so in each fold.

    Parameters
    ----------
    flattering : bool
        Adds the accuracy of a random split.
    """
    from models.evaluation import measure

    start = 0.0 if progress is None else progress.done

    def tell(done: int, total: int) -> None:
        if progress is not None:
            progress.done = start + done * cost(name)
            progress.tell(f"Measuring {name} on artists it has not heard: {done} of {total}")

    found = measure(
        name,
        data.features,
        lambda: build(name, data, plan, progress, fold=_fold(progress, start, name)),
        data.X,
        data.y,
        data.groups,
        folds,
        classes=data.classes,
        ordered=data.ordered,
        flattering=flattering,
        progress=tell,
    )
    if name in plan.settings:
        found.report["settings"] = {"kept": plan.settings[name]}
    return found


def _fold(progress: Progress | None, start: float, name: str) -> int:
    return 1 if progress is None else round((progress.done - start) / cost(name)) + 1


def cost(name: str) -> int:
    """Return how many times longer one fit takes than that of a quick family: for the time left."""
    from models.registry import get

    return 30 if get(name).network else 1


def build(name: str, data: Dataset, plan: Plan, progress: Progress | None = None, *, fold: int = 1) -> Any:
    """Return an untrained model: with the settings kept, else one that chooses its own; networks report epochs."""
    from models.registry import get

    about = get(name)
    options: dict[str, Any] = dict(plan.settings.get(name, {}))
    if about.tunes and not options:
        options["tune"] = True
    if name == "ordered":
        options["outliers"] = "squash"
    if about.network and progress is not None:
        options["on_epoch"] = progress.epoch(name, fold, EPOCHS)
    return data.build(name, seed=plan.seed, balance=plan.balance, **options)


EPOCHS = 60  # about as many as a network has at most: only the time left is reckoned with it


def measure_baseline(data: Dataset, folds: Folds) -> Measured:
    """Measure always giving the usual answer."""
    from models.evaluation import measure
    from models.majority import MajorityClassifier

    return measure(
        "baseline", "none", MajorityClassifier, np.zeros((len(data.y), 1)), data.y, data.groups, folds,
        classes=data.classes, ordered=data.ordered,
    )  # fmt: skip


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
    if current is None or current.family not in measured:
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


def _in_library(name: str, data: Dataset, plan: Plan, progress: Progress) -> tuple[dict[str, Any], float]:
    """Measure the chosen family where the artist may be known, as in most of the person's own library.

    Returns
    -------
    judged : dict
        As `models.artists.judge`; "flattering" says that this is no figure for new artists.
    weight : float
        How much the answers about an artist's other tracks are to count.
    """
    from models.artists import judge
    from models.evaluation import out_of_fold, random_folds
    from models.registry import get

    if get(name).network:  # five more fits of minutes each, for a figure that flatters
        progress.done += 1
        return {}, 0.0
    start = progress.done

    def tell(done: int, total: int) -> None:
        progress.done = start + done
        progress.tell(f"Measuring {name} on artists it knows: {done} of {total}")

    proba = out_of_fold(
        lambda: build(name, data, plan), data.X, data.y, data.groups, random_folds(data.y),
        classes=data.classes, progress=tell,
    )  # fmt: skip
    weight, judged = judge(proba, data.names, data.y, data.classes, data.groups)
    return {**judged, "flattering": True}, weight


def _fit_and_save(
    workspace: Workspace, data: Dataset, compared: Dataset, found: _Found, plan: Plan, progress: Progress
) -> int:
    """Fit the chosen family to every answer and keep it, with what it takes to predict and to look at it later."""
    from models import artists, evaluation, persistence
    from models.calibration import fit_temperature

    best = found.measured[found.winner]
    model = evaluation.fit(build(found.winner, data, plan, progress, fold=0), data.X, data.y, data.groups)
    temperature = fit_temperature(best.raw, compared.y, np.array(compared.classes), compared.groups)
    encoding = artists.encode(data.names, data.y, data.classes, weight=found.weight) if found.weight else None
    settings = _settings(found.measured, model, data, plan)
    run_id = workspace.model_runs.add(
        target=data.target,
        family=found.winner,
        features=data.features,
        labels=len(data.y),
        classes=[str(name) for name in model.classes_],
        scores=best.report,
        versions=dict(data.versions),
        settings=settings,
        seed=plan.seed,
        why=found.why,
    )
    folder = workspace.models_folder / f"run-{run_id}"
    about = {
        "target": data.target,
        "features": data.features,
        "temperature": temperature,
        "artists": None if encoding is None else encoding.as_json(),
    }
    persistence.save(model, folder, metadata=about)
    _save_novelty(workspace, data, folder)
    _save_measured(folder, compared, best)
    workspace.model_runs.set_path(run_id, str(folder.relative_to(workspace.home)))
    return run_id


def _settings(measured: Mapping[str, Measured], model: Any, data: Dataset, plan: Plan) -> dict[str, Any]:
    """Return what validation chose for each family, to be kept while few answers come."""
    found: dict[str, Any] = {}
    for name, one in measured.items():
        chosen = plan.settings.get(name)
        if chosen is None and one.settings:
            usual, _ = Counter(repr(sorted(s.items(), key=str)) for s in one.settings).most_common(1)[0]
            chosen = next(s for s in one.settings if repr(sorted(s.items(), key=str)) == usual)
        if name == model.name_ and getattr(model, "settings_", None):
            chosen = dict(model.settings_)
        if chosen is not None:
            found[name] = {
                "settings": chosen,
                "labels": plan.chosen_with.get(name, len(data.y)),
                "features": one.features,
            }
    return found


def _save_novelty(workspace: Workspace, data: Dataset, folder: Any) -> None:
    """Keep what tells tracks unlike anything answered: on the embedding, whatever the model itself looks at."""
    from models import persistence
    from models.novelty import NoveltyDetector

    name = inputs.default(workspace)
    own = inputs.matrix(workspace, name, track_ids=data.ids)
    rows = np.flatnonzero(np.isin(data.ids, own.ids))
    detector = NoveltyDetector().fit(own.X, data.y[rows], data.groups[rows])
    about = {"features": name, "versions": dict(own.versions)}
    persistence.save(detector, folder / predicting.NOVELTY, metadata=about)


def _save_measured(folder: Any, data: Dataset, best: Measured) -> None:
    """Keep each answered track's out-of-fold guess: confusion and reliability are drawn from it later."""
    np.savez(folder / MEASURED, ids=data.ids, y=data.y, proba=best.proba, classes=np.array(data.classes))


MEASURED = "measured.npz"


def _waits(workspace: Workspace, data: Dataset, run_id: int) -> dict[str, Any] | None:
    """Return what it takes to let a network speak that must hear every track first; None where nothing is missing."""
    if not inputs.is_made(data.features):
        return None
    from services import time_inputs

    made = [name for name in inputs.split(data.features) if name in time_inputs.TIME_INPUTS]
    return {"run": run_id, **time_inputs.estimate(workspace, made[0])}


def _result(run_id: int, data: Dataset, compared: Dataset, found: _Found, seconds: float) -> dict[str, Any]:
    from models.comparison import nested, paired
    from models.registry import get

    simplicity = {name: get(name).simplicity for name in found.measured}
    return {
        "run": run_id,
        "model": found.winner,
        "target": data.target,
        "labels": len(data.y),
        "seconds": seconds,
        "scores": found.measured[found.winner].report,
        "why": found.why,
        "baseline": found.baseline.report,
        "models": [m.report for m in found.measured.values()],
        "paired": paired(found.measured, found.winner, compared.groups),
        "nested": nested(found.measured, compared.y, compared.classes, compared.groups, simplicity),
        "library": found.library,
        "aside": aside(data.about, data.y, data.groups),
    }
