"""Each wave's questionnaire as an XLSForm, the same bytes on every run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

MADE = {"2017": datetime(2017, 8, 1), "2019": datetime(2019, 8, 1), "2021": datetime(2021, 1, 4)}
"""The date that stands in the file, so that it does not depend on the day it is written."""


def asked(source: Mapping[str, Any], wave: str) -> list[Mapping[str, Any]]:
    """The questions of a wave, in order."""
    return [question for question in source["question"] if wave in question.get("waves", MADE)]


def same_as(source: Mapping[str, Any], wave: str, name: str) -> str:
    """The item of the nearest earlier wave that this one continues: its own name there, or nothing."""
    earlier = [year for year in MADE if year < wave]
    return name if earlier and any(question["name"] == name for question in asked(source, earlier[-1])) else ""


def write(source: Mapping[str, Any], wave: str, path: Path) -> None:
    """The sheets ``survey``, ``choices`` and ``settings`` of ``wave``."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": source["title"]["nb"], "author": "Røyst", "created": MADE[wave]})
    for name, rows in (
        ("survey", survey(source, wave)),
        ("choices", choices(source, wave)),
        ("settings", settings(source, wave)),
    ):
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                if text:
                    sheet.write_string(number, column, text)
    book.close()


def survey(source: Mapping[str, Any], wave: str) -> list[list[str]]:
    languages = source["languages"]
    rows = [
        ["type", "name", *(f"label::{name}" for name in languages.values()), "relevant", "constraint", "royst_same_as"]
    ]
    rows.append(["note", "welcome", *(source["note"]["welcome"][code] for code in languages), "", "", ""])
    for question in asked(source, wave):
        name = question["name"]
        labels = [question[code] for code in languages]
        rows.append(
            [
                question.get("type", "select_one degree"),
                name,
                *labels,
                question.get("relevant", ""),
                question.get("constraint", ""),
                same_as(source, wave, name),
            ]
        )
    return rows


def choices(source: Mapping[str, Any], wave: str) -> list[list[str]]:
    languages = source["languages"]
    used = {question.get("type", "select_one degree").removeprefix("select_one ") for question in asked(source, wave)}
    rows = [["list_name", "name", *(f"label::{name}" for name in languages.values())]]
    for scale, names in source["scales"].items():
        if scale in used:
            rows += [[scale, name, *(label[code] for code in languages)] for name, label in names.items()]
    return rows


def settings(source: Mapping[str, Any], wave: str) -> list[list[str]]:
    return [
        ["form_title", "form_id", "version", "default_language"],
        [source["title"]["nb"], f"bte_{wave}", wave, source["languages"]["nb"]],
    ]
