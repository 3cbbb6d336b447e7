"""Removals, licences and clearings need the approval that names them, from whatever side it is tried."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e_screen import Screen
from e2e_steps import approve_steps, run_steps
from e2e_workplace import SECRETS, Workplace, approver_key, example, users_csv, workplace
from simulator_process import is_write, writes

from xtmig_kernel.jupyter import face_display, open_notebook
from xtmig_kernel.powershell import change_lines
from xtmig_kernel.project import load_approvals, save_approvals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ADD_ON, PLAN = "946ce899-873d-44bb-9d8b-671870cbfdbf", "7a26e700-0000-4000-8000-0000000d0001"
STRANGER = "mallory@northwindtraders.onmicrosoft.com"
NOBODY_ELSE = "sha256:" + "ab" * 32
FOREIGN = "vera@fabrikam.example"
GUID = "5c0e5c0e-0000-4000-8000-0000000f0001"
DN = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=5c0e-sofie"


def _assigns(sku: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: line["path"].endswith("/assignLicense") and sku in str(line["parameters"])


def _removed(line: dict[str, Any]) -> Any:
    addresses = line["parameters"].get("EmailAddresses")
    return addresses.get("Remove") if isinstance(addresses, dict) else None


KINDS: dict[str, tuple[str, int, Callable[[dict[str, Any]], bool]]] = {
    "020.4": ("source", 2, _assigns(ADD_ON)),
    "080.3": ("source", 2, lambda line: line["cmdlet"] == "Remove-DistributionGroupMember"),
    "100.1": ("target", 3, lambda line: line["parameters"].get("PermanentlyClearPreviousMailboxInfo") is True),
    "100.4": ("target", 2, lambda line: FOREIGN in str(_removed(line))),
    "100.7": ("target", 2, _assigns(ADD_ON)),
    "100.8": ("target", 2, _assigns(PLAN)),
}
"""Step, side, level, and how its request is recognised in the record."""
SECTIONS = ("020", "080", "100")
PLANNED = (
    ("020.3", '\'{"usageLocation": "IE"}\''),
    ("020.4", "/assignLicense'"),
    ("080.3", "Add-DistributionGroupMember -Identity '"),
    ("080.3", "Remove-DistributionGroupMember -Identity '"),
    ("090.2", "Set-Mailbox -Identity '"),
    ("090.2", "-CustomAttribute1 'Cross-Tenant-Project'"),
    ("100.1", "Set-User -Identity 'john@northwindtraders.onmicrosoft.com' -PermanentlyClearPreviousMailboxInfo:$true"),
    ("100.3", "Set-MailUser -Identity 'vera@northwindtraders.onmicrosoft.com' -ExchangeGuid '"),
    ("100.4", "-EmailAddresses @{'Remove' = @('smtp:vera@fabrikam.example')}"),
    ("100.7", "/assignLicense'"),
    ("100.7", ADD_ON),
    ("100.8", PLAN),
)
"""Step, and what the line of one of its planned calls holds."""


def tenants_with_one_of_each() -> dict[str, Any]:
    """The example with a stranger in the scope group, an adopted user of each kind, and John's previous mailbox."""
    tenants = example()
    source, target = tenants["source"], tenants["target"]
    for side in (source, target):
        side["lags"] = {"licence_effective": 0, "group_members_readable": 0}
    target["dehydrated"] = False
    source["groups"].append(
        {"name": "xtmig-e2e-scope", "alias": "xtmig-e2e-scope", "primary": "scope@contoso.com", "kind": "Security",
         "members": ["many"]}
    )  # fmt: skip
    source["skus"].append(
        {"sku_id": ADD_ON, "part_number": "Cross_tenant_user_data_migration", "enabled": 5,
         "service_plans": ["EXCHANGEONLINE_T2TMBXMOVE"]}
    )  # fmt: skip
    john = {
        "alias": "john",
        "display_name": "John",
        "upn": "john@contoso.onmicrosoft.com",
        "primary": "john@contoso.com",
    }
    source["mailboxes"].append({**john, "proxies": ["smtp:john@contoso.onmicrosoft.com"]})
    sofie, joe = (mailbox for mailbox in source["mailboxes"] if mailbox["alias"] in ("sofie", "joe"))
    joe["usage_location"] = "IE"
    sofie |= {"exchange_guid": GUID, "legacy_dn": DN, "usage_location": "IE"}
    target["mail_users"] += [
        {"alias": "vera", "display_name": "Vera", "upn": "vera@northwindtraders.onmicrosoft.com",
         "primary": "vera.voicemail@northwindtraders.com", "proxies": [f"smtp:{FOREIGN}"],
         "external_address": "vera@contoso.onmicrosoft.com"},
        {"alias": "sofie", "display_name": "Sofie", "upn": "sofie@northwindtraders.onmicrosoft.com",
         "primary": "sofie.behalf@northwindtraders.com", "external_address": "sofie@contoso.onmicrosoft.com",
         "exchange_guid": GUID, "usage_location": "NL", "custom_attributes": {1: "Cross-Tenant-Project"},
         "proxies": ["smtp:sofie@northwindtraders.onmicrosoft.com", f"x500:{DN}"]},
    ]  # fmt: skip
    return tenants


