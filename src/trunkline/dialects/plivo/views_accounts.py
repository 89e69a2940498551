"""Plivo's bodies of accounts and subaccounts; writes them as `views` does the others.

Sources: https://www.plivo.com/docs/account/api/subaccount and the SDKs' fixtures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trunkline.core.model import Account, AccountDetails, AccountState
from trunkline.dialects.plivo import ids
from trunkline.dialects.plivo.views import uri


def subaccount(record: Account, parent: Account, tokens: Sequence[str], auth_id: str) -> dict[str, Any]:
    """Return a Subaccount; ``auth_token`` is its oldest live token, ``new_auth_token`` its newest."""
    return {
        "account": f"/v1/Account/{ids.auth_id(parent)}/",
        "auth_id": ids.auth_id(record),
        "auth_token": tokens[0] if tokens else None,
        "new_auth_token": tokens[-1] if tokens else None,
        "created": record.created_at.date().isoformat(),
        "modified": record.updated_at.date().isoformat() if record.updated_at > record.created_at else None,
        "enabled": record.state is AccountState.ACTIVE,
        "name": record.name,
        "resource_uri": uri(auth_id, "Subaccount", ids.auth_id(record)),
    }


def account(record: Account, details: AccountDetails) -> dict[str, Any]:
    """Return an Account. Nobody is billed here: no credit, none needed, none recharged."""
    return {
        "account_type": "standard",
        "address": details.address,
        "auth_id": ids.auth_id(record),
        "auto_recharge": False,
        "billing_mode": "postpaid",
        "cash_credits": "0.00000",
        "city": details.city,
        "name": record.name,
        "resource_uri": f"/v1/Account/{ids.auth_id(record)}/",
        "state": details.state,
        "timezone": details.timezone,
    }
