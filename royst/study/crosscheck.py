"""What the checks of a plan share: the instruments to hold it against, and faults with the line of ``study.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import polars as pl

from royst.errors import Faults
from royst.study.instrument import Instrument, Item
from royst.study.places import Path, dotted, line_of
from royst.study.plan import StudyFile


class Crosscheck:
    """What a check of the plan needs: all instruments, the frame, the lines of ``study.toml``, and where faults go."""

    def __init__(
        self,
        file: StudyFile,
        instruments: Mapping[str, Instrument],
        frame: pl.DataFrame | None,
        places: Mapping[Path, int],
        faults: Faults,
    ):
        self.file, self.instruments, self.frame, self.places, self.faults = file, instruments, frame, places, faults
        self.waves = list(file.waves)
        self.items: dict[str, list[Item]] = {}
        for instrument in instruments.values():
            for item in instrument.items:
                self.items.setdefault(item.name, []).append(item)

    def fault(self, code: str, found: str, todo: str, path: Path, level: str = "error") -> None:
        self.faults.add(
            code, found, todo, file="study.toml", row=line_of(self.places, path), column=dotted(path), level=level
        )

    def unknown(self, what: str, name: object, known: Iterable[str], path: Path) -> None:
        names = sorted(map(str, known))
        near = get_close_matches(str(name), names, 1) if len(str(name)) > 4 else []
        hint = (
            f"did you mean {near[0]!r}?"
            if near
            else (
                f"there are: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}"
                if names
                else "there are none yet"
            )
        )
        self.fault(f"unknown-{what.replace(' ', '-')}", f"there is no {what} {str(name)!r}", hint, path)
