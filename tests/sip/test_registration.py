"""The machine of one registration: every event in every state as a table, and what holds whatever a registrar does."""

from __future__ import annotations

import logging
import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.core.registered import Standing
from trunkline.sip.registration import (
    BROKEN_PAUSE_S,
    FAR_PAUSE_S,
    FIRST_PAUSE_S,
    MAX_FAR_PAUSE_S,
    MAX_GRANTED_S,
    MAX_PAUSE_S,
    MAX_REFUSED_PER_HOUR,
    MAX_RETRY_AFTER_S,
    MAX_TRIES,
    MIN_GRANTED_S,
    MIN_REFRESH_S,
    Answered,
    Broken,
    Challenged,
    Due,
    Event,
    Gone,
    Held,
    Leave,
    Phase,
    Send,
    Silent,
    Tell,
    What,
    step,
)
from trunkline.sip.registrations import LOGGED_S, MAX_LOGGED, Registrations

NOW = 1000.0
NEW = Held(3600, next_at=NOW)
TRYING = NEW._replace(tries=1)
BOUND = Held(3600, phase=Phase.REGISTERED, until=NOW + 600, next_at=NOW + 300, status=200, said="200 OK")
REFRESHING = BOUND._replace(tries=1, next_at=NOW)
FAILING = NEW._replace(phase=Phase.FAILING, failures=1, next_at=NOW + 5)
LOST = FAILING._replace(lost=True)
REFUSED = NEW._replace(phase=Phase.REFUSED, refusals=1, next_at=NOW + 900)
LEAVING = BOUND._replace(leaving=True, removing=True, tries=1, phase=Phase.LEAVING)
LATE_LEAVING = TRYING._replace(leaving=True, phase=Phase.LEAVING)

OK = Answered(200, "OK", 600)
FORBIDDEN = Answered(403, "Forbidden")
BUSY = Answered(503, "Service Unavailable")
ASKED = Challenged(401, "Unauthorized")
AGAIN = Challenged(401, "Unauthorized", answered=True)
STALE = Challenged(401, "Unauthorized", answered=True, stale=True)
UNREADABLE = Challenged(407, "Proxy Authentication Required", problem="of an unknown algorithm")
SILENT = Silent("no answer")

