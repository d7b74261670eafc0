"""Interviews in a release: from the study's sub-studies through protection to reports, site and tables; and a consent withdrawn, which takes words off at once.

A small survey with the two synthetic sub-studies of the reference study beside it.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest

from royst.errors import InputError
from royst.evaluation import bring, check, keys, publish, release, talks
from royst.evaluation.interviews import withdrawal
from royst.interviews import quotes
from royst.interviews.seal import Seal
from royst.interviews.store import Store
from royst.interviews.substudy import read_substudy
from royst.protect import history
from royst.reference.interviews.write import write as write_interviews
from royst.study import folder

SUBSTUDIES = ("65plus", "18-23")
JOINT = {
    "smaa-og-store-ting": {"satisfied": {"stance": "widens", "says": "", "text": {"nb": "De bestemmer klokkeslettet."}}},
    "sett-og-usett": {"satisfied": "confirms"},
    "veien-inn": {"satisfied": {"stance": "contradicts", "says": "poor", "text": {"nb": "De ringer fra sted til sted."}}},
}
VOICES = {
    ("65plus", "nb"): "ulike erfaringer|ensomhet|ut av hjemmet|åpne steder|med i det små|maktesløs i det store|usikre på hva de har fått vite|"
    "kjenner brukerorganisasjoner og ombud|ingen spurte hva de drakk|alkohol",
    ("65plus", "nn"): "ulike erfaringar|einsemd|ut av heimen|opne stader|med i det små|makteslaus i det store|usikre på kva dei har fått vite|"
    "kjenner brukarorganisasjonar og ombod|ingen spurde kva dei drakk|alkohol",
    ("65plus", "en"): "varied experiences|loneliness|out of the home|open places|a say in small things|powerless in large|unsure what they were told|"
    "user organisations and the ombud|nobody asked what they drank|alcohol",
    ("18-23", "nb"): "ulike erfaringer|forvirrende vei inn|nav er vanskelig å nå|tjenester som ikke snakker sammen|hjelp tidlig|hjelp som ikke straffer|"
    "respekt, også etter en sprekk|bredden og rettighetene, for deres alder|hele livssituasjonen|én kontaktperson",
    ("18-23", "nn"): "ulike erfaringar|forvirrande veg inn|nav er vanskeleg å nå|tenester som ikkje snakkar saman|hjelp tidleg|hjelp som ikkje straffar|"
    "respekt, òg etter ein sprekk|breidda og rettane, for deira alder|heile livssituasjonen|éin kontaktperson",
    ("18-23", "en"): "varied experiences|confusing way in|nav is hard to reach|services that do not talk to each other|help early|help that does not punish|"
    "respect, also after a relapse|the breadth and the rights, for their age|the whole of life|one contact person",
}
"""What the reports must carry, as a reader meets it."""


def quiet(text: str) -> None:
    """A progress that says nothing."""


def small_study(small: Any) -> Path:
    """The small study with 480 answers to its first wave, so many that margins of error may be told, and the reference sub-studies."""
    root: Path = small.root
    small.edit('languages = ["nb", "en"]', 'languages = ["nb", "nn", "en"]').edit('wave = "2019"\n', 'wave = "2019"\ninterviews = ["65plus", "18-23"]\n')
    small.write()
    rows = [f"q{n},{'abcd'[n % 4]},{'mw'[n // 4 % 2]},{20 + n % 60},{(5, 4, 4, 5, 3)[n % 5]},{(1, 2, 2, 3, 5)[n % 5]},,"
            for n in range(480)]  # fmt: skip
    answers = small.answers_file(text="\n".join(["id,unit,gender,age,satisfied,waiting,helped,other", *rows]) + "\n")
    bring.bring(folder.read(root), "2019", answers)
    write_interviews(root)
    for name in SUBSTUDIES:
        path = root / "interviews" / name / "themes.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        for theme in content["themes"]:
            theme["joint"] = JOINT.get(theme["id"], {})
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, small_at: Callable[[Path], Any]) -> Path:
    """The study with its release; no test changes it."""
    root = small_study(small_at(tmp_path_factory.mktemp("talk") / "study"))
    release.release(root, "2020-06", quiet)
    return root


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    shutil.copy(made.parent / "royst.key", tmp_path / "royst.key")
    return Path(shutil.copytree(made, tmp_path / "study"))


def hashes(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def text_of(path: Path) -> str:
    """All words of a published file, blanks made one: HTML without tags, PDF and Office files as a reader sees them."""
    if path.suffix == ".pdf":
        text = "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    elif path.suffix in (".docx", ".xlsx"):
        with zipfile.ZipFile(path) as archive:
            text = "\n".join(archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".xml"))
        text = html.unescape(re.sub(r"<[^>]+>", "", text))
    else:
        text = path.read_text(encoding="utf-8")
        text = html.unescape(re.sub(r"<[^>]+>", "", text)) if path.suffix == ".html" else text.replace('""', '"')
    return " ".join(text.split())


def published(root: Path) -> dict[str, str]:
    home = root / "releases" / "2020-06"
    return {p.relative_to(home).as_posix(): text_of(p) for p in home.rglob("*") if p.is_file() and p.suffix not in (".css", ".svg", ".R")}


def unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases are made, and not published: for what is decided before."""
    monkeypatch.setattr(release.artefacts, "publish", lambda *parts: [])
    monkeypatch.setattr(release.publish, "where_to_look", lambda home: [])


