"""The record of requests: one JSON object per line, flushed before the answer is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, TextIO

from .clock import iso_precise

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from .http import Entry

SECRET_NAMES = frozenset(
    name.lower()
    for name in (
        "client_secret", "client_assertion", "code", "code_verifier", "device_code", "refresh_token", "password",
        "assertion", "secretText", "key", "passwordProfile", "user_code", "id_token_hint",
    )
)  # fmt: skip
BYTES_TYPE = "#Exchange.ByteArrayType"


def fingerprint(key: bytes, value: bytes | str) -> str:
    """A value that cannot be turned back, equal for equal secrets of one run.

    Args:
        key: The run's key.
        value: The secret; text counts as UTF-8.
    """
    data = value.encode() if isinstance(value, str) else value
    return "sha256:" + hmac.new(key, data, hashlib.sha256).hexdigest()


def hidden(key: bytes, value: Any) -> dict[str, str]:
    """The record's form of a secret or of bytes."""
    plain = value if isinstance(value, bytes | str) else json.dumps(value, sort_keys=True)
    return {"$expr": fingerprint(key, plain)}


def mask(key: bytes, value: Any, names: frozenset[str] = SECRET_NAMES) -> Any:
    """A copy of plain data with every value under a secret's name replaced.

    Args:
        key: The run's key.
        value: Dictionaries, lists and scalars.
        names: Names of secrets, in lower case.
    """
    if isinstance(value, dict):
        if value.get("@odata.type") == BYTES_TYPE:
            return hidden(key, bytes_of(value))
        return {
            k: hidden(key, v) if str(k).lower() in names and v is not None else mask(key, v, names)
            for k, v in value.items()
        }
    return [mask(key, item, names) for item in value] if isinstance(value, list) else value


def bytes_of(value: Any) -> bytes:
    """The bytes behind any spelling of a byte array (wire 1.4); what is none of them is taken as its JSON text."""
    if isinstance(value, dict):
        value = value.get("Data")
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else bytes(value)
    except (ValueError, TypeError):
        return json.dumps(value).encode()


class Recorder:
    """Writes the record.

    Args:
        path: The JSONL file, or None to write nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._file: TextIO | None = path.open("a", encoding="utf-8", newline="\n") if path else None

    def write(self, service: str, at: datetime, milliseconds: float, entries: list[Entry]) -> None:
        """Append the lines of one request.

        Args:
            service: `login`, `graph` or `exo`.
            at: Simulated time of arrival.
            milliseconds: Real time the answer took.
            entries: The request, and the members of a batch.
        """
        if self._file is None:
            return
        for entry in entries:
            line = {
                "at": iso_precise(at),
                "side": entry.side,
                "service": service,
                "method": entry.method,
                "path": entry.path,
                "cmdlet": entry.cmdlet,
                "parameters": entry.parameters,
                "status": entry.status,
                "ms": round(milliseconds, 1),
            }
            if entry.fault is not None:
                line["fault"] = entry.fault
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
