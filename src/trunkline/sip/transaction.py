"""SIP transactions without I/O (RFC 3261 §17 and §9, RFC 6026, RFC 3581).

`Transactions` takes datagrams, requests to make, and the time; it leaves bytes to send in `sends` and what the
transaction user must know in `events`. After each call the caller drains both. Of a message in an event, call_id,
cseq and the two tags (and of a request its Via) have been read; other typed properties may raise MessageError.
Times are seconds of one clock that never runs backwards, such as time.monotonic().

How time is kept. Every wait is one of few lengths (T1 doubled some times, T4, 64*T1, timer C), and `now` never
decreases, so the deadlines of one length are already in order: one first-in first-out lane per length serves instead
of a heap, and starting a timer costs an append however many wait. A timer is stopped by changing the transaction's
`_retry_at` or `_ends_at`; a lane's entry that no longer agrees with them is dropped when it reaches the front.

What is kept. A transaction lets go of its request as soon as no message can be built from it any more; a completed
one keeps the bytes that it may have to send again and the tags that it compares. No object here refers back to its
owner; only `user`, which the caller sets, can close a cycle, so it is cleared when a transaction ends without an event;
whoever takes the event of one that has ended (`state` is TERMINATED) clears it.
"""

from collections import deque
from collections.abc import Callable
from math import inf
from typing import Final, NamedTuple

from trunkline.sip.capture import Capture
from trunkline.sip.events import (
    ACCEPTED,
    CALLING,
    COMPLETED,
    CONFIRMED,
    PROCEEDING,
    TERMINATED,
    TRYING,
    AckMissing,
    AckReceived,
    CancelReceived,
    ClientTransaction,
    Counts,
    Event,
    Malformed,
    RefusalUnacknowledged,
    RequestReceived,
    ResponseReceived,
    ServerTransaction,
    Timeout,
    TransportFailed,
)
from trunkline.sip.fields import Header
from trunkline.sip.hop import Door, Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.parsing import parse
from trunkline.sip.replying import reply, stamp_source
from trunkline.sip.timers import Timers
from trunkline.sip.uri import MessageError
from trunkline.sip.via import Via

MAGIC: Final = "z9hG4bK"
"""What branches made by RFC 3261 elements begin with (§8.1.1.7)."""


_RINGING: Final = (CALLING, PROCEEDING)
_UNANSWERED: Final = (TRYING, PROCEEDING)
_ABSORBING: Final = (ACCEPTED, CONFIRMED)
_UNHEARD: Final = (CALLING, TRYING)

MAX_FORKS: Final = 16
"""2xx responses with further To tags that one INVITE may bring; more are dropped."""
MAX_DATAGRAM_REQUEST: Final = 1300
"""Bytes of a request beyond which it goes over TCP, where we have that (§18.1.1: the path's MTU is not known)."""
RETRY_AFTER_S: Final = 5
"""What a 503 above the limit asks the sender to wait."""


class Arrival(NamedTuple):
    """A message as it came, and from where."""

    data: bytes
    source: Hop


_Transaction = ServerTransaction | ClientTransaction
_Entry = tuple[float, _Transaction, bool]
_Lane = deque[_Entry]


