"""Twilio's operations: a `Dialect` for each API of the vendor's, with the resources' own tables of operations.

Source: the vendor's OpenAPI document of the 2010-04-01 API. At one place of the paths a value has one name, whatever
the operation: ``{PhoneNumberSid}``.
"""

from __future__ import annotations

from trunkline.dialects.http import Dialect
from trunkline.dialects.twilio import (
    accounts,
    addresses,
    applications,
    available_numbers,
    incoming_numbers,
    keys,
    sip_lists,
    trunking,
)
from trunkline.dialects.twilio.auth import admit, authenticate
from trunkline.dialects.twilio.errors import refuse, refuse_json
from trunkline.dialects.twilio.formats import SUFFIXES
from trunkline.dialects.twilio.views import PREFIX

API = Dialect(
    name="twilio",
    prefix=PREFIX,
    operations=(
        *incoming_numbers.OPERATIONS,
        *available_numbers.OPERATIONS,
        *accounts.OPERATIONS,
        *applications.OPERATIONS,
        *keys.OPERATIONS,
        *addresses.OPERATIONS,
        *sip_lists.OPERATIONS,
    ),
    authenticate=authenticate,
    refuse=refuse,
    admit=admit,
    suffixes=SUFFIXES,
)

TRUNKING = Dialect(
    name="twilio",
    prefix=trunking.PREFIX,
    operations=trunking.OPERATIONS,
    authenticate=authenticate,
    refuse=refuse_json,
    admit=admit,
)

VOICE = tuple(
    Dialect(
        name="twilio",
        prefix=prefix,
        operations=trunking.voice_operations(prefix),
        authenticate=authenticate,
        refuse=refuse_json,
    )
    for prefix in trunking.VOICE
)
TWILIO: tuple[Dialect, ...] = (API, TRUNKING, *VOICE)
"""All of them. Product APIs (``/v1/Trunks``) have no suffixes, and `errors.refuse_json`."""
