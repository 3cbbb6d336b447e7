from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import ENDPOINT, NOW, OTHER_ID, SECRET_1, SOURCE_ID, USER_READ, make_project, relationship
from fake_tenants import FakeTenant, Killed, Runbook

from xtmig_kernel.changes import canonical
from xtmig_kernel.errors import (
    AccessDenied,
    ApprovalError,
    EngineError,
    NotYetAccepted,
    Rejected,
    SecretReferenceError,
    StalePlanError,
    Throttled,
    WrongTenantError,
    XtmigError,
)
from xtmig_kernel.project import Approval

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.changes import Change

NO_ENDPOINT: dict[str, Any] = {
    "target__migration_endpoints": [],
    "target__application_credentials": [],
    "target__endpoint_test": [],
}
OLD_AND_NEW = [SECRET_1, SECRET_1 | {"KeyId": "k2", "DisplayName": "xtmig contoso-moves 2"}]


def one(runbook: Runbook, step: str) -> Change:
    """The only change that a step plans now."""
    (change,) = runbook.plan(step).changes
    return change


@pytest.fixture
def off(tmp_path: Path) -> Runbook:
    """A runbook whose relationship is not enabled: step 070.5 sets it."""
    return Runbook(tmp_path, target__organization_relationships={"Enabled": False})


@pytest.fixture
def bare(tmp_path: Path) -> Runbook:
    """A runbook without an endpoint: step 070.2 mints a secret and creates one."""
    return Runbook(tmp_path, **NO_ENDPOINT)


# the order ------------------------------------------------------------------------------------------------------------


def test_change_is_made_and_seen(off: Runbook) -> None:
    """The intent is written, the call made, the outcome written, and the object read back."""
    outcome = off.door.make(one(off, "070.5"))
    assert (outcome.result, off.kinds()) == ("done", ["intent", "outcome", "read_back"])
    assert off.fakes.written() == ["Set-OrganizationRelationship"]


def test_intent_is_on_disk_before_the_call(off: Runbook) -> None:
    """A process that dies in the call has left its intent, and nothing else."""
    change = one(off, "070.5")
    off.fakes.troubles = [Killed()]
    with pytest.raises(Killed):
        off.door.make(change)
    assert off.kinds() == ["intent"]


def test_outcome_holds_the_request_id(off: Runbook) -> None:
    """The service's own id of the request is kept for a support case."""
    off.door.make(one(off, "070.5"))
    assert off.ledger.entries("outcome")[0].data["request_ids"] == ["request-1"]


def test_read_back_shows_what_is_there(off: Runbook) -> None:
    """What a read really showed after the change is written down beside what was before."""
    off.door.make(one(off, "070.5"))
    data = off.ledger.entries("read_back")[0].data
    assert (data["matches"], data["before"]["Enabled"], data["after"]["Enabled"]) == (True, False, True)


def test_change_that_is_there_already(off: Runbook) -> None:
    """Where somebody else has done it meanwhile, it is found done, and nothing is called."""
    change = one(off, "070.5")
    off.fakes.set("target.organization_relationships", [relationship()])
    assert off.door.make(change).result == "found done"
    assert (off.fakes.written(), off.results(), off.kinds()) == ([], ["found done"], ["outcome"])


# what is refused before anything is called ----------------------------------------------------------------------------


def test_stale_plan(off: Runbook) -> None:
    """Where the object is no longer as the plan saw it, nothing is called, and what changed is named."""
    change = one(off, "070.5")
    off.fakes.set("target.organization_relationships", [relationship(Enabled=False, Guid="another")])
    with pytest.raises(StalePlanError, match="Guid is another, not 66666666-6666-4666-8666-666666666666"):
        off.door.make(change)
    assert (off.fakes.written(), off.kinds()) == ([], [])


def test_object_that_is_gone_makes_the_plan_stale(off: Runbook) -> None:
    """An absent object is a state, too: a plan that saw it does not hold."""
    change = one(off, "070.5")
    off.fakes.set("target.organization_relationships", [])
    with pytest.raises(StalePlanError, match="it does not exist"):
        off.door.make(change)


