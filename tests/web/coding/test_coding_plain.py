"""Coding on the web, without a browser.

1. Nobody sees anything unless signed in; wrong passphrases are counted; forged forms are refused; nothing is fetched from elsewhere.
2. In an open blind round the server never sends one coder anything of another's: every page and every reply is read.
3. From coding to a quote that is released: close, settle, theme, quote, check, approval by a second person.
4. Names are decided on, and codings follow; bad requests change nothing.
5. Pages and verbs take turns: an edit by a verb while somebody codes loses nobody's coding.
"""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from threading import Event, Thread

import pytest

from royst.errors import InputError
from royst.evaluation.interviews import opening, rounds, texts
from royst.interviews import coding, consensus, quotes, revision, theme
from royst.interviews import transcript as transcripts
from royst.interviews.coding import CONSENSUS, read_codings
from royst.interviews.seal import Seal
from royst.interviews.store import Store
from royst.interviews.substudy import read_substudy
from royst.interviews.theme import Joint
from royst.web.coding.rounds import common
from royst.web.coding.words import Said

from .conftest import NAME, TEXT, Person, Running, free_port, signing, written

ROOT = Path(__file__).parents[3]
PAGES = (
    "/", "/code/r1/e01", "/code/r1/e02", "/round/r1", "/codes", "/names", "/themes", "/theme/ro", "/tables", "/tables?attribute=sex", "/quotes", "/search?q=telefonen",
    "/review", "/keys",
)  # fmt: skip


def data_of(text: str) -> dict:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
    assert found
    return json.loads(unescape(found[1]) if "&quot;" in found[1] else found[1])


def add(person: Person, code: str, words: str, id: str = "e01", memo: str = "", **more: str) -> dict:
    start = TEXT.index(words)
    person.get(f"/code/r1/{id}")
    reply = person.post(f"/code/r1/{id}/add", data=True, start=str(start), end=str(start + len(words)), code=code, version="1", memo=memo, **more)
    assert reply.status == 200, reply.text
    return json.loads(reply.text)


def test_nothing_is_shown_to_who_is_not_signed_in(running: Running) -> None:
    stranger = Person(running)
    for path in PAGES[:-1]:
        reply = stranger.get(path)
        assert (reply.status, reply.headers["Location"]) == (303, "/in") and "telefonen" not in reply.text
    stranger.get("/in")
    assert stranger.post("/code/r1/e01/add", data=True, start="0", end="5", code="ensom", version="1").status == 403
    assert read_codings(running.store, "anna", "r1") == ()


def test_wrong_passphrases_are_counted_and_then_one_waits(running: Running) -> None:
    thief = Person(running)
    thief.get("/in")
    seen = [thief.post("/in", name="anna", passphrase=guess).status for guess in ["x", "AAAA AAAA AAAAA", *running.passphrases.values()][1:2] * 7]
    assert seen[:5] == [422] * 5 and seen[5:] == [429, 429]
    assert thief.post("/in", name="anna", passphrase=running.passphrases["anna"]).status == 429, "also the right one waits"
    assert Person(running, "bo").get("/").status == 200
    kept = (running.root / "server" / "interviews" / f"{NAME}.json").read_text(encoding="utf-8")
    assert kept.count("$argon2id$") == 3 and not any(p.replace(" ", "") in kept for p in running.passphrases.values())


def test_who_is_no_researcher_any_more_does_not_come_in(running: Running) -> None:
    settings = running.root / "interviews" / NAME / "substudy.toml"
    text = settings.read_text(encoding="utf-8")
    assert Person(running, "bo").get("/").status == 200
    settings.write_text(text.replace('id = "bo"', 'id = "dag"'), encoding="utf-8")
    gone = Person(running)
    gone.get("/in")
    assert gone.post("/in", name="bo", passphrase=running.passphrases["bo"]).status == 422


def test_a_forged_form_is_refused_and_signing_out_ends_it(running: Running) -> None:
    anna = Person(running, "anna")
    assert "HttpOnly" in anna.replies[-1].headers["Set-Cookie"] or "form" in anna.cookies
    assert anna.ask("POST", "/round/r1", "sure=1").status == 403, "no token"
    anna.get("/")
    assert anna.ask("POST", "/round/r1", "sure=1", {"Origin": "http://elsewhere.example"}).status == 403
    assert coding.round_named(running.store, "r1").open
    token = anna.cookies["signed"]
    assert anna.post("/out").status == 303
    anna.cookies["signed"] = token
    assert anna.get("/").status == 303, "the old token holds no more"


