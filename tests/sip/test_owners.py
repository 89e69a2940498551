"""Whose a message is: every spelling of the same message has the same owner, found by searching or by parsing."""

from __future__ import annotations

import time
from collections import Counter
from random import Random

import pytest

from tests.fuzz.corpus import ORDINARY, TORTURE, request
from tests.fuzz.mutations import MUTATIONS
from trunkline.sip.owners import MARKS, _by_parsing, _by_search, _OddError, marked, owner_of

OURS = "2" + "0123456789abcde"
BRANCH = "z9hG4bK" + OURS


def _request(to: str = "To: <sip:b@example.com>", call_id: str = "Call-ID: one", method: str = "BYE") -> bytes:
    head = f"{method} sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=1\r\n"
    return f"{head}{to}\r\n{call_id}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n".encode()


def _response(via: str) -> bytes:
    return (
        f"SIP/2.0 200 OK\r\n{via}\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\nCall-ID: one\r\n"
        "CSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
    ).encode()


@pytest.mark.parametrize(
    "to",
    [
        f"To: <sip:b@example.com>;tag={OURS}",
        f"to : <sip:b@example.com> ; tag = {OURS}",
        f"t:sip:b@example.com;tag={OURS}",
        f"T: <sip:b@example.com>;TAG={OURS}",
        f"To:\r\n <sip:b@example.com>\r\n ;tag={OURS}",
        f'To: "a>;tag=1" <sip:b@example.com;tag=0>;x=y;tag={OURS}',
        f'To: <sip:b@example.com>;x=">;tag=0";tag={OURS}',
    ],
)
def test_a_request_within_a_dialog_is_whose_tag_it_bears(to: str) -> None:
    assert owner_of(_request(to), 3) == 2


@pytest.mark.parametrize(
    "via",
    [
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5;branch={BRANCH};received=192.0.2.1",
        f"v: SIP/2.0/TCP 192.0.2.1;branch={BRANCH}",
        f"VIA : SIP / 2.0 / UDP 192.0.2.1:5060 ;Branch={BRANCH}",
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;rport\r\n ;branch={BRANCH}",
        f"v: SIP/2.0/UDP 192.0.2.1;branch={BRANCH}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1bcdef",
    ],
)
def test_a_response_is_whose_branch_it_bears(via: str) -> None:
    assert owner_of(_response(via), 3) == 2


def test_what_bears_no_token_goes_by_its_call_id() -> None:
    """An INVITE, its CANCEL and the ACK of a proxy's refusal meet; a tag of somebody who is no worker is no token."""
    spellings = [
        _request(call_id=f"{name}{value}", method=method)
        for name in ("Call-ID:", "call-id :", "i:", "I: ", "CALL-ID: ")
        for value in ("1-77@192.0.2.7", "\r\n 1-77@192.0.2.7", " 1-77@192.0.2.7 \t")
        for method in ("INVITE", "CANCEL", "ACK")
    ]
    spellings += [_request("To: <sip:b@h>;tag=4bcdef", "i: 1-77@192.0.2.7"), b"\r\n\r\n" + spellings[0]]
    assert len({owner_of(data, 4) for data in spellings}) == 1


def test_calls_are_spread_evenly() -> None:
    """Whatever the Call-IDs look like: those of SIPp, of random letters, of one phone."""
    for form in ("{}-4711@127.0.0.2", "{:032x}", "call.{}"):
        for workers in (2, 3, 8, 32):
            found = Counter(owner_of(_request(call_id="Call-ID: " + form.format(n * 7)), workers) for n in range(3200))
            assert set(found) == set(range(workers))
            assert max(found.values()) < 2 * 3200 / workers, (form, workers, found)


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", b"\xff" * 500]
)
def test_what_cannot_be_read_has_no_owner(data: bytes) -> None:
    assert owner_of(data, 2) is None


def test_searching_finds_what_parsing_finds() -> None:
    """Of every message that can be read; the usual ones are all found by searching."""
    for data in ORDINARY:
        _by_search(data, 32)
    searched, rng = 0, Random(4711)
    for original in ORDINARY + TORTURE:
        for data in (original, *[change(rng, original) for change in MUTATIONS * 3]):
            parsed = _by_parsing(data, 32)
            try:
                found = _by_search(data, 32)
            except _OddError:
                continue
            searched += 1
            assert parsed in (None, found), data
    assert searched > 1000


def test_a_worker_s_tokens_begin_with_its_mark() -> None:
    for worker, mark in enumerate(MARKS):
        token = marked(lambda: "f" * 32, worker)()
        assert (token[0], len(token)) == (mark, 32)
        assert owner_of(request("BYE", "sip:a", "h", to_tag=token[:16]), 32) == worker


@pytest.mark.parametrize("piece", [b"\r\nTo:", b";branch=", b"\r\nv:x", b'To: "', b";tag", b"\r\n ", b"Call-ID:"])
def test_a_large_message_takes_no_longer_than_its_size(piece: bytes) -> None:
    small, large = piece * (6_000 // len(piece)), piece * (60_000 // len(piece))

    def seconds(data: bytes) -> float:
        best = 1.0
        for _ in range(5):
            began = time.perf_counter()
            owner_of(b"INVITE sip:a SIP/2.0" + data + b"\r\n\r\n", 4)
            owner_of(b"SIP/2.0 200 OK\r\nVia: x" + data + b"\r\n\r\n", 4)
            best = min(best, time.perf_counter() - began)
        return best

    # What grows with the square of the size never passes; what a busy machine delays does, sooner or later.
    assert any(seconds(large) < 40 * seconds(small) + 0.01 for _ in range(10))
