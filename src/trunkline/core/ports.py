"""What core needs from outside, as protocols: a `Store` is one consistent view of the inventory.

A use case gets a `Store` and runs whole inside one transaction of it; it never waits and never sees a half-written
state. Reads that a tenant asks for take a `Scope`; what lies outside it is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from trunkline.core.answers import AnswerStore
from trunkline.core.inline_hooks import HookStore
from trunkline.core.model import (
    Account,
    AccountDetails,
    Actor,
    Application,
    Carrier,
    Change,
    Credential,
    CredentialKind,
    Endpoint,
    Gateway,
    Listing,
    Number,
    NumberStatus,
    Page,
    Registration,
    Scope,
    Trunk,
    TrunkUri,
)
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
from trunkline.core.rates import Tariff
from trunkline.core.regulated_ports import CallbackStore, CampaignStore, ComplianceStore, FilingStore, ProfileStore
from trunkline.core.stock import StockStore
from trunkline.core.trunk_ports import ANY_TRUNK, IpListStore, OriginationStore, TrunkFilter, TrunkLoginStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What this installation accepts (lab mode, wide masks, the addresses of its own SIP listeners) and charges."""

    lab: bool = False
    allow_wide_masks: bool = False
    own_addresses: tuple[str, ...] = ()
    tariff: Tariff = field(default_factory=dict)
    quarantine: timedelta = timedelta(days=5)
    """How long a number that was given back to the stock is not offered again."""
    sip_host: str = "127.0.0.1"
    """What stands after the ``@`` of an endpoint's SIP URI."""
    named_addresses: Callable[[], Callable[[str], Sequence[str]]] = lambda: lambda _key: ()
    """Reads what the edge knows of names, and returns a look-up: the addresses that a name's key last led to. Raises
    `StoreUnavailableError`."""
    idempotency_ttl: timedelta = timedelta(days=1)
    """How long an answer is given again to a request with the same idempotency key."""
    public_url: str = ""
    """What links to this server begin with; empty: the request's own scheme and host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFilter:
    """Conditions on a list of numbers, joined by AND; None or empty means any.

    ``renewal`` holds (comparison, day) pairs, the comparison one of ``= < <= > >=``.
    """

    prefix: str | None = None
    number_type: str | None = None
    owner_id: str | None = None
    alias: str | None = None
    status: NumberStatus | None = None
    voice: bool | None = None
    sms: bool | None = None
    mms: bool | None = None
    cnam_lookup: bool | None = None
    renewal: tuple[tuple[str, date], ...] = field(default=())
    campaign_status: str | None = None
    campaign_id: str | None = None
    toll_free_status: str | None = None
    toll_free_order_status: str | None = None
    types: tuple[str, ...] = ()
    """Any of these types of number."""
    pattern: str | None = None
    """All digits of the number: ``_`` stands for any one, ``%`` for any run of them, as in SQL's LIKE."""
    label: tuple[str, tuple[str, ...]] | None = None
    """An alias, or else any of these numbers that have none."""


class AccountStore(Protocol):
    """Accounts and their tree."""

    def get(self, account_id: str) -> Account | None:
        """Return an account by id."""
        ...

    def by_code(self, code: str) -> Account | None:
        """Return an account by its 18 characters."""
        ...

    def all(self) -> list[Account]:
        """Return every account, parents before children."""
        ...

    def add(self, account: Account) -> None:
        """Write a new account and its place in the tree."""
        ...

    def update(self, account: Account) -> None:
        """Write an account's changed fields; a changed state reaches its descendants' routing."""
        ...

    def ancestors(self, account_id: str) -> Sequence[str]:
        """Return the account's own id and those above it, nearest first."""
        ...

    def covers(self, scope: Scope, account_id: str) -> bool:
        """Tell whether ``scope`` sees the account."""
        ...

    def below(self, account_id: str, page: Page) -> Listing[Account]:
        """Return the accounts below one, closed ones aside, oldest first."""
        ...

    def details(self, account_id: str) -> AccountDetails:
        """Return what an account tells of its holder; of one that told nothing, the defaults."""
        ...

    def set_details(self, account_id: str, details: AccountDetails) -> None:
        """Write what an account tells of its holder."""
        ...

    def hand_over(self, kind: str, account_id: str, to_id: str) -> list[str]:
        """Give an account's live records of a kind to another account; return their names in the change log.

        ``kind`` is one of `core.subaccounts.HOLDINGS`.
        """
        ...


