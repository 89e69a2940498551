"""Postal addresses: one use case per function. Nothing here is checked against any register of streets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trunkline.core import countries
from trunkline.core.errors import ConflictError, InvalidError, MissingError, NotFoundError
from trunkline.core.model import EVERYTHING, Account, Actor, Page, Scope
from trunkline.core.named_ports import PostalAddress
from trunkline.core.ports import Store

MAX_TEXT = 255
REQUIRED = ("customer", "street", "city", "region", "postal_code")
TEXTS = (*REQUIRED, "name", "street_secondary")
PLACE = (*REQUIRED, "street_secondary")
"""What emergency services are told: all but the address's own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChange:
    """What to change of an address, or a whole new one; None leaves as it is, on creation empty."""

    name: str | None = None
    customer: str | None = None
    street: str | None = None
    street_secondary: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    emergency: bool | None = None


def create(store: Store, actor: Actor, account: Account, draft: AddressChange) -> PostalAddress:
    """Create an address of ``account``; `MissingError` names what cannot be left out."""
    now = store.now()
    texts = {name: getattr(draft, name) or "" for name in TEXTS}
    address = PostalAddress(
        id=store.new_id(),
        account_id=account.id,
        country=(draft.country or "").upper(),
        emergency=bool(draft.emergency),
        created_at=now,
        updated_at=now,
        **texts,
    )
    if not address.country:
        raise MissingError("country is required", field="country")
    if address.country not in countries.NAMES:
        raise InvalidError("country is no ISO 3166 code of two letters", field="country")
    _check(address)
    store.postal_addresses.add(address)
    store.log.append(actor, account.id, "create", "address", address.id, country=address.country)
    return address


def find(store: Store, scope: Scope, address_id: str) -> PostalAddress:
    """Return an address by id; `NotFoundError` when it is not there or not in scope."""
    address = store.postal_addresses.get(scope, address_id)
    if address is None:
        raise NotFoundError("not found")
    return address


def update(store: Store, actor: Actor, address: PostalAddress, change: AddressChange) -> PostalAddress:
    """Change an address; its country stays.

    Where a number may call for help from it, or waits to, only its name and its flag change: what the carrier has
    registered, or the operator looks at, would be another place than the record says.
    """
    texts = {name: getattr(change, name) for name in TEXTS if getattr(change, name) is not None}
    emergency = address.emergency if change.emergency is None else change.emergency
    changed = replace(address, emergency=emergency, updated_at=store.now(), **texts)
    _check(changed)
    if any(getattr(changed, name) != getattr(address, name) for name in PLACE):
        _check_no_emergency(store, address)
    store.postal_addresses.update(changed)
    store.log.append(actor, address.account_id, "update", "address", address.id, changed=sorted(texts))
    return changed


def delete(store: Store, actor: Actor, address: PostalAddress) -> None:
    """Take an address out of service; refused while numbers name it."""
    using = store.postal_addresses.numbers(EVERYTHING, address.id, Page(1)).total
    if using:
        raise ConflictError(
            f"this address is named by {using} number{'s' if using != 1 else ''}", advice="Give them another one first."
        )
    store.postal_addresses.remove(address.id, store.now())
    store.log.append(actor, address.account_id, "delete", "address", address.id)


def _check_no_emergency(store: Store, address: PostalAddress) -> None:
    using = store.postal_addresses.emergency_numbers(address.id)
    if using:
        raise ConflictError(
            f"this is the emergency address of {using} number{'s' if using != 1 else ''}, registered or about to be",
            advice="Make another address, and name that one as their emergency address.",
        )


def _check(address: PostalAddress) -> None:
    for name in TEXTS:
        text = getattr(address, name)
        if name in REQUIRED and not text.strip():
            raise MissingError(f"{name} is required", field=name)
        if len(text) > MAX_TEXT or not text.isprintable():
            raise InvalidError(f"{name} has at most {MAX_TEXT} printable characters", field=name)
