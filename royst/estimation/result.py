"""What an estimation gives: a table, and all that tests between its rows need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import polars as pl
from scipy import stats

from royst.errors import wrong
from royst.estimation import intervals, linearise, variance
from royst.estimation.measures import Levels, Statistic
from royst.totals.design import Design
from royst.totals.reading import label
from royst.totals.request import AtMost, Request, Variable, unique_variables
from royst.totals.table import Floats, GroupTotals, Totals

SCHEMA = {
    "measure": pl.String,
    "item": pl.String,
    "category": pl.String,
    "domain": pl.String,
    "n": pl.Int64,
    "n_units": pl.Int64,
    "estimate": pl.Float64,
    "se": pl.Float64,
    "df": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "deff": pl.Float64,
    "n_eff": pl.Float64,
    "method": pl.String,
    "status": pl.String,
}


KEY = ("measure", "item", "category", "domain")


SCORES_AT_MOST = 50_000_000


class Source(Levels, Protocol):
    """An engine, or sums from files: whatever answers a request."""

    name: str

    def totals(self, request: Request) -> Totals: ...


class Row(NamedTuple):
    """Where a row of the table comes from: its statistic, its grouping and its domain's place in it."""

    statistic: Statistic
    grouping: int
    domain: tuple[str, ...]


def _not_a_row(found: Any) -> Exception:
    return wrong(
        "not-a-row",
        f"{found!r} names no row of a result.",
        'Give places in result.table, keys as ("mean", "age", "", "all"), or a frame of keys.',
    )


def _numbers(found: Any) -> Floats:
    """As numbers; NaN for what is none."""
    try:
        return np.asarray(found, np.float64)
    except (TypeError, ValueError):
        return np.array([np.nan])


class Rows(Sequence[Row]):
    """The table's rows, made when they are asked for: every statistic in every domain, each (grouping, labels)."""

    def __init__(self, statistics: list[Statistic], domains: list[tuple[int, tuple[str, ...]]]):
        self.statistics = statistics
        self.domains = domains

    def __len__(self) -> int:
        return len(self.statistics) * len(self.domains)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        statistic, domain = divmod(place % len(self), len(self.domains))
        return Row(self.statistics[statistic], *self.domains[domain])


@dataclass(frozen=True)
class Scores:
    """Linearised scores: ``values`` is first-stage units × rows; ``psu`` and ``stratum`` are the units' labels.

    The covariance of two rows is the design's quadratic form in their columns; ``centred`` (units × rows) holds
    √c·(z − z̄) of the first stage, whose inner products give that form, and ``rest`` the covariance of later stages.
    ``answers`` (units × rows) counts them; ``fraction`` is each unit's sampling fraction (0 without an fpc). ``linked`` is
    false where every row is its own unit, so that ids say nothing between waves.
    """

    psu: tuple[str, ...]
    stratum: tuple[str, ...]
    values: Floats
    centred: Floats
    rest: Floats
    answers: Floats
    fraction: Floats
    linked: bool


