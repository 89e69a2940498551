"""A sample phone: rings, answers or not, and hangs up when told or when the caller does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from trunkline.lab.agent import UserAgent
from trunkline.lab.received import ReceivedCall
from trunkline.sip.fields import REASONS
from trunkline.sip.timers import Timers


@dataclass(slots=True)
class Counts:
    """Calls so far: how many rang, were answered by the phone, and are over."""

    rang: int = 0
    answered: int = 0
    over: int = 0


class Phone:
    """A phone at `host`:`port` (0 picks a free port); an async context manager. It also answers OPTIONS.

    It rings for `ring_s` seconds and then answers; with `answer` False it rings on, with `refuse` it refuses with that
    status. It hangs up after `talk_s` seconds; None leaves that to the caller. `on_line` hears a line per event.
    Entering raises LabError if the address cannot be used.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        ring_s: float = 0.2,
        answer: bool = True,
        refuse: int | None = None,
        talk_s: float | None = None,
        on_line: Callable[[str], None] | None = None,
        timers: Timers | None = None,
    ) -> None:
        self.counts = Counts()
        self.agent = UserAgent(host, port, name="phone", on_call=self._on_call, timers=timers)
        self._ring_s = ring_s
        self._answer = answer
        self._refuse = refuse
        self._talk_s = talk_s
        self._on_line = on_line
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.agent.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.agent.__aexit__(kind, error, trace)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self.agent.host, self.agent.port

    @property
    def uri(self) -> str:
        """Its SIP URI."""
        return f"sip:phone@{self.agent.host_port}"

    @property
    def calls(self) -> tuple[ReceivedCall, ...]:
        """The calls that are not over."""
        return tuple(call for call in self.agent.calls if isinstance(call, ReceivedCall))

    async def hang_up(self, within_s: float = 5.0) -> bool:
        """End every call; False if some are still there after that time."""
        return await self.agent.hang_up_all(within_s)

    def _on_call(self, call: ReceivedCall) -> None:
        task = asyncio.get_running_loop().create_task(self._take(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, call: ReceivedCall) -> None:
        call.ring()
        self.counts.rang += 1
        self._tell(f"rings: a call from {call.caller or 'somebody'}")
        if not await call.settled(self._ring_s):
            if self._refuse is not None:
                call.refuse(self._refuse)
                self._tell(f"refuses: {self._refuse} {REASONS.get(self._refuse, '')}")
            elif self._answer:
                call.answer()
        # The agent bounds how long a call may last, so this waits no longer.
        await call.settled(self.agent.max_call_s)
        if call.answered_at is not None:
            self.counts.answered += 1
            self._tell("answers")
            if not await call.over(self.agent.max_call_s if self._talk_s is None else self._talk_s):
                call.hang_up()
                await call.over(self.agent.max_call_s)
        self.counts.over += 1
        who = {"us": "the phone", "them": "the caller"}.get(call.ended_by, "nobody")
        self._tell(f"the call is over, ended by {who}{': ' + call.failure if call.failure else ''}")

    def _tell(self, line: str) -> None:
        if self._on_line is not None:
            self._on_line(line)
