"""Forms unlike the reference: written from right to left, with several answers, filters, piping, bounds, required and free text; and the two evaluators held together."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from royst.evaluation import serve
from royst.study import expression, routing
from royst.study.expression import FUNCTIONS, Context, evaluate, parse
from royst.web.respond import assets, offline
from royst.web.respond.fill import Fill, Way
from royst.web.respond.words import Spoken, direction, own

from .conftest import WAVE, Person, Running, set_up_form
from .test_answering_browser import AXE, FLAGS, PHONE, press, ready, until, violations

LABELS = ["label::Bokmål (nb)", "label::English (en)", "label::العربية (ar)", "label::Lettlest (nb-easy)"]
SURVEY = [
    ["type", "name", *LABELS, "relevant", "constraint", "required", "choice_filter", "calculation", "hint::Bokmål (nb)", "media::audio::Bokmål (nb)", "constraint_message::Bokmål (nb)"],
    ["select_multiple help", "help", "Hva slags hjelp får du?", "What help do you get?", "ما نوع المساعدة التي تحصل عليها؟", "Hvilken hjelp får du?", "", "count-selected(.) <= 2", "", "", "", "Høyst to", "help.wav", "Velg høyst to slags hjelp."],
    ["select_one place", "place", "Hvor får du den?", "Where do you get it?", "أين تحصل عليها؟", "Hvor?", "count-selected(${help}) > 0", "", "", "selected(${help}, kind)", "", ""],
    ["decimal", "hours", "Hvor mange timer får du ${help}?", "How many hours of ${help}?", "كم ساعة؟", "Hvor mange timer?", "selected(${help}, 'talk')", ". >= 0 and . <= 24", "", "", "", ""],
    ["integer", "visits", "Hvor mange besøk?", "How many visits?", "كم زيارة؟", "Hvor mange besøk?", "", ". > 0", "yes", "", "", ""],
    ["calculate", "much", "", "", "", "", "", "", "", "", "if(${visits} >= 10, 'yes', 'no')", ""],
    ["text", "why", "Hvorfor?", "Why?", "لماذا؟", "Hvorfor?", "${much} = 'yes'", "string-length(.) < 500", "", "", "", ""],
]  # fmt: skip
CHOICES = [
    ["list_name", "name", *LABELS, "kind"],
    ["help", "talk", "Samtaler", "Talks", "محادثات", "Prat", ""],
    ["help", "home", "Hjelp hjemme", "Help at home", "مساعدة في المنزل", "Hjelp hjemme", ""],
    ["help", "other", "Noe annet", "Something else", "شيء آخر", "Annet", ""],
    ["place", "office", "På kontoret", "At the office", "في المكتب", "Kontor", "talk"],
    ["place", "house", "Hjemme", "At home", "في المنزل", "Hjemme", "home"],
    ["place", "phone", "På telefon", "By phone", "عبر الهاتف", "Telefon", "talk"],
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found = set_up_form(tmp_path_factory.mktemp("other"), SURVEY, CHOICES, 'free_text = true\n[words.ar]\nnext = "التالي"\nnobody = "لا أحد يستطيع رؤية إجاباتك."\n')
    root = found.root
    (root / "waves" / WAVE / "media").mkdir()
    with wave.open(str(root / "waves" / WAVE / "media" / "help.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    found.start()
    yield found
    found.end()


@pytest.fixture(scope="module")
def link(running: Running) -> str:
    out = running.root.parent / "c.csv"
    from royst.web import server

    server.codes(running.root, WAVE, out, many=True)
    return out.read_text(encoding="utf-8").splitlines()[1].split(",")[0].replace(" ", "")


def test_several_answers_filters_piping_required_and_free_text(running: Running, link: str) -> None:
    person = Person(running)
    person.begin(link)
    assert person.press("next", "talk", "home", "other").status == 422 and "Velg høyst to slags hjelp." in person.page.text
    person.press("next", "home", "talk")
    assert person.item == "place" and person.choices == ["office", "house", "phone"]
    person.press("back", "office")
    person.press("next", "home")
    assert person.choices == ["house"]
    person.press("back")
    person.press("next", "talk")
    assert person.choices == ["office", "phone"] and person.press("next", "house").status == 422
    person.press("next", "phone")
    assert person.heading == "Hvor mange timer får du Samtaler?"
    person.press("next", "2,5")
    assert person.item == "visits" and 'value="skip"' not in person.page.text
    assert person.press("skip").status == 422
    assert person.press("next", "0").status == 422
    person.press("next", "12")
    assert person.item == "why" and "Ikke skriv navn" in person.page.text
    person.press("next", '=HYPERLINK("x") <script>\u202etxt')
    assert person.at == "/send"
    person.press("back")
    assert "=HYPERLINK(&quot;x&quot;) &lt;script&gt;txt" in person.page.text


def test_a_required_question_keeps_the_answers_from_being_sent(running: Running, link: str) -> None:
    person = Person(running)
    person.begin(link)
    person.go("/send")
    assert 'value="go">' not in person.page.text.split("<main>")[1]
    person.press("go")
    assert person.at == "/send"


def test_arabic_is_written_from_right_to_left_and_lends_the_words_it_lacks(running: Running, link: str) -> None:
    person = Person(running, "ar")
    person.begin(link)
    text = person.page.text
    assert '<html lang="ar" dir="rtl"' in text and '<button class="main" name="do" value="next">التالي</button>' in text
    assert '<button name="do" value="skip"><span lang="nb" dir="ltr">Hopp over</span></button>' in text, "voices and the direction of writing know a word that is lent"
    assert person.choices == ["talk", "home", "other"] and "محادثات" in text


def test_a_recording_is_played_where_there_is_one(running: Running, link: str) -> None:
    person = Person(running)
    person.begin(link)
    assert re.search(r'<audio controls preload="none" src="/m/1/nb"', person.page.text)
    found = person.ask("GET", "/m/1/nb")
    assert found.status == 200 and found.headers["Content-Type"] == "audio/wav" and found.text.startswith("RIFF")
    assert person.ask("GET", "/m/1/en").status == 404 and person.ask("GET", "/m/2/nb").status == 404
    person.press("lang-en")
    assert "<audio" not in person.page.text


def test_a_recording_that_is_not_there_is_a_fault_with_its_row(running: Running) -> None:
    from royst.errors import InputError
    from royst.study import folder

    path = running.root / "waves" / WAVE / "media" / "help.wav"
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(InputError, match="row 2"):
        serve.read_sounds(folder.read(running.root), WAVE)
    path.write_bytes(content)


def test_an_easy_variant_is_a_language_of_its_own(running: Running, link: str) -> None:
    person = Person(running)
    person.begin(link)
    assert ">Lettlest<" in person.page.text
    person.press("lang-nb-easy")
    assert (
        person.heading == "Hvilken hjelp får du?"
        and 'lang="nb-x-easy"' in person.page.text
        and ">Neste<" in person.page.text
    )


def test_numbers_are_understood_as_arabic_writes_them(running: Running, link: str) -> None:
    person = Person(running, "ar")
    person.begin(link)
    person.press("next", "talk")
    person.press("next", "phone")
    person.press("next", "٢٫٥")
    assert person.item == "visits"
    person.press("back")
    assert 'value="2.5"' in person.page.text


@pytest.mark.browser
@pytest.mark.parametrize("net", [True, False], ids=["net", "no net"])
def test_the_whole_form_from_right_to_left(running: Running, link: str, net: bool) -> None:
    """Each page, with the net and without: nothing that axe-core finds, nothing wider than the screen."""
    sync = pytest.importorskip("playwright.sync_api")
    if not AXE.exists():
        pytest.skip("needs axe-core in .tools (make test fetches it)")
    with sync.sync_playwright() as playing:
        browser = playing.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport=PHONE, locale="ar")

        def look() -> None:
            found = violations(page)
            assert not found, json.dumps(found, indent=1, ensure_ascii=False)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            assert page.evaluate("getComputedStyle(document.querySelector('main')).direction") == "rtl"

        page.goto(f"{running.base}/e/{link}")
        look()
        press(page, "yes")
        if not net:
            ready(page)
            until(page, "async () => !!(await get('words'))")
            page.context.set_offline(True)
        for said in ("", "", "99", "٩", "77", "مرحبا"):
            look()
            if said:
                page.fill("#a", said)
            else:
                page.locator(".pick").first.click()
            before = page.inner_text("main")
            page.locator("main .main").click()
            until(page, f"document.readyState == 'complete' && document.querySelector('main').innerText != {json.dumps(before)}")
        look()
        page.locator("main .main").click()
        page.wait_for_selector("h1:has-text('Takk!')" if net else "text=Svarene er ikke sendt")
        look()
        browser.close()


def test_the_words_of_the_pages_stand_in_all_languages_with_the_same_parameters() -> None:
    everything = "".join(
        path.read_text(encoding="utf-8")
        for path in Path(offline.__file__).parent.rglob("*")
        if path.suffix in (".py", ".html", ".js")
    )
    for key, text in own("nb").items():
        for language in ("nn", "en"):
            assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", own(language)[key])), key
        assert re.search(rf"""["'.]{re.escape(key)}["']|["']{re.escape(key.split(".")[0])}\.["']""", everything), (
            f"nobody says {key}"
        )
    assert own("nb").keys() == own("nn").keys() == own("en").keys()
    assert [direction(code) for code in ("ar", "fa-AF", "ur", "nb", "se")] == ["rtl", "rtl", "rtl", "ltr", "ltr"]
    assert Spoken("so", ("en", "so"), {})("next") == "Next"


