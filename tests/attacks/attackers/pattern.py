"""Which rows are not printed, and how coarsely others are: the rules are public, so a reason can be read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from attackers.evidence import COUNTED, Evidence, Item, Told


def pattern(evidence: Evidence) -> Iterator[Told]:
    """A unit's row is printed coarsely because some finer count is sensitive. Where one printed category alone can hold it, every
    split of that category that would have kept the row finer is ruled out. (A unit's own row is barred by nothing else
    that depends on answers but its own counts; where other rows were the reason, this attacker errs.)"""
    for wave, name, rows in evidence.blocks():
        item = evidence.items[name]
        printed: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
        fine = {row["domain"] for row in rows if row["measure"] == "share"}
        for row in rows:
            possible = evidence.rules.counts(row) if row["measure"] in COUNTED else ()
            if row["measure"] == "band" and row["domain"] not in fine and len(possible) == 1:
                printed[row["domain"]][row["category"]] = (possible[0], int(row["n"]))
        for domain, bands in printed.items():
            if not domain.removeprefix("_").startswith("unit=") or len(item.bands) < 2:
                continue
            n = next(iter(bands.values()))[1]
            for label, low, high in _read_back(evidence, item, {b: c for b, (c, _) in bands.items()}, n):
                yield Told(wave, name, domain.removeprefix("_"), label, n, low, high)


def _read_back(evidence: Evidence, item: Item, bands: dict[str, int], n: int) -> Iterator[tuple[str, int, int]]:
    if len(bands) == 1 and len(item.bands) == 3:  # the best band or not: the other two bands were too fine
        (_, count), parts = next(iter(bands.items())), [b for b in item.bands if b not in bands]
        merged = [(parts, n - count)]
    elif len(bands) == len(item.bands):  # the bands: answers were too fine
        merged = [(list(item.bands[b]), c) for b, c in bands.items() if len(item.bands[b]) > 1 and c > 0]
    else:
        return
    if len(merged) != 1 or len(merged[0][0]) != 2:
        return
    parts, total = merged[0]
    first = np.arange(total + 1)
    sensitive = [any(_sensitive(evidence, n, c) for c in (a, total - a)) for a in first]
    if any(sensitive):
        low, high = first[sensitive].min(), first[sensitive].max()
        for part in parts:
            if evidence.rules.told(n, int(low), int(high)):
                yield part, int(low), int(high)


def _sensitive(evidence: Evidence, n: int, count: int) -> bool:
    return bool(evidence.rules.told(n, count, count))
