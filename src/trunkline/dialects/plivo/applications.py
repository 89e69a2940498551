"""Plivo's ``Application``. Source: https://docs.plivo.com/docs/account/api/application."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import UNSET

from trunkline.core import applications
from trunkline.core.errors import NotFoundError, UnknownReferenceError
from trunkline.core.model import Application, CallHooks, Listing, Scope
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask
from trunkline.dialects.plivo import ids, requests, views
from trunkline.dialects.plivo.answering import change, delete, filtered_account, listed, subaccount


async def create_application(ask: Ask) -> Answer:
    """Add an application."""
    args, caller = requests.new_application(requests.arguments(ask)), ask.caller
    draft = applications.ApplicationDraft(
        name=args.app_name or "",
        dialect="plivo",
        hooks=requests.changed_hooks(CallHooks(), args),
        public_uri=bool(args.public_uri),
        log_messages=args.log_messages is not False,
        default=bool(args.default),
        endpoint_default=bool(args.endpoint_default),
    )

    def use_case(store: Store) -> Application:
        named = args.subaccount if args.subaccount is not UNSET and args.subaccount else None
        owner = subaccount(store, caller.scope, named) if named else caller.account
        return applications.create(store, caller.actor, owner, draft)

    created = await ask.platform.inventory.write(use_case)
    return Answer(201, views.done("created", app_id=ids.app_id(created.serial)))


async def list_applications(ask: Ask) -> Answer:
    """List the caller's applications, oldest first."""
    args, scope = requests.arguments(ask), ask.caller.scope
    window, name, owner = requests.window(args), requests.name_filter(args, "app_name"), requests.subaccount(args)

    def look_up(store: Store) -> tuple[Listing[Application], list[dict[str, Any]]]:
        within = scope
        if owner is not UNSET and owner:
            within = Scope(filtered_account(store, scope, owner))
        found = store.applications.page(within, name, window.page)
        return found, [_application_view(store, application, ask) for application in found.items]

    found, shown = await ask.platform.inventory.search(look_up)
    return listed(ask, "Application", window, found, shown)


def _application(store: Store, ask: Ask) -> Application:
    tag, serial = ids.tagged(ask.params["app_id"])
    if tag != ids.APPLICATION_TAG:
        raise NotFoundError("not found")
    return applications.find(store, ask.caller.scope, serial)


def _application_view(store: Store, application: Application, ask: Ask) -> dict[str, Any]:
    owner = store.accounts.get(application.account_id)
    if owner is None:
        raise NotFoundError("not found")
    return views.application(application, owner, ask.params["auth_id"])


async def get_application(ask: Ask) -> Answer:
    """Return one application."""
    view = ask.platform.inventory.read(lambda store: _application_view(store, _application(store, ask), ask))
    return Answer(200, views.one(view))


async def update_application(ask: Ask) -> Answer:
    """Change an application; what is not given stays, but the SDKs give nearly everything."""
    args, caller = requests.application(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> None:
        application = _application(store, ask)
        if args.subaccount is not UNSET and args.subaccount is not None:
            owner = subaccount(store, caller.scope, args.subaccount)
            application = applications.move(store, caller.actor, application, owner)
        applications.update(store, caller.actor, _changed(application, args))
        if args.default is not None:
            applications.set_default(store, caller.actor, application, default=args.default)
        if args.endpoint_default is not None:
            applications.set_endpoint_default(store, caller.actor, application, default=args.endpoint_default)

    return await change(ask, use_case)


def _changed(application: Application, args: requests.ApplicationArgs) -> Application:
    name = application.name
    if args.app_name and args.app_name != name:
        name = requests.checked_name(args.app_name, "app_name")
    return replace(
        application,
        name=name,
        hooks=requests.changed_hooks(application.hooks, args),
        public_uri=application.public_uri if args.public_uri is None else args.public_uri,
        log_messages=application.log_messages if args.log_messages is None else args.log_messages,
    )


async def delete_application(ask: Ask) -> Answer:
    """Take an application out of service; its numbers point at nothing, its endpoints go or point at another one."""
    args, caller = requests.application_deletion(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> None:
        application = _application(store, ask)
        successor = _successor(store, caller.scope, application, args.successor) if args.successor else None
        applications.delete(store, caller.actor, application, cascade=args.cascade, successor=successor)

    return await delete(ask, use_case)


def _successor(store: Store, scope: Scope, application: Application, app_id: str) -> Application:
    """Return the application that endpoints are to point at; another one of the same account's, or one's above it."""
    tag, serial = ids.tagged(app_id)
    found = store.applications.by_serial(scope, serial) if tag == ids.APPLICATION_TAG else None
    usable = found is not None and found.account_id in store.accounts.ancestors(application.account_id)
    if found is None or not usable or found.id == application.id:
        raise UnknownReferenceError(
            "new_endpoint_application is not another one of your applications", field="new_endpoint_application"
        )
    return found
