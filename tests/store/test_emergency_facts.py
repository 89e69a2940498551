"""What is known of who calls an emergency number: read for such calls only, and never of what is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.store.opening import Room, open_room
from trunkline.core import carriers, ip_lists, number_settings, numbers, trunks
from trunkline.core.facts import Attempt, EmergencyFact, NoUsage
from trunkline.core.model import Account, Actor, CalledIn, Direction, Transport
from trunkline.core.number_settings import EmergencyState
from trunkline.sip.targets import URI_TRANSPORTS
from trunkline.store import database
from trunkline.store.facts import FactReader
from trunkline.store.writer import write_once

MINE = "14155550100"
SOURCE = "198.51.100.9"


class World:
    """An account below another; a number, an outbound trunk, and gateways as they are added."""

    def __init__(self, folder: Path) -> None:
        self.room: Room = open_room(folder)
        self.parent = self.room.account("Parent").account
        self.account = self.room.account("Child", self.parent).account
        self.actor = Actor(account=self.account, label="test")
        carrier = self.room.carrier(self.account, "203.0.113.7")
        addition = numbers.Addition(numbers=[MINE], owner=self.account, carrier=carrier)
        (self.number,) = self.write(lambda s: numbers.add(s, self.actor, addition))
        self.reader = FactReader(database.open_reader(self.room.data), self.room.vault)

    def write(self, use_case: Any) -> Any:
        """Run a write."""
        return write_once(self.room.connection, self.room.store, use_case)

    def gateway(self, account: Account, address: str, **fields: Any) -> None:
        """Add a carrier with an outbound gateway."""
        gateway = carriers.GatewayDraft(address=address, inbound=False, outbound=True, **fields)
        draft = carriers.CarrierDraft(name="Out", gateways=(gateway,))
        actor = Actor(account=account, label="test")
        self.write(lambda s: carriers.create(s, actor, account, draft))

    def trunk(self) -> None:
        """Add an outbound trunk that admits `SOURCE`."""

        def make(s: Any) -> None:
            listed = ip_lists.create(s, self.actor, self.account, name="L", entries=[SOURCE])
            draft = trunks.TrunkDraft(name="Out", direction=Direction.OUTBOUND)
            trunks.set_access(s, self.actor, trunks.create(s, self.actor, self.account, draft), listed.id, None)

        self.write(make)

    def ways(self, account: Account) -> list[str]:
        """Return the hosts of an account's gateways for emergency."""
        return [gateway.host for gateway, _ in self.reader.emergency_gateways(account.id)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give an inventory."""
    return World(tmp_path)


def test_gateways_are_marked_active_outbound_and_of_the_account_or_above(world: World) -> None:
    other = world.room.account("Other").account
    for account, address, fields in (
        (world.account, "203.0.113.10", {}),
        (world.account, "203.0.113.11", {"emergency": True, "priority": 20}),
        (world.account, "203.0.113.12", {"emergency": True, "priority": 10}),
        (world.account, "203.0.113.13", {"emergency": True, "active": False}),
        (world.account, "203.0.113.14", {"emergency": True, "transport": Transport.TLS}),
        (world.account, "203.0.113.15", {"emergency": True, "transport": Transport.TCP, "priority": 30}),
        (world.parent, "203.0.113.16", {"emergency": True, "priority": 1}),
        (other, "203.0.113.17", {"emergency": True}),
    ):
        world.gateway(account, address, **fields)
    assert world.ways(world.account) == [f"203.0.113.{last}" for last in (12, 11, 15, 16)]
    assert world.ways(world.parent) == ["203.0.113.16"]
    assert set(URI_TRANSPORTS) == set(Transport) - {Transport.TLS}  # what the query leaves out


def test_the_callers_settings(world: World) -> None:
    def known(account: Account = world.account, number: str = MINE) -> EmergencyFact | None:
        return world.reader.emergency(account.id, number)

    assert known() == EmergencyFact(False, EmergencyState.UNREGISTERED, None, False)
    world.gateway(world.parent, "203.0.113.16", emergency=True)
    asked = number_settings.with_emergency(
        number_settings.DEFAULTS, wanted=True, address_id="adr", now=datetime(2026, 6, 1, tzinfo=UTC)
    )
    world.write(lambda s: s.number_settings.put(world.number.id, asked))
    assert known() == EmergencyFact(True, EmergencyState.PENDING, "adr", True)
    settled = replace(asked, emergency_state=EmergencyState.REGISTERED)
    world.write(lambda s: s.number_settings.put(world.number.id, settled))
    assert known(world.parent) == EmergencyFact(True, EmergencyState.REGISTERED, "adr", True)
    assert world.room.store.number_settings.find([world.number.id])[world.number.id] == settled
    assert known(world.room.account("Other").account) is None
    assert known(number="14155550199") is None
    assert known(number="alice") is None
    world.write(lambda s: numbers.remove(s, world.actor, world.number))
    assert known() is None


@pytest.mark.parametrize(("dialled", "asks"), [("911", True), ("+911", True), ("+12125550199", False), ("9911", False)])
def test_nothing_of_it_is_read_for_other_calls(world: World, dialled: str, asks: bool) -> None:
    world.trunk()
    connection = database.open_reader(world.room.data)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    attempt = Attempt(SOURCE, {CalledIn.REQUEST_URI: dialled}, callers=lambda: (f"+{MINE}",))
    facts = FactReader(connection, world.room.vault).read(attempt, NoUsage())
    assert [(trunk.caller, trunk.emergency is not None) for trunk in facts.trunks] == [(MINE, asks)]
    assert any("number_settings" in statement for statement in statements) == asks
