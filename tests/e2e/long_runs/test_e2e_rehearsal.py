"""`xtmig rehearse --until 110` from nothing to an archive, and what a second run of the same does: nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from e2e_documented import problems_of
from e2e_workplace import SOURCE_ID, TARGET_ID, console_script, example, who_moves
from simulator_process import is_write, writes

if TYPE_CHECKING:
    from pathlib import Path

    from e2e_runs import Rehearsal, Walk

SECTIONS = (
    "000-project-status",
    "010-connect",
    "020-licensing",
    "030-prerequisites-and-roles",
    "050-target-migration-application",
    "060-consent",
    "070-target-endpoint-and-relationship",
    "080-source-scope-and-relationship",
    "090-match-users",
    "100-target-prepare-users",
    "110-verify-the-configuration",
)
ONLY_LOOK = ("010.", "020.1", "020.2", "020.5", "030.", "040.", "090.3", "110.")
ARCHIVE = {"index.html", "result.json", "open-items.csv", "ledger.jsonl", "manifest.json"}


def made_by_us(rehearsal: Rehearsal, side: str, kind: str) -> list[dict[str, Any]]:
    """What a tenant holds at the end and did not hold at the beginning."""
    assert rehearsal.first is not None
    before = rehearsal.first[side][kind]
    return [row for row in rehearsal.last[side][kind] if row not in before]


def test_a_rehearsal_comes_to_its_end(rehearsal: Rehearsal) -> None:
    """Exit code 0: everything asked is verified."""
    assert 0 == rehearsal.process.returncode, rehearsal.output()


def test_the_last_look_is_the_final_state(rehearsal: Rehearsal) -> None:
    """Nothing was written after the tenants were looked at last, so the tests below judge the end."""
    assert len(writes(rehearsal.record())) == rehearsal.writes_at_last_look > 0


def test_one_application_with_one_secret_is_made(rehearsal: Rehearsal) -> None:
    """The target has one new application: multi-tenant, and with one secret (APP-04, APP-11)."""
    made = made_by_us(rehearsal, "target", "applications")
    assert [("AzureADMultipleOrgs", 1)] == [(row["sign_in_audience"], len(row["passwords"])) for row in made]


def test_the_source_registers_nothing(rehearsal: Rehearsal) -> None:
    """In the source no application and no endpoint is made."""
    kinds = ("applications", "migration_endpoints")
    assert [] == [row for kind in kinds for row in made_by_us(rehearsal, "source", kind)]


def test_both_tenants_grant_mailbox_migration_alone(rehearsal: Rehearsal) -> None:
    """Each tenant grants the application exactly one permission: Mailbox.Migration of Exchange Online (APP-08)."""
    application = made_by_us(rehearsal, "target", "applications")[0]["app_id"]
    exchange, mailbox_migration = "00000002-0000-0ff1-ce00-000000000000", "f7264778-fba9-422d-8e9e-2675a2c4b513"
    expected = [{"principal": application, "resource": exchange, "role": mailbox_migration}]
    for side in ("source", "target"):
        assert expected == made_by_us(rehearsal, side, "app_role_assignments")


def test_one_endpoint_holds_the_applications_secret(rehearsal: Rehearsal) -> None:
    """The one new endpoint signs in as the application, with the secret that the application has."""
    application = made_by_us(rehearsal, "target", "applications")[0]
    endpoints = made_by_us(rehearsal, "target", "migration_endpoints")
    held = [(endpoint["user_name"], endpoint["secret"]) for endpoint in endpoints]
    assert [(application["app_id"], application["passwords"][0]["secret"])] == held


def test_the_endpoint_points_at_the_source(rehearsal: Rehearsal) -> None:
    """RemoteServer and RemoteTenant are those of the document (EPT-05, EPT-06)."""
    endpoint = made_by_us(rehearsal, "target", "migration_endpoints")[0]
    expected = ("outlook.office.com", "contoso.onmicrosoft.com")
    assert expected == (endpoint["RemoteServer"], endpoint["RemoteTenant"])


def test_one_relationship_is_open_inbound(rehearsal: Rehearsal) -> None:
    """One new relationship names the source's tenant ID and allows inbound moves (REL-03, REL-07)."""
    made = made_by_us(rehearsal, "target", "organization_relationships")
    seen = [(row["DomainNames"], row["MailboxMoveEnabled"], row["MailboxMoveCapability"]) for row in made]
    assert [([SOURCE_ID], True)] == [row[:2] for row in seen]
    assert "Inbound" in str(seen[0][2])
    assert "Outbound" not in str(seen[0][2])


