"""The first draft of a study folder: questionnaires, and a ``study.toml`` with hints where a person decides."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class DraftList:
    """A choice list: code to label in order; ``apart`` are codes that the source marks as missing; ``used_by`` the items that have it."""

    name: str
    choices: Mapping[str, str]
    apart: tuple[str, ...]
    used_by: tuple[str, ...]


NOT_RELEVANT = ("ikke relevant", "ikkje relevant", "not relevant", "not applicable")
"""Labels of answers that are likely to mean it. Only proposed: a person decides."""


@dataclass(frozen=True)
class DraftItem:
    """``type`` as XLSForm writes it; ``waves`` in which it was answered, in order."""

    name: str
    type: str
    label: str
    waves: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """What is known of a study before a person has decided anything. ``language`` is the one that the labels are taken to be in; ``waves``: name to label, in
    order; ``unit``, ``weight``, ``key`` and ``wave`` are columns."""

    id: str
    title: str
    source: str
    language: str
    waves: Mapping[str, str]
    items: tuple[DraftItem, ...]
    lists: tuple[DraftList, ...]
    unit: str | None = None
    weight: str | None = None
    key: str | None = None
    wave: str | None = None


LANGUAGES = {"nb": "Bokmål (nb)", "nn": "Nynorsk (nn)", "en": "English (en)"}


def questionnaire(draft: Draft, wave: str, path: Path) -> None:
    """Write one wave's XLSForm. The same draft gives the same bytes; texts that start with = stay texts."""
    import xlsxwriter

    label = f"label::{LANGUAGES[draft.language]}"
    items = [item for item in draft.items if wave in item.waves]
    survey = [["type", "name", label, "royst_same_as"]]
    survey += [[item.type, item.name, item.label, item.name if item.waves.index(wave) else ""] for item in items]
    used = {item.type.split()[1] for item in items if item.type.startswith("select_one")}
    choices = [["list_name", "name", label]]
    choices += [
        [part.name, code, said] for part in draft.lists if part.name in used for code, said in part.choices.items()
    ]
    settings = [
        ["form_title", "form_id", "version", "default_language"],
        [draft.id, re.sub(r"\W", "_", f"{draft.id}_{wave}"), "1", LANGUAGES[draft.language]],
    ]
    book = xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"created": datetime(2000, 1, 1)})
    for name, rows in (("survey", survey), ("choices", choices), ("settings", settings)):
        sheet = book.add_worksheet(name)
        sheet.set_column(0, 1, 24)
        sheet.set_column(2, 2, 60)
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                sheet.write_string(row, column, text)
    book.close()


