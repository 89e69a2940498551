"""The inventory's values: what an installation knows of accounts, carriers, numbers and what they point at.

All are frozen: a change makes a new value (``dataclasses.replace``), and the store writes it. Times are aware UTC
datetimes, ids random UUIDs in text, ``serial`` 14 random digits that are unique over all kinds of record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class AccountState(StrEnum):
    """Whether an account's calls route; those of its descendants follow.

    ``DISABLED`` is a subaccount that its main account has switched off; the others are the operator's words.
    """

    ACTIVE = "active"
    DISABLED = "disabled"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A tenant. ``code`` is 18 characters of ``[A-Z0-9]``; a subaccount has a ``parent_id``."""

    id: str
    parent_id: str | None
    code: str
    name: str
    state: AccountState
    default_application_id: str | None
    max_channels: int | None
    max_cps: int | None
    created_at: datetime
    updated_at: datetime
    default_endpoint_application_id: str | None = None

    @property
    def is_subaccount(self) -> bool:
        """True for every account below another one."""
        return self.parent_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetails:
    """What an account tells of its holder; nothing here routes a call."""

    city: str = ""
    address: str = ""
    state: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Scope:
    """The accounts that a look-up may see: one account, or it and everything below it."""

    account_id: str
    include_children: bool = False


EVERYTHING = Scope("*", include_children=True)
"""The operator's scope: every account of the installation. Never made from a tenant's request."""


class CredentialKind(StrEnum):
    """What a credential opens. SIP credentials belong to a carrier, an endpoint, a trunk's URI or a trunk's login, the
    others to an account.
    """

    PLIVO_TOKEN = "plivo_token"  # noqa: S105 -- the name of a kind, no secret
    TWILIO_TOKEN = "twilio_token"  # noqa: S105 -- the name of a kind, no secret
    API_KEY = "api_key"
    SIP_INBOUND = "sip_inbound"
    SIP_OUTBOUND = "sip_outbound"
    SIP_ENDPOINT = "sip_endpoint"
    SIP_ORIGINATION = "sip_origination"
    SIP_TRUNK = "sip_trunk"
    TWILIO_KEY = "twilio_key"
    TWILIO_TEST = "twilio_test"


class Role(StrEnum):
    """Who holds a credential: a tenant, or the operator of the installation."""

    ACCOUNT = "account"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A secret's row without the secret: what it opens, for whom, and whether it still does.

    ``realm`` is the only one that an outbound SIP credential serves, None any.
    """

    id: str
    account_id: str
    carrier_id: str | None
    kind: CredentialKind
    public_id: str
    role: Role
    scopes: str
    created_at: datetime
    revoked_at: datetime | None
    realm: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """On whose behalf something is done; ``label`` is what the change log shows."""

    account: Account
    label: str
    role: Role = Role.ACCOUNT


class CarrierKind(StrEnum):
    """How a carrier proves itself: by address, by digest credentials, or by our registration."""

    STATIC_IP = "static_ip"
    AUTH = "auth"
    REG = "reg"


class CalledIn(StrEnum):
    """Where a carrier writes the called number."""

    REQUEST_URI = "request_uri"
    TO = "to"
    P_CALLED_PARTY_ID = "p_called_party_id"
    DIVERSION = "diversion"


@dataclass(frozen=True, slots=True)
class NumberProfile:
    """How a carrier writes numbers: the place, the country of national forms, a prefix to strip."""

    called_in: CalledIn = CalledIn.REQUEST_URI
    country: str | None = None
    strip_prefix: str | None = None


class Transport(StrEnum):
    """SIP transports; which ones this build carries stands in the README's status table."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class NumberFormat(StrEnum):
    """How an outbound gateway wants numbers: ``+49301234567``, ``49301234567`` or ``030 1234567`` without blanks."""

    E164 = "e164"
    PLAIN = "plain"
    NATIONAL = "national"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """One address of a carrier. ``prefix`` is the mask of a literal address; a host name has none.

    A host name without a port is found by what its owner publishes (RFC 3263), for any transport if it has none either.
    """

    id: str
    carrier_id: str
    host: str
    prefix: int | None
    port: int | None
    transport: Transport | None
    inbound: bool
    outbound: bool
    priority: int
    weight: int
    active: bool
    tech_prefix: str
    number_format: NumberFormat
    emergency: bool
    options_ping: bool | None = None
    """Whether it is asked with OPTIONS if it is outbound; None: as its carrier says."""

    @property
    def address(self) -> str:
        """The host as people write it: with ``/prefix`` only where it is a real mask."""
        full = 128 if ":" in self.host else 32
        return self.host if self.prefix in (None, full) else f"{self.host}/{self.prefix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How we register to a `reg` carrier (RFC 3261 section 10); what is None follows from the carrier, see
    `core.registrations`.

    ``username`` and ``domain`` are our address of record there, ``domain`` the Request-URI's, too. REGISTER goes to
    ``registrar``: the registrar itself, or an outbound proxy in front of it; without ``registrar_port`` a name is
    looked up as RFC 3263 says. ``contact_token`` is the user part of our Contact, 128 random bits in hex: a call that
    comes with it is this carrier's, and without ``any_source`` it has to come from where we register, too.
    """

    id: str
    carrier_id: str
    username: str
    domain: str | None
    registrar: str | None
    registrar_port: int | None
    registrar_transport: Transport | None
    from_user: str | None
    from_domain: str | None
    expires_s: int
    contact_token: str
    any_source: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A company that sends and takes calls. ``gateways`` stand in the order in which they were given; ``registration``
    is there for `reg` carriers only.
    """

    id: str
    serial: str
    account_id: str
    name: str
    kind: CarrierKind
    active: bool
    voice: bool
    sms: bool
    profile: NumberProfile
    max_channels: int | None
    max_cps: int | None
    created_at: datetime
    updated_at: datetime
    gateways: tuple[Gateway, ...] = ()
    options_ping: bool = False
    """Whether outbound gateways that do not say so themselves are asked with OPTIONS whether they live."""
    registration: Registration | None = None

    @property
    def inbound_literals(self) -> tuple[Gateway, ...]:
        """The gateways that admit calls by address."""
        return tuple(g for g in self.gateways if g.inbound and g.prefix is not None)

    def asks(self, gateway: Gateway) -> bool:
        """Tell whether one of its gateways is asked with OPTIONS."""
        wanted = self.options_ping if gateway.options_ping is None else gateway.options_ping
        return wanted and gateway.outbound and gateway.active and self.active


