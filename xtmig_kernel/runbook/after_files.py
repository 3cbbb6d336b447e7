"""Section 190: what its steps show, and the mails about what each person has to do after the move. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from xtmig_kernel.outputs import Exhibit, ProjectFile
from xtmig_kernel.rules.after_counts import HISTORY, Compared, compared
from xtmig_kernel.rules.after_permissions import grants
from xtmig_kernel.rules.moved import Moved, moved
from xtmig_kernel.runbook.csv_files import csv_text

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

MAIL_COLUMNS = ("Name", "NewAddress", "NewSignIn", "OldAddress", "RightsThatEnded")


def show_moved(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Every completed user with both objects and the address that the source forwards to (GEN-02, GEN-03)."""
    rows = tuple(
        (
            item.wave,
            item.label,
            str(item.entry["Status"]),
            _kind(item.source),
            str((item.source or {}).get("ExternalEmailAddress") or ""),
            _kind(item.target),
            str((item.target or {}).get("PrimarySmtpAddress") or ""),
        )
        for item in moved(seen, project)
    )
    if not rows:
        return ()
    columns = ("Wave", "User", "State", "In the source", "Forwards to", "In the target", "Address in the target")
    caption = "Whose move is completed, and what is now on each side."
    return (Exhibit("moved-users", caption, columns, rows),)


def _kind(row: Row | None) -> str:
    return str(row["RecipientTypeDetails"]) if row is not None else "nothing"


def show_counts(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Items before and after for each mailbox, beside the service's own record; and every folder that is short."""
    mailboxes = compared(seen, project)
    if not mailboxes:
        return ()
    recorded = {str(row["ExchangeGuid"]): row for row in seen.rows(HISTORY)} if seen.has(HISTORY) else {}
    columns = (
        "User", "Items before", "Items now", "Skipped by decision", "Missing", "Left out", "Service's record: source",
        "Service's record: target",
    )  # fmt: skip
    caption = "What each mailbox held just before its cutover and what it holds in the target; more is new mail."
    rows = tuple(_mailbox(item, recorded.get(item.moved.guid or "")) for item in mailboxes)
    found = [Exhibit("counts-compared", caption, columns, rows)]
    short = tuple(
        (item.moved.label, folder.name, folder.before, folder.now, folder.skipped, folder.missing)
        for item in mailboxes
        for folder in (item.folders if item.has_counts else ())
        if folder.missing
    )
    if short:
        caption = "Folders that hold fewer items than before."
        headings = ("User", "Folder", "Items before", "Items now", "Skipped by decision", "Missing")
        found.append(Exhibit("folders-short", caption, headings, short))
    return tuple(found)


def _mailbox(item: Compared, record: Row | None) -> tuple[str | int, ...]:
    before, now = (sum(getattr(folder, name) for folder in item.folders) for name in ("before", "now"))
    return (
        item.moved.label,
        before if item.has_baseline else "not counted",
        now if item.has_counts else "not counted",
        sum(folder.skipped for folder in item.folders),
        sum(folder.missing for folder in item.folders) if item.has_baseline and item.has_counts else "unknown",
        "; ".join(item.left_out),
        _number(record, "SourceItems"),
        _number(record, "TargetItems"),
    )


def _number(record: Row | None, column: str) -> str | int:
    value = record[column] if record is not None else None
    return int(value) if value is not None else ""


def mail_files(seen: Seen, project: Project) -> tuple[ProjectFile, ...]:
    """For each wave a mail to its people, and the table from which it is sent to each; xtmig sends nothing itself."""
    waves: dict[str, list[Moved]] = defaultdict(list)
    for item in moved(seen, project):
        if item.target_converted and item.target is not None and item.target["RecipientTypeDetails"] == "UserMailbox":
            waves[item.wave].append(item)
    ended = _ended(seen, project)
    files: list[ProjectFile] = []
    for wave, people in waves.items():
        table = csv_text(MAIL_COLUMNS, [_person(item, ended) for item in people])
        start = f"mails/{wave}-after"
        files.append(ProjectFile(f"{start}.csv", table, f"Who of wave {wave} gets the mail, with their names."))
        files.append(
            ProjectFile(f"{start}.txt", _TEXT, f"The mail to everybody of wave {wave}; change it as you like.")
        )
    return tuple(files)


def _person(item: Moved, ended: dict[str, list[str]]) -> tuple[str, ...]:
    target = item.target or {}
    return (
        str(target.get("DisplayName") or ""),
        str(target.get("PrimarySmtpAddress") or ""),
        str(target.get("UserPrincipalName") or ""),
        item.label,
        "; ".join(ended.get(item.guid or "", ())),
    )


def _ended(seen: Seen, project: Project) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for grant in grants(seen, project):
        if grant.state in ("stays", "group", "later"):
            found[str(grant.row["ExchangeGuid"])].append(grant.words)
    return found


_TEXT = """\
Subject: Your mailbox has moved: what to do today

Dear {Name},

Your mailbox is now in our new organisation. Mail to {OldAddress} still reaches you.

    Your new address:       {NewAddress}
    You sign in with:       {NewSignIn}

Please do this today, in this order:

1. Outlook on your computer: make a new profile with the new sign-in name and address, and remove the old one, which
   cannot connect any more. Outlook then loads your mailbox again, which can take some hours.
2. Your phone and tablet: remove the account, and add it again with the new sign-in name.
3. If mail is still in the Outbox of your old profile, send it again: the Outbox did not move.
4. Teams meetings that you organise: delete each one that is still to come, and make it anew. The links in the moved
   ones lead nowhere. Sign in to Teams with the new name: with the old one, calendar, profile picture and the search for
   public teams no longer work there.
5. Your signature: make it again, for signatures did not move.
6. Voicemail: messages that came by mail are in your mailbox, and your greeting has moved. Older ones can be heard
   when you call voicemail; the Teams window does not show them.
7. If other people could open your mailbox or your calendar: those who moved with you still can. Rights that
   have ended: {RightsThatEnded}

If anything is missing, tell the service desk today, and do not delete anything before that.
"""
