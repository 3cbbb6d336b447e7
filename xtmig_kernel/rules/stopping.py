"""Section 180: what `move.stop` of `project.yaml` names, what can be stopped, and what cannot any more. Pure.

Every identity is one that was just read: a name that is blank, unknown or borne by several leads to nothing, for the
cmdlets would take it for everybody. What is being completed is never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from xtmig_kernel.clock import from_text
from xtmig_kernel.rules.batches import (
    AT_REST,
    BATCH_COMPLETES,
    BATCHES,
    COMPLETING,
    DONE,
    MIGRATION_USERS,
    NEEDS_A_PERSON,
    ON_THE_WAY,
    STOPPED,
    WAVE_FACTS,
    everybody,
    our_batches,
    users_by_address,
)
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

STOP_BATCHES, STOP_USERS, TAKE_OUT = "180.1", "180.2", "180.3"
STOP_FACTS = tuple(dict.fromkeys((BATCHES, MIGRATION_USERS, *WAVE_FACTS)))
MINUTES = timedelta(minutes=10)
TO_BE_STOPPED = frozenset(
    {"Created", "Starting", "Syncing", "IncrementalSyncing", "Synced", "SyncedWithErrors", "Waiting", "NeedsApproval"}
)
"""States of batches that can be stopped; any other is stopped already, ends by itself, or is not known here."""
TO_BE_TAKEN_OUT = (
    AT_REST | NEEDS_A_PERSON | {"Stopped", "IncrementalStopped", "Failed", "IncrementalFailed", "Corrupted"}
)
"""States of users who can be taken out; whoever is on the way is stopped first."""
CANNOT = "completion has begun, and nothing stops it: only a project that moves back (notebook 300) brings it back"

Kind = Literal[
    "stop batch", "stop user", "take out", "done", "on the way", "too late", "unclear", "unknown", "several", "foreign"
]


@dataclass(frozen=True)
class Named:
    """What one entry of `move.stop` leads to.

    Args:
        entry: As it stands in `project.yaml`.
        kind: What is to be done, or why nothing can be.
        row: The one batch or migration user that it means.
    """

    entry: str
    kind: Kind
    row: Row | None = None


def named(seen: Seen, project: Project) -> tuple[Named, ...]:
    """Every entry of `move.stop` with the one object that it means, just read.

    Args:
        seen: Holds `STOP_FACTS`.
        project: Names them.
    """
    batches = {name.casefold(): row for name, row in our_batches(seen, project).items()}
    users = users_by_address(seen)
    known = {user.address.casefold() for user in everybody(seen, project) if user.address}
    found = []
    for entry in dict.fromkeys(project.move.stop):
        if "@" in entry:
            found.append(_user(entry, users.get(entry.casefold(), []), batches, seen, known=entry.casefold() in known))
        else:
            found.append(_batch(entry, batches.get(entry.casefold()), project, seen))
    return tuple(found)


def _batch(entry: str, row: Row | None, project: Project, seen: Seen) -> Named:
    if row is None:
        of_a_wave = entry.casefold() in {project.batch_name(name).casefold() for name in _waves(seen, project)}
        return Named(entry, "done" if of_a_wave else "unknown")
    if completes_now(row, seen):
        return Named(entry, "too late", row)
    if row["Status"] in TO_BE_STOPPED:
        return Named(entry, "stop batch", row)
    return Named(entry, "on the way" if row["Status"] in ("Stopping", "Removing") else "done", row)


def _waves(seen: Seen, project: Project) -> set[str]:
    named_in_file = {str(user["Wave"]) for user in seen.rows("source.chosen_users") if user["Wave"]}
    return named_in_file | {wave.name for wave in project.move.waves}


def completes_now(batch: Row, seen: Seen) -> bool:
    """Whether a batch is being completed, is completed, or was told to complete by now.

    Args:
        batch: A row of `migration_batches`.
        seen: Tells the present moment.
    """
    if batch["Status"] in BATCH_COMPLETES:
        return True
    moment = batch["CompleteAfter"]
    return bool(batch["CompletionAsked"]) and (not moment or from_text(str(moment)) <= seen.now)


def _user(entry: str, rows: list[Row], batches: dict[str, Row], seen: Seen, *, known: bool) -> Named:
    if len(rows) != 1:
        return Named(entry, "several" if rows else "done" if known else "unknown")
    (row,) = rows
    batch = batches.get(str(row["BatchId"] or "").casefold())
    if batch is None:
        return Named(entry, "foreign", row)
    if row["Status"] in COMPLETING | DONE or completes_now(batch, seen):
        return Named(entry, "too late", row)
    if row["Status"] in ON_THE_WAY:
        return Named(entry, "stop user", row)
    if row["Status"] in TO_BE_TAKEN_OUT:
        return Named(entry, "take out", row)
    return Named(entry, "on the way" if row["Status"] in STOPPED | {"Removing"} else "unclear", row)


def of_kind(seen: Seen, project: Project, kind: Kind) -> tuple[tuple[Named, Row], ...]:
    """The entries with which the same is to be done, each with its object.

    Args:
        seen: Holds `STOP_FACTS`.
        project: Names them.
        kind: What is to be done.
    """
    return tuple((item, item.row) for item in named(seen, project) if item.kind == kind and item.row is not None)


def _known(seen: Seen, project: Project) -> Iterable[Judgement]:
    expected = "one batch of this project, or one user's primary address in the target"
    whys = {
        "unknown": "nothing and nobody of this project answers to it",
        "several": "several migration users bear this address",
        "foreign": "it is in a batch that is not this project's",
    }

    def judge(item: Named) -> Iterator[Judgement]:
        if item.kind in whys:
            text = "Correct move.stop in project.yaml; nothing is done with this entry."
            yield Judgement("fail", item.entry, whys[item.kind], expected, text)

    found = named(seen, project)
    if not found:
        yield Judgement("pass", "move.stop of project.yaml", seen="it names nothing and nobody", expected=expected)
    yield from judge_each(found, judge, of_what="entries of move.stop", expected="known")


def _batches_stopped(seen: Seen, project: Project) -> Iterable[Judgement]:
    yield from _made(
        [item for item in named(seen, project) if "@" not in item.entry],
        {"stop batch": STOP_BATCHES},
        "batches to be stopped",
        "stopped, or not there",
        seen,
    )


def _users_stopped(seen: Seen, project: Project) -> Iterable[Judgement]:
    found = [item for item in named(seen, project) if "@" in item.entry]
    yield from _made(found, {"stop user": STOP_USERS}, "users to be taken out", "no longer copied", seen)


def _users_out(seen: Seen, project: Project) -> Iterable[Judgement]:
    found = [item for item in named(seen, project) if "@" in item.entry]
    steps = {"stop user": STOP_USERS, "take out": TAKE_OUT}
    yield from _made(found, steps, "users to be taken out", "in no batch", seen)


def _made(found: list[Named], steps: dict[str, str], of_what: str, expected: str, seen: Seen) -> Iterable[Judgement]:
    def judge(item: Named) -> Iterator[Judgement]:
        status = str(item.row["Status"]) if item.row is not None else ""
        if item.kind in steps:
            step = steps[item.kind]
            yield Judgement("fail", item.entry, status, expected, f"Apply step {step}.", step)
        elif item.kind == "on the way":
            yield Judgement("wait", item.entry, status, expected, "Microsoft", until=seen.now + MINUTES)
        elif item.kind == "too late":
            yield Judgement("fail", item.entry, f"{status}: {CANNOT}", expected, "Take it out of move.stop.")
        elif item.kind == "unclear":
            text = "A person decides: look at the user in the Exchange admin center, and at notebook 170."
            yield Judgement("fail", item.entry, f"{status}, in which nothing is done to it here", expected, text)

    if not found:
        yield Judgement("pass", "move.stop of project.yaml", seen=f"it names no {of_what}", expected=expected)
    yield from judge_each(found, judge, of_what=of_what, expected=expected)


RULES: tuple[Rule, ...] = (
    Rule("stop-known", "Every entry of move.stop means one thing of this project", (), "target", STOP_FACTS, _known),
    Rule("stop-batches", "Every batch that is to be stopped is", (), "target", STOP_FACTS, _batches_stopped),
    Rule("stop-users", "Nobody who is to be taken out is copied any more", (), "target", STOP_FACTS, _users_stopped),
    Rule("stop-taken-out", "Everybody who is to be taken out is in no batch", (), "target", STOP_FACTS, _users_out),
)
