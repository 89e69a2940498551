"""The native API's bodies and arguments: the only reader of its incoming field names. Strict: unknown names are 400."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from trunkline.core import outbound_auth
from trunkline.core.carriers import CarrierDraft, GatewayDraft
from trunkline.core.errors import InvalidError, MissingError
from trunkline.core.model import (
    CalledIn,
    CarrierKind,
    Direction,
    Gateway,
    NumberFormat,
    NumberProfile,
    Transport,
)
from trunkline.core.routing import Verdict
from trunkline.core.trunks import UriDraft
from trunkline.dialects.native.requests_registration import RegistrationBody

S = TypeVar("S", bound=Struct)

MAX_LIMIT = 100
MAX_ITEMS = 200

Cursor = Annotated[int, Meta(ge=0, le=2**62)]
Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT)]
Cap = Annotated[int, Meta(ge=1, le=1_000_000)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Share = Annotated[int, Meta(ge=0, le=65535)]
Short = Annotated[str, Meta(max_length=255)]
Moment = Annotated[datetime, Meta(tz=True)]
"""A time of RFC 3339 with its offset from UTC."""


OptionsPing = Annotated[
    bool, Meta(description="ask it with OPTIONS whether it lives, if it is outbound; null: as its carrier says")
]


class ProfileBody(Struct, forbid_unknown_fields=True, frozen=True):
    """Where a carrier writes the called number, the country of its national forms, a prefix to strip."""

    called_in: CalledIn = CalledIn.REQUEST_URI
    country: Short | None = None
    strip_prefix: Short | None = None

    def profile(self) -> NumberProfile:
        """Return it in the model's words."""
        return NumberProfile(self.called_in, self.country, self.strip_prefix)


class GatewayBody(Struct, forbid_unknown_fields=True, frozen=True):
    """A gateway: a literal address, CIDR (inbound only) or a host name.

    A host name may have no port (null): then NAPTR and SRV records say where it is, with a ``transport`` the SRV
    records of that. An inbound one admits calls from the addresses that it leads to.
    """

    address: Short
    port: Port | None = 5060
    transport: Annotated[
        Transport | UnsetType | None, Meta(description="udp unless said; without a port any (null) unless said")
    ] = UNSET
    inbound: bool = True
    outbound: bool = False
    priority: Share = 10
    weight: Share = 10
    active: bool = True
    tech_prefix: Short = ""
    number_format: NumberFormat = NumberFormat.E164
    emergency: bool = False
    options_ping: OptionsPing | None = None

    def draft(self) -> GatewayDraft:
        """Return it in the model's words."""
        given = msgspec.structs.asdict(self)
        if self.transport is UNSET:
            given["transport"] = None if self.port is None else Transport.UDP
        return GatewayDraft(**given, named_sources=True)


class GatewayPatch(Struct, forbid_unknown_fields=True, frozen=True):
    """Changes of a gateway; what is not given stays."""

    address: Short | UnsetType = UNSET
    port: Port | UnsetType | None = UNSET
    transport: Transport | UnsetType | None = UNSET
    inbound: bool | UnsetType = UNSET
    outbound: bool | UnsetType = UNSET
    priority: Share | UnsetType = UNSET
    weight: Share | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    tech_prefix: Short | UnsetType = UNSET
    number_format: NumberFormat | UnsetType = UNSET
    emergency: bool | UnsetType = UNSET
    options_ping: OptionsPing | UnsetType | None = UNSET

    def draft(self, gateway: Gateway) -> GatewayDraft:
        """Return what the gateway is to become."""
        return GatewayDraft(
            **{
                name: getattr(gateway, name) if (value := getattr(self, name)) is UNSET else value
                for name in self.__struct_fields__
            },
            named_sources=True,
        )


class InboundAuthBody(Struct, forbid_unknown_fields=True, frozen=True):
    """With what an `auth` carrier proves itself. The password is never shown again."""

    username: Short
    password: Short


