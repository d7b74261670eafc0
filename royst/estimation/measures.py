"""What can be asked of an item: a measure says which answers count, and how they become a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from royst.errors import wrong
from royst.estimation.intervals import FOR_SHARES, METHODS
from royst.totals.reading import LARGEST, Codes, label
from royst.totals.request import Coded, Column, Index, Number, Variable

Codelist = Sequence[Any] | str


class Levels(Protocol):
    """What a measure needs to know of the data before it can say what to sum."""

    def levels(self, item: str) -> Codes: ...

    def is_number(self, item: str) -> bool: ...


@dataclass(frozen=True)
class Measure:
    """One question to the data. Made by ``mean``, ``share`` and the others; ``name`` overrides the item's name."""

    kind: str
    items: tuple[str, ...]
    scores: tuple[tuple[str, float], ...] | None = None
    bands: tuple[tuple[str, tuple[str, ...]], ...] = ()
    categories: tuple[str, ...] | None = None
    not_relevant: tuple[str, ...] = ()
    at_least: float = 0.5
    scale: tuple[float, float] | None = None
    probabilities: tuple[float, ...] = ()
    interval: str | None = None
    name: str | None = None
    part_scores: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()


@dataclass(frozen=True)
class Statistic:
    """One row to estimate: its names, its pair of columns, and how (``ratio``, ``total`` or ``quantile``)."""

    measure: str
    item: str
    category: str
    variable: Variable
    form: str
    interval: str
    probability: float = float("nan")


def mean(
    item: str,
    *,
    scores: Mapping[Any, float] | None = None,
    not_relevant: Codelist = (),
    interval: str | None = None,
    name: str | None = None,
) -> Measure:
    """The weighted mean of a number, or of coded answers through ``scores`` (code → value)."""
    return Measure("mean", (_item(item),), as_scores(scores), not_relevant=_codes(not_relevant), interval=interval, name=name)


def share(
    item: str,
    category: Any = None,
    *,
    not_relevant: Codelist = (),
    interval: str | None = None,
    name: str | None = None,
) -> Measure:
    """The share of each answer among the relevant ones (or of ``category`` alone, one value or a list)."""
    chosen = None if category is None else _codes(category)
    return Measure("share", (_item(item),), categories=chosen, not_relevant=_codes(not_relevant), interval=interval, name=name)


def band(
    item: str,
    bands: Mapping[str, Codelist],
    *,
    not_relevant: Codelist = (),
    interval: str | None = None,
    name: str | None = None,
) -> Measure:
    """The share of each declared band of answers among the relevant ones: ``{"stor": ["4", "5"], ...}``."""
    chosen = tuple((str(key), _codes(codes)) for key, codes in _pairs(bands, "bands"))
    return Measure("band", (_item(item),), bands=chosen, not_relevant=_codes(not_relevant), interval=interval, name=name)


def not_relevant(item: str, codes: Codelist, *, interval: str | None = None, name: str | None = None) -> Measure:
    """The share who answered "not relevant" among all who answered the item."""
    return Measure("not_relevant", (_item(item),), not_relevant=_codes(codes), interval=interval, name=name)


def total(item: str, *, interval: str | None = None, name: str | None = None) -> Measure:
    """The weighted sum of a number; of a categorical item, the estimated count of each category."""
    return Measure("total", (_item(item),), interval=interval, name=name)


def ratio(numerator: str, denominator: str, *, interval: str | None = None, name: str | None = None) -> Measure:
    """The ratio of two weighted sums, over rows where both are answered."""
    return Measure("ratio", (_item(numerator), _item(denominator)), interval=interval, name=name)