@dataclass(frozen=True, slots=True)
class Webhook:
    """An HTTP address of a user's application and the method that it wants."""

    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHooks:
    """Where a call asks: the answer document, its fallback, the end of the call; and the same for messages."""

    answer: Webhook | None = None
    fallback: Webhook | None = None
    hangup: Webhook | None = None
    message: Webhook | None = None
    message_fallback: Webhook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """URLs that answer calls, in the ``dialect`` that was fixed at creation."""

    id: str
    serial: str
    account_id: str
    name: str
    dialect: str
    active: bool
    hooks: CallHooks
    public_uri: bool
    log_messages: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """URLs that stand on a number itself (the inline hook), below trunk and application in precedence.

    All of ``hooks`` are there: one whose URL is empty asks nobody, and keeps the method for when it has one again.
    """

    id: str
    account_id: str
    dialect: str
    hooks: CallHooks


class Direction(StrEnum):
    """From whose side a trunk's calls come: inbound trunks take calls, outbound trunks place them, others do both."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkUri:
    """One origination target of a trunk; lower priority first, weight shares among equals (RFC 2782).

    ``id`` is the `core.origination.OriginationUri`'s, whose text ``uri`` is.
    """

    id: str
    uri: str
    priority: int
    weight: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """SIP URIs that take a number's calls, or a way for a PBX to place calls.

    An outbound trunk's calls come from an address in its IP list, prove themselves by its login, or both where it has
    both; where it has neither, nobody is admitted. It may have further lists of either kind, see `core.trunk_lists`.
    """

    id: str
    serial: str
    account_id: str
    name: str
    direction: Direction
    active: bool
    uris: tuple[TrunkUri, ...]
    created_at: datetime
    updated_at: datetime
    ip_list_id: str | None = None
    login_id: str | None = None


class NumberStatus(StrEnum):
    """``PENDING_CLAIM`` waits for the operator (shared sources), ``PENDING_ACTIVATION`` for compliance."""

    ACTIVE = "active"
    PENDING_CLAIM = "pending_claim"
    PENDING_ACTIVATION = "pending_activation"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Ref:
    """Another record, as far as a view of this one shows it."""

    id: str
    serial: str
    name: str


@dataclass(frozen=True, slots=True)
class Owner:
    """The account behind a record, as far as a view shows it."""

    id: str
    code: str
    name: str
    parent_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberDetails:
    """What is known about a number beyond its routing: told by its owner, a tariff, or the operator."""

    region: str | None = None
    country: str | None = None
    city: str | None = None
    number_type: str = "local"
    alias: str | None = None
    monthly_rental_rate: str = "0.00000"
    voice_rate: str = "0.00000"
    sms_rate: str = "0.00000"
    mms_rate: str = "0.00000"
    renewal_on: date | None = None
    cnam_lookup: bool | None = None
    cnam: str | None = None
    campaign_id: str | None = None
    campaign_status: str | None = None
    toll_free_status: str | None = None
    toll_free_verification_id: str | None = None
    toll_free_order_status: str | None = None
    profile_id: str | None = None
    reputation_status: str | None = None
    compliance_id: str | None = None
    compliance_status: str | None = None
    stocked: bool | None = None
    """True for a number that was bought from the stock: it can do what the stock says, as far as its carrier can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """An E.164 number (digits, no ``+``) of one account, with what it points at and who delivers it."""

    seq: int
    id: str
    e164: str
    owner: Owner
    status: NumberStatus
    carrier: Ref | None
    application: Ref | None
    trunk: Ref | None
    hook_id: str | None
    voice: bool
    sms: bool
    mms: bool
    details: NumberDetails
    added_at: datetime
    updated_at: datetime

    @property
    def campaign_status(self) -> str | None:
        """How far its link to a messaging campaign is; None while it takes no messages."""
        return self.details.campaign_status if self.sms else None

    @property
    def toll_free_status(self) -> str | None:
        """How far its toll-free verification is; None while it takes no messages."""
        return self.details.toll_free_status if self.sms else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the change log: who did what to which record, and when."""

    seq: int
    at: datetime
    actor: str
    account_id: str
    verb: str
    kind: str
    record_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Page:
    """A window on a list in its stable order: after the record numbered ``after``, else from ``offset``."""

    limit: int
    offset: int = 0
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A page's records, the number of records in the whole list, and the order number of the last one shown
    (None when nothing follows).
    """

    items: tuple[T, ...]
    total: int
    last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A SIP user who registers with us. ``username`` is one of its kind in the installation.

    ``login_id`` is the credential that opens it now; a new password makes a new one, which ends all registrations.
    """

    id: str
    serial: str
    owner: Owner
    username: str
    alias: str
    application: Ref | None
    login_id: str
    created_at: datetime
    updated_at: datetime
