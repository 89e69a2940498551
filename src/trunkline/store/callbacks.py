"""Callbacks in SQL: the outbox that the API process empties."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from trunkline.core.model import Webhook
from trunkline.core.regulated import Callback, CallbackState
from trunkline.store.rows import json_text, json_value, marks, time_text, time_value

_COLUMNS = "id, account_id, dialect, topic, url, method, facts, tries, created_at"


def _callback(row: Sequence[Any]) -> Callback:
    return Callback(
        id=row[0],
        account_id=row[1],
        dialect=row[2],
        topic=row[3],
        hook=Webhook(row[4], row[5]),
        facts=json_value(row[6]),
        tries=row[7],
        created_at=time_value(row[8]),
    )


class SqlCallbacks:
    """`core.regulated_ports.CallbackStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, callback: Callback) -> None:
        """Write a callback that is due at once."""
        at = time_text(callback.created_at)
        self._db.execute(
            f"INSERT INTO callbacks ({_COLUMNS}, state, next_at, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
            (
                callback.id,
                callback.account_id,
                callback.dialect,
                callback.topic,
                callback.hook.url,
                callback.hook.method,
                json_text(callback.facts),
                callback.tries,
                at,
                CallbackState.WAITING.value,
                at,
            ),
        )

    def waiting(self, account_id: str) -> int:
        """Count an account's callbacks that wait."""
        row = self._db.execute(
            "SELECT count(*) FROM callbacks WHERE account_id = ? AND state = 'waiting'", (account_id,)
        ).fetchone()
        return int(row[0])

    def due(self, at: datetime, without: Collection[str], limit: int) -> list[Callback]:
        """Return the oldest due callback of each account that is not among ``without``, oldest first."""
        others = list(without)
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM callbacks WHERE seq IN (SELECT min(seq) FROM callbacks WHERE state = 'waiting' "
            f"AND next_at <= ? AND account_id NOT IN ({marks(others)}) GROUP BY account_id) ORDER BY seq LIMIT ?",
            (time_text(at), *others, limit),
        ).fetchall()
        return [_callback(row) for row in rows]

    def delay(self, callback_id: str, tries: int, until: datetime, outcome: str) -> None:
        """Try a callback again later."""
        self._db.execute(
            "UPDATE callbacks SET tries = ?, next_at = ?, outcome = ? WHERE id = ?",
            (tries, time_text(until), outcome, callback_id),
        )

    def settle(self, callback_id: str, *, told: bool, at: datetime, outcome: str) -> None:
        """Say how a callback ended."""
        state = CallbackState.TOLD if told else CallbackState.FAILED
        self._db.execute(
            "UPDATE callbacks SET state = ?, settled_at = ?, outcome = ?, tries = tries + 1 WHERE id = ?",
            (state.value, time_text(at), outcome, callback_id),
        )

    def forget(self, before: datetime) -> None:
        """Drop callbacks that were settled before a time."""
        self._db.execute("DELETE FROM callbacks WHERE settled_at < ?", (time_text(before),))
