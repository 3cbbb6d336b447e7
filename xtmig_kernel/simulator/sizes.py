"""Sizes: from texts such as `42 GB` to bytes, and as Exchange prints them (shapes 3.2 [OBS])."""

from __future__ import annotations

import re
from functools import lru_cache

UNITS = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
GIGABYTE = UNITS["GB"]
NO_LIMIT = 2**63 - 1
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB)", re.IGNORECASE)


def _split(text: str) -> tuple[str, str]:
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no size such as '42 GB'")
    return found.group(1), found.group(2).upper()


@lru_cache(2**12)
def in_bytes(text: str) -> int:
    """The bytes of a size; more than any mailbox can hold for `Unlimited`.

    Args:
        text: A number and a unit, or `Unlimited`.

    Raises:
        ValueError: It is neither.
    """
    if text.lower() == "unlimited":
        return NO_LIMIT
    number, unit = _split(text)
    return round(float(number) * UNITS[unit])


@lru_cache(2**12)
def size_text(text: str) -> str:
    """A size as Exchange prints it: `99 GB (106,300,440,576 bytes)`; `Unlimited` stays.

    Args:
        text: A number and a unit.

    Raises:
        ValueError: It is neither.
    """
    if text.lower() == "unlimited":
        return "Unlimited"
    number, unit = _split(text)
    if unit == "B":
        return bytes_text(in_bytes(text))
    return f"{number} {unit} ({in_bytes(text):,} bytes)"


def bytes_text(size: int) -> str:
    """Bytes as Exchange prints them, with up to four digits before the unit."""
    unit = next(u for u in ("TB", "GB", "MB", "KB", "B") if size >= UNITS[u] or u == "B")
    return f"{size / UNITS[unit]:.4g} {unit} ({size:,} bytes)"
