"""SIP messages: bytes to `Request` or `Response` and back (RFC 3261 §7, §20, §25; verdicts of RFC 4475).

A message is parsed lazily. `parse` finds the header fields once and checks what every transaction needs; a typed
property reads its field when it is first asked for. `Request.validate` reads everything that an element must
understand before it acts on a request, and is meant for requests outside dialogs.

Text is utf-8 with surrogateescape both ways: bytes that are not utf-8 survive a round trip.
"""

import re
from collections.abc import Container, Iterable
from contextlib import suppress

from trunkline.sip.uri import (
    BLANKS,
    TOKEN,
    MessageError,
    NameAddr,
    Params,
    SipUri,
    find_param,
    parse_host_port,
    parse_params,
    print_host_port,
    print_params,
    split_list,
    split_name_addr,
)

__all__ = [
    "MAX_HEADERS",
    "MAX_LINE",
    "MAX_MESSAGE",
    "REASONS",
    "Header",
    "MessageError",
    "Request",
    "Response",
    "Via",
    "parse",
    "reply",
    "response_address",
    "stamp_source",
]

MAX_MESSAGE = 65_535
"""Bytes of a whole message; what a UDP datagram can hold at most."""
MAX_HEADERS = 256
"""Header fields of one message."""
MAX_LINE = 8_192
"""Characters of the start line, and of one header field after unfolding."""
MAX_CSEQ = 2**31 - 1
"""RFC 3261 §8.1.1.5."""

Header = tuple[str, str]
"""Lower-case long name, and value without the blanks around it."""

REASONS = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    199: "Early Dialog Terminated", 200: "OK", 202: "Accepted", 204: "No Notification", 300: "Multiple Choices",
    301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy", 380: "Alternative Service",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    410: "Gone", 412: "Conditional Request Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Long",
    415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required",
    422: "Session Interval Too Small", 423: "Interval Too Brief", 428: "Use Identity Header",
    436: "Bad Identity Info", 437: "Unsupported Credential", 438: "Invalid Identity Header",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    483: "Too Many Hops", 484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 493: "Undecipherable",
    500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large", 580: "Precondition Failure",
    600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
    607: "Unwanted", 608: "Rejected",
}  # fmt: skip
"""Standard reason phrases by status."""

_PROPER = (
    "Accept", "Accept-Contact", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events",
    "Authentication-Info", "Authorization", "Call-ID", "Call-Info", "Contact", "Content-Disposition",
    "Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "CSeq", "Date", "Diversion",
    "Error-Info", "Event", "Expires", "From", "History-Info", "Identity", "Identity-Info", "In-Reply-To", "Join",
    "Max-Forwards", "MIME-Version", "Min-Expires", "Min-SE", "Organization", "P-Asserted-Identity",
    "P-Called-Party-ID", "P-Charging-Vector", "P-Early-Media", "P-Preferred-Identity", "Path", "Priority", "Privacy",
    "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Require", "RAck", "RSeq", "Reason", "Record-Route",
    "Refer-To", "Referred-By", "Reject-Contact", "Remote-Party-ID", "Replaces", "Reply-To", "Request-Disposition",
    "Require", "Retry-After", "Route", "SIP-ETag", "SIP-If-Match", "Server", "Service-Route", "Session-Expires",
    "Session-ID", "Subject", "Subscription-State", "Supported", "Timestamp", "To", "Unsupported", "User-Agent",
    "User-to-User", "Via", "WWW-Authenticate", "Warning",
)  # fmt: skip
_COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
    "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
    "l": "content-length", "m": "contact", "n": "identity-info", "o": "event", "r": "refer-to", "s": "subject",
    "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}  # fmt: skip


