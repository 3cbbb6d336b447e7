"""Section 130, after a batch was made: it is as it was ordered, it copies, and nothing completes it by itself."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.batch_order import stopped
from xtmig_kernel.rules.batches import (
    BATCH_COMPLETES,
    BATCHES,
    MIGRATION_USERS,
    our_batches,
    wave_names,
    wave_of_batch,
    wave_settings,
)
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.prepared import verified_domains
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.wave_plan import MOST_IN_A_BATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

    Compare = Callable[[str, Row, Seen, Project], Iterable[Judgement]]

BATCH_FACTS = (BATCHES, "source.chosen_users")
KIND = "ExchangeRemoteMove"
COPIES = frozenset({"Syncing", "IncrementalSyncing", "Synced", "SyncedWithErrors", "Waiting"})
IN_TRANSIT = frozenset({"Starting", "Stopping", "Removing"})
MINUTES = timedelta(minutes=10)


def _each(compare: Compare, expected: str, seen: Seen, project: Project) -> Iterable[Judgement]:
    ours = our_batches(seen, project)
    if not ours:
        text = "no batch of this project is there yet"
        yield Judgement("pass", "batches", seen=text, expected=expected)
        return

    def judge(item: tuple[str, Row]) -> Iterable[Judgement]:
        return compare(*item, seen, project)

    yield from judge_each(ours.items(), judge, of_what="batches", expected=expected)


def _as_ordered(name: str, row: Row, seen: Seen, project: Project) -> Iterator[Judgement]:
    kind, endpoint = str(row["MigrationType"] or "nothing"), str(row["SourceEndpoint"] or "none")
    remedy = (
        "It was made otherwise than by step 130.1. Stop it (notebook 180), find out who made it, and remove it: "
        f"Remove-MigrationBatch -Identity {quoted(name)}. No mailbox is lost by that before completion."
    )
    if kind != KIND:
        yield Judgement("fail", name, f"a batch of type {kind}", KIND, remedy)
    if endpoint.casefold() != project.endpoint_name.casefold():
        yield Judgement("fail", name, f"endpoint {endpoint}", project.endpoint_name, remedy)
    counted = Counter(str(user["BatchId"] or "").casefold() for user in seen.rows(MIGRATION_USERS))[name.casefold()]
    total = row["TotalCount"]
    if row["Status"] in BATCH_COMPLETES or total == counted:
        return
    text = f"counts {total if total is not None else 'no'} users, {counted} of them show"
    if total is not None and counted < total:
        yield Judgement("wait", name, text, "as many as show", "Microsoft to show every user", until=seen.now + MINUTES)
    else:
        yield Judgement("warn", name, text, "as many as show", "Look again in ten minutes; if it stays, look at it.")


def _runs(name: str, row: Row, seen: Seen, project: Project) -> Iterator[Judgement]:
    status, expected = str(row["Status"] or "unknown"), "copying, or at rest when all is copied"
    start = f"Start it: Start-MigrationBatch -Identity {quoted(name)}."
    if status in COPIES | BATCH_COMPLETES:
        return
    if status in IN_TRANSIT:
        yield Judgement("wait", name, status, expected, "Microsoft", until=seen.now + MINUTES)
    elif status == "Stopped":
        if name.casefold() not in stopped(project):
            text = f"{start} If it shall stay stopped, name it in move.stop of project.yaml."
            yield Judgement("warn", name, status, expected, text)
    elif status == "Created":
        yield Judgement("fail", name, "it was made and not started", expected, start)
    else:
        yield Judgement(
            "fail", name, status, expected, "See what its users say in notebook 140, and then notebook 170."
        )


def _copies_only(name: str, row: Row, seen: Seen, project: Project) -> Iterator[Judgement]:
    if not row["CompletionAsked"]:
        return
    settings = wave_settings(project, wave_of_batch(name, project, wave_names(seen, project)) or "")
    if settings is not None and settings.cutover is not None and settings.cutover <= seen.now:
        return
    moment = f"at {row['CompleteAfter']}" if row["CompleteAfter"] else f"now: {row['Status']}"
    when = settings.cutover.isoformat() if settings is not None and settings.cutover is not None else "no day yet"
    yield Judgement(
        "fail",
        name,
        seen=f"somebody has told it to complete, {moment}",
        expected=f"it copies, and completes by notebook 160 alone; cutover: {when}",
        remedy="Stop it at once if it is not completing yet: write its name into move.stop of project.yaml, apply step "
        "180.1, and find out who set that moment. What is completing cannot be stopped.",
        step="180.1" if row["Status"] not in BATCH_COMPLETES else None,
    )


def _delivery(name: str, row: Row, seen: Seen, project: Project) -> Iterator[Judgement]:
    domain = str(row["TargetDeliveryDomain"] or "").casefold()
    if domain == project.delivery_domain and domain in verified_domains(seen, "target"):
        return
    owned = "" if domain in verified_domains(seen, "target") else ", which the target does not own"
    yield Judgement(
        "fail",
        name,
        seen=f"{domain or 'none'}{owned}",
        expected=project.delivery_domain,
        remedy="After the move the source forwards to an address in this domain: mail would be lost. Stop the batch "
        f"(notebook 180) before its cutover, remove it (Remove-MigrationBatch -Identity {quoted(name)}), and start it "
        "again by step 130.1.",
    )


def _size(name: str, row: Row, _seen: Seen, _project: Project) -> Iterator[Judgement]:
    if (row["TotalCount"] or 0) > MOST_IN_A_BATCH:
        text = "It works, and is slower to watch and to mend. Make smaller waves from now on (step 120.2)."
        yield Judgement("warn", name, f"{row['TotalCount']} users", f"at most {MOST_IN_A_BATCH}", text)


def _rule(rule_id: str, title: str, answers: tuple[str, ...], compare: Compare, expected: str, *further: str) -> Rule:
    return Rule(rule_id, title, answers, "target", (*BATCH_FACTS, *further), partial(_each, compare, expected))


RULES: tuple[Rule, ...] = (
    _rule(
        "batch-as-ordered",
        "Each batch is a remote move by this project's endpoint, with as many users as show",
        ("BAT-01", "BAT-05"),
        _as_ordered,
        "of the right type, endpoint and number",
        MIGRATION_USERS,
    ),
    _rule("batch-runs", "Each batch copies", ("BAT-03", "BAT-05"), _runs, "copying or at rest"),
    _rule(
        "batch-copies-only",
        "No batch completes before the cutover of its wave",
        ("BAT-03",),
        _copies_only,
        "no moment of completion before the cutover",
    ),
    _rule(
        "batch-delivery-domain",
        "Each batch delivers to the target's routing domain",
        ("BAT-04",),
        _delivery,
        "the target delivery domain",
        "target.accepted_domains",
    ),
    _rule("batch-size", "No batch is larger than Microsoft recommends", ("BAT-11",), _size, "not too large"),
)
