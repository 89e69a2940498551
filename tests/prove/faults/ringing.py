"""Calls that never connect, or hardly: CANCEL races, refusals, silence, and what follows them."""

from __future__ import annotations

import asyncio

from tests.prove.faults.moves import (
    BUSY,
    BY_CALLER,
    CANCELLED,
    NO_ANSWER,
    UNACKNOWLEDGED,
    Ended,
    at_once,
    cancelled,
    connected,
    declined,
    fault,
    hang_up,
    hung_up,
    need,
    pick_up,
    ring,
    rung,
)
from tests.prove.ports import Call
from tests.prove.sides import Side


async def _given_up(call: Call) -> None:
    await call.caller.expect("200/CANCEL")
    await call.caller.expect("487/INVITE")


@fault("RFC 3261 9.1: the CANCEL waits for the callee's first provisional answer")
async def cancel_before_any_answer(call: Call) -> Ended:
    call.caller.invite()
    leg = await call.leg()
    call.caller.cancel()
    await _given_up(call)
    need(leg.take("CANCEL") is None, "the CANCEL came before a provisional answer")
    leg.reply(leg.invited, 180)
    await cancelled(leg)
    return CANCELLED


@fault("RFC 3261 9.1: no provisional answer, no CANCEL; the callee's refusal gets its ACK")
async def cancel_then_a_refusal(call: Call) -> Ended:
    call.caller.invite()
    leg = await call.leg()
    call.caller.cancel()
    await _given_up(call)
    leg.reply(leg.invited, call.draw.choice((486, 503, 603)))
    await leg.expect("ACK")
    return CANCELLED


@fault("RFC 3261 9.1: whichever comes first, the caller gets 487 and the callee is cancelled")
async def cancel_crossing_180(call: Call) -> Ended:
    call.caller.invite()
    leg = await call.leg()
    call.caller.optional.add("180/INVITE")
    await at_once(call, call.caller.cancel, lambda: leg.reply(leg.invited, 180))
    await _given_up(call)
    await cancelled(leg)
    return CANCELLED


@fault("RFC 3261 9.2, 15: either a call that its caller hangs up, or 487 and the callee's 2xx hung up")
async def cancel_crossing_200(call: Call) -> Ended:
    leg = await rung(call)
    await at_once(call, call.caller.cancel, lambda: leg.reply(leg.invited, 200, body=call.answer))
    await call.caller.expect("200/CANCEL")
    final = await call.caller.expect("200/INVITE", "487/INVITE")
    await leg.expect("ACK")
    if final.status == 200:
        call.caller.ack(final)
        await hang_up(call.caller, leg)
        return BY_CALLER
    await declined(leg)
    return CANCELLED


