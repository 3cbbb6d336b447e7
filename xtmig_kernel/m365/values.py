"""What Exchange writes into JSON, as plain Python values. Pure (wire 1.5, facts F-14 and F-15).

Exchange annotates its rows with keys that hold an `@`, writes sizes as text with the bytes in brackets, unset
GUIDs as zeros, and now and then wraps a value into an object of its own.
"""

from __future__ import annotations

import re
from typing import Any

_BYTES = re.compile(r"\(\s*([\d.,\s]+?)\s*bytes\s*\)", re.IGNORECASE)
_WRAPPERS = frozenset({"Value", "Guid"})
_DATE_ANNOTATION = "(DateTime])"


def plain_row(row: dict[str, Any]) -> dict[str, Any]:
    """One row without annotations, its values unwrapped.

    Args:
        row: As Exchange sent it.
    """
    return {key: plain(value) for key, value in row.items() if not _is_annotation(key)}


def plain(value: Any) -> Any:
    """A value without annotations: `{"Value": x}` and `{"Guid": x}` become x, at any depth.

    Args:
        value: As Exchange sent it.
    """
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    row = plain_row(value)
    if len(row) == 1 and next(iter(row)) in _WRAPPERS:
        return next(iter(row.values()))
    return row


def _is_annotation(key: str) -> bool:
    return "@" in key or key.endswith(_DATE_ANNOTATION)


def size_bytes(text: str | int | None) -> int | None:
    """The bytes that a size means; None where there is no limit or no value.

    Args:
        text: Such as `"99 GB (106,300,440,576 bytes)"`, `"Unlimited"`, or a number of bytes.

    Raises:
        ValueError: The text is no size.
    """
    if text is None or isinstance(text, int):
        return text
    if text.strip().casefold() in ("", "unlimited"):
        return None
    found = _BYTES.search(text)
    if found is None:
        raise ValueError(f"{text!r} is not a size with its bytes in brackets")
    return int(re.sub(r"\D", "", found[1]))
