"""Lists of numbers in SQL: what passes is counted by kept counts (`counting.py`), then the page's places are found.

The kinds of numbers that pass a filter say whose they are and nearly all else that can be asked. What may have any
value (alias, campaign, beginning, digits) is *sought*: where few pass, they are read and sorted; else the list is
walked (`number_walks.py`). A list that tells no total counts nothing that it can do without.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.core.model import Page, Scope
from trunkline.core.ports import NumberFilter
from trunkline.store.counting import LEADS
from trunkline.store.number_terms import (
    Kinds,
    Sought,
    equal,
    joined,
    kind_terms,
    labelled,
    like,
    named_kinds,
    prefixed,
    some_of,
)
from trunkline.store.number_walks import SHORT, NumberWalks, Walk
from trunkline.store.rows import in_scope, marks

MAX_SORTED = 10_000
"""Numbers found by what is sought that are read and sorted for a page."""

SORTING = 3
"""How many numbers are walked past in the time that one is read and sorted; measured."""

MAX_KNOWN = 1000
"""Counts remembered until the next commit."""


@dataclass(frozen=True, slots=True)
class Found:
    """The order numbers of a page's rows, the count of the whole list (None: not counted), and the last one shown
    (None: no more).
    """

    rows: list[int]
    total: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class _Way:
    """What passes: kinds, what is sought, between which places.

    ``narrow`` is what leads to the fewest; ``numbers`` how many those are, None: more than `MAX_SORTED`.
    """

    kinds: Kinds
    sought: Sequence[Sought]
    narrow: Sought | None
    numbers: int | None
    first: int = 0
    last: int | None = None

    @property
    def rest(self) -> list[Sought]:
        """What is sought beside what leads."""
        return [one for one in self.sought if one is not self.narrow]

    @property
    def few(self) -> bool:
        """Whether all that ``narrow`` leads to are read and sorted."""
        return self.narrow is not None and self.numbers is not None and self.numbers <= MAX_SORTED

    @property
    def total(self) -> int | None:
        """How many pass, where that is known without counting."""
        return None if self.rest else self.numbers


class NumberLists:
    """Finds pages of live numbers on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._walks = NumberWalks(connection)
        self._version: tuple[int, int] = (-1, -1)
        self._known: dict[tuple[str, tuple[object, ...]], int] = {}

    def oldest(self, scope: Scope, wanted: NumberFilter, page: Page) -> Found:
        """Return the page of the numbers in ``scope`` that pass a filter, oldest first, and how many pass."""
        way = self._way(scope, wanted)
        total = 0 if way.numbers == 0 else way.total
        if total is None:
            led = way.few or not way.rest
            narrow, rest = (way.narrow, way.rest) if led else (None, way.sought)
            total = self._remembered(*joined("count(*)", way.kinds, narrow, rest))
        return self._found(way, total, page, newest_first=False) if total else Found([], 0, None)

    def newest(self, scope: Scope, wanted: NumberFilter, page: Page) -> Found:
        """Return the same page newest first, without the total."""
        way = self._way(scope, wanted)
        return self._found(way, way.total, page, newest_first=True) if way.numbers != 0 else Found([], 0, None)

    def _found(self, way: _Way, total: int | None, page: Page, *, newest_first: bool) -> Found:
        if way.narrow is not None and self._is_sorted(way, way.narrow, total, page):
            rows = self._sorted(way.kinds, way.narrow, way.rest, page, newest_first=newest_first)
        else:
            rows = self._walked(way, total, page, newest_first=newest_first)
        shown = rows[: page.limit]
        return Found(shown, total, shown[-1] if len(rows) > len(shown) else None)

    def _kinds(self, scope: Scope, wanted: NumberFilter) -> Kinds:
        inside, values = in_scope(scope, "k.account_id")
        terms: list[tuple[str, object]] = list(kind_terms(wanted))
        if wanted.owner_id is not None:
            terms.append(("k.account_id = ?", wanted.owner_id))
        passing = (
            "FROM number_kinds k LEFT JOIN carriers c ON c.id = k.carrier_id "
            f"WHERE {' AND '.join([inside, *(term for term, _ in terms)])}"
        )
        asked = [*values, *(value for _, value in terms)]
        return named_kinds(dict(self._db.execute(f"SELECT k.id, k.numbers {passing}", asked)), passing, asked)

    def _way(self, scope: Scope, wanted: NumberFilter) -> _Way:
        """Return what passes; where nothing does, ``numbers`` is 0."""
        way = _Way(self._kinds(scope, wanted), [], None, None)
        if wanted.prefix:
            way = self._led(way, wanted.prefix)
        if not way.kinds.numbers:
            return replace(way, sought=[], numbers=0)
        counts = [way.numbers for _ in way.sought]
        more = self._more(way.kinds, wanted)
        sought = [*way.sought, *more]
        if not sought:
            return replace(way, numbers=way.kinds.numbers)
        counts = [
            self._few(way.kinds, one) if number is None and one.countable else number
            for one, number in zip(sought, [*counts, *(None for _ in more)], strict=True)
        ]
        known = [(number, place) for place, number in enumerate(counts) if number is not None]
        numbers, place = min(known, default=(None, 0))
        return replace(way, sought=sought, narrow=sought[place], numbers=numbers)

    def _led(self, way: _Way, prefix: str) -> _Way:
        """Return a way narrowed by a beginning: to kinds that have it, between the places where they have it.

        Where all numbers of these kinds begin so, it is sought no more.
        """
        lead = prefix[: LEADS[-1]]
        digits = next(digits for digits in LEADS if digits >= len(lead))
        rows = self._db.execute(
            "SELECT l.kind, sum(l.numbers), min(l.first_seq), max(l.last_seq) FROM number_leads l "
            f"WHERE l.kind {way.kinds.among} AND l.digits = ? AND l.lead >= ? AND l.lead < ? GROUP BY l.kind",
            [*way.kinds.values, digits, lead, lead + ":"],
        ).fetchall()
        if not rows:
            return replace(way, kinds=Kinds("IN ()", [], {}))
        kinds = some_of(way.kinds, [row[0] for row in rows])
        led = replace(way, kinds=kinds, first=min(row[2] for row in rows), last=max(row[3] for row in rows))
        if lead != prefix:
            return self._led_further(led, prefixed(prefix))
        numbers = {row[0]: row[1] for row in rows}
        if numbers == kinds.sizes:
            return led
        return replace(led, sought=[prefixed(prefix)], numbers=sum(numbers.values()))

    def _led_further(self, way: _Way, one: Sought) -> _Way:
        """Return a way narrowed by a beginning that is longer than any that are counted: few are counted now."""
        query, values = joined("n.seq", way.kinds, one, [])
        counted = f"SELECT count(*), min(seq), max(seq) FROM ({query} LIMIT ?)"
        numbers, first, last = self._db.execute(counted, [*values, MAX_SORTED + 1]).fetchone()
        if numbers > MAX_SORTED:
            return replace(way, sought=[one])
        if not numbers:
            return replace(way, kinds=Kinds("IN ()", [], {}))
        return replace(way, sought=[one], numbers=numbers, first=first, last=last)

    def _more(self, kinds: Kinds, wanted: NumberFilter) -> list[Sought]:
        """Return what is sought beside a beginning."""
        named = [(name, value) for name in ("alias", "campaign_id") if (value := getattr(wanted, name)) is not None]
        found = [equal(name, value) for name, value in named]
        if wanted.label is not None:
            alias, bare = wanted.label
            places = self._db.execute(
                f"SELECT n.seq FROM numbers n WHERE n.removed_at IS NULL AND n.e164 IN ({marks(bare)}) "
                f"AND n.alias IS NULL AND n.kind {kinds.among}",
                [*bare, *kinds.values],
            )
            found.append(labelled(alias, [row[0] for row in places]))
        if wanted.pattern:
            found.append(like(wanted.pattern))
        return found

    def _few(self, kinds: Kinds, sought: Sought) -> int | None:
        """Return how many numbers pass, None where it is more than `MAX_SORTED`."""
        query, values = joined("1", kinds, sought, [])
        found = self._one(f"SELECT count(*) FROM ({query} LIMIT ?)", [*values, MAX_SORTED + 1])
        return found if found <= MAX_SORTED else None

    def _remembered(self, statement: str, values: Sequence[object]) -> int:
        version = (self._one("PRAGMA data_version", ()), self._db.total_changes)
        if version != self._version or len(self._known) >= MAX_KNOWN:
            self._version = version
            self._known.clear()
        key = (statement, tuple(values))
        if key not in self._known:
            self._known[key] = self._one(statement, values)
        return self._known[key]

    def _is_sorted(self, way: _Way, narrow: Sought, total: int | None, page: Page) -> bool:
        """Tell whether a page is found by reading and sorting all that ``narrow`` leads to."""
        if way.rest or total is None:
            return way.few
        if narrow.prefix is None or way.last is None:
            return way.few and not narrow.ordered
        if way.last - way.first < SORTING * total:  # all places where they are are walked past sooner
            return False
        return way.few or not self._is_near(way, total, page)

    def _is_near(self, way: _Way, total: int, page: Page) -> bool:
        """Tell whether a walk to the page costs less than sorting all that are found, were those spread evenly."""
        skip = 0 if page.after is not None else min(page.offset, max(0, total - page.offset))
        most = SORTING * total * total // (skip + page.limit + 1)
        return way.kinds.numbers < most or self._walks.held(way.kinds, way.first, way.last) < most

    def _sorted(
        self, kinds: Kinds, narrow: Sought, rest: Sequence[Sought], page: Page, *, newest_first: bool
    ) -> list[int]:
        query, values = joined("n.seq", kinds, narrow, rest)
        if page.after is not None:
            # Hidden from the planner, which could take it for the narrower way.
            query += f" AND n.seq + 0 {'<' if newest_first else '>'} ?"
            values.append(page.after)
        # So is the order, for a range of numbers: the planner would walk all of a kind to be spared the sort.
        place = "n.seq + 0" if narrow.prefix is not None else "n.seq"
        rows = self._db.execute(
            f"{query} ORDER BY {place} {'DESC' if newest_first else 'ASC'} LIMIT ? OFFSET ?",
            [*values, page.limit + 1, page.offset if page.after is None else 0],
        )
        return [int(row[0]) for row in rows]

    def _walked(self, way: _Way, total: int | None, page: Page, *, newest_first: bool) -> list[int]:
        """Return the page's places, with one more where there is one, from the cursor or the nearer end."""
        last = self._walks.newest() if way.last is None else way.last
        few = way.kinds.numbers if way.kinds.numbers <= SHORT else None
        if way.few and not way.rest and way.narrow is not None and way.narrow.ordered:
            few = way.numbers
        walk, need = Walk(way.kinds, way.sought, way.first, last, few, back=newest_first), page.limit + 1
        if page.after is not None:
            if newest_first:
                return self._walks.find(replace(walk, last=min(last, page.after - 1)), 0, need)
            return self._walks.find(replace(walk, first=max(way.first, page.after + 1)), 0, need)
        if total is None:
            return self._walks.find(walk, page.offset, need)
        need = min(need, total - page.offset)
        if page.offset <= total // 2:
            return self._walks.find(walk, page.offset, need)
        return self._walks.find(replace(walk, back=not walk.back), total - page.offset - need, need)[::-1]

    def _one(self, statement: str, values: Sequence[object]) -> int:
        return int(self._db.execute(statement, values).fetchone()[0])
