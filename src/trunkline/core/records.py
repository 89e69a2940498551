"""Call records: what is kept of every call attempt, answered or refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call attempt that concerned an account. ``trace`` are (part, text) steps in order; ``ladder`` are the SIP
    messages as (seconds since the INVITE, leg, ``in``/``out``, first line).
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
