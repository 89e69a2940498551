"""Callbacks that belong to no call, in Plivo's words.

Sources: https://www.plivo.com/docs/numbers/ (CNAM), https://www.plivo.com/docs/voice/concepts/caller-reputation. What a
campaign's and an application's callback carry is not published word for word: see ``docs/compatibility.md``. The API id
is the callback's own, so that one that is sent twice can be known.
"""

from __future__ import annotations

from trunkline.core.regulated import Callback
from trunkline.dialects.plivo import views_regulated as views

Params = tuple[tuple[str, str], ...]


def params(callback: Callback) -> Params:
    """Return a callback's parameters."""
    facts = callback.facts
    if callback.topic == "cnam":
        return (
            ("apiId", callback.id),
            ("cnamUpdateStatus", facts["outcome"]),
            ("requestedCnam", facts["cnam"]),
            ("Number", facts["number"]),
        )
    if callback.topic == "campaign":
        return (
            ("api_id", callback.id),
            ("number", facts["number"]),
            ("campaign_id", facts["campaign"]),
            ("status", views.LINK_STATUS[facts["outcome"]]),
        )
    if callback.topic == "reputation":
        return (
            ("api_id", callback.id),
            ("number", facts["number"]),
            ("profile_uuid", facts["profile"]),
            ("caller_reputation_status", facts["status"].upper()),
        )
    if callback.topic == "compliance":
        return (
            ("api_id", callback.id),
            ("compliance_id", facts["application"]),
            ("alias", facts["alias"]),
            ("status", facts["status"]),
            ("country_iso", facts["country"]),
            ("number_type", facts["number_type"]),
            ("rejection_reason", facts["reason"]),
        )
    raise LookupError(f"no topic {callback.topic}")
