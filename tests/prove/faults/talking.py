"""Faults in a call that is connected: order, crossing re-INVITEs, garbage, a side that has lost the dialog."""

from __future__ import annotations

import asyncio

from tests.edge.peer import sdp, token
from tests.prove.faults.moves import (
    BY_CALLEE,
    BY_CALLER,
    Ended,
    at_once,
    connected,
    fault,
    first_to_get,
    hang_up,
    hung_up,
    info,
    need,
    rung,
    talking,
)
from tests.prove.ports import Call
from tests.prove.sides import Side


def _either(call: Call, leg: Side) -> tuple[Side, Side]:
    sides = [call.caller, leg]
    call.draw.shuffle(sides)
    return sides[0], sides[1]


def _ended_by(call: Call, side: Side) -> Ended:
    return BY_CALLER if side is call.caller else BY_CALLEE


async def _change(one: Side, other: Side, number: int) -> None:
    """Let one side change the session."""
    one.invite(sdp(number))
    invite = await other.expect("INVITE")
    need(invite.body == sdp(number), "the new offer came through changed")
    other.reply(invite, 200, body=sdp(number + 1))
    ok = await one.expect("200/INVITE")
    need(ok.body == sdp(number + 1), "the new answer came through changed")
    one.ack(ok)
    await other.expect("ACK")


@fault("RFC 3261 12.2.2: a request with a lower CSeq gets 500; the call goes on")
async def cseq_out_of_order(call: Call) -> Ended:
    leg = await talking(call)
    one, other = _either(call, leg)
    one.cseq += 10
    await info(one, other)
    one.request(call.draw.choice(("INFO", "BYE", "INVITE")), cseq=one.cseq - call.draw.randint(1, 5))
    await one.expect("500/INFO", "500/BYE", "500/INVITE")
    await info(other, one)
    await hang_up(one, other)
    return _ended_by(call, one)


@fault("RFC 3261 14.1, 14.2: re-INVITEs that cross get 491, both; the one that is tried again passes")
async def reinvites_cross(call: Call) -> Ended:
    leg = await talking(call)
    caller = call.caller
    await at_once(call, lambda: caller.invite(sdp(5)), lambda: leg.invite(sdp(6)))
    side = await first_to_get("INVITE", caller, leg)  # only one of two that cross gets through
    side.reply(await side.expect("INVITE"), 491)
    await caller.expect("491/INVITE")
    await leg.expect("491/INVITE")
    await side.expect("ACK")
    await asyncio.sleep(call.draw.random() * 0.5)
    await _change(leg, caller, 7)
    await hang_up(leg, caller)
    return BY_CALLEE


@fault("RFC 3261 13.3.1.4, 13.2.2.4: lost 2xx and ACKs of a re-INVITE come again, on both sides")
async def reinvite_with_losses(call: Call) -> Ended:
    leg = await talking(call)
    one, other = _either(call, leg)
    one.lose("out", "INVITE", call.draw.randint(0, 1))
    one.lose("in", "200/INVITE", call.draw.randint(0, 1))
    one.lose("out", "ACK", call.draw.randint(0, 1))
    other.lose("in", "INVITE", call.draw.randint(0, 1))
    other.lose("out", "200/INVITE", call.draw.randint(0, 1))
    other.lose("in", "ACK", call.draw.randint(0, 1))
    await _change(one, other, 9)
    await hang_up(one, other)
    return _ended_by(call, one)


@fault("RFC 3261 14.1, 14.2: a re-INVITE while the caller's ACK is missing gets 491; later it passes")
async def reinvite_before_the_callers_ack(call: Call) -> Ended:
    leg = await rung(call)
    call.caller.lose("in", "200/INVITE", call.draw.randint(1, 2))
    leg.reply(leg.invited, 200, body=call.answer)
    await leg.expect("ACK")
    leg.invite(sdp(5))
    await leg.expect("491/INVITE")
    await connected(call)
    await _change(leg, call.caller, 7)
    await hang_up(leg, call.caller)
    return BY_CALLEE


@fault("RFC 3261 9.1, 9.2: a CANCEL that crosses the 2xx of a re-INVITE changes nothing")
async def reinvite_cancel_crossing_200(call: Call) -> Ended:
    leg = await talking(call)
    one, other = _either(call, leg)
    one.invite(sdp(5))
    invite = await other.expect("INVITE")
    other.reply(invite, 180)
    await one.expect("180/INVITE")
    await at_once(call, one.cancel, lambda: other.reply(invite, 200, body=sdp(6)))
    await one.expect("200/CANCEL")
    one.ack(await one.expect("200/INVITE"))
    await other.expect("ACK")
    cancel = other.take("CANCEL")
    if cancel is not None:
        other.reply(cancel, 200)
    await hang_up(one, other)
    return _ended_by(call, one)


