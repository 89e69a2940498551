"""A transfer's states and its NOTIFYs, without a network: tables, and what must hold for any input."""

from __future__ import annotations

from contextlib import suppress
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.referrals import ReferralResult, ReferralStatus
from trunkline.sip.fields import Header
from trunkline.sip.message import Request
from trunkline.sip.parsing import MAX_MESSAGE
from trunkline.sip.referral import MAX_STATUS_LINE, Notice, Referral, read_notice, status_of
from trunkline.sip.uri import MessageError

Status = ReferralStatus


def request(
    body: bytes = b"SIP/2.0 200 OK",
    *,
    event: str | None = "refer",
    state: str | None = "active",
    kind: str = "message/sipfrag",
    more: tuple[Header, ...] = (),
) -> Request:
    headers: list[Header] = [
        ("via", "SIP/2.0/UDP h;branch=z9hG4bK1"),
        ("from", "<sip:a@h>;tag=1"),
        ("to", "<sip:b@h>;tag=2"),
        ("call-id", "c"),
        ("cseq", "2 NOTIFY"),
        ("max-forwards", "70"),
        *more,
    ]
    headers += [("event", event)] if event is not None else []
    headers += [("subscription-state", state)] if state is not None else []
    headers += [("content-type", kind)] if body else []
    return Request("NOTIFY", "sip:b@h", headers, body)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"SIP/2.0 100 Trying", 100),
        (b"SIP/2.0 200 OK\r\n", 200),
        (b"sip/2.0 486", 486),
        (b"SIP/2.0 699 ", 699),
        (b"SIP/2.0 180 Ringing\nTo: <sip:a@h>\n\n", 180),
        (b"SIP/2.0 404 Not Found\r\n" + b"X: y\r\n" * 5000, 404),
        (b"SIP/2.0 603 \xff\xfe", 603),
    ],
)
def test_fragments(body: bytes, status: int) -> None:
    assert status_of(body) == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\nSIP/2.0 200 OK",
        b"SIP/2.0",
        b"SIP/2.0 ",
        b"SIP/2.0  200 OK",
        b"SIP/2.0 20 OK",
        b"SIP/2.0 2000 OK",
        b"SIP/2.0 099 OK",
        b"SIP/2.0 700 OK",
        b"SIP/2.0 +20 OK",
        b"SIP/2.0 2_0 OK",
        "SIP/2.0 २०० OK".encode(),
        b"SIP/3.0 200 OK",
        b"HTTP/1.1 200 OK",
        b"INVITE sip:a@b SIP/2.0",
        b" " * MAX_STATUS_LINE + b"SIP/2.0 200 OK",
    ],
)
def test_what_is_no_fragment(body: bytes) -> None:
    with pytest.raises(MessageError) as raised:
        status_of(body)
    assert raised.value.status == 400


@pytest.mark.parametrize(
    ("read", "notice"),
    [
        (request(), Notice(200, False, None, None)),
        (request(state="active;expires=60"), Notice(200, False, 60, None)),
        (request(state="Terminated ; reason=noresource"), Notice(200, True, None, None)),
        (request(state="pending;expires=0"), Notice(200, False, 0, None)),
        (request(state=None), Notice(200, False, None, None)),
        (request(b"", state="terminated"), Notice(None, True, None, None)),
        (request(event="Refer;id=93809823"), Notice(200, False, None, "93809823")),
        (request(kind="Message/SipFrag;version=2.0"), Notice(200, False, None, None)),
    ],
)
def test_notices(read: Request, notice: Notice) -> None:
    assert read_notice(read) == notice


@pytest.mark.parametrize(
    ("read", "status"),
    [
        (request(event=None), 400),
        (request(event="dialog"), 489),
        (request(event="refer;;"), 400),
        (request(state="active;expires=-1"), 400),
        (request(state="active;expires=99999999999999999999"), 400),
        (request(kind="application/sdp"), 415),
        (request(b"nothing"), 400),
        (request(more=(("require", "x"),)), 420),
    ],
)
def test_notices_that_are_refused(read: Request, status: int) -> None:
    with pytest.raises(MessageError) as raised:
        read_notice(read)
    assert raised.value.status == status


def notice(status: int | None, *, terminated: bool = False) -> Notice:
    return Notice(status, terminated, None, None)


ASKED = Referral()
ACCEPTED = ASKED.answered(202)


