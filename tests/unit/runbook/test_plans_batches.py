"""What sections 130 and 180 plan, and what section 140 shows."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, SOURCE_ID, TARGET_ID, after, judged, make_project, planned, seen, world
from matching_worlds import STRANGER, two_lines
from prepared_facts import FABRIKAM, NOBODY, lara
from scope_facts import member
from start_facts import (
    BATCH,
    BATCHES,
    DUE,
    IN_WAVE,
    LARA_ADDRESS,
    LATER,
    PLANNED,
    STARTED,
    USERS,
    WAVE,
    batch,
    migration_user,
    started,
    stop,
    waves,
)
from user_facts import LARA_GUID, chosen, lara_mail_user, lara_mailbox, recipient

from xtmig_kernel.changes import CsvBytes, ExchangeCall, Level
from xtmig_kernel.rules import Seen
from xtmig_kernel.rules.batch_order import ORDER_FACTS, orders
from xtmig_kernel.rules.watching import progress
from xtmig_kernel.runbook import STEPS

if TYPE_CHECKING:
    from xtmig_kernel.changes import Change
    from xtmig_kernel.project import Project

BEN_ADDRESS, BEN_GUID = "Ben.King@northwindtraders.com", "77777777-5555-4555-8555-777777777777"


def in_project(**project: Any) -> Project:
    return make_project(**project)


def one(changes: tuple[Change, ...]) -> tuple[Change, ExchangeCall]:
    (change,) = changes
    (call,) = change.calls
    assert isinstance(call, ExchangeCall)
    return change, call


def ben(**changes: Any) -> dict[str, Any]:
    """A world with a second user of the pilot, Ben, who is fit as Lara is."""
    names = {
        "Name": "BenK", "Alias": "BenK", "DisplayName": "Ben King", "ExchangeGuid": BEN_GUID, "ObjectId": STRANGER,
        "UserPrincipalName": "BenK@northwindtraders.onmicrosoft.com", "PrimarySmtpAddress": BEN_ADDRESS,
        "ExternalEmailAddress": "BenK@contoso.onmicrosoft.com",
        "SmtpAddresses": ["BenK@northwindtraders.onmicrosoft.com", BEN_ADDRESS],
    }  # fmt: skip
    both = [lara_mail_user(), lara_mail_user(**names | changes)]
    lines = [row | {"Wave": WAVE} for row in two_lines()["source__chosen_users"]]
    return two_lines() | {
        "source__chosen_users": lines,
        "source__scope_members": [member(), member(ObjectId=STRANGER)],
        "target__mail_users": both,
        "target__recipients": [recipient(row) for row in both],
    }


def test_batch_is_made_as_the_document_says() -> None:
    """A batch gets name, endpoint, CSV, delivery domain and AutoStart, and a named approval (BAT-01, BAT-04)."""
    change, call = one(planned("130.1", in_project(**DUE), **PLANNED))
    assert call == ExchangeCall(
        "New-MigrationBatch",
        {
            "Name": BATCH,
            "SourceEndpoint": "xtmig-contoso-moves",
            "CSVData": CsvBytes(("EmailAddress", LARA_ADDRESS)),
            "TargetDeliveryDomain": "northwindtraders.onmicrosoft.com",
            "AutoStart": True,
        },
    )
    assert (change.side, change.tenant_id, change.level) == ("target", TARGET_ID, Level.NAMED)
    assert SOURCE_ID not in str(change.calls)


def test_nothing_completes_a_batch_at_its_creation() -> None:
    """Neither AutoComplete nor CompleteAfter is given, whatever the wave's cutover is (BAT-03)."""
    _, call = one(planned("130.1", in_project(**waves(start="2026-11-01", cutover="2026-11-02T00:00:00Z")), **PLANNED))
    assert {"AutoComplete", "CompleteAfter"} & call.parameters.keys() == set()


def test_reports_go_to_whom_the_project_names() -> None:
    """`move.notify` becomes NotificationEmails."""
    move = {"move": DUE["move"] | {"notify": ["moves@northwindtraders.com"]}}
    _, call = one(planned("130.1", in_project(**move), **PLANNED))
    assert ["moves@northwindtraders.com"] == call.parameters["NotificationEmails"]


@pytest.mark.parametrize("project", [LATER, waves(), {}, stop(BATCH), stop(LARA_ADDRESS)])
def test_nothing_is_started_that_is_not_due(project: dict[str, Any]) -> None:
    """A wave whose day is to come, that has no day, or that is stopped is not started."""
    assert planned("130.1", in_project(**project), **PLANNED) == ()


