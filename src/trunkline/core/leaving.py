"""What stays behind when a number moves to another account of its tree: what the new owner could not use itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trunkline.core.model import EVERYTHING, Account, Number, NumberDetails
from trunkline.core.ports import Store
from trunkline.core.regulated import FilingKind, FilingState


def leave_behind(store: Store, number: Number, owner: Account) -> NumberDetails:
    """Withdraw what was asked for a number by accounts that are not above its new owner; return the details that stay.

    A campaign or a business profile serves its account and those below it, so the link to one that the new owner is
    not below ends. A caller name that waits is withdrawn; one that was confirmed stays the number's. What stays no
    longer tells the old owner's application of the new owner's number.
    """
    details, above = number.details, store.accounts.ancestors(owner.id)
    if number.owner.id in above:
        return details  # all that serves the old owner serves those below it
    if details.profile_id is not None and not _serves(store, FilingKind.REPUTATION, details.profile_id, above):
        details = replace(details, profile_id=None, reputation_status="not_enrolled")
    for kind in FilingKind:
        filing = store.filings.get(number.id, kind)
        if filing is None:
            continue
        if kind is FilingKind.CNAM:
            stays = filing.state is not FilingState.PENDING
        else:
            stays = _serves(store, kind, filing.subject, above)
        if stays:
            store.filings.put(replace(filing, callback=None))
            continue
        store.filings.drop(number.id, kind)
        if kind is FilingKind.CAMPAIGN:
            details = replace(details, campaign_id=None, campaign_status="unregistered")
    return details


def _serves(store: Store, kind: FilingKind, subject: str, above: Sequence[str]) -> bool:
    """Tell whether a campaign or a profile is of one of these accounts."""
    found = store.campaigns.get(subject) if kind is FilingKind.CAMPAIGN else store.profiles.get(EVERYTHING, subject)
    return found is not None and found.account_id in above
