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

PASSWORD_LENGTH = 16
FEWEST_KINDS = 3
PASSWORD_CHARACTERS = re.compile(rb"[A-Za-z0-9!@#$%^&*]{16,}")
PASSWORD_KINDS = [re.compile(kind) for kind in (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[!@#$%^&*]")]
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
    return places_of_each([value], folders)


def places_of_each(values: Iterable[str], folders: Iterable[Path]) -> set[tuple[str, str]]:
    """Name of each file that shows one of the values in any form, with the form's name."""
    wanted = [(name, form) for value in values for name, every in forms(value).items() for form in every]
    return {
        (path.name, name)
        for path in files(folders)
        for data in [contents(path)]
        for name, form in wanted
        if form in data
    }


def passwords_in(folders: Iterable[Path], key: bytes, fingerprints: set[str]) -> set[str]:
    """Names of the files that hold a first password of which only the fingerprint is known, as it is or in JSON.

    Each stretch of sixteen of the characters of which passwords are made is tried, if at least three kinds are in it.
    """
    found, tried = set(), set()
    for path in files(folders):
        for run in set(PASSWORD_CHARACTERS.findall(contents(path))):
            for start in range(len(run) - PASSWORD_LENGTH + 1):
                text = run[start : start + PASSWORD_LENGTH]
                if text in tried:
                    continue
                tried.add(text)
                kinds = sum(pattern.search(text) is not None for pattern in PASSWORD_KINDS)
                if kinds >= FEWEST_KINDS and fingerprint(key, text.decode("ascii"))["$expr"] in fingerprints:
                    found.add(path.name)
    return found


def tokens_in(folders: Iterable[Path]) -> set[str]:
    """Names of the files that hold something of the shape of an access token."""
    return {path.name for path in files(folders) if TOKEN.search(contents(path))}


def fingerprint(key: bytes, value: str) -> dict[str, str]:
    """How the simulator's record shows a secret (docs/reference/simulator.md, The record)."""
    return {"$expr": "sha256:" + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()}
