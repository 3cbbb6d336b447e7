"""What section 170 plans: archives, batches that are resumed, users who are taken out, and new batches."""

from __future__ import annotations

from typing import Any

import pytest
from core_facts import NOW, after, judged, make_project, planned, seen, world
from hypothesis import given, settings
from hypothesis import strategies as st
from mend_facts import (
    ARCHIVE,
    AUX_NEW,
    AUX_SCOPE,
    DEMOTED,
    DISABLED,
    DOMAIN,
    DUPLICATE,
    ENTRY,
    GUID,
    LICENCE,
    LUMP,
    MAINTENANCE,
    MOVING,
    NOT_FOUND,
    SCOPE,
    SECOND,
    STARTED,
    TWO,
    WITH_PROXY,
    WITHOUT_ADD_ON,
    details,
    failed,
    halted,
    in_second,
    request,
    state,
    target,
)
from start_facts import BATCH, LARA_ADDRESS, WAVE, batch, migration_user
from user_facts import LARA_GUID, LARA_ID, chosen

from xtmig_kernel.changes import Change, CsvBytes, ExchangeCall, Level
from xtmig_kernel.rules.diagnosis import diagnoses
from xtmig_kernel.runbook import STEPS

PROJECT = make_project(**STARTED)
RESUME, REMOVE, AGAIN = "170.3", "170.4", "170.5"
OTHER = "Other.Person@northwindtraders.com"
AGAIN_BY_NAME = [AUX_SCOPE, AUX_NEW, MAINTENANCE, MOVING]
MENDED = [SCOPE, DOMAIN, GUID, DEMOTED, LICENCE, LUMP]
BROKEN: list[tuple[str, dict[str, Any], str]] = [
    (SCOPE, {"source__scope_members": []}, "080.3"),
    (DOMAIN, WITH_PROXY, "100.3"),
    (GUID, target(ExchangeGuid=None), "100.3"),
    (LICENCE, WITHOUT_ADD_ON, "100.7"),
]


def call(change: Change) -> ExchangeCall:
    (only,) = change.calls
    assert isinstance(only, ExchangeCall)
    return only


def decided(what: str) -> Any:
    return make_project(move={"disabled_archives": {"lara.newton@contoso.com": what}})


# disabled archives ----------------------------------------------------------------------------------------------------


def test_nothing_is_done_with_an_archive_undecided() -> None:
    """A disabled archive of which project.yaml says nothing is neither enabled nor destroyed (ERR-15)."""
    assert planned("170.2", **DISABLED) == ()


def test_archive_is_enabled_in_the_source() -> None:
    """Enabling asks Enable-Mailbox with -Archive as a switch, and ends with the former archive in use (ERR-17, B10)."""
    (change,) = planned("170.2", decided("enable"), **DISABLED)
    assert call(change) == ExchangeCall("Enable-Mailbox", {"Identity": LARA_ID, "Archive": True})
    assert (change.side, change.level) == ("source", Level.NAMED)
    assert change.after == {"ArchiveGuid": ARCHIVE, "DisabledArchiveGuid": None}


def test_enabled_archive_is_stamped_in_the_target() -> None:
    """Once the archive is in use again, step 100.3 stamps its GUID on the target's MailUser (ERR-18)."""
    (change,) = planned("170.2", decided("enable"), **DISABLED)
    (stamp,) = STEPS["100.3"].plan(seen(after(change, world(**DISABLED))), PROJECT)
    assert call(stamp).parameters["ArchiveGuid"] == ARCHIVE


def test_archive_is_destroyed_by_two_persons_alone() -> None:
    """Removing a disabled archive is irreversible and needs a second person (ERR-16, doc trap A9)."""
    (change,) = planned("170.2", decided("remove"), **DISABLED)
    assert call(change) == ExchangeCall(
        "Set-Mailbox", {"Identity": LARA_ID, "RemoveDisabledArchive": True, "Confirm": False}
    )
    assert (change.level, change.irreversible) == (Level.SECOND_PERSON, True)


@pytest.mark.parametrize("what", ["enable", "remove"])
def test_archives_are_planned_once(what: str) -> None:
    """After the change nothing is planned any more."""
    (change,) = planned("170.2", decided(what), **DISABLED)
    assert STEPS["170.2"].plan(seen(after(change, world(**DISABLED))), decided(what)) == ()


