"""Plivo's identifiers: how an account, an application and a trunk are named on this wire.

An ``auth_id`` is ``MA`` (``SA`` for a subaccount) and 18 characters; the vendor's SDKs check ``^(M|S)A[A-Z0-9]{18}$``.
A ``carrier_id`` is a record's serial, an ``app_id`` or ``trunk_id`` a tag of its kind before the serial: 18 digits,
always a JSON string, since it is beyond what JavaScript's numbers hold.
"""

from __future__ import annotations

import re
import time
from random import SystemRandom

from trunkline.core import sip_domains
from trunkline.core.model import Account, Owner

APPLICATION_TAG = "2101"
TRUNK_TAG = "2102"

_AUTH_ID = re.compile(r"[MS]A([A-Z0-9]{18})", re.ASCII)
_SERIAL = re.compile(r"[0-9]{14}", re.ASCII)
_TAGGED = re.compile(r"([0-9]{4})([0-9]{14})", re.ASCII)

# RFC 4122 section 4.5: a random node has the multicast bit set. It tells nothing of this machine.
_NODE = SystemRandom().getrandbits(48) | 1 << 40
_CLOCK_SEQUENCE = SystemRandom().getrandbits(14)
_EPOCH_1582 = 0x01B21DD213814000


def auth_id(account: Account | Owner) -> str:
    """Return an account's ``auth_id``."""
    return ("SA" if account.parent_id is not None else "MA") + account.code


def code(text: str) -> str | None:
    """Return the account code inside an ``auth_id``, None for any other text."""
    match = _AUTH_ID.fullmatch(text)
    return match[1] if match else None


def carrier_serial(text: str) -> str | None:
    """Return the serial that a ``carrier_id`` is, None for any other text."""
    return text if _SERIAL.fullmatch(text) else None


def endpoint_serial(text: str) -> str | None:
    """Return the serial that an ``endpoint_id`` is, None for any other text."""
    return text if _SERIAL.fullmatch(text) else None


def app_id(serial: str) -> str:
    """Return the ``app_id`` of an application."""
    return APPLICATION_TAG + serial


def trunk_id(serial: str) -> str:
    """Return the ``trunk_id`` of a trunk."""
    return TRUNK_TAG + serial


def trunk_domain(trunk_id: str, sip_host: str) -> str:
    """Return the host by which calls name a trunk."""
    return sip_domains.trunk_domain(f"{trunk_id}.zt", sip_host)


def tagged(text: str) -> tuple[str, str]:
    """Return (tag, serial) of an ``app_id`` or ``trunk_id``; two empty texts for anything else."""
    match = _TAGGED.fullmatch(text)
    return (match[1], match[2]) if match else ("", "")


def new_api_id() -> str:
    """Return the ``api_id`` of one answer: a UUID of version 1, as the vendor's are, with a random node."""
    ticks = time.time_ns() // 100 + _EPOCH_1582
    high = (ticks >> 48 & 0x0FFF) | 0x1000
    low = _CLOCK_SEQUENCE | 0x8000
    return f"{ticks & 0xFFFFFFFF:08x}-{ticks >> 32 & 0xFFFF:04x}-{high:04x}-{low:04x}-{_NODE:012x}"
