"""What a benchmark hands back, and how it is shown: in the terminal, as JSON, as tables of docs/benchmarks.md.

``python -m benchmarks.report RUN.json docs/benchmarks.md`` puts a run's tables between the markers of that page.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"

Row = dict[str, Any]


@dataclass(frozen=True)
class Aim:
    """A figure that should be at least, or else at most, a limit."""

    text: str
    value: float
    limit: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether it is; a figure that could not be had is not."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "at least" if self.at_least else "at most"
        return f"{'pass' if self.met else 'MISS'}  {self.text}: {_text(self.value)} ({sign} {_text(self.limit)})"


@dataclass
class Outcome:
    """What one benchmark found: a table, aims, what went wrong, and the rounds that the table sums up."""

    name: str
    title: str
    rows: list[Row]
    aims: list[Aim] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rounds: list[Row] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether every aim was met and nothing went wrong."""
        return not self.problems and all(aim.met for aim in self.aims)


def _text(value: Any) -> str:
    """Return a cell: whole numbers from a hundred on, else three digits that count; a dash for what is not there."""
    if _absent(value):
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    """Return the head and the rows of a table; columns that are empty everywhere are left out."""
    if not rows:
        return []
    names = [name for name in rows[0] if not all(_absent(row.get(name)) for row in rows)]
    return [names, *([_text(row.get(name)) for name in names] for row in rows)]


def show(outcome: Outcome) -> str:
    """Return a benchmark's outcome for the terminal."""
    cells = _cells(outcome.rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [f"{outcome.name}: {outcome.title}"]
    for line in cells:
        first, *rest = [
            text.rjust(width) if place else text.ljust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join(("  " + first, *rest)).rstrip())
    lines += [f"  {aim}" for aim in outcome.aims]
    lines += [f"  PROBLEM  {problem}" for problem in outcome.problems]
    return "\n".join(lines)


def as_json(on: dict[str, str], at: str, *, quick: bool, outcomes: Sequence[Outcome]) -> str:
    """Return a whole run as JSON."""
    parts = [asdict(o) | {"aims": [asdict(aim) | {"met": aim.met} for aim in o.aims]} for o in outcomes]
    run = {"on": on, "at": at, "quick": quick, "outcomes": parts}
    return json.dumps(_without_nan(run), indent=1, allow_nan=False) + "\n"


def _without_nan(value: Any) -> Any:
    """Return a value with null for what JSON has no number for."""
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def markdown(run: dict[str, Any]) -> str:
    """Return the tables of a run, read from JSON."""
    lines = [f"Measured {run['at']}{', with `--quick`' if run['quick'] else ''}.", ""]
    lines += [f"- {name}: {value}" for name, value in run["on"].items()]
    for part in run["outcomes"]:
        lines += ["", f"### {part['name']}", "", part["title"], ""]
        table = [f"| {' | '.join(line)} |" for line in _cells(part["rows"])]
        lines += [*table[:1], re.sub(r"[^|]+", "---", table[0]), *table[1:]] if table else []
        aims = [_aim(aim) for aim in part["aims"]]
        said = [str(aim) for aim in aims] + [f"PROBLEM  {problem}" for problem in part["problems"]]
        lines += ["", *(f"- {text}" for text in said)] if said else []
    return "\n".join(lines) + "\n"


def _aim(kept: dict[str, Any]) -> Aim:
    value = math.nan if kept["value"] is None else kept["value"]
    return Aim(kept["text"], value, kept["limit"], kept["at_least"])


def main(run: str, page: str) -> None:
    """Put a run's tables into a page."""
    text = Path(page).read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} has no place for figures: it needs the lines {BEGIN} and {END}")
    Path(page).write_text(f"{before}{BEGIN}\n\n{markdown(json.loads(Path(run).read_text()))}\n{END}{after}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: python -m benchmarks.report RUN.json PAGE.md")
    main(*sys.argv[1:])
