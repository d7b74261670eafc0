"""How long estimation takes, ours beside its peers, and how that grows: ``python benchmarks/estimate.py --help``.

The job: 40 items × (everybody and 6 groupings) × (mean and top-two share), each with standard error and interval. One run
writes one table (Markdown) and one CSV: seconds and peak memory for Røyst, DuckDB's mere scan-and-sum of the same Parquet,
Røyst on DuckDB, svy (from a Python that has it, ``--svy-python``) and R's survey (where Rscript is). Each runs in a process
of its own; seconds are the least of up to nine runs within 15 s, from opening the file to the table.
The answers are synthetic, from SHA-256's numbers.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ITEMS, GROUPS = 40, ("g1", "g2", "g3", "g4", "g5", "g6")
LEVELS = (2, 3, 4, 5, 4, 2)


def make(path: Path, rows: int, units: int, items: int = ITEMS) -> None:
    """Answers of ``rows`` people in ``units`` units of 8 strata."""
    import numpy as np
    import polars as pl

    from royst.totals.pseudorandom import uniforms

    base = uniforms(min(rows, 50_000), "bench", rows)

    def column(k: int) -> np.ndarray:
        return (np.resize(np.roll(base, k * 7919), rows) * 1e6 + np.arange(rows) * (0.61803398875 * (k + 1))) % 1.0

    unit = (np.arange(rows) * units // rows).astype(np.int32)
    data = {"stratum": (unit * 8 // units).astype(np.int8), "unit": unit, "w": 0.5 + column(0) * 3}
    for k, (name, levels) in enumerate(zip(GROUPS, LEVELS)):
        data[name] = (column(k + 1) * levels).astype(np.int8)
    frame = pl.DataFrame(data)
    for k in range(items):
        u = column(k + 20)
        answer = pl.Series(f"q{k}", 1 + (u * 5).astype(np.int8))
        frame = frame.with_columns(answer.set(pl.Series(u < 0.05), None))
    frame.write_parquet(path)


def ours(path: str, engine: str, items: int, groups: int) -> int:
    import royst

    design = royst.Design(strata="stratum", psu="unit", weight="w")
    asked = []
    for k in range(items):
        asked += [royst.mean(f"q{k}"), royst.band(f"q{k}", {"top": [4, 5]})]
    return royst.estimate(
        path, design, asked, by=[[], *([name] for name in GROUPS[:groups])], engine=engine
    ).table.height


def floor(path: str, items: int) -> int:
    """DuckDB reads every item and sums it once: no groups, no errors."""
    import duckdb

    sums = ", ".join(f"SUM(w * q{k}), SUM(CASE WHEN q{k} >= 4 THEN w END), COUNT(q{k})" for k in range(items))
    return len(duckdb.sql(f"SELECT {sums} FROM read_parquet('{path}')").fetchall()[0])


SVY = """
import sys, time, json, resource
import polars as pl, svy
path, items, groups = sys.argv[1], int(sys.argv[2]), sys.argv[3].split(",")
def job():
    frame = pl.read_parquet(path)
    tops = [(pl.col(f"q{k}") >= 4).cast(pl.Float64).alias(f"t{k}") for k in range(items)]
    frame = frame.with_columns(tops).with_columns(pl.col(f"q{k}").cast(pl.Float64) for k in range(items))
    sample = svy.Sample(data=frame, design=svy.Design(stratum="stratum", psu="unit", wgt="w"))
    done = 0
    for by in [None, *groups]:
        for name in [f"{p}{k}" for k in range(items) for p in "qt"]:
            sample.estimation.mean(name, by=by, drop_nulls=True) if by else sample.estimation.mean(name, drop_nulls=True)
            done += 1
    return done
"""

R_JOB = """
suppressMessages(library(survey)); a <- commandArgs(TRUE); items <- as.integer(a[2]); groups <- strsplit(a[3], ",")[[1]]
x <- read.csv(a[1]); for (k in 0:(items - 1)) x[[paste0("t", k)]] <- as.numeric(x[[paste0("q", k)]] >= 4)
s <- proc.time()[3]; d <- svydesign(ids = ~unit, strata = ~stratum, weights = ~w, data = x)
for (k in 0:(items - 1)) for (p in c("q", "t")) { f <- as.formula(paste0("~", p, k)); m <- svymean(f, d, na.rm = TRUE); confint(m, df = degf(d))
  for (g in groups) { b <- svyby(f, as.formula(paste0("~", g)), d, svymean, na.rm = TRUE); confint(b, df = degf(d)) } }
cat(proc.time()[3] - s)
"""


def timed(command: list[str], limit: float) -> tuple[float | None, float | None]:
    """(seconds, peak MB) that a command prints as JSON; None where it fails or takes longer than the limit."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=True)
        told = json.loads(done.stdout.strip().splitlines()[-1])
        return float(told["seconds"]), float(told["mb"])
    except (subprocess.SubprocessError, ValueError, IndexError, KeyError, json.JSONDecodeError) as error:
        sys.stderr.write(f"  {command[1][:60]}: {str(getattr(error, 'stderr', '') or error)[-300:]}\n")
        return None, None


