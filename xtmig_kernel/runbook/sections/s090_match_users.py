"""090 Match users: who moves, and whom each of them becomes in the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.match_index import distinct
from xtmig_kernel.rules.matching import FACTS, source_holders
from xtmig_kernel.rules.user_matches import CODES
from xtmig_kernel.rules.users import HOLDERS, attribute_value
from xtmig_kernel.runbook.match_exhibits import matching_exhibits
from xtmig_kernel.runbook.step import Section, Step
from xtmig_kernel.runbook.users_file import LISTING_FACTS, users_file, users_file_exhibit

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

MAILBOX = "Mailbox"


def plan_tags(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Mark the listed mailboxes that lack the attribute; a value that is there is never overwritten (SCR-02)."""
    if not project.users.tag:
        return ()
    holders = distinct(
        holder for user, holder in source_holders(seen) if holder is not None and user["Line"] and holder["ObjectId"]
    )
    return tuple(_tag(project, row) for row in holders if _may_be_tagged(row, project))


def _may_be_tagged(row: Row, project: Project) -> bool:
    """Whether it is a mailbox without a value, which no on-premises directory rules over."""
    return (
        str(row["RecipientTypeDetails"]).endswith(MAILBOX)
        and not row["DirectorySynchronised"]
        and not attribute_value(row, project.users.attribute)
    )


def _tag(project: Project, row: Row) -> Change:
    attribute, value = project.users.attribute, project.users.value
    before = list(row["CustomAttributes"])
    return Change(
        step="090.2",
        side="source",
        tenant_id=project.source.tenant_id,
        subject=Subject("source", "mailboxes", (("ObjectId", str(row["ObjectId"])),), str(row["PrimarySmtpAddress"])),
        title=f"Write {attribute} {value} to {row['PrimarySmtpAddress']}",
        before={"CustomAttributes": before},
        after={"CustomAttributes": [*before, f"{attribute}={value}"]},
        calls=(ExchangeCall("Set-Mailbox", {"Identity": str(row["ObjectId"]), attribute: value}),),
        level=Level.UNDOABLE,
        undo=f"Set-Mailbox -Identity {quoted(str(row['ObjectId']))} -{attribute} $null",
        statements=("SCR-02",),
    )


SECTION = Section(
    number="090",
    slug="match-users",
    title="Match users",
    purpose="Say who moves, and find out whom each of them becomes in the target, before anything is created.",
    sides=("source", "target"),
    steps=(
        Step(
            id="090.1",
            title="List the users",
            side=None,
            why="users.csv says who moves, and keeps each user's names in the target as they were decided.",
            reads=(*LISTING_FACTS, "source.mail_users"),
            verifies=("users-listed", "users-complete"),
            plans_from=LISTING_FACTS,
            files=users_file,
            shows=users_file_exhibit,
        ),
        Step(
            id="090.2",
            title="Mark the source mailboxes",
            side="source",
            why="The document's scripts find the users by a custom attribute, and no step of it ever writes one.",
            reads=HOLDERS,
            verifies=("users-tagged",),
            plans_from=HOLDERS,
            plan=plan_tags,
            requires=("users-listed",),
            bulk=True,
        ),
        Step(
            id="090.3",
            title="Match both sides",
            side=None,
            why="Whatever collides is found now, by name, and not by the first failed move.",
            reads=FACTS,
            verifies=tuple(code.id for code in CODES),
            plans_from=FACTS,
            shows=matching_exhibits,
        ),
    ),
    document=("FAQ: sample scripts",),
    guidance=("SCR-01",),
)
