"""Calibration of weights to known totals: poststratification, raking, and the general regression estimator.

Deville and Särndal (1992); raking after Deming and Stephan (1940). The result is a design whose variance knows it, equal
to that of R's ``postStratify``, ``rake`` and ``calibrate``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from royst.errors import Faults, wrong
from royst.totals.design import Design, as_design
from royst.totals.embedded import Embedded
from royst.totals.projection import Calibration, mark_of
from royst.totals.reading import LARGEST, Codes, encode, label, numbers, open_frame, read_columns
from royst.totals.request import Request
from royst.totals.table import Floats, Ints

METHODS = ("poststratify", "raking", "linear")
INTERCEPT = ("(Intercept)", "1", "intercept")
SWEEPS = 10  # of margin means in the raking variance; R's svyrecvar has the same


@dataclass(frozen=True)
class Margin:
    """One categorical margin: its name, each row's cell, and the cells' totals; or one number with its one total."""

    name: str
    cell: Ints
    totals: Floats
    values: Floats | None = None


def calibrate(
    data: Any,
    design: Design | None,
    totals: Mapping[Any, Any],
    method: str = "raking",
    *,
    tolerance: float = 1e-12,
    rounds: int = 1000,
) -> Design:
    """A design with weights that reproduce ``totals``, and with the variance of calibrated estimates.

    ``totals`` maps a column to its categories' totals (``{"sex": {"k": 2100, "m": 3300}}``), a tuple of columns to those
    of their cross (keys are tuples), or, for ``linear``, a numeric column to its total and ``"(Intercept)"`` to the
    population's size. A margin that sums to 1 is taken as shares of the weights' sum. ``poststratify`` takes one margin;
    ``raking`` one or more, in rounds until no cell of the weighted table moves by ``tolerance`` (below 1 a fraction of the
    weights' sum, else in persons: R's ``rake`` stops at 1 by itself); ``linear`` (GREG) any mixture, whose weights may turn negative.
    A calibrated design may be calibrated again: the earlier totals are then met no longer unless they are given again.

    ``InputError`` for categories that the data or the totals lack, missing values, or totals that cannot be met.
    """
    if method not in METHODS:
        raise wrong("calibration-method", f"method={method!r} is not known.", f"Use one of: {', '.join(METHODS)}.")
    if not isinstance(totals, Mapping | None):
        raise wrong("totals-kind", f"The totals are a {type(totals).__name__}.", 'Give a mapping, as {"sex": {"k": 2100, "m": 3300}}.')
    if not all(isinstance(one, int | float | np.integer) and one > 0 for one in (tolerance, rounds)):
        raise wrong("raking-rounds", f"tolerance={tolerance!r}, rounds={rounds!r}.", "Give positive numbers.")
    design = as_design(design)
    frame = open_frame(data)
    before = Embedded(frame).rows(Request(design, (), rows=not design.psu)).weight
    margins = _margins(frame, totals, float(before.sum()), method)
    columns = sparse.hstack([_columns(margin) for margin in margins], format="csr")
    if method == "linear":
        weights = _greg(columns, before, np.concatenate([margin.totals for margin in margins]))
        regressors, inverse = sparse.csr_matrix(sparse.diags(before) @ columns), _inverse(columns, before)
    elif method == "poststratify":
        weights = _poststratified(margins[0], before)
        regressors, inverse = sparse.csr_matrix(sparse.diags(before) @ columns), _inverse(columns, before)
    else:
        weights, late = _rake(margins, before, tolerance, rounds)
        parts = [_columns(margin) for margin in margins]
        columns = sparse.hstack([sparse.diags(scale) @ part for scale, part in zip(late, parts)], format="csr")
        regressors = sparse.hstack([sparse.diags(1 / scale) @ part for scale, part in zip(late, parts)], format="csr")
        inverse = _sweeps(columns, regressors, [len(margin.totals) for margin in margins])
    names = [name for key in totals for name in ((key,) if isinstance(key, str) else key)]
    earlier = design.calibration.made_of if design.calibration is not None else ()
    there = frame.collect_schema().names()
    made_of = tuple(dict.fromkeys((*design.columns, *earlier, *(name for name in names if name in there))))
    calibration = Calibration(
        method, weights, columns, regressors, inverse, made_of, mark_of(read_columns(frame, made_of))
    )
    if design.calibration is not None:
        calibration = design.calibration.then(calibration)
    return design.replace(calibration=calibration)


def weights(design: Design) -> Floats:
    """The calibrated weights of a design, in the order of the rows it was calibrated on."""
    if design.calibration is None:
        raise wrong("not-calibrated", "The design is not calibrated.", "Its weights are the column it names.")
    return design.calibration.weights


# ---- margins


def _margins(frame: pl.LazyFrame, totals: Mapping[Any, Any], whole: float, method: str) -> list[Margin]:
    if totals is None or not len(totals):
        raise wrong("no-totals", "No totals are given.", 'Give at least one margin: {"sex": {"k": 2100, "m": 3300}}.')
    if method == "poststratify" and len(totals) > 1:
        raise wrong(
            "poststratify-margins",
            f"Poststratification takes one margin; there are {len(totals)}.",
            'Give the cross as {("a", "b"): {("x", "y"): total}}, or use method="raking".',
        )
    faults = Faults()
    found = []
    height = frame.select(pl.len()).collect().item()
    for name, wanted in totals.items():
        parts = (name,) if isinstance(name, str) else name if isinstance(name, tuple) else (None,)
        if any(not isinstance(part, str) for part in parts):
            faults.add("totals-column", f"The totals are of {name!r}.", "Name a column, or a tuple of columns for their cross.")
            continue
        if not _all_numbers(wanted.values() if isinstance(wanted, Mapping) else [wanted]):
            faults.add(
                "totals-number",
                f"The totals of {name} are not all finite numbers.",
                "Give a number for each category, or one for a numeric column.",
                column=str(name),
            )
            continue
        if isinstance(wanted, Mapping):
            margin = _categories(frame, name, wanted, whole, faults)
        else:
            margin = _number(frame, str(name), float(wanted), height, method, faults)
        if margin is not None:
            found.append(margin)
    faults.stop()
    return found


def _all_numbers(totals: Iterable[Any]) -> bool:
    return all(isinstance(one, int | float | np.number) and abs(float(one)) <= LARGEST for one in totals)


def _categories(
    frame: pl.LazyFrame, name: Any, wanted: Mapping[Any, Any], whole: float, faults: Faults
) -> Margin | None:
    names = (name,) if isinstance(name, str) else tuple(name)
    table = read_columns(frame, names)
    coded: list[Codes] = [encode(table[one]) for one in names]
    for one, codes in zip(names, coded):
        if (codes.codes == 0).any():
            faults.add(
                "calibration-missing",
                f"{one} is missing in {int((codes.codes == 0).sum())} row(s).",
                "A calibration column needs a value on every row.",
                row=int(np.argmax(codes.codes == 0)) + 2,
                column=one,
            )
            return None
    keys = {
        tuple(map(label, key)) if len(names) > 1 and isinstance(key, tuple) else (label(key),): float(total)
        for key, total in wanted.items()
    }
    cells = np.stack([codes.codes.astype(np.int64) - 1 for codes in coded])
    seen, cell = np.unique(cells, axis=1, return_inverse=True)
    labels = [tuple(codes.labels[k] for codes, k in zip(coded, column)) for column in seen.T]
    lacking = [one for one in labels if one not in keys]
    unseen = [key for key, total in keys.items() if key not in labels and total != 0]
    shown = "/".join(names)
    if lacking:
        faults.add("totals-lack", f"{shown}: no total for {', '.join('/'.join(one) for one in lacking)}.",
                   "Every category of the data needs a total.", column=shown)  # fmt: skip
    if unseen:
        faults.add("totals-unseen", f"{shown}: nobody in the data is {', '.join('/'.join(one) for one in unseen)}.",
                   "Join the category with another; weights cannot stand for nobody.", column=shown)  # fmt: skip
    if lacking or unseen:
        return None
    goal = np.array([keys[one] for one in labels])
    if (goal <= 0).any():
        faults.add("totals-zero", f"{shown} has a total that is zero or negative for people in the data.",
                   "Mend the total.", column=shown)  # fmt: skip
        return None
    if abs(goal.sum() - 1) < 1e-6 and whole > 2:
        goal = goal * whole
    return Margin(shown, cell.reshape(-1), goal)


def _number(frame: pl.LazyFrame, name: str, total: float, height: int, method: str, faults: Faults) -> Margin | None:
    if method != "linear":
        faults.add(
            "totals-number",
            f"{name} has one total, not one a category.",
            'Use method="linear" for numbers.',
            column=name,
        )
        return None
    if name in INTERCEPT and name not in frame.collect_schema().names():
        values = np.ones(height)
    else:
        values = numbers(read_columns(frame, [name])[name])
    if np.isnan(values).any():
        faults.add("calibration-missing", f"{name} is missing in {int(np.isnan(values).sum())} row(s).",
                   "A calibration column needs a value on every row.", column=name)  # fmt: skip
        return None
    return Margin(name, np.zeros(height, np.int64), np.array([total]), values)


def _columns(margin: Margin) -> sparse.csr_matrix:
    rows = len(margin.cell)
    values = np.ones(rows) if margin.values is None else margin.values
    return sparse.csr_matrix((values, (np.arange(rows), margin.cell)), shape=(rows, len(margin.totals)))


# ---- weights


def _poststratified(margin: Margin, before: Floats) -> Floats:
    """In R's arithmetic, probabilities divided by ratios of sums in extended precision: at a tie of equal weights the last
    bit decides a quantile."""
    chance = 1.0 / before
    order = np.argsort(margin.cell, kind="stable")
    starts = np.searchsorted(margin.cell[order], np.arange(len(margin.totals)))
    there = np.add.reduceat((1.0 / chance)[order].astype(np.longdouble), starts).astype(np.float64)
    return np.asarray(1.0 / (chance / (margin.totals / there)[margin.cell]))


def _rake(margins: list[Margin], before: Floats, tolerance: float, rounds: int) -> tuple[Floats, list[Floats]]:
    """Iterative proportional fitting until the cross of all margins settles: weights, and what those after each margin of the
    last round are to them (R's variance takes each margin's means with these; where raking is stopped early they differ)."""
    sums = [float(margin.totals.sum()) for margin in margins]
    if max(sums) - min(sums) > 1e-6 * max(sums):
        raise wrong(
            "margins-disagree",
            "The margins add up to different populations: "
            + ", ".join(f"{margin.name} {total:g}" for margin, total in zip(margins, sums)),
            "Mend the totals so that every margin has the same sum.",
        )
    cells, cross = np.unique(np.stack([margin.cell for margin in margins]), axis=1, return_inverse=True)
    cross = cross.reshape(-1)
    limit = tolerance * float(before.sum()) if tolerance < 1 else tolerance
    start = new = np.bincount(cross, before)
    for _ in range(rounds):
        table = new
        after = []
        for margin, cell in zip(margins, cells):
            new = new * (margin.totals / np.bincount(cell, new, len(margin.totals)))[cell]
            after.append(new)
        if np.abs(new - table).max() < limit:
            return np.asarray(before * (new / start)[cross]), [(one / new)[cross] for one in after]
    raise wrong(
        "raking-open",
        f"Raking did not settle in {rounds} rounds.",
        "Look for margins that contradict each other in cells with no one; join categories.",
    )


def _greg(columns: sparse.csr_matrix, before: Floats, goal: Floats) -> Floats:
    gap = goal - columns.T @ before
    inverse = _inverse(columns, before)
    weight = before * (1.0 + columns @ (inverse @ gap))
    reached = columns.T @ weight
    if np.abs(reached - goal).max() > 1e-6 * max(np.abs(goal).max(), 1.0):
        raise wrong(
            "totals-unreachable",
            "No weights meet all the totals at once.",
            "Look for totals that contradict each other (categories that add up to different populations).",
        )
    return np.asarray(weight)


def _inverse(columns: sparse.csr_matrix, weight: Floats) -> Floats:
    """(AᵀQA)⁺, scaled to unit diagonal first so that columns of very different sizes do not drown each other."""
    gram = np.asarray((columns.T @ columns.multiply(weight[:, None])).todense())
    size = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    return np.asarray(np.linalg.pinv(gram / np.outer(size, size), rcond=1e-11, hermitian=True) / np.outer(size, size))


def _sweeps(columns: sparse.csr_matrix, regressors: sparse.csr_matrix, widths: list[int]) -> Floats:
    """The matrix that ten rounds of taking out each margin's plain means amount to."""
    gram = np.asarray((regressors.T @ columns).todense())
    found = np.zeros_like(gram)
    left = np.eye(len(gram))
    ends = np.cumsum([0, *widths])
    for _ in range(SWEEPS):
        for start, end in pairwise(ends.tolist()):
            part = slice(start, end)
            step = (left[part] - gram[part] @ found) / np.diag(gram)[part, None]
            found[part] += step
    return found
