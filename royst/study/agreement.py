"""Who may be sent the sums of answers that may not move: section ``[data_agreement]`` of ``study.toml``."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from royst.errors import Faults
from royst.study.design import Section
from royst.study.places import Path, dotted, line_of

if TYPE_CHECKING:
    from royst.study.plan import StudyFile


class ReceiverSection(Section):
    """``[data_agreement.receivers.NAME]``: one that may be sent sums, sealed to ``public_key``.

    One that may not hold small cells (``small_cells = false``) is sent no sums that tell a count above 0 and below ``fewest``.
    """

    name: str
    public_key: str
    small_cells: bool = False
    fewest: int = 3


class AgreementSection(Section):
    """``[data_agreement]``: what the sites have agreed on. ``said``: the agreement's title, date and where it is kept."""

    said: str
    receivers: dict[str, ReceiverSection] = Field(default_factory=dict)


def is_key(text: str) -> bool:
    """Whether a text is a key of 32 bytes in base64."""
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except ValueError:
        return False


def check(file: StudyFile, places: Mapping[Path, int], faults: Faults) -> None:
    """Faults of the agreement: keys that are none, one key for two receivers, a count that withholds nothing."""
    if file.data_agreement is None:
        return
    owners: dict[str, str] = {}
    for name, receiver in file.data_agreement.receivers.items():
        where: Path = ("data_agreement", "receivers", name)

        def fault(code: str, found: str, todo: str, key: str, where: Path = where) -> None:
            faults.add(code, found, todo, file="study.toml", row=line_of(places, (*where, key)), column=dotted((*where, key)))

        if not is_key(receiver.public_key):
            fault("key-form", "the public key is not one of 44 signs", "paste what `royst receiver` printed for the receiver", "public_key")
        elif receiver.public_key in owners:
            fault("key-twice", f"{owners[receiver.public_key]!r} has the same public key", "each receiver has a key of its own", "public_key")
        owners.setdefault(receiver.public_key, name)
        if receiver.fewest < 2:
            fault("out-of-range", f"fewest is {receiver.fewest}", "it is at least 2: the least count that may be told", "fewest")
