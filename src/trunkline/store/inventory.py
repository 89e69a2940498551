"""The inventory as a server uses it: point reads inline, lists on reader threads, writes through the one writer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from trunkline.core.ports import Rules, Store
from trunkline.store import database
from trunkline.store.secrets import Vault
from trunkline.store.unit import SqlStore
from trunkline.store.writer import Writer

R = TypeVar("R")

MAX_KNOWN = 10_000
"""Look-ups remembered by `recall` at most."""

READERS = 4
"""Threads for lists and counts, each on a connection of its own."""


class Inventory:
    """Access to one data folder's inventory from an event loop. Make it inside the process that uses it."""

    def __init__(self, data: Path, vault: Vault, rules: Rules) -> None:
        self._data, self._vault, self._rules = data, vault, rules
        connection = database.open_writer(data)
        self._writer = Writer(connection, SqlStore(connection, vault, rules))
        self._reader = database.open_reader(data)
        self._inline = SqlStore(self._reader, vault, rules)
        self._version = -1
        self._known: dict[Hashable, Any] = {}
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    def read(self, look_up: Callable[[Store], R]) -> R:
        """Run a point read at once, in the loop's own thread: a few index probes."""
        return look_up(self._inline)

    def recall(self, key: Hashable, look_up: Callable[[Store], R]) -> R:
        """Return what `read` gave for ``key`` before, or read; nothing is recalled across a commit.

        ``key`` names the look-up with its parameters, secrets hashed. SQLite's ``data_version`` moves with every commit
        of any other connection, in this process or another. What raises is not remembered.
        """
        version = self._reader.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version or len(self._known) >= MAX_KNOWN:
            self._version = version
            self._known.clear()
        if key not in self._known:
            self._known[key] = look_up(self._inline)
        found: R = self._known[key]
        return found

    async def search(self, look_up: Callable[[Store], R]) -> R:
        """Run a list or a count on a reader thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._on_reader, look_up)

    def _on_reader(self, look_up: Callable[[Store], R]) -> R:
        store: SqlStore | None = getattr(self._own, "store", None)
        if store is None:
            store = self._own.store = SqlStore(database.open_reader(self._data), self._vault, self._rules)
        return look_up(store)

    async def write(self, use_case: Callable[[Store], R]) -> R:
        """Run a write use case in the writer's transaction; returns once it is committed."""
        return await asyncio.wrap_future(self._writer.submit(use_case))

    def close(self) -> None:
        """Finish what is queued and close."""
        self._pool.shutdown()
        self._writer.close()
