from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, SECRET_1, relationship
from fake_tenants import Killed, Runbook

from xtmig_kernel.errors import EngineError, RecoveryError, Throttled

if TYPE_CHECKING:
    from pathlib import Path

    from fake_tenants import Trouble

NO_ENDPOINT: dict[str, Any] = {
    "target__migration_endpoints": [],
    "target__application_credentials": [],
    "target__endpoint_test": [],
}
ENDING_SOON = {"target__application_credentials": {"EndsAt": "2026-12-01T00:00:00Z"}}


@pytest.fixture
def off(tmp_path: Path) -> Runbook:
    """A runbook whose relationship is not enabled: step 070.5 sets it."""
    return Runbook(tmp_path, target__organization_relationships={"Enabled": False})


@pytest.fixture
def bare(tmp_path: Path) -> Runbook:
    """A runbook without an endpoint: step 070.2 mints a secret and creates one."""
    return Runbook(tmp_path, **NO_ENDPOINT)


def interrupted(runbook: Runbook, step: str, *troubles: Trouble | None) -> Runbook:
    """The runbook of a next run, after one that was killed in a step."""
    runbook.fakes.troubles = list(troubles)
    with pytest.raises(Killed):
        runbook.run(step)
    runbook.fakes.troubles = []
    runbook.next_run()
    return runbook


def test_killed_after_the_call(off: Runbook) -> None:
    """What was done before the process died is found done, and not called again."""
    interrupted(off, "070.5", "killed, done")
    view = off.run("070.5")
    assert (view.state, off.results()) == ("no change", ["found done"])
    assert off.fakes.written() == ["Set-OrganizationRelationship"]


def test_killed_before_the_call(off: Runbook) -> None:
    """What was not done is looked for until the service's lag has passed, and then planned and made anew."""
    interrupted(off, "070.5", Killed())
    view = off.run("070.5")
    assert (view.state, off.results()) == ("applied", ["not done", "done"])
    assert off.clock.now() >= NOW + timedelta(seconds=90)


def test_shown_late_after_a_kill(off: Runbook) -> None:
    """What a read shows only after a minute is found done, not repeated."""
    off.fakes.lag = timedelta(seconds=60)
    interrupted(off, "070.5", "killed, done")
    assert off.run("070.5").state == "no change"
    assert off.fakes.written() == ["Set-OrganizationRelationship"]


def test_neither_as_before_nor_as_after(off: Runbook) -> None:
    """What is neither as before nor as after stops for a person, naming what differs."""
    interrupted(off, "070.5", Killed())
    off.fakes.set("target.organization_relationships", [relationship(Enabled=False, Guid="another")])
    off.clock.sleep(120)
    with pytest.raises(RecoveryError, match="neither as before nor as after") as caught:
        off.plan("070.5")
    assert "Guid" in str(caught.value.cause)


def test_person_must_look_ends_the_step(off: Runbook) -> None:
    """A run ends the step as failed, calls nothing, and asks again at the next run until it is mended."""
    interrupted(off, "070.5", Killed())
    off.fakes.set("target.organization_relationships", [relationship(Enabled=False, Guid="another")])
    assert [off.run("070.5").state, off.run("070.5").state] == ["failed", "failed"]
    off.fakes.set("target.organization_relationships", [relationship()])
    assert off.run("070.5").state == "no change"
    assert off.fakes.written() == ["Set-OrganizationRelationship"]


def test_unreadable_after_a_kill(off: Runbook) -> None:
    """While the object cannot be read, nothing is planned and nothing is called."""
    interrupted(off, "070.5", "killed, done")
    off.fakes.unreadable.add("target.organization_relationships")
    view = off.run("070.5")
    assert (view.state, view.changes, type(view.problem)) == ("failed", (), EngineError)
    assert off.fakes.written() == ["Set-OrganizationRelationship"]


def test_plan_run_settles_without_waiting(off: Runbook) -> None:
    """A run that may only plan says what is open, and does not wait for it."""
    interrupted(off, "070.5", Killed())
    view = off.run("070.5", may_write=False)
    assert (view.state, off.clock.slept) == ("waiting", [])


