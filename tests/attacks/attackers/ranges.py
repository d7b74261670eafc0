"""Units held against the expected range: what the range and the counts of units say of units that are not shown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attackers.evidence import TINY, Evidence, Published, Told

MOST = 1_000_000
Z = 1.959963984540054


class Shown:
    """One question of one release: the units with their answers, and the reports that print a verdict."""

    def __init__(self, evidence: Evidence, release: Published, wave: str, item: str, category: str):
        who = evidence.waves[wave]
        unit = who.unit[who.answered(item)]
        self.names = sorted(set(unit))
        self.size = np.array([int((unit == u).sum()) for u in self.names])
        reports = release.tables.get("report_units", [])
        self.rows = {
            row["report"]: row
            for row in reports
            if (row["wave"], row["item"], row["category"], row["status"]) == (wave, item, category, "published")
        }
        self.left = np.array([k for k, u in enumerate(self.names) if u not in self.rows], int)
        self.counts = np.array([self._count(u) for u in self.names], float)

    def _count(self, unit: str) -> float:
        row = self.rows.get(unit)
        return round(float(row["estimate"]) * int(row["n"]) / 100) if row else 0.0

    def ranges(self) -> list[tuple[int, float, float]]:
        """(n, low, high) of each printed range, in per cent."""
        told = [row for row in self.rows.values() if row["expected_low"] != ""]
        return [(int(r["n"]), float(r["expected_low"]), float(r["expected_high"])) for r in told]


def _shown(evidence: Evidence) -> Iterator[tuple[Published, str, str, str, Shown]]:
    for release in evidence.releases:
        keys = {(r["wave"], r["item"], r["category"]) for r in release.tables.get("report_units", []) if r["status"] == "published"}
        for wave, item, category in sorted(keys):
            yield release, wave, item, category, Shown(evidence, release, wave, item, category)


def _centre(ranges: list[tuple[int, float, float]]) -> tuple[float, float]:
    """θ₀ on the arcsine scale and τ², as printed ranges give them back."""
    wide = [r for r in ranges if r[1] > 0 and r[2] < 100] or ranges
    ends = np.array([[np.arcsin(np.sqrt(end / 100)) for end in r[1:]] for r in wide])
    tau2 = np.median(((ends[:, 1] - ends[:, 0]) / 2 / Z) ** 2 - 1 / (4 * np.array([r[0] for r in wide])))
    return float(np.median(ends.mean(1))), max(float(tau2), 0.0)


def expected_range(evidence: Evidence) -> Iterator[Told]:
    """The range rests on all units (Spiegelhalter 2005): every set of counts of the units not shown that gives the printed ends."""
    for _, wave, item, category, shown in _shown(evidence):
        sizes = shown.size[shown.left] + 1.0
        if not len(shown.left) or np.prod(sizes) > MOST or len(shown.names) < 5 or not shown.ranges():
            continue
        if _of_shown(shown, evidence.rules.decimals):  # the range rests on what is printed already
            continue
        free = np.indices(tuple(sizes.astype(int)), dtype=np.int32).reshape(len(shown.left), -1).T
        fit = free[_agree(shown, free, evidence.rules.decimals)]
        for at, k in enumerate(shown.left if len(fit) else ()):
            low, high, n = int(fit[:, at].min()), int(fit[:, at].max()), int(shown.size[k])
            if evidence.rules.told(n, low, high):
                yield Told(wave, item, f"unit={shown.names[k]}", category, n, low, high)


def _of_shown(shown: Shown, decimals: int) -> bool:
    """Whether the shown units alone give every printed range."""
    known = np.setdiff1d(np.arange(len(shown.names)), shown.left)
    return bool(_give(shown, shown.counts[None, known], shown.size[known], decimals)[0])


def _agree(shown: Shown, free: np.ndarray, decimals: int) -> np.ndarray:
    """Which counts of the units not shown give, with all others, every printed range."""
    counts = np.tile(shown.counts, (len(free), 1))
    counts[:, shown.left] = free
    return _give(shown, counts, shown.size, decimals)


def _give(shown: Shown, counts: np.ndarray, size: np.ndarray, decimals: int) -> np.ndarray:
    y = np.arcsin(np.sqrt(counts / size))
    s = 0.5 / np.sqrt(size)
    centre, units = y.mean(1), len(size)
    z = (y - centre[:, None]) / s
    low, high = np.quantile(z, [0.1, 0.9], axis=1)
    phi = (np.clip(z, low[:, None], high[:, None]) ** 2).mean(1)
    v = 1 / s**2
    tau2 = np.maximum((units * phi - (units - 1)) / (v.sum() - (v * v).sum() / v.sum()), 0.0)
    half, agree = 0.5 * 10.0**-decimals + TINY, np.ones(len(counts), bool)
    for n, least, most in shown.ranges():
        error = Z * np.sqrt(1 / (4 * n) + tau2)
        for end, printed in ((centre - error, least), (centre + error, most)):
            agree &= np.abs(100 * np.sin(np.clip(end, 0, np.pi / 2)) ** 2 - printed) <= half
    return agree


def counts_of_units(evidence: Evidence) -> Iterator[Told]:
    """So many units are better (or lower), so many reports say so; where the rest are all who can be, they are."""
    for release, wave, item, category, shown in _shown(evidence):
        said = [r for r in release.tables.get("units", []) if (r["wave"], r["item"], r["status"]) == (wave, item, "published")]
        if not said or not shown.ranges():
            continue
        centre, tau2 = _centre(shown.ranges())
        for verdict, upwards in (("better", True), ("lower", False)):
            unnamed = int(said[0][verdict]) - sum(row["verdict"] == verdict for row in shown.rows.values())
            able = [(k, *_bounds(int(shown.size[k]), centre, tau2, upwards)) for k in shown.left if shown.size[k] >= evidence.rules.row]
            able = [one for one in able if one[1] <= one[2]]
            if unnamed <= 0 or len(able) != unnamed:
                continue
            for k, low, high in able:
                if evidence.rules.told(int(shown.size[k]), low, high):
                    yield Told(wave, item, f"unit={shown.names[k]}", category, int(shown.size[k]), low, high)


def _bounds(n: int, centre: float, tau2: float, upwards: bool) -> tuple[int, int]:
    """The counts of a unit of ``n`` that lie outside the range."""
    error = Z * np.sqrt(1 / (4 * n) + tau2)
    if upwards:
        end = centre + error
        return (int(np.ceil(n * np.sin(end) ** 2)) if end < np.pi / 2 else n + 1), n
    end = centre - error
    return 0, int(np.floor(n * np.sin(end) ** 2)) if end > 0 else -1
