"""Business profiles: who stands behind a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from trunkline.core.errors import ConflictError, InvalidError, NotFoundError
from trunkline.core.model import Account, Actor, Page, Scope
from trunkline.core.ports import Store
from trunkline.core.regulated import Profile

MAX_PROFILES = 1000
"""Profiles of one account."""
MAX_TEXT = 255
"""Characters of one fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a profile consists of; of a change, what is given. ``alias`` None leaves it."""

    alias: str | None
    facts: Mapping[str, str]
    address: Mapping[str, str]
    contact: Mapping[str, str]


def create(store: Store, actor: Actor, account: Account, draft: Draft) -> Profile:
    """Add a profile; an account's first one is its primary profile."""
    there = store.profiles.page(Scope(account.id), Page(1))
    if there.total >= MAX_PROFILES:
        raise ConflictError(f"an account has at most {MAX_PROFILES} profiles", advice="Delete one first.")
    now = store.now()
    first = there.items[0] if there.items else None
    profile = Profile(
        id=store.new_id(),
        account_id=account.id,
        alias=draft.alias or "",
        primary_id=(first.primary_id or first.id) if first else None,
        facts=draft.facts,
        address=draft.address,
        contact=draft.contact,
        created_at=now,
        updated_at=now,
    )
    _check(profile)
    store.profiles.add(profile)
    store.log.append(actor, account.id, "create", "profile", profile.id, alias=profile.alias)
    return profile


def _check(profile: Profile) -> None:
    if not profile.alias.isprintable():
        raise InvalidError("profile_alias has printable characters only", field="profile_alias")
    texts = [*profile.facts.items(), *profile.address.items(), *profile.contact.items()]
    for name, text in [("profile_alias", profile.alias), *texts]:
        if len(text) > MAX_TEXT:
            raise InvalidError(f"{name} has at most {MAX_TEXT} characters", field=name)


def find(store: Store, scope: Scope, profile_id: str) -> Profile:
    """Return a profile; `NotFoundError` when it is not there or not in scope."""
    profile = store.profiles.get(scope, profile_id)
    if profile is None:
        raise NotFoundError("Profile not found.")
    return profile


def update(store: Store, actor: Actor, profile: Profile, draft: Draft) -> Profile:
    """Change what is given of a profile; what is not stays."""
    changed = replace(
        profile,
        alias=profile.alias if draft.alias is None else draft.alias,
        facts={**profile.facts, **draft.facts},
        address={**profile.address, **draft.address},
        contact={**profile.contact, **draft.contact},
        updated_at=store.now(),
    )
    _check(changed)
    store.profiles.update(changed)
    store.log.append(actor, profile.account_id, "update", "profile", profile.id, alias=changed.alias)
    return changed


def delete(store: Store, actor: Actor, profile: Profile) -> None:
    """Take a profile out; refused while numbers or other profiles name it."""
    uses = store.profiles.uses(profile.id)
    if uses:
        raise ConflictError(f"this profile is used by {uses} numbers or profiles", advice="Let go of it there first.")
    store.profiles.remove(profile.id)
    store.log.append(actor, profile.account_id, "delete", "profile", profile.id)
