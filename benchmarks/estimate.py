"""How long estimation takes, ours beside its peers, and how that grows: ``python benchmarks/estimate.py --help``.

The job: 40 items × (everybody and 6 groupings) × (mean and top-two share), each with standard error and interval, from opening
the Parquet file to the table. Beside Røyst: Polars' mere reading of the file, DuckDB's scan-and-sum of it (no groups, no
errors), Røyst on DuckDB, svy (from a Python that has it; asked for an estimate a call, and for all items in a list a call) and
R's survey (where Rscript is; from a CSV that it has read).

Every contender is a process of its own that has done the job once before anything is counted. They take turns: Røyst, a peer,
Røyst, the next peer, so that a ratio is of two neighbours in time. Quoted are medians of the rounds, of wall-clock and of
processor time, and each process's peak memory. The answers are synthetic, from SHA-256's numbers.
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
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

ITEMS, GROUPS = 40, ("g1", "g2", "g3", "g4", "g5", "g6")
LEVELS = (2, 3, 4, 5, 4, 2)
INSET = 26  # pixels between a panel's sides and its first and last points
AT_LEAST = 1.0  # seconds: shorter jobs are repeated, and their mean is one reading; what a job finds cold it pays once, as the long ones do


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


# ---- the contenders' jobs


def royst_job(engine: str, path: str, items: int, groups: int) -> None:
    import royst

    design = royst.Design(strata="stratum", psu="unit", weight="w")
    asked = []
    for k in range(items):
        asked += [royst.mean(f"q{k}"), royst.band(f"q{k}", {"top": [4, 5]})]
    royst.estimate(path, design, asked, by=[[], *([name] for name in GROUPS[:groups])], engine=engine)


def read_job(path: str, items: int, groups: int) -> None:
    import polars as pl

    pl.read_parquet(path, columns=["stratum", "unit", "w", *GROUPS[:groups], *(f"q{k}" for k in range(items))])


def floor_job(path: str, items: int, groups: int) -> None:
    import duckdb

    sums = ", ".join(f"SUM(w * q{k}), SUM(CASE WHEN q{k} >= 4 THEN w END), COUNT(q{k})" for k in range(items))
    duckdb.sql(f"SELECT {sums} FROM read_parquet('{path}')").fetchall()


def svy_job(in_lists: bool, path: str, items: int, groups: int) -> None:
    import polars as pl
    import svy

    frame = pl.read_parquet(path)
    tops = [(pl.col(f"q{k}") >= 4).cast(pl.Float64).alias(f"t{k}") for k in range(items)]
    frame = frame.with_columns(tops).with_columns(pl.col(f"q{k}").cast(pl.Float64) for k in range(items))
    sample = svy.Sample(data=frame, design=svy.Design(stratum="stratum", psu="unit", wgt="w"))
    names = [f"{p}{k}" for k in range(items) for p in "qt"]
    for by in (None, *GROUPS[:groups]):
        for one in [names] if in_lists else names:
            sample.estimation.mean(one, by=by, drop_nulls=True)


JOBS: dict[str, Callable[..., None]] = {
    "embedded": lambda *job: royst_job("embedded", *job),
    "duckdb": lambda *job: royst_job("duckdb", *job),
    "read": read_job,
    "floor": floor_job,
    "svy": lambda *job: svy_job(False, *job),
    "svy-lists": lambda *job: svy_job(True, *job),
}

R_JOB = """
suppressMessages(library(survey)); a <- commandArgs(TRUE); items <- as.integer(a[2]); groups <- strsplit(a[3], ",")[[1]]
x <- read.csv(a[1]); for (k in 0:(items - 1)) x[[paste0("t", k)]] <- as.numeric(x[[paste0("q", k)]] >= 4)
job <- function() {
  d <- svydesign(ids = ~unit, strata = ~stratum, weights = ~w, data = x)
  for (k in 0:(items - 1)) for (p in c("q", "t")) {
    f <- as.formula(paste0("~", p, k)); m <- svymean(f, d, na.rm = TRUE); confint(m, df = degf(d))
    for (g in groups) {
      b <- svyby(f, as.formula(paste0("~", g)), d, svymean, na.rm = TRUE); confint(b, df = degf(d)) } } }
con <- file("stdin", "r")
while (length(readLines(con, 1))) {
  s <- proc.time(); job(); e <- proc.time() - s
  cat(sprintf('{"wall": %f, "cpu": %f, "mb": 0}\\n', e[3], e[1] + e[2])); flush(stdout()) }