def test_object_that_appeared_makes_the_plan_stale(bare: Runbook) -> None:
    """A plan that saw nothing does not hold when something else stands there (an empty state is a state)."""
    change = one(bare, "070.2")
    bare.fakes.set("target.migration_endpoints", [{"Identity": ENDPOINT, "RemoteTenant": "other"}])
    with pytest.raises(StalePlanError, match="it exists"):
        bare.door.make(change)
    assert bare.fakes.written() == []


def test_permission_that_somebody_added_makes_the_plan_stale(tmp_path: Path) -> None:
    """The permissions are written as one list, so one that came meanwhile is not overwritten."""
    runbook = Runbook(tmp_path, target__applications={"Permissions": []})
    change = one(runbook, "050.2")
    row = dict(runbook.fakes.tables["target.applications"][0], OtherPermissions=[USER_READ])
    runbook.fakes.set("target.applications", [row])
    with pytest.raises(StalePlanError):
        runbook.door.make(change)
    assert runbook.fakes.written() == []


def test_wrong_tenant(off: Runbook) -> None:
    """A session of another tenant is refused before anything is read or called, naming both IDs."""
    change = one(off, "070.5")
    off.tenants["target"] = FakeTenant(off.fakes, "target", tenant_id=OTHER_ID)
    off.fakes.reads.clear()
    with pytest.raises(WrongTenantError, match=f"{OTHER_ID}.*{change.tenant_id}"):
        off.door.make(change)
    assert (off.fakes.written(), off.fakes.reads) == ([], [])


def test_swapped_tenants(off: Runbook) -> None:
    """The source's session in the target's place is refused."""
    change = one(off, "070.5")
    off.tenants["target"] = FakeTenant(off.fakes, "source")
    with pytest.raises(WrongTenantError, match=SOURCE_ID):
        off.door.make(change)


def test_nobody_signed_in(off: Runbook) -> None:
    """Without a session of that side nothing is made."""
    change = one(off, "070.5")
    del off.tenants["target"]
    with pytest.raises(EngineError, match="nobody is signed in to the target tenant"):
        off.door.make(change)


def test_unreadable_object_is_not_changed(off: Runbook) -> None:
    """What cannot be read is never changed blind."""
    change = one(off, "070.5")
    off.fakes.unreadable.add("target.organization_relationships")
    with pytest.raises(EngineError, match="could not be read"):
        off.door.make(change)
    assert off.fakes.written() == []


def test_two_objects_of_one_key_are_not_changed(off: Runbook) -> None:
    """Where two objects answer to the key, neither is changed."""
    change = one(off, "070.5")
    off.fakes.set("target.organization_relationships", [relationship(Enabled=False), relationship(Enabled=False)])
    with pytest.raises(EngineError, match="could not be read") as caught:
        off.door.make(change)
    assert "2 objects answer" in str(caught.value.cause)


def test_unknown_value_must_exist(tmp_path: Path) -> None:
    """A change whose unknown value cannot be read is not made; the step that creates it comes first."""
    runbook = Runbook(tmp_path, **NO_ENDPOINT, target__applications=[])
    change = one(runbook, "070.2")
    with pytest.raises(EngineError, match="does not exist"):
        runbook.door.make(change)
    assert (runbook.fakes.written(), runbook.kinds()) == ([], [])


def test_unknown_value_is_read_when_it_is_made(tmp_path: Path) -> None:
    """A value that was unknown while planning is read from its object, and stands in the intent."""
    runbook = Runbook(tmp_path, **NO_ENDPOINT)
    (registered,) = runbook.fakes.tables["target.applications"]
    runbook.fakes.set("target.applications", [])
    change = one(runbook, "070.2")
    runbook.fakes.set("target.applications", [registered])
    runbook.door.make(change)
    assert runbook.fakes.tables["target.migration_endpoints"][0]["ApplicationId"] == registered["AppId"]
    assert "$later" not in canonical(runbook.ledger.entries("intent")[0].data["data"])


