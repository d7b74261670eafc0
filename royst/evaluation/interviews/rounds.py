"""``royst interviews open``, ``close``, ``agreement``, ``disagreements``: rounds of coding, and how far coders agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from royst.errors import wrong
from royst.evaluation.interviews import opening
from royst.evaluation.interviews.opening import Secret
from royst.evaluation.interviews.texts import private
from royst.interviews import coding, consensus, reliability
from royst.interviews import transcript as transcripts
from royst.interviews.codebook import read_codebook
from royst.interviews.coding import Approach
from royst.interviews.substudy import Substudy


def open_round(
    root: Path, name: str, round: str, secret: Secret, *, coders: Sequence[str], ids: Sequence[str] = (),
    approach: Approach | None = None, blind: bool = True,
) -> list[str]:  # fmt: skip
    """Open a round over some transcripts (all where none is named). ``approach``: the sub-study's where not said. Report lines."""
    with opening.writing(root, name, secret) as substudy:
        made = begin(substudy, round, coders, ids, approach, blind)
        what = "blind to each other until it closes" if made.blind else "who see each other's codings"
        return [f"round {round} is open: {', '.join(made.coders)}, {what}, over {len(made.transcripts)} transcripts"]


def begin(
    substudy: Substudy, round: str, coders: Sequence[str], ids: Sequence[str], approach: Approach | None, blind: bool
) -> coding.Round:
    """``coding.open_round`` with coders of the sub-study. ``InputError``: ``not-a-coder``, ``no-transcripts``, and its own."""
    known = {person.id: person.roles for person in substudy.file.researchers}
    strangers = [coder for coder in coders if "coder" not in known.get(coder, ())]
    if strangers:
        raise wrong(
            "not-a-coder",
            f"{', '.join(strangers)} is no coder of the sub-study",
            'Give them roles = ["coder"] under [[researchers]].',
            file=substudy.store.path("substudy.toml"),
        )
    chosen = list(ids) or list(transcripts.ids(substudy.store))
    if not chosen:
        raise wrong("no-transcripts", "there is nothing to code", "Import transcripts first.")
    return coding.open_round(
        substudy.store, round, coders, chosen, approach=approach or substudy.file.approach, blind=blind
    )


def close_round(root: Path, name: str, round: str, secret: Secret) -> list[str]:
    """Close a round. Report lines, with how many passages its coders do not agree on."""
    with opening.writing(root, name, secret) as substudy:
        found = coding.round_named(substudy.store, round)
        if not found.open:
            raise wrong("round-closed", f"round {round} is closed", "Nothing more can be added to it; open a new one.")
        coding.close_round(substudy.store, round)
        left = consensus.disagreements(substudy.store, round, read_codebook(substudy.store))
        return [
            f"round {round} is closed: its coders see each other's codings now; passages not agreed on: {len(left)}"
        ]


def agreement(root: Path, name: str, round: str, secret: Secret, *, out: Path | None = None) -> list[str]:
    """The coefficients of a closed round, per code and in all, as lines or as a CSV. A value that is not defined says why."""
    substudy = opening.opened(root, name, secret)
    book = read_codebook(substudy.store)
    rows = reliability.agreement_of_round(substudy.store, round, book)
    if out is not None:
        private(out, reliability.agreement_table(rows).write_csv())
        return [f"the agreement of round {round} is in {out}"]
    lines = [f"{'code':<28}" + "".join(f"{name:>20}" for name in (*reliability.COEFFICIENTS, "cu-alpha"))]
    for row in rows:
        named = "in all" if row.code == reliability.ALL else book[row.code].name
        cells = [row.coefficients.get(one) for one in (*reliability.COEFFICIENTS, "cu-alpha")]
        said = ["" if a is None else a.why if a.value is None else f"{a.value:.3f}" for a in cells]
        lines.append(f"{named[:27]:<28}" + "".join(f"{one:>20}" for one in said))
    return lines


def disagreements(root: Path, name: str, round: str, secret: Secret) -> list[str]:
    """The passages of a closed round that its coders do not agree on, settled or not. Report lines, without anybody's words."""
    substudy = opening.opened(root, name, secret)
    book = read_codebook(substudy.store)
    found = consensus.disagreements(substudy.store, round, book)
    settled = consensus.read_decisions(substudy.store, round)
    lines = []
    for p in found:
        spans = "; ".join(
            f"{coder} " + (", ".join(f"{s}–{e}" for s, e in own) or "none") for coder, own in p.spans.items()
        )
        state = "settled" if p.id in settled else "open"
        lines.append(f"{p.transcript} {p.start}–{p.end} {book[p.code].name}: {p.kind} ({spans}) {state}")
    left = sum(p.id not in settled for p in found)
    return [*lines, f"passages: {len(found)}, left to settle: {left}; settle them in the browser: royst interviews serve"]
