"""Section 120: holds. Microsoft refuses the move of a mailbox under any kind of hold (HLD-01).

Whether a hold may go is a legal decision; nothing in xtmig removes one. Released holds leave a delay hold behind, and
an organisation-wide policy holds mailboxes that name no hold of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.movers import MOVER_FACTS, judge_states, movers
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.movers import Mover

ORGANIZATION_HOLDS = "source.organization_holds"
_FLAGS = {
    "LitigationHoldEnabled": "Litigation Hold",
    "ComplianceTagHoldApplied": "a retention label on items (ComplianceTagHoldApplied)",
    "DelayHoldApplied": "a delay hold, which a released hold leaves behind (DelayHoldApplied)",
    "DelayReleaseHoldApplied": "a delay hold of Teams and other apps' content (DelayReleaseHoldApplied)",
}
_PREFIXES = {
    "unih": "an eDiscovery hold",
    "mbx": "a retention policy",
    "skp": "a retention policy of Teams and Skype content",
    "cld": "an In-Place Hold of the old kind",
}
_OF_GROUPS = "grp"
_OLD = re.compile(r"[0-9a-f]{32}")
LEGAL = (
    "Whether it may be lifted is a legal decision: ask the owner of the case or policy, and keep the answer. xtmig "
    "never lifts a hold."
)
EXPECTED = "no hold of any kind"


def hold_kind(entry: str) -> str | None:
    """What an entry of InPlaceHolds is, in words; None for an exclusion from a policy, which holds nothing.

    Args:
        entry: Such as `"UniH7e8..."`, `"mbx9b1...:2"`, `"-mbx9b1..."` or 32 hexadecimal digits.
    """
    text = entry.strip().casefold()
    if not text or text.startswith("-"):
        return None
    kind = next((words for prefix, words in _PREFIXES.items() if text.startswith(prefix)), None)
    if kind is None:
        kind = "an In-Place Hold of the old kind" if _OLD.fullmatch(_id(text)) else "a hold of a kind not known here"
    return kind


def _id(entry: str) -> str:
    """A hold without the action behind its colon, by which an exclusion from it is known."""
    return entry.strip().casefold().partition(":")[0]


def holds_of(state: Row) -> list[str]:
    """Everything that holds a mailbox by its own row, in words; what was not told counts as a hold.

    Args:
        state: A row of `mailbox_states`.
    """
    found = [words for column, words in _FLAGS.items() if state[column]]
    found += [f"{column} was not told" for column in _FLAGS if state[column] is None]
    kinds = ((str(entry), hold_kind(str(entry))) for entry in state["InPlaceHolds"])
    return found + [f"{kind} ({entry})" for entry, kind in kinds if kind]


def is_exempt(state: Row, hold: str) -> bool:
    """Whether a mailbox is excluded from an organisation-wide policy.

    Args:
        state: A row of `mailbox_states`.
        hold: An entry of the organisation's InPlaceHolds.
    """
    return f"-{_id(hold)}" in {_id(str(entry)) for entry in state["InPlaceHolds"]}


def organization_holds(seen: Seen) -> list[str]:
    """The source's organisation-wide policies that hold mailboxes.

    Args:
        seen: Holds `source.organization_holds`.
    """
    return holds_in(seen.rows(ORGANIZATION_HOLDS))


def holds_in(rows: Iterable[Row]) -> list[str]:
    """The organisation-wide policies that hold mailboxes; those of groups and their sites are not among them.

    Args:
        rows: Rows of `organization_holds`.
    """
    holds = (str(row["Hold"]) for row in rows)
    return [hold for hold in holds if hold_kind(hold) and not hold.casefold().startswith(_OF_GROUPS)]


def _of_mailboxes(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        holds = holds_of(state)
        if holds:
            yield Judgement("fail", mover.label, "; ".join(holds), EXPECTED, LEGAL + _delay(state))

    return judge_states(seen, project, judge, expected=EXPECTED, all_in="table holds, step 120.1")


def _delay(state: Row) -> str:
    flags = [f"Set-Mailbox -Remove{flag}" for flag in ("DelayHoldApplied", "DelayReleaseHoldApplied") if state[flag]]
    return f" A delay hold ends by itself, or after that decision with {' and '.join(flags)}." if flags else ""


def _of_organization(seen: Seen, project: Project) -> Iterable[Judgement]:
    holds = organization_holds(seen)
    if not holds:
        yield Judgement("pass", "the organisation", "no policy holds all mailboxes", "no organisation-wide hold")
        return

    def judge(hold: str) -> Iterator[Judgement]:
        everybody = movers(seen, project)
        held = [mover for mover in everybody if mover.state is None or not is_exempt(mover.state, hold)]
        if held:
            yield Judgement(
                "fail",
                hold,
                seen=f"{hold_kind(hold)} of the whole organisation holds {len(held)} of "
                f"{counted(len(everybody), 'mailbox', 'mailboxes')}: {named([mover.label for mover in held])}",
                expected="every mailbox that moves is excluded from it",
                remedy="Let the owner of the policy exclude these mailboxes; each then shows it as an entry that "
                f"begins with a hyphen. {LEGAL}",
            )

    yield from judge_each(
        holds, judge, of_what="organisation-wide holds", expected="every mailbox that moves is excluded from it"
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "mailbox-not-held", "No mailbox that moves is under a hold", ("HLD-01",), "source", MOVER_FACTS, _of_mailboxes
    ),
    Rule(
        "organization-not-held",
        "Every mailbox that moves is excluded from the holds of the whole organisation",
        ("HLD-01",),
        "source",
        (*MOVER_FACTS, ORGANIZATION_HOLDS),
        _of_organization,
    ),
)
