"""What a user can do wrong, told so that the user can mend it.

Every message names a code, the place (file, row, column), what was found and what to do. Faults are gathered, so that one
run shows all of them; the command line prints them and ends with exit code 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    ``code`` is stable and lower-case with hyphens (``value-outside-scale``); ``row`` is the row as a person counts it in
    the file (the header is row 1); ``column`` the column's name. ``level`` is ``error`` (stops) or ``warning`` (is shown).
    """

    code: str
    found: str
    todo: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    level: str = "error"

    @property
    def where(self) -> str:
        """The place in words: ``frame.csv, row 7, column users``; empty where the fault has none."""
        parts = [self.file or ""]
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        level = "warning: " if self.level != "error" else ""
        return f"{level}{where}{self.found} [{self.code}]\n    {self.todo}"


class InputError(Exception):
    """The user's input is wrong. Carries every fault that was found, never only the first."""

    def __init__(self, faults: Fault | Iterable[Fault]):
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def wrong(
    code: str, found: str, todo: str, *, file: str | Path | None = None, row: int | None = None, column: str | None = None
) -> InputError:
    """An ``InputError`` of one fault, to raise where nothing more can be read."""
    return InputError(Fault(code, found, todo, None if file is None else str(file), row, column))


@dataclass
class Faults:
    """Gathers faults while reading; ``stop()`` raises when any of them is an error."""

    found: list[Fault] = field(default_factory=list)

    def add(
        self,
        code: str,
        found: str,
        todo: str,
        *,
        file: str | Path | None = None,
        row: int | None = None,
        column: str | None = None,
        level: str = "error",
    ) -> None:
        self.found.append(Fault(code, found, todo, None if file is None else str(file), row, column, level))

    def extend(self, faults: Iterable[Fault]) -> None:
        self.found.extend(faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def errors(self) -> list[Fault]:
        return [fault for fault in self.found if fault.level == "error"]

    @property
    def warnings(self) -> list[Fault]:
        return [fault for fault in self.found if fault.level != "error"]

    def stop(self) -> None:
        if self.errors:
            raise InputError(self.found)
