"""When Security & Compliance is asked about holds, what is kept of its answer, and what its refusal does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, StillClock, make_project
from test_inventory_users import LARA, Side

from xtmig_kernel.errors import AccessDenied, SignInError, UsageError
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader

if TYPE_CHECKING:
    from pathlib import Path

POLICY, HOLD = "7cfb3034-5d45-4ac0-a989-ab3041051209", "7d895d48-7e23-4a8d-8346-533c3beac15d"
CASE = "3f2a0d51-0000-4000-8000-000000000001"
BY_POLICY, BY_CASE = "mbx7cfb30345d454ac0a989ab3041051209:2", f"UniH{HOLD}"
POLICIES, HOLDS, CASES = "Get-RetentionCompliancePolicy", "Get-CaseHoldPolicy", "Get-ComplianceCase"


@dataclass
class Both(Side):
    """A side with Security & Compliance beside Exchange."""

    compliance: Any = None


@dataclass
class Compliance(Side):
    """What it answers, and offers."""

    offers: Any = field(default_factory=dict)

    def offered(self) -> Any:
        if isinstance(self.offers, Exception):
            raise self.offers
        return self.offers


def side(compliance: Side | None, *entries: str, everybody: tuple[str, ...] = ()) -> Both:
    """A source whose only chosen mailbox is held by these entries."""
    held = LARA | {"InPlaceHolds": list(entries)}
    answers = {"Get-Mailbox": [held, LARA | {"ExchangeGuid": "0000000b-0000-4000-8000-000000000002",
               "EmailAddresses": ["SMTP:jo@contoso.com"], "InPlaceHolds": ["mbx" + "ab" * 16]}],
               "Get-OrganizationConfig": [{"InPlaceHolds": list(everybody)}]}  # fmt: skip
    return Both(answers, compliance=compliance)


@pytest.fixture
def project(tmp_path: Path) -> Any:
    (tmp_path / "users.csv").write_text(
        "SourceAddress,TargetAddress\nLara.Newton@contoso.com,lara@northwindtraders.com\n", encoding="utf-8"
    )
    return make_project(folder=tmp_path)


def read(project: Any, table: str, source: Any) -> Any:
    return Reader(project, {"source": source}, StillClock(NOW), {}).read(f"source.{table}")


def rows(project: Any, table: str, source: Any) -> list[dict[str, Any]]:
    found = read(project, table, source)
    assert isinstance(found, Observed), found
    return [dict(row) for row in found.value]


@pytest.mark.parametrize("table", ["retention_policies", "case_holds"])
def test_nothing_is_asked_where_nothing_is_held(project: Any, table: str) -> None:
    """Exclusions, old holds and mailboxes out of scope are no reason to ask Security & Compliance anything."""
    held = side(None, f"-{BY_POLICY}", "cld9c0a984ca74b457fbe4504bf7d3e00de", everybody=("grp" + "ab" * 16 + ":3",))
    assert rows(project, table, held) == []


def test_policies_that_holds_name(project: Any) -> None:
    """A policy of a mailbox in scope and one of the organisation are kept, and no others."""
    other = "5c0e5c0e-0000-4000-8000-0000000f0006"
    listed = [
        {"Guid": POLICY.upper(), "Name": "Seven years", "Enabled": True, "Mode": "Enforce", "Workload": "Exchange",
         "TeamsPolicy": False},
        {"Guid": other, "Name": "Chats", "TeamsPolicy": True},
        {"Guid": "abababab-abab-abab-abab-abababababab", "Name": "Of Jo, who stays"},
    ]  # fmt: skip
    compliance = Compliance({POLICIES: listed})
    found = rows(project, "retention_policies", side(compliance, BY_POLICY, everybody=(f"mbx{other}",)))
    assert found[0] == {
        "Guid": POLICY, "Name": "Seven years", "Enabled": True, "Mode": "Enforce", "Workload": "Exchange",
        "Kind": "other",
    }  # fmt: skip
    assert [(row["Name"], row["Kind"], row["Enabled"]) for row in found[1:]] == [("Chats", "Teams", None)]
    assert compliance.asked == [(POLICIES, {})]


def test_a_hold_is_told_with_its_case(project: Any) -> None:
    """The case is asked for by the hold's CaseId, once for several holds of it."""
    second = "7d895d48-7e23-4a8d-8346-533c3beac15e"
    listed = [{"Guid": guid, "Name": name, "CaseId": CASE, "Enabled": True} for guid, name in
              ((HOLD, "Board"), (second, "Sales"), (CASE, "of nobody here"))]  # fmt: skip
    compliance = Compliance({HOLDS: listed, CASES: [{"Name": "Litware v. Contoso"}]})
    found = rows(project, "case_holds", side(compliance, BY_CASE, f"UniH{second}"))
    assert [(row["Name"], row["Case"]) for row in found] == [
        ("Board", "Litware v. Contoso"), ("Sales", "Litware v. Contoso"),
    ]  # fmt: skip
    assert [given for cmdlet, given in compliance.asked if cmdlet == CASES] == [{"Identity": CASE}]


