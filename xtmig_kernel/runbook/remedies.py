"""Plans of section 170: disabled archives, batches that are resumed, failed users who are taken out. Pure.

What other sections mend is mended there (080.3, 100.3 and so on); findings name the step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject
from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.batches import our_batches, wave_names
from xtmig_kernel.rules.diagnosis import HALTED_BATCHES, Removal, as_if_removed, diagnoses, to_remove, to_resume
from xtmig_kernel.rules.failure_rules import NOT_RESUMED, decision, label, with_disabled_archive
from xtmig_kernel.rules.failures import AGAIN, ARCHIVES, REMOVE, RESUME
from xtmig_kernel.runbook.sections.s130_start_batches import plan_batches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.diagnosis import Diagnosis
    from xtmig_kernel.rules.matching import Match

ARCHIVE_SECONDS = 300
RESUME_SECONDS = 600
REMOVAL_SECONDS = 300
MOST_NAMED = 5


def show_failures(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """One line for each failed move: what the service says, the cause, its proof, the mend, and what comes then."""
    rows = tuple(_line(item) for item in diagnoses(seen, project))
    columns = ("User", "Batch", "The service says", "Cause", "Proof", "Mend", "Then")
    caption = "Every move that has failed or waits for a person, with what in the tenants proves why."
    return (Exhibit("failures", caption, columns, rows),) if rows else ()


def _line(item: Diagnosis) -> tuple[str, ...]:
    proof = ", ".join(dict.fromkeys(proof.by for proof in item.proofs)) or "none"
    return label(item.failure), item.failure.batch, item.failure.says, item.cause, proof, item.remedy, item.next


def plan_archives(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Do with disabled archives what `move.disabled_archives` says of each; nothing is done unsaid (ERR-16, ERR-17)."""
    changes = (_archive(match, project) for match in with_disabled_archive(seen, project))
    return tuple(change for change in changes if change is not None)


def _archive(match: Match, project: Project) -> Change | None:
    source = match.source or {}
    choice = decision(match, project)
    if not str(source.get("ObjectId") or "").strip() or match.action == "blocked":
        return None
    if choice == "remove":
        return _archive_removed(project, source)
    return _archive_enabled(project, source) if choice == "enable" and not source["ArchiveGuid"] else None


def _mailbox(source: Row) -> Subject:
    return Subject("source", "mailboxes", (("ObjectId", str(source["ObjectId"])),), str(source["PrimarySmtpAddress"]))


def _archive_enabled(project: Project, source: Row) -> Change:
    archive, identity = source["DisabledArchiveGuid"], str(source["ObjectId"])
    return Change(
        step=ARCHIVES,
        side="source",
        tenant_id=project.source.tenant_id,
        subject=_mailbox(source),
        title=f"Enable the disabled archive of {source['PrimarySmtpAddress']} again ({archive})",
        before={"ArchiveGuid": None, "DisabledArchiveGuid": archive},
        after={"ArchiveGuid": archive, "DisabledArchiveGuid": None},
        calls=(ExchangeCall("Enable-Mailbox", {"Identity": identity, "Archive": True}),),
        level=Level.NAMED,
        undo=f"Disable-Mailbox -Identity {quoted(identity)} -Archive, which makes it a disabled archive again.",
        statements=("ERR-17", "ERR-18"),
        lag_seconds=ARCHIVE_SECONDS,
    )


def _archive_removed(project: Project, source: Row) -> Change:
    archive, identity = source["DisabledArchiveGuid"], str(source["ObjectId"])
    call = {"Identity": identity, "RemoveDisabledArchive": True, "Confirm": False}
    return Change(
        step=ARCHIVES,
        side="source",
        tenant_id=project.source.tenant_id,
        subject=_mailbox(source),
        title=f"Destroy for ever the disabled archive of {source['PrimarySmtpAddress']} ({archive})",
        before={"DisabledArchiveGuid": archive},
        after={"DisabledArchiveGuid": None},
        calls=(ExchangeCall("Set-Mailbox", call),),
        level=Level.SECOND_PERSON,
        undo="Cannot be undone: the archive and everything in it are lost.",
        statements=("ERR-15", "ERR-16"),
        irreversible=True,
        lag_seconds=ARCHIVE_SECONDS,
    )


def plan_resumed(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Resume every batch that holds users whose cause is gone; one call for each batch (ERR-03, doc trap B9)."""
    halted = {str(row["Identity"]): row for row in seen.rows(HALTED_BATCHES)}
    batches = our_batches(seen, project)
    return tuple(
        _resumed(project, name, halted[name], users)
        for name, users in to_resume(seen, project).items()
        if name in halted and batches[name]["Status"] not in NOT_RESUMED
    )


def _resumed(project: Project, batch: str, halted: Row, users: tuple[Diagnosis, ...]) -> Change:
    going = {item.failure.address.casefold() for item in users}
    staying = [address for address in halted["Users"] if address.casefold() not in going]
    return Change(
        step=RESUME,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=Subject("target", "halted_batches", (("Identity", batch),), f"failed users of batch {batch}"),
        title=f"Resume batch {batch} for {_named(item.failure.address for item in users)}",
        before={"Users": list(halted["Users"])},
        after={"Users": staying} if staying else None,
        calls=(ExchangeCall("Start-MigrationBatch", {"Identity": batch}),),
        level=Level.NAMED,
        undo=f"Stop-MigrationBatch -Identity {quoted(batch)}",
        statements=("ERR-03", "LIC-15"),
        lag_seconds=RESUME_SECONDS,
    )


def _named(addresses: Iterable[str]) -> str:
    every = sorted(addresses, key=str.casefold)
    more = len(every) - MOST_NAMED
    return ", ".join(every[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def plan_removals_of_users(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Take failed users out of their batches, each by what names it alone (ERR-04 to ERR-07, ERR-10, ERR-11)."""
    return tuple(_taken_out(project, item) for item in to_remove(seen, project))


def _taken_out(project: Project, item: Removal) -> Change:
    failure = item.diagnosis.failure
    then = "its other batch keeps the user" if item.diagnosis.then == "elsewhere" else "a new batch takes the user"
    key = (("Identity", failure.address), ("BatchId", failure.batch))
    return Change(
        step=REMOVE,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=Subject("target", "migration_users", key, f"{failure.address} in {failure.batch}"),
        title=f"Take {failure.address} out of batch {failure.batch} ({failure.says}); {then}",
        before={"Status": failure.row["Status"]},
        after=None,
        calls=(ExchangeCall("Remove-MigrationUser", {"Identity": item.identity, "Confirm": False}),),
        level=Level.NAMED,
        undo="The user is put into a new batch (170.5); what was copied so far is copied again. The mailbox stays.",
        statements=("ERR-04", "ERR-05", "ERR-07", "ERR-10", "ERR-11", "ERR-13", "ARC-05"),
        lag_seconds=REMOVAL_SECONDS,
    )


def plan_new_batches(seen: Seen, project: Project) -> tuple[Change, ...]:
    """A new batch of each wave for those who were taken out of its first one, as section 130 makes batches (ERR-06).

    It is planned as if those of step 170.4 were out already; the rule `failed-removed-first` keeps it from being made
    before they are.
    """
    first = {project.batch_name(wave).casefold() for wave in wave_names(seen, project)}
    return tuple(
        replace(change, step=AGAIN, statements=(*change.statements, "ERR-06"))
        for change in plan_batches(as_if_removed(seen, project), project)
        if str(dict(change.subject.key)["Identity"]).casefold() not in first
    )
