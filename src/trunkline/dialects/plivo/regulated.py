"""Plivo's caller names, caller reputation, 10DLC campaign numbers and business profiles.

Sources: https://www.plivo.com/docs/numbers/account-phone-numbers.md, /docs/voice/concepts/caller-reputation, and the
vendor's SDKs with their fixtures. Where those are silent: ``docs/compatibility.md``.
"""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET

from trunkline.core import campaigns, cnam, compliance, numbers, profiles, reputation
from trunkline.core.errors import InvalidError, NotFoundError, UnknownReferenceError
from trunkline.core.model import Number, NumberStatus, Scope
from trunkline.core.ports import Store
from trunkline.core.regulated import Campaign, CampaignNumber, FilingKind, Profile
from trunkline.dialects.http import Answer, Ask, Caller, Operation
from trunkline.dialects.plivo import requests, requests_regulated, views, views_regulated
from trunkline.dialects.plivo.answering import subaccount


def change_number(store: Store, caller: Caller, number: Number, change: requests_regulated.NumberChange) -> None:
    """Ask for what a change of a number names: each part is refused or written with all the others."""
    actor = caller.actor
    if change.cnam_lookup is not None:
        number = cnam.set_lookup(store, actor, number, enabled=change.cnam_lookup)
    if change.cnam is not None:
        number = cnam.request(store, actor, number, change.cnam, change.cnam_callback)
    number = _change_reputation(store, caller, number, change)
    # On a number that is active this argument has no effect: numbers in use are linked in bulk.
    if change.compliance_id is not None and number.status is NumberStatus.PENDING_ACTIVATION:
        application = compliance.named(store, caller.scope, change.compliance_id)
        compliance.activate(store, actor, number, application)


def _change_reputation(store: Store, caller: Caller, number: Number, change: requests_regulated.NumberChange) -> Number:
    actor = caller.actor
    if change.caller_reputation is False:
        number = reputation.withdraw(store, actor, number)
    if change.profile_id is UNSET:
        return number
    profile = _named_profile(store, caller, change.profile_id) if change.profile_id else None
    if change.caller_reputation and profile is not None:
        return reputation.enroll(store, actor, number, profile, change.reputation_callback)
    return reputation.set_profile(store, actor, number, profile)


def _named_profile(store: Store, caller: Caller, profile_id: str) -> Profile:
    """Return the profile that an argument names: the caller's, or one's above it."""
    for account_id in store.accounts.ancestors(caller.account.id):
        profile = store.profiles.get(Scope(account_id, include_children=account_id == caller.account.id), profile_id)
        if profile is not None:
            return profile
    raise UnknownReferenceError("profile_uuid is not one of your profiles", field="profile_uuid")


# 10DLC


def _campaign(store: Store, ask: Ask) -> Campaign:
    return campaigns.find(store, ask.caller.account, ask.caller.scope, ask.params["campaign_id"])


def _number(store: Store, ask: Ask) -> Number:
    return numbers.find(store, ask.caller.scope, ask.params["number"].strip().removeprefix("+"))


