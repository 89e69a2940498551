"""The native API's bodies: the only writer of its outgoing field names, and the source of its OpenAPI schemas."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from trunkline.core.model import (
    Application,
    CalledIn,
    Carrier,
    CarrierKind,
    Change,
    Credential,
    Direction,
    Gateway,
    Number,
    NumberFormat,
    NumberStatus,
    Ref,
    Transport,
    Trunk,
    TrunkUri,
    Webhook,
)
from trunkline.core.records import CallRecord, UnclaimedCall

encode = msgspec.json.Encoder().encode

V = TypeVar("V", bound=Struct)


class ErrorView(Struct, frozen=True):
    """One thing that is wrong: where, what, and a word for programs."""

    path: str
    message: str
    code: str


class ProblemView(Struct, frozen=True):
    """Problem details (RFC 9457)."""

    title: str
    status: int
    detail: str
    errors: tuple[ErrorView, ...] = ()
    type: str = "about:blank"


class ProfileView(Struct, frozen=True):
    """How a carrier writes numbers."""

    called_in: CalledIn
    country: str | None
    strip_prefix: str | None


class GatewayView(Struct, frozen=True):
    """One address of a carrier."""

    id: str
    address: str
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
    options_ping: bool | None


class CarrierView(Struct, frozen=True):
    """A carrier with its gateways; ``username`` is that of an `auth` carrier. Passwords are never shown."""

    id: str
    account_id: str
    name: str
    kind: CarrierKind
    active: bool
    voice: bool
    sms: bool
    profile: ProfileView
    max_channels: int | None
    max_cps: int | None
    username: str | None
    outbound_username: str | None
    outbound_password_set: bool
    outbound_realm: str | None
    options_ping: bool
    gateways: list[GatewayView]
    created_at: datetime
    updated_at: datetime


class UriView(Struct, frozen=True):
    """One target of a trunk."""

    id: str
    uri: str
    priority: int
    weight: int
    active: bool


class TrunkView(Struct, frozen=True):
    """SIP URIs that take a number's calls."""

    id: str
    account_id: str
    name: str
    direction: Direction
    active: bool
    uris: list[UriView]
    created_at: datetime
    updated_at: datetime


class RefView(Struct, frozen=True):
    """Another record."""

    id: str
    name: str


class NumberView(Struct, frozen=True):
    """A number, who delivers it (the primary first; None in lists) and what it points at."""

    number: str
    account_id: str
    status: NumberStatus
    carrier: RefView | None
    application: RefView | None
    trunk: RefView | None
    alias: str | None
    region: str | None
    country: str | None
    number_type: str
    voice: bool
    sms: bool
    mms: bool
    added_at: datetime
    updated_at: datetime
    carrier_ids: list[str] | None = None


class WebhookView(Struct, frozen=True):
    """A URL of an application and its method."""

    url: str
    method: str


class ApplicationView(Struct, frozen=True):
    """An application in the dialect that made it."""

    id: str
    account_id: str
    name: str
    dialect: str
    active: bool
    answer: WebhookView | None
    fallback: WebhookView | None
    hangup: WebhookView | None
    message: WebhookView | None
    created_at: datetime
    updated_at: datetime


class StepView(Struct, frozen=True):
    """One step of a decision's trace."""

    part: str
    text: str


class RungView(Struct, frozen=True):
    """One SIP message of a call's ladder: seconds since the INVITE, leg, ``in`` or ``out``, first line."""

    at: float
    leg: str
    way: str
    line: str


class CallView(Struct, frozen=True):
    """A call attempt, answered or refused.

    ``emergency_address_id`` is the registered address of the number that called an emergency number; else null.
    """

    id: str
    account_id: str
    number: str
    caller: str
    source: str
    carrier_id: str | None
    verdict: str
    sip_status: int
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    ended_by: str
    cause: str
    emergency_address_id: str | None


class CallDetailView(CallView, frozen=True):
    """A call attempt with the trace of its decision and the ladder of its messages."""

    trace: list[StepView]
    ladder: list[RungView]


class UnclaimedView(Struct, frozen=True):
    """Refused attempts that belong to no account, by source and called number."""

    source: str
    number: str
    verdict: str
    count: int
    first_at: datetime
    last_at: datetime
    trace: list[StepView]


class ChangeView(Struct, frozen=True):
    """One line of the change log."""

    seq: int
    at: datetime
    actor: str
    account_id: str
    verb: str
    kind: str
    record_id: str
    detail: dict[str, Any]


class ExplainedView(Struct, frozen=True):
    """What would happen to a call, and why. ``facts`` is ``live``, or ``offline`` without a running edge.

    ``emergency_address_id`` is what a call to an emergency number would have on record.
    """

    verdict: str
    sip_status: int | None
    sip_reason: str
    number: str | None
    carrier: str | None
    target: str | None
    trace: list[StepView]
    facts: str
    emergency_address_id: str | None = None


