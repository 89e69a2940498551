"""Twilio's AvailablePhoneNumbers: what the account can buy from the operator's stock, by country and kind.

Source: the vendor's OpenAPI document of the 2010-04-01 API.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

from trunkline.core import address_needs, buying, countries
from trunkline.core.errors import NotFoundError
from trunkline.core.ports import Store
from trunkline.core.regulated import AddressNeed, RegulatedKind
from trunkline.core.stock import StockItem
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import answering, requests_available, views, views_available
from trunkline.dialects.twilio.requests_available import KINDS, NANP
from trunkline.dialects.twilio.views import PREFIX


def _country(ask: Ask) -> str:
    code = ask.params["CountryCode"]
    if code not in countries.NAMES:
        raise NotFoundError("not found")
    return code


async def list_countries(ask: Ask) -> Answer:
    """List the countries of which the stock has anything for this account."""
    account = ask.caller.account

    def look_up(store: Store) -> list[dict[str, Any]]:
        kinds = defaultdict(set)
        for code, kind in store.stock.kinds(store.accounts.ancestors(account.id)):
            kinds[code].add(kind)
        return [views_available.country(account.id, code, kinds[code]) for code in sorted(kinds)]

    found = await ask.platform.inventory.search(look_up)
    uri = views.uri(account.id, views_available.RESOURCE)
    return answering.whole(ask, "countries", "Country", found, uri)


async def get_country(ask: Ask) -> Answer:
    """Return a country with what can be searched there, whether the stock has any of it now or not."""
    code = _country(ask)
    kinds = [kind for name, kind in KINDS.items() if _has(code, name)]
    return answering.one(ask, "Country", views_available.country(ask.caller.account.id, code, kinds))


def _has(code: str, kind: str) -> bool:
    """Tell whether there are numbers of a kind in a country: in North America mobile ones are local ones."""
    return code not in NANP or kind not in ("Mobile", "National")


async def search_numbers(ask: Ask, kind: str) -> Answer:
    """List numbers that the account can buy, in the order of their digits."""
    code, account = _country(ask), ask.caller.account
    if not _has(code, kind):
        raise NotFoundError("not found")
    asked = requests_available.search(ask.query(), code, kind)

    def look_up(store: Store) -> tuple[tuple[StockItem, ...], AddressNeed]:
        need = address_needs.all_needs(store).get(RegulatedKind(code, KINDS[kind]), AddressNeed.NONE)
        wanted = asked.wanted if not asked.fax and need not in asked.without else None
        if wanted is not None and asked.near is not None:
            wanted = buying.calling_area(store, account, wanted, asked.near)
        return buying.offered(store, account, wanted, asked.page).items if wanted is not None else (), need

    found, need = await ask.platform.inventory.search(look_up)
    uri = views.uri(account.id, views_available.RESOURCE, code, kind)
    shown = [views_available.available(item, need) for item in found]
    return answering.whole(ask, "available_phone_numbers", "AvailablePhoneNumber", shown, uri)


_ALL = f"{PREFIX}/Accounts/{{AccountSid}}/AvailablePhoneNumbers"
_ONE = f"{_ALL}/{{CountryCode}}"

OPERATIONS = (
    Operation("GET", _ALL, list_countries, is_list=True),
    Operation("GET", _ONE, get_country),
    *(Operation("GET", f"{_ONE}/{kind}", partial(search_numbers, kind=kind), is_list=True) for kind in KINDS),
)
