"""From measures and totals to a table of estimates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from royst.errors import wrong
from royst.estimation import intervals, linearise, quantiles, variance
from royst.estimation.measures import Measure, Statistic, statistics
from royst.estimation.result import KEY, SCHEMA, Rows, Source, domain_name
from royst.estimation.result import Result as Result
from royst.totals.design import Design
from royst.totals.engines import engine_for
from royst.totals.request import Request, Variable, unique_variables
from royst.totals.table import Floats, GroupTotals, Totals

CELLS_AT_ONCE = 1_500_000  # cells × variables held at a time, some 100 MB over all sums


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
    _check_measures(asked)
    if not asked:
        raise wrong("no-measures", "No measures are asked for.", 'Ask for at least one, as royst.mean("item").')
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
    table, rows, notes, counts = _estimated(source, design, wanted, groupings, level)
    return Result(table, design, level, notes, rows, groupings, source, counts)


def _check_measures(asked: list[Any]) -> None:
    for one in asked:
        if not isinstance(one, Measure):
            raise wrong(
                "not-a-measure",
                f"{one!r} is not a measure.",
                'Ask with royst.mean("item"), royst.share("item") and the like.',
            )


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


@dataclass(frozen=True)
class _Part:
    """Rows of one grouping for some statistics, statistic by statistic; ``numbers`` are the statistics' places."""

    numbers: list[int]
    grouping: int
    domains: tuple[tuple[str, ...], ...]
    table: dict[str, Any]
    yes: Floats


def _estimated(
    source: Source, design: Design, wanted: list[Statistic], groupings: tuple[tuple[str, ...], ...], level: float
) -> tuple[pl.DataFrame, Rows, tuple[str, ...], pl.DataFrame]:
    """Rows by statistic, then grouping, then domain; totals are asked for some variables at a time."""
    parts: list[_Part] = []
    notes: tuple[str, ...] = ()
    ratios = [number for number, one in enumerate(wanted) if one.form != "quantile"]
    for chosen in _chunks(source, design, [wanted[number].variable for number in ratios], groupings):
        numbers = [number for number in ratios if wanted[number].variable in chosen]
        totals = source.totals(Request(design, tuple(chosen), groupings, detail=False))
        form = variance.structure_of(totals)
        notes = form.notes
        places = [chosen[wanted[number].variable] for number in numbers]
        asked = [wanted[number] for number in numbers]
        for g, group in enumerate(totals.groups):
            columns, yes = _group_table(asked, places, group, form, source, totals, level)
            parts.append(_Part(numbers, g, group.domains, columns, yes))
            nobody = _nobody(source, group)
            if nobody:
                empty = pl.DataFrame([_empty_row(one, group.by, domain) for one in asked for domain in nobody], SCHEMA)
                parts.append(_Part(numbers, g, nobody, empty.to_dict(as_series=False), np.full(empty.height, np.nan)))
    for number, one in enumerate(wanted):
        if one.form == "quantile":
            tables, notes = quantiles.tables(source, design, one, groupings, level)
            for g, (domains, table) in enumerate(tables):
                columns = table.to_dict(as_series=False)
                parts.append(_Part([number], g, domains, columns, np.full(table.height, np.nan)))
    return _ordered(parts, wanted, notes)


def _nobody(source: Source, group: GroupTotals) -> tuple[tuple[str, ...], ...]:
    """Declared groups of one column (an Enum's categories) that no row is in."""
    declared = getattr(source, "declared", None)
    if declared is None or len(group.by) != 1:
        return ()
    return tuple((one,) for one in declared(group.by[0]) if (one,) not in group.domains)


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
    parts: list[_Part], wanted: list[Statistic], notes: tuple[str, ...]
) -> tuple[pl.DataFrame, Rows, tuple[str, ...], pl.DataFrame]:
    """All parts as one table in the order of statistics, groupings and domains."""
    statistic = np.concatenate([np.repeat(part.numbers, len(part.domains)) for part in parts])
    grouping = np.concatenate([np.full(len(part.numbers) * len(part.domains), part.grouping) for part in parts])
    order = np.lexsort((grouping, statistic))
    columns: dict[str, Any] = {}
    for name, kind in SCHEMA.items():
        values = [part.table[name] for part in parts]
        if kind == pl.String:
            columns[name] = pl.Series(name, [one for part in values for one in part], dtype=pl.String)
        else:
            columns[name] = pl.Series(name, np.concatenate([np.asarray(one, np.float64) for one in values]))
    table = pl.DataFrame(columns)[order].with_columns(pl.col(pl.Float64).fill_nan(None)).cast(pl.Schema(SCHEMA))
    yes = np.concatenate([part.yes for part in parts])[order]
    counts = table.select(*KEY, "n").with_columns(pl.Series("count", yes).fill_nan(None).cast(pl.Int64))
    blocks = [([wanted[number] for number in part.numbers], part.grouping, part.domains) for part in parts]
    return table, Rows(blocks, order), notes, counts


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
    group: GroupTotals,
    form: variance.Structure,
    source: Source,
    totals: Totals,
    level: float,
) -> tuple[dict[str, Any], Floats]:
    """One grouping's rows for some statistics, statistic by statistic."""
    domains = len(group.domains)
    is_total = np.array([one.form == "total" for one in wanted])
    sums = {name: group.by_domain(name)[:, places] for name in ("n", "ny", "w", "wy", "wx", "wyy", "wxy", "wxx")}
    denominator = np.where(is_total, 1.0, sums["wx"])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = sums["wy"] / denominator
    value[(sums["n"] == 0) | ~np.isfinite(value)] = np.nan
    spread = linearise.group_variances(form, group, places, value, denominator, is_total, source, totals)
    answered = group.sums["n"][:, places]
    n_units = variance.answering_units(form, group, answered)
    varying = variance.answering_units(form, group, answered, 1) if form.census and len(form.stages) > 1 else n_units
    df = np.broadcast_to(variance.degrees_of_freedom(form, group)[:, None], value.shape)
    rows_in = np.add.reduceat(group.size, group.starts)
    known = np.isfinite(value)
    with_se = known & (df >= 1) & (varying > 1) & np.isfinite(spread)
    se = np.where(with_se, np.sqrt(variance.without_rounding(spread, value)), np.nan)
    deff = linearise.design_effects(form, sums, value, spread, is_total)
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
    shares = np.array([one.measure in {"share", "band", "not_relevant"} for one in wanted])
    return flat, np.where(shares, sums["ny"], np.nan).T.ravel()
