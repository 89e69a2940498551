"""Numbers to test with: what a creation with test credentials answers. Nothing is written, looked up or routed.

Source: https://www.twilio.com/docs/iam/test-credentials. What the form says is checked as for a real number; the
account of the test credentials has no applications, trunks, addresses or papers that it could name.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from trunkline.core import inline_hooks, number_settings
from trunkline.core.model import Account, Number, NumberDetails, NumberStatus, Owner
from trunkline.core.ports import Store
from trunkline.dialects.http import Ask
from trunkline.dialects.twilio import arguments, changing, references, requests_numbers, views_numbers
from trunkline.dialects.twilio.obtaining import NOT_AVAILABLE, NOTHING_IN_AREA
from trunkline.dialects.twilio.problems import RefusedError
from trunkline.dialects.twilio.requests_numbers import BAD_NUMBER, NewNumber, NumberChange

GOOD, TAKEN = "15005550006", "15005550000"
GOOD_AREA = "500"
"""Every other number is not valid, as +15005550001 is; every other area has none, as 533."""


def shown(ask: Ask) -> dict[str, Any]:
    """Return the IncomingPhoneNumber that would have been made."""
    wanted, account = requests_numbers.new_number(arguments.form(ask), None), ask.caller.account
    number, change = _number(account, wanted), wanted.change
    hooks = requests_numbers.changed_hooks(inline_hooks.EMPTY, change, voice_elsewhere=False, sms_elsewhere=False)
    settings = ask.platform.inventory.read(lambda store: _settings(store, account, change))
    return views_numbers.incoming(number, hooks, settings)


def _number(account: Account, wanted: NewNumber) -> Number:
    if wanted.digits is None and wanted.area != GOOD_AREA:
        raise RefusedError(NOTHING_IN_AREA, f"No phone numbers found in area code {wanted.area}")
    digits = wanted.digits or GOOD
    if digits == TAKEN:
        raise RefusedError(NOT_AVAILABLE, f"+{digits} is not available")
    if digits != GOOD:
        raise RefusedError(BAD_NUMBER, f"+{digits} is not valid: with test credentials only +{GOOD} is")
    now, change = datetime.now(UTC), wanted.change
    return Number(
        seq=0,
        id=str(uuid4()),
        e164=digits,
        owner=Owner(account.id, account.code, account.name, None),
        status=NumberStatus.ACTIVE,
        carrier=None,
        application=None,
        trunk=None,
        hook_id=None,
        voice=True,
        sms=True,
        mms=True,
        details=NumberDetails(country="US", alias=change.friendly_name, cnam_lookup=change.caller_names),
        added_at=now,
        updated_at=now,
    )


def _settings(store: Store, account: Account, change: NumberChange) -> number_settings.NumberSettings:
    if change.trunk:
        references.trunk(store, account, change.trunk)
    if change.application:
        references.application(store, account, change.application, "VoiceApplicationSid")
    return changing.settings(store, account, number_settings.DEFAULTS, change)
