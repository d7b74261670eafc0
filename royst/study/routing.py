"""Which item comes next, which were rightly skipped, and which answers are impossible, by the questionnaire's own rules."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from royst.errors import Faults
from royst.study import expression
from royst.study.expression import Attribute, Context, Current, ExpressionError, Value
from royst.study.instrument import Choice, Instrument, Item

Answers = Mapping[str, Value]

_PIPE = re.compile(r"\$\{\s*([A-Za-z_][\w.-]*)\s*\}", re.ASCII)
_COLUMNS = (
    ("relevant", "relevant"),
    ("constraint", "constraint"),
    ("calculation", "calculation"),
    ("choice_filter", "choice_filter"),
)


def check(instrument: Instrument, file: str, faults: Faults) -> None:
    """Faults of every rule that is outside the subset, names an item that is not there, or depends on itself."""
    for item in instrument.items:
        for attribute, column in _COLUMNS:
            if getattr(item, attribute):
                _check_rule(instrument, item, getattr(item, attribute), column, file, faults)
        for said in (*item.label.values(), *(item.hint or {}).values()):
            for name in pipes(said):
                if name not in instrument:
                    faults.add(
                        "unknown-item",
                        f"the label names ${{{name}}}, which is no item",
                        "mend the name",
                        file=file,
                        row=item.row,
                        column="label",
                    )
    for name in _circles(instrument):
        faults.add(
            "circular-rule",
            f"whether or what {name!r} is depends on itself",
            "break the circle of rules",
            file=file,
            row=instrument[name].row,
        )


def _check_rule(instrument: Instrument, item: Item, said: str, column: str, file: str, faults: Faults) -> None:
    try:
        rule = expression.parse(said)
    except ExpressionError as error:
        todo = "write it with the operators and functions in docs/study-folder.md, or ask the questions in another way"
        faults.add(
            "unsupported-rule",
            f"the rule {said!r:.100} cannot be evaluated: {error}",
            todo,
            file=file,
            row=item.row,
            column=column,
        )
        return
    for name in expression.references(rule):
        if name not in instrument:
            faults.add(
                "unknown-item",
                f"the rule names ${{{name}}}, which is no item",
                "mend the name",
                file=file,
                row=item.row,
                column=column,
            )
        elif column == "relevant" and instrument[name].row > item.row and not instrument[name].calculation:
            faults.add(
                "later-item",
                f"whether {item.name!r} is asked depends on {name!r}, which is asked later",
                "ask it before",
                file=file,
                row=item.row,
                column=column,
                level="warning",
            )
    for part in expression.parts(rule):
        if isinstance(part, Attribute) and column != "choice_filter":
            faults.add(
                "unknown-item",
                f"the rule names {part.name!r}",
                f"an item is written ${{{part.name}}}, a text in quotation marks",
                file=file,
                row=item.row,
                column=column,
            )
        if isinstance(part, Current) and column in ("relevant", "calculation"):
            faults.add(
                "unsupported-rule",
                "the rule uses . for an answer that is not yet given",
                "name the item: ${name}",
                file=file,
                row=item.row,
                column=column,
            )
    for said_part in expression.bare(rule, asked=column != "calculation"):
        faults.add(
            "unsupported-rule",
            f"the rule {said!r:.100} asks whether an answer is true",
            f"write what it is compared with, such as {_written(said_part)} != ''",
            file=file,
            row=item.row,
            column=column,
        )
    if column == "choice_filter" and item.scale:
        known = {"name", "label", *(key for choice in item.scale.choices for key in choice.attributes)}
        for part in expression.parts(rule):
            if isinstance(part, Attribute) and part.name not in known:
                faults.add(
                    "unknown-column",
                    f"the filter names {part.name!r}, which is no column of the choices",
                    "mend the name",
                    file=file,
                    row=item.row,
                    column=column,
                )


def _written(part: expression.Expression) -> str:
    match part:
        case expression.Reference(name):
            return f"${{{name}}}"
        case Attribute(name):
            return name
        case _:
            return "."


def _needs(item: Item) -> tuple[str, ...]:
    """The items that must be known before whether this one applies, what it is calculated as, and which of its choices are offered. A filter may name its own item."""
    names: dict[str, None] = {}
    for said in (item.relevant, item.calculation, item.choice_filter):
        try:
            found = expression.references(expression.parse(said)) if said else ()
        except ExpressionError:
            continue
        names.update(dict.fromkeys(name for name in found if said != item.choice_filter or name != item.name))
    return tuple(names)


def _circles(instrument: Instrument) -> list[str]:
    done: set[str] = set()
    while True:
        ready = [
            item.name
            for item in instrument.items
            if item.name not in done and all(name in done or name not in instrument for name in _needs(item))
        ]
        if not ready:
            return [item.name for item in instrument.items if item.name not in done]
        done.update(ready)


def _ordered(instrument: Instrument) -> tuple[Item, ...]:
    """The items so that each comes after those its rules need, else as asked. Worked out once for an instrument: who answers on the web waits for it."""
    kept = instrument.__dict__
    if "_ordered" not in kept:
        kept["_ordered"] = tuple(_in_order(instrument))
    found: tuple[Item, ...] = kept["_ordered"]
    return found


def _in_order(instrument: Instrument) -> Iterator[Item]:
    done: set[str] = set()
    waiting = list(instrument.items)
    while waiting:
        later = []
        for item in waiting:
            if all(name in done or name not in instrument for name in _needs(item)):
                done.add(item.name)
                yield item
            else:
                later.append(item)
        if len(later) == len(waiting):
            yield from later
            return
        waiting = later


def effective(instrument: Instrument, answers: Answers) -> tuple[dict[str, Value], dict[str, bool]]:
    """One person's answers with those of skipped items and of choices that are not offered any more blanked, calculations made, and whether each item applies."""
    values: dict[str, Value] = {}
    applies: dict[str, bool] = {}
    context = Context(values)
    for item in _ordered(instrument):
        applies[item.name] = not item.relevant or expression.truth(
            expression.evaluate(expression.parse(item.relevant), context)
        )
        if not applies[item.name]:
            continue
        if item.calculation:
            values[item.name] = _kept(expression.evaluate(expression.parse(item.calculation), context))
        elif item.name in answers:
            values[item.name] = answers[item.name]
            if item.choice_filter:
                names = {choice.name for choice in offered(item, values)}
                said = " ".join(name for name in expression.text(values.pop(item.name)).split() if name in names)
                if said:
                    values[item.name] = said
    return values, applies


