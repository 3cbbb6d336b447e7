"""Searching what a run left behind, independently of how the redactor searches."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator


def clothes(value: str) -> set[str]:
    """The texts under which the ways of `kernel_leaks` show a value."""
    raw = value.encode()
    once = quote(value, safe="")
    wide = b64encode(f"X={value}".encode("utf-16-le")).decode()
    forms = {value, value[::-1], once, quote(once, safe=""), html.escape(value), raw.hex(), wide[8:-8]}
    forms |= {html.escape(value, quote=False), json.dumps(json.dumps(value)).strip('\\"'), repr(value)[1:-1]}
    for beginning in (b"", b"x", b"xx"):
        forms |= {
            b64encode(beginning + raw)[4:-4].decode(),
            urlsafe_b64encode(beginning + raw)[4:-4].decode(),
        }
    return forms


def texts(data: Any) -> Iterator[str]:
    """Every text in JSON data, keys included, without terminal colours."""
    if isinstance(data, str):
        yield re.sub(r"\x1b\[[0-9;]*m", "", data)
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from texts(key)
            yield from texts(value)
    elif isinstance(data, list):
        for entry in data:
            yield from texts(entry)


def cell_text(cell: dict[str, Any]) -> str:
    """All of a cell's outputs, and what its streams said when read in one go."""
    streams = [out for out in cell["outputs"] if out["output_type"] == "stream"]
    joined = [
        "".join("".join(texts(out["text"])) for out in streams if out["name"] in names)
        for names in (("stdout",), ("stderr",), ("stdout", "stderr"))
    ]
    return "\n".join([*texts(cell["outputs"]), *joined])


def shows(value: str, text: str) -> bool:
    """Whether the value stands in the text, in whichever clothes."""
    return any(form in text for form in clothes(value))
