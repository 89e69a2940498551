"""Callbacks from the outbox: sent after the change, tried again, kept over restarts, one account at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.http.fixtures import furnished, world
from tests.http.world import World
from trunkline.core import callbacks
from trunkline.core.fetching import FetchPolicy, HookError, HookFailure, HookRequest, HookResponse
from trunkline.core.model import Webhook
from trunkline.core.ports import Store
from trunkline.core.regulated import Callback
from trunkline.hooks.outbox import PAUSES_S, Outbox
from trunkline.store import database

__all__ = ["furnished", "world"]

WAIT_S = 10.0
HOOK = Webhook("http://127.0.0.1:9/told")


class Listener:
    """A hook client that answers as told: None tells, an error fails, an event is waited for."""

    def __init__(self, *answers: HookError | asyncio.Event | None) -> None:
        self.answers = list(answers)
        self.heard: list[HookRequest] = []

    async def send(self, request: HookRequest) -> HookResponse:
        """Remember a request and answer it."""
        self.heard.append(request)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, HookError):
            raise answer
        if answer is not None:
            await answer.wait()
        return HookResponse(200, "", b"")


def word(_store: Store, callback: Callback) -> HookRequest:
    """Word a callback plainly."""
    params = (("id", callback.id), ("n", callback.facts["n"]), ("account", callback.account_id))
    return HookRequest(
        url=callback.hook.url, method=callback.hook.method, params=params, headers=(), policy=FetchPolicy()
    )


def tell(world: World, n: str, account_id: str | None = None) -> None:
    """Put news into the outbox."""
    owner = account_id or world.main.account.id
    world.write(lambda store: callbacks.tell(store, owner, HOOK, "cnam", n=n))


def run(world: World, listener: Listener, until: Callable[[], bool], spell: Callable[..., HookRequest] = word) -> None:
    """Run an outbox until something holds."""

    async def work() -> None:
        outbox = Outbox(world.inventory, listener, spell)
        task = asyncio.ensure_future(outbox.run())
        async with asyncio.timeout(WAIT_S):
            while not until():  # noqa: ASYNC110 -- what is waited for stands in the database
                await asyncio.sleep(0.02)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await outbox.close()

    asyncio.run(work())


def rows(data: Path) -> list[tuple[str, int, str]]:
    """Return (state, tries, outcome) of every callback, oldest first."""
    connection = database.open_reader(data)
    found = connection.execute("SELECT state, tries, outcome FROM callbacks ORDER BY seq").fetchall()
    connection.close()
    return found


def states(world: World) -> list[str]:
    """Return the state of every callback, oldest first."""
    return [row[0] for row in rows(world.data)]


def _is(world: World, expected: list[tuple[str, int, str]]) -> bool:
    return rows(world.data) == expected


def hurry(world: World) -> None:
    """Let the pause of every callback be over."""
    connection = database.open_writer(world.data)
    connection.execute("UPDATE callbacks SET next_at = created_at")
    connection.close()


def test_told_in_order_and_once(world: World) -> None:
    listener = Listener()
    for n in ("1", "2", "3"):
        tell(world, n)
    run(world, listener, lambda: states(world) == ["told"] * 3)
    assert [dict(request.params)["n"] for request in listener.heard] == ["1", "2", "3"]
    assert rows(world.data)[0] == ("told", 1, "told (200)")


def test_one_slow_account_keeps_nobody_waiting(world: World) -> None:
    held = asyncio.Event()
    listener = Listener(held)
    for n in ("1", "2"):
        tell(world, n)
    tell(world, "3", world.other.account.id)
    run(world, listener, lambda: states(world) == ["waiting", "waiting", "told"])
    assert [dict(request.params)["n"] for request in listener.heard] == ["1", "3"]
    # What was under way at the end is sent again by the next process.
    again = Listener()
    run(world, again, lambda: states(world) == ["told"] * 3)
    assert [dict(request.params)["n"] for request in again.heard] == ["1", "2"]


def test_a_failed_telling_is_tried_again_so_many_times(world: World) -> None:
    down = HookError(HookFailure.CONNECT, "http://127.0.0.1:9: refused")
    tell(world, "1")
    for tries in range(1, len(PAUSES_S) + 1):
        expected = [("waiting", tries, down.detail)]
        run(world, Listener(down), partial(_is, world, expected))
        hurry(world)
    run(world, Listener(down), lambda: states(world) == ["failed"])


@pytest.mark.parametrize("failure", [HookFailure.ADDRESS_REFUSED, HookFailure.BAD_URL])
def test_what_is_hopeless_is_not_tried_again(world: World, failure: HookFailure) -> None:
    tell(world, "1")
    run(world, Listener(HookError(failure, "no")), lambda: rows(world.data) == [("failed", 1, "no")])


def test_what_cannot_be_worded_does_not_stop_the_rest(world: World) -> None:
    def spell(store: Store, callback: Callback) -> HookRequest:
        if callback.facts["n"] == "1":
            raise LookupError("no such topic")
        return word(store, callback)

    for n in ("1", "2"):
        tell(world, n)
    run(world, Listener(), lambda: states(world) == ["failed", "told"], spell)


def test_the_outbox_of_an_account_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "MAX_WAITING", 2)
    for n in ("1", "2", "3"):
        tell(world, n)
    tell(world, "4", world.other.account.id)
    assert states(world) == ["waiting"] * 3


def test_what_was_settled_long_ago_is_forgotten(world: World) -> None:
    tell(world, "1")
    run(world, Listener(), lambda: states(world) == ["told"])
    world.write(lambda store: store.callbacks.forget(store.now() - timedelta(days=1)))
    assert states(world) == ["told"]
    world.write(lambda store: store.callbacks.forget(store.now() + timedelta(days=1)))
    assert states(world) == []
