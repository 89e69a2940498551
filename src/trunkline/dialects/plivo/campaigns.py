"""Plivo's 10DLC campaigns, to read: the operator enters them as the registry has them.

Source: the fixtures of the vendor's SDKs. What is linked to a campaign is in `regulated`.
"""

from __future__ import annotations

from trunkline.core import campaigns
from trunkline.core.model import Listing
from trunkline.core.ports import Store
from trunkline.core.regulated import Campaign
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.plivo import requests, requests_campaigns, views, views_regulated

_PATH = "10dlc/Campaign"


async def list_campaigns(ask: Ask) -> Answer:
    """List the campaigns that the caller may use, oldest first."""
    args, caller = requests.arguments(ask), ask.caller
    window, wanted = requests.window(args), requests_campaigns.campaign_filter(args)
    page = window.page

    def look_up(store: Store) -> Listing[Campaign]:
        if wanted.nothing:
            return Listing((), 0, None)
        return store.campaigns.page(caller.scope, store.accounts.ancestors(caller.account.id), wanted.usecase, page)

    found = await ask.platform.inventory.search(look_up)
    path = views.uri(ask.params["auth_id"], _PATH)
    meta = views.meta(path, window.filters, limit=page.limit, offset=page.offset, total=found.total, last=found.last)
    shown = [views_regulated.campaign(campaign) for campaign in found.items]
    return Answer(200, views_regulated.body(meta=meta, campaigns=shown))


async def get_campaign(ask: Ask) -> Answer:
    """Return one campaign."""
    caller, named = ask.caller, ask.params["campaign_id"]
    campaign = ask.platform.inventory.read(lambda store: campaigns.find(store, caller.account, caller.scope, named))
    return Answer(200, views_regulated.body(campaign=views_regulated.campaign(campaign)))


_ALL = f"/v1/Account/{{auth_id}}/{_PATH}"

OPERATIONS = (
    Operation("GET", _ALL, list_campaigns, is_list=True),
    Operation("GET", f"{_ALL}/{{campaign_id}}", get_campaign),
)
