"""Requests whose answers nobody waits for: told one after the other, in order, while the call goes its own way."""

from __future__ import annotations

import asyncio
from collections import deque

from trunkline.core.fetching import HookClient, HookError, HookRequest, Legs

# Requests that wait for the one before them. A dial of ten targets makes up to 31; an application that answers slower
# than its own calls move must not fill our memory. The oldest makes room: how things ended matters the most.
MAX_WAITING = 32
# Seconds that a request waits for its turn: an application that never answers must not keep calls of long ago alive.
MAX_AGE_S = 120.0


class Notices:
    """One queue of one call: a request is sent when the one before it was answered, or has failed for good."""

    def __init__(self, client: HookClient, legs: Legs) -> None:
        self._client = client
        self._legs = legs
        self._waiting: deque[tuple[str, HookRequest, float]] = deque()
        self._sending = False

    def put(self, what: str, request: HookRequest) -> None:
        """Send a request in its turn; ``what`` names it in the call's trace, where its outcome gets a line."""
        if len(self._waiting) == MAX_WAITING:
            lost, _, _ = self._waiting.popleft()
            self._note(lost, f"not told: {MAX_WAITING} newer requests wait for the application")
        self._waiting.append((what, request, asyncio.get_running_loop().time()))
        if not self._sending:
            self._sending = True
            self._legs.background(self._send())

    async def _send(self) -> None:
        try:
            while self._waiting:
                what, request, since = self._waiting.popleft()
                late = asyncio.get_running_loop().time() - since > MAX_AGE_S
                outcome = f"not told: it waited for more than {MAX_AGE_S:g} s" if late else await self._tell(request)
                self._note(what, outcome)
        finally:
            self._sending = False

    async def _tell(self, request: HookRequest) -> str:
        try:
            return f"told ({(await self._client.send(request)).status})"
        except HookError as error:
            return error.detail

    def _note(self, what: str, outcome: str) -> None:
        self._legs.note("fetch", hook=what, outcome=outcome)
