"""Random-looking values that depend on nothing but their key.

Every id, GUID and secret is a hash of (seed, natural key, event). No generator is shared, so one object more or
less changes no value of any other object.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from uuid import UUID

ZERO_GUID = str(UUID(int=0))
_REMEMBERED = 2**18


def digest(*key: object) -> bytes:
    """Thirty-two bytes that belong to this key alone.

    Args:
        key: The seed first, then the parts of the natural key, then what happened.
    """
    return hashlib.sha256("\x1f".join(str(part) for part in key).encode()).digest()


@lru_cache(_REMEMBERED)
def guid(*key: object) -> str:
    """A version-4-shaped GUID for a key, in lower case."""
    return str(UUID(bytes=digest("guid", *key)[:16], version=4))


def opaque(*key: object) -> str:
    """Forty-three URL-safe characters for a key: authorization codes, refresh tokens, device codes."""
    return base64.urlsafe_b64encode(digest("opaque", *key)).decode().rstrip("=")


def client_secret(*key: object) -> str:
    """A client secret of forty characters in the shape that Entra ID hands out."""
    text = opaque("secret", *key).replace("-", "~").replace("_", ".")
    return f"{text[:3]}8Q~{text[3:37]}"


def short_code(*key: object) -> str:
    """Nine letters and digits without look-alikes, as a person types them on the device page."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "".join(alphabet[byte % len(alphabet)] for byte in digest("code", *key)[:9])


@lru_cache(_REMEMBERED)
def hexadecimal(length: int, *key: object) -> str:
    """So many lower-case hexadecimal digits for a key.

    Args:
        length: Number of digits, at most 64.
        key: As for `digest`.
    """
    return digest("hex", *key).hex()[:length]
