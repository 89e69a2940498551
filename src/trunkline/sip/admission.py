"""What stands before a decision: the attempt that an INVITE makes, digest proof, limits in use, strangers' rates."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from trunkline.config import SipSettings
from trunkline.core.bindings import Login
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.facts import Attempt, Proof
from trunkline.core.model import CalledIn
from trunkline.core.routing import Verdict
from trunkline.core.sources import parse_address
from trunkline.sip.digest import Nonces, Result, challenge, verify
from trunkline.sip.fields import Header
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request
from trunkline.sip.refusals import Refusal
from trunkline.sip.uri import MessageError, NameAddr, split_list

MAX_STRANGERS = 10_000
"""Unknown sources whose rate is remembered; beyond, the record starts anew."""


class Places:
    """The places of an INVITE where a called number may stand, read when asked for: `core.facts.Called`."""

    __slots__ = ("_request",)

    def __init__(self, request: Request) -> None:
        self._request = request

    def get(self, place: CalledIn, default: str, /) -> str:
        """Return the user part that stands in ``place``."""
        try:
            if place is CalledIn.REQUEST_URI:
                return self._request.request_uri.user or default
            if place is CalledIn.TO:
                return self._request.to.uri.user or default
            name = "p-called-party-id" if place is CalledIn.P_CALLED_PARTY_ID else "diversion"
            text = self._request.get(name)
            return default if text is None else NameAddr.parse(split_list(text)[0]).uri.user or default
        except (MessageError, IndexError):
            return default


class Counts:
    """What calls take of the limits: `core.facts.Usage`. New calls are counted in windows of one second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._channels: dict[str, int] = {}
        self._started: dict[str, int] = {}
        self._second = 0

    def channels(self, key: str) -> int:
        """Calls in progress."""
        return self._channels.get(key, 0)

    def started(self, key: str) -> int:
        """Calls that began in this second."""
        return self._started.get(key, 0) if int(self._clock()) == self._second else 0

    def take(self, keys: tuple[str, ...], now: float) -> None:
        """Count a call that begins at ``now``, a time of the clock."""
        if int(now) != self._second:
            self._second = int(now)
            self._started.clear()
        for key in keys:
            self._channels[key] = self._channels.get(key, 0) + 1
            self._started[key] = self._started.get(key, 0) + 1

    def release(self, keys: tuple[str, ...]) -> None:
        """Count a call that has ended."""
        for key in keys:
            left = self._channels.get(key, 0) - 1
            if left > 0:
                self._channels[key] = left
            else:
                self._channels.pop(key, None)

    def total(self) -> int:
        """Everything in use: zero when no call is in progress."""
        return sum(self._channels.values())


class Doorkeeper:
    """Checks credentials, words challenges, and bounds what strangers are answered."""

    def __init__(
        self,
        settings: SipSettings,
        *,
        lab: bool,
        new_token: Callable[[], str],
        password: Callable[[str], tuple[str, str] | None],
        login: Callable[[str], Login | None],
        nonces: Nonces | None = None,
    ) -> None:
        self._login = login
        self._settings = settings
        self._lab = lab
        self._password = password
        self._nonces = nonces or Nonces(os.urandom(32), settings.nonce_s, new_token=new_token)
        self._strangers: dict[str, int] = {}
        self._second = 0

    def attempt(self, request: Request, source: Hop, now: float) -> Attempt:
        """Return the attempt that an INVITE makes, its credentials already judged."""
        address = source.host if ":" not in source.host else parse_address(source.host)
        authorization = request.get("authorization")
        if authorization is None:
            return Attempt(address, Places(request))
        proof, carriers, endpoint = self._prove(request, authorization, address, now)
        return Attempt(address, Places(request), proof=proof, proven_carriers=carriers, proven_endpoint=endpoint)

    def _prove(
        self, request: Request, authorization: str, source: str, now: float
    ) -> tuple[Proof, tuple[str, ...], str]:
        carriers: list[str] = []
        endpoints: list[str] = []

        def password(username: str) -> str | None:
            name = username.partition("@")[0]
            found = self._password(name)
            if found is not None:
                carriers.append(found[1])
                return found[0]
            with suppress(StoreUnavailableError):  # the decision that follows finds that out and says so
                login = self._login(name)
                if login is not None:
                    endpoints.append(login.endpoint_id)
                    return login.password
            return None

        result = self.judge(request, authorization, source, now, password)
        if result == "ok":
            return Proof.GOOD, tuple(carriers), "".join(endpoints)
        return _PROOFS[result], (), ""

    def judge(
        self,
        request: Request,
        authorization: str | None,
        source: str,
        now: float,
        password: Callable[[str], str | None],
    ) -> Result:
        """Check a request's credentials against the passwords of users, named as in the header."""
        return verify(
            authorization,
            request.method,
            password,
            realm=self.realm(request),
            nonces=self._nonces,
            source=source,
            now=now,
            algorithms=self._settings.digest_algorithms,
        ).result

    def realm(self, request: Request) -> str:
        """Return the digest realm: the Request-URI's domain if it is ours, else the platform's."""
        try:
            host = request.request_uri.host
        except MessageError:
            host = ""
        return host if host in self._settings.domains else self._settings.realm

    def headers(
        self, request: Request, verdict: Verdict, refusal: Refusal, source: str, now: float
    ) -> tuple[Header, ...]:
        """Return what a refusal must carry: challenges with 401, Retry-After where one may try again."""
        if refusal.status == 401:
            realm = self.realm(request)
            nonce = self._nonces.make(source, now, realm)
            stale = verdict is Verdict.CREDENTIALS_STALE
            offered = challenge(realm, nonce, stale, self._settings.digest_algorithms)
            return tuple([("www-authenticate", value) for value in offered])
        if refusal.retry_after is not None:
            return (("retry-after", str(refusal.retry_after)),)
        return ()

    def may_answer(self, source: str, now: float) -> bool:
        """Tell whether one more answer to an unknown source fits its rate."""
        if self._lab:
            return True
        if int(now) != self._second or len(self._strangers) > MAX_STRANGERS:
            self._second = int(now)
            self._strangers.clear()
        count = self._strangers[source] = self._strangers.get(source, 0) + 1
        return count <= self._settings.unknown_per_s

    def forgive(self, source: str) -> None:
        """Take one answer back from an unknown source's rate: it has proven itself meanwhile."""
        if source in self._strangers:
            self._strangers[source] -= 1


_PROOFS = {"missing": Proof.NONE, "stale": Proof.STALE, "wrong": Proof.WRONG}
