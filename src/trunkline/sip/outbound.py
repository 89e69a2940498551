"""Calls out of a document: which targets a `Dial` means, and whether the account may have them.

A number leaves by the outbound gateways of the account and those above it, best first. A SIP URI at our own domain is
an endpoint of the account: all its Contacts ring at once, each a party of its own. Any other is reached only where the
installation allows it: in lab mode on loopback. The caller id is the incoming caller, or a number in the account's
scope, which is shown with the caller name that is registered for it, unless the document gives one.

An emergency number leaves by the gateways that are marked for that only, and just as it was dialled: no network knows
it in any other form. A tech prefix goes before it as before every number: a carrier that wants none there gets a
gateway without. The caller id is written in the gateway's number format, since by that an address is found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from trunkline.core import e164, emergency
from trunkline.core.addresses import is_loopback
from trunkline.core.calls import EndCause
from trunkline.core.errors import InvalidError, StoreUnavailableError
from trunkline.core.model import Gateway
from trunkline.core.routing import Verdict, order_uris
from trunkline.core.verbs import MAX_TARGET_HEADERS, Dial, DialTarget, TargetKind
from trunkline.sip.refusals import REFUSALS
from trunkline.sip.targets import URI_TRANSPORTS, Target, is_usable, target_of
from trunkline.sip.uri import MessageError, SipUri, print_host_port

if TYPE_CHECKING:
    from trunkline.sip.call import Call


class Party(NamedTuple):
    """One target of a dial that may be rung: its place in the document, from 1, and where to try it, in order."""

    position: int
    wanted: DialTarget
    targets: list[Target]


class DialRefusedError(Exception):
    """A dial that the account may not make, or that leads nowhere; the message says why."""

    def __init__(
        self, message: str, cause: EndCause = EndCause.DESTINATION_BARRED, sip_status: int | None = None
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.sip_status = sip_status


def parties_of(call: Call, dial: Dial) -> list[Party]:
    """Return whom a dial rings at once.

    A party that cannot be rung is left out with the reason in the trace. Raises `DialRefusedError` when none can.
    """
    caller, name = _shown_caller(call, dial)
    parties: list[Party] = []
    refused: list[DialRefusedError] = []
    for position, wanted in enumerate(dial.targets, 1):
        try:
            if call.decision.only_emergency:
                _must_be_emergency(wanted)
            if wanted.kind is TargetKind.NUMBER:
                found = [_by_number(call, wanted, dial.caller_id)]
            elif wanted.kind is TargetKind.ENDPOINT:
                found = [[target] for target in _by_endpoint(call, wanted.value, wanted)]
            elif wanted.uris:
                found = [_by_uris(call, wanted)]
            else:
                found = _by_uri(call, wanted)
        except DialRefusedError as error:
            refused.append(error)
        else:
            for targets in found:
                shown = [t._replace(caller=caller, caller_name=name) for t in targets]
                parties.append(Party(position, wanted, shown))
    if refused and not parties:
        raise refused[-1]
    for reason in refused:
        call.note("dial", str(reason))
    return parties


def _shown_caller(call: Call, dial: Dial) -> tuple[str | None, str | None]:
    """Return the number and the name that a dial shows instead of the incoming caller's (None: the caller's own)."""
    name = dial.caller_name
    if dial.caller_id is None:
        return None, name
    try:
        digits = e164.parse(dial.caller_id, "callerId")
    except InvalidError:
        raise DialRefusedError(f"callerId {dial.caller_id!r} is not a number") from None
    number, is_caller = call.decision.number, digits == call.caller.removeprefix("+")
    own = number is not None and call.edge.facts.may_show(number.account_id, digits)
    if not own and not is_caller:
        raise DialRefusedError(
            f"callerId {digits} is neither the caller nor a number of this account; use one of the account's numbers"
        )
    if own and name is None:
        name = call.edge.facts.registered_name(digits)
    return None if is_caller else "+" + digits, name


def _must_be_emergency(wanted: DialTarget) -> None:
    if wanted.kind is not TargetKind.NUMBER or not emergency.is_called(wanted.value, ""):
        raise DialRefusedError(
            f"{wanted.value} is not dialled: the account's limits are reached, and this call was let in to reach an "
            "emergency number only",
            sip_status=REFUSALS[Verdict.ACCOUNT_LIMIT].status,
        )


def _by_number(call: Call, wanted: DialTarget, caller_id: str | None) -> list[Target]:
    """Return where a number is tried, best first; an emergency number if the document's ``caller_id`` may call it.

    Who calls us does not count for that, whatever number it says: it has proven none.
    """
    number, dialled, fact = call.decision.number, wanted.value, None
    shown = e164.parse(caller_id) if caller_id is not None else ""  # read before, so it is a number
    if number is not None and shown and emergency.is_called(dialled, ""):
        fact = call.edge.facts.emergency(number.account_id, shown)
    known = shown if fact is not None else ""
    if not emergency.is_called(dialled, known):
        return targets_by_gateways(call, dialled, _custom(wanted))
    verdict, why = emergency.judge(dialled, known, fact)
    if verdict is Verdict.EMERGENCY_NO_GATEWAY:
        raise DialRefusedError(why, EndCause.OUT_OF_SERVICE)
    if fact is None or fact.address_id is None or verdict is not Verdict.ROUTE:
        raise DialRefusedError(why, sip_status=REFUSALS[verdict].status)
    call.note("emergency", why)
    return emergency_targets(call, dialled, known, fact.address_id, _custom(wanted))


def _by_uris(call: Call, wanted: DialTarget) -> list[Target]:
    """Return one party at several URIs, best first; one that cannot be rung is left out."""
    named = {choice.uri: choice for choice in wanted.uris}
    targets: list[Target] = []
    refused: list[DialRefusedError] = []
    for uri in order_uris([(c.uri, c.priority, c.weight) for c in named.values()], call.edge.draw):
        try:
            found = _by_uri(call, replace(wanted, value=uri, auth=named[uri].auth or wanted.auth))
        except DialRefusedError as error:
            refused.append(error)
        else:
            targets += [target for party in found for target in party]
    if not targets:
        raise refused[-1]
    for reason in refused:
        call.note("dial", str(reason))
    return targets


def _by_uri(call: Call, wanted: DialTarget) -> list[list[Target]]:
    """Return the parties that a SIP URI means: every Contact of an endpoint of ours, else the URI itself."""
    try:
        uri = SipUri.parse(wanted.value)
    except MessageError as error:
        raise DialRefusedError(f"{wanted.value} is no SIP URI: {error.reason}", EndCause.INVALID_DESTINATION) from None
    if not is_usable(uri):
        raise DialRefusedError(
            f"{wanted.value}: only sip: over UDP and TCP is available yet", EndCause.INVALID_DESTINATION
        )
    if call.edge.registrar is not None and call.edge.registrar.serves(uri):
        return [[target] for target in _by_endpoint(call, uri.user or "", wanted)]
    if not (call.edge.lab and is_loopback(uri.host)):
        raise DialRefusedError(
            f"{wanted.value} is not allowed: SIP hosts off this machine need an allow-list, which is not available yet"
        )
    return [[target_of(uri, wanted.value)._replace(headers=_custom(wanted), auth=wanted.auth)]]


def _by_endpoint(call: Call, user: str, wanted: DialTarget) -> list[Target]:
    number, registrar = call.decision.number, call.edge.registrar
    login_id = call.edge.facts.endpoint_in(number.account_id, user) if number else None
    if login_id is None or registrar is None:
        raise DialRefusedError(
            f"{wanted.value} is no endpoint of this account that may be called", EndCause.INVALID_DESTINATION, 404
        )
    try:
        found = registrar.reach(login_id)
    except StoreUnavailableError as error:
        raise DialRefusedError(f"{wanted.value}: {error}", EndCause.FAILED, 503) from None
    if not found:
        raise DialRefusedError(f"endpoint {user} is not registered", EndCause.NOT_REGISTERED, 480)
    return [
        Target(contact, hop.host, hop.port, f"endpoint {user} at {contact}", headers=_custom(wanted), hop=hop)
        for contact, hop in found
    ]


def _custom(wanted: DialTarget) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in wanted.headers[:MAX_TARGET_HEADERS])


def targets_by_gateways(call: Call, digits: str, headers: tuple[tuple[str, str], ...] = ()) -> list[Target]:
    """Return the gateways by which a number may be reached for the call's account, best first.

    Raises `DialRefusedError` where there is none, or the number is none that may be dialled.
    """
    if not e164.is_possible(digits):
        raise DialRefusedError(
            f"{digits} is no possible E.164 number; {emergency.SHORT_NUMBERS}",
            EndCause.INVALID_DESTINATION,
        )
    number = call.decision.number
    gateways = call.edge.facts.outbound_gateways(number.account_id) if number else []
    usable = [pair for pair in gateways if _can_send(pair[0])]
    if not usable:
        raise DialRefusedError(
            f"{digits} cannot be dialled: the account has no outbound gateway; add one to a carrier",
            EndCause.OUT_OF_SERVICE,
        )
    found = [_gateway_target(g, e164.outbound(digits, g.number_format, country)) for g, country in usable]
    return _in_order(call, [g for g, _ in usable], found, headers)


def emergency_targets(
    call: Call, dialled: str, caller: str, address_id: str, headers: tuple[tuple[str, str], ...] = ()
) -> list[Target]:
    """Return the gateways that take a call to an emergency number, best first, and note the address on the call.

    ``caller`` (digits) is shown as each gateway writes numbers. Raises `DialRefusedError` where there is none any more.
    """
    number = call.decision.number
    gateways = call.edge.facts.emergency_gateways(number.account_id) if number else []
    if not gateways:
        raise DialRefusedError(f"no gateway that is marked for emergency takes {dialled}", EndCause.OUT_OF_SERVICE)
    call.emergency_address_id = address_id
    found = [
        _gateway_target(g, dialled)._replace(caller_written=e164.outbound(caller, g.number_format, country))
        for g, country in gateways
    ]
    return _in_order(call, [g for g, _ in gateways], found, headers)


def _in_order(
    call: Call, gateways: list[Gateway], found: list[Target], headers: tuple[tuple[str, str], ...]
) -> list[Target]:
    """Return the targets of gateways by priority and weight, as their carriers want them, those that are down told."""
    places = order_uris([(str(i), g.priority, g.weight) for i, g in enumerate(gateways)], call.edge.draw)
    order = [int(place) for place in places]
    found = [_by_registration(call, gateways[i], found[i]) for i in order]
    down = [call.edge.is_down(gateways[i].id) for i in order]
    if any(down) and len(found) > 1:
        names = ", ".join(target.name for target, is_down in zip(found, down, strict=True) if is_down)
        call.note("gateway", f"tried last, since OPTIONS had no good answer: {names}")
    return [target._replace(headers=headers, down=is_down) for target, is_down in zip(found, down, strict=True)]


def _can_send(gateway: Gateway) -> bool:
    return gateway.transport is None or gateway.transport.value in URI_TRANSPORTS


def _by_registration(call: Call, gateway: Gateway, target: Target) -> Target:
    """Return the target as its carrier wants it where we are registered to that: by the same way, under its domain."""
    registrations = call.edge.registrations
    try:
        found = registrations.calls.way_out(gateway.carrier_id) if registrations is not None else None
    except StoreUnavailableError as error:
        call.note("dial", f"{target.name}: {error}")
        return target
    if found is None:
        return target
    ours, hop = found
    if hop is None:
        call.note("dial", f"{target.name}: {ours.name} is not registered now; the call is tried all the same")
    uri = SipUri.parse(target.uri)
    if ours.domain != gateway.host:
        uri = uri._replace(host=ours.domain, port=None)
    target = target._replace(uri=str(uri), sender=(ours.shown_user, ours.shown_domain))
    if ours.gateway not in ("", gateway.host):
        return target  # another gateway than the one that we are registered at
    return target._replace(host=ours.host, port=ours.port, transport=ours.transport, hop=hop)


def _gateway_target(gateway: Gateway, called: str) -> Target:
    user = gateway.tech_prefix + called
    transport = gateway.transport.value if gateway.transport else None
    params = () if transport in (None, "udp") else (("transport", transport),)
    uri = SipUri("sip", user, gateway.host, gateway.port if gateway.port != 5060 else None, params)
    name = print_host_port(gateway.host, gateway.port)
    return Target(
        str(uri),
        gateway.host,
        gateway.port,
        f"gateway {name}",
        transport and transport.upper(),
        carrier_id=gateway.carrier_id,
    )
