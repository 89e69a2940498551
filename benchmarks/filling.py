"""Filling an inventory with many numbers at once: without a trigger for each, the counts made at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from trunkline.store import counting


@contextmanager
def in_bulk(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one transaction that counts numbers only at its end. For a database without any yet."""
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    for trigger in counting.TRIGGERS:
        connection.execute(f"DROP TRIGGER {trigger.split()[2]}")
    yield
    for statement in (*counting.FROM_ROWS, *counting.TRIGGERS):
        connection.execute(statement)
    connection.execute("COMMIT")
