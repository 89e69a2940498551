"""Lists of numbers in SQL: counted first, by kept counts (`counting.py`); then the page's places in the list.

The kinds of numbers that pass a filter say whose they are and nearly all else that can be asked. Their counts by
stretch lead to any offset without reading what lies before. What may have any value (alias, campaign, beginning) is
*sought*: where few pass, they are read and sorted; else the list is walked, stretch by stretch, from its nearer end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.core.model import Page, Scope
from trunkline.core.ports import NumberFilter
from trunkline.store.counting import LEADS, STRETCH
from trunkline.store.rows import in_scope, marks

MAX_SORTED = 10_000
"""Numbers found by what is sought that are read and sorted for a page."""

SORTING = 3
"""How many numbers are walked past in the time that one is read and sorted; measured."""

SHORT = 512
"""Places right after a cursor that are looked at first: most pages are there."""

MAX_NAMED = 1000
"""Kinds that a statement names one by one; above that, it asks for them itself."""

MAX_KNOWN = 1000
"""Counts remembered until the next commit."""


@dataclass(frozen=True, slots=True)
class Found:
    """The order numbers of a page's rows, the count of the whole list, and the last one shown (None: no more)."""

    rows: list[int]
    total: int
    last: int | None


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The kinds that a list shows: the condition on a column of kinds, its values, and how many numbers they have."""

    among: str
    values: list[object]
    numbers: int


@dataclass(frozen=True, slots=True)
class _Sought:
    """A condition whose values are many: as an index seeks it, and as it is judged row by row while walking."""

    sought: str
    walked: str
    values: list[object]
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """Places in the list from ``first`` until before ``end``, and how many numbers of the kinds are there."""

    first: int
    end: int
    numbers: int


@dataclass(frozen=True, slots=True)
class _Count:
    """How many numbers pass what is sought (None: more than `MAX_SORTED`), and between which places they lie."""

    numbers: int | None
    first: int = 0
    last: int | None = None


class NumberLists:
    """Finds pages of live numbers on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._version: tuple[int, int] = (-1, -1)
        self._known: dict[tuple[str, tuple[object, ...]], int] = {}

    def find(self, scope: Scope, wanted: NumberFilter, page: Page, *, newest_first: bool = False) -> Found:
        """Return the page of the numbers in ``scope`` that pass a filter, oldest first, or newest first."""
        walk = self._walk_back if newest_first else self._walk
        kinds, sought = self._kinds(scope, wanted), _sought(wanted)
        if not kinds.numbers:
            return Found([], 0, None)
        if not sought:
            return _found(kinds.numbers, walk(kinds, [], _Count(kinds.numbers), page), page)
        counts = [self._count(kinds, one) for one in sought]
        fewest = min(range(len(sought)), key=lambda i: n if (n := counts[i].numbers) is not None else 1 << 62)
        narrow, count = sought[fewest], counts[fewest]
        if count.numbers == 0:
            return Found([], 0, None)
        rest = [one for one in sought if one is not narrow]
        few = count.numbers is not None and count.numbers <= MAX_SORTED
        if rest or count.numbers is None:
            led = few or not rest
            numbers = self._remembered(*_joined("count(*)", kinds, narrow if led else None, rest if led else sought))
            count = replace(count, numbers=numbers)
        total = count.numbers or 0
        if not total:
            return Found([], 0, None)
        if few or (not rest and narrow.prefix is not None and not self._is_near(kinds, count, page)):
            return _found(total, self._sorted(kinds, narrow, rest, page, newest_first=newest_first), page)
        return _found(total, walk(kinds, sought, count, page), page)

    def _kinds(self, scope: Scope, wanted: NumberFilter) -> _Kinds:
        inside, values = in_scope(scope, "k.account_id")
        terms: list[tuple[str, object]] = list(_kind_terms(wanted))
        if wanted.owner_id is not None:
            terms.append(("k.account_id = ?", wanted.owner_id))
        passing = (
            "FROM number_kinds k LEFT JOIN carriers c ON c.id = k.carrier_id "
            f"WHERE {' AND '.join([inside, *(term for term, _ in terms)])}"
        )
        asked = [*values, *(value for _, value in terms)]
        rows = self._db.execute(f"SELECT k.id, k.numbers {passing}", asked).fetchall()
        numbers = sum(row[1] for row in rows)
        if len(rows) > MAX_NAMED:
            return _Kinds(f"IN (SELECT k.id {passing})", asked, numbers)
        return _Kinds(f"IN ({marks(rows)})", [row[0] for row in rows], numbers)

    def _count(self, kinds: _Kinds, sought: _Sought) -> _Count:
        leading = _Count(None)
        if sought.prefix is not None:
            lead = sought.prefix[: LEADS[-1]]
            digits = next(digits for digits in LEADS if digits >= len(lead))
            row = self._db.execute(
                "SELECT coalesce(sum(l.numbers), 0), coalesce(min(l.first_seq), 0), max(l.last_seq) "
                f"FROM number_leads l WHERE l.kind {kinds.among} AND l.digits = ? AND l.lead >= ? AND l.lead < ?",
                [*kinds.values, digits, lead, lead + ":"],
            ).fetchone()
            leading = _Count(*row)
            if lead == sought.prefix or not leading.numbers:
                return leading
        some = f"SELECT 1 FROM numbers n WHERE {sought.sought} AND n.kind {kinds.among} LIMIT ?"
        found = self._one(f"SELECT count(*) FROM ({some})", [*sought.values, *kinds.values, MAX_SORTED + 1])
        return replace(leading, numbers=found if found <= MAX_SORTED else None)

    def _remembered(self, statement: str, values: Sequence[object]) -> int:
        version = (self._one("PRAGMA data_version", ()), self._db.total_changes)
        if version != self._version or len(self._known) >= MAX_KNOWN:
            self._version = version
            self._known.clear()
        key = (statement, tuple(values))
        if key not in self._known:
            self._known[key] = self._one(statement, values)
        return self._known[key]

    def _is_near(self, kinds: _Kinds, count: _Count, page: Page) -> bool:
        """Tell whether a walk to the page costs less than sorting all that are found, were those spread evenly."""
        total = count.numbers or 0
        skip = 0 if page.after is not None else min(page.offset, max(0, total - page.offset))
        most = SORTING * total * total // (skip + page.limit + 1)
        return kinds.numbers < most or sum(s.numbers for s in self._spans(kinds, count.first, count.last)) < most

    def _sorted(
        self, kinds: _Kinds, narrow: _Sought, rest: Sequence[_Sought], page: Page, *, newest_first: bool
    ) -> list[int]:
        query, values = _joined("n.seq", kinds, narrow, rest)
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

    def _walk(self, kinds: _Kinds, sought: Sequence[_Sought], count: _Count, page: Page) -> list[int]:
        """Return the page's places, with one more where there is one, walking from the cursor or the nearer end."""
        need, total = page.limit + 1, count.numbers or 0
        skip, start = (page.offset, count.first) if page.after is None else (0, page.after + 1)
        if page.after is None:
            need = min(need, total - skip)
            if need <= 0:
                return []
        # Most pages lie right after the start or the cursor: they are met before stretches are looked up.
        end = (start // STRETCH + 1) * STRETCH
        cut = min(start + (0 if skip else SHORT), end)
        near = [_Span(*between, numbers=0) for between in ((start, cut), (cut, end)) if between[0] < between[1]]
        rows = self._gather(kinds, sought, near, skip, need) if skip < STRETCH else []
        if len(rows) == need:
            return rows
        if page.after is not None:
            beyond = self._spans(kinds, max(end, count.first), count.last)
            return rows + self._gather(kinds, sought, beyond, 0, need - len(rows))
        spans = self._spans(kinds, count.first, count.last)
        back = skip > total // 2
        if back:
            spans, skip = spans[::-1], total - skip - need
        spans, skip = self._skipped(kinds, sought, spans, skip)
        rows = self._gather(kinds, sought, spans, skip, need, back=back)
        return rows[::-1] if back else rows

    def _walk_back(self, kinds: _Kinds, sought: Sequence[_Sought], count: _Count, page: Page) -> list[int]:
        """Return the page's places, newest first, with one more where there is one."""
        total = count.numbers or 0
        if page.after is None:
            need = min(page.limit + 1, total - page.offset)
            if need <= 0:
                return []
            same = Page(need - 1, total - page.offset - need)
            return self._walk(kinds, sought, count, same)[::-1]
        last = page.after - 1 if count.last is None else min(page.after - 1, count.last)
        spans = self._spans(kinds, count.first, last)[::-1]
        spans = [replace(span, end=min(span.end, page.after)) for span in spans]
        return self._gather(kinds, sought, spans, 0, page.limit + 1, back=True)

    def _spans(self, kinds: _Kinds, first: int, last: int | None) -> list[_Span]:
        """Return the stretches with numbers of these kinds, in order, from the one that ``first`` lies in."""
        until = "" if last is None else " AND s.stretch <= ?"
        rows = self._db.execute(
            f"SELECT s.stretch, sum(s.numbers) FROM number_stretches s WHERE s.kind {kinds.among} AND s.stretch >= ?"
            f"{until} GROUP BY s.stretch ORDER BY s.stretch",
            [*kinds.values, first // STRETCH, *([last // STRETCH] if last is not None else [])],
        )
        return [_Span(stretch * STRETCH, (stretch + 1) * STRETCH, numbers) for stretch, numbers in rows]

    def _skipped(
        self, kinds: _Kinds, sought: Sequence[_Sought], spans: list[_Span], skip: int
    ) -> tuple[list[_Span], int]:
        """Return the spans from the one that the first wanted number lies in, and how many to skip there."""
        start = 0
        while skip and start < len(spans):
            end, held = start + 1, spans[start].numbers
            # As many stretches as cannot hold more than are skipped, so that no count goes too far.
            while end < len(spans) and held + spans[end].numbers <= skip:
                held += spans[end].numbers
                end += 1
            if sought:
                query, values = _within("count(*)", kinds, sought, spans[start:end])
                held = self._one(query, values)
            if held > skip:
                break
            skip -= held
            start = end
        return spans[start:], skip

    def _gather(
        self,
        kinds: _Kinds,
        sought: Sequence[_Sought],
        spans: Sequence[_Span],
        skip: int,
        need: int,
        *,
        back: bool = False,
    ) -> list[int]:
        """Return up to ``need`` places after skipping some in the first span; twice as many spans at each step."""
        rows: list[int] = []
        start, size = 0, 1
        while len(rows) < need and start < len(spans):
            query, values = _within("n.seq", kinds, sought, spans[start : start + size])
            order = "DESC" if back else "ASC"
            found = self._db.execute(
                f"{query} ORDER BY n.seq {order} LIMIT ? OFFSET ?", [*values, need - len(rows), skip]
            )
            rows += [int(row[0]) for row in found]
            start, size, skip = start + size, size * 2, 0
        return rows

    def _one(self, statement: str, values: Sequence[object]) -> int:
        return int(self._db.execute(statement, values).fetchone()[0])


def _found(total: int, rows: list[int], page: Page) -> Found:
    shown = rows[: page.limit]
    return Found(shown, total, shown[-1] if len(rows) > len(shown) else None)


def able(service: str, own: str, stocked: str) -> str:
    """Return as SQL whether a number has a service: as its primary carrier says; a bought one as its stock, too."""
    carrier = f"c.{service}"
    return f"CASE WHEN {stocked} THEN {own} * coalesce({carrier}, 1) ELSE coalesce({carrier}, {own}) END"


def _kind_terms(wanted: NumberFilter) -> list[tuple[str, object]]:
    """Return the conditions on kinds (``k``) with a value each; there flags are texts, and empty stands for null."""
    words = (
        ("number_type", wanted.number_type),
        ("status", wanted.status.value if wanted.status else None),
        ("campaign_status", wanted.campaign_status),
        ("toll_free_status", wanted.toll_free_status),
        ("toll_free_order_status", wanted.toll_free_order_status),
    )
    found: list[tuple[str, object]] = [(f"k.{name} = ?", value) for name, value in words if value is not None]
    for name, flag in (("mms", wanted.mms), ("cnam_lookup", wanted.cnam_lookup)):
        if flag is not None:
            found.append((f"k.{name} = ?", str(int(flag))))
    stocked = "k.stocked = '1'"
    for name, flag in (("voice", wanted.voice), ("sms", wanted.sms)):
        if flag is not None:
            own = f"CAST(k.{name} AS INTEGER)"
            found.append((f"{able(name, own, stocked)} = ?", int(flag)))
    if wanted.types:
        found.append(("instr(?, ' ' || k.number_type || ' ') > 0", f" {' '.join(wanted.types)} "))
    found += [(f"k.renewal_on {sign} ?", day.isoformat()) for sign, day in wanted.renewal]
    if wanted.renewal:
        found.append(("k.renewal_on > ?", ""))
    return found


def _sought(wanted: NumberFilter) -> list[_Sought]:
    named = [(name, value) for name in ("alias", "campaign_id") if (value := getattr(wanted, name)) is not None]
    found = [_Sought(f"n.{name} = ?", f"n.{name} = ?", [value]) for name, value in named]
    if wanted.prefix:
        # A range instead of LIKE, so that an index serves it; ":" follows "9" in ASCII. Hidden from the planner while
        # walking, when the places in the list lead.
        walked = "coalesce(n.e164, '') >= ? AND coalesce(n.e164, '') < ?"
        bounds: list[object] = [wanted.prefix, wanted.prefix + ":"]
        found.append(_Sought("n.e164 >= ? AND n.e164 < ?", walked, bounds, wanted.prefix))
    if wanted.pattern:
        found.append(_Sought("n.e164 LIKE ?", "n.e164 LIKE ?", [wanted.pattern]))
    if wanted.label is not None:
        alias, bare = wanted.label
        walked = f"(n.alias = ? OR (n.alias IS NULL AND n.e164 IN ({marks(bare)})))"
        # An index each for the two halves: no planner finds both in the condition above.
        sought = (
            "n.seq IN (SELECT m.seq FROM numbers m WHERE m.alias = ? AND m.kind IS NOT NULL UNION ALL SELECT m.seq "
            f"FROM numbers m WHERE m.removed_at IS NULL AND m.e164 IN ({marks(bare)}) AND m.alias IS NULL)"
        )
        found.append(_Sought(sought, walked, [alias, *bare]))
    return found


def _joined(column: str, kinds: _Kinds, narrow: _Sought | None, rest: Sequence[_Sought]) -> tuple[str, list[object]]:
    """Return the query for ``column`` of all numbers that pass: found by ``narrow``, or by the first of the rest."""
    judged = [one.walked for one in rest]
    values = [value for one in rest for value in one.values]
    if narrow is None:
        passing = " AND ".join([f"n.kind {kinds.among}", *judged])
        return f"SELECT {column} FROM numbers n WHERE {passing}", [*kinds.values, *values]
    sought = f"{narrow.sought} AND n.kind {kinds.among}"
    if not rest:
        return f"SELECT {column} FROM numbers n WHERE {sought}", [*narrow.values, *kinds.values]
    # CROSS JOIN, which SQLite takes in the order written: the narrow ones come first, whatever the planner guesses.
    tables = f"(SELECT n.seq AS seq FROM numbers n WHERE {sought}) s CROSS JOIN numbers n ON n.seq = s.seq"
    return f"SELECT {column} FROM {tables} WHERE {' AND '.join(judged)}", [*narrow.values, *kinds.values, *values]


def _within(column: str, kinds: _Kinds, sought: Sequence[_Sought], spans: Sequence[_Span]) -> tuple[str, list[object]]:
    """Return the query for ``column`` of the numbers that pass and lie in neighbouring spans."""
    passing = " AND ".join([f"n.kind {kinds.among}", *(one.walked for one in sought), "n.seq >= ? AND n.seq < ?"])
    values = [*kinds.values, *(value for one in sought for value in one.values)]
    first, end = min(span.first for span in spans), max(span.end for span in spans)
    return f"SELECT {column} FROM numbers n WHERE {passing}", [*values, first, end]
