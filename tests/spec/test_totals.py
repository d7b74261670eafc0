"""Answers that may not leave: 45 site folders of the reference study, through the command line, against the pooled study."""

from __future__ import annotations

import contextlib
import io
import itertools
import shutil
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from royst import cli, reference
from royst.evaluation import receiver, totals
from royst.study import folder
from royst.totals import files, seal

WAVE = "2019"
KEY = ["measure", "item", "category", "domain"]


class Sites:
    """The reference study with a data agreement of two receivers, and a copy for each of the 45 municipalities of 2019 with its own answers alone."""

    def __init__(self, home: Path):
        self.home, self.study = home, home / "pooled"
        reference.write(self.study, lambda _: None)
        shutil.rmtree(self.study / "interviews")
        self.keys = {name: home / f"{name}.key" for name in ("institute", "ministry", "stranger")}
        printed = {name: run("receiver", home / "study-to-be", "--key", key)[1] for name, key in self.keys.items()}
        public = {name: tomllib.loads(text[text.index("[data_agreement") :])["data_agreement"]["receivers"]["NAME"]["public_key"] for name, text in printed.items()}
        with (self.study / "study.toml").open("a", encoding="utf-8") as out:
            out.write('\n[data_agreement]\nsaid = "Invented agreement of 2019, kept in the archive"\n')
            out.write(f'\n[data_agreement.receivers.institute]\nname = "The institute"\npublic_key = "{public["institute"]}"\nsmall_cells = true\n')
            out.write(f'\n[data_agreement.receivers.ministry]\nname = "The ministry"\npublic_key = "{public["ministry"]}"\n')
        answers = pl.read_parquet(self.study / "waves" / WAVE / "answers.parquet")
        self.units = sorted(answers["unit"].unique().to_list())
        self.folder = {unit: home / "sites" / unit for unit in self.units}
        for unit, site in self.folder.items():
            shutil.copytree(self.study, site, ignore=lambda _, names: [name for name in names if name == "answers.parquet"])
            answers.filter(pl.col("unit") == unit).write_parquet(site / "waves" / WAVE / "answers.parquet")
        self.receiver = home / "receiver"
        shutil.copytree(self.study, self.receiver, ignore=lambda _, names: [name for name in names if name == "answers.parquet"])
        self.sent = {}
        for name in ("institute", "ministry"):
            for site in self.folder.values():
                assert run("totals", site, "--receiver", name, "--out", home / name)[0] == 0
            self.sent[name] = sorted((home / name).glob("*.parquet"))

    def pooled(self) -> pl.DataFrame:
        assert run("estimate", self.study, "--out", self.home / "pooled.parquet")[0] == 0
        return pl.read_parquet(self.home / "pooled.parquet").filter(pl.col("wave") == WAVE)

    def received(self, name: str, *more: object) -> tuple[pl.DataFrame, str]:
        out = self.home / f"{name}.estimates.parquet"
        code, said = run("estimate", self.receiver, "--totals", self.home / name, "--key", self.keys[name], "--out", out, *more)
        assert code == 0, said
        return pl.read_parquet(out), said


