"""Numbers in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from trunkline.core.model import EVERYTHING, Listing, Number, NumberDetails, NumberStatus, Owner, Page, Ref, Scope
from trunkline.core.ports import NumberFilter
from trunkline.store.counting import KINDS, Counts, Step
from trunkline.store.number_lists import NumberLists
from trunkline.store.number_terms import able
from trunkline.store.rows import marks, time_text, time_value

_DETAILS = tuple(field.name for field in fields(NumberDetails))
"""The details' fields are columns of the same names."""

_OWN = ("id", "e164", "account_id", "status", "trunk_id", "application_id", "hook_id", "voice", "sms", "mms")
_VOICE, _SMS = (able(service, f"n.{service}", "n.stocked = 1") for service in ("voice", "sms"))
_COLUMNS = (
    f"n.seq, n.id, n.e164, n.status, n.hook_id, {_VOICE}, {_SMS}, n.mms, n.added_at, n.updated_at, "
    "o.id, o.code, o.name, o.parent_id, c.id, c.serial, c.name, a.id, a.serial, a.name, t.id, t.serial, t.name, "
    + ", ".join(f"n.{name}" for name in _DETAILS)
)
_TABLES = (
    "numbers n JOIN accounts o ON o.id = n.account_id "
    "LEFT JOIN number_carriers d ON d.number_id = n.id AND d.is_primary = 1 "
    "LEFT JOIN carriers c ON c.id = d.carrier_id "
    "LEFT JOIN applications a ON a.id = n.application_id LEFT JOIN trunks t ON t.id = n.trunk_id"
)
_STATUSES = {status.value: status for status in NumberStatus}
_OWNER = 10
"""Where a row of `_COLUMNS` names the number's account."""

_GET = f"SELECT {_COLUMNS} FROM {_TABLES} WHERE n.e164 = ? AND n.removed_at IS NULL"
_BY_ID = f"SELECT {_COLUMNS} FROM {_TABLES} WHERE n.id = ? AND n.removed_at IS NULL"


def _number(row: Sequence[Any]) -> Number:
    return Number(
        seq=row[0],
        id=row[1],
        e164=row[2],
        status=_STATUSES[row[3]],
        hook_id=row[4],
        voice=bool(row[5]),
        sms=bool(row[6]),
        mms=bool(row[7]),
        added_at=time_value(row[8]),
        updated_at=time_value(row[9]),
        owner=_owner(*row[10:14]),
        carrier=_ref(*row[14:17]) if row[14] is not None else None,
        application=_ref(*row[17:20]) if row[17] is not None else None,
        trunk=_ref(*row[20:23]) if row[20] is not None else None,
        details=_details(row[23:]),
    )


# Frozen values of many fields are dear to make, and a page's numbers, or a customer's, mostly have equal ones.
_owner = lru_cache(1024)(Owner)
_ref = lru_cache(4096)(Ref)


@lru_cache(4096)
def _details(columns: tuple[Any, ...]) -> NumberDetails:
    details = dict(zip(_DETAILS, columns, strict=True))
    if details["renewal_on"] is not None:
        details["renewal_on"] = date.fromisoformat(details["renewal_on"])
    if details["cnam_lookup"] is not None:
        details["cnam_lookup"] = bool(details["cnam_lookup"])
    if details["stocked"] is not None:
        details["stocked"] = bool(details["stocked"])
    return NumberDetails(**details)


def _columns(number: Number) -> dict[str, object]:
    details = [getattr(number.details, name) for name in _DETAILS]
    details = [d.isoformat() if isinstance(d, date) else int(d) if isinstance(d, bool) else d for d in details]
    values = (
        number.id,
        number.e164,
        number.owner.id,
        number.status.value,
        number.trunk.id if number.trunk else None,
        number.application.id if number.application else None,
        number.hook_id,
        int(number.voice),
        int(number.sms),
        int(number.mms),
        *details,
        time_text(number.updated_at),
    )
    return dict(zip(_WRITTEN, values, strict=True))


_WRITTEN = (*_OWN, *_DETAILS, "updated_at")
_INSERT = f"INSERT INTO numbers ({', '.join(_WRITTEN)}, added_at, kind) VALUES ({marks(_WRITTEN)}, ?, ?) RETURNING seq"
_STORED = f"SELECT {', '.join(_WRITTEN)} FROM numbers WHERE id = ? AND kind IS NOT NULL"
_CHUNK = 500
"""Values per IN list, well under SQLite's and PostgreSQL's limits on parameters."""


