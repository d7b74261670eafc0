"""One command a verb. Parses, calls the evaluation, prints; exit codes: 0 fine, 2 the user's input is wrong, 1 our fault."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import royst
from royst.cli import interviews
from royst.errors import InputError, wrong


class Progress:
    """Long work, shown: one changing line on a terminal, plain lines elsewhere. Goes to standard error; results go to standard output."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._live = sys.stderr.isatty()
        self._width = 0

    def __call__(self, text: str) -> None:
        line = f"{time.monotonic() - self._start:6.1f} s  {text}"
        if self._live:
            line = line[:110]
            print("\r" + line.ljust(self._width), end="", file=sys.stderr, flush=True)
            self._width = len(line)
        else:
            print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._live and self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)


def _demo(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst import demo

    return demo.demo(options.dir, progress)


def _check(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import check

    return check.check(options.dir).lines


def _init(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import init

    return init.init(
        options.dir, options.source, labels=options.labels, wave_column=options.wave_column, unit_column=options.unit_column, weight_column=options.weight_column,
        id_column=options.id_column, language=options.language,
    ).lines


def _import(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import bring
    from royst.study import folder

    return bring.bring(folder.read(options.dir), options.wave, options.file).lines


def _estimate(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import estimate, received

    if options.totals is None and (options.key or options.without):
        raise wrong("needs-totals", "--key and --without belong to --totals", "name the files that the sites sent: --totals FILE")
    if options.totals is None:
        return estimate.write(options.dir, options.out, options.engine, progress)
    return received.write(options.dir, options.totals, options.key, options.without, options.out, progress)


def _totals(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import totals

    return totals.write(options.dir, options.wave, options.receiver, options.out, progress)


def _receiver(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import receiver

    return receiver.make(options.dir, options.key)


def _release(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import release

    return release.release(options.dir, options.name, progress)


def _ask(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import ask

    return ask.ask(options.dir, options.item, options.by, options.wave, progress)


def _publish(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import publish

    return publish.publish(options.dir, options.name, progress)


def _migrate(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import migrate

    return migrate.migrate(options.dir).lines


def _web() -> ModuleType:
    """The server's module; its parts are an extra."""
    try:
        return import_module("royst.web.server")
    except ModuleNotFoundError as missing:
        raise wrong("missing-part", f"asking on the web needs the package {missing.name}", 'install it: pip install "royst[web]"') from None


def _keys(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import freeze

    return freeze.make_keys(options.dir, options.wave, options.first, options.second)


def _rehearse(options: argparse.Namespace, progress: Progress) -> list[str]:
    from royst.evaluation import freeze

    return freeze.rehearse(options.dir, options.wave, options.first, options.second)


def _codes(options: argparse.Namespace, progress: Progress) -> list[str]:
    found: list[str] = _web().codes(options.dir, options.wave, options.out, unit=options.unit, count=options.count, many=options.many, sheet=options.sheet)
    return found


def _serve(options: argparse.Namespace, progress: Progress) -> list[str]:
    _web().serve(options.dir, options.wave, host=options.host, port=options.port, postgres=options.postgres, proxy=options.proxy)
    return []


def _freeze(options: argparse.Namespace, progress: Progress) -> list[str]:
    found: list[str] = _web().freeze(options.dir, options.wave, options.first, options.second, postgres=options.postgres)
    return found


Verb = Callable[[argparse.Namespace, Progress], list[str]]
Adder = Callable[..., argparse.ArgumentParser]


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="royst", description="From a study folder to a published, protected evaluation.")
    top.add_argument("--version", action="version", version=f"royst {royst.__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)

    def verb(name: str, run: Verb, help: str, folder: str | None = None) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=help, description=help)
        sub.set_defaults(run=run)
        if folder is None:
            sub.add_argument("dir", type=Path, metavar="DIR", help="the study folder")
        else:
            sub.add_argument("dir", type=Path, metavar="DIR", nargs="?", default=Path(folder), help=f"where to write it (default: {folder})")
        return sub

    verb("demo", _demo, "write the reference study and carry it to its releases", folder="demo")
    sub = verb("init", _init, "make a study folder from an existing file")
    sub.add_argument("--from", dest="source", type=Path, required=True, metavar="FILE", help="answers: .sav, .dta, .xlsx, .parquet or .csv")
    sub.add_argument("--labels", type=Path, metavar="FILE", help="a CSV with columns variable and label, for files that carry no labels")
    sub.add_argument("--wave-column", metavar="C", help="the column that says which wave an answer belongs to")
    sub.add_argument("--unit-column", metavar="C", help="the column of the unit (municipality, service, person) that answers cluster in")
    sub.add_argument("--weight-column", metavar="C", help="the column of each answer's weight")
    sub.add_argument("--id-column", metavar="C", help="the column that names each answer once in its wave; it is kept and never published")
    sub.add_argument("--language", choices=["nb", "nn", "en"], default="en", help="the language that the labels are in (default: en)")
    verb("check", _check, "show every fault of a study at once")
    sub = verb("import", _import, "bring answers from a file into the study")
    sub.add_argument("--wave", required=True, metavar="W", help="the wave they belong to")
    sub.add_argument("file", type=Path, metavar="FILE", help="answers: .csv, .xlsx, .sav, .dta or .parquet")
    sub = verb("estimate", _estimate, "estimates of all waves, not for publication")
    sub.add_argument("--out", type=Path, metavar="FILE", help="write them here as CSV or Parquet instead of printing a summary")
    sub.add_argument("--engine", choices=["embedded", "duckdb", "spark"], default="embedded", help="what sums the answers (default: embedded)")
    _sums(verb, sub)
    sub = verb("release", _release, "estimate, protect and publish one release")
    sub.add_argument("--name", required=True, metavar="NAME", help='a release of study.toml, such as "2020-06"')
    sub = verb("ask", _ask, "one more table of a wave that is out, if it is safe with all that is out")
    sub.add_argument("--item", required=True, metavar="I", help="the question")
    sub.add_argument("--by", required=True, action="append", metavar="G,H", help="a group, or several crossed; given again, one more table")
    sub.add_argument("--wave", metavar="W", help="the wave (default: the newest that is out)")
    sub = verb("publish", _publish, "publish again from what was protected")
    sub.add_argument("--name", required=True, metavar="NAME", help="a release that was made before")
    verb("migrate", _migrate, "bring an older study format to today's")
    _fieldwork(verb)
    interviews.add(verbs.add_parser("interviews", help=(said := "interviews: transcripts, coding, themes, quotes"), description=said))
    return top


def _sums(verb: Adder, estimate: argparse.ArgumentParser) -> None:
    """Sums instead of answers: what the receiver's estimate takes, and the verbs that make them."""
    estimate.add_argument("--totals", type=Path, nargs="+", metavar="FILE", help="from the sums that sites sent, files or folders of them, instead of answers")
    estimate.add_argument("--key", type=Path, metavar="FILE", help="the receiver's secret key, which opens them")
    estimate.add_argument("--without", action="append", default=[], metavar="U", help="a unit that sends nothing, left out knowingly; may be said again")
    sub = verb("totals", _totals, "a site's sums for a receiver of the data agreement, where answers may not leave")
    sub.add_argument("--wave", metavar="W", help="the wave that is summed (default: each that has answers here)")
    sub.add_argument("--receiver", metavar="NAME", help="a receiver of study.toml (default: its only one)")
    sub.add_argument("--out", type=Path, metavar="FOLDER", help="where the files go (default: totals/ in the study folder)")
    sub = verb("receiver", _receiver, "make the key pair of one who is sent sums")
    sub.add_argument("--key", type=Path, required=True, metavar="FILE", help="a new file for the secret key, outside the study folder")


def _fieldwork(verb: Adder) -> None:
    """The verbs of asking on the web."""
    wave: dict[str, Any] = {"required": True, "metavar": "W", "help": "the wave that is asked"}
    postgres: dict[str, Any] = {"metavar": "DSN", "help": "a PostgreSQL database instead of SQLite in the study folder"}

    def holders(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--wave", **wave)
        sub.add_argument("--first", type=Path, required=True, metavar="FILE", help="the first holder's half of the key")
        sub.add_argument("--second", type=Path, required=True, metavar="FILE", help="the second holder's half")

    holders(verb("keys", _keys, "make the two halves of the key that opens a wave's answers"))
    holders(verb("rehearse", _rehearse, "seal an invented answer and open it with both halves"))
    sub = verb("codes", _codes, "make access codes to hand out")
    sub.add_argument("--wave", **wave)
    sub.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new CSV file for codes and links")
    sub.add_argument("--unit", default="", metavar="U", help="the unit they are for (default: each unit of the wave)")
    sub.add_argument("--count", type=int, default=1, metavar="N", help="how many for each unit (default: 1)")
    sub.add_argument("--many", action="store_true", help="one code that any number of people answer by: a poster, a shared tablet")
    sub.add_argument("--sheet", type=Path, metavar="FILE", help="a new page to print as well, a slip with QR code for each")
    sub = verb("serve", _serve, "ask a wave on the web until the process is stopped")
    sub.add_argument("--wave", **wave)
    sub.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="the address to listen on (default: this machine alone)")
    sub.add_argument("--port", type=int, default=8000, metavar="N", help="the port (default: 8000)")
    sub.add_argument("--postgres", **postgres)
    sub.add_argument("--proxy", metavar="ADDRESS", help="the one proxy whose word about encryption is taken")
    sub = verb("freeze", _freeze, "what was collected becomes the wave's answers")
    holders(sub)
    sub.add_argument("--postgres", **postgres)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may not be UTF-8; a sign it lacks must not stop the work
            stream.reconfigure(errors="replace")
    options = parser().parse_args(arguments)
    progress = Progress()
    try:
        lines = options.run(options, progress)
    except InputError as stop:
        progress.end()
        for fault in stop.faults:
            print(fault, file=sys.stderr)
        errors = sum(fault.level == "error" for fault in stop.faults)
        print(f"\n{errors} {'fault' if errors == 1 else 'faults'}; nothing was changed.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        progress.end()
        print("stopped; nothing half-written is left, run the command again", file=sys.stderr)
        return 130
    progress.end()
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
