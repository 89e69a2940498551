"""What crosses: messages that the edge reads at one wake, and a hang-up that meets an answer without its ACK."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.edge.test_leaks import PHONE, TRUNK, Bench, check, collected_off
from trunkline.sip.message import Request, Response


def _played(story: Callable[[Bench], None]) -> None:
    """Play a story on an edge of its own; afterwards nothing is left of its calls."""

    async def play() -> None:
        await asyncio.sleep(0)
        bench = Bench(TRUNK)
        story(bench)
        bench.later(1.5)
        check(bench)

    collected_off(play)


def _at_one_wake(bench: Bench, *moves: Callable[[], None]) -> None:
    """Let messages be read before the edge hears of the first of them."""
    flush = bench.flush
    bench.flush = lambda: None  # type: ignore[method-assign]  # what follows is read, and waits
    for move in moves:
        move()
    bench.flush = flush  # type: ignore[method-assign]
    bench.flush()


def _statuses(bench: Bench, method: str) -> list[int]:
    """Return what requests of the caller were answered."""
    return [m.status for m in bench.sent if isinstance(m, Response) and m.cseq_method == method]


def _byes(bench: Bench, call: int) -> int:
    """Return how many BYEs the caller got."""
    wanted = f"call{call}"
    return len({m.cseq for m in bench.sent if isinstance(m, Request) and m.method == "BYE" and m.call_id == wanted})


def _rung(bench: Bench) -> tuple[int, Request]:
    call = bench.invite()
    invite = bench.last("INVITE")
    bench.answer(invite, 180)
    return call, invite


def _phone_hangs_up(bench: Bench) -> None:
    invite = bench.last("INVITE")
    lines = (
        "BYE sip:127.0.0.1:5060 SIP/2.0",
        "Via: SIP/2.0/UDP 127.0.0.3;branch=z9hG4bKphone",
        f"From: {invite.get('to')};tag=phone",
        f"To: {invite.get('from')}",
        f"Call-ID: {invite.call_id}",
        "CSeq: 1 BYE",
        "Content-Length: 0",
    )
    bench.take(("\r\n".join(lines) + "\r\n\r\n").encode(), PHONE)


def test_a_cancel_that_is_read_together_with_the_answer_changes_nothing() -> None:
    """RFC 3261 section 9.2: an INVITE that has its final answer is not cancelled any more."""

    def story(bench: Bench) -> None:
        call, invite = _rung(bench)
        _at_one_wake(bench, lambda: bench.answer(invite, 200), lambda: bench.cancel(call))
        assert _statuses(bench, "INVITE") == [100, 180, 200]
        assert _statuses(bench, "CANCEL") == [200]
        assert len(bench.edge.calls) == 1, "the call goes on"
        bench.within("ACK", call, 1)
        bench.within("BYE", call, 2)
        bench.answer(bench.last("BYE"), 200)

    _played(story)


def test_a_cancel_and_its_invite_are_answered_with_one_tag() -> None:
    """RFC 3261 section 9.2, also where both are read together."""

    def story(bench: Bench) -> None:
        call, _ = _rung(bench)
        bench.cancel(call)
        _at_one_wake(bench, lambda: bench.cancel(bench.invite()))
        for number in (call, call + 1):
            answers = [m for m in bench.sent if isinstance(m, Response) and m.call_id == f"call{number}"]
            assert {200, 487} <= {m.status for m in answers}
            assert len({m.to_tag for m in answers if m.status > 100}) == 1
            bench.acknowledge_refusal(number)

    _played(story)


def test_a_callee_that_hangs_up_before_the_ack() -> None:
    """RFC 3261 section 15: the caller gets no BYE before its ACK has come."""

    def story(bench: Bench) -> None:
        call, invite = _rung(bench)
        bench.answer(invite, 200)
        _phone_hangs_up(bench)
        assert not bench.edge.calls, "the call is over"
        assert _byes(bench, call) == 0
        bench.within("ACK", call, 1)
        assert _byes(bench, call) == 1
        bench.answer(bench.last("BYE"), 200)

    _played(story)


def test_a_callee_that_hangs_up_and_no_ack_at_all() -> None:
    """RFC 3261 sections 15 and 13.3.1.4: the BYE goes out once the 2xx is not sent any more."""

    def story(bench: Bench) -> None:
        call, invite = _rung(bench)
        bench.answer(invite, 200)
        _phone_hangs_up(bench)
        bench.later(0.5)
        assert _byes(bench, call) == 0
        bench.later(0.2)
        assert _byes(bench, call) == 1
        bench.answer(bench.last("BYE"), 200)

    _played(story)


def test_a_caller_that_hangs_up_while_our_bye_waits() -> None:
    """Its BYE is answered 200, for nobody has ended its dialog yet, and ours is not sent."""

    def story(bench: Bench) -> None:
        call, invite = _rung(bench)
        bench.answer(invite, 200)
        _phone_hangs_up(bench)
        bench.within("BYE", call, 2)
        assert _statuses(bench, "BYE")[-1] == 200
        bench.within("ACK", call, 1)
        assert _byes(bench, call) == 0

    _played(story)


def test_a_bye_that_waits_is_sent_when_the_server_stops() -> None:
    """There is nobody left who could wait for the ACK."""

    async def play() -> None:
        bench = Bench(TRUNK)
        call, invite = _rung(bench)
        bench.answer(invite, 200)
        await bench.edge.close()
        bench.flush()
        assert _byes(bench, call) == 1

    asyncio.run(play())
