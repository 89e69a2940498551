"""Reads the fields of a JSON object and notes all that is wrong with them, so that a client hears of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.core.errors import InvalidError
from trunkline.dialects.topcalls.problems import Problem, bad_body


class Fields:
    """One object of a body. A field that breaks its rule is noted, and read as its default, or as None."""

    def __init__(self, values: Mapping[str, Any], path: str = "", problems: list[Problem] | None = None) -> None:
        self.values = values
        self.problems: list[Problem] = [] if problems is None else problems
        self._path = path

    def over(self, values: Mapping[str, Any]) -> Fields:
        """Return these fields laid over others."""
        return Fields({**values, **self.values}, self._path, self.problems)

    def refuse(self, name: str, message: str, code: str) -> None:
        """Note a problem with a field."""
        self.problems.append(Problem(self.at(name), message, code))

    def refused(self, name: str, error: InvalidError, code: str) -> None:
        """Note what a rule of the core says of a field."""
        self.refuse(name, f"{error.message}. {error.advice}" if error.advice else error.message, code)

    def at(self, name: str) -> str:
        """Return a field's dotted path."""
        return ".".join(part for part in (self._path, name) if part)

    def has(self, name: str) -> bool:
        """Tell whether a field is there and not null."""
        return self.values.get(name) is not None

    def spelled(self, *names: str) -> str:
        """Return the first of several spellings that is there; the first of all where none is."""
        return next((name for name in names if name in self.values), names[0])

    def text(self, name: str, longest: int, *, shortest: int = 1, needed: bool = True) -> str | None:
        """Return a text of so many characters."""
        value = self.values.get(name)
        if value is None:
            if needed:
                self.refuse(name, f"{self.at(name)} is required", "required")
        elif not isinstance(value, str):
            self.refuse(name, f"{self.at(name)} must be a string", "invalid_type")
        elif len(value) < shortest:
            self.refuse(name, f"{self.at(name)} must have at least {shortest} characters", "too_small")
        elif len(value) > longest:
            self.refuse(name, f"{self.at(name)} must have at most {longest} characters", "too_big")
        else:
            return value
        return None

    def word(self, name: str, longest: int, *, shortest: int = 1, needed: bool = True) -> str | None:
        """Return a text without any blanks and control characters."""
        value = self.text(name, longest, shortest=shortest, needed=needed)
        if value is not None and any(c.isspace() for c in value):
            self.refuse(name, f"{self.at(name)} must not contain whitespace", "whitespace")
        elif value is not None and not value.isprintable():
            self.refuse(name, f"{self.at(name)} must not contain control characters", "invalid_string")
        else:
            return value
        return None

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        """Return an integer between two bounds; ``5060.0`` is one, as in JavaScript."""
        value = self.values.get(name, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(name, f"{self.at(name)} must be an integer", "invalid_type")
        elif not low <= value <= high:
            self.refuse(name, f"{self.at(name)} must be between {low} and {high}", "out_of_range")
        else:
            return value
        return default

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean; no number or text is one."""
        value = self.values.get(name, default)
        if isinstance(value, bool):
            return value
        self.refuse(name, f"{self.at(name)} must be true or false", "invalid_type")
        return default

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        """Return one of some words; null is none of them."""
        value = self.values.get(name, default)
        if isinstance(value, str) and value in options:
            return value
        self.refuse(name, f"{self.at(name)} must be one of {', '.join(options)}", "invalid_enum_value")
        return default

    def inner(self, name: str) -> Fields | None:
        """Return the object in a field, None where there is none."""
        value = self.values.get(name)
        if isinstance(value, dict):
            return Fields(value, self.at(name), self.problems)
        if value is not None:
            self.refuse(name, f"{self.at(name)} must be an object", "invalid_type")
        return None

    def rows(self, name: str, most: int) -> list[Fields]:
        """Return the objects of a list of one to ``most``."""
        value = self.values.get(name)
        if not isinstance(value, list):
            self.refuse(name, f"{self.at(name)} must be an array", "invalid_type")
        elif not 0 < len(value) <= most:
            self.refuse(name, f"{self.at(name)} must have 1 to {most} entries", "too_big" if value else "too_small")
        else:
            paths = [f"{self.at(name)}.{index}" for index in range(len(value))]
            for path, row in zip(paths, value, strict=True):
                if not isinstance(row, dict):
                    self.problems.append(Problem(path, f"{path} must be an object", "invalid_type"))
            return [
                Fields(row, path, self.problems)
                for path, row in zip(paths, value, strict=True)
                if isinstance(row, dict)
            ]
        return []

    def check(self) -> None:
        """Raise what was noted, all of it; nothing where all is well."""
        if self.problems:
            raise bad_body(self.problems)
