"""Twilio's ``SIP/IpAccessControlLists`` and ``SIP/CredentialLists``, with what stands in them.

Trunks are given these lists; an IP access control list is the same record as Zentrunk's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trunkline.core import ip_entries, ip_lists, login_lists
from trunkline.core.errors import ConflictError, InvalidError
from trunkline.core.model import Page, Scope
from trunkline.core.named_ports import IpEntry, LoginList
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import IpList, IpListFilter, LoginFilter, TrunkLogin
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import arguments, ids, named_ids, paging, requests_sip_lists, views, views_sip_lists
from trunkline.dialects.twilio.answering import created, deleted, listed, one
from trunkline.dialects.twilio.problems import RefusedError

IP_LIST_IN_USE, LIST_FULL, LOGIN_LIST_IN_USE, LOGINS_FULL = 21236, 21237, 21241, 21242
_IP_LIST, _IP_ENTRY, _LOGIN_LIST, _LOGIN = "IpAccessControlList", "IpAddress", "CredentialList", "Credential"


async def _write(ask: Ask, code: int, use_case: Callable[[Store], dict[str, Any]]) -> dict[str, Any]:
    """Run a write; what it finds invalid is refused with this code."""

    def coded(store: Store) -> dict[str, Any]:
        try:
            return use_case(store)
        except InvalidError as error:
            raise RefusedError(code, str(error)) from None

    return await ask.platform.inventory.write(coded)


async def _delete(ask: Ask, code: int, use_case: Callable[[Store], None]) -> Answer:
    """Run a deletion; what is in use is refused with this code."""

    def coded(store: Store) -> None:
        try:
            use_case(store)
        except ConflictError as error:
            raise RefusedError(code, str(error)) from None

    await ask.platform.inventory.write(coded)
    return deleted(ask)


# IP access control lists


def _ip_list(store: Store, ask: Ask) -> IpList:
    return ip_lists.find(store, ask.caller.scope, ids.path_id(ask, "IpAccessControlListSid", named_ids.IP_LIST))


async def create_ip_list(ask: Ask) -> Answer:
    """Add an IP access control list, with no addresses in it: it admits nobody."""
    name = requests_sip_lists.required(arguments.form(ask), "FriendlyName", requests_sip_lists.BAD_LIST)
    caller = ask.caller

    def use_case(store: Store) -> dict[str, Any]:
        return views_sip_lists.ip_list(ip_entries.create_list(store, caller.actor, caller.account, name))

    return created(ask, _IP_LIST, await _write(ask, requests_sip_lists.BAD_LIST, use_case))


async def list_ip_lists(ask: Ask) -> Answer:
    """List the account's IP access control lists, oldest first."""
    window, scope = paging.window(ask.query(), named_ids.IP_LIST), ask.caller.scope
    found = await ask.platform.inventory.search(lambda store: store.ip_lists.page(scope, IpListFilter(), window.page))
    shown = [views_sip_lists.ip_list(record) for record in found.items]
    return listed(ask, "ip_access_control_lists", _IP_LIST, shown, window=window, last=found.last)


async def get_ip_list(ask: Ask) -> Answer:
    """Return one IP access control list."""
    found = ask.platform.inventory.read(lambda store: _ip_list(store, ask))
    return one(ask, _IP_LIST, views_sip_lists.ip_list(found))


async def update_ip_list(ask: Ask) -> Answer:
    """Call an IP access control list otherwise."""
    name = requests_sip_lists.required(arguments.form(ask), "FriendlyName", requests_sip_lists.BAD_LIST)

    def use_case(store: Store) -> dict[str, Any]:
        return views_sip_lists.ip_list(ip_entries.rename_list(store, ask.caller.actor, _ip_list(store, ask), name))

    return one(ask, _IP_LIST, await _write(ask, requests_sip_lists.BAD_LIST, use_case))


async def delete_ip_list(ask: Ask) -> Answer:
    """Take an IP access control list out of service; refused while trunks have it."""
    return await _delete(
        ask, IP_LIST_IN_USE, lambda store: ip_lists.delete(store, ask.caller.actor, _ip_list(store, ask))
    )


def _entry(store: Store, ask: Ask) -> tuple[IpList, IpEntry]:
    owner = _ip_list(store, ask)
    return owner, ip_entries.find(store, owner, ids.path_id(ask, "IpAddressSid", named_ids.IP_ENTRY))


