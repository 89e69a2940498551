"""The database file: opening it, its settings, its migrations, its key.

SQLite in WAL mode with ``synchronous=FULL``: a COMMIT that returned survives ``kill -9`` and power loss, and every
other process sees it in its next transaction. One writer at a time; readers never wait for it.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from trunkline.store.secrets import BadKeyError, Vault, key_path, make_key, read_key

FILE = "trunkline.db"
SCHEMA = "0001"
"""The newest migration; a database at another one is brought here when it is opened for writing."""

BUSY_MS = 10_000
MMAP_BYTES = 1 << 30


class DatabaseError(Exception):
    """The database cannot be used; the message says why and what to do."""


def open_writer(data: Path) -> sqlite3.Connection:
    """Return a connection that may write, to a database that exists."""
    connection = sqlite3.connect(data / FILE, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA mmap_size={MMAP_BYTES}")
    return connection


def open_reader(data: Path) -> sqlite3.Connection:
    """Return a read-only connection; `DatabaseError` where there is no database."""
    path = (data / FILE).resolve()
    if not path.exists():
        raise DatabaseError(f"no database in {data}: `trunkline serve --data {data}` or `accounts create` makes one")
    uri = f"file:{quoted(str(path))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute(f"PRAGMA mmap_size={MMAP_BYTES}")
    connection.execute("PRAGMA query_only=ON")
    return connection


def quoted(path: str) -> str:
    """Return a path as SQLite's URIs want it."""
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def prepare(data: Path, environ: dict[str, str] | None = None) -> Vault:
    """Make or migrate the database of a data folder and return its vault.

    A new database gets a new key, unless the environment gives one. Raises `DatabaseError` or `BadKeyError` without
    having changed anything when the key is missing or does not fit.
    """
    env = dict(os.environ) if environ is None else environ
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(data):
        connection = open_writer(data)
        try:
            new = not _made(connection)
            key = read_key(data, env) or (make_key(data, env) if new else None)
            if key is None:
                raise BadKeyError(
                    f"the key of this database is missing: put it back at {key_path(data, env)} "
                    "or set TRUNKLINE_KEY or TRUNKLINE_KEY_FILE"
                )
            vault = Vault(key)
            if _version(connection) != SCHEMA:
                _migrate(data)
            _check_key(connection, vault)
            return vault
        finally:
            connection.close()


class _only_one:  # noqa: N801 -- reads as a statement: with _only_one(folder)
    """Holds a lock on the data folder, so that two starts at once make one database."""

    def __init__(self, data: Path) -> None:
        self._path = data / "setup.lock"

    def __enter__(self) -> None:
        import fcntl

        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def open_vault(data: Path, environ: dict[str, str] | None = None) -> Vault:
    """Return the vault of a database that exists and is up to date; reads only."""
    key = read_key(data, dict(os.environ) if environ is None else environ)
    if key is None:
        raise BadKeyError(f"the key of the database in {data} is missing")
    vault = Vault(key)
    connection = open_reader(data)
    try:
        _check_key(connection, vault)
    finally:
        connection.close()
    return vault


def _made(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is not None


def _version(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    return str(row[0]) if row else None


def _migrate(data: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import URL, Connection, create_engine, event

    config = Config()
    config.set_main_option("script_location", "trunkline:store/migrations")
    config.set_main_option("path_separator", "os")
    engine = create_engine(URL.create("sqlite", database=str((data / FILE).resolve())))

    # One transaction around all steps: a crash in the middle leaves the database as it was.
    @event.listens_for(engine, "connect")
    def _by_hand(raw: sqlite3.Connection, _record: object) -> None:
        raw.isolation_level = None
        raw.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, SCHEMA)
        connection.commit()
    engine.dispose()


def _check_key(connection: sqlite3.Connection, vault: Vault) -> None:
    row = connection.execute("SELECT value FROM meta WHERE key = 'key_check'").fetchone()
    if row is None and connection.execute("SELECT 1 FROM credentials LIMIT 1").fetchone() is None:
        connection.execute("INSERT INTO meta VALUES ('key_check', ?)", (vault.check_value(),))
    elif row is None or not vault.fits(row[0]):
        raise BadKeyError(
            "this key is not the database's: set TRUNKLINE_KEY or TRUNKLINE_KEY_FILE to the key that it was made with"
        )
