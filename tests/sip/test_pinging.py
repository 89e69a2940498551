"""When gateways are asked with OPTIONS, by a clock that is told the time: at first, again, how many at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.edge.test_leaks import GATEWAY
from trunkline.core.gateways import Condition, Health
from trunkline.core.model import Gateway
from trunkline.sip import pinging
from trunkline.sip.locating import TargetRefusedError
from trunkline.sip.pinging import FIRST_S, JITTER, GatewayPinger
from trunkline.store.gateway_states import SqlGatewayStates

INTERVAL_S = 60.0


class Bench:
    """A pinger whose gateways cannot be located: what each question comes to is that, at once or when told."""

    def __init__(self, folder: Path, drawn: float = 0.0) -> None:
        self.time, self.drawn = 1000.0, drawn
        self.asked: list[tuple[float, str]] = []
        self.held: asyncio.Event | None = None
        self.states = SqlGatewayStates(folder)
        edge: Any = SimpleNamespace(
            now=lambda: self.time, wall=lambda: self.time, draw=lambda: self.drawn, locator=self
        )
        self.pinger = GatewayPinger(edge, self.states, INTERVAL_S)

    async def places(self, host: str, _port: int | None, _transport: str | None) -> list[Any]:
        """Refuse, as a locator does."""
        self.asked.append((self.time, host))
        if self.held is not None:
            await self.held.wait()
        raise TargetRefusedError("it cannot be found")

    async def look(self, *gateways: Gateway) -> None:
        """Look, and let what came of it happen."""
        self.pinger.look(gateways)
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.mark.parametrize("drawn", [0.0, 0.999])
def test_when_a_gateway_is_asked(tmp_path: Path, drawn: float) -> None:
    async def work() -> None:
        bench = Bench(tmp_path, drawn)
        for _ in range(140):
            await bench.look(GATEWAY)
            bench.time += 1.0
        first, *others = [at for at, _ in bench.asked]
        pauses = [later - earlier for earlier, later in zip([first, *others], others, strict=False)]
        assert 0 <= first - 1000 <= FIRST_S
        assert pauses
        assert all(INTERVAL_S * (1 - JITTER) <= pause <= INTERVAL_S * (1 + JITTER) + 1 for pause in pauses)

    asyncio.run(work())


def test_so_many_are_asked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinging, "MAX_UNDER_WAY", 2)
    gateways = [replace(GATEWAY, id=f"g{n}", host=f"127.0.1.{n}") for n in range(3)]

    async def work() -> None:
        bench = Bench(tmp_path)
        bench.held = asyncio.Event()
        await bench.look(*gateways)
        assert len(bench.asked) == 2
        bench.held.set()
        await bench.look(*gateways)
        await bench.look(*gateways)
        assert sorted(host for _, host in bench.asked) == ["127.0.1.0", "127.0.1.1", "127.0.1.2"]

    asyncio.run(work())


def test_a_gateway_that_moves_is_another_one(tmp_path: Path) -> None:
    async def work() -> None:
        bench = Bench(tmp_path)
        bench.states.put_health(Health("g", Condition.DOWN, 5.0, 5.0, 3, "no answer", "127.0.0.3:5060;transport=udp"))
        await bench.look(GATEWAY)
        assert bench.states.is_down("g")
        await bench.look(replace(GATEWAY, port=5070))
        health = bench.states.health("g")
        assert health is not None
        assert (health.condition, health.misses, health.said) == (Condition.UNKNOWN, 1, "it cannot be found")

    asyncio.run(work())


def test_what_is_not_asked_any_more_is_not_heard(tmp_path: Path) -> None:
    async def work() -> None:
        bench = Bench(tmp_path)
        bench.held = asyncio.Event()
        await bench.look(GATEWAY)
        await bench.look()
        bench.held.set()
        await bench.look()
        assert bench.states.health("g") is None

    asyncio.run(work())
