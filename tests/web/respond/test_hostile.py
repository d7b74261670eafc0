"""What hostile people send: refused, and nobody else disturbed."""

from __future__ import annotations

import http.client
import re
import socket
from urllib.parse import urlencode

import pytest

from royst.collect import codes
from royst.evaluation import serve
from royst.web.respond import offline

from .conftest import ASKING, WAVE, Person, Running, set_up
from .test_answering_plain import sealed_answers


@pytest.fixture(scope="module")
def link(running: Running) -> str:
    return running.codes(many=True)[0]


@pytest.fixture
def person(running: Running, link: str) -> Person:
    found = Person(running)
    found.begin(link)
    found.press("next")
    return found


def post(person: Person, pairs: list[tuple[str, str]], headers: dict[str, str] | None = None) -> int:
    body = urlencode(pairs).encode()
    return person.ask(
        "POST", person.at, body, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    ).status


def token(person: Person) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', person.page.text)
    assert found
    return found[1]


def test_a_form_from_another_site_is_refused(person: Person) -> None:
    assert post(person, [("do", "next"), ("a", "woman")]) == 403
    assert (
        post(
            person,
            [("do", "next"), ("a", "woman"), ("csrfmiddlewaretoken", token(person))],
            {"Origin": "https://evil.example"},
        )
        == 403
    )
    assert post(person, [("do", "next"), ("a", "woman"), ("csrfmiddlewaretoken", "x" * 64)]) == 403


def test_another_host_is_refused_and_never_stands_in_a_link_or_qr_code(running: Running, link: str) -> None:
    person = Person(running)
    assert person.ask("GET", "/", headers={"Host": "evil.example"}).status == 400
    def drawn(page: str) -> list[str]:
        return re.findall(r'<svg class="qr".*?</svg>', page)

    plain = drawn(person.ask("GET", "/thanks").text)
    assert len(plain) == 1
    assert drawn(person.ask("GET", "/thanks", headers={"Host": f"localhost:{running.port}"}).text) == plain
    for name in ("X-Forwarded-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"):
        found = person.ask("GET", "/thanks", headers={name: "host=evil.example"})
        assert found.status == 200 and "evil" not in found.text and "evil" not in str(found.headers)
        assert drawn(found.text) == plain


@pytest.mark.parametrize(
    "said",
    [
        "nothing like it",
        "woman' OR 1=1 --",
        "<script>alert(1)</script>",
        "\x00",
        "woman\nman",
        "=HYPERLINK(1)",
        "🤷" * 500,
    ],
)
def test_answers_that_are_not_on_the_page_are_refused(person: Person, said: str) -> None:
    found = person.press("next", said)
    assert found.status == 422 and "<script>alert" not in found.text


def test_several_answers_to_one_choice_are_refused(person: Person) -> None:
    assert person.press("next", "woman", "man").status == 422


def test_large_and_malformed_requests_are_refused(running: Running, person: Person) -> None:
    assert person.press("next", "a" * 100_000).status == 422
    assert post(person, [("csrfmiddlewaretoken", token(person)), *(("a", str(number)) for number in range(400))]) == 400
    assert person.ask(
        "POST", person.at, b"a" * 140_000, {"Content-Type": "application/x-www-form-urlencoded"}
    ).status in (400, 413)
    with socket.create_connection(("127.0.0.1", running.port)) as one:
        one.sendall(b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n")
        assert one.recv(100).startswith(b"HTTP/1.")
    for body, kind in (
        (b"\xff\xfe\xfd", "application/x-www-form-urlencoded"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"", "text/plain"),
    ):
        assert person.ask("POST", person.at, body, {"Content-Type": kind}).status in (400, 403)
    assert person.go(person.at).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/q/0",
        "/q/9999",
        "/q/99999",
        "/q/1/../2",
        "/a/style.css",
        "/a/../server.py",
        "/%00",
        "/e/" + "A" * 41,
        "/form/zz",
        "/form/../x",
        "/admin",
        "/q/-1",
        "/.git/config",
    ],
)
def test_addresses_that_are_not_there(running: Running, path: str) -> None:
    found = Person(running).ask("GET", path)
    assert found.status in (400, 404) or (found.status == 303 and found.headers["Location"] == "/")
    assert "Traceback" not in found.text and "royst" not in found.text.lower()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_other_methods_are_refused(running: Running, method: str) -> None:
    assert Person(running).ask(method, "/").status in (403, 405)


