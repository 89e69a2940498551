"""Filings in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from trunkline.core.model import EVERYTHING
from trunkline.core.regulated import Filing, FilingKind, FilingState, OpenFiling
from trunkline.store.numbers import SqlNumbers
from trunkline.store.rows import time_text, time_value, webhook_value

_COLUMNS = "f.number_id, f.kind, f.subject, f.state, f.callback_url, f.callback_method, f.created_at, f.updated_at"

_OPEN = (
    f"SELECT {_COLUMNS}, n.e164 FROM filings f JOIN numbers n ON n.id = f.number_id "
    "WHERE f.state = 'pending' AND n.removed_at IS NULL"
)
_EMERGENCY = (
    "SELECT s.number_id, 'emergency', s.emergency_state || coalesce(' ' || s.emergency_address_id, ''), 'pending', "
    "NULL, 'POST', s.emergency_at, s.emergency_at, n.e164 FROM number_settings s JOIN numbers n ON n.id = s.number_id "
    "WHERE s.emergency_state IN ('pending-registration', 'pending-unregistration') AND n.removed_at IS NULL"
)


def _filing(row: Sequence[Any]) -> Filing:
    return Filing(
        number_id=row[0],
        kind=FilingKind(row[1]),
        subject=row[2],
        state=FilingState(row[3]),
        callback=webhook_value(row[4], row[5]),
        created_at=time_value(row[6]),
        updated_at=time_value(row[7]),
    )


class SqlFilings:
    """`core.regulated_ports.FilingStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._numbers = SqlNumbers(connection)

    def get(self, number_id: str, kind: FilingKind) -> Filing | None:
        """Return a number's filing of a kind."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM filings f WHERE f.number_id = ? AND f.kind = ?", (number_id, kind.value)
        ).fetchone()
        return _filing(row) if row else None

    def put(self, filing: Filing) -> None:
        """Write a filing; it takes the place of the number's earlier one of that kind."""
        self.drop(filing.number_id, filing.kind)
        self._db.execute(
            "INSERT INTO filings (number_id, kind, subject, state, callback_url, callback_method, created_at, "
            "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                filing.number_id,
                filing.kind.value,
                filing.subject,
                filing.state.value,
                filing.callback.url if filing.callback else None,
                filing.callback.method if filing.callback else "POST",
                time_text(filing.created_at),
                time_text(filing.updated_at),
            ),
        )

    def drop(self, number_id: str, kind: FilingKind | None = None) -> None:
        """Forget a number's filing of a kind, or (None) all of them."""
        if kind is None:
            self._db.execute("DELETE FROM filings WHERE number_id = ?", (number_id,))
        else:
            self._db.execute("DELETE FROM filings WHERE number_id = ? AND kind = ?", (number_id, kind.value))

    def open(self, limit: int) -> list[OpenFiling]:
        """Return what waits for the operator, oldest first."""
        rows = self._db.execute(f"{_OPEN} UNION ALL {_EMERGENCY} ORDER BY 7, 1, 2 LIMIT ?", (limit,)).fetchall()
        found = [(_filing(row), self._numbers.get(EVERYTHING, row[8])) for row in rows]
        return [OpenFiling(filing, number) for filing, number in found if number is not None]
