"""Following names, by a clock that is told the time: when the DNS is asked, what stays good while it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from trunkline.core.gateways import LAST_GOOD_S, HostName
from trunkline.core.model import Transport
from trunkline.core.ports import Rules
from trunkline.sip import following
from trunkline.sip.dnsmessage import Answer, Kind, Naptr, Record, Srv
from trunkline.sip.following import NameFollower, surveyor, teach
from trunkline.sip.names import KeptNames, NameFailedError
from trunkline.store.gateway_states import KeptAnswer, SqlGatewayStates

NAME = HostName("sip.example.com", 5060, Transport.UDP)
WALL = 1_700_000_000.0


class Bench:
    """A follower of one name, whose DNS says what ``told`` holds; a kind in ``failing`` fails."""

    def __init__(self, folder: Path) -> None:
        self.time = 1000.0
        self.told: dict[Kind, tuple[Record, ...]] = {Kind.A: ("203.0.113.7",), Kind.AAAA: ("2001:db8::7",)}
        self.failing: set[Kind] = set()
        self.ttl = 60
        self.asked: list[Kind] = []
        self.names = KeptNames(self._ask, now=lambda: self.time)
        self.states = SqlGatewayStates(folder, now=self.wall)
        locator = surveyor(self.names, lambda transport, _version: transport == "UDP")
        self.follower = NameFollower(self.names, locator, self.states, Rules(), now=lambda: self.time, wall=self.wall)

    def wall(self) -> float:
        """Return the time of day."""
        return WALL + self.time

    async def _ask(self, _name: str, kind: Kind) -> Answer:
        self.asked.append(kind)
        if kind in self.failing:
            raise NameFailedError("it is silent")
        return Answer(self.told.get(kind, ()), self.ttl)

    async def look(self, after_s: float = 0.0) -> tuple[str, ...]:
        """Let time pass, look, and return what the name admits then."""
        self.time += after_s
        for _ in range(3):  # an answer that has run out is given once more, and asked for again behind that
            self.follower.look((NAME,))
            for _ in range(20):
                await asyncio.sleep(0)
            self.time += 1.0
        found = self.states.names.resolution(NAME)
        return found.addresses if found else ()

    @property
    def problem(self) -> str:
        """What is wrong with the name."""
        found = self.states.names.resolution(NAME)
        assert found is not None
        return found.problem


def run(folder: Path, work: Callable[[Bench], Awaitable[None]]) -> None:
    """Run a test on a loop."""

    async def whole() -> None:
        bench = Bench(folder)
        await work(bench)
        await bench.follower.close()
        await bench.names.close()

    asyncio.run(whole())


def test_the_dns_is_asked_again_when_its_answer_has_run_out(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        assert await bench.look() == ("2001:db8::7", "203.0.113.7")
        bench.told[Kind.A] = ("203.0.113.8",)
        await bench.look(40)
        assert len(bench.asked) == 2
        assert await bench.look(60) == ("2001:db8::7", "203.0.113.8")
        assert len(bench.asked) == 4

    run(tmp_path, work)


@pytest.mark.parametrize(("ttl", "quiet_s", "asked_s"), [(0, 1, 5), (86_400, 3_590, 10)], ids=["short", "long"])
def test_times_to_live_have_bounds(tmp_path: Path, ttl: int, quiet_s: float, asked_s: float) -> None:
    async def work(bench: Bench) -> None:
        bench.ttl = ttl
        await bench.look()
        await bench.look(quiet_s - 3)
        assert len(bench.asked) == 2
        await bench.look(asked_s)
        assert len(bench.asked) == 4

    run(tmp_path, work)


def test_while_the_dns_fails_the_last_good_answer_serves_for_a_day(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        both = await bench.look()
        bench.failing = {Kind.A, Kind.AAAA}
        assert await bench.look(70) == both
        assert "A of sip.example.com: it is silent" in bench.problem
        assert await bench.look(LAST_GOOD_S - 200) == both
        assert await bench.look(200) == ()
        bench.failing = set()
        assert await bench.look(10) == both
        assert bench.problem == ""

    run(tmp_path, work)


def test_a_part_that_fails_leaves_what_it_said_before(tmp_path: Path) -> None:
    """Also after a restart that knows the addresses only, not by which question each was found."""

    async def work(bench: Bench) -> None:
        await bench.look()
        bench.names._kept.clear()
        bench.failing = {Kind.AAAA}
        bench.told[Kind.A] = ("203.0.113.8",)
        assert await bench.look(70) == ("2001:db8::7", "203.0.113.7", "203.0.113.8")
        bench.failing = set()
        assert await bench.look(70) == ("2001:db8::7", "203.0.113.8")

    run(tmp_path, work)


def test_that_there_is_nothing_is_an_answer(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await bench.look()
        bench.told = {}
        assert await bench.look(70) == ()
        assert "it has no address" in bench.problem

    run(tmp_path, work)


def test_a_name_that_was_never_answered_admits_nobody(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.failing = {Kind.A, Kind.AAAA}
        assert await bench.look() == ()
        assert "it is silent" in bench.problem

    run(tmp_path, work)


def test_answers_that_were_kept_serve_another_process(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await bench.look()
        other = SqlGatewayStates(tmp_path, now=bench.wall)
        names = KeptNames(bench._ask, now=lambda: bench.time)
        teach(names, other.read(), bench.wall())
        assert names.recall("sip.example.com", Kind.A) == ("203.0.113.7",)
        assert names.recall("sip.example.com", Kind.AAAA) == ("2001:db8::7",)

    run(tmp_path, work)


def test_what_is_learnt_is_handed_on_whole(tmp_path: Path) -> None:
    """As it came from the DNS, and as it comes out of the file."""
    services = (Srv(10, 5, 5070, "sip.example.com"), Srv(20, 5, 5071, "sip.example.com"))
    offers = (Naptr(10, 10, "s", "SIP+D2U", "", "_sip._udp.sip.example.com"),)

    async def work(bench: Bench) -> None:
        bench.told |= {Kind.SRV: services, Kind.NAPTR: offers}
        learnt: list[KeptAnswer] = []
        bench.follower._learnt = learnt.extend
        name = HostName("sip.example.com", None, None)
        bench.follower.look((name,))
        for _ in range(50):
            await asyncio.sleep(0)
        for answers in (learnt, SqlGatewayStates(tmp_path, now=bench.wall).read()):
            names = KeptNames(bench._ask, now=lambda: bench.time)
            teach(names, answers, bench.wall())
            assert names.recall("sip.example.com", Kind.NAPTR) == offers
            assert names.recall("_sip._udp.sip.example.com", Kind.SRV) == services
            assert names.recall("sip.example.com", Kind.A) == ("203.0.113.7",)

    run(tmp_path, work)


def test_names_are_surveyed_in_turn_and_so_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that nobody answers for do not keep the others from their turn."""
    monkeypatch.setattr(following, "MAX_UNDER_WAY", 3)
    names = tuple(HostName(f"{n}.example.com", 5060, Transport.UDP) for n in range(7))

    async def work(bench: Bench) -> None:
        asked: list[str] = []
        waiting = asyncio.Event()

        async def silent(name: str, _kind: Kind) -> Answer:
            asked.append(name)
            await waiting.wait()
            raise NameFailedError("it is silent")

        bench.names._ask = silent
        turns = []
        for _ in range(3):
            bench.follower.look(names)
            for _ in range(20):
                await asyncio.sleep(0)
            turns.append(sorted(set(asked)))
            asked.clear()
            waiting.set()
            for _ in range(20):
                await asyncio.sleep(0)
            waiting.clear()
            bench.time += 10
        assert turns == [[f"{n}.example.com" for n in turn] for turn in ((0, 1, 2), (3, 4, 5), (0, 1, 6))]

    run(tmp_path, work)