@contextmanager
def _one_view(connection: sqlite3.Connection) -> Iterator[None]:
    """Let all statements of the block see the same commit: an offset counted before another commit would slip."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


class SqlNumbers:
    """`core.ports.NumberStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._lists = NumberLists(connection)
        self._counts = Counts(connection)

    def add(self, numbers: Sequence[Number], carrier_ids: Sequence[str]) -> None:
        """Write numbers, delivered by these carriers, the first being primary."""
        kinds: dict[tuple[object, ...], int] = {}
        steps: list[Step] = []
        for number in numbers:
            columns = _columns(number)
            alike = tuple(columns[name] for name in ("account_id", *KINDS))
            if alike not in kinds:
                kinds[alike] = self._counts.kind(columns | {"carrier_id": carrier_ids[0] if carrier_ids else None})
            values = (*columns.values(), time_text(number.added_at), kinds[alike])
            seq = self._db.execute(_INSERT, values).fetchone()[0]
            steps.append((kinds[alike], seq, number.e164, 1))
        self._deliver([number.id for number in numbers], carrier_ids)
        self._counts.count(steps)

    def get(self, scope: Scope, e164: str) -> Number | None:
        """Return a live number."""
        return self._one(scope, _GET, e164)

    def by_id(self, scope: Scope, number_id: str) -> Number | None:
        """Return a live number by its record's id."""
        return self._one(scope, _BY_ID, number_id)

    def _one(self, scope: Scope, statement: str, value: str) -> Number | None:
        row = self._db.execute(statement, (value,)).fetchone()
        return _number(row) if row is not None and self._covered(scope, row[_OWNER]) else None

    def _covered(self, scope: Scope, account_id: str) -> bool:
        # One probe after the fact: a condition on the scope's accounts would list them all first.
        if scope == EVERYTHING or scope.account_id == account_id:
            return True
        inside = "SELECT 1 FROM account_ancestors WHERE account_id = ? AND ancestor_id = ?"
        values = (account_id, scope.account_id)
        return scope.include_children and self._db.execute(inside, values).fetchone() is not None

    def page(self, scope: Scope, wanted: NumberFilter, page: Page) -> Listing[Number]:
        """Return live numbers, oldest first."""
        with _one_view(self._db):
            found = self._lists.oldest(scope, wanted, page)
            return Listing(self._at(found.rows), found.total or 0, found.last)

    def newest(self, scope: Scope, wanted: NumberFilter, page: Page) -> tuple[tuple[Number, ...], int | None]:
        """Return live numbers, newest first, and the order number of the last one, None when nothing follows.

        ``page.after`` continues below a known number.
        """
        with _one_view(self._db):
            found = self._lists.newest(scope, wanted, page)
            return self._at(found.rows), found.last

    def _at(self, places: list[int]) -> tuple[Number, ...]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM {_TABLES} WHERE n.seq IN ({marks(places)})", places)
        numbers = {row[0]: _number(row) for row in rows}
        return tuple(numbers[place] for place in places)

    def owners(self, e164s: Sequence[str]) -> dict[str, str]:
        """Return who owns which of these live numbers: number to account id."""
        found: dict[str, str] = {}
        for start in range(0, len(e164s), _CHUNK):
            part = e164s[start : start + _CHUNK]
            found.update(
                self._db.execute(
                    f"SELECT e164, account_id FROM numbers WHERE removed_at IS NULL AND e164 IN ({marks(part)})",
                    list(part),
                )
            )
        return found

    def update(self, number: Number) -> None:
        """Write a number's changed fields."""
        columns = _columns(number)
        # Every column that is written, changed or not, writes all indexes that hold it.
        stored = self._db.execute(_STORED, (number.id,)).fetchone()
        if stored is not None:
            changed = {
                name: columns[name] for name, value in zip(_WRITTEN, stored, strict=True) if columns[name] != value
            }
            self._counts.write("id = ?", [number.id], changed)

    def carriers(self, number_id: str) -> list[str]:
        """Return the ids of the carriers that deliver a number, primary first."""
        rows = self._db.execute(
            "SELECT carrier_id FROM number_carriers WHERE number_id = ? ORDER BY position", (number_id,)
        )
        return [str(row[0]) for row in rows]

    def set_carriers(self, number_id: str, carrier_ids: Sequence[str]) -> None:
        """Make these the carriers that deliver a number, the first being primary."""
        self._db.execute("DELETE FROM number_carriers WHERE number_id = ?", (number_id,))
        self._deliver([number_id], carrier_ids)
        self._counts.write("id = ?", [number_id], {}, carrier_id=carrier_ids[0] if carrier_ids else "")

    def _deliver(self, number_ids: Sequence[str], carrier_ids: Sequence[str]) -> None:
        self._db.executemany(
            "INSERT INTO number_carriers (number_id, carrier_id, position, is_primary) VALUES (?, ?, ?, ?)",
            [
                (number_id, carrier_id, i, int(i == 0))
                for number_id in number_ids
                for i, carrier_id in enumerate(carrier_ids)
            ],
        )

    def set_status_of_carrier(self, carrier_id: str, now_is: NumberStatus, becomes: NumberStatus) -> list[str]:
        """Move a carrier's numbers from one status to another; return the numbers moved."""
        where = "status = ? AND id IN (SELECT number_id FROM number_carriers WHERE carrier_id = ?)"
        return self._counts.write(where, [now_is.value, carrier_id], {"status": becomes.value})

    def due(self, day: date, limit: int) -> list[Number]:
        """Return live numbers whose renewal day is ``day`` or earlier, the earliest first."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM {_TABLES} WHERE n.removed_at IS NULL AND n.renewal_on <= ? "
            "ORDER BY n.renewal_on LIMIT ?",
            (day.isoformat(), limit),
        )
        return [_number(row) for row in rows.fetchall()]

    def unlink(self, *, application_id: str | None = None, trunk_id: str | None = None) -> int:
        """Make numbers that point at this record point at nothing; return how many."""
        column, value = ("application_id", application_id) if application_id else ("trunk_id", trunk_id)
        return self._db.execute(
            f"UPDATE numbers SET {column} = NULL WHERE {column} = ? AND removed_at IS NULL", (value,)
        ).rowcount

    def remove(self, number_id: str, at: datetime) -> None:
        """Take a number out of the inventory; the row stays as history."""
        self._counts.write("id = ?", [number_id], {"removed_at": time_text(at)})
