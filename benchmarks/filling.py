"""Filling an inventory or a stock with many numbers at once: the indexes and the counts made at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from trunkline.store import counting

UNSORTED = 0
"""The kind of a number until the end of the block."""


@contextmanager
def in_bulk(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one transaction at whose end numbers get their kinds, counts and indexes.

    For a database without any numbers yet; those of the inventory are written with `UNSORTED` as their kind.
    """
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")
    connection.execute("BEGIN")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "
        "AND tbl_name IN ('numbers', 'number_carriers', 'stock')"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for statement in (*counting.FROM_ROWS, *(sql for _, sql in indexes)):
        connection.execute(statement)
    connection.execute("COMMIT")
