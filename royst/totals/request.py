"""What is asked of an engine, in words that no engine owns: row-level columns, variables of two columns, groupings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from royst.totals.design import Design

PLAN_VERSION = 1


@dataclass(frozen=True)
class Coded:
    """An item whose answers are looked up: ``scores`` pairs a code's label with its value; other codes are missing."""

    item: str
    scores: tuple[tuple[str, float], ...]

    @property
    def items(self) -> tuple[str, ...]:
        return (self.item,)


@dataclass(frozen=True)
class Number:
    """An item taken as the number it is; null and NaN are missing."""

    item: str

    @property
    def items(self) -> tuple[str, ...]:
        return (self.item,)


@dataclass(frozen=True)
class Index:
    """The mean of the answered parts, missing where fewer than ``at_least`` (a fraction) of them are answered."""

    parts: tuple[Coded | Number, ...]
    at_least: float = 0.5

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(item for part in self.parts for item in part.items)


@dataclass(frozen=True)
class AtMost:
    """1 where a number is at most ``cut``, 0 where it is more; for intervals of quantiles."""

    item: str
    cut: float

    @property
    def items(self) -> tuple[str, ...]:
        return (self.item,)


Column = Coded | Number | Index | AtMost


@dataclass(frozen=True)
class Variable:
    """A pair of row-level columns y and x (x = 1 where it is left out); a row counts where both are answered."""

    y: Column
    x: Column | None = None

    @property
    def items(self) -> tuple[str, ...]:
        return (*self.y.items, *(self.x.items if self.x else ()))


#: The sums an engine returns by cell, with w the weight, y and x the variable's columns; all over its answered rows.
SUMS = ("n", "ny", "w", "wy", "wx", "wyy", "wxy", "wxx")
#: Of these, what no unit's score needs: engines may leave them out of cells.
DOMAIN_SUMS = ("ny", "w", "wyy", "wxy", "wxx")
#: Added where every row is its own sampling unit, so that no row has to be returned.
SQUARE_SUMS = ("qyy", "qxy", "qxx")


@dataclass(frozen=True)
class Request:
    """Sums of ``variables`` by sampling unit and by the domains of each of ``groupings`` (each a tuple of columns).

    ``rows`` asks for every row as a unit of its own, for covariances in designs without clusters. Without ``detail`` an
    engine may return the sums that statistics need by domain alone (``DOMAIN_SUMS``) by domain alone.
    """

    design: Design
    variables: tuple[Variable, ...]
    groupings: tuple[tuple[str, ...], ...] = ((),)
    rows: bool = False
    detail: bool = True

    @property
    def items(self) -> tuple[str, ...]:
        """Every item that is read, each once."""
        return tuple(dict.fromkeys(item for variable in self.variables for item in variable.items))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once; under a calibration also those that its rows are known by."""
        groups = (name for by in self.groupings for name in by)
        known_by = self.design.calibration.made_of if self.design.calibration is not None else ()
        return tuple(dict.fromkeys((*self.design.columns, *known_by, *groups, *self.items)))

    @property
    def element(self) -> bool:
        """Whether sums come by stratum, every row being a unit: no clusters, and nothing that needs the rows."""
        design = self.design
        needs_rows = design.pps or design.calibration or len(design.fpc) > 1 or design.singleton == "collapse"
        return not (design.psu or self.rows or needs_rows)

    @property
    def sums(self) -> tuple[str, ...]:
        return SUMS + SQUARE_SUMS if self.element else SUMS

    def plan_hash(self) -> str:
        """SHA-256 of the request's meaning, so that totals of different plans are never added."""
        design = asdict(self.design.replace(calibration=None))
        plan = {
            "version": PLAN_VERSION,
            "design": design,
            "variables": [[_described(variable.y), _described(variable.x)] for variable in self.variables],
            "groupings": self.groupings,
            "rows": self.rows,
        }
        return hashlib.sha256(json.dumps(plan, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


def _described(column: Column | None) -> object:
    return None if column is None else [type(column).__name__, asdict(column)]


def unique_variables(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """The variables in their first order, each once."""
    return tuple(dict.fromkeys(variables))