def test_one_relationship_lets_out_to_the_application(rehearsal: Rehearsal) -> None:
    """The source's one new relationship names the target's ID, the application and the scope group (REL-10 to 12)."""
    application = made_by_us(rehearsal, "target", "applications")[0]["app_id"]
    (group,) = made_by_us(rehearsal, "source", "groups")
    (made,) = made_by_us(rehearsal, "source", "organization_relationships")
    assert ([TARGET_ID], True, "RemoteOutbound") == (
        made["DomainNames"], made["MailboxMoveEnabled"], made["MailboxMoveCapability"],
    )  # fmt: skip
    assert (application, [group["name"]]) == (made["OAuthApplicationId"], made["MailboxMovePublishedScopes"])


def test_what_was_there_before_is_as_it_was(rehearsal: Rehearsal) -> None:
    """Older relationships, applications, mailboxes, groups and people are the same, attribute for attribute.

    New users belong to a group with a rule by themselves.
    """
    assert rehearsal.first is not None
    kinds = ("organization_relationships", "applications", "mailboxes", "mail_users", "groups", "administrators")
    for side in ("source", "target"):
        for kind in kinds:
            last = [_lasting(row) for row in rehearsal.last[side][kind]]
            lost = [row for row in rehearsal.first[side][kind] if _lasting(row) not in last]
            assert [] == lost, f"{side} {kind}"


def _lasting(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "members" or not row.get("dynamic")}


def test_the_example_has_free_busy_relationships(rehearsal: Rehearsal) -> None:
    """The relationships that must outlive the project are there, so that the test above says something."""
    names = {
        row["name"]: row["FreeBusyAccessEnabled"] for row in rehearsal.last["target"]["organization_relationships"]
    }
    assert {"Fabrikam free-busy": True, "Contoso free-busy": True} == {
        name: enabled for name, enabled in names.items() if name.endswith("free-busy")
    }


def test_a_rehearsal_says_that_it_is_one(rehearsal: Rehearsal) -> None:
    """The archive of practice tenants cannot be taken for that of live ones."""
    for archive in rehearsal.archives():
        assert json.loads((archive / "result.json").read_text(encoding="utf-8"))["simulated"] is True


def test_a_rehearsal_needs_nothing_that_the_simulator_lacks(rehearsal: Rehearsal) -> None:
    """No request was answered with 501, and nobody was told of one."""
    assert [] == [line for line in rehearsal.record() if line["status"] in (500, 501)]
    assert "does not support" not in rehearsal.output()


def test_a_rehearsal_shows_no_traceback(rehearsal: Rehearsal) -> None:
    """What a person reads is sentences."""
    assert "Traceback" not in rehearsal.output()


def test_every_archive_is_complete(rehearsal: Rehearsal) -> None:
    """Each run leaves every file of an archive, and each notebook that it ran twice; the first run runs all of them."""
    ran = {archive: notebooks_of(archive) for archive in rehearsal.archives()}
    assert set(SECTIONS) == ran[rehearsal.archives()[0]]
    for archive, names in ran.items():
        expected = ARCHIVE | {f"notebooks/{name}.{kind}" for name in names for kind in ("ipynb", "html")}
        assert expected <= {path.relative_to(archive).as_posix() for path in archive.rglob("*") if path.is_file()}


def notebooks_of(archive: Path) -> set[str]:
    """The notebooks of the sections that a run was asked for."""
    asked = json.loads((archive / "result.json").read_text(encoding="utf-8"))["run"]["asked"]
    assert asked
    return {name for name in SECTIONS if name[:3] in asked}


def test_the_manifest_names_every_file_with_its_hash(rehearsal: Rehearsal) -> None:
    """Every file but the manifest stands in it with its size and SHA-256."""
    for archive in rehearsal.archives():
        manifest = json.loads((archive / "manifest.json").read_text(encoding="utf-8"))["files"]
        seen = {
            path.relative_to(archive).as_posix(): {
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "size": path.stat().st_size,
            }
            for path in archive.rglob("*")
            if path.is_file() and path.name != "manifest.json"
        }
        assert seen == manifest