class Transactions:
    """All transactions of all our doors.

    `new_branch` makes unguessable tokens, each a fresh one, for branches and for the To tags of answers that this
    layer gives by itself. `may_answer` tells by address whether somebody whose message is refused here hears so (None:
    everybody does). `new_capture` makes what keeps the messages of a new INVITE (None: nothing does); whoever takes a
    request within a dialog gives its transaction the capture that it belongs to. From `limit` live transactions on,
    new requests are answered 503 without keeping state; requests within dialogs have an eighth more room, so that
    calls can end under load.
    """

    def __init__(
        self,
        timers: Timers | None = None,
        *,
        new_branch: Callable[[], str],
        limit: int = 200_000,
    ) -> None:
        self.timers = timers or Timers()
        self.limit = limit
        self.may_answer: Callable[[str], bool] | None = None
        self.new_capture: Callable[[], Capture] | None = None
        self.sends: list[tuple[bytes, Hop]] = []
        self.events: list[Event] = []
        self._new_branch = new_branch
        self._invite_clients: dict[str, ClientTransaction] = {}
        self._clients: dict[str, ClientTransaction] = {}
        self._invite_servers: dict[str, ServerTransaction] = {}
        self._servers: dict[str, ServerTransaction] = {}
        self._merge_keys: set[str] = set()
        self._lanes: dict[float, _Lane] = {}
        self._wake = inf

    @property
    def counts(self) -> Counts:
        """How many transactions live."""
        return Counts(len(self._invite_clients), len(self._clients), len(self._invite_servers), len(self._servers))

    # What comes in

    def receive(self, data: bytes, source: Hop, now: float) -> None:
        """Take one datagram, or one whole message of a stream. Raises nothing, whatever the data."""
        if len(data) < 5 and not data.strip(b"\r\n\0"):
            return  # a keep-alive (RFC 5626 §3.5.1)
        try:
            message = parse(data)
            if type(message) is Response:
                self._response(message, Arrival(data, source), now)
            elif type(message) is Request:
                self._request(message, Arrival(data, source), now)
        except MessageError as error:
            self.refuse(error, source)

    def refuse(self, error: MessageError, source: Hop) -> None:
        """Answer what cannot be read, where `error` holds a request that can be answered and its sender may know."""
        request = error.request
        if request is not None and request.method != "ACK" and self._answers(source):
            try:
                hop = _reply_hop(request, source)
            except MessageError:
                hop = source
            try:
                answer = reply(request, error.status, error.reason, to_tag=self._new_branch(), headers=error.headers)
                self.sends.append((answer.to_bytes(), hop))
            except MessageError:
                pass
        self.events.append(Malformed(source, error))

    def _answers(self, source: Hop) -> bool:
        return self.may_answer is None or self.may_answer(source.host)

    def _request(self, request: Request, arrival: Arrival, now: float) -> None:
        method = request.method
        try:
            hop = _reply_hop(request, arrival.source)
            key = _server_key(request, request.via)
            if method == "INVITE":
                txn = self._invite_servers.get(key)
            elif method == "ACK":
                _read_tags(request)
                self._ack(request, key, arrival, now)
                return
            else:
                txn = self._servers.get(f"{method} {key}")
            if txn is not None:
                if txn._last and txn.state not in _ABSORBING:
                    self.sends.append((txn._last, txn.hop))
                return
            _read_tags(request)
            if method == "CANCEL":
                self._cancel(request, key, hop, arrival, now)
            else:
                self._new_request(request, key, hop, arrival, now)
        except MessageError as error:
            error.request = request
            raise

    def _new_request(self, request: Request, key: str, hop: Hop, arrival: Arrival, now: float) -> None:
        to_tag = request.to_tag
        limit = self.limit if to_tag is None else self.limit + (self.limit >> 3)
        if self._live() >= limit:
            wait: Header = ("retry-after", str(RETRY_AFTER_S))
            answer = reply(request, 503, to_tag=self._new_branch(), headers=(wait,))
            self.sends.append((answer.to_bytes(), hop))
            return
        if to_tag is not None:
            self.events.append(
                RequestReceived(self._start_server(request, key, "", hop), request, arrival.source, arrival.data)
            )
            return
        # The same request that came over another path has another branch but the same identity (§8.2.2.2).
        merge_key = f"{request._cseq} {request.method} {request.from_tag} {request.call_id}"
        if merge_key in self._merge_keys:
            txn = self._start_server(request, key, "", hop)
            self.respond(txn, reply(request, 482, to_tag=self._new_branch()), now)
            return
        txn = self._start_server(request, key, merge_key, hop)
        if self.new_capture is not None and request.method == "INVITE":
            txn.capture = self.new_capture()
            txn.capture.add(False, arrival.data, arrival.source)
        self.events.append(RequestReceived(txn, request, arrival.source, arrival.data))

    def _start_server(self, request: Request, key: str, merge_key: str, hop: Hop) -> ServerTransaction:
        if request.method == "INVITE":
            txn = self._invite_servers[key] = ServerTransaction(request, key, merge_key, hop)
        else:
            key = f"{request.method} {key}"
            txn = self._servers[key] = ServerTransaction(request, key, merge_key, hop)
        if merge_key:
            self._merge_keys.add(merge_key)
        return txn

    def _ack(self, request: Request, key: str, arrival: Arrival, now: float) -> None:
        txn = self._invite_servers.get(key)
        if txn is None or txn.state == ACCEPTED:
            self.events.append(AckReceived(request, arrival.source, arrival.data))
        elif txn.state == COMPLETED and (key[0] != "=" or request.to_tag == txn.to_tag):
            if txn.capture is not None:
                txn.capture.add(False, arrival.data, arrival.source)
            txn.state = CONFIRMED
            txn._retry_at = 0.0
            txn._last = b""
            self._end_after(txn, 0.0 if txn.hop.door.reliable else self.timers.i, now)

    def _cancel(self, request: Request, key: str, hop: Hop, arrival: Arrival, now: float) -> None:
        """Answer a CANCEL and report it.

        One that matches nothing leaves no state. One that does is not counted against the limit: there is at most one
        for each INVITE, and it frees more than it takes.
        """
        invite = self._invite_servers.get(key)
        if invite is None:
            if not self._answers(hop):
                return
            self.sends.append((reply(request, 481, to_tag=self._new_branch()).to_bytes(), hop))
            return
        cancel = self._start_server(request, key, "", hop)
        cancel.capture = invite.capture
        if invite.capture is not None:
            invite.capture.add(False, arrival.data, arrival.source)
        if invite.to_tag is None:
            invite.to_tag = self._new_branch()
        self.respond(cancel, reply(request, 200, to_tag=invite.to_tag), now)
        if invite.state == PROCEEDING:
            self.events.append(CancelReceived(invite, request))

    def _response(self, response: Response, arrival: Arrival, now: float) -> None:
        branch = _response_branch(response)
        method = response._cseq_method
        invite = method == "INVITE"
        txn = self._invite_clients.get(branch) if invite else self._clients.get(f"{branch} {method}")
        if txn is None or _has_second_via(response):
            return  # §18.1.2 and §8.1.3.3
        _read_tags(response)
        state = txn.state
        again = state == COMPLETED or (state == ACCEPTED and response.to_tag == txn.to_tag)
        if txn.capture is not None and not again:
            txn.capture.add(False, arrival.data, arrival.source)
        if invite:
            self._invite_response(txn, response, now)
        elif state != COMPLETED:
            if response.status < 200:
                txn.state = PROCEEDING
                if txn._retry_at:
                    txn._retry_in = self.timers.t2
            else:
                self._complete_client(txn, 0.0 if txn.hop.door.reliable else self.timers.k, now)
            if txn.method != "CANCEL":
                self.events.append(ResponseReceived(txn, response))

    def _invite_response(self, txn: ClientTransaction, response: Response, now: float) -> None:
        status = response.status
        state = txn.state
        if state in _RINGING:
            if status < 200:
                self._provisional(txn, status, now)
            elif status < 300:
                txn.to_tag = response.to_tag
                self._finish_client(txn, ACCEPTED)
                self._end_after(txn, self.timers.m, now)
            else:
                self._ack_refusal(txn, response)
                self._complete_client(txn, 0.0 if txn.hop.door.reliable else self.timers.d, now)
            self.events.append(ResponseReceived(txn, response))
        elif state == COMPLETED:
            if status >= 300:
                self.sends.append((txn._ack, txn.hop))
        elif state == ACCEPTED and 200 <= status < 300:
            self._another_2xx(txn, response)

    def _provisional(self, txn: ClientTransaction, status: int, now: float) -> None:
        first = txn.state == CALLING
        txn.state = PROCEEDING
        txn._retry_at = 0.0
        if first:
            txn._data = b""
        if txn.cancelled:
            self._send_cancel(txn, now)
        elif first or status > 100:
            self._end_after(txn, self.timers.c, now)

    def _another_2xx(self, txn: ClientTransaction, response: Response) -> None:
        """A 2xx after the first: a retransmission is acknowledged again, another branch of a fork is reported."""
        tag = response.to_tag
        if tag == txn.to_tag:
            if txn._ack:
                self.sends.append((txn._ack, txn._ack_hop))
            return
        if txn._forks is None:
            txn._forks = {}
        known = txn._forks.get(tag)
        if known is None:
            if len(txn._forks) >= MAX_FORKS:
                return
            txn._forks[tag] = (b"", txn.hop)
            self.events.append(ResponseReceived(txn, response))
        elif known[0]:
            self.sends.append(known)

    # What goes out

    def send_request(self, request: Request, hop: Hop, now: float, capture: Capture | None = None) -> ClientTransaction:
        """Send a request (not ACK, not CANCEL) under a Via of our own; `request` itself is not changed.

        So the same request can be sent again to another hop. One that is too large for a datagram goes over TCP where
        the hop's door knows a way; if nothing listens there, it goes as a datagram after all (§18.1.1).
        Raises ValueError as Request.to_bytes.
        """
        branch = MAGIC + self._new_branch()
        via = _via(hop.door, branch)
        data = request.to_bytes(via)
        datagram_hop = None
        if len(data) > MAX_DATAGRAM_REQUEST and hop.door.larger is not None and not hop.only:
            datagram_hop, hop = hop, hop._replace(door=hop.door.larger)
            via = _via(hop.door, branch)
            data = request.to_bytes(via)
        if request.method == "INVITE":
            txn = self._invite_clients[branch] = ClientTransaction(request, branch, via, data, hop)
        else:
            key = f"{branch} {request.method}"
            txn = self._clients[key] = ClientTransaction(request, key, via, data, hop)
        txn.capture = capture
        txn._datagram_hop = datagram_hop
        self._launch(txn, now)
        return txn

    def _launch(self, txn: ClientTransaction, now: float) -> None:
        self._send(txn, txn._data, txn.hop)
        if not txn.hop.door.reliable:
            self._retry_after(txn, self.timers.t1, now)
        self._end_after(txn, self.timers.b if txn.state == CALLING else self.timers.f, now)

    def respond(self, txn: ServerTransaction, response: Response, now: float) -> None:
        """Send a response of the user. After a final one nothing more is sent, except further 2xx to INVITE.

        A 2xx to INVITE is sent again, from T1 doubling up to T2, until `confirm` (RFC 3261 §13.3.1.4).
        Raises ValueError as Response.to_bytes.
        """
        status = response.status
        state = txn.state
        invite = txn.method == "INVITE"
        if state == ACCEPTED:
            if not 200 <= status < 300:
                return
        elif state not in _UNANSWERED:
            return
        data = response.to_bytes()
        txn.status = status
        txn._last = data
        self._send(txn, data, txn.hop)
        if status < 200:
            txn.state = PROCEEDING
            return
        if state == ACCEPTED:
            return
        txn.request = None
        timers = self.timers
        if not invite:
            txn.state = COMPLETED
            self._end_after(txn, 0.0 if txn.hop.door.reliable else timers.j, now)
        elif status < 300:
            txn.state = ACCEPTED
            self._retry_after(txn, timers.t1, now)
            self._end_after(txn, timers.l, now)
        else:
            txn.state = COMPLETED
            txn.to_tag = response.to_tag
            if not txn.hop.door.reliable:
                self._retry_after(txn, timers.t1, now)
            self._end_after(txn, timers.h, now)

    def answer_once(self, txn: ServerTransaction, response: Response | None) -> None:
        """Answer a request without keeping its transaction: no retransmission, no memory; None: not at all.

        For what strangers send. A retransmission of theirs comes as a new request.
        """
        if response is not None:
            self.sends.append((response.to_bytes(), txn.hop))
        self._terminate(txn)
        txn.user = None

    def confirm(self, txn: ServerTransaction) -> None:
        """The dialog's ACK for our 2xx has come: stop sending that again."""
        txn.confirmed = True
        if txn.state == ACCEPTED:
            txn._retry_at = 0.0
            txn._last = b""

    def cancel(self, txn: ClientTransaction, now: float) -> None:
        """Cancel an INVITE (RFC 3261 §9.1): at once if a provisional response has come, else when one comes.

        Without effect after a final response. If none comes within 64*T1 after the CANCEL, Timeout is reported.
        """
        if txn.method != "INVITE" or txn.cancelled or txn.state not in _RINGING:
            return
        txn.cancelled = True
        if txn.state == PROCEEDING:
            self._send_cancel(txn, now)

    def send_ack(self, txn: ClientTransaction, ack: Request, hop: Hop) -> None:
        """Send the ACK of a dialog for a 2xx, and again for each retransmission of that 2xx (§13.2.2.4).

        The To tag of `ack` tells which 2xx it is for. Raises ValueError as Request.to_bytes.
        """
        data = ack.to_bytes(_via(hop.door, MAGIC + self._new_branch()))
        self._send(txn, data, hop)
        if txn.state != ACCEPTED:
            return
        tag = ack.to_tag
        if tag == txn.to_tag:
            txn._ack = data
            txn._ack_hop = hop
        elif txn._forks is not None and tag in txn._forks:
            txn._forks[tag] = (data, hop)

    def transport_failed(self, hop: Hop, now: float) -> None:
        """Sending to `hop` failed: end the client transactions that have had no answer from it (§17.1.4).

        Those that have had one go on: what ends later may be a connection only, and whoever forges an ICMP message must
        not end a call that rings. A request that went over TCP for its size is sent again as a datagram. Takes linear
        time.
        """
        for table in (self._invite_clients, self._clients):
            for txn in [t for t in table.values() if t.state in _UNHEARD and t.hop[:3] == hop[:3]]:
                if txn._datagram_hop is not None and txn.request is not None:
                    self._send_as_datagram(txn, txn.request, txn._datagram_hop, now)
                    continue
                self._terminate(txn)
                if txn.method != "CANCEL":
                    self.events.append(TransportFailed(txn))

    def _send_as_datagram(self, txn: ClientTransaction, request: Request, hop: Hop, now: float) -> None:
        txn._datagram_hop, txn.hop, txn._ack_hop = None, hop, hop
        txn._via = txn._via.replace("/TCP ", "/UDP ", 1)
        txn._data = request.to_bytes(txn._via)
        self._send(txn, txn._data, hop)
        self._retry_after(txn, self.timers.t1, now)

    def _send_cancel(self, invite: ClientTransaction, now: float) -> None:
        if invite._cancel_sent or invite.request is None:
            return
        invite._cancel_sent = True
        request = _from_invite(invite.request, "CANCEL", invite.request._need("to"))
        key = f"{invite._key} CANCEL"
        data = request.to_bytes(invite._via)
        txn = self._clients[key] = ClientTransaction(request, key, invite._via, data, invite.hop)
        txn.capture = invite.capture
        self._launch(txn, now)
        self._end_after(invite, self.timers.b, now)

    def _ack_refusal(self, txn: ClientTransaction, response: Response) -> None:
        if txn.request is not None:
            txn._ack = _from_invite(txn.request, "ACK", response._need("to")).to_bytes(txn._via)
            self._send(txn, txn._ack, txn.hop)

    def _send(self, txn: _Transaction, data: bytes, hop: Hop) -> None:
        """Send a message for the first time."""
        self.sends.append((data, hop))
        if txn.capture is not None:
            txn.capture.add(True, data, hop)

    # Time

    def next_deadline(self) -> float | None:
        """When `advance` has to be called at the latest; None while nothing waits.

        It may be earlier than needed where a timer has been stopped since the last `advance`.
        """
        return None if self._wake == inf else self._wake

    def advance(self, now: float) -> None:
        """Fire every timer that is due at `now`."""
        if now < self._wake:
            return
        for lane in list(self._lanes.values()):
            while lane and lane[0][0] <= now:
                when, txn, retry = lane.popleft()
                if retry:
                    if txn._retry_at == when:
                        self._retransmit(txn, now)
                elif txn._ends_at == when:
                    self._expire(txn)
        self._wake = inf
        for lane in self._lanes.values():
            while lane:
                when, txn, retry = lane[0]
                if (txn._retry_at if retry else txn._ends_at) == when:
                    self._wake = min(self._wake, when)
                    break
                lane.popleft()

    def _retransmit(self, txn: _Transaction, now: float) -> None:
        if txn._ends_at <= now:
            return  # the transaction ends at this very moment
        if type(txn) is ClientTransaction:
            self.sends.append((txn._data, txn.hop))
            # Timer A doubles without bound (§17.1.1.2), E doubles up to T2 (§17.1.2.2).
            if txn.state == CALLING:
                self._retry_after(txn, txn._retry_in * 2, now)
                return
        elif type(txn) is ServerTransaction:
            self.sends.append((txn._last, txn.hop))
        self._retry_after(txn, min(txn._retry_in * 2, self.timers.t2), now)

    def _expire(self, txn: _Transaction) -> None:
        state = txn.state
        self._terminate(txn)
        if type(txn) is ClientTransaction:
            if txn.method != "CANCEL" and state in (CALLING, TRYING, PROCEEDING):
                self.events.append(Timeout(txn))
                return
        elif type(txn) is ServerTransaction and txn.method == "INVITE":
            if state == ACCEPTED and not txn.confirmed:
                self.events.append(AckMissing(txn))
                return
            if state == COMPLETED:
                self.events.append(RefusalUnacknowledged(txn))
                return
        txn.user = None

    def _retry_after(self, txn: _Transaction, delay: float, now: float) -> None:
        txn._retry_in = delay
        when = txn._retry_at = now + delay
        self._enqueue(delay, (when, txn, True))

    def _end_after(self, txn: _Transaction, delay: float, now: float) -> None:
        if delay == 0.0:
            self._terminate(txn)
            if type(txn) is ServerTransaction or txn.method == "CANCEL":  # else its last response is still to be taken
                txn.user = None
            return
        when = txn._ends_at = now + delay
        self._enqueue(delay, (when, txn, False))

    def _enqueue(self, delay: float, entry: _Entry) -> None:
        lane = self._lanes.get(delay)
        if lane is None:
            lane = self._lanes[delay] = deque()
        if not lane:  # else its head is earlier, and was counted when it came
            self._wake = min(self._wake, entry[0])
        lane.append(entry)

    # Ends

    def _finish_client(self, txn: ClientTransaction, state: str) -> None:
        txn.state = state
        txn.request = None
        txn._data = b""
        txn._retry_at = 0.0

    def _complete_client(self, txn: ClientTransaction, linger: float, now: float) -> None:
        self._finish_client(txn, COMPLETED)
        self._end_after(txn, linger, now)

    def _terminate(self, txn: _Transaction) -> None:
        """Forget a transaction. Lane entries may still hold it, so it keeps nothing that weighs."""
        invite = txn.method == "INVITE"
        if type(txn) is ClientTransaction:
            (self._invite_clients if invite else self._clients).pop(txn._key, None)
            self._finish_client(txn, TERMINATED)
            txn._ack = b""
            txn._forks = None
        elif type(txn) is ServerTransaction:
            (self._invite_servers if invite else self._servers).pop(txn._key, None)
            self._merge_keys.discard(txn._merge_key)
            txn.state = TERMINATED
            txn.request = None
            txn._last = b""
        txn.capture = None
        txn._retry_at = txn._ends_at = 0.0

    def _live(self) -> int:
        return len(self._invite_clients) + len(self._clients) + len(self._invite_servers) + len(self._servers)


