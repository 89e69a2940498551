"""Text messages in a file of the edge's own, ``texts.db``: accepted ones with their text until they are delivered.

Unlike the edge's other files this one syncs every commit, for a message that was accepted must outlive a power failure.
All edge processes write it, each on a thread of its own: what comes meanwhile is written together in the next commit.
The text is encrypted with the installation's key, and goes when the message is delivered or has failed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.model import EVERYTHING, Scope
from trunkline.core.texts import (
    KEPT_DAYS,
    MAX_RECORDS,
    MAX_WAITING,
    MAX_WAITING_OF_ACCOUNT,
    SAME_S,
    WAITING_FULL,
    DueText,
    Kept,
    NewText,
    TextRecord,
    TextState,
)
from trunkline.store.edge_files import open_edge_file, read_edge_file
from trunkline.store.rows import marks, time_text, time_value
from trunkline.store.secrets import Vault

log = logging.getLogger(__name__)

FILE = "texts.db"
BUSY_MS = 2_000
"""Longest that a commit waits for another process's."""
MAX_UNWRITTEN = 2_000
"""Messages and refusals that wait for their commit in one process; further messages are refused with 503."""
BATCH = 200
MAX_LINE = 500
"""Characters kept of one line of a trace, and of a caller."""

_COLUMNS = (
    "seq, id, account_id, number_id, number, caller, source, carrier_id, state, verdict, sip_status, size, units, "
    "tries, accepted_at, ended_at, due_at, trace"
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS texts (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, number_id TEXT NOT NULL,
  number TEXT NOT NULL, caller TEXT NOT NULL, source TEXT NOT NULL, carrier_id TEXT, state TEXT NOT NULL,
  verdict TEXT NOT NULL, sip_status INTEGER NOT NULL, size INTEGER NOT NULL, units INTEGER NOT NULL,
  tries INTEGER NOT NULL, accepted_at TEXT NOT NULL, ended_at TEXT, due_at TEXT, trace TEXT NOT NULL,
  identity BLOB, sealed BLOB);
CREATE INDEX IF NOT EXISTS texts_account ON texts (account_id, seq);
CREATE INDEX IF NOT EXISTS texts_due ON texts (account_id, due_at) WHERE state = 'accepted';
CREATE INDEX IF NOT EXISTS texts_identity ON texts (identity) WHERE identity IS NOT NULL;
"""
_DUE = (
    f"SELECT {_COLUMNS}, sealed FROM (SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY due_at, seq) AS n "
    "FROM texts WHERE state = 'accepted' AND due_at <= ?) WHERE n <= ? ORDER BY n, due_at LIMIT ?"
)

R = TypeVar("R")
_Entry = tuple[NewText | TextRecord, "asyncio.Future[Kept] | None"]


class TextBox:
    """Keeps messages for one edge process. All methods are for the loop's thread; the file is used on another one."""

    def __init__(self, data: Path, vault: Vault) -> None:
        self._vault = vault
        self._unwritten: deque[_Entry] = deque()
        self._writing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="texts")
        self._db: sqlite3.Connection = self._thread.submit(_opened, data / FILE).result()

    async def keep(self, new: NewText) -> Kept:
        """Keep a message; when this returns `Kept.KEPT`, it is on the disk. Raises `StoreUnavailableError`."""
        if len(self._unwritten) >= MAX_UNWRITTEN:
            return Kept.FULL
        done: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        self._unwritten.append((new, done))
        self._write_soon()
        return await done

    def note(self, record: TextRecord) -> None:
        """Write down a message that was refused; dropped where too much waits."""
        if len(self._unwritten) < MAX_UNWRITTEN:
            self._unwritten.append((record, None))
            self._write_soon()

    async def due(self, now: datetime, of_account: int, limit: int) -> list[DueText]:
        """Return up to ``limit`` messages that are due, at most ``of_account`` of each account, each in its order."""
        values = (time_text(now), of_account, limit)
        rows = await self._run(lambda: self._db.execute(_DUE, values).fetchall())
        return [text for row in rows if (text := await self._opened_text(row)) is not None]

    async def _opened_text(self, row: Sequence[Any]) -> DueText | None:
        record = _record(row[:-1])
        try:
            return DueText(record, self._vault.open(row[-1], record.id))
        except (InvalidTag, ValueError, TypeError):  # a row that was damaged must not come up for ever
            await self.settle(record, TextState.FAILED, ("delivery", "the kept text is damaged"))
            return None

    async def delay(self, record: TextRecord, until: datetime, *steps: tuple[str, str]) -> None:
        """Write down that a delivery failed and is tried again."""
        values = (record.tries + 1, time_text(until), _steps(record.trace + steps), record.id)
        await self._write("UPDATE texts SET tries = ?, due_at = ?, trace = ? WHERE id = ?", values)

    async def settle(self, record: TextRecord, state: TextState, *steps: tuple[str, str]) -> None:
        """Write down what became of a message, and let go of its text."""
        now = time_text(datetime.now(UTC))
        values = (state.value, record.tries + 1, now, _steps(record.trace + steps), record.id)
        await self._write(
            "UPDATE texts SET state = ?, tries = ?, ended_at = ?, due_at = NULL, trace = ?, sealed = NULL WHERE id = ?",
            values,
        )

    async def forget(self) -> None:
        """Drop what is older than `KEPT_DAYS`, and by what older messages were known."""
        now = datetime.now(UTC)
        old, known = time_text(now - timedelta(days=KEPT_DAYS)), time_text(now - timedelta(seconds=SAME_S))
        await self._write("DELETE FROM texts WHERE state <> 'accepted' AND accepted_at < ?", (old,))
        await self._write("UPDATE texts SET identity = NULL WHERE identity IS NOT NULL AND accepted_at < ?", (known,))

    async def _write(self, sql: str, values: Sequence[object]) -> None:
        await self._run(lambda: self._db.execute(sql, values))

    async def _run(self, work: Callable[[], R]) -> R:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"{FILE} cannot be used now: {error}") from error

    def _write_soon(self) -> None:
        if not self._writing:
            self._writing = True
            asyncio.get_running_loop().run_in_executor(self._thread, self._commit, self._batch()).add_done_callback(
                self._written
            )

    def _batch(self) -> list[_Entry]:
        return [self._unwritten.popleft() for _ in range(min(BATCH, len(self._unwritten)))]

    def _commit(self, batch: list[_Entry]) -> list[tuple[_Entry, Kept | Exception]]:
        """Write a batch in one transaction, on the thread; return what came of each."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            found: list[tuple[_Entry, Kept | Exception]] = [(entry, self._put(entry[0])) for entry in batch]
            self._db.execute(
                "DELETE FROM texts WHERE state <> 'accepted' AND seq <= (SELECT max(seq) FROM texts) - ?",
                (MAX_RECORDS,),
            )
            self._db.execute("COMMIT")
        except Exception as error:  # whatever it was: nobody may hear that his message was kept
            log.exception("%d text messages could not be kept", len(batch))
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            return [(entry, error) for entry in batch]
        return found

    def _written(self, done: asyncio.Future[list[tuple[_Entry, Kept | Exception]]]) -> None:
        self._writing = False
        for (_, waiting), came in done.result():
            if waiting is None or waiting.done():
                continue
            if isinstance(came, Exception):
                waiting.set_exception(StoreUnavailableError("the message cannot be kept now"))
            else:
                waiting.set_result(came)
        if self._unwritten:
            self._write_soon()

    def _put(self, entry: NewText | TextRecord) -> Kept:
        if isinstance(entry, TextRecord):
            self._insert(entry, None, None)
            return Kept.KEPT
        record = entry.record
        identity = sha256(entry.key.encode("utf-8", "surrogateescape")).digest()
        since = time_text(record.accepted_at - timedelta(seconds=SAME_S))
        sql = "SELECT 1 FROM texts WHERE identity = ? AND accepted_at > ? LIMIT 1"
        if self._db.execute(sql, (identity, since)).fetchone() is not None:
            return Kept.REPEATED
        counted = "SELECT count(*), coalesce(sum(account_id = ?), 0) FROM texts WHERE state = 'accepted'"
        waiting, own = self._db.execute(counted, (record.account_id,)).fetchone()
        if waiting >= MAX_WAITING or own >= MAX_WAITING_OF_ACCOUNT:
            full = record._replace(state=TextState.REFUSED, verdict=WAITING_FULL, sip_status=503)
            self._insert(full._replace(ended_at=record.accepted_at, next_at=None), None, None)
            return Kept.FULL
        self._insert(record, identity, self._vault.seal(entry.text, record.id))
        return Kept.KEPT

    def _insert(self, record: TextRecord, identity: bytes | None, sealed: bytes | None) -> None:
        values = (None, *_values(record)[1:], identity, sealed)
        self._db.execute(f"INSERT INTO texts VALUES ({marks(values)})", values)

    def close(self) -> None:
        """Write what waits and close the file."""
        while self._unwritten:
            self._thread.submit(self._commit, self._batch()).result()
        self._thread.submit(self._db.close).result()
        self._thread.shutdown()


class TextReader:
    """Reads the records for the API and the command line; where the file is not there, nothing has come yet."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE

    def page(
        self,
        scope: Scope,
        family: Sequence[str],
        *,
        limit: int,
        before: int | None = None,
        number: str | None = None,
        state: TextState | None = None,
    ) -> list[TextRecord]:
        """Return records, newest first: at most ``limit`` below ``before`` that match every filter.

        ``family`` are the account ids that ``scope`` covers, since this file does not know the tree. Raises
        `StoreUnavailableError`.
        """
        where, values = ["1 = 1"], list[object]()
        if scope != EVERYTHING:
            where, values = [f"account_id IN ({marks(family)})"], list(family)
        wanted: dict[str, object] = {"seq < ?": before, "number = ?": number, "state = ?": state and state.value}
        given = {condition: value for condition, value in wanted.items() if value is not None}
        terms = " AND ".join([*where, *given])
        if not self._path.exists():
            return []
        sql = f"SELECT {_COLUMNS} FROM texts WHERE {terms} ORDER BY seq DESC LIMIT ?"
        try:
            with closing(read_edge_file(self._path)) as connection:
                rows = connection.execute(sql, [*values, *given.values(), limit]).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailableError(
                "the message records cannot be read now", advice="Try again in a second."
            ) from error
        return [_record(row) for row in rows]


def _opened(path: Path) -> sqlite3.Connection:
    connection = open_edge_file(path, _SCHEMA)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return connection


def _clean(text: str) -> str:
    return text[:MAX_LINE].encode("utf-8", "replace").decode()


def _steps(trace: Sequence[tuple[str, str]]) -> str:
    return json.dumps([(part, _clean(text)) for part, text in trace], ensure_ascii=False)


def _values(record: TextRecord) -> tuple[object, ...]:
    ended, due = record.ended_at, record.next_at
    return (
        *record[:5],
        _clean(record.caller),
        *record[6:8],
        record.state.value,
        *record[9:14],
        time_text(record.accepted_at),
        time_text(ended) if ended else None,
        time_text(due) if due else None,
        _steps(record.trace),
    )


def _record(row: Sequence[Any]) -> TextRecord:
    times = [time_value(text) if text else None for text in row[14:17]]
    trace = tuple((part, text) for part, text in json.loads(row[17]))
    return TextRecord._make((*row[:8], TextState(row[8]), *row[9:14], *times, trace))
