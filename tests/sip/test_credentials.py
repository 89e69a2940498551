"""A leg's answers to challenges, without a socket: when the password is fetched, what is bounded, what never raises."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.sip import credentials
from trunkline.sip.credentials import MAX_INVITES, MAX_OPEN, MAX_REALMS, Credentials
from trunkline.sip.digest import parse_digest
from trunkline.sip.hop import Door, Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.parsing import parse
from trunkline.sip.replying import reply
from trunkline.sip.transaction import Transactions

HOP = Hop("192.0.2.1", 5060, Door("UDP", "192.0.2.9", 5060))
ASK = 'Digest realm="r", nonce="n", qop="auth"'


class FakeCall:
    """What a leg's credentials need of a call and its edge."""

    def __init__(self, auth: OutboundAuth | StoreUnavailableError | None = None) -> None:
        tokens = count()
        self.transactions = Transactions(new_branch=lambda: f"b{next(tokens)}")
        self.edge = self.facts = self
        self.capture = None
        self.auth = auth
        self.fetched = 0
        self.notes: list[str] = []
        self.lines: list[str] = []

    def new_token(self) -> str:
        """Return letters."""
        return "c" * 32

    def outbound_auth(self, carrier_id: str) -> OutboundAuth | None:
        """Count, and return what was given."""
        assert carrier_id == "carrier"
        self.fetched += 1
        if isinstance(self.auth, StoreUnavailableError):
            raise self.auth
        return self.auth

    def note(self, part: str, text: str) -> None:
        """Keep a line of the trace."""
        assert part == "credentials"
        self.notes.append(text)

    def saw(self, _now: float, leg: str, way: str, line: str) -> None:
        """Keep a line of the ladder."""
        assert (leg, way) == ("b1", "out")
        self.lines.append(line)


def leg(call: FakeCall, carrier_id: str = "carrier") -> Credentials:
    """Return the credentials of a leg."""
    fake: Any = call
    return Credentials(fake, "b1", carrier_id)


def request(method: str = "INVITE", number: int = 1, tag: str = "", body: bytes = b"") -> Request:
    """Return a request of ours."""
    fields = [("from", "<sip:a@h>;tag=1"), ("to", f"<sip:b@h>{tag}"), ("call-id", "i"), ("cseq", f"{number} {method}")]
    return Request(method, "sip:b@h", fields, body)


def answer(asked: Request, status: int, *challenges: str, name: str = "www-authenticate") -> Response:
    """Return a response with these challenges."""
    return reply(asked, status, to_tag="t", headers=[(name, text) for text in challenges])


def sent(call: FakeCall) -> Request:
    """Return the request that went out last."""
    last = parse(call.transactions.sends[-1][0])
    assert isinstance(last, Request)
    return last


def test_the_password_is_fetched_when_a_carrier_asks_and_once() -> None:
    call = FakeCall(OutboundAuth("u", "p"))
    its = leg(call)
    its.send(request(), HOP, 0.0)
    its.send(request("INFO", 2, ";tag=t"), HOP, 0.0)
    for status in (180, 200, 302, 403, 486, 500, 603):
        assert its.again(answer(request("INFO", 2), status, ASK), 9, 0.0) is None
    assert call.fetched == 0
    assert its.again(answer(request(), 401, ASK), 2, 0.0) is not None
    its.send(request("UPDATE", 3, ";tag=t"), HOP, 0.0)
    assert its.again(answer(request("UPDATE", 3), 401, ASK), 4, 0.0) is not None
    assert call.fetched == 1


def test_credentials_that_cannot_be_read_are_not_called_missing() -> None:
    call = FakeCall(StoreUnavailableError("the carrier's credentials cannot be read"))
    its = leg(call)
    its.send(request(), HOP, 0.0)
    assert its.again(answer(request(), 401, ASK), 2, 0.0) is None
    assert call.notes == ["b1: the carrier's credentials cannot be read"]


