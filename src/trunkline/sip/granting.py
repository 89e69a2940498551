"""What a registrar's answer says: for how long our Contact is bound, and the times of its header fields."""

from __future__ import annotations

from trunkline.sip.message import Response
from trunkline.sip.registration import MAX_GRANTED_S
from trunkline.sip.uri import MessageError, NameAddr

MAX_SAID = 128
"""Characters that are kept of a reason phrase, or of a reason of ours."""


def printable(text: str) -> str:
    """Return what is shown of a text from the wire."""
    return "".join([c if c.isprintable() else "?" for c in text[:MAX_SAID]])


def seconds_of(text: str | None) -> int | None:
    """Return the seconds of Expires, Min-Expires or Retry-After (RFC 3261 §20.19, §20.23, §20.33); None for no number.

    What is longer than `MAX_GRANTED_S` is that.
    """
    digits = (text or "").partition(";")[0].partition("(")[0].strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    return min(int(digits[-9:]), MAX_GRANTED_S) if len(digits.lstrip("0")) <= 9 else MAX_GRANTED_S


def granted_by(response: Response, token: str, asked: int) -> int:
    """Return for how long a 2xx has bound our Contact: as its Contact says, else Expires, else as asked.

    Its Contacts are all that is bound (RFC 3261 §10.3): 0 where ours is not among them. A registrar may write our
    Contact otherwise than we did: where no user part is our token, a Contact that stands alone is taken for ours. A 2xx
    without any, or with some that cannot be read, says nothing about that.
    """
    try:
        values = [value for value in response.get_list("contact") if value != "*"]
    except MessageError:
        values = []
    contacts = [contact for value in values if (contact := _contact(value)) is not None]
    ours = [contact for contact in contacts if contact.uri.user == token]
    if not ours and len(contacts) == len(values):
        if len(contacts) > 1:
            return 0
        ours = contacts
    for text in (ours[0].param("expires") if ours else None, response.get("expires")):
        granted = seconds_of(text)
        if granted is not None:
            return granted
    return asked


def _contact(value: str) -> NameAddr | None:
    try:
        return NameAddr.parse(value)
    except MessageError:
        return None
