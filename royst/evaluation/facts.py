"""From the promise to the texts and labels of a release: what each item, group and wave is called, and how it was all made."""

from __future__ import annotations

import polars as pl

import royst
from royst.errors import wrong
from royst.release import (
    BandFacts,
    CategoryFacts,
    ChoiceFacts,
    ContactFacts,
    Facts,
    FamilyFacts,
    FindingFacts,
    GoalFacts,
    GroupFacts,
    ItemFacts,
    MethodFacts,
    PictureFacts,
    ReleaseBefore,
    ReportFacts,
    ScaleFacts,
    SourceFacts,
    SubstudyFacts,
    ThemeFacts,
    WaveFacts,
)
from royst.study.folder import Study
from royst.study.instrument import Instrument, Item
from royst.study.plan import ItemSection, ReleaseSection
from royst.words import Words

INTERVAL = "korn-graubard"

LINES = "exploration"
"""The family of the changes that every continuing item gets without being declared."""


def shown_waves(release: ReleaseSection) -> list[str]:
    """The waves that a release shows, its own first, then the earlier ones as it lists them."""
    return [release.wave, *release.earlier]


def measured(instrument: Instrument, study: Study) -> list[Item]:
    """The items of a wave that are estimated: answers of a scale or numbers, unless the study hides them."""
    sections = study.file.items
    return [item for item in instrument.items if item.kind in ("one", "number") and sections.get(item.name, ItemSection()).role != "hidden"]


def _item(study: Study, name: str, waves: list[str]) -> ItemFacts:
    asked = [wave for wave in waves if name in study.instruments[wave]]
    newest = study.instruments[asked[0]][name]
    section = study.file.items.get(name, ItemSection())
    themes = [theme for theme, part in study.file.themes.items() if name in part.items]
    return ItemFacts(
        question={wave: dict(study.instruments[wave][name].label) for wave in asked},
        short=dict(section.short) or dict(newest.label),
        predicate=dict(section.predicate),
        topic=dict(section.topic),
        theme=themes[0] if themes else None,
        scale=newest.scale.name + ("~" if newest.reversed else "") if newest.scale else None,
        reversed=newest.reversed,
        role=section.role if section.role in ("item", "background", "helper") else "item",
        alone=section.alone,
        waves=asked,
        continues={wave: known for wave, known in study.line(asked[0], name).items() if wave in waves},
    )


def _items(study: Study, waves: list[str]) -> dict[str, ItemFacts]:
    names = dict.fromkeys(item.name for wave in waves for item in measured(study.instruments[wave], study))
    items = {name: _item(study, name, waves) for name in names}
    for name, index in study.file.indices.items():
        asked = [wave for wave in waves if any(part in study.instruments[wave] for part in index.items)]
        items[name] = ItemFacts(
            question={}, short=dict(index.label), topic=dict(index.topic) or dict(index.label), theme=index.theme, role="index", waves=asked,
            continues=dict.fromkeys(asked, name),
        )  # fmt: skip
    return items


def _scales(study: Study, waves: list[str]) -> dict[str, ScaleFacts]:
    """Every scale in use; one that a reversed item uses stands a second time, mirrored, its name ending in ``~``."""
    scales: dict[str, ScaleFacts] = {}
    for wave in waves:
        for item in measured(study.instruments[wave], study):
            if item.scale is None:
                continue
            section = study.file.scales.get(item.scale.name)
            scales.setdefault(
                item.scale.name + ("~" if item.reversed else ""),
                ScaleFacts(
                    choices=[ChoiceFacts(name=choice.name, label=dict(choice.label)) for choice in item.scale.choices],
                    bands={band: list(names) for band, names in item.scale.bands.items()},
                    not_relevant=list(item.scale.not_relevant),
                    scores=dict(item.scale.scores),
                    best=section.best if section else "high",
                ),
            )
    return scales


def _groups(study: Study) -> dict[str, GroupFacts]:
    return {
        name: GroupFacts(
            label=dict(group.label),
            categories={key: CategoryFacts(label=dict(part.label), who=dict(part.who)) for key, part in group.categories.items()},
        )
        for name, group in study.file.groups.items()
    }


def sources(study: Study) -> list[SourceFacts]:
    """The rows of ``sources/`` that the plan names. Raises ``InputError`` where a file or its row is missing."""
    found = []
    for source in study.file.sources:
        path = study.folder.sources / source.file
        if not path.is_file():
            raise wrong("missing-source", f"source {source.id!r} names a file that is not there", "put the file in sources/ or mend [[sources]]", file=path)
        rows = pl.read_csv(path, infer_schema=False).filter(pl.col("id") == source.id).to_dicts()
        if len(rows) != 1:
            raise wrong("source-row", f"{len(rows)} rows have the id {source.id!r}", "give the source one row (columns id, value, n, citation)", file=path, column="id")
        row = rows[0]
        found.append(
            SourceFacts(
                id=source.id, label=dict(source.label), value=float(row["value"]), n=int(row["n"]) if row.get("n") else None,
                citation=row["citation"], note=dict(source.note),
            )
        )  # fmt: skip
    return found


