"""Who a request says that it comes from: what networks assert (RFC 3325, Remote-Party-ID), and From."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from trunkline.sip.message import Request
from trunkline.sip.uri import MessageError, NameAddr

MAX_IDENTITIES = 4
"""Values of one identity header that are looked at; RFC 3325 §9.1 allows two."""


def identities(request: Request, header: str = "p-asserted-identity") -> Iterator[NameAddr]:
    """Yield the values of an identity header; what cannot be read is passed over."""
    try:
        values = request.get_list(header)[:MAX_IDENTITIES]
    except MessageError:
        return
    for value in values:
        try:
            yield NameAddr.parse(value)
        except MessageError:
            continue


def callers(request: Request) -> tuple[str, ...]:
    """Return the user parts of who calls: of each P-Asserted-Identity, then of From, as far as readable."""
    users = [user for identity in identities(request) if (user := identity.uri.user)]
    with suppress(MessageError):
        users.append(request.from_.uri.user or "")
    return tuple(users)
