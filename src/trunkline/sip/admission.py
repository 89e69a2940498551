"""What stands before a decision: the attempt that an INVITE makes, digest proof, limits in use, strangers' rates."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import NamedTuple

from trunkline.config import SipSettings
from trunkline.core.bindings import Login
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.facts import Attempt, Proof, SipUser
from trunkline.core.model import CalledIn
from trunkline.core.routing import Verdict
from trunkline.core.sources import parse_address
from trunkline.sip.digest import Nonces, Outcome, Result, challenge, verify
from trunkline.sip.fields import Header
from trunkline.sip.guesses import Guesses, own_ledgers
from trunkline.sip.hop import Hop
from trunkline.sip.identities import callers as callers_of
from trunkline.sip.message import Request
from trunkline.sip.realms import Realms
from trunkline.sip.refusals import Refusal
from trunkline.sip.uri import MessageError, NameAddr, quote_string, split_list

MAX_STRANGERS = 10_000
"""Unknown sources whose rate is remembered; beyond, the record starts anew."""

MAX_NAME = 64
"""Characters of a user name that a trace shows, and of one that nobody has by which guesses are counted."""

UserLookup = Callable[[str, str | None], Sequence[SipUser]]
"""Finds who has a SIP user name: any account's, or those that the account with this code may call with."""


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


class Judged(NamedTuple):
    """What a request's credentials came to, whose they are if they are good, and what a trace is to say."""

    result: Result
    users: tuple[SipUser, ...] = ()
    note: str = ""


class Doorkeeper:
    """Checks credentials, words challenges, and bounds what strangers are answered.

    ``users`` finds who has a SIP user name: in any account, in the one with this code, or the user of the trunk with
    this serial. ``carriers_at`` finds the carriers that an address is an inbound gateway of.
    """

    def __init__(
        self,
        settings: SipSettings,
        *,
        lab: bool,
        realms: Realms,
        new_token: Callable[[], str],
        users: Callable[[str, str | None, str], Sequence[SipUser]],
        login: Callable[[str], Login | None],
        carriers_at: Callable[[str], Collection[str]],
        nonces: Nonces | None = None,
        guesses: Guesses | None = None,
    ) -> None:
        self._login = login
        self._settings = settings
        self._lab = lab
        self.realms = realms
        self._users = users
        self._carriers_at = carriers_at
        self._nonces = nonces or Nonces(os.urandom(32), settings.nonce_s, new_token=new_token)
        self._guesses = guesses or Guesses(own_ledgers())
        self._strangers: dict[str, int] = {}
        self._second = 0

    def attempt(self, request: Request, source: Hop, now: float) -> Attempt:
        """Return the attempt that an INVITE makes, its credentials already judged."""
        address = source.host if ":" not in source.host else parse_address(source.host)
        trunk, callers = self.realms.trunk(called_host(request)), partial(callers_of, request)
        if request.get("authorization") is None:
            return Attempt(address, Places(request), trunk=trunk, callers=callers)
        try:
            judged = self.judge(request, address, now, partial(self._users_of, trunk=trunk))
        except StoreUnavailableError as error:
            judged = Judged("missing", note=str(error))  # where nothing can be read, the decision finds that out
        return Attempt(
            address,
            Places(request),
            proof=_PROOFS[judged.result],
            proven_carriers=tuple([user.carrier_id for user in judged.users if user.carrier_id]),
            proven_endpoint="".join([user.endpoint_id for user in judged.users]),
            note=judged.note,
            trunk=trunk,
            proven_logins=tuple([user.trunk_login_id for user in judged.users if user.trunk_login_id]),
            callers=callers,
        )

    def _users_of(self, name: str, code: str | None, *, trunk: str) -> list[SipUser]:
        """Return who may call with a user name: where a trunk is named, its own user alone; else carriers' and trunks'
        users, and the endpoint, whose name nobody else's has.
        """
        login = None if trunk else self._login(name)
        own = [SipUser(login.id, login.password, endpoint_id=login.endpoint_id)] if login else []
        return [*self._users(name, code, trunk), *own]

    def judge(self, request: Request, source: str, now: float, users: UserLookup) -> Judged:
        """Check a request's credentials against the passwords of those who have the user name that it gives.

        Raises `StoreUnavailableError` where ``users`` does.
        """
        realm = self.realm(request)
        known: list[SipUser] = []  # whose passwords were looked at
        keys: list[str] = []  # all who are meant, or the name that nobody has

        def passwords(username: str) -> list[str] | None:
            named = _named(self.realms.user(realm, username), users)
            keys.extend([user.login_id for user in named] or [username[:MAX_NAME]])
            known.extend([user for user in named if not self._must_wait(source, user)])
            wait = not known if named else bool(self._guesses.wait(source, keys))
            return None if wait else [user.password for user in known]

        found = verify(
            request.get_all("authorization"),
            request.method,
            passwords,
            realm=realm,
            nonces=self._nonces,
            source=source,
            now=now,
            algorithms=self._settings.digest_algorithms,
        )
        if found.result == "ok":
            right = tuple([known[place] for place in found.right])
            self._guesses.right(source, [user.login_id for user in right])
            return Judged("ok", right)
        if found.result == "wrong" and keys:
            self._guesses.wrong(source, [user.login_id for user in known] or keys)
        return Judged(found.result, note=self._note(found, source, realm, known, keys))

    def _must_wait(self, source: str, user: SipUser) -> bool:
        """Tell whether a user's password is not to be looked at now. Of namesakes each is judged alone."""
        if not self._guesses.wait(source, [user.login_id]):
            return False
        return not user.carrier_id or user.carrier_id not in self._carriers_at(source)

    def _note(self, found: Outcome, source: str, realm: str, known: Sequence[SipUser], keys: Sequence[str]) -> str:
        """Say what was the matter with credentials; only the operator reads it, who may know which users there are."""
        if found.why or not keys:
            return found.why
        name = quote_string(found.username[:MAX_NAME])
        if found.result == "unchecked":
            wait = self._guesses.wait(source, keys)
            return f"not looked at: too many wrong ones from {source} or for {name}; again in {wait} s"
        if not known:
            return f"nobody has the user name {name} at realm {quote_string(realm)}"
        whose = [_whose(user) for user in known]
        return f"the password of user {name} is wrong ({', '.join(whose)})"

    def realm(self, request: Request) -> str:
        """Return the digest realm of a request."""
        return self.realms.of(called_host(request))

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
        """Tell whether one more answer to an unknown source fits its rate; who has proven itself has none."""
        if self._lab or self._guesses.knows(source):
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


def _whose(user: SipUser) -> str:
    if user.carrier_id:
        return f"carrier {user.carrier_id}"
    return "an endpoint" if user.endpoint_id else "an outbound trunk"


def called_host(request: Request) -> str:
    """Return the host of the Request-URI, "" where none can be read."""
    try:
        return request.request_uri.host
    except MessageError:
        return ""


def _named(user: tuple[str, str | None] | None, users: UserLookup) -> Sequence[SipUser]:
    """Return who is meant: by the whole user name, else by what stands before an ``@host`` that some clients add."""
    if user is None:
        return []
    name, code = user
    part = name.partition("@")[0]
    return users(name, code) or (users(part, code) if part != name else [])


_PROOFS: dict[Result, Proof] = {
    "missing": Proof.NONE,
    "stale": Proof.STALE,
    "wrong": Proof.WRONG,
    "unchecked": Proof.UNCHECKED,
    "ok": Proof.GOOD,
}
