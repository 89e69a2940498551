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
    """What a number costs: a month, a minute, a message."""

    monthly_rental: str = NOTHING
    voice: str = NOTHING
    sms: str = NOTHING
    mms: str = NOTHING


Tariff: TypeAlias = Mapping[tuple[str, str], Rates]
"""Rates of numbers that are added, by country (ISO 3166) and number type; an empty type stands for every other one."""


def rate(text: str, field: str) -> str:
    """Return a rate as it is kept, like ``0.80000``; empty is nothing. `InvalidError` for what is no rate."""
    written = text.strip()
    if not written:
        return NOTHING
    match = _RATE.fullmatch(written)
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
    country = details.country or ""
    found = tariff.get((country, details.number_type)) or tariff.get((country, ""))
    return charged(details, found, added) if found is not None else details


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