class _PrintedNames(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.title()


class _LongNames(dict[str, str]):
    """Names as they come to lower-case long names; one that is not in the table is worked out and not kept."""

    def __missing__(self, name: str) -> str:
        key = name.rstrip(BLANKS).lower()
        if not key or not TOKEN.issuperset(key):
            raise MessageError("Malformed header field")
        return _COMPACT.get(key, key)


_PRINTED = _PrintedNames({name.lower(): name for name in _PROPER})
_LONG = _LongNames({name: name.lower() for name in _PROPER})
_LONG.update({name.lower(): name.lower() for name in _PROPER})
_LONG.update(_COMPACT | {letter.upper(): name for letter, name in _COMPACT.items()})

# Fields of which a message may have one (RFC 3261 §7.3.1, §20); two that disagree leave no way to know which is meant.
_SINGLE = frozenset(("from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type"))
_AFTER_TAG = re.compile(r'[\x00-\x20;,<>"]')  # one class: cannot backtrack
_USUAL_METHODS = frozenset(
    ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "MESSAGE", "NOTIFY", "REFER")
)


class Via:
    """One Via value (RFC 3261 §20.42): `transport` in upper case, `host` without brackets, `port` None if not given.

    Treat it as immutable.
    """

    __slots__ = ("host", "params", "port", "transport")

    def __init__(self, transport: str, host: str, port: int | None = None, params: Params = ()) -> None:
        self.transport = transport
        self.host = host
        self.port = port
        self.params = params

    @classmethod
    def parse(cls, text: str) -> "Via":
        """Read one value, not a list. Raises MessageError."""
        head, semicolon, rest = text.partition(";")
        if head.startswith("SIP/2.0/UDP "):
            transport, sent_by = "UDP", head[12:].strip(BLANKS)
        else:
            protocol = head.split("/", 2)
            fields = protocol[-1].split(None, 1)
            if len(protocol) != 3 or len(fields) != 2 or not TOKEN.issuperset(fields[0]):
                raise MessageError("Malformed Via")
            if protocol[0].strip(BLANKS).upper() != "SIP" or protocol[1].strip(BLANKS) != "2.0":
                raise MessageError("Unknown protocol in Via")
            transport, sent_by = fields[0].upper(), fields[1].rstrip(BLANKS)
        host, port = parse_host_port(sent_by)
        if semicolon and not rest:
            raise MessageError("Empty parameter")
        return cls(transport, host, port, parse_params(rest))

    def param(self, name: str) -> str | None:
        """The value of parameter `name` (lower-case); "" for a flag, None if it is not there."""
        return find_param(self.params, name)

    @property
    def branch(self) -> str | None:
        """The `branch` parameter."""
        return find_param(self.params, "branch")

    @property
    def received(self) -> str | None:
        """The `received` parameter, an address without brackets."""
        value = find_param(self.params, "received")
        return value.strip("[]") if value else value

    @property
    def rport(self) -> str | None:
        """The `rport` parameter (RFC 3581): "" where it asks for the port."""
        return find_param(self.params, "rport")

    @property
    def address(self) -> tuple[str, int]:
        """Where responses go: `received`, else sent-by; `rport`, else sent-by's port, else 5060 (5061 for TLS).

        RFC 3261 §18.2.2 and RFC 3581 §4, without `maddr`: honouring that would let any sender aim our
        retransmissions at a third party.
        """
        rport = find_param(self.params, "rport")
        if rport and len(rport) < 6 and rport.isascii() and rport.isdigit():
            port = int(rport)
        else:
            port = self.port or (5061 if self.transport == "TLS" else 5060)
        return self.received or self.host, port

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport} {print_host_port(self.host, self.port)}{print_params(self.params)}"


