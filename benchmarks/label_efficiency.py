"""How good the quick model is after so many answers, by the order of asking: prints one JSON object.

    python benchmarks/label_efficiency.py --home H --target T [--strategies a,b] [--seeds 20]
                                          [--model quick|plain] [--peers] [--labels-from tag]

The labels of the home are the person who answers. For every seed the labelled tracks are dealt into four folds that
share no artist; three are the library, out of which is asked, and the fourth is measured on. Clusters, prior, scaling
and order of asking know nothing of the fourth. Every strategy plays the same splits with the same quick model and
features: the app's own `queue.rank` and quick model ("plain": without the first guess from the tags). Strategies that
look at the model are played with a refit after every answer up to 16, every second up to 64, every fourth beyond; the
others ask one by one.

Metric: accuracy, for ordered targets the AUC of the best class, and quadratic kappa beside it. "area64" is the mean
height of the curve from the first budget to 64. Budgets that not every split's library can fill are dropped.

Intervals: the mean over a seed's four folds is one value; "interval", "minus_random" and "area64_minus_random" give the
2.5 and 97.5 % points of the mean over seeds, drawn again with replacement, differences paired by split. They say what
other splits and lots of these tracks would give. The splits share tracks, so another library may differ by more:
"area64_minus_random_corrected" is Nadeau & Bengio's (2003) t interval for overlapping training sets, over all folds.

"usual_way" is a 5-nearest-neighbour classifier on descriptors, asked by lot. --peers adds strategies of scikit-activeml
(which is not a dependency: pip install scikit-activeml), those with a model on a logistic regression of their own, in
batches as above; they know nothing of artists, and the figures are again the quick model's.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import emit
from benchmarks.models import label_by_tag, names
from core.errors import EarmarkError
from labeling import queue
from labeling.targets import Target
from models import evaluation
from models.prior import GenrePrior, align, blend, tagged
from services import learning, targets
from services.learning import Analysed, FeatureCache
from services.workspace import Workspace

BUDGETS = (8, 16, 24, 32, 48, 64, 100)
AREA = 64  # answers up to which the area counts
FOLDS = 4
NEIGHBOURS = 5  # of the usual way
DRAWS = 10_000  # bootstrap resamples
LEAST = BUDGETS[1]  # tracks that every library must have: two points make a curve

Scores = dict[str, float]  # metric -> value
Ask = Callable[["Split", list[int], int], list[int]]  # (split, rows answered, how many) -> rows to ask next


@dataclass
class Case:
    """The labelled tracks of a home, and how the app learns from them."""

    workspace: Workspace
    target: Target
    analysed: Analysed
    y: np.ndarray  # (n,) of str
    descriptors: np.ndarray | None  # (n, d)
    plain: bool
    _guessed: dict[frozenset[str], Any] = field(default_factory=dict)

    @property
    def metric(self) -> str:
        """Name what is measured."""
        return f"auc_{self.target.classes[-1]}" if self.target.kind == "ordered" and self.target.classes else "accuracy"

    def guessed(self, used: frozenset[str]) -> tuple[list[str], Any]:
        """Return the classes a first guess chooses from and the words that speak for them, as the app does."""
        if used not in self._guessed:
            self._guessed[used] = learning.guessed(self.workspace, self.target, set(used))
        return self._guessed[used]


@dataclass
class Split:
    """A library to ask about and the artists that are measured on."""

    case: Case
    pool: np.ndarray  # rows
    test: np.ndarray  # rows
    seed: int
    clusters: Any = None

    def __post_init__(self) -> None:
        self.clusters = queue.cluster(self.case.analysed.X[self.pool], random_state=self.seed)

    def think(self, answered: list[int]) -> tuple[list[str], np.ndarray | None, np.ndarray | None]:
        """Return the classes, what the quick model thinks of every row of the case, and what its neighbours say."""
        case, rows = self.case, np.array(answered, dtype=int)
        quick = learning.fit_quick(case.target, case.analysed, rows, case.y[rows]) if answered else None
        classes, proba, neighbours = ([], None, None) if quick is None else _parts_of(quick)
        if case.plain or case.target.kind != "nominal" or case.analysed.tags is None:
            return classes, proba, neighbours
        onto, table = case.guessed(frozenset(case.y[rows].tolist()))
        if len(tagged(onto, table)) < 2:
            return classes, proba, neighbours
        first = self._first_guess(onto, table)
        if proba is None:
            return onto, first, None
        assert neighbours is not None
        return onto, blend(align(proba, classes, onto), first, len(rows)), align(neighbours, classes, onto)

    def _first_guess(self, classes: list[str], table: Any) -> np.ndarray:
        """Guess from the tags by what is usual in the pool: the test artists are not part of the library."""
        tags = self.case.analysed.tags
        assert tags is not None
        heard = ~np.isnan(tags).any(axis=1)
        guess = np.full((len(tags), len(classes)), 1 / len(classes))
        known = self.pool[heard[self.pool]]
        if len(known):
            guess[heard] = GenrePrior(classes, table).fit(tags[known]).predict_proba(tags[heard])
        return guess

    def measure(self, answered: list[int]) -> Scores:
        """Score the quick model on the test artists."""
        classes, proba, _ = self.think(answered)
        return score(self.case, answered, self.test, classes, None if proba is None else proba[self.test])


def _parts_of(quick: learning.Quick) -> tuple[list[str], np.ndarray, np.ndarray | None]:
    return list(quick.classes), quick.proba, quick.neighbours


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", required=True)
    parser.add_argument("--target", default="rating")
    parser.add_argument("--strategies", help="names, separated by commas; all by default")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--model", choices=["quick", "plain"], default="quick")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--labels-from", choices=["tag"], help="for a home nobody has labelled: see models.py")
    options = parser.parse_args()
    began = time.perf_counter()
    workspace = Workspace(options.home)
    if options.labels_from == "tag":
        label_by_tag(workspace)
    try:
        case = read(workspace, options.target, plain=options.model == "plain")
        result = measure(case, names(options.strategies), seeds=options.seeds, peers=options.peers)
    except EarmarkError as error:
        print(error, file=sys.stderr)
        return 1
    emit({"target": options.target, "model": options.model, **result, "seconds": round(time.perf_counter() - began, 1)})
    return 0


def read(workspace: Workspace, target: str, *, plain: bool = False) -> Case:
    """Read the tracks that are analysed and have a label which models learn from."""
    about = targets.get(workspace, target)
    analysed = FeatureCache(workspace).read()
    values = learning.learned_values(workspace, about.name, workspace.labels.current(about.name))
    rows = analysed.rows(values)
    tags = None if analysed.tags is None else analysed.tags[rows]
    labelled = Analysed(analysed.ids[rows], analysed.X[rows], tags, analysed.groups[rows], analysed.feature_set)
    y = np.array([values[int(i)] for i in labelled.ids], dtype=str)
    return Case(workspace, about, labelled, y, _descriptors(workspace, labelled.ids), plain)


def _descriptors(workspace: Workspace, ids: np.ndarray) -> np.ndarray | None:
    known, X, _ = workspace.features.matrix("descriptors", after=0)
    place = {int(track_id): row for row, track_id in enumerate(known)}
    if len(ids) == 0 or any(int(i) not in place for i in ids):
        return None
    return np.nan_to_num(X[[place[int(i)] for i in ids]])


def measure(
    case: Case, strategies: Sequence[str] | None = None, *, seeds: int = 20, peers: bool = False
) -> dict[str, Any]:
    """Play every strategy on the same splits and compare it with asking by lot.

    Raises
    ------
    EarmarkError
        Too few labels or artists, an unknown strategy, or scikit-activeml is asked for and not there.
    """
    chosen = list(dict.fromkeys(["random", *(strategies or queue.STRATEGIES)]))
    unknown = [name for name in chosen if name not in queue.STRATEGIES]
    if unknown:
        raise EarmarkError(f"There is no strategy {unknown[0]!r}. Choose from: {', '.join(queue.STRATEGIES)}.")
    if seeds < 2:
        raise EarmarkError("An interval needs at least 2 seeds.")
    asks: dict[str, Ask] = {name: _ours(name) for name in chosen} | (_peers(case) if peers else {})
    cuts = list(splits(case, seeds))
    smallest = min(len(split.pool) for split in cuts)
    if smallest < LEAST:
        raise EarmarkError(
            f"{len(case.y)} labelled tracks are too few to compare orders of asking: with four folds at least"
            f" {LEAST * FOLDS // (FOLDS - 1) + 1} are needed, of several artists. Answer more, then measure again."
        )
    budgets = [budget for budget in BUDGETS if budget <= smallest]
    curves = {name: [play(split, ask, budgets) for split in cuts] for name, ask in asks.items()}
    usual = [play_usual(split, budgets) for split in cuts] if case.descriptors is not None else None
    return {
        "metric": case.metric,
        "tracks": len(case.y),
        "artists": len(np.unique(case.analysed.groups)),
        "features": case.analysed.feature_set,
        "library": smallest,
        "budgets": budgets,
        "dropped_budgets": [budget for budget in BUDGETS if budget > smallest],
        "seeds": seeds,
        "folds": len(cuts) // seeds,
        **tables(case.metric, curves, usual, budgets, seeds),
    }


def splits(case: Case, seeds: int) -> Iterator[Split]:
    """Yield every seed's folds, each as a library and test artists."""
    if len(case.y) < LEAST:
        raise EarmarkError(
            f"{len(case.y)} labelled tracks are too few to compare orders of asking: at least {LEAST * 2} are needed,"
            " of several artists. Answer more, then measure again."
        )
    for seed in range(seeds):
        folds = evaluation.grouped_folds(case.y, case.analysed.groups, n_splits=FOLDS, random_state=seed)
        for number, (pool, test) in enumerate(folds):
            yield Split(case, pool, test, FOLDS * seed + number)


