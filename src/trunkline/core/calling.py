"""Calls that our users place: their endpoints', and their PBXs' through outbound trunks. Pure, as `routing.decide` is.

An endpoint proves itself by its credentials; whatever it dials, its own application is asked.

An outbound trunk admits who comes from an address in its IP lists or carries one of its logins, and both where it has
both; one that has neither admits nobody. Which trunk is meant says the Request-URI's domain, which names it; where it
names none, the login; else the source's address, as far as no carrier sends from there. What fits several trunks is the
one whose account has the number that calls; where that leaves several accounts, the call is refused. Calls leave by the
outbound gateways of the trunk's account and those above it, and show a number of the account.

Who may call an emergency number says `core.emergency`; no limit of the account refuses such a call.
"""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.core import e164, emergency
from trunkline.core.errors import InvalidError
from trunkline.core.facts import (
    ApplicationTarget,
    Attempt,
    EndpointFact,
    Facts,
    GatewaysTarget,
    NumberFact,
    OutboundTrunkFact,
    Proof,
    Target,
    Usage,
)
from trunkline.core.model import CalledIn, NumberStatus
from trunkline.core.routing import Decision, Step, Verdict, decide

MAX_CALLED = 128
"""Characters that are kept of what an endpoint or a PBX dials."""

_NOT_GOOD = {
    Proof.STALE: Verdict.CREDENTIALS_STALE,
    Proof.WRONG: Verdict.CREDENTIALS_WRONG,
    Proof.UNCHECKED: Verdict.CREDENTIALS_UNCHECKED,
}


def decide_call(attempt: Attempt, facts: Facts) -> Decision:
    """Return what happens to a call: an endpoint's, an outbound trunk's, or (nearly always) a carrier's."""
    if facts.readable:
        if facts.endpoint is not None:
            return decide_call_of(facts.endpoint, attempt, facts.usage)
        if attempt.trunk or attempt.proven_logins or (facts.trunks and not (facts.sources or attempt.proven_carriers)):
            return decide_call_through(attempt, facts)
    return decide(attempt, facts)


def decide_call_of(endpoint: EndpointFact, attempt: Attempt, usage: Usage) -> Decision:
    """Return what happens to a call of an endpoint. The decision's number stands for what was dialled."""
    dialled = dialled_by(attempt)
    trace = [
        Step("credentials", f"those of endpoint {endpoint.username}"),
        Step("form", f"{dialled}, as dialled"),
    ]
    verdict, why = _limited(endpoint, "endpoint", usage)
    beyond = verdict is Verdict.ACCOUNT_LIMIT and emergency.is_called(dialled, "")
    if beyond:
        trace.append(_let_in(why))
        verdict = Verdict.ROUTE
    if verdict is Verdict.ROUTE and endpoint.target is None:
        verdict, why = Verdict.NO_TARGET, endpoint.target_note
    if verdict is Verdict.ROUTE and isinstance(endpoint.target, ApplicationTarget):
        trace.append(Step("target", f"application {endpoint.target.name}: the call goes there"))
    else:
        trace.append(Step("rule", why))
    decision = _decision(verdict, endpoint, dialled, endpoint.target, trace)
    return decision._replace(only_emergency=beyond) if beyond else decision


def decide_call_through(attempt: Attempt, facts: Facts) -> Decision:
    """Return what happens to a call of an outbound trunk's PBX. The decision's number stands for what was dialled."""
    trace: list[Step] = []
    admitted = [trunk for trunk in facts.trunks if _admits(trunk, attempt, trace)]
    if not admitted:
        return _not_admitted(attempt, facts, trace)
    trunk = _the_one(admitted, trace)
    if trunk is None:
        return Decision(Verdict.TRUNK_UNCLEAR, None, None, None, (), tuple(trace))
    dialled = dialled_by(attempt)
    trace.append(Step("form", f"{dialled}, as dialled"))
    if emergency.is_called(dialled, trunk.caller):
        return _to_emergency(trunk, dialled, facts.usage, trace)
    verdict, why = _refusal(trunk, dialled, facts.usage)
    if verdict is Verdict.ROUTE:
        trace.append(Step("target", f"the account's outbound gateways, showing {trunk.caller} as calling"))
    else:
        trace.append(Step("rule", why))
    return _decision(verdict, trunk, dialled, GatewaysTarget(trunk.id, trunk.name, trunk.caller), trace)


def dialled_by(attempt: Attempt) -> str:
    """Return what an endpoint or a PBX dials, without its ``+``."""
    return attempt.called.get(CalledIn.REQUEST_URI, "").removeprefix("+")[:MAX_CALLED]


def _decision(
    verdict: Verdict,
    caller: EndpointFact | OutboundTrunkFact,
    dialled: str,
    target: Target | None,
    trace: Sequence[Step],
) -> Decision:
    number = NumberFact(
        caller.id,
        dialled,
        caller.account_id,
        NumberStatus.ACTIVE,
        caller.account_active,
        caller.max_channels,
        caller.max_cps,
        (),
        target,
        "",
    )
    routed = verdict is Verdict.ROUTE
    limits = (_key(caller),) if routed else ()
    return Decision(verdict, number, None, target if routed else None, limits, tuple(trace))


