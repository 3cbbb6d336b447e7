from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import SECRET_1, make_project, relationship
from fake_tenants import Runbook

from xtmig_kernel.errors import EngineError, StalePlanError, Throttled
from xtmig_kernel.runbook import STEPS, summary

if TYPE_CHECKING:
    from pathlib import Path

EMPTY: dict[str, Any] = {
    "target__applications": [],
    "target__application_credentials": [],
    "target__service_principals": [],
    "target__granted_roles": [],
    "source__service_principals": [],
    "source__granted_roles": [],
    "target__migration_endpoints": [],
    "target__endpoint_test": [],
    "target__organization_relationships": [],
    "source__distribution_groups": [],
    "source__organization_relationships": [],
}
CONFIGURING = [step for step in sorted(STEPS) if "050" <= step < "090"]


@pytest.fixture
def off(tmp_path: Path) -> Runbook:
    """A runbook whose relationship is not enabled: step 070.5 sets it."""
    return Runbook(tmp_path, target__organization_relationships={"Enabled": False})


def test_look_reads_and_judges(runbook: Runbook) -> None:
    """A look gives the findings of the step's rules and calls nothing."""
    view = runbook.engine("070").look(STEPS["070.2"])
    assert {f.rule for f in view.findings} == set(STEPS["070.2"].verifies)
    assert (view.state, runbook.fakes.written()) == ("looked", [])


def test_every_read_is_in_the_ledger(runbook: Runbook) -> None:
    """Each fact that was read is written down with its source, its number of rows and their digest."""
    runbook.fakes.unreadable.add("target.organization_config")
    runbook.engine("070").look(STEPS["070.5"])
    read, refused = [entry.data for entry in runbook.ledger.entries("observed")]
    assert (read["fact"], read["rows"]) == ("target.organization_relationships", 1)
    assert read["digest"].startswith("sha256:")
    assert (refused["fact"], refused["reason"]) == ("target.organization_config", "timed out")


def test_same_rows_have_the_same_digest(runbook: Runbook) -> None:
    """Two reads of the same state have one digest, so that an auditor sees that nothing changed between them."""
    runbook.engine("070").look(STEPS["070.5"])
    runbook.clock.sleep(60)
    runbook.engine("070").look(STEPS["070.5"])
    digests = [e.data["digest"] for e in runbook.ledger.entries("observed")]
    assert digests[:2] == digests[2:]


def test_empty_plan_is_written_down(runbook: Runbook) -> None:
    """That nothing is to be changed is an entry of its own, unlike not having looked."""
    view = runbook.plan("070.5")
    (planned,) = runbook.ledger.entries("planned")
    assert (view.state, planned.data["changes"], planned.data["level"]) == ("no change", [], 0)


def test_plan_is_written_down_with_its_calls(off: Runbook) -> None:
    """A plan's entry holds each change with hash and PowerShell text."""
    view = off.plan("070.5")
    (item,) = off.ledger.entries("planned")[0].data["changes"]
    assert (item["hash"], item["lines"]) == (
        view.changes[0].hash,
        ["Set-OrganizationRelationship -Identity 'xtmig-contoso-moves' -Enabled:$true"],
    )


def test_plan_without_its_facts(off: Runbook) -> None:
    """A step whose facts could not be read is not planned, says which, and is no "no change"."""
    off.fakes.unreadable.add("target.organization_relationships")
    view = off.plan("070.5")
    assert (view.state, view.missing) == ("not planned", ("target.organization_relationships: no answer",))
    assert off.ledger.entries("planned") == []


def test_step_that_only_looks_has_no_plan_state(runbook: Runbook) -> None:
    """A step that never changes anything ends as looked."""
    assert runbook.run("010.1").state == "looked"


def test_plan_mode_calls_nothing(tmp_path: Path) -> None:
    """A run that may only plan plans every step and calls no tenant."""
    runbook = Runbook(tmp_path, **EMPTY)
    runbook.project = make_project(consent={"target": "xtmig", "source": "xtmig"})
    for step in STEPS:
        runbook.run(step, may_write=False)
    assert runbook.fakes.written() == []
    assert runbook.kinds() == []


def test_plan_mode_refuses_to_apply(off: Runbook) -> None:
    """Applying in a run that may only plan is an error that says how to run."""
    engine = off.engine("070", may_write=False)
    with pytest.raises(EngineError, match="--mode apply"):
        engine.apply(engine.plan(STEPS["070.5"]))


def test_apply_of_no_change_does_nothing(runbook: Runbook) -> None:
    """Where nothing is planned, apply gives the view back as it is."""
    engine = runbook.engine("070")
    view = engine.plan(STEPS["070.5"])
    assert engine.apply(view) is view


def test_applied_and_verified(off: Runbook) -> None:
    """An applied step is judged by a fresh read, and its end is written down."""
    view = off.run("070.5")
    assert (view.state, {f.verdict.kind for f in view.findings}) == ("applied", {"pass"})
    assert {e.data["phase"] for e in off.ledger.entries("finding")} == {"look", "verify"}
    assert off.ledger.entries("step_ended")[0].data["state"] == "applied"


