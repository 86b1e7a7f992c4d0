"""The model families by name. A new one is a build function and a line in FAMILIES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import EarmarkError


@dataclass(frozen=True)
class Family:
    """A kind of model, and what it can be asked."""

    name: str
    build: Callable[..., Any]  # (*, random_state, **options) -> an untrained classifier
    kinds: tuple[str, ...]  # of target: "ordered", "nominal"
    simplicity: int  # 0 is the simplest; ties go there
    inputs: str = "musicnn"  # the feature set it learns from unless another is asked for
    quick: bool = False  # fit again after every answer
    targets: tuple[str, ...] | None = None  # None: every target of its kinds
    network: bool = False  # needs TensorFlow, so it runs only where a job runs
    needs_order: bool = False  # takes `order`, the classes lowest first


def _knn(*, random_state: int = 0, **options: Any) -> Any:
    from models.knn import KNNClassifier

    return KNNClassifier(**options)


def _logistic(*, random_state: int = 0, **options: Any) -> Any:
    from models.logistic import LogisticClassifier

    return LogisticClassifier(random_state=random_state, **options)


def _ordered(*, random_state: int = 0, **options: Any) -> Any:
    from models.ordered import OrderedClassifier

    return OrderedClassifier(**options)


def _mlp(*, random_state: int = 0, **options: Any) -> Any:
    from models import mlp

    return mlp.build(random_state=random_state, **options)


def _prior(*, random_state: int = 0, **options: Any) -> Any:
    from models.prior import GenrePrior

    return GenrePrior(**options)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("prior", _prior, ("nominal",), simplicity=0, inputs="tags", targets=("genre",)),
        Family("logistic", _logistic, ("nominal",), simplicity=1, quick=True),
        Family("ordered", _ordered, ("ordered",), simplicity=1, quick=True, needs_order=True),
        Family("knn", _knn, ("nominal", "ordered"), simplicity=2, quick=True),
        Family("mlp", _mlp, ("nominal", "ordered"), simplicity=3, network=True),
    )
}


def get(name: str) -> Family:
    """Return the family of that name.

    Raises
    ------
    EarmarkError
        There is none; the message names those there are.
    """
    try:
        return FAMILIES[name]
    except KeyError:
        raise EarmarkError(f"There is no model family {name!r}. Choose from: {', '.join(FAMILIES)}.") from None


def families_for(kind: str, target: str | None = None) -> tuple[Family, ...]:
    """Return the families that can learn targets of a kind, the simplest first.

    >>> [family.name for family in families_for("ordered")]
    ['ordered', 'knn', 'mlp']
    """
    fitting = [family for family in FAMILIES.values() if kind in family.kinds]
    if target is not None:
        fitting = [family for family in fitting if family.targets is None or target in family.targets]
    return tuple(sorted(fitting, key=lambda family: family.simplicity))


def quick_families(kind: str) -> tuple[Family, ...]:
    """Return the families that are fitted again after every answer, the simplest (which speaks first) first.

    >>> [family.name for family in quick_families("nominal")]
    ['logistic', 'knn']
    """
    return tuple(family for family in families_for(kind) if family.quick)


def build(name: str, kind: str, *, random_state: int = 0, **options: Any) -> Any:
    """Return an untrained classifier of a family.

    Parameters
    ----------
    name : str
        A key of FAMILIES.
    kind : str
        Of the target: "ordered" or "nominal".
    random_state : int
    **options
        Handed to the family: C, neighbours, order, classes, epochs, on_epoch, should_stop, ...

    Raises
    ------
    EarmarkError
        No such family, or it cannot learn that kind of target.
    """
    family = get(name)
    if kind not in family.kinds:
        names = ", ".join(other.name for other in families_for(kind))
        raise EarmarkError(f"The family {name!r} cannot learn this target. Choose from: {names}.")
    return family.build(random_state=random_state, **options)


def build_for(family: str, kind: str, classes: Sequence[str] | None, *, random_state: int = 0) -> Any:
    """Return an untrained classifier for a target: one that needs the order of the classes is told it.

    Parameters
    ----------
    classes : sequence of str, optional
        Of the target, lowest first where they have an order; None where any text is an answer.

    >>> build_for("ordered", "ordered", ("no", "yes")).order
    ('no', 'yes')
    """
    options = {"order": tuple(classes)} if classes and get(family).needs_order else {}
    return build(family, kind, random_state=random_state, **options)
