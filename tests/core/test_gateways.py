"""What becomes known of gateways: signs of life, misses in a row, what a name admits; and who may name a host."""

from __future__ import annotations

import pytest

from trunkline.core import carriers, hosts
from trunkline.core.errors import InvalidError
from trunkline.core.gateways import DOWN_AFTER, MAX_ADDRESSES, Condition, Health, HostName, admitted, heard
from trunkline.core.gateways import is_sign_of_life as lives
from trunkline.core.model import Transport
from trunkline.core.ports import Rules


def test_any_answer_but_408_and_5xx_is_a_sign_of_life() -> None:
    assert [s for s in (200, 202, 302, 401, 403, 404, 405, 407, 415, 420, 486, 600, 603, 606) if not lives(s)] == []
    assert [s for s in (100, 180, 408, 500, 501, 503, 504, 599) if lives(s)] == []


def test_three_misses_in_a_row_make_it_down_and_one_answer_up() -> None:
    health, seen = Health("g"), []
    for at, alive in enumerate((False, False, True, False, False, False, False, True), 1):
        health = heard(health, alive, "said", float(at))
        seen.append((health.condition, health.misses, health.since))
    assert seen == [
        (Condition.UNKNOWN, 1, 0.0),
        (Condition.UNKNOWN, 2, 0.0),
        (Condition.UP, 0, 3.0),
        (Condition.UP, 1, 3.0),
        (Condition.UP, 2, 3.0),
        (Condition.DOWN, DOWN_AFTER, 6.0),
        (Condition.DOWN, 4, 6.0),
        (Condition.UP, 0, 8.0),
    ]


def test_what_a_name_admits() -> None:
    rules = Rules(own_addresses=("198.51.100.1",))
    found = ["203.0.113.9", "203.0.113.8", "203.0.113.9", "10.0.0.1", "127.0.0.1", "198.51.100.1", "::", "2001:db8::7"]
    assert admitted(found, rules) == (
        ("10.0.0.1", "2001:db8::7", "203.0.113.8", "203.0.113.9"),
        (
            "127.0.0.1 is loopback, which only lab mode accepts",
            "198.51.100.1 is this server's own SIP address",
            ":: is unspecified",
        ),
    )


def test_a_name_that_leads_to_too_many_addresses_admits_none() -> None:
    many = [f"203.0.113.{n}" for n in range(MAX_ADDRESSES)]
    assert len(admitted(many, Rules())[0]) == MAX_ADDRESSES
    assert admitted([*many, "203.0.113.200"], Rules())[0] == ()
    assert admitted([*many, "127.0.0.1"], Rules())[0] == ()


def test_names_that_are_looked_for_otherwise_are_other_names() -> None:
    ways = [(None, None), (None, Transport.UDP), (5060, Transport.UDP), (5060, Transport.TCP), (5061, Transport.UDP)]
    assert len({HostName("a.example", *way).key for way in ways}) == len(ways)
    assert HostName("a.example", 5061, Transport.TCP).written == "a.example:5061;transport=tcp"


def test_only_a_dialect_that_can_show_it_makes_a_host_inbound() -> None:
    with pytest.raises(InvalidError, match="an inbound gateway is an address"):
        hosts.parse("sip.example.com", Rules(), inbound=True, outbound=False)
    assert carriers.GatewayDraft(address="sip.example.com").named_sources is False
