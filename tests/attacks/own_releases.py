"""The reference study's own releases, as an attacker gets them: its public tables, its reports' figures, who took part, the questionnaire."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import polars as pl

from royst.evaluation import estimate, reports
from royst.protect.rules import rule_set
from royst.study import folder as study_folder

ASKED_WHEN = re.compile(r"^\$\{(\w+)\} = '(\w+)'$")
REPORTS = {"estimates": "report_estimates", "units": "report_units"}


def write(demo: Path, folder: Path) -> Path:
    """The folder to attack (see ``attackers.evidence``), of every release of the study in ``demo``."""
    study = study_folder.read(demo)
    rules = rule_set(study.file.plan.rule_set)
    items: dict[str, dict[str, object]] = {}
    for wave in study.published_waves:
        own = estimate.prepare(study, wave)
        told = reports.assigned(study, own, rules)
        _people(study, own, told, folder / f"people-{wave}.csv")
        for item in own.items:
            if item.scale is not None:
                found = ASKED_WHEN.match(item.relevant or "")
                items.setdefault(item.name, {
                    "choices": list(item.scale.substantive), "bands": {b: list(c) for b, c in item.scale.bands.items()},
                    **({"asked_when": [found[1], [found[2]]]} if found else {}),
                })  # fmt: skip
        domains = {report.facts.id: report.domain for report in told}
        name = next(name for name, section in study.file.releases.items() if section.wave == wave)
        _release(demo / "releases" / name, folder / "releases" / name, domains)
    public = {"row": rules.row.value, "small": rules.small.value, "zeros": rules.zeros, "strata": study.file.design.strata is not None}
    text = json.dumps({"items": items, "rules": public}, default=str)
    (folder / "study.json").write_text(text, encoding="utf-8")
    return folder


def _people(study: study_folder.Study, wave: estimate.Wave, told: list[reports.Report], path: Path) -> None:
    pool = {unit: report.domain.partition("=")[2] for report in told for unit in report.units if report.facts.kind == "pool"}
    groups = [group for group in study.file.groups if group in wave.people.columns]
    answered = [
        pl.col(item.name).is_in(list(item.scale.substantive)).fill_null(False).cast(pl.Int64)
        for item in wave.items
        if item.scale is not None
    ]
    frame = wave.people.select(
        pl.col(estimate.UNIT).alias("unit"),
        pl.col(estimate.UNIT).replace_strict(pool, default=None, return_dtype=pl.String).alias("pool"),
        *groups,
        pl.col(estimate.WEIGHT).alias("weight"),
        *answered,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_csv(path)


def _release(home: Path, out: Path, domains: dict[str, str]) -> None:
    shutil.copytree(home / "public" / "tables", out / "public" / "tables", ignore=shutil.ignore_patterns("*.xlsx"))
    shutil.copy(home / "public" / "certificate.json", out / "public" / "certificate.json")
    for name, table in REPORTS.items():
        frame = pl.read_csv(home / "release" / "tables" / f"{table}.csv", infer_schema=False)
        for (report,), part in frame.group_by("report", maintain_order=True):
            (out / "to" / str(report)).mkdir(parents=True, exist_ok=True)
            part = part.drop("report")
            if name == "estimates":
                part = part.with_columns(domain=pl.lit(domains[str(report)]))
            part.write_csv(out / "to" / str(report) / f"{name}.csv")
