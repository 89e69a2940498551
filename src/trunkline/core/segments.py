"""How many parts a text takes on the air: GSM 03.38's seven-bit alphabet where it fits, else UCS-2 (3GPP TS 23.038)."""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_SEPTETS = (160, 153)
_UNITS = (70, 67)
"""What one message holds alone, and as one of several, whose header takes room (3GPP TS 23.040 section 9.2.3.24)."""


def segments(text: str) -> int:
    """Return the number of SMS parts of a text, 1 for an empty one. No character is cut in two. Linear time."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        alone, part = _SEPTETS
        widths = [2 if char in _EXTENDED else 1 for char in text]
    else:
        alone, part = _UNITS
        widths = [2 if char > "\uffff" else 1 for char in text]
    if sum(widths) <= alone:
        return 1
    count, room = 1, part
    for width in widths:
        if width > room:
            count, room = count + 1, part
        room -= width
    return count