"""


def serve(name: str, path: str, items: int, groups: int) -> None:
    """Do the job for each line read, and tell seconds and peak memory; short jobs are repeated and averaged."""
    for _ in sys.stdin:
        times, wall, cpu = 0, time.perf_counter(), time.process_time()
        while not times or time.perf_counter() - wall < AT_LEAST:
            JOBS[name](path, items, groups)
            times += 1
        told = {"wall": (time.perf_counter() - wall) / times, "cpu": (time.process_time() - cpu) / times}
        told["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


class Contender:
    """A process that does the job when asked; ``readings`` are its answers, ``beside`` ours just before each of them."""

    def __init__(self, name: str, command: list[str]):
        self.name = name
        self.readings: list[dict[str, float]] = []
        self.beside: list[dict[str, float]] = []
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self) -> dict[str, float] | None:
        """One reading; None where the process has died."""
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write("go\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def spent(self) -> float:
        return sum(reading["wall"] for reading in self.readings)


def race(contenders: list[Contender], rounds: int, seconds: float) -> None:
    """Let ours (the first) and the others take turns, ``rounds`` times and once before that is not counted; one that has
    used its ``seconds`` is asked no more, and has its first reading counted where it is the only one."""
    ours, others = contenders[0], contenders[1:]
    for _ in range(rounds + 1):
        for one in [one for one in others if one.spent < seconds] or [ours]:
            before = ours.ask()
            assert before is not None, "our own process died"
            ours.readings.append(before)
            if one is ours:
                continue
            reading = one.ask()
            if reading is None:
                sys.stderr.write(f"{one.name} did not do the job\n")
                others.remove(one)
            else:
                one.readings.append(reading)
                one.beside.append(before)
    for one in contenders:
        if len(one.readings) > 1:
            del one.readings[0], one.beside[:1]


def one_size(folder: Path, rows: int, units: int, args: argparse.Namespace, items: int = ITEMS, groups: int = 6,
             only: tuple[str, ...] = ()) -> dict[str, Any]:  # fmt: skip
    """One row of the table: medians of seconds and of ratios to ours, peak MB, and how often each was read."""
    path = folder / f"{rows}-{units}-{items}.parquet"
    make(path, rows, units, items)
    job = [str(path), str(items), str(groups)]
    with ExitStack() as stack:
        contenders = []
        for name in only or args.only:
            command = [args.svy_python if name.startswith("svy") else sys.executable, __file__, "--serve", name, *job]
            if name == "r":
                if rows > args.r_rows or not shutil.which("Rscript"):
                    continue
                table = path.with_suffix(".csv")
                subprocess.run([sys.executable, "-c", f"import polars as p; p.read_parquet({str(path)!r}).write_csv({str(table)!r})"], check=True)  # fmt: skip
                command = ["Rscript", "-e", R_JOB, str(table), str(items), ",".join(GROUPS[:groups])]
            contenders.append(Contender(name, command))
            stack.callback(contenders[-1].close)
        race(contenders, args.rounds, args.seconds)
    found: dict[str, Any] = {"rows": rows, "units": units, "items": items, "groupings": groups}
    for one in contenders:
        if one.readings:
            found[one.name] = median(reading["wall"] for reading in one.readings)
            found[f"{one.name}_cpu"] = median(reading["cpu"] for reading in one.readings)
            found[f"{one.name}_mb"] = max(reading["mb"] for reading in one.readings)
            found[f"{one.name}_readings"] = len(one.readings)
        for kind in ("wall", "cpu") if one.beside else ():
            ratios = [reading[kind] / ours[kind] for reading, ours in zip(one.readings, one.beside)]
            found[f"{one.name}_ratio_{kind}"] = median(ratios)
    sys.stderr.write(json.dumps(found) + "\n")
    return found


# ---- what is shown


def shown(found: list[dict[str, Any]]) -> str:
    """The runs as a Markdown table: seconds are wall-clock medians, × is a peer's time over ours (of wall / of processor)."""
    heads = ["rows", "units", "items", "groupings", "Røyst s", "processor s", "peak MB", "reading s", "scan-and-sum s",
             "Røyst / scan-and-sum", "Røyst on DuckDB s", "svy s", "× svy", "svy in lists s", "× svy in lists", "R s", "× R"]  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for run in found:

        def seconds(name: str, run: dict[str, Any] = run) -> str:
            return f"{run[name]:.3g}" if name in run else ""

        def times(name: str, run: dict[str, Any] = run, up: bool = True) -> str:
            both = [run.get(f"{name}_ratio_{kind}") for kind in ("wall", "cpu")]
            return " / ".join(f"{one:.0f}" if up else f"{1 / one:.1f}" for one in both if one)

        cells = [f"{run['rows']:,}", run["units"], run["items"], run["groupings"], seconds("embedded"), seconds("embedded_cpu"),
                 f"{run.get('embedded_mb', 0):.0f}", seconds("read"), seconds("floor"), times("floor", up=False), seconds("duckdb"),
                 seconds("svy"), times("svy"), seconds("svy-lists"), times("svy-lists"), seconds("r"), times("r")]  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _short(size: float) -> str:
    return f"{size / 1e6:g} M" if size >= 1e6 else f"{size:,}"


