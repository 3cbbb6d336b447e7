"""Names that break whatever treats text from a tenant as anything but data, and readers that see whether they did."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "xhost"
"""Stands in every payload that would come alive, and nowhere else."""
NAMES = {
    "quote": "O'Neil 'x'; Remove-Mailbox xhost; '",
    "typographic": "\u2018Anna\u2019 \u201aBeth\u201b; xhost \u201cCora\u201d",
    "subexpression": "$(Remove-Mailbox xhost) ${xhost} @(xhost) %xhost%",
    "backtick": "a`n`$xhost`",
    "double": 'say "xhost" & {xhost} | xhost',
    "rtl": "\u202exhost\u202c \u200f\u05d3\u05e0\u05d4\u200e",
    "control": "tab\there\x07bell\x1b[31mred",
    "markup": "<script>xhost()</script><img src=x onerror=xhost()>",
    "attribute": "\"><xhost a='b'>--><!--]]></title></script><xhost>",
    "equals": "=cmd|'/c xhost'!A0",
    "plus": "+1+xhost",
    "minus": "-2+xhost",
    "at": "@SUM(xhost)",
    "separators": "one\u2028two\u2029three\u0085four xhost",
    "emoji": "\U0001f469\u200d\U0001f4bb xhost e\u0301 \U0001f1ee\U0001f1ea",
    "template": "{{ xhost }} {% xhost %} {0} %s $\\xhost$ \\(xhost\\)",
    "markdown": "[xhost](javascript:xhost) **b** `x` | cell | \\",
    "long": "L" * 240 + " xhost",
}
"""Display names by the alias of who bears them."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"


def short(name: str) -> str:
    """A first or last name of the same kind: Exchange takes 64 characters of these."""
    return name[:64]


class Page(HTMLParser):
    """What a browser would make of a page: its text, and whatever of our payloads came alive."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.alive: list[str] = []
        self._texts: list[str] = []
        self._script: str | None = None
        self.feed(source)
        self.close()

    @property
    def text(self) -> str:
        return "".join(self._texts)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._script = tag if tag in ("script", "style") else None
        if MARK in tag:
            self.alive.append(f"<{tag}>")
        for name, value in attributes:
            acts = name.startswith("on") or name in ("href", "src", "style", "action", "srcdoc")
            if MARK in name or (acts and MARK in str(value) and not str(value).startswith(("#", "data:"))):
                self.alive.append(f"<{tag} {name}={value}>")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - called by HTMLParser
        self._script = None

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.alive.append(f"<!-- {data} -->")

    def handle_data(self, data: str) -> None:
        if self._script is not None and MARK in data:
            self.alive.append(f"<{self._script}> {data[:200]}")
        self._texts.append(data)


def formulas(text: str) -> list[str]:
    """Cells of a CSV file that a spreadsheet would take for a formula."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    return [cell for row in rows for cell in row if cell.startswith(FORMULA)]


def literals(script: str) -> Iterator[str]:
    """The single-quoted literals of a PowerShell script, read as PowerShell reads them (about_Quoting_Rules).

    Any of five characters opens and closes one; two of them together inside are one; a comment goes to the line's end.
    """
    at = 0
    while at < len(script):
        character = script[at]
        if character == "#":
            end = script.find("\n", at)
            at = len(script) if end < 0 else end
        elif character == '"':
            at = script.index('"', at + 1)
        elif character in SINGLE_QUOTES:
            text, at = _literal(script, at + 1)
            yield text
        at += 1


def _literal(script: str, at: int) -> tuple[str, int]:
    text: list[str] = []
    while True:
        character = script[at]
        if character in SINGLE_QUOTES:
            if at + 1 == len(script) or script[at + 1] not in SINGLE_QUOTES:
                return "".join(text), at
            at += 1
            character = script[at]
        text.append(character)
        at += 1


def bare(script: str) -> list[str]:
    """The lines of a PowerShell script in which something of a name stands outside literals and comments."""
    for text in sorted(set(literals(script)), key=len, reverse=True):
        doubled = "".join(c * 2 if c in SINGLE_QUOTES else c for c in text)
        script = script.replace(f"'{doubled}'", "")
    return [line for line in script.splitlines() if not line.startswith("#") and MARK in line]
