"""The ledger of releases: what is out, and cannot be taken back.

``releases/history.jsonl`` has one line a release with every number it published, never one it withheld, and one for each time quotes came off. Each line carries
the hash of the line before it, so that an edited or a missing line shows; with the study's key the hashes are keyed
(HMAC-SHA-256), so that nobody without the key can make a chain that fits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from royst.errors import Fault, Faults, InputError, wrong
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
    last: str = ""
    """The hash of the newest line."""

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
        if table not in self._published:
            self._published[table] = self._collected(table)
        return self._published[table]

    @cached_property
    def _published(self) -> dict[str, pl.DataFrame | None]:
        return {}

    def _collected(self, table: str) -> pl.DataFrame | None:
        frames = [entry.tables[table] for entry in self.entries if table in entry.tables and entry.tables[table].height]
        if not frames:
            return None
        return _first(frames, table)

    def with_entry(self, entry: Entry, stamp: str) -> Ledger:
        """The ledger with one more entry; what was collected of the others is not collected again."""
        longer = Ledger((*self.entries, entry), self.withdrawals, stamp)
        for table, before in self._published.items():
            rows = entry.tables.get(table)
            frames = [frame for frame in (before, rows) if frame is not None and frame.height]
            longer._published[table] = _first(frames, table) if frames else None
        return longer

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


def _first(frames: list[pl.DataFrame], table: str) -> pl.DataFrame:
    key = [column for column in (CELL if table == "estimates" else CHANGE) if column in frames[0].columns]
    return pl.concat(frames, how="diagonal_relaxed").unique(key, keep="first", maintain_order=True)


def read(path: Path, key: bytes | None = None) -> Ledger:
    """The ledger of a study; an empty one where nothing was released.

    Raises ``InputError`` (``edited-ledger``) with every line whose hash does not fit.
    """
    if not path.exists():
        return Ledger()
    entries, withdrawals, faults, last = [], [], [], ""
    for number, line in enumerate(_lines(path), start=1):
        try:
            told = json.loads(line)
            stamp = told.pop("hash")
            fits = told["before"] == last and hmac.compare_digest(stamp, _stamp(told, key))
            if "withdrawal" in told:
                withdrawals.append(dict(told["withdrawal"]))
            else:
                entries.append(_entry(told))
        except (ValueError, KeyError, TypeError, AttributeError):
            fits, stamp = False, ""
        if not fits:
            faults.append(
                Fault("edited-ledger", "the line does not fit the hash chain", _EDITED, str(path), row=number)
            )
        last = stamp
    if faults:
        raise InputError(faults)
    return Ledger(tuple(entries), tuple(withdrawals), last)


def complete(ledger: Ledger, releases: Path) -> None:
    """Every release that was made is in the ledger. Raises ``InputError`` (``edited-ledger``) where the last lines were cut off,
    which no chain shows."""
    faults, known = Faults(), {entry.name for entry in ledger.entries}
    for home in sorted(releases.iterdir()) if releases.is_dir() else ():
        if not home.name.startswith(".") and (home / "release").is_dir() and home.name not in known:
            faults.add("edited-ledger", f"release {home.name} is out and not in the ledger", _EDITED, file=home)
    faults.stop()


def record(
    path: Path, *, name: str, date: str, rules: str, estimates: pl.DataFrame, changes: pl.DataFrame | None = None,
    key: bytes | None = None, ledger: Ledger | None = None,
) -> Ledger:  # fmt: skip
    """Add a release to the ledger: its published rows, rounded as the public sees them. Returns the longer ledger.

    One line is appended; what stands there is never written again. ``ledger``: what ``read`` or ``record`` gave last, where
    nobody else writes. A release that stands there already with the same rows is left alone. Raises ``InputError``
    (``release-taken``) where the name stands for other numbers.
    """
    ledger = read(path, key) if ledger is None else ledger
    tables = {"estimates": estimates.filter(pl.col("status") == PUBLISHED)}
    if changes is not None:
        tables["changes"] = changes.filter(pl.col("status") == PUBLISHED)
    told: dict = {
        "release": name,
        "date": date,
        "rules": rules,
        "tables": {table: _columns(frame) for table, frame in tables.items()},
    }
    if any(entry.name == name for entry in ledger.entries):
        _same_again(path, told)
        return ledger
    stamp = _append(path, told, ledger.last, key)
    return ledger.with_entry(_entry(json.loads(_text(told))), stamp)


def withdrawn(path: Path, *, release: str, on: str, quotes: Sequence[str], key: bytes | None = None) -> None:
    """Say in the ledger that quotes came off a release because a consent was withdrawn: the one change to what is out. Who it was is not said.

    What is said already is not said again.
    """
    told: dict = {"withdrawal": {"release": release, "on": on, "quotes": sorted(quotes)}}
    ledger = read(path, key)
    if told["withdrawal"] not in ledger.withdrawals:
        _append(path, told, ledger.last, key)

def _entry(told: dict) -> Entry:
    return Entry(told["release"], told["date"], told["rules"], {t: _frame(c) for t, c in told["tables"].items()})


def _same_again(path: Path, told: dict) -> None:
    for line in _lines(path):
        before = json.loads(line)
        if before.get("release") == told["release"] and {k: before[k] for k in told} != json.loads(json.dumps(told)):
            raise wrong(
                "release-taken", f"the release {told['release']!r} is out with other numbers", "take another name", file=path
            )


def _lines(path: Path) -> list[str]:
    """The whole lines; one that was interrupted while it was written has no end, and nothing was published on it."""
    *whole, _ = path.read_text(encoding="utf-8").split("\n")
    return whole


def _append(path: Path, told: dict, last: str, key: bytes | None) -> str:
    """Add a line, bound to the one before it, and see it on the disk; what an interrupted one left behind goes first."""
    told = {**told, "before": last}
    stamp = _stamp(told, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "wb") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.seek(0)
                size = file.read().rfind(b"\n") + 1
        file.truncate(size)
        file.seek(size)
        file.write(f"{_text({**told, 'hash': stamp})}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    return stamp


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
