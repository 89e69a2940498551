"""Which postal address a number has to name, by its country and type: the operator's word, ``none`` unless given."""

from __future__ import annotations

from trunkline.core import compliance
from trunkline.core.model import EVERYTHING, Actor, Number
from trunkline.core.ports import Store
from trunkline.core.regulated import AddressNeed, RegulatedKind


def set_need(store: Store, actor: Actor, country: str, number_type: str, need: AddressNeed) -> RegulatedKind:
    """Say which address numbers of a kind have to name, from now on; those that are there stay as they are."""
    kind = compliance.kind(country, number_type)
    store.compliance.set_address_need(kind, need)
    named = f"{kind.country} {kind.number_type}"
    store.log.append(actor, actor.account.id, "update", "regulated", named, address=need.value)
    return kind


def all_needs(store: Store) -> dict[RegulatedKind, AddressNeed]:
    """Return the needs by kind of number; those that are not there have none."""
    return {rules.kind: rules.address for rules in store.compliance.rules()}


def of_number(needs: dict[RegulatedKind, AddressNeed], number: Number) -> AddressNeed:
    """Return what a number needs; one of no country needs nothing."""
    kind = RegulatedKind(number.details.country or "", number.details.number_type)
    return needs.get(kind, AddressNeed.NONE)


def unmet(store: Store, number: Number, address_id: str | None) -> tuple[AddressNeed, str] | None:
    """Return what a number needs and an address does not give it, and why, in words; None where all is well."""
    need, country = of_number(all_needs(store), number), number.details.country or ""
    if need is AddressNeed.NONE:
        return None
    address = store.postal_addresses.get(EVERYTHING, address_id) if address_id is not None else None
    place = {AddressNeed.LOCAL: " in ", AddressNeed.FOREIGN: " outside of "}.get(need, "")
    wanted = f"{country} {number.details.number_type} numbers need an address{place}{country if place else ''}"
    if address is None:
        return need, wanted
    fits = {AddressNeed.LOCAL: address.country == country, AddressNeed.FOREIGN: address.country != country}
    return None if fits.get(need, True) else (need, f"{wanted}, this one is in {address.country}")
