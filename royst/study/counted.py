"""Whether what is counted is there: scales, bands, themes, items, indices, background that is carried, lines over time."""

from __future__ import annotations

from royst.study.crosscheck import Crosscheck
from royst.study.instrument import Item
from royst.study.places import Path
from royst.study.plan import ScaleSection

RESERVED = {"frame_year", "stratum"}


class Counted(Crosscheck):
    """The plan's words about items and their answers."""

    def run(self) -> None:
        self._names()
        self._scales()
        self._themes_and_items()
        self._carry()
        self._same_as()

    def _names(self) -> None:
        columns = {
            column
            for column in (self.file.design.unit, self.file.design.psu, self.file.design.id, self.file.design.weight, self.file.design.wave)
            if column
        }
        for name in sorted(columns & set(self.items)):
            waves = ", ".join(wave for wave, instrument in self.instruments.items() if name in instrument)
            self.fault(
                "name-taken",
                f"{name!r} is a column of [design] and an item of wave {waves}",
                "remove the item from the questionnaire, or name another column",
                ("design",),
            )
        for kind, names in (("groups", self.file.groups), ("indices", self.file.indices)):
            for name in names:
                if name in self.items or name in columns | RESERVED:
                    self.fault(
                        "name-taken",
                        f"{name!r} is an item or a column of the answers too",
                        "give it another name",
                        (kind, name),
                    )
        for kind in ("comparisons", "goals", "findings"):
            seen: set[str] = set()
            for place, part in enumerate(getattr(self.file, kind)):
                if part.id in seen:
                    self.fault(
                        "repeated-id", f"two {kind} have the id {part.id!r}", "give each its own id", (kind, place)
                    )
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
            self._bands(part, used[name], path)
            for answer in part.not_relevant:
                if answer not in used[name]:
                    self.unknown("answer", answer, used[name], (*path, "not_relevant"))
            for answer in part.scores:
                if answer not in used[name]:
                    self.unknown("answer", answer, used[name], (*path, "scores", answer))
            unscored = used[name] - set(part.not_relevant) - set(part.scores)
            if part.scores and unscored:
                self.fault(
                    "missing-score",
                    f"answers without a score: {', '.join(sorted(unscored))}",
                    "give every answer that counts a score",
                    (*path, "scores"),
                )
        for band in self.file.bands:
            if not any(band in scale.bands for scale in self.file.scales.values()):
                self.unknown(
                    "band", band, {b for scale in self.file.scales.values() for b in scale.bands}, ("bands", band)
                )

    def _bands(self, part: ScaleSection, known: set[str], path: Path) -> None:
        banded: dict[str, str] = {}
        for band, answers in part.bands.items():
            for answer in answers:
                if answer not in known:
                    self.unknown("answer", answer, known, (*path, "bands", band))
                elif answer in part.not_relevant:
                    self.fault(
                        "band-not-relevant",
                        f"answer {answer!r} is in band {band!r} and not relevant",
                        "take it out of one of them",
                        (*path, "bands", band),
                    )
                elif banded.setdefault(answer, band) != band:
                    self.fault(
                        "bands-overlap",
                        f"answer {answer!r} is in bands {banded[answer]!r} and {band!r}",
                        "keep it in one",
                        (*path, "bands", band),
                    )
            if not answers:
                self.fault(
                    "empty-band",
                    f"band {band!r} has no answers",
                    "name its answers or remove it",
                    (*path, "bands", band),
                )

    def _themes_and_items(self) -> None:
        themed: dict[str, str] = {}
        for theme, part in self.file.themes.items():
            for name in part.items:
                if name not in self.items and name not in self.file.indices:
                    self.unknown("item", name, self.items, ("themes", theme, "items"))
                elif themed.setdefault(name, theme) != theme:
                    self.fault(
                        "item-in-two-themes",
                        f"item {name!r} is in themes {themed[name]!r} and {theme!r}",
                        "keep it in one",
                        ("themes", theme, "items"),
                    )
        for name in self.file.items:
            if name not in self.items:
                self.unknown("item", name, self.items, ("items", name))
        for name, index in self.file.indices.items():
            for part_name in index.items:
                if part_name not in self.items:
                    self.unknown("item", part_name, self.items, ("indices", name, "items"))
                elif not any(item.scale or item.kind == "number" for item in self.items[part_name]):
                    self.fault(
                        "not-a-scale",
                        f"item {part_name!r} has no scale to average",
                        "an index is made of items with scores",
                        ("indices", name, "items"),
                    )
            if index.theme is not None and index.theme not in self.file.themes:
                self.unknown("theme", index.theme, self.file.themes, ("indices", name, "theme"))
        headline = self.file.plan.headline
        if headline is not None and headline not in self.items and headline not in self.file.indices:
            self.unknown("item", headline, self.items, ("plan", "headline"))

    def _carry(self) -> None:
        carry = self.file.carry
        if carry is None:
            return
        if carry.wave not in self.waves:
            self.unknown("wave", carry.wave, self.waves, ("carry", "wave"))
            return
        for name in carry.items:
            if name not in self.instruments[carry.wave]:
                self.unknown(
                    "item", name, (item.name for item in self.instruments[carry.wave].items), ("carry", "items")
                )
        design = self.file.design
        keys = {column for column in (design.id, design.psu, design.unit) if column}
        if carry.key not in keys:
            self.fault(
                "carry-key",
                f"the key {carry.key!r} is no column that follows people or units",
                f"use a column of [design]: {', '.join(sorted(keys)) or 'name id or psu there'}",
                ("carry", "key"),
            )

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
                    self.faults.add(
                        "unknown-item",
                        f"{item.name!r} continues {item.same_as!r}, which was not asked {said}",
                        "mend royst_same_as, or clear it: then the line begins here",
                        file=file,
                        row=item.row,
                        column="royst_same_as",
                    )
                elif (before := self.instruments[found][item.same_as]) and not _comparable(before, item):
                    self.faults.add(
                        "changed-scale",
                        f"{item.name!r} continues {item.same_as!r} of {found}, and its answers are not the same",
                        "clear royst_same_as: answers of two scales are not compared",
                        file=file,
                        row=item.row,
                        column="royst_same_as",
                    )


def _comparable(before: Item, item: Item) -> bool:
    """Whether a line may run through both: one kind, and for scales the same counted answers."""
    if before.kind != item.kind:
        return False
    if before.scale is None or item.scale is None:
        return before.scale is item.scale
    return set(before.scale.substantive) == set(item.scale.substantive)
