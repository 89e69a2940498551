"""Plivo's arguments of searching and buying numbers: a part of `requests`, by the same rules."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trunkline.core import e164
from trunkline.core.errors import InvalidError
from trunkline.core.stock import TYPES, StockFilter
from trunkline.dialects.plivo.requests import Args, choice, flag, mapping, required, service_names, text

MAX_PLACE = 255
"""Characters of a region, city or rate centre."""

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_PATTERN = re.compile(r"[0-9]{1,15}", re.ASCII)
_NPANXX = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{2}", re.ASCII)
_LATA = re.compile(r"[0-9]{1,5}", re.ASCII)

_NANP_ONLY = ("lata", "rate_center", "npanxx", "local_calling_area")
_NANP = ("US", "CA")


@dataclass(frozen=True, slots=True)
class Search:
    """Arguments of ``GET /PhoneNumber/``; ``area`` is the NPA-NXX whose local calling area is asked for."""

    wanted: StockFilter
    area: str | None


def search(args: Args) -> Search:
    """Read a search: ``country_iso`` is required."""
    country = required(args, "country_iso").strip().upper()
    if not _COUNTRY.fullmatch(country):
        raise InvalidError(
            "country_iso is not a country", field="country_iso", advice="Give two letters of ISO 3166, like US."
        )
    for name in _NANP_ONLY:
        if country not in _NANP and (text(args, name) or "").strip():
            raise InvalidError(f"{name} is for US and CA only", field=name)
    npanxx, area = _digits(args, "npanxx", _NPANXX, "415555"), flag(args, "local_calling_area")
    if area and npanxx is None:
        raise InvalidError("local_calling_area needs npanxx", field="local_calling_area")
    services, kind = service_names(args), choice(args, "type", (*TYPES, "any"))
    wanted = StockFilter(
        country=country,
        number_type=None if kind == "any" else kind,
        prefixes=_prefixes(args, country, None if area else npanxx),
        region=_place(args, "region"),
        city=_place(args, "city"),
        rate_center=_place(args, "rate_center"),
        lata=_lata(args),
        voice="voice" in services,
        sms="sms" in services,
        mms="mms" in services,
        unproven=bool(flag(args, "eligible")),
    )
    return Search(wanted, npanxx if area else None)


def _prefixes(args: Args, country: str, npanxx: str | None) -> tuple[str, ...]:
    pattern = _digits(args, "pattern", _PATTERN, "415")
    found = [e164.calling_code(country) + pattern] if pattern else []
    return tuple([*found, "1" + npanxx] if npanxx else found)


def _digits(args: Args, name: str, rule: re.Pattern[str], example: str) -> str | None:
    value = (text(args, name) or "").strip()
    if value and not rule.fullmatch(value):
        raise InvalidError(f"{name} takes digits like {example}", field=name)
    return value or None


def _lata(args: Args) -> str | None:
    value = _digits(args, "lata", _LATA, "722")
    return str(int(value)) if value else None


def _place(args: Args, name: str) -> str | None:
    value = (text(args, name) or "").strip()
    if len(value) > MAX_PLACE:
        raise InvalidError(f"{name} has at most {MAX_PLACE} characters", field=name)
    return value or None


@dataclass(frozen=True, slots=True)
class PurchaseArgs:
    """Arguments of ``POST /PhoneNumber/{number}/``."""

    app_id: str | None
    cnam_lookup: bool | None
    compliance_id: str | None


def purchase(args: Args) -> PurchaseArgs:
    """Read a purchase. ``verification_info`` proves nothing here, so nothing of it is kept.

    plivo-dotnet sends ``ha_enabled`` where the others send ``ha_enable``.
    """
    mapping(args, "verification_info")
    for name in ("ha_enable", "ha_enabled"):
        if flag(args, name):
            raise InvalidError(f"{name} is false: there are no high-availability numbers here", field=name)
    lookup = choice(args, "cnam_lookup", ("enabled", "disabled"))
    return PurchaseArgs(
        app_id=(text(args, "app_id") or "").strip() or None,
        cnam_lookup=None if lookup is None else lookup == "enabled",
        compliance_id=(text(args, "compliance_application_id") or "").strip() or None,
    )
