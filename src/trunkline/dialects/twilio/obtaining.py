"""Where a new number comes from: the account has it already, the stock sells it, or a carrier of the account's brings
it.
"""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.core import buying, e164, numbers
from trunkline.core.errors import MissingError, NotFoundError
from trunkline.core.model import EVERYTHING, Account, Actor, Carrier, Number, Page, Scope
from trunkline.core.ports import Store
from trunkline.core.stock import StockFilter
from trunkline.dialects.twilio.problems import RefusedError
from trunkline.dialects.twilio.references import NO_BUNDLE
from trunkline.dialects.twilio.requests_numbers import KINDS, NewNumber

NOT_AVAILABLE, NOTHING_IN_AREA, OTHER_KIND = 21422, 21452, 21458
_AREA_COUNTRIES = ("US", "CA")


def obtain(store: Store, actor: Actor, account: Account, wanted: NewNumber, kind: str | None) -> Number:
    """Return the number that a creation names, made if the account does not have it yet."""
    digits = wanted.digits or _in_area(store, account, wanted.area or "")
    own = store.numbers.get(Scope(account.id), digits)
    if own is not None:
        _check_kind(digits, own.details.number_type, kind)
        _check_carrier(digits, wanted.carrier, store.numbers.carriers(own.id))
        return own
    if store.numbers.owners([digits]):
        raise _not_available(digits)
    # What the request points the number at stands before the default of the account.
    change = wanted.change
    bare = bool(change.hooks["answer"][0]) or change.application is not None or change.trunk is not None
    item = store.stock.get(digits)
    if item is None:
        kind_of = e164.type_of(digits)
        _check_kind(digits, kind_of, kind)
        carrier = _carrier(store, account, digits, wanted.carrier)
        addition = numbers.Addition(numbers=[digits], owner=account, carrier=carrier, number_type=kind_of, bare=bare)
        return numbers.add(store, actor, addition)[0]
    _check_kind(digits, item.facts.number_type, kind)
    _check_carrier(digits, wanted.carrier, [item.carrier_id])
    try:
        return buying.buy(store, actor, buying.Purchase(e164=digits, owner=account, bare=bare))
    except NotFoundError:
        raise _not_available(digits) from None
    except MissingError as error:
        raise RefusedError(NO_BUNDLE, f"+{error.message}: buy it with an accepted compliance application") from None


def _in_area(store: Store, account: Account, area: str) -> str:
    for country in _AREA_COUNTRIES:
        sought = StockFilter(country=country, number_type="local", prefixes=(f"1{area}",), unproven=True)
        # Not what `buying.offered` shows beside: this dialect hands in no proof, so no number that needs one.
        for item in store.stock.offered(store.accounts.ancestors(account.id), sought, store.now(), Page(1)).items:
            return item.facts.e164
    raise RefusedError(NOTHING_IN_AREA, f"No phone numbers found in area code {area}: the stock has none to sell")


def _check_kind(digits: str, number_type: str, kind: str | None) -> None:
    if kind is not None and number_type not in KINDS[kind]:
        raise RefusedError(OTHER_KIND, f"+{digits} is a {number_type} number, this list is {kind}")


def _check_carrier(digits: str, named: str | None, delivering: Sequence[str]) -> None:
    if named is not None and named not in delivering:
        raise _not_available(digits, ": CarrierSid is not the carrier that delivers it: leave it out")


def _carrier(store: Store, account: Account, digits: str, named: str | None) -> Carrier:
    """Return the carrier that is named, or the account's default one."""
    if named is None:
        found = numbers.default_carrier(store, account)
        why = "it is not in the stock, and no carrier of this account would deliver it: create one first"
    else:
        found = store.carriers.get(EVERYTHING, named)
        if found is not None and found.account_id not in store.accounts.ancestors(account.id):
            found = None
        why = "CarrierSid is none of this account's carriers: give the id of one, or leave it out"
    if found is None:
        raise _not_available(digits, f": {why}")
    return found


def _not_available(digits: str, why: str = "") -> RefusedError:
    return RefusedError(NOT_AVAILABLE, f"+{digits} is not available{why}")
