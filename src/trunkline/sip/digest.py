"""Digest authentication, both sides (RFC 3261 §22, RFC 7616, RFC 8760; RFC 2617 for MD5).

Nonces carry their own time and proof, so nothing is stored for a challenge that is never answered. What is stored is
the highest nonce count of nonces that were answered rightly, up to a bound: see `Nonces.count_up`.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from trunkline.sip.uri import BLANKS, TOKEN, MessageError, end_of_quoted, quote_string, unquote_string

ALGORITHMS = ("SHA-256", "MD5")
"""What we offer and answer, the preferred one first (RFC 8760 §2.4); the -sess forms are answered as well."""
MAX_COUNTS = 65_536
"""Nonces whose count is remembered: over 1,000 logins a second while each serves a minute. Beyond, the oldest is
forgotten and could be replayed, from its own source, until it expires."""
MAX_SKEW_S = 1.0
"""Seconds that a nonce may lie in the future, where two processes share the secret."""

_HEX = frozenset("0123456789abcdefABCDEF")
_HASHES: dict[str, Callable[[bytes], "hashlib._Hash"]] = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}

Freshness = Literal["ok", "stale", "invalid"]
Result = Literal["missing", "stale", "unchecked", "wrong", "ok"]

MAX_ANSWERS = 8
"""Credentials of one request that are looked through for those of our realm."""


class Outcome(NamedTuple):
    """What verify found: the result, and the username claimed ("" if there are no credentials).

    ``why`` says for a trace what was the matter, other than the password; ``right`` are the places of the passwords
    that fit.
    """

    result: Result
    username: str
    why: str = ""
    right: tuple[int, ...] = ()


class Nonces:
    """Makes and checks stateless nonces: time, token, and HMAC-SHA-256 (128 bits) over time, token, source and realm.

    `secret` is the HMAC key, `lifetime_s` how long a nonce serves, and `new_token` makes the token, which keeps the
    nonces of two clients behind one address apart. `now` is seconds of any clock that does not run backwards.
    """

    __slots__ = ("_counts", "_lifetime_s", "_new_token", "_secret")

    def __init__(self, secret: bytes, lifetime_s: float, *, new_token: Callable[[], str]) -> None:
        self._secret = secret
        self._lifetime_s = lifetime_s
        self._new_token = new_token
        self._counts: dict[str, int] = {}

    def make(self, source: str, now: float, realm: str = "") -> str:
        """A new nonce for the address `source`."""
        stamp = f"{int(now * 1000):x}.{self._new_token()}"
        return f"{stamp}.{self._proof(stamp, source, realm)}"

    def check(self, nonce: str, source: str, now: float, realm: str = "") -> Freshness:
        """Whether `nonce` is ours, was made for `source` and `realm`, and is young enough."""
        stamp, _, proof = nonce.rpartition(".")
        when = stamp.partition(".")[0]
        if not hmac.compare_digest(_encode(proof), self._proof(stamp, source, realm).encode()):
            return "invalid"
        age = now - int(when, 16) / 1000
        return "ok" if -MAX_SKEW_S <= age <= self._lifetime_s else "stale"

    def count_up(self, nonce: str, count: int) -> bool:
        """Record a nonce count; False if it is not above the last one of that nonce, which means a replay.

        Call it for rightly answered nonces only, so that strangers cannot push others out of the bounded record.
        Requests that overtook each other on the way also give False; the client then tries again with a new nonce.
        """
        counts = self._counts
        if count <= counts.get(nonce, 0):
            return False
        if len(counts) >= MAX_COUNTS and nonce not in counts:
            del counts[next(iter(counts))]
        counts[nonce] = count
        return True

    def _proof(self, stamp: str, source: str, realm: str) -> str:
        text = f"{stamp} {source} {realm}"
        return hmac.digest(self._secret, _encode(text), "sha256").hex()[:32]


def parse_digest(text: str) -> dict[str, str]:
    """Read a Digest challenge or credentials: lower-case names to unquoted values.

    Raises MessageError for another scheme, a malformed value, or a name that stands twice. Linear time; commas within
    quotes belong to the value.
    """
    scheme, _, rest = text.strip(BLANKS).partition(" ")
    if scheme.lower() != "digest":
        raise MessageError("Not the Digest scheme")
    fields: dict[str, str] = {}
    position, size = 0, len(rest)
    while position < size:
        equals = rest.find("=", position)
        if equals < 0:
            raise MessageError("Malformed Digest parameter")
        name = rest[position:equals].strip(BLANKS).lower()
        value = equals + 1
        while value < size and rest[value] in BLANKS:
            value += 1
        end = end_of_quoted(rest, value + 1) if rest.startswith('"', value) else value
        comma = rest.find(",", end)
        comma = size if comma < 0 else comma
        if not name or not TOKEN.issuperset(name) or name in fields:
            raise MessageError("Malformed Digest parameter")
        fields[name] = unquote_string(rest[value:comma].strip(BLANKS))
        position = comma + 1
    return fields


def challenge(realm: str, nonce: str, stale: bool = False, algorithms: Sequence[str] = ALGORITHMS) -> list[str]:
    """The values of the WWW-Authenticate (or Proxy-Authenticate) fields of one 401 (or 407), one per algorithm."""
    flag = ", stale=true" if stale else ""
    return [
        f'Digest realm={quote_string(realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{flag}'
        for algorithm in algorithms
    ]


def verify(
    authorizations: Sequence[str],
    method: str,
    passwords: Callable[[str], Sequence[str] | None],
    *,
    realm: str,
    nonces: Nonces,
    source: str,
    now: float,
    algorithms: Sequence[str] = ALGORITHMS,
    without_qop: bool = False,
) -> Outcome:
    """Check the credentials of one request.

    `authorizations` are its header values, of which the one for `realm` counts. `passwords` gives those that a user may
    have (none for an unknown one), or None if they are not to be checked now; it is asked only for nonces that we made,
    so that others cost no look-up. The result is

    - "missing" without Digest credentials for `realm`;
    - "wrong" for malformed credentials, and for a wrong password or user;
    - "stale" for a nonce that is too old, not ours or not made for `source`, and for right credentials whose nonce
      count was there before (challenge again with stale=true: the user need not be asked, RFC 7616 §3.3);
    - "unchecked" if `passwords` says so.

    `without_qop` also takes the RFC 2069 form, which has no nonce count and so allows replays for the nonce's lifetime.
    The `uri` of the credentials counts as part of their digest, and need not be the Request-URI: proxies rewrite that.
    """
    found = _answer_at(authorizations, realm)
    if isinstance(found, Outcome):
        return found
    username = found.get("username", "")
    why = _unusable(found, algorithms, without_qop)
    if why:
        return Outcome("wrong", username, why)
    nonce = found["nonce"]
    fresh = nonces.check(nonce, source, now, realm)
    if fresh != "ok":
        return Outcome("stale", username, _STALE[fresh])
    known = passwords(username)
    if known is None:
        return Outcome("unchecked", username)
    algorithm, given = found.get("algorithm", "MD5").upper(), _encode(found["response"].lower())

    def fits(password: str) -> bool:
        expected = _response(algorithm, found, username=username, password=password, method=method, uri=found["uri"])
        return hmac.compare_digest(given, expected.encode())

    # An unknown user costs the same time as a known one.
    right = tuple([place for place, password in enumerate(known or ("",)) if fits(password)])
    if not known or not right:
        return Outcome("wrong", username)
    count = 0 if "qop" not in found else int(found["nc"], 16)
    if count and not nonces.count_up(nonce, count):
        return Outcome("stale", username, f"count {found['nc']} of this nonce was used before: a replay, or overtaken")
    return Outcome("ok", username, right=right)


_STALE: dict[Freshness, str] = {
    "stale": "the nonce is too old",
    "invalid": "the nonce is none of ours, or was given to another source or realm",
}


def _answer_at(authorizations: Sequence[str], realm: str) -> dict[str, str] | Outcome:
    """Return the Digest credentials for a realm; else what comes of there being none."""
    outcome = Outcome("missing", "")
    for value in authorizations[:MAX_ANSWERS]:
        if value.strip(BLANKS).partition(" ")[0].lower() != "digest":
            continue
        try:
            fields = parse_digest(value)
        except MessageError:
            outcome = Outcome("wrong", "", "malformed credentials")
            continue
        if fields.get("realm") == realm:
            return fields
        if outcome.result == "missing":
            outcome = Outcome("missing", fields.get("username", ""), "the credentials are for another realm")
    return outcome


def _unusable(fields: dict[str, str], algorithms: Sequence[str], without_qop: bool) -> str:
    """Say why credentials are none that we asked for; "" if they are."""
    for name in ("username", "nonce", "uri", "response"):
        if not fields.get(name):
            return f"the credentials have no {name}"
    algorithm = fields.get("algorithm", "MD5").upper()
    if algorithm not in algorithms or algorithm not in _HASHES:
        return f"algorithm {algorithm[:20]} was not offered"
    if "qop" not in fields:
        return "" if without_qop else "the credentials have no qop, so they could be replayed"
    if fields["qop"].lower() != "auth":
        return f"qop {fields['qop'][:20]} was not offered"
    count = fields.get("nc", "")
    if len(count) != 8 or not _HEX.issuperset(count) or not int(count, 16) or not fields.get("cnonce"):
        return "the credentials have no nonce count of 8 hex digits above zero, or no cnonce"
    return ""


def choose(challenges: Iterable[str]) -> str | None:
    """The first challenge that `answer` can answer, in the server's order of preference (RFC 8760 §2.3), or None."""
    for value in challenges:
        try:
            fields = parse_digest(value)
        except MessageError:
            continue
        if _usable(fields):
            return value
    return None


