"""Caller reputation: a number's calls are shown as those of a known business. The operator says what came of it."""

from __future__ import annotations

from dataclasses import replace

from trunkline.core import callbacks, filings
from trunkline.core.errors import InvalidError, UnknownReferenceError
from trunkline.core.model import Actor, Number, Webhook
from trunkline.core.ports import Store
from trunkline.core.regulated import FilingKind, FilingState, Profile

TAX_NUMBER = "ein"
"""The fact of a profile without which no number is enrolled."""


def enroll(store: Store, actor: Actor, number: Number, profile: Profile, callback: Webhook | None) -> Number:
    """Ask for a number to be enrolled under a profile; the same one again changes nothing unless it failed."""
    _check_number(number)
    _check_profile(store, number, profile)
    if not profile.facts.get(TAX_NUMBER):
        raise InvalidError("profile_uuid names a profile without an ein", field="profile_uuid")
    details = number.details
    if details.profile_id == profile.id and details.reputation_status in ("pending", "active"):
        return number
    filings.file(store, number, FilingKind.REPUTATION, profile.id, callback)
    details = replace(details, profile_id=profile.id, reputation_status="pending")
    return filings.write(store, actor, number, details, profile=profile.id, reputation="pending")


def withdraw(store: Store, actor: Actor, number: Number) -> Number:
    """Take a number out; nobody needs to agree to that. Its profile stays."""
    _check_number(number)
    store.filings.drop(number.id, FilingKind.REPUTATION)
    details = replace(number.details, reputation_status="not_enrolled")
    return filings.write(store, actor, number, details, reputation="not_enrolled")


def set_profile(store: Store, actor: Actor, number: Number, profile: Profile | None) -> Number:
    """Say which business stands behind a number. One that is enrolled is asked for anew, under the new profile."""
    _check_number(number)
    enrolled = number.details.reputation_status in ("pending", "active", "failed")
    if profile is None:
        if enrolled:
            raise InvalidError(
                "profile_uuid cannot be taken away while caller_reputation is enabled", field="profile_uuid"
            )
        return filings.write(store, actor, number, replace(number.details, profile_id=None), profile=None)
    if enrolled:
        filing = store.filings.get(number.id, FilingKind.REPUTATION)
        return enroll(store, actor, number, profile, filing.callback if filing else None)
    _check_profile(store, number, profile)
    return filings.write(store, actor, number, replace(number.details, profile_id=profile.id), profile=profile.id)


def settle(store: Store, actor: Actor, digits: str, *, active: bool) -> Number:
    """Say that a number's reputation is active, or that it failed: the operator's word."""
    state = FilingState.DONE if active else FilingState.FAILED
    number, filing = filings.settle(store, digits, FilingKind.REPUTATION, state)
    status = "active" if active else "failed"
    details = replace(number.details, reputation_status=status)
    number = filings.write(store, actor, number, details, reputation=status)
    facts = {"number": number.e164, "profile": filing.subject, "status": status}
    callbacks.tell(store, number.owner.id, filing.callback, "reputation", **facts)
    return number


def _check_number(number: Number) -> None:
    if not filings.is_us_named(number):
        raise InvalidError("caller_reputation is for US local and toll-free numbers", field="caller_reputation")


def _check_profile(store: Store, number: Number, profile: Profile) -> None:
    if profile.account_id not in store.accounts.ancestors(number.owner.id):
        raise UnknownReferenceError(
            "profile_uuid is no profile of the number's account or one above it", field="profile_uuid"
        )
