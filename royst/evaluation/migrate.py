"""``royst migrate``: an older study format to today's. Format 1 is the first, so nothing is older yet."""

from __future__ import annotations

from pathlib import Path

from royst.errors import Faults
from royst.evaluation.check import Report
from royst.study import sections
from royst.study.folder import Folder


def migrate(root: Path) -> Report:
    """Bring the study in ``root`` to today's format. Raises ``InputError`` where its format is unknown or newer, or ``study.toml`` is not sound."""
    faults = Faults()
    file, _ = sections.read(Folder(Path(root)).study_toml, faults)
    faults.stop()
    assert file is not None
    return Report([f"the study has format {file.format}, which is today's; nothing was changed"])
