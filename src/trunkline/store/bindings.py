"""Bindings of endpoints in a file of the edge's own, ``bindings.db``: what was registered outlives the process.

Every look-up reads the file and every REGISTER writes it at once, so all edge processes of the machine, and the API,
see the same bindings. After a power failure a damaged file is put aside (`edge_files`), and phones register anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from trunkline.core.bindings import MAX_BINDINGS, MAX_OF_ACCOUNT, Binding, BindingsFullError, Flow
from trunkline.core.errors import StoreUnavailableError
from trunkline.store.edge_files import open_edge_file, read_edge_file
from trunkline.store.rows import marks

FILE = "bindings.db"

_COLUMNS = (
    "login_id, account_id, contact, call_id, cseq, q, expires_at, registered_at, "
    "user_agent, transport, host, port, door, worker"
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS bindings (
  login_id TEXT NOT NULL, account_id TEXT NOT NULL, contact TEXT NOT NULL, call_id TEXT NOT NULL,
  cseq INTEGER NOT NULL, q INTEGER NOT NULL, expires_at REAL NOT NULL, registered_at REAL NOT NULL,
  user_agent TEXT NOT NULL, transport TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL, door TEXT NOT NULL,
  worker TEXT NOT NULL, PRIMARY KEY (login_id, contact));
CREATE INDEX IF NOT EXISTS bindings_expiry ON bindings (expires_at);
CREATE INDEX IF NOT EXISTS bindings_flow ON bindings (host, port);
CREATE TABLE IF NOT EXISTS counts (account_id TEXT PRIMARY KEY, n INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS binding_added AFTER INSERT ON bindings BEGIN
  INSERT INTO counts VALUES (NEW.account_id, 1), ('', 1) ON CONFLICT (account_id) DO UPDATE SET n = n + 1; END;
CREATE TRIGGER IF NOT EXISTS binding_gone AFTER DELETE ON bindings BEGIN
  UPDATE counts SET n = n - 1 WHERE account_id IN (OLD.account_id, '');
  DELETE FROM counts WHERE account_id = OLD.account_id AND n <= 0; END;
"""


class SqlBindings:
    """`core.bindings.Bindings` for one edge process, called ``worker``. Each connection is known by who has it."""

    def __init__(self, data: Path, worker: str = "edge") -> None:
        self._db = open_edge_file(data / FILE, _SCHEMA)
        self._worker = worker
        # Connections ended with the process that had them.
        self._db.execute("DELETE FROM bindings WHERE transport <> 'UDP' AND worker = ?", (worker,))

    def find(self, login_id: str, now: float) -> list[Binding]:
        """Return the bindings of a login that have not expired, oldest first."""
        try:
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM bindings WHERE login_id = ? AND expires_at > ? ORDER BY registered_at",
                (login_id, now),
            ).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailableError("the registrations cannot be read now") from error
        return [_binding(row, self._worker) for row in rows]

    def put(self, added: Sequence[Binding], removed: Sequence[Binding]) -> None:
        """Write bindings and remove others, all of it or nothing; see the port."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._put(added, removed)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise StoreUnavailableError("the registrations cannot be written now") from error
        except BindingsFullError:
            self._roll_back()
            raise

    def _put(self, added: Sequence[Binding], removed: Sequence[Binding]) -> None:
        execute = self._db.execute
        for binding in removed:
            execute("DELETE FROM bindings WHERE login_id = ? AND contact = ?", (binding.login_id, binding.contact))
        names = _COLUMNS.split(", ")
        for binding in added:
            execute(
                f"INSERT INTO bindings ({', '.join(names)}) VALUES ({marks(names)}) ON CONFLICT (login_id, contact) "
                f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in names[3:])}",
                (*binding[:-1], *binding.flow[:-1], binding.flow.worker or self._worker),
            )
        for account_id in dict.fromkeys(binding.account_id for binding in added):
            self._check(account_id, MAX_OF_ACCOUNT, "this account")
        if added:
            self._check("", MAX_BINDINGS, "this installation")

    def _check(self, account_id: str, most: int, whose: str) -> None:
        row = self._db.execute("SELECT n FROM counts WHERE account_id = ?", (account_id,)).fetchone()
        if row is not None and row[0] > most:
            raise BindingsFullError(f"{whose} has {most} registered contacts already")

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def lose(self, flow: Flow) -> None:
        """Remove the bindings of a connection that is gone; what cannot be removed expires by itself."""
        with suppress(sqlite3.Error):
            self._db.execute(
                "DELETE FROM bindings WHERE host = ? AND port = ? AND transport = ? AND worker = ?",
                (flow.host, flow.port, flow.transport, self._worker),
            )

    def expire(self, now: float) -> None:
        """Remove what has expired; what cannot be removed is not found anyhow."""
        with suppress(sqlite3.Error):
            self._db.execute("DELETE FROM bindings WHERE expires_at <= ?", (now,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class BindingReader:
    """Reads bindings for the API; where the file is not there, nobody has registered."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE

    def newest(self, login_ids: Iterable[str]) -> dict[str, Binding]:
        """Return for each of these logins that is registered now the Contact that registered last.

        Raises `StoreUnavailableError`.
        """
        wanted = list(login_ids)
        if not wanted or not self._path.exists():
            return {}
        try:
            with closing(read_edge_file(self._path)) as connection:
                rows = connection.execute(
                    f"SELECT {_COLUMNS} FROM bindings WHERE login_id IN ({marks(wanted)}) AND expires_at > ? "
                    "ORDER BY registered_at",
                    [*wanted, time.time()],
                ).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailableError(
                "the registrations cannot be read now", advice="Try again in a second."
            ) from error
        return {row[0]: _binding(row, "") for row in rows}


def _binding(row: Sequence[Any], worker: str) -> Binding:
    flow = Flow._make(row[9:])
    if flow.transport == "UDP" or flow.worker == worker:
        flow = flow._replace(worker="")
    return Binding._make((*row[:9], flow))
