"""The SIP messages of calls in ``calls.db``: masked, packed, and at most so many bytes of them.

A row has the order number of its call's record, so that the oldest are known, and none outlives its record for long.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence

import msgspec

from trunkline.core.masking import mask
from trunkline.core.records import WireMessage

_LEVEL = 1  # a text as repetitive as a call's messages gets hardly smaller with more work
_ROOM = 500
"""Rows that are looked at together where some are to go; a batch brings no more."""
RECOUNT = 1_000
"""Calls of this process after which the table is added up anew, for what other processes have added meanwhile."""


def packed(messages: Sequence[WireMessage]) -> bytes:
    """Return messages as they are stored: their secrets masked, compressed."""
    masked = [message._replace(data=mask(message.data)) for message in messages]
    return zlib.compress(msgspec.msgpack.encode(masked), _LEVEL)


def unpacked(data: bytes) -> list[WireMessage]:
    """Return messages as they were stored."""
    return msgspec.msgpack.decode(zlib.decompress(data), type=list[WireMessage])


class Shelf:
    """The table of messages, used by the journal's thread within its transactions; it keeps ``limit`` bytes."""

    def __init__(self, connection: sqlite3.Connection, limit: int) -> None:
        self._db = connection
        self._limit = limit
        self._total = self._added = 0
        self.count()

    def count(self) -> None:
        """Add up what is there: at the start, and after a transaction that failed."""
        self._total = int(self._db.execute("SELECT coalesce(sum(length(packed)), 0) FROM messages").fetchone()[0])

    def add(self, calls: Sequence[tuple[str, bytes]]) -> None:
        """Keep the packed messages of calls whose records are written; the oldest make room."""
        for call_id, data in calls:
            done = self._db.execute(
                "INSERT OR IGNORE INTO messages SELECT seq, ? FROM calls WHERE id = ?", (data, call_id)
            )
            self._total += len(data) * max(0, done.rowcount)
        self._added += len(calls)
        if self._added >= RECOUNT:
            self._added = 0
            self.count()
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        while self._total > self._limit:
            oldest = self._sizes("ORDER BY seq LIMIT ?", _ROOM)
            if not oldest:
                return
            for seq, size in oldest:
                self._drop(seq, size)
                if self._total <= self._limit:
                    return

    def drop_orphans(self) -> None:
        """Drop the messages of calls whose records have made room for newer ones."""
        for seq, size in self._sizes("WHERE seq < (SELECT min(seq) FROM calls) LIMIT ?", _ROOM):
            self._drop(seq, size)

    def _sizes(self, which: str, limit: int) -> list[tuple[int, int]]:
        return self._db.execute(f"SELECT seq, length(packed) FROM messages {which}", (limit,)).fetchall()

    def _drop(self, seq: int, size: int) -> None:
        self._db.execute("DELETE FROM messages WHERE seq = ?", (seq,))
        self._total -= size
