"""The friendly name of a number that was given none: its digits as the vendor prints them."""

from __future__ import annotations

import re

_NANP_DIGITS = 10
_PRINTED = re.compile(r"\(([0-9]{3})\) ([0-9]{3})-([0-9]{4})", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,15}", re.ASCII)


def friendly(digits: str) -> str:
    """Return ``(808) 925-5327`` for 10 digits, or 11 that begin with 1, of any country; else the digits."""
    local = digits[1:] if len(digits) == _NANP_DIGITS + 1 and digits[0] == "1" else digits
    return f"({local[:3]}) {local[3:6]}-{local[6:]}" if len(local) == _NANP_DIGITS else digits


def bare(name: str) -> tuple[str, ...]:
    """Return the numbers whose friendly name this is as long as they have none of their own."""
    match = _PRINTED.fullmatch(name)
    if match:
        local = "".join(match.groups())
        return (f"1{local}", local)
    return (name,) if _DIGITS.fullmatch(name) and friendly(name) == name else ()
