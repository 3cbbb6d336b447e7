"""Section 100: what remains of an earlier mailbox of a target object, and whether it may be cleared. Pure.

Clearing cannot be undone, and with it goes every deleted mailbox of the object (USR-25). So it is done for those users
only whose line in `users.csv` asks for it, and where a deleted mailbox holds items, or did not tell how many, only with
the place of its export and the word of its owner.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.match_problems import left_behind
from xtmig_kernel.rules.matching import FACTS, Match, clearing_asked, matches
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

PREVIOUS_FACTS = tuple(dict.fromkeys((*FACTS, "target.exchange_users", "target.soft_deleted_mailboxes")))
STEP = "100.1"
_SOLVED_BY_CLEARING = frozenset({"user-no-other-guid", "user-no-previous-mailbox"})


@dataclass(frozen=True)
class Remains:
    """What an object of the target still has of a mailbox of its own.

    Args:
        match: The user.
        target: The target's MailUser.
        kind: What it was before (PreviousRecipientTypeDetails), None where Exchange says nothing.
        guid: Its ExchangeGuid, where that is not the source mailbox's.
        deleted: Deleted mailboxes that can still be restored, of this object or of its name.
    """

    match: Match
    target: Row
    kind: str | None
    guid: str | None
    deleted: tuple[Row, ...]

    @property
    def held(self) -> str:
        """What the deleted mailboxes hold, in words."""
        if not self.deleted:
            return "no deleted mailbox that could be restored"
        return "; ".join(f"deleted mailbox {row['ExchangeGuid']}: {_amount(row)}" for row in self.deleted)

    @property
    def holds_items(self) -> bool:
        """Whether anything would be lost; what was not counted may be anything."""
        return any(row["Items"] != 0 for row in self.deleted)

    @property
    def seen(self) -> str:
        """What remains, in words."""
        traces = [f"was a {self.kind}"] if self.kind else []
        if self.guid:
            traces.append(f"ExchangeGuid {self.guid} is not the source mailbox's")
        return "; ".join([*traces, self.held])

    @property
    def lacking(self) -> tuple[str, ...]:
        """Columns of `users.csv` that must be filled before it may be cleared."""
        if not clearing_asked(self.match):
            return ("PreviousMailbox",)
        needed = ("PreviousMailboxExport", "PreviousMailboxAgreedBy") if self.holds_items else ()
        return tuple(column for column in needed if not str(self.match.user[column] or "").strip())

    @property
    def obstacle(self) -> str:
        """What else keeps it from being cleared, in words; empty where nothing does."""
        if self.target["DirectorySynchronised"]:
            return "it is synchronised from a directory on-premises"
        if not str(self.target["UserPrincipalName"] or "").strip() or not self.target["ObjectId"]:
            return "it has no sign-in name or object ID to name it by"
        others = [p.seen for p in self.match.problems if p.blocks and p.code not in _SOLVED_BY_CLEARING]
        return others[0] if others else ""


def remains(seen: Seen, project: Project) -> tuple[Remains, ...]:
    """Every matched object that was a mailbox before.

    Args:
        seen: Holds `PREVIOUS_FACTS`.
        project: The project.
    """
    people = {str(row["ObjectId"]): row for row in seen.rows("target.exchange_users") if row["ObjectId"]}
    deleted: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows("target.soft_deleted_mailboxes"):
        for value in {str(row[c] or "").casefold() for c in ("ObjectId", "ExchangeGuid", *_NAMES)}:
            deleted[value].append(row)
    found = (_remains(match, people, deleted, project) for match in matches(seen, project))
    return tuple(item for item in found if item is not None)


_NAMES = ("UserPrincipalName", "PrimarySmtpAddress")


def _remains(match: Match, people: dict[str, Row], deleted: dict[str, list[Row]], project: Project) -> Remains | None:
    if match.source is None or match.target is None:
        return None
    target = match.target
    before = str((people.get(str(target["ObjectId"])) or {}).get("PreviousRecipientTypeDetails") or "")
    kind = before if before.endswith("Mailbox") and not left_behind(target, match.source, project) else None
    guid = target["ExchangeGuid"] if target["ExchangeGuid"] not in (None, match.source["ExchangeGuid"]) else None
    own = [row for value in (target["ObjectId"], guid) if value for row in deleted.get(str(value).casefold(), [])]
    if not (kind or guid or own):
        return None
    names = (target["UserPrincipalName"], target["PrimarySmtpAddress"], *target["SmtpAddresses"])
    namesakes = [row for value in names if value for row in deleted.get(str(value).casefold(), [])]
    unique = {str(row["ExchangeGuid"]): row for row in (*own, *namesakes)}
    return Remains(match, target, kind, guid, tuple(unique[key] for key in sorted(unique)))


def may_be_cleared(item: Remains) -> bool:
    """Whether step 100.1 plans to clear it.

    Args:
        item: What remains of one object.
    """
    return not item.lacking and not item.obstacle


def _amount(row: Row) -> str:
    if row["Items"] is None:
        return "not counted"
    size = "size not told" if row["Bytes"] is None else f"{row['Bytes']:,} bytes"
    return f"{row['Items']:,} items, {size}"


def _cleared(seen: Seen, project: Project) -> Iterable[Judgement]:
    by_label = {item.match.label: item for item in remains(seen, project)}

    def judge(match: Match) -> Iterable[Judgement]:
        item = by_label.get(match.label)
        if item is not None:
            yield Judgement(
                "fail", match.label, seen=item.seen, expected="nothing of an earlier mailbox", **_next(item)
            )

    found = [m for m in matches(seen, project) if m.source is not None]
    yield from judge_each(found, judge, of_what="users", expected="nothing of an earlier mailbox")


def _next(item: Remains) -> dict[str, Any]:
    if item.obstacle:
        return {"remedy": f"It cannot be cleared by xtmig: {item.obstacle}. Its owner and its administrator decide."}
    if item.lacking == ("PreviousMailbox",):
        return {
            "remedy": "Its owner decides. To give up for ever what the deleted mailbox holds, write clear into "
            "PreviousMailbox in users.csv; otherwise restore it, or choose another object."
        }
    if item.lacking:
        return {"remedy": f"Not planned until users.csv has {' and '.join(item.lacking)}."}
    return {"remedy": f"Apply step {STEP}; a second person must approve it.", "step": STEP}


def _agreed(seen: Seen, project: Project) -> Iterable[Judgement]:
    asked = [item for item in remains(seen, project) if clearing_asked(item.match)]

    def judge(item: Remains) -> Iterable[Judgement]:
        if item.lacking:
            yield Judgement(
                "fail",
                item.match.label,
                seen=f"{item.held}; users.csv has no {' and no '.join(item.lacking)}",
                expected="where the copy of these items lies, and who owns them and agrees to their loss",
                remedy="Export the items, ask their owner, and fill in "
                + " and ".join(item.lacking)
                + " in users.csv; or take clear out again.",
            )

    if asked:
        yield from judge_each(asked, judge, of_what="users to be cleared", expected="items exported, loss agreed to")
    else:
        yield Judgement("pass", "users.csv", seen="no previous mailbox is to be cleared", expected="no loss unasked")


RULES: tuple[Rule, ...] = (
    Rule(
        "previous-mailbox-cleared",
        "Nothing remains of an earlier mailbox of a target object",
        ("USR-22", "USR-23", "USR-24", "USR-27"),
        "target",
        PREVIOUS_FACTS,
        _cleared,
    ),
    Rule(
        "previous-mailbox-agreed",
        "What clearing would destroy is exported, and its owner agrees",
        ("USR-25", "USR-28"),
        "target",
        PREVIOUS_FACTS,
        _agreed,
    ),
)
