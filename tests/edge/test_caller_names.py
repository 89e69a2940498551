"""Who calls, by name: what applications hear with `cnam_lookup`, the operator's name service, and what callees see."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.edge.device import proof
from tests.edge.lab import Lab, Tenant, account, until
from tests.edge.peer import Headers, Message, Peer, Talk, sdp, token
from tests.edge.shop import Shop, hosts
from tests.edge.test_registrar import User, called_by
from tests.edge.test_twiml import signed
from tests.edge.web import Asked, Web
from tests.server import run

pytestmark = pytest.mark.outside

LIMIT_S, KEEP_NONE_S, REST_S = 1.5, 2.0, 3.0
LATE_S = 3.0
"""What a busy machine may add to a time limit."""

REFUSE = '<Response><Hangup reason="busy"/></Response>'

Reply = Callable[[BaseHTTPRequestHandler], None]


class Service:
    """The operator's name service. ``replies`` maps a number to how it is answered, by default by ``Name NUMBER``."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.asked: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                number = parse_qs(urlsplit(self.path).query)["number"][0]
                service.asked.append(number)
                service.replies.get(number, says(f'{{"name": "Name {number}"}}'))(self)

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What the operator sets."""
        return f"http://127.0.0.1:{self._server.server_port}/v1?number={{number}}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def until_asked(self, number: str) -> None:
        """Wait until it was asked about a number."""
        for _ in until(5.0):
            if number in self.asked:
                return
        raise AssertionError(f"not asked about {number} but {self.asked}")


def says(body: str | bytes, status: int = 200, **headers: str) -> Reply:
    """Return a reply."""
    data = body if isinstance(body, bytes) else body.encode()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return reply


def silent(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing until the other side leaves."""
    handler.connection.settimeout(60)
    handler.connection.recv(1)
    handler.close_connection = True


