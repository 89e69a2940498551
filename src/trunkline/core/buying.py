"""Buying from the stock: what an account is offered, and making a number of it.

Only numbers whose carrier belongs to the account, or to one above it, are offered: nobody else's calls could arrive.
The operator who filled the stock vouches for its numbers, so they wait for no approval, even where sources are shared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from trunkline.core import cnam, countries
from trunkline.core.compliance import backed, is_regulated
from trunkline.core.errors import MissingError, NotFoundError
from trunkline.core.model import (
    EVERYTHING,
    Account,
    Actor,
    Application,
    Carrier,
    Listing,
    Number,
    NumberStatus,
    Page,
    Trunk,
)
from trunkline.core.numbers import Addition, drafted
from trunkline.core.ports import Store
from trunkline.core.rates import Rates, asked, charged
from trunkline.core.regulated import Compliance
from trunkline.core.stock import PROVEN, StockFacts, StockFilter, StockItem, StockState


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A number to buy and what it points at; without a target it is the account's default application."""

    e164: str
    owner: Account
    application: Application | None = None
    trunk: Trunk | None = None
    compliance: Compliance | None = None
    """The accepted compliance application that proves what the number needs."""
    cnam_lookup: bool | None = None
    """Whether callers' names are looked up; None leaves it as it begins."""
    bare: bool = False
    """Whether the account's default application is left out."""


def offered(store: Store, account: Account, wanted: StockFilter, page: Page) -> Listing[StockItem]:
    """Return what an account can buy of one country, in the order of the numbers."""
    if wanted.unproven and wanted.country is not None:
        wanted = replace(wanted, proven_types=tuple(store.compliance.accepted_types(account.id, wanted.country)))
    return store.stock.offered(store.accounts.ancestors(account.id), wanted, store.now(), page)


def calling_area(store: Store, account: Account, wanted: StockFilter, npanxx: str) -> StockFilter | None:
    """Return the conditions widened from one NPA-NXX to its rate centre and LATA, as the stock knows them.

    All numbers of an NPA-NXX are of one rate centre. None where the stock has none to tell, or does not say.
    """
    here = StockFilter(country=wanted.country, prefixes=("1" + npanxx,))
    found = offered(store, account, here, Page(1)).items
    if not found or found[0].facts.rate_center is None:
        return None
    return replace(wanted, rate_center=found[0].facts.rate_center, lata=found[0].facts.lata)


def buy(store: Store, actor: Actor, purchase: Purchase) -> Number:
    """Make a number of one in the stock. `NotFoundError` where it is not free, or not for this account: the same."""
    digits, owner = purchase.e164, purchase.owner
    item = store.stock.get(digits)
    if item is None or item.state(store.now()) is not StockState.FREE or store.numbers.owners([digits]):
        raise NotFoundError("not found")
    carrier = _delivering(store, item, owner)
    facts, papers = item.facts, purchase.compliance
    if facts.restriction in PROVEN and papers is None:
        raise MissingError(
            f"{digits} needs a proof of address ({facts.restriction})",
            field="compliance_application_id",
            advice=f"Name an accepted compliance application for {facts.country} {facts.number_type} numbers.",
        )
    addition = Addition(
        numbers=[digits],
        owner=owner,
        carrier=carrier,
        region=place(facts),
        number_type=facts.number_type,
        application=purchase.application,
        trunk=purchase.trunk,
        bare=purchase.bare,
    )
    rates = asked(facts.rates, store.rules.tariff, facts.country, facts.number_type)
    number = _furnished(drafted(store, addition, digits), facts, rates)
    if papers is not None:
        number = replace(number, details=backed(store, number, papers))
    elif is_regulated(store, facts.country, facts.number_type):
        number = replace(number, status=NumberStatus.PENDING_ACTIVATION)
    store.numbers.add([number], [carrier.id])
    if not store.stock.rent(digits, number.id):
        raise NotFoundError("not found")
    store.log.append(
        actor,
        owner.id,
        "buy",
        "number",
        digits,
        carrier=carrier.id,
        setup_rate=rates.setup,
        monthly_rental_rate=rates.monthly_rental,
        compliance=papers.id if papers is not None else None,
    )
    if purchase.cnam_lookup is not None:
        number = cnam.set_lookup(store, actor, number, enabled=purchase.cnam_lookup)
    return number


def _delivering(store: Store, item: StockItem, owner: Account) -> Carrier:
    carrier = store.carriers.get(EVERYTHING, item.carrier_id)
    if carrier is None or not carrier.active or carrier.account_id not in store.accounts.ancestors(owner.id):
        raise NotFoundError("not found")
    return carrier


def place(facts: StockFacts) -> str:
    """Return where a number is, as people read it: region and country."""
    country = countries.name(facts.country)
    return f"{facts.region}, {country}" if facts.region else country


def _furnished(number: Number, facts: StockFacts, rates: Rates) -> Number:
    """Return a new number with what the stock says of it, and what it costs."""
    details = replace(number.details, country=facts.country, city=facts.city, stocked=True)
    return replace(
        number,
        voice=facts.voice,
        sms=facts.sms,
        mms=facts.mms,
        details=charged(details, rates, number.added_at.date()),
    )
