"""Three lines between two waves: everybody, the units that took part in both, and both waves brought to one mix.

A change of the plain figure may be a change of who was asked. The panel line keeps to units in both waves (as a domain, so
that the design stays); the standardised line poststratifies both waves to one distribution over ``mix`` (direct
standardisation; Kitagawa 1955), and what the plain line has beyond it is the part that is mix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from royst.errors import wrong
from royst.estimation.change import SCHEMA as CHANGE_SCHEMA
from royst.estimation.change import _followed, change
from royst.estimation.estimate import as_groupings, estimate
from royst.estimation.measures import Measure
from royst.estimation.result import Result
from royst.totals.design import Design
from royst.totals.embedded import Embedded
from royst.totals.reading import encode, open_frame
from royst.totals.request import Request
from royst.weighting.calibration import calibrate

LINES = ("all", "panel", "standardised")
PANEL = "in_both_waves"


@dataclass(frozen=True)
class Wave:
    """One wave's answers with the design they were drawn by."""

    data: Any
    design: Design


def three_lines(
    new: Wave,
    old: Wave,
    measures: Measure | Sequence[Measure],
    *,
    mix: Sequence[str],
    by: Any = None,
    history: Mapping[str, str] | None = None,
    items: Mapping[str, str] | None = None,
    standard: Mapping[tuple[str, ...], float] | None = None,
    level: float = 0.95,
) -> pl.DataFrame:
    """Changes by line: the columns of ``change`` with ``line`` in front and ``mix`` behind.

    ``mix`` on the plain line is the part of its change that is mix: the plain change less the standardised one.
    ``standard`` gives the one mix as shares by cell of ``mix`` (tuples of labels); left out, it is the old wave's own,
    over the cells that both waves have. Lines that cannot be made (no unit in both, no cell in common) are left out.
    ``items`` maps new item names to old ones, for questions that continue under another name.
    """
    asked = [measures] if isinstance(measures, Measure) else list(measures)
    renamed = items or {}
    old_asked = [_renamed(one, renamed) for one in asked]
    now, then = (open_frame(wave.data).collect() for wave in (new, old))
    frames = []
    pair = (_result(now, new.design, asked, by, level), _result(then, old.design, old_asked, by, level))
    frames.append(change(*pair, history=history, items=renamed).with_columns(line=pl.lit("all")))
    panel = _panel(now, then, new.design, old.design, asked, old_asked, by, history or {}, level)
    if panel is not None:
        frames.append(change(*panel, history=history, items=renamed).pipe(_without_panel))
    standardised = _standardised(now, then, new, old, asked, old_asked, by, mix, standard, level)
    if standardised is not None:
        line = change(*standardised, history=history, items=renamed).with_columns(line=pl.lit("standardised"))
        frames.append(line)
        frames[0] = _with_mix(frames[0], line)
    table = pl.concat(
        [frame if "mix" in frame.columns else frame.with_columns(mix=pl.lit(None, pl.Float64)) for frame in frames]
    )
    return table.select("line", *CHANGE_SCHEMA, "mix")


def _renamed(measure: Measure, items: Mapping[str, str]) -> Measure:
    return replace(measure, items=tuple(items.get(item, item) for item in measure.items))


def _result(frame: pl.DataFrame, design: Design, measures: list[Measure], by: Any, level: float) -> Result:
    return estimate(frame, design, measures, by=by, level=level)


def _panel(
    now: pl.DataFrame, then: pl.DataFrame, new: Design, old: Design, asked: list[Measure], old_asked: list[Measure],
    by: Any, history: Mapping[str, str], level: float,
) -> tuple[Result, Result] | None:  # fmt: skip
    """Estimates of the units in both waves, as domains of their whole designs."""
    if not new.psu or not old.psu:
        return None
    ids_now, ids_then = _ids(now, new, {}), _ids(then, old, history)
    both = set(ids_now) & set(ids_then)
    if not both:
        return None
    groupings = [(PANEL, *one) for one in as_groupings(by)]
    marked = (
        frame.with_columns(pl.Series(PANEL, ["yes" if one in both else None for one in ids], dtype=pl.String))
        for frame, ids in ((now, ids_now), (then, ids_then))
    )
    return tuple(  # type: ignore[return-value]
        _result(frame, design, measures, groupings, level)
        for frame, design, measures in zip(marked, (new, old), (asked, old_asked))
    )


