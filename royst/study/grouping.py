"""Who falls in which category of a group, and whether the plan's groups can be."""

from __future__ import annotations

import re

import polars as pl

from royst.study.crosscheck import Crosscheck
from royst.study.places import Path
from royst.study.plan import Category, GroupSection


def in_category(part: Category, value: str) -> bool:
    """Whether a value falls in a category: named in ``values``, or a number with ``low`` ≤ value ≤ ``high``."""
    if value in part.values:
        return True
    if (part.low is None and part.high is None) or not _is_number(value):
        return False
    number = float(value)
    return (part.low is None or number >= part.low) and (part.high is None or number <= part.high)


class Grouping(Crosscheck):
    """The plan's groups against items and frame."""

    def run(self) -> None:
        for name, group in self.file.groups.items():
            path: Path = ("groups", name)
            if not group.categories:
                self.fault(
                    "empty-group", f"group {name!r} has no categories", f"add [groups.{name}.categories.ID]", path
                )
            if not re.fullmatch(r"[^\W_][^=;\s]*", name):
                todo = "domains are written group=category: start with a letter, and use letters, digits, _ and -"
                self.fault("group-id", f"the group's id is {name!r}", todo, path)
            for key in group.categories:
                if re.search(r"[=;\s]", key):
                    self.fault(
                        "category-id",
                        f"the category id {key!r} has a space, = or ;",
                        "domains are written group=category;group=category: use letters, digits, _ and -",
                        (*path, "categories", key),
                    )
            if group.source == "frame":
                self._frame_group(group, path)
            elif group.column not in self.items:
                self.unknown("item", group.column, self.items, (*path, "column"))
            else:
                self._item_group(group, path)
            self._overlaps(group, path)
            for item in group.items:
                if item not in self.items and item not in self.file.indices:
                    self.unknown("item", item, [*self.items, *self.file.indices], (*path, "items"))

    def _frame_group(self, group: GroupSection, path: Path) -> None:
        if self.frame is None:
            self.fault(
                "no-frame",
                "the group comes from the frame, and the study has no frame.csv",
                'add the file, or say source = "answers"',
                path,
            )
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
            self.fault(
                "group-of-many",
                f"item {group.column!r} has several answers a person",
                "a group needs an item with one answer",
                (*path, "column"),
            )
        elif names:
            self._values(group, path, names, "the item's scale")
        elif any(item.kind == "number" for item in asked):
            for key, part in group.categories.items():
                if part.low is None and part.high is None and not part.values:
                    self.fault(
                        "empty-category",
                        "the category has neither values nor low or high",
                        "write low, high or both",
                        (*path, "categories", key),
                    )

    def _values(self, group: GroupSection, path: Path, known: set[str], what: str) -> None:
        for key, part in group.categories.items():
            where: Path = (*path, "categories", key)
            if part.low is not None or part.high is not None:
                if not all(_is_number(value) for value in known):
                    self.fault(
                        "not-a-number",
                        f"low and high need numbers, and {what} has texts",
                        "name the values instead",
                        where,
                    )
            elif not part.values:
                self.fault(
                    "empty-category", "the category has neither values nor low or high", "name its values", where
                )
            for value in part.values:
                if value not in known:
                    self.unknown("value", value, known, (*where, "values"))

    def _overlaps(self, group: GroupSection, path: Path) -> None:
        parts = list(group.categories.items())
        for place, (key, part) in enumerate(parts):
            if part.low is not None and part.high is not None and part.low > part.high:
                self.fault(
                    "empty-category",
                    f"low {part.low:g} is above high {part.high:g}",
                    "swap them",
                    (*path, "categories", key),
                )
            for other_key, other in parts[:place]:
                shared = set(part.values) & set(other.values)
                if shared or _ranges_meet(part, other):
                    said = (
                        f"both hold {', '.join(sorted(shared))}"
                        if shared
                        else "their ranges meet; low and high are both within"
                    )
                    self.fault(
                        "categories-overlap",
                        f"categories {other_key!r} and {key!r}: {said}",
                        "let each value fall in one",
                        (*path, "categories", key),
                    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _ranges_meet(a: Category, b: Category) -> bool:
    if all(end is None for end in (a.low, a.high)) or all(end is None for end in (b.low, b.high)):
        return False
    low = max(part.low if part.low is not None else float("-inf") for part in (a, b))
    high = min(part.high if part.high is not None else float("inf") for part in (a, b))
    return low <= high
