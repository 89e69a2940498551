"""decide(): every verdict as a table, and what must hold whatever the facts are."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.facts import (
    ApplicationTarget,
    Attempt,
    CarrierFact,
    Facts,
    NumberFact,
    Proof,
    SourceFact,
    TrunkTarget,
)
from trunkline.core.model import CalledIn, CallHooks, CarrierKind, NumberProfile, NumberStatus
from trunkline.core.routing import Decision, Verdict, attempt_of, decide, forms_to_read, number_forms, order_uris
from trunkline.sip.refusals import REFUSALS, cause_of, fails_over, passed_on

NUMBER = "14155551234"
GERMAN = NumberProfile(country="DE")
IN_TO = NumberProfile(called_in=CalledIn.TO)
TRUNK = TrunkTarget("t", "pbx", (("sip:127.0.0.1", 10, 10),))
APPLICATION = ApplicationTarget("app", "ivr", "plivo", CallHooks())


def carrier(
    name: str = "c",
    *,
    kind: CarrierKind = CarrierKind.STATIC_IP,
    active: bool = True,
    account: str = "acme",
    account_active: bool = True,
    profile: NumberProfile | None = None,
    channels: int | None = None,
    cps: int | None = None,
) -> CarrierFact:
    """Return a carrier; its id is its name."""
    return CarrierFact(name, name, kind, active, account, account_active, profile or NumberProfile(), channels, cps)


def number(
    *carriers: CarrierFact,
    e164: str = NUMBER,
    account: str = "acme",
    status: NumberStatus = NumberStatus.ACTIVE,
    account_active: bool = True,
    channels: int | None = None,
    cps: int | None = None,
    target: TrunkTarget | ApplicationTarget | None = TRUNK,
    note: str = "",
) -> NumberFact:
    """Return a number that these carriers deliver."""
    return NumberFact(f"n{e164}", e164, account, status, account_active, channels, cps, carriers, target, note)


def source(fact: CarrierFact, prefix: int = 32) -> SourceFact:
    """Return the carrier as one that the attempt's source may belong to."""
    return SourceFact(fact, f"g-{fact.id}", prefix)


def told(decision: Decision) -> str:
    """Return a trace as text."""
    return "\n".join(f"{part}: {text}" for part, text in decision.trace)


class Used:
    """Counters as a test wants them."""

    def __init__(self, channels: dict[str, int] | None = None, started: dict[str, int] | None = None) -> None:
        self._channels, self._started = channels or {}, started or {}

    def channels(self, key: str) -> int:
        """Return calls in progress."""
        return self._channels.get(key, 0)

    def started(self, key: str) -> int:
        """Return calls that began in this second."""
        return self._started.get(key, 0)


C, D = carrier("c"), carrier("d")
OTHERS = carrier("theirs", account="umbrella")
AUTH = carrier("auth", kind=CarrierKind.AUTH)
REG = carrier("reg", kind=CarrierKind.REG)
CALL = attempt_of("192.0.2.1", "+" + NUMBER)
ON_REG = CALL._replace(proven_carriers=("reg",), registration="sent to our Contact at reg, from its registrar")
REG_IN_DIVERSION = carrier("reg", kind=CarrierKind.REG, profile=NumberProfile(called_in=CalledIn.DIVERSION))
GOOD = CALL._replace(proof=Proof.GOOD, proven_carriers=("auth",))