def test_second_run_changes_nothing(off: Runbook) -> None:
    """Running again changes nothing."""
    off.run("070.5")
    off.next_run()
    assert off.run("070.5").state == "no change"
    assert len(off.fakes.written()) == 1


def test_required_rule_holds_back(tmp_path: Path) -> None:
    """A step whose required rule fails calls nothing and names the step that comes first."""
    runbook = Runbook(
        tmp_path, target__organization_config={"IsDehydrated": True}, target__organization_relationships=[]
    )
    view = runbook.run("070.5")
    assert (view.state, runbook.fakes.written()) == ("later", [])
    assert "070.1" in view.note


def test_required_rule_that_was_not_observed_holds_back(tmp_path: Path) -> None:
    """A step whose required rule could not be judged calls nothing."""
    runbook = Runbook(tmp_path, target__organization_relationships=[])
    runbook.fakes.unreadable.add("target.organization_config")
    view = runbook.run("070.5")
    assert (view.state, runbook.fakes.written()) == ("not planned", [])


def test_endpoint_waits_for_the_sources_consent(tmp_path: Path) -> None:
    """Without the source's consent the endpoint is not created; its administrator is named as waited for (PRE-11)."""
    runbook = Runbook(
        tmp_path,
        target__migration_endpoints=[],
        target__application_credentials=[],
        target__endpoint_test=[],
        source__granted_roles=[],
    )
    view = runbook.run("070.2")
    assert (view.state, runbook.fakes.written()) == ("waiting", [])
    assert view.waits_for.startswith("an administrator of the source tenant")


def test_consent_of_a_person_is_waited_for(tmp_path: Path) -> None:
    """A consent step of a person ends as waiting, not as "no change"."""
    runbook = Runbook(tmp_path, target__granted_roles=[], target__service_principals=[])
    view = runbook.run("060.1")
    assert (view.state, runbook.fakes.written()) == ("waiting", [])
    assert "adminconsent" in view.waits_for


NO_GROUP: dict[str, Any] = {"source__distribution_groups": [], "source__scope_members": []}


def test_what_depends_on_an_earlier_step_comes_later(tmp_path: Path) -> None:
    """A step that will mend what is wrong, but can plan nothing before another one, has not failed: it comes later."""
    view = Runbook(tmp_path, **NO_GROUP).run("080.3")
    assert ("later", ()) == (view.state, view.changes)
    assert "080.2" in view.note


def test_what_no_step_mends_does_not_come_later(tmp_path: Path) -> None:
    """Where a line of users.csv is wrong too, the same step has failed."""
    assert "failed" == Runbook(tmp_path, **NO_GROUP, source__mailboxes=[]).run("080.3").state


def test_failure_is_not_hidden_by_one_that_comes_later(tmp_path: Path) -> None:
    """Where one rule is mended by another step and one by no step, the step has failed; it does not just come later."""
    runbook = Runbook(
        tmp_path,
        target__applications={"RedirectUris": []},
        target__service_principals={"OwnerTenantId": "99999999-eeee-4eee-8eee-999999999999"},
    )
    assert runbook.run("060.1").state == "failed"


def test_missing_approval_is_waited_for(tmp_path: Path) -> None:
    """A removal without approval is not called, and waits for an approver."""
    rows = [SECRET_1, SECRET_1 | {"KeyId": "k2", "DisplayName": "xtmig contoso-moves 2"}]
    runbook = Runbook(tmp_path, target__application_credentials=rows)
    view = runbook.run("070.4")
    assert (view.state, view.waits_for, runbook.fakes.written()) == ("waiting", "an approver", [])
    assert runbook.kinds() == ["approval_refused"]


def test_second_person_is_waited_for(tmp_path: Path) -> None:
    """What cannot be undone waits for a second person and is not called."""
    runbook = Runbook(tmp_path, target__organization_config={"IsDehydrated": True})
    view = runbook.run("070.1")
    assert (view.state, view.waits_for) == ("waiting", "a second person who approves")
    assert runbook.fakes.written() == []


def test_approved_customization_is_waited_for(tmp_path: Path) -> None:
    """Within the day that customization may take, a second run waits, and does not enable it again (EPT-07)."""
    runbook = Runbook(tmp_path, target__organization_config={"IsDehydrated": True})
    runbook.fakes.lag = timedelta(hours=20)
    runbook.approve("070.1")
    first = runbook.run("070.1")
    runbook.next_run()
    runbook.clock.sleep(3600)
    second = runbook.run("070.1")
    assert [first.state, second.state] == ["waiting", "waiting"]
    runbook.clock.sleep(20 * 3600)
    assert runbook.run("070.1").state == "no change"
    assert runbook.fakes.written() == ["Enable-OrganizationCustomization"]


