"""The native API's bodies about registrations at carriers: a part of `views`, by the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from trunkline.core.model import Registration, Transport
from trunkline.core.registered import OFF, RegistrationEvent, Standing


class RegistrationView(Struct, frozen=True):
    """How we register to a carrier, and how that stands. Neither the password nor our Contact is shown.

    ``state`` is registering, registered, failing (it is tried again soon), refused (seldom: registrars lock accounts),
    leaving, unregistered, or off. ``last_answer`` is the registrar's, or why there was none; ``failures`` and
    ``refusals`` are those in a row.
    """

    username: str
    domain: str | None
    registrar: str | None
    registrar_port: int | None
    registrar_transport: Transport | None
    from_user: str | None
    from_domain: str | None
    expires_s: int
    any_source: bool
    state: str
    last_answer: str | None
    last_status: int | None
    registered_since: datetime | None
    registered_until: datetime | None
    next_attempt: datetime | None
    failures: int
    refusals: int
    bound_at: str | None
    changed_at: datetime | None


class RegistrationEventView(Struct, frozen=True):
    """Something that happened to a registration: registered, restored, lost, failed, refused or unregistered."""

    id: int
    at: datetime
    carrier_id: str
    what: str
    text: str


class RegistrationEventPage(Struct, frozen=True):
    """Events, newest first; ``next`` is the ``before`` of the following page."""

    items: list[RegistrationEventView]
    next: int | None


def registration(record: Registration, standing: Standing | None) -> RegistrationView:
    """Show a registration and how it stands."""
    known = standing or Standing(record.carrier_id, "", OFF)
    flow = known.flow
    return RegistrationView(
        username=record.username,
        domain=record.domain,
        registrar=record.registrar,
        registrar_port=record.registrar_port,
        registrar_transport=record.registrar_transport,
        from_user=record.from_user,
        from_domain=record.from_domain,
        expires_s=record.expires_s,
        any_source=record.any_source,
        state=known.phase,
        last_answer=known.said or None,
        last_status=known.status or None,
        registered_since=_time(known.since),
        registered_until=_time(known.until),
        next_attempt=_time(known.next_at),
        failures=known.failures,
        refusals=known.refusals,
        bound_at=f"{flow.host} port {flow.port} over {flow.transport}" if flow and known.until else None,
        changed_at=_time(known.updated_at),
    )


def _time(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def event(record: RegistrationEvent) -> RegistrationEventView:
    """Show an event."""
    at = datetime.fromtimestamp(record.at, UTC)
    return RegistrationEventView(record.seq, at, record.carrier_id, record.what, record.text)


def events(records: Sequence[RegistrationEvent], limit: int) -> RegistrationEventPage:
    """Show a page of events."""
    return RegistrationEventPage([event(r) for r in records], records[-1].seq if len(records) == limit else None)
