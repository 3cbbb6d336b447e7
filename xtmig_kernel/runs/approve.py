"""Named approvals, sign-offs, decisions on holds: `xtmig approve`."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import ValidationError

from xtmig_kernel.changes import Level, canonical
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError
from xtmig_kernel.m365 import clock_for, identify
from xtmig_kernel.project import (
    Approval,
    Approvals,
    HoldDecision,
    Proof,
    SignInSettings,
    SignOff,
    load_approvals,
    load_project,
    save_approvals,
)
from xtmig_kernel.rules.hold_ids import hold_key
from xtmig_kernel.runs.proposals import nothing_to_approve
from xtmig_kernel.statements import statements
from xtmig_kernel.store import Ledger, approvals_lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xtmig_kernel.project import Approver, Project
    from xtmig_kernel.runs.proposals import Proposed

VALID = {2: timedelta(days=14), 3: timedelta(days=7)}
SIGN_OFF_KIND = "manual-signoff"


def approve(
    folder: Path,
    section: str,
    changes: list[Proposed],
    upn: str,
    *,
    note: str = "",
    prove: Literal["browser", "device_code"] | Path | None = "browser",
    show: Callable[[str, str], None] | None = None,
) -> Approval:
    """Record that a person approves these changes.

    Args:
        folder: The project folder.
        section: Number of the section.
        changes: What is approved; their hashes are what counts.
        upn: The approver, one of those in `project.yaml`.
        note: Free text of the approver.
        prove: Sign in by this method; or sign with the Ed25519 private key in this PEM file; or None for a mere
            claim, which level 3 refuses.
        show: Shows the approver a message and a link, for the sign-in.

    Raises:
        UsageError: The approver is not listed, or there is nothing to approve.
        SignInError: Somebody else signed in, or nobody could.
    """
    project = load_project(folder)
    if not changes:
        raise nothing_to_approve(folder, section)
    approver = _approver(project, upn)
    level = max(change.level for change in changes)
    clock = clock_for(project)
    now = clock.now().replace(microsecond=0)
    approval = Approval(
        section=section,
        level=2 if level == Level.NAMED else 3,
        changes=tuple(sorted(change.hash for change in changes)),
        approver=approver.upn,
        given_at=now,
        valid_until=now + VALID[level],
        note=note,
    )
    ledger = Ledger(project.folder, clock, Redactor(), "approve")
    if isinstance(prove, Path):
        approval = _signed(approval, prove)
    elif prove is not None:
        approval = _signed_in(project, approver, approval, ledger, prove, show)
    _save(project, lambda book: book.model_copy(update={"approvals": (*book.approvals, approval)}))
    return approval


def _approver(project: Project, upn: str) -> Approver:
    for approver in project.approvers:
        if approver.upn.casefold() == upn.casefold():
            return approver
    names = ", ".join(approver.upn for approver in project.approvers) or "nobody"
    raise UsageError(f"{upn} is not an approver; project.yaml lists {names}", remedy="Add the person to approvers.")


def _signed_in(
    project: Project,
    approver: Approver,
    approval: Approval,
    ledger: Ledger,
    method: Literal["browser", "device_code"],
    show: Callable[[str, str], None] | None,
) -> Approval:
    settings = project.side(approver.side).model_copy(update={"sign_in": SignInSettings(method=method)})
    as_approver = project.model_copy(update={approver.side: settings})
    identity = identify(as_approver, approver.side, redactor=Redactor(), show=show)
    if identity.kind != "person" or identity.name.casefold() != approver.upn.casefold():
        raise UsageError(
            f"{identity.name} signed in, but the approval is of {approver.upn}",
            side=approver.side,
            remedy="Let the approver sign in; close other sessions in the browser first.",
        )
    entry = ledger.append(
        "approval_given",
        {
            "approval": approval.signed_data(),
            "tenant_id": identity.tenant_id,
            "object_id": identity.object_id,
            "name": identity.name,
        },
    )
    return approval.model_copy(update={"proof": Proof(kind="sign-in", value=entry.hash)})


def _signed(approval: Approval, key_file: Path) -> Approval:
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"{key_file} is not a private key that can be read", remedy="Give an unencrypted Ed25519 key in PEM form."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            f"{key_file} is not an Ed25519 key", remedy="Make one with: openssl genpkey -algorithm ed25519"
        )
    signature = key.sign(canonical(approval.signed_data()).encode("utf-8"))
    return approval.model_copy(
        update={"proof": Proof(kind="signature", value=base64.b64encode(signature).decode("ascii"))}
    )


def sign_off(folder: Path, statement: str, by: str, note: str) -> SignOff:
    """Record a person's word for a statement that no read can prove.

    Args:
        folder: The project folder.
        statement: Its id, such as `"APP-14"`.
        by: Who gives the word.
        note: What they confirm, and where it can be seen.

    Raises:
        UsageError: There is no such statement, or it is not for a person to sign.
    """
    known = statements().get(statement)
    if known is None or known.automation != SIGN_OFF_KIND:
        raise UsageError(
            f"{statement} is not a statement that a person signs off",
            remedy="docs/reference/statements.md lists those that are.",
        )
    project = load_project(folder)
    clock = clock_for(project)
    now: datetime = clock.now().replace(microsecond=0)
    entry = SignOff(statement=statement, by=by, at=now, note=note)
    Ledger(project.folder, clock, Redactor(), "approve").append("sign_off", entry.model_dump(mode="json"))
    _save(project, lambda book: book.model_copy(update={"sign_offs": (*book.sign_offs, entry)}))
    return entry


def decide_hold(folder: Path, subject: str, decision: str, by: str, note: str) -> HoldDecision:
    """Record what whoever may say so has decided on a mailbox under a hold, or on a hold (HLD-01).

    It is shown with the finding, and the mailbox fails on until a read shows that nothing holds it.

    Args:
        folder: The project folder.
        subject: The mailbox's address in `users.csv`; or the hold, as InPlaceHolds names it or by its GUID.
        decision: `"release"`: the owner of the hold lifts it. `"do-not-move"`: the mailbox stays in the source.
        by: Who has decided.
        note: Where it can be seen.

    Raises:
        UsageError: The subject is neither an address nor a hold, or something is missing.
    """
    if "@" not in subject and hold_key(subject) is None:
        raise UsageError(
            f"{subject!r} is neither the address of a mailbox nor a hold",
            remedy="Give the address as users.csv has it, or the entry of InPlaceHolds that the finding names.",
        )
    project = load_project(folder)
    clock = clock_for(project)
    entry = _checked(subject.strip(), decision, by, clock.now().replace(microsecond=0), note)
    Ledger(project.folder, clock, Redactor(), "approve").append("hold_decision", entry.model_dump(mode="json"))
    _save(project, lambda book: book.model_copy(update={"hold_decisions": (*book.hold_decisions, entry)}))
    return entry


def _checked(subject: str, decision: str, by: str, at: datetime, note: str) -> HoldDecision:
    try:
        return HoldDecision.model_validate({"subject": subject, "decision": decision, "by": by, "at": at, "note": note})
    except ValidationError as error:
        where = ", ".join(sorted({str(item["loc"][0]) for item in error.errors()}))
        raise UsageError(
            f"the decision cannot be recorded: {where}",
            remedy="Give --decision release or do-not-move, --by who has decided, and --note where it can be seen.",
        ) from None


def _save(project: Project, change: Callable[[Approvals], Approvals]) -> None:
    with approvals_lock(project.folder):
        save_approvals(project.folder, change(load_approvals(project.folder)))