def test_every_page_asks_this_host_alone_and_is_kept_nowhere(running: Running) -> None:
    anna = Person(running, "anna")
    for path in PAGES:
        reply = anna.get(path)
        assert reply.status in (200, 303), path
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', reply.text)
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"] and reply.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<[^>]+ style=", reply.text), "the policy would not apply it"
    assert anna.ask("GET", "/", headers={"Host": "evil.example"}).status == 400
    running.end()
    assert "telefonen" not in "".join(running.logged) and "anna" not in "".join(running.logged)


def test_coders_are_blind_to_each_other_until_the_round_closes(running: Running) -> None:
    anna, bo, cecilie = (Person(running, who) for who in ("anna", "bo", "cecilie"))
    bo.get("/codes")
    bo.post("/codes", do="add", name="Telefon", codable="1")
    made = [add(bo, "ensom", "telefonen ringer ikke lenger", memo="MERKNADEN TIL BO"), add(bo, "telefon", "ringer tilbake", id="e02")]
    cecilie.get("/themes")
    cecilie.post("/themes", name="Ro")
    bo.get("/themes")
    start = TEXT.index("Kveldene er lange")
    assert bo.post("/quotes", transcript="e01", start=str(start), end=str(start + 18), theme="ro").status == 303
    for person in (anna, cecilie):
        person.replies.clear()
        for path in PAGES:
            person.get(path)
        tried = [person.post("/code/r1/e01/remove", data=True, id=made[0]["added"][0]["id"])]
        tried.append(person.post("/code/r1/e01/memo", data=True, id=made[0]["added"][0]["id"], memo="x"))
        assert all(reply.status in (404, 422) and "MERKNADEN" not in reply.text for reply in tried)
        person.replies = [reply for reply in person.replies if reply not in tried]  # they repeat the id that was sent
        person.get("/round/r1/settle")
        if person is anna:
            add(anna, "sett", "Da føler jeg meg sett")
        whole = "\n".join(reply.text for reply in person.replies)
        secrets = ["MERKNADEN TIL BO", *(one["id"] for reply in made for one in reply["added"])]
        if person is anna:
            secrets += [quotes.read_quotes(running.store)[0].id]
        assert not [secret for secret in secrets if secret in whole]
        assert all(c["by"] == "anna" for r in person.replies if 'id="data"' in r.text for c in data_of(r.text)["codings"])
    assert len(read_codings(running.store, "bo", "r1")) == 2, "and nothing of another's is changed"
    assert [c["by"] for c in data_of(bo.get("/code/r1/e01").text)["codings"]] == ["bo"]
    anna.get("/round/r1")
    anna.post("/round/r1", sure="1")
    assert {c["by"] for c in data_of(anna.get("/code/r1/e01").text)["codings"]} == {"anna", "bo"}
    late = bo.post("/code/r1/e01/add", data=True, start="0", end="5", code="ensom", version="1")
    assert late.status == 422 and json.loads(late.text)["code"] == "round-closed"


