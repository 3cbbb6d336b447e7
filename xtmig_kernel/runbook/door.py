"""The one door: every write to a tenant passes here, and nothing else calls a tenant to change it.

In this order: the tenant is proven, values that were unknown while planning are read, the object is compared
with what the plan saw, the approval is found, the intent is written to the ledger, the calls are made, the
outcome is written, and the object is read back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.changes import Change, ExchangeCall, Level, as_data, fill, later_values
from xtmig_kernel.clock import from_text
from xtmig_kernel.credentials import Secret
from xtmig_kernel.errors import (
    ApprovalError,
    EngineError,
    NotYetAccepted,
    ServiceError,
    StalePlanError,
    WrongTenantError,
    XtmigError,
    step_context,
)
from xtmig_kernel.evidence import NotObserved, Observed
from xtmig_kernel.m365 import PSCredential, UncertainWrite
from xtmig_kernel.powershell import change_lines
from xtmig_kernel.runbook.approvals import ApprovalJudge
from xtmig_kernel.runbook.compare import differences, holds
from xtmig_kernel.runbook.secrets import (
    NOT_YET,
    credential_in,
    minted_name,
    mints,
    remove_secret,
    with_credential,
    with_secrets,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from xtmig_kernel.changes import Call, Subject
    from xtmig_kernel.clock import Clock
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory import Reader
    from xtmig_kernel.m365 import CallReply, Tenant
    from xtmig_kernel.project import Approval, Project, Side
    from xtmig_kernel.store import Entry, Ledger

READ_BACK_PATIENCE = timedelta(seconds=180)
ACCEPTANCE_PATIENCE = timedelta(minutes=10)
ACCEPTANCE_PAUSE_SECONDS = 10


@dataclass(frozen=True)
class Outcome:
    """What became of one change.

    Args:
        change: The change.
        result: `done` (made and seen), `found done` (it was so already), `waiting` (made, not yet seen), `refused`.
        until: For `waiting`: when to look again, UTC.
        error: For `refused`: why.
    """

    change: Change
    result: Literal["done", "found done", "waiting", "refused"]
    until: datetime | None = None
    error: XtmigError | None = None


class Door:
    """Makes changes.

    Args:
        project: The project.
        tenants: The sides that are signed in.
        reader: Reads objects.
        ledger: Takes intents and outcomes.
        clock: Tells the time and waits.
        redactor: Learns every secret before it is used.
        approvals: Gives the approvals of the moment.
        ask: Asks a person for a secret, or None where nobody can be asked.
        progress: Takes one sentence about what is waited for.
    """

    def __init__(
        self,
        *,
        project: Project,
        tenants: Mapping[Side, Tenant],
        reader: Reader,
        ledger: Ledger,
        clock: Clock,
        redactor: Redactor,
        approvals: Callable[[], tuple[Approval, ...]],
        ask: Callable[[str], str] | None,
        progress: Callable[[str], None],
    ) -> None:
        self._project = project
        self._tenants = tenants
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._redactor = redactor
        self._approvals = approvals
        self._ask = ask
        self._progress = progress

    def make(self, change: Change) -> Outcome:
        """Make one change, or find it made.

        Args:
            change: As it was planned.

        Raises:
            WrongTenantError: The session is of another tenant than the change names.
            StalePlanError: The object is no longer as the plan saw it.
            ApprovalError: The approval is missing or does not hold.
            NotYetAccepted: The service did not yet accept a new secret or consent.
            ServiceError: The service refused.
        """
        with step_context(side=change.side, step=change.step, subject=change.subject.label):
            tenant = self.proven(change)
            filled = self._filled(change)
            row = self._observed(filled.subject)
            if holds(row, filled.after):
                self._write_outcome(None, change, "found done")
                return Outcome(change, "found done")
            different = differences(row, filled.before)
            if different:
                raise StalePlanError(
                    f"{change.subject.label} is no longer as the plan saw it: {'; '.join(different)}",
                    remedy="Plan again, and look at what changed.",
                    statements=change.statements,
                )
            if change.level >= Level.NAMED:
                self.approve(change, self._approvals())
            ready = self.with_secrets(filled)
            intent = self._ledger.append("intent", self.intent_data(change, filled), step=change.step)
            self._call(tenant, filled, ready, intent)
            return self.read_back(change, filled.after, intent.seq, intent.at)

    def proven(self, change: Change) -> Tenant:
        """The tenant that a change is for, signed in.

        Args:
            change: The change.

        Raises:
            EngineError: Nobody is signed in to that side.
            WrongTenantError: The session is of another tenant than the change names.
        """
        tenant = self._tenants.get(change.side)
        if tenant is None:
            raise EngineError(f"nobody is signed in to the {change.side} tenant", remedy="Sign in, then apply again.")
        if tenant.identity.tenant_id != change.tenant_id:
            raise WrongTenantError(
                f"the session is of tenant {tenant.identity.tenant_id}, the change is for {change.tenant_id}",
                remedy="Sign in to the right tenant; nothing was written.",
            )
        return tenant

    def _filled(self, change: Change) -> Change:
        known: dict[Any, Any] = {}
        for value in later_values(change):
            row = self._observed(value.subject)
            if row is None or row.get(value.attribute) is None:
                raise EngineError(
                    f"{value} is not known, because {value.subject.label} does not exist",
                    remedy="Apply the step that creates it first.",
                )
            known[value] = row[value.attribute]
        if not known:
            return change
        calls = tuple(fill(call, known) for call in change.calls)
        return replace(change, before=fill(change.before, known), after=fill(change.after, known), calls=calls)

    def _observed(self, subject: Subject) -> Row | None:
        observation = self._reader.read_subject(subject)
        if isinstance(observation, NotObserved):
            raise EngineError(
                f"{subject.label} could not be read ({observation.reason.value}), so it is not changed",
                cause=observation.detail,
                remedy="Mend the read first; a change is never made blind.",
            )
        return observation.value

    def approve(self, change: Change, approvals: Sequence[Approval]) -> None:
        """Find the approval of a change of level 2 or 3, and write down which one it was.

        Args:
            change: The change.
            approvals: Those of the moment.

        Raises:
            ApprovalError: There is none, or none holds.
        """
        kind, data, error = self.approval_entry(change, self.approval_judge(approvals))
        self._ledger.append(kind, data, step=change.step)
        if error is not None:
            raise error

    def approval_judge(self, approvals: Sequence[Approval]) -> ApprovalJudge:
        """Judges these approvals at this moment, for whoever is signed in.

        Args:
            approvals: Those of the moment.
        """
        operators = [tenant.identity.name for tenant in self._tenants.values()]
        return ApprovalJudge(approvals, self._project, self._ledger, self._clock.now(), operators)

    @staticmethod
    def approval_entry(change: Change, judge: ApprovalJudge) -> tuple[str, dict[str, Any], ApprovalError | None]:
        """What the ledger is to hold of a change's approval: kind and content of the entry, and why there is none.

        Args:
            change: A change of level 2 or 3.
            judge: Finds its approval.
        """
        data = {"change": change.hash, "level": int(change.level)}
        try:
            approval = judge.find(change)
        except ApprovalError as error:
            return "approval_refused", data | {"reasons": [error.cause]}, error
        proof = approval.proof.kind if approval.proof else None
        return "approval_used", data | {"approver": approval.approver, "proof": proof}, None

    def intent_data(self, change: Change, filled: Change | None = None) -> dict[str, Any]:
        """What an intent says.

        Args:
            change: The change as it was planned.
            filled: The same with everything known; the change itself where nothing came later.
        """
        filled = filled or change
        return {"change": change.hash, "data": as_data(filled), "lines": change_lines(filled)}

    def _write_outcome(
        self,
        intent: int | None,
        change: Change,
        result: str,
        replies: tuple[CallReply, ...] = (),
        error: XtmigError | None = None,
    ) -> None:
        request_ids = [reply.request_id for reply in replies if reply.request_id]
        if isinstance(error, ServiceError):
            request_ids += error.support_ids
        data = {
            "intent": intent,
            "change": change.hash,
            "result": result,
            "request_ids": request_ids,
            "warnings": [warning for reply in replies for warning in reply.warnings],
            "error": error.as_data() if error else None,
        }
        self._ledger.append("outcome", data, step=change.step)

    def with_secrets(self, filled: Change) -> tuple[Call, ...]:
        """The calls with every secret that is provided or made here; fetched before anything is begun.

        Args:
            filled: A change with everything known.

        Raises:
            SecretReferenceError: A secret cannot be fetched, or a password cannot be handed over.
        """
        return tuple(with_secrets(call, self._redactor, self._ask) for call in filled.calls)

    def _call(self, tenant: Tenant, change: Change, calls: tuple[Call, ...], intent: Entry) -> None:
        replies: list[CallReply] = []
        try:
            if mints(change):
                self._mint_and_hand_over(tenant, change, calls, replies)
            else:
                replies.extend(tenant.run(call) for call in calls)
        except UncertainWrite as error:
            if mints(change):
                raise  # the intent stays open: recovery removes a leftover secret, then it is planned again
            self._settle_lost_answer(change, intent, error)
        except XtmigError as error:
            # what a refused change has minted goes before the refusal is written down: until then the intent is
            # open, and recovery looks for the secret
            if mints(change) and replies:
                self._discard_after(error, change)
            self._write_outcome(intent.seq, change, "failed", tuple(replies), error)
            raise
        else:
            self._write_outcome(intent.seq, change, "done", tuple(replies))

    def _discard_after(self, refusal: XtmigError, change: Change) -> None:
        try:
            self.discard_secret(minted_name(change), change.step, certain=True)
        except EngineError as leftover:
            leftover.cause = f"the change itself was refused: {refusal.message}"
            raise

    def _mint_and_hand_over(
        self, tenant: Tenant, change: Change, calls: tuple[Call, ...], replies: list[CallReply]
    ) -> None:
        mint, hand_over = calls
        credential = credential_in(hand_over)
        if credential is None or not isinstance(hand_over, ExchangeCall):
            raise EngineError(f"“{change.title}” mints a secret that no call takes")
        replies.append(tenant.run(mint))
        secret = Secret(str(replies[0].data["secretText"]), self._redactor)
        ready = with_credential(hand_over, PSCredential(str(credential.user), secret))
        replies.append(self._accepted(tenant, ready))

    def _settle_lost_answer(self, change: Change, intent: Entry, error: UncertainWrite) -> None:
        self._progress(f"{change.title}: the answer was lost; looking whether it was done")
        if not self._became(change):
            raise EngineError(
                f"the answer to “{change.title}” was lost, and the object does not show it yet",
                cause=str(error),
                remedy="Run again; it is looked for before anything is repeated.",
            ) from error
        self._write_outcome(intent.seq, change, "done")

    def _accepted(self, tenant: Tenant, call: Call) -> CallReply:
        """Call again while the service has not heard of a new secret or consent everywhere."""
        deadline = self._clock.now() + ACCEPTANCE_PATIENCE
        while True:
            try:
                return tenant.run(call)
            except UncertainWrite:
                raise
            except ServiceError as error:
                if not any(code in str(error) for code in NOT_YET):
                    raise
                if self._clock.now() >= deadline:
                    raise NotYetAccepted(
                        "the service does not accept the new secret or consent yet",
                        cause=str(error),
                        remedy="The settings are right; run again in half an hour. Nothing was left behind.",
                        exception_type=error.exception_type,
                        request_id=error.request_id,
                        status=error.status,
                    ) from error
                self._progress("the new secret or consent is not accepted everywhere yet; trying again")
                self._clock.sleep(ACCEPTANCE_PAUSE_SECONDS)

    def discard_secret(self, name: str, step: str, *, certain: bool) -> None:
        """Remove a secret that was minted and never reached the endpoint.

        Args:
            name: Its display name, which holds the project's id.
            step: Id of the step that minted it.
            certain: Whether it was made for sure; then it is waited for until a read shows it.

        Raises:
            EngineError: It could not be looked for, or was made and does not show.
        """
        deadline = self._clock.now() + READ_BACK_PATIENCE
        for pause in pauses():
            found = self._minted(name)
            if found or not certain:
                break
            if self._clock.now() >= deadline:
                raise EngineError(
                    f"the secret “{name}” was made for nothing, and does not show yet",
                    remedy="Run again; it is removed before a new one is made.",
                )
            self._progress("the secret that was made for nothing does not show yet; waiting to remove it")
            self._clock.sleep(pause)
        for application_object_id, row in found:
            self.make(remove_secret(self._project, application_object_id, row, step, Level.UNDOABLE))

    def _minted(self, name: str) -> list[tuple[str, Row]]:
        """This project's secrets of that name, each with its application's object ID."""
        rows = self._reader.read("target.application_credentials")
        applications = self._reader.read("target.applications")
        if isinstance(rows, NotObserved) or isinstance(applications, NotObserved):
            raise EngineError(
                f"the leftover secret “{name}” could not be looked for",
                remedy="Run again; it is removed before a new one is made.",
            )
        object_ids = {row["AppId"]: str(row["Id"]) for row in applications.value}
        ours = name.startswith(self._project.credential_prefix)
        return [(object_ids[row["AppId"]], row) for row in rows.value if ours and row["DisplayName"] == name]

    def _became(self, filled: Change) -> bool:
        """Whether a read shows the change within the patience for lost answers."""
        deadline = self._clock.now() + min(timedelta(seconds=filled.lag_seconds), READ_BACK_PATIENCE)
        for pause in pauses():
            row = self._reader.read_subject(filled.subject)
            if isinstance(row, Observed) and holds(row.value, filled.after):
                return True
            if self._clock.now() >= deadline:
                break
            self._clock.sleep(pause)
        return False

    def read_back(self, change: Change, after: Mapping[str, Any] | None, intent: int, began: str) -> Outcome:
        """Read the object until it shows the change, or say until when to look again.

        Args:
            change: The change.
            after: Its attributes, everything known by now.
            intent: Number of the intent's entry.
            began: When the change was begun, as the ledger writes times.
        """
        start = self._clock.now()
        deadline = start + min(timedelta(seconds=change.lag_seconds), READ_BACK_PATIENCE)
        row: Row | None = None
        matches = False
        for pause in pauses():
            observation = self._reader.read_subject(change.subject)
            row = observation.value if isinstance(observation, Observed) else None
            matches = isinstance(observation, Observed) and holds(row, after)
            if matches or self._clock.now() >= deadline:
                break
            self._progress(f"{change.title}: accepted; waiting until a read shows it")
            self._clock.sleep(pause)
        seen = None if row is None else {name: row.get(name) for name in (after or row)}
        data = {
            "intent": intent,
            "change": change.hash,
            "matches": matches,
            "before": as_data(change.before),
            "after": seen,
            "waited_seconds": round((self._clock.now() - start).total_seconds()),
        }
        self._ledger.append("read_back", data, step=change.step)
        if matches:
            return Outcome(change, "done")
        return Outcome(change, "waiting", look_again(self._clock.now(), from_text(began), change.lag_seconds))


def look_again(now: datetime, began: datetime, lag_seconds: int) -> datetime:
    """When it is worth looking again: in ten minutes, or when the service's lag has passed.

    Args:
        now: The present moment, UTC.
        began: When the change was begun, UTC.
        lag_seconds: How long the service may take, in seconds.
    """
    return max(now, min(now + timedelta(minutes=10), began + timedelta(seconds=lag_seconds)))


def pauses() -> Iterator[int]:
    """Seconds between two reads: short at first, never longer than fifteen."""
    yield from (1, 2, 3, 5, 8)
    while True:
        yield 15
