"""Worlds of sections 130, 140 and 180 in which their rules do not pass, and further ones in which they do."""

from __future__ import annotations

from typing import Any

from matching_worlds import OTHER_GUID, STRANGER
from prepared_facts import NOBODY, lara
from rule_case import Case
from start_facts import (
    BATCH,
    DUE,
    LARA_ADDRESS,
    LATER,
    PLANNED,
    STARTED,
    WAVE,
    batch,
    migration_user,
    started,
    stop,
    waves,
)
from user_facts import LARA_GUID

BATCHES, USERS = "target__migration_batches", "target__migration_users"


def _users(verdict: str, *users: dict[str, Any], **of_batch: Any) -> list[Case]:
    return [Case(str(user), [verdict], started(user, **of_batch)) for user in users]


def _batches(verdict: str, *batches: dict[str, Any]) -> list[Case]:
    return [Case(str(row), [verdict], started(**row)) for row in batches]


TWICE: list[dict[str, Any]] = [migration_user(), migration_user(BatchId="onboarding")]
SKIPPED = {"SkippedItems": 2, "UnapprovedSkippedItems": True, "DataConsistencyScore": "Investigate"}
ITEM = {
    "Identity": LARA_ADDRESS, "Kind": "CorruptItem", "Folder": "Inbox", "Bytes": 1843200, "ReceivedAt": None,
    "Scores": ["CorruptItem"], "Number": 1,
}  # fmt: skip
FOREIGN_MOVE = {
    "ExchangeGuid": OTHER_GUID, "Identity": "Ben King", "Status": "InProgress", "Flags": ["CrossOrg", "CrossTenant"],
    "BatchName": "MigrationService:by-hand",
}  # fmt: skip
OWN_MOVE = FOREIGN_MOVE | {"ExchangeGuid": LARA_GUID, "Flags": ["CrossOrg"], "BatchName": None}
ONBOARDING = FOREIGN_MOVE | {"Flags": ["CrossOrg", "Pull"], "BatchName": "MigrationService:onboarding"}