def _ids(frame: pl.DataFrame, design: Design, history: Mapping[str, str]) -> list[str]:
    """Each row's first-stage unit now, as ``Result.scores`` names it."""
    columns = [design.strata[0], design.psu[0]] if design.nest and design.strata else [design.psu[0]]
    coded = [encode(frame[name]) for name in columns]
    names = ["/".join(parts) for parts in zip(*([codes.labels[k - 1] for k in codes.codes] for codes in coded))]
    now = {name: _followed(name, history) for name in set(names)}
    return [now[name] for name in names]


def _without_panel(frame: pl.DataFrame) -> pl.DataFrame:
    """Panel domains under the names that the other lines have."""
    plain = pl.col("domain").str.replace(f"^{PANEL}=yes;?", "")
    plain = pl.when(plain == "").then(pl.lit("all")).otherwise(plain)
    return frame.with_columns(plain.alias("domain"), line=pl.lit("panel"))


def _standardised(
    now: pl.DataFrame, then: pl.DataFrame, new: Wave, old: Wave, asked: list[Measure], old_asked: list[Measure],
    by: Any, mix: Sequence[str], standard: Mapping[tuple[str, ...], float] | None, level: float,
) -> tuple[Result, Result] | None:  # fmt: skip
    """Both waves poststratified to one distribution over the cells that both have."""
    if not mix:
        raise wrong("no-mix", "No columns of the mix are named.", 'Name them, as mix=["region", "size"].')
    cells = [_cells(frame, mix) for frame in (now, then)]
    target = dict(standard) if standard is not None else _mix_of(then, old.design, cells[1])
    common = {cell for cell in set(cells[0]) & set(cells[1]) if target.get(cell, 0) > 0}
    if not common:
        return None
    whole = sum(target[cell] for cell in common)
    found = []
    for frame, wave, cell, measures in ((now, new, cells[0], asked), (then, old, cells[1], old_asked)):
        kept = frame.filter(pl.Series([one in common for one in cell]))
        size = float(_weight(kept, wave.design).sum())
        goal = {(one if len(mix) > 1 else one[0]): size * target[one] / whole for one in sorted(common)}
        name: Any = tuple(mix) if len(mix) > 1 else mix[0]
        design = calibrate(kept, wave.design, {name: goal}, "poststratify")
        found.append(_result(kept, design, measures, by, level))
    return found[0], found[1]


def _cells(frame: pl.DataFrame, mix: Sequence[str]) -> list[tuple[str, ...]]:
    coded = [encode(frame[name]) for name in mix]
    return list(zip(*([codes.labels[k - 1] if k else "" for k in codes.codes] for codes in coded)))


def _weight(frame: pl.DataFrame, design: Design) -> np.ndarray:
    return Embedded(frame).rows(Request(design, (), rows=not design.psu)).weight


def _mix_of(frame: pl.DataFrame, design: Design, cells: list[tuple[str, ...]]) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    for cell, weight in zip(cells, _weight(frame, design).tolist()):
        if all(cell):
            found[cell] = found.get(cell, 0.0) + weight
    whole = sum(found.values())
    return {cell: weight / whole for cell, weight in sorted(found.items())}


def _with_mix(plain: pl.DataFrame, standardised: pl.DataFrame) -> pl.DataFrame:
    keys = ["measure", "item", "category", "domain"]
    other = standardised.select(*keys, pl.col("estimate").alias("__standardised"))
    joined = plain.join(other, on=keys, how="left", maintain_order="left")
    return joined.with_columns(mix=pl.col("estimate") - pl.col("__standardised")).drop("__standardised")
