"""Which calls our registrations prove: the rules as a table, and that a Contact token shows nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.masking import mask
from trunkline.core.registered import TOKEN_SIZE, Owner, hidden, is_token, recognise
from trunkline.core.routing import attempt_of

CALL = attempt_of("192.0.2.1", "+14155551234")
TOKEN = "0123456789abcdef" * 2
ALPHA, BETA = Owner("a", "acme", "Alpha"), Owner("b", "umbrella", "Beta")
OPEN = ALPHA._replace(any_source=True)

TABLE: dict[str, tuple[Owner | None, bool, tuple[Owner, ...], tuple[str, ...], str]] = {
    "our Contact, from the registrar": (ALPHA, True, (), ("a",), "from its registrar"),
    "our Contact, from a registrar of several": (ALPHA, True, (ALPHA, BETA), ("a",), "from its registrar"),
    "our Contact, from elsewhere": (ALPHA, False, (), (), "no address of its registrar"),
    "our Contact, from another carrier's registrar": (ALPHA, False, (BETA,), (), "no address of its registrar"),
    "our Contact, which anybody may call": (OPEN, False, (), ("a",), "any source may call"),
    "no Contact, one registrar there": (None, False, (BETA,), ("b",), "the registrar of Beta, and of no other"),
    "no Contact, several there": (None, False, (ALPHA, BETA), (), "the registrar of several carriers"),
    "no Contact, nobody there": (None, False, (), (), ""),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_is_proven(name: str) -> None:
    named, at_registrar, here, proven, says = TABLE[name]
    found = recognise(CALL, named, at_registrar=at_registrar, here=here)
    assert found.proven_carriers == proven
    assert says in found.registration
    assert bool(says) == bool(found.registration)
    assert found._replace(proven_carriers=(), registration="") == CALL


def test_it_adds_to_what_credentials_prove() -> None:
    attempt = CALL._replace(proven_carriers=("auth",))
    assert recognise(attempt, ALPHA, at_registrar=True, here=()).proven_carriers == ("auth", "a")


@pytest.mark.parametrize("text", ["", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "g" * TOKEN_SIZE, "+" + TOKEN[1:]])
def test_what_is_no_token(text: str) -> None:
    assert not is_token(text)
    assert hidden(f"sip:{text}@h") == f"sip:{text}@h"


def test_a_token_is_hidden_and_the_rest_is_not() -> None:
    assert is_token(TOKEN)
    assert hidden(f"sip:{TOKEN}@192.0.2.1:5060;transport=tcp") == f"sip:{'*' * 32}@192.0.2.1:5060;transport=tcp"
    for text in (f"tel:{TOKEN}", f"sip:host;x={TOKEN}@h", "sip:alice@example.com", TOKEN):
        assert hidden(text) == text


@given(st.text(max_size=80))
def test_hiding_keeps_any_text_as_long_as_it_was(text: str) -> None:
    assert len(hidden(text)) == len(text)


@pytest.mark.parametrize(
    "line",
    [
        "INVITE sip:{}@192.0.2.1 SIP/2.0",
        "To: <sip:{}@192.0.2.1>",
        "Contact: <sip:{}@192.0.2.1:5060>;expires=60",
        "TO: <SIP:{}@192.0.2.1>",
    ],
)
def test_captures_do_not_have_it(line: str) -> None:
    message = f"OPTIONS sip:a SIP/2.0\r\n{line.format(TOKEN)}\r\nCall-ID: {TOKEN}@h\r\n\r\n".encode()
    shown = mask(message)
    assert len(shown) == len(message)
    assert f"sip:{TOKEN}".encode() not in shown.lower()
    assert f"Call-ID: {TOKEN}@h".encode() in shown
