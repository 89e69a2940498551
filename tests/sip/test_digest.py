"""Digest authentication against the RFCs' vectors, and its refusals."""

from itertools import count

import pytest

from trunkline.sip import digest
from trunkline.sip.digest import Nonces, Outcome, answer, challenge, choose, parse_digest, verify
from trunkline.sip.uri import MessageError

REALM = "example.org"
SOURCE = "192.0.2.1"
PASSWORDS = {"alice": "secret", "zo\u00eb": "p:\u00e4ss", 'q"\\': "quoted"}
RFC7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def tokens() -> Nonces:
    numbers = count()
    return Nonces(b"key", 30.0, new_token=lambda: f"n{next(numbers)}")


def respond(nonces: Nonces, username: str = "alice", password: str | None = None, **changes: str) -> str:
    password = PASSWORDS[username] if password is None else password
    (value,) = challenge(REALM, nonces.make(SOURCE, 0.0, REALM), algorithms=[changes.pop("algorithm", "SHA-256")])
    value = answer(value, "INVITE", "sip:h", username, password, new_token=lambda: "c")
    for name, text in changes.items():
        old = parse_digest(value)[name]
        quote = '"' if f'{name}="' in value else ""
        value = value.replace(f"{name}={quote}{old}{quote}", text)
    return value


