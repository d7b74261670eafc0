"""``royst import``: answers from a file into the study. (``import`` is a word of Python's own, hence the file's name.)"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from royst.answers import columns, conform, readers, store, waves
from royst.answers.beside import beside
from royst.answers.columns import Matched
from royst.answers.conform import Refusal
from royst.answers.readers import Table
from royst.errors import Fault, InputError, wrong
from royst.evaluation.check import SHOWN, Report, summed
from royst.study.folder import Study


def bring(study: Study, wave: str, file: Path) -> Report:
    """Read ``file``, hold every row against the wave's questionnaire, store the rows that stand and list the others in ``refused.csv``.

    Earlier answers of the wave are replaced. Raises ``InputError``, with nothing written, where the file cannot be read, columns are missing or no row stands.
    """
    study.require(wave)
    table, apart = _of_wave(study, wave, readers.read(Path(file)))
    report = rows(study, wave, table, columns.match(study, wave, table))
    return Report([*apart, *report.lines])


def _of_wave(study: Study, wave: str, table: Table) -> tuple[Table, list[str]]:
    """The rows of a file that belong to the wave, where the file has the column of ``[design]`` that says it, without that column; and how many do not."""
    column = study.file.design.wave
    if column is None or column not in table.frame.columns:
        return table, []
    parts = waves.waves(table, column)
    others = {name: int(rows.sum()) for name, rows in parts.items() if name != wave}
    counted = ", ".join(f"{count} of {name}" for name, count in others.items())
    if wave not in parts:
        raise wrong("no-rows-of-wave", f"no row is of wave {wave}: {counted}", "name the wave that the rows are of, or another file", file=table.name, column=column)
    own = waves.part(table, parts[wave])
    own = replace(own, frame=own.frame.drop(column))
    return own, [f"{table.name}: rows of other waves, left where they are: {counted}"] if others else []


def rows(study: Study, wave: str, table: Table, matched: Matched) -> Report:
    """The same for rows that are read and whose columns are found."""
    found = conform.conform(study, wave, table, matched)
    if found.frame.height == 0:
        raise InputError(_all_refused(table.name, found.refusals))
    before = store.read(study, wave, carried=False).frame.height if _readable(study, wave) else None
    answers, refused = study.folder.answers(wave), study.folder.refused(wave)
    with beside(answers, refused) as (draft, draft_refused):
        store.put(study, wave, found.frame, draft)
        _write_refused(found.refusals, draft_refused)
    if not found.refusals:
        refused.unlink(missing_ok=True)
    stood = f"{found.frame.height} of {table.frame.height} rows brought into wave {wave}" + (
        f", in place of the {before} that stood there" if before is not None else ""
    )
    lines = [f"{table.name}: {said}" for said in table.said]
    lines += [f"the column {column} was read as {name}" for name, column in matched.renamed.items()]
    lines += [
        f"the columns {', '.join(choices.values())} were read as {name}" for name, choices in matched.split.items()
    ]
    lines += [
        f"{count} cells of {column} that the file marks as missing were read as unanswered"
        for column, count in found.unanswered.items()
    ]
    lines += [f"{count} cells of {column} were read by their labels" for column, count in found.labelled.items()]
    lines += [
        f"kept: {count} answers to {name}, which the questionnaire skips there" for name, count in found.skipped.items()
    ]
    if matched.unknown:
        lines.append(f"not in the questionnaire, kept out: {', '.join(matched.unknown)}")
    lines.append(stood)
    if out := [name for name, part in study.file.releases.items() if part.wave == wave and study.folder.release(name).exists()]:
        lines.append(f"wave {wave} is out already, in release {', '.join(out)}: what is published there stands as it is and is never computed again")
    if found.refusals:
        lines.append(
            f"{found.refused} rows refused whole; each is listed in {study.folder.within(refused)} with its reason:"
        )
        lines += [f"  {said}" for said in summed(found.refusals)[:SHOWN]]
    return Report(lines)


def _readable(study: Study, wave: str) -> bool:
    try:
        return store.exists(study, wave) and bool(store.read(study, wave, carried=False))
    except InputError:
        return False


def _all_refused(name: str, refusals: tuple[Refusal, ...]) -> list[Fault]:
    """Every row was refused: the first of each reason with its place, and how many there are."""
    faults = [
        Fault(
            "all-refused",
            f"not one row of {name} fits the study",
            "see the reasons below; nothing was brought in",
            name,
        )
    ]
    seen: set[tuple[str, str]] = set()
    for refusal in refusals:
        key = (refusal.column, refusal.reason)
        if key not in seen and len(seen) < SHOWN:
            seen.add(key)
            count = sum((other.column, other.reason) == key for other in refusals)
            more = f" (and {count - 1} more)" if count > 1 else ""
            faults.append(
                Fault(
                    "refused-row",
                    f"{refusal.found!r} {refusal.reason}{more}",
                    "mend the file, the questionnaire or the frame",
                    name,
                    refusal.row,
                    refusal.column,
                )
            )
    return faults


def _write_refused(refusals: tuple[Refusal, ...], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["row", "column", "found", "reason"])
        writer.writerows(
            [refusal.row, refusal.column, _harmless(refusal.found), refusal.reason] for refusal in refusals
        )


def _harmless(found: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe in front."""
    return (
        f"'{found}"
        if found[:1] in ("=", "+", "@", "\t", "\r") or (found[:1] == "-" and not found[1:2].isdigit())
        else found
    )
