"""Twilio's operations: a `Dialect` for each API of the vendor's, with the resources' own tables of operations.

Source: the vendor's OpenAPI document of the 2010-04-01 API. At one place of the paths a value has one name, whatever
the operation: ``{PhoneNumberSid}``.
"""

from __future__ import annotations

from trunkline.dialects.http import Dialect
from trunkline.dialects.twilio import available_numbers, incoming_numbers
from trunkline.dialects.twilio.auth import admit, authenticate
from trunkline.dialects.twilio.errors import refuse
from trunkline.dialects.twilio.formats import SUFFIXES
from trunkline.dialects.twilio.views import PREFIX

API = Dialect(
    name="twilio",
    prefix=PREFIX,
    operations=(*incoming_numbers.OPERATIONS, *available_numbers.OPERATIONS),
    authenticate=authenticate,
    refuse=refuse,
    admit=admit,
    suffixes=SUFFIXES,
)

TWILIO: tuple[Dialect, ...] = (API,)
"""All of them. Product APIs (``/v1/Trunks``) have no suffixes, and `errors.refuse_json`."""
