"""Twilio's identifiers: two letters that tell the kind, and the 32 hex digits of the record's UUID.

The vendor's grammar is ``^AC[0-9a-fA-F]{32}$`` (34 characters); upper- and lower-case digits are the same record.
"""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from trunkline.core.errors import NotFoundError
from trunkline.dialects.http import Ask

ACCOUNT, KEY, NUMBER, APPLICATION, TRUNK, ADDRESS = "AC", "SK", "PN", "AP", "TK", "AD"
IDENTITY, BUNDLE, ADD_ON, EXTENSION, CARRIER = "RI", "BU", "XE", "XF", "BY"

_HEX = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)


def sid(prefix: str, record_id: str) -> str:
    """Return the SID of the record with this UUID."""
    return prefix + record_id.replace("-", "")


def record_id(prefix: str, text: str) -> str | None:
    """Return the UUID inside a SID of this kind, None for any other text."""
    digits = text.removeprefix(prefix)
    return str(UUID(digits)) if text.startswith(prefix) and _HEX.fullmatch(digits) else None


def path_id(ask: Ask, name: str, prefix: str) -> str:
    """Return the UUID that a path's value names; what is no SID of this kind is not found."""
    found = record_id(prefix, ask.params[name])
    if found is None:
        raise NotFoundError("not found")
    return found


def new_request_id() -> str:
    """Return the ``Twilio-Request-Id`` of one answer."""
    return sid("RQ", str(uuid4()))