def check(
    nonces: Nonces, value: str | None, *, source: str = SOURCE, now: float = 1.0, without_qop: bool = False
) -> Outcome:
    return verify(
        [] if value is None else [value],
        "INVITE",
        lambda user: [PASSWORDS[user]] if user in PASSWORDS else [],
        realm=REALM,
        nonces=nonces,
        source=source,
        now=now,
        without_qop=without_qop,
    )


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc7616_vectors(algorithm: str, expected: str) -> None:
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    value = answer(
        RFC7616.format(algorithm), "GET", "/dir/index.html", "Mufasa", "Circle of Life", new_token=lambda: cnonce
    )
    fields = parse_digest(value)
    assert fields["response"] == expected
    assert (fields["qop"], fields["nc"], fields["cnonce"]) == ("auth", "00000001", cnonce)
    assert fields["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def test_rfc2617_vector() -> None:
    given = 'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    value = answer(given, "GET", "/dir/index.html", "Mufasa", "Circle Of Life", new_token=lambda: "0a4f113b")
    assert parse_digest(value)["response"] == "6629fae49393a05397450978507c4ef1"


def test_other_forms_of_answers() -> None:
    plain = parse_digest(answer('Digest realm="r", nonce="n"', "BYE", "sip:h", "u", "p", new_token=lambda: "c"))
    assert "qop" not in plain
    assert "cnonce" not in plain
    session = 'Digest realm="r", nonce="n", algorithm=MD5-sess'
    assert parse_digest(answer(session, "BYE", "sip:h", "u", "p", new_token=lambda: "c"))["cnonce"] == "c"
    whole = 'Digest realm="r", nonce="n", qop="auth-int"'
    one, two = (answer(whole, "BYE", "sip:h", "u", "p", new_token=lambda: "c", body=body) for body in (b"1", b"2"))
    assert parse_digest(one)["qop"] == "auth-int"
    assert parse_digest(one)["response"] != parse_digest(two)["response"]


def test_choose() -> None:
    unknown = 'Digest realm="r", nonce="n", algorithm=SHA-512-256'
    md5 = 'Digest realm="r", nonce="n", algorithm=MD5'
    assert choose(["Basic realm=x", unknown, 'Digest nonce="', md5, RFC7616.format("SHA-256")]) == md5
    assert choose([unknown, 'Digest realm="r", nonce="n", qop="new"']) is None
    with pytest.raises(MessageError):
        answer(unknown, "BYE", "sip:h", "u", "p", new_token=lambda: "c")


def test_challenge() -> None:
    values = challenge('my "realm"', "n", stale=True)
    assert [parse_digest(value) for value in values] == [
        {"realm": 'my "realm"', "nonce": "n", "algorithm": algorithm, "qop": "auth", "stale": "true"}
        for algorithm in ("SHA-256", "MD5")
    ]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("username", list(PASSWORDS))
def test_right_credentials(username: str, algorithm: str) -> None:
    nonces = tokens()
    value = respond(nonces, username, PASSWORDS[username], algorithm=algorithm)
    assert check(nonces, value) == Outcome("ok", username, right=(0,))


def test_missing() -> None:
    nonces = tokens()
    assert check(nonces, None).result == "missing"
    assert check(nonces, "Basic abc").result == "missing"
    assert check(nonces, respond(nonces, realm='realm="elsewhere"'))[:2] == ("missing", "alice")


@pytest.mark.parametrize(
    "changes",
    [
        {"response": 'response="0"'},
        {"response": 'x="y"'},
        {"uri": 'uri="sip:other"'},
        {"uri": 'uri=""'},
        {"nonce": 'nonce=""'},
        {"username": 'username="bob"'},
        {"username": 'user="alice"'},
        {"qop": "qop=auth-int"},
        {"qop": "q=auth"},
        {"nc": "nc=00000002"},
        {"nc": "nc=00000000"},
        {"nc": "nc=1"},
        {"nc": "nc=0000_001"},
        {"cnonce": 'cnonce=""'},
        {"algorithm": "algorithm=SHA-512-256"},
        {"response": 'response="\u00e9"'},
        {"realm": 'realm="example.org", realm="example.org"'},
    ],
)
def test_wrong(changes: dict[str, str]) -> None:
    nonces = tokens()
    given = respond(nonces, **({"algorithm": "SHA-256"} if "algorithm" not in changes else {}))
    for name, text in changes.items():
        old = parse_digest(given)[name]
        quote = '"' if f'{name}="' in given else ""
        given = given.replace(f" {name}={quote}{old}{quote}", f" {text}")
    assert check(nonces, given).result == "wrong"


def test_wrong_password_and_unknown_user() -> None:
    nonces = tokens()
    assert check(nonces, respond(nonces, password="guess")) == Outcome("wrong", "alice")
    assert check(nonces, respond(nonces, "nobody", "")) == Outcome("wrong", "nobody")
    assert check(nonces, "Digest x").result == "wrong"


def test_stale() -> None:
    nonces = tokens()
    assert check(nonces, respond(nonces), now=30.5).result == "stale"
    assert check(nonces, respond(nonces), source="192.0.2.2").result == "stale"
    assert check(Nonces(b"other", 30.0, new_token=lambda: "x"), respond(nonces)).result == "stale"
    assert check(nonces, respond(nonces, nonce='nonce="made.up"')).result == "stale"
    value = respond(nonces)
    assert check(nonces, value).result == "ok"
    assert check(nonces, value).result == "stale"


def test_only_nonces_of_ours_cost_a_look_up() -> None:
    """Whatever else is in the credentials, nobody is looked up for a nonce that is forged, old, or another source's."""
    nonces, asked = tokens(), list[str]()

    def passwords(user: str) -> list[str] | None:
        asked.append(user)
        return None if user == "bob" else ["x", "secret", "secret"]

    def result(value: str, source: str = SOURCE, now: float = 1.0) -> Outcome:
        return verify([value], "INVITE", passwords, realm=REALM, nonces=nonces, source=source, now=now)

    value = respond(nonces)
    assert result(value.replace('nonce="', 'nonce="0')).result == "stale"
    assert result(value, source="192.0.2.2").result == "stale"
    assert result(value, now=31.0).result == "stale"
    assert result(respond(nonces, qop="qop=auth-int")).why == "qop auth-int was not offered"
    assert verify(
        [respond(nonces, algorithm="MD5")], "INVITE", passwords, realm=REALM, nonces=nonces, source=SOURCE, now=1.0,
        algorithms=("SHA-256",),
    ) == Outcome("wrong", "alice", "algorithm MD5 was not offered")  # fmt: skip
    assert asked == []
    assert result(value) == Outcome("ok", "alice", right=(1, 2))
    assert result(respond(nonces, "bob", "x")) == Outcome("unchecked", "bob")
    assert asked == ["alice", "bob"]


def test_the_credentials_of_our_realm_count_among_several() -> None:
    nonces = tokens()
    other = respond(nonces, realm='realm="elsewhere"')

    def result(*values: str) -> str:
        return verify(
            values, "INVITE", lambda _: [PASSWORDS["alice"]], realm=REALM, nonces=nonces, source=SOURCE, now=1.0
        ).result

    assert result(other, "Digest x", "Basic y", respond(nonces)) == "ok"
    assert result(other, "Basic y") == "missing"
    assert result("Digest x", other) == "wrong"
    assert result(*([other] * digest.MAX_ANSWERS), respond(nonces)) == "missing"


def test_the_form_without_qop() -> None:
    nonces = tokens()
    given = f'Digest realm="{REALM}", nonce="{nonces.make(SOURCE, 0.0, REALM)}"'
    value = answer(given, "INVITE", "sip:h", "alice", "secret", new_token=lambda: "c")
    assert check(nonces, value).result == "wrong"
    assert check(nonces, value, without_qop=True).result == "ok"


def test_nonces() -> None:
    nonces = tokens()
    nonce = nonces.make(SOURCE, 100.0, REALM)
    assert nonce != nonces.make(SOURCE, 100.0, REALM)
    assert nonces.check(nonce, SOURCE, 100.0, REALM) == "ok"
    assert nonces.check(nonce, SOURCE, 130.0, REALM) == "ok"
    assert nonces.check(nonce, SOURCE, 130.1, REALM) == "stale"
    assert nonces.check(nonce, SOURCE, 98.9, REALM) == "stale"
    assert nonces.check(nonce, SOURCE, 100.0, "other") == "invalid"
    for forged in ("", ".", "..", nonce[:-1], "0" + nonce, nonce.replace("n0", "n1"), "\udcff.x.\u00e9"):
        assert nonces.check(forged, SOURCE, 100.0, REALM) == "invalid"


def test_counts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "MAX_COUNTS", 2)
    nonces = tokens()
    assert [nonces.count_up("a", number) for number in (1, 1, 3, 2, 4)] == [True, False, True, False, True]
    assert nonces.count_up("b", 1)
    assert nonces.count_up("c", 1)
    assert len(nonces._counts) == 2
    assert not nonces.count_up("c", 1)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('Digest a="b,c=d", e = f', {"a": "b,c=d", "e": "f"}),
        ('DIGEST qop="auth,auth-int",Realm="x"', {"qop": "auth,auth-int", "realm": "x"}),
        ('Digest a="\\"\\\\",', {"a": '"\\'}),
        ("Digest ", {}),
        ("Digest a=", {"a": ""}),
    ],
)
def test_parse_digest(text: str, fields: dict[str, str]) -> None:
    assert parse_digest(text) == fields


@pytest.mark.parametrize(
    "text", ["", "Basic x", "Digest a", 'Digest a="', 'Digest a="b" c', "Digest a=1, a=2", "Digest ,,", "Digest =1"]
)
def test_parse_digest_refused(text: str) -> None:
    with pytest.raises(MessageError):
        parse_digest(text)
