"""What holds are called, where Security & Compliance told it, and how to find that out where it did not. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xtmig_kernel.rules.hold_ids import hold_id, old_hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.rules.hold_ids import HoldId
    from xtmig_kernel.rules.rule import Seen

POLICIES, CASES = "source.retention_policies", "source.case_holds"
NAME_FACTS = (POLICIES, CASES)
_CONNECT = "in Security & Compliance PowerShell (Connect-IPPSSession)"


@dataclass(frozen=True)
class HoldNames:
    """What was read of policies and cases.

    Args:
        policies: GUID to row of `retention_policies`.
        cases: GUID to row of `case_holds`.
        read: Which of the two kinds were read at all.
    """

    policies: Mapping[str, Row] = field(default_factory=dict)
    cases: Mapping[str, Row] = field(default_factory=dict)
    read: frozenset[str] = frozenset()

    @classmethod
    def of(cls, seen: Seen) -> HoldNames:
        """From the facts, as far as they were observed.

        Args:
            seen: May hold `NAME_FACTS`.
        """
        policies, cases = (
            {str(row["Guid"]): row for row in seen.rows(fact)} if seen.has(fact) else None for fact in NAME_FACTS
        )
        read = (kind for kind, rows in (("policy", policies), ("case", cases)) if rows is not None)
        return cls(policies or {}, cases or {}, frozenset(read))

    def name(self, entry: str) -> str:
        """What an entry of InPlaceHolds is called; an empty text where that is not known.

        Args:
            entry: As Exchange told it.
        """
        found = hold_id(entry)
        row = self._row(found) if found else None
        if found is None or row is None or not row["Name"]:
            return ""
        name = f"“{row['Name']}”" + (", switched off" if row["Enabled"] is False else "")
        if found.kind == "policy":
            return name
        return f"{name} of the case “{row['Case']}”" if row["Case"] else f"{name} of a case that was not told"

    def advice(self, entries: Iterable[str]) -> str:
        """What to take to the compliance officer, and how to find out what could not be told.

        Args:
            entries: What holds the mailbox.
        """
        asked = list(dict.fromkeys(entries))
        named = [words for entry in asked if (words := self._taken(entry))]
        sentences = [f"Take this to the compliance officer: {'; '.join(named)}."] if named else []
        return " ".join([*sentences, *(self._look_up(entry) for entry in asked if not self.name(entry))]).strip()

    def _row(self, found: HoldId) -> Row | None:
        return (self.policies if found.kind == "policy" else self.cases).get(found.guid)

    def _taken(self, entry: str) -> str:
        name, found = self.name(entry), hold_id(entry)
        if not name or found is None:
            return ""
        return f"{'retention policy' if found.kind == 'policy' else 'hold'} {name}, ID {found.guid}"

    def _look_up(self, entry: str) -> str:
        found = hold_id(entry)
        if found is None:
            old = old_hold(entry)
            return f"What {old} is: Get-MailboxSearch -InPlaceHoldIdentity {old} in Exchange Online." if old else ""
        why = " is not among those that this account may see; look" if found.kind in self.read else ": look"
        if found.kind == "policy":
            command = f"Get-RetentionCompliancePolicy -Identity {found.guid} -DistributionDetail"
            return f"The name of policy {found.guid}{why} {_CONNECT} with: {command}."
        command = f"Get-CaseHoldPolicy -Identity {found.guid}, then Get-ComplianceCase -Identity with its CaseId"
        return f"The name and the case of hold {found.guid}{why} {_CONNECT} with: {command}."


def entries_of(state: Row) -> Iterator[str]:
    """The entries of a mailbox's InPlaceHolds that hold it.

    Args:
        state: A row of `mailbox_states`.
    """
    return (str(entry) for entry in state["InPlaceHolds"] if not str(entry).strip().startswith("-"))
