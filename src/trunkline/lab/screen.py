"""Plain text for a person: steps, commands, what came back. Colour only on a terminal that wants it."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Mapping
from typing import TextIO

WIDTH = 100

_BOLD, _DIM, _GREEN, _RED, _PLAIN = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"


class Screen:
    """Writes to a stream; colour if that is a terminal and NO_COLOR is unset or empty."""

    def __init__(self, out: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self._out = out
        self._colour = out.isatty() and not environ.get("NO_COLOR")
        self._steps = 0

    def title(self, text: str) -> None:
        """The first line, with a rule below it."""
        self._line(text, _BOLD)
        self._line("=" * len(text), _BOLD)

    def step(self, text: str) -> None:
        """The heading of the next step, numbered."""
        self._steps += 1
        self._line("")
        self._line(f"{self._steps}. {text}", _BOLD)

    def say(self, text: str) -> None:
        """A paragraph, wrapped."""
        for line in textwrap.wrap(text, WIDTH - 3):
            self._line("   " + line)

    def command(self, parts: Iterable[str]) -> None:
        """A command as one would type it; a line that grows too long goes on after a backslash.

        A part may hold line breaks of its own, within quotes.
        """
        line = "   $"
        for part in parts:
            first, *more = part.splitlines()
            if len(line) + len(first) + 3 > WIDTH and line.strip() != "$":
                self._line(line + " \\", _DIM)
                line = "       "
            line += " " + first
            for text in more:
                self._line(line, _DIM)
                line = "           " + text
        self._line(line, _DIM)

    def result(self, text: str) -> None:
        """What a command or a request gave."""
        for line in textwrap.wrap(text, WIDTH - 6, break_long_words=False, break_on_hyphens=False):
            self._line("     " + line)

    def line(self, text: str) -> None:
        """One line as it is, such as a rung of a ladder."""
        self._line("     " + text)

    def table(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and what stands beside them, wrapped."""
        pairs = list(rows)
        wide = max((len(name) for name, _ in pairs), default=0)
        for name, text in pairs:
            for number, line in enumerate(textwrap.wrap(text, WIDTH - wide - 8) or [""]):
                self._line(f"     {name if not number else '':<{wide}}  {line}")

    def good(self, text: str) -> None:
        """Something that came out as told."""
        self._line(f"   ok: {text}", _GREEN)

    def bad(self, text: str) -> None:
        """The end of a story that went wrong."""
        self._line("")
        for line in text.splitlines() or [""]:
            self._line(line, _RED)

    def _line(self, text: str, colour: str = "") -> None:
        if colour and self._colour:
            text = f"{colour}{text}{_PLAIN}"
        print(text, file=self._out, flush=True)