class _Message:
    """What requests and responses share.

    `headers` is in the order of the wire; change it through `set`, `add` and `remove` only, since look-ups are cached.
    The typed properties raise MessageError where the field is missing (unless they are said to be None then) or
    malformed.
    """

    __slots__ = (
        "_contact",
        "_cseq",
        "_cseq_method",
        "_first",
        "_from",
        "_from_tag",
        "_to",
        "_to_tag",
        "_via",
        "body",
        "headers",
    )

    def __init__(self, headers: list[Header], body: bytes = b"") -> None:
        self.headers = headers
        self.body = body
        self._first: dict[str, str] | None = None
        self._via: Via | None = None
        self._from: NameAddr | None = None
        self._to: NameAddr | None = None
        self._contact: NameAddr | None = None
        self._cseq = -1
        self._cseq_method = ""
        # "" is no tag, so here it says that the field has not been read.
        self._from_tag: str | None = ""
        self._to_tag: str | None = ""

    def get(self, name: str) -> str | None:
        """The first value of header `name` (lower-case long name), as written; None if it is not there."""
        first = self._first
        if first is None:
            first = self._first = dict(reversed(self.headers))
        return first.get(name)

    def get_all(self, name: str) -> list[str]:
        """All values of header `name` in order, each as written."""
        return [value for key, value in self.headers if key == name]

    def get_list(self, name: str) -> list[str]:
        """All elements of header `name`, where its grammar is a comma-separated list. Raises MessageError."""
        items: list[str] = []
        for key, value in self.headers:
            if key == name:
                items += split_list(value)
        return items

    def set(self, name: str, value: str) -> None:
        """Replace every `name` by one with this value, at the place of the first, else at the end."""
        place = next((i for i, header in enumerate(self.headers) if header[0] == name), len(self.headers))
        self.remove(name)
        self.headers.insert(place, (name, value))

    def add(self, name: str, value: str) -> None:
        """Append a header field."""
        self.headers.append((name, value))
        self._forget()

    def remove(self, name: str) -> None:
        """Remove every `name`."""
        self.headers[:] = [header for header in self.headers if header[0] != name]
        self._forget()

    def _forget(self) -> None:
        self._first = self._via = self._from = self._to = self._contact = None
        self._cseq = -1
        self._from_tag = self._to_tag = ""

    def _need(self, name: str) -> str:
        first = self._first
        if first is None:
            first = self._first = dict(reversed(self.headers))
        try:
            return first[name]
        except KeyError:
            raise MessageError(f"Missing {_PRINTED[name]}") from None

    @property
    def via(self) -> Via:
        """The topmost Via."""
        if self._via is None:
            text = self._need("via")
            self._via = Via.parse(text if "," not in text else split_list(text)[0])
        return self._via

    @property
    def call_id(self) -> str:
        """Call-ID."""
        return self._need("call-id")

    @property
    def cseq(self) -> int:
        """The number of CSeq, 0 to 2**31 - 1."""
        if self._cseq < 0:
            self._cseq, self._cseq_method = _parse_cseq(self._need("cseq"))
        return self._cseq

    @property
    def cseq_method(self) -> str:
        """The method of CSeq."""
        if self._cseq < 0:
            self._cseq, self._cseq_method = _parse_cseq(self._need("cseq"))
        return self._cseq_method

    @property
    def from_(self) -> NameAddr:
        """From."""
        if self._from is None:
            self._from = NameAddr.parse(self._need("from"))
        return self._from

    @property
    def to(self) -> NameAddr:
        """To."""
        if self._to is None:
            self._to = NameAddr.parse(self._need("to"))
        return self._to

    @property
    def from_tag(self) -> str | None:
        """The tag of From, None without one."""
        if self._from_tag == "":
            self._from_tag = _tag(self._need("from"))
        return self._from_tag

    @property
    def to_tag(self) -> str | None:
        """The tag of To, None without one."""
        if self._to_tag == "":
            self._to_tag = _tag(self._need("to"))
        return self._to_tag

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact; None if there is none or it is `*` (RFC 3261 §10.2.2)."""
        if self._contact is None:
            text = self.get("contact")
            if text is None or text == "*":
                return None
            self._contact = NameAddr.parse(split_list(text)[0])
        return self._contact

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, 0 to 255; None if it is not there."""
        text = self.get("max-forwards")
        return None if text is None else _number(text, 255, "Max-Forwards")

    @property
    def route(self) -> list[str]:
        """The Route values in order."""
        return self.get_list("route")

    @property
    def record_route(self) -> list[str]:
        """The Record-Route values in order."""
        return self.get_list("record-route")

    def _print(self, start: str, top_via: str | None) -> bytes:
        names = _PRINTED
        lines = [start] if top_via is None else [start, "Via: " + top_via]
        lines += [f"{names[name]}: {value}" for name, value in self.headers if name != "content-length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        head = "\r\n".join(lines)
        breaks = len(lines) + 1
        if head.count("\n") != breaks or head.count("\r") != breaks:
            raise ValueError("a header field holds a line break")
        data = head.encode("utf-8", "surrogateescape")
        return data + self.body if self.body else data


class Request(_Message):
    """A SIP request; `uri` is the Request-URI as written."""

    __slots__ = ("_request_uri", "method", "uri")

    def __init__(self, method: str, uri: str, headers: list[Header], body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri = uri
        self._request_uri: SipUri | None = None

    @property
    def request_uri(self) -> SipUri:
        """The Request-URI. Raises MessageError."""
        if self._request_uri is None:
            self._request_uri = SipUri.parse(self.uri)
        return self._request_uri

    def to_bytes(self, top_via: str | None = None) -> bytes:
        """The request for the wire, its Content-Length right; `top_via` is put above the Via fields that it has.

        Raises ValueError if a header value holds a line break, which would start a header field of its own.
        """
        return self._print(f"{self.method} {self.uri} SIP/2.0", top_via)

    def validate(self, options: Container[str] = (), content_types: Container[str] | None = None) -> None:
        """Read all that an element must understand before it acts on this request (RFC 3261 §8.2, RFC 4475).

        `options` are the option tags that Require may name; `content_types` the types (lower-case, without
        parameters) that a body may have, None for any. Raises MessageError with status 400, 415 (with Accept, if
        `content_types` can be listed), 416, or 420 (with Unsupported), and with `request` set.
        """
        try:
            uri = self.request_uri
            if uri.scheme not in ("sip", "sips", "tel"):
                raise MessageError("Unsupported URI Scheme", 416)
            if uri.headers:
                raise MessageError("Header fields in the Request-URI")
            for address in (self.from_, self.to):
                if address.param("tag") == "":
                    raise MessageError("Empty tag")
            if self.via.param("branch") == "":
                raise MessageError("Empty branch")
            _ = self.max_forwards
            self._validate_addresses()
            if self.method not in ("ACK", "CANCEL"):
                self._validate_extensions(options, content_types)
        except MessageError as error:
            error.request = self
            raise

    def _validate_addresses(self) -> None:
        for name, value in self.headers:
            if name == "contact":
                if value != "*":
                    for item in split_list(value):
                        NameAddr.parse(item)
            elif name in ("route", "record-route"):
                for item in split_list(value):
                    if "<" not in item:
                        raise MessageError(f"{_PRINTED[name]} without angle brackets")
                    NameAddr.parse(item)

    def _validate_extensions(self, options: Container[str], content_types: Container[str] | None) -> None:
        required = self.get_list("require") if self.get("require") is not None else ()
        unknown = [tag for tag in required if tag.lower() not in options]
        if unknown:
            raise MessageError("Bad Extension", 420, headers=(("unsupported", ", ".join(unknown)),))
        if content_types is not None and self.body:
            kind = (self.get("content-type") or "").partition(";")[0].strip(BLANKS).lower()
            if kind not in content_types:
                accept = ", ".join(sorted(content_types)) if isinstance(content_types, Iterable) else ""
                headers = (("accept", accept),) if accept else ()
                raise MessageError("Unsupported Media Type", 415, headers=headers)


class Response(_Message):
    """A SIP response."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, headers: list[Header], body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason

    def to_bytes(self) -> bytes:
        """The response for the wire, its Content-Length right. Raises ValueError as Request.to_bytes."""
        return self._print(f"SIP/2.0 {self.status} {self.reason}", None)


def parse(data: bytes) -> Request | Response:
    """Read one datagram (RFC 3261 §7, §18.3). Raises MessageError, with `request` set where it can be answered.

    Compact and folded forms and blanks around names are read; empty lines before the start line are skipped; what
    follows the Content-Length is cut, and a Content-Length beyond the data is refused. Checked are the bounds above,
    the start line, header names, the mandatory fields, that fields which may stand once do, and CSeq. Header values
    other than CSeq and Content-Length are not looked into.
    """
    if len(data) > MAX_MESSAGE:
        raise MessageError("Message Too Large", 513)
    start = 0
    while data.startswith(b"\r\n", start):
        start += 2
    end = data.find(b"\r\n\r\n", start)
    problem = None
    if end < 0:
        end = len(data)
        problem = MessageError("No empty line after the header")
    head = data[start:end].decode("utf-8", "surrogateescape")
    lines = head.split("\r\n")
    breaks = len(lines) - 1
    if head.count("\n") != breaks or head.count("\r") != breaks:
        raise MessageError("Bare line break in the header")
    try:
        headers = _parse_headers(lines)
    except ValueError:  # a continuation line, a line without a colon, or a malformed name
        lines = head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")
        headers = _parse_odd_headers(lines)
        if len(headers) < len(lines) - 1:
            problem = problem or MessageError("Malformed header field")
    if len(headers) > MAX_HEADERS:
        raise MessageError("Too many header fields")
    if len(head) > MAX_LINE and max(map(len, lines)) > MAX_LINE:
        raise MessageError("Line too long")
    first_line = lines[0]
    if first_line[:4].upper() == "SIP/":
        if problem is not None:
            raise problem
        return _parse_response(first_line, headers, data, end + 4)
    return _parse_request(first_line, headers, data, end + 4, problem)


def reply(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    headers: Iterable[Header] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Response:
    """A response to `request` (RFC 3261 §8.2.6), with the Via fields as they stand: call stamp_source before.

    `to_tag` is added if the request's To has none. Record-Route is copied to 101-299 (§12.1.1), Timestamp to 100.
    Raises MessageError if the request lacks a mandatory field.
    """
    fields = [header for header in request.headers if header[0] == "via"]
    need = request._need
    if 100 < status < 300 and request.get("record-route") is not None:
        fields += [header for header in request.headers if header[0] == "record-route"]
    to = need("to")
    if to_tag is not None:
        to = _with_tag(request, to, to_tag)
    fields += (("from", need("from")), ("to", to), ("call-id", need("call-id")), ("cseq", need("cseq")))
    if status == 100 and request.get("timestamp") is not None:
        fields += [header for header in request.headers if header[0] == "timestamp"]
    fields += headers
    if content_type is not None:
        fields.append(("content-type", content_type))
    return Response(status, REASONS.get(status, "") if reason is None else reason, fields, body)


def stamp_source(request: Request, host: str, port: int) -> tuple[str, int]:
    """Write the source of `request` into its top Via, and return where responses go (RFC 3261 §18.2.1, RFC 3581 §4).

    `received` is added if the sender asks for `rport` or its sent-by is another address; a `received` or `rport`
    value that the sender itself put there is replaced, for it could point anywhere. Raises MessageError if the top
    Via is malformed.
    """
    via = request.via
    rport, received = via.rport, via.received
    if rport is None and received is None and via.host == host:
        return via.address
    params = via.params
    if rport is not None or received is not None:
        params = tuple([param for param in params if param[0] != "rport" and param[0] != "received"])
    if rport is not None:
        params += (("rport", str(port)), ("received", host))
    elif via.host != host:
        params += (("received", host),)
    stamped = Via(via.transport, via.host, via.port, params)
    fields = request.headers
    place = 0
    while fields[place][0] != "via":
        place += 1
    old = fields[place][1]
    rest = "" if "," not in old else "".join([", " + item for item in split_list(old)[1:]])
    fields[place] = ("via", str(stamped) + rest)
    request._first = None
    request._via = stamped
    return stamped.address


def response_address(message: Request | Response) -> tuple[str, int]:
    """Where a response goes, by the top Via of the response or of its stamped request: see Via.address."""
    return message.via.address


def _parse_headers(lines: list[str]) -> list[Header]:
    """The fields of all lines but the first. Raises ValueError unless each is a well-formed field on one line."""
    names = _LONG
    return [(names[name], value.strip(" \t")) for name, value in [line.split(":", 1) for line in lines[1:]]]


def _parse_odd_headers(lines: list[str]) -> list[Header]:
    """The well-formed fields among all lines but the first."""
    headers: list[Header] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            with suppress(MessageError):
                headers.append((_LONG[name], value.strip(" \t")))
    return headers


def _parse_request(line: str, headers: list[Header], data: bytes, start: int, problem: MessageError | None) -> Request:
    parts = line.split(" ")
    if len(parts) == 3:
        method, uri, version = parts
        if version != "SIP/2.0" and version.upper() != "SIP/2.0":
            if not version[:4].upper() == "SIP/":
                raise MessageError("Not a SIP message")
            problem = MessageError("Version Not Supported", 505)
    else:
        if not parts[-1].upper().startswith("SIP/") and "SIP/" not in line[-16:].upper():
            raise MessageError("Malformed Request-Line")
        method, uri = parts[0], ""
        problem = problem or MessageError("Malformed Request-Line")
    if method not in _USUAL_METHODS and (not method or not TOKEN.issuperset(method)):
        raise MessageError("Malformed method")
    request = Request(method, uri, headers)
    try:
        length = _check_fields(request)
        if request._cseq_method != method:
            # RFC 4475 §3.1.2.18: a method from the future may have rules of its own, so 501 is the better answer.
            raise MessageError("CSeq method does not match", 400 if method in _USUAL_METHODS else 501)
        if problem is not None:
            raise problem
        request.body = _cut_body(data, start, length)
    except MessageError as error:
        # A wrong version explains every other oddity of the message, so it goes first.
        answer = problem if problem is not None and problem.status == 505 else error
        answer.request = request if _answerable(request) else None
        raise answer from None
    return request


def _parse_response(line: str, headers: list[Header], data: bytes, start: int) -> Response:
    version, _, rest = line.partition(" ")
    code, _, reason = rest.partition(" ")
    if version.upper() != "SIP/2.0":
        raise MessageError("Version Not Supported", 505)
    if len(code) != 3 or not (code.isascii() and code.isdigit()) or not "100" <= code < "700":
        raise MessageError("Malformed status code")
    response = Response(int(code), reason, headers)
    response.body = _cut_body(data, start, _check_fields(response))
    return response


def _check_fields(message: Request | Response) -> int:
    """Check presence and number of fields, read CSeq, and return Content-Length (-1 without one)."""
    first = message._first = dict(reversed(message.headers))
    if len(first) != len(message.headers):
        seen = set()
        for name, _ in message.headers:
            if name in _SINGLE:
                if name in seen:
                    raise MessageError(f"More than one {_PRINTED[name]}")
                seen.add(name)
    for name in ("via", "from", "to", "call-id", "cseq"):
        if not first.get(name):
            raise MessageError(f"Missing {_PRINTED[name]}")
    message._cseq, message._cseq_method = _parse_cseq(first["cseq"])
    length = first.get("content-length")
    return -1 if length is None else _number(length, MAX_MESSAGE, "Content-Length")


def _cut_body(data: bytes, start: int, length: int) -> bytes:
    if length == 0:
        return b""
    if length < 0:
        return data[start:]
    if start + length > len(data):
        raise MessageError("Content-Length beyond the message")
    return data[start : start + length]


def _answerable(request: Request) -> bool:
    """Whether a response can be built and addressed."""
    return request.method != "ACK" and all(request.get(n) for n in ("via", "from", "to", "call-id", "cseq"))


def _parse_cseq(text: str) -> tuple[int, str]:
    digits, _, method = text.partition(" ")
    if len(digits) < 10 and digits.isascii() and digits.isdigit() and method in _USUAL_METHODS:
        return int(digits), method
    fields = text.split(None, 1)
    if len(fields) != 2:
        raise MessageError("Malformed CSeq")
    return _number(fields[0], MAX_CSEQ, "CSeq"), fields[1]


def _number(text: str, largest: int, what: str) -> int:
    """Read digits. Python reads long digit strings in quadratic time, so their length is checked before."""
    if not (text.isascii() and text.isdigit()):
        raise MessageError(f"Malformed {what}")
    if len(text) > 10:
        text = text.lstrip("0") or "0"
    if len(text) > 10 or int(text) > largest:
        raise MessageError(f"{what} out of range")
    return int(text)


def _with_tag(request: Request, to: str, tag: str) -> str:
    """The To value of a response: with our tag if it has none. A malformed To goes back as it came."""
    try:
        return f"{to};tag={tag}" if request.to_tag is None else to
    except MessageError:
        return to


def _tag(text: str) -> str | None:
    """The tag of a From or To value, without reading the address if the usual form allows it."""
    if text.endswith(">"):
        return None
    head, mark, tag = text.rpartition(";tag=")
    if mark and head.endswith(">") and tag and not _AFTER_TAG.search(tag):
        return tag
    return find_param(parse_params(split_name_addr(text)[2]), "tag") or None
