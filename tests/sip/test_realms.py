"""At which realm a host is challenged, and whose user a user name is."""

from __future__ import annotations

import pytest

from trunkline.config import SipSettings
from trunkline.sip.realms import Realms

CODE = "A1B2C3D4E5F6G7H8J9"
OTHER = CODE[::-1]
OWN = f"{CODE.lower()}.sip.example.net"
REALMS = Realms(SipSettings(domains=("SIP.example.net", "other.example"), realm="platform"), "sip.example.net")


@pytest.mark.parametrize(
    ("host", "realm"),
    [
        ("sip.example.net", "sip.example.net"),
        ("OTHER.example.", "other.example"),
        ("192.0.2.1", "platform"),
        ("2001:db8::1", "platform"),
        ("", "platform"),
        ("elsewhere.example", "platform"),
        (OWN, OWN),
        (f"{OWN.upper()}.", OWN),
        (f"{CODE.lower()}.other.example", "platform"),
        (f"a.{OWN}", "platform"),
        (f"short.{OWN.partition('.')[2]}", "platform"),
    ],
)
def test_realms(host: str, realm: str) -> None:
    assert REALMS.of(host) == realm


@pytest.mark.parametrize(
    ("realm", "username", "user"),
    [
        ("platform", "joe", ("joe", None)),
        ("platform", f"joe@{OWN}", ("joe", CODE)),
        ("platform", f"joe@acme@{OWN.upper()}", ("joe@acme", CODE)),
        ("platform", "joe@acme.example", ("joe@acme.example", None)),
        ("platform", f"@{OWN}", (f"@{OWN}", None)),
        ("other.example", f"joe@{OWN}", ("joe", CODE)),
        (OWN, "joe", ("joe", CODE)),
        (OWN, f"joe@{OWN}", ("joe", CODE)),
        (OWN, f"joe@{OTHER.lower()}.sip.example.net", None),
    ],
)
def test_users(realm: str, username: str, user: tuple[str, str | None] | None) -> None:
    assert REALMS.user(realm, username) == user


def test_an_installation_without_a_name() -> None:
    realms = Realms(SipSettings(), "127.0.0.1:5062")
    assert realms.of(f"{CODE.lower()}.sip.invalid") == f"{CODE.lower()}.sip.invalid"
    assert realms.asked("127.0.0.1").startswith('digest for realm "trunkline" with MD5; user name: user@')
