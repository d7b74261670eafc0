"""``royst interviews ACTION``: interviews in, coded, compared, quoted and exchanged. Parses and calls ``royst.evaluation.interviews``."""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from royst.errors import wrong

Secret = Callable[[str], str]


def secret(file: Path | None) -> Secret:
    """Asks for a passphrase on the terminal, or reads the first line of a file; a sub-study's may stand in the environment. It is kept nowhere."""

    def ask(of: str) -> str:
        if file is None and of.startswith("the sub-study") and (said := os.environ.get("ROYST_INTERVIEWS_PASSPHRASE")):
            return said
        if file is None:
            try:
                return getpass.getpass(f"passphrase of {of}: ")
            except EOFError:
                raise wrong("no-passphrase", f"no passphrase of {of} was given", "Type it, or name a file that holds it.") from None  # fmt: skip
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise wrong("no-passphrase", f"{file.name} cannot be read", "Name a file of UTF-8 text.", file=file) from None
        return lines[0] if lines else ""

    return ask


def _call(module: str, function: str, *named: str, **fixed: str) -> Callable[..., list[str]]:
    """Calls a function of ``royst.evaluation.interviews`` with the options named; ``fixed`` maps its parameters to options of other names."""

    def run(options: argparse.Namespace, progress: object) -> list[str]:
        parts = {name: getattr(options, name) for name in named} | {name: getattr(options, option) for name, option in fixed.items()}  # fmt: skip
        for name in ("secret", "key_secret"):
            if name in parts:
                parts[name] = secret(parts[name])
        found: list[str] = getattr(import_module(f"royst.evaluation.interviews.{module}"), function)(
            options.dir, options.substudy, **parts
        )
        return found

    return run


def _serve(options: argparse.Namespace, progress: object) -> list[str]:
    try:
        serving = import_module("royst.web.coding.serving")
    except ModuleNotFoundError as missing:
        raise wrong("missing-part", f"coding in the browser needs the package {missing.name}", 'install it: pip install "royst[web]"') from None  # fmt: skip
    serving.serve(
        options.dir, options.substudy, secret(options.secret), host=options.host, port=options.port, address=options.address, proxy=options.proxy
    )  # fmt: skip
    return []


def add(top: argparse.ArgumentParser) -> None:
    """The actions below ``royst interviews``."""
    actions = top.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, run: Callable[..., list[str]], help: str, *positional: str, sealed: bool = True) -> Any:
        sub = actions.add_parser(name, help=help, description=help)
        sub.set_defaults(run=run)
        sub.add_argument("dir", type=Path, metavar="DIR", help="the study folder")
        sub.add_argument("substudy", metavar="SUBSTUDY", help="the sub-study's id")
        for one in positional:
            sub.add_argument(one.rstrip("?"), type=Path if one.startswith("file") else str, metavar=one.rstrip("?").upper(), nargs="?" if one.endswith("?") else None, help=_WHAT[one.rstrip("?")])  # fmt: skip
        if sealed:
            sub.add_argument("--passphrase", dest="secret", type=Path, metavar="FILE", help="a file with the passphrase of a sealed sub-study (default: it is asked for)")  # fmt: skip
        return sub

    _texts(action)
    _names(action)
    _coding(action)
    _results(action)


_WHAT = {
    "id": "the transcript's id",
    "file": "the file",
    "round": "the round's name",
    "coder": "a researcher of substudy.toml",
    "participant": "the participant's pseudonym",
}
_BY: dict[str, Any] = {"required": True, "metavar": "PERSON", "help": "who does it: a researcher of substudy.toml"}
_ON: dict[str, Any] = {"required": True, "metavar": "DATE", "help": "the date, as 2020-06-30"}


def _texts(action: Callable[..., Any]) -> None:
    sub = action("start", _call("start", "start", "title", "language", "approach", "sealed"), "begin a sub-study", sealed=False)
    sub.add_argument("--title", required=True, metavar="TEXT", help="what it is called")
    sub.add_argument("--language", choices=["nb", "nn", "en"], default="nb", help="the language of the title (default: nb)")
    sub.add_argument("--approach", choices=["codebook", "reliability", "reflexive"], default="codebook", help="how the analysis is meant (default: codebook)")  # fmt: skip
    sub.add_argument("--sealed", action="store_true", help="people's words are encrypted on disk, by a passphrase")
    action("check", _call("start", "check", "secret"), "every fault of a sub-study, or what it has come to")
    sub = action("people", _call("people", "people", "file", key_secret="key"), "who is behind each pseudonym", "file?", sealed=False)
    sub.add_argument("--key", type=Path, metavar="FILE", help="a file with the passphrase of the key of participants (default: it is asked for)")
    sub = action("import", _call("texts", "bring", "id", "file", "secret", "encoding", voices="voice", speakers="speaker"), "a transcript from a file", "id", "file")  # fmt: skip
    sub.add_argument("--voice", action="append", default=[], metavar="LABEL=PARTICIPANT", help="whose words stand behind a speaker's label; may be given again")
    sub.add_argument("--speaker", action="append", default=[], metavar="LABEL", help="a speaker's label, where they are not found by themselves; may be given again")
    sub.add_argument("--encoding", metavar="NAME", help="the encoding of a text file that is not UTF-8, such as cp1252")
    sub = action("text", _call("texts", "text", "id", "secret", "out"), "the text of a transcript", "id")
    sub.add_argument("--out", type=Path, metavar="FILE", help="a new file to write it to, in the open")
    sub = action("revise", _call("texts", "revise", "id", "file", "secret", "by", "why"), "an edited text as the next version; codings follow", "id", "file")
    sub.add_argument("--by", **_BY)
    sub.add_argument("--why", required=True, metavar="TEXT", help="what was corrected")


