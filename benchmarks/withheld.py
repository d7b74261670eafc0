"""What it costs to withhold small cells from a receiver: the reference study's 2019 wave, a site for each municipality, against the pooled wave."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import polars as pl

from royst import reference
from royst.estimation import federated
from royst.evaluation import estimate, totals
from royst.evaluation.facts import INTERVAL
from royst.study import folder
from royst.totals import files

WAVE = "2019"
KEY = ["measure", "item", "category", "domain"]


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        reference.write(home / "bte", lambda _: None)
        study = folder.read(home / "bte")
        wave = estimate.prepare(study, WAVE)
        pooled = estimate.table(estimate.estimates(study, wave), WAVE, "all")
        print(
            "| `fewest` | what | estimates | none left | answers lost, median | error, median × | off by, median, in pooled errors |\n|---|---|---|---|---|---|---|"
        )
        for fewest in (3, 5):
            both = received(study, wave, fewest, home).join(pooled, on=KEY, suffix="_pooled")
            for measure in ("band", "share", "mean", "index"):
                for name, part in (("everybody", pl.col("domain") == "all"), ("groups", pl.col("domain") != "all")):
                    print(line(fewest, f"{measure}, {name}", both.filter((pl.col("measure") == measure) & part)))


def received(study: folder.Study, wave: estimate.Wave, fewest: int, home: Path) -> pl.DataFrame:
    """The estimates of a receiver that is sent no count from 1 to ``fewest`` − 1."""
    agreed = totals.plan(study, WAVE)
    sites = wave.people.partition_by(estimate.UNIT)
    paths = [
        federated.send(site, agreed, home / f"{number}.parquet", fewest=fewest) for number, site in enumerate(sites)
    ]
    sent, faults = files.read_all(paths)
    faults.stop()
    return estimate.table(federated.pool(sent, agreed, interval=INTERVAL), WAVE, "all")


def line(fewest: int, what: str, both: pl.DataFrame) -> str:
    left = both.filter(pl.col("n") > 0)
    lost = both.select((1 - pl.col("n") / pl.col("n_pooled")).median()).item()
    larger, off = left.select(
        (pl.col("se") / pl.col("se_pooled")).median(),
        ((pl.col("estimate") - pl.col("estimate_pooled")).abs() / pl.col("se_pooled")).median(),
    ).row(0)
    told = " | ".join("–" if one is None else f"{one:.1f}" for one in (larger, off))
    return f"| {fewest} | {what} | {both.height:,} | {both.height - left.height:,} | {lost:.0%} | {told} |"


if __name__ == "__main__":
    sys.exit(main())
