"""The model families by name. A new one is a build function and a line in FAMILIES."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import EarmarkError

Blocks = Mapping[str, tuple[int, int]]  # input -> first column and end in X

EMBEDDING, DESCRIPTORS, TAGS = "musicnn", "descriptors", "tags"
# Members of an ensemble are many and quick, so they are not tuned; validation weighs them instead.
MEMBER_OPTIONS: dict[str, dict[str, Any]] = {
    "logistic": {"C": 0.005, "outliers": "squash"},
    "ordered": {"outliers": "squash"},
}
PLAIN_OPTIONS: dict[str, dict[str, Any]] = {"logistic": {"C": 0.05, "outliers": "squash"}}  # on descriptors alone


@dataclass(frozen=True)
class Family:
    """A kind of model, and what it can be asked."""

    name: str
    build: Callable[..., Any]  # (*, random_state, **options) -> an untrained classifier
    kinds: tuple[str, ...]  # of target: "ordered", "nominal"
    simplicity: int  # 0 is the simplest; ties go there
    inputs: str = EMBEDDING  # what it learns from unless something else is asked for; "a+b" are joined
    quick: bool = False  # fit again after every answer
    targets: tuple[str, ...] | None = None  # None: every target of its kinds
    network: bool = False  # needs TensorFlow and takes minutes, so it is trained only when asked for
    time: bool = False  # hears a track's course, so its inputs must be made from the files first
    needs_order: bool = False  # takes `order`, the classes lowest first
    needs_classes: bool = False  # takes `classes`, those it may choose from, and the `table` of their tags
    tunes: bool = False  # takes `tune`, and keeps what it chose as `settings_`
    balances: bool = False  # takes `balance`
    joins: bool = False  # takes `blocks` and hears everything there is
    bound: bool = False  # learns from its own inputs only


def _knn(*, random_state: int = 0, **options: Any) -> Any:
    from models.knn import KNNClassifier

    return KNNClassifier(random_state=random_state, **options)


def _logistic(*, random_state: int = 0, **options: Any) -> Any:
    from models.logistic import LogisticClassifier

    return LogisticClassifier(random_state=random_state, **options)


def _ordered(*, random_state: int = 0, **options: Any) -> Any:
    from models.ordered import OrderedClassifier

    return OrderedClassifier(**options)


def _svm(*, random_state: int = 0, **options: Any) -> Any:
    from models.svm import SVMClassifier

    return SVMClassifier(random_state=random_state, **options)


def _mlp(*, random_state: int = 0, **options: Any) -> Any:
    from models import mlp

    return mlp.build(random_state=random_state, **options)


def _cnn(*, random_state: int = 0, **options: Any) -> Any:
    from models import cnn

    return cnn.build(random_state=random_state, **options)


def _conv_lstm_attention(*, random_state: int = 0, **options: Any) -> Any:
    from models import conv_lstm_attention

    return conv_lstm_attention.build(random_state=random_state, **options)


def _prior(*, random_state: int = 0, **options: Any) -> Any:
    from models.prior import GenrePrior

    return GenrePrior(**options)


def _ensemble(
    *,
    random_state: int = 0,
    blocks: Blocks | None = None,
    order: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    table: Mapping[str, Sequence[str]] | None = None,
    **options: Any,
) -> Any:
    from models.ensemble import EnsembleClassifier

    blocks, guess = blocks or {}, {"classes": classes, "table": table}
    return EnsembleClassifier(
        parts=ensemble_parts(blocks, ordered=bool(order), prior=classes is not None),
        blocks=blocks,
        build=lambda name, inputs: _member(name, inputs, order, guess, random_state),
        random_state=random_state,
        **options,
    )


def _member(
    name: str, inputs: Sequence[str], order: Sequence[str] | None, guess: Mapping[str, Any], random_state: int
) -> Any:
    usual = PLAIN_OPTIONS if tuple(inputs) == (DESCRIPTORS,) else MEMBER_OPTIONS
    options = dict(usual.get(name, MEMBER_OPTIONS.get(name, {})))
    if name == "ordered":
        options["order"] = tuple(order or ())
    if name == "prior":
        options |= guess
    return FAMILIES[name].build(random_state=random_state, **options)


def ensemble_parts(
    blocks: Blocks, *, ordered: bool = False, prior: bool = False
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the members of an ensemble: which family hears which inputs.

    One linear model for each input. For classes without an order also one on the embedding and descriptors joined, a
    support vector machine where only descriptors are there, and the prior of the tags.

    >>> ensemble_parts({"musicnn": (0, 200), "lyrics": (200, 230)}, ordered=True)
    (('ordered', ('musicnn',)), ('ordered', ('lyrics',)))
    """
    if ordered:
        names = [name for name in blocks if name != DESCRIPTORS or EMBEDDING not in blocks]
        return tuple(("ordered", (name,)) for name in names)
    parts: list[tuple[str, tuple[str, ...]]] = []
    for name in blocks:
        if name == DESCRIPTORS and EMBEDDING in blocks:
            parts.append(("logistic", (EMBEDDING, DESCRIPTORS)))
        else:
            parts.append(("logistic", (name,)))
        if name == DESCRIPTORS and EMBEDDING not in blocks:
            parts.append(("svm", (name,)))
    if prior and TAGS in blocks:
        parts.append(("prior", (TAGS,)))
    return tuple(parts)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "prior", _prior, ("nominal",), simplicity=0, inputs=TAGS, targets=("genre",), needs_classes=True, bound=True
        ),
        Family("logistic", _logistic, ("nominal",), simplicity=1, quick=True, tunes=True, balances=True),
        Family("ordered", _ordered, ("ordered",), simplicity=1, quick=True, needs_order=True),
        Family("knn", _knn, ("nominal", "ordered"), simplicity=2, quick=True, balances=True),
        Family("svm", _svm, ("nominal",), simplicity=3, tunes=True, balances=True),
        Family(
            "ensemble",
            _ensemble,
            ("nominal", "ordered"),
            simplicity=4,
            inputs="+".join((EMBEDDING, DESCRIPTORS, TAGS)),
            needs_order=True,
            needs_classes=True,
            joins=True,
        ),
        Family("mlp", _mlp, ("nominal", "ordered"), simplicity=5, network=True),
        Family(
            "conv_lstm_attention",
            _conv_lstm_attention,
            ("nominal", "ordered"),
            simplicity=6,
            inputs="frames+musicnn",
            network=True,
            time=True,
            bound=True,
        ),
        Family("cnn", _cnn, ("nominal", "ordered"), simplicity=7, inputs="mel", network=True, time=True, bound=True),
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

    >>> [family.name for family in families_for("ordered") if not family.network]
    ['ordered', 'knn', 'ensemble']
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


def build_for(
    family: str,
    kind: str,
    order: Sequence[str] | None,
    *,
    classes: Sequence[str] | None = None,
    table: Mapping[str, Sequence[str]] | None = None,
    blocks: Blocks | None = None,
    random_state: int = 0,
    **options: Any,
) -> Any:
    """Return an untrained classifier for a target, told only what its family can use of what is known.

    Parameters
    ----------
    order : sequence of str, optional
        The classes of the target, lowest first where they have an order; None where any text is an answer.
    classes : sequence of str, optional
        Those that the tags may be a prior for.
    table : mapping of class to tags, optional
        The tags that speak for each, as the person has them; without it those that ship.
    blocks : mapping of input to (first column, end), optional
        Where each input lies in X.

    >>> build_for("ordered", "ordered", ("no", "yes")).order
    ('no', 'yes')
    """
    about = get(family)
    if about.needs_order and order and kind == "ordered":
        options["order"] = tuple(order)
    if about.needs_classes and classes is not None:
        options["classes"], options["table"] = list(classes), None if table is None else dict(table)
    if about.joins:
        options["blocks"] = dict(blocks or {})
    return build(family, kind, random_state=random_state, **options)
