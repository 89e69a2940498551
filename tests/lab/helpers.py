"""What the lab's tests share: timers for those that must expire, and a call to a phone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from trunkline.lab.carrier import CallReport, place_call
from trunkline.lab.phone import Phone
from trunkline.sip.timers import Timers

QUICK = Timers(t1=0.005, t2=0.02, t4=0.05, c=2.0)
CALLER, CALLED = "+14155550100", "+14155551234"


def whats(report: CallReport) -> list[str]:
    """The ladder without its times and blanks: `-> ACK sip:...` becomes `-> ACK`."""
    lines = [line.split(None, 1)[1] for line in report.ladder]
    return [" ".join(line.split()[: 2 if line.startswith("->") else 4]) for line in lines]


async def call(phone: Phone, **options: Any) -> CallReport:
    """One call to a phone, with a short talk."""
    options = {"talk_s": 0.02} | options
    return await place_call(from_ip="127.0.0.2", caller=CALLER, called=CALLED, via=phone.address, **options)


async def until(condition: Callable[[], bool], within_s: float = 1.0) -> None:
    """Wait for something that has no event of its own. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for is state of the code under test
            await asyncio.sleep(0.001)
