"""Carriers that prove themselves by credentials, from outside: realms, account domains, refusals, slow guessing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.edge.baresip import Baresip
from tests.edge.device import Device
from tests.edge.guard import fields
from tests.edge.lab import Lab, Tenant, command, until
from tests.edge.peer import Message, Peer, Talk, sdp, token
from tests.edge.sipp import Sipp
from tests.edge.test_transports import Stream
from trunkline.core.sip_domains import sip_domain
from trunkline.sip.guesses import FREE_OF_SOURCE, FREE_OF_USER
from trunkline.sip.tcp import MAX_OF_STRANGER

pytestmark = pytest.mark.outside

PASSWORD = "correct-horse"
NONCE_S = 3
IP_ONLY = "127.0.0.1"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give an installation of its own: an `auth` carrier changes what unknown sources are answered."""
    made = Lab(tmp_path_factory.mktemp("auth") / "data", TRUNKLINE_SIP_NONCE_S=str(NONCE_S))
    yield made
    made.server.until_empty()
    assert "Traceback" not in made.server.log.read_text()
    made.server.stop()


class Trunk:
    """A tenant with an `auth` carrier, a phone that answers its number's calls, and its SIP domain."""

    def __init__(self, tenant: Tenant, target: str, user: str = "", password: str = PASSWORD, **more: Any) -> None:
        self.tenant, self.user, self.password = tenant, user or f"u{token()}", password
        auth = {"username": self.user, "password": password}
        self.id = tenant.native_carrier(kind="auth", name=f"t{token()}", inbound_auth=auth, **more)
        serial = tenant.plivo("GET", f"IncomingCarrier/?name={self._name()}")["objects"][0]["carrier_id"]
        self.number = tenant.number(serial, trunk=tenant.trunk(target))
        self.domain = sip_domain(tenant.auth_id[2:], "127.0.0.1")

    def _name(self) -> str:
        return str(self.tenant.native("GET", f"carriers/{self.id}")["name"])

    def sipp(self, lab: Lab, scenario: str, ip: str, **more: Any) -> Sipp:
        """Start SIPp as this carrier."""
        words = {"host": IP_ONLY, "username": self.user, "password": self.password} | more
        return Sipp(scenario, ip=ip, to=lab.server.via, number=self.number, **words)


@pytest.fixture
def trunk(lab: Lab) -> Iterator[Trunk]:
    """Give a new tenant with a carrier whose calls SIPp answers."""
    with Sipp("uas_answer", calls=1_000, seconds=120) as phone:
        yield Trunk(lab.tenant(f"T{token()}"), phone.uri)


def answer(challenge: Message, uri: str, user: str, password: str = PASSWORD, **parts: str) -> str:
    """Return the credentials that answer a challenge (RFC 7616), worked out here; ``parts`` replace theirs."""
    offered = [fields(value) for value in challenge.all("www-authenticate")]
    algorithm = parts.pop("algorithm", "MD5")
    given = next((one for one in offered if one["algorithm"] == algorithm), offered[0]) | parts
    make = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm]

    def digest(*texts: str) -> str:
        return make(":".join(texts).encode()).hexdigest()

    cnonce, nc, qop = parts.get("cnonce", token()), parts.get("nc", "00000001"), parts.get("qop", "auth")
    acted = digest("INVITE", uri, make(sdp(1).encode()).hexdigest()) if qop == "auth-int" else digest("INVITE", uri)
    response = digest(digest(user, given["realm"], password), given["nonce"], nc, cnonce, qop, acted)
    return (
        f'Digest username="{user}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm={algorithm}, qop={qop}, nc={nc}, cnonce="{cnonce}"'
    )


def invite(peer: Peer, lab: Lab, uri: str, authorization: str = "") -> Talk:
    """Send an INVITE for a URI, whatever host it names."""
    talk = Talk(peer, lab.sip, f"<sip:+14155550100@{peer.ip}>;tag={token()}", f"<{uri}>")
    talk.target = uri
    talk.invite(headers=(("Authorization", authorization),))
    return talk


def challenged(peer: Peer, lab: Lab, uri: str) -> Message:
    """Send an INVITE without credentials and return its challenge."""
    refusal = invite(peer, lab, uri).refused()
    assert refusal.status == 401
    return refusal


