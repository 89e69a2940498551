"""A call's messages as a capture file: real calls through a real server, read by tshark."""

from __future__ import annotations

import http.client
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.edge import tshark
from tests.edge.lab import Lab, Tenant, command, until
from tests.edge.peer import Peer, sdp
from tests.edge.sipp import Sipp
from trunkline.cli import main
from trunkline.core.pcap import MEDIA_TYPE

pytestmark = pytest.mark.outside

SECRETS = (
    "pa55w0rd",
    "deadbeefdeadbeefdeadbeefdeadbeef",
    "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
    "9#*5",
    "t0kentoken",
)
KEYED = sdp(1) + f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{SECRETS[2]}\r\na=ice-pwd:{SECRETS[0]}\r\n"
SECRET_HEADERS = (
    ("Authorization", f'Digest username="u", realm="h", nonce="n", uri="sip:h", response="{SECRETS[1]}"'),
    ("X-Auth-Token", SECRETS[4]),
    ("P-Preferred-Identity", f"<sip:alice:{SECRETS[0]}@example.com>"),
)
DTMF = (("Content-Type", "application/dtmf-relay"),)
Kept = Callable[[Lab, str], Path]


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """An installation in lab mode, which keeps the messages of every call, at an IPv4 and an IPv6 address."""
    made = Lab(tmp_path_factory.mktemp("pcap") / "data", "--sip", "[::1]:0", TRUNKLINE_SIP_T1="0.1")
    made.carrier_id = made.carrier("127.0.0.2", "::1")
    yield made
    made.server.until_empty()
    assert made.server.counts()["records_dropped"] == 0
    assert "Traceback" not in made.server.log.read_text()
    assert made.server.stop() == 0


def ask(tenant: Tenant, call: str) -> tuple[int, str, bytes]:
    """Ask for a capture file; return status, content type and body."""
    with closing(http.client.HTTPConnection(*tenant.server.http, timeout=20)) as connection:
        connection.request("GET", f"/native/v1/calls/{call}/pcap", headers={"authorization": f"Bearer {tenant.key}"})
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type", ""), answer.read()