def _names(action: Callable[..., Any]) -> None:
    sub = action("questions", _call("pseudonyms", "questions", "secret", "out", "language"), "words that may tell who somebody is, to decide on")
    sub.add_argument("--out", type=Path, metavar="FILE", help="a new CSV to fill in for decide")
    sub.add_argument("--language", choices=["nb", "nn", "en"], default="nb", help="the language of suggestions (default: nb)")
    sub = action("decide", _call("pseudonyms", "decide", "file", "secret", "by", "keep", "replace"), "answer them", "file?")
    sub.add_argument("--by", **_BY)
    sub.add_argument("--keep", action="append", default=[], metavar="WORDS", help="words that stay; may be given again")
    sub.add_argument("--replace", action="append", default=[], metavar="WORDS=OTHER", help="words and what stands instead; may be given again")
    sub = action("pseudonymise", _call("pseudonyms", "pseudonymise", "secret", "by", "forget", ids="transcript"), "make the versions in which all is replaced")
    sub.add_argument("--by", **_BY)
    sub.add_argument("--transcript", action="append", default=[], metavar="ID", help="only this one; may be given again (default: all)")
    sub.add_argument("--forget", action="store_true", help="destroy the versions before")
    sub = action("withdraw", _call("people", "withdraw", "participant", "secret", "by", "on", key_secret="key"), "take out a person who withdraws consent", "participant")  # fmt: skip
    sub.add_argument("--by", **_BY)
    sub.add_argument("--on", **_ON)
    sub.add_argument("--key", type=Path, metavar="FILE", help="a file with the passphrase of the key of participants (default: it is asked for)")


def _coding(action: Callable[..., Any]) -> None:
    action("coder", _call("coders", "coder", who="coder"), "make the passphrase that a researcher signs in by", "coder", sealed=False)
    sub = action("serve", _serve, "coding in the browser until the process is stopped")
    sub.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="the address to listen on (default: this machine alone)")
    sub.add_argument("--port", type=int, default=8010, metavar="N", help="the port (default: 8010)")
    sub.add_argument("--address", metavar="URL", help="the https address that coders use, where a proxy stands before it")
    sub.add_argument("--proxy", metavar="ADDRESS", help="the one proxy whose word about encryption is taken")
    sub = action("open", _call("rounds", "open_round", "round", "secret", "approach", "blind", coders="coder", ids="transcript"), "open a round of coding", "round")  # fmt: skip
    sub.add_argument("--coder", action="append", required=True, metavar="PERSON", help="who codes; given again for each")
    sub.add_argument("--transcript", action="append", default=[], metavar="ID", help="what is coded; may be given again (default: all)")
    sub.add_argument("--approach", choices=["codebook", "reliability", "reflexive"], help="how the round is meant (default: as the sub-study)")
    sub.add_argument("--not-blind", dest="blind", action="store_false", help="coders see each other's codings at once")
    action("close", _call("rounds", "close_round", "round", "secret"), "close a round; its coders see each other's codings", "round")


def _results(action: Callable[..., Any]) -> None:
    sub = action("agreement", _call("rounds", "agreement", "round", "secret", "out"), "how far the coders of a closed round agree", "round")
    sub.add_argument("--out", type=Path, metavar="FILE", help="a new CSV to write it to")
    action("disagreements", _call("rounds", "disagreements", "round", "secret"), "passages that they do not agree on", "round")
    sub = action("themes", _call("reading", "themes", "secret", "attribute", "language"), "how many speak of each theme")
    sub.add_argument("--attribute", default="", metavar="A", help="each code by the values of an attribute as well")
    sub.add_argument("--language", choices=["nb", "nn", "en"], default="en", help="the language (default: en)")
    action("quotes", _call("reading", "quotes", "secret"), "quotes, and what stands in the way of printing each")
    sub = action("take", _call("exchange", "take", "file", "secret", "by", "on", round="into"), "a project or codebook of another program", "file")
    sub.add_argument("--into", default="imported", metavar="ROUND", help="the closed round that its codings go to (default: imported)")
    sub.add_argument("--by", **_BY)
    sub.add_argument("--on", **_ON)
    sub = action("export", _call("exchange", "export", "file", "secret", "on"), "a project (.qdpx) or codebook (.qdc) for other programs", "file")
    sub.add_argument("--on", **_ON)
