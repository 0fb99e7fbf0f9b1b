"""One text in the two languages of the house."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One text in Chinese and in English."""

    zh: str
    en: str

    def fill(self, **values: object) -> Words:
        """The text with ``{name}`` replaced in both languages; a value that is ``Words`` gives each its own."""
        chinese = {name: value.zh if isinstance(value, Words) else value for name, value in values.items()}
        english = {name: value.en if isinstance(value, Words) else value for name, value in values.items()}
        return Words(self.zh.format(**chinese), self.en.format(**english))

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)
