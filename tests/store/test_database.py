"""The database file: schema equals migrations, its key, its settings, what a half-made one comes to."""

from __future__ import annotations

import base64
import os
import re
import sqlite3
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import create_engine

from tests.store.opening import open_room
from trunkline.core.model import CredentialKind
from trunkline.store import database, schema
from trunkline.store.secrets import BadKeyError, Vault


def _declared(connection: sqlite3.Connection) -> dict[str, str]:
    """Return each table's and index's SQL with what does not matter taken out: blanks, and the order of clauses."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    return {name: " ".join(sorted(re.split(r",\s*|\s*\n\s*", re.sub(r"[\t ]+", " ", sql)))) for name, sql in rows}


def test_sum_of_migrations_is_the_declared_schema(tmp_path: Path) -> None:
    database.prepare(tmp_path / "data", {})
    engine = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    schema.metadata.create_all(engine)
    engine.dispose()
    migrated = _declared(sqlite3.connect(tmp_path / "data" / database.FILE))
    assert migrated == _declared(sqlite3.connect(tmp_path / "declared.db"))
    assert len(migrated) > 30


def test_writer_connection_is_durable(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    assert room.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert room.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert room.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_reader_connection_cannot_write(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.open_reader(room.data).execute("INSERT INTO serials VALUES ('1')")


def test_key_is_made_beside_the_folder_and_only_for_its_owner(tmp_path: Path) -> None:
    database.prepare(tmp_path / "data", {})
    key = tmp_path / "data.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(base64.b64decode(key.read_text())) == 32


def test_missing_or_wrong_key_refuses_and_is_never_replaced(tmp_path: Path) -> None:
    database.prepare(tmp_path / "data", {})
    key = tmp_path / "data.key"
    right = key.read_text()
    key.unlink()
    with pytest.raises(BadKeyError, match="missing"):
        database.prepare(tmp_path / "data", {})
    assert not key.exists()
    with pytest.raises(BadKeyError, match="not the database's"):
        database.prepare(tmp_path / "data", {"TRUNKLINE_KEY": base64.b64encode(os.urandom(32)).decode()})
    with pytest.raises(BadKeyError, match="32 bytes"):
        database.prepare(tmp_path / "data", {"TRUNKLINE_KEY": "short"})
    database.prepare(tmp_path / "data", {"TRUNKLINE_KEY": right})
    (tmp_path / "elsewhere").write_text(right)
    database.prepare(tmp_path / "data", {"TRUNKLINE_KEY_FILE": str(tmp_path / "elsewhere")})


def test_given_key_makes_no_file(tmp_path: Path) -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    database.prepare(tmp_path / "data", {"TRUNKLINE_KEY": key})
    assert not (tmp_path / "data.key").exists()
    database.prepare(tmp_path / "data", {"TRUNKLINE_KEY": key})


def test_database_that_was_never_finished_is_finished(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    sqlite3.connect(data / database.FILE).execute("PRAGMA journal_mode=WAL")
    database.prepare(data, {})
    assert sqlite3.connect(data / database.FILE).execute("SELECT count(*) FROM numbers").fetchone() == (0,)


def test_secrets_are_nowhere_in_the_files(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    made = room.account()
    room.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(path.read_bytes() for path in room.data.iterdir() if path.is_file())
    for secret in (made.plivo_token, made.twilio_token, made.api_key):
        assert secret.encode() not in stored
    live = room.store.credentials.live(made.account.id, CredentialKind.PLIVO_TOKEN)
    assert [room.store.credentials.reveal(c.id) for c in live] == [made.plivo_token]


def test_sealed_secret_opens_only_in_its_own_row() -> None:
    vault = Vault(os.urandom(32))
    sealed = vault.seal("secret", "row-1")
    assert vault.open(sealed, "row-1") == "secret"
    with pytest.raises(InvalidTag):
        vault.open(sealed, "row-2")
    assert Vault(os.urandom(32)).lookup("secret") != vault.lookup("secret")


def test_reader_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(database.DatabaseError, match="trunkline serve"):
        database.open_reader(tmp_path)