@pytest.mark.parametrize(
    ("state", "result"),
    [
        (ACCEPTED.notified(notice(100)).notified(notice(200)), (Status.IN_PROGRESS, 202, 200)),
        (ACCEPTED.notified(notice(200, terminated=True)), (Status.IN_PROGRESS, 202, 200)),
        (ASKED.notified(notice(200, terminated=True)).answered(202), (Status.IN_PROGRESS, 202, 200)),
        (ASKED.notified(notice(200)).abandoned("no answer"), (Status.IN_PROGRESS, None, 200)),
        (ACCEPTED.notified(notice(486)), (Status.BUSY, 202, 486)),
        (ACCEPTED.notified(notice(600)), (Status.BUSY, 202, 600)),
        (ACCEPTED.notified(notice(487)), (Status.NO_ANSWER, 202, 487)),
        (ACCEPTED.notified(notice(302)), (Status.FAILED, 202, 302)),
        (ACCEPTED.notified(notice(180, terminated=True)), (Status.NO_ANSWER, 202, 180)),
        (ACCEPTED.notified(notice(180)).abandoned("time"), (Status.NO_ANSWER, 202, 180)),
        (ACCEPTED.notified(notice(None, terminated=True)), (Status.UNKNOWN, 202, None)),
        (
            ASKED.notified(notice(None, terminated=True)).notified(notice(200)).answered(202),
            (Status.UNKNOWN, 202, None),
        ),
        (ACCEPTED.abandoned("time"), (Status.UNKNOWN, 202, None)),
        (ACCEPTED.notified(notice(486)).notified(notice(200)), (Status.BUSY, 202, 486)),
        (ACCEPTED.abandoned("time").notified(notice(200)), (Status.UNKNOWN, 202, None)),
        (ASKED.answered(405), (Status.FAILED, 405, None)),
        (ASKED.answered(302), (Status.FAILED, 302, None)),
        (ASKED.notified(notice(180)).answered(603), (Status.FAILED, 603, 180)),
        (ASKED.abandoned("no answer"), (Status.FAILED, None, None)),
    ],
)
def test_how_a_transfer_ends(state: Referral, result: tuple[Status, int | None, int | None]) -> None:
    assert state.settled
    assert _short(state.result()) == result
    assert _short(state.result(left=True)) == result  # it was over before the caller left


@pytest.mark.parametrize(
    ("state", "codes"),
    [
        (ASKED, (None, None)),
        (ASKED.notified(notice(None, terminated=True)), (None, None)),
        (ACCEPTED, (202, None)),
        (ACCEPTED.notified(notice(180)), (202, 180)),
        (ACCEPTED.notified(notice(None)), (202, None)),
        (ASKED.notified(notice(200)), (None, 200)),
    ],
)
def test_a_caller_that_leaves_before(state: Referral, codes: tuple[int | None, int | None]) -> None:
    assert not state.settled
    assert _short(state.result(left=True)) == (Status.CANCELLED, *codes)


def _short(result: ReferralResult) -> tuple[Status, int | None, int | None]:
    return result.status, result.refer_status, result.notify_status


answers = st.integers(200, 699).map(lambda status: ("answered", status))
notices = st.builds(notice, st.none() | st.integers(100, 699), terminated=st.booleans()).map(lambda n: ("notified", n))
waits = st.just(("abandoned", "time"))


@given(st.lists(answers | notices | waits, max_size=12))
def test_whatever_comes_a_transfer_that_is_over_stays_as_it_is(steps: list[tuple[str, object]]) -> None:
    state, final = Referral(), None
    for name, value in steps:
        if name == "answered" and state.refer_status is not None:
            continue  # a transaction has one final answer
        state = getattr(state, name)(value)
        final = state.result() if final is None and state.settled else final
        assert final is None or state.result() == final
    assert state.abandoned("end").settled


@given(st.permutations([notice(100), notice(180), notice(486, terminated=True)]), st.integers(0, 3))
def test_in_whatever_order_they_come_the_final_word_counts(order: list[Notice], after: int) -> None:
    state = Referral()
    for place, said in enumerate(order):
        state = state.answered(202) if place == after else state
        state = state.notified(said)
    state = state.answered(202) if after == 3 else state
    assert _short(state.result()) == (Status.BUSY, 202, 486)


@given(st.binary(max_size=400), st.text(max_size=80), st.text(max_size=80))
def test_nothing_but_message_errors_comes_out(body: bytes, event: str, state: str) -> None:
    with suppress(MessageError):
        read_notice(request(body, event=event, state=state))
    with suppress(MessageError):
        read_notice(request(body, event=f"refer;{event}", state=f"active;{state}"))
    with suppress(MessageError):
        assert 100 <= status_of(body) <= 699


def test_the_largest_fragments_cost_no_more_than_small_ones() -> None:
    for body in (b"SIP/2.0 " + b"2" * MAX_MESSAGE, b"SIP/2.0 200 " + b" " * MAX_MESSAGE, b"\r" * MAX_MESSAGE):
        began = thread_time()
        for _ in range(200):
            with suppress(MessageError):
                status_of(body)
        assert thread_time() - began < 0.2
