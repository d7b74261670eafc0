"""Who is behind a pseudonym: one encrypted file beside the study folder, never in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from royst.errors import wrong
from royst.interviews.seal import Seal
from royst.interviews.store import Store, checked_id, write_bytes


def key_path(study_root: Path, substudy: str) -> Path:
    """Where the key of a sub-study stands: ``<study>-<substudy>.people.sealed`` beside the study folder."""
    root = study_root.resolve()
    return root.parent / f"{root.name}-{checked_id(substudy, 'sub-study')}.people.sealed"


@dataclass(frozen=True)
class KeyFile:
    """The key of one sub-study. What is kept of a person (name, phone, where the consent letter lies) is the study's to choose."""

    path: Path
    seal: Seal

    def people(self) -> dict[str, dict[str, str]]:
        """Pseudonym to what is kept of the person. ``InputError``: ``wrong-passphrase``."""
        if not self.path.exists():
            return {}
        content: dict[str, dict[str, str]] = json.loads(
            self.seal.open(self.path.read_bytes(), self.path).decode("utf-8")
        )
        return content

    def keep(self, participant: str, person: Mapping[str, str], store: Store) -> None:
        """Keep a person behind a pseudonym. ``InputError``: ``key-in-study``, ``double-person`` (the pseudonym has another person)."""
        checked_id(participant, "participant")
        if store.root.resolve() in self.path.resolve().parents:
            raise wrong(
                "key-in-study",
                "the key would stand in the folder that it opens",
                "Keep it beside the study, or on another disk.",
                file=self.path,
            )
        people = self.people()
        if participant in people and people[participant] != dict(person):
            raise wrong(
                "double-person", f"{participant} is another person already", "Give this one a pseudonym of their own."
            )
        self._write({**people, participant: dict(person)})

    def forget(self, participant: str) -> bool:
        """Remove a person; whether there was one."""
        people = self.people()
        if participant not in people:
            return False
        self._write({id: person for id, person in people.items() if id != participant})
        return True

    def _write(self, people: Mapping[str, Mapping[str, str]]) -> None:
        body = json.dumps({id: people[id] for id in sorted(people)}, ensure_ascii=False).encode("utf-8")
        write_bytes(self.path, self.seal.close(body))
