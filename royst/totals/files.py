"""Totals on disk: what a site sends instead of answers. One Parquet file, its plan's hash inside, sealed to its receiver.

A site's own sums are small cells, so they are confidential: they go encrypted to the receiver that the study's data
agreement names (``totals.seal``), or with small cells withheld to one that may not hold them (``totals.withhold``).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from royst.errors import Faults, InputError, wrong
from royst.totals import seal
from royst.totals.request import Request
from royst.totals.table import Floats, GroupTotals, Totals, Units
from royst.totals.units import check_units
from royst.totals.withhold import withhold

VERSION = 1
UNITS = -1


@dataclass(frozen=True)
class Withheld:
    """What withholding took out of a grouping, by domain × variable: cells that were not sent, and the answers a receiver
    can say were lost at most."""

    grouping: tuple[str, ...]
    cells: Floats
    at_most: Floats


@dataclass(frozen=True)
class Sent:
    """One file as it was read: its table, the hash of its plan, and what its sender said of it. ``fewest``: the least count
    that was sent; None where nothing was withheld."""

    path: Path
    table: pl.DataFrame
    plan: str
    fewest: int | None
    about: Mapping[str, Any]
    checksum: str


# ---- writing


def write(
    totals: Totals,
    path: Path | str,
    receiver: str | None = None,
    fewest: int | None = None,
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Write totals for a receiver; returns the path. Written beside and renamed, so that no half file stands.

    ``receiver`` is a public key (from ``seal.new_keys``) to seal to. ``fewest`` withholds what tells smaller counts, see
    ``withhold``. ``about`` is kept with the sums, as JSON.
    """
    target = Path(path)
    table = _table(totals if fewest is None else withhold(totals, fewest))
    header = {"version": VERSION, "plan": totals.request.plan_hash(), "fewest": fewest, "about": dict(about or {}), "sum": _checksum(table)}
    buffer = io.BytesIO()
    table.write_parquet(buffer, metadata={"royst": json.dumps(header, sort_keys=True, ensure_ascii=False)})
    content = buffer.getvalue() if receiver is None else seal.seal(buffer.getvalue(), receiver)
    beside = target.with_name(f".{target.name}.new")
    beside.write_bytes(content)
    beside.replace(target)
    return target


def _checksum(table: pl.DataFrame) -> str:
    """SHA-256 of what the table holds, since Parquet does not notice every changed byte."""
    flat = table.with_columns(pl.col(pl.List(pl.String)).list.join("\x1f"))
    return hashlib.sha256(flat.write_csv().encode("utf-8")).hexdigest()


def _table(totals: Totals) -> pl.DataFrame:
    """Units (grouping −1) and cells as one wide table."""
    units, stages = totals.units, totals.units.stages
    names = [f"{kind}{s}" for s in range(stages) for kind in ("stratum", "cluster")]
    labels = {
        f"{kind}{s}": [str(value) for value in column]
        for s in range(stages)
        for kind, column in (("stratum", units.strata[s]), ("cluster", units.clusters[s]))
    }
    head = pl.DataFrame(
        {
            "grouping": pl.Series([UNITS] * len(units), dtype=pl.Int64),
            "domain": pl.Series([[]] * len(units), dtype=pl.List(pl.String)),
            **{name: labels[name] for name in names},
            "size": units.n,
            "w": units.w,
            "ww": units.ww,
            "smallest": [units.smallest] * len(units),
            **{f"fpc{s}": units.fpc[:, s] for s in range(stages)},
        }
    )
    parts = [head]
    columns = [f"{name}_{v}" for name in totals.request.sums for v in range(len(totals.request.variables))]
    for number, group in enumerate(totals.groups):
        cells = pl.DataFrame(
            {
                "grouping": pl.Series([number] * len(group.unit), dtype=pl.Int64),
                "domain": pl.Series([list(group.domains[d]) for d in group.domain], dtype=pl.List(pl.String)),
                **{name: [labels[name][u] for u in group.unit] for name in names},
                "size": group.size,
            }
        )
        sums = np.concatenate([group.sums[name] for name in totals.request.sums], axis=1)
        parts.append(cells.hstack(pl.from_numpy(sums, schema=columns)))
    return pl.concat(parts, how="diagonal")


