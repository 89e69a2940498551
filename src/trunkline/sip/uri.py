"""SIP URIs, name-addrs and the small grammar that they share with other header fields (RFC 3261 §19.1, §20.10, §25.1).

Every function here reads its input once, left to right, in linear time, and raises `MessageError` (or its subclass
`UriError`) for input that it refuses; nothing else comes out.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from trunkline.sip.message import Request

Params = tuple[tuple[str, str | None], ...]
"""Parameters in order: lower-case name, and value as written (None for a flag such as `lr`)."""

BLANKS = " \t"
MAX_KEPT = 200
"""Characters of a URI that is kept once it was read."""
MAX_HOST = 272
"""Characters of a host with its port; a host name has 255 at most (RFC 1035 §2.3.4)."""
TOKEN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")
"""The characters of a token (RFC 3261 §25.1)."""

_SCHEME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")
_HOST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
_HEX = frozenset("0123456789abcdefABCDEF")
_IPV6 = _HEX | frozenset(":.")
_USUAL_PARAMS = frozenset(("branch", "rport", "received", "tag", "lr", "transport", "expires", "q"))
# One character class each, so that a search cannot backtrack.
_NEVER_IN_URI = re.compile(r'[\x00-\x20\x7f<>"]')
_LIST_MARK = re.compile(r'[",<]')
_QUOTE_OR_SEMICOLON = re.compile(r'[";]')

_SAFE_USER = "!*'()&=+$,;?/"
_SAFE_PASSWORD = "!*'()&=+$,"  # noqa: S105 - characters, not a secret
_SAFE_PARAM = "!*'()[]/:&+$"


class MessageError(ValueError):
    """Why a message, or a part of it, is refused.

    `status` is the SIP status to answer with, `reason` fits a reason phrase, `headers` are further header fields that
    the answer must carry (such as Unsupported), and `request` is the request if it can be answered at all, that is,
    if Via, From, To, Call-ID and CSeq are there; else None.
    """

    def __init__(
        self,
        reason: str,
        status: int = 400,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        request: "Request | None" = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers
        self.request = request


class UriError(MessageError):
    """A URI that breaks the grammar of its scheme."""


class SipUri(NamedTuple):
    """One URI (RFC 3261 §19.1.1; RFC 3966 for `tel`), immutable.

    `user`, `password`, and the names and values of `params` are unescaped; `host` is lower-case, an IPv6 address
    without its brackets; `headers` is the text after `?` as written. A `tel` URI has its number in `user` and an empty
    `host`. Of any other scheme only `scheme` and `opaque` (all after the colon) are filled.
    """

    scheme: str
    user: str | None
    host: str
    port: int | None = None
    params: Params = ()
    headers: str = ""
    password: str | None = None
    opaque: str = ""

    @classmethod
    def parse(cls, text: str) -> "SipUri":
        """Read one URI without brackets around it. Raises UriError."""
        return _parse_again(text) if len(text) <= MAX_KEPT else cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> "SipUri":
        if _NEVER_IN_URI.search(text):
            raise UriError("Illegal character in URI")
        scheme, colon, rest = text.partition(":")
        if scheme == "sip":
            return cls._parse_sip(scheme, rest)
        scheme = scheme.lower()
        if not colon or not scheme or not _SCHEME.issuperset(scheme) or not scheme[0].isalpha():
            raise UriError("URI without a scheme")
        if scheme in ("sip", "sips"):
            return cls._parse_sip(scheme, rest)
        if scheme == "tel":
            number, _, params = rest.partition(";")
            if not number:
                raise UriError("tel URI without a number")
            return cls("tel", _unescape(number), "", None, _uri_params(params) if params else ())
        return cls(scheme, None, "", opaque=rest)

    @classmethod
    def _parse_sip(cls, scheme: str, rest: str) -> "SipUri":
        user: str | None
        password: str | None = None
        user, at, tail = rest.partition("@")
        if not at:
            user, tail = None, rest
        else:
            if ":" in user:
                user, _, password = user.partition(":")
                password = _unescape(password)
            if not user or "@" in tail:
                raise UriError("URI with two @" if user else "URI with an empty user")
            if "%" in user:
                user = _unescape(user)
        headers = ""
        params: Params = ()
        if "?" in tail:
            tail, _, headers = tail.partition("?")
            if not headers:
                raise UriError("URI with empty headers")
        if ";" in tail:
            tail, _, text = tail.partition(";")
            params = _uri_params(text)
        host, port = parse_host_port(tail)
        return cls(scheme, user, host, port, params, headers, password)

    def param(self, name: str) -> str | None:
        """The value of parameter `name` (lower-case); "" for a flag, None if it is not there."""
        return find_param(self.params, name)

    @property
    def transport(self) -> str | None:
        """The `transport` parameter in lower case, or None."""
        value = find_param(self.params, "transport")
        return value.lower() if value else None

    @property
    def host_port(self) -> str:
        """`host[:port]`, an IPv6 address in brackets."""
        return print_host_port(self.host, self.port)

    def __str__(self) -> str:
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        parts = [self.scheme, ":"]
        if self.user is not None:
            parts.append(_escape(self.user, _SAFE_USER))
            if self.password is not None:
                parts += ":", _escape(self.password, _SAFE_PASSWORD)
            if self.scheme != "tel":
                parts.append("@")
        parts.append(self.host_port)
        for name, value in self.params:
            parts += ";", _escape(name, _SAFE_PARAM)
            if value is not None:
                parts += "=", _escape(value, _SAFE_PARAM)
        if self.headers:
            parts += "?", self.headers
        return "".join(parts)


@lru_cache(maxsize=4096)
def _parse_again(text: str) -> SipUri:
    """Read a URI that may come again soon: one call names the same ones in many messages."""
    return SipUri._parse(text)


class NameAddr(NamedTuple):
    """A name-addr or addr-spec with its header parameters, as in From, To and Contact (RFC 3261 §20.10), immutable.

    `display_name` is unquoted, "" if there is none; values of `params` are as written, quotes included.
    """

    display_name: str
    uri: SipUri
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """Read one value. Raises MessageError.

        An unquoted display name may hold any character but quotes and brackets: the missing quotes are inferred
        (RFC 4475 §3.1.2.15). A bare addr-spec with `?` or `,` in it is refused (RFC 3261 §20).
        """
        display, uri, rest = split_name_addr(text)
        return cls(display, SipUri.parse(uri), parse_params(rest))

    def param(self, name: str) -> str | None:
        """The value of header parameter `name` (lower-case), unquoted; "" for a flag, None if it is not there."""
        value = find_param(self.params, name)
        return unquote_string(value) if value and value[0] == '"' else value

    @property
    def tag(self) -> str | None:
        """The `tag` parameter, or None."""
        return find_param(self.params, "tag")

    def __str__(self) -> str:
        name = quote_string(self.display_name) + " " if self.display_name else ""
        return f"{name}<{self.uri}>{print_params(self.params)}"


def same_uri(a: SipUri, b: SipUri) -> bool:
    """Whether two URIs are equal by RFC 3261 §19.1.4 (for `tel`: RFC 3966 §4; for other schemes: the same text)."""
    if a.scheme != b.scheme:
        return False
    if a.scheme == "tel":
        separators = str.maketrans("", "", "-.()")
        same_number = (a.user or "").translate(separators).lower() == (b.user or "").translate(separators).lower()
        return same_number and _folded(a.params) == _folded(b.params)
    if a.scheme not in ("sip", "sips"):
        return a.opaque == b.opaque
    if (a.user, a.password, a.host, a.port) != (b.user, b.password, b.host, b.port):
        return False
    mine, other = _folded(a.params), _folded(b.params)
    if any(mine.get(name) != other.get(name) for name in ("user", "ttl", "method", "maddr", "transport")):
        return False
    if any(mine[name] != other[name] for name in mine.keys() & other.keys()):
        return False
    return _header_set(a.headers) == _header_set(b.headers)


def split_name_addr(text: str) -> tuple[str, str, str]:
    """Split a name-addr or addr-spec into display name, URI text and parameter text. Raises MessageError."""
    text = text.strip(BLANKS)
    left = text.find("<")
    mark = text.find('"', 0, left if left >= 0 else len(text))
    display = ""
    if mark > 0:
        raise MessageError("Misplaced quote in address")
    if mark == 0:
        end = end_of_quoted(text, 1)
        display = _unslash(text[1:end])
        left = text.find("<", end)
        if left < 0 or text[end + 1 : left].strip(BLANKS):
            raise MessageError("No URI after the display name")
    elif left > 0:
        display = text[:left].rstrip(BLANKS)
    if left < 0:
        uri, _, rest = text.partition(";")
        if "?" in uri or "," in uri:
            raise MessageError("URI must be enclosed in angle brackets")
        if text.endswith(";"):
            raise MessageError("Empty parameter")
        return "", uri.rstrip(BLANKS), rest
    right = text.find(">", left)
    if right < 0:
        raise MessageError("Unclosed angle bracket")
    tail = text[right + 1 :].lstrip(BLANKS)
    if tail and (tail[0] != ";" or tail == ";"):
        raise MessageError("Unexpected text after the address")
    return display, text[left + 1 : right], tail[1:]


def split_list(text: str) -> list[str]:
    """Split at the commas that stand outside quotes and angle brackets; elements are stripped of blanks.

    Raises MessageError for a quote or an angle bracket that does not end.
    """
    if "," not in text:
        return [text.strip(BLANKS)]
    if '"' not in text and "<" not in text:
        return [item.strip(BLANKS) for item in text.split(",")]
    items = []
    start = position = 0
    while mark := _LIST_MARK.search(text, position):
        position = mark.end()
        if mark[0] == ",":
            items.append(text[start : position - 1].strip(BLANKS))
            start = position
        elif mark[0] == '"':
            position = end_of_quoted(text, position) + 1
        else:
            position = text.find(">", position) + 1
            if not position:
                raise MessageError("Unclosed angle bracket")
    items.append(text[start:].strip(BLANKS))
    return items


def parse_params(text: str) -> Params:
    """Read `name[=value]` items between semicolons, without one in front; "" gives (). Raises MessageError."""
    if not text:
        return ()
    items = []
    for part in text.split(";") if '"' not in text else _split_semicolons(text):
        name, equals, value = part.partition("=")
        name = name.strip(BLANKS).lower()
        if name not in _USUAL_PARAMS and (not name or not TOKEN.issuperset(name)):
            raise MessageError("Malformed parameter" if name else "Empty parameter")
        items.append((name, value.strip(BLANKS) if equals else None))
    return tuple(items)


def print_params(params: Params) -> str:
    """The inverse of parse_params, each item with its semicolon in front."""
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in params])


def find_param(params: Params, name: str) -> str | None:
    """The first value of `name`: "" for a flag, None if it is not there."""
    for key, value in params:
        if key == name:
            return value or ""
    return None


@lru_cache(maxsize=4096)
def parse_host_port(text: str) -> tuple[str, int | None]:
    """Read `host[:port]` with an IPv6 host in brackets; blanks may stand around the colon. Raises UriError.

    Cached, since traffic names the same few hosts; refusals are not kept, so MAX_HOST bounds the memory.
    """
    if len(text) > MAX_HOST:
        raise UriError("Host too long")
    if text.startswith("["):
        host, bracket, tail = text[1:].partition("]")
        tail = tail.strip(BLANKS)
        if not bracket or not _IPV6.issuperset(host) or host.count(":") < 2 or (tail and tail[0] != ":"):
            raise UriError("Malformed IPv6 address")
        colon, port = tail[:1], tail[1:]
    else:
        host, colon, port = text.partition(":")
        if colon:
            host = host.rstrip(BLANKS)
        if not host or not _HOST.issuperset(host):
            raise UriError("Malformed host")
    if not colon:
        return host.lower(), None
    port = port.strip(BLANKS)
    if len(port) > 5 or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise UriError("Malformed port")
    return host.lower(), int(port)


def print_host_port(host: str, port: int | None) -> str:
    """The inverse of parse_host_port."""
    if ":" in host:
        host = f"[{host}]"
    return host if port is None else f"{host}:{port}"


def end_of_quoted(text: str, start: int) -> int:
    """The index of the quote that ends the quoted string whose content begins at `start`. Raises MessageError."""
    end = text.find('"', start)
    while end >= 0:
        slash = text.find("\\", start, end)
        if slash < 0:
            return end
        start = slash + 2
        if start > end:
            end = text.find('"', start)
    raise MessageError("Unterminated quoted string")


def quote_string(text: str) -> str:
    """`text` as a quoted-string (RFC 3261 §25.1)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquote_string(text: str) -> str:
    """The content of a quoted-string; text without quotes comes back as it is. Raises MessageError."""
    if not text.startswith('"'):
        return text
    if end_of_quoted(text, 1) != len(text) - 1:
        raise MessageError("Unexpected text after a quoted string")
    return _unslash(text[1:-1])


