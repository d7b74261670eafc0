"""A sub-study's files held against each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from royst.errors import Faults, InputError
from royst.interviews.sections import SubstudyFile
from royst.interviews.store import checked_id

FILE = "substudy.toml"
OUTCOMES = ("agreed", "declined", "not reached", "not eligible", "withdrew")
Rows = Sequence[tuple[int, dict[str, str]]]
"""A table's rows, each with its number in the file (the header is row 1)."""


def check_file(file: SubstudyFile, faults: Faults, units: Collection[str] = ()) -> None:
    """The settings among themselves: quota cells of known values, labels of published attributes, no place published."""
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
    known = {unit.casefold() for unit in units}
    for name, attribute in file.attributes.items():
        said = {text for texts in attribute.values.values() for text in texts.values()}
        told = sorted(text for text in said if text.casefold() in known)
        if attribute.publish and told:
            faults.add(
                "place-published",
                f"attribute {name} names {', '.join(told)}, which the study's frame has as places",
                'Say kind = "place", which is never published.',
                file=FILE,
                column=f"attributes.{name}",
            )


def check_rows(file: SubstudyFile, asked: Rows, people: Rows, consents: Rows, faults: Faults) -> None:
    """The tables against the settings and each other: values, outcomes, ids, guides, consents; each fault with its row."""
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
        if file.consents and row["version"] not in file.consents:
            known = ", ".join(file.consents)
            faults.add(
                "unknown-consent",
                f"consent {row['version']!r}",
                f"Versions of the letter: {known}.",
                file="consents.csv",
                row=number,
                column="version",
            )
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