@dataclass(frozen=True)
class Result:
    """Estimates with all that tests between them need.

    ``table`` has one row per estimate: measure item category domain n n_units estimate se df low high deff n_eff method
    status. Shares are fractions. ``n`` counts answers, ``n_units`` first-stage units with an answer; ``df`` is the
    domain's first-stage units, answering or not (a quantile's: those that answered), minus their strata. ``status`` is "ok";
    "not_estimable" (nobody answered, or the denominator is 0: estimate is null); or "no_se" (fewer than two units, or no
    degrees of freedom: an estimate, but no standard error or interval).
    ``counts`` has the unweighted number of answers in a share or band. ``notes`` say what was done with lonely strata.
    """

    table: pl.DataFrame
    design: Design
    level: float
    notes: tuple[str, ...]
    rows: Sequence[Row]
    groupings: tuple[tuple[str, ...], ...]
    source: Source
    counts: pl.DataFrame

    @cached_property
    def _place(self) -> dict[tuple[str, ...], int]:
        return {key: place for place, key in enumerate(self.table.select(KEY).iter_rows())}

    def find(self, measure: str, item: str, category: str = "", domain: str = "all") -> int:
        """The place of a row in ``table``; an ``InputError`` where there is none."""
        key = (measure, item, category, domain)
        if key not in self._place:
            raise wrong(
                "no-such-row",
                f"There is no estimate {dict(zip(KEY, key))}.",
                "Look in result.table for the rows that there are.",
            )
        return self._place[key]

    def _places(self, rows: Any) -> list[int]:
        """Places from places, key tuples, mappings, or a frame with the key columns; None is every row."""
        if rows is None:
            return list(range(len(self.rows)))
        if isinstance(rows, pl.DataFrame):
            rows = rows.select([name for name in KEY if name in rows.columns]).to_dicts()
        if isinstance(rows, str) or not isinstance(rows, Iterable):
            raise _not_a_row(rows)
        return [self._row_place(row) for row in rows]

    def _row_place(self, row: Any) -> int:
        if isinstance(row, int | np.integer):
            if not -len(self.rows) <= row < len(self.rows):
                raise wrong("no-such-row", f"There is no row {row}.", f"result.table has {len(self.rows)}, from 0.")
            return int(row) % len(self.rows)
        if isinstance(row, Mapping) and {"measure", "item"} <= set(row):
            return self.find(**{str(name): str(row[name]) for name in KEY if name in row})
        if isinstance(row, Sequence) and not isinstance(row, str) and 2 <= len(row) <= len(KEY):
            return self.find(*row)
        raise _not_a_row(row)

    def scores(self, rows: Any = None) -> Scores:
        """Scores of some rows (places in the table, keys, or a frame of keys; None for all), asked for anew."""
        places = self._places(rows)
        values, form, answers = self._unit_scores(places)
        centred = variance.centred_scores(form, values)
        first = np.unique(form.psu, return_index=True)[1]
        added, answered = (np.zeros((len(first), values.shape[1])) for _ in range(2))
        np.add.at(added, form.psu, values)
        np.add.at(answered, form.psu, answers)
        rest = sum((part.T @ part for part in centred[1:]), np.zeros((len(places), len(places))))
        psu = _unit_labels(self.design, form, first)
        stratum = tuple(str(one) for one in form.units.strata[0][first])
        return Scores(psu, stratum, added, centred[0], np.asarray(rest), answered, form.fraction, bool(self.design.psu))

    def _unit_scores(self, places: Sequence[int]) -> tuple[Floats, variance.Structure, Floats]:
        """Scores (units × rows), the structure they belong to, and answers (units × rows)."""
        if not places:
            raise wrong("no-rows-asked", "No rows are named.", "Name at least one row of result.table.")
        chosen = [self.rows[place] for place in places]
        wanted = unique_variables(row.statistic.variable for row in chosen)
        used = tuple(dict.fromkeys(row.grouping for row in chosen))
        request = Request(self.design, wanted, tuple(self.groupings[g] for g in used), rows=not self.design.psu)
        totals = self.source.totals(request)
        form = variance.structure_of(totals)
        if len(form.units) * len(places) > SCORES_AT_MOST:
            raise wrong(
                "too-many-scores",
                f"{len(places)} rows × {len(form.units)} units do not fit in memory.",
                "Ask for fewer rows at a time.",
            )
        values, answers = (np.zeros((len(form.units), len(places))) for _ in range(2))
        known = np.isfinite(self.estimates)
        for column, (place, row) in enumerate(zip(places, chosen)):
            group, variable = totals.groups[used.index(row.grouping)], wanted.index(row.statistic.variable)
            if row.domain not in group.domains or not known[place]:
                values[:, column] = np.nan
                continue
            if row.statistic.form == "quantile":
                values[:, column] = self._quantile_scores(place, row)
            else:
                values[:, column] = linearise.row_scores(row, group, variable, form, self.source, totals)
            inside = group.domain == group.domains.index(row.domain)
            answers[group.unit[inside], column] = group.sums["n"][inside, variable]
        return values, form, answers

    def _quantile_scores(self, place: int, row: Row) -> Floats:
        """A quantile's scores: those of the distribution function at it, turned and scaled to Woodruff's error."""
        cut, se = self.estimates[place], self.table["se"][place]
        variable = Variable(AtMost(row.statistic.variable.y.items[0], float(cut)))
        request = Request(self.design, (variable,), (self.groupings[row.grouping],), rows=not self.design.psu)
        totals = self.source.totals(request)
        form = variance.structure_of(totals)
        statistic = replace(row.statistic, variable=variable, form="ratio")
        reached = linearise.row_scores(
            row._replace(statistic=statistic), totals.groups[0], 0, form, self.source, totals
        )
        spread = float(variance.covariance(form, reached[:, None])[0, 0])
        return np.asarray(-reached * (se / np.sqrt(spread))) if spread > 0 and se else np.zeros(len(reached))

    @property
    def estimates(self) -> Floats:
        """The estimates, in the table's order, NaN where not estimable."""
        return self.table["estimate"].fill_null(float("nan")).to_numpy()

    def covariance(self, rows: Any = None) -> Floats:
        """The covariance matrix of the named rows (see ``scores`` for how to name them); NaN for rows not estimable."""
        values, form, _ = self._unit_scores(self._places(rows))
        return variance.covariance(form, values)

    def contrast(self, weights: Mapping[Any, float] | Sequence[tuple[Any, float]]) -> dict[str, float]:
        """A linear contrast Σ weight × row: estimate, se, df (the least of the rows'), low, high, t, p (t and p are NaN
        where se is 0). R: ``svycontrast``. ``InputError`` for rows without an estimate or an error."""
        if not isinstance(weights, Iterable):
            raise _not_a_row(weights)
        pairs = list(weights.items()) if isinstance(weights, Mapping) else list(weights)
        if any(not isinstance(pair, Sequence) or len(pair) != 2 for pair in pairs):
            raise _not_a_row(weights)
        places = self._places([row for row, _ in pairs])
        c = _numbers([weight for _, weight in pairs])
        if not np.isfinite(c).all():
            raise wrong("contrast-weights", "A weight of the contrast is not a finite number.", "Give each row a number.")
        self._refuse_unknown(places)
        estimate = float(c @ self.estimates[places])
        se = self._contrast_se(places, c)
        df = float(np.min(self.table["df"].to_numpy()[places]))
        return {"estimate": estimate, "se": se, **_tested(estimate, se, df, self.level)}

    def quotient(self, over: Any, under: Any) -> dict[str, float]:
        """One row over another, a ratio of domains, items or both: estimate, se, df (the lesser of the rows'), low, high, t, p.

        The error is linearised with the covariance of the two (Woodruff 1971); t and p test that the quotient is 1. R:
        ``svycontrast(svyby(..., covmat = TRUE), quote(a / b))``. ``InputError`` where a row has no estimate or no error, or
        the lower one is 0.
        """
        places = self._places([over, under])
        self._refuse_unknown(places)
        a, b = self.estimates[places]
        if b == 0:
            raise wrong("quotient-by-zero", "The row below the line is 0.", "Name another row, or take a difference.")
        c = np.array([1 / b, -a / b**2])
        se = self._contrast_se(places, c)
        df = float(np.min(self.table["df"].to_numpy()[places]))
        tested = _tested(float(a / b) - 1, se, df, self.level)
        return {"estimate": float(a / b), "se": se, **tested, "low": tested["low"] + 1, "high": tested["high"] + 1}

    def _contrast_se(self, places: list[int], c: Floats) -> float:
        """The error of Σ c × row; shares of 0 and 1 count with their exact interval's width."""
        edges = [_at_the_edge(self.table.row(place, named=True), self.level) for place in places]
        return float(np.sqrt(max(c @ self.covariance(places) @ c + c * c @ np.array(edges), 0.0)))

    def _refuse_unknown(self, places: list[int]) -> None:
        for place in places:
            row = self.table.row(place, named=True)
            if row["status"] != "ok":
                shown = " ".join(row[name] for name in KEY if row[name])
                raise wrong(
                    "row-without-error",
                    f"The row {shown} is {row['status']}.",
                    "Name rows whose status is ok; the others have no estimate, or no error to test with.",
                )

    def wald(self, rows: Any, null: Sequence[float] | None = None) -> dict[str, float]:
        """Joint test that the rows equal ``null`` (0): F = q⁻¹ d'V⁻¹d on q and df (R: ``regTermTest`` with its df)."""
        places = self._places(rows)
        values = np.zeros(len(places)) if null is None else _numbers(null)
        if values.shape != (len(places),) or not np.isfinite(values).all():
            raise wrong("wald-null", f"null is {null!r} for {len(places)} rows.", "Give one number for each row.")
        d = self.estimates[places] - values
        return variance.joint_test(d, self.covariance(places), float(np.min(self.table["df"].to_numpy()[places])))

    def difference(
        self, by: str | Sequence[str], between: tuple[Any, Any], rows: Any = None, *, df: str = "joint"
    ) -> pl.DataFrame:
        """The first group minus the second, for every measure of the table.

        ``by`` is a grouping that was asked for, ``between`` two of its groups (values, or tuples of values for a cross).
        Columns: measure item category estimate se df low high t p n_first n_second status. With ``df="joint"`` df is that
        of the two groups together less one, as R's ``svyttest(y ~ group, subset(design, group %in% between))``; where one
        group stands in few units that is too many, and ``df="least"`` takes the lesser of the two groups' own.
        """
        if df not in {"joint", "least"}:
            raise wrong("difference-df", f"df={df!r} is not known.", 'Use "joint" (R\'s svyttest) or "least".')
        names = (by,) if isinstance(by, str) else tuple(by) if isinstance(by, Iterable) else (by,)
        if names not in self.groupings:
            known = ", ".join(str(list(one)) for one in self.groupings)
            raise wrong(
                "no-such-grouping", f"There are no estimates by {list(names)}.", f"Ask for them; there are {known}."
            )
        if isinstance(between, str) or not isinstance(between, Sequence) or len(between) != 2:
            raise wrong("not-two-groups", f"between is {between!r}.", 'Give two groups, as between=("E", "H").')
        first, second = (self._domain(names, one) for one in between)
        wanted = None if rows is None else {tuple(self.table.row(place)[:3]) for place in self._places(rows)}
        pairs = [
            (place, self._place[(*key[:3], second)])
            for place, key in enumerate(self.table.select(KEY).iter_rows())
            if key[3] == first and (*key[:3], second) in self._place and (wanted is None or key[:3] in wanted)
        ]
        return _differences(self, pairs, df)

    def _domain(self, names: tuple[str, ...], value: Any) -> str:
        parts = (value,) if isinstance(value, str) or not isinstance(value, Sequence) else tuple(value)
        if len(parts) != len(names):
            raise wrong(
                "group-parts",
                f"The group {value!r} has {len(parts)} part(s), by has {len(names)}: {', '.join(names)}.",
                "Name a group of a cross by a tuple, one value for each column.",
            )
        wanted = domain_name(names, tuple(label(part) for part in parts))
        there = self.table["domain"].unique().sort().to_list()
        if wanted not in there:
            raise wrong("no-such-domain", f"There is no group {wanted!r}.", f"There are: {', '.join(there)}.")
        return wanted


