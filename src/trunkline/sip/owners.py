"""Which worker a message belongs to, where several processes share the SIP addresses.

The kernel spreads datagrams and connections over the workers by their addresses, which says nothing about calls. Every
token that a worker makes (branches, tags, Call-IDs) therefore begins with its mark. A response belongs to whoever made
its branch, a request within a dialog to whoever made its To tag. A request that holds no token of ours belongs to the
worker that its Call-ID leads to: so load spreads whatever the source, and an INVITE, its retransmissions, its CANCEL,
the ACK of its refusal and its second try with credentials all meet.
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

from trunkline.sip.message import Response
from trunkline.sip.parsing import parse
from trunkline.sip.transaction import MAGIC
from trunkline.sip.uri import MessageError

MARKS = "0123456789abcdefghijklmnopqrstuv"
"""What the tokens of worker 0, 1, ... begin with; there are no more workers than marks."""

_WORKERS = {mark: worker for worker, mark in enumerate(MARKS)}
_VIA = b"\r\nVia:", b"\r\nv:"
_TO = b"\r\nTo:", b"\r\nt:"
_CALL_ID = b"\r\nCall-ID:", b"\r\ni:"
_BRANCH = b";branch=" + MAGIC.encode()


class _OddError(Exception):
    """The message is not written in the usual way."""


def marked(new_token: Callable[[], str], worker: int) -> Callable[[], str]:
    """Return a maker of tokens that carry the worker's mark in place of their first character."""
    mark = MARKS[worker]
    return lambda: mark + new_token()[1:]


def owner_of(data: bytes, workers: int) -> int | None:
    """Return the worker that a message belongs to; None for what cannot be read, which anybody may refuse.

    The usual spellings are found by searching the bytes. Anything else is parsed, which takes longer and finds the
    same. Takes linear time.
    """
    try:
        return _by_search(data, workers)
    except _OddError:
        return _by_parsing(data, workers)


def _by_search(data: bytes, workers: int) -> int | None:
    """Find the owner in a message that is written in the usual way; raises `_OddError` for others."""
    end = data.find(b"\r\n\r\n")
    if end <= 0:
        raise _OddError
    if data.startswith(b"SIP/"):
        via = _value(data, end, _VIA)
        place = via.find(_BRANCH)
        if place < 0 or b";branch=" in via[:place]:
            raise _OddError
        return _of_token(via[place + len(_BRANCH) :][:1].decode("latin-1"), workers)
    tag = _tag(_value(data, end, _TO))
    owner = _of_token(tag, workers) if tag else None
    return owner if owner is not None else crc32(_value(data, end, _CALL_ID)) % workers


def _value(data: bytes, end: int, names: tuple[bytes, bytes]) -> bytes:
    """Return the first value of a field, of its long or its compact name; folded ones are odd."""
    long, compact = names
    place, size = data.find(long, 0, end), len(long)
    other = data.find(compact, 0, end if place < 0 else place)
    if other >= 0:
        place, size = other, len(compact)
    if place < 0:
        raise _OddError
    stop = data.find(b"\r\n", place + 2, end)
    if stop < 0:
        stop = end
    elif data[stop + 2] in b" \t":
        raise _OddError
    return data[place + size : stop].strip(b" \t")


def _tag(to: bytes) -> str:
    """Return the tag of a To value, empty without one."""
    params = to[to.rfind(b">") + 1 :]
    if b'"' in params:
        raise _OddError
    place = params.find(b";tag=")
    if place < 0:
        if b"tag" in params.lower():
            raise _OddError
        return ""
    return params[place + 5 : place + 6].decode("latin-1")


def _by_parsing(data: bytes, workers: int) -> int | None:
    try:
        message = parse(data)
        if isinstance(message, Response):
            branch = message.via.branch or ""
            return _of_token(branch[len(MAGIC) :], workers) if branch.startswith(MAGIC) else None
        owner = _of_token(message.to_tag or "", workers)
        if owner is not None:
            return owner
        return crc32(message.call_id.encode("utf-8", "surrogateescape")) % workers
    except MessageError:
        return None


def _of_token(token: str, workers: int) -> int | None:
    """Return the worker that made a token, None where none of ours did."""
    owner = _WORKERS.get(token[:1], workers)
    return owner if owner < workers else None
