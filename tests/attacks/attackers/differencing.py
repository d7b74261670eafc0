"""The same row printed twice with other numbers: what the people who came or went answered."""

from __future__ import annotations

from collections.abc import Iterator

from attackers.evidence import COUNTED, MIX, Evidence, Told, who

KEY = ("wave", "item", "measure", "category", "domain")


def differencing(evidence: Evidence) -> Iterator[Told]:
    """Estimates of one release against those of another, and both sides of changes against the estimates of their wave."""
    before: dict[tuple, dict[str, str]] = {}
    for release in evidence.releases:
        for row in [*release.estimates, *_sides(release.tables.get("changes", []))]:
            if row["measure"] not in (*COUNTED, "index", "mean"):
                continue
            old = before.setdefault((*(row[c] for c in KEY), who(row)), row)
            if old is not row:
                yield from _between(evidence, old, row)


def _sides(changes: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    for row in changes:
        for side in ("1", "2"):
            if row["status"] == "published" and row[f"wave_{side}"] and (row["population"] == "all" or row["population"].startswith(MIX)):
                told = {c: row[c] for c in ("item", "measure", "category", "decimals") if c in row}
                told |= {"wave": row[f"wave_{side}"], "domain": row[f"domain_{side}"] or "all", "n": row[f"n_{side}"]}
                told["population"] = row["population"] if row["population"].endswith(told["wave"]) else "all"  # the older side has its own mix
                yield told | {"estimate": row[f"estimate_{side}"], "unweighted": ""}


def _between(evidence: Evidence, old: dict[str, str], new: dict[str, str]) -> Iterator[Told]:
    """One or two people apart in number, or another figure of as many."""
    apart = abs(int(old["n"]) - int(new["n"]))
    where = (new["wave"], new["item"], new["domain"], new["category"])
    if new["unweighted"] and old["unweighted"] and new["measure"] in COUNTED and apart in (1, 2):
        left = {
            a - b
            for a in evidence.rules.counts(old)
            for b in evidence.rules.counts(new)
        }
        if len(left) == 1 and left != {0}:
            value = abs(left.pop())
            yield Told(*where, apart, value, value)
    elif old["estimate"] and new["estimate"]:
        far = abs(float(old["estimate"]) - float(new["estimate"])) > evidence.rules.half(old) + evidence.rules.half(new)
        if apart or far:
            yield Told(*where, apart, 0, apart)
