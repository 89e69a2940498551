"""TopCalls' bodies of carriers: a part of `requests`, by the same rules.

The members of ``sip_gateway``, ``registration`` and ``inbound_auth`` beyond those of the vendor's example are published
nowhere: they are called as in jambonz, which stands behind that API (``docs/compatibility.md``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trunkline.core import carriers, hosts, outbound_auth, registrations
from trunkline.core.carriers import CarrierDraft, GatewayDraft
from trunkline.core.errors import InvalidError
from trunkline.core.model import Carrier, CarrierKind, Transport
from trunkline.core.ports import Rules
from trunkline.core.registrations import RegistrationDraft
from trunkline.dialects.topcalls.fields import Fields
from trunkline.dialects.topcalls.requests_gateways import PROTOCOLS, changed_gateways, gateways

KINDS = tuple(kind.value for kind in CarrierKind)

_ALSO = {
    "register_username": "username",
    "register_password": "password",
    "realm": "sip_realm",
    "domain": "sip_realm",
    "register_sip_realm": "sip_realm",
    "register_from_user": "from_user",
    "register_from_domain": "from_domain",
    "outbound_sip_proxy": "outbound_proxy",
    "register_interval": "expires",
}
"""Other spellings of a registration's members, jambonz' own among them, and ours."""

_NO_RESTRICTIONS = {
    "allowed_ips": "allowed_ips is not offered: calls of an 'auth' carrier are admitted by user name and password, "
    "from any address. A 'static_ip' carrier admits calls from the addresses of its gateways only",
    "realm": "realm is not offered: an 'auth' carrier proves itself in the account's own domain, which answers show as "
    "sip_domain",
}
"""What ``inbound_auth`` cannot restrict here. It is refused, since whoever sends it would rely on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierChange:
    """What of a carrier changes; None stays. ``gateways`` are all that it then has, each with its id, or None: new.

    ``inbound_auth`` is user name and password, ``registration`` the whole registration; a password that stays is None
    or empty.
    """

    name: str | None
    gateways: list[tuple[str | None, GatewayDraft]] | None
    inbound_auth: tuple[str, str | None] | None
    registration: RegistrationDraft | None


def new_carrier(body: Mapping[str, Any], rules: Rules) -> CarrierDraft:
    """Read the body of ``POST /v1/phone-numbers/carriers``."""
    fields = Fields(body)
    name = _name(fields)
    kind = CarrierKind(fields.choice("trunk_type", KINDS, CarrierKind.STATIC_IP.value))
    drafts = gateways(fields, rules, kind)
    auth = _block(fields, "inbound_auth", kind, CarrierKind.AUTH)
    inbound_auth = _inbound_auth(fields, auth) if auth is not None else None
    block = _block(fields, "registration", kind, CarrierKind.REG)
    registration = _registration(block, rules) if block is not None else None
    fields.check()
    return CarrierDraft(
        name=name,
        kind=kind,
        gateways=drafts,
        inbound_auth=(inbound_auth[0], inbound_auth[1] or "") if inbound_auth is not None else None,
        registration=registration,
    )


def carrier_change(body: Mapping[str, Any], carrier: Carrier, shown: Mapping[str, Any], rules: Rules) -> CarrierChange:
    """Read the body of ``PATCH /v1/phone-numbers/carriers/{id}``: its members are laid over what ``shown`` has.

    ``sip_gateway`` changes the first gateway; ``sip_gateways`` lists all that the carrier keeps (by
    ``sip_gateway_sid``, with what changes of it) and gets.
    """
    fields, kind = Fields(body), carrier.kind
    name = _name(fields) if "carrier_name" in body else None
    if fields.choice("trunk_type", KINDS, kind.value) != kind.value:
        fields.refuse(
            "trunk_type", "trunk_type is fixed when a carrier is created: create another carrier", "unexpected"
        )
    wanted = None
    if fields.has("sip_gateway") or fields.has("sip_gateways"):
        wanted = changed_gateways(fields, carrier, shown["sip_gateways"], rules)
    inbound_auth = registration = None
    if fields.has("inbound_auth") and (block := _block(fields, "inbound_auth", kind, CarrierKind.AUTH)) is not None:
        inbound_auth = _inbound_auth(fields, block.over(shown["inbound_auth"] or {}), new=False)
    if fields.has("registration") and (block := _block(fields, "registration", kind, CarrierKind.REG)) is not None:
        registration = _changed_registration(block, carrier, shown["registration"] or {}, rules)
    fields.check()
    return CarrierChange(name=name, gateways=wanted, inbound_auth=inbound_auth, registration=registration)


def _name(fields: Fields) -> str:
    value = fields.values.get("carrier_name")
    trimmed = Fields({"carrier_name": value.strip() if isinstance(value, str) else value}, problems=fields.problems)
    name = trimmed.text("carrier_name", carriers.MAX_NAME) or ""
    odd = next((c for c in name if not c.isprintable()), None)
    if odd is not None:
        what = f"{unicodedata.name(odd, 'a control character')} (U+{ord(odd):04X})"
        message = f"carrier_name must have printable characters and plain spaces only, not {what}"
        fields.refuse("carrier_name", message, "invalid_string")
    return name