def _via(door: Door, branch: str) -> str:
    return f"SIP/2.0/{door.transport} {door.sent_by};rport;branch={branch}"


def _reply_hop(request: Request, source: Hop) -> Hop:
    """Stamp a request with its source; return where its responses go: over the same connection, or by its Via."""
    host, port = stamp_source(request, source.host, source.port)
    if source.door.reliable or (port == source.port and host == source.host):
        return source
    return Hop(host, port, source.door)


def _server_key(request: Request, via: Via) -> str:
    """What a retransmission, ACK or CANCEL shares with its request (RFC 3261 §17.2.3), apart from the method.

    Without an RFC 3261 branch (RFC 4475 §3.2.1: the cookie alone is none) the RFC 2543 rules apply. There the key
    begins with "=", and an ACK must also carry the To tag of our response.
    """
    branch = via.branch
    if branch is not None and len(branch) > 7 and branch[:7].lower() == "z9hg4bk":
        return f"{branch} {via.host} {via.port}"
    plain = Via(via.transport, via.host, via.port, tuple([p for p in via.params if p[0] not in ("rport", "received")]))
    return f"={request.uri} {request.from_tag} {request.call_id} {request.cseq} {plain}"


def _response_branch(response: Response) -> str:
    """The branch of the top Via. It is ours to compare, not to trust, so the usual form is read without the rest."""
    text = response._need("via")
    place = text.find(";branch=")
    end = text.find(";", place + 8)
    branch = text[place + 8 :] if end < 0 else text[place + 8 : end]
    return branch if place >= 0 and branch.isalnum() else response.via.branch or ""


def _read_tags(message: Request | Response) -> None:
    """Read both tags, so that they cannot raise MessageError where an event is handled."""
    _ = message.from_tag, message.to_tag


def _has_second_via(response: Response) -> bool:
    top = response._need("via")
    return "," in top or len(response.get_all("via")) > 1


def _from_invite(invite: Request, method: str, to: str) -> Request:
    """The ACK of a non-2xx response (RFC 3261 §17.1.1.3), or a CANCEL (§9.1), of our INVITE."""
    headers: list[Header] = [header for header in invite.headers if header[0] == "route"]
    headers += (
        ("from", invite._need("from")),
        ("to", to),
        ("call-id", invite.call_id),
        ("cseq", f"{invite.cseq} {method}"),
        ("max-forwards", "70"),
    )
    return Request(method, invite.uri, headers)
