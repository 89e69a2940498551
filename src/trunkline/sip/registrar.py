"""A registrar's rules (RFC 3261 §10.3, steps 6 to 8): a REGISTER and what is bound now in, what changes out.

Nothing here sends, waits or keeps anything; who may register is decided before (`registering.py`). A Contact is what
calls carry as their Request-URI; they are sent to the flow that the REGISTER came by (RFC 5626 §3 has the idea), so
that devices behind NAT, whose Contact leads nowhere, are reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.utils import formatdate
from math import ceil
from typing import NamedTuple

from trunkline.core.bindings import MAX_CONTACTS, Binding, Flow, Login
from trunkline.sip.fields import Header
from trunkline.sip.leg import clean
from trunkline.sip.message import Request
from trunkline.sip.targets import URI_TRANSPORTS
from trunkline.sip.uri import MessageError, NameAddr, SipUri, find_param, same_uri, split_name_addr

MIN_EXPIRES_S = 60
MAX_EXPIRES_S = 3_600
"""Longest registration, and what a Contact gets that says nothing or nothing readable (RFC 3261 §10.2.1.1, §20.19)."""

MAX_CONTACT = 512
"""Characters of a Contact's URI."""
MAX_CALL_ID = 256
MAX_USER_AGENT = 128
"""Characters that are kept of a User-Agent."""

_TRANSPORTS = (None, *URI_TRANSPORTS)


class Update(NamedTuple):
    """What a REGISTER changes, and all that is bound afterwards."""

    added: tuple[Binding, ...]
    removed: tuple[Binding, ...]
    after: tuple[Binding, ...]


class _Asked(NamedTuple):
    text: str
    uri: SipUri
    expires: int
    q: int


def register(request: Request, bound: Sequence[Binding], login: Login, flow: Flow, now: float) -> Update:
    """Return what a REGISTER of an authenticated user does to ``bound``, its bindings that have not expired.

    ``now`` is seconds of the wall clock. All of a request is done, or nothing: raises MessageError with status 400, 403
    (too many Contacts), 423 (with Min-Expires) or 500 (older than what is bound).
    """
    call_id = request.call_id
    if len(call_id) > MAX_CALL_ID:
        raise MessageError("Call-ID too long")
    call_id = clean(call_id)
    values = request.get_list("contact")
    if len(values) > 2 * MAX_CONTACTS:
        raise MessageError(f"At Most {MAX_CONTACTS} Contacts", 403)
    if "*" in values:
        return _remove_all(request, values, bound, call_id)
    asked = [_read(request, value) for value in values]
    kept, added, removed = list(bound), list[Binding](), list[Binding]()
    for contact in asked:
        old = next((b for b in kept if same_uri(SipUri.parse(b.contact), contact.uri)), None)
        if old is not None:
            if old.call_id == call_id and request.cseq <= old.cseq and old not in added:
                raise MessageError("Out of order", 500)
            kept.remove(old)
            added = [b for b in added if b is not old]
            removed.append(old)
        if contact.expires:
            new = _bind(request, contact, login, flow, now)
            kept.append(new)
            added.append(new)
    if len(kept) > max(MAX_CONTACTS, len(bound)):
        raise MessageError(f"At Most {MAX_CONTACTS} Contacts", 403)
    texts = {b.contact for b in added}
    return Update(tuple(added), tuple(b for b in removed if b in bound and b.contact not in texts), tuple(kept))


def _remove_all(request: Request, values: Sequence[str], bound: Sequence[Binding], call_id: str) -> Update:
    """Do what ``Contact: *`` asks for (§10.2.2, §10.3 step 6)."""
    if len(values) > 1:
        raise MessageError("Contact * beside others")
    if _expires(request.get("expires")) != 0:
        raise MessageError("Contact * without Expires 0")
    if any(b.call_id == call_id and request.cseq <= b.cseq for b in bound):
        raise MessageError("Out of order", 500)
    return Update((), tuple(bound), ())


def _read(request: Request, value: str) -> _Asked:
    """Read one Contact; its own ``expires`` goes before the header field (step 7)."""
    _, text, _ = split_name_addr(value)
    address = NameAddr.parse(value)
    uri = address.uri
    if not 0 < len(text) <= MAX_CONTACT or not text.isascii() or not text.isprintable():
        raise MessageError(f"Contact is not 1 to {MAX_CONTACT} printable characters")
    if uri.scheme != "sip" or uri.transport not in _TRANSPORTS:
        raise MessageError("Contact is no sip: URI over UDP or TCP")
    own = address.param("expires")
    expires = _expires(own if own is not None else request.get("expires"))
    if 0 < expires < MIN_EXPIRES_S:
        raise MessageError("Interval Too Brief", 423, headers=(("min-expires", str(MIN_EXPIRES_S)),))
    return _Asked(text, uri, min(expires, MAX_EXPIRES_S), _q(address.param("q")))


def _expires(text: str | None) -> int:
    """Read delta-seconds; what is no number counts as not said (RFC 3261 §20.19)."""
    digits = "" if text is None else text.strip()
    if not (digits.isascii() and digits.isdigit()):
        return MAX_EXPIRES_S
    return int(digits[-9:]) if len(digits.lstrip("0")) <= 9 else MAX_EXPIRES_S


def _q(text: str | None) -> int:
    """Read a qvalue (RFC 3261 §25.1) as thousandths; 1000 where there is none, or none that can be read."""
    whole, _, part = (text or "1").partition(".")
    if whole not in ("0", "1") or len(part) > 3 or (part and not (part.isascii() and part.isdigit())):
        return 1000
    return min(1000, int(whole) * 1000 + int(part.ljust(3, "0")))


def _bind(request: Request, contact: _Asked, login: Login, flow: Flow, now: float) -> Binding:
    return Binding(
        login_id=login.id,
        account_id=login.account_id,
        contact=contact.text,
        call_id=clean(request.call_id),
        cseq=request.cseq,
        q=contact.q,
        expires_at=now + contact.expires,
        registered_at=now,
        user_agent=clean(request.get("user-agent") or "")[:MAX_USER_AGENT],
        flow=flow,
    )


def answer_headers(bound: Iterable[Binding], now: float) -> tuple[Header, ...]:
    """Return what the 200 tells (step 8): every Contact that is bound, with the seconds that it has left, and Date."""
    contacts: list[Header] = []
    for b in bound:
        q = "" if b.q == 1000 else f";q={b.q / 1000:g}"
        contacts.append(("contact", f"<{b.contact}>;expires={max(1, ceil(b.expires_at - now))}{q}"))
    return (*contacts, ("date", formatdate(now, usegmt=True)))


def request_uri(binding: Binding) -> str:
    """Return the Request-URI of calls to a binding: its Contact without what none may hold (RFC 3261 §19.1.1)."""
    uri = SipUri.parse(binding.contact)
    if not uri.headers and find_param(uri.params, "method") is None:
        return binding.contact
    params = tuple([param for param in uri.params if param[0] != "method"])
    return str(uri._replace(headers="", params=params))
