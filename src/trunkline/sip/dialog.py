"""Dialogs (RFC 3261 §12): the identity, sequence numbers, route set and target that two user agents share.

Routes, URIs of From and To, and targets stay raw strings, as they came: what is built is joined from them.
"""

from collections.abc import Iterable

from trunkline.sip.fields import Header
from trunkline.sip.message import Request, Response
from trunkline.sip.uri import MessageError, SipUri, find_param, parse_params, split_list, split_name_addr

MAX_FORWARDS = 70
"""Of requests that begin here (RFC 3261 §8.1.1.6)."""

_TARGET_REFRESH = frozenset(("INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"))


class Dialog:
    """One dialog, seen from our side.

    `local_uri` and `remote_uri` are the From and To header values, tags included. `remote_seq` is -1 while the other
    side has not sent a request. `contact` is our own Contact value, added to requests that refresh the target.
    """

    __slots__ = (
        "call_id", "contact", "local_seq", "local_tag", "local_uri", "remote_seq", "remote_tag", "remote_target",
        "remote_uri", "route_set",
    )  # fmt: skip

    def __init__(
        self,
        *,
        call_id: str,
        local_uri: str,
        local_tag: str,
        local_seq: int,
        remote_uri: str,
        remote_tag: str,
        remote_seq: int,
        remote_target: str,
        route_set: list[str],
        contact: str = "",
    ) -> None:
        self.call_id = call_id
        self.local_uri = local_uri
        self.local_tag = local_tag
        self.local_seq = local_seq
        self.remote_uri = remote_uri
        self.remote_tag = remote_tag
        self.remote_seq = remote_seq
        self.remote_target = remote_target
        self.route_set = route_set
        self.contact = contact

    @classmethod
    def as_server(cls, request: Request, local_tag: str, contact: str) -> "Dialog":
        """The dialog that our 101-2xx response with To tag `local_tag` makes (§12.1.1).

        `contact` is the Contact value of that response. Raises MessageError (400) if the request has no usable
        Contact or its To already has a tag.
        """
        to = request.get("to") or ""
        if request.to_tag is not None:
            raise MessageError("A request within a dialog makes no dialog", request=request)
        target = _target(request)
        if target is None:
            raise MessageError("Missing Contact", request=request)
        return cls(
            call_id=request.call_id,
            local_uri=f"{to};tag={local_tag}",
            local_tag=local_tag,
            local_seq=0,
            remote_uri=request.get("from") or "",
            remote_tag=request.from_tag or "",
            remote_seq=request.cseq,
            remote_target=target,
            route_set=request.record_route,
            contact=contact,
        )

    @classmethod
    def as_client(cls, request: Request, response: Response) -> "Dialog":
        """The dialog that a 101-2xx response to our request makes (§12.1.2).

        A response without Contact leaves the Request-URI as the target, until a 2xx brings one. Raises MessageError
        if what the response holds is malformed. A 2xx after an early dialog makes it anew, with its own route set
        (§13.2.2.4); then carry over `local_seq` and `remote_seq`.
        """
        routes = response.record_route
        routes.reverse()
        return cls(
            call_id=request.call_id,
            local_uri=request.get("from") or "",
            local_tag=request.from_tag or "",
            local_seq=request.cseq,
            remote_uri=response.get("to") or "",
            remote_tag=response.to_tag or "",
            remote_seq=-1,
            remote_target=_target(response) or request.uri,
            route_set=routes,
            contact=request.get("contact") or "",
        )

    @property
    def id(self) -> tuple[str, str, str]:
        """Call-ID, local tag, remote tag: what identifies the dialog (§12)."""
        return self.call_id, self.local_tag, self.remote_tag

    def matches(self, request: Request) -> bool:
        """Whether a request that the other side sent belongs to this dialog (§12.2.2)."""
        return (
            request.call_id == self.call_id
            and (request.to_tag or "") == self.local_tag
            and (request.from_tag or "") == self.remote_tag
        )

    def accept(self, request: Request) -> bool:
        """Take a request of the other side in its order (§12.2.2); False: answer 500, nothing has changed.

        ACK and CANCEL carry the number of their INVITE and are not checked. Raises MessageError for a bad Contact.
        """
        if request.method in ("ACK", "CANCEL"):
            return True
        if request.cseq <= self.remote_seq:
            return False
        if request.method in _TARGET_REFRESH:
            self.refresh(request)
        self.remote_seq = request.cseq
        return True

    def refresh(self, message: Request | Response) -> None:
        """Take the Contact of a re-INVITE, an UPDATE, or the 2xx to one of ours, as the new target (§12.2)."""
        target = _target(message)
        if target is not None:
            self.remote_target = target

    def make_request(
        self,
        method: str,
        *,
        headers: Iterable[Header] = (),
        body: bytes = b"",
        content_type: str | None = None,
        cseq: int | None = None,
    ) -> Request:
        """A request within the dialog, without Via (§12.2.1.1). `cseq` None takes the next number.

        Raises MessageError if the first route is malformed.
        """
        if cseq is None:
            self.local_seq += 1
            cseq = self.local_seq
        uri = self.remote_target
        fields: list[Header] = []
        if self.route_set:
            uri, routes = self._routing()
            fields += [("route", route) for route in routes]
        fields += (
            ("from", self.local_uri),
            ("to", self.remote_uri),
            ("call-id", self.call_id),
            ("cseq", f"{cseq} {method}"),
            ("max-forwards", str(MAX_FORWARDS)),
        )
        if self.contact and method in _TARGET_REFRESH:
            fields.append(("contact", self.contact))
        fields += headers
        if content_type is not None:
            fields.append(("content-type", content_type))
        return Request(method, uri, fields, body)

    def make_ack(
        self,
        invite_cseq: int,
        *,
        headers: Iterable[Header] = (),
        body: bytes = b"",
        content_type: str | None = None,
    ) -> Request:
        """The ACK for a 2xx to our INVITE of that number (§13.2.2.4)."""
        return self.make_request("ACK", headers=headers, body=body, content_type=content_type, cseq=invite_cseq)

    def next_hop(self) -> SipUri:
        """Where requests go: the first route, else the target. Raises MessageError if that is malformed."""
        if self.route_set:
            return SipUri.parse(split_name_addr(self.route_set[0])[1])
        return SipUri.parse(self.remote_target)

    def _routing(self) -> tuple[str, list[str]]:
        """Request-URI and Route values, for a loose or a strict first router (§12.2.1.1)."""
        first = split_name_addr(self.route_set[0])[1]
        if find_param(SipUri.parse(first).params, "lr") is not None:
            return self.remote_target, self.route_set
        # A strict router takes the Request-URI for its own and the last Route for the target. Its URI may carry
        # parameters, but not `method` nor headers, which a Request-URI must not have (§19.1.1).
        uri = SipUri.parse(first)
        kept = tuple([param for param in uri.params if param[0] != "method"])
        clean = uri._replace(params=kept, headers="")
        return str(clean), [*self.route_set[1:], f"<{self.remote_target}>"]


def _target(message: Request | Response) -> str | None:
    """The URI of the first Contact, as written; None without one. Raises MessageError if it is malformed."""
    text = message.get("contact")
    if text is None or text == "*":
        return None
    _, uri, rest = split_name_addr(text if "," not in text else split_list(text)[0])
    parse_params(rest)
    SipUri.parse(uri)
    return uri
