"""The inventory as a server uses it: point reads inline, lists on reader threads, writes through the one writer."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.ports import Rules, Store
from trunkline.store import database
from trunkline.store.secrets import Vault
from trunkline.store.turns import ASKING, Turns
from trunkline.store.unit import SqlStore
from trunkline.store.writer import Writer

R = TypeVar("R")
S = TypeVar("S")

MAX_KNOWN = 10_000
"""Look-ups remembered by `recall` at most."""

READERS = 4
"""Threads for lists and counts, each on a connection of its own."""

MAX_AT_ONCE = READERS // 2
"""Searches of one tenant at once, which is a top-level account with all below it: half the readers are the others'."""


class Inventory:
    """Access to one data folder's inventory from an event loop. Make it inside the process that uses it."""

    def __init__(self, data: Path, vault: Vault, rules: Rules) -> None:
        self.data, self._vault, self.rules = data, vault, rules
        connection = database.open_writer(data)
        self._writer = Writer(connection, SqlStore(connection, vault, rules))
        self._reader = database.open_reader(data)
        self._inline = SqlStore(self._reader, vault, rules)
        self._version = -1
        self._known: dict[Hashable, Any] = {}
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._turns = Turns(MAX_AT_ONCE)

    def read(self, look_up: Callable[[Store], R]) -> R:
        """Run a point read at once, in the loop's own thread: a few index probes."""
        return _answered(look_up, self._inline)

    def recall(self, key: Hashable, look_up: Callable[[Store], R]) -> R:
        """Return what `read` gave for ``key`` before, or read; nothing is recalled across a commit.

        ``key`` names the look-up with its parameters, secrets hashed. SQLite's ``data_version`` moves with every commit
        of any other connection, in this process or another. What raises is not remembered.
        """
        version = _answered(_data_version, self._reader)
        if version != self._version or len(self._known) >= MAX_KNOWN:
            self._version = version
            self._known.clear()
        if key not in self._known:
            self._known[key] = _answered(look_up, self._inline)
        found: R = self._known[key]
        return found

    async def search(self, look_up: Callable[[Store], R]) -> R:
        """Run a list or a count on a reader thread, when it is its tenant's turn (`turns.ASKING`).

        `StoreUnavailableError` where too many of the tenant's wait already.
        """
        asking = ASKING.get()
        if asking is None:
            return await self._searched(look_up)
        tenant = self.recall(("tenant", asking), lambda store: store.accounts.ancestors(asking)[-1])
        async with self._turns.of(tenant):
            return await self._searched(look_up)

    async def _searched(self, look_up: Callable[[Store], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._on_reader, look_up)

    def _on_reader(self, look_up: Callable[[Store], R]) -> R:
        store: SqlStore | None = getattr(self._own, "store", None)
        if store is None:
            store = self._own.store = SqlStore(database.open_reader(self.data), self._vault, self.rules)
        return _answered(look_up, store)

    async def write(self, use_case: Callable[[Store], R]) -> R:
        """Run a write use case in the writer's transaction; returns once it is committed."""
        return await asyncio.wrap_future(self._writer.submit(use_case))

    def close(self) -> None:
        """Finish what is queued and close."""
        self._pool.shutdown()
        self._writer.close()


def _data_version(reader: sqlite3.Connection) -> int:
    return int(reader.execute("PRAGMA data_version").fetchone()[0])


def _answered(look_up: Callable[[S], R], source: S) -> R:
    """Run a look-up; a store that cannot be read is said to be so, without the driver's words."""
    try:
        return look_up(source)
    except sqlite3.Error as error:
        raise StoreUnavailableError("the inventory cannot be read now", advice="Try again in a second.") from error
