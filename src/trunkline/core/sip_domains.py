"""Each account has a SIP domain of its own, and so has each trunk: derived from them, kept nowhere.

A carrier that proves itself by credentials sends its calls there. Since the domain names the account, two accounts may
give the same SIP user name to their carriers. It is a label in front of the installation's own host name; an
installation that is known by an address only has no name, and its domains end in ``.sip.invalid``, which nobody can own
(RFC 6761 section 6.4): such carriers send to the address, and their user name is ``user@domain``.
"""

from __future__ import annotations

import re

NAMELESS = "sip.invalid"
"""What stands in for the host name of an installation that has none."""

SERIAL_DIGITS = 14
TRUNK_DIGITS = 18
"""Digits of the first label of a trunk's domain: a tag of its kind, and its serial."""

# A host's last label begins with a letter (RFC 3261 section 25.1), an address's last part with a digit.
_NAME = re.compile(r"(?:[a-z0-9-]{1,63}\.)*[a-z][a-z0-9-]{0,62}", re.ASCII)
_CODE = re.compile(r"[a-z0-9]{18}", re.ASCII)


def sip_domain(account_code: str, sip_host: str) -> str:
    """Return the SIP domain of the account with this code, in lower case.

    ``sip_host`` is `Rules.sip_host`: a host name, or an address, with or without a port.
    """
    return f"{account_code.lower()}.{_parent(sip_host)}"


def account_code(domain: str, sip_host: str) -> str | None:
    """Return the code of the account whose SIP domain this is, whatever its case; None for any other text."""
    code, _, parent = domain.lower().removesuffix(".").partition(".")
    return code.upper() if parent == _parent(sip_host) and _CODE.fullmatch(code) else None


def trunk_domain(label: str, sip_host: str) -> str:
    """Return the SIP domain of the trunk that ``label`` names: digits that end with its serial, then what may follow
    after a dot.
    """
    return f"{label}.{_parent(sip_host)}"


def trunk_serial(host: str, sip_host: str) -> str:
    """Return the serial of the trunk whose SIP domain this is, "" for any other text."""
    digits = host.partition(".")[0]
    if len(digits) != TRUNK_DIGITS or not (digits.isascii() and digits.isdigit()):
        return ""
    ours = host.lower().removesuffix(".").endswith(f".{_parent(sip_host)}")
    return digits[-SERIAL_DIGITS:] if ours else ""


def _parent(sip_host: str) -> str:
    name = sip_host.lower() if sip_host.startswith("[") else sip_host.lower().partition(":")[0].removesuffix(".")
    return name if _NAME.fullmatch(name) else NAMELESS
