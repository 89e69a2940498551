"""Records in Twilio's dialect, made by the use cases on a running server's data, as its own command line makes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from tests.edge.lab import Lab, Tenant
from trunkline.core import applications, numbers
from trunkline.core.applications import ApplicationDraft
from trunkline.core.model import Account, Actor, CallHooks, CredentialKind, Scope, Webhook
from trunkline.core.ports import Rules
from trunkline.store import database
from trunkline.store.rows import HOOK_COLUMNS, hook_values, marks, time_text
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once


def write(lab: Tenant, use_case: Callable[[SqlStore, Actor, Account, sqlite3.Connection], None]) -> None:
    """Run a use case as a tenant, the lab's own or another."""
    vault = database.open_vault(lab.server.data)
    with closing(database.open_writer(lab.server.data)) as connection:
        store = SqlStore(connection, vault, Rules(lab=True))
        account = store.accounts.get(lab.id)
        assert account is not None
        write_once(
            connection, store, lambda _: use_case(store, Actor(account=account, label="test"), account, connection)
        )


def to_application(lab: Lab, hooks: CallHooks) -> str:
    """Return a number of the lab's that an application of this dialect answers."""
    return applied(lab, lab.carrier_id, hooks)


def applied(tenant: Tenant, carrier: str, hooks: CallHooks) -> str:
    """Return a tenant's number, delivered by this carrier, that an application of this dialect answers."""
    digits = tenant.number(carrier)

    def make(store: SqlStore, actor: Actor, account: Account, _: sqlite3.Connection) -> None:
        draft = ApplicationDraft(name="twiml", dialect="twilio", hooks=hooks)
        application = applications.create(store, actor, account, draft)
        number = numbers.find(store, Scope(account.id), digits)
        numbers.point_at_application(store, actor, number, application)

    write(tenant, make)
    return digits


def to_own_hook(lab: Lab, hooks: CallHooks) -> str:
    """Return a number with URLs of its own."""
    digits = lab.number(lab.carrier_id)
    columns = f"id, account_id, dialect, {HOOK_COLUMNS}, created_at, updated_at"

    def make(store: SqlStore, actor: Actor, account: Account, connection: sqlite3.Connection) -> None:
        number = numbers.point_at_application(store, actor, numbers.find(store, Scope(account.id), digits), None)
        hook_id, now = store.new_id(), time_text(store.now())
        values = (hook_id, account.id, "twilio", *hook_values(hooks), now, now)
        connection.execute(f"INSERT INTO hooks ({columns}) VALUES ({marks(values)})", values)
        store.numbers.update(replace(number, hook_id=hook_id))

    write(lab, make)
    return digits


def token(lab: Lab) -> str:
    """Return the account's auth token of this dialect."""
    with closing(database.open_reader(lab.server.data)) as connection:
        store = SqlStore(connection, database.open_vault(lab.server.data), Rules(lab=True))
        return store.credentials.reveal(store.credentials.live(lab.id, CredentialKind.TWILIO_TOKEN)[-1].id)


def hooks(voice: str, fallback: str = "", status: str = "", method: str = "POST") -> CallHooks:
    """Return the URLs of a call; an empty one is none, as this dialect keeps them."""
    return CallHooks(answer=Webhook(voice, method), fallback=Webhook(fallback), hangup=Webhook(status, method))
