"""The one table from what routing decided to what SIP says, and from failed legs to why a call ended."""

from __future__ import annotations

from typing import NamedTuple

from trunkline.core.calls import EndCause
from trunkline.core.routing import Verdict


class Refusal(NamedTuple):
    """A final answer; ``retry_after`` seconds where the other side may try again, ``kept`` where it goes on record."""

    status: int
    reason: str
    retry_after: int | None = None


REFUSALS: dict[Verdict, Refusal] = {
    Verdict.FACTS_UNREADABLE: Refusal(503, "Service Unavailable", 5),
    Verdict.CREDENTIALS_MISSING: Refusal(401, "Unauthorized"),
    Verdict.CREDENTIALS_STALE: Refusal(401, "Unauthorized"),
    Verdict.CREDENTIALS_WRONG: Refusal(403, "Forbidden"),
    Verdict.CREDENTIALS_UNCHECKED: Refusal(403, "Forbidden"),
    Verdict.SOURCE_UNKNOWN: Refusal(403, "Forbidden"),
    Verdict.NUMBER_UNKNOWN: Refusal(404, "Not Found"),
    Verdict.NOT_THIS_CARRIER: Refusal(404, "Not Found"),
    Verdict.ACCOUNT_INACTIVE: Refusal(403, "Forbidden"),
    Verdict.CARRIER_INACTIVE: Refusal(403, "Forbidden"),
    Verdict.NUMBER_INACTIVE: Refusal(404, "Not Found"),
    Verdict.ACCOUNT_LIMIT: Refusal(486, "Busy Here"),
    Verdict.CARRIER_LIMIT: Refusal(503, "Service Unavailable", 5),
    Verdict.NO_TARGET: Refusal(480, "Temporarily Unavailable"),
    Verdict.TRUNK_INACTIVE: Refusal(403, "Forbidden"),
    Verdict.TRUNK_UNCLEAR: Refusal(403, "Forbidden"),
    Verdict.CALLER_BARRED: Refusal(403, "Forbidden"),
    Verdict.NOT_DIALLABLE: Refusal(404, "Not Found"),
    Verdict.EMERGENCY_CALLER: Refusal(403, "Forbidden"),
    Verdict.EMERGENCY_UNREGISTERED: Refusal(403, "Forbidden"),
    Verdict.EMERGENCY_NO_GATEWAY: Refusal(503, "Service Unavailable"),
}
"""Every verdict but ROUTE.

Who may not call an emergency number is forbidden to: trying again helps nobody before a setting is changed. Where only
the way there is missing, 503 lets a PBX take another one at once (RFC 3261 section 21.5.4); without Retry-After, that
section says, nothing else of ours counts as down.
"""

UNCLAIMED = frozenset(
    {
        Verdict.CREDENTIALS_MISSING,
        Verdict.CREDENTIALS_STALE,
        Verdict.CREDENTIALS_WRONG,
        Verdict.CREDENTIALS_UNCHECKED,
        Verdict.SOURCE_UNKNOWN,
        Verdict.NUMBER_UNKNOWN,
        Verdict.NOT_THIS_CARRIER,
        Verdict.TRUNK_UNCLEAR,
    }
)
"""Verdicts that belong to no account: kept aggregated, as unclaimed calls."""

STRANGERS = frozenset(
    {
        Verdict.SOURCE_UNKNOWN,
        Verdict.CREDENTIALS_MISSING,
        Verdict.CREDENTIALS_STALE,
        Verdict.CREDENTIALS_WRONG,
        Verdict.CREDENTIALS_UNCHECKED,
    }
)
"""Verdicts that anybody on the Internet can cause: answered once, without state, and rate-limited."""

_CAUSES = {
    401: EndCause.DESTINATION_BARRED,
    403: EndCause.DESTINATION_BARRED,
    404: EndCause.INVALID_DESTINATION,
    407: EndCause.DESTINATION_BARRED,
    408: EndCause.NO_ANSWER,
    410: EndCause.OUT_OF_SERVICE,
    480: EndCause.NO_ANSWER,
    482: EndCause.LOOP,
    483: EndCause.LOOP,
    484: EndCause.INVALID_DESTINATION,
    486: EndCause.BUSY,
    487: EndCause.CANCELLED,
    502: EndCause.OUT_OF_SERVICE,
    503: EndCause.OUT_OF_SERVICE,
    600: EndCause.BUSY,
    603: EndCause.REJECTED,
    604: EndCause.INVALID_DESTINATION,
}


def cause_of(status: int | None) -> EndCause:
    """Return why a leg with this final status did not connect; None is a leg without any answer."""
    if status is None:
        return EndCause.NO_ANSWER
    return _CAUSES.get(status, EndCause.FAILED)


def passed_on(status: int | None) -> int:
    """Return what the caller gets for a called leg's final status: redirects and challenges are for us, not for it."""
    if status is None:
        return 408
    return status if status >= 400 and status not in (401, 407) else 480


def fails_over(status: int | None) -> bool:
    """Tell whether the next target is worth trying: timeout, 408 and 5xx, never another final answer."""
    return status is None or status == 408 or 500 <= status < 600