def test_from_coding_to_a_released_quote(running: Running) -> None:
    anna, bo, cecilie = (Person(running, who) for who in ("anna", "bo", "cecilie"))
    for id in ("e01", "e02"):
        add(anna, "ensom", "telefonen ringer ikke lenger. Jeg savner noen å spise med", id=id)
        add(bo, "ensom", "Jeg savner noen å spise med", id=id)
        add(bo, "sett", "Da føler jeg meg sett", id=id)
    assert cecilie.get("/round/r1").text.count('name="sure"') == 0
    bo.get("/round/r1")
    bo.post("/round/r1", sure="1")
    page = bo.get("/round/r1/settle").text
    ids = re.findall(r'name="keep-([0-9a-f]{16})" value="none"', page)
    assert len(ids) == 4 and "did not mark it" in page
    astray = bo.post("/round/r1/settle", **{f"keep-{ids[0]}": "words", f"words-{ids[0]}": "står ikke der"})
    assert astray.status == 422 and "0 times" in astray.text
    assert bo.post("/round/r1/settle", **{f"keep-{ids[0]}": "words", f"words-{ids[0]}": "savner noen å spise med"}).status == 303
    made = consensus.read_decisions(running.store, "r1")[ids[0]]
    assert [TEXT[s:e] for s, e in made.keep] == ["savner noen å spise med"] and made.by == ("bo",)
    assert bo.post("/round/r1/settle", many=(("with", "anna"),), **{f"keep-{ids[0]}": "of-bo", f"why-{ids[0]}": "kortere"}).status == 303
    assert read_codings(running.store, CONSENSUS, "r1") == ()
    rest = {f"keep-{id}": "of-bo" for id in ids[1:]}
    assert bo.post("/round/r1/settle", **rest).headers["Location"] == "/round/r1"
    settled = read_codings(running.store, CONSENSUS, "r1")
    assert {(c.code, TEXT[c.start : c.end]) for c in settled} == {("ensom", "Jeg savner noen å spise med"), ("sett", "Da føler jeg meg sett")}

    anna.get("/themes")
    where = anna.post("/themes", name="Alone").headers["Location"]
    anna.post(where, do="save", **{"name-nb": "Alene", "name-en": "Alone", "summary-nb": "Stille kvelder."}, memo="husk", many=(("code", "ensom"), ("item", "network_help"), ("stance", "widens"), ("says", "poor"), ("item", ""), ("stance", ""), ("says", "")))
    found = theme.read_themes(running.store, opening_book(running))[0]
    assert (found.codes, found.memo, dict(found.joint)) == (("ensom",), "husk", {"network_help": Joint("widens", "poor")})
    shown = anna.get(where).text
    assert "two of the four" in shown and "Jeg savner noen å spise med" in shown
    wrong = anna.post(where, do="save", item="network_help", stance="proves", says="")
    assert wrong.status == 422 and "network_help" in wrong.text and theme.read_themes(running.store, opening_book(running)) == (found,)

    start, end = re.search(r'name="start" value="(\d+)"><input type="hidden" name="end" value="(\d+)"', shown).groups()  # type: ignore[union-attr]
    here = anna.post("/quotes", transcript="e01", start=start, end=end, theme=found.id).headers["Location"]
    assert anna.get(here).text.count("Approve") >= 1 and "A second person approves it" in anna.get(here).text
    edited = anna.post(here, do="save", **{"text-nb": "Jeg savner noen å spise med, på Storgata 5", "text-en": "I miss someone to eat with"})
    assert edited.status == 303
    cecilie.get(here)
    assert cecilie.post(here, do="approve").status == 422, "a warning is open: an address"
    anna.get(here)
    anna.post(here, do="save", **{"text-nb": "Jeg savner noen å spise med [hver kveld]", "text-en": "I miss someone to eat with"})
    assert anna.post(here, do="approve").status == 422, "the one who edited it"
    bo.get(here)
    assert bo.post(here, do="approve").status == 422, "somebody without the role"
    cecilie.get(here)
    assert cecilie.post(here, do="approve").status == 303
    substudy = read_substudy(running.store)
    forward = quotes.put_forward(substudy, "2020-06", ["nb", "en"], [found.id])
    assert [dict(one.texts) for one in forward] == [{"nb": "Jeg savner noen å spise med [hver kveld]", "en": "I miss someone to eat with"}]
    assert substudy.label(forward[0].participant, "en") == "woman"


def opening_book(running: Running):  # type: ignore[no-untyped-def]
    from royst.interviews.codebook import read_codebook

    return read_codebook(running.store)


