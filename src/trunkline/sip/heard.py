"""What SIP messages say that applications hear of: custom headers, Call-ID, who forwarded a call. All of it bounded."""

from __future__ import annotations

from typing import NamedTuple

from trunkline.core.registered import hidden
from trunkline.sip.leg import clean
from trunkline.sip.message import Request, Response
from trunkline.sip.uri import MessageError, NameAddr, split_list

MAX_CUSTOM = 50
"""Custom headers of one message that its application hears of."""
MAX_CUSTOM_NAME = 64
MAX_CUSTOM_VALUE = 1024
"""Characters of a custom header's name and value; an application hears nothing of a longer one, rather than a part."""
MAX_CALL_ID = 256
"""Characters of a Call-ID; a longer one is not told."""


class Heard(NamedTuple):
    """What an application hears of an INVITE beside the parties; empty where no application answers it."""

    call_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    forwarded_from: str | None = None


def heard_of(request: Request) -> Heard:
    """Return what an application hears of an INVITE: its To header and its custom ones, by name."""
    to = ("To", hidden(clean(request.get("to") or "")))
    return Heard(call_id_of(request), (to, *custom_headers(request)), diverted_by(request))


def call_id_of(message: Request) -> str:
    """Return a message's Call-ID as it is told."""
    call_id = clean(message.call_id)
    return call_id if len(call_id) <= MAX_CALL_ID else ""


def custom_headers(message: Request | Response) -> tuple[tuple[str, str], ...]:
    """Return the custom (``X-``) headers of a message, in their order."""
    custom = [
        (name.title(), clean(value))
        for name, value in message.headers
        if name.startswith("x-") and len(name) <= MAX_CUSTOM_NAME and len(value) <= MAX_CUSTOM_VALUE
    ]
    return tuple(custom[:MAX_CUSTOM])


def diverted_by(request: Request) -> str | None:
    """Return the user part of the Diversion header (RFC 5806), for calls that were forwarded."""
    text = request.get("diversion")
    if text is None:
        return None
    try:
        user = NameAddr.parse(split_list(text)[0]).uri.user
        return clean(user) if user is not None else None
    except (MessageError, IndexError):
        return None
