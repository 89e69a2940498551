"""Carriers and their gateways: one use case per function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from trunkline.core import claims, e164, hosts, outbound_auth, registrations, sip_logins, sources
from trunkline.core.errors import (
    CarrierInUseError,
    InvalidError,
    NotFoundError,
    UnknownReferenceError,
)
from trunkline.core.model import (
    EVERYTHING,
    Account,
    Actor,
    Carrier,
    CarrierKind,
    Credential,
    CredentialKind,
    Gateway,
    NumberFormat,
    NumberProfile,
    NumberStatus,
    Scope,
    Transport,
)
from trunkline.core.ports import Rules, Store
from trunkline.core.registrations import RegistrationDraft

MAX_NAME = 100
MAX_GATEWAYS = 200
MAX_PORT = 65535
MAX_SIP_USERNAME = 64
MIN_SIP_PASSWORD = 8
MAX_SIP_PASSWORD = 128
MAX_PREFIX = 20
"""Longest prefix before a number, whether stripped on the way in or put in front on the way out."""


PLAIN = NumberProfile()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayDraft:
    """A gateway as asked for. ``address`` is a literal, CIDR (inbound only), or a host name.

    Only a host name may have no port, and only without a port no transport. It may be inbound where ``named_sources``
    says so, which is for dialects that can show such a gateway.
    """

    address: str
    port: int | None = 5060
    transport: Transport | None = Transport.UDP
    inbound: bool = True
    outbound: bool = False
    priority: int = 10
    weight: int = 10
    active: bool = True
    tech_prefix: str = ""
    number_format: NumberFormat = NumberFormat.E164
    emergency: bool = False
    options_ping: bool | None = None
    named_sources: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierDraft:
    """A carrier as asked for.

    ``inbound_auth`` is (user name, password) of an `auth` carrier; ``outbound_auth`` is ours at it, see
    `core.outbound_auth`. ``registration`` is a `reg` carrier's; its credentials become the outbound ones.
    """

    name: str
    kind: CarrierKind = CarrierKind.STATIC_IP
    gateways: tuple[GatewayDraft, ...] = ()
    profile: NumberProfile = PLAIN
    voice: bool = True
    sms: bool = False
    max_channels: int | None = None
    max_cps: int | None = None
    inbound_auth: tuple[str, str] | None = None
    outbound_auth: outbound_auth.Changes = field(default_factory=dict)
    options_ping: bool = False
    registration: RegistrationDraft | None = None


def create(store: Store, actor: Actor, account: Account, draft: CarrierDraft) -> Carrier:
    """Create a carrier of ``account`` with its gateways."""
    _check_name(draft.name)
    _check_profile(draft.profile)
    if (draft.kind is CarrierKind.AUTH) != (draft.inbound_auth is not None):
        raise InvalidError(
            "user name and password belong to `auth` carriers, and those need them", field="inbound_auth"
        )
    if draft.kind is CarrierKind.REG and draft.registration is None:
        raise registrations.missing()
    if draft.kind is not CarrierKind.REG and draft.registration is not None:
        raise registrations.unexpected(draft.kind)
    now, carrier_id = store.now(), store.new_id()
    carrier = Carrier(
        id=carrier_id,
        serial=store.new_serial(),
        account_id=account.id,
        name=draft.name,
        kind=draft.kind,
        active=True,
        voice=draft.voice,
        sms=draft.sms,
        profile=draft.profile,
        max_channels=draft.max_channels,
        max_cps=draft.max_cps,
        created_at=now,
        updated_at=now,
        gateways=_gateways(store, carrier_id, draft.gateways),
        options_ping=draft.options_ping,
        registration=registrations.drafted(store, carrier_id, draft.registration) if draft.registration else None,
    )
    registrations.check_target(carrier)
    store.carriers.add(carrier)
    if draft.inbound_auth is not None:
        _add_inbound_auth(store, carrier, *draft.inbound_auth)
    detail: dict[str, object] = {"name": carrier.name, "gateways": [g.address for g in carrier.gateways]}
    ours = draft.registration.credentials if draft.registration else {}
    detail |= outbound_auth.change(store, carrier, {**draft.outbound_auth, **ours})
    store.log.append(actor, account.id, "create", "carrier", carrier.id, **detail)
    return carrier


def _check_name(name: str) -> None:
    if not (0 < len(name) <= MAX_NAME and name.isprintable()):
        raise InvalidError(f"a name has 1 to {MAX_NAME} printable characters", field="name")


def _check_profile(profile: NumberProfile) -> None:
    if profile.country is not None:
        e164.plan(profile.country)
    if profile.strip_prefix is not None:
        _check_prefix(profile.strip_prefix, "strip_prefix")


def _check_prefix(prefix: str, field: str) -> None:
    # It stands in the user part of a SIP URI (RFC 3261 section 25.1), which takes these as they are.
    if len(prefix) > MAX_PREFIX or not all(c.isascii() and (c.isalnum() or c in "+*-._") for c in prefix):
        raise InvalidError(f"{field} has at most {MAX_PREFIX} characters, letters, digits and + * - . _", field=field)


def _gateways(store: Store, carrier_id: str, drafts: Sequence[GatewayDraft]) -> tuple[Gateway, ...]:
    if len(drafts) > MAX_GATEWAYS:
        raise InvalidError(f"a carrier has at most {MAX_GATEWAYS} gateways", field="ip_set")
    made: list[Gateway] = []
    for draft in drafts:
        gateway = _gateway(store, carrier_id, draft)
        _refuse_twice(gateway, made)
        made.append(gateway)
    return tuple(made)


def _add_inbound_auth(store: Store, carrier: Carrier, username: str, password: str) -> None:
    if not 0 < len(username) <= MAX_SIP_USERNAME or not is_sip_username(username):
        raise InvalidError(
            f'a SIP user name has 1 to {MAX_SIP_USERNAME} printable ASCII characters, none a blank, `:`, `"` '
            "or a backslash",
            field="username",
        )
    if not MIN_SIP_PASSWORD <= len(password) <= MAX_SIP_PASSWORD:
        raise InvalidError(f"a SIP password has {MIN_SIP_PASSWORD} to {MAX_SIP_PASSWORD} characters", field="password")
    sip_logins.keep(store, CredentialKind.SIP_INBOUND, carrier.account_id, (username, password), carrier_id=carrier.id)


def is_sip_username(text: str) -> bool:
    """Tell whether every character of a text may stand in a carrier's SIP user name."""
    return all(c.isascii() and c.isprintable() and c not in ' :"\\' for c in text)


