"""From a questionnaire's cells and the plan to an ``Instrument``: one wave, as asked and as it will be counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from royst.errors import Faults
from royst.study import expression
from royst.study.instrument import Choice, Grid, Instrument, Item, Kind, Scale, Text
from royst.study.plan import ItemSection, ScaleSection, StudyFile
from royst.study.xlsform import Form, Row, Sheet

KINDS: dict[str, Kind] = {
    "integer": "number",
    "int": "number",
    "decimal": "number",
    "range": "number",
    "text": "text",
    "string": "text",
    "note": "note",
}
"""Types of XLSForm by the kind of item they become. ``select_one``, ``select_multiple`` and ``calculate`` are read apart."""

IDENTIFYING = {
    "start", "end", "today", "deviceid", "phonenumber", "username", "email", "simserial", "subscriberid", "audit", "start-geopoint",
    "geopoint", "geotrace", "geoshape", "image", "audio", "video", "file", "background-audio",
}  # fmt: skip
"""What could tie an answer to a person, a device, a place or an exact time: never read."""

_OTHER = {"date", "time", "datetime", "barcode", "acknowledge", "hidden", "xml-external", "csv-external"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
"""Narrower than XLSForm's: names that start with an underscore are columns of our own beside the answers."""


@dataclass(frozen=True)
class _Group:
    name: str
    relevant: str
    row: int
    grid: Grid | None = None


