"""`approvals.yaml` and `waivers.yaml` as data. Whether an approval holds is judged by the runbook."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic needs the class at run time
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from xtmig_kernel.project.model import Strict, Text

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Proof(Strict):
    """What shows that the approver is who the file says.

    `sign-in`: the approver signed in; `value` is the hash of the ledger's entry about it.
    `signature`: `value` is a base64 Ed25519 signature over the approval by the key in `project.yaml`.
    """

    kind: Literal["sign-in", "signature"]
    value: str


class Approval(Strict):
    """A named approval of the changes whose hashes it lists.

    Args:
        section: Number of the section, such as `"070"`.
        level: Highest approval level of the changes covered, 2 or 3.
        changes: Hashes of the approved changes, sorted.
        approver: UPN of the person.
        given_at: When, with a zone.
        valid_until: Until when, with a zone.
        note: Free text of the approver.
        proof: None means that somebody claims the approval; level 3 refuses that.
    """

    section: str
    level: Literal[2, 3]
    changes: tuple[Digest, ...]
    approver: str
    given_at: AwareDatetime
    valid_until: AwareDatetime
    note: str = ""
    proof: Proof | None = None

    def signed_data(self) -> dict[str, object]:
        """What a signature covers: everything but the proof."""
        return self.model_dump(mode="json", exclude={"proof"})


class SignOff(Strict):
    """A person's word for a statement that no read can prove (statements with `manual-signoff`)."""

    statement: Annotated[str, Field(pattern=r"^[A-Z]{3}-\d\d$")]
    by: Text
    at: AwareDatetime
    note: Text


class HoldDecision(Strict):
    """What whoever may say so has decided on a mailbox under a hold; it lifts no hold, and makes none pass (HLD-01).

    Args:
        subject: The mailbox, by its address in `users.csv`; or the hold, as InPlaceHolds names it or by its GUID.
        decision: `release`: the owner of the hold lifts it. `do-not-move`: the mailbox stays in the source.
        by: Who has decided.
        at: When, with a zone.
        note: Where it can be seen.
    """

    subject: Text
    decision: Literal["release", "do-not-move"]
    by: Text
    at: AwareDatetime
    note: Text


class Approvals(Strict):
    """The whole of `approvals.yaml`."""

    approvals: tuple[Approval, ...] = ()
    sign_offs: tuple[SignOff, ...] = ()
    hold_decisions: tuple[HoldDecision, ...] = ()


class Waiver(Strict):
    """A finding that its owner accepts until a date; shown as waived, never as passed.

    Args:
        rule: Id of the rule.
        subject: As the finding writes it, letter by letter.
        reason: Why it is accepted.
        owner: Who accepts it.
        until: The last day on which it holds, in UTC.
    """

    rule: Annotated[str, Field(min_length=1)]
    subject: Annotated[str, Field(min_length=1)]
    reason: Text
    owner: Text
    until: date


class Waivers(Strict):
    """The whole of `waivers.yaml`."""

    waivers: tuple[Waiver, ...] = ()


__all__ = ["Approval", "Approvals", "HoldDecision", "Proof", "SignOff", "Waiver", "Waivers"]