def run(*words: object) -> tuple[int, str]:
    """The command line in this process: exit code and what was printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = cli.main([str(word) for word in words])
    return code, out.getvalue()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    return Sites(tmp_path_factory.mktemp("sites"))


def test_45_sites_give_what_the_pooled_study_gives(sites: Sites) -> None:
    ours, said = sites.received("institute")
    pooled = sites.pooled()
    assert len(sites.sent["institute"]) == 45 and "45 units" in said and pooled.height > 1000
    floats = [name for name, kind in pooled.schema.items() if kind.is_float()]
    assert ours.drop(floats).equals(pooled.drop(floats))
    for name in floats:
        a, b = ours[name], pooled[name]
        assert a.is_null().equals(b.is_null())
        off = ((a - b).abs() / b.abs().clip(1e-3)).fill_null(0.0)
        assert off.max() <= 1e-12, (name, off.max())


def close(ours: pl.Series, pooled: pl.Series, within: float) -> bool:
    off = ((ours - pooled).abs() / pooled.abs().clip(1e-3)).fill_null(0.0)
    return ours.is_null().equals(pooled.is_null()) and off.max() <= within


# ---- a receiver that may not hold small cells


def test_what_withholding_costs_stands_beside_each_estimate(sites: Sites) -> None:
    ours, said = sites.received("ministry")
    both = ours.join(sites.pooled(), on=KEY, suffix="_pooled", how="left")
    lost = both["n_pooled"] - both["n"]
    assert lost.sum() > 0 and (lost >= 0).all() and (lost <= both["at_most"]).all()
    assert ((both["cells"] > 0) | (lost == 0)).all()
    whole = both.filter(pl.col("cells") == 0)
    assert whole.height and close(whole["estimate"], whole["estimate_pooled"], 1e-12) and close(whole["se"], whole["se_pooled"], 1e-12)
    touched, gone = both.filter(pl.col("cells") > 0), both.filter((pl.col("cells") > 0) & (pl.col("n") == 0))
    assert f"{touched.height} of {both.height} estimates lack some sums, {gone.height} of them all" in said
    part = both.filter(pl.col("n") > 0)
    assert close(part["se_factor"], (1 + part["at_most"] / part["n"]).sqrt(), 1e-12)


def test_no_small_count_can_be_made_of_what_is_sent(sites: Sites) -> None:
    """An attacker adds and subtracts: every count of a set of answers in a group that the sums of a site determine is 0 or at least three."""
    study = folder.read(sites.receiver)
    request = totals.plan(study, WAVE).request
    secret, open_secret = receiver.secret(sites.keys["ministry"]), receiver.secret(sites.keys["institute"])
    by = [("sex",), ("age",)]
    tried = determined = 0
    for path, whole_path in list(zip(sites.sent["ministry"], sites.sent["institute"]))[::4]:
        sent, whole = files.read(path, secret).table, files.read(whole_path, open_secret).table
        for item in ("satisfied", "heard", "own_goals"):
            found = Attack(request, sent, item, by).counts()
            truth = Attack(request, whole, item, by).counts()
            tried += len(truth)
            determined += len(found)
            assert set(found.values()) <= {0} | set(range(3, 10_000)), (path.name, item, {k: v for k, v in found.items() if 0 < v < 3})
            assert any(0 < count < 3 for count in truth.values())  # the attack finds them where nothing is withheld
    assert 0 < determined < tried


class Attack:
    """What linear algebra tells of one item at one site: unknown are the people by answer × category of each grouping (or none); known the sums that were sent."""

    def __init__(self, request, table: pl.DataFrame, item: str, by: list[tuple[str]]):
        mine = [(place, variable.y) for place, variable in enumerate(request.variables) if variable.items == (item,)]
        self.codes = sorted({code for _, column in mine for code, _ in column.scores})
        rows = {one: table.filter(pl.col("grouping") == request.groupings.index(one)).to_dicts() for one in [(), *by]}
        self.values = [[*sorted(row["domain"][0] for row in rows[one]), None] for one in by]
        self.cells = list(itertools.product(self.codes, *self.values))
        known = []
        for grouping, there in rows.items():
            for row in there:
                inside = [grouping == () or cell[1 + by.index(grouping)] == row["domain"][0] for cell in self.cells]
                for place, column in mine:
                    scores = dict(column.scores)
                    for name, worth in (("n", dict.fromkeys(scores, 1.0)), ("ny", scores), ("wyy", {code: score**2 for code, score in scores.items()})):
                        value = row[f"{name}_{place}"]
                        if name == "wyy":  # weights are the same within a site
                            value = value * row[f"n_{place}"] / row[f"w_{place}"] if row[f"n_{place}"] else value
                        if not np.isnan(value):
                            known.append([*(worth.get(cell[0], 0.0) * here for cell, here in zip(self.cells, inside)), value])
        self.known = np.array(known).reshape(len(known), len(self.cells) + 1)

    def counts(self) -> dict[tuple, int]:
        """Every set of answers in the whole, in a category, or in none of a grouping's, whose number is determined."""
        forms, values = self.known[:, :-1], self.known[:, -1]
        inverse = np.linalg.pinv(forms)
        span, solved = inverse @ forms, inverse @ values
        found = {}
        places = [(None, None), *((number, value) for number, one in enumerate(self.values) for value in one)]
        for size in range(1, len(self.codes) + 1):
            for some in itertools.combinations(self.codes, size):
                for number, value in places:
                    asked = np.array([float(cell[0] in some and (number is None or cell[1 + number] == value)) for cell in self.cells])
                    if np.allclose(asked @ span, asked, atol=1e-8):
                        found[(some, number, value)] = round(asked @ solved)
        return found


