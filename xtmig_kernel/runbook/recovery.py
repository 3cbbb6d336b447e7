"""After an interruption: what was begun is looked for by its key, and never repeated blindly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from xtmig_kernel.errors import EngineError, RecoveryError
from xtmig_kernel.evidence import NotObserved, Observed
from xtmig_kernel.inventory import Snapshot
from xtmig_kernel.runbook.compare import differences, holds
from xtmig_kernel.runbook.door import READ_BACK_PATIENCE, look_again
from xtmig_kernel.runbook.journal import Intent, not_yet_seen, open_intents

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory import Reader
    from xtmig_kernel.runbook.door import Door
    from xtmig_kernel.store import Ledger

POLL_SECONDS = 10
ACCEPTED_PATIENCE = timedelta(minutes=15)
MOVES_BY_ITSELF = {
    "migration_batches": frozenset({"Status", "TotalCount"}),
    "migration_users": frozenset({"Status", "SkippedItems"}),
    "halted_batches": frozenset({"Users"}),
}
"""Attributes that the migration service changes while nobody is there: another value is no sign of another person."""


@dataclass(frozen=True)
class Pending:
    """A change that was begun and is not settled yet.

    Args:
        title: What the change does.
        until: When to look again, UTC; None where a person decides when.
        waits_for: Who is waited for.
    """

    title: str
    until: datetime | None
    waits_for: str = "Microsoft"


class Recovery:
    """Settles what earlier runs left open.

    Args:
        reader: Reads objects.
        ledger: Says what was begun, and takes what is found.
        clock: Tells the time and waits.
        door: Removes leftover secrets; None in a run that may not write.
        progress: Takes one sentence about what is waited for.
    """

    def __init__(
        self, *, reader: Reader, ledger: Ledger, clock: Clock, door: Door | None, progress: Callable[[str], None]
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._door = door
        self._progress = progress
        self._now = Snapshot(reader)

    def settle(self, step: str) -> list[Pending]:
        """Settle the open changes of a step and of those before it in its section, as far as reads allow.

        Args:
            step: Id of the step.

        Returns:
            What must still be waited for; the step must not be planned until then.

        Raises:
            RecoveryError: An object is neither as before nor as after; a person must look.
        """
        self._now = Snapshot(self._reader)
        section = step.partition(".")[0]
        before = [intent for intent in open_intents(self._ledger, section) if intent.step <= step]
        pending = [self._open(intent) for intent in before]
        unseen = [intent for intent in not_yet_seen(self._ledger, section) if intent.step <= step]
        pending += [self._unseen(intent) for intent in unseen]
        if before or unseen:
            self._reader.forget()
        return [item for item in pending if item is not None]

    def _open(self, intent: Intent) -> Pending | None:
        if intent.mints:
            return self._minting(intent)
        self._progress(f"{intent.title}: an earlier run was interrupted here; looking what became of it")
        row = self._look_until_known(intent)
        if holds(row, intent.after):
            self._close(intent, "found done")
            self._seen_back(intent, row)
        elif self._clock.now() < intent.known_by:
            return Pending(intent.title, look_again(self._clock.now(), intent.at, int(intent.lag.total_seconds())))
        elif _is_as_before(row, intent):
            self._close(intent, "not done")
        else:
            raise RecoveryError(
                f"“{intent.title}” was interrupted, and {intent.subject.label} is neither as before nor as after",
                side=intent.subject.side,
                step=intent.step,
                subject=intent.subject.label,
                cause="; ".join(differences(row, intent.after)),
                remedy="Look at the object, set it to what is right by hand, then run again.",
            )
        return None

    def _minting(self, intent: Intent) -> Pending | None:
        """An endpoint that tests well is done; otherwise the leftover secret goes, and a new one is minted."""
        if self._door is None:
            return Pending(intent.title, None, "the operator, who lets a run that may write settle it")
        creates = intent.subject.table == "migration_endpoints"
        row = self._look_until_known(intent)
        if creates and holds(row, intent.after) and self._endpoint_works():
            self._close(intent, "found done")
            self._seen_back(intent, row)
            return None
        self._progress(f"{intent.title}: an earlier run was interrupted; removing the secret that nothing uses")
        self._door.discard_secret(str(intent.mints), intent.step, certain=False)
        self._close(intent, "not done")
        return None

    def _endpoint_works(self) -> bool:
        test = self._reader.read("target.endpoint_test")
        return isinstance(test, Observed) and any(row["Result"] == "Success" for row in test.value)

    def _unseen(self, intent: Intent) -> Pending | None:
        row = self._look(intent)
        if holds(row, intent.after):
            self._seen_back(intent, row)
            return None
        # the service has said yes, so it is given more time than a change of which nobody knows
        patience = max(intent.lag, ACCEPTED_PATIENCE)
        if self._clock.now() < intent.at + patience:
            return Pending(intent.title, look_again(self._clock.now(), intent.at, int(patience.total_seconds())))
        self._close(intent, "not done")
        return None

    def _look_until_known(self, intent: Intent) -> Row | None:
        deadline = min(intent.known_by, self._clock.now() + READ_BACK_PATIENCE)
        while True:
            row = self._look(intent)
            if self._door is None or holds(row, intent.after) or self._clock.now() >= deadline:
                return row
            self._clock.sleep(POLL_SECONDS)
            self._now = Snapshot(self._reader)

    def _look(self, intent: Intent) -> Row | None:
        observation = self._now.read_subject(intent.subject)
        if isinstance(observation, NotObserved):
            raise EngineError(
                f"“{intent.title}” was begun by an earlier run, and {intent.subject.label} could not be read",
                side=intent.subject.side,
                step=intent.step,
                cause=observation.detail,
                remedy="Mend the read, then run again; nothing is repeated before it is looked for.",
            )
        return observation.value

    def _close(self, intent: Intent, result: Literal["found done", "not done"]) -> None:
        data = {
            "intent": intent.seq,
            "change": intent.change,
            "result": result,
            "request_ids": [],
            "warnings": [],
            "error": None,
        }
        self._ledger.append("outcome", data, step=intent.step)

    def _seen_back(self, intent: Intent, row: Row | None) -> None:
        data = {
            "intent": intent.seq,
            "change": intent.change,
            "matches": True,
            "before": intent.before,
            "after": None if row is None else {name: row.get(name) for name in (intent.after or row)},
            "waited_seconds": round((self._clock.now() - intent.at).total_seconds()),
        }
        self._ledger.append("read_back", data, step=intent.step)


def _is_as_before(row: Row | None, intent: Intent) -> bool:
    """Whether nothing but the service itself has changed an object since a change was planned.

    Where the plan saw nothing else of it, whatever is there now is for the next plan to look at.
    """
    if intent.before is None:
        return holds(row, None)
    moves = MOVES_BY_ITSELF.get(intent.subject.table, frozenset())
    lasting = {name: value for name, value in intent.before.items() if name not in moves}
    if intent.before and not lasting:
        return True
    return holds(row, lasting)
