"""The ledger of releases: what is out, and cannot be taken back.

``releases/history.jsonl`` has one line a release with every number it published, never one it withheld, and one for each time quotes came off. Each line carries
the hash of the line before it, so that an edited or a missing line shows; with the study's key the hashes are keyed
(HMAC-SHA-256), so that nobody without the key can make a chain that fits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from royst.errors import Fault, InputError, wrong
from royst.protect.candidate import CELL

PUBLISHED = "published"
CHANGE = (
    "kind", "item", "measure", "category", "population", "wave_1", "domain_1", "wave_2", "domain_2",
)  # fmt: skip
"""What names a change."""
_EDITED = "restore releases/history.jsonl from a backup; nothing is published before the chain is whole"


@dataclass(frozen=True)
class Entry:
    """One release as the ledger holds it. ``tables``: name to a frame of its published rows."""

    name: str
    date: str
    rules: str
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def waves(self) -> frozenset[str]:
        frame = self.tables.get("estimates")
        return frozenset(frame["wave"].unique()) if frame is not None and frame.height else frozenset()


@dataclass(frozen=True)
class Ledger:
    """Every release so far, oldest first; and each time quotes came off one because a consent was withdrawn: ``release``, ``on``, ``quotes`` (ids)."""

    entries: tuple[Entry, ...] = ()
    withdrawals: tuple[Mapping[str, object], ...] = ()

    def before(self, name: str) -> Ledger:
        """The ledger as it stood when the release of that name was made, or as it stands if it was not made yet."""
        names = [entry.name for entry in self.entries]
        return Ledger(self.entries[: names.index(name)], self.withdrawals) if name in names else self

    @property
    def waves(self) -> frozenset[str]:
        """Waves of which something is out."""
        return frozenset().union(*(entry.waves for entry in self.entries))

    def published(self, table: str = "estimates") -> pl.DataFrame | None:
        """Every published row of a table; where releases repeat a row, the first one's numbers stand."""
        frames = [entry.tables[table] for entry in self.entries if table in entry.tables and entry.tables[table].height]
        if not frames:
            return None
        key = [column for column in (CELL if table == "estimates" else CHANGE) if column in frames[0].columns]
        return pl.concat(frames, how="diagonal_relaxed").unique(key, keep="first", maintain_order=True)

    def restore(self, frame: pl.DataFrame, table: str = "estimates") -> pl.DataFrame:
        """The same rows, with the numbers that are out already wherever a row is out: a published figure is never
        computed again. Shape and order stay."""
        out = self.published(table)
        if out is None:
            return frame
        key = [
            column
            for column in (CELL if table == "estimates" else CHANGE)
            if column in frame.columns and column in out.columns
        ]
        numbers = [column for column in frame.columns if column in out.columns and column not in key]
        before = out.select(
            *key, *(pl.col(column).alias(f"{column} out") for column in numbers), pl.lit(True).alias("is out")
        )
        joined = frame.join(before, on=key, how="left", maintain_order="left", nulls_equal=True)
        return joined.with_columns(
            pl.when(pl.col("is out"))
            .then(pl.col(f"{column} out"))
            .otherwise(pl.col(column))
            .cast(frame.schema[column])
            .alias(column)
            for column in numbers
        ).select(frame.columns)


def read(path: Path, key: bytes | None = None) -> Ledger:
    """The ledger of a study; an empty one where nothing was released.

    Raises ``InputError`` (``edited-ledger``) with every line whose hash does not fit.
    """
    if not path.exists():
        return Ledger()
    entries, withdrawals, faults, last = [], [], [], ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            told = json.loads(line)
            stamp = told.pop("hash")
            fits = told["before"] == last and hmac.compare_digest(stamp, _stamp(told, key))
            if "withdrawal" in told:
                withdrawals.append(dict(told["withdrawal"]))
            else:
                tables = {t: _frame(c) for t, c in told["tables"].items()}
                entries.append(Entry(told["release"], told["date"], told["rules"], tables))
        except (ValueError, KeyError, TypeError, AttributeError):
            fits, stamp = False, ""
        if not fits:
            faults.append(
                Fault("edited-ledger", "the line does not fit the hash chain", _EDITED, str(path), row=number)
            )
        last = stamp
    if faults:
        raise InputError(faults)
    return Ledger(tuple(entries), tuple(withdrawals))


def record(
    path: Path, *, name: str, date: str, rules: str, estimates: pl.DataFrame, changes: pl.DataFrame | None = None,
    key: bytes | None = None,
) -> None:  # fmt: skip
    """Add a release to the ledger: its published rows, rounded as the public sees them.

    A release that stands there already with the same rows is left alone. Raises ``InputError`` (``release-taken``) where
    the name stands for other numbers.
    """
    read(path, key)
    tables = {"estimates": estimates.filter(pl.col("status") == PUBLISHED)}
    if changes is not None:
        tables["changes"] = changes.filter(pl.col("status") == PUBLISHED)
    told = {
        "release": name,
        "date": date,
        "rules": rules,
        "tables": {table: _columns(frame) for table, frame in tables.items()},
    }
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        before = json.loads(line)
        if before.get("release") == name:
            if {k: before[k] for k in told} == json.loads(json.dumps(told)):
                return
            raise wrong(
                "release-taken", f"the release {name!r} is out with other numbers", "take another name", file=path
            )
    _append(path, told, key)


def withdrawn(path: Path, *, release: str, on: str, quotes: Sequence[str], key: bytes | None = None) -> None:
    """Say in the ledger that quotes came off a release because a consent was withdrawn: the one change to what is out. Who it was is not said.

    What is said already is not said again.
    """
    told: dict = {"withdrawal": {"release": release, "on": on, "quotes": sorted(quotes)}}
    if told["withdrawal"] not in read(path, key).withdrawals:
        _append(path, told, key)


def _append(path: Path, told: dict, key: bytes | None) -> None:
    """One more line, bound to the one before it."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    told["before"] = json.loads(lines[-1])["hash"] if lines else ""
    told["hash"] = _stamp(told, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".jsonl.new")
    beside.write_text("".join(f"{line}\n" for line in [*lines, _text(told)]), encoding="utf-8", newline="\n")
    beside.replace(path)


def _columns(frame: pl.DataFrame) -> dict[str, list]:
    return {column: [_plain(v) for v in frame[column].to_list()] for column in frame.columns if column != "status"}


def _plain(value: object) -> object:
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _frame(columns: dict[str, Sequence]) -> pl.DataFrame:
    return pl.DataFrame(dict(columns), infer_schema_length=None, strict=False)


def _text(told: dict) -> str:
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _stamp(told: dict, key: bytes | None) -> str:
    content = _text(told).encode("utf-8")
    return hmac.new(key, content, hashlib.sha256).hexdigest() if key else hashlib.sha256(content).hexdigest()
