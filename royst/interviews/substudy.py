"""One sub-study: why, whom it wanted to hear, who was asked and who declined, who took part, under which guide and with which consent.

``substudy.toml`` and three tables that people keep: ``asked.csv`` (one row a person asked), ``participants.csv`` (one row a pseudonym) and ``consents.csv`` (one
row a consent given). None holds a name: who is behind a pseudonym stands in the key file alone (``keyfile``).
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from pydantic import ValidationError

from royst.errors import Faults, wrong
from royst.interviews.crosscheck import FILE, Rows, check_file, check_rows
from royst.interviews.sections import SubstudyFile
from royst.interviews.store import Store, field_faults
from royst.study import delimited


@dataclass(frozen=True)
class Asked:
    """One person asked, by a running number. ``attributes`` may be empty where nothing was known."""

    contact: str
    outcome: str
    reason: str
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Participant:
    """One participant under a pseudonym."""

    id: str
    attributes: Mapping[str, str]
    guide: str = ""
    minutes: int | None = None
    recorded: bool | None = None
    others: str = ""


@dataclass(frozen=True)
class Consent:
    """A consent: the version of the letter, dates as ISO, whether words may be quoted. ``withdrawn`` is empty while it stands."""

    participant: str
    version: str
    given: str
    quotes: bool
    withdrawn: str = ""


@dataclass(frozen=True)
class Substudy:
    """A checked sub-study. ``stands``: who may be used at all; ``may_quote``: whose words may be printed."""

    store: Store
    file: SubstudyFile
    asked: tuple[Asked, ...]
    participants: tuple[Participant, ...]
    consents: tuple[Consent, ...]
    warnings: tuple[str, ...] = field(default=())

    def participant(self, id: str) -> Participant:
        for found in self.participants:
            if found.id == id:
                return found
        raise wrong("unknown-participant", f"there is no participant {id}", "Name one of participants.csv.")

    def stands(self, id: str) -> bool:
        """Whether the person's newest consent stands."""
        own = [consent for consent in self.consents if consent.participant == id]
        return bool(own) and not own[-1].withdrawn

    def may_quote(self, id: str) -> bool:
        own = [consent for consent in self.consents if consent.participant == id]
        return bool(own) and not own[-1].withdrawn and own[-1].quotes

    def cell(self, id: str) -> tuple[tuple[str, str], ...]:
        """The participant's quota cell: attribute and value, for the attributes that the quota names."""
        names = [name for name in self.file.attributes if any(name in quota.cell for quota in self.file.quota)]
        person = self.participant(id)
        return tuple((name, person.attributes.get(name, "")) for name in names)

    def in_cell(self, id: str) -> int:
        """How many participants whose consent stands share the quota cell, this one included."""
        return sum(self.cell(other.id) == self.cell(id) for other in self.participants if self.stands(other.id))

    def label_values(self, id: str) -> tuple[tuple[str, str], ...]:
        """What a quote's label may say of the participant: published traits, in the order of ``label``."""
        person = self.participant(id)
        return tuple((name, person.attributes[name]) for name in self.file.label if person.attributes.get(name))

    def label(self, id: str, language: str) -> str:
        """A quote's label in words: ``kvinne, 65+``."""
        return ", ".join(
            _of(self.file.attributes[name].values[value], language) for name, value in self.label_values(id)
        )

    def quota_table(self) -> pl.DataFrame:
        """One row a quota cell: ``cell`` (``sex=k;place=a``), ``wanted``, ``asked``, ``declined``, ``agreed`` (took part). Not for publication: cells are small."""
        rows = []
        for quota in self.file.quota:
            asked = [a for a in self.asked if _matches(a.attributes, quota.cell)]
            rows.append(
                {
                    "cell": ";".join(f"{name}={value}" for name, value in sorted(quota.cell.items())),
                    "wanted": quota.wanted,
                    "asked": len(asked),
                    "declined": sum(a.outcome == "declined" for a in asked),
                    "agreed": sum(_matches(p.attributes, quota.cell) for p in self.participants),
                }
            )
        return pl.DataFrame(
            rows,
            schema={"cell": pl.String, "wanted": pl.Int64, "asked": pl.Int64, "declined": pl.Int64, "agreed": pl.Int64},
        )


def _matches(attributes: Mapping[str, str], cell: Mapping[str, str]) -> bool:
    return all(attributes.get(name) == value for name, value in cell.items())


def _of(text: Mapping[str, str], language: str) -> str:
    return text.get(language) or next(iter(text.values()), "")


