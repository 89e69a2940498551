"""The arguments of AvailablePhoneNumbers: a search of the stock.

Source: the vendor's OpenAPI document of the 2010-04-01 API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from trunkline.core.model import Page
from trunkline.core.regulated import AddressNeed
from trunkline.core.stock import StockFilter
from trunkline.dialects.twilio import arguments, ids, paging
from trunkline.dialects.twilio.arguments import Args
from trunkline.dialects.twilio.problems import ANY, RefusedError
from trunkline.dialects.twilio.requests_numbers import BAD_AREA, BAD_PATTERN

KINDS = {"Local": "local", "TollFree": "tollfree", "Mobile": "mobile", "National": "national"}
"""The kinds of number that the stock has, by the words of the paths."""

MAX_PLACE = 255
"""Characters of a region, locality or rate centre."""

NANP = ("US", "CA")
UNKNOWN_HERE = ("NearLatLong", "InPostalCode")
"""Arguments about what the stock does not know of its numbers."""

_EXCLUDED = {
    "ExcludeAllAddressRequired": (AddressNeed.ANY, AddressNeed.LOCAL, AddressNeed.FOREIGN),
    "ExcludeLocalAddressRequired": (AddressNeed.LOCAL,),
    "ExcludeForeignAddressRequired": (AddressNeed.FOREIGN,),
}
_NANP_ONLY = ("AreaCode", "NearNumber", "InRateCenter", "InLata", "InRegion")
_AREA = re.compile(r"[2-9][0-9]{2}", re.ASCII)
_NEAR = re.compile(r"\+?1?([2-9][0-9]{2}[2-9][0-9]{2})[0-9]{4}", re.ASCII)
_LATA = re.compile(r"[0-9]{1,5}", re.ASCII)
_CONTAINS = re.compile(r"(\+?)([*%]?)([0-9]{1,16})([*%]?)(\$?)", re.ASCII)
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_SHORTEST, _LONGEST = 2, 16


@dataclass(frozen=True, slots=True)
class Search:
    """A search: conditions, the part of the result, the NPA-NXX whose calling area is meant, and whether fax is.

    No number does fax. Numbers whose kind has one of the needs in ``without`` are left out.
    """

    wanted: StockFilter
    page: Page
    near: str | None
    fax: bool
    without: frozenset[AddressNeed]


def search(args: Args, country: str, kind: str) -> Search:
    """Read a search of one country and kind."""
    for name in _NANP_ONLY:
        if args.get(name, "").strip() and country not in NANP:
            raise RefusedError(ANY, f"{name} is for US and CA only")
    for name in UNKNOWN_HERE:
        if args.get(name, "").strip():
            raise RefusedError(ANY, f"{name} is not available: the stock does not know this of its numbers")
    center, lata = _place(args, "InRateCenter"), args.get("InLata", "").strip()
    if center and not lata:
        raise RefusedError(ANY, "InRateCenter needs InLata")
    if lata and not _LATA.fullmatch(lata):
        raise RefusedError(ANY, "InLata takes digits like 722")
    arguments.flag(args, "Beta")
    voice, sms, mms, fax = (arguments.flag(args, f"{name}Enabled") for name in ("Voice", "Sms", "Mms", "Fax"))
    excluded = [needs for name, needs in _EXCLUDED.items() if arguments.flag(args, name)]
    without = frozenset(need for needs in excluded for need in needs)
    return Search(
        StockFilter(
            country=country,
            number_type=KINDS[kind],
            prefixes=_area(args),
            pattern=_contains(args.get("Contains", "")),
            region=_place(args, "InRegion"),
            city=_place(args, "InLocality"),
            rate_center=center,
            lata=str(int(lata)) if lata else None,
            voice=bool(voice),
            sms=bool(sms),
            mms=bool(mms),
            unproven=AddressNeed.LOCAL in without,
        ),
        paging.window(args, ids.NUMBER).page,
        _near(args),
        bool(fax),
        without,
    )


def _area(args: Args) -> tuple[str, ...]:
    area = args.get("AreaCode", "").strip()
    if area and not _AREA.fullmatch(area):
        raise RefusedError(BAD_AREA, "AreaCode is three digits, like 415")
    return (f"1{area}",) if area else ()


def _near(args: Args) -> str | None:
    near = args.get("NearNumber", "").strip()
    match = _NEAR.fullmatch(near)
    if near and match is None:
        raise RefusedError(ANY, "NearNumber is a number of the US or Canada, like +14155550100")
    return match[1] if match else None


def _place(args: Args, name: str) -> str | None:
    value = args.get(name, "").strip()
    if len(value) > MAX_PLACE:
        raise RefusedError(ANY, f"{name} has at most {MAX_PLACE} characters")
    return value or None


def _contains(written: str) -> str | None:
    """Return the pattern of ``Contains``: digits, letters as on a keypad; ``*`` any one and ``%`` any run of digits.

    Those two stand at either end only; ``+`` in front anchors there, ``$`` behind. At least two digits or letters.
    """
    if not written:
        return None
    match = _CONTAINS.fullmatch(written.upper().translate(_KEYPAD)) if len(written) <= _LONGEST else None
    if match is None or len(match[3]) < _SHORTEST or (match[1] and match[2]) or (match[4] and match[5]):
        raise RefusedError(BAD_PATTERN, "Invalid Pattern Provided: 2 to 16 digits or letters, * or % at the ends only")
    start = "" if match[1] else "%"
    end = "" if match[5] else "%"
    return f"{start}{match[2].replace('*', '_')}{match[3]}{match[4].replace('*', '_')}{end}"
