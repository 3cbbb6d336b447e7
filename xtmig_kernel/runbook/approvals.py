"""Whether an approval holds: bound to the exact change, in time, by a person who may, and proven where it must be."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from xtmig_kernel.changes import Change, Level, canonical
from xtmig_kernel.clock import as_text
from xtmig_kernel.errors import ApprovalError
from xtmig_kernel.store.ledger import entry_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from xtmig_kernel.project import Approval, Approver, Project
    from xtmig_kernel.store import Entry, Ledger

LONGEST = {Level.NAMED: timedelta(days=14), Level.SECOND_PERSON: timedelta(days=7)}


def find_approval(
    change: Change,
    approvals: Sequence[Approval],
    project: Project,
    ledger: Ledger,
    now: datetime,
    operators: Collection[str],
) -> Approval:
    """The approval that lets a change of level 2 or 3 be made.

    Args:
        change: The change.
        approvals: Everything in `approvals.yaml`.
        project: Names the approvers, and whether four eyes are off.
        ledger: Holds the approvals that were proven by a sign-in.
        now: The present moment, UTC.
        operators: UPNs that are signed in to make the change.

    Raises:
        ApprovalError: There is none, or none holds; says why each one does not.
    """
    return ApprovalJudge(approvals, project, ledger, now, operators).find(change)


class ApprovalJudge:
    """Judges approvals at one moment, each once for all changes of a section and level: thousands may rest on one.

    Args:
        approvals: Everything in `approvals.yaml`.
        project: Names the approvers, and whether four eyes are off.
        ledger: Holds the approvals that were proven by a sign-in.
        now: The present moment, UTC.
        operators: UPNs that are signed in to make the changes.
    """

    def __init__(
        self,
        approvals: Sequence[Approval],
        project: Project,
        ledger: Ledger,
        now: datetime,
        operators: Collection[str],
    ) -> None:
        self._approvals = approvals
        self._context = (project, ledger, now, operators)
        self._naming: dict[str, list[int]] = {}
        for place, approval in enumerate(approvals):
            for listed in dict.fromkeys(approval.changes):
                self._naming.setdefault(listed, []).append(place)
        self._judged: dict[tuple[int, str, Level], list[str]] = {}

    def find(self, change: Change) -> Approval:
        """The approval that lets a change be made.

        Args:
            change: A change of level 2 or 3.

        Raises:
            ApprovalError: There is none, or none holds; says why each one does not.
        """
        section = change.step.split(".", maxsplit=1)[0]
        reasons: list[str] = []
        for place in self._naming.get(change.hash, ()):
            approval, known = self._approvals[place], (place, section, change.level)
            if known not in self._judged:
                self._judged[known] = _problems(approval, change, *self._context)
            if not self._judged[known]:
                return approval
            reasons.append(f"the approval of {approval.approver}: {'; '.join(self._judged[known])}")
        who = "a second person, signed in" if change.level == Level.SECOND_PERSON else "an approver"
        raise ApprovalError(
            f"“{change.title}” is not approved",
            side=change.side,
            step=change.step,
            subject=change.subject.label,
            cause=" | ".join(reasons) or "no approval names this exact change",
            remedy=f"Ask {who} for: xtmig approve {section}",
            statements=change.statements,
        )


def _problems(
    approval: Approval, change: Change, project: Project, ledger: Ledger, now: datetime, operators: Collection[str]
) -> list[str]:
    found: list[str] = []
    if approval.section != change.step.split(".", maxsplit=1)[0]:
        found.append(f"it is for section {approval.section}")
    if approval.level < change.level:
        found.append(f"it is of level {approval.level}, the change needs level {int(change.level)}")
    if not approval.given_at <= now <= approval.valid_until:
        found.append(f"it is valid from {as_text(approval.given_at)} to {as_text(approval.valid_until)}")
    if approval.valid_until - approval.given_at > LONGEST[change.level]:
        found.append(f"it is made for longer than {LONGEST[change.level].days} days")
    approver = _approver(approval, project)
    if approver is None:
        found.append("project.yaml does not list this approver")
    if approval.proof is None:
        if change.level == Level.SECOND_PERSON:
            found.append("nobody signed it, so it is only claimed")
    elif approver is not None and not _proven(approval, approver, ledger):
        found.append("its proof does not match what it says")
    same = approval.approver.casefold() in {name.casefold() for name in operators}
    if change.level == Level.SECOND_PERSON and same and project.four_eyes.off_because is None:
        found.append("the approver is the person who makes the change")
    return found


def _approver(approval: Approval, project: Project) -> Approver | None:
    return next((a for a in project.approvers if a.upn.casefold() == approval.approver.casefold()), None)


def _proven(approval: Approval, approver: Approver, ledger: Ledger) -> bool:
    proof = approval.proof
    if proof is None:
        return False
    if proof.kind == "sign-in":
        return any(_vouches(entry, proof.value, approval) for entry in ledger.entries("approval_given"))
    return approver.public_key is not None and _signed(approval, approver.public_key)


def _vouches(entry: Entry, wanted: str, approval: Approval) -> bool:
    content = {key: value for key, value in entry.as_data().items() if key != "hash"}
    return (
        entry_hash(content) == wanted
        and entry.data["approval"] == approval.signed_data()
        and str(entry.data["name"]).casefold() == approval.approver.casefold()
    )


def _signed(approval: Approval, public_key: str) -> bool:
    try:
        key = load_pem_public_key(public_key.encode("utf-8"))
        signature = base64.b64decode(approval.proof.value if approval.proof else "", validate=True)
        key.verify(signature, canonical(approval.signed_data()).encode("utf-8"))  # type: ignore[union-attr, call-arg]
    except (ValueError, TypeError, AttributeError, binascii.Error, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
