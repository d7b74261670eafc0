"""From totals to a table of estimates, and from a table's rows to their scores, covariances and differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import polars as pl
from scipy import stats

from royst.errors import wrong
from royst.estimation import intervals, quantiles, variance
from royst.estimation.measures import Levels, Measure, Statistic, statistics
from royst.totals.design import Design
from royst.totals.engines import engine_for
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
CELLS_AT_ONCE = 1_500_000  # cells × variables held at a time, some 100 MB over all sums
SCORES_AT_MOST = 50_000_000


class Source(Levels, Protocol):
    """An engine, or sums from files: whatever answers a request."""

    name: str

    def totals(self, request: Request) -> Totals: ...


@dataclass(frozen=True)
class Row:
    """Where a row of the table comes from: its statistic, its grouping and its domain's place in it."""

    statistic: Statistic
    grouping: int
    domain: tuple[str, ...]


@dataclass(frozen=True)
class Scores:
    """Linearised scores: ``values`` is first-stage units × rows; ``psu`` and ``stratum`` are the units' labels.

    The covariance of two rows is the design's quadratic form in their columns; ``centred`` (units × rows) holds
    √c·(z − z̄) of the first stage, whose inner products give that form, and ``rest`` the covariance of later stages.
    ``answers`` (units × rows) counts them. ``linked`` is false where every row is its own unit, so that ids say nothing between waves.
    """

    psu: tuple[str, ...]
    stratum: tuple[str, ...]
    values: Floats
    centred: Floats
    rest: Floats
    answers: Floats
    linked: bool


