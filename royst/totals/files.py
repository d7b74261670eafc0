"""Totals on disk: what a site sends instead of answers. One Parquet file, its plan's hash inside, sealed to its receiver.

A site's own sums are small cells, so they are confidential: they go encrypted to the receiver that the study's data
agreement names (a libsodium sealed box), or with small cells withheld to one that may not hold them.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from royst.errors import wrong
from royst.totals.request import Coded, Request
from royst.totals.table import Floats, GroupTotals, Totals, Units

VERSION = 1
MAGIC = b"royst-sealed-1\n"
UNITS = -1


@dataclass(frozen=True)
class Withheld:
    """What withholding took out of a grouping: cells × variables that were not sent, and the answers a receiver can say
    were lost at most."""

    grouping: tuple[str, ...]
    cells: Floats
    at_most: Floats


# ---- writing


def write(totals: Totals, path: Path | str, receiver: str | None = None, fewest: int | None = None) -> Path:
    """Write totals for a receiver; returns the path. Written beside and renamed, so that no half file stands.

    ``receiver`` is a public key (base64, from ``new_keys``) to seal to. ``fewest`` withholds cells (unit × domain ×
    variable) with fewer answers than that — and for shares, with fewer yes or fewer no — together with enough others of
    the same unit that subtraction does not bring them back.
    """
    target = Path(path)
    sent = totals if fewest is None else withhold(totals, fewest)
    header = {"version": VERSION, "plan": totals.request.plan_hash(), "fewest": fewest, "element": totals.units.element}
    buffer = io.BytesIO()
    _table(sent).write_parquet(buffer, metadata={"royst": json.dumps(header, sort_keys=True)})
    content = buffer.getvalue() if receiver is None else MAGIC + _seal(buffer.getvalue(), receiver)
    beside = target.with_name(target.name + ".part")
    beside.write_bytes(content)
    beside.replace(target)
    return target


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
    for number, group in enumerate(totals.groups):
        sums = {
            f"{name}_{v}": group.sums[name][:, v]
            for name in totals.request.sums
            for v in range(len(totals.request.variables))
        }
        parts.append(
            pl.DataFrame(
                {
                    "grouping": pl.Series([number] * len(group.unit), dtype=pl.Int64),
                    "domain": pl.Series([list(group.domains[d]) for d in group.domain], dtype=pl.List(pl.String)),
                    **{name: [labels[name][u] for u in group.unit] for name in names},
                    "size": group.size,
                    **sums,
                }
            )
        )
    return pl.concat(parts, how="diagonal")


def withhold(totals: Totals, fewest: int) -> Totals:
    """Totals with NaN in cells that are too small, and in those that would give them away by subtraction."""
    groups = []
    for group in totals.groups:
        few = (group.size < fewest)[:, None]
        _cover(group, few, group.size[:, None])
        small = _small(totals.request, group, fewest) | few
        _cover(group, small, group.sums["n"])
        sums = {name: np.where(small, np.nan, values) for name, values in group.sums.items()}
        groups.append(replace(group, sums=sums, size=np.where(few[:, 0], np.nan, group.size)))
    return replace(totals, groups=tuple(groups))


def _small(request: Request, group: GroupTotals, fewest: int) -> np.ndarray:
    n, yes = group.sums["n"], group.sums["ny"]
    small = (n > 0) & (n < fewest)
    for v, variable in enumerate(request.variables):
        column = variable.y
        if variable.x is None and isinstance(column, Coded) and {score for _, score in column.scores} <= {0.0, 1.0}:
            no = n[:, v] - yes[:, v]
            small[:, v] |= ((yes[:, v] > 0) & (yes[:, v] < fewest)) | ((no > 0) & (no < fewest))
    return small


def _cover(group: GroupTotals, small: np.ndarray, answers: Floats) -> None:
    """In a unit where one domain alone is withheld, withhold its next smallest too: the whole less the rest is nothing."""
    if not group.by:
        return
    for unit in np.unique(group.unit):
        cells = np.flatnonzero(group.unit == unit)
        for v in np.flatnonzero(small[cells].sum(axis=0) == 1):
            left = cells[~small[cells, v]]
            if len(left):
                small[left[np.argmin(answers[left, v])], v] = True


# ---- reading


class Pooled:
    """Totals of several sites as one source: it answers the plan's request and any part of it."""

    name = "totals"

    def __init__(self, paths: Sequence[Path | str], request: Request, key: str | None = None):
        if not paths:
            raise wrong("no-totals-files", "No totals are given.", "Name at least one file.")
        self._request = request
        tables = []
        for path in paths:
            table, header = _read(Path(path), key)
            _check(header, request, Path(path))
            tables.append(table)
        merged = pl.concat(tables, how="diagonal")
        self.units, places = _pool_units(merged, request)
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


