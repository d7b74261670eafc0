"""The main job: one command carries the reference study to its releases, and each promise about them is held against the files."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import pytest

import royst
from royst.estimation import waves as three
from royst.evaluation import estimate, onemix
from royst.study.folder import read
from royst.words import Words

DATA = Path(__file__).parent / "data"
RELEASES = {"2017": "2018-06", "2019": "2020-06", "2021": "2021-12"}
IN_WORDS = {"satisfied": (57.5, 62.5), "partly": (17.5, 22.5), "little": (17.5, 22.5), "influence": (46.0, 49.0)}


def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """``royst`` as a user runs it."""
    done = subprocess.run([sys.executable, "-m", "royst", *map(str, arguments)], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == code, done.stderr
    return done


def fingerprint(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def findings(demo: Path, release: str) -> dict[str, dict]:
    content = json.loads((demo / "releases" / release / "public" / "findings.json").read_text(encoding="utf-8"))
    return {finding["id"]: finding for finding in content["findings"]}


def estimates(demo: Path, release: str) -> pl.DataFrame:
    return pl.read_csv(demo / "releases" / release / "public" / "tables" / "estimates.csv", schema_overrides={"wave": pl.String, "category": pl.String})


def test_it_ends_by_saying_where_to_look_and_what_was_found(demo: Path) -> None:
    said = (demo.parents[1] / "said.txt").read_text(encoding="utf-8")
    main = [line for line in said.splitlines() if line.startswith("  - ")]
    assert len(main) == 5
    for path in ("public/site/index.html", "public/reports/nb/national.pdf"):
        assert (demo / "releases" / "2020-06" / path).is_file()
        assert str(Path(path).name) in said


WANTED = {row["id"]: row for row in csv.DictReader((DATA / "findings_2019.csv").open(encoding="utf-8", newline=""))}


def wave_of(identity: str) -> str:
    """A statement belongs to the release of its own wave; a change to that of the later."""
    for wave in ("2017", "2021"):
        if identity.endswith(f"_{wave}") or f"_{wave}_" in identity:
            return wave
    return "2019"


@pytest.mark.parametrize("name", ["2018-06", "2020-06", "2021-12"])
def test_no_fact_can_be_worked_out_of_a_release_and_those_before_it(demo: Path, name: str) -> None:
    told = json.loads((demo / "releases" / name / "public" / "certificate.json").read_text(encoding="utf-8"))
    assert told["facts"] > 10_000 and told["recoverable"] == told["told_by_earlier_releases"] == 0


@pytest.mark.parametrize("identity", WANTED)
def test_every_published_statement_is_a_finding(demo: Path, identity: str) -> None:
    """Its numbers round to the published figure, its outcome is the one the published text states, and its rows are in the tables."""
    row = WANTED[identity]
    wave = wave_of(identity)
    finding = findings(demo, RELEASES[wave])[identity]
    assert set(finding["text"]) == {"nb", "nn", "en"}
    assert all(finding["text"].values())
    for key in finding["rows"]:
        assert there(demo, RELEASES[wave], key), key
    value = row["value"]
    if value:
        told = [number for number in finding["numbers"].values() if isinstance(number, int | float)]
        for part in value.split(" vs "):
            assert any(fits(row, float(part), number) for number in told), (value, finding["numbers"])
    wanted = row["outcome"]
    if "rise" in wanted and "cannot tell" in wanted:
        assert finding["outcome"] in ("higher", "cannot_tell")
    elif "about the same" in wanted:
        assert finding["outcome"] in ("same", "cannot_tell")
    elif wanted in ("higher", "lower"):
        assert finding["outcome"] == wanted
    elif wanted.startswith("rise"):
        assert finding["outcome"] == "higher"


def fits(row: dict[str, str], wanted: float, number: float) -> bool:
    if row["id"] in IN_WORDS:
        low, high = IN_WORDS[row["id"]]
        return low <= number <= high
    return abs(number - wanted) <= (0.0 if row["rounding"] == "exact" else 0.5)


def there(demo: Path, release: str, key: str) -> bool:
    table, _, rest = key.partition(":")
    frame = pl.read_csv(demo / "releases" / release / "public" / "tables" / f"{table}.csv", infer_schema=False).fill_null("")
    parts = rest.split("|")
    names = {
        "estimates": ["wave", "population", "item", "measure", "category", "domain"], "changes": ["id", "population"], "participation": ["wave"],
    }[table]  # fmt: skip
    found = frame.filter(*(pl.col(name) == part for name, part in zip(names, parts, strict=True)))
    return found.height == 1 and ("status" not in frame.columns or found["status"][0] == "published")


def test_next_of_kin_is_lowest_of_all_items(demo: Path) -> None:
    """The finding's row is the lowest best band among every published item of the wave, looked up in the table itself."""
    table = estimates(demo, "2020-06").filter(
        (pl.col("wave") == "2019") & (pl.col("domain") == "all") & (pl.col("measure") == "band") & (pl.col("category") == "stor") & (pl.col("population") == "all")
    )
    lowest = table.sort("estimate").row(0, named=True)
    assert lowest["item"] in findings(demo, "2020-06")["kin_lowest"]["rows"][0]


