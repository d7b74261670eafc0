"""``royst demo``: the reference study, from an empty folder to its releases."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from royst import reference
from royst import release as leaf
from royst.errors import wrong
from royst.evaluation import publish, release
from royst.publish.findings import findings
from royst.study import folder as study_folder

MAIN = "2020-06"
"""The release whose findings are shown: the wave that the reference study is calibrated to."""


def demo(root: Path, progress: Callable[[str], None]) -> list[str]:
    """Write the reference study into ``root`` (empty, absent, or an earlier demo) and make each of its releases in order of date."""
    study_root = root / "bte"
    if root.exists() and any(root.iterdir()) and not (study_root / "study.toml").exists():
        raise wrong("folder-taken", f"{root} holds something else", "name an empty folder: royst demo DIR", file=root)
    progress("writing the reference study")
    if not (study_root / "study.toml").exists():
        reference.write(study_root, progress)
    study = study_folder.read(study_root)
    _known_key(study.folder.key)
    for name, _ in sorted(study.file.releases.items(), key=lambda pair: pair[1].date):
        release.release(study_root, name, _named(name, progress))
    home = study.folder.release(MAIN)
    made = leaf.read(home / "release")
    main = sorted((finding for finding in findings(made, "en")), key=lambda finding: finding.rank)[:5]
    return [
        "Main findings of the reference study (synthetic):",
        *(f"  - {finding.text}" for finding in main),
        "",
        "Where to look:",
        *(f"  {line}" for line in publish.where_to_look(home)),
    ]


def _known_key(path: Path) -> None:
    """A key that anybody knows, so that a demo gives the same bytes everywhere: what it would protect is invented."""
    if not path.exists():
        path.write_text(sha256(b"the reference study is synthetic").hexdigest() + "\n", encoding="ascii", newline="\n")


def _named(name: str, progress: Callable[[str], None]) -> Callable[[str], None]:
    return lambda text: progress(f"{name}: {text}")
