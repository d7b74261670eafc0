"""How light the answering pages are, and how many answers a small server takes. Loopback only.

    python benchmarks/answering.py [--load] [--pages] [--seconds 10] [--postgres]

``--load``: finished answers of 100 items by 64 connections against one server process, with routing, sealing and durability on, and beside it, in the same run, a bare
Django insert of the same size by the same number of threads. ``--pages``: bytes and time to the first usable screen in Chromium at 1.6 Mbps and 400 kbps with a processor
slowed down four times, and beside it SurveyJS' React form with the same questions, where npm gives it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import xlsxwriter

from royst.evaluation import freeze, serve
from royst.web import server
from royst.web.respond import offline

WAVE, PORT = "2021", 8799
CONNECTIONS, ITEMS = 64, 100
NETS = {"1.6 Mbps": (1_600_000 / 8, 150), "400 kbps": (400_000 / 8, 400)}
"""Bytes a second each way, and the delay in milliseconds (Chromium's own presets of slow nets)."""

STUDY = f"""format = 1
id = "load"
languages = ["nb"]
synthetic = true
[title]
nb = "Last"
[design]
sampled = false
[waves.{WAVE}]
label = {{ nb = "{WAVE}" }}
"""
DEGREES = ["Ikke i det hele tatt", "I liten grad", "I noen grad", "I stor grad", "I svært stor grad", "Ikke relevant"]


def write(root: Path) -> tuple[str, Path, Path]:
    """A study of 100 items, every tenth asked only after an answer to the one before; returns its link's code and the shares."""
    (root / "waves" / WAVE).mkdir(parents=True)
    (root / "study.toml").write_text(STUDY, encoding="utf-8")
    book = xlsxwriter.Workbook(str(root / "waves" / WAVE / "questionnaire.xlsx"))
    survey = [["type", "name", "label::Bokmål (nb)", "relevant"]]
    survey += [
        [
            "select_one degree",
            f"i{n}",
            f"I hvilken grad er du fornøyd med side {n} av tjenestene?",
            f"${{i{n - 1}}} != ''" if n and n % 10 == 0 else "",
        ]
        for n in range(ITEMS)
    ]
    choices = [
        ["list_name", "name", "label::Bokmål (nb)"],
        *(["degree", str(n), text] for n, text in enumerate(DEGREES, 1)),
    ]
    for name, rows in (
        ("survey", survey),
        ("choices", choices),
        ("settings", [["form_title", "default_language"], ["Skjema", "Bokmål (nb)"]]),
    ):
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                if text:
                    sheet.write_string(number, column, text)
    book.close()
    (root / "waves" / WAVE / "asking.toml").write_text(f'address = "http://127.0.0.1:{PORT}"\n', encoding="utf-8")
    first, second = root.parent / "a.share", root.parent / "b.share"
    freeze.make_keys(root, WAVE, first, second)
    out = root.parent / "code.csv"
    server.codes(root, WAVE, out, many=True)
    return out.read_text(encoding="utf-8").splitlines()[1].split(",")[0].replace(" ", ""), first, second


class Server:
    """One process that asks, as ``royst serve`` runs it."""

    def __init__(self, root: Path, postgres: str | None):
        code = (
            "import sys; from pathlib import Path; from royst.web import server;"
            "server.serve(Path(sys.argv[1]), sys.argv[2], port=int(sys.argv[3]), postgres=sys.argv[4] or None, say=lambda s: print(s, flush=True))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(root), WAVE, str(PORT), postgres or ""], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def cpu(self) -> float:
        """Seconds of processor that it has used (Linux)."""
        try:
            words = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            return float("nan")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


def bodies(root: Path, code: str, count: int) -> list[bytes]:
    """Requests with finished answers, encrypted beforehand as devices do it."""
    found = serve.prepare(root, WAVE)
    public, entry = (
        offline.Transport(found.derived("transport")).public,
        offline.Tickets(found.derived("tickets")).closed(code),
    )
    made = []
    for number in range(count):
        who = hashlib.sha256(str(number).encode()).digest()
        answers = {f"i{n}": str(1 + who[n % 32] % 6) for n in range(ITEMS)}
        body = offline.lock(
            {"entry": entry, "token": os.urandom(16).hex(), "answers": answers, "language": "nb", "consent": "1"},
            public,
        )
        made.append(
            f"POST /take HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
    return made


async def _sender(waiting: list[bytes], took: list[float], wrong: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    while waiting:
        request = waiting.pop()
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        took.append(time.perf_counter() - start)
        if not head.startswith(b"HTTP/1.1 200"):
            wrong.append(head[:60])
            return
    writer.close()


def load(root: Path, code: str, count: int, postgres: str | None, name: str) -> None:
    """``count`` submissions by 64 connections."""
    waiting = bodies(root, code, count)
    running = Server(root, postgres)
    try:
        asyncio.run(_together(bodies(root, code, 200), [], []))  # warm
        took: list[float] = []
        wrong: list[bytes] = []
        before, start = running.cpu(), time.perf_counter()
        asyncio.run(_together(waiting, took, wrong))
        seconds, used = time.perf_counter() - start, running.cpu() - before
        took.sort()
        print(
            f"{name:12} {len(took) / seconds:8.0f} answers/s   {len(wrong)} errors   median {statistics.median(took) * 1000:5.0f} ms   99 of 100 within {took[int(len(took) * 0.99)] * 1000:5.0f} ms"
            f"   server {used / len(took) * 1000:.2f} ms of processor each"
        )
    finally:
        running.end()


async def _together(waiting: list[bytes], took: list[float], wrong: list[bytes]) -> None:
    await asyncio.gather(*(_sender(waiting, took, wrong) for _ in range(CONNECTIONS)))


BARE = """
import os, sys, threading, time, django
from django.conf import settings
from pathlib import Path
from urllib.parse import urlsplit
where, postgres, count, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if postgres:
    parts = urlsplit(postgres)
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": parts.username, "HOST": parts.hostname, "PORT": parts.port, "CONN_MAX_AGE": None}
else:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": where, "CONN_MAX_AGE": None, "OPTIONS": {"timeout": 60, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"}}
settings.configure(DATABASES={"default": database}, INSTALLED_APPS=[])
django.setup()
from django.db import connection, models
class Answer(models.Model):
    body = models.BinaryField()
    class Meta: app_label = "bare"
with connection.schema_editor() as editor: editor.create_model(Answer)
def work(n):
    for _ in range(n): Answer.objects.create(body=os.urandom(2096))
    connection.close()
start = time.perf_counter()
all = [threading.Thread(target=work, args=(count // threads,)) for _ in range(threads)]
[one.start() for one in all]; [one.join() for one in all]
print(count // threads * threads / (time.perf_counter() - start))
with connection.schema_editor() as editor: editor.delete_model(Answer)
"""


def bare(folder: Path, count: int, postgres: str | None, name: str) -> None:
    """A Django insert of one row of the same size, one commit each, without web, routing or sealing: what the disk and Django alone give."""
    threads = 1 if postgres is None else 16
    done = subprocess.run(
        [sys.executable, "-c", BARE, str(folder / "bare.sqlite"), postgres or "", str(count), str(threads)],
        capture_output=True,
        text=True,
        check=True,
    )
    print(
        f"{name:12} {float(done.stdout):8.0f} bare Django inserts/s, one durable commit each, {threads} {'thread' if threads == 1 else 'threads'}"
    )


def measure_load(count: int, with_postgres: bool) -> None:
    print(
        f"Finished answers of {ITEMS} items, {CONNECTIONS} connections, one server process, client on the same machine ({os.cpu_count()} cores)"
    )
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "study"
        code, _, _ = write(root)
        load(root, code, count, None, "SQLite")
        bare(Path(place), min(count, 2000), None, "SQLite")
        if with_postgres:
            with postgresql() as address:
                if address is None:
                    print("PostgreSQL   its programs are not here")
                else:
                    load(root, code, count, address, "PostgreSQL")
                    bare(Path(place), min(count, 2000), address, "PostgreSQL")


class postgresql:
    """A cluster of our own while the block lasts; its address, or None where its programs are missing."""

    def __enter__(self) -> str | None:
        import pwd

        places = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not places:
            return None
        self.folder = Path(tempfile.mkdtemp())
        change = None
        if os.getuid() == 0:
            who = pwd.getpwnam("postgres")
            shutil.chown(self.folder, "postgres")

            def change() -> None:
                os.setgid(who.pw_gid)
                os.setuid(who.pw_uid)

        data = self.folder / "data"
        subprocess.run(
            [places[-1] / "initdb", "-D", data, "-A", "trust", "-U", "royst"],
            preexec_fn=change,
            check=True,
            capture_output=True,
            cwd="/",
        )
        self.process = subprocess.Popen(
            [places[-1] / "postgres", "-D", data, "-p", "8798", "-k", data, "-h", "127.0.0.1"],
            preexec_fn=change,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        for _ in range(100):
            if (
                subprocess.run(
                    [places[-1] / "pg_isready", "-h", "127.0.0.1", "-p", "8798"], capture_output=True
                ).returncode
                == 0
            ):
                break
            time.sleep(0.2)
        subprocess.run([places[-1] / "createdb", "-h", "127.0.0.1", "-p", "8798", "-U", "royst", "royst"], check=True)
        return "postgresql://royst@127.0.0.1:8798/royst"

    def __exit__(self, *_: Any) -> None:
        if hasattr(self, "process"):
            self.process.send_signal(2)
            self.process.wait(timeout=60)
            shutil.rmtree(self.folder, ignore_errors=True)


def measure_pages() -> None:
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playing:
        root = Path(place) / "study"
        code, _, _ = write(root)
        running = Server(root, None)
        other = surveyjs(Path(place) / "surveyjs")
        browser = playing.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        try:
            print(f"First usable screen, processor slowed 4 times\n{'':34}{'bytes':>9}{'requests':>9}{'seconds':>9}")
            for net, (speed, delay) in NETS.items():
                for scripts in (True, False):
                    first = visit(browser, f"http://127.0.0.1:{PORT}/e/{code}", "main .main", speed, delay, scripts)
                    print(
                        f"{'Røyst, first page' + ('' if scripts else ', no scripts'):34}{first[0]:9,}{first[1]:9}{first[2]:9.2f}  {net}"
                    )
                then = question(browser, f"http://127.0.0.1:{PORT}/e/{code}", speed, delay)
                print(f"{'Røyst, next question':34}{then[0]:9,}{then[1]:9}{then[2]:9.2f}  {net}")
                if other is not None:
                    found = visit(browser, other, "input[type=radio]", speed, delay, True)
                    print(f"{'SurveyJS (React)':34}{found[0]:9,}{found[1]:9}{found[2]:9.2f}  {net}")
            if other is None:
                print("SurveyJS: npm does not give it here")
        finally:
            browser.close()
            running.end()


def _slow(context: Any, page: Any, speed: float, delay: float) -> list[int]:
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    client.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": delay, "downloadThroughput": speed, "uploadThroughput": speed},
    )
    client.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    counted = [0, 0]
    client.on("Network.dataReceived", lambda event: None)

    def done(event: dict[str, Any]) -> None:
        counted[0] += int(event["encodedDataLength"])
        counted[1] += 1

    client.on("Network.loadingFinished", done)
    return counted


def visit(browser: Any, address: str, usable: str, speed: float, delay: float, scripts: bool) -> tuple[int, int, float]:
    """Bytes over the net, requests, and seconds until something can be pressed, in a fresh browser."""
    context = browser.new_context(
        viewport={"width": 360, "height": 640}, java_script_enabled=scripts, service_workers="block"
    )
    page = context.new_page()
    counted = _slow(context, page, speed, delay)
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(usable, state="visible", timeout=120_000)
    seconds = time.perf_counter() - start
    page.wait_for_load_state("load")
    context.close()
    return counted[0], counted[1], seconds


def question(browser: Any, address: str, speed: float, delay: float) -> tuple[int, int, float]:
    """The same from pressing Next to the next question."""
    context = browser.new_context(viewport={"width": 360, "height": 640}, service_workers="block")
    page = context.new_page()
    counted = _slow(context, page, speed, delay)
    page.goto(address)
    with page.expect_navigation():
        page.locator("main button[value=yes]").click()
    page.locator(".pick").first.click()
    before, start = list(counted), time.perf_counter()
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.locator("main .main").click()
    seconds = time.perf_counter() - start
    page.wait_for_load_state("load")
    context.close()
    return counted[0] - before[0], counted[1] - before[1], seconds


def surveyjs(folder: Path) -> str | None:
    """The same 100 questions in SurveyJS' React form, bundled small and served compressed as its own guide says. None where npm does not give it."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder.mkdir()
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    done = subprocess.run(
        [
            npm,
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "survey-core",
            "survey-react-ui",
            "react",
            "react-dom",
            "esbuild",
        ],
        cwd=folder,
        capture_output=True,
        timeout=300,
    )
    if done.returncode:
        return None
    elements = [
        {
            "type": "radiogroup",
            "name": f"i{n}",
            "title": f"I hvilken grad er du fornøyd med side {n} av tjenestene?",
            "choices": DEGREES,
        }
        for n in range(ITEMS)
    ]
    form = {"pages": [{"elements": [one]} for one in elements]}
    (folder / "main.jsx").write_text(
        'import React from "react"; import { createRoot } from "react-dom/client"; import { Model } from "survey-core"; import { Survey } from "survey-react-ui"; import "survey-core/survey-core.min.css";'
        f'createRoot(document.getElementById("root")).render(<Survey model={{new Model({json.dumps(form, ensure_ascii=False)})}} />);',
        encoding="utf-8",
    )
    built = subprocess.run(
        [
            "npx",
            "esbuild",
            "main.jsx",
            "--bundle",
            "--minify",
            "--outdir=out",
            '--define:process.env.NODE_ENV="production"',
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if built.returncode:
        print(built.stderr[:400])
        return None
    (folder / "out" / "index.html").write_text(
        '<!doctype html><html lang="nb"><meta name="viewport" content="width=device-width"><link rel="stylesheet" href="main.css"><div id="root"></div><script src="main.js"></script>',
        encoding="utf-8",
    )
    served = http.server.ThreadingHTTPServer(("127.0.0.1", PORT + 1), partial(Packed, directory=str(folder / "out")))
    threading.Thread(target=served.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{PORT + 1}/index.html"


class Packed(http.server.SimpleHTTPRequestHandler):
    """A folder's files, compressed."""

    def do_GET(self) -> None:
        import gzip

        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        body = gzip.compress(path.read_bytes(), 9)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--load", action="store_true")
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--postgres", action="store_true", help="also over a PostgreSQL started for it")
    parser.add_argument("--answers", type=int, default=5000, help="how many answers are sent")
    options = parser.parse_args()
    if options.load or not options.pages:
        measure_load(min(options.answers, 50_000), options.postgres)
    if options.pages or not options.load:
        measure_pages()


if __name__ == "__main__":
    main()
