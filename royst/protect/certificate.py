"""What a privacy officer reads: which attacks were tried on how many facts, and what they could narrow."""

from __future__ import annotations

import polars as pl

from royst.protect.audit import Tally
from royst.protect.rules import RuleSet

ATTACKS = {
    "outsider": "knows all that is printed, and every report that was sent to one reader",
    "staff": "knows besides who took part, and so the number of people in every domain",
}


def certificate(rules: RuleSet, tally: Tally, cells: pl.DataFrame, releases_before: int) -> dict[str, object]:
    """The content of ``certificate.json``. Names no cell, no domain, no unit, and no reason."""
    total, published = int(cells["cells"].sum()), int(cells["published"].sum())
    return {
        "rule_set": rules.label,
        "thresholds": [
            {"name": t.name, "value": t.value, "meaning": t.meaning, "source": t.source} for t in rules.thresholds
        ],
        "attacks": [{"attacker": name, "knows": knows} for name, knows in ATTACKS.items()],
        "facts": tally.facts,
        "facts_open_by_other_worlds": tally.by_worlds,
        "facts_open_by_linear_programmes": tally.by_programme,
        "recoverable": tally.recoverable,
        "releases_before": releases_before,
        "cells": total,
        "published": published,
        "share_published": round(published / total, 3) if total else None,
    }
