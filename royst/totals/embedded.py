"""The engine of a laptop: Polars reads, NumPy sums in a fixed order, one pass over the rows per item.

An item with few values is counted by cell and value (one weighted ``bincount``), and every variable of it follows by a
small matrix product; groupings are crossed while the cross stays small, so that several share one pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import polars as pl

from royst.errors import Faults, wrong
from royst.totals.blocks import Alike, Block, ByRow, alike
from royst.totals.cells import Bin, domain_codes, make_bin, most_cells
from royst.totals.design import Design
from royst.totals.reading import Codes, check_columns, check_finite, encode_all, many_values, numbers, open_frame
from royst.totals.request import DOMAIN_SUMS, AtMost, Coded, Column, Index, Number, Request, Variable
from royst.totals.rows import Rows, read_units, read_weights
from royst.totals.table import CrossProducts, Floats, GroupTotals, Totals, Units
from royst.totals.threads import side_by_side
from royst.totals.units import check_units, weights_from_fpc

FEW_VALUES = 64
READ_AT_ONCE = 1 << 24  # rows × items, some 130 MB at most
MANY_ROWS = 1 << 14  # so many that to add an item up takes longer than to wake a thread for it


class Embedded:
    """Answers requests from a table in memory or a file; keeps codes of what it has read, so that asking again is cheap."""

    name = "embedded"

    def __init__(self, data: Any):
        self._frame = open_frame(data)
        self._codes: dict[str, Codes] = {}
        self._numbers: dict[str, Floats] = {}
        self._rows: dict[tuple[Design, bool], Rows] = {}
        self._kept: dict[str, pl.Series] = {}
        self._height: int | None = None
        self._bins: dict[tuple[Any, ...], tuple[Bin, ...]] = {}

    # ---- what the columns hold

    def prepare(self, items: Iterable[str], keep: Iterable[str] = ()) -> None:
        """Read and encode the items that have not been read yet, some at a time to bound memory; ``keep`` columns (of the
        design, of groups) are read along and kept as they are."""
        self._keep(keep)
        new = [item for item in dict.fromkeys(items) if item not in self._codes and item not in self._numbers]
        at_once = max(1, READ_AT_ONCE // max(self.height, 1))
        for start in range(0, len(new), at_once):
            answers = []
            for column in self._read(new[start : start + at_once]):
                check_finite(column)
                if many_values(column, FEW_VALUES):
                    self._numbers[column.name] = numbers(column)
                else:
                    answers.append(column)
            self._codes.update(zip((column.name for column in answers), encode_all(answers)))

    @cached_property
    def _schema(self) -> pl.Schema:
        return self._frame.collect_schema()

    @property
    def columns(self) -> list[str]:
        """The names of all columns."""
        return self._schema.names()

    def _read(self, columns: Sequence[str]) -> pl.DataFrame:
        """The named columns; an ``InputError`` names every one that is missing."""
        self.check_columns(columns)
        return self._frame.select(columns).collect()

    def _keep(self, names: Iterable[str]) -> None:
        new = [name for name in dict.fromkeys(names) if name not in self._kept]
        if new:
            self._kept.update({column.name: column for column in self._read(new)})

    def _table(self, names: Sequence[str]) -> pl.DataFrame:
        """Columns of the design or of groups."""
        self._keep(names)
        return pl.DataFrame([self._kept[name] for name in names])

    @property
    def height(self) -> int:
        """How many rows there are."""
        if self._height is None:
            kept = next(iter(self._kept.values()), None)
            self._height = len(kept) if kept is not None else self._frame.select(pl.len()).collect().item()
        return self._height

    def check_columns(self, columns: Iterable[str]) -> None:
        """An ``InputError`` that names every column that is not there."""
        check_columns(self.columns, columns)

    def levels(self, item: str) -> Codes:
        """The item's values as codes and labels."""
        self.prepare([item])
        if item not in self._codes:
            self._codes[item] = encode_all(self._read([item]))[0]
        return self._codes[item]

    def is_number(self, item: str) -> bool:
        """Whether the item's column is of a numeric kind."""
        kind = self._schema[item]
        return bool(kind.is_numeric() or kind == pl.Boolean)

    def declared(self, name: str) -> tuple[str, ...]:
        """The categories that a column declares (an Enum's), whether anyone has them or not."""
        kind = self._schema[name]
        return tuple(kind.categories.to_list()) if isinstance(kind, pl.Enum) else ()

    def values(self, item: str) -> Floats:
        """The item as floats, NaN where missing."""
        self.prepare([item])
        if item not in self._numbers:
            codes = self._codes[item]
            table = np.concatenate([[np.nan], _level_values(item, codes)])
            return np.asarray(table[codes.codes])
        return self._numbers[item]

    def column(self, column: Column) -> Floats:
        """A row-level column of a request as floats, NaN where missing."""
        if isinstance(column, Number):
            return self.values(column.item)
        if isinstance(column, Coded):
            codes = self.levels(column.item)
            return np.asarray(np.concatenate([[np.nan], _scored(codes, column)])[codes.codes])
        if isinstance(column, AtMost):
            values = self.values(column.item)
            return np.where(np.isnan(values), np.nan, (values <= column.cut).astype(np.float64))
        parts = [self.column(part) for part in column.parts]
        total, answered = np.zeros(len(parts[0])), np.zeros(len(parts[0]))
        for value in parts:
            there = ~np.isnan(value)
            total = total + np.where(there, value, 0.0)
            answered = answered + there
        enough = (answered >= column.at_least * len(column.parts) - 1e-9) & (answered > 0)
        return np.where(enough, total / np.maximum(answered, 1), np.nan)

    # ---- the design

    def rows(self, request: Request) -> Rows:
        """Weights, units and each row's unit, checked; kept per design."""
        key = (request.design, request.element)
        if key not in self._rows:
            self._rows[key] = self._read_rows(request.design, request.element)
        return self._rows[key]

    def _read_rows(self, design: Design, element: bool) -> Rows:
        table = self._table(design.columns)
        height = self.height
        if height == 0:
            raise wrong("no-rows", "The data have no rows.", "Give data with at least one answer.")
        weight = read_weights(table, design, height)
        unit, strata, clusters, first = read_units(table, design, element, height)
        fpc = np.full((len(first), len(clusters)), np.nan)
        faults = Faults()
        for number, name in enumerate(design.fpc[: len(clusters)]):
            values = numbers(table[name])
            fpc[:, number] = values[first]
            if not np.array_equal(fpc[unit, number], values):
                faults.add(
                    "fpc-varies",
                    f"{name} is missing for some rows or differs within a unit.",
                    "A stratum has one population size, the same on each of its rows.",
                    column=name,
                )
        faults.stop()
        count = len(first)
        rows = np.bincount(unit, minlength=count).astype(np.float64)
        units = Units(strata, clusters, fpc, rows, rows, rows, 1.0, element)
        check_units(units, design, first)
        if weight is None:
            weight = weights_from_fpc(units, design)[unit] if design.fpc else np.ones(height)
        if design.calibration is not None:
            weight = design.calibration.weights_for(height, self._table)
        w, ww = (np.bincount(unit, part, count).astype(np.float64) for part in (weight, weight * weight))
        return Rows(weight, unit, Units(strata, clusters, fpc, rows, w, ww, float(weight.min()), element))

    # ---- totals

    def totals(self, request: Request) -> Totals:
        """The request's sums, in a fixed order of addition: the same bytes each time."""
        rows = self.rows(request)
        bins = self._cells(request, rows)
        self.prepare(request.items)
        counted = self._counted(request, max(len(rows.unit), *(one.gather.shape[0] for one in bins)))
        groups: dict[int, GroupTotals] = {}
        for one in bins:
            groups.update(one.split(*self._sums(request, rows, one, counted)))
        return Totals(request, rows.units, tuple(groups[number] for number in range(len(request.groupings))))

    def cell_count(self, request: Request) -> int:
        """How many cells the request's groupings have, all together."""
        rows = self.rows(request)
        return sum(one.gather.shape[0] for one in self._cells(request, rows))

    def _counted(self, request: Request, height: int) -> list[Alike]:
        """The variables whose items have few values, by item, alike items together."""
        places: dict[str, list[int]] = {}
        for place, variable in enumerate(request.variables):
            if self._has_few_values(variable):
                places.setdefault(variable.items[0], []).append(place)
        scored = []
        for item, own in places.items():
            codes = self._codes[item]
            scores = np.full((len(codes.labels) + 1, len(own)), np.nan)
            scores[1:] = np.column_stack([_scored(codes, request.variables[place].y) for place in own])
            scored.append((codes, own, scores))
        return alike(scored, height, request.element)

    def _has_few_values(self, variable: Variable) -> bool:
        if variable.x is not None or isinstance(variable.y, Index | AtMost):
            return False
        codes = self._codes.get(variable.y.item)
        return codes is not None and len(codes.labels) <= FEW_VALUES

    def _sums(
        self, request: Request, rows: Rows, one: Bin, counted: list[Alike]
    ) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """(sums by cell, sums by domain alone) of a bin's groupings, one after the other."""
        by_cell, by_domain = _stored(request)
        width = len(request.variables)
        sums = np.empty((width, len(by_cell), one.gather.shape[0]))
        added = np.empty((width, len(by_domain), len(one.starts)))

        def add_up(block: Block) -> None:
            parts = one.gather @ block.parts(rows, one)
            block.write(sums, by_cell, parts)
            if added.size:
                block.write(added, by_domain, np.add.reduceat(parts, one.starts, axis=0))

        side_by_side(add_up, self._blocks(request, counted), len(rows.unit) >= MANY_ROWS)
        found = {name: sums[:, number].T for number, name in enumerate(by_cell)}
        if "wx" not in found:  # x is 1 everywhere
            found.update(wx=found["w"], wxx=found["w"], wxy=found["wy"])
        return found, {name: added[:, number].T for number, name in enumerate(by_domain)}

    def _blocks(self, request: Request, counted: list[Alike]) -> Iterable[Block]:
        yield from counted
        done = {place for items in counted for place in items.places}
        names = [name for names in _stored(request) for name in names]
        for place, variable in enumerate(request.variables):
            if place not in done:
                x = None if variable.x is None else self.column(variable.x)
                yield ByRow([place], self.column(variable.y), x, names)

    def distribution(self, request: Request, item: str) -> list[list[tuple[Floats, Floats]]]:
        """Per grouping and domain, the item's sorted values and their weights, row by row in a stable order."""
        rows = self.rows(request)
        values = self.values(item)
        there = np.flatnonzero(~np.isnan(values))
        order = there[np.argsort(values[there], kind="stable")]
        found = []
        for by in request.groupings:
            columns = encode_all(self._table(by))
            domain, labels = domain_codes(columns, len(values))
            parts = [order[domain[order] == d + 1] for d in range(len(labels))]
            found.append([(values[part], rows.weight[part]) for part in parts])
        return found

    def fitted(
        self, request: Request, group: GroupTotals, variables: Sequence[Variable], centre: Floats, denominator: Floats
    ) -> list[Floats]:
        """What calibration explains of each domain's unit scores: per domain, units × variables.

        ``centre`` and ``denominator`` (domains × variables) are R and D of the scores w·(y − R·x)/D.
        """
        rows, calibration = self.rows(request), request.design.calibration
        assert calibration is not None
        columns = encode_all(self._table(group.by))
        code, labels = domain_codes(columns, len(rows.unit))
        places = {label: place for place, label in enumerate(group.domains)}
        domain = np.array([-1, *(places.get(label, -1) for label in labels)])[code]
        found = np.empty((len(group.domains), calibration.columns.shape[1], len(variables)))
        for place, variable in enumerate(variables):
            y = self.column(variable.y)
            x = np.ones_like(y) if variable.x is None else self.column(variable.x)
            there = (domain >= 0) & ~(np.isnan(y) | np.isnan(x))
            r, d = centre[domain, place], denominator[domain, place]
            with np.errstate(divide="ignore", invalid="ignore"):
                u = np.where(there, (np.where(there, y, 0.0) - r * np.where(there, x, 0.0)) / d, 0.0)
            found[:, :, place] = calibration.coefficients(u, domain, len(group.domains))
        by_unit = calibration.unit_columns(rows.unit, len(rows.units))
        return [by_unit @ part for part in found]

    def cross_products(self, request: Request, columns: Sequence[Column]) -> CrossProducts:
        """Per unit, Σw·u·uᵀ over rows that answered every column, u = (1, y₁, y₂, …)."""
        rows = self.rows(request)
        values = np.column_stack([np.ones(len(rows.unit)), *(self.column(column) for column in columns)])
        there = ~np.isnan(values).any(axis=1)
        y, w, unit = values[there], rows.weight[there], rows.unit[there]
        count, width = len(rows.units), values.shape[1]
        sums = np.empty((count, width, width))
        for a in range(width):
            for b in range(a, width):
                sums[:, a, b] = sums[:, b, a] = np.bincount(unit, w * y[:, a] * y[:, b], count)
        return CrossProducts(rows.units, np.bincount(unit, minlength=count).astype(np.float64), sums)

    # ---- cells

    def _cells(self, request: Request, rows: Rows) -> tuple[Bin, ...]:
        key = (request.design, request.element, request.groupings)
        if key not in self._bins:
            self._bins[key] = self._make_bins(request, rows)
        return self._bins[key]

    def _make_bins(self, request: Request, rows: Rows) -> tuple[Bin, ...]:
        named = sorted({name for by in request.groupings for name in by})
        columns = dict(zip(named, encode_all(self._table(named))))
        coded = [domain_codes([columns[name] for name in by], len(rows.unit)) for by in request.groupings]
        bins: list[list[int]] = []
        sizes: list[int] = []
        for number in sorted(range(len(coded)), key=lambda k: (len(coded[k][1]), k)):
            width = len(coded[number][1]) + 1
            for place, size in enumerate(sizes):
                if size * width <= most_cells(rows):
                    bins[place].append(number)
                    sizes[place] *= width
                    break
            else:
                bins.append([number])
                sizes.append(len(rows.units) * width)
        made = partial(make_bin, coded=coded, groupings=request.groupings, rows=rows)
        return tuple(side_by_side(made, bins, len(rows.unit) >= MANY_ROWS))


def _stored(request: Request) -> tuple[list[str], list[str]]:
    """The sums that are computed, those of x only where some variable has an x: by cell, and by domain alone. In detail all
    come by cell, else those that scores need (w is also x's where x is 1)."""
    names = list(request.sums)
    alone = set() if request.detail else set(DOMAIN_SUMS)
    if all(variable.x is None for variable in request.variables):
        names = [name for name in names if name not in {"wx", "wxy", "wxx"}]
        alone -= {"w"}
    return [name for name in names if name not in alone], [name for name in names if name in alone]


def _scored(codes: Codes, column: Column) -> Floats:
    """Each level's value under a request's column, NaN where it is missing."""
    if isinstance(column, Number):
        return _level_values(column.item, codes)
    assert isinstance(column, Coded)
    scores = dict(column.scores)
    return np.array([scores.get(name, np.nan) for name in codes.labels], dtype=np.float64)


def _level_values(item: str, codes: Codes) -> Floats:
    if codes.values is not None:
        return codes.values
    return numbers(pl.Series(item, list(codes.labels), dtype=pl.String))
