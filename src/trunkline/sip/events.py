"""Transactions as their users see them, and the events that tell of them."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from trunkline.sip.capture import Capture
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.uri import MessageError

CALLING: Final = "calling"
TRYING: Final = "trying"
PROCEEDING: Final = "proceeding"
COMPLETED: Final = "completed"
CONFIRMED: Final = "confirmed"
ACCEPTED: Final = "accepted"
TERMINATED: Final = "terminated"


class ServerTransaction:
    """A request that we answer. `user`, `to_tag` and `capture` are the caller's; everything else is to be read only.

    `request` is None once a final response is sent. `to_tag` is that of the answers (None: none was given yet), which a
    CANCEL's answer gets as well. `status` is that of the last response, 0 before the first. Responses go to `hop`. What
    comes and goes is added to `capture`, where there is one.
    """

    __slots__ = (
        "_ends_at", "_key", "_last", "_merge_key", "_retry_at", "_retry_in",
        "capture", "confirmed", "hop", "method", "request", "state", "status", "to_tag", "user",
    )  # fmt: skip

    def __init__(self, request: Request, key: str, merge_key: str, hop: Hop) -> None:
        self.method = request.method
        self.request: Request | None = request
        self.hop = hop
        self.state = PROCEEDING if request.method == "INVITE" else TRYING
        self.status = 0
        self.to_tag: str | None = None
        self.confirmed = False
        self.user: object | None = None
        self.capture: Capture | None = None
        self._key = key
        self._merge_key = merge_key
        self._last = b""
        self._retry_at = self._retry_in = self._ends_at = 0.0


class ClientTransaction:
    """A request that we made, sent to `hop`. `user` is the caller's; everything else is to be read only.

    `request` is None once a final response has come. `cancelled` tells whether `cancel` was called.
    """

    __slots__ = (
        "_ack", "_ack_hop", "_cancel_sent", "_data", "_datagram_hop", "_ends_at", "_forks", "_key", "_retry_at",
        "_retry_in", "_via", "cancelled", "capture", "hop", "method", "request", "state", "to_tag", "user",
    )  # fmt: skip

    def __init__(self, request: Request, key: str, via: str, data: bytes, hop: Hop) -> None:
        self.method = request.method
        self.request: Request | None = request
        self.hop = hop
        self.state = CALLING if request.method == "INVITE" else TRYING
        self.to_tag: str | None = None
        self.cancelled = False
        self.user: object | None = None
        self.capture: Capture | None = None
        self._key = key
        self._via = via
        self._data = data
        self._ack = b""
        self._ack_hop = hop
        self._datagram_hop: Hop | None = None
        self._forks: dict[str | None, tuple[bytes, Hop]] | None = None
        self._cancel_sent = False
        self._retry_at = self._retry_in = self._ends_at = 0.0


@dataclass(slots=True, eq=False)
class RequestReceived:
    """A new request (never ACK or CANCEL). For INVITE the user answers 100 within 200 ms (§17.2.1).

    `data` is the request as it came.
    """

    txn: ServerTransaction
    request: Request
    source: Hop
    data: bytes = b""


@dataclass(slots=True, eq=False)
class AckReceived:
    """An ACK that ends no transaction here: the one of a dialog, for a 2xx. `data` is the ACK as it came."""

    request: Request
    source: Hop
    data: bytes = b""


@dataclass(slots=True, eq=False)
class CancelReceived:
    """A CANCEL, already answered 200, of an INVITE without a final response: the user answers that 487 (§9.2)."""

    txn: ServerTransaction
    request: Request


@dataclass(slots=True, eq=False)
class ResponseReceived:
    """A response of our request; of an INVITE each 2xx with another To tag comes once."""

    txn: ClientTransaction
    response: Response


@dataclass(slots=True, eq=False)
class Timeout:
    """No final response came in time (timers B, F, C; or 64*T1 after CANCEL). The transaction has ended."""

    txn: ClientTransaction


@dataclass(slots=True, eq=False)
class TransportFailed:
    """The request could not be delivered. The transaction has ended."""

    txn: ClientTransaction


@dataclass(slots=True, eq=False)
class AckMissing:
    """No ACK came for our 2xx within 64*T1: the user should end the dialog with BYE (§13.3.1.4). It has ended."""

    txn: ServerTransaction


@dataclass(slots=True, eq=False)
class RefusalUnacknowledged:
    """No ACK came for our 3xx-6xx within timer H (§17.2.1); there is nothing to do. The transaction has ended."""

    txn: ServerTransaction


@dataclass(slots=True, eq=False)
class Malformed:
    """A datagram that was refused; it has been answered if that was possible."""

    source: Hop
    error: MessageError


Event = (
    RequestReceived
    | AckReceived
    | CancelReceived
    | ResponseReceived
    | Timeout
    | TransportFailed
    | AckMissing
    | RefusalUnacknowledged
    | Malformed
)


class Counts(NamedTuple):
    """Live transactions by kind."""

    invite_client: int
    other_client: int
    invite_server: int
    other_server: int