@pytest.mark.parametrize(
    "unfit",
    [
        NOBODY,
        lara(ExchangeGuid=None),
        lara(X500Addresses=[]),
        lara(SmtpAddresses=[LARA_ADDRESS]),
        lara(SmtpAddresses=["LaraN@northwindtraders.onmicrosoft.com", LARA_ADDRESS, FABRIKAM]),
        {"source__scope_members": []},
        {"source__scope_members": [member(Membership="nested", Via="Sales")]},
        {"source__mailboxes": []},
        {USERS: [migration_user()]},
        {USERS: [migration_user(BatchId="onboarding")]},
        {USERS: [migration_user(Identity="other@x.com", BatchId="onboarding")]},
        {"source__mailboxes": [], "source__mail_users": [lara_mailbox(RecipientTypeDetails="MailUser")]},
    ],
)
def test_whoever_is_not_fit_is_in_no_batch(unfit: dict[str, Any]) -> None:
    """A user who is not prepared, not in scope, in a batch already or moved stands in no CSV (PRE-05, BAT-06)."""
    assert planned("130.1", in_project(**DUE), **PLANNED | unfit) == ()


def test_moved_users_are_left_alone() -> None:
    """When the target has the mailbox of that GUID, the user is in no new batch, even if the batch is gone."""
    moved = {
        "source__mailboxes": [],
        "source__mail_users": [lara_mailbox(RecipientTypeDetails="MailUser")],
        "target__mail_users": [],
        "target__recipients": [recipient(lara_mail_user(RecipientTypeDetails="UserMailbox"))],
    }
    assert planned("130.1", in_project(**DUE), **PLANNED | moved) == ()


def test_one_unfit_user_holds_nobody_else_back() -> None:
    """The batch is made with those who are fit, and the finding says who is not, and why."""
    given = ben(SmtpAddresses=[BEN_ADDRESS])
    _, call = one(planned("130.1", in_project(**DUE), **given))
    assert call.parameters["CSVData"].lines == ("EmailAddress", LARA_ADDRESS)
    findings = judged("batch-users-ready", in_project(**DUE), **given)
    assert [("Ben.King@contoso.com", "fail")] == [
        (f.subject, f.verdict.kind) for f in findings if f.verdict.kind != "pass"
    ]


def test_csv_names_each_user_once_in_order() -> None:
    """The CSV is a header and one address of the target on each line, with nothing blank and nobody twice (BAT-08)."""
    _, call = one(planned("130.1", in_project(**DUE), **ben()))
    rows = list(csv.reader(io.StringIO(call.parameters["CSVData"].text, newline="")))
    assert [["EmailAddress"], [BEN_ADDRESS], [LARA_ADDRESS]] == rows


def test_two_lines_with_one_address_are_both_left_out() -> None:
    """When two lines lead to one address of the target, neither is moved, and both are told (BAT-08)."""
    lines = [IN_WAVE, IN_WAVE | {"SourceAddress": "LaraN@contoso.onmicrosoft.com", "Line": 3}]
    assert planned("130.1", in_project(**DUE), source__chosen_users=lines) == ()
    kinds = [f.verdict.kind for f in judged("batch-addresses", in_project(**DUE), source__chosen_users=lines)]
    assert ["fail", "fail"] == kinds


def test_latecomer_gets_a_batch_of_their_own() -> None:
    """A user of a started wave who is in no batch goes into the wave's second one, never into the first."""
    given = ben() | {BATCHES: [batch()], USERS: [migration_user()]}
    change, call = one(planned("130.1", in_project(**DUE), **given))
    assert (f"{BATCH}-r2", ("EmailAddress", BEN_ADDRESS)) == (call.parameters["Name"], call.parameters["CSVData"].lines)
    assert change.subject.key == (("Identity", f"{BATCH}-r2"),)


@pytest.mark.parametrize("total", [2, None])
def test_nobody_is_taken_for_a_latecomer_while_a_batch_fills(total: int | None) -> None:
    """While a batch counts users who do not show yet, nothing further is planned for its wave."""
    given = ben() | {BATCHES: [batch(TotalCount=total)], USERS: [migration_user()]}
    assert planned("130.1", in_project(**DUE), **given) == ()