def tried(peer: Peer, lab: Lab, uri: str, user: str, password: str = PASSWORD, **parts: str) -> Message:
    """Answer a fresh challenge, and return what comes of it: a refusal, or the 200 of a call that is hung up."""
    return final(peer, invite(peer, lab, uri, answer(challenged(peer, lab, uri), uri, user, password, **parts)))


def final(peer: Peer, talk: Talk) -> Message:
    """Return the final answer to an INVITE; a call that is answered is hung up."""
    for _ in until(5, 0):
        message = peer.next(1.0)
        if message is None or message.method != "INVITE" or message.status < 200:
            continue
        if message.status >= 300:
            talk.acknowledge(message)
        else:
            talk.take(message)
            talk.ack(message.cseq)
            talk.bye()
        return message
    raise AssertionError("no final answer")


# A carrier's own stack: SIPp


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("where", ["ip only", "ip only, user with domain", "account domain", "domain with user"])
def test_good_credentials(lab: Lab, trunk: Trunk, transport: str, where: str) -> None:
    host = trunk.domain if "account domain" in where or "domain with" in where else IP_ONLY
    user = f"{trunk.user}@{trunk.domain}" if "with" in where else trunk.user
    ip = "127.0.0.61" if transport == "udp" else "127.0.0.62"
    with trunk.sipp(lab, "uac_auth", ip, host=host, username=user, transport=transport, calls=5) as carrier:
        carrier.succeeded(5)
    assert "credentials match" in trunk.tenant.trace(trunk.number)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("host", ["ip", "domain"])
def test_wrong_password_and_unknown_user_are_the_same_outside(
    lab: Lab, trunk: Trunk, transport: str, host: str
) -> None:
    """The operator's trace tells one from the other."""
    words = {"host": trunk.domain if host == "domain" else IP_ONLY, "status": "403", "transport": transport}
    with trunk.sipp(lab, "uac_auth_refused", "127.0.0.63", password="guess", **words) as carrier:
        carrier.succeeded()
    for _ in until(5):
        told = text(lab.unclaimed("credentials_wrong", source="127.0.0.63", number=trunk.number))
        if "password" in told:
            break
    assert f'password of user "{trunk.user}" is wrong (carrier {trunk.id})' in told
    with trunk.sipp(lab, "uac_auth_refused", "127.0.0.64", username="nobody", **words) as carrier:
        carrier.succeeded()
    told = text(lab.unclaimed("credentials_wrong", source="127.0.0.64", number=trunk.number))
    assert 'nobody has the user name "nobody"' in told
    with Peer("127.0.0.65") as peer:
        uri = f"sip:{trunk.number}@{words['host']}"
        wrong, unknown = (tried(peer, lab, uri, *user) for user in ((trunk.user, "guess"), ("nobody", "guess")))
    for one in (wrong, unknown):
        one.headers = [(n, v) for n, v in one.headers if n not in ("via", "from", "to", "call-id", "cseq")]
    assert (wrong.start, wrong.headers, wrong.body) == (unknown.start, unknown.headers, unknown.body)


def test_a_nonce_that_is_too_old(lab: Lab, trunk: Trunk) -> None:
    pause = str((NONCE_S + 1) * 1_000)
    with trunk.sipp(lab, "uac_auth_stale", "127.0.0.66", pause=pause, seconds=25) as carrier:
        carrier.succeeded()


def text(row: dict[str, Any]) -> str:
    """Return a trace as one text."""
    return "\n".join(f"{step['part']}: {step['text']}" for step in row["trace"])


# Realms and accounts


def test_the_realm_follows_the_request_uri(lab: Lab, trunk: Trunk) -> None:
    """An account that does not exist is challenged as one that does; any other host is the platform's."""
    nobody = sip_domain("ZZZZZZZZZZZZZZZZZZ", "127.0.0.1")
    hosts = {
        IP_ONLY: "trunkline",
        "sip.customer.example": "trunkline",
        trunk.domain: trunk.domain,
        f"{trunk.domain.upper()}.": trunk.domain,
        nobody: nobody,
        f"x.{trunk.domain}": "trunkline",
    }
    with Peer("127.0.0.67") as peer:
        for host, realm in hosts.items():
            uri = f"sip:{trunk.number}@{host}"
            given = fields(challenged(peer, lab, uri).get("www-authenticate"))
            assert (given["realm"], given["algorithm"], given["qop"]) == (realm, "MD5", "auth")
            assert tried(peer, lab, uri, trunk.user).status == (403 if host == nobody else 200)


