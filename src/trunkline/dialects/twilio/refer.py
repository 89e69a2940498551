"""TwiML's Refer: the SIP URI that a caller is asked to go to, with the header fields that its call shall have.

Source: https://www.twilio.com/docs/voice/twiml/refer. Unlike those of `Sip` in `Dial`, which go on an INVITE of ours,
these are the caller's to use or not: any may be named but those that would change whose call it is, or which way it
takes (RFC 3261 section 19.1.5).
"""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

from trunkline.core.fetching import DocumentError
from trunkline.core.model import Webhook
from trunkline.core.verbs import MAX_TARGET_HEADERS, Refer
from trunkline.dialects.markup import (
    MAX_SIP_HEADER_NAME,
    MAX_SIP_HEADER_VALUE,
    Attributes,
    check_children,
    shown,
    sip_uri,
)

MAX_HEADERS_CHARS = 1024  # Twilio's own limit on a SIP URI's headers; here as they are sent

_UNESCAPED = "-_.!~*'()[]/?:+$"  # what stands as it is beside letters and digits (RFC 3261 section 25.1: hvalue)
_FORBIDDEN = frozenset({"body", "call-id", "cseq", "from", "max-forwards", "record-route", "route", "to", "via"})
_HEX = frozenset("0123456789abcdefABCDEF")


def read_refer(given: Attributes, base_url: str) -> Refer:
    """Read a Refer; it holds one Sip. Raises `DocumentError`."""
    check_children(given.element, ("Sip",))
    action, method = given.url("action", base_url), given.method()
    if len(given.element) != 1:
        raise DocumentError("<Refer> holds exactly one <Sip>, the SIP URI to go to")
    child = given.element[0]
    check_children(child, ())
    return Refer(target=_target((child.text or "").strip()), action=Webhook(action, method) if action else None)


def _target(text: str) -> str:
    """Return the URI, its header fields escaped where they were not (RFC 3261 section 19.1.2)."""
    uri, mark, query = text.partition("?")
    sip_uri(uri, "Sip")
    if not mark:
        return uri
    pairs = query.split("&")
    if len(query) > MAX_HEADERS_CHARS or len(pairs) > MAX_TARGET_HEADERS:
        raise DocumentError(
            f"<Sip> names at most {MAX_TARGET_HEADERS} headers, of {MAX_HEADERS_CHARS} characters in all"
        )
    headers = "&".join([_header(pair) for pair in pairs])
    if len(headers) > MAX_HEADERS_CHARS:
        raise DocumentError(f"<Sip>: its headers have at most {MAX_HEADERS_CHARS} characters once they are escaped")
    return f"{uri}?{headers}"


def _header(pair: str) -> str:
    name, equals, value = pair.partition("=")
    usable = name.isascii() and name.replace("-", "").isalnum() and len(name) <= MAX_SIP_HEADER_NAME
    if not usable or not equals:
        raise DocumentError(f"<Sip> header {shown(pair)!r}: must be Name=value, the name of letters, digits and dashes")
    if name.lower() in _FORBIDDEN:
        raise DocumentError(f"<Sip> header {name}: is the caller's own to set; name another")
    if any(len(piece) < 2 or not _HEX.issuperset(piece[:2]) for piece in value.split("%")[1:]):
        raise DocumentError(
            f"<Sip> header {name}: a % begins an escape of two hexadecimal digits; write %25 for itself"
        )
    try:
        plain = unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise DocumentError(f"<Sip> header {name}: its escapes must be UTF-8") from None
    if len(plain) > MAX_SIP_HEADER_VALUE or not plain.isprintable():
        raise DocumentError(f"<Sip> header {name}: must be printable, of at most {MAX_SIP_HEADER_VALUE} characters")
    return f"{name}={quote(plain, safe=_UNESCAPED)}"
