"""``royst publish``: reports, tables and site from what was protected; needs nothing but ``releases/<name>/release/``."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from royst import release as leaf
from royst.errors import wrong
from royst.publish import artefacts
from royst.study.folder import Folder

Progress = Callable[[str], None]

MADE = ("public", "to")
"""What publishing makes inside a release's folder."""


def publish(root: Path, name: str, progress: Progress) -> list[str]:
    """Make ``public/`` and ``to/`` of a release again. Returns lines to print. Raises ``InputError`` where there is no such release."""
    folder = Folder(root)
    home = folder.release(name)
    protected = home / "release"
    try:
        made = leaf.read(protected)
    except FileNotFoundError:
        raise wrong("no-release", f"there is no protected release {name!r} here", f"make it with: royst release {root} --name {name}", file=protected) from None
    except ValueError as fault:
        raise wrong("damaged-release", f"the protected release cannot be read: {str(fault).splitlines()[0]}", "restore the folder from a backup", file=protected) from None
    beside = home / ".publishing"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir()
        artefacts.publish(made, beside, progress)
        for part in MADE:
            shutil.rmtree(home / part, ignore_errors=True)
            if (beside / part).exists():
                (beside / part).rename(home / part)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return where_to_look(home)


def where_to_look(home: Path) -> list[str]:
    """The two places a person opens first."""
    language = "nb" if (home / "public" / "reports" / "nb").is_dir() else next(path.name for path in sorted((home / "public" / "reports").iterdir()))
    return [
        f"site:          {home / 'public' / 'site' / 'index.html'}",
        f"national PDF:  {home / 'public' / 'reports' / language / 'national.pdf'}",
    ]
