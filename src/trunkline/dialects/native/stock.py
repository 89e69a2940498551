"""The native API's operations on the stock, which are the operator's, and on the history of numbers."""

from __future__ import annotations

from trunkline.core import stocking
from trunkline.core.errors import NotAllowedError, NotFoundError
from trunkline.core.model import Page, Role
from trunkline.core.ports import Store
from trunkline.dialects.http import Ask
from trunkline.dialects.native import ids, requests, requests_stock, views, views_stock


def _operators_only(ask: Ask) -> None:
    if ask.caller.actor.role is not Role.OPERATOR:
        raise NotAllowedError("the stock is the operator's", advice="Use an operator's API key.")


async def list_stock(ask: Ask, query: requests_stock.StockListQuery) -> views_stock.StockPage:
    """List the numbers that accounts can buy, in the order of their digits; an operator's key only."""
    _operators_only(ask)

    def look_up(store: Store) -> views_stock.StockPage:
        at = store.now()
        found = store.stock.page(query.wanted(), at, Page(query.limit, after=query.after))
        return views_stock.StockPage([views_stock.stock_item(i, at) for i in found.items], found.total, found.last)

    return await ask.platform.inventory.search(look_up)


async def import_stock(ask: Ask, body: requests_stock.StockBody) -> views_stock.StockReportView:
    """Put numbers into the stock, all or none, with a verdict for each row; an operator's key only."""
    _operators_only(ask)
    good, bad = stocking.read(enumerate(body.rows, 1))
    actor = ask.caller.actor
    report = await ask.platform.inventory.write(
        lambda store: stocking.fill(store, actor, good, bad, skip_bad=body.skip_bad, dry_run=body.dry_run)
    )
    return views_stock.stock_report(report, dry_run=body.dry_run)


async def number_history(ask: Ask, query: requests.LogQuery) -> views.ChangePage:
    """List what became of a number, newest first: also of one that is no longer there."""
    scope, digits = ask.caller.scope, ids.digits(ask.params["number"])
    page = Page(query.limit, after=query.before)
    found = await ask.platform.inventory.search(lambda store: store.log.history(scope, "number", digits, page))
    if not found.total:
        raise NotFoundError("not found")
    last = found.last if len(found.items) == query.limit else None
    return views.ChangePage([views.change(change) for change in found.items], last)
