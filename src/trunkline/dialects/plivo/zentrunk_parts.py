"""What Zentrunk trunks refer to: origination URIs, credentials and IP access control lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from trunkline.core import ip_lists, origination, trunk_logins
from trunkline.core.model import Listing
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import IpList, OriginationUri, TrunkLogin
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.plivo import requests, requests_zentrunk, views, views_zentrunk
from trunkline.dialects.plivo.answering import delete

T = TypeVar("T")

ROOT = "/v1/Account/{auth_id}/Zentrunk"


def listed(ask: Ask, resource: str, window: requests.Window, found: Listing[T], shown: Sequence[Any]) -> Answer:
    """Return a page of one of Zentrunk's resources."""
    page, path = window.page, views.uri(ask.params["auth_id"], f"Zentrunk/{resource}")
    meta = views.meta(path, window.filters, limit=page.limit, offset=page.offset, total=found.total, last=found.last)
    return Answer(200, views.listing(shown, views_zentrunk.meta(meta)))


async def changed(ask: Ask, use_case: Callable[[Store], object], message: str, name: str) -> Answer:
    """Run a change of the record that the path's ``name`` names: 202 with the message and its id."""
    await ask.platform.inventory.write(use_case)
    return Answer(202, views.done(message, **{name: ask.params[name]}))


# Origination URIs


async def create_uri(ask: Ask) -> Answer:
    """Add an origination URI, good for any number of inbound trunks."""
    draft, caller = requests_zentrunk.new_uri(requests.arguments(ask)), ask.caller
    made = await ask.platform.inventory.write(
        lambda store: origination.create(store, caller.actor, caller.account, draft)
    )
    return Answer(201, views.done("Origination URI created successfully.", uri_uuid=made.id))


async def list_uris(ask: Ask) -> Answer:
    """List the caller's origination URIs, oldest first; every attribute is a filter."""
    args, scope = requests.arguments(ask), ask.caller.scope
    window, wanted = requests.window(args), requests_zentrunk.uri_filter(args)
    found = await ask.platform.inventory.search(lambda store: store.originations.page(scope, wanted, window.page))
    return listed(ask, "URI", window, found, [views_zentrunk.uri(uri) for uri in found.items])


def _uri(store: Store, ask: Ask) -> OriginationUri:
    return origination.find(store, ask.caller.scope, ask.params["uri_uuid"])


async def get_uri(ask: Ask) -> Answer:
    """Return one origination URI."""
    return Answer(200, views_zentrunk.one(views_zentrunk.uri(ask.platform.inventory.read(lambda s: _uri(s, ask)))))


async def update_uri(ask: Ask) -> Answer:
    """Change an origination URI; all trunks that have it follow."""
    change = requests_zentrunk.uri_change(requests.arguments(ask))

    def use_case(store: Store) -> None:
        origination.update(store, ask.caller.actor, _uri(store, ask), change)

    return await changed(ask, use_case, "Origination URI updated successfully.", "uri_uuid")


async def delete_uri(ask: Ask) -> Answer:
    """Take an origination URI out of service, and every trunk that has it with it."""
    return await delete(ask, lambda store: origination.delete(store, ask.caller.actor, _uri(store, ask)))


# Credentials


