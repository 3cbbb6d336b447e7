"""Findings of mailboxes under a hold: what the hold is called, how to find out, and what was decided (HLD-01)."""

from __future__ import annotations

from typing import Any

import pytest
from core_facts import NOW, judged, make_project, observed, refused, world

from xtmig_kernel.evidence import Failed, Reason
from xtmig_kernel.rules import evaluate, holds
from xtmig_kernel.rules.hold_ids import HoldId, hold_id

POLICY, HOLD = "7cfb3034-5d45-4ac0-a989-ab3041051209", "7d895d48-7e23-4a8d-8346-533c3beac15d"
BY_POLICY, BY_CASE = "mbx7cfb30345d454ac0a989ab3041051209:2", f"UniH{HOLD}"
STATES = "source__mailbox_states"
LARA = "Lara.Newton@contoso.com"
LOOK_UP_POLICY = f"Get-RetentionCompliancePolicy -Identity {POLICY} -DistributionDetail"
LOOK_UP_CASE = f"Get-CaseHoldPolicy -Identity {HOLD}"
NAMES: dict[str, Any] = {
    "source__retention_policies": [
        {"Guid": POLICY, "Name": "Seven years", "Enabled": True, "Mode": "Enforce", "Workload": "Exchange",
         "Kind": "other"},
    ],
    "source__case_holds": [{"Guid": HOLD, "Name": "Board", "Case": "Litware v. Contoso", "Enabled": True}],
}  # fmt: skip


def decided(subject: str, decision: str, at: str = "2026-11-20T09:00:00Z") -> dict[str, Any]:
    """A row of `hold_decisions`."""
    return {"Subject": subject, "Decision": decision, "By": "eva", "At": at, "Note": "file 12"}


def finding(*entries: str, rule: str = "mailbox-not-held", **changes: Any) -> Any:
    """The one finding of Lara's mailbox, held by these entries."""
    (found,) = judged(rule, make_project(), **{STATES: {"InPlaceHolds": list(entries)}} | changes)
    assert isinstance(found.verdict, Failed)
    return found


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (BY_POLICY, HoldId("policy", POLICY)),
        ("skp7CFB30345D454AC0A989AB3041051209", HoldId("policy", POLICY)),
        (BY_CASE, HoldId("case", HOLD)),
        (f"-{BY_POLICY}", None),
        ("grp7cfb30345d454ac0a989ab3041051209:3", None),
        ("cld9c0a984ca74b457fbe4504bf7d3e00de", None),
        ("c0ba3ce811b6432a8751430937152491", None),
        ("mbx1; Remove-Mailbox lara", None),
    ],
)
def test_an_entry_names_a_policy_or_a_case(entry: str, found: HoldId | None) -> None:
    """F-109, F-110: prefix and action aside, an entry is the GUID of a policy or of a case's hold."""
    assert hold_id(entry) == found


def test_a_policy_is_called_by_its_name() -> None:
    """Where the policy was read, finding and advice name it, and nobody has to look it up."""
    found = finding(BY_POLICY, **NAMES)
    assert found.seen == f"a retention policy “Seven years” ({BY_POLICY})"
    assert f"Take this to the compliance officer: retention policy “Seven years”, ID {POLICY}." in found.remedy
    assert "Get-RetentionCompliancePolicy" not in found.remedy


def test_a_hold_is_called_by_its_case() -> None:
    """Where the case was read, the finding names hold and case."""
    found = finding(BY_CASE, **NAMES)
    assert found.seen == f"an eDiscovery hold “Board” of the case “Litware v. Contoso” ({BY_CASE})"


def test_a_case_that_was_not_told_is_said_so() -> None:
    """A hold whose case this account may not see keeps its own name."""
    rows = [NAMES["source__case_holds"][0] | {"Case": None}]
    assert "“Board” of a case that was not told" in finding(BY_CASE, source__case_holds=rows).seen