def test_lost_answer_is_looked_for_in_the_next_run(off: Runbook) -> None:
    """A lost answer whose change shows later is found done by the next run."""
    off.fakes.lag = timedelta(seconds=200)
    off.fakes.troubles = ["lost, done"]
    assert off.run("070.5").state == "failed"
    off.next_run()
    off.clock.sleep(300)
    assert off.run("070.5").state == "no change"
    assert (off.fakes.written(), off.results()) == (["Set-OrganizationRelationship"], ["found done"])


# accepted, not yet seen -----------------------------------------------------------------------------------------------


def test_accepted_change_is_not_repeated_while_it_may_show(off: Runbook) -> None:
    """A change that was accepted and is not seen yet is waited for by the next run, and not called again."""
    off.fakes.lag = timedelta(hours=1)
    assert off.run("070.5").state == "waiting"
    off.next_run()
    off.fakes.lag = timedelta(seconds=0)
    assert off.run("070.5").state == "no change"
    assert off.fakes.written() == ["Set-OrganizationRelationship"]
    assert [e.data["matches"] for e in off.ledger.entries("read_back")] == [False, True]


def test_accepted_and_never_seen(off: Runbook) -> None:
    """A change that no read shows after the lag is closed once, and planned anew."""
    off.fakes.lag = timedelta(hours=1)
    off.run("070.5")
    off.fakes.tables["target.organization_relationships"] = [relationship(Enabled=False)]
    off.fakes.changed()
    off.clock.sleep(4000)
    off.next_run()
    off.fakes.lag = timedelta()
    for _ in range(3):
        assert off.run("070.5", may_write=False).state == "planned"
    assert off.results() == ["done", "not done"]
    assert off.run("070.5").state == "applied"


# minting --------------------------------------------------------------------------------------------------------------


def secrets(runbook: Runbook) -> list[str]:
    return [row["DisplayName"] for row in runbook.fakes.tables["target.application_credentials"]]


def test_killed_before_the_secret(bare: Runbook) -> None:
    """When nothing was made, the next run makes one secret and one endpoint."""
    interrupted(bare, "070.2", Killed())
    assert bare.run("070.2").state == "applied"
    assert secrets(bare) == ["xtmig contoso-moves 1"]


def test_killed_between_secret_and_endpoint(bare: Runbook) -> None:
    """A secret that never reached the endpoint is removed, and a new one is minted."""
    interrupted(bare, "070.2", "killed, done")
    assert bare.run("070.2").state == "applied"
    assert (secrets(bare), bare.fakes.endpoint_secret) == (["xtmig contoso-moves 1"], "minted-secret-text-0002-kq8xy")


def test_killed_after_the_endpoint(bare: Runbook) -> None:
    """An endpoint that was created and tests well is done; its secret is kept."""
    interrupted(bare, "070.2", None, "killed, done")
    assert bare.run("070.2").state == "no change"
    assert (secrets(bare), bare.fakes.endpoint_secret) == (["xtmig contoso-moves 1"], "minted-secret-text-0001-kq8xy")
    assert bare.results() == ["found done"]


def test_endpoint_that_does_not_work_is_not_done(bare: Runbook) -> None:
    """An endpoint that was created and is refused is not done: the leftover goes, and the renewal mends it."""
    interrupted(bare, "070.2", None, "killed, done")
    bare.fakes.endpoint_secret = "another-secret-kq8xy"
    bare.run("070.2")
    assert "not done" in bare.results()
    assert bare.run("070.3").state == "applied"
    assert bare.fakes.endpoint_secret == "minted-secret-text-0002-kq8xy"
    assert secrets(bare) == ["xtmig contoso-moves 1"]