async def create_entry(ask: Ask) -> Answer:
    """Add an address or a network to an IP access control list."""
    args = arguments.form(ask)
    name = requests_sip_lists.required(args, "FriendlyName", requests_sip_lists.BAD_ADDRESS)
    network = requests_sip_lists.network(args) or ""

    def use_case(store: Store) -> dict[str, Any]:
        owner = _ip_list(store, ask)
        if len(owner.networks) >= ip_lists.MAX_ENTRIES:
            raise RefusedError(LIST_FULL, f"a list has at most {ip_lists.MAX_ENTRIES} addresses")
        return views_sip_lists.ip_entry(owner, ip_entries.add(store, ask.caller.actor, owner, name, network))

    return created(ask, _IP_ENTRY, await _write(ask, requests_sip_lists.BAD_ADDRESS, use_case))


async def list_entries(ask: Ask) -> Answer:
    """List the addresses of an IP access control list, oldest first."""
    window = paging.window(ask.query(), named_ids.IP_ENTRY)

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        owner = _ip_list(store, ask)
        found = store.ip_entries.page(owner.id, window.page)
        return [views_sip_lists.ip_entry(owner, entry) for entry in found.items], found.last

    shown, last = await ask.platform.inventory.search(look_up)
    return listed(ask, "ip_addresses", _IP_ENTRY, shown, window=window, last=last)


async def get_entry(ask: Ask) -> Answer:
    """Return one address of an IP access control list."""
    owner, entry = ask.platform.inventory.read(lambda store: _entry(store, ask))
    return one(ask, _IP_ENTRY, views_sip_lists.ip_entry(owner, entry))


async def update_entry(ask: Ask) -> Answer:
    """Change an address of an IP access control list; what is not given stays."""
    args, actor = arguments.form(ask), ask.caller.actor

    def use_case(store: Store) -> dict[str, Any]:
        owner, entry = _entry(store, ask)
        network = requests_sip_lists.network(args, (entry.host, entry.prefix))
        name = args.get("FriendlyName") or None
        changed = ip_entries.change(store, actor, owner, entry, name=name, network=network)
        return views_sip_lists.ip_entry(owner, changed)

    return one(ask, _IP_ENTRY, await _write(ask, requests_sip_lists.BAD_ADDRESS, use_case))


async def delete_entry(ask: Ask) -> Answer:
    """Take an address out of an IP access control list."""

    def use_case(store: Store) -> None:
        ip_entries.remove(store, ask.caller.actor, *_entry(store, ask))

    await ask.platform.inventory.write(use_case)
    return deleted(ask)


# Credential lists


def _login_list(store: Store, ask: Ask) -> LoginList:
    return login_lists.find(store, ask.caller.scope, ids.path_id(ask, "CredentialListSid", named_ids.LOGIN_LIST))


async def create_login_list(ask: Ask) -> Answer:
    """Add a credential list, with no credentials in it: it admits nobody."""
    name = requests_sip_lists.required(arguments.form(ask), "FriendlyName", requests_sip_lists.BAD_LOGIN_LIST)
    caller = ask.caller

    def use_case(store: Store) -> dict[str, Any]:
        return views_sip_lists.login_list(login_lists.create(store, caller.actor, caller.account, name))

    return created(ask, _LOGIN_LIST, await _write(ask, requests_sip_lists.BAD_LOGIN_LIST, use_case))


async def list_login_lists(ask: Ask) -> Answer:
    """List the account's credential lists, oldest first."""
    window, scope = paging.window(ask.query(), named_ids.LOGIN_LIST), ask.caller.scope
    found = await ask.platform.inventory.search(lambda store: store.login_lists.page(scope, window.page))
    shown = [views_sip_lists.login_list(record) for record in found.items]
    return listed(ask, "credential_lists", _LOGIN_LIST, shown, window=window, last=found.last)


async def get_login_list(ask: Ask) -> Answer:
    """Return one credential list."""
    found = ask.platform.inventory.read(lambda store: _login_list(store, ask))
    return one(ask, _LOGIN_LIST, views_sip_lists.login_list(found))


async def update_login_list(ask: Ask) -> Answer:
    """Call a credential list otherwise."""
    name = requests_sip_lists.required(arguments.form(ask), "FriendlyName", requests_sip_lists.BAD_LOGIN_LIST)

    def use_case(store: Store) -> dict[str, Any]:
        changed = login_lists.rename(store, ask.caller.actor, _login_list(store, ask), name)
        return views_sip_lists.login_list(changed)

    return one(ask, _LOGIN_LIST, await _write(ask, requests_sip_lists.BAD_LOGIN_LIST, use_case))


async def delete_login_list(ask: Ask) -> Answer:
    """Take a credential list and its credentials out of service; refused while trunks have it."""
    return await _delete(
        ask, LOGIN_LIST_IN_USE, lambda store: login_lists.delete(store, ask.caller.actor, _login_list(store, ask))
    )


