"""Names that break whatever treats text from a tenant as anything but data, and readers that see whether they did."""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from e2e_workplace import Finished, Workplace, example, users_csv, workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
GROUP = "Move's \u2018scope\u2019 $(xhost) `tick` =1+1 {0} & % \U0001f600"
"""A scope group's name; the characters that Exchange refuses in a name are left out."""
VALUE = "=cmd xhost \u2019 $(xhost) `x` <xhost>"
"""What marks the movers, in their custom attribute."""
REMARK = "-1+cmd|'xhost"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"


def short(name: str) -> str:
    """A first or last name of the same kind: Exchange takes 64 characters of these."""
    return name[:64]


def hostile_tenants() -> dict[str, Any]:
    """The example's organisations with nobody in the source but who bears a hostile name."""
    tenants = example()
    tenants["source"]["groups"] = []
    tenants["source"]["mailboxes"] = [
        {
            "alias": alias,
            "display_name": name,
            "first_name": short(name),
            "last_name": short(name[::-1]),
            "upn": f"{alias}@contoso.onmicrosoft.com",
            "primary": f"{alias}@contoso.com",
            "proxies": [f"smtp:{alias}@contoso.onmicrosoft.com"],
            "licences": ["SPE_E3"],
        }
        for alias, name in NAMES.items()
    ]
    return tenants


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


@dataclass(frozen=True)
class Passed:
    """What the hostile tenant left behind.

    Args:
        place: Where it was done.
        scripts: The PowerShell scripts of sections 080, 090 and 100, made before anything was written.
        plan: The plan of the same sections.
        apply: The run that made the groups, marked the mailboxes and prepared the users.
    """

    place: Workplace
    scripts: dict[str, str]
    plan: Finished
    apply: Finished

    def archives(self) -> list[Path]:
        return [self.plan.archive, self.apply.archive]

    def tables(self) -> list[Path]:
        return [*self.place.project.glob("*.csv"), *(f for a in self.archives() for f in a.rglob("*.csv"))]


@contextmanager
def hostile_passed(folder: Path, _outside: Path) -> Iterator[Passed]:
    """Sections 080 to 100 planned, written as scripts, and applied."""
    tenants = hostile_tenants()

    def change(settings: dict[str, object]) -> None:
        settings["name"] = NAMES["markup"]
        settings["names"] = {"scope_groups": [GROUP]}
        settings["users"] = {"value": VALUE, "tag": True}

    with workplace(folder, tenants, change) as place:
        everybody = users_csv(tenants["source"]["mailboxes"], Remark=f"'{REMARK}")
        (place.project / "users.csv").write_text(everybody, encoding="utf-8")
        plan = place.run("plan", "080", "090", "100")
        scripts = {}
        for section in ("080", "090", "100"):
            done = place.xtmig("powershell", section, "--project", place.project)
            assert done.returncode == 0, done.stderr
            for path in (place.project / "scripts").glob(f"{section}-*.ps1"):
                scripts[path.name] = path.read_text(encoding="utf-8-sig")
        apply = place.run("apply", "080", "090", "100")
        yield Passed(place, scripts, plan, apply)
