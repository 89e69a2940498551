"""decide(attempt, facts) -> Decision: which call goes where, and why. Pure; the live edge and `explain` both run it.

The theory of matching
----------------------
*The number decides the tenant.* A live number has one owner and is delivered by one or more carriers of that owner, or
of an account above it. The source of a call only says which carriers *could* have sent it; since tenants may share a
carrier's addresses, it never picks a tenant by itself. A call is routed when some carrier is both: named by the number
as one that delivers it, and proven by the attempt: source address in one of its inbound gateways, its digest
credentials, or our registration, as `core.registered` recognises it. There is no implicit "any", no default route and
no first match: two carriers that both qualify lead to the same number of the same owner, and the longest mask among
them is named in the trace.

*Forms.* Each candidate carrier's profile says where it writes the called number and how; only forms that the matching
carrier's own profile yields count for it. A profile may yield several, likeliest first; where two carriers at one
source find different numbers equally likely, the call is refused: who it is for must not depend on an order.

*Order of the checks*, which is the order of what a stranger may learn: facts readable, credentials, source, number,
delivery, state (account, carrier, number), limits, target. A refusal names the first check that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from trunkline.core import e164
from trunkline.core.facts import (
    Attempt,
    CarrierFact,
    Facts,
    NumberFact,
    Proof,
    SourceFact,
    Target,
    TrunkTarget,
)
from trunkline.core.model import CalledIn, CarrierKind, NumberProfile, NumberStatus

PLAIN = NumberProfile()
"""The profile of a carrier that says nothing: an international number in the Request-URI."""


class Verdict(StrEnum):
    """What a decision came to. The SIP edge owns the table from these to status codes."""

    ROUTE = "route"
    FACTS_UNREADABLE = "facts_unreadable"
    CREDENTIALS_MISSING = "credentials_missing"
    CREDENTIALS_STALE = "credentials_stale"
    CREDENTIALS_WRONG = "credentials_wrong"
    CREDENTIALS_UNCHECKED = "credentials_unchecked"
    SOURCE_UNKNOWN = "source_unknown"
    NUMBER_UNKNOWN = "number_unknown"
    NOT_THIS_CARRIER = "not_this_carrier"
    ACCOUNT_INACTIVE = "account_inactive"
    CARRIER_INACTIVE = "carrier_inactive"
    NUMBER_INACTIVE = "number_inactive"
    ACCOUNT_LIMIT = "account_limit"
    CARRIER_LIMIT = "carrier_limit"
    NO_TARGET = "no_target"
    TRUNK_INACTIVE = "trunk_inactive"
    TRUNK_UNCLEAR = "trunk_unclear"
    CALLER_BARRED = "caller_barred"
    NOT_DIALLABLE = "not_diallable"
    EMERGENCY_CALLER = "emergency_caller"
    EMERGENCY_UNREGISTERED = "emergency_unregistered"
    EMERGENCY_NO_GATEWAY = "emergency_no_gateway"


class Step(NamedTuple):
    """One line of a trace: which part of the decision, and what it found."""

    part: str
    text: str


class Decision(NamedTuple):
    """Verdict and trace. ``limits`` are the usage keys that a routed call takes: the edge takes them, explain none.

    ``only_emergency``: a call that its account's limits would refuse, let in since it calls an emergency number; its
    application may dial nothing else.
    """

    verdict: Verdict
    number: NumberFact | None
    carrier: CarrierFact | None
    target: Target | None
    limits: tuple[str, ...]
    trace: tuple[Step, ...]
    only_emergency: bool = False


def number_forms(attempt: Attempt, profile: NumberProfile) -> tuple[str, ...]:
    """Return the numbers that the attempt may be calling, as this profile reads it."""
    return e164.forms(attempt.called.get(profile.called_in, ""), profile)


def forms_to_read(attempt: Attempt, sources: Sequence[SourceFact], more: Sequence[NumberProfile] = ()) -> list[str]:
    """Return every form whose number may matter: the plain reading, and those by the profiles of the candidates."""
    if not more and all(s.carrier.profile is PLAIN for s in sources):
        return list(number_forms(attempt, PLAIN))
    profiles = dict.fromkeys((PLAIN, *(s.carrier.profile for s in sources), *more))
    return list(dict.fromkeys(form for profile in profiles for form in number_forms(attempt, profile)))


def decide(attempt: Attempt, facts: Facts) -> Decision:
    """Return what happens to ``attempt``, given ``facts``; see the theory above. Never raises, never waits."""
    trace: list[Step] = []
    if not facts.readable:
        trace.append(Step("facts", "the inventory could not be read; the carrier is asked to try again"))
        return _refuse(Verdict.FACTS_UNREADABLE, trace)
    refusal = _unproven(attempt, facts, trace)
    if refusal is not None:
        return _refuse(refusal, trace)
    proven, plain = _proven(attempt, facts), number_forms(attempt, PLAIN)
    number = _called_number(attempt, facts, proven, plain, trace)
    if number is None:
        trace.append(Step("rule", "no single live number matches"))
        return _refuse(Verdict.NUMBER_UNKNOWN, trace)
    carrier = _delivering_carrier(attempt, facts, number, plain, trace)
    if carrier is None:
        return _undelivered(attempt, facts, number, proven, trace)
    state = _inactive(number, carrier)
    if state is not None:
        trace.append(Step("state", state[1]))
        return _refuse(state[0], trace, number, carrier)
    limit = _limited(number, carrier, facts, trace)
    if limit is not None:
        return _refuse(limit, trace, number, carrier)
    if number.target is None:
        trace.append(Step("target", number.target_note or "the number points at nothing"))
        return _refuse(Verdict.NO_TARGET, trace, number, carrier)
    trace.append(Step("target", _described(number.target)))
    keys = (f"account:{number.account_id}", f"carrier:{carrier.id}")
    return Decision(Verdict.ROUTE, number, carrier, number.target, keys, tuple(trace))


def _refuse(
    verdict: Verdict, trace: list[Step], number: NumberFact | None = None, carrier: CarrierFact | None = None
) -> Decision:
    return Decision(verdict, number, carrier, None, (), tuple(trace))


def _unproven(attempt: Attempt, facts: Facts, trace: list[Step]) -> Verdict | None:
    """Say what stops an attempt that proves nothing; None when its source or its credentials count for something."""
    if attempt.proof is Proof.STALE:
        trace.append(Step("credentials", f"{attempt.note or 'the nonce is too old'}; a new one is offered"))
        return Verdict.CREDENTIALS_STALE
    if attempt.proof is Proof.WRONG:
        trace.append(Step("credentials", attempt.note or "user name, realm or password is wrong"))
        return Verdict.CREDENTIALS_WRONG
    if attempt.proof is Proof.UNCHECKED:
        trace.append(Step("credentials", attempt.note or "not looked at: there were too many wrong ones"))
        return Verdict.CREDENTIALS_UNCHECKED
    if attempt.note:
        trace.append(Step("credentials", attempt.note))
    if attempt.proof is Proof.GOOD:
        trace.append(Step("credentials", "good"))
    if attempt.registration:
        trace.append(Step("registration", attempt.registration))
    if facts.sources:
        best, more = facts.sources[0], ""
        if len(facts.sources) > 1:
            best, more = max(facts.sources, key=_mask), f" and {len(facts.sources) - 1} more"
        where = f"in /{best.prefix}" if best.host is None else f"an address of {best.host}, a gateway"
        trace.append(Step("source", f"{attempt.source} is {where} of carrier {best.carrier.name}{more}"))
    elif attempt.proof is Proof.GOOD:
        trace.append(Step("source", f"{attempt.source} is in no gateway; the credentials speak for it"))
    elif attempt.proven_carriers:
        trace.append(Step("source", f"{attempt.source} is in no gateway; the registration speaks for it"))
    else:
        trace.append(Step("source", f"{attempt.source} is in no inbound gateway of any carrier"))
        if facts.auth_carriers_exist:
            trace.append(
                Step("rule", "unknown sources are asked for credentials, since there is somebody who uses them")
            )
            return Verdict.CREDENTIALS_MISSING
        trace.append(Step("rule", "a call from an unknown source is refused"))
        return Verdict.SOURCE_UNKNOWN
    return None


def _mask(source: SourceFact) -> int:
    return source.prefix


def _called_number(
    attempt: Attempt, facts: Facts, proven: set[str], plain: tuple[str, ...], trace: list[Step]
) -> NumberFact | None:
    """Find the number that the attempt calls, preferring one that a proven carrier delivers in its own form."""
    meant: list[tuple[int, CarrierFact, NumberFact]] = []
    for number in facts.numbers:
        for carrier in number.carriers:
            if carrier.id in proven:
                forms = _forms(attempt, carrier.profile, plain)
                if number.e164 in forms:
                    meant.append((forms.index(number.e164), carrier, number))
    if len(meant) == 1:  # nearly always
        _, carrier, number = meant[0]
        trace.append(Step("form", f"{number.e164}, read from {carrier.profile.called_in}"))
        return number
    if meant:
        return _likeliest(meant, trace)
    for number in facts.numbers:
        if number.e164 in plain:
            trace.append(Step("form", f"{number.e164}, read from {PLAIN.called_in}"))
            return number
    return _elsewhere(attempt, facts, trace)


def _likeliest(meant: Sequence[tuple[int, CarrierFact, NumberFact]], trace: list[Step]) -> NumberFact | None:
    """Return the number that its carrier's profile finds likeliest; None where two carriers mean different ones."""
    live = [m for m in meant if m[2].status is NumberStatus.ACTIVE] or meant
    first = min(place for place, _, _ in live)
    best = [(carrier, number) for place, carrier, number in live if place == first]
    readings = {number.e164: f"{number.e164}, read from {carrier.profile.called_in}" for carrier, number in best}
    trace.append(Step("form", " or ".join(readings.values())))
    if len(readings) > 1:
        trace.append(Step("rule", "carriers at this source mean different numbers by it, so it is nobody's"))
        return None
    return best[0][1]