def test_archive_step_waits_for_the_sign_off() -> None:
    """The decision has somebody who answers for it before anything is done (ERR-15)."""
    assert "disabled-archives-signed" in STEPS["170.2"].requires


# resumed --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", MENDED)
def test_mended_user_is_resumed(error: str) -> None:
    """A batch whose failed user is mended is started again, by the name that was just read (ERR-03, doc trap B9)."""
    (change,) = planned(RESUME, PROJECT, **failed(error))
    assert call(change) == ExchangeCall("Start-MigrationBatch", {"Identity": BATCH})
    assert change.level == Level.NAMED
    assert planned(REMOVE, PROJECT, **failed(error)) == ()


@pytest.mark.parametrize(("error", "wrong", "_step"), [*BROKEN, (DEMOTED, DISABLED, "")])
def test_nobody_is_resumed_before_the_mend(error: str, wrong: dict[str, Any], _step: str) -> None:
    """While the cause is there, starting again would only fail again."""
    assert planned(RESUME, PROJECT, **failed(error, **wrong)) == ()
    assert planned(REMOVE, PROJECT, **failed(error, **wrong)) == ()


@pytest.mark.parametrize(("error", "wrong", "step"), BROKEN)
def test_cause_leads_to_the_step_that_mends_it(error: str, wrong: dict[str, Any], step: str) -> None:
    """What another section mends is mended there, and once that is done the batch is resumed (ERR-01 to ERR-12)."""
    tables = world(**failed(error, **wrong))
    (item,) = diagnoses(seen(tables), PROJECT)
    assert {proof.step for proof in item.proofs} == {step}
    changes = STEPS[step].plan(seen(tables), PROJECT)
    assert changes
    for change in changes:
        tables = after(change, tables)
    (resumed,) = STEPS[RESUME].plan(seen(tables), PROJECT)
    assert call(resumed).cmdlet == "Start-MigrationBatch"


def test_stopped_batch_is_not_started() -> None:
    """What somebody has stopped is not started again by the way."""
    stopped = {"target__migration_batches": [batch(Status="Stopped")]}
    assert planned(RESUME, PROJECT, **failed(GUID, **stopped)) == ()


def test_completing_batch_is_not_resumed() -> None:
    """A batch that was told to complete would complete whom it resumes; its failed users begin again instead."""
    told = {"target__migration_batches": [batch(Status="CompletedWithErrors", CompletionAsked=True)]}
    assert planned(RESUME, PROJECT, **failed(GUID, **told)) == ()
    assert [call(change).cmdlet for change in planned(REMOVE, PROJECT, **failed(GUID, **told))] == [
        "Remove-MigrationUser"
    ]


def test_unknown_failure_is_not_resumed() -> None:
    """What nobody knows is read by a person, not tried again and again."""
    assert planned(RESUME, PROJECT, **failed("Microsoft.Exchange.SomethingNewException")) == ()


def test_skipped_items_are_not_resumed() -> None:
    """A user who waits for a decision on skipped items is no failure of a licence."""
    waits = failed(None, user={"Status": "NeedsApproval", "UnapprovedSkippedItems": True})
    assert planned(RESUME, PROJECT, **waits) == ()


def test_resumed_batch_is_not_resumed_again() -> None:
    """When nobody of the batch stands still any more, nothing is planned."""
    tables = world(**failed(GUID))
    (change,) = STEPS[RESUME].plan(seen(tables), PROJECT)
    tables = after(change, tables)
    tables["target.migration_users"] = [migration_user(Status="Syncing")]
    assert STEPS[RESUME].plan(seen(tables), PROJECT) == ()


def test_prose_decides_nothing() -> None:
    """Words that depend on a language alter nothing: the type's name alone does."""
    told = [details(SCOPE, Error="找不到使用者"), details(SCOPE, Error="NotAcceptedDomain is what it is not")]
    plans = [planned(RESUME, PROJECT, **failed(SCOPE, target__migration_details=[row])) for row in told]
    assert [call(change).cmdlet for (change,) in plans] == ["Start-MigrationBatch"] * 2


