"""How our registrations stand, in a file of the edge's own, ``registrations.db``: the inventory is read-only to it.

One worker writes it, the one that holds the lock beside it. The others read which addresses a carrier's registrar has,
the API and the command line how each registration stands. The kernel lets go of the lock when its process dies.
"""

from __future__ import annotations

import fcntl
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TextIO

from trunkline.core.bindings import Flow
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.registered import MAX_CARRIER_EVENTS, MAX_EVENTS, Owner, RegistrationEvent, Standing
from trunkline.store.database import quoted
from trunkline.store.edge_files import open_edge_file
from trunkline.store.rows import marks

FILE = "registrations.db"
LOCK = "registrations.lock"
TRIM_EVERY = 1_000
"""Events between looks at how many are kept."""

_STANDING = (
    "carrier_id, account_id, phase, status, said, until, since, next_at, failures, refusals, wanted, updated_at, "
    "transport, host, port, door, worker"
)
_EVENT = "seq, at, carrier_id, account_id, what, text"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS standings (
  carrier_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, phase TEXT NOT NULL, status INTEGER NOT NULL,
  said TEXT NOT NULL, until REAL NOT NULL, since REAL NOT NULL, next_at REAL NOT NULL, failures INTEGER NOT NULL,
  refusals INTEGER NOT NULL, wanted TEXT NOT NULL, updated_at REAL NOT NULL, transport TEXT NOT NULL,
  host TEXT NOT NULL, port INTEGER NOT NULL, door TEXT NOT NULL, worker TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS addresses (
  address TEXT NOT NULL, carrier_id TEXT NOT NULL, account_id TEXT NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (address, carrier_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS addresses_of ON addresses (carrier_id);
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, carrier_id TEXT NOT NULL, account_id TEXT NOT NULL,
  what TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_of ON events (carrier_id, seq);
"""

_AT = (
    "SELECT a.carrier_id, a.account_id, a.name FROM addresses a JOIN standings s ON s.carrier_id = a.carrier_id "
    "WHERE a.address = ? AND s.until > ?{narrowed} LIMIT ?"
)

_TRIM = (
    "DELETE FROM events WHERE carrier_id = ?1 AND seq <= "
    "(SELECT seq FROM events WHERE carrier_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)"
)

log = logging.getLogger(__name__)


class SqlRegistered:
    """`core.registered.Registered` for one edge process, called ``worker``."""

    def __init__(self, data: Path, worker: str = "0") -> None:
        self._db = open_edge_file(data / FILE, _SCHEMA)
        self._data = data
        self._worker = worker
        self._lock: TextIO | None = None
        self._told = 0

    def lead(self) -> bool:
        """Tell whether this process is the one that registers; it stays so until it ends."""
        if self._lock is None:
            lock = (self._data / LOCK).open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                return False
            self._lock = lock
        return True

    def standing(self, carrier_id: str) -> Standing | None:
        """Return how a carrier's registration stands."""
        with _readable():
            row = self._db.execute(f"SELECT {_STANDING} FROM standings WHERE carrier_id = ?", (carrier_id,)).fetchone()
        return None if row is None else _standing(row, self._worker)

    def put(self, standing: Standing) -> None:
        """Write how a registration stands; what cannot be written now is with the next change."""
        flow = standing.flow or Flow("", "", 0, "")
        names = _STANDING.split(", ")
        with _writable():
            self._db.execute(
                f"INSERT INTO standings ({_STANDING}) VALUES ({marks(names)}) ON CONFLICT (carrier_id) "
                f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in names[1:])}",
                (*standing[:-1], *flow[:-1], self._worker),
            )

    def put_addresses(self, owner: Owner, addresses: Sequence[str]) -> None:
        """Make these the addresses of a carrier's registrar."""
        with _writable():
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM addresses WHERE carrier_id = ?", (owner.carrier_id,))
            rows = [(address, owner.carrier_id, owner.account_id, owner.name) for address in dict.fromkeys(addresses)]
            self._db.executemany("INSERT INTO addresses VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        self._roll_back()

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            with _writable():
                self._db.execute("ROLLBACK")

    def tell(self, standing: Standing, what: str, text: str, at: float) -> None:
        """Add an event; beyond `MAX_CARRIER_EVENTS` the carrier's oldest go, beyond `MAX_EVENTS` the oldest of all."""
        with _writable():
            self._db.execute(
                "INSERT INTO events (at, carrier_id, account_id, what, text) VALUES (?, ?, ?, ?, ?)",
                (at, standing.carrier_id, standing.account_id, what, text),
            )
            self._db.execute(_TRIM, (standing.carrier_id, MAX_CARRIER_EVENTS))
            self._told += 1
            if self._told % TRIM_EVERY == 1:
                self._db.execute("DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?", (MAX_EVENTS,))

    def forget(self, keep: Sequence[str]) -> None:
        """Remove the standing and the addresses of all carriers but these."""
        kept = set(keep)
        with _writable():
            for table in ("standings", "addresses"):
                known = {row[0] for row in self._db.execute(f"SELECT DISTINCT carrier_id FROM {table}")}
                gone = [(carrier_id,) for carrier_id in known - kept]
                self._db.executemany(f"DELETE FROM {table} WHERE carrier_id = ?", gone)

    def is_at(self, carrier_id: str, address: str) -> bool:
        """Tell whether an address is one of the carrier's registrar, or that of the registration's own flow."""
        with _readable():
            row = self._db.execute(
                "SELECT 1 FROM addresses WHERE carrier_id = ?1 AND address = ?2 "
                "UNION ALL SELECT 1 FROM standings WHERE carrier_id = ?1 AND host = ?2 LIMIT 1",
                (carrier_id, address),
            ).fetchone()
        return row is not None

    def at(self, address: str, most: int, now: float) -> list[Owner]:
        """Return up to ``most`` carriers that are registered ``now`` with a registrar that has this address.

        Where any of them are bound at this very address, those alone: a name may lead anywhere, a binding was taken.
        """
        with _readable():
            for narrowed in (" AND s.host = a.address", ""):
                rows = self._db.execute(_AT.format(narrowed=narrowed), (address, now, most)).fetchall()
                if rows:
                    break
        return [Owner(*row) for row in rows]

    def any_address(self) -> bool:
        """Tell whether there is a registrar at all."""
        with _readable():
            return self._db.execute("SELECT 1 FROM addresses LIMIT 1").fetchone() is not None

    def close(self) -> None:
        """Close the file and let another process lead."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


class RegisteredReader:
    """Reads the file for the API and the command line; where it is not there, nothing was registered yet."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE

    def standings(self, carrier_ids: Iterable[str]) -> dict[str, Standing]:
        """Return how these carriers' registrations stand, those that are known. Raises `StoreUnavailableError`."""
        wanted = list(carrier_ids)
        if not wanted:
            return {}
        rows = self._rows(f"SELECT {_STANDING} FROM standings WHERE carrier_id IN ({marks(wanted)})", wanted)
        return {row[0]: _standing(row, "") for row in rows}

    def events(self, carrier_id: str | None, limit: int, before: int | None = None) -> list[RegistrationEvent]:
        """Return events, newest first, of one carrier or (None) of all. Raises `StoreUnavailableError`."""
        terms = ["seq < ?"] if before is not None else []
        values: list[object] = [before] if before is not None else []
        if carrier_id is not None:
            terms, values = [*terms, "carrier_id = ?"], [*values, carrier_id]
        where = f"WHERE {' AND '.join(terms)}" if terms else ""
        rows = self._rows(f"SELECT {_EVENT} FROM events {where} ORDER BY seq DESC LIMIT ?", [*values, limit])
        return [RegistrationEvent._make(row) for row in rows]

    def _rows(self, sql: str, values: Sequence[object]) -> list[Any]:
        if not self._path.exists():
            return []
        address = f"file:{quoted(str(self._path.resolve()))}?mode=ro"
        with _readable(), closing(sqlite3.connect(address, uri=True)) as connection:
            return connection.execute(sql, values).fetchall()


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailableError("the registrations cannot be read now", advice="Try again in a second.") from error


@contextmanager
def _writable() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        log.warning("%s could not be written: %s", FILE, error)


def _standing(row: Sequence[Any], worker: str) -> Standing:
    flow = Flow._make(row[12:])
    if flow.transport == "UDP" or flow.worker == worker:
        flow = flow._replace(worker="")
    return Standing._make((*row[:12], flow if flow.host else None))
