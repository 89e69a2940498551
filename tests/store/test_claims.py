"""Claims: whose numbers wait for the operator when tenants share addresses, and whose do not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.store.opening import Room, open_room
from trunkline.core import accounts, carriers, numbers
from trunkline.core.errors import InvalidError
from trunkline.core.facts import NoUsage
from trunkline.core.model import (
    EVERYTHING,
    Account,
    Actor,
    Carrier,
    Number,
    NumberProfile,
    NumberStatus,
)
from trunkline.core.ports import Store
from trunkline.core.routing import Verdict, attempt_of, decide
from trunkline.store import database
from trunkline.store.facts import FactReader
from trunkline.store.writer import write_once

NUMBER = "14155551234"
OPERATOR = accounts.operator("test")


def _add(room: Room, account: Account, carrier: Carrier, number: str = NUMBER) -> None:
    addition = numbers.Addition(numbers=[number], owner=account, carrier=carrier, region="R")
    actor = Actor(account=account, label="test")
    write_once(room.connection, room.store, lambda s: numbers.add(s, actor, addition))


def _number(room: Room, number: str = NUMBER) -> Number:
    found = room.store.numbers.get(EVERYTHING, number)
    assert found is not None
    return found


def _fresh(room: Room, carrier: Carrier) -> Carrier:
    found = room.store.carriers.get(EVERYTHING, carrier.id)
    assert found is not None
    return found


def _addresses(room: Room, carrier: Carrier, *hosts: str) -> None:
    def work(store: Store) -> None:
        carriers.set_inbound_addresses(store, OPERATOR, _fresh(room, carrier), [(host, 32) for host in hosts])

    write_once(room.connection, room.store, work)


def test_gaining_an_address_that_nobody_shares_holds_nothing(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    mine, other = room.account("mine").account, room.account("other").account
    carrier = room.carrier(mine, "203.0.113.7")
    _add(room, mine, carrier)
    room.carrier(other, "203.0.113.7")
    _addresses(room, carrier, "203.0.113.7", "203.0.113.99")
    assert _number(room).status is NumberStatus.ACTIVE


def test_gaining_a_shared_address_holds_the_numbers(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    mine, other = room.account("mine").account, room.account("other").account
    carrier = room.carrier(mine, "203.0.113.7")
    _add(room, mine, carrier)
    room.carrier(other, "203.0.113.8")
    _addresses(room, carrier, "203.0.113.7", "203.0.113.8")
    assert _number(room).status is NumberStatus.PENDING_CLAIM


def test_reading_numbers_otherwise_on_shared_ground_holds_the_numbers(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    mine, other = room.account("mine").account, room.account("other").account
    carrier = room.carrier(mine, "203.0.113.7")
    _add(room, mine, carrier)
    room.carrier(other, "203.0.113.7")
    changed = replace(carrier, profile=NumberProfile(country="DE", strip_prefix="+1415"))
    write_once(room.connection, room.store, lambda s: carriers.update(s, OPERATOR, changed))
    assert _number(room).status is NumberStatus.PENDING_CLAIM


def test_same_addresses_again_change_no_gateway(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    account = room.account().account
    drafts = (
        carriers.GatewayDraft(address="203.0.113.7", outbound=True),
        carriers.GatewayDraft(address="203.0.113.7", port=5070, inbound=False, outbound=True),
        carriers.GatewayDraft(address="sip.example.com", inbound=False, outbound=True),
    )
    actor = Actor(account=account, label="test")
    draft = carriers.CarrierDraft(name="C", gateways=drafts)
    carrier = write_once(room.connection, room.store, lambda s: carriers.create(s, actor, account, draft))
    _addresses(room, carrier, "203.0.113.7")
    assert _fresh(room, carrier).gateways == carrier.gateways
    _addresses(room, carrier, "203.0.113.8")
    left = {(g.host, g.port): (g.inbound, g.outbound) for g in _fresh(room, carrier).gateways}
    assert left == {
        ("203.0.113.8", 5060): (True, False),
        ("203.0.113.7", 5060): (False, True),
        ("203.0.113.7", 5070): (False, True),
        ("sip.example.com", 5060): (False, True),
    }


def test_transfer_leaves_the_old_owner_s_words_behind(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    old, new = room.account("old").account, room.account("new").account
    room.carrier(new, "203.0.113.7")
    _add(room, old, room.carrier(old, "203.0.113.7"))
    theirs = room.carrier(new, "203.0.113.9")
    write_once(room.connection, room.store, lambda s: numbers.set_alias(s, OPERATOR, _number(room), "secret client"))
    write_once(room.connection, room.store, lambda s: numbers.transfer(s, OPERATOR, NUMBER, new, theirs))
    moved = _number(room)
    assert (moved.owner.id, moved.status) == (new.id, NumberStatus.ACTIVE)
    assert moved.details.alias is None
    log = room.connection.execute("SELECT account_id, verb, detail FROM change_log WHERE record_id = ?", (NUMBER,))
    lines = log.fetchall()
    assert (old.id, "release") in [line[:2] for line in lines]
    assert not any(old.id in detail for account_id, _, detail in lines if account_id == new.id)


@pytest.mark.parametrize("host", ["203.0.113.7", "203.0.113.0/28", "2001:db8::7"])
def test_own_address_is_no_carrier_s(tmp_path: Path, host: str) -> None:
    room = open_room(tmp_path)
    room.store.rules = replace(room.store.rules, own_addresses=("203.0.113.7", "2001:db8::7"))
    with pytest.raises(InvalidError, match="own SIP address"):
        room.carrier(room.account().account, host)


def test_many_gateways_at_one_address_hide_no_other_carrier(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    mine, hostile = room.account("mine").account, room.account("hostile").account
    carrier = room.carrier(mine, "192.0.2.5")
    german = replace(carrier, profile=NumberProfile(country="DE"))
    write_once(room.connection, room.store, lambda s: carriers.update(s, OPERATOR, german))
    _add(room, mine, _fresh(room, carrier), "49301234567")
    for start in (6000, 7000):
        drafts = tuple(carriers.GatewayDraft(address="192.0.2.5", port=start + i) for i in range(100))
        actor, draft = Actor(account=hostile, label="t"), carriers.CarrierDraft(name=f"H{start}", gateways=drafts)
        write_once(room.connection, room.store, partial(carriers.create, actor=actor, account=hostile, draft=draft))
    attempt = attempt_of("192.0.2.5", "0301234567")
    facts = FactReader(database.open_reader(room.data), room.vault).read(attempt, NoUsage())
    assert decide(attempt, facts).verdict is Verdict.NO_TARGET
