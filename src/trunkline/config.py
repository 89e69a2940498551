"""Settings: one documented dataclass per part, read from defaults, a TOML file, the environment and the command line.

Later sources win. A TOML file has one table per part (``[http]``, ``[sip]``, ``[hooks]``, ``[numbers]``, ``[cnam]``);
the environment's name of a setting is ``TRUNKLINE_<PART>_<NAME>``, like ``TRUNKLINE_SIP_STEALTH=true``. An unknown or
malformed setting refuses to start and says which one it is.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from trunkline.core.addresses import AddressFilter, is_loopback

PREFIX = "TRUNKLINE_"
PARTS = ("http", "sip", "hooks", "numbers", "cnam")


class ConfigError(Exception):
    """A setting that cannot be used; the message names it and the rule."""


MAX_IDEMPOTENCY_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The HTTP door."""

    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    """What links begin with; empty: the request's own scheme and host."""
    rate_requests: int = 300
    """Requests of one account in ``rate_seconds``, on the dialects whose vendor has such a limit (Plivo's is this one);
    more get 429. 0: no limit. Off in lab mode."""
    rate_seconds: float = 5.0
    idempotency_ttl_s: int = 86_400
    """How long an answer is given again to a request with the same Idempotency-Key."""

    def check(self) -> None:
        """Raise `ConfigError` for what cannot be used."""
        if not _is_ip(self.host):
            raise ConfigError(f"http.host {self.host!r} is not an IP address")
        if self.rate_requests < 0:
            raise ConfigError("http.rate_requests is 0 (no limit) or more")
        if not 0 < self.rate_seconds <= 3600:
            raise ConfigError("http.rate_seconds is more than 0 and at most 3600")
        if not 1 <= self.idempotency_ttl_s <= MAX_IDEMPOTENCY_S:
            raise ConfigError(f"http.idempotency_ttl_s is 1 to {MAX_IDEMPOTENCY_S} seconds")


DIGEST_ALGORITHMS = ("SHA-256", "MD5")
MAX_LISTENERS = 16
KEPT_MESSAGES = ("all", "failed", "none")
MAX_WORKERS = 32


