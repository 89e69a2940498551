"""Requests that name themselves (``Idempotency-Key``) are done once; a repeated one gets the first one's answer.

The rows and the kept answer are one transaction, so a crash leaves both or nothing. Only what succeeded is kept: a
refused request frees its key. Two at once with one key take turns; the second one waits for `WAIT_S` at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from trunkline.core.answers import KeptAnswer
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask
from trunkline.dialects.topcalls.problems import RefusedError

WAIT_S = 2.0
REPLAYED = ((b"idempotency-replayed", b"true"),)

_canonical = msgspec.json.Encoder(order="sorted").encode


class Turns:
    """Lets one request at a time have a key. Kept while somebody has it or waits, no longer."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}

    def __len__(self) -> int:
        return len(self._held)

    @asynccontextmanager
    async def take(self, account_id: str, key: str) -> AsyncIterator[None]:
        """Have a key to oneself; `RefusedError` 409 where another request keeps it for `WAIT_S`."""
        name = (account_id, key)
        lock, users = self._held.get(name, (asyncio.Lock(), 0))
        self._held[name] = (lock, users + 1)
        try:
            try:
                async with asyncio.timeout(WAIT_S):
                    await lock.acquire()
            except TimeoutError:
                raise _outstanding() from None
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, users = self._held.pop(name)
            if users > 1:
                self._held[name] = (lock, users - 1)


_turns = Turns()


async def once(ask: Ask, body: dict[str, Any], key: str | None, work: Callable[[Store], bytes]) -> Answer:
    """Create what ``work`` creates, and answer 201 with the body that it returns; under a key at most once."""
    inventory, account_id = ask.platform.inventory, ask.caller.account.id
    if key is None:
        return Answer(201, await inventory.write(work))
    request = f"{ask.method} {ask.path.rstrip('/')} {_canonical(body).decode()}"

    def kept(store: Store) -> KeptAnswer | None:
        return store.answers.find(account_id, key, request, store.now())

    def use_case(store: Store) -> KeptAnswer | bytes:
        # Looked up again inside the transaction, which is what makes it once: the look before saves the writer's time.
        found = kept(store)
        if found is not None:
            return found
        made = work(store)
        store.answers.keep(account_id, key, request, (201, made), store.now())
        return made

    async with _turns.take(account_id, key):
        done: KeptAnswer | bytes | None = inventory.read(kept)
        if done is None:
            done = await inventory.write(use_case)
    return _replayed(done) if isinstance(done, KeptAnswer) else Answer(201, done)


def _replayed(found: KeptAnswer) -> Answer:
    if not found.same_request:
        raise RefusedError(
            "idempotency_key_reused",
            "Idempotency-Key is already used",
            "this Idempotency-Key named another request: send each new request with a new key",
            status=422,
        )
    return Answer(found.status, found.body, REPLAYED)


def _outstanding() -> RefusedError:
    return RefusedError(
        "idempotency_in_progress",
        "A request is outstanding for this Idempotency-Key",
        "the first request with this Idempotency-Key is not answered yet: try again in a second",
        status=409,
        headers=((b"retry-after", b"1"),),
    )
