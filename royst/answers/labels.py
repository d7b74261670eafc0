"""Variable and value labels from a CSV with columns ``variable`` and ``label``, where a label may end with its values: ``Trust (1=Not at all, 2=Some)``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from royst.errors import Faults
from royst.study import delimited

_NUMBER = r"-?\d+(?:\.\d+)?"
_WORD = r"[A-Za-z][A-Za-z0-9_]{0,11}"


@dataclass(frozen=True)
class Labels:
    """``labels``: variable to its words; ``values``: variable to code to label, in the label's order. ``unread``: variables whose label seems to name values
    and could not be read, with the label; ``unlabelled``: variables that the file names without a label."""

    labels: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    unread: Mapping[str, str] = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()


def read(path: Path) -> Labels:
    """Read a labels file. Raises ``InputError`` where it is missing, has no such columns, or names a variable twice."""
    table = delimited.read(path)
    faults = Faults()
    for column in ("variable", "label"):
        if column not in table.header:
            faults.add(
                "missing-column",
                f"there is no column {column!r}",
                "the labels file has columns variable and label",
                file=path.name,
                row=1,
                column=column,
            )
    faults.stop()
    labels: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    unread: dict[str, str] = {}
    unlabelled = []
    variable_at, label_at = table.header.index("variable"), table.header.index("label")
    for number, cells in zip(table.numbers, table.rows):
        variable, said = cells[variable_at].strip(), " ".join(cells[label_at].split())
        if not variable:
            faults.add(
                "missing-variable",
                "the label has no variable",
                "name the variable, or remove the row",
                file=path.name,
                row=number,
                column="variable",
            )
        elif variable in labels or variable in unlabelled:
            faults.add(
                "repeated-variable",
                f"{variable!r} has two labels",
                "keep one of them",
                file=path.name,
                row=number,
                column="variable",
            )
        elif not said:
            unlabelled.append(variable)
        else:
            words, codes = split(said)
            labels[variable] = words
            if codes:
                values[variable] = codes
            elif "=" in said[len(words) :] or _opens(said) is not None:
                unread[variable] = said
    faults.stop()
    return Labels(labels, values, unread, tuple(unlabelled))


def names(choices: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each label, in small letters, to the name of the choice that it means: of pairs of name and label, where one choice alone has it, and it is neither a name nor a number."""
    pairs = list(choices)
    found: dict[str, set[str]] = {}
    for name, label in pairs:
        found.setdefault(label.strip().casefold(), set()).add(name)
    own = {name.casefold() for name, _ in pairs}
    return {label: next(iter(means)) for label, means in found.items() if len(means) == 1 and label and label not in own and not re.fullmatch(r"[+-]?[\d.,]+", label)}


def split(said: str) -> tuple[str, dict[str, str]]:
    """A label's words and the values in its last parenthesis, code to label; no values, and the label whole, where it has none that can be read.

    The parenthesis need not be closed, and commas, full stops or semicolons may stand between the values, and within their labels.
    """
    opens = _opens(said)
    if opens is None:
        return said, {}
    body = said[opens + 1 :].strip().removesuffix(")").strip()
    code = _NUMBER if re.match(rf"{_NUMBER}\s*=", body) else _WORD
    marks = list(re.finditer(rf"(?:^|[,.;]\s*)({code})\s*=\s*", body))
    if not marks or marks[0].start() != 0:
        return said, {}
    codes: dict[str, str] = {}
    for mark, after in zip(marks, [*marks[1:], None]):
        label = body[mark.end() : after.start() if after else len(body)].strip(" ,;")
        if not label or mark[1] in codes:
            return said, {}
        codes[mark[1]] = label
    return said[:opens].strip() or said, codes


def _opens(said: str) -> int | None:
    """Where the first parenthesis that starts with a code and an equals sign, or with the sign alone, opens."""
    found = re.search(r"\((?=\s*[^\s=()]*\s*=)", said)
    return found.start() if found else None