def test_a_response_to_nothing_that_is_out_is_final() -> None:
    call = FakeCall(OutboundAuth("u", "p"))
    its = leg(call)
    its.send(request(), HOP, 0.0)
    assert its.again(answer(request(number=7), 401, ASK), 2, 0.0) is None
    assert its.again(answer(request(), 401, ASK), 2, 0.0) is not None
    assert its.again(answer(request(), 401, ASK), 2, 0.0) is None, "the challenge that was answered comes again"
    assert call.fetched == 1


def test_requests_that_wait_are_bounded() -> None:
    call = FakeCall(OutboundAuth("u", "p"))
    its = leg(call)
    for number in range(1, MAX_OPEN + 2):
        its.send(request("INFO", number, ";tag=t"), HOP, 0.0)
    assert its.again(answer(request("INFO", MAX_OPEN + 1), 401, ASK), 99, 0.0) is None
    assert its.again(answer(request("INFO", MAX_OPEN), 401, ASK), 99, 0.0) is not None


def test_realms_of_a_leg_are_bounded() -> None:
    call = FakeCall(OutboundAuth("u", "p"))
    its = leg(call)
    for number in range(1, MAX_REALMS + 2):
        its.send(request("INFO", 10 * number, ";tag=t"), HOP, 0.0)
        challenge = ASK.replace('"r"', f'"r{number}"')
        again = its.again(answer(request("INFO", 10 * number), 401, challenge), 10 * number + 1, 0.0)
        assert (again is not None) == (number <= MAX_REALMS)


def test_the_count_rises_and_a_session_keeps_its_cnonce() -> None:
    call = FakeCall(OutboundAuth("u", "p"))
    its = leg(call)
    its.send(request(), HOP, 0.0)
    its.again(answer(request(), 407, ASK, name="proxy-authenticate"), 2, 0.0)
    seen = [parse_digest(sent(call).get("proxy-authorization") or "")]
    for number in range(3, 6):
        its.send(request("INFO", number, ";tag=t", b"body"), HOP, 0.0)
        seen.append(parse_digest(sent(call).get("proxy-authorization") or ""))
    assert [fields["nc"] for fields in seen] == [f"{n:08x}" for n in range(1, 5)]
    assert len({fields["cnonce"] for fields in seen}) == 1


def test_the_password_stands_nowhere_but_in_the_digest() -> None:
    call = FakeCall(OutboundAuth("u", "very secret"))
    its = leg(call)
    its.send(request(), HOP, 0.0)
    its.again(answer(request(), 401, ASK), 2, 0.0)
    assert "very secret" not in call.transactions.sends[-1][0].decode() + "".join(call.notes + call.lines)


EXTRAS = ['qop="auth"', 'qop="auth-int,x"', "stale=true", "algorithm=MD5", "algorithm=SHA-256-sess", 'opaque="o"']
BROKEN = ["qop=new", "stale=maybe", "algorithm=X", "=", '"', "\\", "a b=c", "\x00=\udcff", 'x="' + "y" * 3000 + '"']
CHALLENGES = st.builds(
    lambda realm, nonce, extras, broken, tail: ", ".join([f"Digest {realm}", nonce, *extras, *broken]) + tail,
    st.sampled_from(['realm="r"', "realm=r", 'realm="s\\""', 'realm="s\\"']),
    st.sampled_from(['nonce="n"', 'nonce="m"', "nonce=n", "nonce="]),
    st.lists(st.sampled_from(EXTRAS), max_size=4, unique=True),
    st.lists(st.sampled_from(BROKEN), max_size=1),
    st.sampled_from(["", ",", "\udcff"]),
)


@pytest.mark.parametrize("status", [401, 407])
@given(values=st.lists(CHALLENGES, max_size=12))
def test_no_challenge_raises_and_none_is_asked_for_ever(status: int, values: list[str]) -> None:
    call = FakeCall(OutboundAuth("u", "p"))
    its = leg(call)
    its.send(request(), HOP, 0.0)
    for number in range(1, MAX_INVITES + 1):
        if its.again(answer(request(number=number), status, *values), number + 1, 0.0) is None:
            break
        assert sent(call).cseq == number + 1
    else:
        raise AssertionError(f"more than {MAX_INVITES} INVITEs")
    assert len(call.lines) < MAX_INVITES
    assert call.notes
    assert not credentials.shown_realm("\x00\udcff" * 99).strip("?")
