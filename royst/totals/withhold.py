"""Totals for a receiver that may not hold small cells: what a unit keeps at home.

A unit's sums of one item go together or not at all, at one of two levels of detail: every answer, or bands alone. They go
where no count that can be made of them by adding and subtracting is small (above 0 and below ``fewest``): not of an answer,
not of a group, and not of those who belong to none of a grouping's groups. Means, indices and other sums of scores give
counts away by their sums and sums of squares, so they go only where every answer of their items goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from royst.errors import wrong
from royst.totals.request import Coded, Index, Request, Variable
from royst.totals.table import Floats, GroupTotals, Totals, Units

NOTHING, BANDS, EVERYTHING = 0, 1, 2


@dataclass(frozen=True)
class _Forms:
    """What sums tell of an item: each form is the number of people who gave one of a set of codes.

    ``places``: of the variables whose n and Σy are such numbers. ``solve`` (classes × forms) gives the numbers of the classes of
    codes that the sums tell apart; None where the forms do not determine them, so that nobody can say what the sums tell.
    """

    places: tuple[int, ...]
    solve: Floats | None

    def counts(self, group: GroupTotals) -> Floats:
        """Cells × classes."""
        assert self.solve is not None
        forms = np.concatenate([group.sums["n"][:, self.places], group.sums["ny"][:, self.places]], axis=1)
        return np.asarray(np.rint(forms @ self.solve.T))


@dataclass(frozen=True)
class _Item:
    """An item's forms by level of detail, and the variables that read it and what level each needs."""

    forms: dict[int, _Forms]
    needs: dict[int, int]


def withhold(totals: Totals, fewest: int) -> Totals:
    """Totals with NaN where a small count could be read from them; see the module.

    ``fewest`` is the least count that may be told, at least 2. Needs the whole among the groupings and no crosses of groups, since
    crosses overlap in more ways than are checked here: ``InputError`` otherwise. Units with fewer answers keep their number.
    """
    request = totals.request
    _check(request, fewest)
    whole = totals.groups[request.groupings.index(())]
    items = _items(request.variables)
    groups = tuple(_group(totals, group, whole, items, fewest) for group in totals.groups)
    return replace(totals, units=_units(totals.units, fewest), groups=groups)


def _check(request: Request, fewest: int) -> None:
    if fewest < 2:
        raise wrong("withhold-fewest", f"fewest = {fewest} withholds nothing.", "Give the least count that may be told: 2 or more.")
    if () not in request.groupings or any(len(by) > 1 for by in request.groupings):
        raise wrong(
            "withhold-groupings",
            "Small cells are withheld for the whole and for groups one by one, not for crosses of groups.",
            "Ask for everybody and for single groupings, or name a receiver that may hold small cells.",
        )


def _units(units: Units, fewest: int) -> Units:
    few = units.n < fewest
    n, w, ww = (np.where(few, np.nan, values) for values in (units.n, units.w, units.ww))
    return replace(units, n=n, w=w, ww=ww, smallest=float("nan") if few.any() else units.smallest)


def _group(totals: Totals, group: GroupTotals, whole: GroupTotals, items: dict[str, _Item], fewest: int) -> GroupTotals:
    units = len(totals.units)
    variables = totals.request.variables
    level = {name: _level(item, group, whole, units, fewest) for name, item in items.items()}
    kept = np.ones((len(group.unit), len(variables)), bool)
    for place, variable in enumerate(variables):
        for name in variable.items:
            kept[:, place] &= level[name][group.unit] >= items[name].needs[place]
        n, n_whole = group.sums["n"][:, [place]], whole.sums["n"][:, [place]]
        kept[:, place] &= ~_any_small(n, group, n_whole, whole, units, fewest)[group.unit]
    size = _any_small(group.size[:, None], group, whole.size[:, None], whole, units, fewest)[group.unit]
    sums = {name: np.where(kept, values, np.nan) for name, values in group.sums.items()}
    return replace(group, sums=sums, size=np.where(size, np.nan, group.size))


