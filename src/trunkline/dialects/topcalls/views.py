"""TopCalls' bodies: the only writer of this dialect's outgoing field names.

Sources: the vendor's pages add-custom-carrier, add-phone-number, get-phone-number-details and delete-custom-carrier.
Every documented key is always there; what the pages do not have stands below a comment that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from trunkline.core.model import Carrier, Credential, Gateway, Number, NumberStatus, Registration
from trunkline.core.registered import OFF, Standing
from trunkline.dialects.topcalls import ids
from trunkline.dialects.topcalls.problems import Problem

encode = msgspec.json.Encoder().encode

ERRORS = "https://api.topcalls.ai/errors/"
"""What the documented ``type`` of a problem begins with: a name for programs, no page of ours."""

_STATUS = {
    NumberStatus.ACTIVE: "active",
    NumberStatus.PENDING_CLAIM: "pending",
    NumberStatus.PENDING_ACTIVATION: "pending",
    NumberStatus.INACTIVE: "inactive",
}


class Refusal(NamedTuple):
    """What is told of a request that was refused; ``instance`` is the request's UUID."""

    status: int
    slug: str
    title: str
    detail: str
    instance: str
    problems: Sequence[Problem] = ()
    details: str = ""


def listing(data: Sequence[dict[str, Any]], last: int | None) -> bytes:
    """Return the body of a list; ``last`` is the order number of the last record shown, None when nothing follows."""
    return encode({"data": data, "next_cursor": None if last is None else str(last)})


def carrier(
    record: Carrier, sip_domain: str, inbound: Credential | None, outbound: Credential | None
) -> dict[str, Any]:
    """Return a carrier with its gateways; ``inbound`` and ``outbound`` are its credentials and ours, never shown."""
    first = record.gateways[0].id if record.gateways else None
    return {
        "id": ids.masked(record.id),
        "account_id": record.account_id,
        "voip_carrier_sid": record.id,
        "sip_gateway_sid": first,
        "carrier_name": record.name,
        "trunk_type": record.kind.value,
        "created_at": moment(record.created_at),
        # Beyond the page:
        "updated_at": moment(record.updated_at),
        "sip_domain": sip_domain,
        "sip_gateways": [gateway(g) for g in record.gateways],
        "inbound_auth": {"username": inbound.public_id} if inbound else None,
        "registration": registration(record.registration, outbound) if record.registration else None,
    }


def gateway(record: Gateway) -> dict[str, Any]:
    """Return one gateway; a host name, or an IPv6 address of another dialect's making, stands in ``ipv4``, too."""
    return {
        "sip_gateway_sid": record.id,
        "ipv4": record.host,
        "netmask": 32 if record.prefix is None else record.prefix,
        "port": record.port,
        "inbound": record.inbound,
        "outbound": record.outbound,
        "protocol": record.transport.value if record.transport else None,
    }


def registration(record: Registration, credential: Credential | None) -> dict[str, Any]:
    """Return how we register, without the password."""
    other = credential is not None and credential.public_id != record.username
    transport = record.registrar_transport
    return {
        "username": record.username,
        "auth_username": credential.public_id if credential and other else None,
        "sip_realm": record.domain,
        "from_user": record.from_user,
        "from_domain": record.from_domain,
        "outbound_proxy": _place(record.registrar, record.registrar_port),
        "transport": transport.value if transport else None,
        "expires": record.expires_s,
    }


def registered(shown: dict[str, Any], standing: Standing | None) -> dict[str, Any]:
    """Return a carrier that was shown, with how its registration stands; times are null where there are none."""
    if shown["registration"] is None:
        return shown
    known = standing or Standing(shown["voip_carrier_sid"], shown["account_id"], OFF)
    status = {
        "state": known.phase,
        "last_answer": known.said or None,
        "last_status": known.status or None,
        "registered_until": _second(known.until),
        "next_attempt": _second(known.next_at),
        "failures": known.failures + known.refusals,
    }
    return shown | {"registration": shown["registration"] | {"status": status}}


def _second(at: float) -> str | None:
    return moment(datetime.fromtimestamp(at, UTC)) if at else None


def _place(host: str | None, port: int | None) -> str | None:
    if host is None or port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def created_number(record: Number, *, own_carrier: bool) -> dict[str, Any]:
    """Return a number as its creation shows it; ``own_carrier``: its account's, not one's above it."""
    return {
        "id": record.id,
        "number": f"+{record.e164}",
        "voip_carrier_sid": record.carrier.id if record.carrier else None,
        "carrier_name": record.carrier.name if record.carrier else None,
        "source": "byoc" if own_carrier else "topcalls",
        "phone_number_sid": ids.masked(record.id),
        "status": _STATUS[record.status],
        "label": record.details.alias,
        "account_id": record.owner.id,
        "created_at": moment(record.added_at),
    }


def number(record: Number, *, own_carrier: bool) -> dict[str, Any]:
    """Return a number as it is fetched."""
    return created_number(record, own_carrier=own_carrier) | {
        "error_message": None,
        "created_by_user_id": None,
        "updated_at": moment(record.updated_at),
    }


def problem(error: Refusal) -> bytes:
    """Return problem details (RFC 9457)."""
    return encode(
        {
            "type": ERRORS + error.slug,
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
            "instance": error.instance,
        }
        | ({"errors": [problem._asdict() for problem in error.problems]} if error.problems else {})
        | ({"details": error.details} if error.details else {})
    )


def moment(at: datetime) -> str:
    """Return a time of RFC 3339 in UTC, with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
