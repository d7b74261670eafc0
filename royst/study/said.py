"""Whether what will be said can be: comparisons, goals, sources, findings and releases name what is there."""

from __future__ import annotations

from datetime import date

from royst.study.crosscheck import Crosscheck
from royst.study.instrument import line
from royst.study.places import Path
from royst.study.plan import ComparisonSection, FindingSection, SourceSection
from royst.study.units import unsafe


class Said(Crosscheck):
    """The plan's comparisons, goals, sources, findings and releases."""

    def run(self) -> None:
        self.comparisons = {part.id: part for part in self.file.comparisons}
        for place, comparison in enumerate(self.file.comparisons):
            self._comparison(comparison, ("comparisons", place))
        self._goals_and_sources()
        for place, finding in enumerate(self.file.findings):
            self._finding(finding, ("findings", place))
        self._releases()

    def _measured(self, item: str, measure: str, category: str, wave: str, path: Path) -> None:
        """Whether an estimate of this kind can be made of the item in the wave."""
        if measure == "index" or item in self.file.indices:
            if item not in self.file.indices:
                self.unknown("index", item, self.file.indices, (*path, "item"))
            return
        if item not in self.instruments[wave]:
            if item in self.items:
                self.fault(
                    "item-not-in-wave",
                    f"item {item!r} was not asked in wave {wave}",
                    "name an item of that wave",
                    (*path, "item"),
                )
            else:
                self.unknown("item", item, self.items, (*path, "item"))
            return
        asked = self.instruments[wave][item]
        bands = asked.scale.bands if asked.scale else {}
        names = asked.scale.substantive if asked.scale else ()
        if measure == "band" and category not in bands:
            self.unknown("band", category, bands, (*path, "category"))
        elif measure == "share" and category not in names:
            self.unknown("answer", category, names, (*path, "category"))
        elif measure == "mean" and not (asked.kind == "number" or (asked.scale and self.file.averaged(asked.scale))):
            self.fault(
                "not-a-scale", f"item {item!r} has no scores to average", "use a share or a band, or give its scale scores", (*path, "measure")
            )

    def _comparison(self, part: ComparisonSection, path: Path) -> None:
        if part.family not in self.file.families and part.family != "exploration":
            self.unknown("family", part.family, self.file.families, (*path, "family"))
        if part.kind == "groups":
            self._groups_compared(part, path)
            return
        unknown = [wave for wave in (part.first, part.second) if wave not in self.waves]
        for wave in unknown:
            self.unknown("wave", wave, self.waves, (*path, "first" if wave == part.first else "second"))
        if unknown:
            return
        if self.waves.index(part.first) <= self.waves.index(part.second):
            self.fault(
                "waves-in-order",
                f"first is {part.first}, second {part.second}",
                "first is the later wave, as [waves] lists them",
                (*path, "first"),
            )
            return
        before = len(self.faults)
        self._measured(part.item, part.measure, part.category, part.first, path)
        if (
            len(self.faults) == before
            and part.item not in self.file.indices
            and part.second not in line(self.instruments, self.waves[: self.waves.index(part.first) + 1], part.item)
        ):
            self.fault(
                "broken-line",
                f"item {part.item!r} of {part.first} continues no item of {part.second}",
                "fill royst_same_as in the questionnaires between them, or drop the comparison",
                (*path, "item"),
            )

    def _groups_compared(self, part: ComparisonSection, path: Path) -> None:
        group = self.file.groups.get(part.group or "")
        if group is None:
            self.unknown("group", part.group or "", self.file.groups, (*path, "group"))
        else:
            for key in ("first", "second"):
                if getattr(part, key) not in group.categories:
                    self.unknown("category", getattr(part, key), group.categories, (*path, key))
        if part.wave not in self.waves:
            self.unknown("wave", part.wave or "", self.waves, (*path, "wave"))
        else:
            self._measured(part.item, part.measure, part.category, part.wave, path)

    def _goals_and_sources(self) -> None:
        for place, goal in enumerate(self.file.goals):
            for name in goal.comparisons:
                path: Path = ("goals", place, "comparisons")
                if name not in self.comparisons:
                    self.unknown("comparison", name, self.comparisons, path)
                elif self.comparisons[name].kind != "waves":
                    self.fault(
                        "goal-without-waves",
                        f"comparison {name!r} is not between waves",
                        "a goal is followed from wave to wave",
                        path,
                    )
        for place, source in enumerate(self.file.sources):
            self._source(source, ("sources", place))

    def _source(self, source: SourceSection, path: Path) -> None:
        if source.wave not in self.waves:
            self.unknown("wave", source.wave, self.waves, (*path, "wave"))
        else:
            self._measured(source.item, source.measure, source.category, source.wave, path)
        if source.family not in self.file.families and source.family != "exploration":
            self.unknown("family", source.family, self.file.families, (*path, "family"))

    def _finding(self, finding: FindingSection, path: Path) -> None:
        wave = finding.wave
        if wave is not None and wave not in self.waves:
            self.unknown("wave", wave, self.waves, (*path, "wave"))
            return
        if finding.theme is not None and finding.theme not in self.file.themes:
            self.unknown("theme", finding.theme, self.file.themes, (*path, "theme"))
        if finding.kind == "comparison" and finding.comparison not in self.comparisons:
            self.unknown("comparison", finding.comparison or "", self.comparisons, (*path, "comparison"))
        if finding.kind == "source" and finding.source not in {source.id for source in self.file.sources}:
            self.unknown("source", finding.source or "", (source.id for source in self.file.sources), (*path, "source"))
        if finding.kind in ("share", "bands"):
            self._finding_item(finding, path)
        if finding.domain != "all":
            self._domain(finding.domain, path)

    def _finding_item(self, finding: FindingSection, path: Path) -> None:
        item = finding.item or ""
        waves = [finding.wave] if finding.wave else [wave for wave in self.waves if item in self.instruments[wave]]
        if not waves and item not in self.file.indices:
            self.unknown("item", item, self.items, (*path, "item"))
        for wave in waves[-1:]:
            if finding.kind == "share":
                self._measured(item, finding.measure, finding.category, wave, path)
            elif item not in self.instruments[wave]:
                self._measured(item, "not_relevant", "", wave, path)

    def _domain(self, domain: str, path: Path) -> None:
        for part in domain.split(";"):
            group, mark, category = part.partition("=")
            if group not in self.file.groups:
                self.unknown("group", group, self.file.groups, (*path, "domain"))
            elif not mark or category not in self.file.groups[group].categories:
                self.unknown("category", category, self.file.groups[group].categories, (*path, "domain"))

    def _releases(self) -> None:
        findings = {finding.id for finding in self.file.findings}
        for name, release in self.file.releases.items():
            path: Path = ("releases", name)
            if unsafe(name):
                self.fault(
                    "unsafe-release",
                    f"the release's name cannot be used: {unsafe(name)}",
                    'it becomes a folder: use a name such as "2020-06"',
                    path,
                )
            if not _is_date(release.date):
                self.fault("not-a-date", f"the date is {release.date!r}", "write it as 2020-06-22", (*path, "date"))
            for key, wave in (("wave", release.wave), *(("earlier", wave) for wave in release.earlier)):
                if wave not in self.waves:
                    self.unknown("wave", wave, self.waves, (*path, key))
                elif self.file.waves[wave].role == "background":
                    self.fault(
                        "background-wave",
                        f"wave {wave} is background and is never published",
                        "name a published wave",
                        (*path, key),
                    )
                elif (
                    key == "earlier"
                    and release.wave in self.waves
                    and self.waves.index(wave) >= self.waves.index(release.wave)
                ):
                    self.fault(
                        "waves-in-order",
                        f"wave {wave} is not earlier than {release.wave}",
                        "list the waves before the release's own, as [waves] orders them",
                        (*path, key),
                    )
            for finding in release.findings:
                if finding not in findings:
                    self.unknown("finding", finding, findings, (*path, "findings"))


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
