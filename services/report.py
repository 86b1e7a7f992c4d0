"""What was measured, as one page that opens in any browser, and as tables for other programs."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.exchange.files import replacing
from services.datasets import Dataset

if TYPE_CHECKING:
    from models.evaluation import Measured

PAGE = "report.html"
SIZE = 260  # pixels of the reliability plot
SCORES = {
    "accuracy": "right",
    "balanced_accuracy": "balanced",
    "macro_f1": "macro F1",
    "roc_auc": "ROC AUC",
    "auc_liked": "AUC of liked",
    "quadratic_kappa": "quadratic kappa",
    "rps": "ranked probability score",
    "log_loss": "log loss",
    "brier": "Brier",
    "ece": "calibration error",
}
STYLE = """
:root { color-scheme: light dark; --text: #22252B; --back: #FFF; --grid: #D5D8E0; --mark: #3F5BA9; --plain: #6B7280; }
@media (prefers-color-scheme: dark) {
  :root { --text: #E8EAEF; --back: #17181C; --grid: #3A3F4B; --mark: #9DB2EE; --plain: #A3ADBA; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); margin: 2rem auto;
       max-width: 84rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
p, figcaption { max-width: 46rem; } .note { color: var(--plain); }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--grid); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; }
.bar { position: relative; width: 11rem; height: 1rem; } .bar i, .bar b { position: absolute; display: block; }
.bar i { top: .42rem; height: .16rem; background: var(--plain); }
.bar b { top: .2rem; width: .6rem; height: .6rem; margin-left: -.3rem; border-radius: 50%; background: var(--mark); }
svg text { fill: var(--text); font-size: 11px; } figure { margin: 1rem 0; }
"""


def write(folder: Path, result: Mapping[str, Any], data: Dataset, measured: Mapping[str, Measured]) -> None:
    """Write report.html, scores.csv and confusion.csv into a folder.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    result : mapping
        As `evaluating.evaluate` returns it.
    data : Dataset
        What the first family was measured on.
    measured : mapping of name to Measured
    """
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / PAGE) as draft:
        draft.write_text(page(result, data, measured), encoding="utf-8")
    _tables(folder, result)


def _tables(folder: Path, result: Mapping[str, Any]) -> None:
    import pandas as pd

    rows = [result["baseline_scores"], *result["models"]]
    flat = [{key: value for key, value in row.items() if not isinstance(value, dict)} for row in rows]
    pd.DataFrame(flat).to_csv(folder / "scores.csv", index=False)
    tables = [
        pd.DataFrame(row["confusion"]["counts"], columns=row["confusion"]["classes"]).assign(
            truth=row["confusion"]["classes"], model=row["name"], features=row["features"]
        )
        for row in rows
    ]
    pd.concat(tables).to_csv(folder / "confusion.csv", index=False)


def page(result: Mapping[str, Any], data: Dataset, measured: Mapping[str, Measured]) -> str:
    """Return the report as one HTML page; nothing in it is fetched from elsewhere."""
    best = result["best"]
    parts = [
        f"<h1>Models of {_text(result['target'])}</h1>",
        f"<p><b>{_text(_summary(result))}</b></p>",
        *(f"<p>{_text(line)}</p>" for line in [result.get("aside")] if line),
        "<h2>Every model</h2>",
        leaderboard(result),
        "<p class=note>Each artist's tracks are either learned from or tested on, never both. The line is the 95 %"
        " interval, over artists. Log loss and calibration error are measured after calibration on other artists, the"
        " figures before it stand beside. A random split puts tracks of one artist on both sides: it flatters, and is"
        " shown because others publish it.</p>",
        "<h2>Against each other</h2>",
        comparisons(result, data),
        *_of_each(measured, data, best),
    ]
    title = f"Earmark: models of {_text(result['target'])}"
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>"
        f'<meta name=viewport content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _summary(result: Mapping[str, Any]) -> str:
    best = next(m for m in result["models"] if _key(m, result) == result["best"])
    low, high = best["accuracy_interval"]
    said = (
        f"{result['labels']:,} answers about {result['artists']:,} artists. The best, {result['best']}, is right on"
        f" {_percent(best['accuracy'])} (likely {_percent(low)} to {_percent(high)}) of the tracks of artists it has"
        f" not heard; always giving the usual answer on {_percent(result['baseline'])}."
    )
    nested = result["nested"]["accuracy"]
    if nested is None or len(result["models"]) < 2:
        return said
    return f"{said} Chosen on some artists and measured on others it is {_percent(nested)}."


def _key(model: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    several = len({m["features"] for m in result["models"] if m["name"] == model["name"]}) > 1
    named = f"{model['name']} on {model['features']}"
    return named if several or named == result["best"] else model["name"]


def leaderboard(result: Mapping[str, Any]) -> str:
    """Return the table of every model, the usual answer first."""
    rows = [{**result["baseline_scores"], "name": "always the usual answer"}, *result["models"]]
    names = [name for name in SCORES if any(row.get(name) is not None for row in rows)]
    heads = ["model", "features", "95 % interval", *(SCORES[name] for name in names)]
    heads += ["log loss before", "random split", "seconds"]
    lines = []
    for row in rows:
        before, split = row.get("uncalibrated", {}).get("log_loss"), row.get("random_split", {}).get("accuracy")
        scores = [_number(row.get(name)) for name in names]
        scores += [_number(before), _number(split), _number(row["seconds"], 1)]
        bar = _bar(row["accuracy"], *row["accuracy_interval"])
        lines.append([_text(row["name"]), _text(row["features"]), bar, *scores])
    return _table(heads, lines)


def _bar(value: float, low: float, high: float) -> str:
    label = f"{_percent(value)}, likely {_percent(low)} to {_percent(high)}"
    return (
        f'<div class=bar role=img aria-label="{label}"><i style="left:{low:.1%};width:{high - low:.1%}"></i>'
        f'<b style="left:{value:.1%}"></b></div>'
    )


def comparisons(result: Mapping[str, Any], data: Dataset) -> str:
    """Return how much less the best loses than each other, on the same tracks."""
    loss = "ranked probability score" if data.ordered else "log loss"
    if not result["paired"]:
        return "<p>Only one model was measured.</p>"
    lines = [
        [_text(row["name"]), _number(row["gain"], 4), _number(row["error"], 4), "yes" if row["clear"] else "no"]
        for row in result["paired"]
    ]
    note = f"How much less {_text(result['best'])} loses ({loss}), track by track; clear means by more than one error."
    return _table(["than", "gain", "standard error", "clear"], lines) + f"<p class=note>{note}</p>"


def _of_each(measured: Mapping[str, Measured], data: Dataset, best: str) -> Iterable[str]:
    """Yield confusion, classes and reliability, of the best model first."""
    from models.evaluation import per_class, reliability

    for name in sorted(measured, key=lambda key: key != best):
        one = measured[name]
        table = one.report["confusion"]
        yield f"<h2>{_text(name)}</h2><h3>What was answered (rows), and what was guessed (columns)</h3>"
        yield confusion(table["classes"], table["counts"])
        yield "<h3>Each answer</h3>" + classes(per_class(data.y, one.proba, data.classes))
        yield "<h3>How sure, and how often right</h3>" + reliability_plot(reliability(data.y, one.proba, data.classes))


def confusion(names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Return the confusion matrix; the darker a cell, the larger its share of the row."""
    lines = []
    for name, row in zip(names, counts, strict=True):
        total = max(1, sum(row))
        cells = [
            f'<span style="background:color-mix(in srgb, var(--mark) {70 * n / total:.0f}%, transparent);'
            f'padding:.2rem .6rem;border-radius:.2rem">{n}</span>'
            for n in row
        ]
        lines.append([_text(name), *cells])
    return _table(["", *map(_text, names)], lines)


def classes(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return precision, recall and F1 of each class."""
    lines = [
        [_text(row["class"]), str(row["labels"]), str(row["predicted"])]
        + [_number(row[name], 2) for name in ("precision", "recall", "f1")]
        for row in rows
    ]
    return _table(["answer", "answers", "guesses", "precision", "recall", "F1"], lines)


def reliability_plot(bins: Sequence[Mapping[str, Any]]) -> str:
    """Return the reliability plot as an SVG; on the diagonal the model is as often right as it is sure."""
    edge = 34
    scale = SIZE - edge - 8

    def x(share: float) -> float:
        return edge + share * scale

    def y(share: float) -> float:
        return 8 + (1 - share) * scale

    dots = "".join(
        f'<circle cx="{x(b["confidence"]):.1f}" cy="{y(b["accuracy"]):.1f}" r="5" fill="var(--mark)">'
        f"<title>sure {b['confidence']:.0%}, right {b['accuracy']:.0%} of {b['tracks']} tracks</title></circle>"
        for b in bins
    )
    frame = (
        f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="var(--plain)" stroke-dasharray="4 4"/>'
        f'<path d="M{x(0)} {y(1)} V{y(0)} H{x(1)}" fill="none" stroke="var(--grid)"/>'
        f'<text x="{x(0)}" y="{SIZE - 4}">sure: 0 %</text>'
        f'<text x="{x(1)}" y="{SIZE - 4}" text-anchor="end">100 %</text>'
        f'<text x="2" y="{y(1) + 4}">right</text>'
    )
    words = f"Bins of about {bins[0]['tracks']} tracks each: chance alone moves a dot by some {_chance(bins):.0%}."
    return (
        f'<figure><svg width="{SIZE}" height="{SIZE}" role="img" aria-label="Reliability plot">{frame}{dots}</svg>'
        f"<figcaption class=note>{words}</figcaption></figure>"
    )


def _chance(bins: Sequence[Mapping[str, Any]]) -> float:
    tracks = max(1, bins[0]["tracks"])
    return float((0.7 * 0.3 / tracks) ** 0.5)


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th scope=col>{one}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines)
    return f"<div class=wide tabindex=0><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _number(value: Any, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def _text(value: Any) -> str:
    return html.escape(str(value))