def _kept(value: Value) -> Value:
    """What a calculation leaves in the form: a number that is none is nothing, a truth is a text."""
    if isinstance(value, float):
        return "" if math.isnan(value) else value
    return expression.text(value)


def next_item(instrument: Instrument, answers: Answers, after: str | None = None) -> Item | None:
    """The first item behind ``after`` (or of all) that applies and is shown; None at the end."""
    _, applies = effective(instrument, answers)
    seen = after is None
    for item in instrument.items:
        if seen and applies[item.name] and not item.calculation:
            return item
        seen = seen or item.name == after
    return None


def offered(item: Item, answers: Answers) -> tuple[Choice, ...]:
    """The choices of an item that its filter lets through."""
    if item.scale is None:
        return ()
    if not item.choice_filter:
        return item.scale.choices
    rule = expression.parse(item.choice_filter)
    return tuple(
        choice
        for choice in item.scale.choices
        if expression.truth(
            expression.evaluate(rule, Context(answers, attributes={"name": choice.name, **choice.attributes}))
        )
    )


def impossible(item: Item, value: Value, answers: Answers) -> str | None:
    """Why an answer cannot be: a number out of range, a choice that was not offered, a broken constraint. None where it can. Unanswered is possible."""
    if value == "":
        return None
    if isinstance(value, float):
        if item.low is not None and value < item.low:
            return f"below {item.low:g}"
        if item.high is not None and value > item.high:
            return f"above {item.high:g}"
    if item.choice_filter and item.scale is not None:
        names = {choice.name for choice in offered(item, answers)}
        wrong = [
            name
            for name in (expression.text(value).split() if item.kind == "many" else [expression.text(value)])
            if name not in names
        ]
        if wrong:
            return f"{', '.join(wrong)} is not offered after the other answers"
    if item.constraint and not expression.truth(
        expression.evaluate(expression.parse(item.constraint), Context(answers, current=value))
    ):
        return f"breaks the questionnaire's rule {item.constraint}"
    return None


