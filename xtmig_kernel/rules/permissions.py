"""Section 120: who has rights on whose mailbox, which of them survive the move, and who should therefore go together.

What is stored in the mailbox, full access and folder rights, moves with it and works if both users move (PRM-04);
rights on the directory object, Send As and Send on Behalf, do not move and are given again (PRM-02, PRM-03). Between
two tenants nothing works (PRM-07), so users who are tied move in one wave (PRM-08). A group's rights tie nobody.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.match_index import by_address
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.matching import source_holders
from xtmig_kernel.rules.movers import MOVER_FACTS, judge_states, movers
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.waves import Tie

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.movers import Mover

PERMISSIONS = "source.mailbox_permissions"
PERMISSION_FACTS = (*MOVER_FACTS, PERMISSIONS)
OF_THE_OBJECT = frozenset({"SendAs", "SendOnBehalf"})
NOBODYS = frozenset({"Self", "Default", "Anonymous"})
NOTHING = frozenset({"None", "AvailabilityOnly", "LimitedDetails"})
ONLY_READS = NOTHING | {"Reviewer"}
"""Roles on a calendar that make nobody a delegate: a calendar that a whole company may read would tie all to all."""
Fate = Literal["moves", "given again", "lost: stays", "lost: group", "lost: unknown"]
ALL_IN = "table permissions, step 120.1"
_STEP = "120.2"


@dataclass(frozen=True)
class Right:
    """Somebody's right on the mailbox of a user who is still to move.

    Args:
        owner: Whose mailbox it is.
        trustee: The row of `chosen_users` of who has the right; None for everybody else.
        row: The row of `mailbox_permissions`.
        fate: What becomes of it.
    """

    owner: Mover
    trustee: Row | None
    row: Row
    fate: Fate

    @property
    def label(self) -> str:
        """The right in words, such as `FullAccess of jo@contoso.com`."""
        place = str(self.row["Place"])
        where = "" if place in ("mailbox", "recipient") else f" on {place}"
        return f"{self.row['Right']}{where} of {self.row['Trustee']}"

    @property
    def ties(self) -> bool:
        """Whether it keeps both in one wave."""
        deep = self.row["Place"] in ("mailbox", "recipient") or self.row["Right"] not in ONLY_READS
        return self.trustee is not None and deep and not self.row["Deny"]


def rights(seen: Seen, project: Project) -> tuple[Right, ...]:
    """Every right that somebody was given on a mailbox that is still to move; inherited ones are the service's own.

    Args:
        seen: Holds `PERMISSION_FACTS`.
        project: The project.
    """
    return seen.derived(_rights, PERMISSION_FACTS, project)


def _rights(seen: Seen, project: Project) -> tuple[Right, ...]:
    owners = {mover.guid: mover for mover in movers(seen, project)}
    held = [(user, holder) for user, holder in source_holders(seen) if holder is not None]
    chosen = {id(holder): user for user, holder in held}
    index = by_address(holder for _, holder in held)
    found: list[Right] = []
    for row in seen.rows(PERMISSIONS):
        owner = owners.get(str(row["ExchangeGuid"]))
        if owner is None or row["Inherited"] or row["TrusteeKind"] in NOBODYS or row["Right"] in NOTHING:
            continue
        holders = index.get("address", row["Trustee"])
        trustee = chosen[id(holders[0])] if len(holders) == 1 else None
        if trustee is not owner.user:
            found.append(Right(owner, trustee, row, _fate(row, trustee)))
    return tuple(found)


def _fate(row: Row, trustee: Row | None) -> Fate:
    kind = row["TrusteeKind"]
    if kind is None:
        return "lost: unknown"
    if str(kind).endswith("Group"):
        return "lost: group"
    if trustee is None:
        return "lost: stays"
    return "given again" if row["Right"] in OF_THE_OBJECT else "moves"


def ties(seen: Seen, project: Project) -> tuple[Tie, ...]:
    """Which users should not be parted, by their addresses in `users.csv` (PRM-08).

    Args:
        seen: Holds `PERMISSION_FACTS`.
        project: The project.
    """
    return seen.derived(_ties, PERMISSION_FACTS, project)


def _ties(seen: Seen, project: Project) -> tuple[Tie, ...]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for right in rights(seen, project):
        if right.ties and right.trustee is not None:
            kind = str(right.row["Right"])
            place = str(right.row["Place"])
            text = kind if place in ("mailbox", "recipient") else f"{place}: {kind}"
            found[right.owner.label, str(right.trustee["SourceAddress"])].add(text)
    return tuple(Tie(owner, trustee, tuple(sorted(kinds))) for (owner, trustee), kinds in sorted(found.items()))


def _by_owner(seen: Seen, project: Project) -> dict[str, list[Right]]:
    return seen.derived(_of_owners, PERMISSION_FACTS, project)


def _of_owners(seen: Seen, project: Project) -> dict[str, list[Right]]:
    found: dict[str, list[Right]] = defaultdict(list)
    for right in rights(seen, project):
        found[right.owner.guid].append(right)
    return found


def _read(seen: Seen, project: Project) -> Iterable[Judgement]:
    answered = {str(row["ExchangeGuid"]) for row in seen.rows(PERMISSIONS)}
    expected = "its permissions were read, the owner's own among them"

    def judge(mover: Mover) -> Iterator[Judgement]:
        if mover.guid not in answered:
            remedy = "Look again; if it stays so, look at the mailbox with Get-MailboxPermission."
            yield Judgement("fail", mover.label, "its permissions were not told", expected, remedy)

    return judge_each(movers(seen, project), judge, of_what="mailboxes", expected=expected, all_in=ALL_IN)


def _on_behalf(seen: Seen, project: Project) -> Iterable[Judgement]:
    listed: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows(PERMISSIONS):
        if row["Right"] == "SendOnBehalf":
            listed[str(row["ExchangeGuid"])].append(row)
    expected = "every delegate is listed and known by an address, to be given the right again"

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        rows = listed[mover.guid]
        unknown = [str(row["Trustee"]) for row in rows if row["TrusteeKind"] is None]
        if len(rows) != len(state["SendOnBehalf"]):
            text = f"{counted(len(state['SendOnBehalf']), 'delegate')}, of whom {len(rows)} are listed"
            yield Judgement("fail", mover.label, text, expected, "Look again, so that the list is whole.")
        elif unknown:
            remedy = "Nobody, or more than one, bears that name. Name the delegate by hand after the move."
            yield Judgement("warn", mover.label, f"may send on behalf: {named(unknown)}", expected, remedy)

    return judge_states(seen, project, judge, expected=expected, all_in=ALL_IN)


def _kept(seen: Seen, project: Project) -> Iterable[Judgement]:
    owned = _by_owner(seen, project)
    expected = "everybody with rights on it moves too"

    def judge(mover: Mover) -> Iterator[Judgement]:
        lost = [right for right in owned.get(mover.guid, ()) if right.fate.startswith("lost")]
        if lost:
            yield Judgement(
                "warn",
                mover.label,
                seen=f"lost with the move ({len(lost)} of {len(owned[mover.guid])}): "
                + named([f"{right.label} ({right.fate.partition(': ')[2]})" for right in lost]),
                expected=expected,
                remedy="Add them to users.csv if they should move; make the group in the target and give it the right "
                "there; or tell the owner that the right ends with the move.",
            )

    return judge_each(movers(seen, project), judge, of_what="mailboxes", expected=expected, all_in=ALL_IN)


def _together(seen: Seen, project: Project) -> Iterable[Judgement]:
    wave_of = {str(user["SourceAddress"]): str(user["Wave"] or "") for user in seen.rows("source.chosen_users")}
    expected = "both in one wave"

    def judge(tie: Tie) -> Iterator[Judgement]:
        one, other = wave_of[tie.owner], wave_of[tie.trustee]
        if one.casefold() != other.casefold():
            yield Judgement(
                "fail",
                f"{tie.owner} and {tie.trustee}",
                seen=f"{tie.owner} in {one}, {tie.trustee} in {other}: {', '.join(tie.rights)}",
                expected=expected,
                remedy="Write one wave for both into users.csv. Where that cannot be, the owner accepts that the right "
                "does not work between the two cutovers: waive this finding.",
            )

    found = ties(seen, project)
    if not found:
        yield Judgement("pass", "users", "nobody has rights on another's mailbox that tie them", expected)
        return
    planned = [tie for tie in found if wave_of[tie.owner] and wave_of[tie.trustee]]
    if len(planned) < len(found):
        reason = (
            f"not judged while both users have no wave: {len(found) - len(planned)} of {counted(len(found), 'tie')}"
        )
        yield Judgement("skip", "users without a wave", remedy=reason)
    yield from judge_each(planned, judge, of_what="ties", expected=expected, all_in=f"table broken-ties, step {_STEP}")


def _shared(seen: Seen, project: Project) -> Iterable[Judgement]:
    owned = _by_owner(seen, project)
    shared = [m for m in movers(seen, project) if m.mailbox["RecipientTypeDetails"] != "UserMailbox"]
    expected = "nothing but rights that are stored in the mailbox"
    if not shared:
        yield Judgement("pass", "shared mailboxes", "no shared, room or equipment mailbox moves", expected)

    def judge(mover: Mover) -> Iterator[Judgement]:
        again = [right for right in owned.get(mover.guid, ()) if right.row["Right"] in OF_THE_OBJECT]
        if again:
            yield Judgement(
                "warn",
                f"{mover.mailbox['RecipientTypeDetails']} {mover.label}",
                seen=f"rights that do not move: {named([right.label for right in again])}",
                expected=expected,
                remedy="Nothing now: after the move section 190 gives Send on Behalf again, to those who moved too.",
            )

    yield from judge_each(shared, judge, of_what="shared mailboxes", expected=expected, all_in=ALL_IN)


RULES: tuple[Rule, ...] = (
    Rule(
        "permissions-read",
        "The permissions of every mailbox that moves were read",
        ("PRM-01", "PRM-05"),
        "source",
        PERMISSION_FACTS,
        _read,
    ),
    Rule(
        "on-behalf-listed",
        "Everybody who may send on behalf is listed, for the right does not move",
        ("PRM-01", "PRM-02"),
        "source",
        PERMISSION_FACTS,
        _on_behalf,
    ),
    Rule(
        "permissions-survive",
        "Everybody with rights on a mailbox that moves is moving too",
        ("PRM-04", "PRM-07"),
        "source",
        PERMISSION_FACTS,
        _kept,
    ),
    Rule(
        "shared-permissions",
        "Shared mailboxes have no rights but those that move with them",
        ("PRM-09",),
        "source",
        PERMISSION_FACTS,
        _shared,
    ),
    Rule(
        "delegates-together",
        "Users with rights on each other's mailboxes move in one wave",
        ("PRM-07", "PRM-08"),
        "source",
        PERMISSION_FACTS,
        _together,
    ),
)