def trickling(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, for ever."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.1)
    except OSError:
        handler.close_connection = True


class Place:
    """An installation with a name service, and a number whose application hears who calls."""

    def __init__(self, data: Path) -> None:
        self.service = Service()
        config = data.parent / "trunkline.toml"
        config.write_text(
            f'[cnam]\nurl = "{self.service.url}"\ntimeout_s = {LIMIT_S}\n'
            f"keep_none_s = {KEEP_NONE_S}\nrest_s = {REST_S}\n"
        )
        self.lab = Lab(data, "--config", str(config))
        self._callers = count(14155550200)

    def stop(self) -> None:
        """Stop both."""
        try:
            self.lab.server.until_empty(12.0)
            assert "Traceback" not in self.lab.server.log.read_text()
        finally:
            self.lab.server.stop()
            self.service.stop()

    def new_caller(self) -> str:
        """Return a number of the US that has not called before."""
        return str(next(self._callers))

    def number(self, web: Web, *, lookup: str = "enabled", document: str = REFUSE) -> str:
        """Return a number whose application answers with a document and hears how calls end."""
        path = f"/{token()}"
        web.pages |= {path: document, f"{path}/end": ""}
        number = self.lab.to_application(answer_url=web.url + path, hangup_url=f"{web.url}{path}/end")
        if lookup:
            self.lab.plivo("POST", f"Number/{number}/", {"cnam_lookup": lookup}, expect=202)
        return number


def calling(peer: Peer, place: Place, number: str, sender: str, headers: Headers = ()) -> Talk:
    """Call a number with this From."""
    to = place.lab.sip
    talk = Talk(peer, to, f"{sender};tag={token()}", f"<sip:{number}@{to[0]}>", target=f"sip:{number}@{to[0]}:{to[1]}")
    talk.invite(headers=headers)
    return talk


def heard(peer: Peer, place: Place, web: Web, sender: str, *headers: tuple[str, str], number: str = "") -> str:
    """Call as a From and other headers say; return the name that the application hears of."""
    number = number or place.number(web)
    web.asked.clear()
    assert calling(peer, place, number, sender, headers).refused(LIMIT_S + 4.0).status == 486
    asked = web.wait(lambda a: (a.params["Event"], a.params["To"]) == ("StartApp", number))
    told = web.wait(lambda a: (a.params["Event"], a.params["CallUUID"]) == ("Hangup", asked.params["CallUUID"]))
    assert asked.params["CallerName"] == told.params["CallerName"]
    assert asked.signed_by(place.lab.token)
    return asked.params["CallerName"]


def noted(place: Place, number: str, text: str) -> str:
    """Wait until the newest call's trace says something; return it."""
    trace = ""
    for _ in until(5.0):
        trace = place.lab.trace(number)
        if text in trace:
            return trace
    raise AssertionError(f"{text!r} is not in {trace}")


def plain(number: str) -> str:
    """Return a From without a name."""
    return f"<sip:+{number}@127.0.0.2>"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Give an installation of this module's own."""
    made = Place(tmp_path_factory.mktemp("names") / "data")
    yield made
    made.stop()


# From the headers

PAI, RPID = "P-Asserted-Identity", "Remote-Party-ID"
WHO = "<sip:+14155550100@127.0.0.2>"
NUMBER = "14155550100"


@pytest.mark.parametrize(
    ("sender", "headers", "name"),
    [
        (f'"From Name" {WHO}', (), "From Name"),
        (f"From Name {WHO}", (), "From Name"),
        (
            f'"From" {WHO}',
            ((RPID, f'"Remote" {WHO};party=calling;privacy=off;screen=yes'), (PAI, f'"Pai" {WHO}')),
            "Pai",
        ),
        (f'"From" {WHO}', ((RPID, f'"Remote" {WHO};party=calling;privacy=off'), (PAI, WHO)), "Remote"),
        (f'"From" {WHO}', ((PAI, f'"+{NUMBER}" {WHO}'), (RPID, f'"Remote" {WHO}')), "Remote"),
        (f'"From" {WHO}', ((PAI, f'<tel:+{NUMBER}>, "Second" {WHO}'),), "Second"),
        (f'"From" {WHO}', ((PAI, f"<tel:+{NUMBER}>"), (PAI, f'"Second" {WHO}')), "Second"),
        (f'"From" {WHO}', ((RPID, f'"Called" {WHO};party=called'),), "From"),
        (f'"From" {WHO}', ((RPID, f'"Secret" {WHO};privacy=full'),), "From"),
        (f'"From" {WHO}', ((PAI, f'"Unclosed {WHO}'), (RPID, "<sip:@@>")), "From"),
        (f'"Anonymous" {WHO}', ((PAI, f'"Secret" {WHO}'), ("Privacy", "id")), "Anonymous"),
        (f'"From" {WHO}', ((PAI, f'"Secret" {WHO}'), ("Privacy", "critical; ID")), "From"),
        (f'"From" {WHO}', ((PAI, f'"Pai" {WHO}'), ("Privacy", "none")), "Pai"),
        (f'"{"x" * 80}" {WHO}', (), "x" * 50),
        (f'"Z\u00fcrich \u202eelbon\u200b \u0007\u00a0Ann" {WHO}', (), "Z\u00fcrich elbon Ann"),
        ('"<Response> \\"&\\\\ \'" ' + WHO, (), "<Response> \"&\\ '"),
        (f'"Jos\udce9" {WHO}', (), "Jos?"),
    ],
)
def test_the_name_that_a_call_carries(
    place: Place, web: Web, caller: Peer, *, sender: str, headers: Headers, name: str
) -> None:
    assert heard(caller, place, web, sender, *headers) == name
    assert NUMBER not in place.service.asked, "nobody is asked"


def test_the_trace_says_where_a_name_is_from(place: Place, web: Web, caller: Peer) -> None:
    number = place.number(web)
    heard(caller, place, web, WHO, (PAI, f'"Ann Example" {WHO}'), number=number)
    noted(place, number, "name: Ann Example, from P-Asserted-Identity")


def test_a_dials_action_hears_of_the_name_and_the_callee_of_the_callers_own(
    place: Place, web: Web, caller: Peer, callee: Peer
) -> None:
    web.pages["/ended"] = "<Response/>"
    dial = f'<Response><Dial action="{web.url}/ended"><User>{callee.uri}</User></Dial></Response>'
    number = place.number(web, document=dial)
    calling(caller, place, number, f'"From" {WHO}', ((PAI, f'"Pai" {WHO}'),))
    invite = callee.expect("INVITE")
    assert invite.get("from").startswith('"From" <sip:+14155550100@'), "legs show what From says, as ever"
    callee.answer(invite).reply(invite, 486)
    callee.expect("ACK")
    told = web.told("/ended").params
    assert (told["Event"], told["CallerName"]) == ("DialAction", "Pai")


# Who hears of no name


def test_without_the_lookup_no_name_is_told_and_nobody_is_asked(place: Place, web: Web, caller: Peer) -> None:
    for lookup in ("", "disabled"):
        number, who = place.number(web, lookup=lookup), place.new_caller()
        headers = ((PAI, f'"Pai" {WHO}'), (RPID, f'"Remote" {WHO}'))
        assert heard(caller, place, web, f'"From" {plain(who)}', *headers, number=number) == who
        assert heard(caller, place, web, plain(who), number=number) == who
        assert who not in place.service.asked


def test_a_number_that_cannot_have_the_lookup(place: Place, web: Web, caller: Peer) -> None:
    """It is not of the US: its application hears of what the call carries, and nobody is asked."""
    number, who = place.new_caller().replace("1415555", "49309018"), place.new_caller()
    web.pages |= {"/abroad": REFUSE, "/abroad/end": ""}
    hooks = {"answer_url": f"{web.url}/abroad", "hangup_url": f"{web.url}/abroad/end"}
    body = {"numbers": number, "carrier": place.lab.carrier_id, "region": "lab"}
    place.lab.plivo("POST", "Number/", body | {"app_id": place.lab.application(**hooks)}, expect=202)
    place.lab.plivo("POST", f"Number/{number}/", {"cnam_lookup": "enabled"}, expect=400)
    assert heard(caller, place, web, f'"From" {plain(who)}', number=number) == "From"
    assert heard(caller, place, web, plain(who), number=number) == who
    assert who not in place.service.asked


@pytest.mark.parametrize(
    ("sender", "headers", "name"),
    [
        ("<sip:+4930901820@127.0.0.2>", (), "4930901820"),
        ("<sip:+14165550100@127.0.0.2>", (), "14165550100"),
        ("<sip:anonymous@anonymous.invalid>", (), "anonymous"),
        ("<sip:+14155550199@127.0.0.2>", (("Privacy", "id"),), "14155550199"),
    ],
)
def test_of_whom_nobody_is_asked(
    place: Place, web: Web, caller: Peer, *, sender: str, headers: Headers, name: str
) -> None:
    before = list(place.service.asked)
    assert heard(caller, place, web, sender, *headers) == name
    assert place.service.asked == before


# From the name service


def test_the_name_that_the_service_knows_is_asked_for_once(place: Place, web: Web, caller: Peer) -> None:
    who, number = place.new_caller(), place.number(web)
    for _ in range(2):
        assert heard(caller, place, web, plain(who), number=number) == f"Name {who}"
    assert place.service.asked.count(who) == 1
    noted(place, number, "the name source has said before")
    assert heard(caller, place, web, f'"+{who}" {plain(who)}') == f"Name {who}", "a number is no name"


def test_that_a_number_has_no_name_is_kept_for_a_while(place: Place, web: Web, caller: Peer) -> None:
    who, number = place.new_caller(), place.number(web)
    place.service.replies[who] = says("", 404)
    began = time.monotonic()
    assert heard(caller, place, web, plain(who), number=number) == who
    assert heard(caller, place, web, plain(who), number=number) == who
    if time.monotonic() - began < KEEP_NONE_S:  # else the machine has stood still
        assert place.service.asked.count(who) == 1
    del place.service.replies[who]
    for _ in until(KEEP_NONE_S + LATE_S, 0.3):
        if heard(caller, place, web, plain(who), number=number) == f"Name {who}":
            return
    raise AssertionError("not asked again")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (says("Ann Example"), "no JSON object"),
        (says(b'{"name": "Jos\xe9"}'), "no JSON object"),
        (says('{"name": "' + "x" * 5000 + '"}'), "too long an answer"),
        (says('{"name": "Ann"}', 500), "answered 500"),
        (says("", 302, Location="/v1?number=14155550198"), "answered 302"),
        (silent, "no answer within 1.5 s"),
        (trickling, "no answer within 1.5 s"),
    ],
)
def test_without_an_answer_calls_go_on(place: Place, web: Web, caller: Peer, reply: Reply, why: str) -> None:
    who, number = place.new_caller(), place.number(web)
    place.service.replies[who] = reply
    began = time.monotonic()
    assert heard(caller, place, web, plain(who), number=number) == who
    took = time.monotonic() - began
    assert took < LIMIT_S + LATE_S
    if "within" in why:
        assert took >= LIMIT_S - 0.1
    line = next(line for line in noted(place, number, why).splitlines() if line.startswith("name: "))
    assert "127.0.0.1" not in line, "tenants read it"
    assert "14155550198" not in place.service.asked, "redirects are not followed"
    assert heard(caller, place, web, plain(place.new_caller())).startswith("Name "), "one failure changes nothing else"


