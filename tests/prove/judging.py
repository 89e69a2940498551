"""What holds for every message of the edge, whatever the story: RFC 3261 §8.1.1, §8.2.6, §9, §12.2, §17.1.1.3."""

from __future__ import annotations

from collections.abc import Iterator

from tests.edge.peer import Message


class Judge:
    """Looks at the new messages that one side gets. ``tags`` are those that the side has given."""

    def __init__(self, tags: set[str]) -> None:
        self._tags = tags
        self._sent: dict[str, tuple[str, int]] = {}
        self._edge_tags: dict[str, str] = {}
        self._last: dict[str, int] = {}
        self._invites: dict[int, tuple[str, str]] = {}

    def sent(self, branch: str, method: str, cseq: int) -> None:
        """Note a request of the side."""
        self._sent[f"{branch} {method}"] = (method, cseq)

    def judge(self, message: Message) -> Iterator[str]:
        """Yield what is wrong with a message."""
        if len(message.all("via")) != 1:
            yield "it has not one Via"
        if int(message.get("content-length") or -1) != len(message.body.encode("utf-8", "surrogateescape")):
            yield "its Content-Length is not that of its body"
        yield from self._response(message) if message.status else self._request(message)

    def _response(self, message: Message) -> Iterator[str]:
        branch = _param(message.get("via"), "branch")
        asked = self._sent.get(f"{branch} {message.method}")
        if asked is None or asked[1] != message.cseq:
            yield "it answers nothing that was asked (Via branch and CSeq, §17.1.3)"
        tag = _param(message.get("to"), "tag")
        if message.status == 100:
            return
        if not tag:
            yield "its To has no tag (§8.2.6.2)"
        if message.method in ("INVITE", "CANCEL") and self._edge_tags.setdefault(branch, tag) != tag:
            yield "its To tag is not that of the answer before it (§8.2.6.2, §9.2)"
        if message.method == "INVITE" and 200 <= message.status < 300 and not message.get("contact"):
            yield "a 2xx to INVITE has a Contact (§12.1.1)"

    def _request(self, message: Message) -> Iterator[str]:
        method, branch = message.start.partition(" ")[0], _param(message.get("via"), "branch")
        if not branch.startswith("z9hG4bK") or not message.get("max-forwards").isdigit():
            yield "a request has a branch with the cookie, and Max-Forwards (§8.1.1)"
        if message.method != method:
            yield "the method of its CSeq is another"
        tag = _param(message.get("to"), "tag")
        invite = self._invites.get(message.cseq)
        if method == "INVITE":
            self._invites[message.cseq] = (branch, message.uri)
        if method in ("ACK", "CANCEL"):
            if invite is None:
                yield f"there was no INVITE of CSeq {message.cseq}"
            elif method == "CANCEL" and (branch, message.uri) != invite:
                yield "a CANCEL has its INVITE's branch and Request-URI (§9.1)"
        elif message.cseq <= self._last.get(tag, 0):
            yield "its CSeq does not rise (§12.2.1.1)"
        else:
            self._last[tag] = message.cseq
        if tag and tag not in self._tags:
            yield "its To tag is none that was given"


def _param(value: str, name: str) -> str:
    return value.partition(f";{name}=")[2].partition(";")[0]
