"""Transactions: every state with every event, the schedules of all timers, and matching."""

import gc
from collections.abc import Callable
from itertools import count

import pytest

from trunkline.sip import events as ev
from trunkline.sip import transaction as tr
from trunkline.sip.events import ClientTransaction, Counts, ServerTransaction
from trunkline.sip.hop import Door, Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.parsing import parse
from trunkline.sip.replying import reply
from trunkline.sip.timers import Timers
from trunkline.sip.transaction import Transactions

DOORS = {transport: Door(transport, "192.0.2.200", 5060) for transport in ("UDP", "TCP")}
PEER = Hop("192.0.2.1", 5070, DOORS["UDP"])
TARGET = Hop("192.0.2.9", 5060, DOORS["UDP"])


def message(
    method: str = "INVITE",
    *,
    branch: str | None = "z9hG4bKpeer",
    to_tag: str = "",
    cseq: int = 1,
    call_id: str = "c1",
    from_tag: str = "f1",
    via: str = "192.0.2.1:5070",
) -> bytes:
    via = f"{via};branch={branch}" if branch else via
    tag = f";tag={to_tag}" if to_tag else ""
    return (
        f"{method} sip:bob@192.0.2.200 SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:alice@192.0.2.1>;tag={from_tag}\r\nTo: <sip:bob@192.0.2.200>{tag}\r\n"
        f"Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:alice@192.0.2.1:5070>\r\n\r\n"
    ).encode()


