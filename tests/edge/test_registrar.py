"""Endpoints register, and `Dial/User` reaches them by what they registered: from outside, over UDP and TCP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.edge.baresip import Baresip
from tests.edge.device import Device, TcpDevice, proof
from tests.edge.lab import Lab, Tenant, command, until
from tests.edge.peer import Message, Peer, Talk, sdp
from tests.edge.sipp import Sipp
from tests.edge.web import Web
from tests.server import Server
from trunkline.core.bindings import MAX_CONTACTS

pytestmark = pytest.mark.outside

PASSWORD = "hello-42"
NOWHERE = "10.11.12.13:5062"
"""What a device behind NAT believes to be: an address that nothing answers at."""


class User:
    """An endpoint of a tenant's."""

    def __init__(self, lab: Lab, tenant: Tenant, **args: str) -> None:
        body = {"username": "alice", "password": PASSWORD, "alias": "Alice", **args}
        made = tenant.plivo("POST", "Endpoint/", body, expect=201)
        self.lab, self.tenant = lab, tenant
        self.id, self.name = made["endpoint_id"], made["username"]

    @property
    def shown(self) -> dict[str, Any]:
        """The endpoint as the API shows it."""
        return dict(self.tenant.plivo("GET", f"Endpoint/{self.id}/"))

    @property
    def registered(self) -> bool:
        """Whether the API says that it is registered."""
        return bool(self.shown["sip_registered"] == "true")

    @property
    def domain(self) -> str:
        """What stands after the @."""
        return str(self.shown["sip_uri"]).partition("@")[2]

    def device(self, password: str = PASSWORD, ip: str = "127.0.0.1", behind: str | None = None) -> Device:
        """Return a device of its, on UDP."""
        return Device(self.name, password, self.domain, ip, behind)

    def on_tcp(self) -> TcpDevice:
        """Return a device of its, on TCP."""
        return TcpDevice(self.name, PASSWORD, self.domain, self.lab.server.via)

    def dialled(self, web: Web, tenant: Tenant | None = None, carrier: str | None = None, **attributes: str) -> str:
        """Return a number whose application dials it."""
        extra = "".join(f' {name}="{value}"' for name, value in attributes.items())
        web.pages["/user"] = f"<Response><Dial{extra}><User>{self.shown['sip_uri']}</User></Dial></Response>"
        who = tenant or self.tenant
        return who.number(carrier or self.lab.carrier_id, application=who.application(answer_url=f"{web.url}/user"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give an installation of this module's own, since with endpoints in it strangers are asked for credentials."""
    made = Lab(tmp_path_factory.mktemp("registrar") / "data")
    try:
        yield made
        made.server.until_empty(12.0)
        assert "Traceback" not in made.server.log.read_text()
    finally:
        made.server.stop()


@pytest.fixture
def user(lab: Lab) -> User:
    """Give an endpoint."""
    return User(lab, lab)


def contacts(answer: Message) -> dict[str, int]:
    """Return what a 200 says is bound: Contact to seconds left."""
    found = [re.fullmatch(r"<([^>]*)>;expires=(\d+)", value) for value in answer.all("contact")]
    return {match[1]: int(match[2]) for match in found if match}


def answered(device: Peer) -> Talk:
    """Answer the next INVITE."""
    invite = device.expect("INVITE")
    talk = device.answer(invite)
    talk.reply(invite, 200, "OK", body=sdp(2))
    device.expect("ACK")
    return talk


def test_register_refresh_and_unregister(lab: Lab, user: User) -> None:
    assert not user.registered
    with user.device() as device:
        mine = device.contact.strip("<>")
        answer = device.register(lab.sip, headers=(("User-Agent", "Phone 1.0"), ("Expires", "120")))
        assert (answer.status, contacts(answer)) == (200, {mine: 120})
        assert answer.get("date").endswith(" GMT")
        shown = user.shown
        assert (shown["sip_registered"], shown["sip_contact"], shown["sip_user_agent"]) == ("true", mine, "Phone 1.0")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", shown["sip_expires"])
        assert contacts(device.register(lab.sip, f"{device.contact};expires=300")) == {mine: 300}
        asking = device.register(lab.sip, "")  # no Contact but an empty one is malformed
        assert asking.status == 400
        gone = device.register(lab.sip, f"{device.contact};expires=0")
        assert (gone.status, contacts(gone)) == (200, {})
    assert not user.registered


def test_several_contacts_and_all_of_them_removed(lab: Lab, user: User) -> None:
    with user.device() as one, user.device() as two:
        one.register(lab.sip)
        both = contacts(two.register(lab.sip))
        assert set(both) == {one.contact.strip("<>"), two.contact.strip("<>")}
        gone = two.register(lab.sip, "*", headers=(("Expires", "0"),))
        assert (gone.status, contacts(gone)) == (200, {})
        many = tuple(f"<sip:a{i}@{one.behind}>" for i in range(MAX_CONTACTS + 1))
        assert one.register(lab.sip, *many).status == 403
        assert len(contacts(one.register(lab.sip, *many[1:]))) == MAX_CONTACTS


def test_who_is_refused(lab: Lab, user: User) -> None:
    other = User(lab, lab)
    with user.device(password="wrong-42") as device:
        assert device.register(lab.sip).status == 403
    with Device("nobody123456789012", PASSWORD, user.domain) as device:
        assert device.register(lab.sip).status == 403
    with Device(user.name, PASSWORD, "elsewhere.example") as device:
        assert device.register(lab.sip).status == 404
    with user.device() as device:  # good credentials, another one's address of record
        text = device.words.text(f"UDP {device.behind}", (device.contact,), ())
        device.send(text, lab.sip)
        challenge = device.expect("401")
        text = device.words.text(f"UDP {device.behind}", (device.contact,), (), device.words.answer(challenge))
        device.send(text.replace(f"To: <sip:{user.name}", f"To: <sip:{other.name}"), lab.sip)
        assert device.expect("403")
        brief = device.register(lab.sip, f"{device.contact};expires=5")
        assert (brief.status, brief.get("min-expires")) == (423, "60")
        assert device.register(lab.sip, headers=(("Require", "outbound"),)).status == 420
    assert not user.registered
    assert not other.registered


def test_a_register_that_is_older_than_the_binding(lab: Lab, user: User) -> None:
    with user.device() as device:
        assert device.register(lab.sip, cseq=10).status == 200
        assert device.register(lab.sip, f"{device.contact};expires=0", cseq=9).status == 500
        assert user.registered


def test_a_challenge_serves_its_own_address_only(lab: Lab, user: User) -> None:
    with user.device() as device, user.device(ip="127.0.0.77") as thief:
        device.send(device.words.text(f"UDP {device.behind}", (device.contact,), ()), lab.sip)
        credentials = device.words.answer(device.expect("401"))
        thief.send(thief.words.text(f"UDP {thief.behind}", (thief.contact,), (), credentials), lab.sip)
        assert "stale=true" in thief.expect("401").get("www-authenticate")
    assert not user.registered


def test_a_suspended_account_is_shut_out(lab: Lab, web: Web) -> None:
    tenant = lab.tenant("Late")
    answered_by = tenant.application(answer_url=f"{web.url}/nowhere")
    user = User(lab, tenant, app_id=answered_by)
    with user.device() as device:
        assert device.register(lab.sip).status == 200
        command(lab.server, "accounts", "suspend", tenant.id)
        assert device.register(lab.sip).status == 403
        assert called_by(device, lab, "4930123459").refused().status == 403


@pytest.mark.parametrize("behind", [None, NOWHERE])
def test_a_registered_device_is_dialled(lab: Lab, web: Web, caller: Peer, user: User, behind: str | None) -> None:
    """Behind NAT, too: the Request-URI is the Contact, and all of the call goes to where the REGISTER came from."""
    with user.device(behind=behind) as device:
        assert device.register(lab.sip).status == 200
        number = user.dialled(web)
        talk = caller.call(lab.sip, number)
        invite = device.expect("INVITE")
        assert invite.uri == device.uri
        b = device.answer(invite)
        b.reply(invite, 200, "OK", body=sdp(2))
        talk.connected()
        assert device.expect("ACK").uri == device.uri
        talk.bye()
        assert b.hung_up().uri == device.uri
    assert lab.call(number)["sip_status"] == 200


def test_a_large_invite_stays_on_the_flow(lab: Lab, web: Web, caller: Peer, user: User) -> None:
    """A device that registered over UDP has opened no way for TCP."""
    with user.device(behind=NOWHERE) as device:
        assert device.register(lab.sip).status == 200
        talk = caller.call(lab.sip, user.dialled(web), body=sdp(1) + "a=x:" + "y" * 2000 + "\r\n")
        b = answered(device)
        talk.connected()
        b.bye()
        talk.hung_up()


def test_all_devices_ring_and_the_first_answer_wins(lab: Lab, web: Web, caller: Peer, user: User) -> None:
    with user.device() as one, user.device() as two, user.on_tcp() as three:
        assert [one.register(lab.sip).status, two.register(lab.sip).status, three.register().status] == [200] * 3
        number = user.dialled(web)
        talk = caller.call(lab.sip, number)
        lost = one.expect("INVITE")
        assert three.stream.read().start.startswith("INVITE ")
        b = answered(two)
        talk.connected()
        one.answer(lost).reply(lost, 180)
        cancel = one.expect("CANCEL")
        one.answer(lost).reply(cancel, 200)
        one.answer(lost).reply(lost, 487)
        b.bye()
        talk.hung_up()


def test_a_device_on_tcp_is_called_over_its_connection(lab: Lab, web: Web, caller: Peer, user: User) -> None:
    with user.on_tcp() as device:
        assert contacts(device.register()) == {device.contact.strip("<>"): 3600}
        number = user.dialled(web)
        talk = caller.call(lab.sip, number)
        invite = device.stream.read()
        assert invite.start == f"INVITE {device.contact.strip('<>')} SIP/2.0"
        device.stream.sock.sendall(refusal(invite, "486 Busy Here"))
        assert device.stream.read().start.startswith("ACK ")
        assert talk.refused().status == 486
        assert user.registered
    for _ in until(5):
        if not user.registered:
            break
    assert not user.registered
    assert caller.call(lab.sip, number).refused().status == 480
    for _ in until(5):
        if len(lab.calls(number)) == 2:
            break
    assert "is not registered" in lab.trace(number)


def refusal(invite: Message, line: str) -> bytes:
    """Return an answer to an INVITE that came over a connection."""
    kept = [f"Via: {value}" for value in invite.all("via")]
    kept += [f"{name}: {invite.get(name)}" for name in ("from", "call-id", "cseq")]
    return "\r\n".join(
        [f"SIP/2.0 {line}", *kept, f"To: {invite.get('to')};tag=x", "Content-Length: 0", "", ""]
    ).encode()


def test_who_is_not_registered(lab: Lab, web: Web, caller: Peer, user: User) -> None:
    web.pages["/done"] = ""
    number = user.dialled(web, action=f"{web.url}/done")
    assert caller.call(lab.sip, number).refused().status == 480
    told = web.told("/done").params
    assert (told["DialStatus"], told["DialHangupCause"]) == ("no-answer", "USER_NOT_REGISTERED")
    assert f"endpoint {user.name} is not registered" in lab.trace(number)


def test_a_foreign_endpoint_is_not_dialled(lab: Lab, web: Web, user: User) -> None:
    """Another account cannot reach it; an account above it can."""
    stranger = lab.tenant("Stranger")
    below = lab.tenant("Below", parent=lab.id)
    with Peer("127.0.0.81") as outsider, Peer("127.0.0.82") as above, user.device() as device:
        assert device.register(lab.sip).status == 200
        number = user.dialled(web, stranger, stranger.carrier("127.0.0.81"))
        assert outsider.call(lab.sip, number).refused().status == 404
        assert "no endpoint of this account" in stranger.trace(number)
        device.quiet(0.2, "INVITE")
        number = user.dialled(web, below, below.carrier("127.0.0.82"))
        assert above.call(lab.sip, number).refused().status == 404
        lower = User(lab, below)
        with lower.device() as other:
            assert other.register(lab.sip).status == 200
            number = lower.dialled(web, lab, lab.carrier("127.0.0.83"))
            with Peer("127.0.0.83") as caller:
                talk = caller.call(lab.sip, number)
                b = answered(other)
                talk.connected()
                b.bye()
                talk.hung_up()


def test_a_new_password_ends_what_was_registered(lab: Lab, web: Web, caller: Peer, user: User) -> None:
    with user.device() as device:
        assert device.register(lab.sip).status == 200
        lab.plivo("POST", f"Endpoint/{user.id}/", {"password": "another-42"}, expect=202)
        assert caller.call(lab.sip, user.dialled(web)).refused().status == 480
        assert device.register(lab.sip).status == 403
        device.words.password = "another-42"
        assert device.register(lab.sip).status == 200
        lab.plivo("DELETE", f"Endpoint/{user.id}/", expect=204)
        assert device.register(lab.sip).status == 403


def test_a_restart_keeps_what_came_over_udp(tmp_path: Path, website: Web) -> None:
    lab = Lab(tmp_path / "data")
    try:
        user = User(lab, lab)
        number = user.dialled(website)
        with user.device(behind=NOWHERE) as device, user.on_tcp() as other, Peer("127.0.0.2") as caller:
            assert device.register(lab.sip).status == 200
            assert len(contacts(other.register())) == 2
            edge = lab.server.child("edge")
            lab.server.kill("edge")
            talk = caller.call(lab.sip, number)
            for _ in until(10, 0.3):
                invite = device.next(0.1)
                if invite is not None and invite.start.startswith("INVITE"):
                    break
                talk.again()
            assert lab.server.child("edge") != edge
            assert invite is not None
            b = device.answer(invite)
            b.reply(invite, 200, "OK", body=sdp(2))
            talk.connected()
            device.expect("ACK")
            b.bye()
            talk.hung_up()
            with user.device(behind="10.0.0.9:5060") as third:
                assert set(contacts(third.register(lab.sip))) == {device.uri, third.uri}
            lab.server.until_empty()
    finally:
        lab.server.stop()


def test_several_workers(tmp_path: Path, website: Web) -> None:
    """Whichever worker has a device's connection, took its REGISTER, or has the call."""
    lab = Lab(tmp_path / "data", "--workers", "3")
    try:
        user = User(lab, lab)
        number = user.dialled(website)
        with ExitStack() as stack:
            caller = stack.enter_context(Peer("127.0.0.2"))
            devices = [stack.enter_context(user.on_tcp()) for _ in range(6)]
            for i, device in enumerate(devices):
                answer = device.register(f"<sip:a{i}@10.9.8.7:5060;transport=tcp>")
                assert (answer.status, len(contacts(answer))) == (200, i + 1)
            for _ in range(6):
                talk = caller.call(lab.sip, number)
                for i, device in enumerate(devices):
                    invite = device.stream.read()
                    assert invite.start == f"INVITE sip:a{i}@10.9.8.7:5060;transport=tcp SIP/2.0"
                    device.stream.sock.sendall(refusal(invite, "486 Busy Here"))
                    assert device.stream.read().start.startswith("ACK ")
                assert talk.refused().status == 486
            udp = stack.enter_context(user.device(behind=NOWHERE))
            assert len(contacts(udp.register(lab.sip))) == 7
            for device in devices:
                device.stream.close()
            for _ in until(5):
                if user.shown["sip_contact"] == udp.uri and len(contacts(udp.register(lab.sip))) == 1:
                    break
            assert set(contacts(udp.register(lab.sip))) == {udp.uri}
            talk = caller.call(lab.sip, number)
            b = answered(udp)
            talk.connected()
            b.bye()
            talk.hung_up()
        lab.server.until_empty()
    finally:
        lab.server.stop()


def test_a_domain_of_ours(tmp_path: Path, website: Web) -> None:
    lab = Lab(tmp_path / "data", TRUNKLINE_SIP_DOMAINS="Phones.example,other.example")
    try:
        user = User(lab, lab)
        assert user.domain == "phones.example"
        number = user.dialled(website)
        with Device(user.name, PASSWORD, "other.example") as device, Peer("127.0.0.2") as caller:
            assert device.register(lab.sip).status == 200
            talk = caller.call(lab.sip, number)
            b = answered(device)
            talk.connected()
            b.bye()
            talk.hung_up()
    finally:
        lab.server.stop()


def test_strangers_are_bounded(tmp_path: Path) -> None:
    """Off lab mode (which loopback addresses imply) a source gets 20 answers a second, and nothing is kept of it."""
    server = Server(tmp_path / "data", environ={"TRUNKLINE_LAB": "false"}).start()
    try:
        with Device("nobody", "x", "127.0.0.1") as device:
            for _ in range(200):
                device.send(device.words.text(f"UDP {device.behind}", (device.contact,), ()), server.sip)
            answers = 0
            while (answer := device.next(1.0)) is not None:
                assert answer.status == 401
                answers += 1
            assert 20 <= answers <= 60
        assert server.counts()["transactions"] == 0
    finally:
        server.stop()


# Calls of endpoints


def called_by(device: Device, lab: Lab, number: str) -> Talk:
    """Place a call as an endpoint does: without credentials first, then with those that the challenge asks for."""
    talk = device.call(lab.sip, number)
    asked = device.expect("401").get("www-authenticate")
    words = device.words
    credentials = proof(asked, "INVITE", talk.target, (words.username, words.password))
    talk.invite(headers=(("Authorization", credentials),))
    return talk


def test_an_endpoint_calls_its_application(lab: Lab, web: Web, callee: Peer) -> None:
    """Whatever its From says, it is the endpoint that calls; what follows goes where its INVITE came from."""
    web.pages |= {"/own": f"<Response><Dial><User>{callee.uri}</User></Dial></Response>", "/over": ""}
    hooks = {"answer_url": f"{web.url}/own", "hangup_url": f"{web.url}/over"}
    user = User(lab, lab, app_id=lab.application(**hooks))
    with user.device(behind=NOWHERE) as device:
        talk = called_by(device, lab, "4930123456")
        invite = callee.expect("INVITE")
        assert f"<sip:{user.name}@" in invite.get("from")
        b = callee.answer(invite)
        b.reply(invite, 200, "OK", body=sdp(2))
        talk.connected()
        callee.expect("ACK")
        b.bye()
        assert talk.hung_up().uri == device.uri
    asked = web.told("/own").params
    assert (asked["From"], asked["To"], asked["Direction"]) == (user.shown["sip_uri"], "4930123456", "inbound")
    assert web.told("/over").params["CallUUID"] == asked["CallUUID"]
    record = lab.call("4930123456")
    assert (record["sip_status"], record["caller"]) == (200, user.name)


def test_endpoints_call_each_other(lab: Lab, web: Web, user: User) -> None:
    web.pages["/to"] = f"<Response><Dial><User>{user.shown['sip_uri']}</User></Dial></Response>"
    other = User(lab, lab, username="bob", app_id=lab.application(answer_url=f"{web.url}/to"))
    with user.device() as called, other.device() as calling:
        assert called.register(lab.sip).status == 200
        talk = called_by(calling, lab, "echo")
        b = answered(called)
        talk.connected()
        talk.bye()
        b.hung_up()


def test_an_endpoint_that_nothing_answers(lab: Lab, user: User) -> None:
    with user.device() as device:
        assert called_by(device, lab, "4930123457").refused().status == 480
    assert "has no application" in lab.trace("4930123457")


def test_an_endpoint_with_a_wrong_password_calls_nobody(lab: Lab, user: User) -> None:
    with user.device(password="wrong-42") as device:
        called_by(device, lab, "4930123458")
        assert device.expect("403", method="INVITE")


# With other stacks


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sipp_registers(lab: Lab, user: User, transport: str) -> None:
    words = {"username": user.name, "password": PASSWORD, "status": "200"}
    with Sipp("uac_register", transport=transport, to=lab.server.via, number=user.name, **words) as device:
        device.succeeded()
    if transport == "udp":  # it ends its connection with the scenario
        assert user.shown["sip_user_agent"] == "SIPp"


def test_sipp_with_a_wrong_password(lab: Lab, user: User) -> None:
    words = {"username": user.name, "password": "wrong-42", "status": "403"}
    with Sipp("uac_register", to=lab.server.via, number=user.name, **words) as device:
        device.succeeded()
    assert not user.registered


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_phone_registers_and_is_called(lab: Lab, web: Web, caller: Peer, user: User, transport: str) -> None:
    login = (user.name, PASSWORD)
    with Baresip(user.name, transport=transport, answermode="auto", login=login, registrar=user.domain) as phone:
        for _ in until(10):
            if user.registered:
                break
        assert "baresip" in user.shown["sip_user_agent"]
        talk = caller.call(lab.sip, user.dialled(web))
        talk.connected()
        phone.expect("CALL_ESTABLISHED")
        talk.bye()
        phone.closed()
    assert not user.registered  # it takes its leave


@pytest.fixture(autouse=True)
def _quiet(lab: Lab) -> Iterator[None]:
    """Let every test end with its calls over, so that the next one's numbers are its own."""
    yield
    lab.server.until_empty()