def _unslash(text: str) -> str:
    if "\\" not in text:
        return text
    # A doubled backslash separates first, so that each remaining one escapes the character after it.
    return "\\".join([part.replace("\\", "") for part in text.split("\\\\")])


def _split_semicolons(text: str) -> list[str]:
    items = []
    start = position = 0
    while mark := _QUOTE_OR_SEMICOLON.search(text, position):
        position = mark.end()
        if mark[0] == '"':
            position = end_of_quoted(text, position) + 1
        else:
            items.append(text[start : position - 1])
            start = position
    items.append(text[start:])
    return items


def _uri_params(text: str) -> Params:
    items = []
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not name:
            raise UriError("Empty URI parameter")
        items.append((_unescape(name).lower(), _unescape(value) if equals else None))
    return tuple(items)


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    for piece in text.split("%")[1:]:
        if len(piece) < 2 or not _HEX.issuperset(piece[:2]):
            raise UriError("Malformed escape in URI")
    return unquote(text, errors="surrogateescape")


def _escape(text: str, safe: str) -> str:
    return text if text.isalnum() and text.isascii() else quote(text, safe, errors="surrogateescape")


def _folded(params: Params) -> dict[str, str]:
    return {name: (value or "").lower() for name, value in params}


def _header_set(text: str) -> list[tuple[str, str]]:
    pairs = [item.partition("=") for item in text.split("&")]
    return sorted((unquote(name).lower(), unquote(value, errors="surrogateescape")) for name, _, value in pairs)
