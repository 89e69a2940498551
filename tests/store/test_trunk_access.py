"""What outbound trunks refer to, as the look-ups of calls find it: by index, and never what is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.store.opening import Room, open_room
from trunkline.core import ip_lists, origination, sources, trunk_logins, trunks
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.model import Actor, Direction, Trunk
from trunkline.core.origination import UriChange
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.core.trunk_ports import IpList, TrunkLogin
from trunkline.store import database
from trunkline.store.facts import FactReader
from trunkline.store.writer import write_once

COVERING = (
    "SELECT DISTINCT t.id FROM ip_list_entries e JOIN trunks t ON t.ip_list_id = e.list_id "
    "WHERE e.source_key IN ({keys}) AND t.direction = 'outbound' AND t.deleted_at IS NULL"
)
BY_NAME = (
    "SELECT t.id FROM trunk_logins l JOIN trunks t ON t.login_id = l.id JOIN credentials c ON c.id = l.credential_id "
    "WHERE l.username = ? AND l.deleted_at IS NULL AND t.deleted_at IS NULL AND c.revoked_at IS NULL"
)


class Outbound:
    """An account with an outbound trunk that has an IP list and a login."""

    def __init__(self, folder: Path) -> None:
        self.room: Room = open_room(folder)
        self.account = self.room.account().account
        self.actor = Actor(account=self.account, label="test")
        entries = ["198.51.100.9", "203.0.113.0/28", "2001:db8:7::/64"]
        self.ip_list: IpList = self.write(
            lambda s: ip_lists.create(s, self.actor, self.account, name="L", entries=entries)
        )
        self.login: TrunkLogin = self.write(
            lambda s: trunk_logins.create(
                s, self.actor, self.account, name="C", username="pbx12345", password="secret-1"
            )
        )

        def make(s: Any) -> Trunk:
            draft = trunks.TrunkDraft(name="Out", direction=Direction.OUTBOUND)
            trunk = trunks.create(s, self.actor, self.account, draft)
            return trunks.set_access(s, self.actor, trunk, self.ip_list.id, self.login.id)

        self.trunk: Trunk = self.write(make)

    def write(self, use_case: Any) -> Any:
        """Run a write."""
        return write_once(self.room.connection, self.room.store, use_case)

    def covering(self, source: str) -> list[str]:
        """Return the trunks whose lists cover a source, looked up as gateways are."""
        db = self.room.connection
        keys = sources.address_keys(source, db.execute("SELECT family, prefix FROM mask_lengths").fetchall())
        sql = COVERING.format(keys=", ".join("?" * len(keys)))
        return [row[0] for row in db.execute(sql, keys)]

    def named(self, username: str) -> list[str]:
        """Return the trunks that a user name may open."""
        return [row[0] for row in self.room.connection.execute(BY_NAME, (username,))]


@pytest.fixture
def outbound(tmp_path: Path) -> Outbound:
    """Give such an account."""
    return Outbound(tmp_path)


def test_a_source_finds_the_trunks_whose_lists_cover_it(outbound: Outbound) -> None:
    for source in ("198.51.100.9", "203.0.113.0", "203.0.113.15", "2001:db8:7::1"):
        assert outbound.covering(source) == [outbound.trunk.id], source
    for source in ("198.51.100.8", "203.0.113.16", "2001:db8:8::1", "::c633:6409"):
        assert outbound.covering(source) == [], source
    outbound.write(lambda s: ip_lists.update(s, outbound.actor, outbound.ip_list, entries=["198.51.100.8"]))
    assert (outbound.covering("198.51.100.8"), outbound.covering("198.51.100.9")) == ([outbound.trunk.id], [])
    outbound.write(lambda s: trunks.delete(s, outbound.actor, outbound.trunk))
    assert outbound.covering("198.51.100.8") == []
    outbound.write(lambda s: ip_lists.delete(s, outbound.actor, outbound.ip_list))
    rows = outbound.room.connection.execute("SELECT count(*) FROM ip_list_entries").fetchone()
    assert rows == (0,)


def test_a_user_name_finds_its_trunks_while_it_has_a_password(outbound: Outbound) -> None:
    assert outbound.named("pbx12345") == [outbound.trunk.id]
    login = outbound.write(lambda s: trunk_logins.update(s, outbound.actor, outbound.login, password=None))
    assert outbound.named("pbx12345") == []
    outbound.write(lambda s: trunk_logins.update(s, outbound.actor, login, password="secret-2"))
    assert outbound.named("pbx12345") == [outbound.trunk.id]


@pytest.mark.parametrize(("sql", "values"), [(COVERING.format(keys="?, ?"), 2), (BY_NAME, 1)])
def test_both_look_ups_walk_no_table(outbound: Outbound, sql: str, values: int) -> None:
    plan = outbound.room.connection.execute(f"EXPLAIN QUERY PLAN {sql}", ["x"] * values).fetchall()
    assert not [row[3] for row in plan if row[3].startswith("SCAN")], plan


def test_a_uris_credentials_are_read_for_a_challenge(outbound: Outbound) -> None:
    change = UriChange(uri="pbx.example.com", authenticates=True, username="joe", password="secret-1")
    uri = outbound.write(lambda s: origination.create(s, outbound.actor, outbound.account, change))
    room = outbound.room
    reader = FactReader(database.open_reader(room.data), room.vault)
    assert reader.origination_auth(uri.id) == OutboundAuth("joe", "secret-1")
    assert reader.origination_auth("another") is None
    assert FactReader(database.open_reader(room.data), None).origination_auth(uri.id) is None
    silent = outbound.write(
        lambda s: origination.update(s, outbound.actor, uri, UriChange(authenticates=False, username="jim"))
    )
    assert reader.origination_auth(uri.id) is None
    outbound.write(lambda s: origination.update(s, outbound.actor, silent, UriChange(authenticates=True)))
    assert reader.origination_auth(uri.id) == OutboundAuth("jim", "secret-1")
    room.connection.execute("UPDATE credentials SET ciphertext = x'00' WHERE kind = 'sip_origination'")
    with pytest.raises(StoreUnavailableError, match="the target's credentials cannot be read"):
        reader.origination_auth(uri.id)