# ---- reading


def read(path: Path, key: str | None = None) -> Sent:
    """One file of totals, opened with the receiver's secret key where it is sealed. ``InputError`` where it cannot be read,
    is damaged, is no file of totals, or is of another version."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise wrong("file-missing", "There is no such file.", "Check the path.", file=path) from None
    except OSError:
        raise wrong("file-not-readable", "The file cannot be read.", "Give yourself read permission to it.", file=path) from None
    if content.startswith(seal.MAGIC):
        if key is None:
            raise wrong("totals-sealed", "The totals are sealed.", "Give the receiver's secret key.", file=path)
        content = seal.opened(content, key, path)
    try:
        header = json.loads(pl.read_parquet_metadata(io.BytesIO(content))["royst"])
        version = header["version"]
        table = pl.read_parquet(io.BytesIO(content))
        sent = Sent(path, table, header.get("plan", ""), header.get("fewest"), header.get("about", {}), header.get("sum", ""))
    except (KeyError, TypeError, ValueError, pl.exceptions.PolarsError, OSError) as error:
        raise wrong("not-totals", "This is not a file of totals, or it is damaged.", "Ask for it again, made with royst totals.", file=path) from error
    if version != VERSION:
        raise wrong("totals-version", f"The totals are of version {version}; this Røyst reads version {VERSION}.",
                    "Make and read them with the same Røyst.", file=path)  # fmt: skip
    if sent.checksum != _checksum(table):
        raise wrong("totals-damaged", "The sums are not those that were written.", "Ask the site to send them again.", file=path)
    return sent


def read_all(paths: Sequence[Path | str], key: str | None = None) -> tuple[list[Sent], Faults]:
    """Every file that can be read, and the faults of the others."""
    found, faults = [], Faults()
    for path in paths:
        try:
            found.append(read(Path(path), key))
        except InputError as stop:
            faults.extend(stop.faults)
    return found, faults


class Pooled:
    """Totals of several sites as one source: it answers the plan's request and any part of it."""

    name = "totals"

    def __init__(self, sent: Sequence[Sent], request: Request):
        if not sent:
            raise wrong("no-totals-files", "No totals are given.", "Name at least one file.")
        self._request = request
        faults = Faults()
        for one in sent:
            if one.plan != request.plan_hash():
                faults.add(
                    "totals-plan", "The totals are of another plan: other items, scales, groups or design.",
                    "Send every site the same study folder and make the totals again.", file=one.path,
                )  # fmt: skip
        faults.stop()
        merged = pl.concat([_counted(one) for one in sent], how="diagonal")
        self.units, places = _pool_units(merged, request)
        check_units(self.units, request.design)
        found = [_pool_group(merged, request, number, places) for number in range(len(request.groupings))]
        self._groups = [group for group, _ in found]
        self.withheld = [lost for _, lost in found if lost.cells.sum() > 0]

    def totals(self, request: Request) -> Totals:
        """The pooled sums of a part of the plan; ``InputError`` where the request needs more than was sent."""
        if request.rows or request.design.calibration is not None:
            raise wrong(
                "needs-answers",
                "This needs sums that are not among the totals.",
                "Covariances without clusters, calibration and regression take another round at the sites.",
            )
        try:
            variables = [self._request.variables.index(one) for one in request.variables]
            numbers = [self._request.groupings.index(by) for by in request.groupings]
        except ValueError as error:
            raise wrong(
                "not-in-plan", "Something is asked for that the plan does not hold.", "Ask for the plan's own measures."
            ) from error
        groups = tuple(
            replace(self._groups[g], sums={name: s[:, variables] for name, s in self._groups[g].sums.items()})
            for g in numbers
        )
        return Totals(request, self.units, groups)