class Listener(NamedTuple):
    """One SIP socket to open: transport ("udp", "tcp"), IP address, port (0 picks one)."""

    transport: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class SipSettings:
    """The SIP door, and the limits of the calls behind it. Times are seconds."""

    listen: tuple[str, ...] = ("127.0.0.1:5060",)
    """Where to listen: ``HOST:PORT`` for UDP and TCP, ``udp:HOST:PORT`` or ``tcp:HOST:PORT`` for one of them."""
    advertised: tuple[str, ...] = ()
    """Addresses that Via and Contact name, at most one IPv4 and one IPv6; empty: those listened at."""
    max_connections: int = 4_096
    """TCP connections at once on one listener; each worker takes its share of them."""
    idle_s: float = 3_600.0
    """How long a carrier's TCP connection may stay silent."""
    workers: int = 1
    """Edge processes behind the same addresses. Each has its share of what is counted here per installation."""
    realm: str = "trunkline"
    """Digest realm of requests whose Request-URI names no domain of ours."""
    domains: tuple[str, ...] = ()
    """Our own SIP domains."""
    digest_algorithms: tuple[str, ...] = ("MD5",)
    """What challenges offer, a header each, the preferred one first (RFC 8760 §2.4): ``SHA-256``, ``MD5``. MD5 alone,
    since common stacks give up at a challenge with an algorithm unknown to them instead of taking the next header."""
    stealth: bool = False
    """Leave unknown sources without any answer."""
    allow_wide_masks: bool = False
    """Let carriers name networks wider than /24 (IPv6 /64)."""
    allow_private_targets: bool = False
    """Let trunks and outbound gateways lead to private networks, where PBXs live."""
    max_calls: int = 20_000
    """Calls at once; beyond that INVITEs get 503. Each worker takes its share: calls are spread evenly over them."""
    max_call_s: float = 86_400.0
    """Longest call."""
    ring_s: float = 180.0
    """Longest ringing of a trunk's target before the next one, or the end."""
    failover_s: float = 4.0
    """How long a target may leave an INVITE without any answer while there is another one to try."""
    rest_s: float = 30.0
    """How long a target that gave no answer, or 503, comes after its siblings; a 503's Retry-After counts instead."""
    refer_s: float = 30.0
    """How long a caller that we transfer (REFER) may leave us without a word of it, where its NOTIFY does not say."""
    options_s: float = 60.0
    """How often a gateway is asked with OPTIONS whether it lives, give or take a tenth, where it is to be asked."""
    t1: float = 0.5
    """RFC 3261's round-trip estimate, from which all retransmission timers follow."""
    nameservers: tuple[str, ...] = ()
    """Name servers to ask for SIP hosts: "IP", "IP:PORT" or "[IPv6]:PORT"; empty: those of the system's resolv.conf."""
    nonce_s: float = 60.0
    """How long a digest nonce serves."""
    unknown_per_s: int = 20
    """Answers a second to one unknown source; more attempts go unanswered. Off in lab mode. Each worker gives its
    share, at least one."""
    keep_messages: str = ""
    """Of which calls the SIP messages are kept, secrets masked: ``all``; ``failed``, those that nobody answered or that
    an error ended; ``none``. Empty: ``failed``, in lab mode ``all``."""
    keep_messages_mb: int = 256
    """Megabytes of such messages kept at most, compressed; the oldest make room."""

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """What ``listen`` asks for, UDP before TCP for each address."""
        return tuple(listener for text in self.listen for listener in _listeners(text))

    def advertised_for(self, host: str) -> str:
        """Return the address by which others reach what listens at ``host``."""
        return next((other for other in self.advertised if (":" in other) == (":" in host)), host)

    def messages_kept(self, *, lab: bool) -> str:
        """Return one of `KEPT_MESSAGES`."""
        return self.keep_messages or ("all" if lab else "failed")

    def share(self, worker: int) -> SipSettings:
        """Return the settings of one of the workers (0, 1, ...): limits that each counts alone are divided."""
        if self.workers == 1:
            return self
        return replace(
            self,
            max_calls=(self.max_calls + worker) // self.workers,
            max_connections=max(1, (self.max_connections + worker) // self.workers),
            unknown_per_s=max(min(1, self.unknown_per_s), (self.unknown_per_s + worker) // self.workers),
        )

    def check(self) -> None:
        """Raise `ConfigError` for what cannot be used."""
        if not 1 <= self.workers <= MAX_WORKERS:
            raise ConfigError(f"sip.workers is 1 to {MAX_WORKERS}, not {self.workers}")
        if self.workers > 1 and sys.platform != "linux":
            raise ConfigError("sip.workers above 1 needs Linux, which spreads what arrives over them")
        if self.max_calls < self.workers:
            raise ConfigError(f"sip.max_calls is at least one for each of the {self.workers} workers")
        self._check_addresses()
        offered, known = self.digest_algorithms, DIGEST_ALGORITHMS
        if not offered or not set(offered) <= set(known) or len(set(offered)) < len(offered):
            raise ConfigError(f"sip.digest_algorithms names one or more of {', '.join(known)}, each once")
        if self.keep_messages and self.keep_messages not in KEPT_MESSAGES:
            raise ConfigError(f"sip.keep_messages is one of {', '.join(KEPT_MESSAGES)}, not {self.keep_messages!r}")
        more_than_none = ("t1", "max_calls", "failover_s", "refer_s", "options_s", "idle_s", "max_connections")
        for name in (*more_than_none, "keep_messages_mb"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"sip.{name} must be greater than 0")

    def _check_addresses(self) -> None:
        if not 1 <= len(self.listeners) <= MAX_LISTENERS:
            raise ConfigError(f"sip.listen names 1 to {MAX_LISTENERS} listeners")
        for host in self.advertised:
            if not _is_ip(host) or ip_address(host).is_unspecified:
                raise ConfigError(f"sip.advertised {host!r} is not an IP address that others could use")
        if len({":" in host for host in self.advertised}) != len(self.advertised):
            raise ConfigError("sip.advertised has at most one IPv4 and one IPv6 address")
        for listener in self.listeners:
            if ip_address(self.advertised_for(listener.host)).is_unspecified:
                raise ConfigError(
                    f"sip.listen {listener.host} stands for every address of this machine: say with sip.advertised "
                    "(TRUNKLINE_SIP_ADVERTISED) which one carriers are to use"
                )
        for text in self.nameservers:
            nameserver(text)


@dataclass(frozen=True, slots=True)
class HookSettings:
    """Requests to users' applications."""

    allow_private: bool = False
    """Let applications live in private networks."""


MAX_QUARANTINE_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class NumberSettings:
    """What numbers cost, and when those that are given back may be bought again."""

    quarantine_days: float = 5.0
    """How long a number that was given back to the stock is not offered again."""
    tariff: str = ""
    """A TOML file with the rates of numbers that accounts add themselves (`tariff.py`); empty: they cost nothing."""

    def check(self) -> None:
        """Raise `ConfigError` for what cannot be used."""
        if not 0 <= self.quarantine_days <= MAX_QUARANTINE_DAYS:
            raise ConfigError(f"numbers.quarantine_days is 0 to {MAX_QUARANTINE_DAYS}")


MAX_CNAM_TIMEOUT_S = 5.0
MAX_CNAM_KEEP_S = 31 * 86_400.0
MAX_CNAM_REST_S = 3_600.0
MAX_CNAM_ENTRIES = 1_000_000


@dataclass(frozen=True, slots=True)
class CnamSettings:
    """Callers' names (CNAM) for numbers with ``cnam_lookup`` whose calls carry none. Times are seconds; each of the
    workers keeps and counts for itself."""

    url: str = ""
    """Where to ask by GET, like ``https://names.example/v1?number={number}``; empty: nobody is asked. ``{number}``,
    which stands behind the host, becomes the caller's number: digits like 14155550100, of the US only. The answer, at
    most 4 KB, is JSON, ``{"name": "Ann Example"}``; null or empty there, 204 and 404 say that there is no name.
    Certificates are verified, redirects not followed. The service may live in a private network, unlike users'
    applications, since the URL is the operator's own; on loopback in lab mode only."""
    timeout_s: float = 1.5
    """How long a call waits for a name; it goes on without one then."""
    keep_s: float = 86_400.0
    """How long a name is kept."""
    keep_none_s: float = 3_600.0
    """How long it is kept that a number has none."""
    keep_entries: int = 10_000
    """Numbers kept at most; those used longest ago make room."""
    rest_s: float = 30.0
    """After three failures in a row nobody is asked for this long."""

    def check(self, *, lab: bool) -> None:
        """Raise `ConfigError` for what cannot be used."""
        limits = (
            ("timeout_s", 0.1, MAX_CNAM_TIMEOUT_S),
            ("keep_s", 0, MAX_CNAM_KEEP_S),
            ("keep_none_s", 0, MAX_CNAM_KEEP_S),
            ("keep_entries", 1, MAX_CNAM_ENTRIES),
            ("rest_s", 0, MAX_CNAM_REST_S),
        )
        for name, low, high in limits:
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"cnam.{name} is {low} to {high}")
        if self.url:
            self._check_url(lab=lab)

    def _check_url(self, *, lab: bool) -> None:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise ConfigError("cnam.url is no URL") from None
        behind_host = "{number}" in f"{parts.path}?{parts.query}" and "{" not in parts.netloc
        if not host or parts.scheme not in ("http", "https") or not behind_host:
            raise ConfigError("cnam.url is like https://names.example/v1?number={number}, with {number} after the host")
        if not all("!" <= char <= "~" for char in self.url) or "#" in self.url:
            raise ConfigError("cnam.url has neither blanks, nor a fragment, nor characters beyond ASCII: write %XX")
        why = AddressFilter(allow_private=True, lab=lab).refusal(host) if _is_ip(host) else None
        if why:
            raise ConfigError(f"cnam.url leads to {host}, which is {why}; only public and private addresses are asked")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that `trunkline serve` reads."""

    data: Path = Path("var/data")
    lab: bool | None = None
    """None: on while both doors are on loopback."""
    http: HttpSettings = field(default_factory=HttpSettings)
    sip: SipSettings = field(default_factory=SipSettings)
    hooks: HookSettings = field(default_factory=HookSettings)
    numbers: NumberSettings = field(default_factory=NumberSettings)
    cnam: CnamSettings = field(default_factory=CnamSettings)

    @property
    def lab_mode(self) -> bool:
        """Whether lab mode holds."""
        return self._on_loopback if self.lab is None else self.lab

    @property
    def _on_loopback(self) -> bool:
        return is_loopback(self.http.host) and all(is_loopback(listener.host) for listener in self.sip.listeners)

    def checked(self) -> Settings:
        """Return these settings if they agree with each other; `ConfigError` otherwise."""
        self.http.check()
        self.sip.check()
        self.numbers.check()
        self.cnam.check(lab=self.lab_mode)
        if self.lab and not self._on_loopback:
            raise ConfigError("lab mode is accepted only while every listener is on loopback (127.0.0.1 or ::1)")
        return self


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return settings from a TOML file (None: none) and the environment."""
    table: dict[str, Any] = {}
    if path is not None:
        try:
            table = tomllib.loads(path.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from None
    settings = Settings()
    for name, value in table.items():
        settings = _set_part(settings, name, value) if isinstance(value, dict) else _set(settings, name, value, name)
    return _from_environment(settings, environ)


def _set_part(settings: Settings, part: str, table: dict[str, Any]) -> Settings:
    if part not in PARTS:
        raise ConfigError(f"there is no part [{part}]; the parts are {', '.join(f'[{name}]' for name in PARTS)}")
    changed = getattr(settings, part)
    for name, value in table.items():
        changed = _set(changed, name, value, f"{part}.{name}")
    return replace(settings, **{part: changed})


def _from_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    for part in PARTS:
        group = getattr(settings, part)
        for entry in fields(group):
            variable = f"{PREFIX}{part.upper()}_{entry.name.upper()}"
            if variable in environ:
                group = _set(group, entry.name, environ[variable], variable)
        settings = replace(settings, **{part: group})
    for name in ("data", "lab"):
        if PREFIX + name.upper() in environ:
            settings = _set(settings, name, environ[PREFIX + name.upper()], PREFIX + name.upper())
    return settings


def _set(group: Any, name: str, value: object, where: str) -> Any:
    known = {entry.name: entry for entry in fields(group)}
    if name not in known:
        raise ConfigError(f"{where} is not a setting; known are {', '.join(known)}")
    return replace(group, **{name: _read(value, getattr(group, name), name, where)})


def _read(value: object, default: object, name: str, where: str) -> object:
    """Read a value as the type that its default has."""
    if isinstance(default, bool) or name == "lab":
        words = {
            "true": True,
            "1": True,
            "yes": True,
            "on": True,
            "false": False,
            "0": False,
            "no": False,
            "off": False,
        }
        found = value if isinstance(value, bool) else words.get(str(value).lower())
        if found is None:
            raise ConfigError(f"{where} is true or false, not {value!r}")
        return found
    if isinstance(default, Path):
        return Path(str(value))
    if isinstance(default, tuple):
        parts = value if isinstance(value, list) else str(value).split(",")
        return tuple(str(part).strip() for part in parts if str(part).strip())
    if isinstance(default, int | float):
        try:
            return type(default)(str(value))
        except ValueError:
            raise ConfigError(f"{where} is a number, not {value!r}") from None
    return str(value)


def _listeners(text: str) -> list[Listener]:
    """Return what one entry of ``sip.listen`` asks for."""
    kind, colon, rest = text.partition(":")
    named = bool(colon) and kind in ("udp", "tcp")
    host, port = address(rest if named else text, "sip.listen")
    if not _is_ip(host):
        raise ConfigError(f"sip.listen {host!r} is not an IP address")
    return [Listener(transport, host, port) for transport in ((kind,) if named else ("udp", "tcp"))]


def address(text: str, where: str) -> tuple[str, int]:
    """Return (host, port) of ``HOST:PORT``; IPv6 in brackets. `ConfigError` for anything else."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{where} is HOST:PORT, like 127.0.0.1:8080, not {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def nameserver(text: str) -> tuple[str, int]:
    """Return (address, port) of a name server: ``IP``, ``IP:PORT`` or ``[IPv6]:PORT``. `ConfigError` otherwise."""
    bare = ":" not in text or (text.count(":") > 1 and not text.startswith("["))
    host, port = (text, 53) if bare else address(text, f"a name server, {text!r},")
    if not _is_ip(host) or ip_address(host).is_unspecified or port == 0:
        raise ConfigError(
            f"a name server (sip.nameservers) is IP, IP:PORT or [IPv6]:PORT, like 192.0.2.53 or [::1]:53, not {text!r}"
        )
    return host, port
