"""Two user agents: what each side may do with a call, and that both are left without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.lab.helpers import QUICK, until
from trunkline.lab import sdp
from trunkline.lab.agent import LabError, UserAgent, name_message
from trunkline.lab.placed import PlacedCall
from trunkline.lab.received import ReceivedCall
from trunkline.sip.message import Request
from trunkline.sip.timers import Timers

Take = Callable[[ReceivedCall], None]


class Pair:
    """A caller and a callee, and the messages that the caller has seen."""

    def __init__(self, take: Take, timers: Timers | None) -> None:
        self.taken: list[ReceivedCall] = []
        self.seen: list[str] = []
        self._take = take
        self.callee = UserAgent("127.0.0.1", on_call=self._on_call, timers=timers)
        self.caller = UserAgent("127.0.0.1", watch=self._saw, timers=timers)

    def place(self) -> PlacedCall:
        uri = f"sip:somebody@{self.callee.host_port}"
        return self.caller.call(uri, (self.callee.host, self.callee.port), caller="sip:me@127.0.0.1")

    def _on_call(self, call: ReceivedCall) -> None:
        self.taken.append(call)
        self._take(call)

    def _saw(self, sent: bool, what: str) -> None:
        self.seen.append(f"{'>' if sent else '<'} {what.partition(' sip:')[0]}")


@asynccontextmanager
async def pair(take: Take, timers: Timers | None = None) -> AsyncIterator[Pair]:
    both = Pair(take, timers)
    async with both.callee, both.caller:
        yield both
        assert (both.caller.calls, both.callee.calls) == ((), ())


def ring(call: ReceivedCall) -> None:
    call.ring()


def answer(call: ReceivedCall) -> None:
    call.answer()


def ignore(call: ReceivedCall) -> None:
    """Leave it at 100."""


def test_either_side_may_offer_anew() -> None:
    async def go() -> None:
        async with pair(answer) as both:
            call = both.place()
            assert await call.settled(1)
            assert await call.reinvite(1) == 200
            assert await both.taken[0].reinvite(1) == 200
            call.hang_up()
            assert await call.over(1)
            assert await call.reinvite(1) == 0
            assert await both.taken[0].over(1)
        assert both.seen.count("> ACK") == 2

    asyncio.run(go())


def test_a_callee_that_hangs_up_at_once_waits_for_the_ack() -> None:
    def answer_and_leave(call: ReceivedCall) -> None:
        call.answer()
        call.hang_up()

    async def go() -> None:
        async with pair(answer_and_leave) as both:
            call = both.place()
            assert await call.over(1)
            assert call.ended_by == "them"
            assert await both.taken[0].over(1)
            assert both.seen.index("> ACK") < both.seen.index("< BYE")

    asyncio.run(go())


def test_both_sides_hang_up_at_once() -> None:
    async def go() -> None:
        async with pair(answer) as both:
            call = both.place()
            assert await call.settled(1)
            await until(lambda: not both.taken[0]._unacked)
            call.hang_up()
            both.taken[0].hang_up()
            assert await call.over(1)
            assert await both.taken[0].over(1)

    asyncio.run(go())


def test_cancel_before_anything_was_heard_goes_out_later() -> None:
    async def go() -> None:
        async with pair(ring) as both:
            call = both.place()
            call.hang_up()
            assert await call.over(1)
            assert (call.status, call.ended_by) == (487, "us")
            assert await both.taken[0].over(1)
            assert (both.taken[0].status, both.taken[0].ended_by) == (487, "them")
        assert both.seen.index("< 100 Trying") < both.seen.index("> CANCEL")

    asyncio.run(go())


def test_an_answer_that_crosses_a_cancel_is_hung_up() -> None:
    async def go() -> None:
        async with pair(ignore) as both:
            call = both.place()
            await until(lambda: bool(call.status))
            both.taken[0].answer()
            call.hang_up()
            assert await call.over(1)
            assert call.answered_at is not None
            assert call.ended_by == "us"
            assert await both.taken[0].over(1)

    asyncio.run(go())


def test_a_200_without_ack_ends_the_call() -> None:
    async def go() -> None:
        async with pair(answer, QUICK) as both:
            call = both.place()
            send_ack = both.caller.transactions.send_ack
            both.caller.transactions.send_ack = lambda *_: None  # type: ignore[method-assign]
            assert await call.settled(1)
            assert await call.over(2)
            assert call.ended_by == "them"
            assert await both.taken[0].over(1)
            assert both.taken[0].failure == "no ACK came for the 200"
            both.caller.transactions.send_ack = send_ack  # type: ignore[method-assign]

    asyncio.run(go())


def test_an_offer_that_we_do_not_speak_is_refused() -> None:
    async def go() -> None:
        async with pair(answer) as both:
            call = PlacedCall(
                both.caller, f"sip:x@{both.callee.host_port}", both.caller.hop((both.callee.host, both.callee.port)),
                caller="sip:me@127.0.0.1", headers=(), credentials=None,
            )  # fmt: skip
            call.request.body = sdp.offer("127.0.0.1", 1, 0).replace(b"RTP/AVP", b"RTP/SAVP")
            call.start()
            assert await call.over(1)
            assert call.status == 488

    asyncio.run(go())


def test_a_call_has_an_end_even_if_nobody_ends_it() -> None:
    async def go() -> None:
        async with pair(answer) as both:
            both.caller.max_call_s = 0.02
            call = both.place()
            assert await call.over(1)
            assert call.answered_at is not None
            assert await both.taken[0].over(1)

    asyncio.run(go())


def test_leaving_an_agent_ends_its_calls() -> None:
    async def go() -> None:
        async with UserAgent("127.0.0.1", on_call=answer) as callee:
            async with UserAgent("127.0.0.1") as caller:
                call = caller.call(f"sip:x@{callee.host_port}", (callee.host, callee.port), caller="sip:me@127.0.0.1")
                assert await call.settled(1)
            assert call.state == "over"
            assert callee.calls == ()

    asyncio.run(go())


def test_the_outside_of_calls() -> None:
    """OPTIONS is answered, what belongs to no call is 481, an unknown method 405; nobody at home is 480."""

    async def go() -> list[str]:
        seen: list[str] = []
        async with (
            UserAgent("127.0.0.1") as agent,
            UserAgent("127.0.0.1", watch=lambda _, what: seen.append(what)) as us,
        ):
            target = us.hop((agent.host, agent.port))
            for method, to in (("OPTIONS", ""), ("BYE", ";tag=x"), ("MESSAGE", ""), ("INVITE", "")):
                headers = [
                    ("from", "<sip:me@127.0.0.1>;tag=1"), ("to", f"<sip:x@127.0.0.1>{to}"), ("call-id", method),
                    ("cseq", f"1 {method}"), ("max-forwards", "70"), ("contact", us.contact),
                ]  # fmt: skip
                us.transactions.send_request(Request(method, "sip:x@127.0.0.1", headers), target, 0.0)
            us.flush()
            await until(lambda: sum(1 for what in seen if what[0].isdigit()) >= 4)
        return [what for what in seen if what[0].isdigit()]

    assert sorted(asyncio.run(go())) == [
        "200 OK (OPTIONS)", "405 Method Not Allowed (MESSAGE)", "480 Nobody is here",
        "481 Call/Transaction Does Not Exist (BYE)",
    ]  # fmt: skip


def test_rubbish_is_ignored() -> None:
    assert name_message(b"rubbish\r\n\r\n").startswith("a message that cannot be read")


def test_a_taken_port_is_said() -> None:
    async def go() -> None:
        async with UserAgent("127.0.0.1") as agent:
            with pytest.raises(LabError, match=f"cannot use 127.0.0.1:{agent.port} for SIP"):
                await UserAgent("127.0.0.1", agent.port).__aenter__()

    asyncio.run(go())


def test_ipv6() -> None:
    async def go() -> None:
        async with UserAgent("::1", on_call=answer) as callee, UserAgent("::1") as caller:
            call = caller.call(f"sip:x@{callee.host_port}", (callee.host, callee.port), caller="sip:me@[::1]")
            assert await call.settled(1)
            assert call.answered_at is not None
            assert callee.host_port == f"[::1]:{callee.port}"

    try:
        asyncio.run(go())
    except LabError as error:
        pytest.skip(f"no IPv6 here: {error}")