P, W = Phase, What
TABLE: dict[str, tuple[Held, Event, Phase, str]] = {
    "due": (NEW, Due(), P.REGISTERING, "send 3600 fresh"),
    "due too early": (BOUND, Due(), P.REGISTERED, ""),
    "due while trying": (TRYING, Due(), P.REGISTERING, ""),
    "due for a refresh": (BOUND._replace(next_at=NOW), Due(), P.REGISTERED, "send 3600 fresh"),
    "expired": (BOUND._replace(until=NOW), Due(), P.FAILING, "lost"),
    "expired, and due": (BOUND._replace(until=NOW, next_at=NOW), Due(), P.FAILING, "lost, send 3600 fresh"),
    "due after a failure": (FAILING._replace(next_at=NOW), Due(), P.FAILING, "send 3600 fresh"),
    "due after a refusal": (REFUSED._replace(next_at=NOW), Due(), P.REFUSED, "send 3600 fresh"),
    "due while leaving": (LEAVING, Due(), P.LEAVING, ""),
    "taken": (TRYING, OK, P.REGISTERED, "registered"),
    "taken, refreshed": (REFRESHING, OK, P.REGISTERED, ""),
    "taken after a loss": (LOST._replace(tries=1), OK, P.REGISTERED, "restored"),
    "taken after a refusal": (REFUSED._replace(tries=1), OK, P.REGISTERED, "registered"),
    "taken, nothing bound": (TRYING, OK._replace(granted=0), P.REFUSED, "refused"),
    "taken, bound too short": (TRYING, OK._replace(granted=MIN_GRANTED_S - 1), P.REFUSED, "refused"),
    "taken, bound just long enough": (TRYING, OK._replace(granted=MIN_GRANTED_S), P.REGISTERED, "registered"),
    "refreshed, nothing bound any more": (REFRESHING, OK._replace(granted=0), P.REFUSED, "lost"),
    "refreshed too short": (REFRESHING, OK._replace(granted=1), P.REFUSED, "lost"),
    "an answer that nobody waits for": (BOUND, FORBIDDEN, P.REGISTERED, ""),
    "challenged": (TRYING, ASKED, P.REGISTERING, "send 3600"),
    "challenged again": (TRYING._replace(tries=2), AGAIN, P.REFUSED, "refused"),
    "stale": (TRYING._replace(tries=2), STALE, P.REGISTERING, "send 3600"),
    "stale for ever": (TRYING._replace(tries=MAX_TRIES), STALE, P.REFUSED, "refused"),
    "other realms for ever": (TRYING._replace(tries=MAX_TRIES), ASKED, P.REFUSED, "refused"),
    "a challenge that cannot be answered": (TRYING, UNREADABLE, P.REFUSED, "refused"),
    "challenged at a refresh": (REFRESHING, ASKED, P.REGISTERED, "send 3600"),
    "refused at a refresh": (REFRESHING, FORBIDDEN, P.REFUSED, "lost"),
    "refused": (TRYING, FORBIDDEN, P.REFUSED, "refused"),
    "refused again": (REFUSED._replace(tries=1), FORBIDDEN, P.REFUSED, ""),
    "not found": (TRYING, Answered(404, "Not Found"), P.REFUSED, "refused"),
    "moved": (TRYING, Answered(302, "Moved Temporarily"), P.REFUSED, "refused"),
    "declined": (TRYING, Answered(603, "Decline"), P.REFUSED, "refused"),
    "too brief": (TRYING, Answered(423, "Interval Too Brief", min_expires=7200), P.REGISTERING, "send 7200"),
    "too brief, unsaid": (TRYING, Answered(423, "Interval Too Brief"), P.REFUSED, "refused"),
    "too brief, but shorter": (TRYING, Answered(423, "Interval Too Brief", min_expires=60), P.REFUSED, "refused"),
    "too brief, but endless": (
        TRYING, Answered(423, "Interval Too Brief", min_expires=MAX_GRANTED_S + 1), P.REFUSED, "refused",
    ),
    "too brief for ever": (
        TRYING._replace(tries=MAX_TRIES), Answered(423, "Interval Too Brief", min_expires=7200), P.REFUSED, "refused",
    ),
    "busy": (TRYING, BUSY, P.FAILING, "failed"),
    "busy again": (FAILING._replace(tries=1), BUSY, P.FAILING, ""),
    "busy at a refresh": (REFRESHING, BUSY, P.REGISTERED, ""),
    "timed out there": (TRYING, Answered(408, "Request Timeout"), P.FAILING, "failed"),
    "unavailable": (TRYING, Answered(480, "Temporarily Unavailable"), P.FAILING, "failed"),
    "silent": (TRYING, SILENT, P.FAILING, "failed"),
    "silent at a refresh": (REFRESHING, SILENT, P.REGISTERED, ""),
    "silent after a refusal": (REFUSED._replace(tries=1), SILENT, P.REFUSED, ""),
    "broken": (BOUND, Broken(), P.REGISTERED, ""),
    "broken while trying": (TRYING, Broken(), P.REGISTERING, ""),
    "leave": (BOUND, Leave(), P.LEAVING, "send 0 fresh"),
    "leave before anything": (NEW, Leave(), P.UNREGISTERED, "unregistered, gone"),
    "leave what has failed": (FAILING, Leave(), P.UNREGISTERED, "unregistered, gone"),
    "leave what has expired": (BOUND._replace(until=NOW), Leave(), P.UNREGISTERED, "unregistered, gone"),
    "leave while trying": (TRYING, Leave(), P.LEAVING, ""),
    "taken back": (LEAVING, OK._replace(granted=0), P.UNREGISTERED, "unregistered, gone"),
    "taken back, though others are bound": (LEAVING, OK, P.UNREGISTERED, "unregistered, gone"),
    "leaving challenged": (LEAVING, ASKED, P.LEAVING, "send 0"),
    "leaving refused": (LEAVING, FORBIDDEN, P.UNREGISTERED, "unregistered, gone"),
    "leaving too brief": (
        LEAVING, Answered(423, "Interval Too Brief", min_expires=7200), P.UNREGISTERED, "unregistered, gone",
    ),
    "leaving silent": (LEAVING, SILENT, P.UNREGISTERED, "unregistered, gone"),
    "bound after leaving began": (LATE_LEAVING, OK, P.LEAVING, "send 0"),
    "refreshed after leaving began": (LATE_LEAVING._replace(until=NOW + 9), OK, P.LEAVING, "send 0"),
    "challenged after leaving began": (LATE_LEAVING, ASKED, P.LEAVING, "send 0"),
    "refused after leaving began": (LATE_LEAVING, FORBIDDEN, P.UNREGISTERED, "unregistered, gone"),
}  # fmt: skip