def test_the_service_rests_after_failures(place: Place, web: Web, caller: Peer) -> None:
    number = place.number(web)
    failing, spared = [place.new_caller() for _ in range(3)], place.new_caller()
    for who in failing:
        place.service.replies[who] = says("", 500)
        assert heard(caller, place, web, plain(who), number=number) == who
    rested = time.monotonic()
    assert heard(caller, place, web, plain(spared), number=number) == spared
    if time.monotonic() - rested < REST_S:  # else the machine has stood still
        assert spared not in place.service.asked
        noted(place, number, "the name source rests")
    for _ in until(REST_S + LATE_S, 0.3):
        if heard(caller, place, web, plain(spared), number=number) == f"Name {spared}":
            return
    raise AssertionError("it rests for ever")


def test_calls_at_once_share_one_request_and_others_go_on(place: Place, web: Web, caller: Peer) -> None:
    """The edge answers others while the service takes its time."""
    who, number, answer = place.new_caller(), place.number(web), threading.Event()

    def late(handler: BaseHTTPRequestHandler) -> None:
        answer.wait(20)
        says('{"name": "Late"}')(handler)

    place.service.replies[who] = late
    with Peer("127.0.0.2") as other:
        calls = [calling(other, place, number, plain(who)) for _ in range(5)]
        place.service.until_asked(who)
        began = time.monotonic()
        assert heard(caller, place, web, f'"Ann" {WHO}') == "Ann"
        if time.monotonic() - began < LIMIT_S / 2:  # else it gave up meanwhile, and rightly so
            answer.set()
            for _ in calls:
                refusal = other.expect("486")
                next(c for c in calls if c.call_id == refusal.get("call-id")).acknowledge(refusal)
            told = [a.params["CallerName"] for a in web.asked if a.params["Event"] == "StartApp"]
            assert sorted(told) == ["Ann", *["Late"] * 5]
        answer.set()
    assert place.service.asked.count(who) == 1