# -- asking ---------------------------------------------------------------------------------------------------


def play(split: Split, ask: Ask, budgets: Sequence[int]) -> list[Scores]:
    """Ask up to the last budget and score the quick model at each."""
    answered: list[int] = []
    scores = []
    for budget in budgets:
        while len(answered) < budget:
            answered += ask(split, answered, budget - len(answered))
        scores.append(split.measure(answered))
    return scores


def _ours(strategy: str) -> Ask:
    """Return how the app asks: `queue.rank` on what the quick model thinks now."""

    def ask(split: Split, answered: list[int], most: int) -> list[int]:
        case, pool = split.case, split.pool
        learns = queue.needs_model(strategy, case.target)
        classes, proba, neighbours = split.think(answered) if learns else ([], None, None)
        members = [] if neighbours is None else [neighbours]
        if strategy == "committee" and members:
            rows = np.array(answered, dtype=int)
            network = learning.network_opinion(case.analysed, rows, case.y[rows], classes)
            members += [] if network is None else [network]
        picks = queue.rank(
            case.analysed.X[pool],
            pool,
            case.analysed.groups[pool],
            answered,
            target=case.target,
            proba=None if proba is None else proba[pool],
            committee=[member[pool] for member in members],
            clusters=split.clusters,
            strategy=strategy,
            n=most if strategy == "random" else min(most, step(len(answered)) if learns else 1),
            random_state=split.seed,
        )
        return [pick.id for pick in picks]

    return ask


