"""The edge's own file, ``calls.db``: call records, messages of some, and unclaimed calls, written on its own thread.

The edge hands records over and goes on; nothing on the SIP path waits for a disk. What has come is written every
`FLUSH_S`, in transactions of at most `BATCH` records; beyond `MAX_WAITING` waiting ones records are dropped and
counted. A crash may lose the last batch of records, never a call. Several edges may write the file: a batch that finds
it busy waits and is tried again. Messages are masked and packed on that thread, too.
"""

from __future__ import annotations

import fcntl
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any

import msgspec

from trunkline.core.errors import InvalidError, StoreUnavailableError
from trunkline.core.model import EVERYTHING, Scope
from trunkline.core.records import CallMessages, CallRecord, UnclaimedCall, WireMessage, why_not_kept
from trunkline.store import messages
from trunkline.store.database import quoted
from trunkline.store.rows import marks, time_text, time_value

log = logging.getLogger(__name__)

FILE = "calls.db"
LOCK = "calls.lock"
FLUSH_S = 0.05
BATCH = 500
MAX_WAITING = 20_000
MAX_WAITING_BYTES = 64 << 20
"""Bytes of messages that wait to be written; more are dropped and counted."""
KEPT_BYTES = 256 << 20
"""Bytes of packed messages that the file keeps, unless told otherwise; the oldest make room."""
BUSY_MS = 1_000
"""How long a batch waits for another process's batch before it is tried again."""
OPEN_S = 10.0
"""How long an edge that starts waits for the file."""
LAST_TRY_S = 2.0
"""How long `CallJournal.close` tries."""
MAX_LINE = 500
"""Characters kept of one line of a trace or a ladder."""

MAX_UNCLAIMED = 10_000
"""Rows of unclaimed calls kept; the least recent ones make room."""

MAX_RECORDS = 1_000_000
"""Call records kept; the oldest ones make room."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL, number TEXT NOT NULL,
  caller TEXT NOT NULL, source TEXT NOT NULL, carrier_id TEXT, verdict TEXT NOT NULL, sip_status INTEGER NOT NULL,
  started_at TEXT NOT NULL, answered_at TEXT, ended_at TEXT NOT NULL, ended_by TEXT NOT NULL, cause TEXT NOT NULL,
  trace TEXT NOT NULL, ladder TEXT NOT NULL, emergency_address_id TEXT);
CREATE INDEX IF NOT EXISTS calls_account ON calls (account_id, seq);
CREATE TABLE IF NOT EXISTS unclaimed (
  source TEXT NOT NULL, number TEXT NOT NULL, verdict TEXT NOT NULL, count INTEGER NOT NULL,
  first_at TEXT NOT NULL, last_at TEXT NOT NULL, trace TEXT NOT NULL, PRIMARY KEY (source, number));
CREATE INDEX IF NOT EXISTS unclaimed_last ON unclaimed (last_at);
CREATE TABLE IF NOT EXISTS messages (seq INTEGER PRIMARY KEY, packed BLOB NOT NULL);
"""
_CALL = (
    "id, account_id, number, caller, source, carrier_id, verdict, sip_status, started_at, answered_at, ended_at, "
    "ended_by, cause, trace, ladder, emergency_address_id"
)


_Entry = CallRecord | UnclaimedCall | CallMessages


