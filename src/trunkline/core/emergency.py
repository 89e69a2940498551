"""Calls to emergency numbers: which numbers these are, and who may call one. Pure.

The country is that of the caller id. Such a call is admitted only with a live number of the account as caller id whose
emergency calling is switched on and registered, and only where an outbound gateway is marked for emergency. No limit of
the account refuses it: a person in need must not wait for somebody else's call to end.

What is dialled counts as a whole: 9111 and 9911 are no emergency numbers. A telephone network that takes digits one by
one connects 9111 after the third of them; a SIP call brings all its digits at once, and more than three are another
number, or a mistake. A leading ``+`` counts for nothing: no international number is that short, and some PBXs write
one before all that they dial.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import shortnumberinfo

from trunkline.core import e164
from trunkline.core.facts import EmergencyFact
from trunkline.core.number_settings import EmergencyState
from trunkline.core.routing import Verdict

MIN_DIGITS, MAX_DIGITS = 2, 6
"""Digits of the shortest and the longest emergency numbers there are."""

SHORT_NUMBERS = "of short numbers only the emergency numbers of the caller id's country are dialled, without a prefix"
"""What is said of a short number that is not dialled."""

_WHAT_TO_DO = {
    EmergencyState.UNREGISTERED: "give it an emergency address and switch emergency calling on (EmergencyAddressSid, "
    "EmergencyStatus=Active)",
    EmergencyState.PENDING: "the operator has to register its address: trunkline numbers emergency {number} confirmed",
    EmergencyState.FAILED: "its address could not be registered: give it another one (EmergencyAddressSid)",
    EmergencyState.LEAVING: "switch emergency calling on again (EmergencyStatus=Active)",
    EmergencyState.STUCK: "switch emergency calling on again (EmergencyStatus=Active)",
    EmergencyState.REGISTERED: "switch emergency calling on (EmergencyStatus=Active)",
}


def country_of(caller: str) -> str | None:
    """Return the country whose emergency numbers a caller id (digits) calls, None where it belongs to none.

    A number in no assigned range is of the country that its calling code is first of all.
    """
    found = e164.country_of(caller)
    if found is None and (number := e164.calling_code_of(caller)) is not None:
        found = phonenumbers.region_code_for_country_code(number)
    return found if found in phonenumbers.SUPPORTED_REGIONS else None


def is_called(dialled: str, caller: str) -> bool:
    """Tell whether ``dialled`` (no ``+``) is an emergency number of the country of ``caller``, the number shown.

    Where ``caller`` is "", or of no country: of any country there is.
    """
    if not (MIN_DIGITS <= len(dialled) <= MAX_DIGITS and dialled.isascii() and dialled.isdigit()):
        return False
    country = country_of(caller) if caller else None
    return _is_in(dialled, country) if country is not None else _of_all_countries().fullmatch(dialled) is not None


@lru_cache(maxsize=4096)
def _is_in(dialled: str, country: str) -> bool:
    return shortnumberinfo.is_emergency_number(dialled, country)


@lru_cache(maxsize=1)
def _of_all_countries() -> re.Pattern[str]:
    """Return what the emergency numbers of all countries match: alternatives of digits, bounded by `MAX_DIGITS`."""
    known = [phonenumbers.PhoneMetadata.short_metadata_for_region(r, None) for r in phonenumbers.SUPPORTED_REGIONS]
    patterns = {m.emergency.national_number_pattern for m in known if m is not None and m.emergency is not None}
    return re.compile("|".join(sorted(pattern for pattern in patterns if pattern)))


def load() -> None:
    """Read the numbers of all countries, tens of milliseconds of work, so that no call waits for that."""
    _of_all_countries()


def number_of_call(text: str) -> str:
    """Return the digits by which calls to a number are found: an emergency number's, or an E.164 number's.

    Raises `InvalidError` for anything else.
    """
    short = text.strip().removeprefix("+")
    return short if is_called(short, "") else e164.parse(text)


def judge(dialled: str, caller: str, fact: EmergencyFact | None) -> tuple[Verdict, str]:
    """Return the verdict on a call to an emergency number, and why; see `is_called`.

    ``caller`` is the live number of the account that the call shows, "" where it shows none; ``fact`` what is known of
    it.
    """
    if not caller or fact is None:
        return Verdict.EMERGENCY_CALLER, (
            f"{dialled} is an emergency number, which only a live number of the account may call: show one as caller "
            "id whose emergency address is registered"
        )
    country = country_of(caller)
    if country is None:
        return Verdict.EMERGENCY_CALLER, (
            f"{dialled} is an emergency number, and caller id {caller} belongs to no country: show a number of the "
            "country whose emergency services are called"
        )
    if not fact.active or fact.state is not EmergencyState.REGISTERED or fact.address_id is None:
        advice = _WHAT_TO_DO[fact.state].format(number=caller)
        return Verdict.EMERGENCY_UNREGISTERED, (
            f"{dialled} is an emergency number of {country}, and {caller} may not call it: its emergency calling is "
            f"{'Active' if fact.active else 'Inactive'}, its address {fact.state.value}; {advice}"
        )
    if not fact.has_gateway:
        return Verdict.EMERGENCY_NO_GATEWAY, (
            f"{dialled} is an emergency number of {country}, and no outbound gateway of the account or of one above it "
            "is marked for emergency; mark one (emergency: true, native API)"
        )
    return Verdict.ROUTE, (
        f"{dialled} is an emergency number of {country}; the registered address of {caller} is {fact.address_id}"
    )
