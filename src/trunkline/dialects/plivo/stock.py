"""Plivo's ``/PhoneNumber/``: search the stock, and buy from it.

Sources: https://www.plivo.com/docs/numbers/phone-numbers and the fixtures of the vendor's SDKs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trunkline.core import buying, compliance
from trunkline.core.model import Application, Listing, Number, Scope, Trunk
from trunkline.core.ports import Store
from trunkline.core.stock import StockItem
from trunkline.dialects.http import Answer, Ask
from trunkline.dialects.plivo import requests, requests_stock, views, views_stock


async def search_numbers(ask: Ask) -> Answer:
    """List numbers that the caller can buy, in the order of their digits."""
    args, account = requests.arguments(ask), ask.caller.account
    window, asked = requests.window(args), requests_stock.search(args)
    page, auth_id = window.page, ask.params["auth_id"]

    def look_up(store: Store) -> tuple[Listing[StockItem], Callable[[StockItem], dict[str, Any]]]:
        wanted, tariff, regulated = asked.wanted, store.rules.tariff, set(store.compliance.kinds())

        def shown(item: StockItem) -> dict[str, Any]:
            return views_stock.phone_number(item, auth_id, regulated, tariff)

        if asked.area is not None:
            area = buying.calling_area(store, account, wanted, asked.area)
            if area is None:
                return Listing((), 0, None), shown
            wanted = area
        return buying.offered(store, account, wanted, page), shown

    found, shown = await ask.platform.inventory.search(look_up)
    path = views.uri(auth_id, "PhoneNumber")
    meta = views.meta(path, window.filters, limit=page.limit, offset=page.offset, total=found.total, last=found.last)
    return Answer(200, views.listing([shown(item) for item in found.items], meta))


async def buy_number(ask: Ask, target: Callable[[Store, Scope, str], Application | Trunk]) -> Answer:
    """Buy one number; ``target`` finds what an ``app_id`` names."""
    args, caller = requests_stock.purchase(requests.arguments(ask)), ask.caller
    digits = ask.params["number"].strip().removeprefix("+")

    def use_case(store: Store) -> Number:
        found = target(store, caller.scope, args.app_id) if args.app_id else None
        wanted = buying.Purchase(
            e164=digits,
            owner=caller.account,
            application=found if isinstance(found, Application) else None,
            trunk=found if isinstance(found, Trunk) else None,
            compliance=compliance.named(store, caller.scope, args.compliance_id) if args.compliance_id else None,
            cnam_lookup=args.cnam_lookup,
        )
        return buying.buy(store, caller.actor, wanted)

    return Answer(201, views_stock.bought(await ask.platform.inventory.write(use_case)))
