"""Call records: what is kept of every call attempt, answered or refused, and the messages of some."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from trunkline.core.calls import EndCause, EndedBy
from trunkline.core.errors import NotFoundError

_GOOD_ENDS = frozenset({EndCause.NORMAL, EndCause.END_OF_DOCUMENT, EndCause.TIME_LIMIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call attempt that concerned an account. ``trace`` are (part, text) steps in order; ``ladder`` are the SIP
    messages as (seconds since the INVITE, leg, ``in``/``out``, first line). ``emergency_address_id`` is the registered
    address of the number that called an emergency number, as it stood then; None for every other call.
    """

    id: str
    account_id: str
    number: str
    caller: str
    source: str
    carrier_id: str | None
    verdict: str
    sip_status: int
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    ended_by: str
    cause: str
    trace: tuple[tuple[str, str], ...]
    ladder: tuple[tuple[float, str, str, str], ...]
    emergency_address_id: str | None = None

    @property
    def went_well(self) -> bool:
        """Whether it was answered, and ended as calls should: by hanging up, a document's end, or its time limit."""
        return self.answered_at is not None and self.ended_by != EndedBy.ERROR and self.cause in _GOOD_ENDS


class WireMessage(NamedTuple):
    """A SIP message as it was on the wire. ``at`` is microseconds since 1970; ``sent`` says that it was ours."""

    at: int
    sent: bool
    transport: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    data: bytes


class CallMessages(NamedTuple):
    """The messages of one call's legs, in order and not masked yet, and their bytes together."""

    call_id: str
    messages: tuple[WireMessage, ...]
    size: int


SETTLING = timedelta(seconds=4)
"""A call's messages are written about two seconds after its end: until then, nobody can say that they were not kept."""


def why_not_kept(record: CallRecord, now: datetime) -> NotFoundError:
    """Return the error that tells why a call has no messages, as far as its record shows."""
    if now - record.ended_at < SETTLING:
        return NotFoundError("the messages of this call are not written yet", advice="Try again in a few seconds.")
    if record.went_well:
        return NotFoundError(
            "no SIP messages of this call were kept: it went well",
            advice='Set sip.keep_messages to "all" to keep those of every call from then on.',
        )
    return NotFoundError(
        'no SIP messages of this call are kept: either sip.keep_messages was "none" when it ended, or too many calls '
        "were held at once, or they have made room for newer ones (sip.keep_messages_mb)",
        advice="The call's ladder is in its record.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclaimedCall:
    """Refused attempts that belong to no account, aggregated by source and called number."""

    source: str
    number: str
    verdict: str
    count: int
    first_at: datetime
    last_at: datetime
    trace: tuple[tuple[str, str], ...]
