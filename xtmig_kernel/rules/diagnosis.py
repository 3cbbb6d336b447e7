"""Section 170: from a failed move to its cause, its mend, and what comes then: resumed, or begun again. Pure.

Nobody is removed but a failed user whom one line of `users.csv` means and one entry of the service bears. Blank,
unknown and ambiguous identities lead to nothing: the cmdlets take them for everybody (ERR-05, doc traps A1 to A3).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from xtmig_kernel.rules.batches import (
    BATCHES,
    FAILED,
    MIGRATION_USERS,
    our_batches,
    users_by_address,
)
from xtmig_kernel.rules.failure_proofs import Proof, facts_of, proven
from xtmig_kernel.rules.failures import CORE, KINDS, LUMPS, REMOVE, RESUME, Failure, Kind, failures
from xtmig_kernel.rules.rule import Seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

HALTED_USERS, HALTED_BATCHES = "target.halted_users", "target.halted_batches"
FACTS = tuple(dict.fromkeys((*CORE, *(fact for kind in KINDS for fact in facts_of(kind)))))
"""Everything by which a failed move is explained."""

Then = Literal["mend", "wait", "resume", "again", "elsewhere", "person"]


@dataclass(frozen=True)
class Diagnosis:
    """Why a move has failed, and what comes next.

    Args:
        failure: Whose move, and what the service says.
        named: The kinds that the service names.
        proofs: What in the tenants shows a cause.
        then: `mend` while a cause is there, `wait` where only time or others end it, then `resume` its batch, remove
            the user and add it `again`, or remove it because it stays `elsewhere`; `person` where only a person can
            say.
    """

    failure: Failure
    named: tuple[Kind, ...]
    proofs: tuple[Proof, ...]
    then: Then

    @property
    def cause(self) -> str:
        """The cause in words; where nothing in the tenants proves it, that is said."""
        if self.proofs:
            return "; ".join(dict.fromkeys(proof.seen for proof in self.proofs))
        return f"the service names {self.failure.says}; nothing in the tenants proves it, or not any more"

    @property
    def remedy(self) -> str:
        """What is to be done first."""
        first = next((proof for proof in self.proofs if proof.blocks), next(iter(self.proofs), None))
        if first is not None:
            return f"Wait for {first.remedy}." if first.waits else first.remedy
        return next((kind.unproven for kind in self.named if kind.unproven), "") or "Nothing is left to mend."

    @property
    def next(self) -> str:
        """What comes then, in words."""
        return _NEXT[self.then]


_NEXT: Mapping[str, str] = {
    "mend": "look again when it is mended",
    "wait": "look again later",
    "resume": f"resume the batch (step {RESUME})",
    "again": f"remove the user (step {REMOVE}), then a new batch (170.5)",
    "elsewhere": f"remove the user here (step {REMOVE}); the other batch keeps it",
    "person": "a person decides",
}


def diagnoses(seen: Seen, project: Project) -> tuple[Diagnosis, ...]:
    """Every failed move with its cause, as far as facts were observed.

    Args:
        seen: Holds `CORE`, and as many of `FACTS` as were observed.
        project: The project.
    """
    found = failures(seen, project)
    proofs: dict[tuple[str, str], list[Proof]] = defaultdict(list)
    for kind in KINDS if found else ():
        for key, some in proven(kind, seen, project).items():
            proofs[key] += some
    asked = {name.casefold() for name, row in our_batches(seen, project).items() if row["CompletionAsked"]}
    return tuple(_diagnosis(item, tuple(proofs.get(item.key, ())), item.batch.casefold() in asked) for item in found)


def _diagnosis(failure: Failure, proofs: tuple[Proof, ...], completing: bool) -> Diagnosis:
    named = tuple(kind for kind in KINDS if failure.names(kind))
    return Diagnosis(failure, named, proofs, _then(failure, named, proofs, completing))


def _then(failure: Failure, named: tuple[Kind, ...], proofs: tuple[Proof, ...], completing: bool) -> Then:
    if failure.moving is None:
        return "person"
    blocking = [proof for proof in proofs if proof.blocks]
    if blocking:
        return "wait" if all(proof.waits for proof in blocking) else "mend"
    kinds = {proof.kind for proof in proofs}
    if "duplicate" in kinds:
        return "elsewhere"
    # a batch that was told to complete would complete whom it resumes, and only section 160 completes anybody
    if completing or kinds & _AGAIN or any(kind.then == "again" for kind in named):
        return "again" if failure.row["Status"] in FAILED else "person"
    known = named or not failure.types or set(failure.types) & LUMPS
    return "resume" if known else "person"


_AGAIN = frozenset(kind.id for kind in KINDS if kind.then == "again")


def to_resume(seen: Seen, project: Project) -> dict[str, tuple[Diagnosis, ...]]:
    """The batches that are to be resumed, each with the users whose cause is gone (ERR-03).

    Args:
        seen: Holds `FACTS`.
        project: The project.
    """
    found: dict[str, list[Diagnosis]] = defaultdict(list)
    for item in diagnoses(seen, project):
        if item.then == "resume":
            found[item.failure.batch].append(item)
    ours = our_batches(seen, project)
    return {name: tuple(items) for name, items in found.items() if name in ours and name.strip()}


@dataclass(frozen=True)
class Removal:
    """A failed user who is to be taken out of its batch.

    Args:
        diagnosis: Why.
        identity: What names this one entry and no other: its address, or where two entries bear that, its GUID.
    """

    diagnosis: Diagnosis
    identity: str


def to_remove(seen: Seen, project: Project) -> tuple[Removal, ...]:
    """The failed users who are to be removed, each with what names it alone (ERR-05).

    Args:
        seen: Holds `FACTS` and `HALTED_USERS`.
        project: The project.
    """
    by_address = users_by_address(seen)
    ours = our_batches(seen, project)
    found = []
    for item in diagnoses(seen, project):
        failure = item.failure
        if item.then not in ("again", "elsewhere") or failure.batch not in ours or not _is_failed_line(failure):
            continue
        identity = _one_name(failure, by_address, seen)
        if identity:
            found.append(Removal(item, identity))
    return tuple(found)


def _is_failed_line(failure: Failure) -> bool:
    """Whether it has really failed, one line of `users.csv` means it, and its mailbox has not arrived."""
    moving = failure.moving
    return failure.row["Status"] in FAILED and moving is not None and bool(moving.user["Line"]) and not moving.has_moved


def _one_name(failure: Failure, by_address: Mapping[str, list[Row]], seen: Seen) -> str:
    """The address if one entry of the whole tenant bears it, otherwise the entry's own GUID; nothing in doubt."""
    address = failure.address
    if not address.strip() or not failure.batch.strip():
        return ""
    bearing = by_address.get(address.casefold(), ())
    if len(bearing) == 1:
        return address
    if len([row for row in bearing if _is(row, failure)]) != 1:
        return ""  # two of one batch cannot be told apart when they are read back
    rows = seen.rows(HALTED_USERS) if seen.has(HALTED_USERS) else ()
    guids = [str(row["Guid"]) for row in rows if _is(row, failure) and row["Guid"]]
    every = [row for row in rows if guids and row["Guid"] == guids[0]]
    return guids[0] if len(guids) == 1 and len(every) == 1 else ""


