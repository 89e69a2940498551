"""The writer: groups, savepoints, answers after commit, bounds; and one-off writes beside it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from tests.store.opening import Room, open_room
from trunkline.core import accounts, numbers
from trunkline.core.errors import InvalidError, NumberTakenError, StoreUnavailableError
from trunkline.core.model import Account, AccountState, Actor, NumberStatus, Scope
from trunkline.core.ports import Rules, Store
from trunkline.store import database, writer
from trunkline.store.unit import SqlStore
from trunkline.store.writer import Writer


def _writer(room: Room) -> Writer:
    connection = database.open_writer(room.data)
    return Writer(connection, SqlStore(connection, room.vault, Rules(lab=True)))


def _create(name: str):  # type: ignore[no-untyped-def]  # a use case for the writer
    return lambda store: accounts.create(store, accounts.operator("test"), name=name).account


def test_answered_write_is_in_the_next_read(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    work = _writer(room)
    made: Account = work.submit(_create("A")).result(5)
    reader = SqlStore(database.open_reader(room.data), room.vault, Rules())
    assert reader.accounts.get(made.id) == made
    work.close()


def test_failing_use_case_takes_nothing_with_it(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    work = _writer(room)
    hold, begun = threading.Event(), threading.Event()

    def slow(store: Store) -> None:
        begun.set()
        hold.wait(5)

    def half(store: Store) -> None:
        accounts.create(store, accounts.operator("test"), name="half")
        raise InvalidError("no")

    first = work.submit(slow)
    begun.wait(5)
    group = [work.submit(_create("before")), work.submit(half), work.submit(_create("after"))]
    hold.set()
    first.result(5)
    assert group[0].result(5).name == "before"
    with pytest.raises(InvalidError):
        group[1].result(5)
    assert group[2].result(5).name == "after"
    assert [a.name for a in room.store.accounts.all()] == ["before", "after"]
    work.close()


def test_failed_commit_is_told_to_the_whole_group(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    work = _writer(room)
    room.connection.execute("PRAGMA busy_timeout=0")
    work._db.execute("PRAGMA busy_timeout=50")
    room.connection.execute("BEGIN IMMEDIATE")
    waiting = [work.submit(_create(f"{i}")) for i in range(3)]
    for future in waiting:
        with pytest.raises(StoreUnavailableError):
            future.result(5)
    room.connection.execute("ROLLBACK")
    assert work.submit(_create("later")).result(5).name == "later"
    work.close()


def test_queue_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_WAITING", 1)
    room = open_room(tmp_path)
    work = _writer(room)
    hold, begun = threading.Event(), threading.Event()

    def slow(store: Store) -> None:
        begun.set()
        hold.wait(5)

    work.submit(slow)
    begun.wait(5)
    queued = work.submit(_create("queued"))
    with pytest.raises(StoreUnavailableError, match="too many"):
        work.submit(_create("refused")).result(5)
    hold.set()
    queued.result(5)
    work.close()


def test_live_number_is_unique_in_the_installation(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    one, two = room.account("one").account, room.account("two").account
    first, second = room.carrier(one, "127.0.0.2"), room.carrier(two, "127.0.0.3")

    def add(owner: Account, carrier, *wanted: str):  # type: ignore[no-untyped-def]  # test shorthand
        addition = numbers.Addition(numbers=wanted, owner=owner, carrier=carrier, region="R")
        actor = Actor(account=owner, label="test")
        return writer.write_once(room.connection, room.store, lambda s: numbers.add(s, actor, addition))

    add(one, first, "14155551234")
    with pytest.raises(NumberTakenError) as mine:
        add(one, first, "14155551235", "14155551234")
    assert (mine.value.numbers, mine.value.own) == (("14155551234",), True)
    with pytest.raises(NumberTakenError) as theirs:
        add(two, second, "14155551234")
    assert theirs.value.own is False
    assert room.store.numbers.get(Scope(one.id), "14155551235") is None
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        room.connection.execute(
            "INSERT INTO numbers (id, e164, account_id, status, voice, sms, mms, number_type, monthly_rental_rate, "
            "voice_rate, sms_rate, mms_rate, added_at, updated_at, kind) "
            "VALUES ('y', '14155551234', ?, 'active', 1, 0, 0, 'local', '0', '0', '0', '0', '', '', 1)",
            (two.id,),
        )


def test_shared_sources_wait_for_the_operator(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    one, two = room.account("one").account, room.account("two").account
    child = room.account("child", one).account
    room.carrier(one, "203.0.113.0/28")
    shared = room.carrier(two, "203.0.113.7")
    inside = room.carrier(child, "203.0.113.0/28")

    def status(owner: Account, carrier, number: str) -> NumberStatus:  # type: ignore[no-untyped-def]
        addition = numbers.Addition(numbers=[number], owner=owner, carrier=carrier, region="R")
        actor = Actor(account=owner, label="test")
        made = writer.write_once(room.connection, room.store, lambda s: numbers.add(s, actor, addition))
        return made[0].status

    assert status(two, shared, "14155551234") is NumberStatus.PENDING_CLAIM
    assert status(child, inside, "14155551235") is NumberStatus.PENDING_CLAIM  # two's carrier overlaps it as well
    approved = writer.write_once(
        room.connection, room.store, lambda s: numbers.approve(s, accounts.operator("test"), "14155551234")
    )
    assert approved.status is NumberStatus.ACTIVE


def test_suspended_account_suspends_what_is_below(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    top = room.account("top").account
    middle = room.account("middle", top).account
    low = room.account("low", middle).account
    other = room.account("other").account

    def routable() -> list[int]:
        rows = room.connection.execute("SELECT routable FROM accounts ORDER BY seq").fetchall()
        return [row[0] for row in rows]

    def set_state(account: Account, state: str) -> None:
        writer.write_once(
            room.connection,
            room.store,
            lambda s: accounts.set_state(s, accounts.operator("test"), account.id, AccountState(state)),
        )

    set_state(middle, "suspended")
    assert routable() == [1, 0, 0, 1]
    set_state(top, "suspended")
    set_state(middle, "active")
    assert routable() == [0, 0, 0, 1]
    set_state(top, "active")
    assert routable() == [1, 1, 1, 1]
    assert list(room.store.accounts.ancestors(low.id)) == [low.id, middle.id, top.id]
    assert room.store.accounts.covers(Scope(top.id, include_children=True), low.id)
    assert not room.store.accounts.covers(Scope(top.id), low.id)
    assert not room.store.accounts.covers(Scope(other.id, include_children=True), low.id)
