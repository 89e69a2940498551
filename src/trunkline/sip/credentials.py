"""How a called leg answers the challenges of its carrier, or of its trunk's target: digest credentials with our
requests (RFC 3261 §22, RFC 7616).

A request that is challenged goes out again with the next number, in the same dialog; every later one of the leg carries
the credentials from the start, with a rising nonce count. The password is fetched when a carrier first challenges a
call of its own gateway, and kept with that leg only.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.sip import digest
from trunkline.sip.events import ClientTransaction
from trunkline.sip.fields import Header
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.uri import MessageError

if TYPE_CHECKING:
    from trunkline.sip.call import Call

CHALLENGES = frozenset({401, 407})
"""What asks for credentials."""

MAX_INVITES = 4
"""Times that one target is sent an INVITE: a proxy's challenge, the server's behind it, and one stale nonce."""

MAX_WITHIN = 2
"""Times that one request within a dialog is sent."""

MAX_REALMS = 4
"""Realms that one leg answers."""

MAX_VALUES = 8
"""Challenges of one kind in one response that are looked at."""

MAX_CHALLENGE = 2048
"""Characters of a challenge that is answered: what goes back with every request is as long."""

MAX_OPEN = 16
"""Requests of one leg that wait for their answers and can be sent again; a challenge to one more is final."""

_FIELDS = (("www-authenticate", "authorization"), ("proxy-authenticate", "proxy-authorization"))
_ANSWERS = frozenset(answer for _, answer in _FIELDS)

Key = tuple[str, str]
"""The header field of the answer, and the realm."""


class Challenge(NamedTuple):
    """One challenge that we can answer."""

    text: str
    algorithm: str
    stale: bool


class Answered:
    """The challenge of one realm that is being answered. One cnonce serves all requests, as the -sess forms want."""

    __slots__ = ("cnonce", "count", "text")

    def __init__(self, text: str, cnonce: str) -> None:
        self.text = text
        self.cnonce = cnonce
        self.count = 0

    def answer(self, method: str, uri: str, auth: OutboundAuth, body: bytes = b"") -> str:
        """Return the credentials of the next request, its nonce count one up. Raises MessageError."""
        self.count += 1
        return digest.answer(
            self.text,
            method,
            uri,
            auth.username,
            auth.password,
            new_token=lambda: self.cnonce,
            count=self.count,
            body=body,
        )


class _Sent:
    """A request on its way: how often it went out, and how often it has answered a challenge of which realm."""

    __slots__ = ("answers", "hop", "request", "times")

    def __init__(self, request: Request, hop: Hop) -> None:
        self.request = request
        self.hop = hop
        self.times = 1
        self.answers: dict[Key, int] = {}


class _FinalError(Exception):
    """A challenge that is not answered; the message says why."""


class Credentials:
    """What one leg to a carrier sends through, and what it answers the carrier's challenges with.

    ``of_uri`` says that this is no carrier's leg but one to a trunk's target, and ``whose_id`` that URI's id; with
    ``auth`` it is one to a document's target, and these are its credentials.
    ``of_invite`` are the credentials of its last INVITE, which the ACK of its 2xx repeats (RFC 3261 §22.1).
    """

    __slots__ = ("_auth", "_call", "_name", "_of_uri", "_open", "_peer", "_realms", "_whose_id", "of_invite")

    def __init__(
        self, call: Call, name: str, whose_id: str, *, of_uri: bool = False, auth: OutboundAuth | None = None
    ) -> None:
        self._call = call
        self._name = name
        self._whose_id = whose_id
        self._of_uri = of_uri
        self._peer = "target" if of_uri else "carrier"
        self._auth = auth
        self._realms: dict[Key, Answered] = {}
        self._open: dict[int, _Sent] = {}
        self.of_invite: tuple[Header, ...] = ()

    def send(self, request: Request, hop: Hop, now: float) -> ClientTransaction:
        """Send a request with the credentials that the carrier has asked for so far.

        Raises ValueError as `Transactions.send_request`. A BYE, which nobody waits for, sees to its own challenge.
        """
        return self._send(_Sent(self._signed(request, request.cseq), hop), now)

    def _send(self, sent: _Sent, now: float) -> ClientTransaction:
        request = sent.request
        txn = self._call.edge.transactions.send_request(request, sent.hop, now, self._call.capture)
        if request.method == "INVITE":
            self.of_invite = tuple([header for header in request.headers if header[0] in _ANSWERS])
        if request.method == "BYE":
            txn.user = _Parting(self, sent)
        elif len(self._open) < MAX_OPEN:
            self._open[request.cseq] = sent
        return txn

    def again(self, response: Response, number: int, now: float) -> ClientTransaction | None:
        """Send the request that ``response`` challenges again, as ``number``; None where the response is final."""
        if response.status < 200:
            return None
        sent = self._open.pop(response.cseq, None)
        return None if sent is None else self.resend(sent, response, number, now)

    def resend(self, sent: _Sent, response: Response, number: int, now: float) -> ClientTransaction | None:
        """Send this request again, as ``number``, if ``response`` challenges it; None where the response is final."""
        if response.status not in CHALLENGES:
            return None
        try:
            self._take(sent, response)
            sent.request = self._signed(sent.request, number)
            sent.times += 1
            txn = self._send(sent, now)
        except (_FinalError, MessageError, ValueError) as reason:
            self._call.note("credentials", f"{self._name}: {reason}")
            return None
        line = sent.request.method if _within(sent.request) else f"{sent.request.method} {sent.request.uri}"
        self._call.saw(now, self._name, "out", line)
        return txn

    def saw(self, response: Response, now: float) -> None:
        """Add a response to the ladder."""
        self._call.saw(now, self._name, "in", f"{response.status} {response.reason}")

    def _take(self, sent: _Sent, response: Response) -> None:
        """Note what the challenges of a response want to be answered. Raises `_FinalError`."""
        offered = offered_by(response)
        realms = ", ".join(shown_realm(realm) for _, realm in offered) or "not readable"
        auth = self._fetch(realms)
        if not offered:
            raise _FinalError(
                f"the {self._peer}'s challenge cannot be answered: malformed, or of an unknown algorithm or qop"
            )
        wanted = {key: found for key, found in offered.items() if auth.realm in (None, key[1])}
        if not wanted:
            raise _FinalError(f"the carrier asks for credentials of another realm ({realms}) than its outbound_realm")
        for key, found in wanted.items():
            if key in sent.answers and not found.stale:
                raise _FinalError(
                    f"the {self._peer} refused the credentials (realm {shown_realm(key[1])}); "
                    f"check {self._kept_in} on it"
                )
        allowed = MAX_WITHIN if _within(sent.request) else MAX_INVITES
        if sent.times >= allowed or any(sent.answers.get(key, 0) > 1 for key in wanted):
            raise _FinalError(f"the {self._peer} challenges again and again: given up after {sent.times} requests")
        if len(self._realms.keys() | wanted.keys()) > MAX_REALMS:
            raise _FinalError(f"the {self._peer} asks for credentials of more than {MAX_REALMS} realms")
        for key, found in wanted.items():
            sent.answers[key] = sent.answers.get(key, 0) + 1
            self._realms[key] = Answered(found.text, self._call.edge.new_token()[:16])
            what = f"{self._peer}'s {response.status} (realm {shown_realm(key[1])}, {found.algorithm})"
            self._call.note("credentials", f"{self._name}: answers the {what}")

    @property
    def _kept_in(self) -> str:
        """What the fields are called in which our credentials for this peer are kept."""
        return "username and password" if self._of_uri else "outbound_username and outbound_password"

    def _fetch(self, realms: str) -> OutboundAuth:
        if self._auth is None:
            try:
                facts = self._call.edge.facts
                look_up = facts.origination_auth if self._of_uri else facts.outbound_auth
                self._auth = look_up(self._whose_id)
            except StoreUnavailableError as error:
                raise _FinalError(str(error)) from None
        if self._auth is None:
            raise _FinalError(f"the {self._peer} asks for credentials (realm {realms}); set {self._kept_in} on it")
        return self._auth

    def _signed(self, request: Request, number: int) -> Request:
        """Return a request under this number, with the credentials of every realm that has challenged this leg."""
        auth = self._auth
        if auth is None or not self._realms:
            return request
        cseq: Header = ("cseq", f"{number} {request.method}")
        headers = [cseq if header[0] == "cseq" else header for header in request.headers if header[0] not in _ANSWERS]
        for (name, _), answered in self._realms.items():
            headers.append((name, answered.answer(request.method, request.uri, auth, request.body)))
        return Request(request.method, request.uri, headers, request.body)


class _Parting:
    """A BYE to a carrier: its leg is gone when the answer comes, so it keeps what sending it again takes."""

    __slots__ = ("_credentials", "_sent")

    def __init__(self, credentials: Credentials, sent: _Sent) -> None:
        self._credentials = credentials
        self._sent = sent

    def on_response(self, _txn: ClientTransaction, response: Response, now: float) -> None:
        """Send the BYE again where it is challenged: unanswered, the carrier would let the call go on."""
        if response.status in CHALLENGES:
            self._credentials.saw(response, now)
        self._credentials.resend(self._sent, response, response.cseq + 1, now)

    def on_failure(self, _now: float, _why: str) -> None:
        """No answer came, and nobody waits for one."""


def _within(request: Request) -> bool:
    return request.to_tag is not None


def offered_by(response: Response) -> dict[Key, Challenge]:
    """Return for each realm the first challenge that we can answer (RFC 8760 §2.4), those of other kinds left out."""
    offered: dict[Key, Challenge] = {}
    for asked, answer in _FIELDS:
        for value in response.get_all(asked)[:MAX_VALUES]:
            if len(value) > MAX_CHALLENGE or digest.choose([value]) is None:
                continue
            with suppress(MessageError):
                fields = digest.parse_digest(value)
                found = Challenge(value, fields.get("algorithm", "MD5"), fields.get("stale", "").lower() == "true")
                offered.setdefault((answer, fields["realm"]), found)
    return offered


def shown_realm(realm: str) -> str:
    """Return a realm as a trace shows it: printable, and no longer than needed to know it again."""
    return "".join([c if c.isprintable() else "?" for c in realm[:64]])
