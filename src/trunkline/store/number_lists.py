"""Lists of numbers in SQL: counted first, since the count says which way to the page is the short one.

A page is found in two steps: the order numbers of its rows, from indexes; then the rows. Where several accounts are in
scope, their lists are merged, so that each is read in its own order and no further than the page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.core.model import Page, Scope
from trunkline.core.ports import NumberFilter
from trunkline.store.counting import BLOCK_DIGITS
from trunkline.store.rows import in_scope, marks

MAX_SORTED = 10_000
"""Numbers that are read and sorted for a page, ten times as many where an index alone tells them; a filter that more
pass is walked in the list's order instead."""

MAX_MERGED = 100
"""Accounts whose lists are merged; above that, all numbers are walked in order and judged one by one."""

MAX_KNOWN = 1000
"""Counts remembered until the next commit."""

_LIVE = "n.removed_at IS NULL"
_DELIVERED = (
    " LEFT JOIN number_carriers d ON d.number_id = n.id AND d.is_primary = 1"
    " LEFT JOIN carriers c ON c.id = d.carrier_id"
)

Terms = list[tuple[str, object]]
"""Conditions with one value each, joined by AND."""


@dataclass(frozen=True, slots=True)
class _Owners:
    """The accounts whose numbers are looked through: those of ``scope`` that have any."""

    scope: Scope
    accounts: list[str]

    def of(self, column: str) -> tuple[str, tuple[str, ...]]:
        """Return the condition on a column of account ids, and its values."""
        if len(self.accounts) == 1:
            return f"{column} = ?", (self.accounts[0],)
        if len(self.accounts) <= MAX_MERGED:
            return f"{column} IN ({marks(self.accounts)})", tuple(self.accounts)
        # Hidden from the planner: walking the list's order beats collecting and sorting what so many own.
        return in_scope(self.scope, f"coalesce({column}, '')")

    def apart(self) -> list[_Owners]:
        """Return them one by one, or all in one where they are too many."""
        if len(self.accounts) > MAX_MERGED:
            return [self]
        return [_Owners(self.scope, [account]) for account in self.accounts]


@dataclass(frozen=True, slots=True)
class Found:
    """The order numbers of a page's rows, the count of the whole list, and the last one shown (None: no more)."""

    rows: list[int]
    total: int
    last: int | None


