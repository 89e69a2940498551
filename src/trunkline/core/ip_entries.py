"""Single networks of IP lists, each with a name of its own: one use case per function."""

from __future__ import annotations

from dataclasses import replace

from trunkline.core import ip_lists, trunks
from trunkline.core.errors import InvalidError, NotFoundError
from trunkline.core.model import Account, Actor
from trunkline.core.named_ports import IpEntry
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import IpList


def create_list(store: Store, actor: Actor, account: Account, name: str) -> IpList:
    """Create an IP list of ``account`` without entries; while it has none, it covers no source."""
    _check_name(name)
    now = store.now()
    made = IpList(id=store.new_id(), account_id=account.id, name=name, networks=(), created_at=now, updated_at=now)
    store.ip_lists.add(made)
    store.log.append(actor, account.id, "create", "ip_list", made.id, name=name, entries=[])
    return made


def rename_list(store: Store, actor: Actor, ip_list: IpList, name: str) -> IpList:
    """Call an IP list otherwise."""
    _check_name(name)
    return ip_lists.update(store, actor, ip_list, name=name)


def add(store: Store, actor: Actor, ip_list: IpList, name: str, network: str) -> IpEntry:
    """Add a network to a list. Raises `InvalidError` for one that is no source, or that the list has."""
    _check_name(name)
    host, prefix = _network(store, ip_list, network)
    if len(ip_list.networks) >= ip_lists.MAX_ENTRIES:
        raise InvalidError(f"an IP access control list has at most {ip_lists.MAX_ENTRIES} addresses", field="list")
    now = store.now()
    entry = IpEntry(
        id=store.new_id(), list_id=ip_list.id, name=name, host=host, prefix=prefix, created_at=now, updated_at=now
    )
    store.ip_entries.add(entry)
    _log(store, actor, ip_list, "added", entry)
    return entry


def find(store: Store, ip_list: IpList, entry_id: str) -> IpEntry:
    """Return an entry of a list; `NotFoundError` when it is not in it."""
    entry = store.ip_entries.get(ip_list.id, entry_id)
    if entry is None:
        raise NotFoundError("not found")
    return entry


def change(
    store: Store, actor: Actor, ip_list: IpList, entry: IpEntry, *, name: str | None = None, network: str | None = None
) -> IpEntry:
    """Change an entry's name or its network; None leaves as it is."""
    host, prefix = entry.host, entry.prefix
    if network is not None and network not in (ip_lists.written((host, prefix)), f"{host}/{prefix}"):
        host, prefix = _network(store, ip_list, network)
    name = entry.name if name is None else name
    _check_name(name)
    changed = replace(entry, name=name, host=host, prefix=prefix, updated_at=store.now())
    store.ip_entries.update(changed)
    _log(store, actor, ip_list, "changed", changed)
    return changed


def remove(store: Store, actor: Actor, ip_list: IpList, entry: IpEntry) -> None:
    """Take a network out of a list; calls from there are not admitted by it any more."""
    store.ip_entries.remove(entry.id)
    _log(store, actor, ip_list, "removed", entry)


def _network(store: Store, ip_list: IpList, network: str) -> tuple[str, int]:
    (parsed,) = ip_lists.networks([network], store.rules)
    if parsed in ip_list.networks:
        raise InvalidError(f"{ip_lists.written(parsed)} is in this list already", field="ip_addresses")
    return parsed


def _check_name(name: str) -> None:
    if not name.strip():
        raise InvalidError("a name is needed", field="name")
    trunks.check_label(name, ip_lists.MAX_NAME)


def _log(store: Store, actor: Actor, ip_list: IpList, done: str, entry: IpEntry) -> None:
    told = {done: ip_lists.written((entry.host, entry.prefix)), "name": entry.name}
    store.log.append(actor, ip_list.account_id, "update", "ip_list", ip_list.id, **told)
