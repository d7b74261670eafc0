"""What the coding pages say by themselves, one TOML a language."""

from __future__ import annotations

from royst.web.respond.words import own


class Said:
    """The pages' words in one language: ``say("code.add", name="…")``."""

    def __init__(self, language: str):
        self.language = language
        self._own = own(language, __name__)

    def __call__(self, key: str, **parameters: object) -> str:
        text = self._own[key]
        for name, value in parameters.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def section(self, name: str) -> dict[str, str]:
        """All words of a section, for the script."""
        return {key.removeprefix(name + "."): said for key, said in self._own.items() if key.startswith(name + ".")}
