"""What Security & Compliance says of the holds that mailboxes name: policies, cases (facts F-107, F-109 and F-110).

The runbook can do without it. It is asked only where a hold names something that it knows, and what nobody's mailbox
names is not kept.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import ServiceError, SignInError, UsageError
from xtmig_kernel.inventory.addresses import guid_or_none
from xtmig_kernel.inventory.chosen import mailboxes_of_chosen
from xtmig_kernel.inventory.contents import mailbox_states, organization_holds
from xtmig_kernel.inventory.context import MissingFact
from xtmig_kernel.rules.hold_ids import hold_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

POLICIES, HOLDS, CASES = "Get-RetentionCompliancePolicy", "Get-CaseHoldPolicy", "Get-ComplianceCase"


def retention_policies(context: ReadContext) -> tuple[str, list[Row]]:
    """The retention policies that holds name, as far as there are any (HLD-01)."""
    wanted = _behind_holds(context, "policy")
    if not wanted:
        return "no hold names a retention policy, so that none was asked for", []
    found = context.tenant.compliance.invoke("Get-RetentionCompliancePolicy").rows
    return POLICIES, [
        {
            "Guid": guid,
            "Name": _text(row.get("Name")),
            "Enabled": row.get("Enabled"),
            "Mode": _text(row.get("Mode")),
            "Workload": _text(row.get("Workload")),
            "Kind": _kind(row.get("TeamsPolicy")),
        }
        for row, guid in _with_guids(found)
        if guid in wanted
    ]


def case_holds(context: ReadContext) -> tuple[str, list[Row]]:
    """The holds of eDiscovery cases that mailboxes name, each with its case where this account may see it (HLD-01)."""
    wanted = _behind_holds(context, "case")
    if not wanted:
        return "no hold names a case, so that none was asked for", []
    found = [
        (row, guid)
        for row, guid in _with_guids(context.tenant.compliance.invoke("Get-CaseHoldPolicy").rows)
        if guid in wanted
    ]
    names = _case_names(context, [case for row, _ in found if (case := guid_or_none(row.get("CaseId")))])
    return f"{HOLDS} with {CASES}", [
        {
            "Guid": guid,
            "Name": _text(row.get("Name")),
            "Case": names.get(guid_or_none(row.get("CaseId")) or ""),
            "Enabled": row.get("Enabled"),
        }
        for row, guid in found
    ]


def _case_names(context: ReadContext, cases: Sequence[str]) -> dict[str, str | None]:
    """Case's GUID to name; a case that this account may not see is left out. Without a GUID none is asked for."""
    asked = list(dict.fromkeys(cases))
    answers = context.tenant.compliance.invoke_many([(CASES, {"Identity": case}) for case in asked])
    return {
        case: _text(answer.rows[0].get("Name"))
        for case, answer in zip(asked, answers, strict=True)
        if not isinstance(answer, ServiceError) and len(answer.rows) == 1
    }


def compliance_access(context: ReadContext) -> tuple[str, list[Row]]:
    """Whether this account may read policies and cases; that it may not is an answer, and no failure."""
    try:
        offered = context.tenant.compliance.offered()
    except (UsageError, ServiceError, SignInError) as error:
        return "EXOModuleFile of Security & Compliance", [{"Policies": None, "Cases": None, "Problem": error.message}]
    return "EXOModuleFile of Security & Compliance", [
        {"Policies": POLICIES in offered, "Cases": HOLDS in offered and CASES in offered, "Problem": None}
    ]


def _behind_holds(context: ReadContext, kind: str) -> frozenset[str]:
    """GUIDs of what holds mailboxes of the chosen users, or the whole organisation."""
    guids = {row["ExchangeGuid"] for row in mailboxes_of_chosen(context)}
    _, states = mailbox_states(context)
    entries = [entry for state in states if state["ExchangeGuid"] in guids for entry in state["InPlaceHolds"]]
    with suppress(MissingFact):  # what holds everybody is not known then, and told as that by its own table
        entries += [str(row["Hold"]) for row in organization_holds(context)[1]]
    found = (hold_id(str(entry)) for entry in entries)
    return frozenset(item.guid for item in found if item is not None and item.kind == kind)


def _with_guids(rows: Iterable[Row]) -> list[tuple[Row, str | None]]:
    return [(row, guid_or_none(row.get("Guid"))) for row in rows]


def _text(value: Any) -> str | None:
    """A text; several values, and flags, as one."""
    text = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value or "")
    return text or None


def _kind(of_teams: Any) -> str | None:
    return {True: "Teams", False: "other"}[of_teams] if isinstance(of_teams, bool) else None
