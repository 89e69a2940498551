"""Settings of one request to an application, written in the fragment of its URL: the vendors share the grammar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from trunkline.core.fetching import FetchPolicy, RetryOn

_RETRY_WORDS = {
    "ct": RetryOn.CONNECT_TIMEOUT,
    "rt": RetryOn.READ_TIMEOUT,
    "4xx": RetryOn.CLIENT_ERROR,
    "5xx": RetryOn.SERVER_ERROR,
    "all": RetryOn.ANY,
}
MAX_RETRIES = 5


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """A vendor's defaults, and the largest value of each time in milliseconds, ``ct``, ``rt`` and ``tt``."""

    default: FetchPolicy
    longest: Mapping[str, int]


class _HasUrl(Protocol):
    @property
    def url(self) -> str: ...


def split_hook(hook: _HasUrl) -> tuple[str, str]:
    """Return a hook's URL as it is sent, and its fragment.

    Blanks and letters that are not ASCII are escaped before it is signed: what is signed is what the server sees.
    """
    url, _, fragment = hook.url.strip().partition("#")
    return quote(url, safe="!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~"), fragment


def read_policy(fragment: str, rules: PolicyRules) -> FetchPolicy:
    """Read settings like ``ct=2000&rt=40000&tt=55000&rc=1&rp=ct,rt``, times in milliseconds from 100 up.

    A value out of its range or malformed counts as not given, so that key keeps its default; of a repeated key the
    first counts; unknown keys change nothing.
    """
    given: dict[str, str] = {}
    for pair in fragment.split("&"):
        key, _, value = pair.partition("=")
        given.setdefault(key, value)

    def number(key: str, low: int, high: int) -> int | None:
        text = given.get(key, "")
        if not (text.isascii() and text.isdigit() and len(text) <= 5):
            return None
        return int(text) if low <= int(text) <= high else None

    def seconds(key: str, default: float) -> float:
        value = number(key, 100, rules.longest[key])
        return default if value is None else value / 1000

    words = given.get("rp", "").split(",")
    valid = all(word in _RETRY_WORDS for word in words)
    retries = number("rc", 0, MAX_RETRIES)
    return FetchPolicy(
        connect_s=seconds("ct", rules.default.connect_s),
        read_s=seconds("rt", rules.default.read_s),
        total_s=seconds("tt", rules.default.total_s),
        retries=rules.default.retries if retries is None else retries,
        retry_on=frozenset(_RETRY_WORDS[word] for word in words) if valid else rules.default.retry_on,
    )