def inbound_auth(store: Store, carrier: Carrier) -> Credential | None:
    """Return the row of the credentials with which an `auth` carrier proves itself, None where it has none."""
    found = store.credentials.of_carrier(carrier.id, CredentialKind.SIP_INBOUND)
    return found[0] if found else None


def change_inbound_auth(store: Store, actor: Actor, carrier: Carrier, username: str, password: str | None) -> None:
    """Give an `auth` carrier another user name, and another password (None: the one that it has)."""
    old = inbound_auth(store, carrier)
    if old is None:
        raise InvalidError("user name and password belong to `auth` carriers", field="inbound_auth")
    kept = store.credentials.reveal(old.id) if password is None else password
    store.credentials.revoke(old.id, store.now())
    _add_inbound_auth(store, carrier, username, kept)
    changed = "kept" if password is None else "changed"
    store.log.append(
        actor, carrier.account_id, "update", "carrier", carrier.id, inbound_username=username, inbound_password=changed
    )


def _gateway(store: Store, carrier_id: str, draft: GatewayDraft) -> Gateway:
    if draft.port is not None and not 0 < draft.port <= MAX_PORT:
        raise InvalidError(f"port {draft.port} is not between 1 and {MAX_PORT}", field="port")
    if draft.options_ping and not draft.outbound:
        raise InvalidError("only outbound gateways are asked with OPTIONS", field="options_ping")
    if not (draft.inbound or draft.outbound):
        raise InvalidError("a gateway is inbound, outbound or both", field="inbound")
    if not (0 <= draft.priority <= 65535 and 0 <= draft.weight <= 65535):
        raise InvalidError("priority and weight are between 0 and 65535 (RFC 2782)", field="priority")
    _check_prefix(draft.tech_prefix, "tech_prefix")
    literal_only = draft.inbound and not draft.named_sources
    host, prefix = hosts.parse(draft.address, store.rules, inbound=literal_only, outbound=draft.outbound)
    _check_way(draft, is_name=prefix is None)
    return Gateway(
        id=store.new_id(),
        carrier_id=carrier_id,
        host=host,
        prefix=prefix,
        port=draft.port,
        transport=draft.transport,
        inbound=draft.inbound,
        outbound=draft.outbound,
        priority=draft.priority,
        weight=draft.weight,
        active=draft.active,
        tech_prefix=draft.tech_prefix,
        number_format=draft.number_format,
        emergency=draft.emergency,
        options_ping=draft.options_ping,
    )