def step(answered: int) -> int:
    """Return how many questions are asked before the model is refitted."""
    return 1 if answered < 16 else 2 if answered < 64 else 4


def play_usual(split: Split, budgets: Sequence[int]) -> list[Scores]:
    """Score nearest neighbours on descriptors, asked by lot."""
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = split.case.descriptors, split.case.y
    assert X is not None
    lot = split.pool[np.random.default_rng(split.seed).permutation(len(split.pool))].tolist()
    scores = []
    for budget in budgets:
        rows = lot[:budget]
        model = make_pipeline(StandardScaler(), KNeighborsClassifier(min(NEIGHBOURS, budget))).fit(X[rows], y[rows])
        classes, proba = [str(c) for c in model.classes_], model.predict_proba(X[split.test])
        scores.append(score(split.case, rows, split.test, classes, proba))
    return scores


def score(case: Case, answered: list[int], test: np.ndarray, classes: list[str], proba: np.ndarray | None) -> Scores:
    """Score probabilities on test rows; without a model everything is as likely, or what was always answered."""
    truth = case.y[test]
    every = list(case.target.classes) if case.target.classes else sorted(set(case.y.tolist()) | set(classes))
    if proba is None:
        classes, proba = [str(case.y[answered[0]])], np.ones((len(test), 1))
    proba = align(proba, classes, every)
    if case.target.kind != "ordered":
        return {"accuracy": evaluation.accuracy(truth, proba, every)}
    area = evaluation.auc(truth == every[-1], proba[:, -1])
    kappa = evaluation.quadratic_kappa(truth, proba, every)
    return {case.metric: area, "quadratic_kappa": kappa}