OUTBOUND = (outbound_auth.USERNAME, outbound_auth.PASSWORD, outbound_auth.REALM)
OutboundUsername = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=outbound_auth.MAX_USERNAME,
        description="with the password: the answer to the carrier's 401 and 407 to our calls; null takes both away",
    ),
]
OutboundPassword = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=outbound_auth.MAX_PASSWORD,
        description="never shown again",
        extra_json_schema={"writeOnly": True},
    ),
]
OutboundRealm = Annotated[
    str, Meta(min_length=1, max_length=outbound_auth.MAX_REALM, description="answer no other realm; null: any")
]


class CarrierBody(Struct, forbid_unknown_fields=True, frozen=True):
    """A new carrier: `static_ip` is known by its gateways' addresses, `auth` by digest credentials, `reg` by our
    registration.
    """

    name: Short
    kind: CarrierKind = CarrierKind.STATIC_IP
    gateways: Annotated[list[GatewayBody], Meta(max_length=MAX_ITEMS)] = []
    profile: ProfileBody = ProfileBody()
    voice: bool = True
    sms: bool = False
    max_channels: Cap | None = None
    max_cps: Cap | None = None
    inbound_auth: InboundAuthBody | None = None
    outbound_username: OutboundUsername | None = None
    outbound_password: OutboundPassword | None = None
    outbound_realm: OutboundRealm | None = None
    options_ping: bool = False
    registration: RegistrationBody | None = None

    def draft(self) -> CarrierDraft:
        """Return it in the model's words."""
        auth = self.inbound_auth
        return CarrierDraft(
            name=self.name,
            kind=self.kind,
            gateways=tuple(g.draft() for g in self.gateways),
            profile=self.profile.profile(),
            voice=self.voice,
            sms=self.sms,
            max_channels=self.max_channels,
            max_cps=self.max_cps,
            inbound_auth=(auth.username, auth.password) if auth else None,
            outbound_auth={name: value for name in OUTBOUND if (value := getattr(self, name)) is not None},
            options_ping=self.options_ping,
            registration=self.registration.draft() if self.registration else None,
        )


class CarrierPatch(Struct, forbid_unknown_fields=True, frozen=True):
    """Changes of a carrier; what is not given stays, null lifts a limit and takes credentials away."""

    name: Short | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    voice: bool | UnsetType = UNSET
    sms: bool | UnsetType = UNSET
    profile: ProfileBody | UnsetType = UNSET
    max_channels: Cap | UnsetType | None = UNSET
    max_cps: Cap | UnsetType | None = UNSET
    outbound_username: OutboundUsername | UnsetType | None = UNSET
    outbound_password: OutboundPassword | UnsetType | None = UNSET
    outbound_realm: OutboundRealm | UnsetType | None = UNSET
    options_ping: bool | UnsetType = UNSET

    def changes(self) -> dict[str, object]:
        """Return the fields to change, in the model's words; the credentials stand in `outbound_auth`."""
        return {
            name: value.profile() if isinstance(value, ProfileBody) else value
            for name in self.__struct_fields__
            if name not in OUTBOUND and (value := getattr(self, name)) is not UNSET
        }

    def outbound_auth(self) -> dict[str, str | None]:
        """Return the changes of the outbound credentials."""
        return {name: value for name in OUTBOUND if (value := getattr(self, name)) is not UNSET}


class UriBody(Struct, forbid_unknown_fields=True, frozen=True):
    """One target of a trunk, like ``sip:pbx.example.com:5060``; lower priority first, weight shares among equals."""

    uri: Short
    priority: Share = 10
    weight: Share = 10
    active: bool = True

    def draft(self) -> UriDraft:
        """Return it in the model's words."""
        return UriDraft(uri=self.uri, priority=self.priority, weight=self.weight, active=self.active)


class TrunkBody(Struct, forbid_unknown_fields=True, frozen=True):
    """A new trunk."""

    name: Short
    direction: Direction = Direction.INBOUND
    uris: Annotated[list[UriBody], Meta(max_length=MAX_ITEMS)] = []


