"""Messages out of a byte stream (RFC 3261 §18.3), whatever the pieces in which it comes.

A message on a stream ends where its Content-Length says. Every byte is looked at once: the search for the end of a
header goes on where the last one stopped, so that a sender of single bytes costs no more than one of whole messages.
"""

from __future__ import annotations

from trunkline.sip.parsing import MAX_MESSAGE
from trunkline.sip.uri import BLANKS, MessageError

_END = b"\r\n\r\n"
_LENGTHS = (b"content-length", b"l")
_BLANKS = BLANKS.encode()
PING = 4
"""Bytes of a keep-alive: CRLF CRLF, to be answered with CRLF (RFC 5626 §3.5.1)."""


class Framer:
    """Takes bytes as they come and gives back whole messages; `pings` counts the keep-alives among them.

    After a MessageError the stream cannot be read any further: where its next message begins is unknown. `head` then
    holds the header of the message that it happened in, as far as it came.
    """

    __slots__ = ("_buffer", "_crlf", "_searched", "_whole", "head", "pings")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._whole = 0
        self._crlf = 0
        self.pings = 0
        self.head = b""

    def __len__(self) -> int:
        """How many bytes wait for the end of their message."""
        return len(self._buffer)

    @property
    def partial(self) -> bool:
        """Whether a message has begun and its end has not come."""
        return bool(self._buffer)

    def feed(self, data: bytes | bytearray | memoryview) -> list[bytes]:
        """Take bytes; return the messages that are whole now. Raises MessageError (400, or 513 for a size)."""
        buffer = self._buffer
        buffer += data
        messages: list[bytes] = []
        while buffer:
            if not self._whole:
                if not self._searched and buffer[0] in b"\r\n":
                    self._skip_blank_lines()
                end = buffer.find(_END, max(0, self._searched - 3))
                if end < 0:
                    self._searched = len(buffer)
                    if self._searched > MAX_MESSAGE:
                        raise self._fail("Message Too Large", 513)
                    break
                if end > MAX_MESSAGE:
                    raise self._fail("Message Too Large", 513)
                self._whole = end + 4 + self._content_length(end)
            if len(buffer) < self._whole:
                break
            messages.append(bytes(buffer[: self._whole]))
            del buffer[: self._whole]
            self._whole = self._searched = self._crlf = 0
        return messages

    def _skip_blank_lines(self) -> None:
        """Drop line ends between messages, which are keep-alives; each four bytes of them are a ping."""
        buffer = self._buffer
        kept = buffer.lstrip(b"\r\n")
        dropped = len(buffer) - len(kept)
        if dropped:
            self.pings += (self._crlf + dropped) // PING - self._crlf // PING
            self._crlf += dropped
            del buffer[:dropped]

    def _content_length(self, end: int) -> int:
        """The length that the header before ``end`` states; two that disagree would let others cut it differently."""
        stated: set[bytes] = set()
        for line in bytes(self._buffer[:end]).split(b"\r\n"):
            name, colon, value = line.partition(b":")
            if colon and name.rstrip(_BLANKS).lower() in _LENGTHS:
                stated.add(value.strip(_BLANKS))
        if len(stated) != 1:
            self.head = bytes(self._buffer[: end + 4])
            raise self._fail("Missing Content-Length" if not stated else "More than one Content-Length")
        text = stated.pop()
        if not text.isdigit() or len(text) > 10:
            self.head = bytes(self._buffer[: end + 4])
            raise self._fail("Malformed Content-Length")
        length = int(text)
        if end + 4 + length > MAX_MESSAGE:
            self.head = bytes(self._buffer[: end + 4])
            raise self._fail("Message Too Large", 513)
        return length

    def _fail(self, reason: str, status: int = 400) -> MessageError:
        self._buffer.clear()
        return MessageError(reason, status)