def test_more_than_two_thousand_are_held_back() -> None:
    """Microsoft recommends at most 2,000 in one batch; a larger wave is not started, and told (BAT-11)."""
    assert planned("130.1", in_project(**DUE), **crowd(2001)) == ()
    (finding,) = judged("batch-started", in_project(**DUE), **crowd(2001))
    assert ("fail", "2,001 users would be in its batch") == (finding.verdict.kind, finding.seen)
    _, call = one(planned("130.1", in_project(**DUE), **crowd(2000)))
    assert len(call.parameters["CSVData"].lines) == 2001


def crowd(number: int) -> dict[str, Any]:
    """A world with so many users, all in the pilot and all fit."""

    def names(n: int, domain: str) -> dict[str, Any]:
        return {
            "ObjectId": f"{domain}-{n}", "Name": f"u{n}", "Alias": f"u{n}", "ExchangeGuid": f"guid-{n}",
            "UserPrincipalName": f"u{n}@{domain}.onmicrosoft.com", "PrimarySmtpAddress": f"u{n}@{domain}.com",
            "SmtpAddresses": [f"u{n}@{domain}.onmicrosoft.com", f"u{n}@{domain}.com"],
        }  # fmt: skip

    external = [{"ExternalEmailAddress": f"u{n}@contoso.onmicrosoft.com"} for n in range(number)]
    mail_users = [lara_mail_user(**names(n, "northwindtraders") | external[n]) for n in range(number)]
    return {
        "source__chosen_users": [
            chosen(SourceAddress=f"u{n}@contoso.com", TargetAddress=f"u{n}@northwindtraders.com", TargetAlias=f"u{n}",
                   TargetSignIn=f"u{n}@northwindtraders.onmicrosoft.com", Wave=WAVE, Line=n + 2)
            for n in range(number)
        ],
        "source__mailboxes": [lara_mailbox(**names(n, "contoso")) for n in range(number)],
        "source__exchange_users": [],
        "source__scope_members": [member(ObjectId=f"contoso-{n}") for n in range(number)],
        "target__mail_users": mail_users,
        "target__recipients": [recipient(row) for row in mail_users],
    }  # fmt: skip


def test_made_batch_is_not_planned_again() -> None:
    """When the batch is there, with its user, the same step plans nothing more."""
    tables, project = world(**PLANNED), in_project(**DUE)
    (change,) = STEPS["130.1"].plan(seen(tables, NOW), project)
    tables = after(change, tables)
    assert STEPS["130.1"].plan(seen(tables, NOW), project) == ()
    tables["target.migration_batches"][0]["TotalCount"] = 1
    tables["target.migration_users"] = [migration_user(Status="Validating")]
    assert STEPS["130.1"].plan(seen(tables, NOW), project) == ()


def test_list_is_shown_as_it_would_be_sent() -> None:
    """The table of new batches has the rows of the CSV, and beside each the user it stands for (BAT-08)."""
    (table,) = STEPS["130.1"].shows(seen(world(**PLANNED), NOW), in_project(**DUE))
    assert table.rows == ((BATCH, WAVE, LARA_ADDRESS, "Lara.Newton@contoso.com"),)
    assert STEPS["130.1"].shows(seen(world(**STARTED), NOW), in_project(**DUE)) == ()


def test_batch_that_is_to_be_stopped_is_stopped() -> None:
    """`move.stop` with a batch's name stops it, without an approval (design: stopping needs none)."""
    change, call = one(planned("180.1", in_project(**stop(BATCH.upper())), **started(Status="Syncing")))
    assert call == ExchangeCall("Stop-MigrationBatch", {"Identity": BATCH})
    assert (change.level, change.before, change.after) == (
        Level.UNDOABLE,
        {"Status": "Syncing"},
        {"Status": "Stopped"},
    )


def test_user_on_the_way_is_stopped_and_not_yet_taken_out() -> None:
    """Whoever is being copied is stopped first."""
    project, given = in_project(**stop(LARA_ADDRESS)), started({"Status": "Syncing"})
    _, call = one(planned("180.2", project, **given))
    assert call == ExchangeCall("Stop-MigrationUser", {"Identity": LARA_ADDRESS})
    assert planned("180.3", project, **given) == ()