class TrunkPatch(Struct, forbid_unknown_fields=True, frozen=True):
    """Changes of a trunk; ``uris`` replaces all of them."""

    name: Short | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    uris: Annotated[list[UriBody], Meta(max_length=MAX_ITEMS)] | UnsetType = UNSET


class NumberPatch(Struct, forbid_unknown_fields=True, frozen=True):
    """Changes of a number: who delivers it (the primary first), what it points at; null points at nothing."""

    carrier_ids: Annotated[list[Short], Meta(min_length=1, max_length=20)] | UnsetType = UNSET
    application_id: Short | UnsetType | None = UNSET
    trunk_id: Short | UnsetType | None = UNSET
    alias: Short | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        """Refuse two targets at once."""
        if isinstance(self.application_id, str) and isinstance(self.trunk_id, str):
            raise ValueError("application_id and trunk_id exclude each other")


class ExplainBody(Struct, forbid_unknown_fields=True, frozen=True):
    """A call that might come: from which address, to which number, from which caller."""

    source: Short
    to: Short
    caller: Short = ""


class ListQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """A page of a list: how many, and after which cursor (``next`` of the page before)."""

    limit: Limit = 20
    after: Cursor | None = None


class NamedListQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """A page of a list, of one exact name."""

    limit: Limit = 20
    after: Cursor | None = None
    name: Short | None = None


class NumberListQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """A page of numbers that begin with ``prefix``."""

    limit: Limit = 20
    after: Cursor | None = None
    prefix: Annotated[str, Meta(pattern="^[0-9]{1,15}$")] | None = None


class CallListQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """A page of calls, below the cursor ``before``, that match every filter given; as JSON or CSV."""

    limit: Limit = 20
    before: Cursor | None = None
    number: Annotated[
        Short | None, Meta(description="the called E.164 number, with or without +, or emergency number")
    ] = None
    verdict: Annotated[Verdict | None, Meta(description="what the decision came to")] = None
    source: Annotated[Short | None, Meta(description="the IP address that the call came from")] = None
    since: Annotated[Moment | None, Meta(description="calls that began then or later; write + as %2B")] = None
    until: Annotated[Moment | None, Meta(description="calls that began before; write + as %2B")] = None
    answered: Annotated[bool | None, Meta(description="only answered calls, or only those that were not")] = None
    format: Annotated[
        Literal["json", "csv"],
        Meta(description="csv: a header row, a row for each call, the page that follows in the `Link` header"),
    ] = "json"


class LogQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """A page of the change log, below the cursor ``before``."""

    limit: Limit = 20
    before: Cursor | None = None


class LimitQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """How many, the latest first."""

    limit: Limit = 20


def body(raw: bytes, kind: type[S]) -> S:
    """Return a JSON body as ``kind``; `InvalidError` or `MissingError` naming the field."""
    if not raw:
        raise MissingError("the request needs a JSON body")
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise _refused(error) from None


def query(args: dict[str, str], kind: type[S]) -> S:
    """Return query arguments as ``kind``; `InvalidError` naming the argument."""
    try:
        return msgspec.convert(args, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(error) from None


_WHERE = re.compile(r"^(.*?)(?: - at `(?:key in )?\$\.?([^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"field `([^`]*)`")


def _refused(error: Exception) -> InvalidError:
    """Return msgspec's complaint (``Expected `int`, got `str` - at `$.port` ``) as ours."""
    if isinstance(error, RecursionError):
        return InvalidError("the request body is nested too deeply")
    match = _WHERE.match(str(error))
    message, path = (match[1], match[2] or "") if match else (str(error), "")
    named = _NAMED.search(message)
    if named:
        path = f"{path}.{named[1]}" if path else named[1]
    kind = MissingError if "missing required" in message else InvalidError
    return kind(message, field=path or None)