def test_approved_consent_is_written(tmp_path: Path) -> None:
    """Both changes of an approved consent are made in their order, the second by what the first one created."""
    runbook = Runbook(tmp_path, target__service_principals=[], target__granted_roles=[])
    runbook.project = make_project(consent={"target": "xtmig"})
    runbook.approve("060.1")
    assert runbook.run("060.1").state == "applied"
    assert runbook.fakes.written() == [
        "POST /servicePrincipals",
        "POST /servicePrincipals/{principal}/appRoleAssignments",
    ]


def test_approval_holds_for_what_is_left(tmp_path: Path) -> None:
    """Where the second of two approved changes was refused, the next run makes it with the same approval."""
    runbook = Runbook(tmp_path, target__service_principals=[], target__granted_roles=[])
    runbook.project = make_project(consent={"target": "xtmig"})
    runbook.approve("060.1")
    runbook.fakes.troubles = [None, Throttled("slow down")]
    assert runbook.run("060.1").state == "failed"
    runbook.next_run()
    assert runbook.run("060.1").state == "applied"
    assert len(runbook.fakes.tables["target.granted_roles"]) == 1


def test_stale_click(off: Runbook) -> None:
    """A plan that is clicked after somebody else changed the object is refused."""
    engine = off.engine("070")
    view = engine.plan(STEPS["070.5"])
    off.fakes.set("target.organization_relationships", [relationship(Enabled=False, Guid="another")])
    with pytest.raises(StalePlanError):
        engine.apply(view)
    assert off.fakes.written() == []


def test_refusal_ends_the_step_as_failed(off: Runbook) -> None:
    """An error becomes part of the view and an entry of the ledger; the step is still verified."""
    off.fakes.troubles = [Throttled("slow down")]
    view = off.run("070.5")
    assert (view.state, view.note) == ("failed", "slow down")
    assert [e.data["type"] for e in off.ledger.entries("problem")] == ["Throttled"]
    assert {f.verdict.kind for f in view.findings} == {"pass", "fail"}


def test_not_yet_accepted_is_waiting(tmp_path: Path) -> None:
    """A secret that the service does not know yet ends the step as waiting for Microsoft."""
    runbook = Runbook(
        tmp_path, target__migration_endpoints=[], target__application_credentials=[], target__endpoint_test=[]
    )
    runbook.fakes.refusals = ["AADSTS7000215: not yet"] * 1000
    view = runbook.run("070.2")
    assert (view.state, view.waits_for) == ("waiting", "Microsoft")


def test_change_that_shows_late_is_waiting(off: Runbook) -> None:
    """A change that no read shows yet ends the step as waiting, with the time to look again."""
    off.fakes.lag = timedelta(hours=1)
    view = off.run("070.5")
    assert (view.state, view.waits_for) == ("waiting", "Microsoft")
    assert view.until is not None
    assert view.until >= off.clock.now()
    assert off.ledger.entries("step_ended")[0].data["until"] is not None


def test_from_nothing_to_configured(tmp_path: Path) -> None:
    """Run in their order and approved, the steps of 050 to 080 configure two empty tenants, and then change nothing."""
    runbook = Runbook(tmp_path, **EMPTY)
    runbook.project = make_project(consent={"target": "xtmig", "source": "xtmig"})
    for step in CONFIGURING:
        if step.startswith("060"):
            runbook.approve(step)
        assert runbook.run(step).state in ("applied", "no change")
    calls = runbook.fakes.written()
    assert [runbook.run(step).state for step in CONFIGURING] == ["no change"] * len(CONFIGURING)
    assert runbook.fakes.written() == calls
    runbook.ledger.verify()


def test_order_of_the_configuration(tmp_path: Path) -> None:
    """Application, target's consent, source's consent, endpoint and relationships come in this order (PRE-11)."""
    runbook = Runbook(tmp_path, **EMPTY)
    runbook.project = make_project(consent={"target": "xtmig", "source": "xtmig"})
    for step in CONFIGURING:
        if step.startswith("060"):
            runbook.approve(step)
        runbook.run(step)
    assert runbook.fakes.written() == [
        "PATCH /applications(uniqueName='{name}')",
        "POST /servicePrincipals",
        "POST /servicePrincipals/{principal}/appRoleAssignments",
        "POST /servicePrincipals",
        "POST /servicePrincipals/{principal}/appRoleAssignments",
        "POST /applications/{id}/addPassword",
        "New-MigrationEndpoint",
        "New-OrganizationRelationship",
        "New-DistributionGroup",
        "New-OrganizationRelationship",
    ]


def test_summary_tells_what_is_wrong(off: Runbook) -> None:
    """A step that has nothing to change and is not right ends as failed, and tells what is not right."""
    off.fakes.set("target.organization_relationships", [relationship(), relationship(Identity="second")])
    view = off.run("070.5")
    assert (view.state, summary(view)) == ("failed", f"no change; 1 not right: {view.findings[0].title}")


def test_summary_tells_what_was_not_seen(off: Runbook) -> None:
    """The sentence about a step that looked tells what was not observed."""
    off.fakes.unreadable.add("source.domain_lookup")
    assert "not observed" in summary(off.run("010.1"))