class CallJournal:
    """Takes records from the edge and writes them on its thread until `close`; messages after their call's record."""

    def __init__(self, data: Path, kept_bytes: int = KEPT_BYTES) -> None:
        with (data / LOCK).open("w") as lock:  # one after the other, so that only one puts a damaged file aside
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                self._db = _opened(data / FILE)
            except sqlite3.DatabaseError as error:  # records must not cost calls: a damaged file is put aside
                if _is_busy(error):
                    raise
                aside = data / f"{FILE}.damaged-{int(time.time())}"
                (data / FILE).rename(aside)
                log.warning("%s is damaged (%s); put aside as %s", FILE, error, aside.name)
                self._db = _opened(data / FILE)
        self._waiting: deque[_Entry] = deque()
        # Written by one thread each: the edge's, and the journal's.
        self._bytes_taken = self._bytes_done = 0
        self._shelf = messages.Shelf(self._db, kept_bytes)
        self._some = threading.Event()
        self._closing = threading.Event()
        self._last_try = inf
        self._given_up = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, record: _Entry) -> None:
        """Hand a record over; dropped and counted when too many wait."""
        if len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            return
        if isinstance(record, CallMessages):
            if self._bytes_taken - self._bytes_done + record.size > MAX_WAITING_BYTES:
                self.dropped += 1
                return
            self._bytes_taken += record.size
        self._waiting.append(record)
        if not self._some.is_set():  # once a batch: waking the thread for each record would cost more than writing it
            self._some.set()

    def close(self) -> None:
        """Write what waits and end the thread; what finds the file busy until `LAST_TRY_S` is dropped and counted."""
        self._last_try = time.monotonic() + LAST_TRY_S
        self._closing.set()
        self._some.set()
        self._thread.join()
        self._db.close()

    def _run(self) -> None:
        while not self._closing.is_set() or self._waiting:
            self._some.wait()
            self._closing.wait(FLUSH_S)
            self._some.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                if not self._written(batch):
                    # One record that cannot be written must not take the others with it.
                    self.dropped += sum(not self._written([record]) for record in batch)
                self._bytes_done += sum(entry.size for entry in batch if isinstance(entry, CallMessages))

    def _written(self, batch: Sequence[_Entry]) -> bool:
        try:
            while not self._given_up and not self._write_unless_busy(batch):
                self._given_up = time.monotonic() > self._last_try
            if self._given_up:
                return False
        except Exception:
            log.exception("%d call records could not be written", len(batch))
            with suppress(sqlite3.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._shelf.count()
            return False
        return True

    def _write_unless_busy(self, batch: Sequence[_Entry]) -> bool:
        """Write a batch; False where another process has held the file for `BUSY_MS`."""
        try:
            self._write(batch)
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            return False
        return True

    def _write(self, batch: Sequence[_Entry]) -> None:
        calls = [_call_values(r) for r in batch if isinstance(r, CallRecord)]
        unclaimed = [r for r in batch if isinstance(r, UnclaimedCall)]
        packed = [(r.call_id, messages.packed(r.messages)) for r in batch if isinstance(r, CallMessages)]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            f"INSERT INTO calls ({_CALL}) VALUES ({marks(_CALL.split(', '))}) "
            "ON CONFLICT (id) DO UPDATE SET trace = excluded.trace",  # a later record of a call only knows more
            calls,
        )
        for record in unclaimed:
            self._count(record)
        if unclaimed:
            self._db.execute(
                "DELETE FROM unclaimed WHERE rowid IN (SELECT rowid FROM unclaimed ORDER BY last_at DESC "
                "LIMIT -1 OFFSET ?)",
                (MAX_UNCLAIMED,),
            )
        if calls:
            self._db.execute("DELETE FROM calls WHERE seq <= (SELECT max(seq) FROM calls) - ?", (MAX_RECORDS,))
            self._shelf.drop_orphans()
        self._shelf.add(packed)
        self._db.execute("COMMIT")

    def _count(self, record: UnclaimedCall) -> None:
        self._db.execute(
            "INSERT INTO unclaimed VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, number) DO UPDATE SET "
            "verdict = excluded.verdict, count = count + excluded.count, trace = excluded.trace, "
            "first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)",
            (
                record.source,
                _clean(record.number),
                record.verdict,
                record.count,
                time_text(record.first_at),
                time_text(record.last_at),
                _steps_json(record.trace),
            ),
        )


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=OPEN_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.executescript(_SCHEMA)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return connection


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    """Tell whether a failure means no more than that another process has the file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _clean(text: str) -> str:
    """Return what may be kept of a text that came over the wire: bounded, and without bytes that were no UTF-8."""
    return text[:MAX_LINE].encode("utf-8", "replace").decode()


def _steps_json(steps: Sequence[tuple[str, str]]) -> str:
    return msgspec.json.encode([(part, _clean(text)) for part, text in steps]).decode()


def _ladder_json(ladder: Sequence[tuple[float, str, str, str]]) -> str:
    return msgspec.json.encode([(at, leg, way, _clean(line)) for at, leg, way, line in ladder]).decode()


def _call_values(record: CallRecord) -> tuple[object, ...]:
    return (
        record.id,
        record.account_id,
        _clean(record.number),
        _clean(record.caller),
        record.source,
        record.carrier_id,
        record.verdict,
        record.sip_status,
        time_text(record.started_at),
        time_text(record.answered_at) if record.answered_at else None,
        time_text(record.ended_at),
        record.ended_by,
        record.cause,
        _steps_json(record.trace),
        _ladder_json(record.ladder),
        record.emergency_address_id,
    )


class CallReader:
    """Reads call records; opens the edge's file when it is there, and sees nothing while it is not."""

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
        verdict: str | None = None,
        source: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        answered: bool | None = None,
    ) -> list[tuple[int, CallRecord]]:
        """Return (order number, record), newest first: at most ``limit`` below ``before`` that match every filter.

        ``family`` are the account ids that ``scope`` covers, since this file does not know the tree. ``number`` (digits
        without ``+``), ``verdict`` and ``source`` (an address) match exactly. A call matches when it began at ``since``
        or later and before ``until``, both with a time zone. Raises `InvalidError` where ``since`` is not before
        ``until``, `StoreUnavailableError` where the file cannot be read. Filters have no index of their own: one that
        few calls match reads through the scope's records.
        """
        where, values = ["1 = 1"], list[object]()
        if scope != EVERYTHING:
            where, values = [f"account_id IN ({marks(family)})"], list(family)
        if since is not None and until is not None and since >= until:
            raise InvalidError("since is not before until", field="since")
        if answered is not None:
            where = [*where, f"answered_at IS {'NOT ' if answered else ''}NULL"]
        wanted: dict[str, object] = {
            "seq < ?": before,
            "number = ?": number,
            "verdict = ?": verdict,
            "source = ?": source,
            "started_at >= ?": since and _moment(since),
            "started_at < ?": until and _moment(until),
        }
        given = {condition: value for condition, value in wanted.items() if value is not None}
        where, values = [*where, *given], [*values, *given.values()]
        sql = f"SELECT seq, {_CALL} FROM calls WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ?"
        return [(row[0], _call(row[1:])) for row in self._rows(sql, [*values, limit])]

    def get(self, call_id: str) -> CallRecord | None:
        """Return a record by its call id, whoever's it is: the caller checks the account."""
        rows = self._rows(f"SELECT {_CALL} FROM calls WHERE id = ?", [call_id])
        return _call(rows[0]) if rows else None

    def messages(self, record: CallRecord) -> list[WireMessage]:
        """Return the SIP messages of a call, masked; `NotFoundError` says why there are none."""
        rows = self._rows("SELECT packed FROM messages WHERE seq = (SELECT seq FROM calls WHERE id = ?)", [record.id])
        if not rows:
            raise why_not_kept(record, datetime.now(UTC))
        return messages.unpacked(rows[0][0])

    def unclaimed(self, limit: int) -> list[UnclaimedCall]:
        """Return unclaimed calls, the latest first."""
        rows = self._rows(
            "SELECT source, number, verdict, count, first_at, last_at, trace FROM unclaimed "
            "ORDER BY last_at DESC LIMIT ?",
            [limit],
        )
        return [
            UnclaimedCall(
                source=row[0],
                number=row[1],
                verdict=row[2],
                count=row[3],
                first_at=time_value(row[4]),
                last_at=time_value(row[5]),
                trace=_steps(row[6]),
            )
            for row in rows
        ]

    def _rows(self, sql: str, values: Sequence[object]) -> list[Any]:
        if not self._path.exists():
            return []
        address = f"file:{quoted(str(self._path.resolve()))}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True)) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailableError(
                "the call records cannot be read now", advice="Try again in a second."
            ) from error


def _moment(at: datetime) -> str:
    """Return a time as it is stored; one whose time zone takes it out of the years 1 to 9999 is the nearest inside."""
    try:
        return time_text(at)
    except OverflowError:
        return time_text(datetime.min.replace(tzinfo=UTC) if at.year == 1 else datetime.max.replace(tzinfo=UTC))


def _steps(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((part, said) for part, said in msgspec.json.decode(text))


def _call(row: Sequence[Any]) -> CallRecord:
    return CallRecord(
        id=row[0],
        account_id=row[1],
        number=row[2],
        caller=row[3],
        source=row[4],
        carrier_id=row[5],
        verdict=row[6],
        sip_status=row[7],
        started_at=time_value(row[8]),
        answered_at=time_value(row[9]) if row[9] else None,
        ended_at=time_value(row[10]),
        ended_by=row[11],
        cause=row[12],
        trace=_steps(row[13]),
        ladder=tuple((at, leg, way, line) for at, leg, way, line in msgspec.json.decode(row[14])),
        emergency_address_id=row[15],
    )
