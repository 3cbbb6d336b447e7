"""Whose move stands still, as one read of everybody tells."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from core_facts import NOW, StillClock, make_project

from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory import Reader

GUID = "BBBBBBBB-0000-4000-8000-000000000001"
FACTS = ("target.halted_users", "target.halted_batches")


def entry(identity: str | None, batch: str, status: str) -> dict[str, Any]:
    return {"Identity": identity, "BatchId": batch, "Status": status, "Guid": GUID, "ErrorSummary": ""}


def read(*entries: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows of both tables, when the service shows these migration users."""
    exchange = SimpleNamespace(invoke=lambda *_: SimpleNamespace(rows=list(entries)))
    tenants: dict[Any, Any] = {"target": SimpleNamespace(exchange=exchange)}
    facts = Reader(make_project(), tenants, StillClock(NOW), {}).read_all(FACTS)
    assert all(isinstance(fact, Observed) for fact in facts.values())
    return [[dict(row) for row in facts[name].value] for name in FACTS if isinstance(facts[name], Observed)]


def test_who_is_on_the_way_stands_not_still() -> None:
    """Users who are copied, at rest, or done are in neither table (shapes 3.12)."""
    states = ("Queued", "Syncing", "Synced", "IncrementalSyncing", "Completing", "Completed", "Stopped")
    assert read(*(entry(f"{state}@x.com", "b", state) for state in states)) == [[], []]


def test_failed_entry_is_told_with_its_guid() -> None:
    """A failed user is told with the entry's own GUID, in lower case; one that waits for approval is, too (ERR-05)."""
    users, batches = read(entry("a@x.com", "b", "Failed"), entry("c@x.com", "b", "NeedsApproval"))
    assert users[0] == {"Identity": "a@x.com", "BatchId": "b", "Guid": GUID.lower(), "Status": "Failed"}
    assert batches == [{"Identity": "b", "Users": ["a@x.com", "c@x.com"]}]


def test_batches_are_apart() -> None:
    """Each batch has its own users, and an entry of no batch is in none."""
    _, batches = read(entry("a@x.com", "b", "Failed"), entry("a@x.com", "c", "Failed"), entry("a@x.com", "", "Failed"))
    assert batches == [{"Identity": "b", "Users": ["a@x.com"]}, {"Identity": "c", "Users": ["a@x.com"]}]


def test_entry_without_a_guid_has_none() -> None:
    """A GUID of zeros is no name for anything (wire 1.5)."""
    users, _ = read(entry("a@x.com", "b", "Failed") | {"Guid": "00000000-0000-0000-0000-000000000000"})
    assert users[0]["Guid"] is None
