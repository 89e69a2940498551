"""IP access control lists: the addresses from which the calls of outbound trunks may come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trunkline.core import carriers, trunks
from trunkline.core.errors import ConflictError, NotFoundError, UnknownReferenceError
from trunkline.core.model import EVERYTHING, Account, Actor, Page, Scope
from trunkline.core.ports import Rules, Store
from trunkline.core.trunk_ports import IpList, TrunkFilter

MAX_ENTRIES = 200
"""Addresses and networks in one list."""

MAX_NAME = 255
"""Characters of the name of a list, and of an entry's."""


def create(store: Store, actor: Actor, account: Account, *, name: str, entries: Sequence[str]) -> IpList:
    """Create a list of ``account``. Raises `InvalidError` naming an entry that is no source; see `core.sources`."""
    trunks.check_label(name, MAX_NAME)
    now = store.now()
    ip_list = IpList(
        id=store.new_id(),
        account_id=account.id,
        name=name,
        networks=networks(entries, store.rules),
        created_at=now,
        updated_at=now,
    )
    store.ip_lists.add(ip_list)
    _log(store, actor, "create", ip_list)
    return ip_list


def find(store: Store, scope: Scope, list_id: str) -> IpList:
    """Return a list by id; `NotFoundError` when it is not there or not in scope."""
    ip_list = store.ip_lists.get(scope, list_id)
    if ip_list is None:
        raise NotFoundError("not found")
    return ip_list


def named(store: Store, scope: Scope, account_id: str, list_id: str, argument: str) -> IpList:
    """Return the list that an argument names for a trunk of this account: the account's own, or one's above it."""
    ip_list = store.ip_lists.get(scope, list_id)
    if ip_list is None or ip_list.account_id not in store.accounts.ancestors(account_id):
        raise UnknownReferenceError(f"{argument} is not one of your IP access control lists", field=argument)
    return ip_list


def update(
    store: Store, actor: Actor, ip_list: IpList, *, name: str | None = None, entries: Sequence[str] | None = None
) -> IpList:
    """Change a list's name, or replace all its entries; None leaves as it is."""
    changed = replace(
        ip_list,
        name=ip_list.name if name is None else name,
        networks=ip_list.networks if entries is None else networks(entries, store.rules),
        updated_at=store.now(),
    )
    trunks.check_label(changed.name, MAX_NAME)
    store.ip_lists.update(changed)
    _log(store, actor, "update", changed)
    return changed


def delete(store: Store, actor: Actor, ip_list: IpList) -> None:
    """Take a list out of service; refused while a trunk has it, which would admit other calls without it."""
    using = store.trunks.page(EVERYTHING, Page(1), TrunkFilter(ip_list_id=ip_list.id)).total
    if using:
        raise ConflictError(
            f"this IP access control list is in use by {using} trunk{'s' if using != 1 else ''}",
            advice="Give them another one, or delete them first.",
        )
    store.ip_lists.remove(ip_list.id, store.now())
    store.log.append(actor, ip_list.account_id, "delete", "ip_list", ip_list.id, name=ip_list.name)


def written(network: tuple[str, int]) -> str:
    """Return an entry as people write it: with ``/prefix`` only where it is a real mask."""
    host, prefix = network
    return host if prefix == (128 if ":" in host else 32) else f"{host}/{prefix}"


def networks(entries: Sequence[str], rules: Rules) -> tuple[tuple[str, int], ...]:
    """Return what the entries of a list name, repeats folded; `InvalidError` naming one that is no source."""
    return carriers.parse_ip_set(entries, rules, field="ip_addresses", most=MAX_ENTRIES)


def _log(store: Store, actor: Actor, verb: str, ip_list: IpList) -> None:
    shown = [written(network) for network in ip_list.networks]
    store.log.append(actor, ip_list.account_id, verb, "ip_list", ip_list.id, name=ip_list.name, entries=shown)