def answer(
    challenge: str,
    method: str,
    uri: str,
    username: str,
    password: str,
    *,
    new_token: Callable[[], str],
    count: int = 1,
    body: bytes = b"",
) -> str:
    """The Authorization (or Proxy-Authorization) value that answers one challenge.

    `uri` is the Request-URI, `count` the number of requests sent with this nonce so far, this one included; `body`
    matters only to a server that insists on auth-int. Raises MessageError for a challenge that cannot be answered.
    """
    given = parse_digest(challenge)
    if not _usable(given):
        raise MessageError("Digest challenge with unknown algorithm or qop")
    algorithm = given.get("algorithm", "MD5").upper().replace("-SESS", "-sess")
    fields = {"realm": given["realm"], "nonce": given["nonce"]}
    offered = _qops(given)
    if offered:
        fields |= {"qop": "auth" if "auth" in offered else "auth-int", "cnonce": new_token(), "nc": f"{count:08x}"}
    elif algorithm.endswith("-sess"):
        fields["cnonce"] = new_token()
    response = _response(algorithm, fields, username=username, password=password, method=method, uri=uri, body=body)
    parts = [
        f"Digest username={quote_string(username)}",
        f"realm={quote_string(fields['realm'])}",
        f"nonce={quote_string(fields['nonce'])}",
        f"uri={quote_string(uri)}",
        f'response="{response}"',
        f"algorithm={algorithm}",
    ]
    if "cnonce" in fields:
        parts.append(f"cnonce={quote_string(fields['cnonce'])}")
    if offered:
        parts += f"qop={fields['qop']}", f"nc={fields['nc']}"
    if "opaque" in given:
        parts.append(f"opaque={quote_string(given['opaque'])}")
    return ", ".join(parts)