def test_a_selection_across_turns_can_be_one_speakers_alone(running: Running) -> None:
    anna = Person(running, "anna")
    made = add(anna, "ensom", TEXT[TEXT.index("Kveldene er") : TEXT.index("ringer tilbake")], speaker="A")["added"]
    assert [TEXT[c["s"] : c["e"]].split()[0] for c in made] == ["Kveldene", "At"] and len(made) == 2
    emoji = add(anna, "stille", "👩🏽‍🦳")["added"][0]
    assert emoji["e"] - emoji["s"] == 4 and TEXT[emoji["s"] : emoji["e"]] == "👩🏽‍🦳"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"start": "5", "end": "5"}, "empty-selection"), ({"start": "5", "end": "999999"}, "empty-selection"), ({"start": "-3", "end": "9"}, "empty-selection"),
        ({"code": "ukjent"}, "unknown-code"), ({"code": "hverdag"}, "code-not-codable"), ({"version": "7"}, "old-version"), ({"start": "٣", "end": "9"}, "empty-selection"),
    ],
)  # fmt: skip
def test_a_bad_request_changes_nothing_and_says_why(running: Running, fields: dict[str, str], code: str) -> None:
    anna = Person(running, "anna")
    anna.get("/code/r1/e01")
    reply = anna.post("/code/r1/e01/add", data=True, **({"start": "3", "end": "9", "code": "ensom", "version": "1"} | fields))
    assert reply.status == 422 and json.loads(reply.text)["code"] == code
    assert read_codings(running.store, "anna", "r1") == ()


def test_paths_lead_nowhere_else(running: Running) -> None:
    anna = Person(running, "anna")
    for path in ("/code/r1/..%2f..%2fstudy", "/code/r1/e99", "/round/none", "/theme/..%2fx", "/a/../site.py", "/quote/0000000000000000"):
        assert anna.get(path).status in (303, 404, 422), path
    anna.get("/")
    assert anna.post("/language", back="//evil.example", to="nb").headers["Location"] == "/"
    assert anna.post("/language", back="/\\evil.example", to="nn").headers["Location"] == "/"
    assert "Oversyn" in anna.get("/").text


def test_names_are_decided_on_and_codings_follow(tmp_path: Path) -> None:
    root = written(tmp_path, TEXT.replace("kontakten min", "kontakten min Kari Nordmo"))
    rounds.open_round(root, NAME, "r1", opening.nobody, coders=["anna", "bo"])
    running = Running(root, free_port(), signing(root))
    running.start()
    try:
        anna = Person(running, "anna")
        anna.get("/code/r1/e01")
        at = transcripts.latest(running.store, "e01").text.index("Da føler")
        assert anna.post("/code/r1/e01/add", data=True, start=str(at), end=str(at + 21), code="sett", version="1").status == 200
        page = anna.get("/names").text
        asked = re.findall(r'name="words-(\d+)" value="([^"]+)"', page)
        assert "Kari Nordmo" in " ".join(words for _, words in asked)
        answers = {f"do-{n}": "replace" if "Kari" in words or "Nordmo" in words else "keep" for n, words in asked}
        anna.post("/names", **answers, **{f"words-{n}": words for n, words in asked}, **{f"by-{n}": f"[navn {n}]" for n, _ in asked})
        assert "New versions" in anna.get("/names").text or "Make new versions" in anna.get("/names").text
        assert anna.post("/names/replace", forget="1").status == 200
        newest = transcripts.latest(running.store, "e01")
        assert newest.version == 2 and "Nordmo" not in newest.text and transcripts.versions(running.store, "e01") == (2,)
        own = read_codings(running.store, "anna", "r1")
        assert [newest.text[c.start : c.end] for c in own] == ["Da føler jeg meg sett"] and own[0].version == 2
    finally:
        running.end()


def test_a_sealed_substudy_is_coded_and_stays_sealed(tmp_path: Path) -> None:
    root = written(tmp_path)
    place, said = root / "interviews" / NAME, "fire ord bare jeg vet"
    settings = place / "substudy.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("synthetic = true", "synthetic = true\nsealed = true"), encoding="utf-8")
    plain, sealed = Store(place), Store(place, Seal(said, light=True))
    names = [path.relative_to(place).as_posix() for path in sorted(place.rglob("*")) if path.is_file() and path.name != "substudy.toml"]
    for name in names:
        sealed.write(name, plain.read(name))
    rounds.open_round(root, NAME, "r1", lambda of: said, coders=["anna", "bo"])
    running = Running(root, free_port(), signing(root), passphrase=said)
    running.start()
    try:
        anna = Person(running, "anna")
        assert "telefonen ringer ikke lenger" in anna.get("/code/r1/e01").text
        add(anna, "ensom", "Jeg savner noen å spise med", memo="EN HEMMELIG MERKNAD")
        assert read_codings(running.store, "anna", "r1")[0].memo == "EN HEMMELIG MERKNAD"
    finally:
        running.end()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"HEMMELIG" not in kept and b"telefonen" not in kept and said.encode() not in kept
    with pytest.raises(InputError, match="does not open"):
        opening.opened(root, NAME, lambda of: "noen helt andre ord")
    assert said not in "".join(running.logged)


