"""Files of the edge's own, beside the inventory, which it only reads: SQLite in WAL mode without any sync.

A write costs tens of microseconds and no disk is waited for. A killed process loses nothing; after a power failure a
damaged file is put aside, since all that these files hold is found out anew.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path

from trunkline.store.database import quoted

log = logging.getLogger(__name__)

OPEN_S = 10.0
"""Longest that a starting process waits for another one that makes the file."""
BUSY_MS = 200
"""Longest that a write waits for another process's."""


def open_edge_file(path: Path, schema: str) -> sqlite3.Connection:
    """Open a file for writing, made by ``schema`` where it is new; a damaged one is put aside."""
    try:
        return _opened(path, schema)
    except sqlite3.OperationalError:  # locked, or no room: nothing is wrong with the file
        raise
    except sqlite3.DatabaseError as error:
        aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        path.rename(aside)
        log.warning("%s is damaged (%s); put aside as %s", path.name, error, aside.name)
        return _opened(path, schema)


def _opened(path: Path, schema: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=OPEN_S)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("quick_check found faults")
        connection.executescript(schema)
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def read_edge_file(path: Path) -> sqlite3.Connection:
    """Open a file that exists for reading."""
    return sqlite3.connect(f"file:{quoted(str(path.resolve()))}?mode=ro", uri=True)