def _elsewhere(attempt: Attempt, facts: Facts, trace: list[Step]) -> NumberFact | None:
    """Find the number that some carrier at this source would mean, whoever delivers it: the trace then says whose."""
    tried = forms_to_read(attempt, facts.sources, [carrier.profile for carrier in facts.proven])
    trace.append(Step("form", f"tried {', '.join(tried) or 'none: what was called is no telephone number'}"))
    return next((number for number in facts.numbers if number.e164 in tried), None)


def _forms(attempt: Attempt, profile: NumberProfile, plain: tuple[str, ...]) -> tuple[str, ...]:
    return plain if profile is PLAIN else number_forms(attempt, profile)


def _proven(attempt: Attempt, facts: Facts) -> set[str]:
    """Return the carriers that the attempt's address, credentials or way over a registration speak for."""
    proven = {s.carrier.id for s in facts.sources if s.carrier.kind is CarrierKind.STATIC_IP}
    proven.update(attempt.proven_carriers)
    return proven


def _delivering_carrier(
    attempt: Attempt, facts: Facts, number: NumberFact, plain: tuple[str, ...], trace: list[Step]
) -> CarrierFact | None:
    """Return the proven carrier that delivers the number, by the longest mask; every other candidate is explained."""
    masks = {s.carrier.id: s.prefix for s in facts.sources}
    if len(masks) < len(facts.sources):  # a carrier there by several of its networks
        masks = {s.carrier.id: s.prefix for s in sorted(facts.sources, key=_mask)}
    found: list[tuple[int, CarrierFact]] = []
    for carrier in number.carriers:
        reads = number.e164 in _forms(attempt, carrier.profile, plain)
        if carrier.id in attempt.proven_carriers and reads:
            found.append((1000, carrier))
            proof = "on our registration" if carrier.kind is CarrierKind.REG else "credentials match"
            trace.append(Step("candidate", f"{carrier.name}: delivers the number, {proof}"))
        elif carrier.kind is CarrierKind.AUTH and carrier.id not in attempt.proven_carriers:
            trace.append(Step("dropped", f"{carrier.name}: takes calls by credentials only, never by address"))
        elif carrier.kind is CarrierKind.REG and carrier.id not in attempt.proven_carriers:
            trace.append(Step("dropped", f"{carrier.name}: takes calls on its registration only"))
        elif carrier.id not in masks and carrier.id not in attempt.proven_carriers:
            trace.append(Step("dropped", f"{carrier.name}: delivers the number, but {attempt.source} is not its"))
        elif not reads:
            trace.append(Step("dropped", f"{carrier.name}: writes called numbers otherwise than this attempt does"))
        else:
            found.append((masks[carrier.id], carrier))
            trace.append(Step("candidate", f"{carrier.name}: delivers the number, source in /{masks[carrier.id]}"))
    if len(found) < 2:
        return found[0][1] if found else None
    return max(found, key=_rank)[1]