def store(root: Path, name: str) -> Store:
    return Store(root / "interviews" / name)


# What is published


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
@pytest.mark.parametrize("name", SUBSTUDIES)
def test_every_voice_is_in_the_published_report_with_a_quote(made: Path, name: str, language: str) -> None:
    home = made / "releases" / "2020-06" / "public"
    for path in (
        home / "reports" / language / f"interviews-{name}.html",
        home / "reports" / language / f"interviews-{name}.pdf",
        home / "reports" / language / f"interviews-{name}.docx",
        home / "site" / language / "intervju" / f"{name}.html",
    ):
        text = text_of(path).lower()
        missing = [voice for voice in VOICES[name, language].split("|") if voice not in text]
        assert not missing, f"{path}: {missing}"
        for quote in quotes.read_quotes(store(made, name)):
            spoken = language if language in quote.edited else next(iter(quote.edited))
            said = " ".join(quote.edited[spoken].split())
            assert said.lower() in text, f"{path}: {said}"
            mark = "" if spoken == language else f' lang="{spoken}"'
            assert path.suffix != ".html" or f"<blockquote><p{mark}>{html.escape(said)}" in path.read_text(encoding="utf-8").replace("&#34;", "&quot;").replace("&#39;", "&#x27;")


def test_every_page_with_talk_says_that_it_is_invented(made: Path) -> None:
    home = made / "releases" / "2020-06" / "public"
    pages = [*home.rglob("interviews-*.html"), *home.glob("site/*/intervju/*.html")]
    assert len(pages) == 3 * (2 + 3)
    said = {"nb": "Ingen har sagt det som står her.", "nn": "Ingen har sagt det som står her.", "en": "Nobody has said what stands here."}
    for page in pages:
        language = re.search(r'<html lang="(\w+)"', page.read_text(encoding="utf-8"))
        assert language is not None and said[language[1]] in text_of(page)
    for path in home.rglob("interviews-*.pdf"):
        sheets = [" ".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(path).pages]
        assert all(said[path.parent.name] in sheet for sheet in sheets), path


def test_the_news_page_leads_to_the_interviews_and_the_joint_display(made: Path) -> None:
    home = made / "releases" / "2020-06" / "public" / "site"
    news = (home / "nb" / "index.html").read_text(encoding="utf-8")
    for link in ("intervju/65plus.html", "intervju/18-23.html", "intervju/index.html#joint", "../../reports/nb/interviews-65plus.pdf"):
        assert f'href="{link}"' in news, link
    for path in (home / "nb" / "intervju" / "index.html", home.parent / "reports" / "nb" / "national.html", home.parent / "reports" / "nb" / "national.docx"):
        text = text_of(path)
        for said in ("Bekrefter", "Utvider", "Motsier", "De bestemmer klokkeslettet.", "80 % svarte stor:", "Feilmargin" if path.suffix == ".html" else "feilmargin"):
            assert said in text, f"{path}: {said}"


