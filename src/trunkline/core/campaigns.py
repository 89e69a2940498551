"""Messaging campaigns (10DLC) and the numbers linked to them. The operator enters campaigns and settles links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from trunkline.core import callbacks, e164, filings
from trunkline.core.errors import ConflictError, InvalidError, NotFoundError, UnknownReferenceError
from trunkline.core.model import EVERYTHING, Account, Actor, Number, Scope, Webhook
from trunkline.core.ports import Store
from trunkline.core.regulated import Campaign, FilingKind, FilingState

MAX_TEXT = 255
MAX_NUMBERS = 49
"""Numbers of a campaign unless the operator says otherwise: what carriers grant without a further application."""
MAX_POOL = 10_000
"""The most numbers that the operator may grant."""

_CAMPAIGN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def add(
    store: Store,
    actor: Actor,
    account: Account,
    *,
    campaign_id: str,
    alias: str = "",
    usecase: str = "MIXED",
    max_numbers: int = MAX_NUMBERS,
) -> Campaign:
    """Enter a campaign that the registry knows; the operator's word."""
    if not _CAMPAIGN_ID.fullmatch(campaign_id):
        raise InvalidError("a campaign id has 1 to 64 letters, digits, hyphens and underscores", field="campaign_id")
    if not alias.isprintable():
        raise InvalidError("alias has printable characters only", field="alias")
    if len(alias) > MAX_TEXT or not 0 < len(usecase) <= MAX_TEXT:
        raise InvalidError(f"alias and usecase have at most {MAX_TEXT} characters", field="usecase")
    if not 1 <= max_numbers <= MAX_POOL:
        raise InvalidError(f"a campaign takes 1 to {MAX_POOL} numbers", field="max_numbers")
    if store.campaigns.get(campaign_id) is not None:
        raise ConflictError(f"campaign {campaign_id} is there already")
    campaign = Campaign(
        id=store.new_id(),
        account_id=account.id,
        campaign_id=campaign_id,
        alias=alias,
        usecase=usecase,
        max_numbers=max_numbers,
        created_at=store.now(),
    )
    store.campaigns.add(campaign)
    store.log.append(actor, account.id, "create", "campaign", campaign_id, usecase=usecase)
    return campaign


def remove(store: Store, actor: Actor, campaign_id: str) -> Campaign:
    """Take a campaign out; refused while numbers are linked to it."""
    campaign = store.campaigns.get(campaign_id)
    if campaign is None:
        raise NotFoundError(f"no campaign {campaign_id}")
    linked = _linked(store, campaign_id)
    if linked:
        raise ConflictError(f"campaign {campaign_id} has {linked} numbers", advice="Unlink them first.")
    store.campaigns.remove(campaign)
    store.log.append(actor, campaign.account_id, "delete", "campaign", campaign_id)
    return campaign


def find(store: Store, account: Account, scope: Scope, campaign_id: str) -> Campaign:
    """Return a campaign of the account, of one above it, or of one inside its scope; else `NotFoundError`."""
    campaign = store.campaigns.get(campaign_id)
    if campaign is None or not (
        campaign.account_id in store.accounts.ancestors(account.id) or store.accounts.covers(scope, campaign.account_id)
    ):
        raise NotFoundError("not found")
    return campaign


def link(store: Store, actor: Actor, campaign: Campaign, numbers: Sequence[Number], callback: Webhook | None) -> None:
    """Ask for numbers to be linked to a campaign: all of them, or none.

    Errors whose text the vendor publishes name no field: they reach the wire as they are, with nothing before them.
    """
    for number in numbers:
        if number.details.campaign_status in ("processing", "completed"):
            raise InvalidError(f"The number {number.e164} is already requested for linking")
        if campaign.account_id not in store.accounts.ancestors(number.owner.id):
            raise InvalidError(f"The number {number.e164} is not of the campaign's account", field="numbers")
        details = number.details
        if not (number.sms and details.country == "US" and details.number_type == "local"):
            raise InvalidError(
                f"The number {number.e164} is not a US local number that sends messages", field="numbers"
            )
        filings.file(store, number, FilingKind.CAMPAIGN, campaign.campaign_id, callback)
        details = replace(details, campaign_id=campaign.campaign_id, campaign_status="processing")
        filings.write(store, actor, number, details, campaign=campaign.campaign_id, campaign_status="processing")
    if _linked(store, campaign.campaign_id) > campaign.max_numbers:
        raise InvalidError(
            f"campaign {campaign.campaign_id} takes {campaign.max_numbers} numbers in all", field="numbers"
        )


def _linked(store: Store, campaign_id: str) -> int:
    counts = store.campaigns.count(EVERYTHING, campaign_id)
    return counts.get("pending", 0) + counts.get("done", 0)


def number_to_link(store: Store, scope: Scope, written: str) -> Number:
    """Return the number that an entry of a list names; `UnknownReferenceError` for what is not in scope."""
    try:
        number = store.numbers.get(scope, e164.parse(written))
    except InvalidError:
        number = None
    if number is None:
        raise UnknownReferenceError(f"The number {written[: e164.MAX_WRITTEN]} is not a valid number")
    return number


def unlink(store: Store, actor: Actor, campaign: Campaign, number: Number) -> None:
    """Take a number out of a campaign; nobody needs to agree to that."""
    filing = store.filings.get(number.id, FilingKind.CAMPAIGN)
    if filing is None or filing.subject != campaign.campaign_id:
        raise InvalidError(f"The number {number.e164} is not linked to this campaign")
    store.filings.drop(number.id, FilingKind.CAMPAIGN)
    details = replace(number.details, campaign_id=None, campaign_status="unregistered")
    filings.write(store, actor, number, details, campaign=None, campaign_status="unregistered")


def settle(store: Store, actor: Actor, digits: str, *, completed: bool) -> Number:
    """Complete a number's link, or let it fail: the operator's word. A failed one may be asked for again."""
    state = FilingState.DONE if completed else FilingState.FAILED
    number, filing = filings.settle(store, digits, FilingKind.CAMPAIGN, state)
    kept = filing.subject if completed else None
    status = "completed" if completed else "unregistered"
    details = replace(number.details, campaign_id=kept, campaign_status=status)
    number = filings.write(store, actor, number, details, campaign=filing.subject, completed=completed)
    facts = {"number": number.e164, "campaign": filing.subject, "outcome": state.value}
    callbacks.tell(store, number.owner.id, filing.callback, "campaign", **facts)
    return number
