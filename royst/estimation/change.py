"""From one wave to the next: the change of an estimate with the covariance that units in both waves bring.

Each wave keeps its own design, strata and variance. A unit that was in both waves (its old id followed through
``history``) ties them. Of samples that share n_c of their n₁ and n₂ units in a stratum of N the covariance is
(n_c/(n₁n₂) − 1/N)·S₁₂ (Tam 1984; Qualité and Tillé 2008). Here that is Σ g·k(z₁ − z̄₁)(z₂ − z̄₂) over units in both, each score
centred in its own wave's stratum, k = √(n₁/(n₁ − 1) · n₂/(n₂ − 1)) and g = 1 − f/r, f being the other wave's sampling fraction
of the unit's stratum and r the part of this wave's units there that are in both. With the same units in both waves g is
1 − f, and the covariance that of one design with both waves' answers in its columns (what R gives for ``svymean`` of two
columns); without an fpc g is 1. Where a stratum shares fewer units than chance would (r < f, deliberate exchange) the
covariance is negative, and S₁₂ is taken at its largest, S₁S₂. Units that changed stratum stay paired, merged units' old
scores are added; the covariance is held within the product of the standard errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from royst.errors import wrong
from royst.estimation import intervals, variance
from royst.estimation.result import KEY, Result, Scores
from royst.totals.table import Floats

SCHEMA = {
    "measure": pl.String, "item": pl.String, "category": pl.String, "domain": pl.String,
    "n_old": pl.Int64, "n_new": pl.Int64, "units_old": pl.Int64, "units_new": pl.Int64, "units_both": pl.Int64,
    "old": pl.Float64, "new": pl.Float64, "estimate": pl.Float64, "se_old": pl.Float64, "se_new": pl.Float64,
    "covariance": pl.Float64, "se": pl.Float64, "df": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "low90": pl.Float64, "high90": pl.Float64, "p": pl.Float64, "status": pl.String,
}  # fmt: skip


def change(
    new: Result,
    old: Result,
    rows: Any = None,
    history: Mapping[str, str] | None = None,
    items: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """New minus old for rows that both results have.

    ``rows`` are places, keys or a frame of keys in ``new``'s table (None: all that ``old`` has too). ``history`` maps an
    old unit's id to its id now (merged units share one); ids it lacks are taken as unchanged. ``items`` maps an item's
    name in the new wave to its name in the old, where a question was renamed. df is the lesser of the two waves', which
    is conservative; a share of 0 or 1 brings the error of its exact interval (``intervals.share_se``); low and high are at ``new.level``, low90 and high90 those of the 90 % interval.
    """
    pairs = _pairs(new, old, rows, items or {})
    if not pairs:
        return pl.DataFrame(schema=SCHEMA)
    usable = [pair for pair in pairs if _estimable(new, pair[0]) and _estimable(old, pair[1])]
    spread: dict[tuple[int, int], tuple[float, int]] = {}
    if usable:
        new_scores = new.scores([a for a, _ in usable])
        old_scores = old.scores([b for _, b in usable])
        both = _both(new_scores, old_scores, history or {})
        shared = _covariance(new_scores, old_scores, both)
        before = np.array([old_scores.answers[old].sum(axis=0) for _, old in both]).reshape(-1, len(usable))
        answered = np.sum((new_scores.answers[[unit for unit, _ in both]] > 0) & (before > 0), axis=0)
        spread = {pair: (float(shared[k]), int(answered[k])) for k, pair in enumerate(usable)}
    return pl.DataFrame([_row(new, old, a, b, spread.get((a, b))) for a, b in pairs], schema=SCHEMA)


def _pairs(new: Result, old: Result, rows: Any, items: Mapping[str, str]) -> list[tuple[int, int]]:
    asked_for = rows is not None
    found = []
    for place in new._places(rows):
        measure, item, category, domain = new.table.select(KEY).row(place)
        key = (measure, items.get(item, item), category, domain)
        if key in old._place:
            found.append((place, old._place[key]))
        elif asked_for:
            raise wrong(
                "no-such-row", f"The old wave has no estimate {dict(zip(KEY, key))}.", "Compare rows that both have."
            )
    return found


def _estimable(result: Result, place: int) -> bool:
    return bool(result.table["status"][place] == "ok")


Both = list[tuple[int, list[int]]]


def _both(new: Scores, old: Scores, history: Mapping[str, str]) -> Both:
    """Units of the new wave that were in the old, each with its places there (several where units have merged)."""
    predecessors: dict[str, list[int]] = {}
    for place, psu in enumerate(old.psu if new.linked and old.linked else ()):
        predecessors.setdefault(_followed(psu, history), []).append(place)
    return [(place, predecessors[psu]) for place, psu in enumerate(new.psu) if psu in predecessors]


def _covariance(new: Scores, old: Scores, both: Both) -> Floats:
    """The covariance of each pair of rows (see the module's first lines)."""
    if not (new.linked and old.linked):
        return np.zeros(new.values.shape[1])
    now, then = _whole(new), _whole(old)
    strata = sorted({*new.stratum, *old.stratum})
    of_new, of_old = (np.searchsorted(strata, scores.stratum) for scores in (new, old))
    shared = np.array([unit for unit, _ in both], np.int64), np.array([k for _, old_ in both for k in old_], np.int64)
    kept_new, kept_old = (
        np.bincount(of[there], minlength=len(strata)) / np.maximum(np.bincount(of, minlength=len(strata)), 1)
        for of, there in zip((of_new, of_old), shared)
    )
    found = np.zeros(now.shape[1])
    for unit, before in both:
        by_chance = [old.fraction[k] / kept_new[of_new[unit]] for k in before]
        by_chance += [new.fraction[unit] / kept_old[of_old[k]] for k in before]
        found += max(1.0 - max(by_chance), 0.0) * now[unit] * then[before].sum(axis=0)
    return found - _exchanged(new, old, (now, then), (of_new, of_old), (kept_new, kept_old), len(strata))


def _whole(scores: Scores) -> Floats:
    """√(n/(n − 1))·(z − z̄) of each unit, without the finite-population factor; 0 in a census."""
    remaining = 1.0 - scores.fraction
    return scores.centred / np.sqrt(np.where(remaining > variance.NO_CONTRIBUTION, remaining, np.inf))[:, None]


def _exchanged(
    new: Scores, old: Scores, whole: tuple[Floats, Floats], of: tuple[Any, Any], kept: tuple[Floats, Floats], strata: int
) -> Floats:
    """What strata that share fewer units than chance would add to the variance: (1/N − n_c/(n₁n₂))·S₁S₂ each."""
    squares = [np.zeros((strata, part.shape[1])) for part in whole]
    for square, place, part in zip(squares, of, whole):
        np.add.at(square, place, part * part)
    fractions = [
        np.bincount(place, scores.fraction, strata) / np.maximum(np.bincount(place, minlength=strata), 1)
        for place, scores in zip(of, (new, old))
    ]
    lacking = np.maximum(np.sqrt(fractions[0] * fractions[1]) - np.sqrt(kept[0] * kept[1]), 0.0)
    return np.asarray(lacking @ np.sqrt(squares[0] * squares[1]))


def _followed(psu: str, history: Mapping[str, str]) -> str:
    """A unit's id now: its history step by step, each step once."""
    seen = {psu}
    while psu in history and history[psu] not in seen:
        psu = str(history[psu])
        seen.add(psu)
    return psu


def _row(new: Result, old: Result, a: int, b: int, shared: tuple[float, int] | None) -> dict[str, Any]:
    one, other = new.table.row(a, named=True), old.table.row(b, named=True)
    row: dict[str, Any] = {name: one[name] for name in KEY}
    row.update(n_old=other["n"], n_new=one["n"], units_old=other["n_units"], units_new=one["n_units"], units_both=0)
    row.update(old=other["estimate"], new=one["estimate"], se_old=other["se"], se_new=one["se"])
    if one["estimate"] is not None and other["estimate"] is not None:
        row["estimate"] = one["estimate"] - other["estimate"]
    row["status"] = "not_estimable" if row.get("estimate") is None else "no_se"
    if shared is None:
        return row
    limit = one["se"] * other["se"]
    covariance = float(np.clip(shared[0], -limit, limit))
    each = intervals.share_se(one, new.level) ** 2 + intervals.share_se(other, old.level) ** 2
    spread = each - 2 * covariance
    se = float(np.sqrt(spread)) if spread > 1e-14 * each else 0.0
    df = min(one["df"], other["df"])
    half, half90 = (float(intervals.quantile_t(np.array([df]), at)[0]) * se for at in (new.level, 0.90))
    estimate = row["estimate"]
    row.update(units_both=shared[1], covariance=covariance, se=se, df=df, p=_p(estimate, se, df), status="ok")
    row.update(low=estimate - half, high=estimate + half, low90=estimate - half90, high90=estimate + half90)
    return row


def _p(estimate: float, se: float, df: float) -> float | None:
    """Two-sided p; none where the standard error is 0, which says nothing about chance."""
    return float(2 * stats.t.sf(abs(estimate) / se, df)) if se > 0 else None


OUTCOMES = ("rise", "fall", "same", "cannot_tell")


def outcome(
    changes: pl.DataFrame,
    margin: float | Sequence[float],
    *,
    alpha: float = 0.05,
    method: str = "holm",
    family: str | Sequence[str] | None = None,
) -> pl.DataFrame:
    """The changes with ``p_adjusted`` and ``outcome``: three outcomes, never two.

    ``rise`` or ``fall`` where the test, corrected over the family, is below ``alpha``; ``same`` where the 90 % interval
    lies inside ±``margin`` (in the estimate's own unit: 0.05 is 5 points; Schuirmann 1987); else ``cannot_tell``. A
    change that is both proved and inside the margin is a rise or a fall. ``family`` names columns whose values part the
    rows into families (None: all rows are one). ``margin`` is one number or one per row.
    """
    p = changes["p"].fill_null(float("nan")).to_numpy()
    adjusted = np.full(len(p), np.nan)
    for places in _families(changes, family):
        adjusted[places] = adjust(p[places], method)
    margins = np.broadcast_to(np.asarray(margin, dtype=np.float64), (len(p),))
    low90, high90, estimate = (changes[c].fill_null(float("nan")).to_numpy() for c in ("low90", "high90", "estimate"))
    proved = adjusted < alpha
    inside = (low90 > -margins) & (high90 < margins)
    found = np.where(proved, np.where(estimate > 0, "rise", "fall"), np.where(inside, "same", "cannot_tell"))
    return changes.with_columns(
        pl.Series("p_adjusted", adjusted).fill_nan(None), pl.Series("outcome", found.tolist(), dtype=pl.String)
    )


def _families(changes: pl.DataFrame, family: str | Sequence[str] | None) -> Iterable[Any]:
    if family is None:
        return [np.arange(len(changes))]
    names = [family] if isinstance(family, str) else list(family)
    parts = changes.with_row_index("__row").group_by(names, maintain_order=True).agg("__row")["__row"]
    return [np.array(part) for part in parts.to_list()]


def adjust(p: Any, method: str = "holm") -> Floats:
    """Adjusted p-values over one family: ``holm`` (1979), ``bh`` (Benjamini and Hochberg 1995), ``bonferroni``, ``none``.

    NaN and null are not tests and stay NaN. Equal to R's ``p.adjust``.
    """
    values = np.array([np.nan if one is None else one for one in p], dtype=np.float64)
    found = np.full(len(values), np.nan)
    there = np.flatnonzero(~np.isnan(values))
    m = len(there)
    order = there[np.argsort(values[there], kind="stable")]
    ranks = np.arange(1, m + 1)
    if method == "holm":
        found[order] = np.minimum(np.maximum.accumulate((m - ranks + 1) * values[order]), 1.0)
    elif method == "bh":
        scaled = values[order] * m / ranks
        found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    elif method == "bonferroni":
        found[order] = np.minimum(values[order] * m, 1.0)
    elif method == "none":
        found[order] = values[order]
    else:
        raise wrong("adjust-method", f"method={method!r} is not known.", "Use holm, bh, bonferroni or none.")
    return found
