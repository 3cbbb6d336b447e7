"""Section 140: how far the users are, and what needs a person. A look, never a change.

Synced, at 95 %, is where a user rests until its wave is cut over: that is health, however long it lasts. Copying is
waiting, and says when to look again. Only what no waiting ends is a failure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.clock import as_text, from_text
from xtmig_kernel.rules.batches import (
    AT_REST,
    BATCHES,
    COMPLETING,
    DONE,
    FAILED,
    MIGRATION_USERS,
    NEEDS_A_PERSON,
    ON_THE_WAY,
    STOPPED,
    our_batches,
    our_users,
    wave_names,
    wave_of_batch,
)
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

    Judge = Callable[[Row], Iterable[Judgement]]

DETAILS, SKIPPED, MOVES = "target.migration_details", "target.skipped_items", "target.move_requests"
PROGRESS_FACTS = (MIGRATION_USERS, BATCHES, "source.chosen_users")
MEND = "170.1"
SOONEST, LATEST, UNKNOWN = timedelta(hours=1), timedelta(hours=24), timedelta(hours=4)
SLOW = timedelta(days=14)
"""In which nine of ten mailboxes of up to 50 GB are copied, as Microsoft published for onboarding in 2021."""
STOPS_AFTER, REMOVED_AFTER = timedelta(days=60), timedelta(days=90)
"""When the service stops a synced batch that no administrator touched, and removes a stopped or failed one."""
AHEAD = timedelta(days=15)
"""How long before such a day it is told."""
RESTS = 95
"""Percent at which a user whose copy is whole rests."""
UNCLEAR_SCORES = frozenset({"Investigate", "Poor"})
GROUPS: tuple[tuple[str, frozenset[str]], ...] = (
    ("On the way", ON_THE_WAY),
    ("At rest", AT_REST),
    ("Completing", COMPLETING),
    ("Done", DONE),
    ("Failed", FAILED),
    ("Needs approval", NEEDS_A_PERSON),
    ("Stopped", STOPPED),
)
OTHER = "Other"
_EXCEPTION = re.compile(r"\b([A-Z]\w*Exception)\b")


def group_of(row: Row) -> str:
    """What a migration user's state means, in words.

    Args:
        row: A row of `migration_users`.
    """
    return next((name for name, states in GROUPS if row["Status"] in states), OTHER)


def error_of(row: Row, detail: Row | None) -> str:
    """The type of the error that stopped a user, or what else is known of it; never a text to be compared with.

    Args:
        row: A row of `migration_users`.
        detail: The user's row of `migration_details`, None where it was not read.
    """
    if detail is not None and detail["ErrorType"]:
        return str(detail["ErrorType"])
    texts = (str(row["ErrorSummary"] or ""), str(detail["Error"] or "") if detail is not None else "")
    named = next((found[1] for text in texts if (found := _EXCEPTION.search(text))), "")
    return named or next((text for text in texts if text), "no error is told")


def details(seen: Seen) -> dict[str, Row]:
    """Details by address without case; empty where they were not observed.

    Args:
        seen: May hold `target.migration_details`.
    """
    rows = seen.rows(DETAILS) if seen.has(DETAILS) else ()
    return {str(row["Identity"]).casefold(): row for row in rows}


@dataclass(frozen=True)
class Progress:
    """How far a batch is.

    Args:
        batch: Its name.
        users: How many it has, and of them how many are at rest or further.
        rested: The number at rest, completing or done.
        moving: The number on the way or completing.
        ready_at: When the others are estimated to be at rest, UTC; None where nothing can be estimated from.
    """

    batch: str
    users: int
    rested: int
    moving: int
    ready_at: datetime | None


def progress(seen: Seen, project: Project) -> tuple[Progress, ...]:
    """How far each of this project's batches is.

    Args:
        seen: Holds `PROGRESS_FACTS`, and `target.migration_details` where it was observed.
        project: Gives prefix and waves.
    """
    users: dict[str, list[Row]] = defaultdict(list)
    for row in our_users(seen, project):
        users[str(row["BatchId"]).casefold()].append(row)
    told = details(seen)
    return tuple(
        _progress(name, row, users[name.casefold()], told, seen.now) for name, row in our_batches(seen, project).items()
    )


def _progress(name: str, batch: Row, users: list[Row], told: dict[str, Row], now: datetime) -> Progress:
    rested = sum(row["Status"] in AT_REST | COMPLETING | DONE for row in users)
    copied = [row for row in users if row["Status"] in ON_THE_WAY]
    moving = len(copied) + sum(row["Status"] in COMPLETING for row in users)
    shares = [min(RESTS, _percent(row, told)) / RESTS for row in copied]
    share = (rested + sum(shares)) / (rested + len(copied)) if rested + len(copied) else 0.0
    ready = None
    if copied and batch["CreatedAt"] and share > 0:
        elapsed = now - from_text(str(batch["CreatedAt"]))
        ready = now + elapsed * ((1 - share) / share)
    return Progress(name, len(users), rested, moving, ready)


def _percent(row: Row, told: dict[str, Row]) -> int:
    detail = told.get(str(row["Identity"]).casefold())
    return int(detail["PercentComplete"] or 0) if detail is not None else 0


def _at_rest(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(batch: Progress) -> Iterator[Judgement]:
        if not batch.moving:
            return
        pause = UNKNOWN if batch.ready_at is None else min(max(batch.ready_at - seen.now, SOONEST), LATEST)
        when = f"; by what is copied so far, ready about {as_text(batch.ready_at)}" if batch.ready_at else ""
        yield Judgement(
            "wait",
            batch.batch,
            seen=f"{batch.rested} of {batch.users} users are copied, {batch.moving} are on the way{when}",
            expected=f"everybody at rest at {RESTS} %",
            remedy="Microsoft: the service copies; users notice nothing",
            until=seen.now + pause,
        )

    found = progress(seen, project)
    if not found:
        yield Judgement("pass", "batches", seen="no batch of this project is there", expected="nobody is on the way")
    yield from judge_each(found, judge, of_what="batches", expected=f"nobody on the way; at rest at {RESTS} %, or done")


def _each_user(judge: Judge, expected: str, seen: Seen, project: Project) -> Iterator[Judgement]:
    users = our_users(seen, project)
    if not users:
        yield Judgement("pass", "migration users", seen="nobody is in a batch of this project", expected=expected)
    yield from judge_each(users, judge, of_what="users", expected=expected, all_in="table migration-users, step 140.1")


def _nobody_failed(seen: Seen, project: Project) -> Iterable[Judgement]:
    told = details(seen)

    def judge(row: Row) -> Iterator[Judgement]:
        if row["Status"] in FAILED:
            yield Judgement(
                "fail",
                str(row["Identity"]),
                seen=f"{row['Status']}: {error_of(row, told.get(str(row['Identity']).casefold()))}",
                expected="a move that goes on",
                remedy="See notebook 170, which proves the cause and mends it.",
                step=MEND,
            )

    yield from _each_user(judge, "nobody failed", seen, project)


def _nobody_waits(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(row: Row) -> Iterator[Judgement]:
        name, status, expected = str(row["Identity"]), str(row["Status"]), "a state that passes by itself"
        if status in NEEDS_A_PERSON and row["UnapprovedSkippedItems"]:
            text = "Look at what was skipped in step 140.2; somebody decides about it before the cutover."
            yield Judgement("fail", name, f"{status}: skipped items are not decided", expected, text)
        elif status in NEEDS_A_PERSON:
            text = "Most often the migration licence is missing: see notebook 170."
            yield Judgement("fail", name, f"{status}: {error_of(row, None)}", expected, text, MEND)
        elif group_of(row) == OTHER and status != "Removing":
            text = "Look at the user in the Exchange admin center, and ask Microsoft what it means."
            yield Judgement("warn", name, f"{status}, a state that is not known here", expected, text)

    yield from _each_user(judge, "nobody needs an approval", seen, project)


def _not_stalled(seen: Seen, project: Project) -> Iterable[Judgement]:
    made = {name.casefold(): row["CreatedAt"] for name, row in our_batches(seen, project).items()}

    def judge(row: Row) -> Iterator[Judgement]:
        began = made.get(str(row["BatchId"]).casefold())
        if row["Status"] not in ON_THE_WAY or not began or seen.now - from_text(str(began)) <= SLOW:
            return
        yield Judgement(
            "warn",
            str(row["Identity"]),
            seen=f"{row['Status']} since {began}, {(seen.now - from_text(str(began))).days} days",
            expected=f"copied within {SLOW.days} days, as nine of ten are",
            remedy="Do not start it anew: the service holds moves back while its servers are busy, and goes on by "
            "itself. Leave the wave more time; if it lasts for weeks, ask Microsoft with the batch's report.",
        )

    yield from _each_user(judge, "not slower than most", seen, project)


def _skipped(seen: Seen, project: Project) -> Iterable[Judgement]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for row in seen.rows(SKIPPED):
        kinds[str(row["Identity"]).casefold()].add(str(row["Kind"]))

    def judge(row: Row) -> Iterator[Judgement]:
        score, name = str(row["DataConsistencyScore"] or ""), str(row["Identity"])
        if not row["UnapprovedSkippedItems"] and score != "Poor":
            return
        what = ", ".join(sorted(kinds[name.casefold()])) or "kinds that were not told"
        poor, skipped = score == "Poor", row["SkippedItems"]
        items = "1 item" if skipped == 1 else f"{skipped or 'some'} items"
        yield Judgement(
            "fail" if poor else "warn",
            name,
            seen=f"{items} skipped ({what}); data consistency {score or 'unknown'}",
            expected="everything copied, or somebody has decided about what is not",
            remedy="Nobody can approve this score: mend the mailbox in the source, or take the user out by 180."
            if poor
            else "Look at the table skipped-items, and let the mailbox's owner decide, weeks before the cutover: "
            "notebooks 150 and 160 ask for the decision.",
        )

    yield from _each_user(judge, "nothing skipped, or decided", seen, project)


def _timers(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(item: tuple[str, Row]) -> Iterator[Judgement]:
        name, row = item
        began = from_text(str(row["CreatedAt"])) if row["CreatedAt"] else None
        if began is None:
            return
        if row["Status"] in ("Synced", "SyncedWithErrors") and seen.now >= began + STOPS_AFTER - AHEAD:
            day = (began + STOPS_AFTER).date().isoformat()
            text = f"It is not lost: Start-MigrationBatch lets it go on. Cut it over, or touch it, before {day}."
            yield _timer(name, row, f"the service stops it on {day}, if nobody does anything with it", text)
        elif row["Status"] in ("Stopped", "Failed") and seen.now >= began + REMOVED_AFTER - AHEAD:
            day = (began + REMOVED_AFTER).date().isoformat()
            text = "Start it again (Start-MigrationBatch), or keep this run's archive: its evidence goes with it."
            yield _timer(name, row, f"the service may remove it from {day} on", text)

    ours = our_batches(seen, project)
    expected = "no day on which the service stops or removes it is near"
    if not ours:
        yield Judgement("pass", "batches", seen="no batch of this project is there", expected=expected)
    yield from judge_each(ours.items(), judge, of_what="batches", expected=expected)


def _timer(name: str, row: Row, seen: str, remedy: str) -> Judgement:
    return Judgement(
        "warn", name, f"{row['Status']}, made on {row['CreatedAt']}: {seen}", "no such day is near", remedy
    )


def is_cross_tenant(row: Row) -> bool:
    """Whether a move request says of itself that it comes from another tenant; not every one of them does (BAT-10).

    Args:
        row: A row of `move_requests`.
    """
    return "CrossTenant" in row["Flags"]


def cross_tenant_moves(seen: Seen, project: Project) -> tuple[tuple[Row, str | None], ...]:
    """The moves from another tenant among all moves, each with its wave; None for one that is not this project's.

    A move is known by its flag, by the batch that it names, or by the mailbox: the service's own filter is not relied
    on (BAT-10, doc trap B7).

    Args:
        seen: Holds `target.move_requests` and `PROGRESS_FACTS`.
        project: Gives prefix and waves.
    """
    names = wave_names(seen, project)
    by_guid = {
        str(row["MailboxGuid"]): wave_of_batch(str(row["BatchId"]), project, names)
        for row in our_users(seen, project)
        if row["MailboxGuid"]
    }
    found: list[tuple[Row, str | None]] = []
    for row in seen.rows(MOVES):
        batch = str(row["BatchName"] or "").rpartition(":")[2]
        wave = by_guid.get(str(row["ExchangeGuid"])) or wave_of_batch(batch, project, names)
        if wave is not None or is_cross_tenant(row):
            found.append((row, wave))
    return tuple(found)


def _moves(seen: Seen, project: Project) -> Iterable[Judgement]:
    found = cross_tenant_moves(seen, project)
    others = len(seen.rows(MOVES)) - len(found)
    expected = "every move from another tenant is of this project's batches"

    def judge(item: tuple[Row, str | None]) -> Iterator[Judgement]:
        row, wave = item
        if wave is None:
            text = "Ask who moves it: another project, or somebody by hand. xtmig does not touch it."
            yield Judgement("warn", str(row["Identity"]), f"{row['Status']}, batch {row['BatchName']}", expected, text)

    if not found:
        text = f"none comes from another tenant; {others} other moves"
        yield Judgement("pass", "moves of the target", seen=text, expected=expected)
    yield from judge_each(found, judge, of_what="moves from another tenant", expected="of this project's batches")


RULES: tuple[Rule, ...] = (
    Rule(
        "batches-at-rest",
        "Everybody is copied: at rest at 95 %, or done",
        ("BAT-05",),
        "target",
        PROGRESS_FACTS,
        _at_rest,
        helps=(DETAILS,),
    ),
    Rule("moves-none-failed", "No move has failed", (), "target", PROGRESS_FACTS, _nobody_failed, helps=(DETAILS,)),
    Rule("moves-none-waiting", "No move waits for a person", ("LIC-15",), "target", PROGRESS_FACTS, _nobody_waits),
    Rule("moves-not-stalled", "No move is slower than most", (), "target", PROGRESS_FACTS, _not_stalled),
    Rule(
        "skipped-items-seen",
        "What could not be copied is decided about",
        (),
        "target",
        (*PROGRESS_FACTS, SKIPPED),
        _skipped,
    ),
    Rule("batch-timers", "No batch is about to be stopped or removed", (), "target", PROGRESS_FACTS, _timers),
    Rule(
        "moves-of-this-project",
        "Moves from another tenant are told apart from all others, and are this project's",
        ("BAT-10",),
        "target",
        (*PROGRESS_FACTS, MOVES),
        _moves,
    ),
)
