"""Identities and bundles of papers: the operator registers them for an account, numbers name them."""

from __future__ import annotations

from trunkline.core.errors import InvalidError, NotAllowedError, UnknownReferenceError
from trunkline.core.model import Actor, Role, Scope
from trunkline.core.named_ports import PaperKind, RegulatoryRecord
from trunkline.core.ports import Store

MAX_NAME = 100


def register(store: Store, actor: Actor, account_id: str, kind: PaperKind, name: str) -> RegulatoryRecord:
    """Register an identity or a bundle for an account; the operator alone may."""
    if actor.role is not Role.OPERATOR:
        raise NotAllowedError("identities and bundles are registered by the operator")
    if store.accounts.get(account_id) is None:
        raise UnknownReferenceError(
            f"{account_id!r} is no account", field="account", advice="trunkline accounts list shows them."
        )
    if not 0 < len(name.strip()) <= MAX_NAME or not name.isprintable():
        raise InvalidError(f"a name has 1 to {MAX_NAME} printable characters", field="name")
    now = store.now()
    made = RegulatoryRecord(
        id=store.new_id(), account_id=account_id, kind=kind, name=name.strip(), created_at=now, updated_at=now
    )
    store.regulatory.add(made)
    store.log.append(actor, account_id, "create", "regulatory", made.id, paper=kind.value, name=made.name)
    return made


def is_registered(store: Store, account_id: str, kind: PaperKind, record_id: str) -> bool:
    """Tell whether a number of this account may name a record of this kind: the account's, or one's above it."""
    return any(store.regulatory.get(Scope(one), kind, record_id) for one in store.accounts.ancestors(account_id))
