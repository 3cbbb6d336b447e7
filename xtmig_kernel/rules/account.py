"""The account of mailboxes: each one in scope is completed, excluded, failed or still to move. Pure.

What counts is what the tenants show: a mailbox is completed where the source has the MailUser that it left behind, and
the target the mailbox with its ExchangeGuid. What a batch says of itself only explains.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from xtmig_kernel.rules.batches import DONE, FAILED, MIGRATION_USERS, WAVE_FACTS, everybody, users_by_address
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.batches import Moving

GIVEN_UP = "source.given_up_users"
EXCLUDED = "source.excluded_users"
BASELINE = "source.baseline_folders"
ACCOUNT_FACTS = (*WAVE_FACTS, EXCLUDED, GIVEN_UP, MIGRATION_USERS)
RULE = "mailboxes-finished"
State = Literal["completed", "excluded", "failed", "open"]
STATES: tuple[State, ...] = get_args(State)
MOST_TOLD = 5000
"""Every mailbox that is given up must be named for its waiver to be found; a project has no more than so many."""


@dataclass(frozen=True)
class Mailbox:
    """One mailbox in scope.

    Args:
        label: The address in `users.csv`, or in `users.exclude`.
        wave: Its wave, or an empty text.
        target: Its address in the target, or an empty text.
        state: What became of it.
        reason: Why, in words: who stays has a reason in `project.yaml`, who failed has the service's or the owner's.
        given_up: Whether its owner gave it up by a waiver that still holds.
    """

    label: str
    wave: str
    target: str
    state: State
    reason: str
    given_up: bool = False


def account(seen: Seen, project: Project) -> tuple[Mailbox, ...]:
    """Every mailbox in scope once: the lines of `users.csv`, then those that `project.yaml` excludes.

    Args:
        seen: Holds `ACCOUNT_FACTS`; `source.baseline_folders` helps where a leftover MailUser was deleted.
        project: The project.
    """
    given_up = {
        str(row["SourceAddress"]).casefold(): f"given up by {row['Owner']}: {row['Reason']}"
        for row in seen.rows(GIVEN_UP)
        if str(row["Until"]) >= seen.now.date().isoformat()
    }
    moving = users_by_address(seen)
    moved = _moved_by_baseline(seen)
    stay = [Mailbox(str(row["SourceAddress"]), "", "", "excluded", str(row["Reason"])) for row in seen.rows(EXCLUDED)]
    return (*(_mailbox(user, moving, moved, given_up) for user in everybody(seen, project)), *stay)


def _mailbox(
    user: Moving, moving: Mapping[str, list[Row]], moved: Mapping[str, str], given_up: Mapping[str, str]
) -> Mailbox:
    address = user.address or moved.get(user.label.casefold(), "") or str(user.user["TargetAddress"] or "")
    rows = moving.get(address.casefold(), []) if address else []
    state, reason = _state(user, rows, moved)
    why = given_up.get(user.label.casefold())
    if why is not None and state != "completed":
        state, reason = "failed", f"{why} ({reason})"
    known = user.address or (address if state == "completed" else "")
    return Mailbox(user.label, str(user.user["Wave"] or ""), known, state, reason, why is not None)


def _state(user: Moving, rows: list[Row], moved: Mapping[str, str]) -> tuple[State, str]:
    statuses = [str(row["Status"]) for row in rows]
    left_behind = user.source is not None and user.source["RecipientTypeDetails"] == "MailUser"
    if left_behind and user.mailbox is not None:
        return "completed", "with warnings" if "CompletedWithWarnings" in statuses else ""
    if user.source is None and (user.label.casefold() in moved or DONE.intersection(statuses)):
        return "completed", "nothing answers to its address in the source any more"
    failed = [row for row in rows if row["Status"] in FAILED]
    if failed:
        error = str(failed[0]["ErrorSummary"] or "the service names no cause").partition("\n")[0]
        return "failed", f"{failed[0]['Status']}: {error}"
    if user.source is None:
        return "open", "no mailbox in the source answers to its address"
    if DONE.intersection(statuses):
        return "open", "its batch says completed, but the objects are not converted"
    if statuses:
        return "open", statuses[0]
    return "open", "in no batch yet" if user.user["Wave"] else "in no wave yet"


def _moved_by_baseline(seen: Seen) -> dict[str, str]:
    """Source address to the target's address, for mailboxes counted before the move and found in the target by GUID."""
    if not seen.has(BASELINE):
        return {}
    holding = {
        str(row["ExchangeGuid"]): str(row["PrimarySmtpAddress"] or "")
        for row in seen.rows("target.recipients")
        if row["ExchangeGuid"] and str(row["RecipientTypeDetails"]).endswith("Mailbox")
    }
    guids: dict[str, set[str]] = defaultdict(set)
    for row in seen.rows(BASELINE):
        guids[str(row["Mailbox"]).casefold()].add(str(row["ExchangeGuid"]))
    return {
        address: holding[guid]
        for address, found in guids.items()
        for guid in found
        if len(found) == 1 and guid in holding
    }


def totals(mailboxes: Iterable[Mailbox]) -> dict[State, int]:
    """How many mailboxes are in each state; the four together are all in scope.

    Args:
        mailboxes: Of `account`.
    """
    counted = Counter(mailbox.state for mailbox in mailboxes)
    return {state: counted[state] for state in STATES}


def as_sum(counts: Mapping[State, int]) -> str:
    """The account as a sum that shows its parts.

    Args:
        counts: Of `totals`.
    """
    return f"{sum(counts.values())} in scope = " + " + ".join(
        f"{number} {'still to move' if state == 'open' else state}" for state, number in counts.items()
    )


def _finished(seen: Seen, project: Project) -> Iterable[Judgement]:
    mailboxes = account(seen, project)

    def judge(mailbox: Mailbox) -> Iterable[Judgement]:
        if mailbox.state in ("failed", "open"):
            yield Judgement(
                "fail",
                mailbox.label,
                seen=f"{mailbox.state}: {mailbox.reason}" if mailbox.state == "failed" else mailbox.reason,
                expected="moved, excluded in project.yaml, or given up by its owner",
                remedy="Mend and move it (170), name it in users.exclude with the reason, or let its owner give it up: "
                f"a waiver of rule {RULE} for this address in waivers.yaml.",
            )

    expected = "completed or excluded: " + as_sum(totals(mailboxes))
    return judge_each(mailboxes, judge, of_what="mailboxes in scope", expected=expected, at_most=MOST_TOLD)


RULES: tuple[Rule, ...] = (
    Rule(
        RULE,
        "Every mailbox in scope is moved, excluded with a reason, or given up by its owner",
        ("CLN-02", "CLN-03"),
        None,
        ACCOUNT_FACTS,
        _finished,
        helps=(BASELINE,),
    ),
)
