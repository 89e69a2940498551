"""Which gateways the edge follows: names of live gateways, and those that are to be asked with OPTIONS."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.opening import Room, open_room
from trunkline.core import carriers
from trunkline.core.carriers import CarrierDraft, GatewayDraft
from trunkline.core.model import Account, Actor, Carrier
from trunkline.store import database, followed
from trunkline.store.followed import Followed, FollowedReader
from trunkline.store.writer import write_once


def made(room: Room, account: Account, *gateways: GatewayDraft, ping: bool = False) -> Carrier:
    """Create a carrier with these gateways."""
    draft = CarrierDraft(name="c", gateways=gateways, options_ping=ping)
    actor = Actor(account=account, label="test")
    return write_once(room.connection, room.store, lambda s: carriers.create(s, actor, account, draft))


def names(found: Followed | None) -> list[str]:
    """Return the names that are followed, as people write them."""
    assert found is not None
    return [name.written for name in found.names]


def asked(found: Followed | None) -> list[str]:
    """Return the hosts of the gateways that are asked."""
    assert found is not None
    return [gateway.host for gateway in found.asked]


def out(address: str, *, ping: bool | None = None, active: bool = True, port: int | None = 5060) -> GatewayDraft:
    """Return an outbound gateway."""
    return GatewayDraft(address=address, port=port, inbound=False, outbound=True, options_ping=ping, active=active)


def test_names_are_followed_once_each_those_of_inbound_gateways_first(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    account = room.account().account
    inbound = GatewayDraft(address="in.example.com", named_sources=True)
    made(room, account, out("a.example.com"), out("a.example.com", port=5070), out("203.0.113.7"))
    made(room, account, out("a.example.com"), inbound, out("off.example.com", active=False))
    reader = FollowedReader(database.open_reader(room.data))
    assert names(reader.read()) == [
        "in.example.com:5060;transport=udp",
        "a.example.com:5060;transport=udp",
        "a.example.com:5070;transport=udp",
    ]
    assert reader.read() is reader.read()


def test_who_is_asked_the_gateway_says_else_the_carrier(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    account = room.account().account
    made(room, account, out("203.0.113.1", ping=True), out("203.0.113.2", ping=False), out("203.0.113.3"))
    other = made(room, account, out("203.0.113.4", ping=False), out("203.0.113.5"), ping=True)
    made(room, account, GatewayDraft(address="203.0.113.6"), out("203.0.113.7", active=False), ping=True)
    reader = FollowedReader(database.open_reader(room.data))
    assert asked(reader.read()) == ["203.0.113.1", "203.0.113.5"]
    actor = Actor(account=account, label="test")
    write_once(room.connection, room.store, lambda s: carriers.delete(s, actor, other))
    assert asked(reader.read()) == ["203.0.113.1"]


def test_what_is_beyond_the_bounds_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "MAX_NAMES", 2)
    monkeypatch.setattr(followed, "MAX_ASKED", 1)
    room = open_room(tmp_path)
    made(room, room.account().account, *(out(f"{x}.example.com") for x in "abc"), ping=True)
    found = FollowedReader(database.open_reader(room.data)).read()
    assert found is not None
    assert (len(found.names), found.names_left_out) == (2, 1)
    assert (len(found.asked), found.asked_left_out) == (1, 1)


def test_what_cannot_be_read_is_as_it_was(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    made(room, room.account().account, out("a.example.com"))
    connection = database.open_reader(room.data)
    reader, other = FollowedReader(connection), FollowedReader(connection)
    before = reader.read()
    connection.close()
    assert reader.read() is before
    assert other.read() is None