class CredentialStore(Protocol):
    """Secrets, which never leave here except through `reveal`."""

    def add(self, credential: Credential, secret: str) -> None:
        """Write a credential, its secret encrypted."""
        ...

    def check(self, kind: CredentialKind, public_id: str, secret: str) -> Credential | None:
        """Return the live credential that ``secret`` opens, compared in constant time."""
        ...

    def by_secret(self, kind: CredentialKind, secret: str) -> Credential | None:
        """Return the live credential with this secret (bearer keys name no public id)."""
        ...

    def live(self, account_id: str, kind: CredentialKind) -> list[Credential]:
        """Return an account's live credentials of a kind, oldest first."""
        ...

    def of_carrier(self, carrier_id: str, kind: CredentialKind) -> list[Credential]:
        """Return a carrier's live credentials of a kind."""
        ...

    def named(self, kind: CredentialKind, public_id: str) -> list[Credential]:
        """Return the live credentials of a kind with this public id (a SIP user name)."""
        ...

    def revoke(self, credential_id: str, at: datetime) -> None:
        """Let a credential open nothing any more; its secret is forgotten, the row stays as history."""
        ...

    def reveal(self, credential_id: str) -> str:
        """Return the secret in clear."""
        ...


class CarrierStore(Protocol):
    """Carriers with their gateways."""

    def add(self, carrier: Carrier) -> None:
        """Write a carrier, its gateways and its registration."""
        ...

    def get(self, scope: Scope, carrier_id: str) -> Carrier | None:
        """Return a live carrier by id."""
        ...

    def by_serial(self, scope: Scope, serial: str) -> Carrier | None:
        """Return a live carrier by serial."""
        ...

    def oldest_active(self, account_id: str) -> Carrier | None:
        """Return the oldest carrier of an account that is switched on."""
        ...

    def page(self, scope: Scope, name: str | None, page: Page) -> Listing[Carrier]:
        """Return live carriers, oldest first; ``name`` is matched exactly."""
        ...

    def update(self, carrier: Carrier) -> None:
        """Write a carrier's own fields."""
        ...

    def replace_gateways(self, carrier_id: str, gateways: Sequence[Gateway]) -> None:
        """Make these the carrier's gateways, in this order; a known id keeps its row."""
        ...

    def set_registration(self, registration: Registration) -> None:
        """Write a carrier's registration, a new one or a changed one."""
        ...

    def remove(self, carrier_id: str, at: datetime) -> None:
        """Take a carrier out of service."""
        ...

    def live_numbers(self, carrier_id: str) -> int:
        """Count the live numbers that name this carrier."""
        ...

    def ranges(self, carrier_ids: Sequence[str], *, by_registration: bool) -> list[tuple[str, str]]:
        """Return from where calls of these carriers come, active ones, as ranges of `core.sources.network_range`.

        Those of the `static_ip` carriers among them, or, ``by_registration``, where the `reg` carriers register.
        A host name that admits calls is all addresses: `core.claims.EVERYWHERE`. `auth` carriers have none, here and
        below: they admit nobody by address.
        """
        ...

    def overlaps(
        self, ranges: Sequence[tuple[str, str]], top_account_id: str, *, by_registration: bool = False
    ) -> bool:
        """Tell whether calls of another top-level account's carrier come from a network that overlaps any of these.

        ``by_registration``, here and below: of `static_ip` carriers only (`core.claims` says why).
        """
        ...

    def names_of_others(self, top_account_id: str, *, by_registration: bool = False) -> list[str]:
        """Return the keys of the host names by which other top-level accounts' carriers admit calls."""
        ...


