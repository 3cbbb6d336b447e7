"""`xtmig run` in plan mode: looks at everything, writes nothing, shows every change."""

from __future__ import annotations

import html
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from simulator_process import is_write, writes

if TYPE_CHECKING:
    from e2e_runs import Walk

STEPS_THAT_CHANGE = {"050.1", "070.1", "070.2", "070.5", "080.2", "080.4", "100.2", "100.3"}
COME_LATER = {
    "020.4", "040.1", "040.2", "050.2", "060.1", "060.2", "070.3", "070.4", "080.3", "100.7", "110.1", "110.2", "110.3",
}  # fmt: skip
LEGACY = "/o=First Organization/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
LINES = (
    ("050.1", "applications(uniqueName=''xtmig mailbox migration e2e'')"),
    ("070.1", "Enable-OrganizationCustomization"),
    ("070.2", "/addPassword"),
    ("070.2", "New-MigrationEndpoint -Name 'xtmig-e2e' -ExchangeRemoteMove:$true -RemoteServer 'outlook.office.com'"),
    ("070.2", "-RemoteTenant 'contoso.onmicrosoft.com'"),
    ("070.5", "New-OrganizationRelationship -Name 'xtmig-e2e'"),
    ("070.5", "-MailboxMoveCapability 'Inbound'"),
    ("080.2", "New-DistributionGroup -Name 'xtmig-e2e-scope' -Type 'Security'"),
    ("080.4", "New-OrganizationRelationship -Name 'xtmig-e2e'"),
    ("080.4", "-MailboxMoveCapability 'RemoteOutbound'"),
    ("080.4", "-MailboxMovePublishedScopes @('xtmig-e2e-scope')"),
    ("100.2", "New-MailUser -Name 'LaraN' -MicrosoftOnlineServicesID 'LaraN@northwindtraders.onmicrosoft.com'"),
    ("100.2", "-Alias 'LaraN' -DisplayName 'Lara Newton' -FirstName 'Lara' -LastName 'Newton'"),
    ("100.2", "-ExternalEmailAddress 'LaraN@contoso.onmicrosoft.com'"),
    ("100.2", "-PrimarySmtpAddress 'Lara.Newton@northwindtraders.com'"),
    ("100.2", "-Password (Read-Host 'First password' -AsSecureString)"),
    ("100.3", "Set-MailUser -Identity 'LaraN@northwindtraders.onmicrosoft.com'"),
    ("100.3", "-ExchangeGuid '1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8'"),
    ("100.3", f"'x500:{LEGACY}d11ec1a2cacd4f81858c81907273f1f9-Lara'"),
    ("100.3", "-ArchiveGuid '5c0e5c0e-0000-4000-8000-0000000e0001'"),
    ("100.3", "-CustomAttribute1 'Cross-Tenant-Project'"),
)


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        (True, {"service": "exo", "method": "POST", "path": "/InvokeCommand", "cmdlet": "Set-MigrationEndpoint"}),
        (False, {"service": "exo", "method": "POST", "path": "/InvokeCommand", "cmdlet": "Get-MigrationEndpoint"}),
        (False, {"service": "exo", "method": "GET", "path": "/EXOModuleFile", "cmdlet": None}),
        (True, {"service": "graph", "method": "PATCH", "path": "/v1.0/applications/1", "cmdlet": None}),
        (False, {"service": "graph", "method": "POST", "path": "/v1.0/$batch", "cmdlet": None}),
        (False, {"service": "login", "method": "POST", "path": "/t/oauth2/v2.0/token", "cmdlet": None}),
    ],
)
def test_a_write_in_the_record_is_recognised(expected: bool, line: dict[str, str | None]) -> None:
    """Every cmdlet but Get, Test and Export, and every Graph request but GET, counts as a write."""
    assert expected == is_write(line)


def test_the_record_knows_the_plan_s_reads(walk: Walk) -> None:
    """Both services of both tenants were asked, so a record without writes says something."""
    asked = {(line["side"], line["service"]) for line in walk.plan_record}
    assert {(side, service) for side in ("source", "target") for service in ("login", "graph", "exo")} <= asked


def test_a_plan_writes_nothing(walk: Walk) -> None:
    """Plan mode sends no request that changes a tenant."""
    assert [] == writes(walk.plan_record)


def test_a_plan_of_fresh_tenants_is_complete(walk: Walk) -> None:
    """Exit code 0: every change that can be known is planned, and what comes after another step says after which."""
    waiting = {finding["rule"] for finding in walk.plan.result["findings"] if finding["verdict"] == "waiting"}
    assert set() == waiting
    assert (0, 0) == (walk.plan.done.returncode, walk.plan.result["run"]["exit_code"]), walk.plan.done.stdout


