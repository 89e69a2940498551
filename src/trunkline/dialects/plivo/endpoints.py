"""Plivo's operations on ``Endpoint``: SIP users who register with us.

The object and the statuses are those of the vendor's SDK fixtures; where they are silent: ``docs/compatibility.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from trunkline.core import endpoints
from trunkline.core.errors import NotFoundError, UnknownReferenceError
from trunkline.core.model import Application, Endpoint, Listing, Scope
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.plivo import ids, owners, requests, requests_endpoints, views, views_endpoints
from trunkline.dialects.plivo.answering import change, delete, filtered_account, listed


def _named_application(store: Store, scope: Scope, app_id: str) -> Application:
    """Return the application that ``app_id`` names."""
    tag, serial = ids.tagged(app_id)
    application = store.applications.by_serial(scope, serial) if tag == ids.APPLICATION_TAG else None
    if application is None:
        raise UnknownReferenceError("app_id is not one of your applications", field="app_id")
    return application


def _endpoint(store: Store, ask: Ask) -> Endpoint:
    serial = ids.endpoint_serial(ask.params["endpoint_id"])
    if serial is None:
        raise NotFoundError("not found")
    return endpoints.find(store, ask.caller.scope, serial)


def _shown(ask: Ask, store: Store, found: Sequence[Endpoint]) -> list[dict[str, Any]]:
    """Return endpoints as this dialect shows them, each with the state of its registration at this moment."""
    registered = ask.platform.bindings.newest(endpoint.login_id for endpoint in found)
    auth_id, sip_host, caller = ask.params["auth_id"], store.rules.sip_host, ask.caller
    above = owners.above(store, caller.account, caller.scope, [endpoint.application for endpoint in found])
    return [views_endpoints.endpoint(e, registered.get(e.login_id), auth_id, sip_host, above) for e in found]


async def create_endpoint(ask: Ask) -> Answer:
    """Add a SIP user; its user name gets 12 digits more."""
    args, caller = requests_endpoints.new_endpoint(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> Endpoint:
        application = _named_application(store, caller.scope, args.app_id) if args.app_id else None
        return endpoints.create(
            store,
            caller.actor,
            caller.account,
            username=args.username,
            password=args.password,
            alias=args.alias,
            application=application,
        )

    created = await ask.platform.inventory.write(use_case)
    return Answer(201, views_endpoints.created(created))


async def list_endpoints(ask: Ask) -> Answer:
    """List the caller's endpoints, oldest first."""
    args, scope = requests.arguments(ask), ask.caller.scope
    window, owner = requests.window(args), requests.subaccount(args)

    def look_up(store: Store) -> tuple[Listing[Endpoint], list[dict[str, Any]]]:
        within = Scope(filtered_account(store, scope, owner)) if owner is not UNSET and owner else scope
        found = store.endpoints.page(within, window.page)
        return found, _shown(ask, store, found.items)

    found, shown = await ask.platform.inventory.search(look_up)
    return listed(ask, "Endpoint", window, found, shown)


async def get_endpoint(ask: Ask) -> Answer:
    """Return one endpoint."""
    shown = ask.platform.inventory.read(lambda store: _shown(ask, store, [_endpoint(store, ask)]))
    return Answer(200, views.one(shown[0]))


async def update_endpoint(ask: Ask) -> Answer:
    """Change an endpoint's alias, password or application: all of it, or nothing."""
    args, caller = requests_endpoints.endpoint_change(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> None:
        endpoint = _endpoint(store, ask)
        if args.alias is not None:
            endpoint = endpoints.rename(store, caller.actor, endpoint, args.alias)
        if args.password is not None:
            endpoint = endpoints.set_password(store, caller.actor, endpoint, args.password)
        if args.app_id is not UNSET and args.app_id is not None:
            new = _named_application(store, caller.scope, args.app_id) if args.app_id else None
            endpoints.point_at(store, caller.actor, endpoint, new)

    return await change(ask, use_case)


async def delete_endpoint(ask: Ask) -> Answer:
    """Take an endpoint out of service."""
    return await delete(ask, lambda store: endpoints.delete(store, ask.caller.actor, _endpoint(store, ask)))


_ENDPOINT = "/v1/Account/{auth_id}/Endpoint"

OPERATIONS = (
    Operation("POST", _ENDPOINT, create_endpoint),
    Operation("GET", _ENDPOINT, list_endpoints, is_list=True),
    Operation("GET", f"{_ENDPOINT}/{{endpoint_id}}", get_endpoint),
    Operation("POST", f"{_ENDPOINT}/{{endpoint_id}}", update_endpoint),
    Operation("DELETE", f"{_ENDPOINT}/{{endpoint_id}}", delete_endpoint),
)