def done(actions: tuple[Send | Tell | Gone, ...]) -> str:
    """Return actions in a few words."""
    words = []
    for action in actions:
        if isinstance(action, Send):
            words.append(f"send {action.expires}" + (" fresh" if action.fresh else ""))
        else:
            words.append("gone" if isinstance(action, Gone) else action.what.value)
    return ", ".join(words)


@pytest.mark.parametrize("name", TABLE)
def test_every_event(name: str) -> None:
    held, event, phase, expected = TABLE[name]
    after, actions = step(held, event, NOW, 0.5)
    assert (after.phase, done(actions)) == (phase, expected)
    sent = any(isinstance(action, Send) for action in actions)
    ended = after.phase is Phase.UNREGISTERED
    assert after.tries <= MAX_TRIES
    assert (after.deadline is None) == bool(after.tries or after.leaving)
    if sent:
        assert after.tries
    if ended:
        assert (after.tries, after.until) == (0, 0.0)


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999999])
def test_a_refresh_comes_in_the_middle_of_what_was_granted(draw: float) -> None:
    for granted in (8, 60, 3600, 86_400):  # fewer than 8 s: not before MIN_REFRESH_S
        held, _ = step(TRYING, Answered(200, "OK", granted), NOW, draw)
        assert held.until == NOW + granted
        assert granted * 0.5 <= held.next_at - NOW <= granted * 0.75
        assert held.deadline == held.next_at
    held, _ = step(TRYING, Answered(200, "OK", MIN_GRANTED_S), NOW, draw)
    assert NOW + MIN_REFRESH_S <= held.next_at <= held.until - 1.0
    held, _ = step(TRYING, Answered(200, "OK", 10**9), NOW, draw)
    assert held.until == NOW + MAX_GRANTED_S


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999999])
def test_failures_pause_longer_and_longer(draw: float) -> None:
    held = TRYING
    for number in range(12):
        held, _ = step(held, SILENT, NOW, draw)
        whole = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2**number)
        assert whole / 2 <= held.next_at - NOW <= whole
        held = held._replace(tries=1)


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999999])
def test_refusals_pause_far_longer(draw: float) -> None:
    held = TRYING
    for number in range(8):
        held, _ = step(held, FORBIDDEN, NOW, draw)
        whole = min(MAX_FAR_PAUSE_S, FAR_PAUSE_S * 2**number)
        assert whole <= held.next_at - NOW <= whole * 1.25
        held = held._replace(tries=1)


@pytest.mark.parametrize(("asked", "least", "most"), [(2, 2.5, 5.0), (120, 120, 132), (10**6, MAX_RETRY_AFTER_S, 3960)])
@pytest.mark.parametrize("draw", [0.0, 0.999999])
def test_retry_after_is_a_lower_bound_within_reason(asked: int, least: float, most: float, draw: float) -> None:
    held, _ = step(TRYING, BUSY._replace(retry_after=float(asked)), NOW, draw)
    assert least <= held.next_at - NOW <= most


def test_a_loss_is_told_while_a_retry_after_lets_us_wait() -> None:
    held, _ = step(REFRESHING, BUSY._replace(retry_after=3000.0), NOW, 0.0)
    assert held.deadline == held.until == NOW + 600
    held, actions = step(held, Due(), NOW + 600, 0.0)
    assert done(actions) == "lost"
    assert held.deadline == NOW + 3000


def test_a_lost_connection_is_registered_over_anew_soon() -> None:
    held, _ = step(BOUND, Broken(), NOW, 0.999999)
    assert NOW < held.next_at <= NOW + BROKEN_PAUSE_S
    assert held.until == BOUND.until
    soon, _ = step(BOUND._replace(next_at=NOW + 0.1), Broken(), NOW, 0.9)
    assert soon.next_at == NOW + 0.1


EVENTS = st.one_of(
    st.just(Due()),
    st.just(Broken()),
    st.builds(
        Answered,
        st.sampled_from([200, 202, 302, 400, 403, 404, 408, 423, 480, 500, 503, 600, 699]),
        st.just("X"),
        st.integers(0, 10**9),
        st.none() | st.integers(0, 10**9),
        st.none() | st.floats(0, 1e9),
    ),
    st.builds(
        Challenged, st.sampled_from([401, 407]), st.just("X"), st.booleans(), st.booleans(), st.sampled_from(["", "p"])
    ),
    st.builds(Silent, st.just("no answer")),
)


