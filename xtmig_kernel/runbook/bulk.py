"""The one door for many independent changes at once: ten in a request, one outcome for each.

What `Door.make` does for one change is done here for all: the tenant is proven, every object is compared with what the
plan saw, approvals are found, and the intents of a request are written before it is sent. A change that cannot be made
keeps nothing else from being made.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Level, as_data, later_values
from xtmig_kernel.clock import from_text
from xtmig_kernel.counting import counted
from xtmig_kernel.errors import (
    AccessDenied,
    ApprovalError,
    EngineError,
    ServiceError,
    StalePlanError,
    Throttled,
    Unavailable,
    XtmigError,
)
from xtmig_kernel.evidence import NotObserved, Observed
from xtmig_kernel.inventory import Snapshot
from xtmig_kernel.m365 import UncertainWrite
from xtmig_kernel.runbook.compare import differences, holds
from xtmig_kernel.runbook.door import READ_BACK_PATIENCE, Door, Outcome, look_again, pauses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.changes import Call, Change
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.m365 import CallReply, Tenant
    from xtmig_kernel.store import Entry

PER_REQUEST = 10
_HOPELESS = (AccessDenied, Unavailable, Throttled)


class BulkDoor(Door):
    """A door that also takes many changes at once; see `Door` for what it is made of."""

    def make_all(self, changes: Sequence[Change]) -> list[Outcome]:
        """Make changes that do not depend on each other; each of one call, without values that come later.

        Args:
            changes: As they were planned, all of one tenant.

        Returns:
            One outcome for each, in their order.

        Raises:
            WrongTenantError: The session is of another tenant than the changes name.
            EngineError: Nobody is signed in, or the changes are not fit to be made at once.
        """
        if not changes:
            return []
        unfit = [
            c for c in changes if len(c.calls) != 1 or any(True for _ in later_values(c)) or c.side != changes[0].side
        ]
        if unfit:
            raise EngineError(f"“{unfit[0].title}” cannot be made together with others")
        tenants = {change.tenant_id: self.proven(change) for change in changes}
        outcomes: dict[str, Outcome] = {}
        ready = self._checked(changes, outcomes)
        begun = self._sent(tenants[changes[0].tenant_id], ready, outcomes)
        self._seen(begun, outcomes)
        return [outcomes[change.hash] for change in changes]

    def _checked(self, changes: Sequence[Change], outcomes: dict[str, Outcome]) -> list[Change]:
        """The changes that may be made now; what becomes of the others is known."""
        now, judge = Snapshot(self._reader), self.approval_judge(self._approvals())
        ready = []
        entries: list[tuple[str, dict[str, Any]]] = []
        for change in changes:
            try:
                if self._found_done(change, now):
                    outcomes[change.hash] = Outcome(change, "found done")
                    entries.append(_outcome(None, change, "found done"))
                    continue
                if change.level >= Level.NAMED:
                    kind, data, error = self.approval_entry(change, judge)
                    entries.append((kind, data))
                    if error is not None:
                        raise error
                ready.append(change)
            except XtmigError as error:
                outcomes[change.hash] = _refused(change, error)
        self._ledger.append_all(entries, step=changes[0].step)
        return ready

    def _found_done(self, change: Change, now: Snapshot) -> bool:
        observation = now.read_subject(change.subject)
        if isinstance(observation, NotObserved):
            raise EngineError(
                f"{change.subject.label} could not be read ({observation.reason.value}), so it is not changed",
                cause=observation.detail,
                remedy="Mend the read first; a change is never made blind.",
            )
        if holds(observation.value, change.after):
            return True
        different = differences(observation.value, change.before)
        if different:
            raise StalePlanError(
                f"{change.subject.label} is no longer as the plan saw it: {'; '.join(different)}",
                remedy="Plan again, and look at what changed.",
                statements=change.statements,
            )
        return False

    def _sent(
        self, tenant: Tenant, changes: Sequence[Change], outcomes: dict[str, Outcome]
    ) -> list[tuple[Change, Entry]]:
        """Send them, a few requests at once; returns those that the service accepted, or may have."""
        groups = [changes[start : start + PER_REQUEST] for start in range(0, len(changes), PER_REQUEST)]
        begun: list[tuple[Change, Entry]] = []
        finished, hopeless = 0, False
        with ThreadPoolExecutor(self._project.requests_at_once) as pool:
            waiting = list(reversed(groups))
            # secrets are fetched and handed over by this thread alone: a keyring need not bear two writers at once
            running = {
                pool.submit(self._send, tenant, *self._prepared(waiting.pop()))
                for _ in range(min(len(groups), self._project.requests_at_once))
            }
            while running:
                future = next(as_completed(running))
                running.remove(future)
                for change, intent, error in future.result():
                    finished += 1
                    if error is None or isinstance(error, UncertainWrite):
                        begun.append((change, intent))
                    if error is not None:
                        outcomes[change.hash] = _refused(change, error)
                hopeless = hopeless or all(isinstance(error, _HOPELESS) for _, _, error in future.result())
                self._progress(f"{finished} of {len(changes)} sent")
                if waiting and not hopeless:
                    running.add(pool.submit(self._send, tenant, *self._prepared(waiting.pop())))
        for change in (change for group in waiting for change in group):
            outcomes[change.hash] = _refused(
                change,
                EngineError("not begun, because the service refused everything before it", remedy="Run again later."),
            )
        return begun

    def _prepared(self, changes: Sequence[Change]) -> tuple[Sequence[Change], list[Call]]:
        return changes, [self.with_secrets(change)[0] for change in changes]

    def _send(
        self, tenant: Tenant, changes: Sequence[Change], prepared: list[Call]
    ) -> list[tuple[Change, Entry, XtmigError | None]]:
        """One request: its intents, its calls, an outcome for each that is certain."""
        step = changes[0].step
        intents = self._ledger.append_all([("intent", self.intent_data(change)) for change in changes], step=step)
        answers: list[CallReply | ServiceError] = tenant.run_many(prepared)
        results: list[tuple[Change, Entry, XtmigError | None]] = []
        known = []
        for change, intent, answer in zip(changes, intents, answers, strict=True):
            error = answer if isinstance(answer, XtmigError) else None
            results.append((change, intent, error))
            if not isinstance(error, UncertainWrite):
                known.append(_outcome(intent.seq, change, "failed" if error else "done", answer))
        self._ledger.append_all(known, step=step)
        return results

    def _seen(self, begun: Sequence[tuple[Change, Entry]], outcomes: dict[str, Outcome]) -> None:
        """Read all objects back until each shows its change, or its time is over."""
        missing = dict(enumerate(begun))
        start = self._clock.now()
        patience = max((timedelta(seconds=change.lag_seconds) for change, _ in begun), default=timedelta())
        deadline = start + min(patience, READ_BACK_PATIENCE)
        for pause in pauses():
            rows = self._rows(missing)
            shown = [
                number
                for number, (change, _) in missing.items()
                if number in rows and holds(rows[number], change.after)
            ]
            self._write_seen([(*missing.pop(number), rows[number]) for number in shown], start, outcomes)
            if not missing or self._clock.now() >= deadline:
                break
            self._progress(f"accepted; waiting until reads show {len(missing)} more")
            self._clock.sleep(pause)
        self._write_unseen(missing, start, outcomes)

    def _rows(self, wanted: dict[int, tuple[Change, Entry]]) -> dict[int, Row | None]:
        now = Snapshot(self._reader)
        rows = {number: now.read_subject(change.subject) for number, (change, _) in wanted.items()}
        return {number: row.value for number, row in rows.items() if isinstance(row, Observed)}

    def _write_seen(
        self, found: Sequence[tuple[Change, Entry, Row | None]], start: Any, outcomes: dict[str, Outcome]
    ) -> None:
        entries = []
        for change, intent, row in found:
            if change.hash in outcomes:  # its answer was lost, and it was done all the same
                entries.append(_outcome(intent.seq, change, "done"))
            entries.append(self._read_back(change, intent, row, start, matches=True))
            outcomes[change.hash] = Outcome(change, "done")
        if found:
            self._ledger.append_all(entries, step=found[0][0].step)

    def _write_unseen(self, missing: dict[int, tuple[Change, Entry]], start: Any, outcomes: dict[str, Outcome]) -> None:
        accepted = [(change, intent) for change, intent in missing.values() if change.hash not in outcomes]
        entries = [self._read_back(change, intent, None, start, matches=False) for change, intent in accepted]
        for change, intent in accepted:
            until = look_again(self._clock.now(), from_text(intent.at), change.lag_seconds)
            outcomes[change.hash] = Outcome(change, "waiting", until)
        if accepted:
            self._ledger.append_all(entries, step=accepted[0][0].step)

    def _read_back(
        self, change: Change, intent: Entry, row: Row | None, start: Any, *, matches: bool
    ) -> tuple[str, dict[str, Any]]:
        return "read_back", {
            "intent": intent.seq,
            "change": change.hash,
            "matches": matches,
            "before": as_data(change.before),
            "after": None if row is None else {name: row.get(name) for name in (change.after or row)},
            "waited_seconds": round((self._clock.now() - start).total_seconds()),
        }


def _outcome(
    intent: int | None, change: Change, result: str, answer: CallReply | ServiceError | None = None
) -> tuple[str, dict[str, Any]]:
    ids = list(answer.support_ids) if isinstance(answer, ServiceError) else [getattr(answer, "request_id", None)]
    return "outcome", {
        "intent": intent,
        "change": change.hash,
        "result": result,
        "request_ids": [one for one in ids if one],
        "warnings": list(getattr(answer, "warnings", ())),
        "error": answer.as_data() if isinstance(answer, XtmigError) else None,
    }


def _refused(change: Change, error: XtmigError) -> Outcome:
    error.place(side=change.side, step=change.step, subject=change.subject.label)
    return Outcome(change, "refused", error=error)


def why_not_all(outcomes: Sequence[Outcome]) -> XtmigError | None:
    """One error that stands for all changes that were not made; None where all were.

    Args:
        outcomes: What became of each change.

    Returns:
        An `ApprovalError` where nothing but approvals is missing.
    """
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if not errors:
        return None
    others = [error for error in errors if not isinstance(error, ApprovalError)]
    first = (others or errors)[0]
    if len(errors) == 1:
        return first
    kind = EngineError if others else ApprovalError
    return kind(
        f"not made: {len(errors)} of {counted(len(outcomes), 'change')}; the first: {first.message}",
        side=first.side,
        step=first.step,
        cause=first.cause,
        remedy=first.remedy or "The report lists each with its reason; mend them, then plan again.",
    )
