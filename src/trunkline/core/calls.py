"""A call as the applications hear of it: facts about one INVITE from a carrier and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallStatus(StrEnum):
    """Where a call stands, or how it ended."""

    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    TIMEOUT = "timeout"
    NO_ANSWER = "no-answer"
    CANCELLED = "cancelled"


class EndedBy(StrEnum):
    """Which side ended a call."""

    CALLER = "caller"
    CALLEE = "callee"
    DOCUMENT = "document"
    CARRIER = "carrier"
    PLATFORM = "platform"
    ERROR = "error"


class EndCause(StrEnum):
    """Why a call, or one of its legs, ended. Each dialect owns the table from here to its vendor's codes."""

    NORMAL = "normal"
    END_OF_DOCUMENT = "end_of_document"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    TIME_LIMIT = "time_limit"
    RING_TIMEOUT = "ring_timeout"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    INVALID_DESTINATION = "invalid_destination"
    OUT_OF_SERVICE = "out_of_service"
    NOT_REGISTERED = "not_registered"
    DESTINATION_BARRED = "destination_barred"
    LOOP = "loop"
    FETCH_TIMEOUT = "fetch_timeout"
    FETCH_FAILED = "fetch_failed"
    FETCH_STATUS = "fetch_status"
    DOCUMENT_INVALID = "document_invalid"
    UNSUPPORTED = "unsupported"
    FAILED = "failed"


class FetchStep(StrEnum):
    """Which request for a document a fetch or document cause is about; dialects have codes of their own for each."""

    ANSWER = "answer"
    ACTION = "action"
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: by whom, why, and one sentence for the trace.

    ``step`` matters for the causes ``FETCH_*`` and ``DOCUMENT_INVALID`` only.
    """

    by: EndedBy
    cause: EndCause
    detail: str = ""
    step: FetchStep = FetchStep.ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What an application is told of a call. Numbers are digits without ``+`` where they are numbers at all.

    ``sip_headers`` are the custom headers of the INVITE (``X-…``) and its To header, each as (name, value);
    ``sip_call_id`` is its Call-ID, ``source`` the address that it came from. ``of_trunk``: the call was a trunk's.
    """

    id: str
    account_id: str
    caller: str
    called: str
    caller_name: str | None
    forwarded_from: str | None
    status: CallStatus
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending | None = None
    sip_headers: tuple[tuple[str, str], ...] = ()
    sip_status: int | None = None
    """The final answer that the caller has had, None before."""
    sip_call_id: str = ""
    source: str = ""
    of_trunk: bool = False


class DialStatus(StrEnum):
    """How a dial ended, seen from the caller."""

    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    NO_ANSWER = "no-answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialResult:
    """What a dial came to. ``sip_status`` is the last leg's final code (None when no final came).

    ``rang``: somebody rang, or answered. ``leg_id`` is the leg that answered, "" when none did. ``sip_call_id`` is the
    Call-ID of that leg, else of the one that speaks for all, "" where several rang and none does; ``sip_headers`` are
    the custom headers of the answer that connected it.
    """

    status: DialStatus
    rang: bool
    cause: EndCause
    leg_id: str
    sip_status: int | None = None
    duration_s: float = 0.0
    detail: str = ""
    sip_call_id: str = ""
    sip_headers: tuple[tuple[str, str], ...] = ()


class LegChange(StrEnum):
    """What an application hears of a leg that a dial rings: begun, rings, answered, connected with the caller, over."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONNECTED = "connected"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialEvent:
    """What became of one leg that a dial rang; every such leg ends, and is told to, once.

    ``position`` counts the dial's targets from 1; ``caller`` is who was shown as calling and ``called`` what the
    document named: digits without ``+``, a SIP URI, or an endpoint's user name. ``ending`` and ``ended_at`` are set at
    its end only, and ``sip_status`` where a final answer has come by then.
    """

    change: LegChange
    leg_id: str
    position: int
    caller: str
    called: str
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending | None = None
    sip_status: int | None = None
