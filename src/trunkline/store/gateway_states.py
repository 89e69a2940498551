"""What the edge knows of gateways, in a file of its own, ``gateways.db``: the addresses of names, and who answers.

One edge process writes it (of several workers the first); the others read it every second, the API and the command line
when asked. So a restart while the DNS is down begins with the last good answers, and all workers admit the same
addresses. A row that is not wanted any more is emptied first, so that every reader sees it go, and removed later.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.gateways import (
    LAST_GOOD_S,
    MAX_CHANGES,
    AddressChange,
    Condition,
    GatewayStatus,
    Health,
    HostName,
    Resolution,
    name_of,
)
from trunkline.core.model import Gateway, Transport
from trunkline.store.edge_files import open_edge_file, read_edge_file
from trunkline.store.rows import marks

FILE = "gateways.db"
EMPTIED_S = 3600.0
"""How long an emptied row stays, which is much longer than any reader takes to see it."""

_NAME = "host, port, transport, addresses, good_at, checked_at, problem, refused"
_HEALTH = "gateway_id, condition, since, asked_at, misses, said, way"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS names (
  key TEXT PRIMARY KEY, seq INTEGER NOT NULL, host TEXT NOT NULL, port INTEGER, transport TEXT,
  addresses TEXT NOT NULL, good_at REAL NOT NULL, checked_at REAL NOT NULL, problem TEXT NOT NULL,
  refused TEXT NOT NULL, answers TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS names_seq ON names (seq);
CREATE TABLE IF NOT EXISTS changes (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL, at REAL NOT NULL, addresses TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS changes_key ON changes (key, seq);
CREATE TABLE IF NOT EXISTS health (
  gateway_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, condition TEXT NOT NULL, since REAL NOT NULL,
  asked_at REAL NOT NULL, misses INTEGER NOT NULL, said TEXT NOT NULL, way TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS health_seq ON health (seq);
"""


class KeptAnswer(NamedTuple):
    """An answer of the DNS: to which question, when it came (seconds since 1970), how long it was fresh, its records.

    A record is an address as text, or the values of another kind in their order.
    """

    name: str
    kind: int
    at: float
    ttl: float
    records: Sequence[Any]


class KnownNames:
    """Which names an address belongs to: `core.gateways.NamedSources`, in memory."""

    def __init__(self, resolutions: Iterable[Resolution] = ()) -> None:
        self.version = 0
        self._resolutions: dict[HostName, Resolution] = {}
        self._at: dict[str, tuple[HostName, ...]] = {}
        for resolution in resolutions:
            self.know(resolution)

    def names_at(self, address: str) -> tuple[HostName, ...]:
        """Return the names that an address is admitted by."""
        return self._at.get(address, ())

    def resolution(self, name: HostName) -> Resolution | None:
        """Return what a name leads to."""
        return self._resolutions.get(name)

    def know(self, resolution: Resolution) -> None:
        """Take what a name leads to now."""
        name = resolution.name
        before = self._resolutions.get(name)
        self._resolutions[name] = resolution
        old, new = set(before.addresses if before else ()), set(resolution.addresses)
        for address in old - new:
            self._put(address, tuple(n for n in self._at[address] if n != name))
        for address in new - old:
            self._put(address, (*self._at.get(address, ()), name))
        self.version += old != new

    def _put(self, address: str, names: tuple[HostName, ...]) -> None:
        if names:
            self._at[address] = names
        else:
            del self._at[address]

    def known(self) -> set[HostName]:
        """Return the names of which anything is known."""
        return set(self._resolutions)

    def forget(self, name: HostName) -> None:
        """Let a name go."""
        self.know(Resolution(name))
        del self._resolutions[name]


