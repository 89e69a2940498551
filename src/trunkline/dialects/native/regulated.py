"""What the operator says about numbers: caller names, campaigns, reputation, toll-free verification, compliance.

All of it takes an operator's key. The owner's application is told of each decision, where it asked to be.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from trunkline.core import address_needs, campaigns, cnam, compliance, reputation, tollfree
from trunkline.core.errors import NotAllowedError, NotFoundError
from trunkline.core.model import EVERYTHING, Actor, Number, Page, Role
from trunkline.core.ports import Store
from trunkline.core.regulated import AddressNeed, ComplianceFilter
from trunkline.dialects.http import Answer, Ask
from trunkline.dialects.native import ids, requests
from trunkline.dialects.native import requests_regulated as bodies
from trunkline.dialects.native import views_regulated as views
from trunkline.dialects.native.rows import Row


def _check(ask: Ask) -> None:
    if ask.caller.actor.role is not Role.OPERATOR:
        raise NotAllowedError("this is the operator's to decide", advice="Use an operator's API key.")


def _digits(ask: Ask) -> str:
    return ids.digits(ask.params["number"])


async def list_filings(ask: Ask, query: requests.LimitQuery) -> views.FilingList:
    """List what waits for the operator, oldest first."""
    _check(ask)
    found = await ask.platform.inventory.search(lambda store: store.filings.open(query.limit))
    return views.FilingList([views.filing(entry) for entry in found])


async def get_registrations(ask: Ask) -> views.RegistrationsView:
    """Return what others have decided about a number."""
    scope = ask.caller.scope

    def look_up(store: Store) -> Number:
        number = store.numbers.get(scope, _digits(ask))
        if number is None:
            raise NotFoundError("not found")
        return number

    return views.registrations(ask.platform.inventory.read(look_up))


async def settle_cnam(ask: Ask, body: bodies.CnamBody) -> views.RegistrationsView:
    """Confirm a requested caller name, or say that it failed."""
    return await _settle(ask, partial(cnam.settle, confirmed=body.outcome == "confirmed"))


async def settle_campaign_link(ask: Ask, body: bodies.CampaignLinkBody) -> views.RegistrationsView:
    """Complete a number's link to a campaign, or say that it failed."""
    return await _settle(ask, partial(campaigns.settle, completed=body.outcome == "completed"))


async def settle_reputation(ask: Ask, body: bodies.ReputationBody) -> views.RegistrationsView:
    """Say that a number's caller reputation is active, or that it failed."""
    return await _settle(ask, partial(reputation.settle, active=body.outcome == "active"))


async def set_toll_free(ask: Ask, body: bodies.TollFreeBody) -> views.RegistrationsView:
    """Say how far a toll-free number's verification is."""
    stated = partial(
        tollfree.set_status,
        status=body.status,
        verification_id=body.verification_id,
        order_status=body.order_status,
    )
    return await _settle(ask, stated)


async def _settle(ask: Ask, use_case: Callable[[Store, Actor, str], Number]) -> views.RegistrationsView:
    """Write the operator's word on the number that the path names; return all that was decided about it."""
    _check(ask)
    number = await ask.platform.inventory.write(lambda store: use_case(store, ask.caller.actor, _digits(ask)))
    return views.registrations(number)


async def add_campaign(ask: Ask, body: bodies.CampaignBody) -> views.CampaignView:
    """Enter a campaign that the registry knows."""
    _check(ask)
    caller = ask.caller
    made = await ask.platform.inventory.write(
        lambda store: campaigns.add(
            store,
            caller.actor,
            caller.account,
            campaign_id=body.campaign_id,
            alias=body.alias,
            usecase=body.usecase,
            max_numbers=body.max_numbers,
        )
    )
    return views.campaign(made)


async def list_campaigns(ask: Ask, query: requests.LimitQuery) -> views.CampaignList:
    """List campaigns of every account, oldest first."""
    _check(ask)
    found = await ask.platform.inventory.search(lambda store: store.campaigns.all(query.limit))
    return views.CampaignList([views.campaign(campaign) for campaign in found])


async def remove_campaign(ask: Ask) -> None:
    """Take a campaign out; refused while numbers are linked to it."""
    _check(ask)
    named = ask.params["campaign_id"]
    await ask.platform.inventory.write(lambda store: campaigns.remove(store, ask.caller.actor, named))


async def list_compliance(ask: Ask, query: bodies.ComplianceListQuery) -> views.CompliancePage:
    """List compliance applications of every account, oldest first."""
    _check(ask)
    wanted, page = ComplianceFilter(status=query.status), Page(query.limit, after=query.after)
    scope = ask.caller.scope
    found = await ask.platform.inventory.search(lambda store: store.compliance.page(scope, wanted, page))
    return views.CompliancePage([views.compliance(a) for a in found.items], found.total, found.last)


