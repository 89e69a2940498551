"""Trunks and their URIs: one use case per function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.core.errors import IncompleteError, InvalidError, NotFoundError
from trunkline.core.model import EVERYTHING, Account, Actor, Direction, Scope, Trunk, TrunkUri
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import OriginationUri

MAX_NAME = 100
MAX_URIS = 50
MAX_URI = 255
MAX_USES = 1000
"""Trunks that one URI takes the calls of: they go with it, in one transaction."""
PRIMARY, FALLBACK = 10, 20
"""Priorities of the two targets of a trunk that has one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UriDraft:
    """A trunk's target as asked for: a SIP URI, tried by priority and weight (RFC 2782)."""

    uri: str
    priority: int = 10
    weight: int = 10
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkDraft:
    """A trunk as asked for; ``uris`` are made with it."""

    name: str
    direction: Direction = Direction.INBOUND
    uris: tuple[UriDraft, ...] = ()
    active: bool = True


def create(store: Store, actor: Actor, account: Account, draft: TrunkDraft) -> Trunk:
    """Create a trunk of ``account``, with URIs of its own."""
    _check_name(draft.name)
    now = store.now()
    trunk = Trunk(
        id=store.new_id(),
        serial=store.new_serial(),
        account_id=account.id,
        name=draft.name,
        direction=draft.direction,
        active=draft.active,
        uris=_uris(store, account.id, draft.uris),
        created_at=now,
        updated_at=now,
    )
    store.trunks.add(trunk)
    store.log.append(actor, account.id, "create", "trunk", trunk.id, name=trunk.name, uris=[u.uri for u in trunk.uris])
    return trunk


def _check_name(name: str) -> None:
    if not (0 < len(name) <= MAX_NAME and name.isprintable()):
        raise InvalidError(f"a name has 1 to {MAX_NAME} printable characters", field="name")


def check_label(name: str, most: int = MAX_NAME) -> None:
    """Check the name of what trunks refer to, which may be empty."""
    if len(name) > most or not name.isprintable():
        raise InvalidError(f"a name has at most {most} printable characters", field="name")


def _uris(
    store: Store, account_id: str, drafts: Sequence[UriDraft], had: Sequence[TrunkUri] = ()
) -> tuple[TrunkUri, ...]:
    """Return a trunk's targets; a URI that it ``had`` stays the same record, another one is made with the trunk."""
    if len(drafts) > MAX_URIS:
        raise InvalidError(f"a trunk has at most {MAX_URIS} URIs", field="uris")
    for draft in drafts:
        check_uri(draft.uri)
        if not (0 <= draft.priority <= 65535 and 0 <= draft.weight <= 65535):
            raise InvalidError("priority and weight are between 0 and 65535 (RFC 2782)", field="priority")
    known = {uri.uri: uri.id for uri in reversed(had)}
    return tuple(
        TrunkUri(
            id=known.pop(d.uri, "") or _inline(store, account_id, d.uri),
            uri=d.uri,
            priority=d.priority,
            weight=d.weight,
            active=d.active,
        )
        for d in drafts
    )


def _inline(store: Store, account_id: str, uri: str) -> str:
    """Make a URI that belongs to one trunk, and leaves with it; return its id."""
    now = store.now()
    made = OriginationUri(
        id=store.new_id(),
        account_id=account_id,
        name=uri[:MAX_NAME],
        uri=uri,
        authenticates=False,
        username=None,
        credential_id=None,
        inline=True,
        created_at=now,
        updated_at=now,
    )
    store.originations.add(made)
    return made.id


def forget_inline(store: Store, uris: Sequence[TrunkUri]) -> None:
    """Take those of a trunk's former URIs out of service that were made with it."""
    for former in uris:
        uri = store.originations.get(EVERYTHING, former.id)
        if uri is not None and uri.inline:
            forget_uri(store, uri)


def forget_uri(store: Store, uri: OriginationUri) -> None:
    """Take a URI, which no live trunk has, out of service; its password is forgotten."""
    now = store.now()
    if uri.credential_id is not None:
        store.credentials.revoke(uri.credential_id, now)
    store.originations.remove(uri.id, now)


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


