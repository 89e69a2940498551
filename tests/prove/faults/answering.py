"""The way from the INVITE to the ACK of its 2xx: lost, doubled, forked and malformed messages."""

from __future__ import annotations

from tests.edge.peer import token
from tests.prove.faults.moves import (
    BY_CALLEE,
    BY_CALLER,
    UNACKNOWLEDGED,
    Ended,
    connected,
    fault,
    hang_up,
    hung_up,
    need,
    pick_up,
    ring,
    rung,
    talking,
)
from tests.prove.ports import Call


@fault("RFC 3261 17.1.1.2: the caller sends it again; it makes one call")
async def callers_invite_lost(call: Call) -> Ended:
    call.caller.lose("out", "INVITE", call.draw.randint(1, 2))
    await hang_up(call.caller, await talking(call))
    return BY_CALLER


@fault("RFC 3261 17.1.1.2: the edge sends it again, the same bytes")
async def our_invite_lost(call: Call) -> Ended:
    call.first_leg_loses = ("INVITE", call.draw.randint(1, 2))
    leg = await talking(call)
    await hang_up(leg, call.caller)
    return BY_CALLEE


@fault("RFC 3261 17.2.1: a retransmitted INVITE brings the last provisional answer again")
async def provisionals_lost(call: Call) -> Ended:
    call.caller.lose("in", "1xx/INVITE", 2)
    await hang_up(call.caller, await talking(call))
    return BY_CALLER


@fault("RFC 3261 13.3.1.4: the edge sends its 2xx again until the ACK")
async def our_200_lost(call: Call) -> Ended:
    call.caller.lose("in", "200/INVITE", call.draw.randint(1, 3))
    await hang_up(call.caller, await talking(call))
    return BY_CALLER


@fault("RFC 3261 13.3.1.4: the 2xx comes again, and again the ACK; the edge then stops")
async def callers_ack_lost(call: Call) -> Ended:
    call.caller.lose("out", "ACK", call.draw.randint(1, 2))
    leg = await talking(call)
    await call.caller.again("200/INVITE")
    await hang_up(leg, call.caller)
    return BY_CALLEE


@fault("RFC 3261 13.3.1.4: after 64*T1 without an ACK both sides get BYE")
async def no_ack_at_all(call: Call) -> Ended:
    leg = await rung(call)
    leg.reply(leg.invited, 200, body=call.answer)
    ok = await call.caller.expect("200/INVITE")
    call.caller.theirs = ok.get("to")
    await leg.expect("ACK")
    await hung_up(call.caller)
    await hung_up(leg)
    return UNACKNOWLEDGED


@fault("RFC 3261 13.2.2.4: the callee's 2xx, sent again, gets its ACK")
async def callees_200_lost(call: Call) -> Ended:
    leg = await rung(call)
    leg.lose("out", "200/INVITE", 2)
    await pick_up(call, leg)
    await hang_up(leg, call.caller)
    return BY_CALLEE


@fault("RFC 3261 13.2.2.4: each 2xx that comes again gets the same ACK again")
async def our_ack_lost(call: Call) -> Ended:
    leg = await rung(call)
    leg.lose("in", "ACK", call.draw.randint(1, 3))
    await pick_up(call, leg)
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 17.2.3: the same INVITE in quick succession is one transaction, and one call")
async def invite_doubled(call: Call) -> Ended:
    branch = call.caller.invite()
    for _ in range(call.draw.randint(1, 4)):
        call.caller.again_out(branch)
    leg = await ring(call)
    call.caller.again_out(branch)
    await pick_up(call, leg)
    call.caller.again_out(branch)  # crosses the end: absorbed in the state Accepted (RFC 6026 7.1)
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 8.2.2.2: the same INVITE over another branch gets 482; the call goes on")
async def invite_merged(call: Call) -> Ended:
    call.caller.invite()
    call.caller.request("INVITE", cseq=call.caller.cseq, branch=f"z9hG4bK{token()}", body=call.offer)
    await call.caller.expect("482/INVITE")
    leg = await ring(call)
    await pick_up(call, leg)
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 6026 7.2: after its 2xx, a callee's other answers change nothing")
async def late_answers_after_200(call: Call) -> Ended:
    leg = await talking(call)
    leg.reply(leg.invited, call.draw.choice((180, 183)), body=call.answer)
    leg.raw(leg.answer_text(leg.invited, 486).encode(), "486, sent after the 200")
    leg.reply(leg.invited, 200, body=call.answer)
    await leg.again("ACK")
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 13.2.2.4: of two 2xx with different tags the second is acknowledged and hung up")
async def fork_with_two_200s(call: Call) -> Ended:
    leg, other = await rung(call), token()
    leg.reply(leg.invited, 200, body=call.answer)
    leg.reply(leg.invited, 200, body=call.offer, tag=other)
    await connected(call)
    acks = [(await leg.expect("ACK")).get("to").partition("tag=")[2] for _ in range(2)]
    need(sorted(acks) == sorted((leg.tag, other)), "each 2xx gets its own ACK")
    bye = await leg.expect("BYE")
    need(bye.get("to").endswith(other), "the BYE is for the second")
    leg.reply(bye, 200)
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 12.1.2: each early tag is a dialog of its own; the caller knows the edge's only")
async def another_tag_in_each_answer(call: Call) -> Ended:
    call.caller.invite()
    leg = await call.leg()
    for status in (180, 183, 180):
        leg.reply(leg.invited, status, tag=token())
    await call.caller.expect("180/INVITE")
    await pick_up(call, leg)
    await hang_up(leg, call.caller)
    return BY_CALLEE