async def create_credential(ask: Ask) -> Answer:
    """Add a user name and password for calls of outbound trunks."""
    args, caller = requests_zentrunk.new_credential(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> TrunkLogin:
        return trunk_logins.create(
            store,
            caller.actor,
            caller.account,
            name=args.name or "",
            username=args.username or "",
            password=args.password or "",
        )

    made = await ask.platform.inventory.write(use_case)
    return Answer(201, views.done("credential created successfully.", credential_uuid=made.id))


async def list_credentials(ask: Ask) -> Answer:
    """List the caller's credentials, oldest first; every attribute is a filter."""
    args, scope = requests.arguments(ask), ask.caller.scope
    window, wanted = requests.window(args), requests_zentrunk.credential_filter(args)
    found = await ask.platform.inventory.search(lambda store: store.trunk_logins.page(scope, wanted, window.page))
    return listed(ask, "Credential", window, found, [views_zentrunk.credential(login) for login in found.items])


def _credential(store: Store, ask: Ask) -> TrunkLogin:
    return trunk_logins.find(store, ask.caller.scope, ask.params["credential_uuid"])


async def get_credential(ask: Ask) -> Answer:
    """Return one credential."""
    login = ask.platform.inventory.read(lambda store: _credential(store, ask))
    return Answer(200, views_zentrunk.one(views_zentrunk.credential(login)))


async def update_credential(ask: Ask) -> Answer:
    """Change a credential; without ``password`` its password is taken away, and it admits nobody."""
    args = requests_zentrunk.credential_change(requests.arguments(ask))

    def use_case(store: Store) -> None:
        login = _credential(store, ask)
        trunk_logins.update(
            store, ask.caller.actor, login, name=args.name, username=args.username, password=args.password
        )

    return await changed(ask, use_case, "Credential updated successfully.", "credential_uuid")


async def delete_credential(ask: Ask) -> Answer:
    """Take a credential out of service; refused while trunks have it."""
    return await delete(ask, lambda store: trunk_logins.delete(store, ask.caller.actor, _credential(store, ask)))


# IP access control lists


async def create_ip_list(ask: Ask) -> Answer:
    """Add a list of the addresses from which calls of outbound trunks come."""
    args, caller = requests_zentrunk.new_ip_list(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> IpList:
        return ip_lists.create(store, caller.actor, caller.account, name=args.name or "", entries=args.entries or [])

    made = await ask.platform.inventory.write(use_case)
    return Answer(201, views.done("IP access control list created successfully.", ipacl_uuid=made.id))


async def list_ip_lists(ask: Ask) -> Answer:
    """List the caller's IP access control lists, oldest first; every attribute is a filter."""
    args, scope = requests.arguments(ask), ask.caller.scope
    window = requests.window(args)

    def look_up(store: Store) -> Listing[IpList]:
        return store.ip_lists.page(scope, requests_zentrunk.ip_list_filter(args, store.rules), window.page)

    found = await ask.platform.inventory.search(look_up)
    return listed(ask, "IPAccessControlList", window, found, [views_zentrunk.ip_list(one) for one in found.items])


def _ip_list(store: Store, ask: Ask) -> IpList:
    return ip_lists.find(store, ask.caller.scope, ask.params["ipacl_uuid"])


async def get_ip_list(ask: Ask) -> Answer:
    """Return one IP access control list."""
    ip_list = ask.platform.inventory.read(lambda store: _ip_list(store, ask))
    return Answer(200, views_zentrunk.one(views_zentrunk.ip_list(ip_list)))


async def update_ip_list(ask: Ask) -> Answer:
    """Change an IP access control list; ``ip_addresses`` replaces all of them."""
    args = requests_zentrunk.ip_list_change(requests.arguments(ask))

    def use_case(store: Store) -> None:
        ip_lists.update(store, ask.caller.actor, _ip_list(store, ask), name=args.name, entries=args.entries)

    return await changed(ask, use_case, "IP access control list updated successfully.", "ipacl_uuid")


async def delete_ip_list(ask: Ask) -> Answer:
    """Take an IP access control list out of service; refused while trunks have it."""
    return await delete(ask, lambda store: ip_lists.delete(store, ask.caller.actor, _ip_list(store, ask)))


OPERATIONS = (
    Operation("POST", f"{ROOT}/URI", create_uri),
    Operation("GET", f"{ROOT}/URI", list_uris, is_list=True),
    Operation("GET", f"{ROOT}/URI/{{uri_uuid}}", get_uri),
    Operation("POST", f"{ROOT}/URI/{{uri_uuid}}", update_uri),
    Operation("DELETE", f"{ROOT}/URI/{{uri_uuid}}", delete_uri),
    Operation("POST", f"{ROOT}/Credential", create_credential),
    Operation("GET", f"{ROOT}/Credential", list_credentials, is_list=True),
    Operation("GET", f"{ROOT}/Credential/{{credential_uuid}}", get_credential),
    Operation("POST", f"{ROOT}/Credential/{{credential_uuid}}", update_credential),
    Operation("DELETE", f"{ROOT}/Credential/{{credential_uuid}}", delete_credential),
    Operation("POST", f"{ROOT}/IPAccessControlList", create_ip_list),
    Operation("GET", f"{ROOT}/IPAccessControlList", list_ip_lists, is_list=True),
    Operation("GET", f"{ROOT}/IPAccessControlList/{{ipacl_uuid}}", get_ip_list),
    Operation("POST", f"{ROOT}/IPAccessControlList/{{ipacl_uuid}}", update_ip_list),
    Operation("DELETE", f"{ROOT}/IPAccessControlList/{{ipacl_uuid}}", delete_ip_list),
)
