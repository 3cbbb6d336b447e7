"""Worlds for the rules of sections 150 and 160; in the configured world there is no wave, so that nothing is judged.

The moment is 2026-11-23 09:30 UTC. `DUE` was to be cut over at 09:00, for 24 hours.
"""

from __future__ import annotations

from typing import Any

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
from rule_case import Case
from start_facts import IN_WAVE, batch, migration_user
from stay_facts import jos, lara_and_jo, state
from user_facts import chosen, lara_mailbox, sku

SIGNS = ("gate-source-gone", "gate-ediscovery", "gate-copies-kept", "gate-teams-chats", "gate-network")
UNAPPROVED = {"UnapprovedSkippedItems": True, "SkippedItems": 2, "DataConsistencyScore": "Investigate"}
NOT_SYNCED = ("Failed", "IncrementalFailed", "Stopped", "Corrupted", "NeedsApproval", "Something new")
TWO_WAVES = {
    "move": {
        "waves": [{"name": n, "cutover": f"2026-11-2{d}T09:00:00Z"} for n, d in (("pilot", 3), ("second", 4))],
    }
}
UNLICENSED: dict[str, Any] = at_gate(
    target__mail_users={"PersistedCapabilities": []}, target__directory_users={"SkuIds": []}
)


def _gate(rule: list[str], *cases: Case) -> list[Case]:
    """Every rule of the gate says nothing while nobody is due, whatever the batches are like."""
    return [
        Case("no wave has a date", rule, at_gate(), waves(None)),
        Case("nine days before", rule, at_gate(), FAR),
        *cases,
    ]