# ---- what can go wrong, all at once


def faults(sites: Sites, *words: object) -> str:
    """What ``royst estimate`` of the receiver's folder says, which must be that the input is wrong."""
    code, said = run("estimate", sites.receiver, "--totals", *words)
    assert code == 2, said
    return said


def test_every_file_that_cannot_be_used_is_told_at_once(sites: Sites, tmp_path: Path) -> None:
    sent = sites.sent["institute"]
    damaged, other, twice, old = (tmp_path / f"{name}.parquet" for name in ("damaged", "other", "twice", "old"))
    content = bytearray(sent[1].read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    other.write_bytes(b"PAR1 no totals at all")
    shutil.copy(sent[0], twice)
    secret, request = receiver.secret(sites.keys["institute"]), totals.plan(folder.read(sites.receiver), WAVE).request
    plain = seal.opened(sent[2].read_bytes(), secret, sent[2])
    assert b'"version": 1' in plain
    table = pl.read_parquet(io.BytesIO(plain))
    out = io.BytesIO()
    table.write_parquet(out, metadata={"royst": '{"version": 9}'})
    old.write_bytes(seal.seal(out.getvalue(), seal.public_of(secret)))
    said = faults(sites, *sent[3:], sent[0], twice, damaged, other, old, sites.sent["ministry"][1], tmp_path / "none.parquet", "--key", sites.keys["institute"])
    bare = tmp_path / "bare.parquet"
    files.write(files.Pooled([files.read(sent[0], secret)], request).totals(request), bare, seal.public_of(secret))
    assert "[not-totals]" in faults(sites, bare, "--key", sites.keys["institute"])
    for code in ("[totals-key]", "[not-totals]", "[totals-version]", "[file-missing]", "[site-twice]"):
        assert code in said, said
    assert said.count("[totals-key]") == 2 and said.count("[site-missing]") == 2
    assert f"nothing came from unit {sites.units[1]}" in said and f"nothing came from unit {sites.units[2]}" in said
    assert "nothing was changed" in said


def test_a_site_with_another_plan_is_refused_and_told_what_differs(sites: Sites, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(sites.folder[sites.units[0]], site)
    frame = pl.read_csv(site / "frame.csv", infer_schema=False)
    other = pl.when((pl.col("frame_year") == WAVE) & (pl.col("unit") == sites.units[3])).then(pl.lit("1")).otherwise(pl.col("users"))
    frame.with_columns(other.alias("users")).write_csv(site / "frame.csv")
    file = (site / "study.toml").read_text(encoding="utf-8")
    (site / "study.toml").write_text(file.replace("singleton = \"fail\"", "singleton = \"adjust\""), encoding="utf-8")
    assert run("totals", site, "--receiver", "institute")[0] == 0
    made = site / "totals" / f"{WAVE}-{sites.units[0]}.parquet"
    said = faults(sites, made, *sites.sent["institute"][1:], "--key", sites.keys["institute"])
    assert "the site had another [design] of study.toml, another frame.csv [totals-plan]" in said


def test_a_unit_is_left_out_only_knowingly(sites: Sites) -> None:
    out = sites.home / "without.parquet"
    given = ["--key", sites.keys["institute"], "--out", out]
    assert "[site-missing]" in faults(sites, *sites.sent["institute"][1:], *given)
    assert not out.exists()
    code, said = run("estimate", sites.receiver, "--totals", *sites.sent["institute"][1:], *given, "--without", sites.units[0])
    assert code == 0 and f"without {sites.units[0]}" in said
    assert "[site-not-missing]" in faults(sites, *sites.sent["institute"], *given, "--without", sites.units[0])
    assert "[unknown-unit]" in faults(sites, *sites.sent["institute"], *given, "--without", "nowhere")


def test_keys_belong_to_receivers_and_stay_outside_the_study(sites: Sites, tmp_path: Path) -> None:
    assert "[totals-sealed]" in faults(sites, sites.home / "institute")
    assert run("estimate", sites.receiver, "--key", sites.keys["institute"])[0] == 2
    assert "[unknown-receiver]" in faults(sites, sites.home / "institute", "--key", sites.keys["stranger"])
    broken = tmp_path / "broken.key"
    text = sites.keys["institute"].read_text(encoding="ascii")
    broken.write_text(text.replace(text[20], "A" if text[20] != "A" else "B", 1), encoding="ascii")
    assert "[damaged-key]" in faults(sites, sites.home / "institute", "--key", broken)
    code, said = run("receiver", sites.study, "--key", sites.study / "waves" / "secret.key")
    assert code == 2 and "[key-in-study]" in said and not (sites.study / "waves" / "secret.key").exists()
    code, said = run("receiver", sites.study, "--key", sites.keys["institute"])
    assert code == 2 and "[file-taken]" in said


def test_no_sums_leave_without_an_agreement(sites: Sites, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(sites.folder[sites.units[0]], bare)
    file = (bare / "study.toml").read_text(encoding="utf-8")
    assert run("totals", bare) == (2, run("totals", bare)[1]) and "[which-receiver]" in run("totals", bare)[1]
    (bare / "study.toml").write_text(file[: file.index("[data_agreement]")], encoding="utf-8")
    code, said = run("totals", bare)
    assert code == 2 and "[no-receiver]" in said and not (bare / "totals").exists()
    (bare / "study.toml").write_text(file.replace("public_key = \"", "public_key = \"x"), encoding="utf-8")
    code, said = run("check", bare)
    assert code == 2 and said.count("[key-form]") == 2


def test_a_study_without_units_is_summed_as_a_whole(tmp_path: Path) -> None:
    """No answer is among the sums: a site without units has one row of the whole."""
    draws = np.random.default_rng(7).integers(1, 6, size=(240, 3))
    answers = pl.DataFrame(draws, schema=["q1", "q2", "q3"]).with_columns(pl.Series("site", [k % 3 for k in range(240)]))
    answers.drop("site").write_csv(tmp_path / "all.csv")
    pooled = tmp_path / "pooled"
    assert run("init", pooled, "--from", tmp_path / "all.csv")[0] == 0
    wave = folder.read(pooled).waves[0]
    _, printed = run("receiver", pooled, "--key", tmp_path / "secret.key")
    public = seal.public_of(receiver.secret(tmp_path / "secret.key"))
    assert public in printed
    with (pooled / "study.toml").open("a", encoding="utf-8") as out:
        out.write(f'\n[data_agreement]\nsaid = "Invented"\n[data_agreement.receivers.one]\nname = "One"\npublic_key = "{public}"\nsmall_cells = true\n')
    stored = pl.read_parquet(pooled / "waves" / wave / "answers.parquet")
    for site in range(3):
        copy = tmp_path / f"site{site}"
        shutil.copytree(pooled, copy)
        stored.filter(answers["site"] == site).write_parquet(copy / "waves" / wave / "answers.parquet")
        code, said = run("totals", copy, "--out", tmp_path / f"sent{site}")
        assert code == 0, said
    sent = [next((tmp_path / f"sent{site}").glob("*.parquet")) for site in range(3)]
    code, said = run("estimate", pooled, "--totals", *sent, "--key", tmp_path / "secret.key", "--out", tmp_path / "ours.parquet")
    assert code == 0, said
    assert run("estimate", pooled, "--out", tmp_path / "pooled.parquet")[0] == 0
    ours, whole = pl.read_parquet(tmp_path / "ours.parquet"), pl.read_parquet(tmp_path / "pooled.parquet")
    assert ours.height == whole.height == 3 and ours.select(*KEY, "n", "n_units", "status").equals(whole.select(*KEY, "n", "n_units", "status"))
    for name in ("estimate", "se", "df", "low", "high"):
        assert close(ours[name], whole[name], 1e-12), name
    table = files.read(sent[0], receiver.secret(tmp_path / "secret.key")).table
    assert table.filter(pl.col("grouping") == 0).height == 1 and table.height < 10
    code, said = run("estimate", pooled, "--totals", sent[0], sent[0], "--key", tmp_path / "secret.key")
    assert code == 2 and "[site-twice]" in said
