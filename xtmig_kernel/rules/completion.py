"""Sections 150 and 160: how fresh the copies are, the baseline before the cutover, and what the completion came to."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.clock import from_text, moment_in_words
from xtmig_kernel.counting import counted
from xtmig_kernel.rules.batches import (
    DONE,
    FAILED,
    NEEDS_A_PERSON,
    STOPPED,
    batches_of,
    users_by_address,
    wave_names,
)
from xtmig_kernel.rules.gate import (
    GATE_FACTS,
    at_gate,
    batch_of,
    gate_rule,
    nobody_due,
    row_in_gate,
)
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.batches import Moving
    from xtmig_kernel.rules.gate import AtGate
    from xtmig_kernel.rules.rule import Seen

BASELINES = ("source.baseline_folders", "source.baseline_permissions")
BASELINE_STEP, SYNC_STEP = "160.3", "150.2"
FRESH = timedelta(hours=24)
"""The service copies what is new about once a day by itself (shapes 3.14)."""
LOOK_AGAIN = timedelta(minutes=30)
_ENDED = DONE | FAILED | NEEDS_A_PERSON | STOPPED
"""States out of which no waiting leads."""


def moment(value: object) -> datetime | None:
    """A time of a row; None where there is none.

    Args:
        value: As the reader gives it.
    """
    return value if isinstance(value, datetime) else from_text(str(value)) if value else None


def unrecorded(gate: AtGate, seen: Seen) -> dict[str, str]:
    """Users of a wave whose baseline is missing, incomplete or older than their last synchronisation, and why.

    Args:
        gate: The wave.
        seen: Holds `GATE_FACTS` and `BASELINES`.
    """
    taken: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows(BASELINES[0]):
        taken[str(row["ExchangeGuid"])].append(row)
    with_rights = {str(row["ExchangeGuid"]) for row in seen.rows(BASELINES[1])}
    last = synced_at(gate, seen)
    found = ((m.label, _lacking(m, last[m.label], taken, with_rights)) for m in gate.users)
    return {label: why for label, why in found if why}


def synced_at(gate: AtGate, seen: Seen) -> dict[str, datetime | None]:
    """When each user of a wave was last synchronised, by address in `users.csv`; None where nobody says.

    Args:
        gate: The wave.
        seen: Holds `GATE_FACTS`.
    """
    rows = users_by_address(seen)
    found = ((moving.label, row_in_gate(moving, gate, rows)) for moving in gate.users)
    return {label: moment(row["LastSyncedAt"]) if row is not None else None for label, row in found}


def _fresh(seen: Seen, project: Project) -> Iterable[Judgement]:
    yield from nobody_due(seen, project)

    def judge(item: tuple[str, datetime | None]) -> Iterable[Judgement]:
        label, at = item
        if at is None or seen.now - at > FRESH:
            yield Judgement(
                "warn",
                label,
                seen=f"synchronised at {moment_in_words(at)}" if at else "nobody says when it was synchronised",
                expected="within the last 24 hours, so that the cutover has little left to copy",
                remedy=f"Apply step {SYNC_STEP}, or wait: the service does it about once a day.",
                step=SYNC_STEP,
            )

    users = [item for gate in at_gate(seen, project) for item in synced_at(gate, seen).items()]
    yield from judge_each(users, judge, of_what="users of the wave", expected="synchronised within 24 hours")


def _lacking(moving: Moving, last: datetime | None, taken: dict[str, list[Row]], with_rights: set[str]) -> str:
    guid = str(moving.source["ExchangeGuid"]) if moving.source is not None else ""
    rows = taken.get(guid, [])
    times = [at for row in rows if (at := moment(row["TakenAt"])) is not None]
    if not rows:
        return "nothing is recorded of what the mailbox holds"
    if any(row["Items"] is None for row in rows):
        return "a part of the mailbox could not be counted"
    if guid not in with_rights:
        return "the rights on the mailbox could not be read"
    if last is not None and min(times) < last:
        return f"recorded at {moment_in_words(min(times))}, before the last synchronisation at {moment_in_words(last)}"
    return ""


def _baseline(seen: Seen, project: Project) -> Iterable[Judgement]:
    yield from nobody_due(seen, project)
    for gate in at_gate(seen, project):
        if not gate.is_due(seen.now):
            yield Judgement("wait", f"wave {gate.name}", remedy=f"the cutover of wave {gate.name}", until=gate.cutover)
            continue
        why = unrecorded(gate, seen)
        yield from judge_each(
            (moving.label for moving in gate.users),
            lambda label, why=why: _without_baseline(label, why.get(label)),  # type: ignore[misc]
            of_what=f"users of wave {gate.name}",
            expected="counted, folders and rights, after the last synchronisation",
        )


def _without_baseline(label: str, why: str | None) -> Iterator[Judgement]:
    if why:
        yield Judgement(
            "fail",
            label,
            seen=why,
            expected="folders and rights recorded after the last synchronisation; later nobody can",
            remedy=f"Apply step {BASELINE_STEP}. Where it stays, look at the rights of the account that reads.",
            step=BASELINE_STEP,
        )


def _completed(seen: Seen, project: Project) -> Iterable[Judgement]:
    """What became of everybody in batches whose completion was asked for."""
    expected = "completed"
    asked = False
    for wave in wave_names(seen, project):
        names = {name.casefold() for name, row in batches_of(seen, project, wave).items() if row["CompletionAsked"]}
        rows = [row for row in seen.rows("target.migration_users") if batch_of(row) in names]
        asked = asked or bool(rows)
        ended = [row for row in rows if row["Status"] in _ENDED]
        if len(ended) < len(rows):
            who = f"Microsoft, who completes {len(rows) - len(ended)} of {counted(len(rows), 'user')}"
            yield Judgement("wait", f"wave {wave}", expected=expected, remedy=who, until=seen.now + LOOK_AGAIN)
        yield from judge_each(
            ended,
            _not_completed,
            of_what=f"users of wave {wave}",
            expected=expected,
        )
    if not asked:
        yield Judgement("skip", "waves", remedy="no completion was asked for yet")


def _not_completed(row: Row) -> Iterator[Judgement]:
    who, status = str(row["Identity"]), str(row["Status"])
    why = f": {row['ErrorSummary']}" if row["ErrorSummary"] else ""
    if status == "CompletedWithWarnings":
        yield Judgement(
            "warn",
            who,
            seen=f"{status}{why}",
            expected="completed without warnings",
            remedy="Notebook 190 looks whether both objects were converted; often nothing is wrong.",
        )
    elif status not in DONE:
        yield Judgement(
            "fail",
            who,
            seen=f"{status}{why}",
            expected="completed",
            remedy="The mailbox is still in the source. Notebook 170 names the cause and mends it.",
        )


RULES: tuple[Rule, ...] = (
    gate_rule("gate-fresh", "The copies of the wave are at most a day old", _fresh),
    gate_rule(
        "baseline-taken",
        "What the wave's mailboxes hold, and who has rights on them, is recorded",
        _baseline,
        further=BASELINES,
    ),
    Rule(
        "wave-completed",
        "Everybody whose completion was asked for is completed",
        ("GEN-02",),
        "target",
        GATE_FACTS,
        _completed,
    ),
)