def domain_name(by: tuple[str, ...], values: tuple[str, ...]) -> str:
    """A domain as text: "all", or "a=x;b=y"."""
    return ";".join(f"{name}={value}" for name, value in zip(by, values)) or "all"


def _unit_labels(design: Design, form: variance.Structure, first: np.ndarray) -> tuple[str, ...]:
    """The first-stage units' ids; with ``nest`` an id is only one within its stratum."""
    ids = form.units.clusters[0][first]
    if design.nest:
        return tuple(f"{h}/{i}" for h, i in zip(form.units.strata[0][first], ids))
    return tuple(str(one) for one in ids)


def _tested(estimate: float, se: float, df: float, level: float) -> dict[str, float]:
    """t and p are NaN where the standard error is 0, which says nothing about chance."""
    half = float(intervals.quantile_t(np.array([df]), level)[0]) * se
    t = estimate / se if se > 0 else float("nan")
    p = float(2 * stats.t.sf(abs(t), df)) if se > 0 else float("nan")
    return {"df": df, "low": estimate - half, "high": estimate + half, "t": t, "p": p}


DIFFERENCE_SCHEMA = {
    "measure": pl.String, "item": pl.String, "category": pl.String, "estimate": pl.Float64, "se": pl.Float64,
    "df": pl.Float64, "low": pl.Float64, "high": pl.Float64, "t": pl.Float64, "p": pl.Float64,
    "n_first": pl.Int64, "n_second": pl.Int64, "status": pl.String,
}  # fmt: skip


