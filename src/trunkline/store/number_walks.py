"""Walking the list of numbers to a page, from either end: counts by stretch skip what lies before it.

Stretches are looked up as the walk comes to them, each time twice as many, so that a page near the start costs nothing
for the length of the list. Inside the stretch that the page begins in, halves are counted: rows are sorted in the last
of them only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trunkline.store.counting import STRETCH
from trunkline.store.number_terms import Kinds, Sought, between

SHORT = 512
"""Places right after a cursor that are looked at first: most pages are there. So many are sorted, and not halved."""


@dataclass(frozen=True, slots=True)
class Span:
    """Places in the list from ``first`` until before ``end``, and how many numbers of the kinds are there."""

    first: int
    end: int
    numbers: int


@dataclass(frozen=True, slots=True)
class Walk:
    """Where to walk: numbers of these kinds that pass what is sought, between two places of the list, both included.

    ``few`` is how many there are at most, where an index soon counts those between any two places; None: stretches are
    looked up. ``back``: from the last one down.
    """

    kinds: Kinds
    sought: Sequence[Sought]
    first: int
    last: int
    few: int | None
    back: bool


class NumberWalks:
    """Finds places in the list on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def newest(self) -> int:
        """Return the place of the newest number that ever was, 0 where there was none."""
        return self._one("SELECT coalesce(max(seq), 0) FROM numbers", ())

    def held(self, kinds: Kinds, first: int, last: int | None) -> int:
        """Return how many numbers of these kinds the stretches hold from a place to another (None: to the end)."""
        until, values = ("", []) if last is None else (" AND s.stretch <= ?", [last // STRETCH])
        query = (
            f"SELECT coalesce(sum(s.numbers), 0) FROM number_stretches s WHERE s.kind {kinds.among} AND s.stretch >= ?"
        )
        return self._one(query + until, [*kinds.values, first // STRETCH, *values])

    def find(self, walk: Walk, skip: int, need: int) -> list[int]:
        """Return up to ``need`` places in the order of the walk, after skipping some.

        Whole stretches are counted to skip them, so then none that passes may lie beyond either end in its stretch.
        """
        if need <= 0 or walk.first > walk.last:
            return []
        if walk.few is not None:
            whole = Span(walk.first, walk.last + 1, walk.few)
            spans, skip = self._halved(walk, whole, skip) if skip else ([whole], 0)
            return self._gather(walk, spans, skip, need)
        first, last = walk.first // STRETCH, walk.last // STRETCH
        rows: list[int] = []
        if not skip:
            # Most pages lie right at the start: they are met before stretches are looked up.
            for span in _near(walk):
                rows += self._gather(walk, [span], 0, need - len(rows))
                if len(rows) == need:
                    return rows
            first, last = (first, last - 1) if walk.back else (first + 1, last)
        for some in self._stretches(walk, first, last, 1 + skip // STRETCH):
            spans, skip = self._skipped(walk, some, skip)
            if spans:
                rows += self._gather(walk, spans, skip, need - len(rows))
                skip = 0
            if len(rows) == need:
                break
        return rows

    def _stretches(self, walk: Walk, first: int, last: int, size: int) -> Iterator[list[Span]]:
        """Yield the stretches with numbers of the kinds in the walk's order: of ``size``, then of twice as many."""
        order = "DESC" if walk.back else "ASC"
        query = (
            f"SELECT s.stretch, sum(s.numbers) FROM number_stretches s WHERE s.kind {walk.kinds.among} "
            f"AND s.stretch >= ? AND s.stretch <= ? GROUP BY s.stretch ORDER BY s.stretch {order}"
        )
        while first <= last:
            low, high = (max(first, last - size + 1), last) if walk.back else (first, min(last, first + size - 1))
            found = self._db.execute(query, [*walk.kinds.values, low, high])
            yield [Span(stretch * STRETCH, (stretch + 1) * STRETCH, numbers) for stretch, numbers in found]
            first, last, size = (first, low - 1, size * 2) if walk.back else (high + 1, last, size * 2)

    def _skipped(self, walk: Walk, spans: list[Span], skip: int) -> tuple[list[Span], int]:
        """Return the spans from the one that the first wanted number lies in, and how many to skip there."""
        start = 0
        while skip and start < len(spans):
            end, held = start, 0
            # As many stretches as cannot hold more than are skipped, so that no count goes too far.
            while end < len(spans) and held + spans[end].numbers <= skip:
                held += spans[end].numbers
                end += 1
            if start < end:
                skip -= self._count(walk, spans[start:end]) if walk.sought else held
                start = end
            else:
                parts, skip = self._halved(walk, spans[start], skip)
                start += 1
                if parts:
                    return [*parts, *spans[start:]], skip
        return spans[start:], skip

    def _halved(self, walk: Walk, span: Span, skip: int) -> tuple[list[Span], int]:
        """Return a stretch cut down to where the first wanted number is, and what follows in it, and how many to skip.

        Nothing, where no more of its numbers pass than are skipped.
        """
        far = span.first if walk.back else span.end
        while span.numbers > SHORT and span.end - span.first > SHORT:
            middle = (span.first + span.end) // 2
            near, beyond = (span.first, middle), (middle, span.end)
            if walk.back:
                near, beyond = beyond, near
            held = self._count(walk, [Span(*near, numbers=0)])
            # The other half has no more than the rest: where that is little, it is worth no more counting.
            if held > skip:
                span = Span(*near, numbers=held)
            else:
                span, skip = Span(*beyond, numbers=span.numbers - held), skip - held
        if walk.sought and (held := self._count(walk, [span])) <= skip:
            return [], skip - held
        rest = Span(far, span.first, 0) if walk.back else Span(span.end, far, 0)
        return [part for part in (span, rest) if part.first < part.end], skip

    def _count(self, walk: Walk, spans: Sequence[Span]) -> int:
        first, end = min(span.first for span in spans), max(span.end for span in spans)
        return self._one(*between("count(*)", walk.kinds, walk.sought, first, end))

    def _gather(self, walk: Walk, spans: Sequence[Span], skip: int, need: int) -> list[int]:
        """Return up to ``need`` places after skipping some in the first span; twice as many spans at each step."""
        rows: list[int] = []
        start, size = 0, 1
        order = "DESC" if walk.back else "ASC"
        while len(rows) < need and start < len(spans):
            some = spans[start : start + size]
            first, end = min(span.first for span in some), max(span.end for span in some)
            query, values = between("n.seq", walk.kinds, walk.sought, first, end)
            found = self._db.execute(
                f"{query} ORDER BY n.seq {order} LIMIT ? OFFSET ?", [*values, need - len(rows), skip]
            )
            rows += [int(row[0]) for row in found]
            start, size, skip = start + size, size * 2, 0
        return rows

    def _one(self, statement: str, values: Sequence[object]) -> int:
        return int(self._db.execute(statement, values).fetchone()[0])


def _near(walk: Walk) -> list[Span]:
    """Return the first `SHORT` places of a walk, and the rest of their stretch."""
    if walk.back:
        low = max(walk.first, walk.last // STRETCH * STRETCH)
        cut = max(low, walk.last + 1 - SHORT)
        parts = [(cut, walk.last + 1), (low, cut)]
    else:
        end = min(walk.last + 1, (walk.first // STRETCH + 1) * STRETCH)
        cut = min(end, walk.first + SHORT)
        parts = [(walk.first, cut), (cut, end)]
    return [Span(first, end, 0) for first, end in parts if first < end]
