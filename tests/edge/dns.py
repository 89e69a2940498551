"""A name server that says what a test wants said, on a loopback port, UDP and TCP alike.

Its messages are made and read by dnspython, so that the product's own reading of the DNS is held against another's.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

MAX_LINKS = 20


class Asked(NamedTuple):
    """A question that came: name, type, and "udp" or "tcp"."""

    name: str
    kind: str
    over: str


class DnsServer:
    """``with DnsServer() as dns: dns.put("pbx.lab.test", "A", "127.0.0.1")``; everything may be changed at any time.

    ``silent`` and ``servfail`` hold names that are so treated, "*" all of them; ``delay`` is in seconds; ``truncate``
    cuts answers over UDP; ``forge`` may turn an answer's bytes into others. ``asked`` is what came, in order.
    """

    def __init__(self) -> None:
        self.udp, self.tcp = _two_sockets()
        self.port: int = self.udp.getsockname()[1]
        self.asked: list[Asked] = []
        self.silent: set[str] = set()
        self.servfail: set[str] = set()
        self.delay = 0.0
        self.truncate = False
        self.forge: Callable[[bytes, str], bytes] | None = None
        self._records: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve_udp, self._serve_tcp)]

    def __enter__(self) -> DnsServer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self.udp.close()
        self.tcp.close()

    @property
    def address(self) -> str:
        """Where it is asked, as a setting names it."""
        return f"127.0.0.1:{self.port}"

    def put(self, name: str, kind: str, *values: str, ttl: int = 1) -> None:
        """Let a name have exactly these records of a kind, written as in a zone file; none: the name loses them."""
        if values:
            self._records[name, kind] = (ttl, values)
        else:
            self._records.pop((name, kind), None)

    def count(self, name: str, kind: str) -> int:
        """Return how often a question came."""
        return sum(1 for asked in self.asked if (asked.name, asked.kind) == (name, kind))

    def _serve_udp(self) -> None:
        while not self._stopped.is_set():
            with suppress(TimeoutError, ConnectionError):
                data, source = self.udp.recvfrom(4096)
                answer = self._answer(data, "udp")
                if answer is not None:
                    self._later(partial(self.udp.sendto, answer, source))

    def _serve_tcp(self) -> None:
        while not self._stopped.is_set():
            with suppress(TimeoutError, ConnectionError):
                connection, _ = self.tcp.accept()
                with connection:
                    connection.settimeout(1.0)
                    data = connection.recv(4096)
                    answer = self._answer(data[2:], "tcp")
                    if answer is not None:
                        connection.sendall(len(answer).to_bytes(2, "big") + answer)

    def _later(self, work: Callable[[], object]) -> None:
        if not self.delay:
            work()
            return

        def run() -> None:
            if not self._stopped.wait(self.delay):
                work()

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _answer(self, data: bytes, over: str) -> bytes | None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(Asked(name, kind, over))
        if self.silent & {name, "*"}:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if self.servfail & {name, "*"}:
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(response, name, kind)
        if self.truncate and over == "udp":
            response.answer.clear()
            response.flags |= dns.flags.TC
        wire = response.to_wire(max_size=65535)
        return self.forge(wire, over) if self.forge is not None else wire

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(MAX_LINKS):
            ttl, values = self._records.get((name, kind), (0, ()))
            if values:
                response.answer.append(dns.rrset.from_text(f"{name}.", ttl, "IN", kind, *values))
                return
            ttl, values = self._records.get((name, "CNAME"), (0, ()))
            if not values:
                break
            response.answer.append(dns.rrset.from_text(f"{name}.", ttl, "IN", "CNAME", *values))
            name = values[0].rstrip(".").lower()
        if not any(known == name for known, _ in self._records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        soa = "ns.test. admin.test. 1 3600 600 86400 1"
        response.authority.append(dns.rrset.from_text("test.", 1, "IN", "SOA", soa))


def _two_sockets() -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a listening TCP socket of one port."""
    while True:
        udp, tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
        udp.bind(("127.0.0.1", 0))
        try:
            tcp.bind(udp.getsockname())
        except OSError:  # the port is somebody's over TCP
            udp.close()
            tcp.close()
            continue
        tcp.listen(64)
        for sock in (udp, tcp):
            sock.settimeout(0.1)
        return udp, tcp