@fault("RFC 3261 9.2: a CANCEL after the final answer is answered 200 and changes nothing")
async def cancel_too_late(call: Call) -> Ended:
    leg = await rung(call)
    await pick_up(call, leg)
    call.caller.cancel()
    await call.caller.expect("200/CANCEL")
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 17.1.2.2: a lost CANCEL comes again, on both sides")
async def cancel_lost(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.lose("out", "CANCEL")
    leg.lose("in", "CANCEL")
    call.caller.cancel()
    await _given_up(call)
    await cancelled(leg)
    return CANCELLED


@fault("RFC 3261 17.2.1: the 487 comes again until its ACK")
async def our_487_lost(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.lose("in", "487/INVITE", call.draw.randint(1, 3))
    call.caller.cancel()
    await _given_up(call)
    await cancelled(leg)
    return CANCELLED


@fault("RFC 3261 9.1: an INVITE that is cancelled and never answered ends after 64*T1")
async def callee_ignores_the_cancel(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.cancel()
    await _given_up(call)
    leg.reply(await leg.expect("CANCEL"), call.draw.choice((200, 481)))
    return CANCELLED


@fault("RFC 3261 15, 9.1: a 2xx after our CANCEL is acknowledged and hung up")
async def callee_answers_after_the_cancel(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.cancel()
    await _given_up(call)
    leg.reply(await leg.expect("CANCEL"), call.draw.choice((200, 481)))
    await asyncio.sleep(call.draw.random() * 8 * call.t1)
    leg.lose("in", "ACK", call.draw.randint(0, 1))
    leg.reply(leg.invited, 200, body=call.answer)
    await leg.expect("ACK")
    await hung_up(leg)
    return CANCELLED


@fault("RFC 3261 17.1.1.2: after 64*T1 without any answer the caller gets 408")
async def callee_silent(call: Call) -> Ended:
    call.first_leg_loses = ("all", 0)
    call.caller.invite()
    leg = await call.leg()
    await call.caller.expect("408/INVITE")
    need(3 <= leg.missed["INVITE"] <= 8, f"{leg.missed['INVITE']} INVITEs, not 7")
    return NO_ANSWER


@fault("RFC 3261 16.7, 17.1.1.2: after 64*T1 without any answer the next target is called", "two")
async def callee_silent_then_the_next(call: Call) -> Ended:
    call.first_leg_loses = ("all", 0)
    call.caller.invite()
    await call.leg()
    leg = await ring(call)
    await pick_up(call, leg)
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 18.1.2: an answer that comes after 408 is dropped; the callee's BYE gets 481")
async def callee_answers_after_the_408(call: Call) -> Ended:
    call.caller.invite()
    leg = await call.leg()
    await call.caller.expect("408/INVITE")
    leg.reply(leg.invited, 200, body=call.answer)
    await asyncio.sleep(4 * call.t1)
    leg.stop()
    leg.request("BYE")
    await leg.expect("481/BYE")
    return NO_ANSWER


async def _refused(call: Call, *, rings: bool) -> Side:
    leg = await call.leg()
    if rings:
        leg.reply(leg.invited, 180)
        await call.caller.expect("180/INVITE")
    leg.lose("in", "ACK", call.draw.randint(0, 1))
    leg.reply(leg.invited, call.draw.choice((503, 500, 408)), headers=(("Retry-After", str(call.draw.randint(0, 3))),))
    return leg


@fault("RFC 3261 16.7, 21.5.4: 408 and 5xx lead to the next target; each refusal gets its ACK, lost or not", "two")
async def callee_down_then_the_next(call: Call) -> Ended:
    call.caller.invite()
    first = await _refused(call, rings=call.draw.random() < 0.5)
    leg = await call.leg()
    leg.reply(leg.invited, 180)
    call.caller.optional.add("180/INVITE")
    await pick_up(call, leg)
    await first.expect("ACK")
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 16.7: when all targets are down the caller gets the last refusal", "two")
async def every_callee_down(call: Call) -> Ended:
    call.caller.invite()
    for _ in range(2):
        leg = await call.leg()
        leg.reply(leg.invited, 503)
        await leg.expect("ACK")
    await call.caller.expect("503/INVITE")
    return Ended(503, "callee", "out_of_service")


@fault("RFC 3261 17.2.1: the refusal comes again until its ACK")
async def refusal_lost(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.lose("in", "486/INVITE", call.draw.randint(1, 2))
    leg.lose("out", "486/INVITE")
    leg.reply(leg.invited, 486)
    await leg.expect("ACK")
    await call.caller.expect("486/INVITE")
    return BUSY


@fault("RFC 3261 17.1.1.3, 17.2.1: each refusal that comes again gets its ACK again")
async def ack_of_a_refusal_lost(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.lose("out", "ACK", call.draw.randint(1, 2))
    leg.lose("in", "ACK", call.draw.randint(1, 2))
    leg.reply(leg.invited, 486)
    await call.caller.again("486/INVITE")
    await leg.expect("ACK")
    need(call.caller.take("486/INVITE"), "the refusal came")
    return BUSY


@fault("RFC 3261 17.2.1: a refusal that is never acknowledged ends after 64*T1 (timer H)")
async def no_ack_of_a_refusal(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.silent_ack = True
    leg.reply(leg.invited, 486)
    await leg.expect("ACK")
    await call.caller.expect("486/INVITE")
    await call.caller.again("486/INVITE", 3)
    return BUSY


@fault("RFC 3261 17.1.1.2: after a refusal, late answers change nothing")
async def late_answers_after_a_refusal(call: Call) -> Ended:
    leg = await rung(call)
    leg.reply(leg.invited, 486)
    await leg.expect("ACK")
    leg.raw(leg.answer_text(leg.invited, 180).encode(), "180, sent after the 486")
    leg.raw(leg.answer_text(leg.invited, 200).encode(), "200, sent after the 486")
    await call.caller.expect("486/INVITE")
    return BUSY


@fault("RFC 3261 16.6, 9.1 (and sip.ring_s): a callee that rings on is cancelled; the caller gets 408")
async def callee_rings_on(call: Call) -> Ended:
    leg = await rung(call)
    await cancelled(leg)
    await call.caller.expect("408/INVITE")
    return NO_ANSWER


@fault("RFC 3261 15, 15.1.2: a BYE while it rings is answered 200, the INVITE 487")
async def bye_while_it_rings(call: Call) -> Ended:
    call.caller.invite()
    leg = await call.leg()
    leg.reply(leg.invited, 180)
    call.caller.theirs = (await call.caller.expect("180/INVITE")).get("to")
    call.caller.request("BYE")
    await call.caller.expect("200/BYE")
    await call.caller.expect("487/INVITE")
    await cancelled(leg)
    return CANCELLED


@fault("RFC 3261 13.3.1.4: the 2xx of a caller that is gone gets no ACK; the callee gets BYE after 64*T1")
async def caller_gone_while_it_rings(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.vanish()
    leg.reply(leg.invited, 200, body=call.answer)
    await leg.expect("ACK")
    await hung_up(leg)
    await call.caller.again("BYE", 2)
    return UNACKNOWLEDGED


@fault("RFC 3261 17.2.1: the refusal of a caller that is gone ends after 64*T1 (timer H)")
async def caller_gone_before_the_refusal(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.vanish()
    leg.reply(leg.invited, 486)
    await leg.expect("ACK")
    await call.caller.again("486/INVITE", 2)
    return BUSY


@fault("RFC 3261 13.3.1.4, 15.1.1: a 2xx without its ACK, and the caller's CANCEL lost: the call connects")
async def cancel_never_arrives(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.lose("out", "CANCEL", 20)
    call.caller.cancel()
    leg.reply(leg.invited, 200, body=call.answer)
    await connected(call)
    await leg.expect("ACK")
    call.caller.stop()
    await hang_up(call.caller, leg)
    return BY_CALLER
