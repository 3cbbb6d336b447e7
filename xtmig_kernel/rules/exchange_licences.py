"""Section 020: the Exchange licence of each user, in the source and, at the right moment, in the target (LIC-12 to 16).

A licence that gives a mailbox, given in the target before ExchangeGuid is stamped, makes a second mailbox, and the move
can no longer convert the MailUser. A group that licenses by a rule does so without anybody acting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.licences import mailbox_id, movers
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import FACTS as MATCHING
from xtmig_kernel.rules.matching import Match, matches
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.subscriptions import free_seats, gives_mailbox, holders, is_usable, sku_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

SOURCE_FACTS = (*MATCHING, "source.directory_users", "source.subscribed_skus")
TARGET_FACTS = (*MATCHING, "target.directory_users", "target.subscribed_skus")
GROUP_FACTS = (*MATCHING, "target.licensing_groups", "target.subscribed_skus")
GRACE_DAYS = 30


def is_stamped(user: Match) -> bool:
    """Whether the target's MailUser has the source mailbox's ExchangeGuid.

    Args:
        user: The user.
    """
    if user.source is None or user.target is None:
        return False
    guid = user.target["ExchangeGuid"]
    return guid is not None and guid == user.source["ExchangeGuid"]


def without_exchange_plan(seen: Seen, project: Project) -> tuple[Match, ...]:
    """The users with a stamped MailUser in the target that has no Exchange licence yet (LIC-13, LIC-16).

    Args:
        seen: Holds `TARGET_FACTS`.
        project: Gives the rules for names.
    """
    held = holders(seen, "target", gives_mailbox)
    return tuple(
        user
        for user in movers(seen, project)
        if is_stamped(user) and user.target and str(user.target["ObjectId"]).casefold() not in held
    )


def exchange_sku(seen: Seen, project: Project) -> Row | None:
    """The target's subscription that the project names for the Exchange licence; None where there is none of that name.

    Args:
        seen: Holds `target.subscribed_skus`.
        project: Names its part number.
    """
    wanted = (project.licences.exchange_sku or "").casefold()
    rows = seen.rows("target.subscribed_skus")
    return next((row for row in rows if wanted and str(row["SkuPartNumber"]).casefold() == wanted), None)


def _source_plans(seen: Seen, project: Project) -> Iterable[Judgement]:
    held = holders(seen, "source", gives_mailbox)

    def judge(user: Match) -> Iterable[Judgement]:
        if mailbox_id(user) not in held:
            yield Judgement(
                "fail",
                user.label,
                seen="no licence in force with an Exchange mailbox",
                expected="an Exchange Online licence",
                remedy="Ask the source administrator for a licence: a mailbox without one is disconnected, and deleted "
                f"{GRACE_DAYS} days later.",
            )

    yield from judge_each(movers(seen, project), judge, of_what="users", expected="an Exchange licence in the source")


def _not_early(seen: Seen, project: Project) -> Iterable[Judgement]:
    exchange = {sku_id(row) for row in seen.rows("target.subscribed_skus") if gives_mailbox(row)}
    by_id = {str(row["Id"]).casefold(): row for row in seen.rows("target.directory_users")}
    by_name = {str(row["UserPrincipalName"]).casefold(): row for row in seen.rows("target.directory_users")}
    kinds = {str(r["ObjectId"]).casefold(): str(r["RecipientTypeDetails"]) for r in seen.rows("target.recipients")}

    def person_of(user: Match) -> Row | None:
        if user.target is not None:
            return by_id.get(str(user.target["ObjectId"]).casefold())
        return by_name.get(user.names.sign_in.casefold()) if user.names else None

    def judge(user: Match) -> Iterable[Judgement]:
        person = person_of(user)
        if person is None or is_stamped(user):
            return
        early = exchange & {str(sku).casefold() for sku in person["SkuIds"]}
        mailbox = kinds.get(str(person["Id"]).casefold(), "").endswith("Mailbox")
        if early or mailbox:
            by_group = bool(early & {str(sku).casefold() for sku in person["GroupSkuIds"]})
            yield _early(user, str(person["UserPrincipalName"]), licensed=bool(early), by_group=by_group, made=mailbox)

    users = [user for user in matches(seen, project) if user.source is not None]
    yield from judge_each(users, judge, of_what="users", expected="no Exchange licence before the stamp")


def _early(user: Match, name: str, *, licensed: bool, by_group: bool, made: bool) -> Judgement:
    how = ("licensed by a group" if by_group else "licensed") if licensed else "without a licence"
    what = "and has a mailbox of its own already" if made else "before its ExchangeGuid is stamped"
    group = "Take it out of the group, or the plan out of the group's licence, now: "
    mend = group if by_group else "Take its Exchange licence away now: "
    return Judgement(
        "fail",
        user.label,
        seen=f"{name} in the target is {how} {what}",
        expected="no Exchange licence in the target before ExchangeGuid is stamped",
        remedy="Take nothing away yet, for its mailbox may hold mail, and goes with the licence. Section 100 shows "
        "what it holds; its owner decides."
        if made
        else f"{mend}within minutes it becomes a mailbox of its own, and the move fails.",
    )


def _groups(seen: Seen, project: Project) -> Iterable[Judgement]:
    exchange = {sku_id(row) for row in seen.rows("target.subscribed_skus") if gives_mailbox(row)}
    users = [user for user in matches(seen, project) if user.source is not None]
    unstamped = sum(not is_stamped(user) for user in users)

    def judge(group: Row) -> Iterable[Judgement]:
        if not group["Dynamic"] or not exchange & {str(sku).casefold() for sku in group["SkuIds"]}:
            return
        if users and not unstamped:
            return
        yield Judgement(
            "fail" if users else "warn",
            str(group["DisplayName"]),
            seen="licenses whoever fits its rule, with an Exchange mailbox; "
            + (f"{unstamped} users are not stamped yet" if users else "nobody is listed to move yet"),
            expected="no group that licenses a new user before the stamp",
            remedy="Before section 100: switch the Exchange plans off in this group's licence, or change its rule so "
            "that it leaves the new users out. If it leaves them out already, waive this finding with that reason.",
        )

    found = seen.rows("target.licensing_groups")
    if not found:
        yield Judgement("pass", "groups that license", seen="none", expected="none that licenses too early")
    yield from judge_each(found, judge, of_what="groups that license", expected="none licenses a new user too early")


def _moment(seen: Seen, project: Project) -> Iterable[Judgement]:
    users = [user for user in movers(seen, project) if is_stamped(user)]
    lacking = without_exchange_plan(seen, project)
    licensed = len(users) - len(lacking)
    if project.licences.exchange == "before move":
        yield from _named_subscription(seen, project, len(lacking))
    if licensed:
        yield Judgement(
            "pass",
            f"{licensed} of {len(users)} stamped users, licensed",
            seen="an Exchange licence on a stamped MailUser",
            expected="an Exchange licence, never before the stamp",
        )
    if lacking and project.licences.exchange == "after move":
        yield Judgement(
            "skip",
            f"{len(lacking)} of {len(users)} stamped users, not licensed",
            remedy=f"license them after the move, within the {GRACE_DAYS} days of grace (section 190)",
        )
    elif lacking:
        yield Judgement(
            "wait",
            f"{len(lacking)} of {len(users)} stamped users, not licensed",
            remedy="section 100, which gives the Exchange licence once ExchangeGuid and all addresses are stamped",
        )


def _named_subscription(seen: Seen, project: Project, needed: int) -> Iterable[Judgement]:
    name, row = str(project.licences.exchange_sku), exchange_sku(seen, project)
    if row is None or not is_usable(row) or not gives_mailbox(row):
        seen_words = "not a subscription of the target" if row is None else "not in force, or without a mailbox"
        free = 0
        right = False
    else:
        free = free_seats(row)
        right = free >= needed
        seen_words = f"{free} free, {needed} users still need one"
    yield Judgement(
        "pass" if right else "fail",
        name,
        seen=seen_words,
        expected="a subscription of the target with a mailbox and a free seat for each user",
        remedy="Correct licences.exchange_sku in project.yaml (a part number), buy seats, or license after the move.",
    )


def _rule(
    rule_id: str,
    title: str,
    statements: tuple[str, ...],
    needs: tuple[str, ...],
    judge: Callable[[Seen, Project], Iterable[Judgement]],
) -> Rule:
    return Rule(rule_id, title, statements, "source" if needs is SOURCE_FACTS else "target", needs, judge)


RULES: tuple[Rule, ...] = (
    _rule(
        "source-exchange-licence",
        "Each source user who moves has an Exchange Online licence",
        ("LIC-12",),
        SOURCE_FACTS,
        _source_plans,
    ),
    _rule(
        "target-no-early-licence",
        "No target user has an Exchange licence before ExchangeGuid is stamped",
        ("LIC-13", "LIC-14"),
        TARGET_FACTS,
        _not_early,
    ),
    _rule(
        "target-no-early-group",
        "No group of the target gives an Exchange licence to whoever is created",
        ("LIC-13", "LIC-14"),
        GROUP_FACTS,
        _groups,
    ),
    _rule(
        "target-licence-moment",
        "The target's Exchange licence is given at the moment that the project chooses",
        ("LIC-12", "LIC-13", "LIC-16"),
        TARGET_FACTS,
        _moment,
    ),
)