@dataclass(frozen=True)
class Result:
    """Estimates with all that tests between them need.

    ``table`` has one row per estimate: measure item category domain n n_units estimate se df low high deff n_eff method
    status. Shares are fractions. ``n`` counts answers, ``n_units`` first-stage units with an answer; ``df`` is the
    domain's first-stage units, answering or not, minus their strata. ``status`` is "ok"; "not_estimable" (nobody answered, or the denominator is 0: estimate is null); or
    "no_se" (fewer than two units, or no degrees of freedom: an estimate, but no standard error or interval).
    ``counts`` has the unweighted number of answers in a share or band. ``notes`` say what was done with lonely strata.
    """

    table: pl.DataFrame
    design: Design
    level: float
    notes: tuple[str, ...]
    rows: tuple[Row, ...]
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
        found = []
        for row in rows:
            if isinstance(row, int | np.integer):
                found.append(int(row))
            elif isinstance(row, Mapping):
                found.append(self.find(**{str(name): str(row[name]) for name in KEY if name in row}))
            else:
                found.append(self.find(*row))
        return found

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
        return Scores(psu, stratum, added, centred[0], np.asarray(rest), answered, bool(self.design.psu))

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
        for column, (place, row) in enumerate(zip(places, chosen)):
            group, variable = totals.groups[used.index(row.grouping)], wanted.index(row.statistic.variable)
            if row.domain not in group.domains:
                continue
            if row.statistic.form == "quantile":
                values[:, column] = self._quantile_scores(place, row)
            else:
                values[:, column] = _row_scores(row, group, variable, form, self.source, totals)
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
        reached = _row_scores(replace(row, statistic=statistic), totals.groups[0], 0, form, self.source, totals)
        spread = float(variance.covariance(form, reached[:, None])[0, 0])
        return np.asarray(-reached * (se / np.sqrt(spread))) if spread > 0 and se else np.zeros(len(reached))

    @property
    def estimates(self) -> Floats:
        """The estimates, in the table's order, NaN where not estimable."""
        return self.table["estimate"].fill_null(float("nan")).to_numpy()

    def covariance(self, rows: Any = None) -> Floats:
        """The covariance matrix of the named rows (see ``scores`` for how to name them)."""
        values, form, _ = self._unit_scores(self._places(rows))
        return variance.covariance(form, values)

    def contrast(self, weights: Mapping[Any, float] | Sequence[tuple[Any, float]]) -> dict[str, float]:
        """A linear contrast Σ weight × row: estimate, se, df (the least of the rows'), low, high, t, p."""
        pairs = list(weights.items()) if isinstance(weights, Mapping) else list(weights)
        places = self._places([row for row, _ in pairs])
        c = np.array([float(weight) for _, weight in pairs])
        estimate = float(c @ self.estimates[places])
        edges = [_at_the_edge(self.table.row(place, named=True), self.level) for place in places]
        se = float(np.sqrt(max(c @ self.covariance(places) @ c + c * c @ np.array(edges), 0.0)))
        df = float(np.min(self.table["df"].to_numpy()[places]))
        return {"estimate": estimate, "se": se, **_tested(estimate, se, df, self.level)}

    def wald(self, rows: Any, null: Sequence[float] | None = None) -> dict[str, float]:
        """Joint test that the rows equal ``null`` (0): F = q⁻¹ d'V⁻¹d on q and df (R: ``regTermTest`` with its df)."""
        places = self._places(rows)
        d = self.estimates[places] - (np.zeros(len(places)) if null is None else np.asarray(null, float))
        statistic = float(d @ np.linalg.solve(self.covariance(places), d)) / len(places)
        df = float(np.min(self.table["df"].to_numpy()[places]))
        return {
            "F": statistic,
            "df1": float(len(places)),
            "df2": df,
            "p": float(stats.f.sf(statistic, len(places), df)),
        }

    def difference(self, by: str | Sequence[str], between: tuple[Any, Any], rows: Any = None) -> pl.DataFrame:
        """The first group minus the second, for every measure of the table.

        ``by`` is a grouping that was asked for, ``between`` two of its groups (values, or tuples of values for a cross).
        Columns: measure item category estimate se df low high t p n_first n_second status. df is that of the two
        groups together less one, as R's ``svyttest(y ~ group, subset(design, group %in% between))``.
        """
        names = (by,) if isinstance(by, str) else tuple(by)
        if names not in self.groupings:
            known = ", ".join(str(list(one)) for one in self.groupings)
            raise wrong(
                "no-such-grouping", f"There are no estimates by {list(names)}.", f"Ask for them; there are {known}."
            )
        first, second = (self._domain(names, one) for one in between)
        wanted = None if rows is None else {tuple(self.table.row(place)[:3]) for place in self._places(rows)}
        pairs = [
            (place, self._place[(*key[:3], second)])
            for place, key in enumerate(self.table.select(KEY).iter_rows())
            if key[3] == first and (*key[:3], second) in self._place and (wanted is None or key[:3] in wanted)
        ]
        return _differences(self, pairs)

    def _domain(self, names: tuple[str, ...], value: Any) -> str:
        parts = (value,) if isinstance(value, str) or not isinstance(value, Sequence) else tuple(value)
        wanted = domain_name(names, tuple(label(part) for part in parts))
        there = self.table["domain"].unique().sort().to_list()
        if wanted not in there:
            raise wrong("no-such-domain", f"There is no group {wanted!r}.", f"There are: {', '.join(there)}.")
        return wanted


def domain_name(by: tuple[str, ...], values: tuple[str, ...]) -> str:
    """A domain as text: "all", or "a=x;b=y"."""
    return ";".join(f"{name}={value}" for name, value in zip(by, values)) or "all"


def estimate(
    data: Any,
    design: Design | None = None,
    measures: Measure | Sequence[Measure] = (),
    by: Any = None,
    engine: str = "embedded",
    level: float = 0.95,
    *,
    interval: str | None = None,
) -> Result:
    """Estimate the measures overall or by groups, with design-based standard errors and intervals.

    ``data`` is a Polars, pandas or Arrow table or a path to CSV or Parquet; ``by`` None (everybody), column names (their
    cross), or a list of such lists (several groupings in one pass). Missing answers leave that item's estimate and keep
    the design, as R's ``na.rm = TRUE``; rows missing a grouping column are in none of its groups. ``interval`` overrides
    the default method for shares. ``InputError`` for faults of the data or the request.

    Variances are of linearised statistics (Woodruff 1971; Binder 1983), see ``estimation.variance``.
    """
    source = engine_for(engine, data)
    return estimate_from(source, Design() if design is None else design, measures, by, level, interval=interval)