class Reader:
    """Reads one form. Faults of the form and of the plan's words about its scales go to ``faults``; ``instrument`` holds what could be read."""

    def __init__(self, wave: str, form: Form, study: StudyFile, faults: Faults):
        self.wave, self.form, self.study, self.faults = wave, form, study, faults
        self.default = _default_language(form, study)
        self.scales = self._scales()

    def fault(
        self, code: str, found: str, todo: str, row: Row | int | None, column: str | None = None, level: str = "error"
    ) -> None:
        number = row.number if isinstance(row, Row) else row
        self.faults.add(code, found, todo, file=self.form.name, row=number, column=column, level=level)

    def instrument(self) -> Instrument:
        items = tuple(self._items())
        languages = tuple(self.form.survey.languages("label", self.default)) or (self.default,)
        settings = self.form.settings
        title = {
            language: text for language in ("nb", "nn", "en") if (text := settings.get(f"royst_title_{language}", ""))
        }
        if not title and settings.get("form_title"):
            title = {self.default: settings["form_title"]}
        return Instrument(self.wave, title, languages, items, settings.get("version", ""))

    def _items(self) -> Iterable[Item]:
        groups: list[_Group] = []
        names: dict[str, int] = {}
        for row in self.form.survey.rows:
            words = row["type"].split()
            kind = words[0].lower() if words else ""
            if not kind:
                self.fault(
                    "missing-type",
                    "the row has no type",
                    "write a type such as select_one, text or note, or clear the row",
                    row,
                    "type",
                )
            elif (start := " ".join(words).lower().replace(" ", "_")) in {
                "begin_group",
                "end_group",
                "begin_repeat",
                "end_repeat",
            }:
                self._group(start, row, groups)
            elif kind in IDENTIFYING:
                todo = (
                    "it is left out: an answer that can be tied to a device, a place or an exact time is not anonymous"
                )
                self.fault("identifying-type", f"the type {kind} is not read", todo, row, "type", "warning")
            elif (item := self._item(kind, words, row, groups)) is not None:
                if names.setdefault(item.name, row.number) != row.number:
                    self.fault(
                        "repeated-item",
                        f"two items are named {item.name!r}, first in row {names[item.name]}",
                        "give each item its own name",
                        row,
                        "name",
                    )
                else:
                    yield item
        for group in groups:
            self.fault(
                "open-group", f"the group {group.name!r} is not ended", "add a row of type end_group", group.row, "type"
            )

    def _group(self, start: str, row: Row, groups: list[_Group]) -> None:
        if "repeat" in start:
            if start == "begin_repeat":
                self.fault(
                    "unsupported-type",
                    "a repeat gives several answers a person",
                    "ask each of them as an item of its own",
                    row,
                    "type",
                )
        elif start == "begin_group":
            shown = "table-list" in row["appearance"].split()
            grid = Grid(row["name"], self._texts(row, self.form.survey, "label")) if shown else None
            groups.append(_Group(row["name"], row["relevant"], row.number, grid))
        elif groups:
            groups.pop()
        else:
            self.fault(
                "open-group", "a group ends here that did not begin", "remove the row, or add begin_group", row, "type"
            )

    def _item(self, kind: str, words: list[str], row: Row, groups: list[_Group]) -> Item | None:
        name = row["name"]
        if not name or not _NAME.fullmatch(name):
            found = f"the item's name is {name!r}" if name else "the item has no name"
            self.fault(
                "item-name",
                found,
                "a name starts with a letter and has letters, digits, underscores, hyphens and full stops",
                row,
                "name",
            )
            return None
        read = self._kind(kind, words, row)
        if read is None:
            return None
        what, scale = read
        is_reversed = self.study.items.get(name, ItemSection()).reversed
        if is_reversed:
            scale = self._mirrored(scale, name)
        self._check_alone(scale, name)
        low, high = _limits(kind, what, row)
        return Item(
            name=name,
            kind=what,
            label=self._label(row, self.form.survey, optional=kind == "calculate"),
            row=row.number,
            scale=scale,
            theme=next((theme for theme, part in self.study.themes.items() if name in part.items), None),
            same_as=row["royst_same_as"] or None,
            reversed=is_reversed,
            relevant=_all_of(*(group.relevant for group in groups), row["relevant"]),
            constraint=row["constraint"],
            calculation=self._calculation(kind, row),
            required=self._required(row),
            hint=self._texts(row, self.form.survey, "hint") or None,
            appearance=row["appearance"],
            choice_filter=row["choice_filter"],
            low=low,
            high=high,
            constraint_message=self._texts(row, self.form.survey, "constraint_message") or None,
            grid=groups[-1].grid if groups else None,
        )

    def _kind(self, kind: str, words: list[str], row: Row) -> tuple[Kind, Scale | None] | None:
        """What an item of this type is, and its scale; None where it is not read, with the fault that says so."""
        if kind in {"select_one", "select1", "select_multiple", "select"}:
            scale = self._scale(words, row)
            return None if scale is None else ("one" if kind in {"select_one", "select1"} else "many", scale)
        if kind == "calculate":
            return _calculated(row["calculation"]), None
        if kind in KINDS:
            return KINDS[kind], None
        found = f"the type {row['type']!r} is not one that Røyst reads"
        if kind in _OTHER:
            todo = "it is left out: Røyst counts choices, numbers and texts"
            self.fault("unsupported-type", found, todo, row, "type", "warning")
        else:
            todo = "use select_one, select_multiple, integer, decimal, text, note or calculate"
            self.fault("unsupported-type", found, todo, row, "type")
        return None

    def _calculation(self, kind: str, row: Row) -> str:
        """The rule of a ``calculate``. A question that is asked keeps what was answered."""
        if kind != "calculate" and row["calculation"]:
            found = f"{row['name']!r} is asked and has a calculation"
            todo = "what is answered stands; use the type calculate for what is not asked"
            self.fault("calculated-question", found, todo, row, "calculation", "warning")
            return ""
        return row["calculation"]

    def _required(self, row: Row) -> bool:
        said = row["required"].lower()
        if said not in {"", "yes", "no", "true", "false", "true()", "false()"}:
            found = f"whether an answer is required is a rule, {row['required']!r:.60}"
            todo = "it is taken as not required; write yes or no"
            self.fault("required-rule", found, todo, row, "required", "warning")
        return said in {"yes", "true", "true()"}

    def _scale(self, words: list[str], row: Row) -> Scale | None:
        if len(words) < 2:
            self.fault(
                "unknown-scale",
                f"{words[0]} names no choice list",
                f"write its name behind: {words[0]} degree",
                row,
                "type",
            )
        elif words[-1].lower() == "or_other":
            self.fault(
                "unsupported-type",
                "or_other adds an answer without a name",
                "write the other answer into the choice list and ask for its text as an item",
                row,
                "type",
            )
        elif words[1] not in self.scales:
            known = ", ".join(self.scales) or "none"
            self.fault(
                "unknown-scale",
                f"the choice list {words[1]!r} is not in the sheet choices",
                f"mend the name or add the list; there are: {known}",
                row,
                "type",
            )
        else:
            return self.scales[words[1]]
        return None

    def _mirrored(self, scale: Scale | None, name: str) -> Scale | None:
        if scale is None:
            found, todo = f"item {name!r} is reversed and has no scale", "only items of a choice list can be reversed"
            self.faults.add("not-a-scale", found, todo, file="study.toml", column=f"items.{name}.reversed")
            return None
        if not scale.has_mirror:
            found = f"item {name!r} is reversed, and the scores of its scale {scale.name!r} are not the same read from the other end"
            self.faults.add(
                "no-mirror",
                found,
                "give the scale scores in even steps, one for each choice",
                file="study.toml",
                column=f"items.{name}.reversed",
            )
        return scale.mirrored()

    def _check_alone(self, scale: Scale | None, name: str) -> None:
        alone = self.study.items.get(name, ItemSection()).alone
        known = [choice.name for choice in scale.choices] if scale is not None else []
        if alone and alone not in known:
            found, todo = f"item {name!r} has no answer {alone!r}", f"name one of its answers: {', '.join(known) or 'it has none'}"
            self.faults.add("unknown-choice", found, todo, file="study.toml", column=f"items.{name}.alone")

    def _label(self, row: Row, sheet: Sheet, *, optional: bool = False) -> Text:
        texts = self._texts(row, sheet, "label")
        if optional:
            return texts
        if not texts:
            self.fault(
                "missing-label", f"{row['name']!r} has no label", "write the words that people read", row, "label"
            )
            return texts
        for language, column in sheet.languages("label", self.default).items():
            if language not in texts:
                self.fault(
                    "missing-label",
                    f"{row['name']!r} has no label in {language}",
                    "write it, or people who read that language see another",
                    row,
                    column,
                    "warning",
                )
        return texts

    def _texts(self, row: Row, sheet: Sheet, column: str) -> dict[str, str]:
        return {language: row[name] for language, name in sheet.languages(column, self.default).items() if row[name]}

    def _scales(self) -> dict[str, Scale]:
        lists: dict[str, list[Choice]] = {}
        plain = {"list_name", "name"}
        for row in self.form.choices.rows:
            name, of = row["name"], row["list_name"]
            if not of or not name:
                self.fault(
                    "choice-name",
                    "the choice has no name or no list_name",
                    "fill both cells",
                    row,
                    "name" if of else "list_name",
                )
                continue
            if " " in name:
                self.fault(
                    "choice-name",
                    f"the choice's name {name!r} has a space in it",
                    "use a name without spaces; the label may have them",
                    row,
                    "name",
                )
            if any(choice.name == name for choice in lists.get(of, [])):
                self.fault(
                    "repeated-choice",
                    f"the list {of!r} has two choices named {name!r}",
                    "give each choice its own name",
                    row,
                    "name",
                )
                continue
            attributes = {
                column: text
                for column, text in row.cells.items()
                if column not in plain and not column.startswith("label")
            }
            lists.setdefault(of, []).append(Choice(name, self._label(row, self.form.choices), attributes))
        return {name: self._counted(name, tuple(choices)) for name, choices in lists.items()}

    def _counted(self, name: str, choices: tuple[Choice, ...]) -> Scale:
        """The scale with what the plan says of it. Names of the plan that this wave's list lacks are left out here; ``counted`` judges them over all waves."""
        plan = self.study.scales.get(name, ScaleSection())
        known = {choice.name for choice in choices}
        apart = tuple(choice.name for choice in choices if choice.name in plan.not_relevant)
        kept = [choice.name for choice in choices if choice.name not in apart]
        scores = plan.scores if plan.scores else default_scores(kept)
        bands = {
            band: tuple(answer for answer in answers if answer in known and answer not in apart)
            for band, answers in plan.bands.items()
        }
        return Scale(
            name, choices, {answer: float(scores[answer]) for answer in kept if answer in scores}, bands, apart
        )


