"""What sections 150 and 160 plan, write and show."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, TARGET_ID, after, make_project, observed, planned, seen, world
from cut_facts import (
    DUE,
    FAR,
    LARA,
    MISSED,
    TOMORROW,
    asked,
    at_gate,
    folder_count,
    lara_at_gate,
    moved,
    of_baseline,
    waves,
)
from start_facts import BATCH, IN_WAVE, LARA_ADDRESS, batch, migration_user
from stay_facts import JO_GUID, jo_mailbox, jos, permission
from user_facts import LARA_GUID, chosen

from xtmig_kernel.changes import Change, ExchangeCall, Level
from xtmig_kernel.project.baseline import read_baseline
from xtmig_kernel.rules import Seen
from xtmig_kernel.runbook import STEPS
from xtmig_kernel.tables import BY_NAME

if TYPE_CHECKING:
    from xtmig_kernel.outputs import Exhibit

OLD = "2026-11-22T09:00:00Z"
UNAPPROVED = {"UnapprovedSkippedItems": True, "SkippedItems": 2, "DataConsistencyScore": "Investigate"}
BEN = "ben@northwindtraders.com"
ITEM = {
    "Identity": LARA_ADDRESS,
    "Kind": "CorruptItem",
    "Folder": "Inbox",
    "Bytes": 1_843_200,
    "ReceivedAt": None,
    "Scores": ["CorruptItem"],
    "Number": 1,
}


def plan(step: str, project: dict[str, Any], **changes: Any) -> tuple[Change, ...]:
    return planned(step, make_project(**project), **changes)


def one(changes: tuple[Change, ...]) -> tuple[Change, ExchangeCall]:
    """The only change, and its only call."""
    (change,) = changes
    (call,) = change.calls
    assert isinstance(call, ExchangeCall)
    return change, call


def test_due_batch_is_completed() -> None:
    """A due wave's batch is completed by its name, after the word of a second person, and nothing undoes it."""
    change, call = one(plan("160.4", DUE, **at_gate()))
    assert call == ExchangeCall("Complete-MigrationBatch", {"Identity": BATCH})
    assert (change.side, change.tenant_id, change.subject.key) == ("target", TARGET_ID, (("Identity", BATCH),))
    assert (change.level, change.irreversible) == (Level.SECOND_PERSON, True)


def test_approval_holds_for_a_number_of_mailboxes() -> None:
    """An approval of one mailbox is none of two: the change is another one as soon as somebody joins the batch."""
    first, _ = one(plan("160.4", DUE, **at_gate()))
    second, _ = one(plan("160.4", DUE, **at_gate(target__migration_batches=[batch(TotalCount=2)])))
    assert first.hash != second.hash


def test_approval_can_be_given_the_day_before() -> None:
    """The day before the same change is planned as on the day, so that it can be approved in time."""
    assert plan("160.4", TOMORROW, **at_gate())
    later = timedelta(days=1)
    on_the_day = planned("160.4", make_project(**TOMORROW), NOW + later, **at_gate())
    assert [c.hash for c in plan("160.4", TOMORROW, **at_gate())] == [c.hash for c in on_the_day]


@pytest.mark.parametrize(
    ("project", "there"),
    [
        (waves(None), at_gate()),
        (FAR, at_gate()),
        (MISSED, at_gate()),
        (DUE, asked()),
        (DUE, moved()),
        (DUE, moved() | {"target__migration_batches": [batch()]}),
        (DUE, at_gate(target__migration_batches=[])),
        (DUE, at_gate(target__migration_users=[])),
        (DUE, at_gate(source__chosen_users=[chosen(Wave="")])),
        (DUE, at_gate(target__migration_batches=[batch(Identity="by-hand")])),
    ],
    ids=[
        "no date",
        "too early",
        "too late",
        "asked",
        "moved",
        "moved without us",
        "no batch",
        "empty batch",
        "in no wave",
        "foreign batch",
    ],
)
def test_nothing_else_is_completed(project: dict[str, Any], there: dict[str, Any]) -> None:
    """Only a batch of ours, of a wave at the gate, with somebody in it who has not moved, is ever completed."""
    assert plan("160.4", project, **there) == ()