# taken out ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", AGAIN_BY_NAME)
def test_user_is_taken_out_by_the_address_just_read(error: str) -> None:
    """One user is removed by its own Identity: no associated users, no pipe (ERR-05, doc traps A1, A2)."""
    (change,) = planned(REMOVE, PROJECT, **failed(error))
    assert call(change) == ExchangeCall("Remove-MigrationUser", {"Identity": LARA_ADDRESS, "Confirm": False})
    assert change.level == Level.NAMED
    assert change.subject.key == (("Identity", LARA_ADDRESS), ("BatchId", BATCH))
    assert planned(RESUME, PROJECT, **failed(error)) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"source__scope_members": []},
        {"source__move_requests": [request()]},
        state(MailboxMoveStatus="InProgress"),
    ],
)
def test_nobody_is_taken_out_while_it_would_fail_again(wrong: dict[str, Any]) -> None:
    """Scope is mended, and the other move is over, before the user is removed (ERR-04, ERR-14)."""
    assert planned(REMOVE, PROJECT, **failed(MOVING, **wrong)) == ()


def test_new_batch_takes_the_user() -> None:
    """Who was taken out goes into the wave's second batch, which names the address and completes nothing (ERR-06)."""
    (change,) = planned(AGAIN, PROJECT, **failed(MAINTENANCE))
    parameters = call(change).parameters
    assert parameters["Name"] == f"{BATCH}-r2"
    assert parameters["CSVData"] == CsvBytes(("EmailAddress", LARA_ADDRESS))
    assert {"AutoComplete", "CompleteAfter"} & set(parameters) == set()


def test_new_batch_is_the_same_before_and_after_the_removal() -> None:
    """One approval covers it: what is planned before the user is removed is what is planned then."""
    tables = world(**failed(MAINTENANCE))
    (before,) = STEPS[AGAIN].plan(seen(tables), PROJECT)
    (removal,) = STEPS[REMOVE].plan(seen(tables), PROJECT)
    tables = after(removal, tables)
    tables["target.migration_batches"] = [batch(TotalCount=0)]
    (then,) = STEPS[AGAIN].plan(seen(tables), PROJECT)
    assert before.hash == then.hash
    assert STEPS[REMOVE].plan(seen(tables), PROJECT) == ()


def test_new_batch_comes_after_the_removal() -> None:
    """While the user is still inside, the new batch is held back by the rule that leads to the removal."""
    assert "failed-removed-first" in STEPS[AGAIN].requires
    (finding,) = judged("failed-removed-first", PROJECT, **failed(MAINTENANCE))
    assert (finding.verdict.kind, finding.remedy_step) == ("fail", REMOVE)


def test_wave_that_was_never_begun_is_not_begun_here() -> None:
    """A first batch is for section 130 alone."""
    assert planned(AGAIN, PROJECT, source__chosen_users=[chosen(Wave=WAVE)]) == ()


def test_wrong_row_is_replaced_by_the_target_address() -> None:
    """A batch that names the source's address is left by it, and the next names the target's (BAT-06)."""
    wrong = failed(
        NOT_FOUND,
        target__migration_users=[migration_user(Status="Failed", Identity="Lara.Newton@contoso.com")],
        target__migration_details=[details(NOT_FOUND, Identity="Lara.Newton@contoso.com")],
    )
    (removal,) = planned(REMOVE, PROJECT, **wrong)
    assert call(removal).parameters["Identity"] == "Lara.Newton@contoso.com"
    (made,) = planned(AGAIN, PROJECT, **wrong)
    assert call(made).parameters["CSVData"] == CsvBytes(("EmailAddress", LARA_ADDRESS))


# in two batches -------------------------------------------------------------------------------------------------------


