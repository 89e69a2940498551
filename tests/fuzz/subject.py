"""A long-lived transaction layer under fire, with a small user that answers, asks, cancels and confirms at random."""

from collections import deque
from itertools import count
from random import Random

from trunkline.sip.events import (
    AckMissing,
    AckReceived,
    CancelReceived,
    ClientTransaction,
    Event,
    RequestReceived,
    ResponseReceived,
    ServerTransaction,
)
from trunkline.sip.framing import Framer
from trunkline.sip.hop import Door, Hop
from trunkline.sip.message import Request
from trunkline.sip.parsing import MAX_MESSAGE, parse
from trunkline.sip.replying import reply
from trunkline.sip.transaction import Transactions
from trunkline.sip.uri import MessageError

LIMIT = 2_000
LIMITS = (100, LIMIT, LIMIT, LIMIT)
"""The limit changes now and then, so that the layer is refusing for a while and taking in for a while."""
OWN = 100
"""Requests of ours that wait at a time."""
MAX_LIVE = 2 * (LIMIT + (LIMIT >> 3)) + 3 * OWN
"""Transactions: new requests up to the limit and an eighth, one CANCEL for each, and ours with their CANCELs."""
MAX_LANES = 12
MAX_ENTRIES = 50_000
"""What waits in all lanes: at PACE, the longest timer (185 s) sees 37,000 datagrams."""
PACE = 200.0
"""Datagrams in a second of the layer's clock."""

_SOURCES = (("192.0.2.7", 5070), ("2001:db8::9:7", 5070), ("198.51.100.9", 5060))
_FINALS = (200, 200, 200, 204, 302, 401, 404, 480, 486, 500, 503, 603)
_ANSWERS = (100, 180, 183, 180, 200, 200, 202, 302, 401, 486, 487, 503, 600)


class BoundError(AssertionError):
    """Something grew beyond its bound, or stayed when it should have gone."""