@dataclass
class Tried:
    """What was tried, and what of it reached a tenant.

    Args:
        planned: Step to the highest level that a change of it was planned with.
        lines: Step to the lines of the calls that were planned before anything was written.
        by_plans: What the first plans wrote.
        reached: Way to the steps whose guarded request was received.
        last: The steps whose request was received once the right approvals were there.
        said: Step to what the notebook's card said after the click.
    """

    planned: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    by_plans: list[str] = field(default_factory=list)
    reached: dict[str, list[str]] = field(default_factory=dict)
    last: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)


def guarded(lines: list[dict[str, Any]]) -> list[str]:
    """The steps whose guarded requests stand in a record."""
    return [
        step
        for line in lines
        for step, (side, _, recognise) in KINDS.items()
        if is_write(line) and line["side"] == side and recognise(line)
    ]


def forged(project: Path, section: str) -> None:
    """Leave, of approvals that were right, only forgeries, each wrong in another way."""
    path = project / "approvals.yaml"
    book = yaml.safe_load(path.read_text(encoding="utf-8"))
    right = [approval for approval in book["approvals"] if approval["section"] == section]
    book["approvals"] = [a for a in book["approvals"] if a["section"] != section]
    for approval in right:
        then = datetime.fromisoformat(str(approval["valid_until"]))
        given = datetime.fromisoformat(str(approval["given_at"]))
        book["approvals"] += [
            {**approval, "approver": STRANGER},
            {**approval, "changes": [NOBODY_ELSE]},
            {**approval, "valid_until": (then + timedelta(days=60)).isoformat()},
            {**approval, "section": "060"},
            {
                **approval,
                "given_at": (given - timedelta(days=30)).isoformat(),
                "valid_until": (then - timedelta(days=30)).isoformat(),
            },
            {**approval, "proof": {"kind": "sign-in", "value": NOBODY_ELSE}},
        ]
    path.write_text(yaml.safe_dump(book), encoding="utf-8")


def levels(place: Workplace, section: str, project: Path) -> dict[str, int]:
    """Step to the highest level of what it plans, for steps that plan what needs an approval."""
    views = run_steps(place, section, "plan", project)
    highest = {step: max((int(change.level) for change in view.changes), default=0) for step, view in views.items()}
    return {step: level for step, level in highest.items() if level >= 2}


