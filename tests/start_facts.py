"""Batches and migration users of the document's own pair, as the target shows them once a batch is started.

The names of attributes and states are those of the wire facts (shapes 3.11 to 3.14); a batch that was told nothing
about its completion says the end of time there.
"""

from __future__ import annotations

from typing import Any

from user_facts import LARA_GUID, chosen

LARA_ADDRESS = "Lara.Newton@northwindtraders.com"
WAVE = "pilot"
BATCH = "contoso-moves-pilot"
IN_WAVE = chosen(Wave=WAVE)
"""Lara's line of `users.csv` once waves are planned."""


def batch(**changes: Any) -> dict[str, Any]:
    """A row of `migration_batches`: the pilot's batch, as it rests."""
    return {
        "Identity": BATCH,
        "Status": "Synced",
        "MigrationType": "ExchangeRemoteMove",
        "SourceEndpoint": "xtmig-contoso-moves",
        "TargetDeliveryDomain": "northwindtraders.onmicrosoft.com",
        "TotalCount": 1,
        "SyncedCount": 1,
        "FinalizedCount": 0,
        "FailedCount": 0,
        "DataConsistencyScore": "Perfect",
        "CreatedAt": "2026-11-20T08:00:00Z",
        "LastSyncedAt": "2026-11-23T02:14:05Z",
        "CompleteAfter": None,
        "CompletionAsked": False,
    } | changes


def migration_user(**changes: Any) -> dict[str, Any]:
    """A row of `migration_users`: Lara, at rest."""
    return {
        "Identity": LARA_ADDRESS,
        "BatchId": BATCH,
        "Status": "Synced",
        "ErrorSummary": "",
        "MailboxGuid": LARA_GUID,
        "RequestGuid": "aaaaaaaa-0000-4000-8000-000000000001",
        "SyncedItems": 38211,
        "SkippedItems": 0,
        "DataConsistencyScore": "Perfect",
        "UnapprovedSkippedItems": False,
        "LastSyncedAt": "2026-11-23T02:14:05Z",
    } | changes


def start_tables() -> dict[str, list[dict[str, Any]]]:
    """The tables of sections 130, 140 and 180 before anything is started, rows by fact."""
    return {
        "target.migration_batches": [],
        "target.migration_details": [],
        "target.skipped_items": [],
        "target.move_requests": [],
        "source.migration_batches": [],
        "source.migration_users": [],
        "source.move_requests": [],
    }


BATCHES, USERS = "target__migration_batches", "target__migration_users"
PLANNED = {"source__chosen_users": [IN_WAVE]}
STARTED = PLANNED | {BATCHES: [batch()], USERS: [migration_user()]}


def waves(**dates: Any) -> dict[str, Any]:
    """A project with the pilot's dates; the tests' present is 23 November 2026, 9:30."""
    return {"move": {"waves": [{"name": WAVE, **dates}]}}


DUE = waves(start="2026-11-23", cutover="2026-12-10T18:00:00Z")
LATER = waves(start="2026-11-24")


def stop(*names: str, **dates: Any) -> dict[str, Any]:
    """A project that stops something."""
    return {"move": {"stop": list(names), **waves(**(dates or {"start": "2026-11-23"}))["move"]}}


def started(user: dict[str, Any] | None = None, **of_batch: Any) -> dict[str, Any]:
    """A world in which the pilot's batch is there, with Lara in it."""
    return STARTED | {BATCHES: [batch(**of_batch)], USERS: [migration_user(**(user or {}))]}
