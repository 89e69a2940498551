"""TopCalls' identifiers: UUIDs throughout. A record's ``id`` and its name at the telephone side are two different ones.

``voip_carrier_sid`` is the carrier's own UUID, ``id`` the same under a fixed mask, and so for numbers with
``phone_number_sid`` (there ``id`` is the plain one). The vendor's two have nothing to do with each other either: one
never serves as the other.
"""

from __future__ import annotations

import re
from uuid import UUID

# The bits of version and variant are clear, so that a random UUID (RFC 9562 section 5.4) stays one.
_MASK = UUID("5bd1e995-27d4-0eb2-0f65-9c6d1b3a7e48").int

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def uuid(text: str) -> str | None:
    """Return a UUID in lower case, None for any other text."""
    return text.lower() if _UUID.fullmatch(text) else None


def masked(record_id: str) -> str:
    """Return the other UUID of a record; twice is the first one again."""
    return str(UUID(int=UUID(record_id).int ^ _MASK))
