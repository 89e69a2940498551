"""Nothing of a transfer is left once its call is over, however it ended: the edge has no collector of circles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from tests.edge.test_leaks import APPLICATION, CARRIER, Bench, check, collected_off
from trunkline.core.calls import CallFacts, EndCause, EndedBy, Ending
from trunkline.core.facts import ApplicationTarget
from trunkline.core.fetching import CallerGone, Legs
from trunkline.core.referrals import ReferralResult, ReferralStatus
from trunkline.sip.replying import reply

OFFER = "Content-Type: application/sdp\r\n\r\nv=0\r\nm=audio 4000 RTP/AVP 0\r\n"
TOLD = "Event: refer\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag\r\n\r\nSIP/2.0 {line}"


class Referred(Bench):
    """A bench whose carrier offers a session, and can say more in its requests: header fields and a body."""

    def __init__(self, runner: Runner) -> None:
        super().__init__(APPLICATION, runner)
        self.edge.settings = replace(self.edge.settings, refer_s=0.02)
        self._more = ""

    def _request(self, method: str, call: int, cseq: int, tag: str = "", branch: str = "") -> bytes:
        text = super()._request(method, call, cseq, tag, branch)
        fields, _, body = (OFFER if method == "INVITE" else self._more).partition("\r\n\r\n")
        length = f"{fields}\r\nContent-Length: {len(body)}" if fields else "Content-Length: 0"
        return text.replace(b"Content-Length: 0", length.encode()) + body.encode()

    def notify(self, call: int, cseq: int, line: str, state: str = "active") -> None:
        """Tell of the transfer."""
        self._more = TOLD.format(state=state, line=line)
        self.within("NOTIFY", call, cseq)
        self._more = ""


class Runner:
    """Answers without sound and refers, twice where the first has failed; then hangs up."""

    def __init__(self) -> None:
        self.results: list[ReferralResult] = []

    async def run(self, _target: ApplicationTarget, _facts: Callable[[], CallFacts], legs: Legs) -> None:
        """Refer."""
        try:
            assert legs.answer() is None
            for _ in range(2):
                self.results.append(await legs.refer("sip:alice@example.com?X-A=1"))
                if self.results[-1].status is not ReferralStatus.BUSY:
                    break
            legs.end(Ending(EndedBy.DOCUMENT, EndCause.NORMAL))
        except CallerGone:
            return

    async def tell_end(self, _target: ApplicationTarget, _call: CallFacts, note: Callable[..., None]) -> None:
        """Tell nobody."""
        note("fetch", outcome="told")


def answer(bench: Referred, method: str, status: int) -> None:
    """Answer our last request of a method as the carrier."""
    headers = [("www-authenticate", 'Digest realm="carrier", nonce="n", qop="auth"')] if status == 401 else []
    bench.take(reply(bench.last(method), status, headers=headers).to_bytes(), CARRIER)


async def begun(bench: Referred) -> int:
    """Call, and be answered without sound."""
    call = bench.invite()
    await bench.settle()
    bench.within("ACK", call, 1)
    return call


async def talks(bench: Referred) -> None:
    call = await begun(bench)
    answer(bench, "REFER", 202)
    bench.notify(call, 2, "100 Trying")
    bench.notify(call, 3, "200 OK", "terminated")
    await bench.settle()
    answer(bench, "BYE", 200)


async def refused(bench: Referred) -> None:
    await begun(bench)
    answer(bench, "REFER", 603)
    await bench.settle()
    answer(bench, "BYE", 200)


async def challenged(bench: Referred) -> None:
    call = await begun(bench)
    answer(bench, "REFER", 401)
    assert bench.last("REFER").get("authorization")
    answer(bench, "REFER", 202)
    bench.notify(call, 2, "486 Busy Here")
    await bench.settle()
    answer(bench, "REFER", 603)
    await bench.settle()
    answer(bench, "BYE", 401)
    answer(bench, "BYE", 200)


async def unanswered(bench: Referred) -> None:
    await begun(bench)
    bench.later(1.0)
    await bench.settle()


async def silent(bench: Referred) -> None:
    await begun(bench)
    answer(bench, "REFER", 202)
    await asyncio.sleep(0.1)
    await bench.settle()
    answer(bench, "BYE", 200)


async def hung_up(bench: Referred) -> None:
    call = await begun(bench)
    answer(bench, "REFER", 202)
    bench.within("BYE", call, 2)
    bench.notify(call, 3, "200 OK")


async def crossed(bench: Referred) -> None:
    call = await begun(bench)
    bench.within("BYE", call, 2)
    answer(bench, "REFER", 202)


async def never_acknowledged(bench: Referred) -> None:
    bench.invite()
    await bench.settle()
    bench.later(1.0)
    await bench.settle()


STORIES: dict[Callable[[Referred], Coroutine[Any, Any, None]], tuple[ReferralStatus, ...]] = {
    talks: (ReferralStatus.IN_PROGRESS,),
    refused: (ReferralStatus.FAILED,),
    challenged: (ReferralStatus.BUSY, ReferralStatus.FAILED),
    unanswered: (ReferralStatus.FAILED,),
    silent: (ReferralStatus.UNKNOWN,),
    hung_up: (ReferralStatus.CANCELLED,),
    crossed: (ReferralStatus.CANCELLED,),
    never_acknowledged: (ReferralStatus.CANCELLED,),
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_nothing_of_a_transfer_is_left(story: Callable[[Referred], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        runner = Runner()
        bench = Referred(runner)
        for _ in range(3):
            await story(bench)
        await bench.settle()
        bench.later(1.5)
        await bench.settle()
        assert [result.status for result in runner.results] == [*STORIES[story]] * 3
        check(bench)

    collected_off(play)
