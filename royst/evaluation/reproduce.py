"""``check/``: what a sceptic with access to the answers needs to recompute the published estimates in R. Never published."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path

import polars as pl

from royst.evaluation.estimate import PSU, STRATUM, WEIGHT, Wave
from royst.study.folder import Study
from royst.study.instrument import Item

PLAN = ("wave", "item", "measure", "category", "values", "denominator", "scores", "at_least")


def write(study: Study, waves: Sequence[Wave], populations: Mapping[str, pl.DataFrame], folder: Path) -> None:
    """Write ``reproduce.R``, ``design.csv``, ``plan.csv`` and ``answers-<wave>.csv`` into ``folder``. ``populations``: by wave, a column for each population but all, of "yes" or of what each person counts in it."""
    folder.mkdir(parents=True, exist_ok=True)
    script = resources.files("royst.evaluation").joinpath("reproduce.R").read_text(encoding="utf-8")
    (folder / "reproduce.R").write_text(script, encoding="utf-8", newline="\n")
    lonely = {"average": "average", "adjust": "adjust", "certainty": "certainty"}.get(study.file.design.singleton, "fail")
    _csv(folder / "design.csv", ("wave", "lonely"), ((wave.name, lonely) for wave in waves))
    _csv(folder / "plan.csv", PLAN, (row for wave in waves for row in _plan(study, wave)))
    for wave in waves:
        columns = [item.name for item in wave.items] + [name for name in study.file.groups if name in wave.people.columns]
        drawn = [WEIGHT, STRATUM, PSU, *wave.design.fpc]
        people = wave.people.select(*drawn, *dict.fromkeys(columns))
        if wave.name in populations:
            people = people.hstack(populations[wave.name])
        (folder / f"answers-{wave.name}.csv").write_bytes(people.write_csv(line_terminator="\n").encode("utf-8"))


def _plan(study: Study, wave: Wave) -> Iterable[tuple[str, ...]]:
    for item in wave.items:
        yield from _item_plan(wave.name, item)
    for name, index in study.file.indices.items():
        parts = [item for item in wave.items if item.name in index.items and item.scale]
        if parts:
            scores = "|".join(f"{item.name}:" + ",".join(f"{choice}={score!r}" for choice, score in item.scale.scores.items()) for item in parts if item.scale)
            yield (wave.name, name, "index", "", "|".join(item.name for item in parts), "", scores, repr(index.at_least))


def _item_plan(wave: str, item: Item) -> Iterable[tuple[str, ...]]:
    if item.scale is None:
        yield (wave, item.name, "mean", "", "", "", "", "")
        return
    scale = item.scale
    inside, everyone = "|".join(scale.substantive), "|".join(choice.name for choice in scale.choices)
    for choice in scale.substantive:
        yield (wave, item.name, "share", choice, choice, inside, "", "")
    for band, names in scale.bands.items():
        yield (wave, item.name, "band", band, "|".join(names), inside, "", "")
    yield (wave, item.name, "mean", "", "", inside, "|".join(f"{choice}={score!r}" for choice, score in scale.scores.items()), "")
    yield (wave, item.name, "not_relevant", "", "|".join(scale.not_relevant), everyone, "", "")


def _csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8", newline="\n")
