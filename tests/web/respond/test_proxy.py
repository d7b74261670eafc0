"""The proxy as docs/answering.md writes it, in a real nginx: people can answer through it, and it keeps nothing of them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from royst.collect import codes

from .conftest import Person, Running, free_port, set_up_form
from .test_hostile import token

ROOT = Path(__file__).parents[3]
SAID = {"Host": "svar.example", "User-Agent": "Findable Browser 1.0", "X-Forwarded-For": "192.0.2.77"}
SENT = SAID | {"Origin": "https://svar.example", "Content-Type": "application/x-www-form-urlencoded"}


def documented(ours: int, theirs: int) -> str:
    """The page's own block; only the ports differ, and encryption, which needs a certificate."""
    text = (ROOT / "docs" / "answering.md").read_text(encoding="utf-8")
    found = re.search(r"```\n(server \{.*?\n\})\n```", text, re.DOTALL)
    assert found
    block = found[1].replace("listen 443 ssl;", f"listen 127.0.0.1:{ours};").replace("    http2 on;\n", "").replace("http://127.0.0.1:8000", f"http://127.0.0.1:{theirs}")
    assert block != found[1]
    return block


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[tuple[Running, Path]]:
    """A server behind nginx: the person talks to the proxy's port. And the folder of all that nginx writes."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx")
    survey = [["type", "name", "label::Bokmål (nb)"], ["text", "why", "Hvorfor?"], ["integer", "person_age", "Hvor gammel er du?"]]
    running = set_up_form(tmp_path, survey, [["list_name", "name", "label::Bokmål (nb)"]], "free_text = true\n")
    asking = running.root / "waves" / "2021" / "asking.toml"
    asking.write_text('address = "https://svar.example"\nfree_text = true\n', encoding="utf-8")
    running.proxy = "127.0.0.1"
    running.start()
    home, port = tmp_path / "nginx", free_port()
    home.mkdir()
    places = "".join(f"{name}_temp_path {home / name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;\n" if os.getuid() == 0 else ""
    (home / "nginx.conf").write_text(f"{user}daemon off;\nworker_processes 1;\npid {home / 'pid'};\nevents {{}}\nhttp {{\n{places}{documented(port, running.port)}\n}}\n", encoding="utf-8")
    process = subprocess.Popen([nginx, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", str(home / "start.log")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    for name in ("client_body", "proxy"):  # whoever would write here fails loudly
        shutil.rmtree(home / name, ignore_errors=True)
    yield Running(running.root, port), home
    process.terminate()
    process.wait(timeout=30)
    running.end()


def test_the_documented_proxy_keeps_nothing(behind: tuple[Running, Path]) -> None:
    running, home = behind
    link = running.codes(many=True)[0]
    person = Person(running)
    person.ask("GET", f"/e/{link}?probe=1", headers=SAID)
    person.page = person.ask("GET", "/start", headers=SAID)
    begun = person.ask("POST", "/start", urlencode([("csrfmiddlewaretoken", token(person)), ("do", "yes")]).encode(), SENT)
    assert begun.status == 303 and begun.headers["Location"] == "/q/1" and "Secure" in begun.headers["Set-Cookie"]
    person.page = person.ask("GET", "/q/1", headers=SAID)
    long = urlencode([("csrfmiddlewaretoken", token(person)), ("do", "next"), ("a", "🙂" * 1900)]).encode()
    assert len(long) > 20_000
    assert person.ask("POST", "/q/1", long, SENT).headers.get("Location") == "/q/2", "a long text is taken, from memory"
    assert person.ask("POST", "/q/1", long * 20, SENT).status == 413
    person.ask("GET", "/nowhere?probe=1", headers=SAID)
    files = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and path.name != "nginx.conf"}
    for path, content in files.items():
        for said in (b"Findable", b"192.0.2.77", b"probe", b"/q/", b"/e/", link.encode(), person.cookies["fill"].encode()):
            assert said not in content, (path, said)


def test_a_claimed_address_does_not_help_who_guesses(behind: tuple[Running, Path]) -> None:
    """The proxy says who asks; what a browser claims of itself is written over."""
    running, _ = behind
    seen = [Person(running).ask("GET", f"/e/{codes.new()}", headers=SAID | {"X-Forwarded-For": f"198.51.100.{number}"}).status for number in range(12)]
    assert seen[0] == 422 and seen[-1] == 429
