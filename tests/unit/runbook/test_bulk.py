"""Many changes at once: what holds for one change holds for each of them, and none keeps another from being made."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import OTHER_ID, TARGET_ID
from fake_tenants import LARA, Runbook

from xtmig_kernel.changes import Change, ExchangeCall, Later, Level, NewPassword, Subject
from xtmig_kernel.errors import (
    AccessDenied,
    ApprovalError,
    EngineError,
    Rejected,
    StalePlanError,
    WrongTenantError,
)
from xtmig_kernel.m365 import UncertainWrite
from xtmig_kernel.runbook.bulk import why_not_all
from xtmig_kernel.runbook.journal import not_yet_seen, open_intents

if TYPE_CHECKING:
    from pathlib import Path


def user(number: int, name: str = "old") -> dict[str, Any]:
    return {"UserPrincipalName": f"u{number}@northwindtraders.com", "Alias": f"u{number}", "DisplayName": name}


def rename(number: int, **changes: Any) -> Change:
    """Set the display name of user `number` from old to new."""
    sign_in = f"u{number}@northwindtraders.com"
    fields: dict[str, Any] = {
        "step": "050.2",
        "side": "target",
        "tenant_id": TARGET_ID,
        "subject": Subject("target", "mail_users", (("UserPrincipalName", sign_in),), sign_in),
        "title": f"Rename {sign_in}",
        "before": {"DisplayName": "old"},
        "after": {"DisplayName": "new"},
        "calls": (ExchangeCall("Set-MailUser", {"Identity": sign_in, "DisplayName": "new"}),),
        "level": Level.UNDOABLE,
        "undo": "Set the old name.",
        "statements": (),
    }
    return Change(**fields | changes)


@pytest.fixture
def many(tmp_path: Path) -> Runbook:
    """A runbook with 25 users named old."""
    return Runbook(tmp_path, target__mail_users=[user(number) for number in range(25)])


def names(runbook: Runbook) -> list[str]:
    return [row["DisplayName"] for row in runbook.fakes.tables["target.mail_users"]]


def test_ten_in_a_request(many: Runbook) -> None:
    """Twenty-five changes are three requests of at most ten, and each is made once."""
    outcomes = many.door.make_all([rename(number) for number in range(25)])
    assert sorted(many.fakes.requests) == [5, 10, 10]
    assert {outcome.result for outcome in outcomes} == {"done"}
    assert names(many) == ["new"] * 25


def test_intents_come_before_their_request(many: Runbook) -> None:
    """Each change has an intent, then an outcome, then a read-back of its own."""
    many.door.make_all([rename(number) for number in range(3)])
    entries = many.ledger.entries("intent", "outcome", "read_back")
    assert [entry.kind for entry in entries] == ["intent"] * 3 + ["outcome"] * 3 + ["read_back"] * 3
    assert [e.data["intent"] for e in entries[3:6]] == [e.seq for e in entries[:3]]


def test_a_killed_request_leaves_its_intents_open(many: Runbook) -> None:
    """When the process ends in a request, all changes of it are known to have been begun."""
    many.fakes.troubles = [None, KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        many.door.make_all([rename(number) for number in range(3)])
    assert [intent.title for intent in open_intents(many.ledger, "050")] == [rename(n).title for n in range(3)]


def test_one_refused_change_keeps_no_other_back(many: Runbook) -> None:
    """A change that the service refuses is told with its error, and the others are made."""
    many.fakes.troubles = [None, Rejected("the address is taken")]
    outcomes = many.door.make_all([rename(number) for number in range(3)])
    assert [outcome.result for outcome in outcomes] == ["done", "refused", "done"]
    assert isinstance(outcomes[1].error, Rejected)
    assert many.results() == ["done", "failed", "done"]


def test_a_changed_object_is_not_written_to(many: Runbook) -> None:
    """An object that is no longer as the plan saw it gets no call; the others are made."""
    many.fakes.tables["target.mail_users"][1]["DisplayName"] = "somebody else's"
    many.fakes.changed()
    outcomes = many.door.make_all([rename(number) for number in range(3)])
    assert isinstance(outcomes[1].error, StalePlanError)
    assert names(many)[:3] == ["new", "somebody else's", "new"]


def test_what_is_so_already_is_not_called(many: Runbook) -> None:
    """An object that is as wanted is found done without a call."""
    many.fakes.set("target.mail_users", [user(0, "new"), user(1)])
    outcomes = many.door.make_all([rename(0), rename(1)])
    assert [outcome.result for outcome in outcomes] == ["found done", "done"]
    assert many.fakes.written() == ["Set-MailUser"]


def test_unread_objects_are_not_changed(many: Runbook) -> None:
    """Where the table could not be read, nothing is written."""
    many.fakes.unreadable.add("target.mail_users")
    outcomes = many.door.make_all([rename(0), rename(1)])
    assert [type(outcome.error) for outcome in outcomes] == [EngineError, EngineError]
    assert many.fakes.written() == []


def test_a_table_is_read_once_for_all(many: Runbook) -> None:
    """Twenty-five objects are compared and read back with two reads of their table, not with fifty."""
    many.door.make_all([rename(number) for number in range(25)])
    assert many.fakes.reads.count("target.mail_users") == 2


def test_a_foreign_tenant_stops_everything(many: Runbook) -> None:
    """One change for another tenant than the session's, and nothing is written at all."""
    with pytest.raises(WrongTenantError):
        many.door.make_all([rename(0), rename(1, tenant_id=OTHER_ID)])
    assert many.fakes.written() == []