def sip_uri(text: str) -> str:
    """Return what a trunk's URI is as a SIP URI: ``sip:`` may be left out, and the brackets of an IPv6 address."""
    if text[:4].lower() == "sip:":
        return text
    return f"sip:[{text}]" if text.count(":") > 1 and "[" not in text else f"sip:{text}"


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
        uris=trunk.uris if uris is None else _uris(store, trunk.account_id, uris, trunk.uris),
        updated_at=store.now(),
    )
    _check_name(changed.name)
    store.trunks.update(changed)
    if uris is not None:
        store.trunks.replace_uris(trunk.id, changed.uris)
        kept = {uri.id for uri in changed.uris}
        forget_inline(store, [uri for uri in trunk.uris if uri.id not in kept])
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, name=changed.name, active=changed.active)
    return changed


def set_targets(
    store: Store, actor: Actor, trunk: Trunk, primary: OriginationUri | None, fallback: OriginationUri | None
) -> Trunk:
    """Let these URIs take a trunk's calls, the second one where the first fails. One made with another trunk stays."""
    if trunk.direction is Direction.OUTBOUND:
        raise InvalidError("URIs belong to inbound trunks", field="uris")
    if primary is None:
        raise IncompleteError("an inbound trunk needs a URI that takes its calls", field="uris")
    if fallback is not None and fallback.id == primary.id:
        raise InvalidError("the fallback is another URI than the primary one", field="fallback")
    had = {uri.id for uri in trunk.uris}
    wanted = [(primary, PRIMARY), *([(fallback, FALLBACK)] if fallback is not None else [])]
    for uri, _ in wanted:
        if uri.id not in had and store.trunks.uses(uri.id) >= MAX_USES:
            raise InvalidError(f"{sip_uri(uri.uri)} takes the calls of {MAX_USES} trunks already", field="uris")
        if uri.inline and uri.id not in had:
            store.originations.update(replace(uri, inline=False, updated_at=store.now()))
    uris = tuple(TrunkUri(id=u.id, uri=sip_uri(u.uri), priority=at, weight=10, active=True) for u, at in wanted)
    changed = replace(trunk, uris=uris, updated_at=store.now())
    store.trunks.replace_uris(trunk.id, uris)
    store.trunks.update(changed)
    forget_inline(store, [uri for uri in trunk.uris if uri.id not in {kept.id for kept in uris}])
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, uris=[uri.uri for uri in uris])
    return changed


def set_access(store: Store, actor: Actor, trunk: Trunk, ip_list_id: str | None, login_id: str | None) -> Trunk:
    """Say what an outbound trunk's calls prove themselves by (ids that were checked); None takes it away."""
    if trunk.direction is Direction.INBOUND and (ip_list_id is not None or login_id is not None):
        raise InvalidError("IP access control lists and credentials belong to outbound trunks", field="access")
    changed = replace(trunk, ip_list_id=ip_list_id, login_id=login_id, updated_at=store.now())
    store.trunks.update(changed)
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, ip_list=ip_list_id, login=login_id)
    return changed


def check_complete(trunk: Trunk) -> None:
    """Raise `IncompleteError` for an inbound trunk that nothing takes the calls of, an outbound one that admits nobody.

    Trunks of the native API may be either for a while.
    """
    if trunk.direction is Direction.INBOUND and not trunk.uris:
        raise IncompleteError("an inbound trunk needs a URI that takes its calls", field="uris")
    if trunk.direction is Direction.OUTBOUND and trunk.ip_list_id is None and trunk.login_id is None:
        raise IncompleteError(
            "an outbound trunk needs an IP access control list, a credential, or both", field="access"
        )


def delete(store: Store, actor: Actor, trunk: Trunk) -> None:
    """Take a trunk out of service; numbers that point at it point at nothing."""
    unlinked = store.numbers.unlink(trunk_id=trunk.id)
    store.trunk_lists.clear(trunk.id)
    store.trunk_settings.remove(trunk.id)
    store.trunks.remove(trunk.id, store.now())
    forget_inline(store, trunk.uris)
    store.log.append(actor, trunk.account_id, "delete", "trunk", trunk.id, unlinked_numbers=unlinked)