def test_a_caller_that_gives_up_while_its_name_is_asked(place: Place, web: Web, caller: Peer) -> None:
    who, number = place.new_caller(), place.number(web)
    place.service.replies[who] = silent
    talk = calling(caller, place, number, plain(who))
    place.service.until_asked(who)
    talk.cancel()
    assert talk.refused().status == 487
    told: Asked = web.wait(lambda a: (a.params["Event"], a.params["To"]) == ("Hangup", number))
    assert told.params["CallerName"] == who
    assert not [a for a in web.asked if (a.params["Event"], a.params["To"]) == ("StartApp", number)]
    assert heard(caller, place, web, plain(place.new_caller())).startswith("Name ")


def test_a_service_that_nobody_listens_at(tmp_path: Path, web: Web, caller: Peer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/{{number}}"
        lab = Lab(tmp_path / "data", TRUNKLINE_CNAM_URL=url)
        try:
            web.pages["/deaf"] = REFUSE
            number = lab.to_application(answer_url=f"{web.url}/deaf")
            lab.plivo("POST", f"Number/{number}/", {"cnam_lookup": "enabled"}, expect=202)
            assert caller.call(lab.sip, number).refused().status == 486
            assert web.told("/deaf").params["CallerName"] == NUMBER
            assert "the name source cannot be reached" in lab.trace(number)
        finally:
            lab.server.stop()


# What callees see


def confirmed(tenant: Tenant, number: str, name: str) -> None:
    """Give a number a confirmed caller name."""
    tenant.plivo("POST", f"Number/{number}/", {"cnam": name}, expect=202)
    run("cnam", "confirm", number, "--data", str(tenant.server.data))


def shown_by(callee: Peer) -> str:
    """Refuse the next INVITE; return its From up to the host."""
    invite: Message = callee.expect("INVITE")
    callee.answer(invite).reply(invite, 486)
    callee.expect("ACK")
    return invite.get("from").partition("@")[0]


def test_a_confirmed_name_is_shown_with_its_number(place: Place, web: Web, caller: Peer, callee: Peer) -> None:
    number = place.number(web)
    path = urlsplit(str(place.lab.plivo("GET", f"Number/{number}/")["application"])).path

    def dialling(**attributes: str) -> str:
        given = "".join(f' {name}="{value}"' for name, value in attributes.items())
        app_id = path.rstrip("/").rpartition("/")[2]
        web.pages["/show"] = f"<Response><Dial{given}><User>{callee.uri}</User></Dial></Response>"
        place.lab.plivo("POST", f"Application/{app_id}/", {"answer_url": f"{web.url}/show"})
        talk = calling(caller, place, number, f'"Stranger" {WHO}')
        seen = shown_by(callee)
        assert talk.refused().status == 486
        return seen

    own = f"<sip:+{number}"
    assert dialling() == '"Stranger" <sip:+14155550100'
    place.lab.plivo("POST", f"Number/{number}/", {"cnam": "Example Ltd"}, expect=202)
    assert dialling(callerId=number) == f'"Stranger" {own}', "asked for, not confirmed"
    run("cnam", "confirm", number, "--data", str(place.lab.server.data))
    assert dialling(callerId=number) == f'"Example Ltd" {own}'
    assert dialling(callerId=f"+{number}", callerName="Ann &amp; Bob") == f'"Ann & Bob" {own}', "the document's wins"
    assert dialling() == '"Stranger" <sip:+14155550100', "another number is shown"
    place.lab.plivo("POST", f"Number/{number}/", {"cnam": ""}, expect=202)
    assert dialling(callerId=number) == f'"Stranger" {own}', "taken away"


def test_an_own_number_that_calls_shows_its_name_where_the_document_says_so(
    place: Place, web: Web, caller: Peer, callee: Peer
) -> None:
    """From alone proves nothing: a stranger who writes an account's number there does not get its name."""
    mine = place.lab.number(place.lab.carrier_id)
    confirmed(place.lab, mine, "Mine")
    for attributes, name in ((f' callerId="{mine}"', "Mine"), ("", "Stranger")):
        dial = f"<Response><Dial{attributes}><User>{callee.uri}</User></Dial></Response>"
        talk = calling(caller, place, place.number(web, document=dial), f'"Stranger" {plain(mine)}')
        assert shown_by(callee) == f'"{name}" <sip:+{mine}'
        assert talk.refused().status == 486


def test_an_endpoint_that_calls_out_by_a_number_with_a_name(place: Place, web: Web) -> None:
    """Through the account's gateway; a subaccount's number is within reach of its main account."""
    own = place.lab.tenant("Phones")
    branch = place.lab.tenant("Branch", parent=own.id)
    shown = own.number(own.carrier("127.0.0.9", name="in"))
    own.plivo("POST", f"Number/{shown}/", {"subaccount": branch.auth_id})
    confirmed(branch, shown, "Example Ltd")
    web.pages |= {"/out": f'<Response><Dial callerId="{shown}"><Number>4930123456</Number></Dial></Response>'}
    user = User(place.lab, own, app_id=own.application(answer_url=f"{web.url}/out"))
    with Peer("127.0.0.6") as carrier, user.device() as device:
        gateway = {"address": carrier.ip, "port": carrier.port, "inbound": False, "outbound": True}
        own.native_carrier(gateways=[gateway], name="out")
        talk = called_by(device, place.lab, "4930123456")
        assert shown_by(carrier) == f'"Example Ltd" <sip:+{shown}'
        assert talk.refused().status == 486


def test_an_endpoint_names_itself(place: Place, web: Web) -> None:
    """By From; an identity is asserted by carriers only, and nobody is asked."""
    web.pages |= {"/self": REFUSE, "/self/end": ""}
    hooks = {"answer_url": f"{web.url}/self", "hangup_url": f"{web.url}/self/end"}
    user = User(place.lab, place.lab, app_id=place.lab.application(**hooks))
    before = list(place.service.asked)
    with user.device() as device:
        talk = device.call(place.lab.sip, "4930123457")
        talk.mine = f'"Desk 7" {talk.mine}'
        asked = device.expect("401").get("www-authenticate")
        login = device.words.username, device.words.password
        claims = ((PAI, f'"The Bank" {WHO}'), ("Authorization", proof(asked, "INVITE", talk.target, login)))
        talk.invite(headers=claims, body=sdp(1))
        assert talk.refused().status == 486
    assert web.told("/self").params["CallerName"] == "Desk 7"
    assert place.service.asked == before


# What Twilio's dialect says of names: VoiceCallerIdLookup of an application, CnamLookupEnabled of a trunk


@pytest.fixture
def shop(place: Place) -> Shop:
    """Give an account that asks Twilio's APIs."""
    return Shop(place.lab, account(place.lab.server, "Shop"), place.lab.sip)


def name_told(shop: Shop, place: Place, web: Web, path: str, *, number: str, who: str) -> str | None:
    """Call a number from another one; return the CallerName that a path is told, None where there is none."""
    web.asked.clear()
    with Peer(shop.source) as peer:
        assert calling(peer, place, number, plain(who)).refused(LIMIT_S + 4.0).status == 486
    asked = web.told(path)
    assert signed(asked, shop.twilio_token)
    return asked.params.get("CallerName")


BUSY = '<Response><Reject reason="busy"/></Response>'


@pytest.mark.parametrize("of_us", [True, False])
def test_the_lookup_of_an_application(place: Place, web: Web, shop: Shop, *, of_us: bool) -> None:
    """Whatever its number says, which may be of another country; a caller of the US is asked about."""
    path = f"/{token()}"
    web.pages[path] = BUSY
    carrier, number = shop.carrier(shop.source), f"1415577{next(hosts):04}" if of_us else f"49309018{next(hosts):04}"
    shop.plivo("POST", "Number/", {"numbers": number, "carrier": carrier, "region": "lab"}, expect=202)
    form = {"VoiceUrl": web.url + path, "VoiceCallerIdLookup": "true"}
    application = shop.twilio("POST", shop.mine("/Applications"), form, expect=201)["sid"]
    one = shop.mine(f"/IncomingPhoneNumbers/{shop.sid_of(number)}")
    shop.twilio("POST", one, {"VoiceApplicationSid": application})
    who, other = place.new_caller(), place.new_caller()
    assert name_told(shop, place, web, path, number=number, who=who) == f"Name {who}"
    shop.twilio("POST", shop.mine(f"/Applications/{application}"), {"VoiceCallerIdLookup": "false"})
    assert name_told(shop, place, web, path, number=number, who=other) is None
    assert other not in place.service.asked
    if of_us:
        shop.twilio("POST", one, {"VoiceCallerIdLookup": "true"})
        assert name_told(shop, place, web, path, number=number, who=other) == f"Name {other}"


def test_the_lookup_of_a_trunk_whose_recovery_is_asked(place: Place, web: Web, shop: Shop) -> None:
    path = f"/{token()}"
    web.pages[path] = BUSY
    trunk = shop.made_trunk()
    shop.twilio("POST", trunk, {"DisasterRecoveryUrl": web.url + path, "CnamLookupEnabled": "true"})
    number, who, other = shop.number_on(trunk), place.new_caller(), place.new_caller()
    assert name_told(shop, place, web, path, number=number, who=who) == f"Name {who}"
    shop.twilio("POST", trunk, {"CnamLookupEnabled": "false"})
    assert name_told(shop, place, web, path, number=number, who=other) is None
