"""Plivo's arguments of a list of campaigns: a part of `requests`, by the same rules."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.dialects.plivo.requests import Args, text
from trunkline.dialects.plivo.views_regulated import CAMPAIGN_STATE


@dataclass(frozen=True, slots=True)
class CampaignFilter:
    """Conditions on a list of campaigns; ``nothing``: no campaign can meet them."""

    usecase: str | None
    nothing: bool


def campaign_filter(args: Args) -> CampaignFilter:
    """Read the conditions. Every campaign is active, of no brand and no source that is known here."""
    state = (text(args, "registration_status") or "").strip().upper()
    unknown = [(text(args, name) or "").strip() for name in ("brand_id", "campaign_source")]
    return CampaignFilter(
        usecase=(text(args, "usecase") or "").strip().upper() or None,
        nothing=any(unknown) or state not in ("", CAMPAIGN_STATE),
    )
