"""The door: what would be said goes in, what may be said comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import polars as pl
from threadpoolctl import threadpool_limits

from royst.errors import Faults
from royst.protect.audit import Tally
from royst.protect.candidate import CELL, Candidate
from royst.protect.certificate import certificate
from royst.protect.history import Ledger
from royst.protect.rules import RuleSet
from royst.protect.voices import Told, allowed
from royst.protect.wave import Wave
from royst.protect.withholding import Printed, counted_cells, standing_on, withheld_changes, withheld_estimates

WORKERS = 2
"""Threads; the solver works outside Python's lock."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Protected:
    """The candidate's frames, same rows in the same order, with ``status`` told and withheld numbers emptied.

    ``from_printed``: the tables that the candidate makes of the printed estimates; ``cells``: rows of ``release.CELLS``;
    ``certificate``: what ``certificate.json`` holds; ``talks``: sub-study to what may be told of it.
    """

    estimates: pl.DataFrame
    changes: pl.DataFrame | None
    priorities: pl.DataFrame | None
    from_printed: dict[str, pl.DataFrame]
    cells: pl.DataFrame
    certificate: dict[str, object]
    talks: Mapping[str, Told] = field(default_factory=dict)


@threadpool_limits.wrap(limits=1, user_api="blas")  # two questions at a time fill two cores; threads inside a small product only wait
def protect(
    candidate: Candidate,
    rules: RuleSet,
    ledger: Ledger | None = None,
    progress: Progress = lambda text: None,
    *,
    thorough: bool = False,
) -> Protected:
    """Withhold what must be withheld, audit what is left, and repair until no fact is recoverable.

    Rows of a wave that an earlier release published stay published; the numbers that are out are put back by
    ``Ledger.restore`` after rounding. With ``thorough`` the programmes are solved for every unit's own eyes too.

    Raises ``InputError``: ``table-outside-plan``, ``missing-relation``, ``contradictory-counts``.
    """
    ledger = ledger or Ledger()
    _check(candidate)
    printed, tally = Printed(), Tally()
    for wave in sorted(candidate.estimates["wave"].unique()):
        found = Wave(wave, candidate, rules, ledger, thorough)
        done = 0
        with ThreadPoolExecutor(WORKERS) as workers:
            for items in found.rounds:
                before = replace(printed, level=dict(printed.level))
                for decided in workers.map(partial(found.decide, printed=before), items):
                    for part in decided:
                        printed.add(part)
                        tally += part.tally
                    done += 1
                    if done % 10 == 0 or done == len(found.items):
                        progress(f"protecting {wave}: {done} of {len(found.items)} questions")
        for index in found.indices:
            printed.add(found.index(index, printed))
    estimates = withheld_estimates(candidate, printed).filter(~pl.col("population").is_in(candidate.unprinted))
    changes = withheld_changes(candidate, estimates, ledger)
    priorities = standing_on(candidate.priorities, estimates)
    more = candidate.from_printed(estimates) if candidate.from_printed else {}
    cells = counted_cells({"estimates": estimates, "changes": changes, "priorities": priorities, **more})
    talks = {talk.name: allowed(talk, rules) for talk in candidate.talks}
    proof = certificate(rules, tally, cells, len(ledger.entries), thorough, list(talks.values()))
    return Protected(estimates, changes, priorities, more, cells, proof, talks)


def _check(candidate: Candidate) -> None:
    faults = Faults()
    estimates = candidate.estimates
    for column in (*CELL, "n", "n_units"):
        if column not in estimates.columns:
            faults.add(
                "missing-relation",
                f"the estimates have no column {column!r}",
                "give every column of the release's table",
            )
    faults.stop()
    for wave in sorted(set(estimates["wave"]) - set(candidate.people)):
        faults.add("missing-relation", f"wave {wave} has estimates but no people", "give the people behind every wave")
    twice = estimates.filter(pl.struct(CELL).is_duplicated()).height
    if twice:
        faults.add(
            "contradictory-counts", f"{twice} estimates share their names with others", "give each estimate once"
        )
    faults.stop()