def _key(caller: EndpointFact | OutboundTrunkFact) -> str:
    return f"account:{caller.account_id}"


def _limited(caller: EndpointFact | OutboundTrunkFact, kind: str, usage: Usage) -> tuple[Verdict, str]:
    key = _key(caller)
    if not caller.account_active:
        return Verdict.ACCOUNT_INACTIVE, f"the {kind}'s account, or one above it, is not active"
    if caller.max_channels is not None and usage.channels(key) >= caller.max_channels:
        return Verdict.ACCOUNT_LIMIT, f"account: {caller.max_channels} calls at once are in use"
    if caller.max_cps is not None and usage.started(key) >= caller.max_cps:
        return Verdict.ACCOUNT_LIMIT, f"account: {caller.max_cps} calls have begun in this second"
    return Verdict.ROUTE, ""


# Outbound trunks


def _admits(trunk: OutboundTrunkFact, attempt: Attempt, trace: list[Step]) -> bool:
    """Tell whether a trunk lets an attempt in; the trace says why, or why not."""
    reasons: list[str] = []
    if trunk.listed is not None:
        reasons.append(f"{attempt.source} is {'' if trunk.listed else 'not '}in its IP list")
    proven = any(login in attempt.proven_logins for login in trunk.logins or ())
    if trunk.logins is not None:
        reasons.append("its login is proven" if proven else "its login is not proven")
    allowed = bool(reasons) and trunk.listed is not False and (proven or trunk.logins is None)
    trace.append(
        Step("candidate" if allowed else "dropped", f"trunk {trunk.name}: {', '.join(reasons) or 'it admits nobody'}")
    )
    return allowed


def _not_admitted(attempt: Attempt, facts: Facts, trace: list[Step]) -> Decision:
    """Refuse who no trunk admits, as strangers are; a challenge is for those whom credentials could help."""
    if attempt.proof in _NOT_GOOD:
        verdict, why = _NOT_GOOD[attempt.proof], attempt.note or "the credentials are not good"
    elif attempt.proof is Proof.GOOD:
        verdict, why = Verdict.CREDENTIALS_WRONG, "good credentials, but not of a trunk that admits this call"
    elif facts.auth_carriers_exist:
        verdict, why = Verdict.CREDENTIALS_MISSING, "whom no trunk admits by address is asked for credentials"
    else:
        verdict, why = Verdict.SOURCE_UNKNOWN, f"no outbound trunk admits {attempt.source}"
    trace.append(Step("rule", why))
    return Decision(verdict, None, None, None, (), tuple(trace))


def _the_one(admitted: Sequence[OutboundTrunkFact], trace: list[Step]) -> OutboundTrunkFact | None:
    """Return the trunk that a call belongs to: an active one before others, one that has the caller's number."""
    best = [t for t in admitted if t.caller and t.active] or [t for t in admitted if t.active] or admitted
    if len({trunk.account_id for trunk in best}) > 1:
        rule = "trunks of several accounts admit this call; name one by its domain in the Request-URI"
        trace.append(Step("rule", rule))
        return None
    return best[0]


def _to_emergency(trunk: OutboundTrunkFact, dialled: str, usage: Usage, trace: list[Step]) -> Decision:
    """Return what happens to a PBX's call to an emergency number. It counts for the account's limits all the same."""
    verdict, why = _out_of_service(trunk, usage)
    target = GatewaysTarget(trunk.id, trunk.name, trunk.caller)
    if verdict is Verdict.ACCOUNT_LIMIT:
        trace.append(_let_in(why))
        verdict = Verdict.ROUTE
    if verdict is Verdict.ROUTE:
        verdict, why = emergency.judge(dialled, trunk.caller, trunk.emergency)
    if verdict is Verdict.ROUTE and trunk.emergency is not None:
        target = target._replace(emergency_address_id=trunk.emergency.address_id)
        trace.append(Step("emergency", why))
        trace.append(Step("target", f"the gateways marked for emergency, showing {trunk.caller} as calling"))
    else:
        trace.append(Step("rule", why))
    return _decision(verdict, trunk, dialled, target, trace)


def _let_in(why: str) -> Step:
    return Step("limit", f"{why}; a call to an emergency number is let in all the same")


def _out_of_service(trunk: OutboundTrunkFact, usage: Usage) -> tuple[Verdict, str]:
    if not trunk.active:
        return Verdict.TRUNK_INACTIVE, f"trunk {trunk.name} is switched off"
    return _limited(trunk, "trunk", usage)


def _refusal(trunk: OutboundTrunkFact, dialled: str, usage: Usage) -> tuple[Verdict, str]:
    verdict, why = _out_of_service(trunk, usage)
    if verdict is not Verdict.ROUTE:
        return verdict, why
    if not trunk.caller:
        return Verdict.CALLER_BARRED, "neither P-Asserted-Identity nor From has a live number of this account"
    try:
        e164.parse(dialled)
    except InvalidError as error:
        return Verdict.NOT_DIALLABLE, f"{error}; {emergency.SHORT_NUMBERS}"
    return Verdict.ROUTE, ""