def estimate_from(
    source: Source,
    design: Design,
    measures: Measure | Sequence[Measure],
    by: Any = None,
    level: float = 0.95,
    *,
    interval: str | None = None,
) -> Result:
    """``estimate`` on an engine that is already open, or on sums read from files."""
    if not 0 < level < 1:
        raise wrong("level", f"level={level} is not between 0 and 1.", "Use 0.95 for 95 % intervals.")
    asked = [measures] if isinstance(measures, Measure) else list(measures)
    if not asked:
        raise wrong("no-measures", "No measures are asked for.", 'Ask for at least one, as royst.mean("item").')
    groupings = as_groupings(by)
    check = getattr(source, "check_columns", None)
    if check is not None:
        check([*design.columns, *(name for one in groupings for name in one), *(i for m in asked for i in m.items)])
    prepare = getattr(source, "prepare", None)
    if prepare is not None:
        prepare([item for measure in asked for item in measure.items])
    wanted = statistics(asked, source, interval)
    frames, rows, notes, counts = _estimated(source, design, wanted, groupings, level)
    table = pl.concat(frames)
    return Result(table, design, level, notes, tuple(rows), groupings, source, counts)


def as_groupings(by: Any) -> tuple[tuple[str, ...], ...]:
    """None, a name, names (one cross), or a list of lists (several groupings) as a tuple of tuples."""
    if by is None:
        return ((),)
    if isinstance(by, str):
        return ((by,),)
    parts = list(by)
    if parts and all(not isinstance(part, str) for part in parts):
        return tuple(dict.fromkeys(() if part is None else tuple(part) for part in parts))
    if any(not isinstance(part, str) for part in parts):
        return tuple(dict.fromkeys((part,) if isinstance(part, str) else tuple(part or ()) for part in parts))
    return (tuple(parts),)


# ---- the table


def _estimated(
    source: Source, design: Design, wanted: list[Statistic], groupings: tuple[tuple[str, ...], ...], level: float
) -> tuple[list[pl.DataFrame], list[Row], tuple[str, ...], pl.DataFrame]:
    """Rows by statistic, then grouping, then domain; totals are asked for some variables at a time."""
    blocks: list[tuple[list[tuple[int, int]], pl.DataFrame, list[Row], Floats]] = []
    notes: tuple[str, ...] = ()
    ratios = [number for number, one in enumerate(wanted) if one.form != "quantile"]
    for chosen in _chunks(source, design, [wanted[number].variable for number in ratios], groupings):
        numbers = [number for number in ratios if wanted[number].variable in chosen]
        totals = source.totals(Request(design, tuple(chosen), groupings, detail=False))
        form = variance.structure_of(totals)
        notes = form.notes
        for g, group in enumerate(totals.groups):
            places = [chosen[wanted[number].variable] for number in numbers]
            part, found, yes = _group_table(
                [wanted[number] for number in numbers], places, g, group, form, source, totals, level
            )
            order = [(number, g) for number in numbers for _ in group.domains]
            blocks.append((order, part, found, yes))
            for domain in _nobody(source, group):
                empty = [_empty_row(wanted[number], group.by, domain) for number in numbers]
                rows = [Row(wanted[number], g, domain) for number in numbers]
                nothing = np.full(len(rows), np.nan)
                blocks.append(([(number, g) for number in numbers], pl.DataFrame(empty, schema=SCHEMA), rows, nothing))
    for number, one in enumerate(wanted):
        if one.form == "quantile":
            part, found, notes = quantiles.table(source, design, one, groupings, level)
            blocks.append(([(number, row.grouping) for row in found], part, found, np.full(len(found), np.nan)))
    return _ordered(blocks, notes)


def _nobody(source: Source, group: GroupTotals) -> list[tuple[str, ...]]:
    """Declared groups of one column (an Enum's categories) that no row is in."""
    declared = getattr(source, "declared", None)
    if declared is None or len(group.by) != 1:
        return []
    return [(one,) for one in declared(group.by[0]) if (one,) not in group.domains]