def _differences(result: Result, pairs: list[tuple[int, int]], rule: str) -> pl.DataFrame:
    """First minus second of each pair of places, with the covariance between them."""
    if not pairs:
        return pl.DataFrame(schema=DIFFERENCE_SCHEMA)
    found = []
    joint = _joint_df(result, pairs)
    values, form, answers = result._unit_scores([place for pair in pairs for place in pair])
    answered = None if variance.keeps_strata(result.design) else answers[:, 0::2] + answers[:, 1::2]
    units = np.arange(len(values))
    spread = variance.variances(form, 0 * units, units, values[:, 0::2] - values[:, 1::2], 1, answered)[0]
    for column, (a, b) in enumerate(pairs):
        one, other = result.table.row(a, named=True), result.table.row(b, named=True)
        df = joint[result.rows[a].statistic.variable] if rule == "joint" else min(one["df"], other["df"])
        row: dict[str, Any] = {name: one[name] for name in KEY[:3]}
        row.update(n_first=one["n"], n_second=other["n"], df=df, estimate=None, status="not_estimable")
        if one["status"] != "not_estimable" and other["status"] != "not_estimable":
            row.update(estimate=one["estimate"] - other["estimate"], status="no_se")
            if one["status"] == other["status"] == "ok" and df >= 1 and np.isfinite(spread[column]):
                size = abs(one["estimate"]) + abs(other["estimate"])
                edges = _at_the_edge(one, result.level) + _at_the_edge(other, result.level)
                se = float(np.sqrt(variance.without_rounding(spread[column] + edges, size)))
                row.update(se=se, status="ok", **_tested(row["estimate"], se, df, result.level))
        found.append(row)
    return pl.DataFrame(found, schema=DIFFERENCE_SCHEMA).with_columns(pl.col(pl.Float64).fill_nan(None))


