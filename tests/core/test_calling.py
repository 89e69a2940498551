"""Which application answers an endpoint's call, or why none does, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.core.calling import MAX_CALLED, decide_call, decide_call_of, decide_call_through
from trunkline.core.facts import (
    ApplicationTarget,
    Attempt,
    CarrierFact,
    EndpointFact,
    Facts,
    GatewaysTarget,
    OutboundTrunkFact,
    Proof,
    SourceFact,
)
from trunkline.core.model import CalledIn, CallHooks, CarrierKind
from trunkline.core.routing import PLAIN, Verdict

TARGET = ApplicationTarget("app", "App", "plivo", CallHooks())
ENDPOINT = EndpointFact("e", "alice123456789012", "acc", True, None, None, TARGET, "")
CARRIER = CarrierFact("c", "Carrier", CarrierKind.STATIC_IP, True, "acc", True, PLAIN, None, None)
SOURCE = SourceFact(CARRIER, "g", 32)


class Used:
    """Three calls in progress, two of which began in this second."""

    def channels(self, key: str) -> int:
        """Return how many are in progress."""
        assert key == "account:acc"
        return 3

    def started(self, key: str) -> int:
        """Return how many have just begun."""
        assert key == "account:acc"
        return 2


@pytest.mark.parametrize(
    ("change", "verdict", "why"),
    [
        ({}, Verdict.ROUTE, "application App: the call goes there"),
        ({"max_channels": 4, "max_cps": 3}, Verdict.ROUTE, "application App"),
        ({"max_channels": 3}, Verdict.ACCOUNT_LIMIT, "3 calls at once"),
        ({"max_cps": 2}, Verdict.ACCOUNT_LIMIT, "2 calls have begun"),
        ({"account_active": False}, Verdict.ACCOUNT_INACTIVE, "not active"),
        ({"target": None, "target_note": "no application"}, Verdict.NO_TARGET, "no application"),
    ],
)
def test_verdicts(change: dict[str, Any], verdict: Verdict, why: str) -> None:
    attempt = Attempt("203.0.113.9", {CalledIn.REQUEST_URI: "+" + "4" * 200}, proof=Proof.GOOD, proven_endpoint="e")
    decision = decide_call_of(ENDPOINT._replace(**change), attempt, Used())
    routed = verdict is Verdict.ROUTE
    assert decision.verdict is verdict
    assert why in decision.trace[-1].text
    assert decision.target == (TARGET if routed else None)
    assert decision.limits == (("account:acc",) if routed else ())
    assert decision.number is not None
    assert (decision.number.account_id, decision.number.e164) == ("acc", "4" * MAX_CALLED)


# Outbound trunks

TRUNK = OutboundTrunkFact("t", "PBX", "acc", True, True, None, None, True, None, "14155550100")
LISTED, UNLISTED = TRUNK, TRUNK._replace(listed=False)
LOGIN = TRUNK._replace(listed=None, logins=("l",))
BOTH = TRUNK._replace(logins=("l",))
OTHERS = TRUNK._replace(id="o", name="Other", account_id="other")


def dialling(number: str = "+12125550199", **parts: Any) -> Attempt:
    """Return a PBX's attempt."""
    return Attempt("203.0.113.9", {CalledIn.REQUEST_URI: number}, **parts)


def proven(login: str = "l") -> Attempt:
    """Return a PBX's attempt with a login."""
    return dialling(proof=Proof.GOOD, proven_logins=(login,))


