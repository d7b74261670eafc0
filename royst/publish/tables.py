"""The public tables: CSV for machines, a workbook with labels for people.

In the workbook every text is written as a text, so that a label that starts with ``=``, ``+``, ``-`` or ``@`` never becomes a formula.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import Any

import polars as pl
import xlsxwriter

from royst.publish import numbers
from royst.publish.frame import Book, book
from royst.publish.rows import coarse
from royst.publish.talk_sheets import Sheet, talk_notes, talk_sheets
from royst.publish.zipped import again
from royst.release import Facts, Release
from royst.words import Words

INTERVIEWS = ("interview_themes", "interview_quotes", "interview_joint", "interview_points", "interview_advice")
PUBLIC = ("estimates", "changes", "units", "priorities", "participation", "cells", *INTERVIEWS)
"""Tables for everybody. What one unit gets of its own is never among them."""

SHEETS: dict[str, tuple[str, ...]] = {
    "estimates": (
        "wave", "population", "theme", "item", "measure", "category", "domain", "n", "n_units", "estimate", "low", "high", "se", "deff", "unweighted", "status",
    ),
    "changes": (
        "kind", "item", "measure", "category", "population", "wave_1", "domain_1", "estimate_1", "n_1", "wave_2", "domain_2", "estimate_2", "n_2",
        "estimate", "low", "high", "low90", "high90", "se", "df", "p", "p_adjusted", "family", "correction", "margin", "outcome", "status",
    ),
    "units": ("wave", "item", "measure", "category", "units", "better", "expected", "lower", "cannot_tell", "status"),
    "priorities": ("wave", "item", "importance", "low", "high", "room", "n", "status"),
    "participation": ("wave", "units_in_frame", "units_drawn", "units_refused", "units_replaced", "units", "answers", "users", "offered"),
}  # fmt: skip

WHOLE = ("n", "n_units", "n_1", "n_2", "units", "better", "expected", "lower", "cannot_tell", "answers")
FINE = ("whole", "one", "two")
"""Formats of figures by their decimals."""
PROBABILITIES = ("p", "p_adjusted")
LONG_TEXT = ("item", "category", "domain", "domain_1", "domain_2", "measure", "theme")


def csv(release: Release, name: str) -> bytes:
    """A public table as CSV (UTF-8, ``\\n``): empty where a number is withheld."""
    if name not in PUBLIC:
        raise KeyError(f"{name} is not a public table")
    return release.tables[name].write_csv(line_terminator="\n").encode("utf-8")


class Labels:
    """What a person calls the items, answers and groups of a release, in one language."""

    def __init__(self, facts: Facts, language: str):
        self.facts, self.words, self.book = facts, Words(language), book(language)
        self._continued = {
            (wave, old): name for name, item in facts.items.items() for wave, old in item.continues.items()
        }
        self._domains: dict[str, str] = {}
        self._themes = {item: self.words.of(theme.label) for theme in facts.themes.values() for item in theme.items}

    def wave(self, wave: str) -> str:
        found = self.facts.waves.get(wave)
        return (self.words.of(found.label) if found else "") or wave

    def item(self, name: str, wave: str = "") -> str:
        found = self.facts.items.get(name) or self.facts.items.get(self._continued.get((wave, name), ""))
        return (self.words.of(found.short) if found else "") or name

    def theme(self, item: str, wave: str = "") -> str:
        return self._themes.get(item) or self._themes.get(self._continued.get((wave, item), ""), "")

    def category(self, item: str, measure: str, category: str, wave: str = "") -> str:
        """An answer's or a band's label."""
        if not category:
            return ""
        if category in self.facts.bands and measure == "band":
            return self.words.of(self.facts.bands[category].label) or category
        found = self.facts.items.get(item) or self.facts.items.get(self._continued.get((wave, item), ""))
        scale = self.facts.scales.get(found.scale or "") if found else None
        label = (
            next((self.words.of(choice.label) for choice in scale.choices if choice.name == category), "")
            if scale
            else ""
        )
        return label or category

    def domain(self, domain: str) -> str:
        """``region=vest;size=small`` as ``Vest, små``."""
        if domain not in self._domains:
            self._domains[domain] = self._domain(domain)
        return self._domains[domain]

    def _domain(self, domain: str) -> str:
        if not domain or domain == "all":
            return self.book.codes["all"] if domain else ""
        said = []
        for part in domain.split(";"):
            group, _, category = part.partition("=")
            facts = self.facts.groups.get(group)
            found = facts.categories.get(category) if facts else None
            said.append((self.words.of(found.label) if found else "") or part)
        return ", ".join(said)

    def code(self, code: str) -> str:
        return self.book.codes.get(code, code)

    def family(self, name: str) -> str:
        found = self.facts.families.get(name)
        return (self.words.of(found.label) if found else "") or name


def _said(labels: Labels) -> dict[str, Callable[[dict[str, Any]], str]]:
    """How each column of text is said of a row."""

    def wave_of(row: dict[str, Any]) -> str:
        return str(row.get("wave") or row.get("wave_1") or "")

    def coded(name: str, row: dict[str, Any]) -> str:
        return labels.code(row[name] or "")

    def population_of(row: dict[str, Any]) -> str:
        kind, *waves = (row["population"] or "").split(":")
        return labels.code(kind) + (f" ({', '.join(map(labels.wave, waves))})" if waves else "")

    return {
        "population": population_of,
        "wave": lambda row: labels.wave(row["wave"]),
        "wave_1": lambda row: labels.wave(row["wave_1"] or ""),
        "wave_2": lambda row: labels.wave(row["wave_2"] or ""),
        "item": lambda row: labels.item(row["item"] or "", wave_of(row)),
        "theme": lambda row: labels.theme(row["item"] or "", wave_of(row)),
        "category": lambda row: labels.category(
            row["item"] or "", row["measure"] or "", row["category"] or "", wave_of(row)
        ),
        "domain": lambda row: labels.domain(row["domain"] or ""),
        "domain_1": lambda row: labels.domain(row["domain_1"] or ""),
        "domain_2": lambda row: labels.domain(row["domain_2"] or ""),
        "family": lambda row: labels.family(row["family"] or ""),
        **{name: partial(coded, name) for name in ("measure", "kind", "outcome", "status", "correction")},
    }


def workbook(release: Release, language: str) -> bytes:
    """All public tables as an Excel workbook in one language: notes first, then a sheet a table with its header frozen. The same release, the same bytes."""
    made = BytesIO()
    labels = Labels(release.facts, language)
    words = labels.book
    with xlsxwriter.Workbook(
        made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as excel:
        title = f"{labels.words.of(release.facts.programme)}: {labels.words.of(release.facts.title)}"
        properties = {
            "title": title,
            "author": labels.words.of(release.facts.owner),
            "created": datetime.fromisoformat(release.facts.date),
        }
        excel.set_properties(properties)
        formats = {
            "head": excel.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "title": excel.add_format({"bold": True, "font_size": 14}),
            "text": excel.add_format({"text_wrap": True, "valign": "top"}),
            "cell": excel.add_format({"valign": "top"}),
            "whole": excel.add_format({"num_format": "#,##0", "valign": "top"}),
            "one": excel.add_format({"num_format": "0.0", "valign": "top"}),
            "two": excel.add_format({"num_format": "0.00", "valign": "top"}),
            "p": excel.add_format({"num_format": _probability(labels.words, 3), "valign": "top"}),
            "p_coarse": excel.add_format({"num_format": _probability(labels.words, 2), "valign": "top"}),
        }
        _notes(excel, release.facts, labels, title, formats, talk_notes(release, language))
        for name in SHEETS:
            if release.tables[name].height:
                _sheet(excel, words, name, release.tables[name], _said(labels), formats)
        for sheet in talk_sheets(release, language):
            _talk_sheet(excel, sheet, formats)
    return again(made.getvalue())


def _notes(excel: Any, facts: Facts, labels: Labels, title: str, formats: dict[str, Any], more: list[str]) -> None:
    sheet = excel.add_worksheet(labels.book.texts["notes"])
    sheet.set_column(0, 0, 100)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, title, formats["title"])
    lines = [labels.words.of(facts.owner), numbers.date(labels.words, facts.date)]
    if facts.synthetic:
        lines.append(labels.book.texts["synthetic"])
    method, units = facts.method, labels.words.of(facts.units_name) or labels.words("who.units_name")
    lines += ["", labels.words.of(method.estimand) or labels.words("method.estimand_none"), labels.words(f"method.basis_{method.weight_basis}", units=units)]
    for row, line in enumerate([*filter(None, lines), "", *labels.book.about, *(["", *more] if more else [])], 2):
        sheet.write_string(row, 0, line, formats["text"])


def _probability(words: Words, decimals: int) -> str:
    """Excel's format of a p-value: what is below its last decimal is said so; a fourth decimal shows where there is one."""
    least = 10.0**-decimals
    return f'[<{least:.{decimals}f}]"{words("number.p_less", value=numbers.plain(words, least, decimals))}";0.{"0" * decimals}{"#" if decimals == 3 else ""}'


