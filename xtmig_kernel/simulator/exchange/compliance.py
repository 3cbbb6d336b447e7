"""Security & Compliance: retention policies, holds of cases, cases.

Parameters are those of the cmdlet reference [SRC], and so is that everything is listed where no identity is given, and
that a hold names its case by CaseId; the other properties of the answers are [MEM].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator.http import UnsupportedRequest

from .context import Context, Result
from .errors import not_found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .binding import Bound

_HARMLESS = frozenset({"Identity", "DistributionDetail"})


def get_retention_policy(context: Context, bound: Bound) -> Result:
    """Get-RetentionCompliancePolicy: one, or all."""
    _refuse_unserved(bound, _HARMLESS)
    rows = (
        {
            "Name": policy.name,
            "Identity": policy.name,
            "Guid": UUID(policy.guid),
            "Enabled": policy.enabled,
            "Mode": policy.mode,
            "Workload": policy.workload,
            "TeamsPolicy": policy.teams,
        }
        for policy in context.tenant.file.retention_policies
    )
    return _one_or_all(rows, bound)


def get_case_hold_policy(context: Context, bound: Bound) -> Result:
    """Get-CaseHoldPolicy: one, those of a case, or all."""
    _refuse_unserved(bound, _HARMLESS | {"Case"})
    of_case = str(bound.get("Case") or "").lower()
    rows = (
        {
            "Name": hold.name,
            "Identity": hold.name,
            "Guid": UUID(hold.guid),
            "CaseId": case.guid,
            "Enabled": hold.enabled,
            "Mode": "Enforce",
            "Workload": "Exchange",
        }
        for case in context.tenant.file.compliance_cases
        if not of_case or of_case in (case.name.lower(), case.guid)
        for hold in case.holds
    )
    return _one_or_all(rows, bound)


def get_case(context: Context, bound: Bound) -> Result:
    """Get-ComplianceCase: one, or all."""
    _refuse_unserved(bound, frozenset({"Identity"}))
    rows = (
        {
            "Name": case.name,
            "Identity": case.guid,
            "Guid": UUID(case.guid),
            "CaseType": "eDiscovery",
            "Status": "Closed" if case.closed else "Active",
        }
        for case in context.tenant.file.compliance_cases
    )
    return _one_or_all(rows, bound)


def _refuse_unserved(bound: Bound, served: frozenset[str]) -> None:
    further = sorted(set(bound.values) - served)
    if further:
        raise UnsupportedRequest(f"parameter {further[0]}")


def _one_or_all(rows: Iterable[dict[str, Any]], bound: Bound) -> Result:
    wanted = bound.get("Identity")
    if not wanted:
        return Result(list(rows))
    found = [row for row in rows if str(wanted).strip("{}").lower() in (str(row["Guid"]), row["Name"].lower())]
    if not found:
        raise not_found(wanted)
    return Result(found)