def test_equal_user_names_in_their_own_domains(lab: Lab) -> None:
    """Each account's password opens its own number only, at its own domain and with its domain at the address."""
    with Sipp("uas_answer", calls=100, seconds=60) as phone, Peer("127.0.0.68") as peer:
        one = Trunk(lab.tenant("One"), phone.uri, "same", "password-1")
        two = Trunk(lab.tenant("Two"), phone.uri, "same", "password-2")
        for own, other in ((one, two), (two, one)):
            at = f"sip:{own.number}@{own.domain}"
            assert tried(peer, lab, at, "same", own.password).status == 200
            assert tried(peer, lab, at, "same", other.password).status == 403
            assert tried(peer, lab, at, f"same@{other.domain}", other.password).status == 403
            plain = f"sip:{own.number}@{IP_ONLY}"
            assert tried(peer, lab, plain, f"same@{own.domain}", own.password).status == 200
            assert tried(peer, lab, plain, f"same@{other.domain}", own.password).status == 403
            assert tried(peer, lab, plain, "same", own.password).status == 200
            crossing = f"sip:{other.number}@{own.domain}"
            assert tried(peer, lab, crossing, "same", own.password).status == 403


def test_the_carrier_of_an_account_above(lab: Lab) -> None:
    """It serves at the domain of the account below; the one below serves nothing at the domain above."""
    above = lab.tenant("Above")
    below = lab.tenant("Below", parent=above.id)
    with Sipp("uas_answer", calls=20, seconds=60) as phone, Peer("127.0.0.69") as peer:
        high, low = Trunk(above, phone.uri, "high"), Trunk(below, phone.uri, "low")
        assert tried(peer, lab, f"sip:{high.number}@{low.domain}", "high").status == 200
        assert tried(peer, lab, f"sip:{low.number}@{low.domain}", "low").status == 200
        assert tried(peer, lab, f"sip:{low.number}@{high.domain}", "low").status == 403


def test_user_names_with_an_at_sign(lab: Lab) -> None:
    """A name may hold one; a host that a client adds by itself does no harm."""
    with Sipp("uas_answer", calls=20, seconds=60) as phone, Peer("127.0.0.70") as peer:
        trunk = Trunk(lab.tenant("At"), phone.uri, "joe@acme.example")
        uri = f"sip:{trunk.number}@{IP_ONLY}"
        assert tried(peer, lab, uri, "joe@acme.example").status == 200
        assert tried(peer, lab, uri, f"joe@acme.example@{trunk.domain}").status == 200
        plain = Trunk(trunk.tenant, phone.uri, "jane")
        assert tried(peer, lab, f"sip:{plain.number}@{IP_ONLY}", f"jane@{IP_ONLY}").status == 200


# What is no proof


def test_a_replay(lab: Lab, trunk: Trunk) -> None:
    """The same count again is stale, whatever else is the same; the next count is good."""
    uri = f"sip:{trunk.number}@{trunk.domain}"
    with Peer("127.0.0.71") as peer, Peer("127.0.0.72") as thief:
        challenge = challenged(peer, lab, uri)
        proof = answer(challenge, uri, trunk.user)
        assert final(peer, invite(peer, lab, uri, proof)).status == 200
        for again in (proof, answer(challenge, uri, trunk.user)):
            refusal = final(peer, invite(peer, lab, uri, again))
            assert (refusal.status, fields(refusal.get("www-authenticate"))["stale"]) == (401, "true")
        assert "used before" in text(lab.unclaimed("credentials_stale", source=peer.ip))
        assert final(peer, invite(peer, lab, uri, answer(challenge, uri, trunk.user, nc="00000002"))).status == 200
        assert final(thief, invite(thief, lab, uri, answer(challenge, uri, trunk.user, nc="00000003"))).status == 401
        assert "another source" in text(lab.unclaimed("credentials_stale", source=thief.ip))


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"qop": "auth-int"}, "qop auth-int was not offered"),
        ({"algorithm": "SHA-256"}, "algorithm SHA-256 was not offered"),
        ({"nc": "0"}, "nonce count"),
    ],
)
def test_forms_that_were_not_offered(lab: Lab, trunk: Trunk, parts: dict[str, str], says: str) -> None:
    with Peer("127.0.0.73") as peer:
        assert tried(peer, lab, f"sip:{trunk.number}@{IP_ONLY}", trunk.user, **parts).status == 403
        assert says in text(lab.unclaimed("credentials_wrong", source=peer.ip, number=trunk.number))