TABLE: dict[str, tuple[Attempt, Facts, Verdict, str]] = {
    "routed": (CALL, Facts((source(C),), (number(C),)), Verdict.ROUTE, "target: trunk pbx"),
    "to an application": (
        CALL, Facts((source(C),), (number(C, target=APPLICATION),)), Verdict.ROUTE, "application ivr",
    ),
    "to a trunk that has a recovery": (
        CALL,
        Facts((source(C),), (number(C, target=TRUNK._replace(recovery=APPLICATION)),)),
        Verdict.ROUTE,
        "trunk pbx: the call goes there; its disaster recovery URL is asked where no URI can take it",
    ),
    "to a trunk that has a recovery and no URI": (
        CALL,
        Facts((source(C),), (number(C, target=TRUNK._replace(uris=(), recovery=APPLICATION)),)),
        Verdict.ROUTE,
        "trunk pbx has no active URI: its disaster recovery URL is asked",
    ),
    "carrier of an account above": (
        CALL, Facts((source(C),), (number(C, account="branch"),)), Verdict.ROUTE, "candidate: c",
    ),
    "facts unreadable": (CALL, Facts(readable=False), Verdict.FACTS_UNREADABLE, "try again"),
    "unreadable even with wrong credentials": (
        CALL._replace(proof=Proof.WRONG), Facts(readable=False), Verdict.FACTS_UNREADABLE, "try again",
    ),
    "source unknown": (CALL, Facts((), (number(C),)), Verdict.SOURCE_UNKNOWN, "unknown source is refused"),
    "source unknown, auth carriers exist": (
        CALL, Facts((), (number(C),), auth_carriers_exist=True), Verdict.CREDENTIALS_MISSING, "asked for credentials",
    ),
    "stale": (CALL._replace(proof=Proof.STALE), Facts((source(C),), (number(C),)), Verdict.CREDENTIALS_STALE, "nonce"),
    "wrong": (CALL._replace(proof=Proof.WRONG), Facts((source(C),), (number(C),)), Verdict.CREDENTIALS_WRONG, "wrong"),
    "not looked at": (
        CALL._replace(proof=Proof.UNCHECKED, note="not looked at: too many"), Facts((source(C),), (number(C),)),
        Verdict.CREDENTIALS_UNCHECKED, "too many",
    ),
    "good credentials": (GOOD, Facts((), (number(AUTH),)), Verdict.ROUTE, "credentials match"),
    "good credentials, number of another carrier": (
        GOOD, Facts((), (number(C),)), Verdict.CREDENTIALS_WRONG, "does not deliver this number",
    ),
    "the same from a known source": (
        GOOD, Facts((source(D),), (number(C),)), Verdict.CREDENTIALS_WRONG, "does not deliver this number",
    ),
    "good credentials, number unknown": (GOOD, Facts(), Verdict.NUMBER_UNKNOWN, "no single live number"),
    "auth carrier by its address": (
        CALL, Facts((source(AUTH),), (number(AUTH),)), Verdict.CREDENTIALS_MISSING, "never by address",
    ),
    "auth carrier beside one that matches": (
        CALL, Facts((source(C),), (number(AUTH, C),)), Verdict.ROUTE, "never by address",
    ),
    "registration carrier by its address": (
        CALL, Facts((source(REG),), (number(REG),)), Verdict.NOT_THIS_CARRIER, "on its registration only",
    ),
    "on our registration": (ON_REG, Facts((), (number(REG),), proven=(REG,)), Verdict.ROUTE, "on our registration"),
    "on our registration, from a source that is known for more": (
        ON_REG, Facts((source(C),), (number(REG),), proven=(REG,)), Verdict.ROUTE, "candidate: reg",
    ),
    "on our registration, auth carriers exist": (
        ON_REG, Facts((), (number(REG),), auth_carriers_exist=True, proven=(REG,)), Verdict.ROUTE, "speaks for it",
    ),
    "on our registration, with stale credentials": (
        ON_REG._replace(proof=Proof.STALE),
        Facts((), (number(REG),), proven=(REG,)),
        Verdict.CREDENTIALS_STALE,
        "nonce",
    ),
    "on our registration, number unknown": (
        ON_REG, Facts(proven=(REG,)), Verdict.NUMBER_UNKNOWN, "sent to our Contact",
    ),
    "on our registration, another carrier's number": (
        ON_REG, Facts((), (number(D),), proven=(REG,)), Verdict.NOT_THIS_CARRIER, "another carrier of the same account",
    ),
    "on our registration, another tenant's number": (
        ON_REG,
        Facts((), (number(OTHERS, account="umbrella"),), proven=(REG,)),
        Verdict.NOT_THIS_CARRIER,
        "another account",
    ),
    "on our registration, another registration's number": (
        ON_REG,
        Facts((), (number(carrier("reg2", kind=CarrierKind.REG)),), proven=(REG,)),
        Verdict.NOT_THIS_CARRIER,
        "reg2: takes calls on its registration only",
    ),
    "on our registration, a number of an auth carrier": (
        ON_REG, Facts((), (number(AUTH),), proven=(REG,)), Verdict.CREDENTIALS_MISSING, "none were given",
    ),
    "on our registration, the number stands elsewhere": (
        ON_REG, Facts((), (number(REG_IN_DIVERSION),), proven=(REG_IN_DIVERSION,)), Verdict.NUMBER_UNKNOWN, "profile",
    ),
    "on our registration, switched off": (
        ON_REG,
        Facts((), (number(carrier("reg", kind=CarrierKind.REG, active=False)),), proven=(REG,)),
        Verdict.CARRIER_INACTIVE,
        "switched off",
    ),
    "our Contact from elsewhere": (
        CALL._replace(registration="no address of its registrar"),
        Facts((), (number(REG),)),
        Verdict.SOURCE_UNKNOWN,
        "no address of its registrar",
    ),
    "number unknown": (CALL, Facts((source(C),), ()), Verdict.NUMBER_UNKNOWN, f"tried {NUMBER}"),
    "no number at all": (
        attempt_of("192.0.2.1", "reception"), Facts((source(C),), ()), Verdict.NUMBER_UNKNOWN, "no telephone number",
    ),
    "another tenant's number": (
        CALL, Facts((source(C),), (number(OTHERS, account="umbrella"),)), Verdict.NOT_THIS_CARRIER, "another account",
    ),
    "another carrier's number": (
        CALL, Facts((source(C),), (number(D),)), Verdict.NOT_THIS_CARRIER, "another carrier of the same account",
    ),
    "a number without carriers": (CALL, Facts((source(C),), (number(),)), Verdict.NOT_THIS_CARRIER, "not this carrier"),
    "shared source, the number decides": (
        CALL, Facts((source(C, 24), source(OTHERS)), (number(C),)), Verdict.ROUTE, "source in /24",
    ),
    "account inactive": (
        CALL, Facts((source(C),), (number(C, account_active=False),)), Verdict.ACCOUNT_INACTIVE, "above it",
    ),
    "carrier's account inactive": (
        CALL,
        Facts((source(carrier(account_active=False)),), (number(carrier(account_active=False)),)),
        Verdict.ACCOUNT_INACTIVE,
        "account of carrier c",
    ),
    "carrier inactive": (
        CALL,
        Facts((source(carrier(active=False)),), (number(carrier(active=False)),)),
        Verdict.CARRIER_INACTIVE,
        "switched off",
    ),
    "an inactive carrier beside an active one": (
        CALL,
        Facts((source(carrier("off", active=False), 32), source(C, 24)), (number(carrier("off", active=False), C),)),
        Verdict.ROUTE,
        "candidate: c",
    ),
    "claim pending": (
        CALL,
        Facts((source(C),), (number(C, status=NumberStatus.PENDING_CLAIM),)),
        Verdict.NUMBER_INACTIVE,
        f"trunkline numbers approve {NUMBER}",
    ),
    "activation pending": (
        CALL,
        Facts((source(C),), (number(C, status=NumberStatus.PENDING_ACTIVATION),)),
        Verdict.NUMBER_INACTIVE,
        "pending_activation",
    ),
    "number inactive": (
        CALL, Facts((source(C),), (number(C, status=NumberStatus.INACTIVE),)), Verdict.NUMBER_INACTIVE, "not active",
    ),
    "account's channels": (
        CALL,
        Facts((source(C),), (number(C, channels=2),), usage=Used({"account:acme": 2})),
        Verdict.ACCOUNT_LIMIT,
        "2 calls at once",
    ),
    "account's channels, one left": (
        CALL,
        Facts((source(C),), (number(C, channels=2),), usage=Used({"account:acme": 1})),
        Verdict.ROUTE,
        "target",
    ),
    "account's calls a second": (
        CALL,
        Facts((source(C),), (number(C, cps=5),), usage=Used({}, {"account:acme": 5})),
        Verdict.ACCOUNT_LIMIT,
        "5 new calls a second",
    ),
    "carrier's channels": (
        CALL,
        Facts((source(carrier(channels=1)),), (number(carrier(channels=1)),), usage=Used({"carrier:c": 1})),
        Verdict.CARRIER_LIMIT,
        "carrier c: 1 calls at once",
    ),
    "carrier's calls a second": (
        CALL,
        Facts((source(carrier(cps=1)),), (number(carrier(cps=1)),), usage=Used({}, {"carrier:c": 3})),
        Verdict.CARRIER_LIMIT,
        "carrier c: 1 new calls a second",
    ),
    "points at nothing": (
        CALL, Facts((source(C),), (number(C, target=None, note="it is off"),)), Verdict.NO_TARGET, "target: it is off",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_verdicts(name: str) -> None:
    attempt, facts, verdict, says = TABLE[name]
    decision = decide(attempt, facts)
    assert decision.verdict is verdict, told(decision)
    assert says in told(decision)
    assert bool(decision.target) == bool(decision.limits) == (verdict is Verdict.ROUTE)


OF_TRUNKS = {
    *(Verdict.TRUNK_INACTIVE, Verdict.TRUNK_UNCLEAR, Verdict.CALLER_BARRED, Verdict.NOT_DIALLABLE),
    *(Verdict.EMERGENCY_CALLER, Verdict.EMERGENCY_UNREGISTERED, Verdict.EMERGENCY_NO_GATEWAY),
}
"""What only calls of outbound trunks come to: tests/core/test_calling.py, tests/core/test_emergency.py."""


def test_the_table_has_every_verdict_and_the_wire_an_answer_for_each() -> None:
    assert {verdict for _, _, verdict, _ in TABLE.values()} == set(Verdict) - OF_TRUNKS
    assert set(REFUSALS) == set(Verdict) - {Verdict.ROUTE}
    down = {verdict for verdict, refusal in REFUSALS.items() if refusal.status == 503 and not refusal.retry_after}
    assert down == {Verdict.EMERGENCY_NO_GATEWAY}  # a PBX is to take another way at once, and us for the next call


def test_a_routed_call_names_what_it_takes() -> None:
    decision = decide(CALL, Facts((source(C),), (number(C, account="branch"),)))
    assert (decision.number, decision.carrier, decision.target) == (number(C, account="branch"), C, TRUNK)
    assert decision.limits == ("account:branch", "carrier:c")


def test_the_longest_prefix_wins() -> None:
    for prefixes, winner in (((24, 28), "d"), ((32, 28), "c"), ((29, 28), "c")):
        facts = Facts((source(C, prefixes[0]), source(D, prefixes[1])), (number(C, D),))
        assert decide(CALL, facts).carrier == {"c": C, "d": D}[winner]


def test_the_longest_of_a_carriers_own_networks_counts() -> None:
    facts = Facts((source(C, 32), source(C, 24), source(D, 28)), (number(C, D),))
    decision = decide(CALL, facts)
    assert decision.carrier == C
    assert "candidate: c: delivers the number, source in /32" in told(decision)


def test_every_candidate_is_explained() -> None:
    facts = Facts((source(C),), (number(C, D, AUTH, REG),))
    lines = [text for part, text in decide(CALL, facts).trace if part in ("candidate", "dropped")]
    assert [line.partition(":")[0] for line in lines] == ["c", "d", "auth", "reg"]


# Forms


@pytest.mark.parametrize(
    ("profile", "called", "verdict"),
    [
        (NumberProfile(), {CalledIn.REQUEST_URI: "4930123456"}, Verdict.ROUTE),
        (NumberProfile(), {CalledIn.REQUEST_URI: "030123456"}, Verdict.NUMBER_UNKNOWN),
        (GERMAN, {CalledIn.REQUEST_URI: "030123456"}, Verdict.ROUTE),
        (GERMAN, {CalledIn.REQUEST_URI: "0049 30 123456"}, Verdict.ROUTE),
        (GERMAN, {CalledIn.REQUEST_URI: "+4930123456"}, Verdict.ROUTE),
        (IN_TO, {CalledIn.TO: "+4930123456", CalledIn.REQUEST_URI: "trunk7"}, Verdict.ROUTE),
        (IN_TO, {CalledIn.REQUEST_URI: "+4930123456", CalledIn.TO: "x"}, Verdict.NUMBER_UNKNOWN),
        (NumberProfile(strip_prefix="99"), {CalledIn.REQUEST_URI: "994930123456"}, Verdict.ROUTE),
        (NumberProfile(CalledIn.DIVERSION), {CalledIn.DIVERSION: "+4930123456"}, Verdict.ROUTE),
        (NumberProfile(CalledIn.P_CALLED_PARTY_ID), {CalledIn.P_CALLED_PARTY_ID: "4930123456"}, Verdict.ROUTE),
    ],
)
def test_profiles(profile: NumberProfile, called: dict[CalledIn, str], verdict: Verdict) -> None:
    fact = carrier(profile=profile)
    attempt = Attempt("192.0.2.1", called)
    assert decide(attempt, Facts((source(fact),), (number(fact, e164="4930123456"),))).verdict is verdict


def test_what_another_profile_at_the_source_means_is_named_but_not_routed() -> None:
    """The German reading is carrier d's; the number is carrier c's, which writes plain numbers from other addresses."""
    reader = carrier("d", profile=GERMAN, account="umbrella")
    attempt = attempt_of("192.0.2.1", "030123456")
    decision = decide(attempt, Facts((source(reader),), (number(C, e164="4930123456"),)))
    assert decision.verdict is Verdict.NOT_THIS_CARRIER
    assert "belongs to another account" in told(decision)


@pytest.mark.parametrize("kind", [CarrierKind.STATIC_IP, CarrierKind.AUTH])
def test_a_carrier_is_held_to_its_own_profile(kind: CarrierKind) -> None:
    """The Request-URI names a number that the carrier delivers, but this carrier writes called numbers into To."""
    fact = carrier("auth", kind=kind, profile=IN_TO)
    attempt = GOOD if kind is CarrierKind.AUTH else CALL
    attempt = attempt._replace(called={CalledIn.REQUEST_URI: NUMBER, CalledIn.TO: "someone"})
    sources = () if kind is CarrierKind.AUTH else (source(fact),)
    decision = decide(attempt, Facts(sources, (number(fact),)))
    assert decision.verdict is Verdict.NUMBER_UNKNOWN
    assert "does not mean" in told(decision)


def test_the_likelier_form_of_one_carrier_wins_over_the_older_number() -> None:
    """Read in Germany, 49301234 is 4949301234 at last and 49301234 first; both exist."""
    fact = carrier(profile=GERMAN)
    numbers = (number(fact, e164="4949301234"), number(fact, e164="49301234"))
    attempt = attempt_of("192.0.2.1", "49301234")
    assert number_forms(attempt, GERMAN) == ("49301234", "4949301234")
    for order in (numbers, numbers[::-1]):
        decision = decide(attempt, Facts((source(fact),), order))
        assert decision.number is not None
        assert decision.number.e164 == "49301234"


def test_two_carriers_that_mean_different_numbers_are_refused() -> None:
    """Whose call it is must not depend on which number is older."""
    here, there = carrier("here", profile=GERMAN), carrier("there", account="umbrella", profile=NumberProfile())
    attempt = attempt_of("192.0.2.1", "030123456")
    numbers = (number(here, e164="4930123456"), number(there, e164="030123456", account="umbrella"))
    sources = (source(here), source(there))
    for order in (numbers, numbers[::-1]):
        decision = decide(attempt, Facts(sources, order))
        assert decision.verdict is Verdict.NUMBER_UNKNOWN
        assert "mean different numbers" in told(decision)
    waiting = numbers[1]._replace(status=NumberStatus.PENDING_CLAIM)
    assert decide(attempt, Facts(sources, (waiting, numbers[0]))).verdict is Verdict.ROUTE, "a claim takes nothing away"


def test_forms_to_read_are_all_that_matter_once() -> None:
    attempt = attempt_of("192.0.2.1", "030123456")
    forms = forms_to_read(attempt, [source(carrier(profile=GERMAN)), source(C)], [GERMAN])
    assert sorted(forms) == ["030123456", "4930123456"]


# Whatever the facts are

profiles = st.builds(
    NumberProfile,
    st.sampled_from(CalledIn),
    st.sampled_from([None, "DE", "US", "GB"]),
    st.sampled_from([None, "99", "+"]),
)
carriers = st.builds(
    CarrierFact,
    id=st.sampled_from("abcde"),
    name=st.just("x"),
    kind=st.sampled_from(CarrierKind),
    active=st.booleans(),
    account_id=st.sampled_from(["acme", "umbrella"]),
    account_active=st.booleans(),
    profile=profiles,
    max_channels=st.sampled_from([None, 0, 5]),
    max_cps=st.sampled_from([None, 0, 5]),
)
written = st.sampled_from(["+14155551234", "14155551234", "4155551234", "030123456", "9914155551234", "nobody", ""])
digits = st.sampled_from(["14155551234", "4930123456", "4155551234", "030123456"])


@st.composite
def situations(draw: st.DrawFn) -> tuple[Attempt, Facts]:
    """Draw an attempt and facts; a carrier's id stands for one carrier throughout."""
    pool = list({c.id: c for c in draw(st.lists(carriers, min_size=1, max_size=5))}.values())
    some = st.lists(st.sampled_from(pool), max_size=4, unique_by=lambda c: c.id)
    sources = [SourceFact(c, "g", draw(st.integers(24, 32))) for c in draw(some)]
    numbers = [
        number(
            *draw(some),
            e164=e164,
            status=draw(st.sampled_from(NumberStatus)),
            account_active=draw(st.booleans()),
            target=draw(st.sampled_from([TRUNK, APPLICATION, None])),
        )
        for e164 in draw(st.lists(digits, unique=True))
    ]
    proof = draw(st.sampled_from(Proof))
    auth = [c.id for c in pool if c.kind is CarrierKind.AUTH]
    proven = tuple(draw(st.lists(st.sampled_from(auth), max_size=1))) if proof is Proof.GOOD and auth else ()
    called = {place: draw(written) for place in CalledIn}
    attempt = Attempt("192.0.2.1", called, proof=proof, proven_carriers=proven)
    return attempt, Facts(tuple(sources), tuple(numbers), draw(st.booleans()), readable=draw(st.booleans()))


@given(situations())
def test_nothing_routes_without_a_carrier_that_delivers_and_is_proven(situation: tuple[Attempt, Facts]) -> None:
    attempt, facts = situation
    decision = decide(attempt, facts)
    assert decision.trace
    if decision.verdict is not Verdict.ROUTE:
        assert decision.target is None
        assert decision.limits == ()
        return
    chosen, fact = decision.number, decision.carrier
    assert chosen is not None
    assert fact is not None
    assert facts.readable
    assert attempt.proof in (Proof.NONE, Proof.GOOD)
    assert fact in chosen.carriers
    by_address = fact.kind is CarrierKind.STATIC_IP and any(s.carrier.id == fact.id for s in facts.sources)
    assert by_address or fact.id in attempt.proven_carriers
    assert chosen.e164 in number_forms(attempt, fact.profile)
    assert fact.active
    assert fact.account_active
    assert chosen.account_active
    assert chosen.status is NumberStatus.ACTIVE
    assert decision.target == chosen.target


@given(situations(), st.randoms(use_true_random=False))
def test_the_order_of_facts_decides_nothing(situation: tuple[Attempt, Facts], rng: random.Random) -> None:
    """Which number was added first, and which gateway is listed first, must not show in where a call goes."""
    attempt, facts = situation
    sources, numbers = list(facts.sources), list(facts.numbers)
    rng.shuffle(sources)
    rng.shuffle(numbers)
    one, two = decide(attempt, facts), decide(attempt, facts._replace(sources=tuple(sources), numbers=tuple(numbers)))
    assert (one.verdict is Verdict.ROUTE) == (two.verdict is Verdict.ROUTE)
    if one.verdict is Verdict.ROUTE:
        assert one.number == two.number


# The order of a trunk's URIs

uris = st.lists(
    st.tuples(st.uuids().map(str), st.integers(0, 3), st.integers(0, 65535)), max_size=8, unique_by=lambda uri: uri[0]
)


@given(uris, st.randoms(use_true_random=False))
def test_order_is_a_permutation_by_priority(drawn: list[tuple[str, int, int]], rng: random.Random) -> None:
    ordered = order_uris(drawn, rng.random)
    assert sorted(ordered) == sorted(uri for uri, _, _ in drawn)
    priorities = {uri: priority for uri, priority, _ in drawn}
    assert [priorities[uri] for uri in ordered] == sorted(priorities.values())


def test_weights_share_among_equals() -> None:
    rng = random.Random(7)
    uris_ = [("a", 1, 60), ("b", 1, 30), ("c", 1, 10), ("d", 1, 0), ("e", 2, 65535)]
    first = Counter(order_uris(uris_, rng.random)[0] for _ in range(20_000))
    assert first["e"] == 0
    for uri, share in (("a", 0.6), ("b", 0.3), ("c", 0.1)):
        assert first[uri] / 20_000 == pytest.approx(share, abs=0.015)
    assert first["d"] < 20


def test_weights_of_zero_keep_their_order() -> None:
    """RFC 2782 lets equals without weights stand in any order; ours is the one in which they were given."""
    drawn = [("b", 1, 0), ("a", 1, 0), ("c", 1, 0)]
    assert order_uris(drawn, random.Random(7).random) == ["b", "a", "c"]


# From a leg's end to the caller's


@pytest.mark.parametrize(
    ("status", "ours", "over"),
    [
        (None, 408, True), (302, 480, False), (401, 480, False), (403, 403, False), (407, 480, False),
        (408, 408, True), (480, 480, False), (486, 486, False), (487, 487, False), (500, 500, True), (503, 503, True),
        (600, 600, False), (603, 603, False), (606, 606, False),
    ],
)  # fmt: skip
def test_final_answers(status: int | None, ours: int, over: bool) -> None:
    assert passed_on(status) == ours
    assert fails_over(status) == over
    assert cause_of(status)
