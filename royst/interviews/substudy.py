"""One sub-study: why, whom it wanted to hear, who was asked and who declined, who took part, under which guide and with which consent.

``substudy.toml`` and three tables that people keep: ``asked.csv`` (one row a person asked), ``participants.csv`` (one row a pseudonym) and ``consents.csv`` (one
row a consent given). None holds a name: who is behind a pseudonym stands in the key file alone (``keyfile``).
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from pydantic import ValidationError

from royst.errors import Faults, InputError, wrong
from royst.interviews.sections import SubstudyFile
from royst.interviews.store import Store, checked_id
from royst.study import delimited

FILE = "substudy.toml"
OUTCOMES = ("agreed", "declined", "not reached", "not eligible", "withdrew")


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


def read_substudy(store: Store) -> Substudy:
    """Read and check a sub-study. Raises ``InputError`` with every fault of its four files, each with file, row and column."""
    faults = Faults()
    file = _read_file(store)
    names = list(file.attributes)
    asked = _table(store, "asked.csv", ["contact", "outcome"], ["reason", *names], faults)
    people = _table(
        store, "participants.csv", ["participant", *names], ["guide", "minutes", "recorded", "others"], faults
    )
    consents = _table(store, "consents.csv", ["participant", "version", "given", "quotes"], ["withdrawn"], faults)
    faults.stop()
    _check_file(file, faults)
    _check_rows(file, asked, people, consents, faults)
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


def _read_file(store: Store) -> SubstudyFile:
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
        faults = Faults()
        for fault in error.errors():
            place = ".".join(str(part) for part in fault["loc"])
            faults.add(
                "substudy-field",
                f"{place}: {fault['msg']}",
                "Mend it as docs/interviews.md shows.",
                file=path,
                column=place,
            )
        raise InputError(faults.found) from None


_Rows = Sequence[tuple[int, dict[str, str]]]


def _table(store: Store, name: str, needed: Sequence[str], allowed: Sequence[str], faults: Faults) -> _Rows:
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


def _check_file(file: SubstudyFile, faults: Faults) -> None:
    for number, quota in enumerate(file.quota):
        for name, value in quota.cell.items():
            if name not in file.attributes or value not in file.attributes[name].values:
                faults.add(
                    "unknown-value",
                    f"quota {number + 1} asks for {name}={value}",
                    "Name an attribute and value of the file.",
                    file=FILE,
                    column="quota",
                )
    for name in file.label:
        attribute = file.attributes.get(name)
        if attribute is None or not attribute.publish or attribute.kind == "place":
            faults.add(
                "label-not-published",
                f"labels of quotes would tell {name}",
                "Use attributes with publish = true; a place never.",
                file=FILE,
                column="label",
            )
    for name, attribute in file.attributes.items():
        if attribute.kind == "place" and attribute.publish:
            faults.add(
                "place-published",
                f"attribute {name} is a place",
                "A place is never published: publish = false.",
                file=FILE,
                column=f"attributes.{name}",
            )


def _check_rows(file: SubstudyFile, asked: _Rows, people: _Rows, consents: _Rows, faults: Faults) -> None:
    for table, rows in (("asked.csv", asked), ("participants.csv", people)):
        for number, row in rows:
            for name, attribute in file.attributes.items():
                if row.get(name) and row[name] not in attribute.values:
                    known = ", ".join(attribute.values)
                    faults.add(
                        "unknown-value",
                        f"{row[name]!r} is no value of {name}",
                        f"Values: {known}.",
                        file=table,
                        row=number,
                        column=name,
                    )
    for number, row in asked:
        if row["outcome"] not in OUTCOMES:
            faults.add(
                "unknown-value",
                f"outcome {row['outcome']!r}",
                f"Outcomes: {', '.join(OUTCOMES)}.",
                file="asked.csv",
                row=number,
                column="outcome",
            )
    ids = [row["participant"] for _, row in people]
    for (number, row), place in zip(people, range(len(ids)), strict=True):
        try:
            checked_id(row["participant"], "participant")
        except InputError as error:
            faults.add(
                "unsafe-id",
                error.faults[0].found,
                error.faults[0].todo,
                file="participants.csv",
                row=number,
                column="participant",
            )
        if row["participant"] in ids[:place]:
            faults.add(
                "double-participant",
                f"{row['participant']} stands twice",
                "Keep one row.",
                file="participants.csv",
                row=number,
                column="participant",
            )
        if row.get("guide") and row["guide"] not in file.guides:
            faults.add(
                "unknown-guide",
                f"guide {row['guide']}",
                f"Guides: {', '.join(file.guides)}.",
                file="participants.csv",
                row=number,
                column="guide",
            )
        if row.get("minutes") and not row["minutes"].isdigit():
            faults.add(
                "not-a-number",
                f"minutes {row['minutes']!r}",
                "Give whole minutes.",
                file="participants.csv",
                row=number,
                column="minutes",
            )
    given = {row["participant"] for _, row in consents}
    for number, row in people:
        if row["participant"] not in given:
            faults.add(
                "no-consent", f"{row['participant']} has given no consent that is kept", "Add it, or take the person and the words out.",
                file="participants.csv", row=number, column="participant",
            )  # fmt: skip
    for number, row in consents:
        if row["quotes"] not in ("yes", "no"):
            faults.add(
                "unknown-value",
                f"quotes {row['quotes']!r}",
                "Say yes or no.",
                file="consents.csv",
                row=number,
                column="quotes",
            )
        if row["participant"] not in ids and not row.get("withdrawn"):
            faults.add(
                "unknown-participant",
                f"{row['participant']} is no participant",
                "Add the row, or mend it.",
                file="consents.csv",
                row=number,
                column="participant",
            )


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
