"""What is told while nobody waits: in order, bounded, each outcome in the trace, never in the way of the call."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.voice.fakes import Answer, FakeClient, FakeDialect, FakeLegs, dialled, leg
from trunkline.core.calls import DialStatus, EndCause, LegChange
from trunkline.core.fetching import HookError, HookFailure
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.verbs import Dial, DialTarget, HangUp, LegEvents, TargetKind, Verb, Wait
from trunkline.voice import notices
from trunkline.voice.session import run

HOOKS = CallHooks(answer=Webhook("answer"))
BROKEN = HookError(HookFailure.STATUS, "answered 500", 500)
HEARD = LegEvents(Webhook("heard"), frozenset({LegChange.ANSWERED, LegChange.CONNECTED, LegChange.ENDED}))
DIAL = Dial(targets=(DialTarget(kind=TargetKind.NUMBER, value="1", events=HEARD),))
ACTION = replace(DIAL, action=Webhook("action"))
DONE = dialled(DialStatus.COMPLETED, EndCause.NORMAL, 200)
STORY = [leg(LegChange.ANSWERED), leg(LegChange.CONNECTED), leg(LegChange.ENDED)]
TOLD = ["leg 1 answered", "leg 1 connected", "leg 1 ended"]


async def play(legs: FakeLegs, client: FakeClient, *verbs: Verb) -> None:
    await run(legs.facts, HOOKS, FakeDialect({"first": verbs, "next": (HangUp(),)}), client, legs)


def call(legs: FakeLegs, *verbs: Verb, **answers: Answer) -> FakeClient:
    client = FakeClient({"answer": b"first", **answers})

    async def go() -> None:
        await play(legs, client, *verbs)
        await legs.settled()
        assert client.open == 0

    asyncio.run(go())
    return client


def outcomes(legs: FakeLegs) -> list[tuple[object, object]]:
    return [(note["hook"], note["outcome"]) for note in legs.notes if str(note["hook"]).startswith("leg")]


def test_events_are_told_in_order_with_a_line_each() -> None:
    legs = FakeLegs(DONE)
    legs.events = STORY
    client = call(legs, DIAL, heard=b"<ignored/>")
    assert client.events == ["answer", *TOLD]
    assert outcomes(legs) == [(what, "told (200)") for what in TOLD]


def test_no_events_without_an_address() -> None:
    legs = FakeLegs(DONE)
    legs.events = STORY
    assert call(legs, replace(DIAL, targets=(replace(DIAL.targets[0], events=None),))).events == ["answer"]


def test_a_failure_is_a_line_and_the_next_is_told() -> None:
    legs = FakeLegs(DONE)
    legs.events = STORY
    client = call(legs, DIAL, heard=BROKEN)
    assert client.events == ["answer", *TOLD]
    assert outcomes(legs) == [(what, "answered 500") for what in TOLD]


def test_a_slow_application_holds_up_its_own_events_only() -> None:
    """One request is out at a time; the call, its action and its document go on meanwhile."""

    async def go() -> None:
        free = asyncio.Event()

        async def wait() -> bytes:
            await free.wait()
            return b""

        legs = FakeLegs(DONE)
        legs.events = STORY
        client = FakeClient({"answer": b"first", "heard": wait, "action": b"next"})
        await play(legs, client, replace(ACTION, redirect=False), Wait(3))
        assert legs.done[-2:] == ["wait 3", "end"]
        assert sorted(client.events) == ["action", "answer", "leg 1 answered"]
        free.set()
        await legs.settled()
        assert [event for event in client.events if event.startswith("leg")] == TOLD

    asyncio.run(go())


def test_of_too_many_the_oldest_is_dropped_and_the_trace_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MAX_WAITING", 2)

    async def go() -> None:
        free = asyncio.Event()

        async def wait() -> bytes:
            await free.wait()
            return b""

        legs = FakeLegs(DONE)
        legs.events = [leg(LegChange.ENDED, position) for position in range(1, 6)]
        client = FakeClient({"answer": b"first", "heard": wait})
        await play(legs, client, replace(DIAL, targets=DIAL.targets * 5))
        await asyncio.sleep(0)
        free.set()
        await legs.settled()
        assert client.events == ["answer", "leg 4 ended", "leg 5 ended"]
        dropped = [hook for hook, outcome in outcomes(legs) if "not told: 2 newer requests wait" in str(outcome)]
        assert dropped == ["leg 1 ended", "leg 2 ended", "leg 3 ended"]

    asyncio.run(go())


def test_what_has_waited_too_long_is_dropped_and_the_trace_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MAX_AGE_S", 0.05)

    async def slow() -> bytes:
        await asyncio.sleep(0.1)
        return b""

    legs = FakeLegs(DONE)
    legs.events = STORY
    client = call(legs, DIAL, heard=slow)
    assert client.events == ["answer", TOLD[0]]
    late = "not told: it waited for more than 0.05 s"
    assert outcomes(legs) == [(TOLD[0], "told (200)"), (TOLD[1], late), (TOLD[2], late)]


def test_the_limits_are_stated() -> None:
    assert (notices.MAX_WAITING, notices.MAX_AGE_S) == (32, 120.0)


@pytest.mark.parametrize("redirect", [True, False])
def test_the_action_of_a_dial_that_the_caller_left_is_told_and_its_document_not_run(redirect: bool) -> None:
    legs = FakeLegs(dialled(DialStatus.CANCELLED, EndCause.CANCELLED, 487))
    legs.events, legs.leaves = STORY, True
    client = call(legs, replace(ACTION, redirect=redirect), Wait(9), heard=b"", action=b"next")
    assert sorted(client.events) == ["action", "answer", *TOLD]
    assert legs.done == ["ring", "dial 1"]
    assert {"what": "fetch", "hook": "action", "outcome": "told (200)"} in legs.notes


def test_a_cancelled_document_still_has_its_events_told() -> None:
    async def go() -> None:
        legs = FakeLegs(None)
        legs.events = STORY
        client = FakeClient({"answer": b"first", "heard": b""})
        task = asyncio.create_task(play(legs, client, DIAL))
        while "dial 1" not in legs.done:  # noqa: ASYNC110 -- the fake has no event to wait for
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await legs.settled()
        assert client.events == ["answer", *TOLD]

    asyncio.run(go())
