"""How many requests an account may send: so many in a window of time that begins with the first of them."""

from __future__ import annotations

import time
from collections.abc import Callable

MAX_ACCOUNTS = 10_000
"""Accounts counted at once; beyond that the one whose window is the oldest starts anew."""


class RateLimit:
    """Counts requests by account. Not for two threads at once."""

    def __init__(self, requests: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._requests, self._seconds, self._clock = requests, seconds, clock
        # In the order in which the windows began, so that the oldest is the first.
        self._windows: dict[str, tuple[float, int]] = {}

    @property
    def accounts(self) -> int:
        """How many accounts are counted."""
        return len(self._windows)

    def wait(self, account_id: str) -> float:
        """Count a request of an account; return 0, or for how many seconds it has no more left.

        A request that is refused does not count, so one that keeps trying is served as soon as the window ends.
        """
        now = self._clock()
        began, count = self._windows.get(account_id, (now - self._seconds, 0))
        if now - began >= self._seconds:
            self._windows.pop(account_id, None)
            if len(self._windows) >= MAX_ACCOUNTS:
                del self._windows[next(iter(self._windows))]
            began, count = now, 0
        if count >= self._requests:
            return began + self._seconds - now
        self._windows[account_id] = (began, count + 1)
        return 0.0
