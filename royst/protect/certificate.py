"""What a privacy officer reads: which attacks were tried on how many facts, and what they could narrow."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from royst.protect.audit import Tally
from royst.protect.rules import RuleSet
from royst.protect.voices import Told, counted

ATTACKS = {
    "outsider": "knows all that is printed, every earlier release, and every report that was sent to one reader",
    "staff": "knows besides who took part, and so the number of people in every domain and who answered each question",
    "unit": "knows besides the answers of its own people, and subtracts them from its pool, its region and the nation",
    "unit, thoroughly": "the same, with the programmes solved again as each unit would",
    "respondent": "knows their own answer: a printed row leaves at least nine others",
    "reader": "knows every participant of the interviews with their traits, and how labels are made; asks who said a quote",
    "weights": "knows each unit's weight, and asks which splits over the units a weighted percentage allows",
}
PROVED_BY = {
    "outsider": "every interval of staff lies inside the outsider's",
    "staff": "worlds that differ and agree with all that is printed, and linear programmes, for each fact",
    "unit": "the rules hold for each printed row without any one unit, and no row of a unit's people is linked to another's",
    "unit, thoroughly": "worlds in which the unit's answers stay, and linear programmes, for each fact and unit",
    "respondent": "the rule set's thresholds; by samples in the attack suite",
    "reader": "for each quote, the participants whom its label fits and who would have got no other, counted again",
    "weights": "other splits that agree, for each printed row of people who differ in weight",
}


def certificate(
    rules: RuleSet,
    tally: Tally,
    cells: pl.DataFrame,
    releases_before: int,
    thorough: bool = False,
    interviews: Sequence[Told] = (),
) -> dict[str, object]:
    """The content of ``certificate.json``. Names no cell, no domain, no unit, and no reason.

    ``facts`` is how many counts could be facts, by numbers of people alone. How many of them are, how each was found to be open, and how far open,
    would be sums over all answers: who knows most of them learns the rest (``tests/attacks``).
    """
    total, published = int(cells["cells"].sum()), int(cells["published"].sum())
    left_out = {*(() if thorough else ("unit, thoroughly",)), *(() if interviews else ("reader",))}
    tried = [name for name in ATTACKS if name not in left_out]
    return {
        "rule_set": rules.label,
        "thresholds": [
            {"name": t.name, "value": t.value, "meaning": t.meaning, "source": t.source} for t in rules.thresholds
        ],
        "attacks": [{"attacker": name, "knows": ATTACKS[name], "withstood_by": PROVED_BY[name]} for name in tried],
        "facts": tally.guarded,
        "recoverable": tally.recoverable,
        "told_by_earlier_releases": tally.told_before,
        "releases_before": releases_before,
        **({"interviews": counted(list(interviews))} if interviews else {}),
        "cells": total,
        "published": published,
        "share_published": round(published / total, 3) if total else None,
    }
