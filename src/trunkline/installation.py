"""What an installation accepts, by its settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

from trunkline.config import Settings, SipSettings
from trunkline.core.ports import Rules
from trunkline.sip.locating import SIP_PORT
from trunkline.sip.uri import print_host_port
from trunkline.store.gateway_states import GatewayStateReader
from trunkline.tariff import load_tariff


def rules(settings: Settings) -> Rules:
    """Return what this installation accepts."""
    named = dict.fromkeys([listener.host for listener in settings.sip.listeners] + list(settings.sip.advertised))
    own = [host for host in named if not ip_address(host).is_unspecified]
    if settings.lab_mode:  # of IPv6 a machine has one loopback address, which a lab's carrier has to share
        own = [host for host in own if ":" not in host]
    return Rules(
        lab=settings.lab_mode,
        allow_wide_masks=settings.sip.allow_wide_masks,
        own_addresses=tuple(own),
        quarantine=timedelta(days=settings.numbers.quarantine_days),
        sip_host=_sip_host(settings.sip),
        named_addresses=GatewayStateReader(settings.data).addresses,
        idempotency_ttl=timedelta(seconds=settings.http.idempotency_ttl_s),
        public_url=settings.http.public_url.rstrip("/"),
    )


def priced_rules(settings: Settings) -> Rules:
    """Return the same with the tariff, for who adds numbers; the edge does not, and must start without that file."""
    return replace(rules(settings), tariff=load_tariff(settings.numbers.tariff))


def _sip_host(sip: SipSettings) -> str:
    """Return our name in SIP URIs: the first of ``sip.domains``, else the address and port of the first listener."""
    if sip.domains:
        return sip.domains[0].lower()
    first = sip.listeners[0]
    return print_host_port(sip.advertised_for(first.host), None if first.port in (0, SIP_PORT) else first.port)
