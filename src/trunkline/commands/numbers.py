"""`trunkline numbers …`: what only the operator may do with numbers."""

from __future__ import annotations

import sys
from argparse import Namespace

from trunkline.commands.opening import read, write
from trunkline.commands.printing import document, plain, table
from trunkline.commands.records import MAX_LISTED, limit_of
from trunkline.core import e164, number_settings, numbers, postal_addresses
from trunkline.core.errors import UnknownReferenceError
from trunkline.core.model import EVERYTHING, Actor, Carrier, Number, NumberStatus, Page
from trunkline.core.named_ports import PostalAddress
from trunkline.core.ports import NumberFilter, Store


def approve(options: Namespace) -> int:
    """Let a claimed number route."""
    digits = e164.parse(options.number)
    number = write(options, lambda store, actor: numbers.approve(store, actor, digits))
    print(f"{number.e164} routes from now on")
    return 0


def transfer(options: Namespace) -> int:
    """Give a number to another account."""
    digits = e164.parse(options.number)

    def move(store: Store, actor: Actor) -> Number:
        owner = store.accounts.get(options.to)
        if owner is None:
            raise UnknownReferenceError(f"{options.to!r} is no account", advice="`trunkline accounts list` shows them.")
        return numbers.transfer(store, actor, digits, owner, _carrier(store, options.carrier))

    number = write(options, move)
    print(f"{number.e164} belongs to {plain(number.owner.name)}; it points at nothing until its new owner says so")
    return 0


def settle_emergency(options: Namespace) -> int:
    """Confirm or fail a registration, or the end of one, that waits for the operator; without either show the address
    that is to be registered.
    """
    digits = e164.parse(options.number)
    if options.outcome is None:
        return _show_emergency(options, digits)
    confirmed, seen = options.outcome == "confirmed", options.address
    state = write(
        options,
        lambda store, actor: number_settings.settle_emergency(store, actor, digits, confirmed=confirmed, seen=seen),
    )
    print(f"{digits}: its emergency address is {state.value}")
    return 0


def _show_emergency(options: Namespace, digits: str) -> int:
    def look_up(store: Store) -> tuple[number_settings.NumberSettings, PostalAddress | None]:
        settings = number_settings.of(store, numbers.find(store, EVERYTHING, digits).id)
        named = settings.emergency_address_id
        return settings, store.postal_addresses.get(EVERYTHING, named) if named is not None else None

    settings, address = read(options, look_up)
    wanted = "Active" if settings.emergency else "Inactive"
    print(f"{digits}: its emergency calling is {wanted}, its emergency address {settings.emergency_state.value}")
    if address is not None:
        names = ("id", *postal_addresses.PLACE, "country")
        table(("ADDRESS", ""), [(name.replace("_", " "), getattr(address, name)) for name in names])
    return 0


def _carrier(store: Store, named: str | None) -> Carrier | None:
    if named is None:
        return None
    carrier = store.carriers.get(EVERYTHING, named) or store.carriers.by_serial(EVERYTHING, named)
    if carrier is None:
        raise UnknownReferenceError(f"{named!r} is no carrier")
    return carrier


def show(options: Namespace) -> int:
    """List numbers of all accounts."""
    limit = limit_of(options.limit)
    wanted = NumberFilter(status=NumberStatus.PENDING_CLAIM if options.pending else None)
    listing = read(options, lambda store: store.numbers.page(EVERYTHING, wanted, Page(limit)))
    found = listing.items
    rows = [(n.e164, n.status.value, n.owner.name, n.carrier.name if n.carrier else None, _target(n)) for n in found]
    if options.json:
        names = ("number", "status", "owner", "carrier", "target")
        document([dict(zip(names, row, strict=True)) for row in rows])
    else:
        table(("NUMBER", "STATUS", "OWNER", "CARRIER", "POINTS AT"), rows)
    if listing.last is not None:
        print(f"{limit} of {listing.total} numbers are shown: --limit takes up to {MAX_LISTED}", file=sys.stderr)
    return 0


def _target(number: Number) -> str | None:
    if number.trunk is not None:
        return f"trunk {number.trunk.name}"
    if number.application is not None:
        return f"application {number.application.name}"
    return "URLs of its own" if number.hook_id is not None else None
