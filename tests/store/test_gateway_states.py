"""The edge's file of what it knows of gateways: what others read of it, what is bounded, what a restart finds."""

from __future__ import annotations

import time
from pathlib import Path

from trunkline.core.gateways import LAST_GOOD_S, MAX_CHANGES, Condition, Health, HostName, Resolution
from trunkline.core.model import Gateway, NumberFormat, Transport
from trunkline.store.gateway_states import (
    EMPTIED_S,
    FILE,
    GatewayStateReader,
    KeptAnswer,
    SqlGatewayStates,
)

NAME = HostName("sip.example.com", None, None)
ANSWERS = [
    KeptAnswer("sip.example.com", 35, 1.0, 30.0, []),
    KeptAnswer("_sip._udp.sip.example.com", 33, 1.0, 30.0, [[10, 5, 5060, "a.example.com"]]),
    KeptAnswer("a.example.com", 1, 1.0, 30.0, ["203.0.113.7"]),
]


def gateway(name: HostName = NAME) -> Gateway:
    """Return a gateway that is a name."""
    return Gateway(
        id="g",
        carrier_id="c",
        host=name.host,
        prefix=None,
        port=name.port,
        transport=name.transport,
        inbound=True,
        outbound=True,
        priority=10,
        weight=10,
        active=True,
        tech_prefix="",
        number_format=NumberFormat.E164,
        emergency=False,
    )


def good(*addresses: str, at: float | None = None) -> Resolution:
    """Return a good answer."""
    now = time.time() if at is None else at
    return Resolution(NAME, addresses, now, now)


def test_what_one_process_writes_the_others_read(tmp_path: Path) -> None:
    first, second = SqlGatewayStates(tmp_path), SqlGatewayStates(tmp_path)
    first.put_name(good("203.0.113.7", "2001:db8::7"), ANSWERS)
    first.put_health(Health("g", Condition.DOWN, 5.0, 6.0, 3, "no answer", "way"))
    before = second.names.version
    assert second.read() == ANSWERS
    assert second.names.names_at("203.0.113.7") == second.names.names_at("2001:db8::7") == (NAME,)
    assert second.names.version > before
    assert second.is_down("g")
    assert second.read() == []
    first.put_name(good("203.0.113.8"), ANSWERS)
    second.read()
    assert (second.names.names_at("203.0.113.7"), second.names.names_at("203.0.113.8")) == ((), (NAME,))
    known = GatewayStateReader(tmp_path).of([gateway()])["g"]
    assert known.resolution is not None
    assert known.resolution.addresses == ("203.0.113.8",)
    assert [change.addresses for change in known.changes] == [("203.0.113.8",), ("203.0.113.7", "2001:db8::7")]
    assert known.health is not None
    assert known.health.said == "no answer"
    assert GatewayStateReader(tmp_path).addresses()(NAME.key) == ("203.0.113.8",)


def test_an_answer_that_says_the_same_changes_nothing(tmp_path: Path) -> None:
    states = SqlGatewayStates(tmp_path)
    states.put_name(good("203.0.113.7"), ANSWERS)
    version = states.names.version
    states.put_name(good("203.0.113.7"), ANSWERS)
    assert states.names.version == version
    assert len(GatewayStateReader(tmp_path).of([gateway()])["g"].changes) == 1


def test_an_address_of_two_names_stays_while_one_has_it(tmp_path: Path) -> None:
    states, other = SqlGatewayStates(tmp_path), HostName("b.example.com", 5060, Transport.UDP)
    states.put_name(good("203.0.113.7"), ())
    states.put_name(good("203.0.113.7")._replace(name=other), ())
    assert set(states.names.names_at("203.0.113.7")) == {NAME, other}
    states.put_name(good(), ())
    assert states.names.names_at("203.0.113.7") == (other,)


def test_of_many_changes_the_newest_are_remembered(tmp_path: Path) -> None:
    states = SqlGatewayStates(tmp_path)
    for n in range(MAX_CHANGES + 5):
        states.put_name(good(f"203.0.113.{n}"), ())
    changes = GatewayStateReader(tmp_path).of([gateway()])["g"].changes
    assert len(changes) == MAX_CHANGES
    assert changes[0].addresses == (f"203.0.113.{MAX_CHANGES + 4}",)


def test_a_restart_finds_the_last_good_answers_of_a_day(tmp_path: Path) -> None:
    now = time.time()
    states = SqlGatewayStates(tmp_path)
    states.put_name(good("203.0.113.7", at=now - LAST_GOOD_S + 60), ANSWERS)
    states.close()
    again = SqlGatewayStates(tmp_path)
    assert again.read() == ANSWERS
    assert again.names.names_at("203.0.113.7") == (NAME,)
    late = SqlGatewayStates(tmp_path, now=lambda: now + 61)
    late.read()
    assert late.names.names_at("203.0.113.7") == ()


def test_what_is_not_wanted_any_more_goes_for_every_reader(tmp_path: Path) -> None:
    clock = [time.time()]
    first, second = SqlGatewayStates(tmp_path, now=lambda: clock[0]), SqlGatewayStates(tmp_path)
    first.put_name(good("203.0.113.7"), ANSWERS)
    first.put_health(Health("g", Condition.DOWN, 5.0, 6.0, 3, "no answer", "way"))
    second.read()
    first.keep_only([], [])
    second.read()
    assert second.names.names_at("203.0.113.7") == first.names.names_at("203.0.113.7") == ()
    assert not second.is_down("g")
    clock[0] += EMPTIED_S + 1
    first.keep_only([], [])
    known = GatewayStateReader(tmp_path).of([gateway()])["g"]
    assert (known.resolution, known.changes, known.health) == (None, (), None)


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    reader = GatewayStateReader(tmp_path)
    assert reader.of([gateway()])["g"] == (None, (), None)
    assert reader.addresses()(NAME.key) == ()


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    states = SqlGatewayStates(tmp_path)
    states.put_name(good("203.0.113.7"), ())
    assert list(tmp_path.glob(f"{FILE}.damaged-*"))
