"""SIP messages as values: `Request` and `Response`, and their bytes (RFC 3261 §7, §20, §25).

A typed property reads its field when it is first asked for. `Request.validate` reads everything that an element must
understand before it acts on a request, and is meant for requests outside dialogs.

Text is utf-8 with surrogateescape both ways: bytes that are not utf-8 survive a round trip.
"""

from collections.abc import Container, Iterable

from trunkline.sip.fields import PRINTED, Header, parse_cseq, read_number, tag_of
from trunkline.sip.uri import BLANKS, MessageError, NameAddr, SipUri, split_list
from trunkline.sip.via import Via


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
            raise MessageError(f"Missing {PRINTED[name]}") from None

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
            self._cseq, self._cseq_method = parse_cseq(self._need("cseq"))
        return self._cseq

    @property
    def cseq_method(self) -> str:
        """The method of CSeq."""
        if self._cseq < 0:
            self._cseq, self._cseq_method = parse_cseq(self._need("cseq"))
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
            self._from_tag = tag_of(self._need("from"))
        return self._from_tag

    @property
    def to_tag(self) -> str | None:
        """The tag of To, None without one."""
        if self._to_tag == "":
            self._to_tag = tag_of(self._need("to"))
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
        return None if text is None else read_number(text, 255, "Max-Forwards")

    @property
    def route(self) -> list[str]:
        """The Route values in order."""
        return self.get_list("route")

    @property
    def record_route(self) -> list[str]:
        """The Record-Route values in order."""
        return self.get_list("record-route")

    def _print(self, start: str, top_via: str | None) -> bytes:
        names = PRINTED
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
                        raise MessageError(f"{PRINTED[name]} without angle brackets")
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
