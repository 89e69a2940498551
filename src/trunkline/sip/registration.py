"""One registration of ours at a registrar (RFC 3261 §10.2), as a machine: state, event and time in, actions out. Pure.

The theory of registering
-------------------------
*An attempt* is a REGISTER and what it takes to have it taken: answers to challenges, a longer interval where the
registrar, or a proxy before it, asks for that (423), at most `MAX_TRIES` requests in all. It ends with a 2xx, a
refusal, or a failure.

*A failure* (no answer, no way there, 408, 480, 5xx) says nothing about us: it is tried again, after a pause that
doubles from `FIRST_PAUSE_S` to `MAX_PAUSE_S`, drawn from the upper half so that many do not come back at once. A
Retry-After makes it longer. What is bound stays bound meanwhile, until its time is over.

*A refusal* (403, a second challenge after our credentials, any other final answer) comes again if nothing changes, and
registrars lock accounts: the next attempt waits `FAR_PAUSE_S`, then twice as long, and so on. So within an hour of a
refusal at most `MAX_REFUSED_PER_HOUR` attempts reach a registrar that keeps refusing. A 2xx that binds nothing of ours,
or for less than `MIN_GRANTED_S`, is one, too: nobody could be called by it.

*What is bound* is refreshed between half and three quarters of the time that was granted: there is room for a registrar
that is away for a while, and many that began together drift apart.

*Leaving* takes back what is bound (Expires 0) in one attempt, and waits for nothing after it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

MAX_TRIES = 5
"""REGISTER requests of one attempt: a proxy's challenge, the registrar's behind it, 423, a stale nonce."""

FIRST_PAUSE_S = 5.0
MAX_PAUSE_S = 300.0
FAR_PAUSE_S = 900.0
MAX_FAR_PAUSE_S = 14_400.0
MAX_RETRY_AFTER_S = 3_600.0
"""Longest pause that a Retry-After gets."""
MIN_REFRESH_S = 4.0
"""Shortest time from a 2xx to the next REGISTER, however little was granted."""
MIN_GRANTED_S = 6
"""Shortest time that counts as bound: a refresh after `MIN_REFRESH_S` still finds it, and has time to be answered."""
MAX_GRANTED_S = 604_800
"""Longest time that a 2xx, or the Min-Expires of a 423, is believed."""
BROKEN_PAUSE_S = 2.0
"""Longest pause after the connection was lost that a registration was made over."""
MAX_REFUSED_PER_HOUR = 3

_DOUBLINGS = 16
"""Pauses have reached their ends long before."""


class Phase(StrEnum):
    """Where a registration stands, in the words that people see."""

    REGISTERING = "registering"
    REGISTERED = "registered"
    FAILING = "failing"
    REFUSED = "refused"
    LEAVING = "leaving"
    UNREGISTERED = "unregistered"


class Held(NamedTuple):
    """The state. Times are of the clock that ``now`` is; ``until`` 0: nothing is bound; ``tries`` 0: no attempt runs.

    ``failures`` and ``refusals`` count those in a row; ``lost``: what was bound was lost since; ``removing``: the
    request under way has Expires 0; ``status`` and ``said`` are the last final answer (0: none).
    """

    asked: int
    phase: Phase = Phase.REGISTERING
    until: float = 0.0
    next_at: float = 0.0
    tries: int = 0
    failures: int = 0
    refusals: int = 0
    lost: bool = False
    leaving: bool = False
    removing: bool = False
    status: int = 0
    said: str = ""

    @property
    def deadline(self) -> float | None:
        """When `Due` is wanted; None while an attempt runs, or for good."""
        if self.tries or self.leaving:
            return None
        return min(self.next_at, self.until) if self.until else self.next_at


class Due(NamedTuple):
    """The deadline has come, or somebody wants an attempt now."""


class Broken(NamedTuple):
    """The connection is lost that this was registered over."""


class Leave(NamedTuple):
    """The registration is not wanted any more."""


class Answered(NamedTuple):
    """A final answer that is no challenge. ``granted`` is for how long a 2xx leaves us bound, in seconds, 0 not."""

    status: int
    reason: str
    granted: int = 0
    min_expires: int | None = None
    retry_after: float | None = None


class Challenged(NamedTuple):
    """A 401 or 407. ``answered``: this attempt has answered that realm before; ``problem``: why it cannot be."""

    status: int
    reason: str
    answered: bool = False
    stale: bool = False
    problem: str = ""


class Silent(NamedTuple):
    """No answer, or no way to the registrar; ``why`` is a sentence."""

    why: str


Event = Due | Broken | Leave | Answered | Challenged | Silent


class Send(NamedTuple):
    """Send a REGISTER for so many seconds; ``fresh`` begins an attempt, which looks for the registrar anew."""

    expires: int
    fresh: bool


class Tell(NamedTuple):
    """Something that people want to know has happened."""

    what: What
    text: str


class What(StrEnum):
    """What may be told of a registration."""

    REGISTERED = "registered"
    RESTORED = "restored"
    LOST = "lost"
    FAILED = "failed"
    REFUSED = "refused"
    UNREGISTERED = "unregistered"


class Gone(NamedTuple):
    """Nothing follows any more."""


Action = Send | Tell | Gone
Step = tuple[Held, tuple[Action, ...]]


def step(held: Held, event: Event, now: float, draw: float) -> Step:
    """Return the state after ``event``, and what is to be done. ``draw`` is a random number in [0, 1)."""
    if isinstance(event, Due):
        return _due(held, now)
    if isinstance(event, Leave):
        return _leave(held, now)
    if isinstance(event, Broken):
        soon = now + BROKEN_PAUSE_S * (0.25 + 0.75 * draw)
        return held._replace(next_at=min(held.next_at, soon)) if held.until and not held.tries else held, ()
    if not held.tries:
        return held, ()  # an answer that nobody waits for any more
    if isinstance(event, Silent):
        return _failed(held._replace(status=0, said=event.why), None, now, draw)
    held = held._replace(status=event.status, said=f"{event.status} {event.reason}".rstrip())
    if isinstance(event, Challenged):
        return _challenged(held, event, now, draw)
    return _answered(held, event, now, draw)


def _due(held: Held, now: float) -> Step:
    if held.tries or held.leaving:
        return held, ()
    told: tuple[Action, ...] = ()
    if held.until and now >= held.until:
        told = (Tell(What.LOST, f"not refreshed in time; the last answer: {held.said or 'none'}"),)
        held = held._replace(until=0.0, lost=True, phase=Phase.REFUSED if held.refusals else Phase.FAILING)
    if now < held.next_at:
        return held, told
    return held._replace(tries=1), (*told, Send(held.asked, fresh=True))


def _leave(held: Held, now: float) -> Step:
    held = held._replace(leaving=True, phase=Phase.LEAVING)
    if held.tries:
        return held, ()  # what its answer binds is taken back then
    if held.until <= now:
        return _gone(held)
    return held._replace(tries=1, removing=True), (Send(0, fresh=True),)


def _gone(held: Held) -> Step:
    ended = held._replace(tries=0, until=0.0, phase=Phase.UNREGISTERED)
    return ended, (Tell(What.UNREGISTERED, held.said or "nothing was registered"), Gone())


def _challenged(held: Held, event: Challenged, now: float, draw: float) -> Step:
    again = not event.problem and (not event.answered or event.stale)
    if again and held.tries < MAX_TRIES:
        expires = 0 if held.leaving else held.asked
        return held._replace(tries=held.tries + 1, removing=held.leaving), (Send(expires, fresh=False),)
    if event.problem:
        why = event.problem
    else:
        why = "the registrar challenges again and again" if again else "the registrar refused the credentials"
    return _refused(held._replace(said=f"{held.said}: {why}"), now, draw)


def _answered(held: Held, event: Answered, now: float, draw: float) -> Step:
    if 200 <= event.status < 300:
        return _taken(held, event, now, draw)
    if event.status == 423 and not held.leaving:
        least = event.min_expires or 0
        if held.asked < least <= MAX_GRANTED_S and held.tries < MAX_TRIES:
            return held._replace(asked=least, tries=held.tries + 1), (Send(least, fresh=False),)
    if event.status in (408, 480) or 500 <= event.status < 600:
        return _failed(held, event.retry_after, now, draw)
    return _refused(held, now, draw)


def _taken(held: Held, event: Answered, now: float, draw: float) -> Step:
    if held.leaving:
        if held.removing:
            return _gone(held)
        # It answers a REGISTER that was under way when leaving began: what it bound is taken back.
        return held._replace(tries=1, removing=True), (Send(0, fresh=False),)
    if event.granted < MIN_GRANTED_S:
        bound = f"for {event.granted} s only, too short to keep up" if event.granted else "nothing of ours"
        return _refused(held._replace(said=f"{held.said}, but it bound {bound}"), now, draw)
    granted = min(event.granted, MAX_GRANTED_S)
    told: tuple[Action, ...] = ()
    if not held.until:
        told = (Tell(What.RESTORED if held.lost else What.REGISTERED, f"{held.said}, for {granted} s"),)
    return (
        held._replace(
            phase=Phase.REGISTERED,
            until=now + granted,
            next_at=now + max(MIN_REFRESH_S, granted * (0.5 + 0.25 * draw)),
            tries=0,
            failures=0,
            refusals=0,
            lost=False,
        ),
        told,
    )


def _failed(held: Held, retry_after: float | None, now: float, draw: float) -> Step:
    if held.leaving:
        return _gone(held)
    failures = held.failures + 1
    pause = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures - 1, _DOUBLINGS)) * (0.5 + 0.5 * draw)
    if retry_after is not None:
        pause = max(pause, min(retry_after, MAX_RETRY_AFTER_S) * (1.0 + 0.1 * draw))
    first = failures == 1 and not held.until and not held.lost and not held.refusals
    told = (Tell(What.FAILED, held.said),) if first else ()
    phase = held.phase if held.until or held.refusals else Phase.FAILING
    return held._replace(phase=phase, next_at=now + pause, tries=0, failures=failures), told


def _refused(held: Held, now: float, draw: float) -> Step:
    if held.leaving:
        return _gone(held)
    refusals = held.refusals + 1
    pause = min(MAX_FAR_PAUSE_S, FAR_PAUSE_S * 2 ** min(refusals - 1, _DOUBLINGS)) * (1.0 + 0.25 * draw)
    told: tuple[Action, ...] = ()
    if held.until:
        told = (Tell(What.LOST, held.said),)
    elif refusals == 1:
        told = (Tell(What.REFUSED, held.said),)
    return (
        held._replace(
            phase=Phase.REFUSED,
            until=0.0,
            next_at=now + pause,
            tries=0,
            refusals=refusals,
            lost=held.lost or bool(held.until),
        ),
        told,
    )
