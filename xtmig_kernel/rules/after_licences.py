"""Section 190: the target's Exchange licence of every moved user mailbox, within the days of grace (LIC-16, KNI-09).

Shared, room and equipment mailboxes need none. When the days of grace begin the document does not say; here they are
counted from each user's own completion, so that whoever looks in time is never late.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.clock import from_text
from xtmig_kernel.rules.exchange_licences import GRACE_DAYS, exchange_sku
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.moved import MOVED_FACTS, Moved, moved
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.subscriptions import MAILBOX_PLANS, free_seats, gives_mailbox, holders, is_usable, sku_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

HISTORY, PLANS = "target.move_histories", "target.licence_plans"
PEOPLE, SKUS = "target.directory_users", "target.subscribed_skus"
FACTS = (*MOVED_FACTS, PEOPLE, SKUS)
LOCATION_FACTS = (*FACTS, "source.directory_users")
LOCATION_STEP, LICENCE_STEP = "190.4", "190.5"
ALERT_DAYS = 7


def unlicensed(seen: Seen, project: Project) -> tuple[Moved, ...]:
    """Moved users whose user mailbox in the target has no Exchange licence.

    Args:
        seen: Holds `FACTS`.
        project: Gives the names of batches.
    """
    held = holders(seen, "target", gives_mailbox)
    return tuple(item for item in user_mailboxes(seen, project) if _object_id(item) not in held)


def user_mailboxes(seen: Seen, project: Project) -> list[Moved]:
    """Moved users whose target object is a user mailbox; only these need a licence.

    Args:
        seen: Holds `MOVED_FACTS`.
        project: Gives the names of batches.
    """
    return [
        item
        for item in moved(seen, project)
        if item.target_converted and item.target is not None and item.target["RecipientTypeDetails"] == "UserMailbox"
    ]


def person_of(item: Moved, people: dict[str, Row]) -> Row | None:
    """The directory's user that has the target mailbox.

    Args:
        item: A moved user.
        people: The target's rows of `directory_users` by object ID in lower case.
    """
    return people.get(_object_id(item)) if _object_id(item) else None


def by_object_id(rows: Iterable[Row]) -> dict[str, Row]:
    """Users of a directory by object ID in lower case.

    Args:
        rows: Rows of `directory_users`.
    """
    return {str(row["Id"]).casefold(): row for row in rows}


def _object_id(item: Moved) -> str:
    return str(item.target["ObjectId"] or "").casefold() if item.target is not None else ""


def seats(seen: Seen, project: Project) -> list[tuple[Moved, Row, str]]:
    """Who gets the Exchange licence now: the user, the directory's row, the subscription; never beyond free seats.

    Args:
        seen: Holds `FACTS`.
        project: Names the subscription.
    """
    row = exchange_sku(seen, project)
    if row is None or not is_usable(row) or not gives_mailbox(row):
        return []
    people = by_object_id(seen.rows(PEOPLE))
    found = [(item, person) for item in unlicensed(seen, project) if (person := person_of(item, people)) is not None]
    located = [(item, person, sku_id(row)) for item, person in found if person["UsageLocation"]]
    return located[: free_seats(row)]


def unlocated(seen: Seen, project: Project) -> list[tuple[Moved, Row, str | None]]:
    """Who is to be licensed and has no usage location: the user, the directory's row, and the location to set.

    That is the source user's own, otherwise `licences.usage_location` of project.yaml; None where neither is there.

    Args:
        seen: Holds `LOCATION_FACTS`.
        project: May give a usage location.
    """
    people, at_source = by_object_id(seen.rows(PEOPLE)), by_object_id(seen.rows("source.directory_users"))
    found = []
    for item in unlicensed(seen, project):
        person = person_of(item, people)
        if person is not None and not person["UsageLocation"]:
            own = at_source.get(str(item.source["ObjectId"]).casefold()) if item.source is not None else None
            found.append((item, person, (own and own["UsageLocation"]) or project.licences.usage_location))
    return found


def completed_at(item: Moved, recorded: Mapping[str, Row]) -> datetime | None:
    """When a user's move was completed: by the service's record, otherwise by the last synchronisation.

    Args:
        item: A moved user.
        recorded: Rows of `move_histories` by ExchangeGuid, none where they were not read.
    """
    row = recorded.get(item.guid or "")
    text = (row and row["CompletedAt"]) or item.entry["LastSyncedAt"]
    return from_text(str(text)) if text else None


def _location(seen: Seen, project: Project) -> Iterable[Judgement]:
    missing = {item.label: location for item, _, location in unlocated(seen, project)}
    expected = "a usage location, without which no licence can be given"

    def judge(item: Moved) -> Iterable[Judgement]:
        if item.label in missing:
            known = missing[item.label] is not None
            yield Judgement(
                "fail",
                item.label,
                seen="no usage location in the target",
                expected=expected,
                remedy=f"Apply step {LOCATION_STEP}." if known else "Set licences: usage_location in project.yaml.",
                step=LOCATION_STEP if known else None,
            )

    yield from judge_each(user_mailboxes(seen, project), judge, of_what="moved user mailboxes", expected=expected)


def _licensed(seen: Seen, project: Project) -> Iterable[Judgement]:
    lacking = {item.label for item in unlicensed(seen, project)}
    fitting = {item.label for item, _, _ in seats(seen, project)}
    recorded = {str(row["ExchangeGuid"]): row for row in seen.rows(HISTORY)} if seen.has(HISTORY) else {}
    expected = "an Exchange licence in the target"

    def judge(item: Moved) -> Iterable[Judgement]:
        if item.label in lacking:
            by_us = item.label in fitting
            yield Judgement(
                "fail",
                item.label,
                seen=f"no Exchange licence; {_grace(item, recorded, seen.now)}",
                expected=expected,
                remedy=f"Apply step {LICENCE_STEP}." if by_us else _why_not(seen, project),
                step=LICENCE_STEP if by_us else None,
            )

    yield from judge_each(user_mailboxes(seen, project), judge, of_what="moved user mailboxes", expected=expected)


def _grace(item: Moved, recorded: Mapping[str, Row], now: datetime) -> str:
    done = completed_at(item, recorded)
    if done is None:
        return f"nobody knows since when, so the {GRACE_DAYS} days of grace may be over"
    left = (done + timedelta(days=GRACE_DAYS) - now).days
    if left < 0:
        return f"the {GRACE_DAYS} days of grace are over: the mailbox may be disconnected at any moment"
    return f"{left} of {GRACE_DAYS} days of grace are left" + (", so hurry" if left <= ALERT_DAYS else "")


def _why_not(seen: Seen, project: Project) -> str:
    if project.licences.exchange_sku is None:
        return "Name the subscription in licences.exchange_sku of project.yaml, or license the user by a group."
    row = exchange_sku(seen, project)
    if row is None or not is_usable(row) or not gives_mailbox(row):
        return f"{project.licences.exchange_sku} is no subscription of the target that is in force and has a mailbox."
    return "No seat is free, or the usage location is missing: section 020 counts the seats."


def _served(seen: Seen, project: Project) -> Iterable[Judgement]:
    """A licence alone is not enough: the plan with the mailbox must be on, and provisioned (KNI-09)."""
    states: dict[str, set[str]] = {}
    for row in seen.rows(PLANS):
        if str(row["PlanName"]).upper() in MAILBOX_PLANS:
            states.setdefault(str(row["UserId"]).casefold(), set()).add(str(row["Status"]))
    expected = "a plan with a mailbox, provisioned"

    def judge(item: Moved) -> Iterable[Judgement]:
        found = states[_object_id(item)]
        if "Success" in found:
            return
        if any(state.startswith("Pending") for state in found):
            yield Judgement("wait", item.label, seen=", ".join(sorted(found)), expected=expected, remedy="Microsoft")
            return
        yield Judgement(
            "fail",
            item.label,
            seen=f"its plan with a mailbox is {', '.join(sorted(found))}",
            expected=expected,
            remedy="Switch that plan on in the user's licence: a mailbox without it is disconnected.",
        )

    found = [item for item in user_mailboxes(seen, project) if _object_id(item) in states]
    yield from judge_each(found, judge, of_what="licensed user mailboxes", expected=expected)


RULES: tuple[Rule, ...] = (
    Rule(
        "moved-usage-location",
        "Every moved user who is to be licensed has a usage location",
        ("LIC-16",),
        "target",
        LOCATION_FACTS,
        _location,
    ),
    Rule(
        "moved-licence",
        "Every moved user mailbox has an Exchange licence within the days of grace",
        ("LIC-16", "KNI-09"),
        "target",
        FACTS,
        _licensed,
        helps=(HISTORY,),
    ),
    Rule(
        "moved-mailbox-plan",
        "The Exchange plan of every licensed mailbox is on and provisioned",
        ("KNI-09",),
        "target",
        (*MOVED_FACTS, PLANS),
        _served,
    ),
)
