"""A transfer by REFER as it goes on (RFC 3515): the states, and what a NOTIFY of it says. No I/O.

    asked ---2xx---> accepted ---NOTIFY 1xx---> accepted
      |                 |---NOTIFY of a final status------------> settled
      |                 |---subscription ended, or no word in time-> settled
      '---3xx-6xx, no answer--------------------------------------> settled

A NOTIFY may come before the 2xx (section 2.4.4): what it says is kept, and the 2xx waited for.
"""

from __future__ import annotations

from typing import NamedTuple

from trunkline.core.referrals import ReferralResult, ReferralStatus
from trunkline.sip.fields import Header, read_number
from trunkline.sip.message import Request
from trunkline.sip.uri import BLANKS, MessageError, find_param, parse_params

SIPFRAG = "message/sipfrag"
MAX_STATUS_LINE = 256
"""Bytes of a fragment that are looked at for its status line."""
MAX_EXPIRES = 2**32 - 1
"""RFC 3261 section 20.19."""
ALLOW_EVENTS: Header = ("allow-events", "refer")

_BUSY = frozenset({486, 600})
_UNANSWERED = frozenset({408, 480, 487})


class Notice(NamedTuple):
    """What one NOTIFY says.

    ``status`` is that of the caller's own call to the target, None where it does not say; ``expires`` the seconds that
    are left of the subscription; ``event_id`` the number of the REFER, where that is named.
    """

    status: int | None
    terminated: bool
    expires: int | None
    event_id: str | None


def read_notice(request: Request) -> Notice:
    """Read a NOTIFY of the refer package (RFC 3515 section 2.4, RFC 6665 section 8.2).

    Raises `MessageError` with the status to answer: 400, 415, 420, or 489 for another package.
    """
    request.validate(content_types=(SIPFRAG,))
    event = request.get("event")
    if event is None:
        raise MessageError("Missing Event")
    package, _, params = event.partition(";")
    if package.strip(BLANKS).lower() != "refer":
        raise MessageError("Bad Event", 489, headers=(ALLOW_EVENTS,))
    # Section 2.4.4 wants it; peers of before RFC 3265 leave it out, and their subscription is taken to go on.
    state, _, more = (request.get("subscription-state") or "active").partition(";")
    expires = find_param(parse_params(more), "expires")
    return Notice(
        status_of(request.body) if request.body else None,
        state.strip(BLANKS).lower() == "terminated",
        None if expires is None else read_number(expires, MAX_EXPIRES, "expires"),
        find_param(parse_params(params), "id"),
    )


def status_of(fragment: bytes) -> int:
    """Return the status of a fragment, which begins with a status line (RFC 3515 section 2.4.5, RFC 3420).

    Whatever follows the line is not looked at. Raises `MessageError` (400) for anything else.
    """
    line = fragment[:MAX_STATUS_LINE].partition(b"\n")[0].strip(b"\r")
    version, _, rest = line.partition(b" ")
    digits, _, _ = rest.partition(b" ")
    if version.upper() != b"SIP/2.0" or len(digits) != 3 or not digits.isdigit() or not 100 <= int(digits) <= 699:
        raise MessageError("The fragment does not begin with a status line")
    return int(digits)


class Referral(NamedTuple):
    """What is known of a transfer.

    ``ended``: its subscription has ended. ``given_up`` says why nothing more is waited for, "" while something is.
    """

    refer_status: int | None = None
    notify_status: int | None = None
    ended: bool = False
    given_up: str = ""

    def answered(self, status: int) -> Referral:
        """Take the final answer to the REFER."""
        return self if self.settled else self._replace(refer_status=status)

    def notified(self, notice: Notice) -> Referral:
        """Take what a NOTIFY says; a final status, or the end of the subscription, is the last word."""
        if self.settled or self._heard:
            return self
        status = self.notify_status if notice.status is None else notice.status
        return self._replace(notify_status=status, ended=notice.terminated)

    def abandoned(self, why: str) -> Referral:
        """Wait for nothing more."""
        return self if self.settled else self._replace(given_up=why)

    @property
    def accepted(self) -> bool:
        """The REFER had a 2xx."""
        return self.refer_status is not None and self.refer_status < 300

    @property
    def settled(self) -> bool:
        """Nothing more is waited for."""
        refused = self.refer_status is not None and not self.accepted
        return refused or bool(self.given_up) or (self.accepted and self._heard)

    @property
    def _heard(self) -> bool:
        return self.ended or (self.notify_status or 0) >= 200

    def result(self, *, left: bool = False) -> ReferralResult:
        """Return what it came to; ``left`` says that the caller hung up before it was settled."""
        status = ReferralStatus.CANCELLED if left and not self.settled else self._status()
        return ReferralResult(
            status=status, refer_status=self.refer_status, notify_status=self.notify_status, detail=self._detail()
        )

    def _status(self) -> ReferralStatus:
        told = self.notify_status
        if self.refer_status is not None and not self.accepted:
            return ReferralStatus.FAILED
        if told is None:
            return ReferralStatus.UNKNOWN if self.accepted else ReferralStatus.FAILED
        if 200 <= told < 300:
            return ReferralStatus.IN_PROGRESS
        if told in _BUSY:
            return ReferralStatus.BUSY
        return ReferralStatus.NO_ANSWER if told < 200 or told in _UNANSWERED else ReferralStatus.FAILED

    def _detail(self) -> str:
        said = [f"the caller answered {self.refer_status}"] if self.refer_status is not None else []
        said += [f"said {self.notify_status} of its call to the target"] if self.notify_status is not None else []
        if self.ended and (self.notify_status or 0) < 200:
            said.append("ended the subscription without a final status")
        return ", ".join([*said, *([self.given_up] if self.given_up else [])])
