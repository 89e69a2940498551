"""What a form's SIDs name: applications, trunks, addresses and papers of the account itself; no other account's."""

from __future__ import annotations

from trunkline.core.model import Account, Application, Scope, Trunk
from trunkline.core.ports import Store
from trunkline.dialects.twilio.problems import RefusedError

NO_APPLICATION, NO_TRUNK, NO_ADDRESS, NO_EMERGENCY_ADDRESS = 21420, 20404, 21631, 21615
NO_BUNDLE, NO_IDENTITY = 21649, 21650


def application(store: Store, account: Account, application_id: str, argument: str) -> Application:
    """Return an application of the account."""
    found = store.applications.get(Scope(account.id), application_id)
    if found is None:
        raise RefusedError(NO_APPLICATION, f"{argument} is not accessible: this account has no such application")
    return found


def trunk(store: Store, account: Account, trunk_id: str) -> Trunk:
    """Return a trunk of the account."""
    found = store.trunks.get(Scope(account.id), trunk_id)
    if found is None:
        raise RefusedError(NO_TRUNK, "TrunkSid was not found: this account has no such trunk", 404)
    return found


def address(_store: Store, _account: Account, _address_id: str, argument: str, code: int) -> str:
    """Return the id of an address of the account; there are no addresses yet."""
    raise RefusedError(code, f"{argument} is none of this account's addresses")


def bundle(_store: Store, _account: Account, _bundle_id: str) -> str:
    """Return the id of a bundle that the operator has registered for the account; there are none yet."""
    raise RefusedError(NO_BUNDLE, "BundleSid is no bundle that is registered for this account: ask the operator")


def identity(_store: Store, _account: Account, _identity_id: str) -> str:
    """Return the id of an identity that the operator has registered for the account; there are none yet."""
    raise RefusedError(NO_IDENTITY, "IdentitySid is no identity that is registered for this account: ask the operator")