@pytest.mark.parametrize(("entry", "command"), [(BY_POLICY, LOOK_UP_POLICY), (BY_CASE, LOOK_UP_CASE)])
def test_without_names_the_cmdlet_is_told(entry: str, command: str) -> None:
    """Where Security & Compliance refused, the finding stands, and says with which cmdlet the name is found."""
    none = {"source__retention_policies": [], "source__case_holds": []}
    facts = observed(world(**{STATES: {"InPlaceHolds": [entry]}} | none))
    facts |= {fact.replace("__", "."): refused(Reason.DENIED) for fact in none}
    (found,) = evaluate([rule for rule in holds.RULES if rule.id == "mailbox-not-held"], facts, make_project(), NOW)
    assert isinstance(found.verdict, Failed)
    assert command in found.remedy
    assert "not among those" not in found.remedy


def test_a_policy_that_is_not_listed_is_told() -> None:
    """Policies were read and this one was not among them: that is another thing than not having read any."""
    found = finding(BY_POLICY, source__retention_policies=[], source__case_holds=[])
    assert "is not among those that this account may see" in found.remedy
    assert LOOK_UP_POLICY in found.remedy


def test_nothing_of_an_entry_that_names_nothing_becomes_a_command() -> None:
    """A text of the tenant that is no hold that we know gets into no command."""
    assert "Remove-Mailbox" not in finding("mbx1; Remove-Mailbox lara").remedy


def test_a_policy_of_the_organisation_is_named() -> None:
    """The policy that holds everybody is called by its name, too."""
    found = finding(rule="organization-not-held", source__organization_holds=[{"Hold": BY_POLICY}], **NAMES)
    assert found.seen.startswith("a retention policy “Seven years” of the whole organisation")


def test_without_a_decision_one_is_asked_for() -> None:
    """The finding says that the decision is a legal one, and how its answer is recorded."""
    remedy = finding(BY_POLICY, source__hold_decisions=[]).remedy
    assert "legal decision" in remedy
    assert "xtmig approve 120 --hold" in remedy


def test_no_decision_is_denied_unseen() -> None:
    """Where nobody read the decisions, the finding does not say that there is none."""
    facts = observed(world(**{STATES: {"InPlaceHolds": [BY_POLICY]}})) | {
        "source.hold_decisions": refused(Reason.DENIED)
    }
    (found,) = evaluate([rule for rule in holds.RULES if rule.id == "mailbox-not-held"], facts, make_project(), NOW)
    assert isinstance(found.verdict, Failed)
    assert "No decision is on record" not in found.remedy


@pytest.mark.parametrize("subject", [LARA.upper(), BY_POLICY, "mbx7cfb30345d454ac0a989ab3041051209", POLICY])
def test_a_mailbox_that_shall_not_move_is_to_be_excluded(subject: str) -> None:
    """A decision on the mailbox or its hold, however it is written, says to list the mailbox among those who stay."""
    remedy = finding(BY_POLICY, source__hold_decisions=[decided(subject, "do-not-move")]).remedy
    assert "eva decided on 2026-11-20" in remedy
    assert "users.exclude in project.yaml" in remedy
    assert "No decision is on record" not in remedy


def test_a_decision_to_release_lets_nothing_pass() -> None:
    """A mailbox whose hold shall be lifted fails until a read shows that nothing holds it."""
    remedy = finding(BY_POLICY, source__hold_decisions=[decided(LARA, "release")]).remedy
    assert "Until a read shows that it is gone, the mailbox does not move." in remedy


def test_the_last_decision_counts() -> None:
    """Who decides again, decides otherwise."""
    rows = [decided(LARA, "do-not-move", "2026-11-21T09:00:00Z"), decided(LARA, "release")]
    assert "do not move" in finding(BY_POLICY, source__hold_decisions=rows).remedy


def test_a_decision_on_another_mailbox_is_none() -> None:
    """What was decided on somebody else says nothing here."""
    rows = [decided("jo@contoso.com", "release"), decided(BY_CASE, "release")]
    assert "No decision is on record" in finding(BY_POLICY, source__hold_decisions=rows).remedy