def test_how_many_speak_of_a_theme_is_told_in_words_and_never_when_few_or_nearly_all(made: Path) -> None:
    home = made / "releases" / "2020-06" / "public"
    for name in SUBSTUDIES:
        text = text_of(home / "site" / "nb" / "intervju" / f"{name}.html")
        themes = text[: text.rindex("Det folk fortalte, ved siden av det")]
        assert re.search(r"\d+ av de \d+ snakker om dette\.", themes) and "Så å si alle de 2" in themes
        assert not re.search(r"\d\s*(%|prosent)", themes)
    rows = (home / "tables" / "interview_themes.csv").read_text(encoding="utf-8").splitlines()[1:]
    for row in rows:
        extent, n, of = row.rsplit(",", 3)[1:]
        assert (extent == "number") == bool(n) and (not n or 2 < int(n) < int(of) - 2), row


def test_nothing_published_leads_back_to_a_participant(made: Path) -> None:
    ids = [p.id for name in SUBSTUDIES for p in read_substudy(store(made, name)).participants]
    files = published(made)
    assert len(files) > 50
    for path, text in files.items():
        if path.startswith("check/"):
            continue
        assert not [id for id in ids if re.search(rf"\b{id}\b", text)], path
        assert not re.search(r"\bby-[abc]\b", text), path


def test_the_certificate_counts_the_quotes(made: Path) -> None:
    told = json.loads((made / "releases" / "2020-06" / "public" / "certificate.json").read_text(encoding="utf-8"))
    kept = sum(len(quotes.read_quotes(store(made, name))) for name in SUBSTUDIES)
    assert told["interviews"]["quotes"] == kept and told["interviews"]["quotes_withheld"] == 0
    assert told["interviews"]["fewest_who_could_have_said_a_quote"] >= 3
    assert "reader" in [attack["attacker"] for attack in told["attacks"]]
    assert {"name": "voices", "value": 3}.items() <= next(t for t in told["thresholds"] if t["name"] == "voices").items()


# The same release


def test_without_waves_and_interviews_the_same_bytes_are_published(copied: Path) -> None:
    before = hashes(copied / "releases" / "2020-06")
    shutil.rmtree(copied / "waves")
    shutil.rmtree(copied / "interviews")
    publish.publish(copied, "2020-06", quiet)
    assert hashes(copied / "releases" / "2020-06") == before


def test_made_again_nothing_changes_and_another_reading_is_refused(copied: Path) -> None:
    before = hashes(copied)
    assert "already made" in release.release(copied, "2020-06", quiet)[0]
    assert hashes(copied) == before
    path = copied / "interviews" / "65plus" / "themes.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Mange er alene", "Noen er alene"), encoding="utf-8")
    with pytest.raises(InputError) as stop:
        release.release(copied, "2020-06", quiet)
    assert [f.code for f in stop.value.faults] == ["release-taken"] and "interviews/65plus" in str(stop.value)


def test_inputs_tell_no_file_of_a_sub_study(made: Path) -> None:
    about = json.loads((made / "releases" / "2020-06" / "public" / "release.json").read_text(encoding="utf-8"))
    assert {name for name in about["inputs"] if "interviews" in name} == {"interviews/65plus", "interviews/18-23"}


# What does not go out


