"""SIP user names and passwords as credentials: carriers', endpoints', trunks', in one shape."""

from __future__ import annotations

from trunkline.core.errors import UsernameTakenError
from trunkline.core.model import Credential, CredentialKind, Role
from trunkline.core.ports import Store

_RIVALS = {
    CredentialKind.SIP_INBOUND: (CredentialKind.SIP_INBOUND, CredentialKind.SIP_TRUNK),
    CredentialKind.SIP_TRUNK: (CredentialKind.SIP_INBOUND,),
}
"""Whose user names must differ where they answer in one realm: with equal passwords it would be open whose call it is.
Logins of trunks may share a name, since the trunk that is called says which of them are meant."""

_WHOSE = {
    CredentialKind.SIP_INBOUND: "another carrier of this account, or of one above or below it, has this SIP user name",
    CredentialKind.SIP_TRUNK: "a login of outbound trunks of this account, or of one above or below it, has this SIP "
    "user name",
}


def keep(
    store: Store,
    kind: CredentialKind,
    account_id: str,
    login: tuple[str, str],
    *,
    carrier_id: str | None = None,
) -> str:
    """Write ``login``, a user name and its password, as a credential of an account's; return the credential's id.

    Raises `UsernameTakenError` where a call could not tell it from another one's.
    """
    username, password = login
    _check_free(store, kind, account_id, username)
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


def _check_free(store: Store, kind: CredentialKind, account_id: str, username: str) -> None:
    for rival in _RIVALS.get(kind, ()):
        others = {other.account_id for other in store.credentials.named(rival, username)}
        if any(_share_a_realm(store, account_id, other) for other in others):
            raise UsernameTakenError(_WHOSE[rival], field="username", advice="Choose another one.")
    if kind in _RIVALS and store.credentials.named(CredentialKind.SIP_ENDPOINT, username):
        raise UsernameTakenError("this SIP user name is taken", field="username", advice="Choose another one.")


def _share_a_realm(store: Store, one: str, other: str) -> bool:
    """Tell whether logins of two accounts answer for one SIP domain: an account's is also that of those above it."""
    return one in store.accounts.ancestors(other) or other in store.accounts.ancestors(one)
