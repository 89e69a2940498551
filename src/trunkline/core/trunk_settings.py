"""Settings of trunks, and their targets one by one: one use case per function."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from trunkline.core import trunk_lists, trunks
from trunkline.core.errors import ConflictError, InexpressibleError, InvalidError, NotFoundError
from trunkline.core.model import EVERYTHING, Actor, Direction, Trunk, TrunkUri
from trunkline.core.named_ports import TrunkSettings
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import OriginationUri
from trunkline.core.trunks import UriDraft

MAX_DOMAIN = 255
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+", re.ASCII)


def change(store: Store, actor: Actor, trunk: Trunk, settings: TrunkSettings) -> None:
    """Write a trunk's settings; its domain name is the installation's only one of that spelling."""
    name = settings.domain_name
    if name is not None:
        if len(name) > MAX_DOMAIN or not _DOMAIN.fullmatch(name):
            raise InvalidError("domain_name is no domain name in lower case", field="domain_name")
        if store.trunk_settings.has_domain(name, trunk.id):
            raise ConflictError("domain_name is taken by another trunk")
    store.trunk_settings.set(trunk.id, settings)
    store.log.append(
        actor,
        trunk.account_id,
        "update",
        "trunk",
        trunk.id,
        domain_name=name,
        recovery=settings.recovery.url if settings.recovery else None,
        transfer_mode=settings.transfer_mode,
    )


def add_target(store: Store, actor: Actor, trunk: Trunk, name: str, draft: UriDraft) -> tuple[Trunk, TrunkUri]:
    """Let a URI of the trunk's own take its calls, too."""
    trunk = trunk_lists.widen(store, actor, trunk, Direction.INBOUND)
    trunks.check_label(name)
    drafts = [*_drafts(trunk.uris), draft]
    if draft.uri in {uri.uri for uri in trunk.uris}:
        raise InvalidError("uri is one of this trunk's already", field="uri")
    changed = trunks.update(store, actor, trunk, uris=drafts)
    made = changed.uris[-1]
    _rename(store, made.id, name)
    return changed, made


def change_target(
    store: Store, actor: Actor, trunk: Trunk, target: TrunkUri, *, name: str | None = None, draft: UriDraft
) -> Trunk:
    """Change one of a trunk's targets; it stays the same record. One of several trunks keeps its name and its URI."""
    record = record_of(store, target)
    if name is not None:
        trunks.check_label(name)
    if draft.uri != target.uri or name not in (None, record.name):
        if store.trunks.uses(record.id) > 1 or record.authenticates:
            raise InexpressibleError(
                "this URI takes the calls of several trunks, or has credentials: only its priority, weight and state "
                "can be changed here",
                advice="Change it through the dialect that made it.",
            )
        trunks.check_uri(draft.uri)
        if draft.uri != target.uri and draft.uri in {uri.uri for uri in trunk.uris}:
            raise InvalidError("uri is one of this trunk's already", field="uri")
        kept = record.name if name is None else name
        store.originations.update(replace(record, uri=draft.uri, name=kept, updated_at=store.now()))
    uris = tuple(replace(uri, uri=draft.uri) if uri.id == target.id else uri for uri in trunk.uris)
    drafts = [draft if uri.id == target.id else one for uri, one in zip(uris, _drafts(uris), strict=True)]
    return trunks.update(store, actor, replace(trunk, uris=uris), uris=drafts)


def remove_target(store: Store, actor: Actor, trunk: Trunk, target: TrunkUri) -> Trunk:
    """Let a URI take a trunk's calls no more; one that is no other trunk's and was made with it is gone."""
    left = tuple(uri for uri in trunk.uris if uri.id != target.id)
    return trunks.update(store, actor, trunk, uris=_drafts(left))


def target(trunk: Trunk, uri_id: str) -> TrunkUri:
    """Return one of a trunk's targets by its record's id; `NotFoundError` where it is none."""
    for uri in trunk.uris:
        if uri.id == uri_id:
            return uri
    raise NotFoundError("not found")


def record_of(store: Store, uri: TrunkUri) -> OriginationUri:
    """Return a target's own record."""
    record = store.originations.get(EVERYTHING, uri.id)  # a trunk names what is its account's, or one's above it
    if record is None:
        raise NotFoundError("not found")
    return record


def _drafts(uris: Sequence[TrunkUri]) -> list[UriDraft]:
    return [UriDraft(uri=u.uri, priority=u.priority, weight=u.weight, active=u.active) for u in uris]


def _rename(store: Store, uri_id: str, name: str) -> None:
    record = store.originations.get(EVERYTHING, uri_id)
    if record is not None:
        store.originations.update(replace(record, name=name))