class NumberLists:
    """Finds pages of live numbers on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._version: tuple[int, int] = (-1, -1)
        self._known: dict[tuple[str, tuple[object, ...]], int] = {}

    def find(self, scope: Scope, wanted: NumberFilter, page: Page) -> Found:
        """Return the page of the numbers in ``scope`` that pass a filter, oldest first."""
        accounts, of_kind, whole = self._kinds(scope, wanted)
        if not accounts:
            return Found([], 0, None)
        owners, terms = _Owners(scope, accounts), _Terms.of(wanted, narrowing=of_kind < whole)
        alone = len(terms.open) == 1 and not terms.kinds
        # What a good part of all numbers pass is soon met by walking.
        most = min(MAX_SORTED * (10 if alone else 1), whole // 4)
        narrow = self._narrowest(owners, terms.open, most)
        terms = terms.walked(narrow)
        total = self._total(wanted, owners, terms, narrow, of_kind)
        if not total:
            return Found([], 0, None)
        rows = self._rows(owners, terms, narrow, page)
        shown = rows[: page.limit]
        return Found(shown, total, shown[-1] if len(rows) > len(shown) else None)

    def _kinds(self, scope: Scope, wanted: NumberFilter) -> tuple[list[str], int, int]:
        """Return the accounts with numbers of the wanted kind, how many those are, and how many they have at all."""
        inside, values = in_scope(scope, "k.account_id")
        terms = _kind_terms(wanted)
        passing = " AND ".join(term for term, _ in terms) or "1 = 1"
        owner = " AND k.account_id = ?" if wanted.owner_id is not None else ""
        rows = self._db.execute(
            f"SELECT k.account_id, sum(k.numbers), sum(CASE WHEN {passing} THEN k.numbers ELSE 0 END) "
            f"FROM number_kinds k LEFT JOIN carriers c ON c.id = k.carrier_id WHERE {inside}{owner} "
            "GROUP BY k.account_id",
            [*(value for _, value in terms), *values, *([wanted.owner_id] if owner else [])],
        ).fetchall()
        rows = [row for row in rows if row[2]]
        return [row[0] for row in rows], sum(row[2] for row in rows), sum(row[1] for row in rows)

    def _narrowest(self, owners: _Owners, sought: Sequence[Terms], most: int) -> Terms | None:
        """Return the open filter that the fewest numbers pass, None where each lets more than ``most`` through."""
        best: tuple[int, Terms] | None = None
        for terms in sought:
            found = self._at_most(owners, terms, most)
            if found is not None and (best is None or found < best[0]):
                best = found, terms
        return best[1] if best else None

    def _at_most(self, owners: _Owners, terms: Terms, most: int) -> int | None:
        """Return how many numbers pass, None where they are more than ``most``."""
        beginning = str(terms[0][1])
        if len(terms) == 2 and len(beginning) <= BLOCK_DIGITS:  # two bounds: a prefix, whose numbers are counted
            found = self._of_blocks(owners, beginning, NumberFilter())
        else:
            passing, values = _joined(owners, terms)
            some = f"SELECT 1 FROM numbers n WHERE {passing} LIMIT ?"
            found = self._one(f"SELECT count(*) FROM ({some})", (*values, most + 1))
        return found if found <= most else None

    def _total(self, wanted: NumberFilter, owners: _Owners, terms: _Terms, narrow: Terms | None, of_kind: int) -> int:
        if not terms.open:
            return of_kind
        if terms.prefix and len(terms.prefix) <= BLOCK_DIGITS and len(terms.open) == 1:
            return self._of_blocks(owners, terms.prefix, wanted)
        return self._remembered(*_query("count(*)", owners, terms, narrow))

    def _of_blocks(self, owners: _Owners, prefix: str, wanted: NumberFilter) -> int:
        owned, values = owners.of("k.account_id")
        terms = [("k.block >= ?", prefix), ("k.block < ?", prefix + ":"), *_kind_terms(wanted)]
        return self._one(
            "SELECT coalesce(sum(k.numbers), 0) FROM number_blocks k LEFT JOIN carriers c ON c.id = k.carrier_id "
            f"WHERE {' AND '.join([owned, *(term for term, _ in terms)])}",
            [*values, *(value for _, value in terms)],
        )

    def _remembered(self, statement: str, values: Sequence[object]) -> int:
        version = (self._one("PRAGMA data_version", ()), self._db.total_changes)
        if version != self._version or len(self._known) >= MAX_KNOWN:
            self._version = version
            self._known.clear()
        key = (statement, tuple(values))
        if key not in self._known:
            self._known[key] = self._one(statement, values)
        return self._known[key]

    def _rows(self, owners: _Owners, terms: _Terms, narrow: Terms | None, page: Page) -> list[int]:
        lists, values = [], list[object]()
        for owner in owners.apart():
            query, more = _query("n.seq AS seq", owner, terms, narrow)
            values += more
            if page.after is not None or narrow is None:
                # From the start, too, this makes the planner walk the list's order instead of collecting and sorting.
                query += " AND n.seq > ?"
                values.append(page.after or 0)
            lists.append(query)
        rows = self._db.execute(
            f"{' UNION ALL '.join(lists)} ORDER BY seq LIMIT ? OFFSET ?",
            [*values, page.limit + 1, page.offset if page.after is None else 0],
        )
        return [int(row[0]) for row in rows]

    def _one(self, statement: str, values: Sequence[object]) -> int:
        return int(self._db.execute(statement, values).fetchone()[0])


@dataclass(frozen=True, slots=True)
class _Terms:
    """A filter as SQL: ``kinds`` are counted by kind; each of ``open`` may have any value and can be sought alone."""

    kinds: Terms
    open: list[Terms]
    prefix: str | None
    delivered: bool

    @classmethod
    def of(cls, wanted: NumberFilter, *, narrowing: bool) -> _Terms:
        """Read a filter; what every number passes (not ``narrowing``) need not be asked again."""
        kinds = _kind_terms(wanted, "n") if narrowing else []
        sought: list[Terms] = [
            [(f"n.{name} = ?", value)]
            for name, value in (("alias", wanted.alias), ("campaign_id", wanted.campaign_id))
            if value is not None
        ]
        if wanted.prefix:
            # A range instead of LIKE, so that an index serves it; ":" follows "9" in ASCII.
            sought.append([("n.e164 >= ?", wanted.prefix), ("n.e164 < ?", wanted.prefix + ":")])
        delivered = bool(kinds) and (wanted.voice is not None or wanted.sms is not None)
        return cls(kinds, sought, wanted.prefix, delivered)

    def walked(self, narrow: Terms | None) -> _Terms:
        """Return it with a prefix that is not ``narrow`` hidden from the planner, which would collect and sort."""
        if not self.prefix or narrow is self.open[-1]:
            return self
        hidden: Terms = [(f"substr(n.e164, 1, {len(self.prefix)}) = ?", self.prefix)]
        return replace(self, open=[*self.open[:-1], hidden])


def able(service: str, own: str, stocked: str) -> str:
    """Return as SQL whether a number has a service: as its primary carrier says; a bought one as its stock, too."""
    carrier = f"c.{service}"
    return f"CASE WHEN {stocked} THEN {own} * coalesce({carrier}, 1) ELSE coalesce({carrier}, {own}) END"


def _kind_terms(wanted: NumberFilter, row: str = "k") -> Terms:
    """Return the conditions on what makes a number's kind, for rows of numbers (``n``) or of their counts (``k``)."""
    flags = (("voice", wanted.voice), ("sms", wanted.sms), ("mms", wanted.mms), ("cnam_lookup", wanted.cnam_lookup))
    words = (
        ("number_type", wanted.number_type),
        ("status", wanted.status.value if wanted.status else None),
        ("campaign_status", wanted.campaign_status),
        ("toll_free_status", wanted.toll_free_status),
        ("toll_free_order_status", wanted.toll_free_order_status),
    )
    found: Terms = [(f"{row}.{name} = ?", value) for name, value in words if value is not None]
    for name, flag in flags:
        if flag is not None:
            counted = row == "k"  # where flags are texts, and empty stands for null
            if name in ("voice", "sms"):
                own = f"CAST({row}.{name} AS INTEGER)" if counted else f"{row}.{name}"
                stocked = f"{row}.stocked = '1'" if counted else f"{row}.stocked = 1"
                found.append((f"{able(name, own, stocked)} = ?", int(flag)))
            else:
                found.append((f"{row}.{name} = ?", str(int(flag)) if counted else int(flag)))
    found += [(f"{row}.renewal_on {sign} ?", day.isoformat()) for sign, day in wanted.renewal]
    if wanted.renewal and row == "k":
        found.append(("k.renewal_on > ?", ""))
    return found