def _rank(found: tuple[int, CarrierFact]) -> tuple[bool, int]:
    mask, carrier = found
    return carrier.active and carrier.account_active, mask


def _undelivered(attempt: Attempt, facts: Facts, number: NumberFact, proven: set[str], trace: list[Step]) -> Decision:
    """Refuse a call to a number that exists, from carriers that do not deliver it."""
    wants_credentials = any(c.kind is CarrierKind.AUTH for c in number.carriers)
    if wants_credentials and attempt.proof is Proof.NONE:
        trace.append(Step("rule", "the number's carrier proves itself by credentials, and none were given"))
        return _refuse(Verdict.CREDENTIALS_MISSING, trace, number)
    if any(c.id in proven for c in number.carriers):
        trace.append(Step("rule", f"this carrier does not mean {number.e164}, as its number profile reads the call"))
        return _refuse(Verdict.NUMBER_UNKNOWN, trace, number)
    if attempt.proof is Proof.GOOD:
        trace.append(Step("rule", "good credentials, but of a carrier that does not deliver this number"))
        return _refuse(Verdict.CREDENTIALS_WRONG, trace, number)
    seen = (*[s.carrier for s in facts.sources], *facts.proven)
    own = any(carrier.account_id == number.account_id for carrier in seen)
    whose = "another carrier of the same account delivers it" if own else "it belongs to another account"
    trace.append(Step("rule", f"{number.e164} is not this carrier's: {whose}"))
    return _refuse(Verdict.NOT_THIS_CARRIER, trace, number)