def _login(store: Store, ask: Ask) -> tuple[LoginList, TrunkLogin]:
    owner = _login_list(store, ask)
    return owner, login_lists.find_login(store, owner, ids.path_id(ask, "CredentialSid", named_ids.LOGIN))


async def create_login(ask: Ask) -> Answer:
    """Add a user name and password to a credential list."""
    args = arguments.form(ask)
    username = requests_sip_lists.required(args, "Username", requests_sip_lists.BAD_LOGIN)
    password = args.get("Password", "")

    def use_case(store: Store) -> dict[str, Any]:
        owner = _login_list(store, ask)
        wanted = LoginFilter(list_id=owner.id)
        if store.trunk_logins.page(Scope(owner.account_id), wanted, Page(1)).total >= login_lists.MAX_LOGINS:
            raise RefusedError(LOGINS_FULL, f"a list has at most {login_lists.MAX_LOGINS} credentials")
        made = login_lists.add_login(store, ask.caller.actor, owner, username, password)
        return views_sip_lists.login(owner, made)

    return created(ask, _LOGIN, await _write(ask, requests_sip_lists.BAD_LOGIN, use_case))


async def list_logins(ask: Ask) -> Answer:
    """List the credentials of a credential list, oldest first."""
    window = paging.window(ask.query(), named_ids.LOGIN)

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        owner = _login_list(store, ask)
        found = store.trunk_logins.page(Scope(owner.account_id), LoginFilter(list_id=owner.id), window.page)
        return [views_sip_lists.login(owner, login) for login in found.items], found.last

    shown, last = await ask.platform.inventory.search(look_up)
    return listed(ask, "credentials", _LOGIN, shown, window=window, last=last)


async def get_login(ask: Ask) -> Answer:
    """Return one credential of a credential list."""
    owner, login = ask.platform.inventory.read(lambda store: _login(store, ask))
    return one(ask, _LOGIN, views_sip_lists.login(owner, login))


async def update_login(ask: Ask) -> Answer:
    """Give a credential another password."""
    password = arguments.form(ask).get("Password")

    def use_case(store: Store) -> dict[str, Any]:
        owner, login = _login(store, ask)
        if password is not None:
            login = login_lists.change_password(store, ask.caller.actor, login, password)
        return views_sip_lists.login(owner, login)

    return one(ask, _LOGIN, await _write(ask, requests_sip_lists.BAD_LOGIN, use_case))


async def delete_login(ask: Ask) -> Answer:
    """Take a credential out of its list."""

    def use_case(store: Store) -> None:
        login_lists.remove_login(store, ask.caller.actor, _login(store, ask)[1])

    await ask.platform.inventory.write(use_case)
    return deleted(ask)


_SIP = f"{views.PREFIX}/Accounts/{{AccountSid}}/SIP"
_IP = f"{_SIP}/IpAccessControlLists"
_ONE_IP = f"{_IP}/{{IpAccessControlListSid}}"
_ENTRIES = f"{_ONE_IP}/IpAddresses"
_LISTS = f"{_SIP}/CredentialLists"
_ONE_LIST = f"{_LISTS}/{{CredentialListSid}}"
_LOGINS = f"{_ONE_LIST}/Credentials"

OPERATIONS = (
    Operation("POST", _IP, create_ip_list),
    Operation("GET", _IP, list_ip_lists, is_list=True),
    Operation("GET", _ONE_IP, get_ip_list),
    Operation("POST", _ONE_IP, update_ip_list),
    Operation("DELETE", _ONE_IP, delete_ip_list),
    Operation("POST", _ENTRIES, create_entry),
    Operation("GET", _ENTRIES, list_entries, is_list=True),
    Operation("GET", f"{_ENTRIES}/{{IpAddressSid}}", get_entry),
    Operation("POST", f"{_ENTRIES}/{{IpAddressSid}}", update_entry),
    Operation("DELETE", f"{_ENTRIES}/{{IpAddressSid}}", delete_entry),
    Operation("POST", _LISTS, create_login_list),
    Operation("GET", _LISTS, list_login_lists, is_list=True),
    Operation("GET", _ONE_LIST, get_login_list),
    Operation("POST", _ONE_LIST, update_login_list),
    Operation("DELETE", _ONE_LIST, delete_login_list),
    Operation("POST", _LOGINS, create_login),
    Operation("GET", _LOGINS, list_logins, is_list=True),
    Operation("GET", f"{_LOGINS}/{{CredentialSid}}", get_login),
    Operation("POST", f"{_LOGINS}/{{CredentialSid}}", update_login),
    Operation("DELETE", f"{_LOGINS}/{{CredentialSid}}", delete_login),
)
