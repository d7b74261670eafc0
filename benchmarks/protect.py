"""How long protection takes: ``python benchmarks/protect.py [--items N] [--thorough]``.

A simulated study of three waves (2,948 people, 129 units, 8 groups, reports of units and pools). With the default of 12 questions it
has some 27,000 cells; ``--items 23`` gives over 50,000 cells. Prints progress, seconds, memory.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "attacks"))

import simulate

from royst import protect

WAVES = {"2017": (491, 20), "2019": (1336, 45), "2021": (1121, 64)}
RULES = protect.rule_set("user-survey-10")


def candidate(items: int) -> protect.Candidate:
    """Every table of a study as the main job would ask for it."""
    names = [f"q{k + 1}" for k in range(items)]
    groups = ["region", "size", *simulate.GROUPS]
    scale = protect.Scale(simulate.CHOICES, simulate.BANDS, ("nr",))
    people, tables = {}, []
    for wave, (size, units) in WAVES.items():
        frame = simulate.people(wave, size, units, items)
        counted = frame.group_by("unit", maintain_order=True).agg(
            pl.len().cast(pl.Int64).alias("n"), pl.col("region").first(), pl.col("size").first()
        )
        pool = protect.pools(counted, RULES).filter(pl.col("kind") == "pool").select("unit", "pool")
        frame = frame.join(pool, on="unit", how="left", maintain_order="left")
        tables.append(simulate.estimates(wave, frame, [(), *((g,) for g in groups), ("unit",), ("pool",)], names))
        people[wave] = protect.People(
            frame, ("unit", "pool", *groups), dict.fromkeys(names, scale), unit="unit", weight="weight"
        )
    return protect.Candidate(pl.concat(tables), people)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=12)
    parser.add_argument("--thorough", action="store_true")
    told = parser.parse_args()
    asked = candidate(told.items)
    start, cpu = time.perf_counter(), time.process_time()
    made = protect.protect(asked, RULES, progress=print, thorough=told.thorough)
    seconds, busy = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"{asked.estimates.height} cells, {made.certificate['facts']} facts: {seconds:.1f} s ({busy:.1f} s of processor), {memory()}"
    )
    print(made.cells)


def memory() -> str:
    """The most memory the process has held."""
    try:
        import resource
    except ImportError:  # Windows
        return "memory not measured"
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most"


if __name__ == "__main__":
    main()