def edit_joint(root: Path, joint: object) -> None:
    path = root / "interviews" / "65plus" / "themes.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["themes"][0]["joint"] = joint
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize(
    ("stance", "says", "stops"),
    [
        ("confirms", "poor", True), ("confirms", "good", False), ("contradicts", "good", True), ("contradicts", "poor", False), ("widens", "poor", False),
        ("confirms", "", False),
    ],
)  # fmt: skip
def test_a_stance_that_the_survey_plainly_speaks_against_stops_the_release(
    copied: Path, stance: str, says: str, stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The survey has 80 % in the best band, and all of the interval above half."""
    unpublished(monkeypatch)
    shutil.rmtree(copied / "releases")
    edit_joint(copied, {"satisfied": {"stance": stance, "says": says, "text": {}}})
    if not stops:
        release.release(copied, "2020-06", quiet)
        return
    with pytest.raises(InputError) as stop:
        release.release(copied, "2020-06", quiet)
    assert [f.code for f in stop.value.faults] == ["stance-against-estimate"]
    assert not [p for p in (copied / "releases").rglob("*") if p.is_file()], "nothing is half-written"


def test_check_tells_what_a_release_cannot_carry(copied: Path) -> None:
    report = check.check(copied)
    assert any("interviews 65plus in release 2020-06: 23 participants" in line for line in report.lines)
    loose = [fault for fault in report.warnings if fault.code == "unknown-theme"]
    assert loose and all(fault.file in {f"interviews/{name}/codebook.json" for name in SUBSTUDIES} and fault.row for fault in loose), "the small study has not the reference study's themes"
    edit_joint(copied, {"gone": "confirms", "age": "widens"})
    with pytest.raises(InputError) as stop:
        check.check(copied)
    assert [f.code for f in stop.value.faults if f.level == "error"] == ["unknown-item", "unknown-item"]
    toml = copied / "study.toml"
    more = '\n[releases."2021-06"]\ndate = "2021-06-01"\nwave = "2021"\ninterviews = ["18-23", "nobody"]\n'
    toml.write_text(toml.read_text(encoding="utf-8") + more, encoding="utf-8")
    with pytest.raises(InputError) as stop:
        check.check(copied)
    assert [(f.code, f.column) for f in stop.value.faults if f.level == "error"] == [
        ("unknown-item", None), ("unknown-item", None), ("substudy-twice", "releases.2020-06.interviews[2]"),
        ("substudy-twice", "releases.2021-06.interviews[1]"), ("unknown-substudy", "releases.2021-06.interviews[2]"),
    ]  # fmt: skip


# Consent withdrawn


def longest(root: Path, name: str) -> quotes.Quote:
    """A quote whose words nobody else says."""
    texts = [p.read_text(encoding="utf-8") for p in (root / "interviews" / name / "transcripts").rglob("*.txt")]
    alone = [q for q in quotes.read_quotes(store(root, name)) if sum(q.original in text for text in texts) == 1 and len(q.original) > 40]
    return max(alone, key=lambda q: len(q.original))


def found_in(files: dict[str, str], quote: quotes.Quote) -> dict[str, list[str]]:
    """By kind of file, where any language's words of a quote stand."""
    where: dict[str, list[str]] = {}
    for path, text in files.items():
        if any(" ".join(said.split()) in text for said in quote.edited.values()):
            where.setdefault(path.rsplit(".", 1)[-1], []).append(path)
    return where


def test_withdrawal_takes_the_words_off_everything_that_is_published(copied: Path) -> None:
    quote = longest(copied, "65plus")
    before = published(copied)
    assert set(found_in(before, quote)) == {"html", "pdf", "docx", "csv", "xlsx"}, "the words are out, in every kind of file that holds quotes"
    others = [q for q in quotes.read_quotes(store(copied, "65plus")) if q.id != quote.id]

    done = withdrawal.withdraw(copied, "65plus", quote.participant, "2020-07-01", "k3")
    assert done.taken_off == {"2020-06": 1}
    after = published(copied)
    assert set(after) == set(before), "nothing but words is gone"
    assert found_in(after, quote) == {}
    for other in others:
        assert set(found_in(after, other)) == {"html", "pdf", "docx", "csv", "xlsx"}, other.original
    said = "\n".join(done.lines)
    assert "copies of report 2020-06" in said and "backups" in said and "1 quotes taken off" in said
    for path in (copied / "interviews").rglob("*"):
        assert path.is_dir() or quote.original not in path.read_text(encoding="utf-8"), path

    ledger = history.read(copied / "releases" / "history.jsonl", keys.key(folder.read(copied).folder))
    assert [(w["release"], w["on"], len(list(w["quotes"]))) for w in ledger.withdrawals] == [("2020-06", "2020-07-01", 1)]  # type: ignore[call-overload]
    assert not re.search(rf"\b{quote.participant}\b", (copied / "releases" / "history.jsonl").read_text(encoding="utf-8"))  # nor within a hash by chance
    assert len(ledger.entries) == 1 and "already made" in release.release(copied, "2020-06", quiet)[0]
    counts = (copied / "releases" / "2020-06" / "public" / "tables" / "interview_themes.csv").read_text(encoding="utf-8")
    assert ",23" in counts and ",22\n" not in counts, "counts stay: what they lost would tell what was said"
    as_it_stands = hashes(copied / "releases")
    publish.publish(copied, "2020-06", quiet)
    assert hashes(copied / "releases") == as_it_stands


def test_a_consent_withdrawn_while_a_release_is_made_stops_it(
    tmp_path: Path, small_at: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = small_study(small_at(tmp_path / "study"))
    unpublished(monkeypatch)
    quote = longest(root, "65plus")
    monkeypatch.setattr(release.artefacts, "publish", lambda *parts: withdrawal.withdraw(root, "65plus", quote.participant, "2020-06-01", "k3"))
    with pytest.raises(InputError) as stop:
        release.release(root, "2020-06", quiet)
    assert [fault.code for fault in stop.value.faults] == ["changed-meanwhile"]
    assert not (root / "releases" / "2020-06").exists() and not (root / "releases" / "history.jsonl").exists()
    assert all(not q.released for q in quotes.read_quotes(store(root, "65plus")))
    unpublished(monkeypatch)
    release.release(root, "2020-06", quiet)
    assert quote.original not in (root / "releases" / "2020-06" / "release" / "tables" / "interview_quotes.csv").read_text(encoding="utf-8")


def test_withdrawing_once_more_changes_nothing(copied: Path) -> None:
    who = longest(copied, "65plus").participant
    withdrawal.withdraw(copied, "65plus", who, "2020-07-01", "k3")
    before = hashes(copied)
    done = withdrawal.withdraw(copied, "65plus", who, "2020-08-01", "k1")
    assert done.taken_off == {"2020-06": 0} and hashes(copied) == before


@pytest.mark.parametrize("breaks", ["publishing", "swapping", "taking"])
def test_a_withdrawal_that_was_broken_off_is_finished_by_running_it_again(
    copied: Path, breaks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = longest(copied, "65plus")

    def stop(*args: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        if breaks == "publishing":
            broken.setattr(withdrawal.artefacts, "publish", stop)
        elif breaks == "swapping":
            kept = Path.rename
            broken.setattr(Path, "rename", lambda self, to: stop() if self.name.endswith(".withdrawing") else kept(self, to))
        else:
            broken.setattr(withdrawal, "take_out", stop)
        with pytest.raises(KeyboardInterrupt):
            withdrawal.withdraw(copied, "65plus", quote.participant, "2020-07-01", "k3")
    withdrawal.withdraw(copied, "65plus", quote.participant, "2020-07-02", "k3")
    assert found_in(published(copied), quote) == {}
    assert not [p for p in (copied / "releases").iterdir() if p.name.startswith(".")]
    assert "already made" in release.release(copied, "2020-06", quiet)[0]
    assert all(quote.original not in p.read_text(encoding="utf-8") for p in (copied / "interviews").rglob("*") if p.is_file())


def test_a_long_repetition_in_a_researchers_text_is_cut_and_told(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quote = longest(copied, "65plus")
    path = copied / "interviews" / "65plus" / "themes.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["themes"][0]["summary"] = {"nb": f"En sa: {quote.original} Slik er det for flere."}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    shutil.rmtree(copied / "releases")
    with monkeypatch.context() as kept:
        unpublished(kept)
        release.release(copied, "2020-06", quiet)
    done = withdrawal.withdraw(copied, "65plus", quote.participant, "2020-07-01", "k3")
    assert found_in(published(copied), quote) == {}
    assert "En sa: […]. Slik er det for flere." in published(copied)["public/site/nb/intervju/65plus.html"]
    assert any(line.startswith("look at release 2020-06, interview_themes") for line in done.lines)
    assert any("look at themes.json: ensom-hverdag" in line for line in done.lines)


def test_a_sealed_sub_study_asks_for_its_passphrase(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(talks.PASSPHRASE, "fire ord som ingen vet")
    sealed = Store(copied / "interviews" / "65plus", Seal("fire ord som ingen vet", light=True))
    for name in ("quotes.jsonl", "themes.json"):
        sealed.write(name, sealed.read(name))
    assert "already made" in release.release(copied, "2020-06", quiet)[0], "sealed or open, the words are the same"
    monkeypatch.delenv(talks.PASSPHRASE)
    with pytest.raises(InputError) as stop:
        release.release(copied, "2020-06", quiet)
    assert {f.code for f in stop.value.faults} == {"sealed"}


def test_the_reports_break_no_rule_of_pdf_ua_that_a_machine_can_check(made: Path) -> None:
    validator = pytest.importorskip("page", reason="needs page-validation")
    found = sorted((made / "releases" / "2020-06" / "public").rglob("*.pdf"))
    assert len(found) == 3 * (1 + len(SUBSTUDIES))
    for path in found:
        report = validator.validate_pdf_bytes(path.read_bytes(), profile="ua1")
        assert report.is_compliant, (path, [failure.rule_id for failure in report.failures])
