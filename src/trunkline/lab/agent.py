"""A small SIP user agent on one UDP socket: places calls and takes them.

It drives `trunkline.sip.transaction` with asyncio: datagrams and time go in, datagrams and events come out.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from trunkline.lab import sdp
from trunkline.lab.call import ALLOW, Call
from trunkline.lab.placed import PlacedCall
from trunkline.lab.received import ReceivedCall
from trunkline.sip.events import (
    AckMissing,
    AckReceived,
    CancelReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    ServerTransaction,
    Timeout,
    TransportFailed,
)
from trunkline.sip.fields import Header
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request
from trunkline.sip.parsing import parse
from trunkline.sip.replying import reply
from trunkline.sip.timers import Timers
from trunkline.sip.transaction import Transactions
from trunkline.sip.udp import UdpDoor
from trunkline.sip.uri import MessageError, print_host_port

MAX_CALLS = 1_000
"""Calls at once; beyond that INVITEs are answered 486."""
CLOSE_S = 2.0
"""How long the calls that are still there at the end may take to end."""

Watch = Callable[[bool, str], None]
"""Hears of each message: whether we sent it, and a line that names it."""


class LabError(Exception):
    """What is asked for cannot even be tried; the message says why and what to do."""


class UserAgent:
    """One socket with its calls; an async context manager, which ends its calls when it is left.

    `host` is one IP address of this machine, and `port` 0 picks a free one. `on_call` is told of each call that comes
    in (after 100 has been sent) and decides on it; None refuses them with 480. No call lasts longer than `max_call_s`
    seconds, ringing included. Entering raises LabError if the address cannot be used.
    """

    def __init__(
        self,
        host: str,
        port: int = 0,
        *,
        name: str = "trunkline-lab",
        on_call: Callable[[ReceivedCall], None] | None = None,
        watch: Watch | None = None,
        timers: Timers | None = None,
        max_call_s: float = 3600.0,
    ) -> None:
        self.host = host
        self.port = port
        self.contact = ""
        self.max_call_s = max_call_s
        self.transactions = Transactions(timers, new_branch=self.new_token, limit=4 * MAX_CALLS)
        self.name = name
        self._on_call = on_call
        self._watch = watch
        self._calls: dict[tuple[str, str], Call] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flushing = False
        self._door: UdpDoor | None = None

    async def __aenter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.bind((self.host, self.port))
        except OSError as error:
            sock.close()
            where = print_host_port(self.host, self.port)
            raise LabError(
                f"cannot use {where} for SIP: {error.strerror or error}. Is it an address of this machine, and free?"
            ) from None
        failed = self.transactions.transport_failed
        door = self._door = UdpDoor(sock, self.host, take=self._take, flush=self.flush, failed=failed)
        self.port = door.port
        self.contact = f"<sip:{self.name}@{self.host_port}>"
        door.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.hang_up_all(CLOSE_S)
        finally:
            for call in self._calls.values():
                call.release()
            self._calls.clear()
            if self._timer is not None:
                self._timer.cancel()
            if self._door is not None:
                self._door.close()
                self._door = None

    @property
    def host_port(self) -> str:
        """Our address as SIP writes it."""
        return print_host_port(self.host, self.port)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that are not over."""
        return tuple(self._calls.values())

    def new_token(self) -> str:
        """An unguessable token for tags, branches and nonces."""
        return secrets.token_hex(8)

    def new_number(self) -> int:
        """A number that tells one session from others."""
        return secrets.randbits(31)

    # Calls

    def call(
        self,
        uri: str,
        address: tuple[str, int],
        *,
        caller: str,
        headers: Sequence[Header] = (),
        credentials: tuple[str, str] | None = None,
    ) -> PlacedCall:
        """Place a call to `uri` by sending to `address`. `caller` is the From URI; `credentials` are user and password.

        Raises ValueError if an argument holds a line break.
        """
        call = PlacedCall(self, uri, self.hop(address), caller=caller, headers=tuple(headers), credentials=credentials)
        self._calls[call.request.call_id, call.local_tag] = call
        try:
            call.start()
        except ValueError:
            call.release()
            self.forget(call)
            raise
        return call

    def hop(self, address: tuple[str, int]) -> Hop:
        """The way to an address. Raises LabError before the agent is entered, and after it was left."""
        if self._door is None:
            raise LabError("the user agent is not open")
        return Hop(*address, self._door)

    async def hang_up_all(self, within_s: float) -> bool:
        """End every call; False if some are still there after that time.

        Calls of ours to which nobody has answered in any way are not waited for: there is nobody to end them with.
        """
        calls = self.calls
        for call in calls:
            call.hang_up()
        deadline = time.monotonic() + within_s
        return all([await call.over(max(0.0, deadline - time.monotonic()) if call.status else 0.0) for call in calls])

    def forget(self, call: Call) -> None:
        """Let go of a call that is over."""
        self._calls.pop((call.request.call_id, call.local_tag), None)

    # What comes in

    def _take(self, data: bytes, source: Hop, now: float) -> None:
        self._saw(False, data)
        self.transactions.receive(data, source, now)

    def _handle(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._request(event.txn, event.request, event.source)
        elif isinstance(event, AckReceived):
            call = self._calls.get((event.request.call_id, event.request.to_tag or ""))
            if call is not None:
                call.on_ack(event.request)
        elif isinstance(event, ResponseReceived):
            if isinstance(event.txn.user, Call):
                event.txn.user.on_response(event.txn, event.response)
        elif isinstance(event, Timeout | TransportFailed):
            why = "no answer came" if isinstance(event, Timeout) else "nothing listens there"
            user, event.txn.user = event.txn.user, None
            if isinstance(user, Call):
                user.on_failure(event.txn, why)
        elif isinstance(event, CancelReceived | AckMissing):
            user = event.txn.user
            if isinstance(user, Call):
                user.on_cancel() if isinstance(event, CancelReceived) else user.on_ack_missing()

    def _request(self, txn: ServerTransaction, request: Request, source: Hop) -> None:
        now, respond = time.monotonic(), self.transactions.respond
        if request.to_tag is not None:
            call = self._calls.get((request.call_id, request.to_tag))
            if call is None:
                respond(txn, reply(request, 481), now)
                return
            try:
                call.on_request(txn, request)
            except MessageError as error:
                respond(txn, reply(request, error.status, error.reason), now)
        elif request.method == "OPTIONS":
            headers = (ALLOW, ("accept", sdp.CONTENT_TYPE))
            respond(txn, reply(request, 200, to_tag=self.new_token(), headers=headers), now)
        elif request.method != "INVITE":
            respond(txn, reply(request, 405, to_tag=self.new_token(), headers=(ALLOW,)), now)
        else:
            self._invite(txn, request, source)

    def _invite(self, txn: ServerTransaction, request: Request, source: Hop) -> None:
        try:
            request.validate(content_types=(sdp.CONTENT_TYPE,))
            if self._on_call is None:
                raise MessageError("Nobody is here", 480)
            if len(self._calls) >= MAX_CALLS:
                raise MessageError("Busy Here", 486)
        except MessageError as error:
            answer = reply(request, error.status, error.reason, to_tag=self.new_token(), headers=error.headers)
            self.transactions.respond(txn, answer, time.monotonic())
            return
        call = ReceivedCall(self, txn, request, source)
        self._calls[request.call_id, call.local_tag] = call
        self._on_call(call)

    # What goes out

    def flush(self) -> None:
        """Handle what the transactions report and send what they leave, until nothing is left; then set the timer."""
        if self._flushing:
            return  # an event's handler has more to send: the loop below goes on with it
        self._flushing = True
        try:
            while self.transactions.events or self.transactions.sends:
                sends, self.transactions.sends = self.transactions.sends, []
                for data, hop in sends:
                    self._saw(True, data)
                    hop.door.send(data, hop)
                events, self.transactions.events = self.transactions.events, []
                for event in events:
                    self._handle(event)
        finally:
            self._flushing = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.transactions.next_deadline()
        if due is not None and self._door is not None:
            delay = max(0.0, due - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self.transactions.advance(time.monotonic())
        self.flush()

    def _saw(self, sent: bool, data: bytes) -> None:
        if self._watch is not None:
            self._watch(sent, name_message(data))


def name_message(data: bytes) -> str:
    """A line that names a message: method and Request-URI, or status, reason and, but for INVITE, the method."""
    try:
        message = parse(data)
    except MessageError as error:
        return f"a message that cannot be read: {error.reason}"
    if isinstance(message, Request):
        return f"{message.method} {message.uri}"
    method = "" if message.cseq_method == "INVITE" else f" ({message.cseq_method})"
    return f"{message.status} {message.reason}{method}"
