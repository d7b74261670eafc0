"""An index near an end of its scale leaves few who gave any other answer to its questions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attackers.evidence import Evidence, Told


def ends(evidence: Evidence) -> Iterator[Told]:
    """An index is 0 to 100, the mean over people of the mean of their answers: so many steps from an end, so many people at most."""
    for (wave, name), rows in sorted(evidence.rows.items()):
        parts = [p for p in evidence.indices.get(name, ()) if p in evidence.items]
        for row in rows if parts else ():
            if row["measure"] != "index" or not row["unweighted"]:
                continue
            who, domain, n = evidence.waves[wave], row["domain"], int(row["n"])
            half = evidence.rules.half(row)
            value = float(row["unweighted"])
            for part in parts:
                item = evidence.items[part]
                answered = int((who.inside(domain) & who.answered(part)).sum())
                step = 100 / (len(item.choices) - 1) / len(parts)
                for off, answer in ((100 - value, item.choices[-1]), (value, item.choices[0])):
                    others = int(np.floor((off + half) * n / step))
                    if others < answered and evidence.rules.told(answered, answered - others, answered):
                        yield Told(wave, part, domain, answer, answered, answered - others, answered)
