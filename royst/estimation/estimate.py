"""From measures and totals to a table of estimates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from royst.errors import wrong
from royst.estimation import intervals, linearise, quantiles, variance
from royst.estimation.measures import Measure, Statistic, statistics
from royst.estimation.result import KEY, SCHEMA, Rows, Source, domain_name
from royst.estimation.result import Result as Result
from royst.totals.design import Design, as_design
from royst.totals.engines import engine_for
from royst.totals.request import Request, Variable, unique_variables
from royst.totals.table import Floats, GroupTotals, Totals
from royst.totals.threads import side_by_side

CELLS_AT_ONCE = 1_500_000  # cells × variables held at a time, some 100 MB over all sums
MANY_SCORES = 1 << 17  # cells × variables: so many that groupings side by side save more than threads cost


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
    design = as_design(design)
    return estimate_from(engine_for(engine, data), design, measures, by, level, interval=interval)


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
    intervals.check_level(level)
    asked = _asked(measures)
    groupings = as_groupings(by)
    check = getattr(source, "check_columns", None)
    if check is not None:
        check([*design.columns, *(name for one in groupings for name in one), *(i for m in asked for i in m.items)])
    prepare = getattr(source, "prepare", None)
    if prepare is not None:
        prepare(
            [item for measure in asked for item in measure.items],
            [*design.columns, *(n for one in groupings for n in one)],
        )
    wanted = statistics(asked, source, interval)
    if not wanted:
        raise _no_measures("The measures name no category, band or probability.")
    table, rows, notes, counts = _estimated(source, design, wanted, groupings, level)
    return Result(table, design, level, notes, rows, groupings, source, counts)


def _asked(measures: Any) -> list[Measure]:
    several = isinstance(measures, Iterable) and not isinstance(measures, str)
    asked = list(measures) if several else [] if measures is None else [measures]
    if not asked:
        raise _no_measures("No measures are asked for.")
    for one in asked:
        if not isinstance(one, Measure):
            raise wrong(
                "not-a-measure",
                f"{one!r} is not a measure.",
                'Ask with royst.mean("item"), royst.share("item") and the like.',
            )
    return asked


def _no_measures(found: str) -> Exception:
    return wrong("no-measures", found, 'Ask for at least one, as royst.mean("item").')


def as_groupings(by: Any) -> tuple[tuple[str, ...], ...]:
    """None, a name, names (one cross), or a list of lists (several groupings) as a tuple of tuples."""
    parts = [by] if by is None or isinstance(by, str) else _listed(by)
    if any(not isinstance(part, str) for part in parts):
        groupings = [(part,) if isinstance(part, str) else () if part is None else tuple(_listed(part)) for part in parts]
    else:
        groupings = [tuple(parts)]
    for name in (name for grouping in groupings for name in grouping):
        if not isinstance(name, str):
            raise _not_a_grouping(name)
    return tuple(dict.fromkeys(tuple(dict.fromkeys(grouping)) for grouping in groupings))


def _listed(names: Any) -> list[Any]:
    if not isinstance(names, Iterable):
        raise _not_a_grouping(names)
    return list(names)


def _not_a_grouping(found: Any) -> Exception:
    return wrong("not-a-grouping", f"by holds {found!r}.", 'Use a column name, a list of names, or a list of such lists.')


# ---- the table

STATUSES = ("not_estimable", "no_se", "ok")  # neither estimate nor error, an estimate alone, both
COUNTS = ("n", "n_units", "count")
NUMBERS = ("n", "n_units", "estimate", "se", "df", "low", "high", "deff", "n_eff")
Columns = dict[str, Floats]  # each domains × statistics


def _estimated(
    source: Source, design: Design, wanted: list[Statistic], groupings: tuple[tuple[str, ...], ...], level: float
) -> tuple[pl.DataFrame, Rows, tuple[str, ...], pl.DataFrame]:
    """Rows by statistic, then grouping, then domain; totals are asked for some variables at a time."""
    parts: list[tuple[list[int], Columns]] = []
    domains: list[tuple[tuple[str, ...], ...]] = []
    notes: tuple[str, ...] = ()
    ratios = [number for number, one in enumerate(wanted) if one.form != "quantile"]
    for chosen in _chunks(source, design, [wanted[number].variable for number in ratios], groupings):
        numbers = [number for number in ratios if wanted[number].variable in chosen]
        asked = [wanted[number] for number in numbers]
        places = [chosen[one.variable] for one in asked]
        totals = source.totals(Request(design, tuple(chosen), groupings, detail=False))
        form = variance.structure_of(totals)
        notes, domains = form.notes, [group.domains for group in totals.groups]
        told = partial(_domain_sums, wanted=asked, places=places, form=form, source=source, totals=totals)
        many = sum(len(group.unit) for group in totals.groups) * len(asked) >= MANY_SCORES
        sums = _stacked(side_by_side(told, totals.groups, many and design.calibration is None))
        parts.append((numbers, _columns(asked, sums, form, level)))
    for number, one in enumerate(wanted):
        if one.form == "quantile":
            tables, notes = quantiles.tables(source, design, one, groupings, level)
            domains = [labels for labels, _ in tables]
            columns = [
                {name: table[name].cast(pl.Float64).to_numpy()[:, None] for name in NUMBERS} for _, table in tables
            ]
            parts.append(([number], _stacked(columns)))
    found = [(g, one, True) for g, labels in enumerate(domains) for one in labels]
    found += [(g, one, False) for g, labels in enumerate(domains) for one in _nobody(source, groupings[g], labels)]
    found.sort(key=lambda one: one[0])
    there = [place for place, (_, _, someone) in enumerate(found) if someone]
    rows = Rows(wanted, [(g, one) for g, one, _ in found])
    table, counts = _table(rows, groupings, there, parts, notes)
    return table, rows, notes, counts


def _nobody(source: Source, by: tuple[str, ...], labels: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    """Declared groups of one column (an Enum's categories) that no row is in."""
    declared = getattr(source, "declared", None)
    if declared is None or len(by) != 1:
        return []
    return [(one,) for one in declared(by[0]) if (one,) not in labels]


def _stacked(parts: list[Columns]) -> Columns:
    """Groupings' columns, one grouping after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _table(
    rows: Rows,
    groupings: tuple[tuple[str, ...], ...],
    there: list[int],
    parts: list[tuple[list[int], Columns]],
    notes: tuple[str, ...],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The table, and the answers counted in shares; ``there`` are the places of domains with someone in them."""
    shape = len(rows.statistics), len(rows.domains)
    statistic, domain = (place.ravel() for place in np.indices(shape))
    texts = {name: [getattr(one, name) for one in rows.statistics] for name in ("measure", "item", "category")}
    texts["method"] = ["; ".join((one.interval, *notes)) for one in rows.statistics]
    table = {name: pl.Series(values, dtype=pl.String)[statistic] for name, values in texts.items()}
    names = [domain_name(groupings[g], one) for g, one in rows.domains]
    table["domain"] = pl.Series(names, dtype=pl.String)[domain]
    told = np.zeros(shape, np.int64)
    for name in (*NUMBERS, "count"):
        whole = np.full(shape, 0.0 if name in {"n", "n_units"} else np.nan)
        for numbers, columns in parts:
            if name in columns:
                whole[np.ix_(numbers, there)] = columns[name].T
        if name in {"estimate", "se"}:
            told += np.isfinite(whole)
        values = pl.Series(whole.ravel(), nan_to_null=True)
        table[name] = values.cast(pl.Int64) if name in COUNTS else values
    table["status"] = pl.Series(STATUSES)[told.ravel()]
    counts = pl.DataFrame({name: table[name] for name in (*KEY, "n", "count")})
    return pl.DataFrame({name: table[name] for name in SCHEMA}), counts


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


def _domain_sums(
    group: GroupTotals,
    wanted: list[Statistic],
    places: list[int],
    form: variance.Structure,
    source: Source,
    totals: Totals,
) -> Columns:
    """What one grouping's cells tell of its domains: sums, estimates, variances, units and degrees of freedom."""
    is_total = np.array([one.form == "total" for one in wanted])
    sums = {name: linearise.chosen(group.by_domain(name), places) for name in ("n", "ny", "w", "wy", "wx", "wyy", "wxy", "wxx")}
    denominator = np.where(is_total, 1.0, sums["wx"])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = sums["wy"] / denominator
    value[(sums["n"] == 0) | ~np.isfinite(value)] = np.nan
    answered = linearise.chosen(group.sums["n"], places)
    n_units = variance.answering_units(form, group, answered)
    deep = form.census and len(form.stages) > 1
    rows = np.add.reduceat(group.size, group.starts)
    design = totals.request.design
    if variance.keeps_strata(design):
        rows = np.full_like(rows, form.units.n.sum())  # R's subset keeps a calibrated or pps design's other rows at weight 0
    return {
        **sums,
        "estimate": value,
        "spread": linearise.group_variances(form, group, places, value, denominator, is_total, source, totals),
        "n_units": n_units,
        "varying": variance.answering_units(form, group, answered, 1) if deep else n_units,
        "df": np.broadcast_to(variance.degrees_of_freedom(form, group)[:, None], value.shape),
        "rows": np.broadcast_to(rows[:, None], value.shape),
    }


def _columns(wanted: list[Statistic], sums: Columns, form: variance.Structure, level: float) -> Columns:
    """The table's numbers of some statistics, and the answers counted in shares, from what cells told of domains."""
    value, spread, df, n = (sums[name] for name in ("estimate", "spread", "df", "n"))
    with_se = np.isfinite(value) & (df >= 1) & (sums["varying"] > 1) & np.isfinite(spread)
    se = np.where(with_se, np.sqrt(variance.without_rounding(spread, value)), np.nan)
    is_total = np.array([one.form == "total" for one in wanted])
    deff = np.where(with_se, linearise.design_effects(form, sums, value, spread, is_total), np.nan)
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    for method in dict.fromkeys(one.interval for one in wanted):
        at = [column for column, one in enumerate(wanted) if one.interval == method]
        p, s, f, m, r = (part[:, at] for part in (value, se, df, n, sums["rows"]))
        low[:, at], high[:, at] = intervals.interval(method, p, s, f, m, level, r)
    with np.errstate(divide="ignore", invalid="ignore"):
        n_eff = np.where(deff > 0, n / deff, np.nan)
    shares = np.array([one.measure in {"share", "band", "not_relevant"} for one in wanted])
    found = (n, sums["n_units"], value, se, df, low, high, deff, n_eff)
    return {**dict(zip(NUMBERS, found)), "count": np.where(shares, sums["ny"], np.nan)}
