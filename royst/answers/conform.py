"""Each row of a file held against the instrument: typed where it fits, refused with its reason where it does not. Nothing is recoded or guessed."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from royst.answers import labels
from royst.answers.columns import Matched, joined
from royst.answers.readers import Table
from royst.answers.store import schema
from royst.study import routing
from royst.study.expression import text
from royst.study.folder import Study
from royst.study.instrument import Item
from royst.study.units import took_part, unsafe

UNANSWERED = {"NA", "NaN", "#NULL!"}
"""What R, Python and SPSS write for an empty cell. Counted and said."""

_POINT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True)
class Refusal:
    """Why a row is refused. ``row`` as the file counts; ``found`` the cell as it stands there."""

    row: int
    column: str
    found: str
    reason: str


@dataclass(frozen=True)
class Conformed:
    """``frame``: the rows that stand, typed as the store has them. ``refusals`` in order of rows; ``refused`` is the number of rows.
    ``unanswered``: column to the number of cells that the file marks as missing in its own way. ``skipped``: item to the number of answers given
    though the questionnaire skips it there; they are kept. ``labelled``: column to the number of cells that hold a choice's label in place of its name."""

    frame: pl.DataFrame
    refusals: tuple[Refusal, ...]
    refused: int
    unanswered: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    labelled: Mapping[str, int] = field(default_factory=dict)


class _Refused(Exception):
    """A value that does not fit; the text says why."""


def conform(study: Study, wave: str, table: Table, matched: Matched) -> Conformed:
    """All rows of a file against a wave of the study. A row with any refused value is refused whole."""
    work = _Work(study, wave, table, matched)
    work.read_columns()
    work.check_units()
    work.check_ids()
    work.check_rules()
    return work.done()