NOBODY = ["skipped"]
NOT_PASSING: dict[str, list[Case]] = {
    **{
        rule: _gate(
            NOBODY,
            Case("the day before", ["manual"], at_gate(), TOMORROW),
            Case("due", ["manual"], at_gate(), DUE),
            Case("completed", NOBODY, moved(), DUE),
        )
        for rule in SIGNS
    },
    "gate-drift": _gate(
        NOBODY,
        Case("nobody in the scope group", ["fail"], at_gate(source__scope_members=[]), DUE),
        Case("a hold was set", ["fail"], at_gate(source__mailbox_states=[state(LitigationHoldEnabled=True)]), DUE),
        Case(
            "the secret ends too soon", ["fail"], at_gate(), waves(window_hours=168) | {"last_completion": "2027-06-30"}
        ),
        Case("consent was withdrawn", ["waiting", "fail"], at_gate(source__granted_roles=[]), DUE),
        Case(
            "an address of the source came back",
            ["fail"],
            at_gate(
                target__mail_users={
                    "SmtpAddresses": [
                        "LaraN@northwindtraders.onmicrosoft.com",
                        "Lara.Newton@northwindtraders.com",
                        LARA,
                    ]
                }
            ),
            DUE,
        ),
    ),
    "gate-synced": _gate(
        NOBODY,
        *(Case(status, ["fail"], lara_at_gate(Status=status), DUE) for status in NOT_SYNCED),
        Case("still copying", ["waiting"], lara_at_gate(Status="Syncing"), DUE),
        Case("in no batch", ["fail"], at_gate(target__migration_users=[]), DUE),
        Case("no batch at all", ["fail"], at_gate(target__migration_users=[], target__migration_batches=[]), DUE),
        Case("in somebody else's batch", ["fail"], lara_at_gate(BatchId="by-hand"), DUE),
        Case(
            "in two open batches of the wave",
            ["fail"],
            at_gate(
                target__migration_batches=[batch(), batch(Identity="contoso-moves-pilot-r2")],
                target__migration_users=[migration_user(), migration_user(BatchId="contoso-moves-pilot-r2")],
            ),
            DUE,
        ),
        Case(
            "no object in the target",
            ["fail"],
            at_gate(target__mail_users=[], target__recipients=[], target__exchange_users=[]),
            DUE,
        ),
    ),
    "gate-nobody-else": _gate(
        NOBODY,
        Case(
            "a stranger in the batch",
            ["fail", "pass"],
            at_gate(
                target__migration_users=[migration_user(), migration_user(Identity="ben@northwindtraders.com")],
                target__migration_batches=[batch(TotalCount=2)],
            ),
            DUE,
        ),
        Case(
            "a user without a name",
            ["fail", "pass"],
            at_gate(target__migration_users=[migration_user(), migration_user(Identity=None)]),
            DUE,
        ),
        Case(
            "more users than can be read",
            ["pass", "fail"],
            at_gate(target__migration_batches=[batch(TotalCount=2)]),
            DUE,
        ),
    ),
    "gate-skipped-decided": _gate(
        NOBODY,
        Case("nobody approved", ["fail"], lara_at_gate(**UNAPPROVED), DUE),
        Case("poor", ["fail"], lara_at_gate(DataConsistencyScore="Poor", SkippedItems=900), DUE),
        Case("poor and approved", ["fail"], lara_at_gate(**UNAPPROVED | {"DataConsistencyScore": "Poor"}), DUE),
    ),
    "gate-licences": _gate(
        NOBODY,
        Case("on neither side", ["fail"], UNLICENSED, DUE),
        Case(
            "the subscription runs out",
            ["pass", "warn"],
            at_gate(target__subscribed_skus=[sku(CapabilityStatus="Warning")]),
            DUE,
        ),
        Case(
            "the subscription has run out",
            ["pass", "fail"],
            at_gate(target__subscribed_skus=[sku(CapabilityStatus="Suspended")]),
            DUE,
        ),
    ),
    "gate-ties": _gate(
        NOBODY,
        Case("Jo moves later", ["warn"], at_gate(**lara_and_jo(jos(), lara="pilot", jo="second")), TWO_WAVES),
        Case("Jo is in no wave", ["warn"], at_gate(**lara_and_jo(jos("SendAs"), lara="pilot")), DUE),
        Case(
            "Lara has moved on without Jo",
            ["warn"],
            at_gate(**lara_and_jo(jos(), lara="second", jo="pilot")),
            TWO_WAVES,
        ),
    ),
    "gate-no-foreign-completion": [
        Case("asked for the day before", ["fail"], asked(), TOMORROW),
        Case(
            "planned by somebody",
            ["fail"],
            at_gate(target__migration_batches=[batch(CompletionAsked=True, CompleteAfter="2026-11-30T00:00:00Z")]),
            TOMORROW,
        ),
        Case("of a wave without a date", ["fail"], asked(), waves(None)),
        Case(
            "one user alone",
            ["pass", "fail"],
            at_gate(
                target__migration_details=[
                    {
                        "Identity": "lara.newton@northwindtraders.com",
                        "Status": "NeedsApproval",
                        "ErrorType": None,
                        "Error": None,
                        "PercentComplete": 95,
                        "SourceItems": 1,
                        "SyncedItems": 1,
                        "BytesTransferred": 1,
                        "CompleteAfter": "2026-11-24T00:00:00Z",
                    }
                ]
            ),
            TOMORROW,
        ),
    ],
    "gate-window": [Case("passed", ["fail"], at_gate(), MISSED)],
    "gate-open": [
        Case("no date", NOBODY, at_gate(), waves(None)),
        Case("the day before", ["waiting"], at_gate(), TOMORROW),
        Case("nine days before", ["waiting"], at_gate(), FAR),
        Case("too late", NOBODY, at_gate(), MISSED),
        Case("completed", NOBODY, moved(), DUE),
        Case("completed, and the batch is gone", NOBODY, moved() | {"target__migration_batches": []}, DUE),
        Case("nobody is in the wave", NOBODY, at_gate(source__chosen_users=[chosen(Wave="other")]), DUE),
    ],
    "gate-fresh": _gate(
        NOBODY,
        Case("two days old", ["warn"], lara_at_gate(LastSyncedAt="2026-11-21T09:00:00Z"), DUE),
        Case("never", ["warn"], lara_at_gate(LastSyncedAt=None), DUE),
    ),
    "baseline-taken": _gate(
        NOBODY,
        Case("the day before", ["waiting"], at_gate(), TOMORROW),
        Case("none", ["fail"], at_gate(source__baseline_folders=[], source__baseline_permissions=[]), DUE),
        Case(
            "of another mailbox",
            ["fail"],
            at_gate(
                source__baseline_folders=[
                    of_baseline(folder_count(), ExchangeGuid="1ec059c7-0000-4d0b-af4e-d6bd4c12a8d8")
                ]
            ),
            DUE,
        ),
        Case("older than the last synchronisation", ["fail"], lara_at_gate(LastSyncedAt="2026-11-23T09:20:00Z"), DUE),
        Case(
            "a folder could not be counted",
            ["fail"],
            at_gate(
                source__baseline_folders=[
                    of_baseline(folder_count()),
                    of_baseline(folder_count(Folder="", Items=None, Bytes=None)),
                ]
            ),
            DUE,
        ),
        Case("no rights were read", ["fail"], at_gate(source__baseline_permissions=[]), DUE),
    ),
    "wave-completed": [
        Case("nothing was asked for", NOBODY, at_gate(), DUE),
        Case("under way", ["waiting"], asked(), DUE),
        Case("with warnings", ["warn"], asked(Status="CompletedWithWarnings"), DUE),
        *(Case(s, ["fail"], asked(Status=s), DUE) for s in ("CompletionFailed", "Failed", "NeedsApproval", "Stopped")),
    ],
}