def test_algorithms_and_downgrade(tmp_path: Path) -> None:
    """Both where both are offered, the better one first; where SHA-256 alone is, MD5 is refused."""
    for offered, md5 in (("SHA-256,MD5", 200), ("SHA-256", 403)):
        strict = Lab(tmp_path / f"data-{offered}", TRUNKLINE_SIP_DIGEST_ALGORITHMS=offered)
        try:
            with Sipp("uas_answer", calls=4, seconds=60) as phone, Peer("127.0.0.74") as peer:
                trunk = Trunk(strict, phone.uri)
                uri = f"sip:{trunk.number}@{trunk.domain}"
                asked = [fields(v)["algorithm"] for v in challenged(peer, strict, uri).all("www-authenticate")]
                assert asked == offered.split(",")
                assert tried(peer, strict, uri, trunk.user, algorithm="SHA-256").status == 200
                assert tried(peer, strict, uri, trunk.user, algorithm="MD5").status == md5
        finally:
            strict.server.stop()


def test_by_address_never(lab: Lab, trunk: Trunk) -> None:
    """Nor by the address of one of its own gateways, at any host."""
    trunk.tenant.native("POST", f"carriers/{trunk.id}/gateways", {"address": "127.0.0.75"})
    with Peer("127.0.0.75") as peer:
        for host in (IP_ONLY, trunk.domain):
            challenged(peer, lab, f"sip:{trunk.number}@{host}")
        assert tried(peer, lab, f"sip:{trunk.number}@{trunk.domain}", trunk.user).status == 200


# Guessing


def test_a_flood_of_guesses_beside_the_carrier(lab: Lab, trunk: Trunk) -> None:
    """From elsewhere, and from the carrier's own address: all of its calls succeed meanwhile."""
    with trunk.sipp(lab, "uac_auth", "127.0.0.76") as first:
        first.succeeded()
    with ExitStack() as stack:
        floods = [
            stack.enter_context(
                trunk.sipp(lab, "uac_auth_refused", ip, password="guess", status="403", calls=200, rate=50, seconds=40)
            )
            for ip in ("127.0.0.76", "127.0.0.77")
        ]
        with trunk.sipp(lab, "uac_auth", "127.0.0.76", calls=40, rate=10, seconds=40) as carrier:
            carrier.succeeded(40)
        for flood in floods:
            flood.succeeded(200)
    told = text(lab.unclaimed("credentials_unchecked", source="127.0.0.77"))
    assert "too many wrong ones from 127.0.0.77" in told


def test_nobody_is_banned_for_a_challenge(lab: Lab, trunk: Trunk) -> None:
    """Nor for answers to nonces that are not ours, however many."""
    uri = f"sip:{trunk.number}@{trunk.domain}"
    with Peer("127.0.0.92") as peer:
        for _ in range(3 * FREE_OF_SOURCE):
            forged = answer(challenged(peer, lab, uri), uri, trunk.user, "guess", nonce=f"{token()}.x.y")
            assert final(peer, invite(peer, lab, uri, forged)).status == 401
        assert tried(peer, lab, uri, trunk.user).status == 200


