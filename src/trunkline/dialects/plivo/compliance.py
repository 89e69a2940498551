"""Plivo's compliance applications under ``/PhoneNumber/Compliance/`` and the list of links.

Source: https://www.plivo.com/docs/numbers/compliance and the vendor's SDKs. Applications are submitted when they are
made. Where those are silent: ``docs/compatibility.md``.
"""

from __future__ import annotations

from typing import Any

from trunkline.core import compliance
from trunkline.core.ports import Store
from trunkline.core.regulated import Compliance
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.plivo import requests, requests_compliance, views, views_regulated

MAX_NUMBERS_SHOWN = 1000
"""Linked numbers beside one application."""

_PATH = "PhoneNumber/Compliance"


def _application(store: Store, ask: Ask) -> Compliance:
    return compliance.find(store, ask.caller.scope, ask.params["compliance_id"])


def _shown(store: Store, ask: Ask, application: Compliance, expand: set[str]) -> dict[str, Any]:
    numbers = None
    if "linked_numbers" in expand:
        numbers = store.compliance.numbers(ask.caller.scope, application.id, MAX_NUMBERS_SHOWN)
    return views_regulated.compliance(
        application,
        end_user="end_user" in expand,
        documents=store.compliance.documents(application.id) if "documents" in expand else None,
        numbers=numbers,
    )


async def create_compliance(ask: Ask) -> Answer:
    """Hand in an application with its documents."""
    draft, caller = requests_compliance.new_application(requests_compliance.form(ask)), ask.caller
    made = await ask.platform.inventory.write(
        lambda store: compliance.create(store, caller.actor, caller.account, draft)
    )
    return Answer(201, views.done("created", compliance_id=made.id))


async def list_compliance(ask: Ask) -> Answer:
    """List applications, oldest first."""
    args = requests.arguments(ask)
    window, wanted = requests.window(args), requests_compliance.application_filter(args)
    expand, page = requests_compliance.expand(args), window.page

    def look_up(store: Store) -> bytes:
        found = store.compliance.page(ask.caller.scope, wanted, page)
        shown = [_shown(store, ask, application, expand) for application in found.items]
        path = views.uri(ask.params["auth_id"], _PATH)
        meta = views.meta(
            path, window.filters, limit=page.limit, offset=page.offset, total=found.total, last=found.last
        )
        return views_regulated.body(meta=meta, compliances=shown)

    return Answer(200, await ask.platform.inventory.search(look_up))


async def get_compliance(ask: Ask) -> Answer:
    """Return an application."""
    expand = requests_compliance.expand(requests.arguments(ask))
    shown = await ask.platform.inventory.search(lambda store: _shown(store, ask, _application(store, ask), expand))
    return Answer(200, views_regulated.body(compliance=shown))


async def update_compliance(ask: Ask) -> Answer:
    """Correct a rejected application and hand it in again."""
    form, actor = requests_compliance.form(ask), ask.caller.actor

    def use_case(store: Store) -> Compliance:
        application = _application(store, ask)
        draft, new_papers = requests_compliance.changed_application(form, application)
        return compliance.resubmit(store, actor, application, draft, new_papers=new_papers)

    changed = await ask.platform.inventory.write(use_case)
    return Answer(202, views.done("changed", compliance_id=changed.id))


async def delete_compliance(ask: Ask) -> Answer:
    """Forget an application and its documents; refused while numbers rest on it."""

    def use_case(store: Store) -> str:
        application = _application(store, ask)
        compliance.delete(store, ask.caller.actor, application)
        return application.id

    return Answer(200, views.done("deleted", compliance_id=await ask.platform.inventory.write(use_case)))


async def link_compliance(ask: Ask) -> Answer:
    """Link numbers to accepted applications, each for itself, and report on each."""
    rows, caller = requests_compliance.links(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> list[tuple[str, str | None]]:
        return [(n, compliance.link(store, caller.actor, caller.scope, n, named)) for n, named in rows]

    return Answer(200, views_regulated.report(await ask.platform.inventory.write(use_case)))


_ALL = f"/v1/Account/{{auth_id}}/{_PATH}"
_ONE = f"{_ALL}/{{compliance_id}}"

OPERATIONS = (
    Operation("POST", _ALL, create_compliance, max_body=requests_compliance.MAX_UPLOAD),
    Operation("GET", _ALL, list_compliance, is_list=True),
    Operation("POST", f"{_ALL}/Link", link_compliance),
    Operation("GET", _ONE, get_compliance),
    Operation("PATCH", _ONE, update_compliance, max_body=requests_compliance.MAX_UPLOAD),
    Operation("DELETE", _ONE, delete_compliance),
)