def test_secret_that_cannot_be_fetched_leaves_no_intent(bare: Runbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provided secret is fetched before anything is begun, so that a missing one leaves nothing to recover."""
    monkeypatch.delenv("XTMIG_TEST_SECRET", raising=False)
    bare.project = make_project(secret={"origin": "provided", "reference": "env:XTMIG_TEST_SECRET"})
    with pytest.raises(SecretReferenceError, match="XTMIG_TEST_SECRET"):
        bare.door.make(one(bare, "070.2"))
    assert (bare.fakes.written(), bare.kinds()) == ([], [])


# approvals ------------------------------------------------------------------------------------------------------------


def approved(runbook: Runbook, change: Change) -> None:
    runbook.project = make_project(
        approvers=[{"name": "Lara", "upn": "lara@northwindtraders.onmicrosoft.com", "side": "target"}]
    )
    runbook.approvals = (
        Approval(
            section=change.step[:3],
            level=2,
            changes=(change.hash,),
            approver="lara@northwindtraders.onmicrosoft.com",
            given_at=NOW - timedelta(hours=1),
            valid_until=NOW + timedelta(days=1),
        ),
    )


def test_level_two_without_approval(tmp_path: Path) -> None:
    """A removal that nobody approved is not called, and the refusal is written down."""
    runbook = Runbook(tmp_path, target__application_credentials=OLD_AND_NEW)
    with pytest.raises(ApprovalError):
        runbook.door.make(one(runbook, "070.4"))
    assert (runbook.fakes.written(), runbook.kinds()) == ([], ["approval_refused"])


def test_level_two_with_approval(tmp_path: Path) -> None:
    """An approved removal is made, and which approval was used is written down before it is begun."""
    runbook = Runbook(tmp_path, target__application_credentials=OLD_AND_NEW)
    change = one(runbook, "070.4")
    approved(runbook, change)
    assert runbook.door.make(change).result == "done"
    assert runbook.kinds() == ["approval_used", "intent", "outcome", "read_back"]
    assert [row["KeyId"] for row in runbook.fakes.tables["target.application_credentials"]] == ["k2"]


def test_level_three_with_a_claim(tmp_path: Path) -> None:
    """A mere claim does not reach for what cannot be undone: nothing is called."""
    runbook = Runbook(tmp_path, target__organization_config={"IsDehydrated": True})
    change = one(runbook, "070.1")
    approved(runbook, change)
    with pytest.raises(ApprovalError):
        runbook.door.make(change)
    assert runbook.fakes.written() == []


def test_approval_is_asked_for_after_the_state(tmp_path: Path) -> None:
    """What is done already needs no approval any more."""
    runbook = Runbook(tmp_path, target__organization_config={"IsDehydrated": True})
    change = one(runbook, "070.1")
    runbook.fakes.set("target.organization_config", [{"Name": change.subject.key[0][1], "IsDehydrated": False}])
    assert runbook.door.make(change).result == "found done"


# lag, lost answers, refusals ------------------------------------------------------------------------------------------


def test_lag_is_waited_for(off: Runbook) -> None:
    """Where reads show a change only after some seconds, it is read again until they do."""
    off.fakes.lag = timedelta(seconds=40)
    assert off.door.make(one(off, "070.5")).result == "done"
    assert 40 <= sum(off.clock.slept) <= 60


def test_long_lag_ends_as_waiting(tmp_path: Path) -> None:
    """What takes hours is not waited for: it is made, not yet seen, and to be looked at again in ten minutes."""
    runbook = Runbook(tmp_path, target__organization_config={"IsDehydrated": True})
    change = replace(one(runbook, "070.1"), irreversible=False, level=1)  # type: ignore[arg-type]
    runbook.fakes.lag = timedelta(hours=20)
    outcome = runbook.door.make(change)
    assert (outcome.result, outcome.until) == ("waiting", runbook.clock.now() + timedelta(minutes=10))
    assert sum(runbook.clock.slept) <= 200
    assert runbook.ledger.entries("read_back")[0].data["matches"] is False


def test_lost_answer_and_done(off: Runbook) -> None:
    """An answer that was lost is not an error where a read shows the change; it is not called again."""
    off.fakes.troubles = ["lost, done"]
    assert off.door.make(one(off, "070.5")).result == "done"
    assert (off.fakes.written(), off.results()) == (["Set-OrganizationRelationship"], ["done"])


def test_lost_answer_and_not_done(off: Runbook) -> None:
    """An answer that was lost leaves the intent open where no read shows the change, and nothing is repeated."""
    off.fakes.troubles = ["lost, not done"]
    with pytest.raises(EngineError, match="was lost"):
        off.door.make(one(off, "070.5"))
    assert (off.fakes.written(), off.kinds()) == (["Set-OrganizationRelationship"], ["intent"])


def test_lost_answer_and_reads_fail(off: Runbook) -> None:
    """Where the answer was lost and reads fail, too, nobody claims that nothing was changed."""
    change = one(off, "070.5")
    off.fakes.troubles = ["lost, done"]
    fails_after_the_call(off)
    with pytest.raises(EngineError) as caught:
        off.door.make(change)
    assert "not changed" not in str(caught.value)
    assert off.kinds() == ["intent"]


def test_reads_fail_after_the_change(off: Runbook) -> None:
    """Where the change was made and cannot be read back, it waits to be seen; nobody claims that it was not made."""
    change = one(off, "070.5")
    fails_after_the_call(off)
    assert off.door.make(change).result == "waiting"
    assert off.results() == ["done"]


def fails_after_the_call(runbook: Runbook) -> None:
    """From the first call on, relationships cannot be read."""
    tenant = runbook.tenants["target"]
    run = tenant.run

    def run_and_break(call: Any) -> Any:
        runbook.fakes.unreadable.add("target.organization_relationships")
        return run(call)

    tenant.run = run_and_break


@pytest.mark.parametrize("error", [AccessDenied("no right"), Throttled("slow down"), Rejected("bad parameter")])
def test_refusal_is_an_outcome(off: Runbook, error: XtmigError) -> None:
    """A refusal closes the intent as failed, with the error, and is raised with side, step and subject."""
    change = one(off, "070.5")
    off.fakes.troubles = [error]
    with pytest.raises(type(error)) as caught:
        off.door.make(change)
    assert (caught.value.side, caught.value.step) == ("target", "070.5")
    assert (off.kinds(), off.results()) == (["intent", "outcome"], ["failed"])


# minting --------------------------------------------------------------------------------------------------------------


def test_minted_secret_goes_to_the_endpoint(bare: Runbook) -> None:
    """The secret is made, handed to the endpoint, and the endpoint works with it."""
    bare.door.make(one(bare, "070.2"))
    assert bare.fakes.written() == ["POST /applications/{id}/addPassword", "New-MigrationEndpoint"]
    assert bare.fakes.rows("target.endpoint_test")[0]["Result"] == "Success"


def test_minted_secret_is_nowhere_else(bare: Runbook, tmp_path: Path) -> None:
    """The minted secret is in no entry of the ledger, and in no file of the project."""
    bare.door.make(one(bare, "070.2"))
    secret = bare.fakes.endpoint_secret
    assert secret
    assert secret not in canonical([entry.as_data() for entry in bare.ledger.entries()])
    assert [path for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()] == []


def test_service_that_repeats_the_secret(bare: Runbook, tmp_path: Path) -> None:
    """A refusal that repeats the secret does not carry it into the ledger."""
    bare.fakes.refusals = ["credentials minted-secret-text-0001-kq8xy are bad"]
    with pytest.raises(Rejected):
        bare.door.make(one(bare, "070.2"))
    assert b"minted-secret-text" not in (tmp_path / "ledger.db").read_bytes()


def test_provided_secret_is_nowhere_else(bare: Runbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provided secret reaches the endpoint, and no entry of the ledger."""
    secret = "provided-secret-kq8~Xy7-0123"
    monkeypatch.setenv("XTMIG_TEST_SECRET", secret)
    bare.project = make_project(secret={"origin": "provided", "reference": "env:XTMIG_TEST_SECRET"})
    bare.fakes.refusals = [f"bad {secret}"]
    change = one(bare, "070.2")
    with pytest.raises(Rejected):
        bare.door.make(change)
    bare.door.make(change)
    assert bare.fakes.endpoint_secret == secret
    assert secret.encode() not in (tmp_path / "ledger.db").read_bytes()


def test_refused_hand_over_discards_the_secret(bare: Runbook) -> None:
    """Where the endpoint is refused, the secret that was made for it is removed again."""
    bare.fakes.refusals = ["the name is not allowed"]
    with pytest.raises(Rejected):
        bare.door.make(one(bare, "070.2"))
    assert bare.fakes.tables["target.application_credentials"] == []
    assert sorted(bare.results()) == ["done", "failed"]


def test_refused_hand_over_discards_a_secret_that_shows_late(bare: Runbook) -> None:
    """The secret is removed although reads show it only after half a minute."""
    change = one(bare, "070.2")
    bare.fakes.lag = timedelta(seconds=30)
    bare.fakes.refusals = ["the name is not allowed"]
    with pytest.raises(Rejected):
        bare.door.make(change)
    assert bare.fakes.tables["target.application_credentials"] == []


def test_secret_that_cannot_be_discarded_stays_open(bare: Runbook) -> None:
    """Where the leftover secret cannot be removed, the intent stays open, so that the next run removes it."""
    change = one(bare, "070.2")
    bare.fakes.refusals = ["the name is not allowed"]
    bare.fakes.troubles = [None, None, Throttled("slow down")]
    with pytest.raises(XtmigError):
        bare.door.make(change)
    intents = {e.seq for e in bare.ledger.entries("intent") if e.data["change"] == change.hash}
    assert intents.isdisjoint(e.data["intent"] for e in bare.ledger.entries("outcome"))


@pytest.mark.parametrize("code", ["AADSTS7000215", "AADSTS65001", "AADSTS700016"])
def test_new_secret_that_is_not_known_yet(bare: Runbook, code: str) -> None:
    """A new secret or consent that the sign-in service does not know yet is tried again after a while."""
    bare.fakes.refusals = [f"{code}: not yet"] * 3
    assert bare.door.make(one(bare, "070.2")).result == "done"
    assert bare.fakes.written().count("New-MigrationEndpoint") == 4
    assert sum(bare.clock.slept) >= 30


def test_new_secret_that_is_never_known(bare: Runbook) -> None:
    """After ten minutes of trying, it ends as not yet accepted, and the secret is removed again."""
    bare.fakes.refusals = ["AADSTS7000215: not yet"] * 1000
    with pytest.raises(NotYetAccepted):
        bare.door.make(one(bare, "070.2"))
    assert 600 <= sum(bare.clock.slept) <= 700
    assert bare.fakes.tables["target.application_credentials"] == []


def test_other_refusals_are_not_repeated(bare: Runbook) -> None:
    """A refusal that has another cause is not tried again."""
    bare.fakes.refusals = ["AADSTS90002: tenant not found"] * 5
    with pytest.raises(Rejected):
        bare.door.make(one(bare, "070.2"))
    assert bare.fakes.written().count("New-MigrationEndpoint") == 1


def test_only_this_projects_secrets_are_discarded(bare: Runbook) -> None:
    """A secret whose name is not of this project is never removed, whoever asks."""
    bare.fakes.set("target.application_credentials", [SECRET_1 | {"DisplayName": "xtmig another-project 1"}])
    bare.door.discard_secret("xtmig another-project 1", "070.2", certain=False)
    assert bare.fakes.written() == []
