"""A SIP peer that says exactly what a test wants said: a UDP socket, messages as text, no transactions of its own.

It shares no code with the edge, so that it reads what others would read.
"""

from __future__ import annotations

import secrets
import socket
import time
from dataclasses import dataclass, field
from typing import Self

SDP = (
    "v=0\r\no=- {id} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)
"""A session description; `sdp` gives each its own id, by which a test tells one from another."""

Headers = tuple[tuple[str, str], ...]


def sdp(number: int) -> str:
    """Return a session description with this id."""
    return SDP.replace("{id}", str(number))


def token() -> str:
    """Return fresh letters for tags, branches and Call-IDs."""
    return secrets.token_hex(8)


@dataclass
class Message:
    """A message as it came: first line, headers in order, body, and from where."""

    start: str
    headers: list[tuple[str, str]]
    body: str
    source: tuple[str, int]

    @classmethod
    def read(cls, data: bytes, source: tuple[str, int]) -> Self:
        """Take a datagram apart."""
        head, _, body = data.decode("utf-8", "surrogateescape").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        pairs = [line.partition(":") for line in lines]
        return cls(start, [(name.strip().lower(), value.strip()) for name, _, value in pairs], body, source)

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for known, value in self.headers if known == name]

    def get(self, name: str) -> str:
        """Return the first value of a header, empty where there is none."""
        return next(iter(self.all(name)), "")

    @property
    def method(self) -> str:
        """The method of a request, or that of the request that this answers."""
        return self.get("cseq").split()[1]

    @property
    def cseq(self) -> int:
        """The number in CSeq."""
        return int(self.get("cseq").split()[0])

    @property
    def status(self) -> int:
        """The status of a response, 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/") else 0

    @property
    def uri(self) -> str:
        """The Request-URI."""
        return self.start.split()[1]


class Peer:
    """A socket on a loopback address. ``seen`` holds what came and was not waited for."""

    def __init__(self, ip: str = "127.0.0.1") -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((ip, 0))
        self.ip, self.port = self.sock.getsockname()
        self.seen: list[Message] = []

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    @property
    def uri(self) -> str:
        """Where it is called."""
        return f"sip:{self.ip}:{self.port}"

    def send(self, text: str | bytes, to: tuple[str, int]) -> None:
        """Send a datagram."""
        self.sock.sendto(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"), to)

    def next(self, within: float = 3.0) -> Message | None:
        """Return the next message that comes, None if none does."""
        self.sock.settimeout(max(within, 0.001))
        try:
            data, source = self.sock.recvfrom(65535)
        except TimeoutError:
            return None
        return Message.read(data, source)

    def expect(self, start: str, within: float = 4.0, method: str = "") -> Message:
        """Return the first message that begins with ``start`` (a status of ``method``, or a method); keep others."""
        prefix = f"SIP/2.0 {start}" if start[0].isdigit() else f"{start} "
        until = time.monotonic() + within
        others = []
        while (left := until - time.monotonic()) > 0:
            message = self.next(left)
            if message is None:
                break
            if message.start.startswith(prefix) and method in ("", message.method):
                return message
            others.append(message.start)
            self.seen.append(message)
        raise AssertionError(f"no {start} within {within} s; came: {others}")

    def quiet(self, seconds: float, start: str) -> None:
        """Check that nothing that begins with ``start`` comes for a while."""
        prefix = f"SIP/2.0 {start}" if start[0].isdigit() else f"{start} "
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            message = self.next(left)
            assert message is None or not message.start.startswith(prefix), f"unwanted: {message}"

    def call(self, to: tuple[str, int], number: str, **parts: object) -> Talk:
        """Send an INVITE and return its dialog."""
        talk = Talk(self, to, f"<sip:+14155550100@{self.ip}>;tag={token()}", f"<sip:{number}@{to[0]}>")
        talk.target = f"sip:{number}@{to[0]}:{to[1]}"
        talk.invite(**parts)  # type: ignore[arg-type]  # the keywords of `invite`
        return talk

    def answer(self, invite: Message) -> Talk:
        """Return the dialog of an INVITE that came, seen from the called side."""
        mine = f"{invite.get('to')};tag={token()}"
        talk = Talk(self, invite.source, mine, invite.get("from"), call_id=invite.get("call-id"))
        talk.target = invite.get("contact").strip("<>")
        return talk


@dataclass
class Talk:
    """One dialog of a peer: ``mine`` and ``theirs`` are its From and To when it sends requests."""

    peer: Peer
    remote: tuple[str, int]
    mine: str
    theirs: str
    call_id: str = field(default_factory=token)
    cseq: int = 0
    target: str = ""
    branch: str = ""
    first: str = ""

    def text(self, method: str, cseq: int, *, branch: str, body: str = "", headers: Headers = ()) -> str:
        """Return a request of this dialog."""
        lines = [
            f"{method} {self.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.peer.ip}:{self.peer.port};rport;branch={branch}",
            f"From: {self.mine}",
            f"To: {self.theirs}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
        ]
        names = {name.lower() for name, _ in headers}
        if "max-forwards" not in names:
            lines.append("Max-Forwards: 70")
        if "contact" not in names and method in ("INVITE", "UPDATE"):
            lines.append(f"Contact: <{self.peer.uri}>")
        lines += [f"{name}: {value}" for name, value in headers if value]
        if body and "content-type" not in names:
            lines.append("Content-Type: application/sdp")
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])

    def send(self, method: str, *, cseq: int | None = None, body: str = "", headers: Headers = ()) -> str:
        """Send a new request; returns its text, to send again."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        self.branch = f"z9hG4bK{token()}"
        text = self.text(method, cseq, branch=self.branch, body=body, headers=headers)
        self.peer.send(text, self.remote)
        return text

    def invite(self, body: str = sdp(1), headers: Headers = ()) -> str:
        """Send an INVITE (the first one, or again)."""
        self.first = self.send("INVITE", body=body, headers=headers)
        return self.first

    def again(self) -> None:
        """Send the last INVITE once more, as if its answer had been lost."""
        self.peer.send(self.first, self.remote)

    def take(self, response: Message) -> Message:
        """Take the other side's tag and Contact from an answer."""
        self.theirs = response.get("to")
        if response.get("contact"):
            self.target = response.get("contact").strip("<>")
        return response

    def ack(self, cseq: int = 1, body: str = "") -> None:
        """Acknowledge a 2xx."""
        self.peer.send(self.text("ACK", cseq, branch=f"z9hG4bK{token()}", body=body), self.remote)

    def acknowledge(self, refusal: Message) -> None:
        """Acknowledge a final answer that is no 2xx: within the INVITE's own transaction."""
        lines = [line for line in self.first.split("\r\n") if line.split(":")[0] in ("Via", "From", "Call-ID")]
        start = self.first.split("\r\n")[0].replace("INVITE", "ACK", 1)
        more = [f"To: {refusal.get('to')}", f"CSeq: {refusal.cseq} ACK", "Max-Forwards: 70", "Content-Length: 0"]
        self.peer.send("\r\n".join([start, *lines, *more, "", ""]), self.remote)

    def cancel(self) -> None:
        """Cancel the INVITE."""
        head, _, _ = self.first.partition("\r\n\r\n")
        kept = [x for x in head.split("\r\n") if x.split(":")[0] not in ("Content-Type", "Content-Length", "Contact")]
        text = "\r\n".join([*kept, "Content-Length: 0", "", ""]).replace("INVITE", "CANCEL")
        self.peer.send(text, self.remote)

    def reply(self, request: Message, status: int, reason: str = "X", *, body: str = "", headers: Headers = ()) -> None:
        """Answer a request of the other side."""
        to = request.get("to") if "tag=" in request.get("to") else self.mine
        lines = [f"SIP/2.0 {status} {reason}", *(f"Via: {value}" for value in request.all("via"))]
        lines += [f"{n.title()}: {request.get(n)}" for n in ("from", "call-id", "cseq")]
        lines += [f"To: {to if status > 100 else request.get('to')}", f"Contact: <{self.peer.uri}>"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body:
            lines.append("Content-Type: application/sdp")
        self.peer.send("\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]), request.source)

    def connected(self, within: float = 4.0) -> Message:
        """Wait for the 200 to the INVITE, acknowledge it, return it."""
        answer = self.take(self.peer.expect("200", within, "INVITE"))
        self.ack(answer.cseq)
        return answer

    def refused(self, within: float = 4.0) -> Message:
        """Wait for a final answer that is no 2xx, acknowledge it, return it."""
        until = time.monotonic() + within
        while (message := self.peer.next(until - time.monotonic())) is not None:
            if message.status >= 300 and message.method == "INVITE":
                self.acknowledge(message)
                return message
            assert not 200 <= message.status < 300 or message.method != "INVITE", "it was answered"
            self.peer.seen.append(message)
        raise AssertionError("no refusal came")

    def bye(self) -> Message:
        """Hang up; return the answer."""
        self.send("BYE")
        return self.peer.expect("200", method="BYE")

    def hung_up(self, within: float = 4.0) -> Message:
        """Wait for the other side's BYE and answer it."""
        bye = self.peer.expect("BYE", within)
        self.reply(bye, 200)
        return bye
