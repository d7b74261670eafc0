"""Engines that speak SQL: one generated ANSI text, answered by DuckDB beyond a laptop's memory and by Spark on a cluster.

The text is one pass: rows with their columns computed, grouped by unit × every grouping at once (GROUPING SETS), CASE inside
SUM. Only what an engine must say in its own words is outside it: how a file is opened and how NaN is recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from royst.errors import Faults, InputError, wrong
from royst.totals.cells import domain_codes
from royst.totals.design import Design
from royst.totals.embedded import Embedded
from royst.totals.reading import Codes, encode, numbers, open_frame
from royst.totals.request import AtMost, Coded, Column, Index, Number, Request, Variable
from royst.totals.sqltext import (
    TABLE,
    column_names,
    literal,
    quoted,
    sum_expressions,
    unit_keys,
)
from royst.totals.table import CrossProducts, Floats, GroupTotals, Ints, Totals, Units
from royst.totals.units import check_units, weights_from_fpc


class Sql:
    """What the SQL engines share. A subclass opens the data as the view ``royst_answers`` and runs a query."""

    name = "sql"

    def __init__(self, data: Any):
        self._data = data
        self._schema = self._open(data)
        self._declared = _declared(data)
        self._levels: dict[str, tuple[Codes, list[Any]]] = {}
        self._inner: Embedded | None = None

    def _open(self, data: Any) -> dict[str, pl.DataType]:
        raise NotImplementedError

    def query(self, text: str) -> pl.DataFrame:
        """Run a text and return all of its rows."""
        raise NotImplementedError

    # ---- what the columns hold

    def check_columns(self, columns: Iterable[str]) -> None:
        """An ``InputError`` that names every column that is not there."""
        faults = Faults()
        for name in dict.fromkeys(columns):
            if name not in self._schema:
                there = ", ".join(list(self._schema)[:40])
                faults.add("column-missing", f"There is no column {name!r}.", f"The data have: {there}.", column=name)
        faults.stop()

    def is_number(self, item: str) -> bool:
        kind = self._schema[item]
        return bool(kind.is_numeric() or kind == pl.Boolean)

    def _distinct(self, item: str) -> tuple[Codes, list[Any]]:
        if item not in self._levels:
            name = quoted(item)
            column = self.query(f"SELECT DISTINCT {name} AS v FROM {TABLE} WHERE {name} IS NOT NULL")["v"].alias(item)
            codes = self._encode(column, item)
            values: list[Any] = [None] * len(codes.labels)
            for code, value in zip(codes.codes.tolist(), column.to_list()):
                values[code - 1] = value
            self._levels[item] = (codes, values)
        return self._levels[item]

    def declared(self, name: str) -> tuple[str, ...]:
        """The categories that a column declares (an Enum's), whether anyone has them or not."""
        return self._declared.get(name, ())

    def _encode(self, column: pl.Series, name: str) -> Codes:
        """Codes of a column of the data, an Enum's in its declared order: SQL has its categories as texts."""
        return encode(column.cast(pl.Enum(self._declared[name])) if name in self._declared else column)

    def levels(self, item: str) -> Codes:
        """The item's labels in the same order as the embedded engine's; ``codes`` are of the distinct values."""
        return self._distinct(item)[0]

    # ---- totals

    def totals(self, request: Request) -> Totals:
        """The request's sums; what needs rows (calibration, rows as units, pps) is answered by the embedded engine."""
        if not _plain(request):
            return self._embedded(request.columns).totals(request)
        self._check_weights(request.design)
        self._check_numbers(request)
        table = self.query(self.text(request))
        if not all(column.is_finite().all() for column in table if column.dtype.is_float()):
            self._embedded(request.columns).prepare(request.items)  # says which number is infinite, and in which row
        units, keys = self._units(request)
        groups = tuple(self._group(request, table, number, keys, units) for number in range(len(request.groupings)))
        design, found = request.design, Totals(request, units, groups)
        by_fpc = design.fpc and not (design.weight or design.probs)
        return _weighted(found, weights_from_fpc(units, design)) if by_fpc else found

    def text(self, request: Request) -> str:
        """The SQL of a request: one pass for all variables and groupings."""
        design = request.design
        keys = unit_keys(request)
        groups = list(dict.fromkeys(name for by in request.groupings for name in by))
        columns = column_names(request)
        inner = [f"{quoted(name)} AS k{number}" for number, name in enumerate(keys)]
        inner += [f"{quoted(name)} AS g{number}" for number, name in enumerate(groups)]
        inner += [f"{self._weight(design)} AS w"]
        inner += [f"{self._expression(column)} AS {name}" for column, name in columns.items()]
        expressions, _ = sum_expressions(request, columns, self._is_indicator)
        sets = ", ".join(
            "(" + ", ".join([*(f"k{n}" for n in range(len(keys))), *(f"g{groups.index(name)}" for name in by)]) + ")"
            for by in request.groupings
        )
        chosen = [f"k{n}" for n in range(len(keys))] + [f"g{n}" for n in range(len(groups))]
        chosen += [f"GROUPING(g{n}) AS o{n}" for n in range(len(groups))]
        chosen += ["COUNT(*) AS size", *(f"{expression} AS {alias}" for expression, alias in expressions.items())]
        body = f"WITH answers AS (SELECT {', '.join(inner)} FROM {TABLE})\nSELECT {', '.join(chosen)}\nFROM answers"
        if not keys and request.groupings == ((),):
            return body
        return f"{body}\nGROUP BY GROUPING SETS ({sets})"

    def _weight(self, design: Design) -> str:
        if design.weight:
            return f"CAST({quoted(design.weight)} AS DOUBLE)"
        if design.probs:
            return " / ".join(["CAST(1 AS DOUBLE)", *(f"CAST({quoted(name)} AS DOUBLE)" for name in design.probs)])
        return "CAST(1 AS DOUBLE)"

    def _expression(self, column: Column) -> str:
        if isinstance(column, Number):
            name = quoted(column.item)
            if self._schema[column.item] == pl.Boolean:
                return f"CASE WHEN {name} THEN CAST(1 AS DOUBLE) WHEN NOT {name} THEN CAST(0 AS DOUBLE) END"
            return f"CAST({name} AS DOUBLE)"
        if isinstance(column, AtMost):
            value = f"CAST({quoted(column.item)} AS DOUBLE)"
            one, zero = literal(1.0), literal(0.0)
            return f"CASE WHEN {value} <= {literal(column.cut)} THEN {one} WHEN {value} > {literal(column.cut)} THEN {zero} END"
        if isinstance(column, Coded):
            return self._lookup(column)
        parts = [self._expression(part) for part in column.parts]
        total = " + ".join(f"COALESCE({part}, CAST(0 AS DOUBLE))" for part in parts)
        count = " + ".join(f"CASE WHEN {part} IS NULL THEN 0 ELSE 1 END" for part in parts)
        least = max(int(np.ceil(column.at_least * len(parts) - 1e-9)), 1)
        return f"CASE WHEN ({count}) >= {least} THEN ({total}) / ({count}) END"

    def _lookup(self, column: Coded) -> str:
        codes, values = self._distinct(column.item)
        literals = {name: value for name, value in zip(codes.labels, values) if value is not None}
        scored = [(literals[name], score) for name, score in column.scores if name in literals and not np.isnan(score)]
        if not scored:
            return "CAST(NULL AS DOUBLE)"
        name = quoted(column.item)
        cases = " ".join(f"WHEN {name} = {literal(value)} THEN {literal(float(score))}" for value, score in scored)
        return f"CASE {cases} END"

    def _is_indicator(self, column: Column) -> bool:
        if isinstance(column, Coded):
            return all(score in {0.0, 1.0} for _, score in column.scores)
        return isinstance(column, AtMost)

    # ---- units and groups

    def _check_weights(self, design: Design) -> None:
        names = (design.weight,) if design.weight else design.probs
        faults = Faults()
        for name in names:
            value = f"CAST({quoted(name)} AS DOUBLE)"
            row = self.query(
                f"SELECT COUNT(*) AS n, COUNT({value}) AS there, SUM(CASE WHEN {value} < 0 THEN 1 ELSE 0 END) AS below, "
                f"SUM(CASE WHEN {value} = 0 THEN 1 ELSE 0 END) AS zero, MAX({value}) AS high FROM {TABLE}"
            ).row(0, named=True)
            for code, count, what in (
                ("weight-missing", row["n"] - row["there"], "missing"),
                ("weight-negative", row["below"], "negative"),
                ("weight-zero", row["zero"], "zero"),
                ("weight-infinite", int(np.isinf(row["high"] or 0.0)), "infinite"),
            ):
                if count:
                    faults.add(code, f"{name} is {what} in {int(count)} row(s).",
                               "Every row needs a positive, finite weight.", column=name)  # fmt: skip
        faults.stop()

    def _check_numbers(self, request: Request) -> None:
        """An ``InputError`` for items that are asked as numbers and hold others: SQL would end on the first of them."""
        asked = [column for variable in request.variables for column in (variable.y, variable.x) if column is not None]
        parts = [part for column in asked for part in (column.parts if isinstance(column, Index) else (column,))]
        for item in dict.fromkeys(part.item for part in parts if isinstance(part, Number | AtMost)):
            if not self.is_number(item):
                name = quoted(item)
                numbers(self.query(f"SELECT DISTINCT {name} AS v FROM {TABLE} WHERE {name} IS NOT NULL")["v"].alias(item))

    def _units(self, request: Request) -> tuple[Units, list[pl.Series]]:
        """The units, sorted as the embedded engine sorts them, and their key columns in that order."""
        design, names = request.design, unit_keys(request)
        stages = 1 if request.element else max(design.stages, 1)
        fpc = design.fpc[:stages]
        keys = ", ".join(f"{quoted(name)} AS k{n}" for n, name in enumerate(names))
        extra = "".join(
            f", MIN(CAST({quoted(name)} AS DOUBLE)) AS f{n}, MAX(CAST({quoted(name)} AS DOUBLE)) AS h{n}, "
            f"COUNT({quoted(name)}) AS m{n}"
            for n, name in enumerate(fpc)
        )
        weight = self._weight(design)
        by = f" GROUP BY {', '.join(quoted(name) for name in names)}" if names else ""
        table = self.query(
            f"SELECT {keys + ', ' if keys else ''}COUNT(*) AS n, SUM({weight}) AS w, SUM({weight} * {weight}) AS ww, "
            f"MIN({weight}) AS low{extra} FROM {TABLE}{by}"
        )
        if not table["n"].sum():
            raise wrong("no-rows", "The data have no rows.", "Give data with at least one answer.")
        _refuse_missing(table, names)
        coded = [self._encode(table[f"k{n}"], name) for n, name in enumerate(names)]
        order: Any = np.lexsort([codes.codes for codes in reversed(coded)]) if coded else np.arange(len(table))
        table = table[order]
        values = np.full((len(table), stages), np.nan)
        for n, name in enumerate(fpc):
            if (table[f"f{n}"] != table[f"h{n}"]).any() or (table[f"m{n}"] != table["n"]).any():
                raise wrong("fpc-varies", f"{name} is missing for some rows or differs within a unit.",
                            "A stratum has one population size, the same on each of its rows.", column=name)  # fmt: skip
            values[:, n] = table[f"f{n}"].to_numpy()
        labels = [np.array(codes.labels, dtype=object)[codes.codes[order] - 1] for codes in coded]
        strata: list[Any] = []
        clusters: list[Any] = []
        place = 0
        blank = np.full(len(table), "", dtype=object)
        for stage in range(stages):
            for found, given in ((strata, design.strata), (clusters, () if request.element else design.psu)):
                found.append(labels[place] if stage < len(given) else blank)
                place += stage < len(given)
        n, w, ww = (table[name].cast(pl.Float64).to_numpy() for name in ("n", "w", "ww"))
        units = Units(tuple(strata), tuple(clusters), values, n, w, ww, float(table["low"].min()), request.element)
        check_units(units, design)
        return units, [table[f"k{k}"] for k in range(len(names))]

    def _group(
        self, request: Request, table: pl.DataFrame, number: int, keys: list[pl.Series], units: Units
    ) -> GroupTotals:
        by = request.groupings[number]
        groups = list(dict.fromkeys(name for one in request.groupings for name in one))
        mine = pl.lit(True)
        for place, name in enumerate(groups):
            mine &= pl.col(f"o{place}") == (0 if name in by else 1)
            if name in by:
                mine &= pl.col(f"g{place}").is_not_null()
        part = table.filter(mine)
        unit = _unit_places(part, keys)
        coded = [self._encode(part[f"g{groups.index(name)}"], name) for name in by]
        domain, labels = domain_codes(coded, len(part))
        order = np.lexsort([unit, domain])
        part, unit, domain = part[order], unit[order], domain[order] - 1
        _, aliases = sum_expressions(request, column_names(request), self._is_indicator)
        sums = {
            name: np.column_stack([part[alias].cast(pl.Float64).fill_null(0.0).to_numpy() for alias in row])
            if row
            else np.zeros((len(part), 0))
            for name, row in aliases.items()
        }
        size = part["size"].cast(pl.Float64).to_numpy()
        return GroupTotals(by, tuple(labels), domain, unit, size, sums)

    # ---- what needs the rows

    def _embedded(self, columns: Iterable[str]) -> Embedded:
        """The embedded engine over the columns that a question needs, fetched once."""
        wanted = set(columns)
        if self._inner is None or not wanted <= set(self._inner.columns):
            have = set(self._inner.columns) if self._inner is not None else set()
            names = [name for name in self._schema if name in wanted | have]
            chosen = ", ".join(quoted(name) for name in names)
            enums = [pl.col(name).cast(pl.Enum(self._declared[name])) for name in names if name in self._declared]
            self._inner = Embedded(self.query(f"SELECT {chosen or '1 AS one'} FROM {TABLE}").with_columns(enums))
        return self._inner

    def distribution(self, request: Request, item: str) -> list[list[tuple[Floats, Floats]]]:
        return self._embedded(request.columns).distribution(request, item)

    def fitted(self, request: Request, group: GroupTotals, variables: Sequence[Variable], *rest: Any) -> list[Floats]:
        names = [*request.columns, *(item for one in variables for item in one.items)]
        return self._embedded(names).fitted(request, group, variables, *rest)

    def cross_products(self, request: Request, columns: Sequence[Column]) -> CrossProducts:
        return self._embedded(request.columns).cross_products(request, columns)

    def column(self, column: Column) -> Floats:
        return self._embedded(column.items).column(column)

    def rows(self, request: Request) -> Any:
        return self._embedded(request.columns).rows(request)


# ---- pieces of the text


def _declared(data: Any) -> dict[str, tuple[str, ...]]:
    """The Enums of data that Polars can read; what only the engine can read declares none."""
    try:
        schema = open_frame(data).collect_schema()
    except InputError:
        return {}
    return {name: tuple(kind.categories.to_list()) for name, kind in schema.items() if isinstance(kind, pl.Enum)}


def _plain(request: Request) -> bool:
    """Whether sums by declared keys are enough."""
    design = request.design
    if request.rows or design.calibration is not None:
        return False
    return request.element or (bool(design.psu) and design.stages <= len(design.psu))


def _weighted(totals: Totals, weight: Floats) -> Totals:
    """Sums of rows that count once as sums of rows that weigh what their unit does (units)."""
    units = totals.units
    n = units.n
    powers = {"n": 0, "w": 1, "q": 2}  # of the weight, by a sum's first letter
    groups = (
        replace(group, sums={name: part * weight[group.unit, None] ** powers[name[0]] for name, part in group.sums.items()})
        for group in totals.groups
    )
    return replace(
        totals,
        units=replace(units, w=n * weight, ww=n * weight**2, smallest=float(weight.min())),
        groups=tuple(groups),
    )


def _refuse_missing(table: pl.DataFrame, names: list[str]) -> None:
    faults = Faults()
    for n, name in enumerate(names):
        if table[f"k{n}"].null_count():
            rows = int(table.filter(pl.col(f"k{n}").is_null())["n"].sum())
            faults.add("design-missing", f"{name} is missing in {rows} row(s).",
                       "Every row needs its stratum and its sampling unit.", column=name)  # fmt: skip
    faults.stop()


def _unit_places(part: pl.DataFrame, keys: list[pl.Series]) -> Ints:
    """Each row's unit by its key columns."""
    if not keys:
        return np.zeros(len(part), np.int64)
    names = [f"k{n}" for n in range(len(keys))]
    places = pl.DataFrame(dict(zip(names, keys))).with_row_index("__unit")
    return (
        part.select(names).join(places, on=names, how="left", maintain_order="left")["__unit"].cast(pl.Int64).to_numpy()
    )
