"""Rates and renewal days. Rates are texts with five decimals: nothing is ever computed from them here."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from trunkline.core.errors import InvalidError
from trunkline.core.model import NumberDetails

NOTHING = "0.00000"

_RATE = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a number costs: once when it is bought, a month, a minute, a message."""

    setup: str = NOTHING
    monthly_rental: str = NOTHING
    voice: str = NOTHING
    sms: str = NOTHING
    mms: str = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRates:
    """What a price list says that a number costs; None where it says nothing."""

    setup: str | None = None
    monthly_rental: str | None = None
    voice: str | None = None
    sms: str | None = None
    mms: str | None = None


Tariff: TypeAlias = Mapping[tuple[str, str], Rates]
"""Rates of numbers that are added, by country (ISO 3166) and number type; an empty type stands for every other one."""


def rate(text: str, field: str) -> str:
    """Return a rate as it is kept, like ``0.80000``. `InvalidError` for what is no rate."""
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise InvalidError(
            f"{field} is not a rate",
            field=field,
            advice="Write up to 6 digits, and up to 5 decimals after a point, like 0.8 or 0.00850.",
        )
    return f"{int(match[1])}.{(match[2] or '').ljust(5, '0')}"


def renewal(added: date, after: date) -> date:
    """Return the first day after ``after`` with the day of the month of ``added``, clamped to the month's last day."""
    year, month = after.year, after.month
    while True:
        day = date(year, month, min(added.day, monthrange(year, month)[1]))
        if day > after:
            return day
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def priced(details: NumberDetails, tariff: Tariff, added: date) -> NumberDetails:
    """Return a new number's details with what the tariff says of its country and type; unchanged where it is silent."""
    found = _of_kind(tariff, details.country or "", details.number_type)
    return charged(details, found, added) if found is not None else details


def _of_kind(tariff: Tariff, country: str, number_type: str) -> Rates | None:
    return tariff.get((country, number_type)) or tariff.get((country, ""))


def asked(listed: ListedRates, tariff: Tariff, country: str, number_type: str) -> Rates:
    """Return what a number to buy costs: what the price list says, else the tariff, else what own numbers cost."""
    other = _of_kind(tariff, country, number_type) or Rates()
    return Rates(
        setup=other.setup if listed.setup is None else listed.setup,
        monthly_rental=other.monthly_rental if listed.monthly_rental is None else listed.monthly_rental,
        voice=other.voice if listed.voice is None else listed.voice,
        sms=other.sms if listed.sms is None else listed.sms,
        mms=other.mms if listed.mms is None else listed.mms,
    )


def charged(details: NumberDetails, rates: Rates, added: date) -> NumberDetails:
    """Return a new number's details with these rates, and its first renewal a month after ``added``."""
    return replace(
        details,
        monthly_rental_rate=rates.monthly_rental,
        voice_rate=rates.voice,
        sms_rate=rates.sms,
        mms_rate=rates.mms,
        renewal_on=renewal(added, added),
    )
