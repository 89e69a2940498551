"""Every row of the refusal table of routing: what the call gets, what `explain` says, what the trace keeps.

One row is one situation, made through the API and the command line; the table is read three times.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.edge.lab import Lab, command, until
from tests.edge.peer import Message, Peer, Talk, sdp, token

pytestmark = pytest.mark.outside


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give an installation of its own: where anybody has SIP credentials, strangers are challenged, not refused."""
    made = Lab(tmp_path_factory.mktemp("refusals") / "data")
    try:
        yield made
        made.server.until_empty(12.0, transactions=True)
        assert "Traceback" not in made.server.log.read_text()
    finally:
        made.server.stop()


@dataclass(frozen=True)
class Situation:
    """A call to make: from where, to what. ``meanwhile`` is called once the situation's other calls are to end."""

    source: str
    number: str
    meanwhile: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Row:
    """What must come of a situation: verdict, status, and a word of the trace; ``claimed`` when it has an owner."""

    make: Callable[[Lab], Situation]
    verdict: str
    status: int
    says: str
    claimed: bool = False
    retry: bool = False


def nowhere(lab: Lab) -> str:
    """Return a trunk that would take calls, if any came."""
    return lab.trunk("sip:127.0.0.1:9")


def unknown_source(lab: Lab) -> Situation:
    return Situation("127.0.0.66", lab.to_trunk("sip:127.0.0.1:9"))


def unknown_number(_: Lab) -> Situation:
    return Situation("127.0.0.2", "14155559900")


def no_number(_: Lab) -> Situation:
    return Situation("127.0.0.2", "reception")


def of_another_tenant(lab: Lab) -> Situation:
    other = lab.tenant("Neighbour")
    return Situation("127.0.0.2", other.number(other.carrier("127.0.0.40"), trunk=other.trunk("sip:127.0.0.1:9")))


def of_another_carrier(lab: Lab) -> Situation:
    return Situation("127.0.0.2", lab.number(lab.carrier("127.0.0.41", name="second"), trunk=nowhere(lab)))


def claimed(lab: Lab) -> Situation:
    lab.carrier("127.0.0.48", name="shared")
    other = lab.tenant("Claimant")
    return Situation("127.0.0.48", other.number(other.carrier("127.0.0.48"), trunk=other.trunk("sip:127.0.0.1:9")))


def suspended_account(lab: Lab) -> Situation:
    other = lab.tenant("Suspended")
    number = other.number(other.carrier("127.0.0.42"), trunk=other.trunk("sip:127.0.0.1:9"))
    command(lab.server, "accounts", "suspend", other.id)
    return Situation("127.0.0.42", number)


def account_below_a_suspended_one(lab: Lab) -> Situation:
    above = lab.tenant("Above")
    below = lab.tenant("Below", parent=above.id)
    number = above.number(above.carrier("127.0.0.43"))
    above.plivo("POST", f"Number/{number}/", {"subaccount": below.auth_id})
    command(lab.server, "accounts", "suspend", above.id)
    return Situation("127.0.0.43", number)


def carrier_switched_off(lab: Lab) -> Situation:
    other = lab.tenant("Switched")
    native = other.native_carrier(gateways=[{"address": "127.0.0.44"}])
    listed = other.plivo("GET", "IncomingCarrier/")["objects"]
    number = other.number(listed[0]["carrier_id"], trunk=other.trunk("sip:127.0.0.1:9"))
    other.native("PATCH", f"carriers/{native}", {"active": False})
    return Situation("127.0.0.44", number)


def number_points_nowhere(lab: Lab) -> Situation:
    return Situation("127.0.0.2", lab.number(lab.carrier_id))


def trunk_switched_off(lab: Lab) -> Situation:
    trunk = nowhere(lab)
    number = lab.number(lab.carrier_id, trunk=trunk)
    lab.native("PATCH", f"trunks/{trunk}", {"active": False})
    return Situation("127.0.0.2", number)