@contextmanager
def projects(folder: Path, public: str) -> Iterator[tuple[Workplace, dict[str, Path]]]:
    """The project of each section; that of 020 assigns the add-on in the source, the others in the target."""
    tenants = tenants_with_one_of_each()

    def change(settings: dict[str, Any]) -> None:
        settings["approvers"][0]["public_key"] = public
        settings["users"] = {"tag": True}
        settings["licences"] = {"usage_location": "NL", "exchange": "before move", "exchange_sku": "SPE_E3"}

    with pytest.MonkeyPatch.context() as patch, workplace(folder, tenants, change) as place:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        movers = [m for m in tenants["source"]["mailboxes"] if m["alias"] in ("sofie", "vera", "john")]
        cells = {"PreviousMailbox": "clear", "PreviousMailboxExport": "store 7", "PreviousMailboxAgreedBy": "John"}
        (place.project / "users.csv").write_text(users_csv(movers, **cells), encoding="utf-8")
        (john,) = (mailbox for mailbox in movers if mailbox["alias"] == "john")
        assert not john.get("custom_attributes")
        by_section = {section: place.copy_of_project(f"for-{section}") for section in SECTIONS}
        settings = yaml.safe_load((by_section["020"] / "project.yaml").read_text(encoding="utf-8"))
        settings["licences"] = {"add_on_side": "source", "usage_location": "IE"}
        (by_section["020"] / "project.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        some = [m for m in tenants["source"]["mailboxes"] if m["alias"] in ("joe", "mina")]
        (by_section["020"] / "users.csv").write_text(users_csv(some), encoding="utf-8")
        yield place, by_section


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """Each section planned, and applied from every side without an approval that holds; in the end with one."""
    key, public = approver_key(tmp_path_factory.mktemp("key"))
    seen = Tried()
    with projects(tmp_path_factory.mktemp("guarded"), public) as (place, by_section):

        def attempt(way: str, act: Callable[[], object]) -> None:
            before = len(place.record())
            act()
            seen.reached.setdefault(way, []).extend(guarded(place.record()[before:]))

        for section, project in {**by_section, "090": by_section["100"]}.items():
            for step, view in run_steps(place, section, "plan", project).items():
                seen.lines[step] = [line for change in view.changes for line in change_lines(change)]
        seen.by_plans = writes(place.record())
        for section, project in by_section.items():
            seen.planned |= levels(place, section, project)
            attempt("none", lambda s=section, p=project: run_steps(place, s, "apply", p))
            attempt("notebook", lambda s=section, p=project: seen.said.update(clicked(s, p)))
            seen.planned |= levels(place, section, project)
            approve_steps(project, section, key)
            kept = load_approvals(project)
            forged(project, section)
            attempt("edited", lambda s=section, p=project: run_steps(place, s, "apply", p))
            attempt("stranger", lambda s=section, p=project: refused_stranger(place, s, p))
            save_approvals(project, kept)
        before = len(place.record())
        for section, project in by_section.items():
            run_steps(place, section, "apply", project)
            # one licence alters what the approval of another one had seen of the same user
            if approve_steps(project, section, key):
                run_steps(place, section, "apply", project)
        seen.last = guarded(place.record()[before:])
        yield seen


def clicked(section: str, project: Path) -> dict[str, str]:
    """Press Apply in the notebook for each guarded step of a section; what its card says then."""
    said: dict[str, str] = {}
    for step, (side, _, _) in KINDS.items():
        if step.startswith(section):
            with pytest.MonkeyPatch.context() as patch:
                screen = Screen()
                patch.setattr(face_display, "display", screen.display)
                face = open_notebook(section, project=str(project), mode="interactive")
                try:
                    for each in face.run.section.sides:
                        face.run.sign_in(each)
                    face[step].plan()
                    face[step].apply()
                    caption = f"Apply to {side.upper()}"
                    screen.buttons[caption].click()  # also where it is off: what is shown is not what protects
                    said[step] = str(screen.cards[-1].html)
                finally:
                    face.run.close()
    return said


def refused_stranger(place: Workplace, section: str, project: Path) -> None:
    """Somebody who is no approver tries the command line, then applies."""
    done = place.xtmig("approve", section, "--by", STRANGER, "--claim", "--yes", "--project", project)
    assert done.returncode == 2, done.stdout
    run_steps(place, section, "apply", project)


@pytest.mark.parametrize(("step", "text"), PLANNED)
def test_a_plan_names_each_kind_of_change(tried: Tried, step: str, text: str) -> None:
    """Before anything is written, a plan shows the very call of each kind of change."""
    assert any(text in line for line in tried.lines[step]), tried.lines[step]


def test_plans_of_these_sections_write_nothing(tried: Tried) -> None:
    """Planning all of them sent no request that changes a tenant."""
    assert [] == tried.by_plans


@pytest.mark.parametrize("step", KINDS)
def test_each_kind_is_planned_with_its_level(tried: Tried, step: str) -> None:
    """Licences and removals are level 2, the clearing of a previous mailbox is level 3."""
    assert KINDS[step][1] == tried.planned[step]


@pytest.mark.parametrize("way", ["none", "notebook", "edited", "stranger"])
def test_no_guarded_change_is_made_without_its_approval(tried: Tried, way: str) -> None:
    """Not by a run, not by a click, not by a file edited by hand, not by somebody who is no approver."""
    assert [] == tried.reached[way]


@pytest.mark.parametrize("step", KINDS)
def test_the_notebook_says_what_is_missing(tried: Tried, step: str) -> None:
    """The card below which Apply is off names the command that approves."""
    assert f"xtmig approve {step.partition('.')[0]}" in tried.said[step]


def test_with_the_right_approvals_each_is_made(tried: Tried) -> None:
    """With approvals of the exact changes each of them goes through, so the tests above say something."""
    assert KINDS.keys() == set(tried.last)
