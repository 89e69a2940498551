"""An inventory on disk for tests of the store."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from trunkline.core import accounts, carriers
from trunkline.core.model import Account, Actor, Carrier
from trunkline.core.ports import Rules
from trunkline.store import database
from trunkline.store.secrets import Vault
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once


@dataclass
class Room:
    """A database with the connection and the store that write it."""

    data: Path
    vault: Vault
    connection: sqlite3.Connection
    store: SqlStore

    def account(self, name: str = "A", parent: Account | None = None) -> accounts.NewAccount:
        """Create an account."""
        parent_id = parent.id if parent else None
        return write_once(
            self.connection,
            self.store,
            lambda s: accounts.create(s, accounts.operator("test"), name=name, parent_id=parent_id),
        )

    def carrier(self, account: Account, *addresses: str, name: str = "Carrier") -> Carrier:
        """Create a carrier with inbound gateways at ``addresses``."""
        gateways = tuple(carriers.GatewayDraft(address=address) for address in addresses)
        draft = carriers.CarrierDraft(name=name, gateways=gateways)
        actor = Actor(account=account, label="test")
        return write_once(self.connection, self.store, lambda s: carriers.create(s, actor, account, draft))


def open_room(folder: Path) -> Room:
    """Make a database in ``folder`` and open it."""
    data = folder / "data"
    vault = database.prepare(data, {})
    connection = database.open_writer(data)
    return Room(data, vault, connection, SqlStore(connection, vault, Rules(lab=True)))