def _check_way(draft: GatewayDraft, *, is_name: bool) -> None:
    if draft.port is None and not is_name:
        raise InvalidError(
            "an address needs a port; only a host name may leave it to the DNS", field="port", advice="Give 5060."
        )
    if draft.transport is None and draft.port is not None:
        raise InvalidError("a gateway with a port needs a transport, udp or tcp", field="transport")


def parse_ip_set(
    entries: Sequence[str], rules: Rules, *, field: str = "ip_set", most: int = MAX_GATEWAYS
) -> tuple[tuple[str, int], ...]:
    """Return the (address, prefix) pairs of an address list, in its order, repeats folded; errors name ``field``."""
    if not entries or entries == [""]:
        raise InvalidError(f"{field} names no address", field=field, advice="Give at least one, like 203.0.113.7.")
    if len(entries) > most:
        raise InvalidError(f"{field} names more than {most} addresses", field=field)
    networks: dict[tuple[str, int], None] = {}
    for entry in entries:
        network = sources.parse_network(entry, lab=rules.lab, allow_wide=rules.allow_wide_masks, field=field)
        hosts.refuse_own(*network, rules, field)
        networks[network] = None
    return tuple(networks)


def inbound_drafts(networks: Sequence[tuple[str, int]]) -> tuple[GatewayDraft, ...]:
    """Return the gateways that admit calls from these networks, and do nothing else."""
    return tuple(_inbound_draft(host, prefix) for host, prefix in networks)


def _inbound_draft(host: str, prefix: int) -> GatewayDraft:
    return GatewayDraft(address=f"{host}/{prefix}")


def find(store: Store, scope: Scope, serial: str) -> Carrier:
    """Return a carrier by serial; `NotFoundError` when it is not there or not in scope."""
    carrier = store.carriers.by_serial(scope, serial)
    if carrier is None:
        raise NotFoundError("not found")
    return carrier


def rename(store: Store, actor: Actor, carrier: Carrier, name: str) -> Carrier:
    """Give a carrier another name."""
    return update(store, actor, replace(carrier, name=name), name=name)


def update(store: Store, actor: Actor, carrier: Carrier, **detail: object) -> Carrier:
    """Write a carrier's changed fields; ``detail`` is what the log shows of the change."""
    _check_name(carrier.name)
    _check_profile(carrier.profile)
    before = store.carriers.get(EVERYTHING, carrier.id)
    changed = replace(carrier, updated_at=store.now())
    store.carriers.update(changed)
    store.log.append(actor, carrier.account_id, "update", "carrier", carrier.id, **detail)
    if before is not None and before.profile != changed.profile:
        # On shared ground another way of reading numbers could claim what another tenant's carrier means.
        _hold_shared(store, actor, changed, _active_networks(changed))
    return changed


def set_inbound_addresses(store: Store, actor: Actor, carrier: Carrier, networks: Sequence[tuple[str, int]]) -> Carrier:
    """Make ``networks`` the inbound literal addresses, in their order; other gateways stay.

    An unchanged address keeps its gateway; a removed two-way gateway stays for outbound calls; a new one is inbound
    only. Numbers that this puts on addresses shared with another top-level account wait for the operator again.
    """
    wanted, used = [], set[str]()
    for host, prefix in networks:
        same = [g for g in carrier.gateways if (g.host, g.prefix) == (host, prefix)]
        gateway = next((g for g in same if g.inbound), same[0] if same else None)
        new = gateway or _gateway(store, carrier.id, _inbound_draft(host, prefix))
        wanted.append(replace(new, inbound=True))
        used.add(new.id)
    others = [replace(g, inbound=g.inbound and g.prefix is None) for g in carrier.gateways if g.id not in used]
    return set_gateways(store, actor, carrier, [*wanted, *[g for g in others if g.inbound or g.outbound]])


def set_gateways(store: Store, actor: Actor, carrier: Carrier, gateways: Sequence[Gateway]) -> Carrier:
    """Make these the carrier's gateways; what they newly share with another tenant waits for the operator."""
    if len(gateways) > MAX_GATEWAYS:
        raise InvalidError(f"a carrier has at most {MAX_GATEWAYS} gateways", field="gateways")
    before = _active_networks(carrier)
    changed = replace(carrier, gateways=tuple(gateways), updated_at=store.now())
    registrations.check_target(changed)
    store.carriers.replace_gateways(carrier.id, changed.gateways)
    store.carriers.update(changed)
    store.log.append(actor, carrier.account_id, "update", "carrier", carrier.id, gateways=[g.address for g in gateways])
    _hold_shared(store, actor, changed, _active_networks(changed) - before)
    return changed


