"""Our registrations at carriers: who registers, when, and what calls and the status are told of it.

Of several workers exactly one registers, the one that holds the lock (`core.registered.Registered.lead`); when it dies
the next one takes over within `POLL_S`. That one looks every `POLL_S` whether anything was committed to the inventory,
which is one question to SQLite, and begins, changes or ends registrations as the inventory now says. What begins at
once is spread: at most `PACE_PER_S` attempts begin in a second, however many carriers there are.

What calls need to know of it stands in `attribution.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.registered import Owner, Registered, Standing, Wanted
from trunkline.sip.attribution import RegisteredCalls, RegistrationSource
from trunkline.sip.hop import Hop
from trunkline.sip.line import Line
from trunkline.sip.registration import Action, Broken, Due, Gone, Held, Leave, Phase, Tell, What

if TYPE_CHECKING:
    from trunkline.sip.edge import Edge

POLL_S = 0.25
PACE_PER_S = 200
"""Attempts that begin in a second at most, also after a restart with every carrier due at once."""
PACE_S = 0.05
LOOKS = 50
"""Registrars whose addresses are looked at each `POLL_S`, in the answers that are at hand."""
LEAVE_S = 2.0
"""Longest that the end of the process waits for registrars to take our bindings back."""
LEAVING_AT_ONCE = 100
MAX_LOGGED, LOGGED_S = 10, 600.0
"""Lines that the log gets of one carrier in so many seconds; its events have the rest."""

_WARNED = frozenset({What.LOST, What.FAILED, What.REFUSED})

log = logging.getLogger(__name__)


class Registrations:
    """Our registrations, as one edge process sees them; ``calls`` is what it knows of calls on them."""

    def __init__(self, edge: Edge, source: RegistrationSource, registered: Registered) -> None:
        self.edge = edge
        self.host = edge.doors.all[0].host
        self._source = source
        self._registered = registered
        self._lines: dict[str, Line] = {}
        self._leaving: set[Line] = set()
        self._next: dict[str, Wanted] = {}
        self._ready: deque[Line] = deque()
        self._pace: asyncio.TimerHandle | None = None
        self._poll_timer: asyncio.TimerHandle | None = None
        self._leading = self._closing = self._unreadable = False
        self._all_gone = asyncio.Event()
        self._kept: frozenset[str] | None = None
        self._looked = 0
        self.calls = RegisteredCalls(edge, source, registered)
        for door in edge.doors.all:
            door.on_gone(self._broken)
        self._poll()

    @property
    def count(self) -> int:
        """How many registrations this process keeps up; 0 where another one does."""
        return len(self._lines)

    # What is wanted

    def _poll(self) -> None:
        self._poll_timer = self.edge.later(POLL_S, self._poll)
        try:
            if self._leading or self._registered.lead():
                if not self._leading or self._source.changed():
                    self._update(self._source.wanted())
                self._leading = True
                self._look()
            self.calls.any = self._registered.any_address()
            self._unreadable = False
        except StoreUnavailableError as error:
            if not self._unreadable:  # once, and not four times a second
                log.warning("registrations go on as they are: %s", error)
            self._unreadable = True
        except Exception:  # a fault of ours with one carrier: the next look may go well
            log.exception("registrations could not be looked after")
        self.edge.flush()

    def _look(self) -> None:
        """Look at some registrars' addresses, one carrier after the other: calls may come from new ones at any time."""
        lines = list(self._lines.values())
        if not lines:
            return
        first, now = self._looked % len(lines), self.edge.now()
        for line in (lines[first:] + lines[:first])[:LOOKS]:
            self._looked += 1
            line.look(now)

    def _update(self, wanted: dict[str, Wanted]) -> None:
        now = self.edge.now()
        for carrier_id, line in list(self._lines.items()):
            if carrier_id not in wanted:
                self._leave(line, now)
        self._next = {carrier_id: new for carrier_id, new in self._next.items() if carrier_id in wanted}
        for carrier_id, new in wanted.items():
            known = self._lines.get(carrier_id)
            if known is None:
                self._next[carrier_id] = new
                self._begin_next(carrier_id, now)
            elif _binding(known.wanted) != _binding(new):
                self._leave(known, now)
                self._next[carrier_id] = new
                self._begin_next(carrier_id, now)
            elif known.wanted != new:
                again = known.wanted._replace(name=new.name) != new
                known.renew(new)
                self.found(known, known.addresses)
                if again:
                    self._again(known, now)
        self._forget_others([*wanted, *[line.wanted.carrier_id for line in self._leaving]])

    def _forget_others(self, keep: Sequence[str]) -> None:
        """Forget how all but these stand, where it is not forgotten already."""
        if self._kept != frozenset(keep):
            self._kept = frozenset(keep)
            self._registered.forget(keep)

    def _begin_next(self, carrier_id: str, now: float) -> None:
        """Begin a registration, unless the one before it still has to be taken back: that would end the new one."""
        if self._closing or any(line.wanted.carrier_id == carrier_id for line in self._leaving):
            return
        wanted = self._next.pop(carrier_id, None)
        if wanted is None:
            return
        known = None
        with suppress(StoreUnavailableError):
            known = self._registered.standing(carrier_id)
        line = Line(self, wanted, self._remembered(wanted, known, now))
        if known is not None and line.held.until:
            line.since = known.since
        self._lines[carrier_id] = line
        self._schedule(line, now)

    def _remembered(self, wanted: Wanted, known: Standing | None, now: float) -> Held:
        """Return how a registration begins that stood as ``known`` when the process before this one died.

        A refusal counts on, so that nobody is locked out. What was bound still is: calls on it go on, and it is taken
        back when it is not wanted any more.
        """
        fresh, wall = Held(wanted.expires_s, next_at=now), self.edge.wall()
        if known is None or known.wanted != _mark(wanted):
            return fresh
        said = fresh._replace(status=known.status, said=known.said)
        if known.phase == Phase.REFUSED:
            later = now + max(0.0, known.next_at - wall)
            return said._replace(phase=Phase.REFUSED, refusals=known.refusals, next_at=later)
        if known.until > wall:
            return said._replace(phase=Phase.REGISTERED, until=now + known.until - wall)
        return fresh

    def _again(self, line: Line, now: float) -> None:
        """Let a registration whose credentials or interval have changed be tried at once."""
        held = line.held._replace(asked=line.wanted.expires_s, failures=0, refusals=0, next_at=now)
        line.held = held if held.until else held._replace(phase=Phase.REGISTERING)
        line.stale = bool(held.tries)
        self._schedule(line, now)

    def _leave(self, line: Line, now: float) -> None:
        self._lines.pop(line.wanted.carrier_id, None)
        self._leaving.add(line)
        self._unschedule(line)
        line.run(Leave(), now)

    # When

    def _schedule(self, line: Line, now: float) -> None:
        self._unschedule(line)
        deadline = line.held.deadline
        if deadline is not None and not self._closing:
            line.timer = self.edge.later(max(0.0, deadline - now), lambda: self._due(line))

    def _unschedule(self, line: Line) -> None:
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None

    def _due(self, line: Line) -> None:
        line.timer = None
        if not line.queued:
            line.queued = True
            self._ready.append(line)
        if self._pace is None:
            self._drain()

    def _drain(self) -> None:
        """Begin as many attempts as may begin now; what comes in the next moments waits for its turn."""
        self._pace = self.edge.later(PACE_S, self._drain) if self._ready else None
        for _ in range(min(len(self._ready), int(PACE_PER_S * PACE_S))):
            line = self._ready.popleft()
            line.queued = False
            if self._lines.get(line.wanted.carrier_id) is line:
                self._begin(line)
        self.edge.flush()

    def _begin(self, line: Line) -> None:
        try:
            line.run(Due(), self.edge.now())
        except Exception:  # as above
            log.exception("carrier %s could not be registered to", line.wanted.carrier_id)

    def _broken(self, hop: Hop) -> None:
        """A connection is gone; what was registered over it is registered anew."""
        now = self.edge.now()
        for line in list(self._lines.values()):
            if line.bound is not None and line.bound.hop[:3] == hop[:3]:
                line.run(Broken(), now)

    # What lines tell

    def found(self, line: Line, addresses: Sequence[str]) -> None:
        """The registrar of a line has these addresses now; calls come from them."""
        wanted = line.wanted
        if tuple(addresses) != line.addresses or wanted.name != line.known_as:
            line.addresses, line.known_as, self.calls.any = tuple(addresses), wanted.name, True
            self._registered.put_addresses(Owner(wanted.carrier_id, wanted.account_id, wanted.name), addresses)

    def settled(self, line: Line, told: Sequence[Action], now: float) -> None:
        """A line has taken an event: write down how it stands, and see to what follows."""
        if line.stale and not line.held.tries and not line.held.leaving:
            line.stale = False
            self._again(line, now)
        standing = self._standing(line, now)
        if told or (standing.phase, standing.said, standing.until, standing.next_at) != line.written:
            line.written = (standing.phase, standing.said, standing.until, standing.next_at)
            self._registered.put(standing)
        for action in told:
            if isinstance(action, Tell):
                self._tell(line, standing, action)
        if any(isinstance(action, Gone) for action in told):
            self._leaving.discard(line)
            if self._closing and not self._leaving:
                self._all_gone.set()
            if line.wanted.carrier_id not in self._lines and line.wanted.carrier_id not in self._next:
                self._forget_others([*self._lines, *[other.wanted.carrier_id for other in self._leaving]])
            self._begin_next(line.wanted.carrier_id, now)
        elif not line.held.leaving:
            self._schedule(line, now)

    def _tell(self, line: Line, standing: Standing, action: Tell) -> None:
        self._registered.tell(standing, action.what.value, action.text, self.edge.wall())
        level = logging.WARNING if action.what in _WARNED else logging.INFO
        now = self.edge.now()
        if len(line.logged) == MAX_LOGGED and now - line.logged[-MAX_LOGGED] < LOGGED_S:
            level = logging.DEBUG
        else:
            line.logged = [*line.logged, now][-MAX_LOGGED:]
        carrier = f"{line.wanted.name} ({standing.carrier_id})"
        log.log(level, "carrier %s: registration %s: %s", carrier, action.what.value, action.text)

    def _standing(self, line: Line, now: float) -> Standing:
        held, wall = line.held, self.edge.wall()
        return Standing(
            line.wanted.carrier_id,
            line.wanted.account_id,
            held.phase.value,
            held.status,
            held.said,
            wall + held.until - now if held.until else 0.0,
            line.since if held.until else 0.0,
            0.0 if held.tries or held.leaving else wall + held.next_at - now,
            held.failures,
            held.refusals,
            _mark(line.wanted),
            wall,
            line.flow,
        )

    # The end

    async def close(self) -> None:
        """Take every binding back, within `LEAVE_S`."""
        self._closing = True
        for timer in (self._poll_timer, self._pace):
            if timer is not None:
                timer.cancel()
        until = self.edge.now() + LEAVE_S
        waiting = list(self._lines.values())
        for place, line in enumerate(waiting):
            if line.held.phase is Phase.REFUSED and not line.held.tries:
                self._unschedule(line)
                continue  # nothing is bound, and what is written down of its pause has to outlive this process
            self._leave(line, self.edge.now())
            if place % LEAVING_AT_ONCE == LEAVING_AT_ONCE - 1:
                self.edge.flush()
                await asyncio.sleep(0.01)
                if self.edge.now() > until:
                    break
        self.edge.flush()
        if self._leaving:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, until - self.edge.now())):
                    await self._all_gone.wait()


def _binding(wanted: Wanted) -> Wanted:
    """Return what a binding hangs on: everything but its interval, our credentials, and the carrier's name."""
    return wanted._replace(name="", expires_s=0, credential="", gateway="")


def _mark(wanted: Wanted) -> str:
    """Return a text that is another one once what is asked for has changed, and that holds no token."""
    return "|".join(str(part) for part in wanted._replace(name="", token=""))
