"""The native API's bodies about what the edge knows of gateways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from trunkline.core.gateways import Condition, GatewayStatus, Health, way_of
from trunkline.core.model import Carrier, Gateway, Transport
from trunkline.core.registered import Standing
from trunkline.dialects.native.views_registration import RegistrationView, registration


class AddressChangeView(Struct, frozen=True):
    """A name's addresses as they became at a time."""

    at: datetime
    addresses: list[str]


class ResolutionView(Struct, frozen=True):
    """Where a host name leads. An inbound gateway admits calls from ``addresses``, and from no other.

    ``good_at`` is when the DNS last gave them, ``checked_at`` when it was last asked; ``problem`` is what is wrong with
    it now, ``refused`` names the addresses that it must not admit. ``changes`` are the newest ones, at most 20.
    """

    addresses: list[str]
    good_at: datetime | None
    checked_at: datetime | None
    problem: str | None
    refused: list[str]
    changes: list[AddressChangeView]


class HealthView(Struct, frozen=True):
    """What came of asking a gateway with OPTIONS: its condition, since when, misses in a row, its last answer."""

    condition: Condition
    since: datetime | None
    asked_at: datetime | None
    misses: int
    said: str | None


class GatewayStatusView(Struct, frozen=True):
    """What is known of a gateway; ``resolution`` is null for an address, ``health`` for one that is not asked."""

    id: str
    address: str
    port: int | None
    transport: Transport | None
    inbound: bool
    outbound: bool
    active: bool
    resolution: ResolutionView | None
    health: HealthView | None


class CarrierStatusView(Struct, frozen=True):
    """What the edge knows of a carrier's gateways, in their order, and of a `reg` carrier's registration."""

    id: str
    name: str
    active: bool
    gateways: list[GatewayStatusView]
    registration: RegistrationView | None


def carrier_status(
    carrier: Carrier, known: Mapping[str, GatewayStatus], standing: Standing | None
) -> CarrierStatusView:
    """Show what is known of a carrier's gateways, and of its registration."""
    ours = None if carrier.registration is None else registration(carrier.registration, standing)
    gateways = [_gateway(carrier, gateway, known[gateway.id]) for gateway in carrier.gateways]
    return CarrierStatusView(carrier.id, carrier.name, carrier.active, gateways, ours)


def _gateway(carrier: Carrier, gateway: Gateway, known: GatewayStatus) -> GatewayStatusView:
    return GatewayStatusView(
        id=gateway.id,
        address=gateway.address,
        port=gateway.port,
        transport=gateway.transport,
        inbound=gateway.inbound,
        outbound=gateway.outbound,
        active=gateway.active,
        resolution=_resolution(known) if gateway.prefix is None else None,
        health=_health(known.health, way_of(gateway)) if carrier.asks(gateway) else None,
    )


def _resolution(known: GatewayStatus) -> ResolutionView:
    found = known.resolution
    if found is None:
        return ResolutionView([], None, None, "not asked for yet", [], [])
    changes = [AddressChangeView(_required(change.at), list(change.addresses)) for change in known.changes]
    return ResolutionView(
        list(found.addresses), _time(found.good_at), _time(found.checked_at), found.problem or None,
        list(found.refused), changes,
    )  # fmt: skip


def _health(health: Health | None, way: str) -> HealthView:
    if health is None or health.way != way:
        return HealthView(Condition.UNKNOWN, None, None, 0, None)
    return HealthView(health.condition, _time(health.since), _time(health.asked_at), health.misses, health.said or None)


def _time(seconds: float) -> datetime | None:
    return _required(seconds) if seconds else None


def _required(seconds: float) -> datetime:
    return datetime.fromtimestamp(round(seconds, 3), UTC)