def read_substudy(store: Store, units: Collection[str] = ()) -> Substudy:
    """Read and check a sub-study. ``units``: names of the study's municipalities or districts, which no published attribute may tell.

    Raises ``InputError`` with every fault of its four files, each with file, row and column."""
    faults = Faults()
    file = read_file(store)
    names = list(file.attributes)
    asked = _table(store, "asked.csv", ["contact", "outcome"], ["reason", *names], faults)
    people = _table(
        store, "participants.csv", ["participant", *names], ["guide", "minutes", "recorded", "others"], faults
    )
    consents = _table(store, "consents.csv", ["participant", "version", "given", "quotes"], ["withdrawn"], faults)
    faults.stop()
    check_file(file, faults, units)
    check_rows(file, asked, people, consents, faults)
    faults.stop()
    return Substudy(
        store,
        file,
        tuple(
            Asked(r["contact"], r["outcome"], r.get("reason", ""), {n: r[n] for n in names if r.get(n)})
            for _, r in asked
        ),
        tuple(_participant(r, names) for _, r in people),
        tuple(
            Consent(r["participant"], r["version"], r["given"], r["quotes"] == "yes", r.get("withdrawn", ""))
            for _, r in consents
        ),
        tuple(str(fault) for fault in faults.warnings),
    )


def _participant(row: Mapping[str, str], names: Iterable[str]) -> Participant:
    minutes = row.get("minutes", "")
    recorded = {"yes": True, "no": False}.get(row.get("recorded", ""))
    return Participant(
        row["participant"],
        {n: row[n] for n in names if row[n]},
        row.get("guide", ""),
        int(minutes) if minutes else None,
        recorded,
        row.get("others", ""),
    )


def read_file(store: Store) -> SubstudyFile:
    """``substudy.toml`` alone, which is open also where the rest is sealed. ``InputError``: ``missing-file``, ``damaged-toml``, ``substudy-field``."""
    path = store.path(FILE)
    if not path.is_file():
        raise wrong(
            "missing-file", "the sub-study has no substudy.toml", "Write one as docs/interviews.md shows.", file=path
        )
    try:
        return SubstudyFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise wrong("damaged-toml", f"not TOML: {error}", "Mend the line that is named.", file=path) from None
    except ValidationError as error:
        raise field_faults(error, "substudy-field", path) from None


def _table(store: Store, name: str, needed: Sequence[str], allowed: Sequence[str], faults: Faults) -> Rows:
    """Rows with their numbers in the file; none where the table was not begun."""
    if not store.exists(name):
        return []
    if store.path(name).exists():
        read = delimited.read(store.path(name), name)
        header, rows = list(read.header), list(zip(read.numbers, read.rows, strict=True))
    else:
        records = list(csv.reader(io.StringIO(store.read(name))))
        header, rows = records[0], [(number, tuple(cells)) for number, cells in enumerate(records[1:], start=2)]
    for column in needed:
        if column not in header:
            faults.add(
                "missing-column",
                f"there is no column {column}",
                f"Columns: {', '.join((*needed, *allowed))}.",
                file=name,
                row=1,
                column=column,
            )
    for column in header:
        if column not in needed and column not in allowed:
            faults.add(
                "unknown-column",
                f"column {column} is not known",
                "Take it out; names and addresses never stand here.",
                file=name,
                row=1,
                column=column,
            )
    return [
        (number, {column: cell.strip() for column, cell in zip(header, cells, strict=True)}) for number, cells in rows
    ]


def write_table(store: Store, name: str, header: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write one of the sub-study's tables, whole or not at all."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(header), lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    store.write(name, out.getvalue())


def write_participants(substudy: Substudy, participants: Iterable[Participant]) -> None:
    names = list(substudy.file.attributes)
    rows = [
        {
            "participant": p.id, **p.attributes, "guide": p.guide, "minutes": "" if p.minutes is None else str(p.minutes),
            "recorded": "" if p.recorded is None else "yes" if p.recorded else "no", "others": p.others,
        }
        for p in participants
    ]  # fmt: skip
    write_table(
        substudy.store, "participants.csv", ["participant", *names, "guide", "minutes", "recorded", "others"], rows
    )


def write_consents(substudy: Substudy, consents: Iterable[Consent]) -> None:
    rows = [
        {
            "participant": c.participant,
            "version": c.version,
            "given": c.given,
            "quotes": "yes" if c.quotes else "no",
            "withdrawn": c.withdrawn,
        }
        for c in consents
    ]
    write_table(substudy.store, "consents.csv", ["participant", "version", "given", "quotes", "withdrawn"], rows)
