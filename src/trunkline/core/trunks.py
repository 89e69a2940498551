"""Trunks and their URIs: one use case per function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.core.errors import InvalidError, NotFoundError
from trunkline.core.model import Account, Actor, Direction, Scope, Trunk, TrunkUri
from trunkline.core.ports import Store

MAX_NAME = 100
MAX_URIS = 50
MAX_URI = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class UriDraft:
    """A trunk's target as asked for: a SIP URI, tried by priority and weight (RFC 2782)."""

    uri: str
    priority: int = 10
    weight: int = 10
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkDraft:
    """A trunk as asked for."""

    name: str
    direction: Direction = Direction.INBOUND
    uris: tuple[UriDraft, ...] = ()


def create(store: Store, actor: Actor, account: Account, draft: TrunkDraft) -> Trunk:
    """Create a trunk of ``account``."""
    _check_name(draft.name)
    now = store.now()
    trunk = Trunk(
        id=store.new_id(),
        serial=store.new_serial(),
        account_id=account.id,
        name=draft.name,
        direction=draft.direction,
        active=True,
        uris=_uris(store, draft.uris),
        created_at=now,
        updated_at=now,
    )
    store.trunks.add(trunk)
    store.log.append(actor, account.id, "create", "trunk", trunk.id, name=trunk.name, uris=[u.uri for u in trunk.uris])
    return trunk


def _check_name(name: str) -> None:
    if not (0 < len(name) <= MAX_NAME and name.isprintable()):
        raise InvalidError(f"a name has 1 to {MAX_NAME} printable characters", field="name")


def _uris(store: Store, drafts: Sequence[UriDraft]) -> tuple[TrunkUri, ...]:
    if len(drafts) > MAX_URIS:
        raise InvalidError(f"a trunk has at most {MAX_URIS} URIs", field="uris")
    for draft in drafts:
        check_uri(draft.uri)
        if not (0 <= draft.priority <= 65535 and 0 <= draft.weight <= 65535):
            raise InvalidError("priority and weight are between 0 and 65535 (RFC 2782)", field="priority")
    return tuple(
        TrunkUri(id=store.new_id(), uri=d.uri, priority=d.priority, weight=d.weight, active=d.active) for d in drafts
    )


def check_uri(uri: str) -> None:
    """Check that ``uri`` can be a trunk's target: ``sip:[user@]host[:port][;params]``, printable, no blanks."""
    scheme, _, rest = uri.partition(":")
    user, at, _ = rest.partition("@")
    host = rest.partition(";")[0].rpartition("@")[2]
    if (
        scheme.lower() != "sip"
        or not host
        or len(uri) > MAX_URI
        or not uri.isascii()
        or any(c.isspace() or not c.isprintable() or c in '<>"' for c in uri)
        or (at and ":" in user)  # a password would stand in logs and traces
    ):
        raise InvalidError(
            f"{uri[:MAX_URI]!r} is not a SIP URI that a trunk can use",
            field="uri",
            advice="Write it like sip:pbx.example.com:5060 or sip:203.0.113.9.",
        )


def find(store: Store, scope: Scope, trunk_id: str) -> Trunk:
    """Return a trunk by id; `NotFoundError` when it is not there or not in scope."""
    trunk = store.trunks.get(scope, trunk_id)
    if trunk is None:
        raise NotFoundError("not found")
    return trunk


def update(
    store: Store,
    actor: Actor,
    trunk: Trunk,
    *,
    name: str | None = None,
    active: bool | None = None,
    uris: Sequence[UriDraft] | None = None,
) -> Trunk:
    """Change a trunk's name, state or URIs; None leaves a part as it is."""
    changed = replace(
        trunk,
        name=trunk.name if name is None else name,
        active=trunk.active if active is None else active,
        uris=trunk.uris if uris is None else _uris(store, uris),
        updated_at=store.now(),
    )
    _check_name(changed.name)
    store.trunks.update(changed)
    if uris is not None:
        store.trunks.replace_uris(trunk.id, changed.uris)
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, name=changed.name, active=changed.active)
    return changed


def delete(store: Store, actor: Actor, trunk: Trunk) -> None:
    """Take a trunk out of service; numbers that point at it point at nothing."""
    unlinked = store.numbers.unlink(trunk_id=trunk.id)
    store.trunks.remove(trunk.id, store.now())
    store.log.append(actor, trunk.account_id, "delete", "trunk", trunk.id, unlinked_numbers=unlinked)