NOT_PASSING: dict[str, list[Case]] = {
    "batch-started": [
        Case("due", ["fail"], PLANNED, DUE),
        Case("its day is to come", ["waiting"], PLANNED, LATER),
        Case("no start", ["warn"], PLANNED, waves()),
        Case("not in project.yaml", ["warn"], PLANNED),
        Case("stopped", ["skipped"], PLANNED, stop(BATCH)),
        Case("made, and shows nobody yet", ["waiting"], PLANNED | {BATCHES: [batch(TotalCount=1)]}, DUE),
        Case("made, and counts nobody yet", ["waiting"], PLANNED | {BATCHES: [batch(TotalCount=None)]}, DUE),
    ],
    "batch-users-ready": [
        Case("nobody in the target", ["fail"], PLANNED | NOBODY, DUE),
        Case("not stamped", ["fail"], PLANNED | lara(ExchangeGuid=None), DUE),
        Case("x500 missing", ["fail"], PLANNED | lara(X500Addresses=[]), DUE),
        Case("no delivery address", ["fail"], PLANNED | lara(SmtpAddresses=[LARA_ADDRESS]), DUE),
        Case("in no scope group", ["fail"], PLANNED | {"source__scope_members": []}, DUE),
        Case("nested alone", ["fail"], PLANNED | {"source__scope_members": {"Membership": "nested", "Via": "S"}}, DUE),
        Case("stopped", ["skipped"], PLANNED, stop(LARA_ADDRESS.upper())),
    ],
    "batch-addresses": [Case("nobody in the target", ["fail"], PLANNED | NOBODY, DUE)],
    "batch-nobody-twice": [
        Case("in two", ["fail"], STARTED | {USERS: TWICE}),
        Case("in somebody else's", ["fail"], PLANNED | {USERS: [migration_user(BatchId="onboarding")]}),
        Case("by the mailbox", ["fail"], PLANNED | {USERS: [migration_user(Identity="x@x.com", BatchId="other")]}),
        Case("of another wave", ["warn"], started({"BatchId": "contoso-moves-two"}),
             {"move": {"waves": [{"name": WAVE}, {"name": "two"}]}}),
    ],
    "moves-from-target": [
        Case("by the mailbox", ["fail"], {"source__migration_users": [migration_user(Identity="x@x.com")]}),
        Case("by an address", ["fail"], {"source__migration_users": [
            migration_user(Identity="laran@CONTOSO.onmicrosoft.com", MailboxGuid=None)]}),
    ],
    "batch-as-ordered": [
        *_batches("fail", {"MigrationType": "ExchangeLocalMove"}, {"SourceEndpoint": "onboarding"},
                  {"SourceEndpoint": None}),
        *_batches("warn", {"TotalCount": 0}, {"TotalCount": None}),
        *_batches("waiting", {"TotalCount": 2}),
    ],
    "batch-runs": [
        *_batches("fail", {"Status": "Created"}, {"Status": "Failed"}, {"Status": "Corrupted"}, {"Status": None}),
        *_batches("waiting", {"Status": "Starting"}, {"Status": "Stopping"}, {"Status": "Removing"}),
        *_batches("warn", {"Status": "Stopped"}),
    ],
    "batch-copies-only": [
        Case("a moment before the cutover", ["fail"],
             started(CompletionAsked=True, CompleteAfter="2026-11-24T00:00:00Z"), DUE),
        Case("completing too early", ["fail"], started(CompletionAsked=True, Status="Completing"), DUE),
        Case("no cutover at all", ["fail"], started(CompletionAsked=True), waves()),
        Case("not in project.yaml", ["fail"], started(CompletionAsked=True)),
    ],
    "batch-delivery-domain": _batches(
        "fail", {"TargetDeliveryDomain": "contoso.onmicrosoft.com"}, {"TargetDeliveryDomain": None},
        {"TargetDeliveryDomain": "northwindtraders.com"}),
    "batch-size": _batches("warn", {"TotalCount": 2001}),
    "batches-at-rest": _users("waiting", {"Status": "Syncing"}, {"Status": "Queued"}, {"Status": "Completing"}),
    "moves-none-failed": _users("fail", {"Status": "Failed"}, {"Status": "IncrementalFailed"},
                                {"Status": "CompletionFailed"}, {"Status": "Corrupted"}),
    "moves-none-waiting": [
        *_users("fail", {"Status": "NeedsApproval"}, {"Status": "NeedsApproval", "UnapprovedSkippedItems": True}),
        *_users("warn", {"Status": "Pondering"}, {"Status": None}),
    ],
    "moves-not-stalled": _users("warn", {"Status": "Syncing"}, CreatedAt="2026-11-08T08:00:00Z"),
    "skipped-items-seen": [
        Case("to be decided", ["warn"], started(SKIPPED) | {"target__skipped_items": [ITEM]}),
        Case("to be decided, kinds not told", ["warn"], started(SKIPPED)),
        Case("cannot be approved", ["fail"],
             started(SKIPPED | {"UnapprovedSkippedItems": False, "DataConsistencyScore": "Poor"})),
    ],
    "batch-timers": _batches(
        "warn", {"CreatedAt": "2026-10-09T09:30:00Z"}, {"CreatedAt": "2026-08-01T00:00:00Z", "Status": "Stopped"},
        {"CreatedAt": "2026-09-09T09:30:00Z", "Status": "Failed"}),
    "moves-of-this-project": [Case("another project's", ["warn"], {"target__move_requests": [FOREIGN_MOVE]})],
    "stop-known": [
        Case("no such batch", ["fail"], STARTED, stop("contoso-moves-x")),
        Case("somebody else's batch", ["fail"], STARTED | {BATCHES: [batch(Identity="onboarding")]},
             stop("onboarding")),
        Case("nobody's address", ["fail"], STARTED, stop("nobody@northwindtraders.com")),
        Case("several users", ["fail"], STARTED | {USERS: TWICE}, stop(LARA_ADDRESS)),
        Case("in somebody else's batch", ["fail"], started({"BatchId": "onboarding"}), stop(LARA_ADDRESS)),
        Case("nothing is there", ["fail"], {}, stop("contoso-moves-x")),
    ],
    "stop-batches": [
        Case("copies", ["fail"], started(Status="Syncing"), stop(BATCH)),
        Case("rests", ["fail"], started(), stop(BATCH.upper())),
        Case("stopping", ["waiting"], started(Status="Stopping"), stop(BATCH)),
        Case("too late", ["fail"], started(Status="Completing", CompletionAsked=True), stop(BATCH)),
    ],
    "stop-users": [
        Case("is copied", ["fail"], started({"Status": "Syncing"}), stop(LARA_ADDRESS)),
        Case("stopping", ["waiting"], started({"Status": "Stopping"}), stop(LARA_ADDRESS)),
        Case("too late", ["fail"], started({"Status": "Completed"}), stop(LARA_ADDRESS)),
        Case("unclear", ["fail"], started({"Status": "CompletionFailed"}), stop(LARA_ADDRESS)),
    ],
    "stop-taken-out": [
        Case("rests", ["fail"], started(), stop(LARA_ADDRESS)),
        Case("is copied", ["fail"], started({"Status": "Syncing"}), stop(LARA_ADDRESS)),
        Case("its batch completes", ["fail"], started(CompletionAsked=True), stop(LARA_ADDRESS)),
    ],
}  # fmt: skip

