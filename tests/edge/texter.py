"""A carrier that sends text messages (SIP MESSAGE), over UDP or TCP; its texts are its own, like `peer`'s."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from tests.edge.peer import Message, Peer, token
from trunkline.core import accounts, applications
from trunkline.core.model import Actor, CallHooks, CredentialKind, Webhook
from trunkline.core.ports import Rules
from trunkline.store import database
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once

FROM = "+14155550100"


class Texter:
    """A sender on a loopback address; ``to`` is the SIP door."""

    def __init__(self, to: tuple[str, int], ip: str = "127.0.0.2") -> None:
        self.to = to
        self.peer = Peer(ip)

    def __enter__(self) -> Texter:
        return self

    def __exit__(self, *_: object) -> None:
        self.peer.sock.close()

    def request(
        self,
        number: str,
        body: bytes = b"hello",
        *,
        kind: str = "text/plain",
        call_id: str = "",
        transport: str = "UDP",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> bytes:
        """Return a MESSAGE to a number."""
        lines = [
            f"MESSAGE sip:{number}@{self.to[0]}:{self.to[1]} SIP/2.0",
            f"Via: SIP/2.0/{transport} {self.peer.ip}:{self.peer.port};rport;branch=z9hG4bK{token()}",
            f"From: <sip:{FROM}@{self.peer.ip}>;tag={token()}",
            f"To: <sip:{number}@{self.to[0]}>",
            f"Call-ID: {call_id or token()}",
            "CSeq: 1 MESSAGE",
            "Max-Forwards: 70",
            *[f"{name}: {value}" for name, value in headers],
            *([f"Content-Type: {kind}"] if kind else []),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    def ask(self, request: bytes, within: float = 5.0) -> Message:
        """Send a request over UDP until its final answer comes, and return that."""
        call_id = Message.read(request, self.to).get("call-id")
        until = time.monotonic() + within
        while time.monotonic() < until:
            self.peer.send(request, self.to)
            answer = self.peer.next(0.5)
            if answer is not None and answer.get("call-id") == call_id and answer.status >= 200:
                return answer
        raise AssertionError("no final answer came")

    def send(self, number: str, body: bytes = b"hello", **parts: str) -> Message:
        """Send a message over UDP; return the final answer."""
        return self.ask(self.request(number, body, **parts))  # type: ignore[arg-type]  # its keywords

    def over_tcp(self, *requests: bytes, within: float = 5.0) -> list[Message]:
        """Send requests on one connection, one after the other; return their answers."""
        answers = []
        with socket.create_connection(self.to, timeout=within, source_address=(self.peer.ip, 0)) as connection:
            for request in requests:
                connection.sendall(request)
                data = b""
                while b"\r\n\r\n" not in data:
                    more = connection.recv(65535)
                    assert more, f"closed after {data!r}"
                    data += more
                answers.append(Message.read(data, self.to))
        return answers


def twilio_application(data: Path, account_id: str, url: str, fallback: str) -> tuple[str, str]:
    """Create an application of Twilio's dialect with these message URLs; return its id and its account's auth token."""
    connection = database.open_writer(data)
    try:
        store = SqlStore(connection, database.open_vault(data), Rules(lab=True))
        account = store.accounts.get(account_id)
        assert account is not None
        actor = Actor(account=account, label=accounts.operator("test").label)
        hooks = CallHooks(message=Webhook(url), message_fallback=Webhook(fallback))
        draft = applications.ApplicationDraft(name="twilio", dialect="twilio", hooks=hooks)
        made = write_once(connection, store, lambda s: applications.create(s, actor, account, draft))
        token = store.credentials.live(account_id, CredentialKind.TWILIO_TOKEN)[-1]
        return made.id, store.credentials.reveal(token.id)
    finally:
        connection.close()
