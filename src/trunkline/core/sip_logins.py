"""SIP user names and passwords as credentials: carriers', endpoints', trunks', in one shape."""

from __future__ import annotations

from trunkline.core.model import Credential, CredentialKind, Role
from trunkline.core.ports import Store


def keep(
    store: Store,
    kind: CredentialKind,
    account_id: str,
    login: tuple[str, str],
    *,
    carrier_id: str | None = None,
) -> str:
    """Write ``login``, a user name and its password, as a credential of an account's; return the credential's id."""
    username, password = login
    credential = Credential(
        id=store.new_id(),
        account_id=account_id,
        carrier_id=carrier_id,
        kind=kind,
        public_id=username,
        role=Role.ACCOUNT,
        scopes="",
        created_at=store.now(),
        revoked_at=None,
    )
    store.credentials.add(credential, password)
    return credential.id
