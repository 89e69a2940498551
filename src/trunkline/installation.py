"""What an installation accepts, by its settings."""

from __future__ import annotations

from ipaddress import ip_address

from trunkline.config import Settings
from trunkline.core.ports import Rules


def rules(settings: Settings) -> Rules:
    """Return what this installation accepts."""
    named = (settings.sip.host, settings.sip.advertised)
    own = tuple(host for host in named if host and not ip_address(host).is_unspecified)
    return Rules(lab=settings.lab_mode, allow_wide_masks=settings.sip.allow_wide_masks, own_addresses=own)