def default_scores(names: list[str]) -> dict[str, float]:
    """The choice names as numbers where all of them are, else 1, 2, 3 … in order."""
    try:
        return {name: float(name) for name in names}
    except ValueError:
        return {name: float(place) for place, name in enumerate(names, start=1)}


def _default_language(form: Form, study: StudyFile) -> str:
    from royst.study.xlsform import language_code

    said = form.settings.get("default_language", "")
    return language_code(said) if said else study.languages[0]


def _all_of(*conditions: str) -> str:
    """Several conditions as one that holds where all do."""
    there = [condition for condition in conditions if condition]
    return " and ".join(f"({condition})" for condition in there) if len(there) > 1 else "".join(there)


def _limits(kind: str, what: Kind, row: Row) -> tuple[float | None, float | None]:
    """The least and the greatest number that can be answered, where the form says so."""
    if kind == "range":
        return _range(row["parameters"])
    return _bounds(row["constraint"]) if what == "number" else (None, None)


def _calculated(said: str) -> Kind:
    """Whether a calculation gives numbers or texts; one that cannot be read is judged by ``routing.check``."""
    try:
        return "number" if expression.gives(expression.parse(said)) == "number" else "text"
    except expression.ExpressionError:
        return "text"


def _bounds(constraint: str) -> tuple[float | None, float | None]:
    try:
        return expression.bounds(expression.parse(constraint)) if constraint else (None, None)
    except expression.ExpressionError:
        return None, None


def _range(parameters: str) -> tuple[float | None, float | None]:
    """``start`` and ``end`` of a question of type range; XLSForm's defaults are 0 and 10."""
    said = dict(re.findall(r"(\w+)\s*=\s*(-?\d+(?:\.\d+)?)", parameters))
    ends = sorted((float(said.get("start", 0)), float(said.get("end", 10))))
    return ends[0], ends[1]
