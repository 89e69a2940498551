"""Digest realms: at which one a request is challenged, and whose user a user name then means.

A Request-URI at an account's own SIP domain, or at one of the installation's domains, is challenged at that name; any
other host (an address, an alias that somebody's DNS points here) at the platform's realm. Only the form of a domain
counts, so a challenge costs no look-up and does not tell whether an account exists.
"""

from __future__ import annotations

from trunkline.config import SipSettings
from trunkline.core import sip_domains
from trunkline.core.routing import Decision, Step, Verdict
from trunkline.sip.uri import quote_string

_ASKED = frozenset({Verdict.CREDENTIALS_MISSING, Verdict.CREDENTIALS_STALE})


class Realms:
    """The realms of an installation; ``sip_host`` is `core.ports.Rules.sip_host`, which accounts' domains end with."""

    def __init__(self, settings: SipSettings, sip_host: str) -> None:
        self._domains = frozenset([_plain(domain) for domain in settings.domains])
        self._platform = settings.realm
        self._algorithms = settings.digest_algorithms
        self._sip_host = sip_host

    def of(self, host: str) -> str:
        """Return the realm of a request whose Request-URI has this host."""
        name = _plain(host)
        own = name in self._domains or sip_domains.account_code(name, self._sip_host) is not None
        return name if own else self._platform

    def trunk(self, host: str) -> str:
        """Return the serial of the trunk whose domain a host is, "" for any other."""
        return sip_domains.trunk_serial(host, self._sip_host)

    def user(self, realm: str, username: str) -> tuple[str, str | None] | None:
        """Return (name, account code) of a user name given at a realm; the code is None where no account is named.

        ``user@domain`` with an account's SIP domain names that account at any realm; None: it names one account, the
        realm another.
        """
        at = sip_domains.account_code(realm, self._sip_host)
        name, _, domain = username.rpartition("@")
        named = sip_domains.account_code(domain, self._sip_host) if name else None
        if named is None:
            return username, at
        return (name, named) if at in (None, named) else None

    def asked(self, host: str) -> str:
        """Say what somebody is asked for who calls this host."""
        realm = self.of(host)
        if sip_domains.account_code(realm, self._sip_host) is not None:
            whose = "of a carrier of the account with this domain, or of one above it"
        else:
            whose = "user@<the account's SIP domain>, or the user name alone where it is the only one"
        return f"digest for realm {quote_string(realm)} with {' or '.join(self._algorithms)}; user name: {whose}"

    def told(self, decision: Decision, host: str) -> Decision:
        """Return a decision whose trace says what is asked for, if anything is."""
        if decision.verdict not in _ASKED:
            return decision
        return decision._replace(trace=(*decision.trace, Step("asked", self.asked(host))))


def _plain(name: str) -> str:
    return name.lower().removesuffix(".")
