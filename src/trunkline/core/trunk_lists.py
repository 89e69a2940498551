"""What calls of a trunk's PBXs prove themselves by, where it is several lists; and trunks that go both ways.

A call is admitted by any of a trunk's IP lists, by any login of its lists of logins, and by both where it has both
kinds. An empty list admits nobody.
"""

from __future__ import annotations

from dataclasses import replace

from trunkline.core.errors import InvalidError, NotFoundError
from trunkline.core.model import Actor, Direction, Trunk
from trunkline.core.named_ports import LoginList
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import IpList

MAX_LISTS = 64
"""Lists of each kind that one trunk has at most."""


def ip_lists_of(store: Store, trunk: Trunk) -> list[str]:
    """Return the ids of a trunk's IP lists."""
    own = [] if trunk.ip_list_id is None else [trunk.ip_list_id]
    return [*own, *store.trunk_lists.of_trunk(trunk.id)[0]]


def login_lists_of(store: Store, trunk: Trunk) -> list[str]:
    """Return the ids of a trunk's lists of logins."""
    return list(store.trunk_lists.of_trunk(trunk.id)[1])


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


def give_ip_list(store: Store, actor: Actor, trunk: Trunk, ip_list: IpList) -> None:
    """Let calls come from the addresses of a list, too; one that the trunk has stays."""
    trunk = widen(store, actor, trunk, Direction.OUTBOUND)
    had = ip_lists_of(store, trunk)
    if ip_list.id in had:
        return
    _check_room(len(had))
    store.trunk_lists.add(trunk.id, ip_list_id=ip_list.id)
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, ip_lists=[*had, ip_list.id])


def take_ip_list(store: Store, actor: Actor, trunk: Trunk, list_id: str) -> None:
    """Take a list from a trunk; `NotFoundError` where it does not have it."""
    had = ip_lists_of(store, trunk)
    if list_id not in had:
        raise NotFoundError("not found")
    if trunk.ip_list_id == list_id:
        store.trunks.update(replace(trunk, ip_list_id=None, updated_at=store.now()))
    store.trunk_lists.remove(trunk.id, ip_list_id=list_id)
    left = [one for one in had if one != list_id]
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, ip_lists=left)


def give_login_list(store: Store, actor: Actor, trunk: Trunk, login_list: LoginList) -> None:
    """Let calls prove themselves by any login of a list, too; one that the trunk has stays."""
    trunk = widen(store, actor, trunk, Direction.OUTBOUND)
    had = login_lists_of(store, trunk)
    if login_list.id in had:
        return
    _check_room(len(had))
    store.trunk_lists.add(trunk.id, login_list_id=login_list.id)
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, login_lists=[*had, login_list.id])


def take_login_list(store: Store, actor: Actor, trunk: Trunk, list_id: str) -> None:
    """Take a list of logins from a trunk; `NotFoundError` where it does not have it."""
    had = login_lists_of(store, trunk)
    if list_id not in had:
        raise NotFoundError("not found")
    store.trunk_lists.remove(trunk.id, login_list_id=list_id)
    left = [one for one in had if one != list_id]
    store.log.append(actor, trunk.account_id, "update", "trunk", trunk.id, login_lists=left)


def _check_room(lists: int) -> None:
    if lists >= MAX_LISTS:
        raise InvalidError(f"a trunk has at most {MAX_LISTS} lists of a kind", field="list")
