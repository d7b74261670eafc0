"""A release looked up by its keys, once: the estimate of an item in a wave, a change by its id, what a unit's report holds.

A row is a plain dict of its table's columns. ``shown`` says whether it may carry a number into a sentence or a chart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from royst.release import PUBLISHED, ChoiceFacts, Facts, ItemFacts, Release, ScaleFacts

Row = dict[str, Any]
Key = tuple[str, str, str, str, str, str]

LEAST_SAID = 10
"""Fewer answers than this are never said in words."""
LEAST_COMPARED = 30
"""From this many answers on, no warning; below it, no comparing sentence."""


def shown(row: Row | None) -> bool:
    """Whether the row is published and has an estimate."""
    return row is not None and row["status"] == PUBLISHED and row["estimate"] is not None


def coarse(row: Row) -> bool:
    """Whether the row's figures have a decimal fewer than usual (two of a mean, one of all else): its p-values then have two."""
    usual = 2 if row["measure"] == "mean" else 1
    return row.get("decimals") is not None and bool(row["decimals"] < usual)


class Rows:
    """All rows of a release by key. ``population`` is ``all`` unless said."""

    def __init__(self, release: Release):
        self.release = release
        self.facts: Facts = release.facts
        self.kept: dict[str, object] = {}
        self._estimates: dict[Key, Row] = {}
        for row in self.table("estimates"):
            self._estimates[
                row["wave"], row["population"], row["item"], row["measure"], row["category"] or "", row["domain"]
            ] = row
        self._changes = {(row["id"], row["population"]): row for row in self.table("changes")}
        self._reports: dict[str, dict[tuple[str, ...], Row]] = {}
        for row in self.table("report_estimates"):
            key = row["wave"], row["population"], row["item"], row["measure"], row["category"] or ""
            self._reports.setdefault(row["report"], {})[key] = row
        self._report_units: dict[str, list[Row]] = {}
        for row in self.table("report_units"):
            self._report_units.setdefault(row["report"], []).append(row)
        self._participation = {row["wave"]: row for row in self.table("participation")}

    def table(self, name: str) -> Iterable[Row]:
        """The rows of a table as dicts, none where the release lacks it."""
        frame = self.release.tables.get(name)
        return () if frame is None else frame.iter_rows(named=True)

    def estimate(
        self,
        item: str,
        measure: str,
        category: str = "",
        *,
        wave: str | None = None,
        domain: str = "all",
        population: str = "all",
    ) -> Row | None:
        """One estimate's row, withheld ones too; None where the release has none. ``wave`` is the release's own unless said."""
        return self._estimates.get((wave or self.facts.wave, population, item, measure, category, domain))

    def report(self, report: str, item: str, measure: str, category: str = "") -> Row | None:
        """One estimate's row of all who answered in a unit or a pool, from its own report."""
        return self._reports.get(report, {}).get((self.facts.wave, "all", item, measure, category))

    def report_units(self, report: str) -> list[Row]:
        return self._report_units.get(report, [])

    def change(self, name: str, population: str = "all") -> Row | None:
        """The row of a comparison; where no population is named in the table, that one."""
        return self._changes.get((name, population)) or self._changes.get((name, ""))

    def participation(self, wave: str) -> Row | None:
        return self._participation.get(wave)

    def scale(self, item: str) -> ScaleFacts | None:
        facts = self.facts.items.get(item)
        return self.facts.scales.get(facts.scale) if facts is not None and facts.scale else None

    def item(self, name: str) -> ItemFacts | None:
        """The item of this name; an item's name in an earlier wave finds the item that continues it."""
        found = self.facts.items.get(name)
        if found is not None:
            return found
        return next((item for item in self.facts.items.values() if name in item.continues.values()), None)

    def best_band(self, item: str) -> str | None:
        """The id of the best band of the item's scale; None where it has no bands."""
        scale = self.scale(item)
        return next(iter(scale.bands), None) if scale is not None else None

    def choice(self, item: str, name: str) -> ChoiceFacts | None:
        scale = self.scale(item)
        return next((choice for choice in scale.choices if choice.name == name), None) if scale is not None else None

    def name_in(self, item: str, wave: str) -> str | None:
        """What the item was called in a wave, if it continues one there; None where the line breaks."""
        facts = self.facts.items[item]
        if wave in facts.continues:
            return facts.continues[wave]
        return item if wave in facts.waves or (wave == self.facts.wave and not facts.waves) else None

    def asked(self, role: str = "item", wave: str | None = None) -> list[str]:
        """Items of a role that were asked in the wave, in the facts' order."""
        asked_in = wave or self.facts.wave
        return [
            name
            for name, item in self.facts.items.items()
            if item.role == role and (not item.waves or asked_in in item.waves)
        ]


_last: list[Rows] = []


def rows_of(release: Release) -> Rows:
    """The rows of a release. Reports of hundreds of units ask for the same release one after another, so the last one is kept."""
    if not _last or _last[0].release is not release:
        _last[:] = [Rows(release)]
    return _last[0]


def estimate_key(row: Row) -> str:
    """``estimates:2019|all|satisfied|band|stor|all``: wave, population, item, measure, category, domain."""
    return "estimates:" + "|".join(
        str(row[part] or "") for part in ("wave", "population", "item", "measure", "category", "domain")
    )


def change_key(row: Row) -> str:
    """``changes:region|all``: the comparison's id and the population."""
    return f"changes:{row['id']}|{row['population'] or 'all'}"
