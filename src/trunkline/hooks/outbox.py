"""Callbacks sent from the outbox: news that the store keeps until applications have been told.

A change writes its callback in its own transaction, here or in the command line's process; this loop looks for due
ones. One account is told one thing at a time, and accounts do not wait for each other. Each telling is tried as any
request to an application is (the URL's fragment says how often); when that fails, it is tried again after each of
`PAUSES_S`, over restarts, too. What was sent right before a crash is sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from trunkline.core.errors import TrunklineError
from trunkline.core.fetching import HookClient, HookError, HookFailure, HookRequest
from trunkline.core.ports import Store
from trunkline.core.regulated import Callback
from trunkline.store.inventory import Inventory

log = logging.getLogger(__name__)

POLL_S = 0.5
"""How often due callbacks are looked for: one probe of an index."""
PAUSES_S = (10.0, 60.0, 600.0, 3600.0)
"""Between one failed telling and the next; after the last one it has failed for good."""
MAX_UNDER_WAY = 50
"""Accounts that are being told at once."""
KEPT_DAYS = 30
"""How long it is known what became of a callback."""

_HOPELESS = {HookFailure.ADDRESS_REFUSED, HookFailure.BAD_URL}

Word = Callable[[Store, Callback], HookRequest]
"""Words and signs a callback, in its dialect."""


class Outbox:
    """Sends due callbacks while `run` runs; `close` ends what is under way, which is sent again after a restart."""

    def __init__(self, inventory: Inventory, client: HookClient, word: Word) -> None:
        self._inventory = inventory
        self._client = client
        self._word = word
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look for due callbacks until cancelled."""
        forgotten: datetime | None = None
        while True:
            now = datetime.now(UTC)
            try:
                if forgotten is None or now - forgotten > timedelta(days=1):
                    await self._forget(now - timedelta(days=KEPT_DAYS))
                    forgotten = now
                self._start(now)
            except TrunklineError as error:  # the store is busy or away: the callbacks wait in it
                log.warning("callbacks wait: %s", error)
            except Exception:  # a fault in one round must not end all news for good
                log.exception("callbacks wait")
            await asyncio.sleep(POLL_S)

    async def _forget(self, before: datetime) -> None:
        await self._inventory.write(lambda store: store.callbacks.forget(before))

    def _start(self, now: datetime) -> None:
        free = MAX_UNDER_WAY - len(self._under_way)
        if free <= 0:
            return
        busy = tuple(self._under_way)
        for callback in self._inventory.read(lambda store: store.callbacks.due(now, busy, free)):
            task = asyncio.ensure_future(self._tell(callback))
            self._under_way[callback.account_id] = task
            task.add_done_callback(partial(self._done, callback.account_id))

    def _done(self, account_id: str, _task: asyncio.Task[None]) -> None:
        del self._under_way[account_id]

    async def _tell(self, callback: Callback) -> None:
        try:
            request = self._inventory.read(lambda store: self._word(store, callback))
            response = await self._client.send(request)
        except HookError as error:
            await self._failed(callback, error)
        except Exception:  # a callback that cannot be worded must not come up again for ever
            log.exception("callback %s cannot be sent", callback.id)
            await self._settle(callback, told=False, outcome="it could not be worded")
        else:
            await self._settle(callback, told=True, outcome=f"told ({response.status})")

    async def _failed(self, callback: Callback, error: HookError) -> None:
        if error.failure in _HOPELESS or callback.tries >= len(PAUSES_S):
            await self._settle(callback, told=False, outcome=error.detail)
            return
        until = datetime.now(UTC) + timedelta(seconds=PAUSES_S[callback.tries])
        tries = callback.tries + 1
        await self._write(lambda store: store.callbacks.delay(callback.id, tries, until, error.detail))

    async def _settle(self, callback: Callback, *, told: bool, outcome: str) -> None:
        at = datetime.now(UTC)
        await self._write(lambda store: store.callbacks.settle(callback.id, told=told, at=at, outcome=outcome))

    async def _write(self, use_case: Callable[[Store], None]) -> None:
        try:
            await self._inventory.write(use_case)
        except TrunklineError as error:
            log.warning("what became of a callback is not kept, it will be sent again: %s", error)
            await asyncio.sleep(PAUSES_S[0])  # its account stays busy meanwhile: no storm of the same news

    async def close(self) -> None:
        """Abandon what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