@pytest.mark.parametrize("state", ["Synced", "IncrementalSyncing", "Stopped", "Failed", "NeedsApproval"])
def test_user_is_taken_out_by_the_identity_that_was_read(state: str) -> None:
    """A user who is at rest, stopped or failed is removed from the batch by its own identity, and nobody else is."""
    others = [migration_user(Identity="ben@x.com"), migration_user(Identity="cleo@x.com", BatchId="onboarding")]
    given = started() | {USERS: [migration_user(Status=state), *others]}
    change, call = one(planned("180.3", in_project(**stop(LARA_ADDRESS.lower())), **given))
    assert call == ExchangeCall("Remove-MigrationUser", {"Identity": LARA_ADDRESS})
    assert change.subject.key == (("Identity", LARA_ADDRESS), ("BatchId", BATCH))
    assert (change.level, change.after) == (Level.UNDOABLE, None)
    assert planned("180.2", in_project(**stop(LARA_ADDRESS)), **given) == ()


NOBODY_MEANT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (stop("nobody@northwindtraders.com"), STARTED),
    (stop("contoso-moves-x"), STARTED),
    (stop("*"), STARTED),
    (stop("@"), STARTED),
    (stop("onboarding"), STARTED | {BATCHES: [batch(Identity="onboarding")]}),
    (stop(LARA_ADDRESS), STARTED | {USERS: [migration_user(), migration_user(BatchId="onboarding")]}),
    (stop(LARA_ADDRESS), started({"BatchId": "onboarding"})),
    (stop(LARA_ADDRESS), started({"BatchId": None})),
    (stop(LARA_ADDRESS), started({"Identity": ""})),
    (stop("None", "@"), started({"Identity": None}) | {BATCHES: [batch(Identity=None)]}),
    ({}, STARTED),
]


@pytest.mark.parametrize(("project", "given"), NOBODY_MEANT)
@pytest.mark.parametrize("step", ["180.1", "180.2", "180.3"])
def test_nobody_is_touched_who_is_not_meant(step: str, project: dict[str, Any], given: dict[str, Any]) -> None:
    """A blank, unknown, ambiguous or foreign name leads to no call at all (failures 0, fact 4)."""
    assert planned(step, in_project(**project), **given) == ()


@pytest.mark.parametrize(
    "late",
    [
        started({"Status": "Completing"}, Status="Completing", CompletionAsked=True),
        started({"Status": "Completed"}, Status="Completed", CompletionAsked=True),
        started({"Status": "CompletedWithWarnings"}, Status="CompletedWithErrors", CompletionAsked=True),
        started({"Status": "CompletionSynced"}, CompletionAsked=True),
        started({"Status": "Synced"}, CompletionAsked=True, CompleteAfter="2026-11-23T09:29:00Z"),
        started({"Status": "Synced"}, Status="Completing"),
    ],
)
@pytest.mark.parametrize("step", ["180.1", "180.2", "180.3"])
def test_what_completes_is_never_stopped(step: str, late: dict[str, Any]) -> None:
    """A batch or user that is being completed, is completed, or was told to by now is left alone."""
    assert planned(step, in_project(**stop(BATCH, LARA_ADDRESS)), **late) == ()


def test_batch_that_would_complete_later_can_be_stopped() -> None:
    """When somebody has set a moment of completion that is still to come, the batch can be stopped."""
    given = started(CompletionAsked=True, CompleteAfter="2026-11-23T10:00:00Z")
    change, _ = one(planned("180.1", in_project(**stop(BATCH)), **given))
    assert change.before == {"Status": "Synced"}


def test_stopped_things_are_not_planned_again() -> None:
    """When everything has been made exactly as planned, section 180 plans nothing more."""
    project = in_project(**stop(BATCH, LARA_ADDRESS))
    tables = world(**started({"Status": "Syncing"}, Status="Syncing"))
    for step in ("180.1", "180.2", "180.3"):
        for change in STEPS[step].plan(seen(tables, NOW), project):
            tables = after(change, tables)
    assert ([], "Stopped") == (tables["target.migration_users"], tables["target.migration_batches"][0]["Status"])
    assert [STEPS[step].plan(seen(tables, NOW), project) for step in ("180.1", "180.2", "180.3")] == [(), (), ()]


def test_what_can_be_stopped_is_shown() -> None:
    """The table says of each batch of this project whether it can be stopped, and how many users can be taken out."""
    rows = [batch(), batch(Identity=f"{BATCH}-r2", Status="Completing"), batch(Identity="onboarding")]
    users = [migration_user(), migration_user(Identity="b@x.com", Status="Completed")]
    tables = world(**STARTED | {BATCHES: rows, USERS: users})
    (table,) = STEPS["180.1"].shows(seen(tables, NOW), make_project())
    assert [(BATCH, "yes", 1, 1), (f"{BATCH}-r2", 0, 0)] == [
        (row[0], row[2], *row[3:]) if row[2] == "yes" else (row[0], *row[3:]) for row in table.rows
    ]


