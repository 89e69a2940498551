"""What calls of a trunk's PBXs prove themselves by, where it is several lists; and trunks that go both ways.

A call is admitted by any of a trunk's IP lists, by any login of its lists of logins, and by both where it has both
kinds. An empty list admits nobody.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from trunkline.core.errors import InvalidError, NotFoundError
from trunkline.core.model import Actor, Direction, Trunk
from trunkline.core.ports import Store

MAX_LISTS = 64
"""Lists of each kind that one trunk has at most."""


class ListKind(StrEnum):
    """What a list is of, in the words of the store and of the change log: addresses, or logins."""

    IP = "ip_list"
    LOGIN = "login_list"


def lists_of(store: Store, trunk: Trunk, kind: ListKind) -> list[str]:
    """Return the ids of a trunk's lists of a kind."""
    ip_lists, login_lists = store.trunk_lists.of_trunk(trunk.id)
    if kind is ListKind.LOGIN:
        return list(login_lists)
    own = [] if trunk.ip_list_id is None else [trunk.ip_list_id]
    return [*own, *ip_lists]


def has_several(store: Store, trunk: Trunk) -> bool:
    """Tell whether a trunk goes both ways, or has lists that a dialect with one of each has no words for."""
    return trunk.direction is Direction.BOTH or any(store.trunk_lists.of_trunk(trunk.id))


def widen(store: Store, actor: Actor, trunk: Trunk, direction: Direction) -> Trunk:
    """Let a trunk go into a further direction; one that goes there stays as it is."""
    if trunk.direction in (direction, Direction.BOTH):
        return trunk
    changed = replace(trunk, direction=Direction.BOTH, updated_at=store.now())
    store.trunks.update(changed)
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, direction=changed.direction.value)
    return changed


def give(store: Store, actor: Actor, trunk: Trunk, kind: ListKind, list_id: str) -> None:
    """Let calls be admitted by a list, too; one that the trunk has stays."""
    trunk = widen(store, actor, trunk, Direction.OUTBOUND)
    had = lists_of(store, trunk, kind)
    if list_id in had:
        return
    if len(had) >= MAX_LISTS:
        raise InvalidError(f"a trunk has at most {MAX_LISTS} lists of a kind", field="list")
    store.trunk_lists.add(trunk.id, **{f"{kind}_id": list_id})
    _log(store, actor, trunk, kind, [*had, list_id])


def take(store: Store, actor: Actor, trunk: Trunk, kind: ListKind, list_id: str) -> None:
    """Take a list from a trunk; `NotFoundError` where it does not have it."""
    had = lists_of(store, trunk, kind)
    if list_id not in had:
        raise NotFoundError("not found")
    if kind is ListKind.IP and trunk.ip_list_id == list_id:
        store.trunks.update(replace(trunk, ip_list_id=None, updated_at=store.now()))
    store.trunk_lists.remove(trunk.id, **{f"{kind}_id": list_id})
    _log(store, actor, trunk, kind, [one for one in had if one != list_id])


def _log(store: Store, actor: Actor, trunk: Trunk, kind: ListKind, left: list[str]) -> None:
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, **{f"{kind}s": left})