def pipes(said: str) -> tuple[str, ...]:
    """The items that a label names."""
    return tuple(_PIPE.findall(said))


def piped(said: str, instrument: Instrument, answers: Answers, language: str) -> str:
    """A label with ``${item}`` replaced by what was answered: the label of a choice, else the answer itself."""

    def answer(match: re.Match[str]) -> str:
        value = expression.text(answers.get(match[1], ""))
        scale = instrument[match[1]].scale if match[1] in instrument else None
        labels = (
            {
                choice.name: choice.label.get(language) or next(iter(choice.label.values()), choice.name)
                for choice in scale.choices
            }
            if scale
            else {}
        )
        return ", ".join(labels.get(word, word) for word in value.split()) if labels else value

    return _PIPE.sub(answer, said)


def applicable(instrument: Instrument, frame: pl.DataFrame) -> pl.DataFrame:
    """Whether each item applied to each person: a column of booleans for every item of the instrument, a row for every row of ``frame``.

    ``frame`` has the answers in the store's form (texts, numbers, null where unanswered); items without a column count as unanswered. False means rightly
    skipped: the questionnaire did not ask. Answers of items that do not apply count as unanswered for the rules after them.
    """
    values: dict[str, pl.Series] = {}
    applies: dict[str, pl.Series] = {}
    everyone = pl.Series([True] * frame.height, dtype=pl.Boolean)
    for item in _ordered(instrument):
        here = everyone
        if item.relevant:
            here = _by_pattern(item.relevant, values, frame.height, expression.truth, pl.Boolean)
        applies[item.name] = here
        column = _column(item, frame)
        if column is None and item.calculation:
            column = _by_pattern(item.calculation, values, frame.height, lambda value: expression.text(_kept(value)), pl.String)
            if item.kind == "number":
                column = column.cast(pl.Float64, strict=False).fill_nan(None)
        if column is not None:
            values[item.name] = (
                column if not item.relevant else pl.select(pl.when(here).then(column).otherwise(None)).to_series()
            )
    return pl.DataFrame({item.name: applies[item.name] for item in instrument.items})


def violations(instrument: Instrument, frame: pl.DataFrame) -> list[tuple[int, str, str]]:
    """Answers that the questionnaire's rules forbid: (row of ``frame``, item, why), in order of items, then rows."""
    values = {item.name: column for item in instrument.items if (column := _column(item, frame)) is not None}
    found = []
    for item in instrument.answered:
        if item.name not in values or not (
            item.constraint or item.choice_filter or item.low is not None or item.high is not None
        ):
            continue
        names = [item.name]
        for said in (item.constraint, item.choice_filter):
            if said:
                names += expression.references(expression.parse(said))

        def why(answers: Answers, item: Item = item) -> str | None:
            return impossible(item, answers.get(item.name, ""), answers)

        reasons = _patterned(list(dict.fromkeys(names)), values, frame.height, why, pl.String)
        found += [(row, item.name, reason) for row, reason in enumerate(reasons.to_list()) if reason is not None]
    return found


def _column(item: Item, frame: pl.DataFrame) -> pl.Series | None:
    return frame[item.name] if item.kind != "note" and item.name in frame.columns else None


def _by_pattern(
    said: str, values: Mapping[str, pl.Series], height: int, as_kind: Callable[[Value], Any], kind: type[pl.DataType]
) -> pl.Series:
    rule = expression.parse(said)
    return _patterned(
        expression.references(rule),
        values,
        height,
        lambda answers: as_kind(expression.evaluate(rule, Context(answers))),
        kind,
    )


def _patterned(
    names: Sequence[str],
    values: Mapping[str, pl.Series],
    height: int,
    run: Callable[[Answers], Any],
    kind: type[pl.DataType],
) -> pl.Series:
    """``run`` once for each distinct pattern of answers to the named items, and its results for every row."""
    there = [name for name in names if name in values]
    if not there:
        return pl.Series("result", [run({})] * height, dtype=kind)
    answers = pl.DataFrame({name: values[name] for name in there})
    patterns = answers.unique(maintain_order=True)
    results = [
        run({name: value for name, value in pattern.items() if value is not None})
        for pattern in patterns.iter_rows(named=True)
    ]
    joined = answers.join(
        patterns.with_columns(pl.Series("_result", results, dtype=kind)),
        on=there,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return joined["_result"]
