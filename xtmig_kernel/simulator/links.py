"""Opaque page tokens: signed, so that a client cannot make one up, and limited in wall time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any


class LinkRefused(Exception):
    """A page token that was changed or made up, is for another request, or has expired."""


def make_link(key: bytes, expires: float, **facts: Any) -> str:
    """A page token.

    Args:
        key: The run's key.
        expires: Wall time until which it works, seconds since 1970.
        facts: What the next page needs to know.
    """
    payload = base64.urlsafe_b64encode(json.dumps(facts | {"expires": expires}, sort_keys=True).encode())
    return payload.decode() + "." + _seal(key, payload)


def read_link(key: bytes, text: str, wall: float) -> dict[str, Any]:
    """The facts in a page token.

    Raises:
        LinkRefused: It is not one of ours, or too old.
    """
    payload, _, seal = text.partition(".")
    if not hmac.compare_digest(seal, _seal(key, payload.encode())):
        raise LinkRefused
    facts: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload))
    if wall >= facts["expires"]:
        raise LinkRefused
    return facts


def _seal(key: bytes, payload: bytes) -> str:
    return hmac.new(key, payload, hashlib.sha256).hexdigest()[:32]