def test_runs_leave_nothing_outside_the_project(walk: Walk) -> None:
    """After several runs the operator's home and temp folder are empty."""
    assert [] == [path for name in ("home", "temp") for path in walk.place.folder.glob(f"{name}/**/*")]


def test_a_plan_of_everything_says_so(walk: Walk) -> None:
    """The answer of a run of the whole runbook lists no sections; that of one section names it, everywhere."""
    assert walk.plan.result["answer"].startswith("The plan is completely made: ")
    one = walk.place.run("plan", "050", project=walk.place.copy_of_project("one-section"))
    answer = one.result["answer"]
    assert answer.startswith("What section 050 looks at is as it should be: ")
    page = html.unescape((one.archive / "index.html").read_text(encoding="utf-8"))
    assert f"<h1>{answer}</h1>" in page
    assert json.loads(one.done.stdout)["answer"] == answer


def test_nothing_of_a_plan_on_fresh_tenants_fails(walk: Walk) -> None:
    """What needs an earlier step first says so; no step is told as failed because nothing is there yet."""
    states = walk.plan.states()
    assert set() == {step for step, state in states.items() if state in ("failed", "not planned")}
    assert COME_LATER == {step for step, state in states.items() if state == "later"}


def test_the_plan_names_the_file_that_it_would_write(walk: Walk) -> None:
    """The list of users that would be completed is planned, and is not written."""
    assert "planned" == walk.plan.states()["090.1"]
    assert (1, 0) == (walk.plan.result["run"]["planned_files"], walk.plan.result["run"]["files"])


def test_every_planned_change_is_in_the_result(walk: Walk) -> None:
    """Each step that would change something says so in `result.json`."""
    assert STEPS_THAT_CHANGE == {planned["step"] for planned in walk.plan.result["planned"]}


@pytest.mark.parametrize(("step", "text"), LINES)
def test_a_planned_change_shows_its_call(walk: Walk, step: str, text: str) -> None:
    """A planned change can be read as the call that would be made, in the data and on the page."""
    lines = [line for planned in walk.plan.result["planned"] if planned["step"] == step for line in planned["lines"]]
    page = html.unescape((walk.plan.archive / "index.html").read_text(encoding="utf-8"))
    assert any(text in line for line in lines)
    assert text in page


def test_a_value_that_is_not_known_yet_is_named(walk: Walk) -> None:
    """The application's ID, which nobody knows before it is registered, is shown by what it will be the ID of."""
    page = html.unescape((walk.plan.archive / "index.html").read_text(encoding="utf-8"))
    endpoint = next(planned for planned in walk.plan.result["planned"] if planned["step"] == "070.2")
    wanted = "AppId of application xtmig mailbox migration e2e"
    assert any(f"-ApplicationId <{wanted}>" in line for line in endpoint["lines"])
    assert wanted in page


def test_no_placeholder_shows_as_a_value(walk: Walk) -> None:
    """An unknown value never reads as None, null or an all-zero GUID in a call."""
    lines = " ".join(line for planned in walk.plan.result["planned"] for line in planned["lines"])
    assert [] == [bad for bad in ("None", "null", "00000000-0000-0000-0000") if bad in lines]


def test_what_cannot_be_undone_names_the_approval_that_it_lacks(walk: Walk) -> None:
    """Customization is a level-3 change without an approval, and says that it cannot be undone."""
    change = next(planned for planned in walk.plan.result["planned"] if planned["step"] == "070.1")
    assert (3, True, "missing") == (change["level"], change["irreversible"], change["approval"])


def test_a_plan_s_archive_verifies(walk: Walk) -> None:
    """`xtmig report verify` finds every hash right."""
    done = walk.place.xtmig("report", "verify", walk.plan.archive)
    assert (0, "✓") == (done.returncode, done.stdout[:1]), done.stdout + done.stderr


def test_a_changed_archive_does_not_verify(walk: Walk) -> None:
    """One changed byte in a copy of the archive is found, and exits with 3."""
    copy = walk.place.folder / "changed-archive"
    shutil.copytree(walk.plan.archive, copy)
    result = copy / "result.json"
    result.write_text(json.dumps(json.loads(result.read_text(encoding="utf-8")) | {"answer": "x"}), encoding="utf-8")
    done = walk.place.xtmig("report", "verify", copy)
    shutil.rmtree(copy)
    assert 3 == done.returncode
    assert "result.json" in done.stdout