def application_removed(lab: Lab) -> Situation:
    application = lab.application(answer_url="http://127.0.0.1:9/")
    number = lab.number(lab.carrier_id, application=application)
    lab.plivo("DELETE", f"Application/{application}/")
    return Situation("127.0.0.2", number)


def ringing(lab: Lab, source: str, number: str, phone: Peer) -> Callable[[], None]:
    """Make a call that takes a channel until the returned function is called."""
    peer = Peer(source)
    talk = peer.call(lab.sip, number)
    invite = phone.expect("INVITE")
    answer = phone.answer(invite)
    answer.reply(invite, 180, "Ringing")
    peer.expect("180")

    def end() -> None:
        talk.cancel()
        talk.refused()
        answer.reply(phone.expect("CANCEL"), 200)
        answer.reply(invite, 487)
        phone.expect("ACK")
        peer.__exit__()
        phone.__exit__()

    return end


def account_full(lab: Lab) -> Situation:
    other, phone = lab.tenant("Small"), Peer()
    number = other.number(other.carrier("127.0.0.45"), trunk=other.trunk(phone.uri))
    command(lab.server, "accounts", "limits", other.id, "--channels", "1")
    return Situation("127.0.0.45", number, ringing(lab, "127.0.0.45", number, phone))


def carrier_full(lab: Lab) -> Situation:
    other, phone = lab.tenant("Narrow"), Peer()
    other.native_carrier(gateways=[{"address": "127.0.0.46"}], max_channels=1)
    serial = other.plivo("GET", "IncomingCarrier/")["objects"][0]["carrier_id"]
    number = other.number(serial, trunk=other.trunk(phone.uri))
    return Situation("127.0.0.46", number, ringing(lab, "127.0.0.46", number, phone))