class _Work:
    def __init__(self, study: Study, wave: str, table: Table, matched: Matched):
        self.study, self.wave, self.table, self.matched = study, wave, table, matched
        self.instrument = study.instruments[wave]
        self.items = {item.name: item for item in self.instrument.answered}
        self.columns: dict[str, pl.Series] = {}
        self.refusals: list[tuple[int, Refusal]] = []
        self.unanswered: Counter[str] = Counter()
        self.skipped: dict[str, int] = {}
        self.labelled: dict[str, int] = {}

    def refuse(self, place: int, column: str, found: str, reason: str) -> None:
        self.refusals.append((place, Refusal(self.table.rows[place], column, found, reason)))

    def source(self, name: str) -> str:
        return self.matched.columns.get(name) or name

    def read_columns(self) -> None:
        for name, kind in schema(self.study, self.wave).items():
            if name in self.matched.split:
                series, odd = joined(self.table, self.matched.split[name])
                for place, column, found in odd:
                    self.refuse(place, column, found, "is neither 1 nor 0")
                self.columns[name] = series
            elif not self.matched.columns[name]:
                self.columns[name] = pl.Series([None] * self.table.frame.height, dtype=kind)
            else:
                self.columns[name] = self._column(name, kind)

    def _column(self, name: str, kind: type[pl.DataType]) -> pl.Series:
        """One column, each distinct value judged once."""
        source = self.table.frame[self.source(name)]
        reader = self._reader(name)
        fits: dict[str, float | str | None] = {}
        reasons: dict[str, str] = {}
        for value in source.drop_nulls().unique(maintain_order=True).to_list():
            try:
                fits[value] = reader(value)
            except _Refused as refused:
                reasons[value] = str(refused)
        empty = [value for value, fit in fits.items() if fit is None and value.strip()]
        if empty:
            self.unanswered[self.source(name)] += int(source.is_in(empty).sum())
        meant = _labels(self.items.get(name))
        if said := [value for value in fits if value.strip().casefold() in meant]:
            self.labelled[self.source(name)] = int(source.is_in(said).sum())
        for place, value in enumerate(source.to_list() if reasons else []):
            if value in reasons:
                self.refuse(place, self.source(name), value, reasons[value])
        return pl.Series([fits.get(value) if value is not None else None for value in source.to_list()], dtype=kind)

    def _reader(self, name: str) -> Callable[[str], float | str | None]:
        marked = self.table.missing.get(self.source(name), frozenset())
        item = self.items.get(name)
        if name == self.study.weight_column:
            return lambda value: _weight(value, self._number)
        if item is None:
            return lambda value: value.strip()
        if item.kind == "number":
            return lambda value: None if value in marked or value.strip() in UNANSWERED else self._number(value)
        if item.scale is None:
            return lambda value: None if value in marked else value
        return self._chooser(item, marked)

    def _chooser(self, item: Item, marked: frozenset[str]) -> Callable[[str], str | None]:
        assert item.scale is not None
        names = dict.fromkeys(item.scale.names)
        numbers = {number: name for name in names if (number := _canonical(name)) is not None}
        meant = _labels(item)

        def one(word: str) -> str:
            if word in names:
                return word
            number = _canonical(word)
            if number is not None and number in numbers:
                return numbers[number]
            expected = ", ".join(names) if len(names) <= 12 else f"{len(names)} choices"
            raise _Refused(f"is not one of {expected}")

        def read(value: str) -> str | None:
            word = value.strip()
            if word not in names and (value in marked or word in UNANSWERED):
                return None
            if item.kind == "one":
                return meant.get(word.casefold()) or one(word)
            return " ".join(dict.fromkeys(one(part) for part in word.split()))

        return read

    def _number(self, value: str) -> float:
        said = value.strip()
        if _POINT.fullmatch(said):
            number = float(said)
        elif self.table.decimal_comma and _COMMA.fullmatch(said):
            number = float(said.replace(",", "."))
        else:
            raise _Refused("is not a number")
        if math.isinf(number):
            raise _Refused("is not a finite number")
        return number

    def check_units(self) -> None:
        for name in self.study.key_columns:
            what = {self.study.id_column: "id", self.study.unit_column: "unit"}.get(name, "primary sampling unit")
            for place, value in enumerate(self.columns[name].to_list()):
                if value is None:
                    self.refuse(place, self.source(name), "", f"the answer has no {what}")
        weight = self.study.weight_column
        if weight:
            judged = {place for place, refusal in self.refusals if refusal.column == self.source(weight)}
            for place, value in enumerate(self.columns[weight].to_list()):
                if value is None and place not in judged:
                    self.refuse(place, self.source(weight), "", "the answer has no weight")
        unit = self.study.unit_column
        if unit is not None:
            self._check_known(unit)

    def _check_known(self, unit: str) -> None:
        frame, sample = self.study.frame_of(self.wave), self.study.samples.get(self.wave)
        known = set(frame["unit"].to_list()) if frame is not None else None
        drawn = set(took_part(sample)["unit"].to_list()) if sample is not None else None
        for place, value in enumerate(self.columns[unit].to_list()):
            reason = self._unit_reason(value, known, drawn) if value is not None else None
            if reason:
                self.refuse(place, self.source(unit), value, reason)

    def _unit_reason(self, value: str, known: set[str] | None, drawn: set[str] | None) -> str | None:
        if why := unsafe(value):
            return f"cannot be a unit's id: {why}"
        if known is not None and value not in known:
            padded = sorted(name for name in known if name.lstrip("0") == value.lstrip("0"))
            return "is not in the frame" + (f"; {padded[0]} is: leading zeros may have been lost" if padded else "")
        if drawn is not None and value not in drawn:
            return "is not in this wave's sample, or refused"
        return None

    def check_ids(self) -> None:
        name = self.study.id_column
        if name is None:
            return
        places: dict[str, list[int]] = {}
        for place, value in enumerate(self.columns[name].to_list()):
            if value is not None:
                places.setdefault(value, []).append(place)
        for value, found in places.items():
            for place in found if len(found) > 1 else []:
                others = ", ".join(str(self.table.rows[other]) for other in found if other != place)
                self.refuse(place, self.source(name), value, f"the id stands in row {others} too")

    def check_rules(self) -> None:
        """The questionnaire's own rules, for rows that stand so far."""
        frame = pl.DataFrame([series.alias(name) for name, series in self.columns.items()])
        refused = {place for place, _ in self.refusals}
        for place, name, reason in routing.violations(self.instrument, frame):
            if place not in refused:
                self.refuse(place, self.source(name), text(frame[name][place]), reason)
        if not any(item.relevant or item.required for item in self.items.values()):
            return
        applies = routing.applicable(self.instrument, frame)
        for name, item in self.items.items():
            here, answered = applies[name], frame[name].is_not_null()
            if item.relevant and (count := int((answered & ~here).sum())):
                self.skipped[name] = count
            if item.required:
                for place in (here & ~answered).arg_true().to_list():
                    if place not in refused:
                        self.refuse(place, self.source(name), "", "the questionnaire requires an answer")

    def done(self) -> Conformed:
        refused = {place for place, _ in self.refusals}
        stands = pl.Series([place not in refused for place in range(self.table.frame.height)], dtype=pl.Boolean)
        frame = pl.DataFrame([series.alias(name) for name, series in self.columns.items()]).filter(stands)
        order = {name: place for place, name in enumerate(self.table.frame.columns)}
        refusals = sorted(self.refusals, key=lambda pair: (pair[0], order.get(pair[1].column, -1)))
        return Conformed(
            frame, tuple(refusal for _, refusal in refusals), len(refused), dict(self.unanswered), self.skipped, self.labelled
        )


def _labels(item: Item | None) -> dict[str, str]:
    """What an item's labels mean, where it has one answer; several of them in a cell cannot be told apart."""
    if item is None or item.scale is None or item.kind != "one":
        return {}
    return labels.names((choice.name, label) for choice in item.scale.choices for label in choice.label.values())


def _canonical(said: str) -> float | None:
    """The number that a choice's name or a cell is, if it is one written plainly; 01 is a name of its own."""
    return float(said) if re.fullmatch(r"-?(0|[1-9]\d*)([.,]0+)?", said) and "," not in said else None


def _weight(value: str, number: Callable[[str], float]) -> float:
    if value.strip() in UNANSWERED:
        raise _Refused("the answer has no weight")
    weight = number(value)
    if weight < 0:
        raise _Refused("the weight is negative")
    return weight
