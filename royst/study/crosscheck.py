"""Whether what the plan names is there: scales, items, themes, groups, comparisons, findings, goals, sources, releases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches

import polars as pl

from royst.errors import Faults
from royst.study.instrument import Instrument, Item, line
from royst.study.places import Path, dotted, line_of
from royst.study.plan import Category, ComparisonSection, FindingSection, GroupSection, SourceSection, StudyFile
from royst.study.units import unsafe

RESERVED = {"frame_year", "stratum"}


class Crosscheck:
    """All of the plan against all instruments and the frame. ``places`` are the lines of ``study.toml``."""

    def __init__(self, file: StudyFile, instruments: Mapping[str, Instrument], frame: pl.DataFrame | None, places: Mapping[Path, int], faults: Faults):
        self.file, self.instruments, self.frame, self.places, self.faults = file, instruments, frame, places, faults
        self.waves = list(file.waves)
        self.items: dict[str, list[Item]] = {}
        for instrument in instruments.values():
            for item in instrument.items:
                self.items.setdefault(item.name, []).append(item)
        self.comparisons = {part.id: part for part in file.comparisons}

    def run(self) -> None:
        if set(self.instruments) != set(self.waves):
            return  # a questionnaire could not be read; what is missing in it would be noise
        self._names()
        self._scales()
        self._themes_and_items()
        self._groups()
        self._carry()
        self._same_as()
        for place, comparison in enumerate(self.file.comparisons):
            self._comparison(comparison, ("comparisons", place))
        self._goals_and_sources()
        for place, finding in enumerate(self.file.findings):
            self._finding(finding, ("findings", place))
        self._releases()

    def fault(self, code: str, found: str, todo: str, path: Path, level: str = "error") -> None:
        self.faults.add(code, found, todo, file="study.toml", row=line_of(self.places, path), column=dotted(path), level=level)

    def unknown(self, what: str, name: object, known: Iterable[str], path: Path) -> None:
        names = sorted(map(str, known))
        near = get_close_matches(str(name), names, 1) if len(str(name)) > 4 else []
        hint = f"did you mean {near[0]!r}?" if near else (f"there are: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}" if names else "there are none yet")
        self.fault(f"unknown-{what.replace(' ', '-')}", f"there is no {what} {str(name)!r}", hint, path)

    def _names(self) -> None:
        columns = {column for column in (self.file.design.unit, self.file.design.psu, self.file.design.id, self.file.design.weight) if column}
        for name in sorted(columns & set(self.items)):
            waves = ", ".join(wave for wave, instrument in self.instruments.items() if name in instrument)
            self.fault("name-taken", f"{name!r} is a column of [design] and an item of wave {waves}", "remove the item from the questionnaire, or name another column", ("design",))
        for kind, names in (("groups", self.file.groups), ("indices", self.file.indices)):
            for name in names:
                if name in self.items or name in columns | RESERVED:
                    self.fault("name-taken", f"{name!r} is an item or a column of the answers too", "give it another name", (kind, name))
        for kind in ("comparisons", "goals", "findings"):
            seen: set[str] = set()
            for place, part in enumerate(getattr(self.file, kind)):
                if part.id in seen:
                    self.fault("repeated-id", f"two {kind} have the id {part.id!r}", "give each its own id", (kind, place))
                seen.add(part.id)

    def _scales(self) -> None:
        used: dict[str, set[str]] = {}
        for items in self.items.values():
            for item in items:
                if item.scale:
                    used.setdefault(item.scale.name, set()).update(item.scale.names)
        for name, part in self.file.scales.items():
            path: Path = ("scales", name)
            if name not in used:
                self.unknown("scale", name, used, path)
                continue
            banded: dict[str, str] = {}
            for band, answers in part.bands.items():
                for answer in answers:
                    if answer not in used[name]:
                        self.unknown("answer", answer, used[name], (*path, "bands", band))
                    elif answer in part.not_relevant:
                        self.fault("band-not-relevant", f"answer {answer!r} is in band {band!r} and not relevant", "take it out of one of them", (*path, "bands", band))
                    elif banded.setdefault(answer, band) != band:
                        self.fault("bands-overlap", f"answer {answer!r} is in bands {banded[answer]!r} and {band!r}", "keep it in one", (*path, "bands", band))
                if not answers:
                    self.fault("empty-band", f"band {band!r} has no answers", "name its answers or remove it", (*path, "bands", band))
            for answer in part.not_relevant:
                if answer not in used[name]:
                    self.unknown("answer", answer, used[name], (*path, "not_relevant"))
            for answer in part.scores:
                if answer not in used[name]:
                    self.unknown("answer", answer, used[name], (*path, "scores", answer))
            unscored = used[name] - set(part.not_relevant) - set(part.scores)
            if part.scores and unscored:
                self.fault("missing-score", f"answers without a score: {', '.join(sorted(unscored))}", "give every answer that counts a score", (*path, "scores"))
        for band in self.file.bands:
            if not any(band in scale.bands for scale in self.file.scales.values()):
                self.unknown("band", band, {b for scale in self.file.scales.values() for b in scale.bands}, ("bands", band))

    def _themes_and_items(self) -> None:
        themed: dict[str, str] = {}
        for theme, part in self.file.themes.items():
            for name in part.items:
                if name not in self.items and name not in self.file.indices:
                    self.unknown("item", name, self.items, ("themes", theme, "items"))
                elif themed.setdefault(name, theme) != theme:
                    self.fault("item-in-two-themes", f"item {name!r} is in themes {themed[name]!r} and {theme!r}", "keep it in one", ("themes", theme, "items"))
        for name in self.file.items:
            if name not in self.items:
                self.unknown("item", name, self.items, ("items", name))
        for name, index in self.file.indices.items():
            for part_name in index.items:
                if part_name not in self.items:
                    self.unknown("item", part_name, self.items, ("indices", name, "items"))
                elif not any(item.scale or item.kind == "number" for item in self.items[part_name]):
                    self.fault("not-a-scale", f"item {part_name!r} has no scale to average", "an index is made of items with scores", ("indices", name, "items"))
            if index.theme is not None and index.theme not in self.file.themes:
                self.unknown("theme", index.theme, self.file.themes, ("indices", name, "theme"))
        headline = self.file.plan.headline
        if headline is not None and headline not in self.items and headline not in self.file.indices:
            self.unknown("item", headline, self.items, ("plan", "headline"))

    def _groups(self) -> None:
        for name, group in self.file.groups.items():
            path: Path = ("groups", name)
            if not group.categories:
                self.fault("empty-group", f"group {name!r} has no categories", f"add [groups.{name}.categories.ID]", path)
            for key in group.categories:
                if re.search(r"[=;\s]", key):
                    self.fault("category-id", f"the category id {key!r} has a space, = or ;", "domains are written group=category;group=category: use letters, digits, _ and -", (*path, "categories", key))
            if group.source == "frame":
                self._frame_group(group, path)
            elif group.column not in self.items:
                self.unknown("item", group.column, self.items, (*path, "column"))
            else:
                self._item_group(group, path)
            self._overlaps(group, path)

    def _frame_group(self, group: GroupSection, path: Path) -> None:
        if self.frame is None:
            self.fault("no-frame", "the group comes from the frame, and the study has no frame.csv", 'add the file, or say source = "answers"', path)
        elif group.column not in self.frame.columns:
            self.unknown("column of frame.csv", group.column, self.frame.columns, (*path, "column"))
        else:
            found = self.frame[group.column].drop_nulls()
            if found.dtype == pl.String:
                self._values(group, path, set(found.to_list()), "the frame's column")

    def _item_group(self, group: GroupSection, path: Path) -> None:
        asked = self.items[group.column]
        names = {name for item in asked if item.scale for name in item.scale.names}
        if any(item.kind == "many" for item in asked):
            self.fault("group-of-many", f"item {group.column!r} has several answers a person", "a group needs an item with one answer", (*path, "column"))
        elif names:
            self._values(group, path, names, "the item's scale")
        elif any(item.kind == "number" for item in asked):
            for key, part in group.categories.items():
                if part.low is None and part.high is None and not part.values:
                    self.fault("empty-category", "the category has neither values nor low or high", "write low, high or both", (*path, "categories", key))

    def _values(self, group: GroupSection, path: Path, known: set[str], what: str) -> None:
        for key, part in group.categories.items():
            where: Path = (*path, "categories", key)
            if part.low is not None or part.high is not None:
                if not all(_is_number(value) for value in known):
                    self.fault("not-a-number", f"low and high need numbers, and {what} has texts", "name the values instead", where)
            elif not part.values:
                self.fault("empty-category", "the category has neither values nor low or high", "name its values", where)
            for value in part.values:
                if value not in known:
                    self.unknown("value", value, known, (*where, "values"))

    def _overlaps(self, group: GroupSection, path: Path) -> None:
        parts = list(group.categories.items())
        for place, (key, part) in enumerate(parts):
            if part.low is not None and part.high is not None and part.low > part.high:
                self.fault("empty-category", f"low {part.low:g} is above high {part.high:g}", "swap them", (*path, "categories", key))
            for other_key, other in parts[:place]:
                shared = set(part.values) & set(other.values)
                if shared or _ranges_meet(part, other):
                    said = f"both hold {', '.join(sorted(shared))}" if shared else "their ranges meet; low and high are both within"
                    self.fault("categories-overlap", f"categories {other_key!r} and {key!r}: {said}", "let each value fall in one", (*path, "categories", key))

    def _carry(self) -> None:
        carry = self.file.carry
        if carry is None:
            return
        if carry.wave not in self.waves:
            self.unknown("wave", carry.wave, self.waves, ("carry", "wave"))
            return
        for name in carry.items:
            if name not in self.instruments[carry.wave]:
                self.unknown("item", name, (item.name for item in self.instruments[carry.wave].items), ("carry", "items"))
        design = self.file.design
        keys = {column for column in (design.id, design.psu, design.unit) if column}
        if carry.key not in keys:
            self.fault("carry-key", f"the key {carry.key!r} is no column that follows people or units", f"use a column of [design]: {', '.join(sorted(keys)) or 'name id or psu there'}", ("carry", "key"))

    def _same_as(self) -> None:
        for place, wave in enumerate(self.waves):
            earlier = self.waves[:place]
            for item in self.instruments[wave].items:
                if item.same_as is None:
                    continue
                found = next((w for w in reversed(earlier) if item.same_as in self.instruments[w]), None)
                file = f"waves/{wave}/questionnaire.xlsx"
                if found is None:
                    said = f"in wave {', '.join(earlier)}" if earlier else "before the first wave"
                    self.faults.add("unknown-item", f"{item.name!r} continues {item.same_as!r}, which was not asked {said}", "mend royst_same_as, or clear it: then the line begins here", file=file, row=item.row, column="royst_same_as")
                elif (before := self.instruments[found][item.same_as]) and not _comparable(before, item):
                    self.faults.add("changed-scale", f"{item.name!r} continues {item.same_as!r} of {found}, and its answers are not the same", "clear royst_same_as: answers of two scales are not compared", file=file, row=item.row, column="royst_same_as")

    def _measured(self, item: str, measure: str, category: str, wave: str, path: Path) -> None:
        """Whether an estimate of this kind can be made of the item in the wave."""
        if measure == "index" or item in self.file.indices:
            if item not in self.file.indices:
                self.unknown("index", item, self.file.indices, (*path, "item"))
            return
        if item not in self.instruments[wave]:
            if item in self.items:
                self.fault("item-not-in-wave", f"item {item!r} was not asked in wave {wave}", "name an item of that wave", (*path, "item"))
            else:
                self.unknown("item", item, self.items, (*path, "item"))
            return
        asked = self.instruments[wave][item]
        bands = asked.scale.bands if asked.scale else {}
        names = asked.scale.substantive if asked.scale else ()
        if measure == "band" and category not in bands:
            self.unknown("band", category, bands, (*path, "category"))
        elif measure == "share" and category not in names:
            self.unknown("answer", category, names, (*path, "category"))
        elif measure == "mean" and not (asked.kind == "number" or (asked.scale and asked.scale.scores)):
            self.fault("not-a-scale", f"item {item!r} has no scores to average", "use a share or a band", (*path, "measure"))

    def _comparison(self, part: ComparisonSection, path: Path) -> None:
        if part.family not in self.file.families and part.family != "exploration":
            self.unknown("family", part.family, self.file.families, (*path, "family"))
        if part.kind == "groups":
            self._groups_compared(part, path)
            return
        unknown = [wave for wave in (part.first, part.second) if wave not in self.waves]
        for wave in unknown:
            self.unknown("wave", wave, self.waves, (*path, "first" if wave == part.first else "second"))
        if unknown:
            return
        if self.waves.index(part.first) <= self.waves.index(part.second):
            self.fault("waves-in-order", f"first is {part.first}, second {part.second}", "first is the later wave, as [waves] lists them", (*path, "first"))
            return
        before = len(self.faults)
        self._measured(part.item, part.measure, part.category, part.first, path)
        if len(self.faults) == before and part.item not in self.file.indices and part.second not in line(self.instruments, self.waves[: self.waves.index(part.first) + 1], part.item):
            self.fault("broken-line", f"item {part.item!r} of {part.first} continues no item of {part.second}", "fill royst_same_as in the questionnaires between them, or drop the comparison", (*path, "item"))

    def _groups_compared(self, part: ComparisonSection, path: Path) -> None:
        group = self.file.groups.get(part.group or "")
        if group is None:
            self.unknown("group", part.group or "", self.file.groups, (*path, "group"))
        else:
            for key in ("first", "second"):
                if getattr(part, key) not in group.categories:
                    self.unknown("category", getattr(part, key), group.categories, (*path, key))
        if part.wave not in self.waves:
            self.unknown("wave", part.wave or "", self.waves, (*path, "wave"))
        else:
            self._measured(part.item, part.measure, part.category, part.wave, path)

    def _goals_and_sources(self) -> None:
        for place, goal in enumerate(self.file.goals):
            for name in goal.comparisons:
                path: Path = ("goals", place, "comparisons")
                if name not in self.comparisons:
                    self.unknown("comparison", name, self.comparisons, path)
                elif self.comparisons[name].kind != "waves":
                    self.fault("goal-without-waves", f"comparison {name!r} is not between waves", "a goal is followed from wave to wave", path)
        for place, source in enumerate(self.file.sources):
            self._source(source, ("sources", place))

    def _source(self, source: SourceSection, path: Path) -> None:
        if source.wave not in self.waves:
            self.unknown("wave", source.wave, self.waves, (*path, "wave"))
        else:
            self._measured(source.item, source.measure, source.category, source.wave, path)
        if source.family not in self.file.families and source.family != "exploration":
            self.unknown("family", source.family, self.file.families, (*path, "family"))

    def _finding(self, finding: FindingSection, path: Path) -> None:
        wave = finding.wave
        if wave is not None and wave not in self.waves:
            self.unknown("wave", wave, self.waves, (*path, "wave"))
            return
        if finding.theme is not None and finding.theme not in self.file.themes:
            self.unknown("theme", finding.theme, self.file.themes, (*path, "theme"))
        if finding.kind == "comparison" and finding.comparison not in self.comparisons:
            self.unknown("comparison", finding.comparison or "", self.comparisons, (*path, "comparison"))
        if finding.kind == "source" and finding.source not in {source.id for source in self.file.sources}:
            self.unknown("source", finding.source or "", (source.id for source in self.file.sources), (*path, "source"))
        if finding.kind in ("share", "bands"):
            self._finding_item(finding, path)
        if finding.domain != "all":
            self._domain(finding.domain, path)

    def _finding_item(self, finding: FindingSection, path: Path) -> None:
        item = finding.item or ""
        waves = [finding.wave] if finding.wave else [wave for wave in self.waves if item in self.instruments[wave]]
        if not waves and item not in self.file.indices:
            self.unknown("item", item, self.items, (*path, "item"))
        for wave in waves[-1:]:
            if finding.kind == "share":
                self._measured(item, finding.measure, finding.category, wave, path)
            elif item not in self.instruments[wave]:
                self._measured(item, "not_relevant", "", wave, path)

    def _domain(self, domain: str, path: Path) -> None:
        for part in domain.split(";"):
            group, mark, category = part.partition("=")
            if group not in self.file.groups:
                self.unknown("group", group, self.file.groups, (*path, "domain"))
            elif not mark or category not in self.file.groups[group].categories:
                self.unknown("category", category, self.file.groups[group].categories, (*path, "domain"))

    def _releases(self) -> None:
        findings = {finding.id for finding in self.file.findings}
        for name, release in self.file.releases.items():
            path: Path = ("releases", name)
            if unsafe(name):
                self.fault("unsafe-release", f"the release's name cannot be used: {unsafe(name)}", 'it becomes a folder: use a name such as "2020-06"', path)
            if not _is_date(release.date):
                self.fault("not-a-date", f"the date is {release.date!r}", "write it as 2020-06-22", (*path, "date"))
            for key, wave in (("wave", release.wave), *(("earlier", wave) for wave in release.earlier)):
                if wave not in self.waves:
                    self.unknown("wave", wave, self.waves, (*path, key))
                elif self.file.waves[wave].role == "background":
                    self.fault("background-wave", f"wave {wave} is background and is never published", "name a published wave", (*path, key))
                elif key == "earlier" and release.wave in self.waves and self.waves.index(wave) >= self.waves.index(release.wave):
                    self.fault("waves-in-order", f"wave {wave} is not earlier than {release.wave}", "list the waves before the release's own, as [waves] orders them", (*path, key))
            for finding in release.findings:
                if finding not in findings:
                    self.unknown("finding", finding, findings, (*path, "findings"))


def in_category(part: Category, value: str) -> bool:
    """Whether a value falls in a category: named in ``values``, or a number with ``low`` ≤ value ≤ ``high``."""
    if value in part.values:
        return True
    if (part.low is None and part.high is None) or not _is_number(value):
        return False
    number = float(value)
    return (part.low is None or number >= part.low) and (part.high is None or number <= part.high)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _ranges_meet(a: Category, b: Category) -> bool:
    if all(end is None for end in (a.low, a.high)) or all(end is None for end in (b.low, b.high)):
        return False
    low = max(part.low if part.low is not None else float("-inf") for part in (a, b))
    high = min(part.high if part.high is not None else float("inf") for part in (a, b))
    return low <= high


def _comparable(before: Item, item: Item) -> bool:
    """Whether a line may run through both: one kind, and for scales the same counted answers."""
    if before.kind != item.kind:
        return False
    if before.scale is None or item.scale is None:
        return before.scale is item.scale
    return set(before.scale.substantive) == set(item.scale.substantive)
