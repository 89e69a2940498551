"""A few calls of our own among SIPp's, timed by the kernel: when an answer reached our socket, not when we read it.

So the load's own queues, on a core that it fills, are no part of the figure; what is left is the candidate's time, its
queue included. The calls come at random moments, not in step with SIPp's.
"""

from __future__ import annotations

import heapq
import math
import random
import re
import select
import socket
import struct
import time
from dataclasses import dataclass, field

from benchmarks.load import CALLER, TALK_MS

PATIENCE_S = 4.0
"""A call that is not over by then, after the last one began, has failed."""

_SO_TIMESTAMPNS = 35
_BUFFER = 4 << 20
_SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"


@dataclass
class Timed:
    """What the probes saw: times from INVITE in ms to the first answer but 100, and to 100; calls that failed."""

    answers_ms: list[float] = field(default_factory=list)
    decisions_ms: list[float] = field(default_factory=list)
    made: int = 0
    failed: int = 0


@dataclass
class _Call:
    sent_ns: int
    tried: bool = False
    answered: bool = False
    hung_up: bool = False
    over: bool = False


class Probes:
    """Calls to ``number`` at ``target`` (HOST:PORT); ``final`` as for `load.Calls`."""

    def __init__(self, target: str, number: str, final: int | None) -> None:
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._number = number
        self._final = final
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((CALLER, 0))
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._sock.setblocking(False)
        self._port = self._sock.getsockname()[1]
        self._tag = f"p{random.getrandbits(48):x}"
        self._calls: list[_Call] = []
        self._byes: list[tuple[float, bytes]] = []
        self._timed = Timed()

    def run(self, rate: float, seconds: float) -> Timed:
        """Place calls at random moments, ``rate`` a second on average, for ``seconds``; return what was seen."""
        start = time.monotonic()
        due = sorted(start + random.uniform(0, seconds) for _ in range(math.ceil(rate * seconds)))
        with self._sock:
            for moment in due:
                self._listen(moment)
                self._invite()
            end = time.monotonic() + PATIENCE_S
            while time.monotonic() < end and not all(call.over for call in self._calls):
                self._listen(time.monotonic() + 0.05)
        self._timed.made = len(due)
        self._timed.failed = sum(not call.over for call in self._calls)
        return self._timed

    def _listen(self, until: float) -> None:
        """Take answers, and hang up what has talked, until a moment of the monotonic clock."""
        while True:
            now = time.monotonic()
            while self._byes and self._byes[0][0] <= now:
                self._sock.sendto(heapq.heappop(self._byes)[1], self._target)
            if now >= until:
                return
            wake = min(until, self._byes[0][0]) if self._byes else until
            if select.select([self._sock], [], [], wake - now)[0]:
                self._receive()

    def _receive(self) -> None:
        while True:
            try:
                data, notes, _, _ = self._sock.recvmsg(65_535, 256)
            except (BlockingIOError, ConnectionRefusedError):
                return
            at = next((_nanoseconds(note[2]) for note in notes if note[1] == _SO_TIMESTAMPNS), time.time_ns())
            self._answer(data.decode(errors="replace"), at)

    def _invite(self) -> None:
        place = len(self._calls)
        contact = f"Contact: <sip:probe@{CALLER}:{self._port}>\r\nContent-Type: application/sdp\r\n"
        to = f"<sip:{self._number}@{self._target[0]}>"
        uri = f"sip:{self._number}@{self._target[0]}:{self._target[1]}"
        data = self._request("INVITE", uri, place, to, more=contact, body=_SDP, branch="INVITE")
        self._calls.append(_Call(time.time_ns()))
        self._sock.sendto(data, self._target)

    def _answer(self, text: str, at: int) -> None:
        status = int(text[8:11]) if text.startswith("SIP/2.0 ") else 0
        found = re.search(rf"\r\nCall-ID: *{self._tag}-(\d+)\r\n", text, re.IGNORECASE)
        if not status or found is None:
            return
        place = int(found[1])
        call = self._calls[place]
        if "BYE" in _header(text, "CSeq"):
            call.over = True
            return
        taken = (at - call.sent_ns) / 1e6
        if status == 100:
            if not call.tried and not call.answered:
                self._timed.decisions_ms.append(taken)
            call.tried = True
            return
        if not call.answered:
            self._timed.answers_ms.append(taken)
        call.answered = True
        if status >= 200:
            self._finish(text, status, place)

    def _finish(self, text: str, status: int, place: int) -> None:
        """Acknowledge a final answer; hang up later what was answered."""
        to = _header(text, "To")
        if status >= 300:
            self._calls[place].over |= status == self._final
            uri = f"sip:{self._number}@{self._target[0]}:{self._target[1]}"
            self._sock.sendto(self._request("ACK", uri, place, to, branch="INVITE"), self._target)
            return
        routes = re.findall(r"\r\nRecord-Route: *(.*)", text, re.IGNORECASE)
        more = "".join(f"Route: {route.strip()}\r\n" for route in reversed(routes))
        contact = re.search(r"<(.*?)>", _header(text, "Contact"))
        uri = contact[1] if contact else ""
        self._sock.sendto(self._request("ACK", uri, place, to, more=more), self._target)
        if not self._calls[place].hung_up:
            self._calls[place].hung_up = True
            bye = self._request("BYE", uri, place, to, more=more)
            heapq.heappush(self._byes, (time.monotonic() + TALK_MS / 1000, bye))

    def _request(
        self, method: str, uri: str, place: int, to: str, *, more: str = "", body: str = "", branch: str = ""
    ) -> bytes:
        key = f"{self._tag}{place}{branch or method}"
        cseq = 2 if method == "BYE" else 1
        return (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER}:{self._port};branch=z9hG4bK{key}\r\n"
            f"From: <sip:+14155550100@{CALLER}>;tag={self._tag}\r\nTo: {to}\r\nCall-ID: {self._tag}-{place}\r\n"
            f"CSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


def _nanoseconds(data: bytes) -> int:
    seconds, rest = struct.unpack("@qq", data[:16])
    return int(seconds) * 1_000_000_000 + int(rest)


def _header(text: str, name: str) -> str:
    found = re.search(rf"\r\n{name}: *(.*?)\r\n", text, re.IGNORECASE)
    return found[1] if found else ""