def _counted(sent: Sent) -> pl.DataFrame:
    """A file's table with ``most``: a unit's answers, or the most they can be where their number was withheld."""
    is_unit = pl.col("grouping") == UNITS
    most = pl.when(is_unit).then(pl.col("size").fill_nan((sent.fewest or 1) - 1.0)).alias("most")
    numbers = [pl.when(is_unit).then(pl.col(name).fill_nan(0.0)).otherwise(pl.col(name)).alias(name) for name in ("size", "w", "ww")]
    return sent.table.with_columns(most, *numbers, pl.col("smallest").fill_nan(None))


def _key_names(request: Request) -> list[str]:
    stages = 1 if request.element else max(request.design.stages, 1)
    return [f"{kind}{s}" for s in range(stages) for kind in ("stratum", "cluster")]


def _pool_units(merged: pl.DataFrame, request: Request) -> tuple[Units, pl.DataFrame]:
    names = _key_names(request)
    rows = merged.filter(pl.col("grouping") == UNITS)
    fpc = sorted(name for name in rows.columns if name.startswith("fpc"))
    pooled = (
        rows.group_by(names, maintain_order=True)
        .agg(pl.col("size", "w", "ww", "most").sum(), pl.col("smallest").min(), *(pl.col(name).max() for name in fpc))
        .sort(names)
    )
    labels = [np.array(pooled[name].to_list(), dtype=object) for name in names]
    values = np.column_stack([pooled[name].to_numpy() for name in fpc]).astype(np.float64)
    known = pooled["smallest"].drop_nulls()
    smallest = float(known.min()) if len(known) else 0.0  # type: ignore[arg-type]
    n, w, ww = (pooled[name].to_numpy() for name in ("size", "w", "ww"))
    units = Units(tuple(labels[0::2]), tuple(labels[1::2]), values, n, w, ww, smallest, request.element)
    return units, pooled.select(*names, pl.col("most").alias("__n")).with_row_index("__unit")


def _pool_group(
    merged: pl.DataFrame, request: Request, number: int, places: pl.DataFrame
) -> tuple[GroupTotals, Withheld]:
    """One grouping's cells added over sites, and what was withheld by domain × variable."""
    names, by, count = _key_names(request), request.groupings[number], len(request.variables)
    rows = merged.filter(pl.col("grouping") == number).join(
        places.select(*names, "__unit", "__n"), on=names, how="left"
    )
    known = pl.col("size").fill_nan(0.0)
    rest = (pl.col("__n") - known.sum().over("__unit")).clip(lower_bound=0.0)
    rows = rows.with_columns(pl.when(pl.col("size").is_nan()).then(rest).otherwise(known).alias("__most"))
    columns = [f"{name}_{v}" for name in request.sums for v in range(count)]
    lost = [pl.col(f"n_{v}").is_nan().sum().cast(pl.Float64).alias(f"lost_{v}") for v in range(count)]
    most = [pl.col("__most").filter(pl.col(f"n_{v}").is_nan()).sum().alias(f"most_{v}") for v in range(count)]
    sums_of = [pl.col(name).fill_nan(0.0).sum() for name in ("size", *columns)]
    cells = rows.group_by("domain", "__unit", maintain_order=True).agg(*sums_of, *lost, *most)
    domains = sorted({tuple(one) for one in cells["domain"].to_list()}, key=lambda one: [_order(part) for part in one])
    place = {one: k for k, one in enumerate(domains)}
    domain = np.array([place[tuple(one)] for one in cells["domain"].to_list()], np.int64)
    unit = cells["__unit"].cast(pl.Int64).to_numpy()
    order = np.lexsort([unit, domain])
    cells, domain, unit = cells[order], domain[order], unit[order]
    sums = {name: cells.select(f"{name}_{v}" for v in range(count)).to_numpy() for name in request.sums}
    missing, most_lost = np.zeros((len(domains), count)), np.zeros((len(domains), count))
    np.add.at(missing, domain, cells.select(f"lost_{v}" for v in range(count)).to_numpy())
    np.add.at(most_lost, domain, cells.select(f"most_{v}" for v in range(count)).to_numpy())
    group = GroupTotals(by, tuple(domains), domain, unit, cells["size"].to_numpy(), sums)
    return group, Withheld(by, missing, most_lost)


def _order(text: str) -> tuple[int, float, str]:
    """Numbers by size before texts by code point."""
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text
