"""The SIP domain of an account, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.sip_domains import account_code, sip_domain

CODE = "AB12CD34EF56GH78IJ"


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("sip.example.com", "ab12cd34ef56gh78ij.sip.example.com"),
        ("SIP.Example.com.", "ab12cd34ef56gh78ij.sip.example.com"),
        ("sip.example.com:5080", "ab12cd34ef56gh78ij.sip.example.com"),
        ("localhost", "ab12cd34ef56gh78ij.localhost"),
        ("127.0.0.1", "ab12cd34ef56gh78ij.sip.invalid"),
        ("192.0.2.1:5062", "ab12cd34ef56gh78ij.sip.invalid"),
        ("[2001:db8::1]:5060", "ab12cd34ef56gh78ij.sip.invalid"),
        ("", "ab12cd34ef56gh78ij.sip.invalid"),
    ],
)
def test_there_and_back(host: str, domain: str) -> None:
    assert sip_domain(CODE, host) == domain
    assert account_code(domain.upper() + ".", host) == CODE


@given(st.text(max_size=17))
def test_any_other_text_is_nobodys(text: str) -> None:
    assert account_code(text, "sip.example.com") is None
    assert account_code(f"{text}.sip.example.com", "sip.example.com") is None
    assert account_code(f"x.{CODE}.sip.example.com", "sip.example.com") is None
    assert account_code(f"{CODE}.sip.example.com", "127.0.0.1") is None
