"""The gateways in TopCalls' bodies of carriers: a part of `requests`, by the same rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from trunkline.core import carriers, hosts, sources
from trunkline.core.carriers import GatewayDraft
from trunkline.core.errors import InexpressibleError, InvalidError
from trunkline.core.model import Carrier, CarrierKind, Gateway, Transport
from trunkline.core.ports import Rules
from trunkline.dialects.topcalls.fields import Fields

MAX_HOST = 128

INBOUND_RULE = (
    "Inbound gateways (inbound: true) must use IPv4 address; host names are rejected, since calls are matched by the "
    "address that they come from. Name that address, or set inbound to false"
)
PROTOCOLS = tuple(transport.value for transport in Transport)
GATEWAY_ID = "sip_gateway_sid"
NEW_GATEWAY = GatewayDraft(address="")

_DIGITS = frozenset("0123456789.")


def gateways(fields: Fields, rules: Rules, kind: CarrierKind) -> tuple[GatewayDraft, ...]:
    """Read the gateways of a new carrier."""
    drafts = tuple(_gateway(block, rules, kind, NEW_GATEWAY) for block in _blocks(fields))
    _refuse_repeated(fields, drafts)
    return drafts


def _blocks(fields: Fields) -> list[Fields]:
    """Return the blocks of one gateway (``sip_gateway``) or of several (``sip_gateways``)."""
    if fields.has("sip_gateways"):
        if fields.has("sip_gateway"):
            fields.refuse("sip_gateways", "Send sip_gateway or sip_gateways, not both", "unexpected")
            return []
        return fields.rows("sip_gateways", carriers.MAX_GATEWAYS)
    block = fields.inner("sip_gateway")
    if block is None and not fields.has("sip_gateway"):
        fields.refuse("sip_gateway", "sip_gateway is required", "required")
    return [block] if block is not None else []


def changed_gateways(
    fields: Fields, carrier: Carrier, shown: list[dict[str, Any]], rules: Rules
) -> list[tuple[str | None, GatewayDraft]]:
    """Read the gateways that a carrier is to have: those named by their ids, changed as said, and new ones (None)."""
    known = {gateway.id: (gateway, view) for gateway, view in zip(carrier.gateways, shown, strict=True)}
    changed: list[tuple[str | None, GatewayDraft]] = []
    blocks = _blocks(fields)
    first = next(iter(known), None) if fields.has("sip_gateway") else None
    for block in blocks:
        gateway_id = block.text(GATEWAY_ID, MAX_HOST, shortest=0, needed=False) if first is None else first
        if gateway_id is not None and gateway_id not in known:
            block.refuse(GATEWAY_ID, "This carrier has no such gateway", "gateway_not_found")
        elif gateway_id is None:
            changed.append((None, _gateway(block, rules, carrier.kind, NEW_GATEWAY)))
        else:
            changed.append((gateway_id, _changed_gateway(block, *known[gateway_id], rules, carrier.kind)))
    if first is not None:
        changed += [(gateway.id, _draft(gateway)) for gateway in carrier.gateways[1:]]
    _refuse_repeated(fields, [draft for _, draft in changed])
    return changed


def _refuse_repeated(fields: Fields, drafts: Sequence[GatewayDraft]) -> None:
    seen: set[object] = set()
    for index, draft in enumerate(drafts):
        place = (draft.address.lower().removesuffix("/32"), draft.port, draft.transport)
        if draft.address and place in seen:
            message = f"{draft.address}, port {draft.port}, {draft.transport} is there twice"
            fields.refuse(f"sip_gateways.{index}", message, "duplicate_gateway")
        seen.add(place)


def _changed_gateway(
    block: Fields, gateway: Gateway, shown: Mapping[str, Any], rules: Rules, kind: CarrierKind
) -> GatewayDraft:
    if set(block.values) <= {GATEWAY_ID}:
        return _draft(gateway)
    if ":" in gateway.host or gateway.port is None or (gateway.inbound and gateway.prefix is None):
        raise InexpressibleError(
            "there are no words here for this gateway: it has an IPv6 address, or a host name that calls come from, or "
            "whose port the DNS gives",
            advice="Change it through the native API.",
        )
    return _gateway(block.over(shown), rules, kind, _draft(gateway))


def _draft(gateway: Gateway) -> GatewayDraft:
    names = set(GatewayDraft.__dataclass_fields__) - {"named_sources"}
    return GatewayDraft(named_sources=gateway.prefix is None, **{name: getattr(gateway, name) for name in names})


def _gateway(block: Fields, rules: Rules, kind: CarrierKind, base: GatewayDraft) -> GatewayDraft:
    """Read a gateway; ``base`` has what this dialect has no words for."""
    port = block.integer("port", 1, carriers.MAX_PORT, base.port or 5060)
    inbound, outbound = block.flag("inbound", default=True), block.flag("outbound", default=True)
    netmask = block.integer("netmask", sources.WIDEST_V4, 32, 32)
    protocol = Transport(block.choice("protocol", PROTOCOLS, Transport.UDP.value))
    if not (inbound or outbound):
        block.refuse("", "A gateway is inbound, outbound or both", "no_direction")
    elif kind is CarrierKind.REG and not outbound:
        block.refuse("outbound", "A carrier that we register to needs outbound: true", "reg_requires_outbound")
    elif outbound and netmask != 32:
        block.refuse("netmask", "netmask must be 32 where outbound is true: a network only sends", "outbound_netmask")
        netmask = 32
    address = _address(block, kind, inbound=inbound)
    if address is not None:
        try:
            network = address if hosts.is_host_name(address) else f"{address}/{netmask}"
            hosts.parse(network, rules, inbound=inbound, outbound=outbound)
            address = network
        except InvalidError as error:
            block.refused("ipv4", error, "address_not_allowed")
    return replace(base, address=address or "", port=port, transport=protocol, inbound=inbound, outbound=outbound)


def _address(block: Fields, kind: CarrierKind, *, inbound: bool) -> str | None:
    text = block.text("ipv4", MAX_HOST)
    if text is None or _is_ipv4(text):
        return text
    if _DIGITS.issuperset(text):
        block.refuse("ipv4", f"{text} is not an IPv4 address", "invalid_ipv4")
    elif inbound:
        learned = "; a 'reg' carrier's addresses are learned from its registrar" if kind is CarrierKind.REG else ""
        block.refuse("ipv4", f"{INBOUND_RULE}{learned}{_hint(text)}", "inbound_requires_ipv4")
    elif not hosts.is_host_name(text):
        message = "ipv4 must be an IPv4 address or a host name, without scheme, port and blanks"
        block.refuse("ipv4", message, "invalid_host")
    else:
        return text
    return None


def _hint(text: str) -> str:
    """Say what stands in a text that looks like an address all the same."""
    for there, hint in (
        (any(c.isspace() for c in text), "take the blanks out of it"),
        ("/" in text, "give a network's mask as netmask"),
        (":" in text, "IPv6 addresses, ports and schemes do not belong into ipv4"),
    ):
        if there:
            return f". Here: {hint}"
    return ""


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
