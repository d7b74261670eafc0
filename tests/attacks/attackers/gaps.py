"""Who left one of an index's questions out counts otherwise in the index than in its questions, so both together tell a sum of their answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attackers.evidence import Evidence, Told

MOST = 200_000
"""Ways in which these people may have answered that are gone through."""


def gaps(evidence: Evidence) -> Iterator[Told]:
    """The index is the mean over people of the mean of the answers that each gave, from 0 to 100. Of a row whose questions are printed in full the
    sum of all scores is known, and what is left of the index is of those who did not answer every question."""
    for (wave, name), rows in sorted(evidence.rows.items()):
        parts = [p for p in evidence.indices.get(name, ()) if p in evidence.items]
        who = evidence.waves[wave]
        for row in rows if len(parts) > 1 else ():
            if row["measure"] != "index" or not row["unweighted"]:
                continue
            inside = who.inside(row["domain"])
            sums = [_sum(evidence, wave, part, row["domain"]) for part in parts]
            given = np.array([who.answered(part) & inside for part in parts])
            partly = np.flatnonzero((given.sum(0) > 0) & (given.sum(0) < len(parts)))
            answers = [(person, k) for person in partly for k in np.flatnonzero(given[:, person])]
            sizes = [len(evidence.items[parts[k]].choices) for _, k in answers]
            if None in sums or not answers or np.prod([float(s) for s in sizes]) > MOST:
                continue
            counted = given.sum(0) >= _least(given, int(row["n"]))
            ways = np.indices(sizes).reshape(len(sizes), -1).T
            moved = np.zeros(len(ways))
            for at, (person, _) in enumerate(answers):
                otherwise = counted[person] / given[:, person].sum() - 1 / len(parts)
                moved += otherwise * 100 * ways[:, at] / (sizes[at] - 1)
            n, half = int(row["n"]), 0.5 * 10.0**-evidence.rules.decimals + 1e-9
            fit = ways[np.abs((sum(filter(None, sums)) / len(parts) + moved) / n - float(row["unweighted"])) <= half]
            yield from _told(evidence, wave, row["domain"], parts, answers, given, fit)


def _told(evidence: Evidence, wave: str, domain: str, parts: list[str], answers: list, given: np.ndarray, fit: np.ndarray) -> Iterator[Told]:
    for k, part in enumerate(parts):
        for other in range(len(parts)) if len(fit) else ():
            mine = [at for at, (person, item) in enumerate(answers) if item == k and not given[other, person]]
            for code, choice in enumerate(evidence.items[part].choices if mine else ()):
                counts = (fit[:, mine] == code).sum(1)
                if evidence.rules.told(len(mine), counts.min(), counts.max()):
                    yield Told(wave, part, f"{domain};{parts[other]}=", choice, len(mine), int(counts.min()), int(counts.max()))


def _least(given: np.ndarray, n: int) -> int:
    """How many answers a person of the index must have given, as its number of people says."""
    return next((least for least in range(1, len(given) + 1) if (given.sum(0) >= least).sum() == n), len(given))


def _sum(evidence: Evidence, wave: str, part: str, domain: str) -> float | None:
    """The sum of scores from 0 to 100 of a question in a domain, where it is printed in full."""
    item = evidence.items[part]
    counts = {
        row["category"]: evidence.rules.counts(row) for row in evidence.rows.get((wave, part), []) if (row["domain"], row["measure"]) == (domain, "share")
    }
    if set(counts) != set(item.choices) or any(len(possible) != 1 for possible in counts.values()):
        return None
    return sum(100 * code / (len(item.choices) - 1) * counts[choice][0] for code, choice in enumerate(item.choices))
