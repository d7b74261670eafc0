"""Simulated studies of three waves, carried through protection and written out as the public and the reports' readers get them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from types import SimpleNamespace as Named

import polars as pl
import simulate

import royst
from royst import protect
from royst.estimation import change
from royst.evaluation import onemix
from royst.evaluation import units as expected
from royst.evaluation.estimate import UNIT, table
from royst.protect import history
from royst.protect.rounding import rounded
from royst.release import CHANGES

APART = "nr"
OWN = r"(^|;)(unit|pool)="
CELL = ("wave", "item", "measure", "category", "domain")


@dataclass(frozen=True)
class Shape:
    """What a study looks like. ``waves``: wave to (people, units, number of the first unit): the panel is where units overlap.

    ``scales``: answers of each item; ``follow_up``: the last item is asked only of those who gave the first its first answer;
    ``at_least``: of an index's items that a person must have answered; ``merged``: units of the last wave that became one with the unit before them; ``mixes``: changes are told with one mix too.
    """

    name: str
    waves: Mapping[str, tuple[int, int, int]]
    scales: tuple[int, ...] = (5, 5, 3)
    groups: tuple[str, ...] = ("sex", "age")
    crossed: bool = False
    blank: float = 0.02
    even: bool = False
    regions: int = 4
    index: bool = False
    at_least: float = 1.0
    follow_up: bool = False
    merged: int = 0
    mixes: bool = False
    rules: str = "user-survey-10"


class Study:
    """A shape with its people, ready for protection and for attack."""

    def __init__(self, shape: Shape):
        self.shape, self.rules = shape, protect.rule_set(shape.rules)
        self.items = [f"q{k + 1}" for k in range(len(shape.scales))]
        self.names = ["region", "size", *shape.groups]
        self.by = [[], *([g] for g in self.names), *([["region", "sex"], ["sex", "age"]] if shape.crossed else [])]
        self.people = {wave: self._people(wave) for wave in shape.waves}

    def _people(self, wave: str) -> pl.DataFrame:
        shape = self.shape
        size, units, first = shape.waves[wave]
        frame = simulate.people(
            f"{shape.name}/{wave}", size, units, len(shape.scales), len(simulate.GROUPS),
            scales=shape.scales, blank=shape.blank, even=shape.even, regions=shape.regions, first=first,
        )  # fmt: skip
        frame = frame.select("unit", *self.names, "weight", *self.items)
        if shape.merged and wave == max(shape.waves):
            names = sorted(frame["unit"].unique())
            joined = {names[2 * k + 1]: names[2 * k] for k in range(shape.merged)}
            first_of = frame.group_by("unit").agg(pl.col("region", "size", "weight").first())
            frame = frame.with_columns(pl.col("unit").replace(joined)).drop("region", "size", "weight")
            frame = frame.join(first_of, on="unit", how="left", maintain_order="left")
        if shape.follow_up:
            frame = frame.with_columns(pl.when(pl.col("q1") == "1").then(pl.col(self.items[-1])).alias(self.items[-1]))
        return self._pooled(frame)

    def _pooled(self, frame: pl.DataFrame) -> pl.DataFrame:
        units = frame.group_by("unit", "region", "size").agg(pl.len().cast(pl.Int64).alias("n")).sort("unit")
        told = protect.pools(units, self.rules).filter(pl.col("kind") == "pool")
        pool = dict(told.select("unit", "pool").rows())
        return frame.with_columns(pl.col("unit").replace_strict(pool, default=None, return_dtype=pl.String).alias("pool"))

    @cached_property
    def scales(self) -> dict[str, protect.Scale]:
        return {
            q: protect.Scale(tuple(str(c + 1) for c in range(k)), simulate.BANDS_OF[k], (APART,))
            for q, k in zip(self.items, self.shape.scales)
        }

    @property
    def indices(self) -> dict[str, tuple[str, ...]]:
        return {"idx": (self.items[0], self.items[1])} if self.shape.index else {}

    def measures(self) -> list[royst.estimation.measures.Measure]:
        asked = []
        for q, scale in self.scales.items():
            asked.append(royst.share(q, list(scale.choices), not_relevant=[APART]))
            if scale.bands:
                asked.append(royst.band(q, {b: list(c) for b, c in scale.bands.items()}, not_relevant=[APART]))
            asked.append(royst.mean(q, scores={c: float(c) for c in scale.choices}, not_relevant=[APART]))
        for name, parts in self.indices.items():
            scores = {q: self._to_100(q) for q in parts}
            asked.append(royst.index(list(parts), name=name, scores=scores, at_least=self.shape.at_least))
        return asked

    def _to_100(self, item: str) -> dict[str, float]:
        choices = self.scales[item].choices
        return {c: 100 * k / (len(choices) - 1) for k, c in enumerate(choices)}

    def estimated(self, wave: str) -> tuple[royst.Result, pl.DataFrame]:
        """The whole's result, and every estimate: of all and of groups (weighted), of units and pools with reports (each answer one)."""
        people = self.people[wave]
        alone = people["unit"].n_unique() == 1
        design = royst.Design(psu=None if alone else ["unit"], weight="weight")
        result = royst.estimate(people, design, self.measures(), by=self.by, interval="korn-graubard")
        plain = royst.estimate(people, royst.Design(), self.measures(), by=self.by)
        own = royst.estimate(people, royst.Design(), self.measures(), by=[["unit"], ["pool"]], interval="korn-graubard")
        reports = self.reports(wave)
        whole, told = table(result, wave, "all", plain), table(own, wave, "all", own)
        members = pl.DataFrame({"domain": list(reports), "n_units": list(reports.values())}, schema={"domain": pl.String, "n_units": pl.Int64})
        told = told.drop("n_units").join(members, on="domain", maintain_order="left").select(whole.columns)
        return result, pl.concat([whole, told])

    def asked(self, wave: str, item: str, by: tuple[str, ...]) -> pl.DataFrame:
        """The estimates of one more table."""
        measures = [one for one in self.measures() if one.items == (item,)]
        people = self.people[wave]
        result = royst.estimate(people, royst.Design(psu=["unit"], weight="weight"), measures, by=[list(by)], interval="korn-graubard")
        return table(result, wave, "all", royst.estimate(people, royst.Design(), measures, by=[list(by)]))

    def reports(self, wave: str) -> dict[str, int]:
        """Domain of each report to its number of units."""
        people = self.people[wave]
        units = people.group_by("unit").len().filter(pl.col("len") >= self.rules.unit_report.value).sort("unit")
        pools = people.drop_nulls("pool").group_by("pool").agg(pl.col("unit").n_unique()).sort("pool")
        return {f"unit={u}": 1 for u in units["unit"]} | {f"pool={p}": n for p, n in pools.rows()}

    def protected_people(self, wave: str) -> protect.People:
        frame = self.people[wave]
        for name, parts in self.indices.items():
            given = pl.sum_horizontal(pl.col(q).is_in(list(self.scales[q].choices)).fill_null(False) for q in parts)
            frame = frame.with_columns(pl.when(given >= self.shape.at_least * len(parts)).then(given).alias(name))
        filters = {self.items[-1]: ("q1",)} if self.shape.follow_up else {}
        return protect.People(
            frame, ("unit", "pool", *self.names), self.scales, unit="unit", weight="weight", indices=self.indices, asked_when=filters
        )

    def changes(self, wave: str, results: Mapping[str, royst.Result]) -> pl.DataFrame:
        rows: list[dict[str, object]] = []
        for old in [w for w in results if w < wave]:
            key = [("band", q, next(iter(s.bands)), "all") for q, s in self.scales.items() if s.bands]
            for told in change.change(results[wave], results[old], rows=key).iter_rows(named=True):
                rows.append(
                    {"id": f"{told['item']}_{wave}_{old}", "kind": "waves", "population": "all", "wave_1": wave, "domain_1": "all",
                     "wave_2": old, "domain_2": "all", "estimate_1": told["new"], "n_1": told["n_new"], "estimate_2": told["old"],
                     "n_2": told["n_old"], "status": ""}
                    | {c: told[c] for c in ("item", "measure", "category", "estimate", "se", "df", "low", "high", "low90", "high90", "p")}
                )  # fmt: skip
        return pl.DataFrame(rows, schema=CHANGES)

    def mixed(
        self, wave: str, old: str, results: Mapping[str, royst.Result], people: protect.People, cells: pl.Series, totals: Mapping[str, float]
    ) -> tuple[pl.DataFrame, pl.DataFrame, protect.People]:
        """Best bands and their changes with the older wave's mix, and what protection must know of it."""
        name, frame = f"mix:{old}:{wave}", self.people[wave].with_columns(cells)
        bands = [one for one in self.measures() if one.kind == "band"]
        design = royst.Design(psu=["unit"] if frame["unit"].n_unique() > 1 else None, weight="weight")
        design = royst.calibrate(frame, design, {onemix.CELL: dict(totals)}, "poststratify")
        result = royst.estimate(frame, design, bands, interval="korn-graubard")
        best = pl.struct("item", "category").is_in([{"item": q, "category": next(iter(s.bands))} for q, s in self.scales.items() if s.bands])
        told = table(result, wave, name).filter(best).with_columns(pl.lit(None, pl.Float64).alias(c) for c in ("deff", "n_eff"))
        compared = self.changes(wave, {old: results[old], wave: result}).with_columns(population=pl.lit(name))
        counted = onemix.brought(frame["weight"], cells, totals).alias(name)
        return told, compared, replace(people, frame=people.frame.with_columns(counted), mixes={name: name})

    def compared(self, wave: str, estimates: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """Units against the expected range, as ``royst release`` makes them of protected estimates."""
        items = [Named(name=q, scale=Named(bands=s.bands, not_relevant=s.not_relevant)) for q, s in self.scales.items()]
        study = Named(file=Named(items={}, plan=Named(level=0.95)))
        reports = [
            Named(domain=f"unit={unit}", units=(unit,), facts=Named(kind="unit", id=unit))
            for unit in (domain.removeprefix("unit=") for domain in self.reports(wave) if domain.startswith("unit="))
        ]
        people = self.people[wave].with_columns(pl.col("unit").alias(UNIT))
        return expected.tables(study, Named(people=people, items=items), reports, self.rules, estimates)  # type: ignore[arg-type]

    def candidate(self, wave: str, results: dict[str, royst.Result] | None = None) -> protect.Candidate:
        """All that the wave's release would say. ``results``: of the waves before; the wave's own is added."""
        results = {} if results is None else results
        earlier = max((one for one in results if one < wave), default=None)
        results[wave], estimates = self.estimated(wave)
        people, changes = self.protected_people(wave), self.changes(wave, results)
        if self.shape.mixes and earlier and (found := onemix.mix(self.people[wave], self.people[earlier])):
            told, compared, people = self.mixed(wave, earlier, results, people, *found)
            estimates, changes = pl.concat([estimates, told]), pl.concat([changes, compared])
        return protect.Candidate(
            estimates=estimates, people={wave: people}, changes=changes,
            from_printed=partial(self.compared, wave),
        )  # fmt: skip

    def released(self, folder: Path, **options: bool) -> list[protect.Protected]:
        """One release a wave, each protected against those before, rounded; what is out is entered in the ledger in ``folder``."""
        path = folder / "history.jsonl"
        results: dict[str, royst.Result] = {}
        made = []
        for wave in self.people:
            ledger = history.read(path)
            found = protect.protect(self.candidate(wave, results), self.rules, ledger, **options)
            made.append(found)
            estimates, changes = rounded(found.estimates), ledger.restore(rounded(found.changes), "changes")
            history.record(path, name=wave, date=f"{wave}-06-01", rules=self.rules.label, estimates=estimates, changes=changes)
        return made

    # What an attacker gets

    def write(
        self, folder: Path, *releases: protect.Protected | pl.DataFrame, known: dict | None = None, **rules: object
    ) -> Path:
        """The published files of the releases, oldest first (all that protection gave, or estimates as they are printed), and
        what everybody knows. ``known``: answers that the attacker knows."""
        for number, made in enumerate(releases):
            whole = None if isinstance(made, pl.DataFrame) else made
            write_release(folder / "releases" / f"{number:04d}", rounded(whole.estimates) if whole else made, whole)
        self._write_known(folder, known, rules)
        return folder

    def _write_known(self, folder: Path, known: dict | None, rules: Mapping[str, object]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for wave, frame in self.people.items():
            answered = [(pl.col(q).is_not_null() & (pl.col(q) != APART)).cast(pl.Int64).alias(q) for q in self.items]
            frame.with_columns(answered).write_csv(folder / f"people-{wave}.csv")
        items = {q: {"choices": s.choices, "bands": s.bands} for q, s in self.scales.items()}
        if self.shape.follow_up:
            items[self.items[-1]]["asked_when"] = ("q1", ("1",))
        public = {"row": self.rules.row.value, "small": self.rules.small.value, "zeros": self.rules.zeros, **rules}
        told = {"items": items, "indices": self.indices, "rules": public}
        (folder / "study.json").write_text(json.dumps(told), encoding="utf-8")
        if known:
            (folder / "known.json").write_text(json.dumps(known), encoding="utf-8")

    def true(self, fact: dict) -> bool:
        """Whether what an attacker claims is so."""
        scale = self.scales[fact["item"]]
        frame = self.people[fact["wave"]].filter(pl.col(fact["item"]).is_in(list(scale.choices)))
        for part in [] if fact["domain"] == "all" else fact["domain"].split(";"):
            group, _, value = part.removeprefix("_").partition("=")
            frame = frame.filter(pl.col(group) == value if value else pl.col(group).is_null())
        names = scale.bands.get(fact["category"], (fact["category"],))
        count = frame.filter(pl.col(fact["item"]).is_in(list(names))).height
        return frame.height == fact["n"] and fact["low"] - 1e-6 <= count <= fact["high"] + 1e-6


def write_release(home: Path, estimates: pl.DataFrame, made: protect.Protected | None = None) -> None:
    """``public/`` and ``to/`` of one release: the tables, and the figures of each report."""
    tables = home / "public" / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    own = pl.col("domain").str.contains(OWN)
    estimates.filter(~own).write_csv(tables / "estimates.csv")
    for (domain,), part in estimates.filter(own).group_by("domain", maintain_order=True):
        _write_own(home, str(domain), "estimates", part)
    if made is not None:
        (home / "public" / "certificate.json").write_text(json.dumps(made.certificate), encoding="utf-8")
        if made.changes is not None:
            rounded(made.changes).write_csv(tables / "changes.csv")
        more = {name: rounded(frame) for name, frame in made.from_printed.items()}
        if "units" in more:
            more["units"].write_csv(tables / "units.csv")
            for (report,), part in more["report_units"].group_by("report", maintain_order=True):
                _write_own(home, f"unit={report}", "units", part.drop("report"))


def _write_own(home: Path, domain: str, name: str, part: pl.DataFrame) -> None:
    kind, _, value = domain.partition("=")
    folder = home / "to" / (value if kind == "unit" else f"{kind}-{value}")
    folder.mkdir(parents=True, exist_ok=True)
    part.write_csv(folder / f"{name}.csv")


def _waves(k: int, panel: str) -> dict[str, tuple[int, int, int]]:
    """Three waves of study ``k``: the same units (kept), half of them others (changed), or all others."""
    units = 6 + k % 9
    step = {"kept": 0, "changed": units // 2, "others": units}[panel]
    sizes = (280 + 30 * (k % 5), 380 + 40 * (k % 6), 340 + 50 * (k % 4))
    return {year: (size, units + n, n * step) for n, (year, size) in enumerate(zip(("2017", "2019", "2021"), sizes))}


SCALES = ((5, 5, 3), (5, 4, 2), (3, 3, 5), (7, 5, 2), (5, 5, 5))
GROUPS = (("sex", "age"), ("sex", "lar", "income"), ("sex", "age", "civil"), ("sex", "age", "work", "housing"))
PANELS = ("kept", "changed", "others")

SHAPES = [
    Shape(
        f"shape-{k:02d}", _waves(k, PANELS[k % 3]), scales=SCALES[k % 5] * 7, groups=GROUPS[k % 4], crossed=k % 4 in (0, 2),
        blank=(0.0, 0.02, 0.06)[k % 3], even=k % 2 == 0, regions=(4, 3, 6)[k % 3], index=k % 5 in (0, 4), merged=k % 4 == 1,
    )
    for k in range(19)
] + [
    Shape("few-units", {"2017": (240, 4, 0), "2019": (320, 4, 0), "2021": (280, 5, 0)}, (5, 5, 3) * 7, regions=1),
    Shape("many-units", {"2017": (520, 40, 0), "2019": (640, 45, 10), "2021": (600, 50, 20)}, (5, 3) * 10, regions=5),
    Shape("tiny-regions", {"2017": (200, 14, 0), "2019": (240, 15, 0), "2021": (220, 15, 5)}, (5, 5, 3) * 7, regions=9),
]  # fmt: skip
