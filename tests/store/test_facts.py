"""The look-ups of routing: what is kept in memory is never older than the last commit."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.store.opening import Room, open_room
from trunkline.core import accounts, carriers, numbers, sip_logins, trunks
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.facts import NoUsage
from trunkline.core.model import Account, AccountState, Actor, Carrier, CarrierKind
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.core.routing import Verdict, attempt_of, decide
from trunkline.store import database, facts
from trunkline.store.facts import FactReader
from trunkline.store.writer import write_once

NUMBER = "14155551234"


def _number_on_trunk(room: Room, account: Account, carrier: Carrier) -> None:
    actor = Actor(account=account, label="test")

    def work(s):  # type: ignore[no-untyped-def]  # a use case
        uris = (trunks.UriDraft(uri="sip:127.0.0.1:5080"),)
        trunk = trunks.create(s, actor, account, trunks.TrunkDraft(name="T", uris=uris))
        addition = numbers.Addition(numbers=[NUMBER], owner=account, carrier=carrier, region="R")
        numbers.point_at_trunk(s, actor, numbers.add(s, actor, addition)[0], trunk)

    write_once(room.connection, room.store, work)


def _verdict(reader: FactReader, source: str = "127.0.0.2") -> Verdict:
    attempt = attempt_of(source, "+" + NUMBER)
    return decide(attempt, reader.read(attempt, NoUsage())).verdict


def test_every_commit_is_seen_by_the_next_decision(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    reader = FactReader(database.open_reader(room.data), room.vault)
    account = room.account().account
    operator = accounts.operator("test")
    assert _verdict(reader) is Verdict.SOURCE_UNKNOWN
    carrier = room.carrier(account, "127.0.0.2")
    assert _verdict(reader) is Verdict.NUMBER_UNKNOWN
    _number_on_trunk(room, account, carrier)
    assert _verdict(reader) is Verdict.ROUTE
    for state, verdict in ((AccountState.SUSPENDED, Verdict.ACCOUNT_INACTIVE), (AccountState.ACTIVE, Verdict.ROUTE)):
        write_once(
            room.connection, room.store, partial(accounts.set_state, actor=operator, account_id=account.id, state=state)
        )
        assert _verdict(reader) is verdict
    write_once(
        room.connection,
        room.store,
        lambda s: carriers.set_inbound_addresses(s, operator, carrier, [("127.0.0.3", 32)]),
    )
    assert _verdict(reader) is Verdict.SOURCE_UNKNOWN
    assert _verdict(reader, "127.0.0.3") is Verdict.ROUTE


def test_kept_facts_are_bounded(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(facts, "MAX_KEPT", 10)
    room = open_room(tmp_path)
    reader = FactReader(database.open_reader(room.data), room.vault)
    for last in range(1, 200):
        _verdict(reader, f"127.0.1.{last}")
        assert len(reader._kept) <= 14


def test_number_is_found_where_many_tenants_share_a_source(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(facts, "MAX_SOURCES", 3)
    room = open_room(tmp_path)
    last = room.account("0").account
    for name in range(1, 8):
        room.carrier(last, "203.0.113.7")
        last = room.account(f"{name}").account
    carrier = room.carrier(last, "203.0.113.7", name="Last")
    _number_on_trunk(room, last, carrier)
    write_once(room.connection, room.store, lambda s: numbers.approve(s, accounts.operator("test"), NUMBER))
    reader = FactReader(database.open_reader(room.data), room.vault)
    assert _verdict(reader, "203.0.113.7") is Verdict.ROUTE


def test_longest_prefix_and_ipv6(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    account = room.account().account
    carrier = room.carrier(account, "203.0.113.0/28", "203.0.113.7", "2001:db8:1::/64")
    _number_on_trunk(room, account, carrier)
    reader = FactReader(database.open_reader(room.data), room.vault)
    found = reader.read(attempt_of("203.0.113.7", "+" + NUMBER), NoUsage()).sources
    assert [source.prefix for source in found] == [32]
    assert _verdict(reader, "2001:db8:1::99") is Verdict.ROUTE
    assert _verdict(reader, "2001:db8:2::99") is Verdict.SOURCE_UNKNOWN
    assert _verdict(reader, "203.0.113.16") is Verdict.SOURCE_UNKNOWN


def test_unreadable_database_is_said_and_not_guessed(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    connection = database.open_reader(room.data)
    reader = FactReader(connection, room.vault)
    connection.close()
    assert _verdict(reader) is Verdict.FACTS_UNREADABLE
    with pytest.raises(StoreUnavailableError):
        reader.outbound_auth("any")


def test_credentials_that_do_not_fit_the_key_are_said_and_not_guessed(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    account = room.account().account
    draft = carriers.CarrierDraft(name="C", outbound_auth={"outbound_username": "u", "outbound_password": "p"})
    actor = Actor(account=account, label="test")
    carrier = write_once(room.connection, room.store, lambda s: carriers.create(s, actor, account, draft))
    reader = database.open_reader(room.data)
    assert FactReader(reader, room.vault).outbound_auth(carrier.id) == OutboundAuth("u", "p")
    assert FactReader(reader, room.vault).outbound_auth("another") is None
    assert FactReader(reader, None).outbound_auth(carrier.id) is None
    room.connection.execute("UPDATE credentials SET ciphertext = x'00' WHERE carrier_id = ?", (carrier.id,))
    with pytest.raises(StoreUnavailableError):
        FactReader(reader, room.vault).outbound_auth(carrier.id)


def _with_user(room: Room, account: Account, username: str, password: str) -> str:
    draft = carriers.CarrierDraft(name="C", kind=CarrierKind.AUTH, inbound_auth=(username, password))
    actor = Actor(account=account, label="test")
    return write_once(room.connection, room.store, lambda s: carriers.create(s, actor, account, draft)).id


def test_users_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All accounts', the oldest first, so that nobody who comes later is in their way; an account's, nearest first."""
    monkeypatch.setattr(facts, "MAX_NAMESAKES", 3)
    # Nobody may save such names above each other; an account that is closed may hand them over all the same.
    monkeypatch.setattr(sip_logins, "_share_a_realm", lambda _store, one, other: one == other)
    room = open_room(tmp_path)
    above = room.account().account
    below = room.account(parent=above).account
    others = [room.account().account for _ in range(3)]
    order = [others[0], below, above, *others[1:]]
    made = {account.id: _with_user(room, account, "joe", f"password-{n}") for n, account in enumerate(order)}
    reader = FactReader(database.open_reader(room.data), room.vault)

    def found(code: str | None, name: str = "joe") -> list[tuple[str, str]]:
        return [(user.carrier_id, user.password) for user in reader.sip_users(name, code)]

    assert found(None) == [(made[account.id], f"password-{n}") for n, account in enumerate(order[:3])]
    assert [carrier for carrier, _ in found(below.code)] == [made[below.id], made[above.id]]
    assert [carrier for carrier, _ in found(above.code)] == [made[above.id]]
    assert [carrier for carrier, _ in found(others[2].code)] == [made[others[2].id]]
    assert found("A" * 18) == found(None, "jane") == found(above.code, "jane") == found(None, "\udcff") == []
    plan = room.connection.execute(f"EXPLAIN QUERY PLAN {facts._USERS_OF_ACCOUNT}", ("joe", "A", 3)).fetchall()
    assert any("account_id=? AND kind=? AND public_id=?" in str(row) for row in plan), plan
    room.connection.execute("UPDATE credentials SET ciphertext = x'00' WHERE kind = 'sip_inbound'")
    with pytest.raises(StoreUnavailableError):
        found(None)
