"""How many searches of one tenant run at once, and what becomes of the others' meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.http.world import Reply, Tenant, World, call
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.ports import Store
from trunkline.store.inventory import MAX_AT_ONCE, READERS
from trunkline.store.turns import MAX_WAITING, Turns


async def settle() -> None:
    """Let all tasks come as far as they come without waiting for a thread."""
    for _ in range(5):
        await asyncio.sleep(0)


class Reads:
    """Reads in turns, each of which ends when it is told to."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.begun: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, tenant: str, name: str) -> None:
        """Begin a read, and let it come as far as it comes."""
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.ensure_future(self._read(tenant, name))
        await settle()

    async def _read(self, tenant: str, name: str) -> None:
        async with self.turns.of(tenant):
            self.begun.append(name)
            await self._ends[name].wait()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._tasks[name]
        await settle()

    async def cancel(self, *names: str) -> None:
        for name in names:
            self._tasks[name].cancel()
        await asyncio.wait([self._tasks[name] for name in names])
        await settle()


def test_a_tenants_reads_run_so_many_at_once_and_in_order() -> None:
    async def scene() -> None:
        reads = Reads(Turns(at_once=2, waiting=10))
        for name in "abcde":
            await reads.start("A", name)
        await reads.start("B", "other")
        assert reads.begun == ["a", "b", "other"]
        await reads.end("b")
        await reads.end("a")
        assert reads.begun == ["a", "b", "other", "c", "d"]
        for name in ("c", "d", "e", "other"):
            await reads.end(name)
        assert reads.begun[-1] == "e"
        assert reads.turns.tenants == 0

    asyncio.run(scene())


def test_a_line_that_is_full_is_told_so_and_no_other_tenants_is() -> None:
    async def scene() -> None:
        reads = Reads(Turns(at_once=1, waiting=2))
        for name in "abc":
            await reads.start("A", name)
        with pytest.raises(StoreUnavailableError, match="wait already"):
            async with reads.turns.of("A"):
                pass
        await reads.start("B", "other")
        assert reads.begun == ["a", "other"]
        for name in ("a", "b", "c", "other"):
            await reads.end(name)
        assert reads.turns.tenants == 0

    asyncio.run(scene())


def test_who_is_cancelled_while_it_waits_or_as_its_turn_comes_takes_no_turn_with_it() -> None:
    async def scene() -> None:
        reads = Reads(Turns(at_once=1, waiting=10))
        for name in "abcd":
            await reads.start("A", name)
        await reads.cancel("b")
        await reads.cancel("a", "c")  # c's turn comes when a is over, in the same moment
        assert reads.begun == ["a", "d"]
        await reads.end("d")
        assert reads.turns.tenants == 0

    asyncio.run(scene())


class SlowSearches:
    """Lets no search of an inventory end before it is told to; counts those under way."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.under_way, self._end, self._searched = 0, asyncio.Event(), world.inventory._searched
        monkeypatch.setattr(world.inventory, "_searched", self._slowly)

    async def _slowly(self, look_up: Callable[[Store], Any]) -> Any:
        self.under_way += 1
        await self._end.wait()
        return await self._searched(look_up)

    def end(self) -> None:
        self._end.set()


def lists(world: World, tenant: Tenant) -> asyncio.Task[Reply]:
    """Begin to list a tenant's numbers."""
    return asyncio.ensure_future(call(world.app, "GET", f"/v1/Account/{tenant.auth_id}/Number/", tenant.basic))


def test_a_tenant_that_lists_in_a_loop_leaves_readers_to_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < MAX_AT_ONCE < READERS

    async def scene() -> None:
        slow = SlowSearches(world, monkeypatch)
        # What is below a tenant is the same tenant: a subaccount is soon made.
        greedy = [lists(world, tenant) for tenant in (world.main, world.sub) for _ in range(MAX_WAITING)]
        await settle()
        assert slow.under_way == MAX_AT_ONCE
        modest = lists(world, world.other)
        await settle()
        assert slow.under_way == MAX_AT_ONCE + 1
        slow.end()
        assert (await modest).status == 200
        replies = await asyncio.gather(*greedy)
        statuses = Counter([reply.status for reply in replies])
        assert statuses == {200: MAX_WAITING + MAX_AT_ONCE, 503: MAX_WAITING - MAX_AT_ONCE}
        refused = next(reply for reply in replies if reply.status == 503)
        assert "wait already" in refused.json["error"]
        assert refused.headers["retry-after"]

    asyncio.run(scene())


def test_writes_and_single_records_wait_for_no_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = world.carrier()

    async def scene() -> None:
        slow, main = SlowSearches(world, monkeypatch), world.main
        numbers = f"/v1/Account/{main.auth_id}/Number/"
        waiting = [lists(world, main) for _ in range(3 * MAX_AT_ONCE)]
        await settle()
        body = b'{"numbers": "14155551234", "carrier": "%s", "region": "R"}' % carrier.encode()
        headers = main.basic | {"content-type": "application/json"}
        async with asyncio.timeout(10):
            assert (await call(world.app, "POST", numbers, headers, body)).status == 202
            assert (await call(world.app, "GET", f"{numbers}14155551234/", main.basic)).status == 200
        slow.end()
        assert {reply.status for reply in await asyncio.gather(*waiting)} == {200}

    asyncio.run(scene())
