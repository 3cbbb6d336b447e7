"""Section 020: the add-on's seats, the signatures around it, and who has it (LIC-01 to LIC-10)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.licences import (
    FACTS,
    SIDES,
    SKUS,
    add_on_sides,
    allotment,
    mailbox_id,
    movers,
    pool,
)
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Fellows, Judgement, Rule, Seen
from xtmig_kernel.rules.subscriptions import ADD_ON_NAME, add_ons, is_add_on, is_eligible, is_usable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules.matching import Match

LOCATION_STEP, ASSIGN_STEP, TARGET_STEP = "020.3", "020.4", "100.7"


def _seats(seen: Seen, project: Project) -> Iterable[Judgement]:
    found = pool(seen, project)
    what = f"{found.free} free in {found.where}" if found.owned else f"no subscription in force in {found.where}"
    yield Judgement(
        "pass" if found.enough else "fail",
        ADD_ON_NAME,
        seen=f"{what}, {found.needed} users still need one{found.remark}",
        expected="a free seat for each user who still needs one",
        remedy="Buy what is missing; a seat is used up by one move. Or choose the side that has the seats "
        "(licences.add_on_side in project.yaml), or take users out of users.csv.",
    )


def _have(seen: Seen, project: Project) -> Iterable[Judgement]:
    users = movers(seen, project)
    where = {mailbox_id(user): sides for user, sides in zip(users, add_on_sides(seen, users), strict=True)}
    told = ", ".join(f"{sum(side in sides for sides in where.values())} in the {side}" for side in SIDES)
    here = project.licences.add_on_side == "source"
    waiting = [user for user in users if not where[mailbox_id(user)] and not here]
    given = {mailbox_id(user) for user, _ in allotment(seen, project).seats}

    def judge(user: Match) -> Iterable[Judgement]:
        if not where[mailbox_id(user)]:
            yield _lacks(user, seat=mailbox_id(user) in given)

    if waiting:
        together = _assigned_elsewhere(project, f"{len(waiting)} of {counted(len(users), 'user')}", len(waiting))
        fellows = Fellows("users", instead=together)
        yield from (replace(_assigned_elsewhere(project, user.label, 1), fellows=fellows) for user in waiting)
    aside = {mailbox_id(user) for user in waiting}
    judged = [user for user in users if mailbox_id(user) not in aside]
    expected = f"the add-on is on one of the two sides ({told})"
    yield from judge_each(judged, judge, of_what="users", expected=expected)


def _lacks(user: Match, *, seat: bool) -> Judgement:
    return Judgement(
        "fail",
        user.label,
        seen="the add-on is on neither side",
        expected="the add-on is on one of the two sides",
        remedy=f"Apply step {ASSIGN_STEP}."
        if seat
        else "It cannot be assigned: no seat is free, or the usage location is missing; there is a finding for each.",
        step=ASSIGN_STEP if seat else None,
    )


def _assigned_elsewhere(project: Project, who: str, number: int) -> Judgement:
    if project.licences.add_on_side == "target":
        return Judgement(
            "fail",
            who,
            seen="the add-on is on neither side",
            expected="the add-on is on one of the two sides",
            remedy=f"Apply step {TARGET_STEP}, which assigns {ADD_ON_NAME} once they are stamped in the target.",
            step=TARGET_STEP,
        )
    by = f"whoever assigns {ADD_ON_NAME} to {counted(number, 'user')}; project.yaml says that xtmig does not"
    return Judgement("wait", who, remedy=by)


def _location(seen: Seen, project: Project) -> Iterable[Judgement]:
    found = allotment(seen, project)
    settable = {mailbox_id(user) for user in found.unlocated}

    def judge(user: Match) -> Iterable[Judgement]:
        if mailbox_id(user) in settable:
            yield Judgement(
                "fail",
                user.label,
                seen="no usage location",
                expected="a usage location",
                remedy=f"Apply step {LOCATION_STEP}, which sets {project.licences.usage_location}.",
                step=LOCATION_STEP,
            )

    users = [user for user, _ in found.seats]
    yield from judge_each(users, judge, of_what="users to be licensed", expected="a usage location is set")


def _location_known(seen: Seen, project: Project) -> Iterable[Judgement]:
    found = allotment(seen, project)
    lost = {mailbox_id(user) for user in found.held_up}

    def judge(user: Match) -> Iterable[Judgement]:
        if mailbox_id(user) in lost:
            yield Judgement(
                "fail",
                user.label,
                seen="no usage location, and xtmig cannot set it",
                expected="a usage location, or a way to set it",
                remedy="Give licences.usage_location in project.yaml; for a user whose directory is synchronised, set "
                "it on-premises (msExchUsageLocation).",
            )

    yield from judge_each(
        found.users, judge, of_what="users to be licensed", expected="a usage location is there or can be set"
    )


def _offered(seen: Seen, _project: Project) -> Iterable[Judgement]:
    owned = any(add_ons(seen, side) for side in SIDES)
    yield Judgement(
        "skip" if owned else "sign",
        ADD_ON_NAME,
        remedy="a tenant owns the add-on, so it was sold for this agreement"
        if owned
        else "Our agreement with Microsoft lets us buy the add-on: name the agreement, and who said so. The document "
        "speaks of Enterprise Agreements, and in the next paragraph of a separate purchase for many more plans.",
    )


def _once(seen: Seen, project: Project) -> Iterable[Judgement]:
    number = len(movers(seen, project))
    yield Judgement(
        "sign" if number else "skip",
        ADD_ON_NAME,
        remedy=f"Moving {counted(number, 'user')} uses up {counted(number, 'licence')}, paid for once; a move back "
        "would need its own, as far as the document says."
        if number
        else "nobody with a user mailbox is chosen yet, so there is no number to agree to",
    )


def _purchase(seen: Seen, project: Project) -> Iterable[Judgement]:
    enough = pool(seen, project).enough
    yield Judgement(
        "skip" if enough else "sign",
        ADD_ON_NAME,
        remedy="there are enough seats, so nothing has to be asked"
        if enough
        else "The Microsoft account team was asked: name the offer, the price and the date of delivery.",
    )


def _bought(seen: Seen, project: Project) -> Iterable[Judgement]:
    found = pool(seen, project)
    yield Judgement(
        "pass" if found.enough else "sign",
        ADD_ON_NAME,
        seen=f"{found.free} free in {found.where}, {found.needed} users still need one",
        expected="bought, or certain that it can be bought",
        remedy=""
        if found.enough
        else f"{max(0, found.needed - found.free)} more licences can be bought in time: name who confirms it, and the "
        "date. Microsoft makes no exceptions (LIC-10).",
    )


def _eligible(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, _project: Project) -> Iterable[Judgement]:
        rows = [row for row in seen.rows(f"{side}.subscribed_skus") if is_usable(row) and not is_add_on(row)]
        known = sorted(str(row["SkuPartNumber"]) for row in rows if is_eligible(row))
        names = ", ".join(sorted(str(row["SkuPartNumber"]) for row in rows)) or "no subscription in force"
        yield Judgement(
            "pass" if known else "warn",
            f"subscriptions of the {side}",
            seen=", ".join(known) if known else names,
            expected="a plan for which the document offers the add-on",
            remedy="Ask the account team whether the add-on is sold beside these plans; the document is silent on "
            "education, government and other plans, and xtmig knows only the usual part numbers.",
        )

    return judge


def _rule(
    rule_id: str,
    title: str,
    statements: tuple[str, ...],
    judge: Callable[[Seen, Project], Iterable[Judgement]],
    side: Side | None = None,
) -> Rule:
    return Rule(rule_id, title, statements, side, FACTS, judge)


RULES: tuple[Rule, ...] = (
    _rule("add-on-seats", f"There is a seat of {ADD_ON_NAME} for each user who still needs one", ("LIC-01",), _seats),
    Rule(
        "source-eligible-plan",
        "The source has a plan for which the add-on is offered",
        ("LIC-07",),
        "source",
        ("source.subscribed_skus",),
        _eligible("source"),
    ),
    Rule(
        "target-eligible-plan",
        "The target has a plan for which the add-on is offered",
        ("LIC-07",),
        "target",
        ("target.subscribed_skus",),
        _eligible("target"),
    ),
    Rule(
        "add-on-offered", "The add-on is offered under the organisation's agreement", ("LIC-02",), None, SKUS, _offered
    ),
    _rule("add-on-once-per-move", "Somebody agrees to one licence for each move", ("LIC-03",), _once),
    _rule("add-on-purchase", "The purchase is clear with the Microsoft account team", ("LIC-06",), _purchase),
    _rule("add-on-bought", "The licences are bought, or can be", ("LIC-08",), _bought),
    _rule(
        "source-usage-location",
        "Each source user who gets a licence here has a usage location",
        ("LIC-04",),
        _location,
        "source",
    ),
    _rule(
        "source-usage-location-known",
        "Each source user who gets a licence here can have a usage location",
        ("LIC-04",),
        _location_known,
        "source",
    ),
    _rule("users-have-add-on", f"Each user who moves has {ADD_ON_NAME} on one side", ("LIC-04", "LIC-09"), _have),
)
