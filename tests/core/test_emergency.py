"""Which numbers are emergency numbers, and who may call one: tables, and what holds for every country."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import shortnumberinfo
from phonenumbers.phonemetadata import PhoneMetadata

from trunkline.core import e164, emergency
from trunkline.core.calling import decide_call_of, decide_call_through
from trunkline.core.errors import InvalidError
from trunkline.core.facts import (
    ApplicationTarget,
    Attempt,
    EmergencyFact,
    EndpointFact,
    Facts,
    GatewaysTarget,
    NoUsage,
    OutboundTrunkFact,
)
from trunkline.core.model import CalledIn, CallHooks
from trunkline.core.number_settings import EmergencyState
from trunkline.core.routing import Decision, Verdict

US, DE, GB, FR, AU = "14155550100", "4930123456", "442079460000", "33142685300", "61299990000"
REGISTERED = EmergencyFact(True, EmergencyState.REGISTERED, "adr", True)
TRUNK = OutboundTrunkFact("t", "PBX", "acc", True, True, None, None, True, None, US, REGISTERED)


@pytest.mark.parametrize(
    ("caller", "called", "others"),
    [
        (US, ["911", "112"], ["9911", "9111", "91", "0911", "999", "933", "988", "411", "1911", "911911"]),
        (DE, ["112", "110"], ["911", "1121", "0112", "1100", "115", "116117"]),
        (GB, ["999", "112"], ["911", "9999", "101", "111"]),
        (FR, ["112", "15", "17", "18"], ["911", "1", "115115"]),
        (AU, ["000", "112", "106"], ["911", "00", "0000"]),
        ("12425550100", ["911", "919"], ["112233"]),  # the Bahamas share the calling code of the US
    ],
)
def test_the_emergency_numbers_of_the_callers_country(caller: str, called: list[str], others: list[str]) -> None:
    assert [number for number in called if not emergency.is_called(number, caller)] == []
    assert [number for number in others if emergency.is_called(number, caller)] == []


@pytest.mark.parametrize(
    "dialled", ["", "+", "+911", "911 ", "9 1 1", "911;x", "٩١١", "sos", "9" * 200, "\x00", "911\n"]
)
def test_what_is_no_number_is_no_emergency_number(dialled: str) -> None:
    assert not emergency.is_called(dialled, US)
    assert not emergency.is_called(dialled, "")


def test_without_a_country_the_numbers_of_all_count() -> None:
    assert all(emergency.is_called(number, "") for number in ("911", "112", "999", "000", "15"))
    assert all(emergency.is_called("911", caller) for caller in ("870773111632", "80012345678"))  # of no country
    assert [number for number in ("9911", "411", "1911", "12345") if emergency.is_called(number, "")] == []


@pytest.mark.parametrize(
    ("caller", "country"),
    [
        (US, "US"),
        ("16135550100", "CA"),
        ("441481000000", "GB"),  # in no assigned range: as its calling code says
        ("870773111632", None),
        ("80012345678", None),
        ("", None),
        ("alice", None),
        ("999123456789", None),
    ],
)
def test_the_country_of_a_caller(caller: str, country: str | None) -> None:
    assert emergency.country_of(caller) == country


def test_no_emergency_number_is_an_international_one_and_all_fit_the_bounds() -> None:
    lengths: set[int] = set()
    emergency.load()
    for region in phonenumbers.SUPPORTED_REGIONS:
        metadata = PhoneMetadata.short_metadata_for_region(region, None)
        known = metadata.emergency if metadata is not None else None
        if known is None or not known.national_number_pattern:
            continue
        lengths |= set(known.possible_length)
        example = known.example_number
        if example and shortnumberinfo.is_emergency_number(example, region):
            assert emergency.is_called(example, "")
        for number in ("911", "112", "15", "000", "9911", "411", "10177", "119", "90000"):
            assert emergency.is_called(number, "") or not shortnumberinfo.is_emergency_number(number, region)
    assert (min(lengths), max(lengths)) == (emergency.MIN_DIGITS, emergency.MAX_DIGITS)
    short = [f"{number:0{width}}" for width in (2, 3) for number in range(10**width)]
    assert [number for number in short if e164.is_possible(number)] == []


@given(
    st.one_of(st.text(max_size=12), st.from_regex(r"[0-9]{1,16}", fullmatch=True)),
    st.one_of(st.sampled_from(["", US, DE, FR, "870773111632"]), st.text(max_size=20)),
)
def test_whatever_is_dialled_an_emergency_number_is_short_and_no_other_number(dialled: str, caller: str) -> None:
    if emergency.is_called(dialled, caller):
        assert dialled.isascii()
        assert dialled.isdigit()
        assert not e164.is_possible(dialled)
        assert emergency.is_called(dialled, "")


@pytest.mark.parametrize("state", EmergencyState)
@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("address", ["adr", None])
@pytest.mark.parametrize("gateway", [True, False])
def test_only_active_and_registered_with_an_address_and_a_gateway(
    state: EmergencyState, active: bool, address: str | None, gateway: bool
) -> None:
    verdict, why = emergency.judge("911", US, EmergencyFact(active, state, address, gateway))
    able = active and state is EmergencyState.REGISTERED and address is not None
    if able and gateway:
        assert (verdict, "registered address of 14155550100 is adr" in why) == (Verdict.ROUTE, True)
    elif able:
        assert (verdict, "mark one" in why) == (Verdict.EMERGENCY_NO_GATEWAY, True)
    else:
        assert verdict is Verdict.EMERGENCY_UNREGISTERED
        assert f"calling is {'Active' if active else 'Inactive'}, its address {state.value}; " in why


@pytest.mark.parametrize(
    ("caller", "fact", "why"),
    [
        ("", None, "only a live number of the account"),
        (US, None, "only a live"),
        ("870773111632", REGISTERED, "no country"),
    ],
)
def test_who_may_not_call(caller: str, fact: EmergencyFact | None, why: str) -> None:
    verdict, said = emergency.judge("911", caller, fact)
    assert (verdict, why in said) == (Verdict.EMERGENCY_CALLER, True)


@pytest.mark.parametrize(
    ("text", "digits"), [("911", "911"), (" +112", "112"), ("15", "15"), ("+1 415 555 0100", US), (US, US)]
)
def test_numbers_by_which_calls_are_found(text: str, digits: str) -> None:
    assert emergency.number_of_call(text) == digits


@pytest.mark.parametrize("text", ["", "9911", "alice", "+", "1" * 50])
def test_no_number_by_which_calls_are_found(text: str) -> None:
    with pytest.raises(InvalidError):
        emergency.number_of_call(text)


# Outbound trunks and endpoints


class Full:
    """An account all of whose calls are in use."""

    def channels(self, _key: str) -> int:
        """Return many."""
        return 99

    def started(self, _key: str) -> int:
        """Return many."""
        return 99


def placed(trunk: OutboundTrunkFact, dialled: str = "911", usage: Any = None) -> Decision:
    """Return the decision on a PBX's call."""
    attempt = Attempt("203.0.113.9", {CalledIn.REQUEST_URI: dialled})
    return decide_call_through(attempt, Facts(trunks=(trunk,), usage=usage or NoUsage()))