@pytest.mark.parametrize(
    ("attempt", "trunks", "verdict", "why"),
    [
        (dialling(), [LISTED], Verdict.ROUTE, "showing 14155550100"),
        (dialling(trunk="1"), [LISTED], Verdict.ROUTE, "showing 14155550100"),
        (proven(), [LOGIN], Verdict.ROUTE, "showing 14155550100"),
        (proven(), [BOTH], Verdict.ROUTE, "showing 14155550100"),
        (dialling(trunk="1"), [UNLISTED], Verdict.SOURCE_UNKNOWN, "no outbound trunk admits 203.0.113.9"),
        (dialling(trunk="1"), [TRUNK._replace(listed=None)], Verdict.SOURCE_UNKNOWN, "no outbound trunk admits"),
        (dialling(trunk="1"), [], Verdict.SOURCE_UNKNOWN, "no outbound trunk admits"),
        (dialling(), [BOTH], Verdict.SOURCE_UNKNOWN, "no outbound trunk admits"),
        (proven(), [BOTH._replace(listed=False)], Verdict.CREDENTIALS_WRONG, "not of a trunk that admits"),
        (proven("other"), [LOGIN], Verdict.CREDENTIALS_WRONG, "not of a trunk that admits"),
        (dialling(trunk="1", proof=Proof.STALE, note="old"), [LOGIN], Verdict.CREDENTIALS_STALE, "old"),
        (dialling(trunk="1", proof=Proof.WRONG), [LOGIN], Verdict.CREDENTIALS_WRONG, "not good"),
        (dialling(trunk="1", proof=Proof.UNCHECKED), [LOGIN], Verdict.CREDENTIALS_UNCHECKED, "not good"),
        (dialling(), [LISTED, LISTED._replace(id="u")], Verdict.ROUTE, "showing"),
        (dialling(), [LISTED, OTHERS], Verdict.TRUNK_UNCLEAR, "name one by its domain"),
        (dialling(), [LISTED, OTHERS._replace(caller="")], Verdict.ROUTE, "showing 14155550100"),
        (dialling(), [LISTED._replace(active=False), OTHERS], Verdict.ROUTE, "showing 14155550100"),
        (dialling(), [LISTED._replace(active=False)], Verdict.TRUNK_INACTIVE, "trunk PBX is switched off"),
        (dialling(), [LISTED._replace(account_active=False)], Verdict.ACCOUNT_INACTIVE, "the trunk's account"),
        (dialling(), [LISTED._replace(max_channels=3)], Verdict.ACCOUNT_LIMIT, "3 calls at once"),
        (dialling(), [LISTED._replace(caller="")], Verdict.CALLER_BARRED, "live number of this account"),
        (dialling("933"), [LISTED], Verdict.NOT_DIALLABLE, "of short numbers only the emergency numbers"),
        (dialling("alice"), [LISTED], Verdict.NOT_DIALLABLE, "not an E.164 number"),
        (dialling(""), [LISTED], Verdict.NOT_DIALLABLE, "not an E.164 number"),
    ],
)
def test_outbound_trunks(attempt: Attempt, trunks: list[OutboundTrunkFact], verdict: Verdict, why: str) -> None:
    facts = Facts(trunks=tuple(trunks), usage=Used())
    decision = decide_call_through(attempt, facts)
    assert decision.verdict is verdict
    assert why in decision.trace[-1].text
    routed = verdict is Verdict.ROUTE
    chosen = next((trunk for trunk in trunks if trunk.active), TRUNK)
    assert decision.target == (GatewaysTarget(chosen.id, chosen.name, "14155550100") if routed else None)
    assert decision.limits == ((f"account:{decision.number.account_id}",) if routed and decision.number else ())


def test_who_could_prove_himself_is_challenged() -> None:
    facts = Facts(trunks=(BOTH,), auth_carriers_exist=True)
    assert decide_call_through(dialling(), facts).verdict is Verdict.CREDENTIALS_MISSING


@pytest.mark.parametrize(
    ("attempt", "facts", "verdict"),
    [
        (dialling(), Facts(trunks=(LISTED,)), Verdict.ROUTE),
        (dialling(), Facts(), Verdict.SOURCE_UNKNOWN),
        (dialling(), Facts(trunks=(LISTED,), readable=False), Verdict.FACTS_UNREADABLE),
        (dialling(proven_endpoint="e"), Facts(endpoint=ENDPOINT, trunks=(LISTED,)), Verdict.ROUTE),
        (dialling(), Facts(sources=(SOURCE,), trunks=(LISTED,)), Verdict.NUMBER_UNKNOWN),
        (dialling(trunk="1"), Facts(sources=(SOURCE,), trunks=(LISTED,)), Verdict.ROUTE),
        (proven(), Facts(sources=(SOURCE,), trunks=(LOGIN,)), Verdict.ROUTE),
    ],
)
def test_whose_call_it_is(attempt: Attempt, facts: Facts, verdict: Verdict) -> None:
    assert decide_call(attempt, facts).verdict is verdict