def index(
    items: Sequence[str],
    *,
    scores: Mapping[Any, float] | Mapping[str, Mapping[Any, float]] | None = None,
    at_least: float = 0.5,
    low: float = 1.0,
    high: float = 5.0,
    not_relevant: Codelist = (),
    interval: str | None = None,
    name: str | None = None,
) -> Measure:
    """The mean over persons of the mean of their answered items, where ``at_least`` (a fraction) are answered.

    Without ``scores`` an answer x becomes 100·(x − low)/(high − low), the PasOpp index (Norwegian Institute of Public
    Health); with ``scores`` it is worth what they say (one mapping for all items, or item → mapping, where some items are
    worded the other way). An item may be any number of the scale; other values are missing.
    """
    parts = (items,) if isinstance(items, str) else tuple(items or ())
    if not parts:
        raise wrong("index-empty", "The index has no items.", "Name the items that it is the mean of.")
    if not _is_number(at_least) or not 0 < at_least <= 1:
        raise wrong("index-at-least", f"at_least={at_least!r} is not a fraction.", "Use 0.5 where half of the items must be answered.")
    if not _is_number(low) or not _is_number(high) or not -LARGEST < low < high < LARGEST:
        raise wrong("index-scale", f"low={low!r} is not below high={high!r}.", "Give the scale's two ends.")
    by_part = {str(k): v for k, v in _pairs(scores or {}, "scores") if isinstance(v, Mapping)}
    if not set(by_part) <= set(parts):
        raise wrong("index-scores", f"scores names {min(set(by_part) - set(parts))}, which the index has not.", "Name its items alone.")
    return Measure(
        "index",
        tuple(_item(item) for item in parts),
        None if by_part else as_scores(scores),
        part_scores=tuple((item, as_scores(pairs) or ()) for item, pairs in by_part.items()),
        not_relevant=_codes(not_relevant),
        at_least=at_least,
        scale=(low, high),
        interval=interval,
        name=name or "+".join(parts),
    )


def quantile(
    item: str, probability: float | Sequence[float] = 0.5, *, interval: str | None = None, name: str | None = None
) -> Measure:
    """The weighted quantile (R's ``qrule = "math"``) with Woodruff's interval; several probabilities make a row each."""
    listed = list(probability) if isinstance(probability, Iterable) and not isinstance(probability, str) else [probability]
    for one in listed:
        if not _is_number(one) or not 0 < one < 1:
            raise wrong("quantile-probability", f"probability={one!r} is outside (0, 1).", "Use 0.5 for the median.")
    wanted = tuple(float(one) for one in listed)
    return Measure("quantile", (_item(item),), probabilities=wanted, interval=interval, name=name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating)


def _item(name: Any) -> str:
    if not isinstance(name, str):
        raise wrong("not-an-item", f"{name!r} is not a column's name.", "Ask one measure of each item, by its column's name.")
    return name


def _codes(codes: Any) -> tuple[str, ...]:
    listed = [codes] if isinstance(codes, str) or not isinstance(codes, Iterable) else list(codes)
    if None in listed:
        raise wrong("code-missing", "None is named as an answer.", "Name answers that people gave; a missing one is in no share.")
    return tuple(label(code) for code in listed)


def as_scores(scores: Any) -> tuple[tuple[str, float], ...] | None:
    if scores is None:
        return None
    for code, value in _pairs(scores, "scores"):
        if not _is_number(value) or abs(value) > LARGEST:
            raise wrong("score", f"The answer {code!r} is worth {value!r}.", "Give a number; leave out answers that do not count.")
    return tuple((label(code), float(value)) for code, value in scores.items())


def _pairs(found: Any, what: str) -> Any:
    if not isinstance(found, Mapping):
        raise wrong("not-a-mapping", f"{what} is {found!r}.", f'Give a mapping, as {what}={{"1": ...}}.')
    return found.items()


# ---- from measures to statistics


def statistics(measures: Sequence[Measure], data: Levels, interval: str | None) -> list[Statistic]:
    """The rows that the measures ask for, each once, with the interval method of each."""
    found: dict[tuple[str, str, str], Statistic] = {}
    for measure in measures:
        for statistic in _statistics(measure, data):
            method = _interval_method(measure, statistic, interval)
            key = (statistic.measure, statistic.item, statistic.category)
            first = found.setdefault(key, replace(statistic, interval=method))
            if (first.variable, first.interval) != (statistic.variable, method):
                raise wrong(
                    "measure-twice",
                    f"Two different measures would have the row {' '.join(part for part in key if part)}.",
                    "Tell them apart with name=.",
                )
    return list(found.values())