class NumberStore(Protocol):
    """Live numbers."""

    def add(self, numbers: Sequence[Number], carrier_ids: Sequence[str]) -> None:
        """Write numbers, delivered by these carriers, the first being primary."""
        ...

    def get(self, scope: Scope, e164: str) -> Number | None:
        """Return a live number."""
        ...

    def by_id(self, scope: Scope, number_id: str) -> Number | None:
        """Return a live number by its record's id."""
        ...

    def page(self, scope: Scope, wanted: NumberFilter, page: Page) -> Listing[Number]:
        """Return live numbers, oldest first."""
        ...

    def newest(self, scope: Scope, wanted: NumberFilter, page: Page) -> tuple[tuple[Number, ...], int | None]:
        """Return live numbers, newest first, and the order number of the last one, None when nothing follows.

        They are not counted. ``page.after`` continues below a known number.
        """
        ...

    def owners(self, e164s: Sequence[str]) -> dict[str, str]:
        """Return who owns which of these live numbers: number to account id."""
        ...

    def update(self, number: Number) -> None:
        """Write a number's changed fields."""
        ...

    def carriers(self, number_id: str) -> list[str]:
        """Return the ids of the carriers that deliver a number, primary first."""
        ...

    def set_carriers(self, number_id: str, carrier_ids: Sequence[str]) -> None:
        """Make these the carriers that deliver a number, the first being primary."""
        ...

    def set_status_of_carrier(self, carrier_id: str, now_is: NumberStatus, becomes: NumberStatus) -> list[str]:
        """Move a carrier's numbers from one status to another; return the numbers moved."""
        ...

    def due(self, day: date, limit: int) -> list[Number]:
        """Return live numbers whose renewal day is ``day`` or earlier, the earliest first."""
        ...

    def unlink(self, *, application_id: str | None = None, trunk_id: str | None = None) -> int:
        """Make numbers that point at this record point at nothing; return how many."""
        ...

    def remove(self, number_id: str, at: datetime) -> None:
        """Take a number out of the inventory; the row stays as history."""
        ...


class ApplicationStore(Protocol):
    """Applications."""

    def add(self, application: Application) -> None:
        """Write an application."""
        ...

    def get(self, scope: Scope, application_id: str) -> Application | None:
        """Return a live application by id."""
        ...

    def by_serial(self, scope: Scope, serial: str) -> Application | None:
        """Return a live application by serial."""
        ...

    def page(self, scope: Scope, name: str | None, page: Page) -> Listing[Application]:
        """Return live applications, oldest first; ``name`` is matched exactly."""
        ...

    def update(self, application: Application) -> None:
        """Write an application's changed fields."""
        ...

    def remove(self, application_id: str, at: datetime) -> None:
        """Take an application out of service."""
        ...


class TrunkStore(Protocol):
    """Trunks with their URIs."""

    def add(self, trunk: Trunk) -> None:
        """Write a trunk and which URIs take its calls; those were written before."""
        ...

    def get(self, scope: Scope, trunk_id: str) -> Trunk | None:
        """Return a live trunk by id."""
        ...

    def by_serial(self, scope: Scope, serial: str) -> Trunk | None:
        """Return a live trunk by serial."""
        ...

    def page(self, scope: Scope, page: Page, wanted: TrunkFilter = ANY_TRUNK) -> Listing[Trunk]:
        """Return live trunks, oldest first."""
        ...

    def of_uri(self, uri_id: str) -> list[Trunk]:
        """Return the live trunks whose calls this URI takes."""
        ...

    def uses(self, uri_id: str) -> int:
        """Count the live trunks whose calls this URI takes."""
        ...

    def update(self, trunk: Trunk) -> None:
        """Write a trunk's own fields."""
        ...

    def replace_uris(self, trunk_id: str, uris: Sequence[TrunkUri]) -> None:
        """Make these, which were written before, the trunk's URIs."""
        ...

    def remove(self, trunk_id: str, at: datetime) -> None:
        """Take a trunk out of service."""
        ...