def test_a_source_is_heard_again_after_its_wait(lab: Lab, trunk: Trunk) -> None:
    """A right answer among too many wrong ones is not looked at, and looks the same; it is right after the wait."""
    uri = f"sip:{trunk.number}@{IP_ONLY}"
    with Peer("127.0.0.78") as peer:
        for _ in range(FREE_OF_SOURCE + 2):
            assert tried(peer, lab, uri, token(), "guess").status == 403
        refused = tried(peer, lab, uri, trunk.user)
        assert refused.status == 403
        assert "again in" in text(lab.unclaimed("credentials_unchecked", source=peer.ip))
        for _ in until(15, 0.5):
            if tried(peer, lab, uri, trunk.user).status == 200:
                break
        else:
            raise AssertionError("never heard again")


def test_guesses_at_one_user_from_many_sources(lab: Lab, trunk: Trunk) -> None:
    """A new source has to wait, the usual one and one of the carrier's own gateways have not."""
    uri = f"sip:{trunk.number}@{trunk.domain}"
    trunk.tenant.native("POST", f"carriers/{trunk.id}/gateways", {"address": "127.0.0.90"})
    with Peer("127.0.0.79") as usual, Peer("127.0.0.90") as listed, Peer("127.0.0.91") as new:
        assert tried(usual, lab, uri, trunk.user).status == 200
        for place in range(FREE_OF_USER // 8 + 2):
            with Peer(f"127.0.1.{place + 1}") as guesser:
                for _ in range(8):
                    assert tried(guesser, lab, uri, trunk.user, "guess").status == 403
        assert tried(new, lab, uri, trunk.user).status == 403
        assert tried(usual, lab, uri, trunk.user).status == 200
        assert tried(listed, lab, uri, trunk.user).status == 200
        assert f'for "{trunk.user}"' in text(lab.unclaimed("credentials_unchecked", source=new.ip))


def test_an_own_carrier_of_the_same_name_is_no_way_to_guess(lab: Lab, trunk: Trunk) -> None:
    """The source is usual for that one only: guesses at the namesake of another account are counted, and wait."""
    own = Trunk(lab.tenant("Guesser"), "sip:127.0.0.1:9", user=trunk.user, password="another-horse")
    uri = f"sip:{trunk.number}@{IP_ONLY}"
    with Peer("127.0.0.93") as guesser:
        assert tried(guesser, lab, uri, own.user, own.password).status == 403, "right, but not for this number"
        for _ in range(FREE_OF_SOURCE + 3):
            assert tried(guesser, lab, uri, trunk.user, "guess").status == 403
        assert tried(guesser, lab, uri, trunk.user).status == 403, "right, and not looked at"
        mine = tried(guesser, lab, f"sip:{own.number}@{IP_ONLY}", own.user, own.password)
        assert mine.status != 403, "its own carrier is heard all the while"


# What else the connection and `explain` tell


def test_a_connection_that_has_proven_itself_is_no_strangers(lab: Lab, trunk: Trunk) -> None:
    """A stranger has few connections; those over which a carrier has proven itself do not count among them."""
    trunk.tenant.native("PATCH", f"numbers/{trunk.number}", {"trunk_id": None})
    uri = f"sip:{trunk.number}@{trunk.domain}"
    with ExitStack() as stack:
        for _ in range(MAX_OF_STRANGER + 2):
            stream = Stream(lab.server.via, "127.0.0.80")
            stack.callback(stream.close)
            challenge = said_over(stream, uri)
            assert challenge.status == 401
            assert said_over(stream, uri, answer(challenge, uri, trunk.user)).status == 480


def said_over(stream: Stream, uri: str, authorization: str = "") -> Message:
    """Send an INVITE over a connection, and return its refusal."""
    lines = [
        f"INVITE {uri} SIP/2.0",
        f"Via: SIP/2.0/TCP 127.0.0.80:5060;branch=z9hG4bK{token()}",
        f"From: <sip:1@127.0.0.80>;tag={token()}",
        f"To: <{uri}>",
        f"Call-ID: {token()}",
        "CSeq: 1 INVITE",
        "Contact: <sip:1@127.0.0.80;transport=tcp>",
        "Max-Forwards: 70",
        *([f"Authorization: {authorization}"] if authorization else []),
        "Content-Length: 0",
    ]
    stream.sock.sendall("\r\n".join([*lines, "", ""]).encode())
    while (message := stream.read()).status < 200:
        pass
    return message


def test_guesses_at_endpoints_by_register(lab: Lab) -> None:
    """They are slowed like those of calls, and with those of calls from there; a device that was right is not."""
    tenant = lab.tenant("Devices")
    body = {"username": "phone", "password": "hello-42", "alias": "phone"}
    user = str(tenant.plivo("POST", "Endpoint/", body, expect=201)["username"])
    with (
        Device(user, "hello-42", IP_ONLY, "127.0.0.84") as good,
        Device(user, "guess", IP_ONLY, "127.0.0.84") as bad,
        Device(user, "hello-42", IP_ONLY, "127.0.0.85") as late,
        Device("nobody", "guess", IP_ONLY, "127.0.0.85") as stranger,
    ):
        assert good.register(lab.sip).status == 200
        for guesser in (bad, stranger):
            for _ in range(FREE_OF_SOURCE + 3):
                assert guesser.register(lab.sip).status == 403
        assert late.register(lab.sip).status == 403
        assert good.register(lab.sip).status == 200


def test_stealth_hides_from_strangers_only(tmp_path: Path) -> None:
    """A carrier whose addresses are known is asked for its credentials; nobody else is told anything."""
    hidden = Lab(tmp_path / "data", TRUNKLINE_SIP_STEALTH="true")
    try:
        with Sipp("uas_answer", calls=4, seconds=60) as phone, Peer("127.0.0.86") as peer, Peer("127.0.0.87") as other:
            trunk = Trunk(hidden.tenant("Hidden"), phone.uri, gateways=[{"address": "127.0.0.86"}])
            uri = f"sip:{trunk.number}@{IP_ONLY}"
            assert tried(peer, hidden, uri, trunk.user).status == 200
            assert tried(peer, hidden, uri, trunk.user, "guess").status == 403
            invite(other, hidden, uri, answer(challenged(peer, hidden, uri), uri, trunk.user))
            other.quiet(0.5, "401")
    finally:
        hidden.server.stop()


def test_explain_says_what_would_be_asked(lab: Lab, trunk: Trunk) -> None:
    said = lab.explain("127.0.0.82", f"{trunk.number}@{trunk.domain}")
    assert (said["verdict"], said["sip_status"], said["to"]) == ("credentials_missing", 401, f"+{trunk.number}")
    assert f'asked: digest for realm "{trunk.domain}" with MD5' in text(said)
    asked = lab.house.native("POST", "explain", {"source": "127.0.0.82", "to": trunk.number})
    assert 'asked: digest for realm "trunkline" with MD5; user name: user@' in text(asked)
    with Peer("127.0.0.82") as peer:
        challenged(peer, lab, f"sip:{trunk.number}@{IP_ONLY}")
    assert text(lab.unclaimed("credentials_missing", source="127.0.0.82")) == text(asked)
    assert "asked the running edge" in command(lab.server, "explain", "--from-ip", "127.0.0.82", "--to", trunk.number)
    assert lab.house.native("POST", "explain", {"source": "127.0.0.82", "to": "1@@"}, expect=400)


# Another real stack


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("named", ["domain", "ip"])
def test_baresip_as_the_carrier(lab: Lab, trunk: Trunk, transport: str, named: str) -> None:
    """It calls the account's domain by an outbound proxy, or the address with its domain in the user name."""
    login = (trunk.user, PASSWORD) if named == "domain" else (f"{trunk.user}@{trunk.domain}", PASSWORD)
    proxy = lab.server.via if named == "domain" else None
    with (
        Baresip("callee", answermode="auto") as b,
        Baresip("caller", ip="127.0.0.83", transport=transport, login=login, proxy=proxy) as a,
    ):
        serial = trunk.tenant.plivo("GET", "IncomingCarrier/")["objects"][0]["carrier_id"]
        number = trunk.tenant.number(serial, trunk=trunk.tenant.trunk(b.uri))
        a.dial(number, trunk.domain if named == "domain" else lab.server.via)
        a.established()
        b.established()
        a.hang_up()
        b.closed()
    assert trunk.tenant.call(number)["sip_status"] == 200
    assert f'realm="{trunk.domain if named == "domain" else "trunkline"}"' in a.log