@settings(deadline=None)
@given(st.lists(st.tuples(EVENTS, st.floats(0, 0.999), st.floats(0, 5000)), max_size=60), st.integers(0, 60))
def test_whatever_comes(events: list[tuple[Event, float, float]], leave_at: int) -> None:
    """An attempt is of few requests, a deadline is never in the past for long, and what leaves is gone in the end."""
    held, now = NEW, NOW
    for place, (event, draw, passed) in enumerate(events):
        now += passed
        came = Leave() if place == leave_at else event
        before = held
        held, actions = step(held, came, now, draw)
        sends = [action for action in actions if isinstance(action, Send)]
        assert len(sends) <= 1
        assert 0 <= held.tries <= MAX_TRIES
        assert bool(held.tries) or not sends
        assert bool(held.until) == (held.phase is Phase.REGISTERED) or held.tries or held.leaving
        assert not before.tries or not any(send.fresh for send in sends)
        if held.leaving:
            assert all(send.expires == 0 for send in sends)
        elif not held.tries and not isinstance(came, Due | Broken) and before.tries:
            assert held.next_at > now
    for _ in range(MAX_TRIES + 1):
        if held.phase is not Phase.UNREGISTERED:
            held, _ = step(held, Leave() if not held.leaving else SILENT, now, 0.0)
    assert held.phase is Phase.UNREGISTERED


@settings(deadline=None)  # a day of attempts takes some milliseconds, on a busy machine many
@given(st.randoms(use_true_random=False), st.lists(st.sampled_from([FORBIDDEN, AGAIN, SILENT, BUSY]), min_size=1))
def test_a_registrar_that_refuses_is_left_alone(rng: random.Random, after: list[Event]) -> None:
    """Of attempts that are refused there are few in any hour, whatever failures come between them."""
    held, now, refused = NEW, NOW, list[float]()
    while now < NOW + 24 * 3600:
        held, actions = step(held, Due(), now, rng.random())
        if any(isinstance(action, Send) for action in actions):
            event = FORBIDDEN if not refused else rng.choice(after)
            if event in (FORBIDDEN, AGAIN):
                refused.append(now)
            held, _ = step(held, event, now, rng.random())
        assert held.deadline is not None
        now = max(held.deadline, now + 0.001)
    for at in refused:
        assert sum(at <= other < at + 3600 for other in refused) <= MAX_REFUSED_PER_HOUR


def test_many_that_fail_together_do_not_come_back_together() -> None:
    rng = random.Random(7)
    helds = [TRYING] * 1000
    for number in range(4):
        helds = [step(held._replace(tries=1), SILENT, NOW, rng.random())[0] for held in helds]
        span = FIRST_PAUSE_S * 2**number / 2
        seconds = [held.next_at - NOW for held in helds]
        assert max(seconds) - min(seconds) > span * 0.95


def test_a_min_expires_that_grows_is_followed_within_one_attempt() -> None:
    """A proxy and the registrar behind it may ask for one each; who asks for ever is refused."""
    held, actions = step(NEW, Due(), NOW, 0.5)
    asked = [3600]
    for least in range(4000, 9000, 1000):
        held, actions = step(held, Answered(423, "Interval Too Brief", min_expires=least), NOW, 0.5)
        asked += [action.expires for action in actions if isinstance(action, Send)]
    assert asked == [3600, 4000, 5000, 6000, 7000]
    assert len(asked) == MAX_TRIES
    assert held.phase is Phase.REFUSED


def test_what_a_short_binding_is_called() -> None:
    for granted, words in ((1, "200 OK, but it bound for 1 s only, too short to keep up"),
                           (0, "200 OK, but it bound nothing of ours")):  # fmt: skip
        held, actions = step(TRYING, Answered(200, "OK", granted), NOW, 0.5)
        assert held.said == words
        assert Tell(What.REFUSED, words) in actions
        assert held.next_at >= NOW + FAR_PAUSE_S


def test_the_log_gets_some_lines_of_a_carrier_and_its_events_all(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    now = [0.0]
    house: Any = SimpleNamespace(
        _registered=SimpleNamespace(tell=lambda _standing, what, _text, _at: told.append(what)),
        edge=SimpleNamespace(now=lambda: now[0], wall=lambda: 0.0),
    )
    line: Any = SimpleNamespace(logged=[], wanted=SimpleNamespace(name="Regional"))
    with caplog.at_level(logging.INFO, "trunkline.sip.registrations"):
        for now[0] in range(100):
            Registrations._tell(house, line, Standing("c", "a", "failing"), Tell(What.LOST, "503"))
        assert len(caplog.records) == MAX_LOGGED
        now[0] = LOGGED_S
        Registrations._tell(house, line, Standing("c", "a", "failing"), Tell(What.LOST, "503"))
    assert len(caplog.records) == MAX_LOGGED + 1
    assert len(told) == 101
