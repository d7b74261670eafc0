"""The checked study, read from its folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from royst.errors import Fault, Faults, wrong
from royst.study import attachments, instrument, places, questionnaire, routing, sections, units, xlsform
from royst.study.counted import Counted
from royst.study.grouping import Grouping
from royst.study.instrument import Instrument
from royst.study.paths import Folder
from royst.study.plan import ItemSection, StudyFile
from royst.study.said import Said


@dataclass(frozen=True)
class Study:
    """A study folder, read whole and checked.

    ``frame``: one row per unit and frame year, columns ``frame_year, unit, name, region, size, users, succeeded_by`` (all strings but
    ``users``, an integer or null), further columns kept as strings; None where the study has none. ``samples``: per sampled wave the frame of
    ``sample.csv`` with ``unit, stratum, inclusion`` (probability), ``status``, further columns kept. ``warnings`` are faults that do not stop.
    """

    folder: Folder
    file: StudyFile
    instruments: Mapping[str, Instrument]
    frame: pl.DataFrame | None
    samples: Mapping[str, pl.DataFrame]
    warnings: tuple[Fault, ...] = ()

    @property
    def waves(self) -> tuple[str, ...]:
        """All waves in order of time, as ``study.toml`` lists them."""
        return tuple(self.file.waves)

    @property
    def published_waves(self) -> tuple[str, ...]:
        return tuple(wave for wave, part in self.file.waves.items() if part.role == "published")

    def require(self, wave: str) -> None:
        """Raises ``InputError`` where the study has no such wave."""
        if wave not in self.file.waves:
            found, todo = f"the study has no wave {wave!r}", f"its waves are: {', '.join(self.waves)}"
            raise wrong("unknown-wave", found, todo, file=sections.NAME, column="waves")

    def instrument(self, wave: str) -> Instrument:
        return self.instruments[wave]

    @property
    def unit_column(self) -> str | None:
        return self.file.design.unit

    @property
    def psu_column(self) -> str | None:
        """The column of the primary sampling unit: ``psu``, else the unit; None where each answer is its own."""
        return self.file.design.psu or self.file.design.unit

    @property
    def id_column(self) -> str | None:
        return self.file.design.id

    @property
    def weight_column(self) -> str | None:
        return self.file.design.weight

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns of ids in the answers (id, unit, psu), each once."""
        design = self.file.design
        return tuple(dict.fromkeys(column for column in (design.id, design.unit, design.psu) if column))

    def frame_year(self, wave: str) -> str:
        """The frame year of a wave: its ``frame_year``, else its name; where the frame has one year without a name, that."""
        said = self.file.waves[wave].frame_year
        if said is None and self.frame is not None and set(self.frame["frame_year"].to_list()) == {""}:
            return ""
        return wave if said is None else said

    def frame_of(self, wave: str) -> pl.DataFrame | None:
        """The frame's rows of the wave's frame year; None where the study has no frame."""
        return None if self.frame is None else self.frame.filter(pl.col("frame_year") == self.frame_year(wave))

    def line(self, wave: str, item: str) -> dict[str, str]:
        """An item's line over time: wave to its name there, from ``wave`` backwards, through ``same_as``. Waves that did not ask it are passed over."""
        return instrument.line(self.instruments, self.waves[: self.waves.index(wave) + 1], item)

    def heirs(self, wave: str) -> Mapping[str, str]:
        """Each unit of the frame to the one that stands for it in a wave: who is whom there, whatever merged later."""
        frame = self.frame_of(wave)
        return {} if self.frame is None or frame is None else units.heirs(self.frame, set(frame["unit"].to_list()))

    def singletons(self, wave: str) -> tuple[str, ...]:
        """Strata of a wave's sample with one unit that took part; empty where the design has no strata."""
        if not self.file.design.strata or wave not in self.samples:
            return ()
        return tuple(units.singletons(self.samples[wave]))


def read(root: Path, *, without_sample: Collection[str] = ()) -> Study:
    """Read and check the study in ``root``.

    Raises ``InputError`` with every fault of ``study.toml``, questionnaires, frame and samples at once; answers are not read. ``without_sample``
    names waves whose ``sample.csv`` may be missing, because it is about to be drawn.
    """
    folder = Folder(Path(root))
    faults = Faults()
    file, lines = sections.read(folder.study_toml, faults)
    if file is None:
        faults.stop()
        raise AssertionError("a study file that cannot be read has a fault")
    instruments = _instruments(folder, file, faults)
    frame = units.read_frame(folder.frame, faults) if folder.frame.exists() else None
    study = Study(folder, file, instruments, frame, {})
    _check_frame_years(study, lines, faults)
    samples = _samples(study, faults, without_sample)
    if set(instruments) == set(
        file.waves
    ):  # else what a questionnaire lacks because it could not be read would be told as missing
        for checked in (Counted, Grouping, Said):
            checked(file, instruments, frame, lines, faults).run()
    attachments.check(folder, file, lines, faults)
    faults.stop()
    return Study(folder, _settled(file, instruments), instruments, frame, samples, tuple(faults.warnings))