def chance(number: int, below: int) -> int:
    return int.from_bytes(hashlib.sha256(f"evaluators {number}".encode()).digest()[:8], "big") % below


VALUES: list[Any] = [
    "",
    "yes",
    "no",
    "talk home",
    "home",
    "12",
    "-3.5",
    " 7 ",
    "0",
    "abc",
    "NaN",
    "1e3",
    0.0,
    1.0,
    2.5,
    -4.0,
    18.0,
    100.0,
    0.1,
]


class Maker:
    """Random expressions of the subset, by hash."""

    def __init__(self, seed: int):
        self.at = seed * 1000

    def pick(self, below: int) -> int:
        self.at += 1
        return chance(self.at, below)

    def one(self, depth: int) -> str:
        kind = self.pick(6) if depth else self.pick(3)
        if kind == 0:
            return "${" + "abcd"[self.pick(4)] + "}"
        if kind == 1:
            return ["1", "2", "0", "10.5", "3"][self.pick(5)]
        if kind == 2:
            return ["'yes'", "'home'", "''", "'12'", "."][self.pick(5)]
        if kind == 3:
            name = sorted(FUNCTIONS)[self.pick(len(FUNCTIONS))]
            function = FUNCTIONS[name]
            most = function.least + 1 if function.most is None else function.most
            count = function.least + self.pick(most - function.least + 1)
            return f"{name}({', '.join(self.one(depth - 1) for _ in range(count))})"
        sign = ["or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod"][self.pick(13)]
        return f"({self.one(depth - 1)} {sign} {self.one(depth - 1)})"


