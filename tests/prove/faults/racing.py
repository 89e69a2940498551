"""Applications whose document rings two parties at once: both answer, both must stop, one is not there."""

from __future__ import annotations

from tests.prove.faults.moves import (
    BY_CALLER,
    CANCELLED,
    Ended,
    at_once,
    cancelled,
    connected,
    declined,
    fault,
    first_to_get,
    hang_up,
)
from tests.prove.ports import Call
from tests.prove.sides import Side


async def _both(call: Call) -> tuple[Side, Side]:
    call.caller.invite()
    legs = await call.leg(), await call.leg()
    for leg in legs:
        leg.reply(leg.invited, 180)
    await call.caller.expect("180/INVITE")
    return legs


@fault("RFC 3261 13.2.2.4, 9.1, 15: the first 2xx wins; the other is cancelled, acknowledged and hung up", "race")
async def two_parties_answer_at_once(call: Call) -> Ended:
    legs = await _both(call)
    await at_once(call, *(lambda leg=leg: leg.reply(leg.invited, 200, body=call.answer) for leg in legs))
    await connected(call)
    for leg in legs:
        await leg.expect("ACK")
    loser = await first_to_get("BYE", *legs)
    await declined(loser)
    await hang_up(call.caller, legs[0] if loser is legs[1] else legs[1])
    return BY_CALLER


@fault("RFC 3261 9.1: the caller's CANCEL reaches both parties", "race")
async def cancel_while_two_parties_ring(call: Call) -> Ended:
    legs = await _both(call)
    call.caller.cancel()
    await call.caller.expect("200/CANCEL")
    await call.caller.expect("487/INVITE")
    for leg in legs:
        leg.lose("in", "CANCEL", call.draw.randint(0, 1))
        await cancelled(leg)
    return CANCELLED


@fault("RFC 3261 9.1, 9.2, 15: a call that its caller hangs up, or 487; in both cases nobody is left ringing", "race")
async def cancel_crossing_one_of_two_200s(call: Call) -> Ended:
    leg, other = await _both(call)
    await at_once(call, call.caller.cancel, lambda: leg.reply(leg.invited, 200, body=call.answer))
    await call.caller.expect("200/CANCEL")
    final = await call.caller.expect("200/INVITE", "487/INVITE")
    await leg.expect("ACK")
    await cancelled(other)
    if final.status == 200:
        call.caller.ack(final)
        await hang_up(call.caller, leg)
        return BY_CALLER
    await declined(leg)
    return CANCELLED


@fault("RFC 3261 9.1, 17.1.1.2: a party that never answers is left to time out; the other one talks", "race")
async def one_of_two_parties_silent(call: Call) -> Ended:
    call.first_leg_loses = ("all", 0)
    call.caller.invite()
    await call.leg()
    leg = await call.leg()
    leg.reply(leg.invited, 180)
    await call.caller.expect("180/INVITE")
    leg.reply(leg.invited, 200, body=call.answer)
    await connected(call)
    await leg.expect("ACK")
    await hang_up(call.caller, leg)
    return BY_CALLER
