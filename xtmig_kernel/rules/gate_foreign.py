"""Section 160: nobody but the gate completes. Whoever sets CompleteAfter does so too, past the gate (doc trap C18)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from xtmig_kernel.clock import from_text, moment_in_words
from xtmig_kernel.rules.batches import (
    BATCH_COMPLETES,
    DONE,
    our_batches,
    users_by_address,
    wave_names,
    wave_of_batch,
    wave_settings,
)
from xtmig_kernel.rules.gate import batch_of, gate_rule
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Seen

DETAILS = "target.migration_details"
_END_OF_TIME = 9999


def _only_the_gate(seen: Seen, project: Project) -> Iterable[Judgement]:
    """Whoever sets CompleteAfter of a batch or a user completes it, whatever this gate says (doc trap C18)."""
    names = wave_names(seen, project)
    ours = our_batches(seen, project)
    yield from judge_each(
        ours.items(),
        lambda item: _foreign(item[0], item[1], wave_of_batch(item[0], project, names), seen, project),
        of_what="batches",
        expected="not completed by anybody but this gate",
    )
    if not ours:
        yield Judgement("pass", "batches", seen="no batch of this project is there", expected="no foreign completion")
    if seen.has(DETAILS):
        known = {name.casefold() for name, row in ours.items() if not row["CompletionAsked"]}
        rows = users_by_address(seen)
        for row in seen.rows(DETAILS):
            mine = any(batch_of(user) in known for user in rows.get(str(row["Identity"]).casefold(), []))
            moment = _moment(row)
            if mine and moment is not None and row["Status"] not in DONE:
                yield _completes_alone(f"user {row['Identity']}", moment, "Set-MigrationUser -CompleteAfter")


def _foreign(name: str, row: Row, wave: str | None, seen: Seen, project: Project) -> Iterator[Judgement]:
    settings = wave_settings(project, wave or "")
    cutover = settings.cutover if settings else None
    over = row["Status"] in BATCH_COMPLETES and row["Status"] != "Completing"
    if row["CompletionAsked"] and not over and (cutover is None or seen.now < cutover):
        yield _completes_alone(f"batch {name}", _moment(row), "Set-MigrationBatch -CompleteAfter")


def _completes_alone(what: str, moment: datetime | None, cmdlet: str) -> Judgement:
    when = f"completes by itself at {moment_in_words(moment)}" if moment else "has been told to complete"
    return Judgement(
        "fail",
        what,
        seen=f"{when}, though its cutover has not come",
        expected="no CompleteAfter before the gate is passed",
        remedy=f"Somebody else has asked for it. Put it off with {cmdlet}, or stop the batch with notebook 180, and "
        "find out who it was.",
    )


def _moment(row: Row) -> datetime | None:
    """CompleteAfter; None for none, and for the end of time by which the service says never."""
    value = row["CompleteAfter"]
    moment = value if isinstance(value, datetime) else from_text(str(value)) if value else None
    return None if moment is None or moment.year >= _END_OF_TIME else moment


RULES = (
    gate_rule(
        "gate-no-foreign-completion",
        "Nobody but the gate has asked for a completion",
        _only_the_gate,
        helps=(DETAILS,),
    ),
)