# -- scikit-activeml ------------------------------------------------------------------------------------------


def _peers(case: Case) -> dict[str, Ask]:
    """Return scikit-activeml's strategies by name: uncertainty, and those made for few labels."""
    try:
        from skactiveml import pool
    except ImportError:
        raise EarmarkError("--peers needs scikit-activeml, which is not here: pip install scikit-activeml.") from None
    made: dict[str, Callable[[int], Any]] = {
        "margin": lambda seed: pool.UncertaintySampling(method="margin_sampling", random_state=seed),
        "badge": lambda seed: pool.Badge(random_state=seed),
        "typiclust": lambda seed: pool.TypiClust(random_state=seed),
        "coreset": lambda seed: pool.CoreSet(random_state=seed),
        "probcover": lambda seed: pool.ProbCover(random_state=seed),
        "maxherding": lambda seed: pool.MaxHerding(random_state=seed),
    }
    return {f"skactiveml {name}": _peer(make, needs_model=name in ("margin", "badge")) for name, make in made.items()}


def _peer(make: Callable[[int], Any], *, needs_model: bool) -> Ask:
    def ask(split: Split, answered: list[int], most: int) -> list[int]:
        from skactiveml.classifier import SklearnClassifier
        from sklearn.preprocessing import StandardScaler

        from models.logistic import LogisticClassifier

        classes, codes = np.unique(split.case.y, return_inverse=True)
        X = StandardScaler().fit_transform(split.case.analysed.X[split.pool])
        y = np.where(np.isin(split.pool, answered), codes[split.pool], np.nan)
        model = {"clf": SklearnClassifier(LogisticClassifier(), classes=np.arange(len(classes)))} if needs_model else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            size = min(most, step(len(answered)))
            rows = make(split.seed + len(answered)).query(X, y, batch_size=size, **model)
        return [int(row) for row in split.pool[rows]]

    return ask


# -- tables ---------------------------------------------------------------------------------------------------


def tables(
    metric: str,
    curves: dict[str, list[list[Scores]]],
    usual: list[list[Scores]] | None,
    budgets: Sequence[int],
    seeds: int,
) -> dict[str, Any]:
    """Return the rows of every strategy beside asking by lot, and the usual way.

    Parameters
    ----------
    metric : str
    curves : mapping of name to a list over splits of a list over budgets of scores
        The splits of a seed lie together.
    usual : list, optional
    budgets : sequence of int
    seeds : int
    """
    by_lot = _table(curves["random"], metric)
    rows = {}
    for name, played in curves.items():
        values = _table(played, metric)
        rows[name] = _row(values, by_lot, budgets, seeds)
        if "quadratic_kappa" in played[0][0]:
            rows[name]["quadratic_kappa"] = _rounded(_seed_means(_table(played, "quadratic_kappa"), seeds).mean(axis=0))
    lot = _seed_means(by_lot, seeds).mean(axis=0)
    goal = _at(lot, budgets, AREA)
    for name in rows:
        rows[name]["labels_to_random64"] = labels_to(goal, rows[name]["mean"], budgets)
    usual_row = None if usual is None else _mean_row(_seed_means(_table(usual, metric), seeds))
    return {"area_to": min(AREA, budgets[-1]), "strategies": rows, "usual_way": usual_row}


