"""The sample phone by itself."""

from __future__ import annotations

import asyncio

from tests.lab.helpers import call, until
from trunkline.lab.phone import Phone


def test_it_tells_what_happens_and_hangs_up_when_told() -> None:
    async def go() -> list[str]:
        lines: list[str] = []
        async with Phone(ring_s=0, on_line=lines.append) as phone:
            placed = asyncio.create_task(call(phone, talk_s=5))
            await until(lambda: bool(phone.counts.answered))
            assert await phone.hang_up(1)
            report = await placed
            assert report.ended_by == "them"
            await until(lambda: bool(phone.counts.over))
        return lines

    assert asyncio.run(go()) == [
        "rings: a call from +14155550100",
        "answers",
        "the call is over, ended by the phone",
    ]


def test_leaving_it_ends_its_calls() -> None:
    async def go() -> None:
        async with Phone(ring_s=0) as phone:
            placed = asyncio.create_task(call(phone, talk_s=5))
            await until(lambda: bool(phone.counts.answered))
        report = await placed
        assert report.answered
        assert report.ended_by == "them"

    asyncio.run(go())


def test_many_calls_at_once() -> None:
    async def go() -> None:
        async with Phone(ring_s=0.01) as phone:
            reports = await asyncio.gather(*(call(phone) for _ in range(50)))
            assert all(report.ok for report in reports)
            assert (phone.counts.rang, phone.counts.answered) == (50, 50)

    asyncio.run(go())