async def get_compliance(ask: Ask) -> views.ComplianceView:
    """Return a compliance application with its documents."""
    _check(ask)

    def look_up(store: Store) -> views.ComplianceView:
        found = compliance.find(store, EVERYTHING, ask.params["compliance_id"])
        return views.compliance(found, store.compliance.documents(found.id))

    return ask.platform.inventory.read(look_up)


async def get_document(ask: Ask) -> Answer:
    """Return the content of a document, as a file to keep."""
    _check(ask)

    def look_up(store: Store) -> bytes:
        application = compliance.find(store, EVERYTHING, ask.params["compliance_id"])
        document_id = ids.record_id(ask.params["document_id"])
        known = {document.id for document in store.compliance.documents(application.id)}
        content = store.compliance.content(document_id) if document_id in known else None
        if content is None:
            raise NotFoundError("not found")
        return content

    content = await ask.platform.inventory.search(look_up)
    # What a tenant handed in is never shown as a page.
    headers = ((b"content-disposition", b"attachment"), (b"x-content-type-options", b"nosniff"))
    return Answer(200, content, headers, b"application/octet-stream")


async def accept_compliance(ask: Ask) -> views.ComplianceView:
    """Accept a submitted compliance application."""
    _check(ask)
    named = ask.params["compliance_id"]
    decided = await ask.platform.inventory.write(
        lambda store: compliance.decide(store, ask.caller.actor, named, accepted=True)
    )
    return views.compliance(decided)


async def reject_compliance(ask: Ask, body: bodies.RejectBody) -> views.ComplianceView:
    """Reject a submitted compliance application."""
    _check(ask)
    named = ask.params["compliance_id"]
    decided = await ask.platform.inventory.write(
        lambda store: compliance.decide(store, ask.caller.actor, named, accepted=False, reason=body.reason)
    )
    return views.compliance(decided)


async def list_regulated(ask: Ask) -> views.RegulatedList:
    """List the kinds of number that need an accepted application or a postal address."""
    _check(ask)
    return views.regulated(ask.platform.inventory.read(lambda store: store.compliance.rules()))


async def set_regulated(ask: Ask, body: bodies.RegulatedBody) -> views.RegulatedList:
    """Mark a kind of number as regulated, or no longer so."""
    _check(ask)
    actor = ask.caller.actor

    def use_case(store: Store) -> views.RegulatedList:
        compliance.set_regulated(store, actor, body.country, body.number_type, regulated=body.regulated)
        return views.regulated(store.compliance.rules())

    return await ask.platform.inventory.write(use_case)


async def set_address_need(ask: Ask, body: bodies.AddressNeedBody) -> views.RegulatedList:
    """Say which postal address numbers of a kind have to name, where a dialect has words for that."""
    _check(ask)
    actor = ask.caller.actor

    def use_case(store: Store) -> views.RegulatedList:
        address_needs.set_need(store, actor, body.country, body.number_type, AddressNeed(body.address))
        return views.regulated(store.compliance.rules())

    return await ask.platform.inventory.write(use_case)


_NUMBER = "/numbers/{number}"
_COMPLIANCE = "/compliance/{compliance_id}"

ROUTES: tuple[Row, ...] = (
    Row("GET", "/filings", list_filings, query=requests.LimitQuery, gives=views.FilingList),
    Row("GET", f"{_NUMBER}/registrations", get_registrations, gives=views.RegistrationsView),
    Row("POST", f"{_NUMBER}/cnam", settle_cnam, body=bodies.CnamBody, gives=views.RegistrationsView),
    Row(
        "POST", f"{_NUMBER}/campaign", settle_campaign_link, body=bodies.CampaignLinkBody, gives=views.RegistrationsView
    ),
    Row("POST", f"{_NUMBER}/reputation", settle_reputation, body=bodies.ReputationBody, gives=views.RegistrationsView),
    Row("POST", f"{_NUMBER}/toll-free", set_toll_free, body=bodies.TollFreeBody, gives=views.RegistrationsView),
    Row("POST", "/campaigns", add_campaign, 201, body=bodies.CampaignBody, gives=views.CampaignView),
    Row("GET", "/campaigns", list_campaigns, query=requests.LimitQuery, gives=views.CampaignList),
    Row("DELETE", "/campaigns/{campaign_id}", remove_campaign, 204),
    Row("GET", "/compliance", list_compliance, query=bodies.ComplianceListQuery, gives=views.CompliancePage),
    Row("GET", _COMPLIANCE, get_compliance, gives=views.ComplianceView),
    Row("GET", f"{_COMPLIANCE}/documents/{{document_id}}", get_document),
    Row("POST", f"{_COMPLIANCE}/accept", accept_compliance, gives=views.ComplianceView),
    Row("POST", f"{_COMPLIANCE}/reject", reject_compliance, body=bodies.RejectBody, gives=views.ComplianceView),
    Row("GET", "/regulated", list_regulated, gives=views.RegulatedList),
    Row("POST", "/regulated", set_regulated, body=bodies.RegulatedBody, gives=views.RegulatedList),
    Row("POST", "/regulated/address", set_address_need, body=bodies.AddressNeedBody, gives=views.RegulatedList),
)
