"""``royst totals``: a site's sums of a wave for a receiver of the data agreement, instead of answers that may not leave."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

import royst
from royst.answers import store
from royst.errors import wrong
from royst.estimation import federated
from royst.evaluation import estimate
from royst.evaluation.facts import measured
from royst.study import folder
from royst.study.agreement import ReceiverSection
from royst.study.folder import Study

Progress = estimate.Progress


def write(root: Path, wave: str | None, receiver: str | None, out: Path | None, progress: Progress) -> list[str]:
    """The sums of ``wave`` (left out: of every published wave that has answers here), a file each in the folder ``out`` (left out: ``totals``
    in the study folder), sealed to ``receiver`` (left out: the agreement's only one). Lines to print. Raises ``InputError``."""
    study = folder.read(root)
    name, to = _receiver(study, receiver)
    waves = _waves(study, wave)
    target = study.folder.root / "totals" if out is None else out
    prepared = []
    for one in waves:
        progress(f"summing {one}")
        prepared.append(estimate.prepare(study, one))
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise wrong("file-not-written", "the folder cannot be made", "name a folder that you may write to", file=target) from None
    assert study.file.data_agreement is not None
    said = [f"by the data agreement: {study.file.data_agreement.said}"]
    for made in prepared:
        units = _units(study, made.people)
        path = target / f"{made.name}{f'-{_label(units)}' if units else ''}.parquet"
        about = {"study": study.file.id, "wave": made.name, "receiver": name, "units": units, "terms": terms(study, made.name, to)}
        fewest = None if to.small_cells else to.fewest
        federated.send(made.people, plan(study, made.name), path, receiver=to.public_key, fewest=fewest, about=about)
        said.append(f"{made.name}: sums of {made.people.height} answers{f' from {len(units)} units' if len(units) > 1 else ''}, sealed to {to.name}: {path}")
    if to.small_cells:
        said.append("They are small cells: send them to nobody else. No other can open them.")
    else:
        said.append(f"What tells counts from 1 to {to.fewest - 1} was withheld: {to.name} may not hold small cells.")
    return said


def _receiver(study: Study, name: str | None) -> tuple[str, ReceiverSection]:
    agreement = study.file.data_agreement
    receivers = agreement.receivers if agreement else {}
    if not receivers:
        found, todo = "the study has no agreement on who may be sent sums", "name a receiver: [data_agreement] and [data_agreement.receivers.NAME]"
        raise wrong("no-receiver", found, todo, file="study.toml", column="data_agreement")
    if name is None and len(receivers) == 1:
        name = next(iter(receivers))
    if name is None or name not in receivers:
        found = "several receivers are named" if name is None else f"the data agreement does not name {name!r}"
        raise wrong("which-receiver", found, f"say --receiver with one of: {', '.join(receivers)}", file="study.toml", column="data_agreement.receivers")
    return name, receivers[name]


def _waves(study: Study, wave: str | None) -> list[str]:
    if wave is not None:
        study.require(wave)
        return [wave]
    found = [one for one in study.published_waves if store.exists(study, one)]
    if not found:
        raise wrong("empty-wave", "no wave has answers here", f"bring them in with: royst import {study.folder.root} --wave W FILE")
    return found


def _units(study: Study, people: pl.DataFrame) -> list[str]:
    return sorted(people[estimate.UNIT].drop_nulls().unique().to_list()) if study.unit_column else []


def _label(units: list[str]) -> str:
    return units[0] if len(units) == 1 else f"{len(units)}-units-{_hash(units)[:8]}"


# ---- what sites and receiver share


def plan(study: Study, wave: str) -> federated.Plan:
    """What every site sums of a wave, whoever answered there: all that ``royst estimate`` tells, over every group of the study."""
    items = measured(study.instruments[wave], study)
    levels = {item.name: [choice.name for choice in item.scale.choices] for item in items if item.scale is not None}
    by = [[], *([name] for name in study.file.groups)]
    return federated.plan(estimate.planned_design(study, wave), estimate.statistics(study, items), by, levels)


def terms(study: Study, wave: str, to: ReceiverSection) -> dict[str, str]:
    """Hashes of everything that sites and receiver must have alike for sums to be added, by what a person would look at where they differ."""
    file = study.file
    frame, sample = study.frame_of(wave), study.samples.get(wave)
    shared: Mapping[str, Any] = {
        "questions, scales or indices": replace(plan(study, wave).request, design=royst.Design(), groupings=((),)).plan_hash(),
        "[design] of study.toml": file.design.model_dump(exclude={"estimand", "weights_said"}),
        "[groups] or [carry] of study.toml": [
            {name: group.model_dump(exclude={"label": True, "items": True, "categories": {"__all__": {"label", "who"}}}) for name, group in file.groups.items()},
            file.carry.model_dump() if file.carry else None,
        ],
        "[data_agreement] of study.toml": to.model_dump(),
        "frame.csv": None if frame is None else frame.sort(frame.columns).write_csv(),
        "sample.csv": None if sample is None else sample.sort(sample.columns).write_csv(),
    }
    return {name: _hash(value) for name, value in shared.items()}


def receiver_of(study: Study, public: str) -> ReceiverSection:
    """The receiver whose public key this is. Raises ``InputError`` where the agreement names none."""
    agreement = study.file.data_agreement
    for receiver in agreement.receivers.values() if agreement else ():
        if receiver.public_key == public:
            return receiver
    found, todo = "the secret key is of no receiver that the data agreement names", "name the key that belongs to a public_key of study.toml"
    raise wrong("unknown-receiver", found, todo, file="study.toml", column="data_agreement.receivers")


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()