def _decimals(row: dict[str, Any]) -> int:
    """Decimals of a row's figures, as the release says them; where it does not, two of a mean and one of all else."""
    told = row.get("decimals")
    return (2 if row.get("measure") == "mean" else 1) if told is None else int(told)


def _sheet(
    excel: Any,
    words: Book,
    name: str,
    frame: pl.DataFrame,
    said: dict[str, Callable[[dict[str, Any]], str]],
    formats: dict[str, Any],
) -> None:
    sheet = excel.add_worksheet(words.texts[name])
    columns = SHEETS[name]
    for index, column in enumerate(columns):
        heading = "difference" if name == "changes" and column == "estimate" else column
        sheet.write_string(0, index, words.columns[heading], formats["head"])
        sheet.set_column(index, index, 34 if column in LONG_TEXT else 24 if column == "status" else 14)
    for number, row in enumerate(frame.iter_rows(named=True), 1):
        fine = FINE[_decimals(row)]
        for index, column in enumerate(columns):
            if column in said:
                sheet.write_string(number, index, said[column](row), formats["cell"])
            elif row[column] is not None:
                kind = "whole" if column in WHOLE or column.startswith("units_") else fine
                if column in PROBABILITIES:
                    kind = "p_coarse" if coarse(row) else "p"
                sheet.write_number(number, index, row[column], formats[kind])
    _as_list(sheet, frame.height, len(columns))


def _talk_sheet(excel: Any, told: Sheet, formats: dict[str, Any]) -> None:
    sheet = excel.add_worksheet(told.name)
    for index, (heading, width) in enumerate(told.columns):
        sheet.write_string(0, index, heading, formats["head"])
        sheet.set_column(index, index, width)
    for number, (row, decimals) in enumerate(zip(told.rows, told.decimals, strict=True), 1):
        for index, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, index, cell, formats["text"])
            elif cell is not None:
                sheet.write_number(number, index, cell, formats[FINE[decimals]])
    _as_list(sheet, len(told.rows), len(told.columns))


def _as_list(sheet: Any, rows: int, columns: int) -> None:
    """The header stays in sight and on every printed page, and rows can be chosen by it."""
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, columns - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
