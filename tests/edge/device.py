"""A SIP user's device that says what a test wants said: it REGISTERs with digest, over UDP as a `Peer`, or over TCP."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress

from tests.edge.peer import Headers, Message, Peer, token
from tests.edge.test_transports import Stream


def proof(challenge: str, method: str, uri: str, login: tuple[str, str]) -> str:
    """Return the Authorization value that answers a challenge with MD5 and qop=auth (RFC 7616 §3.4)."""
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    (username, password), cnonce, nc = login, token(), "00000001"

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 -- the algorithm of the challenge

    ha1, ha2 = md5(f"{username}:{fields['realm']}:{password}"), md5(f"{method}:{uri}")
    response = md5(f"{ha1}:{fields['nonce']}:{nc}:{cnonce}:auth:{ha2}")
    return (
        f'Digest username="{username}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm=MD5, qop=auth, nc={nc}, cnonce="{cnonce}"'
    )


class Registering:
    """What devices over both transports say: one Call-ID, a CSeq that grows."""

    def __init__(self, username: str, password: str, domain: str) -> None:
        self.username, self.password, self.domain = username, password, domain
        self.call_id = token()
        self.cseq = 0

    def text(
        self, via: str, contacts: tuple[str, ...], headers: Headers, authorization: str = "", cseq: int | None = None
    ) -> str:
        """Return a REGISTER."""
        if cseq is None:
            self.cseq += 1
        lines = [
            f"REGISTER sip:{self.domain} SIP/2.0",
            f"Via: SIP/2.0/{via};rport;branch=z9hG4bK{token()}",
            f"From: <sip:{self.username}@{self.domain}>;tag={token()}",
            f"To: <sip:{self.username}@{self.domain}>",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq if cseq is None else cseq} REGISTER",
            "Max-Forwards: 70",
            *(f"Contact: {contact}" for contact in contacts),
            *(f"{name}: {value}" for name, value in headers),
            *([f"Authorization: {authorization}"] if authorization else []),
        ]
        return "\r\n".join([*lines, "Content-Length: 0", "", ""])

    def answer(self, challenged: Message) -> str:
        """Return the credentials that a 401 asks for."""
        uri = f"sip:{self.domain}"
        return proof(challenged.get("www-authenticate"), "REGISTER", uri, (self.username, self.password))


class Device(Peer):
    """A device on UDP. ``behind`` is the address that it believes to have: what stands in its Via and Contact."""

    def __init__(
        self, username: str, password: str, domain: str, ip: str = "127.0.0.1", behind: str | None = None
    ) -> None:
        super().__init__(ip)
        self.words = Registering(username, password, domain)
        self.behind = behind or f"{self.ip}:{self.port}"
        self.contact = f"<{self.uri}>"

    def __enter__(self) -> Device:
        return self

    @property
    def uri(self) -> str:
        """Its Contact, which its answers name, too."""
        return f"sip:{self.words.username}@{self.behind}"

    def register(self, to: tuple[str, int], *contacts: str, headers: Headers = (), cseq: int | None = None) -> Message:
        """Register (by default its own Contact); return the answer after the challenge, or the first if it is final."""
        contacts = contacts or (self.contact,)
        via = f"UDP {self.behind}"
        self.send(self.words.text(via, contacts, headers, cseq=cseq), to)
        first = self.next()
        assert first is not None, "no answer to a REGISTER"
        if first.status != 401:
            return first
        self.send(self.words.text(via, contacts, headers, self.words.answer(first), cseq), to)
        final = self.next()
        assert final is not None, "no answer to a REGISTER with credentials"
        return final


class TcpDevice:
    """A device on one TCP connection."""

    def __init__(self, username: str, password: str, domain: str, to: str, ip: str = "127.0.0.1") -> None:
        self.words = Registering(username, password, domain)
        self.stream = Stream(to, ip)
        self.contact = f"<sip:{username}@10.9.8.7:5060;transport=tcp>"

    def __enter__(self) -> TcpDevice:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.stream.close()

    def register(self, *contacts: str, headers: Headers = ()) -> Message:
        """Register; return the answer after the challenge."""
        contacts = contacts or (self.contact,)
        self.stream.sock.sendall(self.words.text("TCP 10.9.8.7:5060", contacts, headers).encode())
        first = self.stream.read()
        if first.status != 401:
            return first
        again = self.words.text("TCP 10.9.8.7:5060", contacts, headers, self.words.answer(first))
        self.stream.sock.sendall(again.encode())
        return self.stream.read()
