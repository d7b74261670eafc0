"""What stands behind the numbers, in plain words: for whom they stand, how they are weighted, how sure they are, what is held back and why."""

from __future__ import annotations

from royst.publish import nonresponse, numbers
from royst.publish.chapters import bullets, own_text, paragraph
from royst.publish.document import Block, Heading, Note, Table
from royst.publish.edition import Edition


def method(edition: Edition, level: int = 2) -> list[Block]:
    """Estimand, weights, intervals, tests, missing answers, disclosure control, and the survey's weaknesses."""
    words, facts = edition.words, edition.facts.method
    blocks: list[Block] = [Heading(level, words("method.title"), "method"), *own_text(edition, "method")]
    blocks += [Heading(level + 1, words("method.who_title"), "estimand")]
    blocks.append(paragraph(edition.of(facts.estimand) or words("method.estimand_none")))
    blocks.append(paragraph(words(f"method.basis_{facts.weight_basis}", units=edition.units_name)))
    if edition.of(facts.weights_said):
        blocks.append(paragraph(edition.of(facts.weights_said)))
    blocks += [Heading(level + 1, words("method.sure_title"), "uncertainty"), *_sure(edition)]
    blocks += [Heading(level + 1, words("method.tests_title"), "tests"), *_tests(edition)]
    blocks += [
        Heading(level + 1, words("method.missing_title"), "missing"),
        paragraph(words("method.missing")),
        paragraph(words("method.nonresponse")),
        *nonresponse.what_if(edition, level + 2),
        *nonresponse.without_help(edition, level + 2),
    ]
    blocks += [
        Heading(level + 1, words("method.weak_title"), "weaknesses"),
        *bullets([words(f"method.weak_{name}") for name in _weaknesses(edition)]),
    ]
    return [*blocks, Heading(level + 1, words("method.privacy_title"), "protection"), *protection(edition)]


def _weaknesses(edition: Edition) -> list[str]:
    helped = any(item.role == "helper" for item in edition.facts.items.values())
    several = len(edition.facts.waves) > 1
    return [
        "chosen",
        *(["helped"] if helped else []),
        "nonresponse",
        *(["units"] if several and edition.of(edition.facts.units_name) else []),
        "cause",
    ]


def _sure(edition: Edition) -> list[Block]:
    words, facts = edition.words, edition.facts.method
    said = [
        words("method.interval", level=numbers.plain(words, 100 * facts.level)),
        words(f"method.kind_{facts.interval.replace('-', '_')}"),
    ]
    said.append(words("method.strata" if facts.strata else "method.no_strata"))
    said.append(words(f"method.fpc_{facts.fpc}"))
    text = " ".join(said)
    blocks: list[Block] = [paragraph(text)]
    if facts.singletons:
        blocks.append(
            paragraph(
                words("method.singletons", strata=words.joined(facts.singletons))
                + " "
                + words(f"method.singleton_{facts.singleton}")
            )
        )
    return [*blocks, paragraph(words("method.rounding"))]


def _tests(edition: Edition) -> list[Block]:
    words, facts = edition.words, edition.facts.method
    margin = numbers.plain(words, facts.margin, 0 if facts.margin == int(facts.margin) else 1)
    return [
        paragraph(words("method.outcomes")),
        *bullets(
            [
                words("method.outcome_differs"),
                words("method.outcome_same", margin=margin, level=numbers.plain(words, 100 * edition.facts.method.level)),
                words("method.outcome_cannot_tell"),
            ]
        ),
        paragraph(
            words(
                "method.limits",
                answers=numbers.count(words, facts.min_answers),
                units=numbers.count(words, facts.min_units),
            )
        ),
        paragraph(words("method.correction")),
    ]


def protection(edition: Edition) -> list[Block]:
    """Which rules protect those who answered, and how much is held back because of them."""
    words, facts = edition.words, edition.facts.method
    blocks: list[Block] = [paragraph(words("method.privacy")), paragraph(words("method.rule_set", name=facts.rule_set))]
    if facts.loosened_because:
        blocks.append(Note("warning", (words("method.loosened", why=facts.loosened_because),)))
    table = cells(edition)
    if table is not None:
        blocks.append(table)
    return blocks


def cells(edition: Edition) -> Table | None:
    """How many cells of each table are published."""
    words = edition.words
    rows = [row for row in edition.rows.table("cells") if row["cells"]]
    if not rows:
        return None
    columns = (words("cells.table"), words("cells.cells"), words("cells.published"), words("cells.share"))
    lines = tuple(
        (
            _table_name(edition, row["table"]),
            numbers.plain(words, row["cells"]),
            numbers.plain(words, row["published"]),
            numbers.cell(words, 100 * row["published"] / row["cells"], 1),
        )
        for row in rows
    )
    return Table(words("cells.caption"), columns, lines, frozenset({1, 2, 3}))


def _table_name(edition: Edition, table: str) -> str:
    """A table's name for readers: ``estimates by region`` by the group's label; a name we have no words for stands as it is."""
    words = edition.words
    kind, _, group = table.partition(" by ")
    key = f"cells.{kind}_{group}" if group in ("all", "unit", "pool") else f"cells.{kind}"
    facts = edition.facts.groups.get(group)
    if facts is not None and f"cells.{kind}_by" in words:
        return words(f"cells.{kind}_by", group=edition.of(facts.label))
    return words(key) if key in words else table
