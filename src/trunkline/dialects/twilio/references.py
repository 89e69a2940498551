"""What a form's SIDs name: applications, trunks, addresses and papers of the account itself; no other account's."""

from __future__ import annotations

from trunkline.core import regulatory
from trunkline.core.model import Account, Application, Scope, Trunk
from trunkline.core.named_ports import PaperKind
from trunkline.core.ports import Store
from trunkline.dialects.twilio.problems import RefusedError

NO_APPLICATION, NO_TRUNK, NO_ADDRESS, NO_EMERGENCY_ADDRESS = 21420, 20404, 21631, 21615
NO_LOCAL_ADDRESS, NO_BUNDLE, NO_IDENTITY = 21615, 21649, 21650


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


def address(store: Store, account: Account, address_id: str, argument: str, code: int) -> str:
    """Return the id of an address of the account."""
    if store.postal_addresses.get(Scope(account.id), address_id) is None:
        raise RefusedError(code, f"{argument} is none of this account's addresses")
    return address_id


def bundle(store: Store, account: Account, bundle_id: str) -> str:
    """Return the id of a bundle that the operator has registered for the account, or for one above it."""
    if not regulatory.is_registered(store, account.id, PaperKind.BUNDLE, bundle_id):
        raise RefusedError(NO_BUNDLE, "BundleSid is no bundle that is registered for this account: ask the operator")
    return bundle_id


def identity(store: Store, account: Account, identity_id: str) -> str:
    """Return the id of an identity that the operator has registered for the account, or for one above it."""
    if not regulatory.is_registered(store, account.id, PaperKind.IDENTITY, identity_id):
        raise RefusedError(
            NO_IDENTITY, "IdentitySid is no identity that is registered for this account: ask the operator"
        )
    return identity_id
