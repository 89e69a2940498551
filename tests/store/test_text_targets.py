"""Where a number's messages go: its application, its own hook, never its trunk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.opening import Room, open_room
from trunkline.core import applications, numbers
from trunkline.core.model import Account, Actor, CallHooks, Webhook
from trunkline.store.rows import HOOK_COLUMNS, hook_values, marks
from trunkline.store.text_targets import TextTargets
from trunkline.store.writer import write_once

OWN, SHARED = "http://x/own", "http://x/application"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A database of the test's own."""
    made = open_room(tmp_path)
    yield made
    made.connection.close()


def number_of(room: Room, dialect: str | None, *, url: str | None = SHARED, own: str | None = None) -> str:
    """Make a number with an application of a dialect (None: without) and a hook of its own; return its id."""
    account: Account = room.account().account
    actor, carrier = Actor(account=account, label="test"), room.carrier(account, "203.0.113.7")

    def work(store: object) -> str:
        s = room.store
        addition = numbers.Addition(numbers=("14155551234",), carrier=carrier, owner=account, region="x")
        (made,) = numbers.add(s, actor, addition)
        if dialect is not None:
            hooks = CallHooks(message=Webhook(url) if url else None)
            draft = applications.ApplicationDraft(name="app", dialect=dialect, hooks=hooks)
            numbers.point_at_application(s, actor, made, applications.create(s, actor, account, draft))
        return made.id

    number_id = write_once(room.connection, room.store, work)
    if own is not None:
        at = "2026-01-01T00:00:00.000000+00:00"
        hooks = hook_values(CallHooks(message=Webhook(own)))
        values = ("hook", account.id, "twilio", at, at, *hooks)
        room.connection.execute(
            f"INSERT INTO hooks (id, account_id, dialect, created_at, updated_at, {HOOK_COLUMNS}) "
            f"VALUES ({marks(values)})",
            values,
        )
        room.connection.execute("UPDATE numbers SET hook_id = 'hook' WHERE id = ?", (number_id,))
    return number_id


@pytest.mark.parametrize(
    ("dialect", "url", "own", "goes"),
    [
        ("plivo", SHARED, None, SHARED),
        ("plivo", SHARED, OWN, SHARED),
        ("plivo", None, OWN, OWN),
        ("twilio", SHARED, None, SHARED),
        ("twilio", SHARED, OWN, OWN),
        (None, None, OWN, OWN),
    ],
)
def test_the_first_that_has_a_message_url(
    room: Room, dialect: str | None, url: str | None, own: str | None, goes: str
) -> None:
    found = TextTargets(room.connection).of(number_of(room, dialect, url=url, own=own))
    assert found is not None
    assert found.application is not None
    assert found.application.hooks.message == Webhook(goes)


def test_nowhere(room: Room) -> None:
    targets = TextTargets(room.connection)
    assert targets.of("unknown") is None
    found = targets.of(number_of(room, "plivo", url=None))
    assert found is not None
    assert found.application is None
    assert "application app, which has no message URL" in found.note
