"""The forms in which one secret may turn up in text. Pure.

A secret seldom leaves a program as it came in: a URL percent-encodes it, a log line holds JSON inside
JSON, HTTP Basic authentication wraps it in base64 together with a user name. Redaction looks for texts,
so each such form is spelled out here once.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

MINIMUM_LENGTH = 6
"""Characters. Anything shorter would also be found inside ordinary words and numbers."""

_TELLING_LINE = 16
_URL_ALPHABET = str.maketrans("+/", "-_")


def encoded_forms(secret: str) -> frozenset[str]:
    """Every text under which a secret is looked for.

    Args:
        secret: The secret itself.

    Returns:
        The secret and its encodings, each at least `MINIMUM_LENGTH` characters long.
    """
    forms: set[str] = set()
    for variant in _variants(secret):
        forms.update(_in_json(variant), _in_addresses(variant), _in_source(variant), _as_bytes(variant))
        forms.add(variant[::-1])
    return frozenset(form for form in forms if len(form) >= MINIMUM_LENGTH)


def _variants(secret: str) -> set[str]:
    """The secret, the secret without blanks around it, and its long lines: keys are often shown by line."""
    lines = (line.strip() for line in secret.splitlines())
    telling = {line for line in lines if len(line) >= _TELLING_LINE and not line.startswith("-----")}
    return {secret, secret.strip()} | telling


def _in_json(text: str) -> Iterator[str]:
    """As a JSON string, as one inside another, and as the .NET serializers and PowerShell write it."""
    once = _json(text)
    yield from (once, _json(once), _json(text, ascii_only=False), _json(_json(text, ascii_only=False)))
    yield _json(_python(text))
    yield re.sub(r"['<>&]", lambda found: f"\\u{ord(found[0]):04x}", once)
    yield "".join(
        f"\\u{ord(letter):04X}" if letter in "'\"<>&+`" or letter > "~" else letter.replace("\\", "\\\\")
        for letter in text
    )


def _in_addresses(text: str) -> Iterator[str]:
    """As part of a URL or of a form body, and in HTML, with JSON on either side of it."""
    once = quote(text, safe="", errors="surrogatepass")
    yield from (once, quote(once, safe=""), quote(text, errors="surrogatepass"))
    yield from (quote_plus(text, errors="surrogatepass"), once.replace("~", "%7E"))
    yield re.sub("%..", lambda found: found[0].lower(), once)
    in_html = html.escape(text)
    yield from (in_html, html.escape(text, quote=False), in_html.replace("&#x27;", "&#39;"))
    yield from (html.escape(_json(text)), _json(in_html))


def _in_source(text: str) -> Iterator[str]:
    """As Python, PowerShell and CSV write it between quotes."""
    yield from (text, repr(text)[1:-1], ascii(text)[1:-1], _python(text))
    yield from (text.replace("'", "''"), text.replace('"', '""'), re.sub(r"([`$\"])", r"`\1", text))


def _as_bytes(text: str) -> Iterator[str]:
    """In base64 and hexadecimal, of UTF-8 and of the UTF-16 that PowerShell encodes commands in."""
    for encoding in ("utf-8", "utf-16-le"):
        data = text.encode(encoding, "surrogatepass")
        yield from (data.hex(), data.hex().upper())
        for offset in range(3):
            core = _base64_core(data, offset)
            yield from (core, core.translate(_URL_ALPHABET))


def _base64_core(data: bytes, offset: int) -> str:
    """The base64 characters that depend on `data` alone when `offset` unknown bytes (0 to 2) precede it."""
    encoded = b64encode(bytes(offset) + data).decode("ascii")
    return encoded[-(-offset * 8 // 6) : (offset + len(data)) * 8 // 6]


def _json(text: str, *, ascii_only: bool = True) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _python(text: str) -> str:
    """As within a Python literal that holds both kinds of quotes, so that the single one is escaped."""
    return repr('"' + text)[2:-1]