@pytest.mark.parametrize(
    "unfit",
    [
        rename(1, calls=(*rename(1).calls, *rename(1).calls)),
        rename(1, after={"DisplayName": Later(rename(0).subject, "Alias")}),
    ],
    ids=["two calls", "a value that comes later"],
)
def test_unfit_changes_are_refused_together(many: Runbook, unfit: Change) -> None:
    """A change of two calls, or with a value that must be read first, is not made in bulk, nor is any other."""
    with pytest.raises(EngineError):
        many.door.make_all([rename(0), unfit])
    assert many.fakes.written() == []


def test_each_needs_its_own_approval(many: Runbook) -> None:
    """Of two changes of level 2 without an approval none is made, and each says so."""
    outcomes = many.door.make_all([rename(n, level=Level.NAMED) for n in range(2)])
    assert [type(outcome.error) for outcome in outcomes] == [ApprovalError, ApprovalError]
    assert many.fakes.written() == []


def test_a_lost_answer_is_looked_for(many: Runbook) -> None:
    """A change whose answer was lost is done when the read-back shows it, and is not sent again."""
    many.fakes.troubles = ["lost, done"]
    (outcome,) = many.door.make_all([rename(0)])
    assert (outcome.result, many.fakes.written(), many.results()) == ("done", ["Set-MailUser"], ["done"])


def test_a_lost_answer_stays_open(many: Runbook) -> None:
    """A change whose answer was lost and that no read shows is left to recovery, with its intent open."""
    many.fakes.troubles = ["lost, not done"]
    (outcome,) = many.door.make_all([rename(0)])
    assert isinstance(outcome.error, UncertainWrite)
    assert [intent.title for intent in open_intents(many.ledger, "050")] == [rename(0).title]


def test_lag_is_waited_for(many: Runbook) -> None:
    """What shows after a minute is done; the table is read a few times for all, not once for each."""
    many.fakes.lag = timedelta(seconds=60)
    outcomes = many.door.make_all([rename(number) for number in range(25)])
    assert {outcome.result for outcome in outcomes} == {"done"}
    assert many.fakes.reads.count("target.mail_users") < 12


def test_what_does_not_show_is_waiting(many: Runbook) -> None:
    """Accepted changes that no read shows in time are waiting, and the next run looks for them first."""
    many.fakes.lag = timedelta(hours=2)
    outcomes = many.door.make_all([rename(number, lag_seconds=3600) for number in range(2)])
    assert [outcome.result for outcome in outcomes] == ["waiting", "waiting"]
    assert len(not_yet_seen(many.ledger, "050")) == 2


def test_a_hopeless_service_is_not_asked_on(many: Runbook) -> None:
    """When whole requests are denied, the rest is not begun, and says so."""
    many.fakes.set("target.mail_users", [user(number) for number in range(100)])
    many.fakes.troubles = [AccessDenied("no such right") for _ in range(100)]
    outcomes = many.door.make_all([rename(number) for number in range(100)])
    begun = len(many.ledger.entries("intent"))
    assert begun < 100
    assert {outcome.result for outcome in outcomes} == {"refused"}
    assert sum("not begun" in str(outcome.error) for outcome in outcomes) == 100 - begun


def test_every_user_gets_a_password_of_their_own(many: Runbook) -> None:
    """Each new user's password is made when the call is sent; none stands in the ledger."""

    def create(number: int) -> Change:
        sign_in = f"new{number}@northwindtraders.com"
        given = {
            "MicrosoftOnlineServicesID": sign_in,
            "Alias": f"new{number}",
            "Password": NewPassword("discard", sign_in, 16),
        }
        return rename(
            number,
            subject=Subject("target", "mail_users", (("UserPrincipalName", sign_in),), sign_in),
            before=None,
            after={"Alias": f"new{number}"},
            calls=(ExchangeCall("New-MailUser", given),),
        )

    many.door.make_all([create(number) for number in range(3)])
    passwords = [call.parameters["Password"].reveal() for call in many.fakes.calls if isinstance(call, ExchangeCall)]
    assert len(set(passwords)) == 3
    written = many.ledger.path.read_bytes()
    assert [password for password in passwords if password.encode() in written] == []


def test_several_refusals_are_one_error() -> None:
    """One error stands for all that was not made: with the number, and the first reason."""
    from xtmig_kernel.runbook.door import Outcome

    refused = [Outcome(rename(n), "refused", error=Rejected("the address is taken")) for n in range(2)]
    error = why_not_all([Outcome(rename(9), "done"), *refused])
    assert str(error).startswith("not made: 2 of 3 changes; the first: the address is taken")


def test_missing_approvals_alone_wait_for_a_person() -> None:
    """Where nothing but approvals is missing, the error is one of approval, so that the step waits."""
    from xtmig_kernel.runbook.door import Outcome

    refused = [Outcome(rename(n), "refused", error=ApprovalError("not approved")) for n in range(2)]
    assert isinstance(why_not_all(refused), ApprovalError)
    assert why_not_all([Outcome(rename(0), "done")]) is None


def test_the_approver_is_asked_once_for_all(many: Runbook) -> None:
    """Approvals are looked up once for all changes, since there may be thousands."""
    asked: list[str] = []
    door = many.door
    door._approvals = lambda: asked.append(LARA) or ()  # type: ignore[func-returns-value]
    door.make_all([rename(n, level=Level.NAMED) for n in range(20)])
    assert len(asked) == 1