def _read(path: Path, key: str | None) -> tuple[pl.DataFrame, dict[str, Any]]:
    if not path.exists():
        raise wrong("file-missing", "There is no such file.", "Check the path.", file=path)
    content = path.read_bytes()
    if content.startswith(MAGIC):
        if key is None:
            raise wrong("totals-sealed", "The totals are sealed.", "Give the receiver's secret key.", file=path)
        content = _open(content[len(MAGIC) :], key, path)
    try:
        header = json.loads(pl.read_parquet_metadata(io.BytesIO(content))["royst"])
        return pl.read_parquet(io.BytesIO(content)), header
    except (KeyError, pl.exceptions.PolarsError) as error:
        raise wrong("not-totals", "This is not a file of totals.", "Make it with royst totals.", file=path) from error


def _check(header: dict[str, Any], request: Request, path: Path) -> None:
    if header["version"] != VERSION:
        raise wrong("totals-version", f"The totals are of version {header['version']}.",
                    f"Make them again with version {VERSION}.", file=path)  # fmt: skip
    if header["plan"] != request.plan_hash():
        raise wrong(
            "totals-plan",
            "The totals are of another plan: other items, scales, groups or design.",
            "Send every site the same study folder and make the totals again.",
            file=path,
        )


def _key_names(request: Request) -> list[str]:
    stages = 1 if request.element else max(request.design.stages, 1)
    return [f"{kind}{s}" for s in range(stages) for kind in ("stratum", "cluster")]


def _pool_units(merged: pl.DataFrame, request: Request) -> tuple[Units, pl.DataFrame]:
    names = _key_names(request)
    rows = merged.filter(pl.col("grouping") == UNITS)
    fpc = sorted(name for name in rows.columns if name.startswith("fpc"))
    pooled = (
        rows.group_by(names, maintain_order=True)
        .agg(pl.col("size", "w", "ww").sum(), pl.col("smallest").min(), *(pl.col(name).max() for name in fpc))
        .sort(names)
    )
    labels = [np.array(pooled[name].to_list(), dtype=object) for name in names]
    values = np.column_stack([pooled[name].to_numpy() for name in fpc]).astype(np.float64)
    smallest = float(pooled["smallest"].min())  # type: ignore[arg-type]
    n, w, ww = (pooled[name].to_numpy() for name in ("size", "w", "ww"))
    units = Units(tuple(labels[0::2]), tuple(labels[1::2]), values, n, w, ww, smallest, request.element)
    return units, pooled.select(*names, pl.col("size").alias("__n")).with_row_index("__unit")


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


# ---- sealing


def _nacl() -> Any:
    try:
        import nacl.exceptions
        import nacl.public
    except ImportError as error:
        raise wrong(
            "nacl-missing", "Sealing needs PyNaCl, which is not installed.", "pip install royst[web]"
        ) from error
    return nacl


def new_keys() -> tuple[str, str]:
    """A receiver's (public, secret) keys in base64; the secret one stays with the receiver."""
    secret = _nacl().public.PrivateKey.generate()
    return base64.b64encode(bytes(secret.public_key)).decode(), base64.b64encode(bytes(secret)).decode()


def _key(kind: Any, text: str) -> Any:
    try:
        return kind(base64.b64decode(text, validate=True))
    except Exception as error:
        raise wrong("key-form", "The key is not one of Røyst's.", "Give the base64 text that new_keys made.") from error


def _seal(content: bytes, receiver: str) -> bytes:
    public = _nacl().public
    return bytes(public.SealedBox(_key(public.PublicKey, receiver)).encrypt(content))


def _open(content: bytes, key: str, path: Path) -> bytes:
    nacl = _nacl()
    try:
        return bytes(nacl.public.SealedBox(_key(nacl.public.PrivateKey, key)).decrypt(content))
    except nacl.exceptions.CryptoError as error:
        raise wrong(
            "totals-key", "The totals are sealed to another key.", "Ask the site to seal them to yours.", file=path
        ) from error
