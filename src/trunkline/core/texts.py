"""Text messages (SMS) that carriers send to numbers: the decision on one, and what is kept of it.

A message is admitted by the very decision that admits a call; only where it goes is its own: the number's message URL.
What was accepted is kept until it has been delivered or has failed; its text is kept no longer than that.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from trunkline.core.facts import ApplicationTarget, Attempt, Facts, NumberFact
from trunkline.core.routing import Decision, Step, Verdict, decide

MAX_DATAGRAM = 1300
"""Bytes of a whole MESSAGE over UDP (RFC 3428 section 8); over TCP it may have what any SIP message may."""
SAME_S = 60.0
"""Seconds in which a message of the same carrier, number, Call-ID and CSeq is the same one."""
MAX_WAITING_OF_ACCOUNT = 1_000
MAX_WAITING = 10_000
"""Messages that may wait for their delivery, of one account and of all; further ones are refused with 503."""
MAX_RECORDS = 100_000
"""Records kept of messages that wait no more; the oldest make room."""
KEPT_DAYS = 30
"""How long a record is kept."""
WAITING_FULL = "messages_waiting"
"""The verdict on record of a message that was refused since too many wait."""


class TextState(StrEnum):
    """What has become of a message."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"


class TextRecord(NamedTuple):
    """What is kept of a message that concerned an account. ``size`` is the text's bytes, ``units`` its SMS parts.

    ``next_at`` is when it is tried again (None: it waits no more), ``trace`` (part, text) steps in order.
    """

    seq: int
    id: str
    account_id: str
    number_id: str
    number: str
    caller: str
    source: str
    carrier_id: str | None
    state: TextState
    verdict: str
    sip_status: int
    size: int
    units: int
    tries: int
    accepted_at: datetime
    ended_at: datetime | None
    next_at: datetime | None
    trace: tuple[tuple[str, str], ...]


class NewText(NamedTuple):
    """A message that is to be kept: its record, its text, and by what it is known when it comes again."""

    record: TextRecord
    text: str
    key: str


class DueText(NamedTuple):
    """A message whose delivery is due."""

    record: TextRecord
    text: str


class Kept(StrEnum):
    """What keeping a message came to."""

    KEPT = "kept"
    REPEATED = "repeated"
    FULL = "full"


class TextTarget(NamedTuple):
    """Where a number's messages go now: its account, and the application (None: ``note`` says why nowhere)."""

    account_id: str
    application: ApplicationTarget | None
    note: str = ""


def decide_text(attempt: Attempt, facts: Facts, target_of: Callable[[NumberFact], TextTarget]) -> Decision:
    """Return what happens to a message: the decision on a call, its last check replaced by the number's message URL.

    ``facts.usage`` counts messages. A MESSAGE of an endpoint or a PBX is no carrier's: refused like a stranger's.
    Raises what ``target_of`` does.
    """
    decision = decide(attempt, facts)
    trace = [
        Step("request", "a text message (SIP MESSAGE), decided as a call is; limits count messages"),
        *decision.trace,
    ]
    number, carrier = decision.number, decision.carrier
    if decision.verdict not in (Verdict.ROUTE, Verdict.NO_TARGET) or number is None or carrier is None:
        return decision._replace(trace=tuple(trace))
    trace.pop()  # where a call would go
    target = target_of(number)
    if target.application is None:
        trace.append(Step("target", target.note))
        return Decision(Verdict.NO_TARGET, number, carrier, None, (), tuple(trace))
    trace.append(Step("target", f"{target.application.name}: the message goes to its message URL"))
    keys = (f"account:{number.account_id}", f"carrier:{carrier.id}")
    return Decision(Verdict.ROUTE, number, carrier, target.application, keys, tuple(trace))