def _active_networks(carrier: Carrier) -> set[tuple[str, int | None]]:
    """Return from where a carrier's calls come: inbound gateways, and the addresses that we register at."""
    at_registrar = carrier.kind is CarrierKind.REG
    return {
        (g.host, g.prefix)
        for g in carrier.gateways
        if g.active and (g.inbound or (at_registrar and g.prefix is not None))
    }


def _hold_shared(store: Store, actor: Actor, carrier: Carrier, networks: set[tuple[str, int | None]]) -> None:
    """Let the carrier's numbers wait where these networks and names of it are shared with another top-level account."""
    if carrier.kind is CarrierKind.AUTH:
        return  # its calls are told by credentials, never by these
    ranges = [sources.network_range(host, prefix) for host, prefix in networks if prefix is not None]
    if any(prefix is None for _, prefix in networks):
        ranges += claims.EVERYWHERE
    if claims.are_shared(store, ranges, carrier.account_id, by_registration=carrier.kind is CarrierKind.REG):
        held = store.numbers.set_status_of_carrier(carrier.id, NumberStatus.ACTIVE, NumberStatus.PENDING_CLAIM)
        for e164 in held:
            store.log.append(actor, carrier.account_id, "hold", "number", e164, reason="shared source addresses")


def add_gateway(store: Store, actor: Actor, carrier: Carrier, draft: GatewayDraft) -> Gateway:
    """Add a gateway to a carrier; the same address, port and transport in one direction twice is refused."""
    gateway = _gateway(store, carrier.id, draft)
    _refuse_twice(gateway, carrier.gateways)
    set_gateways(store, actor, carrier, [*carrier.gateways, gateway])
    return gateway


def _refuse_twice(gateway: Gateway, others: Sequence[Gateway]) -> None:
    for other in others:
        same = (other.host, other.prefix, other.port, other.transport)
        if same == (gateway.host, gateway.prefix, gateway.port, gateway.transport):
            port = "" if gateway.port is None else f":{gateway.port}"
            raise InvalidError(f"{gateway.address}{port} is a gateway of this carrier already", field="address")


def change_gateway(store: Store, actor: Actor, carrier: Carrier, gateway_id: str, draft: GatewayDraft) -> Gateway:
    """Make one gateway of a carrier what ``draft`` says; it keeps its id and its place."""
    others = [g for g in carrier.gateways if g.id != gateway_id]
    if len(others) == len(carrier.gateways):
        raise NotFoundError("not found")
    changed = replace(_gateway(store, carrier.id, draft), id=gateway_id)
    _refuse_twice(changed, others)
    set_gateways(store, actor, carrier, [changed if g.id == gateway_id else g for g in carrier.gateways])
    return changed


def arrange_gateways(
    store: Store, actor: Actor, carrier: Carrier, wanted: Sequence[tuple[str | None, GatewayDraft]]
) -> Carrier:
    """Make these a carrier's gateways, in this order: each a gateway of it by its id, changed, or (None) a new one."""
    known = {g.id for g in carrier.gateways}
    gateways: list[Gateway] = []
    for gateway_id, draft in wanted:
        if gateway_id is not None and gateway_id not in known - {g.id for g in gateways}:
            raise UnknownReferenceError("this carrier has no such gateway", field="gateways")
        gateway = _gateway(store, carrier.id, draft)
        _refuse_twice(gateway, gateways)
        gateways.append(replace(gateway, id=gateway_id or gateway.id))
    return set_gateways(store, actor, carrier, gateways)


def remove_gateway(store: Store, actor: Actor, carrier: Carrier, gateway_id: str) -> None:
    """Take one gateway away from a carrier."""
    rest = [g for g in carrier.gateways if g.id != gateway_id]
    if len(rest) == len(carrier.gateways):
        raise NotFoundError("not found")
    set_gateways(store, actor, carrier, rest)


def delete(store: Store, actor: Actor, carrier: Carrier) -> None:
    """Take a carrier out of service; refused while live numbers name it."""
    count = store.carriers.live_numbers(carrier.id)
    if count:
        raise CarrierInUseError(count)
    store.carriers.remove(carrier.id, store.now())
    store.log.append(actor, carrier.account_id, "delete", "carrier", carrier.id, name=carrier.name)
