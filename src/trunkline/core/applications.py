"""Applications: one use case per function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from trunkline.core import endpoints
from trunkline.core.errors import InvalidError, NotFoundError
from trunkline.core.model import Account, Actor, Application, CallHooks, Scope, Webhook
from trunkline.core.ports import Store

MAX_NAME = 100
MAX_URL = 2048
METHODS = ("GET", "POST")


class Release(Protocol):
    """Makes one kind of record let go of an application that is about to be deleted."""

    def __call__(
        self, store: Store, actor: Actor, application: Application, *, cascade: bool, successor: Application | None
    ) -> dict[str, int]:
        """Return what was done, by the names that the change log shows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDraft:
    """An application as asked for; ``dialect`` stays what it is from now on."""

    name: str
    dialect: str
    hooks: CallHooks
    public_uri: bool = False
    log_messages: bool = True
    default: bool = False
    endpoint_default: bool = False


def webhook(url: str, method: str, field: str) -> Webhook:
    """Return a checked webhook: http or https with a host, at most 2,048 characters, GET or POST in any case."""
    if len(url) > MAX_URL:
        raise InvalidError(f"{field} is longer than {MAX_URL} characters", field=field)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or any(c.isspace() or not c.isprintable() for c in url):
        raise InvalidError(
            f"{field} is not a usable URL", field=field, advice="Write it whole, like https://example.com/answer."
        )
    if method.upper() not in METHODS:
        named = field.replace("url", "method")
        raise InvalidError(f"{named} is GET or POST", field=named)
    return Webhook(url, method.upper())


def create(store: Store, actor: Actor, account: Account, draft: ApplicationDraft) -> Application:
    """Create an application of ``account``; ``draft.default`` makes it the account's default for new numbers."""
    _check_name(draft.name)
    now = store.now()
    application = Application(
        id=store.new_id(),
        serial=store.new_serial(),
        account_id=account.id,
        name=draft.name,
        dialect=draft.dialect,
        active=True,
        hooks=draft.hooks,
        public_uri=draft.public_uri,
        log_messages=draft.log_messages,
        created_at=now,
        updated_at=now,
    )
    store.applications.add(application)
    store.log.append(actor, account.id, "create", "application", application.id, name=application.name)
    if draft.default:
        set_default(store, actor, application, default=True)
    if draft.endpoint_default:
        set_endpoint_default(store, actor, application, default=True)
    return application


def _check_name(name: str) -> None:
    if not (0 < len(name) <= MAX_NAME and name.isprintable()):
        raise InvalidError(f"a name has 1 to {MAX_NAME} printable characters", field="name")


def find(store: Store, scope: Scope, serial: str) -> Application:
    """Return an application by serial; `NotFoundError` when it is not there or not in scope."""
    application = store.applications.by_serial(scope, serial)
    if application is None:
        raise NotFoundError("not found")
    return application


def update(store: Store, actor: Actor, application: Application) -> Application:
    """Write an application's changed fields."""
    _check_name(application.name)
    changed = replace(application, updated_at=store.now())
    store.applications.update(changed)
    store.log.append(actor, application.account_id, "update", "application", application.id, name=application.name)
    return changed


def move(store: Store, actor: Actor, application: Application, owner: Account) -> Application:
    """Give an application to another account of the tree; the old owner's numbers and default let go of it."""
    if application.account_id == owner.id:
        return application
    released = _release_all(store, actor, application, cascade=False, successor=None)
    moved = replace(application, account_id=owner.id, updated_at=store.now())
    store.applications.update(moved)
    store.log.append(actor, owner.id, "update", "application", application.id, owner=owner.id, **released)
    return moved


def set_default(store: Store, actor: Actor, application: Application, *, default: bool) -> None:
    """Make an application its account's default for new numbers, or no longer so."""
    _set_default(store, actor, application, "default_application", default=default)


def set_endpoint_default(store: Store, actor: Actor, application: Application, *, default: bool) -> None:
    """Make an application its account's default for new endpoints, or no longer so."""
    _set_default(store, actor, application, "default_endpoint_application", default=default)


def _set_default(store: Store, actor: Actor, application: Application, role: str, *, default: bool) -> None:
    account, field = store.accounts.get(application.account_id), f"{role}_id"
    if account is None or (getattr(account, field) == application.id) == default:
        return
    chosen = application.id if default else None
    changes: dict[str, Any] = {field: chosen, "updated_at": store.now()}
    store.accounts.update(replace(account, **changes))
    store.log.append(actor, account.id, "update", "account", account.id, **{role: chosen})


def _release_numbers(
    store: Store,
    actor: Actor,  # noqa: ARG001 -- `Release` hands it to all
    application: Application,
    *,
    cascade: bool,  # noqa: ARG001 -- numbers are never deleted with an application
    successor: Application | None,  # noqa: ARG001 -- it is for endpoints only
) -> dict[str, int]:
    store.number_settings.unlink(application.id)
    return {"unlinked_numbers": store.numbers.unlink(application_id=application.id)}


RELEASES: tuple[Release, ...] = (_release_numbers, endpoints.release)
"""All that may point at an application, a line for each kind of record."""


def delete(
    store: Store,
    actor: Actor,
    application: Application,
    *,
    cascade: bool = True,
    successor: Application | None = None,
) -> None:
    """Take an application out of service: what points at it lets go, a default is cleared.

    Numbers point at nothing from then on. Endpoints point at ``successor``, else are deleted (``cascade``), else they
    point at nothing, too.
    """
    done = _release_all(store, actor, application, cascade=cascade, successor=successor)
    store.applications.remove(application.id, store.now())
    store.log.append(actor, application.account_id, "delete", "application", application.id, **done)


def _release_all(
    store: Store, actor: Actor, application: Application, *, cascade: bool, successor: Application | None
) -> dict[str, int]:
    """Make all that points at an application, and its account's defaults, let go of it; return what was done."""
    set_default(store, actor, application, default=False)
    set_endpoint_default(store, actor, application, default=False)
    done: dict[str, int] = {}
    for release in RELEASES:
        done |= release(store, actor, application, cascade=cascade, successor=successor)
    return done