class Subject:
    """The layer, its clock, and its user."""

    def __init__(self, rng: Random, transport: str) -> None:
        tokens = count()
        self._rng = rng
        door = Door(transport, "2001:db8::1", 5060)
        self._hops = [Hop(host, port, door) for host, port in _SOURCES]
        self._framer = Framer() if transport == "TCP" else None
        self.now = 1_000.0
        self.layer = Transactions(new_branch=lambda: f"f{next(tokens)}", limit=LIMIT)
        self._pending: deque[ServerTransaction] = deque()
        self._accepted: deque[ServerTransaction] = deque(maxlen=50)
        self._own: deque[ClientTransaction] = deque(maxlen=OWN)
        self._asked: deque[bytes] = deque(maxlen=8)
        self._numbers = count(1)
        self.most_live = self.most_entries = 0

    # Input

    def take(self, data: bytes) -> None:
        """One datagram, some time, and what the user makes of it. Whatever comes out is a fault."""
        rng = self._rng
        self.now += rng.expovariate(PACE)
        if rng.random() < 0.0002:
            self.now += rng.choice((1.0, 6.0, 40.0, 200.0))
            self.layer.limit = rng.choice(LIMITS)
        hop = rng.choice(self._hops)
        if self._framer is None:
            self.layer.receive(data, hop, self.now)
        else:
            self._stream(self._framer, data, hop)
        self._handle()
        if rng.random() < 0.03:
            self._act()
        if len(self._pending) > 60 or (self._pending and rng.random() < 0.02):
            self._finish(self._pending.popleft())
        self.layer.advance(self.now)
        self._handle()
        self._check()

    def _stream(self, framer: Framer, data: bytes, hop: Hop) -> None:
        """Let the bytes come in pieces, over a connection that ends when its messages cannot be told apart."""
        cut = self._rng.randrange(len(data) + 1)
        try:
            for piece in (data[:cut], data[cut:]):
                for message in framer.feed(piece):
                    self.layer.receive(message, hop, self.now)
            if len(framer) > MAX_MESSAGE:
                raise BoundError(f"{len(framer)} bytes wait for their message's end")
        except MessageError as error:
            self.layer.refuse(error, hop)
            self._framer = Framer()
        if self._rng.random() < 0.2:
            self._framer = Framer()

    def answer(self) -> bytes | None:
        """A response to a request that the layer sent, now and then."""
        if not self._asked or self._rng.random() > 0.12:
            return None
        request = parse(self._rng.choice(self._asked))
        if not isinstance(request, Request):
            return None
        status = self._rng.choice(_ANSWERS)
        return reply(request, status, to_tag=self._rng.choice("abcd")).to_bytes()

    # The user

    def _handle(self) -> None:
        layer = self.layer
        while layer.events:
            events, layer.events = layer.events, []
            for event in events:
                self._event(event)
        for data, _ in layer.sends:
            if not data.startswith((b"SIP/2.0 ", b"ACK ")):
                self._asked.append(data)
        layer.sends.clear()

    def _event(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._request(event.txn, event.request)
        elif isinstance(event, CancelReceived):
            self._promises(event.request)
            if event.txn.request is not None and self._rng.random() < 0.8:
                self.layer.respond(event.txn, reply(event.txn.request, 487, to_tag=event.txn.to_tag), self.now)
        elif isinstance(event, AckReceived):
            self._promises(event.request)
            if self._accepted:
                self.layer.confirm(self._rng.choice(self._accepted))
        elif isinstance(event, ResponseReceived):
            self._response(event)
        elif isinstance(event, AckMissing) and self._rng.random() < 0.1:
            self._ask("BYE")

    def _promises(self, request: Request) -> None:
        """What a request in an event promises to hold: none of these may raise."""
        if not request.via.host or not request.call_id or request.cseq < 0 or "" in (request.from_tag, request.to_tag):
            raise BoundError("an event's request does not hold what it promises")

    def _request(self, txn: ServerTransaction, request: Request) -> None:
        self._promises(request)
        rng, layer = self._rng, self.layer
        if rng.random() < 0.5:
            try:
                request.validate(content_types=("application/sdp",))
            except MessageError as error:
                refusal = reply(request, error.status, error.reason, to_tag="u", headers=error.headers)
                layer.respond(txn, refusal, self.now)
                return
        chance = rng.random()
        if chance < 0.5:
            self._finish(txn)
        elif chance < 0.6:
            layer.answer_once(txn, reply(request, 404, to_tag="o") if chance < 0.58 else None)
        else:
            if chance < 0.9:
                layer.respond(txn, reply(request, rng.choice((100, 180, 183)), to_tag="p"), self.now)
            self._pending.append(txn)

    def _finish(self, txn: ServerTransaction) -> None:
        if txn.request is None:
            return
        status = self._rng.choice(_FINALS)
        self.layer.respond(txn, reply(txn.request, status, to_tag=txn.to_tag or "f"), self.now)
        if status < 300 and txn.method == "INVITE":
            self._accepted.append(txn)

    def _response(self, event: ResponseReceived) -> None:
        response, txn = event.response, event.txn
        if response.cseq < 0 or not response.call_id or "" in (response.from_tag, response.to_tag):
            raise BoundError("an event's response does not hold what it promises")
        if txn.method == "INVITE" and 200 <= response.status < 300 and self._rng.random() < 0.7:
            ack = Request("ACK", "sip:b@h", [("from", "<sip:a@h>;tag=1"), ("to", response.get("to") or "")])
            ack.add("call-id", response.call_id)
            ack.add("cseq", f"{response.cseq} ACK")
            self.layer.send_ack(txn, ack, txn.hop)

    def _act(self) -> None:
        """Something that the user does unasked."""
        chance = self._rng.random()
        if chance < 0.6:
            self._ask(self._rng.choice(("INVITE", "INVITE", "OPTIONS", "BYE")))
        elif chance < 0.97:
            if self._own:
                self.layer.cancel(self._rng.choice(self._own), self.now)
        else:
            self.layer.transport_failed(self._rng.choice(self._hops), self.now)

    def _ask(self, method: str) -> None:
        counts = self.layer.counts
        if counts.invite_client + counts.other_client >= OWN:
            return
        number = next(self._numbers)
        headers = [
            ("from", f"<sip:a@h>;tag={number}"), ("to", "<sip:b@h>"), ("call-id", f"c{number}"),
            ("cseq", f"{number & 0xFFFF} {method}"), ("max-forwards", "70"),
        ]  # fmt: skip
        request = Request(method, "sip:b@[2001:db8::7]", headers)
        self._own.append(self.layer.send_request(request, self._rng.choice(self._hops), self.now))

    # Bounds

    def _check(self) -> None:
        live = sum(self.layer.counts)
        self.most_live = max(self.most_live, live)
        lanes = self.layer._lanes
        entries = sum(map(len, lanes.values()))
        self.most_entries = max(self.most_entries, entries)
        if live > MAX_LIVE or len(lanes) > MAX_LANES or entries > MAX_ENTRIES:
            raise BoundError(f"{live} transactions, {len(lanes)} lanes, {entries} entries")

    def drain(self) -> None:
        """Answer what waits and let every timer run out: nothing may be left."""
        while self._pending:
            self._finish(self._pending.popleft())
        self._handle()
        for _ in range(5_000):
            deadline = self.layer.next_deadline()
            if deadline is None:
                break
            self.now = max(self.now, deadline) + 0.25
            self.layer.advance(self.now)
            self._handle()
        layer = self.layer
        left = (*layer.counts, len(layer._merge_keys), sum(map(len, layer._lanes.values())))
        if any(left) or layer.next_deadline() is not None:
            raise BoundError(f"left after the last timer (transactions by kind, merge keys, lane entries): {left}")
        self._own.clear()
        self._accepted.clear()
        self._asked.clear()
