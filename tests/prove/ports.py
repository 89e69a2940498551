"""The storm's calls and sockets: what belongs to which call, and everything that was said in it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from tests.edge.peer import sdp
from tests.prove.messages import Heard, UnexpectedError
from tests.prove.sides import Side

RECEIVE_BUFFER = 4 << 20
BATCH = 64
"""Datagrams read at one wake."""


@dataclass
class Call:
    """One call of the storm: its caller, the legs that the edge rings, and everything that was said."""

    name: str
    number: str
    index: int
    draw: Random
    t1: float
    began: float = 0.0
    caller: Side = field(init=False)
    legs: list[Side] = field(default_factory=list)
    first_leg_loses: tuple[str, int] = ("", 0)
    """What never reaches the first leg: a label and how often, or ``all``."""
    over: bool = False
    ladder: list[tuple[float, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _rung: asyncio.Queue[Side] = field(default_factory=asyncio.Queue)

    @property
    def patience(self) -> float:
        """Seconds that anything may take: a transaction's whole life, and a machine that stalls."""
        return 64 * self.t1 + 6.0

    def saw(self, side: Side, way: str, start: str, note: str = "") -> None:
        """Add a message to the ladder."""
        at = asyncio.get_running_loop().time() - self.began
        self.ladder.append((at, f"{side.name:6} {way} {start}{note and f'   ({note})'}"))

    def rings(self, leg: Side) -> None:
        """Take a leg that the edge has begun to ring."""
        label, times = self.first_leg_loses
        if not self.legs and label == "all":
            leg.vanish()
        elif not self.legs and label:
            leg.lose("in", label, times)
        self.legs.append(leg)
        self._rung.put_nowait(leg)

    async def leg(self) -> Side:
        """Return the next leg that the edge rings, once it does and its INVITE has come through."""
        try:
            async with asyncio.timeout(self.patience):
                leg = await self._rung.get()
        except TimeoutError:
            raise UnexpectedError("the edge rang nobody (else)") from None
        if not leg.gone:
            leg.invited = await leg.expect("INVITE")
        return leg

    @property
    def offer(self) -> str:
        """The caller's session description: no other call has it."""
        return sdp(2 * self.index)

    @property
    def answer(self) -> str:
        """The called side's session description."""
        return sdp(2 * self.index + 1)

    def end(self) -> None:
        """Judge what no message shows by itself: what is left unread, and legs that nobody waited for."""
        self.over = True
        for side in (self.caller, *self.legs):
            side.stop()
            left = [m for m in side.inbox if m.label not in side.optional]
            self.wrong += [f"{side.name} got what its story does not know: {m.start} ({m.get('cseq')})" for m in left]
        if not self._rung.empty():
            self.wrong.append(f"the edge rang {self._rung.qsize()} leg(s) too many")


class Port:
    """A socket that many sides share; ``calls`` tells by the caller's name whose a new leg is."""

    def __init__(self, ip: str, calls: dict[str, Call]) -> None:
        self.calls = calls
        self.sides: dict[str, Side] = {}
        self.strays: list[str] = []
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._sock.bind((ip, 0))
        self.ip, self.number = self._sock.getsockname()
        self.uri = f"sip:{self.ip}:{self.number}"
        asyncio.get_running_loop().add_reader(self._sock.fileno(), self._readable)

    def close(self) -> None:
        """Stop reading."""
        asyncio.get_running_loop().remove_reader(self._sock.fileno())
        self._sock.close()

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        """Send a datagram; one that the kernel has no room for is lost, as others are."""
        with suppress(BlockingIOError):
            self._sock.sendto(data, to)

    def _readable(self) -> None:
        for _ in range(BATCH):
            try:
                data, source = self._sock.recvfrom(65535)
            except BlockingIOError:
                return
            self._take(data, source)

    def _take(self, data: bytes, source: tuple[str, int]) -> None:
        """Hand a message to its side; an INVITE of an unknown Call-ID begins a leg."""
        message = Heard.read(data, source)
        side = self.sides.get(message.get("call-id"))
        if side is None and message.label == "INVITE":
            side = self._new_leg(message)
        if side is None:
            self.strays.append(message.start)
        else:
            side.receive(message, data)

    def _new_leg(self, invite: Heard) -> Side | None:
        call = self.calls.get(invite.get("from").partition("sip:")[2].partition("@")[0])
        if call is None:
            return None
        leg = Side(call, self, f"leg {len(call.legs) + 1}", invite.source, invite.get("call-id"))
        leg.mine, leg.theirs = f"{invite.get('to')};tag={leg.tag}", invite.get("from")
        leg.target = invite.get("contact").strip("<>")
        call.rings(leg)
        return leg