def _level(item: _Item, group: GroupTotals, whole: GroupTotals, units: int, fewest: int) -> np.ndarray:
    """The most detail that each unit may send of an item in this grouping."""
    level = np.full(units, NOTHING if item.forms else EVERYTHING)
    for detail, forms in sorted(item.forms.items()):
        if forms.solve is not None:
            small = _any_small(forms.counts(group), group, forms.counts(whole), whole, units, fewest)
            level[~small] = detail
    return level


def _any_small(counts: Floats, group: GroupTotals, in_whole: Floats, whole: GroupTotals, units: int, fewest: int) -> np.ndarray:
    """By unit: whether a count in any of its domains is small, or of those who are in no domain of the grouping."""
    rest = np.zeros((units, counts.shape[1]))
    np.add.at(rest, whole.unit, in_whole)
    np.subtract.at(rest, group.unit, counts)
    small: np.ndarray = np.any((rest > 0) & (rest < fewest), axis=1)
    np.logical_or.at(small, group.unit, ((counts > 0) & (counts < fewest)).any(axis=1))
    return small


# ---- what sums of an item tell


def _items(variables: Sequence[Variable]) -> dict[str, _Item]:
    names = dict.fromkeys(name for variable in variables for name in variable.items)
    return {name: _item(name, variables) for name in names}


def _item(name: str, variables: Sequence[Variable]) -> _Item:
    mine = [place for place, variable in enumerate(variables) if name in variable.items]
    indicators = {place: column for place in mine if (column := _indicator(variables[place])) is not None}
    scored = [column for place in mine if place not in indicators for column in _coded(variables[place], name)]
    bands = [_codes(column) for column in indicators.values() if len(_codes(column)) > 1]
    coarse = {
        place: column for place, column in indicators.items()
        if len(_codes(column)) > 1 or not any(_codes(column) <= band for band in bands)
    }  # fmt: skip
    needs = {place: BANDS if place in coarse else EVERYTHING for place in mine}
    if not indicators and not scored:
        return _Item({}, needs)
    return _Item({BANDS: _forms(coarse, []), EVERYTHING: _forms(indicators, scored)}, needs)


def _coded(variable: Variable, name: str) -> list[Coded]:
    """The columns of coded answers to an item that a variable is made of."""
    columns = [part for column in (variable.y, variable.x) for part in (column.parts if isinstance(column, Index) else (column,))]
    return [column for column in columns if isinstance(column, Coded) and column.item == name]


def _indicator(variable: Variable) -> Coded | None:
    """The variable's column where it says of each code whether it counts: 0 or 1."""
    column = variable.y
    if variable.x is None and isinstance(column, Coded) and {score for _, score in column.scores} <= {0.0, 1.0}:
        return column
    return None


def _codes(column: Coded) -> frozenset[str]:
    return frozenset(code for code, score in column.scores if score == 1.0)


def _forms(indicators: dict[int, Coded], scored: Sequence[Coded]) -> _Forms:
    among = [frozenset(code for code, _ in column.scores) for column in indicators.values()]
    sets = [*among, *(_codes(column) for column in indicators.values())]
    codes = sorted({code for column in (*indicators.values(), *scored) for code, _ in column.scores})
    numbered = np.array([[code in one for code in codes] for one in sets], float).reshape(len(sets), len(codes))
    worth = np.array([[dict(column.scores).get(code, np.inf) for code in codes] for column in scored]).reshape(len(scored), len(codes))
    _, first = np.unique(np.concatenate([numbered, worth]), axis=1, return_index=True)
    classes = numbered[:, np.sort(first)]
    solvable = len(codes) > 0 and np.linalg.matrix_rank(classes) == classes.shape[1]
    return _Forms(tuple(indicators), np.linalg.pinv(classes) if solvable else None)
