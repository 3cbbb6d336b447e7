"""What an administrator does by scripts alone comes to the same as what xtmig does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from e2e_alike import CONFIGURED, both, by_xtmig, lasting
from e2e_documented import problems_of
from e2e_hostile import GROUP, VALUE, hostile_tenants
from e2e_workplace import SECRETS, approver_key, consent_to_everything, example, users_csv, who_moves, workplace
from hostile_text import NAMES, bare
from stand_in_scripts import changes_something, run_section, scripts_of
from stand_in_sessions import DOCUMENTED, Noting, Session, undocumented
from stand_in_shell import PSCredential, SecureString
from stand_in_syntax import commands_of, syntax_errors

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.runbook import BY_NUMBER, SECTIONS
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.deep  # two tenants configured twice, and every section planned on hostile names

TYPED = {
    "First password": "typed",
    "AppId of application xtmig mailbox migration e2e, in the target tenant": "typed",
}
"""What whoever runs a script types in, by the question."""


@dataclass(frozen=True)
class Configured:
    """Two pairs of tenants that began alike; `told` is what the scripts of each section reported."""

    by_rest: dict[str, Any]
    by_scripts: dict[str, Any]
    told: dict[str, list[str]]
    first: dict[str, Any]
    reports: list[dict[str, Any]]


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Configured:
    """Sections 050 to 100 of the example, once by xtmig and once by scripts."""
    folder = tmp_path_factory.mktemp("alike")
    key, public = approver_key(folder)
    tenants = example()
    states, told, firsts = {}, {}, {}
    reports: list[dict[str, Any]] = []

    def change(settings: dict[str, Any]) -> None:
        settings["approvers"][0]["public_key"] = public
        settings["licences"] = {"usage_location": tenants["target"]["country"]}

    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        for way in ("rest", "scripts"):
            (folder / way).mkdir()
            with workplace(folder / way, tenants, change) as place:
                (place.project / "users.csv").write_text(users_csv(who_moves(tenants)), encoding="utf-8")
                firsts[way] = both(place.simulator)
                for section in CONFIGURED:
                    if section == "060":
                        consent_to_everything(place)
                    if way == "rest":
                        by_xtmig(place, section, key)
                    else:
                        told[section] = run_section(place.project, section, place.simulator, tenants, SECRETS)
                states[way] = both(place.simulator)
                if way == "scripts":
                    made = place.run("plan", "050", "080", "110")
                    reports = made.result["reported"]
    return Configured(states["rest"], states["scripts"], told, firsts["rest"], reports)


def test_scripts_come_to_the_same(configured: Configured) -> None:
    """After sections 050 to 100 by scripts alone, both tenants are as xtmig would have left them."""
    assert lasting(configured.by_rest) == lasting(configured.by_scripts)
    assert lasting(configured.first) != lasting(configured.by_scripts)


def test_the_endpoint_has_the_one_secret_that_is_left(configured: Configured) -> None:
    """The script's endpoint holds the one secret that the application has; none was left behind."""
    target = configured.by_scripts["target"]
    (application,) = [a for a in target["applications"] if a["sign_in_audience"] == "AzureADMultipleOrgs"]
    (endpoint,) = target["migration_endpoints"]
    (credential,) = [c for c in application["passwords"] if c["secret"] == endpoint["secret"]]
    assert [credential] == application["passwords"]


def test_scripts_reported_what_they_did(configured: Configured) -> None:
    """Each section's scripts reported changes as made; only 070 met an organisation that was not ready yet."""
    assert all(
        any("changes made" in line for line in configured.told[section]) for section in ("050", "070", "080", "100")
    )
    refused = [section for section, lines in configured.told.items() if any("Not made" in line for line in lines)]
    assert refused in ([], ["070"])


def test_the_report_tells_reports_apart_from_observations(configured: Configured) -> None:
    """The next run's report has what scripts reported, and says of each change whether xtmig has looked since."""
    since = {(change["step"][:3], change["since"]) for report in configured.reports for change in report["changes"]}
    assert {("050", "nothing left to change"), ("080", "nothing left to change"), ("100", "not looked")} <= since


@dataclass(frozen=True)
class Hostile:
    """Scripts of every section over hostile names.

    Args:
        scripts: The scripts by name.
        planned: The calls of every planned change, by its hash.
        said: How the command ended for some arguments, with what it printed.
    """

    scripts: dict[str, Path]
    planned: dict[str, list[dict[str, Any]]]
    said: dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """Every section scripted over a source full of hostile names, in which nothing is configured."""
    folder = tmp_path_factory.mktemp("hostile")
    tenants = hostile_tenants()

    def change(settings: dict[str, Any]) -> None:
        settings["name"] = NAMES["markup"]
        settings["names"] = {"scope_groups": [GROUP]}
        settings["users"] = {"value": VALUE, "tag": True}

    with pytest.MonkeyPatch.context() as patch, workplace(folder, tenants, change) as place:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        everybody = users_csv(tenants["source"]["mailboxes"])
        (place.project / "users.csv").write_text(everybody, encoding="utf-8")
        scripts = {path.name: path for section in BY_NUMBER for path in scripts_of(place.project, section)}
        ledger = Ledger(place.project, SystemClock(), Redactor(), "test")
        planned = {
            item["hash"]: item["change"]["calls"]
            for entry in ledger.entries("planned")
            for item in entry.data["changes"]
        }
        said = {}
        for arguments in ("000", "050 --change 050.1", "050 --change 080.2", "050 --change 050.1 --read x"):
            done = place.xtmig("powershell", *arguments.split(), "--project", place.project)
            said[arguments] = done.returncode, done.stdout + done.stderr
        yield Hostile(scripts, planned, said)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def test_every_section_has_a_script(hostile: Hostile) -> None:
    """Each section but 000, which reads no tenant, has a script; 050, 080, 090 and 100 have changes."""
    with_script = {name.partition("-")[0] for name in hostile.scripts}
    assert {section.number for section in SECTIONS} - {"000"} == with_script
    changing = {name.partition("-")[0] for name, path in hostile.scripts.items() if changes_something(path)}
    assert {"050", "080", "090", "100"} <= changing