@pytest.mark.parametrize("case", [None, "", "00000000-0000-0000-0000-000000000000"])
def test_no_case_is_asked_for_without_its_id(project: Any, case: Any) -> None:
    """A blank identity means all cases, so none is asked for."""
    compliance = Compliance({HOLDS: [{"Guid": HOLD, "Name": "Board", "CaseId": case}]})
    (row,) = rows(project, "case_holds", side(compliance, BY_CASE))
    assert row["Case"] is None
    assert CASES not in {cmdlet for cmdlet, _ in compliance.asked}


def test_a_case_that_may_not_be_seen_is_not_told(project: Any) -> None:
    """Who may see the hold and not the case gets the hold."""
    compliance = Compliance({HOLDS: [{"Guid": HOLD, "Name": "Board", "CaseId": CASE}], CASES: AccessDenied("no")})
    (row,) = rows(project, "case_holds", side(compliance, BY_CASE))
    assert (row["Name"], row["Case"]) == ("Board", None)


@pytest.mark.parametrize("error", [AccessDenied("no"), SignInError("no token")])
def test_a_refusal_is_no_observation_and_no_error(project: Any, error: Exception) -> None:
    """What is refused is told as that, and everything else is read all the same."""
    held = side(Compliance({POLICIES: error}), BY_POLICY)
    reader = Reader(project, {"source": held}, StillClock(NOW), {})  # type: ignore[dict-item]
    found = reader.read_all(["source.retention_policies", "source.mailbox_states"])
    refused = found["source.retention_policies"]
    assert isinstance(refused, NotObserved)
    assert refused.reason is Reason.DENIED
    assert isinstance(found["source.mailbox_states"], Observed)


def test_mailboxes_are_listed_once_for_all_tables(project: Any) -> None:
    """Holds that are read at one moment rest on one list of mailboxes."""
    held = side(Compliance({POLICIES: [], HOLDS: []}), BY_POLICY, BY_CASE)
    reader = Reader(project, {"source": held}, StillClock(NOW), {})  # type: ignore[dict-item]
    reader.read_all(["source.mailbox_states", "source.retention_policies", "source.case_holds"])
    assert [cmdlet for cmdlet, _ in held.asked].count("Get-Mailbox") == 2  # that list, and the one of addresses


@pytest.mark.parametrize(
    ("offers", "row"),
    [
        ({POLICIES: [], HOLDS: [], CASES: []}, (True, True, None)),
        ({POLICIES: []}, (True, False, None)),
        ({HOLDS: []}, (False, False, None)),
        (AccessDenied("No role."), (None, None, "No role.")),
        (SignInError("No token."), (None, None, "No token.")),
        (UsageError("Not here."), (None, None, "Not here.")),
    ],
)
def test_access_is_told_and_never_an_error(project: Any, offers: Any, row: tuple[Any, ...]) -> None:
    """Whether policies and cases may be read is an answer, whatever it is."""
    (found,) = rows(project, "compliance_access", side(Compliance(offers=offers)))
    assert tuple(found.values()) == row