def _settled(file: StudyFile, instruments: Mapping[str, Instrument]) -> StudyFile:
    """The sections with what follows from them: items that ``[plan] items = "named"`` hides, and earlier waves of a release newest first."""
    order = list(file.waves)
    releases = {
        name: part.model_copy(update={"earlier": sorted(part.earlier, key=order.index, reverse=True)})
        for name, part in file.releases.items()
    }
    items = dict(file.items)
    if file.plan.items == "named":
        named: set[str | None] = {file.plan.headline}
        for theme in file.themes.values():
            named.update(theme.items)
        for index in file.indices.values():
            named.update(index.items)
        named.update(part.item for part in file.comparisons)
        named.update(part.item for part in file.findings)
        named.update(part.item for part in file.sources)
        asked = dict.fromkeys(item.name for instrument in instruments.values() for item in instrument.answered)
        items |= {name: ItemSection(role="hidden") for name in asked if name not in named and name not in items}
    return file.model_copy(update={"releases": releases, "items": items})


def _instruments(folder: Folder, file: StudyFile, faults: Faults) -> dict[str, Instrument]:
    found = {}
    for wave in file.waves:
        if units.unsafe(wave):
            continue
        form = xlsform.read(folder.questionnaire(wave), folder.within(folder.questionnaire(wave)), faults)
        if form is None:
            continue
        before = len(faults.errors)
        asked = questionnaire.Reader(wave, form, file, faults).instrument()
        routing.check(asked, form.name, faults)
        if len(faults.errors) == before:
            xlsform.prove(form, faults)
        if not asked.answered:
            faults.add(
                "empty-questionnaire",
                "the questionnaire asks nothing",
                "add its questions to the sheet survey",
                file=form.name,
            )
        found[wave] = asked
    return found


def _check_frame_years(study: Study, lines: Mapping[places.Path, int], faults: Faults) -> None:
    if study.frame is None or not study.unit_column:
        return
    years = sorted(set(study.frame["frame_year"].drop_nulls().to_list()))
    for wave in study.published_waves:
        if study.frame_year(wave) not in years:
            where: places.Path = ("waves", wave, "frame_year")
            faults.add(
                "unknown-frame-year", f"frame.csv has no units of year {study.frame_year(wave)!r}", f"say frame_year = one of: {', '.join(years)}",
                file="study.toml", row=places.line_of(lines, where), column=places.dotted(where),
            )  # fmt: skip


def _samples(study: Study, faults: Faults, without: Collection[str]) -> dict[str, pl.DataFrame]:
    design, folder = study.file.design, study.folder
    found: dict[str, pl.DataFrame] = {}
    if not design.sampled:
        return found
    if not folder.frame.exists() and (design.weight_basis == "known" or design.fpc == "units"):
        faults.add(
            "missing-file",
            "the study has no frame, and its weights need one",
            "put frame.csv there: one row per unit with its number of users",
            file="frame.csv",
        )
    for wave in study.published_waves:
        if units.unsafe(wave):
            continue
        path = folder.sample(wave)
        name = folder.within(path)
        if not path.exists():
            if wave not in without:
                faults.add(
                    "missing-sample",
                    f"wave {wave} is sampled and has no sample file",
                    "run `royst draw`, put sample.csv there, or say sampled = false",
                    file=name,
                )
            continue
        frame = study.frame_of(wave)
        if frame is not None and frame.height == 0:
            frame = None  # the year is a fault already
        sample = units.read_sample(
            path, faults, frame=frame, strata=design.strata, name=name, frame_year=study.frame_year(wave)
        )
        if sample is None:
            continue
        found[wave] = sample
        _check_singletons(sample, name, study.file, faults)
        _check_inclusion(sample, name, study.file, faults)
    return found


def _check_singletons(sample: pl.DataFrame, name: str, file: StudyFile, faults: Faults) -> None:
    if not file.design.strata:
        return
    rule = file.design.singleton
    for stratum in units.singletons(sample):
        stops = rule == "fail"
        todo = 'join it with another stratum, or say how it counts: [design] singleton = "adjust", "average", "certainty" or "collapse"'
        faults.add(
            "stratum-with-one-unit", f"stratum {stratum!r} has one unit", todo if stops else f'it counts as [design] singleton = "{rule}" says',
            file=name, column=file.design.strata, level="error" if stops else "warning",
        )  # fmt: skip


def _check_inclusion(sample: pl.DataFrame, name: str, file: StudyFile, faults: Faults) -> None:
    missing = units.took_part(sample).filter(pl.col("inclusion").is_null())["unit"].to_list()
    if missing and file.design.weight_basis == "known":
        shown = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        faults.add(
            "missing-inclusion",
            f"{len(missing)} units have no inclusion probability: {shown}",
            "known weights need it: fill the column inclusion",
            file=name,
            column="inclusion",
        )
