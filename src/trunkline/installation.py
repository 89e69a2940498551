"""What an installation accepts, by its settings."""

from __future__ import annotations

from trunkline.config import Settings
from trunkline.core.ports import Rules


def rules(settings: Settings) -> Rules:
    """Return what this installation accepts."""
    own = () if settings.sip.host in ("0.0.0.0", "::") else (settings.sip.host,)  # noqa: S104 -- compared, not bound
    return Rules(lab=settings.lab_mode, allow_wide_masks=settings.sip.allow_wide_masks, own_addresses=own)
