"""The one writer: a thread that runs write use cases in the order they came and groups their commits.

Each use case runs whole inside a SAVEPOINT of the group's transaction, so one that fails takes nothing with it.
Answers go out after COMMIT: an answered write is on disk. A COMMIT that fails is told to the whole group.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.ports import Store
from trunkline.store.unit import SqlStore

R = TypeVar("R")

MAX_GROUP = 64
"""Use cases in one transaction: bounds how long a COMMIT keeps its first caller waiting."""

MAX_WAITING = 2000
"""Use cases waiting for the writer; beyond that a write is refused at once."""

_Job = tuple[Callable[[Store], Any], "Future[Any]"]


class Writer:
    """Runs `submit`-ted use cases on its own thread until `close`."""

    def __init__(self, connection: sqlite3.Connection, store: SqlStore) -> None:
        self._db = connection
        self._store = store
        self._jobs: queue.Queue[_Job | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, use_case: Callable[[Store], R]) -> Future[R]:
        """Queue a use case; the future has its result once it is committed, or its error once it is rolled back."""
        future: Future[R] = Future()
        try:
            self._jobs.put_nowait((use_case, future))
        except queue.Full:
            future.set_exception(StoreUnavailableError("too many writes are waiting", advice="Try again in a second."))
        return future

    def close(self) -> None:
        """Finish what is queued and end the thread."""
        self._jobs.put(None)
        self._thread.join()
        self._db.close()

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            group = [job]
            last = False
            while len(group) < MAX_GROUP and not last:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    last = True
                else:
                    group.append(more)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[_Job]) -> None:
        answers: list[tuple[Future[Any], Any]] = []
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for use_case, future in group:
                if future.set_running_or_notify_cancel():
                    self._run_one(use_case, future, answers)
            self._db.execute("COMMIT")
        except Exception:  # whatever it was, nothing of the group is on disk, and all of it must hear so
            self._roll_back()
            for _, future in group:
                if not future.done():
                    future.set_exception(
                        StoreUnavailableError("the write could not be stored", advice="Try again in a second.")
                    )
            return
        for future, result in answers:
            future.set_result(result)

    def _run_one(
        self, use_case: Callable[[Store], Any], future: Future[Any], answers: list[tuple[Future[Any], Any]]
    ) -> None:
        self._db.execute("SAVEPOINT one")
        try:
            result = use_case(self._store)
        except BaseException as error:
            self._db.execute("ROLLBACK TO one")
            self._db.execute("RELEASE one")
            future.set_exception(error)
            return
        self._db.execute("RELEASE one")
        answers.append((future, result))

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # a connection that cannot even roll back fails the next group's BEGIN, too
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def write_once(connection: sqlite3.Connection, store: SqlStore, use_case: Callable[[Store], R]) -> R:
    """Run one use case in a transaction of its own: how the command line writes, beside a running server."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = use_case(store)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return result