def test_another_machine_is_not_listened_to_in_the_open(running: Running) -> None:
    from royst.web.coding import serving

    with pytest.raises(InputError, match="in the open"):
        serving.serve(running.root, NAME, opening.nobody, host="0.0.0.0")


def test_every_language_says_the_same_and_all_that_is_used() -> None:
    said = {language: Said(language)._own for language in ("nb", "nn", "en")}
    assert said["nb"].keys() == said["nn"].keys() == said["en"].keys()
    for key, text in said["en"].items():
        parts = set(re.findall(r"\{\w+\}", text))
        assert all(set(re.findall(r"\{\w+\}", said[other][key])) == parts for other in ("nb", "nn")), key
    folder = ROOT / "royst" / "web" / "coding"
    used = {key for path in (folder / "templates").glob("*.html") for key in re.findall(r"{% say [\"']([\w.-]+)[\"']", path.read_text(encoding="utf-8"))}
    used |= {key for path in folder.glob("*.py") for key in re.findall(r"say\(\"([\w.-]+)\"", path.read_text(encoding="utf-8"))}
    script = (folder / "assets" / "coding.js").read_text(encoding="utf-8")
    used |= {f"script.{key}" for key in re.findall(r"\bwords\.([a-z_]+)\b", script) if key not in ("trim", "length")} - {"script.trimStart", "script.trimEnd"}
    assert len(used) > 150 and not {key for key in used if key not in said["en"]}


def test_what_all_marked() -> None:
    assert common([((0, 10), (20, 30)), ((5, 25),)]) == ((5, 10), (20, 25))
    assert common([((0, 10),), ()]) == ()


def test_what_an_edit_touched_waits_for_its_own_coder(running: Running) -> None:
    anna, bo = Person(running, "anna"), Person(running, "bo")
    add(anna, "ensom", "telefonen ringer ikke lenger")
    add(anna, "stille", "Takk for praten")
    add(bo, "sett", "Da føler jeg meg sett", memo="BO SIN")
    edited = TEXT.replace("telefonen ringer ikke lenger", "telefonen ringer aldri lenger").replace("Takk for praten.", "Ha det.").replace("Da føler jeg meg sett", "Da føler jeg meg nå sett")
    revision.revise(running.store, "e01", edited, by="anna", why="hørt igjen")
    assert "BO SIN" not in anna.get("/review").text and "after an edit: 2<" in anna.get("/").text
    mine = [c for c in read_codings(running.store, "anna", "r1") if c.state != "same"]
    assert {c.code for c in mine} == {"ensom", "stille"}
    by_code = {c.code: c for c in mine}
    lost = anna.post("/review", do="place", id=by_code["stille"].id, round="r1", words="står ingen steder")
    assert lost.status == 422 and "0 times" in lost.text
    assert anna.post("/review", do="place", id=by_code["stille"].id, round="r1", words="Ha det.").status == 303
    assert anna.post("/review", do="keep", id=by_code["ensom"].id, round="r1").status == 303
    text = transcripts.latest(running.store, "e01").text
    now = {c.code: (c.state, text[c.start : c.end]) for c in read_codings(running.store, "anna", "r1")}
    assert now == {"ensom": ("same", "telefonen ringer aldri lenger"), "stille": ("same", "Ha det.")}
    stale = anna.post("/code/r1/e01/add", data=True, start="0", end="5", code="ensom", version="1")
    assert json.loads(stale.text)["code"] == "old-version"


