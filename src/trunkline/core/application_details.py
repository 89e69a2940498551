"""Details of applications, which some dialects have words for."""

from __future__ import annotations

from trunkline.core.applications import webhook
from trunkline.core.model import Actor, Application
from trunkline.core.named_ports import ApplicationDetails
from trunkline.core.ports import Store


def change(store: Store, actor: Actor, application: Application, details: ApplicationDetails) -> None:
    """Write an application's details. Raises `InvalidError` for a URL that is none."""
    for field in ("sms_status_url", "message_status_url"):
        if url := getattr(details, field):
            webhook(url, "POST", field)
    if store.application_details.get(application.id) == details:
        return
    store.application_details.set(application.id, details)
    store.log.append(
        actor, application.account_id, "update", "application", application.id, caller_names=details.caller_names
    )
