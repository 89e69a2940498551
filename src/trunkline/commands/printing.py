"""Output of commands: aligned tables for people, one JSON document for machines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence

GOOD, WARN, BAD = "32", "33", "31"
"""Colours of a terminal (ECMA-48 SGR)."""


def plain(text: str) -> str:
    """Return a text of somebody else's as a terminal may see it: what is not printable is ``?``."""
    return "".join(char if char.isprintable() else "?" for char in text)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, colours: Mapping[str, str] | None = None) -> None:
    """Print rows under heads, columns aligned, cells as `plain` text; only the heads' line when there are none.

    On a terminal, unless NO_COLOR is set, cells that say exactly a word of ``colours`` have its colour. Texts may come
    from anybody, so what a terminal would act on is shown as ``?``.
    """
    painted = colours or {}
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        painted = {}
    texts = [[("" if cell is None else plain(str(cell))) for cell in row] for row in rows]
    widths = [max(len(head), *(len(row[i]) for row in texts)) if texts else len(head) for i, head in enumerate(heads)]
    for row in ([*heads], *texts):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        shown = [
            f"\033[{painted[c]}m{cell}\033[0m" if c in painted else cell for c, cell in zip(row, cells, strict=True)
        ]
        print("  ".join(shown).rstrip())


def document(value: object) -> None:
    """Print a value as JSON; in its texts what is not printable is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    print("".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text))