def test_the_codebook_is_written_with_its_history(running: Running) -> None:
    anna = Person(running, "anna")
    anna.get("/codes")
    anna.post("/codes", do="add", name="Å være sett", definition="Å bli møtt.", codable="1", parent="hverdag", why="manglet")
    assert anna.post("/codes", do="add", name="Å være sett", codable="1", parent="hverdag").status == 422, "two of one name"
    anna.post("/codes", do="change", id="sett", name="Bli møtt", definition="Ny mening.", codable="1", parent="hverdag", why="tydeligere", themes="activity, network", items="network_help")
    anna.post("/codes", do="merge", id="stille", into="ensom", why="det samme")
    anna.post("/codes", do="retire", id="a-vaere-sett", why="ikke i bruk")
    assert anna.post("/codes", do="merge", id="hverdag", into="ensom").status == 422, "into its own branch"
    book = opening_book(running)
    assert (book["sett"].themes, book["sett"].items) == (("activity", "network"), ("network_help",)) and "lagt til" not in anna.get("/codes").text
    assert (book["sett"].name, book.resolve("stille"), book["a-vaere-sett"].retired) == ("Bli møtt", "ensom", True)
    assert [(step.what, step.by, step.why) for step in book.history[-4:]] == [("added", "anna", "manglet"), ("changed", "anna", "tydeligere"), ("merged", "anna", "det samme"), ("retired", "anna", "ikke i bruk")]
    anna.get("/code/r1/e01")
    assert json.loads(anna.post("/code/r1/e01/add", data=True, start="3", end="9", code="stille", version="1").text)["code"] == "code-retired"
    made = json.loads(anna.post("/code/new", data=True, name="  Uro   om natten ").text)["code"]
    assert (made["id"], made["name"], made["codable"]) == ("uro-om-natten", "Uro om natten", True)


def test_a_round_is_opened_on_the_page(running: Running) -> None:
    anna = Person(running, "anna")
    anna.get("/")
    assert anna.post("/rounds/open", name="r2", blind="1", approach="reflexive", many=(("coder", "anna"), ("coder", "bo"), ("transcript", "e02"))).headers["Location"] == "/round/r2"
    made = coding.round_named(running.store, "r2")
    assert (made.coders, made.transcripts, made.approach, made.blind, made.open) == (("anna", "bo"), ("e02",), "reflexive", True, True)
    assert anna.post("/rounds/open", name="r3", many=(("coder", "cecilie"),)).status == 422, "no coder"
    assert anna.post("/rounds/open", name="../r", many=(("coder", "anna"),)).status == 422
    anna.get("/round/r2")
    anna.post("/round/r2", sure="1")
    assert "not applicable" in anna.get("/round/r2").text, "a reflexive reading has no coefficient"


def test_a_verb_and_the_pages_write_at_once_and_lose_nothing(running: Running, tmp_path: Path) -> None:
    anna = Person(running, "anna")
    store, made, coded, stopped = running.store, [], Event(), Event()
    file = tmp_path / "edited.txt"

    def edit() -> None:
        for n in range(12):
            coded.wait(60)
            coded.clear()
            file.write_text(transcripts.latest(store, "e01").text + f"I: Og så {n}.\n", encoding="utf-8")
            texts.revise(running.root, NAME, "e01", file, opening.nobody, by="bo", why="more was said")
        stopped.set()

    editor = Thread(target=edit, daemon=True)
    editor.start()
    at = 0
    while not stopped.is_set() and at < len(TEXT) - 2:
        version = data_of(anna.get("/code/r1/e01").text)["version"]
        reply = anna.post("/code/r1/e01/add", data=True, start=str(at), end=str(at + 2), code="ensom", version=str(version))
        said = json.loads(reply.text)
        if reply.status == 200:
            made.append((at, at + 2))
            coded.set()
            at += 1
        else:
            assert said["code"] == "old-version", said
    editor.join()
    newest = transcripts.latest(store, "e01").version
    kept = read_codings(store, "anna", "r1")
    assert newest == 13 and len(made) > 5
    assert [(one.start, one.end, one.version, one.state) for one in kept] == [(start, end, newest, "same") for start, end in made]


def test_who_codes_while_another_process_writes_is_told(running: Running) -> None:
    anna = Person(running, "anna")
    anna.get("/code/r1/e01")
    with opening.alone(opening.within(running.root), NAME):
        assert anna.get("/code/r1/e01").status == 200, "reading goes on"
        reply = anna.post("/code/r1/e01/add", data=True, start="3", end="9", code="ensom", version="1")
    assert (reply.status, json.loads(reply.text)["code"]) == (422, "being-written")
    assert read_codings(running.store, "anna", "r1") == ()
    assert anna.post("/code/r1/e01/add", data=True, start="3", end="9", code="ensom", version="1").status == 200
