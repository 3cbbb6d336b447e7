"""The files of the project for the way back, as section 300 writes them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.outputs import Exhibit, ProjectFile
from xtmig_kernel.project.files import PROJECT_FILE, yaml_text
from xtmig_kernel.project.turned import MOVE_BACK, turned
from xtmig_kernel.project.users import USERS_FILE, UserRow, users_text
from xtmig_kernel.rules.batches import WAVE_FACTS
from xtmig_kernel.rules.move_back import returning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

_HEAD = "# Made by section 300 of project {id}. Make a project of it with: xtmig new FOLDER --back-from THIS-PROJECT\n"
FACTS = WAVE_FACTS


def move_back_files(seen: Seen, project: Project) -> tuple[ProjectFile, ...]:
    """`move-back/project.yaml` and `move-back/users.csv`; none in a project for the way back, or where nobody moved.

    Args:
        seen: Holds `FACTS`.
        project: The first project.
    """
    rows = _rows(seen, project)
    if project.back_from or not rows:
        return ()
    settings = yaml_text(turned(project))
    return (
        ProjectFile(
            f"{MOVE_BACK}/{PROJECT_FILE}",
            _HEAD.format(id=project.id) + settings,
            "The settings of the project for the way back: source and target have changed places",
        ),
        ProjectFile(
            f"{MOVE_BACK}/{USERS_FILE}",
            users_text(rows),
            f"The {counted(len(rows), 'user')} who can move back; take out the lines of those who shall stay",
        ),
    )


def move_back_exhibit(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Who can move back, and to which object.

    Args:
        seen: Holds `FACTS`.
        project: The first project.
    """
    if project.back_from:
        return ()
    columns = ("Mailbox now", "Returns to", "Signs in as", "Object ID")
    lines = tuple((r.source_address, r.target_address, r.target_sign_in, r.target_object) for r in _rows(seen, project))
    return (Exhibit("move-back", f"{counted(len(lines), 'mailbox', 'mailboxes')} can move back", columns, lines),)


def _rows(seen: Seen, project: Project) -> list[UserRow]:
    left = {str(row["ObjectId"]): row for row in seen.rows("source.mail_users") if row["ObjectId"]}
    users = [
        (user.address, left.get(str(user.source and user.source["ObjectId"]))) for user in returning(seen, project)
    ]
    return [_row(address, row) for address, row in users if address and row is not None and row["PrimarySmtpAddress"]]


def _row(address: str, left_behind: Mapping[str, object] | Row) -> UserRow:
    """The names that it had before the first move are those of the object that it left behind."""
    return UserRow(
        source_address=address,
        target_address=str(left_behind["PrimarySmtpAddress"]),
        target_sign_in=str(left_behind["UserPrincipalName"] or ""),
        target_alias=str(left_behind["Alias"] or ""),
        target_object=str(left_behind["ObjectId"]),
    )
