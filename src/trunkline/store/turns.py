"""Whose turn it is: how many searches of one tenant run at once, so that none keeps the readers from the others.

What is beyond a tenant's share waits in its own line, first come, first served; a line that is too long is told so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field

from trunkline.core.errors import StoreUnavailableError

MAX_WAITING = 200
"""Searches of one tenant that wait for their turn."""

ASKING: ContextVar[str | None] = ContextVar("ASKING", default=None)
"""The id of the account for which the running task reads; None: for nobody, which waits for no turn."""


@dataclass(slots=True)
class _Line:
    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Turns:
    """Lets so many searches of each tenant run at once. For one event loop."""

    def __init__(self, at_once: int, waiting: int = MAX_WAITING) -> None:
        self._at_once, self._waiting = at_once, waiting
        self._lines: dict[str, _Line] = {}

    @property
    def tenants(self) -> int:
        """How many tenants have searches under way."""
        return len(self._lines)

    @asynccontextmanager
    async def of(self, tenant: str) -> AsyncIterator[None]:
        """Run the block in a turn of this tenant; `StoreUnavailableError` where too many wait for theirs."""
        line = self._lines.setdefault(tenant, _Line())
        if line.running < self._at_once:
            line.running += 1
        else:
            await self._wait(tenant, line)
        try:
            yield
        finally:
            self._end(tenant, line)

    async def _wait(self, tenant: str, line: _Line) -> None:
        if len(line.waiting) >= self._waiting:
            raise StoreUnavailableError(
                f"{self._waiting} searches of this account wait already", advice="Send fewer at once."
            )
        turn = asyncio.get_running_loop().create_future()
        line.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with suppress(ValueError):  # it was passed over already
                    line.waiting.remove(turn)
            else:  # its turn came in the same moment: it is the next one's
                self._end(tenant, line)
            raise

    def _end(self, tenant: str, line: _Line) -> None:
        while line.waiting:
            turn = line.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        line.running -= 1
        if not line.running:
            del self._lines[tenant]
