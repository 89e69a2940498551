"""Bytes to messages (RFC 3261 §7; verdicts of RFC 4475): the bounds, the start line, and what every message must have.

`parse` finds the header fields once and checks what every transaction needs; values are read when they are asked for.
"""

from contextlib import suppress

from trunkline.sip.fields import LONG, PRINTED, USUAL_METHODS, Header, parse_cseq, read_number
from trunkline.sip.message import Request, Response
from trunkline.sip.uri import TOKEN, MessageError

MAX_MESSAGE = 65_535
"""Bytes of a whole message; what a UDP datagram can hold at most."""
MAX_HEADERS = 256
"""Header fields of one message."""
MAX_LINE = 8_192
"""Characters of the start line, and of one header field after unfolding."""

# Fields of which a message may have one (RFC 3261 §7.3.1, §20); two that disagree leave no way to know which is meant.
_SINGLE = frozenset(("from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type"))
_MANDATORY = ("via", "from", "to", "call-id", "cseq")


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


def _parse_headers(lines: list[str]) -> list[Header]:
    """The fields of all lines but the first. Raises ValueError unless each is a well-formed field on one line."""
    names = LONG
    return [(names[name], value.strip(" \t")) for name, value in [line.split(":", 1) for line in lines[1:]]]


def _parse_odd_headers(lines: list[str]) -> list[Header]:
    """The well-formed fields among all lines but the first."""
    headers: list[Header] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            with suppress(MessageError):
                headers.append((LONG[name], value.strip(" \t")))
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
    if method not in USUAL_METHODS and (not method or not TOKEN.issuperset(method)):
        raise MessageError("Malformed method")
    request = Request(method, uri, headers)
    try:
        length = _check_fields(request)
        if request._cseq_method != method:
            # RFC 4475 §3.1.2.18: a method from the future may have rules of its own, so 501 is the better answer.
            raise MessageError("CSeq method does not match", 400 if method in USUAL_METHODS else 501)
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
                    raise MessageError(f"More than one {PRINTED[name]}")
                seen.add(name)
    get = first.get
    if not (get("via") and get("from") and get("to") and get("call-id") and get("cseq")):
        missing = next(name for name in _MANDATORY if not get(name))
        raise MessageError(f"Missing {PRINTED[missing]}")
    message._cseq, message._cseq_method = parse_cseq(first["cseq"])
    length = get("content-length")
    if length == "0":
        return 0
    return -1 if length is None else read_number(length, MAX_MESSAGE, "Content-Length")


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
    return request.method != "ACK" and all(request.get(name) for name in _MANDATORY)