def test_the_command_says_why_there_is_no_script(hostile: Hostile) -> None:
    """For section 000 the command says in a sentence that there is nothing to script."""
    assert (0, "Section 000 reads no tenant and changes none, so there is nothing to script.") == (
        hostile.said["000"][0], hostile.said["000"][1].strip().splitlines()[-1],
    )  # fmt: skip


def test_one_change_is_a_script_of_its_own(hostile: Hostile) -> None:
    """`--change` makes a script of that change alone, beside the section's; one that is not there is an error."""
    code, printed = hostile.said["050 --change 050.1"]
    (path,) = [line for line in printed.splitlines() if line.endswith(".ps1")]
    assert (0, 1) == (code, text_of(Path(path)).count("Add-Record 'changes'"))
    assert Path(path).name not in hostile.scripts
    code, printed = hostile.said["050 --change 080.2"]
    assert 2 == code
    assert "section 050 has no change 080.2 to script now" in printed
    assert 2 == hostile.said["050 --change 050.1 --read x"][0]


def test_every_script_is_without_an_error_of_syntax(hostile: Hostile) -> None:
    """PowerShell's grammar takes every script, and nothing of a name stands outside a literal."""
    texts = {name: text_of(path) for name, path in hostile.scripts.items()}
    assert {name: [] for name in texts} == {name: syntax_errors(text) for name, text in texts.items()}
    assert {name: [] for name in texts} == {name: bare(text) for name, text in texts.items()}


def test_every_call_is_documented(hostile: Hostile) -> None:
    """Each Exchange cmdlet in each script has only parameters that are documented, and those that are required."""
    found = {call for path in hostile.scripts.values() for call, _ in commands_of(text_of(path)) if call in DOCUMENTED}
    assert {"New-MailUser", "Set-MailUser", "New-DistributionGroup", "Set-Mailbox", "Get-MigrationBatch"} <= found
    texts = {name: text_of(path) for name, path in hostile.scripts.items()}
    assert {name: [] for name in texts} == {name: undocumented(text) for name, text in texts.items()}


def arrived(value: Any) -> Any:
    """What arrived, as the plan writes it."""
    if isinstance(value, bytes):
        return {"$csv": value.decode("utf-8").split("\r\n")}
    if isinstance(value, PSCredential | SecureString):
        return {"$secret": "not compared"}
    return value


def as_planned(value: Any) -> Any:
    """What was planned; a password and a credential are made where they are needed, a later value is typed in."""
    if isinstance(value, dict) and value.keys() & {"$password", "$credential"}:
        return {"$secret": "not compared"}
    if isinstance(value, dict) and "$later" in value:
        return "typed"
    return value


@pytest.mark.parametrize("section", ["080", "090", "100"])
def test_every_value_arrives_as_it_was_planned(hostile: Hostile, section: str) -> None:
    """What the scripts send is, cmdlet by cmdlet and byte for byte, what was planned."""
    for name, path in hostile.scripts.items():
        if name.startswith(section) and changes_something(path):
            text = text_of(path)
            side = name.removesuffix(".ps1").split("-")[1]
            tenant = Noting(example()[side]["tenant_id"])
            Session(tenant, path.parent, TYPED).run(path)
            assert (
                json.loads((path.parent / f"{path.stem}.results.json").read_text(encoding="utf-8-sig"))["error"] is None
            )
            hashes = [
                line.split("'")[5] for line in text.splitlines() if line.startswith("$Record = Add-Record 'changes'")
            ]
            calls = [call for hash_ in hashes for call in hostile.planned[hash_] if "cmdlet" in call]
            sent = [(cmdlet, values) for cmdlet, values in tenant.asked if not cmdlet.startswith("Get-")]
            assert len(calls) == len(sent)
            for call, (cmdlet, values) in zip(calls, sent, strict=True):
                assert (call["cmdlet"], {n: as_planned(v) for n, v in call["parameters"].items()}) == (
                    cmdlet, {n: arrived(v) for n, v in values.items()},
                )  # fmt: skip
                plain = {n: v for n, v in values.items() if not isinstance(v, bytes | PSCredential | SecureString)}
                wrong = [p for p in problems_of(cmdlet, {**call["parameters"], **plain}) if "$" not in p]
                assert [] == wrong