ROWS = {
    "unknown source": Row(unknown_source, "source_unknown", 403, "in no inbound gateway"),
    "unknown number": Row(unknown_number, "number_unknown", 404, "no single live number"),
    "no number at all": Row(no_number, "number_unknown", 404, "no telephone number"),
    "another tenant's number": Row(of_another_tenant, "not_this_carrier", 404, "belongs to another account"),
    "another carrier's number": Row(of_another_carrier, "not_this_carrier", 404, "another carrier of the same account"),
    "claimed on shared addresses": Row(claimed, "number_inactive", 404, "numbers approve", claimed=True),
    "account suspended": Row(suspended_account, "account_inactive", 403, "not active", claimed=True),
    "account above suspended": Row(account_below_a_suspended_one, "account_inactive", 403, "above", claimed=True),
    "carrier off": Row(carrier_switched_off, "carrier_inactive", 403, "switched off", claimed=True),
    "account limit": Row(account_full, "account_limit", 486, "1 calls at once", claimed=True),
    "carrier limit": Row(carrier_full, "carrier_limit", 503, "1 calls at once", claimed=True, retry=True),
    "nothing to route to": Row(number_points_nowhere, "no_target", 480, "points at no trunk", claimed=True),
    "trunk off": Row(trunk_switched_off, "no_target", 480, "switched off", claimed=True),
    "application gone": Row(application_removed, "no_target", 480, "points at no", claimed=True),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_call_and_explain_agree_and_the_trace_says_why(lab: Lab, name: str) -> None:
    row = ROWS[name]
    situation = row.make(lab)
    with Peer(situation.source) as caller:
        answer = caller.call(lab.sip, situation.number).refused()
    said = lab.explain(situation.source, situation.number)
    asked = lab.house.native("POST", "explain", {"source": situation.source, "to": f"+{situation.number}"})
    situation.meanwhile()
    assert answer.status == row.status
    assert bool(answer.get("retry-after")) == row.retry
    for told in (said, asked):
        assert (told["verdict"], told["sip_status"], told["facts"]) == (row.verdict, row.status, "live")
    kept = kept_trace(lab, row, situation)
    assert row.says in kept
    assert kept == text_of(said["trace"]) == text_of(asked["trace"]) or name == "no number at all"


def kept_trace(lab: Lab, row: Row, situation: Situation) -> str:
    """Return the trace that was kept of the refused call: with its account, or among the unclaimed ones."""
    if not row.claimed:
        found = lab.unclaimed(row.verdict, source=situation.source, number=situation.number)
        assert found["count"] == 1
        return text_of(found["trace"])
    for _ in until(5):
        for record in lab.house.native("GET", f"calls?number={situation.number}")["items"]:
            if record["verdict"] == row.verdict:
                assert record["sip_status"] == row.status
                return text_of(lab.house.native("GET", f"calls/{record['id']}")["trace"])
    raise AssertionError("no record of the refused call")


def text_of(trace: list[dict[str, str]]) -> str:
    """Return a trace as text, without remarks that only `explain` makes."""
    return "\n".join(f"{step['part']}: {step['text']}" for step in trace if step["part"] != "warning")


def test_a_claimed_number_routes_once_it_is_approved(lab: Lab) -> None:
    lab.carrier("127.0.0.49", name="shared")
    other = lab.tenant("Approved")
    with Peer() as phone, Peer("127.0.0.49") as caller:
        number = other.number(other.carrier("127.0.0.49"), trunk=other.trunk(phone.uri))
        assert caller.call(lab.sip, number).refused().status == 404
        command(lab.server, "numbers", "approve", number)
        talk = caller.call(lab.sip, number)
        invite = phone.expect("INVITE")
        phone.answer(invite).reply(invite, 603)
        assert talk.refused().status == 603
        assert lab.explain("127.0.0.49", number)["verdict"] == "route"


def test_a_routed_call_is_explained_through_the_api(lab: Lab) -> None:
    number = lab.to_trunk("sip:127.0.0.1:9")
    said = lab.native("POST", "explain", {"source": "127.0.0.2", "to": number})
    assert (said["verdict"], said["number"], said["target"]) == ("route", number, "trunk trunk")


def test_unclaimed_calls_are_counted_together(lab: Lab) -> None:
    with Peer("127.0.0.67") as scanner:
        for _ in range(3):
            scanner.call(lab.sip, "441632960000").refused()
        scanner.call(lab.sip, "441632960001").refused()
    for _ in until(5):
        row = lab.unclaimed("source_unknown", source="127.0.0.67", number="441632960000")
        if row["count"] == 3:
            break
    assert row["count"] == 3
    assert row["first_at"] <= row["last_at"]
    assert lab.unclaimed("source_unknown", source="127.0.0.67", number="441632960001")["count"] == 1


def test_new_calls_a_second_are_counted_in_this_second_only(lab: Lab) -> None:
    """The limit bites and lets go again, also while nobody else calls."""
    other = lab.tenant("Slow")
    with Peer("127.0.0.47") as caller, Peer() as phone:
        number = other.number(other.carrier("127.0.0.47"), trunk=other.trunk(phone.uri))
        command(lab.server, "accounts", "limits", other.id, "--cps", "1")
        statuses: list[int] = []
        for _ in until(4, 0.0):
            talk = caller.call(lab.sip, number)
            statuses.append(outcome(talk, phone))
            if statuses[-1] == 603 and 486 in statuses:
                break
        assert statuses[-1] == 603, f"once full, never free again: {set(statuses)}"
        assert 486 in statuses


def outcome(talk: Talk, phone: Peer) -> int:
    """Return the status of a call that the phone declines with 603, or that never gets there."""
    while (message := talk.peer.next(1.0)) is not None:
        if message.status >= 300:
            talk.acknowledge(message)
            return message.status
        if message.status == 100:
            invite = phone.expect("INVITE")
            phone.answer(invite).reply(invite, 603)
    raise AssertionError("no answer")


# Carriers that prove themselves by credentials

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def auth(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give a second installation with an `auth` carrier: it changes what unknown sources are answered."""
    made = Lab(tmp_path_factory.mktemp("auth") / "data", TRUNKLINE_SIP_NONCE_S="1")
    made.native_carrier(kind="auth", inbound_auth={"username": "trunk-7", "password": PASSWORD})
    yield made
    made.server.until_empty()
    made.server.stop()


def auth_number(lab: Lab, target: str) -> str:
    """Return a number that the `auth` carrier delivers."""
    listed = lab.plivo("GET", "IncomingCarrier/?name=native")["objects"]
    return lab.number(listed[0]["carrier_id"], trunk=lab.trunk(target))


def credentials(challenge: Message, number: str, password: str = PASSWORD) -> str:
    """Answer an MD5 challenge (RFC 7616), worked out here."""
    wanted = next(value for value in challenge.all("www-authenticate") if "MD5" in value)
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', wanted))
    uri, cnonce, nc = f"sip:{number}@127.0.0.1", token(), "00000001"

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    ha1, ha2 = md5(f"trunk-7:{given['realm']}:{password}"), md5(f"INVITE:{uri}")
    response = md5(f"{ha1}:{given['nonce']}:{nc}:{cnonce}:auth:{ha2}")
    return (
        f'Digest username="trunk-7", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm=MD5, qop=auth, nc={nc}, cnonce="{cnonce}"'
    )


def proven(talk: Talk, authorization: str) -> None:
    """Send the INVITE again, with credentials."""
    talk.theirs = talk.theirs.partition(";tag=")[0]
    talk.invite(sdp(1), (("Authorization", authorization),))


def test_good_credentials_from_anywhere(auth: Lab) -> None:
    with Peer("127.0.0.77") as caller, Peer() as phone:
        number = auth_number(auth, phone.uri)
        talk = caller.call(auth.sip, number)
        challenge = talk.refused()
        assert challenge.status == 401
        proven(talk, credentials(challenge, number))
        invite = phone.expect("INVITE")
        assert not invite.get("authorization")
        other = phone.answer(invite)
        other.reply(invite, 200, "OK", body=sdp(2))
        answer = talk.connected()
        assert answer.cseq == 2
        phone.expect("ACK")
        talk.bye()
        other.hung_up()
    assert "credentials match" in auth.trace(number)
    said = auth.explain("127.0.0.77", number)
    assert (said["verdict"], said["sip_status"]) == ("credentials_missing", 401)


def test_a_wrong_password(auth: Lab) -> None:
    with Peer("127.0.0.78") as caller:
        number = auth_number(auth, "sip:127.0.0.1:9")
        talk = caller.call(auth.sip, number)
        proven(talk, credentials(talk.refused(), number, password="wrong"))
        assert talk.refused().status == 403
    assert auth.unclaimed("credentials_wrong", source="127.0.0.78")


def test_a_replayed_proof_and_one_from_elsewhere(auth: Lab) -> None:
    with Peer("127.0.0.79") as caller, Peer("127.0.0.80") as thief, Peer() as phone:
        number = auth_number(auth, phone.uri)
        talk = caller.call(auth.sip, number)
        proof = credentials(talk.refused(), number)
        for peer in (caller, thief):
            copy = peer.call(auth.sip, number, headers=(("Authorization", proof),))
            if peer is caller:
                invite = phone.expect("INVITE")
                phone.answer(invite).reply(invite, 603)
                assert copy.refused().status == 603
            again = peer.call(auth.sip, number, headers=(("Authorization", proof),)).refused()
            assert again.status == 401
            assert "stale=true" in again.get("www-authenticate")
        phone.quiet(0.1, "INVITE")
    assert auth.unclaimed("credentials_stale", source="127.0.0.80")


def test_an_old_nonce_is_stale(auth: Lab) -> None:
    with Peer("127.0.0.81") as caller:
        number = auth_number(auth, "sip:127.0.0.1:9")
        talk = caller.call(auth.sip, number)
        challenge = talk.refused()
        answers = set[str]()
        for _ in until(3, 0.3):
            proven(talk, credentials(challenge, "441632960999"))
            answer = talk.refused()
            answers.add(answer.get("www-authenticate"))
            if "stale=true" in answer.get("www-authenticate"):
                break
        assert any("stale=true" in value for value in answers)


def test_credentials_of_a_carrier_that_does_not_deliver_the_number(auth: Lab) -> None:
    """Also from an address that some carrier sends from: good credentials say whose call it is."""
    number = auth.to_trunk("sip:127.0.0.1:9")
    for source in ("127.0.0.82", "127.0.0.83"):
        if source == "127.0.0.83":
            auth.carrier(source, name="known")
        with Peer(source) as caller:
            talk = caller.call(auth.sip, auth_number(auth, "sip:127.0.0.1:9"))
            challenge = talk.refused()
            assert challenge.status == 401
            other = caller.call(auth.sip, number, headers=(("Authorization", credentials(challenge, number)),))
            assert other.refused().status == 403


def test_an_auth_carrier_is_never_admitted_by_its_address(auth: Lab) -> None:
    listed = auth.native("GET", "carriers?name=native")["items"][0]["id"]
    auth.native("POST", f"carriers/{listed}/gateways", {"address": "127.0.0.84"})
    number = auth_number(auth, "sip:127.0.0.1:9")
    with Peer("127.0.0.84") as caller:
        assert caller.call(auth.sip, number).refused().status == 401
    said = auth.explain("127.0.0.84", number)
    assert (said["verdict"], said["sip_status"]) == ("credentials_missing", 401)
    assert "never by address" in text_of(said["trace"])


# The inventory cannot be read; nobody is to learn that we are here


def test_facts_that_cannot_be_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The database's pages are overwritten under the running edge: 503 with Retry-After, and calls when mended."""
    lab = Lab(tmp_path_factory.mktemp("unread") / "data")
    silent = Peer()
    try:
        number = lab.to_trunk(silent.uri)
        path = next(p for p in lab.server.data.glob("*.db") if p.name != "calls.db")
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        whole = path.read_bytes()
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xee" * (len(whole) - 4096))
        with Peer("127.0.0.2") as caller:
            answer = caller.call(lab.sip, number).refused()
            assert (answer.status, answer.get("retry-after")) == (503, "5")
            said = lab.explain("127.0.0.2", number)
            assert (said["verdict"], said["sip_status"]) == ("facts_unreadable", 503)
            talk = Talk(caller, lab.sip, "<sip:a@b>;tag=1", "<sip:127.0.0.1>", target="sip:127.0.0.1")
            talk.send("OPTIONS")
            assert caller.expect("503", method="OPTIONS")
            path.write_bytes(whole)
            busy = caller.call(lab.sip, number)
            assert caller.expect("100")
            busy.cancel()
            assert busy.refused().status == 487
        assert lab.unclaimed("facts_unreadable", number=number)
    finally:
        silent.sock.close()
        lab.server.stop()


def test_stealth_says_nothing_to_strangers(tmp_path_factory: pytest.TempPathFactory) -> None:
    lab = Lab(tmp_path_factory.mktemp("stealth") / "data", TRUNKLINE_SIP_STEALTH="true")
    try:
        with Peer("127.0.0.90") as stranger, Peer("127.0.0.2") as caller:
            stranger.call(lab.sip, "14155551234")
            stranger.call(lab.sip, "14155551234", headers=(("Max-Forwards", "0"),))
            stranger.call(lab.sip, "14155551234", headers=(("Require", "magic"),))
            talk = Talk(stranger, lab.sip, "<sip:a@b>;tag=1", "<sip:127.0.0.1>", target="sip:127.0.0.1")
            talk.send("OPTIONS")
            talk.send("REGISTER")
            talk.theirs += ";tag=guessed"
            talk.send("BYE")
            talk.send("INVITE", body=sdp(1))
            assert caller.call(lab.sip, "14155551234").refused().status == 404
            assert stranger.next(0.2) is None
        assert lab.unclaimed("source_unknown", source="127.0.0.90")["count"] == 1
    finally:
        lab.server.stop()
