"""Secrets at rest: encrypted with a key that is not in the database (AES-256-GCM), found by a keyed hash.

The key is 32 random bytes in base64: ``TRUNKLINE_KEY``, or the file ``TRUNKLINE_KEY_FILE``, by default
``<data folder>.key`` beside the data folder (mode 0600). It is made only together with a new database; the database
holds a check value, and a key that does not fit refuses to start.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_CHECK = b"trunkline key check"


class BadKeyError(Exception):
    """The key is missing, malformed, or not this database's."""


class Vault:
    """Encrypts, decrypts and hashes with keys derived from the installation's key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derive(key, b"encrypt"))
        self._hash_key = _derive(key, b"lookup")

    def seal(self, secret: str, context: str) -> bytes:
        """Encrypt ``secret``; only the same ``context`` (the row that it belongs to) opens it again."""
        return self.seal_bytes(secret.encode(), context)

    def open(self, sealed: bytes, context: str) -> str:
        """Decrypt what `seal` made."""
        return self.open_bytes(sealed, context).decode()

    def seal_bytes(self, content: bytes, context: str) -> bytes:
        """Encrypt what is no text, like `seal`."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, context.encode())

    def open_bytes(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal_bytes` made."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())

    def lookup(self, secret: str) -> bytes:
        """Return the keyed hash under which a high-entropy secret is found."""
        return hmac.digest(self._hash_key, secret.encode("utf-8", "surrogatepass"), sha256)

    def check_value(self) -> str:
        """Return what a new database keeps to know its key again."""
        return base64.b64encode(self.seal(_CHECK.decode(), "meta")).decode()

    def fits(self, check_value: str) -> bool:
        """Tell whether this key made ``check_value``."""
        try:
            return self.open(base64.b64decode(check_value), "meta") == _CHECK.decode()
        except (InvalidTag, ValueError):
            return False


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"trunkline " + purpose).derive(key)


def key_path(data: Path, environ: dict[str, str]) -> Path:
    """Return where the key of a data folder lies."""
    named = environ.get("TRUNKLINE_KEY_FILE")
    return Path(named) if named else data.parent / (data.name + ".key")


def read_key(data: Path, environ: dict[str, str]) -> bytes | None:
    """Return the installation's key, None where none was made yet; `BadKeyError` for a malformed one."""
    text = environ.get("TRUNKLINE_KEY")
    where = "TRUNKLINE_KEY"
    if text is None:
        path = key_path(data, environ)
        where = str(path)
        if not path.exists():
            return None
        text = path.read_text("ascii", "replace")
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadKeyError(f"{where} does not hold a key: {KEY_BYTES} bytes in base64 are needed")
    return key


def make_key(data: Path, environ: dict[str, str]) -> bytes:
    """Make a new key beside a new database and return it; never replaces one."""
    key = secrets.token_bytes(KEY_BYTES)
    path = key_path(data, environ)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place, so that a crash leaves a whole key or none, and an old key is never replaced.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(key).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    return key