def _interval_method(measure: Measure, statistic: Statistic, interval: str | None) -> str:
    """The measure's own choice, else the call's where it fits (intervals for shares fit shares alone), else the default."""
    asked = measure.interval or interval
    if asked is None or statistic.form == "quantile":
        return statistic.interval
    if asked not in METHODS:
        raise wrong("interval-method", f"interval={asked!r} is not known.", f"Use one of: {', '.join(METHODS)}.")
    return asked if asked not in FOR_SHARES or statistic.interval in FOR_SHARES else statistic.interval


def _statistics(measure: Measure, data: Levels) -> list[Statistic]:
    name = measure.name or "/".join(measure.items)
    kind = measure.kind
    if kind in {"share", "band", "not_relevant"}:
        return _shares(measure, name, data)
    if kind == "mean":
        return [Statistic("mean", name, "", Variable(_answers(measure, measure.items[0], data)), "ratio", "wald")]
    if kind == "ratio":
        return [Statistic("ratio", name, "", Variable(*(Number(item) for item in measure.items)), "ratio", "wald")]
    if kind == "index":
        parts = tuple(_index_part(measure, item, data) for item in measure.items)
        return [Statistic("index", name, "", Variable(Index(parts, measure.at_least)), "ratio", "wald")]
    if kind == "quantile":
        column = Variable(Number(measure.items[0]))
        return [Statistic("quantile", name, label(p), column, "quantile", "woodruff", p) for p in measure.probabilities]
    if data.is_number(measure.items[0]):
        return [Statistic("total", name, "", Variable(Number(measure.items[0])), "total", "wald")]
    labels = data.levels(measure.items[0]).labels or ("",)
    return [
        Statistic("total", name, one, Variable(_indicator(measure.items[0], (one,), labels)), "total", "wald")
        for one in labels
    ]


def _answers(measure: Measure, item: str, data: Levels) -> Column:
    """An item's answers as numbers, without those that are not relevant."""
    if measure.scores is not None:
        return Coded(item, tuple(pair for pair in measure.scores if pair[0] not in measure.not_relevant))
    if not measure.not_relevant:
        return Number(item)
    pairs = []
    for one in data.levels(item).labels:
        if one not in measure.not_relevant:
            pairs.append((one, _number(one, item)))
    return Coded(item, tuple(pairs))


def _index_part(measure: Measure, item: str, data: Levels) -> Coded:
    scores = dict(measure.part_scores).get(item, measure.scores)
    if scores is not None:
        return Coded(item, tuple(pair for pair in scores if pair[0] not in measure.not_relevant))
    low, high = measure.scale or (1.0, 5.0)
    pairs = []
    for one in data.levels(item).labels:
        if one in measure.not_relevant:
            continue
        value = _number(one, item)
        if low <= value <= high:
            pairs.append((one, 100.0 * (value - low) / (high - low)))
    return Coded(item, tuple(pairs))


def _number(text: str, item: str) -> float:
    if text in {"true", "false"}:
        return float(text == "true")
    try:
        return float(text)
    except ValueError:
        raise wrong(
            "not-a-number",
            f"Item {item!r} has the answer {text!r}, which is not a number.",
            "Give scores= that say what each answer is worth, or name it in not_relevant=.",
            column=item,
        ) from None


def _shares(measure: Measure, name: str, data: Levels) -> list[Statistic]:
    item = measure.items[0]
    labels = data.levels(item).labels
    relevant = tuple(one for one in labels if one not in measure.not_relevant)
    found = []
    if measure.kind == "share":
        chosen = (relevant or ("",)) if measure.categories is None else measure.categories
        found = [_share("share", name, one, _indicator(item, (one,), relevant)) for one in chosen]
    elif measure.kind == "band":
        found = [_share("band", name, key, _indicator(item, codes, relevant)) for key, codes in measure.bands]
    if measure.not_relevant:
        found.append(_share("not_relevant", name, "", _indicator(item, measure.not_relevant, labels)))
    return found


def _share(measure: str, name: str, category: str, column: Coded) -> Statistic:
    return Statistic(measure, name, category, Variable(column), "ratio", "korn-graubard")


def _indicator(item: str, codes: Sequence[str], among: Sequence[str]) -> Coded:
    return Coded(item, tuple((one, float(one in codes)) for one in among))