def _empty_row(statistic: Statistic, by: tuple[str, ...], domain: tuple[str, ...]) -> dict[str, Any]:
    return {
        "measure": statistic.measure,
        "item": statistic.item,
        "category": statistic.category,
        "domain": domain_name(by, domain),
        "n": 0,
        "n_units": 0,
        "method": statistic.interval,
        "status": "not_estimable",
    }


def _ordered(
    blocks: list[tuple[list[tuple[int, int]], pl.DataFrame, list[Row], Floats]], notes: tuple[str, ...]
) -> tuple[list[pl.DataFrame], list[Row], tuple[str, ...], pl.DataFrame]:
    keys = np.array([key for order, *_ in blocks for key in order], dtype=np.int64).reshape(-1, 2)
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    table = pl.concat([part for _, part, *_ in blocks])[order]
    rows = [row for *_, found, _ in blocks for row in found]
    yes = np.concatenate([part for *_, part in blocks])
    counts = table.select(*KEY, "n").with_columns(pl.Series("count", yes[order]).fill_nan(None).cast(pl.Int64))
    return [table], [rows[place] for place in order], notes, counts


def _chunks(
    source: Source, design: Design, variables: list[Variable], groupings: tuple[tuple[str, ...], ...]
) -> Iterable[dict[Variable, int]]:
    """Distinct variables in parts whose sums fit in memory."""
    distinct = list(unique_variables(variables))
    size = _chunk_size(source, design, groupings)
    for start in range(0, len(distinct), size):
        yield {variable: place for place, variable in enumerate(distinct[start : start + size])}


