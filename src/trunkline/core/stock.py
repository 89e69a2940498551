"""The stock: numbers that the installation has for its accounts to buy, and who may buy which.

The stock belongs to the installation, not to an account. Every number in it names the carrier that will deliver it; it
is offered only to the account that has this carrier and to those below it, since nobody else's calls could arrive.
A number is free, rented (``number_id`` names the live number that was made of it), or in quarantine: given back, and
not offered again before ``free_from``, so that its next owner does not get the calls of the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from trunkline.core.model import Listing, Page
from trunkline.core.rates import ListedRates

TYPES = ("local", "mobile", "tollfree", "national", "fixed")
SERVICES = ("voice", "sms", "mms")
RESTRICTIONS = ("city-address", "country-address", "terms-and-conditions")
PROVEN = RESTRICTIONS[:2]
"""Restrictions that want a proof of address from the buyer."""

MAX_COUNTED = 10_000
"""How far a search counts what it found, and how far an offset reaches: a total of this many means so many or more."""

MAX_CARRIERS = 100
"""Carriers that deliver the numbers of one stock: a search looks through each one's numbers in order."""


class StockState(StrEnum):
    """Whether a number of the stock can be bought."""

    FREE = "free"
    QUARANTINED = "quarantined"
    RENTED = "rented"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFacts:
    """What is known of a number in the stock; ``lata`` is digits."""

    e164: str
    country: str
    number_type: str
    region: str | None = None
    city: str | None = None
    rate_center: str | None = None
    lata: str | None = None
    voice: bool = True
    sms: bool = False
    mms: bool = False
    rates: ListedRates = field(default_factory=ListedRates)
    restriction: str | None = None
    restriction_text: str | None = None

    @property
    def services(self) -> list[str]:
        """What the number does, in the words of `SERVICES`."""
        return [name for name in SERVICES if getattr(self, name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StockItem:
    """A number in the stock: its facts, who delivers it, and whether it is rented."""

    facts: StockFacts
    carrier_id: str
    number_id: str | None
    free_from: datetime
    added_at: datetime

    def state(self, at: datetime) -> StockState:
        """Return the state at a time."""
        if self.number_id is not None:
            return StockState.RENTED
        return StockState.FREE if self.free_from <= at else StockState.QUARANTINED


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFilter:
    """Conditions on numbers of the stock, joined by AND; None or empty means any. Texts match in any case."""

    country: str | None = None
    number_type: str | None = None
    prefixes: tuple[str, ...] = ()
    region: str | None = None
    city: str | None = None
    rate_center: str | None = None
    lata: str | None = None
    voice: bool = False
    sms: bool = False
    mms: bool = False
    unproven: bool = False
    """Only what can be bought without a proof of address."""
    proven_types: tuple[str, ...] = ()
    """Types of number for which the buyer has proven an address: ``unproven`` leaves them in."""
    state: StockState | None = None
    pattern: str | None = None
    """All digits of the number: ``_`` stands for any one, ``%`` for any run of them, as in SQL's LIKE."""


class StockStore(Protocol):
    """Numbers to buy."""

    def add(self, items: Iterable[StockItem]) -> None:
        """Write new items."""
        ...

    def get(self, e164: str) -> StockItem | None:
        """Return what the stock has of a number, rented or not."""
        ...

    def held(self, e164s: Sequence[str]) -> set[str]:
        """Return those of these numbers that the stock has, rented or not."""
        ...

    def carriers(self) -> set[str]:
        """Return the ids of the carriers that deliver numbers of the stock that are not rented."""
        ...

    def offered(self, sellers: Sequence[str], wanted: StockFilter, at: datetime, page: Page) -> Listing[StockItem]:
        """Return what can be bought from carriers of these accounts, in the order of the numbers.

        ``wanted`` names a country. The total stops at `MAX_COUNTED`; ``page.after`` is a number.
        """
        ...

    def kinds(self, sellers: Sequence[str]) -> set[tuple[str, str]]:
        """Return the countries and types of what carriers of these accounts deliver and is not rented."""
        ...

    def page(self, wanted: StockFilter, at: datetime, page: Page) -> Listing[StockItem]:
        """Return items whoever may buy them, in the order of the numbers; the total stops at `MAX_COUNTED`."""
        ...

    def rent(self, e164: str, number_id: str) -> bool:
        """Mark a number as rented; False where it is already."""
        ...

    def give_back(self, number_id: str, free_from: datetime) -> bool:
        """Take back what a number was made of; False where it was not made of stock."""
        ...

    def remove(self, e164: str) -> None:
        """Take an item out of the stock."""
        ...