async def link_numbers(ask: Ask) -> Answer:
    """Ask for numbers to be linked to a campaign: all of them, or none."""
    args, caller = requests_regulated.linking(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> tuple[str, list[str]]:
        campaign = _campaign(store, ask)
        if len(args.numbers) > numbers.MAX_AT_ONCE:
            raise InvalidError(f"numbers names more than {numbers.MAX_AT_ONCE}", field="numbers")
        named = [campaigns.number_to_link(store, caller.scope, written) for written in args.numbers]
        distinct = list({number.id: number for number in named}.values())
        campaigns.link(store, caller.actor, campaign, distinct, args.callback)
        return campaign.campaign_id, [number.e164 for number in distinct]

    campaign_id, linked = await ask.platform.inventory.write(use_case)
    return Answer(202, views_regulated.linking(linked, campaign_id))


async def list_campaign_numbers(ask: Ask) -> Answer:
    """List a campaign's numbers, oldest first, with the state of their links."""
    page = requests.window(requests.arguments(ask)).page

    def look_up(store: Store) -> bytes:
        campaign = _campaign(store, ask)
        found = store.campaigns.numbers(ask.caller.scope, campaign.campaign_id, page)
        counts = store.campaigns.count(ask.caller.scope, campaign.campaign_id)
        return views_regulated.campaign_numbers(campaign, found.items, counts)

    return Answer(200, await ask.platform.inventory.search(look_up))


async def get_campaign_number(ask: Ask) -> Answer:
    """Return a campaign with one of its numbers."""

    def look_up(store: Store) -> bytes:
        campaign, number = _campaign(store, ask), _number(store, ask)
        filing = store.filings.get(number.id, FilingKind.CAMPAIGN)
        if filing is None or filing.subject != campaign.campaign_id:
            raise NotFoundError(f"The number {number.e164} is not linked to this campaign")
        shown = CampaignNumber(number.e164, filing.state)
        return views_regulated.campaign_numbers(campaign, [shown], {filing.state.value: 1})

    return Answer(200, ask.platform.inventory.read(look_up))


async def unlink_number(ask: Ask) -> Answer:
    """Take a number out of a campaign."""

    def use_case(store: Store) -> tuple[str, str]:
        campaign, number = _campaign(store, ask), _number(store, ask)
        campaigns.unlink(store, ask.caller.actor, campaign, number)
        return number.e164, campaign.campaign_id

    return Answer(200, views_regulated.unlinked(*await ask.platform.inventory.write(use_case)))


# Business profiles


def _profile(store: Store, ask: Ask) -> Profile:
    try:
        profile_id = str(UUID(ask.params["profile_uuid"]))
    except ValueError:
        profile_id = ""
    return profiles.find(store, ask.caller.scope, profile_id)


async def create_profile(ask: Ask) -> Answer:
    """Add a business profile."""
    args, caller = requests.arguments(ask), ask.caller
    draft, auth_id = requests_regulated.new_profile(args), requests_regulated.profile_owner(args)

    def use_case(store: Store) -> Profile:
        owner = caller.account
        if auth_id is not None:
            owner = subaccount(store, caller.scope, auth_id, "plivo_subaccount")
        return profiles.create(store, caller.actor, owner, draft)

    made = await ask.platform.inventory.write(use_case)
    return Answer(201, views.done("created", profile_uuid=made.id))


async def list_profiles(ask: Ask) -> Answer:
    """List business profiles, oldest first."""
    window = requests.window(requests.arguments(ask))
    page, path = window.page, views.uri(ask.params["auth_id"], "Profile")
    found = await ask.platform.inventory.search(lambda store: store.profiles.page(ask.caller.scope, page))
    meta = views.meta(path, window.filters, limit=page.limit, offset=page.offset, total=found.total, last=found.last)
    shown = [views_regulated.profile(profile) for profile in found.items]
    return Answer(200, views_regulated.body(meta=meta, profiles=shown))


async def get_profile(ask: Ask) -> Answer:
    """Return a business profile."""
    profile = ask.platform.inventory.read(lambda store: _profile(store, ask))
    return Answer(200, views_regulated.body(profile=views_regulated.profile(profile)))


async def update_profile(ask: Ask) -> Answer:
    """Change a business profile; what is not given stays."""
    draft, actor = requests_regulated.profile(requests.arguments(ask)), ask.caller.actor
    changed = await ask.platform.inventory.write(
        lambda store: profiles.update(store, actor, _profile(store, ask), draft)
    )
    return Answer(200, views_regulated.body(profile=views_regulated.profile(changed)))


async def delete_profile(ask: Ask) -> Answer:
    """Take a business profile out; refused while numbers name it."""
    await ask.platform.inventory.write(lambda store: profiles.delete(store, ask.caller.actor, _profile(store, ask)))
    return Answer(204)


_ACCOUNT = "/v1/Account/{auth_id}"
_NUMBERS = f"{_ACCOUNT}/10dlc/Campaign/{{campaign_id}}/Number"

OPERATIONS = (
    Operation("POST", _NUMBERS, link_numbers),
    Operation("GET", _NUMBERS, list_campaign_numbers, is_list=True),
    Operation("GET", f"{_NUMBERS}/{{number}}", get_campaign_number),
    Operation("DELETE", f"{_NUMBERS}/{{number}}", unlink_number),
    Operation("POST", f"{_ACCOUNT}/Profile", create_profile),
    Operation("GET", f"{_ACCOUNT}/Profile", list_profiles, is_list=True),
    Operation("GET", f"{_ACCOUNT}/Profile/{{profile_uuid}}", get_profile),
    Operation("POST", f"{_ACCOUNT}/Profile/{{profile_uuid}}", update_profile),
    Operation("DELETE", f"{_ACCOUNT}/Profile/{{profile_uuid}}", delete_profile),
)
