"""Section 170: one rule for each kind of failure, the decisions about disabled archives, and what no kind explains."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.batch_order import orders
from xtmig_kernel.rules.batches import STOPPED, our_batches, our_users, wave_names
from xtmig_kernel.rules.diagnosis import FACTS, HALTED_USERS, as_if_removed, diagnoses, to_remove, to_resume
from xtmig_kernel.rules.failure_proofs import Proof, facts_of, is_looked_at, proven
from xtmig_kernel.rules.failures import AGAIN, ARCHIVES, CORE, KINDS, REMOVE, RESUME, Failure, Kind, failures
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import FACTS as MATCHING
from xtmig_kernel.rules.matching import matches
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.batch_order import Order
    from xtmig_kernel.rules.diagnosis import Diagnosis
    from xtmig_kernel.rules.failure_proofs import Proven
    from xtmig_kernel.rules.matching import Match

ARCHIVE_FACTS = MATCHING
NOT_RESUMED = STOPPED | {"Removing", "Completing", "Corrupted"}
"""States of batches that are not resumed: somebody has stopped them, or they are on their way out."""
MOST_SIGNED = 20
_THEN_STEP = {"resume": RESUME, "again": REMOVE, "elsewhere": REMOVE}


def label(failure: Failure) -> str:
    """How findings name a failed user: by the address in `users.csv`, else by the service's own name for it.

    Args:
        failure: The failure.
    """
    return failure.moving.label if failure.moving else f"{failure.address or 'no address'} in {failure.batch}"


def _failed(kind: Kind, seen: Seen, project: Project) -> Iterable[Judgement]:
    """One judgement for each user who has failed in this way: proven, or named and not (or no longer) proven."""
    shown: Proven = proven(kind, seen, project)
    others = [
        proven(other, seen, project) for other in KINDS if other is not kind and set(other.types) & set(kind.types)
    ]
    halted = {item.key: item for item in failures(seen, project)}

    def judge(row: Row) -> Iterable[Judgement]:
        failure = halted.get((str(row["Identity"] or "").casefold(), str(row["BatchId"] or "").casefold()))
        if failure is None or failure.row is not row or not is_looked_at(kind, failure):
            return
        proofs = shown.get(failure.key, [])
        if proofs:
            yield _told(failure, proofs)
        elif failure.names(kind) and not any(other.get(failure.key) for other in others):
            yield _unproven(kind, failure)

    rows = our_users(seen, project)
    if not rows:
        yield Judgement("pass", "migration users", seen="nobody is in a batch yet", expected="nobody failed like this")
    yield from judge_each(rows, judge, of_what="migration users", expected="not failed in this way", all_in="170.1")


def _told(failure: Failure, proofs: list[Proof]) -> Judgement:
    first = next((proof for proof in proofs if proof.blocks), proofs[0])
    seen = "; ".join(dict.fromkeys(proof.seen for proof in proofs))
    told = f"the service says {failure.says}; cause: {seen} (proof: {', '.join(dict.fromkeys(p.by for p in proofs))})"
    kind = "wait" if all(proof.waits for proof in proofs if proof.blocks) and first.blocks else "fail"
    return Judgement(
        "wait" if kind == "wait" else "fail",
        label(failure),
        seen=told,
        expected=first.expected,
        remedy=first.remedy,
        step=first.step,
    )


def _unproven(kind: Kind, failure: Failure) -> Judgement:
    step = kind.step or (REMOVE if kind.then == "again" else RESUME)
    then = f"Apply step {REMOVE}, then {AGAIN}." if kind.then == "again" else f"Apply step {step}."
    return Judgement(
        "fail",
        label(failure),
        seen=f"the service names {failure.says}; nothing in the tenants proves it, or not any more",
        expected="a move that goes on",
        remedy=f"{kind.unproven} {then}".strip(),
        step=step,
    )


def _otherwise(seen: Seen, project: Project) -> Iterable[Judgement]:
    """Failures that no kind explains: nothing is named that is known, and nothing is wrong."""
    found = {item.failure.key: item for item in diagnoses(seen, project)}

    def judge(row: Row) -> Iterable[Judgement]:
        key = (str(row["Identity"] or "").casefold(), str(row["BatchId"] or "").casefold())
        item = found.get(key)
        if item is None or item.failure.row is not row:
            return
        if item.failure.moving is None:
            yield _unlisted(item.failure)
        elif not item.named and not item.proofs:
            yield _unexplained(item)

    rows = our_users(seen, project)
    if not rows:
        yield Judgement("pass", "migration users", seen="nobody is in a batch yet", expected="every failure explained")
    yield from judge_each(
        rows, judge, of_what="migration users", expected="not failed, or with a cause", all_in="170.1"
    )


def _unlisted(failure: Failure) -> Judgement:
    return Judgement(
        "fail",
        label(failure),
        seen="no line of users.csv means this entry, or more than one does",
        expected="one line of users.csv for each user of a batch",
        remedy="Correct users.csv, or take the user out of the batch in the admin center. xtmig removes nobody whom it "
        "cannot name.",
    )


def _unexplained(item: Diagnosis) -> Judgement:
    tried = item.then == "resume"
    return Judgement(
        "fail",
        label(item.failure),
        seen=f"the service says {item.failure.says}; every separate check that could be made holds",
        expected="a move that goes on",
        remedy=f"Settings may not be effective everywhere yet: wait some hours, then apply step {RESUME}. If it fails "
        "again, ask Microsoft's support."
        if tried
        else "Read the move's report; search for the exception's type, or give it to Microsoft's support.",
        step=_THEN_STEP.get(item.then),
    )


def _removed_first(seen: Seen, project: Project) -> Iterable[Judgement]:
    leaving = [item.diagnosis.failure for item in to_remove(seen, project) if item.diagnosis.then == "again"]
    if not leaving:
        yield Judgement("pass", "failed users", seen="nobody is still to be removed", expected="removed first")
    for failure in leaving:
        yield Judgement(
            "fail",
            label(failure),
            seen=f"still in {failure.batch}",
            expected="removed, before a new batch takes the user",
            remedy=f"Approve and apply step {REMOVE}.",
            step=REMOVE,
        )


def _resumed(seen: Seen, project: Project) -> Iterable[Judgement]:
    standing = [item for items in to_resume(seen, project).values() for item in items]
    batches = our_batches(seen, project)

    def judge(item: Diagnosis) -> Iterable[Judgement]:
        failure = item.failure
        status = str(batches[failure.batch]["Status"])
        stopped = status in NOT_RESUMED
        yield Judgement(
            "fail",
            label(failure),
            seen=f"nothing is left to mend, and {failure.batch} has not been started again"
            + (f": it is {status}" if stopped else ""),
            expected="a move that goes on",
            remedy="Somebody stopped this batch: start it when it may go on (section 180)."
            if stopped
            else f"Approve and apply step {RESUME}.",
            step=None if stopped else RESUME,
        )

    if not standing:
        yield Judgement("pass", "failed users", seen="nobody stands still who is mended", expected="resumed")
    yield from judge_each(standing, judge, of_what="mended users", expected="resumed")


def _added_again(seen: Seen, project: Project) -> Iterable[Judgement]:
    first = {project.batch_name(wave).casefold() for wave in wave_names(seen, project)}
    again = [o for o in orders(as_if_removed(seen, project), project) if o.users and o.batch.casefold() not in first]

    def judge(order: Order) -> Iterable[Judgement]:
        yield Judgement(
            "fail",
            order.wave,
            seen=f"in no batch, or to be taken out of one: {counted(len(order.users), 'user')}"
            f"{order.why and f'; {order.why}'}",
            expected="everybody of a wave whose batch was begun is in a batch",
            remedy=f"Approve and apply step {AGAIN}: batch {order.batch}." if order.is_open else order.why,
            step=AGAIN if order.is_open else None,
        )

    if not again:
        yield Judgement("pass", "users of waves", seen="nobody waits for a new batch", expected="everybody in a batch")
    yield from judge_each(again, judge, of_what="waves", expected="everybody in a batch")


def with_disabled_archive(seen: Seen, project: Project) -> list[Match]:
    """The users of `users.csv` whose source mailbox has a disabled archive (ERR-15).

    Args:
        seen: Holds the facts of matching.
        project: The project.
    """
    return [m for m in matches(seen, project) if m.source is not None and m.source["DisabledArchiveGuid"]]


def decision(match: Match, project: Project) -> str:
    """What `move.disabled_archives` says of a user: `enable`, `remove`, or nothing.

    Args:
        match: The user.
        project: The project.
    """
    decided = {address.casefold(): what for address, what in project.move.disabled_archives.items()}
    source = match.source or {}
    names = (match.label, source.get("PrimarySmtpAddress"))
    return next((decided[str(name).casefold()] for name in names if str(name).casefold() in decided), "")


def _decided(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(match: Match) -> Iterable[Judgement]:
        source = match.source or {}
        archive = source.get("DisabledArchiveGuid")
        if not archive:
            return
        choice = decision(match, project)
        both = choice == "enable" and source.get("ArchiveGuid")
        remedy = (
            f"Approve and apply step {ARCHIVES}."
            if choice
            else "With the user, choose: enable brings the archive back, remove destroys it for ever. Write it into "
            "move.disabled_archives of project.yaml."
        )
        yield Judgement(
            "fail",
            match.label,
            seen=f"disabled archive {archive}; decided: {choice or 'nothing'}"
            + (f"; archive {source['ArchiveGuid']} is in use" if both else ""),
            expected="no disabled archive",
            remedy="Beside an archive in use the disabled one cannot be enabled: choose remove, or exclude the user."
            if both
            else remedy,
            step=None if both or not choice else ARCHIVES,
        )

    yield from judge_each(matches(seen, project), judge, of_what="users", expected="no disabled archive")


def _signed(seen: Seen, project: Project) -> Iterable[Judgement]:
    chosen = [(match, decision(match, project)) for match in with_disabled_archive(seen, project)]
    told = [f"{match.label}: {what}" for match, what in chosen if what]
    if not told:
        yield Judgement("pass", "disabled archives", seen="nothing to decide on", expected="each decision has a name")
        return
    yield Judgement(
        "sign",
        f"{len(told)} disabled archives",
        remedy="What becomes of each disabled archive was decided by its owner, who is named here: "
        + "; ".join(told[:MOST_SIGNED])
        + (f" and {len(told) - MOST_SIGNED} more" if len(told) > MOST_SIGNED else ""),
    )


RULES: tuple[Rule, ...] = (
    *(
        Rule(
            kind.rule,
            kind.title,
            kind.statements,
            "target",
            tuple(dict.fromkeys((*CORE, *facts_of(kind)))),
            partial(_failed, kind),
        )
        for kind in KINDS
    ),
    Rule(
        "failed-otherwise",
        "No move has failed for a reason that nothing explains",
        ("DOC-03",),
        "target",
        CORE,
        _otherwise,
        helps=tuple(fact for fact in FACTS if fact not in CORE),
    ),
    Rule(
        "failed-resumed",
        "Whose cause is gone has been resumed",
        ("ERR-03",),
        "target",
        FACTS,
        _resumed,
    ),
    Rule(
        "failed-removed-first",
        "Who is to be added again has been removed first",
        ("ERR-05", "ERR-06"),
        "target",
        (*FACTS, HALTED_USERS),
        _removed_first,
    ),
    Rule(
        "failed-added-again",
        "Who was taken out of a batch is in a new one",
        ("ERR-06",),
        "target",
        (*FACTS, HALTED_USERS),
        _added_again,
    ),
    Rule(
        "disabled-archives-decided",
        "Nobody who moves has a disabled archive",
        ("ERR-15", "ERR-16", "ERR-17"),
        "source",
        ARCHIVE_FACTS,
        _decided,
    ),
    Rule(
        "disabled-archives-signed",
        "Each decision about a disabled archive has somebody who answers for it",
        ("ERR-15",),
        "source",
        ARCHIVE_FACTS,
        _signed,
    ),
)
