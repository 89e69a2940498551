"""What the stories share: how a fault is put on the list, and the parts of a call that go as they should."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.prove.messages import Heard, UnexpectedError
from tests.prove.ports import Call
from tests.prove.sides import Side


class Ended(NamedTuple):
    """What the call's record must say."""

    status: int
    by: str
    cause: str


BY_CALLER = Ended(200, "caller", "normal")
BY_CALLEE = Ended(200, "callee", "normal")
CANCELLED = Ended(487, "caller", "cancelled")
UNACKNOWLEDGED = Ended(200, "error", "failed")
BUSY = Ended(486, "callee", "busy")
NO_ANSWER = Ended(408, "callee", "no_answer")

Story = Callable[[Call], Awaitable[Ended]]


@dataclass(frozen=True)
class Fault:
    """A fault: its story, the rule that says how it ends, and where its number leads (one target, two, or a race)."""

    name: str
    rule: str
    route: str
    story: Story


FAULTS: list[Fault] = []


def fault(rule: str, route: str = "one") -> Callable[[Story], Story]:
    """Put a story on the list. Its name says what goes wrong, ``rule`` how it must end, with the section."""

    def listed(story: Story) -> Story:
        FAULTS.append(Fault(story.__name__.replace("_", " "), rule, route, story))
        return story

    return listed


def need(condition: object, what: str) -> None:
    """Fail the call unless the condition holds."""
    if not condition:
        raise UnexpectedError(what)


async def rung(call: Call) -> Side:
    """Let the caller call and the called side ring; returns the called side."""
    call.caller.invite()
    return await ring(call)


async def ring(call: Call) -> Side:
    """Let the next leg ring until the caller hears it."""
    leg = await call.leg()
    need(leg.invited.body == call.offer, "the offer came through changed")
    leg.reply(leg.invited, 180)
    await call.caller.expect("180/INVITE")
    return leg


async def pick_up(call: Call, leg: Side) -> None:
    """Let the called side answer and the caller acknowledge."""
    leg.reply(leg.invited, 200, body=call.answer)
    await connected(call)
    await leg.expect("ACK")


async def connected(call: Call) -> Heard:
    """Let the caller take the 200 and acknowledge it."""
    ok = await call.caller.expect("200/INVITE")
    need(ok.body == call.answer, "the answer came through changed")
    call.caller.ack(ok)
    return ok


async def talking(call: Call) -> Side:
    """Connect a call; returns the called side."""
    leg = await rung(call)
    await pick_up(call, leg)
    return leg


async def hang_up(one: Side, other: Side) -> None:
    """Let one side send BYE and the other answer it."""
    one.request("BYE")
    await hung_up(other)
    await one.expect("200/BYE")


async def hung_up(side: Side) -> None:
    """Let a side take a BYE."""
    side.reply(await side.expect("BYE"), 200)


async def info(one: Side, other: Side) -> None:
    """Send something through the dialog that needs both sides."""
    one.request("INFO")
    other.reply(await other.expect("INFO"), 200)
    await one.expect("200/INFO")


async def cancelled(leg: Side) -> None:
    """Let a ringing leg be cancelled."""
    leg.reply(await leg.expect("CANCEL"), 200)
    leg.reply(leg.invited, 487)
    await leg.expect("ACK")


async def declined(leg: Side) -> None:
    """Let a leg whose 2xx nobody wants, and was acknowledged, be hung up; if a CANCEL was sent, it came before that."""
    await hung_up(leg)
    cancel = leg.take("CANCEL")
    if cancel is not None:
        leg.reply(cancel, 200)


async def first_to_get(label: str, *sides: Side) -> Side:
    """Return the side that a message reaches which only one of them gets; it is left unread."""
    loop = asyncio.get_running_loop()
    until = loop.time() + sides[0].call.patience
    while loop.time() < until:
        for side in sides:
            if side.has(label):
                return side
        await asyncio.sleep(0.01)
    raise UnexpectedError(f"no {label} reached any of {[side.name for side in sides]}")


async def at_once(call: Call, *moves: Callable[[], object]) -> None:
    """Make moves in an order of chance, so close to each other that they cross."""
    order = list(moves)
    call.draw.shuffle(order)
    for move in order:
        move()
        await asyncio.sleep(call.draw.choice((0, 0, 0.001)))