def test_pages_allow_no_foreign_script_frame_or_referer(running: Running, person: Person) -> None:
    headers = person.page.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["Referrer-Policy"] == "same-origin" and headers["X-Content-Type-Options"] == "nosniff"
    assert (
        "style=" not in person.page.text
        and not re.search(r"<script(?! src=)", person.page.text)
        and " on" + "click" not in person.page.text
    )
    assert "Server" not in headers


def test_a_code_stands_in_no_address_of_a_page_that_links_on(running: Running, link: str) -> None:
    person = Person(running)
    first = person.ask("GET", f"/e/{link}")
    assert first.status == 303 and first.headers["Location"] == "/start" and not first.text
    person.go("/start")
    assert link not in person.page.text
    cookie = next(line for line in first.headers["Set-Cookie"].splitlines() if line.startswith("entry="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_looking_at_a_link_uses_nothing_up(running: Running) -> None:
    code = running.codes()[0]
    for _ in range(3):
        Person(running).go(f"/e/{code}")
    person = Person(running)
    person.go(f"/e/{code}")
    assert "begynner du på nytt" not in person.page.text


def test_somebody_elses_draft_cannot_be_opened_by_guessing(running: Running, person: Person) -> None:
    other = Person(running)
    for guess in (
        codes.new(),
        person.cookies["fill"][:-1] + ("0" if person.cookies["fill"][-1] != "0" else "1"),
        "",
        "../../etc",
        "A" * 5000,
    ):
        other.cookies["fill"] = guess
        if len(guess) < 4000:
            other.go("/q/2")
            assert other.at == "/"


class Device:
    """What may come to the door where devices send."""

    def __init__(self, running: Running):
        self.running = running
        found = serve.prepare(running.root, WAVE)
        self.public, self.tickets = (
            offline.Transport(found.derived("transport")).public,
            offline.Tickets(found.derived("tickets")),
        )

    def raw(self, body: bytes, path: str = "/take") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=30)
        connection.request("POST", path, body, {"Host": f"127.0.0.1:{self.running.port}"})
        status = connection.getresponse().status
        connection.close()
        return status

    def send(self, **content: object) -> int:
        return self.raw(offline.lock(content, self.public))


def test_a_device_can_send_only_what_the_form_allows(running: Running, link: str) -> None:
    device = Device(running)
    entry, number = device.tickets.closed(link), 0
    before = len(sealed_answers(running))

    def fresh() -> str:
        nonlocal number
        number += 1
        return f"{number:032x}"

    assert device.raw(b"") == 400
    assert device.raw(b"x" * 500) == 400
    assert device.raw(b"\x04" + b"\xff" * 64 + b"y" * 100) == 400  # no point of the curve
    assert device.raw(b"x" * 70_000) == 413
    assert device.raw(offline.lock({"answers": {}}, device.public)) == 400
    for answers in (
        "no table",
        [1],
        {"person_age": {"a": 1}},
        {"person_age": [[1]]},
        dict.fromkeys(map(str, range(500)), "1"),
        None,
        {"person_age": None},
    ):
        assert device.send(entry=entry, token=fresh(), answers=answers) in (400, 200)
    assert device.send(entry=entry, token="../../etc", answers={}) == 400
    assert device.send(entry=entry, token=fresh().upper().replace("0", "A"), answers={}) == 400
    kept = len(sealed_answers(running))
    assert kept <= before
    odd = {
        "person_age": "9" * 3000,
        "person_sex": "<script>",
        "income": ["retired", "full_time"],
        "mental": "some",
        "care": "none",
        "nothing": "x",
        "welcome": "y",
        "respect": float("1e308"),
    }
    assert device.send(entry=entry, token=fresh(), answers=odd, short="yes", language="xx", consent=["a"]) == 200
    added = [one for one in sealed_answers(running) if one["answers"] == {"mental": "some"}]
    assert len(added) == 1 and added[0]["language"] == "" and added[0]["short"] is False


def test_what_a_device_sends_twice_is_stored_once(running: Running, link: str) -> None:
    device = Device(running)
    content = {"entry": device.tickets.closed(link), "token": "ab" * 16, "answers": {"person_age": "97"}}
    assert [device.send(**content) for _ in range(5)] == [200] * 5
    assert [one["answers"].get("person_age") for one in sealed_answers(running)].count(97.0) == 1


def test_answers_for_another_persons_draft_are_refused(running: Running, person: Person) -> None:
    device = Device(running)
    body = offline.lock({"ticket": device.tickets.closed(codes.new()), "answers": {"person_sex": "man"}}, device.public)
    assert person.ask("POST", "/merge", body).status == 400
    assert Person(running).ask("POST", "/merge", body).status == 405
    forged = offline.lock({"ticket": "AAAA" * 20, "answers": {}}, device.public)
    assert person.ask("POST", "/merge", forged).status == 400


def test_guesses_at_the_devices_door_are_stopped_too(written, tmp_path) -> None:  # type: ignore[no-untyped-def]
    running = set_up(written, tmp_path)
    running.start()
    device = Device(running)
    seen = [
        device.send(entry=device.tickets.closed(codes.new()), token=f"{number:032x}", answers={})
        for number in range(15)
    ]
    running.end()
    assert seen[0] == 403 and 429 in seen


def test_slow_senders_do_not_keep_others_waiting(running: Running) -> None:
    slow = []
    for _ in range(40):
        one = socket.create_connection(("127.0.0.1", running.port))
        one.sendall(f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nContent-Length: 1000\r\n\r\na".encode())
        slow.append(one)
    assert Person(running).go("/").status == 200
    for one in slow:
        one.close()


def test_behind_a_proxy_cookies_are_secure_and_only_its_word_counts(written, tmp_path) -> None:  # type: ignore[no-untyped-def]
    running = set_up(written, tmp_path, asking='address = "https://svar.example"\n')
    running.proxy = "127.0.0.1"
    link = running.codes(many=True)[0]
    running.start()
    person = Person(running)
    said = {"Host": "svar.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    first = person.ask("GET", f"/e/{link}", headers=said)
    assert "Secure" in first.headers["Set-Cookie"] and "max-age" in first.headers["Strict-Transport-Security"]
    person.at, person.page = "/start", person.ask("GET", "/start", headers=said)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode([("csrfmiddlewaretoken", token(person)), ("do", "yes")]).encode()
    assert person.ask("POST", "/start", body, said | form | {"Origin": "http://svar.example"}).status == 403
    assert (
        person.ask("POST", "/start", body, said | form | {"Origin": "https://svar.example"}).headers["Location"]
        == "/q/1"
    )
    one, other = Person(running), Person(running)
    tried = [one.ask("GET", f"/e/{codes.new()}", headers=said).status for _ in range(12)]
    assert tried[-1] == 429
    assert other.ask("GET", f"/e/{codes.new()}", headers=said | {"X-Forwarded-For": "192.0.2.8"}).status == 422
    running.end()
    assert "192.0.2" not in "".join(running.logged)


def test_a_handout_names_no_subject_and_carries_each_code(written, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from royst.web import server

    running = set_up(written, tmp_path)
    server.codes(running.root, WAVE, tmp_path / "codes.csv", sheet=tmp_path / "sheet.html")
    sheet, lines = (
        (tmp_path / "sheet.html").read_text(encoding="utf-8"),
        (tmp_path / "codes.csv").read_text(encoding="utf-8").splitlines()[1:],
    )
    assert all(line.split(",")[0] in sheet for line in lines)
    assert sheet.count('<svg class="qr"') == len(lines) == len(serve.prepare(running.root, WAVE).units)
    assert not re.search(r"\brus|\bLAR\b|bruker", sheet)
    assert all(name in sheet for name in ("Bokmål", "Nynorsk", "English"))


RULES = """
[consent]
nb = "<b>Fet</b> & {% now %} {{ visit }}"
"""


def test_texts_of_the_study_are_text_and_never_markup(written, tmp_path) -> None:  # type: ignore[no-untyped-def]
    running = set_up(written, tmp_path, asking=ASKING + RULES)
    running.start()
    page = Person(running).go(f"/e/{running.codes(many=True)[0]}").text
    running.end()
    assert "&lt;b&gt;Fet&lt;/b&gt; &amp; {% now %} {{ visit }}" in page


def test_rules_of_a_form_cannot_make_the_server_think_for_long() -> None:
    """The rules know no regular expressions, no loops and no functions of their own, so a constraint takes a time that grows with its length."""
    from royst.errors import Faults
    from royst.study import expression, routing
    from royst.study.instrument import Instrument, Item

    for said in (
        "regex(., '^(a+)+$')",
        "pulldata('a', 'b', 'c', .)",
        "count(/data/*)",
        "(" * 100 + "1" + ")" * 100,
        "1+" * 6000 + "1",
    ):
        faults = Faults()
        routing.check(
            Instrument("w", {}, ("nb",), (Item("a", "text", {"nb": "A"}, 2, constraint=said),)), "form", faults
        )
        assert faults.errors
    item = Item(
        "a",
        "text",
        {"nb": "A"},
        2,
        constraint="contains(., 'aaaa') or starts-with(normalize-space(.), 'b') or string-length(.) < 9999",
    )
    assert routing.impossible(item, "a" * 2000, {}) is None
    assert expression.parse("1 + 1")