@pytest.mark.parametrize("dialled", ["911", "+911", "112"])
def test_a_pbx_reaches_the_gateways_for_emergency(dialled: str) -> None:
    decision = placed(TRUNK, dialled)
    assert decision.verdict is Verdict.ROUTE
    assert decision.target == GatewaysTarget("t", "PBX", US, "adr")
    assert decision.number is not None
    assert decision.number.e164 == dialled.removeprefix("+")
    assert [step.part for step in decision.trace[-2:]] == ["emergency", "target"]
    assert (decision.limits, decision.only_emergency) == (("account:acc",), False)


@pytest.mark.parametrize(
    ("change", "verdict", "why"),
    [
        ({"caller": "", "emergency": None}, Verdict.EMERGENCY_CALLER, "only a live number"),
        ({"emergency": REGISTERED._replace(active=False)}, Verdict.EMERGENCY_UNREGISTERED, "Inactive"),
        ({"emergency": REGISTERED._replace(has_gateway=False)}, Verdict.EMERGENCY_NO_GATEWAY, "marked"),
        ({"active": False}, Verdict.TRUNK_INACTIVE, "switched off"),
        ({"account_active": False}, Verdict.ACCOUNT_INACTIVE, "not active"),
        ({"caller": DE}, Verdict.NOT_DIALLABLE, "emergency numbers of the caller id's country"),
    ],
)
def test_a_pbx_is_refused(change: dict[str, Any], verdict: Verdict, why: str) -> None:
    decision = placed(TRUNK._replace(**change))
    assert (decision.verdict, decision.target, decision.limits) == (verdict, None, ())
    assert why in decision.trace[-1].text
    assert decision.number is not None  # it is on record for the account


def test_no_limit_of_the_account_refuses_a_pbx() -> None:
    limited = TRUNK._replace(max_channels=1, max_cps=1)
    decision = placed(limited, usage=Full())
    assert decision.verdict is Verdict.ROUTE
    assert any("let in all the same" in step.text for step in decision.trace)
    assert decision.limits == ("account:acc",)
    assert placed(limited, "+12125550199", Full()).verdict is Verdict.ACCOUNT_LIMIT
    barred = placed(limited._replace(emergency=REGISTERED._replace(active=False)), usage=Full())
    assert barred.verdict is Verdict.EMERGENCY_UNREGISTERED


def test_no_limit_of_the_account_refuses_an_endpoint() -> None:
    target = ApplicationTarget("app", "App", "plivo", CallHooks())
    endpoint = EndpointFact("e", "alice", "acc", True, 1, None, target, "")
    for dialled, verdict in (("911", Verdict.ROUTE), ("9911", Verdict.ACCOUNT_LIMIT), (US, Verdict.ACCOUNT_LIMIT)):
        decision = decide_call_of(endpoint, Attempt("203.0.113.9", {CalledIn.REQUEST_URI: dialled}), Full())
        assert (decision.verdict, decision.only_emergency) == (verdict, verdict is Verdict.ROUTE)
    free = decide_call_of(endpoint, Attempt("203.0.113.9", {CalledIn.REQUEST_URI: "911"}), NoUsage())
    assert (free.verdict, free.only_emergency) == (Verdict.ROUTE, False)
    off = decide_call_of(endpoint._replace(account_active=False), Attempt("x", {CalledIn.REQUEST_URI: "911"}), Full())
    assert off.verdict is Verdict.ACCOUNT_INACTIVE
