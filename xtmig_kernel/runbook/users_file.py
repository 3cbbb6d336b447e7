"""`users.csv` as step 090.1 would write it: what a person wrote stays, who is missing is appended, names are frozen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.outputs import Exhibit, ProjectFile
from xtmig_kernel.project.users import USERS_FILE, UserRow, from_columns, users_text
from xtmig_kernel.rules.match_index import by_address
from xtmig_kernel.rules.matching import FACTS, matched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.matching import Match

STAYING = "source.staying_users"
LISTING_FACTS = (*FACTS, "source.proposed_users", STAYING)
_NAMES = ("target_address", "target_sign_in", "target_alias")


@dataclass(frozen=True)
class _Line:
    """One line as it is and as it would be.

    Args:
        match: What matching says of it.
        before: The line as the person wrote it, None for one that would be new.
        after: The line as it would stand in the file.
    """

    match: Match
    before: UserRow | None
    after: UserRow


def users_file(seen: Seen, project: Project) -> tuple[ProjectFile, ...]:
    """The file where it has to change; none where it already says everything.

    Args:
        seen: Holds `LISTING_FACTS`.
        project: Says who moves, and gives the rules for names.
    """
    lines = seen.derived(_lines, LISTING_FACTS, project)
    if all(line.before == line.after for line in lines):
        return ()
    new = sum(line.before is None for line in lines)
    about = f"Who moves, and whom each becomes in the target: {counted(len(lines), 'user')}, {new} of them new in it."
    return (ProjectFile(USERS_FILE, whole_text(seen, [line.after for line in lines]), about),)


def whole_text(seen: Seen, rows: Sequence[UserRow]) -> str:
    """The content of `users.csv` with these lines, and with the lines of those who stay where they stood.

    Args:
        seen: Holds `source.staying_users`.
        rows: Those who move, in the order of the file, those who are new last.
    """
    staying = [from_columns(row) for row in seen.rows(STAYING)]
    present = sorted([*(row for row in rows if row.line), *staying], key=lambda row: row.line)
    return users_text([*present, *(row for row in rows if not row.line)])


def users_file_exhibit(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """The lines of `users.csv` as they would be after this step.

    Args:
        seen: Holds `LISTING_FACTS`.
        project: Says who moves, and gives the rules for names.
    """
    rows = tuple(
        (
            line.after.line or "new",
            line.after.source_address,
            line.after.target_address,
            line.after.target_sign_in,
            line.after.target_alias,
            _what_is_new(line),
        )
        for line in seen.derived(_lines, LISTING_FACTS, project)
    )
    columns = ("Line", "Source address", "Target address", "Sign-in name", "Alias", "What is new")
    caption = (
        f"{USERS_FILE} with what step 090.1 adds; names are filled in where they are clear, and stay from then on."
    )
    return (Exhibit("users-file", caption, columns, rows),)


def _lines(seen: Seen, project: Project) -> tuple[_Line, ...]:
    present = [row for row in seen.rows("source.chosen_users") if row["Line"]]
    rows = [*present, *_not_listed(seen, present)]
    return tuple(_line(match) for match in matched(rows, seen, project))


def _not_listed(seen: Seen, present: list[Row]) -> list[Row]:
    """The proposals whose mailbox no line names by any of its addresses."""
    index = by_address(seen.rows("source.mailboxes"))
    listed = {str(row["SourceAddress"]).casefold() for row in present}
    for row in present:
        for mailbox in index.get("address", row["SourceAddress"]):
            listed |= {str(a).casefold() for a in (*mailbox["SmtpAddresses"], mailbox["PrimarySmtpAddress"])}
    return [row for row in seen.rows("source.proposed_users") if str(row["SourceAddress"]).casefold() not in listed]


def _line(match: Match) -> _Line:
    written = from_columns(match.user)
    after = written
    if match.action != "blocked" and match.names is not None:
        after = replace(
            written,
            target_address=written.target_address or match.names.address,
            target_sign_in=written.target_sign_in or match.names.sign_in,
            target_alias=written.target_alias or match.names.alias,
        )
    return _Line(match, written if written.line else None, after)


def _what_is_new(line: _Line) -> str:
    if line.match.action == "blocked" and not all(getattr(line.after, name) for name in _NAMES):
        return "names are not clear yet: " + ", ".join(dict.fromkeys(p.code for p in line.match.problems if p.blocks))
    if line.before is None:
        return "the line"
    words = {"target_address": "target address", "target_sign_in": "sign-in name", "target_alias": "alias"}
    return ", ".join(words[name] for name in _NAMES if getattr(line.before, name) != getattr(line.after, name))