@fault("RFC 3261 13.2.2.4, 12.1.2: a 2xx whose Contact cannot be read is acknowledged and hung up; the caller gets 502")
async def callees_contact_malformed(call: Call) -> Ended:
    leg = await rung(call)
    leg.reply(leg.invited, 200, body=call.answer, headers=(("Contact", "<sip:[::1@;<"),))
    await leg.expect("ACK")
    await hung_up(leg)
    await call.caller.expect("502/INVITE")
    return Ended(502, "callee", "out_of_service")


@fault("RFC 3261 13.2.1: a 2xx without an answer reaches the caller, who acknowledges and hangs up")
async def callee_answers_without_sdp(call: Call) -> Ended:
    leg = await rung(call)
    leg.reply(leg.invited, 200)
    ok = await call.caller.expect("200/INVITE")
    need(not ok.body, "there is no session description")
    call.caller.ack(ok)
    await leg.expect("ACK")
    await hang_up(call.caller, leg)
    return BY_CALLER


@fault("RFC 3261 13.2.1: the answer of a late offer is in the ACK; a lost one comes when the 2xx comes again")
async def ack_with_the_answer_lost(call: Call) -> Ended:
    caller = call.caller
    caller.lose("out", "ACK")
    caller.invite(body="")
    leg = await call.leg()
    need(not leg.invited.body, "there is no offer yet")
    leg.reply(leg.invited, 200, body=call.offer)
    ok = await caller.expect("200/INVITE")
    need(ok.body == call.offer, "the callee's offer came through changed")
    caller.ack(ok, body=call.answer)
    need((await leg.expect("ACK")).body == call.answer, "the caller's answer came through changed")
    await hang_up(caller, leg)
    return BY_CALLER


@fault(
    "RFC 3261 13.3.1.4, 13.2.2.4: without the ACK that brings the answer, both sides get BYE, the callee an ACK before"
)
async def no_ack_with_the_answer(call: Call) -> Ended:
    call.caller.invite(body="")
    leg = await call.leg()
    leg.reply(leg.invited, 200, body=call.offer)
    call.caller.theirs = (await call.caller.expect("200/INVITE")).get("to")
    await hung_up(call.caller)
    await leg.expect("ACK")
    await hung_up(leg)
    return UNACKNOWLEDGED


@fault("RFC 3261 18.1.2, 8.1.3.3: a response with a foreign branch or a second Via is dropped")
async def responses_of_somebody_else(call: Call) -> Ended:
    leg = await rung(call)
    text = leg.answer_text(leg.invited, 486)
    leg.raw(text.replace("branch=z9hG4bK", "branch=z9hG4bKx").encode(), "486 with a foreign branch")
    leg.raw(text.replace("From:", "Via: SIP/2.0/UDP 127.0.0.9\r\nFrom:", 1).encode(), "486 with a second Via")
    leg.raw(text.encode()[: text.index("CSeq")], "486, cut off")
    await pick_up(call, leg)
    await hang_up(call.caller, leg)
    return BY_CALLER