@fault("RFC 3261 15.1.2: the BYE wins; the re-INVITE that it crosses gets 487, or 481 if it came later")
async def reinvite_crossing_the_bye(call: Call) -> Ended:
    leg = await talking(call)
    one, other = _either(call, leg)
    await at_once(call, lambda: one.invite(sdp(5)), lambda: other.request("BYE"))
    await other.expect("200/BYE")
    passed = other.take("INVITE")
    if passed is not None:
        other.reply(passed, 481)
        await other.expect("ACK")
    await one.expect("487/INVITE" if passed else "481/INVITE")
    await hung_up(one)
    return _ended_by(call, other)


@fault("RFC 3261 12.2.1.2: a re-INVITE that gets no answer at all ends the call: 408, and BYE to both")
async def gone_when_reinvited(call: Call) -> Ended:
    leg = await talking(call)
    one, other = _either(call, leg)
    other.vanish()
    one.invite(sdp(5))
    await one.expect("408/INVITE")
    await hung_up(one)
    return _ended_by(call, other)


@fault("RFC 3261 12.2.1.2: a side that answers 481 has lost the dialog; the other one is hung up")
async def dialog_lost(call: Call) -> Ended:
    leg = await talking(call)
    one, other = _either(call, leg)
    one.request("INFO")
    other.reply(await other.expect("INFO"), 481)
    await one.expect("481/INFO")
    await hung_up(one)
    return _ended_by(call, other)


@fault("RFC 3261 12.2.2: a request with a tag that is not the dialog's gets 481; the call goes on")
async def tag_of_another_dialog(call: Call) -> Ended:
    leg = await talking(call)
    one, other = _either(call, leg)
    wrong = one.theirs.partition(";tag=")[0] + f";tag={token()}"
    one.request("BYE", theirs=wrong)
    await one.expect("481/BYE")
    await info(one, other)
    await hang_up(other, one)
    return _ended_by(call, other)


@fault("RFC 3261 17.2.2, 17.1.2.2: a lost INFO, or its lost answer, comes again; it is passed once")
async def info_lost(call: Call) -> Ended:
    leg = await talking(call)
    one, other = _either(call, leg)
    one.lose("out", "INFO", call.draw.randint(0, 1))
    one.lose("in", "200/INFO", call.draw.randint(0, 1))
    other.lose("in", "INFO", call.draw.randint(0, 1))
    other.lose("out", "200/INFO", call.draw.randint(0, 1))
    await info(one, other)
    await hang_up(other, one)
    return _ended_by(call, other)


@fault("RFC 3261 18.3, 16.3, RFC 4475 3.1.2: garbage and cut-off requests get 400 or nothing; the call goes on")
async def garbage_in_the_middle(call: Call) -> Ended:
    leg = await talking(call)
    one, other = _either(call, leg)
    branch = f"z9hG4bK{token()}"
    one.judge.sent(branch, "INFO", 99)
    whole = one.request_text("INFO", 99, branch=branch, body="Signal=5")
    one.raw(whole[:-3].encode(), "INFO, shorter than its Content-Length")
    await one.expect("400/INFO")
    bye = one.request_text("BYE", 99, branch=f"z9hG4bK{token()}")
    one.raw(bye[: call.draw.randrange(bye.index("CSeq"))].encode(), "BYE, cut off")
    one.raw(call.draw.randbytes(call.draw.randint(1, 1500)), "random bytes")
    one.raw(f"SIP/2.0 200 OK\r\nCall-ID: {one.call_id}\r\n\r\n".encode(), "a response without Via")
    await info(one, other)
    await hang_up(one, other)
    return _ended_by(call, one)


@fault("RFC 3261 13.3.1.4: an ACK of another CSeq confirms nothing; the 2xx comes again")
async def ack_of_another_cseq(call: Call) -> Ended:
    caller = call.caller
    caller.invite()
    leg = await call.leg()
    leg.reply(leg.invited, 200, body=call.answer)
    ok = await caller.expect("200/INVITE")
    caller.theirs, caller.target = ok.get("to"), ok.get("contact").strip("<>")
    caller.request("ACK", cseq=77)
    await caller.again("200/INVITE", 2)
    caller.ack(ok)
    await leg.expect("ACK")
    await hang_up(leg, caller)
    return BY_CALLEE
