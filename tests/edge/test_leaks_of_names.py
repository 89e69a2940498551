"""A call whose caller's name is asked for is freed by its last reference, whether it waits for the answer or leaves."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from tests.edge.test_leaks import APPLICATION, STORIES, Bench, Runner, _Reader, check, collected_off
from tests.hooks.test_caller_names import Service, source
from tests.hooks.test_client import server
from trunkline.core.facts import Attempt, NoUsage
from trunkline.core.verbs import DialTarget, TargetKind
from trunkline.hooks.caller_names import HttpNameSource


class Named(Bench):
    """A bench with a number that has the lookup, called by numbers of the US."""

    def __init__(self, names: HttpNameSource) -> None:
        super().__init__(APPLICATION, Runner(DialTarget(kind=TargetKind.SIP, value="sip:127.0.0.3")))
        facts = self.edge.facts.read(Attempt("127.0.0.2", {}), NoUsage())
        self.edge.facts = _Reader(facts._replace(numbers=(facts.numbers[0]._replace(cnam_lookup=True),)))
        self.edge.name_source = names

    def _request(self, method: str, call: int, cseq: int, tag: str = "", branch: str = "") -> bytes:
        text = super()._request(method, call, cseq, tag, branch)
        return text.replace(b"<sip:1@", b"<sip:+1415555%04d@" % call)

    async def dialled(self) -> None:
        """Wait until the document dials."""
        async with asyncio.timeout(10):
            while not any(getattr(message, "method", "") == "INVITE" for message in self.sent):
                await asyncio.sleep(0.01)
                self.flush()


@pytest.mark.parametrize("answers", [True, False])
def test_nothing_of_a_call_whose_name_is_asked_is_left(answers: bool) -> None:
    async def play() -> None:
        service = Service()
        async with server(service.answer) as base, source(base, timeout_s=5.0) as names:
            bench = Named(names)
            for times in range(1, 4):
                service.held = None if answers else asyncio.Event()
                call = bench.invite()
                under_way = partial(int, call)
                bench.invite = under_way  # type: ignore[method-assign]  # the story finds its call under way
                await service.until_asked(times)
                if answers:
                    await bench.dialled()
                    await STORIES["caller_hangs_up"](bench)
                else:
                    bench.cancel(call)
                    bench.acknowledge_refusal(call)
                await bench.settle()
                del bench.invite
                if service.held is not None:
                    service.held.set()
                bench.sent.clear()
            bench.later(1.5)
            await bench.settle()
            assert not bench.edge.open_tasks
            check(bench)

    collected_off(play)
