"""Random small samples of every kind of design, with the awkward domains that real surveys have, for R and Røyst alike.

Everything comes from SHA-256 of the case's number: the same cases on any machine.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from royst.totals.pseudorandom import uniforms

KINDS = (
    "rows", "rows fpc", "rows fraction", "census", "strata of rows", "strata of rows fpc", "clusters", "clusters fpc",
    "strata", "strata nest", "strata fpc", "strata fraction", "census of units", "two stages", "two stages fractions",
    "strata twice", "three stages", "brewer", "brewer strata", "lonely adjust", "lonely average", "lonely certainty",
    "lonely remove", "lonely below", "lonely census", "probs",
)  # fmt: skip


class Dice:
    """Numbers of one case, drawn one after another."""

    def __init__(self, number: int):
        self._drawn = iter(uniforms(60_000, "random designs", number).tolist())

    def one(self) -> float:
        return next(self._drawn)

    def whole(self, low: int, high: int) -> int:
        return low + int(self.one() * (high - low + 1))


def case(number: int) -> tuple[pl.DataFrame, dict]:
    """One sample and what is asked of it, in the form of ``cases.py``."""
    dice, kind = Dice(number), KINDS[number % len(KINDS)]
    rows = []
    strata = dice.whole(2, 4) if "strata" in kind or "lonely" in kind else 1
    small = dice.whole(0, strata - 1)
    for h in range(strata):
        sampled = 1 if "lonely" in kind and "below" not in kind and h == small else dice.whole(2, 5)
        there = sampled if kind in {"census of units"} or (kind == "lonely census" and h == small) else sampled + dice.whole(1, 9)
        for u in range(sampled):
            lift, chance = dice.one(), 0.1 + 0.8 * dice.one()
            blocks = dice.whole(1, 3) if kind == "lonely below" and u else dice.whole(2, 3)
            if kind == "lonely below" and u == 0:
                blocks = 1
            blocks_there = blocks + dice.whole(1, 5)
            for b in range(blocks):
                people = dice.whole(2, 4)
                people_there = people + dice.whole(0, 7)
                for i in range(people):
                    row = {
                        "h": f"h{h}", "unit": f"u{h}-{u}", "local": u, "block": f"b{h}-{u}-{b}", "person": f"p{h}-{u}-{b}-{i}",
                        "half": "a" if b % 2 else "b", "N": there, "B": blocks_there, "P": people_there,
                        "fN": sampled / there, "fB": blocks / blocks_there, "fP": people / people_there,
                        "pi": round(chance, 6), "w": round(1 + 9 * dice.one(), 4),
                        "y": None if dice.one() < 0.12 else round(50 * dice.one() + 20 * lift, 3), "x": round(1 + 5 * dice.one(), 3),
                        "k": None if dice.one() < 0.1 else dice.whole(0, 3),
                        "q": None if dice.one() < 0.1 else "nei" if dice.one() < 0.3 + 0.4 * lift else "ja",
                        "g": None if dice.one() < 0.05 else ["small", "mid", "big"][dice.whole(0, 2)],
                        "t": "TRUE" if dice.one() < 0.4 else "FALSE", "one": "first" if (h, u) == (0, 0) else "rest",
                        "place": "here" if h == 0 else "there", "who": "him" if (h, u, b, i) == (0, 0, 0, 0) else "them",
                    }  # fmt: skip
                    rows.append(row)
    frame = pl.DataFrame(rows, infer_schema_length=None)
    frame = frame.with_columns(
        R=pl.len() + (5 if kind != "census" else 0),
        Rh=pl.len().over("h") + 7,
        fR=pl.len() / (pl.len() + 11.0),
    )
    order = sorted(range(len(frame)), key=lambda i: (number * 7919 + i * 104729) % 1009)
    if "brewer" not in kind:  # R pairs pps fractions with totals by place, so there its rows must come sorted
        frame = frame[order]
    return frame, {
        "data": f"random_{number}", "design": _design(kind), "means": ["y", "k"], "totals": ["y"], "ratios": [["y", "x"]],
        "shares": ["q", "k"], "quantiles": [["y", 0.5], ["y", 0.2]], "by": ["g", "t", "one", "place", "who", ["g", "t"]],
        "deff": "none" if "brewer" in kind else "auto", "df": "second stage" if kind == "census of units" else "",
        "tests": "census" not in kind,
    }  # fmt: skip


def _design(kind: str) -> dict:
    units = {"strata": ["h"], "psu": ["unit"], "weight": "w"}
    designs: dict[str, dict] = {
        "rows": {"weight": "w"},
        "rows fpc": {"fpc": ["R"]},
        "rows fraction": {"fpc": ["fR"], "weight": "w"},
        "census": {"fpc": ["R"]},
        "strata of rows": {"strata": ["h"], "weight": "w"},
        "strata of rows fpc": {"strata": ["h"], "fpc": ["Rh"]},
        "clusters": {"psu": ["unit"]},
        "clusters fpc": {"psu": ["unit"], "fpc": ["N"], "weight": "w"},
        "strata": units,
        "strata nest": {**units, "psu": ["local"], "nest": True},
        "strata fpc": {**units, "fpc": ["N"]},
        "strata fraction": {"strata": ["h"], "psu": ["unit"], "fpc": ["fN"]},
        "census of units": {"strata": ["h"], "psu": ["unit", "block"], "fpc": ["N", "B"]},
        "two stages": {"strata": ["h"], "psu": ["unit", "block"], "fpc": ["N", "B"]},
        "two stages fractions": {**units, "psu": ["unit", "block"], "fpc": ["fN", "fB"]},
        "strata twice": {**units, "strata": ["h", "half"], "psu": ["unit", "block"]},
        "three stages": {"strata": ["h"], "psu": ["unit", "block", "person"], "fpc": ["N", "B", "P"]},
        "brewer": {"psu": ["unit"], "fpc": ["pi"], "pps": "brewer"},
        "brewer strata": {"strata": ["h"], "psu": ["unit"], "fpc": ["pi"], "pps": "brewer", "weight": "w"},
        "lonely below": {**units, "psu": ["unit", "block"], "fpc": ["N", "B"], "singleton": "adjust"},
        "lonely census": {**units, "fpc": ["N"]},
        "probs": {"strata": ["h"], "psu": ["unit"], "probs": ["fN", "fB"]},
    }
    if kind in designs:
        return designs[kind]
    return {**units, "singleton": kind.split()[1]}


def write(folder: Path, numbers: range) -> dict[str, dict]:
    """The cases' data as CSV files in a folder; returns the cases."""
    found = {}
    for number in numbers:
        frame, asked = case(number)
        frame.write_csv(folder / f"{asked['data']}.csv")
        found[f"{number} {KINDS[number % len(KINDS)]}"] = asked
    return found