def _chunk_size(source: Source, design: Design, groupings: tuple[tuple[str, ...], ...]) -> int:
    cells = getattr(source, "cell_count", None)
    count = cells(Request(design, (), groupings)) if cells is not None else 0
    return max(8, CELLS_AT_ONCE // max(count, 1)) if count else 10_000


def _group_table(
    wanted: list[Statistic],
    places: list[int],
    g: int,
    group: GroupTotals,
    form: variance.Structure,
    source: Source,
    totals: Totals,
    level: float,
) -> tuple[pl.DataFrame, list[Row], Floats]:
    """One grouping's rows for some statistics, statistic by statistic."""
    domains = len(group.domains)
    is_total = np.array([one.form == "total" for one in wanted])
    sums = {name: group.by_domain(name)[:, places] for name in ("n", "ny", "w", "wy", "wx", "wyy", "wxy", "wxx")}
    denominator = np.where(is_total, 1.0, sums["wx"])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = sums["wy"] / denominator
    value[(sums["n"] == 0) | ~np.isfinite(value)] = np.nan
    spread = group_variances(form, group, places, value, denominator, is_total, source, totals)
    answered = group.sums["n"][:, places]
    n_units = variance.answering_units(form, group, answered)
    varying = variance.answering_units(form, group, answered, 1) if form.census and len(form.stages) > 1 else n_units
    df = np.broadcast_to(variance.degrees_of_freedom(form, group)[:, None], value.shape)
    rows_in = np.add.reduceat(group.size, group.starts)
    known = np.isfinite(value)
    with_se = known & (df >= 1) & (varying > 1) & np.isfinite(spread)
    se = np.where(with_se, np.sqrt(np.maximum(spread, 0.0)), np.nan)
    deff = _design_effects(form, sums, value, spread, is_total)
    deff = np.where(with_se, deff, np.nan)
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    for method in dict.fromkeys(one.interval for one in wanted):
        at = [column for column, one in enumerate(wanted) if one.interval == method]
        parts = (value[:, at], se[:, at], df[:, at], sums["n"][:, at])
        low[:, at], high[:, at] = intervals.interval(
            method, *parts, level, np.broadcast_to(rows_in[:, None], parts[0].shape)
        )
    status = np.where(~known, "not_estimable", np.where(with_se, "ok", "no_se"))
    remark = f"; {'; '.join(form.notes)}" if form.notes else ""
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = np.where(deff > 0, sums["n"] / deff, np.nan)
    names = [domain_name(group.by, one) for one in group.domains]
    flat = {
        "measure": [one.measure for one in wanted for _ in range(domains)],
        "item": [one.item for one in wanted for _ in range(domains)],
        "category": [one.category for one in wanted for _ in range(domains)],
        "domain": names * len(wanted),
        "n": sums["n"].T.ravel().round().astype(np.int64),
        "n_units": n_units.T.ravel().round().astype(np.int64),
        **{name: part.T.ravel() for name, part in zip(("estimate", "se", "df", "low", "high", "deff", "n_eff"),
                                                       (value, se, df, low, high, deff, n_eff))},
        "method": [one.interval + remark for one in wanted for _ in range(domains)],
        "status": status.T.ravel().tolist(),
    }  # fmt: skip
    table = pl.DataFrame(flat, schema=SCHEMA).with_columns(pl.col(pl.Float64).fill_nan(None))
    rows = [Row(one, g, domain) for one in wanted for domain in group.domains]
    shares = np.array([one.measure in {"share", "band", "not_relevant"} for one in wanted])
    return table, rows, np.where(shares, sums["ny"], np.nan).T.ravel()


def group_variances(
    form: variance.Structure,
    group: GroupTotals,
    places: list[int],
    value: Floats,
    denominator: Floats,
    is_total: Any,
    source: Source,
    totals: Totals,
) -> Floats:
    """Variances (domains × statistics) by the path that the design allows."""
    at = group.domain
    centre = np.where(is_total, 0.0, np.nan_to_num(value))
    if form.units.element:
        q = {name: group.sums[name][:, places] for name in ("qyy", "qxy", "qxx", "wy", "wx")}
        r, d = centre[at], denominator[at]
        with np.errstate(divide="ignore", invalid="ignore"):
            square = (q["qyy"] - 2 * r * q["qxy"] + r * r * q["qxx"]) / (d * d)
            linear = (q["wy"] - r * q["wx"]) / d
        return variance.element_variances(form, group, square, linear)
    y, x = group.sums["wy"][:, places], group.sums["wx"][:, places]
    scores = variance.linearised(y, x, centre[at], denominator[at])
    calibration = totals.request.design.calibration
    if calibration is None:
        return variance.variances(form, at, group.unit, scores, len(group.domains))
    variables = [totals.request.variables[place] for place in places]
    return _calibrated_variances(form, group, scores, variables, centre, denominator, source, totals)


def _calibrated_variances(
    form: variance.Structure,
    group: GroupTotals,
    scores: Floats,
    variables: list[Variable],
    centre: Floats,
    denominator: Floats,
    source: Source,
    totals: Totals,
) -> Floats:
    """Variances of residuals from the calibration's columns, domain by domain: every unit then has a score."""
    fitted = source.fitted(totals.request, group, variables, centre, denominator)  # type: ignore[attr-defined]
    found = np.empty((len(group.domains), scores.shape[1]))
    everyone = np.arange(len(form.units))
    for d in range(len(group.domains)):
        residual = -fitted[d]
        cells = slice(group.starts[d], group.starts[d + 1] if d + 1 < len(group.domains) else len(group.unit))
        residual[group.unit[cells]] += scores[cells]
        found[d] = variance.variances(form, np.zeros(len(everyone), np.int64), everyone, residual, 1)[0]
    return found


def _design_effects(
    form: variance.Structure, sums: dict[str, Floats], value: Floats, spread: Floats, is_total: Any
) -> Floats:
    """Variance over that of a simple random sample of as many answers.

    With expansion weights (all at least 1, not all 1) the comparison is without replacement, as R's ``deff = TRUE``;
    otherwise, where the weights do not say how large the population is, with replacement: ``deff = "replace"``.
    """
    units, n, w = form.units, sums["n"], sums["w"]
    expanding = units.smallest >= 1 and units.w.sum() > units.n.sum() * (1 + 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(is_total, 0.0, np.nan_to_num(value))
        residual_mean = np.where(is_total, sums["wy"] / w, (sums["wy"] - share * sums["wx"]) / w)
        square = np.where(is_total, sums["wyy"], sums["wyy"] - 2 * share * sums["wxy"] + share * share * sums["wxx"])
        element = (square / w - residual_mean**2) * n / (n - 1)
        simple = element / n * np.where(is_total, w * w, (w / sums["wx"]) ** 2)
        if expanding:
            simple = simple * (w - n) / w
        return np.where((simple > 0) & np.isfinite(simple), spread / simple, np.nan)


# ---- scores and tests


def _row_scores(
    row: Row, group: GroupTotals, place: int, form: variance.Structure, source: Source, totals: Totals
) -> Floats:
    """One row's score per unit; zeros where its domain has no one, residuals where the design is calibrated."""
    d = group.domains.index(row.domain)
    end = group.starts[d + 1] if d + 1 < len(group.domains) else len(group.unit)
    cells = slice(group.starts[d], end)
    y, x = group.sums["wy"][cells, place], group.sums["wx"][cells, place]
    if row.statistic.form == "total":
        centre, denominator = 0.0, 1.0
    else:
        denominator = float(x.sum())
        centre = float(y.sum()) / denominator if denominator else np.nan
    values = np.zeros(len(form.units))
    np.add.at(values, group.unit[cells], (y - centre * x) / denominator if denominator else np.nan)
    if totals.request.design.calibration is not None:
        shape = (len(group.domains), 1)
        fitted = source.fitted(  # type: ignore[attr-defined]
            totals.request, group, [row.statistic.variable], np.full(shape, centre), np.full(shape, denominator)
        )
        values -= fitted[d][:, 0]
    return values


def _unit_labels(design: Design, form: variance.Structure, first: np.ndarray) -> tuple[str, ...]:
    """The first-stage units' ids; with ``nest`` an id is only one within its stratum."""
    ids = form.units.clusters[0][first]
    if design.nest:
        return tuple(f"{h}/{i}" for h, i in zip(form.units.strata[0][first], ids))
    return tuple(str(one) for one in ids)


def _tested(estimate: float, se: float, df: float, level: float) -> dict[str, float]:
    half = float(intervals.quantile_t(np.array([df]), level)[0]) * se
    t = estimate / se if se > 0 else float("nan")
    p = float(2 * stats.t.sf(abs(t), df)) if se > 0 else (1.0 if estimate == 0 else 0.0)
    return {"df": df, "low": estimate - half, "high": estimate + half, "t": t, "p": p}


DIFFERENCE_SCHEMA = {
    "measure": pl.String, "item": pl.String, "category": pl.String, "estimate": pl.Float64, "se": pl.Float64,
    "df": pl.Float64, "low": pl.Float64, "high": pl.Float64, "t": pl.Float64, "p": pl.Float64,
    "n_first": pl.Int64, "n_second": pl.Int64, "status": pl.String,
}  # fmt: skip


def _differences(result: Result, pairs: list[tuple[int, int]]) -> pl.DataFrame:
    """First minus second of each pair of places, with the covariance between them."""
    if not pairs:
        return pl.DataFrame(schema=DIFFERENCE_SCHEMA)
    found = []
    joint = _joint_df(result, pairs)
    values, form, _ = result._unit_scores([place for pair in pairs for place in pair])
    change = values[:, 0::2] - values[:, 1::2]
    spread = np.sum([np.sum(part * part, axis=0) for part in variance.centred_scores(form, change)], axis=0)
    for column, (a, b) in enumerate(pairs):
        one, other = result.table.row(a, named=True), result.table.row(b, named=True)
        df = joint[result.rows[a].statistic.variable]
        row: dict[str, Any] = {name: one[name] for name in KEY[:3]}
        row.update(n_first=one["n"], n_second=other["n"], df=df, estimate=None, status="not_estimable")
        if one["status"] != "not_estimable" and other["status"] != "not_estimable":
            row.update(estimate=one["estimate"] - other["estimate"], status="no_se")
            if one["status"] == other["status"] == "ok" and df >= 1 and np.isfinite(spread[column]):
                se = float(
                    np.sqrt(spread[column] + _at_the_edge(one, result.level) + _at_the_edge(other, result.level))
                )
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
