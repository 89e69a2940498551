"""One view of the inventory on one connection: `core.ports.Store`, for reading or inside a write transaction."""

from __future__ import annotations

import secrets
import sqlite3
import string
import uuid
from datetime import UTC, datetime

from trunkline.core.answers import AnswerStore
from trunkline.core.inline_hooks import HookStore
from trunkline.core.named_ports import (
    AccountTreeStore,
    ApplicationDetailsStore,
    IpEntryStore,
    LoginListStore,
    NamedKeyStore,
    PostalAddressStore,
    RegulatoryStore,
    TrunkListStore,
    TrunkSettingsStore,
)
from trunkline.core.number_settings import NumberSettingsStore
from trunkline.core.ports import (
    AccountStore,
    ApplicationStore,
    CarrierStore,
    ChangeLog,
    CredentialStore,
    EndpointStore,
    NumberStore,
    Rules,
    TrunkStore,
)
from trunkline.core.regulated_ports import CallbackStore, CampaignStore, ComplianceStore, FilingStore, ProfileStore
from trunkline.core.stock import StockStore
from trunkline.core.trunk_ports import IpListStore, OriginationStore, TrunkLoginStore
from trunkline.store.accounts import SqlAccounts, SqlCredentials
from trunkline.store.answers import SqlAnswers
from trunkline.store.applications import SqlApplications
from trunkline.store.callbacks import SqlCallbacks
from trunkline.store.campaigns import SqlCampaigns
from trunkline.store.carriers import SqlCarriers
from trunkline.store.changes import SqlChangeLog
from trunkline.store.compliance import SqlCompliance
from trunkline.store.endpoints import SqlEndpoints
from trunkline.store.filings import SqlFilings
from trunkline.store.inline_hooks import SqlHooks
from trunkline.store.named import SqlAccountTree, SqlApplicationDetails, SqlNamedKeys, SqlPostalAddresses, SqlRegulatory
from trunkline.store.number_settings import SqlNumberSettings
from trunkline.store.numbers import SqlNumbers
from trunkline.store.profiles import SqlProfiles
from trunkline.store.secrets import Vault
from trunkline.store.stock import SqlStock
from trunkline.store.trunk_access import SqlIpLists, SqlOriginations, SqlTrunkLogins
from trunkline.store.trunk_lists import SqlIpEntries, SqlLoginLists, SqlTrunkLists, SqlTrunkSettings
from trunkline.store.trunks import SqlTrunks

_CODE = string.ascii_uppercase + string.digits


class SqlStore:
    """`core.ports.Store`. Not for two threads at once: each thread has its own, on its own connection."""

    def __init__(self, connection: sqlite3.Connection, vault: Vault, rules: Rules) -> None:
        self._db = connection
        self.rules = rules
        self.accounts: AccountStore = SqlAccounts(connection)
        self.credentials: CredentialStore = SqlCredentials(connection, vault)
        self.carriers: CarrierStore = SqlCarriers(connection)
        self.numbers: NumberStore = SqlNumbers(connection)
        self.applications: ApplicationStore = SqlApplications(connection)
        self.trunks: TrunkStore = SqlTrunks(connection)
        self.endpoints: EndpointStore = SqlEndpoints(connection)
        self.log: ChangeLog = SqlChangeLog(connection, self.now)
        self.filings: FilingStore = SqlFilings(connection)
        self.campaigns: CampaignStore = SqlCampaigns(connection)
        self.profiles: ProfileStore = SqlProfiles(connection)
        self.compliance: ComplianceStore = SqlCompliance(connection, vault)
        self.callbacks: CallbackStore = SqlCallbacks(connection)
        self.stock: StockStore = SqlStock(connection)
        self.originations: OriginationStore = SqlOriginations(connection)
        self.trunk_logins: TrunkLoginStore = SqlTrunkLogins(connection)
        self.ip_lists: IpListStore = SqlIpLists(connection)
        self.answers: AnswerStore = SqlAnswers(connection, vault, rules.idempotency_ttl)
        self.hooks: HookStore = SqlHooks(connection)
        self.number_settings: NumberSettingsStore = SqlNumberSettings(connection)
        self.account_tree: AccountTreeStore = SqlAccountTree(connection)
        self.login_lists: LoginListStore = SqlLoginLists(connection)
        self.ip_entries: IpEntryStore = SqlIpEntries(connection)
        self.trunk_lists: TrunkListStore = SqlTrunkLists(connection)
        self.trunk_settings: TrunkSettingsStore = SqlTrunkSettings(connection)
        self.application_details: ApplicationDetailsStore = SqlApplicationDetails(connection)
        self.named_keys: NamedKeyStore = SqlNamedKeys(connection)
        self.postal_addresses: PostalAddressStore = SqlPostalAddresses(connection)
        self.regulatory: RegulatoryStore = SqlRegulatory(connection)

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(UTC)

    def new_id(self) -> str:
        """Return a fresh random UUID."""
        return str(uuid.uuid4())

    def new_serial(self) -> str:
        """Return 14 random digits that no record has; writes them down, so that none ever has them again."""
        while True:
            serial = str(secrets.randbelow(9 * 10**13) + 10**13)
            done = self._db.execute("INSERT INTO serials VALUES (?) ON CONFLICT DO NOTHING", (serial,))
            if done.rowcount:
                return serial

    def new_code(self) -> str:
        """Return 18 random characters of ``[A-Z0-9]``."""
        return "".join(secrets.choice(_CODE) for _ in range(18))

    def new_secret(self) -> str:
        """Return 32 random hex digits."""
        return secrets.token_hex(16)