def growth_figure(series: dict[str, list[tuple[float, float]]]) -> str:
    """An SVG with a panel for each series: seconds of processor by size, both logarithmic, each point with its value."""
    import math

    wide, high, left, top = 320, 240, 46, 34
    every = [seconds for points in series.values() for _, seconds in points]
    low, up = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide * 2} {high * 2}" font-family="sans-serif" font-size="11">',
             f'<rect width="{wide * 2}" height="{high * 2}" fill="#fff"/>']  # fmt: skip
    for number, (name, points) in enumerate(series.items()):
        x0, y0 = number % 2 * wide + left, number // 2 * high + top
        across, down = wide - left - 12, high - top - 40
        sizes = [math.log10(max(size, 0.5)) for size, _ in points]
        spread = (max(sizes) - min(sizes)) or 1.0

        def place(size: float, seconds: float, x0: int = x0, y0: int = y0, across: int = across, down: int = down,
                  first: float = min(sizes), spread: float = spread) -> tuple[float, float]:  # fmt: skip
            x = x0 + INSET + (math.log10(max(size, 0.5)) - first) / spread * (across - 2 * INSET)
            return x, y0 + down - (math.log10(seconds) - low) / (up - low) * down

        parts.append(f'<text x="{x0}" y="{y0 - 14}" font-weight="bold">Seconds of processor by {name}</text>')
        for power in range(low, up + 1):
            y = place(points[0][0], 10.0**power)[1]
            parts.append(f'<path d="M{x0} {y:.1f}h{across}" stroke="#ccc"/><text x="{x0 - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')  # fmt: skip
        line = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="#1a5a96" stroke-width="2"/>')
        for size, seconds in points:
            x, y = place(size, seconds)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#1a5a96"/><text x="{x:.1f}" y="{y - 7:.1f}" text-anchor="middle">{seconds:.2g}</text>'
                         f'<text x="{x:.1f}" y="{y0 + down + 16}" text-anchor="middle">{_short(size)}</text>')  # fmt: skip
    return "\n".join([*parts, "</svg>"]) + "\n"


def grown(folder: Path, found: list[dict[str, Any]], args: argparse.Namespace) -> dict[str, list[tuple[float, float]]]:
    """Røyst alone by rows (with those in ``found``), units, items and groupings."""

    def run(rows: int = 100_000, units: int = 356, items: int = ITEMS, groups: int = 6) -> float:
        return one_size(folder, rows, units, args, items, groups, ("embedded",))["embedded_cpu"]

    return {
        "rows": [*((one["rows"], one["embedded_cpu"]) for one in found)],
        "units (100,000 rows)": [(units, run(units=units)) for units in (50, 500, 5_000, 20_000)],
        "items (100,000 rows)": [(items, run(items=items)) for items in (5, 10, 20, 40, 80)],
        "groupings (100,000 rows)": [(groups, run(groups=groups)) for groups in (1, 2, 3, 6)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_336, 10_000, 100_000, 1_000_000, 5_000_000])
    parser.add_argument("--only", nargs="*", default=["embedded", "read", "floor", "duckdb", "svy", "svy-lists", "r"])
    parser.add_argument("--svy-python", default=sys.executable, help="a Python that has svy installed")
    parser.add_argument("--svy-rows", type=int, default=1_000_000, help="svy takes part up to this many rows")
    parser.add_argument("--r-rows", type=int, default=10_000, help="R takes part up to this many rows")
    parser.add_argument("--rounds", type=int, default=7, help="readings of each contender")
    parser.add_argument("--seconds", type=float, default=60, help="a contender that has used as many is asked no more")
    parser.add_argument("--growth", action="store_true", help="also by units, items and groupings, and a figure of it")
    parser.add_argument(
        "--out", type=Path, help="folder for estimate.csv, estimate.md and, with --growth, estimate.svg"
    )
    args = parser.parse_args()
    if args.serve:
        name, path, items, groups = args.serve
        serve(name, path, int(items), int(groups))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = []
        for rows in args.rows:
            only = tuple(one for one in args.only if not one.startswith("svy") or rows <= args.svy_rows)
            found.append(one_size(folder, rows, {1_336: 45}.get(rows, 356), args, only=only))
        series = grown(folder, found, args) if args.growth else {}
    text = shown(found)
    sys.stdout.write(text + "\n")
    if args.out:
        import polars as pl

        args.out.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(found, infer_schema_length=None).write_csv(args.out / "estimate.csv")
        (args.out / "estimate.md").write_text(text + "\n", encoding="utf-8", newline="\n")
        if series:
            (args.out / "estimate.svg").write_text(growth_figure(series), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
