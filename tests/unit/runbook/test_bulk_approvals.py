"""Approvals of changes that are made many at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import TARGET_ID, make_project
from fake_tenants import LARA, Runbook

from xtmig_kernel.changes import Change, GraphCall, Level, Subject
from xtmig_kernel.m365 import CallReply
from xtmig_kernel.project import Approval
from xtmig_kernel.runbook.bulk import BulkDoor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xtmig_kernel.changes import Call


def user(number: int) -> dict[str, Any]:
    return {"Id": f"00000000-0000-4000-8000-{number:012}", "UserPrincipalName": f"u{number}@northwindtraders.com"}


def licence(number: int) -> Change:
    """The assignment of a licence, which needs a named approval."""
    row = user(number)
    return Change(
        step="090.2",
        side="target",
        tenant_id=TARGET_ID,
        subject=Subject("target", "directory_users", (("Id", row["Id"]),), row["UserPrincipalName"]),
        title=f"Assign a licence to {row['UserPrincipalName']}",
        before={"SkuIds": []},
        after={"SkuIds": ["sku"]},
        calls=(GraphCall("POST", "/users/{id}/assignLicense", {"id": row["Id"]}, body={}),),
        level=Level.NAMED,
        undo="Remove the licence",
        statements=(),
    )


class LicensingTenant:
    """The target, in which each call assigns the licence."""

    def __init__(self, runbook: Runbook) -> None:
        self.identity = runbook.tenants["target"].identity
        self._runbook = runbook

    def run_many(self, calls: Sequence[Call]) -> list[CallReply]:
        ids = {call.path_values["id"] for call in calls if isinstance(call, GraphCall)}
        rows = self._runbook.fakes.tables["target.directory_users"]
        self._runbook.fakes.set(
            "target.directory_users", [row | {"SkuIds": ["sku"]} if row["Id"] in ids else row for row in rows]
        )
        return [CallReply({}, "request-1") for _ in calls]


@pytest.fixture
def licensing(tmp_path: Path) -> Runbook:
    """A runbook over twelve users of the target without a licence; Lara may approve."""
    made = Runbook(tmp_path)
    made.project = make_project(approvers=[{"name": "Lara", "upn": LARA, "side": "target"}])
    made.fakes.set("target.directory_users", [user(number) | {"SkuIds": []} for number in range(12)])
    made.tenants["target"] = LicensingTenant(made)
    return made


def door_of(runbook: Runbook) -> BulkDoor:
    return BulkDoor(
        project=runbook.project,
        tenants=runbook.tenants,
        reader=runbook.reader,
        ledger=runbook.ledger,
        clock=runbook.clock,
        redactor=runbook.redactor,
        approvals=lambda: runbook.approvals,
        ask=None,
        progress=runbook.said.append,
    )


def approve(runbook: Runbook, changes: Sequence[Change]) -> None:
    now = runbook.clock.now()
    hashes = tuple(sorted(change.hash for change in changes))
    values = {"section": "090", "level": 2, "changes": hashes, "approver": LARA}
    approval = Approval.model_validate(values | {"given_at": now, "valid_until": now + timedelta(days=7)})
    runbook.approvals = (approval,)


def test_approved_changes_are_made_and_the_others_refused(licensing: Runbook) -> None:
    """Of many changes only those that an approval lists are made; each other one says that its approval is missing."""
    changes = [licence(number) for number in range(12)]
    approve(licensing, changes[:11])
    outcomes = door_of(licensing).make_all(changes)
    assert [outcome.result for outcome in outcomes] == ["done"] * 11 + ["refused"]
    assert outcomes[11].error is not None
    assert outcomes[11].error.cause == "no approval names this exact change"


def test_approvals_are_written_down_before_anything_is_begun(licensing: Runbook) -> None:
    """Every approval that is used or refused stands in the ledger before the first intent."""
    changes = [licence(number) for number in range(12)]
    approve(licensing, changes[:11])
    door_of(licensing).make_all(changes)
    kinds = [entry.kind for entry in licensing.ledger.entries("approval_used", "approval_refused", "intent")]
    assert kinds == ["approval_used"] * 11 + ["approval_refused"] + ["intent"] * 11