def doubled(wave: str, *, failed_in: str, other: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Lara has failed in one batch because she is in another, too; users.csv says this wave."""
    return failed(
        None,
        source__chosen_users=[chosen(Wave=wave)],
        target__migration_users=[
            migration_user(Status="Failed", BatchId=failed_in, ErrorSummary=DUPLICATE, MailboxGuid=LARA_GUID),
            other,
        ],
        target__halted_users=[halted(BatchId=failed_in)],
        target__halted_batches=[{"Identity": failed_in, "Users": [LARA_ADDRESS]}],
        target__migration_details=[],
        **TWO | changes,
    )


def test_batch_of_the_wave_keeps_the_user() -> None:
    """Of two batches that of the wave in users.csv keeps the user; the failed entry goes, by its GUID (ERR-11)."""
    (change,) = planned(REMOVE, PROJECT, **doubled("second", failed_in=BATCH, other=in_second()))
    assert call(change).parameters["Identity"] == ENTRY
    assert dict(change.subject.key)["BatchId"] == BATCH
    assert planned(AGAIN, PROJECT, **doubled("second", failed_in=BATCH, other=in_second())) == ()


def test_progress_in_another_wave_is_not_thrown_away() -> None:
    """Where the other wave's batch holds the copy, a person says which of them keeps the user (ERR-11)."""
    world_ = doubled(WAVE, failed_in=BATCH, other=in_second())
    assert (planned(REMOVE, PROJECT, **world_), planned(RESUME, PROJECT, **world_)) == ((), ())


@pytest.mark.parametrize("foreign", ["Q3 onboarding", f"{BATCH}-extra", ""])
def test_batch_of_somebody_else_is_left_alone(foreign: str) -> None:
    """A user who is in a foreign batch, too, is taken out of neither (ERR-11)."""
    world_ = doubled(WAVE, failed_in=BATCH, other=in_second(BatchId=foreign))
    assert (planned(REMOVE, PROJECT, **world_), planned(AGAIN, PROJECT, **world_)) == ((), ())


def test_same_mailbox_under_another_address() -> None:
    """A double is found by the mailbox, too, and then the address names one entry alone."""
    other = in_second(Identity="LaraN@northwindtraders.onmicrosoft.com")
    (change,) = planned(REMOVE, PROJECT, **doubled("second", failed_in=BATCH, other=other))
    assert call(change).parameters["Identity"] == LARA_ADDRESS


# never a blank, an unknown or an ambiguous one ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "doubt",
    [
        {"target__migration_users": [migration_user(Status="Failed", Identity="", ErrorSummary=MAINTENANCE)]},
        {"target__migration_users": [migration_user(Status="Failed", Identity=None, ErrorSummary=MAINTENANCE)]},
        {"target__migration_users": [migration_user(Status="Failed", Identity="  ", ErrorSummary=MAINTENANCE)]},
        {"target__migration_users": [migration_user(Status="Failed", BatchId=None, ErrorSummary=MAINTENANCE)]},
        {
            "target__migration_users": [
                migration_user(Status="Failed", Identity=OTHER, MailboxGuid=None, ErrorSummary=MAINTENANCE)
            ]
        },
        {"source__chosen_users": [chosen(Wave=WAVE, Line=0)]},
        {"source__chosen_users": []},
        {"source__chosen_users": [chosen(Wave=WAVE), chosen(Wave=WAVE, Line=3)]},
        {
            "target__migration_users": [migration_user(Status="Failed", ErrorSummary=MAINTENANCE), in_second()],
            "target__halted_users": [halted(Guid=None)],
        },
        {
            "target__migration_users": [migration_user(Status="Failed", ErrorSummary=MAINTENANCE), in_second()],
            "target__halted_users": [halted(), halted(Identity=OTHER)],
        },
        {
            "target__migration_users": [migration_user(Status="Failed", ErrorSummary=MAINTENANCE), in_second()],
            "target__halted_users": [],
        },
    ],
)
def test_doubt_leads_to_no_removal(doubt: dict[str, Any]) -> None:
    """A blank, unknown or ambiguous identity names everybody or anybody, so nobody is removed (ERR-05, doc trap A1)."""
    second = {"source__chosen_users": [chosen(Wave="second")]} if "target__halted_users" in doubt else {}
    assert planned(REMOVE, PROJECT, **failed(MAINTENANCE, **TWO | second | doubt)) == ()