def test_the_same_inputs_give_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    """A second run of the whole, from the same key, ends in the same files to the byte."""
    again = tmp_path / "again"
    run("demo", again)
    first, second = fingerprint(demo), fingerprint(again / "bte")
    assert {path for path in first if first[path] != second.get(path)} == set()
    assert set(first) == set(second)


def test_making_it_again_changes_nothing(demo: Path) -> None:
    before = fingerprint(demo)
    assert "nothing was changed" in run("release", demo, "--name", "2020-06").stdout
    assert fingerprint(demo) == before


def test_publishing_needs_nothing_but_what_was_protected(demo: Path, tmp_path: Path) -> None:
    """With answers and all else gone, ``royst publish`` makes the same bytes."""
    copy = tmp_path / "bte"
    shutil.copytree(demo / "releases" / "2020-06", copy / "releases" / "2020-06")
    home = copy / "releases" / "2020-06"
    wanted = {path: value for path, value in fingerprint(home).items() if path.startswith(("public/", "to/"))}
    for part in ("public", "to", "check"):
        shutil.rmtree(home / part)
    run("publish", copy, "--name", "2020-06")
    assert {path: value for path, value in fingerprint(home).items() if path.startswith(("public/", "to/"))} == wanted


def test_other_inputs_under_a_taken_name_are_refused(demo: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bte"
    shutil.copytree(demo, copy)
    shutil.copy(demo.parent / "royst.key", tmp_path / "royst.key")
    frame = copy / "frame.csv"
    frame.write_text(frame.read_text(encoding="utf-8").replace("2019", "2019", 1) + "\n", encoding="utf-8")
    before = fingerprint(copy / "releases")
    done = run("release", copy, "--name", "2020-06", code=2)
    assert "frame.csv" in done.stderr
    assert "never computed again" in done.stderr
    assert fingerprint(copy / "releases") == before


def test_permuting_an_items_answers_changes_its_findings(demo: Path, tmp_path: Path) -> None:
    """Nothing is typed: with the answers on next of kin turned round, what is said of it is another thing or nothing."""
    copy = tmp_path / "bte"
    shutil.copytree(demo, copy, ignore=shutil.ignore_patterns("releases"))
    shutil.copy(demo.parent / "royst.key", tmp_path / "royst.key")
    path = copy / "waves" / "2017" / "answers.parquet"
    turned = {"1": "5", "2": "4", "4": "2", "5": "1"}
    pl.read_parquet(path).with_columns(pl.col("satisfied").replace(turned)).write_parquet(path)
    run("release", copy, "--name", "2018-06")
    before, after = findings(demo, "2018-06"), findings(copy, "2018-06")
    about = [identity for identity, finding in before.items() if any("|satisfied|" in row for row in finding["rows"])]
    assert about
    for identity in about:
        assert identity not in after or after[identity]["text"] != before[identity]["text"]


def test_an_interrupted_release_leaves_nothing_and_is_made_whole_again(demo: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bte"
    shutil.copytree(demo, copy, ignore=shutil.ignore_patterns("releases"))
    shutil.copy(demo.parent / "royst.key", tmp_path / "royst.key")
    stop = (
        "import sys\nfrom pathlib import Path\nfrom royst.evaluation import release\n"
        "release.release(Path(sys.argv[1]), '2018-06', lambda text: (_ for _ in ()).throw(KeyboardInterrupt) if text.startswith('publishing the site') else None)\n"
    )
    done = subprocess.run([sys.executable, "-c", stop, str(copy)], capture_output=True, check=False)
    assert done.returncode != 0
    assert not (copy / "releases" / "2018-06").exists()
    run("release", copy, "--name", "2018-06")
    assert fingerprint(copy / "releases" / "2018-06") == fingerprint(demo / "releases" / "2018-06")


def test_withholding_everything_would_fail(demo: Path) -> None:
    """A floor: the release says how many cells of each table are published, and they are many."""
    for release in RELEASES.values():
        cells = json.loads((demo / "releases" / release / "public" / "release.json").read_text(encoding="utf-8"))["cells"]
        whole = cells["estimates by all"]
        assert whole["published"] >= 0.9 * whole["cells"]
        groups = [cell for name, cell in cells.items() if name.startswith("estimates by ") and not name.endswith(("all", "unit", "pool"))]
        assert sum(cell["published"] for cell in groups) >= 0.4 * sum(cell["cells"] for cell in groups)
        own = cells["estimates by unit"]
        assert own["published"] >= 0.25 * own["cells"]


def test_no_unit_is_named_in_what_the_public_gets(demo: Path) -> None:
    """Names and ids of units with a report stand in no public file of text; no public table has a row of one unit."""
    names = set(pl.read_csv(demo / "frame.csv", infer_schema=False)["name"])
    for release in RELEASES.values():
        public = demo / "releases" / release / "public"
        for path in public.rglob("*"):
            if path.suffix in (".html", ".csv", ".json"):
                text = path.read_text(encoding="utf-8")
                assert not [name for name in names if name in text], path
        assert not estimates(demo, release)["domain"].str.contains("unit=|pool=").any()


def test_every_page_says_that_it_is_synthetic(demo: Path) -> None:
    words = {"nb": "syntetisk", "nn": "syntetisk", "en": "synthetic"}
    pages = list((demo / "releases").rglob("*.html"))
    assert len(pages) > 100
    for path in pages:
        language = next((part for part in path.parts if part in words), "nb")
        assert words[language] in path.read_text(encoding="utf-8").lower(), path


def test_every_pdf_passes_every_rule_of_pdf_ua_that_a_machine_can_check(demo: Path) -> None:
    validator = pytest.importorskip("page", reason="needs page-validation")
    made = sorted((demo / "releases").rglob("*.pdf"))
    assert len(made) > 100
    reports = {path: validator.validate_pdf_bytes(path.read_bytes(), profile="ua1") for path in made}
    assert {str(path): [failure.rule_id for failure in report.failures] for path, report in reports.items() if not report.is_compliant} == {}


def test_what_a_wave_published_is_never_computed_again(demo: Path) -> None:
    """The 2019 rows of the release of 2021 are those of the release of 2019, number for number."""
    key = ["wave", "population", "item", "measure", "category", "domain"]
    old = estimates(demo, "2020-06").filter((pl.col("wave") == "2019") & (pl.col("status") == "published"))
    new = estimates(demo, "2021-12").filter(pl.col("wave") == "2019")
    added = new.join(old, on=key, how="anti", nulls_equal=True)
    assert set(added["population"]) <= {"panel:2019:2021"}, "all that is new of an old wave is the line of those who took part again"
    assert new.join(added, on=key, how="anti", nulls_equal=True).sort(key).equals(old.sort(key))


def test_a_change_among_those_who_took_part_both_times_stands_where_it_may(demo: Path) -> None:
    """In table and page: published where both of its sides are, else withheld with no number; those outside are nowhere."""
    public = demo / "releases" / "2020-06" / "public"
    changes = pl.read_csv(public / "tables" / "changes.csv", infer_schema_length=None, schema_overrides={"wave_1": pl.String, "wave_2": pl.String, "category": pl.String})
    panel = changes.filter(pl.col("population") == "panel:2017:2019")
    sides = estimates(demo, "2020-06").filter((pl.col("population") == "panel:2017:2019") & (pl.col("status") == "published"))
    out = set(sides.select("wave", "item", "measure", "category").rows())
    for row in panel.iter_rows(named=True):
        both = all((row[f"wave_{side}"], row["item"], row["measure"], row["category"]) in out for side in (1, 2))
        assert (row["status"] == "published") == both
        assert both or all(row[name] is None for name in ("estimate", "se", "low", "high", "estimate_1", "n_1", "estimate_2", "n_2", "p"))
    published = panel.filter(pl.col("status") == "published")
    assert published.height > 0 and {"satisfied"} <= set(panel["item"])
    for language in ("nb", "nn", "en"):
        page = next(path for path in (public / "site" / language).glob("*.html") if 'id="took-part-twice"' in path.read_text(encoding="utf-8"))
        tables = page.read_text(encoding="utf-8").split('id="took-part-twice"')[1].split("<table")[1:]
        table = next(part.split("</table>")[0] for part in tables if Words(language)("change.caption_twice") in part)
        assert table.count("<tr") == panel.height + 1
        assert table.count(">–<") == panel.height - published.height
    assert not any(b"outside:" in path.read_bytes() for path in (demo / "releases" / "2020-06").rglob("*") if path.suffix in (".csv", ".json", ".jsonl", ".html"))


def test_a_change_with_one_mix_is_that_of_three_lines(demo: Path) -> None:
    """What a release puts forward of one mix is what the three lines of ``estimation.waves`` give of the demo's answers."""
    study = read(demo)
    waves = {name: estimate.prepare(study, name) for name in ("2019", "2017")}
    cells = {
        name: wave.people.join(study.frame_of(name).select(pl.col("unit").alias(estimate.UNIT), pl.col("region").alias("_r"), pl.col("size").alias("_s")), on=estimate.UNIT, how="left", maintain_order="left")
        for name, wave in waves.items()
    }
    there = {name: set(frame.select("_r", "_s").unique().rows()) for name, frame in cells.items()}
    differ = [region for region, _ in there["2019"] ^ there["2017"]]
    assert set(differ) == {"midt"}  # has no large unit in 2017: its sizes are one cell
    cells = {name: frame.with_columns(pl.when(pl.col("_r").is_in(differ)).then(pl.lit("any")).otherwise("_s").alias("_s")) for name, frame in cells.items()}
    item = next(item for item in waves["2019"].items if item.name == "satisfied")
    measure = royst.band("satisfied", {band: list(names) for band, names in item.scale.bands.items()}, not_relevant=list(item.scale.not_relevant))
    new, old = (three.Wave(cells[name], waves[name].design) for name in ("2019", "2017"))
    lines = three.three_lines(new, old, measure, mix=["_r", "_s"], history=study.heirs("2019"))
    told = {row["line"]: row for row in lines.filter(pl.col("category") == "stor").iter_rows(named=True)}
    found = onemix.weights(study, waves["2019"], waves["2017"])
    assert found is not None
    people = waves["2019"].people.with_columns(found[0])
    design = royst.calibrate(people, waves["2019"].design, {onemix.CELL: found[1]}, "poststratify")
    mine = royst.estimate(people, design, [measure]).table.filter(pl.col("category") == "stor").row(0, named=True)
    assert mine["estimate"] == pytest.approx(told["standardised"]["new"], rel=1e-12)
    assert told["standardised"]["old"] == pytest.approx(told["all"]["old"], rel=1e-12)
    assert abs(told["all"]["mix"]) > 1e-4  # the waves differ in their mix


@pytest.mark.r
@pytest.mark.parametrize("release", RELEASES.values())
def test_r_reproduces_the_tables(demo: Path, release: str) -> None:
    """``check/reproduce.R`` recomputes every published estimate and standard error with R's survey package."""
    done = subprocess.run(["Rscript", "reproduce.R"], cwd=demo / "releases" / release / "check", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert " 0 differ" in done.stdout


WITHOUT_RIGHTS = """
import os, sys
from royst.cli import main
assert main(["release", sys.argv[1], "--name", "2018-06"]) == 0  # every module is loaded while it can be read
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
sys.exit(main(["release", sys.argv[2], "--name", "2018-06"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="folder permissions work otherwise on Windows")
def test_a_folder_without_write_permission(demo: Path) -> None:
    """As an unprivileged user: a clear error, exit code 2, and nothing written."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        for name in ("may", "may not"):
            shutil.copytree(demo, Path(place) / name / "bte", ignore=shutil.ignore_patterns("releases"))
            shutil.copy(demo.parent / "royst.key", Path(place) / name / "royst.key")
            (Path(place) / name / "royst.key").chmod(0o444)
        copy = Path(place) / "may not" / "bte"
        for path in [copy.parent, copy, *copy.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        before = fingerprint(copy)
        done = subprocess.run([sys.executable, "-c", WITHOUT_RIGHTS, str(Path(place) / "may" / "bte"), str(copy)], capture_output=True, text=True, check=False)
        for path in [copy.parent, copy, *(path for path in copy.rglob("*") if path.is_dir())]:
            path.chmod(0o755)
        assert done.returncode == 2, done.stderr[-2000:]
        assert "permission" in done.stderr
        assert fingerprint(copy) == before


@pytest.mark.prove
def test_when_somebody_withdraws_what_is_out_stands_and_changes_rest_on_it(demo: Path, tmp_path: Path) -> None:
    """Someone of 2017 withdraws before 2020-06 is made: no figure of 2017 is computed again, and changes since 2017 are still told."""
    copy = tmp_path / "bte"
    shutil.copytree(demo, copy, ignore=shutil.ignore_patterns("2020-06", "2021-12"))
    shutil.copy(demo.parent / "royst.key", tmp_path / "royst.key")
    ledger = copy / "releases" / "history.jsonl"
    ledger.write_text(ledger.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    answers = copy / "waves" / "2017" / "answers.parquet"
    held = pl.read_parquet(answers)
    held.filter(pl.col("id") != held.filter(pl.col("satisfied").is_not_null())["id"][0]).write_parquet(answers)
    run("release", copy, "--name", "2020-06")
    changes = pl.read_csv(copy / "releases" / "2020-06" / "public" / "tables" / "changes.csv", infer_schema_length=None)
    old = changes.filter((pl.col("kind") == "waves") & (pl.col("status") == "published"))
    whole = estimates(copy, "2018-06").filter(pl.col("domain") == "all").select("item", "measure", "category", "n", "estimate")
    both = old.select("item", "measure", "category", "n_2", "estimate_2").join(whole, on=["item", "measure", "category"], nulls_equal=True)
    assert both.height > 20
    assert both["n_2"].to_list() == both["n"].to_list()
    assert both["estimate_2"].to_list() == both["estimate"].to_list()
