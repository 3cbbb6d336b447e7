"""Section 190: the rights on a mailbox just before its cutover, and what has become of each of them in the target.

Rights that are kept in the mailbox move with it where the delegate has moved too. Send on Behalf and Send As are kept
in the directory and never move. A delegate who stays, and one that is a group, is told and never granted by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.matching import source_holders
from xtmig_kernel.rules.moved import MOVED_FACTS, Moved, by_source_address, moved
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

BASELINE, RIGHTS = "source.baseline_permissions", "target.mailbox_permissions"
FACTS = (*MOVED_FACTS, BASELINE, RIGHTS)
STEP = "190.3"
SEND_ON_BEHALF, SEND_AS = "SendOnBehalf", "SendAs"
MAILBOX_RIGHTS = frozenset(
    {"FullAccess", "ReadPermission", "DeleteItem", "ChangePermission", "ChangeOwner", "ExternalAccount"}
)
"""Rights of Get-MailboxPermission."""
_NOBODY = frozenset({"default", "anonymous"})

State = Literal["kept", "missing", "other", "unknown", "later", "stays", "group"]


@dataclass(frozen=True)
class Grant:
    """One right that a mailbox had given before its cutover.

    Args:
        moved: Whose mailbox it is.
        row: The row of `baseline_permissions`.
        delegate: The delegate, where it has moved.
        state: `kept`: the target shows it. `missing`: both have moved, and it is not there. `other`: both have moved,
            and the delegate has something else at that place. `unknown`: the target's rights could not
            be read. `later`: the delegate is to move. `stays`: it is not. `group`: it is a group.
    """

    moved: Moved
    row: Row
    delegate: Moved | None
    state: State

    @property
    def right(self) -> str:
        """The right, such as `FullAccess` or `Reviewer`."""
        return str(self.row["Right"])

    @property
    def folder(self) -> str | None:
        """The folder that it is for, with backslashes, as Exchange names it; None for the whole mailbox."""
        return folder_of(self.row)

    @property
    def trustee(self) -> str | None:
        """The delegate's primary address in the target, None where it has none there."""
        target = self.delegate.target if self.delegate is not None else None
        return str(target["PrimarySmtpAddress"]) if target is not None and target["PrimarySmtpAddress"] else None

    @property
    def words(self) -> str:
        """The right as a person would say it."""
        denied = "denied " if self.row["Deny"] else ""
        return f"{self.row['Trustee']}: {denied}{self.right}" + (f" on {self.folder}" if self.folder else "")


def folder_of(row: Row) -> str | None:
    """The folder of a right, None where it is for the whole mailbox.

    Args:
        row: A row of `mailbox_permissions` or `baseline_permissions`.
    """
    if row["Right"] in (SEND_ON_BEHALF, SEND_AS, *MAILBOX_RIGHTS) or not row["Place"]:
        return None
    return "\\" + "\\".join(part for part in re.split(r"[\\/]", str(row["Place"])) if part)


def grants(seen: Seen, project: Project) -> tuple[Grant, ...]:
    """Every right that somebody else had on a moved mailbox, with what has become of it.

    Args:
        seen: Holds `FACTS`.
        project: Gives the names of batches.
    """
    return seen.derived(_grants, FACTS, project)


def _grants(seen: Seen, project: Project) -> tuple[Grant, ...]:
    by_guid = {item.guid: item for item in moved(seen, project) if item.guid}
    delegates = by_source_address(seen, project)
    later = to_move(seen)
    present = _Present(seen.rows(RIGHTS))
    found = []
    for row in seen.rows(BASELINE):
        owner = by_guid.get(str(row["ExchangeGuid"]))
        if owner is None or row["Inherited"] or _is_nobody(str(row["Trustee"] or "")):
            continue
        name = str(row["Trustee"]).casefold()
        delegate = delegates.get(name)
        if delegate is owner:
            continue
        grant = Grant(owner, row, delegate, "missing")
        found.append(Grant(owner, row, delegate, _state(grant, present, later=name in later)))
    return tuple(found)


def to_move(seen: Seen) -> set[str]:
    """All addresses of everybody in `users.csv`, in lower case.

    Args:
        seen: Holds `MOVED_FACTS`.
    """
    found: set[str] = set()
    for user, holder in source_holders(seen):
        own = (*holder["SmtpAddresses"], holder["PrimarySmtpAddress"], holder["UserPrincipalName"]) if holder else ()
        found |= {str(address).casefold() for address in (user["SourceAddress"], *own) if address}
    return found


def _is_nobody(trustee: str) -> bool:
    """The owner itself, and the two that stand for everybody: they move with the mailbox."""
    return not trustee or trustee.casefold().startswith("nt authority\\") or trustee.casefold() in _NOBODY


def _state(grant: Grant, present: _Present, *, later: bool) -> State:
    if "group" in str(grant.row["TrusteeKind"] or "").casefold():
        return "group"
    if grant.delegate is None or grant.delegate.target is None:
        return "later" if later else "stays"
    if not present.was_read(grant):
        return "unknown"
    if present.has(grant):
        return "kept"
    return "other" if present.has_other(grant) else "missing"


