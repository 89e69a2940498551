"""A carrier that asks for credentials: a peer whose challenges and checks are worked out here, from RFC 7616 alone."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.edge.lab import Tenant
from tests.edge.peer import Message, Peer, Talk, sdp, token
from tests.edge.web import Web

USERNAME, PASSWORD = "trunk-7", 'pa"ss:w\\ört'
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_FIELD = re.compile(r'(\w+)=(?:"((?:\\.|[^"\\])*)"|([^\s,"]+))')


def fields(value: str) -> dict[str, str]:
    """Return the parameters of a challenge or of credentials."""
    assert value.startswith("Digest "), value
    found = _FIELD.findall(value[7:])
    assert len({name for name, _, _ in found}) == len(found), value
    return {name: re.sub(r"\\(.)", r"\1", quoted) or plain for name, quoted, plain in found}


def right(request: Message, header: str, realm: str, password: str = PASSWORD) -> dict[str, str]:
    """Check the one answer of a request to the challenge of a realm, and return its parameters."""
    values = [fields(value) for value in request.all(header)]
    (given,) = [value for value in values if value["realm"] == realm]
    make = HASHES[given["algorithm"].removesuffix("-sess")]

    def digest(*parts: str) -> str:
        return make(":".join(parts).encode()).hexdigest()

    secret = digest(USERNAME, realm, password)
    if given["algorithm"].endswith("-sess"):
        secret = digest(secret, given["nonce"], given["cnonce"])
    acted = [request.start.split()[0], given["uri"]]
    if given.get("qop") == "auth-int":
        acted.append(make(request.body.encode()).hexdigest())
    counted = [given["nc"], given["cnonce"], given["qop"]] if "qop" in given else []
    assert given["username"] == USERNAME
    assert given["uri"] == request.uri
    assert given["response"] == digest(secret, given["nonce"], *counted, digest(*acted))
    return given


class Guard(Peer):
    """The carrier's socket. It answers nothing by itself."""

    def __enter__(self) -> Guard:
        return self

    def ask(self, request: Message, status: int = 407, *more: str, **parts: str) -> tuple[str, str]:
        """Challenge a request; ``parts`` replace those of the challenge, ``more`` are whole ones beside it.

        Return the realm and the name of the header that the answer comes in.
        """
        given = {"realm": "carrier.example", "nonce": token(), "algorithm": "MD5", "qop": "auth"} | parts
        quoted = ("realm", "nonce", "qop", "opaque")
        value = "Digest " + ", ".join(f'{n}="{v}"' if n in quoted else f"{n}={v}" for n, v in given.items() if v)
        name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
        self.answer(request).reply(request, status, headers=tuple((name, text) for text in (*more, value)))
        return given["realm"], "authorization" if status == 401 else "proxy-authorization"

    def comes(self, method: str, number: int, within: float = 4.0) -> Message:
        """Return the request of this method and CSeq number; what came again of earlier ones is let go."""
        until = time.monotonic() + within
        while True:
            message = self.expect(method, until - time.monotonic())
            if message.cseq == number:
                return message
            assert message.cseq < number, f"{method} {message.cseq} came before {number}"

    def connect(self, invite: Message) -> Talk:
        """Answer an INVITE and wait for its ACK."""
        talk = self.answer(invite)
        talk.reply(invite, 200, "OK", body=sdp(2))
        assert self.comes("ACK", invite.cseq).cseq == invite.cseq
        return talk

    def nothing_above(self, number: int, seconds: float = 0.6) -> None:
        """Check that no INVITE with a higher CSeq comes for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            message = self.next(left)
            assert message is None or not message.start.startswith("INVITE") or message.cseq <= number, message


class Outbound:
    """A tenant that calls out by a guarded carrier: ``id`` is that carrier's, ``number`` what the caller dials."""

    def __init__(self, tenant: Tenant, web: Web, peers: list[Guard], **fields: object) -> None:
        self.tenant = tenant
        gateways = [
            {"address": p.ip, "port": p.port, "inbound": False, "outbound": True, "priority": 10 * n}
            for n, p in enumerate(peers, 1)
        ]
        self.id = tenant.native_carrier(gateways=gateways, **fields)
        self.web = web
        self.number = ""

    def dial(self, caller: Peer, source: str, *, count: int = 1, limit: int = 60, then: str = "") -> Talk:
        """Call a new number whose application dials ``count`` numbers at once by the carrier, and then goes on."""
        path = f"/out-{token()}"
        numbers = "<Number>4930123456</Number>" * count
        self.web.pages[path] = f'<Response><Dial timeLimit="{limit}">{numbers}</Dial>{then}</Response>'
        self.number = self.tenant.number(source, application=self.tenant.application(answer_url=self.web.url + path))
        return caller.call(self.tenant.server.sip, self.number)

    def trace(self) -> str:
        """Return the trace of the call."""
        return self.tenant.trace(self.number)

    def ladder(self, leg: str = "b1") -> list[str]:
        """Return what the called leg sent and got, as ``out INVITE`` and so on."""
        rungs = self.tenant.call(self.number)["ladder"]
        return [f"{r['way']} {r['line'].split()[0]}" for r in rungs if r["leg"] == leg]


@contextmanager
def calling_out(tenant: Tenant, web: Web, peers: list[Guard], **fields: object) -> Iterator[Outbound]:
    """Give a tenant its guarded carrier, and take it away at the end."""
    made = Outbound(tenant, web, peers, **fields)
    yield made
    tenant.native("DELETE", f"carriers/{made.id}", expect=204)
