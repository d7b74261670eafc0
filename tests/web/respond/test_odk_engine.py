"""ODK's own engine fills the same forms: both of our evaluators must say of every response what it says.

``@getodk/xforms-engine`` (Apache-2.0) runs in a browser beside the offline page's script, on the XForm that pyxform makes of the same cells that we read. Forms and
responses are made by hash. A response is filled as a person fills it: question by question, choices among those offered, some questions passed, some answers changed afterwards.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from royst.errors import Faults
from royst.evaluation.serve import Asking, Fieldwork
from royst.study import expression, routing
from royst.study.expression import FUNCTIONS
from royst.study.instrument import Instrument, Item
from royst.study.plan import StudyFile
from royst.study.questionnaire import Reader
from royst.study.xlsform import Form, Row, Sheet
from royst.web.respond import assets, offline
from royst.web.respond.fill import Way
from royst.web.respond.words import Spoken

from .test_answering_browser import FLAGS

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

ENGINE = Path(__file__).parents[3] / ".tools" / "node_modules" / "@getodk" / "xforms-engine" / "dist" / "index.js"
FORMS = 60
STUDY = StudyFile.model_validate(
    {"format": 1, "id": "t", "languages": ["nb"], "title": {"nb": "T"}, "design": {"sampled": False}, "waves": {"1": {"label": {"nb": "1"}}}}
)
LISTS = {
    "help": [("talk", "day"), ("home", "day"), ("other", "night"), ("none", "")],
    "place": [("office", "talk"), ("house", "home"), ("phone", "talk"), ("street", "other")],
    "degree": [("1", "low"), ("2", "low"), ("3", "mid"), ("4", "high"), ("5", "high"), ("not_relevant", "")],
    "yesno": [("yes", ""), ("no", "")],
}


class Chance:
    """Numbers by hash, the same on every run."""

    def __init__(self, *seed: object):
        self.seed, self.at = " ".join(map(str, seed)), 0

    def pick(self, below: int) -> int:
        self.at += 1
        return int.from_bytes(hashlib.sha256(f"{self.seed} {self.at}".encode()).digest()[:8], "big") % below

    def of(self, what: Any) -> Any:
        return what[self.pick(len(what))]

    def often(self, in_ten: int) -> bool:
        return self.pick(10) < in_ten


@dataclass
class Made:
    """One form: the rows of its sheet and what has been asked so far."""

    chance: Chance
    rows: list[dict[str, str]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def named(self, *kinds: str) -> str:
        found = [name for name, kind in self.asked if kind in kinds]
        return f"${{{self.chance.of(found)}}}" if found else ""

    def truth(self, depth: int = 2) -> str:
        """A condition as authors of forms write them, and odder ones."""
        chance = self.chance
        if depth and chance.often(4):
            kind = chance.pick(4)
            if kind == 0:
                return f"not({self.truth(depth - 1)})"
            return f"({self.truth(depth - 1)} {chance.of(['and', 'or'])} {self.truth(depth - 1)})"
        several, single = self.named("help"), self.named("degree", "yesno", "place")
        options = [f"{self.number(depth)} {chance.of(['=', '!=', '<', '<=', '>', '>='])} {self.number(depth)}", f"{self.text(depth)} {chance.of(['=', '!='])} {self.text(depth)}"]
        if several:
            options += [f"selected({several}, '{chance.of(LISTS['help'])[0]}')", f"count-selected({several}) >= {chance.pick(4)}"] * 3
        if single:
            options += [f"{single} = '{chance.of(LISTS[chance.of(['degree', 'yesno', 'place'])])[0]}'", f"{single} != ''"] * 3
        options += [f"contains({self.text(0)}, '{chance.of('aeo1 ')}')", f"starts-with({self.text(0)}, 't')", f"ends-with({self.text(0)}, '{chance.of('sek2')}')", f"boolean({self.number(0)} + 0)", chance.of(["true()", "false()"])]
        return str(chance.of(options))

    def number(self, depth: int = 2) -> str:
        chance = self.chance
        if depth and chance.often(5):
            a, b = self.number(depth - 1), self.number(depth - 1)
            return str(
                chance.of(
                    [f"({a} {chance.of(['+', '-', '*', 'div', 'mod'])} {b})", f"if({self.truth(depth - 1)}, {a}, {b})", f"coalesce({self.named('number') or a}, {b})", f"int({a})",
                     f"round({a}, {chance.pick(3)})", f"abs({a})", f"floor({a})", f"ceiling({a})", f"number({self.text(depth - 1)})", f"min({a}, {b})", f"max({a}, {b})"]
                )
            )
        options = [str(chance.of(["0", "1", "2", "3.5", "10", "18", "-2"]))] + [said for said in (self.named("number"), self.named("degree")) if said] * 3
        several = self.named("help")
        return str(chance.of([*options, f"count-selected({several})"] if several else options))

    def text(self, depth: int = 2) -> str:
        chance = self.chance
        there = [said for said in (self.named("text"), self.named("yesno", "place"), self.named("help")) if said]
        if depth and chance.often(4):
            a, b = self.text(depth - 1), self.text(depth - 1)
            return str(
                chance.of(
                    [f"concat({a}, ' ', {b})", f"if({self.truth(depth - 1)}, {a}, {b})", f"coalesce({a}, {b})", f"normalize-space({a})", f"string({self.number(0)})",
                     f"substr({a}, {chance.pick(3)}, {2 + chance.pick(3)})", f"selected-at({there[0] if there else a}, {chance.pick(3)})"]
                )
            )
        return str(chance.of(["'yes'", "'talk'", "''", "'2'", *there, *there]))

    def question(self, number: int) -> None:
        chance, name = self.chance, f"i{number}"
        kind = chance.of(["help", "place", "degree", "degree", "yesno", "number", "number", "text", "calculate", "calculate", "note"])
        row = {"name": name, "label": f"Q{number}"}
        if said := self.named("number", "text", "degree", "yesno", "help"):
            row["label"] += f" about {said}." if chance.often(4) else ""
        if kind in LISTS:
            row["type"] = f"{'select_multiple' if kind == 'help' else 'select_one'} {kind}"
            several, single = self.named("help"), self.named("yesno")
            if kind == "place" and several:
                row["choice_filter"] = chance.of([f"selected({several}, group)", f"count-selected({several}) > 1 or group = 'talk'", f"not(selected({several}, group))"])
            elif kind == "degree" and single:
                row["choice_filter"] = chance.of([f"{single} = 'yes' or group != 'high'", f"if({single} = 'no', name < 4, true())", "group != 'mid' or position_free = ''"][:2])
            if kind == "help" and chance.often(5):
                row["constraint"] = chance.of(["count-selected(.) <= 2", "not(selected(., 'none') and count-selected(.) > 1)", "selected(., 'talk') or selected(., 'none')"])
        elif kind == "number":
            row["type"] = chance.of(["integer", "decimal"])
            limit = self.named("number")
            row["constraint"] = chance.of([". >= 0 and . <= 110", ". > 2", f". <= {limit}" if limit else ". mod 2 = 0", "", ""])
        elif kind == "text":
            row["type"] = "text"
            row["constraint"] = chance.of(["string-length(.) < 6", "contains(., 'a')", "", ""])
        elif kind == "calculate":
            numeric = chance.often(5)
            row = {"type": "calculate", "name": name, "calculation": self.number(3) if numeric else self.text(3)}
            kind = "number" if numeric else "text"
        else:
            row["type"] = "note"
        if number and chance.often(5):
            row["relevant"] = self.truth()
        if kind not in ("note",) and row["type"] != "calculate" and chance.often(3):
            row["required"] = "yes"
        self.rows.append({key: said for key, said in row.items() if said})
        if kind != "note":
            self.asked.append((name, kind))


def form(number: int) -> list[dict[str, str]]:
    """The survey rows of one form, some of them in groups with a condition of their own."""
    made = Made(Chance("form", number))
    count = 8 + made.chance.pick(7)
    open_group = False
    for place in range(count):
        if not open_group and place and made.chance.often(2):
            made.rows.append({"type": "begin_group", "name": f"g{place}", "label": "G", "relevant": made.truth(1)})
            open_group = True
        made.question(place)
        if open_group and made.chance.often(4):
            made.rows.append({"type": "end_group"})
            open_group = False
    if open_group:
        made.rows.append({"type": "end_group"})
    return made.rows


def choices() -> list[dict[str, str]]:
    return [{"list_name": of, "name": name, "label": name, "group": group} for of, rows in LISTS.items() for name, group in rows]


def instrument(rows: list[dict[str, str]]) -> Instrument:
    """As a study reads it."""

    def sheet(content: list[dict[str, str]]) -> Sheet:
        return Sheet(tuple(dict.fromkeys(key for row in content for key in row)), tuple(Row(number, {k: v for k, v in row.items() if v}) for number, row in enumerate(content, start=2)))

    faults = Faults()
    found = Reader("1", Form("form", sheet(rows), sheet(choices()), {}), STUDY, faults).instrument()
    routing.check(found, "form", faults)
    assert not faults.errors, [str(fault) for fault in faults.errors]
    return found


def xform(rows: list[dict[str, str]]) -> str:
    from pyxform.xls2xform import convert

    return str(convert(xlsform={"survey": rows, "choices": choices(), "settings": [{"form_id": "f", "form_title": "f"}]}, validate=False).xform)


def answer(chance: Chance, item: Item, whole: bool, answers: dict[str, Any]) -> Any:
    """What somebody says to a question, in our own form; None for nothing. A decimal never is a whole number: the engine writes one as 3.0 in texts, which is its own way."""
    if chance.often(2):
        return None
    if item.scale is not None:
        names = [choice.name for choice in routing.offered(item, answers)]
        if item.kind == "one":
            return chance.of(names) if names else None
        return " ".join(one for one in names if chance.often(4)) or None
    if item.kind == "number":
        return float(chance.of([0, 1, 2, 3, 5, 12, 17, 18, 40, 111, -1] if whole else [0.5, 2.5, 3.25, 17.75, 40.5, -1.5, 110.25]))
    return chance.of(["a", "talk", "12", "yes", "two words", " 7", "bcdefgh", "3.5"])


def steps(found: Instrument, whole: set[str], seed: tuple[int, int]) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
    """One response as steps of (item, answer), and the answers as they stand in the end. ``whole``: items of type integer."""
    chance = Chance("response", *seed)
    answers: dict[str, Any] = {}
    taken: list[tuple[str, Any]] = []

    def say(name: str) -> None:
        values, applies = routing.effective(found, answers)
        if not applies[name] or found[name].kind == "note" or found[name].calculation:
            return
        said = answer(chance, found[name], name in whole, values)
        answers.pop(name, None)
        if said is not None:
            answers[name] = said
        taken.append((name, said))

    for item in found.items:
        say(item.name)
    for _ in range(chance.pick(4)):
        say(chance.of(found.items).name)
    return taken, answers


def ours(found: Instrument, answers: dict[str, Any]) -> dict[str, Any]:
    """What our Python says of a response, for each item that applies."""
    values, applies = routing.effective(found, answers)
    said: dict[str, Any] = {}
    for item in found.items:
        if not applies[item.name]:
            continue
        value = values.get(item.name, "")
        row: dict[str, Any] = {"value": plain(value)}
        if item.scale is not None:
            row["offered"] = [choice.name for choice in routing.offered(item, values)]
        if not item.calculation:
            row["label"] = words(routing.piped(item.label["nb"], found, values, "nb"))
            wrong = item.required and value == "" and item.kind != "note"
            row["violation"] = "required" if wrong else "constraint" if routing.impossible(item, value, values) else None
        said[item.name] = row
    return said


def words(said: str) -> str:
    return " ".join(said.replace(", ", " ").split())


def plain(value: Any) -> str:
    """A value as text; numbers with 9 digits, as the languages write the last ones differently. A number that is none is nothing."""
    said = expression.text(value)
    try:
        number = float(said)
    except ValueError:
        return said.strip()
    return "" if math.isnan(number) else f"{number:.9g}"


PAGE = """
async ({forms}) => {
  const engine = await import("/engine.js"), found = [];
  for (const {xml, table: said, responses} of forms) {
    const loaded = await engine.loadForm(xml);
    if (loaded.status == "failure") throw new Error(loaded.error.message + xml);
    table = said; words = said.words;
    for (const {steps, answers} of responses) {
      const root = loaded.createInstance().root, nodes = {};
      const walk = node => { for (const child of node.currentState.children || []) { nodes[child.currentState.reference.split("/").pop()] = child; walk(child); } };
      walk(root);
      for (const [name, value] of steps) {
        const node = nodes[name];
        if (node.nodeType == "select") node.selectValues(value == null ? [] : String(value).split(" "));
        else node.setValue(value == null ? "" : String(value));
      }
      const theirs = {};
      for (const [name, node] of Object.entries(nodes)) {
        if (!/^i\\d+$/.test(name) || !node.currentState.relevant) continue;
        const state = node.currentState, row = {value: new DOMParser().parseFromString(node.currentState.instanceXML ?? node.instanceState.instanceXML, "text/xml").documentElement.textContent};
        if (node.nodeType == "select") row.offered = state.valueOptions.map(one => one.value);
        if (node.nodeType != "model-value") { row.label = state.label?.asString ?? ""; row.violation = node.nodeType == "note" ? null : node.validationState.violation?.condition ?? null; }
        theirs[name] = row;
      }
      fill = {answers: Object.fromEntries(Object.entries(answers).map(([name, value]) => [name, table.items.find(one => one.n == name).k == "many" ? value.split(" ") : value])), short: false};
      const page = {}, {values, applies} = effective(table.items, typed());
      for (const item of table.items) {
        if (!applies[item.n]) continue;
        const row = {value: T(values[item.n] ?? "")}, value = values[item.n] ?? "";
        if (item.s) row.offered = offered(item, values).map(one => one[0]);
        if (!item.x) {
          row.label = piped(item.l);
          const got = understood(item, value === "" ? [] : item.k == "many" ? T(value).split(" ") : [T(value)], values);
          row.violation = item.q && value === "" && item.k != "note" ? "required" : got.wrong ? "constraint" : null;
        }
        page[item.n] = row;
      }
      found.push([theirs, page]);
    }
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A browser with ODK's engine and the offline page's own script."""
    if not ENGINE.exists():
        pytest.skip("needs @getodk/xforms-engine in .tools (make test fetches it)")
    with playwright.sync_playwright() as playing:
        browser = playing.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        opened = browser.new_page()
        body = "<body><header></header><main><div id=page></div></main><form id=f></form></body>"
        script = ENGINE.read_text(encoding="utf-8")
        opened.route("https://engine.test/**", lambda route: route.fulfill(body=body, content_type="text/html"))
        opened.route("https://engine.test/engine.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
        opened.goto("https://engine.test/")  # a name that only this test answers: the engine wants an encrypted page
        ours = "".join(assets.content(name).decode().replace('"use strict";', "") for name in ("page.js", "offline.js"))
        opened.add_script_tag(content=ours)
        yield opened
        browser.close()


def table(found: Instrument) -> dict[str, Any]:
    """The form as a device without the net has it."""
    study: Any = SimpleNamespace(instruments={"1": found})
    way = Way(Fieldwork(study, "1", Asking(free_text=True), bytes(32), bytes(32)))
    return offline.form(way, "nb", Spoken("nb", ("nb",), {}), bytes(65))


def disagreements(page: Any, forms: range, each: int) -> tuple[list[str], int]:
    """Where ODK's engine or the offline page says something else than our Python of ``each`` responses to each form; and how many responses there were."""
    sent, expected = [], []
    for number in forms:
        rows = form(number)
        found = instrument(rows)
        whole = {row["name"] for row in rows if row["type"] == "integer"}
        responses = []
        for one in range(each):
            taken, answers = steps(found, whole, (number, one))
            responses.append({"steps": [[name, None if value is None else expression.text(value)] for name, value in taken], "answers": answers})
            expected.append((number, answers, ours(found, answers)))
        sent.append({"xml": xform(rows), "table": table(found), "responses": responses})
    results = page.evaluate(PAGE, {"forms": sent})
    assert len(results) == len(expected)
    wrong = []
    for (number, answers, mine), pair in zip(expected, results):
        for who, theirs in zip(("ODK", "the offline page"), pair):
            said = {name: {key: plain(value) if key == "value" else words(value) if key == "label" else value for key, value in row.items()} for name, row in theirs.items()}
            if said != mine:
                name = next(name for name in {**mine, **said} if mine.get(name) != said.get(name))
                rule = next(row for row in form(number) if row.get("name") == name)
                wrong.append(f"{who}, form {number}, {name}: {said.get(name)} and ours {mine.get(name)} of {answers}; {json.dumps(rule, ensure_ascii=False)}")
    return wrong, len(results)


def test_both_evaluators_agree_with_odks_own_engine(page: Any) -> None:
    wrong, count = disagreements(page, range(FORMS), 12)
    assert count == 720
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong[:12])


@pytest.mark.prove
def test_both_evaluators_agree_with_odks_own_engine_on_thousands_of_responses(page: Any) -> None:
    wrong, total = [], 0
    for start in range(0, 300, 20):  # so many forms at a time, so that the browser's memory stays small
        found, count = disagreements(page, range(1000 + start, 1000 + start + 20), 20)
        wrong, total = wrong + found, total + count
    assert total == 6000
    assert not wrong, f"{len(wrong)} of {total}:\n" + "\n".join(wrong[:12])


def test_the_forms_use_all_of_the_subset() -> None:
    """What the engine is compared on names every function that we evaluate, and every column with a rule."""
    rows = [row for number in range(FORMS) for row in form(number)]
    said = " ".join(row.get(column, "") for row in rows for column in ("relevant", "constraint", "calculation", "choice_filter"))
    assert all(any(column in row for row in rows) for column in ("relevant", "constraint", "calculation", "choice_filter", "required"))
    assert not {name for name in FUNCTIONS if f"{name}(" not in said}