class CarrierPage(Struct, frozen=True):
    """Carriers, oldest first; ``next`` is the ``after`` of the page that follows."""

    items: list[CarrierView]
    total: int
    next: int | None


class TrunkPage(Struct, frozen=True):
    """Trunks, oldest first; ``next`` is the ``after`` of the page that follows."""

    items: list[TrunkView]
    total: int
    next: int | None


class NumberPage(Struct, frozen=True):
    """Numbers, oldest first; ``next`` is the ``after`` of the page that follows."""

    items: list[NumberView]
    total: int
    next: int | None


class ApplicationPage(Struct, frozen=True):
    """Applications, oldest first; ``next`` is the ``after`` of the page that follows."""

    items: list[ApplicationView]
    total: int
    next: int | None


class GatewayList(Struct, frozen=True):
    """A carrier's gateways, in their order."""

    items: list[GatewayView]


class CallPage(Struct, frozen=True):
    """Call attempts, newest first; ``next`` is the ``before`` of the page that follows."""

    items: list[CallView]
    next: int | None


class UnclaimedList(Struct, frozen=True):
    """Unclaimed calls, the latest first."""

    items: list[UnclaimedView]


class ChangePage(Struct, frozen=True):
    """Changes, newest first; ``next`` is the ``before`` of the page that follows."""

    items: list[ChangeView]
    next: int | None


def gateway(record: Gateway) -> GatewayView:
    """Show a gateway."""
    return shown(GatewayView, record)


def carrier(record: Carrier, inbound: Credential | None, outbound: Credential | None) -> CarrierView:
    """Show a carrier with its gateways, and the user names of its credentials."""
    profile = ProfileView(record.profile.called_in, record.profile.country, record.profile.strip_prefix)
    gateways = [gateway(g) for g in record.gateways]
    return shown(
        CarrierView,
        record,
        profile=profile,
        gateways=gateways,
        username=inbound.public_id if inbound else None,
        outbound_username=outbound.public_id if outbound else None,
        outbound_password_set=outbound is not None,
        outbound_realm=outbound.realm if outbound else None,
    )


def trunk(record: Trunk) -> TrunkView:
    """Show a trunk with its URIs."""
    return shown(TrunkView, record, uris=[_uri(u) for u in record.uris])


def _uri(record: TrunkUri) -> UriView:
    return shown(UriView, record)


def number(record: Number, carrier_ids: list[str] | None = None) -> NumberView:
    """Show a number."""
    return NumberView(
        number=record.e164,
        account_id=record.owner.id,
        status=record.status,
        carrier=_ref(record.carrier),
        application=_ref(record.application),
        trunk=_ref(record.trunk),
        alias=record.details.alias,
        region=record.details.region,
        country=record.details.country,
        number_type=record.details.number_type,
        voice=record.voice,
        sms=record.sms,
        mms=record.mms,
        added_at=record.added_at,
        updated_at=record.updated_at,
        carrier_ids=carrier_ids,
    )


def _ref(record: Ref | None) -> RefView | None:
    return RefView(record.id, record.name) if record else None


def application(record: Application) -> ApplicationView:
    """Show an application."""
    hooks = record.hooks
    parts = {name: _webhook(getattr(hooks, name)) for name in ("answer", "fallback", "hangup", "message")}
    return shown(ApplicationView, record, **parts)


def _webhook(hook: Webhook | None) -> WebhookView | None:
    return WebhookView(hook.url, hook.method) if hook else None


def call(record: CallRecord) -> CallView:
    """Show a call attempt as a list does."""
    return shown(CallView, record)


def call_detail(record: CallRecord) -> CallDetailView:
    """Show a call attempt whole."""
    ladder = [RungView(*rung) for rung in record.ladder]
    return shown(CallDetailView, record, trace=_steps(record.trace), ladder=ladder)


def unclaimed(record: UnclaimedCall) -> UnclaimedView:
    """Show unclaimed calls of one source to one number."""
    return shown(UnclaimedView, record, trace=_steps(record.trace))


def _steps(trace: tuple[tuple[str, str], ...]) -> list[StepView]:
    return [StepView(part, text) for part, text in trace]


def change(record: Change) -> ChangeView:
    """Show a line of the change log."""
    return ChangeView(**asdict(record) | {"detail": msgspec.json.decode(record.detail)})


def explained(decision: dict[str, object]) -> ExplainedView:
    """Show a decision that the edge explained."""
    return msgspec.convert(decision, ExplainedView)


def shown(view: type[V], record: object, **other: object) -> V:
    """Make a view from a record's fields of the same names, and the others as given."""
    same = {name: getattr(record, name) for name in view.__struct_fields__ if name not in other}
    return view(**same, **other)
