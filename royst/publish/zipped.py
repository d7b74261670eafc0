"""The one zip writer: fixed times and order, so that the same contents give the same bytes (Word, Excel)."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO

EPOCH = (1980, 1, 1, 0, 0, 0)
FIRST = ("[Content_Types].xml", "mimetype")


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip archive: names in order (what readers want first, first), all of them dated 1980-01-01."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files, key=lambda name: (name not in FIRST, name)):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            archive.writestr(entry, files[name])
    return made.getvalue()


def again(archive: bytes) -> bytes:
    """A zip archive that something else wrote, written by us."""
    with zipfile.ZipFile(BytesIO(archive)) as found:
        return zipped({name: found.read(name) for name in found.namelist()})