def _at_the_edge(row: dict[str, Any], level: float) -> float:
    """The variance that a share of 0 or 1 brings to a difference beyond its linearised one, which is 0."""
    return 0.0 if row["se"] is None else float(intervals.share_se(row, level) ** 2 - row["se"] ** 2)


def _joint_df(result: Result, pairs: list[tuple[int, int]]) -> dict[Variable, float]:
    """df by variable of the pairs' two domains taken together, over units that answered, less one for the difference."""
    one, other = (result.rows[place] for place in pairs[0])
    wanted = unique_variables(result.rows[place].statistic.variable for place, _ in pairs)
    totals = result.source.totals(Request(result.design, wanted, (result.groupings[one.grouping],)))
    form, group = variance.structure_of(totals), totals.groups[0]
    there = [group.domains.index(row.domain) for row in (one, other) if row.domain in group.domains]
    inside = np.isin(group.domain, there)
    order = np.flatnonzero(inside)[np.argsort(group.unit[inside], kind="stable")]
    unit = group.unit[order]
    if len(unit) == 0:
        return dict.fromkeys(wanted, 0.0)
    starts = np.flatnonzero(np.r_[True, unit[1:] != unit[:-1]])
    answered = np.add.reduceat(group.sums["n"][order], starts, axis=0)
    joined = GroupTotals((), ((),), np.zeros(len(starts), np.int64), unit[starts], answered[:, 0], {})
    df = variance.answering_df(form, joined, answered)[0] - 1.0
    return dict(zip(wanted, df.tolist()))