def _response(
    algorithm: str, fields: dict[str, str], *, username: str, password: str, method: str, uri: str, body: bytes = b""
) -> str:
    """The request-digest (RFC 7616 §3.4.1) in lower-case hex."""
    base = algorithm.removesuffix("-sess")
    make = _HASHES[base]

    def digest(text: str) -> str:
        return make(_encode(text)).hexdigest()

    nonce, cnonce = fields["nonce"], fields.get("cnonce", "")
    ha1 = digest(f"{username}:{fields['realm']}:{password}")
    if algorithm != base:
        ha1 = digest(f"{ha1}:{nonce}:{cnonce}")
    qop = fields.get("qop")
    entity = f":{make(body).hexdigest()}" if qop == "auth-int" else ""
    ha2 = digest(f"{method}:{uri}{entity}")
    if qop:
        return digest(f"{ha1}:{nonce}:{fields.get('nc', '')}:{cnonce}:{qop}:{ha2}")
    return digest(f"{ha1}:{nonce}:{ha2}")


def _usable(fields: dict[str, str]) -> bool:
    offered = _qops(fields)
    return (
        "realm" in fields
        and bool(fields.get("nonce"))
        and fields.get("algorithm", "MD5").upper().removesuffix("-SESS") in _HASHES
        and (not offered or "auth" in offered or "auth-int" in offered)
    )


def _qops(fields: dict[str, str]) -> list[str]:
    return [item.strip(BLANKS).lower() for item in fields.get("qop", "").split(",") if item.strip(BLANKS)]


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