LIKELY = [LARA_ADDRESS] * 6  # else hardly any world would have a removal that could be wrong
ADDRESSES = st.sampled_from(
    [*LIKELY, LARA_ADDRESS.upper(), "Lara.Newton@contoso.com", OTHER, "nobody@nowhere.example", "*", "", "  ", None]
)
ROWS = st.builds(
    migration_user,
    Identity=ADDRESSES,
    BatchId=st.sampled_from([BATCH] * 4 + [SECOND] * 4 + [BATCH.upper(), f"{BATCH}-r2", "Q3 onboarding", "", None]),
    Status=st.sampled_from(
        ["Failed"] * 6 + ["CompletionFailed", "Synced", "NeedsApproval", "Completed", "Stopped", None, ""]
    ),
    ErrorSummary=st.sampled_from([*AGAIN_BY_NAME, DUPLICATE, NOT_FOUND, LUMP, "", None]),
    MailboxGuid=st.sampled_from([LARA_GUID, LARA_GUID, LARA_GUID, None, "12121212-0000-4000-8000-000000000000"]),
)
LINE = st.builds(
    chosen,
    Wave=st.sampled_from([WAVE, "second", "second", ""]),
    Line=st.sampled_from([2, 2, 2, 0]),
    SourceAddress=st.sampled_from(["Lara.Newton@contoso.com"] * 3 + ["nobody@contoso.com"]),
)
LINES = st.one_of(st.lists(LINE, min_size=1, max_size=1), st.lists(LINE, max_size=3))


@given(
    rows=st.lists(ROWS, min_size=1, max_size=4),
    lines=LINES,
    guids=st.lists(st.sampled_from([ENTRY, None]), min_size=6, max_size=6),
)
@settings(max_examples=400, deadline=None)
def test_every_removal_names_one_failed_user_of_the_file(
    rows: list[dict[str, Any]], lines: list[dict[str, Any]], guids: list[str | None]
) -> None:
    """Whatever the service shows, each removal names exactly one entry: it has failed, and users.csv lists its user."""
    entries = [
        halted(Identity=row["Identity"], BatchId=row["BatchId"], Guid=guid)
        for row, guid in zip(rows, guids, strict=False)
    ]
    changes = planned(
        REMOVE,
        PROJECT,
        source__chosen_users=lines,
        target__migration_batches=[batch(), batch(Identity=f"{BATCH}-r2"), batch(Identity=SECOND)],
        target__migration_users=rows,
        target__halted_users=entries,
    )
    for change in changes:
        identity = call(change).parameters["Identity"]
        named = [row for row in rows if identity.strip() and str(row["Identity"]).casefold() == identity.casefold()]
        bearing = [entry for entry in entries if entry["Guid"] == identity]
        assert (len(named), len(bearing)) in ((1, 0), (0, 1))
        (row,) = [row for row in rows if change.subject.matches(row)]
        assert row["Status"] in ("Failed", "CompletionFailed")
        assert row["Identity"].casefold() in (LARA_ADDRESS.casefold(), "lara.newton@contoso.com") or (
            row["MailboxGuid"] == LARA_GUID
        )
        assert any(line["Line"] and line["SourceAddress"] == "Lara.Newton@contoso.com" for line in lines)
        assert str(row["BatchId"]).casefold().startswith("contoso-moves-")


def test_removal_and_resumption_are_the_only_calls() -> None:
    """Nothing in this section completes anything."""
    cmdlets = {
        call(change).cmdlet
        for error in (*MENDED, *AGAIN_BY_NAME)
        for step in (RESUME, REMOVE, AGAIN)
        for change in planned(step, PROJECT, NOW, **failed(error))
    }
    assert cmdlets == {"Start-MigrationBatch", "Remove-MigrationUser", "New-MigrationBatch"}


def test_failures_are_told_in_one_table() -> None:
    """The exhibit tells for each user what the service says, the cause, its proof, the mend, and what comes then."""
    (exhibit,) = STEPS["170.1"].shows(seen(world(**failed(SCOPE, source__scope_members=[]))), PROJECT)
    assert exhibit.name == "failures"
    (row,) = exhibit.rows
    assert row[:3] == ("Lara.Newton@contoso.com", BATCH, "MailboxNotInCrossTenantMigrationScopeException")
    assert row[4] == "scope-members-complete"


def test_unproven_cause_is_called_unproven() -> None:
    """Where the exception's name is the only evidence, that is said (ERR-07)."""
    (item,) = diagnoses(seen(world(**failed(MAINTENANCE))), PROJECT)
    assert item.proofs == ()
    assert "nothing in the tenants proves it" in item.cause
