"""Twilio's ``Applications``. Source: the vendor's OpenAPI document of the 2010-04-01 API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trunkline.core import application_details, applications
from trunkline.core.errors import NotFoundError
from trunkline.core.model import Application, CallHooks
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import arguments, ids, paging, requests_applications, views, views_applications
from trunkline.dialects.twilio.answering import created, deleted, listed, one

_ELEMENT = "Application"


def _found(store: Store, ask: Ask) -> Application:
    application = store.applications.get(ask.caller.scope, ids.path_id(ask, "ApplicationSid", ids.APPLICATION))
    if application is None:
        raise NotFoundError("not found")
    return application


def _shown(store: Store, application: Application) -> dict[str, Any]:
    return views_applications.application(application, store.application_details.get(application.id))


async def create_application(ask: Ask) -> Answer:
    """Add an application, which answers calls in this dialect."""
    args, caller = requests_applications.application(arguments.form(ask)), ask.caller

    def use_case(store: Store) -> dict[str, Any]:
        draft = applications.ApplicationDraft(
            name=args.name or requests_applications.DEFAULT_NAME,
            dialect="twilio",
            hooks=requests_applications.hooks(CallHooks(), args),
        )
        made = applications.create(store, caller.actor, caller.account, draft)
        details = requests_applications.details(made, store.application_details.get(made.id), args)
        application_details.change(store, caller.actor, made, details)
        return _shown(store, made)

    return created(ask, _ELEMENT, await ask.platform.inventory.write(use_case))


async def list_applications(ask: Ask) -> Answer:
    """List the account's applications, those of other dialects too, oldest first."""
    query, scope = ask.query(), ask.caller.scope
    window = paging.window(query, ids.APPLICATION)

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        found = store.applications.page(scope, query.get("FriendlyName") or None, window.page)
        return [_shown(store, application) for application in found.items], found.last

    shown, last = await ask.platform.inventory.search(look_up)
    return listed(ask, "applications", _ELEMENT, shown, window=window, last=last)


async def get_application(ask: Ask) -> Answer:
    """Return one application."""
    return one(ask, _ELEMENT, ask.platform.inventory.read(lambda store: _shown(store, _found(store, ask))))


async def update_application(ask: Ask) -> Answer:
    """Change an application; what is not given stays."""
    args, actor = requests_applications.application(arguments.form(ask)), ask.caller.actor

    def use_case(store: Store) -> dict[str, Any]:
        application = _found(store, ask)
        details = requests_applications.details(application, store.application_details.get(application.id), args)
        name = requests_applications.DEFAULT_NAME if args.name == "" else args.name
        changed = replace(
            application,
            name=application.name if name is None else name,
            hooks=requests_applications.hooks(application.hooks, args),
        )
        application_details.change(store, actor, application, details)
        return _shown(store, applications.update(store, actor, changed))

    return one(ask, _ELEMENT, await ask.platform.inventory.write(use_case))


async def delete_application(ask: Ask) -> Answer:
    """Take an application out of service; numbers and SIP users that point at it point at nothing."""

    def use_case(store: Store) -> None:
        applications.delete(store, ask.caller.actor, _found(store, ask), cascade=False)

    await ask.platform.inventory.write(use_case)
    return deleted(ask)


_ALL = f"{views.PREFIX}/Accounts/{{AccountSid}}/Applications"
_ONE = f"{_ALL}/{{ApplicationSid}}"

OPERATIONS = (
    Operation("POST", _ALL, create_application),
    Operation("GET", _ALL, list_applications, is_list=True),
    Operation("GET", _ONE, get_application),
    Operation("POST", _ONE, update_application),
    Operation("DELETE", _ONE, delete_application),
)