def _inactive(number: NumberFact, carrier: CarrierFact) -> tuple[Verdict, str] | None:
    if not number.account_active:
        return Verdict.ACCOUNT_INACTIVE, "the number's account, or one above it, is not active"
    if not carrier.account_active:
        return Verdict.ACCOUNT_INACTIVE, f"the account of carrier {carrier.name}, or one above it, is not active"
    if not carrier.active:
        return Verdict.CARRIER_INACTIVE, f"carrier {carrier.name} is switched off"
    if number.status is NumberStatus.PENDING_CLAIM:
        return Verdict.NUMBER_INACTIVE, (
            "the number is claimed on addresses that another account uses too, and waits for the operator: "
            f"trunkline numbers approve {number.e164}"
        )
    if number.status is not NumberStatus.ACTIVE:
        return Verdict.NUMBER_INACTIVE, f"the number is not active ({number.status.value})"
    return None


def _limited(number: NumberFact, carrier: CarrierFact, facts: Facts, trace: list[Step]) -> Verdict | None:
    account_key, carrier_key = f"account:{number.account_id}", f"carrier:{carrier.id}"
    rows = (
        (Verdict.ACCOUNT_LIMIT, "account", account_key, number.max_channels, number.max_cps),
        (Verdict.CARRIER_LIMIT, f"carrier {carrier.name}", carrier_key, carrier.max_channels, carrier.max_cps),
    )
    for verdict, who, key, max_channels, max_cps in rows:
        if max_channels is not None and facts.usage.channels(key) >= max_channels:
            trace.append(Step("limit", f"{who}: {max_channels} calls at once are in use"))
            return verdict
        if max_cps is not None and facts.usage.started(key) >= max_cps:
            trace.append(Step("limit", f"{who}: {max_cps} new calls a second are in use"))
            return verdict
    return None


def _described(target: Target) -> str:
    if not isinstance(target, TrunkTarget):
        return f"application {target.name}: the call goes there"
    if not target.uris:
        return f"trunk {target.name} has no active URI: its disaster recovery URL is asked"
    recovery = "; its disaster recovery URL is asked where no URI can take it" if target.recovery is not None else ""
    return f"trunk {target.name}: the call goes there{recovery}"


def order_uris(uris: Sequence[tuple[str, int, int]], draw: Callable[[], float]) -> list[str]:
    """Return trunk URIs in the order to try them: priority first, then RFC 2782's weighted draw among equals.

    ``draw`` gives numbers in [0, 1). A weight of 0 is rarely first among weighted ones, as the RFC says.
    """
    if len(uris) == 1:
        return [uris[0][0]]
    ordered: list[str] = []
    for priority in sorted({p for _, p, _ in uris}):
        rest = sorted(((u, w) for u, p, w in uris if p == priority), key=lambda pair: pair[1])
        while rest:
            running, point = 0, draw() * sum(w for _, w in rest)
            chosen = len(rest) - 1
            for index, (_, weight) in enumerate(rest):
                running += weight
                if running >= point:
                    chosen = index
                    break
            ordered.append(rest.pop(chosen)[0])
    return ordered


def attempt_of(source: str, to: str, *, caller: str = "") -> Attempt:
    """Return the attempt of a plain call from ``source`` to ``to``: the number stands in the Request-URI and in To."""
    called = {CalledIn.REQUEST_URI: to, CalledIn.TO: to}
    return Attempt(source=source, called=called, caller=caller, callers=lambda: (caller,) if caller else ())
