"""Every way to split a row's answers over the units that are left: weighted percentages and standard errors tell which."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attackers.evidence import COUNTED, MIX, TINY, Evidence, Told
from attackers.evidence import who as whose

MOST = 300_000
"""Splits of one row that are gone through at a time; rows with more are left."""


def splits(evidence: Evidence) -> Iterator[Told]:
    """For each weighted row: the units whose counts in it are printed elsewhere, or known, are taken out, and of the others every split
    is tried that gives the printed count, those of pools, regions and other whole units inside it, no more than is printed of several
    answers together, the printed weighted percentage, standard error and design effect."""
    for wave, name, rows in evidence.blocks():
        who, item, rules = evidence.waves[wave], evidence.items[name], evidence.rules
        answered = who.answered(name)
        printed = {
            (row["domain"].removeprefix("_"), row["measure"], row["category"]): rules.counts(row)
            for row in rows
            if row["measure"] in COUNTED and row["unweighted"] != ""
        }
        units = len(set(who.unit))
        for (domain, measure, category), possible in printed.items():
            if domain.startswith(("unit=", "pool=")) or len(possible) != 1:
                continue
            row = next(r for r in rows if whose(r) == "all" and (r["domain"], r["measure"], r["category"]) == (domain, measure, category))
            members = who.inside(domain) & answered
            names = sorted(set(who.unit[members]))
            size = np.array([int((members & (who.unit == u)).sum()) for u in names])
            weight = np.array([who.weight[members & (who.unit == u)][0] for u in names])
            fixed = np.full(len(names), -1)
            for k, unit in enumerate(names):
                told = printed.get((f"unit={unit}", measure, category))
                own = f"unit={unit}" if domain == "all" or (who.inside(domain) | (who.unit != unit)).all() else None
                if own and told is not None and len(told) == 1:
                    fixed[k] = told[0]
                elif (mine := _known(evidence, wave, name, members & (who.unit == unit))) is not None:
                    fixed[k] = sum(answer in item.named(measure, category) for answer in mine)
            left = np.flatnonzero(fixed < 0)
            if not len(left):
                continue
            sums = _sums(who, printed, (measure, category), members, answered, names, fixed, left)
            ends = _ends(who, printed, item, item.named(measure, category), members, answered, names, fixed, left)
            fit = _fitting(rules, row, size, weight, fixed, left, possible[0], units, sums, ends)
            for other in [] if fit is None or domain != "all" else rows:  # the same people, counted otherwise
                if whose(other).startswith(MIX) and (other["measure"], other["category"]) == (measure, category):
                    counted = evidence.counted(other)
                    mixed = np.array([counted[members & (who.unit == u)][0] for u in names])
                    everyone = np.array([counted[who.unit == u].sum() for u in names])
                    fit = fit[_alike(rules, other, size, weight, mixed, everyone, fixed, left, fit, units)]
            if fit is None or not len(fit):
                continue
            for at, k in enumerate(left):
                low, high = int(fit[:, at].min()), int(fit[:, at].max())
                if rules.told(int(size[k]), low, high):
                    where = f"unit={names[k]}" if domain == "all" else f"unit={names[k]};{domain}"
                    label = category if measure == "share" or len(item.bands[category]) > 1 else item.bands[category][0]
                    yield Told(wave, name, where, label, int(size[k]), low, high)


def _known(evidence: Evidence, wave: str, name: str, people: np.ndarray) -> list[str] | None:
    """The answers of these people where the attacker knows them all."""
    known = evidence.known.get(wave, {}).get(name, {})
    found = [known.get(str(person)) for person in np.flatnonzero(people)]
    return None if not found or None in found else found


def _ends(who, printed, item, answers, members, answered, names, fixed, left) -> list[tuple[np.ndarray, int, int]]:
    """How few and how many of the people of some units left can have given the answers, by what rows of whole units inside the row print of
    fewer answers and of more."""
    found = []
    for (domain, measure, category), possible in printed.items():
        inside, others = who.inside(domain) & answered, set(item.named(measure, category))
        if (inside & ~members).any() or not (others <= set(answers) or others >= set(answers)):
            continue
        share = np.array([inside[members & (who.unit == u)].mean() for u in names])
        if set(share) <= {0.0, 1.0} and share[left].any():
            told = int(fixed[(share == 1) & (fixed >= 0)].sum())
            low = min(possible) - told if others <= set(answers) else 0
            high = max(possible) - told if others >= set(answers) else len(inside)
            found.append((share[left] == 1, low, high))
    return found


def _sums(who, printed, answer, members, answered, names, fixed, left) -> list[tuple[np.ndarray, int]]:
    """What other rows of whole units inside the row say of the units left: which of them, and how many of their people gave the answer."""
    found = {}
    for (domain, measure, category), possible in printed.items():
        inside = who.inside(domain) & answered
        if (measure, category) != answer or len(possible) != 1 or (inside & ~members).any():
            continue
        share = np.array([inside[members & (who.unit == u)].mean() for u in names])
        if set(share) <= {0.0, 1.0} and share[left].any():
            found[tuple(share[left] == 1)] = possible[0] - int(fixed[(share == 1) & (fixed >= 0)].sum())
    return [(np.array(which), count) for which, count in found.items()]


def _fitting(rules, row, size, weight, fixed, left, count, units, sums, ends) -> np.ndarray | None:
    """The splits over the units that are left, shape (splits, left); ``None`` where there are too many."""
    known = np.where(fixed >= 0, fixed, 0)
    most = [min([int(size[k]), *(high for which, _, high in ends if which[at])]) for at, k in enumerate(left)]
    free = _every([*sums, (np.ones(len(left), bool), count - int(known.sum()))], np.array(most))
    if free is None:
        return None
    for which, low, high in ends:
        free = free[(free[:, which].sum(1) >= low) & (free[:, which].sum(1) <= high)]
    total, half = float(weight @ size), 0.5 * 10.0 ** -int(row.get("decimals") or rules.decimals) + TINY
    share = (float(weight @ known) + free @ weight[left]) / total
    if row["estimate"] != "":
        keep = np.abs(100 * share - float(row["estimate"])) <= half
        free, share = free[keep], share[keep]
    if row.get("se") and units > 1 and len(free) and not rules.strata:
        every = np.tile(known.astype(float), (len(free), 1))
        every[:, left] = free
        score = weight * (every - share[:, None] * size) / total
        variance = units / (units - 1) * (score**2).sum(1)
        keep = np.abs(100 * np.sqrt(variance) - float(row["se"])) <= half
        if row.get("deff"):
            keep &= np.abs(variance / _simple(share, size, weight) - float(row["deff"])) <= 0.05 + TINY
        free = free[keep]
    return free


def _alike(rules, row, size, weight, mixed, everyone, fixed, left, fit, units) -> np.ndarray:
    """Which splits give the percentage and the standard error of the row where its people count ``mixed`` for ``weight``: a cell whose
    total is held has no error of its own. ``everyone``: what all people of a unit count, with an answer or without."""
    every = np.tile(np.where(fixed >= 0, fixed, 0).astype(float), (len(fit), 1))
    every[:, left] = fit
    share, total = every @ mixed / (mixed @ size), mixed @ size
    half = 0.5 * 10.0 ** -int(row.get("decimals") or rules.decimals) + TINY
    keep = np.abs(100 * share - float(row["estimate"])) <= half
    if row.get("se") and units > 1 and not rules.strata:
        score = mixed * (every - share[:, None] * size) / total
        for factor in np.unique(np.round(mixed / weight, 9)):
            cell = np.isclose(mixed / weight, factor, atol=1e-8)
            score[:, cell] -= score[:, cell].sum(1, keepdims=True) * everyone[cell] / everyone[cell].sum()
        keep &= np.abs(100 * np.sqrt(units / (units - 1) * (score**2).sum(1)) - float(row["se"])) <= half
    return keep


def _every(sums: list[tuple[np.ndarray, int]], size: np.ndarray) -> np.ndarray | None:
    """Every split over units of these sizes that adds up to the sums, unit by unit."""
    found = np.zeros((1, len(size)), int)
    for k, people in enumerate(size):
        if len(found) * (people + 1) > MOST:
            return None
        found = np.repeat(found, people + 1, 0)
        found[:, k] = np.tile(np.arange(people + 1), len(found) // (people + 1))
        for which, so_many in sums:
            if which[k]:
                so_far = found[:, which].sum(1)
                found = found[(so_far <= so_many) & (so_far + size[k + 1 :][which[k + 1 :]].sum() >= so_many)]
    return found


def _simple(share: np.ndarray, size: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The variance of a simple random sample of as many answers (for weights that do not expand to a population)."""
    n = size.sum()
    return np.where((share > 0) & (share < 1), share * (1 - share) / (n - 1), np.inf)