def _block(fields: Fields, name: str, kind: CarrierKind, owner: CarrierKind) -> Fields | None:
    """Return the object that one trunk type needs and the others must not have."""
    block = fields.inner(name)
    if kind is owner and not fields.has(name):
        fields.refuse(name, f"{name} is required when trunk_type is '{owner.value}'", "required")
    if kind is not owner and fields.has(name):
        fields.refuse(name, f"{name} is only for trunk_type '{owner.value}', not '{kind.value}'", "unexpected")
        return None
    return Fields(_plain(block.values), block.at(""), block.problems) if block is not None else None


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return members under our spelling; where several spell one, ours wins."""
    return {_ALSO[name]: value for name, value in values.items() if name in _ALSO} | {
        name: value for name, value in values.items() if name not in _ALSO
    }


# How a carrier proves itself, and how we do


def _inbound_auth(fields: Fields, block: Fields, *, new: bool = True) -> tuple[str, str | None]:
    given = fields.inner("inbound_auth")
    for name, why in _NO_RESTRICTIONS.items():
        if given is not None and given.has(name):
            given.refuse(name, why, "unexpected")
    username = block.word("username", carriers.MAX_SIP_USERNAME)
    if username is not None and not carriers.is_sip_username(username):
        block.refuse("username", 'username must be ASCII without `:`, `"` and backslash', "invalid_string")
    least, most = carriers.MIN_SIP_PASSWORD, carriers.MAX_SIP_PASSWORD
    return username or "", block.word("password", most, shortest=least, needed=new)


def _registration(block: Fields, rules: Rules, *, new: bool = True) -> RegistrationDraft:
    user = block.word("username", registrations.MAX_USERNAME)
    sender = block.word("from_user", registrations.MAX_FROM_USER, needed=False)
    for name, value, longest in (
        ("username", user, registrations.MAX_USERNAME),
        ("from_user", sender, registrations.MAX_FROM_USER),
    ):
        if value is not None:
            try:
                registrations.check_user(value, name, longest)
            except InvalidError as error:
                block.refused(name, error, "invalid_string")
    host, port, transport = _proxy(block, rules)
    if block.has("transport"):
        transport = Transport(block.choice("transport", PROTOCOLS, Transport.UDP.value))
    return RegistrationDraft(
        username=user or "",
        password=block.word("password", outbound_auth.MAX_PASSWORD, needed=new) or "",
        auth_username=_auth_username(block),
        domain=_host(block, "sip_realm", rules),
        registrar=host,
        registrar_port=port,
        registrar_transport=transport,
        from_user=sender,
        from_domain=_host(block, "from_domain", rules),
        expires_s=block.integer(
            "expires", registrations.MIN_EXPIRES_S, registrations.MAX_EXPIRES_S, registrations.DEFAULT_EXPIRES_S
        ),
    )


def _changed_registration(block: Fields, carrier: Carrier, shown: Mapping[str, Any], rules: Rules) -> RegistrationDraft:
    """Read what of a registration changes. A proxy that stays may be one that this dialect has no words for."""
    proxy = block.values.get("outbound_proxy")
    brings_transport = isinstance(proxy, str) and ";transport=" in proxy
    given = {"outbound_proxy"} | ({"transport"} if brings_transport else set())
    kept = {name: value for name, value in shown.items() if name not in given}
    draft, known = _registration(block.over(kept), rules, new=False), carrier.registration
    if known is None or "outbound_proxy" in block.values:
        return draft
    return replace(draft, registrar=known.registrar, registrar_port=known.registrar_port)


def _auth_username(block: Fields) -> str | None:
    name = block.word("auth_username", outbound_auth.MAX_USERNAME, needed=False)
    if name is not None and ":" in name:
        block.refuse("auth_username", "auth_username must not contain `:`", "invalid_string")
    return name


def _host(block: Fields, name: str, rules: Rules) -> str | None:
    text = block.text(name, hosts.MAX_NAME, shortest=0, needed=False)
    return _checked_host(block, name, text, rules) if text is not None else None


def _checked_host(block: Fields, name: str, text: str, rules: Rules) -> str | None:
    try:
        return hosts.outbound(text, rules, name)
    except InvalidError as error:
        block.refused(name, error, "invalid_host")
    return None


def _proxy(block: Fields, rules: Rules) -> tuple[str | None, int | None, Transport | None]:
    """Return host, port and transport of ``outbound_proxy``: ``host[:port]``, or a SIP URI of it.

    ``lr`` says what we do anyhow: REGISTER is sent there, its Request-URI stays.
    """
    text = block.text("outbound_proxy", hosts.MAX_NAME, shortest=0, needed=False)
    if text is None:
        return None, None, None
    if text.startswith("sips:"):
        message = "outbound_proxy must not be a sips: URI: we register over UDP and TCP, there is no TLS. Write sip:"
        block.refuse("outbound_proxy", message, "invalid_host")
        return None, None, None
    place, *parameters = text.removeprefix("sip:").split(";")
    host, _, port = place.partition(":")
    parameter = ";".join(p for p in parameters if p != "lr")
    transports = {"": None} | {f"transport={word}": Transport(word) for word in PROTOCOLS}
    known = parameter in transports and (port == "" or (port.isascii() and port.isdigit() and len(port) <= 5))
    if not known or place.endswith(":") or not (port == "" or 0 < int(port) <= carriers.MAX_PORT):
        message = (
            "outbound_proxy must be host, host:port or sip:host:port, with ;transport=udp, tcp or tls, or ;lr, or both"
        )
        block.refuse("outbound_proxy", message, "invalid_host")
        return None, None, None
    return _checked_host(block, "outbound_proxy", host, rules), int(port) if port else None, transports[parameter]
