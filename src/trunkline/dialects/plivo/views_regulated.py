"""Plivo's bodies of campaigns, profiles and compliance applications: like `views`, the only writer of their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from trunkline.core.model import Number
from trunkline.core.regulated import Campaign, CampaignNumber, Compliance, Document, Profile
from trunkline.dialects.plivo import ids

CAMPAIGN_STATE = "ACTIVE"
"""Every campaign's: the operator enters those that the registry has."""
LINK_STATUS = {"pending": "PROCESSING", "done": "COMPLETED", "failed": "FAILED"}

_encode = msgspec.json.Encoder().encode


def body(**parts: Any) -> bytes:
    """Return a body with an ``api_id`` and these parts."""
    return _encode({"api_id": ids.new_api_id(), **parts})


def linking(numbers: Sequence[str], campaign_id: str) -> bytes:
    """Return the answer to a request to link numbers."""
    named = ", ".join(numbers)
    return body(message=f"Request to link {named} to campaign {campaign_id} was received and is being processed")


def unlinked(number: str, campaign_id: str) -> bytes:
    """Return the answer to a request to unlink a number, which is done at once."""
    return body(message=f"{number} is unlinked from campaign {campaign_id}")


def campaign(record: Campaign) -> dict[str, Any]:
    """Return a campaign: what the operator entered of it, null for what only the registry knows."""
    return {
        "brand_id": None,
        "campaign_id": record.campaign_id,
        "campaign_alias": record.alias,
        "campaign_attributes": None,
        "campaign_source": None,
        "created_at": _stamp(record.created_at),
        "description": None,
        "mno_metadata": None,
        "registration_status": CAMPAIGN_STATE,
        "reseller_id": None,
        "sample1": None,
        "sample2": None,
        "sub_usecase": None,
        "usecase": record.usecase,
        "vertical": None,
    }


def campaign_numbers(record: Campaign, numbers: Sequence[CampaignNumber], counts: Mapping[str, int]) -> bytes:
    """Return a campaign's numbers, those of the page, and how many there are in each state."""
    return body(
        campaign_alias=record.alias,
        campaign_id=record.campaign_id,
        phone_numbers=[{"number": n.e164, "status": LINK_STATUS[n.state.value]} for n in numbers],
        phone_numbers_summary={LINK_STATUS[state]: count for state, count in sorted(counts.items())},
        number_pool_limit=record.max_numbers,
        usecase=record.usecase,
    )


def profile(record: Profile) -> dict[str, Any]:
    """Return a business profile; a primary one names itself."""
    return {
        "profile_uuid": record.id,
        "profile_alias": record.alias,
        "profile_type": "PRIMARY" if record.primary_id is None else "SECONDARY",
        "primary_profile": record.primary_id or record.id,
        **record.facts,
        "address": dict(record.address),
        "authorized_contact": dict(record.contact),
        "created_at": _stamp(record.created_at),
    }


def compliance(
    record: Compliance,
    *,
    end_user: bool = False,
    documents: Sequence[Document] | None = None,
    numbers: Sequence[Number] | None = None,
) -> dict[str, Any]:
    """Return a compliance application, with what was asked for beside it."""
    shown: dict[str, Any] = {
        "compliance_id": record.id,
        "alias": record.alias,
        "status": record.status.value,
        "country_iso": record.country,
        "number_type": record.number_type,
        "user_type": record.end_user.get("type", ""),
        "callback_url": record.callback.url if record.callback else "",
        "callback_method": record.callback.method if record.callback else "POST",
        "rejection_reason": record.reason,
        "created_at": _stamp(record.created_at),
        "updated_at": _stamp(record.updated_at),
    }
    if end_user:
        shown["end_user"] = dict(record.end_user)
    if documents is not None:
        shown["documents"] = [_document(d) for d in documents]
    if numbers is not None:
        shown["linked_numbers"] = [{"number": n.e164, "number_type": n.details.number_type} for n in numbers]
    return shown


def _document(record: Document) -> dict[str, Any]:
    return {
        "document_id": record.id,
        "document_type_id": record.type_id,
        "file_name": record.file_name,
        "data_fields": dict(record.fields),
    }


def report(rows: Sequence[tuple[str, str | None]]) -> bytes:
    """Return what became of a list of links: each number as it was written, and what was wrong (None: nothing)."""
    shown = [
        {
            "number": number,
            "status": "failed" if wrong else "success",
            "remarks": wrong or "Number linked to compliance application.",
        }
        for number, wrong in rows
    ]
    updated = sum(wrong is None for _, wrong in rows)
    return body(total_count=len(rows), updated_count=updated, report=shown)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