def _joined(owners: _Owners, terms: Terms) -> tuple[str, list[object]]:
    """Return the condition on live numbers of these accounts that pass these terms, and its values."""
    owned, values = owners.of("n.account_id")
    return " AND ".join([owned, _LIVE, *(term for term, _ in terms)]), [*values, *(value for _, value in terms)]


def _query(column: str, owners: _Owners, terms: _Terms, narrow: Terms | None) -> tuple[str, list[object]]:
    """Return the query for ``column`` of all numbers of these accounts that pass: by the narrow terms, or in order."""
    delivered = _DELIVERED if terms.delivered else ""
    rest = [term for group in terms.open if group is not narrow for term in group]
    passing, values = _joined(owners, [*terms.kinds, *rest])
    if narrow is None:
        return f"SELECT {column} FROM numbers n{delivered} WHERE {passing}", values
    sought, more = _joined(owners, narrow)
    if not rest and not terms.kinds:
        return f"SELECT {column} FROM numbers n WHERE {sought}", more
    # CROSS JOIN, which SQLite takes in the order written: the narrow terms come first, whatever the planner guesses.
    tables = f"(SELECT n.seq AS seq FROM numbers n WHERE {sought}) s CROSS JOIN numbers n ON n.seq = s.seq{delivered}"
    return f"SELECT {column} FROM {tables} WHERE {passing}", [*more, *values]