def _is(row: Row, failure: Failure) -> bool:
    return _key(row) == failure.key


def as_if_removed(seen: Seen, project: Project) -> Seen:
    """The same facts as they are when everybody has been removed whom `to_remove` names.

    From these a new batch is planned (ERR-06), so that removal and batch can be approved together; the batch is made
    only once the removal is seen, by the rule `failed-removed-first`.

    Args:
        seen: Holds `FACTS` and `HALTED_USERS`.
        project: The project.
    """
    gone = {item.diagnosis.failure.key for item in to_remove(seen, project)}
    fewer = Counter(batch for _, batch in gone)
    users, batches = seen.facts[MIGRATION_USERS], seen.facts[BATCHES]
    left = tuple(row for row in users.value if _key(row) not in gone)
    counted = tuple(
        {**row, "TotalCount": row["TotalCount"] - less}
        if row["TotalCount"] is not None and (less := fewer[str(row["Identity"] or "").casefold()])
        else row
        for row in batches.value
    )
    known = {MIGRATION_USERS: replace(users, value=left), BATCHES: replace(batches, value=counted)}
    return Seen({**seen.facts, **known}, seen.now)


def _key(row: Row) -> tuple[str, str]:
    return str(row["Identity"] or "").casefold(), str(row["BatchId"] or "").casefold()


__all__ = [
    "BATCHES",
    "FACTS",
    "HALTED_BATCHES",
    "HALTED_USERS",
    "Diagnosis",
    "Removal",
    "as_if_removed",
    "diagnoses",
    "to_remove",
    "to_resume",
]