class SqlGatewayStates:
    """The file as one edge process has it, with all of it in memory. Only one process at a time may write."""

    def __init__(self, data: Path, now: Callable[[], float] = time.time) -> None:
        self._db = open_edge_file(data / FILE, _SCHEMA)
        self._now = now
        self.names = KnownNames()
        self._health: dict[str, Health] = {}
        self._seen = -1

    def read(self) -> list[KeptAnswer]:
        """Take in what was written since the last time; return the answers of the DNS among it.

        Raises `StoreUnavailableError`.
        """
        try:
            return self._read()
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"{FILE} cannot be read now") from error

    def _read(self) -> list[KeptAnswer]:
        answers: list[KeptAnswer] = []
        seen = self._seen
        for row in self._db.execute(f"SELECT seq, answers, {_NAME} FROM names WHERE seq > ?", (seen,)).fetchall():
            self._seen = max(self._seen, row[0])
            resolution = _resolution(row[2:])
            if resolution.good_at < self._now() - LAST_GOOD_S:
                resolution = resolution._replace(addresses=())
            self.names.know(resolution)
            answers += [KeptAnswer(*answer) for answer in json.loads(row[1])]
        for row in self._db.execute(f"SELECT seq, {_HEALTH} FROM health WHERE seq > ?", (seen,)).fetchall():
            self._seen = max(self._seen, row[0])
            self._health[row[1]] = _health(row[1:])
        return answers

    def health(self, gateway_id: str) -> Health | None:
        """Return what came of asking a gateway."""
        return self._health.get(gateway_id)

    def is_down(self, gateway_id: str) -> bool:
        """Tell whether a gateway does not answer."""
        health = self._health.get(gateway_id)
        return health is not None and health.condition is Condition.DOWN

    def put_name(self, resolution: Resolution, answers: Sequence[KeptAnswer]) -> None:
        """Write what a name leads to, with the answers that said so; a change of its addresses is remembered."""
        name, key = resolution.name, resolution.name.key
        before = self.names.resolution(name)
        self.names.know(resolution)
        values = (
            *(key, self._next(), name.host, name.port, name.transport and name.transport.value),
            *(json.dumps(resolution.addresses), resolution.good_at, resolution.checked_at),
            *(resolution.problem, json.dumps(resolution.refused), json.dumps(answers)),
        )
        with self._written():
            into = f"INSERT OR REPLACE INTO names (key, seq, {_NAME}, answers)"
            self._db.execute(f"{into} VALUES ({marks(values)})", values)
            if resolution.addresses != (before.addresses if before else ()):
                change = (key, resolution.checked_at, json.dumps(resolution.addresses))
                self._db.execute("INSERT INTO changes (key, at, addresses) VALUES (?, ?, ?)", change)
                self._db.execute(
                    "DELETE FROM changes WHERE key = ? AND seq NOT IN "
                    "(SELECT seq FROM changes WHERE key = ? ORDER BY seq DESC LIMIT ?)",
                    (key, key, MAX_CHANGES),
                )

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Write all of it, or nothing. Raises `StoreUnavailableError`; what is in memory counts all the same."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            raise StoreUnavailableError(f"{FILE} cannot be written now") from error

    def put_health(self, health: Health) -> None:
        """Write what came of asking a gateway."""
        self._health[health.gateway_id] = health
        values = (self._next(), *health[:1], health.condition.value, *health[2:])
        with self._written():
            self._db.execute(f"INSERT OR REPLACE INTO health (seq, {_HEALTH}) VALUES ({marks(values)})", values)

    def keep_only(self, names: Iterable[HostName], gateway_ids: Iterable[str]) -> None:
        """Empty all other rows, and remove those that were emptied long ago."""
        for name in self.names.known() - set(names):
            self.put_name(Resolution(name, checked_at=self._now()), ())
            self.names.forget(name)
        for gateway_id in self._health.keys() - set(gateway_ids):
            self.put_health(Health(gateway_id, asked_at=self._now()))
            del self._health[gateway_id]
        before = self._now() - EMPTIED_S
        gone = "SELECT key FROM names WHERE good_at = 0 AND problem = '' AND checked_at < ?"
        with self._written():
            self._db.execute(f"DELETE FROM changes WHERE key IN ({gone})", (before,))
            self._db.execute(f"DELETE FROM names WHERE key IN ({gone})", (before,))
            self._db.execute("DELETE FROM health WHERE since = 0 AND misses = 0 AND asked_at < ?", (before,))

    def _next(self) -> int:
        self._seen += 1
        return self._seen

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class GatewayStateReader:
    """Reads the file for the API and the command line: `core.gateways.GatewayStates`.

    Where the file is not there, nothing is known. What cannot be read raises `StoreUnavailableError`.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / FILE

    def of(self, gateways: Iterable[Gateway]) -> Mapping[str, GatewayStatus]:
        """Return what is known of these gateways, by their ids."""
        named = [(gateway.id, name_of(gateway)) for gateway in gateways]
        keys = list({name.key for _, name in named if name is not None})
        rows = self._select(f"SELECT key, {_NAME} FROM names WHERE key IN ({{}})", keys)
        resolutions = {row[0]: _resolution(row[1:]) for row in rows}
        changes: dict[str, list[AddressChange]] = {}
        for row in self._select("SELECT key, at, addresses FROM changes WHERE key IN ({}) ORDER BY seq DESC", keys):
            changes.setdefault(row[0], []).append(AddressChange(row[1], tuple(json.loads(row[2]))))
        ids = [gateway_id for gateway_id, _ in named]
        asked = self._select(f"SELECT {_HEALTH} FROM health WHERE gateway_id IN ({{}})", ids)
        health = {row[0]: _health(row) for row in asked}
        return {
            gateway_id: GatewayStatus(
                resolutions.get(name.key) if name else None,
                tuple(changes.get(name.key, ())) if name else (),
                health.get(gateway_id),
            )
            for gateway_id, name in named
        }

    def names(self) -> KnownNames:
        """Return what all names lead to."""
        since = time.time() - LAST_GOOD_S
        return KnownNames(
            _resolution(row) for row in self._all(f"SELECT {_NAME} FROM names WHERE good_at > ?", [since])
        )

    def addresses(self) -> Callable[[str], Sequence[str]]:
        """Return a look-up: the addresses that a name's key leads to."""
        rows = self._all("SELECT key, addresses FROM names WHERE addresses <> '[]'", [])
        known = {str(key): tuple(json.loads(addresses)) for key, addresses in rows}
        return lambda key: known.get(key, ())

    def _select(self, sql: str, values: list[str]) -> list[Sequence[Any]]:
        return self._all(sql.format(marks(values)), values) if values else []

    def _all(self, sql: str, values: Sequence[object]) -> list[Sequence[Any]]:
        if not self._path.exists():
            return []
        try:
            with closing(read_edge_file(self._path)) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailableError(
                "what is known of gateways cannot be read now", advice="Try again in a second."
            ) from error


def _resolution(row: Sequence[Any]) -> Resolution:
    host, port, transport, addresses, good_at, checked_at, problem, refused = row
    name = HostName(host, port, Transport(transport) if transport else None)
    return Resolution(name, tuple(json.loads(addresses)), good_at, checked_at, problem, tuple(json.loads(refused)))


def _health(row: Sequence[Any]) -> Health:
    return Health(row[0], Condition(row[1]), *row[2:])