@pytest.mark.parametrize("trouble", ["lost, done", "lost, not done"])
def test_lost_answer_about_the_secret(bare: Runbook, trouble: Trouble) -> None:
    """When the answer with the secret is lost, the secret is useless: it goes, and another one is made."""
    bare.fakes.troubles = [trouble]
    assert bare.run("070.2").state == "failed"
    bare.next_run()
    assert bare.run("070.2").state == "applied"
    assert len(secrets(bare)) == 1
    assert bare.fakes.rows("target.endpoint_test")[0]["Result"] == "Success"


def test_lost_answer_about_the_endpoint(bare: Runbook) -> None:
    """When the answer about the endpoint is lost and it works, it is found done by the next run."""
    bare.fakes.troubles = [None, "lost, done"]
    bare.run("070.2")
    bare.next_run()
    assert bare.run("070.2").state == "no change"
    assert bare.fakes.written().count("New-MigrationEndpoint") == 1


@pytest.mark.parametrize("troubles", [(Killed(),), ("killed, done",), (None, Killed()), (None, "killed, done")])
def test_renewal_interrupted_anywhere(tmp_path: Path, troubles: tuple[Any, ...]) -> None:
    """Wherever a renewal was interrupted, the next run leaves an endpoint that works with the newest secret."""
    runbook = Runbook(tmp_path, **ENDING_SOON)
    runbook.fakes.secret_of["aaaa0001"] = runbook.fakes.endpoint_secret = "first-secret-text-kq8xy"
    interrupted(runbook, "070.3", *troubles)
    view = runbook.run("070.3")
    assert view.state in ("applied", "no change")
    newest = runbook.fakes.tables["target.application_credentials"][-1]
    assert runbook.fakes.endpoint_secret == runbook.fakes.secret_of[newest["KeyId"]]
    assert newest["EndsAt"] > "2027-01-01"


@pytest.mark.parametrize("troubles", [("killed, done",), (None, "killed, done")])
def test_secret_in_use_is_never_removed_as_replaced(tmp_path: Path, troubles: tuple[Any, ...]) -> None:
    """After an interrupted renewal, removing replaced secrets waits until the renewal is settled."""
    runbook = Runbook(tmp_path, **ENDING_SOON)
    runbook.fakes.secret_of["aaaa0001"] = runbook.fakes.endpoint_secret = "first-secret-text-kq8xy"
    interrupted(runbook, "070.3", *troubles)
    view = runbook.run("070.4", may_write=False)
    assert (view.state, view.changes) == ("waiting", ())


def test_leftover_secret_is_removed_by_the_next_run(bare: Runbook) -> None:
    """A secret that could not be discarded after a refusal is removed by the next run, before a new one is made."""
    bare.fakes.refusals = ["the name is not allowed"]
    bare.fakes.troubles = [None, None, Throttled("slow down")]
    assert bare.run("070.2").state == "failed"
    assert secrets(bare) == ["xtmig contoso-moves 1"]
    bare.fakes.troubles = []
    bare.next_run()
    assert bare.run("070.2").state == "applied"
    assert secrets(bare) == ["xtmig contoso-moves 1"]
    assert bare.fakes.endpoint_secret == "minted-secret-text-0002-kq8xy"


def test_secrets_of_others_survive_recovery(bare: Runbook) -> None:
    """Recovery removes the one secret that its own intent names, and no other."""
    others = [SECRET_1 | {"KeyId": "o1", "DisplayName": "by hand"}, SECRET_1 | {"KeyId": "o2", "DisplayName": None}]
    bare.fakes.set("target.application_credentials", others)
    interrupted(bare, "070.2", "killed, done")
    bare.run("070.2")
    assert {row["KeyId"] for row in bare.fakes.tables["target.application_credentials"]} >= {"o1", "o2"}


def test_other_steps_are_not_held_back(off: Runbook) -> None:
    """What is open in a later step does not keep an earlier one from being planned."""
    interrupted(off, "070.5", Killed())
    assert off.run("070.2").state == "no change"
    assert off.results() == []


def test_interrupted_section_is_not_the_other_ones(off: Runbook) -> None:
    """What is open in one section does not keep another one from being planned."""
    interrupted(off, "070.5", Killed())
    assert off.run("050.2").state == "no change"
    assert off.results() == []