def test_users_are_shown_by_wave_and_state() -> None:
    """Bars count the users of each wave by what their state means; foreign batches are left out."""
    users = [
        migration_user(),
        migration_user(Identity="b@x.com", Status="Syncing"),
        migration_user(Identity="c@x.com", Status="Failed", ErrorSummary="x.MissingExchangeGuidException: text"),
        migration_user(Identity="d@x.com", BatchId="onboarding"),
    ]
    bars, table = STEPS["140.1"].shows(seen(world(**STARTED | {USERS: users}), NOW), make_project())
    assert bars.rows == ((WAVE, 1, 1, 0, 0, 1, 0, 0, 0),)
    assert [row[2] for row in table.rows] == ["b@x.com", "c@x.com", LARA_ADDRESS]
    assert table.rows[1][-1] == "MissingExchangeGuidException"


def test_nothing_personal_is_shown_of_skipped_items() -> None:
    """Skipped items of this project's users are shown by kind and folder; there is no subject and no sender."""
    item = {"Identity": LARA_ADDRESS, "Kind": "CorruptItem", "Folder": "Inbox", "Bytes": None, "ReceivedAt": None,
            "Scores": ["CorruptItem"], "Number": 1}  # fmt: skip
    items = [item, item | {"Identity": "x@x.com"}]
    (table,) = STEPS["140.2"].shows(seen(world(**STARTED, target__skipped_items=items), NOW), make_project())
    assert table.rows == ((LARA_ADDRESS, 1, "CorruptItem", "Inbox", "not told", "", "CorruptItem"),)


def test_failed_user_leads_to_the_notebook_that_mends() -> None:
    """A failed user is told with the type of the error, and with the step that proves the cause."""
    details = [{"Identity": LARA_ADDRESS, "Status": "Failed", "ErrorType": "AuxArchiveNotFoundException",
                "Error": "…", "PercentComplete": 3, "SourceItems": 9, "SyncedItems": 1, "BytesTransferred": 7,
                "CompleteAfter": None}]  # fmt: skip
    (finding,) = judged("moves-none-failed", **started({"Status": "Failed"}), target__migration_details=details)
    assert "AuxArchiveNotFoundException" in finding.seen
    assert ("170.1", True) == (finding.remedy_step, "notebook 170" in finding.remedy)


def test_look_again_comes_from_what_is_copied_so_far() -> None:
    """Half copied in 24 hours means that the other half is estimated at 24 more; the look is never later than that."""
    users = [migration_user(), migration_user(Identity="b@x.com", Status="Queued")]
    given = STARTED | {BATCHES: [batch(CreatedAt="2026-11-22T09:30:00Z", TotalCount=2)], USERS: users}
    (told,) = progress(seen(world(**given), NOW), make_project())
    assert told.ready_at is not None
    assert (2, 1, 1, "2026-11-24T09:30:00+00:00") == (told.users, told.rested, told.moving, told.ready_at.isoformat())


def test_percentages_make_the_estimate_better() -> None:
    """A user at 57 of 95 percent counts as six tenths of a copied one."""
    details = [{"Identity": LARA_ADDRESS, "Status": "Syncing", "ErrorType": None, "Error": None, "PercentComplete": 57,
                "SourceItems": 9, "SyncedItems": 1, "BytesTransferred": 7, "CompleteAfter": None}]  # fmt: skip
    given = started({"Status": "Syncing"}, CreatedAt="2026-11-22T09:30:00Z") | {"target__migration_details": details}
    (told,) = progress(seen(world(**given), NOW), make_project())
    assert told.ready_at is not None
    assert (told.ready_at - NOW).total_seconds() == pytest.approx(16 * 3600)


def test_orders_need_no_other_facts() -> None:
    """Who goes into which batch is worked out from the facts that the step is planned from."""
    facts = seen(world(**PLANNED), NOW).facts
    (order,) = orders(Seen({name: facts[name] for name in ORDER_FACTS}, NOW), in_project(**DUE))
    assert [LARA_GUID] == [str(user.source and user.source["ExchangeGuid"]) for user in order.users]