class EndpointStore(Protocol):
    """SIP users."""

    def add(self, endpoint: Endpoint) -> None:
        """Write an endpoint; its login is a credential that was written before."""
        ...

    def by_serial(self, scope: Scope, serial: str) -> Endpoint | None:
        """Return a live endpoint by serial."""
        ...

    def has(self, username: str) -> bool:
        """Tell whether any endpoint, live or not, has or had this user name."""
        ...

    def page(self, scope: Scope, page: Page) -> Listing[Endpoint]:
        """Return live endpoints, oldest first."""
        ...

    def of_application(self, application_id: str) -> list[Endpoint]:
        """Return the live endpoints whose calls this application answers."""
        ...

    def update(self, endpoint: Endpoint) -> None:
        """Write an endpoint's changed fields."""
        ...

    def remove(self, endpoint_id: str, at: datetime) -> None:
        """Take an endpoint out of service; the row stays as history."""
        ...


class ChangeLog(Protocol):
    """Who did what, and when; written in the same transaction as the change itself."""

    def append(self, actor: Actor, account_id: str, verb: str, kind: str, record_id: str, **detail: object) -> None:
        """Add a line; ``detail`` never holds a secret."""
        ...

    def page(self, scope: Scope, page: Page) -> Listing[Change]:
        """Return lines, newest first; ``page.after`` continues below a known line."""
        ...

    def history(self, scope: Scope, kind: str, record_id: str, page: Page) -> Listing[Change]:
        """Return the lines about one record, newest first; ``page.after`` continues below a known line."""
        ...


class Store(Protocol):
    """One consistent view of the inventory, with the clock and the ids that belong to its transaction."""

    accounts: AccountStore
    credentials: CredentialStore
    carriers: CarrierStore
    numbers: NumberStore
    applications: ApplicationStore
    trunks: TrunkStore
    endpoints: EndpointStore
    log: ChangeLog
    stock: StockStore
    rules: Rules
    filings: FilingStore
    campaigns: CampaignStore
    profiles: ProfileStore
    compliance: ComplianceStore
    callbacks: CallbackStore
    originations: OriginationStore
    trunk_logins: TrunkLoginStore
    ip_lists: IpListStore
    answers: AnswerStore
    hooks: HookStore
    number_settings: NumberSettingsStore
    account_tree: AccountTreeStore
    login_lists: LoginListStore
    ip_entries: IpEntryStore
    trunk_lists: TrunkListStore
    trunk_settings: TrunkSettingsStore
    application_details: ApplicationDetailsStore
    named_keys: NamedKeyStore
    postal_addresses: PostalAddressStore
    regulatory: RegulatoryStore

    def now(self) -> datetime:
        """Return the time of this transaction, aware and in UTC."""
        ...

    def new_id(self) -> str:
        """Return a fresh random UUID."""
        ...

    def new_serial(self) -> str:
        """Return 14 random digits that no record has."""
        ...

    def new_code(self) -> str:
        """Return 18 random characters of ``[A-Z0-9]``."""
        ...

    def new_secret(self) -> str:
        """Return 32 random hex digits."""
        ...


class Explainer(Protocol):
    """Asks the running edge what would happen to a call, without placing it."""

    async def explain(self, source: str, to: str, caller: str, viewer: Scope) -> dict[str, object]:
        """Return the decision as a mapping of plain values.

        Keys: ``verdict``, ``sip_status``, ``sip_reason``, ``number``, ``carrier``, ``target`` (texts or None),
        ``trace`` (a list of ``{"part", "text"}``), ``facts`` (``live`` or ``offline``). What belongs to accounts
        outside
        ``viewer`` is not named. Raises `InvalidError` for a source that is no address.
        """
        ...
