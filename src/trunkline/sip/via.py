"""Via (RFC 3261 §20.42): where a message came through, and where its responses go back to."""

from trunkline.sip.uri import (
    BLANKS,
    TOKEN,
    MessageError,
    Params,
    find_param,
    parse_host_port,
    parse_params,
    print_host_port,
    print_params,
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
