"""A carrier's registrar for tests: it checks digest credentials by RFC 7616 alone and does what a test tells it to.

It runs in a thread of its own, on UDP or TCP, and shares no code with the edge.
"""

from __future__ import annotations

import hashlib
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count

from tests.edge.guard import fields
from tests.edge.peer import Headers, Message, token

USERNAME, PASSWORD = "4930123", "hunter-22"
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_CONTACT = re.compile(r"<sip:([^@>]+)@([^;>]+)[^>]*>")

Answer = tuple[int, Headers] | None
"""Status and headers; None for no answer."""


class Registrar:
    """``with Registrar("127.0.41.1") as carrier``. ``rule`` may answer a REGISTER in place of the registrar itself.

    ``seen`` are the REGISTERs that came, in order, retransmissions left out; ``bound`` what is bound now, by the user
    part of its Contact, each with the time when it ends; ``calls`` what else came over TCP, INVITEs being answered 486.
    """

    def __init__(
        self,
        ip: str,
        port: int = 0,
        *,
        transport: str = "udp",
        algorithm: str = "MD5",
        realm: str = "carrier.example",
        expires: int = 60,
        password: str = PASSWORD,
    ) -> None:
        self.ip, self.transport = ip, transport
        self.algorithm, self.realm, self.expires, self.password = algorithm, realm, expires, password
        self.rule: Callable[[Message], Answer] | None = None
        self.seen: list[Message] = []
        self.bound: dict[str, float] = {}
        self.calls: list[Message] = []
        self.stale_nonces: set[str] = set()
        self._nonces: set[str] = set()
        self._branches: set[str] = set()
        self._news = threading.Condition()
        self._stopped = threading.Event()
        self.sock = socket.socket(type=socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((ip, port))
        self.port: int = self.sock.getsockname()[1]
        self.connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve_udp if transport == "udp" else self._serve_tcp, daemon=True)

    def __enter__(self) -> Registrar:
        self.sock.settimeout(0.05)
        if self.transport == "tcp":
            self.sock.listen(16)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        for sock in (self.sock, *self.connections):
            with suppress(OSError):
                sock.close()

    @property
    def gateway(self) -> dict[str, object]:
        """The gateway of a carrier that is this registrar's."""
        where = {"address": self.ip, "port": self.port, "transport": self.transport}
        return {**where, "inbound": False, "outbound": True}

    def _serve_udp(self) -> None:
        while not self._stopped.is_set():
            with suppress(TimeoutError, ConnectionError):
                data, source = self.sock.recvfrom(65535)
                if data.startswith(b"REGISTER "):
                    answer = self._answer(Message.read(data, source))
                    if answer:
                        self.sock.sendto(answer.encode(), source)

    def _serve_tcp(self) -> None:
        while not self._stopped.is_set():
            with suppress(TimeoutError):
                connection, source = self.sock.accept()
                self.connections.append(connection)
                threading.Thread(target=self._serve_connection, args=(connection, source), daemon=True).start()

    def _serve_connection(self, connection: socket.socket, source: tuple[str, int]) -> None:
        data = b""
        with suppress(OSError):
            while more := connection.recv(65535):
                data += more
                while b"\r\n\r\n" in data:
                    head, _, data = data.partition(b"\r\n\r\n")
                    request = Message.read(head + b"\r\n\r\n", source)
                    data = data[int(request.get("content-length") or 0) :]
                    answer = self._answer(request) if head.startswith(b"REGISTER ") else self._busy(request)
                    if answer:
                        connection.sendall(answer.encode())

    def _busy(self, request: Message) -> str:
        """Take down a call, and answer it 486."""
        with self._news:
            self.calls.append(request)
            self._news.notify_all()
        return self._worded(request, 486, ()) if request.start.startswith("INVITE ") else ""

    def drop(self) -> None:
        """Close every connection."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def _answer(self, request: Message) -> str:
        again = request.get("via") in self._branches
        with self._news:
            if not again:
                self._branches.add(request.get("via"))
                self.seen.append(request)
            decided = self.rule(request) if self.rule is not None else self.judge(request)
            self._news.notify_all()
        if decided is None:
            return ""
        return self._worded(request, *decided)

    def _worded(self, request: Message, status: int, headers: Headers) -> str:
        lines = [f"SIP/2.0 {status} {REASONS.get(status, 'X')}", *(f"Via: {v}" for v in request.all("via"))]
        lines += [f"{n.title()}: {request.get(n)}" for n in ("from", "call-id", "cseq")]
        lines += [f"To: {request.get('to')};tag={token()}", *(f"{n}: {v}" for n, v in headers)]
        return "\r\n".join([*lines, "Content-Length: 0", "", ""])

    def judge(self, request: Message) -> tuple[int, Headers]:
        """Return what a registrar answers: a challenge, 403 for wrong credentials, or 200 with what is bound."""
        given = request.get("authorization")
        if not given:
            return self.challenge()
        parts = fields(given)
        if parts["nonce"] in self.stale_nonces:
            return self.challenge("true")
        if parts["nonce"] not in self._nonces:
            return self.challenge()
        if parts["response"] != self.right(parts):
            return 403, ()
        return self.accept(request)

    def challenge(self, stale: str = "") -> tuple[int, Headers]:
        """Return a 401."""
        nonce = token()
        self._nonces.add(nonce)
        flag = ", stale=true" if stale else ""
        value = f'Digest realm="{self.realm}", nonce="{nonce}", algorithm={self.algorithm}, qop="auth"{flag}'
        return 401, (("WWW-Authenticate", value),)

    def right(self, parts: dict[str, str]) -> str:
        """Return what the response of credentials must be."""

        def digest(*words: str) -> str:
            return HASHES[self.algorithm](":".join(words).encode()).hexdigest()

        secret = digest(parts["username"], self.realm, self.password)
        return digest(secret, parts["nonce"], parts["nc"], parts["cnonce"], "auth", digest("REGISTER", parts["uri"]))

    def accept(self, request: Message) -> tuple[int, Headers]:
        """Bind what a REGISTER says, and return the 200."""
        found = _CONTACT.search(request.get("contact"))
        assert found is not None, request
        now = time.monotonic()
        asked = int(request.get("expires"))
        granted = min(asked, self.expires)
        if granted:
            self.bound[found[1]] = now + granted
        else:
            self.bound.pop(found[1], None)
        contacts = [
            (
                "Contact",
                f"<sip:{user}@x.invalid>;expires={int(until - now)}"
                if user != found[1]
                else f"{found[0]};expires={granted}",
            )
            for user, until in self.bound.items()
        ]
        return 200, tuple(contacts)

    def wait(self, what: Callable[[], bool], within: float = 4.0) -> None:
        """Wait until something holds that changes with a REGISTER."""
        with self._news:
            assert self._news.wait_for(what, within), f"after {within} s: {[str(m)[:400] for m in self.seen[-4:]]}"

    def comes(self, number: int, within: float = 4.0) -> Message:
        """Return the REGISTER of this number, from 1."""
        self.wait(lambda: len(self.seen) >= number, within)
        return self.seen[number - 1]

    def token(self, within: float = 4.0) -> str:
        """Return the user part of the only Contact that is bound, once there is one."""
        self.wait(lambda: len(self.bound) == 1, within)
        return next(iter(self.bound))

    def stays(self, number: int, seconds: float) -> None:
        """Check that no more than ``number`` REGISTERs have come after a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
            assert len(self.seen) <= number, self.seen[number]


REASONS = {200: "OK", 401: "Unauthorized", 403: "Forbidden", 423: "Interval Too Brief", 503: "Service Unavailable"}

_addresses = count(1)


def address() -> str:
    """Return a loopback address that no other test has."""
    return f"127.0.41.{next(_addresses)}"
