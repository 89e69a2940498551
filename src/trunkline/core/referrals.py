"""What became of a caller that was asked to go elsewhere (a transfer by REFER, RFC 3515)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReferralStatus(StrEnum):
    """How a transfer ended, as far as the caller told: whether it now talks with the target."""

    IN_PROGRESS = "in-progress"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralResult:
    """What a transfer came to.

    ``refer_status`` is the final answer to our REFER, ``notify_status`` the last that the caller told of its own call
    to the target, None where none came. ``detail`` is a sentence for the trace.
    """

    status: ReferralStatus
    refer_status: int | None = None
    notify_status: int | None = None
    detail: str = ""
