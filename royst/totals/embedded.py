"""The engine of a laptop: Polars reads, NumPy sums in a fixed order, one pass over the rows per item.

An item with few values is counted by cell and value (one weighted ``bincount``), and every variable of it follows by a
small matrix product; groupings are crossed while the cross stays small, so that several share one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from royst.errors import Faults, wrong
from royst.totals.cells import FEWEST_CELLS, FINE_CELLS, Bin, Block, domain_codes, make_bin
from royst.totals.design import Design
from royst.totals.reading import Codes, check_columns, encode, many_values, numbers, open_frame, read_columns
from royst.totals.request import DOMAIN_SUMS, AtMost, Coded, Column, Index, Number, Request, Variable
from royst.totals.rows import Rows, read_units, read_weights
from royst.totals.table import CrossProducts, Floats, GroupTotals, Ints, Totals, Units
from royst.totals.units import check_units, weights_from_fpc

FEW_VALUES = 64
ITEMS_AT_ONCE = 16


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
        for start in range(0, len(new), ITEMS_AT_ONCE):
            block = read_columns(self._frame, new[start : start + ITEMS_AT_ONCE])
            for column in block:
                if many_values(column, FEW_VALUES):
                    self._numbers[column.name] = numbers(column)
                else:
                    self._codes[column.name] = encode(column)

    @property
    def columns(self) -> list[str]:
        """The names of all columns."""
        return self._frame.collect_schema().names()

    def _keep(self, names: Iterable[str]) -> None:
        new = [name for name in dict.fromkeys(names) if name not in self._kept]
        if new:
            self._kept.update({column.name: column for column in read_columns(self._frame, new)})

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
            self._codes[item] = encode(read_columns(self._frame, [item])[item])
        return self._codes[item]

    def is_number(self, item: str) -> bool:
        """Whether the item's column is of a numeric kind."""
        kind = self._frame.collect_schema()[item]
        return bool(kind.is_numeric() or kind == pl.Boolean)

    def declared(self, name: str) -> tuple[str, ...]:
        """The categories that a column declares (an Enum's), whether anyone has them or not."""
        kind = self._frame.collect_schema()[name]
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
        check_units(units, design)
        if weight is None:
            weight = weights_from_fpc(units, design)[unit] if design.fpc else np.ones(height)
        if design.calibration is not None:
            weight = design.calibration.weights_for(height)
        w, ww = (np.bincount(unit, part, count).astype(np.float64) for part in (weight, weight * weight))
        return Rows(weight, unit, Units(strata, clusters, fpc, rows, w, ww, float(weight.min()), element))

    # ---- totals

    def totals(self, request: Request) -> Totals:
        """The request's sums, in a fixed order of addition: the same bytes each time."""
        rows = self.rows(request)
        bins = self._cells(request, rows)
        self.prepare(request.items)
        names = _stored(request)
        cell_names = _cell_names(request)
        groups: list[GroupTotals | None] = [None] * len(request.groupings)
        for one in bins:
            parts: dict[int, dict[str, list[Floats]]] = {
                number: {name: [] for name in names} for number, _, _ in one.groups
            }
            order: list[int] = []
            for block in self._blocks(request, rows, one):
                order += block.places
                for number, group, matrix in one.groups:
                    cells = matrix @ block.fine
                    block.add(cells, cell_names, parts[number])
                    if len(cell_names) < len(names):
                        whole = np.add.reduceat(cells, group.starts, axis=0) if len(group.unit) else cells[:0]
                        block.add(whole, [name for name in names if name not in cell_names], parts[number])
            back = np.argsort(np.array(order, dtype=np.int64))
            for number, group, _ in one.groups:
                found = {name: _joined(blocks, back) for name, blocks in parts[number].items()}
                sums, added = _completed(request, found, cell_names)
                groups[number] = replace(group, sums=sums, added=added)
        return Totals(request, rows.units, tuple(group for group in groups if group is not None))

    def cell_count(self, request: Request) -> int:
        """How many cells the request's groupings have, all together."""
        rows = self.rows(request)
        return sum(len(group.unit) for one in self._cells(request, rows) for _, group, _ in one.groups)

    def _blocks(self, request: Request, rows: Rows, one: Bin) -> Iterable[Block]:
        """Fine sums of variables, those of one item together."""
        together: dict[str, list[int]] = {}
        for place, variable in enumerate(request.variables):
            item = self._counted_item(variable)
            if item is None:
                yield self._row_sums(place, variable, rows, one, _stored(request))
            else:
                together.setdefault(item, []).append(place)
        for item, places in together.items():
            columns = [request.variables[place].y for place in places]
            yield self._counted_sums(item, places, columns, rows, one, request.element)

    def _counted_item(self, variable: Variable) -> str | None:
        """The item whose values are counted for this variable, or None where rows must be gone through."""
        if variable.x is not None or isinstance(variable.y, Index | AtMost) or variable.y.item not in self._codes:
            return None
        codes = self._codes[variable.y.item]
        return variable.y.item if len(codes.labels) <= FEW_VALUES else None

    def _counted_sums(
        self, item: str, places: list[int], columns: list[Column], rows: Rows, one: Bin, squares: bool
    ) -> Block:
        codes = self._codes[item]
        width = len(codes.labels) + 1
        key = one.spread(width) + codes.codes
        length = one.count * width
        counted = [np.bincount(key, minlength=length), np.bincount(key, rows.weight, length)]
        if squares:
            counted.append(np.bincount(key, rows.weight * rows.weight, length))
        fine = np.concatenate([part.reshape(one.count, width)[:, 1:] for part in counted], axis=1).astype(
            np.float64, copy=False
        )
        scores: Floats = np.array([_scored(codes, column) for column in columns]).T.reshape(width - 1, len(columns))
        y = np.where(np.isnan(scores), 0.0, scores)
        answered = (~np.isnan(scores)).astype(np.float64)
        n, w, q = 0, 1, 2
        terms: dict[str, tuple[int, Floats]] = {
            "n": (n, answered), "ny": (n, y), "w": (w, answered), "wy": (w, y), "wyy": (w, y * y), "wx": (w, answered),
            "wxy": (w, y), "wxx": (w, answered), "qyy": (q, y * y), "qxy": (q, y), "qxx": (q, answered),
        }  # fmt: skip
        parts = {name: (slice(kind * (width - 1), (kind + 1) * (width - 1)), m) for name, (kind, m) in terms.items()}
        return Block(places, np.asarray(fine, np.float64), parts)

    def _row_sums(self, place: int, variable: Variable, rows: Rows, one: Bin, names: tuple[str, ...]) -> Block:
        y = self.column(variable.y)
        x = np.ones_like(y) if variable.x is None else self.column(variable.x)
        there = ~(np.isnan(y) | np.isnan(x))
        y, x, w = np.where(there, y, 0.0), np.where(there, x, 0.0), np.where(there, rows.weight, 0.0)
        terms: dict[str, Callable[[], Floats]] = {
            "n": lambda: there.astype(np.float64),
            "ny": lambda: y,
            "w": lambda: w,
            "wy": lambda: w * y,
            "wx": lambda: w * x,
            "wyy": lambda: w * y * y,
            "wxy": lambda: w * x * y,
            "wxx": lambda: w * x * x,
            "qyy": lambda: (w * y) ** 2,
            "qxy": lambda: w * w * x * y,
            "qxx": lambda: (w * x) ** 2,
        }
        fine = np.column_stack([np.bincount(one.fine, terms[name](), one.count) for name in names]).astype(
            np.float64, copy=False
        )
        return Block([place], fine, {name: (slice(k, k + 1), None) for k, name in enumerate(names)})

    def distribution(self, request: Request, item: str) -> list[list[tuple[Floats, Floats]]]:
        """Per grouping and domain, the item's sorted values and their weights, row by row in a stable order."""
        rows = self.rows(request)
        values = self.values(item)
        there = np.flatnonzero(~np.isnan(values))
        order = there[np.argsort(values[there], kind="stable")]
        found = []
        for by in request.groupings:
            columns = [encode(self._table([name])[name]) for name in by]
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
        columns = [encode(self._table([name])[name]) for name in group.by]
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
        columns = {name: encode(self._table([name])[name]) for name in named}
        coded = [domain_codes([columns[name] for name in by], len(rows.unit)) for by in request.groupings]
        bins: list[list[int]] = []
        sizes: list[int] = []
        for number in sorted(range(len(coded)), key=lambda k: (len(coded[k][1]), k)):
            width = len(coded[number][1]) + 1
            for place, size in enumerate(sizes):
                if size * width <= max(min(FINE_CELLS, max(len(rows.unit), FEWEST_CELLS)), len(rows.units)):
                    bins[place].append(number)
                    sizes[place] *= width
                    break
            else:
                bins.append([number])
                sizes.append(len(rows.units) * width)
        return tuple(make_bin(numbers_, coded, request.groupings, rows) for numbers_ in bins)