GOOD = ["pass"]
PASSING: dict[str, list[Case]] = {
    "gate-drift": [
        Case("due", GOOD, at_gate(), DUE),
        Case(
            "somebody of a later wave is not ready",
            GOOD,
            at_gate(
                source__chosen_users=[
                    IN_WAVE,
                    chosen(
                        SourceAddress="nobody@contoso.com",
                        TargetAddress="",
                        TargetSignIn="",
                        TargetAlias="",
                        Wave="second",
                        Line=3,
                    ),
                ]
            ),
            DUE,
        ),
    ],
    "gate-synced": [
        *(Case(s, GOOD, lara_at_gate(Status=s), DUE) for s in ("Synced", "IncrementalSyncing", "IncrementalSynced")),
        Case(
            "waits for the approval of skipped items alone",
            GOOD,
            lara_at_gate(Status="NeedsApproval", **UNAPPROVED),
            DUE,
        ),
        Case(
            "other letter case",
            GOOD,
            at_gate(
                target__migration_users=[
                    migration_user(Identity="LARA.Newton@NORTHWINDTRADERS.com", BatchId="CONTOSO-moves-pilot")
                ]
            ),
            DUE,
        ),
        Case(
            "taken up again in a second batch",
            GOOD,
            at_gate(
                target__migration_batches=[batch(Identity="contoso-moves-pilot-r2")],
                target__migration_users=[migration_user(BatchId="contoso-moves-pilot-r2")],
            ),
            DUE,
        ),
    ],
    "gate-nobody-else": [
        Case("due", GOOD, at_gate(), DUE),
        Case(
            "a foreign batch beside it",
            GOOD,
            at_gate(
                target__migration_users=[
                    migration_user(),
                    migration_user(Identity="x@northwindtraders.com", BatchId="by-hand"),
                ]
            ),
            DUE,
        ),
    ],
    "gate-skipped-decided": [
        Case("nothing skipped", GOOD, at_gate(), DUE),
        Case("approved", GOOD, lara_at_gate(SkippedItems=2, DataConsistencyScore="Investigate"), DUE),
        Case("good", GOOD, lara_at_gate(SkippedItems=2, DataConsistencyScore="Good"), DUE),
    ],
    "gate-licences": [
        Case("due", GOOD, at_gate(), DUE),
        Case(
            "a room needs none",
            GOOD,
            UNLICENSED | {"source__mailboxes": [lara_mailbox(RecipientTypeDetails="RoomMailbox")]},
            DUE,
        ),
    ],
    "gate-ties": [
        Case("no rights", GOOD, at_gate(), DUE),
        Case("both in one wave", GOOD, at_gate(**lara_and_jo(jos(), lara="pilot", jo="pilot")), DUE),
        Case(
            "a right that ties nobody",
            GOOD,
            at_gate(**lara_and_jo(jos("Reviewer", Place="Calendar"), lara="pilot", jo="second")),
            TWO_WAVES,
        ),
    ],
    "gate-no-foreign-completion": [
        Case("nobody asked", GOOD, at_gate(), TOMORROW),
        Case("asked for when it was due", GOOD, asked(), DUE),
        Case(
            "completed, and the wave has a new date",
            GOOD,
            at_gate(target__migration_batches=[batch(CompletionAsked=True, Status="Completed")]),
            FAR,
        ),
        Case(
            "a foreign batch completes",
            GOOD,
            at_gate(target__migration_batches=[batch(), batch(Identity="by-hand", CompletionAsked=True)]),
            TOMORROW,
        ),
    ],
    "gate-window": [
        Case("in time", GOOD, at_gate(), DUE),
        Case("completed in time", GOOD, moved(), MISSED),
        Case("no date", GOOD, at_gate(), waves(None)),
    ],
    "gate-open": [
        Case("due", GOOD, at_gate(), DUE),
        Case("long window", GOOD, at_gate(), waves("2026-11-22T09:00:00Z", window_hours=48)),
    ],
    "gate-fresh": [Case("this night", GOOD, at_gate(), DUE), Case("the day before", GOOD, at_gate(), TOMORROW)],
    "baseline-taken": [
        Case("taken after the last synchronisation", GOOD, at_gate(), DUE),
        Case("nobody says when it was synchronised", GOOD, lara_at_gate(LastSyncedAt=None), DUE),
    ],
    "wave-completed": [Case("completed", GOOD, moved(), DUE)],
}

NEVER_PASS = frozenset(NOT_PASSING) - {"gate-window", "gate-no-foreign-completion"}
"""In a world without waves they judge nothing; that they pass is shown by `PASSING`."""
