"""BYEs that are lost, cross, come too early, or find nobody."""

from __future__ import annotations

import asyncio

from tests.prove.faults.moves import (
    BY_CALLEE,
    BY_CALLER,
    Ended,
    at_once,
    connected,
    fault,
    hang_up,
    hung_up,
    need,
    rung,
    talking,
)
from tests.prove.ports import Call


@fault("RFC 3261 17.1.2.2, 17.2.2: a BYE that comes again gets the same 200; the other side gets one BYE")
async def callers_bye_or_its_answer_lost(call: Call) -> Ended:
    leg = await talking(call)
    call.caller.lose(*call.draw.choice((("out", "BYE"), ("in", "200/BYE"))), times=call.draw.randint(1, 2))
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 17.1.2.2, 17.2.2: a BYE that comes again gets the same 200; the other side gets one BYE")
async def callees_bye_or_its_answer_lost(call: Call) -> Ended:
    leg = await talking(call)
    leg.lose(*call.draw.choice((("out", "BYE"), ("in", "200/BYE"))), times=call.draw.randint(1, 2))
    await hang_up(leg, call.caller)
    return BY_CALLEE


@fault("RFC 3261 17.1.2.2: the edge sends its BYE again until it is answered")
async def our_bye_or_its_answer_lost(call: Call) -> Ended:
    leg = await talking(call)
    leg.lose(*call.draw.choice((("in", "BYE"), ("out", "200/BYE"))), times=call.draw.randint(1, 3))
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 15.1.1, 17.1.2.2: the call is over at once; the BYE to a callee that is gone ends after 64*T1")
async def callee_gone(call: Call) -> Ended:
    leg = await talking(call)
    leg.vanish()
    call.caller.request("BYE")
    await call.caller.expect("200/BYE")
    await leg.again("BYE", 3)
    return BY_CALLER


@fault("RFC 3261 15.1.1, 17.1.2.2: the call is over at once; the BYE to a caller that is gone ends after 64*T1")
async def caller_gone(call: Call) -> Ended:
    leg = await talking(call)
    await asyncio.sleep(0.05)  # the ACK, too, has to arrive
    call.caller.vanish()
    leg.request("BYE")
    await leg.expect("200/BYE")
    await call.caller.again("BYE", 3)
    return BY_CALLEE


@fault("RFC 3261 15.1.1: our BYE is over with a 481 as with a 200")
async def bye_answered_481(call: Call) -> Ended:
    leg = await talking(call)
    leg.request("BYE")
    call.caller.reply(await call.caller.expect("BYE"), call.draw.choice((481, 408, 500)))
    await leg.expect("200/BYE")
    return BY_CALLEE


@fault("RFC 3261 15.1.1, 15.1.2: BYEs that cross end the call once; the later one gets 200 or 481")
async def byes_cross(call: Call) -> Ended:
    leg = await talking(call)
    await at_once(call, lambda: call.caller.request("BYE"), lambda: leg.request("BYE"))
    a = await call.caller.expect("200/BYE", "481/BYE")
    b = await leg.expect("200/BYE", "481/BYE")
    need(200 in (a.status, b.status), "the first BYE gets 200")
    first, second = (call.caller, leg) if a.status == 200 else (leg, call.caller)
    await hung_up(second)
    need(first.take("BYE") is None, "whoever hung up first is not hung up")
    return BY_CALLER if first is call.caller else BY_CALLEE


@fault("RFC 3261 15: a caller may hang up before its ACK; the ACK that follows ends the 2xx")
async def bye_before_the_ack(call: Call) -> Ended:
    leg = await rung(call)
    leg.reply(leg.invited, 200, body=call.answer)
    ok = await call.caller.expect("200/INVITE")
    call.caller.theirs, call.caller.target = ok.get("to"), ok.get("contact").strip("<>")
    call.caller.request("BYE")
    await leg.expect("ACK")
    await hung_up(leg)
    await call.caller.expect("200/BYE")
    await asyncio.sleep(call.draw.random() * 4 * call.t1)
    call.caller.ack(ok)
    return BY_CALLER


@fault("RFC 3261 15, 13.2.2.4: with a late offer, too, the callee gets an ACK before the BYE")
async def bye_instead_of_the_ack_with_the_answer(call: Call) -> Ended:
    call.caller.invite(body="")
    leg = await call.leg()
    leg.reply(leg.invited, 200, body=call.offer)
    ok = await call.caller.expect("200/INVITE")
    call.caller.theirs, call.caller.target = ok.get("to"), ok.get("contact").strip("<>")
    call.caller.request("BYE")
    await leg.expect("ACK")
    await hung_up(leg)
    await call.caller.expect("200/BYE")
    call.caller.ack(ok)
    return BY_CALLER


@fault("RFC 3261 15: the caller, who has not sent its ACK yet, gets no BYE before it")
async def callee_hangs_up_before_the_ack(call: Call) -> Ended:
    caller = call.caller
    leg = await rung(call)
    caller.lose("in", "200/INVITE", call.draw.randint(1, 3))
    leg.reply(leg.invited, 200, body=call.answer)
    await leg.expect("ACK")
    leg.request("BYE")
    await leg.expect("200/BYE")
    ok = await caller.expect("200/INVITE")
    await asyncio.sleep(call.draw.random() * 2 * call.t1)
    need(caller.take("BYE") is None, "a BYE came before the ACK")
    caller.ack(ok)
    await hung_up(caller)
    return BY_CALLEE


@fault("RFC 3261 15, 13.3.1.4: the callee hangs up and no ACK ever comes: the caller gets its BYE after 64*T1")
async def callee_hangs_up_and_no_ack(call: Call) -> Ended:
    leg = await rung(call)
    leg.reply(leg.invited, 200, body=call.answer)
    await leg.expect("ACK")
    ok = await call.caller.expect("200/INVITE")
    call.caller.theirs = ok.get("to")
    leg.request("BYE")
    await leg.expect("200/BYE")
    await call.caller.again("200/INVITE", 4)
    need(call.caller.take("BYE") is None, "a BYE came before the ACK, or 64*T1")
    await hung_up(call.caller)
    return BY_CALLEE


@fault("RFC 3261 15, 15.1.2: a caller that hangs up while our BYE waits for its ACK gets 200, and no BYE")
async def byes_cross_before_the_ack(call: Call) -> Ended:
    leg = await rung(call)
    leg.reply(leg.invited, 200, body=call.answer)
    ok = await call.caller.expect("200/INVITE")
    call.caller.theirs, call.caller.target = ok.get("to"), ok.get("contact").strip("<>")
    await leg.expect("ACK")
    leg.request("BYE")
    await leg.expect("200/BYE")
    call.caller.request("BYE")
    await call.caller.expect("200/BYE")
    call.caller.ack(ok)
    return BY_CALLEE


@fault("RFC 3261 12.2.2: a request after the end gets 481")
async def request_after_the_end(call: Call) -> Ended:
    leg = await rung(call)
    leg.reply(leg.invited, 200, body=call.answer)
    await connected(call)
    await leg.expect("ACK")
    await asyncio.sleep(0.05)
    await hang_up(leg, call.caller)
    method = call.draw.choice(("INFO", "BYE", "INVITE"))
    call.caller.request(method)
    await call.caller.expect(f"481/{method}")
    return BY_CALLEE
