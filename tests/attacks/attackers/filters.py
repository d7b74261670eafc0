"""Questions that are asked only of those who gave a certain answer before: their numbers of answers count that answer."""

from __future__ import annotations

from collections.abc import Iterator

from attackers.evidence import Evidence, Told


def filters(evidence: Evidence) -> Iterator[Told]:
    """Of a follow-up question's n people at least, and at most all who were not counted out, gave the filter question's answer."""
    for (wave, name), rows in sorted(evidence.rows.items()):
        asked = evidence.items[name].asked_when if name in evidence.items else None
        if asked is None or len(asked[1]) != 1 or asked[0] not in evidence.waves[wave].columns:
            continue
        source, (answer,) = asked
        who, told = evidence.waves[wave], set()
        for row in rows:
            domain = row["domain"]
            n = int((who.inside(domain) & who.answered(source)).sum())
            if evidence.rules.told(n, int(row["n"]), n) and domain not in told:
                told.add(domain)
                yield Told(wave, source, domain, answer, n, int(row["n"]), n)