class _Present:
    """The rights in the target, to be looked up."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._all: set[tuple[str, ...]] = set()
        self._at: set[tuple[str, ...]] = set()
        self._read: set[str] = set()
        for row in rows:
            self._read.add(str(row["ExchangeGuid"]))
            place, trustee = (folder_of(row) or "").casefold(), str(row["Trustee"]).casefold()
            start = (str(row["ExchangeGuid"]), trustee)
            self._all.add((*start, place, str(row["Right"]).casefold(), str(bool(row["Deny"]))))
            self._at.add((*start, place or f"denied {str(row['Right']).casefold()} {bool(row['Deny'])}"))

    def was_read(self, grant: Grant) -> bool:
        """Whether the mailbox's rights could be read at all: its owner has one at least, and is shown."""
        return str(grant.row["ExchangeGuid"]) in self._read

    def has(self, grant: Grant) -> bool:
        """Whether the target shows it."""
        place = (grant.folder or "").casefold()
        denied = str(bool(grant.row["Deny"]))
        return any(
            (str(grant.row["ExchangeGuid"]), name, place, grant.right.casefold(), denied) in self._all
            for name in _names(grant)
        )

    def has_other(self, grant: Grant) -> bool:
        """Whether the delegate has another role in that folder, or is denied what it had, or the reverse."""
        place = (grant.folder or "").casefold()
        there = place or f"denied {grant.right.casefold()} {not grant.row['Deny']}"
        return any((str(grant.row["ExchangeGuid"]), name, there) in self._at for name in _names(grant))


def _names(grant: Grant) -> Iterator[str]:
    """What the target may call the delegate."""
    target = grant.delegate.target if grant.delegate is not None else None
    if target is not None:
        own = (target["PrimarySmtpAddress"], target["UserPrincipalName"], *target["SmtpAddresses"])
        yield from dict.fromkeys(str(name).casefold() for name in own if name)


def grantable(grant: Grant) -> bool:
    """Whether xtmig gives it again: both are mailboxes in the target, it is missing, and it is no denial (PRM-03).

    Args:
        grant: The right.
    """
    owner, delegate = grant.moved, grant.delegate
    return (
        grant.state == "missing"
        and not grant.row["Deny"]
        and owner.converted
        and bool(owner.target and owner.target["ObjectId"])
        and delegate is not None
        and delegate.target_converted
        and grant.trustee is not None
    )


_SEEN: dict[State, str] = {
    "missing": "not in the target",
    "other": "the delegate has another right at this place",
    "unknown": "the rights on the mailbox in the target could not be read",
}
_BY_HAND: dict[State, str] = {
    "other": "Ask the owner of the mailbox which right is meant, and set it in the target by hand.",
    "unknown": "Look again. If it stays so, the account may not read the rights on this mailbox.",
}


def _kept(belongs: Callable[[Grant], bool]) -> Callable[[Seen, Project], Iterable[Judgement]]:
    """Judges the rights of one kind whose delegate has moved too."""

    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        both = [g for g in grants(seen, project) if belongs(g) and g.state in ("kept", "missing", "other", "unknown")]
        expected = "the same right for the delegate's mailbox in the target"

        def lost(grant: Grant) -> Iterable[Judgement]:
            if grant.state == "kept":
                return
            by_us = grantable(grant)
            yield Judgement(
                "warn" if grant.state == "other" else "fail",
                f"{grant.moved.label}, {grant.words}",
                seen=_SEEN[grant.state],
                expected=expected,
                remedy=f"Apply step {STEP}." if by_us else _BY_HAND.get(grant.state, _BY_HAND["other"]),
                step=STEP if by_us else None,
            )

        yield from judge_each(both, lost, of_what="rights of delegates who moved", expected=expected)

    return judge


def _lost(seen: Seen, project: Project) -> Iterable[Judgement]:
    """One judgement for each mailbox, for a shared one may have hundreds of delegates."""
    found: dict[str, tuple[Moved, list[Grant]]] = {}
    for grant in grants(seen, project):
        of_owner = found.setdefault(str(grant.row["ExchangeGuid"]), (grant.moved, []))
        if grant.state in ("later", "stays", "group"):
            of_owner[1].append(grant)

    def judge(pair: tuple[Moved, list[Grant]]) -> Iterable[Judgement]:
        for state, what, remedy in _LOST:
            words = [grant.words for grant in pair[1] if grant.state == state]
            if words:
                yield Judgement(
                    "warn",
                    f"{pair[0].label}, {what}",
                    seen=named(words),
                    expected="delegates who moved with the mailbox",
                    remedy=remedy,
                )

    yield from judge_each(
        found.values(), judge, of_what="moved mailboxes with delegates", expected="all delegates moved with them"
    )


_LOST: tuple[tuple[State, str, str], ...] = (
    ("later", "delegates of a later wave", f"When they have moved, come back and apply step {STEP} again."),
    (
        "stays",
        "delegates who stay",
        "A right does not work across tenants: tell the owner of the mailbox that it ends.",
    ),
    (
        "group",
        "rights by way of groups",
        "Groups do not move. Grant the right to the group that stands for it in the target, once that has the members.",
    ),
)

RULES: tuple[Rule, ...] = (
    Rule(
        "moved-send-on-behalf",
        "Delegates with Send on Behalf have it in the target, where both have moved",
        ("PRM-03",),
        "target",
        FACTS,
        _kept(lambda grant: grant.right == SEND_ON_BEHALF),
    ),
    Rule(
        "moved-send-as",
        "Delegates with Send As have it in the target, where both have moved",
        ("PRM-01", "PRM-06"),
        "target",
        FACTS,
        _kept(lambda grant: grant.right == SEND_AS),
    ),
    Rule(
        "moved-permissions",
        "Rights on mailboxes and folders are in the target, where both have moved",
        ("PRM-06", "PRM-09"),
        "target",
        FACTS,
        _kept(lambda grant: grant.right not in (SEND_AS, SEND_ON_BEHALF)),
    ),
    Rule(
        "moved-permissions-lost",
        "No delegate is left behind in the other tenant",
        ("PRM-07",),
        None,
        FACTS,
        _lost,
    ),
)