def test_completed_is_not_completed_again() -> None:
    """Once the change is made exactly as it says, nothing is planned any more."""
    change, _ = one(plan("160.4", DUE, **at_gate()))
    tables = after(change, world(**at_gate()))
    assert STEPS["160.4"].plan(seen(tables), make_project(**DUE)) == ()


def test_batch_that_took_users_again_is_completed_alone() -> None:
    """Where a wave's first batch was completed, its second one is completed without it."""
    there = asked(Identity=BEN, Status="Completed")
    there["target__migration_batches"].append(batch(Identity=f"{BATCH}-r2"))
    there["target__migration_users"].append(migration_user(BatchId=f"{BATCH}-r2"))
    change, _ = one(plan("160.4", DUE, **there))
    assert change.subject.key == (("Identity", f"{BATCH}-r2"),)


def two_waves(second: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pilot is due, and Jo's wave is cut over at another moment."""
    project = {"move": {"waves": [*DUE["move"]["waves"], {"name": "second", "cutover": second}]}}
    jo = chosen(SourceAddress="jo@contoso.com", TargetAddress=BEN, TargetSignIn=BEN, TargetAlias="jo", Wave="second")
    prepared = world()["target.mail_users"][0] | {
        "ObjectId": "77777777-2222-4222-8222-888888888888",
        "Name": "jo",
        "Alias": "jo",
        "UserPrincipalName": BEN,
        "PrimarySmtpAddress": BEN,
        "SmtpAddresses": [BEN],
        "ExchangeGuid": JO_GUID,
    }
    recipients = world()["target.recipients"]
    there = at_gate(
        source__chosen_users=[IN_WAVE, jo],
        source__mailboxes=[*world()["source.mailboxes"], jo_mailbox()],
        target__mail_users=[*world()["target.mail_users"], prepared],
        target__recipients=[*recipients, {key: prepared[key] for key in recipients[0]}],
        target__migration_batches=[batch(), batch(Identity="contoso-moves-second")],
        target__migration_users=[migration_user(), migration_user(Identity=BEN, BatchId="contoso-moves-second")],
    )
    return project, there


@pytest.mark.parametrize(
    ("second", "batches"),
    [("2026-11-23T09:15:00Z", [BATCH]), ("2026-11-23T09:00:00Z", [BATCH, "contoso-moves-second"])],
    ids=["a quarter later", "the same moment"],
)
def test_one_cutover_at_a_time(second: str, batches: list[str]) -> None:
    """Waves of one moment are cut over together; a wave of a later moment waits until those before it have passed."""
    project, there = two_waves(second)
    assert [change.subject.key[0][1] for change in plan("160.4", project, **there)] == batches


def test_skipped_items_are_approved_by_their_number() -> None:
    """An approval is bound to the number of items that was seen, is irreversible, and names one user."""
    change, call = one(plan("160.2", DUE, **lara_at_gate(**UNAPPROVED)))
    assert call == ExchangeCall("Set-MigrationUser", {"Identity": LARA_ADDRESS, "ApproveSkippedItems": True})
    assert (change.level, change.irreversible) == (Level.SECOND_PERSON, True)
    assert change.before == {"UnapprovedSkippedItems": True, "SkippedItems": 2}
    assert change.after == {"UnapprovedSkippedItems": False, "SkippedItems": 2}


@pytest.mark.parametrize(
    "there",
    [
        lara_at_gate(),
        lara_at_gate(SkippedItems=2),
        lara_at_gate(**UNAPPROVED | {"DataConsistencyScore": "Poor"}),
        lara_at_gate(**UNAPPROVED | {"SkippedItems": None}),
        lara_at_gate(**UNAPPROVED, BatchId="by-hand"),
        at_gate(target__migration_users=[migration_user(**UNAPPROVED), migration_user(BatchId="by-hand")]),
    ],
    ids=["nothing skipped", "approved", "poor", "nobody says how many", "foreign batch", "in two batches"],
)
def test_nothing_else_is_approved(there: dict[str, Any]) -> None:
    """What is poor, unknown, somebody else's or ambiguous is never approved."""
    assert plan("160.2", DUE, **there) == ()


def test_approved_is_not_approved_again() -> None:
    """Once the approval is made exactly as it says, nothing is planned any more."""
    there = lara_at_gate(**UNAPPROVED)
    change, _ = one(plan("160.2", DUE, **there))
    assert STEPS["160.2"].plan(seen(after(change, world(**there))), make_project(**DUE)) == ()


def test_skipped_items_are_shown_without_what_is_personal() -> None:
    """The table counts items by kind and folder; it has no column for a subject or a sender."""
    (table,) = exhibits("160.2", DUE, **lara_at_gate(**UNAPPROVED), target__skipped_items=[ITEM, ITEM])
    assert table.rows == ((LARA_ADDRESS, "Investigate", "CorruptItem", "Inbox", 2, 3_686_400),)


def exhibits(step: str, project: dict[str, Any], **changes: Any) -> tuple[Exhibit, ...]:
    return STEPS[step].shows(seen(world(**changes)), make_project(**project))


def test_old_copies_are_synchronised_once_more() -> None:
    """Where somebody was not synchronised for a day, the batch is told to; it can be undone by doing nothing."""
    change, call = one(plan("150.2", TOMORROW, **lara_at_gate(LastSyncedAt=OLD)))
    assert call == ExchangeCall("Set-MigrationBatch", {"Identity": BATCH, "SyncNow": True})
    assert (change.level, change.after) == (Level.UNDOABLE, {"Status": "IncrementalSyncing"})


@pytest.mark.parametrize(
    ("project", "there"),
    [
        (TOMORROW, at_gate()),
        (FAR, lara_at_gate(LastSyncedAt=OLD)),
        (TOMORROW, lara_at_gate(LastSyncedAt=OLD) | {"target__migration_batches": [batch(Status="Syncing")]}),
        (TOMORROW, lara_at_gate(LastSyncedAt=OLD) | {"target__migration_batches": [batch(Status="Stopped")]}),
    ],
    ids=["fresh", "too early", "under way", "stopped"],
)
def test_no_needless_synchronisation(project: dict[str, Any], there: dict[str, Any]) -> None:
    """Nothing is asked for where the copies are fresh, nobody is due, or the batch does not rest."""
    assert plan("150.2", project, **there) == ()


def test_synchronising_is_not_asked_for_again() -> None:
    """While the batch synchronises, nothing is planned any more."""
    there = lara_at_gate(LastSyncedAt=OLD)
    change, _ = one(plan("150.2", TOMORROW, **there))
    assert STEPS["150.2"].plan(seen(after(change, world(**there))), make_project(**TOMORROW)) == ()


UNTAKEN: dict[str, Any] = {"source__baseline_folders": [], "source__baseline_permissions": []}


def files(project: dict[str, Any], now: datetime = NOW, **changes: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows of each file that step 160.3 would write, by its name."""
    facts = observed(world(**changes), now)
    step = STEPS["160.3"]
    given = Seen({name: facts[name] for name in step.plans_from}, now)
    return {
        file.name: read_baseline(file.text, file.name, "pilot", BY_NAME[table(file.name)].columns)
        for file in step.files(given, make_project(**project))
    }


def table(name: str) -> str:
    return "baseline_folders" if name.endswith("-folders.csv") else "baseline_permissions"


def test_baseline_holds_what_was_counted() -> None:
    """Folders and rights of the wave's mailboxes are written as they were read, with the moment of that read."""
    written = files(DUE, **at_gate(**UNTAKEN, source__mailbox_permissions=[permission(), jos()]))
    now = "2026-11-23T09:30:00Z"
    assert written["baseline/pilot-folders.csv"] == [of_baseline(folder_count(), TakenAt=now)]
    rights = [of_baseline(row, TakenAt=now) for row in (jos(), permission())]
    assert written["baseline/pilot-permissions.csv"] == rights


def test_folders_are_written_last() -> None:
    """The file of the folders stands for the whole, so it is written after the other one."""
    assert list(files(DUE, **at_gate(**UNTAKEN)))[-1] == "baseline/pilot-folders.csv"


def test_baseline_is_taken_again_after_a_synchronisation() -> None:
    """Another synchronisation after the baseline makes it old, so it is taken again."""
    assert files(DUE, **at_gate()) == {}
    assert files(DUE, **lara_at_gate(LastSyncedAt="2026-11-23T09:20:00Z"))


@pytest.mark.parametrize(
    ("project", "there"),
    [
        (TOMORROW, at_gate(**UNTAKEN)),
        (MISSED, at_gate(**UNTAKEN)),
        (DUE, asked() | UNTAKEN),
        (DUE, moved() | UNTAKEN),
        (DUE, at_gate(**UNTAKEN, source__folder_counts=[])),
    ],
    ids=["the day before", "too late", "asked for", "moved", "nothing counted"],
)
def test_no_baseline_at_the_wrong_time(project: dict[str, Any], there: dict[str, Any]) -> None:
    """A baseline is taken while its wave is due, never after the completion was asked for, and never empty."""
    assert files(project, **there) == {}


def test_baseline_of_the_completed_stays() -> None:
    """When a second batch of the wave gets its baseline, the lines of those who are completed stay as they are."""
    gone = folder_count(ExchangeGuid=JO_GUID, Mailbox="jo@contoso.com")
    there = at_gate(source__baseline_folders=[of_baseline(gone)], source__baseline_permissions=[])
    written = files(DUE, **there)["baseline/pilot-folders.csv"]
    assert of_baseline(gone) in written
    assert {row["ExchangeGuid"] for row in written} == {JO_GUID, LARA_GUID}


def test_baseline_is_shown_by_mailbox() -> None:
    """One line for each store, recoverable items told apart; an unknown count is told as such."""
    deep = folder_count(Folder="/Deletions", Scope="recoverable", Items=7, Bytes=100)
    archive = folder_count(Archive=True, Folder="", Items=None, Bytes=None)
    (table,) = exhibits(
        "160.3",
        DUE,
        **at_gate(
            source__folder_counts=[folder_count(), deep, archive], source__mailbox_permissions=[permission(), jos()]
        ),
    )
    assert table.rows == (
        ("pilot", LARA, "mailbox", 1, 38_213, 7, 5_046_586_672, 1),
        ("pilot", LARA, "archive", 1, "not counted", 0, "not counted", ""),
    )


def test_only_what_is_wrong_is_shown() -> None:
    """The day before, checks that hold are not shown; one that does not is shown with what was expected."""
    assert exhibits("150.1", TOMORROW, **at_gate()) == ()
    (table,) = exhibits("150.1", TOMORROW, **at_gate(source__scope_members=[]))
    assert [row[:2] for row in table.rows] == [("scope-members-complete", LARA)]


def answers(project: dict[str, Any], without: str = "", **changes: Any) -> dict[str, str]:
    facts = observed(world(**changes))
    facts.pop(without, None)
    shown = STEPS["150.3"].shows(Seen(facts, NOW), make_project(**project))
    return {str(row[0]): str(row[1]) for exhibit in shown if exhibit.name == "go-no-go" for row in exhibit.rows}


def test_go_where_nothing_is_against_it() -> None:
    """Where every question is answered with yes, the answer is go."""
    assert answers(TOMORROW, **at_gate())["Go or no-go"] == "go"


def test_one_no_is_a_no_go() -> None:
    """A single user who is not synced makes it a no-go."""
    found = answers(TOMORROW, **lara_at_gate(Status="IncrementalFailed"))
    assert [question for question, answer in found.items() if answer == "no"] == [
        "Everybody of the wave is in its batch and synced"
    ]
    assert found["Go or no-go"] == "no-go"


def test_what_was_not_observed_is_no_go() -> None:
    """A question that could not be observed is not answered with yes."""
    found = answers(TOMORROW, "source.mailbox_permissions", **at_gate())
    assert found["Users with rights on each other move together"] == "not observed"
    assert found["Go or no-go"] == "no-go"


def test_no_wave_is_no_decision() -> None:
    """While no wave is near, there is nothing to decide."""
    assert answers(FAR, **at_gate()) == {}


def test_changes_are_for_one_object_each() -> None:
    """Each planned change names one batch or user that was just read; none is without a name (wire 2)."""
    there = lara_at_gate(**UNAPPROVED, LastSyncedAt=OLD)
    changes = [*plan("150.2", DUE, **there), *plan("160.2", DUE, **there), *plan("160.4", DUE, **there)]
    assert len(changes) == 3
    for change in changes:
        (call,) = change.calls
        assert isinstance(call, ExchangeCall)
        assert call.parameters["Identity"] == dict(change.subject.key)["Identity"]