def toml(draft: Draft) -> str:
    """``study.toml`` of a draft: what is known, and behind # what a person decides."""
    language = draft.language
    parts = [
        f"# Made by royst init from {_comment(draft.source)}. What stands behind a # waits for somebody to decide.\n# Every key: docs/study-folder.md. When you are done: royst check",
        "\n".join((
            "format = 1",
            f"id = {_text(draft.id)}",
            f"title = {{ {language} = {_text(draft.title)} }}  # the study's name, as readers see it",
            f'languages = ["{language}"]  # of nb, nn and en; each needs its words in the questionnaires and below',
            f'# owner = {{ {language} = "Who is responsible" }}',
        )),
        _design(draft),
        *(f"[waves.{_key(wave)}]\nlabel = {{ {language} = {_text(said)} }}  # what readers call it{_role(draft) if wave == next(iter(draft.waves)) else ''}" for wave, said in draft.waves.items()),
        _carry(draft),
        _scales(draft),
        _rest(draft),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _design(draft: Draft) -> str:
    lines = ["[design]", "sampled = false  # true when the units were drawn; then each wave has its sample.csv"]
    if draft.unit:
        lines += [
            f"unit = {_text(draft.unit)}  # the column that answers cluster in; standard errors count on it",
            '# unit = "" and psu = "…" when it is a person, or nothing that gets reports of its own',
        ]
    else:
        lines += ['unit = ""  # no column of units; each answer counts as drawn by itself']
    lines.append(
        f"id = {_text(draft.key)}  # the column that names each answer once in a wave"
        if draft.key
        else '# id = "…"  # a column that names each answer once in a wave; it is no item of the questionnaires then'
    )
    if draft.wave:
        lines.append(f"wave = {_text(draft.wave)}  # the column that tells the waves apart, in files that royst import reads")
    if draft.weight:
        lines += [f"weight = {_text(draft.weight)}", 'weight_basis = "given"']
    else:
        lines.append('weight_basis = "as_came"  # each answer counts one')
    lines += [
        f'# estimand = {{ {draft.language} = "Whom the figures stand for" }}',
        f'# weights_said = {{ {draft.language} = "How answers were weighted, in words" }}',
    ]
    return "\n".join(lines)


def _role(draft: Draft) -> str:
    return (
        '\n# role = "background"  # asked once, carried to later waves and never published itself'
        if len(draft.waves) > 1
        else ""
    )


def _carry(draft: Draft) -> str:
    if len(draft.waves) < 2:
        return ""
    return f'# [carry]  # background of one wave that follows each person to the later ones\n# wave = {_text(next(iter(draft.waves)))}\n# key = "…"\n# items = []'


def _scales(draft: Draft) -> str:
    parts = [
        "# How answers are counted. bands: best first, under names of your own. Which answers mean that the question did not concern somebody: not_relevant."
    ]
    for found in draft.lists:
        answers = " · ".join(
            f"{code} {_comment(said)}" if said != code else code for code, said in found.choices.items()
        )
        lines = [
            f"[scales.{found.name}]",
            f"# {answers}",
            f"# of {_few(found.used_by)}",
            '# bands = { NAME = ["…"] }  # and [bands.NAME] with its label, below; without bands a release has no shares of what is good',
        ]
        if found.apart:
            lines.append(
                f"not_relevant = [{', '.join(_text(code) for code in found.apart)}]  # the file marks these as missing; they are published as not relevant"
            )
        elif named := [code for code, said in found.choices.items() if said.strip().casefold() in NOT_RELEVANT]:
            lines.append(f"# not_relevant = [{', '.join(_text(code) for code in named)}]")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) if draft.lists else ""


def _rest(draft: Draft) -> str:
    language, wave = draft.language, list(draft.waves)[-1]
    scaled = [item.name for item in draft.items if item.type.startswith("select_one") and wave in item.waves] or [
        item.name for item in draft.items
    ]
    first = scaled[0]
    lines = [
        "# Bands, chapters of the report, and who is compared. NAME is one of your own, and no item's.",
        "# [bands.NAME]",
        f'# label = {{ {language} = "…" }}  # in charts; degree = {{ {language} = "…" }} is how sentences say it, as: to a great extent',
        "",
        "# [themes.NAME]",
        f'# label = {{ {language} = "…" }}',
        f"# items = [{', '.join(_text(name) for name in scaled[:4])}]",
        "",
        "# [plan]",
        '# items = "named"  # publish the items that themes name, and no others',
        f"# headline = {_text(first)}  # the item that stands for the whole",
        "",
        f"# [items.{first}]  # an item may have",
        f'# short = {{ {language} = "…" }}  # what charts call it',
        "# reversed = true  # where it is worded the other way",
        '# role = "background"  # sex, age and the like: who answered, not what they think',
        "",
        "# [groups.NAME]",
        f'# label = {{ {language} = "…" }}',
        f"# column = {_text(first)}",
        f'# categories.one = {{ label = {{ {language} = "…" }}, values = ["1"] }}',
        f'# categories.two = {{ label = {{ {language} = "…" }}, values = ["2"] }}',
        "",
        f'# [releases."{_comment(wave)}"]',
        '# date = "2020-06-22"  # the day it is published',
        f"# wave = {_text(wave)}",
        f"# earlier = [{', '.join(_text(name) for name in list(draft.waves)[:-1])}]",
        "",
        "# [[findings]]  # one statement that opens the report; the answers decide what it says",
        '# id = "first"',
        '# kind = "bands"  # how all of them answered; it needs bands',
        f"# item = {_text(first)}",
        "# rank = 1",
    ]
    return "\n".join(lines)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(said: str) -> str:
    return json.dumps(said, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(said: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", said)
