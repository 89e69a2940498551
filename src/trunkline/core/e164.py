"""E.164 numbers: read them from what people and carriers write, check them, print them.

The canonical form everywhere inside is digits without ``+`` (at most 15, ITU-T E.164). Which calling codes exist and
which lengths they take comes from `phonenumbers`, pure data and the one library that core imports.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import phonenumbers

from trunkline.core.errors import InvalidError
from trunkline.core.model import NumberFormat, NumberProfile

MAX_DIGITS = 15
MAX_WRITTEN = 40
"""Longest text that is looked at as a number, with its separators."""

_SEPARATORS = str.maketrans("", "", " -.()\t\u00a0")


class Plan(NamedTuple):
    """How a country writes numbers: calling code, national prefix (``0``), international prefix (``00``)."""

    calling_code: str
    national_prefix: str
    international_prefix: str


@lru_cache(maxsize=512)
def plan(country: str) -> Plan:
    """Return the dialling plan of an ISO 3166 country; `InvalidError` for one that is not known."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if metadata is None:
        raise InvalidError(
            f"country {country!r} is not known",
            field="country",
            advice="Use two capital letters of ISO 3166, like US or DE.",
        )
    international = metadata.international_prefix or ""
    return Plan(
        calling_code=str(metadata.country_code),
        national_prefix=metadata.national_prefix or "",
        international_prefix=international if international.isdigit() else "00",
    )


def calling_code(country: str) -> str:
    """Return a country's calling code, empty for a country that is not known."""
    return str(phonenumbers.country_code_for_region(country) or "")


def parse(text: str, field: str = "number") -> str:
    """Return the digits of a written E.164 number (``+`` and blanks are fine); `InvalidError` when it cannot be one."""
    written = text.strip()
    digits = written.translate(_SEPARATORS) if len(written) <= MAX_WRITTEN else ""
    digits = digits.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        raise InvalidError(
            f"{written[:MAX_WRITTEN]!r} is not an E.164 number",
            field=field,
            advice="Write calling code and number, at most 15 digits, like 14155551234.",
        )
    if not is_possible(digits):
        raise InvalidError(
            f"{digits} is not a possible number: unknown calling code, or too short or too long for it",
            field=field,
            advice="Check the calling code and the number of digits.",
        )
    return digits


def is_possible(digits: str) -> bool:
    """Tell whether the calling code exists and takes numbers of this length."""
    number = _parsed(digits)
    return number is not None and phonenumbers.is_possible_number(number)


def is_valid(digits: str) -> bool:
    """Tell whether the number lies in an assigned range; a number that does not is worth a warning, no more."""
    number = _parsed(digits)
    return number is not None and phonenumbers.is_valid_number(number)


def country_of(digits: str) -> str | None:
    """Return the ISO 3166 country of a number, None where it has none (satellite, international networks)."""
    number = _parsed(digits)
    return phonenumbers.region_code_for_number(number) if number is not None else None


def calling_code_of(digits: str) -> int | None:
    """Return the calling code that a number begins with, None for what cannot be a number."""
    number = _parsed(digits)
    return number.country_code if number is not None else None


def type_of(digits: str) -> str:
    """Return ``tollfree``, ``mobile`` or ``local`` (where a number may be either of the last two, ``local``)."""
    number = _parsed(digits)
    kind = phonenumbers.number_type(number) if number is not None else None
    if kind == phonenumbers.PhoneNumberType.TOLL_FREE:
        return "tollfree"
    return "mobile" if kind == phonenumbers.PhoneNumberType.MOBILE else "local"


def area_code(digits: str) -> str:
    """Return what follows the calling code and stands for an area or a network (``415``); empty where nothing does."""
    number = _parsed(digits)
    if number is None:
        return ""
    return phonenumbers.national_significant_number(number)[: phonenumbers.length_of_national_destination_code(number)]


@lru_cache(maxsize=2048)  # a number that is added is parsed to check it, and again for its country
def _parsed(digits: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return None


def printed(digits: str) -> str:
    """Return the number with its ``+``."""
    return "+" + digits


def forms(written: str, profile: NumberProfile) -> tuple[str, ...]:
    """Return what a called number may stand for under a carrier's profile, likeliest first; empty for no number.

    Reads the user part of a SIP URI: parameters after ``;`` and visual separators are dropped, the profile's prefix is
    stripped, then ``+49…``, ``0049…``, ``030…`` and plain digits are told apart with the profile's country.
    """
    if profile.strip_prefix is None and written[:1] == "+" and written[1:].isdigit() and written.isascii():
        return (written[1:],) if len(written) <= MAX_DIGITS + 1 else ()  # nearly always
    user = written.partition(";")[0]
    if len(user) > MAX_WRITTEN:
        return ()
    if profile.strip_prefix:
        user = user.removeprefix(profile.strip_prefix)
    international = user.startswith("+")
    digits = user.lstrip("+").translate(_SEPARATORS) if not user.isdigit() else user
    if not (digits.isascii() and digits.isdigit()):
        return ()
    if international or profile.country is None:
        return (digits,) if len(digits) <= MAX_DIGITS else ()
    return tuple(form for form in _national_forms(digits, plan(profile.country)) if 0 < len(form) <= MAX_DIGITS)


def _national_forms(digits: str, here: Plan) -> list[str]:
    if digits.startswith(here.international_prefix):
        return [digits.removeprefix(here.international_prefix)]
    found = []
    if here.national_prefix and digits.startswith(here.national_prefix):
        found.append(here.calling_code + digits.removeprefix(here.national_prefix))
    if digits.startswith(here.calling_code):
        found.append(digits)
    if not found or not (here.national_prefix and digits.startswith(here.national_prefix)):
        found.append(here.calling_code + digits)
    return list(dict.fromkeys([*found, digits]))


def outbound(digits: str, number_format: NumberFormat, country: str | None) -> str:
    """Return a number as an outbound gateway wants it; national form only for numbers of ``country``."""
    if number_format is NumberFormat.E164:
        return "+" + digits
    if number_format is NumberFormat.NATIONAL and country is not None:
        here = plan(country)
        if digits.startswith(here.calling_code):
            return here.national_prefix + digits.removeprefix(here.calling_code)
        return here.international_prefix + digits
    return digits
