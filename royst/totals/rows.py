"""The design applied to rows: each row's weight and sampling unit, with every fault of the columns told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from royst.errors import Faults
from royst.totals.design import Design
from royst.totals.reading import LARGEST, Codes, encode, numbers
from royst.totals.table import Floats, Ints, Units


def compress(key: Ints) -> tuple[Ints, Ints]:
    """The values that occur, sorted, and each row's place among them."""
    high = int(key.max()) + 1 if len(key) else 0
    if high <= max(4 * len(key), 1 << 16):
        seen = np.flatnonzero(np.bincount(key, minlength=high))
        if high and seen[0] + len(seen) == high:  # all that lie between occur
            return seen, key - seen[0]
        place = np.zeros(high, np.int64)
        place[seen] = np.arange(len(seen))
        return seen, place[key]
    seen, place = np.unique(key, return_inverse=True)
    return seen, place.astype(np.int64)


def summed(key: Ints, values: Floats | None, count: int) -> Floats:
    """Sums of values (None: ones) by key, in the rows' order."""
    return np.bincount(key, values, count).astype(np.float64, copy=False)


@dataclass(frozen=True)
class Rows:
    """The design applied to rows: each row's weight and unit, and the units."""

    weight: Floats
    unit: Ints
    units: Units

    @cached_property
    def counted(self) -> NDArray[np.complex128]:
        """Each row's weight as the real part and 1 as the imaginary, so that one pass adds both."""
        return np.asarray(self.weight + 1j, np.complex128)


def read_weights(table: pl.DataFrame, design: Design, height: int) -> Floats | None:
    """The rows' weights, checked; None where the design names neither weights nor probabilities."""
    names = (design.weight,) if design.weight else design.probs
    if not names:
        return None
    faults = Faults()
    weight = np.ones(height)
    for name in names:
        values = numbers(table[name])
        for code, bad, what in (
            ("weight-missing", np.isnan(values), "missing"),
            ("weight-infinite", values > LARGEST, "infinite or too large to be added up"),
            ("weight-negative", values < 0, "negative"),
            ("weight-zero", (values >= 0) & (values < 1 / LARGEST), "zero"),
        ):
            if bad.any():
                faults.add(
                    code,
                    f"{name} is {what} in {int(bad.sum())} row(s), first in data row {int(np.argmax(bad)) + 1}.",
                    "Every row needs a positive, finite weight; leave rows out that are not in the sample.",
                    row=int(np.argmax(bad)) + 2,
                    column=name,
                )
        if design.probs and (values > 1 + 1e-12).any():
            faults.add("prob-above-one", f"{name} is above 1.", "Probabilities lie in (0, 1].", column=name)
        weight = weight * values
    faults.stop()
    return 1 / weight if design.probs else weight


def read_units(
    table: pl.DataFrame, design: Design, element: bool, height: int
) -> tuple[Ints, tuple[NDArray[np.object_], ...], tuple[NDArray[np.object_], ...], Ints]:
    """Each row's unit, the units' labels per stage, and a row of each unit."""
    faults = Faults()
    key = np.zeros(height, np.int64)
    coded: list[Codes | None] = []
    count = 1 if element else max(design.stages, 1)
    for stage in range(count):
        for names, row_id in ((design.strata, False), (design.psu, not element)):
            if stage < len(names):
                codes = encode(table[names[stage]])
                if (codes.codes == 0).any():
                    faults.add(
                        "design-missing",
                        f"{names[stage]} is missing in {int((codes.codes == 0).sum())} row(s).",
                        "Every row needs its stratum and its sampling unit.",
                        row=int(np.argmax(codes.codes == 0)) + 2,
                        column=names[stage],
                    )
                key = compress(key * (len(codes.labels) + 1) + codes.codes)[1]
                coded.append(codes)
            elif row_id:
                key = compress(key * height + np.arange(height))[1]
                coded.append(Codes(np.arange(1, height + 1), (), None))
            else:
                coded.append(None)
    faults.stop()
    units = int(key.max()) + 1
    first = np.full(units, height, np.int64)
    first[key[::-1]] = np.arange(height)[::-1]
    labels = [_labels(codes, first) for codes in coded]
    return key, tuple(labels[0::2]), tuple(labels[1::2]), first


def _labels(codes: Codes | None, first: Ints) -> NDArray[np.object_]:
    if codes is None:
        return np.full(len(first), "", dtype=object)
    if not codes.labels:
        return np.asarray(codes.codes[first], dtype=object)
    return np.array(codes.labels, dtype=object)[codes.codes[first] - 1]
