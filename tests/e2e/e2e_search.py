"""Searching everything that a run left behind for a secret, in whatever form a program may have written it."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import os
import re
import sqlite3
from base64 import b64encode, urlsafe_b64encode
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """What stands in the middle of a base64 text, wherever in it the value begins."""
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):
            padded = b"\0" * before + raw
            whole = encode(padded[: len(padded) // 3 * 3])
            yield whole[(4 if before else 0) :]


def forms(value: str) -> dict[str, set[bytes]]:
    """Each form of a value, by name."""
    raw = value.encode()
    once = json.dumps(value)[1:-1]
    texts = {
        "raw": {value},
        "reversed": {value[::-1]},
        "url": {quote(value, safe=""), quote_plus(value), quote(quote(value, safe=""), safe="")},
        "json": {once, json.dumps(once)[1:-1]},
        "html": {html.escape(value), html.escape(value, quote=False), html.escape(once)},
        "hex": {raw.hex(), raw.hex().upper()},
    }
    found = {name: {text.encode() for text in every} for name, every in texts.items()}
    found["base64"] = set(_base64_forms(raw)) | set(_base64_forms(value.encode("utf-16-le")))
    found["utf-16"] = {value.encode("utf-16-le"), value.encode("utf-16-be")}
    return found


def files(folders: Iterable[Path]) -> Iterator[Path]:
    """Every file below the folders, hidden ones too."""
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                yield type(folder)(place) / name


def contents(path: Path) -> bytes:
    """The bytes of a file; of a database its rows too, for a text may lie on two of its pages."""
    data = path.read_bytes()
    if data.startswith(b"SQLite format 3\0"):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            data += "\n".join(database.iterdump()).encode()
    return data


def places_of(value: str, folders: Iterable[Path]) -> set[tuple[str, str]]:
    """Name of each file that shows the value in any form, with the form's name."""
    wanted = forms(value)
    return {
        (path.name, name)
        for path in files(folders)
        for data in [contents(path)]
        for name, every in wanted.items()
        if any(form in data for form in every)
    }


def tokens_in(folders: Iterable[Path]) -> set[str]:
    """Names of the files that hold something of the shape of an access token."""
    return {path.name for path in files(folders) if TOKEN.search(contents(path))}


def fingerprint(key: bytes, value: str) -> dict[str, str]:
    """How the simulator's record shows a secret (docs/reference/simulator.md, The record)."""
    return {"$expr": "sha256:" + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()}