class Bench:
    """A layer, its clock, and what it did since the last look."""

    def __init__(self, transport: str = "UDP", **settings: object) -> None:
        tokens = count()
        self.layer = Transactions(new_branch=lambda: f"k{next(tokens)}", **settings)  # type: ignore[arg-type]
        self.now = 100.0
        self.door = DOORS[transport]

    def receive(self, data: bytes, source: Hop = PEER) -> None:
        self.layer.receive(data, source._replace(door=self.door), self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.layer.advance(self.now)

    def sent(self) -> list[tuple[bytes, Hop]]:
        sends, self.layer.sends = self.layer.sends, []
        return sends

    def sent_names(self) -> list[str]:
        """Methods and status codes of what was sent."""
        names = []
        for data, _ in self.sent():
            first, second, _ = data.decode().split(" ", 2)
            names.append(second if first == "SIP/2.0" else first)
        return names

    def events(self) -> list[ev.Event]:
        events, self.layer.events = self.layer.events, []
        return events

    def event_names(self) -> list[str]:
        return [type(event).__name__ for event in self.events()]

    def server(self, data: bytes) -> tuple[ServerTransaction, Request]:
        self.receive(data)
        (event,) = self.events()
        assert isinstance(event, ev.RequestReceived)
        return event.txn, event.request

    def respond(self, txn: ServerTransaction, request: Request, status: int) -> None:
        self.layer.respond(txn, reply(request, status, to_tag="us"), self.now)

    def client(self, method: str) -> ClientTransaction:
        request = parse(message(method))
        assert isinstance(request, Request)
        request.remove("via")
        return self.layer.send_request(request, TARGET._replace(door=self.door), self.now)

    def answer(self, txn: ClientTransaction, status: int, to_tag: str = "them", method: str = "") -> None:
        method = method or txn.method
        self.receive(
            f"SIP/2.0 {status} X\r\nVia: {txn._via}\r\nFrom: <sip:alice@192.0.2.1>;tag=f1\r\n"
            f"To: <sip:bob@192.0.2.200>;tag={to_tag}\r\nCall-ID: c1\r\nCSeq: 1 {method}\r\n\r\n".encode(),
            TARGET,
        )

    def run(self, seconds: float) -> list[tuple[float, str]]:
        """Let time pass as an event loop would; what was sent, and how long after the start."""
        start = self.now
        log = [(0.0, name) for name in self.sent_names()]
        while (deadline := self.layer.next_deadline()) is not None and deadline <= start + seconds:
            self.now = max(self.now, deadline)
            self.layer.advance(self.now)
            log += [(round(self.now - start, 6), name) for name in self.sent_names()]
        self.now = start + seconds
        return log


def table(text: str) -> dict[tuple[str, str], tuple[str, list[str], list[str]]]:
    """Rows of: state, event, state after, what is sent, what is reported."""
    rows = {}
    for line in text.strip().splitlines():
        before, event, after, sends, events = line.split()
        assert (before, event) not in rows
        rows[before, event] = (
            after,
            [] if sends == "-" else sends.split(","),
            [] if events == "-" else events.split(","),
        )
    return rows


def assert_complete(rows: dict[tuple[str, str], object], states: set[str], events: set[str]) -> None:
    assert set(rows) == {(state, event) for state in states for event in events}


# INVITE server (RFC 3261 figure 7 with RFC 6026 figure 3)

INVITE_SERVER = table("""
    fresh      INVITE  proceeding  -    -
    fresh      ACK     proceeding  -    -
    fresh      CANCEL  proceeding  200  CancelReceived
    fresh      100     proceeding  100  -
    fresh      180     proceeding  180  -
    fresh      200     accepted    200  -
    fresh      486     completed   486  -
    fresh      confirm proceeding  -    -
    fresh      T1      proceeding  -    -
    fresh      T4      proceeding  -    -
    fresh      64T1    proceeding  -    -
    ringing    INVITE  proceeding  180  -
    ringing    ACK     proceeding  -    -
    ringing    CANCEL  proceeding  200  CancelReceived
    ringing    100     proceeding  100  -
    ringing    180     proceeding  180  -
    ringing    200     accepted    200  -
    ringing    486     completed   486  -
    ringing    confirm proceeding  -    -
    ringing    T1      proceeding  -    -
    ringing    T4      proceeding  -    -
    ringing    64T1    proceeding  -    -
    completed  INVITE  completed   486  -
    completed  ACK     confirmed   -    -
    completed  CANCEL  completed   200  -
    completed  100     completed   -    -
    completed  180     completed   -    -
    completed  200     completed   -    -
    completed  486     completed   -    -
    completed  confirm completed   -    -
    completed  T1      completed   486  -
    completed  T4      completed   486  -
    completed  64T1    terminated  -    RefusalUnacknowledged
    confirmed  INVITE  confirmed   -    -
    confirmed  ACK     confirmed   -    -
    confirmed  CANCEL  confirmed   200  -
    confirmed  100     confirmed   -    -
    confirmed  180     confirmed   -    -
    confirmed  200     confirmed   -    -
    confirmed  486     confirmed   -    -
    confirmed  confirm confirmed   -    -
    confirmed  T1      confirmed   -    -
    confirmed  T4      terminated  -    -
    confirmed  64T1    terminated  -    -
    accepted   INVITE  accepted    -    -
    accepted   ACK     accepted    -    AckReceived
    accepted   CANCEL  accepted    200  -
    accepted   100     accepted    -    -
    accepted   180     accepted    -    -
    accepted   200     accepted    200  -
    accepted   486     accepted    -    -
    accepted   confirm accepted    -    -
    accepted   T1      accepted    200  -
    accepted   T4      accepted    200  -
    accepted   64T1    terminated  -    AckMissing
    settled    INVITE  accepted    -    -
    settled    ACK     accepted    -    AckReceived
    settled    CANCEL  accepted    200  -
    settled    100     accepted    -    -
    settled    180     accepted    -    -
    settled    200     accepted    200  -
    settled    486     accepted    -    -
    settled    confirm accepted    -    -
    settled    T1      accepted    -    -
    settled    T4      accepted    -    -
    settled    64T1    terminated  -    -
    terminated INVITE  terminated  -    RequestReceived
    terminated ACK     terminated  -    AckReceived
    terminated CANCEL  terminated  481  -
    terminated 100     terminated  -    -
    terminated 180     terminated  -    -
    terminated 200     terminated  -    -
    terminated 486     terminated  -    -
    terminated confirm terminated  -    -
    terminated T1      terminated  -    -
    terminated T4      terminated  -    -
    terminated 64T1    terminated  -    -
""")


def test_invite_server_table_is_complete() -> None:
    events = {"INVITE", "ACK", "CANCEL", "100", "180", "200", "486", "confirm", "T1", "T4", "64T1"}
    states = {"fresh", "ringing", "completed", "confirmed", "accepted", "settled", "terminated"}
    assert_complete(INVITE_SERVER, states, events)  # type: ignore[arg-type]


@pytest.mark.parametrize(("state", "event"), INVITE_SERVER)
def test_invite_server(state: str, event: str) -> None:
    bench = Bench()
    txn, request = bench.server(message())
    if state == "ringing":
        bench.respond(txn, request, 180)
    elif state in ("completed", "confirmed", "terminated"):
        bench.respond(txn, request, 486)
        if state != "completed":
            bench.receive(message("ACK", to_tag="us"))
        if state == "terminated":
            bench.wait(5.0)
    elif state in ("accepted", "settled"):
        bench.respond(txn, request, 200)
        if state == "settled":
            bench.layer.confirm(txn)
    bench.sent()
    if event.isdigit():
        bench.respond(txn, request, int(event))
    elif event == "confirm":
        bench.layer.confirm(txn)
    elif event[-2:] in ("T1", "T4"):
        bench.wait({"T1": 0.5, "T4": 5.0, "64T1": 32.0}[event])
    else:
        bench.receive(message(event, to_tag="us" if event == "ACK" else ""))
    assert (txn.state, bench.sent_names(), bench.event_names()) == INVITE_SERVER[state, event]


# INVITE client (RFC 3261 figure 5 with RFC 6026 figure 4)

INVITE_CLIENT = table("""
    calling    100    proceeding -      ResponseReceived
    calling    180    proceeding -      ResponseReceived
    calling    200    accepted   -      ResponseReceived
    calling    fork   accepted   -      ResponseReceived
    calling    486    completed  ACK    ResponseReceived
    calling    cancel calling    -      -
    calling    fail   terminated -      TransportFailed
    calling    T1     calling    INVITE -
    calling    64T1   terminated -      Timeout
    calling    C      terminated -      Timeout
    proceeding 100    proceeding -      ResponseReceived
    proceeding 180    proceeding -      ResponseReceived
    proceeding 200    accepted   -      ResponseReceived
    proceeding fork   accepted   -      ResponseReceived
    proceeding 486    completed  ACK    ResponseReceived
    proceeding cancel proceeding CANCEL -
    proceeding fail   proceeding -      -
    proceeding T1     proceeding -      -
    proceeding 64T1   proceeding -      -
    proceeding C      terminated -      Timeout
    waiting    100    proceeding CANCEL ResponseReceived
    waiting    180    proceeding CANCEL ResponseReceived
    waiting    200    accepted   -      ResponseReceived
    waiting    fork   accepted   -      ResponseReceived
    waiting    486    completed  ACK    ResponseReceived
    waiting    cancel calling    -      -
    waiting    fail   terminated -      TransportFailed
    waiting    T1     calling    INVITE -
    waiting    64T1   terminated -      Timeout
    waiting    C      terminated -      Timeout
    cancelled  100    proceeding -      ResponseReceived
    cancelled  180    proceeding -      ResponseReceived
    cancelled  200    accepted   -      ResponseReceived
    cancelled  fork   accepted   -      ResponseReceived
    cancelled  486    completed  ACK    ResponseReceived
    cancelled  cancel proceeding -      -
    cancelled  fail   proceeding -      -
    cancelled  T1     proceeding CANCEL -
    cancelled  64T1   terminated -      Timeout
    cancelled  C      terminated -      Timeout
    completed  100    completed  -      -
    completed  180    completed  -      -
    completed  200    completed  -      -
    completed  fork   completed  -      -
    completed  486    completed  ACK    -
    completed  cancel completed  -      -
    completed  fail   completed  -      -
    completed  T1     completed  -      -
    completed  64T1   terminated -      -
    completed  C      terminated -      -
    accepted   100    accepted   -      -
    accepted   180    accepted   -      -
    accepted   200    accepted   -      -
    accepted   fork   accepted   -      ResponseReceived
    accepted   486    accepted   -      -
    accepted   cancel accepted   -      -
    accepted   fail   accepted   -      -
    accepted   T1     accepted   -      -
    accepted   64T1   terminated -      -
    accepted   C      terminated -      -
    acked      100    accepted   -      -
    acked      180    accepted   -      -
    acked      200    accepted   ACK    -
    acked      fork   accepted   -      ResponseReceived
    acked      486    accepted   -      -
    acked      cancel accepted   -      -
    acked      fail   accepted   -      -
    acked      T1     accepted   -      -
    acked      64T1   terminated -      -
    acked      C      terminated -      -
    terminated 100    terminated -      -
    terminated 180    terminated -      -
    terminated 200    terminated -      -
    terminated fork   terminated -      -
    terminated 486    terminated -      -
    terminated cancel terminated -      -
    terminated fail   terminated -      -
    terminated T1     terminated -      -
    terminated 64T1   terminated -      -
    terminated C      terminated -      -
""")


def ack(to_tag: str) -> Request:
    request = parse(message("ACK", to_tag=to_tag))
    assert isinstance(request, Request)
    request.remove("via")
    return request


def test_invite_client_table_is_complete() -> None:
    events = {"100", "180", "200", "fork", "486", "cancel", "fail", "T1", "64T1", "C"}
    states = {"calling", "proceeding", "waiting", "cancelled", "completed", "accepted", "acked", "terminated"}
    assert_complete(INVITE_CLIENT, states, events)  # type: ignore[arg-type]


@pytest.mark.parametrize(("state", "event"), INVITE_CLIENT)
def test_invite_client(state: str, event: str) -> None:
    bench = Bench()
    txn = bench.client("INVITE")
    if state in ("proceeding", "cancelled"):
        bench.answer(txn, 180)
    if state in ("waiting", "cancelled"):
        bench.layer.cancel(txn, bench.now)
    if state in ("completed", "terminated"):
        bench.answer(txn, 486)
    if state in ("accepted", "acked"):
        bench.answer(txn, 200)
    if state == "acked":
        bench.layer.send_ack(txn, ack("them"), TARGET)
    if state == "terminated":
        bench.wait(32.0)
    bench.sent()
    bench.events()
    if event.isdigit() or event == "fork":
        bench.answer(txn, 200 if event == "fork" else int(event), "other" if event == "fork" else "them")
    elif event == "cancel":
        bench.layer.cancel(txn, bench.now)
    elif event == "fail":
        bench.layer.transport_failed(TARGET, bench.now)
    else:
        bench.wait({"T1": 0.5, "64T1": 32.0, "C": 185.0}[event])
    assert (txn.state, bench.sent_names(), bench.event_names()) == INVITE_CLIENT[state, event]


# Non-INVITE server (figure 8) and client (figure 6)

OTHER_SERVER = table("""
    trying     request trying     -   -
    trying     100     proceeding 100 -
    trying     200     completed  200 -
    trying     T1      trying     -   -
    trying     64T1    trying     -   -
    proceeding request proceeding 100 -
    proceeding 100     proceeding 100 -
    proceeding 200     completed  200 -
    proceeding T1      proceeding -   -
    proceeding 64T1    proceeding -   -
    completed  request completed  200 -
    completed  100     completed  -   -
    completed  200     completed  -   -
    completed  T1      completed  -   -
    completed  64T1    terminated -   -
    terminated request terminated -   RequestReceived
    terminated 100     terminated -   -
    terminated 200     terminated -   -
    terminated T1      terminated -   -
    terminated 64T1    terminated -   -
""")

OTHER_CLIENT = table("""
    trying     100  proceeding -       ResponseReceived
    trying     200  completed  -       ResponseReceived
    trying     486  completed  -       ResponseReceived
    trying     fail terminated -       TransportFailed
    trying     T1   trying     OPTIONS -
    trying     T4   trying     OPTIONS -
    trying     64T1 terminated -       Timeout
    proceeding 100  proceeding -       ResponseReceived
    proceeding 200  completed  -       ResponseReceived
    proceeding 486  completed  -       ResponseReceived
    proceeding fail proceeding -       -
    proceeding T1   proceeding OPTIONS -
    proceeding T4   proceeding OPTIONS -
    proceeding 64T1 terminated -       Timeout
    completed  100  completed  -       -
    completed  200  completed  -       -
    completed  486  completed  -       -
    completed  fail completed  -       -
    completed  T1   completed  -       -
    completed  T4   terminated -       -
    completed  64T1 terminated -       -
    terminated 100  terminated -       -
    terminated 200  terminated -       -
    terminated 486  terminated -       -
    terminated fail terminated -       -
    terminated T1   terminated -       -
    terminated T4   terminated -       -
    terminated 64T1 terminated -       -
""")
FOUR = {"trying", "proceeding", "completed", "terminated"}


def test_other_tables_are_complete() -> None:
    assert_complete(OTHER_SERVER, FOUR, {"request", "100", "200", "T1", "64T1"})  # type: ignore[arg-type]
    assert_complete(OTHER_CLIENT, FOUR, {"100", "200", "486", "fail", "T1", "T4", "64T1"})  # type: ignore[arg-type]


@pytest.mark.parametrize(("state", "event"), OTHER_SERVER)
def test_other_server(state: str, event: str) -> None:
    bench = Bench()
    txn, request = bench.server(message("OPTIONS"))
    if state != "trying":
        bench.respond(txn, request, 100 if state == "proceeding" else 200)
    if state == "terminated":
        bench.wait(32.0)
    bench.sent()
    if event == "request":
        bench.receive(message("OPTIONS"))
    elif event.isdigit():
        bench.respond(txn, request, int(event))
    else:
        bench.wait({"T1": 0.5, "64T1": 32.0}[event])
    assert (txn.state, bench.sent_names(), bench.event_names()) == OTHER_SERVER[state, event]


@pytest.mark.parametrize(("state", "event"), OTHER_CLIENT)
def test_other_client(state: str, event: str) -> None:
    bench = Bench()
    txn = bench.client("OPTIONS")
    if state != "trying":
        bench.answer(txn, 100 if state == "proceeding" else 200)
    if state == "terminated":
        bench.wait(5.0)
    bench.sent()
    bench.events()
    if event == "fail":
        bench.layer.transport_failed(TARGET, bench.now)
    elif event.isdigit():
        bench.answer(txn, int(event))
    else:
        bench.wait({"T1": 0.5, "T4": 5.0, "64T1": 32.0}[event])
    assert (txn.state, bench.sent_names(), bench.event_names()) == OTHER_CLIENT[state, event]


# Timers

DOUBLING = [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
CAPPED = [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def times(log: list[tuple[float, str]], name: str) -> list[float]:
    return [when for when, sent in log if sent == name]


def test_timers_a_and_b() -> None:
    bench = Bench()
    bench.client("INVITE")
    assert times(bench.run(31.9), "INVITE") == [0.0, *DOUBLING]
    assert bench.event_names() == []
    bench.run(0.1)
    assert bench.event_names() == ["Timeout"]


def test_timers_e_and_f() -> None:
    bench = Bench()
    bench.client("BYE")
    assert times(bench.run(40.0), "BYE") == [0.0, *CAPPED]
    assert bench.event_names() == ["Timeout"]


def test_timer_e_after_a_provisional_response_is_t2() -> None:
    bench = Bench()
    txn = bench.client("BYE")
    bench.answer(txn, 100)
    assert times(bench.run(40.0), "BYE") == [0.0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]


@pytest.mark.parametrize(("status", "event"), [(486, "RefusalUnacknowledged"), (200, "AckMissing")])
def test_final_responses_to_invite_repeat(status: int, event: str) -> None:
    bench = Bench()
    txn, request = bench.server(message())
    bench.respond(txn, request, status)
    assert times(bench.run(40.0), str(status)) == [0.0, *CAPPED]
    assert bench.event_names() == [event]


def test_confirm_stops_the_repetition() -> None:
    bench = Bench()
    txn, request = bench.server(message())
    bench.respond(txn, request, 200)
    bench.run(2.0)
    bench.layer.confirm(txn)
    assert bench.run(40.0) == []
    assert bench.event_names() == []
    assert bench.layer.next_deadline() is None


def test_timer_c_starts_again_with_each_ringing() -> None:
    bench = Bench()
    txn = bench.client("INVITE")
    bench.answer(txn, 100)
    bench.run(100.0)
    bench.answer(txn, 100)
    bench.run(80.0)
    bench.answer(txn, 180)
    bench.events()
    bench.run(184.0)
    assert bench.event_names() == []
    bench.run(2.0)
    assert bench.event_names() == ["Timeout"]


def test_cancel_is_repeated_and_ends() -> None:
    bench = Bench()
    txn = bench.client("INVITE")
    bench.answer(txn, 180)
    bench.events()
    bench.sent()
    bench.layer.cancel(txn, bench.now)
    assert times(bench.run(40.0), "CANCEL") == [0.0, *CAPPED]
    assert bench.event_names() == ["Timeout"]
    assert txn.cancelled
    assert bench.layer.counts == Counts(0, 0, 0, 0)


def test_cancel_answered_487() -> None:
    bench = Bench()
    txn = bench.client("INVITE")
    bench.answer(txn, 180)
    bench.layer.cancel(txn, bench.now)
    bench.sent()
    bench.answer(txn, 200, method="CANCEL")
    bench.answer(txn, 487)
    assert bench.sent_names() == ["ACK"]
    assert bench.event_names() == ["ResponseReceived", "ResponseReceived"]
    bench.wait(40.0)
    assert bench.layer.counts == Counts(0, 0, 0, 0)


def test_all_timers_scale_with_t1() -> None:
    bench = Bench(timers=Timers(t1=0.01, t2=0.08, t4=0.1))
    bench.client("INVITE")
    assert times(bench.run(1.0), "INVITE") == [0.0, *[round(when / 50, 6) for when in DOUBLING]]
    assert bench.event_names() == ["Timeout"]


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_reliable_transports_do_not_repeat(method: str) -> None:
    bench = Bench(transport="TCP")
    txn = bench.client(method)
    assert txn._via.startswith("SIP/2.0/TCP ")
    assert bench.run(31.9) == [(0.0, method)]
    bench.answer(txn, 486)
    assert txn.state == "terminated"
    bench.events()
    server, request = bench.server(message(method, branch="z9hG4bKother"))
    bench.sent()
    bench.respond(server, request, 486)
    assert bench.run(10.0) == [(0.0, "486")]
    if method == "INVITE":
        bench.receive(message("ACK", branch="z9hG4bKother", to_tag="us"))
    assert server.state == "terminated"


def test_many_waiting_transactions_are_cheap_to_ask() -> None:
    bench = Bench()
    for _ in range(2_000):
        bench.client("OPTIONS")
    assert len(bench.layer._lanes) == 2
    assert bench.layer.next_deadline() == bench.now + 0.5
    assert len(bench.run(40.0)) == 2_000 * 11
    assert bench.layer.counts == Counts(0, 0, 0, 0)
    assert bench.layer.next_deadline() is None


# Matching and answers of the layer's own


def test_requests_get_our_via_and_stay_as_they_are() -> None:
    bench = Bench()
    txn = bench.client("INVITE")
    assert txn.request is not None
    assert txn.request.get("via") is None
    ((data, target),) = bench.sent()
    assert target == TARGET
    sent = parse(data)
    assert sent.via.branch is not None
    assert sent.via.branch.startswith("z9hG4bK")
    assert (sent.via.host, sent.via.port, sent.via.rport) == ("192.0.2.200", 5060, "")


def test_ack_of_a_refusal() -> None:
    bench = Bench()
    request = parse(message())
    assert isinstance(request, Request)
    request.remove("via")
    request.add("route", "<sip:proxy;lr>")
    txn = bench.layer.send_request(request, TARGET, bench.now)
    invite = parse(bench.sent()[0][0])
    bench.answer(txn, 404, "theirs")
    ((data, target),) = bench.sent()
    made = parse(data)
    assert isinstance(made, Request)
    assert target == TARGET
    assert (made.method, made.uri, made.cseq, made.to_tag) == ("ACK", request.uri, 1, "theirs")
    assert made.get_all("via") == invite.get_all("via")
    assert made.route == ["<sip:proxy;lr>"]


def test_each_fork_keeps_its_own_ack() -> None:
    bench = Bench()
    txn = bench.client("INVITE")
    bench.answer(txn, 200, "one")
    bench.answer(txn, 200, "two")
    assert bench.event_names() == ["ResponseReceived", "ResponseReceived"]
    bench.layer.send_ack(txn, ack("two"), TARGET._replace(host="192.0.2.2"))
    bench.layer.send_ack(txn, ack("one"), TARGET._replace(host="192.0.2.3"))
    first, second = bench.sent()[-2:]
    bench.answer(txn, 200, "one")
    bench.answer(txn, 200, "two")
    assert bench.sent() == [second, first]
    assert bench.events() == []


def test_responses_that_match_nothing_are_dropped() -> None:
    bench = Bench()
    txn = bench.client("INVITE")
    bench.sent()
    bench.answer(txn, 200, method="BYE")
    ours = f"Via: {txn._via}\r\n"
    for via in (ours + "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKx\r\n", ours.replace("branch=", "branch=x")):
        bench.receive(
            f"SIP/2.0 200 OK\r\n{via}From: <sip:a@b>;tag=f1\r\nTo: <sip:c@d>;tag=1\r\nCall-ID: c1\r\n"
            "CSeq: 1 INVITE\r\n\r\n".encode()
        )
    assert (bench.sent(), bench.events(), txn.state) == ([], [], "calling")


def test_merged_request() -> None:
    bench = Bench()
    txn, _ = bench.server(message())
    bench.receive(message(branch="z9hG4bKotherpath"))
    assert bench.sent_names() == ["482"]
    assert bench.events() == []
    bench.receive(message(branch="z9hG4bKinside", to_tag="us"))
    bench.receive(message(branch="z9hG4bKnext", cseq=2))
    assert bench.event_names() == ["RequestReceived", "RequestReceived"]
    assert txn.state == "proceeding"


def test_merging_is_forgotten_with_the_transaction() -> None:
    bench = Bench()
    txn, request = bench.server(message("OPTIONS"))
    bench.respond(txn, request, 200)
    bench.wait(32.0)
    bench.receive(message("OPTIONS", branch="z9hG4bKlater"))
    assert bench.event_names() == ["RequestReceived"]


def test_same_branch_from_another_sender_is_another_transaction() -> None:
    bench = Bench()
    bench.server(message())
    bench.server(message(via="192.0.2.1:5071", from_tag="f2"))
    assert bench.layer.counts.invite_server == 2


@pytest.mark.parametrize("branch", [None, "1", "z9hG4bK"])
def test_rfc2543_matching(branch: str | None) -> None:
    bench = Bench()
    txn, request = bench.server(message(branch=branch))
    bench.respond(txn, request, 486)
    bench.receive(message(branch=branch))
    assert bench.sent_names() == ["486", "486"]
    bench.receive(message("ACK", branch=branch, to_tag="notours"))
    assert txn.state == "completed"
    bench.receive(message("ACK", branch=branch, to_tag="us"))
    assert txn.state == "confirmed"
    bench.server(message(branch=branch, cseq=2))


def test_rfc2543_cancel() -> None:
    bench = Bench()
    bench.server(message(branch=None))
    bench.receive(message("CANCEL", branch=None))
    assert bench.sent_names() == ["200"]
    assert bench.event_names() == ["CancelReceived"]


def test_cancel_of_nothing_leaves_nothing() -> None:
    bench = Bench()
    bench.receive(message("CANCEL"))
    bench.receive(message("CANCEL"))
    assert bench.sent_names() == ["481", "481"]
    assert bench.events() == []
    assert bench.layer.counts == Counts(0, 0, 0, 0)


def test_cancel_repeated_gets_the_same_answer() -> None:
    bench = Bench()
    bench.server(message())
    bench.receive(message("CANCEL"))
    bench.receive(message("CANCEL"))
    first, second = bench.sent()
    assert first == second
    assert bench.event_names() == ["CancelReceived"]


def test_forks_are_bounded() -> None:
    bench = Bench()
    txn = bench.client("INVITE")
    for number in range(40):
        bench.answer(txn, 200, f"tag{number}")
    assert len(bench.events()) == tr.MAX_FORKS + 1


def test_the_answer_to_cancel_and_the_487_share_a_tag() -> None:
    bench = Bench()
    txn, _ = bench.server(message())
    bench.receive(message("CANCEL"))
    answer = parse(bench.sent()[0][0])
    assert answer.to_tag is not None
    assert answer.to_tag == txn.to_tag


@pytest.mark.parametrize("answered", [True, False])
def test_answer_once_keeps_nothing(answered: bool) -> None:
    bench = Bench()
    txn, request = bench.server(message())
    bench.layer.answer_once(txn, reply(request, 403, to_tag="us") if answered else None)
    assert bench.sent_names() == (["403"] if answered else [])
    assert (txn.state, bench.layer.counts, bench.layer.next_deadline()) == ("terminated", Counts(0, 0, 0, 0), None)
    bench.receive(message("ACK", to_tag="us"))
    bench.receive(message())
    assert bench.event_names() == ["AckReceived", "RequestReceived"]


def test_limit() -> None:
    bench = Bench(limit=8)
    for number in range(8):
        bench.server(message(branch=f"z9hG4bK{number}", call_id=f"c{number}"))
    bench.receive(message(branch="z9hG4bKfull", call_id="cfull"))
    ((data, _),) = bench.sent()
    answer = parse(data)
    assert isinstance(answer, Response)
    assert (answer.status, answer.get("retry-after")) == (503, "5")
    assert bench.events() == []
    assert bench.layer.counts.invite_server == 8
    bench.receive(message("BYE", branch="z9hG4bKbye", to_tag="us"))
    bench.receive(message("BYE", branch="z9hG4bKbye2", to_tag="us"))
    assert bench.event_names() == ["RequestReceived"]


@pytest.mark.parametrize(
    ("via", "address"),
    [
        ("192.0.2.1:5070", ("192.0.2.1", 5070)),
        ("192.0.2.1", ("192.0.2.1", 5060)),
        ("10.0.0.1:5099", ("192.0.2.1", 5099)),
        ("10.0.0.1;rport", ("192.0.2.1", 5070)),
        ("10.0.0.1;rport=9;received=203.0.113.1", ("192.0.2.1", 5070)),
        ("192.0.2.1;received=203.0.113.1", ("192.0.2.1", 5060)),
        ("192.0.2.1;maddr=203.0.113.1", ("192.0.2.1", 5060)),
        ("pc.example.com:5061", ("192.0.2.1", 5061)),
    ],
)
def test_responses_go_where_the_request_came_from(via: str, address: tuple[str, int]) -> None:
    bench = Bench()
    txn, request = bench.server(message(via=via))
    bench.respond(txn, request, 100)
    assert bench.sent()[0][1][:2] == address == txn.hop[:2]


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n", b"\0", b"\0\0\0\0"])
def test_keep_alives_are_nothing(data: bytes) -> None:
    bench = Bench()
    bench.receive(data)
    assert (bench.sent(), bench.events()) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        (b"CSeq: 1 INVITE", b"CSeq: 1 BYE", ["400"]),
        (b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia", ["505"]),
        (b"Via: SIP/2.0/UDP 192.0.2.1:5070", b"Via: nonsense", ["400"]),
        (b"Call-ID: c1\r\n", b"", []),
    ],
)
def test_malformed_requests_are_answered_if_possible(old: bytes, new: bytes, answer: list[str]) -> None:
    bench = Bench()
    data = message()
    assert old in data
    bench.receive(data.replace(old, new))
    assert bench.sent_names() == answer
    assert bench.event_names() == ["Malformed"]


def test_malformed_acks_and_responses_are_never_answered() -> None:
    bench = Bench()
    bench.receive(message("ACK").replace(b"CSeq: 1 ACK", b"CSeq: 1 BYE"))
    bench.receive(message("ACK").replace(b"Via: SIP/2.0/UDP", b"Via: x"))
    bench.receive(b"SIP/2.0 200 OK\r\n\r\n")
    assert bench.sent() == []
    assert bench.event_names() == ["Malformed"] * 3


def test_messages_in_events_have_readable_tags() -> None:
    bench = Bench()
    for method in ("ACK", "BYE", "INVITE"):
        bench.receive(message(method, to_tag="us").replace(b"tag=us", b'x="'))
    assert bench.event_names() == ["Malformed"] * 3
    assert bench.sent_names() == ["400", "400"]
    txn = bench.client("BYE")
    bench.answer(txn, 200, to_tag='x"')
    assert bench.event_names() == ["Malformed"]
    assert txn.state == "trying"


# Memory


def test_nothing_is_left_and_nothing_is_cyclic() -> None:
    bench = Bench()
    gc.collect()
    gc.disable()
    try:
        for number in range(50):
            txn, request = bench.server(message(branch=f"z9hG4bK{number}", call_id=f"c{number}"))
            txn.user = [number]
            bench.respond(txn, request, 200)
            bench.layer.confirm(txn)
            out = bench.client("INVITE")
            out.user = txn.user
            bench.answer(out, 180)
            bench.answer(out, 200)
            bench.layer.send_ack(out, ack("them"), TARGET)
            assert out.request is None
            assert not out._data
            bench.events()
            bench.sent()
        bench.run(40.0)
        assert bench.layer.counts == Counts(0, 0, 0, 0)
        assert (txn.user, out.user) == (None, None)
        assert not bench.layer._merge_keys
        assert not any(bench.layer._lanes.values())
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_events_that_end_a_transaction_leave_user() -> None:
    bench = Bench()
    make: list[Callable[[], ClientTransaction]] = [lambda: bench.client("INVITE"), lambda: bench.client("BYE")]
    for each in make:
        txn = each()
        txn.user = "mine"
        bench.wait(32.0)
        assert bench.event_names() == ["Timeout"]
        assert txn.user == "mine"
