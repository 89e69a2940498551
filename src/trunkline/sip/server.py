"""Between doors and edge: runs the transactions' timers, hands events over, sends what comes of them.

The collector's policy: per-call objects are acyclic, so reference counts free them; the cyclic collector, whose pauses
are the largest source of late answers, is switched off and runs on a timer instead, at a quiet moment if one comes;
what was there at the start is frozen, so it only walks live calls.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import time
from typing import Protocol

from trunkline.sip.events import Event
from trunkline.sip.transaction import Transactions

COLLECT_S = 10.0
QUIET = 2_000
"""Live transactions up to which a collection takes a few milliseconds."""
MAX_UNCOLLECTED_S = 600.0
"""A collection waits for a quiet moment no longer than this."""
SWITCH_S = 0.0005
"""How long the journal's thread may keep the interpreter from the loop; Python's own 5 ms would show in answers."""

log = logging.getLogger(__name__)


class EventUser(Protocol):
    """Takes what the transactions report; `edge.Edge` is one."""

    def handle(self, event: Event, now: float) -> None:
        """Take one event."""
        ...

    def failed(self, event: Event, now: float) -> None:
        """Let go of what an event belongs to that `handle` has failed with."""
        ...


class SipServer:
    """The transactions of all doors, driven for one user."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._user: EventUser | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._loop = asyncio.get_running_loop()
        self._sweep: asyncio.TimerHandle | None = None
        self._collected = 0.0
        self.pause = 0.0

    def start(self, user: EventUser) -> None:
        """Hand events to ``user`` from now on; then the doors may open."""
        self._user = user
        sys.setswitchinterval(SWITCH_S)
        gc.collect()
        gc.freeze()
        gc.disable()
        self._collected = time.monotonic()
        self._sweep = self._loop.call_later(COLLECT_S, self._collect)

    def _collect(self) -> None:
        """Collect everything, since what survives younger generations is never looked at again; then wait in proportion
        to the pause, so that pauses stay below a thousandth of the time.
        """
        began = time.monotonic()
        if sum(self._transactions.counts) > QUIET and began - self._collected < MAX_UNCOLLECTED_S:
            self._sweep = self._loop.call_later(COLLECT_S, self._collect)
            return
        gc.collect()
        self._collected = time.monotonic()
        self.pause = self._collected - began
        self._sweep = self._loop.call_later(max(COLLECT_S, self.pause * 1000), self._collect)

    def flush(self) -> None:
        """Hand events to the user and send what came of them, until nothing is left; then set the timer."""
        transactions, user = self._transactions, self._user
        if user is None:
            return
        now = time.monotonic()
        while transactions.events or transactions.sends:
            events, transactions.events = transactions.events, []
            for event in events:
                try:
                    user.handle(event, now)
                except Exception:  # a fault of ours in one call: the others' events still count
                    log.exception("an event of type %s could not be handled", type(event).__name__)
                    user.failed(event, now)
            sends, transactions.sends = transactions.sends, []
            for data, hop in sends:
                hop.door.send(data, hop)
        self._set_timer(now)

    def _set_timer(self, now: float) -> None:
        due = self._transactions.next_deadline()
        if due is None:
            return
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._due = due
        self._timer = self._loop.call_later(max(0.0, due - now), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._transactions.advance(time.monotonic())
        self.flush()

    def close(self) -> None:
        """Stop the timers."""
        for timer in (self._timer, self._sweep):
            if timer is not None:
                timer.cancel()
