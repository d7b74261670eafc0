"""The cells of a questionnaire (an XLSForm workbook), and the proof that it is one.

Cells are read one by one, so that each fault names the author's own row. ``pyxform`` then converts the form, as ODK Central and KoboToolbox do.
XLSForm: xlsform.org, read as version 1 of its reference table.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from royst.errors import Faults

ALIASES = {
    "relevance": "relevant", "calculate": "calculation", "list name": "list_name", "value": "name", "caption": "label",
    "command": "type", "variable name": "name",
}  # fmt: skip
OWN = {
    "survey": {"royst_same_as"},
    "choices": set(),
    "settings": {"royst_title_nb", "royst_title_nn", "royst_title_en"},
}
"""Our own columns. pyxform lets unknown columns through, as long as choices have none with two colons."""

_LANGUAGES = {
    "bokmål": "nb", "bokmal": "nb", "norsk bokmål": "nb", "norwegian bokmål": "nb", "nynorsk": "nn", "norsk nynorsk": "nn",
    "norwegian nynorsk": "nn", "english": "en", "engelsk": "en", "northern sami": "se", "davvisámegiella": "se",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One filled row of a sheet: its number in the workbook and its cells by column; empty cells are absent."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Sheet:
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def languages(self, column: str, default: str) -> dict[str, str]:
        """The columns that hold ``column`` in each language: language code to the column's name. Without a language it is the default's."""
        found = {}
        for name in self.columns:
            base, _, language = name.partition("::")
            if base == column:
                found[language_code(language) if language else default] = name
        return found


@dataclass(frozen=True)
class Form:
    """The three sheets of a form that Røyst reads; ``settings`` is its only row."""

    name: str
    survey: Sheet
    choices: Sheet
    settings: dict[str, str]


def language_code(said: str) -> str:
    """The code of a language as XLSForm headers name it: ``Bokmål (nb)`` is nb; a bare ``nb`` or ``English`` is known too."""
    match = re.search(r"\(([A-Za-z-]+)\)\s*$", said)
    if match:
        return match[1].lower()
    plain = said.strip().lower()
    return _LANGUAGES.get(plain, plain)


def read(path: Path, name: str, faults: Faults) -> Form | None:
    """The form's cells. None where the workbook cannot be read or has no survey; faults say why."""
    if not path.is_file():
        faults.add("missing-file", "the wave has no questionnaire", "put the XLSForm workbook there; an older wave's can be copied and changed", file=name)
        return None
    book = _open(path, name, faults)
    if book is None:
        return None
    sheets = {title.strip().lower(): book[title] for title in book.sheetnames}
    if "survey" not in sheets:
        faults.add(
            "not-an-xlsform",
            f"the workbook has no sheet named survey, only {', '.join(book.sheetnames)}",
            "name the sheet of questions survey",
            file=name,
        )
        return None
    before = len(faults.errors)
    survey = _sheet(sheets["survey"], "survey", name, faults)
    choices = _sheet(sheets["choices"], "choices", name, faults) if "choices" in sheets else Sheet((), ())
    settings = _sheet(sheets["settings"], "settings", name, faults) if "settings" in sheets else Sheet((), ())
    book.close()
    for column in ("type", "name"):
        if column not in survey.columns:
            faults.add(
                "missing-column",
                f"the sheet survey has no column {column!r}",
                "an XLSForm has columns type, name and label",
                file=name,
                row=1,
                column=column,
            )
    if choices.rows and not {"list_name", "name"} <= set(choices.columns):
        faults.add(
            "missing-column",
            "the sheet choices lacks list_name or name",
            "it has columns list_name, name and label",
            file=name,
            row=1,
        )
    if len(faults.errors) > before:
        return None
    return Form(name, survey, choices, settings.rows[0].cells if settings.rows else {})


def prove(form: Form, faults: Faults) -> None:
    """Convert the form with pyxform; what it refuses is a fault, what it warns of a warning."""
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    settings = {key: value for key, value in form.settings.items() if key not in OWN["settings"]}
    settings.setdefault("form_id", "form")
    sheets: dict[str, Any] = {
        "survey": [row.cells for row in form.survey.rows],
        "choices": [row.cells for row in form.choices.rows],
        "settings": [settings],
    }
    if not sheets["choices"]:
        del sheets["choices"]
    try:
        done = convert(xlsform=sheets, validate=False)
    except PyXFormError as error:
        message = str(error)
        match = re.match(r"\[row : (\d+)\]\s*", message)
        row = None
        if match:
            # pyxform counts the rows it was given; blank ones were left out.
            place = int(match[1]) - 2
            sheet = form.choices if "'choices' sheet" in message else form.survey
            row = sheet.rows[place].number if 0 <= place < len(sheet.rows) else None
            message = message[match.end() :]
        faults.add(
            "not-an-xlsform",
            f"the form is not a valid XLSForm: {message}",
            "mend the row; the XLSForm reference is at xlsform.org",
            file=form.name,
            row=row,
        )
        return
    for warning in done.warnings:
        faults.add(
            "xlsform-warning",
            " ".join(str(warning).split()),
            "the form works; other tools may ask for this",
            file=form.name,
            level="warning",
        )


def _open(path: Path, name: str, faults: Faults) -> Any:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return load_workbook(path)
    except PermissionError:
        faults.add("file-not-readable", "you may not read this file", "give yourself read permission to it", file=name)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError):
        faults.add("not-a-workbook", "the file is not an Excel workbook", "save it as .xlsx", file=name)
    return None


def _sheet(sheet: Any, title: str, name: str, faults: Faults) -> Sheet:
    rows = list(sheet.iter_rows())
    if not rows:
        return Sheet((), ())
    header: dict[int, str] = {}
    for place, cell in enumerate(rows[0]):
        column = _column(_text(cell, title, name, faults))
        if not column:
            continue
        if column in header.values():
            faults.add(
                "repeated-column",
                f"sheet {title} has two columns {column!r}",
                "keep one of them",
                file=name,
                row=1,
                column=column,
            )
        if column.startswith("royst_") and column not in OWN[title]:
            known = ", ".join(sorted(OWN[title])) or "none"
            faults.add(
                "unknown-column",
                f"sheet {title} has a column {column!r}",
                f"Røyst's own columns there are: {known}",
                file=name,
                row=1,
                column=column,
            )
        header[place] = column
    found = []
    for cells in rows[1:]:
        texts = {
            header[place]: text
            for place, cell in enumerate(cells)
            if place in header and (text := _text(cell, title, name, faults))
        }
        if texts:
            found.append(Row(cells[0].row, texts))
    return Sheet(tuple(header.values()), tuple(found))


def _column(said: str) -> str:
    base, mark, language = said.partition("::")
    base = base.strip().lower()
    return ALIASES.get(base, base) + mark + language.strip()


def _text(cell: Any, title: str, name: str, faults: Faults) -> str:
    """A cell as text: whole numbers without decimals, truth values as XLSForm writes them."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        found = f"cell {cell.coordinate} of sheet {title} holds a formula, {value!s:.40}"
        faults.add(
            "formula-in-questionnaire",
            found,
            "write the text itself; to start a text with =, format the cell as text first",
            file=name,
            row=cell.row,
        )
        return ""
    if isinstance(value, bool):
        return "true()" if value else "false()"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