PASSING: dict[str, list[Case]] = {
    "batch-started": [
        Case("started", ["pass"], STARTED, DUE),
        Case("its batch is to be stopped, and has everybody", ["pass"], STARTED, stop(BATCH)),
        Case("nobody is fit", ["pass"], PLANNED | lara(ExchangeGuid=None), DUE),
    ],
    "batch-users-ready": [Case("fit", ["pass"], PLANNED, DUE), Case("started", ["pass"], STARTED, DUE)],
    "batch-addresses": [Case("one address", ["pass"], PLANNED, DUE)],
    "batch-nobody-twice": [
        Case("in the wave's batch", ["pass"], STARTED),
        Case("in the wave's second batch", ["pass"], started({"BatchId": f"{BATCH}-r2"})),
    ],
    "moves-from-target": [
        Case("others in the source", ["pass"], {"source__migration_users": [
            migration_user(Identity="x@x.com", MailboxGuid=STRANGER)]}),
    ],
    "batch-as-ordered": [
        Case("rests", ["pass"], STARTED),
        Case("completed", ["pass"], started(Status="Completed", TotalCount=7)),
        Case("somebody else's", ["pass"], STARTED | {BATCHES: [batch(Identity="onboarding", MigrationType="IMAP")]}),
    ],
    "batch-runs": [
        *_batches("pass", {"Status": "Syncing"}, {"Status": "SyncedWithErrors"}, {"Status": "Completed"}),
        Case("stopped on purpose", ["pass"], started(Status="Stopped"), stop(BATCH)),
    ],
    "batch-copies-only": [
        Case("copies", ["pass"], STARTED, DUE),
        Case("its cutover has come", ["pass"], started(CompletionAsked=True),
             waves(start="2026-11-01", cutover="2026-11-23T09:00:00Z")),
    ],
    "batch-delivery-domain": [Case("rests", ["pass"], STARTED)],
    "batch-size": _batches("pass", {"TotalCount": 2000}),
    "batches-at-rest": _users("pass", {"Status": "Synced"}, {"Status": "IncrementalSyncing"}, {"Status": "Completed"},
                              {"Status": "Failed"}, {"Status": "Stopped"}),
    "moves-none-failed": _users("pass", {"Status": "Synced"}, {"Status": "CompletedWithWarnings"},
                                {"Status": "NeedsApproval"}),
    "moves-none-waiting": _users("pass", {"Status": "Synced"}, {"Status": "Failed"}, {"Status": "Removing"}),
    "moves-not-stalled": [
        *_users("pass", {"Status": "Syncing"}, CreatedAt="2026-11-09T10:00:00Z"),
        *_users("pass", {"Status": "Synced"}, CreatedAt="2026-01-09T10:00:00Z"),
        *_users("pass", {"Status": "Syncing"}, CreatedAt=None),
    ],
    "skipped-items-seen": [Case("decided", ["pass"], started(SKIPPED | {"UnapprovedSkippedItems": False}))],
    "batch-timers": _batches(
        "pass", {"CreatedAt": "2026-10-10T00:00:00Z"}, {"CreatedAt": None},
        {"CreatedAt": "2026-01-10T00:00:00Z", "Status": "Completed"}),
    "moves-of-this-project": [
        Case("ours, by the mailbox", ["pass"], STARTED | {"target__move_requests": [OWN_MOVE]}),
        Case("ours, by the batch", ["pass"], PLANNED | {"target__move_requests": [
            FOREIGN_MOVE | {"BatchName": f"MigrationService:{BATCH}"}]}),
        Case("onboarding", ["pass"], {"target__move_requests": [ONBOARDING]}),
    ],
    "stop-known": [
        Case("a batch and a user", ["pass"], STARTED, stop(BATCH, LARA_ADDRESS)),
        Case("not started at all", ["pass"], PLANNED, stop(BATCH, LARA_ADDRESS)),
    ],
    "stop-batches": [Case("stopped", ["pass"], started(Status="Stopped"), stop(BATCH)),
                     Case("not there", ["pass"], PLANNED, stop(BATCH))],
    "stop-users": [Case("rests", ["pass"], started(), stop(LARA_ADDRESS))],
    "stop-taken-out": [Case("in no batch", ["pass"], PLANNED, stop(LARA_ADDRESS))],
}  # fmt: skip