def ended(tenant: Tenant, call: str) -> tuple[int, str, bytes]:
    """Ask until the answer is final: messages are written some seconds after a call's end."""
    found = ask(tenant, call)
    for _ in until(15.0):
        if b"not written yet" not in found[2]:
            break
        found = ask(tenant, call)
    return found


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Give what writes the capture file of the newest call to a number."""

    def keep(lab: Lab, number: str) -> Path:
        status, kind, data = ended(lab, lab.call(number)["id"])
        assert (status, kind) == (200, MEDIA_TYPE), data
        file = tmp_path / "call.pcap"
        file.write_bytes(data)
        return file

    return keep


def talk(lab: Lab, caller: Peer, callee: Peer) -> str:
    """Play a call that says a secret of every kind; return its number."""
    number = lab.to_trunk(callee.uri)
    calling = caller.call(lab.sip, number, body=KEYED, headers=SECRET_HEADERS)
    invite = callee.expect("INVITE")
    called = callee.answer(invite)
    called.reply(invite, 180)
    caller.expect("180")
    called.reply(invite, 200, body=KEYED, headers=(("Authentication-Info", f'rspauth="{SECRETS[1]}"'),))
    calling.connected()
    callee.expect("ACK")
    calling.send("INFO", body=f"Signal={SECRETS[3]}\r\nDuration=160\r\n", headers=DTMF)
    info = callee.expect("INFO")
    called.reply(info, 200)
    caller.expect("200", method="INFO")
    calling.bye()
    bye = callee.expect("BYE")
    called.reply(bye, 200)
    return number


LADDER = [
    *("INVITE", "100 INVITE", "INVITE", "180 INVITE", "180 INVITE", "200 INVITE", "ACK", "200 INVITE", "ACK"),
    *("INFO", "INFO", "200 INFO", "200 INFO", "BYE", "200 BYE", "BYE", "200 BYE"),
]
KINDS = [(transport, ip) for transport in ("udp", "tcp") for ip in ("127.0.0.1", "::1")]


def through(lab: Lab, transport: str, ip: str) -> str:
    """Play a call whose both legs are of this kind; return its number."""
    with Sipp("uas_answer", ip=ip, transport=transport) as phone:
        number, source = lab.to_trunk(phone.uri), "127.0.0.2" if ip == "127.0.0.1" else ip
        with Sipp("uac_call", ip=source, transport=transport, to=door(lab, ip), number=number) as carrier:
            carrier.succeeded()
            phone.succeeded()
    return number


def door(lab: Lab, ip: str) -> str:
    """Where calls go to that come from this kind of address."""
    return lab.server.sip_doors[1 if ":" in ip else 0]


def cancelled(lab: Lab, caller: Peer, callee: Peer) -> str:
    """Play a call that its caller cancels; return its number."""
    number = lab.to_trunk(callee.uri)
    calling = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    called = callee.answer(invite)
    called.reply(invite, 180)
    caller.expect("180")
    calling.cancel()
    calling.refused()
    cancel = callee.expect("CANCEL")
    called.reply(cancel, 200)
    called.reply(invite, 487)
    callee.expect("ACK")
    return number


def large(lab: Lab, caller: Peer) -> str:
    """Play a call whose INVITE goes out over TCP for its size, and is refused; return its number."""
    body = sdp(1) + "".join(f"a=ptime:{n}\r\n" for n in range(900))
    with Sipp("uas_refuse", transport="tcp", status="486") as phone:
        number = lab.to_trunk(phone.uri.partition(";")[0])
        assert caller.call(lab.sip, number, body=body).refused().status == 486
        phone.succeeded()
    return number


@pytest.fixture(scope="module")
def played(wide: Lab) -> dict[object, str]:
    """Numbers by what was played with them, all beforehand: what is kept of a call comes some time after its end."""
    with Peer("127.0.0.2") as caller, Peer() as callee:
        made: dict[object, str] = {kind: through(wide, *kind) for kind in KINDS}
        made["cancelled"] = cancelled(wide, caller, callee)
        made["large"] = large(wide, caller)
        made["talk"] = talk(wide, caller, callee)
        made["carrier"], made["phone"] = str(caller.port), str(callee.port)
    return made


@tshark.needs_tshark
def test_a_call_with_its_ladder_and_without_its_secrets(wide: Lab, played: dict[object, str], kept: Kept) -> None:
    file = kept(wide, played["talk"])
    port = wide.sip[1]
    tshark.check(file, port)
    assert tshark.ladder(file, port) == LADDER
    rows = tshark.fields(file, "ip.src", "udp.srcport", "ip.dst", "udp.dstport", port=port)
    us, carrier, phone = ("127.0.0.1", str(port)), ("127.0.0.2", played["carrier"]), ("127.0.0.1", played["phone"])
    assert rows[:4] == [(*carrier, *us), (*us, *carrier), (*us, *phone), (*phone, *us)]
    times = [float(row[0]) for row in tshark.fields(file, "frame.time_epoch", port=port)]
    assert times == sorted(times)
    data = file.read_bytes()
    for secret in SECRETS:
        assert secret.encode() not in data
    assert data.count(b'username="u", realm="h", nonce="n", uri="sip:h", response="' + b"*" * 32 + b'"') == 1
    assert data.count(b"HMAC_SHA1_80 ******:" + b"*" * 40 + b"\r\n") == 4
    assert data.count(b"Signal=****\r\nDuration=160") == 2
    assert data.count(b"<sip:alice:********@example.com>") == 1


@tshark.needs_tshark
@pytest.mark.parametrize(("transport", "ip"), KINDS)
def test_every_transport_and_version(wide: Lab, played: dict[object, str], kept: Kept, transport: str, ip: str) -> None:
    file = kept(wide, played[transport, ip])
    port = int(door(wide, ip).rpartition(":")[2])
    tshark.check(file, port)
    told = tshark.ladder(file, port)
    assert [told.count(name) for name in ("INVITE", "ACK", "BYE", "200 INVITE", "200 BYE")] == [2] * 5
    assert (told[0], told[-1]) == ("INVITE", "200 BYE")
    source = "127.0.0.2" if ip == "127.0.0.1" else ip
    rows = tshark.fields(file, "ipv6.src" if ":" in ip else "ip.src", f"{transport}.dstport", port=port)
    assert rows[0] == (source, str(port))
    assert {row[0] for row in rows} == {source, ip}


@tshark.needs_tshark
def test_a_cancelled_call_to_its_end(wide: Lab, played: dict[object, str], kept: Kept) -> None:
    told = tshark.ladder(kept(wide, played["cancelled"]), wide.sip[1])
    assert told[:5] == LADDER[:5]
    assert told[5] == "CANCEL"
    rest = ["200 CANCEL", "487 INVITE", "ACK", "CANCEL", "200 CANCEL", "487 INVITE", "ACK"]
    assert sorted(told[6:]) == sorted(rest)


@tshark.needs_tshark
def test_a_large_invite_that_went_out_over_tcp(wide: Lab, played: dict[object, str], kept: Kept) -> None:
    file = kept(wide, played["large"])
    tshark.check(file, wide.sip[1])
    assert tshark.ladder(file, wide.sip[1])[:3] == ["INVITE", "100 INVITE", "INVITE"]
    assert {row[0] for row in tshark.fields(file, "ip.proto", port=wide.sip[1])} == {"17", "6"}


def test_another_account_s_call_is_not_found(wide: Lab, played: dict[object, str]) -> None:
    call = wide.call(played["large"])["id"]
    assert [ended(tenant, call)[0] for tenant in (wide, wide.house, wide.tenant("Stranger"))] == [200, 200, 404]
    assert ended(wide, "nope")[0] == 404


def test_of_calls_that_failed_only(tmp_path: Path, caller: Peer, callee: Peer, kept: Kept) -> None:
    """What went well is not kept, which its 404 says; of a refused INVITE its messages are, as by the command line."""
    lab = Lab(tmp_path / "data", TRUNKLINE_SIP_KEEP_MESSAGES="failed")
    try:
        well = talk(lab, caller, callee)
        refused = lab.number(lab.carrier_id)
        assert caller.call(lab.sip, refused).refused().status == 480
        data = kept(lab, refused).read_bytes()
        assert [data.count(word) for word in (b"INVITE sip:", b"SIP/2.0 480 ", b"ACK sip:")] == [1, 1, 1]
        call, folder = lab.call(refused), str(lab.server.data)
        assert call["verdict"] == "no_target"
        file = tmp_path / "mine.pcap"
        command(lab.server, "calls", "pcap", call["id"], "-o", str(file))
        assert file.read_bytes() == data
        missing = lab.call(well)["id"]
        status, kind, body = ended(lab, missing)
        assert (status, kind) == (404, "application/problem+json")
        problem = json.loads(body)
        assert ("it went well" in problem["detail"], problem["errors"][0]["code"]) == (True, "not_found")
        assert main(["calls", "pcap", missing, "-o", str(tmp_path / "none"), "--data", folder]) == 1
        assert not (tmp_path / "none").exists()
    finally:
        assert lab.server.stop() == 0


@pytest.mark.parametrize(("keep", "packs"), [("failed", 2), ("none", 0)])
def test_what_ends_with_the_server(tmp_path: Path, caller: Peer, callee: Peer, keep: str, packs: int) -> None:
    """A call that has just failed, and one that the stop ends: both are written before the server is gone."""
    lab = Lab(tmp_path / "data", TRUNKLINE_SIP_KEEP_MESSAGES=keep)
    caller.call(lab.sip, lab.number(lab.carrier_id)).refused()
    caller.call(lab.sip, lab.to_trunk(callee.uri))
    callee.expect("INVITE")
    assert lab.server.stop() == 0
    with closing(sqlite3.connect(lab.server.data / "calls.db")) as connection:
        assert connection.execute("SELECT count(*) FROM calls").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (packs,)
