"""A tenant of the hostile names, prepared: what sections 080 to 100 leave behind."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from e2e_workplace import Finished, Workplace, example, users_csv, workplace
from hostile_text import NAMES, short

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUP = "Move's \u2018scope\u2019 $(xhost) `tick` =1+1 {0} & % \U0001f600"
"""A scope group's name; the characters that Exchange refuses in a name are left out."""
VALUE = "=cmd xhost \u2019 $(xhost) `x` <xhost>"
"""What marks the movers, in their custom attribute."""
REMARK = "-1+cmd|'xhost"


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