def _findings(study: Study, release: ReleaseSection) -> list[FindingFacts]:
    chosen = [f for f in study.file.findings if (f.id in release.findings if release.findings else (f.wave or release.wave) == release.wave)]
    return [
        FindingFacts(
            id=f.id, kind=f.kind, wave=f.wave or release.wave, item=f.item, measure=f.measure, category=f.category, domain=f.domain,
            comparison=f.comparison, source=f.source, rank=f.rank, theme=f.theme,
        )
        for f in chosen
    ]  # fmt: skip


def _texts(study: Study) -> dict[str, dict[str, str]]:
    """``texts/foreword.nb.md`` becomes ``foreword`` in ``nb``."""
    texts: dict[str, dict[str, str]] = {}
    for path in sorted(study.folder.texts.glob("*.*.md")):
        name, language = path.name.removesuffix(".md").rsplit(".", 1)
        texts.setdefault(name, {})[language] = path.read_text(encoding="utf-8").replace("\r\n", "\n").strip()
    return texts


def _method(study: Study, singletons: list[str]) -> MethodFacts:
    plan, design = study.file.plan, study.file.design
    return MethodFacts(
        rule_set=plan.rule_set, loosened_because=plan.loosened_because, weight_basis=design.weight_basis,
        estimand=dict(design.estimand), weights_said=dict(design.weights_said), strata=design.strata is not None,
        singleton=design.singleton, singletons=singletons, fpc=design.fpc, level=plan.level, margin=plan.margin,
        min_answers=plan.min_answers, min_units=plan.min_units, interval=INTERVAL,
    )  # fmt: skip


def facts(
    study: Study, name: str, *, reports: list[ReportFacts], substudies: dict[str, SubstudyFacts], singletons: list[str], inputs: dict[str, str]
) -> Facts:
    """All texts and labels of release ``name``. ``singletons``: strata with one PSU, as ``wave: stratum``."""
    file = study.file
    release = file.releases[name]
    waves = shown_waves(release)
    earlier = sorted((part.date, other) for other, part in file.releases.items() if part.date < release.date)
    return Facts(
        royst=royst.__version__,
        name=name,
        date=release.date,
        study=file.id,
        synthetic=file.synthetic,
        languages=list(file.languages),
        title=dict(release.title) or dict(file.title),
        lede=dict(release.lede),
        programme=dict(file.programme) or dict(file.title),
        owner=dict(file.owner),
        commissioner=dict(file.commissioner),
        contacts=[ContactFacts(name=c.name, role=dict(c.role), email=c.email, phone=c.phone) for c in file.contacts],
        picture=_picture(release),
        wave=release.wave,
        waves={wave: WaveFacts(label=dict(file.waves[wave].label) or dict.fromkeys(file.languages, wave), fieldwork=file.waves[wave].fieldwork) for wave in waves},
        unit_name=dict(file.plan.unit_name),
        units_name=dict(file.plan.units_name),
        whole_name=dict(file.plan.whole_name),
        headline=file.plan.headline,
        items=_items(study, waves),
        scales=_scales(study, waves),
        bands={band: BandFacts(label=dict(part.label), degree=dict(part.degree)) for band, part in file.bands.items()},
        themes={theme: ThemeFacts(label=dict(part.label), intro=dict(part.intro), items=list(part.items)) for theme, part in file.themes.items()},
        groups=_groups(study),
        goals=[GoalFacts(id=goal.id, label=dict(goal.label), comparisons=list(goal.comparisons)) for goal in file.goals],
        families=_families(study),
        sources=sources(study),
        findings=_findings(study, release),
        reports=reports,
        substudies=substudies,
        method=_method(study, singletons),
        before=[ReleaseBefore(name=other, date=date, title=dict(file.releases[other].title)) for date, other in earlier],
        texts=_texts(study),
        inputs=inputs,
    )


def _families(study: Study) -> dict[str, FamilyFacts]:
    """The families of tests, with the one that need not be declared."""
    label = {str(language): Words(language)("tests.exploration") for language in study.file.languages}
    declared = {family: FamilyFacts(label=dict(part.label), correction=part.correction) for family, part in study.file.families.items()}
    return {LINES: FamilyFacts(label=label, correction="bh"), **declared}


def _picture(release: ReleaseSection) -> PictureFacts | None:
    if release.picture is None:
        return None
    name = release.picture.file.replace("\\", "/").rsplit("/", 1)[-1]
    return PictureFacts(file=name, alt=dict(release.picture.alt), credit=release.picture.credit)