def _table(played: list[list[Scores]], metric: str) -> np.ndarray:
    """Return scores as an array, shape (splits, budgets)."""
    return np.array([[scores[metric] for scores in curve] for curve in played])


def _seed_means(values: np.ndarray, seeds: int) -> np.ndarray:
    """Average over the folds of each seed, shape (seeds, ...); a fold without the best class has no AUC."""
    return np.nanmean(values.reshape(seeds, -1, *values.shape[1:]), axis=1)


def _row(values: np.ndarray, by_lot: np.ndarray, budgets: Sequence[int], seeds: int) -> dict[str, Any]:
    gain = values - by_lot
    areas = area(gain, budgets)
    return {
        **_mean_row(_seed_means(values, seeds)),
        "area64": round(float(area(_seed_means(values, seeds), budgets).mean()), 4),
        "area64_minus_random": _with_interval(_seed_means(areas, seeds)),
        "area64_minus_random_corrected": corrected(areas, seeds),
        "minus_random": [_with_interval(column) for column in _seed_means(gain, seeds).T],
    }


def _mean_row(by_seed: np.ndarray) -> dict[str, Any]:
    return {"mean": _rounded(by_seed.mean(axis=0)), "interval": [_with_interval(column)[1:] for column in by_seed.T]}


def area(values: np.ndarray, budgets: Sequence[int]) -> np.ndarray:
    """Return the mean height of curves from the first budget to AREA, shape (curves,).

    >>> area(np.array([[0.5, 0.7]]), [8, 16])
    array([0.6])
    """
    upto = [i for i, budget in enumerate(budgets) if budget <= AREA]
    x = np.array(budgets, dtype=float)[upto]
    return np.trapezoid(values[..., upto], x, axis=-1) / (x[-1] - x[0])


def _with_interval(by_seed: np.ndarray) -> list[float]:
    """Return mean and 95 % interval of the mean over seeds, by drawing seeds again with replacement."""
    drawn = np.random.default_rng(0).integers(len(by_seed), size=(DRAWS, len(by_seed)))
    low, high = np.percentile(by_seed[drawn].mean(axis=1), [2.5, 97.5])
    return _rounded(np.array([by_seed.mean(), low, high]))


def corrected(gains: np.ndarray, seeds: int) -> list[float]:
    """Return mean and 95 % interval of a gain over splits whose training sets overlap (Nadeau & Bengio 2003).

    Parameters
    ----------
    gains : np.ndarray, shape (splits,)
    seeds : int
    """
    from scipy.stats import t

    gains = gains[np.isfinite(gains)]
    folds = max(2, len(gains) // seeds)
    half = t.ppf(0.975, len(gains) - 1) * np.sqrt(gains.var(ddof=1) * (1 / len(gains) + 1 / (folds - 1)))
    return _rounded(np.array([gains.mean(), gains.mean() - half, gains.mean() + half]))


def labels_to(goal: float, mean: Sequence[float], budgets: Sequence[int]) -> float | None:
    """Return after how many labels a curve reaches a value, on straight lines between budgets; None if never.

    >>> labels_to(0.6, [0.5, 0.7], [8, 16])
    12.0
    """
    if mean[0] >= goal:
        return float(budgets[0])
    for i in range(1, len(budgets)):
        if mean[i] >= goal:
            share = (goal - mean[i - 1]) / (mean[i] - mean[i - 1])
            return round(budgets[i - 1] + share * (budgets[i] - budgets[i - 1]), 1)
    return None


def _at(curve: np.ndarray, budgets: Sequence[int], answers: int) -> float:
    """Return a curve's value after so many answers, or at its end."""
    return round(float(np.interp(answers, budgets, curve)), 4)


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]


if __name__ == "__main__":
    sys.exit(main())