def comparable(value: Any) -> str:
    """As text with 9 digits: numbers beyond whole ones are written a little differently in the two languages."""
    if isinstance(value, float) and not value.is_integer() and value == value and abs(value) != float("inf"):
        return f"{value:.9g}"
    return expression.text(value)


@pytest.mark.browser
def test_the_offline_page_evaluates_as_the_server_does() -> None:
    sync = pytest.importorskip("playwright.sync_api")
    cases = []
    for seed in range(3000):
        maker = Maker(seed)
        said = maker.one(3)
        answers = {name: VALUES[maker.pick(len(VALUES))] for name in "abcd"}
        current = VALUES[maker.pick(len(VALUES))]
        try:
            found = evaluate(parse(said), Context(answers, current=current))
        except OverflowError:
            continue
        cases.append((said, offline.rule(said), answers, current, found))
    with sync.sync_playwright() as playing:
        browser = playing.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        page.set_content("<body><header></header><main><div id=page></div></main><form id=f></form></body>")
        page.evaluate(
            assets.content("page.js").decode().replace('"use strict";', "")
            + assets.content("offline.js").decode().replace('"use strict";', "")
            + ";window.value = value; window.T = T; 0"
        )
        results = page.evaluate(
            "cases => cases.map(([rule, answers, current]) => { let v; try { v = value(rule, {answers, current}) } catch (error) { v = `${error} ${JSON.stringify(rule)}` } return [typeof v, typeof v == 'number' && Number.isFinite(v) && !Number.isInteger(v) ? +v.toPrecision(9) : T(v)] })",
            [[rule, answers, current] for _, rule, answers, current, _ in cases],
        )
        browser.close()
    wrong = []
    for (said, _, answers, current, expected), (_, found) in zip(cases, results):
        if comparable(expected) != comparable(
            float(found) if isinstance(found, (int, float)) and not isinstance(found, bool) else found
        ):
            wrong.append((said, answers, current, expected, found))
    assert len(cases) > 2500
    assert not wrong, f"{len(wrong)} of {len(cases)}: {wrong[:5]}"


def test_nothing_that_rules_forbid_counts(running: Running) -> None:
    way = Way(serve.prepare(running.root, WAVE))
    fill = Fill(answers={"help": "home", "place": "office", "hours": 3.0, "visits": -1.0, "why": "x"})
    assert way.counted(fill) == {"help": "home", "much": "no"}
    assert routing.effective(way.instrument, fill.answers)