def _stored(request: Request) -> tuple[str, ...]:
    """The sums that are computed: those of x only where some variable has an x."""
    if any(variable.x is not None for variable in request.variables):
        return request.sums
    return tuple(name for name in request.sums if name not in {"wx", "wxy", "wxx"})


def _cell_names(request: Request) -> tuple[str, ...]:
    """Which of the computed sums come by cell: all in detail, else those that scores need (w is also x's where x is 1)."""
    stored = _stored(request)
    if request.detail:
        return stored
    return tuple(name for name in stored if name not in DOMAIN_SUMS or (name == "w" and "wx" not in stored))


def _joined(blocks: list[Floats], back: Ints) -> Floats:
    """Blocks of columns as one table in the variables' order."""
    joined = np.concatenate(blocks, axis=1)
    return joined if (back[1:] > back[:-1]).all() else joined[:, back]


def _completed(
    request: Request, found: dict[str, Floats], cell_names: tuple[str, ...]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """(sums by cell, sums by domain alone); where x is 1 everywhere, its sums are those of 1."""
    sums = {name: values for name, values in found.items() if name in cell_names}
    added = {name: values for name, values in found.items() if name not in cell_names}
    if "wx" not in found:
        sums.update(wx=sums["w"], wxx=sums["w"], wxy=sums["wy"])
    return sums, added


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