def test_the_ledgers_chain_holds(rehearsal: Rehearsal) -> None:
    """In each archive every entry's hash is that of its content and names the entry before, without a gap."""
    for archive in rehearsal.archives():
        first, *entries = map(json.loads, (archive / "ledger.jsonl").read_text(encoding="utf-8").splitlines())
        head = first["head_before"]
        assert [entry["seq"] for entry in entries] == list(range(entries[0]["seq"], entries[-1]["seq"] + 1))
        for entry in entries:
            content = {name: value for name, value in entry.items() if name != "hash"}
            text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            assert head == entry["previous"]
            head = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
            assert head == entry["hash"]


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Remove-Mailbox", {}),
        ("New-MigrationEndpoint", {"Name": "a", "RemoteServer": "b"}),
        ("Get-OrganizationRelationship", {"Name": "a"}),
        ("Set-OrganizationRelationship", {"Identity": "a", "Enabled": "yes"}),
        ("New-OrganizationRelationship", {"Name": "a", "DomainNames": "b"}),
        ("New-MigrationBatch", {"Name": "a", "CSVData": "EmailAddress"}),
        ("Set-Mailbox", {"Identity": "a", "GrantSendOnBehalfTo": {"Replace": ["b"]}}),
    ],
)
def test_an_undocumented_call_is_recognised(cmdlet: str, parameters: dict[str, Any]) -> None:
    """An unknown cmdlet or parameter, a missing one and a wrong type each are a problem."""
    assert 1 == len(problems_of(cmdlet, parameters))


def test_every_exchange_call_is_a_documented_one(rehearsal: Rehearsal) -> None:
    """Cmdlets, parameters and types are those of Microsoft's reference for Exchange Online."""
    calls = [line for line in rehearsal.record() if line["service"] == "exo" and line["cmdlet"]]
    assert calls
    assert [] == [problem for call in calls for problem in problems_of(call["cmdlet"], call["parameters"])]


def test_each_side_is_asked_about_itself(rehearsal: Rehearsal) -> None:
    """No request to Exchange names the other side's tenant in its path."""
    owners = {"source": SOURCE_ID, "target": TARGET_ID}
    calls = [line for line in rehearsal.record() if line["service"] == "exo"]
    assert [] == [call for call in calls if owners[call["side"]] not in call["path"]]


def test_the_source_is_written_to_by_three_cmdlets(rehearsal: Rehearsal) -> None:
    """The source gets its scope group, the members of it, and its relationship; its consent is a person's."""
    written = [line["cmdlet"] for line in rehearsal.record() if is_write(line) and line["side"] == "source"]
    members = ["Add-DistributionGroupMember"] * len(who_moves(example()))
    assert ["New-DistributionGroup", *members, "New-OrganizationRelationship"] == written


def test_a_second_folder_of_the_same_name_is_refused(rehearsal: Rehearsal) -> None:
    """A rehearsal never continues in a folder that holds a project: exit code 2, and the folder stays."""
    before = (rehearsal.project / "project.yaml").read_bytes()
    done = subprocess.run(
        [console_script(), "rehearse", str(rehearsal.project)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert (2, before) == (done.returncode, (rehearsal.project / "project.yaml").read_bytes())
    assert "holds a project already" in done.stderr


def test_the_walk_is_done(walk: Walk) -> None:
    """After approval and consent one apply run configures both tenants and every user.

    It ends as waiting for one thing alone: section 020 had looked before section 100 assigned the licences.
    """
    open_now = {f["rule"]: f["verdict"] for f in walk.apply.result["findings"] if f["verdict"] in ("fail", "waiting")}
    assert {"users-have-add-on": "fail"} == open_now
    assert 4 == walk.apply.done.returncode, walk.apply.done.stdout


def test_a_second_apply_run_writes_nothing(walk: Walk) -> None:
    """Applying what is already so sends no request that changes a tenant."""
    assert walk.again_record
    assert [] == writes(walk.again_record)


def test_a_second_apply_run_says_no_change(walk: Walk) -> None:
    """Each step that could change something found nothing to change, each other one looked; exit code 0."""
    states = walk.again.states()
    assert {"no change"} == {state for step, state in states.items() if not step.startswith(ONLY_LOOK)}
    assert {"looked"} == {state for step, state in states.items() if step.startswith(ONLY_LOOK)}
    assert 0 == walk.again.done.returncode