def inside(what: str, path: str, items: int, groups: int) -> None:
    """One contender in this process: prints seconds and peak memory."""
    best, start_all = float("inf"), time.perf_counter()
    for _ in range(9):
        start = time.perf_counter()
        if what == "floor":
            floor(path, items)
        else:
            ours(path, what, items, groups)
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() - start_all > 15:
            break
    sys.stdout.write(
        json.dumps({"seconds": best, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}) + "\n"
    )


def one_size(
    folder: Path, rows: int, units: int, args: argparse.Namespace, items: int = ITEMS, groups: int = 6
) -> dict:
    path = folder / f"{rows}-{units}-{items}.parquet"
    make(path, rows, units, items)
    me = [sys.executable, __file__]
    found: dict = {"rows": rows, "units": units, "items": items, "groupings": groups}
    for name in ("embedded", "floor", "duckdb"):
        if name in args.only:
            command = [*me, "--inside", name, str(path), str(items), str(groups)]
            found[name], found[f"{name}_mb"] = timed(command, args.limit)
    if "svy" in args.only and args.svy_python:
        tail = "\nbest, begun = 1e9, time.perf_counter()\nfor _ in range(9):\n    s = time.perf_counter(); job(); best = min(best, time.perf_counter() - s)\n    if time.perf_counter() - begun > 15: break\nprint(json.dumps({'seconds': best, 'mb': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))"
        found["svy"], found["svy_mb"] = timed(
            [args.svy_python, "-c", SVY + tail, str(path), str(items), ",".join(GROUPS[:groups])], args.limit
        )
    if "r" in args.only and shutil.which("Rscript") and rows <= args.r_rows:
        found["r"] = r_seconds(path, items, groups, args.limit)
    return found


def r_seconds(path: Path, items: int, groups: int, limit: float) -> float | None:
    import polars as pl

    table = path.with_suffix(".csv")
    pl.read_parquet(path).write_csv(table)
    try:
        command = ["Rscript", "-e", R_JOB, str(table), str(items), ",".join(GROUPS[:groups])]
        return float(
            subprocess.run(command, capture_output=True, text=True, timeout=limit, check=True).stdout.split()[-1]
        )
    except (subprocess.SubprocessError, ValueError, IndexError):
        return None


def shown(found: list[dict]) -> str:
    """The runs as a Markdown table, with ratios."""
    lines = [
        "| rows | units | items | groupings | Røyst s | MB | scan s | × scan | on DuckDB s | svy s | × svy | R s | × R |",
        "|" + "---|" * 13,
    ]
    for run in found:
        mine = run.get("embedded")

        def times(other: str, run: dict = run, mine: float | None = mine, up: bool = True) -> str:
            value = run.get(other)
            if not value or not mine:
                return ""
            return f"{value / mine:.0f}" if up else f"{mine / value:.1f}"

        def seconds(name: str, run: dict = run) -> str:
            return f"{run[name]:.3g}" if run.get(name) else ""

        cells = [f"{run['rows']:,}", run["units"], run["items"], run["groupings"], seconds("embedded"), f"{run.get('embedded_mb') or 0:.0f}",
                 seconds("floor"), times("floor", up=False), seconds("duckdb"), seconds("svy"), times("svy"), seconds("r"), times("r")]  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inside", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_336, 100_000, 1_000_000])
    parser.add_argument("--only", nargs="*", default=["embedded", "floor", "duckdb", "svy", "r"])
    parser.add_argument("--svy-python", help="a Python that has svy installed")
    parser.add_argument("--r-rows", type=int, default=10_000, help="R takes part up to this many rows")
    parser.add_argument("--limit", type=float, default=600, help="seconds that one contender may take")
    parser.add_argument("--growth", action="store_true", help="also by units, items and groupings, at 100,000 rows")
    parser.add_argument("--out", type=Path, help="folder for results.csv and results.md")
    args = parser.parse_args()
    if args.inside:
        what, path, items, groups = args.inside
        inside(what, path, int(items), int(groups))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [one_size(folder, rows, {1_336: 45}.get(rows, 356), args) for rows in args.rows]
        if args.growth:
            alone = argparse.Namespace(**{**vars(args), "only": ["embedded"]})
            found += [one_size(folder, 100_000, units, alone) for units in (50, 500, 5000, 20_000)]
            found += [one_size(folder, 100_000, 1000, alone, items) for items in (10, 20, 80)]
            found += [one_size(folder, 100_000, 1000, alone, ITEMS, groups) for groups in (0, 1, 3)]
    text = shown(found)
    sys.stdout.write(text + "\n")
    if args.out:
        import polars as pl

        args.out.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(found).write_csv(args.out / "results.csv")
        (args.out / "results.md").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
